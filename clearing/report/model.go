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
type Report struct {
	Title    Title
	From, To ledger.Day // business days, inclusive; equal for a night
	Revision int        // from 1
	Demo     string     // "" or how the data were built; printed on every page

	Rules Basis

	Completeness []Stream // by treatment province
	Outcomes     []OutcomeCount
	Refusals     []RefusalCount // by code

	Pairs    []Pair     // home and treatment in different provinces, by home then treatment
	Internal []AreaPair // within one province, by home area then treatment area
	Totals   Totals     // of Pairs

	Bilateral []netting.Bilateral // for information
	Positions []netting.Position  // for information
	Proposal  netting.Proposal    // for information

	TrialBalance []TrialLine // all accounts rolled up by province, at the end of To
	Seal         Seal
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
	Install    string // identity of the books
	Zone       string // "Asia/Shanghai"
	CutOff     string // "24:00", or the configured time
	Mode       string // "clock" or "manual"
	PlanSet    string // hex
	BooksFrom  uint64 // first books' number of the days; 0 on an empty day
	BooksTo    uint64
	Declared   uint64 // booked bills that rest on the claim's word for the person
	Unverified uint64 // booked bills by a plan not verified
	Invented   uint64 // booked bills by a plan made for demonstrations
	Assumed    uint64 // booked bills that used a block marked assumed
}

// Stream is the completeness of one claims stream.
//
// Invariant: Sequences = sum of Outcomes, or the stream is not complete.
type Stream struct {
	Treatment   ledger.Province
	First, Last uint64 // sequences of the days; both 0 if there were none
	Sequences   uint64
	Outcomes    map[provinces.Outcome]uint64
}

// Complete reports whether every sequence has its outcome.
func (s Stream) Complete() bool {
	var n uint64
	for _, c := range s.Outcomes {
		n += c
	}
	return n == s.Sequences
}

// OutcomeCount counts messages.
type OutcomeCount struct {
	Outcome provinces.Outcome
	Count   uint64
}

// RefusalCount counts refusals with one code.
type RefusalCount struct {
	Code  provinces.Code
	Count uint64
}

// Sums are the figures of any group of bills: booked less cancelled.
type Sums struct {
	Booked    uint64 // bills booked
	Undone    uint64 // bills cancelled or reversed, whenever they were booked
	Cost      ledger.Amount
	Funds     map[ledger.Fund]ledger.Amount // without the personal account
	FundTotal ledger.Amount                 // sum of Funds
	Account   ledger.Amount                 // personal account
	Cash      ledger.Amount                 // what patients paid
}

// Pair is what one home province owes one treatment province for the days.
type Pair struct {
	Home, Treatment ledger.Province
	Sums
}

// AreaPair is the same between two pooling areas of one province.
type AreaPair struct {
	Home, Treatment ledger.Area
	Sums
}

// Totals of the national matrix.
type Totals struct {
	Sums
	Pairs int // pairs with any bill
}

// TrialLine is one line of the trial balance: accounts of one side, province and
// stage together.
type TrialLine struct {
	Side     ledger.Side
	Province ledger.Province // home on the receivable side, treatment on the payable side
	Stage    ledger.Stage
	Debits   ledger.Amount
	Credits  ledger.Amount
}

// Seal ties the report to the books.
type Seal struct {
	MerkleSize uint64 // records under the root
	MerkleRoot string // base64, RFC 6962 tree over all records up to the last of the days
	Previous   string // hex digest of the day before's sealed report; "" for the first
}
