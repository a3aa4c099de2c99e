package benefit

import (
	"clearingd/ledger"
)

// part is one component of a bill that is still with the person. Layers take parts
// and pay on them; what no layer pays stays a part, so that the parts and the
// payments together are always the total.
type part int

const (
	partOwnExpense   part = iota // 全自费: outside the catalogue
	partOverLimit                // 超限价自费: above a price limit
	partSelfPayFirst             // 先行自付: the patient's first share of class B and the like
	partInScope                  // 符合政策范围: not yet taken by a layer
	partAwayFirst                // 异地先行自付: out-of-area self-pay-first
	partDeductible               // 起付线
	partShare                    // 按比例自付: own share inside the segments
	partOverCap                  // 超封顶: in scope, above a layer's cap
	partRefused                  // in scope, but an out-of-area rule pays nothing on it
	partOverCeiling              // what the ceiling over all funds took back
	partCount
)

// partNames are the words of plan files for the parts.
var partNames = [partCount]string{
	partOwnExpense:   "own expense",
	partOverLimit:    "over limit",
	partSelfPayFirst: "self-pay-first",
	partInScope:      "in scope",
	partAwayFirst:    "out-of-area self-pay-first",
	partDeductible:   "deductible",
	partShare:        "own share",
	partOverCap:      "over cap",
	partRefused:      "refused out of area",
	partOverCeiling:  "over the ceiling",
}

var partNamesZH = [partCount]string{
	partOwnExpense:   "全自费",
	partOverLimit:    "超限价自费",
	partSelfPayFirst: "先行自付",
	partInScope:      "符合政策范围金额",
	partAwayFirst:    "异地先行自付",
	partDeductible:   "起付线",
	partShare:        "按比例自付",
	partOverCap:      "超封顶线金额",
	partRefused:      "异地不予支付金额",
	partOverCeiling:  "超总封顶金额",
}

func partNamed(name string) (part, bool) {
	for p, n := range partNames {
		if n == name {
			return part(p), true
		}
	}
	return 0, false
}

// parts are the amounts of a bill by component.
type parts [partCount]ledger.Amount

// inScope is what the treatment side called in scope and no fund has paid.
func (p *parts) inScope() ledger.Amount {
	return p[partInScope] + p[partAwayFirst] + p[partDeductible] + p[partShare] + p[partOverCap] + p[partRefused]
}

func (p *parts) sum() ledger.Amount {
	var total ledger.Amount
	for _, a := range p {
		total += a
	}
	return total
}

// move takes an amount from one part to another and returns it.
func (p *parts) move(from, to part, a ledger.Amount) {
	p[from] -= a
	p[to] += a
}

// pay takes a payment off the listed parts, in the order of the list.
func (p *parts) pay(list []part, payment ledger.Amount) {
	for _, x := range list {
		paid := min(p[x], payment)
		p[x] -= paid
		payment -= paid
	}
}
