package lab_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/intake"
	"clearingd/clearing/lab"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

var firstDay = ledger.NewDay(2026, time.March, 2)

// books are real books that messages come into through the intake. Their clean-up runs
// the books' own check.
type books struct {
	testing.TB
	store   *store.Store
	intake  *intake.Intake
	desk    clearing.Desk
	streams []ledger.Province
	said    *spoken
	last    []clearing.Record // of the newest commit
}

// spoken is an adapter without a language: the body names a request that is told beside.
type spoken struct{ requests map[string]provinces.Request }

func (s *spoken) Decode(body []byte) (provinces.Request, error) { return s.requests[string(body)], nil }

func (s *spoken) Encode(a provinces.Answer) ([]byte, error) {
	return fmt.Appendf(nil, "%d %d", a.Number, a.Code), nil
}

func newBooks(t testing.TB, plans *benefit.Set, adapters map[ledger.Province]provinces.Adapter) *books {
	t.Helper()
	path := filepath.Join(t.TempDir(), "books.db")
	if err := store.Create(path, store.Identity{Install: "test", FirstDay: firstDay}); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b := &books{TB: t, store: s, said: &spoken{map[string]provinces.Request{}}}
	if adapters == nil {
		adapters = map[ledger.Province]provinces.Adapter{"33": b.said, "44": b.said}
	}
	b.desk = clearing.Desk{Plans: plans, Adapters: adapters, ManualDay: true}
	b.intake = intake.New(intake.Options{
		Store: s, Desk: &b.desk, Cutoff: clearing.Midnight, Manual: true, BatchMax: 500,
		Observe: func(e intake.Event) {
			if e.Fault != nil {
				t.Errorf("our own fault: %v", e.Fault)
			}
			b.last = append(b.last, e.Records...)
		},
	})
	for stream := range adapters {
		b.streams = append(b.streams, stream)
	}
	b.inForce(plans)
	t.Cleanup(b.close)
	return b
}

// close checks the books and closes them; it may be called again.
func (b *books) close() {
	if b.store == nil {
		return
	}
	if result, err := b.store.Check(context.Background(), nil); !b.Failed() && (err != nil || len(result.Faults) > 0) {
		b.Errorf("the books fail their check: %v %v", err, result.Faults)
	}
	b.store.Close()
	b.store = nil
}

// inForce puts plans in force from the next message on.
func (b *books) inForce(plans *benefit.Set) {
	b.Helper()
	desk := b.desk
	desk.Plans = plans
	b.intake.SetDesk(&desk)
	b.desk = desk
	b.update(func(tx *store.Tx) error {
		for _, stream := range b.streams {
			if at, _ := tx.Position(stream); at.Day == 0 {
				tx.SetPosition(stream, clearing.Position{Day: firstDay})
			}
		}
		var files [][]byte
		for _, p := range plans.Plans() {
			file, _ := plans.PlanBytes(p.Hash())
			files = append(files, file)
		}
		return tx.KeepPlans(plans.Hash(), files)
	})
}

func (b *books) update(fn func(*store.Tx) error) {
	b.Helper()
	if err := b.store.Update(fn); err != nil {
		b.Fatal(err)
	}
}

// next is the next sequence of a stream.
func (b *books) next(stream ledger.Province) (sequence uint64) {
	b.Helper()
	if err := b.store.View(func(tx *store.Tx) error {
		at, err := tx.Position(stream)
		sequence = at.Sequence + 1
		return err
	}); err != nil {
		b.Fatal(err)
	}
	return sequence
}

// commit takes messages to their outcomes, in one transaction.
func (b *books) commit(messages ...provinces.Message) []clearing.Record {
	b.Helper()
	b.last = nil
	next := map[ledger.Province]uint64{}
	items := make([]intake.Item, len(messages))
	for i, m := range messages {
		if next[m.Stream] == 0 {
			next[m.Stream] = b.next(m.Stream)
		}
		m.Sequence, m.Received = next[m.Stream], time.Date(2026, 3, 2, 9, 0, 0, 0, clearing.China)
		next[m.Stream]++
		items[i] = b.intake.Decode(m)
	}
	if err := b.intake.Commit(items, func([]provinces.Envelope) error { return nil }); err != nil {
		b.Fatal(err)
	}
	if len(b.last) != len(messages) {
		b.Fatalf("%d records for %d messages", len(b.last), len(messages))
	}
	return b.last
}

// say sends requests in no language.
func (b *books) say(requests ...provinces.Request) []clearing.Record {
	b.Helper()
	messages := make([]provinces.Message, len(requests))
	for i, r := range requests {
		subject := provinces.Subject{Treatment: r.Treatment.Province(), Home: r.Home.Province(), Provider: r.Provider, MsgID: r.MsgID}.Claims()
		b.said.requests[subject] = r
		messages[i] = provinces.Message{Stream: r.Treatment.Province(), Subject: subject, Body: []byte(subject)}
	}
	return b.commit(messages...)
}

// closeDay ends the open day of every stream and closes it, as a night would.
func (b *books) closeDay(day ledger.Day) {
	b.Helper()
	b.update(func(tx *store.Tx) error {
		if err := cut(tx, day, b.streams...); err != nil {
			return err
		}
		state, err := tx.Day(day)
		state.Phase, state.Seal.PlanSet = store.DayClosed, b.desk.Plans.Hash()
		tx.SetDay(day, state)
		return err
	})
}

// cut ends the day in some streams: their next message is of the next day.
func cut(tx *store.Tx, day ledger.Day, streams ...ledger.Province) error {
	for _, stream := range streams {
		at, err := tx.Position(stream)
		if err != nil {
			return err
		}
		if err := tx.SetCut(day, stream, at.Sequence); err != nil {
			return err
		}
	}
	return nil
}

// run runs the laboratory and holds what must hold of every result.
func (b *books) run(draft *benefit.Set, from, to ledger.Day) (lab.Result, []lab.Line) {
	b.Helper()
	var lines []lab.Line
	result, err := lab.Run(context.Background(), lab.Options{
		Books: b.store, Draft: draft, From: from, To: to,
		Bill: func(l lab.Line) error { lines = append(lines, l); return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	checkResult(b, result, lines)
	return result, lines
}

// checkResult holds the invariants of a result: every dimension adds up to the total, and
// so do the single bills.
func checkResult(t testing.TB, r lab.Result, lines []lab.Line) {
	t.Helper()
	for _, by := range lab.Dimensions {
		var sum row
		for _, x := range r.By[by] {
			if x.Parent == "" {
				sum.add(rowOf(x))
			}
		}
		if want := rowOf(r.Total); sum != want {
			t.Errorf("by %s the rows add up to %+v, the total is %+v", by, sum, want)
		}
	}
	var sum row
	for _, l := range lines {
		sign := int64(1)
		if l.Booked.Cost < 0 {
			sign = -1
		}
		if l.Refused != 0 {
			sum.refused += sign
			continue
		}
		sum.bills += sign
		if l.Changed {
			sum.changed += sign
		}
		sum.cost += l.Booked.Cost
		sum.booked += l.Booked.FundTotal
		sum.draft += l.Draft.FundTotal
		sum.personal += l.Draft.Account + l.Draft.Cash
	}
	if want := rowOf(r.Total); sum != want {
		t.Errorf("the single bills add up to %+v, the total is %+v", sum, want)
	}
	if r.Total.Difference.FundTotal != r.Total.Draft.FundTotal-r.Total.Booked.FundTotal || r.Total.Difference.Cost != 0 {
		t.Errorf("difference %+v", r.Total.Difference)
	}
}

// row is a row in a few figures that can be compared.
type row struct {
	bills, changed, refused       int64
	cost, booked, draft, personal ledger.Amount
}

func rowOf(r lab.Row) row {
	return row{r.Bills, r.Changed, r.Refused, r.Booked.Cost, r.Booked.FundTotal, r.Draft.FundTotal, r.Draft.Account + r.Draft.Cash}
}

func (r *row) add(x row) {
	r.bills, r.changed, r.refused = r.bills+x.bills, r.changed+x.changed, r.refused+x.refused
	r.cost, r.booked, r.draft, r.personal = r.cost+x.cost, r.booked+x.booked, r.draft+x.draft, r.personal+x.personal
}
