package statement

import (
	"slices"
	"strconv"
	"strings"

	"clearingd/ledger"
	"clearingd/provinces"
)

func itoa(n int) string { return strconv.Itoa(n) }

// place names a line of the file and a column of it: "line 17, medfee_sumamt".
func place(line int, column string) string {
	if column == "" {
		return "line " + itoa(line)
	}
	return "line " + itoa(line) + ", " + column
}

// columns are the wire names of a row's columns and their titles in Chinese tables, in
// the order documents explain them.
var columns = []struct{ name, title string }{
	{"setl_id", "结算ID"},
	{"mdtrt_id", "就诊ID"},
	{"psn_no", "人员编号"},
	{"insuplc_admdvs", "参保地医保区划"},
	{"mdtrtarea_admvs", "就医地医保区划"},
	{"fixmedins_code", "定点医药机构编号"},
	{"insutype", "险种类型"},
	{"medfee_sumamt", "医疗费总额"},
	{"fund_pay_sumamt", "基金支付总额"},
	{"acct_pay", "个人账户支出"},
	{"psn_cash_pay", "个人现金支出"},
	{"refd_setl_flag", "退费结算标志"},
}

// needed are the columns that every file has.
var needed = []string{"setl_id", "medfee_sumamt", "fund_pay_sumamt", "acct_pay"}

const (
	fundColumn = "fund_" // and a fund's code of six digits
	fundTitle  = "基金"    // likewise
)

// columnNamed is the wire name of a column that is called by it or by its title; "" if
// there is no such column.
func columnNamed(text string) string {
	for _, c := range columns {
		if text == c.name || text == c.title {
			return c.name
		}
	}
	code, ok := strings.CutPrefix(text, fundTitle)
	if !ok {
		code, ok = strings.CutPrefix(text, fundColumn)
	}
	if ok && len(code) == 6 && isDigits(code) && provinces.FundMember(ledger.Fund(code)) != "" {
		return fundColumn + code
	}
	return ""
}

// builder makes a row of cells and collects what is wrong with them. It keeps the
// problems with the lowest code.
type builder struct {
	row      provinces.StatementRow
	has      map[string]bool
	problems problems
	lenient  bool // a negative bill is what takes one back, though no flag says so
}

func newBuilder(line int) *builder {
	return &builder{row: provinces.StatementRow{Line: line}, has: make(map[string]bool, 12)}
}

func (b *builder) report(code provinces.Code, column, expected, found string) {
	b.problems.report(code, place(b.row.Line, column), expected, found)
}

// set takes one cell; an empty one is not stated.
func (b *builder) set(column, text string) {
	if text == "" {
		return
	}
	b.has[column] = true
	if formula(text, isAmount(column)) {
		b.report(provinces.CodeStatementFormula, column, "no formula", text[:1])
		return
	}
	switch column {
	case "setl_id":
		b.row.SettlementID = b.identifier(column, text, false)
	case "mdtrt_id":
		b.row.VisitID = b.identifier(column, text, true)
	case "psn_no":
		b.row.PersonNo = b.identifier(column, text, true)
	case "insuplc_admdvs":
		b.row.Home = b.area(column, text)
	case "mdtrtarea_admvs":
		b.row.Treatment = b.area(column, text)
	case "fixmedins_code":
		if b.row.Provider = text; !provinces.ValidProvider(text) {
			b.report(provinces.CodeForm, column, "[HP][0-9]{11}", lengthOf(text))
		}
	case "insutype":
		if b.row.Insutype = text; !isDigits(text) || len(text) < 3 || len(text) > 6 {
			b.report(provinces.CodeForm, column, "[0-9]{3,6}", lengthOf(text))
		}
	case "refd_setl_flag":
		if b.row.Refund = text == "1"; text != "0" && text != "1" {
			b.report(provinces.CodeUnknownCode, column, "0|1", lengthOf(text))
		}
	default:
		b.amount(column, text)
	}
}

func isAmount(column string) bool {
	return strings.HasSuffix(column, "_pay") || strings.HasSuffix(column, "_sumamt") || strings.HasPrefix(column, fundColumn)
}

// formula: what a spreadsheet takes for one. A minus may begin an amount.
func formula(text string, amount bool) bool {
	switch text[0] {
	case '=', '+', '@', '\t', '\r':
		return true
	case '-':
		return !amount || len(text) > 1 && (text[1] < '0' || text[1] > '9')
	}
	return false
}

func (b *builder) identifier(column, text string, private bool) string {
	if isIdentifier(text, 30) {
		return text
	}
	found := ""
	if !private {
		found = lengthOf(text)
	}
	b.report(provinces.CodeForm, column, "[A-Za-z0-9_.-]{1,30}", found)
	return ""
}

func (b *builder) area(column, text string) ledger.Area {
	if provinces.ValidArea(ledger.Area(text)) {
		return ledger.Area(text)
	}
	b.report(provinces.CodeProvince, column, "six digits in a known province", lengthOf(text))
	return ""
}

func (b *builder) amount(column, text string) {
	amount, err := ledger.ParseAmount(text)
	if err != nil {
		b.report(provinces.CodeAmountForm, column, "-?(0|[1-9][0-9]{0,11})([.][0-9]{1,2})?", lengthOf(text))
		return
	}
	switch column {
	case "medfee_sumamt":
		b.row.Total = amount
	case "fund_pay_sumamt":
		b.row.Funds = amount
	case "acct_pay":
		b.row.Account = amount
	case "psn_cash_pay":
		b.row.Cash = &amount
	default:
		b.row.ByFund = append(b.row.ByFund, provinces.FundAmount{Fund: ledger.Fund(column[len(fundColumn):]), Amount: amount})
	}
}

// finish holds the cells of a row against each other.
func (b *builder) finish() (provinces.StatementRow, error) {
	for _, column := range needed {
		if !b.has[column] {
			b.report(provinces.CodeMissing, column, "", "")
		}
	}
	if b.lenient && b.row.Total < 0 {
		b.row.Refund = true
	}
	b.signs()
	slices.SortFunc(b.row.ByFund, func(x, y provinces.FundAmount) int { return strings.Compare(string(x.Fund), string(y.Fund)) })
	if len(b.row.ByFund) > 0 {
		var sum ledger.Amount // twelve digits each and few of them: no overflow
		for _, f := range b.row.ByFund {
			sum += f.Amount
		}
		if sum != b.row.Funds {
			b.report(provinces.CodeStatementTotal, "fund_pay_sumamt", sum.String(), b.row.Funds.String())
		}
	}
	return b.row, b.problems.refusal()
}

// signs: the amounts of a bill are not negative; of what takes it back they are not
// positive.
func (b *builder) signs() {
	amounts := map[string]ledger.Amount{"medfee_sumamt": b.row.Total, "fund_pay_sumamt": b.row.Funds, "acct_pay": b.row.Account}
	if b.row.Cash != nil {
		amounts["psn_cash_pay"] = *b.row.Cash
	}
	for _, column := range []string{"medfee_sumamt", "fund_pay_sumamt", "acct_pay", "psn_cash_pay"} {
		switch amount := amounts[column]; {
		case b.row.Refund && amount > 0:
			b.report(provinces.CodeAmountSign, column, "<= 0 where refd_setl_flag is 1", amount.String())
		case !b.row.Refund && amount < 0:
			b.report(provinces.CodeAmountSign, column, ">= 0 where refd_setl_flag is not 1", amount.String())
		}
	}
}

// problems keeps what is wrong, of the lowest code met.
type problems []provinces.FieldError

func (p *problems) report(code provinces.Code, field, expected, found string) {
	problem := provinces.FieldError{Code: code, Field: field, Expected: expected, Found: found}
	switch {
	case len(*p) == 0 || code < (*p)[0].Code:
		*p = append((*p)[:0], problem)
	case code == (*p)[0].Code && len(*p) < provinces.MaxFieldErrors:
		*p = append(*p, problem)
	}
}

// refusal is an error, or nil: never a nil pointer in an error.
func (p problems) refusal() error {
	if len(p) == 0 {
		return nil
	}
	return &provinces.RejectError{Code: p[0].Code, Errors: p}
}

// lengthOf says of a value what tells nobody's name or number.
func lengthOf(text string) string { return "length " + itoa(len([]rune(text))) }

func isDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

func isIdentifier(s string, most int) bool {
	return s != "" && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_' || r == '-' || r == '.')
	})
}
