package intake

import (
	"bytes"
	"errors"
	"fmt"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// Answered is a message whose answer is known from outside the books, because the
// books are older than the answer: they were restored from a copy.
type Answered struct {
	Item
	Number uint64     // the books' number on the answer
	Place  uint64     // of the answer on its stream, for people to look it up
	Day    ledger.Day // the business day on the answer
	Answer []byte     // its exact body

	// Register is the last message of the REGISTRY stream that was known when it was
	// decided, 0 if the answer does not tell. The caller takes the register so far first.
	Register uint64

	Order clearing.Instruction // set for an order of officers, which no message stands behind
	Redo  *clearing.RedoOrder  // set for a quarantined message that was decided again
}

// ErrDiverged: a message came to another answer than the one that was published. The
// plans or the program are not those of that time, or somebody else has published it;
// nothing of the batch is kept.
var ErrDiverged = errors.New("intake: a replayed message comes to another answer than was published")

// Replay takes messages to the outcomes they had before, in the order of their numbers,
// in one transaction. Every answer must come out as it was published, to the byte.
func (in *Intake) Replay(messages []Answered) error {
	desk := in.desk.Load()
	return in.o.Store.Update(func(tx *store.Tx) error {
		for _, m := range messages {
			if next := tx.Next(); m.Number != next {
				return fmt.Errorf("%w: record %d, the published answer has %d (message %d among the answers)", ErrDiverged, next, m.Number, m.Place)
			}
			decision, err := in.decideAgain(tx, desk, m)
			if err != nil {
				return err
			}
			if !bytes.Equal(decision.Record.Answer, m.Answer) {
				return fmt.Errorf("%w: record %d, message %d among the answers, of %.200q; if that is none of clearingd's, somebody else publishes among the answers",
					ErrDiverged, m.Number, m.Place, m.Subject)
			}
			if err := tx.Apply(decision); err != nil {
				return err
			}
		}
		return nil
	})
}

// decideAgain decides as the first time. A message that was quarantined then may be
// one we would not fail on today: its published answer says what happened.
func (in *Intake) decideAgain(tx *store.Tx, desk *clearing.Desk, m Answered) (clearing.Decision, error) {
	if m.Order != nil {
		return instruct(tx, desk.InstructAgain, m.Order, m.Day)
	}
	if m.Redo != nil {
		return redo(tx, desk, *m.Redo, m.Item, m.Day)
	}
	decision, err := decide(tx, desk, m.Item, m.Day, false)
	if err == nil && bytes.Equal(decision.Record.Answer, m.Answer) {
		return decision, nil
	}
	quarantined, errQuarantine := decide(tx, desk, m.Item, m.Day, true)
	if errQuarantine == nil && bytes.Equal(quarantined.Record.Answer, m.Answer) {
		return quarantined, nil
	}
	return decision, err
}
