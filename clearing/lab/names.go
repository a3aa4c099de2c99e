package lab

import (
	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Text is one text in both languages.
type Text struct{ ZH, EN string }

// In is the text in a language.
func (t Text) In(language provinces.Language) string {
	if language == provinces.English {
		return t.EN
	}
	return t.ZH
}

// Names says the names of rows. The zero value knows no area by name.
type Names struct {
	Area func(ledger.Area, provinces.Language) string
}

// Row is the name of a row of a dimension.
func (n Names) Row(by By, key string) Text {
	if key == "" {
		return Text{"不详", "not known"}
	}
	switch by {
	case ByArea:
		return n.area(key)
	case ByInsurance, ByPerson:
		if t, ok := codes[by][key]; ok {
			return Text{key + " " + t.ZH, key + " " + t.EN}
		}
	default:
		if t, ok := codes[by][key]; ok {
			return t
		}
	}
	return Text{key, key}
}

func (n Names) area(key string) Text {
	if len(key) == 2 {
		p := ledger.Province(key)
		return Text{key + " " + provinces.Name(p, provinces.Chinese), key + " " + provinces.Name(p, provinces.English)}
	}
	if n.Area == nil {
		return Text{key, key}
	}
	a := ledger.Area(key)
	return Text{key + " " + n.Area(a, provinces.Chinese), key + " " + n.Area(a, provinces.English)}
}

// By is the name of a dimension.
func (n Names) By(by By) Text { return dimensions[by] }

var dimensions = map[By]Text{
	ByArea:      {"参保统筹区", "Home pooling area"},
	ByLevel:     {"医院等级", "Hospital level"},
	ByPerson:    {"人员类别", "Kind of person"},
	ByRetired:   {"是否退休", "Retired"},
	ByHardship:  {"是否困难群体", "Hardship group"},
	ByInsurance: {"险种", "Insurance"},
	ByFiling:    {"异地就医类型", "How the stay counted out of area"},
}

// codes are the words of the fixed keys: levels and filings of the plans, psn_type and
// insutype of the national tables (national-interface 6.1, 6.3).
var codes = map[By]map[string]Text{
	ByLevel: {
		string(benefit.LevelSpecial): {"三级特等", "third, special"}, string(benefit.LevelThird): {"三级", "third"},
		string(benefit.LevelSecond): {"二级", "second"}, string(benefit.LevelFirst): {"一级及以下", "first and below"},
	},
	ByPerson: {
		"11": {"在职", "employed"}, "12": {"退休", "retired"}, "13": {"离休", "veteran cadres"},
		"14": {"居民未成年", "residents under age"}, "15": {"居民成年", "adult residents"}, "16": {"居民老年", "elderly residents"},
	},
	ByRetired:  {"yes": {"退休", "retired"}, "no": {"非退休", "not retired"}},
	ByHardship: {"yes": {"困难群体", "hardship group"}, "no": {"其他人员", "others"}},
	ByInsurance: {
		"310": {"职工基本医疗保险", "employees"}, "320": {"公务员医疗补助", "civil servants"}, "330": {"大额医疗费用补助", "large amounts"},
		"340": {"离休人员医疗保障", "veteran cadres"}, "350": {"一至六级残疾军人医疗补助", "disabled soldiers"}, "370": {"企业补充医疗保险", "enterprise supplement"},
		"390": {"城乡居民基本医疗保险", "residents"}, "391": {"城镇居民基本医疗保险", "urban residents"}, "392": {"城乡居民大病医疗保险", "residents, critical illness"},
		"510": {"生育保险", "maternity"},
	},
	ByFiling: {
		string(benefit.FilingLocal): {"本地就医", "local"}, string(benefit.FilingLongTerm): {"异地长期居住", "long-term resident elsewhere"},
		string(benefit.FilingAtHome):   {"异地长期居住人员回参保地", "long-term resident treated at home"},
		string(benefit.FilingReferral): {"异地转诊", "referral"}, string(benefit.FilingEmergency): {"异地急诊抢救", "emergency"},
		string(benefit.FilingTemporary): {"其他临时外出就医", "temporary, not referred"}, string(benefit.FilingNotFiled): {"未备案", "not filed"},
	},
}

// Change is the name of a kind of change.
func (n Names) Change(c Change) Text {
	return map[Change]Text{Changed: {"修改", "changed"}, Added: {"新增", "added"}, Removed: {"删除", "removed"}}[c]
}

// Warning is what an officer should know of the bills under the draft.
func (n Names) Warning(w string) Text {
	if t, ok := warnings[benefit.Warning(w)]; ok {
		return t
	}
	return Text{w, w}
}

var warnings = map[benefit.Warning]Text{
	benefit.WarnUnverified: {"适用未核实政策", "by a plan not verified"},
	benefit.WarnInvented:   {"适用虚构演示政策", "by a plan invented for demonstration"},
	benefit.WarnAssumed:    {"适用推定条款", "by a rule marked as assumed"},
	benefit.WarnDeclared:   {"以申报信息为准", "on the claim's word for the person"},
	benefit.WarnAbsent:     {"因信息缺失未给予优待", "where a missing fact gave no privilege"},
}
