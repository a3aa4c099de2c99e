package clearing

import (
	"fmt"
	"unicode"

	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// isGraphicName: spaces of all kinds, marks of direction and joiners name nobody.
func isGraphicName(r rune) bool { return unicode.IsPrint(r) && !unicode.IsSpace(r) }

// comment puts a remark on a break or a case.
func (a *acting) comment() error {
	state := reconcile.State("")
	if a.target.brk != nil {
		state = a.target.brk.State
	}
	return a.note(state, reconcile.EventCommented)
}

// sideNamed is the side of a name that an order gives.
func sideNamed(name string) (reconcile.Side, bool) {
	for _, side := range reconcile.Sides {
		if side.String() == name {
			return side, true
		}
	}
	return 0, false
}

// assign says whose turn a break is.
func (a *acting) assign() error {
	side, ok := sideNamed(a.order.Side)
	if !ok {
		return provinces.Reject(provinces.CodeActForm, "side", "hospital|treatment|home", "")
	}
	if err := a.note(a.target.brk.State, reconcile.EventAssigned); err != nil {
		return err
	}
	brk := &a.breaks[len(a.breaks)-1]
	brk.History[len(brk.History)-1].Was = a.target.brk.Stood()
	brk.Owner = side
	return nil
}

// undecided says whether the break waits for a decision. An approval finds it proposed.
func (a *acting) undecided() *provinces.RejectError {
	switch state := a.target.brk.State; {
	case state == reconcile.Open, state == reconcile.Proposed && a.given.Step == StepApprove:
		return nil
	case state == reconcile.Proposed:
		return provinces.Reject(provinces.CodeActState, "target", "approve or withdraw the proposal first", string(state))
	default:
		return provinces.Reject(provinces.CodeActState, "target", string(reconcile.Open), string(state))
	}
}

// closeBreak ends a break without money: the books stay as they are.
func (a *acting) closeBreak() error {
	if refusal := a.undecided(); refusal != nil {
		return refusal
	}
	return a.note(reconcile.Decided, "act:"+string(ActClose))
}

// accept ends a break by letting the books follow the side's figures, fund by fund: the
// bill owes so much more, or less, from the open day on. A row without a bill cannot be
// accepted, for nothing says what would be owed for it: the hospital sends the claim.
// A difference is told from the bill as it was answered, so a bill has one that is accepted
// at a time: where the side's figures have changed since, that is reversed first.
func (a *acting) accept() error {
	if refusal := a.undecided(); refusal != nil {
		return refusal
	}
	brk := a.target.brk
	if a.target.record == nil || a.target.record.Bill == nil {
		return provinces.Reject(provinces.CodeActState, "target", "a break of a booked bill", string(brk.Class))
	}
	if undone, err := a.view.Undone(brk.Entry); err != nil {
		return err
	} else if undone != 0 {
		return provinces.Reject(provinces.CodeActState, "target", "a bill that stands", "")
	}
	if before, err := a.view.Row(brk.Entry); err != nil {
		return err
	} else if len(before.Accepted) > 0 { // the difference is told from the bill as it was answered
		return provinces.Reject(provinces.CodeActState, "target", "a bill without an accepted difference: reverse that first", "")
	}
	split, err := a.acceptedSplit()
	if err != nil {
		return err
	}
	free := unreserved(a.target.stands)
	var moves []Move
	for _, f := range split {
		if free[f.Fund]+f.Amount < 0 && f.Amount < 0 {
			return provinces.Reject(provinces.CodeActAmount, "funds", ">= -"+max(free[f.Fund], 0).String(), f.Amount.String())
		}
		moves = append(moves, Move{Row: brk.Entry, Fund: f.Fund, To: ledger.Accrued, Amount: f.Amount})
	}
	row, err := a.row(brk.Entry)
	if err != nil {
		return err
	}
	row.Accepted = foldFunds(row.Accepted, split)
	a.act.Moves = append(a.act.Moves, moves...)
	return a.note(reconcile.Decided, "act:"+string(ActAccept))
}

// sumFunds is what stands at all stages together, by fund.
func sumFunds(stands []StageAmount) map[ledger.Fund]ledger.Amount {
	sums := map[ledger.Fund]ledger.Amount{}
	for _, s := range stands {
		sums[s.Fund] += s.Amount
	}
	return sums
}

// unreserved is what stands outside of deductions, by fund: what is held back may still be
// upheld, and then leaves the books as well.
func unreserved(stands []StageAmount) map[ledger.Fund]ledger.Amount {
	sums := map[ledger.Fund]ledger.Amount{}
	for _, s := range stands {
		if s.Stage != ledger.Reserved {
			sums[s.Fund] += s.Amount
		}
	}
	return sums
}

// acceptedSplit is the difference by fund: as the order gives it, as the side's findings
// tell it, or, of a side that does not have the bill, all that stands. It must be exactly
// the difference that was found.
func (a *acting) acceptedSplit() ([]provinces.FundAmount, error) {
	side, owed, err := a.acceptedSide()
	if err != nil {
		return nil, err
	}
	sums, refusal := a.order.fundSums()
	switch {
	case refusal != nil:
		return nil, refusal
	case len(sums) > 0:
	case missing(a.target.brk.Findings, side):
		for fund, amount := range sumFunds(a.target.stands) {
			sums[fund] = -amount
		}
	default:
		sums = foundSplit(a.target.brk.Findings, side)
	}
	list := fundList(sums)
	var sum ledger.Amount
	for _, f := range list {
		if sum, err = sum.Add(f.Amount); err != nil {
			return nil, err
		}
	}
	if sum != owed || len(list) == 0 {
		return nil, provinces.Reject(provinces.CodeActAmount, "funds", "the difference by fund, together "+owed.String(), sum.String())
	}
	return list, nil
}

// acceptedSide is whose figures the books shall follow, and the difference: the side that
// the order names, else that of the primary finding.
func (a *acting) acceptedSide() (side reconcile.Side, owed ledger.Amount, err error) {
	brk := a.target.brk
	if a.order.Side == "" {
		return reconcile.SideOf(brk.Party.Kind), brk.Owed, nil
	}
	side, ok := sideNamed(a.order.Side)
	if owed := foundOwed(brk.Findings, side); ok && owed != 0 {
		return side, owed, nil
	}
	return 0, 0, provinces.Reject(provinces.CodeActForm, "side", "a side that differs in what is owed", a.order.Side)
}

// SplitTold reports whether findings say fund by fund what a side has otherwise, or that it does
// not have the bill: its difference can be accepted without a split. Where a statement has the
// funds in one sum, as a 3202 does, an officer says which fund it is.
func SplitTold(findings []reconcile.Finding, side reconcile.Side) bool {
	var sum ledger.Amount
	for _, amount := range foundSplit(findings, side) {
		sum += amount
	}
	owed := foundOwed(findings, side)
	return missing(findings, side) || owed != 0 && sum == owed
}

// foundOwed is what a side's findings say is owed more, or less; 0 if it does not differ in that.
func foundOwed(findings []reconcile.Finding, side reconcile.Side) ledger.Amount {
	for _, f := range findings {
		if f.Side == side && f.Owed != 0 {
			return f.Owed
		}
	}
	return 0
}

func missing(findings []reconcile.Finding, side reconcile.Side) bool {
	for _, f := range findings {
		if f.Side == side && (f.Class == reconcile.MissHospital || f.Class == reconcile.MissTreatment || f.Class == reconcile.MissHome) {
			return true
		}
	}
	return false
}

// foundSplit reads the difference by fund from findings that name a fund, or the personal
// account.
func foundSplit(findings []reconcile.Finding, side reconcile.Side) map[ledger.Fund]ledger.Amount {
	sums := map[ledger.Fund]ledger.Amount{}
	for _, f := range findings {
		fund := ledger.Fund(f.Field)
		if f.Field == "acct_pay" {
			fund = ledger.FundAccount
		}
		ours, errOurs := ledger.ParseAmount(f.Ours)
		theirs, errTheirs := ledger.ParseAmount(f.Theirs)
		if f.Side == side && len(fund) == 6 && errOurs == nil && errTheirs == nil {
			sums[fund] = theirs - ours
		}
	}
	return sums
}

// undoGroup opens the province's breaks of a group again that were resolved by themselves;
// people have the word on them from then on.
func (a *acting) undoGroup() error { return a.regroup(reconcile.Undo, Undone) }

// resolveGroup resolves the province's breaks of a group that waits because it was above
// its cap.
func (a *acting) resolveGroup() error { return a.regroup(reconcile.Approve, Approved) }

// regroup carries out what is decided about a group. Books restored from a copy may not
// have its breaks yet: then the case alone tells what was decided.
func (a *acting) regroup(change func([]reconcile.Break, string, ledger.Day, uint64) []reconcile.Break, state CaseState) error {
	a.breaks = change(a.target.group, a.target.key, a.day, a.number)
	if len(a.breaks) == 0 && !a.again {
		return provinces.Reject(provinces.CodeActState, "target", "a group that waits, or was resolved by itself", a.target.key)
	}
	if err := a.note("", ""); err != nil {
		return err
	}
	a.act.Cases[len(a.act.Cases)-1].State = state
	return nil
}

// reverseAccepted takes an accepted difference back: the opposite entry, on the open day.
// The break is opened again by the next match, which finds the difference still there.
func (a *acting) reverseAccepted() error {
	accepted := a.target.record.Act
	if accepted.Kind != ActAccept {
		return provinces.Reject(provinces.CodeActState, "target", string(ActAccept), string(accepted.Kind))
	}
	key := CaseKey{CaseReversal, a.target.key}
	before, err := a.view.Case(key)
	if err != nil {
		return err
	}
	if before != nil {
		return provinces.Reject(provinces.CodeActState, "target", "", string(before.State))
	}
	var back []provinces.FundAmount
	for _, m := range accepted.Moves {
		a.act.Moves = append(a.act.Moves, Move{Row: m.Row, Fund: m.Fund, To: m.To, Amount: -m.Amount})
		back = append(back, provinces.FundAmount{Fund: m.Fund, Amount: -m.Amount})
	}
	row, err := a.row(a.target.bill)
	if err != nil {
		return err
	}
	row.Accepted = foldFunds(row.Accepted, back)
	a.open(Case{
		Kind: CaseReversal, ID: a.target.key, State: Undone, Home: a.target.home, Treatment: a.target.treatment,
		Provider: a.target.provider, Bill: a.target.bill, Target: accepted.Target,
	})
	return a.reopenAccepted(accepted)
}

// reopenAccepted opens the break again whose difference was accepted; restored books may
// not have it yet, and then the night finds it open.
func (a *acting) reopenAccepted(accepted *Act) error {
	key := accepted.Target[len("break/"):]
	brk, err := a.view.Break(key)
	if err != nil || brk == nil {
		return err
	}
	again := *brk
	again.State = reconcile.Open
	again.Mark(brk.Found())
	again.History = append(append([]reconcile.Event(nil), brk.History...), reconcile.Event{
		Evening: a.day, State: reconcile.Open, What: fmt.Sprintf("act:%s", ActReverse), Class: brk.Class, Act: a.number,
	})
	a.breaks = append(a.breaks, again)
	return nil
}
