package lab_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clearingd/clearing/lab"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

var names = lab.Names{Area: data.AreaName}

// example is a result with a bit of everything: more and less, refusals, cancellations.
func example(t *testing.T) (lab.Result, []lab.Line) {
	t.Helper()
	current := plans(t, rule{area: "6531", ratio: 60}, rule{area: "6532", ratio: 60, upper: critical}, rule{area: "6501", ratio: 70})
	b := newBooks(t, current, nil)
	b.stays(
		stay{id: "one", person: 1, cost: yuan(21_000)}, stay{id: "two", person: 2, home: "653200", cost: yuan(61_000), level: "05"},
		stay{id: "three", person: 3, home: "650100", cost: yuan(11_000), personType: "1201"}, stay{id: "four", person: 4, cost: yuan(9_000)},
	)
	b.cancel("c", stay{id: "four", person: 4, cost: yuan(9_000)}, 4)
	b.closeDay(firstDay)
	return b.run(plans(t, rule{area: "6531", ratio: 65}, rule{area: "6532", ratio: 55, upper: critical}), 0, 0)
}

// TestThePage: one page in two languages that loads nothing, with every figure on it.
func TestThePage(t *testing.T) {
	result, _ := example(t)
	var page, again bytes.Buffer
	for _, w := range []*bytes.Buffer{&page, &again} {
		if err := lab.HTML(w, result, names, `built <b>"data"</b> \`, provinces.Chinese); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(page.Bytes(), again.Bytes()) {
		t.Error("the same result gives two pages")
	}
	text := page.String()
	for _, want := range []string{"喀什地区", "Kashgar", "4001", "built &lt;b&gt;", "21,000.00", "&#43;1,000.00", "-1,200.00", "-3,000.00", "removed", "修改"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if m := regexp.MustCompile(`<script|src=|href="[^#]|<b>"data"|url\([^#]|<no value>|%!`).FindString(text); m != "" {
		t.Errorf("the page holds %q", m)
	}
	if zh, en := strings.Count(text, `lang="zh-CN">`), strings.Count(text, `lang="en">`); zh-1 != en {
		t.Errorf("%d texts in Chinese, %d in English", zh-1, en) // one is the page's own
	}
	style := text[strings.Index(text, "<style>")+len("<style>") : strings.Index(text, "</style>")]
	sum := sha256.Sum256([]byte(style))
	if !strings.Contains(text, "style-src &#39;sha256-"+strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;")) {
		t.Error("the policy does not allow the page's own style, or allows another")
	}
	if left := regexp.MustCompile(`<span lang="[a-zA-Z-]+">[a-z]+(\.[a-z]+)*</span>`).FindAllString(text, -1); slices.ContainsFunc(left, func(s string) bool {
		return strings.Contains(s, "zh-CN")
	}) {
		t.Errorf("texts without Chinese: %v", left)
	}
}

// TestTheCSVs: what Excel in China opens, a line a group and a line a bill, and nothing in
// them that a spreadsheet would run.
func TestTheCSVs(t *testing.T) {
	result, lines := example(t)
	var groups, bills bytes.Buffer
	if err := lab.CSV(&groups, result, lab.Dimensions, names, "=note"); err != nil {
		t.Fatal(err)
	}
	c, err := lab.NewBillsCSV(&bills, "=note")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		l.Provider = "=HYPERLINK(1)"
		if err := c.Write(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	rows := 1
	for _, by := range lab.Dimensions {
		rows += len(result.By[by])
	}
	for name, x := range map[string]struct {
		file []byte
		rows int
	}{"groups": {groups.Bytes(), rows}, "bills": {bills.Bytes(), len(lines)}} {
		body, found := bytes.CutPrefix(x.file, []byte("\ufeff"))
		if !found || bytes.Count(body, []byte("\r\n")) != x.rows+1 || bytes.Contains(bytes.ReplaceAll(body, []byte("\r\n"), nil), []byte("\n")) {
			t.Errorf("%s: not what Excel expects", name)
		}
		table, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
		if err != nil || len(table) != x.rows+1 {
			t.Fatalf("%s: %d lines, %v", name, len(table), err)
		}
		for _, line := range table[1:] {
			if line[len(line)-1] != "'=note" || slices.ContainsFunc(line, func(cell string) bool { return strings.HasPrefix(cell, "=") }) {
				t.Errorf("%s: %v", name, line)
			}
		}
	}
	if !strings.Contains(bills.String(), ",-9000.00,") {
		t.Error("what was cancelled is not negative")
	}
}

// TestTheJSONSaysEverything: amounts as text, no null, both traces with their sentences.
func TestTheJSONSaysEverything(t *testing.T) {
	result, lines := example(t)
	body, err := json.Marshal(result)
	if err != nil || bytes.Contains(body, []byte("null")) {
		t.Errorf("%s, %v", body, err)
	}
	var back lab.Result
	if err := json.Unmarshal(body, &back); err != nil || back.Total.Difference.FundTotal != result.Total.Difference.FundTotal {
		t.Errorf("%+v, %v", back.Total, err)
	}
	for _, l := range lines {
		body, err := json.Marshal(l)
		if err != nil || bytes.Contains(body, []byte("null")) || !bytes.Contains(body, []byte(`"rule":"cash"`)) || !bytes.Contains(body, []byte(`"zh":"`)) {
			t.Errorf("%s, %v", body, err)
		}
		if bytes.Contains(body, []byte("00000000000000000001")) {
			t.Error("a line names a person")
		}
	}
}

func TestPercents(t *testing.T) {
	for _, x := range []struct {
		difference, of ledger.Amount
		want           string
	}{
		{0, 100, ""}, {100, 0, ""}, {100, -5, ""}, {50, 1000, "+5.0 %"}, {-50, 1000, "-5.0 %"}, {1, 3, "+33.3 %"}, {2, 3, "+66.7 %"},
		{1, 2000, "+0.1 %"}, {1, 2001, "+0.0 %"}, {5_000, 1, "+500,000.0 %"}, {1 << 62, 1 << 62, "+100.0 %"}, {-1 << 62, 1, ""},
	} {
		if got := lab.Percent(x.difference, x.of); got != x.want {
			t.Errorf("%d of %d: %q, want %q", x.difference, x.of, got, x.want)
		}
	}
}
