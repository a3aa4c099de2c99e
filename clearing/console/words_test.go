package console

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clearingd/ledger"
	"clearingd/provinces"
)

// families are keys that are put together from a prefix and a word of the books.
var families = []string{
	"outcome.", "state.", "mode.", "rounding.", "input.", "warning.", "filing.", "side.", "stage.", "infno.", "insutype.",
	"psn_type.", "med_type.", "hosp_lv.", "out_fil_type.", "advice.", "file.", "station.", "scope.", "standing.", "event.", "fig.", "do.", "act.kind.",
}

// What findings are about has its name; nothing but a fund is called one.
func TestTheNamesOfFigures(t *testing.T) {
	w := words{language: "zh"}
	for field, want := range map[string]string{
		"stmt_begndate": "对账业务日", "accepted": "已认账的差额", "serial": "对账单编号", "statement": "对账单", "fund_pay_sumamt": "基金合计",
		"390.21.330100.-": "总额", "-.rest.-.-": "任何一份总额都不涵盖的结算", "390100": provinces.FundName("390100", "zh"), "odd": "odd",
	} {
		if got := w.figure(field); got != want {
			t.Errorf("%s is called %s, want %s", field, got, want)
		}
	}
}

func TestBothLanguagesHaveTheSameWords(t *testing.T) {
	verbs := regexp.MustCompile(`%(?:\[\d\])?[a-z]`)
	for key, p := range phrases {
		if strings.TrimSpace(p.zh) == "" || strings.TrimSpace(p.en) == "" {
			t.Errorf("%q lacks a language", key)
		}
		if zh, en := verbs.FindAllString(p.zh, -1), verbs.FindAllString(p.en, -1); len(zh) != len(en) {
			t.Errorf("%q takes %d figures in Chinese and %d in English", key, len(zh), len(en))
		}
	}
}

func TestEveryWordIsUsedAndEveryUsedWordIsThere(t *testing.T) {
	used := map[string]bool{}
	read := func(source string) {
		for _, m := range regexp.MustCompile(`"([a-z][a-z0-9._-]*)"`).FindAllStringSubmatch(source, -1) {
			used[m[1]] = true
		}
	}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(name, "_test.go") || name == "text.go" || name == "codes.go" || name == "breakwords.go" {
			return err
		}
		body, err := os.ReadFile(name)
		read(string(body))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	inFamily := func(key string) bool {
		for _, f := range families {
			if strings.HasPrefix(key, f) {
				return true
			}
		}
		return false
	}
	for key := range phrases {
		if !used[key] && !inFamily(key) {
			t.Errorf("%q is idle", key)
		}
	}
	calls := regexp.MustCompile(`\(?\btf? "([^"]+)"`)
	files, err := fs.Glob(pageFiles, "pages/*.tmpl")
	if err != nil || len(files) != len(pageNames)+1 {
		t.Fatalf("templates %v, %v", files, err)
	}
	for _, file := range files {
		body, err := fs.ReadFile(pageFiles, file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range calls.FindAllStringSubmatch(string(body), -1) {
			if _, ok := phrases[m[1]]; !ok {
				t.Errorf("%s uses %q, which has no text", file, m[1])
			}
		}
	}
}

func TestFamiliesAreComplete(t *testing.T) {
	var keys []string
	for _, o := range provinces.Outcomes {
		keys = append(keys, "outcome."+string(o))
	}
	for _, c := range provinces.Codes() {
		keys = append(keys, "advice."+string(c.Text().Advice))
	}
	for _, f := range reportFiles {
		keys = append(keys, "file."+f.Name)
	}
	for _, s := range fixedStations {
		keys = append(keys, "station."+s)
	}
	keys = append(keys, "scope.between", "scope.within", "state.open", "state.frozen", "state.closed", "mode.clock", "mode.manual",
		"side.1", "side.2", "stage.1", "stage.2", "stage.3", "stage.4", "infno.2303", "infno.2304", "infno.2305", "infno.2601")
	for _, key := range keys {
		if _, ok := phrases[key]; !ok {
			t.Errorf("%q has no text", key)
		}
	}
}

func TestCodesAreNamedByTheirLongestKnownBeginning(t *testing.T) {
	w := words{language: provinces.English}
	for _, c := range []struct{ table, code, want string }{
		{"insutype.", "310", "310 employee basic medical insurance"},
		{"psn_type.", "1201", "1201 retired"},
		{"psn_type.", "116032", "116032 employed"},
		{"med_type.", "2101", "2101 ordinary inpatient"},
		{"hosp_lv.", "77", "77"},
		{"hosp_lv.", "", "–"},
	} {
		if got := w.coded(c.table, c.code); got != c.want {
			t.Errorf("%s%s is %q, want %q", c.table, c.code, got, c.want)
		}
	}
}

func TestFiguresReadAsPeopleWriteThem(t *testing.T) {
	for a, want := range map[ledger.Amount]string{
		0: "0.00", 1: "0.01", -1: "-0.01", 99999: "999.99", 100000: "1,000.00", -123456789: "-1,234,567.89", 9223372036854775807: "92,233,720,368,547,758.07",
		-9223372036854775808: "-92,233,720,368,547,758.08",
	} {
		if got := grouped(a); got != want {
			t.Errorf("%d is %q, want %q", a, got, want)
		}
	}
	for value, want := range map[string]string{
		"0.85": "85%", "0.765": "76.5%", "1": "100%", "0": "0%", "0.0005": "0.05%", "-0.1": "-10%", "1.05": "105%",
		"": "", "a lot": "a lot", "1/2": "1/2", "--1": "--1",
	} {
		if got := percentOf(value); got != want {
			t.Errorf("%q is %q, want %q", value, got, want)
		}
	}
	for sentence, want := range map[string]string{
		"79033.63元，余0.00元":    "79,033.63元，余0.00元",
		"2026年度3天，1234567.89": "2026年度3天，1,234,567.89",
		"exact 12345.67890":   "exact 12345.67890",
		"310101.5":            "310101.5",
	} {
		if got := groupedIn(sentence); got != want {
			t.Errorf("%q is %q, want %q", sentence, got, want)
		}
	}
}

func TestSharesAreHalfUp(t *testing.T) {
	for _, c := range []struct {
		part, whole ledger.Amount
		want        int64
	}{
		{0, 0, 0}, {0, 3, 0}, {1, 3, 3333}, {2, 3, 6667}, {3, 3, 10000}, {1, 20000, 1}, {1, 20001, 0}, {9223372036854775806, 9223372036854775807, 10000},
	} {
		if got := shareOf(c.part, c.whole); got != c.want {
			t.Errorf("%d of %d is %d, want %d", c.part, c.whole, got, c.want)
		}
	}
}

func TestTheBarIsTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOfN(rapid.Int64Range(0, 1<<50), 1, 8).Draw(t, "amounts")
		var payments []payment
		var sum int64
		for _, a := range amounts {
			payments = append(payments, payment{Amount: ledger.Amount(a)})
			sum += a
		}
		parts := bar(payments)
		if sum == 0 {
			if parts != nil {
				t.Fatal("a bill of nothing has a bar")
			}
			return
		}
		x := 0
		for i, p := range parts {
			if p.X != x || p.Width < 0 {
				t.Fatalf("part %d begins at %d, want %d", i, p.X, x)
			}
			x += p.Width
		}
		if x != barWidth {
			t.Fatalf("the bar ends at %d", x)
		}
	})
}

func TestAccountNamesAreReadBack(t *testing.T) {
	digits := func(n string) *rapid.Generator[string] { return rapid.StringMatching(`[0-9]{` + n + `}`) }
	rapid.Check(t, func(t *rapid.T) {
		a := ledger.Account{
			Side: ledger.Receivable, Home: ledger.Area(digits("6").Draw(t, "home")), Treatment: ledger.Area(digits("6").Draw(t, "treatment")),
			Fund: ledger.Fund(digits("6").Draw(t, "fund")), Stage: ledger.Stage(rapid.IntRange(1, 5).Draw(t, "stage")),
		}
		if rapid.Bool().Draw(t, "payable") {
			a.Side, a.Provider = ledger.Payable, "H"+digits("11").Draw(t, "provider")
		}
		if got := readAccount(a.Name()); got != a {
			t.Fatalf("%s is read as %+v", a.Name(), got)
		}
		other := rapid.String().Draw(t, "other")
		if got := readAccount(other); got != (ledger.Account{}) && got.Name() != other {
			t.Fatalf("%q is read as %+v", other, got)
		}
	})
}

func TestAreasAreNamedWithTheirProvince(t *testing.T) {
	names := func(a ledger.Area, l provinces.Language) string {
		if a == "110000" {
			return phrase{"北京市", "Beijing City"}.in(l)
		}
		return phrase{"乌鲁木齐市", "Urumqi"}.in(l)
	}
	for _, c := range []struct {
		area     ledger.Area
		language provinces.Language
		names    func(ledger.Area, provinces.Language) string
		want     string
	}{
		{"650100", provinces.Chinese, names, "新疆 乌鲁木齐市 650100"},
		{"650100", provinces.English, names, "Xinjiang, Urumqi 650100"},
		{"110000", provinces.Chinese, names, "北京市 110000"},
		{"650100", provinces.Chinese, nil, "新疆 650100"},
		{"", provinces.Chinese, nil, "–"},
	} {
		if got := (words{c.language, c.names}).area(c.area); got != c.want {
			t.Errorf("%s is %q, want %q", c.area, got, c.want)
		}
	}
}
