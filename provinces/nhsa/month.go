package nhsa

import (
	"fmt"
	"strconv"

	"clearingd/provinces"
)

var _ provinces.MonthAdapter = (*Dialect)(nil)

// Forms of the monthly clearing.
var (
	monthTransaction = oneOf(provinces.CodeInfno, provinces.InfnoMonthFetch, provinces.InfnoMonthConfirm, provinces.InfnoMonthRollBack)
	centuryYear      = form{func(s string) bool { return len(s) == 4 && isDigits(s) && s[:2] == "20" }, "20[0-9]{2}", provinces.CodeForm, false}
	monthForm        = form{isMonth, "0?[1-9]|1[0-2]", provinces.CodeForm, false}
	rowNumber        = form{func(s string) bool { return isPositive(s, 9) }, "[1-9][0-9]{0,8}", provinces.CodeForm, false}
	handleForm       = form{func(s string) bool { return s == provinces.MonthUndoAll || len(s) == 30 && isDigits(s) }, "[0-9]{30}|0", provinces.CodeForm, false}
)

func isMonth(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && len(s) <= 2 && isDigits(s) && n >= 1 && n <= 12
}

func isPositive(s string, most int) bool {
	return s != "" && len(s) <= most && isDigits(s) && s[0] != '0'
}

// DecodeMonth reads a 3260, 3261 or 3262: see [provinces.MonthAdapter]. The certificate
// number of a row is not read: nothing is matched by it, and it is kept nowhere.
func (d *Dialect) DecodeMonth(body []byte) (provinces.MonthRequest, error) {
	if limit := withinLimits(body); limit != "" {
		return provinces.MonthRequest{}, provinces.Reject(provinces.CodeTooDeep, "", limit, "")
	}
	p := parsers.Get().(*parser)
	defer p.release()
	if refusal := p.parse(body); refusal != nil {
		return provinces.MonthRequest{}, refusal
	}
	r := &reader{nodes: p.nodes}
	request := readMonth(object{reader: r, row: notARow})
	if refusal := r.refusal(); refusal != nil {
		return provinces.MonthRequest{Infno: request.Infno, MsgID: request.MsgID, Treatment: request.Treatment, Provider: request.Provider}, refusal
	}
	return request, nil
}

func readMonth(message object) provinces.MonthRequest {
	request := provinces.MonthRequest{
		Infno:     message.needText("infno", monthTransaction),
		MsgID:     message.needText("msgid", messageID),
		Treatment: message.area("mdtrtarea_admvs"),
		Provider:  message.text("fixmedins_code", providerCode),
		Operator:  message.needText("opter", freeText),
	}
	input := message.needObject("input")
	data := input.needObject("data")
	request.Year, _ = strconv.Atoi(data.needText("trt_year", centuryYear))
	request.Month, _ = strconv.Atoi(data.needText("trt_month", monthForm))
	switch request.Infno {
	case provinces.InfnoMonthFetch:
		request.StartRow, _ = strconv.Atoi(data.needText("startrow", rowNumber))
	case provinces.InfnoMonthConfirm:
		request.Rows = readMonthRows(input, data)
	case provinces.InfnoMonthRollBack:
		request.Handle = data.needText("otransid", handleForm)
	}
	return request
}

func readMonthRows(input, data object) (rows []provinces.MonthRow) {
	total := data.needText("totalrow", rowNumber)
	input.require("detail", "[...]")
	objects := input.rows("detail")
	if n := len(objects); n > provinces.MonthRowsMax {
		input.report(provinces.CodeMonthCount, input.field("detail"), "<= "+strconv.Itoa(provinces.MonthRowsMax), strconv.Itoa(n))
		return nil
	}
	if n := strconv.Itoa(len(objects)); total != n {
		data.report(provinces.CodeMonthCount, data.field("totalrow"), n, total)
	}
	for _, o := range objects {
		row := provinces.MonthRow{
			SettlementID: o.needText("setl_sn", recordNumber),
			VisitID:      o.needText("mdtrt_id", recordNumber),
			Total:        o.needAmount("medfee_sumamt"),
			Pays:         o.needAmount("optins_pay_sumamt"),
			Confirm:      o.needFlag("cnfm_flag"),
		}
		if at, ok := o.needMoment("mdtrt_setl_time"); ok {
			row.SettledAt = at.String()
		}
		rows = append(rows, row)
	}
	return rows
}

// MonthHandle is the inf_refmsgid of an answer.
func (d *Dialect) MonthHandle(a provinces.MonthAnswer) string {
	envelope := monthEnvelope(a)
	return receiverMessageID(&envelope)
}

// EncodeMonth writes the national response envelope: see [provinces.MonthAdapter].
func (d *Dialect) EncodeMonth(a provinces.MonthAnswer) ([]byte, error) {
	if len(a.Treatment) != 6 || len(a.Lines) > provinces.MonthRowsMax || a.Code != 0 && len(a.Lines) > 0 {
		return nil, fmt.Errorf("%w: %s with %d rows and code %d", ErrAnswer, a.Infno, len(a.Lines), a.Code)
	}
	envelope := monthEnvelope(a)
	return respond(512+len(a.Lines)*320, &envelope, func(w *writer) {
		if a.Infno == provinces.InfnoMonthFetch {
			w.array("data", func() {
				for i := range a.Lines {
					writeMonthLine(w, &a.Lines[i])
				}
			})
		}
	}), nil
}

// monthEnvelope is what the response envelope needs of an answer.
func monthEnvelope(a provinces.MonthAnswer) provinces.Answer {
	return provinces.Answer{Treatment: a.Treatment, Received: a.Received, Number: a.Number, Code: a.Code, Errors: a.Errors}
}

// writeMonthLine writes a row with all columns of the national table. certno is empty: the
// hospital has it, and an identity number leaves the house in no message.
func writeMonthLine(w *writer, l *provinces.MonthLine) {
	w.open('{')
	w.text("seqno", strconv.Itoa(l.Sequence))
	w.text("mdtrtarea", string(l.Treatment))
	w.text("medins_no", l.Provider)
	w.text("certno", "")
	w.text("mdtrt_id", l.VisitID)
	w.text("mdtrt_setl_time", l.SettledAt)
	w.text("setl_sn", l.SettlementID)
	w.text("fulamt_advpay_flag", settledDirectly)
	w.amount("medfee_sumamt", l.Total)
	w.amount("optins_pay_sumamt", l.Pays)
	w.flag("cnfm_flag", l.Confirmed)
	w.flag("hold_flag", l.Held)
	w.flag("ovd_flag", l.Overdue)
	w.amount("rsv_amt", l.Reserved)
	w.close('}')
}

// settledDirectly: fulamt_advpay_flag of a bill that was settled at the hospital; bills
// that were paid in full and reimbursed later never come here.
const settledDirectly = "0"
