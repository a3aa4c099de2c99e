package clearing

import (
	"fmt"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Values of the Clr-Original header on a reversal: what the named message was.
const (
	wasBooked   = "booked"
	wasRefused  = "refused"
	wasRepeated = "repeated" // it had no effect of its own, so there is nothing to undo
	wasUnseen   = "unseen"
)

// cancel decides a 2305: undo a booked settlement as a whole.
func (w *work) cancel() error {
	request := w.message.Request.Cancellation
	treatment, number, ok := ParseSettlementID(request.SettlementID)
	if !ok || number >= w.view.Next() {
		w.refuse(provinces.CodeUnknownSettle, "input.data.setl_id", "", request.SettlementID)
		return nil
	}
	original, err := w.view.Record(number)
	if err != nil {
		return err
	}
	if original.Outcome != provinces.Booked || original.Treatment != treatment ||
		original.Provider != w.message.Request.Provider || original.Home != w.message.Request.Home {
		w.refuse(provinces.CodeUnknownSettle, "input.data.setl_id", "", request.SettlementID)
		return nil
	}
	if w.otherPerson(original, request.PersonNo) {
		return nil
	}
	if original.Bill.Claim.VisitID != request.VisitID {
		w.refuse(provinces.CodeStayMismatch, "input.data.mdtrt_id", original.Bill.Claim.VisitID, request.VisitID)
		return nil
	}
	by, err := w.view.Undone(number)
	if err != nil {
		return err
	}
	if by != 0 {
		return w.cancelAgain(by)
	}
	undone, err := w.undo(original)
	if err != nil || !undone {
		return err
	}
	r := &w.decision.Record
	r.Outcome, r.OriginalWord = provinces.Cancelled, original.MsgID()
	w.settlement = cancelledSettlement(w.Desk, original, r)
	return nil
}

// otherPerson refuses a message about a settlement of somebody else. It never says
// whose settlement it is.
func (w *work) otherPerson(original *Record, personNo string) bool {
	if original.Bill.Claim.PersonNo == personNo {
		return false
	}
	w.refuse(provinces.CodeStayMismatch, "input.data.psn_no", "", "")
	return true
}

// cancelAgain repeats the first cancellation; a settlement undone by a reversal has no
// cancellation to repeat.
func (w *work) cancelAgain(by uint64) error {
	first, err := w.view.Record(by)
	if err != nil {
		return err
	}
	if first.Outcome != provinces.Cancelled {
		w.refuse(provinces.CodeStateOther, "input.data.setl_id", "", "reversed by "+first.MsgID())
		return nil
	}
	return w.repeat(first)
}

// undo takes a booked bill out of the books: its entry reversed, its stay free, its
// person-years as it found them. Only the newest bill of each of its person-years can
// go; otherwise the message is refused, naming the later one, or the person-year is
// re-folded where the home province has it so.
func (w *work) undo(original *Record) (bool, error) {
	claim := &original.Bill.Claim
	r := &w.decision.Record
	for _, link := range original.Bill.Years {
		key := yearKey(original.Home, claim, link.Year)
		state, err := w.view.Year(key)
		if err != nil {
			return false, err
		}
		next := link.Before
		switch {
		case state.Last != original.Number && !w.Refold[original.Home.Province()]:
			return false, w.refuseNotLast(original, state.Last)
		case state.Last != original.Number || state.Refold != nil:
			if next, err = w.withoutBill(key, state, original); err != nil {
				return false, err
			}
		}
		w.decision.Years = append(w.decision.Years, YearChange{Key: key, State: next})
	}
	if err := w.reverseEntry(original.Number); err != nil {
		return false, err
	}
	r.Original, r.Effect = original.Number, -1
	r.Treatment = original.Treatment
	w.decision.Stay = &StayChange{Key: stayKey(original.Provider, claim)}
	w.decision.Undone = []UndoneChange{{Number: original.Number, By: r.Number}}
	return true, nil
}

func (w *work) refuseNotLast(original *Record, last uint64) error {
	later, err := w.view.Record(last)
	if err != nil {
		return fmt.Errorf("later bill than %d: %w", original.Number, err)
	}
	w.decision.Years, w.decision.Refolds = nil, nil
	w.refuse(provinces.CodeNotLast, "input.data", original.SettlementID(), later.SettlementID())
	return nil
}

// reverseEntry books the opposite of a record's entry; nothing if no money moved.
func (w *work) reverseEntry(number uint64) error {
	entry, err := w.view.Entry(number)
	if err != nil {
		return err
	}
	if len(entry.Postings) > 0 {
		reversed := entry.Reverse(w.decision.Record.Number, w.decision.Record.Day)
		w.decision.Entry = &reversed
	}
	return nil
}

// reverse decides a 2601: make sure that a message of unknown outcome has no effect.
func (w *work) reverse() error {
	request := w.message.Request.Reversal
	subject, err := provinces.ParseSubject(w.message.Subject)
	if err != nil {
		return fmt.Errorf("%w: a decoded message with subject %q", ErrAdapter, w.message.Subject)
	}
	subject.MsgID = request.OriginalMsgID
	known, err := w.view.Message(subject.Key())
	if err != nil {
		return err
	}
	w.decision.Record.Outcome = provinces.Reversed
	switch {
	case known.Record != 0:
		return w.reverseKnown(known.Record)
	case known.Mark != 0:
		return w.repeatReversal(known.Mark)
	}
	w.decision.Mark = subject.Key()
	w.decision.Record.OriginalWord = wasUnseen
	return nil
}

func (w *work) reverseKnown(number uint64) error {
	request := w.message.Request.Reversal
	original, err := w.effective(number)
	if err != nil {
		return err
	}
	r := &w.decision.Record
	r.Original = original.Number
	if original.Infno != "" && original.Infno != request.OriginalInfno {
		w.refuse(provinces.CodeStateOther, "input.data.oinfno", original.Infno, request.OriginalInfno)
		return nil
	}
	switch original.Outcome {
	case provinces.Booked:
		return w.reverseBooked(original)
	case provinces.Cancelled:
		return w.reverseCancelled(original)
	case provinces.Repeated:
		r.OriginalWord = wasRepeated
	case provinces.Quarantined:
		r.OriginalWord = wasRefused
		w.decision.Mark = original.MessageKey() // should it be decided again, it is void
	default:
		r.OriginalWord = wasRefused
	}
	return nil
}

// effective is the record that says what became of a message: of a quarantined one that
// was decided again, the later one.
func (w *work) effective(number uint64) (*Record, error) {
	record, err := w.view.Record(number)
	if err != nil || record.Outcome != provinces.Quarantined {
		return record, err
	}
	by, err := w.view.Undone(number)
	if err != nil || by == 0 {
		return record, err
	}
	return w.view.Record(by)
}

func (w *work) repeatReversal(first uint64) error {
	original, err := w.view.Record(first)
	if err != nil {
		return err
	}
	return w.repeat(original)
}

// reverseBooked undoes a bill, or finds it undone already.
func (w *work) reverseBooked(original *Record) error {
	if w.otherPerson(original, w.message.Request.Reversal.PersonNo) {
		return nil
	}
	r := &w.decision.Record
	r.OriginalWord = wasBooked
	by, err := w.view.Undone(original.Number)
	if err != nil {
		return err
	}
	if by == 0 {
		_, err := w.undo(original)
		return err
	}
	first, err := w.view.Record(by)
	if err != nil {
		return err
	}
	if first.Outcome == provinces.Reversed {
		return w.repeat(first)
	}
	// Cancelled since: it has no effect any more, and must not get one back when somebody
	// reverses the cancellation.
	known, err := w.view.Message(original.MessageKey())
	if err != nil {
		return err
	}
	if known.Mark != 0 {
		return w.repeatReversal(known.Mark)
	}
	w.decision.Mark = original.MessageKey()
	return nil
}

// reverseCancelled undoes a cancellation: the bill stands again as it was booked, if
// nothing has taken its place in the stay or in its person-years since. A bill whose own
// message was reversed after it was cancelled stays without effect.
func (w *work) reverseCancelled(cancellation *Record) error {
	bill, err := w.view.Record(cancellation.Original)
	if err != nil {
		return err
	}
	if w.otherPerson(bill, w.message.Request.Reversal.PersonNo) {
		return nil
	}
	r := &w.decision.Record
	r.OriginalWord = wasBooked
	by, err := w.view.Undone(cancellation.Number)
	if err != nil {
		return err
	}
	if by != 0 {
		first, err := w.view.Record(by)
		if err != nil {
			return err
		}
		return w.repeat(first)
	}
	if known, err := w.view.Message(bill.MessageKey()); err != nil || known.Mark != 0 {
		return err
	}
	free, err := w.placeIsFree(bill)
	if err != nil || !free {
		return err
	}
	if err := w.reverseEntry(cancellation.Number); err != nil {
		return err
	}
	r.Effect = 1
	w.decision.Stay = &StayChange{Key: stayKey(bill.Provider, &bill.Bill.Claim), Booked: bill.Number}
	w.decision.Undone = []UndoneChange{{Number: cancellation.Number, By: r.Number}, {Number: bill.Number}}
	return nil
}

// placeIsFree puts a cancelled bill back into its person-years, and refuses where its
// stay is booked anew or a person-year is not as the bill found it.
func (w *work) placeIsFree(bill *Record) (bool, error) {
	standing, err := w.view.Stay(stayKey(bill.Provider, &bill.Bill.Claim))
	if err != nil {
		return false, err
	}
	if standing != 0 {
		return false, w.refuseNotLast(bill, standing)
	}
	again := standingYears(bill)
	for i, link := range bill.Bill.Years {
		state, err := w.view.Year(again[i].Key)
		if err != nil {
			return false, err
		}
		next := again[i].State
		switch {
		case state.Refold == nil && state.Last == link.Before.Last: // as it was found
		case state.Last > bill.Number && !w.Refold[bill.Home.Province()]:
			return false, w.refuseNotLast(bill, state.Last)
		case state.Refold == nil && !w.Refold[bill.Home.Province()]: // a bill before it is gone
			w.decision.Years, w.decision.Refolds = nil, nil
			w.refuse(provinces.CodeStateOther, "input.data", bill.SettlementID(), "")
			return false, nil
		default:
			if next, err = w.withBill(again[i].Key, state, bill); err != nil {
				return false, err
			}
		}
		w.decision.Years = append(w.decision.Years, YearChange{Key: again[i].Key, State: next})
	}
	return true, nil
}

// obligation is the entry of a booked bill: what the home region owes the treatment
// region, and through it the hospital, from each fund and from the personal account. A
// bill that no fund pays has none.
func obligation(r *Record) *ledger.Entry {
	entry := &ledger.Entry{Number: r.Number, Day: r.Day}
	for _, share := range billShares(r.Bill) {
		if share.Amount == 0 {
			continue
		}
		entry.Postings = append(entry.Postings, obligationOf(r, share.Fund, share.Amount)...)
	}
	if len(entry.Postings) == 0 {
		return nil
	}
	return entry
}

// obligationOf are the two postings by which the home region of a bill comes to owe an
// amount from a fund; less, if it is negative.
func obligationOf(bill *Record, fund ledger.Fund, amount ledger.Amount) []ledger.Posting {
	receivable := ledger.Account{
		Side: ledger.Receivable, Home: bill.Home, Treatment: bill.Treatment,
		Fund: fund, Stage: ledger.Accrued,
	}
	payable := receivable
	payable.Side, payable.Provider = ledger.Payable, bill.Provider
	return []ledger.Posting{{Account: receivable, Amount: amount}, {Account: payable, Amount: -amount}}
}
