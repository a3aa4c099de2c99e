package audit

import "math/big"

// Year is how far a person-year has come: the fold of its standing bills, and of what
// was settled elsewhere before the first of them.
type Year struct {
	Stays      int
	Deductible *big.Rat
	InScope    *big.Rat
	Cost       *big.Rat
	OwnShare   *big.Rat            // in-scope amount that no fund has paid
	Paid       map[string]*big.Rat // by layer; by layer and named cap, as "basic#accident"; by fund what was paid elsewhere
	base       map[string]*big.Rat // what a layer that counts on the year has taken in
	elsewhere  *big.Rat            // own share from elsewhere
	kinds      map[string]int
}

// fold adds the bills up, oldest first.
func fold(year int, bills []*Bill) *Year {
	y := &Year{Deductible: rat(0), InScope: rat(0), Cost: rat(0), OwnShare: rat(0), elsewhere: rat(0),
		Paid: map[string]*big.Rat{}, base: map[string]*big.Rat{}, kinds: map[string]int{}}
	if len(bills) > 0 {
		y.open(year, bills[0].claim.opening)
	}
	for _, b := range bills {
		y.add(b)
	}
	return y
}

// open takes over the figures from elsewhere.
func (y *Year) open(year int, o *opening) {
	if o == nil || o.year != year {
		return
	}
	y.Stays, y.Deductible, y.OwnShare, y.elsewhere = o.stays, o.deductible, o.ownShare, o.ownShare
	for fund, paid := range o.paid {
		if paid.Sign() != 0 {
			y.Paid[fund] = paid
		}
	}
}

func (y *Year) add(b *Bill) {
	y.Stays++
	y.Deductible = sum(y.Deductible, b.Deductible)
	y.InScope = sum(y.InScope, b.claim.scope)
	y.Cost = sum(y.Cost, b.claim.total)
	own := b.claim.scope
	for _, s := range b.Shares {
		own = minus(own, s.Amount)
		if s.Amount.Sign() != 0 {
			y.Paid[s.Layer] = sum(y.Paid[s.Layer], s.Amount)
		}
	}
	y.OwnShare = sum(y.OwnShare, own)
	for key, paid := range b.named {
		if paid.Sign() != 0 {
			y.Paid[key] = sum(y.Paid[key], paid)
		}
	}
	for id, taken := range b.base {
		y.base[id] = sum(y.base[id], taken)
	}
	for _, kind := range b.kinds {
		y.kinds[kind]++
	}
}
