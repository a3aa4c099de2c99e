package console

import (
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/ledger"
	"clearingd/provinces"
)

// phrase is one text in both languages.
type phrase struct{ zh, en string }

func (p phrase) in(language provinces.Language) string {
	if language == provinces.English {
		return p.en
	}
	return p.zh
}

// ZH and EN are the two texts, for pages that show both.
func (p phrase) ZH() string { return p.zh }
func (p phrase) EN() string { return p.en }

// words says things in one language.
type words struct {
	language provinces.Language
	areaName func(ledger.Area, provinces.Language) string // nil: none known
}

// functions are what templates call.
func (w words) functions() template.FuncMap {
	return template.FuncMap{
		"t":         w.text,
		"tf":        w.format,
		"prov":      w.province,
		"area":      w.area,
		"region":    w.region,
		"fund":      func(f ledger.Fund) string { return visible(provinces.FundName(f, w.language)) },
		"outcome":   func(o provinces.Outcome) string { return w.named("outcome.", string(o)) },
		"state":     func(s string) string { return w.named("state.", s) },
		"mode":      func(s string) string { return w.named("mode.", s) },
		"rounding":  func(s string) string { return w.named("rounding.", s) },
		"input":     func(s string) string { return w.named("input.", s) },
		"value":     inputValue,
		"warning":   func(s string) string { return w.named("warning.", s) },
		"filing":    func(s string) string { return w.named("filing.", s) },
		"posting":   w.posting,
		"station":   func(s station) string { return s.in(w.language) },
		"layer":     func(p phrase) string { return visible(p.in(w.language)) },
		"stage":     func(s ledger.Stage) string { return w.named("stage.", strconv.Itoa(int(s))) },
		"standing":  w.stageNamed,
		"aboutOf":   aboutOf,
		"actkind":   func(step clearing.ActStep) clearing.ActKind { return clearing.ActKind(step) },
		"acted":     func(kind clearing.ActKind) string { return w.named("act.kind.", string(kind)) },
		"transact":  func(s string) string { return w.coded("infno.", s) },
		"insurance": func(s string) string { return w.coded("insutype.", s) },
		"person":    func(s string) string { return w.coded("psn_type.", s) },
		"medtype":   func(s string) string { return w.coded("med_type.", s) },
		"facility":  func(f *benefit.Facility) string { return f.Text(string(w.language)) },
		"level":     func(s string) string { return w.coded("hosp_lv.", s) },
		"filed":     func(s string) string { return w.coded("out_fil_type.", s) },
		"reason":    w.reason,
		"advice":    func(c provinces.Code) string { return w.text("advice." + string(c.Text().Advice)) },
		"sentence":  w.sentence,
		"money":     grouped,
		"negated":   func(a ledger.Amount) string { return strings.TrimPrefix(grouped(a), "-") },
		"count":     func(n uint64) string { return group(strconv.FormatUint(n, 10)) },
		"wanted":    w.wanted,
		"received":  func(t time.Time) string { return t.Format(time.DateTime) },
		"visible":   func(text any) string { return visible(fmt.Sprint(text)) },
		"moment":    func(t time.Time) string { return t.Format("2006-01-02 15:04:05 -07:00") },
		"yes":       func(b bool) string { return w.text(map[bool]string{true: "yes", false: "no"}[b]) },
		"percent":   percent,
		"hex":       func(b [32]byte) string { return fmt.Sprintf("%x", b) },
		"minus":     func(a, b uint64) uint64 { return a - min(a, b) },
		"sums":      newSumsRow,
		"class":     func(c reconcile.Class) string { return w.both(report.ClassName(c)) },
		"cause":     func(c reconcile.CauseKind) string { return w.both(report.CauseName(c)) },
		"bstate":    func(s reconcile.State) string { return w.both(report.StateName(s)) },
		"sidename":  func(s report.SideName) string { return w.both(report.SideWord(s)) },
		"has":       func(m reconcile.More) string { return w.both(report.MoreName(m)) },
		"says":      func(s string) string { return w.both(report.SideStateName(s)) },
		"happened":  func(h report.Happening) string { return w.both(report.HappeningName(h)) },
		"age":       func(a report.AgeLine) string { return w.both(report.AgeName(a)) },
		"ageID":     report.AgeID,
		"sides":     func() []report.SideName { return report.SideNames },
		"owedOf":    owedOf,
		"inwords":   func(s string) string { return groupedIn(visible(s)) },
		"party":     w.party,
		"figure":    w.figure,
		"event":     w.event,
	}
}

// text is a phrase by its key. A key without a text stops the page: the templates are
// ours, and a test shows every one of them.
func (w words) text(key string) string {
	p, ok := phrases[key]
	if !ok {
		panic("console: no text " + key)
	}
	return p.in(w.language)
}

func (w words) format(key string, args ...any) string { return fmt.Sprintf(w.text(key), args...) }

// named is the text of a word of ours; a word this release does not know is itself.
func (w words) named(prefix, word string) string {
	if p, ok := phrases[prefix+word]; ok {
		return p.in(w.language)
	}
	return visible(word)
}

// coded is a code of the national tables with its name: "310 职工基本医疗保险". A longer
// code is named by its longest beginning that has a name.
func (w words) coded(table, code string) string {
	if code == "" {
		return "–"
	}
	for n := len(code); n > 0; n-- {
		if p, ok := phrases[table+code[:n]]; ok {
			return visible(code) + " " + p.in(w.language)
		}
	}
	return visible(code)
}

// both picks a text of package report.
func (w words) both(t report.Bi) string { return phrase{t.ZH, t.EN}.in(w.language) }

// party names who states something.
func (w words) party(p provinces.Party) string {
	name := w.both(report.SideWord(report.SideName(reconcile.SideOf(p.Kind).String()))) + " " + w.province(p.Province)
	if p.Provider != "" {
		name += " " + visible(p.Provider)
	}
	return name
}

// figure names a figure of a bill by its wire name; a fund's is the fund's name.
func (w words) figure(field string) string {
	if p, ok := phrases["fig."+field]; ok {
		return p.in(w.language)
	}
	if provinces.ValidFund(ledger.Fund(field)) {
		return visible(provinces.FundName(ledger.Fund(field), w.language))
	}
	if dimensions := strings.Split(field, "."); len(dimensions) == 4 { // of totals: reconcile.TotalsDifference.Dimensions
		if dimensions[1] == "rest" {
			return w.text("fig.rest")
		}
		return w.text("fig.total")
	}
	return visible(field)
}

// owedOf is what is owed for a bill: its funds and the personal account.
func owedOf(b report.Bill) (ledger.Amount, error) {
	line, err := newBillLine(b)
	return line.Owed, err
}

// stageNamed is a stage by the name that is written into accounts; "" is outside the books.
func (w words) stageNamed(name string) string {
	for _, s := range ledger.Stages {
		if s.String() == name {
			return w.named("stage.", strconv.Itoa(int(s)))
		}
	}
	return visible(name)
}

// event says what happened to a break: "seen", "act:accept", "resolved:timing".
func (w words) event(what string) string {
	kind, _, _ := strings.Cut(what, ":")
	if p, ok := phrases["event."+kind]; ok {
		if kind == what {
			return p.in(w.language)
		}
		if kind == "act" {
			return p.in(w.language) + " " + w.named("act.kind.", what[len(kind)+1:])
		}
		return p.in(w.language) + " " + visible(what[len(kind)+1:])
	}
	return visible(what)
}

func (w words) province(p ledger.Province) string {
	return visible(provinces.Name(p, w.language))
}

// area is the name of a pooling area with its province and code.
func (w words) area(a ledger.Area) string {
	if a == "" {
		return "–"
	}
	province := w.province(a.Province())
	name := province
	if w.areaName != nil {
		name = visible(w.areaName(a, w.language))
	}
	if !strings.Contains(name, string(a)) {
		name += " " + visible(string(a))
	}
	switch {
	case strings.Contains(name, province):
		return name
	case w.language == provinces.English:
		return province + ", " + name
	}
	return province + " " + name
}

// region names a province or an area.
func (w words) region(s string) string {
	if len(s) == 2 {
		return w.province(ledger.Province(s)) + " " + s
	}
	return w.area(ledger.Area(s))
}

// posting says what an account is about.
func (w words) posting(a ledger.Account) string {
	return w.format("side."+strconv.Itoa(int(a.Side)), w.area(a.Home), w.area(a.Treatment))
}

// reason is what a refusal code means.
func (w words) reason(c provinces.Code) string {
	t := c.Text()
	return phrase{t.ZH, t.EN}.in(w.language)
}

// visible replaces what a reader could not see, or what would change how the rest is
// read: control and format characters (right-to-left overrides, zero-width marks), line
// separators and bytes that are not UTF-8.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// grouped writes an amount with thousands apart: 6,290,000.00.
func grouped(a ledger.Amount) string {
	s := a.String()
	dot := len(s) - len(".00")
	return group(s[:dot]) + s[dot:]
}

// amounts finds amounts in a sentence that have thousands to set apart.
var amounts = regexp.MustCompile(`\b[0-9]{4,}[.][0-9]{2}\b`)

// groupedIn sets the thousands of the amounts in a sentence apart, as everywhere else on
// the page.
func groupedIn(sentence string) string {
	return amounts.ReplaceAllStringFunc(sentence, func(s string) string {
		dot := len(s) - len(".00")
		return group(s[:dot]) + s[dot:]
	})
}

// group puts commas between the thousands of an integer that may have a minus.
func group(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// percent writes ten-thousandths as a percentage: 8523 is 85.23%.
func percent(tenThousandths int64) string {
	return provinces.FormatScaled(tenThousandths, 2) + "%"
}
