package report

import (
	"encoding/hex"
	"fmt"

	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// SideName is one of the three sides in words: what reconcile.Side writes.
type SideName string

// The sides.
const (
	SideHospital  SideName = "hospital"
	SideTreatment SideName = "treatment"
	SideHome      SideName = "home"
)

// SideNames lists the sides in the order in which they are shown.
var SideNames = []SideName{SideHospital, SideTreatment, SideHome}

// What one side says of what a line is about.
const (
	SideAgrees   = "agrees"    // it has the bill, and nothing differs
	SideTied     = "tied"      // its totals agree, and no rows were needed
	SideAwaited  = "awaited"   // its horizon does not reach the day yet
	SideDiffers  = "differs"   // it has it otherwise, or lacks it
	SideNotAsked = "not-asked" // no statements of it are expected
)

var sideStates = map[reconcile.SideState]string{
	reconcile.Agrees: SideAgrees, reconcile.Tied: SideTied, reconcile.Awaited: SideAwaited, reconcile.Differs: SideDiffers, reconcile.NotAsked: SideNotAsked,
}

// SideStateWord is the word for what a side says of a bill: SideAgrees and so on.
func SideStateWord(s reconcile.SideState) string { return sideStates[s] }

// BreakLine is one break as officers read it, as of an evening: a line of breaks.csv, of
// breaks.xlsx, of the console and of clearctl. It names no person.
type BreakLine struct {
	Key       string          `json:"key"`  // reconcile.Break.Key
	Day       ledger.Day      `json:"day"`  // business day of what it is about
	Home      ledger.Area     `json:"home"` // "" where the side does not say
	Treatment ledger.Area     `json:"treatment"`
	Provider  string          `json:"provider"`
	Entry     uint64          `json:"entry,omitzero"` // the bill's books' number; 0: a row or a total without a bill
	Row       string          `json:"settlement_id,omitzero"`
	Party     provinces.Party `json:"party"` // whose statement

	Class  reconcile.Class     `json:"class"`
	Side   SideName            `json:"side,omitzero"`  // of the first finding
	More   reconcile.More      `json:"more,omitzero"`  // who has more, by the first finding
	Field  string              `json:"field,omitzero"` // wire name of what differs first
	Others int                 `json:"other_findings,omitzero"`
	Cause  reconcile.CauseKind `json:"cause,omitzero"` // "": unknown

	Books      ledger.Amount `json:"books"`          // owed by the books; 0 where no bill stands behind it
	Difference ledger.Amount `json:"difference"`     // the side's less the books', of the first finding
	Sides      []SideFigure  `json:"sides,omitzero"` // by SideNames

	FirstSeen ledger.Day      `json:"first_seen"`
	Due       ledger.Day      `json:"due"`
	Overdue   int             `json:"overdue"`         // working days past Due on the evening; 0: due that evening; negative: so many left
	Owner     SideName        `json:"owner"`           // whose turn it is
	State     reconcile.State `json:"state"`           // on the evening
	Agrees    bool            `json:"agrees,omitzero"` // the newest match does not find it: the side has the bill as the books do, and a person has the word
	Facts     string          `json:"facts"`           // hex of the digest that a decision is about
}

// SideFigure is what one side states of what a break is about. Amounts that it does not
// state are nil; of several rows they are sums.
type SideFigure struct {
	State   string         `json:"state"` // "": not told
	Rows    int            `json:"rows"`
	Apart   *ledger.Amount `json:"apart,omitzero"` // its figure less the books', by the findings: also where rows and bills are not one to one; nil: it has not spoken
	Owed    *ledger.Amount `json:"owed,omitzero"`  // funds and personal account
	Total   *ledger.Amount `json:"total,omitzero"`
	Funds   *ledger.Amount `json:"funds,omitzero"`
	Account *ledger.Amount `json:"personal_account,omitzero"`
	Cash    *ledger.Amount `json:"cash,omitzero"`
}

// NewBreakLine makes the line of a break, as it stood on the evening that is told of
// ([reconcile.Break.On]). overdue is in working days, as [BreakLine] has it. result is what the
// match made of the bill or row then; nil leaves what the sides state untold. Error:
// ledger.ErrOverflow.
func NewBreakLine(b *reconcile.Break, overdue int, result *reconcile.Result) (BreakLine, error) {
	l := BreakLine{
		Key: b.Key, Day: b.Day, Home: b.Home, Treatment: b.Treatment, Provider: b.Provider, Entry: b.Entry, Row: b.Row, Party: b.Party,
		Class: b.Class, Books: b.Books, Difference: b.Owed,
		FirstSeen: b.FirstSeen, Due: b.Due, Overdue: overdue, Owner: SideName(b.Owner.String()), State: b.State, Agrees: !b.Found(), Facts: hex.EncodeToString(b.Facts[:]),
	}
	if len(b.Findings) > 0 {
		first := b.Findings[0]
		l.Side, l.More, l.Field, l.Others = SideName(first.Side.String()), first.More, first.Field, len(b.Findings)-1
		if first.Cause != nil {
			l.Cause = first.Cause.Kind
		}
	}
	if result == nil {
		result = &reconcile.Result{}
	}
	for _, side := range reconcile.Sides {
		figure, err := newSideFigure(result.States[side], result.Sides[side])
		if err == nil {
			err = figure.part(b.Findings, side)
		}
		if err != nil {
			return BreakLine{}, fmt.Errorf("break %s: %s: %w", b.Key, side, err)
		}
		l.Sides = append(l.Sides, figure)
	}
	return l, nil
}

// part says how far the side is apart: by the sum of its findings, which is what its rows
// say is owed less what the books do.
func (f *SideFigure) part(findings []reconcile.Finding, side reconcile.Side) error {
	var apart ledger.Amount
	found := false
	for i := range findings {
		if findings[i].Side != side {
			continue
		}
		found = true
		if err := addTo(&apart, findings[i].Owed); err != nil {
			return err
		}
	}
	if found {
		f.State = SideDiffers
	}
	if found || f.State == SideAgrees || f.State == SideTied {
		f.Apart = &apart
	}
	return nil
}

func newSideFigure(state reconcile.SideState, items []reconcile.Item) (f SideFigure, err error) {
	f = SideFigure{State: sideStates[state], Rows: len(items)}
	add := func(sum **ledger.Amount, a ledger.Amount) {
		if *sum == nil {
			*sum = new(ledger.Amount)
		}
		if err == nil {
			err = addTo(*sum, a)
		}
	}
	for _, item := range items {
		a := item.Amounts
		add(&f.Total, a.Total)
		add(&f.Funds, a.Funds)
		add(&f.Account, a.Account)
		add(&f.Owed, a.Funds)
		add(&f.Owed, a.Account)
		if a.Cash != nil {
			add(&f.Cash, *a.Cash)
		}
	}
	return f, err
}

// Of is what a side states; a zero figure where it is not told.
func (l *BreakLine) Of(side SideName) SideFigure {
	for i, name := range SideNames {
		if name == side && i < len(l.Sides) {
			return l.Sides[i]
		}
	}
	return SideFigure{}
}

// Apart is how far a side is from the books on what the line is about: its figure less
// the books'. told is false where the side has not spoken yet, or is not asked.
func (l *BreakLine) Apart(side SideName) (apart ledger.Amount, told bool) {
	if f := l.Of(side); f.Apart != nil {
		return *f.Apart, true
	}
	return 0, false
}

// Alone reports whether no single bill of the books stands behind the line: a row that
// the books do not know, a line of totals, statements that are missing or refused.
func (l *BreakLine) Alone() bool { return l.Entry == 0 }

// Accepted is the bill whose accepted difference no side states any more; 0 if the line is
// about something else. It is no bill's own line, for the bill agrees.
func (l *BreakLine) Accepted() uint64 { return reconcile.AcceptedBill(l.Key) }

// Bill is the books' number of the bill to look at; 0 if there is none.
func (l *BreakLine) Bill() uint64 { return max(l.Entry, l.Accepted()) }
