package benefit

import (
	"encoding/hex"
	"encoding/json"
	"fmt"

	"clearingd/ledger"
)

// Adjudication is what the home region's rules make of one bill.
//
// Invariant: claim total = sum(Funds) + Account + Cash, none negative.
type Adjudication struct {
	Plan       PlanRef            `cbor:"1,keyasint,omitempty" json:"plan"`
	Filing     FilingKind         `cbor:"2,keyasint,omitempty" json:"filing,omitempty"` // as the rules saw it
	Ordinal    int                `cbor:"3,keyasint,omitempty" json:"ordinal"`          // n-th stay of the person-year, from 1
	Deductible ledger.Amount      `cbor:"4,keyasint,omitempty" json:"deductible"`       // 起付线 really paid in this bill
	PoolRatio  int64              `cbor:"5,keyasint,omitempty" json:"pool_ratio"`       // basic fund's payment over the in-scope amount above the deductible, in 1/10000, half up; 0 if that is 0
	Funds      []Share            `cbor:"6,keyasint,omitempty" json:"funds,omitempty"`  // by layer, in the tower's order; a fund may stand more than once, a zero share not at all
	Account    ledger.Amount      `cbor:"7,keyasint,omitempty" json:"account"`          // from the personal account
	Cash       ledger.Amount      `cbor:"8,keyasint,omitempty" json:"cash"`             // the remainder: what the patient pays
	Years      []YearAccumulators `cbor:"9,keyasint,omitempty" json:"years,omitempty"`  // the person-years this bill touches, after it, in ascending order
	Trace      []Step             `cbor:"10,keyasint,omitempty" json:"trace,omitempty"`
	Warnings   []Warning          `cbor:"11,keyasint,omitempty" json:"warnings,omitempty"`
}

// Share is what one fund pays in one layer of the tower.
type Share struct {
	Layer  string        `cbor:"1,keyasint,omitempty" json:"layer,omitempty"` // the layer's id in the plan
	Fund   ledger.Fund   `cbor:"2,keyasint,omitempty" json:"fund"`
	Amount ledger.Amount `cbor:"3,keyasint,omitempty" json:"amount"`
}

// PlanRef names the exact rule text that was applied. The books keep the bytes by
// hash.
type PlanRef struct {
	ID       string   `cbor:"1,keyasint,omitempty"` // for example "110000-310"
	Version  string   `cbor:"2,keyasint,omitempty"` // first day of validity of the version applied, yyyy-MM-dd
	Hash     [32]byte `cbor:"3,keyasint,omitempty"` // SHA-256 of the plan file's bytes
	Verified bool     `cbor:"4,keyasint,omitempty"`
	Invented bool     `cbor:"5,keyasint,omitempty"` // a plan made for demonstrations
}

// planRefJSON is a PlanRef as JSON has it: the digest in hex.
type planRefJSON struct {
	ID       string `json:"id"`
	Version  string `json:"version"`
	Hash     string `json:"sha256"`
	Verified bool   `json:"verified"`
	Invented bool   `json:"invented,omitempty"`
}

// MarshalJSON writes the digest in hex.
func (r PlanRef) MarshalJSON() ([]byte, error) {
	return json.Marshal(planRefJSON{r.ID, r.Version, hex.EncodeToString(r.Hash[:]), r.Verified, r.Invented})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (r *PlanRef) UnmarshalJSON(text []byte) error {
	var v planRefJSON
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	*r = PlanRef{ID: v.ID, Version: v.Version, Verified: v.Verified, Invented: v.Invented}
	hash, err := hex.DecodeString(v.Hash)
	if err != nil || len(hash) != len(r.Hash) {
		return fmt.Errorf("benefit: plan %s: %q is no SHA-256", v.ID, v.Hash)
	}
	r.Hash = [32]byte(hash)
	return nil
}

// Step is one line of the trace: enough to recompute its output by hand.
type Step struct {
	Layer    string        `cbor:"1,keyasint,omitempty" json:"layer,omitempty"`    // layer id; "scope", "filing", "deductible", "ceiling", "account", "cash" for the fixed stations of the tower
	Rule     string        `cbor:"2,keyasint,omitempty" json:"rule,omitempty"`     // what was done, a stable id such as "segment", "cap", "away-points"; see Text
	Article  string        `cbor:"3,keyasint,omitempty" json:"article,omitempty"`  // where the plan's source says so; "" if the plan does not say
	Inputs   []Input       `cbor:"4,keyasint,omitempty" json:"inputs,omitempty"`   // named figures, in the order they are used
	Rounding string        `cbor:"5,keyasint,omitempty" json:"rounding,omitempty"` // "" (exact), "half-up-fen", ...
	Output   ledger.Amount `cbor:"6,keyasint,omitempty" json:"output"`
}

// Input is a named figure or word of a step. A figure is exact decimal text ("0.85",
// "1300.00"); ratios are fractions of one.
type Input struct {
	Name  string `cbor:"1,keyasint,omitempty" json:"name,omitempty"`
	Value string `cbor:"2,keyasint,omitempty" json:"value,omitempty"`
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
	Stays        int                      `cbor:"1,keyasint,omitempty" json:"stays"`                    // settled stays
	StaysByLevel map[Level]int            `cbor:"2,keyasint,omitempty" json:"stays_by_level,omitempty"` // settled stays by level of hospital
	Deductible   ledger.Amount            `cbor:"3,keyasint,omitempty" json:"deductible"`               // deductible paid
	InScope      ledger.Amount            `cbor:"4,keyasint,omitempty" json:"in_scope"`                 // in-scope amounts
	Cost         ledger.Amount            `cbor:"5,keyasint,omitempty" json:"cost"`                     // total costs
	OwnShare     ledger.Amount            `cbor:"6,keyasint,omitempty" json:"own_share"`                // in-scope amount that no fund has paid: the base of critical-illness insurance
	Paid         map[string]ledger.Amount `cbor:"7,keyasint,omitempty" json:"paid,omitempty"`           // paid, by layer id; by fund code what an opening brought; by "id#cap" what a named cap has counted
	Periods      map[string]ledger.Amount `cbor:"8,keyasint,omitempty" json:"periods,omitempty"`        // deductible paid by shorter period, for example "2026-Q1", "2026-03"
	Outpatient   ledger.Amount            `cbor:"9,keyasint,omitempty" json:"outpatient"`               // paid for outpatient care where a cap is joint; brought by the home side

	// The following are what particular shapes of rules need beyond the above.
	Base           map[string]ledger.Amount `cbor:"10,keyasint,omitempty" json:"base,omitempty"`  // what a layer that counts on the year has taken in, by layer id; by "id#cost" the cost a cap on cost has counted
	Kinds          map[string]int           `cbor:"11,keyasint,omitempty" json:"kinds,omitempty"` // stays of each kind the plan counts apart
	YearDeductible ledger.Amount            `cbor:"12,keyasint,omitempty" json:"year_deductible"` // the year's deductible as fixed so far, where it is annual
	Last           *LastStay                `cbor:"13,keyasint,omitempty" json:"last,omitempty"`  // nil: no stay yet; for transfers that count as one stay
}

// LastStay is the end of the year's newest stay.
type LastStay struct {
	Discharged ledger.Day    `cbor:"1,keyasint,omitempty" json:"discharged"`
	Ordinal    int           `cbor:"2,keyasint,omitempty" json:"ordinal"`    // n-th stay of the year
	Deductible ledger.Amount `cbor:"3,keyasint,omitempty" json:"deductible"` // paid in it, and in the stays it continues
}

// YearAccumulators are the accumulators of one benefit year, named by the civil year
// it begins in.
type YearAccumulators struct {
	Year         int `cbor:"1,keyasint" json:"year"`
	Accumulators `cbor:"2,keyasint"`
}
