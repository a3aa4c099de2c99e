package nhsa

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"clearingd/ledger"
	"clearingd/provinces"
)

// reader takes members out of a parsed message and collects what is wrong with them.
// It never stops early. Of the problems it keeps those with the lowest code, so a
// member that could not be read outranks every sum that it spoils: readers may go on with zero
// in its place.
type reader struct {
	nodes    []node
	problems []provinces.FieldError // all of one code, in the order they were met
}

// report notes a problem.
func (r *reader) report(code provinces.Code, field, expected, found string) {
	problem := provinces.FieldError{Code: code, Field: field, Expected: expected, Found: found}
	switch {
	case len(r.problems) == 0 || code < r.problems[0].Code:
		r.problems = append(r.problems[:0], problem)
	case code == r.problems[0].Code && len(r.problems) < provinces.MaxFieldErrors:
		r.problems = append(r.problems, problem)
	}
}

// refusal is what was wrong; nil if nothing was.
func (r *reader) refusal() *provinces.RejectError {
	if len(r.problems) == 0 {
		return nil
	}
	return &provinces.RejectError{Code: r.problems[0].Code, Errors: r.problems}
}

// object is a JSON object of the message, or one that is absent: then at is absent
// and its members are, too.
type object struct {
	*reader
	at   int32
	path string // with a dot behind it, or the name of the array it is a row of
	row  int    // place in that array; notARow otherwise
}

const notARow = -1

// field is the path of a member, written only when something is wrong there.
func (o object) field(name string) string {
	if o.row == notARow {
		return o.path + name
	}
	return o.path + "[" + strconv.Itoa(o.row) + "]." + name
}

const absent int32 = -1

// Grammars as refusals write them.
const (
	amountGrammar = "-?(0|[1-9][0-9]{0,11})([.][0-9]{1,2})?"
	momentGrammar = "yyyy-MM-dd HH:mm:ss"
)

func (o object) exists() bool { return o.at != absent }

// member finds a member. null and "" are the same as not sent.
func (o object) member(name string) int32 {
	if o.at == absent {
		return absent
	}
	for i := o.nodes[o.at].child; i != 0; i = o.nodes[i].next {
		if n := &o.nodes[i]; n.name == name {
			if n.kind == 'n' || n.kind == '"' && n.text == "" {
				return absent
			}
			return i
		}
	}
	return absent
}

// object is the member as an object; absent if it is not there.
func (o object) object(name string) object {
	i := o.member(name)
	if i != absent && o.nodes[i].kind != '{' {
		o.report(provinces.CodeForm, o.field(name), "{...}", o.shown(i))
		i = absent
	}
	return object{o.reader, i, o.field(name) + ".", notARow}
}

// needObject is object for one that must be there.
func (o object) needObject(name string) object {
	o.require(name, "{...}")
	return o.object(name)
}

// rows are the objects in an array member; none if it is absent. A row that is no
// object is reported and has no members.
func (o object) rows(name string) []object {
	i := o.member(name)
	if i == absent {
		return nil
	}
	if o.nodes[i].kind != '[' {
		o.report(provinces.CodeForm, o.field(name), "[...]", o.shown(i))
		return nil
	}
	var rows []object
	path := o.field(name)
	for j := o.nodes[i].child; j != 0; j = o.nodes[j].next {
		row := object{o.reader, j, path, len(rows)}
		if o.nodes[j].kind != '{' {
			o.report(provinces.CodeForm, path+"["+strconv.Itoa(row.row)+"]", "{...}", o.shown(j))
			row.at = absent
		}
		rows = append(rows, row)
	}
	return rows
}

// text is the member's text if it has the form, else "". A JSON number counts as the
// text of its literal.
func (o object) text(name string, f form) string {
	i := o.member(name)
	if i == absent {
		return ""
	}
	n := &o.nodes[i]
	if (n.kind == '"' || n.kind == '0') && f.matches(n.text) {
		return n.text
	}
	found := ""
	if !f.private {
		found = o.shown(i)
	}
	o.report(f.code, o.field(name), f.expected, found)
	return ""
}

// needText is text for a member that must be there.
func (o object) needText(name string, f form) string {
	o.require(name, f.expected)
	return o.text(name, f)
}

// flag is the member as 0 or 1; absent is 0.
func (o object) flag(name string) bool { return o.text(name, zeroOne) == "1" }

func (o object) needFlag(name string) bool { return o.needText(name, zeroOne) == "1" }

// amount is the member as an amount of yuan, read from its exact literal; false if it
// is absent or has no right form.
func (o object) amount(name string) (ledger.Amount, bool) {
	i := o.member(name)
	if i == absent {
		return 0, false
	}
	n := &o.nodes[i]
	if n.kind == '"' || n.kind == '0' {
		if amount, err := ledger.ParseAmount(n.text); err == nil {
			return amount, true
		}
	}
	o.report(provinces.CodeAmountForm, o.field(name), amountGrammar, o.shown(i))
	return 0, false
}

// needAmount is an amount that must be there; 0 otherwise.
func (o object) needAmount(name string) ledger.Amount {
	o.require(name, amountGrammar)
	amount, _ := o.amount(name)
	return amount
}

// notNegative is an amount that must not be below zero; false if it is absent or wrong.
func (o object) notNegative(name string) (ledger.Amount, bool) {
	amount, ok := o.amount(name)
	if amount < 0 {
		o.report(provinces.CodeAmountSign, o.field(name), ">= 0", amount.String())
		return 0, false
	}
	return amount, ok
}

// payment is an amount that must be there and must not be below zero; 0 otherwise.
func (o object) payment(name string) ledger.Amount {
	o.require(name, amountGrammar)
	return o.optionalPayment(name)
}

// optionalPayment is payment for a member that may be absent, which is 0.
func (o object) optionalPayment(name string) ledger.Amount {
	amount, _ := o.notNegative(name)
	return amount
}

// scaled is the member as a decimal in units of the scale; 0 if it is absent or has no
// right form.
func (o object) scaled(name string, s scale) int64 {
	i := o.member(name)
	if i == absent {
		return 0
	}
	n := &o.nodes[i]
	if n.kind == '"' || n.kind == '0' {
		if scaled, ok := parseScaled(n.text, s.whole, s.decimals); ok {
			return scaled
		}
	}
	o.report(provinces.CodeForm, o.field(name), s.grammar, o.shown(i))
	return 0
}

func (o object) needScaled(name string, s scale) int64 {
	o.require(name, s.grammar)
	return o.scaled(name, s)
}

// needMoment is a moment that must be there.
func (o object) needMoment(name string) (moment provinces.DateTime, ok bool) {
	o.require(name, momentGrammar)
	i := o.member(name)
	if i == absent {
		return 0, false
	}
	moment, err := provinces.ParseDateTime(o.literal(i))
	if err != nil {
		o.report(provinces.CodeForm, o.field(name), momentGrammar, o.shown(i))
	}
	return moment, err == nil
}

// day is the calendar day of the member, which may carry a time; nil if absent.
func (o object) day(name string) *ledger.Day {
	i := o.member(name)
	if i == absent {
		return nil
	}
	moment, err := provinces.ParseDateTime(o.literal(i))
	if err != nil {
		o.report(provinces.CodeForm, o.field(name), "yyyy-MM-dd", "") // a day here may be a birthday
		return nil
	}
	day := moment.Day()
	return &day
}

// require reports a member that is absent, unless all of its object is.
func (o object) require(name, expected string) {
	if o.exists() && o.member(name) == absent {
		o.report(provinces.CodeMissing, o.field(name), expected, "")
	}
}

// literal is the text of a string, "" of anything else.
func (o object) literal(i int32) string {
	if o.nodes[i].kind != '"' {
		return ""
	}
	return o.nodes[i].text
}

// shown is what a refusal may repeat of a value. A hospital's system can put a name
// or an identity number into any member, so only what cannot be one is repeated; else
// its length is said.
func (o object) shown(i int32) string {
	n := &o.nodes[i]
	switch n.kind {
	case '{':
		return "{...}"
	case '[':
		return "[...]"
	case 't', 'f':
		return n.text
	}
	if harmless(n.text) {
		return n.text
	}
	return fmt.Sprintf("length %d", utf8.RuneCountInString(n.text))
}

// harmless: a figure or time with at most 14 digits, or a code of at most six
// characters with a digit in it. An identity number has 15 or 18.
func harmless(s string) bool {
	figures, others := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			figures++
		case c == '.' || c == '-' || c == '+' || c == ':' || c == ' ':
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			others++
		default:
			return false
		}
	}
	if figures == 0 {
		return false
	}
	return others == 0 && figures <= 14 && len(s) <= 20 || len(s) <= 6
}
