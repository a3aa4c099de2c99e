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

// Acted marks the record of an officer's act. Like Adjusted it is none of the outcomes
// of messages.
const Acted provinces.Outcome = "acted"

// ActKind is what an officer does. The words are stored and travel: append-only.
type ActKind string

// The kinds of acts.
const (
	ActComment  ActKind = "comment"  // 备注: on a break or a case
	ActAssign   ActKind = "assign"   // 指派: whose turn a break is
	ActAccept   ActKind = "accept"   // 认账: the books follow the side's figures
	ActClose    ActKind = "close"    // 结案: the books stay as they are
	ActUndo     ActKind = "undo"     // 撤回自动核销: a group of breaks that were resolved by themselves
	ActReverse  ActKind = "reverse"  // 冲回: an accepted difference
	ActDeduct   ActKind = "deduct"   // 暂扣: money of a bill is held back
	ActAppeal   ActKind = "appeal"   // 申诉: the hospital objects to a deduction
	ActUphold   ActKind = "uphold"   // 核定扣款: the money leaves the books
	ActRestore  ActKind = "restore"  // 退还: the money of a deduction, or of what was taken back, is owed again
	ActTakeBack ActKind = "takeback" // 追回: money of a bill that was confirmed or paid
	ActConfirm  ActKind = "confirm"  // 清分确认 (3261)
	ActRollBack ActKind = "rollback" // 清分确认回退 (3262)
	ActInquire  ActKind = "inquire"  // 发起费用协查
	ActRetract  ActKind = "retract"  // 撤回费用协查, until its list is fixed
	ActAnswer   ActKind = "answer"   // 答复: of an inquiry or a ticket
	ActAgree    ActKind = "agree"    // 确认答复
	ActTicket   ActKind = "ticket"   // 发起问题协同
	ActReopen   ActKind = "reopen"   // 问题协同提级
)

// ActStep is how far an order goes.
type ActStep string

// The steps. Without one an order is carried out at once: by its maker, or by maker and
// checker together where its kind needs both.
const (
	StepDo       ActStep = ""
	StepPropose  ActStep = "propose"  // the maker's word; nothing moves
	StepApprove  ActStep = "approve"  // the checker's word: the proposal is carried out
	StepWithdraw ActStep = "withdraw" // the proposal ends
)

// ActOrder is what an officer orders. With the books it is all that an act needs, so the
// same books and the same order book the same.
type ActOrder struct {
	Kind     ActKind         `json:"kind"`
	Step     ActStep         `json:"step,omitempty"`
	Province ledger.Province `json:"province"` // whose officers act

	// Target: "break/<key>", "bill/<books' number>", "case/<kind>/<id>", "group/<name>",
	// "act/<books' number>", "month/<yyyyMM>", "new".
	Target string `json:"target"`
	// Object is the hex of the digest of what was seen of the target ([Desk.Look]). Of
	// "month" it comes from the message, of "new" it is chosen by the caller: both only once.
	Object string `json:"object"`

	Maker   string    `json:"maker"`             // of an approval: nobody, the proposal has it
	Checker string    `json:"checker,omitempty"` // somebody else
	Reason  string    `json:"reason"`            // one line; of a comment, the comment
	At      time.Time `json:"at"`

	Proposal uint64       `json:"proposal,omitempty"` // approve, withdraw: the proposal's record
	Funds    []FundFigure `json:"funds,omitempty"`    // accept, deduct, takeback: the money, fund by fund
	Side     string       `json:"side,omitempty"`     // assign: whose turn; accept: whose figures
	Result   string       `json:"result,omitempty"`   // answer of an inquiry: "right" or "wrong"
	Ticket   *TicketOrder `json:"ticket,omitempty"`
	Month    *MonthOrder  `json:"month,omitempty"` // confirm, rollback
	Seen     *ActSeen     `json:"seen,omitempty"`  // filled by the desk, never by a caller
}

// FundFigure is an amount of one fund.
type FundFigure struct {
	Fund   ledger.Fund   `json:"fund"`
	Amount ledger.Amount `json:"amount"`
}

// ActSeen is what an order rests on that no act can give back: breaks are written by the
// night, and due dates come from a calendar. The first time the desk fills it in; books
// restored from an older copy take it from the published answer.
type ActSeen struct {
	Break []byte     `json:"break,omitempty"` // the break in its stored form
	Due   ledger.Day `json:"due,omitempty"`
}

// Act is what the books keep of an officer's act besides its entry. The order itself is
// in the record's answer.
//
// The numbers in the tags are the stored form: append-only, never reused.
type Act struct {
	Kind     ActKind         `cbor:"1,keyasint"`
	Step     ActStep         `cbor:"2,keyasint,omitempty"`
	Province ledger.Province `cbor:"3,keyasint"`
	Target   string          `cbor:"4,keyasint"`
	Maker    string          `cbor:"5,keyasint"`
	Checker  string          `cbor:"6,keyasint,omitempty"`
	Reason   string          `cbor:"7,keyasint"`

	Moves []Move      `cbor:"8,keyasint,omitempty"`
	Cases []Case      `cbor:"9,keyasint,omitempty"`  // as the act leaves them
	Rows  []RowChange `cbor:"10,keyasint,omitempty"` // as the act leaves them
}

// ActView is what the books know when an act is decided.
type ActView interface {
	View
	// Row returns what officers did to a row; the zero state if nothing.
	Row(number uint64) (RowState, error)
	// Case returns a case; nil if there is none.
	Case(key CaseKey) (*Case, error)
	// CasesOf returns the cases of a kind whose id begins with a prefix, in order.
	CasesOf(kind CaseKind, prefix string) ([]Case, error)
	// Break returns a break by its key; nil if there is none.
	Break(key string) (*reconcile.Break, error)
	// BreakGroup returns the breaks that were resolved by themselves as one group, by key.
	BreakGroup(name string) ([]reconcile.Break, error)
}

// WorkingDays counts on China's calendar, with its shifted weekends.
type WorkingDays interface {
	// AddWorkingDays is the n-th working day after day; an error if a year on the way is not known.
	AddWorkingDays(day ledger.Day, n int) (ledger.Day, error)
}

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
	case approve && state.Facts != a.target.facts:
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
		return a.note(reconcile.Proposed, "act:propose")
	case StepWithdraw:
		return a.note(reconcile.Open, "act:withdraw")
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
	if order.Seen = nil; a.seen.Break != nil || a.seen.Due != 0 {
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
