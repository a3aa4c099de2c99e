package audit

import (
	"math/big"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Refusal codes that the auditor expects, by the published list.
const (
	codeMalformed      = 1001
	codeTwice          = 1002
	codeTooBig         = 1003
	codeMissing        = 1004
	codeForm           = 1005
	codeInfno          = 1006
	codeSubject        = 1007
	codeProvince       = 1008
	codeInterim        = 1009
	codePeriod         = 1010
	codeUnknownCode    = 1011
	codeThirdParty     = 2003
	codeAmountForm     = 3001
	codeAmountSign     = 3002
	codeAmountSum      = 3003
	codeLineSum        = 3004
	codeNoPlan         = 4001
	codeNoVersion      = 4002
	codeConflict       = 5001
	codeReversedBefore = 5002
	codeUnknownSettle  = 5003
	codeNotLast        = 5004
	codeStayMismatch   = 5005
	codeState          = 5006
)

// form is what the text of a member looks like, and the code of what does not.
type form struct {
	like *regexp.Regexp
	code int
}

func like(pattern string, code int) form {
	return form{regexp.MustCompile("^(" + pattern + ")$"), code}
}

var (
	identifier  = like(`[A-Za-z0-9_.-]{1,30}`, codeForm)
	printable   = like(`[!-~]{1,50}`, codeForm)
	msgid       = like(`[A-Za-z0-9_-]{1,30}`, codeForm)
	provider    = like(`[HP][0-9]{11}`, codeForm)
	sixDigits   = like(`[0-9]{6}`, codeForm)
	insurance   = like(`[0-9]{3,6}`, codeForm)
	shortCode   = like(`[0-9]{1,6}`, codeForm)
	certificate = like(`[0-9]{2,3}`, codeForm)
	fourDigits  = like(`[0-9]{4}`, codeForm)
	stayCount   = like(`[0-9]{1,3}`, codeForm)
	transaction = like(`2303|2304|2305|2601`, codeInfno)
	reversible  = like(`2304|2305`, codeUnknownCode)
	zeroOne     = like(`0|1`, codeUnknownCode)
	level       = like(`0[1-9]|10|11`, codeUnknownCode)
	filing      = like(`02|06|07|08|09|10|11`, codeUnknownCode)
	class       = like(`0?[123]`, codeUnknownCode)
	personType  = like(`1[1-6]([0-9]{2}([0-9]{2})?)?`, codeUnknownCode)
	anyText     = like(`(?s:.*)`, codeForm)

	countForm = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,4})?$`)
	priceForm = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,6})?$`)
	shareForm = regexp.MustCompile(`^-?[0-9](\.[0-9]{1,4})?$`)

	knownProvince = regexp.MustCompile(`^(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-6])`)
)

// reader takes members out of a message and remembers the lowest code of what is wrong
// with them, which is the one that must be answered.
type reader struct{ lowest int }

func (r *reader) wrong(code int) {
	if r.lowest == 0 || code < r.lowest {
		r.lowest = code
	}
}

// object is the member as an object. What is absent has no members, and nothing in it
// is missed.
type object struct {
	*reader
	value
	there bool
}

func (o object) object(name string, required bool) object {
	v := o.member(name)
	if v.kind == 0 && required && o.there {
		o.wrong(codeMissing)
	}
	if v.kind != 0 && v.kind != '{' {
		o.wrong(codeForm)
		v = value{}
	}
	return object{o.reader, v, v.kind == '{'}
}

// rows are the objects of an array.
func (o object) rows(name string) (rows []object) {
	v := o.member(name)
	if v.kind != 0 && v.kind != '[' {
		o.wrong(codeForm)
	}
	if v.kind != '[' {
		return nil
	}
	for _, item := range v.items {
		if item.kind != '{' {
			o.wrong(codeForm)
			item = value{}
		}
		rows = append(rows, object{o.reader, item, item.kind == '{'})
	}
	return rows
}

// text is the member's text; a number is its literal.
func (o object) text(name string, f form, required bool) string {
	v := o.member(name)
	switch {
	case v.kind == 0:
		if required && o.there {
			o.wrong(codeMissing)
		}
		return ""
	case v.kind != '"' && v.kind != '0' || !f.like.MatchString(v.text):
		o.wrong(f.code)
		return ""
	}
	return v.text
}

func (o object) flag(name string, required bool) bool { return o.text(name, zeroOne, required) == "1" }

// operator is free text of at most 30 printable characters.
func (o object) operator(name string) {
	text := o.text(name, anyText, false)
	if utf8.RuneCountInString(text) > 30 {
		o.wrong(codeForm)
	}
	for _, r := range text {
		if !unicode.IsPrint(r) {
			o.wrong(codeForm)
		}
	}
}

// name is at most 100 characters, none of them a control.
func (o object) name(name string) {
	text := o.text(name, anyText, false)
	if utf8.RuneCountInString(text) > 100 || strings.ContainsFunc(text, unicode.IsControl) {
		o.wrong(codeForm)
	}
}

// signed is an amount of either sign.
func (o object) signed(name string, required bool) (*big.Rat, bool) {
	v := o.member(name)
	if v.kind == 0 {
		if required && o.there {
			o.wrong(codeMissing)
		}
		return rat(0), false
	}
	if a, ok := amount(v.text); ok && (v.kind == '"' || v.kind == '0') {
		return a, true
	}
	o.wrong(codeAmountForm)
	return rat(0), false
}

// payment is an amount that is not below zero.
func (o object) payment(name string, required bool) (*big.Rat, bool) {
	a, ok := o.signed(name, required)
	if a.Sign() < 0 {
		o.wrong(codeAmountSign)
		return rat(0), false
	}
	return a, ok
}

// decimal is a number of the form.
func (o object) decimal(name string, f *regexp.Regexp, required bool) *big.Rat {
	v := o.member(name)
	if v.kind == 0 {
		if required && o.there {
			o.wrong(codeMissing)
		}
		return rat(0)
	}
	if (v.kind == '"' || v.kind == '0') && f.MatchString(v.text) {
		if d, ok := new(big.Rat).SetString(v.text); ok && !(v.text[0] == '-' && d.Sign() == 0) {
			return d
		}
	}
	o.wrong(codeForm)
	return rat(0)
}

// moment is a time of day on a day, or a day, as time in UTC: it has no zone.
func (o object) moment(name string, required bool) (time.Time, bool) {
	v := o.member(name)
	if v.kind == 0 {
		if required && o.there {
			o.wrong(codeMissing)
		}
		return time.Time{}, false
	}
	for _, layout := range []string{time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, v.text); err == nil && v.kind == '"' && len(v.text) == len(layout) {
			return t, true
		}
	}
	o.wrong(codeForm)
	return time.Time{}, false
}

// area is six digits in a known province; "" otherwise.
func (o object) area(name string) string {
	text := o.text(name, sixDigits, true)
	if text != "" && !knownProvince.MatchString(text) {
		o.wrong(codeProvince)
		return ""
	}
	return text
}
