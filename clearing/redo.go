package clearing

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"clearingd/ledger"
	"clearingd/provinces"
)

// RedoOrder is an operator's word that a quarantined message shall be decided again, now
// that the fault which was ours is mended. It travels in the answer's header, so that
// restored books can carry it out again.
type RedoOrder struct {
	Entry    uint64    `json:"entry"`    // the record of the quarantine
	Operator string    `json:"operator"` // who says so
	Reason   string    `json:"reason"`   // one line
	At       time.Time `json:"at"`
}

// HeaderRedo carries the order on the answer of a message that was decided again.
const HeaderRedo = "Clr-Redo"

// redoPrefix is where the answer of such a message lies: its own place holds the 9001 it
// was given first, and an answer is never replaced.
const redoPrefix = "answers.redo."

// ErrNotQuarantined: the record is no quarantined message.
var ErrNotQuarantined = errors.New("clearing: the record is no quarantined message")

// Check reports what an order lacks by itself.
func (o RedoOrder) Check() error {
	if !oneLine(o.Operator, officerRunesMax) || !oneLine(o.Reason, reasonRunesMax) {
		return ErrReason
	}
	return nil
}

// Redo decides a quarantined message again, on the given business day. The record it
// makes has no place in a stream: the message has its one outcome there, and the record
// says which. It refuses with ErrNotQuarantined, ErrReason, or a *UsedError.
func (d *Desk) Redo(view View, order RedoOrder, m Decoded, day ledger.Day) (Decision, error) {
	if err := order.Check(); err != nil {
		return Decision{}, err
	}
	quarantined, err := view.Record(order.Entry)
	if err != nil {
		return Decision{}, err
	}
	if quarantined.Outcome != provinces.Quarantined || quarantined.Digest != m.Digest {
		return Decision{}, ErrNotQuarantined
	}
	if by, err := view.Undone(order.Entry); err != nil || by != 0 {
		return Decision{}, errors.Join(err, &UsedError{by})
	}
	w := d.open(view, m, day)
	if err := w.redo(); err != nil {
		return Decision{}, err
	}
	if err := w.seal(); err != nil {
		return Decision{}, err
	}
	r := &w.decision.Record
	r.Stream, r.Sequence, r.Redo = "", 0, &order
	w.decision.Undone = append(w.decision.Undone, UndoneChange{Number: order.Entry, By: r.Number})
	if entry := w.decision.Entry; entry != nil {
		return w.decision, entry.Check()
	}
	return w.decision, nil
}

// redo is run without the question whether the message was seen before: it was. A
// reversal that came since has made it void all the same.
func (w *work) redo() error {
	if w.message.Refusal != nil {
		w.reject(provinces.Refused, w.message.Refusal)
		return nil
	}
	known, err := w.view.Message(messageKey(w.message.Subject))
	if err != nil {
		return err
	}
	if known.Mark != 0 {
		w.refuse(provinces.CodeReversedBefore, "msgid", "", w.message.Request.MsgID)
		return nil
	}
	return w.act()
}

// OffStream reports a record that no place in a stream stands behind: a decision of
// officers, or a quarantined message decided again.
func (r *Record) OffStream() bool { return r.Stream == "" }

// redoHeader is the order as the answer's header carries it.
func redoHeader(order *RedoOrder) string {
	text, err := json.Marshal(order)
	if err != nil {
		panic(err) // four plain fields
	}
	return string(text)
}

// ReadRedo takes the order and the claim's subject back from a published answer; ok is
// false for the answer of anything else.
func ReadRedo(subject string, header map[string]string) (order RedoOrder, claim string, ok bool, err error) {
	key, ok := strings.CutPrefix(subject, redoPrefix)
	if !ok {
		return order, "", false, nil
	}
	if err := json.Unmarshal([]byte(header[HeaderRedo]), &order); err != nil {
		return order, "", true, fmt.Errorf("answer %s: %w", subject, err)
	}
	return order, "claims." + key, true, nil
}
