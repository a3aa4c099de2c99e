package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"clearingd/clearing/reconcile"
	"clearingd/ledger"
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

// Unmatched says that statements wait for a match which could not be made, because the calendar of
// working days of the year is missing. It stands in the place of the reconciliation.
func (b *Builder) Unmatched(year int) { b.report.NoCalendar = year }

// AddDay adds what the match says of one business day. A day outside of the report's days
// counts into the balances alone. Errors: [ErrTie], [ErrOutside] for a day after the
// evening, ledger.ErrOverflow.
func (b *Builder) AddDay(day reconcile.DayResult) error {
	k := b.reconciling
	if day.Day > k.part.Evening {
		return fmt.Errorf("match of %s: %w", day.Day, ErrOutside)
	}
	ofReport := day.Day >= b.report.From && day.Day <= b.report.To
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
