package evening_test

import (
	"context"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"clearingd/clearing/store"
)

// TestRotInWhatTheMatchKeepsIsFound: every value that an evening has written, and that
// nothing can compute again, is spoiled bit by bit; the check tells where.
func TestRotInWhatTheMatchKeepsIsFound(t *testing.T) {
	b := newBooks(t)
	one, two := b.bill("one", 11_000), b.bill("two", 2_000)
	fen := row(one)
	fen.Funds++
	b.state(theHospital, monday, fen)
	b.state(theTreatment, monday, rows(one, two)...)
	b.state(theHome, monday, rows(one, two)...)
	b.close(monday)
	b.match(monday)
	b.close(monday + 1)
	b.state(theHospital, monday+1, row(two))
	b.match(monday + 1)
	b.update(func(tx *store.Tx) error {
		return tx.SetPairBalances(monday, []store.PairBalance{{Home: homeArea, Treatment: treatment, Balance: 6_600_00}})
	})
	path := b.store.Path()
	if err := b.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, bucket := range []string{"statements", "statementrows", "breaks", "dayresults", "strays", "horizons", "pairbalances"} {
		values := 0
		for n := 0; ; n++ {
			key := spoil(t, path, bucket, n)
			if key == "" {
				break
			}
			values++
			result, err := store.CheckFile(context.Background(), path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if faults := strings.Join(result.Faults, "\n"); faults == "" {
				t.Errorf("%s %q: a flipped bit is not found", bucket, key)
			}
			spoil(t, path, bucket, n) // the same bit once more: as it was
		}
		if values == 0 {
			t.Errorf("%s has no value to spoil", bucket)
		}
	}
	again, err := store.Open(path) // for the clean-up, which closes and checks it
	if err != nil {
		t.Fatal(err)
	}
	b.store = again
}

// spoil flips the n-th bit, over all values of a bucket, in steps of 13, and returns the key of the
// value; "" behind the last.
func spoil(t *testing.T, path, bucket string, n int) (key string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(func(tx *bbolt.Tx) error {
		at := n * 13
		cursor := tx.Bucket([]byte(bucket)).Cursor()
		for k, v := cursor.First(); k != nil; k, v = cursor.Next() {
			if at < len(v)*8 {
				spoiled := append([]byte(nil), v...)
				spoiled[at/8] ^= 1 << (at % 8)
				key = string(k)
				return tx.Bucket([]byte(bucket)).Put(append([]byte(nil), k...), spoiled)
			}
			at -= len(v) * 8
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return key
}
