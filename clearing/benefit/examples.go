package benefit

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"clearingd/ledger"
	"clearingd/provinces"
)

// A file of worked examples stands beside a plan in the directory examples, under the
// plan's file name. Each example gives a stay and every figure that must come out of
// it. Published ones come from the plan's source; the others were worked by hand from
// the plan's text.

// ExampleResult is what became of one worked example.
type ExampleResult struct {
	File        string
	Line        int
	Plan        string // ID
	Name        string
	Published   bool         // the figures come from the source, not from us
	Differences []Difference // none: the example holds
}

// Difference is a figure that did not come out as the example says.
type Difference struct {
	Field     string
	Want, Got string
}

// RunExamples works through all example files below the file system: *.toml in
// directories named "examples", but not those of plans in directories named "partial".
// What is wrong with a file itself comes back as Problems
// joined in the error.
func RunExamples(set *Set, fsys fs.FS) ([]ExampleResult, error) {
	var results []ExampleResult
	var wrong []error
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path.Base(name) == partialDir {
			return fs.SkipDir
		}
		if err != nil || entry.IsDir() || path.Ext(name) != ".toml" || path.Base(path.Dir(name)) != "examples" {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return fmt.Errorf("read examples: %w", err)
		}
		of, problems := runExampleFile(set, name, data)
		results = append(results, of...)
		for _, p := range problems {
			wrong = append(wrong, p)
		}
		return nil
	})
	return results, errors.Join(append(wrong, err)...)
}

func runExampleFile(set *Set, file string, data []byte) ([]ExampleResult, []Problem) {
	root, problems := parseTree(file, data)
	if len(problems) > 0 {
		return nil, problems
	}
	b, into := &binder{file: file}, exampleFile{}
	b.table(root, &into)
	plan, ok := set.Plan(into.Plan)
	if !ok {
		b.problemf(1, "没有政策 %q", "there is no plan %q", into.Plan)
	}
	if len(into.Examples) == 0 {
		b.problem(1, "没有 [[example]]", "there is no [[example]]")
	}
	if len(b.problems) > 0 {
		return nil, b.problems
	}
	var results []ExampleResult
	for i := range into.Examples {
		e := &into.Examples[i]
		results = append(results, ExampleResult{
			File: file, Line: e.Line, Plan: plan.ID(), Name: e.Name,
			Published: e.Published, Differences: e.run(plan),
		})
	}
	return results, nil
}

type exampleFile struct {
	Plan     string    `toml:"plan" need:"true"`
	Examples []example `toml:"example"`
}

type example struct {
	at
	Name       string           `toml:"name" need:"true"`
	Source     string           `toml:"source"`
	Published  bool             `toml:"published"`
	Stay       exampleStay      `toml:"stay" need:"true"`
	Lines      []exampleLine    `toml:"line"`
	Registered *exampleRegistry `toml:"registered"` // absent: the claim's word is taken
	Before     []exampleYear    `toml:"before"`
	Expect     exampleExpected  `toml:"expect" need:"true"`
	Steps      []exampleStep    `toml:"step"`
}

// exampleStay is a stay in an officer's words.
type exampleStay struct {
	Home         string   `toml:"home" need:"true"`
	Treatment    string   `toml:"treatment" need:"true"`
	Admitted     date     `toml:"admitted" need:"true"`
	Discharged   date     `toml:"discharged" need:"true"`
	Hospital     string   `toml:"hospital" need:"true"` // level and traits, as in tables: third+tcm
	Provider     string   `toml:"provider"`
	Filing       string   `toml:"filing" oneof:"unfiled|long-term|referral|temporary"`
	Emergency    bool     `toml:"emergency"`
	PersonType   string   `toml:"person_type" need:"true"` // psn_type
	CivilServant bool     `toml:"civil_servant"`
	Born         date     `toml:"born"`
	Identities   []string `toml:"identities"` // psn_idet_type or type/level
	MedType      string   `toml:"med_type"`
	Diagnosis    string   `toml:"diagnosis"`
	Injury       bool     `toml:"injury"`
	OwnExpense   yuan     `toml:"own_expense"`
	OverLimit    yuan     `toml:"over_limit"`
	SelfPayFirst yuan     `toml:"self_pay_first"`
	InScope      yuan     `toml:"in_scope" need:"true"`
	Balance      *yuan    `toml:"account_balance"` // present: the person lets the account pay
}

type exampleLine struct {
	at
	Item       string `toml:"item"`
	Class      string `toml:"class" need:"true"` // chrgitm_lv
	Date       date   `toml:"date"`
	Quantity   int    `toml:"quantity"`
	Amount     yuan   `toml:"amount" need:"true"`
	PriceLimit yuan   `toml:"price_limit"`
}

type exampleRegistry struct {
	at
	Months  *int   `toml:"contribution_months"`
	Years   *int   `toml:"continuous_years"`
	Zero    *int   `toml:"zero_claim_years"`
	Grade   string `toml:"grade"`
	Rank    string `toml:"rank"`
	Retired *bool  `toml:"retired"`
}

// exampleYear is a person-year before the stay.
type exampleYear struct {
	at
	Year       int     `toml:"year"` // absent: the only one
	Stays      int     `toml:"stays"`
	SameLevel  int     `toml:"stays_at_this_level"`
	Deductible yuan    `toml:"deductible"`
	InScope    yuan    `toml:"in_scope"`
	OwnShare   yuan    `toml:"own_share"`
	Outpatient yuan    `toml:"outpatient"`
	Paid       amounts `toml:"paid"` // by layer
	Kinds      counts  `toml:"kinds"`
	Last       *date   `toml:"last_discharged"`
}

// exampleExpected has every figure that must come out.
type exampleExpected struct {
	at
	Refused    int     `toml:"refused"` // code; then nothing else is expected
	Deductible yuan    `toml:"deductible"`
	Paid       amounts `toml:"paid"` // by layer; layers not named must pay nothing
	Account    yuan    `toml:"account"`
	Cash       yuan    `toml:"cash"`
}

// exampleStep is a step the trace must hold.
type exampleStep struct {
	at
	Layer  string `toml:"layer" need:"true"`
	Rule   string `toml:"rule" need:"true"`
	Input  string `toml:"input"` // named figure with the value
	Value  string `toml:"value"`
	Output *yuan  `toml:"output"`
}

// amounts are figures by name, in the file's order.
type amounts []struct {
	name   string
	amount yuan
}

func (a *amounts) bind(b *binder, n *node) {
	if n.kind != unstable.Table {
		b.problem(n.line, "此处应为表", "a table belongs here")
		return
	}
	*a = make(amounts, len(n.members))
	for i, m := range n.members {
		(*a)[i].name = m.key
		(*a)[i].amount.bind(b, m.value)
	}
}

func (a amounts) byName() map[string]ledger.Amount {
	m := map[string]ledger.Amount{}
	for _, x := range a {
		m[x.name] = x.amount.fen
	}
	return m
}

type counts map[string]int

func (c *counts) bind(b *binder, n *node) {
	if n.kind != unstable.Table {
		b.problem(n.line, "此处应为表", "a table belongs here")
		return
	}
	*c = counts{}
	for _, m := range n.members {
		var number int
		b.value(m.value, reflect.ValueOf(&number).Elem(), "")
		(*c)[m.key] = number
	}
}

// run computes the example and lists what came out otherwise.
func (e *example) run(plan *Plan) []Difference {
	prepared, err := plan.Prepare(e.toCase(plan))
	if err != nil {
		return e.refusal(err)
	}
	before := make([]Accumulators, len(prepared.Years))
	for i, year := range prepared.Years {
		before[i] = e.accumulators(year)
	}
	got, err := prepared.Adjudicate(before)
	if err != nil {
		return e.refusal(err)
	}
	if e.Expect.Refused != 0 {
		return []Difference{{"refused", fmt.Sprint(e.Expect.Refused), "settled"}}
	}
	return append(e.compare(&got), e.missingSteps(got.Trace)...)
}

func (e *example) refusal(err error) []Difference {
	var reject *provinces.RejectError
	if errors.As(err, &reject) && int(reject.Code) == e.Expect.Refused {
		return nil
	}
	return []Difference{{"refused", fmt.Sprint(e.Expect.Refused), err.Error()}}
}

func (e *example) compare(got *Adjudication) (differences []Difference) {
	check := func(field string, want, got ledger.Amount) {
		if want != got {
			differences = append(differences, Difference{field, want.String(), got.String()})
		}
	}
	check("deductible", e.Expect.Deductible.fen, got.Deductible)
	want, paid := e.Expect.Paid.byName(), map[string]ledger.Amount{}
	layers := make([]string, 0, len(got.Funds))
	for _, s := range got.Funds {
		paid[s.Layer] += s.Amount
		layers = append(layers, s.Layer)
	}
	for _, x := range e.Expect.Paid {
		layers = append(layers, x.name)
	}
	slices.Sort(layers)
	for _, l := range slices.Compact(layers) {
		check("paid."+l, want[l], paid[l])
	}
	check("account", e.Expect.Account.fen, got.Account)
	check("cash", e.Expect.Cash.fen, got.Cash)
	return differences
}

func (e *example) missingSteps(trace []Step) (differences []Difference) {
	for _, want := range e.Steps {
		if !slices.ContainsFunc(trace, want.is) {
			differences = append(differences, Difference{"step", want.String(), "not in the trace"})
		}
	}
	return differences
}

func (x *exampleStep) is(s Step) bool {
	value, _ := s.input(x.Input)
	return s.Layer == x.Layer && s.Rule == x.Rule && value == x.Value && (x.Output == nil || x.Output.fen == s.Output)
}

func (x *exampleStep) String() string {
	text := x.Layer + " " + x.Rule
	if x.Input != "" {
		text += " " + x.Input + "=" + x.Value
	}
	if x.Output != nil {
		text += " = " + x.Output.fen.String()
	}
	return text
}

func (e *example) toCase(plan *Plan) Case {
	s := &e.Stay
	c := Case{
		Home: ledger.Area(s.Home), Treatment: ledger.Area(s.Treatment), Provider: s.Provider,
		Facility: exampleFacility(s.Hospital), Person: e.person(),
		Claim: provinces.Claim{
			Insutype: plan.Insurance, PersonType: s.PersonType, CivilServant: s.CivilServant,
			Admitted: midnight(s.Admitted.day), Discharged: midnight(s.Discharged.day),
			MedType: s.MedType, MainDiagnosis: s.Diagnosis, Emergency: s.Emergency, Injury: s.Injury,
			FilingType: map[string]string{"long-term": "07", "referral": "06", "temporary": "10"}[s.Filing],
			OwnExpense: s.OwnExpense.fen, OverLimit: s.OverLimit.fen, SelfPayFirst: s.SelfPayFirst.fen, InScope: s.InScope.fen,
			Total: s.OwnExpense.fen + s.OverLimit.fen + s.SelfPayFirst.fen + s.InScope.fen,
		},
	}
	if s.Born.set {
		c.Claim.Birth = &s.Born.day
	}
	if s.Balance != nil {
		c.Claim.UseAccount, c.Claim.AccountBalance = true, &s.Balance.fen
	}
	for _, id := range s.Identities {
		kind, level, _ := strings.Cut(id, "/")
		c.Claim.Identities = append(c.Claim.Identities, provinces.Identity{Type: kind, Level: level})
	}
	for i := range e.Lines {
		c.Claim.Lines = append(c.Claim.Lines, e.Lines[i].toLine(i, s.Discharged.day))
	}
	return c
}

func (l *exampleLine) toLine(i int, discharged ledger.Day) provinces.Line {
	day := discharged
	if l.Date.set {
		day = l.Date.day
	}
	return provinces.Line{
		Serial: fmt.Sprint(i + 1), ItemCode: l.Item, Class: l.Class, Occurred: midnight(day),
		Quantity: int64(max(1, l.Quantity)) * 10_000, Amount: l.Amount.fen, PriceLimit: int64(l.PriceLimit.fen) * 10_000,
	}
}

func (e *example) person() *Person {
	r := e.Registered
	if r == nil {
		return nil
	}
	return &Person{
		ContributionMonths: r.Months, ContinuousYears: r.Years, ZeroClaimYears: r.Zero,
		Grade: r.Grade, CivilServantRank: r.Rank, Retired: r.Retired,
	}
}

func (e *example) accumulators(year int) Accumulators {
	var a Accumulators
	for i := range e.Before {
		x := &e.Before[i]
		if x.Year != 0 && x.Year != year {
			continue
		}
		a = Accumulators{
			Stays: x.Stays, Deductible: x.Deductible.fen, InScope: x.InScope.fen, OwnShare: x.OwnShare.fen,
			Outpatient: x.Outpatient.fen, Paid: x.Paid.byName(), Kinds: x.Kinds,
			StaysByLevel: map[Level]int{exampleFacility(e.Stay.Hospital).Level: x.SameLevel},
		}
		if x.Last != nil {
			a.Last = &LastStay{Discharged: x.Last.day, Ordinal: x.Stays, Deductible: x.Deductible.fen}
		}
	}
	return a
}

func exampleFacility(hospital string) (f Facility) {
	for word := range strings.SplitSeq(hospital, "+") {
		if isLevel(word) {
			f.Level = Level(word)
		} else {
			f.Traits = append(f.Traits, word)
		}
	}
	return f
}

func midnight(d ledger.Day) provinces.DateTime { return provinces.DateTime(int64(d) * 24 * 60 * 60) }
