package clearing

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"clearingd/ledger"
	"clearingd/provinces"
)

// ErrBill: the calculator returned a bill that does not close. It is our own fault
// and stops the message, never the books.
var ErrBill = errors.New("clearing: bill does not close")

// checkBill holds the adjudication against the claim: nothing negative, and the parts
// add up to the total.
func checkBill(b *Bill) error {
	sum := []ledger.Amount{b.Benefit.Account, b.Benefit.Cash}
	for _, share := range b.Benefit.Funds {
		sum = append(sum, share.Amount)
	}
	if least := slices.Min(append(sum, b.Benefit.Deductible)); least < 0 {
		return fmt.Errorf("%w: a part of %s", ErrBill, least)
	}
	total, err := ledger.Sum(sum...)
	if err != nil || total != b.Claim.Total {
		return fmt.Errorf("%w: parts %s, total %s", ErrBill, total, b.Claim.Total)
	}
	if len(b.Benefit.Years) != len(b.Years) {
		return fmt.Errorf("%w: %d person-years for %d", ErrBill, len(b.Benefit.Years), len(b.Years))
	}
	return nil
}

// CheckBill holds a stored bill against itself and its entry: it closes, and the entry
// is the obligation that follows from it.
func CheckBill(r *Record, entry ledger.Entry) error {
	if err := checkBill(r.Bill); err != nil {
		return err
	}
	return sameEntry(obligation(r), entry)
}

// sameEntry holds the entry that follows from a record, nil if none does, against the
// stored one.
func sameEntry(want *ledger.Entry, entry ledger.Entry) error {
	if want == nil && len(entry.Postings) == 0 || want != nil && slices.Equal(want.Postings, entry.Postings) {
		return nil
	}
	return fmt.Errorf("%w: the entry is not what the record owes", ErrBill)
}

// billShares are a bill's shares by fund, in the tower's order, the personal account
// last; each fund stands once.
func billShares(b *Bill) []provinces.FundAmount {
	shares := make([]provinces.FundAmount, 0, len(b.Benefit.Funds)+1)
	add := func(fund ledger.Fund, amount ledger.Amount) {
		for i := range shares {
			if shares[i].Fund == fund {
				shares[i].Amount += amount // parts of a checked bill cannot overflow
				return
			}
		}
		shares = append(shares, provinces.FundAmount{Fund: fund, Amount: amount})
	}
	for _, share := range b.Benefit.Funds {
		add(share.Fund, share.Amount)
	}
	if b.Benefit.Account != 0 {
		add(ledger.FundAccount, b.Benefit.Account)
	}
	return shares
}

// settled is the settlement of a bill made by the message at hand.
func (w *work) settled(bill *Bill, id string) *provinces.Settlement {
	r := &w.decision.Record
	return w.Desk.settlement(r, bill, id)
}

// settlementOf is the settlement of a booked record, the same each time.
func settlementOf(d *Desk, booked *Record) *provinces.Settlement {
	return d.settlement(booked, booked.Bill, booked.SettlementID())
}

func (d *Desk) settlement(r *Record, bill *Bill, id string) *provinces.Settlement {
	claim, result := &bill.Claim, &bill.Benefit
	s := &provinces.Settlement{
		ID: id, MsgID: r.MsgID(),
		PersonNo: claim.PersonNo, VisitID: claim.VisitID,
		Insutype: claim.Insutype, PersonType: claim.PersonType, CivilServant: claim.CivilServant,
		Birth: claim.Birth, CertType: claim.CertType, MedType: claim.MedType,
		SettledAt: d.answerTime(r), ClearingOptin: r.Treatment,
		Total: claim.Total, OwnExpense: claim.OwnExpense, OverLimit: claim.OverLimit,
		SelfPayFirst: claim.SelfPayFirst, InScope: claim.InScope,
		DeductiblePaid: result.Deductible, PoolRatio: result.PoolRatio,
		Account: result.Account, Cash: result.Cash,
	}
	if p := bill.Person; p != nil && p.PersonType != "" { // the register's word, not the claim's
		s.PersonType, s.CivilServant = p.PersonType, p.CivilServantRank != ""
	}
	for _, share := range billShares(bill) {
		if share.Fund != ledger.FundAccount {
			s.Funds = append(s.Funds, share)
		}
	}
	if claim.AccountBalance != nil {
		s.Balance = *claim.AccountBalance - result.Account
	}
	return s
}

// cancelledSettlement is the negative of a booked settlement, under the cancellation's
// own number and time.
func cancelledSettlement(d *Desk, booked, cancellation *Record) *provinces.Settlement {
	s := settlementOf(d, booked)
	balance := s.Balance + s.Account
	s.ID = settlementID(booked.Treatment, cancellation.Number)
	s.MsgID = cancellation.MsgID()
	s.SettledAt = d.answerTime(cancellation)
	for _, amount := range []*ledger.Amount{
		&s.Total, &s.OwnExpense, &s.OverLimit, &s.SelfPayFirst, &s.InScope,
		&s.DeductiblePaid, &s.Account, &s.Cash, &s.HospitalPart,
	} {
		*amount = -*amount
	}
	funds := slices.Clone(s.Funds)
	for i := range funds {
		funds[i].Amount = -funds[i].Amount
	}
	s.Funds, s.Balance = funds, balance
	return s
}

// answerTime is the broker's timestamp; in manual mode its time of day on the
// business day, so that history and demonstrations carry their own dates.
func (d *Desk) answerTime(r *Record) time.Time {
	t := r.ReceivedTime()
	if !d.ManualDay {
		return t
	}
	year, month, day := r.Day.Time().Date()
	return time.Date(year, month, day, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), China)
}

// seal writes the answer into the decided record.
func (w *work) seal() error {
	r := &w.decision.Record
	var err error
	if r.Register, err = w.view.Register(); err != nil {
		return err
	}
	adapter, ok := w.Adapters[r.Stream]
	if !ok {
		return fmt.Errorf("%w: no adapter for province %s", ErrAdapter, r.Stream)
	}
	answer := provinces.Answer{
		Infno: r.Infno, MsgID: r.MsgID(), Treatment: r.Treatment,
		Number: r.Number, Received: w.answerTime(r), Outcome: r.Outcome,
		Code: r.Code, Errors: r.Errors, Settlement: w.settlement,
	}
	if answer.Treatment == "" { // the message could not be read: answer for the province at least
		answer.Treatment = ledger.Area(r.Stream) + "0000"
	}
	body, err := adapter.Encode(answer)
	if err != nil {
		return fmt.Errorf("%w: answer to %s: %w", ErrAdapter, r.Subject, err)
	}
	r.Answer = body
	return nil
}

// Envelope is the record's answer as it goes on the bus; the same at any time.
func (r *Record) Envelope() provinces.Envelope {
	header := map[string]string{
		provinces.HeaderOutcome: string(r.Outcome),
		provinces.HeaderDigest:  hex.EncodeToString(r.Digest[:]),
		provinces.HeaderEntry:   strconv.FormatUint(r.Number, 10),
		provinces.HeaderDay:     r.Day.String(),
	}
	if r.Register != 0 {
		header[provinces.HeaderRegister] = strconv.FormatUint(r.Register, 10)
	}
	if r.OriginalWord != "" {
		header[provinces.HeaderOriginal] = r.OriginalWord
	}
	place := "answers."
	if r.Redo != nil {
		place, header[HeaderRedo] = redoPrefix, redoHeader(r.Redo)
	}
	return provinces.Envelope{Subject: place + r.MessageKey(), Header: header, Body: r.Answer}
}
