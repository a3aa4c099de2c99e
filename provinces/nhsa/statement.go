package nhsa

import (
	"encoding/hex"
	"strconv"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Transaction numbers of statements.
const (
	infnoTotals  = "3201" // 对总账
	infnoDetails = "3202" // 对明细账
)

var (
	statementTransaction = oneOf(provinces.CodeInfno, infnoTotals, infnoDetails)
	clearingType         = oneOf(provinces.CodeUnknownCode, "21", "9902")
	rowCount             = form{plainNumber(10), "0|[1-9][0-9]{0,9}", provinces.CodeForm, false}
	byteCount            = form{plainNumber(15), "0|[1-9][0-9]{0,14}", provinces.CodeForm, false}
	partCount            = form{plainNumber(3), "1-512", provinces.CodeForm, false}
	hashForm             = form{isHash, "[0-9a-f]{64}", provinces.CodeForm, false}
	fileFormat           = oneOf(provinces.CodeUnknownCode, string(provinces.FormatTXT), string(provinces.FormatZIP))
	fileCharset          = oneOf(provinces.CodeUnknownCode, "utf-8", "gbk")
)

// ReadStatement reads the head of a provider's statement: a 3201 or 3202 envelope as the
// national interface has it, with what the bus needs besides in input.stmt. The error is
// a *provinces.RejectError, and the statement then holds what the answer is addressed by.
func ReadStatement(body []byte) (provinces.Statement, error) {
	if limit := withinLimits(body); limit != "" {
		return provinces.Statement{}, provinces.Reject(provinces.CodeTooDeep, "", limit, "")
	}
	p := parsers.Get().(*parser)
	defer p.release()
	if refusal := p.parse(body); refusal != nil {
		return provinces.Statement{}, refusal
	}
	r := &reader{nodes: p.nodes}
	s := readStatement(object{reader: r, row: notARow})
	if refusal := r.refusal(); refusal != nil {
		return provinces.Statement{Party: s.Party, Infno: s.Infno, MsgID: s.MsgID, Area: s.Area, Serial: s.Serial}, refusal
	}
	return s, nil
}

func readStatement(message object) provinces.Statement {
	s := provinces.Statement{
		Infno: message.needText("infno", statementTransaction),
		MsgID: message.needText("msgid", messageID),
		Area:  message.area("mdtrtarea_admvs"),
	}
	s.Party = provinces.Party{Kind: provinces.PartyProvider, Province: s.Area.Province(), Provider: message.needText("fixmedins_code", providerCode)}
	input := message.needObject("input")
	data, stmt := input.needObject("data"), input.object("stmt")
	s.Refunds = data.text("refd_setl_flag", zeroOne) != "0" // sums are signed unless somebody says otherwise
	s.From, s.To = data.statementRange()
	if s.Horizon = s.To; stmt.day("horizon") != nil {
		s.Horizon = *stmt.day("horizon")
	}
	s.Serial, _ = strconv.ParseUint(stmt.text("serial", form{plainNumber(9), "[1-9][0-9]{0,8}", provinces.CodeForm, false}), 10, 64)
	total := provinces.StatementTotal{
		Agency: ledger.Area(data.needText("setl_optins", areaForm)),
		Total:  data.needAmount("medfee_sumamt"),
		Funds:  data.needAmount("fund_pay_sumamt"),
	}
	total.Count, _ = strconv.ParseInt(data.needText("fixmedins_setl_cnt", rowCount), 10, 64)
	switch s.Infno {
	case infnoTotals:
		account := data.needAmount("acct_pay")
		total.Account = &account
		total.Insutype, total.ClearingType = data.needText("insutype", insuranceTyp), data.needText("clr_type", clearingType)
	case infnoDetails:
		cash := data.needAmount("cash_payamt")
		total.Cash = &cash
		total.ClearingType = data.text("clr_type", clearingType)
		s.File = stmt.file(input)
	}
	s.Totals = []provinces.StatementTotal{total}
	return s
}

// statementRange is the range of days a statement is about.
func (o object) statementRange() (from, to ledger.Day) {
	o.require("stmt_begndate", "yyyy-MM-dd")
	o.require("stmt_enddate", "yyyy-MM-dd")
	begin, end := o.day("stmt_begndate"), o.day("stmt_enddate")
	if begin == nil || end == nil {
		return 0, 0
	}
	if !provinces.StatementRange(*begin, *end) {
		o.report(provinces.CodeStatementRange, o.field("stmt_enddate"), "one day, or the last day of the month that begins on stmt_begndate", end.String())
	}
	return *begin, *end
}

// file says how the rows of a 3202 come.
func (o object) file(input object) *provinces.StatementFile {
	if !o.exists() {
		input.require("stmt", "{...}")
		return nil
	}
	f := &provinces.StatementFile{Format: provinces.FormatZIP, Charset: o.text("charset", fileCharset)}
	if format := o.text("format", fileFormat); format != "" {
		f.Format = provinces.StatementFormat(format)
	}
	f.Parts, _ = strconv.Atoi(o.needText("parts", partCount))
	f.Bytes, _ = strconv.ParseInt(o.needText("bytes", byteCount), 10, 64)
	if sum, err := hex.DecodeString(o.needText("sha256", hashForm)); err == nil {
		copy(f.SHA256[:], sum)
	}
	for _, problem := range f.Check() {
		o.report(problem.Code, o.field(problem.Field), problem.Expected, problem.Found)
	}
	return f
}

func plainNumber(most int) func(string) bool {
	return func(s string) bool { return s != "" && len(s) <= most && isDigits(s) && (s[0] != '0' || len(s) == 1) }
}

func isHash(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f') {
			return false
		}
	}
	return len(s) == 64
}
