package registry

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"clearingd/provinces"
)

// form is what the text of a member must look like. All forms but names admit ASCII
// only: a full-width digit is refused, never mended.
type form struct {
	matches  func(string) bool
	expected string // in the refusal: a grammar, the same in every language
	code     provinces.Code
	private  bool // the value may tell who somebody is: never repeat it
	textOnly bool // a JSON number is not this, whatever it looks like
}

// Grammars as refusals write them.
const (
	amountGrammar   = "-?(0|[1-9][0-9]{0,11})([.][0-9]{1,2})?"
	dayGrammar      = "yyyy-MM-dd"
	momentGrammar   = "yyyy-MM-dd HH:mm:ss"
	provinceGrammar = "(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-6])[0-9]{4}"
)

var (
	documentID    = form{matches: func(s string) bool { return len(s) <= 40 && hyphenated(s) }, expected: "[A-Za-z0-9_-]{1,40}", code: provinces.CodeForm, private: true}
	versionNumber = form{matches: positive(9), expected: "[1-9][0-9]{0,8}", code: provinces.CodeForm}
	personNumber  = form{matches: func(s string) bool { return identifier(s, 30) }, expected: "[A-Za-z0-9_.-]{1,30}", code: provinces.CodeForm, private: true}
	areaForm      = form{matches: digits(6, 6), expected: "[0-9]{6}", code: provinces.CodeForm}
	insuranceType = form{matches: digits(3, 6), expected: "[0-9]{3,6}", code: provinces.CodeForm}
	recordNumber  = form{matches: func(s string) bool { return identifier(s, 30) }, expected: "[A-Za-z0-9_.-]{1,30}", code: provinces.CodeForm}
	nameForm      = form{matches: isName, expected: "1-100 characters", code: provinces.CodeForm, private: true, textOnly: true}
	certificate   = form{matches: graphic(50), expected: "[!-~]{1,50}", code: provinces.CodeForm, private: true}
	hashForm      = form{matches: isHash, expected: "[0-9a-f]{64}", code: provinces.CodeForm, private: true, textOnly: true}
	heldType      = form{matches: digits(2, 3), expected: "[0-9]{2,3}", code: provinces.CodeForm}
	fundCode      = form{matches: digits(6, 6), expected: "[0-9]{6}", code: provinces.CodeForm}
	yearForm      = form{matches: digits(4, 4), expected: "[0-9]{4}", code: provinces.CodeForm}
	months        = form{matches: digits(1, 4), expected: "[0-9]{1,4}", code: provinces.CodeForm}
	years         = form{matches: digits(1, 3), expected: "[0-9]{1,3}", code: provinces.CodeForm}

	providerCode = form{matches: provinces.ValidProvider, expected: "[HP][0-9]{11}", code: provinces.CodeForm}

	documentType  = oneOf("person", "filing", "card", "accumulation", "provider")
	zeroOne       = oneOf("0", "1")
	hospitalLevel = oneOf("01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11") // national-interface 6.11
	hospitalTrait = oneOf(provinces.Traits...)
	cardType      = oneOf("01", "02", "03")
	filingType    = oneOf("02", "06", "07", "08", "09", "10", "11")
	personType    = form{matches: isPersonType, expected: "1[1-6]([0-9]{2}([0-9]{2})?)?", code: provinces.CodeUnknownCode}
	placeForm     = form{matches: isPlace, expected: "a known province, with two or four digits more", code: provinces.CodeProvince}
)

// oneOf admits the entries of a short code table.
func oneOf(table ...string) form {
	matches := func(s string) bool {
		for _, entry := range table {
			if s == entry {
				return true
			}
		}
		return false
	}
	return form{matches: matches, expected: strings.Join(table, "|"), code: provinces.CodeUnknownCode}
}

// isPersonType admits the national codes 11 to 16 and their extensions of four and six
// digits (national-interface 6.3).
func isPersonType(s string) bool {
	return (len(s) == 2 || len(s) == 4 || len(s) == 6) && isDigits(s) && s[0] == '1' && s[1] >= '1' && s[1] <= '6'
}

// isPlace admits a province, a city or an area: a filing points at a city, and in
// Hainan, Tibet and the XPCC at the province (rules 2.2, article 11).
func isPlace(s string) bool {
	if len(s) != 2 && len(s) != 4 && len(s) != 6 {
		return false
	}
	return provinces.ValidArea(area(s + "0000"[:6-len(s)]))
}

// isName admits any name that can be written, private use characters included: they
// stand for rare ones.
func isName(s string) bool {
	return utf8.RuneCountInString(s) <= 100 && !strings.ContainsFunc(s, unicode.IsControl)
}

func isHash(s string) bool {
	return len(s) == 64 && !strings.ContainsFunc(s, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'f') })
}

func digits(least, most int) func(string) bool {
	return func(s string) bool { return len(s) >= least && len(s) <= most && isDigits(s) }
}

func positive(most int) func(string) bool {
	return func(s string) bool { return len(s) <= most && isDigits(s) && s != "" && s[0] != '0' }
}

func isDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func graphic(most int) func(string) bool {
	return func(s string) bool {
		return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
	}
}

// hyphenated reports whether s is [A-Za-z0-9_-]+.
func hyphenated(s string) bool { return identifier(s, len(s)) && !strings.Contains(s, ".") }

func identifier(s string, most int) bool {
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_' || r == '-' || r == '.')
	})
}
