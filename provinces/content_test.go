package provinces

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"clearingd/ledger"
)

func fullClaim() Claim {
	birth, begin, balance := ledger.NewDay(1948, 3, 1), ledger.NewDay(2015, 1, 1), ledger.Amount(32140)
	return Claim{
		PersonNo: "65010000000000000017", VisitID: "v1", CertType: "03", CertNo: "SECRET", Insutype: "310", PersonType: "1201", Birth: &birth,
		Identities: []Identity{{Type: "2201", Begin: &begin}, {Type: "2301", Level: "1"}},
		Admitted:   1000, Discharged: 2000, MedType: "21", InpatientNo: "i1", MainDiagnosis: "I63.900", HospitalLevel: "02", FilingType: "06",
		Total: 100, OwnExpense: 10, OverLimit: 20, SelfPayFirst: 30, InScope: 40, UseAccount: true, AccountBalance: &balance,
		Opening: &Opening{Year: 2016, Stays: 1, Deductible: 90000, Paid: []FundAmount{{"310100", 5}, {"330100", 6}}, OwnShare: 7, OutpatientSum: 8},
		Lines:   []Line{{Serial: "1", Quantity: 10000, Price: 500000, Amount: 50, InScope: 50}, {Serial: "2", Quantity: 10000, Price: 500000, Amount: 50, InScope: 50}},
	}
}

func TestTheSameContent(t *testing.T) {
	for name, change := range map[string]func(*Claim){
		"itself":                    func(*Claim) {},
		"another e-voucher":         func(c *Claim) { c.CertType, c.CertNo = "01", "TOKEN" },
		"the hospital's own number": func(c *Claim) { c.InpatientNo = "i2" },
		"rows in another order": func(c *Claim) {
			c.Lines[0], c.Lines[1] = c.Lines[1], c.Lines[0]
			c.Identities[0], c.Identities[1] = c.Identities[1], c.Identities[0]
			c.Opening.Paid[0], c.Opening.Paid[1] = c.Opening.Paid[1], c.Opening.Paid[0]
		},
	} {
		other := fullClaim()
		change(&other)
		if got := Differences(fullClaim(), other); len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestOtherContentIsNamed(t *testing.T) {
	day, amount := ledger.NewDay(1948, 3, 2), ledger.Amount(1)
	for _, test := range []struct {
		change func(*Claim)
		field  string
		values string // expected>found
	}{
		{func(c *Claim) { c.PersonNo = "65010000000000000018" }, "input.data.psn_no", ">"},
		{func(c *Claim) { c.VisitID = "v2" }, "input.data.mdtrt_id", "v1>v2"},
		{func(c *Claim) { c.Insutype = "390" }, "input.data.insutype", "310>390"},
		{func(c *Claim) { c.PersonType = "11" }, "input.data.psn_type", "1201>11"},
		{func(c *Claim) { c.CivilServant = true }, "input.data.cvlserv_flag", "0>1"},
		{func(c *Claim) { c.Birth = &day }, "input.baseinfo.brdy", ">"},
		{func(c *Claim) { c.Birth = nil }, "input.baseinfo.brdy", ">"},
		{func(c *Claim) { c.Identities = c.Identities[:1] }, "input.idetinfo", ">"},
		{func(c *Claim) { c.Identities[1].Level = "2" }, "input.idetinfo", ">"},
		{func(c *Claim) { c.Identities[0].End = &day }, "input.idetinfo", ">"},
		{func(c *Claim) { c.Admitted++ }, "input.mdtrtinfo.begntime", "1970-01-01 00:16:40>1970-01-01 00:16:41"},
		{func(c *Claim) { c.Discharged++ }, "input.mdtrtinfo.endtime", "1970-01-01 00:33:20>1970-01-01 00:33:21"},
		{func(c *Claim) { c.MedType = "22" }, "input.mdtrtinfo.med_type", "21>22"},
		{func(c *Claim) { c.MainDiagnosis = "F20" }, "input.mdtrtinfo.dscg_maindiag_code", "I63.900>F20"},
		{func(c *Claim) { c.HospitalLevel = "05" }, "input.mdtrtinfo.hosp_lv", "02>05"},
		{func(c *Claim) { c.Emergency = true }, "input.mdtrtinfo.adm_way", "0>1"},
		{func(c *Claim) { c.FilingType = "" }, "input.mdtrtinfo.out_fil_type", "06>"},
		{func(c *Claim) { c.Injury = true }, "input.mdtrtinfo.trum_flag", "0>1"},
		{func(c *Claim) { c.ThirdParty = true }, "input.mdtrtinfo.rel_ttp_flag", "0>1"},
		{func(c *Claim) { c.Total = 101 }, "input.data.medfee_sumamt", "1.00>1.01"},
		{func(c *Claim) { c.OwnExpense = 11 }, "input.data.fulamt_ownpay_amt", "0.10>0.11"},
		{func(c *Claim) { c.OverLimit = 21 }, "input.data.overlmt_selfpay", "0.20>0.21"},
		{func(c *Claim) { c.SelfPayFirst = 31 }, "input.data.preselfpay_amt", "0.30>0.31"},
		{func(c *Claim) { c.InScope = 41 }, "input.data.inscp_scp_amt", "0.40>0.41"},
		{func(c *Claim) { c.UseAccount = false }, "input.data.acct_used_flag", "1>0"},
		{func(c *Claim) { c.AccountBalance = nil }, "input.insuinfo.balc", "321.40>"},
		{func(c *Claim) { c.AccountBalance = &amount }, "input.insuinfo.balc", "321.40>0.01"},
		{func(c *Claim) { c.Opening = nil }, "input.accinfo", "present>"},
		{func(c *Claim) { c.Opening.Year = 2017 }, "input.accinfo.trt_year", "2016>2017"},
		{func(c *Claim) { c.Opening.Stays = 2 }, "input.accinfo.ipt_cnt", "1>2"},
		{func(c *Claim) { c.Opening.Deductible = 1 }, "input.accinfo.act_pay_dedc", "900.00>0.01"},
		{func(c *Claim) { c.Opening.OwnShare = 1 }, "input.accinfo.inscp_selfpay_amt", "0.07>0.01"},
		{func(c *Claim) { c.Opening.OutpatientSum = 1 }, "input.accinfo.opt_pool_pay", "0.08>0.01"},
		{func(c *Claim) { c.Opening.Paid[0].Amount = 1 }, "input.accinfo.payinfo", ">"},
		{func(c *Claim) { c.Lines = c.Lines[:1] }, "input.feedetail", "2 lines>1 lines"},
		{func(c *Claim) { c.Lines[1].Serial = "3" }, "input.feedetail", "2>3"},
		{func(c *Claim) { c.Lines[1].Occurred = 1 }, "input.feedetail[feedetl_sn=2].fee_ocur_time", "1970-01-01 00:00:00>1970-01-01 00:00:01"},
		{func(c *Claim) { c.Lines[1].ItemCode = "x" }, "input.feedetail[feedetl_sn=2].med_list_codg", ">x"},
		{func(c *Claim) { c.Lines[1].Class = "02" }, "input.feedetail[feedetl_sn=2].chrgitm_lv", ">02"},
		{func(c *Claim) { c.Lines[1].Quantity = -5 }, "input.feedetail[feedetl_sn=2].cnt", "1.0000>-0.0005"},
		{func(c *Claim) { c.Lines[1].Price = 1 }, "input.feedetail[feedetl_sn=2].pric", "0.500000>0.000001"},
		{func(c *Claim) { c.Lines[1].PriceLimit = 1 }, "input.feedetail[feedetl_sn=2].pric_uplmt_amt", "0.000000>0.000001"},
		{func(c *Claim) { c.Lines[1].SelfPayShare = 1 }, "input.feedetail[feedetl_sn=2].selfpay_prop", "0.0000>0.0001"},
		{func(c *Claim) { c.Lines[1].Amount = 1 }, "input.feedetail[feedetl_sn=2].det_item_fee_sumamt", "0.50>0.01"},
		{func(c *Claim) { c.Lines[1].OwnExpense = 1 }, "input.feedetail[feedetl_sn=2].fulamt_ownpay_amt", "0.00>0.01"},
		{func(c *Claim) { c.Lines[1].OverLimit = 1 }, "input.feedetail[feedetl_sn=2].overlmt_amt", "0.00>0.01"},
		{func(c *Claim) { c.Lines[1].SelfPayFirst = 1 }, "input.feedetail[feedetl_sn=2].preselfpay_amt", "0.00>0.01"},
		{func(c *Claim) { c.Lines[1].InScope = 1 }, "input.feedetail[feedetl_sn=2].inscp_scp_amt", "0.50>0.01"},
	} {
		other := fullClaim()
		test.change(&other)
		got := Differences(fullClaim(), other)
		if len(got) != 1 || got[0].Field != test.field || got[0].Expected+">"+got[0].Found != test.values || got[0].Code != CodeConflict {
			t.Errorf("%s: %+v", test.field, got)
		}
	}
}

// notContent are the fields of a claim that two sendings of one bill may differ in.
var notContent = map[string]bool{"CertType": true, "CertNo": true, "InpatientNo": true}

// A field added to a claim must be compared, or be listed as no content.
func TestEveryFieldIsCompared(t *testing.T) {
	zero := reflect.ValueOf(Claim{})
	full := reflect.ValueOf(fullClaim())
	for i := range zero.NumField() {
		name := zero.Type().Field(i).Name
		changed := fullClaim()
		field := reflect.ValueOf(&changed).Elem().Field(i)
		switch {
		case full.Field(i).IsZero():
			field.SetBool(true) // the full claim's only zero fields are flags
		default:
			field.SetZero()
		}
		if found := len(Differences(fullClaim(), changed)) > 0; found == notContent[name] {
			t.Errorf("%s: difference found: %v", name, found)
		}
	}
}

func TestDifferencesAreBounded(t *testing.T) {
	var a, b Claim
	for i := range 500 {
		a.Lines = append(a.Lines, Line{Serial: fmt.Sprint(i), Price: 1})
		b.Lines = append(b.Lines, Line{Serial: fmt.Sprint(i), Price: 2, Amount: 1})
	}
	if got := Differences(a, b); len(got) != MaxFieldErrors {
		t.Errorf("%d places", len(got))
	}
}

func TestDifferencesTellNothingOfThePerson(t *testing.T) {
	text := fmt.Sprintf("%+v", Differences(fullClaim(), Claim{}))
	for _, secret := range []string{"65010000000000000017", "SECRET", "1948", "2201"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s in %s", secret, text)
		}
	}
}

func TestFormatScaled(t *testing.T) {
	for _, test := range []struct {
		n        int64
		decimals int
		want     string
	}{{0, 4, "0.0000"}, {12500, 4, "1.2500"}, {-5, 4, "-0.0005"}, {1, 6, "0.000001"}, {-1 << 63, 6, "-9223372036854.775808"}} {
		if got := FormatScaled(test.n, test.decimals); got != test.want {
			t.Errorf("%d: %s, want %s", test.n, got, test.want)
		}
	}
}
