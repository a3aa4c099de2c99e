package benefit

import (
	"errors"

	"clearingd/ledger"
)

// Set is an immutable set of plans. It is safe for concurrent use.
type Set struct{}

// Hash identifies the set: SHA-256 over the sorted hashes of its plans.
func (s *Set) Hash() [32]byte { panic("skeleton") }

// Prepared is a case for which the plan, its version and the benefit years are known.
type Prepared struct {
	Years []int // benefit years whose accumulators Adjudicate needs, ascending; one, or two for a stay split at New Year
}

// Prepare finds the plan and version for the case. The error is a
// *provinces.RejectError with a 4xxx code.
func (s *Set) Prepare(c Case) (*Prepared, error) { return nil, errors.ErrUnsupported }

// Adjudicate computes the bill. before holds the accumulators of p.Years, in that
// order. The error is a *provinces.RejectError with a 4xxx code.
func (p *Prepared) Adjudicate(before []Accumulators) (Adjudication, error) {
	return Adjudication{}, errors.ErrUnsupported
}

// PlanBytes returns the file of the plan with that hash.
func (s *Set) PlanBytes(hash [32]byte) ([]byte, bool) { return nil, false }

var _ ledger.Amount
