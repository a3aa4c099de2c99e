package evening

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Options of an Evening. All fields are required but Asked and TimingDays.
type Options struct {
	Store      *store.Store
	Pseudonyms clearing.Pseudonyms
	Calendar   reconcile.Calendar
	Runs       reconcile.Runs // room to sort in

	// Asked says whether statements of a party are expected; nil: of every party.
	Asked func(provinces.Party) bool

	Caps       map[reconcile.AutoKind]reconcile.Cap // what may be resolved by itself on one evening
	TimingDays int                                  // working days within which a timing pair may resolve itself; 0: any
}

// Evening runs the match. It is safe for concurrent use; one run is at work at a time.
type Evening struct {
	o     Options
	mu    sync.Mutex
	shelf clearing.PlanShelf

	words  sync.Mutex
	spoken *Words // of the day that was asked for last
}

// New makes an Evening.
func New(o Options) *Evening { return &Evening{o: o} }

// Outcome is what a run came to.
type Outcome struct {
	Days    []ledger.Day      // that were matched, in order
	Changed int               // breaks that are not as they were
	Groups  []reconcile.Group // what was resolved by itself, or waits above a cap
}

// Run matches the business days up to and with through whose inputs have changed, and
// carries the breaks forward to the evening. The night runs it for the day that it closes
// (evening and through are that day); between two nights the evening is the open day, so
// that what is found later changes no past evening.
//
// An error leaves what was stored consistent, and the run may be called again.
func (e *Evening) Run(ctx context.Context, evening, through ledger.Day) (Outcome, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	r := &run{Evening: e, ctx: ctx, evening: evening, through: through}
	if err := r.begin(); err != nil {
		return Outcome{}, err
	}
	if err := r.matches(); err != nil {
		return Outcome{}, err
	}
	if err := r.aboutStatements(); err != nil {
		return Outcome{}, err
	}
	return r.carry()
}

// matches matches every day that is touched, and those that are touched by it.
func (r *run) matches() error {
	for more := true; more; {
		for day, ok := r.next(); ok; day, ok = r.next() {
			if err := r.match(day); err != nil {
				return fmt.Errorf("match of %s: %w", day, err)
			}
		}
		var err error
		if more, err = r.chains(); err != nil {
			return err
		}
	}
	return nil
}

// run is one run on its way.
type run struct {
	*Evening
	ctx              context.Context
	evening, through ledger.Day

	at       store.Reconciled // of the run before
	now      store.Reconciled
	ranges   dayRanges
	touched  map[ledger.Day]bool // true: matched already
	tallies  map[uint64]*reconcile.TotalsTally
	horizons map[provinces.Party]ledger.Day
	alive    map[uint64]bool // by statement: its rows are in force for a day
	led      map[uint64]bool // by statement: this run has led its strays to their bills' days
	dead     []deadStray     // to be forgotten at the end
	plans    map[string][]plan

	previous  map[string]reconcile.Break       // what was known of the days and parties at hand, by key
	found     map[ledger.Day][]reconcile.Break // of each day that was matched
	strangers map[string]ledger.Day            // by key: the day whose rows without a bill have it
	others    []reconcile.Break                // about statements
	agreed    map[string]bool                  // keys of previous breaks whose bills are matched now
	results   map[ledger.Day]reconcile.DayResult
}

// next is the earliest day that is still to be matched.
func (r *run) next() (day ledger.Day, ok bool) {
	for _, d := range slices.Sorted(maps.Keys(r.touched)) {
		if !r.touched[d] {
			return d, true
		}
	}
	return 0, false
}

// touch has a day matched, if it is closed by now. A day that was matched before its new
// input was known is matched again.
func (r *run) touch(day ledger.Day) {
	if day <= r.through && r.ranges.has(day) {
		r.touched[day] = false
	}
}

// carry carries the breaks of all days that were matched forward in one turn, and stores
// everything.
func (r *run) carry() (Outcome, error) {
	found := r.others
	for _, day := range slices.Sorted(maps.Keys(r.found)) {
		found = append(found, r.found[day]...)
	}
	booked, err := r.accepted()
	if err != nil {
		return Outcome{}, err
	}
	alone, err := r.unclaimed(booked, found)
	if err != nil {
		return Outcome{}, err
	}
	found = append(found, alone...)
	r.offset(found)
	others, err := r.othersOfGroups()
	if err != nil {
		return Outcome{}, err
	}
	changes, err := reconcile.Carry(slices.Collect(maps.Values(r.previous)), found, reconcile.Turn{
		Evening: r.evening, Calendar: r.o.Calendar, Caps: r.o.Caps, Others: others, TimingDays: r.o.TimingDays,
		Matched:  func(*reconcile.Break) bool { return true }, // previous has only what was looked at
		Agreed:   func(key string) bool { return r.agreed[key] },
		Accepted: func(key string) bool { _, is := booked[key]; return is },
	})
	if err != nil {
		return Outcome{}, fmt.Errorf("breaks of %s: %w", r.evening, err)
	}
	changed := r.mark(changes.Breaks, found)
	if err := r.keep(changed); err != nil {
		return Outcome{}, err
	}
	return Outcome{Days: slices.Sorted(maps.Keys(r.results)), Changed: len(changed), Groups: changes.Groups}, nil
}

// othersOfGroups are the breaks of this evening's groups that earlier runs have resolved, or let
// wait, and that this one has not looked at.
func (r *run) othersOfGroups() (others []reconcile.Break, err error) {
	err = r.view(func(tx *store.Tx) error {
		for _, kind := range reconcile.AutoKinds {
			group, err := tx.BreakGroup(reconcile.GroupID(r.evening, kind))
			if err != nil {
				return err
			}
			for _, b := range group {
				if _, looked := r.previous[b.Key]; !looked {
					others = append(others, b)
				}
			}
		}
		return nil
	})
	return others, err
}

// mark notes of every break whether the match finds it: of a settled one whose bill is among the
// broken ones although nobody has to do with it, and of an open one whose bill is not. A day
// with a break that officers have still to do with is not final. It returns the breaks to be
// stored.
func (r *run) mark(changed, found []reconcile.Break) []reconcile.Break {
	now := maps.Clone(r.previous)
	stored := make(map[string]bool, len(changed))
	for _, b := range changed {
		now[b.Key], stored[b.Key] = b, true
	}
	still := make(map[string]bool, len(found))
	for i := range found {
		still[found[i].Key] = true
	}
	var list []reconcile.Break
	for _, key := range slices.Sorted(maps.Keys(now)) {
		b := now[key]
		was := r.previous[key]
		if b.Mark(still[key]); stored[key] || b.Still != was.Still || b.Agreed != was.Agreed {
			list = append(list, b)
		}
		if result, looked := r.results[b.Day]; looked && b.State.Undecided() && !aboutStatement(key) {
			result.Final = false
			r.results[b.Day] = result
		}
	}
	return list
}

// keepChunk is how many breaks one transaction stores, so that claims are booked between.
const keepChunk = 200

// keep stores the breaks, then the days' results, and at last how far the run has come.
func (r *run) keep(changed []reconcile.Break) error {
	for chunk := range slices.Chunk(changed, keepChunk) {
		err := r.update(func(tx *store.Tx) error {
			for _, b := range chunk {
				if err := tx.SetBreak(b); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return r.update(func(tx *store.Tx) error {
		for _, day := range slices.Sorted(maps.Keys(r.results)) {
			if err := tx.SetDayResult(r.results[day]); err != nil {
				return err
			}
		}
		for _, stray := range r.dead {
			if err := tx.DropStray(stray.party, stray.row); err != nil {
				return err
			}
		}
		return tx.SetReconciled(r.now)
	})
}

func (r *run) update(f func(*store.Tx) error) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	return r.o.Store.Update(f)
}

func (r *run) view(f func(*store.Tx) error) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	return r.o.Store.View(f)
}
