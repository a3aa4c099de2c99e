package console

import (
	"fmt"
	"html"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

// reader is a browser on a console: it asks, and remembers what was reported.
type reader struct {
	t       *testing.T
	handler http.Handler
	failed  []error
}

func newReader(t *testing.T, b Books) *reader {
	r := &reader{t: t}
	options := Options{AreaName: data.AreaName, Failed: func(_ string, err error) { r.failed = append(r.failed, err) }}
	options.Reconciliation, _ = b.(Reconciliation)
	r.handler = New(b, options)
	return r
}

func (r *reader) get(address string, cookies ...*http.Cookie) *http.Response {
	r.t.Helper()
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		r.t.Fatalf("%q: %v", address, err)
	}
	for _, c := range cookies {
		request.AddCookie(c)
	}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, request)
	return w.Result()
}

func (r *reader) page(address string, status int, cookies ...*http.Cookie) string {
	r.t.Helper()
	response := r.get(address, cookies...)
	body, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if response.StatusCode != status {
		r.t.Fatalf("%s: status %d, want %d\n%s", address, response.StatusCode, status, text(string(body)))
	}
	return string(body)
}

var (
	hrefPattern = regexp.MustCompile(`(?:href|action)="([^"]*)"`)
	idPattern   = regexp.MustCompile(` id="([^"]*)"`)
	styleText   = regexp.MustCompile(`(?s)<style>.*?</style>`)
	anyTag      = regexp.MustCompile(`<[^>]*>`)
)

// text is what a reader sees of a page.
func text(page string) string {
	_, page, _ = strings.Cut(styleText.ReplaceAllString(page, ""), "<body")
	return html.UnescapeString(strings.Join(strings.Fields(anyTag.ReplaceAllString("<body"+page, " ")), " "))
}

// tags are the tags of a page in order: the name, with a slash before a closing one's, and
// what stands behind it. It reads by hand what a pattern would read many times slower.
func tags(page string) iter.Seq2[string, string] {
	return func(yield func(name, rest string) bool) {
		for {
			begin := strings.IndexByte(page, '<')
			if begin < 0 {
				return
			}
			page = page[begin+1:]
			end, quoted := 0, false
			for ; end < len(page) && (quoted || page[end] != '>'); end++ {
				quoted = quoted != (page[end] == '"')
			}
			tag := page[:end]
			page = page[end:]
			name, rest := tag, ""
			if at := strings.IndexAny(tag, " \n"); at >= 0 {
				name, rest = tag[:at], tag[at:]
			}
			if name != "" && name[0] != '!' && !yield(strings.TrimSuffix(name, "/"), rest+slash(name)) {
				return
			}
		}
	}
}

// slash is the slash of a tag that closes itself without a space before it.
func slash(name string) string {
	if strings.HasSuffix(name, "/") {
		return "/"
	}
	return ""
}

// TestTagsAreRead: the reader that the other tests rest on.
func TestTagsAreRead(t *testing.T) {
	var got []string
	for name, rest := range tags(`<!doctype html><a href="x>y"><br/><td class="n"></td>text</a><circle r="1"/>`) {
		got = append(got, name+"|"+rest)
	}
	want := []string{`a| href="x>y"`, "br|/", `td| class="n"`, "/td|", "/a|", `circle| r="1"/`}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, broken := range []string{"<p><b></p></b>", "<p>", "</p>"} {
		if wellFormed(broken) == nil {
			t.Errorf("%s passes for well formed", broken)
		}
	}
}

var voidTags = []string{"meta", "link", "input", "br", "rect", "line", "circle"}

// wellFormed reports what is wrong with the nesting of a page's tags.
func wellFormed(page string) error {
	var open []string
	for name, rest := range tags(page) {
		name, closing := strings.CutPrefix(name, "/")
		switch {
		case slices.Contains(voidTags, name) || strings.HasSuffix(rest, "/"):
		case !closing:
			open = append(open, name)
		case len(open) == 0 || open[len(open)-1] != name:
			return fmt.Errorf("</%s> closes %v", name, open)
		default:
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("never closed: %v", open)
	}
	return nil
}

// crawl reads every page that can be reached from the first one by links, in one language.
func crawl(t *testing.T, r *reader, language provinces.Language) map[string]string {
	t.Helper()
	cookie := &http.Cookie{Name: languageCookie, Value: string(language)}
	found := map[string]string{}
	queue, claims := []string{"/"}, 0
	for len(queue) > 0 && len(found) < 400 {
		address := queue[0]
		queue = queue[1:]
		if _, known := found[address]; known {
			continue
		}
		if strings.HasPrefix(address, "/claims/") {
			if claims++; claims > 40 {
				continue
			}
		}
		response := r.get(address, cookie)
		body, _ := io.ReadAll(response.Body)
		if response.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", address, response.StatusCode)
			continue
		}
		found[address] = string(body)
		base, _ := url.Parse(address)
		for _, m := range hrefPattern.FindAllStringSubmatch(string(body), -1) {
			link := html.UnescapeString(m[1])
			to, err := base.Parse(link)
			switch {
			case err != nil || to.Host != "" || to.Scheme == "http" || to.Scheme == "https":
				t.Errorf("%s links elsewhere: %q", address, link)
			case strings.HasPrefix(link, "#") || link == "data:," || link == "/claims" || strings.Contains(link, "lang="):
			default:
				to.Fragment = ""
				queue = append(queue, to.String())
			}
		}
	}
	return found
}

func TestEveryPageThatLinksReachIsWholeAndAlone(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 60))
	for _, language := range []provinces.Language{provinces.Chinese, provinces.English} {
		pages := crawl(t, r, language)
		for _, kind := range []string{"/days", "/days/2026-03-17", "/days/2026-03-17/pairs/", "/days/2026-03-17/bills", "/days/2026-03-17/messages?code=", "/bills?", "/claims/", "/balances?", "/reports/2026-03-17/",
			"/breaks?", "/break?key=", "/providers/", "/statements/", "/reconciliation/2026-03-17", "/reconciliation/2026-03-17/pairs/"} {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(pages)), func(a string) bool { return strings.HasPrefix(a, kind) }) {
				t.Errorf("%s: no page %s was reached", language, kind)
			}
		}
		for address, page := range pages {
			if strings.HasPrefix(address, "/reports/") {
				continue
			}
			if err := wellFormed(page); err != nil {
				t.Errorf("%s %s: %v", language, address, err)
			}
			checkPage(t, address, page)
			want := `<html lang="zh-CN">`
			if language == provinces.English {
				want = `<html lang="en">`
			}
			if !strings.Contains(page, want) {
				t.Errorf("%s is not in %s", address, language)
			}
		}
	}
	for _, err := range r.failed {
		if !strings.Contains(err.Error(), "schema") { // the day that was made broken
			t.Error("reported:", err)
		}
	}
}

// checkPage holds a page to what every page promises.
func checkPage(t *testing.T, address, page string) {
	t.Helper()
	for _, never := range []string{"<script", " style=", " onclick", "http://", "https://", "@import", "url(h", "<img", "<iframe", "%!", "ZgotmplZ", "<no value>"} {
		if strings.Contains(page, never) {
			t.Errorf("%s contains %q", address, never)
		}
	}
	if tables, captions := strings.Count(page, "<table"), strings.Count(page, "<caption"); tables != captions {
		t.Errorf("%s has %d tables and %d captions", address, tables, captions)
	}
	for name, rest := range tags(page) {
		if name == "th" && !strings.Contains(rest, "scope=") {
			t.Errorf("%s has a heading cell without scope: %s", address, rest)
		}
	}
	seen := map[string]bool{}
	for _, m := range idPattern.FindAllStringSubmatch(page, -1) {
		if seen[m[1]] {
			t.Errorf("%s has the id %q twice", address, m[1])
		}
		seen[m[1]] = true
	}
	for _, m := range hrefPattern.FindAllStringSubmatch(page, -1) {
		if id, local := strings.CutPrefix(m[1], "#"); local && !seen[id] {
			t.Errorf("%s links to #%s, which it does not have", address, id)
		}
	}
	if strings.Count(page, "<h1") != 1 || strings.Count(page, "<main") != 1 {
		t.Errorf("%s has not one heading and one main part", address)
	}
	if inputs, labels := strings.Count(page, "<input")+strings.Count(page, "<select"), strings.Count(page, "<label"); inputs != labels {
		t.Errorf("%s has %d fields and %d labels", address, inputs, labels)
	}
}

func TestFromAFigureOfTheReportToItsBillsInTwoClicks(t *testing.T) {
	books := newSampleBooks(t, 60)
	r := newReader(t, books)
	report := r.page("/reports/2026-03-17/report.html", http.StatusOK)
	link := `href="../../days/2026-03-17/pairs/65-31"`
	if !strings.Contains(report, link) {
		t.Fatalf("the report does not link to the pair: %s", link)
	}
	list := r.page("/days/2026-03-17/pairs/65-31", http.StatusOK)
	if !strings.Contains(text(list), "✓ 与封存报告逐项一致") {
		t.Error("the bills do not add up to the report's figures")
	}
	if !strings.Contains(list, `<a href="/claims/1">1</a>`) {
		t.Fatal("the bill does not link to its claim")
	}
	claim := text(r.page("/claims/1", http.StatusOK))
	for _, want := range []string{"结算说明", books.records[0].SettlementID, grouped(books.records[0].Claim.Total)} {
		if !strings.Contains(claim, want) {
			t.Errorf("the claim's page lacks %q", want)
		}
	}
}

func TestAClaimPageExplainsEveryFen(t *testing.T) {
	books := newSampleBooks(t, 60)
	r := newReader(t, books)
	for _, record := range books.records[:40] {
		a := record.Adjudication
		for _, language := range []provinces.Language{provinces.Chinese, provinces.English} {
			address := fmt.Sprintf("/claims/%d?lang=%s", record.Entry, language)
			page := r.page(address, http.StatusOK)
			seen := text(page)
			says := words{language: language, areaName: data.AreaName}
			for i, step := range a.Trace {
				n := numberedStep{i + 1, step}
				if !strings.Contains(page, fmt.Sprintf(`id="step-%d"`, n.N)) || !strings.Contains(seen, says.sentence(n)) {
					t.Errorf("%s lacks step %d: %s", address, n.N, says.sentence(n))
				}
				if step.Article != "" && !strings.Contains(seen, step.Article) {
					t.Errorf("%s lacks the article of step %d: %s", address, n.N, step.Article)
				}
				if !n.Decides() && !strings.Contains(seen, grouped(step.Output)) {
					t.Errorf("%s lacks the output of step %d", address, n.N)
				}
			}
			for _, share := range a.Funds {
				if !strings.Contains(seen, provinces.FundName(share.Fund, language)) || !strings.Contains(seen, grouped(share.Amount)) {
					t.Errorf("%s lacks what %s pays", address, share.Fund)
				}
			}
			for _, want := range []string{
				grouped(a.Cash), grouped(record.Claim.Total), a.Plan.ID, a.Plan.Version, fmt.Sprintf("%x", a.Plan.Hash),
				record.LeafHash, record.Digest, record.SettlementID, "✓ " + says.text("who.adds"), "✓ " + says.text("postings.ties"),
			} {
				if !strings.Contains(seen, want) {
					t.Errorf("%s lacks %q", address, want)
				}
			}
			for _, p := range record.Postings {
				if !strings.Contains(seen, p.Account) {
					t.Errorf("%s lacks the posting to %s", address, p.Account)
				}
			}
		}
	}
}

func TestEveryPayerNamesTheStepsItComesFrom(t *testing.T) {
	books := newSampleBooks(t, 60)
	for _, record := range books.records[:40] {
		v := claimView{ClaimReply: record.ClaimReply}
		if err := v.explain(); err != nil {
			t.Fatal(err)
		}
		if !v.Adds {
			t.Errorf("record %d: the payments do not add up", record.Entry)
		}
		for _, p := range v.Payments {
			if p.First == 0 && p.Amount != 0 {
				t.Errorf("record %d: %s %s comes from no step", record.Entry, p.Fund, p.Amount)
			}
		}
	}
}

func TestWordsOfRealTracesAreKnown(t *testing.T) {
	books := newSampleBooks(t, 200)
	for _, record := range books.records {
		if record.Adjudication == nil {
			continue
		}
		for _, s := range stations(record.Adjudication) {
			if s.Name == (phrase{}) && !slices.Contains(fixedStations, s.ID) {
				t.Errorf("record %d: station %q has no name", record.Entry, s.ID)
			}
			for _, step := range s.Steps {
				for _, in := range step.Figures() {
					if _, ok := phrases["input."+in.Name]; !ok {
						t.Errorf("step %s: input %q has no name", step.Rule, in.Name)
					}
				}
				if _, ok := phrases["rounding."+step.Rounding]; !ok {
					t.Errorf("step %s: rounding %q has no name", step.Rule, step.Rounding)
				}
			}
		}
		for _, w := range record.Adjudication.Warnings {
			if _, ok := phrases["warning."+string(w)]; !ok {
				t.Errorf("warning %q has no name", w)
			}
		}
		if _, ok := phrases["filing."+string(record.Adjudication.Filing)]; !ok {
			t.Errorf("filing %q has no name", record.Adjudication.Filing)
		}
	}
}

func TestRecordsWithoutABillSayWhatBecameOfThem(t *testing.T) {
	books := newSampleBooks(t, 60)
	r := newReader(t, books)
	find := func(o provinces.Outcome, original uint64) sampleRecord {
		for _, record := range books.records {
			if record.Outcome == o && record.Original == original {
				return record
			}
		}
		t.Fatalf("no %s of %d", o, original)
		return sampleRecord{}
	}
	for _, c := range []struct {
		name   string
		record sampleRecord
		says   []string
	}{
		{"a cancellation names its original", find(provinces.Cancelled, 3), []string{"This message cancelled the settlement of record 3", "debits equal credits"}},
		{"a reversal names its original", find(provinces.Reversed, 9), []string{"reversed that of record 9"}},
		{"a reversal of nothing says so", find(provinces.Reversed, 0), []string{"reversed one that never arrived"}},
		{"a repeat points to the first", find(provinces.Repeated, 5), []string{"repeats record 5"}},
		{"a refusal says why and where", find(provinces.Refused, 0), []string{"3003", "input.data.medfee_sumamt", "1280.00", "correct and send under a new msgid"}},
		{"a quarantine is ours", find(provinces.Quarantined, 0), []string{"set aside by a fault of ours", "9001"}},
		{"a bill that was undone says so", books.records[2], []string{"undone by record", "Settlement explained"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen := text(r.page(fmt.Sprintf("/claims/%d?lang=en", c.record.Entry), http.StatusOK))
			for _, want := range c.says {
				if !strings.Contains(seen, want) {
					t.Errorf("lacks %q in\n%s", want, seen)
				}
			}
		})
	}
}

func TestNoPersonIsOnAnyPage(t *testing.T) {
	books := newSampleBooks(t, 30)
	birth := ledger.NewDay(1951, 2, 3)
	for i := range books.records {
		if c := books.records[i].Claim; c != nil { // should the books forget to blank them
			c.PersonNo, c.CertNo, c.VisitID, c.Birth = "CANARY-PSN", "CANARY-CERT", "CANARY-VISIT", &birth
		}
	}
	for address, page := range crawl(t, newReader(t, books), provinces.Chinese) {
		for _, canary := range []string{"CANARY", "SECRET", "1951-02-03"} {
			if strings.Contains(page, canary) {
				t.Errorf("%s shows %q", address, canary)
			}
		}
	}
}

func TestHostileTextIsInert(t *testing.T) {
	books := newSampleBooks(t, 30)
	for i := range books.records {
		r := &books.records[i]
		r.Subject, r.Provider, r.Person, r.Digest, r.LeafHash = "claims."+hostile, hostile, hostile, hostile, hostile
		if r.Adjudication != nil {
			r.Adjudication.Plan.ID = hostile
			r.Adjudication.Warnings = append(r.Adjudication.Warnings, benefit.Warning(hostile))
			for j := range r.Adjudication.Trace {
				r.Adjudication.Trace[j].Article = hostile
				r.Adjudication.Trace[j].Inputs = append(r.Adjudication.Trace[j].Inputs, benefit.Input{Name: hostile, Value: hostile})
			}
			r.Claim.Insutype, r.Claim.MedType, r.Claim.HospitalLevel, r.Claim.FilingType = hostile, hostile, hostile, hostile
		}
		for j := range r.Postings {
			r.Postings[j].Account = hostile
		}
	}
	r := newReader(t, books)
	pages := crawl(t, r, provinces.Chinese)
	for address, page := range pages {
		if strings.HasPrefix(address, "/reports/") {
			continue
		}
		if strings.Contains(page, "<script") || strings.ContainsAny(page, "\u202e\u200b") {
			t.Errorf("%s lets text act or hide", address)
		}
		if err := wellFormed(page); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	if seen := text(pages["/claims/1"]); !strings.Contains(seen, "<script>alert(1)</script>\"'&\ufffd\ufffd") {
		t.Error("hostile text is not shown for what it is")
	}
}
