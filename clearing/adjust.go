package clearing

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Adjusted marks the record of an officers' decision to adjust a person-year. It is none
// of the outcomes of messages: no message stands behind it, and no stream has a place
// for it.
const Adjusted provinces.Outcome = "adjusted"

// Reasons why an adjustment is not booked.
var (
	ErrFourEyes   = errors.New("clearing: maker and checker must be two named persons")
	ErrReason     = errors.New("clearing: a decision needs a reason of one line")
	ErrNoYear     = errors.New("clearing: the entry is no bill of that benefit year")
	ErrChanged    = errors.New("clearing: the person-year is not as it was when it was decided upon")
	ErrNothingDue = errors.New("clearing: the person-year is as it would have come out")
)

// UsedError: the decision was carried out before. A decision is used once.
type UsedError struct{ Record uint64 }

func (e *UsedError) Error() string { return fmt.Sprintf("the decision is record %d already", e.Record) }

const (
	officerRunesMax = 60
	reasonRunesMax  = 500
)

// AdjustmentOrder is what two officers decide: that the bills of a person-year shall
// count as the re-folding has them that they saw. It is all that an adjustment needs
// besides the books, so the same books and the same order book the same.
type AdjustmentOrder struct {
	Entry   uint64    `json:"entry"`   // a bill of the person-year, to name it without naming the person
	Year    int       `json:"year"`    // benefit year
	Object  string    `json:"object"`  // hex of the Refold's Digest: what was decided upon
	Maker   string    `json:"maker"`   // who proposes, as the agency names its officers
	Checker string    `json:"checker"` // who approves: somebody else
	Reason  string    `json:"reason"`  // one line
	At      time.Time `json:"at"`      // when the order was given
}

// Check reports what an order lacks by itself: two names, a reason, a digest.
func (o AdjustmentOrder) Check() error {
	digest, err := hex.DecodeString(o.Object)
	switch {
	case !oneLine(o.Maker, officerRunesMax) || !oneLine(o.Checker, officerRunesMax), SamePerson(o.Maker, o.Checker):
		return ErrFourEyes
	case !oneLine(o.Reason, reasonRunesMax):
		return ErrReason
	case err != nil || len(digest) != sha256.Size || strings.ToLower(o.Object) != o.Object:
		return ErrChanged
	}
	return nil
}

// oneLine reports whether a text is there, trimmed, printable and not too long.
func oneLine(text string, runesMax int) bool {
	return text != "" && strings.TrimSpace(text) == text && len([]rune(text)) <= runesMax &&
		!strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// Adjustment is what the books keep of a decision, besides its entry.
//
// The numbers in the tags are the stored form: append-only, never reused.
type Adjustment struct {
	Home     ledger.Province  `cbor:"1,keyasint"`
	PersonNo string           `cbor:"2,keyasint"`
	Insutype string           `cbor:"3,keyasint"`
	Years    []int            `cbor:"4,keyasint"` // benefit years it touches
	Maker    string           `cbor:"5,keyasint"`
	Checker  string           `cbor:"6,keyasint"`
	Reason   string           `cbor:"7,keyasint"`
	Object   [32]byte         `cbor:"8,keyasint"`
	Lines    []AdjustmentLine `cbor:"9,keyasint"`
}

// AdjustmentLine puts another adjudication in the place of what was in force of a bill.
type AdjustmentLine struct {
	Bill    uint64                 `cbor:"1,keyasint"`
	Was     uint64                 `cbor:"2,keyasint,omitempty"` // the adjustment in force before; 0: the bill as it was answered
	Undone  bool                   `cbor:"3,keyasint,omitempty"` // the bill was taken back: the adjustment of it ends
	Benefit benefit.Adjudication   `cbor:"4,keyasint"`           // in force from here on, with its trace
	From    []benefit.Accumulators `cbor:"5,keyasint"`           // what it was computed from
}

// adjustedLine is what the newest adjustment says of a bill.
func adjustedLine(books History, s StandingBill) (*AdjustmentLine, error) {
	record, err := books.Record(s.Adjusted)
	if err != nil {
		return nil, err
	}
	if record.Adjustment != nil {
		for i := range record.Adjustment.Lines {
			if line := &record.Adjustment.Lines[i]; line.Bill == s.Number {
				return line, nil
			}
		}
	}
	return nil, fmt.Errorf("%w: record %d does not adjust %d", ErrHistory, s.Adjusted, s.Number)
}

// Adjust books the dated adjustments that follow from re-folding a person-year, on the
// word of two officers. It refuses with one of the errors above, or a *UsedError that
// names the record which the decision has become before.
func (d *Desk) Adjust(view View, order AdjustmentOrder, day ledger.Day) (Decision, error) {
	if err := order.Check(); err != nil {
		return Decision{}, err
	}
	bill, err := view.Record(order.Entry)
	if err != nil {
		return Decision{}, err
	}
	if _, ok := bill.link(order.Year); !ok {
		return Decision{}, ErrNoYear
	}
	key := yearKey(bill.Home, &bill.Bill.Claim, order.Year)
	used, err := view.Message(adjustmentKey(key.Home, order.Object))
	if err != nil {
		return Decision{}, err
	}
	if used.Record != 0 {
		return Decision{}, &UsedError{used.Record}
	}
	refold, err := d.Refolding(view, key)
	if err != nil {
		return Decision{}, err
	}
	object, err := refold.Digest()
	switch {
	case err != nil:
		return Decision{}, err
	case hex.EncodeToString(object[:]) != order.Object:
		return Decision{}, ErrChanged
	case !refold.Differs():
		return Decision{}, ErrNothingDue
	}
	decision := adjustment(&refold, order, object, view.Next(), day)
	if err := d.adjustYears(view, &refold, &decision); err != nil {
		return Decision{}, err
	}
	if decision.Entry, err = adjustmentEntry(view, &decision.Record); err != nil {
		return Decision{}, err
	}
	if decision.Entry != nil {
		if err := decision.Entry.Check(); err != nil {
			return Decision{}, err
		}
	}
	return decision, decision.Record.sealAdjustment(order, &refold)
}

// adjustment is the decision's record, still without its answer.
func adjustment(refold *Refold, order AdjustmentOrder, object [32]byte, number uint64, day ledger.Day) Decision {
	made := &Adjustment{
		Home: refold.Home, PersonNo: refold.PersonNo, Insutype: refold.Insutype,
		Maker: order.Maker, Checker: order.Checker, Reason: order.Reason, Object: object,
	}
	for _, year := range refold.Years {
		made.Years = append(made.Years, year.Year)
	}
	for i := range refold.Bills {
		if b := &refold.Bills[i]; b.changes() {
			made.Lines = append(made.Lines, AdjustmentLine{
				Bill: b.Number, Was: b.Adjusted, Undone: b.Undone, Benefit: b.Should, From: b.ShouldFrom,
			})
		}
	}
	return Decision{Record: Record{
		Number: number, Subject: "decisions." + adjustmentKey(refold.Home, order.Object),
		Received: order.At.UnixNano(), Day: day, Outcome: Adjusted, Adjustment: made,
	}}
}

// adjustmentKey names a decision by what it decides upon, so that it is used once:
// View.Message finds the record it became. It has the place of a message's key, and its
// answer goes out as answers.adjustment.<home>.<object>.
func adjustmentKey(home ledger.Province, object string) string {
	return "adjustment." + string(home) + "." + object
}

// adjustYears puts every year into the order of the re-folding, with what is in force of
// each bill from now on.
func (d *Desk) adjustYears(view View, refold *Refold, decision *Decision) error {
	f := d.folderOf(view)
	for _, year := range refold.Years {
		key := YearKey{Home: refold.Home, PersonNo: refold.PersonNo, Insutype: refold.Insutype, Year: year.Year}
		state, err := view.Year(key)
		if err != nil {
			return err
		}
		list, err := f.list(key, state)
		if err != nil {
			return err
		}
		next := Refolded{Seed: list.Seed, Adjusted: decision.Record.Number}
		for i := range refold.Bills {
			b := &refold.Bills[i]
			if _, in := b.Record.link(year.Year); !in || b.Undone {
				continue
			}
			bill := b.StandingBill
			if b.changes() {
				bill.Adjusted = decision.Record.Number
			}
			next.Bills = append(next.Bills, bill)
		}
		decision.Years = append(decision.Years, YearChange{Key: key, State: YearState{
			Last: next.last(), Opened: state.Opened, Accumulators: year.Should, Latest: state.Latest, Refold: &next,
		}})
		decision.Refolds = append(decision.Refolds, key)
	}
	return nil
}

// adjustmentEntry moves what the home region owes from what was in force of each bill to
// what is now, from each fund and from the personal account; nil if no fund differs. A
// patient's cash is between hospital and patient, as with any bill.
func adjustmentEntry(books History, r *Record) (*ledger.Entry, error) {
	entry := &ledger.Entry{Number: r.Number, Day: r.Day}
	for i := range r.Adjustment.Lines {
		line := &r.Adjustment.Lines[i]
		bill, err := books.Record(line.Bill)
		if err != nil {
			return nil, err
		}
		funds, _, err := AdjustmentChange(books, line)
		if err != nil {
			return nil, err
		}
		for _, change := range funds {
			entry.Postings = append(entry.Postings, obligationOf(bill, change.Fund, change.Amount)...)
		}
	}
	if len(entry.Postings) == 0 {
		return nil, nil
	}
	return entry, nil
}

// AdjustmentChange is what a line changes of its bill: what each fund, the personal
// account among them, pays more (or less), and what the patient does.
func AdjustmentChange(books History, line *AdjustmentLine) (funds []provinces.FundAmount, cash ledger.Amount, err error) {
	bill, err := books.Record(line.Bill)
	if err != nil {
		return nil, 0, err
	}
	if bill.Bill == nil {
		return nil, 0, fmt.Errorf("%w: record %d", ErrHistory, line.Bill)
	}
	was := &bill.Bill.Benefit
	if line.Was != 0 {
		before, err := adjustedLine(books, StandingBill{Number: line.Bill, Adjusted: line.Was})
		if err != nil {
			return nil, 0, err
		}
		was = &before.Benefit
	}
	return fundDifferences(was, &line.Benefit), line.Benefit.Cash - was.Cash, nil
}

// CheckAdjustment holds an adjustment's record against its entry and its bills: each new
// adjudication closes, two officers stand behind it, and the entry is the difference.
func CheckAdjustment(books History, r *Record, entry ledger.Entry) error {
	a := r.Adjustment
	if SamePerson(a.Maker, a.Checker) {
		return ErrFourEyes
	}
	for i := range a.Lines {
		line := &a.Lines[i]
		bill, err := books.Record(line.Bill)
		if err != nil {
			return err
		}
		if bill.Bill == nil {
			return fmt.Errorf("%w: record %d", ErrHistory, line.Bill)
		}
		adjusted := *bill.Bill
		adjusted.Benefit = line.Benefit
		if err := checkBill(&adjusted); err != nil {
			return err
		}
	}
	want, err := adjustmentEntry(books, r)
	if err != nil {
		return err
	}
	return sameEntry(want, entry)
}

// adjustmentAnswer is the body of an adjustment's answer: the order, so that books
// restored from an older copy can book it again, and what it came to.
type adjustmentAnswer struct {
	Order AdjustmentOrder    `json:"order"`
	Entry uint64             `json:"entry"` // the books' number of the adjustment
	Day   ledger.Day         `json:"day"`
	Lines []adjustmentFigure `json:"lines"`
}

type adjustmentFigure struct {
	Bill         uint64                        `json:"bill"`
	SettlementID string                        `json:"setl_id"`
	Funds        map[ledger.Fund]ledger.Amount `json:"funds"` // more (or less) owed than before
	Cash         ledger.Amount                 `json:"cash"`  // more (or less) to be paid by the patient
}

// sealAdjustment writes the answer into the record.
func (r *Record) sealAdjustment(order AdjustmentOrder, refold *Refold) error {
	answer := adjustmentAnswer{Order: order, Entry: r.Number, Day: r.Day}
	request, err := json.Marshal(order)
	if err != nil {
		return fmt.Errorf("adjustment: %w", err)
	}
	r.Digest = sha256.Sum256(request)
	for i := range refold.Bills {
		b := &refold.Bills[i]
		if !b.changes() {
			continue
		}
		figure := adjustmentFigure{Bill: b.Number, SettlementID: b.Record.SettlementID(), Funds: map[ledger.Fund]ledger.Amount{}, Cash: b.Cash()}
		for _, change := range b.Funds() {
			figure.Funds[change.Fund] = change.Amount
		}
		answer.Lines = append(answer.Lines, figure)
	}
	if r.Answer, err = json.Marshal(answer); err != nil {
		return fmt.Errorf("adjustment: %w", err)
	}
	return nil
}

// ReadAdjustmentAnswer reads the order back from an adjustment's answer.
func ReadAdjustmentAnswer(body []byte) (AdjustmentOrder, error) {
	var answer adjustmentAnswer
	if err := json.Unmarshal(body, &answer); err != nil {
		return AdjustmentOrder{}, fmt.Errorf("not the answer of an adjustment: %w", err)
	}
	return answer.Order, nil
}
