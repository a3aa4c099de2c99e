package intake

import (
	"context"
	"crypto/sha256"
	"fmt"
	"hash"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// answersInPortion are made and published together.
const answersInPortion = 200

// Answer makes the answers that can be made now and hands them to publish: refusals at
// once, results when all days of the statement's range are closed. publish must return when they are
// on the broker; an answer whose subject is taken counts as published. It returns how
// many it has published.
func (s *Statements) Answer(ctx context.Context, publish func(context.Context, []provinces.Envelope) error) (count int, err error) {
	closed, err := s.closedThrough()
	if err != nil {
		return 0, err
	}
	if closed >= s.o.Store.Identity().FirstDay {
		if err := s.o.Store.MakeBillSums(ctx, closed); err != nil { // so that nobody waits for them who asks
			return 0, err
		}
	}
	for from := uint64(0); ctx.Err() == nil; {
		var due []clearing.StatementRecord
		err := s.o.Store.View(func(tx *store.Tx) error {
			return tx.StatementsDue(from, closed, func(r *clearing.StatementRecord) bool {
				due = append(due, *r)
				return len(due) < answersInPortion
			})
		})
		if err != nil || len(due) == 0 {
			return count, err
		}
		from = due[len(due)-1].Number + 1
		published, err := s.answerPortion(ctx, due, publish)
		count += published
		if err != nil {
			return count, err
		}
	}
	return count, ctx.Err()
}

func (s *Statements) answerPortion(ctx context.Context, due []clearing.StatementRecord, publish func(context.Context, []provinces.Envelope) error) (int, error) {
	var ready []clearing.StatementRecord
	var answers []provinces.Envelope
	for i := range due {
		r := &due[i]
		if r.Answer == nil && !s.failed[r.Number] {
			if err := s.settleAnswer(ctx, r); err != nil {
				return 0, err
			}
		}
		if r.Answer != nil {
			ready, answers = append(ready, *r), append(answers, r.Answered())
		}
	}
	if len(ready) == 0 {
		return 0, nil
	}
	if err := publish(ctx, answers); err != nil {
		return 0, err
	}
	return len(ready), s.o.Store.Update(func(tx *store.Tx) error {
		for i := range ready {
			if err := tx.StatementPublished(ready[i].Number); err != nil {
				return err
			}
		}
		return nil
	})
}

// settleAnswer makes and stores the answer of a statement whose days are closed. A copy
// gets its first one's, which may have to wait for it.
func (s *Statements) settleAnswer(ctx context.Context, r *clearing.StatementRecord) error {
	answer, err := s.makeAnswer(ctx, r)
	if err != nil && ctx.Err() == nil {
		// Our own fault with one statement must not stop what else there is to do: it is told,
		// and tried again at the next start.
		s.failed[r.Number] = true
		s.o.Observe(StatementEvent{Fault: fmt.Errorf("answer of statement %s/%d: %w", store.StatementsStream, r.Number, err)})
		return nil
	}
	if err != nil || answer == nil {
		return err
	}
	r.Answer = answer
	return s.o.Store.Update(func(tx *store.Tx) error { return tx.AnswerStatement(r.Number, r.Answer) })
}

// makeAnswer makes the answer of a statement; nil if it has to wait. A panic is an error.
func (s *Statements) makeAnswer(ctx context.Context, r *clearing.StatementRecord) (answer []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = recovered(p)
		}
	}()
	if r.Outcome == provinces.StatementRepeated {
		err = s.o.Store.View(func(tx *store.Tx) error {
			first, _, err := tx.Statement(r.Party, r.Original)
			answer = first.Answer
			return err
		})
		return answer, err
	}
	result, err := s.Compare(ctx, r)
	if err != nil {
		return nil, err
	}
	return s.o.Desk().Statements.Result(result)
}

// closedThrough is the last day up to which every day is closed, or lies before the books.
func (s *Statements) closedThrough() (closed ledger.Day, err error) {
	closed = s.o.Store.Identity().FirstDay - 1
	err = s.o.Store.View(func(tx *store.Tx) error {
		return tx.Days(func(day ledger.Day, state store.DayState) bool {
			if state.Phase == store.DayClosed {
				closed = max(closed, day)
			}
			return state.Phase != store.DayClosed
		})
	})
	return closed, err
}

// Compare holds an applied statement against the books. The days of its range must be
// closed; then it comes to the same at any time.
func (s *Statements) Compare(ctx context.Context, r *clearing.StatementRecord) (provinces.StatementResult, error) {
	result := r.Result()
	days, err := s.daysOf(ctx, r.Party, r.Statement.From, r.Statement.To)
	if err != nil {
		return result, err
	}
	result.Totals = days.Compare(&r.Statement)
	if r.Party.Kind == provinces.PartyProvider && r.Statement.File != nil {
		result.Rows = &provinces.StatementRowResult{Counts: make(map[string]int64)}
		sum := &resultSum{result: result.Rows, hash: sha256.New(), desk: s.o.Desk()}
		if err := s.ResultLines(ctx, r, 0, sum.line); err != nil {
			return result, err
		}
		sum.hash.Sum(result.Rows.SHA256[:0])
	}
	return result, nil
}

// resultSum counts the lines of a row result without keeping them.
type resultSum struct {
	result *provinces.StatementRowResult
	hash   hash.Hash
	desk   *clearing.Desk
	buffer []byte
}

func (s *resultSum) line(l provinces.StatementResultLine) (bool, error) {
	s.buffer = s.desk.Statements.ResultLine(s.buffer[:0], l)
	s.hash.Write(s.buffer)
	s.result.Bytes += int64(len(s.buffer))
	s.result.Counts[l.Result]++
	return true, nil
}

// daysOf are the books' sums of a party on the days of a range that the books know.
func (s *Statements) daysOf(ctx context.Context, party provinces.Party, from, to ledger.Day) (clearing.DaysOf, error) {
	days := make(clearing.DaysOf)
	for day := max(from, s.o.Store.Identity().FirstDay); day <= to; day++ {
		if err := s.o.Store.MakeBillSums(ctx, day); err != nil {
			return nil, err
		}
		err := s.o.Store.View(func(tx *store.Tx) (err error) {
			days[day], err = tx.BillSums(day, party)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return days, nil
}
