package lab

import (
	"errors"

	"clearingd/clearing/benefit"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// Options of a run. Books and Draft are required.
type Options struct {
	Books *store.Store // a copy: nobody may write to it meanwhile
	Draft *benefit.Set

	From, To ledger.Day // business days, inclusive; both zero: every closed day

	// Bill, if not nil, is given every counted bill in the books' order. The line is the
	// caller's; an error ends the run.
	Bill func(Line) error
	// Progress, if not nil, is told now and then how many records are read of how many.
	Progress func(done, total uint64)
}

// Errors of a run.
var (
	// ErrNotClosed: a day of the range is not closed, so its bills are not all there.
	ErrNotClosed = errors.New("lab: a day of the range is not closed")
	// ErrNoDays: the books hold no closed day, or the range is empty.
	ErrNoDays = errors.New("lab: no closed day")
	// ErrBill: the calculator returned a bill under the draft that does not close.
	ErrBill = errors.New("lab: a bill under the draft does not close")
	// ErrTie: the bills that were read do not add up to the ledger's postings.
	ErrTie = errors.New("lab: the bills are not what the ledger says")
)
