package report

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/csv"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"
)

type renderer func(io.Writer, Report) error

var renderers = map[string]renderer{"html": HTML, "json": JSON, "csv": CSV, "xlsx": XLSX}

func render(t testing.TB, f renderer, r Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// revised is a second revision of the sparse day: one more bill, and what it changed.
func revised(t testing.TB) Report {
	t.Helper()
	first := busyDay(t, 3, 24)
	head := sampleHead()
	head.Revision = 2
	b := NewBuilder(head)
	feedBusyDay(t, b, 3, 24)
	if err := b.AddBill(bill(5000, "110100", "120100", 12_345, 6_789, 1)); err != nil {
		t.Fatal(err)
	}
	r := finish(t, b)
	d, err := DiffReports(first, r)
	if err != nil {
		t.Fatal(err)
	}
	r.Changes = &d
	return r
}

func TestRenderingsGolden(t *testing.T) {
	for name, r := range map[string]Report{"zero": zeroDay(t), "one-pair": onePair(t), "revised": revised(t)} {
		for _, ext := range []string{"html", "json", "csv"} {
			golden(t, name+"."+ext, render(t, renderers[ext], r))
		}
	}
}

// The report is built twice from the same bills, so that map order inside the builder
// is tried too.
func TestSameReportSameBytes(t *testing.T) {
	for ext, f := range renderers {
		want := render(t, f, busyDay(t, 8, 300))
		for range 5 {
			if !bytes.Equal(want, render(t, f, busyDay(t, 8, 300))) {
				t.Fatalf("%s: another run, other bytes", ext)
			}
		}
	}
}

func TestJSONReadsBack(t *testing.T) {
	for name, r := range map[string]Report{"zero": zeroDay(t), "busy": busyDay(t, 6, 200), "revised": revised(t)} {
		back, err := ReadJSON(bytes.NewReader(render(t, JSON, r)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, back, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	whole := string(render(t, JSON, onePair(t)))
	for name, body := range map[string]string{
		"another schema":    strings.Replace(whole, Schema, "clearingd.report/2", 1),
		"an unknown member": strings.Replace(whole, `"demo"`, `"surprise": 1, "demo"`, 1),
		"a third decimal":   strings.Replace(whole, "15100.38", "15100.380", 1),
		"a plus sign":       strings.Replace(whole, `"15100.38"`, `"+15100.38"`, 1),
		"a number":          strings.Replace(whole, `"15100.38"`, `15100.38`, 1),
		"an unknown stage":  strings.Replace(whole, `"accrued"`, `"elsewhere"`, 1),
		"half a report":     whole[:len(whole)/2],
		"nothing":           "",
	} {
		if _, err := ReadJSON(strings.NewReader(body)); err == nil {
			t.Errorf("%s: read without complaint", name)
		}
	}
}

// Sums of years pass the twelve digits that one bill may have.
func TestJSONReadsSumsOfYearsBack(t *testing.T) {
	for _, fen := range []ledger.Amount{1_000_000_000_000_00, math.MaxInt64, math.MinInt64, -5} {
		r := zeroDay(t)
		r.Summary.Debits = fen
		r.TrialBalance = []TrialLine{{Side: ledger.Payable, Province: "33", Stage: ledger.Paid, Net: fen}}
		back, err := ReadJSON(bytes.NewReader(render(t, JSON, r)))
		if err != nil || back.Summary.Debits != fen || back.TrialBalance[0].Net != fen {
			t.Errorf("%s came back as %s and %v, %v", fen, back.Summary.Debits, back.TrialBalance, err)
		}
	}
}

func TestCSVIsForChineseExcel(t *testing.T) {
	r := busyDay(t, 5, 200)
	body := render(t, CSV, r)
	if !bytes.HasPrefix(body, []byte("\xef\xbb\xbf")) || bytes.Count(body, []byte("\n")) != bytes.Count(body, []byte("\r\n")) {
		t.Error("no byte order mark, or a line that does not end in CR LF")
	}
	lines, err := csv.NewReader(bytes.NewReader(body[3:])).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != len(r.Pairs)+1 {
		t.Errorf("%d lines for %d pairs", len(lines), len(r.Pairs))
	}
	owed := indexOf(lines[0], "应付合计 owed")
	var sum ledger.Amount
	for _, l := range lines[1:] {
		a, err := ledger.ParseAmount(l[owed])
		if err != nil {
			t.Fatal(err)
		}
		sum += a
	}
	if sum != r.Totals.Owed {
		t.Errorf("the column sums to %s, the report says %s", sum, r.Totals.Owed)
	}
}

func indexOf(list []string, s string) int {
	for i, x := range list {
		if x == s {
			return i
		}
	}
	return -1
}

func TestEntriesList(t *testing.T) {
	one := bill(7, "650100", "330100", 2_110_738, 1_500_038, 10_000)
	one.Funds = append(one.Funds, provinces.FundAmount{Fund: "310100", Amount: 2})
	one.Total += 2
	one.Warnings = []benefit.Warning{benefit.WarnUnverified, benefit.WarnDeclared}
	back := undo(8, one)
	back.Outcome, back.SettlementID, back.Person = provinces.Reversed, "", "=1+1"
	var b bytes.Buffer
	w := NewEntriesCSV(&b)
	for _, x := range []Bill{one, back} {
		if err := w.Write(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	golden(t, "entries.csv", b.Bytes())
}

var hostileTexts = []string{
	`<script id="pwn">document.title="pwned"</script>`, `"><img src=x onerror=alert(1)>`, `</style><script>1</script>`,
	`=HYPERLINK("http://example.invalid")`, "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r\n=1", "＝1+1", "1e5", `javascript:alert(1)`,
	"\u202etxt.exe", "a\u200bb", "\x00\x1b[31m", "\xff\xfe", `","injected","`, "{{.Demo}}", `\"}@page{}`, strings.Repeat("长", 5000),
}

// hostileReport puts text into every field that can come from outside.
func hostileReport(t testing.TB, text string) Report {
	r := onePair(t)
	r.Demo = text
	r.Rules = Basis{Install: text, Zone: text, CutOff: text, Mode: text, PlanSet: text}
	r.Seal = Seal{MerkleRoot: text, Previous: text}
	r.Pairs[0].Home, r.Pairs[0].Treatment = ledger.Province(text), ledger.Province(text)
	r.Pairs[0].Funds[ledger.Fund(text)] = 1
	r.Totals.Funds[ledger.Fund(text)] = 1
	r.ByHome[0].Province, r.ByTreatment[0].Province = ledger.Province(text), ledger.Province(text)
	r.ByHome[0].Funds[ledger.Fund(text)] = 1
	r.Bilateral[0].A, r.Positions[0].Province = ledger.Province(text), ledger.Province(text)
	r.Proposal.Transfers[0].Debtor = ledger.Province(text)
	r.Completeness[0].Treatment = ledger.Province(text)
	r.Outcomes[0].Outcome = provinces.Outcome(text)
	r.TrialBalance[0].Province = ledger.Province(text)
	r.Reconciliation = hostileReconciliation(text)
	r.Changes = &Difference{Figures: []Change{{Figure: text, Old: text, New: text, Delta: text}},
		Pairs: []PairChange{{ledger.Province(text), ledger.Province(text), []Change{{Figure: "fund:" + text}}}}}
	return r
}

func TestHostileTextIsInert(t *testing.T) {
	tags := regexp.MustCompile(`<[a-zA-Z/!]`)
	shape := len(tags.FindAll(render(t, HTML, hostileReport(t, "x")), -1))
	for _, text := range hostileTexts {
		r := hostileReport(t, text)
		page := render(t, HTML, r)
		if n := len(tags.FindAll(page, -1)); n != shape {
			t.Errorf("%.30q changed the page from %d to %d tags", text, shape, n)
		}
		for _, bad := range []string{"<script", "\u202e", "\u200b", "\x00", "\x1b"} {
			if bytes.Contains(page, []byte(bad)) {
				t.Errorf("%.30q: the page contains %q", text, bad)
			}
		}
		checkHostileCSV(t, text, r)
		checkHostileXLSX(t, text, r)
	}
}

func checkHostileCSV(t *testing.T, text string, r Report) {
	lines, err := csv.NewReader(bytes.NewReader(render(t, CSV, r)[3:])).ReadAll()
	if err != nil || len(lines) != 2 {
		t.Fatalf("%.30q: %d lines, %v", text, len(lines), err)
	}
	for _, line := range lines {
		for _, cell := range line {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+@\t\r") || (strings.HasPrefix(cell, "-") && !plainNumber.MatchString(cell)) || strings.ContainsAny(cell, "\n\r\t\x00") {
				t.Errorf("%.30q: cell %.40q", text, cell)
			}
		}
	}
}

var plainNumber = regexp.MustCompile(`^-?[0-9]+\.[0-9]{2}$`)

func checkHostileXLSX(t *testing.T, text string, r Report) {
	f, err := excelize.OpenReader(bytes.NewReader(render(t, XLSX, r)))
	if err != nil {
		t.Fatalf("%.30q: %v", text, err)
	}
	defer f.Close()
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		for y, row := range rows {
			for x := range row {
				at, _ := excelize.CoordinatesToCellName(x+1, y+1)
				if formula, _ := f.GetCellFormula(name, at); formula != "" && !strings.HasPrefix(formula, "ROUND(SUM(") {
					t.Errorf("%.30q: formula %s in %s!%s", text, formula, name, at)
				}
			}
		}
	}
}

func TestPageLoadsNothing(t *testing.T) {
	page := string(render(t, HTML, busyDay(t, 6, 200)))
	for _, bad := range []string{"<script", "<link", "<iframe", "http://", "https://", " style=", " onclick", "@import", "url(http"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
	style := regexp.MustCompile(`(?s)<style>(.*?)</style>`).FindStringSubmatch(page)
	if style == nil {
		t.Fatal("no style")
	}
	sum := sha256.Sum256([]byte(style[1]))
	if want := "sha256-" + base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(strings.ReplaceAll(page, "&#43;", "+"), want) {
		t.Errorf("the policy does not allow the page's own style (%s)", want)
	}
}

func TestEveryLinkOnThePageHasItsTarget(t *testing.T) {
	page := string(render(t, HTML, busyDay(t, 32, 3000)))
	ids := map[string]int{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]]++; ids[m[1]] > 1 {
			t.Errorf("id %s stands twice", m[1])
		}
	}
	links := regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(links) < 500 {
		t.Fatalf("only %d links", len(links))
	}
	for _, m := range links {
		if ids[m[1]] == 0 {
			t.Errorf("link to #%s leads nowhere", m[1])
		}
	}
	if !strings.Contains(page, `href="../../days/2026-11-23/pairs/11-12"`) {
		t.Error("no link to the bills of a pair")
	}
}

// Every text of the template exists in both languages, and none is left over.
func TestTextsOfThePage(t *testing.T) {
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`t" "([a-z.A-Z0-9]+)"|\bt "([a-z.A-Z0-9]+)"`).FindAllStringSubmatch(pageSource+reconciliationSource, -1) {
		key := m[1] + m[2]
		used[key] = true
		if _, ok := texts[key]; !ok {
			t.Errorf("no text for %q", key)
		}
	}
	if len(used) < 60 {
		t.Fatalf("only %d texts found in the template", len(used))
	}
	for key, text := range texts {
		if text.ZH == "" || text.EN == "" {
			t.Errorf("%q is not in both languages", key)
		}
	}
	for _, o := range provinces.Outcomes {
		if _, ok := outcomeTexts[o]; !ok {
			t.Errorf("outcome %s has no text", o)
		}
	}
	for id, key := range figureKeys {
		if _, ok := texts[key]; !ok {
			t.Errorf("figure %s has no text", id)
		}
	}
	for _, f := range (Report{Reconciliation: &Reconciliation{}}).figures() {
		if _, ok := figureKeys[f.name]; !ok {
			t.Errorf("figure %s is not named", f.name)
		}
	}
}

func TestXLSXChecksItself(t *testing.T) {
	checkXLSX(t, busyDay(t, 9, 900))
	checkXLSX(t, newReconciled(t, 9, 900).report(t))
}

func checkXLSX(t *testing.T, r Report) {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(render(t, XLSX, r)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	checked := 0
	for _, name := range f.GetSheetList() {
		rows, err := f.GetRows(name)
		if err != nil {
			t.Fatal(err)
		}
		for y, row := range rows {
			for x := range row {
				at, _ := excelize.CoordinatesToCellName(x+1, y+1)
				if formula, _ := f.GetCellFormula(name, at); formula == "" {
					continue
				}
				checked++
				if v, err := f.CalcCellValue(name, at, excelize.Options{RawCellValue: true}); err != nil || (v != "0" && v != "-0") {
					t.Errorf("%s!%s is %s, %v", name, at, v, err)
				}
			}
		}
	}
	if checked < 50 {
		t.Errorf("only %d formulas", checked)
	}
	for _, at := range []struct{ sheet, cell string }{{"省际明细 Pairs", "B5"}, {"结果拒绝 Outcomes", "A4"}} {
		if kind, err := f.GetCellType(at.sheet, at.cell); err != nil || kind != excelize.CellTypeInlineString {
			t.Errorf("%s!%s is no text cell: %v %v", at.sheet, at.cell, kind, err)
		}
	}
}

func TestXLSXHasNoTimeOfItsOwn(t *testing.T) {
	body := render(t, XLSX, onePair(t))
	archive, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
	if err != nil {
		t.Fatal(err)
	}
	if archive.File[0].Name != "[Content_Types].xml" {
		t.Errorf("first part is %s", archive.File[0].Name)
	}
	for _, p := range archive.File {
		if p.Modified.After(time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("%s carries %s", p.Name, p.Modified)
		}
		if p.Name != "docProps/core.xml" {
			continue
		}
		r, err := p.Open()
		if err != nil {
			t.Fatal(err)
		}
		core, _ := io.ReadAll(r)
		if !bytes.Contains(core, []byte("2026-11-23T00:00:00Z")) || bytes.Contains(core, []byte("xuri")) {
			t.Errorf("properties: %s", core)
		}
	}
}

func TestUnits(t *testing.T) {
	yuan, wan2, wan0, yi := unitFor(1), unitFor(2_000_000_00), unitFor(900_000_000_00), unitFor(20_000_000_000_000)
	for _, c := range []struct {
		unit unit
		fen  ledger.Amount
		want string
	}{
		{yuan, 0, "0"}, {yuan, 49, "<1"}, {yuan, 50, "1"}, {yuan, 149, "1"}, {yuan, -150, "-2"}, {yuan, -1, "<-1"},
		{wan2, 1_234_567_89, "123.46"}, {wan2, 1_00, "<0.01"}, {wan2, 100_00, "0.01"}, {wan2, 9_995_00, "1.00"},
		{wan0, 12_345_678_900, "12346"}, {wan0, 1, "<1"},
		{yi, 20_000_000_000_000, "2000.0"},
		{yuan, -1 << 63, "-92233720368547758"},
	} {
		if got := c.unit.format(c.fen); got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.fen, c.unit.Name.ZH, got, c.want)
		}
	}
	for fen, want := range map[ledger.Amount]string{0: "0.00", -5: "-0.05", 123_456_789_00: "123,456,789.00", -100_000: "-1,000.00", 99_999: "999.99"} {
		if got := exact(fen); got != want {
			t.Errorf("exact: %s, want %s", got, want)
		}
	}
}

func TestDiffReports(t *testing.T) {
	r := revised(t)
	d := *r.Changes
	if len(d.Pairs) != 1 || d.Pairs[0].Home != "11" || d.Pairs[0].Treatment != "12" || d.Empty() {
		t.Fatalf("%+v", d)
	}
	want := map[string]string{"booked": "+1", "cost": "+123.45", "fund:310100": "+67.89", "fund_total": "+67.89",
		"personal_account": "+0.01", "owed": "+67.90", "cash": "+55.55"}
	for _, c := range d.Pairs[0].Changes {
		if want[c.Figure] != c.Delta {
			t.Errorf("%s: %s, want %s", c.Figure, c.Delta, want[c.Figure])
		}
		delete(want, c.Figure)
	}
	if len(want) != 0 {
		t.Errorf("missing: %v", want)
	}
	same, err := DiffReports(r, r)
	if err != nil || !same.Empty() {
		t.Errorf("a report differs from itself: %+v %v", same, err)
	}
	gone, err := DiffReports(onePair(t), zeroDay(t))
	if err != nil || len(gone.Pairs) != 1 || gone.Pairs[0].Changes[1].New != "0.00" {
		t.Errorf("a pair that vanished: %+v %v", gone.Pairs, err)
	}
	other := r
	other.To++
	if _, err := DiffReports(r, other); err == nil {
		t.Error("reports of other days compared")
	}
}
