package nhsa

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"clearingd/provinces"
)

// form is what the text of a member must look like. All forms but freeText admit
// ASCII only: a full-width digit or a Cyrillic letter is refused, never mended.
type form struct {
	matches  func(string) bool
	expected string // in the refusal: a grammar, the same in every language
	code     provinces.Code
	private  bool // the value may tell who somebody is: never repeat it
}

var (
	personNumber = form{identifier(30), "[A-Za-z0-9_.-]{1,30}", provinces.CodeForm, true}
	certificate  = form{graphic(50), "[!-~]{1,50}", provinces.CodeForm, true}
	freeText     = form{printable(30), "1-30 characters", provinces.CodeForm, true}
	personName   = form{name(100), "1-100 characters", provinces.CodeForm, true}
	recordNumber = form{identifier(30), "[A-Za-z0-9_.-]{1,30}", provinces.CodeForm, false}
	localNumber  = form{graphic(50), "[!-~]{1,50}", provinces.CodeForm, false}
	messageID    = form{provinces.ValidMsgID, "[A-Za-z0-9_-]{1,30}", provinces.CodeForm, false}
	providerCode = form{provinces.ValidProvider, "[HP][0-9]{11}", provinces.CodeForm, false}
	areaForm     = form{digits(6, 6), "[0-9]{6}", provinces.CodeForm, false}
	insuranceTyp = form{digits(3, 6), "[0-9]{3,6}", provinces.CodeForm, false}
	shortCode    = form{digits(1, 6), "[0-9]{1,6}", provinces.CodeForm, false}
	certType     = form{digits(2, 3), "[0-9]{2,3}", provinces.CodeForm, false}
	fundCode     = form{digits(6, 6), "[0-9]{6}", provinces.CodeForm, false}
	yearForm     = form{digits(4, 4), "[0-9]{4}", provinces.CodeForm, false}
	stayCount    = form{digits(1, 3), "[0-9]{1,3}", provinces.CodeForm, false}

	transaction    = oneOf(provinces.CodeInfno, provinces.InfnoEstimate, provinces.InfnoSettle, provinces.InfnoCancel, provinces.InfnoReverse)
	reversible     = oneOf(provinces.CodeUnknownCode, provinces.InfnoSettle, provinces.InfnoCancel)
	zeroOne        = oneOf(provinces.CodeUnknownCode, "0", "1")
	hospitalLevel  = oneOf(provinces.CodeUnknownCode, "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11")
	filingType     = oneOf(provinces.CodeUnknownCode, "02", "06", "07", "08", "09", "10", "11")
	catalogueClass = oneOf(provinces.CodeUnknownCode, "01", "02", "03", "1", "2", "3")

	personType = form{isPersonType, "1[1-6]([0-9]{2}([0-9]{2})?)?", provinces.CodeUnknownCode, false}
)

// oneOf admits the entries of a short code table.
func oneOf(code provinces.Code, table ...string) form {
	matches := func(s string) bool {
		for _, entry := range table {
			if s == entry {
				return true
			}
		}
		return false
	}
	return form{matches, strings.Join(table, "|"), code, false}
}

// isPersonType admits the national codes 11 to 16 and their extensions of four and
// six digits (national-interface 6.3).
func isPersonType(s string) bool {
	return (len(s) == 2 || len(s) == 4 || len(s) == 6) && isDigits(s) && s[0] == '1' && s[1] >= '1' && s[1] <= '6'
}

func digits(least, most int) func(string) bool {
	return func(s string) bool { return len(s) >= least && len(s) <= most && isDigits(s) }
}

func identifier(most int) func(string) bool {
	return func(s string) bool { return isIdentifier(s, most) }
}

func graphic(most int) func(string) bool {
	return func(s string) bool {
		for i := 0; i < len(s); i++ {
			if s[i] <= ' ' || s[i] > '~' {
				return false
			}
		}
		return s != "" && len(s) <= most
	}
}

func printable(most int) func(string) bool {
	return func(s string) bool {
		return s != "" && utf8.RuneCountInString(s) <= most &&
			!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
	}
}

// name admits any name that can be written, private use characters included: systems
// write rare characters with them.
func name(most int) func(string) bool {
	return func(s string) bool {
		return s != "" && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, unicode.IsControl)
	}
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func isIdentifier(s string, most int) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c == '_' || c == '-' || c == '.') {
			return false
		}
	}
	return s != "" && len(s) <= most
}

// scale is how many digits a number may have before and after the point.
type scale struct {
	whole, decimals int
	grammar         string
}

// Scales of a fee line's numbers (national-interface 2.3: N16,4, N16,6 and N5,4); ten
// digits before the point are more than any count or price needs.
var (
	countScale = scale{10, 4, "-?(0|[1-9][0-9]{0,9})([.][0-9]{1,4})?"}
	priceScale = scale{10, 6, "(0|[1-9][0-9]{0,9})([.][0-9]{1,6})?"}
	shareScale = scale{1, 4, "0([.][0-9]{1,4})?|1([.]0{1,4})?"}
)

// format writes a number of the scale as a decimal.
func (s scale) format(n int64) string { return provinces.FormatScaled(n, s.decimals) }

// parseScaled reads the grammar of ledger.ParseAmount with up to `decimals` decimals
// and up to `whole` digits before the point, in units of 10^-decimals. whole+decimals
// is at most 18, so that every value fits.
func parseScaled(s string, whole, decimals int) (int64, bool) {
	magnitude, negative := strings.CutPrefix(s, "-")
	integer, fraction, pointed := strings.Cut(magnitude, ".")
	if integer == "" || len(integer) > whole || !isDigits(integer) || (integer[0] == '0' && len(integer) > 1) ||
		pointed && fraction == "" || len(fraction) > decimals || !isDigits(fraction) {
		return 0, false
	}
	var n int64
	for i := 0; i < len(integer); i++ {
		n = n*10 + int64(integer[i]-'0')
	}
	for i := 0; i < decimals; i++ {
		n *= 10
		if i < len(fraction) {
			n += int64(fraction[i] - '0')
		}
	}
	if negative {
		return -n, n != 0
	}
	return n, true
}
