package night

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"

	"clearingd/clearing"
	"clearingd/clearing/evening"
	"clearingd/clearing/report"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Options of a Night. All fields are required but Demo, Evening and Unmatched.
type Options struct {
	Store      *store.Store
	Streams    []ledger.Province // every claims stream, so that silent ones are reported too
	Dir        string            // reports go to Dir/<day>
	Pseudonyms clearing.Pseudonyms
	PlanSet    func() [32]byte // the plan set in force
	CutOff     string          // as printed: "24:00"
	Mode       string          // "clock" or "manual"
	Demo       string          // "" or how the data were built

	// Evening matches what sides state; nil: nothing is matched. Unmatched hears of a day
	// whose match was put off because the calendar of the year is missing.
	Evening   *evening.Evening
	Unmatched func(ledger.Day, error)
}

// Night closes days. It is safe for concurrent use except that each day is closed by
// one caller.
type Night struct{ o Options }

// New makes a Night.
func New(o Options) *Night { return &Night{o: o} }

// Errors of a night.
var (
	ErrNotFrozen  = errors.New("night: the day is not frozen")
	ErrNotClosed  = errors.New("night: a day of the period is not closed")
	ErrIncomplete = errors.New("night: sequences and outcomes of a stream do not agree")
)

// Close reports and seals a frozen day whose streams are answered to its end. On an
// error the day stays frozen and Close may be called again.
func (n *Night) Close(ctx context.Context, day ledger.Day) error {
	span, err := n.span(day, day)
	if err != nil {
		return err
	}
	if span.state.Phase == store.DayClosed {
		return nil
	}
	if span.state.Phase != store.DayFrozen {
		return fmt.Errorf("%w: %s", ErrNotFrozen, day)
	}
	span.planSet = n.o.PlanSet()
	if span.match, err = n.reconcile(ctx, day); err != nil {
		return err
	}
	made, err := n.write(ctx, span, filepath.Join(n.o.Dir, day.String()), nil)
	if err != nil {
		return err
	}
	return n.o.Store.Update(func(tx *store.Tx) error {
		state := span.state
		state.Phase, state.Files, state.Revision = store.DayClosed, made.files, 1
		state.Seal = store.Seal{
			Size: span.size, Root: span.root, PlanSet: span.planSet,
			Report: made.files[FileJSON], Previous: span.previous.Digest, Trial: made.trial,
		}
		if err := state.Seal.Close(); err != nil {
			return err
		}
		tx.SetDay(day, state)
		if err := tx.SetPairBalances(day, made.pairs); err != nil || !span.match.done {
			return err
		}
		at, err := tx.Reconciled()
		if err != nil {
			return err
		}
		at.Reported = at.Statements
		return tx.SetReconciled(at)
	})
}

// Period writes the report of closed days from..to into the folder PeriodName and returns the
// SHA-256 of its files, by name. Its reconciliation tells how the days stand on the evening of
// the newest match, so it is another one when more statements have come; a single day's is as
// it was sealed.
func (n *Night) Period(ctx context.Context, from, to ledger.Day) (files map[string][32]byte, err error) {
	span, err := n.span(from, to)
	if err != nil {
		return nil, err
	}
	if span.open {
		return nil, fmt.Errorf("%w: %s to %s", ErrNotClosed, from, to)
	}
	if !span.night() {
		if span.match, err = n.newestMatch(); err != nil {
			return nil, err
		}
	}
	made, err := n.write(ctx, span, filepath.Join(n.o.Dir, PeriodName(from, to)), nil)
	return made.files, err
}

// Report makes the report of the days from..to and writes nothing. A day that is frozen or
// closed gives the report that was or will be written; an open one may be incomplete.
func (n *Night) Report(ctx context.Context, from, to ledger.Day) (r report.Report, err error) {
	span, err := n.span(from, to)
	if err != nil {
		return r, err
	}
	totals, err := n.newTotals(span)
	if err != nil {
		return r, err
	}
	if err := n.scan(ctx, span, totals.add); err != nil {
		return r, err
	}
	return totals.finish(span)
}

// PeriodName is the name of a period's folder; a single day's is the day.
func PeriodName(from, to ledger.Day) string {
	if from == to {
		return from.String()
	}
	return from.String() + "_" + to.String()
}

// span is what is known of a range of days before its records are read.
type span struct {
	from, to ledger.Day
	state    store.DayState // of the last day
	open     bool           // a day of the range is not closed
	first    uint64         // books' numbers that hold all records of the days
	last     uint64
	records  uint64
	size     uint64 // records under the root
	root     [32]byte
	previous store.Seal // of the day before from; zero for the books' first day
	planSet  [32]byte
	match    match
	streams  map[ledger.Province][2]uint64 // first and last sequence; 0, 0: none
}

// match is what a report tells of what sides have stated.
type match struct {
	done       bool       // it was matched, and the report tells
	evening    ledger.Day // of the match
	noCalendar int        // the year whose calendar is missing, so that it was not done; 0: none
}

func (n *Night) span(from, to ledger.Day) (span, error) {
	s := span{from: from, to: to, match: match{evening: to}, streams: make(map[ledger.Province][2]uint64)}
	err := n.o.Store.View(func(tx *store.Tx) error {
		for day := from; day <= to; day++ {
			state, err := tx.Day(day)
			if err != nil {
				return err
			}
			s.state = state
			s.open = s.open || state.Phase != store.DayClosed
			s.records += state.Records
			if state.From != 0 && (s.first == 0 || state.From < s.first) {
				s.first = state.From
			}
			s.last = max(s.last, state.To)
		}
		before, err := tx.Day(from - 1)
		if err != nil {
			return err
		}
		s.previous, s.planSet = before.Seal, s.state.Seal.PlanSet
		for _, stream := range n.o.Streams {
			after, _, err := tx.Cut(from-1, stream)
			if err != nil {
				return err
			}
			end, _, err := tx.Cut(to, stream)
			if err != nil {
				return err
			}
			if end > after {
				s.streams[stream] = [2]uint64{after + 1, end}
			} else {
				s.streams[stream] = [2]uint64{}
			}
		}
		if s.size = max(s.previous.Size, s.last); s.state.Phase == store.DayClosed {
			s.size = s.state.Seal.Size
		}
		s.root, err = tx.Root(s.size)
		return err
	})
	return s, err
}

// night: the report is of one day, and sealed; otherwise it is a period's.
func (s span) night() bool { return s.from == s.to }

func (n *Night) head(s span) report.Head {
	title := report.Night
	if !s.night() {
		title = report.Period
	}
	return report.Head{
		Title: title, From: s.from, To: s.to, Revision: 1, Demo: n.o.Demo,
		Rules: report.Basis{
			Install: n.o.Store.Identity().Install, Zone: clearing.China.String(),
			CutOff: n.o.CutOff, Mode: n.o.Mode, PlanSet: hex.EncodeToString(s.planSet[:]),
		},
	}
}

func (s span) seal() report.Seal {
	seal := report.Seal{MerkleSize: s.size, MerkleRoot: base64.StdEncoding.EncodeToString(s.root[:])}
	if s.previous.Size != 0 || s.previous.Digest != ([32]byte{}) {
		seal.Previous = hex.EncodeToString(s.previous.Digest[:])
	}
	return seal
}

// Bill is what a record adds to the report; nil where no bill comes or goes. What
// undoes a bill takes its amounts from the bill, with the sign turned.
func (n *Night) Bill(tx *store.Tx, r *clearing.Record) (*report.Bill, error) {
	booked := r
	for booked.Bill == nil {
		if booked.Effect == 0 {
			return nil, nil
		}
		var err error
		if booked, err = tx.Record(booked.Original); err != nil {
			return nil, err
		}
	}
	if r.Effect == 0 {
		return nil, nil
	}
	line := &report.Bill{
		Entry: r.Number, Day: r.Day, Outcome: r.Outcome,
		Home: booked.Home, Treatment: booked.Treatment, Provider: booked.Provider,
		Person:   n.o.Pseudonyms.Of(booked.Home.Province(), booked.Bill.Claim.PersonNo),
		Total:    booked.Bill.Claim.Total,
		Account:  booked.Bill.Benefit.Account,
		Cash:     booked.Bill.Benefit.Cash,
		Warnings: booked.Bill.Benefit.Warnings,
	}
	line.Funds = make([]provinces.FundAmount, 0, len(booked.Bill.Benefit.Funds))
	for _, share := range booked.Bill.Benefit.Funds {
		line.Funds = append(line.Funds, provinces.FundAmount{Fund: share.Fund, Amount: share.Amount})
	}
	if r.Outcome != provinces.Reversed {
		line.SettlementID = r.SettlementID()
	}
	if r != booked {
		line.Corrects = r.Original
	}
	if r.Effect < 0 {
		negate(line)
	} else {
		line.Outcome = provinces.Booked // a bill that stands again counts as booked
	}
	return line, nil
}

func negate(b *report.Bill) {
	b.Total, b.Account, b.Cash = -b.Total, -b.Account, -b.Cash
	for i := range b.Funds {
		b.Funds[i].Amount = -b.Funds[i].Amount
	}
}
