package provinces

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNamesThatAreOnePersons(t *testing.T) {
	for what, pair := range map[string][2]string{
		"the same":                                        {"张伟", "张伟"},
		"middle dot U+00B7 and bullet U+2022":             {"买买提·吐尔逊", "买买提•吐尔逊"},
		"katakana middle dot U+30FB":                      {"阿卜杜拉·艾山", "阿卜杜拉・艾山"},
		"half-width katakana middle dot U+FF65":           {"阿卜杜拉·艾山", "阿卜杜拉･艾山"},
		"hyphenation point U+2027":                        {"古丽娜尔·买买提", "古丽娜尔‧买买提"},
		"full-width full stop U+FF0E":                     {"古丽娜尔·买买提", "古丽娜尔．买买提"},
		"full stop":                                       {"古丽娜尔·买买提", "古丽娜尔.买买提"},
		"dot operator U+22C5 and bullet operator U+2219":  {"迪力夏提⋅卡德尔", "迪力夏提∙卡德尔"},
		"Greek ano teleia U+0387":                         {"迪力夏提·卡德尔", "迪力夏提\u0387卡德尔"},
		"Hangul letter araea U+318D":                      {"迪力夏提·卡德尔", "迪力夏提ㆍ卡德尔"},
		"small full stop U+FE52":                          {"迪力夏提·卡德尔", "迪力夏提﹒卡德尔"},
		"a space for the dot, and none":                   {"努尔买买提 阿不都热合曼", "努尔买买提阿不都热合曼"},
		"ideographic space in a name of two characters":   {"王　五", "王五"},
		"a hyphen for the dot":                            {"热孜亚-吐尔地", "热孜亚·吐尔地"},
		"full-width letters":                              {"ＭＡＲＩＡ　ＩＶＡＮＯＶＡ", "Maria Ivanova"},
		"an apostrophe":                                   {"O’Brien", "O'BRIEN"},
		"a compatibility ideograph U+F92C":                {"\uF92C朗", "郎朗"},
		"a Kangxi radical U+2F42 for its character":       {"⽂静", "文静"},
		"a variation selector":                            {"葛\U000E0100洪", "葛洪"},
		"extension B U+215D7 and its old private code":    {"王\U000215D7", "王\uE831"},
		"U+9FB9 and its old private code":                 {"李\u9FB9", "李\uE843"},
		"a rare character written as a question mark":     {"王\U0002CA07", "王?"},
		"a rare character in a font of one's own":         {"王\U0002CA07", "王\uF5E1"},
		"a rare character written as a geta mark":         {"陈𬭚", "陈〓"},
		"a masked name":                                   {"欧阳*峰", "欧阳锋峰"},
		"Arabic presentation forms":                       {"\uFEE3\uFEA3\uFEE4\uFEAA", "محمد"},
		"Arabic with a direction mark and a stretching":   {"\u200Fمح\u0640مد", "محمد"},
		"another script than the register knows: nothing": {"محمد", "买买提"},
		"no name":                          {"", "张伟"},
		"no name but a mark":               {"?", "张伟"},
		"a lower-case name without a dash": {"li-mei", "LiMei"},
	} {
		if !NamesAgree(pair[0], pair[1]) || !NamesAgree(pair[1], pair[0]) {
			t.Errorf("%s: %q and %q are taken for two persons' (%q, %q)", what, pair[0], pair[1], string(foldName(pair[0])), string(foldName(pair[1])))
		}
	}
}

func TestNamesThatAreTwoPersons(t *testing.T) {
	for what, pair := range map[string][2]string{
		"another name":                         {"张伟", "张玮"},
		"a part more":                          {"买买提·吐尔逊", "买买提·吐尔逊·艾山"},
		"parts in another order":               {"买买提·吐尔逊", "吐尔逊·买买提"},
		"simplified and traditional":           {"张东", "張東"},
		"two rare characters":                  {"王\U000215D7", "王\U0002298F"},
		"a mark stands for one character only": {"王?", "王小明"},
		"the rest of a marked name differs":    {"王?", "李\U0002CA07"},
		"Latin":                                {"Maria Ivanova", "Marina Ivanova"},
	} {
		if NamesAgree(pair[0], pair[1]) || NamesAgree(pair[1], pair[0]) {
			t.Errorf("%s: %q and %q are taken for one person's", what, pair[0], pair[1])
		}
	}
}

func TestANameMayBeAnyOfThoseRegistered(t *testing.T) {
	names := []string{"买买提·吐尔逊", "MEMET TURSUN", "مەمەت تۇرسۇن"}
	for claimed, want := range map[string]bool{
		"买买提吐尔逊": true, "Memet Tursun": true, "مەمەت·تۇرسۇن": true, "Турсун": true, "": true,
		"艾山·吐尔逊": false, "Esan Tursun": false, "محمد": false,
	} {
		if got := NamesAgree(claimed, names...); got != want {
			t.Errorf("%q: %v", claimed, got)
		}
	}
	if !NamesAgree("张伟") {
		t.Error("a register without names contradicts one")
	}
}

func TestNamesAgreeWithThemselvesInEitherOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if !NamesAgree(a, a) {
			t.Fatalf("%q does not agree with itself", a)
		}
		if NamesAgree(a, b) != NamesAgree(b, a) {
			t.Fatalf("%q and %q agree in one order only", a, b)
		}
		spaced := strings.Join(strings.Split(a, ""), "·")
		if utf8.ValidString(a) && !NamesAgree(spaced, a) {
			t.Fatalf("dots change %q", a)
		}
	})
}

func TestIdentityNumbersOfTheFirstGeneration(t *testing.T) {
	for number, want := range map[string]string{
		"110105491231002":    "11010519491231002X", // the example of GB 11643-1999
		"11010519491231002x": "11010519491231002X",
		"44052418800101":     "44052418800101", // 14 digits are no identity number
	} {
		if got := NormalCertificate(ClassIdentity, number); got != want {
			t.Errorf("%s: %s, want %s", number, got, want)
		}
	}
	if got := NormalCertificate(ClassCard, "110105491231002"); got != "110105491231002" {
		t.Errorf("a card's number became %s", got)
	}
}

func TestParseRegistrySubject(t *testing.T) {
	for _, kind := range RegistryKinds {
		home, got, err := ParseRegistrySubject(RegistrySubject("65", kind))
		if err != nil || home != "65" || got != kind {
			t.Errorf("%s: %s %s %v", kind, home, got, err)
		}
	}
	for _, bad := range []string{"", "registry", "registry.65", "registry.65.person.x", "registry.6x.person", "registry.650.person", "registry.65.people", "claims.65.person", "registry.６５.person"} {
		if home, kind, err := ParseRegistrySubject(bad); err == nil {
			t.Errorf("%q is taken for %s %s", bad, home, kind)
		}
	}
}
