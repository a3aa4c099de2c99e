package clearing

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// ErrPlanBytes: the bytes kept under a plan's hash are not a plan of that hash, so
// nothing can be recomputed with them.
var ErrPlanBytes = errors.New("clearing: not the plan of that hash")

// PlanReader gives the bytes of a plan by their SHA-256, as the books keep them.
type PlanReader interface {
	Plan(hash [32]byte) ([]byte, error)
}

// PlanShelf holds plans that were read from the books, each parsed once. The zero value
// is empty and ready. It is safe for concurrent use.
type PlanShelf struct{ plans sync.Map }

// Plan returns the plan with that hash, reading it from the books the first time.
func (s *PlanShelf) Plan(books PlanReader, hash [32]byte) (*benefit.Plan, error) {
	if plan, ok := s.plans.Load(hash); ok {
		return plan.(*benefit.Plan), nil
	}
	plan, err := readPlan(books, hash)
	if err == nil {
		s.plans.Store(hash, plan)
	}
	return plan, err
}

func readPlan(books PlanReader, hash [32]byte) (*benefit.Plan, error) {
	file, err := books.Plan(hash)
	if err != nil {
		return nil, err
	}
	if sha256.Sum256(file) != hash {
		return nil, fmt.Errorf("%w: %x", ErrPlanBytes, hash)
	}
	plan, problems := benefit.ParsePlan(fmt.Sprintf("%x", hash[:8]), file)
	if len(problems) > 0 {
		return nil, fmt.Errorf("%w: %x: %w", ErrPlanBytes, hash, problems[0])
	}
	return plan, nil
}

// Recompute settles a booked bill again from what the books keep of it and nothing
// else: the claim, the person and the provider as the register knew them, the accumulators
// it found, and the plan of its own day. The error is a *provinces.RejectError where the plan refuses
// the bill.
func Recompute(r *Record, plan *benefit.Plan) (benefit.Adjudication, error) {
	prepared, from, err := prepareAgain(r, plan)
	if err != nil {
		return benefit.Adjudication{}, err
	}
	return prepared.Adjudicate(from)
}

// prepareAgain is the case of a booked bill and the accumulators it was computed from.
func prepareAgain(r *Record, plan *benefit.Plan) (*benefit.Prepared, []benefit.Accumulators, error) {
	bill := r.Bill
	prepared, err := plan.Prepare(r.Case())
	if err != nil {
		return nil, nil, err
	}
	years := make([]int, len(bill.Years))
	for i, link := range bill.Years {
		years[i] = link.Year
	}
	if !slices.Equal(years, prepared.Years) {
		return nil, nil, fmt.Errorf("%w: record %d is in the years %v, its plan puts it into %v", ErrBill, r.Number, years, prepared.Years)
	}
	return prepared, bill.found(), nil
}

// found are the accumulators that the bill was computed from.
func (b *Bill) found() []benefit.Accumulators {
	from := make([]benefit.Accumulators, len(b.Years))
	for i, link := range b.Years {
		from[i] = link.Accumulators()
	}
	return from
}

// Difference is a figure or a step of a bill that did not come out as it is booked.
type Difference struct {
	Where      string `json:"where"` // for example "funds[basic]", "trace[7].output"
	Booked     string `json:"booked"`
	Recomputed string `json:"recomputed"`
}

// Compare names every figure, every accumulator and every step of the trace in which
// two adjudications of one bill differ; none means that they are the same.
func Compare(booked, again benefit.Adjudication) []Difference {
	var c comparison
	c.text("plan.id", booked.Plan.ID, again.Plan.ID)
	c.text("plan.version", booked.Plan.Version, again.Plan.Version)
	c.text("plan.hash", fmt.Sprintf("%x", booked.Plan.Hash), fmt.Sprintf("%x", again.Plan.Hash))
	c.text("plan.verified", strconv.FormatBool(booked.Plan.Verified), strconv.FormatBool(again.Plan.Verified))
	c.text("plan.invented", strconv.FormatBool(booked.Plan.Invented), strconv.FormatBool(again.Plan.Invented))
	c.text("filing", string(booked.Filing), string(again.Filing))
	c.count("ordinal", booked.Ordinal, again.Ordinal)
	c.amount("deductible", booked.Deductible, again.Deductible)
	c.count("pool_ratio", int(booked.PoolRatio), int(again.PoolRatio))
	c.list("funds", len(booked.Funds), len(again.Funds), func(i int) {
		a, b := at(booked.Funds, i), at(again.Funds, i)
		c.text(fmt.Sprintf("funds[%d]", i+1), shareText(a), shareText(b))
	})
	c.amount("account", booked.Account, again.Account)
	c.amount("cash", booked.Cash, again.Cash)
	c.list("warnings", len(booked.Warnings), len(again.Warnings), func(i int) {
		c.text(fmt.Sprintf("warnings[%d]", i+1), string(at(booked.Warnings, i)), string(at(again.Warnings, i)))
	})
	c.list("years", len(booked.Years), len(again.Years), func(i int) {
		a, b := at(booked.Years, i), at(again.Years, i)
		c.count(fmt.Sprintf("years[%d]", i+1), a.Year, b.Year)
		c.year(fmt.Sprintf("years[%d].", a.Year), a.Accumulators, b.Accumulators)
	})
	c.list("trace", len(booked.Trace), len(again.Trace), func(i int) {
		c.step(fmt.Sprintf("trace[%d].", i+1), at(booked.Trace, i), at(again.Trace, i))
	})
	return c.found
}

// comparison collects differences.
type comparison struct{ found []Difference }

func (c *comparison) text(where, booked, again string) {
	if booked != again {
		c.found = append(c.found, Difference{where, booked, again})
	}
}

func (c *comparison) count(where string, booked, again int) {
	c.text(where, strconv.Itoa(booked), strconv.Itoa(again))
}

func (c *comparison) amount(where string, booked, again ledger.Amount) {
	c.text(where, booked.String(), again.String())
}

// list compares two lists place by place, to the end of the longer one.
func (c *comparison) list(where string, booked, again int, each func(i int)) {
	c.count("number of "+where, booked, again)
	for i := range max(booked, again) {
		each(i)
	}
}

func (c *comparison) step(where string, booked, again benefit.Step) {
	c.text(where+"layer", booked.Layer, again.Layer)
	c.text(where+"rule", booked.Rule, again.Rule)
	c.text(where+"article", booked.Article, again.Article)
	c.text(where+"rounding", booked.Rounding, again.Rounding)
	c.amount(where+"output", booked.Output, again.Output)
	for i := range max(len(booked.Inputs), len(again.Inputs)) {
		a, b := at(booked.Inputs, i), at(again.Inputs, i)
		c.text(fmt.Sprintf("%sinputs[%d]", where, i+1), a.Name+"="+a.Value, b.Name+"="+b.Value)
	}
}

func (c *comparison) year(where string, booked, again benefit.Accumulators) {
	c.count(where+"stays", booked.Stays, again.Stays)
	c.amount(where+"deductible", booked.Deductible, again.Deductible)
	c.amount(where+"in_scope", booked.InScope, again.InScope)
	c.amount(where+"cost", booked.Cost, again.Cost)
	c.amount(where+"own_share", booked.OwnShare, again.OwnShare)
	c.amount(where+"outpatient", booked.Outpatient, again.Outpatient)
	c.amount(where+"year_deductible", booked.YearDeductible, again.YearDeductible)
	compareMaps(c, where+"stays_by_level", booked.StaysByLevel, again.StaysByLevel)
	compareMaps(c, where+"kinds", booked.Kinds, again.Kinds)
	compareMaps(c, where+"paid", booked.Paid, again.Paid)
	compareMaps(c, where+"periods", booked.Periods, again.Periods)
	compareMaps(c, where+"base", booked.Base, again.Base)
	c.text(where+"last", lastText(booked.Last), lastText(again.Last))
}

func compareMaps[K ~string, V int | ledger.Amount](c *comparison, where string, booked, again map[K]V) {
	for _, key := range unionOfKeys(booked, again) {
		c.text(fmt.Sprintf("%s[%s]", where, key), fmt.Sprint(booked[key]), fmt.Sprint(again[key]))
	}
}

func unionOfKeys[K ~string, V any](a, b map[K]V) []K {
	var keys []K
	for key := range a {
		keys = append(keys, key)
	}
	for key := range b {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

func shareText(s benefit.Share) string {
	if s == (benefit.Share{}) {
		return ""
	}
	return fmt.Sprintf("%s %s %s", s.Layer, s.Fund, s.Amount)
}

func lastText(l *benefit.LastStay) string {
	if l == nil {
		return ""
	}
	return fmt.Sprintf("stay %d to %s, deductible %s", l.Ordinal, l.Discharged, l.Deductible)
}

// at is an element, or the zero value behind the end.
func at[T any](list []T, i int) (element T) {
	if i < len(list) {
		element = list[i]
	}
	return element
}

// Verified is what became of the verification of one booked bill.
type Verified struct {
	Number       uint64       `json:"entry"`
	SettlementID string       `json:"settlement_id"`
	Plan         string       `json:"plan"`
	PlanVersion  string       `json:"plan_version"`
	Steps        int          `json:"steps"`                 // of the booked trace
	Fault        string       `json:"fault,omitempty"`       // why it could not be recomputed; "" if it could
	Differences  []Difference `json:"differences,omitempty"` // what did not come out as booked
}

// OK reports whether the bill came out as it is booked, figure by figure and step by
// step.
func (v Verified) OK() bool { return v.Fault == "" && len(v.Differences) == 0 }

// Verifier recomputes booked bills from the books. It is safe for concurrent use.
type Verifier struct{ shelf PlanShelf }

// Verify recomputes a booked record and holds it against itself: every figure, every
// accumulator, every step, and the entry that it owes. Records that booked no bill are
// not verifiable; ok is false for them.
func (v *Verifier) Verify(books PlanReader, r *Record, entry ledger.Entry) (verified Verified, ok bool) {
	if r.Outcome != provinces.Booked || r.Bill == nil {
		return Verified{}, false
	}
	booked := r.Bill.Benefit
	verified = Verified{
		Number: r.Number, SettlementID: r.SettlementID(),
		Plan: booked.Plan.ID, PlanVersion: booked.Plan.Version, Steps: len(booked.Trace),
	}
	plan, err := v.shelf.Plan(books, booked.Plan.Hash)
	if err == nil {
		var again benefit.Adjudication
		if again, err = Recompute(r, plan); err == nil {
			verified.Differences = Compare(booked, again)
			err = CheckBill(r, entry)
		}
	}
	if err != nil {
		verified.Fault = err.Error()
	}
	return verified, true
}

// VerifyRecord verifies what is verifiable: a booked bill, or each bill that an officers'
// decision has put another adjudication on. ok is false for all other records.
func (v *Verifier) VerifyRecord(books History, r *Record, entry ledger.Entry) (verified Verified, ok bool) {
	if r.Adjustment == nil {
		return v.Verify(books, r, entry)
	}
	verified.Number = r.Number
	for i := range r.Adjustment.Lines {
		line := &r.Adjustment.Lines[i]
		verified.Steps += len(line.Benefit.Trace)
		differences, err := v.verifyLine(books, line)
		if err != nil {
			verified.Fault = fmt.Sprintf("bill %d: %v", line.Bill, err)
			return verified, true
		}
		for _, d := range differences {
			d.Where = fmt.Sprintf("bill %d: %s", line.Bill, d.Where)
			verified.Differences = append(verified.Differences, d)
		}
	}
	if err := CheckAdjustment(books, r, entry); err != nil {
		verified.Fault = err.Error()
	}
	return verified, true
}

// verifyLine settles an adjusted bill again on top of what the decision had it settled
// on. Of a bill that was taken back, the adjudication is the answered one.
func (v *Verifier) verifyLine(books History, line *AdjustmentLine) ([]Difference, error) {
	record, err := books.Record(line.Bill)
	if err != nil {
		return nil, err
	}
	if record.Bill == nil {
		return nil, fmt.Errorf("%w: record %d", ErrHistory, line.Bill)
	}
	if line.Undone {
		return Compare(line.Benefit, record.Bill.Benefit), nil
	}
	plan, err := v.shelf.Plan(books, record.Bill.Benefit.Plan.Hash)
	if err != nil {
		return nil, err
	}
	prepared, found, err := prepareAgain(record, plan)
	if err != nil {
		return nil, err
	}
	if len(line.From) != len(found) {
		return nil, fmt.Errorf("%w: settled on %d years, it lies in %d", ErrBill, len(line.From), len(found))
	}
	again, err := prepared.Adjudicate(line.From)
	if err != nil {
		return nil, err
	}
	return Compare(line.Benefit, again), nil
}

// Why says in a few words what did not come out as booked; "" if everything did.
func (v Verified) Why() string {
	switch {
	case v.Fault != "":
		return v.Fault
	case len(v.Differences) == 0:
		return ""
	}
	d := v.Differences[0]
	more := ""
	if n := len(v.Differences) - 1; n > 0 {
		more = fmt.Sprintf(", and %d more differences", n)
	}
	return fmt.Sprintf("%s is booked as %q and comes out as %q%s", d.Where, d.Booked, d.Recomputed, more)
}
