package provinces

import (
	"slices"

	"clearingd/ledger"
)

// Language of a name or a report: Chinese (zh) or English (en). Any other value is
// read as Chinese, the language of the officers.
type Language string

// The languages of the house.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// in picks the text of the language.
func (l Language) in(zh, en string) string {
	if l == English {
		return en
	}
	return zh
}

// provinceName is a province with its customary short names.
type provinceName struct {
	code   ledger.Province
	zh, en string
}

// register lists the clearing parties by code: the 31 provinces, autonomous regions
// and municipalities of GB/T 2260 whose insurance takes part, and 66, the Xinjiang
// Production and Construction Corps, which runs its own insurance.
var register = []provinceName{
	{"11", "北京", "Beijing"},
	{"12", "天津", "Tianjin"},
	{"13", "河北", "Hebei"},
	{"14", "山西", "Shanxi"},
	{"15", "内蒙古", "Inner Mongolia"},
	{"21", "辽宁", "Liaoning"},
	{"22", "吉林", "Jilin"},
	{"23", "黑龙江", "Heilongjiang"},
	{"31", "上海", "Shanghai"},
	{"32", "江苏", "Jiangsu"},
	{"33", "浙江", "Zhejiang"},
	{"34", "安徽", "Anhui"},
	{"35", "福建", "Fujian"},
	{"36", "江西", "Jiangxi"},
	{"37", "山东", "Shandong"},
	{"41", "河南", "Henan"},
	{"42", "湖北", "Hubei"},
	{"43", "湖南", "Hunan"},
	{"44", "广东", "Guangdong"},
	{"45", "广西", "Guangxi"},
	{"46", "海南", "Hainan"},
	{"50", "重庆", "Chongqing"},
	{"51", "四川", "Sichuan"},
	{"52", "贵州", "Guizhou"},
	{"53", "云南", "Yunnan"},
	{"54", "西藏", "Tibet"},
	{"61", "陕西", "Shaanxi"},
	{"62", "甘肃", "Gansu"},
	{"63", "青海", "Qinghai"},
	{"64", "宁夏", "Ningxia"},
	{"65", "新疆", "Xinjiang"},
	{"66", "兵团", "XPCC"},
}

// Provinces lists the 32 clearing parties in code order. The caller owns the slice.
func Provinces() []ledger.Province {
	codes := make([]ledger.Province, len(register))
	for i, p := range register {
		codes[i] = p.code
	}
	return codes
}

// Known reports whether p is one of the 32 clearing parties.
func Known(p ledger.Province) bool {
	_, found := find(p)
	return found
}

// Name is the customary short name of a province, for example 新疆 or Xinjiang; of an
// unknown province it is the code itself.
func Name(p ledger.Province, language Language) string {
	i, found := find(p)
	if !found {
		return string(p)
	}
	return language.in(register[i].zh, register[i].en)
}

// find looks a province up in the register, which is sorted by code.
func find(p ledger.Province) (int, bool) {
	return slices.BinarySearchFunc(register, p, func(entry provinceName, code ledger.Province) int {
		switch {
		case entry.code < code:
			return -1
		case entry.code > code:
			return 1
		}
		return 0
	})
}

// ValidArea reports whether a is six ASCII digits of which the first two are a known
// province. More cannot be demanded: the codes of city funds (ending in 99) and of
// provincial pools are not in GB/T 2260.
func ValidArea(a ledger.Area) bool { return allDigits(string(a), 6) && Known(a.Province()) }
