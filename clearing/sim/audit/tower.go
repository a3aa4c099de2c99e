package audit

import (
	"math/big"
	"slices"
	"time"
)

// holds decides a condition: all that is written must hold.
func (s *stay) holds(c condition) (bool, error) {
	if len(c.Hospital) > 0 {
		return false, beyond("a condition on hospitals")
	}
	if len(c.Grades)+len(c.Ranks) > 0 || c.Months != nil || c.Years != nil {
		return false, nil // only a registry could tell, and there is none
	}
	age := -1
	if birth, err := time.Parse(time.DateOnly, s.birth); err == nil {
		age = s.discharged.Year() - birth.Year()
		if s.discharged.Format("01-02") < birth.Format("01-02") {
			age--
		}
	}
	switch {
	case len(c.Groups) > 0 && !overlap(c.Groups, s.groups), overlap(c.NotGroups, s.groups),
		(c.AgeFrom != nil || c.AgeUpTo != nil) && age < 0,
		c.AgeFrom != nil && age < *c.AgeFrom, c.AgeUpTo != nil && age > *c.AgeUpTo,
		c.StayFrom != nil && s.ordinal < *c.StayFrom,
		len(c.MedTypes) > 0 && !slices.Contains(c.MedTypes, s.medType),
		len(c.Diagnosis) > 0 && !begins(s.diagnosis, c.Diagnosis),
		len(c.Filing) > 0 && !slices.Contains(c.Filing, s.how),
		len(c.Home) > 0 && !begins(s.home, c.Home),
		c.TotalFrom != nil && s.total.Cmp(number(c.TotalFrom)) <= 0,
		c.TotalUpTo != nil && s.total.Cmp(number(c.TotalUpTo)) > 0,
		c.Injury != nil && *c.Injury != s.injury,
		len(c.Kinds) > 0 && !s.kindHolds(c):
		return false, nil
	}
	return true, nil
}

func (s *stay) kindHolds(c condition) bool {
	return slices.ContainsFunc(c.Kinds, func(k string) bool {
		return slices.Contains(s.kinds, k) && (c.KindFrom == nil || s.kindOrdinal[k] >= *c.KindFrom)
	})
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// deductible is what the stay owes before any fund pays.
func (s *stay) deductible() (*big.Rat, error) {
	d := s.version.Deduct
	if d.Charged != "" && d.Charged != "each stay" || d.TransferDays != nil || d.BelowCounts != nil {
		return nil, beyond("a deductible that is not charged for each stay")
	}
	if d.RenewDays > 0 && s.discharged.Sub(s.admitted) >= time.Duration(d.RenewDays-1)*24*time.Hour {
		return nil, beyond("a stay of more than one settlement cycle")
	}
	full, err := s.firstDeductible()
	if err != nil {
		return nil, err
	}
	if d.Later != nil && s.ordinal > 1 {
		falls, err := s.holds(d.Later.For)
		if err != nil {
			return nil, err
		}
		if falls {
			if full, err = s.later(full); err != nil {
				return nil, err
			}
		}
	}
	if full, err = s.special(full); err != nil {
		return nil, err
	}
	if s.rule != nil && s.rule.DeductibleRaise != nil {
		full = fen(sum(full, percent(full, number(s.rule.DeductibleRaise))))
	}
	if most := number(d.YearMost); most != nil {
		full = smaller(full, larger(rat(0), minus(most, s.year.Deductible)))
	}
	return full, nil
}

// firstDeductible is what a first stay of the year owes: the amount of the out-of-area
// rule, its share of the total cost, or the plan's for the hospital.
func (s *stay) firstDeductible() (*big.Rat, error) {
	amounts := s.version.Deduct.Amount
	if r := s.rule; r != nil && r.DeductibleShare != nil {
		full := fen(percent(s.total, number(r.DeductibleShare)))
		if least := number(r.DeductibleLeast); least != nil {
			full = larger(full, least)
		}
		if most := number(r.DeductibleMost); most != nil {
			full = smaller(full, most)
		}
		return full, nil
	} else if r != nil && r.Deductible != nil {
		amounts = r.Deductible
	}
	full, ok := row(amounts, s.level)
	if !ok {
		return nil, beyond("no deductible for level %s", s.level)
	}
	return full, nil
}

// special waives or lowers the deductible for some; the first rule that holds counts.
func (s *stay) special(full *big.Rat) (*big.Rat, error) {
	for _, special := range s.version.Deduct.Special {
		holds, err := s.holds(special.For)
		switch {
		case err != nil:
			return nil, err
		case !holds:
			continue
		case special.Waived:
			return rat(0), nil
		case special.Percent != nil:
			return fen(percent(full, number(special.Percent))), nil
		}
		return nil, beyond("a special deductible by amount")
	}
	return full, nil
}

// later lowers the deductible of the second stay of the year and those after it.
func (s *stay) later(full *big.Rat) (*big.Rat, error) {
	l := s.version.Deduct.Later
	if l.Count != "" && l.Count != "in the year" || l.MinusPercent != nil || l.FloorOf != "" {
		return nil, beyond("later deductibles counted by level or lowered by percent")
	}
	lowered := full
	if n := len(l.Percent); n > 0 {
		lowered = fen(percent(full, number(l.Percent[min(s.ordinal-2, n-1)])))
	}
	if l.Minus != nil {
		lowered = larger(rat(0), minus(full, times(number(l.Minus), rat(int64(s.ordinal-1)))))
	}
	if l.Floor != nil {
		floor, ok := row(l.Floor, s.level)
		if !ok {
			return nil, beyond("no floor for level %s", s.level)
		}
		lowered = larger(lowered, floor)
	}
	return lowered, nil
}

// layer lets one layer of the tower pay: it takes parts of the bill, pays its share of
// them, and leaves the rest to those above it.
func (s *stay) layer(b *Bill, parts map[string]*big.Rat, i int) error {
	l := &s.version.Layers[i]
	if applies, err := s.holds(l.For); err != nil || !applies {
		return err
	}
	if l.UpTo != nil {
		return beyond("layer %s brings up to a share of the bill", l.ID)
	}
	if l.Classes != nil || l.Measured != "" && l.Measured != "by cost" || l.Rounding != "" {
		return beyond("layer %s: classes, measure or rounding of its own", l.ID)
	}
	taken := rat(0)
	for _, part := range l.Takes {
		if parts[part] == nil {
			return beyond("layer %s takes %q", l.ID, part)
		}
		taken = sum(taken, parts[part])
	}
	bands, err := s.bands(b, l, i, taken)
	if err != nil {
		return err
	}
	capped, named, err := s.room(b, l, i)
	if err != nil {
		return err
	}
	paid, reached := climb(bands, capped)
	if i == 0 {
		b.basic = [2]*big.Rat{paid, taken}
	}
	b.Shares = append(b.Shares, Share{l.ID, l.Fund, paid})
	for _, key := range named {
		b.named[key] = paid
	}
	if l.Counted == "on the year" {
		b.base[l.ID] = taken
	}
	return s.leave(parts, l, taken, paid, reached)
}

// leave puts what the layer did not pay where the next ones find it.
func (s *stay) leave(parts map[string]*big.Rat, l *layer, taken, paid, reached *big.Rat) error {
	if slices.Contains(l.Takes, inScope) {
		if len(l.Takes) > 1 {
			return beyond("layer %s takes more than the in-scope amount", l.ID)
		}
		parts[inScope], parts[ownShare], parts[overCap] = nil, minus(reached, paid), minus(taken, reached)
		return nil
	}
	if len(l.Takes) == 1 && l.Takes[0] == overCap {
		parts[ownShare], parts[overCap] = sum(parts[ownShare], minus(reached, paid)), minus(taken, reached)
		return nil
	}
	for _, part := range l.Takes {
		used := smaller(parts[part], paid)
		parts[part], paid = minus(parts[part], used), minus(paid, used)
	}
	return nil
}
