package benefit

import (
	"slices"

	"clearingd/ledger"
)

// findCaps decides which caps bind: of the rules with one name the first that holds.
// Those on payment set the limit of the run.
func (r *run) findCaps() {
	var decided []string
	for i := range r.layer.Caps {
		c := &r.layer.Caps[i]
		if slices.Contains(decided, c.Name) || !r.applies(&c.For, r.layer.ID, &c.cited) {
			continue
		}
		decided = append(decided, c.Name)
		if c.None {
			r.trace.step(r.layer.ID, "cap-none", c.Article, exact, 0)
			continue
		}
		r.caps = append(r.caps, c)
		if c.On == "payment" {
			ceiling, used := r.capAmount(c), r.capUsed(c)
			room := max(0, ceiling-used)
			r.limit = min(r.limit, room)
			r.trace.step(r.layer.ID, "cap", c.Article, exact, room, money("cap", ceiling), money("used", used))
		}
	}
}

// capAmount is the cap in yuan, with a loyalty bonus if there is one.
func (r *run) capAmount(c *capRule) ledger.Amount {
	amount := c.Yuan.fen
	if c.WageTimes.set {
		amount = ledger.Amount(mulDiv(int64(r.version.Wage.fen), int64(c.WageTimes.fen), 100))
		r.trace.step(r.layer.ID, "cap-wage", c.Article, halfUpFen, amount,
			money("wage", r.version.Wage.fen), money("times", c.WageTimes.fen))
	}
	if c.Raise == nil {
		return amount
	}
	return amount + r.capRaise(c, amount)
}

// yearsMax is longer than any insurance; it keeps foreign figures from overflowing.
const yearsMax = 200

func (r *run) capRaise(c *capRule, amount ledger.Amount) ledger.Amount {
	rule, years, zero := c.Raise, 0, 0
	switch {
	case r.Person == nil || r.Person.ContinuousYears == nil && r.Person.ZeroClaimYears == nil:
		r.trace.absent(r.layer.ID, rule.Article, "continuous years")
		return 0
	default:
		if r.Person.ContinuousYears != nil {
			years = min(max(0, *r.Person.ContinuousYears-rule.AfterYears), yearsMax)
		}
		if r.Person.ZeroClaimYears != nil {
			zero = min(max(0, *r.Person.ZeroClaimYears), yearsMax)
		}
	}
	raise := rule.PerYear.fen*ledger.Amount(years) + rule.PerZeroYear.fen*ledger.Amount(zero)
	if rule.AtMost.set {
		raise = min(raise, r.trace.share(amount, rule.AtMost.ratio))
	}
	r.trace.uses(&rule.cited)
	r.trace.step(r.layer.ID, "cap-raise", rule.Article, halfUpFen, raise,
		count("years", years), count("zero-claim-years", zero), money("cap", amount))
	return raise
}

// capUsed is how much of a cap on payment was used up before this bill, and in it by
// the layers below that share it.
func (r *run) capUsed(c *capRule) ledger.Amount {
	var used ledger.Amount
	if c.Per == "stay" {
		for i := range r.version.Layers {
			if slices.Contains(c.With, r.version.Layers[i].ID) {
				used += r.bill.paid[i].Amount
			}
		}
		return used
	}
	if c.Name != "" {
		return r.acc.Paid[r.layer.ID+"#"+c.Name]
	}
	for i := range r.version.Layers {
		l := &r.version.Layers[i]
		if l.ID != r.layer.ID && !slices.Contains(c.With, l.ID) {
			continue
		}
		used += r.acc.Paid[l.ID]
		if l.firstOfFund {
			used += r.acc.Paid[l.Fund]
		}
	}
	if c.Outpatient {
		used += r.acc.Outpatient
	}
	return used
}

// limitCost keeps only so much of the base as the caps on cost allow, and returns the
// rest: the base of the layers above.
func (r *run) limitCost() (over ledger.Amount) {
	for _, c := range r.caps {
		if c.On != "cost" {
			continue
		}
		ceiling, key := r.capAmount(c), r.layer.ID+"#cost"
		var used, inside ledger.Amount
		if c.Per == "year" {
			used = r.acc.Base[key]
		}
		if c.WithDeductible {
			inside = r.dedPaid
		}
		allowed := min(r.left, max(0, ceiling-used-inside))
		over += r.left - allowed
		r.left = allowed
		r.acc.Base = added(r.acc.Base, key, inside+allowed)
		r.trace.step(r.layer.ID, "cap-cost", c.Article, exact, allowed,
			money("cap", ceiling), money("used", used), money("deductible", inside))
	}
	return over
}

// ceilings hold all funds together below a share of the bill. What is too much is
// taken back from the topmost layer first.
func (b *bill) ceilings() {
	for i := range b.version.Ceilings {
		c := &b.version.Ceilings[i]
		if !b.applies(&c.For, "ceiling", &c.cited) {
			continue
		}
		of := b.total
		if c.Of == "in scope" {
			of = b.inScope
		}
		limit := b.trace.share(of, c.Percent.ratio)
		var paid ledger.Amount
		for _, s := range b.paid {
			if c.covers(s.Layer) {
				paid += s.Amount
			}
		}
		b.trace.step("ceiling", "ceiling", c.Article, halfUpFen, limit,
			money("of", of), fraction("share", c.Percent.ratio), money("paid", paid))
		b.takeBack(c, paid-limit)
	}
}

func (c *ceiling) covers(layer string) bool {
	return len(c.Layers) == 0 || slices.Contains(c.Layers, layer)
}

func (b *bill) takeBack(c *ceiling, excess ledger.Amount) {
	for i := len(b.paid) - 1; i >= 0 && excess > 0; i-- {
		s := &b.paid[i]
		back := min(s.Amount, excess)
		if back == 0 || !c.covers(s.Layer) {
			continue
		}
		excess -= back
		s.Amount -= back
		b.parts[partOverCeiling] += back
		b.acc.Paid[s.Layer] -= back
		for _, counted := range b.named {
			if counted.layer == i {
				b.acc.Paid[counted.key] -= back
			}
		}
		b.trace.step(s.Layer, "over-ceiling", c.Article, exact, back, money("left", s.Amount))
	}
}
