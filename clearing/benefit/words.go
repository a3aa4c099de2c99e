package benefit

import (
	"fmt"
	"strings"
)

// words says a condition in words; "" if it always holds. The names of groups and
// kinds come from the version; nil leaves their identifiers.
func (x *condition) words(lang string, v *planVersion) string {
	w := &conditionWords{lang: lang, version: v}
	w.person(x)
	w.stay(x)
	w.registered(x)
	return strings.Join(w.said, pick(lang, "，", ", "))
}

// conditionWords collects what a condition says, in the order in which an officer
// would: who, what stay, what only the registry knows.
type conditionWords struct {
	lang    string
	version *planVersion
	said    []string
}

func (w *conditionWords) say(zh, en string, args ...any) {
	w.said = append(w.said, fmt.Sprintf(pick(w.lang, zh, en), args...))
}

// any says one of a list; nothing where the list is empty.
func (w *conditionWords) any(items []string, zh, en string) {
	if len(items) > 0 {
		w.say(zh, en, strings.Join(items, pick(w.lang, "、", " or ")))
	}
}

func (w *conditionWords) names(ids []string) []string {
	named := make([]string, len(ids))
	for i, id := range ids {
		named[i] = w.version.nameOf(w.lang, id)
	}
	return named
}

// number says a bound; nothing where there is none.
func (w *conditionWords) number(n *int, zh, en string) {
	if n != nil {
		w.say(zh, en, *n)
	}
}

func (w *conditionWords) person(x *condition) {
	w.any(w.names(x.Groups), "%s", "%s")
	w.any(w.names(x.NotGroups), "非%s", "not %s")
	w.number(x.AgeFrom, "年满%d周岁", "aged %d or more")
	w.number(x.AgeUpTo, "%d周岁及以下", "aged %d or less")
}

func (w *conditionWords) stay(x *condition) {
	if len(x.Hospital) > 0 {
		w.say("%s医疗机构", "hospital: %s", hospitals(w.lang, x.Hospital))
	}
	w.number(x.StayFrom, "年度第%d次住院起", "from stay %d of the year")
	w.any(w.names(x.Kinds), "%s", "%s")
	w.number(x.KindFrom, "该类第%d次起", "from stay %d of that kind in the year")
	w.any(x.MedTypes, "医疗类别%s", "med_type %s")
	w.any(x.Diagnosis, "主诊断%s", "main diagnosis %s")
	if len(x.Filing) > 0 {
		w.say("%s", "%s", filingList(w.lang, x.Filing))
	}
	w.any(x.Home, "参保地%s", "home area %s")
	if x.TotalFrom != nil {
		w.say("总费用超过%s元", "total cost above %s yuan", trimYuan(x.TotalFrom.fen))
	}
	if x.TotalUpTo != nil {
		w.say("总费用不超过%s元", "total cost up to %s yuan", trimYuan(x.TotalUpTo.fen))
	}
	if x.Injury != nil {
		w.say(map[bool]string{true: "外伤", false: "非外伤"}[*x.Injury], map[bool]string{true: "injury", false: "no injury"}[*x.Injury])
	}
}

func (w *conditionWords) registered(x *condition) {
	w.any(x.Grades, "缴费档次%s", "payment grade %s")
	w.any(x.Ranks, "职级%s", "rank %s")
	w.number(x.Months, "缴费满%d个月", "%d or more months of contributions")
	w.number(x.Years, "连续参保满%d年", "%d or more continuous years")
}

// nameOf is the name of a group or kind of stay.
func (v *planVersion) nameOf(lang, id string) string {
	if v != nil {
		for i := range v.Groups {
			if g := &v.Groups[i]; g.Name == id {
				return pick(lang, g.ZH, g.EN)
			}
		}
		for i := range v.Kinds {
			if k := &v.Kinds[i]; k.Name == id {
				return pick(lang, k.ZH, k.EN)
			}
		}
	}
	return translate(lang, id)
}

// dictionary has the Chinese of the fixed words of plans and traces. In English the
// words are their own names.
var dictionary = map[string]string{
	groupRetired: "退休人员", groupActive: "在职人员", groupCivilServant: "公务员", groupMinor: "学生儿童",
	"special": "三级特等", "third": "三级", "second": "二级", "first": "一级及以下", "any": "各级",
	"community": "社区", "township": "乡镇", "tcm": "中医", "provincial": "省级", "priority": "定点优先", "municipal": "市级", "county": "县级",
	string(FilingLocal): "本地就医", string(FilingLongTerm): "异地长期居住", string(FilingAtHome): "异地长期居住人员回参保地",
	string(FilingReferral): "异地转诊", string(FilingEmergency): "异地急诊抢救", string(FilingTemporary): "其他临时外出就医",
	string(FilingNotFiled): "未备案",
	"brdy":                 "出生日期", "balc": "个人账户余额", "contribution months": "缴费月数", "continuous years": "连续参保年数",
	"payment grade": "缴费档次", "civil servant rank": "公务员职级",
}

// Word is the filing in "zh" or "en".
func (f FilingKind) Word(lang string) string { return translate(lang, string(f)) }

func translate(lang, id string) string {
	if zh, ok := dictionary[id]; ok {
		return pick(lang, zh, id)
	}
	return id
}

func filingList(lang string, filings []string) string {
	named := make([]string, len(filings))
	for i, f := range filings {
		named[i] = translate(lang, f)
	}
	return strings.Join(named, pick(lang, "、", ", "))
}

// hospitals says table keys in words: third+tcm is 三级中医.
func hospitals(lang string, keys []string) string {
	named := make([]string, len(keys))
	for i, key := range keys {
		var said []string
		for word := range strings.SplitSeq(key, "+") {
			if word == "any" {
				said = append(said, pick(lang, "各级", "any level"))
				continue
			}
			said = append(said, translate(lang, word))
		}
		named[i] = strings.Join(said, pick(lang, "", "+"))
	}
	return strings.Join(named, pick(lang, "、", ", "))
}
