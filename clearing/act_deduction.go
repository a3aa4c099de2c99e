package clearing

import (
	"slices"

	"clearingd/ledger"
	"clearingd/provinces"
)

// deductible are the stages that a deduction can hold money back from, in the order in
// which it does. What has been noticed or paid is taken back instead.
var deductible = []ledger.Stage{ledger.Accrued, ledger.Confirmed}

// standsStill refuses a bill that was taken back: nothing of it is left to decide about.
func (a *acting) standsStill() error {
	undone, err := a.view.Undone(a.target.bill)
	if err != nil {
		return err
	}
	if undone != 0 {
		return provinces.Reject(provinces.CodeActState, "target", "a bill that stands", "")
	}
	return nil
}

// treatmentOnly: audit, deduction and their end are the treatment place's (rules 43, 52-54).
func (a *acting) treatmentOnly() error {
	if a.order.Province != a.target.treatment {
		return provinces.Reject(provinces.CodeActParty, "province", string(a.target.treatment), string(a.order.Province))
	}
	return nil
}

func (a *acting) homeOnly() error {
	if a.order.Province != a.target.home {
		return provinces.Reject(provinces.CodeActParty, "province", string(a.target.home), string(a.order.Province))
	}
	return nil
}

// wanted are an order's amounts, all above zero.
func (a *acting) wanted() (map[ledger.Fund]ledger.Amount, error) {
	sums, refusal := a.order.fundSums()
	if refusal != nil {
		return nil, refusal
	}
	for fund, amount := range sums {
		if amount < 0 {
			return nil, provinces.Reject(provinces.CodeActAmount, "funds", "> 0", string(fund)+" "+amount.String())
		}
	}
	if len(sums) == 0 {
		return nil, provinces.Reject(provinces.CodeActForm, "funds", "at least one", "")
	}
	return sums, nil
}

// within refuses more than stands outside of deductions at all stages together. A difference
// that was accepted can stand below zero at one stage, and limits what there is at others.
func (a *acting) within(funds []provinces.FundAmount) error {
	free := unreserved(a.target.stands)
	for _, f := range funds {
		if most := max(free[f.Fund], 0); f.Amount > most {
			return provinces.Reject(provinces.CodeActAmount, "funds", string(f.Fund)+" <= "+most.String(), f.Amount.String())
		}
	}
	return nil
}

// treatmentWants is what the treatment place asks for of a bill that stands, by fund.
func (a *acting) treatmentWants() (map[ledger.Fund]ledger.Amount, error) {
	if err := a.treatmentOnly(); err != nil {
		return nil, err
	}
	if err := a.standsStill(); err != nil {
		return nil, err
	}
	return a.wanted()
}

// deduct holds money of a bill back: a document of its own, with the bill's number. At
// most what stands and is not noticed yet, fund by fund.
func (a *acting) deduct() error {
	wanted, err := a.treatmentWants()
	if err != nil {
		return err
	}
	funds := fundList(wanted)
	if err := a.within(funds); err != nil {
		return err
	}
	var from []StageAmount
	for _, stage := range deductible {
		stands := atStage(a.target.stands, stage)
		for _, f := range funds {
			if part := min(wanted[f.Fund], max(stands[f.Fund], 0)); part > 0 {
				from = append(from, StageAmount{stage, f.Fund, part})
				wanted[f.Fund] -= part
			}
		}
	}
	for _, f := range funds {
		if left := wanted[f.Fund]; left > 0 {
			return provinces.Reject(provinces.CodeActAmount, "funds", string(f.Fund)+" <= "+(f.Amount-left).String(), f.Amount.String())
		}
	}
	for _, part := range from {
		a.act.Moves = append(a.act.Moves, Move{a.target.bill, part.Fund, part.Stage, ledger.Reserved, part.Amount})
	}
	a.open(Case{
		Kind: CaseDeduction, State: Held, Home: a.target.home, Treatment: a.target.treatment, Provider: a.target.provider,
		Bill: a.target.bill, Owner: a.target.treatment, Funds: funds, From: from,
	})
	return a.noteRow(a.target.bill)
}

// step takes the target's case on, if it is of that kind and in one of those states.
func (a *acting) step(kind CaseKind, next CaseState, from ...CaseState) (*Case, error) {
	c := *a.target.caze
	if c.Kind != kind {
		return nil, provinces.Reject(provinces.CodeActState, "target", string(kind), string(c.Kind))
	}
	if state := c.StateOn(a.day); !slices.Contains(from, state) {
		return nil, provinces.Reject(provinces.CodeActState, "target", string(from[0]), string(state))
	}
	c.State = next
	return &c, nil
}

// appeal notes that the hospital objects; the money stays held back.
func (a *acting) appeal() error {
	if err := a.treatmentOnly(); err != nil {
		return err
	}
	c, err := a.step(CaseDeduction, Appealed, Held)
	if err != nil {
		return err
	}
	a.touch(c)
	return nil
}

// uphold makes a deduction final: the money leaves the books on both sides, and the home
// region owes so much less. Of a bill that was taken back nothing is owed any more:
// there a deduction can only be restored.
func (a *acting) uphold() error {
	if err := a.treatmentOnly(); err != nil {
		return err
	}
	c, err := a.step(CaseDeduction, Upheld, Held, Appealed)
	if err != nil {
		return err
	}
	if err := a.standsStill(); err != nil {
		return err
	}
	for _, f := range c.Funds {
		a.act.Moves = append(a.act.Moves, Move{Row: c.Bill, Fund: f.Fund, From: ledger.Reserved, Amount: f.Amount})
	}
	c.Owner = ""
	a.touch(c)
	return a.noteRow(c.Bill)
}

// restore ends a deduction in the hospital's favour, also one that was upheld, or gives
// back what was taken back. Held money goes where it came from: to what is confirmed only
// if the bill is confirmed still.
func (a *acting) restore() error {
	if err := a.treatmentOnly(); err != nil {
		return err
	}
	if a.target.caze.Kind == CaseTakeBack {
		return a.giveBack()
	}
	c, err := a.step(CaseDeduction, Restored, Held, Appealed, Upheld)
	if err != nil {
		return err
	}
	row, err := a.row(c.Bill)
	if err != nil {
		return err
	}
	if a.target.caze.State == Upheld {
		for _, f := range c.Funds {
			a.act.Moves = append(a.act.Moves, Move{Row: c.Bill, Fund: f.Fund, To: ledger.Accrued, Amount: f.Amount})
		}
	} else {
		for _, part := range c.From {
			to := part.Stage
			if !row.Confirmed() {
				to = ledger.Accrued
			}
			a.act.Moves = append(a.act.Moves, Move{c.Bill, part.Fund, ledger.Reserved, to, part.Amount})
		}
	}
	c.Owner = ""
	a.touch(c)
	return nil
}

// takeBack books what a bill was confirmed or paid too much: a negative obligation of its
// own on the open day, among what the next clearing takes up. At most what stands of the
// bill from the stage of confirmation on and was not taken back before.
func (a *acting) takeBack() error {
	wanted, err := a.treatmentWants()
	if err != nil {
		return err
	}
	most := map[ledger.Fund]ledger.Amount{}
	for _, stage := range []ledger.Stage{ledger.Confirmed, ledger.Noticed, ledger.Paid} {
		for fund, amount := range atStage(a.target.stands, stage) {
			most[fund] += amount // what was taken back stands among it, as less
		}
	}
	funds := fundList(wanted)
	if err := a.within(funds); err != nil {
		return err
	}
	var taken []provinces.FundAmount
	for _, f := range funds {
		if f.Amount > most[f.Fund] {
			return provinces.Reject(provinces.CodeActAmount, "funds", string(f.Fund)+" <= "+most[f.Fund].String(), f.Amount.String())
		}
		a.act.Moves = append(a.act.Moves, Move{Row: a.target.bill, Fund: f.Fund, To: ledger.Confirmed, Amount: -f.Amount})
		taken = append(taken, f)
	}
	row, err := a.row(a.target.bill)
	if err != nil {
		return err
	}
	row.Taken = foldFunds(row.Taken, taken)
	a.open(Case{
		Kind: CaseTakeBack, State: Taken, Home: a.target.home, Treatment: a.target.treatment, Provider: a.target.provider,
		Bill: a.target.bill, Funds: funds,
	})
	return nil
}

// giveBack owes again what was taken back.
func (a *acting) giveBack() error {
	c, err := a.step(CaseTakeBack, Restored, Taken)
	if err != nil {
		return err
	}
	row, err := a.row(c.Bill)
	if err != nil {
		return err
	}
	var back []provinces.FundAmount
	for _, f := range c.Funds {
		a.act.Moves = append(a.act.Moves, Move{Row: c.Bill, Fund: f.Fund, To: ledger.Confirmed, Amount: f.Amount})
		back = append(back, provinces.FundAmount{Fund: f.Fund, Amount: -f.Amount})
	}
	row.Taken = foldFunds(row.Taken, back)
	a.touch(c)
	return nil
}

// noteRow gives a row a new version.
func (a *acting) noteRow(number uint64) error {
	_, err := a.row(number)
	return err
}
