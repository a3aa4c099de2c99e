package store

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"testing"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/ledger/boltstore"
	"clearingd/provinces"
)

// FuzzBriefReader: foreign bytes never panic, and what the real decoder takes apart the
// brief reader does not read otherwise.
func FuzzBriefReader(f *testing.F) {
	bill := &clearing.Bill{
		Claim: provinces.Claim{PersonNo: "P1", Total: 70_000},
		Benefit: benefit.Adjudication{
			Funds: []benefit.Share{{Layer: "basic", Fund: "310100", Amount: 300}, {Fund: "330100", Amount: -1 << 40}},
			Cash:  24, Trace: []benefit.Step{{Layer: "scope", Inputs: []benefit.Input{{Name: "a", Value: "b"}}}},
			Warnings: []benefit.Warning{benefit.WarnAssumed, benefit.WarnDeclared},
		},
	}
	for _, r := range []clearing.Record{
		{Stream: "33", Outcome: provinces.Booked, Home: "650100", Treatment: "330100", Provider: "H1", Effect: 1, Bill: bill, Answer: []byte("yes")},
		{Stream: "33", Sequence: math.MaxUint64, Outcome: provinces.Cancelled, Original: 7, Effect: -1, Day: -5},
		{Outcome: clearing.Adjusted, Adjustment: &clearing.Adjustment{Home: "65", Years: []int{2026}}},
	} {
		payload, err := encode(&r)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		r := briefReader{texts: map[string]string{}, warnings: map[string][]benefit.Warning{}}
		got, err := r.read(boltstore.Record{Number: 1, Payload: payload})
		want, errWant := decodeRecord(boltstore.Record{Number: 1, Payload: payload})
		if again, errAgain := encode(want); err == nil && errWant == nil && errAgain == nil && string(again) == string(payload) {
			if got.Stream != want.Stream || got.Outcome != want.Outcome || got.Original != want.Original || got.Effect != want.Effect || (got.Bill == nil) != (want.Bill == nil) {
				t.Errorf("%x is read as %+v, is %+v", payload, got, want)
			}
			if got.Bill != nil && (got.Bill.Claim.Total != want.Bill.Claim.Total || len(got.Bill.Benefit.Funds) != len(want.Bill.Benefit.Funds)) {
				t.Errorf("the bill in %x is read as %+v, is %+v", payload, got.Bill, want.Bill)
			}
		}
	})
}

func TestReadAheadFindsThePagesOfTheRecords(t *testing.T) {
	s := newStore(t)
	subject := func(n uint64) string { return fmt.Sprintf("claims.33.65.H33010000001.m%08d", n) }
	var decisions []clearing.Decision
	for n := uint64(1); n <= 2000; n++ {
		d := refusal(n, n, firstDay)
		d.Record.Subject, d.Record.Answer = subject(n), make([]byte, 2000)
		decisions = append(decisions, d)
	}
	if err := s.apply(t, decisions...); err != nil {
		t.Fatal(err)
	}
	s.ReadAhead(3000, 4000) // there are none

	var found []byte
	a := ahead{file: s.file, pageSize: int64(s.db.Info().PageSize), from: 500, to: 600, need: func(file *os.File, offset, length int64) {
		part := make([]byte, length)
		if _, err := file.ReadAt(part, offset); err != nil {
			t.Error(err)
		}
		found = append(found, part...)
	}}
	if err := s.View(func(tx *Tx) error { a.walk(boltstore.RecordsPage(tx.raw), 0); return nil }); err != nil {
		t.Fatal(err)
	}
	for n := a.from; n <= a.to; n++ {
		if !bytes.Contains(found, []byte(subject(n))) {
			t.Errorf("record %d is not in the pages that are read ahead", n)
		}
	}
	if len(found) > 2*101*4096 {
		t.Errorf("%d bytes are read ahead for 101 records of about 2,200", len(found))
	}
}
