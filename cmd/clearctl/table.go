package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// table is rows of text, aligned by what they take on a screen: a Chinese character
// takes two columns.
type table struct {
	head  []string
	right []bool // columns set to the right: amounts and counts
	rows  [][]string
}

// newTable starts a table. A heading that begins with ">" sets its column to the right.
func newTable(head ...string) *table {
	t := &table{head: make([]string, len(head)), right: make([]bool, len(head))}
	for i, h := range head {
		t.head[i], t.right[i] = strings.CutPrefix(h, ">")
	}
	return t
}

func (t *table) row(cells ...any) {
	row := make([]string, len(t.head))
	for i := range row {
		if i < len(cells) {
			row[i] = printable(fmt.Sprint(cells[i]))
		}
	}
	t.rows = append(t.rows, row)
}

// write prints heading, rule and rows. A table whose headings are all empty is printed
// without them.
func (t *table) write(w io.Writer) {
	widths := make([]int, len(t.head))
	for _, row := range append(t.rows, t.head) {
		for i, cell := range row {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	if strings.Join(t.head, "") != "" {
		fmt.Fprintln(w, t.line(t.head, widths))
		rule := make([]string, len(widths))
		for i, n := range widths {
			rule[i] = strings.Repeat("─", n)
		}
		fmt.Fprintln(w, strings.Join(rule, "  "))
	}
	for _, row := range t.rows {
		fmt.Fprintln(w, t.line(row, widths))
	}
}

func (t *table) line(row []string, widths []int) string {
	cells := make([]string, len(row))
	for i, cell := range row {
		space := strings.Repeat(" ", widths[i]-columns(cell))
		if t.right[i] {
			cells[i] = space + cell
		} else {
			cells[i] = cell + space
		}
	}
	return strings.TrimRight(strings.Join(cells, "  "), " ")
}

// columns is how many columns of a terminal the text takes.
func columns(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		case isWide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

func isWide(r rune) bool {
	kind := width.LookupRune(r).Kind()
	return kind == width.EastAsianWide || kind == width.EastAsianFullwidth
}

// printable keeps what comes from the wire from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '·'
		}
		return r
	}, s)
}

// place names the member that a refusal is about; without one, the whole message.
func (a *app) place(field string) string {
	if field == "" {
		return a.say("整个报文", "the message")
	}
	return printable(field)
}

// show prints a result: as JSON for programs, otherwise by the given function.
func (a *app) show(result any, human func()) error {
	if a.output != "json" {
		human()
		return nil
	}
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(result)
}

// printf prints one line in the user's language.
func (a *app) printf(zh, en string, args ...any) {
	fmt.Fprintf(a.out, a.say(zh, en)+"\n", args...)
}
