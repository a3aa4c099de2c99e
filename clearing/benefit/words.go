package benefit

import (
	"fmt"
	"strings"
)

// words says a condition in words; "" if it always holds. The names of groups and
// kinds come from the version; nil leaves their identifiers.
func (x *condition) words(lang string, v *planVersion) string {
	var said []string
	say := func(zh, en string, args ...any) {
		said = append(said, fmt.Sprintf(pick(lang, zh, en), args...))
	}
	list := func(items []string) string { return strings.Join(items, pick(lang, "、", " or ")) }
	names := func(ids []string) string {
		named := make([]string, len(ids))
		for i, id := range ids {
			named[i] = v.nameOf(lang, id)
		}
		return list(named)
	}
	if len(x.Groups) > 0 {
		say("%s", "%s", names(x.Groups))
	}
	if len(x.NotGroups) > 0 {
		say("非%s", "not %s", names(x.NotGroups))
	}
	if x.AgeFrom != nil {
		say("年满%d周岁", "aged %d or more", *x.AgeFrom)
	}
	if x.AgeUpTo != nil {
		say("不超过%d周岁", "aged %d or less", *x.AgeUpTo)
	}
	if len(x.Hospital) > 0 {
		say("医院：%s", "hospital: %s", hospitals(lang, x.Hospital))
	}
	if x.StayFrom != nil {
		say("年度第%d次住院起", "from stay %d of the year", *x.StayFrom)
	}
	if len(x.Kinds) > 0 {
		say("%s", "%s", names(x.Kinds))
	}
	if x.KindFrom != nil {
		say("该类第%d次起", "from the %d. of that kind", *x.KindFrom)
	}
	if len(x.MedTypes) > 0 {
		say("医疗类别%s", "med_type %s", list(x.MedTypes))
	}
	if len(x.Diagnosis) > 0 {
		say("主诊断%s", "main diagnosis %s", list(x.Diagnosis))
	}
	if len(x.Filing) > 0 {
		say("%s", "%s", filingList(lang, x.Filing))
	}
	if len(x.Home) > 0 {
		say("参保地%s", "home area %s", list(x.Home))
	}
	if len(x.Grades) > 0 {
		say("缴费档次%s", "payment grade %s", list(x.Grades))
	}
	if len(x.Ranks) > 0 {
		say("职级%s", "rank %s", list(x.Ranks))
	}
	if x.Months != nil {
		say("缴费满%d个月", "%d or more months of contributions", *x.Months)
	}
	if x.Years != nil {
		say("连续参保满%d年", "%d or more continuous years", *x.Years)
	}
	if x.TotalFrom != nil {
		say("总费用超过%s元", "total cost above %s yuan", trimYuan(x.TotalFrom.fen))
	}
	if x.TotalUpTo != nil {
		say("总费用不超过%s元", "total cost up to %s yuan", trimYuan(x.TotalUpTo.fen))
	}
	if x.Injury != nil {
		say(map[bool]string{true: "外伤", false: "非外伤"}[*x.Injury], map[bool]string{true: "injury", false: "no injury"}[*x.Injury])
	}
	return strings.Join(said, pick(lang, "，", ", "))
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
			said = append(said, translate(lang, word))
		}
		named[i] = strings.Join(said, pick(lang, "", "+"))
	}
	return strings.Join(named, pick(lang, "、", ", "))
}
