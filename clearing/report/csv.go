package report

import (
	"bufio"
	"cmp"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// CSV writes the national matrix as one line a pair of provinces, for Chinese Excel:
// UTF-8 with a byte order mark, lines ending in CR LF. Each line also says day,
// revision and, for built data, how they were built, so that a copied line still
// tells where it comes from. A report without pairs is the header alone.
func CSV(w io.Writer, r Report) error {
	c := newCSV(w)
	funds := slices.Sorted(maps.Keys(r.Totals.Funds))
	header := []string{"起始日 from", "截止日 to", "版本 revision", "参保省 home", "参保省名称 home_name", "就医省 treatment",
		"就医省名称 treatment_name", "结算笔数 booked", "撤销笔数 undone", "医疗费总额 cost"}
	for _, f := range funds {
		header = append(header, fundName(f).ZH+" fund_"+string(f))
	}
	c.texts(append(header, "基金合计 fund_total", "个人账户 personal_account", "应付合计 owed", "个人现金 cash",
		"医院负担 hospital_part", "备注 note")...)
	if r.Reconciliation != nil {
		c.texts(reconciledColumns...)
	}
	if r.NoCalendar != 0 {
		c.texts(unmatchedColumn)
	}
	c.end()
	for _, p := range r.Pairs {
		c.texts(r.From.String(), r.To.String(), strconv.Itoa(r.Revision))
		c.texts(string(p.Home), provinceName(p.Home).ZH, string(p.Treatment), provinceName(p.Treatment).ZH)
		c.counts(p.Booked, p.Undone)
		c.amounts(p.Cost)
		for _, f := range funds {
			c.amounts(p.Funds[f])
		}
		c.amounts(p.FundTotal, p.Account, p.Owed, p.Cash, p.HospitalPart)
		c.texts(r.Demo)
		if r.Reconciliation != nil {
			c.reconciledCells(r, p)
		}
		if r.NoCalendar != 0 {
			c.texts(unmatchedCell(r.NoCalendar))
		}
		c.end()
	}
	return c.flush()
}

// EntriesWriter lists bills, one line each, as they come: memory does not grow with
// their number. The form is that of [CSV].
type EntriesWriter struct{ csv *csvWriter }

// NewEntriesCSV writes the header and returns the writer of the lines. Close must be
// called at the end.
func NewEntriesCSV(w io.Writer) *EntriesWriter {
	c := newCSV(w)
	c.texts("账册号 entry", "冲销账册号 corrects", "结算编号 setl_id", "业务日 day", "参保省 home_province", "参保统筹区 home",
		"就医省 treatment_province", "就医统筹区 treatment", "医疗机构 provider", "结果 outcome", "医疗费总额 total",
		"各基金支付 funds", "基金合计 fund_total", "个人账户 personal_account", "个人现金 cash", "医院负担 hospital_part",
		"人员代码 person", "提示 warnings")
	c.end()
	return &EntriesWriter{c}
}

// Write adds one line. Funds stand in one column as "310100=12.30;330100=4.00", added
// up by fund and sorted, because a stream cannot know in advance which funds will come.
func (e *EntriesWriter) Write(b Bill) error {
	if err := b.Check(); err != nil {
		return err
	}
	c := e.csv
	c.counts(b.Entry)
	if b.Corrects != 0 {
		c.counts(b.Corrects)
	} else {
		c.texts("")
	}
	c.texts(b.SettlementID)
	c.day(b.Day)
	c.texts(string(b.Home.Province()), string(b.Home),
		string(b.Treatment.Province()), string(b.Treatment), b.Provider, string(b.Outcome))
	c.amounts(b.Total)
	c.funds(b.Funds)
	c.amounts(b.fundTotal(), b.Account, b.Cash, b.HospitalPart)
	c.texts(b.Person, warningList(b.Warnings))
	c.end()
	return c.err
}

// Close writes what is still buffered. It does not close the underlying writer.
func (e *EntriesWriter) Close() error { return e.csv.flush() }

func warningList(warnings []benefit.Warning) string {
	switch len(warnings) {
	case 0:
		return ""
	case 1:
		return string(warnings[0])
	}
	var parts []string
	for _, w := range warnings {
		parts = append(parts, string(w))
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ";")
}

// writeBuffer is how much a file of lines gathers before it is written.
const writeBuffer = 64 << 10

// csvWriter writes cells by kind, because text must be neutralised and a minus in
// front of an amount must not be. The first error stays.
type csvWriter struct {
	w     *bufio.Writer
	line  []byte // the line that is being put together
	begun bool   // a cell stands on the line
	err   error
}

func newCSV(w io.Writer) *csvWriter {
	return &csvWriter{w: bufio.NewWriterSize(w, writeBuffer), line: []byte("\ufeff")}
}

// next begins a cell.
func (c *csvWriter) next() {
	if c.begun {
		c.line = append(c.line, ',')
	}
	c.begun = true
}

func (c *csvWriter) texts(texts ...string) {
	for _, t := range texts {
		c.next()
		if t = neutral(t); strings.ContainsAny(t, ",\"") {
			t = `"` + strings.ReplaceAll(t, `"`, `""`) + `"`
		}
		c.line = append(c.line, t...)
	}
}

func (c *csvWriter) amounts(amounts ...ledger.Amount) {
	for _, a := range amounts {
		c.next()
		c.line = a.Append(c.line)
	}
}

func (c *csvWriter) counts(counts ...uint64) {
	for _, n := range counts {
		c.next()
		c.line = strconv.AppendUint(c.line, n, 10)
	}
}

func (c *csvWriter) day(day ledger.Day) {
	c.next()
	c.line = day.Append(c.line)
}

// funds writes the sums by fund, sorted, into one cell. A bill has few.
func (c *csvWriter) funds(funds []provinces.FundAmount) {
	c.next()
	sums := make([]provinces.FundAmount, 0, 8)
	for _, f := range funds {
		at, found := slices.BinarySearchFunc(sums, f.Fund, func(s provinces.FundAmount, fund ledger.Fund) int { return cmp.Compare(s.Fund, fund) })
		if !found {
			sums = slices.Insert(sums, at, provinces.FundAmount{Fund: f.Fund})
		}
		sums[at].Amount += f.Amount
	}
	for i, f := range sums {
		if i > 0 {
			c.line = append(c.line, ';')
		}
		c.line = f.Amount.Append(append(append(c.line, f.Fund...), '='))
	}
}

func (c *csvWriter) end() {
	if c.line = append(c.line, "\r\n"...); c.err == nil {
		_, c.err = c.w.Write(c.line)
	}
	c.line, c.begun = c.line[:0], false
}

func (c *csvWriter) flush() error {
	if c.err == nil {
		c.err = c.w.Flush()
	}
	return c.err
}

// exponent is an id that a spreadsheet would read as a number and so destroy.
var exponent = regexp.MustCompile(`^[0-9.]+[eE][+-]?[0-9]+$`)

// neutral makes text that a spreadsheet could take for a formula (OWASP ASVS 1.2.10)
// or for a number with an exponent plain text, by an apostrophe in front. The full-width
// forms count too: Chinese and Japanese editions accept them.
func neutral(text string) string {
	if harmless(text) {
		return text
	}
	text = visible(text)
	first := []rune(text + " ")[0]
	if strings.ContainsRune("=+-@＝＋－＠\ufffd", first) || exponent.MatchString(text) {
		return "'" + text
	}
	return text
}

// harmless is the quick way past neutral for what most cells hold: ids and words in ASCII.
func harmless(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c == 'e' || c == 'E':
			if text[0] <= '9' {
				return false // may be an exponent
			}
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case i > 0 && (c == '-' || c == '_' || c == ';'):
		default:
			return false
		}
	}
	return true
}
