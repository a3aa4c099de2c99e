package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"

	"clearingd/ledger"
	"clearingd/provinces"
)

//go:embed page.html.tmpl
var pageSource string

//go:embed page.css
var pageStyle string

// pageTemplate is parsed once; its functions are pure, so it can be shared.
var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"t":        say,
	"prov":     provinceName,
	"fund":     fundName,
	"outcome":  outcomeName,
	"advice":   func(a provinces.Advice) Bi { return adviceTexts[a] },
	"money":    exact,
	"count":    groupCount,
	"outcomes": func() []provinces.Outcome { return provinces.Outcomes },
	"stage":    func(s ledger.Stage) Bi { return say(fmt.Sprintf("stage.%d", s)) },
	"side":     func(s ledger.Side) Bi { return say(fmt.Sprintf("side.%d", s)) },
	"figure":   figureName,
	"pairID":   pairFragment,

	"noCalendar": noCalendar,
}).Funcs(reconciliationFunctions).Parse(pageSource + reconciliationSource))

// page is what the template sees.
type page struct {
	Report
	Style   template.CSS
	Policy  string // Content-Security-Policy of the page
	English bool   // English is shown first
	Heading Bi
	Matrix  matrixView
	Flow    flowFigure
	Net     netFigure
	Homes   []homeView
	Inner   []innerView
}

// homeView is one home province's lines of the pair section.
type homeView struct {
	ProvinceTotal
	Funds []ledger.Fund // columns: the funds that any of its pairs names
	Pairs []Pair
}

// innerView is one province's internal clearing.
type innerView struct {
	ProvinceTotal
	Funds []ledger.Fund
	Pairs []AreaPair
}

// HTML writes the report as one page that needs nothing else: no script, no font, no
// picture from elsewhere. It opens in Chinese; a switch on the page shows English.
func HTML(w io.Writer, r Report) error { return HTMLIn(w, r, provinces.Chinese) }

// HTMLIn is [HTML] with the language shown first.
func HTMLIn(w io.Writer, r Report, first provinces.Language) error {
	p := page{
		Report:  r,
		English: first == provinces.English,
		Heading: say("title." + string(r.Title)),
		Matrix:  newMatrix(r),
		Flow:    newFlow(r),
		Net:     newNet(r),
		Homes:   homeViews(r),
		Inner:   innerViews(r),
	}
	style := pageStyle + marginBoxes(p)
	p.Style, p.Policy = template.CSS(style), policy(style)
	// Whole or nothing: a template that fails half way must not leave half a report.
	var whole bytes.Buffer
	if err := pageTemplate.Execute(&whole, p); err != nil {
		return fmt.Errorf("report as html: %w", err)
	}
	_, err := io.WriteString(w, visibleLines(whole.String()))
	return err
}

// policy allows the page's own style and nothing else, so that text from outside could
// not load or run anything even if it escaped its place.
func policy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'"
}

// Night reports whether the report is of one day, whose bills the console can list.
func (p page) Night() bool { return p.Title == Night }

// HospitalPart reports whether any bill has one: the column is left out if not.
func (p page) HospitalPart() bool {
	return p.Totals.HospitalPart != 0 || slices.ContainsFunc(p.InternalByProvince, func(t ProvinceTotal) bool { return t.HospitalPart != 0 })
}

func homeViews(r Report) []homeView {
	byHome := map[ledger.Province][]Pair{}
	for _, p := range r.Pairs {
		byHome[p.Home] = append(byHome[p.Home], p)
	}
	var views []homeView
	for _, h := range r.ByHome {
		views = append(views, homeView{h, slices.Sorted(maps.Keys(h.Funds)), byHome[h.Province]})
	}
	return views
}

func innerViews(r Report) []innerView {
	byProvince := map[ledger.Province][]AreaPair{}
	for _, p := range r.Internal {
		byProvince[p.Home.Province()] = append(byProvince[p.Home.Province()], p)
	}
	var views []innerView
	for _, t := range r.InternalByProvince {
		views = append(views, innerView{t, slices.Sorted(maps.Keys(t.Funds)), byProvince[t.Province]})
	}
	return views
}

// figureName is what the page calls a figure of a [Change].
func figureName(id string) Bi {
	kind, value, found := strings.Cut(id, ":")
	switch {
	case found && kind == "fund":
		return fundName(ledger.Fund(value))
	case found && kind == "outcome":
		return outcomeName(provinces.Outcome(value))
	case found && kind == "refusal":
		return Bi{say("code").ZH + " " + visible(value), say("code").EN + " " + visible(value)}
	}
	if key, ok := figureKeys[id]; ok {
		return say(key)
	}
	return Bi{visible(id), visible(id)}
}

var figureKeys = map[string]string{
	"received": "received", "booked": "booked", "undone": "undone", "cost": "cost", "fund_total": "fundtotal",
	"personal_account": "account", "owed": "owed", "cash": "cash", "hospital_part": "hospitalpart",
	"internal_owed": "internal.owed", "adjusted": "adjusted", "transfers": "transfers", "net_amount": "netted", "debits": "debits",
	"credits": "credits", "declared": "declared", "unverified": "unverified", "invented": "invented",
	"assumed": "assumed", "absent": "absent", "complete": "complete", "plan_set": "planset", "zone": "zone",
	"cut_off": "cutoff", "mode": "mode", "merkle_root": "merkle", "merkle_size": "merkle.size",
	"matched": "matched", "expected": "expected", "broken": "broken", "open_breaks": "rec.open", "rows_alone": "rec.rows",
}

// marginBoxes prints heading, days, revision and the label of built data on every sheet
// of paper, beside the page number.
func marginBoxes(p page) string {
	days := p.From.String()
	if p.To != p.From {
		days += " – " + p.To.String()
	}
	head := fmt.Sprintf("%s  %s  r%d", p.Heading.ZH, days, p.Revision)
	return "@page{@top-left{content:" + cssString(head) + "}@top-right{content:" + cssString(visible(p.Demo)) + "}}\n"
}

// cssString writes every character but letters, digits and spaces as a hexadecimal
// escape, so that nothing in the text can end the string.
func cssString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		if r == ' ' || !notLetterOrDigit(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\%06x", r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
