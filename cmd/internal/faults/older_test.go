package faults

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"clearingd/clearing"
	"clearingd/clearing/intake"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// olderBooks are kept as they were written by a program of their format, and never made anew.
// Of the first: 60 messages of a built day (bookings, a repeat, a reversal, refusals, a
// cancellation), its register and its close, and 20 messages of the next day. Of the second: two
// bills, statements with rows and totals, and what their evenings found, so that values with and
// without sums are brought up to date beside each other.
var olderBooks = []struct {
	file    string
	records uint64
	bills   int
	root    string // Merkle root, base64
}{
	{"books-format-1.db.gz", 81, 73, "lth/geldZlIZektPjoGo5ti3wJ7MeZtK7NCN/rBy+t0="},
	{"books-format-2.db.gz", 2, 2, "sLvkdzTQnXZ4JZSsPNAcTSI0PNHEhhRnveavWxkOHTg="},
}

func TestOlderBooksOpen(t *testing.T) {
	for _, older := range olderBooks {
		t.Run(older.file, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "books.db")
			unpack(t, older.file, path)

			// Reading alone either works or says what to do; it is never "damaged".
			if s, err := store.OpenReadOnly(path); err == nil {
				s.Close()
			} else if !errors.Is(err, store.ErrOlder) {
				t.Fatalf("for reading: %v", err)
			}
			s, err := store.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			sound(t, s, older.records, older.root)

			bills, verifier := 0, clearing.Verifier{}
			if err := s.Verify(context.Background(), &verifier, 1, 0, func(r *clearing.Record, v clearing.Verified) error {
				bills++
				if !v.OK() {
					t.Errorf("record %d: %s", r.Number, v.Why())
				}
				return nil
			}); err != nil || bills != older.bills {
				t.Errorf("%d bills come out as they were booked, want %d: %v", bills, older.bills, err)
			}
			goOn(t, s)
			sound(t, s, older.records+1, "")
		})
	}
}

func unpack(t *testing.T, name, path string) {
	t.Helper()
	packed, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	content, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	books, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(books, content); err != nil {
		t.Fatal(err)
	}
	if err := books.Close(); err != nil {
		t.Fatal(err)
	}
}

func sound(t *testing.T, s *store.Store, records uint64, root string) {
	t.Helper()
	result, err := s.Check(context.Background(), nil)
	if err != nil || result.Records != records || len(result.Faults) > 0 {
		t.Errorf("%d records, want %d; faults %q, %v", result.Records, records, result.Faults, err)
	}
	if root != "" && result.Root != root {
		t.Errorf("root %s, want %s", result.Root, root)
	}
}

// goOn answers one more message of a stream.
func goOn(t *testing.T, s *store.Store) {
	t.Helper()
	in, err := newIntake(s, 10)
	if err != nil {
		t.Fatal(err)
	}
	var at clearing.Position
	const stream = ledger.Province("33")
	if err := s.View(func(tx *store.Tx) (err error) { at, err = tx.Position(stream); return err }); err != nil {
		t.Fatal(err)
	}
	message := provinces.Message{
		Stream: stream, Sequence: at.Sequence + 1, Subject: "claims.33.65.H33010000001.later",
		Body: []byte("no claim"), Received: at.Day.Time(),
	}
	answered := 0
	if err := in.Commit([]intake.Item{in.Decode(message)}, func(e []provinces.Envelope) error { answered += len(e); return nil }); err != nil || answered != 1 {
		t.Errorf("going on: %d answers, %v", answered, err)
	}
}
