package audit

import (
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// value is one JSON value. A message of hospitals is small, so everything is kept.
type value struct {
	kind  byte   // '{' '[' '"' '0' 't' 'f' 'n'
	text  string // of a string: unquoted; of a number: its literal
	names []string
	items []value
}

// Limits of a message, as the interface for hospitals states them.
const (
	levelsMax   = 16
	membersMax  = 256
	elementsMax = 4096
)

// faults of a document. More than one can be there, and which of them a reader meets first is
// its own affair; so all are told.
type documentFaults struct{ malformed, twice, tooBig bool }

var errSyntax = errors.New("not JSON")

// document reads a whole message.
func document(body []byte) (value, documentFaults) {
	d := &decoder{text: body}
	if !utf8.Valid(body) {
		d.faults.malformed = true
		return value{}, d.faults
	}
	v, err := d.value(0)
	d.space()
	if err != nil || d.at != len(body) || v.kind != '{' {
		d.faults.malformed = true
	}
	return v, d.faults
}

type decoder struct {
	text   []byte
	at     int
	faults documentFaults
}

func (d *decoder) space() {
	for d.at < len(d.text) && (d.text[d.at] == ' ' || d.text[d.at] == '\t' || d.text[d.at] == '\n' || d.text[d.at] == '\r') {
		d.at++
	}
}

// next skips space and returns the byte there; 0 at the end.
func (d *decoder) next() byte {
	d.space()
	if d.at == len(d.text) {
		return 0
	}
	return d.text[d.at]
}

func (d *decoder) value(depth int) (value, error) {
	switch c := d.next(); {
	case c == '{' || c == '[':
		if depth++; depth > levelsMax {
			d.faults.tooBig = true
			return value{}, errSyntax
		}
		return d.container(c, depth)
	case c == '"':
		text, err := d.quoted()
		return value{kind: '"', text: text}, err
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	}
	for _, word := range []string{"true", "false", "null"} {
		if end := d.at + len(word); end <= len(d.text) && string(d.text[d.at:end]) == word {
			d.at = end
			return value{kind: word[0], text: word}, nil
		}
	}
	return value{}, errSyntax
}

// container reads an object or an array, whose opening bracket is next.
func (d *decoder) container(open byte, depth int) (value, error) {
	v := value{kind: open}
	closing := open + 2 // as ASCII has it
	d.at++
	if d.next() == closing {
		d.at++
		return v, nil
	}
	for {
		if open == '{' {
			if err := d.name(&v); err != nil {
				return v, err
			}
		}
		item, err := d.value(depth)
		if err != nil {
			return v, err
		}
		v.items = append(v.items, item)
		if open == '{' && len(v.items) > membersMax || open == '[' && len(v.items) > elementsMax {
			d.faults.tooBig = true
		}
		switch d.next() {
		case ',':
			d.at++
		case closing:
			d.at++
			return v, nil
		default:
			return v, errSyntax
		}
	}
}

func (d *decoder) name(v *value) error {
	if d.next() != '"' {
		return errSyntax
	}
	name, err := d.quoted()
	if err != nil || d.next() != ':' {
		return errSyntax
	}
	d.at++
	for _, known := range v.names {
		if known == name {
			d.faults.twice = true
		}
	}
	v.names = append(v.names, name)
	return nil
}

func (d *decoder) number() (value, error) {
	start := d.at
	digits := func() int {
		n := 0
		for d.at < len(d.text) && d.text[d.at] >= '0' && d.text[d.at] <= '9' {
			d.at++
			n++
		}
		return n
	}
	take := func(choices string) bool {
		for i := range choices {
			if d.at < len(d.text) && d.text[d.at] == choices[i] {
				d.at++
				return true
			}
		}
		return false
	}
	take("-")
	zero := d.at < len(d.text) && d.text[d.at] == '0'
	if n := digits(); n == 0 || zero && n > 1 {
		return value{}, errSyntax
	}
	if take(".") && digits() == 0 {
		return value{}, errSyntax
	}
	if take("eE") {
		take("+-")
		if digits() == 0 {
			return value{}, errSyntax
		}
	}
	return value{kind: '0', text: string(d.text[start:d.at])}, nil
}

func (d *decoder) quoted() (string, error) {
	var out []byte
	for d.at++; d.at < len(d.text); {
		switch c := d.text[d.at]; {
		case c == '"':
			d.at++
			return string(out), nil
		case c < ' ':
			return "", errSyntax
		case c == '\\':
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
			d.at++
		}
	}
	return "", errSyntax
}

// escape reads a backslash and what it stands for. A lone surrogate is no character.
func (d *decoder) escape() (rune, error) {
	if d.at+1 >= len(d.text) {
		return 0, errSyntax
	}
	c := d.text[d.at+1]
	d.at += 2
	if c != 'u' {
		for i, short := range []byte(`"\/bfnrt`) {
			if c == short {
				return rune("\"\\/\b\f\n\r\t"[i]), nil
			}
		}
		return 0, errSyntax
	}
	first, err := d.hex()
	if err != nil || !utf16.IsSurrogate(first) {
		return first, err
	}
	if d.at+1 >= len(d.text) || d.text[d.at] != '\\' || d.text[d.at+1] != 'u' {
		return 0, errSyntax
	}
	d.at += 2
	second, err := d.hex()
	if r := utf16.DecodeRune(first, second); err == nil && r != utf8.RuneError {
		return r, nil
	}
	return 0, errSyntax
}

func (d *decoder) hex() (rune, error) {
	if d.at+4 > len(d.text) {
		return 0, errSyntax
	}
	n, err := strconv.ParseUint(string(d.text[d.at:d.at+4]), 16, 16)
	d.at += 4
	if err != nil {
		return 0, errSyntax
	}
	return rune(n), nil
}

// member is a member of an object; a zero value if it is absent, null or "", which are
// the same.
func (v value) member(name string) value {
	for i, known := range v.names {
		if known == name {
			if item := v.items[i]; item.kind != 'n' && !(item.kind == '"' && item.text == "") {
				return item
			}
		}
	}
	return value{}
}
