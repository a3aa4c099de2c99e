package audit

import (
	"math/big"
	"slices"
)

// band is a stretch of the amount a layer has taken, and the percentage it pays of it.
type band struct{ width, pays *big.Rat }

// bands cuts what a layer has taken into its segments.
func (s *stay) bands(b *Bill, l *layer, i int, taken *big.Rat) ([]band, error) {
	before, start, shift := rat(0), rat(0), rat(0)
	if len(l.Starts) > 0 {
		var err error
		if start, err = s.starts(l); err != nil {
			return nil, err
		}
	}
	if l.Counted == "on the year" {
		before = sum(s.year.base[l.ID], s.year.elsewhere)
	} else if l.Counted != "" && l.Counted != "on the stay" {
		return nil, beyond("layer %s counts %q", l.ID, l.Counted)
	}
	// The amount lies from before to before+taken; nothing below start is paid. Segments
	// are measured from zero, or from start, or as if the deductible lay below the amount.
	switch {
	case l.Bounds == "including the deductible" && slices.Contains(l.Takes, inScope):
		before = sum(before, b.Deductible)
	case l.Bounds == "including the deductible":
	case l.Bounds == "" || l.Bounds == "above the deductible":
		shift = start
	default:
		return nil, beyond("layer %s: bounds %q", l.ID, l.Bounds)
	}
	segments, ratios, err := s.ratios(l, i)
	if err != nil {
		return nil, err
	}
	from, to := before, sum(before, taken)
	cut := []band{{minus(smaller(larger(start, from), to), from), rat(0)}} // what lies below the start
	low := start
	for n, segment := range segments {
		high := to
		if segment.UpTo != nil {
			high = sum(number(segment.UpTo), shift)
		}
		width := minus(smaller(high, to), larger(low, from))
		if width.Sign() > 0 {
			cut = append(cut, band{width, ratios[n]})
		}
		low = larger(low, high)
	}
	return cut, nil
}

func (s *stay) starts(l *layer) (*big.Rat, error) {
	for _, start := range l.Starts {
		holds, err := s.holds(start.For)
		if err != nil {
			return nil, err
		}
		if holds {
			if start.Yuan == nil {
				return nil, beyond("layer %s starts at a share of the total", l.ID)
			}
			return number(start.Yuan), nil
		}
	}
	return rat(0), nil
}

// ratios are the percentages of the segments for this stay: what the plan pays at home,
// with what is special for the person, then what changes away from home.
func (s *stay) ratios(l *layer, i int) ([]segment, []*big.Rat, error) {
	segments := l.Segments
	ratios := make([]*big.Rat, len(segments))
	for n, segment := range segments {
		ratio, ok := row(segment.Pays, s.level)
		if !ok {
			return nil, nil, beyond("layer %s: no ratio for level %s", l.ID, s.level)
		}
		ratios[n] = ratio
	}
	for _, special := range l.Special {
		holds, err := s.holds(special.For)
		if err != nil {
			return nil, nil, err
		}
		if !holds {
			continue
		}
		if len(special.Segments) > 0 || special.Factor != nil || special.Fixed != nil {
			return nil, nil, beyond("layer %s: special segments, factor or fixed payment", l.ID)
		}
		for n := range ratios {
			if up, ok := row(special.Points, s.level); ok {
				ratios[n] = smaller(rat(100), sum(ratios[n], up))
			}
			if own := number(special.OwnShare); own != nil {
				ratios[n] = minus(rat(100), percent(minus(rat(100), ratios[n]), own))
			}
			if pays, ok := row(special.Pays, s.level); ok {
				ratios[n] = pays
			}
		}
	}
	if s.rule != nil && (i == 0 && len(s.rule.Layers) == 0 || slices.Contains(s.rule.Layers, l.ID)) {
		for n := range ratios {
			ratios[n] = s.away(ratios[n])
		}
	}
	return segments, ratios, nil
}

// away is the percentage as it is for a stay out of the own area.
func (s *stay) away(ratio *big.Rat) *big.Rat {
	if pays, ok := row(s.rule.Pays, s.level); ok {
		return pays
	}
	if down, ok := row(s.rule.PointsDown, s.level); ok {
		ratio = larger(rat(0), minus(ratio, down))
	}
	if factor, ok := row(s.rule.Factor, s.level); ok {
		ratio = percent(ratio, factor)
		if s.rule.FactorDecimals != nil {
			ratio = times(rounded(percent(ratio, rat(1)), *s.rule.FactorDecimals), rat(100))
		}
	}
	return ratio
}

// room is how much the layer may still pay in the year; nil: without limit. Of the caps of one
// name the first that holds counts, and caps of different names bind together. named are
// those with a name: such a cap counts only what was paid while it held.
func (s *stay) room(b *Bill, l *layer, i int) (room *big.Rat, named []string, err error) {
	decided := map[string]bool{}
	for _, c := range l.Caps {
		holds, err := s.holds(c.For)
		if err != nil {
			return nil, nil, err
		}
		if !holds || decided[c.Name] {
			continue
		}
		decided[c.Name] = true
		if c.None {
			continue
		}
		most := number(c.Yuan)
		if wages := number(c.WageTimes); wages != nil && number(s.version.Wage) != nil {
			most = times(wages, number(s.version.Wage))
		}
		if c.On != "" && c.On != "payment" || c.Per != "" && c.Per != "year" || most == nil || c.Outpatient || c.WithDeductible || c.Name != "" && len(c.With) > 0 {
			return nil, nil, beyond("layer %s: a cap of another kind", l.ID)
		}
		// A raise rests on years of insurance, which only a registry could tell.
		used := s.used(b, append([]string{l.ID}, c.With...), i)
		if c.Name != "" {
			named = append(named, l.ID+"#"+c.Name)
			used = sum(rat(0), s.year.Paid[l.ID+"#"+c.Name])
		}
		left := larger(rat(0), minus(most, used))
		if room == nil || less(left, room) {
			room = left
		}
	}
	return room, named, nil
}

// used is what layers have paid in the year and in this bill, and what came from
// elsewhere for their funds, which counts for the first layer of a fund.
func (s *stay) used(b *Bill, layers []string, i int) *big.Rat {
	used := rat(0)
	funds := map[string]bool{}
	for _, l := range s.version.Layers[:i+1] {
		if slices.Contains(layers, l.ID) {
			used = sum(used, s.year.Paid[l.ID])
			if !funds[l.Fund] {
				used = sum(used, s.year.Paid[l.Fund])
			}
		}
		funds[l.Fund] = true
	}
	for _, share := range b.Shares {
		if slices.Contains(layers, share.Layer) {
			used = sum(used, share.Amount)
		}
	}
	return used
}

// climb pays band after band, each rounded to the fen, until the room is used up. reached
// is how much of the amount was paid for, which at a limit is found by going back from
// the payment to the amount.
func climb(bands []band, room *big.Rat) (paid, reached *big.Rat) {
	paid, reached = rat(0), rat(0)
	for _, b := range bands {
		pays := fen(percent(b.width, b.pays))
		if room != nil && less(room, sum(paid, pays)) {
			left := minus(room, paid)
			back := fen(new(big.Rat).Quo(times(left, rat(100)), b.pays))
			return room, sum(reached, smaller(back, b.width))
		}
		paid, reached = sum(paid, pays), sum(reached, b.width)
	}
	return paid, reached
}
