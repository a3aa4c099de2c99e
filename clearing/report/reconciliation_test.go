package report

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"
)

func TestReconciledDayGolden(t *testing.T) {
	r := newReconciled(t, 3, 24).report(t)
	for _, ext := range []string{"html", "json", "csv"} {
		golden(t, "reconciled."+ext, render(t, renderers[ext], r))
	}
}

func TestAReconciledReportReadsBackAndKeepsItsBytes(t *testing.T) {
	for ext, f := range renderers {
		want := render(t, f, newReconciled(t, 8, 300).report(t))
		for range 3 {
			if !bytes.Equal(want, render(t, f, newReconciled(t, 8, 300).report(t))) {
				t.Fatalf("%s: another run, other bytes", ext)
			}
		}
	}
	r := newReconciled(t, 6, 200).report(t)
	back, err := ReadJSON(bytes.NewReader(render(t, JSON, r)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

// Whatever order breaks come in, the report is the same.
func TestTheOrderOfBreaksDoesNotMatter(t *testing.T) {
	forward, backward := newReconciled(t, 6, 300), newReconciled(t, 6, 300)
	slices.Reverse(backward.breaks)
	if diff := cmp.Diff(forward.report(t), backward.report(t)); diff != "" {
		t.Error(diff)
	}
}

func TestThreeSumsTieToTheLedgerToTheFen(t *testing.T) {
	r := newReconciled(t, 8, 400).report(t)
	v := r.Reconciliation
	if v.Totals.Ledger != r.Totals.Owed || v.InternalTotals.Ledger != r.Summary.InternalOwed || v.Days != 1 || !v.OpenTies {
		t.Errorf("ledger %s and %s of %s and %s, %d days, open ties %v", v.Totals.Ledger, v.InternalTotals.Ledger, r.Totals.Owed, r.Summary.InternalOwed, v.Days, v.OpenTies)
	}
	for _, p := range v.Pairs {
		i := slices.IndexFunc(r.Pairs, func(q Pair) bool { return q.Home == p.Home && q.Treatment == p.Treatment })
		if i < 0 || p.Matched.Owed+p.Expected.Owed+p.Broken.Owed != r.Pairs[i].Owed {
			t.Errorf("%s-%s does not tie", p.Home, p.Treatment)
		}
	}
	all := v.BalanceTotal
	if all.Matched.Owed+all.Expected.Owed+all.Broken.Owed+all.Decisions != all.Balance || all.Decisions != -5_000 {
		t.Errorf("%+v", all)
	}
	var aged, owned uint64
	for _, a := range v.Ages {
		aged += a.Count
	}
	for _, o := range v.Owners {
		owned += o.Count
	}
	if whole := v.Open.Count + v.Alone.Count; aged != whole || owned != whole || v.Alone.Count != 1 {
		t.Errorf("%d aged, %d owned of %d breaks", aged, owned, whole)
	}
}

// A row says no region; it is the turn of a party all the same, and its line is that of the
// party's province.
func TestWhoseTurnARowIs(t *testing.T) {
	k := &reconciling{owners: map[ownerKey]*OwnerLine{}}
	hospital := provinces.Party{Kind: provinces.PartyProvider, Province: "31", Provider: "H31010100017"}
	for _, c := range []struct {
		line BreakLine
		want ledger.Province
	}{
		{BreakLine{Owner: SideHospital, Party: hospital}, "31"},
		{BreakLine{Owner: SideHospital, Party: hospital, Treatment: "310101"}, "31"},
		{BreakLine{Owner: SideHome, Party: hospital}, ""},
		{BreakLine{Owner: SideHome, Party: provinces.Party{Kind: provinces.PartyHome, Province: "65"}}, "65"},
	} {
		if got := k.owner(c.line).Province; got != c.want {
			t.Errorf("%+v: province %q, want %q", c.line, got, c.want)
		}
	}
	if len(k.owners) != 3 {
		t.Errorf("%d lines, want 3", len(k.owners))
	}
}

func TestFiguresThatDoNotTieAreAnError(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(x *reconciled)
		after func(b *Builder) error // "nil": at Finish
		want  error
	}{
		{"a day as it is", func(*reconciled) {}, nil, nil},
		{"a fen less in a pair's matched bills", func(x *reconciled) { x.day.Pairs[0].Matched.Owed-- }, nil, ErrTie},
		{"a day that is not there yet", func(x *reconciled) { x.day.Pairs = nil; x.day.Day-- }, nil, nil},
		{"a pair that the match did not see", func(x *reconciled) { x.day.Pairs = x.day.Pairs[1:] }, nil, ErrTie},
		{"a pair with a fen more than the report", func(x *reconciled) { x.day.Pairs[0].Ledger++; x.day.Pairs[0].Broken.Owed++ }, nil, ErrTie},
		{"a balance off by a fen", func(*reconciled) {}, func(b *Builder) error { return b.AddPairBalance("110100", "310101", 0, 1) }, ErrTie},
		{"a decision that moved nothing", func(*reconciled) {}, func(b *Builder) error { return b.AddPairBalance("110100", "310101", 1, 0) }, ErrTie},
		{"a day after the report", func(x *reconciled) { x.day.Day++ }, nil, ErrOutside},
		{"a break that is gone", func(*reconciled) {}, func(b *Builder) error {
			return b.AddBreak(BreakLine{State: reconcile.Gone, Owner: SideHome, Class: reconcile.Field})
		}, ErrBreak},
		{"a break of nobody", func(*reconciled) {}, func(b *Builder) error { return b.AddBreak(BreakLine{State: reconcile.Open, Class: reconcile.Field}) }, ErrBreak},
		{"a class that does not exist", func(*reconciled) {}, func(b *Builder) error {
			return b.AddBreak(BreakLine{State: reconcile.Open, Owner: SideHome, Class: "ODD"})
		}, ErrBreak},
		{"a happening that does not exist", func(*reconciled) {}, func(b *Builder) error { return b.AddHappening("odd", BreakLine{}) }, ErrBreak},
		{"a party of no side", func(*reconciled) {}, func(b *Builder) error { return b.AddParty(PartyLine{}) }, ErrBreak},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newReconciled(t, 4, 80)
			c.spoil(x)
			err := x.b.AddDay(x.day)
			for _, p := range x.day.Pairs {
				if err == nil {
					err = x.b.AddPairBalance(p.Home, p.Treatment, 0, p.Ledger)
				}
			}
			if err == nil && c.after != nil {
				err = c.after(x.b)
			}
			if err == nil {
				_, err = x.b.Finish(sampleSeal())
			}
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestBucketsOfAgeReachTheBeginning(t *testing.T) {
	for overdue, want := range map[int]string{
		-30: "notdue", -1: "notdue", 0: "0", 1: "1-5", 5: "1-5", 6: "6-10", 10: "6-10", 11: "11-20", 20: "11-20", 21: "21-60", 60: "21-60", 61: "61-120", 120: "61-120", 121: "121+", 25_000: "121+",
	} {
		got := Ages()[bucketOf(overdue)]
		if AgeID(got) != want {
			t.Errorf("%d working days overdue lie in %s, want %s", overdue, AgeID(got), want)
		}
		if back, ok := ParseAge(want); !ok || back != got {
			t.Errorf("%s is read as %+v", want, back)
		}
	}
}

func TestHowFarASideIsApart(t *testing.T) {
	find := func(side reconcile.Side, owed ledger.Amount) reconcile.Finding {
		return reconcile.Finding{Side: side, Class: reconcile.AmountOver, Owed: owed}
	}
	state := func(s reconcile.SideState) *reconcile.Result {
		r := &reconcile.Result{}
		r.States[reconcile.Hospital] = s
		return r
	}
	for _, c := range []struct {
		name     string
		findings []reconcile.Finding
		result   *reconcile.Result
		apart    ledger.Amount
		told     bool
		state    string
	}{
		{"it has more", []reconcile.Finding{find(reconcile.Hospital, 61)}, state(reconcile.Differs), 61, true, SideDiffers},
		{"two things of it differ", []reconcile.Finding{find(reconcile.Hospital, 60), find(reconcile.Hospital, 0), find(reconcile.Home, 7)}, state(reconcile.Differs), 60, true, SideDiffers},
		{"it agrees, another side does not", []reconcile.Finding{find(reconcile.Home, 7)}, state(reconcile.Agrees), 0, true, SideAgrees},
		{"its totals agree", []reconcile.Finding{find(reconcile.Home, 7)}, state(reconcile.Tied), 0, true, SideTied},
		{"it has not spoken", []reconcile.Finding{find(reconcile.Home, 7)}, state(reconcile.Awaited), 0, false, SideAwaited},
		{"it is not asked", []reconcile.Finding{find(reconcile.Home, 7)}, state(reconcile.NotAsked), 0, false, SideNotAsked},
		{"without the match, the finding is its own", []reconcile.Finding{find(reconcile.Hospital, -3)}, nil, -3, true, SideDiffers},
		{"without the match, the finding is another's", []reconcile.Finding{find(reconcile.Home, -3)}, nil, 0, false, ""},
	} {
		l, err := NewBreakLine(&reconcile.Break{Books: 100, Findings: c.findings}, 0, c.result)
		if err != nil {
			t.Fatal(err)
		}
		if apart, told := l.Apart(SideHospital); apart != c.apart || told != c.told || l.Of(SideHospital).State != c.state {
			t.Errorf("%s: %s, %v, %q", c.name, apart, told, l.Of(SideHospital).State)
		}
	}
}

func TestEveryWordOfReconciliationHasItsText(t *testing.T) {
	var keys []string
	for _, c := range reconcile.Classes {
		keys = append(keys, "class."+string(c))
	}
	for _, c := range reconcile.CauseKinds {
		keys = append(keys, "cause."+string(c))
	}
	for _, s := range []reconcile.State{reconcile.Open, reconcile.Proposed, reconcile.Resolved, reconcile.Decided, reconcile.Gone} {
		keys = append(keys, "break."+string(s))
	}
	keys = append(keys, "class."+string(reconcile.ExpectedPart))
	for _, k := range reconcile.AutoKinds {
		keys = append(keys, "auto."+string(k))
	}
	for _, s := range reconcile.Sides {
		keys = append(keys, "party."+s.String())
	}
	for _, s := range sideStates {
		keys = append(keys, "says."+s)
	}
	for _, h := range Happenings {
		keys = append(keys, "happened."+string(h))
	}
	for _, d := range SheetDecisions {
		keys = append(keys, "decide."+d)
	}
	for _, m := range []reconcile.More{reconcile.Equal, reconcile.BooksMore, reconcile.SideMore} {
		keys = append(keys, "more."+string(m))
	}
	for _, key := range keys {
		if w, ok := breakWords[key]; !ok || w.ZH == "" || w.EN == "" {
			t.Errorf("%q has no text in both languages", key)
		}
	}
}

// The names of reconcile's sides are the names here.
func TestSidesAreNamedAsThePackageNamesThem(t *testing.T) {
	for i, s := range reconcile.Sides {
		if SideNames[i] != SideName(s.String()) {
			t.Errorf("%s is called %s here", s, SideNames[i])
		}
	}
}

func TestALineOfABreakHoldsWhatTheThreeSidesState(t *testing.T) {
	cash := ledger.Amount(5)
	row := func(funds, account ledger.Amount) reconcile.Item {
		return reconcile.Item{Amounts: reconcile.Amounts{Total: 500, Funds: funds, Account: account, Cash: &cash}}
	}
	b := &reconcile.Break{
		Key: "bill/9", Day: sampleDay, Home: "650100", Treatment: "330100", Entry: 9, Class: reconcile.Duplicate, Books: 100, Owed: 110,
		Findings: []reconcile.Finding{
			{Side: reconcile.Hospital, Class: reconcile.Duplicate, More: reconcile.SideMore, Owed: 110, Cause: &reconcile.Cause{Kind: reconcile.PostedTwice}},
			{Side: reconcile.Home, Class: reconcile.Field, Field: "insutype"},
		},
		Owner: reconcile.Hospital, History: []reconcile.Event{{Evening: sampleDay - 2, State: reconcile.Open}, {Evening: sampleDay, State: reconcile.Decided}},
	}
	result := &reconcile.Result{}
	result.Sides[reconcile.Hospital] = []reconcile.Item{row(100, 5), row(100, 5)}
	result.States[reconcile.Hospital], result.States[reconcile.Treatment], result.States[reconcile.Home] = reconcile.Differs, reconcile.Awaited, reconcile.Differs
	then := b.On(sampleDay - 1)
	l, err := NewBreakLine(&then, 4, result)
	if err != nil {
		t.Fatal(err)
	}
	if l.State != reconcile.Open || l.Others != 1 || l.Cause != reconcile.PostedTwice || l.Owner != SideHospital || l.Overdue != 4 {
		t.Errorf("%+v", l)
	}
	if h := l.Of(SideHospital); h.Rows != 2 || *h.Owed != 210 || *h.Cash != 10 || *h.Total != 1000 {
		t.Errorf("hospital %+v", h)
	}
	if apart, _ := l.Apart(SideHospital); apart != 110 {
		t.Errorf("apart by %s", apart)
	}
	if home := l.Of(SideHome); home.Owed != nil || home.State != SideDiffers {
		t.Errorf("home %+v", home)
	}
}

func breaksCSV(t testing.TB, lines []BreakLine) []byte {
	t.Helper()
	var b bytes.Buffer
	w := NewBreaksCSV(&b)
	for _, l := range lines {
		if err := w.Write(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func breaksXLSX(t testing.TB, r Report, lines []BreakLine) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewBreaksXLSX(&b, r, sampleDay)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if err := w.Write(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBreaksListGolden(t *testing.T) {
	golden(t, "breaks.csv", breaksCSV(t, newReconciled(t, 3, 60).breaks))
}

func TestTheSheetOfBreaksGoesOutReadyToBeFilledIn(t *testing.T) {
	x := newReconciled(t, 3, 60)
	r := x.report(t)
	body := breaksXLSX(t, r, x.breaks)
	if !bytes.Equal(body, breaksXLSX(t, r, x.breaks)) {
		t.Error("another run, other bytes")
	}
	f, err := excelize.OpenReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got := f.GetSheetList(); !slices.Equal(got, []string{BreaksSheet, BreaksHelpSheet}) {
		t.Fatalf("sheets %v", got)
	}
	rows, err := f.GetRows(BreaksSheet)
	if err != nil {
		t.Fatal(err)
	}
	head := rows[BreaksHeadRow-1]
	var ids []string
	for _, h := range head {
		ids = append(ids, h[strings.LastIndex(h, "\n")+1:])
	}
	want := []string{"decision", "reason", "key", "day", "home", "home_name", "treatment", "treatment_name", "provider", "entry", "setl_id", "class", "class_name", "side", "more", "field",
		"other_findings", "cause", "books", "difference", "hospital_says", "hospital_owed", "hospital_total", "treatment_says", "treatment_owed", "treatment_total", "home_says", "home_owed", "home_total",
		"first_seen", "due", "overdue", "owner", "state", "facts"}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Errorf("the order of the columns is part of the form:\n%s", diff)
	}
	if n := len(rows) - BreaksHeadRow; n != len(x.breaks) {
		t.Errorf("%d lines for %d breaks", n, len(x.breaks))
	}
	facts, err := excelize.ColumnNumberToName(len(head))
	if err != nil {
		t.Fatal(err)
	}
	if shown, err := f.GetColVisible(BreaksSheet, facts); err != nil || shown {
		t.Errorf("column %s is shown (%v)", facts, err)
	}
	if rows[BreaksHeadRow][len(head)-1] != x.breaks[0].Facts || rows[BreaksHeadRow][2] != x.breaks[0].Key {
		t.Errorf("first line %v", rows[BreaksHeadRow])
	}
	rules, err := f.GetDataValidations(BreaksSheet)
	if err != nil || len(rules) != 2 {
		t.Fatalf("%d rules for what is filled in, %v", len(rules), err)
	}
	for _, d := range SheetDecisions {
		if !strings.Contains(rules[0].Formula1, d) {
			t.Errorf("the list lacks %s: %s", d, rules[0].Formula1)
		}
	}
}

// Text from outside stays text in the files that officers open and fill in.
func TestHostileBreaksAreInert(t *testing.T) {
	for _, text := range hostileTexts {
		line := hostileReconciliation(text).Overdue[0]
		lines, err := csv.NewReader(bytes.NewReader(breaksCSV(t, []BreakLine{line})[3:])).ReadAll()
		if err != nil || len(lines) != 2 {
			t.Fatalf("%.30q: %d lines, %v", text, len(lines), err)
		}
		for _, cell := range lines[1] {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+@\t\r") || strings.HasPrefix(cell, "-") && !plainNumber.MatchString(cell) || strings.ContainsAny(cell, "\n\r\t\x00") {
				t.Errorf("%.30q: cell %.40q", text, cell)
			}
		}
		f, err := excelize.OpenReader(bytes.NewReader(breaksXLSX(t, zeroDay(t), []BreakLine{line})))
		if err != nil {
			t.Fatalf("%.30q: %v", text, err)
		}
		rows, err := f.GetRows(BreaksSheet)
		if err != nil {
			t.Fatal(err)
		}
		for x := range rows[BreaksHeadRow] {
			at, _ := excelize.CoordinatesToCellName(x+1, BreaksHeadRow+1)
			if formula, _ := f.GetCellFormula(BreaksSheet, at); formula != "" {
				t.Errorf("%.30q became the formula %s", text, formula)
			}
		}
		f.Close()
	}
}

func TestNoOpenBreakIsSaidInTheSheet(t *testing.T) {
	f, err := excelize.OpenReader(bytes.NewReader(breaksXLSX(t, zeroDay(t), nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	said, err := f.GetCellValue(BreaksSheet, fmt.Sprintf("A%d", BreaksHeadRow+1))
	if err != nil || !strings.Contains(said, "没有未决差异") {
		t.Errorf("%q, %v", said, err)
	}
}

// TestAReportSaysWhyNothingWasMatched in both languages and every rendering, and what makes it
// good; and a reader of the model gets it back.
func TestAReportSaysWhyNothingWasMatched(t *testing.T) {
	b := NewBuilder(sampleHead())
	if err := b.AddBill(bill(1, "650100", "330100", 2_110_738, 1_500_038, 10_000)); err != nil {
		t.Fatal(err)
	}
	b.Unmatched(2027)
	r, err := b.Finish(Seal{})
	if err != nil {
		t.Fatal(err)
	}
	back, err := ReadJSON(bytes.NewReader(render(t, JSON, r)))
	if err != nil || back.NoCalendar != 2027 {
		t.Errorf("the model came back with %d, %v", back.NoCalendar, err)
	}
	html, table := string(render(t, HTML, r)), string(render(t, CSV, r))
	f, err := excelize.OpenReader(bytes.NewReader(render(t, XLSX, r)))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := f.GetRows("三方对账 Reconciliation")
	if err != nil {
		t.Fatal(err)
	}
	sheet := fmt.Sprint(rows)
	for _, want := range []string{"缺 2027 年的工作日历", "由下一晚一并补对", "The calendar of working days of 2027 is missing", "the next night makes the match good"} {
		if !strings.Contains(html, want) || !strings.Contains(sheet, want) {
			t.Errorf("%q: on the page %t, in the workbook %t", want, strings.Contains(html, want), strings.Contains(sheet, want))
		}
	}
	if !strings.Contains(html, `href="#reconciliation"`) {
		t.Error("the page's contents do not lead there")
	}
	lines := strings.Split(strings.TrimSpace(table), "\r\n")
	if len(lines) != 2 || !strings.HasSuffix(lines[0], unmatchedColumn) || !strings.HasSuffix(lines[1], "未对账：缺 2027 年工作日历 not matched: the calendar of 2027 is missing") {
		t.Errorf("%q", lines)
	}
}
