package clearing

import (
	"strconv"
	"time"

	"clearingd/clearing/reconcile"
	"clearingd/ledger"
)

// Offer is a row of a month's clearing as it is offered for confirmation (3260).
type Offer struct {
	Row       *Record
	Bill      *Record
	Figures   Figures
	SettledAt string
	State     RowState
	Open      bool          // it can be confirmed
	Accrued   ledger.Amount // what a confirmation would move
	Held      bool          // a difference with the hospital or the treatment side is open
	Reserved  ledger.Amount // held back by deductions that are not decided
}

// ID is the row's setl_sn: the setl_id of what settled or took back, in the bill's area.
func (o *Offer) ID() string { return settlementID(o.Bill.Treatment, o.Row.Number) }

// OfferView is what is read of the books to offer a row.
type OfferView interface {
	RowView
	// Undone returns the number of the record that undid this one; 0 if it stands.
	Undone(number uint64) (uint64, error)
}

// Offer shows a row as a month's clearing has it; see [Offered].
func (d *Desk) Offer(view OfferView, number uint64) (*Offer, error) {
	o, err := Offered(view, number)
	if o != nil {
		o.SettledAt = d.answerTime(o.Row).Format(time.DateTime)
	}
	return o, err
}

// Offered is a row as a month's clearing has it, without its time; nil if it is none: a
// bill that was taken back before it was confirmed is not offered, and neither is what
// took it back. What takes back a confirmed bill is a row of its own. A row is open while
// it is not confirmed, and again when something comes to stand of it afterwards.
func Offered(view OfferView, number uint64) (*Offer, error) {
	r, err := view.Record(number)
	if err != nil || r.Effect == 0 {
		return nil, err
	}
	bill, sign, err := BillOf(view, r)
	if err != nil {
		return nil, err
	}
	o := &Offer{Row: r, Bill: bill, Figures: FiguresOf(bill, sign)}
	if o.State, err = view.Row(number); err != nil {
		return nil, err
	}
	stands, err := Standing(view, r)
	if err != nil {
		return nil, err
	}
	for _, s := range stands {
		switch s.Stage {
		case ledger.Accrued:
			o.Accrued += s.Amount
			o.Open = true
		case ledger.Reserved:
			o.Reserved += s.Amount
		}
	}
	if o.State.Confirmed() {
		return o, nil
	}
	o.Open = true
	undone, err := view.Undone(number)
	if err != nil || undone != 0 {
		return nil, err
	}
	if r.Bill == nil {
		before, err := view.Row(r.Original)
		if err != nil || !before.Confirmed() {
			return nil, err
		}
	}
	return o, nil
}

// Hold looks whether a difference of those who must agree is open: of the hospital or of
// the treatment side. What the home side says does not hold a row up: cleared is what
// treatment agency and hospital have confirmed (rules 5.1, article 46).
func (o *Offer) Hold(view ActView) error {
	brk, err := view.Break("bill/" + strconv.FormatUint(o.Row.Number, 10))
	if err != nil || brk == nil || brk.State != reconcile.Open && brk.State != reconcile.Proposed {
		return err
	}
	for _, f := range brk.Findings {
		if f.Side == reconcile.Hospital || f.Side == reconcile.Treatment {
			o.Held = true
		}
	}
	return nil
}
