package benefit

import (
	"clearingd/ledger"
)

// Adjudication is what the home region's rules make of one bill.
//
// Invariant: claim total = sum(Funds) + Account + Cash, none negative.
type Adjudication struct {
	Plan       PlanRef
	Filing     FilingKind         // as the rules saw it
	Ordinal    int                // n-th stay of the person-year, from 1
	Deductible ledger.Amount      // 起付线 really paid in this bill
	PoolRatio  int64              // basic fund's payment over the in-scope amount above the deductible, in 1/10000, half up; 0 if that is 0
	Funds      []Share            // by layer, in the tower's order; a fund may stand more than once, a zero share not at all
	Account    ledger.Amount      // from the personal account
	Cash       ledger.Amount      // the remainder: what the patient pays
	Years      []YearAccumulators // the person-years this bill touches, after it, in ascending order
	Trace      []Step
	Warnings   []Warning
}

// Share is what one fund pays in one layer of the tower.
type Share struct {
	Layer  string // the layer's id in the plan
	Fund   ledger.Fund
	Amount ledger.Amount
}

// PlanRef names the exact rule text that was applied. The books keep the bytes by
// hash.
type PlanRef struct {
	ID       string   // for example "110000-310"
	Version  string   // first day of validity of the version applied, yyyy-MM-dd
	Hash     [32]byte // SHA-256 of the plan file's bytes
	Verified bool
	Invented bool // a plan made for demonstrations
}

// Step is one line of the trace: enough to recompute its output by hand.
type Step struct {
	Layer    string  // layer id; "scope", "deductible", "account", "cash" for the fixed ends of the tower
	Rule     string  // what was done, a stable id such as "segment", "ratio", "cap", "points-down"
	Article  string  // where the plan's source says so; "" if the plan does not say
	ZH, EN   string  // one sentence each, with the figures in it
	Inputs   []Input // named figures, in the order they are used
	Rounding string  // "" (exact), "half-up-fen", ...
	Output   ledger.Amount
}

// Input is a named figure of a step. Value is exact decimal text ("0.85", "1300.00").
type Input struct {
	Name  string
	Value string
}

// Warning is something an officer should know about a booked bill.
type Warning string

// Warnings; each is counted on the night's report.
const (
	WarnUnverified Warning = "unverified-plan" // the plan is not verified
	WarnInvented   Warning = "invented-plan"   // the plan was made for demonstrations
	WarnAssumed    Warning = "assumed-rule"    // a block of the plan is marked assumed
	WarnDeclared   Warning = "declared-person" // the claim's word was taken for the person
	WarnAbsent     Warning = "absent-fact"     // a fact was missing, so a privilege was not given
)

// Accumulators are the sums of one person-year: what earlier bills of the year have
// used up. They are folded from booked bills in the books' order and never edited.
// The zero value is a year without bills.
type Accumulators struct {
	Stays        int                      // settled stays
	StaysByLevel map[Level]int            // settled stays by level of hospital
	Deductible   ledger.Amount            // deductible paid
	InScope      ledger.Amount            // in-scope amounts
	Cost         ledger.Amount            // total costs
	OwnShare     ledger.Amount            // in-scope amount that no fund has paid: the base of critical-illness insurance
	Paid         map[string]ledger.Amount // paid, by layer id
	Periods      map[string]ledger.Amount // deductible paid by shorter period, for example "2026-Q1", "2026-03"
	Outpatient   ledger.Amount            // paid for outpatient care where a cap is joint; brought by the home side
}

// YearAccumulators are the accumulators of one benefit year, named by the civil year
// it begins in.
type YearAccumulators struct {
	Year int
	Accumulators
}
