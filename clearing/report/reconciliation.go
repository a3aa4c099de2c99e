package report

import (
	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Reconciliation is what hospitals, treatment provinces and home provinces made of the
// books, as of one evening. Later statements do not change it: they make the next one. A
// night's is of its own evening, a period's of the evening of the newest match.
//
// Invariants, held by [Builder.Finish]: of each line Matched + Expected + Broken =
// Ledger; where all of the report's days were matched, Ledger is the Owed of the report's own
// pair; of each [PairBalance] Matched + Expected + Broken + Decisions = Balance; sums are
// those of their lines.
type Reconciliation struct {
	Evening ledger.Day `json:"evening"` // last closed day when it was made
	Engine  int        `json:"engine"`  // version of the matching rules
	Days    int        `json:"days"`    // of the report's days that were matched
	Final   bool       `json:"final"`   // every side reaches past the report's days, and no break of them is open

	// Of the report's days, by business day of the bill.
	Pairs          []PairReconciled `json:"pairs"`    // between provinces, by home then treatment
	ByHome         []HomeReconciled `json:"by_home"`  // Pairs added up by home province
	Totals         Standings        `json:"totals"`   // of Pairs
	Internal       []AreaReconciled `json:"internal"` // within one province, by home area then treatment area
	InternalTotals Standings        `json:"internal_totals"`

	// Of all days there are, up to the evening.
	Balances     []PairBalance `json:"balances"` // by home then treatment province; both the same: within one
	BalanceTotal PairBalance   `json:"balance_total"`

	// Of the open breaks of all days. Those without a bill behind them are apart: rows that
	// the books do not know, lines of totals, missing statements. They are in none of the sums
	// above, and their Books is 0.
	Open      BreakSum       `json:"open"`            // with a bill behind them
	Settled   BreakSum       `json:"settled"`         // resolved or decided, with a bill that a side still has otherwise
	Agreed    BreakSum       `json:"agreed,omitzero"` // with a bill that its sides agree about by now, which waits for a person; not in Open
	Alone     BreakSum       `json:"alone"`           // without a bill
	OpenTies  bool           `json:"open_ties"`       // Open and Settled together are the Broken of BalanceTotal
	Classes   []ClassLine    `json:"classes"`         // with a bill, in the order of reconcile.Classes; those without a break are left out
	Rows      []ClassLine    `json:"rows"`            // without a bill
	Ages      []AgeLine      `json:"ages"`            // all of them, by working days past the due date; every bucket
	Owners    []OwnerLine    `json:"owners"`          // all of them, by side then province
	Overdue   []BreakLine    `json:"overdue"`         // those longest overdue, at most OverdueShown
	Hospitals []HospitalLine `json:"hospitals"`       // furthest apart first, at most HospitalsShown

	Changes   []ChangeLine     `json:"changes"`   // on the evenings of the report's days, in the order of Happenings
	Automatic []AutomaticGroup `json:"automatic"` // resolved by themselves, and those that wait above a cap
	Parties   []SideStatements `json:"parties"`   // by side
	Late      []PartyLine      `json:"late"`      // parties of which something is missing or refused, at most PartiesShown
	LateMore  int              `json:"late_more"` // such parties that are not listed
}

// Bounds of the lists of single things in a report; breaks.csv has every break.
const (
	OverdueShown   = 20
	HospitalsShown = 15
	PartiesShown   = 60
)

// Standings are the three sums in which every bill stands exactly once.
//
// Invariant: Matched.Owed + Expected.Owed + Broken.Owed = Ledger.
type Standings struct {
	Matched  reconcile.Sum `json:"matched"`
	Expected reconcile.Sum `json:"expected"` // a side's statement is not due or not there yet: no break
	Broken   reconcile.Sum `json:"broken"`
	Ledger   ledger.Amount `json:"ledger"`
}

// PairReconciled is one pair of provinces.
type PairReconciled struct {
	Home      ledger.Province `json:"home"`
	Treatment ledger.Province `json:"treatment"`
	Standings `json:",inline"`
}

// HomeReconciled adds up what one home province owes.
type HomeReconciled struct {
	Province  ledger.Province `json:"province"`
	Pairs     int             `json:"pairs"`
	Standings `json:",inline"`
}

// AreaReconciled is one pair of areas of one province.
type AreaReconciled struct {
	Home      ledger.Area `json:"home"`
	Treatment ledger.Area `json:"treatment"`
	Standings `json:",inline"`
}

// PairBalance ties all days of a pair to the ledger.
//
// Invariant: Matched.Owed + Expected.Owed + Broken.Owed + Decisions = Balance.
type PairBalance struct {
	Home      ledger.Province `json:"home,omitzero"`
	Treatment ledger.Province `json:"treatment,omitzero"`
	Standings `json:",inline"`
	Decisions ledger.Amount `json:"decisions"` // what officers' decisions moved: adjustments, deductions, differences accepted, amounts taken back
	Balance   ledger.Amount `json:"balance"`   // by the accounts of the pair, at every stage
}

// BreakSum adds up breaks.
type BreakSum struct {
	Count uint64        `json:"count"`
	Books ledger.Amount `json:"books"` // owed by the books
	More  ledger.Amount `json:"more"`  // where a side has more: sum of the differences
	Less  ledger.Amount `json:"less"`  // where a side has less, as a positive amount
}

// ClassLine is one class of breaks.
type ClassLine struct {
	Class    reconcile.Class `json:"class"`
	BreakSum `json:",inline"`
}

// AgeLine is one bucket of age, by working days past the due date.
type AgeLine struct {
	From     int `json:"from"` // first working day past the due date; AgeNotDue: not due yet
	To       int `json:"to"`   // last one; AgeForEver: to the beginning of the books
	BreakSum `json:",inline"`
}

// Ends of the buckets of age.
const (
	AgeNotDue  = -1 << 30
	AgeForEver = 1 << 30
)

// ages are the buckets. The last one has no end: nothing grows old enough to leave the
// report.
var ages = [][2]int{{AgeNotDue, -1}, {0, 0}, {1, 5}, {6, 10}, {11, 20}, {21, 60}, {61, 120}, {121, AgeForEver}}

// OwnerLine says how much lies with whom.
type OwnerLine struct {
	Owner    SideName        `json:"owner"`
	Province ledger.Province `json:"province,omitzero"` // of the treatment side for hospitals and treatment provinces, of the home side; "": a row says neither
	BreakSum `json:",inline"`
	Overdue  uint64 `json:"overdue"` // of them
	Worst    int    `json:"worst"`   // working days of the one longest overdue; 0: none is
}

// HospitalLine is a hospital that is apart from the books.
type HospitalLine struct {
	Provider string        `json:"provider"`
	Homes    int           `json:"homes"` // home provinces concerned
	From     ledger.Day    `json:"from"`  // business days of its open breaks
	To       ledger.Day    `json:"to"`
	Count    uint64        `json:"count"`
	Apart    ledger.Amount `json:"apart"` // the hospital's figures less the books', of what it has spoken about
}

// ChangeLine counts what happened to breaks on the evenings of the report's days: of a night
// since the evening before.
type ChangeLine struct {
	What     Happening `json:"what"`
	BreakSum `json:",inline"`
}

// Happening is what can happen to a break in one night.
type Happening string

// Happenings, in the order in which they are shown.
const (
	BreakNew      Happening = "new"
	BreakChanged  Happening = "changed"  // other figures than the evening before
	BreakReopened Happening = "reopened" // a decision does not fit its facts any more, or a group was undone
	BreakResolved Happening = "resolved" // by itself
	BreakDecided  Happening = "decided"  // by two officers
	BreakGone     Happening = "gone"     // the match does not find it any more
)

// Happenings lists them in order.
var Happenings = []Happening{BreakNew, BreakChanged, BreakReopened, BreakResolved, BreakDecided, BreakGone}

// AutomaticGroup is breaks that were resolved by themselves together, and can be undone
// together; or that would have been, had they not been above a cap, and wait for a person
// since. Of one group there can be both, where runs of one evening came to different ends.
type AutomaticGroup struct {
	Group   string             `json:"group"` // names it in clearctl breaks undo
	Kind    reconcile.AutoKind `json:"kind"`
	Count   uint64             `json:"count"`
	Amount  ledger.Amount      `json:"amount"` // sum of the sizes of the differences
	MostOf  uint64             `json:"cap"`    // breaks of the kind that may resolve themselves in one night
	MostFen ledger.Amount      `json:"cap_amount"`
	Waits   bool               `json:"waits"` // above a cap: nothing was done, a person decides
	Engine  int                `json:"engine"`
}

// SideStatements counts the statements of one side: in a night's report those that came since
// the report before, in a period's those about its days.
type SideStatements struct {
	Side     SideName `json:"side"`
	Parties  int      `json:"parties"` // that state anything, or should
	Applied  uint64   `json:"applied"`
	Repeated uint64   `json:"repeated"`
	Refused  uint64   `json:"refused"`
	Missing  int      `json:"missing"` // parties whose horizon lies before their statement was due, or with numbers missing
}

// PartyLine is one party of which something is missing or refused.
type PartyLine struct {
	Party    provinces.Party `json:"party"`
	Horizon  ledger.Day      `json:"horizon,omitzero"` // complete up to; 0: it never stated anything
	Due      ledger.Day      `json:"due,omitzero"`     // up to where its statements were due on the evening; 0: none is expected
	Missing  []SerialRange   `json:"missing"`          // of its numbered statements
	Applied  uint64          `json:"applied"`
	Repeated uint64          `json:"repeated"`
	Refused  uint64          `json:"refused"`
	Code     provinces.Code  `json:"code,omitzero"` // of the last refusal
}

// SerialRange is numbers that are missing, both ends included.
type SerialRange struct {
	From uint64 `json:"from"`
	To   uint64 `json:"to"`
}

// Behind reports whether the party's statements end before they were due.
func (p *PartyLine) Behind() bool { return p.Horizon < p.Due }
