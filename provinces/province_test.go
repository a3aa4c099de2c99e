package provinces

import (
	"slices"
	"testing"

	"clearingd/ledger"
)

func TestTheRegisterHolds32PartiesInOrder(t *testing.T) {
	all := Provinces()
	if len(all) != 32 || !slices.IsSorted(all) || len(slices.Compact(slices.Clone(all))) != 32 {
		t.Fatalf("%d provinces: %v", len(all), all)
	}
	for _, p := range all {
		if !Known(p) || Name(p, Chinese) == "" || Name(p, English) == "" || Name(p, Chinese) == string(p) {
			t.Errorf("province %s: known %v, %q, %q", p, Known(p), Name(p, Chinese), Name(p, English))
		}
	}
	all[0] = "99"
	if Provinces()[0] != "11" {
		t.Error("a caller can change the register")
	}
}

func TestNames(t *testing.T) {
	for _, test := range []struct {
		province ledger.Province
		zh, en   string
	}{
		{"11", "北京", "Beijing"}, {"65", "新疆", "Xinjiang"}, {"66", "兵团", "XPCC"}, {"14", "山西", "Shanxi"}, {"61", "陕西", "Shaanxi"},
		{"71", "71", "71"}, {"", "", ""}, {"110", "110", "110"},
	} {
		if zh, en := Name(test.province, Chinese), Name(test.province, English); zh != test.zh || en != test.en {
			t.Errorf("%s: %s, %s", test.province, zh, en)
		}
	}
	if Name("65", "fr") != "新疆" {
		t.Error("another language is not read as Chinese")
	}
}

func TestAreas(t *testing.T) {
	for area, valid := range map[ledger.Area]bool{
		"110105": true, "669900": true, "520199": true, "139900": true,
		"710000": false, "11010": false, "1101055": false, "": false, "11010a": false, "１１0105": false, "000000": false,
	} {
		if ValidArea(area) != valid {
			t.Errorf("%q: valid %v", area, !valid)
		}
	}
}

// Design section 4 names where each fund is shown; what it does not name goes to
// oth_pay, so that nothing is dropped.
func TestFunds(t *testing.T) {
	for fund, member := range map[ledger.Fund]string{
		"310100": "hifp_pay", "390100": "hifp_pay", "330100": "hifob_pay", "390200": "hifmi_pay", "320100": "cvlserv_pay",
		"370100": "hifes_pay", "610100": "maf_pay", "350100": "hifdm_pay",
		"340100": "oth_pay", "510100": "oth_pay", "999997": "oth_pay", "640100": "oth_pay", "123456": "oth_pay", "": "oth_pay",
		"310101": "hifp_pay", "330101": "hifob_pay", "390201": "hifmi_pay", "610101": "maf_pay", // pool-level forms
		"310200": "", "310201": "", "999996": "", // the personal account and the hospital are no funds
	} {
		if got := FundMember(fund); got != member {
			t.Errorf("%s is shown in %q, want %q", fund, got, member)
		}
	}
	for _, f := range Funds() {
		if !ValidFund(f.Code) || f.ZH == "" || f.EN == "" || FundName(f.Code, English) != f.EN || FundName(f.Code, Chinese) != f.ZH {
			t.Errorf("%+v", f)
		}
	}
	if got := FundName("640100", Chinese); got != "基金640100" {
		t.Errorf("an unknown fund is called %q", got)
	}
}
