package provinces

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"clearingd/ledger"
)

// MaxFieldErrors bounds how many places a refusal names: enough to mend a message
// by, too few to make an answer large.
const MaxFieldErrors = 20

// Differences compares two claims for one stay by value and names the members in
// which they differ; none means that they have the same content, so that the second is a
// repetition of the first and not another bill. It names at most MaxFieldErrors
// places, in the order of the message.
//
// Compared is what the calculator or the ledger reads. Left out are the certificate
// shown at the desk (mdtrt_cert_type and mdtrt_cert_no: an e-voucher's token is new
// each time) and ipt_no, which the hospital keeps for itself. Rows whose order says nothing
// (idetinfo, payinfo, feedetail) are compared without it.
//
// Expected is the first claim's value, Found the second's. Both are empty where the
// value would tell who somebody is.
func Differences(a, b Claim) []FieldError {
	d := differ{}
	d.private("input.data.psn_no", a.PersonNo == b.PersonNo)
	d.text("input.data.mdtrt_id", a.VisitID, b.VisitID)
	d.text("input.data.insutype", a.Insutype, b.Insutype)
	d.text("input.data.psn_type", a.PersonType, b.PersonType)
	d.flag("input.data.cvlserv_flag", a.CivilServant, b.CivilServant)
	d.amount("input.data.medfee_sumamt", a.Total, b.Total)
	d.amount("input.data.fulamt_ownpay_amt", a.OwnExpense, b.OwnExpense)
	d.amount("input.data.overlmt_selfpay", a.OverLimit, b.OverLimit)
	d.amount("input.data.preselfpay_amt", a.SelfPayFirst, b.SelfPayFirst)
	d.amount("input.data.inscp_scp_amt", a.InScope, b.InScope)
	d.flag("input.data.acct_used_flag", a.UseAccount, b.UseAccount)
	d.text("input.mdtrtinfo.begntime", a.Admitted.String(), b.Admitted.String())
	d.text("input.mdtrtinfo.endtime", a.Discharged.String(), b.Discharged.String())
	d.text("input.mdtrtinfo.med_type", a.MedType, b.MedType)
	d.text("input.mdtrtinfo.dscg_maindiag_code", a.MainDiagnosis, b.MainDiagnosis)
	d.text("input.mdtrtinfo.hosp_lv", a.HospitalLevel, b.HospitalLevel)
	d.flag("input.mdtrtinfo.adm_way", a.Emergency, b.Emergency)
	d.text("input.mdtrtinfo.out_fil_type", a.FilingType, b.FilingType)
	d.flag("input.mdtrtinfo.trum_flag", a.Injury, b.Injury)
	d.flag("input.mdtrtinfo.rel_ttp_flag", a.ThirdParty, b.ThirdParty)
	d.private("input.baseinfo.brdy", equalOrAbsent(a.Birth, b.Birth))
	d.private("input.idetinfo", sameRows(a.Identities, b.Identities, compareIdentities))
	d.text("input.insuinfo.balc", amountOrNone(a.AccountBalance), amountOrNone(b.AccountBalance))
	d.opening(a.Opening, b.Opening)
	d.lines(a.Lines, b.Lines)
	return d.found
}

// differ collects differences, at most MaxFieldErrors.
type differ struct{ found []FieldError }

func (d *differ) text(field, a, b string) {
	if a != b && len(d.found) < MaxFieldErrors {
		d.found = append(d.found, FieldError{Code: CodeConflict, Field: field, Expected: a, Found: b})
	}
}

func (d *differ) private(field string, same bool) {
	if !same && len(d.found) < MaxFieldErrors {
		d.found = append(d.found, FieldError{Code: CodeConflict, Field: field})
	}
}

func (d *differ) flag(field string, a, b bool) {
	if a != b {
		d.text(field, flagText(a), flagText(b))
	}
}

func (d *differ) amount(field string, a, b ledger.Amount) {
	if a != b {
		d.text(field, a.String(), b.String())
	}
}

func (d *differ) opening(a, b *Opening) {
	if a == nil || b == nil {
		d.text("input.accinfo", presence(a != nil), presence(b != nil))
		return
	}
	d.text("input.accinfo.trt_year", strconv.Itoa(a.Year), strconv.Itoa(b.Year))
	d.text("input.accinfo.ipt_cnt", strconv.Itoa(a.Stays), strconv.Itoa(b.Stays))
	d.amount("input.accinfo.act_pay_dedc", a.Deductible, b.Deductible)
	d.amount("input.accinfo.inscp_selfpay_amt", a.OwnShare, b.OwnShare)
	d.amount("input.accinfo.opt_pool_pay", a.OutpatientSum, b.OutpatientSum)
	d.private("input.accinfo.payinfo", sameRows(a.Paid, b.Paid, compareFundAmounts))
}

// lines compares fee lines by their serial, which is unique in a stay.
func (d *differ) lines(a, b []Line) {
	if len(a) != len(b) {
		d.text("input.feedetail", rowCount(len(a)), rowCount(len(b)))
		return
	}
	first, second := sortedRows(a, compareLines), sortedRows(b, compareLines)
	for i := range first {
		if first[i] != second[i] {
			d.line(first[i], second[i])
		}
	}
}

func (d *differ) line(a, b Line) {
	field := "input.feedetail[feedetl_sn=" + a.Serial + "]"
	if a.Serial != b.Serial {
		d.text("input.feedetail", a.Serial, b.Serial)
		return
	}
	d.text(field+".fee_ocur_time", a.Occurred.String(), b.Occurred.String())
	d.text(field+".med_list_codg", a.ItemCode, b.ItemCode)
	d.text(field+".chrgitm_lv", a.Class, b.Class)
	d.scaled(field+".cnt", a.Quantity, b.Quantity, 4)
	d.scaled(field+".pric", a.Price, b.Price, 6)
	d.scaled(field+".pric_uplmt_amt", a.PriceLimit, b.PriceLimit, 6)
	d.scaled(field+".selfpay_prop", a.SelfPayShare, b.SelfPayShare, 4)
	d.amount(field+".det_item_fee_sumamt", a.Amount, b.Amount)
	d.amount(field+".fulamt_ownpay_amt", a.OwnExpense, b.OwnExpense)
	d.amount(field+".overlmt_amt", a.OverLimit, b.OverLimit)
	d.amount(field+".preselfpay_amt", a.SelfPayFirst, b.SelfPayFirst)
	d.amount(field+".inscp_scp_amt", a.InScope, b.InScope)
}

// scaled compares whole numbers that stand for decimals.
func (d *differ) scaled(field string, a, b int64, decimals int) {
	if a != b {
		d.text(field, FormatScaled(a, decimals), FormatScaled(b, decimals))
	}
}

// FormatScaled writes n in units of 10^-decimals as a decimal: 12500 with 4 decimals
// is 1.2500. decimals is 1 to 18.
func FormatScaled(n int64, decimals int) string {
	sign, magnitude := "", uint64(n)
	if n < 0 {
		sign, magnitude = "-", -magnitude
	}
	digits := fmt.Sprintf("%0*d", decimals+1, magnitude)
	return sign + digits[:len(digits)-decimals] + "." + digits[len(digits)-decimals:]
}

func compareIdentities(a, b Identity) int {
	return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Level, b.Level),
		compareOptional(a.Begin, b.Begin), compareOptional(a.End, b.End))
}

func compareFundAmounts(a, b FundAmount) int {
	return cmp.Or(cmp.Compare(a.Fund, b.Fund), cmp.Compare(a.Amount, b.Amount))
}

func compareLines(a, b Line) int { return cmp.Compare(a.Serial, b.Serial) }

// sameRows reports whether two lists hold the same rows in any order.
func sameRows[R any](a, b []R, compare func(R, R) int) bool {
	return slices.EqualFunc(sortedRows(a, compare), sortedRows(b, compare),
		func(x, y R) bool { return compare(x, y) == 0 })
}

func sortedRows[R any](rows []R, compare func(R, R) int) []R {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, compare)
	return sorted
}

// compareOptional orders what may be absent, absence first.
func compareOptional[T cmp.Ordered](a, b *T) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return -1
	case b == nil:
		return 1
	}
	return cmp.Compare(*a, *b)
}

func equalOrAbsent[T cmp.Ordered](a, b *T) bool { return compareOptional(a, b) == 0 }

func amountOrNone(a *ledger.Amount) string {
	if a == nil {
		return ""
	}
	return a.String()
}

func flagText(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

func presence(there bool) string {
	if there {
		return "present"
	}
	return ""
}

func rowCount(n int) string { return strconv.Itoa(n) + " lines" }
