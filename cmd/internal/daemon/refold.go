package daemon

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/intake"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/config"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// refolding are the home provinces that let a bill come or go before others of its
// person-year.
func refolding(orders config.Orders) map[ledger.Province]bool {
	homes := make(map[ledger.Province]bool)
	for _, p := range provinces.Provinces() {
		homes[p] = orders.Of(string(p)) == config.Refold
	}
	return homes
}

func (d *Daemon) refoldEndpoints() []bus.Endpoint {
	return []bus.Endpoint{
		{Name: "refold", Subject: service.Refold + ".*", Handle: forProvince(service.Refold, d.refold)},
		{Name: "refolds", Subject: service.Refolds + ".*", Handle: forProvince(service.Refolds, d.refolds)},
		{Name: "adjust", Subject: service.Adjust + ".*", Handle: forProvince(service.Adjust, d.adjust)},
	}
}

// refoldFailure words why a decision is not carried out; nil for other errors.
func refoldFailure(err error) error {
	switch {
	case errors.Is(err, clearing.ErrFourEyes):
		return failure(http.StatusBadRequest, "经办人与复核人须为两个不同的人，各以一行文字署名", err.Error())
	case errors.Is(err, clearing.ErrReason):
		return failure(http.StatusBadRequest, "须写明理由（一行文字）", err.Error())
	case errors.Is(err, clearing.ErrNoYear):
		return failure(http.StatusNotFound, "该记录不是此年度的结算", err.Error())
	case errors.Is(err, clearing.ErrChanged):
		return failure(http.StatusConflict, "该人员年度在复核之后已有变化，请重新查看后再决定", err.Error())
	case errors.Is(err, clearing.ErrNothingDue):
		return failure(http.StatusConflict, "该人员年度没有需要调整的结算", err.Error())
	case errors.Is(err, errNoBill):
		return failure(http.StatusConflict, "该记录不是入账的结算，无从重算", err.Error())
	case errors.Is(err, intake.ErrNotTaking):
		return failure(http.StatusServiceUnavailable, "系统正在启动或停止，请稍后再试", err.Error())
	}
	return nil
}

// refold shows a person's years beside what their bills would have come out as.
func (d *Daemon) refold(home ledger.Province, request service.RefoldRequest) (reply service.RefoldReply, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		keys, err := refoldKeys(tx, home, request)
		if err != nil {
			return err
		}
		shown := make(map[clearing.YearKey]bool)
		for _, key := range keys {
			reply.Person = d.pseudonyms.Of(home, key.PersonNo)
			if shown[key] {
				continue
			}
			refold, err := d.verifier.Refolding(tx, key, d.intake.Desk().OrderOf(home))
			if err != nil {
				return err
			}
			line, err := refoldYear(tx, key, &refold, request.Trace)
			if err != nil {
				return err
			}
			for _, total := range line.Totals {
				key.Year = total.Year
				shown[key] = true
			}
			reply.Years = append(reply.Years, line)
		}
		return nil
	})
	return reply, err
}

// refoldKeys are the person-years that a request names.
func refoldKeys(tx *store.Tx, home ledger.Province, request service.RefoldRequest) (keys []clearing.YearKey, err error) {
	if request.Entry == 0 {
		err = tx.Years(home, request.PersonNo, request.Insutype, func(key clearing.YearKey, _ clearing.YearState) error {
			if request.Year == 0 || request.Year == key.Year {
				keys = append(keys, key)
			}
			return nil
		})
		return keys, err
	}
	record, err := tx.Record(request.Entry)
	if err != nil {
		return nil, err
	}
	for _, key := range record.YearKeys() {
		if key.Home == home && (request.Year == 0 || request.Year == key.Year) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errNoSuch
	}
	return keys, nil
}

func refoldYear(tx *store.Tx, key clearing.YearKey, refold *clearing.Refold, trace bool) (service.RefoldYear, error) {
	object, err := refold.Digest()
	if err != nil {
		return service.RefoldYear{}, err
	}
	line := service.RefoldYear{
		Insutype: refold.Insutype, Order: refold.Order, Object: hex.EncodeToString(object[:]), Differs: refold.Differs(),
	}
	for _, year := range refold.Years {
		key.Year = year.Year
		total := service.RefoldTotal{Year: year.Year, Now: year.Now, Should: year.Should}
		if total.Note, err = refoldNotice(tx, key); err != nil {
			return line, err
		}
		line.Totals = append(line.Totals, total)
	}
	for i := range refold.Bills {
		line.Bills = append(line.Bills, refoldBill(&refold.Bills[i], trace))
	}
	return line, nil
}

func refoldBill(b *clearing.RefoldBill, trace bool) service.RefoldBill {
	line := service.RefoldBill{
		Entry: b.Number, SettlementID: b.Record.SettlementID(), Day: b.Record.Day,
		Admitted: b.Record.Bill.Claim.Admitted.String(), Discharged: b.Record.Bill.Claim.Discharged.String(),
		Treatment: b.Record.Treatment, Provider: b.Record.Provider,
		Adjusted: b.Adjusted, Undone: b.Undone, Now: b.Now, Should: b.Should,
		Differs: b.Differs(), Funds: byFund(b.Funds()), Cash: b.Cash(), Deductible: b.Deductible(),
	}
	if b.Refused != nil {
		line.Code = b.Refused.Code
	}
	if !trace {
		line.Now.Trace, line.Should.Trace = nil, nil
	}
	return line
}

func byFund(list []provinces.FundAmount) map[ledger.Fund]ledger.Amount {
	funds := make(map[ledger.Fund]ledger.Amount, len(list))
	for _, f := range list {
		funds[f.Fund] = f.Amount
	}
	return funds
}

func refoldNotice(tx *store.Tx, key clearing.YearKey) (*service.RefoldNotice, error) {
	note, ok, err := tx.RefoldNote(key)
	if err != nil || !ok {
		return nil, err
	}
	return &service.RefoldNotice{Year: key.Year, First: note.First, Last: note.Last, Adjusted: note.Adjusted}, nil
}

// refoldNotices are a bill's person-years that were re-folded.
func refoldNotices(tx *store.Tx, r *clearing.Record) (notices []service.RefoldNotice, err error) {
	for _, key := range r.YearKeys() {
		notice, err := refoldNotice(tx, key)
		if err != nil {
			return nil, err
		}
		if notice != nil {
			notices = append(notices, *notice)
		}
	}
	return notices, nil
}

// refoldsPart is how many person-years are looked at for one reply.
const refoldsPart = 200

// refolds lists the home province's person-years that were re-folded and in which
// something is left to decide.
func (d *Daemon) refolds(home ledger.Province, request service.RefoldsRequest) (service.RefoldsReply, error) {
	reply := service.RefoldsReply{Years: []service.RefoldLine{}}
	err := d.store.View(func(tx *store.Tx) error {
		var looked uint64
		var failed error
		err := tx.Refolds(clearing.YearKey{Home: home}, func(key clearing.YearKey, note store.RefoldNote) bool {
			if key.Home != home {
				return false
			}
			if looked++; looked <= request.Skip {
				return true
			}
			if looked > request.Skip+refoldsPart {
				reply.Next = looked - 1
				return false
			}
			var line service.RefoldLine
			if line, failed = d.refoldLine(tx, key, note); failed != nil {
				return false
			}
			if line.Differs || request.All {
				reply.Years = append(reply.Years, line)
			}
			return true
		})
		return errors.Join(err, failed)
	})
	return reply, err
}

func (d *Daemon) refoldLine(tx *store.Tx, key clearing.YearKey, note store.RefoldNote) (service.RefoldLine, error) {
	line := service.RefoldLine{
		Person: d.pseudonyms.Of(key.Home, key.PersonNo), Insutype: key.Insutype,
		Note: service.RefoldNotice{Year: key.Year, First: note.First, Last: note.Last, Adjusted: note.Adjusted},
	}
	refold, err := d.verifier.Refolding(tx, key, d.intake.Desk().OrderOf(key.Home))
	if err != nil {
		return line, err
	}
	for i := range refold.Bills {
		b := &refold.Bills[i]
		if b.Record.InYear(key.Year) {
			line.Entry = b.Number
		}
		if !b.Differs() {
			continue
		}
		line.Bills++
		line.Cash += b.Cash()
		for _, f := range b.Funds() {
			line.Funds += f.Amount
		}
	}
	line.Differs = refold.Differs()
	return line, nil
}

// adjust books the decision of two officers, and answers when its own answer is where
// those of claims are.
func (d *Daemon) adjust(home ledger.Province, request service.AdjustRequest) (reply service.AdjustReply, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		record, err := tx.Record(request.Entry)
		if err == nil && record.Home.Province() != home {
			err = errNoSuch
		}
		return err
	})
	if err != nil {
		return reply, err
	}
	record, err := d.intake.Instruct(clearing.AdjustmentOrder{
		Entry: request.Entry, Year: request.Year, Object: request.Object,
		Maker: request.Maker, Checker: request.Checker, Reason: request.Reason, At: d.now().UTC().Round(0),
	})
	if err != nil {
		return reply, err
	}
	return service.AdjustReply{
		Entry: record.Number, Day: record.Day, Answer: record.Answer, Published: d.waitForAnswer(record),
	}, nil
}

// adjustWait bounds how long a decision waits for its answer to be on the broker's disk.
const adjustWait = 5 * time.Second

// waitForAnswer reports whether the broker holds a record's answer: from then on the
// decision survives the loss of the books since their last copy. An answer that takes
// longer goes out by itself later.
func (d *Daemon) waitForAnswer(record *clearing.Record) bool {
	ctx, cancel := context.WithTimeout(context.Background(), adjustWait)
	defer cancel()
	subject := record.Envelope().Subject
	for {
		if _, ok, _ := d.bus.Answer(ctx, subject); ok { // an error is a reason to ask again
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pollEvery):
		}
	}
}

// decided reads an officers' decision back from its own answer.
func (d *Daemon) decided(ctx context.Context, a bus.StoredAnswer) (intake.Answered, error) {
	answer, ok, err := d.bus.Answer(ctx, a.Subject)
	if err != nil {
		return intake.Answered{}, err
	}
	if !ok {
		return intake.Answered{}, fmt.Errorf("%w: answer %d is gone from the broker", ErrBooksDamaged, a.Number)
	}
	order, err := clearing.ReadInstruction(a.Subject, answer.Body)
	if err != nil {
		return intake.Answered{}, fmt.Errorf("%w: answer %d: %w: %s", ErrBooksDamaged, a.Number, err, strange(&a))
	}
	day, err := ledger.ParseDay(a.Header[provinces.HeaderDay])
	if err != nil {
		return intake.Answered{}, fmt.Errorf("%w: answer %d has no day: %w: %s", ErrBooksDamaged, a.Number, err, strange(&a))
	}
	return intake.Answered{Number: a.Number, Place: a.Sequence, Day: day, Answer: answer.Body, Order: order}, nil
}

// adjustmentView explains an officers' decision.
func (d *Daemon) adjustmentView(tx *store.Tx, r *clearing.Record) (*service.AdjustmentView, error) {
	a := r.Adjustment
	view := &service.AdjustmentView{
		Insutype: a.Insutype, Years: a.Years, Maker: a.Maker, Checker: a.Checker, Reason: a.Reason,
		Object: hex.EncodeToString(a.Object[:]), At: r.ReceivedTime(),
	}
	for i := range a.Lines {
		line := &a.Lines[i]
		funds, cash, err := clearing.AdjustmentChange(tx, line)
		if err != nil {
			return nil, err
		}
		view.Lines = append(view.Lines, service.AdjustmentViewLine{
			Entry: line.Bill, Was: line.Was, Undone: line.Undone, Funds: byFund(funds), Cash: cash, Now: line.Benefit,
		})
	}
	return view, nil
}
