package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"clearingd/ledger"
	"clearingd/provinces"
)

//go:embed page.css
var pageStyle string

//go:embed pages/*.tmpl
var pageFiles embed.FS

// pagePolicy allows a page its own style sheet and nothing else: text from outside
// could not load or run anything even if it escaped its place.
var pagePolicy = "default-src 'none'; style-src 'sha256-" + styleDigest() + "'; img-src data:; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func styleDigest() string {
	sum := sha256.Sum256([]byte(pageStyle))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// pageNames are the pages; each has a template of its name inside the layout.
var pageNames = []string{"overview", "days", "day", "bills", "messages", "claim", "balances", "failure",
	"breaks", "break", "provider", "statements", "reconciled", "standings"}

// pageSet are the parsed pages of one language.
type pageSet map[string]*template.Template

// parsePages parses every page once a language, so that a template's words are chosen
// when it is made and not when it is shown. The templates are compiled in: a fault in
// them is found by any test.
func parsePages(areaName func(ledger.Area, provinces.Language) string) map[provinces.Language]pageSet {
	sets := make(map[provinces.Language]pageSet)
	for _, language := range []provinces.Language{provinces.Chinese, provinces.English} {
		functions := words{language, areaName}.functions()
		layout := template.Must(template.New("layout").Funcs(functions).ParseFS(pageFiles, "pages/layout.tmpl"))
		set := make(pageSet)
		for _, name := range pageNames {
			set[name] = template.Must(template.Must(layout.Clone()).ParseFS(pageFiles, "pages/"+name+".tmpl"))
		}
		sets[language] = set
	}
	return sets
}

// page is a response from a template.
type page struct {
	name    string
	section string // part of the navigation it belongs to
	title   phrase
	data    any
	status  int  // 0: 200
	wide    bool // prints on landscape sheets
}

// frame is what the layout sees.
type frame struct {
	Title    string
	Section  string
	Style    template.CSS
	English  bool
	Breaks   bool // there are pages about breaks
	Wide     bool
	ZH, EN   string // address of this page in each language
	HTMLLang string
	Data     any
}

func (p page) write(c *console, w http.ResponseWriter, r *http.Request) {
	language := languageOf(r)
	f := frame{
		Title: p.title.in(language), Section: p.section, Style: template.CSS(pageStyle), Data: p.data, Wide: p.wide,
		Breaks:  c.options.Reconciliation != nil,
		English: language == provinces.English, HTMLLang: "zh-CN",
		ZH: inLanguage(r.URL, provinces.Chinese), EN: inLanguage(r.URL, provinces.English),
	}
	if f.English {
		f.HTMLLang = "en"
	}
	if p.status != 0 { // what was asked for is not repeated
		f.ZH, f.EN = "/?lang=zh", "/?lang=en"
	}
	// Whole or nothing: a page that fails half way must not look like a whole one.
	var whole bytes.Buffer
	if err := c.pages[language][p.name].ExecuteTemplate(&whole, "layout", f); err != nil {
		c.failed(r.Pattern, err)
		http.Error(w, phrases["fail.internal"].zh+" "+phrases["fail.internal"].en, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", f.HTMLLang)
	if p.status != 0 {
		w.WriteHeader(p.status)
	}
	whole.WriteTo(w) // an error here is a reader who left
}

// redirection sends the reader to another page of the console.
type redirection string

func (to redirection) write(_ *console, w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, string(to), http.StatusSeeOther)
}

// languageCookie remembers the reader's choice for a year.
const (
	languageCookie        = "lang"
	languageCookieSeconds = 365 * 24 * 60 * 60
)

// rememberLanguage notes the choice of ?lang=.
func rememberLanguage(w http.ResponseWriter, r *http.Request, q values) error {
	chosen, given := q["lang"]
	if !given {
		return nil
	}
	if !validLanguage(chosen) {
		return errParameter
	}
	http.SetCookie(w, &http.Cookie{
		Name: languageCookie, Value: chosen, Path: "/", MaxAge: languageCookieSeconds,
		HttpOnly: true, Secure: r.TLS != nil, SameSite: http.SameSiteLaxMode,
	})
	return nil
}

// languageOf is the language of the request: what it asks for, what its cookie says,
// Chinese.
func languageOf(r *http.Request) provinces.Language {
	if chosen := r.URL.Query().Get("lang"); validLanguage(chosen) {
		return provinces.Language(chosen)
	}
	if cookie, err := r.Cookie(languageCookie); err == nil && validLanguage(cookie.Value) {
		return provinces.Language(cookie.Value)
	}
	return provinces.Chinese
}

func validLanguage(s string) bool {
	return s == string(provinces.Chinese) || s == string(provinces.English)
}

// inLanguage is the address of the same page in a language. It is made anew from the
// parsed parts, so it stays on this server whatever the address was.
func inLanguage(u *url.URL, language provinces.Language) string {
	q := u.Query()
	q.Set("lang", string(language))
	path := "/" + strings.TrimLeft(u.Path, "/\\")
	return (&url.URL{Path: path, RawQuery: q.Encode()}).String()
}
