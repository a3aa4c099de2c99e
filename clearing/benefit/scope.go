package benefit

import (
	"clearingd/ledger"
	"clearingd/provinces"
)

// scope is a bill as the catalogue splits it.
type scope struct {
	total, ownExpense, overLimit, selfPayFirst, inScope ledger.Amount
	classes                                             []classAmount // parts of inScope that belong to a class
}

type classAmount struct {
	class  string
	amount ledger.Amount
}

// splitScope takes the treatment side's split, or makes its own from the lines where
// the plan is for treatment at home.
func (p *Prepared) splitScope(f *facts, t *tracer) (scope, error) {
	c := &p.stay.Claim
	s := scope{total: c.Total, ownExpense: c.OwnExpense, overLimit: c.OverLimit, selfPayFirst: c.SelfPayFirst, inScope: c.InScope}
	if p.plan.Scope == "home" {
		var err error
		if s, err = p.version.splitLines(c, t); err != nil {
			return scope{}, err
		}
	}
	t.step("scope", "scope", "", exact, s.inScope, money("total", s.total), money("own-expense", s.ownExpense),
		money("over-limit", s.overLimit), money("self-pay-first", s.selfPayFirst))
	return s, nil
}

// splitLines splits each fee line by the home region's own catalogue, as it stood on
// the line's date.
func (v *planVersion) splitLines(c *provinces.Claim, t *tracer) (scope, error) {
	if len(c.Lines) == 0 {
		return scope{}, provinces.Reject(provinces.CodePlanGap, "input.feedetail", "fee lines", "")
	}
	var s scope
	for i := range c.Lines {
		line := &c.Lines[i]
		rule := v.catalogueRule(line)
		if rule == nil {
			return scope{}, provinces.Reject(provinces.CodePlanGap, "input.feedetail.chrgitm_lv", "", line.Class)
		}
		t.uses(&rule.cited)
		s.add(line, rule, t)
	}
	if s.total != c.Total {
		return scope{}, provinces.Reject(provinces.CodeLineSum, "input.data.medfee_sumamt", s.total.String(), c.Total.String())
	}
	return s, s.check()
}

// check refuses lines whose refunds are larger than what they refund.
func (s *scope) check() error {
	amounts := append([]classAmount{{"", s.ownExpense}, {"", s.overLimit}, {"", s.selfPayFirst}, {"", s.unclassed()}}, s.classes...)
	for _, x := range amounts {
		if x.amount < 0 {
			return provinces.Reject(provinces.CodeLineSum, "input.feedetail", "0.00", x.amount.String())
		}
	}
	return nil
}

// unclassed is the in-scope amount outside all classes.
func (s *scope) unclassed() ledger.Amount {
	rest := s.inScope
	for _, c := range s.classes {
		rest -= c.amount
	}
	return rest
}

func (v *planVersion) catalogueRule(line *provinces.Line) *catalogueRule {
	day := line.Occurred.Day()
	for i := range v.Catalogue {
		r := &v.Catalogue[i]
		if (r.From.set && day < r.From.day) || (r.To.set && day > r.To.day) ||
			(len(r.Classes) > 0 && !contains(r.Classes, line.Class)) ||
			(len(r.Items) > 0 && !hasPrefix(line.ItemCode, r.Items)) {
			continue
		}
		return r
	}
	return nil
}

// add splits one line: the price limit first, then the self-pay-first share of the
// limited amount. A refund line is split as the line it takes back.
func (s *scope) add(line *provinces.Line, rule *catalogueRule, t *tracer) {
	s.total += line.Amount
	if rule.OwnExpense {
		s.ownExpense += line.Amount
		t.step("scope", "line-own-expense", rule.Article, exact, 0, word("line", line.Serial), money("amount", line.Amount))
		return
	}
	sign, amount, quantity := ledger.Amount(1), line.Amount, line.Quantity
	if amount < 0 {
		sign, amount, quantity = -1, -amount, -quantity
	}
	limited := amount
	if limit := priceLimit(line, rule); limit > 0 {
		// quantity has four decimals and the price six: their product is 10^-10 yuan.
		limited = min(limited, ledger.Amount(mulDiv(max(0, quantity), limit, 100_000_000)))
	}
	first := sign * t.share(limited, rule.SelfPayFirst.ratio)
	limited *= sign
	inScope := limited - first
	s.overLimit += line.Amount - limited
	s.selfPayFirst += first
	s.inScope += inScope
	if rule.Class != "" {
		s.addClass(rule.Class, inScope)
	}
	t.step("scope", "line", rule.Article, halfUpFen, inScope, word("line", line.Serial), money("amount", line.Amount),
		money("limited", limited), fraction("self-pay-first-share", rule.SelfPayFirst.ratio), money("self-pay-first", first))
}

// priceLimit is the limit for one unit in 10^-6 yuan; 0 if there is none.
func priceLimit(line *provinces.Line, rule *catalogueRule) int64 {
	if rule.PriceLimit.set {
		return int64(rule.PriceLimit.fen) * 10_000
	}
	return line.PriceLimit
}

func (s *scope) addClass(class string, a ledger.Amount) {
	for i := range s.classes {
		if s.classes[i].class == class {
			s.classes[i].amount += a
			return
		}
	}
	s.classes = append(s.classes, classAmount{class, a})
}

// byDays divides the bill over the spans by their days: average cost a day times days
// (national rules, article 41). Each amount is rounded half up to the fen for the days
// up to the end of a span, less what earlier spans have got; so the spans add up.
func (s scope) byDays(spans []span) []scope {
	if len(spans) == 1 {
		return []scope{s}
	}
	days := 0
	for _, x := range spans {
		days += x.days
	}
	portions, done := make([]scope, len(spans)), 0
	for i, x := range spans {
		portions[i] = s.portion(done, done+x.days, days)
		done += x.days
	}
	return portions
}

// portion is what falls on the days from `from` up to `to` of all days.
func (s *scope) portion(from, to, days int) scope {
	cut := func(a ledger.Amount) ledger.Amount {
		return ledger.Amount(mulDiv(int64(a), int64(to), int64(days)) - mulDiv(int64(a), int64(from), int64(days)))
	}
	p := scope{ownExpense: cut(s.ownExpense), overLimit: cut(s.overLimit), selfPayFirst: cut(s.selfPayFirst), inScope: cut(s.unclassed())}
	for _, c := range s.classes {
		p.classes = append(p.classes, classAmount{c.class, cut(c.amount)})
		p.inScope += cut(c.amount)
	}
	p.total = p.ownExpense + p.overLimit + p.selfPayFirst + p.inScope
	return p
}

// enter puts the span's share of the bill on the tower.
func (b *bill) enter(s scope, divided bool) {
	b.total, b.inScope, b.classes = s.total, s.inScope, s.classes
	b.parts[partOwnExpense] = s.ownExpense
	b.parts[partOverLimit] = s.overLimit
	b.parts[partSelfPayFirst] = s.selfPayFirst
	b.parts[partInScope] = s.inScope
	if divided {
		b.trace.step("scope", "span", b.version.Time.Article, halfUpFen, s.inScope,
			count("year", b.span.year), count("days", b.span.days), money("total", s.total))
	}
}
