package daemon

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// month answers the national messages of the monthly clearing (3260 to 3262) of the
// treatment province, or the hospital of it, in the subject. Whatever is wrong with the
// message is answered in the national envelope.
func (d *Daemon) month(_ context.Context, subject string, body []byte) ([]byte, error) {
	tokens := strings.Split(subject, ".") // clearing.month.<treatment>[.<provider>]
	province, provider := ledger.Province(tokens[2]), ""
	if len(tokens) > 3 {
		provider = tokens[3]
	}
	adapter, ok := d.intake.Desk().Adapters[province].(provinces.MonthAdapter)
	if !ok {
		return nil, failure(http.StatusNotFound, "就医地不在服务范围", "no such treatment province")
	}
	request, err := adapter.DecodeMonth(body)
	if err == nil {
		err = agreeMonth(province, provider, request)
	}
	answer := provinces.MonthAnswer{Infno: request.Infno, Treatment: request.Treatment, Received: d.now()}
	if err == nil {
		switch request.Infno {
		case provinces.InfnoMonthFetch:
			answer.Lines, err = d.monthRows(province, request)
		case provinces.InfnoMonthConfirm, provinces.InfnoMonthRollBack:
			err = d.monthAct(adapter, province, request, &answer)
		}
	}
	var refusal *provinces.RejectError
	if errors.As(err, &refusal) {
		answer.Code, answer.Errors, answer.Lines = refusal.Code, refusal.Errors, nil
		err = nil
	}
	if err != nil {
		return nil, meaning(err)
	}
	if answer.Treatment == "" {
		answer.Treatment = ledger.Area(province) + "0000"
	}
	return adapter.EncodeMonth(answer)
}

// agreeMonth holds the message against its subject, which permissions guard.
func agreeMonth(province ledger.Province, provider string, request provinces.MonthRequest) error {
	switch {
	case request.Treatment.Province() != province:
		return provinces.Reject(provinces.CodeSubject, "mdtrtarea_admvs", string(province), string(request.Treatment))
	case provider != "" && request.Provider != provider:
		return provinces.Reject(provinces.CodeSubject, "fixmedins_code", provider, request.Provider)
	}
	return nil
}

func periodOf(request provinces.MonthRequest) clearing.Period {
	return clearing.Period(request.Year*100 + request.Month)
}

// monthRows are the rows of a period from one on: what was settled up to the month's end
// and is not confirmed yet, and what is confirmed in this period; in the order of the
// books, hospital by hospital, which nothing that is done to a row changes.
func (d *Daemon) monthRows(province ledger.Province, request provinces.MonthRequest) (lines []provinces.MonthLine, err error) {
	period := periodOf(request)
	day, err := d.closing.openDay()
	if err != nil {
		return nil, err
	}
	if from, _ := period.Window(); day < from {
		return nil, provinces.Reject(provinces.CodeMonthPeriod, "input.data.trt_month", "from "+from.String(), day.String())
	}
	if err := d.store.CatchUpOffers(); err != nil {
		return nil, d.storeError(err)
	}
	desk := d.intake.Desk()
	err = d.store.View(func(tx *store.Tx) error {
		sequence := 0
		var failed error
		err := tx.MonthRows(province, request.Provider, period, func(number uint64) bool {
			offer, err := desk.Offer(tx, number)
			if err != nil || offer == nil {
				failed = err
				return err == nil
			}
			in := confirmedIn(offer, period)
			if !offer.Open && !in {
				return true
			}
			if sequence++; sequence < request.StartRow {
				return true
			}
			if failed = offer.Hold(tx); failed != nil {
				return false
			}
			lines = append(lines, monthLine(offer, sequence, period, in))
			return len(lines) < provinces.MonthRowsMax
		})
		return errors.Join(err, failed)
	})
	return lines, err
}

func confirmedIn(offer *clearing.Offer, period clearing.Period) bool {
	for _, batch := range offer.State.Batches {
		if batch.Period == period {
			return true
		}
	}
	return false
}

func monthLine(offer *clearing.Offer, sequence int, period clearing.Period, confirmed bool) provinces.MonthLine {
	return provinces.MonthLine{
		Sequence: sequence, Treatment: offer.Bill.Treatment, Provider: offer.Bill.Provider, VisitID: offer.Bill.Bill.Claim.VisitID,
		SettledAt: offer.SettledAt, SettlementID: offer.ID(), Total: offer.Figures.Total, Pays: offer.Figures.Pays,
		Confirmed: confirmed && !offer.Open, Held: offer.Held || period.TooLate(offer.Row.Day), Overdue: period.Overdue(offer.Row.Day), Reserved: offer.Reserved,
	}
}

// monthAct books a confirmation or takes one back. The answer is made from its record, so
// the same message is answered with the same bytes.
func (d *Daemon) monthAct(adapter provinces.MonthAdapter, province ledger.Province, request provinces.MonthRequest, answer *provinces.MonthAnswer) error {
	month := &clearing.MonthOrder{Period: periodOf(request), Provider: request.Provider, Area: request.Treatment, MsgID: request.MsgID}
	kind := clearing.ActConfirm
	for _, row := range request.Rows {
		month.Rows = append(month.Rows, clearing.MonthRow(row))
	}
	if request.Infno == provinces.InfnoMonthRollBack {
		kind = clearing.ActRollBack
		var err error
		if month.Batch, err = d.monthBatch(adapter, request.Handle); err != nil {
			return err
		}
	}
	record, err := d.intake.Instruct(clearing.ActOrder{
		Kind: kind, Province: province, Target: clearing.MonthTarget(month.Period),
		Object: clearing.MonthObject(province, request.Provider, request.MsgID),
		Maker:  request.Operator, Reason: request.Infno, At: d.now().UTC().Round(0), Month: month,
	})
	if err != nil {
		return err
	}
	d.waitForAnswer(record)
	answer.Number, answer.Received = record.Number, record.ReceivedTime()
	return nil
}

// monthBatch is the books' number of the confirmation that a handle names; 0 for all.
func (d *Daemon) monthBatch(adapter provinces.MonthAdapter, handle string) (uint64, error) {
	if handle == provinces.MonthUndoAll {
		return 0, nil
	}
	none := provinces.Reject(provinces.CodeMonthBatch, "input.data.otransid", "", handle)
	const numberDigits = 10
	number, err := strconv.ParseUint(handle[len(handle)-numberDigits:], 10, 64)
	if err != nil {
		return 0, none
	}
	err = d.store.View(func(tx *store.Tx) error {
		record, err := tx.Record(number)
		if err != nil || record.Act == nil || record.Act.Kind != clearing.ActConfirm {
			return none
		}
		order, err := clearing.ReadActAnswer(record.Answer)
		if err != nil {
			return err
		}
		made := adapter.MonthHandle(provinces.MonthAnswer{Treatment: order.Month.Area, Received: record.ReceivedTime(), Number: number})
		if made != handle {
			return none
		}
		return nil
	})
	return number, err
}
