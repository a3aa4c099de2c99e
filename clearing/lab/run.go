package lab

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Run computes the closed days again under the draft and compares.
func Run(ctx context.Context, o Options) (result Result, err error) {
	err = o.Books.View(func(tx *store.Tx) error {
		span, err := findSpan(tx, o.From, o.To)
		if err != nil {
			return err
		}
		r := newReplay(tx, o.Draft, span.first)
		if err := r.lookAhead(span); err != nil {
			return err
		}
		run := &run{Options: o, span: span, replay: r, people: newPeople(tx), sums: newSums()}
		if err := run.all(ctx); err != nil {
			return err
		}
		result, err = run.result(tx)
		return err
	})
	return result, err
}

// span is the days, and the books' numbers that hold all their records.
type span struct {
	from, to    ledger.Day
	first, last uint64 // both 0: the days have no record
}

// findSpan checks that every day is closed; both days zero mean all that are.
func findSpan(tx *store.Tx, from, to ledger.Day) (s span, err error) {
	s = span{from: from, to: to}
	if from == 0 || to == 0 {
		oldest, newest, err := closedDays(tx)
		if err != nil {
			return s, err
		}
		if s.from == 0 {
			s.from = oldest
		}
		if s.to == 0 {
			s.to = newest
		}
	}
	if s.from > s.to || s.from == 0 {
		return s, fmt.Errorf("%w between %s and %s", ErrNoDays, s.from, s.to)
	}
	for day := s.from; day <= s.to; day++ {
		state, err := tx.Day(day)
		if err != nil {
			return s, err
		}
		if state.Phase != store.DayClosed {
			return s, fmt.Errorf("%w: %s", ErrNotClosed, day)
		}
		if state.From != 0 && (s.first == 0 || state.From < s.first) {
			s.first = state.From
		}
		s.last = max(s.last, state.To)
	}
	return s, nil
}

func closedDays(tx *store.Tx) (oldest, newest ledger.Day, err error) {
	err = tx.Days(func(day ledger.Day, state store.DayState) bool {
		if state.Phase == store.DayClosed {
			oldest, newest = day, max(newest, day)
		}
		return true
	})
	if err == nil && oldest == 0 {
		err = ErrNoDays
	}
	return oldest, newest, err
}

// run is the work on one range of days.
type run struct {
	Options
	span   span
	replay *replay
	people *people
	sums   *sums

	sets   map[[32]byte]uint64
	newest [32]byte // plan set of the newest bill
	ledger tie

	others   uint64
	adjusted adjusted
}

// progressEvery is how many records lie between two words of progress.
const progressEvery = 500

func (r *run) all(ctx context.Context) error {
	r.sets = make(map[[32]byte]uint64)
	if r.span.first == 0 {
		return nil
	}
	total := r.span.last - r.span.first + 1
	err := r.replay.tx.Scan(r.span.first, r.span.last, func(record *clearing.Record, entry ledger.Entry) error {
		if done := record.Number - r.span.first; done%progressEvery == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
			r.tell(done, total)
		}
		if err := r.record(record, entry); err != nil {
			return fmt.Errorf("record %d: %w", record.Number, err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	r.tell(total, total)
	return r.ledger.holds(&r.sums.total)
}

func (r *run) tell(done, total uint64) {
	if r.Progress != nil {
		r.Progress(done, total)
	}
}

// record computes one record that moves a bill, and counts it if it is of the days.
func (r *run) record(record *clearing.Record, entry ledger.Entry) error {
	counted := record.Day >= r.span.from && record.Day <= r.span.to
	if record.Effect == 0 {
		if counted && len(entry.Postings) > 0 {
			return r.adjusted.post(entry)
		}
		return nil
	}
	c, err := r.replay.take(record)
	if err != nil {
		return err
	}
	if !counted {
		r.others++
		return nil
	}
	if err := r.ledger.post(entry); err != nil {
		return err
	}
	if c.bill == record {
		r.sets[record.Bill.PlanSet]++
		r.newest = record.Bill.PlanSet
	}
	return r.count(record, c)
}

// count adds one bill to the sums, and gives it to the caller who asked for bills.
func (r *run) count(record *clearing.Record, c change) error {
	k, err := r.people.kindOf(c, r.Draft)
	if err != nil {
		return err
	}
	if err := r.sums.add(record, c, k); err != nil {
		return err
	}
	if r.Bill == nil {
		return nil
	}
	line, err := newLine(record, c, k)
	if err != nil {
		return err
	}
	return r.Bill(line)
}

func (r *run) result(tx *store.Tx) (Result, error) {
	root, err := tx.Root(tx.Last())
	if err != nil {
		return Result{}, err
	}
	draft := r.Draft.Hash()
	result := Result{
		Schema: Schema, From: r.span.from, To: r.span.to,
		Install: r.Books.Identity().Install, Records: tx.Last(), Root: base64.StdEncoding.EncodeToString(root[:]),
		Draft: hex.EncodeToString(draft[:]), PlanSets: setUses(r.sets),
		PersonYears: len(r.replay.years), Others: r.others, OutOfOrder: r.replay.outOfOrder,
		Adjustments: r.adjusted.count, AdjustedOwed: r.adjusted.owed,
	}
	if result.Plans, err = planChanges(tx, r.newest, r.Draft); err != nil {
		return Result{}, err
	}
	return result, r.sums.into(&result)
}

// tie adds up the ledger's postings of the counted bills: what the home regions owe.
type tie struct{ owed map[ledger.Fund]ledger.Amount }

func (t *tie) post(entry ledger.Entry) error {
	if t.owed == nil {
		t.owed = make(map[ledger.Fund]ledger.Amount)
	}
	for _, p := range entry.Postings {
		if p.Account.Side != ledger.Receivable {
			continue
		}
		sum, err := t.owed[p.Account.Fund].Add(p.Amount)
		if err != nil {
			return err
		}
		t.owed[p.Account.Fund] = sum
	}
	return nil
}

// holds proves that what was read of the bills is what the ledger says, fund by fund.
func (t *tie) holds(total *Row) error {
	var booked Figures
	for _, f := range []Figures{total.Booked, total.RefusedBooked} {
		if err := booked.add(f, 1); err != nil {
			return err
		}
	}
	read := map[ledger.Fund]ledger.Amount{}
	for fund, amount := range booked.Funds {
		read[fund] = amount
	}
	read[ledger.FundAccount] += booked.Account
	for _, side := range []map[ledger.Fund]ledger.Amount{t.owed, read} {
		for fund := range side {
			if t.owed[fund] != read[fund] {
				return fmt.Errorf("%w: fund %s: bills %s, postings %s", ErrTie, fund, read[fund], t.owed[fund])
			}
		}
	}
	return nil
}

// adjusted are the records of the days that move money and are no bill: officers'
// adjustments. They stand beside the comparison.
type adjusted struct {
	count uint64
	owed  ledger.Amount
}

func (a *adjusted) post(entry ledger.Entry) (err error) {
	a.count++
	for _, p := range entry.Postings {
		if p.Account.Side == ledger.Receivable && err == nil {
			a.owed, err = a.owed.Add(p.Amount)
		}
	}
	return err
}

// refusalOf are the code and the first place of a refusal.
func refusalOf(e *provinces.RejectError) (code provinces.Code, field string) {
	if len(e.Errors) > 0 {
		field = e.Errors[0].Field
	}
	return e.Code, field
}
