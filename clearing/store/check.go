package store

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"slices"

	"go.etcd.io/bbolt"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
	"clearingd/provinces"
)

// CheckResult is what a check found.
type CheckResult struct {
	Install   string
	Records   uint64
	Root      string        // recomputed Merkle root, base64
	Imbalance ledger.Amount // sum over all accounts; anything but zero is a fault
	Faults    []string      // in words, with the record they concern; empty: every promise holds
}

// CheckFile checks books that no process has open, and changes nothing. progress, if
// not nil, is told now and then how many records are read of how many.
func CheckFile(ctx context.Context, path string, progress func(done, total uint64)) (CheckResult, error) {
	if _, err := os.Stat(path); err != nil {
		return CheckResult{}, fmt.Errorf("open books: %w", err)
	}
	switch faults, err := checkPages(path); {
	case err != nil:
		return CheckResult{}, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	case len(faults) > 0:
		return CheckResult{Faults: append(faults, "records cannot be read while pages are damaged: restore the books from a copy")}, nil
	}
	s, err := OpenReadOnly(path)
	if err != nil {
		return CheckResult{}, err
	}
	defer s.Close()
	return s.Check(ctx, progress)
}

// Check reads everything and recomputes what can be: the pages of the file, the
// ledger's own promises (boltstore.Check), and the states of the clearing against the
// records they are folded from. It sees one moment of the books and holds a read
// transaction while it runs.
func (s *Store) Check(ctx context.Context, progress func(done, total uint64)) (CheckResult, error) {
	result := CheckResult{Install: s.identity.Install}
	err := guard(func() error { return s.check(ctx, progress, &result) })
	return result, err
}

func (s *Store) check(ctx context.Context, progress func(done, total uint64), result *CheckResult) error {
	faults, err := s.pageFaults()
	if err != nil {
		return err
	}
	result.Faults = append(result.Faults, faults...)
	return s.db.View(func(raw *bbolt.Tx) error {
		c := checker{tx: newTx(raw, nil), streams: make(map[ledger.Province]clearing.Position), days: make(map[ledger.Day]DayState)}
		c.states = newStates(c.tx)
		total := c.tx.Last()
		if err := c.tx.Balances(func(_ ledger.Account, b ledger.Balance) (err error) {
			result.Imbalance, err = result.Imbalance.Add(b.Net())
			return err
		}); err != nil {
			result.Faults = append(result.Faults, err.Error())
		}
		root, faults := boltstore.Check(raw, func(stored boltstore.Record, fault func(boltstore.Fault)) {
			if progress != nil && stored.Number%1000 == 0 {
				progress(stored.Number, total)
			}
			if ctx.Err() == nil {
				c.record(stored, func(what string) { fault(boltstore.Fault{Record: stored.Number, What: what}) })
			}
		})
		c.positions(func(what string) { faults = append(faults, boltstore.Fault{What: what}) })
		c.states.finish(func(what string) { faults = append(faults, boltstore.Fault{What: what}) })
		c.years(func(what string) { faults = append(faults, boltstore.Fault{What: what}) })
		c.registry(func(what string) { faults = append(faults, boltstore.Fault{What: what}) })
		c.statements(func(what string) { faults = append(faults, boltstore.Fault{What: what}) })
		c.sums(func(what string) { faults = append(faults, boltstore.Fault{What: what}) })
		c.cases(func(what string) { faults = append(faults, boltstore.Fault{What: what}) })
		for _, f := range faults {
			result.Faults = append(result.Faults, f.String())
		}
		result.Records = total
		result.Root = base64.StdEncoding.EncodeToString(root[:])
		return ctx.Err()
	})
}

// pageFaults looks at the pages of the file. bbolt's own look reads the list of free pages
// that writers change at the moment, which finds faults where there are none and may end the
// process; so it is left to books that nobody writes. In running books the pages are read as the
// transaction at hand has left them.
func (s *Store) pageFaults() (faults []string, err error) {
	if s.db.IsReadOnly() {
		err = s.db.View(func(raw *bbolt.Tx) error {
			for err := range raw.Check() {
				faults = append(faults, "page: "+err.Error())
			}
			return nil
		})
		return faults, err
	}
	for range pageAttempts {
		err = s.db.View(func(raw *bbolt.Tx) error {
			faults, err = checkPagesAt(s.Path(), uint64(raw.ID()))
			return err
		})
		if !errors.Is(err, errOverwritten) {
			break
		}
	}
	return faults, err
}

// pageAttempts to read the first two pages before two transactions have overwritten them.
const pageAttempts = 100

// checker holds the clearing's states against the records.
type checker struct {
	tx       *Tx
	streams  map[ledger.Province]clearing.Position // folded from the records
	days     map[ledger.Day]DayState               // as the books have them
	states   *states
	verifier clearing.Verifier // plans, where a person-year was re-folded
}

func (c *checker) record(stored boltstore.Record, fault func(string)) {
	record, err := decodeRecord(stored)
	if err != nil {
		fault(err.Error())
		return
	}
	c.states.record(record, fault)
	if record.Adjustment != nil {
		c.adjustment(record, stored.Entry, fault)
		return
	}
	if record.Act != nil {
		c.act(record, fault)
		return
	}
	if !record.OffStream() {
		c.place(record, fault)
	}
	switch {
	case record.Outcome == provinces.Booked:
		c.bill(record, stored.Entry, fault)
	case record.Effect != 0:
		c.undoing(record, stored.Entry, fault)
	case len(stored.Entry.Postings) != 0:
		fault("moves money without an effect")
	}
}

// place checks that the record is the next of its stream, on no earlier day, and that the days
// which the stream has left have their cut-offs.
func (c *checker) place(record *clearing.Record, fault func(string)) {
	at := c.streams[record.Stream]
	if at.Sequence != 0 && record.Sequence != at.Sequence+1 {
		fault(fmt.Sprintf("answers %s/%d, the record before it in that stream %d", record.Stream, record.Sequence, at.Sequence))
	}
	if record.Day < at.Day {
		fault(fmt.Sprintf("is on %s, after a record of %s in its stream", record.Day, at.Day))
	}
	if known := c.dayOf(record, fault); known && at.Day != 0 {
		c.cuts(record.Stream, at.Day, record.Day, fault)
	}
	c.streams[record.Stream] = clearing.Position{Sequence: record.Sequence, Day: record.Day, Digest: record.Digest}
}

// dayOf checks that the record's business day is known, and holds it. A day that is lost is
// said once, not for each of its records.
func (c *checker) dayOf(record *clearing.Record, fault func(string)) (known bool) {
	state, seen := c.days[record.Day]
	if !seen {
		var err error
		if state, err = c.tx.Day(record.Day); err != nil {
			fault(err.Error())
		} else if state.From == 0 {
			fault(fmt.Sprintf("is on %s, a day that the books do not know", record.Day))
		}
		c.days[record.Day] = state
	}
	if state.From != 0 && (record.Number < state.From || record.Number > state.To) {
		fault(fmt.Sprintf("is on %s, which holds the records %d to %d", record.Day, state.From, state.To))
	}
	return state.From != 0
}

// cuts checks that the days which a stream has left, before another, have their cut-offs.
func (c *checker) cuts(stream ledger.Province, from, before ledger.Day, fault func(string)) {
	for day := from; day < before; day++ {
		if _, decided, err := c.tx.Cut(day, stream); err == nil && !decided { // a damaged one is told by its sum
			fault(fmt.Sprintf("follows in stream %s on the cut-off of %s, which the books do not know", stream, day))
		}
	}
}

// bill checks what a booked bill promises: it closes, its entry is its obligation, and
// it continues the person-years it found.
func (c *checker) bill(record *clearing.Record, entry ledger.Entry, fault func(string)) {
	if record.Bill == nil {
		fault("is booked without a bill")
		return
	}
	if err := clearing.CheckBill(record, entry); err != nil {
		fault(err.Error())
	}
	for _, link := range record.Bill.Years {
		if list := link.Before.Refold; list != nil {
			c.refolded(link.Year, list, link.Before.Accumulators, fault)
			continue
		}
		if link.Before.Last == 0 {
			continue
		}
		before, err := c.tx.Record(link.Before.Last)
		if err != nil || before.Bill == nil {
			fault(fmt.Sprintf("follows record %d, which is no bill", link.Before.Last))
			continue
		}
		for _, after := range before.Bill.Benefit.Years {
			if after.Year == link.Year && !reflect.DeepEqual(after.Accumulators, link.Before.Accumulators) {
				fault(fmt.Sprintf("did not start from what record %d left of %d", before.Number, link.Year))
			}
		}
	}
}

func (c *checker) undoing(record *clearing.Record, entry ledger.Entry, fault func(string)) {
	original, err := c.tx.Entry(record.Original)
	if err != nil {
		fault(err.Error())
		return
	}
	if len(original.Postings) == 0 && len(entry.Postings) == 0 {
		return
	}
	if want := original.Reverse(record.Number, record.Day); !reflect.DeepEqual(want, entry) {
		fault(fmt.Sprintf("does not reverse entry %d", record.Original))
	}
}

// positions compares how far each stream is said to be answered with its records.
func (c *checker) positions(fault func(string)) {
	for _, stream := range slices.Sorted(maps.Keys(c.streams)) {
		folded := c.streams[stream]
		if at, err := c.tx.Position(stream); err == nil && at.Sequence == 0 {
			fault(fmt.Sprintf("stream %s: has no position, its records end at %d on %s", stream, folded.Sequence, folded.Day))
		}
	}
	err := c.tx.raw.Bucket(bucketPositions).ForEach(func(key, value []byte) error {
		var at clearing.Position
		if err := decode(key, value, &at); err != nil {
			return err
		}
		stream := ledger.Province(key)
		folded := c.streams[stream]
		if folded.Sequence != 0 && (at.Sequence != folded.Sequence || at.Day != folded.Day || at.Digest != folded.Digest) {
			fault(fmt.Sprintf("stream %s: position is %d on %s, its records end at %d on %s",
				stream, at.Sequence, at.Day, folded.Sequence, folded.Day))
		}
		return nil
	})
	if err != nil {
		fault(err.Error())
	}
}

// years holds each person-year against its newest standing bill.
func (c *checker) years(fault func(string)) {
	err := c.tx.raw.Bucket(bucketYears).ForEach(func(key, value []byte) error {
		var state clearing.YearState
		if err := decode(key, value, &state); err != nil {
			return err
		}
		if state.Refold != nil {
			parsed, err := parseWholeYearKey(key)
			if err != nil {
				return err
			}
			c.standing(state.Refold, fault)
			c.refolded(parsed.Year, state.Refold, state.Accumulators, fault)
			return nil
		}
		if state.Last == 0 {
			return nil
		}
		record, err := c.tx.Record(state.Last)
		if err != nil || record.Bill == nil {
			fault(fmt.Sprintf("a person-year rests on record %d, which is no bill", state.Last))
			return nil
		}
		if by, err := c.tx.Undone(state.Last); err != nil || by != 0 {
			fault(fmt.Sprintf("a person-year rests on record %d, which is undone by %d", state.Last, by))
		}
		for i, after := range record.Bill.Benefit.Years {
			if reflect.DeepEqual(after.Accumulators, state.Accumulators) && latest(record, i) == state.Latest {
				return nil
			}
		}
		fault(fmt.Sprintf("a person-year is not what its newest bill, record %d, left", state.Last))
		return nil
	})
	if err != nil {
		fault(err.Error())
	}
}

// latest is the latest discharge of a person-year after a bill, the i-th year of it.
func latest(r *clearing.Record, i int) provinces.DateTime {
	if i >= len(r.Bill.Years) {
		return 0
	}
	return max(r.Bill.Years[i].Before.Latest, r.Bill.Claim.Discharged)
}

// CheckTail reads the newest records back: their checksums, entries and Merkle leaves,
// and the root. It is what a start can afford.
func (s *Store) CheckTail(records uint64) (faults []string) {
	err := guard(func() error { return s.checkTail(records, &faults) })
	if err != nil {
		faults = append(faults, err.Error())
	}
	return faults
}

func (s *Store) checkTail(records uint64, faults *[]string) error {
	return s.View(func(tx *Tx) error {
		last := tx.Last()
		from := uint64(1)
		if last > records {
			from = last - records + 1
		}
		if _, err := tx.Root(last); err != nil {
			*faults = append(*faults, err.Error())
		}
		return boltstore.Scan(tx.raw, from, last, func(stored boltstore.Record) error {
			if err := boltstore.CheckLeaf(tx.raw, stored.Number); err != nil {
				*faults = append(*faults, err.Error())
			}
			if _, err := decodeRecord(stored); err != nil {
				*faults = append(*faults, err.Error())
			}
			return nil
		})
	})
}
