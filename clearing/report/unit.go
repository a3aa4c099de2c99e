package report

import (
	"math/bits"
	"strconv"
	"strings"

	"clearingd/ledger"
)

// unit is a size in which a table or a figure shows its amounts for reading.
type unit struct {
	Name     Bi
	fen      int64 // one unit in fen
	decimals int
}

// units from the finest to the coarsest, each with the amount (in fen) from which it no
// longer fits six characters.
var units = []struct {
	unit
	below ledger.Amount
}{
	{unit{texts["unit.yuan"], 100, 0}, 1_000_000_00},
	{unit{texts["unit.wan"], 1_000_000, 2}, 10_000_000_00},
	{unit{texts["unit.wan"], 1_000_000, 1}, 100_000_000_00},
	{unit{texts["unit.wan"], 1_000_000, 0}, 10_000_000_000_00},
	{unit{texts["unit.yi"], 10_000_000_000, 2}, 100_000_000_000_00},
	{unit{texts["unit.yi"], 10_000_000_000, 1}, 1_000_000_000_000_00},
}

// unitFor chooses the finest unit in which an amount of this size fits.
func unitFor(most ledger.Amount) unit {
	for _, u := range units {
		if most < u.below {
			return u.unit
		}
	}
	return unit{texts["unit.yi"], 10_000_000_000, 0}
}

// format rounds half away from zero, for reading only. What is not zero never reads
// as zero.
func (u unit) format(a ledger.Amount) string {
	step := uint64(u.fen)
	for range u.decimals {
		step /= 10
	}
	n := size(a)/step + (size(a)%step+step/2)/step
	sign := ""
	if a < 0 {
		sign = "-"
	}
	if n == 0 && a != 0 {
		return "<" + sign + u.digits(1)
	}
	return sign + u.digits(n)
}

func (u unit) digits(n uint64) string {
	s := strconv.FormatUint(n, 10)
	if u.decimals == 0 {
		return s
	}
	if short := u.decimals + 1 - len(s); short > 0 {
		s = strings.Repeat("0", short) + s
	}
	return s[:len(s)-u.decimals] + "." + s[len(s)-u.decimals:]
}

// size is the amount without its sign.
func size(a ledger.Amount) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

// scale is a's share of most on a length, exact in integers (rounded down), so that a
// picture has the same bytes on every machine. What is larger than most has the length.
func scale(a, most uint64, length uint64) int {
	if a >= most {
		return int(length)
	}
	hi, lo := bits.Mul64(a, length)
	q, _ := bits.Div64(hi, lo, most)
	return int(q)
}

// exact writes an amount with thousands separators and two decimals.
func exact(a ledger.Amount) string {
	s := a.String()
	dot := len(s) - 3
	return group(s[:dot]) + s[dot:]
}

// group puts commas between thousands of an integer that may have a minus.
func group(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

func groupCount(n uint64) string { return group(strconv.FormatUint(n, 10)) }
