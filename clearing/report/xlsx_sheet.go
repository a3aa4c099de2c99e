package report

import (
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"
)

// sheet is one table of the workbook.
type sheet struct {
	name   string // in both languages, at most 31 characters
	tables func(r Report) []table
}

// table is a heading, lines, and for sums a last line with its check.
type table struct {
	caption string   // "" for the first of a sheet
	head    []string // column headings
	lines   [][]any  // cells of type text, counted, money or nil
	total   []any    // nil: none
	empty   string   // what to say when there are no lines
}

// headRows is how many rows stand above the first table's heading: title, label of
// built data, a blank one.
const headRows = 3

// write adds a sheet: title and label on top, then its tables.
func (b *workbook) write(s sheet) {
	if b.err != nil {
		return
	}
	_, err := b.file.NewSheet(s.name)
	b.keep(err)
	tables := s.tables(b.report)
	b.layout(s.name)
	stream, err := b.file.NewStreamWriter(s.name)
	if err != nil {
		b.keep(err)
		return
	}
	b.columns(stream, tables)
	b.keep(stream.SetPanes(&excelize.Panes{
		Freeze: true, XSplit: 1, YSplit: headRows + 1, TopLeftCell: fmt.Sprintf("B%d", headRows+2), ActivePane: "bottomRight",
	}))
	b.row(stream, 1, excelize.Cell{StyleID: b.styles[styleTitle], Value: s.name + " · " + b.heading()})
	if b.report.Demo != "" {
		b.row(stream, 2, excelize.Cell{StyleID: b.styles[styleDemo], Value: say("demo").Both() + ": " + visible(b.report.Demo)})
	}
	next := headRows + 1
	for _, t := range tables {
		next = b.table(stream, next, t)
	}
	b.keep(stream.Flush())
	b.keep(b.file.SetDefinedName(&excelize.DefinedName{
		Name: "_xlnm.Print_Titles", Scope: s.name, RefersTo: fmt.Sprintf("'%s'!$A:$A,'%s'!$1:$%d", s.name, s.name, headRows+1),
	}))
}

// layout prepares printing: A4 across, one page wide.
func (b *workbook) layout(name string) {
	paper, landscape, wide, tall, fit := 9, "landscape", 1, 0, true
	b.keep(b.file.SetPageLayout(name, &excelize.PageLayoutOptions{Size: &paper, Orientation: &landscape, FitToWidth: &wide, FitToHeight: &tall}))
	b.keep(b.file.SetSheetProps(name, &excelize.SheetPropsOptions{FitToPage: &fit}))
	b.keep(b.file.SetHeaderFooter(name, &excelize.HeaderFooterOptions{OddFooter: "&Lclearingd&R&P / &N"}))
}

// columns makes amounts wide enough to read and leaves the first column room for names.
func (b *workbook) columns(stream *excelize.StreamWriter, tables []table) {
	widest := 1
	for _, t := range tables {
		widest = max(widest, len(t.head))
	}
	b.keep(stream.SetColWidth(1, 1, 26))
	if widest > 1 {
		b.keep(stream.SetColWidth(2, widest, 17))
	}
}

func (b *workbook) row(stream *excelize.StreamWriter, row int, cells ...any) {
	b.keep(stream.SetRow(fmt.Sprintf("A%d", row), cells))
}

// table writes one table from the given row and returns the row after it, with one
// left blank.
func (b *workbook) table(stream *excelize.StreamWriter, row int, t table) int {
	if t.caption != "" {
		b.row(stream, row, excelize.Cell{StyleID: b.styles[styleTitle], Value: t.caption})
		row++
	}
	b.headRow(stream, row, t.head)
	first := row + 1
	for i, line := range t.lines {
		b.row(stream, first+i, b.cells(line, false)...)
	}
	row = first + len(t.lines)
	if len(t.lines) == 0 {
		b.row(stream, row, excelize.Cell{StyleID: b.styles[styleNote], Value: t.empty})
		return row + 2
	}
	if t.total != nil {
		b.row(stream, row, b.cells(t.total, true)...)
		b.row(stream, row+1, b.checks(t.total, first, row)...)
		row += 2
	}
	return row + 1
}

func (b *workbook) headRow(stream *excelize.StreamWriter, row int, head []string) {
	cells := make([]any, len(head))
	for i, h := range head {
		cells[i] = excelize.Cell{StyleID: b.styles[styleHead], Value: h}
	}
	b.keep(stream.SetRow(fmt.Sprintf("A%d", row), cells, excelize.RowOpts{Height: 48}))
}

func (b *workbook) cells(line []any, strong bool) []any {
	cells := make([]any, len(line))
	for i, v := range line {
		cells[i] = b.cellOf(v, strong)
	}
	return cells
}

// checks is the line under a total: for each figure the difference between the total
// and the sum of the lines, as a formula, with the 0 it must show.
func (b *workbook) checks(total []any, first, totalRow int) []any {
	cells := make([]any, len(total))
	cells[0] = excelize.Cell{StyleID: b.styles[styleNote], Value: "核对（应为0） / check (must be 0)"}
	for i, v := range total {
		switch v.(type) {
		case money, counted:
			column, err := excelize.ColumnNumberToName(i + 1)
			b.keep(err)
			cells[i] = excelize.Cell{
				StyleID: b.styles[styleCheck], Value: 0,
				Formula: fmt.Sprintf("ROUND(SUM(%s%d:%s%d)-%s%d,2)", column, first, column, totalRow-1, column, totalRow),
			}
		}
	}
	return cells
}

// heads makes headings in both languages from keys of the page's texts.
func heads(keys ...string) []string {
	list := make([]string, len(keys))
	for i, k := range keys {
		list[i] = strings.ReplaceAll(say(k).Both(), " / ", "\n")
	}
	return list
}
