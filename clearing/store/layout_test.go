package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"
)

// nextLayout is what a later version of this program would have.
var nextLayout = append(layouts[:len(layouts):len(layouts)], step{buckets: [][]byte{[]byte("later"), []byte("later still")}})

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
