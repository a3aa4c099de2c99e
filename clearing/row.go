package clearing

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"clearingd/ledger"
	"clearingd/provinces"
)

// A row is what a month's clearing counts: a booked bill, or what takes one back or lets
// it stand again. Each has a number of its own, a day of its own and an entry of its own,
// and each is confirmed by itself (contract: cancels count on their own day). What officers
// do to a row moves its money between stages; what stands of it is always its entry,
// with the adjustments of its bill, and those moves.

// RowState is what officers have done to a row. It is folded from the records of their
// acts; the zero state is a row that nobody has touched.
//
// The numbers in the tags here and below are the stored form: append-only, never reused.
type RowState struct {
	Version uint64 `cbor:"1,keyasint"` // the newest act on it, proposals among them
	Before  uint64 `cbor:"2,keyasint,omitempty"`

	Moves   []StageAmount `cbor:"3,keyasint,omitempty"` // sum of what acts moved: by stage and fund, without zeros
	Batches []RowBatch    `cbor:"4,keyasint,omitempty"` // the confirmations in force, oldest first; none: it is not confirmed
	Left    Period        `cbor:"5,keyasint,omitempty"` // the period that it was left out of last

	Accepted []provinces.FundAmount `cbor:"7,keyasint,omitempty"` // differences that officers accepted, by fund
	Taken    []provinces.FundAmount `cbor:"8,keyasint,omitempty"` // taken back after it was confirmed, by fund
}

// RowBatch is one confirmation of a row. A row can have several: what comes to stand of it
// after it was confirmed is confirmed in a later period.
type RowBatch struct {
	Act    uint64 `cbor:"1,keyasint" json:"act"` // the books' number of the confirmation
	Period Period `cbor:"2,keyasint" json:"period"`
}

// Confirmed reports whether a confirmation of the row is in force.
func (s RowState) Confirmed() bool { return len(s.Batches) > 0 }

// In is the newest confirmation in force; the zero value if the row is not confirmed.
func (s RowState) In() RowBatch {
	if !s.Confirmed() {
		return RowBatch{}
	}
	return s.Batches[len(s.Batches)-1]
}

// StageAmount is an amount of one fund at one stage.
type StageAmount struct {
	Stage  ledger.Stage  `cbor:"1,keyasint" json:"stage"`
	Fund   ledger.Fund   `cbor:"2,keyasint" json:"fund"`
	Amount ledger.Amount `cbor:"3,keyasint" json:"amount"`
}

// Move is money of a row going from one stage to another. From 0 brings it into the
// books, To 0 takes it out: on both sides, for the books pass on what they receive.
type Move struct {
	Row    uint64        `cbor:"1,keyasint"`
	Fund   ledger.Fund   `cbor:"2,keyasint"`
	From   ledger.Stage  `cbor:"3,keyasint,omitempty"`
	To     ledger.Stage  `cbor:"4,keyasint,omitempty"`
	Amount ledger.Amount `cbor:"5,keyasint"` // negative where the row's own amounts are
}

// RowChange sets the state of a row.
type RowChange struct {
	Row   uint64   `cbor:"1,keyasint"`
	State RowState `cbor:"2,keyasint"`
}

// ErrRow: a record is no row of the month: it neither books a bill nor undoes one.
var ErrRow = errors.New("clearing: the record is no bill and takes none back")

// RowView is what is read of the books about a row.
type RowView interface {
	History
	// Row returns what officers did to a row; the zero state if nothing.
	Row(number uint64) (RowState, error)
}

// BillOf is the booked bill that a row is about, and the sign of its amounts.
func BillOf(books interface {
	Record(uint64) (*Record, error)
}, r *Record) (bill *Record, sign ledger.Amount, err error) {
	sign = ledger.Amount(r.Effect)
	for bill = r; bill.Bill == nil; {
		if bill.Effect == 0 || bill.Original == 0 || bill.Original >= bill.Number {
			return nil, 0, fmt.Errorf("%w: record %d", ErrRow, r.Number)
		}
		if bill, err = books.Record(bill.Original); err != nil {
			return nil, 0, err
		}
	}
	if sign == 0 {
		return nil, 0, fmt.Errorf("%w: record %d", ErrRow, r.Number)
	}
	return bill, sign, nil
}

// Figures are a row's amounts as its message was answered: what the hospital knows.
type Figures struct {
	Total ledger.Amount          // medfee_sumamt
	Pays  ledger.Amount          // everything the insurance pays: the funds and the personal account
	Funds []provinces.FundAmount // the parts of Pays
}

// FiguresOf are the figures of a row of a bill.
func FiguresOf(bill *Record, sign ledger.Amount) Figures {
	f := Figures{Total: sign * bill.Bill.Claim.Total}
	for _, share := range billShares(bill.Bill) {
		f.Funds = append(f.Funds, provinces.FundAmount{Fund: share.Fund, Amount: sign * share.Amount})
		f.Pays += sign * share.Amount
	}
	return f
}

// Standing is what stands of a row in the books, by stage and fund, in that order and
// without zeros: its entry, its bill's adjustments and the acts on it.
func Standing(books RowView, r *Record) ([]StageAmount, error) {
	bill, sign, err := BillOf(books, r)
	if err != nil {
		return nil, err
	}
	state, err := books.Row(r.Number)
	if err != nil {
		return nil, err
	}
	funds := FiguresOf(bill, sign).Funds
	if r.Bill != nil {
		if funds, err = sharesInForce(books, r); err != nil {
			return nil, err
		}
	}
	sum := slices.Clone(state.Moves)
	for _, f := range funds {
		sum = append(sum, StageAmount{ledger.Accrued, f.Fund, f.Amount})
	}
	return foldStages(sum), nil
}

// sharesInForce are a bill's shares as answered, or as the newest adjustment has them.
func sharesInForce(books History, r *Record) ([]provinces.FundAmount, error) {
	for _, key := range r.YearKeys() {
		year, err := books.Year(key)
		if err != nil {
			return nil, err
		}
		if year.Refold == nil {
			continue
		}
		for _, s := range slices.Concat(year.Refold.Bills, year.Refold.Undone) {
			if s.Number != r.Number || s.Adjusted == 0 {
				continue
			}
			line, err := adjustedLine(books, s)
			if err != nil {
				return nil, err
			}
			adjusted := *r.Bill
			adjusted.Benefit = line.Benefit
			return billShares(&adjusted), nil
		}
	}
	return billShares(r.Bill), nil
}

// foldStages adds up by stage and fund, drops zeros and sorts.
func foldStages(list []StageAmount) []StageAmount {
	slices.SortStableFunc(list, func(a, b StageAmount) int {
		return cmp.Or(cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Fund, b.Fund))
	})
	folded := make([]StageAmount, 0, len(list))
	for _, a := range list {
		if n := len(folded); n > 0 && folded[n-1].Stage == a.Stage && folded[n-1].Fund == a.Fund {
			folded[n-1].Amount += a.Amount
			continue
		}
		folded = append(folded, a)
	}
	folded = slices.DeleteFunc(folded, func(a StageAmount) bool { return a.Amount == 0 })
	if len(folded) == 0 {
		return nil
	}
	return folded
}

// foldFunds adds more to a list by fund.
func foldFunds(list, more []provinces.FundAmount) []provinces.FundAmount {
	sums := map[ledger.Fund]ledger.Amount{}
	for _, f := range slices.Concat(list, more) {
		sums[f.Fund] += f.Amount
	}
	return fundList(sums)
}

// fundList is a map of amounts as a list in the order of the funds, without zeros.
func fundList(sums map[ledger.Fund]ledger.Amount) (list []provinces.FundAmount) {
	for fund, amount := range sums {
		if amount != 0 {
			list = append(list, provinces.FundAmount{Fund: fund, Amount: amount})
		}
	}
	slices.SortFunc(list, func(a, b provinces.FundAmount) int { return cmp.Compare(a.Fund, b.Fund) })
	return list
}

// atStage is what of a standing lies at one stage, by fund.
func atStage(standing []StageAmount, stage ledger.Stage) map[ledger.Fund]ledger.Amount {
	funds := map[ledger.Fund]ledger.Amount{}
	for _, a := range standing {
		if a.Stage == stage {
			funds[a.Fund] += a.Amount
		}
	}
	return funds
}

// moveEntry is the entry of an act's moves; nil if none of them moves money. Postings of
// one account are added up, in the order in which the accounts are first met.
func moveEntry(books interface {
	Record(uint64) (*Record, error)
}, number uint64, day ledger.Day, moves []Move) (*ledger.Entry, error) {
	entry := &ledger.Entry{Number: number, Day: day}
	place := map[ledger.Account]int{}
	post := func(postings []ledger.Posting) error {
		for _, p := range postings {
			i, met := place[p.Account]
			if !met {
				i = len(entry.Postings)
				place[p.Account] = i
				entry.Postings = append(entry.Postings, ledger.Posting{Account: p.Account})
			}
			sum, err := entry.Postings[i].Amount.Add(p.Amount)
			if err != nil {
				return err
			}
			entry.Postings[i].Amount = sum
		}
		return nil
	}
	for _, m := range moves {
		row, err := books.Record(m.Row)
		if err != nil {
			return nil, err
		}
		bill, _, err := BillOf(books, row)
		if err != nil {
			return nil, err
		}
		if m.From != 0 {
			if err := post(obligationAt(bill, m.Fund, m.From, -m.Amount)); err != nil {
				return nil, err
			}
		}
		if m.To != 0 {
			if err := post(obligationAt(bill, m.Fund, m.To, m.Amount)); err != nil {
				return nil, err
			}
		}
	}
	entry.Postings = slices.DeleteFunc(entry.Postings, func(p ledger.Posting) bool { return p.Amount == 0 })
	if len(entry.Postings) == 0 {
		return nil, nil
	}
	return entry, nil
}

// obligationAt is obligationOf at any stage.
func obligationAt(bill *Record, fund ledger.Fund, stage ledger.Stage, amount ledger.Amount) []ledger.Posting {
	postings := obligationOf(bill, fund, amount)
	for i := range postings {
		postings[i].Account.Stage = stage
	}
	return postings
}

// moved is a row's state after moves.
func (s RowState) moved(moves []Move) RowState {
	sum := slices.Clone(s.Moves)
	for _, m := range moves {
		if m.From != 0 {
			sum = append(sum, StageAmount{m.From, m.Fund, -m.Amount})
		}
		if m.To != 0 {
			sum = append(sum, StageAmount{m.To, m.Fund, m.Amount})
		}
	}
	s.Moves = foldStages(sum)
	return s
}
