package nhsa

import (
	"math/bits"

	"clearingd/ledger"
	"clearingd/provinces"
)

const (
	noPriceLimit = 999_999_000_000 // "no ceiling" is sent as 999999
	fullShare    = 10_000
)

// readLines reads the fee lines, 2301's input with the split of its output, and checks
// each by itself.
func readLines(input, data object) []provinces.Line {
	rows := input.rows("feedetail")
	if len(rows) == 0 {
		return nil
	}
	lines := make([]provinces.Line, len(rows))
	serials := make(map[string]bool, len(rows))
	for i, row := range rows {
		lines[i] = readLine(row)
		row.sameAs(data, "mdtrt_id")
		row.sameAs(data, "psn_no")
		if serial := lines[i].Serial; serial != "" {
			if serials[serial] {
				row.report(provinces.CodeForm, row.field("feedetl_sn"), "unique in the stay", "")
			}
			serials[serial] = true
		}
	}
	return lines
}

// sameAs refuses a line that names another stay or person than the bill. It repeats
// neither.
func (o object) sameAs(data object, name string) {
	mine, theirs := o.member(name), data.member(name)
	if mine != absent && theirs != absent && o.nodes[mine].text != data.nodes[theirs].text {
		o.report(provinces.CodeForm, o.field(name), "as "+data.field(name), "")
	}
}

func readLine(row object) provinces.Line {
	l := provinces.Line{
		Serial:       row.needText("feedetl_sn", localNumber),
		ItemCode:     row.needText("med_list_codg", localNumber),
		Class:        row.text("chrgitm_lv", catalogueClass),
		Quantity:     row.needScaled("cnt", countScale),
		Price:        row.needScaled("pric", priceScale),
		PriceLimit:   row.scaled("pric_uplmt_amt", priceScale),
		SelfPayShare: row.scaled("selfpay_prop", shareScale),
	}
	if len(l.Class) == 1 { // one region writes 1, 2, 3 (national-interface 6.13)
		l.Class = "0" + l.Class
	}
	if l.PriceLimit == noPriceLimit {
		l.PriceLimit = 0
	}
	l.Occurred, _ = row.needMoment("fee_ocur_time")
	for _, part := range lineParts(&l) {
		*part.amount = row.needAmount(part.name)
	}
	row.checkRates(&l)
	row.checkLine(&l)
	return l
}

// linePart is one amount of a line under its name on the wire.
type linePart struct {
	name   string
	amount *ledger.Amount
}

// lineParts are a line's amount and the four parts it is split into. A line says
// overlmt_amt where a bill says overlmt_selfpay.
func lineParts(l *provinces.Line) [5]linePart {
	return [5]linePart{
		{"det_item_fee_sumamt", &l.Amount},
		{"fulamt_ownpay_amt", &l.OwnExpense},
		{"overlmt_amt", &l.OverLimit},
		{"preselfpay_amt", &l.SelfPayFirst},
		{"inscp_scp_amt", &l.InScope},
	}
}

// checkRates holds the ranges of what is no amount of the bill: prices are never
// below zero (a refund negates the count), a share is 0 to 1.
func (o object) checkRates(l *provinces.Line) {
	if l.Price < 0 {
		o.report(provinces.CodeAmountSign, o.field("pric"), ">= 0", priceScale.format(l.Price))
	}
	if l.PriceLimit < 0 {
		o.report(provinces.CodeAmountSign, o.field("pric_uplmt_amt"), ">= 0", priceScale.format(l.PriceLimit))
	}
	if l.SelfPayShare < 0 || l.SelfPayShare > fullShare {
		o.report(provinces.CodeForm, o.field("selfpay_prop"), shareScale.grammar, shareScale.format(l.SelfPayShare))
	}
}

// checkLine holds the arithmetic of section 2.3: the amount is count times price, the
// parts add up to it, and all have the sign of the count.
func (o object) checkLine(l *provinces.Line) {
	for _, part := range lineParts(l) {
		if *part.amount < 0 && l.Quantity >= 0 || *part.amount > 0 && l.Quantity <= 0 {
			o.report(provinces.CodeAmountSign, o.field(part.name), "the sign of cnt", part.amount.String())
		}
	}
	if amount, ok := product(l.Quantity, l.Price); !ok || amount != l.Amount {
		o.report(provinces.CodeLineSum, o.field("det_item_fee_sumamt"), productText(amount, ok), l.Amount.String())
	}
	parts := l.OwnExpense + l.OverLimit + l.SelfPayFirst + l.InScope
	if parts != l.Amount {
		o.report(provinces.CodeLineSum, o.field("inscp_scp_amt"), (l.InScope + l.Amount - parts).String(), l.InScope.String())
	}
}

// product is count times price, rounded half up to the fen; on a refund the same
// with the sign turned, so that it takes back exactly what was charged. false if it is larger
// than an amount can be.
func product(count, price int64) (ledger.Amount, bool) {
	const unitsPerFen = 100_000_000 // 10^(4+6) units a yuan, 100 fen a yuan
	magnitude := uint64(count)
	if count < 0 {
		magnitude = -magnitude
	}
	high, low := bits.Mul64(magnitude, uint64(price))
	low, carry := bits.Add64(low, unitsPerFen/2, 0)
	high += carry
	if high >= unitsPerFen {
		return 0, false
	}
	fen, _ := bits.Div64(high, low, unitsPerFen)
	if fen >= 1e14 {
		return 0, false
	}
	if count < 0 {
		return -ledger.Amount(fen), true
	}
	return ledger.Amount(fen), true
}

func productText(amount ledger.Amount, ok bool) string {
	if !ok {
		return "an amount below 10^12 yuan"
	}
	return amount.String()
}

// checkTotals holds the bill against its lines, if it has any: the bill and each of
// its four parts are the sums of the lines' own.
func checkTotals(c *provinces.Claim, data object) {
	if len(c.Lines) == 0 {
		return
	}
	var sum provinces.Line
	sums := lineParts(&sum)
	for i := range c.Lines {
		for j, part := range lineParts(&c.Lines[i]) {
			*sums[j].amount += *part.amount // at most 4,096 times 10^14 fen: below 2^63
		}
	}
	for _, part := range []struct {
		name      string
		sum, bill ledger.Amount
	}{
		{"medfee_sumamt", sum.Amount, c.Total},
		{"fulamt_ownpay_amt", sum.OwnExpense, c.OwnExpense},
		{"overlmt_selfpay", sum.OverLimit, c.OverLimit},
		{"preselfpay_amt", sum.SelfPayFirst, c.SelfPayFirst},
		{"inscp_scp_amt", sum.InScope, c.InScope},
	} {
		if part.sum != part.bill {
			data.report(provinces.CodeLineSum, data.field(part.name), part.sum.String(), part.bill.String())
		}
	}
}
