package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"clearingd/clearing"
	"clearingd/provinces"
)

// states holds the small states against the records they were made by: which record a
// message, a stay or an undoing leads to, the counts of outcomes, and the plans. Each is
// looked up once from the record that must be in it and read once from its own side, so
// that neither a value nor a key can change unnoticed. Memory does not grow with the
// books.
type states struct {
	tx       *Tx
	outcomes map[provinces.Outcome]uint64
	standing uint64 // booked bills that stand
}

func newStates(tx *Tx) *states {
	return &states{tx: tx, outcomes: make(map[provinces.Outcome]uint64)}
}

// record is told of every record, in order.
func (s *states) record(r *clearing.Record, fault func(string)) {
	if !r.OffStream() {
		s.outcomes[r.Outcome]++
	}
	message, err := s.tx.Message(r.MessageKey())
	switch {
	case err != nil || message.Record == 0 || message.Record > r.Number:
		fault("cannot be found by its message")
	case message.Record < r.Number: // another message had its key first
		first, err := s.tx.Record(message.Record)
		if err != nil || first.MessageKey() != r.MessageKey() {
			fault(fmt.Sprintf("its message leads to record %d, which answers another", message.Record))
		}
	}
	if err == nil && message.Mark != 0 {
		s.mark(message.Mark, r.MessageKey(), fault)
	}
	if r.Bill != nil && r.Outcome == provinces.Booked {
		s.stay(r, fault)
	}
}

// mark: what makes a message void in advance is a reversal that had not seen it.
func (s *states) mark(number uint64, key string, fault func(string)) {
	r, err := s.tx.Record(number)
	if err != nil || r.Outcome != provinces.Reversed {
		fault(fmt.Sprintf("message %s is said to be void by record %d, which reverses nothing", key, number))
	}
}

// stay: a bill that stands is what its stay leads to.
func (s *states) stay(r *clearing.Record, fault func(string)) {
	by, err := s.tx.Undone(r.Number)
	if err != nil {
		fault(err.Error())
		return
	}
	if by != 0 {
		if undoing, err := s.tx.Record(by); err != nil || undoing.Effect >= 0 || undoing.Original != r.Number {
			fault(fmt.Sprintf("is said to be undone by record %d, which does not name it", by))
		}
		return
	}
	s.standing++
	s.year(r, fault)
	key := clearing.StayKey{Provider: r.Provider, VisitID: r.Bill.Claim.VisitID, Discharged: r.Bill.Claim.Discharged}
	if booked, err := s.tx.Stay(key); err != nil || booked != r.Number {
		fault(fmt.Sprintf("stands, but its stay leads to record %d", booked))
	}
}

// year: a bill that stands is in its person-years, which go on from it.
func (s *states) year(r *clearing.Record, fault func(string)) {
	for _, link := range r.Bill.Years {
		key := clearing.YearKey{Home: r.Home.Province(), PersonNo: r.Bill.Claim.PersonNo, Insutype: r.Bill.Claim.Insutype, Year: link.Year}
		state, err := s.tx.Year(key)
		switch {
		case err != nil:
			fault(err.Error())
		case state.Refold == nil && state.Last < r.Number:
			fault(fmt.Sprintf("stands, but its person-year %d ends at record %d", link.Year, state.Last))
		case state.Refold != nil && !slices.ContainsFunc(state.Refold.Bills, func(b clearing.StandingBill) bool { return b.Number == r.Number }):
			fault(fmt.Sprintf("stands, but is not in its person-year %d", link.Year))
		}
	}
}

// finish reads the states from their own side, when every record was seen.
func (s *states) finish(fault func(string)) {
	for _, check := range []func(func(string)) error{s.stays, s.undoings, s.messages, s.counts, s.plans} {
		if err := check(fault); err != nil {
			fault(err.Error())
		}
	}
}

func (s *states) stays(fault func(string)) error {
	if n := uint64(s.tx.raw.Bucket(bucketStays).Stats().KeyN); n != s.standing {
		fault(fmt.Sprintf("%d stays lead to a bill, %d bills stand", n, s.standing))
	}
	return nil
}

// undoings: everything said to be undone names, and is named by, what undid it. A
// reversal of a cancellation undoes that one and takes its mark off the bill; a quarantined
// message that was decided again is undone by that decision.
func (s *states) undoings(fault func(string)) error {
	return s.tx.raw.Bucket(bucketUndone).ForEach(func(key, value []byte) error {
		by, err := parseNumber(value)
		if err != nil || len(key) != 8 {
			return errors.Join(ErrEncoding, err)
		}
		undoing, err := s.tx.Record(by)
		number := binary.BigEndian.Uint64(key)
		if err != nil || undoing.Original != number && (undoing.Redo == nil || undoing.Redo.Entry != number) {
			fault(fmt.Sprintf("record %d is said to be undone by record %d, which does not name it", number, by))
		}
		return nil
	})
}

// messages: a key that no record was found by is one that a reversal made void.
func (s *states) messages(fault func(string)) error {
	return s.tx.raw.Bucket(bucketMessages).ForEach(func(key, value []byte) error {
		state, err := parseMessageValue(value)
		if err != nil {
			return err
		}
		switch {
		case state.Record == 0 && state.Mark == 0:
			fault(fmt.Sprintf("message %s leads nowhere", key))
		case state.Record == 0:
			s.mark(state.Mark, string(key), fault)
		}
		return nil
	})
}

func (s *states) counts(fault func(string)) error {
	counted, err := s.tx.Outcomes()
	if err == nil && !maps.Equal(counted, s.outcomes) && len(counted)+len(s.outcomes) > 0 {
		fault(fmt.Sprintf("outcomes are counted as %v, the records have %v", counted, s.outcomes))
	}
	return err
}

// plans: every plan's bytes are those its hash was made from, and every set names plans
// that are there.
func (s *states) plans(fault func(string)) error {
	plans := s.tx.raw.Bucket(bucketPlans)
	err := plans.ForEach(func(key, plan []byte) error {
		if sum := sha256.Sum256(plan); string(sum[:]) != string(key) {
			fault(fmt.Sprintf("plan %x: its bytes are not those it was kept by", key))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.tx.raw.Bucket(bucketPlanSets).ForEach(func(set, stored []byte) error {
		list, err := summed(set, stored)
		if err != nil {
			return err
		}
		if len(set) != 32 || len(list)%32 != 0 {
			fault(fmt.Sprintf("plan set %x is no list of plans", set))
			return nil
		}
		for i := 0; i < len(list); i += 32 {
			if plans.Get(list[i:i+32]) == nil {
				fault(fmt.Sprintf("plan set %x names plan %x, which is not there", set, list[i:i+32]))
			}
		}
		return nil
	})
}
