package report

import (
	"clearingd/clearing/netting"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Report is the whole content of a night's or a period's report. Every rendering is a
// function of it alone, so the same report gives the same bytes in every format.
//
// All slices are in their stated order; maps are rendered with sorted keys.
//
// Invariants, held by [Builder.Finish]: Totals = sum of Pairs = sum of ByHome = sum of
// ByTreatment; Totals.Owed = sum of the Positions' Pays = sum of their Receives; the
// Positions' Nets sum to zero.
type Report struct {
	Title    Title      `json:"title"`
	From     ledger.Day `json:"from"` // business days, inclusive; equal for a night
	To       ledger.Day `json:"to"`
	Revision int        `json:"revision"` // from 1
	Demo     string     `json:"demo"`     // "" or how the data were built; printed on every page

	Rules   Basis   `json:"basis"`
	Summary Summary `json:"summary"`

	Completeness []Stream       `json:"completeness"` // by treatment province
	Outcomes     []OutcomeCount `json:"outcomes"`     // every outcome, in the order of provinces.Outcomes
	Refusals     []RefusalCount `json:"refusals"`     // by code; codes that did not occur are left out

	Pairs       []Pair          `json:"pairs"`        // home and treatment in different provinces, by home then treatment
	ByHome      []ProvinceTotal `json:"by_home"`      // Pairs added up by home province, in its order: the matrix's rows
	ByTreatment []ProvinceTotal `json:"by_treatment"` // by treatment province: the matrix's columns
	Totals      Totals          `json:"totals"`       // of Pairs

	Internal           []AreaPair      `json:"internal"`             // within one province, by home area then treatment area
	InternalByProvince []ProvinceTotal `json:"internal_by_province"` // Internal added up by province, in its order

	Bilateral []netting.Bilateral `json:"bilateral"` // for information
	Positions []netting.Position  `json:"positions"` // for information
	Proposal  netting.Proposal    `json:"proposal"`  // for information

	Adjustments []AdjustmentLine `json:"adjustments,omitempty"` // officers' decisions of the days, by home then treatment province; not in Pairs and Totals

	TrialBalance []TrialLine `json:"trial_balance"` // all accounts rolled up by side, province and stage, at the end of To
	Seal         Seal        `json:"seal"`

	Reconciliation *Reconciliation `json:"reconciliation,omitempty"` // nil: the books ask nobody for statements, or NoCalendar
	NoCalendar     int             `json:"no_calendar,omitzero"`     // the year whose calendar of working days is missing, so that nothing was matched; 0: none

	Changes *Difference `json:"changes,omitempty"` // what this revision changed; nil for the first
}

// Title says what kind of report it is.
type Title string

// Kinds of report.
const (
	Night  Title = "night"
	Period Title = "period"
)

// Basis is what the figures rest on; printed on every rendering.
type Basis struct {
	Install    string `json:"install"`    // identity of the books
	Zone       string `json:"zone"`       // "Asia/Shanghai"
	CutOff     string `json:"cut_off"`    // "24:00", or the configured time
	Mode       string `json:"mode"`       // "clock" or "manual"
	PlanSet    string `json:"plan_set"`   // hex
	BooksFrom  uint64 `json:"books_from"` // first books' number of the days; 0 on an empty day
	BooksTo    uint64 `json:"books_to"`
	Declared   uint64 `json:"declared"`   // booked bills that rest on the claim's word for the person
	Unverified uint64 `json:"unverified"` // booked bills by a plan not verified
	Invented   uint64 `json:"invented"`   // booked bills by a plan made for demonstrations
	Assumed    uint64 `json:"assumed"`    // booked bills that used a block marked assumed
	Absent     uint64 `json:"absent"`     // booked bills where a missing fact gave no privilege
}

// Summary is the report in a few figures.
type Summary struct {
	Received     uint64        `json:"received"` // messages of the days, whatever became of them
	Booked       uint64        `json:"booked"`   // bills booked, between provinces and within one
	Undone       uint64        `json:"undone"`   // bills cancelled or reversed, whenever they were booked
	Refused      uint64        `json:"refused"`  // messages refused
	Owed         ledger.Amount `json:"owed"`     // between provinces: Totals.Owed
	InternalOwed ledger.Amount `json:"internal_owed"`
	Adjusted     ledger.Amount `json:"adjusted,omitzero"` // owed more (or less) by officers' decisions, between provinces and within one
	Debits       ledger.Amount `json:"debits"`            // of the trial balance
	Credits      ledger.Amount `json:"credits"`           // of the trial balance
	Balanced     bool          `json:"balanced"`          // Debits = Credits
	Complete     bool          `json:"complete"`          // every sequence of every stream has its outcome
}

// Stream is the completeness of one claims stream.
//
// Invariant: Sequences = sum of Outcomes, or the stream is not complete.
type Stream struct {
	Treatment ledger.Province              `json:"treatment"`
	First     uint64                       `json:"first"` // sequences of the days; both 0 if there were none
	Last      uint64                       `json:"last"`
	Sequences uint64                       `json:"sequences"`
	Outcomes  map[provinces.Outcome]uint64 `json:"outcomes"`
}

// Complete reports whether every sequence has its outcome.
func (s Stream) Complete() bool { return s.Answered() == s.Sequences }

// Answered is the number of sequences that have an outcome.
func (s Stream) Answered() uint64 {
	var n uint64
	for _, c := range s.Outcomes {
		n += c
	}
	return n
}

// OutcomeCount counts messages.
type OutcomeCount struct {
	Outcome provinces.Outcome `json:"outcome"`
	Count   uint64            `json:"count"`
}

// RefusalCount counts refusals with one code.
type RefusalCount struct {
	Code  provinces.Code `json:"code"`
	Count uint64         `json:"count"`
}

// Sums are the figures of any group of bills: booked less cancelled.
//
// Invariants: FundTotal = sum of Funds; Owed = FundTotal + Account;
// Cost = Owed + Cash + HospitalPart.
type Sums struct {
	Booked       uint64                        `json:"booked"` // bills booked
	Undone       uint64                        `json:"undone"` // bills cancelled or reversed, whenever they were booked
	Cost         ledger.Amount                 `json:"cost"`
	Funds        map[ledger.Fund]ledger.Amount `json:"funds"`            // without the personal account; a fund that no bill names is absent
	FundTotal    ledger.Amount                 `json:"fund_total"`       // sum of Funds
	Account      ledger.Amount                 `json:"personal_account"` // personal account
	Owed         ledger.Amount                 `json:"owed"`             // what the home side owes: funds and personal account
	Cash         ledger.Amount                 `json:"cash"`             // what patients paid
	HospitalPart ledger.Amount                 `json:"hospital_part"`    // what hospitals bear themselves
}

// Pair is what one home province owes one treatment province for the days.
type Pair struct {
	Home      ledger.Province `json:"home"`
	Treatment ledger.Province `json:"treatment"`
	Sums      `json:",inline"`
}

// ProvinceTotal is one province's share of a list of pairs.
type ProvinceTotal struct {
	Province ledger.Province `json:"province"`
	Pairs    int             `json:"pairs"` // pairs added up
	Sums     `json:",inline"`
}

// AreaPair is the same between two pooling areas of one province.
type AreaPair struct {
	Home      ledger.Area `json:"home"`
	Treatment ledger.Area `json:"treatment"`
	Sums      `json:",inline"`
}

// Totals of the national matrix.
type Totals struct {
	Pairs int `json:"pairs"` // pairs with any bill
	Sums  `json:",inline"`
}

// TrialLine is one line of the trial balance: accounts of one side, province and
// stage together.
type TrialLine struct {
	Side     ledger.Side     `json:"side"`     // in JSON a word: receivable, payable
	Province ledger.Province `json:"province"` // home on the receivable side, treatment on the payable side
	Stage    ledger.Stage    `json:"stage"`    // in JSON a word: accrued, confirmed, noticed, paid, reserved
	Debits   ledger.Amount   `json:"debits"`
	Credits  ledger.Amount   `json:"credits"`
	Net      ledger.Amount   `json:"net"` // Debits - Credits
}

// Seal ties the report to the books.
type Seal struct {
	MerkleSize uint64 `json:"merkle_size"` // records under the root
	MerkleRoot string `json:"merkle_root"` // base64, RFC 6962 tree over all records up to the last of the days
	Previous   string `json:"previous"`    // hex digest of the day before's sealed report; "" for the first
}
