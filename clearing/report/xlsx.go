package report

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"clearingd/ledger"

	"github.com/xuri/excelize/v2"
)

// XLSX writes the report as a workbook, one sheet a table. Headings are in both
// languages. Amounts are numbers, so that they can be summed, and where a sum matters
// the exact text stands beside them, because a spreadsheet keeps binary fractions. Codes
// and ids are text. A total is written as a value, with a formula under it that
// recomputes the difference: it must show 0.00.
func XLSX(w io.Writer, r Report) error {
	book := &workbook{file: excelize.NewFile().SetZipWriter(newSortedZip), report: r}
	defer book.file.Close()
	book.properties()
	book.makeStyles()
	for _, s := range sheetsOf(r) {
		book.write(s)
	}
	if err := book.finish(w); err != nil {
		return fmt.Errorf("report as xlsx: %w", err)
	}
	return nil
}

// finish writes the workbook: whole or nothing, as for HTML.
func (b *workbook) finish(w io.Writer) error {
	if b.err == nil {
		b.err = b.file.DeleteSheet("Sheet1")
	}
	var whole bytes.Buffer
	if b.err == nil {
		b.err = b.file.Write(&whole)
	}
	if b.err != nil {
		return b.err
	}
	_, err := whole.WriteTo(w)
	return err
}

// workbook is a file being filled; the first error stays.
type workbook struct {
	file   *excelize.File
	report Report
	styles [styleCount]int
	err    error
}

func (b *workbook) keep(err error) {
	if b.err == nil {
		b.err = err
	}
}

// properties sets what would otherwise name the library and a time of its own. The
// time is midnight of the report's last day: fixed, and no claim about when the file
// was made.
func (b *workbook) properties() {
	at := b.report.To.Time().Format("2006-01-02T15:04:05Z")
	b.keep(b.file.SetDocProps(&excelize.DocProperties{
		Creator: "clearingd", LastModifiedBy: "clearingd", Created: at, Modified: at,
		Title: b.heading(), Description: visible(b.report.Demo),
	}))
}

// heading says what the report is, of which days, in which revision.
func (b *workbook) heading() string {
	days := b.report.From.String()
	if b.report.To != b.report.From {
		days += " – " + b.report.To.String()
	}
	return fmt.Sprintf("%s · %s · 第%d版 revision %d", say("title."+string(b.report.Title)).ZH, days, b.report.Revision, b.report.Revision)
}

type style int

const (
	styleTitle style = iota
	styleDemo
	styleHead
	styleText
	styleExact
	styleCounted
	styleMoney
	styleLabel
	styleSumExact
	styleSum
	styleSumCount
	styleCheck
	styleNote
	styleFill    // for officers to fill in
	styleWrapped // long text
	styleCount   // how many there are
)

func (b *workbook) makeStyles() {
	money, check := "#,##0.00", "#,##0.00;[Red]-#,##0.00;0.00"
	font := func(f excelize.Font) *excelize.Font {
		f.Family = "Calibri" // the default of a new file; without a name some programs take a serif
		f.Size = max(f.Size, 11)
		return &f
	}
	bold, quiet := font(excelize.Font{Bold: true}), font(excelize.Font{Italic: true, Color: "56626C"})
	right := &excelize.Alignment{Horizontal: "right"}
	below := []excelize.Border{{Type: "bottom", Color: "1B2126", Style: 1}}
	above := []excelize.Border{{Type: "top", Color: "1B2126", Style: 1}}
	for i, s := range [styleCount]excelize.Style{
		styleTitle: {Font: font(excelize.Font{Bold: true, Size: 14})},
		styleDemo:  {Font: font(excelize.Font{Bold: true, Color: "7A5C00"})},
		styleHead: {
			Font: bold, Border: below, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"EEF1F3"}},
			Alignment: &excelize.Alignment{WrapText: true, Vertical: "center", Horizontal: "center"},
		},
		styleText:     {NumFmt: 49},
		styleExact:    {NumFmt: 49, Alignment: right, Font: font(excelize.Font{Color: "56626C"})},
		styleCounted:  {NumFmt: 3},
		styleMoney:    {CustomNumFmt: &money},
		styleLabel:    {Font: bold, Border: above},
		styleSumExact: {Font: bold, Border: above, NumFmt: 49, Alignment: right},
		styleSum:      {Font: bold, Border: above, CustomNumFmt: &money},
		styleSumCount: {Font: bold, Border: above, NumFmt: 3},
		styleCheck:    {Font: quiet, CustomNumFmt: &check},
		styleNote:     {Font: quiet},
		styleFill:     {NumFmt: 49, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FDF7E3"}}},
		styleWrapped:  {Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}},
	} {
		var err error
		b.styles[i], err = b.file.NewStyle(&s)
		b.keep(err)
	}
}

// The kinds of cells a sheet is made of.
type (
	text    string        // also codes and ids: never read as a number or formula
	counted uint64        // a count
	money   ledger.Amount // yuan, as a number
	exactly ledger.Amount // yuan, as text: what the number beside it means to the fen
)

// cellOf makes the cell of a value; strong ones are for rows of totals.
func (b *workbook) cellOf(v any, strong bool) excelize.Cell {
	pick := func(plain, sum style) int {
		if strong {
			return b.styles[sum]
		}
		return b.styles[plain]
	}
	switch v := v.(type) {
	case text:
		return excelize.Cell{StyleID: pick(styleText, styleLabel), Value: visible(string(v))}
	case counted:
		return excelize.Cell{StyleID: pick(styleCounted, styleSumCount), Value: uint64(v)}
	case exactly:
		return excelize.Cell{StyleID: pick(styleExact, styleSumExact), Value: ledger.Amount(v).String()}
	case money:
		return excelize.Cell{StyleID: pick(styleMoney, styleSum), Value: spreadsheetNumber(ledger.Amount(v))}
	}
	return excelize.Cell{StyleID: pick(styleText, styleLabel)}
}

// mostExact is the largest number of fen that a binary double still holds exactly.
const mostExact = 1 << 53

// spreadsheetNumber is the one place where an amount becomes a binary fraction, on its way
// out and never back: a spreadsheet has no other number. Up to 2^53 fen (90 trillion yuan)
// the quotient is the double nearest to the amount, so it is written and shown with the
// right two decimals; a larger amount is written as exact text.
func spreadsheetNumber(a ledger.Amount) any {
	if a > mostExact || a < -mostExact {
		return a.String()
	}
	return float64(a) / 100
}

// sortedZip writes the parts of a workbook in one fixed order. The library takes
// streamed sheets from a map, so their order would differ from run to run.
type sortedZip struct {
	out   io.Writer
	parts []*part
}

type part struct {
	name string
	bytes.Buffer
}

func newSortedZip(w io.Writer) excelize.ZipWriter { return &sortedZip{out: w} }

// Create begins a part; it is kept until Close.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	p := &part{name: name}
	z.parts = append(z.parts, p)
	return p, nil
}

// AddFS is not used by a file made from nothing.
func (z *sortedZip) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close writes all parts: the list of contents first, as readers expect, then by name.
// No part has a time.
func (z *sortedZip) Close() error {
	const contents = "[Content_Types].xml"
	slices.SortFunc(z.parts, func(x, y *part) int {
		if (x.name == contents) != (y.name == contents) {
			if x.name == contents {
				return -1
			}
			return 1
		}
		return cmp.Compare(x.name, y.name)
	})
	archive := zip.NewWriter(z.out)
	for _, p := range z.parts {
		w, err := archive.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate})
		if err != nil {
			return err
		}
		if _, err := p.WriteTo(w); err != nil {
			return err
		}
	}
	return archive.Close()
}
