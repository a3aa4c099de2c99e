package store

import (
	"context"

	"clearingd/clearing"
	"clearingd/ledger"
)

// verifyChunk is how many records one read transaction visits.
const verifyChunk = 2000

// Verify recomputes the booked bills and the adjustments among the records from..to, in
// order, and tells found of each. to 0 means up to the newest. It reads in short transactions.
func (s *Store) Verify(ctx context.Context, v *clearing.Verifier, from, to uint64, found func(*clearing.Record, clearing.Verified) error) error {
	var last uint64
	if err := s.View(func(tx *Tx) error { last = tx.Last(); return nil }); err != nil {
		return err
	}
	if to == 0 || to > last {
		to = last
	}
	for next := max(from, 1); next <= to; next += verifyChunk {
		if err := ctx.Err(); err != nil {
			return err
		}
		err := s.View(func(tx *Tx) error {
			return tx.Scan(next, min(next+verifyChunk-1, to), func(r *clearing.Record, entry ledger.Entry) error {
				verified, ok := v.VerifyRecord(tx, r, entry)
				if !ok {
					return nil
				}
				return found(r, verified)
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
