package clearing

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"

	"clearingd/ledger"
	"clearingd/provinces"
)

// MonthOrder is a 3261 or 3262 as an act: a hospital, or the treatment province itself,
// confirms the month's rows or takes a confirmation back (national-interface 4.4).
type MonthOrder struct {
	Period   Period      `json:"period"`
	Provider string      `json:"provider,omitempty"` // "": the treatment province, for all its hospitals
	Area     ledger.Area `json:"area"`               // mdtrtarea_admvs of the message; the handle begins with it
	MsgID    string      `json:"msgid"`
	Rows     []MonthRow  `json:"rows,omitempty"`  // confirm: 1 to provinces.MonthRowsMax
	Batch    uint64      `json:"batch,omitempty"` // rollback: the books' number of the confirmation; 0: all of the period
}

// MonthRow is one row as the message has it.
type MonthRow struct {
	SettlementID string        `json:"setl_sn"`
	VisitID      string        `json:"mdtrt_id"`
	SettledAt    string        `json:"mdtrt_setl_time"` // yyyy-MM-dd HH:mm:ss
	Total        ledger.Amount `json:"medfee_sumamt"`
	Pays         ledger.Amount `json:"optins_pay_sumamt"`
	Confirm      bool          `json:"cnfm_flag"` // false: leave out of this clearing
}

// MonthTarget is the target of a month's orders.
func MonthTarget(p Period) string { return "month/" + strconv.Itoa(int(p)) }

// MonthObject is the object of a message of the monthly clearing: its place, so that each
// msgid of an institution is used once.
func MonthObject(province ledger.Province, provider, msgid string) string {
	digest := sha256.Sum256(fmt.Appendf(nil, "month %s %s %s", province, provider, msgid))
	return hex.EncodeToString(digest[:])
}

// monthProblems gathers what is wrong with a message's rows: all of the lowest code.
type monthProblems struct{ refusal *provinces.RejectError }

func (p *monthProblems) add(code provinces.Code, row int, member, expected, found string) {
	e := provinces.FieldError{Code: code, Field: fmt.Sprintf("input.detail[%d].%s", row, member), Expected: expected, Found: found}
	switch {
	case p.refusal == nil || code < p.refusal.Code:
		p.refusal = &provinces.RejectError{Code: code, Errors: []provinces.FieldError{e}}
	case code == p.refusal.Code && len(p.refusal.Errors) < provinces.MaxFieldErrors:
		p.refusal.Errors = append(p.refusal.Errors, e)
	}
}

// period holds the order's period against its window and the target.
func (a *acting) period() (*MonthOrder, error) {
	m := a.order.Month
	if !m.Period.Valid() || a.order.Target != MonthTarget(m.Period) || m.Provider != "" && !provinces.ValidProvider(m.Provider) ||
		m.Area.Province() != a.order.Province || len(m.Area) != 6 || !provinces.ValidMsgID(m.MsgID) {
		return nil, provinces.Reject(provinces.CodeActForm, "month", "a period, a provider and an area of the province", "")
	}
	from, to := m.Period.Window()
	if a.day < from || a.day > to {
		return nil, provinces.Reject(provinces.CodeMonthPeriod, "input.data.trt_month", from.String()+".."+to.String(), a.day.String())
	}
	return m, nil
}

// confirm takes a batch of rows (3261): all of it or nothing. A row that is confirmed must
// be in every figure what the books have; it goes from accrued to confirmed with all that
// stands of it. A row that is left out stays, and rolls into the next period.
func (a *acting) confirm() error {
	m, err := a.period()
	if err != nil {
		return err
	}
	if len(m.Rows) == 0 || len(m.Rows) > provinces.MonthRowsMax {
		return provinces.Reject(provinces.CodeMonthCount, "input.detail", "1.."+strconv.Itoa(provinces.MonthRowsMax), strconv.Itoa(len(m.Rows)))
	}
	var problems monthProblems
	var rows []uint64
	seen := map[string]bool{}
	for i, row := range m.Rows {
		if seen[row.SettlementID] {
			problems.add(provinces.CodeMonthCount, i, "setl_sn", "once", row.SettlementID)
		}
		seen[row.SettlementID] = true
		offer, err := a.offered(m, row)
		if err != nil {
			return err
		}
		if !a.fits(&problems, i, m, row, offer) {
			continue
		}
		if err := a.takeRow(m.Period, row.Confirm, offer); err != nil {
			return err
		}
		if row.Confirm {
			rows = append(rows, offer.Row.Number)
		}
	}
	if problems.refusal != nil {
		return problems.refusal
	}
	a.open(Case{
		Kind: CaseBatch, ID: BatchPrefix(a.order.Province, m.Provider, m.Period) + strconv.FormatUint(a.number, 10),
		State: Agreed, Treatment: a.order.Province, Provider: m.Provider, Period: m.Period, Rows: rows,
	})
	return nil
}

// offered is the row that a message names, if it is one of the institution's by the end of
// the period; nil otherwise.
func (a *acting) offered(m *MonthOrder, row MonthRow) (*Offer, error) {
	_, number, ok := ParseSettlementID(row.SettlementID)
	if !ok || number >= a.number {
		return nil, nil
	}
	offer, err := a.Offer(a.view, number)
	switch {
	case err != nil || offer == nil:
		return nil, err
	case offer.ID() != row.SettlementID, offer.Bill.Treatment.Province() != a.order.Province,
		m.Provider != "" && offer.Bill.Provider != m.Provider, offer.Row.Day > m.Period.Last():
		return nil, nil
	}
	if a.again { // what was confirmed before was not held then
		return offer, nil
	}
	return offer, offer.Hold(a.view)
}

// fits holds a row of the message against the books. A row that is left out needs to agree
// in nothing: that may be why it is left out.
func (a *acting) fits(problems *monthProblems, i int, m *MonthOrder, row MonthRow, offer *Offer) bool {
	switch {
	case offer == nil && !row.Confirm:
		return false // the books have nothing to leave out
	case offer == nil:
		problems.add(provinces.CodeMonthRow, i, "setl_sn", "", row.SettlementID)
		return false
	case !offer.Open:
		problems.add(provinces.CodeMonthDone, i, "setl_sn", "", offer.State.In().Period.String())
		return false
	case !row.Confirm:
		return true
	}
	before := problems.refusal
	for _, c := range []struct{ member, ours, theirs string }{
		{"mdtrt_id", offer.Bill.Bill.Claim.VisitID, row.VisitID},
		{"mdtrt_setl_time", offer.SettledAt, row.SettledAt},
		{"medfee_sumamt", offer.Figures.Total.String(), row.Total.String()},
		{"optins_pay_sumamt", offer.Figures.Pays.String(), row.Pays.String()},
	} {
		if c.ours != c.theirs {
			problems.add(provinces.CodeMonthDiffers, i, c.member, c.ours, c.theirs)
		}
	}
	switch {
	case offer.Held:
		problems.add(provinces.CodeMonthHeld, i, "setl_sn", "", row.SettlementID)
	case m.Period.TooLate(offer.Row.Day):
		problems.add(provinces.CodeMonthLate, i, "setl_sn", "", row.SettlementID)
	}
	return before == nil && problems.refusal == nil
}

// takeRow confirms a row or leaves it out.
func (a *acting) takeRow(period Period, confirm bool, offer *Offer) error {
	number := offer.Row.Number
	stands, err := Standing(a.view, offer.Row)
	if err != nil {
		return err
	}
	row, err := a.row(number)
	if err != nil {
		return err
	}
	if !confirm {
		row.Left = period
		return nil
	}
	row.Batches, row.Left = append(row.Batches, RowBatch{a.number, period}), 0
	for _, s := range stands {
		if s.Stage == ledger.Accrued {
			a.act.Moves = append(a.act.Moves, Move{number, s.Fund, ledger.Accrued, ledger.Confirmed, s.Amount})
		}
	}
	return nil
}

// rollBack takes back one confirmation, or all of the institution's period (3262): every
// row goes back to accrued with what the confirmation moved.
func (a *acting) rollBack() error {
	m, err := a.period()
	if err != nil {
		return err
	}
	prefix := BatchPrefix(a.order.Province, m.Provider, m.Period)
	var batches []Case
	if m.Batch != 0 {
		batch, err := a.view.Case(CaseKey{CaseBatch, prefix + strconv.FormatUint(m.Batch, 10)})
		if err != nil {
			return err
		}
		if batch != nil {
			batches = []Case{*batch}
		}
	} else {
		if batches, err = a.view.CasesOf(CaseBatch, prefix); err != nil {
			return err
		}
		batches = slices.DeleteFunc(batches, func(c Case) bool { return c.State != Agreed })
	}
	if len(batches) == 0 {
		return provinces.Reject(provinces.CodeMonthBatch, "input.data.otransid", "", "")
	}
	slices.SortFunc(batches, func(x, y Case) int { return int(int64(y.Version) - int64(x.Version)) }) // newest first
	for i := range batches {
		if err := a.rollBatch(&batches[i]); err != nil {
			return err
		}
	}
	return nil
}

func (a *acting) rollBatch(batch *Case) error {
	number := batch.Steps[0].Act
	gone := func(why string) error {
		return provinces.Reject(provinces.CodeMonthGone, "input.data.otransid", why, strconv.FormatUint(number, 10))
	}
	if batch.State != Agreed {
		return gone(string(Agreed))
	}
	confirmation, err := a.view.Record(number)
	if err != nil {
		return err
	}
	for _, n := range batch.Rows {
		row, err := a.row(n)
		if err != nil {
			return err
		}
		if row.In().Act != number {
			return gone("the newest confirmation of each row")
		}
		if free, err := a.undoingIsFree(n); err != nil || !free {
			if err != nil {
				return err
			}
			return gone("first what took a bill of it back")
		}
		row.Batches = row.Batches[:len(row.Batches)-1]
	}
	for _, m := range confirmation.Act.Moves {
		stands, err := a.standing(m.Row)
		if err != nil {
			return err
		}
		if have := atStage(stands, ledger.Confirmed)[m.Fund]; m.Amount > 0 && have < m.Amount || m.Amount < 0 && have > m.Amount {
			return gone("confirmed still, and nothing held back of it")
		}
		a.act.Moves = append(a.act.Moves, Move{m.Row, m.Fund, m.To, m.From, m.Amount})
	}
	rolled := *batch
	rolled.State = RolledBack
	a.touch(&rolled)
	return nil
}

// undoingIsFree: what took the row back is not confirmed, so that the two can pair again.
func (a *acting) undoingIsFree(number uint64) (bool, error) {
	by, err := a.view.Undone(number)
	if err != nil || by == 0 {
		return true, err
	}
	if state := a.rows[by]; state != nil { // rolled back by this act
		return !state.Confirmed(), nil
	}
	state, err := a.view.Row(by)
	return !state.Confirmed(), err
}

// standing is what stands of a row after what this act has moved so far.
func (a *acting) standing(number uint64) ([]StageAmount, error) {
	r, err := a.view.Record(number)
	if err != nil {
		return nil, err
	}
	stands, err := Standing(a.view, r)
	if err != nil {
		return nil, err
	}
	var mine []Move
	for _, m := range a.act.Moves {
		if m.Row == number {
			mine = append(mine, m)
		}
	}
	return RowState{Moves: stands}.moved(mine).Moves, nil
}
