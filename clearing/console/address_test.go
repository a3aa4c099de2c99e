package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"clearingd/clearing/service"
)

func TestAddresses(t *testing.T) {
	books := newSampleBooks(t, 30)
	r := newReader(t, books)
	setlID, key := books.records[0].SettlementID, strings.TrimPrefix(books.records[0].Subject, "claims.")
	for _, c := range []struct {
		address string
		status  int
	}{
		{"/", 200},
		{"/?unknown=is+ignored&lang=en", 200},
		{"/?lang=fr", 400},
		{"/?lang=zh&lang=en", 400},
		{"/?lang=%zz", 400},
		{"/?a=1;b=2", 400},
		{"/index.html", 404},
		{"/days", 200},
		{"/days/", 404},
		{"/days/2026-03-17", 200},
		{"/days/2026-03-21", 404},
		{"/days/2026-3-17", 400},
		{"/days/2026-02-30", 400},
		{"/days/1970-01-01", 400},
		{"/days/today", 400},
		{"/days/2026-03-17/pairs/65-31", 200},
		{"/days/2026-03-17/pairs/650100-310101", 200},
		{"/days/2026-03-17/pairs/65-65", 200},
		{"/days/2026-03-17/pairs/65-31?after=3", 200},
		{"/days/2026-03-17/pairs/65-31?after=0", 400},
		{"/days/2026-03-17/pairs/65-31?after=-1", 400},
		{"/days/2026-03-17/pairs/65-31?after=03", 400},
		{"/days/2026-03-17/pairs/65-31?outcome=refused", 400},
		{"/days/2026-03-17/pairs/65-310101", 400},
		{"/days/2026-03-17/pairs/65", 400},
		{"/days/2026-03-17/pairs/65-31-33", 400},
		{"/days/2026-03-17/pairs/99-31", 400},
		{"/days/2026-03-17/pairs/6５-31", 400},
		{"/days/2026-03-21/pairs/65-31", 404},
		{"/days/2026-03-17/bills?home=65&treatment=310101&scope=between&outcome=cancelled", 200},
		{"/days/2026-03-17/bills?home=6", 400},
		{"/days/2026-03-17/bills?scope=beyond", 400},
		{"/days/2026-03-17/messages?outcome=refused&code=3003&stream=31", 200},
		{"/days/2026-03-17/messages?code=3999", 400},
		{"/days/2026-03-17/messages?code=0x3", 400},
		{"/days/2026-03-17/messages?outcome=Refused", 400},
		{"/days/2026-03-17/messages?stream=310101", 400},
		{"/days/2026-03-21/messages", 404},
		{"/bills", 200},
		{"/bills?from=2026-03-01&to=2026-03-17&home=65", 200},
		{"/bills?from=2026-03-18&to=2026-03-17", 400},
		{"/bills?from=2020-01-01&to=2026-03-17", 400},
		{"/bills?from=yesterday", 400},
		{"/claims/1", 200},
		{"/claims/" + setlID, 200},
		{"/claims/" + key, 200},
		{"/claims/999999", 404},
		{"/claims/0", 400},
		{"/claims/01", 400},
		{"/claims/12345678901234", 400}, // a books' number has at most 13 digits
		{"/claims/650102195102030015", 400},
		{"/claims/65010219510203001X", 400},
		{"/claims/310101g0000000000001", 400},
		{"/claims/31.65.X31010100001.a", 400},
		{"/claims?record=1", 303},
		{"/claims?record=+1+", 303},
		{"/claims?record=650102195102030015", 400},
		{"/claims?record=//elsewhere.example", 400},
		{"/claims", 400},
		{"/balances", 200},
		{"/balances?home=65&treatment=31&by=account", 200},
		{"/balances?by=person", 400},
		{"/balances?home=650100", 400},
	} {
		page := ""
		t.Run(strings.ReplaceAll(c.address, "/", "⁄"), func(t *testing.T) {
			page = (&reader{t: t, handler: r.handler}).page(c.address, c.status)
			if c.status >= 400 {
				checkPage(t, c.address, page)
				if !strings.Contains(page, `<p lang="zh-CN">`) || !strings.Contains(page, `<p lang="en">`) {
					t.Error("the error is not told in both languages")
				}
				if strings.Contains(page, "19510203") {
					t.Error("the page repeats what was asked for")
				}
			}
		})
	}
}

func TestRedirectionStaysHere(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	for record, want := range map[string]string{"12": "/claims/12", "H31010100017": "/providers/H31010100017"} {
		if to := r.get("/claims?record=" + record).Header.Get("Location"); to != want {
			t.Errorf("%s leads to %q, want %s", record, to, want)
		}
	}
}

func TestPagesAreOnlyRead(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY"} {
		w := httptest.NewRecorder()
		r.handler.ServeHTTP(w, httptest.NewRequest(method, "/days", strings.NewReader("x")))
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, Allow %q", method, w.Code, w.Header().Get("Allow"))
		}
	}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/days", nil))
	if w.Code != http.StatusOK {
		t.Errorf("HEAD: %d", w.Code)
	}
}

func TestSealedFilesAreServedAsTheyAre(t *testing.T) {
	books := newSampleBooks(t, 30)
	r := newReader(t, books)
	for name, want := range map[string][2]string{
		"report.html":       {"text/html; charset=utf-8", `inline; filename="report-2026-03-17.html"`},
		"report.json":       {"application/json", `inline; filename="report-2026-03-17.json"`},
		"report.xlsx":       {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", `attachment; filename="report-2026-03-17.xlsx"`},
		"obligations.csv":   {"text/csv; charset=utf-8", `attachment; filename="obligations-2026-03-17.csv"`},
		"entries.csv":       {"text/csv; charset=utf-8", `attachment; filename="entries-2026-03-17.csv"`},
		"journal.hledger":   {"text/plain; charset=utf-8", `inline; filename="journal-2026-03-17.hledger"`},
		"journal.beancount": {"text/plain; charset=utf-8", `inline; filename="journal-2026-03-17.beancount"`},
	} {
		response := r.get("/reports/2026-03-17/" + name)
		body, _ := io.ReadAll(response.Body)
		if string(body) != string(books.files["2026-03-17/"+name]) {
			t.Errorf("%s: not the bytes of the file", name)
		}
		h := response.Header
		if h.Get("Content-Type") != want[0] || h.Get("Content-Disposition") != want[1] || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %q, %q, %q", name, h.Get("Content-Type"), h.Get("Content-Disposition"), h.Get("X-Content-Type-Options"))
		}
		if policy := h.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "script") {
			t.Errorf("%s: policy %q", name, policy)
		}
	}
	if page := r.page("/reports/2026-03-01_2026-03-17/report.html", 200); !strings.Contains(page, "period") {
		t.Error("a period's report is not served")
	}
}

func TestNoPathLeavesTheReports(t *testing.T) {
	books := newSampleBooks(t, 30)
	r := newReader(t, books)
	for _, path := range []string{
		"/reports/2026-03-17/books.db", "/reports/2026-03-17/report.html.bak", "/reports/2026-03-17/..", "/reports/2026-03-17/.",
		"/reports/2026-03-17/%2e%2e", "/reports/2026-03-17/..%2f..%2fbooks.db", "/reports/..%2f2026-03-17/report.html",
		"/reports/2026-03-17%2f../report.html", "/reports/2026-03-17/report.html%00", "/reports/2026-03-17/report%2ehtml%2f",
		"/reports/2026-03-17/%5c..%5creport.html", "/reports/%2e%2e/report.html", "/reports/2026-03-17_/report.html",
		"/reports/2026-03-17_2026-03-17/report.html", "/reports/2026-03-17_2026-03-01/report.html", "/reports/_2026-03-17/report.html",
		"/reports/2026-03-17_2026-03-18_2026-03-19/report.html", "/reports/2026-03-17.new/report.html", "/reports//report.html",
		"/reports/2026-03-17/REPORT.HTML", "/reports/2026-03-17/report.html/",
	} {
		books.asked = nil
		response := r.get(path)
		if response.StatusCode == http.StatusOK || response.StatusCode >= 500 {
			t.Errorf("%s: status %d", path, response.StatusCode)
		}
		if len(books.asked) != 0 {
			t.Errorf("%s reached the books as %q", path, books.asked)
		}
	}
}

func TestLanguageIsChosenAndRemembered(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	if page := r.page("/", 200); !strings.Contains(page, `<html lang="zh-CN">`) {
		t.Error("the first language is not Chinese")
	}
	response := r.get("/?lang=en")
	cookies := response.Cookies()
	if len(cookies) != 1 || cookies[0].Value != "en" || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || cookies[0].Path != "/" {
		t.Fatalf("cookie %v", cookies)
	}
	if response.Header.Get("Content-Language") != "en" {
		t.Error("the page does not say it is English")
	}
	if page := r.page("/days", 200, cookies[0]); !strings.Contains(page, `<html lang="en">`) {
		t.Error("the choice is not remembered")
	}
	if page := r.page("/days?lang=zh", 200, cookies[0]); !strings.Contains(page, `<html lang="zh-CN">`) {
		t.Error("the address does not win over the cookie")
	}
	if page := r.page("/days", 200, &http.Cookie{Name: languageCookie, Value: "xx"}); !strings.Contains(page, `<html lang="zh-CN">`) {
		t.Error("a foreign cookie is not Chinese")
	}
	page := r.page("/days/2026-03-17/messages?outcome=refused&code=3003", 200)
	if !strings.Contains(page, `href="/days/2026-03-17/messages?code=3003&amp;lang=en&amp;outcome=refused"`) {
		t.Error("the switch does not lead to the same page")
	}
}

func TestErrorsOfTheBooksAreToldWithoutTheirText(t *testing.T) {
	for _, c := range []struct {
		name     string
		err      error
		status   int
		reported bool
	}{
		{"not there", fmt.Errorf("record 7: %w", ErrNotFound), 404, false},
		{"not now", fmt.Errorf("SECRET: %w", ErrUnavailable), 503, false},
		{"too slow", context.DeadlineExceeded, 503, false},
		{"ours", errors.New("SECRET: disk on fire"), 500, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			books := newSampleBooks(t, 30)
			books.failing = c.err
			r := newReader(t, books)
			for _, address := range []string{"/", "/days", "/days/2026-03-17", "/bills", "/claims/1", "/balances", "/reports/2026-03-17/report.html"} {
				r.failed = nil
				page := r.page(address, c.status)
				if strings.Contains(page, "SECRET") {
					t.Errorf("%s shows the error's own text", address)
				}
				if (len(r.failed) > 0) != c.reported {
					t.Errorf("%s: reported %v", address, r.failed)
				}
			}
		})
	}
}

// deaf are books that fail their check: they say how they are and nothing else.
type deaf struct{ *sampleBooks }

func (deaf) Days(context.Context) (service.DaysReply, error) {
	return service.DaysReply{}, ErrUnavailable
}

func TestBooksThatFailTheirCheckStillSaySo(t *testing.T) {
	books := newSampleBooks(t, 30)
	books.status = service.StatusReply{Version: "0.1.0", IntakeOnly: true, Reasons: []string{"books: entry 7 does not balance", hostile}}
	seen := text(newReader(t, deaf{books}).page("/?lang=en", 200))
	for _, want := range []string{"✗ Not ready", "messages are kept, nothing is booked", "entry 7 does not balance", "figures cannot be read now"} {
		if !strings.Contains(seen, want) {
			t.Errorf("lacks %q in\n%s", want, seen)
		}
	}
}

func TestEveryResponseIsBound(t *testing.T) {
	r := newReader(t, newSampleBooks(t, 30))
	for _, address := range []string{"/", "/nowhere", "/claims/1", "/claims?record=1"} {
		h := r.get(address).Header
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", address, policy)
		}
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: %v", address, h)
		}
	}
}

// addressSeeds are addresses that once were, or might be, trouble.
var addressSeeds = []string{
	"/", "/days/2026-03-17", "/claims/1", "/claims/%00", "/days/2026-03-17/pairs/65-31?after=18446744073709551616",
	"/reports/..%2f/x", "/bills?from=9999-12-31&to=9999-12-31", "/bills?from=0001-01-01&to=0001-01-02", "/claims?record=%ff", "/?lang=%e4%b8", "/balances?home=%00",
	"/break?key=row%2f%2e%2e", "/breaks?after=bill%2f%00", "/providers/H31010100017?from=9999-12-31", "/statements/provider.31.%2e", "/reconciliation/2026-03-17/pairs/65-31?standing=%00",
	"/days/2026-03-17/messages?code=99999999999999999999", "/days/-2147483648", "/claims/310101G0000000000000",
}

func FuzzAddress(f *testing.F) {
	if len(addressSeeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, seed := range addressSeeds {
		f.Add(seed)
	}
	books := newSampleBooks(f, 30)
	var failed error
	handler := New(books, Options{Reconciliation: books, Failed: func(page string, err error) { failed = fmt.Errorf("%s: %w", page, err) }})
	f.Fuzz(func(t *testing.T, address string) {
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil || request.URL.Path == "" {
			t.Skip()
		}
		failed = nil
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, request)
		if w.Code >= 500 || failed != nil {
			t.Fatalf("%q: status %d, %v", address, w.Code, failed)
		}
		if strings.Contains(w.Body.String(), "<script") {
			t.Fatalf("%q puts a script on the page", address)
		}
		for _, file := range books.asked {
			folder, name, _ := strings.Cut(file, "/")
			if _, _, err := parseFolder(folder); err != nil || strings.Contains(name, "/") {
				t.Fatalf("%q asks for %q", address, file)
			}
		}
		books.asked = nil
	})
}
