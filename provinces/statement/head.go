package statement

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"clearingd/ledger"
	"clearingd/provinces"
)

const (
	headBytesMax  = 1 << 20
	headTotalsMax = 2_000 // insurances, agencies and counterparts of one province; a result with them fits an answer
)

// document is a province's head as it is sent.
type document struct {
	Doctype scalar          `json:"doctype"`
	Area    scalar          `json:"admdvs"`
	Begin   scalar          `json:"begndate"`
	End     scalar          `json:"enddate"`
	Horizon scalar          `json:"horizon"`
	Serial  scalar          `json:"serial"`
	Refunds scalar          `json:"refd_setl_flag"`
	Totals  []totalDocument `json:"totals"`
	File    *fileDocument   `json:"file"`
}

type totalDocument struct {
	Insutype    scalar `json:"insutype"`
	Type        scalar `json:"clr_type"`
	Agency      scalar `json:"setl_optins"`
	Counterpart scalar `json:"counterpart"`
	Count       scalar `json:"setl_cnt"`
	Total       scalar `json:"medfee_sumamt"`
	Funds       scalar `json:"fund_pay_sumamt"`
	Account     scalar `json:"acct_pay"`
	Cash        scalar `json:"psn_cash_pay"`
}

type fileDocument struct {
	Parts   scalar `json:"parts"`
	Bytes   scalar `json:"bytes"`
	SHA256  scalar `json:"sha256"`
	Format  scalar `json:"format"`
	Charset scalar `json:"charset"`
}

// scalar is a text, or a number by its literal; null and "" are not sent.
type scalar string

var errScalar = errors.New("neither text nor number")

// UnmarshalJSONFrom reads the literal.
func (s *scalar) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '"', '0', 'n':
	default:
		return errScalar
	}
	token, err := d.ReadToken()
	if err == nil && token.Kind() != 'n' {
		*s = scalar(token.String())
	}
	return err
}

// readHead reads a province's head.
func readHead(kind provinces.PartyKind, body []byte) (provinces.Statement, error) {
	var d document
	if len(body) > headBytesMax {
		return provinces.Statement{}, provinces.Reject(provinces.CodeTooDeep, "", "at most 1 MiB", "")
	}
	if err := json.Unmarshal(body, &d, json.RejectUnknownMembers(true)); err != nil {
		return provinces.Statement{}, jsonRefusal(err)
	}
	if len(d.Totals) > headTotalsMax {
		return provinces.Statement{}, provinces.Reject(provinces.CodeTooDeep, "totals", fmt.Sprintf("at most %d", headTotalsMax), "")
	}
	h := &headReader{kind: kind}
	s := h.statement(&d)
	return s, h.problems.refusal()
}

// jsonRefusal says where a head is not what it should be, without repeating foreign names.
func jsonRefusal(err error) error {
	where := ""
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		where = strings.ReplaceAll(strings.TrimPrefix(string(semantic.JSONPointer), "/"), "/", ".")
		code, expected := provinces.CodeForm, "the form of docs/statement-interface.md"
		if errors.Is(err, json.ErrUnknownName) {
			expected = "no other members"
		}
		if !isPath(where) {
			where = ""
		}
		return provinces.Reject(code, where, expected, "")
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return provinces.Reject(provinces.CodeDuplicateKey, "", "once", "twice")
	}
	return provinces.Reject(provinces.CodeMalformed, where, "one JSON object, UTF-8", "")
}

// isPath: names of ours and places in arrays, nothing that could be somebody's.
func isPath(s string) bool {
	return len(s) <= 60 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' || r == '.')
	})
}

// headReader checks the members of a head.
type headReader struct {
	kind     provinces.PartyKind
	problems problems
}

func (h *headReader) statement(d *document) provinces.Statement {
	s := provinces.Statement{Area: ledger.Area(d.Area), Refunds: d.Refunds != "0"}
	h.need("doctype", d.Doctype, d.Doctype == "statement", provinces.CodeUnknownCode, "statement")
	h.need("admdvs", d.Area, provinces.ValidArea(s.Area), provinces.CodeProvince, "six digits in a known province")
	s.Party = provinces.Party{Kind: h.kind, Province: s.Area.Province()}
	h.optional("refd_setl_flag", d.Refunds, d.Refunds == "0" || d.Refunds == "1", provinces.CodeUnknownCode, "0|1")
	s.Serial = uint64(h.number("serial", d.Serial, 1, 999_999_999))
	s.From, s.To = h.day("begndate", d.Begin, true), h.day("enddate", d.End, true)
	if s.Horizon = s.To; d.Horizon != "" {
		s.Horizon = h.day("horizon", d.Horizon, true)
	}
	if len(h.problems) == 0 && !provinces.StatementRange(s.From, s.To) {
		h.problems.report(provinces.CodeStatementRange, "enddate", "one day, or the last day of the month that begins on begndate", s.To.String())
	}
	if len(d.Totals) == 0 {
		h.problems.report(provinces.CodeMissing, "totals", "at least one", "")
	}
	seen := map[provinces.StatementTotal]bool{}
	for i := range d.Totals {
		t := h.total("totals["+itoa(i)+"].", &d.Totals[i])
		if seen[t.Dimensions()] {
			h.problems.report(provinces.CodeForm, "totals["+itoa(i)+"]", "other dimensions than every other total", "")
		}
		seen[t.Dimensions()] = true
		s.Totals = append(s.Totals, t)
	}
	if d.File != nil {
		s.File = h.file(d.File)
	}
	return s
}

func (h *headReader) total(path string, d *totalDocument) provinces.StatementTotal {
	t := provinces.StatementTotal{
		Insutype: string(d.Insutype), ClearingType: string(d.Type), Agency: ledger.Area(d.Agency), Counterpart: ledger.Province(d.Counterpart),
		Count: h.number(path+"setl_cnt", d.Count, 0, 9_999_999_999),
		Total: h.amount(path+"medfee_sumamt", d.Total), Funds: h.amount(path+"fund_pay_sumamt", d.Funds),
	}
	h.need(path+"setl_cnt", d.Count, true, provinces.CodeForm, "")
	h.optional(path+"insutype", d.Insutype, isDigits(string(d.Insutype)) && len(d.Insutype) >= 3 && len(d.Insutype) <= 6, provinces.CodeForm, "[0-9]{3,6}")
	h.optional(path+"clr_type", d.Type, d.Type == "21" || d.Type == "9902", provinces.CodeUnknownCode, "21|9902")
	h.optional(path+"setl_optins", d.Agency, provinces.ValidArea(t.Agency), provinces.CodeProvince, "six digits in a known province")
	h.optional(path+"counterpart", d.Counterpart, provinces.Known(t.Counterpart), provinces.CodeProvince, "two digits of a known province")
	if d.Account != "" {
		amount := h.amount(path+"acct_pay", d.Account)
		t.Account = &amount
	}
	if d.Cash != "" {
		amount := h.amount(path+"psn_cash_pay", d.Cash)
		t.Cash = &amount
	}
	return t
}

func (h *headReader) file(d *fileDocument) *provinces.StatementFile {
	f := &provinces.StatementFile{
		Parts: int(h.number("file.parts", d.Parts, 1, 9_999)), Bytes: h.number("file.bytes", d.Bytes, 1, 999_999_999_999_999),
		Format: provinces.StatementFormat(d.Format), Charset: string(d.Charset),
	}
	h.need("file.parts", d.Parts, true, provinces.CodeForm, "")
	h.need("file.bytes", d.Bytes, true, provinces.CodeForm, "")
	h.need("file.format", d.Format, f.Format == provinces.FormatCSV || f.Format == provinces.FormatJSONL, provinces.CodeUnknownCode, "jsonl|csv")
	h.optional("file.charset", d.Charset, f.Charset == "utf-8" || f.Charset == "gbk", provinces.CodeUnknownCode, "utf-8|gbk")
	sum, err := hex.DecodeString(string(d.SHA256))
	h.need("file.sha256", d.SHA256, err == nil && len(sum) == 32 && strings.ToLower(string(d.SHA256)) == string(d.SHA256), provinces.CodeForm, "[0-9a-f]{64}")
	copy(f.SHA256[:], sum)
	for _, wrong := range f.Check() {
		h.problems.report(wrong.Code, "file."+wrong.Field, wrong.Expected, wrong.Found)
	}
	return f
}

// need reports a member that is absent or wrong.
func (h *headReader) need(field string, value scalar, ok bool, code provinces.Code, expected string) {
	if value == "" {
		h.problems.report(provinces.CodeMissing, field, expected, "")
		return
	}
	h.optional(field, value, ok, code, expected)
}

// optional reports a member that is there and wrong.
func (h *headReader) optional(field string, value scalar, ok bool, code provinces.Code, expected string) {
	if value != "" && !ok {
		h.problems.report(code, field, expected, lengthOf(string(value)))
	}
}

func (h *headReader) number(field string, value scalar, least, most int64) int64 {
	if value == "" {
		return 0
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || n < least || n > most || strconv.FormatInt(n, 10) != string(value) {
		h.problems.report(provinces.CodeForm, field, fmt.Sprintf("%d to %d", least, most), lengthOf(string(value)))
		return 0
	}
	return n
}

func (h *headReader) amount(field string, value scalar) ledger.Amount {
	amount, err := ledger.ParseAmount(string(value))
	switch {
	case value == "":
		h.problems.report(provinces.CodeMissing, field, "yuan", "")
	case err != nil:
		h.problems.report(provinces.CodeAmountForm, field, "-?(0|[1-9][0-9]{0,11})([.][0-9]{1,2})?", lengthOf(string(value)))
	}
	return amount
}

func (h *headReader) day(field string, value scalar, needed bool) ledger.Day {
	day, err := ledger.ParseDay(string(value))
	switch {
	case value == "" && needed:
		h.problems.report(provinces.CodeMissing, field, "yyyy-MM-dd", "")
	case value != "" && err != nil:
		h.problems.report(provinces.CodeForm, field, "yyyy-MM-dd", lengthOf(string(value)))
	}
	return day
}
