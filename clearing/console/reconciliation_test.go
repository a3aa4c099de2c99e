package console

import (
	"context"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// "We are 61 yuan apart over six days with this hospital: why?" One click from the report
// to the hospital's page, where the answer stands; one more to the figures behind each.
func TestWhyAreWeSixtyOneYuanApart(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	page := r.page("/providers/"+apartProvider+"?from=2026-03-12&to=2026-03-17&lang=en", http.StatusOK)
	seen := text(page)
	for _, want := range []string{
		"Over these six days", "61.00 yuan more than the books", "✓ refunded directly at the insurer 40.00 bill/1", "✓ one named rounding step -0.01 bill/2", "unknown 21.01 bill/4",
		"✓ these breaks add up to exactly what the two are apart", "19,200.00 12 19,240.00 12 40.00 40.00", "39.99", "61.00",
	} {
		if want == "Over these six days" {
			want = "Over these days the hospital has"
		}
		if !strings.Contains(seen, want) {
			t.Errorf("lacks %q in\n%s", want, seen)
		}
	}
	links := map[string]bool{}
	for _, m := range hrefPattern.FindAllStringSubmatch(page, -1) {
		address := html.UnescapeString(m[1])
		if !strings.HasPrefix(address, "/break?key=") {
			continue
		}
		if strings.Contains(address, "bill%2f5") { // of those that cancel
			continue
		}
		links[address] = true
		one := text(r.page(address+"&lang=en", http.StatusOK))
		if !strings.Contains(one, "Books and the three sides") || !strings.Contains(one, "≠ differs:") {
			t.Errorf("%s does not show the figures", address)
		}
	}
	if len(links) != 3 {
		t.Errorf("%d breaks are one click away, want 3", len(links))
	}
}

// Each figure of the report's reconciliation leads to the page with its entries.
func TestFromTheReportsReconciliationToItsEntries(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 60))
	whole := r.page("/reports/2026-03-17/report.html", http.StatusOK)
	reached := map[string]bool{}
	for _, m := range hrefPattern.FindAllStringSubmatch(whole, -1) {
		address := html.UnescapeString(m[1])
		rest, ok := strings.CutPrefix(address, "../../")
		if !ok || strings.HasPrefix(rest, "days/") {
			continue
		}
		kind, _, _ := strings.Cut(strings.ReplaceAll(rest, "?", "/"), "/")
		reached[kind] = true
		r.page("/"+rest, http.StatusOK)
	}
	for _, kind := range []string{"breaks", "break", "providers", "statements", "reconciliation"} {
		if !reached[kind] {
			t.Errorf("the report leads to no page /%s", kind)
		}
	}
}

// The report's list of hospitals has open breaks alone, the hospital's page all that the two are
// apart by: the page says both, with the very figure of the report. A proved fen has
// resolved itself here.
func TestAHospitalsPageHasTheFigureOfTheReport(t *testing.T) {
	var open []report.BreakLine
	builder := report.NewBuilder(report.Head{From: sealedDay, To: sealedDay})
	builder.Reconcile(sealedDay, reconcile.Engine)
	for _, b := range sampleBreaks() {
		l := b.Break
		if l.Provider != apartProvider || l.Class == reconcile.Timing {
			continue
		}
		if l.Class == reconcile.Round {
			l.State = reconcile.Resolved
		} else {
			open = append(open, l)
		}
		if err := builder.AddBreak(l); err != nil {
			t.Fatal(err)
		}
	}
	told, err := builder.Finish(report.Seal{})
	if err != nil || len(told.Reconciliation.Hospitals) != 1 {
		t.Fatalf("%+v, %v", told.Reconciliation, err)
	}
	line := told.Reconciliation.Hospitals[0]
	v := providerView{ProviderDays: ProviderDays{
		Days:   []ProviderDay{{Day: sealedDay, Books: reconcile.Sum{Count: 3, Owed: 100_00}, Hospital: &reconcile.Sum{Count: 3, Owed: 161_00}}},
		Breaks: open, Why: reconcile.Explanation{Difference: 61_00, Reasons: []reconcile.Reason{{Class: reconcile.AmountOver, Owed: 61_01}, {Class: reconcile.Round, Owed: -1}}},
	}}
	if err := v.add(); err != nil {
		t.Fatal(err)
	}
	if line.Apart != 61_01 || v.Open != line.Apart || uint64(v.OpenOf) != line.Count || v.Settled() != -1 || !v.Parted() {
		t.Errorf("the report has %s of %d, the page %s of %d and %s settled", line.Apart, line.Count, v.Open, v.OpenOf, v.Settled())
	}
	if v.ProviderDays.More = 1; v.Parted() {
		t.Error("a sum of some of the open breaks is told as that of all")
	}
}

// The sample's three breaks are open all, so its hospital's page has one figure; with the fen resolved
// it has two.
func TestAHospitalWithOpenBreaksAloneHasOneFigure(t *testing.T) {
	page := text(newReader(t, newSampleBooks(t, 30)).page("/providers/"+apartProvider+"?from=2026-03-12&to=2026-03-17&lang=en", http.StatusOK))
	if strings.Contains(page, "as in the report's list of hospitals") {
		t.Error("the page tells parts where there are none")
	}
	resolved := fenResolved{newSampleBooks(t, 30)}
	r := &reader{t: t, handler: New(resolved, Options{Reconciliation: resolved})}
	for language, want := range map[string]string{
		"zh": "其中未决差异 2 笔共 61.01 元（即报告所列数），已了结而仍不同的及跨日的共 -0.01 元。",
		"en": "Of this, open breaks (2) are 61.01 yuan, as in the report's list of hospitals; what is settled and still different, or lies on other days, is -0.01 yuan.",
	} {
		if page := text(r.page("/providers/"+apartProvider+"?from=2026-03-12&to=2026-03-17&lang="+language, http.StatusOK)); !strings.Contains(page, want) {
			t.Errorf("lacks %q in\n%s", want, page)
		}
	}
}

// fenResolved are books whose proved fen has resolved itself.
type fenResolved struct{ *sampleBooks }

func (b fenResolved) Provider(ctx context.Context, q ProviderQuery) (ProviderDays, error) {
	days, err := b.sampleBooks.Provider(ctx, q)
	days.Breaks = slices.DeleteFunc(days.Breaks, func(l report.BreakLine) bool { return l.Class == reconcile.Round })
	return days, err
}

func TestAHospitalWhoseBreaksDoNotExplainIt(t *testing.T) {
	v := providerView{ProviderDays: ProviderDays{Days: []ProviderDay{
		{Day: 1, Books: reconcile.Sum{Count: 1, Owed: 100}, Hospital: &reconcile.Sum{Count: 1, Owed: 161}},
		{Day: 2, Books: reconcile.Sum{Count: 1, Owed: 500}}, // not spoken about: not apart
	}, Why: reconcile.Explanation{Difference: 61, Reasons: []reconcile.Reason{{Class: reconcile.AmountOver, Owed: 60}}, Rest: 1}}}
	if err := v.add(); err != nil {
		t.Fatal(err)
	}
	if v.Apart != 61 || v.Told != 60 || v.Explained() || v.Left() != 1 || v.Lines[1].Apart != 0 || v.Lines[1].Running != 61 {
		t.Errorf("%+v", v)
	}
}

// A hospital that has stated thousands of rows too many gets a page that can be read: so many
// parts, and how many more.
func TestAPageListsNotAllOfThousands(t *testing.T) {
	v := providerView{ProviderDays: ProviderDays{Days: []ProviderDay{{Day: 1}}, Why: reconcile.Explanation{Reasons: []reconcile.Reason{{Class: reconcile.Surplus}}}}}
	for n := range 9000 {
		p := reconcile.Part{Key: fmt.Sprintf("row/%d", n), Day: 1, Class: reconcile.Surplus, Owed: 1}
		v.Why.Reasons[0].Parts, v.Why.Cancel = append(v.Why.Reasons[0].Parts, p), append(v.Why.Cancel, p)
	}
	if err := v.add(); err != nil {
		t.Fatal(err)
	}
	reason, cancelling := v.Reasons()[0], v.Cancelling()
	if len(reason.Parts) != partsShown || reason.More != 9000-partsShown || len(cancelling.Parts) != partsShown || cancelling.More != 9000-partsShown || len(v.Lines[0].Breaks) != ProviderBreaksMax {
		t.Errorf("%d parts and %d more, %d cancel and %d more, %d beside the day", len(reason.Parts), reason.More, len(cancelling.Parts), cancelling.More, len(v.Lines[0].Breaks))
	}
}

// A day's line names all that the two are apart by on it, each break once: the open ones, what
// is settled, and a row of another day. What is not due yet is no break.
func TestEachDayNamesAllThatItIsApartBy(t *testing.T) {
	part := func(key string, day ledger.Day, class reconcile.Class, owed ledger.Amount) reconcile.Part {
		return reconcile.Part{Key: key, Day: day, Class: class, Owed: owed}
	}
	v := providerView{ProviderDays: ProviderDays{
		Days:   []ProviderDay{{Day: 1}, {Day: 2}},
		Breaks: []report.BreakLine{{Key: "bill/1", Day: 1, Class: reconcile.AmountOver}},
		Why: reconcile.Explanation{
			Reasons: []reconcile.Reason{{Parts: []reconcile.Part{part("bill/1", 1, reconcile.AmountOver, 61), part("bill/2", 2, reconcile.Round, -1), part("bill/4", 2, reconcile.ExpectedPart, -5)}}},
			Cancel:  []reconcile.Part{part("bill/3", 1, reconcile.Timing, -9), part("bill/3", 2, reconcile.Timing, 9)},
		},
	}}
	if err := v.add(); err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{{"bill/1", "bill/3"}, {"bill/3", "bill/2"}} {
		var got []string
		for _, b := range v.Lines[i].Breaks {
			got = append(got, b.Key)
		}
		if !slices.Equal(got, want) {
			t.Errorf("day %d: %q, want %q", i+1, got, want)
		}
	}
}

func TestABreakStandsBesideItsBooksAndSides(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	for language, wants := range map[string][]string{
		"zh": {"医药机构比账册多 40.00 元", "原因已用重算证明", "账册与三方并列", "≠ 不同 1,540.00", "经办机构直接退费", "150.00 = 110.00 + 40.00", "clearctl breaks accept bill/1", "clearctl claim verify 1", "从未报送", "2026-03-12 首次发现"},
		"en": {"The hospital has 40.00 yuan more than the books.", "Its cause is proved", "≠ differs: 1,540.00", "refunded directly at the insurer", "rests on records #2", "Accept: the books follow the side", "S20260317", "first seen"},
	} {
		page := r.page("/break?key=bill%2f1&lang="+language, http.StatusOK)
		checkPage(t, "/break", page)
		seen := text(page)
		for _, want := range wants {
			if !strings.Contains(seen, want) {
				t.Errorf("%s lacks %q in\n%s", language, want, seen)
			}
		}
		if !strings.Contains(page, `href="/claims/1"`) || !strings.Contains(page, `href="/claims/2"`) {
			t.Error("the bill and what the proof rests on cannot be reached")
		}
		if strings.Contains(page, "CANARY") {
			t.Error("the page names a person or a visit")
		}
	}
}

func TestEveryClassHasSomethingThatCanBeDone(t *testing.T) {
	for _, class := range reconcile.Classes {
		key, ok := classRemedies[class]
		if _, text := phrases[key]; !ok || !text {
			t.Errorf("%s: nothing is said of what can be done", class)
		}
	}
	for state, want := range map[reconcile.State]string{
		reconcile.Open: "clearctl breaks close bill/9", reconcile.Proposed: "clearctl breaks approve bill/9", reconcile.Resolved: "clearctl breaks undo 2026-03-17/timing-pair",
	} {
		list := remedies(service.BreakReply{Break: report.BreakLine{Key: "bill/9", Entry: 9, Class: reconcile.Timing, State: state},
			History: []service.BreakEvent{{Group: "2026-03-17/timing-pair"}}})
		if !slices.ContainsFunc(list, func(r remedy) bool { return r.Command == want }) {
			t.Errorf("%s: %+v lacks %q", state, list, want)
		}
	}
}

func TestKeysAreQuotedForAShell(t *testing.T) {
	for word, want := range map[string]string{
		"bill/9": "bill/9", "row/home.65/310101G0000000000001": "row/home.65/310101G0000000000001",
		"row/home.65/a b": "'row/home.65/a b'", "row/x/$(rm -rf .)": "'row/x/$(rm -rf .)'", "row/x/it's": `'row/x/it'\''s'`,
	} {
		if got := quoted(word); got != want {
			t.Errorf("%q is written %s, want %s", word, got, want)
		}
	}
}

// The first page says how many breaks wait and how many of them are overdue; each figure leads to
// the list of just these.
func TestTheFirstPageCountsBreaksAndLeadsToThem(t *testing.T) {
	books := newSampleBooks(t, 30)
	r := newReader(t, books)
	all, err := books.Breaks(t.Context(), service.BreaksRequest{Limit: 1})
	if err != nil || all.Overdue == 0 || all.Overdue == all.Sum.Count {
		t.Fatalf("the sample has %d of %d overdue, %v", all.Overdue, all.Sum.Count, err)
	}
	for language, names := range map[string][2]string{"zh": {"未了结的对账差异", "其中逾期"}, "en": {"Breaks not settled", "Of them overdue"}} {
		page := r.page("/?lang="+language, http.StatusOK)
		for i, tile := range []struct {
			address string
			count   uint64
		}{{"/breaks", all.Sum.Count}, {"/breaks?age=overdue", all.Overdue}} {
			want := fmt.Sprintf(`<dt>%s</dt><dd><a href="%s">%d</a></dd>`, names[i], tile.address, tile.count)
			if !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %s", language, want)
			}
			r.page(tile.address, http.StatusOK)
			listed, err := books.Breaks(t.Context(), books.breakQueries[len(books.breakQueries)-1])
			if err != nil || listed.Sum.Count != tile.count {
				t.Errorf("%s lists %d breaks, the figure says %d, %v", tile.address, listed.Sum.Count, tile.count, err)
			}
		}
	}
	if !strings.Contains(r.page("/breaks?age=overdue&lang=en", http.StatusOK), `<option value="overdue" selected>`) {
		t.Error("the list does not say that it has the overdue ones alone")
	}
	without := text((&reader{t: t, handler: New(unmatchable{books}, Options{Reconciliation: unmatchable{books}})}).page("/?lang=en", http.StatusOK))
	if !strings.Contains(without, "Breaks not settled –") || !strings.Contains(without, "Of them overdue –") {
		t.Error("without a calendar the page does not say that nothing can be counted")
	}
}

// unmatchable are books whose breaks cannot be counted: the year has no calendar.
type unmatchable struct{ *sampleBooks }

func (unmatchable) Breaks(context.Context, service.BreaksRequest) (service.BreaksReply, error) {
	return service.BreaksReply{}, ErrUnavailable
}

func TestFiltersReachTheBooksAsTheyAre(t *testing.T) {
	books := newSampleBooks(t, 30)
	r := newReader(t, books)
	r.page("/breaks?evening=2026-03-17&from=2026-03-01&to=2026-03-17&home=65&treatment=310101&province=31&provider="+apartProvider+
		"&class=AMT_OVER&age=1-5&owner=hospital&state=open&happened=new&group=2026-03-17%2flate-row&after=bill%2f1", http.StatusOK)
	got := books.breakQueries[len(books.breakQueries)-1]
	evening, from := sealedDay, ledger.NewDay(2026, 3, 1)
	want := service.BreaksRequest{Evening: &evening, From: &from, To: &evening, Home: "65", Treatment: "310101", Province: "31", Provider: apartProvider,
		Class: reconcile.AmountOver, Age: "1-5", Owner: report.SideHospital, State: "open", Happened: report.BreakNew, Group: "2026-03-17/late-row", After: "bill/1", Limit: rowsMax}
	if fmt.Sprintf("%+v", deref(got)) != fmt.Sprintf("%+v", deref(want)) {
		t.Errorf("got  %+v\nwant %+v", deref(got), deref(want))
	}
}

// deref shows the days that a request points to.
func deref(q service.BreaksRequest) any {
	days := [3]string{}
	for i, d := range []*ledger.Day{q.Evening, q.From, q.To} {
		if d != nil {
			days[i] = d.String()
		}
	}
	q.Evening, q.From, q.To = nil, nil, nil
	return struct {
		days [3]string
		q    service.BreaksRequest
	}{days, q}
}

func TestAListOfBreaksGoesOnBehindItsLastKey(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	first := r.page("/breaks?lang=en", http.StatusOK)
	next := regexp.MustCompile(`href="([^"]*)" rel="next"`).FindStringSubmatch(first)
	if next == nil {
		t.Fatal("there is no next page")
	}
	second := r.page(html.UnescapeString(next[1]), http.StatusOK)
	if strings.Contains(second, `rel="next"`) || !strings.Contains(second, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the second page is not the rest of the list")
	}
}

func TestStandingsTieToTheLedgerAndLeadToTheBill(t *testing.T) {
	books := newSampleBooks(t, 60)
	r := newReader(t, books)
	day := r.page("/reconciliation/2026-03-17", http.StatusOK)
	if !strings.Contains(day, `href="/reconciliation/2026-03-17/pairs/65-31"`) {
		t.Fatal("the day does not lead to the pair")
	}
	for standing, want := range map[string]string{"matched": "✓ 一致", "expected": "… 待对账", "broken": "✗ 有差异"} {
		page := r.page("/reconciliation/2026-03-17/pairs/65-31?standing="+standing, http.StatusOK)
		if !strings.Contains(text(page), want) || !strings.Contains(text(page), "✓ 三者之和等于账册") {
			t.Errorf("%s: %s", standing, text(page))
		}
		if standing == "broken" && (!strings.Contains(page, `href="/break?key=bill%2f4"`) || !strings.Contains(page, `href="/claims/4"`)) {
			t.Error("a broken bill leads neither to its break nor to its claim")
		}
	}
}

func TestADayAndABillLeadToTheirBreaks(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	day := r.page("/days/2026-03-17", http.StatusOK)
	for _, link := range []string{`href="/reconciliation/2026-03-17"`, `href="/breaks?from=2026-03-17&amp;to=2026-03-17"`} {
		if !strings.Contains(day, link) {
			t.Errorf("the day's page lacks %s", link)
		}
	}
	if open := r.page("/days/2026-03-18", http.StatusOK); strings.Contains(open, `href="/reconciliation/`) {
		t.Error("a day that is not sealed leads to a match")
	}
	if bill := r.page("/claims/4?lang=en", http.StatusOK); !strings.Contains(text(bill), "A side has this bill otherwise: amount: the side has more · open") || !strings.Contains(bill, `href="/break?key=bill%2f4"`) {
		t.Error("the bill does not say that it has a break")
	}
	if bill := r.page("/claims/3?lang=en", http.StatusOK); strings.Contains(bill, "A side has this bill otherwise") {
		t.Error("a bill without a break says it has one")
	}
}

func TestWhatWeHaveFromAParty(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	seen := text(r.page("/statements/"+apartParty.Key()+"?lang=en", http.StatusOK))
	for _, want := range []string{"complete up to 2026-03-16", "due up to 2026-03-17", "next number 23", "statements are behind", "numbers missing: 17, 20–21", "nothing", "✗ refused 3003", "= repeated", "✓ applied"} {
		if !strings.Contains(seen, want) {
			t.Errorf("lacks %q in\n%s", want, seen)
		}
	}
}

func TestAddressesOfReconciliation(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	for address, status := range map[string]int{
		"/breaks": 200, "/breaks?state=all": 200, "/breaks?state=closed": 400, "/breaks?class=NONE": 400, "/breaks?age=3": 400, "/breaks?owner=me": 400,
		"/breaks?from=2026-03-18&to=2026-03-17": 400, "/breaks?provider=31": 400, "/breaks?happened=odd": 400, "/breaks?group=%3Cscript%3E": 400, "/breaks?after=x": 400,
		"/breaks?province=99": 400, "/breaks?home=1": 400, "/breaks?evening=today": 400, "/breaks?group=2026-02-07%2ftiming-pair&state=all": 200,
		"/break": 400, "/break?key=bill%2f1": 200, "/break?key=bill%2f999": 404, "/break?key=bill": 400, "/break?key=person%2f650102195102030015": 400,
		"/break?key=row%2fx%0a": 400, "/break?key=row%2f%ff": 400, "/break?key=bill%2f1&evening=2026-03-17": 200, "/break?key=bill%2f1&evening=x": 400,
		"/break?key=row%2f" + strings.Repeat("a", 300): 400,
		"/providers/" + apartProvider:                  200, "/providers/X": 400, "/providers/" + apartProvider + "?from=2020-01-01": 400, "/providers/" + apartProvider + "?from=2026-03-18&to=2026-03-17": 400,
		"/statements/home.65": 200, "/statements/treatment.31": 200, "/statements/" + apartParty.Key(): 200, "/statements/home.99": 400, "/statements/home": 400, "/statements/home.65.H31010100017": 400,
		"/statements/provider.31": 400, "/statements/bank.31": 400,
		"/reconciliation/2026-03-17": 200, "/reconciliation/2026-03-21": 404, "/reconciliation/x": 400,
		"/reconciliation/2026-03-17/pairs/65-31": 200, "/reconciliation/2026-03-17/pairs/65-31?standing=odd": 400, "/reconciliation/2026-03-17/pairs/650100-310101": 200, "/reconciliation/2026-03-17/pairs/65": 400,
	} {
		page := (&reader{t: t, handler: r.handler}).page(address, status)
		checkPage(t, address, page)
		if err := wellFormed(page); err != nil {
			t.Errorf("%s: %v", address, err)
		}
		if strings.Contains(page, "19510203") {
			t.Errorf("%s repeats what was asked for", address)
		}
	}
}

// TestFromAcceptedMoneyToItsAcceptance: what nobody states any more leads to the bill it
// was accepted for, and to the break with the act in its history.
func TestFromAcceptedMoneyToItsAcceptance(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	page := r.page("/break?key=accepted%2f5&lang=en", http.StatusOK)
	for _, want := range []string{`href="/claims/5"`, `href="/break?key=bill%2f5"`, "they are -61.00 yuan apart now"} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if other := r.page("/break?key=bill%2f1&lang=en", http.StatusOK); strings.Contains(other, "It was accepted") {
		t.Error("a bill's own break tells of an acceptance")
	}
}

func TestHostileBreaksAreInert(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	list := r.page("/breaks?provider=H31010100099", http.StatusOK)
	link := regexp.MustCompile(`href="(/break\?key=[^"]*)"`).FindStringSubmatch(list)
	if link == nil {
		t.Fatal("the break cannot be reached")
	}
	for _, page := range []string{list, r.page(html.UnescapeString(link[1]), http.StatusOK), r.page("/statements/home.65", http.StatusOK)} {
		if strings.Contains(page, "<script") || strings.ContainsAny(page, "\u202e\u200b") {
			t.Error("text from outside acts or hides")
		}
		if err := wellFormed(page); err != nil {
			t.Error(err)
		}
	}
}

func TestBooksThatAskNobodyHaveNoPagesAboutBreaks(t *testing.T) {
	handler := New(newSampleBooks(t, 30), Options{})
	r := &reader{t: t, handler: handler}
	if page := r.page("/", http.StatusOK); strings.Contains(page, `href="/breaks"`) {
		t.Error("the navigation leads to a page that is not there")
	}
	for _, address := range []string{"/breaks", "/break?key=bill%2f1", "/providers/" + apartProvider, "/statements/home.65", "/reconciliation/2026-03-17"} {
		r.page(address, http.StatusNotFound)
	}
}

// Every family of words that the pages put together is complete.
func TestWordsOfReconciliationAreComplete(t *testing.T) {
	w := words{language: provinces.English}
	for _, what := range []string{reconcile.EventSeen, reconcile.EventChanged, reconcile.EventReopened, reconcile.EventResolved + "timing-pair", reconcile.EventWaiting + "late-row",
		reconcile.EventUndone, reconcile.EventAct + "accept", reconcile.EventCommented, reconcile.EventAssigned, reconcile.EventGone} {
		kind, _, _ := strings.Cut(what, ":")
		if _, ok := phrases["event."+kind]; !ok || w.event(what) == "" {
			t.Errorf("%q has no words", what)
		}
	}
	for _, row := range sampleBreaks() {
		for _, f := range row.Figures {
			if got := w.figure(f.Field); got == f.Field {
				t.Errorf("figure %q has no words", f.Field)
			}
		}
	}
}
