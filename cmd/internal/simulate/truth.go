package simulate

import (
	"cmp"
	"maps"
	"slices"

	"clearingd/clearing/sim/audit"
)

// The truth has three stages: what stands when the newest day with bills is closed, when the
// late statements have come, and when the day after is closed.
const stages = 3

// truth is what must be found at one stage.
type truth struct {
	said    audit.Said
	planted map[string]planted // by the key of the break
}

// truths are what must be found at each stage.
func (b *beliefs) truths() [stages]truth {
	var all [stages]truth
	inForce := map[[2]string]*statement{} // by party and day
	refusals := map[string]planted{}
	take := func(list []*statement, ready func(*statement) bool) {
		for _, s := range list {
			key := [2]string{s.party, s.day}
			switch {
			case !ready(s) || s.outcome == repeated:
			case s.outcome == refused:
				refusals[s.party+s.day] = planted{key: "statement/" + s.party + "/" + s.id, class: "VALID", party: s.party}
			default:
				delete(refusals, s.party+s.day)
				inForce[key] = s
			}
		}
	}
	for stage := range all {
		switch stage {
		case 0:
			take(b.early, func(s *statement) bool { return s.held < 0 })
		case 1:
			take(b.early, func(s *statement) bool { return s.held >= 0 })
			take(b.late, func(s *statement) bool { return s.day != b.next.String() })
		case 2:
			take(b.late, func(s *statement) bool { return s.day == b.next.String() })
		}
		all[stage] = truthOf(slices.SortedFunc(maps.Values(inForce), func(x, y *statement) int { return cmp.Compare(x.party+x.id, y.party+y.id) }))
		for _, p := range refusals {
			all[stage].planted[p.key] = p
		}
	}
	return all
}

// truthOf is what must be found with these statements in force.
func truthOf(inForce []*statement) truth {
	t := truth{audit.Said{Through: map[string]string{}, Broken: map[uint64]bool{}}, map[string]planted{}}
	for _, s := range inForce {
		if s.carries {
			t.said.Through[s.party] = max(t.said.Through[s.party], s.day)
		}
		for _, p := range s.planted {
			t.planted[p.key] = p
			t.said.Broken[p.number] = true
		}
	}
	return t
}
