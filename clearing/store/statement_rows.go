package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"slices"

	"clearingd/clearing"
	"clearingd/provinces"
)

var bucketRows = []byte("statementrows")

// rowsInBlock are written and read together: one short transaction of about a quarter of
// a MiB, between which claims are booked.
const rowsInBlock = 2_000

func blockKey(number uint64, block uint32) []byte {
	return binary.BigEndian.AppendUint32(numberKey(number), block)
}

// RowWriter writes the rows of a statement, block by block, each in a transaction of its
// own. They count for nothing before the statement is decided; a writer that begins again
// writes the same blocks over the old ones.
type RowWriter struct {
	store  *Store
	number uint64
	rows   []provinces.StatementRow
	sealed SealedRows
	hash   hash.Hash
}

// SealedRows says how a statement's rows are kept.
type SealedRows struct {
	Rows   int64
	Blocks uint32
	Digest [32]byte
}

// NewRowWriter begins to write the rows of the statement of that number.
func (s *Store) NewRowWriter(number uint64) *RowWriter {
	return &RowWriter{store: s, number: number, hash: sha256.New(), rows: make([]provinces.StatementRow, 0, rowsInBlock)}
}

// Add takes one row, and writes a block whenever one is full.
func (w *RowWriter) Add(row provinces.StatementRow) error {
	if w.rows = append(w.rows, row); len(w.rows) < rowsInBlock {
		return nil
	}
	return w.flush()
}

func (w *RowWriter) flush() error {
	if len(w.rows) == 0 {
		return nil
	}
	block, err := encode(w.rows)
	if err != nil {
		return err
	}
	err = w.store.Update(func(tx *Tx) error {
		return tx.raw.Bucket(bucketRows).Put(blockKey(w.number, w.sealed.Blocks), block)
	})
	if err != nil {
		return err
	}
	w.hash.Write(block)
	w.sealed.Rows += int64(len(w.rows))
	w.sealed.Blocks++
	w.rows = w.rows[:0]
	return nil
}

// Close writes what is left and says how the rows are kept.
func (w *RowWriter) Close() (SealedRows, error) {
	if err := w.flush(); err != nil {
		return SealedRows{}, err
	}
	w.hash.Sum(w.sealed.Digest[:0])
	return w.sealed, nil
}

// StatementRows visits the rows of an applied statement in the order of its file, block by
// block, each in a read transaction of its own; visit runs outside of them. What an applied
// statement has said never changes.
func (s *Store) StatementRows(ctx context.Context, number uint64, visit func(*provinces.StatementRow) error) error {
	return s.StatementRowsFrom(ctx, number, 0, visit)
}

// StatementRowsFrom is StatementRows from the row behind the first skip rows on.
func (s *Store) StatementRowsFrom(ctx context.Context, number uint64, skip int64, visit func(*provinces.StatementRow) error) error {
	skip = max(skip, 0)
	for block := uint32(skip / rowsInBlock); ctx.Err() == nil; block++ {
		var rows []provinces.StatementRow
		err := s.View(func(tx *Tx) error {
			stored := tx.raw.Bucket(bucketRows).Get(blockKey(number, block))
			if stored == nil {
				return nil
			}
			return decodeRaw(stored, &rows)
		})
		if err != nil || len(rows) == 0 {
			return err
		}
		if block == uint32(skip/rowsInBlock) {
			rows = rows[min(int(skip%rowsInBlock), len(rows)):]
		}
		for i := range rows {
			if err := visit(&rows[i]); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

// checkRows holds the rows of an applied statement against its head.
func (tx *Tx) checkRows(record *clearing.StatementRecord) error {
	hash := sha256.New()
	var rows int64
	for block := range record.Blocks {
		stored := tx.raw.Bucket(bucketRows).Get(blockKey(record.Number, block))
		if stored == nil {
			return fmt.Errorf("block %d of its rows is missing", block)
		}
		hash.Write(stored)
		var decoded []provinces.StatementRow
		if err := decodeRaw(stored, &decoded); err != nil {
			return err
		}
		rows += int64(len(decoded))
	}
	if [32]byte(hash.Sum(nil)) != record.RowsDigest && record.Blocks > 0 || rows != record.Rows {
		return fmt.Errorf("its %d rows are not those it was applied with", rows)
	}
	return nil
}

func inForceOf(record *clearing.StatementRecord, kinds map[string]bool) StatementInForce {
	in := StatementInForce{
		Number: record.Number, Party: record.Party, Statement: record.Statement, Rows: kinds[string(rowsInForce)],
	}
	for i := range record.Statement.Totals {
		if kinds[totalKind(&record.Statement, &record.Statement.Totals[i])] {
			in.Totals = append(in.Totals, i)
		}
	}
	sum := sha256.New()
	sum.Write(record.HeadDigest[:])
	sum.Write(record.RowsDigest[:])
	sum.Sum(in.Digest[:0])
	return in
}

func sortInForce(all []StatementInForce) {
	slices.SortFunc(all, func(a, b StatementInForce) int {
		return cmp.Or(cmp.Compare(a.Party.Key(), b.Party.Key()), cmp.Compare(a.Number, b.Number))
	})
}
