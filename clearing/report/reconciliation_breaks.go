package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// AddBreak adds up one break as it is on the evening. Of what is resolved or decided only
// the bills count, as far as the match still finds them different; what is gone is not
// given. Errors: [ErrBreak], ledger.ErrOverflow.
func (b *Builder) AddBreak(l BreakLine) error {
	k := b.reconciling
	settled := l.State == reconcile.Resolved || l.State == reconcile.Decided
	if settled && (l.Alone() || l.Agrees) {
		return nil
	}
	if settled {
		return k.part.Settled.Add(l)
	}
	if l.State != reconcile.Open && l.State != reconcile.Proposed || !slices.Contains(SideNames, l.Owner) || !slices.Contains(reconcile.Classes, l.Class) {
		return fmt.Errorf("break %s: state %q, owner %q, class %q: %w", l.Key, l.State, l.Owner, l.Class, ErrBreak)
	}
	owner := k.owner(l)
	if l.Overdue > 0 {
		owner.Overdue++
		owner.Worst = max(owner.Worst, l.Overdue)
		k.part.Overdue = keepFirst(k.part.Overdue, l, OverdueShown, longestOverdue)
	}
	err := errors.Join(k.ages[bucketOf(l.Overdue)].Add(l), owner.Add(l), k.addStanding(l))
	if err != nil {
		return fmt.Errorf("break %s: %w", l.Key, err)
	}
	return nil
}

// addStanding adds an open break to what the match finds, or to what only waits for a person.
func (k *reconciling) addStanding(l BreakLine) error {
	switch {
	case l.Agrees:
		return k.part.Agreed.Add(l)
	case l.Alone():
		return errors.Join(k.part.Alone.Add(l), zeroAt(k.rows, l.Class).Add(l), k.addHospital(l))
	}
	return errors.Join(k.part.Open.Add(l), zeroAt(k.classes, l.Class).Add(l), k.addHospital(l))
}

// owner finds the line of whose turn it is.
func (k *reconciling) owner(l BreakLine) *OwnerLine {
	key := ownerKey{l.Owner, l.Treatment.Province()}
	if l.Owner == SideHome {
		key.province = l.Home.Province()
	}
	if key.province == "" && SideName(reconcile.SideOf(l.Party.Kind).String()) == l.Owner { // of a row that does not say it, or of totals
		key.province = l.Party.Province
	}
	if k.owners[key] == nil {
		k.owners[key] = &OwnerLine{Owner: key.side, Province: key.province}
	}
	return k.owners[key]
}

// addHospital adds what a hospital has said otherwise than the books.
func (k *reconciling) addHospital(l BreakLine) error {
	apart, told := l.Apart(SideHospital)
	if l.Provider == "" || !told || apart == 0 {
		return nil
	}
	h := k.hospitals[l.Provider]
	if h == nil {
		h = &hospitalSum{HospitalLine: HospitalLine{Provider: l.Provider, From: l.Day, To: l.Day}, homes: map[ledger.Province]bool{}}
		k.hospitals[l.Provider] = h
	}
	if l.Home != "" {
		h.homes[l.Home.Province()] = true
	}
	h.From, h.To = min(h.From, l.Day), max(h.To, l.Day)
	h.Count++
	return addTo(&h.Apart, apart)
}

// Add adds a break to the sum. Of what no bill stands behind, the books have nothing. Error:
// ledger.ErrOverflow.
func (s *BreakSum) Add(l BreakLine) error {
	books := l.Books
	if l.Alone() {
		books = 0 // of totals: their bills are counted one by one
	}
	s.Count++
	if l.Difference < 0 {
		return errors.Join(addTo(&s.Books, books), addTo(&s.Less, -l.Difference))
	}
	return errors.Join(addTo(&s.Books, books), addTo(&s.More, l.Difference))
}

func bucketOf(overdue int) int {
	return slices.IndexFunc(ages, func(a [2]int) bool { return overdue >= a[0] && overdue <= a[1] })
}

func longestOverdue(x, y BreakLine) int {
	return cmp.Or(cmp.Compare(y.Overdue, x.Overdue), cmp.Compare(x.Due, y.Due), cmp.Compare(x.Key, y.Key))
}

// keepFirst inserts into a sorted list of at most so many.
func keepFirst[T any](list []T, one T, most int, order func(x, y T) int) []T {
	at, _ := slices.BinarySearchFunc(list, one, order)
	if list = slices.Insert(list, at, one); len(list) > most {
		list = list[:most]
	}
	return list
}

// uneventful are events that change nothing about a break.
var uneventful = []string{reconcile.EventCommented, reconcile.EventAssigned, reconcile.EventProposed, reconcile.EventWithdrawn}

// HappeningOf is what an event of a break's history is called in the report; ok is false for
// one that changes nothing about it, as a comment.
func HappeningOf(e reconcile.Event) (what Happening, ok bool) {
	_, waits, automatic := e.Automatic()
	switch {
	case e.What == reconcile.EventSeen:
		return BreakNew, true
	case e.What == reconcile.EventChanged:
		return BreakChanged, true
	case e.What == reconcile.EventReopened, e.What == reconcile.EventUndone:
		return BreakReopened, true
	case e.What == reconcile.EventGone:
		return BreakGone, true
	case automatic && waits, slices.Contains(uneventful, e.What):
		return "", false
	case automatic && e.Act == 0:
		return BreakResolved, true
	case automatic, e.State == reconcile.Decided: // a group that waited, or the break itself
		return BreakDecided, true
	case e.State == reconcile.Open: // a decision was taken back
		return BreakReopened, true
	}
	return "", false
}

// AddHappening counts what happened to a break on an evening of the report's days. Errors:
// [ErrBreak], ledger.ErrOverflow.
func (b *Builder) AddHappening(what Happening, l BreakLine) error {
	if !slices.Contains(Happenings, what) {
		return fmt.Errorf("break %s: happening %q: %w", l.Key, what, ErrBreak)
	}
	return zeroAt(b.reconciling.happened, what).Add(l)
}

// AddAutomatic lists a group of automatic resolutions.
func (b *Builder) AddAutomatic(g AutomaticGroup) {
	b.reconciling.part.Automatic = append(b.reconciling.part.Automatic, g)
}

// AddParty counts the statements of one party. Error: [ErrBreak] for a party of no side.
func (b *Builder) AddParty(p PartyLine) error {
	side := SideName(reconcile.SideOf(p.Party.Kind).String())
	if !slices.Contains([]provinces.PartyKind{provinces.PartyProvider, provinces.PartyTreatment, provinces.PartyHome}, p.Party.Kind) {
		return fmt.Errorf("party %s: %w", p.Party.Key(), ErrBreak)
	}
	k := b.reconciling
	sum := zeroAt(k.sides, side)
	sum.Parties++
	sum.Applied += p.Applied
	sum.Repeated += p.Repeated
	sum.Refused += p.Refused
	late := p.Behind() || len(p.Missing) > 0
	if late {
		sum.Missing++
	}
	if late || p.Refused > 0 {
		k.part.LateMore++
		k.part.Late = keepFirst(k.part.Late, p, PartiesShown, latestFirst)
	}
	return nil
}

// latestFirst has the parties that are furthest behind first.
func latestFirst(x, y PartyLine) int {
	behind := func(p PartyLine) ledger.Day { return max(0, p.Due-p.Horizon) }
	return cmp.Or(cmp.Compare(behind(y), behind(x)), cmp.Compare(x.Party.Key(), y.Party.Key()))
}

func (k *reconciling) finishBreaks() {
	r := &k.part
	r.OpenTies = r.Open.Count+r.Settled.Count == r.BalanceTotal.Broken.Count && r.Open.Books+r.Settled.Books == r.BalanceTotal.Broken.Owed
	lines := func(sums map[reconcile.Class]*BreakSum) (list []ClassLine) {
		for _, c := range reconcile.Classes {
			if sums[c] != nil {
				list = append(list, ClassLine{c, *sums[c]})
			}
		}
		return list
	}
	r.Classes, r.Rows = lines(k.classes), lines(k.rows)
	for i, a := range ages {
		r.Ages = append(r.Ages, AgeLine{a[0], a[1], k.ages[i]})
	}
	for _, side := range SideNames {
		r.Owners = append(r.Owners, k.ownersOf(side)...)
		if k.sides[side] != nil {
			sum := *k.sides[side]
			sum.Side = side
			r.Parties = append(r.Parties, sum)
		}
	}
	for _, h := range Happenings {
		if k.happened[h] != nil {
			r.Changes = append(r.Changes, ChangeLine{h, *k.happened[h]})
		}
	}
	for _, provider := range slices.Sorted(maps.Keys(k.hospitals)) {
		h := k.hospitals[provider]
		h.HospitalLine.Homes = len(h.homes)
		r.Hospitals = keepFirst(r.Hospitals, h.HospitalLine, HospitalsShown, furthestFirst)
	}
	slices.SortFunc(r.Automatic, func(x, y AutomaticGroup) int {
		if x.Group == y.Group && x.Waits != y.Waits { // what was resolved of the group, then what waits of it
			return map[bool]int{false: -1, true: 1}[x.Waits]
		}
		return cmp.Compare(x.Group, y.Group)
	})
}

func (k *reconciling) ownersOf(side SideName) (list []OwnerLine) {
	for key, line := range k.owners {
		if key.side == side {
			list = append(list, *line)
		}
	}
	slices.SortFunc(list, func(x, y OwnerLine) int { return cmp.Compare(x.Province, y.Province) })
	return list
}

func furthestFirst(x, y HospitalLine) int {
	return cmp.Or(cmp.Compare(size(y.Apart), size(x.Apart)), cmp.Compare(x.Provider, y.Provider))
}
