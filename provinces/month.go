package provinces

import (
	"time"

	"clearingd/ledger"
)

// Transaction numbers of the monthly out-of-area clearing (national-interface 4.4).
const (
	InfnoMonthFetch    = "3260" // 提取异地清分明细
	InfnoMonthConfirm  = "3261" // 异地清分结果确认
	InfnoMonthRollBack = "3262" // 清分结果确认回退
)

// MonthRowsMax is how many rows one message or answer has at most.
const MonthRowsMax = 100

// MonthUndoAll in place of a handle takes back every confirmation of the institution's
// period.
const MonthUndoAll = "0"

// MonthRequest is one decoded message of the monthly clearing.
type MonthRequest struct {
	Infno     string
	MsgID     string
	Treatment ledger.Area // mdtrtarea_admvs
	Provider  string      // fixmedins_code; "": the treatment province's agency itself
	Operator  string      // opter
	Year      int         // trt_year, 2000 to 2099
	Month     int         // trt_month, 1 to 12

	StartRow int        // 3260: number of the first row wanted, from 1
	Rows     []MonthRow // 3261: 1 to MonthRowsMax
	Handle   string     // 3262: otransid, the inf_refmsgid of the 3261 to take back, or MonthUndoAll
}

// MonthRow is one row of a 3261.
type MonthRow struct {
	SettlementID string        // setl_sn
	VisitID      string        // mdtrt_id
	SettledAt    string        // mdtrt_setl_time, yyyy-MM-dd HH:mm:ss
	Total        ledger.Amount // medfee_sumamt; negative of what takes a bill back
	Pays         ledger.Amount // optins_pay_sumamt
	Confirm      bool          // cnfm_flag
}

// MonthAnswer is what an institution is told about one message. The same answer gives
// the same bytes.
type MonthAnswer struct {
	Infno     string
	Treatment ledger.Area
	Number    uint64    // the books' number; 0: nothing was booked
	Received  time.Time // when it was taken

	Code   Code // 0: done
	Errors []FieldError

	Lines []MonthLine // 3260
}

// MonthLine is one row of a 3260's answer.
type MonthLine struct {
	Sequence     int // seqno
	Treatment    ledger.Area
	Provider     string
	VisitID      string
	SettledAt    string
	SettlementID string
	Total        ledger.Amount
	Pays         ledger.Amount

	// Beyond the national table; clients that do not know them ignore them.
	Confirmed bool          // it is confirmed in this period
	Held      bool          // it cannot be confirmed now: a difference is open, or it is too late
	Overdue   bool          // it has slipped more than two months
	Reserved  ledger.Amount // held back by deductions that are not decided
}

// MonthAdapter speaks the monthly clearing in a province's dialect, under the rules of
// [Adapter].
type MonthAdapter interface {
	// DecodeMonth reads a message. Otherwise the error is a *RejectError, and the request
	// holds what could still be read.
	DecodeMonth(body []byte) (MonthRequest, error)
	// EncodeMonth writes an answer.
	EncodeMonth(answer MonthAnswer) ([]byte, error)
	// MonthHandle is the inf_refmsgid of an answer: what a 3262 names.
	MonthHandle(answer MonthAnswer) string
}
