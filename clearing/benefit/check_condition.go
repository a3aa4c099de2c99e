package benefit

import (
	"slices"
	"strings"

	"clearingd/provinces"
)

// condition checks a "for": its names, and that it says something. A condition that
// says nothing holds for everybody, which is never what an empty list was meant to say.
func (c *checker) condition(x *condition) {
	if x.Line > 0 && len(x.Keys) == 0 {
		c.problem(x.Line, "for 为空即适用于所有人，请删去", "an empty for applies to everybody: leave it away")
	}
	for _, list := range []struct {
		key   string
		items []string
	}{
		{"groups", x.Groups}, {"not_groups", x.NotGroups}, {"hospital", x.Hospital}, {"kinds", x.Kinds}, {"med_types", x.MedTypes},
		{"diagnosis", x.Diagnosis}, {"filing", x.Filing}, {"home_areas", x.Home}, {"grades", x.Grades}, {"ranks", x.Ranks},
	} {
		c.said(x.at, list.key, list.items)
	}
	c.groupNames(x, "groups", x.Groups)
	c.groupNames(x, "not_groups", x.NotGroups)
	for _, k := range x.Kinds {
		if !slices.ContainsFunc(c.v.Kinds, func(s stayKind) bool { return s.Name == k }) {
			c.problemf(x.on("kinds"), "未知住院种类 %q，请先写 [[version.kind_of_stay]]", "unknown kind of stay %q; declare it in [[version.kind_of_stay]]", k)
		}
	}
	for _, f := range x.Filing {
		if f != string(FilingLocal) && !slices.Contains(filings, f) {
			c.problemf(x.on("filing"), "未知备案类型 %q", "unknown filing %q", f)
		}
	}
	for _, area := range x.Home {
		if !isDigits(area) {
			c.problemf(x.on("home_areas"), "home_areas 中的 %q 不是区划代码", "home_areas: %q is no area code", area)
		}
	}
	c.hospitals(x.on("hospital"), x.Hospital)
	if x.AgeFrom != nil && x.AgeUpTo != nil && *x.AgeFrom > *x.AgeUpTo {
		c.problem(x.on("age_from"), "age_from 大于 age_up_to", "age_from is above age_up_to")
	}
	if x.KindFrom != nil && len(x.Kinds) == 0 {
		c.problem(x.on("kind_stay_from"), "kind_stay_from 须与 kinds 同写", "kind_stay_from goes with kinds")
	}
	x.textZH, x.textEN = x.words("zh", c.v), x.words("en", c.v)
}

// empty reports a condition that always holds.
func (x *condition) empty() bool {
	return x.words("en", nil) == ""
}

// said wants a list that is written to hold something, and no empty text in it.
func (c *checker) said(x at, key string, items []string) {
	if x.has(key) && len(items) == 0 {
		c.problemf(x.on(key), "%s 不能为空", "%s is empty", key)
	}
	if slices.Contains(items, "") {
		c.problemf(x.on(key), "%s 中有空字符串", "%s: an empty text matches nothing", key)
	}
}

func (c *checker) groupNames(x *condition, key string, names []string) {
	known := slices.Clone(builtinGroups)
	for i := range c.v.Groups {
		known = append(known, c.v.Groups[i].Name)
	}
	for _, g := range names {
		if g != "" && !slices.Contains(known, g) {
			c.problemf(x.on(key), "未知人员组 %q，已有：%s", "unknown group %q; known: %s", g, strings.Join(known, ", "))
		}
	}
}

// hospitals checks a list of kinds of hospitals, written like the keys of tables.
func (c *checker) hospitals(line int, kinds []string) {
	for _, kind := range kinds {
		for word := range strings.SplitSeq(kind, "+") {
			if word != "any" && !isLevel(word) && kind != "" {
				c.trait(line, word)
			}
		}
	}
}

// traits are the kinds of hospitals that the house has words for, and all that a register
// tells. A plan may name others, ahead of the register; what only looks like a known word
// is a slip.
var traits = provinces.Traits

// trait checks a word for a kind of hospital that is no level.
func (b *binder) trait(line int, word string) {
	if !isName(word) {
		b.problemf(line, "%q 不是医院等级或类别；等级写 special、third、second、first", "%q is no level or trait of a hospital; levels are special, third, second, first", word)
		return
	}
	levels := []string{string(LevelSpecial), string(LevelThird), string(LevelSecond), string(LevelFirst), "any"}
	for _, known := range slices.Concat(levels, traits) {
		if slip(word, known) {
			b.problemf(line, "医院类别 %q 是否应为 %q？", "kind of hospital %q; did you mean %q?", word, known)
		}
	}
}

// slip reports whether a word is the known one but for one letter, or for two that
// changed places.
func slip(word, known string) bool {
	if word == known || len(known) < 4 {
		return false
	}
	distance := editDistance(word, known)
	return distance == 1 || distance == 2 && len(word) == len(known)
}

// ordered is a rule in a list of which, for each name, the first that holds counts.
type ordered struct {
	name   string
	where  string // "same province" or "other province"; "" and "anywhere": both
	line   int
	always bool
}

// anyPlace reports whether the rule is for treatment wherever it happened.
func (o *ordered) anyPlace() bool { return o.where == "" || o.where == "anywhere" }

// reached finds rules that stand below one that always holds. A rule for any place may
// stand below one for the same province: it is what is left for the others.
func (c *checker) reached(rules []ordered) {
	for i := range rules {
		rule := &rules[i]
		same, other := rule.where == "other province", rule.where == "same province" // decided above, or not asked for
		for j := range rules[:i] {
			above := &rules[j]
			if !above.always || above.name != rule.name {
				continue
			}
			same = same || above.anyPlace() || above.where == "same province"
			other = other || above.anyPlace() || above.where == "other province"
			if same && other {
				c.problemf(rule.line, "本条%s永不适用：第%d行的规则总是成立，应放在最后", "never reached%s: the rule in line %d always holds and belongs last", rule.words(), above.line)
				break
			}
		}
	}
}

// words says in brackets what the rule is for; nothing where the list has no names.
func (o *ordered) words() string {
	switch {
	case o.name == "" && o.anyPlace():
		return ""
	case o.anyPlace():
		return " (" + o.name + ")"
	case o.name == "":
		return " (" + o.where + ")"
	}
	return " (" + o.name + ", " + o.where + ")"
}
