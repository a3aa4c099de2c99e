package boltstore

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"clearingd/ledger"
)

// books are open books whose clean-up runs the full check, so that every test is an
// integrity test too.
type books struct {
	testing.TB
	db *bbolt.DB
}

func openBooks(t testing.TB) *books {
	carryEvery = 4 // so that small books have both: stored balances, and records behind them
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "books"), 0o600, &bbolt.Options{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	b := &books{t, db}
	b.update(Init)
	t.Cleanup(func() {
		if faults := b.check(); len(faults) > 0 && !t.Failed() {
			t.Errorf("the books fail their check: %v", faults)
		}
		db.Close()
	})
	return b
}

func (b *books) update(fn func(*bbolt.Tx) error) {
	b.Helper()
	if err := b.db.Update(fn); err != nil {
		b.Fatal(err)
	}
}

func (b *books) view(fn func(*bbolt.Tx) error) {
	b.Helper()
	if err := b.db.View(fn); err != nil {
		b.Fatal(err)
	}
}

// book appends one transfer in a transaction of its own.
func (b *books) book(home, treatment ledger.Area, amount ledger.Amount) {
	b.Helper()
	b.update(func(tx *bbolt.Tx) error {
		w, err := NewWriter(tx)
		if err != nil {
			return err
		}
		if err := w.Append(transfer(w.Next(), home, treatment, amount), []byte("payload")); err != nil {
			return err
		}
		return w.Flush()
	})
}

func (b *books) check() (faults []Fault) {
	b.view(func(tx *bbolt.Tx) error {
		_, faults = Check(tx, nil)
		return nil
	})
	return faults
}

func transfer(number uint64, home, treatment ledger.Area, amount ledger.Amount) *ledger.Entry {
	receivable := ledger.Account{Side: ledger.Receivable, Home: home, Treatment: treatment, Fund: "310100", Stage: ledger.Accrued}
	payable := receivable
	payable.Side, payable.Provider = ledger.Payable, "H33010000001"
	return &ledger.Entry{Number: number, Day: 20000, Postings: []ledger.Posting{{Account: receivable, Amount: amount}, {Account: payable, Amount: -amount}}}
}

func TestRecordsReadBackAsWritten(t *testing.T) {
	b := openBooks(t)
	b.update(func(tx *bbolt.Tx) error {
		w, err := NewWriter(tx)
		if err != nil {
			return err
		}
		first := transfer(1, "650100", "330100", 12345)
		reversal := first.Reverse(3, 20001)
		return errors.Join(
			w.Append(first, []byte("a bill")),
			w.Append(nil, []byte("a refusal")),
			w.Append(&reversal, nil),
			w.Flush())
	})
	b.view(func(tx *bbolt.Tx) error {
		var lines []string
		err := Scan(tx, 1, Last(tx), func(r Record) error {
			lines = append(lines, fmt.Sprintf("%d %s corrects %d %q %d postings", r.Number, r.Entry.Day, r.Entry.Corrects, r.Payload, len(r.Entry.Postings)))
			return nil
		})
		want := "1 2024-10-04 corrects 0 \"a bill\" 2 postings\n2 1970-01-01 corrects 0 \"a refusal\" 0 postings\n3 2024-10-05 corrects 1 \"\" 2 postings"
		if got := strings.Join(lines, "\n"); got != want {
			t.Errorf("read back:\n%s\nwant:\n%s", got, want)
		}
		balance, err2 := Balance(tx, transfer(1, "650100", "330100", 1).Postings[0].Account)
		if balance.Net() != 0 || balance.Debits != 12345 || balance.Count != 2 {
			t.Errorf("balance %+v", balance)
		}
		if _, err := Get(tx, 4); !errors.Is(err, ErrNoRecord) {
			t.Errorf("record 4: %v", err)
		}
		return errors.Join(err, err2)
	})
}

func TestAppendRefusesWhatIsNotAnEntry(t *testing.T) {
	b := openBooks(t)
	for name, c := range map[string]struct {
		change func(*ledger.Entry)
		want   error
	}{
		"another number": {func(e *ledger.Entry) { e.Number = 2 }, ErrNotNext},
		"unbalanced":     {func(e *ledger.Entry) { e.Postings[0].Amount++ }, ledger.ErrUnbalanced},
		"empty":          {func(e *ledger.Entry) { e.Postings = nil }, ledger.ErrEmpty},
	} {
		err := b.db.Update(func(tx *bbolt.Tx) error {
			w, err := NewWriter(tx)
			if err != nil {
				return err
			}
			entry := transfer(1, "650100", "330100", 5)
			c.change(entry)
			return w.Append(entry, nil)
		})
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestHowBatchesAreCutLeavesNoTrace(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		amounts := rapid.SliceOfN(rapid.Int64Range(1, 1_000_000), 1, 40).Draw(rt, "amounts")
		cuts := rapid.SliceOfN(rapid.Bool(), len(amounts), len(amounts)).Draw(rt, "cuts")
		whole, cut := openBooks(t), openBooks(t)
		never := make([]bool, len(amounts))
		if a, b := fill(whole, amounts, never), fill(cut, amounts, cuts); a != b {
			rt.Fatalf("in one transaction the root is %v, in several %v", a, b)
		}
	})
}

// fill books the amounts, beginning a new transaction where cuts says so, and returns
// the root.
func fill(b *books, amounts []int64, cuts []bool) (root tlog.Hash) {
	for begin := 0; begin < len(amounts); {
		end := begin + 1
		for end < len(amounts) && !cuts[end] {
			end++
		}
		b.update(func(tx *bbolt.Tx) error {
			w, err := NewWriter(tx)
			if err != nil {
				return err
			}
			for _, amount := range amounts[begin:end] {
				if err := w.Append(transfer(w.Next(), "650100", "330100", ledger.Amount(amount)), nil); err != nil {
					return err
				}
			}
			return w.Flush()
		})
		begin = end
	}
	b.view(func(tx *bbolt.Tx) (err error) {
		root, err = Root(tx, Last(tx))
		return err
	})
	return root
}

func TestMerkleProofs(t *testing.T) {
	b := openBooks(t)
	for i := range 20 {
		b.book("650100", "330100", ledger.Amount(i+1))
	}
	b.view(func(tx *bbolt.Tx) error {
		root, err := Root(tx, 20)
		if err != nil {
			return err
		}
		old, err := Root(tx, 7)
		if err != nil {
			return err
		}
		leaf, err := Leaf(tx, 13)
		if err != nil {
			return err
		}
		record, err := ProveRecord(tx, 20, 13)
		if err != nil {
			return err
		}
		tree, err := ProveTree(tx, 20, 7)
		return errors.Join(err,
			tlog.CheckRecord(record, 20, root, 12, leaf),
			tlog.CheckTree(tree, 20, root, 7, old))
	})
}

func TestCheckFindsEveryFlippedBitOfTheBooks(t *testing.T) {
	b := openBooks(t)
	for i := range 10 {
		b.book("650100", "330100", ledger.Amount(i+1))
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, bucket := range [][]byte{bucketRecords, bucketHashes, bucketBalances} {
		for range 60 {
			flipped := errors.New("flip and roll back")
			err := b.db.Update(func(tx *bbolt.Tx) error {
				key, value := pick(tx.Bucket(bucket), random)
				changed := append([]byte(nil), value...)
				bit := random.IntN(len(changed) * 8)
				changed[bit/8] ^= 1 << (bit % 8)
				if err := tx.Bucket(bucket).Put(key, changed); err != nil {
					return err
				}
				if _, faults := Check(tx, nil); len(faults) == 0 {
					t.Errorf("%s %x: bit %d flipped, and the check found nothing", bucket, key, bit)
				}
				return flipped
			})
			if !errors.Is(err, flipped) {
				t.Fatal(err)
			}
		}
	}
}

func TestCheckFindsWhatIsMissing(t *testing.T) {
	b := openBooks(t)
	for i := range 5 {
		b.book("650100", "330100", ledger.Amount(i+1))
	}
	for _, bucket := range [][]byte{bucketRecords, bucketHashes, bucketBalances} {
		undo := errors.New("roll back")
		b.db.Update(func(tx *bbolt.Tx) error {
			key, _ := tx.Bucket(bucket).Cursor().First()
			if err := tx.Bucket(bucket).Delete(append([]byte(nil), key...)); err != nil {
				return err
			}
			if _, faults := Check(tx, nil); len(faults) == 0 {
				t.Errorf("%s: its first key is gone, and the check found nothing", bucket)
			}
			return undo
		})
	}
}

func TestBalancesAreThoseAfterTheNewestRecord(t *testing.T) {
	b := openBooks(t)
	accounts := map[ledger.Account]ledger.Balance{}
	areas := []ledger.Area{"650100", "110000", "310000", "330100"}
	for i := range 40 {
		home, treatment, amount := areas[i%4], areas[(i*i+1)%4], ledger.Amount(i+1)
		b.book(home, treatment, amount)
		for _, p := range transfer(1, home, treatment, amount).Postings {
			balance := accounts[p.Account]
			if err := balance.Post(p.Amount); err != nil {
				t.Fatal(err)
			}
			accounts[p.Account] = balance
		}
		b.view(func(tx *bbolt.Tx) error {
			before, seen := "", 0
			err := Balances(tx, func(account ledger.Account, got ledger.Balance) error {
				one, err := Balance(tx, account)
				if got != accounts[account] || one != got {
					t.Errorf("after record %d %s is %+v, alone %+v, want %+v", i+1, account, got, one, accounts[account])
				}
				if key := string(AccountKey(account)); key <= before {
					t.Errorf("%s comes out of order", account)
				} else {
					before = key
				}
				seen++
				return err
			})
			if seen != len(accounts) {
				t.Errorf("after record %d there are %d accounts, want %d", i+1, seen, len(accounts))
			}
			return err
		})
	}
}

// Books of before it was noted how far balances are stored have all of them.
func TestOlderBooksGoOn(t *testing.T) {
	b := openBooks(t)
	for i := range 8 { // a multiple of carryEvery: all are stored
		b.book("650100", "330100", ledger.Amount(i+1))
	}
	b.update(func(tx *bbolt.Tx) error { return tx.Bucket(bucketBalances).Delete(keyCarried) })
	if faults := b.check(); len(faults) > 0 {
		t.Errorf("as they were: %v", faults)
	}
	b.book("110000", "330100", 7)
	b.view(func(tx *bbolt.Tx) error {
		balance, err := Balance(tx, transfer(1, "110000", "330100", 1).Postings[0].Account)
		if balance.Debits != 7 {
			t.Errorf("after the next entry: %+v", balance)
		}
		return err
	})
}

func pick(b *bbolt.Bucket, random *rand.Rand) (key, value []byte) {
	n := random.IntN(b.Stats().KeyN)
	c := b.Cursor()
	for key, value = c.First(); n > 0; n-- {
		key, value = c.Next()
	}
	return append([]byte(nil), key...), value
}
