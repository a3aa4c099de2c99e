package reconcile

import (
	"fmt"
	"slices"
	"strconv"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Kinds of settlement (clr_type) that all bills of this house belong to: inpatient, and
// inpatient out of area.
const (
	clearingInpatient = "21"
	clearingAway      = "9902"
)

// TotalsTally holds a party's stated totals against the books: it is given every item of the
// statement's range of days, each once, in any order.
type TotalsTally struct {
	statement *provinces.Statement
	lines     []TotalsDifference
	rest      TotalsDifference // items that no line covers
	beside    []*TotalsTally   // what the party has stated in other statements of the day that is added
}

// TotalsDifference is one line of totals beside what the books have on its dimensions.
type TotalsDifference struct {
	Party  provinces.Party
	Stated provinces.StatementTotal
	Count  int64 // by the books
	Ours   Amounts

	// Of Count and Ours, the bills that were taken back on their own day. A statement of
	// bills alone may list them or not; it is tied either way.
	backCount int64
	back      Amounts
}

// NewTotalsTally starts the comparison of a statement's totals.
func NewTotalsTally(s *provinces.Statement) *TotalsTally {
	t := &TotalsTally{statement: s, rest: TotalsDifference{Party: s.Party}}
	for _, line := range s.Totals {
		t.lines = append(t.lines, TotalsDifference{Party: s.Party, Stated: line})
	}
	t.rest.Stated.ClearingType, t.rest.Stated.Account = "rest", new(ledger.Amount)
	return t
}

// Add takes an item of the books. Items of other parties or days, and what takes bills
// back where the statement leaves it out, are passed over; so are a 2601 and what it undid
// where the range holds both days, as in the answer that the party got.
func (t *TotalsTally) Add(i *Item) {
	s := t.statement
	if i.PartyOn(SideOf(s.Party.Kind)) != s.Party || i.From < s.From || i.From > s.To || i.Refund && !s.Refunds {
		return
	}
	again := i.VoidOn != 0 && !i.Refund && i.Corrects != 0 // it takes back what a statement of bills alone does not have
	if i.VoidOn != 0 && s.From <= i.VoidOn && i.VoidOn <= s.To || again && !s.Refunds {
		return
	}
	covered := slices.ContainsFunc(t.beside, func(other *TotalsTally) bool { return other.speaksOf(i) })
	for n := range t.lines {
		if line := &t.lines[n]; line.covers(i) {
			line.add(i, !s.Refunds)
			covered = true
		}
	}
	if !covered {
		t.rest.add(i, !s.Refunds)
	}
}

// Beside tells the tally what else parties have stated of the items that it is given next, in
// the place of what it was told before: a 3201 speaks of one insurance alone, so what a line
// of its party's others covers is not left over.
func (t *TotalsTally) Beside(others []*TotalsTally) {
	t.beside = t.beside[:0]
	for _, other := range others {
		if other != t && other.statement.Party == t.statement.Party {
			t.beside = append(t.beside, other)
		}
	}
}

// SpeaksOfAll stands for rows of a party's day: whether they agree or not, none of its bills is
// left over by totals.
func SpeaksOfAll(party provinces.Party, day ledger.Day) *TotalsTally {
	return NewTotalsTally(&provinces.Statement{Party: party, From: day, To: day, Totals: []provinces.StatementTotal{{}}})
}

// speaksOf reports whether a line covers an item of the statement's days.
func (t *TotalsTally) speaksOf(i *Item) bool {
	return t.statement.From <= i.From && i.From <= t.statement.To &&
		slices.ContainsFunc(t.lines, func(d TotalsDifference) bool { return d.covers(i) })
}

func (d *TotalsDifference) add(i *Item, billsAlone bool) {
	d.Count++
	d.Ours.addCash(&i.Amounts)
	if billsAlone && i.UndoneBy != 0 && i.UndoneOn == i.From {
		d.backCount++
		d.back.addCash(&i.Amounts)
	}
}

// addCash sums up with the patients' cash.
func (a *Amounts) addCash(b *Amounts) {
	var cash ledger.Amount
	for _, c := range [2]*ledger.Amount{a.Cash, b.Cash} {
		if c != nil {
			cash += *c
		}
	}
	a.add(b)
	a.Cash = &cash
}

// covers reports whether the line speaks of the item: on every dimension it has. An agency
// is one of the party's own province, and speaks for the areas that [provinces.AgencyHolds]
// says, as in the answer that the party got.
func (d *TotalsDifference) covers(i *Item) bool {
	s := &d.Stated
	own, counterpart := i.Treatment, i.Home.Province()
	if d.Party.Kind == provinces.PartyHome {
		own, counterpart = i.Home, i.Treatment.Province()
	}
	return (s.Insutype == "" || s.Insutype == i.Insutype) &&
		(s.ClearingType == "" || s.ClearingType == clearingInpatient || s.ClearingType == clearingAway) &&
		(s.Agency == "" || provinces.AgencyHolds(s.Agency, own)) &&
		(s.Counterpart == "" || s.Counterpart == counterpart)
}

// Tie says what the totals say of a bill: NoTotals where no line covers it.
func (t *TotalsTally) Tie(i *Item) Tie {
	tie := NoTotals
	for n := range t.lines {
		switch line := &t.lines[n]; {
		case !line.covers(i):
		case !line.Tied():
			return TotalsOpen
		default:
			tie = TotalsTied
		}
	}
	return tie
}

// Differences are the lines that do not agree, and, with the clearing type "rest", the
// bills of the books that no line covers, of this statement or of those that were beside it.
func (t *TotalsTally) Differences() []TotalsDifference {
	var open []TotalsDifference
	for _, line := range t.lines {
		if !line.Tied() {
			open = append(open, line)
		}
	}
	if t.rest.Count > 0 {
		open = append(open, t.rest)
	}
	return open
}

// Tied reports whether line and books agree on every figure that the line has.
func (d *TotalsDifference) Tied() bool {
	return d.tied(0, &Amounts{}) || d.tied(d.backCount, &d.back)
}

// tied holds the line against the books without some of their bills.
func (d *TotalsDifference) tied(without int64, amounts *Amounts) bool {
	s := &d.Stated
	return s.Count == d.Count-without && s.Total == d.Ours.Total-amounts.Total && s.Funds == d.Ours.Funds-amounts.Funds &&
		(s.Account == nil || *s.Account == d.Ours.Account-amounts.Account) &&
		(s.Cash == nil || *s.Cash == valueOf(d.Ours.Cash)-valueOf(amounts.Cash))
}

func valueOf(a *ledger.Amount) ledger.Amount {
	if a == nil {
		return 0
	}
	return *a
}

// Owed is what the line says is owed less what the books do. A line without the personal
// account is compared without it.
func (d *TotalsDifference) Owed() ledger.Amount {
	owed := d.Stated.Funds - d.Ours.Funds
	if d.Stated.Account != nil {
		owed += *d.Stated.Account - d.Ours.Account
	}
	return owed
}

// Result is the stmt_rslt that a party gets for the line.
func (d *TotalsDifference) Result() string {
	switch {
	case d.Tied():
		return provinces.StatementBalanced
	case d.Owed() < 0:
		return provinces.StatementOursMore
	case d.Owed() > 0:
		return provinces.StatementYourMore
	}
	return provinces.StatementDiffers
}

// Dimensions names the line in a break's key: insurance, clearing type, agency and
// counterpart, with a dash for what it does not have.
func (d *TotalsDifference) Dimensions() string {
	text := ""
	for i, one := range []string{d.Stated.Insutype, d.Stated.ClearingType, string(d.Stated.Agency), string(d.Stated.Counterpart)} {
		if i > 0 {
			text += "."
		}
		if one == "" {
			one = "-"
		}
		text += one
	}
	return text
}

// text writes both sides' figures: count, total, funds.
func (d *TotalsDifference) text() (ours, theirs string) {
	return fmt.Sprintf("%d %s %s", d.Count, d.Ours.Total, d.Ours.Funds),
		strconv.FormatInt(d.Stated.Count, 10) + " " + d.Stated.Total.String() + " " + d.Stated.Funds.String()
}
