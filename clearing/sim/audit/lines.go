package audit

import (
	"fmt"
	"math/big"
	"sort"
	"strings"
)

// lineParts are the amounts of a fee line; the first is the sum of the others.
var lineParts = []string{"det_item_fee_sumamt", "fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt"}

// readLines holds the arithmetic of the fee lines, if there are any: each by itself,
// and together against the bill.
func readLines(input, data object, c *claim) {
	rows := input.rows("feedetail")
	if len(rows) == 0 {
		return
	}
	totals := make([]*big.Rat, len(lineParts))
	serials := map[string]bool{}
	for _, row := range rows {
		for i, a := range readLine(row) {
			totals[i] = sum(totals[i], a)
		}
		serial := row.text("feedetl_sn", printable, true)
		if serials[serial] && serial != "" {
			row.wrong(codeForm)
		}
		serials[serial] = true
		for _, name := range []string{"mdtrt_id", "psn_no"} {
			if mine, theirs := row.member(name), data.member(name); mine.kind != 0 && theirs.kind != 0 && mine.text != theirs.text {
				row.wrong(codeForm)
			}
		}
	}
	for i, billed := range []*big.Rat{c.total, c.own, c.over, c.first, c.scope} {
		if totals[i].Cmp(billed) != 0 {
			data.wrong(codeLineSum)
		}
	}
}

func readLine(row object) []*big.Rat {
	row.text("med_list_codg", printable, true)
	row.text("chrgitm_lv", class, false)
	row.moment("fee_ocur_time", true)
	count, price := row.decimal("cnt", countForm, true), row.decimal("pric", priceForm, true)
	share := row.decimal("selfpay_prop", shareForm, false)
	if price.Sign() < 0 || row.decimal("pric_uplmt_amt", priceForm, false).Sign() < 0 {
		row.wrong(codeAmountSign)
	}
	if share.Sign() < 0 || share.Cmp(rat(1)) > 0 {
		row.wrong(codeForm)
	}
	amounts := make([]*big.Rat, len(lineParts))
	for i, name := range lineParts {
		amounts[i], _ = row.signed(name, true)
		if amounts[i].Sign()*count.Sign() < 0 || amounts[i].Sign() != 0 && count.Sign() == 0 {
			row.wrong(codeAmountSign)
		}
	}
	cost := fen(new(big.Rat).Abs(times(count, price)))
	if count.Sign()*price.Sign() < 0 {
		cost = negative(cost)
	}
	if cost.Cmp(amounts[0]) != 0 || sum(amounts[1:]...).Cmp(amounts[0]) != 0 {
		row.wrong(codeLineSum)
	}
	return amounts
}

// content is everything of a claim that decides its bill, as text: two claims for one
// stay are the same bill exactly if it is the same.
func content(input object, c *claim) string {
	var b strings.Builder
	put := func(parts ...any) { fmt.Fprintln(&b, parts...) }
	put(c.person, c.visit, c.insurance, c.personType, c.civilServant, c.birth, c.admitted, c.discharged, c.medType, c.diagnosis)
	put(c.level, c.filing, c.emergency, c.injury, input.object("mdtrtinfo", false).flag("rel_ttp_flag", false), c.useAccount)
	put(c.total, c.own, c.over, c.first, c.scope, c.balance)
	var rows []string
	for _, id := range c.identities {
		rows = append(rows, fmt.Sprint("identity ", id))
	}
	if p := c.opening; p != nil {
		put("opening", p.year, p.stays, p.deductible, p.ownShare, p.outpatient)
		for fund, paid := range p.paid {
			rows = append(rows, fmt.Sprint("paid ", fund, paid))
		}
	}
	for _, row := range input.rows("feedetail") {
		rows = append(rows, lineContent(row))
	}
	sort.Strings(rows)
	put(strings.Join(rows, "\n"))
	return b.String()
}

func lineContent(row object) string {
	class := strings.TrimPrefix(row.text("chrgitm_lv", class, false), "0")
	at, _ := row.moment("fee_ocur_time", false)
	limit := row.decimal("pric_uplmt_amt", priceForm, false)
	if limit.Cmp(rat(999999)) == 0 { // how the national platform says that there is none
		limit = rat(0)
	}
	text := fmt.Sprint("line ", row.text("feedetl_sn", printable, false), at, row.text("med_list_codg", printable, false), class,
		row.decimal("cnt", countForm, false), row.decimal("pric", priceForm, false), limit, row.decimal("selfpay_prop", shareForm, false))
	for _, name := range lineParts {
		a, _ := row.signed(name, false)
		text += fmt.Sprint(" ", a)
	}
	return text
}
