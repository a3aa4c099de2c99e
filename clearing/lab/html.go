package lab

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"maps"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"clearingd/ledger"
	"clearingd/provinces"
)

//go:embed page.html.tmpl
var pageSource string

//go:embed page.css
var pageStyle string

// page is what the template sees.
type page struct {
	Result
	Note    string
	Style   template.CSS
	Policy  string // Content-Security-Policy of the page
	English bool   // English is shown first
	Whole   rowView
	Groups  []groupView

	WarningLines []warningLine
}

// Same reports that the draft changes nothing.
func (p page) Same() bool { return p.Total.Changed == 0 && p.Total.Refused == 0 && p.Total.Bills != 0 }

// groupView is one dimension.
type groupView struct {
	By     By
	Name   Text
	Rows   []rowView
	Figure *figure // of areas only
}

type rowView struct {
	Row
	Name        Text
	Funds       []ledger.Fund // that pay anything on either side
	Under, Over bool          // an area, and its province
}

type warningLine struct {
	Name  Text
	Bills uint64
}

// HTML writes the result as one page that needs nothing else: no script, no font, no
// picture from elsewhere, in the look of the night's report. Both languages are in it; a
// switch on the page changes between them. note is printed on top, for built data.
func HTML(w io.Writer, r Result, names Names, note string, first provinces.Language) error {
	p := page{Result: r, Note: note, English: first == provinces.English, Whole: rowView{Row: r.Total, Funds: r.Total.funds()}}
	for _, by := range Dimensions {
		p.Groups = append(p.Groups, newGroup(r, by, names))
	}
	for _, w := range slices.Sorted(maps.Keys(r.Warnings)) {
		p.WarningLines = append(p.WarningLines, warningLine{names.Warning(w), r.Warnings[w]})
	}
	style := pageStyle + marginBoxes(r, note)
	p.Style, p.Policy = template.CSS(style), policy(style)
	t, err := template.New("page").Funcs(functions(names)).Parse(pageSource)
	if err != nil {
		return fmt.Errorf("laboratory page: %w", err)
	}
	// Whole or nothing: a template that fails half way must not leave half a page.
	var whole bytes.Buffer
	if err := t.Execute(&whole, p); err != nil {
		return fmt.Errorf("laboratory page: %w", err)
	}
	lines := strings.Split(whole.String(), "\n")
	for i := range lines {
		lines[i] = visible(lines[i])
	}
	_, err = io.WriteString(w, strings.Join(lines, "\n"))
	return err
}

func functions(names Names) template.FuncMap {
	return template.FuncMap{
		"t":        say,
		"fund":     func(f ledger.Fund) Text { return fundName(f) },
		"area":     func(a ledger.Area) Text { return names.Row(ByArea, string(a)) },
		"change":   names.Change,
		"money":    Grouped,
		"signed":   Signed,
		"percent":  Percent,
		"count":    func(n int64) string { return group(strconv.FormatInt(n, 10)) },
		"countU":   func(n uint64) string { return group(strconv.FormatUint(n, 10)) },
		"countInt": func(n int) string { return group(strconv.Itoa(n)) },
	}
}

func fundName(f ledger.Fund) Text {
	return Text{provinces.FundName(f, provinces.Chinese), provinces.FundName(f, provinces.English)}
}

func newGroup(r Result, by By, names Names) groupView {
	g := groupView{By: by, Name: names.By(by)}
	for _, x := range r.By[by] {
		g.Rows = append(g.Rows, rowView{
			Row: x, Name: names.Row(by, x.Key), Funds: x.funds(),
			Under: x.Parent != "", Over: by == ByArea && x.Parent == "",
		})
	}
	if by == ByArea {
		g.Figure = newFigure(g.Rows)
	}
	return g
}

// Sizes of the figure, in the units of its view box.
const (
	figureRows  = 24  // areas that can still be told apart
	figureWidth = 640 // whole width
	figureLeft  = 190 // where the bars may begin
	figurePlot  = 330 // length of the longest bars, both sides together
	figureLabel = 100 // kept free beside a bar for its figure
	figureRow   = 20
)

// figure shows the difference in fund payment by area as bars.
type figure struct {
	Width, Height, Axis int
	Bars                []bar
}

type bar struct {
	Name          Text
	Amount        ledger.Amount
	Less          bool
	X, Y, Width   int
	TextY, ValueX int
}

// newFigure draws the areas with the largest differences, in the order of the table.
func newFigure(rows []rowView) *figure {
	var areas []rowView
	for _, x := range rows {
		if x.Under && x.Difference.FundTotal != 0 {
			areas = append(areas, x)
		}
	}
	if len(areas) > figureRows {
		slices.SortStableFunc(areas, func(a, b rowView) int {
			return cmp.Compare(size(b.Difference.FundTotal), size(a.Difference.FundTotal))
		})
		areas = areas[:figureRows]
		slices.SortStableFunc(areas, func(a, b rowView) int { return cmp.Compare(a.Key, b.Key) })
	}
	var more, less uint64
	for _, x := range areas {
		if d := x.Difference.FundTotal; d > 0 {
			more = max(more, size(d))
		} else {
			less = max(less, size(d))
		}
	}
	f := &figure{Width: figureWidth, Height: figureRow * len(areas), Axis: figureLeft}
	if less > 0 {
		f.Axis += figureLabel*2/3 + share(less, more+less, figurePlot-figureLabel*2/3)
	}
	room := figureLeft + figurePlot - f.Axis
	for i, x := range areas {
		d := x.Difference.FundTotal
		b := bar{Name: x.Name, Amount: d, Less: d < 0, Y: i*figureRow + 3, TextY: i*figureRow + 14, X: f.Axis}
		if d > 0 {
			b.Width = max(1, share(size(d), more, uint64(room)))
			b.ValueX = b.X + b.Width + 6
		} else {
			b.Width = max(1, share(size(d), less, uint64(f.Axis-figureLeft-figureLabel*2/3)))
			b.X -= b.Width
			b.ValueX = b.X - 6
		}
		f.Bars = append(f.Bars, b)
	}
	return f
}

func size(a ledger.Amount) uint64 {
	if a < 0 {
		return -uint64(a)
	}
	return uint64(a)
}

// share is a's part of most on a length, exact in integers, rounded down.
func share(a, most uint64, length uint64) int {
	if most == 0 || a >= most {
		return int(length)
	}
	hi, lo := bits.Mul64(a, length)
	q, _ := bits.Div64(hi, lo, most)
	return int(q)
}

// Grouped writes an amount with thousands apart and two decimals.
func Grouped(a ledger.Amount) string {
	s := a.String()
	dot := len(s) - 3
	return group(s[:dot]) + s[dot:]
}

// Signed is Grouped with a plus before what is above zero.
func Signed(a ledger.Amount) string {
	if a > 0 {
		return "+" + Grouped(a)
	}
	return Grouped(a)
}

// Percent says how much a difference is of an amount, with a sign and one decimal, half
// away from zero: "+7.9 %"; "" where there is nothing to compare with.
func Percent(difference, of ledger.Amount) string {
	if of <= 0 || difference == 0 {
		return ""
	}
	hi, lo := bits.Mul64(size(difference), 1000)
	lo, carry := bits.Add64(lo, size(of)/2, 0)
	if hi += carry; hi >= size(of) {
		return ""
	}
	n, _ := bits.Div64(hi, lo, size(of))
	sign := "+"
	if difference < 0 {
		sign = "-"
	}
	return sign + group(strconv.FormatUint(n/10, 10)) + "." + strconv.FormatUint(n%10, 10) + " %"
}

// group puts commas between thousands of an integer that may have a minus.
func group(s string) string {
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// policy allows the page's own style and nothing else, so that text from outside could
// not load or run anything even if it escaped its place.
func policy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'"
}

// marginBoxes prints title, days and note on every sheet of paper.
func marginBoxes(r Result, note string) string {
	head := say("title").ZH + "  " + r.From.String() + " – " + r.To.String()
	return "@page{@top-left{content:" + cssString(head) + "}@top-right{content:" + cssString(visible(note)) + "}}\n"
}

// cssString writes every character but letters, digits and spaces as a hexadecimal
// escape, so that nothing in the text can end the string.
func cssString(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		if r == ' ' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, "\\%06x", r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
