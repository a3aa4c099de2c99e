package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"clearingd/clearing"
	"clearingd/ledger"
)

// What a bucket holds is found when it rots: by its sum, or by what the check says here.
func TestEveryBucketIsGuardedAgainstRot(t *testing.T) {
	otherwise := map[string]string{
		"messages":      "leads to the record that answers it",
		"stays":         "leads to the bill that stands",
		"undone":        "is named by what undid it",
		"registry":      "one byte an outcome, counted",
		"plans":         "kept by the hash of its bytes",
		"statementrows": "hashed into their statement",
		"sealed":        "gzip has a sum",
	}
	for _, name := range layouts.since(0) {
		summed := slices.ContainsFunc(summedBuckets, func(other []byte) bool { return bytes.Equal(other, name) })
		if _, other := otherwise[string(name)]; summed == other {
			t.Errorf("%s: carries a sum: %v, is guarded otherwise: %v", name, summed, other)
		}
	}
}

// A stream without a message yet has a position that no record tells of.
func TestEveryBitOfAPositionIsFound(t *testing.T) {
	for name, at := range map[string]clearing.Position{
		"before its first message": {Day: firstDay, Created: 1_763_700_000_123_456_789},
		"of an unknown broker":     {Day: firstDay},
	} {
		path := closedBooks(t)
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		var value []byte
		spoil := func(change func([]byte)) {
			t.Helper()
			if err := s.db.Update(func(tx *bbolt.Tx) error {
				spoiled := bytes.Clone(value)
				change(spoiled)
				return tx.Bucket(bucketPositions).Put([]byte("62"), spoiled)
			}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Update(func(tx *Tx) error { tx.SetPosition("62", at); return nil }); err != nil {
			t.Fatal(err)
		}
		if err := s.db.View(func(tx *bbolt.Tx) error {
			value = bytes.Clone(tx.Bucket(bucketPositions).Get([]byte("62")))
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for bit := range 8 * len(value) {
			spoil(func(b []byte) { b[bit/8] ^= 1 << (bit % 8) })
			result, err := s.Check(context.Background(), nil)
			if err != nil || !strings.Contains(strings.Join(result.Faults, "\n"), `positions "62"`) {
				t.Fatalf("%s: bit %d: %v, %v", name, bit, result.Faults, err)
			}
			if err := s.View(func(tx *Tx) error { _, err := tx.Position("62"); return err }); !errors.Is(err, ErrEncoding) {
				t.Fatalf("%s: bit %d is read as a position: %v", name, bit, err)
			}
		}
		spoil(func([]byte) {})
		if result, err := s.Check(context.Background(), nil); err != nil || len(result.Faults) > 0 {
			t.Errorf("%s, healed: %v, %v", name, result.Faults, err)
		}
		s.Close()
	}
}

// A damaged cut-off must not be taken for one that was never decided: it would be decided
// anew, at another message.
func TestADamagedCutIsAnError(t *testing.T) {
	s, err := Open(closedBooks(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Update(func(tx *Tx) error { return tx.SetCut(firstDay, "33", 7) }); err != nil {
		t.Fatal(err)
	}
	if err := s.db.Update(func(tx *bbolt.Tx) error {
		value := bytes.Clone(tx.Bucket(bucketCuts).Get(cutKey(firstDay, "33")))
		value[7] ^= 1
		return tx.Bucket(bucketCuts).Put(cutKey(firstDay, "33"), value)
	}); err != nil {
		t.Fatal(err)
	}
	err = s.Update(func(tx *Tx) error {
		if _, _, err := tx.Cut(firstDay, "33"); !errors.Is(err, ErrEncoding) {
			t.Errorf("the cut is read: %v", err)
		}
		if _, err := tx.MessageDay("33", 8, firstDay); !errors.Is(err, ErrEncoding) {
			t.Errorf("a message's day is told by it: %v", err)
		}
		return tx.SetCut(firstDay, "33", 9)
	})
	if !errors.Is(err, ErrEncoding) {
		t.Errorf("the cut is decided anew: %v", err)
	}
}

// What is lost once is said once, in the same order each time: a lost day must not fill the
// list with its records, so that nothing else is seen.
func TestALostDayIsSaidOnceAndPositionsInOrder(t *testing.T) {
	s, err := Open(closedBooks(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.apply(t, refusal(2, 2, firstDay), refusal(3, 3, firstDay)); err != nil {
		t.Fatal(err)
	}
	streams := []ledger.Province{"34", "35", "36", "37", "41", "42"}
	for i, stream := range streams {
		d := refusal(uint64(i)+4, 1, firstDay)
		d.Record.Stream, d.Record.Subject = stream, "claims."+string(stream)+".65.H33010000001.m1"
		if err := s.apply(t, d); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, stream := range streams {
			if err := tx.Bucket(bucketPositions).Delete([]byte(stream)); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketDays).Delete(dayKey(firstDay))
	}); err != nil {
		t.Fatal(err)
	}
	want := []string{"record 1: is on " + firstDay.String() + ", a day that the books do not know"}
	for _, stream := range streams {
		want = append(want, "stream "+string(stream)+": has no position, its records end at 1 on "+firstDay.String())
	}
	for range 5 {
		result, err := s.Check(context.Background(), nil)
		if err != nil || !slices.Equal(result.Faults, want) {
			t.Fatalf("faults\n%s\nwant\n%s\n%v", strings.Join(result.Faults, "\n"), strings.Join(want, "\n"), err)
		}
	}
}

// A stream that has gone on to another day has a cut-off for each day that it left: by it the
// books and a later start tell which day a message belongs to.
func TestALostCutIsMissed(t *testing.T) {
	s, err := Open(closedBooks(t))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.apply(t, refusal(2, 2, firstDay+2)); err != nil {
		t.Fatal(err)
	}
	if result, err := s.Check(context.Background(), nil); err != nil || len(result.Faults) > 0 {
		t.Fatalf("good books: %v, %v", result.Faults, err)
	}
	if err := s.db.Update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketCuts).Delete(cutKey(firstDay+1, "33")) }); err != nil {
		t.Fatal(err)
	}
	want := "record 2: follows in stream 33 on the cut-off of " + (firstDay + 1).String() + ", which the books do not know"
	if result, err := s.Check(context.Background(), nil); err != nil || !slices.Equal(result.Faults, []string{want}) {
		t.Errorf("faults %q, %v", result.Faults, err)
	}
}
