package benefit

import "clearingd/ledger"

// ByHash returns the plan of the set whose file has that SHA-256.
func (s *Set) ByHash(hash [32]byte) (*Plan, bool) {
	p, ok := s.byHash[hash]
	return p, ok
}

// Recount adds a bill that stands as it was answered to other accumulators than it was
// computed from: because a bill before it is gone, or has come. Amounts are those of the
// answer: what was paid and deducted was paid and deducted. What is counted and no amount
// (which stay of the year it is, whether it continues the one before, what the year's
// deductible is) is counted as the plan counts it now.
//
// from are the accumulators the bill was computed from and onto those it is added to,
// both of p.Years in their order; neither is changed. answered is what was made of the
// bill then.
func (p *Prepared) Recount(onto, from []Accumulators, answered Adjudication) []YearAccumulators {
	if len(onto) != len(p.Years) || len(from) != len(p.Years) || len(answered.Years) != len(p.Years) {
		panic("benefit: Recount needs the accumulators of each of Prepared.Years")
	}
	again, err := p.Adjudicate(onto)
	facts := gather(&p.stay, p.plan, p.version)
	years := make([]YearAccumulators, len(p.Years))
	for i := range p.Years {
		counted := answered.Years[i].Accumulators.less(from[i], onto[i])
		if err == nil { // a rule may have no answer for the stay in its new place: then as it was counted
			counted = again.Years[i].Accumulators
		}
		b := &bill{facts: facts, span: p.spans[i], first: i == 0, acc: onto[i].clone()}
		years[i] = YearAccumulators{p.Years[i], b.recount(from[i], answered.Years[i].Accumulators, counted)}
	}
	return years
}

// less is what the bill between before and a counted, on top of onto: only the fields
// that recount takes from it.
func (a Accumulators) less(before, onto Accumulators) Accumulators {
	counted := Accumulators{Stays: onto.Stays + a.Stays - before.Stays, YearDeductible: a.YearDeductible}
	counted.StaysByLevel = moved(onto.StaysByLevel, before.StaysByLevel, a.StaysByLevel)
	counted.Kinds = moved(onto.Kinds, before.Kinds, a.Kinds)
	return counted
}

// recount is b.acc with the bill in it: amounts by the difference of before and after,
// counts from counted.
func (b *bill) recount(before, after, counted Accumulators) Accumulators {
	onto, a := b.acc, b.acc
	a.Stays, a.StaysByLevel, a.Kinds = counted.Stays, counted.StaysByLevel, counted.Kinds
	a.YearDeductible = counted.YearDeductible
	a.Deductible += after.Deductible - before.Deductible
	a.InScope += after.InScope - before.InScope
	a.Cost += after.Cost - before.Cost
	a.OwnShare += after.OwnShare - before.OwnShare
	a.Paid = moved(onto.Paid, before.Paid, after.Paid)
	a.Periods = moved(onto.Periods, before.Periods, after.Periods)
	a.Base = b.recountBase(before, after)
	if b.version.Deductible.TransferDays != nil {
		b.count()
		last := LastStay{Discharged: b.Claim.Discharged.Day(), Ordinal: b.ordinal + b.furtherStays(), Deductible: after.Deductible - before.Deductible}
		if b.continues {
			last.Deductible += onto.Last.Deductible
		}
		a.Last = &last
	}
	return a
}

// recountBase adds what the bill brought into each layer. A layer that counts on the
// year begins with what it would have taken in before it first counted, and that depends
// on the year it is added to.
func (b *bill) recountBase(before, after Accumulators) map[string]ledger.Amount {
	base := moved(b.acc.Base, before.Base, after.Base)
	for i := range b.version.Layers {
		l := &b.version.Layers[i]
		if _, counts := after.Base[l.ID]; !counts || l.Counted != "on the year" {
			continue
		}
		base = added(base, l.ID, 0)
		base[l.ID] = b.begun(l, b.acc) + after.Base[l.ID] - b.begun(l, before)
	}
	return base
}

// begun is where a layer that counts on the year stands in a year.
func (b *bill) begun(l *layer, year Accumulators) ledger.Amount {
	if base, known := year.Base[l.ID]; known {
		return base
	}
	in := *b
	in.acc = year
	return in.yearBefore(l)
}

// moved is onto with the difference from before to after added. Entries that did not
// change stay away where they were not.
func moved[K comparable, V int | ledger.Amount](onto, before, after map[K]V) map[K]V {
	var sum map[K]V
	for key, value := range onto {
		sum = added(sum, key, value)
	}
	for key, value := range after {
		_, there := onto[key]
		_, was := before[key]
		if change := value - before[key]; change != 0 || !there && !was {
			sum = added(sum, key, change)
		}
	}
	return sum
}
