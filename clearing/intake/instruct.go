package intake

import (
	"errors"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// ErrNotTaking: decisions are taken while messages are; no Run is at work.
var ErrNotTaking = errors.New("intake: no messages are taken now, and so no decisions")

func (in *Intake) takesDecisions(publish func([]provinces.Envelope) error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.publish = publish
}

// Instruct books what officers order on the open business day, between two transactions
// of messages, and hands its answer on like theirs: in the order of the books, after it is
// on disk. An order that was carried out before is answered with the record it made.
// It refuses with the errors of clearing.Desk.Instruct.
func (in *Intake) Instruct(order clearing.Instruction) (*clearing.Record, error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.publish == nil {
		return nil, ErrNotTaking
	}
	var booked *clearing.Record
	used := false
	err := in.o.Store.Update(func(tx *store.Tx) error {
		day, err := tx.OpenDay()
		if err != nil {
			return err
		}
		decision, err := instruct(tx, in.desk.Load().Instruct, order, day)
		if before := (*clearing.UsedError)(nil); errors.As(err, &before) {
			used = true
			booked, err = tx.Record(before.Record)
			return err
		}
		if err != nil {
			return err
		}
		booked = &decision.Record
		return tx.Apply(decision)
	})
	if err != nil || used {
		return booked, err
	}
	return booked, in.publish([]provinces.Envelope{booked.Envelope()})
}

// instruct calls the desk and turns a panic into an error.
func instruct(view clearing.ActView, decide func(clearing.ActView, clearing.Instruction, ledger.Day) (clearing.Decision, error),
	order clearing.Instruction, day ledger.Day) (d clearing.Decision, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = recovered(p)
		}
	}()
	return decide(view, order, day)
}
