package nhsa

import (
	"strconv"

	"clearingd/ledger"
	"clearingd/provinces"
)

// readName reads the patient's name, which the home region's register may hold against
// its own. Neither it nor its node is required; readClaim reports a node that is no object.
func readName(input object) string {
	if i := input.member("baseinfo"); i == absent || input.nodes[i].kind != '{' {
		return ""
	}
	return input.object("baseinfo").text("psn_name", personName)
}

// readBalance reads the personal account's balance from insuinfo: the object of the
// insurance that settles, or all rows of the 1101 answer as they came. Of rows, the
// one of the same insutype and insuplc_admdvs counts: one person can have several, in
// several areas (national-interface 2.1). No such row: the balance is unknown.
func readBalance(input object, insutype string, home ledger.Area) *ledger.Amount {
	i := input.member("insuinfo")
	if i == absent {
		return nil
	}
	if input.nodes[i].kind == '{' {
		return balanceOf(input.object("insuinfo"), insutype, home)
	}
	var balance *ledger.Amount
	matches := 0
	for _, row := range input.rows("insuinfo") {
		if row.exists() && row.isFor(insutype, home) {
			matches++
			balance = row.balance()
		}
	}
	if matches > 1 {
		input.report(provinces.CodeForm, input.field("insuinfo"), "one row of "+insutype+" at "+string(home), strconv.Itoa(matches)+" rows")
	}
	return balance
}

// balanceOf is the balance of a single object. It may leave out what it is for, but
// not name another insurance.
func balanceOf(insurance object, insutype string, home ledger.Area) *ledger.Amount {
	if !insurance.isFor(insutype, home) {
		return nil
	}
	return insurance.balance()
}

// isFor reports whether an insuinfo row is of this insurance in this area. What a row
// does not say does not speak against it.
func (o object) isFor(insutype string, home ledger.Area) bool {
	rowType, rowArea := o.text("insutype", insuranceTyp), o.text("insuplc_admdvs", areaForm)
	return (rowType == "" || rowType == insutype) && (rowArea == "" || rowArea == string(home))
}

func (o object) balance() *ledger.Amount {
	amount, ok := o.notNegative("balc")
	if !ok {
		return nil
	}
	return &amount
}

// readIdentities reads the hardship groups and the like, as 1101 gave them. What they
// are worth is said by the home plan, so any code is taken.
func readIdentities(input object) []provinces.Identity {
	rows := input.rows("idetinfo")
	if len(rows) == 0 {
		return nil
	}
	identities := make([]provinces.Identity, len(rows))
	for i, row := range rows {
		identities[i] = provinces.Identity{
			Type:  row.needText("psn_idet_type", recordNumber),
			Level: row.text("psn_type_lv", recordNumber),
			Begin: row.day("begntime"),
			End:   row.day("endtime"),
		}
	}
	return identities
}

// readOpening reads the year's figures from elsewhere. The national interface has no
// node for them; the member names are those it uses for the same things.
func readOpening(account object) *provinces.Opening {
	if !account.exists() {
		return nil
	}
	opening := &provinces.Opening{OutpatientSum: account.optionalPayment("opt_pool_pay")}
	opening.Year, _ = strconv.Atoi(account.needText("trt_year", yearForm))
	opening.Stays, _ = strconv.Atoi(account.needText("ipt_cnt", stayCount))
	opening.Deductible = account.payment("act_pay_dedc")
	opening.OwnShare = account.payment("inscp_selfpay_amt")
	seen := map[ledger.Fund]bool{}
	for _, row := range account.rows("payinfo") {
		paid := provinces.FundAmount{
			Fund:   ledger.Fund(row.needText("fund_pay_type", fundCode)),
			Amount: row.payment("fund_payamt"),
		}
		if seen[paid.Fund] && paid.Fund != "" {
			row.report(provinces.CodeForm, row.field("fund_pay_type"), "once", string(paid.Fund))
		}
		seen[paid.Fund] = true
		opening.Paid = append(opening.Paid, paid)
	}
	return opening
}
