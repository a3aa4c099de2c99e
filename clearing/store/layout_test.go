package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"clearingd/ledger"
	"clearingd/provinces"
)

// nextLayout is what a later version of this program would have.
var nextLayout = append(layouts[:len(layouts):len(layouts)], [][]byte{[]byte("later"), []byte("later still")})

// closedBooks are books with one record that no process has open.
func closedBooks(t *testing.T) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "books.db")
	if err := Create(path, Identity{Install: "older", FirstDay: firstDay}); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.apply(t, refusal(1, 1, firstDay)); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOlderBooksAreBroughtUpToDate(t *testing.T) {
	path := closedBooks(t)
	s, err := open(path, false, nextLayout)
	if err != nil {
		t.Fatal(err)
	}
	if s.UpgradedFrom() != layouts.newest() || s.Identity() != (Identity{Install: "older", FirstDay: firstDay}) {
		t.Errorf("upgraded from %d, %+v", s.UpgradedFrom(), s.Identity())
	}
	if err := s.apply(t, refusal(2, 2, firstDay)); err != nil {
		t.Errorf("going on: %v", err)
	}
	if result, err := s.Check(context.Background(), nil); err != nil || result.Records != 2 || len(result.Faults) > 0 {
		t.Errorf("check: %+v, %v", result, err)
	}
	s.Close()

	again, err := open(path, false, nextLayout)
	if err != nil || again.UpgradedFrom() != 0 {
		t.Fatalf("the second opening: %v, %+v", err, again)
	}
	again.Close()
	if _, err := Open(path); !errors.Is(err, ErrFormat) {
		t.Errorf("the older program, afterwards: %v", err)
	}
}

func TestOlderBooksAreNotChangedByReading(t *testing.T) {
	path := closedBooks(t)
	before, _ := os.ReadFile(path)
	if _, err := open(path, true, nextLayout); !errors.Is(err, ErrOlder) || errors.Is(err, ErrDamaged) {
		t.Errorf("%v", err)
	}
	if after, _ := os.ReadFile(path); string(before) != string(after) {
		t.Error("the file was changed")
	}
}

// A bucket that the books' own format had is lost, not older: nothing puts an empty one
// in its place.
func TestALostBucketIsDamage(t *testing.T) {
	for _, name := range layouts.since(0) {
		path := closedBooks(t)
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Update(func(tx *bbolt.Tx) error { return tx.DeleteBucket(name) }); err != nil {
			t.Fatal(err)
		}
		db.Close()
		for which, l := range map[string]layout{"own": layouts, "next": nextLayout} {
			s, err := open(path, false, l)
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("without %s, %s layout: %v", name, which, err)
			}
			if s != nil {
				s.Close()
			}
		}
	}
}

// Sums are added in parts, so that neither memory nor the time of a start grows with the books. A
// kill after any of them loses nothing, and the next opening goes on where it was.
func TestSumsAreAddedInPartsAndAfterAKill(t *testing.T) {
	for parts := range 6 {
		path := booksWithoutSums(t)
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		err = db.Update(func(tx *bbolt.Tx) error {
			m, err := readMetaOfAnyFormat(tx)
			if err == nil {
				_, err = layouts.renew(tx, m)
			}
			return err
		})
		for part := 0; part < parts && err == nil; part++ {
			err = db.Update(func(tx *bbolt.Tx) error {
				more, err := addSums(tx, 2)
				if !more {
					t.Fatalf("nothing is left after part %d", part)
				}
				return err
			})
		}
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenReadOnly(path); !errors.Is(err, ErrOlder) {
			t.Errorf("killed after %d parts, read: %v", parts, err)
		}
		if s, err := open(path, false, layouts[:firstSummed-1]); err == nil {
			s.Close()
			t.Errorf("killed after %d parts, an older program has opened them", parts)
		}
		s, err := Open(path)
		if err != nil {
			t.Fatalf("killed after %d parts: %v", parts, err)
		}
		if result, err := s.Check(context.Background(), nil); err != nil || result.Records != 1 || len(result.Faults) > 0 || s.UpgradedFrom() != firstSummed-1 {
			t.Errorf("killed after %d parts: %+v, %v, from %d", parts, result, err, s.UpgradedFrom())
		}
		if _, decided, err := cutOf(s, firstDay+9); err != nil || !decided {
			t.Errorf("killed after %d parts, the last cut: %v, %v", parts, decided, err)
		}
		s.Close()
	}
}

func cutOf(s *Store, day ledger.Day) (sequence uint64, decided bool, err error) {
	err = s.View(func(tx *Tx) (err error) { sequence, decided, err = tx.Cut(day, "33"); return err })
	return sequence, decided, err
}

// booksWithoutSums are books as the second format had them.
func booksWithoutSums(t *testing.T) (path string) {
	t.Helper()
	path = closedBooks(t)
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Update(func(tx *Tx) error {
		for day := range ledger.Day(10) {
			if err := tx.cutOnce(firstDay+day, "33", uint64(day)+1); err != nil {
				return err
			}
		}
		return tx.SetPairBalances(firstDay, nil) // had its sum before
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range append(unsummed(), bucketMeta) {
			b, values := tx.Bucket(name), make(map[string][]byte)
			if err := b.ForEach(func(key, value []byte) error {
				values[string(key)] = bytes.Clone(value[:len(value)-sumBytes])
				return nil
			}); err != nil {
				return err
			}
			for key, value := range values {
				if err := b.Put([]byte(key), value); err != nil {
					return err
				}
			}
		}
		m := meta{Format: firstSummed - 1, Install: "older", FirstDay: firstDay, Outcomes: map[provinces.Outcome]uint64{provinces.Refused: 1}}
		encoded, err := encode(m)
		if err != nil {
			return err
		}
		return tx.Bucket(bucketMeta).Put(keyMeta, encoded)
	}); err != nil {
		t.Fatal(err)
	}
	return path
}
