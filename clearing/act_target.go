package clearing

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// target is what an order is about, as the books have it.
type target struct {
	kind, key string // "break" and the break's key, for example

	home, treatment ledger.Province
	provider        string
	bill            uint64
	parties         []ledger.Province

	brk    *reconcile.Break
	caze   *Case
	record *Record       // of a bill, or of an act
	stands []StageAmount // of a bill
	group  []reconcile.Break

	facts  [32]byte // what a proposal rests on
	object [32]byte // facts and how far officers have come with it: what was seen
}

// Looked is what officers see of a target before they decide.
type Looked struct {
	Object   string            // hex: what an order names
	Break    *reconcile.Break  // of a break
	Case     *Case             // of a case
	Bill     *Record           // of a bill, or of a break or case about one
	Row      RowState          // of that bill
	Standing []StageAmount     // of that bill
	Group    []reconcile.Break // of a group
	Parties  []ledger.Province // whose officers may decide
}

// Look shows a target as an order of a province finds it. It refuses with CodeActTarget.
func (d *Desk) Look(view ActView, province ledger.Province, name string) (Looked, error) {
	a := &acting{Desk: d, view: view, order: ActOrder{Province: province, Target: name}, number: view.Next()}
	if err := a.find(); err != nil {
		return Looked{}, err
	}
	t := &a.target
	looked := Looked{Object: hex.EncodeToString(t.object[:]), Break: t.brk, Case: t.caze, Group: t.group, Parties: t.parties}
	if t.bill == 0 {
		return looked, nil
	}
	var err error
	if looked.Bill, err = view.Record(t.bill); err != nil {
		return Looked{}, err
	}
	if looked.Row, err = view.Row(t.bill); err != nil {
		return Looked{}, err
	}
	looked.Standing, err = Standing(view, looked.Bill)
	return looked, err
}

// look finds the target and holds the object against it: what was decided upon must be
// what is there. It must be for the acting province to decide.
func (a *acting) look() error {
	if err := a.find(); err != nil {
		return err
	}
	switch t := &a.target; {
	case t.kind == "new", t.kind == "month":
		return nil // its object is not seen but chosen, and single use alone guards it
	case t.kind == "group" && a.again:
		// The breaks of the group are the night's to find again; what was decided stands.
	case hex.EncodeToString(t.object[:]) != a.given.Object:
		return changed()
	}
	for _, province := range a.target.parties {
		if province == a.given.Province {
			return nil
		}
	}
	return provinces.Reject(provinces.CodeActParty, "province", "", string(a.given.Province))
}

var errNoTarget = errors.New("no target")

func (a *acting) noTarget() error {
	return provinces.Reject(provinces.CodeActTarget, "target", "", a.order.Target)
}

func (a *acting) find() error {
	t := &a.target
	t.kind, t.key, _ = strings.Cut(a.order.Target, "/")
	var err error
	switch t.kind {
	case "break":
		err = a.findBreak()
	case "bill":
		err = a.findBill()
	case "case":
		err = a.findCase()
	case "group":
		err = a.findGroup()
	case "act":
		err = a.findAct()
	case "month", "new":
		t.parties = []ledger.Province{a.order.Province}
	default:
		err = errNoTarget
	}
	if errors.Is(err, errNoTarget) {
		return a.noTarget()
	}
	return err
}

// digest sets what was seen: the facts, and how far officers have come.
func (t *target) digest(facts string, version string) {
	t.facts = sha256.Sum256([]byte("facts of " + t.kind + "/" + t.key + "\n" + facts))
	t.object = sha256.Sum256(fmt.Appendf(t.facts[:], "\n%s", version))
}

func (t *target) of(home, treatment ledger.Province, provider string, bill uint64) {
	t.home, t.treatment, t.provider, t.bill = home, treatment, provider, bill
	for _, p := range []ledger.Province{home, treatment} {
		if p != "" {
			t.parties = append(t.parties, p)
		}
	}
}

// seenBytesMax bounds what an order carries of a break: its answer must fit the broker's
// largest message.
const seenBytesMax = 256 << 10

// findBreak takes the break from the books, or from the published answer where the order
// was decided before: breaks are the night's, and restored books may not have this one yet.
func (a *acting) findBreak() error {
	var brk *reconcile.Break
	if a.again && a.seen.Break != nil {
		brk = new(reconcile.Break)
		if err := cbor.Unmarshal(a.seen.Break, brk); err != nil {
			return fmt.Errorf("act: the break that was seen: %w", err)
		}
	} else {
		found, err := a.view.Break(a.target.key)
		if err != nil {
			return err
		}
		if found == nil {
			return errNoTarget
		}
		copied := *found
		brk = &copied
		if a.seen.Break, err = seenBreak(brk); err != nil {
			return err
		}
		if len(a.seen.Break) > seenBytesMax {
			return provinces.Reject(provinces.CodeActForm, "target", "a shorter history", strconv.Itoa(len(a.seen.Break)))
		}
	}
	t := &a.target
	t.brk = brk
	t.of(brk.Home.Province(), brk.Treatment.Province(), brk.Provider, brk.Entry)
	if !slices.Contains(t.parties, brk.Party.Province) { // who stated a row without a bill may not say of itself what it says of the other side
		t.parties = append(t.parties, brk.Party.Province)
	}
	stands := ""
	if brk.Entry != 0 {
		record, err := a.view.Record(brk.Entry)
		if err != nil {
			return err
		}
		t.record = record
		if t.stands, err = Standing(a.view, record); err != nil {
			return err
		}
		stands = stagesText(t.stands)
	}
	t.digest(fmt.Sprintf("%x\n%s", brk.Facts, stands), fmt.Sprintf("%s %d", brk.State, len(brk.History)))
	return nil
}

// seenBreak is the stored form of a break: numbers for names, the same bytes each time.
func seenBreak(brk *reconcile.Break) ([]byte, error) {
	options := cbor.CoreDetEncOptions()
	options.TextMarshaler = cbor.TextMarshalerNone
	mode, err := options.EncMode()
	if err != nil {
		return nil, fmt.Errorf("act: %w", err)
	}
	return mode.Marshal(brk)
}

// recordNamed is the record whose books' number the target's key is.
func (a *acting) recordNamed() (*Record, error) {
	number, err := strconv.ParseUint(a.target.key, 10, 64)
	if err != nil || number == 0 || number >= a.number {
		return nil, errNoTarget
	}
	return a.view.Record(number)
}

func (a *acting) findBill() error {
	t := &a.target
	record, err := a.recordNamed()
	if err != nil {
		return err
	}
	if record.Bill == nil || record.Outcome != provinces.Booked {
		return errNoTarget
	}
	t.record = record
	t.of(record.Home.Province(), record.Treatment.Province(), record.Provider, record.Number)
	if t.stands, err = Standing(a.view, record); err != nil {
		return err
	}
	state, err := a.view.Row(record.Number)
	if err != nil {
		return err
	}
	undone, err := a.view.Undone(record.Number)
	t.digest(fmt.Sprintf("%s undone by %d", stagesText(t.stands), undone), fmt.Sprint(state.Version))
	return err
}

func stagesText(list []StageAmount) string {
	var b strings.Builder
	for _, s := range list {
		fmt.Fprintf(&b, "%s %s %s\n", s.Stage, s.Fund, s.Amount)
	}
	return b.String()
}

func (a *acting) findCase() error {
	t := &a.target
	key, ok := ParseCaseKey(t.key)
	if !ok {
		return errNoTarget
	}
	c, err := a.view.Case(key)
	if err != nil {
		return err
	}
	if c == nil {
		return errNoTarget
	}
	t.caze = c
	t.of(c.Home, c.Treatment, c.Provider, c.Bill)
	undone := uint64(0)
	if c.Bill != 0 {
		if t.record, err = a.view.Record(c.Bill); err != nil {
			return err
		}
		if undone, err = a.view.Undone(c.Bill); err != nil {
			return err
		}
	}
	t.digest(fmt.Sprintf("%s undone by %d", c.State, undone), fmt.Sprint(c.Version))
	return nil
}

// findGroup takes the breaks of a group that the acting province has a part in: an evening's
// group holds those of all provinces, and each decides about its own.
func (a *acting) findGroup() error {
	t := &a.target
	all, err := a.view.BreakGroup(t.key)
	if err != nil {
		return err
	}
	var facts strings.Builder
	for _, brk := range all {
		if p := a.order.Province; p != brk.Home.Province() && p != brk.Treatment.Province() && p != brk.Party.Province {
			continue
		}
		t.group = append(t.group, brk)
		fmt.Fprintf(&facts, "%s %x %s %d\n", brk.Key, brk.Facts, brk.State, len(brk.History))
	}
	if len(t.group) == 0 && !a.again {
		return errNoTarget
	}
	t.parties = []ledger.Province{a.order.Province}
	t.caze, err = a.view.Case(groupCase(t.key, a.order.Province))
	version := uint64(0)
	if t.caze != nil {
		version = t.caze.Version
	}
	t.digest(facts.String(), fmt.Sprint(version))
	if a.again && len(a.seen.Facts) == len(t.facts) {
		t.facts = [32]byte(a.seen.Facts)
	}
	a.seen.Facts = slices.Clone(t.facts[:])
	return err
}

// groupCase remembers what a province decided about a group.
func groupCase(name string, province ledger.Province) CaseKey {
	return CaseKey{CaseGroup, name + "/" + string(province)}
}

func (a *acting) findAct() error {
	t := &a.target
	record, err := a.recordNamed()
	if err != nil {
		return err
	}
	if record.Act == nil || len(record.Act.Moves) == 0 {
		return errNoTarget
	}
	t.record = record
	row, err := a.view.Record(record.Act.Moves[0].Row)
	if err != nil {
		return err
	}
	bill, _, err := BillOf(a.view, row)
	if err != nil {
		return err
	}
	t.of(bill.Home.Province(), bill.Treatment.Province(), bill.Provider, row.Number)
	by, err := a.view.Case(CaseKey{CaseReversal, t.key})
	if err != nil {
		return err
	}
	state, err := a.view.Row(row.Number)
	t.digest(fmt.Sprintf("reversed %v", by != nil), fmt.Sprint(state.Version))
	return err
}

// proposes reports whether a proposal is still what the break waits with: once the night
// has opened the break again, it is not, even if the facts are as before.
func (t *target) proposes(number uint64) bool {
	if t.brk == nil {
		return true
	}
	for i := len(t.brk.History) - 1; i >= 0; i-- {
		if e := t.brk.History[i]; e.What == reconcile.EventProposed {
			return t.brk.State == reconcile.Proposed && e.Act == number
		}
	}
	return false
}

// note writes an act into the break it is about. Of a case or a bill their own state says
// it: they get a new version, so that the next decision's object is another.
func (a *acting) note(state reconcile.State, what string) error {
	t := &a.target
	switch t.kind {
	case "break":
		brk := *t.brk
		brk.State = state
		brk.Mark(t.brk.Found())
		brk.History = append(slices.Clone(t.brk.History), reconcile.Event{
			Evening: a.day, State: state, What: what, Class: brk.Class, Act: a.number,
		})
		a.breaks, t.brk = append(a.breaks, brk), &brk
	case "bill", "act":
		_, err := a.row(t.bill)
		return err
	case "case":
		a.touch(t.caze)
	case "group":
		c := Case{Kind: CaseGroup, ID: groupCase(t.key, a.order.Province).ID, State: Waiting, Owner: a.order.Province, Target: a.order.Target, Opened: a.day}
		if t.caze != nil {
			c = *t.caze
		}
		a.touch(&c)
	}
	return nil
}
