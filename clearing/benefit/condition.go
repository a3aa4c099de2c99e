package benefit

import (
	"strings"
)

// holds decides a condition. A fact that is absent makes it false; then missing names
// the fact, because a privilege may have been lost for want of it.
func (c *condition) holds(f *facts) (ok bool, missing string) {
	if !c.certain(f) {
		return false, ""
	}
	if c.AgeFrom != nil || c.AgeUpTo != nil {
		if f.age < 0 {
			return false, "brdy"
		}
		if c.AgeFrom != nil && f.age < *c.AgeFrom || c.AgeUpTo != nil && f.age > *c.AgeUpTo {
			return false, ""
		}
	}
	return c.registered(f)
}

// certain decides what every claim tells.
func (c *condition) certain(f *facts) bool {
	switch {
	case len(c.Groups) > 0 && !intersects(c.Groups, f.groups),
		intersects(c.NotGroups, f.groups),
		len(c.Hospital) > 0 && !f.facility.fits(c.Hospital),
		c.StayFrom != nil && f.ordinal < *c.StayFrom,
		len(c.Kinds) > 0 && !c.kindHolds(f),
		len(c.MedTypes) > 0 && !contains(c.MedTypes, f.Claim.MedType),
		len(c.Diagnosis) > 0 && !hasPrefix(f.Claim.MainDiagnosis, c.Diagnosis),
		len(c.Filing) > 0 && !contains(c.Filing, string(f.filing)),
		len(c.Home) > 0 && !hasPrefix(string(f.Home), c.Home),
		c.TotalFrom != nil && f.Claim.Total <= c.TotalFrom.fen,
		c.TotalUpTo != nil && f.Claim.Total > c.TotalUpTo.fen,
		c.Injury != nil && f.Claim.Injury != *c.Injury:
		return false
	}
	return true
}

func (c *condition) kindHolds(f *facts) bool {
	for _, kind := range c.Kinds {
		if contains(f.kinds, kind) && (c.KindFrom == nil || f.kindOrdinals[kind] >= *c.KindFrom) {
			return true
		}
	}
	return false
}

// registered decides what only a registry can tell.
func (c *condition) registered(f *facts) (ok bool, missing string) {
	person := f.Person
	if person == nil {
		person = &Person{}
	}
	for _, x := range []struct {
		from  *int
		value *int
		name  string
	}{
		{c.Months, person.ContributionMonths, "contribution months"},
		{c.Years, person.ContinuousYears, "continuous years"},
	} {
		switch {
		case x.from == nil:
		case x.value == nil:
			return false, x.name
		case *x.value < *x.from:
			return false, ""
		}
	}
	switch {
	case len(c.Grades) > 0 && person.Grade == "":
		return false, "payment grade"
	case len(c.Grades) > 0 && !contains(c.Grades, person.Grade):
		return false, ""
	case len(c.Ranks) > 0 && person.CivilServantRank == "":
		return false, "civil servant rank"
	case len(c.Ranks) > 0 && !contains(c.Ranks, person.CivilServantRank):
		return false, ""
	}
	return true, ""
}

// fits reports whether the hospital is one of the kinds, written like table keys.
func (f Facility) fits(kinds []string) bool {
	for _, kind := range kinds {
		fits := true
		for word := range strings.SplitSeq(kind, "+") {
			level := Level(word) == f.Level || Level(word) == LevelThird && f.Level == LevelSpecial
			if word != "any" && !level && !contains(f.Traits, word) {
				fits = false
			}
		}
		if fits {
			return true
		}
	}
	return false
}

func intersects(a, b []string) bool {
	for _, x := range a {
		if contains(b, x) {
			return true
		}
	}
	return false
}
