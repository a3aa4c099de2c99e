package nhsa

import (
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"clearingd/ledger"
)

// writer writes JSON in the order it is told. The answer's bytes are kept for ever and
// compared with those made again, so nothing about them may depend on a map or on a
// library's formatting.
type writer struct {
	bytes []byte
	comma bool // a value stands before: the next one needs a comma
}

func (w *writer) open(bracket byte) {
	w.separate()
	w.bytes = append(w.bytes, bracket)
	w.comma = false
}

func (w *writer) close(bracket byte) {
	w.bytes = append(w.bytes, bracket)
	w.comma = true
}

func (w *writer) separate() {
	if w.comma {
		w.bytes = append(w.bytes, ',')
	}
}

// name starts a member. Names are ours, plain ASCII.
func (w *writer) name(name string) {
	w.separate()
	w.bytes = append(append(append(w.bytes, '"'), name...), '"', ':')
	w.comma = false
}

// object and array write a member that holds what body writes.
func (w *writer) object(name string, body func()) {
	w.name(name)
	w.open('{')
	body()
	w.close('}')
}

func (w *writer) array(name string, body func()) {
	w.name(name)
	w.open('[')
	body()
	w.close(']')
}

// text writes a member; invalid UTF-8 in it is replaced, so that the answer is valid.
func (w *writer) text(name, value string) {
	w.name(name)
	w.bytes, _ = jsontext.AppendQuote(w.bytes, value) // the error only reports that something was replaced
	w.comma = true
}

// optional writes a member unless the value is empty.
func (w *writer) optional(name, value string) {
	if value != "" {
		w.text(name, value)
	}
}

func (w *writer) number(name string, value int) {
	w.name(name)
	w.bytes = strconv.AppendInt(w.bytes, int64(value), 10)
	w.comma = true
}

// amount writes yuan with two decimals as text.
func (w *writer) amount(name string, value ledger.Amount) {
	w.name(name)
	w.bytes = append(value.Append(append(w.bytes, '"')), '"')
	w.comma = true
}

func (w *writer) flag(name string, set bool) {
	value := "0"
	if set {
		value = "1"
	}
	w.text(name, value)
}
