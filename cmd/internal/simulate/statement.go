package simulate

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"

	"clearingd/clearing/sim/audit"
)

// Outcomes of statements.
const (
	applied  = "applied"
	repeated = "repeated"
	refused  = "refused"
)

// Results of a line of a 3202 (stmt_rslt).
const (
	balanced  = "0"
	oursMore  = "1"
	yoursMore = "2"
	differs   = "3"
)

// statement is what a party publishes under one id.
type statement struct {
	party, id, day string
	serial         int // 0: none
	rows           []row
	ours           []row // what the books have of the party and the day
	totals         bool  // without rows
	wrongTotal     bool  // the total is not the sum of the rows
	bare           bool  // its rows have no column that they need not have
	extra          *big.Rat
	carries        bool // it tells everything up to its day

	parts [][]byte // the head, and the file
	held  int      // the part that comes late; -1: all come together

	outcome  string
	code     int        // of a refusal
	original string     // of a repetition
	first    *statement // that it repeats
	answered bool       // the days it is about are closed
	planted  []planted
}

// row is a bill as a side states it.
type row struct {
	audit.Move
	result string // that a 3202 gets for it
}

// rowOf is the row of a bill that nothing is wrong with. A 2601 has no setl_id: who takes
// back a bill because of it names the bill.
func rowOf(m audit.Move) row {
	if m.SettlementID == "" {
		m.SettlementID = m.Of
	}
	return row{m, balanced}
}

func (s *statement) hospital() bool { return strings.HasPrefix(s.party, "provider.") }

func (s *statement) province() string { return strings.Split(s.party, ".")[1] }

// figures are sums of rows.
type figures struct {
	count                       int
	total, funds, account, cash *big.Rat
}

func sums(rows []row) figures {
	f := figures{total: new(big.Rat), funds: new(big.Rat), account: new(big.Rat), cash: new(big.Rat)}
	for _, r := range rows {
		f.count++
		f.total.Add(f.total, r.Total)
		f.funds.Add(f.funds, r.Funds)
		f.account.Add(f.account, r.Account)
		f.cash.Add(f.cash, r.Cash)
	}
	return f
}

func (f figures) String() string {
	return fmt.Sprint(f.count, " ", audit.Yuan(f.total), " ", audit.Yuan(f.funds), " ", audit.Yuan(f.account), " ", audit.Yuan(f.cash))
}

func (s *statement) owed(rows []row) *big.Rat {
	f := sums(rows)
	return new(big.Rat).Add(f.funds, f.account)
}

// stated are the totals as they are stated.
func (s *statement) stated() figures {
	f := sums(s.rows)
	if s.extra != nil {
		f.funds.Add(f.funds, s.extra)
	}
	if s.wrongTotal {
		f.funds.Add(f.funds, big.NewRat(1, 100))
	}
	return f
}

// tied reports whether its totals are those of the books.
func (s *statement) tied() bool { return s.stated().String() == sums(s.ours).String() }

// write makes the messages.
func (s *statement) write(dice *rand.Rand) {
	var file []byte
	format := "txt"
	switch {
	case s.first != nil:
		s.parts = s.first.parts
		return
	case s.totals:
		s.parts = [][]byte{s.head(nil, "")}
		return
	case !s.hospital():
		if format = "jsonl"; dice.IntN(2) == 0 {
			format = "csv"
		}
		file = s.provinceRows(format)
	default:
		if file = s.hospitalRows(); dice.IntN(3) == 0 {
			format, file = "zip", zipped(file)
		}
	}
	size := 1 + len(file)/(1+dice.IntN(4))
	s.parts = [][]byte{nil}
	for chunk := range slices.Chunk(file, size) {
		s.parts = append(s.parts, chunk)
	}
	s.parts[0] = s.head(file, format)
	if s.held >= 0 {
		s.held = dice.IntN(len(s.parts))
	}
}

// head is the message that says what the statement is.
func (s *statement) head(file []byte, format string) []byte {
	f, digest := s.stated(), sha256.Sum256(file)
	about := map[string]any{"parts": len(s.parts) - 1, "bytes": len(file), "sha256": hex.EncodeToString(digest[:]), "format": format}
	if !s.hospital() {
		head := map[string]any{
			"doctype": "statement", "admdvs": s.province() + "0000", "begndate": s.day, "enddate": s.day, "horizon": s.day,
			"totals": []any{map[string]any{
				"setl_cnt": f.count, "medfee_sumamt": audit.Yuan(f.total), "fund_pay_sumamt": audit.Yuan(f.funds),
				"acct_pay": audit.Yuan(f.account), "psn_cash_pay": audit.Yuan(f.cash),
			}},
		}
		if s.serial > 0 {
			head["serial"] = s.serial
		}
		if file != nil {
			head["file"] = about
		}
		return encode(head)
	}
	data := map[string]any{
		"setl_optins": s.province() + "0000", "stmt_begndate": s.day, "stmt_enddate": s.day,
		"medfee_sumamt": audit.Yuan(f.total), "fund_pay_sumamt": audit.Yuan(f.funds), "fixmedins_setl_cnt": f.count,
	}
	infno, stmt := "3202", about
	if file == nil {
		infno, stmt = "3201", map[string]any{}
		data["insutype"], data["clr_type"], data["acct_pay"] = s.rows[0].Insurance, "21", audit.Yuan(f.account)
	} else {
		data["cash_payamt"] = audit.Yuan(f.cash)
	}
	stmt["horizon"] = s.day
	if s.serial > 0 {
		stmt["serial"] = s.serial
	}
	return encode(map[string]any{
		"infno": infno, "msgid": "S" + s.id, "mdtrtarea_admvs": s.province() + "0000", "fixmedins_code": strings.Split(s.party, ".")[2],
		"input": map[string]any{"data": data, "stmt": stmt},
	})
}

func flag(refund bool) string {
	if refund {
		return "1"
	}
	return "0"
}

// hospitalRows is the file of a 3202.
func (s *statement) hospitalRows() []byte {
	var b bytes.Buffer
	for _, r := range s.rows {
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.SettlementID, r.Visit, r.Person, audit.Yuan(r.Total), audit.Yuan(r.Funds), audit.Yuan(r.Account), flag(r.Refund))
	}
	return b.Bytes()
}

// cells are the columns of a province's row.
func (s *statement) cells(r *row) map[string]string {
	if s.bare {
		return map[string]string{
			"setl_id": r.SettlementID, "insuplc_admdvs": r.Home, "medfee_sumamt": audit.Yuan(r.Total), "fund_pay_sumamt": audit.Yuan(r.Funds),
			"acct_pay": audit.Yuan(r.Account), "refd_setl_flag": flag(r.Refund),
		}
	}
	cells := map[string]string{
		"setl_id": r.SettlementID, "mdtrt_id": r.Visit, "psn_no": r.Person, "insuplc_admdvs": r.Home, "mdtrtarea_admvs": r.Treatment,
		"fixmedins_code": r.Provider, "insutype": r.Insurance, "medfee_sumamt": audit.Yuan(r.Total), "fund_pay_sumamt": audit.Yuan(r.Funds),
		"acct_pay": audit.Yuan(r.Account), "psn_cash_pay": audit.Yuan(r.Cash), "refd_setl_flag": flag(r.Refund),
	}
	for fund, a := range r.ByFund {
		cells["fund_"+fund] = audit.Yuan(a)
	}
	return cells
}

// provinceRows is a province's file.
func (s *statement) provinceRows(format string) []byte {
	var b bytes.Buffer
	names := map[string]bool{}
	for i := range s.rows {
		cells := s.cells(&s.rows[i])
		maps.Copy(names, named(cells))
		if format == "jsonl" {
			line, err := json.Marshal(cells)
			if err != nil {
				panic("simulate: " + err.Error())
			}
			b.Write(append(line, '\n'))
		}
	}
	if format == "jsonl" {
		return b.Bytes()
	}
	columns := slices.Sorted(maps.Keys(names))
	b.WriteString("\ufeff" + strings.Join(columns, ",") + "\r\n")
	for i := range s.rows {
		cells := s.cells(&s.rows[i])
		line := make([]string, len(columns))
		for k, column := range columns {
			line[k] = cells[column]
		}
		b.WriteString(strings.Join(line, ",") + "\r\n")
	}
	return b.Bytes()
}

func named(cells map[string]string) map[string]bool {
	names := map[string]bool{}
	for name := range cells {
		names[name] = true
	}
	return names
}

func zipped(file []byte) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("rows.txt")
	if err == nil {
		_, err = f.Write(file)
	}
	if err != nil || w.Close() != nil {
		panic("simulate: a zip in memory fails")
	}
	return b.Bytes()
}
