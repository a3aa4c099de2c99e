package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"clearingd/ledger"

	"github.com/xuri/excelize/v2"
)

// BreaksWriter lists open breaks, one line each, as they come: memory does not grow with
// their number. The form is that of [CSV]; amounts are in yuan.
type BreaksWriter struct{ csv *csvWriter }

// NewBreaksCSV writes the header and returns the writer of the lines. Close must be
// called at the end.
func NewBreaksCSV(w io.Writer) *BreaksWriter {
	c := newCSV(w)
	for _, column := range breakColumns {
		c.texts(column.name.ZH + " " + column.id)
	}
	c.texts("事实摘要 facts")
	c.end()
	return &BreaksWriter{c}
}

// Write adds one line.
func (w *BreaksWriter) Write(l BreakLine) error {
	c := w.csv
	for _, column := range breakColumns {
		switch v := column.cell(&l).(type) {
		case money:
			c.amounts(ledger.Amount(v))
		case counted:
			c.counts(uint64(v))
		case text:
			c.texts(string(v))
		}
	}
	c.texts(l.Facts)
	c.end()
	return c.err
}

// Close writes what is still buffered. It does not close the underlying writer.
func (w *BreaksWriter) Close() error { return w.csv.flush() }

// The sheet of breaks goes out, is filled in and comes back.
const (
	BreaksSheet     = "差异 Breaks"
	BreaksHelpSheet = "填写说明 How to fill"
	BreaksHeadRow   = 4 // its cells end in the columns' names for programs, each on a line of its own
)

// Columns of the sheet that clearctl reads back, by their name for programs. The first
// two are the officers'; [ColumnFacts] is hidden.
const (
	ColumnDecision   = "decision"
	ColumnReason     = "reason"
	ColumnKey        = "key"
	ColumnBooks      = "books"
	ColumnDifference = "difference"
	ColumnFacts      = "facts"
)

// SheetDecisions are what the decision column takes, in the order of its list. A cell
// holds "accept 认账：账册随对方" or the word alone.
var SheetDecisions = []string{"accept", "close", "assign-hospital", "assign-treatment", "assign-home", "comment"}

// SheetDecision is a decision as the list in the sheet shows it.
func SheetDecision(word string) string { return word + " " + say("decide."+word).ZH }

// breaksReasonMax is the longest reason of a decision, in characters.
const breaksReasonMax = 500

// BreaksBook writes open breaks as a workbook that officers fill in: one line a break,
// with a column for a decision and one for its reason, and a hidden digest by which a line
// whose facts have changed since is refused. The order of the columns is decision,
// reason, those of breaks.csv, facts.
type BreaksBook struct {
	book   *workbook
	stream *excelize.StreamWriter
	out    io.Writer
	row    int
}

// NewBreaksXLSX begins the workbook: evening is when the breaks stood so, and the report
// lends its heading and its label of built data. Close must be called at the end.
func NewBreaksXLSX(w io.Writer, r Report, evening ledger.Day) (*BreaksBook, error) {
	book := &workbook{file: excelize.NewFile().SetZipWriter(newSortedZip), report: r}
	book.properties()
	book.makeStyles()
	b := &BreaksBook{book: book, out: w, row: BreaksHeadRow}
	for _, name := range []string{BreaksSheet, BreaksHelpSheet} {
		_, err := book.file.NewSheet(name)
		book.keep(err)
		book.layout(name)
	}
	b.help(evening)
	b.begin(evening)
	if book.err != nil {
		return nil, fmt.Errorf("breaks as xlsx: %w", book.err)
	}
	return b, nil
}

// begin writes what stands above the lines.
func (b *BreaksBook) begin(evening ledger.Day) {
	k := b.book
	k.validate()
	var err error
	if b.stream, err = k.file.NewStreamWriter(BreaksSheet); err != nil {
		k.keep(err)
		return
	}
	last := len(breakColumns) + 3
	k.keep(b.stream.SetColWidth(1, 1, 22))
	k.keep(b.stream.SetColWidth(2, 3, 30))
	k.keep(b.stream.SetColWidth(4, last-1, 14))
	k.keep(b.stream.SetColVisible(last, last, false))
	k.keep(b.stream.SetPanes(&excelize.Panes{
		Freeze: true, XSplit: 3, YSplit: BreaksHeadRow, TopLeftCell: fmt.Sprintf("D%d", BreaksHeadRow+1), ActivePane: "bottomRight",
	}))
	k.row(b.stream, 1, excelize.Cell{StyleID: k.styles[styleTitle], Value: fmt.Sprintf("%s · %s · %s", BreaksSheet, evening, k.heading())})
	if k.report.Demo != "" {
		k.row(b.stream, 2, excelize.Cell{StyleID: k.styles[styleDemo], Value: say("demo").Both() + ": " + visible(k.report.Demo)})
	}
	k.row(b.stream, 3, excelize.Cell{StyleID: k.styles[styleNote], Value: say("sheet.note").Both()})
	head := []string{heading(Bi{"决定", "decision"}, ColumnDecision), heading(Bi{"理由", "reason"}, ColumnReason)}
	for _, c := range breakColumns {
		head = append(head, heading(c.name, c.id))
	}
	k.headRow(b.stream, BreaksHeadRow, append(head, heading(Bi{"事实摘要（勿改）", "digest of the facts (leave as it is)"}, ColumnFacts)))
}

// heading is a cell of the head row: both languages, and on a line of its own the name by
// which clearctl finds the column.
func heading(name Bi, id string) string { return name.ZH + "\n" + name.EN + "\n" + id }

// validate puts a list into the decision column and a length onto the reason, for as many
// lines as a spreadsheet has.
func (k *workbook) validate() {
	list := make([]string, len(SheetDecisions))
	for i, d := range SheetDecisions {
		list[i] = SheetDecision(d)
	}
	choice := excelize.NewDataValidation(true)
	choice.Sqref = fmt.Sprintf("A%d:A%d", BreaksHeadRow+1, excelize.TotalRows)
	k.keep(choice.SetDropList(list))
	choice.SetError(excelize.DataValidationErrorStyleStop, "决定 decision", strings.Join(list, "\n"))
	reason := excelize.NewDataValidation(true)
	reason.Sqref = fmt.Sprintf("B%d:B%d", BreaksHeadRow+1, excelize.TotalRows)
	k.keep(reason.SetRange(0, breaksReasonMax, excelize.DataValidationTypeTextLength, excelize.DataValidationOperatorBetween))
	reason.SetInput("理由 reason", say("sheet.reason").Both())
	k.keep(k.file.AddDataValidation(BreaksSheet, choice))
	k.keep(k.file.AddDataValidation(BreaksSheet, reason))
}

// help writes the sheet that says how to fill in the other.
func (b *BreaksBook) help(evening ledger.Day) {
	k := b.book
	set := func(row int, s style, zh, en string) {
		for i, v := range []string{zh, en} {
			cell, err := excelize.CoordinatesToCellName(i+1, row)
			k.keep(err)
			k.keep(k.file.SetCellStr(BreaksHelpSheet, cell, v))
			k.keep(k.file.SetCellStyle(BreaksHelpSheet, cell, cell, k.styles[s]))
		}
	}
	k.keep(k.file.SetColWidth(BreaksHelpSheet, "A", "B", 70))
	set(1, styleTitle, "未决差异 · "+evening.String(), "Open breaks · "+evening.String())
	row := 3
	for i := 1; ; i++ {
		line, ok := texts["sheet.help."+strconv.Itoa(i)]
		if !ok {
			break
		}
		set(row, styleWrapped, line.ZH, line.EN)
		row++
	}
	row++
	for _, d := range SheetDecisions {
		set(row, styleText, SheetDecision(d), d+" · "+say("decide."+d).EN)
		row++
	}
}

// Write adds one line.
func (b *BreaksBook) Write(l BreakLine) error {
	b.row++
	k := b.book
	cells := []any{excelize.Cell{StyleID: k.styles[styleFill]}, excelize.Cell{StyleID: k.styles[styleFill]}}
	for _, c := range breakColumns {
		cells = append(cells, k.cellOf(c.cell(&l), false))
	}
	k.row(b.stream, b.row, append(cells, k.cellOf(text(l.Facts), false))...)
	return k.err
}

// Close writes the workbook, whole or not at all.
func (b *BreaksBook) Close() error {
	k := b.book
	defer k.file.Close()
	if k.err == nil && b.row == BreaksHeadRow {
		k.row(b.stream, b.row+1, excelize.Cell{StyleID: k.styles[styleNote], Value: say("sheet.none").Both()})
	}
	if k.err == nil {
		k.keep(b.stream.Flush())
	}
	if err := k.finish(b.out); err != nil {
		return fmt.Errorf("breaks as xlsx: %w", err)
	}
	return nil
}
