package lab

import (
	"encoding/csv"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"clearingd/ledger"
	"clearingd/provinces"
)

// CSV writes one line a row of the given dimensions, the total first, for Chinese
// Excel: UTF-8 with a byte order mark, lines ending in CR LF. Each line also says days
// and note, so that a copied line still tells where it comes from.
func CSV(w io.Writer, r Result, by []By, names Names, note string) error {
	c, err := newCSV(w)
	if err != nil {
		return err
	}
	funds := r.Funds()
	head := []string{"起始日 from", "截止日 to", "分组 by", "代码 key", "上级 parent", "名称 name_zh", "名称 name_en", "结算笔数 bills",
		"变化笔数 changed", "个人负担减少 pay_less", "个人负担增加 pay_more"}
	for _, figure := range append([]string{"医疗费总额 cost"}, append(fundHeads(funds), "基金合计 fund_total", "个人账户 personal_account", "个人现金 cash")...) {
		head = append(head, figure+" 现行booked", figure+" 草案draft", figure+" 差额difference")
	}
	c.texts(append(head, "草案拒绝笔数 refused", "拒绝笔数费用 refused_cost", "拒绝笔数现行基金 refused_fund_total", "备注 note")...)
	c.end()
	line := func(dimension, name Text, x Row) {
		c.texts(r.From.String(), r.To.String(), dimension.Both(), x.Key, x.Parent, name.ZH, name.EN)
		c.counts(x.Bills, x.Changed, x.PayLess, x.PayMore)
		c.amounts(x.Booked.Cost, x.Draft.Cost, x.Difference.Cost)
		for _, f := range funds {
			c.amounts(x.Booked.Funds[f], x.Draft.Funds[f], x.Difference.Funds[f])
		}
		c.amounts(x.Booked.FundTotal, x.Draft.FundTotal, x.Difference.FundTotal, x.Booked.Account, x.Draft.Account, x.Difference.Account,
			x.Booked.Cash, x.Draft.Cash, x.Difference.Cash)
		c.counts(x.Refused)
		c.amounts(x.RefusedBooked.Cost, x.RefusedBooked.FundTotal)
		c.texts(note)
		c.end()
	}
	line(Text{"合计", "total"}, Text{"合计", "total"}, r.Total)
	for _, dimension := range by {
		for _, x := range r.By[dimension] {
			line(names.By(dimension), names.Row(dimension, x.Key), x)
		}
	}
	return c.flush()
}

// Both writes the two texts side by side, for places that have one text only.
func (t Text) Both() string { return t.ZH + " " + t.EN }

// Funds are the funds that pay anything in any row, sorted.
func (r Result) Funds() []ledger.Fund {
	all := r.Total.funds()
	for _, rows := range r.By { // what comes and goes can cancel out in the total
		for _, x := range rows {
			all = append(all, x.funds()...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// funds are those that pay anything on either side, sorted.
func (r Row) funds() []ledger.Fund {
	all := slices.Concat(slices.Collect(maps.Keys(r.Booked.Funds)), slices.Collect(maps.Keys(r.Draft.Funds)))
	slices.Sort(all)
	return slices.Compact(all)
}

func fundHeads(funds []ledger.Fund) []string {
	heads := make([]string, len(funds))
	for i, f := range funds {
		heads[i] = provinces.FundName(f, provinces.Chinese) + " fund_" + string(f)
	}
	return heads
}

// BillsCSV lists single bills, a line each, as they come: memory does not grow with
// their number. The traces are left to the other forms.
type BillsCSV struct {
	csv  *csvWriter
	note string
}

// NewBillsCSV writes the header and returns the writer of the lines. Close must be called
// at the end.
func NewBillsCSV(w io.Writer, note string) (*BillsCSV, error) {
	c, err := newCSV(w)
	if err != nil {
		return nil, err
	}
	c.texts("账册号 entry", "冲销账册号 corrects", "业务日 day", "结果 outcome", "参保统筹区 home", "就医统筹区 treatment", "医疗机构 provider",
		"险种 insutype", "人员类别 psn_type", "医院等级 level", "退休 retired", "困难群体 hardship", "异地就医类型 filing", "草案异地就医类型 draft_filing",
		"医疗费总额 cost", "现行起付线 deductible", "草案起付线 draft_deductible", "现行各基金 funds", "草案各基金 draft_funds",
		"现行基金合计 fund_total", "草案基金合计 draft_fund_total", "基金差额 difference", "现行个人账户 account", "草案个人账户 draft_account",
		"现行个人现金 cash", "草案个人现金 draft_cash", "变化 changed", "草案拒绝码 refused", "备注 note")
	c.end()
	return &BillsCSV{c, note}, c.failed()
}

// Write adds one bill.
func (b *BillsCSV) Write(l Line) error {
	c, corrects, refused := b.csv, "", ""
	if l.Corrects != 0 {
		corrects = strconv.FormatUint(l.Corrects, 10)
	}
	if l.Refused != 0 {
		refused = strconv.Itoa(int(l.Refused))
	}
	c.texts(strconv.FormatUint(l.Entry, 10), corrects, l.Day.String(), string(l.Outcome), string(l.Home), string(l.Treatment), l.Provider,
		l.Insutype, l.Person, string(l.Level), yesNo(l.Retired), yesNo(l.Hardship), string(l.Booked.Filing), string(l.Draft.Filing))
	c.amounts(l.Booked.Cost, l.Booked.Deductible, l.Draft.Deductible)
	c.texts(fundList(l.Booked.Funds), fundList(l.Draft.Funds))
	c.amounts(l.Booked.FundTotal, l.Draft.FundTotal, l.difference(), l.Booked.Account, l.Draft.Account, l.Booked.Cash, l.Draft.Cash)
	c.texts(yesNo(l.Changed), refused, b.note)
	c.end()
	return c.failed()
}

// difference is what the funds pay more under the draft; nothing where it refuses.
func (l Line) difference() ledger.Amount {
	if l.Refused != 0 {
		return 0
	}
	return l.Draft.FundTotal - l.Booked.FundTotal
}

// Close writes what is still buffered. It does not close the underlying writer.
func (b *BillsCSV) Close() error { return b.csv.flush() }

func fundList(funds map[ledger.Fund]ledger.Amount) string {
	var parts []string
	for _, f := range slices.Sorted(maps.Keys(funds)) {
		parts = append(parts, string(f)+"="+funds[f].String())
	}
	return strings.Join(parts, ";")
}

// csvWriter gathers cells by kind, because text must be neutralised and a minus in front
// of an amount must not be. The first error stays in the writer below.
type csvWriter struct {
	w    *csv.Writer
	line []string
}

func newCSV(w io.Writer) (*csvWriter, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	c := csv.NewWriter(w)
	c.UseCRLF = true
	return &csvWriter{w: c}, nil
}

func (c *csvWriter) texts(texts ...string) {
	for _, t := range texts {
		c.line = append(c.line, neutral(t))
	}
}

func (c *csvWriter) amounts(amounts ...ledger.Amount) {
	for _, a := range amounts {
		c.line = append(c.line, a.String())
	}
}

func (c *csvWriter) counts(counts ...int64) {
	for _, n := range counts {
		c.line = append(c.line, strconv.FormatInt(n, 10))
	}
}

func (c *csvWriter) end() {
	_ = c.w.Write(c.line) // the error stays
	c.line = c.line[:0]
}

func (c *csvWriter) failed() error { return c.w.Error() }

func (c *csvWriter) flush() error {
	c.w.Flush()
	return c.w.Error()
}

// exponent is an id that a spreadsheet would read as a number and so destroy.
var exponent = regexp.MustCompile(`^[0-9.]+[eE][+-]?[0-9]+$`)

// neutral makes text that a spreadsheet could take for a formula (OWASP ASVS 1.2.10) or
// for a number with an exponent plain text, by an apostrophe in front; and shows what a
// reader could not see.
func neutral(text string) string {
	text = visible(text)
	first := []rune(text + " ")[0]
	if strings.ContainsRune("=+-@＝＋－＠\ufffd", first) || exponent.MatchString(text) {
		return "'" + text
	}
	return text
}

// visible replaces control and format characters, line separators and bytes that are not
// UTF-8: what comes from outside must not change how the rest is read.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
