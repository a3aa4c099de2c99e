package clearing

import (
	"strings"

	"clearingd/provinces"
)

// CompareRow writes into a line of the result what the books have of a row, and whether
// they agree. Figures that the row does not state are not compared. Whose the bill is is
// never repeated where it differs: the memo names the column alone.
func CompareRow(line *provinces.StatementResultLine, row *provinces.StatementRow, m BillMove) {
	ours, claim := m.Amounts(), &m.Bill.Bill.Claim
	var differs []string
	compare := func(column string, equal bool) {
		if !equal {
			differs = append(differs, column)
		}
	}
	compare("refd_setl_flag", row.Refund == (m.Record.Effect < 0))
	compare("mdtrt_id", row.VisitID == "" || row.VisitID == claim.VisitID)
	compare("psn_no", row.PersonNo == "" || row.PersonNo == claim.PersonNo)
	compare("medfee_sumamt", row.Total == ours.Total)
	compare("fund_pay_sumamt", row.Funds == ours.Funds)
	compare("acct_pay", row.Account == *ours.Account)
	line.MsgID, line.Memo, line.Amounts = m.Record.MsgID(), strings.Join(differs, ","), ours
	line.Result = provinces.StatementBalanced
	if len(differs) > 0 {
		line.Result = provinces.StatementDiffers
	}
}

// BooksLine is the line of the result for what only the books have.
func BooksLine(m BillMove) provinces.StatementResultLine {
	claim := &m.Bill.Bill.Claim
	id := m.Record.SettlementID()
	if m.Silent() { // a 2601 issues none; its hospital knows the bill's
		id = m.Bill.SettlementID()
	}
	return provinces.StatementResultLine{
		PersonNo: claim.PersonNo, VisitID: claim.VisitID, SettlementID: id, MsgID: m.Record.MsgID(),
		Refund: m.Record.Effect < 0, Amounts: m.Amounts(),
	}
}
