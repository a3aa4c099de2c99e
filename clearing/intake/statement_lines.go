package intake

import (
	"context"
	"errors"
	"fmt"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger/boltstore"
	"clearingd/provinces"
)

// ResultLines gives the lines of a provider's row result behind the first skip lines: its
// own rows in the order of its file, then what the books have and it has not, in the books'
// order, until line returns false. The days of its range must be closed.
func (s *Statements) ResultLines(ctx context.Context, r *clearing.StatementRecord, skip int64, line func(provinces.StatementResultLine) (bool, error)) error {
	ours, err := s.numbersOf(ctx, r)
	if err != nil {
		return err
	}
	err = s.o.Store.StatementRowsFrom(ctx, r.Number, skip, func(row *provinces.StatementRow) error {
		result, _, err := s.compareRow(row, ours)
		if err != nil {
			return err
		}
		return give(result, line)
	})
	if err == nil {
		err = s.missingLines(ctx, r, ours, skip-r.Rows, line)
	}
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// missingLines gives the lines of what no row of the statement is about.
func (s *Statements) missingLines(ctx context.Context, r *clearing.StatementRecord, ours *ourNumbers, skip int64, line func(provinces.StatementResultLine) (bool, error)) error {
	stated := make(map[uint64]bool)
	err := s.o.Store.StatementRows(ctx, r.Number, func(row *provinces.StatementRow) error {
		_, number, err := s.compareRow(row, ours)
		stated[number] = true
		return err
	})
	for _, number := range ours.order {
		if err != nil {
			break
		}
		if stated[number] {
			continue
		}
		if skip--; skip >= 0 {
			continue
		}
		var m clearing.BillMove
		if m, err = s.move(number); err == nil {
			result := clearing.BooksLine(m)
			result.Result = provinces.StatementOursMore
			err = give(result, line)
		}
	}
	return err
}

// errEnough ends a walk from within.
var errEnough = errors.New("enough")

func give(l provinces.StatementResultLine, line func(provinces.StatementResultLine) (bool, error)) error {
	more, err := line(l)
	if err == nil && !more {
		err = errEnough
	}
	return err
}

// ourNumbers are the records of the books that a provider's rows are held against.
type ourNumbers struct {
	order []uint64
	has   map[uint64]bool
}

// numbersOf lists the records that moved bills of the provider in the range, without what
// a 2601 has undone within it and the 2601 itself, and without what takes bills back
// where the statement has none of that.
func (s *Statements) numbersOf(ctx context.Context, r *clearing.StatementRecord) (*ourNumbers, error) {
	ours := &ourNumbers{has: make(map[uint64]bool)}
	for day := max(r.Statement.From, s.o.Store.Identity().FirstDay); day <= r.Statement.To; day++ {
		if err := s.o.Store.MakeBillSums(ctx, day); err != nil {
			return nil, err
		}
		var numbers []uint64
		err := s.o.Store.View(func(tx *store.Tx) (err error) {
			numbers, err = tx.BillNumbers(day, r.Party.Provider)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, number := range numbers {
			m, err := s.move(number)
			if err != nil {
				return nil, err
			}
			switch {
			case m.Silent() && ours.has[m.Undoes.Number]:
				delete(ours.has, m.Undoes.Number)
			case m.Silent() && m.Undoes.Day >= r.Statement.From: // of what is not asked for
			case m.Record.Effect < 0 && !r.Statement.Refunds:
			default:
				ours.order, ours.has[number] = append(ours.order, number), true
			}
		}
	}
	kept := ours.order[:0]
	for _, number := range ours.order {
		if ours.has[number] {
			kept = append(kept, number)
		}
	}
	ours.order = kept
	return ours, nil
}

func (s *Statements) move(number uint64) (m clearing.BillMove, err error) {
	err = s.o.Store.View(func(tx *store.Tx) error {
		r, err := tx.Record(number)
		if err != nil {
			return err
		}
		var ok bool
		if m, ok, err = tx.BillMove(r); err == nil && !ok {
			err = fmt.Errorf("record %d moves no bill", number)
		}
		return err
	})
	return m, err
}

// compareRow finds the record that a row is about and says how they differ; number is 0 if
// there is none. A row that takes a bill back may name the bill's settlement in place of
// its own.
func (s *Statements) compareRow(row *provinces.StatementRow, ours *ourNumbers) (line provinces.StatementResultLine, number uint64, err error) {
	line = provinces.StatementResultLine{
		PersonNo: row.PersonNo, VisitID: row.VisitID, SettlementID: row.SettlementID, Refund: row.Refund,
		Result:  provinces.StatementYourMore,
		Amounts: provinces.StatementTotal{Total: row.Total, Funds: row.Funds, Account: &row.Account},
	}
	_, number, ok := clearing.ParseSettlementID(row.SettlementID)
	if ok && row.Refund {
		err := s.o.Store.View(func(tx *store.Tx) error {
			by, err := tx.Undone(number)
			if by != 0 && ours.has[by] {
				number = by
			}
			return err
		})
		if err != nil {
			return line, 0, err
		}
	}
	if !ok || !ours.has[number] {
		return line, 0, nil
	}
	m, err := s.move(number)
	if err != nil {
		return line, 0, err
	}
	if m.Record.SettlementID() != row.SettlementID && (!row.Refund || m.Bill.SettlementID() != row.SettlementID) {
		return line, 0, nil
	}
	clearing.CompareRow(&line, row, m)
	return line, number, nil
}

// ErrNoResult: the statement has no row result, or not yet.
var ErrNoResult = errors.New("intake: the statement has no row result")

// ResultPage gives a part of a row result, whole lines of about the given size from the
// line behind the first skip lines on, and how many lines that are.
func (s *Statements) ResultPage(ctx context.Context, party provinces.Party, id string, skip int64, bytes int) (page []byte, lines int64, r clearing.StatementRecord, err error) {
	err = s.o.Store.View(func(tx *store.Tx) (err error) {
		known := false
		if r, known, err = tx.Statement(party, id); err == nil && !known {
			err = boltstore.ErrNoRecord
		}
		if r.Outcome == provinces.StatementRepeated {
			r, _, err = tx.Statement(party, r.Original)
		}
		return err
	})
	if err != nil {
		return nil, 0, r, err
	}
	if r.Outcome != provinces.StatementApplied || r.Answer == nil || r.Statement.File == nil || party.Kind != provinces.PartyProvider {
		return nil, 0, r, ErrNoResult
	}
	desk := s.o.Desk()
	err = s.ResultLines(ctx, &r, skip, func(l provinces.StatementResultLine) (bool, error) {
		next := desk.Statements.ResultLine(nil, l)
		if len(page) > 0 && len(page)+len(next) > bytes {
			return false, nil
		}
		page, lines = append(page, next...), lines+1
		return true, nil
	})
	return page, lines, r, err
}
