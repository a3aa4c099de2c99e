package provinces

import "clearingd/ledger"

// Codes of fund_pay_type that the house itself names (national-interface 6.8). The
// personal account is ledger.FundAccount.
const (
	FundEmployee     ledger.Fund = "310100" // 职工基本医疗保险统筹基金
	FundCivilServant ledger.Fund = "320100" // 公务员医疗补助基金
	FundLargeAmount  ledger.Fund = "330100" // 大额医疗费用补助基金
	FundVeteranCadre ledger.Fund = "340100" // 离休人员医疗保障基金
	FundDisabled     ledger.Fund = "350100" // 一至六级残疾军人医疗补助基金
	FundEnterprise   ledger.Fund = "370100" // 企业补充医疗保险基金
	FundResident     ledger.Fund = "390100" // 城乡居民基本医疗保险基金
	FundSeriousIll   ledger.Fund = "390200" // 城乡居民大病医疗保险基金
	FundMaternity    ledger.Fund = "510100" // 生育基金
	FundAssistance   ledger.Fund = "610100" // 医疗救助基金
	FundOther        ledger.Fund = "999997" // 其他基金
	FundHospital     ledger.Fund = "999996" // 医院垫付: the hospital's own part of a bill, owed by nobody
)

const (
	memberOtherFunds = "oth_pay" // where every fund without a member of its own is summed
	fundCodeDigits   = 6
	poolLevelDigit   = '1' // last digit of the pool-level form of a fund's code
)

// FundInfo says what a fund is called and where an answer shows it.
type FundInfo struct {
	Code   ledger.Fund
	ZH, EN string
	Member string // member of setlinfo its payments are summed in; "" for what is not a fund
}

// funds is the table of design section 4: code, names, member of setlinfo.
var funds = []FundInfo{
	{FundEmployee, "城镇职工基本医疗保险统筹基金", "employee basic medical insurance, pooled fund", "hifp_pay"},
	{ledger.FundAccount, "城镇职工基本医疗保险个人账户基金", "employee basic medical insurance, personal account", ""},
	{FundCivilServant, "公务员医疗补助基金", "civil servants' medical subsidy", "cvlserv_pay"},
	{FundLargeAmount, "大额医疗费用补助基金", "large medical expense subsidy", "hifob_pay"},
	{FundVeteranCadre, "离休人员医疗保障基金", "veteran cadres' medical fund", memberOtherFunds},
	{FundDisabled, "一至六级残疾军人医疗补助基金", "disabled servicemen's medical subsidy", "hifdm_pay"},
	{FundEnterprise, "企业补充医疗保险基金", "enterprise supplementary medical insurance", "hifes_pay"},
	{FundResident, "城乡居民基本医疗保险基金", "resident basic medical insurance", "hifp_pay"},
	{FundSeriousIll, "城乡居民大病医疗保险基金", "resident critical illness insurance", "hifmi_pay"},
	{FundMaternity, "生育基金", "maternity fund", memberOtherFunds},
	{FundAssistance, "医疗救助基金", "medical assistance", "maf_pay"},
	{FundHospital, "医院垫付", "hospital's part", ""},
	{FundOther, "其他基金", "other funds", memberOtherFunds},
}

// Funds lists the funds with a name, by code. The caller owns the slice.
func Funds() []FundInfo { return append([]FundInfo(nil), funds...) }

// Fund explains a fund_pay_type. The pool-level form, which ends in 1 (310101), is
// the fund it belongs to. A code that the table lacks is still a fund: it is named by
// its code and goes to oth_pay, so that no payment is ever dropped.
func Fund(code ledger.Fund) FundInfo {
	whole := code
	if len(code) == fundCodeDigits && code[fundCodeDigits-1] == poolLevelDigit {
		whole = code[:fundCodeDigits-1] + "0"
	}
	for _, f := range funds {
		if f.Code == code || f.Code == whole {
			f.Code = code
			return f
		}
	}
	return FundInfo{Code: code, ZH: "基金" + string(code), EN: "fund " + string(code), Member: memberOtherFunds}
}

// FundName is the fund's name in the language.
func FundName(code ledger.Fund, language Language) string {
	f := Fund(code)
	return language.in(f.ZH, f.EN)
}

// FundMember is the member of setlinfo in which the fund's payments are summed;
// "" for the personal account and the hospital's part, which have members of their own.
func FundMember(code ledger.Fund) string { return Fund(code).Member }

// ValidFund reports whether code has the form of a fund_pay_type: six ASCII digits.
func ValidFund(code ledger.Fund) bool { return allDigits(string(code), fundCodeDigits) }
