package store_test

import (
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/intake"
	"clearingd/clearing/sim"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

var briefDay = ledger.NewDay(2026, time.November, 20)

// dayBooks are books that hold a built day: bills, repeats, refusals and reversals.
func dayBooks(t *testing.T, count int) *store.Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "books.db")
	adapters, errAdapters := data.Adapters()
	plans, errPlans := benefit.LoadFS(data.Plans)
	err := errors.Join(errAdapters, errPlans, store.Create(path, store.Identity{Install: "test", FirstDay: briefDay}))
	if err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	err = s.Update(func(tx *store.Tx) error {
		for _, stream := range provinces.Provinces() {
			tx.SetPosition(stream, clearing.Position{Day: briefDay})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	in := intake.New(intake.Options{
		Store: s, Desk: &clearing.Desk{Plans: plans, Adapters: adapters}, Cutoff: clearing.Midnight, Manual: true, BatchMax: 256,
	})
	next := map[ledger.Province]uint64{}
	var items []intake.Item
	for _, m := range sim.Day(sim.DefaultConfig(1, count, briefDay)).Messages {
		stream := ledger.Province(m.Subject[len("claims.") : len("claims.")+2])
		next[stream]++
		items = append(items, in.Decode(provinces.Message{Stream: stream, Sequence: next[stream], Subject: m.Subject, Body: m.Body, Received: briefDay.Time()}))
	}
	if err := in.Commit(items, func([]provinces.Envelope) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return s
}

// brief is the part of a record that Tx.Brief promises.
func brief(r *clearing.Record) clearing.Record {
	short := clearing.Record{
		Number: r.Number, Stream: r.Stream, Day: r.Day, Outcome: r.Outcome, Code: r.Code, Original: r.Original,
		Treatment: r.Treatment, Home: r.Home, Provider: r.Provider, Effect: r.Effect,
	}
	if r.Bill != nil {
		short.Bill = &clearing.Bill{
			Claim: provinces.Claim{PersonNo: r.Bill.Claim.PersonNo, Total: r.Bill.Claim.Total},
			Benefit: benefit.Adjudication{
				Account: r.Bill.Benefit.Account, Cash: r.Bill.Benefit.Cash, Warnings: r.Bill.Benefit.Warnings,
			},
		}
		for _, share := range r.Bill.Benefit.Funds {
			short.Bill.Benefit.Funds = append(short.Bill.Benefit.Funds, benefit.Share{Fund: share.Fund, Amount: share.Amount})
		}
	}
	return short
}

func TestBriefReadsWhatScanReads(t *testing.T) {
	s := dayBooks(t, 600)
	seen := map[provinces.Outcome]int{}
	err := s.View(func(tx *store.Tx) error {
		var want []clearing.Record
		var entries []ledger.Entry
		if err := tx.Scan(1, tx.Last(), func(r *clearing.Record, e ledger.Entry) error {
			want, entries = append(want, brief(r)), append(entries, e)
			seen[r.Outcome]++
			return nil
		}); err != nil {
			return err
		}
		i := 0
		err := tx.Brief(1, tx.Last(), func(r *clearing.Record, e ledger.Entry) error {
			if got := brief(r); !reflect.DeepEqual(got, want[i]) || !reflect.DeepEqual(e, entries[i]) {
				t.Errorf("record %d is read as\n%+v, want\n%+v", want[i].Number, got, want[i])
			}
			i++
			return nil
		})
		if i != len(want) {
			t.Errorf("%d records read, want %d", i, len(want))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, outcome := range []provinces.Outcome{provinces.Booked, provinces.Refused, provinces.Repeated, provinces.Reversed} {
		if seen[outcome] == 0 {
			t.Errorf("the day has no message that was %s: %v", outcome, seen)
		}
	}
}
