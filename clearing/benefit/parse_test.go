package benefit_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/provinces/data"
)

// A wrong plan is told all that is wrong with it, by line, and what would be right.
func TestProblemsOfPlans(t *testing.T) {
	for _, x := range []struct {
		name string
		blocks
		want []string // beginnings of problems after the file name, in order
	}{
		{"a right plan", blocks{}, nil},
		{"a float", blocks{deductible: "[version.deductible]\namount = 1300.50"},
			[]string{`12: no floating point in a plan: write the string "1300.50" / 不得用浮点数`}},
		{"a float in a table", blocks{layers: strings.Replace(plainLayer, "80", "{ third = 0.8, second = 87 }", 1)},
			[]string{`23: a percentage belongs here: for 80 % write 80`}},
		{"an unknown key", blocks{deductible: "[version.deductible]\namonut = 1300"},
			[]string{`11: amount is missing`, `12: unknown key "amonut"; did you mean "amount"?`}},
		{"a wrong amount", blocks{deductible: "[version.deductible]\namount = \"1,300\""},
			[]string{`12: "1,300" is not an amount in yuan`}},
		{"a negative amount", blocks{deductible: "[version.deductible]\namount = -5"}, []string{`12: "-5" is not an amount in yuan, not below 0`}},
		{"a text for a flag", blocks{top: `invented = "yes"`}, []string{`5: true or false belongs here`}},
		{"a quoted date", blocks{version: `valid_to = "2026-01-01"`}, []string{`10: a date belongs here`}},
		{"a wrong choice", blocks{deductible: plainDeductible + "\ncharged = \"each year\""}, []string{`13: "each year" is not one of: each stay, once a year`}},
		{"a ratio above all", blocks{layers: strings.Replace(plainLayer, "80", "\"100.01\"", 1)}, []string{`23: 100.01 % is above 100 %`}},
		{"three decimals", blocks{layers: strings.Replace(plainLayer, "80", "\"87.555\"", 1)}, []string{`23: "87.555" is not a percentage with at most two decimals`}},
		{"segments out of order", blocks{layers: basicHead + `
			[[version.layer.segment]]
			up_to = 30_000
			pays = 60
			[[version.layer.segment]]
			up_to = 20_000
			pays = 60
			[[version.layer.segment]]
			pays = 60`}, []string{`26: segments out of order: up_to must be above 30000`}},
		{"a last segment with an end", blocks{layers: plainLayer + "\nup_to = 5"}, []string{`24: the last segment has no up_to`}},
		{"an unknown fund", blocks{layers: strings.Replace(plainLayer, "390100", "390110", 1)}, []string{`20: unknown fund "390110"; did you mean "390100"?`}},
		{"the personal account as a fund", blocks{layers: strings.Replace(plainLayer, "390100", "310200", 1)}, []string{`20: unknown fund "310200"`}},
		{"an unknown part", blocks{layers: plainLayer + strings.Replace("\n"+largeHead, "over cap", "over cup", 1) + "\n[[version.layer.segment]]\npays = 5"},
			[]string{`29: unknown part "over cup"; did you mean "over cap"?`}},
		{"an unknown group", blocks{layers: plainLayer + "\n[[version.layer.special]]\nfor = { groups = [\"hardhsip\"] }\npays = 5"},
			[]string{`25: unknown group "hardhsip"; known: retired, active, civil-servant, minor`}},
		{"an unknown layer", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 5\nwith = [\"large\"]"}, []string{`26: unknown layer "large"; known: basic`}},
		{"two layers of one name", blocks{layers: plainLayer + strings.Replace("\n"+largeHead, `"large"`, `"basic"`, 1) + "\n[[version.layer.segment]]\npays = 5"}, []string{`25: layer "basic" stands twice`}},
		{"a filing that is forgotten", blocks{away: strings.Replace(plainAway, `, "unfiled"`, "", 1)}, []string{
			`6: [[version.out_of_area]] says nothing of unfiled (same province)`, `6: [[version.out_of_area]] says nothing of unfiled (other province)`}},
		{"filings in a circle", blocks{away: `[[version.out_of_area]]
			filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary"]
			same_as = "unfiled"
			[[version.out_of_area]]
			filing = ["unfiled"]
			same_as = "referral"`}, []string{`6: [[version.out_of_area]] says nothing of long-term (same province)`}},
		{"points and a factor", blocks{away: strings.Replace(plainAway, `same_as = "local"`, "points_down = 10\nfactor = 90", 1)}, []string{`16: write points_down or factor, not both`}},
		{"a rule that changes nothing", blocks{away: strings.Replace(plainAway, `same_as = "local"`, "", 1)}, []string{`13: no change is written`}},
		{"two amounts of a cap", blocks{version: "average_wage = 5", layers: plainLayer + "\n[[version.layer.cap]]\nyuan = 5\nwage_times = 6"}, []string{`24: write exactly one of yuan, wage_times and none`}},
		{"a wage that is not there", blocks{layers: plainLayer + "\n[[version.layer.cap]]\nwage_times = 6"}, []string{`25: wage_times needs the version's average_wage`}},
		{"a catalogue across provinces", blocks{rest: "[[version.catalogue]]\nclasses = [\"01\"]"}, []string{`24: catalogue only goes with scope = "home"`}},
		{"a key twice", blocks{top: "invented = true\ninvented = true"}, []string{`6: not valid TOML`}},
		{"renewals that count, and none are", blocks{deductible: "[version.deductible]\namount = 5\nrenewals_count = true"}, []string{`13: renewals_count needs renewed_every_days`}},
		{"a wrong kind of hospital", blocks{deductible: "[version.deductible]\namount = { Third = 5 }"}, []string{`12: "Third" is no level or trait of a hospital`}},
		{"a condition that says nothing", blocks{layers: plainLayer + "\n[[version.layer.special]]\nfor = {}\npays = 5"}, []string{`25: an empty for applies to everybody: leave it away`}},
		{"a list that is empty holds for everybody", blocks{deductible: plainDeductible + "\n[[version.deductible.special]]\nfor = { groups = [] }\nwaived = true"}, []string{`14: groups is empty`}},
		{"an empty text", blocks{layers: plainLayer + "\n[[version.layer.special]]\nfor = { diagnosis = [\"\"] }\npays = 5"}, []string{`25: diagnosis: an empty text matches nothing`}},
		{"an identity that is empty", blocks{version: strings.Replace(hardship, `["7", "8/1"]`, `[""]`, 1)}, []string{`14: identities: an empty text matches nothing`}},
		{"a level misspelt in a table", blocks{deductible: "[version.deductible]\namount = { frist = 200, third = 900 }"}, []string{`12: kind of hospital "frist"; did you mean "first"?`}},
		{"a level misspelt in a condition", blocks{layers: plainLayer + "\n[[version.layer.special]]\nfor = { hospital = [\"thirds\"] }\npays = 5"}, []string{`25: kind of hospital "thirds"; did you mean "third"?`}},
		{"a trait of the register that nobody here knows", blocks{layers: plainLayer + "\n[[version.layer.special]]\nfor = { hospital = [\"third-a\", \"third+flagship\"] }\npays = 5"}, nil},
		{"one kind of hospital twice", blocks{deductible: "[version.deductible]\namount = { third = 1, \"third+tcm\" = 2, \"tcm+third\" = 3 }"}, []string{`12: "tcm+third" is the same as "third+tcm"`}},
		{"the n-th stay of no kind", blocks{deductible: plainDeductible + "\n[[version.deductible.special]]\nfor = { kind_stay_from = 2 }\nwaived = true"}, []string{`14: kind_stay_from goes with kinds`}},
		{"a floor that has no row", blocks{deductible: "[version.deductible]\namount = { third = 900 }\n[version.deductible.later_stays]\nminus = 100\nfloor_level = \"first\""}, []string{`15: amount has no row for first to be the floor`}},
		{"a start that is never reached", blocks{version: hardship, layers: plainLayer + "\n" + criticalHead + `
			[[version.layer.starts_above]]
			yuan = 10_000
			[[version.layer.starts_above]]
			for = { groups = ["hardship"] }
			yuan = 5_000
			[[version.layer.segment]]
			pays = 60`}, []string{`37: never reached: the rule in line 35 always holds and belongs last`}},
		{"a cap that is never reached, beside one of another name", blocks{version: hardship, layers: plainLayer + `
			[[version.layer.cap]]
			yuan = 10_000
			[[version.layer.cap]]
			name = "accident"
			for = { injury = true }
			yuan = 3_000
			[[version.layer.cap]]
			for = { groups = ["hardship"] }
			none = true`}, []string{`34: never reached: the rule in line 28 always holds`}},
		{"an out-of-area rule that is never reached", blocks{away: plainAway + `
			[[version.out_of_area]]
			filing = ["unfiled"]
			where = "other province"
			points_down = 20`}, []string{`16: never reached (unfiled, other province): the rule in line 13 always holds`}},
		{"what is left for other provinces is reached", blocks{away: `[[version.out_of_area]]
			filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary", "unfiled"]
			where = "same province"
			same_as = "local"
			` + plainAway}, nil},
		{"an out-of-area rule of which both provinces are told", blocks{away: strings.Replace(plainAway, "same_as", "where = \"same province\"\nsame_as", 1) + "\n" +
			strings.Replace(plainAway, "same_as", "where = \"other province\"\nsame_as", 1) + "\n" + strings.Replace(plainAway, "same_as = \"local\"", "points_down = 5", 1)},
			[]string{`21: never reached (long-term): the rule in line 17 always holds`}},
		{"bounds of a share that is not there", blocks{away: strings.Replace(plainAway, `same_as = "local"`, "deductible = 5\ndeductible_at_most = 10", 1)}, []string{`16: deductible_at_most goes with deductible_percent_of_total`}},
		{"a share between bounds that cross", blocks{away: strings.Replace(plainAway, `same_as = "local"`, "deductible_percent_of_total = 20\ndeductible_at_least = 11\ndeductible_at_most = 10", 1)}, []string{`17: deductible_at_most is below deductible_at_least`}},
		{"a share and an amount", blocks{away: strings.Replace(plainAway, `same_as = "local"`, "deductible_percent_of_total = 120\ndeductible = 5", 1)},
			[]string{`15: 120 % is above 100 %`, `15: write deductible or deductible_percent_of_total, not both`}},
		{"a year that begins on no first of a month", blocks{rest: "[version.time]\nyear_begins = \"04-15\""}, []string{`25: "04-15" is not one of: 01-01, 02-01`}},
		{"a layer without ratios", blocks{layers: basicHead}, []string{`16: segment is missing`}},
		{"a guarantee with ratios, below nothing", blocks{layers: plainLayer + "\n[[version.layer.brings_up_to]]\npercent = 101"},
			[]string{`22: segment does not go with brings_up_to`, `24: the first layer has no brings_up_to`, `25: 101 % is above 100 %`}},
		{"a guarantee that is never reached", blocks{layers: plainLayer + "\n" + guaranteed + "\n[[version.layer.brings_up_to]]\npercent = 40\n[[version.layer.brings_up_to]]\nwhere = \"other province\"\npercent = 45"},
			[]string{`32: never reached (other province): the rule in line 30 always holds`}},
		{"a ratio as a share of one", blocks{layers: strings.Replace(plainLayer, "80", "{ third = 0.57, second = 0.875, first = 1.0 }", 1)},
			[]string{`23: a percentage belongs here: for 57 % write 57`, `23: a percentage belongs here: for 87.5 % write "87.5"`, `23: a percentage belongs here: for 100 % write 100`}},
		{"a share of one in quotes", blocks{away: strings.Replace(plainAway, `same_as = "local"`, "factor = \"0.9\"", 1), layers: strings.Replace(plainLayer, "80", `"0.85"`, 1)},
			[]string{`15: 0.9 % is less than 1 %; if 90 % is meant, write 90`, `23: 0.85 % is less than 1 %; if 85 % is meant, write 85`}},
		{"points of less than one are meant so", blocks{layers: plainLayer + "\n[[version.layer.special]]\nfor = { age_from = 40 }\npoints_up = \"0.2\""}, nil},
		{"one bracket too few", blocks{layers: strings.Replace(plainLayer, "[[version.layer]]", "[version.layer]", 1)}, []string{`16: there may be several such blocks: write the header in double brackets`}},
		{"one bracket too few, of a rule whose absence would be told", blocks{away: "[version.out_of_area]\nfiling = [\"referral\"]\nsame_as = \"local\""}, []string{`13: there may be several such blocks`}},
		{"one bracket too many", blocks{deductible: "[[version.deductible]]\namount = 5"}, []string{`11: there is one such block: write its header in single brackets`}},
		{"a text for a condition", blocks{deductible: plainDeductible + "\n[[version.deductible.special]]\nfor = \"retired\"\nwaived = true"}, []string{`14: a table belongs here, for example { ... }`}},
		{"no rule for out of area at all", blocks{top: "out_of_area = 5", away: " "}, []string{`5: unknown key "out_of_area"`}},
		{"a level in the words of the documents", blocks{deductible: "[version.deductible]\namount = { \"三级\" = 5 }"}, []string{`12: "三级" is no level or trait of a hospital; levels are special, third, second, first`}},
		{"marks of a Chinese keyboard", blocks{version: "rounding = “fen”"}, []string{`10: the line has the full-width mark “: write "`}},
		{"marks in a text are none of them", blocks{version: "rounding = \"居民，住院\" fen # ＝"}, []string{`10: not valid TOML`}},
		{"a segment without width", blocks{layers: basicHead + "\n[[version.layer.segment]]\nup_to = 0\npays = 60\n[[version.layer.segment]]\npays = 60"}, []string{`23: segments out of order: up_to must be above 0`}},
		{"later parts of a stay that is not split", blocks{rest: "[version.time]\nlater_part_deductible = \"anew\""}, []string{`24: later_part_* only goes with new_year = "split by days"`}},
		{"everything at once", blocks{top: `scoop = "home"`, deductible: "[version.deductible]\namount = 0.5", layers: strings.Replace(plainLayer, "80", "180", 1)},
			[]string{`5: unknown key "scoop"; did you mean "scope"?`, `12: no floating point`}},
	} {
		t.Run(x.name, func(t *testing.T) {
			plan, problems := benefit.ParsePlan("p.toml", []byte(x.text()))
			if (plan == nil) == (len(problems) == 0) {
				t.Fatalf("plan %v with problems %v", plan, problems)
			}
			var got []string
			for _, p := range problems {
				got = append(got, strings.TrimPrefix(p.Error(), "p.toml:"))
				if p.ZH == "" || p.EN == "" || p.Line < 1 {
					t.Errorf("not in both languages with a line: %+v", p)
				}
			}
			for i, want := range x.want {
				if i >= len(got) || !strings.HasPrefix(got[i], want) {
					t.Errorf("problem %d: want %q; all:\n%s\n%s", i+1, want, strings.Join(got, "\n"), numbered(x.text()))
				}
			}
			if len(x.want) == 0 && len(got) > 0 {
				t.Error(got)
			}
		})
	}
}

// Editors write byte-order marks, foreign line ends and the national encoding.
func TestFilesAsEditorsSaveThem(t *testing.T) {
	text := blocks{}.text()
	for _, x := range []struct{ name, file, want string }{
		{"a byte-order mark", "\ufeff" + text, ""},
		{"line ends of Windows", strings.ReplaceAll(text, "\n", "\r\n"), ""},
		{"saved as GBK", strings.Replace(text, "测试", "\xb2\xe2\xca\xd4", 1), "p.toml:3: the file is not UTF-8: save it as UTF-8 / 文件不是UTF-8编码，请另存为UTF-8"},
		{"versions that are no tables", "version = [1]\n", "p.toml:1: a table belongs here"},
		{"one version for a list of them", "version = { valid_from = 2020-01-01 }\n", "p.toml:1: there may be several such blocks"},
	} {
		plan, problems := benefit.ParsePlan("p.toml", []byte(x.file))
		switch {
		case x.want == "" && plan == nil:
			t.Errorf("%s: %v", x.name, problems)
		case x.want != "" && (len(problems) == 0 || !strings.HasPrefix(problems[0].Error(), x.want)):
			t.Errorf("%s: %v, want %q", x.name, problems, x.want)
		}
		for _, p := range problems {
			if p.Line < 1 {
				t.Errorf("%s: no line: %v", x.name, p)
			}
		}
	}
}

func TestGapsAndOverlapsBetweenVersions(t *testing.T) {
	two := func(firstTo, secondFrom string) string {
		second := strings.Replace(strings.SplitN(blocks{}.text(), "[[version]]", 2)[1], "2020-01-01", secondFrom, 1)
		return blocks{version: firstTo}.text() + "\n[[version]]" + second
	}
	for _, x := range []struct{ name, text, want string }{
		{"one after the other", two("valid_to = 2025-12-31", "2026-01-01"), ""},
		{"a gap", two("valid_to = 2025-12-30", "2026-01-01"), "a gap before the next version: valid_to should be 2025-12-31"},
		{"an overlap", two("valid_to = 2026-01-01", "2026-01-01"), "overlaps the next version: valid_to should be 2025-12-31"},
		{"an open version in between", two("", "2026-01-01"), "another version follows: write valid_to = 2025-12-31"},
		{"out of order", two("valid_to = 2025-12-31", "2019-01-01"), "versions must stand in the order of valid_from"},
		{"an end before the beginning", two("valid_to = 2019-12-31", "2026-01-01"), "valid_to lies before valid_from 2020-01-01"},
	} {
		_, problems := benefit.ParsePlan("p.toml", []byte(x.text))
		if x.want == "" && len(problems) > 0 || x.want != "" && (len(problems) == 0 || !strings.HasPrefix(problems[0].EN, x.want)) {
			t.Errorf("%s: %v, want %q", x.name, problems, x.want)
		}
	}
}

func numbered(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	return strings.Join(lines, "\n")
}

// Foreign bytes never panic: they become a plan or problems. What is a plan can be
// explained and applied.
func FuzzParsePlan(f *testing.F) {
	seeds := 0
	err := fs.WalkDir(data.Plans, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".toml" {
			return err
		}
		seed, err := fs.ReadFile(data.Plans, name)
		f.Add(seed)
		seeds++
		return err
	})
	if err != nil || seeds < 64 {
		f.Fatalf("only %d seeds: %v", seeds, err)
	}
	f.Add([]byte(blocks{}.text()))
	f.Fuzz(func(t *testing.T, file []byte) {
		plan, problems := benefit.ParsePlan("fuzz.toml", file)
		if (plan == nil) == (len(problems) == 0) {
			t.Fatalf("plan %v with problems %v", plan, problems)
		}
		if plan == nil {
			return
		}
		plan.Explain("zh")
		plan.Explain("en")
		for _, x := range []stay{{in: "123456.78"}, {in: "0.01", hospital: "first"}} {
			if a, err := x.settle(t, plan); err == nil {
				checkCloses(t, x.toCase().Claim.Total, a)
			}
		}
	})
}
