package benefit

import (
	"fmt"

	"clearingd/ledger"
	"clearingd/provinces"
)

// deductible takes the stay's deductible (起付线) off the in-scope amount. What is
// really paid is never more than the in-scope amount.
func (b *bill) deductible() error {
	if b.parts[partRefused] > 0 {
		return nil // nothing is paid, so nothing is deducted
	}
	d := &b.version.Deductible
	b.trace.uses(&d.cited)
	due, err := b.deductibleDue(d)
	if err != nil {
		return err
	}
	due = b.withinYear(d, b.laterSpan(due))
	inScope := b.parts[partInScope]
	b.dedPaid = min(due, inScope)
	if key := b.period(d); key != "" {
		b.acc.Periods = added(b.acc.Periods, key, b.dedPaid)
	}
	b.parts.move(partInScope, partDeductible, b.dedPaid)
	b.takeFromClasses(b.dedPaid)
	b.trace.step("deductible", "deductible", d.Article, exact, b.dedPaid, money("due", due), money("in-scope", inScope))
	return nil
}

// deductibleDue is what the stay owes by the way the plan charges.
func (b *bill) deductibleDue(d *deductible) (ledger.Amount, error) {
	switch d.Charged {
	case "each stay":
		return b.dueEachStay(d)
	case "once a quarter", "once a month", "once a year in each hospital":
		return b.duePeriod(d)
	default:
		return b.dueYear(d)
	}
}

// dueEachStay charges each stay anew, each renewal of a long stay like a further stay,
// and a transfer only for what its first part has not paid.
func (b *bill) dueEachStay(d *deductible) (ledger.Amount, error) {
	cycles := 1 + b.renewals()
	var due ledger.Amount
	for i := range cycles {
		amount, err := b.firstAmount(d, b.facility, i == 0)
		if err != nil {
			return 0, err
		}
		due += b.fullAmount(d, amount, b.ordinal+i)
	}
	if cycles > 1 {
		b.trace.step("deductible", "deductible-renewed", d.Article, exact, due,
			count("days", b.span.days), count("every", d.RenewDays), count("times", cycles))
	}
	if b.continues {
		paid := b.acc.Last.Deductible
		due = max(0, due-paid)
		b.trace.step("deductible", "deductible-transfer", d.Article, exact, due, money("paid", paid))
	}
	return due, nil
}

// renewals are the cycles of a long stay after its first.
func (b *bill) renewals() int {
	every := b.version.Deductible.RenewDays
	if every == 0 {
		return 0
	}
	return max(1, (b.span.days+every-1)/every) - 1
}

// furtherStays are the places among the year's stays that the renewals take.
func (b *bill) furtherStays() int {
	if !b.version.Deductible.RenewCounts {
		return 0
	}
	return b.renewals()
}

// dueYear charges the year once, or tops it up when a dearer hospital follows.
func (b *bill) dueYear(d *deductible) (ledger.Amount, error) {
	facility := b.facility
	if d.Charged == "by the year's highest level" {
		facility.Level = b.highestLevel()
	}
	amount, err := b.firstAmount(d, facility, true)
	if err != nil {
		return 0, err
	}
	amount = b.fullAmount(d, amount, b.ordinal)
	fixed := b.acc.YearDeductible
	switch {
	case d.Charged != "once a year":
		fixed = max(fixed, amount)
	case fixed == 0 && b.acc.Deductible == 0: // nothing was charged yet, at most waived
		fixed = amount
	case fixed == 0: // the year began elsewhere: what was paid there was the year's
		fixed = b.acc.Deductible
	}
	b.acc.YearDeductible = fixed
	due := max(0, fixed-b.acc.Deductible)
	if s := b.specialDeductible(d, false); s != nil && s.Waived {
		due = 0 // also of what earlier stays have left to pay
	}
	b.trace.step("deductible", "deductible-year", d.Article, exact, due, money("year", fixed), money("paid", b.acc.Deductible))
	return due, nil
}

func (b *bill) highestLevel() Level {
	for _, level := range []Level{LevelSpecial, LevelThird, LevelSecond, LevelFirst} {
		if level == b.facility.Level || b.acc.StaysByLevel[level] > 0 {
			return level
		}
	}
	return b.facility.Level
}

// duePeriod charges a quarter, a month or a hospital-year once.
func (b *bill) duePeriod(d *deductible) (ledger.Amount, error) {
	amount, err := b.firstAmount(d, b.facility, true)
	if err != nil {
		return 0, err
	}
	amount = b.fullAmount(d, amount, b.ordinal)
	key := b.period(d)
	paid := b.acc.Periods[key]
	due := max(0, amount-paid)
	b.trace.step("deductible", "deductible-period", d.Article, exact, due,
		word("period", key), money("amount", amount), money("paid", paid))
	return due, nil
}

// period names the quarter, month or hospital-year in which the span ends; "" where
// the deductible is not charged by such a period.
func (b *bill) period(d *deductible) string {
	t := b.span.last.Time()
	switch d.Charged {
	case "once a quarter":
		return fmt.Sprintf("%d-Q%d", t.Year(), (int(t.Month())+2)/3)
	case "once a month":
		return t.Format("2006-01")
	case "once a year in each hospital":
		return fmt.Sprintf("%d-%s", b.span.year, b.Provider)
	}
	return ""
}

// firstAmount is the amount for a first stay: the plan's table, the special amount for
// some, the out-of-area row.
func (b *bill) firstAmount(d *deductible, f Facility, traced bool) (ledger.Amount, error) {
	table, article := &d.Amount, d.Article
	if s := b.specialDeductible(d, traced); s != nil && s.Amount.set {
		table, article = &s.Amount, s.Article
	}
	if b.away != nil && b.away.Deductible.set {
		table, article = &b.away.Deductible, b.away.Article
	}
	if b.away != nil && b.away.DeductibleShare.set {
		return b.shareOfTotal(b.away, traced), nil
	}
	amount, key, ok := table.of(f)
	if !ok {
		return 0, provinces.Reject(provinces.CodePlanGap, "input.mdtrtinfo.hosp_lv", "", string(f.Level))
	}
	if traced {
		b.trace.step("deductible", "deductible-table", article, exact, amount.fen, word("hospital", key))
	}
	return amount.fen, nil
}

// shareOfTotal is a deductible that grows with the cost of the stay, between its bounds.
func (b *bill) shareOfTotal(r *awayRule, traced bool) ledger.Amount {
	amount := max(b.trace.share(b.total, r.DeductibleShare.ratio), r.DeductibleLeast.fen)
	if r.DeductibleMost.set {
		amount = min(amount, r.DeductibleMost.fen)
	}
	if traced {
		b.trace.step("deductible", "deductible-share", r.Article, halfUpFen, amount, money("total", b.total),
			fraction("share", r.DeductibleShare.ratio), money("least", r.DeductibleLeast.fen), money("most", r.DeductibleMost.fen))
	}
	return amount
}

// fullAmount is what a first amount comes to for the n-th stay and this person.
func (b *bill) fullAmount(d *deductible, first ledger.Amount, n int) ledger.Amount {
	amount := first
	if d.Later != nil && b.falls(d.Later) {
		amount = b.later(d, first, n)
	}
	if s := b.specialDeductible(d, false); s != nil {
		switch {
		case s.Waived:
			amount = 0
			b.trace.step("deductible", "deductible-waived", s.Article, exact, 0)
		case s.Percent.set:
			before := amount
			amount = b.trace.share(amount, s.Percent.ratio)
			b.trace.step("deductible", "deductible-special", s.Article, halfUpFen, amount,
				money("amount", before), fraction("share", s.Percent.ratio))
		}
	}
	if b.away != nil && b.away.DeductibleRaise.set {
		before := amount
		amount += b.trace.share(amount, b.away.DeductibleRaise.ratio)
		b.trace.step("deductible", "deductible-raised", b.away.Article, halfUpFen, amount,
			money("amount", before), fraction("share", b.away.DeductibleRaise.ratio))
	}
	return amount
}

func (b *bill) specialDeductible(d *deductible, traced bool) *specialDeductible {
	for i := range d.Special {
		s := &d.Special[i]
		ok, missing := s.For.holds(&b.facts)
		if missing != "" && traced {
			b.trace.absent("deductible", s.Article, missing)
		}
		if ok {
			b.trace.uses(&s.cited)
			return s
		}
	}
	return nil
}

// falls reports whether the deductible of this person and stay falls with the n-th.
func (b *bill) falls(l *laterStays) bool {
	ok, missing := l.For.holds(&b.facts)
	if missing != "" {
		b.trace.absent("deductible", l.Article, missing)
	}
	return ok
}

// later is the amount for the n-th stay.
func (b *bill) later(d *deductible, first ledger.Amount, n int) ledger.Amount {
	l := d.Later
	if l.Count == "at the same level" {
		n = n - b.ordinal + b.acc.StaysByLevel[b.facility.Level] + 1
	}
	if n <= 1 {
		return first
	}
	amount := first
	switch {
	case len(l.Percent) > 0:
		amount = b.trace.share(first, l.Percent[min(n-2, len(l.Percent)-1)].ratio)
	case l.Minus.set:
		amount -= l.Minus.fen * ledger.Amount(n-1)
	case l.MinusPercent.set:
		amount -= b.trace.share(first, l.MinusPercent.ratio) * ledger.Amount(n-1)
	}
	amount = min(first, max(0, amount, b.laterFloor(d)))
	b.trace.uses(&l.cited)
	b.trace.step("deductible", "deductible-later", l.Article, halfUpFen, amount, money("first", first), count("stay", n))
	return amount
}

// laterFloor is what the amount of a later stay never falls below.
func (b *bill) laterFloor(d *deductible) ledger.Amount {
	floor, _, _ := d.Later.Floor.of(b.facility)
	if d.Later.FloorOf != "" {
		floor, _, _ = d.Amount.of(Facility{Level: Level(d.Later.FloorOf)})
	}
	return floor.fen
}

// laterSpan applies the choice for the part of a stay that lies in the new year.
func (b *bill) laterSpan(due ledger.Amount) ledger.Amount {
	if b.first {
		return due
	}
	rule := &b.version.Time
	b.trace.uses(&rule.cited)
	switch rule.LaterPart {
	case "difference":
		due = max(0, due-b.earlier)
	case "none":
		due = 0
	default:
		return due
	}
	b.trace.step("deductible", "deductible-new-year", rule.Article, exact, due,
		word("choice", rule.LaterPart), money("paid", b.earlier))
	return due
}

// withinYear keeps the deductibles of a year together below the plan's limit.
func (b *bill) withinYear(d *deductible, due ledger.Amount) ledger.Amount {
	if !d.YearMost.set {
		return due
	}
	paid := b.acc.Deductible
	due = min(due, max(0, d.YearMost.fen-paid))
	b.trace.step("deductible", "deductible-year-most", d.Article, exact, due, money("most", d.YearMost.fen), money("paid", paid))
	return due
}
