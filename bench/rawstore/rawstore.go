// Package rawstore is the limit of the daemon's store: a bbolt file to which the same
// keys and values are committed, in the same order and in batches of the same size, by
// a loop that does nothing else. What the daemon reaches of it says what everything
// around the store costs.
//
// [Read] takes the writes apart out of books that a drain left behind: for each record
// its value, its Merkle hashes, and the keys of message, stay and person-year whose
// values name it; the balances its postings touch; for each batch the days, positions
// and meta values. A person-year that several records wrote appears once, with the
// last of them, as the books keep no older value. [Books.Replay] commits them, into a file of
// its own, or into the books themselves once [Books.TakeOut] has taken them out there.
package rawstore

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fxamacker/cbor/v2"
	"go.etcd.io/bbolt"
	"golang.org/x/mod/sumdb/tlog"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
)

// Bucket names, as clearing/store and ledger/boltstore have them.
const (
	records, hashes, balances            = "records", "hashes", "balances"
	messages, stays, years               = "messages", "stays", "years"
	days, positions, metaData, appendish = "days", "positions", "meta", 0.95
)

// Write is one key of one bucket with its value. Both alias the books they were read
// from.
type Write struct {
	Bucket     string
	Key, Value []byte
}

// Books are the writes of a file of books. Close it when the writes are not needed
// any more.
type Books struct {
	Records [][]Write // of each record after the first ones left out: record, hashes, message, stay, years
	Bytes   int64     // of all keys and values in Records

	path    string
	after   uint64            // number of the last record left out
	touched [][]string        // balance keys of each record's postings
	values  map[string][]byte // balances by key
	fixed   []Write           // what every batch writes anew: day, positions, meta
	db      *bbolt.DB
	tx      *bbolt.Tx
}

// ErrBooks: the file is not what clearing/store writes.
var ErrBooks = errors.New("rawstore: not the books expected")

// Read opens the books of a stopped daemon and takes apart the records after the given
// number; 0 takes all.
func Read(path string, after uint64) (_ *Books, err error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return nil, fmt.Errorf("rawstore: %w", err)
	}
	tx, err := db.Begin(false)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	b := &Books{path: path, after: after, db: db, tx: tx, values: make(map[string][]byte)}
	for _, step := range []func() error{b.readRecords, b.readHashes, b.readStates, b.readBalances, b.readFixed} {
		if err := step(); err != nil {
			return nil, errors.Join(err, b.Close())
		}
	}
	for _, writes := range b.Records {
		for _, w := range writes {
			b.Bytes += int64(len(w.Key) + len(w.Value))
		}
	}
	return b, nil
}

// Close lets the file go, unless TakeOut has.
func (b *Books) Close() error {
	if b.tx == nil {
		return nil
	}
	err := errors.Join(b.tx.Rollback(), b.db.Close())
	b.tx, b.db = nil, nil
	return err
}

// takenOut is how many records' keys one transaction takes out.
const takenOut = 1_000

// TakeOut takes the keys of the records out of the books, which then have the size they had
// before: books that fill half a disk need no copy for a replay on top of them. What those
// records had overwritten does not come back; it is nothing to bbolt.
func (b *Books) TakeOut() error {
	for _, list := range append(b.Records, b.fixed) {
		for i, w := range list {
			list[i] = Write{w.Bucket, bytes.Clone(w.Key), bytes.Clone(w.Value)}
		}
	}
	if err := b.Close(); err != nil {
		return fmt.Errorf("rawstore: %w", err)
	}
	db, err := Create(b.path)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(b.Records, takenOut) {
		err = db.Update(func(tx *bbolt.Tx) error {
			for _, w := range slices.Concat(part...) {
				if err := tx.Bucket([]byte(w.Bucket)).Delete(w.Key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			break
		}
	}
	return errors.Join(err, db.Close())
}

func (b *Books) each(bucket string, visit func(key, value []byte) error) error {
	return b.eachFrom(bucket, nil, visit)
}

// eachFrom visits the keys of a bucket from the given one on.
func (b *Books) eachFrom(bucket string, from []byte, visit func(key, value []byte) error) error {
	found := b.tx.Bucket([]byte(bucket))
	if found == nil {
		return fmt.Errorf("%w: no bucket %s", ErrBooks, bucket)
	}
	cursor := found.Cursor()
	for key, value := cursor.Seek(from); key != nil; key, value = cursor.Next() {
		if err := visit(key, value); err != nil {
			return err
		}
	}
	return nil
}

func (b *Books) readRecords() error {
	return b.eachFrom(records, number(b.after+1), func(key, value []byte) error {
		if len(key) != 8 || binary.BigEndian.Uint64(key) != b.after+uint64(len(b.Records)+1) {
			return fmt.Errorf("%w: record %x", ErrBooks, key)
		}
		b.Records = append(b.Records, []Write{{records, key, value}})
		return nil
	})
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// readHashes gives each record its leaf and the inner nodes that it completed: those up
// to the next record's leaf.
func (b *Books) readHashes() error {
	record := b.after + 1
	return b.eachFrom(hashes, number(uint64(tlog.StoredHashIndex(0, int64(b.after)))), func(key, value []byte) error {
		if len(key) != 8 {
			return fmt.Errorf("%w: hash %x", ErrBooks, key)
		}
		if int64(binary.BigEndian.Uint64(key)) >= tlog.StoredHashIndex(0, int64(record)) {
			record++
		}
		return b.add(record, Write{hashes, key, value})
	})
}

// readStates gives each record the states whose values name it.
func (b *Books) readStates() error {
	states := func(bucket string, read func(value []byte) (uint64, error)) error {
		return b.each(bucket, func(key, value []byte) error {
			n, err := read(value)
			if err != nil {
				return fmt.Errorf("%w: %s %x: %w", ErrBooks, bucket, key, err)
			}
			return b.add(n, Write{bucket, key, value})
		})
	}
	uvarint := func(value []byte) (uint64, error) {
		n, size := binary.Uvarint(value)
		if size <= 0 {
			return 0, ErrBooks
		}
		if mark, more := binary.Uvarint(value[size:]); n == 0 && more > 0 {
			n = mark // seen only through a reversal that came before it
		}
		return n, nil
	}
	return errors.Join(
		states(messages, uvarint),
		states(stays, uvarint),
		states(years, func(value []byte) (uint64, error) {
			var state clearing.YearState
			_, err := cbor.UnmarshalFirst(value, &state) // its sum follows
			if state.Last == 0 {                         // its bills were all undone; by which record is not known
				state.Last = b.after + uint64(len(b.Records))
			}
			return state.Last, err
		}),
	)
}

func (b *Books) add(number uint64, w Write) error {
	if number == 0 || number > b.after+uint64(len(b.Records)) {
		return fmt.Errorf("%w: %s %x names record %d of %d", ErrBooks, w.Bucket, w.Key, number, b.after+uint64(len(b.Records)))
	}
	if number > b.after {
		i := number - b.after - 1
		b.Records[i] = append(b.Records[i], w)
	}
	return nil
}

// readBalances notes which balances each record's postings touch.
func (b *Books) readBalances() error {
	err := boltstore.Balances(b.tx, func(account ledger.Account, _ ledger.Balance) error {
		b.values[string(boltstore.AccountKey(account))] = make([]byte, balanceSize)
		return nil
	})
	if err != nil {
		return err
	}
	b.touched = make([][]string, len(b.Records))
	return boltstore.Scan(b.tx, b.after+1, b.after+uint64(len(b.Records)), func(r boltstore.Record) error {
		for _, p := range r.Entry.Postings {
			i := r.Number - b.after - 1
			b.touched[i] = append(b.touched[i], string(boltstore.AccountKey(p.Account)))
		}
		return nil
	})
}

// balanceSize is that of a stored balance: what it says is nothing to bbolt.
const balanceSize = 24

func (b *Books) readFixed() error {
	for _, bucket := range []string{days, positions, metaData} {
		err := b.each(bucket, func(key, value []byte) error {
			b.fixed = append(b.fixed, Write{bucket, key, value})
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Order is the order of the keys inside one batch.
type Order int

// Orders.
const (
	AsBooked Order = iota // record by record, as the daemon decides them
	Sorted                // each bucket's keys in order: the least that bbolt can be asked
	Running               // as booked, but with every balance in the transaction that changes it
)

// Create makes the file of a replay with its buckets, or opens books on top of which a replay
// goes on.
func Create(path string) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: mapBytes})
	if err != nil {
		return nil, fmt.Errorf("rawstore: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{records, hashes, balances, messages, stays, years, days, positions, metaData} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// mapBytes of address space are mapped at once, as the books do.
const mapBytes = 64 << 30

// Replay commits the writes in batches of the given numbers of records,
// each in one synced transaction; the last size repeats until all is written.
func (b *Books) Replay(db *bbolt.DB, sizes []int, order Order) error {
	carried := 0 // records whose balances are written
	for from, turn := 0, 0; from < len(b.Records); turn++ {
		size := max(sizes[min(turn, len(sizes)-1)], 1)
		to := min(from+size, len(b.Records))
		err := db.Update(func(tx *bbolt.Tx) error {
			writes := b.batch(from, to)
			if order == Running || to-carried >= boltstore.CarryEvery {
				writes = append(writes, b.balances(carried, to)...)
				carried = to
			}
			if order == Sorted {
				slices.SortStableFunc(writes, func(x, y Write) int {
					if x.Bucket != y.Bucket {
						return bytes.Compare([]byte(x.Bucket), []byte(y.Bucket))
					}
					return bytes.Compare(x.Key, y.Key)
				})
			}
			return put(tx, writes)
		})
		if err != nil {
			return fmt.Errorf("rawstore: records %d to %d: %w", from+1, to, err)
		}
		from = to
	}
	return nil
}

// batch is everything that one transaction writes besides balances: records and states
// one by one, then hashes, then what every transaction renews.
func (b *Books) batch(from, to int) []Write {
	var first, later []Write
	for i := from; i < to; i++ {
		for _, w := range b.Records[i] {
			if w.Bucket == hashes {
				later = append(later, w)
			} else {
				first = append(first, w)
			}
		}
	}
	return slices.Concat(first, later, b.fixed)
}

// balances are those that the records touch, each once, in order.
func (b *Books) balances(from, to int) []Write {
	changed := make(map[string]bool)
	for _, keys := range b.touched[from:to] {
		for _, key := range keys {
			changed[key] = true
		}
	}
	writes := make([]Write, 0, len(changed))
	for _, key := range slices.Sorted(maps.Keys(changed)) {
		writes = append(writes, Write{balances, []byte(key), b.values[key]})
	}
	return writes
}

func put(tx *bbolt.Tx, writes []Write) error {
	buckets := make(map[string]*bbolt.Bucket)
	for _, w := range writes {
		bucket := buckets[w.Bucket]
		if bucket == nil {
			bucket = tx.Bucket([]byte(w.Bucket))
			if w.Bucket == records || w.Bucket == hashes {
				bucket.FillPercent = appendish // these grow at their right edge, as in the books
			}
			buckets[w.Bucket] = bucket
		}
		if err := bucket.Put(w.Key, w.Value); err != nil {
			return err
		}
	}
	return nil
}
