package ledger

import (
	"errors"
	"fmt"
)

// Posting moves an amount into an account: positive debits it, negative credits it.
type Posting struct {
	Account Account
	Amount  Amount
}

// Entry is one booking. Its postings sum to zero. Entries are append-only: a mistake
// is undone by a later entry whose Corrects names the first.
type Entry struct {
	Number   uint64 // the books' number, from 1, without gaps over all records of the books
	Day      Day    // the business day it counts on
	Corrects uint64 // number of the entry it undoes; 0: none
	Postings []Posting
}

// Rules an entry can break.
var (
	ErrEmpty      = errors.New("ledger: entry without postings")
	ErrZero       = errors.New("ledger: posting of zero")
	ErrUnbalanced = errors.New("ledger: postings do not sum to zero")
	ErrNumber     = errors.New("ledger: entry corrects itself or a later one")
)

// Check reports the first rule the entry breaks: it has postings, each on a well
// formed account and not zero, they sum to zero, and it corrects only the past.
func (e Entry) Check() error {
	if len(e.Postings) == 0 {
		return fmt.Errorf("entry %d: %w", e.Number, ErrEmpty)
	}
	if e.Corrects != 0 && e.Corrects >= e.Number {
		return fmt.Errorf("entry %d corrects %d: %w", e.Number, e.Corrects, ErrNumber)
	}
	var sum Amount
	for _, p := range e.Postings {
		if err := p.Account.Check(); err != nil {
			return fmt.Errorf("entry %d: %w", e.Number, err)
		}
		if p.Amount == 0 {
			return fmt.Errorf("entry %d: %s: %w", e.Number, p.Account, ErrZero)
		}
		var err error
		if sum, err = sum.Add(p.Amount); err != nil {
			return fmt.Errorf("entry %d: %w", e.Number, err)
		}
	}
	if sum != 0 {
		return fmt.Errorf("entry %d: off by %s: %w", e.Number, sum, ErrUnbalanced)
	}
	return nil
}

// Reverse is the entry that undoes e on another day: the same accounts, the signs
// turned, e named. It shares no memory with e.
func (e Entry) Reverse(number uint64, day Day) Entry {
	postings := make([]Posting, len(e.Postings))
	for i, p := range e.Postings {
		postings[i] = Posting{Account: p.Account, Amount: -p.Amount}
	}
	return Entry{Number: number, Day: day, Corrects: e.Number, Postings: postings}
}

// Balance is the running state of one account: totals never shrink, so nothing that
// happened can hide behind a net of zero.
type Balance struct {
	Debits  Amount // sum of positive postings
	Credits Amount // sum of negative postings, as a positive amount
	Count   uint64 // number of postings
}

// Net is debits minus credits.
func (b Balance) Net() Amount { return b.Debits - b.Credits }

// Post adds a posting's amount, or returns ErrOverflow with the balance unchanged.
func (b *Balance) Post(a Amount) error {
	next := *b
	var err error
	if a >= 0 {
		next.Debits, err = b.Debits.Add(a)
	} else {
		next.Credits, err = b.Credits.Add(-a)
	}
	if err != nil {
		return err
	}
	next.Count++
	*b = next
	return nil
}
