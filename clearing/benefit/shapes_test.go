package benefit_test

import (
	"fmt"
	"strings"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Each shape of rule that occurs in the sources has a test of its own, named after
// it; the number is that of the list of shapes, and the place in brackets where the
// shape was seen. The plans are as short as the shape allows.

// blocks are the parts of a test plan; an empty block is replaced by a plain one.
type blocks struct {
	top, version, deductible, away, layers, rest string
}

const (
	plainDeductible = `[version.deductible]
		amount = 1000`
	plainAway = `[[version.out_of_area]]
		filing  = ["long-term", "long-term-at-home", "referral", "emergency", "temporary", "unfiled"]
		same_as = "local"`
	plainLayer = basicHead + `
		[[version.layer.segment]]
		pays = 80`
	basicHead = `[[version.layer]]
		id = "basic"
		zh = "统筹基金"
		en = "pooled fund"
		fund = "390100"
		takes = ["in scope"]`
	largeHead = `[[version.layer]]
		id = "large"
		zh = "大额"
		en = "large"
		fund = "330100"
		takes = ["over cap"]`
	criticalHead = `[[version.layer]]
		id = "critical"
		zh = "大病保险"
		en = "critical illness"
		fund = "390200"
		takes = ["deductible", "own share", "over cap"]
		counted = "on the year"`
	guaranteed = `[[version.layer]]
		id = "guarantee"
		zh = "保底"
		en = "guaranteed"
		fund = "390100"
		takes = ["own share", "over cap", "deductible", "own expense"]`
	hardship = `[[version.group]]
		name = "hardship"
		zh = "困难群众"
		en = "hardship"
		identities = ["7", "8/1"]`
)

func (b blocks) text() string {
	or := func(s, plain string) string {
		if s == "" {
			return plain
		}
		return s
	}
	return `area = "6501"
		insurance = "390"
		title_zh = "测试"
		title_en = "test"
		` + b.top + `
		[[version]]
		valid_from = 2020-01-01
		source = "test"
		verified = true
		` + strings.Join([]string{b.version, or(b.deductible, plainDeductible), or(b.away, plainAway), or(b.layers, plainLayer), b.rest}, "\n")
}

func (b blocks) plan(t testing.TB) *benefit.Plan {
	t.Helper()
	p, problems := benefit.ParsePlan("test.toml", []byte(b.text()))
	for _, problem := range problems {
		t.Error(problem)
	}
	if p == nil {
		t.FailNow()
	}
	return p
}

// stay is a case in short. The zero stay is one of a resident of Urumqi in a
// third-level hospital of Hangzhou, not filed, in May 2026.
type stay struct {
	in       string // in-scope amount
	hospital string // default third
	filing   string // out_fil_type
	from, to string // admission and discharge
	at       ledger.Area
	before   benefit.Accumulators
	years    []benefit.Accumulators // instead of before, where a stay touches two
	change   func(*benefit.Case)
	want     string // "ded=… <layer>=… account=… cash=…", or "refused <code>"
}

func (s stay) toCase() benefit.Case {
	set := func(p *string, plain string) {
		if *p == "" {
			*p = plain
		}
	}
	set(&s.hospital, "third")
	set(&s.from, "2026-05-01")
	set(&s.to, "2026-05-11")
	if s.at == "" {
		s.at = "330100"
	}
	c := benefit.Case{
		Home: "650100", Treatment: s.at, Provider: "H33010000001",
		Claim: provinces.Claim{
			Insutype: "390", PersonType: "15", FilingType: s.filing, Admitted: at(s.from), Discharged: at(s.to),
			InScope: yuan(s.in), Total: yuan(s.in),
		},
	}
	for _, word := range strings.Split(s.hospital, "+") {
		switch benefit.Level(word) {
		case benefit.LevelSpecial, benefit.LevelThird, benefit.LevelSecond, benefit.LevelFirst:
			c.Facility.Level = benefit.Level(word)
		default:
			c.Facility.Traits = append(c.Facility.Traits, word)
		}
	}
	if s.change != nil {
		s.change(&c)
	}
	return c
}

func (s stay) settle(t testing.TB, p *benefit.Plan) (benefit.Adjudication, error) {
	t.Helper()
	prepared, err := p.Prepare(s.toCase())
	if err != nil {
		return benefit.Adjudication{}, err
	}
	years := s.years
	if years == nil {
		years = []benefit.Accumulators{s.before}
	}
	return prepared.Adjudicate(years)
}

func summary(a benefit.Adjudication, err error) string {
	if err != nil {
		if reject, ok := err.(*provinces.RejectError); ok {
			return fmt.Sprintf("refused %d", reject.Code)
		}
		return err.Error()
	}
	parts := []string{"ded=" + short(a.Deductible)}
	for _, f := range a.Funds {
		parts = append(parts, f.Layer+"="+short(f.Amount))
	}
	if a.Account != 0 {
		parts = append(parts, "account="+short(a.Account))
	}
	return strings.Join(append(parts, "cash="+short(a.Cash)), " ")
}

func short(a ledger.Amount) string { return strings.TrimSuffix(a.String(), ".00") }

// shape is one shape of rule with stays that show it.
type shape struct {
	name string
	blocks
	stays []stay
}

func (s shape) run(t *testing.T) {
	t.Run(s.name, func(t *testing.T) {
		p := s.plan(t)
		for _, lang := range []string{"zh", "en"} {
			if text := p.Explain(lang); strings.Contains(text, "%!") {
				t.Errorf("explained in %s:\n%s", lang, text)
			}
		}
		for i, x := range s.stays {
			a, err := x.settle(t, p)
			if got := summary(a, err); got != x.want {
				t.Errorf("stay %d: %s\n     want: %s\n%s", i+1, got, x.want, traceText(a))
			}
			if err == nil {
				checkCloses(t, x.toCase().Claim.Total, a)
				checkSentences(t, a)
			}
		}
	})
}

func traceText(a benefit.Adjudication) string {
	var b strings.Builder
	for _, s := range a.Trace {
		fmt.Fprintf(&b, "  %s/%s: %s\n", s.Layer, s.Rule, s.Text("en"))
	}
	return b.String()
}

// checkSentences wants a whole sentence in both languages for every step.
func checkSentences(t testing.TB, a benefit.Adjudication) {
	t.Helper()
	for _, s := range a.Trace {
		for _, lang := range []string{"zh", "en"} {
			text := s.Text(lang)
			if text == "" || text == s.Rule+" "+s.Output.String() || strings.ContainsAny(text, "{}[]") || strings.Contains(text, "  ") {
				t.Errorf("step %s/%s says %q with %v", s.Layer, s.Rule, text, s.Inputs)
			}
		}
	}
}

// checkCloses holds the invariant of Adjudication.
func checkCloses(t testing.TB, total ledger.Amount, a benefit.Adjudication) {
	t.Helper()
	sum := a.Account + a.Cash
	negative := a.Account < 0 || a.Cash < 0 || a.Deductible < 0
	for _, f := range a.Funds {
		sum += f.Amount
		negative = negative || f.Amount < 0
	}
	if sum != total || negative {
		t.Errorf("the bill does not close: total %s, parts %s: %s", total, sum, summary(a, nil))
	}
}

func person(change func(*benefit.Person)) func(*benefit.Case) {
	return func(c *benefit.Case) {
		c.Person = &benefit.Person{}
		change(c.Person)
	}
}

func identity(kind, level string) func(*benefit.Case) {
	return func(c *benefit.Case) {
		c.Claim.Identities = []provinces.Identity{{Type: kind, Level: level}}
	}
}

func ptr[T any](v T) *T { return &v }

func earlier(stays int) benefit.Accumulators { return benefit.Accumulators{Stays: stays} }

func day(s string) ledger.Day {
	d, err := ledger.ParseDay(s)
	if err != nil {
		panic(err)
	}
	return d
}

func born(s string) func(*benefit.Case) {
	return func(c *benefit.Case) { c.Claim.Birth = ptr(day(s)) }
}

func diagnosis(s string) func(*benefit.Case) {
	return func(c *benefit.Case) { c.Claim.MainDiagnosis = s }
}
