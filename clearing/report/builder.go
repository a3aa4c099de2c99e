package report

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"clearingd/clearing/benefit"
	"clearingd/clearing/netting"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Head is what a report is about; the counts in Rules are the builder's to fill.
type Head struct {
	Title    Title
	From, To ledger.Day
	Revision int
	Demo     string
	Rules    Basis // Install, Zone, CutOff, Mode and PlanSet
}

// Errors of a builder, all of which mean that the books or their reader are wrong.
var (
	// ErrOutside: a bill's day is not one of the report's days.
	ErrOutside = errors.New("report: outside the report's days")
	// ErrTie: figures that must agree do not.
	ErrTie = errors.New("report: figures do not tie")
)

// Builder makes a [Report] from streams of messages and bills. It keeps sums, never
// lines: its memory grows with the pairs of provinces and areas, not with the bills.
// After an error it must be thrown away.
type Builder struct {
	report   Report
	streams  map[ledger.Province]*Stream
	outcomes map[provinces.Outcome]uint64
	refusals map[provinces.Code]uint64
	pairs    map[provincePair]*Sums
	internal map[areaPair]*Sums
	trial    map[trialKey]*TrialLine
	adjusted map[provincePair]*AdjustmentLine

	reconciling *reconciling // nil: the report has no reconciliation
}

type provincePair struct{ home, treatment ledger.Province }

func (p provincePair) compare(q provincePair) int {
	return cmp.Or(cmp.Compare(p.home, q.home), cmp.Compare(p.treatment, q.treatment))
}

type areaPair struct{ home, treatment ledger.Area }

func (p areaPair) compare(q areaPair) int {
	return cmp.Or(cmp.Compare(p.home, q.home), cmp.Compare(p.treatment, q.treatment))
}

type trialKey struct {
	side     ledger.Side
	province ledger.Province
	stage    ledger.Stage
}

// NewBuilder starts an empty report.
func NewBuilder(h Head) *Builder {
	return &Builder{
		report:   Report{Title: h.Title, From: h.From, To: h.To, Revision: h.Revision, Demo: h.Demo, Rules: h.Rules},
		streams:  map[ledger.Province]*Stream{},
		outcomes: map[provinces.Outcome]uint64{},
		refusals: map[provinces.Code]uint64{},
		pairs:    map[provincePair]*Sums{},
		internal: map[areaPair]*Sums{},
		trial:    map[trialKey]*TrialLine{},
	}
}

// AddStream says which sequences of a treatment province's stream the days hold, as
// the cut-offs were stored; first = last = 0 means none. A stream without messages is
// given too, so that the report can say so.
func (b *Builder) AddStream(treatment ledger.Province, first, last uint64) error {
	if (first == 0) != (last == 0) || last < first {
		return fmt.Errorf("stream %s: %d to %d: %w", treatment, first, last, ErrTie)
	}
	s := b.stream(treatment)
	s.First, s.Last = first, last
	if last != 0 {
		s.Sequences = last - first + 1
	}
	return nil
}

func (b *Builder) stream(p ledger.Province) *Stream {
	if b.streams[p] == nil {
		b.streams[p] = &Stream{Treatment: p, Outcomes: map[provinces.Outcome]uint64{}}
	}
	return b.streams[p]
}

// AddMessage counts one message of a stream: the books' number of its record, what
// became of it, and the code if that was a refusal.
func (b *Builder) AddMessage(stream ledger.Province, number uint64, outcome provinces.Outcome, code provinces.Code) {
	b.countRecord(number)
	b.stream(stream).Outcomes[outcome]++
	b.outcomes[outcome]++
	if outcome == provinces.Refused || outcome == provinces.Quarantined {
		b.refusals[code]++
	}
	b.report.Summary.Received++
}

// AddBill adds up one bill. Errors: [ErrBill], [ErrOutside], ledger.ErrOverflow.
func (b *Builder) AddBill(bill Bill) error {
	if err := bill.Check(); err != nil {
		return err
	}
	if bill.Day < b.report.From || bill.Day > b.report.To {
		return fmt.Errorf("entry %d of %s: %w", bill.Entry, bill.Day, ErrOutside)
	}
	if err := b.sums(bill).addBill(bill); err != nil {
		return fmt.Errorf("entry %d: %w", bill.Entry, err)
	}
	if bill.Outcome == provinces.Booked {
		b.countWarnings(bill.Warnings)
	}
	return nil
}

// sums finds the group a bill belongs to: between provinces, or between areas of one.
func (b *Builder) sums(bill Bill) *Sums {
	home, treatment := bill.Home.Province(), bill.Treatment.Province()
	if home == treatment {
		return at(b.internal, areaPair{bill.Home, bill.Treatment})
	}
	return at(b.pairs, provincePair{home, treatment})
}

func at[K comparable](groups map[K]*Sums, key K) *Sums {
	if groups[key] == nil {
		groups[key] = &Sums{Funds: map[ledger.Fund]ledger.Amount{}}
	}
	return groups[key]
}

// countWarnings counts a bill once for each kind of warning, however often it stands
// on the bill.
func (b *Builder) countWarnings(warnings []benefit.Warning) {
	rules := &b.report.Rules
	for i, warning := range warnings {
		if slices.Contains(warnings[:i], warning) {
			continue
		}
		switch warning {
		case benefit.WarnDeclared:
			rules.Declared++
		case benefit.WarnUnverified:
			rules.Unverified++
		case benefit.WarnInvented:
			rules.Invented++
		case benefit.WarnAssumed:
			rules.Assumed++
		case benefit.WarnAbsent:
			rules.Absent++
		}
	}
}

// AddBalance rolls one account of the books, as it stood at the end of the last day,
// into the trial balance.
func (b *Builder) AddBalance(account ledger.Account, balance ledger.Balance) error {
	province := account.Home.Province()
	if account.Side == ledger.Payable {
		province = account.Treatment.Province()
	}
	key := trialKey{account.Side, province, account.Stage}
	line := b.trial[key]
	if line == nil {
		line = &TrialLine{Side: key.side, Province: key.province, Stage: key.stage}
		b.trial[key] = line
	}
	err := addTo(&line.Debits, balance.Debits)
	if err == nil {
		err = addTo(&line.Credits, balance.Credits)
	}
	if err != nil {
		return fmt.Errorf("trial balance: %s: %w", account, err)
	}
	return nil
}

// Finish computes every figure of the report and checks that they tie. The builder
// must not be used afterwards.
func (b *Builder) Finish(seal Seal) (Report, error) {
	r := &b.report
	r.Seal = seal
	b.finishCounts()
	for _, step := range []func() error{b.finishPairs, b.finishInternal, b.finishNetting, b.finishAdjustments, b.finishTrial, b.finishSummary, b.finishReconciliation} {
		if err := step(); err != nil {
			return Report{}, err
		}
	}
	return *r, r.tie()
}

func (b *Builder) finishCounts() {
	r := &b.report
	for _, p := range slices.Sorted(maps.Keys(b.streams)) {
		r.Completeness = append(r.Completeness, *b.streams[p])
	}
	for _, o := range provinces.Outcomes {
		r.Outcomes = append(r.Outcomes, OutcomeCount{o, b.outcomes[o]})
	}
	for _, c := range slices.Sorted(maps.Keys(b.refusals)) {
		r.Refusals = append(r.Refusals, RefusalCount{c, b.refusals[c]})
	}
}

func (b *Builder) finishPairs() error {
	r := &b.report
	byHome, byTreatment := totals{}, totals{}
	r.Totals.Funds = map[ledger.Fund]ledger.Amount{}
	for _, key := range slices.SortedFunc(maps.Keys(b.pairs), provincePair.compare) {
		r.Pairs = append(r.Pairs, Pair{key.home, key.treatment, *b.pairs[key]})
	}
	for _, p := range r.Pairs {
		if err := errors.Join(byHome.add(p.Home, p.Sums), byTreatment.add(p.Treatment, p.Sums), r.Totals.add(p.Sums)); err != nil {
			return fmt.Errorf("pair %s-%s: %w", p.Home, p.Treatment, err)
		}
	}
	r.Totals.Pairs = len(r.Pairs)
	r.ByHome, r.ByTreatment = byHome.list(), byTreatment.list()
	return nil
}

func (b *Builder) finishInternal() error {
	r := &b.report
	byProvince := totals{}
	for _, key := range slices.SortedFunc(maps.Keys(b.internal), areaPair.compare) {
		r.Internal = append(r.Internal, AreaPair{key.home, key.treatment, *b.internal[key]})
	}
	for _, p := range r.Internal {
		if err := byProvince.add(p.Home.Province(), p.Sums); err != nil {
			return fmt.Errorf("internal %s-%s: %w", p.Home, p.Treatment, err)
		}
	}
	r.InternalByProvince = byProvince.list()
	return nil
}

func (b *Builder) finishNetting() error {
	r := &b.report
	obligations := make([]netting.Obligation, len(r.Pairs))
	for i, p := range r.Pairs {
		obligations[i] = netting.Obligation{Debtor: p.Home, Creditor: p.Treatment, Amount: p.Owed}
	}
	var errB, errP, errT error
	r.Bilateral, errB = netting.Bilaterals(obligations)
	r.Positions, errP = netting.Positions(obligations)
	r.Proposal, errT = netting.Propose(obligations)
	return errors.Join(errB, errP, errT)
}

func (b *Builder) finishTrial() error {
	r := &b.report
	for _, line := range b.trial {
		line.Net = line.Debits - line.Credits // both at least zero: cannot overflow
		r.TrialBalance = append(r.TrialBalance, *line)
	}
	slices.SortFunc(r.TrialBalance, func(x, y TrialLine) int {
		return cmp.Or(cmp.Compare(x.Side, y.Side), cmp.Compare(x.Province, y.Province), cmp.Compare(x.Stage, y.Stage))
	})
	for _, line := range r.TrialBalance {
		if err := errors.Join(addTo(&r.Summary.Debits, line.Debits), addTo(&r.Summary.Credits, line.Credits)); err != nil {
			return fmt.Errorf("trial balance: %w", err)
		}
	}
	r.Summary.Balanced = r.Summary.Debits == r.Summary.Credits
	return nil
}

func (b *Builder) finishSummary() error {
	r := &b.report
	s := &r.Summary
	s.Refused = b.outcomes[provinces.Refused]
	s.Booked, s.Undone, s.Owed = r.Totals.Booked, r.Totals.Undone, r.Totals.Owed
	for _, p := range r.InternalByProvince {
		s.Booked += p.Booked
		s.Undone += p.Undone
		if err := addTo(&s.InternalOwed, p.Owed); err != nil {
			return fmt.Errorf("internal clearing: %w", err)
		}
	}
	s.Complete = !slices.ContainsFunc(r.Completeness, func(s Stream) bool { return !s.Complete() })
	return nil
}
