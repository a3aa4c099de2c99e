package rawstore

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"clearingd/bench/workload"
)

// A limit that writes less than the daemon is no limit: whatever the order and the
// batches, the replayed file holds, bucket by bucket, exactly what the books hold.
func TestReplayWritesEverythingTheBooksHold(t *testing.T) {
	dir := t.TempDir()
	s, err := workload.CreateBooks(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := workload.Fill(t.Context(), s, workload.Claims(3, 600, workload.Filling)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, workload.BooksFile)
	books, err := Read(path, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer books.Close()
	if len(books.Records) != 600 {
		t.Fatalf("%d records, 600 were filled", len(books.Records))
	}
	for _, order := range []Order{AsBooked, Sorted, Running} {
		copied := filepath.Join(dir, "raw.db")
		os.Remove(copied)
		db, err := Create(copied)
		if err != nil {
			t.Fatal(err)
		}
		if err := books.Replay(db, []int{1, 37, 256}, order); err != nil {
			t.Fatal(err)
		}
		for _, bucket := range []string{records, hashes, messages, stays, years, days, positions, metaData} {
			same(t, books.tx, db, bucket)
		}
		want := 0 // balances: so few records leave them to whoever reads
		if order == Running {
			want = len(books.values)
		}
		if n := keysOf(t, db, balances); n != want || len(books.values) == 0 {
			t.Errorf("order %d: %d balances in the copy, want %d of %d", order, n, want, len(books.values))
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Taken out of the books and replayed on top of what is left, the newest records give the
// same books again.
func TestReplayGoesOnInTheBooks(t *testing.T) {
	dir := t.TempDir()
	s, err := workload.CreateBooks(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := workload.Fill(t.Context(), s, workload.Claims(3, 300, workload.Filling)); err != nil {
		t.Fatal(err)
	}
	path, whole := filepath.Join(dir, workload.BooksFile), filepath.Join(dir, "whole.db")
	if err := workload.Fill(t.Context(), s, workload.Claims(3, 200, workload.Draining)); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(whole, text, 0o600); err != nil {
		t.Fatal(err)
	}
	books, err := Read(path, 300)
	if err != nil {
		t.Fatal(err)
	}
	if len(books.Records) != 200 {
		t.Fatalf("%d records after the first 300, want 200", len(books.Records))
	}
	if err := books.TakeOut(); err != nil {
		t.Fatal(err)
	}
	db, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if n := keysOf(t, db, records); n != 300 {
		t.Fatalf("%d records are left, want 300", n)
	}
	if err := errors.Join(books.Replay(db, []int{64}, Sorted), books.Close()); err != nil {
		t.Fatal(err)
	}
	want, err := Read(whole, 300)
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	for _, bucket := range []string{records, hashes, messages, stays, years, days, positions, metaData} {
		same(t, want.tx, db, bucket)
	}
}

func keysOf(t *testing.T, db *bbolt.DB, bucket string) (n int) {
	t.Helper()
	if err := db.View(func(tx *bbolt.Tx) error { n = tx.Bucket([]byte(bucket)).Stats().KeyN; return nil }); err != nil {
		t.Fatal(err)
	}
	return n
}

func same(t *testing.T, want *bbolt.Tx, db *bbolt.DB, bucket string) {
	t.Helper()
	err := db.View(func(tx *bbolt.Tx) error {
		keys := 0
		copied := tx.Bucket([]byte(bucket))
		err := want.Bucket([]byte(bucket)).ForEach(func(key, value []byte) error {
			keys++
			if !bytes.Equal(copied.Get(key), value) {
				t.Fatalf("%s %x: the copy has another value", bucket, key)
			}
			return nil
		})
		if n := copied.Stats().KeyN; n != keys {
			t.Errorf("%s: %d keys in the books, %d in the copy", bucket, keys, n)
		}
		if keys == 0 {
			t.Errorf("%s: the books have no key to compare", bucket)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestReadRefusesAnotherFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := Read(path, 0); !errors.Is(err, ErrBooks) {
		t.Errorf("error %v, want ErrBooks", err)
	}
}
