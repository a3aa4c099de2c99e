package service

import (
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Subjects of the services that show what reconciliation found. They change nothing:
// deciding has a door of its own.
const (
	Breaks    = "clearing.breaks"
	Break     = "clearing.break"
	Reconcile = "clearing.reconcile"
	Why       = "clearing.why"
)

// Words of BreaksRequest.State beside the states of package reconcile. Whether a settled
// break is still found is known of the newest match alone.
const (
	StateUnsettled = ""       // open or proposed
	StateAll       = "all"    // whatever its state
	StateStill     = "still"  // of bills: resolved or decided, and a side states it otherwise still
	StateBroken    = "broken" // unsettled and found by the newest match, or still: of bills, what the sums of broken bills hold
)

// States are the words that BreaksRequest.State can be.
func States() []string {
	return []string{
		StateUnsettled, StateAll, StateBroken, StateStill,
		string(reconcile.Open), string(reconcile.Proposed), string(reconcile.Resolved), string(reconcile.Decided), string(reconcile.Gone),
	}
}

// BreaksRequest selects breaks. Every field must hold; zero values select all.
type BreaksRequest struct {
	Evening   *ledger.Day      `json:"evening,omitempty"`   // as they stood then; nil: as they stand now, with what officers did since the last closed day
	From      *ledger.Day      `json:"from,omitempty"`      // business days of what they are about, inclusive
	To        *ledger.Day      `json:"to,omitempty"`        //
	Home      string           `json:"home,omitempty"`      // a province (two digits) or an area (six)
	Treatment string           `json:"treatment,omitempty"` // the same
	Province  ledger.Province  `json:"province,omitempty"`  // on either side
	Provider  string           `json:"provider,omitempty"`
	Class     reconcile.Class  `json:"class,omitempty"`
	Age       string           `json:"age,omitempty"` // a bucket, as report.AgeID names it
	Overdue   bool             `json:"overdue,omitempty"`
	Owner     report.SideName  `json:"owner,omitempty"`
	State     string           `json:"state,omitempty"`    // one of States
	Happened  report.Happening `json:"happened,omitempty"` // on the evening; settled ones too
	Group     string           `json:"group,omitempty"`    // of an automatic resolution
	After     string           `json:"after,omitempty"`    // only keys behind this one, in the order of keys
	Limit     int              `json:"limit,omitempty"`    // at most so many; 0: 200, which is also the most
}

// BreaksLimit is the most breaks in one part of a list.
const BreaksLimit = 200

// BreaksReply is a part of a list of breaks, by key, with the sums of the whole of it. Call
// again with After = Next until Next is "".
type BreaksReply struct {
	Evening ledger.Day `json:"evening"` // on which working days are counted: the one asked for, or the last closed day

	// Behind: sides have stated something, and the newest match is of an evening before (nil:
	// there was none), because the calendar of the year is missing. What has differed since
	// is in no list.
	Behind  bool        `json:"behind,omitempty"`
	Matched *ledger.Day `json:"matched,omitempty"`

	Breaks  []report.BreakLine `json:"breaks"`
	Next    string             `json:"next,omitempty"`
	Sum     report.BreakSum    `json:"sum"`     // of all that were selected
	Overdue uint64             `json:"overdue"` // of them, those past their due date
	Classes []report.ClassLine `json:"classes"` // the same by class
}

// BreakRequest names one break.
type BreakRequest struct {
	Key     string      `json:"key"`
	Evening *ledger.Day `json:"evening,omitempty"` // as it stood then; nil: as it stands now
}

// BreakReply is one break with everything that is known of it.
type BreakReply struct {
	Evening  ledger.Day       `json:"evening"`
	Break    report.BreakLine `json:"break"`
	Figures  []FigureRow      `json:"figures"`  // books and sides beside each other
	Findings []BreakFinding   `json:"findings"` // in the order of sides and fields
	History  []BreakEvent     `json:"history"`  // up to the evening, oldest first
	Sources  []BreakSource    `json:"sources"`  // where the sides' rows stand
	Horizons []BreakHorizon   `json:"horizons"` // how far each side is complete
	UndoneBy uint64           `json:"undone_by,omitempty"`
	Corrects uint64           `json:"corrects,omitempty"`
}

// FigureRow is one figure as the books and the three sides have it, by report.SideNames.
// A figure that is not stated is "". A person or a visit is never written: it is told to
// be the same, or to differ.
type FigureRow struct {
	Field   string    `json:"field"` // wire name, "day", or "owed" for funds and account together
	Books   string    `json:"books"`
	Sides   [3]string `json:"sides"`
	Differs [3]bool   `json:"differs"`
}

// BreakFinding is one thing that one side has otherwise than the books.
type BreakFinding struct {
	Side   report.SideName `json:"side"`
	Class  reconcile.Class `json:"class"`
	More   reconcile.More  `json:"more,omitempty"`
	Owed   ledger.Amount   `json:"owed"` // the side's less the books'
	Field  string          `json:"field,omitempty"`
	Ours   string          `json:"ours,omitempty"`
	Theirs string          `json:"theirs,omitempty"`
	Cause  *BreakCause     `json:"cause,omitempty"` // nil: unknown
}

// BreakCause is a cause that was proved.
type BreakCause struct {
	Kind  reconcile.CauseKind `json:"kind"`
	Owed  ledger.Amount       `json:"owed"`           // what it explains
	Proof []string            `json:"proof"`          // the recomputation, line by line
	Refs  []uint64            `json:"refs,omitempty"` // books' numbers that it rests on
}

// BreakEvent is one change of a break.
type BreakEvent struct {
	Evening ledger.Day      `json:"evening"`
	State   reconcile.State `json:"state"`
	What    string          `json:"what"` // see reconcile.Event
	Class   reconcile.Class `json:"class,omitempty"`
	Act     uint64          `json:"act,omitempty"` // the books' number of the act behind it
	Group   string          `json:"group,omitempty"`
	Why     string          `json:"why,omitempty"`   // why it was opened again, or how it changed
	Maker   string          `json:"maker,omitempty"` // of the act
	Checker string          `json:"checker,omitempty"`
	Reason  string          `json:"reason,omitempty"`
}

// BreakSource is one row of a side.
type BreakSource struct {
	Side      report.SideName `json:"side"`
	Party     provinces.Party `json:"party"`
	Statement string          `json:"statement"`
	Line      int             `json:"line"`
	From      ledger.Day      `json:"from"` // business days that the statement gives it
	To        ledger.Day      `json:"to"`
}

// BreakHorizon is how far a side's party is complete.
type BreakHorizon struct {
	Side  report.SideName `json:"side"`
	Party provinces.Party `json:"party"`
	Until ledger.Day      `json:"until,omitempty"` // 0: it never stated anything
}

// ReconcileRequest asks for the result of one business day, or of all days together.
type ReconcileRequest struct {
	Day *ledger.Day `json:"day,omitempty"` // nil: the last closed day
	Run bool        `json:"run,omitempty"` // match it now; the same inputs change nothing
}

// ReconcileReply is what the match says of a business day.
type ReconcileReply struct {
	Day      ledger.Day             `json:"day"`
	Evening  ledger.Day             `json:"evening"` // the last closed day when it was made
	Engine   int                    `json:"engine"`
	Inputs   string                 `json:"inputs"` // hex digest of everything it was made from
	Ran      bool                   `json:"ran"`    // it was made now; false: these inputs were matched before
	Final    bool                   `json:"final"`
	Pairs    []reconcile.PairResult `json:"pairs"`
	Rows     []reconcile.ClassSum   `json:"rows"` // rows without a bill
	Horizons []SideHorizon          `json:"horizons"`
}

// SideHorizon says how many parties of a side reach past the day.
type SideHorizon struct {
	Side  report.SideName `json:"side"`
	There int             `json:"there"` // parties whose horizon reaches the day
	Asked int             `json:"asked"` // parties with bills of the day that are asked for statements
}

// WhyRequest asks why a party and the books are apart.
type WhyRequest struct {
	Party string      `json:"party"`          // provider.31.H31010100017, treatment.31 or home.65
	From  *ledger.Day `json:"from,omitempty"` // business days, both included; nil: 30 days before the last
	To    *ledger.Day `json:"to,omitempty"`   // nil: the last closed day
}

// WhyReply is the answer, over the days that the party has spoken about: those up to its
// horizon.
type WhyReply struct {
	Party   provinces.Party       `json:"party"`
	From    ledger.Day            `json:"from"`
	To      ledger.Day            `json:"to"`
	Evening ledger.Day            `json:"evening"`          // as of which the match was made
	Horizon ledger.Day            `json:"horizon,omitzero"` // 0: it never stated anything
	Days    []WhyDay              `json:"days"`             // with a bill or a row, in order
	Why     reconcile.Explanation `json:"why"`
}

// WhyDay is one business day of a party and the books. Bills that the party need not state,
// as one that was taken back on its own day, are left out.
type WhyDay struct {
	Day    ledger.Day     `json:"day"`
	Books  reconcile.Sum  `json:"books"`
	Theirs *reconcile.Sum `json:"theirs,omitempty"` // nil: the party's statements do not reach the day yet
}
