package evening

import (
	"context"
	"slices"
	"sync"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Words is what all parties have let know of one business day, as the newest run has taken
// it. It is safe for concurrent use.
type Words struct {
	mu      sync.Mutex
	run     *run
	key     wordsKey
	parties *parties
	later   map[provinces.Party]bool // what is in force of it came after the run
	reached map[provinces.Party]ledger.Day
	has     map[provinces.Party]*bits
}

// wordsKey is what the words of a day depend on.
type wordsKey struct {
	day, through ledger.Day
	at           store.Reconciled
}

// bits has one for each number of a day.
type bits struct {
	from uint64
	set  []uint64
}

func newBits(day dayRange) *bits {
	return &bits{from: day.from, set: make([]uint64, (day.to-day.from)/64+1)}
}

func (b *bits) add(number uint64) {
	if n := number - b.from; number >= b.from && n/64 < uint64(len(b.set)) {
		b.set[n/64] |= 1 << (n % 64)
	}
}

func (b *bits) holds(number uint64) bool {
	n := number - b.from
	return number >= b.from && n/64 < uint64(len(b.set)) && b.set[n/64]>>(n%64)&1 == 1
}

// reading is a run that only reads: as of the evening of the newest run, over the days up to
// and with through.
func (e *Evening) reading(ctx context.Context, through ledger.Day) (*run, error) {
	r := &run{
		Evening: e, ctx: ctx, through: through,
		tallies: make(map[uint64]*reconcile.TotalsTally), alive: make(map[uint64]bool),
	}
	return r, r.view(func(tx *store.Tx) (err error) {
		if r.at, err = tx.Reconciled(); err != nil {
			return err
		}
		r.evening = r.at.Evening
		if err := r.readHorizons(tx); err != nil {
			return err
		}
		err = tx.Days(func(day ledger.Day, state store.DayState) bool {
			if day <= through && state.Phase != store.DayOpen {
				r.ranges = append(r.ranges, dayRange{day, state.From, state.To})
			}
			return true
		})
		slices.Reverse(r.ranges)
		return err
	})
}

// Words reads what parties have let know of a business day. through is the last closed day.
// The words of the day that was asked for last are kept.
func (e *Evening) Words(ctx context.Context, day, through ledger.Day) (*Words, error) {
	r, err := e.reading(ctx, through)
	if err != nil {
		return nil, err
	}
	e.words.Lock()
	defer e.words.Unlock()
	key := wordsKey{day, through, r.at}
	if e.spoken != nil && e.spoken.key == key {
		return e.spoken, nil
	}
	w := &Words{run: r, key: key, later: make(map[provinces.Party]bool), reached: make(map[provinces.Party]ledger.Day), has: make(map[provinces.Party]*bits)}
	if w.parties, err = r.parties(day); err != nil {
		return nil, err
	}
	for i := range w.parties.inForce {
		if s := &w.parties.inForce[i]; s.Number > r.at.Statements {
			w.later[s.Party] = true
		}
	}
	e.spoken = w
	return w, nil
}

// Item is a record of the day with an effect as the match has it.
func (w *Words) Item(tx *store.Tx, record *clearing.Record) (reconcile.Item, error) {
	return w.run.item(tx, record)
}

// States are what the sides say of bills of the day that the match has not found different, by
// their numbers: each side agrees, is awaited, or is not asked. items are in the order of
// their numbers.
func (w *Words) States(ctx context.Context, items []reconcile.Item) (map[uint64][4]reconcile.SideState, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run.ctx = ctx
	for i := range items {
		if err := w.prepare(&items[i]); err != nil {
			return nil, err
		}
	}
	states := make(map[uint64][4]reconcile.SideState, len(items))
	in := reconcile.Inputs{Books: reconcile.Items(items...), Word: w.word, Runs: reconcile.MemoryRuns{}}
	_, err := reconcile.Match(in, func(result *reconcile.Result) error {
		said := result.States
		for _, side := range reconcile.Sides {
			said[side] = w.state(side, result.Books, said[side])
		}
		states[result.Books.Number] = said
		return nil
	})
	if err == nil {
		err = w.parties.failed
	}
	return states, err
}

// word is what a party has said, as far as the newest run knows.
func (w *Words) word(side reconcile.Side, bill *reconcile.Item) reconcile.Said {
	party := bill.PartyOn(side)
	if w.later[party] {
		return reconcile.Said{Asked: w.run.Asked(party)}
	}
	said := w.parties.word(side, bill)
	if !said.Complete {
		return said
	}
	horizon, known := w.reached[party]
	if !known {
		var err error
		if horizon, err = w.run.matchedHorizon(party); err != nil {
			w.parties.failed = err
		}
		w.reached[party] = horizon
	}
	said.Complete = horizon >= w.key.day
	return said
}

// matchedHorizon is how far a party was complete when the newest run looked.
func (r *run) matchedHorizon(party provinces.Party) (horizon ledger.Day, err error) {
	err = r.view(func(tx *store.Tx) error {
		h, err := tx.Horizon(party)
		horizon = h.At(r.at.Statements)
		return err
	})
	return horizon, err
}

// state is what a side says of a bill that the match was not given rows of: where rows are in
// force and the match has found nothing different, they have the bill. Where they are not
// complete yet, it is looked for among them.
func (w *Words) state(side reconcile.Side, bill *reconcile.Item, absent reconcile.SideState) reconcile.SideState {
	party := bill.PartyOn(side)
	said := w.word(side, bill)
	switch {
	case !said.Rows && absent == reconcile.Differs: // its horizon has moved since the run
		return reconcile.Awaited
	case said.Rows && absent == reconcile.Differs, w.has[party] != nil && w.has[party].holds(bill.Number):
		return reconcile.Agrees
	}
	return absent
}

// prepare reads which bills the rows of parties name that are not complete.
func (w *Words) prepare(bill *reconcile.Item) error {
	for _, side := range reconcile.Sides {
		party := bill.PartyOn(side)
		if said := w.word(side, bill); !said.Rows || said.Complete || w.has[party] != nil {
			continue
		}
		w.has[party] = newBits(w.run.ranges.of(w.key.day))
		for i := range w.parties.inForce {
			s := &w.parties.inForce[i]
			if !s.Rows || s.Party != party {
				continue
			}
			err := w.run.o.Store.StatementRows(w.run.ctx, s.Number, func(row *provinces.StatementRow) error {
				if _, number, ok := clearing.ParseSettlementID(row.SettlementID); ok {
					w.has[party].add(number)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return w.parties.failed
}
