package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
)

// ErrNoPlan: the books do not hold a plan with that hash.
var ErrNoPlan = errors.New("store: no such plan in the books")

// KeepPlans stores a plan set by hash: every plan's bytes and the list of its plans.
// Storing the same set again changes nothing.
func (tx *Tx) KeepPlans(set [32]byte, plans [][]byte) error {
	sets, files := tx.raw.Bucket(bucketPlanSets), tx.raw.Bucket(bucketPlans)
	if sets.Get(set[:]) != nil {
		return nil
	}
	hashes := make([][]byte, 0, len(plans))
	for _, plan := range plans {
		hash := sha256.Sum256(plan)
		hashes = append(hashes, hash[:])
		if files.Get(hash[:]) == nil {
			if err := files.Put(hash[:], plan); err != nil {
				return fmt.Errorf("keep plan: %w", err)
			}
		}
	}
	slices.SortFunc(hashes, slices.Compare[[]byte])
	return putBytes(sets, set[:], slices.Concat(hashes...))
}

// Plan returns a plan file by its hash.
func (tx *Tx) Plan(hash [32]byte) ([]byte, error) {
	plan := tx.raw.Bucket(bucketPlans).Get(hash[:])
	if plan == nil {
		return nil, fmt.Errorf("%w: %x", ErrNoPlan, hash)
	}
	return slices.Clone(plan), nil
}

// PlanSet returns the hashes of a set's plans.
func (tx *Tx) PlanSet(set [32]byte) ([][32]byte, error) {
	list, err := getBytes(tx.raw.Bucket(bucketPlanSets), set[:])
	if err != nil {
		return nil, err
	}
	if len(list)%32 != 0 || list == nil {
		return nil, fmt.Errorf("%w: set %x", ErrNoPlan, set)
	}
	hashes := make([][32]byte, 0, len(list)/32)
	for part := range slices.Chunk(list, 32) {
		hashes = append(hashes, [32]byte(part))
	}
	return hashes, nil
}

// Plans visits the hash of every plan that any plan set of the books has, in order.
func (tx *Tx) Plans(visit func(hash [32]byte) error) error {
	return tx.raw.Bucket(bucketPlans).ForEach(func(hash, _ []byte) error {
		if len(hash) != 32 {
			return fmt.Errorf("%w: a plan's hash", ErrEncoding)
		}
		return visit([32]byte(hash))
	})
}
