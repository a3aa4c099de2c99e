package console

import (
	"context"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Reconciliation answers what the pages about breaks and statements ask, in the manner of
// [Books] and with its errors.
type Reconciliation interface {
	Breaks(context.Context, service.BreaksRequest) (service.BreaksReply, error)
	Break(context.Context, service.BreakRequest) (service.BreakReply, error)
	// Reconcile is asked for results alone: Run is never set.
	Reconcile(context.Context, service.ReconcileRequest) (service.ReconcileReply, error)
	// Standings lists the bills of a pair and day with what each side says of them, in the
	// books' order.
	Standings(context.Context, StandingQuery) (StandingPage, error)
	// Provider puts a hospital beside the books, day by day.
	Provider(context.Context, ProviderQuery) (ProviderDays, error)
	// Statements says what the books have of a party.
	Statements(context.Context, StatementsQuery) (PartyStatements, error)
}

// StandingQuery selects bills of one day and pair. Every field must hold; zero values
// select all.
type StandingQuery struct {
	Day       ledger.Day
	Home      string              // a province, or an area
	Treatment string              // the same
	Standing  *reconcile.Standing // nil: all
	After     uint64              // only bills with a greater books' number
	Limit     int                 // at most so many, above 0
}

// StandingPage is a part of a list of bills with their standing, by books' number.
type StandingPage struct {
	Evening ledger.Day // as of which the match was made
	Bills   []StandingBill
	Sums    report.Standings // of all bills of the day and pair, whatever their standing
	Next    uint64           // After of the next part; 0: this is the end
}

// StandingBill is one bill and what the sides say of it.
type StandingBill struct {
	report.Bill
	Standing reconcile.Standing
	Sides    [3]string // what each says, by report.SideNames: report.SideAgrees and so on
	Break    string    // key of its break; "": none
}

// ProviderQuery names a hospital and a range of business days, inclusive.
type ProviderQuery struct {
	Provider string
	From, To ledger.Day
}

// ProviderDays is a hospital beside the books.
type ProviderDays struct {
	Evening ledger.Day    // as of which the match was made
	Area    ledger.Area   // of the hospital
	Horizon ledger.Day    // complete up to; 0: it never stated anything
	Days    []ProviderDay // those with a bill or a row, by day

	// Breaks are the open ones of the days, by day then key, at most [ProviderBreaksMax].
	Breaks []report.BreakLine
	More   int // that are not in Breaks

	// Why is the match's answer to why the two are apart, over the days that the hospital
	// has spoken about (reconcile.Explain with To at most the Horizon).
	Why reconcile.Explanation
}

// ProviderBreaksMax is the most breaks that a hospital's page lists.
const ProviderBreaksMax = 400

// ProviderDay is one business day of a hospital.
type ProviderDay struct {
	Day      ledger.Day
	Books    reconcile.Sum
	Hospital *reconcile.Sum // nil: its statements do not reach the day yet
}

// StatementsQuery names a party and a range of business days, inclusive.
type StatementsQuery struct {
	Party    provinces.Party
	From, To ledger.Day
}

// PartyStatements is what the books have of a party.
type PartyStatements struct {
	Horizon    ledger.Day // complete up to; 0: it never stated anything
	Due        ledger.Day // up to where its statements are due by now; 0: none is expected
	NextSerial uint64     // the number its next statement should have; 0: it does not number them
	Missing    []report.SerialRange
	Days       []StatedDay     // of the range, by day: every day with bills in the books or with statements
	Statements []StatementLine // of the range, newest first
}

// StatedDay is one business day of a party.
type StatedDay struct {
	Day       ledger.Day
	Books     reconcile.Sum  // what the books have of it
	Rows      *reconcile.Sum // by the rows in force; nil: none
	Totals    *reconcile.Sum // by the totals in force; nil: none
	Statement string         // id of the statement in force; "": none
	Breaks    uint64         // open ones
}

// StatementLine is one statement.
type StatementLine struct {
	ID       string
	Serial   uint64
	From, To ledger.Day
	Horizon  ledger.Day
	Received ledger.Day // business day on which it came
	Outcome  provinces.StatementOutcome
	Code     provinces.Code // of a refusal
	Rows     uint64
}
