package audit

import (
	"math/big"
	"regexp"
)

// Amounts are yuan as fractions; a percentage is a fraction of a hundred.

func rat(n int64) *big.Rat { return big.NewRat(n, 1) }

func sum(amounts ...*big.Rat) *big.Rat {
	total := new(big.Rat)
	for _, a := range amounts {
		if a != nil {
			total.Add(total, a)
		}
	}
	return total
}

func minus(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }

func times(a, b *big.Rat) *big.Rat { return new(big.Rat).Mul(a, b) }

func negative(a *big.Rat) *big.Rat { return new(big.Rat).Neg(a) }

// percent is so many hundredths of an amount.
func percent(amount, hundredths *big.Rat) *big.Rat {
	return new(big.Rat).Quo(times(amount, hundredths), rat(100))
}

func smaller(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) <= 0 {
		return a
	}
	return b
}

func larger(a, b *big.Rat) *big.Rat {
	if a.Cmp(b) >= 0 {
		return a
	}
	return b
}

func less(a, b *big.Rat) bool { return a.Cmp(b) < 0 }

// rounded is the amount half up to so many decimals. Nothing below zero is ever
// rounded here.
func rounded(a *big.Rat, decimals int) *big.Rat {
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals)), nil))
	scaled := sum(times(a, scale), big.NewRat(1, 2))
	whole := new(big.Int).Div(scaled.Num(), scaled.Denom())
	return new(big.Rat).Quo(new(big.Rat).SetInt(whole), scale)
}

// fen rounds half up to the fen.
func fen(a *big.Rat) *big.Rat { return rounded(a, 2) }

// Yuan writes an amount with two decimals, as the wire does.
func Yuan(a *big.Rat) string {
	if a == nil {
		return "0.00"
	}
	return a.FloatString(2)
}

var amountForm = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,11})(\.[0-9]{1,2})?$`)

// amount reads the amount grammar of the interface; negative zero is none.
func amount(text string) (*big.Rat, bool) {
	if !amountForm.MatchString(text) {
		return nil, false
	}
	a, ok := new(big.Rat).SetString(text)
	if !ok || text[0] == '-' && a.Sign() == 0 {
		return nil, false
	}
	return a, true
}
