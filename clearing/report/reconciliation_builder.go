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

// ErrBreak: a line is not an open break, or names a side or a happening that does not exist.
var ErrBreak = errors.New("report: not a break to report")

// reconciling is what a [Builder] keeps while it adds up a reconciliation: sums by pair,
// class, bucket, owner and hospital, and short lists. Its memory grows with those, not
// with the breaks.
type reconciling struct {
	part      Reconciliation
	pairs     map[provincePair]*Standings
	areas     map[areaPair]*Standings
	balances  map[provincePair]*PairBalance
	classes   map[reconcile.Class]*BreakSum
	rows      map[reconcile.Class]*BreakSum
	ages      []BreakSum
	owners    map[ownerKey]*OwnerLine
	hospitals map[string]*hospitalSum
	happened  map[Happening]*BreakSum
	sides     map[SideName]*SideStatements
}

type ownerKey struct {
	side     SideName
	province ledger.Province
}

type hospitalSum struct {
	HospitalLine
	homes map[ledger.Province]bool
}

// Reconcile begins the report's reconciliation as of an evening. Without it the report
// has none, as books that ask nobody for statements.
func (b *Builder) Reconcile(evening ledger.Day, engine int) {
	b.reconciling = &reconciling{
		part:  Reconciliation{Evening: evening, Engine: engine, Final: true},
		pairs: map[provincePair]*Standings{}, areas: map[areaPair]*Standings{}, balances: map[provincePair]*PairBalance{},
		classes: map[reconcile.Class]*BreakSum{}, rows: map[reconcile.Class]*BreakSum{}, ages: make([]BreakSum, len(ages)),
		owners: map[ownerKey]*OwnerLine{}, hospitals: map[string]*hospitalSum{}, happened: map[Happening]*BreakSum{},
		sides: map[SideName]*SideStatements{},
	}
}

// AddDay adds what the match says of one business day. A day before the report's days
// counts into the balances alone. Errors: [ErrTie], [ErrOutside] for a later day,
// ledger.ErrOverflow.
func (b *Builder) AddDay(day reconcile.DayResult) error {
	if day.Day > b.report.To {
		return fmt.Errorf("match of %s: %w", day.Day, ErrOutside)
	}
	k := b.reconciling
	ofReport := day.Day >= b.report.From
	if ofReport {
		k.part.Days++
		k.part.Final = k.part.Final && day.Final
	}
	for _, p := range day.Pairs {
		err := k.balance(p.Home, p.Treatment).addPair(p)
		if err == nil && ofReport {
			err = k.standings(p.Home, p.Treatment).addPair(p)
		}
		if err != nil {
			return fmt.Errorf("match of %s: %s-%s: %w", day.Day, p.Home, p.Treatment, err)
		}
	}
	return nil
}

// AddEarlier adds what many earlier days together came to for a pair of areas: what one
// evening carries over to the next instead of its days one by one. Errors: [ErrTie],
// ledger.ErrOverflow.
func (b *Builder) AddEarlier(p reconcile.PairResult) error {
	if err := b.reconciling.balance(p.Home, p.Treatment).addPair(p); err != nil {
		return fmt.Errorf("match of earlier days: %s-%s: %w", p.Home, p.Treatment, err)
	}
	return nil
}

// AddPairBalance says what the ledger holds for a pair of areas on the evening, at every
// stage, and how much of it officers' decisions moved; given for every pair that has an
// account. Error: ledger.ErrOverflow.
func (b *Builder) AddPairBalance(home, treatment ledger.Area, decisions, balance ledger.Amount) error {
	p := b.reconciling.balance(home, treatment)
	if err := errors.Join(addTo(&p.Decisions, decisions), addTo(&p.Balance, balance)); err != nil {
		return fmt.Errorf("balance %s-%s: %w", home, treatment, err)
	}
	return nil
}

func (k *reconciling) balance(home, treatment ledger.Area) *PairBalance {
	key := provincePair{home.Province(), treatment.Province()}
	if k.balances[key] == nil {
		k.balances[key] = &PairBalance{Home: key.home, Treatment: key.treatment}
	}
	return k.balances[key]
}

func (k *reconciling) standings(home, treatment ledger.Area) *Standings {
	if home.Province() == treatment.Province() {
		return zeroAt(k.areas, areaPair{home, treatment})
	}
	return zeroAt(k.pairs, provincePair{home.Province(), treatment.Province()})
}

func zeroAt[K comparable, V any](m map[K]*V, key K) *V {
	if m[key] == nil {
		m[key] = new(V)
	}
	return m[key]
}

func (s *Standings) addPair(p reconcile.PairResult) error {
	one := Standings{Matched: p.Matched, Expected: p.Expected, Broken: p.Broken, Ledger: p.Ledger}
	if err := one.tie(); err != nil {
		return err
	}
	return s.add(one)
}

func (s *Standings) add(o Standings) error {
	s.Matched.Count += o.Matched.Count
	s.Expected.Count += o.Expected.Count
	s.Broken.Count += o.Broken.Count
	return errors.Join(addTo(&s.Matched.Owed, o.Matched.Owed), addTo(&s.Expected.Owed, o.Expected.Owed),
		addTo(&s.Broken.Owed, o.Broken.Owed), addTo(&s.Ledger, o.Ledger))
}

func (s Standings) tie() error {
	sum, err := ledger.Sum(s.Matched.Owed, s.Expected.Owed, s.Broken.Owed)
	if err == nil && sum != s.Ledger {
		err = fmt.Errorf("%w: matched %s, expected %s, broken %s, ledger %s", ErrTie, s.Matched.Owed, s.Expected.Owed, s.Broken.Owed, s.Ledger)
	}
	return err
}

// AddBreak adds up one break that is open on the evening. Errors: [ErrBreak],
// ledger.ErrOverflow.
func (b *Builder) AddBreak(l BreakLine) error {
	k := b.reconciling
	if l.State != reconcile.Open && l.State != reconcile.Proposed || !slices.Contains(SideNames, l.Owner) || !slices.Contains(reconcile.Classes, l.Class) {
		return fmt.Errorf("break %s: state %q, owner %q, class %q: %w", l.Key, l.State, l.Owner, l.Class, ErrBreak)
	}
	whole, classes := &k.part.Open, k.classes
	if l.Alone() {
		whole, classes = &k.part.Alone, k.rows
	}
	owner := k.owner(l)
	if l.Overdue > 0 {
		owner.Overdue++
		owner.Worst = max(owner.Worst, l.Overdue)
		k.part.Overdue = keepFirst(k.part.Overdue, l, OverdueShown, longestOverdue)
	}
	err := errors.Join(whole.add(l), zeroAt(classes, l.Class).add(l), k.ages[bucketOf(l.Overdue)].add(l), owner.add(l), k.addHospital(l))
	if err != nil {
		return fmt.Errorf("break %s: %w", l.Key, err)
	}
	return nil
}

// owner finds the line of whose turn it is.
func (k *reconciling) owner(l BreakLine) *OwnerLine {
	key := ownerKey{l.Owner, l.Treatment.Province()}
	if l.Owner == SideHome {
		key.province = l.Home.Province()
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

func (s *BreakSum) add(l BreakLine) error {
	s.Count++
	if l.Difference < 0 {
		return errors.Join(addTo(&s.Books, l.Books), addTo(&s.Less, -l.Difference))
	}
	return errors.Join(addTo(&s.Books, l.Books), addTo(&s.More, l.Difference))
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

// AddHappening counts what happened to a break since the evening before. Errors:
// [ErrBreak], ledger.ErrOverflow.
func (b *Builder) AddHappening(what Happening, l BreakLine) error {
	if !slices.Contains(Happenings, what) {
		return fmt.Errorf("break %s: happening %q: %w", l.Key, what, ErrBreak)
	}
	return zeroAt(b.reconciling.happened, what).add(l)
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

// finishReconciliation computes the reconciliation's sums and checks that they tie.
func (b *Builder) finishReconciliation() error {
	k := b.reconciling
	if k == nil {
		return nil
	}
	r := &k.part
	r.Final = r.Final && r.Days == b.days()
	for _, step := range []func() error{k.finishStandings, k.finishBalances, func() error { return b.tieReconciled(r) }} {
		if err := step(); err != nil {
			return fmt.Errorf("reconciliation: %w", err)
		}
	}
	k.finishBreaks()
	r.LateMore -= len(r.Late)
	b.report.Reconciliation = r
	return nil
}

// days is how many days the report is about.
func (b *Builder) days() int { return int(b.report.To-b.report.From) + 1 }

func (k *reconciling) finishStandings() error {
	r := &k.part
	homes := map[ledger.Province]*HomeReconciled{}
	for _, key := range slices.SortedFunc(maps.Keys(k.pairs), provincePair.compare) {
		s := *k.pairs[key]
		r.Pairs = append(r.Pairs, PairReconciled{key.home, key.treatment, s})
		home := zeroAt(homes, key.home)
		home.Province = key.home
		home.Pairs++
		if err := errors.Join(home.add(s), r.Totals.add(s)); err != nil {
			return err
		}
	}
	for _, p := range slices.Sorted(maps.Keys(homes)) {
		r.ByHome = append(r.ByHome, *homes[p])
	}
	for _, key := range slices.SortedFunc(maps.Keys(k.areas), areaPair.compare) {
		s := *k.areas[key]
		r.Internal = append(r.Internal, AreaReconciled{key.home, key.treatment, s})
		if err := r.InternalTotals.add(s); err != nil {
			return err
		}
	}
	return nil
}

func (k *reconciling) finishBalances() error {
	r := &k.part
	for _, key := range slices.SortedFunc(maps.Keys(k.balances), provincePair.compare) {
		p := *k.balances[key]
		if sum, err := ledger.Sum(p.Ledger, p.Decisions); err != nil || sum != p.Balance {
			return errors.Join(err, fmt.Errorf("%w: %s-%s: bills %s, decisions %s, balance %s", ErrTie, key.home, key.treatment, p.Ledger, p.Decisions, p.Balance))
		}
		r.Balances = append(r.Balances, p)
		t := &r.BalanceTotal
		if err := errors.Join(t.add(p.Standings), addTo(&t.Decisions, p.Decisions), addTo(&t.Balance, p.Balance)); err != nil {
			return err
		}
	}
	return nil
}

// tieReconciled holds the match against the report's own pairs. The bases are the same
// once every day of the report was matched: bills, and what undoes them, by business day.
func (b *Builder) tieReconciled(r *Reconciliation) error {
	if r.Days != b.days() {
		return nil
	}
	k := b.reconciling
	for _, p := range b.report.Pairs {
		if matched := zeroAt(k.pairs, provincePair{p.Home, p.Treatment}).Ledger; matched != p.Owed {
			return fmt.Errorf("%w: %s-%s: the match has %s, the report %s", ErrTie, p.Home, p.Treatment, matched, p.Owed)
		}
	}
	for _, p := range b.report.Internal {
		if matched := zeroAt(k.areas, areaPair{p.Home, p.Treatment}).Ledger; matched != p.Owed {
			return fmt.Errorf("%w: %s-%s: the match has %s, the report %s", ErrTie, p.Home, p.Treatment, matched, p.Owed)
		}
	}
	if r.Totals.Ledger != b.report.Totals.Owed || r.InternalTotals.Ledger != b.report.Summary.InternalOwed {
		return fmt.Errorf("%w: the match has %s and %s, the report %s and %s", ErrTie,
			r.Totals.Ledger, r.InternalTotals.Ledger, b.report.Totals.Owed, b.report.Summary.InternalOwed)
	}
	return nil
}

func (k *reconciling) finishBreaks() {
	r := &k.part
	r.OpenTies = r.Open.Count == r.BalanceTotal.Broken.Count && r.Open.Books == r.BalanceTotal.Broken.Owed
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
	slices.SortFunc(r.Automatic, func(x, y AutomaticGroup) int { return cmp.Compare(x.Group, y.Group) })
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
