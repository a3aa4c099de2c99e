package daemon

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"clearingd/clearing"
	"clearingd/clearing/console"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// TestASearchIsBounded: a list that few of many records match is given in parts, each of
// which reads no more records than a page may take, and together they miss none.
func TestASearchIsBounded(t *testing.T) {
	const records, search, day = 95, 10, ledger.Day(20000)
	path := filepath.Join(t.TempDir(), "books.db")
	if err := store.Create(path, store.Identity{Install: "test", FirstDay: day}); err != nil {
		t.Fatal(err)
	}
	books, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer books.Close()
	if err := books.Update(func(tx *store.Tx) error {
		for n := uint64(1); n <= records; n++ {
			code := provinces.CodeMalformed
			if n%30 == 0 {
				code = provinces.CodeAmountSum
			}
			if err := tx.Apply(clearing.Decision{Record: clearing.Record{
				Number: n, Stream: "33", Sequence: n, Day: day, Subject: fmt.Sprintf("claims.33.65.H33010000001.m%d", n),
				Digest: [32]byte{byte(n)}, Outcome: provinces.Refused, Code: code, Answer: []byte("no"),
			}}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	p := pages{d: &Daemon{store: books}, search: search}
	for name, want := range map[string]struct {
		query console.MessageQuery
		found int
	}{
		"few match":  {console.MessageQuery{Code: provinces.CodeAmountSum}, 3},
		"none match": {console.MessageQuery{Outcome: provinces.Booked}, 0},
		"all match":  {console.MessageQuery{}, records},
	} {
		found, parts := 0, 0
		for q := want.query; ; parts++ {
			q.Day, q.Limit = day, 200
			page, err := p.Messages(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			found += len(page.Messages)
			if page.Next == 0 {
				break
			}
			if page.Next != page.Searched || page.Next != q.After+search {
				t.Errorf("%s: behind %d the search came to %d, and goes on at %d", name, q.After, page.Searched, page.Next)
			}
			q.After = page.Next
		}
		if found != want.found || parts != records/search {
			t.Errorf("%s: %d found in %d further parts, want %d in %d", name, found, parts, want.found, records/search)
		}
	}
}
