package console

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

func TestListsThatAreAFigureOfTheReportTieToIt(t *testing.T) {
	books := newSampleBooks(t, 120)
	r := newReader(t, books)
	for _, c := range []struct {
		address string
		ties    bool // there is one figure of the report with just these bills
	}{
		{"pairs/65-31", true},
		{"pairs/65-65", true}, // a province's internal clearing as a whole
		{"pairs/653100-650102", true},
		{"pairs/11-54", true}, // nothing is owed: the figure is nothing
		{"bills?home=65&scope=between", true},
		{"bills?treatment=31&scope=between", true},
		{"bills?scope=between", true},
		{"bills?home=65&scope=within", true},
		{"bills?home=65&treatment=65", true},
		{"bills?home=65", false},
		{"bills?home=650100", false},
		{"bills", false},
		{"bills?home=650100&treatment=310101", false}, // the matrix is by province
		{"bills?home=65&scope=between&outcome=booked", false},
	} {
		seen := text(r.page("/days/2026-03-17/"+c.address+first(c.address)+"lang=en", http.StatusOK))
		if got := strings.Contains(seen, "✓ every sum equals the sealed report's"); got != c.ties {
			t.Errorf("%s: ties is %t, want %t", c.address, got, c.ties)
		}
		if strings.Contains(seen, "NOT equal") {
			t.Errorf("%s does not tie", c.address)
		}
	}
}

// first is what a further parameter begins with.
func first(address string) string {
	if strings.Contains(address, "?") {
		return "&"
	}
	return "?"
}

func TestBillsThatDoNotTieAreCalledOut(t *testing.T) {
	books := newSampleBooks(t, 60)
	books.records[0].bill.Cash++ // one fen
	seen := text(newReader(t, books).page("/days/2026-03-17/pairs/65-31?lang=en", http.StatusOK))
	if !strings.Contains(seen, "✗ NOT equal to the sealed report") {
		t.Error("a fen too much is not noticed")
	}
}

func TestTiesComparesEveryFigure(t *testing.T) {
	same := func() *billsView {
		s := report.Sums{Booked: 2, Undone: 1, Cost: 10, Funds: map[ledger.Fund]ledger.Amount{"310100": 5, "330100": 0}, FundTotal: 5, Account: 2, Owed: 7, Cash: 3}
		sealed := s
		sealed.Funds = map[ledger.Fund]ledger.Amount{"310100": 5}
		return &billsView{Page: s, Sealed: &sealed}
	}
	if !same().Ties() {
		t.Fatal("equal sums do not tie")
	}
	for name, spoil := range map[string]func(*report.Sums){
		"booked": func(s *report.Sums) { s.Booked++ }, "undone": func(s *report.Sums) { s.Undone++ }, "cost": func(s *report.Sums) { s.Cost++ },
		"fund": func(s *report.Sums) { s.Funds["310100"]++ }, "other fund": func(s *report.Sums) { s.Funds["390100"] = 1 },
		"fund total": func(s *report.Sums) { s.FundTotal++ }, "account": func(s *report.Sums) { s.Account++ }, "owed": func(s *report.Sums) { s.Owed++ },
		"cash": func(s *report.Sums) { s.Cash++ }, "hospital": func(s *report.Sums) { s.HospitalPart++ },
	} {
		v := same()
		spoil(v.Sealed)
		if v.Ties() {
			t.Errorf("a difference in %s is not noticed", name)
		}
	}
}

func TestListsGoOnWhereTheyEnded(t *testing.T) {
	books := newSampleBooks(t, rowsMax+50)
	r := newReader(t, books)
	page := r.page("/days/2026-03-17/bills?lang=en", http.StatusOK)
	if got := strings.Count(page, `<th scope="row"><a href="/claims/`); got != rowsMax {
		t.Fatalf("%d bills on the page", got)
	}
	seen := text(page)
	if !strings.Contains(seen, "This page (200)") || !strings.Contains(seen, "The list goes on") || strings.Contains(seen, "every sum equals") {
		t.Error("the page does not say that its sums are its own")
	}
	next := fmt.Sprintf("/days/2026-03-17/bills?after=%d", rowsMax)
	if !strings.Contains(page, `<a href="`+next+`" rel="next">`) {
		t.Fatal("there is no next page")
	}
	rest := r.page(next, http.StatusOK)
	if !strings.Contains(rest, fmt.Sprintf(`<a href="/claims/%d">`, rowsMax+1)) || strings.Contains(rest, fmt.Sprintf(`<a href="/claims/%d">%d</a>`, rowsMax, rowsMax)) {
		t.Error("the next page does not begin behind the first")
	}
	if !strings.Contains(rest, `<a href="/days/2026-03-17/bills">`) {
		t.Error("the next page does not lead back")
	}
	messages := r.page("/days/2026-03-17/messages?stream=31&after=5", http.StatusOK)
	if strings.Contains(messages, `<a href="/claims/5">5</a>`) {
		t.Error("messages do not go on")
	}
}

// A search that would take too long says how far it came, and leads on from there: never
// "none" before the end.
func TestASearchThatIsNotAtItsEndSaysSo(t *testing.T) {
	books := newSampleBooks(t, 30)
	r := newReader(t, books)
	for _, address := range []string{"/days/2026-03-17/bills?home=11&outcome=reversed", "/days/2026-03-17/messages?code=9001"} {
		books.searched = 50_000
		page := r.page(address+"&lang=en", http.StatusOK)
		seen := text(page)
		if !strings.Contains(seen, "Searched up to record 50,000 of the books") || !strings.Contains(seen, "Search on") {
			t.Errorf("%s does not say that the search is not at its end", address)
		}
		if strings.Contains(seen, "There are no such") {
			t.Errorf("%s says none before the end", address)
		}
		if !strings.Contains(page, "after=50000") {
			t.Errorf("%s does not lead on", address)
		}
		books.searched = 0
		if seen := text(r.page(address, http.StatusOK)); strings.Contains(seen, "Searched up to") {
			t.Errorf("%s speaks of a search that is at its end", address)
		}
	}
}

func TestARangeOfDaysIsAskedForAsGiven(t *testing.T) {
	books := newSampleBooks(t, 30)
	r := newReader(t, books)
	r.page("/bills?from=2026-03-01&to=2026-03-17&home=65&treatment=310101&scope=between&outcome=cancelled&after=7", http.StatusOK)
	from, _ := ledger.ParseDay("2026-03-01")
	want := BillQuery{From: from, To: sealedDay, Home: "65", Treatment: "310101", Scope: Between, Outcome: provinces.Cancelled, After: 7, Limit: rowsMax}
	if got := books.queries[len(books.queries)-1]; got != want {
		t.Errorf("asked for %+v, want %+v", got, want)
	}
	r.page("/bills", http.StatusOK)
	if got := books.queries[len(books.queries)-1]; got.From != brokenDay || got.To != openDay {
		t.Errorf("without a range asked for %s to %s", got.From, got.To)
	}
}

func TestSumsBeyondTheirRangeAreNotShown(t *testing.T) {
	books := newSampleBooks(t, 30)
	for i := range 2 {
		books.records[i].bill.Total = 9223372036854775807
	}
	r := newReader(t, books)
	r.page("/days/2026-03-17/pairs/65-31", http.StatusInternalServerError)
	if len(r.failed) != 1 {
		t.Errorf("reported %v", r.failed)
	}
}

func TestASealedSummaryIsReadOnce(t *testing.T) {
	books := newSampleBooks(t, 30)
	r := newReader(t, books)
	r.page("/", http.StatusOK)
	books.asked = nil
	if !strings.Contains(text(r.page("/", http.StatusOK)), grouped(sealedOwed(t, books))) {
		t.Error("the day's total is not on the first page")
	}
	for _, file := range books.asked {
		if strings.HasPrefix(file, sealedDay.String()) {
			t.Errorf("%s was read again", file)
		}
	}
}

func sealedOwed(t *testing.T, b *sampleBooks) ledger.Amount {
	t.Helper()
	whole, err := report.ReadJSON(bytes.NewReader(b.files[sealedDay.String()+"/report.json"]))
	if err != nil || whole.Summary.Owed == 0 {
		t.Fatal(whole.Summary, err)
	}
	return whole.Summary.Owed
}

func TestTheDayPageShowsTheReportsFigures(t *testing.T) {
	books := newSampleBooks(t, 60)
	whole, err := report.ReadJSON(bytes.NewReader(books.files[sealedDay.String()+"/report.json"]))
	if err != nil {
		t.Fatal(err)
	}
	page := newReader(t, books).page("/days/2026-03-17?lang=en", http.StatusOK)
	seen := text(page)
	want := []string{"✓ sealed", "✓ books balance", grouped(whole.Summary.Owed), grouped(whole.Summary.InternalOwed)}
	for _, p := range whole.Pairs {
		want = append(want, grouped(p.Owed), grouped(p.Cash))
		if link := fmt.Sprintf(`href="/days/2026-03-17/pairs/%s-%s"`, p.Home, p.Treatment); !strings.Contains(page, link) {
			t.Errorf("lacks %s", link)
		}
	}
	for _, p := range whole.Internal {
		if link := fmt.Sprintf(`href="/days/2026-03-17/pairs/%s-%s"`, p.Home, p.Treatment); !strings.Contains(page, link) {
			t.Errorf("lacks %s", link)
		}
	}
	for _, refusal := range whole.Refusals {
		if link := fmt.Sprintf(`href="/days/2026-03-17/messages?code=%d"`, refusal.Code); !strings.Contains(page, link) {
			t.Errorf("lacks %s", link)
		}
	}
	for _, w := range want {
		if !strings.Contains(seen, w) {
			t.Errorf("lacks %q", w)
		}
	}
}

func TestDaysThatAreNotSealedSaySo(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	for address, want := range map[string]string{
		"/days/2026-03-19?lang=en": "The day is not sealed and has no report yet",
		"/days/2026-03-18?lang=en": "CLAIMS_31: 17 of 19",
		"/days/2026-03-16?lang=en": "The day's report cannot be read here",
	} {
		if seen := text(r.page(address, http.StatusOK)); !strings.Contains(seen, want) {
			t.Errorf("%s lacks %q", address, want)
		}
	}
}

func TestBalancesAddUp(t *testing.T) {
	books := newSampleBooks(t, 120)
	v := balancesView{Provinces: provinces.Provinces()}
	var err error
	if v.BalancesReply, err = books.Balances(t.Context(), service.BalancesRequest{}); err != nil {
		t.Fatal(err)
	}
	if err := v.add(); err != nil {
		t.Fatal(err)
	}
	var owes, isOwed, net ledger.Amount
	for _, p := range v.Positions {
		owes, isOwed, net = owes+p.Owes, isOwed+p.IsOwed, net+p.Net
		if p.Net != p.IsOwed-p.Owes {
			t.Errorf("%s: net %s of %s and %s", p.Province, p.Net, p.Owes, p.IsOwed)
		}
	}
	if net != 0 || owes != isOwed || owes != v.Between.Sum.Owed || owes != sealedOwed(t, books) {
		t.Errorf("owes %s, is owed %s, net %s, pairs %s", owes, isOwed, net, v.Between.Sum.Owed)
	}
	if len(v.Within.Pairs) == 0 {
		t.Error("internal clearing is lost")
	}
}

func TestAStayOverTheNewYearClimbsTwice(t *testing.T) {
	layer := func(id, name string) benefit.Step {
		return benefit.Step{Layer: id, Rule: "layer", Inputs: []benefit.Input{{Name: "zh", Value: name}, {Name: "en", Value: name}}}
	}
	a := benefit.Adjudication{
		Trace: []benefit.Step{
			{Layer: "scope", Rule: "scope"}, layer("basic", "B"), {Layer: "basic", Rule: "segment"}, layer("large", "L"),
			{Layer: "deductible", Rule: "deductible"}, layer("basic", "B"), {Layer: "cash", Rule: "cash"},
		},
		Funds: []benefit.Share{{Layer: "basic", Amount: 1}, {Layer: "large", Amount: 2}, {Layer: "basic", Amount: 3}},
	}
	list := stations(&a)
	var pays []ledger.Amount
	for _, s := range list {
		if s.Pays != nil {
			pays = append(pays, s.Pays.Amount)
		}
	}
	if fmt.Sprint(pays) != fmt.Sprint([]ledger.Amount{1, 2, 3}) {
		t.Errorf("runs pay %v", pays)
	}
	if steps, first := stepsOf(list, "basic"); steps != "2–3, 6" || first != 2 {
		t.Errorf("basic is steps %q from %d", steps, first)
	}
	a.Funds = a.Funds[:2] // the second climb paid nothing, or the first: it cannot be said
	for _, s := range stations(&a) {
		if s.ID == "basic" && s.Pays != nil {
			t.Error("a payment was given to a run by guess")
		}
	}
}
