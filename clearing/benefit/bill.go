package benefit

import (
	"maps"

	"clearingd/ledger"
	"clearingd/provinces"
)

// bill is the work on one span of a stay: the tower is climbed from the scope split
// to the ceiling, each station taking parts and leaving parts and payments.
//
// Invariant at every station: parts.sum() + payments = total.
type bill struct {
	facts
	trace *tracer
	span  span
	first bool // of the stay's spans
	acc   Accumulators
	away  *awayRule // nil: as at home

	total     ledger.Amount
	inScope   ledger.Amount // before anything was taken off
	parts     parts
	classes   []classAmount // in-scope amount by class of the catalogue, where the plan splits it
	paid      []Share       // as the layers of the version, zeros included
	entered   []ledger.Amount
	named     []namedCount  // what named caps have counted
	continues bool          // this stay continues the one before (transfer)
	dedPaid   ledger.Amount // deductible paid in this span
	earlier   ledger.Amount // deductible paid in earlier spans of the stay

	rateBuffer []rate   // reused from layer to layer
	scratch    []figure // reused from segment to segment
}

// namedCount says that a named cap has counted a layer's payment, and under which key.
type namedCount struct {
	layer int
	key   string
}

// Adjudicate computes the bill. before holds the accumulators of p.Years, in that
// order; they are not changed. The error is a *provinces.RejectError with a 4xxx code.
func (p *Prepared) Adjudicate(before []Accumulators) (Adjudication, error) {
	trace := borrowTracer()
	defer trace.giveBack()
	return p.adjudicate(before, trace)
}

func (p *Prepared) adjudicate(before []Accumulators, trace *tracer) (Adjudication, error) {
	if len(before) != len(p.Years) {
		panic("benefit: Adjudicate needs the accumulators of each of Prepared.Years")
	}
	facts := gather(&p.stay, p.plan, p.version)
	result := Adjudication{Plan: p.plan.ref(p.version), Filing: facts.filing}
	if facts.facility.Level == "" {
		return Adjudication{}, provinces.Reject(provinces.CodePlanGap, "input.mdtrtinfo.hosp_lv", "01 to 11", p.stay.Claim.HospitalLevel)
	}
	p.warn(&facts, trace)
	facts.hospital(trace)
	scope, err := p.splitScope(&facts, trace)
	if err != nil {
		return Adjudication{}, err
	}
	portions := scope.byDays(p.spans)
	rest, poolBase, poolPaid := parts{}, ledger.Amount(0), ledger.Amount(0)
	for i := range p.spans {
		b := &bill{facts: facts, trace: trace, span: p.spans[i], first: i == 0, acc: before[i].clone(), earlier: result.Deductible}
		b.enter(portions[i], len(p.spans) > 1)
		if err := b.climb(); err != nil {
			return Adjudication{}, err
		}
		if i == 0 {
			result.Ordinal = b.ordinal
		}
		b.collect(&result, &rest)
		poolBase, poolPaid = poolBase+b.entered[0], poolPaid+b.paid[0].Amount
	}
	if poolBase > 0 {
		result.PoolRatio = mulDiv(int64(poolPaid), 10_000, int64(poolBase))
	}
	result.Account = facts.personalAccount(trace, &rest)
	result.Cash = rest.sum() - result.Account
	trace.step("cash", "cash", "", exact, result.Cash, money("left", rest.sum()), money("account", result.Account))
	result.Trace, result.Warnings = trace.finish(), trace.warnings
	return result, nil
}

// warn notes what an officer should know whatever the rules come to.
func (p *Prepared) warn(f *facts, t *tracer) {
	if !p.version.Verified {
		t.warn(WarnUnverified)
	}
	if p.plan.Invented || p.version.Invented {
		t.warn(WarnInvented)
	}
	if p.stay.Person == nil {
		t.warn(WarnDeclared)
	}
	for i := range p.version.Groups {
		if g := &p.version.Groups[i]; contains(f.groups, g.Name) {
			t.uses(&g.cited)
		}
	}
	for i := range p.version.Kinds {
		if k := &p.version.Kinds[i]; contains(f.kinds, k.Name) {
			t.uses(&k.cited)
		}
	}
}

// climb goes through the stations of the tower.
func (b *bill) climb() error {
	b.count()
	if err := b.findAwayRule(); err != nil {
		return err
	}
	b.awayFirst()
	if err := b.deductible(); err != nil {
		return err
	}
	b.paid = make([]Share, len(b.version.Layers))
	b.entered = make([]ledger.Amount, len(b.version.Layers))
	for i := range b.version.Layers {
		l := &b.version.Layers[i]
		b.paid[i] = Share{Layer: l.ID, Fund: ledger.Fund(l.Fund)}
		if err := b.layer(i, l); err != nil {
			return err
		}
	}
	b.ceilings()
	b.fold()
	return nil
}

// count finds which stay of the year this is.
func (b *bill) count() {
	d := &b.version.Deductible
	b.ordinal = b.acc.Stays + 1
	if last := b.acc.Last; d.TransferDays != nil && last != nil && b.first {
		gap := int(b.Claim.Admitted.Day() - last.Discharged)
		b.continues = gap >= 0 && gap <= *d.TransferDays
	}
	if b.continues {
		b.ordinal = b.acc.Last.Ordinal
	}
	if len(b.kinds) > 0 {
		b.kindOrdinals = map[string]int{}
		for _, kind := range b.kinds {
			b.kindOrdinals[kind] = b.acc.Kinds[kind] + 1
		}
	}
}

// fold adds the bill to the accumulators of its year.
func (b *bill) fold() {
	a := &b.acc
	a.Deductible += b.dedPaid
	a.InScope += b.inScope
	a.Cost += b.total
	a.OwnShare += b.parts.inScope()
	if places := b.places(); places > 0 {
		a.Stays += places
		a.StaysByLevel = added(a.StaysByLevel, b.facility.Level, places)
	}
	if b.counts() {
		for _, kind := range b.kinds {
			a.Kinds = added(a.Kinds, kind, 1)
		}
	}
	if b.version.Deductible.TransferDays != nil {
		last := LastStay{Discharged: b.Claim.Discharged.Day(), Ordinal: b.ordinal + b.furtherStays(), Deductible: b.dedPaid}
		if b.continues {
			last.Deductible += a.Last.Deductible
		}
		a.Last = &last
	}
}

// counts reports whether the bill takes a place among the year's stays.
func (b *bill) counts() bool {
	d := &b.version.Deductible
	switch {
	case b.continues:
		return false
	case !b.first && !yes(b.version.Time.LaterCounts):
		return false
	case !yes(d.BelowCounts) && b.entered[0] == 0:
		return false
	}
	return true
}

// places are the places that the bill takes among the year's stays: its own, and those of
// the renewals of a long stay.
func (b *bill) places() (n int) {
	if b.counts() {
		n = 1
	}
	if yes(b.version.Deductible.BelowCounts) || b.entered[0] > 0 {
		n += b.furtherStays()
	}
	return n
}

// collect adds what the span came to.
func (b *bill) collect(result *Adjudication, rest *parts) {
	result.Deductible += b.dedPaid
	for _, share := range b.paid {
		if share.Amount != 0 {
			result.Funds = append(result.Funds, share)
		}
	}
	for p, a := range b.parts {
		rest[p] += a
	}
	result.Years = append(result.Years, YearAccumulators{b.span.year, b.acc})
}

// personalAccount is what the person's account pays of what is left.
func (f *facts) personalAccount(t *tracer, rest *parts) ledger.Amount {
	rule := &f.version.Account
	allowed := rule.Allowed && f.Claim.UseAccount
	if f.Person != nil && f.Person.AccountAllowed != nil {
		allowed = allowed && *f.Person.AccountAllowed
	}
	if !allowed {
		return 0
	}
	if f.Claim.AccountBalance == nil {
		t.absent("account", rule.Article, "balc")
		return 0
	}
	payable := rest.sum()
	if len(rule.Pays) > 0 {
		payable = 0
		for _, name := range rule.Pays {
			p, _ := partNamed(name)
			payable += rest[p]
		}
	}
	payment := min(payable, max(0, *f.Claim.AccountBalance))
	t.uses(&rule.cited)
	t.step("account", "account", rule.Article, exact, payment,
		money("payable", payable), money("balance", *f.Claim.AccountBalance))
	return payment
}

// clone copies accumulators so that the caller's maps are never written to.
func (a Accumulators) clone() Accumulators {
	a.StaysByLevel = maps.Clone(a.StaysByLevel)
	a.Paid = maps.Clone(a.Paid)
	a.Periods = maps.Clone(a.Periods)
	a.Base = maps.Clone(a.Base)
	a.Kinds = maps.Clone(a.Kinds)
	if a.Last != nil {
		last := *a.Last
		a.Last = &last
	}
	return a
}

// added adds to an entry of a map that may be nil.
func added[K comparable, V int | ledger.Amount](m map[K]V, key K, v V) map[K]V {
	if m == nil {
		m = map[K]V{}
	}
	m[key] += v
	return m
}

// OpeningAccumulators is a person-year that begins with figures from elsewhere. What
// was paid is known by fund only; the first layer of each fund counts it.
func OpeningAccumulators(o provinces.Opening) Accumulators {
	a := Accumulators{Stays: o.Stays, Deductible: o.Deductible, OwnShare: o.OwnShare, Outpatient: o.OutpatientSum}
	for _, x := range o.Paid {
		a.Paid = added(a.Paid, string(x.Fund), x.Amount)
	}
	return a
}
