package benefit

import (
	"fmt"
	"io/fs"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"clearingd/provinces/data"
)

// The two pages on the plan file are held against the program: every block is parsed,
// what is said to be from a shipped file stands in it, every example is worked, every
// key and choice of the format is explained, and no other.
var formatPages = []struct{ file, lang string }{
	{"../../docs/plan-format.md", "en"}, {"../../docs/plan-format.zh.md", "zh"},
}

// docBlock is a fenced block: its language, what the comment before it says it is from.
type docBlock struct {
	from, kind, text string
	line             int
}

var fence = regexp.MustCompile("(?ms)(?:^<!-- from: (\\S+) -->\n)?^```(toml|toml head|toml wrong|text)\n(.*?)^```$")

func readPage(t *testing.T, file string) (text string, found []docBlock) {
	t.Helper()
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text = string(page)
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		b := docBlock{kind: text[m[4]:m[5]], text: text[m[6]:m[7]], line: 1 + strings.Count(text[:m[6]], "\n")}
		if m[2] >= 0 {
			b.from = text[m[2]:m[3]]
		}
		found = append(found, b)
	}
	if len(found) < 40 {
		t.Fatalf("%s: only %d blocks", file, len(found))
	}
	return text, found
}

func TestBlocksOfTheFormatPagesAreRight(t *testing.T) {
	for _, page := range formatPages {
		_, found := readPage(t, page.file)
		var plans []*Plan
		examples := fstest.MapFS{}
		for i, b := range found {
			where := fmt.Sprintf("%s:%d", page.file, b.line)
			checkFrom(t, where, b)
			switch {
			case b.kind == "toml wrong":
				checkWrong(t, where, page.lang, b.text, found[i+1].text)
			case b.kind != "toml":
			case strings.Contains(b.text, "[[example]]"):
				examples[fmt.Sprintf("examples/%d.toml", i)] = &fstest.MapFile{Data: []byte(b.text)}
			default:
				p, problems := ParsePlan(where, []byte(whole(b.text)))
				if p == nil {
					t.Errorf("%s: %v\n%s", where, problems, whole(b.text))
				} else if strings.HasPrefix(b.text, "area") {
					plans = append(plans, p)
				}
			}
		}
		set, err := NewSet(plans...)
		if err != nil || len(plans) == 0 {
			t.Fatalf("%s: %d whole plans, %v", page.file, len(plans), err)
		}
		results, err := RunExamples(set, examples)
		if err != nil || len(results) < 2 {
			t.Errorf("%s: %d examples, %v", page.file, len(results), err)
		}
		for _, r := range results {
			for _, d := range r.Differences {
				t.Errorf("%s: %s: %s is %s, want %s", page.file, r.Name, d.Field, d.Got, d.Want)
			}
		}
	}
}

// checkFrom wants the lines of the block, comments apart, to stand together in the file
// they are said to be from.
func checkFrom(t *testing.T, where string, b docBlock) {
	t.Helper()
	if b.from == "" {
		if b.kind == "toml head" {
			t.Errorf("%s: a head is from a shipped file", where)
		}
		return
	}
	lines := bare(b.text)
	if b.kind == "toml" { // the key of a version need not be its first
		lines = strings.TrimPrefix(lines, "[[version]]\n")
	}
	file, err := fs.ReadFile(data.Plans, b.from)
	if err != nil || !strings.Contains(bare(string(file)), lines) {
		t.Errorf("%s: does not stand in %s (%v):\n%s", where, b.from, err, bare(b.text))
	}
}

var tomlComment = regexp.MustCompile(`(?m)\s+#[^"\n]*$|^#.*$`)

func bare(text string) string {
	var lines []string
	for line := range strings.SplitSeq(tomlComment.ReplaceAllString(text, ""), "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// checkWrong wants exactly the problems that the page prints.
func checkWrong(t *testing.T, where, lang, text, told string) {
	t.Helper()
	_, problems := ParsePlan("my-plan.toml", []byte(text))
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s:%d: %s", p.File, p.Line, pick(lang, p.ZH, p.EN)))
	}
	if want := strings.TrimSpace(told); strings.Join(got, "\n") != want {
		t.Errorf("%s: the program says\n%s\nthe page\n%s", where, strings.Join(got, "\n"), want)
	}
}

// whole makes a plan of a fragment: it takes the place of the block of its kind in a
// plain plan, or stands beside it.
func whole(fragment string) string {
	if strings.HasPrefix(fragment, "area") {
		return fragment
	}
	has := func(s string) bool { return strings.Contains(fragment, s) }
	first, _, _ := strings.Cut(strings.TrimSpace(fragment), "\n")
	first, _, _ = strings.Cut(first, "  #")
	b := map[string]string{
		"head":       "area = \"9902\"\ninsurance = \"390\"\ntitle_zh = \"示例\"\ntitle_en = \"example\"\n",
		"version":    "[[version]]\nvalid_from = 2020-01-01\nsource = \"x\"\naverage_wage = 1\n",
		"names":      "",
		"deductible": "[version.deductible]\namount = { first = 1, second = 2, third = 3 }\n",
		"away":       "",
		"layer":      "[[version.layer]]\nid = \"basic\"\nzh = \"统筹\"\nen = \"pool\"\nfund = \"390100\"\ntakes = [\"in scope\"]\n",
		"segment":    "[[version.layer.segment]]\npays = 60\n",
		"rest":       "",
	}
	if !has("[[version.kind_of_stay]]") {
		b["names"] += "[[version.kind_of_stay]]\nname = \"chemotherapy\"\nzh = \"化疗\"\nen = \"chemotherapy\"\ndiagnosis = [\"Z51.1\"]\n"
	}
	if !has("[[version.group]]") {
		b["names"] += "[[version.group]]\nname = \"hardship\"\nzh = \"困难\"\nen = \"hardship\"\nidentities = [\"1\"]\n"
	}
	if has("[[version.catalogue]]") {
		b["head"] += "scope = \"home\"\n"
	}
	switch {
	case first == "[[version]]":
		b["version"] = strings.Replace(b["version"], "average_wage = 1\n", "", 1) + strings.TrimPrefix(strings.TrimSpace(fragment), first) + "\n"
	case first == "[version.deductible]":
		b["deductible"] = fragment
	case strings.Contains(first, "version.deductible."):
		b["deductible"] += fragment
	case first == "[[version.out_of_area]]":
		b["away"] = fragment
	case has("takes = [\"in scope\"]"), has("takes  = [\"in scope\"]"):
		b["layer"], b["segment"], b["rest"] = "", "", fragment
	case first == "[[version.layer.segment]]":
		b["segment"] = fragment
	default:
		b["rest"] = fragment
	}
	plan := b["head"] + b["version"] + b["names"] + b["deductible"] + b["away"]
	end := b["layer"] + b["segment"] + b["rest"]
	return plan + missingFilings(plan, end) + end
}

// missingFilings adds as local what the fragment does not tell of filings.
func missingFilings(plan, end string) (rules string) {
	for _, f := range []FilingKind{FilingReferral, FilingNotFiled, FilingTemporary, FilingLongTerm, FilingEmergency, FilingAtHome} {
		for _, where := range []string{"same province", "other province"} {
			_, problems := ParsePlan("x", []byte(plan+rules+end))
			untold := fmt.Sprintf("[[version.out_of_area]] says nothing of %s (%s)", f, where)
			if !strings.Contains(plan+rules, "out_of_area") || slices.ContainsFunc(problems, func(p Problem) bool { return p.EN == untold }) {
				rules += fmt.Sprintf("[[version.out_of_area]]\nfiling = [%q]\nwhere = %q\nsame_as = \"local\"\n", f, where)
			}
		}
	}
	return rules
}

// formatWords are all keys of plan and example files, and all texts that a key may have.
func formatWords() (keys, choices map[string]bool) {
	keys, choices = map[string]bool{}, map[string]bool{}
	var walk func(reflect.Type)
	seen := map[reflect.Type]bool{}
	walk = func(x reflect.Type) {
		for x.Kind() == reflect.Slice || x.Kind() == reflect.Pointer {
			x = x.Elem()
		}
		if x.Kind() != reflect.Struct || seen[x] {
			return
		}
		seen[x] = true
		for _, f := range reflect.VisibleFields(x) {
			if key := f.Tag.Get("toml"); key != "" {
				keys[key] = true
				walk(f.Type)
			}
			if list := f.Tag.Get("oneof"); list != "" {
				for choice := range strings.SplitSeq(list, "|") {
					choices[choice] = true
				}
			}
		}
	}
	walk(reflect.TypeFor[planFile]())
	walk(reflect.TypeFor[exampleFile]())
	choices["ten fen"], choices["five decimals"] = true, true
	for _, name := range slices.Concat(partNames[:], builtinGroups, filings, traits, []string{"special", "third", "second", "first", "any", "local"}) {
		choices[name] = true
	}
	return keys, choices
}

var (
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
	anyFence = regexp.MustCompile("(?ms)^```.*?^```$")
	blockTag = regexp.MustCompile(`^\[+(?:version|example)[a-z_.]*\]+$`)
)

// TestExplainSaysEveryFigure: an officer checks a plan against its document by what explain
// prints, so every amount, percentage, day and count of every block of the page stands there.
func TestExplainSaysEveryFigure(t *testing.T) {
	figure := regexp.MustCompile(`\b[0-9][0-9_.-]*\b`)
	_, found := readPage(t, formatPages[0].file)
	said := 0
	for _, b := range found {
		if b.kind != "toml" || strings.Contains(b.text, "[[example]]") {
			continue
		}
		p, _ := ParsePlan("x", []byte(whole(b.text)))
		if p == nil {
			continue // told by TestBlocksOfTheFormatPagesAreRight
		}
		zh, en := p.Explain("zh"), p.Explain("en")
		for line := range strings.Lines(b.text) {
			line, _, _ = strings.Cut(line, "#")
			key, value, _ := strings.Cut(line, "=")
			if strings.TrimSpace(key) == "average_wage" {
				continue // said where a cap is its multiple
			}
			for _, f := range figure.FindAllString(value, -1) {
				f = strings.ReplaceAll(f, "_", "")
				if !strings.Contains(zh, f) || !strings.Contains(en, f) {
					t.Errorf("line %d: %s is not explained", b.line, strings.TrimSpace(line))
				}
				said++
			}
		}
	}
	if said < 120 {
		t.Fatalf("only %d figures: has the page moved?", said)
	}
}

func TestFormatPagesExplainEveryKeyAndNoOther(t *testing.T) {
	keys, choices := formatWords()
	if len(keys) < 120 || len(choices) < 50 {
		t.Fatalf("only %d keys and %d choices: has the format moved?", len(keys), len(choices))
	}
	for _, page := range formatPages {
		text, _ := readPage(t, page.file)
		prose := anyFence.ReplaceAllString(text, "")
		said := map[string]bool{}
		for _, m := range codeSpan.FindAllStringSubmatch(prose, -1) {
			said[strings.Trim(m[1], `"`)] = true
			if blockTag.MatchString(m[1]) {
				for name := range strings.SplitSeq(strings.Trim(m[1], "[]"), ".") {
					said[name] = true
				}
			}
		}
		for _, words := range []map[string]bool{keys, choices} {
			for word := range words {
				if !said[word] {
					t.Errorf("%s does not explain %q", page.file, word)
				}
			}
		}
		for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*`) \\|.*\\|.*\\|$").FindAllStringSubmatch(prose, -1) {
			for _, m := range codeSpan.FindAllStringSubmatch(row[1], -1) {
				if word := strings.Trim(m[1], `"`); !keys[word] && !choices[word] && !blockTag.MatchString(word) {
					t.Errorf("%s explains %q, which the format does not know", page.file, m[1])
				}
			}
		}
	}
}

// The two pages show the same blocks.
func TestFormatPagesShowTheSame(t *testing.T) {
	_, en := readPage(t, formatPages[0].file)
	_, zh := readPage(t, formatPages[1].file)
	if len(en) != len(zh) {
		t.Fatalf("%d and %d blocks", len(en), len(zh))
	}
	name := regexp.MustCompile(`(?m)^name\s*=.*$|^source\s*=.*$`)
	for i := range en {
		if en[i].kind != "text" && (en[i].kind != zh[i].kind || en[i].from != zh[i].from ||
			bare(name.ReplaceAllString(en[i].text, "")) != bare(name.ReplaceAllString(zh[i].text, ""))) {
			t.Errorf("line %d is\n%s\nline %d of the Chinese page\n%s", en[i].line, en[i].text, zh[i].line, zh[i].text)
		}
	}
}

// TestTheHandbookQuotesTheBonusAsThePlanSaysIt: an officer ticks that line of the
// explanation, so it must read as the program writes it.
func TestTheHandbookQuotesTheBonusAsThePlanSaysIt(t *testing.T) {
	file, err := fs.ReadFile(data.Plans, "65/plans/6531-390.toml")
	if err != nil {
		t.Fatal(err)
	}
	plan, problems := ParsePlan("6531-390.toml", file)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, page := range []string{"../../docs/handbook.md", "../../docs/handbook.zh.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		quotes := regexp.MustCompile("`(home area 6531: [^`]*|[(]assumed: [^`]*[)])`").FindAllSubmatch(text, -1)
		if len(quotes) != 2 {
			t.Errorf("%s: %d quotes", page, len(quotes))
		}
		for _, quote := range quotes {
			if !strings.Contains(plan.Explain("en"), string(quote[1])) {
				t.Errorf("%s quotes %q, which the explanation does not say", page, quote[1])
			}
		}
	}
}
