package clearing

import (
	"errors"
	"fmt"
	"reflect"

	"clearingd/ledger"
)

// ErrAct: the record of an act is not what its order and its entry make it.
var ErrAct = errors.New("clearing: an act is not what its order says")

// CheckAct holds an act's record against its order, its entry and the acts before it: two
// persons stand behind what needs two, the entry is what its moves make, and every row and
// case goes on from where the act before left it.
func CheckAct(books RowView, r *Record, entry ledger.Entry) error {
	order, err := ReadActAnswer(r.Answer)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAct, err)
	}
	if err := r.Act.matches(r, order); err != nil {
		return err
	}
	want, err := moveEntry(books, r.Number, r.Day, r.Act.Moves)
	if err != nil {
		return err
	}
	if err := sameEntry(want, entry); err != nil {
		return err
	}
	for i := range r.Act.Rows {
		if err := r.Act.checkRow(books, r.Number, &r.Act.Rows[i]); err != nil {
			return err
		}
	}
	for i := range r.Act.Cases {
		if err := checkCase(books, r.Number, &r.Act.Cases[i]); err != nil {
			return err
		}
	}
	return nil
}

// matches holds what is kept of an act against the order in its answer.
func (a *Act) matches(r *Record, order ActOrder) error {
	digest, err := order.digest()
	if err != nil {
		return err
	}
	refusal := order.check()
	switch {
	case refusal != nil:
		return fmt.Errorf("%w: %w", ErrAct, refusal)
	case digest != r.Digest, r.Subject != "decisions."+actKey(order.Province, order.Object), r.Received != order.At.UnixNano():
		return fmt.Errorf("%w: its digest, its place or its time", ErrAct)
	case a.Kind != order.Kind, a.Step != order.Step, a.Province != order.Province, a.Target != order.Target, a.Reason != order.Reason:
		return fmt.Errorf("%w: it is a %s %s", ErrAct, a.Kind, a.Step)
	case order.Step != StepApprove && a.Maker != order.Maker, order.Step == StepApprove && a.Checker != order.Checker:
		return fmt.Errorf("%w: another person's", ErrAct)
	case order.Kind.Checked() && (a.Step == StepDo || a.Step == StepApprove) && SamePerson(a.Maker, a.Checker):
		return ErrFourEyes
	case len(a.Moves) > 0 && a.Step != StepDo && a.Step != StepApprove:
		return fmt.Errorf("%w: a proposal moves money", ErrAct)
	}
	return nil
}

// checkRow folds a row's state from what the act before left and this act's moves.
func (a *Act) checkRow(books RowView, number uint64, change *RowChange) error {
	before, err := rowBefore(books, change.Row, change.State.Before)
	if err != nil {
		return err
	}
	var mine []Move
	for _, m := range a.Moves {
		if m.Row == change.Row {
			mine = append(mine, m)
		}
	}
	if change.State.Version != number || change.State.Before >= number ||
		!reflect.DeepEqual(before.moved(mine).Moves, change.State.Moves) {
		return fmt.Errorf("%w: row %d is not what the act before left of it, and this act's moves", ErrAct, change.Row)
	}
	return nil
}

func rowBefore(books RowView, row, act uint64) (RowState, error) {
	if act == 0 {
		return RowState{}, nil
	}
	record, err := books.Record(act)
	if err != nil {
		return RowState{}, err
	}
	if state := record.Act.Row(row); state != nil {
		return *state, nil
	}
	return RowState{}, fmt.Errorf("%w: record %d is said to have left row %d", ErrAct, act, row)
}

func checkCase(books RowView, number uint64, c *Case) error {
	steps := len(c.Steps)
	if c.Version != number || c.Before >= number || steps == 0 || c.Steps[steps-1].Act != number {
		return fmt.Errorf("%w: case %s", ErrAct, c.Key())
	}
	if c.Before == 0 {
		return nil
	}
	record, err := books.Record(c.Before)
	if err != nil {
		return err
	}
	before := record.Act.Case(c.Key())
	if before == nil || !reflect.DeepEqual(before.Steps, c.Steps[:steps-1]) {
		return fmt.Errorf("%w: case %s does not go on from record %d", ErrAct, c.Key(), c.Before)
	}
	return nil
}

// Row is the state in which the act left a row; nil if it did nothing to it.
func (a *Act) Row(number uint64) *RowState {
	if a == nil {
		return nil
	}
	for i := range a.Rows {
		if a.Rows[i].Row == number {
			return &a.Rows[i].State
		}
	}
	return nil
}

// Case is the state in which the act left a case; nil if it did nothing to it.
func (a *Act) Case(key CaseKey) *Case {
	if a == nil {
		return nil
	}
	for i := range a.Cases {
		if a.Cases[i].Key() == key {
			return &a.Cases[i]
		}
	}
	return nil
}
