package clearing

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"

	"clearingd/ledger"
	"clearingd/provinces"
)

// StatementOwner tells whose bill a settlement id of this house names; ok is false where
// the books have no such bill.
type StatementOwner func(number uint64) (provider string, home ledger.Area, ok bool, err error)

// StatementCheck holds the rows of a statement against its head, row by row: whose they
// are, that none stands twice, that they add up to the totals. Of the rows it keeps eight
// bytes each, so that it stays small whatever comes.
type StatementCheck struct {
	statement *provinces.Statement
	owner     StatementOwner

	rows     int64
	keys     []uint64               // hash of each row's key; equal ones are looked at again
	sums     []totalSum             // by the statement's totals
	problems []provinces.FieldError // of the lowest code met
	suspects map[uint64]bool        // keys that stand more than once
	met      map[string]int         // line of the suspects' rows, by their whole key
}

type totalSum struct {
	count          int64
	total, funds   ledger.Amount
	account, cash  ledger.Amount
	cashIsNotKnown bool
	overflowed     bool
}

// NewStatementCheck begins a check. owner may be nil: then whose a bill is follows from the
// rows alone.
func NewStatementCheck(s *provinces.Statement, owner StatementOwner) *StatementCheck {
	return &StatementCheck{statement: s, owner: owner, sums: make([]totalSum, len(s.Totals))}
}

// Refuse notes what the adapter found wrong with a line.
func (c *StatementCheck) Refuse(refusal *provinces.RejectError) {
	for _, e := range refusal.Errors {
		c.note(e)
	}
}

func (c *StatementCheck) note(e provinces.FieldError) {
	switch {
	case len(c.problems) == 0 || e.Code < c.problems[0].Code:
		c.problems = append(c.problems[:0], e)
	case e.Code == c.problems[0].Code && len(c.problems) < provinces.MaxFieldErrors:
		c.problems = append(c.problems, e)
	}
}

func (c *StatementCheck) report(code provinces.Code, line int, column, expected, found string) {
	c.note(provinces.FieldError{Code: code, Field: fmt.Sprintf("line %d, %s", line, column), Expected: expected, Found: found})
}

// Rows counts the rows so far.
func (c *StatementCheck) Rows() int64 { return c.rows }

// Row takes one row. An error is the owner's; what is wrong with the row is kept. It must
// not be called any more once it has returned false: there are too many rows.
func (c *StatementCheck) Row(row *provinces.StatementRow) (more bool, err error) {
	if c.rows++; c.rows > provinces.StatementRowsMax {
		c.note(provinces.FieldError{Code: provinces.CodeStatementSize, Field: fmt.Sprintf("line %d", row.Line), Expected: fmt.Sprintf("at most %d rows", provinces.StatementRowsMax)})
		return false, nil
	}
	c.keys = append(c.keys, rowHash(row))
	if row.Refund && !c.statement.Refunds {
		c.report(provinces.CodeForm, row.Line, "refd_setl_flag", "0, as the head says", "1")
	}
	if err := c.whose(row); err != nil {
		return false, err
	}
	c.add(row)
	return true, nil
}

func rowKey(row *provinces.StatementRow) string {
	if row.Refund {
		return row.SettlementID + "\x001"
	}
	return row.SettlementID
}

func rowHash(row *provinces.StatementRow) uint64 {
	h := fnv.New64a()
	h.Write([]byte(rowKey(row)))
	return h.Sum64()
}

// whose refuses rows of other parties, as far as it can be known: by the row's own columns,
// by the area in a settlement id of this house, and by the books.
func (c *StatementCheck) whose(row *provinces.StatementRow) error {
	party := c.statement.Party
	foreign := func(column, expected, found string) {
		c.report(provinces.CodeStatementForeign, row.Line, column, expected, found)
	}
	home := party.Kind == provinces.PartyHome
	switch {
	case home && row.Home == "":
		c.report(provinces.CodeMissing, row.Line, "insuplc_admdvs", string(party.Province)+"....", "")
	case home && row.Home.Province() != party.Province:
		foreign("insuplc_admdvs", string(party.Province)+"....", string(row.Home))
	case !home && row.Treatment != "" && row.Treatment.Province() != party.Province:
		foreign("mdtrtarea_admvs", string(party.Province)+"....", string(row.Treatment))
	case party.Provider != "" && row.Provider != "" && row.Provider != party.Provider:
		foreign("fixmedins_code", party.Provider, row.Provider)
	}
	area, number, ours := ParseSettlementID(row.SettlementID)
	if !ours {
		return nil
	}
	if !home && area.Province() != party.Province {
		foreign("setl_id", string(party.Province)+"....G", row.SettlementID)
		return nil
	}
	if c.owner == nil || party.Kind == provinces.PartyTreatment {
		return nil
	}
	provider, insurer, known, err := c.owner(number)
	if err != nil || !known {
		return err
	}
	if home && insurer.Province() != party.Province || !home && provider != party.Provider {
		foreign("setl_id", "a settlement of "+party.Key(), row.SettlementID)
	}
	return nil
}

// add takes the row into the total it belongs to.
func (c *StatementCheck) add(row *provinces.StatementRow) {
	found := -1
	for i := range c.statement.Totals {
		if !c.belongs(row, &c.statement.Totals[i]) {
			continue
		}
		if found >= 0 {
			c.report(provinces.CodeStatementTotal, row.Line, "setl_id", "a row of one total", "of two")
			return
		}
		found = i
	}
	if found < 0 {
		c.report(provinces.CodeStatementTotal, row.Line, "setl_id", "a row of one total", "of none")
		return
	}
	sum := &c.sums[found]
	sum.count++
	overflow := false
	var cash ledger.Amount
	if row.Cash == nil {
		sum.cashIsNotKnown = true
	} else {
		cash = *row.Cash
	}
	for _, part := range []struct {
		to     *ledger.Amount
		amount ledger.Amount
	}{{&sum.total, row.Total}, {&sum.funds, row.Funds}, {&sum.account, row.Account}, {&sum.cash, cash}} {
		var err error
		*part.to, err = part.to.Add(part.amount)
		overflow = overflow || err != nil
	}
	if overflow {
		sum.overflowed = true
		c.report(provinces.CodeStatementTotal, row.Line, "medfee_sumamt", "sums that can be", "")
	}
}

// belongs reports whether a row is one that the total adds up: what both state agrees.
func (c *StatementCheck) belongs(row *provinces.StatementRow, t *provinces.StatementTotal) bool {
	own, other := row.Treatment, row.Home.Province()
	if c.statement.Party.Kind == provinces.PartyHome {
		own, other = row.Home, row.Treatment.Province()
	}
	return (t.Insutype == "" || row.Insutype == "" || t.Insutype == row.Insutype) &&
		(t.Counterpart == "" || other == "" || t.Counterpart == other) &&
		(t.Agency == "" || own == "" || provinces.AgencyHolds(t.Agency, own))
}

// Totals holds the sums of all rows against the totals. It is called once, behind the
// last row.
func (c *StatementCheck) Totals() {
	if c.rows == 0 && len(c.problems) == 0 {
		for i := range c.statement.Totals {
			if c.statement.Totals[i].Count != 0 {
				c.note(provinces.FieldError{Code: provinces.CodeStatementFile, Field: "file", Expected: "rows", Found: "none"})
				return
			}
		}
	}
	for i := range c.sums {
		c.total(i)
	}
}

// total holds one total against what its rows came to.
func (c *StatementCheck) total(i int) {
	t, sum := &c.statement.Totals[i], &c.sums[i]
	wrong := func(member, expected, found string) {
		c.note(provinces.FieldError{
			Code: provinces.CodeStatementTotal, Field: provinces.StatementTotalField(c.statement, i, member), Expected: expected, Found: found,
		})
	}
	if t.Count != sum.count {
		wrong("setl_cnt", fmt.Sprint(sum.count), fmt.Sprint(t.Count))
	}
	amount := func(member string, rows, stated ledger.Amount) {
		if rows != stated {
			wrong(member, rows.String(), stated.String())
		}
	}
	if sum.overflowed { // what it came to is no figure
		return
	}
	amount("medfee_sumamt", sum.total, t.Total)
	amount("fund_pay_sumamt", sum.funds, t.Funds)
	if t.Account != nil {
		amount("acct_pay", sum.account, *t.Account)
	}
	if t.Cash != nil && !sum.cashIsNotKnown && sum.count > 0 {
		amount("psn_cash_pay", sum.cash, *t.Cash)
	}
}

// Suspects reports whether two rows may be the same: then all rows must be shown to Again.
func (c *StatementCheck) Suspects() bool {
	slices.Sort(c.keys)
	for i := 1; i < len(c.keys); i++ {
		if c.keys[i] == c.keys[i-1] {
			if c.suspects == nil {
				c.suspects, c.met = make(map[uint64]bool), make(map[string]int)
			}
			c.suspects[c.keys[i]] = true
		}
	}
	return len(c.suspects) > 0
}

// Again looks at a row a second time and finds the one it repeats.
func (c *StatementCheck) Again(row *provinces.StatementRow) {
	if !c.suspects[rowHash(row)] {
		return
	}
	key := rowKey(row)
	if line, twice := c.met[key]; twice {
		c.report(provinces.CodeStatementTwice, row.Line, "setl_id", "once", fmt.Sprintf("also in line %d", line))
		return
	}
	if len(c.met) < suspectsMax {
		c.met[key] = row.Line
	}
}

// suspectsMax bounds the second look: a file that repeats itself is refused by the first
// lines that do.
const suspectsMax = 100_000

// Refusal is what is wrong with the rows; nil if nothing is.
func (c *StatementCheck) Refusal() *provinces.RejectError {
	if len(c.problems) == 0 {
		return nil
	}
	code := slices.MinFunc(c.problems, func(a, b provinces.FieldError) int { return cmp.Compare(a.Code, b.Code) }).Code
	return &provinces.RejectError{Code: code, Errors: c.problems}
}
