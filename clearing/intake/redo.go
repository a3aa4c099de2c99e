package intake

import (
	"errors"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Redo decides a quarantined message again on an operator's word: on its own business
// day while that is open, else on the open one. Its answer is handed on like those of
// messages. An order that was carried out before is answered with the record it made.
func (in *Intake) Redo(order clearing.RedoOrder, message provinces.Message) (*clearing.Record, error) {
	item := in.Decode(message)
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.publish == nil {
		return nil, ErrNotTaking
	}
	var made *clearing.Record
	used := false
	err := in.o.Store.Update(func(tx *store.Tx) error {
		day, err := redoDay(tx, order.Entry)
		if err != nil {
			return err
		}
		decision, err := redo(tx, in.desk.Load(), order, item, day)
		if before := (*clearing.UsedError)(nil); errors.As(err, &before) {
			used = true
			made, err = tx.Record(before.Record)
			return err
		}
		if err != nil {
			return err
		}
		made = &decision.Record
		return tx.Apply(decision)
	})
	if err != nil || used {
		return made, err
	}
	return made, in.publish([]provinces.Envelope{made.Envelope()})
}

func redoDay(tx *store.Tx, quarantined uint64) (ledger.Day, error) {
	record, err := tx.Record(quarantined)
	if err != nil {
		return 0, err
	}
	state, err := tx.Day(record.Day)
	if err != nil || state.Phase == store.DayOpen {
		return record.Day, err
	}
	return tx.OpenDay()
}

// redo calls the desk and turns a panic into an error: the fault may not be mended yet.
func redo(view clearing.View, desk *clearing.Desk, order clearing.RedoOrder, item Item, day ledger.Day) (d clearing.Decision, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = recovered(p)
		}
	}()
	if item.Fault != nil {
		return d, item.Fault
	}
	return desk.Redo(view, order, item.Decoded, day)
}
