package reconcile

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"clearingd/ledger"
)

// ErrTie: matched, expected and broken bills do not add up to what the ledger says was
// accrued. It is a fault of ours, never of a side; the sums are printed.
var ErrTie = errors.New("reconcile: the bills do not add up to the ledger")

// Pair is who owes whom.
type Pair struct {
	Home      ledger.Area
	Treatment ledger.Area
}

// PairLedger is what the entries of a day's bills moved into a pair's receivables.
type PairLedger struct {
	Pair
	Owed ledger.Amount
}

// DayBuilder adds up the results of one day's match.
type DayBuilder struct {
	// Ended reports whether the break of a key is resolved or decided, so that it does not
	// keep the day from being final; nil: none is.
	Ended func(key string) bool

	day, evening ledger.Day
	pairs        map[Pair]*PairResult
	rows         map[Class]*ClassSum
	waits, open  bool
}

// NewDayBuilder starts the sums of a business day as of an evening.
func NewDayBuilder(day, evening ledger.Day) *DayBuilder {
	return &DayBuilder{day: day, evening: evening, pairs: map[Pair]*PairResult{}, rows: map[Class]*ClassSum{}}
}

// Add takes a result. The error is ledger.ErrOverflow.
func (b *DayBuilder) Add(r *Result) error {
	if r.Standing == Broken && (b.Ended == nil || !b.Ended(r.Key())) {
		b.open = true
	}
	if r.Books == nil {
		row := r.Primary()
		sum, ok := b.rows[row.Class]
		if !ok {
			sum = &ClassSum{Class: row.Class}
			b.rows[row.Class] = sum
		}
		return sum.add(0, r.difference(row.Side))
	}
	pair := b.pair(Pair{r.Books.Home, r.Books.Treatment})
	owed := r.Books.Amounts.Owed()
	switch r.Standing {
	case Matched:
		return pair.Matched.add(owed)
	case Expected:
		b.waits = true
		return pair.Expected.add(owed)
	}
	if slices.Contains(r.States[:], Awaited) {
		b.waits = true
	}
	primary := r.Primary()
	i := slices.IndexFunc(pair.Classes, func(c ClassSum) bool { return c.Class == primary.Class })
	if i < 0 {
		i = len(pair.Classes)
		pair.Classes = append(pair.Classes, ClassSum{Class: primary.Class})
	}
	return errors.Join(pair.Broken.add(owed), pair.Classes[i].add(owed, r.difference(primary.Side)))
}

// difference is what a side says is owed less what the books do, over all its findings.
func (r *Result) difference(s Side) (owed ledger.Amount) {
	for _, f := range r.Findings {
		if f.Side == s {
			owed += f.Owed
		}
	}
	return owed
}

// Primary is the finding that gives a broken result its class: the first that is about
// money, or else the first.
func (r *Result) Primary() *Finding { return primary(r.Findings) }

func primary(findings []Finding) *Finding {
	for i := range findings {
		if findings[i].Owed != 0 {
			return &findings[i]
		}
	}
	if len(findings) == 0 {
		return &Finding{}
	}
	return &findings[0]
}

func (b *DayBuilder) pair(p Pair) *PairResult {
	sums, ok := b.pairs[p]
	if !ok {
		sums = &PairResult{Home: p.Home, Treatment: p.Treatment}
		b.pairs[p] = sums
	}
	return sums
}

func (s *Sum) add(owed ledger.Amount) (err error) {
	s.Count++
	s.Owed, err = s.Owed.Add(owed)
	return err
}

func (c *ClassSum) add(books, difference ledger.Amount) (err error) {
	c.Count++
	if c.Books, err = c.Books.Add(books); err != nil {
		return err
	}
	if difference > 0 {
		c.More, err = c.More.Add(difference)
	} else {
		c.Less, err = c.Less.Add(-difference)
	}
	return err
}

// Result closes the sums and ties every pair to the ledger. accrued lists each pair at
// most once; a pair that it lacks has accrued nothing. The error is [ErrTie], with
// every pair that does not add up.
func (b *DayBuilder) Result(accrued []PairLedger, inputs [32]byte) (DayResult, error) {
	for _, a := range accrued {
		b.pair(a.Pair).Ledger = a.Owed
	}
	day := DayResult{Day: b.day, Evening: b.evening, Inputs: inputs, Final: !b.waits && !b.open}
	var faults []error
	for _, p := range b.pairs {
		slices.SortFunc(p.Classes, byClass)
		day.Pairs = append(day.Pairs, *p)
	}
	slices.SortFunc(day.Pairs, func(x, y PairResult) int {
		return cmp.Or(cmp.Compare(x.Home, y.Home), cmp.Compare(x.Treatment, y.Treatment))
	})
	for _, p := range day.Pairs {
		if sum, err := ledger.Sum(p.Matched.Owed, p.Expected.Owed, p.Broken.Owed); err != nil || sum != p.Ledger {
			faults = append(faults, fmt.Errorf("%w: %s, home %s, treatment %s: matched %s + expected %s + broken %s, ledger %s",
				ErrTie, b.day, p.Home, p.Treatment, p.Matched.Owed, p.Expected.Owed, p.Broken.Owed, p.Ledger))
		}
	}
	for _, c := range b.rows {
		day.Rows = append(day.Rows, *c)
	}
	slices.SortFunc(day.Rows, byClass)
	return day, errors.Join(faults...)
}

func byClass(a, b ClassSum) int {
	return cmp.Compare(slices.Index(Classes, a.Class), slices.Index(Classes, b.Class))
}
