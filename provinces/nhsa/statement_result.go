package nhsa

import (
	"encoding/hex"
	"fmt"
	"strconv"

	"clearingd/ledger"
	"clearingd/provinces"
)

// WriteStatementResult writes the national response to a 3201 or 3202. The rows of a 3202
// do not fit an answer: it says how many there are of each kind, and by which digest
// they can be known once the service has delivered them.
func WriteStatementResult(r provinces.StatementResult) ([]byte, error) {
	area := r.Statement.Area
	if len(area) != 6 {
		area = ledger.Area(r.Statement.Party.Province) + "0000"
	}
	if (r.Outcome == provinces.StatementRefused) != (r.Code != 0) || len(area) != 6 {
		return nil, fmt.Errorf("%w: statement outcome %q with code %d", ErrAnswer, r.Outcome, r.Code)
	}
	a := provinces.Answer{Treatment: area, Number: r.Number, Received: r.Received, Code: r.Code, Errors: r.Errors}
	return respond(1_024, &a, func(w *writer) {
		if len(r.Totals) == 1 {
			writeComparison(w, &r.Totals[0])
			if r.Rows != nil {
				writeRowResult(w, &r)
			}
		}
	}), nil
}

// writeComparison writes output.stmtinfo.
func writeComparison(w *writer, c *provinces.StatementComparison) {
	w.object("stmtinfo", func() {
		w.text("setl_optins", string(c.Yours.Agency))
		w.text("stmt_rslt", c.Result)
		w.text("stmt_rslt_dscr", describeComparison(c))
	})
}

// describeComparison says both sides' figures within the 200 characters of the
// interface: count, bill, funds and account or cash.
func describeComparison(c *provinces.StatementComparison) string {
	if c.Result == provinces.StatementBalanced {
		return "平 balanced"
	}
	figures := func(t *provinces.StatementTotal) string {
		text := fmt.Sprintf("%d笔 %s/%s", t.Count, t.Total, t.Funds)
		for _, more := range []*ledger.Amount{t.Account, t.Cash} {
			if more != nil {
				text += "/" + more.String()
			}
		}
		return text
	}
	text := []rune("中心 ours " + figures(&c.Ours) + "; 机构 yours " + figures(&c.Yours))
	return string(text[:min(len(text), maxMessage)])
}

func writeRowResult(w *writer, r *provinces.StatementResult) {
	w.object("result", func() {
		w.object("counts", func() {
			for _, result := range []string{provinces.StatementBalanced, provinces.StatementOursMore, provinces.StatementYourMore, provinces.StatementDiffers} {
				w.text(result, strconv.FormatInt(r.Rows.Counts[result], 10))
			}
		})
		w.text("filename", "result.txt")
		w.text("bytes", strconv.FormatInt(r.Rows.Bytes, 10))
		w.text("sha256", hex.EncodeToString(r.Rows.SHA256[:]))
		w.text("service", "clearing.statement."+r.Statement.Party.Key())
	})
}

// AppendResultLine adds a line of result.txt: TAB between columns, null for what is
// missing, "\n" at the end (national-interface 4.2).
func AppendResultLine(b []byte, l provinces.StatementResultLine) []byte {
	var account ledger.Amount
	if l.Amounts.Account != nil {
		account = *l.Amounts.Account
	}
	refund := "0"
	if l.Refund {
		refund = "1"
	}
	for i, cell := range []string{
		l.PersonNo, l.VisitID, l.SettlementID, l.MsgID, l.Result, refund, l.Memo,
		l.Amounts.Total.String(), l.Amounts.Funds.String(), account.String(),
	} {
		if i > 0 {
			b = append(b, '\t')
		}
		if cell == "" {
			cell = "null"
		}
		b = append(b, cell...)
	}
	return append(b, '\n')
}
