package console

import "strings"

// wantedForms say in words what a refusal demands of a member by a grammar or a short
// phrase of the answer. What is missing here is shown as the answer has it.
var wantedForms = map[string]phrase{
	"-?(0|[1-9][0-9]{0,11})([.][0-9]{1,2})?":              {"金额（元），最多两位小数", "an amount in yuan, at most two decimals"},
	"-?(0|[1-9][0-9]{0,9})([.][0-9]{1,4})?":               {"数量，最多四位小数", "a quantity, at most four decimals"},
	"(0|[1-9][0-9]{0,9})([.][0-9]{1,6})?":                 {"单价（元），最多六位小数", "a price in yuan, at most six decimals"},
	"0([.][0-9]{1,4})?|1([.]0{1,4})?":                     {"0 至 1 的比例，最多四位小数", "a share from 0 to 1, at most four decimals"},
	"(1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-6])[0-9]{4}": {"六位行政区划代码（31个省或兵团）", "an area code of six digits in one of the 31 provinces or the XPCC"},
	"1[1-6]([0-9]{2}([0-9]{2})?)?":                        {"人员类别代码，以 11 至 16 开头", "a kind of person that begins with 11 to 16"},
	"[A-Za-z0-9_.-]{1,30}":                                {"1 至 30 位字母、数字或 _ . -", "1 to 30 letters, digits or _ . -"},
	"[A-Za-z0-9_-]{1,30}":                                 {"1 至 30 位字母、数字或 _ -", "1 to 30 letters, digits or _ -"},
	"[!-~]{1,50}":                                         {"1 至 50 个无空格的半角字符", "1 to 50 plain characters without spaces"},
	"[HP][0-9]{11}":                                       {"H 或 P 加 11 位数字", "H or P and 11 digits"},
	"[0-9]{6}":                                            {"六位数字", "six digits"},
	"[0-9]{3,6}":                                          {"三至六位数字", "three to six digits"},
	"[0-9]{1,6}":                                          {"一至六位数字", "one to six digits"},
	"[0-9]{2,3}":                                          {"两至三位数字", "two or three digits"},
	"[0-9]{4}":                                            {"四位数字", "four digits"},
	"[0-9]{1,3}":                                          {"一至三位数字", "one to three digits"},
	"1-30 characters":                                     {"1 至 30 个字", "1 to 30 characters"},
	"1-100 characters":                                    {"1 至 100 个字", "1 to 100 characters"},
	"yyyy-MM-dd HH:mm:ss":                                 {"年-月-日 时:分:秒", "year-month-day hour:minute:second"},
	"yyyy-MM-dd":                                          {"年-月-日", "year-month-day"},
	"JSON (RFC 8259), UTF-8":                              {"UTF-8 编码的 JSON", "JSON in UTF-8"},
	"one JSON object":                                     {"一个 JSON 对象", "one JSON object"},
	"a byte order mark":                                   {"字节顺序标记（BOM），请去掉", "a byte order mark (BOM), to be left out"},
	"more data":                                           {"其后还有内容", "more after it"},
	"unique in the stay":                                  {"本次就诊内唯一", "unique in the stay"},
	"the sign of cnt":                                     {"与数量 cnt 同正负", "the sign of cnt"},
	"once":                                                {"只出现一次", "once"},
	"twice":                                               {"出现两次", "twice"},
	"at most 1 MiB":                                       {"不超过 1 MiB", "at most 1 MiB"},
	"at most 16 levels":                                   {"最多 16 层", "at most 16 levels"},
	"at most 256 members in an object":                    {"每个对象最多 256 个字段", "at most 256 members in an object"},
	"at most 4096 elements in an array":                   {"每个数组最多 4096 个元素", "at most 4096 elements in an array"},
	"{...}":                                               {"一个对象", "an object"},
	"[...]":                                               {"一个数组", "an array"},
}

// wanted says what a refusal expected or found.
func (w words) wanted(text string) string {
	if p, ok := wantedForms[text]; ok {
		return p.in(w.language)
	}
	if other, ok := strings.CutPrefix(text, "as "); ok {
		return w.format("wanted.as", visible(other))
	}
	if n, ok := strings.CutPrefix(text, "length "); ok && isNumber(n) {
		return w.format("wanted.length", n)
	}
	if n, ok := strings.CutSuffix(text, " lines"); ok && isNumber(n) {
		return w.format("wanted.lines", n)
	}
	return visible(text)
}

func isNumber(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
