package benefit

import (
	"clearingd/ledger"
	"clearingd/provinces"
)

// rate is a segment with the ratio that holds for this person and this stay.
type rate struct {
	upTo    ledger.Amount
	ratio   ratio
	article string
	chain   []figure // how the ratio came about, if it is not the table's
}

// findRates works out the segments' ratios. The order is fixed: the table (or the own
// row of a special rule, or of the out-of-area rule), then the special rules in the
// file's order, then the out-of-area rule; then never below nothing or above all.
func (r *run) findRates(awayChanges bool) error {
	specials := r.specials()
	segments := r.layer.Segments
	for _, s := range specials {
		if len(s.Segments) > 0 {
			segments = s.Segments
		}
		if s.Fixed.set {
			r.fixed = s
		}
	}
	var away *awayRule
	if awayChanges {
		away = r.away
	}
	r.rates = r.bill.rateBuffer[:0]
	for i := range segments {
		rate, err := r.rate(&segments[i], specials, away)
		if err != nil {
			return err
		}
		r.rates = append(r.rates, rate)
	}
	r.bill.rateBuffer = r.rates
	return nil
}

// specials are the special rules that hold, each traced once.
func (r *run) specials() []*specialRatio {
	var hold []*specialRatio
	for i := range r.layer.Special {
		s := &r.layer.Special[i]
		if r.applies(&s.For, r.layer.ID, &s.cited) {
			hold = append(hold, s)
			r.trace.step(r.layer.ID, "special", s.Article, exact, 0, word("for-zh", s.For.textZH), word("for-en", s.For.textEN))
		}
	}
	return hold
}

func (r *run) rate(s *segment, specials []*specialRatio, away *awayRule) (rate, error) {
	hospital := r.facility
	value, _, ok := s.Pays.of(hospital)
	x := rate{upTo: unbounded, article: s.Article, ratio: value.ratio}
	if x.article == "" {
		x.article = r.layer.Article
	}
	if s.UpTo.set {
		x.upTo = s.UpTo.fen
	}
	r.trace.uses(&s.cited)
	if len(specials) > 0 || away != nil {
		x.chain = append(make([]figure, 0, 4), fraction("table-ratio", x.ratio))
	}
	for _, special := range specials {
		if special.Pays.set {
			value, _, ok = special.Pays.of(hospital)
			x.change("own-ratio", value.ratio, value.ratio)
		}
	}
	if away != nil && away.Pays.set {
		value, _, ok = away.Pays.of(hospital)
		x.article = away.Article
		x.change("away-ratio", value.ratio, value.ratio)
	}
	if !ok {
		return rate{}, provinces.Reject(provinces.CodePlanGap, "input.mdtrtinfo.hosp_lv", "", string(hospital.Level))
	}
	for _, special := range specials {
		x.special(special, hospital)
	}
	if away != nil {
		x.away(away, hospital)
	}
	x.ratio = x.ratio.within()
	return x, nil
}

// change notes a step of the chain.
func (x *rate) change(name string, figure, result ratio) {
	x.chain = append(x.chain, fraction(name, figure))
	x.ratio = result
}

func (x *rate) special(s *specialRatio, f Facility) {
	if points, _, ok := s.Points.of(f); ok {
		x.change("points-up", points.ratio, x.ratio+points.ratio)
	}
	if s.OwnShare.set {
		x.change("own-share-factor", s.OwnShare.ratio, one-(one-x.ratio.within()).times(s.OwnShare.ratio))
	}
	if s.Factor.set {
		x.change("factor", s.Factor.ratio, x.ratio.times(s.Factor.ratio))
	}
}

// away applies points or a factor. They are different things: a factor of 0.90 on a
// ratio of 85 % is 76.5 %, ten points down are 75 %.
func (x *rate) away(a *awayRule, f Facility) {
	if points, _, ok := a.PointsDown.of(f); ok {
		x.change("away-points-down", points.ratio, x.ratio-points.ratio)
	}
	if factor, _, ok := a.Factor.of(f); ok {
		product := x.ratio.within().times(factor.ratio)
		if a.FactorDecimals != nil {
			product = product.roundedTo(*a.FactorDecimals)
		}
		x.change("away-factor", factor.ratio, product)
	}
}
