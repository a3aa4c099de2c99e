package clearing

import (
	"fmt"
	"strings"

	"clearingd/ledger"
)

// Instruction is what officers order, whatever it is: an [AdjustmentOrder] or an
// [ActOrder]. No message stands behind it; it is booked between two transactions of
// messages, and its answer holds it whole, so that books restored from an older copy can
// carry it out again.
type Instruction interface {
	decide(d *Desk, view ActView, day ledger.Day, again bool) (Decision, error)
}

func (o AdjustmentOrder) decide(d *Desk, view ActView, day ledger.Day, _ bool) (Decision, error) {
	return d.Adjust(view, o, day)
}

func (o ActOrder) decide(d *Desk, view ActView, day ledger.Day, again bool) (Decision, error) {
	if again {
		return d.act(view, o, day, true)
	}
	return d.Act(view, o, day)
}

// Instruct decides what officers order, on the given business day. It refuses with the
// errors of Adjust and Act.
func (d *Desk) Instruct(view ActView, order Instruction, day ledger.Day) (Decision, error) {
	return order.decide(d, view, day, false)
}

// InstructAgain decides an order whose answer was published before, on the day of that
// answer: it comes to the same bytes.
func (d *Desk) InstructAgain(view ActView, order Instruction, day ledger.Day) (Decision, error) {
	return order.decide(d, view, day, true)
}

// instructions are where the answers of officers' orders lie, and how each is read.
var instructions = []struct {
	prefix string
	read   func([]byte) (Instruction, error)
}{
	{"answers.adjustment.", func(body []byte) (Instruction, error) { return ReadAdjustmentAnswer(body) }},
	{"answers.act.", func(body []byte) (Instruction, error) { return ReadActAnswer(body) }},
}

// IsInstruction tells the answers of officers' orders from those of messages.
func IsInstruction(subject string) bool {
	for _, i := range instructions {
		if strings.HasPrefix(subject, i.prefix) {
			return true
		}
	}
	return false
}

// ReadInstruction reads an order back from its published answer.
func ReadInstruction(subject string, body []byte) (Instruction, error) {
	for _, i := range instructions {
		if strings.HasPrefix(subject, i.prefix) {
			return i.read(body)
		}
	}
	return nil, fmt.Errorf("%s is the answer of a message", subject)
}
