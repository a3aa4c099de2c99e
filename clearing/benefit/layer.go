package benefit

import (
	"clearingd/ledger"
)

// layer lets one layer of the tower pay: on the parts it takes, above its own start,
// by its segments, up to its caps.
func (b *bill) layer(i int, l *layer) error {
	var base ledger.Amount
	for _, p := range l.takes {
		base += b.parts[p]
	}
	b.entered[i] = base
	position := b.position(l, base)
	if base == 0 {
		return nil
	}
	if ok, missing := l.For.holds(&b.facts); !ok {
		if missing != "" {
			b.trace.absent(l.ID, l.Article, missing)
		}
		return nil
	}
	if b.away != nil && b.away.PaysNothing && b.awayChanges(i, l) {
		b.trace.step(l.ID, "away-nothing", b.away.Article, exact, 0, money("in-scope", base))
		return nil
	}
	b.trace.uses(&l.cited)
	b.trace.step(l.ID, "layer", l.Article, exact, base, word("zh", l.ZH), word("en", l.EN))
	r := &run{bill: b, layer: l, number: i, base: base, from: position, left: base, limit: unbounded}
	r.skipStart()
	if err := r.findRates(b.awayChanges(i, l)); err != nil {
		return err
	}
	r.findCaps()
	b.paid[i].Amount = r.pay()
	return nil
}

// position is where in its segments the layer's base begins; it also counts the base
// into the year, whether the layer then pays or not.
func (b *bill) position(l *layer, base ledger.Amount) ledger.Amount {
	var inside ledger.Amount // the deductible, where bounds include it
	if l.entry && l.Bounds == "including the deductible" {
		inside = b.dedPaid
	}
	if l.Counted != "on the year" {
		return inside
	}
	before, known := b.acc.Base[l.ID]
	if !known {
		before = b.yearBefore(l)
		b.acc.Base = added(b.acc.Base, l.ID, before)
	}
	b.acc.Base[l.ID] += inside + base
	return before + inside
}

// yearBefore is what the layer would have taken in from the stays before it first
// counted: those of an opening, or of a plan version without it.
func (b *bill) yearBefore(l *layer) ledger.Amount {
	switch {
	case l.entry && l.Bounds == "including the deductible":
		return b.acc.InScope
	case l.entry:
		return max(0, b.acc.InScope-b.acc.Deductible)
	case l.absorbs: // above a cap: nothing is known of it
		return 0
	}
	return b.acc.OwnShare
}

// run is one layer at work on one bill.
type run struct {
	*bill
	layer  *layer
	number int           // of the layer, from 0
	base   ledger.Amount // what the layer took
	from   ledger.Amount // position in the segments at which left begins
	left   ledger.Amount // of the base: still to be decided
	rates  []rate
	fixed  *specialRatio // nil: by segments
	limit  ledger.Amount // what the caps on payment still allow
	caps   []*capRule    // the caps that bind
	apart  []apart       // amounts of classes with ratios of their own

	used ledger.Amount // of the base: decided inside the caps
	paid ledger.Amount
}

// skipStart passes over what lies below the layer's own deductible; it stays with the
// person where it was.
func (r *run) skipStart() {
	for i := range r.layer.Starts {
		s := &r.layer.Starts[i]
		if !r.applies(&s.For, r.layer.ID, &s.cited) {
			continue
		}
		start := s.Yuan.fen
		if s.Percent.set {
			start = r.trace.share(r.total, s.Percent.ratio)
		}
		before := r.from
		below := min(r.left, max(0, start-r.from))
		r.from += below
		r.left -= below
		if r.layer.Bounds != "including the deductible" {
			r.from -= min(r.from, start)
		}
		r.trace.step(r.layer.ID, "starts-above", s.Article, exact, r.left,
			money("start", start), money("position", before), money("below", below))
		return
	}
}

// applies decides a condition and traces a privilege lost for want of a fact.
func (b *bill) applies(c *condition, station string, rule *cited) bool {
	ok, missing := c.holds(&b.facts)
	if missing != "" {
		b.trace.absent(station, rule.Article, missing)
	}
	if ok {
		b.trace.uses(rule)
	}
	return ok
}

// pay decides the whole base and moves the parts.
func (r *run) pay() ledger.Amount {
	b, l := r.bill, r.layer
	overCost := r.limitCost()
	first := r.classesFirst()
	switch {
	case len(l.UpTo) > 0:
		r.payUpTo()
	case r.fixed != nil:
		r.payFixed()
	default:
		r.paySegments()
	}
	r.payClasses()
	r.count()
	if !l.absorbs {
		b.parts.pay(l.takes, r.paid)
		return r.paid
	}
	taken, over := l.takes[0], overCost+r.left
	b.parts.move(taken, partSelfPayFirst, first)
	b.parts[taken] -= r.paid
	b.parts.move(taken, partShare, r.used-r.paid)
	if over > 0 {
		b.trace.step(l.ID, "over-cap", l.Article, exact, over)
	}
	if l.entry {
		b.parts.move(partInScope, partOverCap, b.parts[partInScope])
	}
	return r.paid
}

// paySegments pays on what is left, segment by segment.
func (r *run) paySegments() {
	tally := newTally(r.trace.roundingOf(r.layer))
	for i := range r.rates {
		if r.left == 0 || tally.full(r.limit) {
			break
		}
		rate := &r.rates[i]
		if r.from >= rate.upTo {
			continue
		}
		r.paySegment(rate, &tally)
	}
	paid := min(tally.total(), r.limit, r.used)
	if tally.rounding != halfUpFen {
		r.trace.step(r.layer.ID, "round", r.layer.Article, tally.rounding, paid, tally.figure())
	}
	r.paid += paid
	r.limit -= paid
}

// paySegment pays on the part of the base that lies in one segment, or on the smaller
// part with which the payment just reaches the cap.
func (r *run) paySegment(rate *rate, tally *tally) {
	amount := min(r.left, r.width(rate))
	units := r.trace.units(tally, amount, rate.ratio)
	if room := tally.room(r.limit); units > room {
		units = room
		amount = min(amount, tally.reaching(room, rate.ratio))
		r.trace.step(r.layer.ID, "cap-split", r.layer.Article, halfUpFen, amount,
			tally.of("room", room), fraction("ratio", rate.ratio))
	}
	tally.add(units)
	to := r.from + amount
	if r.layer.Measured == "by payment" {
		to = r.from + tally.amount(units)
	}
	figures := append(r.scratch[:0], money("from", r.from), money("to", to), money("amount", amount))
	figures = append(figures, rate.chain...)
	figures = append(figures, fraction("ratio", rate.ratio))
	if tally.scale > 1 {
		figures = append(figures, tally.of("exact", units))
	}
	r.trace.step(r.layer.ID, "segment", rate.article, tally.segmentRounding(), tally.amount(units), figures...)
	r.scratch = figures
	r.from, r.left, r.used = to, r.left-amount, r.used+amount
}

// width is how much of the base the segment still takes in. Measured by payment, it is
// what brings the payment to the segment's end.
func (r *run) width(rate *rate) ledger.Amount {
	switch {
	case r.layer.Measured != "by payment":
		return rate.upTo - r.from
	case rate.ratio == 0 || rate.upTo >= unbounded:
		return unbounded
	}
	return reaching(rate.upTo-r.from, rate.ratio)
}

// payFixed pays a fixed amount, though never more than the base or a cap.
func (r *run) payFixed() {
	r.paid = min(r.fixed.Fixed.fen, r.left, r.limit)
	r.limit -= r.paid
	r.trace.step(r.layer.ID, "fixed", r.fixed.Article, exact, r.paid,
		money("fixed", r.fixed.Fixed.fen), money("amount", r.left))
	r.used, r.left = r.used+r.left, 0
}

// payUpTo pays what the layers below have left open of a guaranteed share of the bill.
func (r *run) payUpTo() {
	for i := range r.layer.UpTo {
		g := &r.layer.UpTo[i]
		if !r.isIn(g.Where) || !r.applies(&g.For, r.layer.ID, &g.cited) {
			continue
		}
		of, tally := r.guaranteedOf(g), newTally(r.trace.roundingOf(r.layer))
		tally.add(r.trace.units(&tally, of, g.Percent.ratio))
		var below ledger.Amount
		for _, s := range r.bill.paid[:r.number] {
			below += s.Amount
		}
		r.paid = min(max(0, tally.total()-below), r.left, r.limit)
		r.limit -= r.paid
		r.trace.step(r.layer.ID, "brings-up-to", g.Article, tally.rounding, r.paid,
			money("of", of), fraction("share", g.Percent.ratio), money("goal", tally.total()), money("below", below))
		break
	}
	r.used, r.left = r.used+r.left, 0
}

// guaranteedOf is the amount of which a share is guaranteed.
func (b *bill) guaranteedOf(g *guarantee) ledger.Amount {
	switch g.Of {
	case "in scope":
		return b.inScope
	case "total above the deductible":
		return b.total - b.dedPaid
	}
	return b.total
}

// count adds the payment to the year.
func (r *run) count() {
	a, l := &r.acc, r.layer
	if r.paid > 0 {
		a.Paid = added(a.Paid, l.ID, r.paid)
	}
	for _, c := range r.caps {
		if c.Name != "" && c.On == "payment" && r.paid > 0 {
			key := l.ID + "#" + c.Name
			a.Paid = added(a.Paid, key, r.paid)
			r.named = append(r.named, namedCount{r.number, key})
		}
	}
}
