package clearing

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Act decides an officer's order on the given business day: the one door for whatever
// officers do. It refuses with a *provinces.RejectError (7xxx), or with a *UsedError that
// names the record which the same order has become before.
func (d *Desk) Act(view ActView, order ActOrder, day ledger.Day) (Decision, error) {
	order.Seen = nil
	return d.act(view, order, day, false)
}

// act decides an order; again when it was decided before, and its answer published.
func (d *Desk) act(view ActView, order ActOrder, day ledger.Day, again bool) (Decision, error) {
	if refusal := order.check(); refusal != nil {
		return Decision{}, refusal
	}
	a := &acting{Desk: d, view: view, given: order, order: order, day: day, again: again, number: view.Next()}
	if order.Seen != nil {
		a.seen = *order.Seen
	}
	if err := a.once(); err != nil {
		return Decision{}, err
	}
	if err := a.look(); err != nil {
		return Decision{}, err
	}
	if err := a.fourEyes(); err != nil {
		return Decision{}, err
	}
	if err := a.carryOut(); err != nil {
		return Decision{}, err
	}
	return a.finish()
}

// acting is the work on one order.
type acting struct {
	*Desk
	view   ActView
	given  ActOrder // as it was given, without what the desk fills in
	order  ActOrder // what is carried out: of an approval, the proposal with the checker's name
	day    ledger.Day
	again  bool
	number uint64
	seen   ActSeen
	target target

	act    Act
	rows   map[uint64]*RowState // that this act changes
	breaks []reconcile.Break
}

// actKey names an act by what it decides upon, so that it is done once. It has the place
// of a message's key, and its answer goes out as answers.act.<province>.<object>.
func actKey(province ledger.Province, object string) string {
	return "act." + string(province) + "." + object
}

// once refuses an object that was decided upon before, unless it is the same order again.
func (a *acting) once() error {
	used, err := a.view.Message(actKey(a.given.Province, a.given.Object))
	if err != nil || used.Record == 0 {
		return err
	}
	before, err := a.view.Record(used.Record)
	if err != nil {
		return err
	}
	digest, err := a.given.digest()
	switch {
	case err != nil:
		return err
	case before.Digest == digest:
		return &UsedError{used.Record}
	case a.given.Month != nil:
		return provinces.Reject(provinces.CodeMsgIDUsed, "msgid", "", a.given.Month.MsgID)
	}
	return changed()
}

// digest is over the order without its time and without what the desk fills in: the same
// order given twice is the same.
func (o ActOrder) digest() ([32]byte, error) {
	o.At, o.Seen = time.Time{}, nil
	text, err := json.Marshal(o)
	if err != nil {
		return [32]byte{}, fmt.Errorf("act: %w", err)
	}
	return sha256.Sum256(text), nil
}

// fourEyes is the one place where two persons are asked for: no setting reaches it. A
// kind that moves money or ends a break is carried out on the word of a maker and of a
// checker who is somebody else; an approval takes its maker from the proposal.
func (a *acting) fourEyes() error {
	switch a.given.Step {
	case StepPropose:
		if !actRules[a.given.Kind].checked {
			return provinces.Reject(provinces.CodeActForm, "step", "", string(StepPropose))
		}
		return nil
	case StepWithdraw:
		return a.proposed(false)
	case StepApprove:
		if err := a.proposed(true); err != nil {
			return err
		}
	}
	if actRules[a.order.Kind].checked && SamePerson(a.order.Maker, a.order.Checker) {
		return provinces.Reject(provinces.CodeFourEyes, "checker", "somebody else than the maker", "")
	}
	return nil
}

// proposed takes the proposal that the order names: it is open, about the same, and of
// the same province. To be approved it must rest on what is still so.
func (a *acting) proposed(approve bool) error {
	state, err := a.view.Case(numberedCase(CaseProposal, a.given.Proposal))
	if err != nil {
		return err
	}
	if state == nil || state.Target != a.given.Target {
		return provinces.Reject(provinces.CodeActTarget, "proposal", "", fmt.Sprint(a.given.Proposal))
	}
	record, err := a.view.Record(a.given.Proposal)
	if err != nil {
		return err
	}
	proposal, err := ReadActAnswer(record.Answer)
	switch {
	case err != nil:
		return err
	case proposal.Kind != a.given.Kind || proposal.Province != a.given.Province:
		return provinces.Reject(provinces.CodeActTarget, "proposal", string(proposal.Kind), string(a.given.Kind))
	case state.State != Waiting:
		return provinces.Reject(provinces.CodeActState, "proposal", string(Waiting), string(state.State))
	case approve && (state.Facts != a.target.facts || !a.target.proposes(a.given.Proposal)):
		return changed()
	}
	closed := *state
	closed.State = Withdrawn
	if approve {
		closed.State = Approved
		checker, at := a.given.Checker, a.given.At
		a.order = proposal
		a.order.Step, a.order.Checker, a.order.At, a.order.Seen = StepDo, checker, at, nil
	}
	a.touch(&closed)
	return nil
}

// carryOut does what the order's step asks for.
func (a *acting) carryOut() error {
	switch a.given.Step {
	case StepPropose:
		// What is proposed must be possible now, or the checker would be asked in vain.
		trial := *a
		trial.act, trial.rows, trial.breaks = Act{}, nil, nil
		if err := actRules[a.order.Kind].do(&trial); err != nil {
			return err
		}
		a.open(Case{
			Kind: CaseProposal, State: Waiting, Target: a.order.Target, Home: a.target.home, Treatment: a.target.treatment,
			Provider: a.target.provider, Bill: a.target.bill, Owner: a.order.Province, Facts: a.target.facts,
		})
		return a.note(reconcile.Proposed, reconcile.EventProposed)
	case StepWithdraw:
		state := reconcile.Open
		if brk := a.target.brk; brk != nil && brk.State != reconcile.Proposed { // it went on without the proposal
			state = brk.State
		}
		return a.note(state, reconcile.EventWithdrawn)
	}
	return actRules[a.order.Kind].do(a)
}

// finish makes the record, its entry and its answer.
func (a *acting) finish() (Decision, error) {
	a.act.Kind, a.act.Step, a.act.Province, a.act.Target = a.order.Kind, a.given.Step, a.given.Province, a.given.Target
	a.act.Maker, a.act.Checker, a.act.Reason = a.order.Maker, a.order.Checker, a.given.Reason
	a.foldRows()
	decision := Decision{Record: Record{
		Number: a.number, Subject: "decisions." + actKey(a.given.Province, a.given.Object),
		Received: a.given.At.UnixNano(), Day: a.day, Outcome: Acted, Act: &a.act,
	}, Breaks: a.breaks, Cases: a.act.Cases, Rows: a.act.Rows}
	var err error
	if decision.Entry, err = moveEntry(a.view, a.number, a.day, a.act.Moves); err != nil {
		return Decision{}, err
	}
	if decision.Entry != nil {
		if err := decision.Entry.Check(); err != nil {
			return Decision{}, err
		}
	}
	r := &decision.Record
	if r.Digest, err = a.given.digest(); err != nil {
		return Decision{}, err
	}
	order := a.given
	if order.Seen = nil; a.seen.Break != nil || a.seen.Facts != nil || a.seen.Due != 0 {
		order.Seen = &a.seen
	}
	r.Answer, err = json.Marshal(actAnswer{Order: order, Entry: a.number, Day: a.day, Funds: movedFunds(a.act.Moves)})
	if err != nil {
		return Decision{}, fmt.Errorf("act: %w", err)
	}
	return decision, nil
}

// foldRows brings the moves into the states of their rows; a bill that was only decided
// about gets the act's number all the same, so that each decision's object is another.
func (a *acting) foldRows() {
	moves := map[uint64][]Move{}
	for _, m := range a.act.Moves {
		moves[m.Row] = append(moves[m.Row], m)
	}
	for _, number := range slices.Sorted(maps.Keys(a.rows)) {
		state := a.rows[number].moved(moves[number])
		state.Before, state.Version = state.Version, a.number
		a.act.Rows = append(a.act.Rows, RowChange{Row: number, State: state})
	}
}

// row is the state of a row that this act changes.
func (a *acting) row(number uint64) (*RowState, error) {
	if state := a.rows[number]; state != nil {
		return state, nil
	}
	state, err := a.view.Row(number)
	if err != nil {
		return nil, err
	}
	state.Batches = slices.Clone(state.Batches)
	if a.rows == nil {
		a.rows = map[uint64]*RowState{}
	}
	a.rows[number] = &state
	return &state, nil
}

// open makes a case of this act.
func (a *acting) open(c Case) {
	if c.ID == "" {
		c.ID = numberedCase(c.Kind, a.number).ID
	}
	c.Opened = a.day
	a.touch(&c)
}

// touch notes the act on a case.
func (a *acting) touch(c *Case) {
	next := *c
	next.Before, next.Version = c.Version, a.number
	next.Steps = append(slices.Clone(c.Steps), CaseStep{Act: a.number, Kind: a.order.Kind, Day: a.day})
	a.act.Cases = append(a.act.Cases, next)
}

// changed is the refusal of a decision upon what is not so any more.
func changed() error { return provinces.Reject(provinces.CodeActObject, "object", "", "") }

// actAnswer is the body of an act's answer: the order, so that books restored from an
// older copy can book it again, and what it came to.
type actAnswer struct {
	Order ActOrder     `json:"order"`
	Entry uint64       `json:"entry"` // the books' number of the act
	Day   ledger.Day   `json:"day"`
	Funds []FundFigure `json:"funds,omitempty"` // more (or less) owed than before
}

// movedFunds is what moves bring into the books or take out.
func movedFunds(moves []Move) (funds []FundFigure) {
	sums := map[ledger.Fund]ledger.Amount{}
	for _, m := range moves {
		if m.From == 0 {
			sums[m.Fund] += m.Amount
		}
		if m.To == 0 {
			sums[m.Fund] -= m.Amount
		}
	}
	for _, f := range fundList(sums) {
		funds = append(funds, FundFigure{f.Fund, f.Amount})
	}
	return funds
}

// ReadActAnswer reads the order back from an act's answer.
func ReadActAnswer(body []byte) (ActOrder, error) {
	var answer actAnswer
	if err := json.Unmarshal(body, &answer); err != nil {
		return ActOrder{}, fmt.Errorf("not the answer of an act: %w", err)
	}
	return answer.Order, nil
}

// isHexDigest reports whether a text is the hex of a SHA-256, in small letters.
func isHexDigest(text string) bool {
	digest, err := hex.DecodeString(text)
	return err == nil && len(digest) == sha256.Size && strings.ToLower(text) == text
}
