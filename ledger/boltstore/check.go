package boltstore

import (
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"clearingd/ledger"
)

// Fault is one broken promise of the books.
type Fault struct {
	Record uint64 // the record it concerns; 0 if none
	What   string // in words, with the figures
}

func (f Fault) String() string {
	if f.Record == 0 {
		return f.What
	}
	return fmt.Sprintf("record %d: %s", f.Record, f.What)
}

// faultsMax bounds what a badly damaged file can make Check say.
const faultsMax = 1000

// Check reads all books and recomputes everything that can be: checksums, the
// numbering, each entry's rules, every Merkle hash, every balance, the sum over
// all accounts. visit, if not nil, sees each sound record on the way and may report
// faults of its own. It returns the root it recomputed.
func Check(tx *bbolt.Tx, visit func(Record, func(Fault))) (tlog.Hash, []Fault) {
	c := checker{balances: make(map[ledger.Account]ledger.Balance), visit: visit}
	if tx.Bucket(bucketRecords) == nil || tx.Bucket(bucketHashes) == nil || tx.Bucket(bucketBalances) == nil {
		return tlog.Hash{}, []Fault{{What: ErrNoBooks.Error()}}
	}
	c.records(tx)
	c.hashes(tx)
	c.totals(tx)
	return c.root, c.faults
}

type checker struct {
	balances map[ledger.Account]ledger.Balance
	visit    func(Record, func(Fault))
	count    uint64
	root     tlog.Hash
	faults   []Fault
}

func (c *checker) fault(f Fault) {
	if len(c.faults) < faultsMax {
		c.faults = append(c.faults, f)
	}
}

func (c *checker) records(tx *bbolt.Tx) {
	hashes := tx.Bucket(bucketHashes)
	cursor := tx.Bucket(bucketRecords).Cursor()
	for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
		number := keyNumber(key)
		if len(key) != 8 || number != c.count+1 {
			c.fault(Fault{What: fmt.Sprintf("key %x where record %d should be", key, c.count+1)})
			if number <= c.count {
				continue
			}
		}
		c.count = number
		record, err := decodeRecord(number, value)
		if err != nil {
			c.fault(Fault{Record: number, What: err.Error()})
			continue
		}
		c.leaf(hashes, number, value)
		c.entry(record)
		if c.visit != nil {
			c.visit(record, c.fault)
		}
	}
}

// leaf recomputes the record's hash; hashes then recomputes the inner nodes.
func (c *checker) leaf(hashes *bbolt.Bucket, number uint64, value []byte) {
	stored, err := readHash(hashes, tlog.StoredHashIndex(0, int64(number)-1))
	if err != nil || stored != tlog.RecordHash(content(value)) {
		c.fault(Fault{Record: number, What: "its leaf in the Merkle tree is not the hash of its bytes"})
	}
}

func (c *checker) entry(record Record) {
	if len(record.Entry.Postings) == 0 {
		return
	}
	if err := record.Entry.Check(); err != nil {
		c.fault(Fault{Record: record.Number, What: err.Error()})
	}
	for _, p := range record.Entry.Postings {
		balance := c.balances[p.Account]
		if err := balance.Post(p.Amount); err != nil {
			c.fault(Fault{Record: record.Number, What: err.Error()})
		}
		c.balances[p.Account] = balance
	}
}

// hashes checks that each inner node is the hash of its children, and that there is
// exactly one stored hash where the tree has a node.
func (c *checker) hashes(tx *bbolt.Tx) {
	bucket := tx.Bucket(bucketHashes)
	want := tlog.StoredHashCount(int64(c.count))
	var found int64
	cursor := bucket.Cursor()
	for key, value := cursor.First(); key != nil; key, value = cursor.Next() {
		index := int64(keyNumber(key))
		if len(key) != 8 || index != found || len(value) != tlog.HashSize {
			c.fault(Fault{What: fmt.Sprintf("stored hash %x where %d should be", key, found)})
		}
		found++
		if len(value) != tlog.HashSize {
			continue
		}
		if level, n := tlog.SplitStoredHashIndex(index); level > 0 && index < want {
			c.node(bucket, level, n, tlog.Hash(value))
		}
	}
	if found != want {
		c.fault(Fault{What: fmt.Sprintf("%d stored hashes, the tree of %d records has %d", found, c.count, want)})
		return
	}
	root, err := tlog.TreeHash(int64(c.count), hashReader(tx))
	if err != nil {
		c.fault(Fault{What: err.Error()})
	}
	c.root = root
}

func (c *checker) node(bucket *bbolt.Bucket, level int, n int64, stored tlog.Hash) {
	left, errLeft := readHash(bucket, tlog.StoredHashIndex(level-1, 2*n))
	right, errRight := readHash(bucket, tlog.StoredHashIndex(level-1, 2*n+1))
	if errLeft != nil || errRight != nil || tlog.NodeHash(left, right) != stored {
		c.fault(Fault{What: fmt.Sprintf("Merkle node %d of level %d is not the hash of its children", n, level)})
	}
}

// totals compares balances, as stored and brought forward, with the fold of all postings,
// both ways, and sums the whole books to zero.
func (c *checker) totals(tx *bbolt.Tx) {
	if number, err := carried(tx); err == nil && number > c.count {
		c.fault(Fault{What: fmt.Sprintf("balances are said to be those after record %d, the newest is %d", number, c.count)})
	}
	var sum ledger.Amount
	err := Balances(tx, func(account ledger.Account, stored ledger.Balance) error {
		if folded := c.balances[account]; folded != stored {
			c.fault(Fault{What: fmt.Sprintf("%s: stored balance %+v, its postings give %+v", account, stored, folded)})
		}
		delete(c.balances, account)
		var err error
		sum, err = sum.Add(stored.Net())
		return err
	})
	if err != nil {
		c.fault(Fault{What: err.Error()})
	}
	for account := range c.balances {
		c.fault(Fault{What: fmt.Sprintf("%s: has postings but no stored balance", account)})
	}
	if sum != 0 {
		c.fault(Fault{What: fmt.Sprintf("all accounts together are off by %s", sum)})
	}
}

// ErrLeaf: a record's leaf in the Merkle tree is not the hash of its bytes.
var ErrLeaf = errors.New("boltstore: leaf is not the hash of its record")

// CheckLeaf holds one record's bytes against its leaf.
func CheckLeaf(tx *bbolt.Tx, number uint64) error {
	leaf, err := Leaf(tx, number)
	if err != nil {
		return err
	}
	value := tx.Bucket(bucketRecords).Get(numberKey(number))
	if len(value) <= crcSize || tlog.RecordHash(content(value)) != leaf {
		return fmt.Errorf("record %d: %w", number, ErrLeaf)
	}
	return nil
}
