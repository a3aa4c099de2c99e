package benefit

import (
	"math"
	"math/bits"
	"strconv"
	"strings"

	"clearingd/ledger"
)

// ratio is a share or factor in units of 10^-12. Percentages in plans have at most
// two decimals, so that the product of three of them is still exact: a table ratio,
// a factor on the own share and an out-of-area factor.
type ratio int64

const (
	one     ratio = 1_000_000_000_000
	percent ratio = one / 100

	// unbounded stands for "no upper bound" of a segment and "no cap". It is far
	// above every sum of amounts that ParseAmount admits.
	unbounded ledger.Amount = math.MaxInt64 / 4
)

// times is a·b, half up at twelve decimals; exact as long as the decimals of both
// together are at most twelve.
func (r ratio) times(s ratio) ratio { return ratio(mulDiv(int64(r), int64(s), int64(one))) }

// within keeps the ratio between nothing and everything.
func (r ratio) within() ratio { return max(0, min(one, r)) }

// roundedTo rounds half up to that many decimals (good9527 rounds to three).
func (r ratio) roundedTo(decimals int) ratio {
	unit := int64(one)
	for range decimals {
		unit /= 10
	}
	return ratio(mulDiv(int64(r), 1, unit) * unit)
}

// String writes the ratio as a decimal fraction without needless zeros: "0.765".
func (r ratio) String() string { return string(r.append(nil)) }

func (r ratio) append(b []byte) []byte {
	n := int64(r)
	if n < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendInt(b, n/int64(one), 10)
	fraction := n % int64(one)
	if fraction == 0 {
		return b
	}
	b = append(b, '.')
	for unit := int64(one) / 10; fraction > 0; unit /= 10 {
		b = append(b, byte('0'+fraction/unit))
		fraction %= unit
	}
	return b
}

// percentText writes the ratio as a percentage: "76.5".
func (r ratio) percentText() string { return (r * 100).String() }

// parsePercent reads a percentage with at most two decimals, for example "87.5".
func parsePercent(s string) (ratio, bool) {
	// The grammar of an amount is the grammar of a percentage, and so is its scale.
	hundredths, err := ledger.ParseAmount(s)
	if err != nil || hundredths < 0 || hundredths > 1_000_00 {
		return 0, false
	}
	return ratio(hundredths) * (percent / 100), true
}

// share is the part of the amount that the ratio gives, half up to the fen.
func share(a ledger.Amount, r ratio) ledger.Amount {
	return ledger.Amount(mulDiv(int64(a), int64(r), int64(one)))
}

// reaching is the amount of which the ratio gives exactly the payment p, half up to
// the fen: the inverse of share. For ratios up to one, share(reaching(p, r), r) = p,
// because an error of half a fen in the amount is less than half a fen in the payment.
func reaching(p ledger.Amount, r ratio) ledger.Amount {
	return ledger.Amount(mulDiv(int64(p), int64(one), int64(r)))
}

// mulDiv is a·b/c rounded half up, with a product of 128 bits in between. All three
// are at least 0 and c is not 0; a result beyond int64 is unbounded.
func mulDiv(a, b, c int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(b))
	lo, carry := bits.Add64(lo, uint64(c)/2, 0)
	hi += carry
	if hi >= uint64(c) {
		return int64(unbounded)
	}
	quotient, _ := bits.Div64(hi, lo, uint64(c))
	if quotient > uint64(unbounded) {
		return int64(unbounded)
	}
	return int64(quotient)
}

// trimYuan writes an amount without needless decimals, for sentences: "1300", "0.5".
func trimYuan(a ledger.Amount) string {
	return strings.TrimSuffix(a.String(), ".00")
}
