package store

import (
	"sync"

	"go.etcd.io/bbolt"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
)

// appender takes the records of a transaction to the books. A record is encoded and hashed
// beside the deciding of those behind it, since this is a fifth of the work of a
// transaction and needs nothing of the books; it is in them when somebody reads records, and
// before the transaction commits.
type appender struct {
	writer *boltstore.Writer
	groups []*group // not in the books yet, in order; the last may still be open
	count  uint64   // records in groups
}

// groupSize is how many records are encoded in one go beside the deciding.
const groupSize = 16

type group struct {
	records  []*clearing.Record
	entries  []*ledger.Entry
	prepared []boltstore.Prepared
	err      error
	encoding sync.WaitGroup
	begun    bool
}

// last is the number of the newest record.
func (a *appender) last() uint64 { return a.writer.Next() - 1 + a.count }

// add takes the next record; neither it nor the entry may be changed afterwards.
func (a *appender) add(record *clearing.Record, entry *ledger.Entry) {
	if n := len(a.groups); n == 0 || a.groups[n-1].begun {
		a.groups = append(a.groups, new(group))
	}
	g := a.groups[len(a.groups)-1]
	g.records, g.entries = append(g.records, record), append(g.entries, entry)
	a.count++
	if len(g.records) == groupSize {
		g.begun = true
		first := a.last() + 1 - groupSize
		g.encoding.Go(func() { g.encode(first) })
	}
}

// settle puts all records into the books.
func (a *appender) settle() error {
	for _, g := range a.groups {
		if !g.begun {
			g.encode(a.writer.Next())
		}
		g.encoding.Wait()
		if g.err != nil {
			return g.err
		}
		for _, p := range g.prepared {
			if err := a.writer.AppendPrepared(p); err != nil {
				return err
			}
		}
	}
	a.groups, a.count = nil, 0
	return nil
}

// encode prepares the records from the given number on.
func (g *group) encode(number uint64) {
	for i, record := range g.records {
		payload, err := encode(record)
		if err != nil {
			g.err = err
			return
		}
		prepared, err := boltstore.Prepare(number+uint64(i), g.entries[i], payload)
		if err != nil {
			g.err = err
			return
		}
		g.prepared = append(g.prepared, prepared)
	}
}

// settled is the transaction's file with all its records in it.
func (tx *Tx) settled() (*bbolt.Tx, error) {
	if tx.appender == nil {
		return tx.raw, nil
	}
	return tx.raw, tx.appender.settle()
}
