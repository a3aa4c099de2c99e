package registry

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"clearingd/ledger"
	"clearingd/provinces"
)

// reader collects what is wrong with a document. Of the problems it keeps those with
// the lowest code, so readers may go on with a zero in place of what they could not read.
type reader struct {
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

// object is a JSON object of the document, or one that is absent: then node is nil and
// its members are absent, too.
type object struct {
	*reader
	node *node
	path string // with a dot behind it
}

func (o object) field(name string) string { return o.path + name }

func (o object) exists() bool { return o.node != nil }

// member finds a member; null and "" are the same as not sent.
func (o object) member(name string) *node {
	if o.node == nil {
		return nil
	}
	for i := range o.node.children {
		if n := &o.node.children[i]; n.name == name {
			if n.kind == 'n' || n.kind == '"' && n.text == "" {
				return nil
			}
			return n
		}
	}
	return nil
}

// require reports a member that is absent, unless all of its object is.
func (o object) require(name, expected string) {
	if o.exists() && o.member(name) == nil {
		o.report(provinces.CodeMissing, o.field(name), expected, "")
	}
}

// object is the member as an object; absent if it is not there.
func (o object) object(name string) object {
	n := o.member(name)
	if n != nil && n.kind != '{' {
		o.report(provinces.CodeForm, o.field(name), "{...}", shown(n))
		n = nil
	}
	return object{o.reader, n, o.field(name) + "."}
}

// elements are the values in an array member; none if it is absent.
func (o object) elements(name string) []node {
	n := o.member(name)
	if n == nil {
		return nil
	}
	if n.kind != '[' {
		o.report(provinces.CodeForm, o.field(name), "[...]", shown(n))
		return nil
	}
	return n.children
}

// rows are the objects in an array member. A row that is no object is reported and has
// no members.
func (o object) rows(name string) []object {
	var rows []object
	elements := o.elements(name)
	for i := range elements {
		path := o.field(name) + "[" + strconv.Itoa(i) + "]"
		row := object{o.reader, &elements[i], path + "."}
		if row.node.kind != '{' {
			o.report(provinces.CodeForm, path, "{...}", shown(row.node))
			row.node = nil
		}
		rows = append(rows, row)
	}
	return rows
}

// texts are the texts in an array member, each of the form.
func (o object) texts(name string, f form) []string {
	var texts []string
	elements := o.elements(name)
	for i := range elements {
		if text, ok := o.formed(&elements[i], o.field(name)+"["+strconv.Itoa(i)+"]", f); ok {
			texts = append(texts, text)
		}
	}
	return texts
}

// text is the member's text if it has the form, else "". A JSON number counts as the
// text of its literal.
func (o object) text(name string, f form) string {
	n := o.member(name)
	if n == nil {
		return ""
	}
	text, _ := o.formed(n, o.field(name), f)
	return text
}

// needText is text for a member that must be there.
func (o object) needText(name string, f form) string {
	o.require(name, f.expected)
	return o.text(name, f)
}

func (o object) formed(n *node, field string, f form) (string, bool) {
	if (n.kind == '"' || n.kind == '0' && !f.textOnly) && f.matches(n.text) {
		return n.text, true
	}
	found := ""
	if !f.private {
		found = shown(n)
	}
	o.report(f.code, field, f.expected, found)
	return "", false
}

// flag is the member as 0 or 1; nil if it is absent or neither.
func (o object) flag(name string) *bool {
	switch o.text(name, zeroOne) {
	case "0":
		return new(bool)
	case "1":
		yes := true
		return &yes
	}
	return nil
}

// count is the member as a whole number of the form; nil if it is absent or wrong.
func (o object) count(name string, f form) *int {
	n, err := strconv.Atoi(o.text(name, f))
	if err != nil {
		return nil
	}
	return &n
}

// payment is the member as an amount of yuan not below zero; nil if it is absent or wrong.
func (o object) payment(name string) *ledger.Amount {
	n := o.member(name)
	if n == nil {
		return nil
	}
	amount, err := ledger.ParseAmount(n.text)
	switch {
	case err != nil || n.kind != '"' && n.kind != '0':
		o.report(provinces.CodeAmountForm, o.field(name), amountGrammar, shown(n))
	case amount < 0:
		o.report(provinces.CodeAmountSign, o.field(name), ">= 0", amount.String())
	default:
		return &amount
	}
	return nil
}

// needPayment is payment for a member that must be there; 0 otherwise.
func (o object) needPayment(name string) ledger.Amount {
	o.require(name, amountGrammar)
	if amount := o.payment(name); amount != nil {
		return *amount
	}
	return 0
}

// day is the calendar day of the member, which may carry a time; nil if absent.
func (o object) day(name string) *ledger.Day {
	moment := o.moment(name, dayGrammar)
	if moment == nil {
		return nil
	}
	day := moment.Day()
	return &day
}

// needDay is a day that must be there; 0 otherwise.
func (o object) needDay(name string) ledger.Day {
	o.require(name, dayGrammar)
	if day := o.day(name); day != nil {
		return *day
	}
	return 0
}

func (o object) moment(name, grammar string) *provinces.DateTime {
	n := o.member(name)
	if n == nil {
		return nil
	}
	moment, err := provinces.ParseDateTime(n.text)
	if err != nil || n.kind != '"' {
		o.report(provinces.CodeForm, o.field(name), grammar, shown(n))
		return nil
	}
	return &moment
}

// shown is what a refusal may repeat of a value: only what can be neither a name nor an
// identity number; else its length is said.
func shown(n *node) string {
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
	figures, letters := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			figures++
		case c == '.' || c == '-' || c == '+' || c == ':' || c == ' ':
		case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
			letters++
		default:
			return false
		}
	}
	if figures == 0 {
		return false
	}
	return letters == 0 && figures <= 14 && len(s) <= 20 || len(s) <= 6
}
