package ledger

import (
	"errors"
	"math"
	"strconv"
)

// Amount is money in whole fen (0.01 yuan). Negative amounts are credits in a
// posting and given-back money in an answer. Range: that of int64; ParseAmount
// admits at most 12 digits of yuan.
type Amount int64

// Errors of amounts.
var (
	// ErrAmountSyntax: the text is not in the amount grammar of ParseAmount.
	ErrAmountSyntax = errors.New("ledger: not an amount")
	// ErrOverflow: a sum left the range of int64 fen.
	ErrOverflow = errors.New("ledger: amount overflow")
)

// ParseAmount reads yuan written as
//
//	-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?
//
// and nothing else: no plus sign, no exponent, no leading zero, no spaces, no
// negative zero, ASCII only, at most two decimals.
func ParseAmount(s string) (Amount, error) {
	fen, ok := parseScaled(s, 12, 2)
	if !ok {
		return 0, ErrAmountSyntax
	}
	return Amount(fen), nil
}

// wholeDigits of yuan fit any Amount and leave room for its fen.
const wholeDigits = 16

// parseScaled reads the amount grammar, with at most so many digits before and behind
// the point, into an integer scaled by 10^decimals.
func parseScaled(s string, digits, decimals int) (int64, bool) {
	negative := len(s) > 0 && s[0] == '-'
	if negative {
		s = s[1:]
	}
	whole, rest := leadingDigits(s)
	if len(whole) == 0 || len(whole) > digits || (whole[0] == '0' && len(whole) > 1) {
		return 0, false
	}
	fraction := ""
	if rest != "" {
		if rest[0] != '.' {
			return 0, false
		}
		fraction, rest = leadingDigits(rest[1:])
		if rest != "" || len(fraction) == 0 || len(fraction) > decimals {
			return 0, false
		}
	}
	var n int64
	for i := 0; i < len(whole); i++ {
		n = n*10 + int64(whole[i]-'0')
	}
	for i := 0; i < decimals; i++ {
		n *= 10
		if i < len(fraction) {
			n += int64(fraction[i] - '0')
		}
	}
	if negative {
		if n == 0 {
			return 0, false
		}
		n = -n
	}
	return n, true
}

func leadingDigits(s string) (digits, rest string) {
	i := 0
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:]
}

// String writes yuan with exactly two decimals, for example "-12.30".
func (a Amount) String() string { return string(a.Append(nil)) }

// Append adds the text of String to b.
func (a Amount) Append(b []byte) []byte {
	n := uint64(a)
	if a < 0 {
		b = append(b, '-')
		n = -n
	}
	b = strconv.AppendUint(b, n/100, 10)
	return append(b, '.', byte('0'+n/10%10), byte('0'+n%10))
}

// MarshalText writes the text of String; JSON therefore carries amounts as strings.
func (a Amount) MarshalText() ([]byte, error) { return a.Append(nil), nil }

// UnmarshalText reads what MarshalText wrote: the grammar of ParseAmount, but with as
// many digits as an Amount holds, since sums are longer than bills.
func (a *Amount) UnmarshalText(text []byte) error {
	fen, ok := parseScaled(string(text), wholeDigits, 2)
	if !ok {
		return ErrAmountSyntax
	}
	*a = Amount(fen)
	return nil
}

// Add returns a+b, or ErrOverflow.
func (a Amount) Add(b Amount) (Amount, error) {
	if (b > 0 && a > math.MaxInt64-b) || (b < 0 && a < math.MinInt64-b) {
		return 0, ErrOverflow
	}
	return a + b, nil
}

// Sum adds any number of amounts, or returns ErrOverflow.
func Sum(amounts ...Amount) (Amount, error) {
	var total Amount
	for _, a := range amounts {
		var err error
		if total, err = total.Add(a); err != nil {
			return 0, err
		}
	}
	return total, nil
}
