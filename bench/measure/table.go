package measure

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Table is a Markdown table in the making.
type Table struct {
	columns int
	text    strings.Builder
}

// NewTable starts a table with its head.
func NewTable(columns ...string) *Table {
	t := &Table{columns: len(columns)}
	t.Row(columns...)
	t.text.WriteString("|" + strings.Repeat("---|", len(columns)) + "\n")
	return t
}

// Row adds a row; cells that are left out are empty.
func (t *Table) Row(cells ...string) {
	t.text.WriteByte('|')
	for i := range t.columns {
		t.text.WriteByte(' ')
		if i < len(cells) && cells[i] != "" {
			t.text.WriteString(cells[i] + " ")
		}
		t.text.WriteByte('|')
	}
	t.text.WriteByte('\n')
}

func (t *Table) String() string { return t.text.String() }

// Grouped writes a number rounded to a whole, in groups of three digits: 12,345.
func Grouped(n float64) string {
	digits := strconv.FormatFloat(n, 'f', 0, 64)
	sign := ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Millis writes seconds as milliseconds with one decimal.
func Millis(seconds float64) string { return fmt.Sprintf("%.1f ms", seconds*1000) }

// Duration writes a duration with about three digits.
func Duration(d time.Duration) string {
	switch {
	case d >= 100*time.Second:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	}
	return fmt.Sprintf("%.1f ms", d.Seconds()*1000)
}

// Mebibytes writes bytes as MiB, of large amounts as GiB.
func Mebibytes(bytes float64) string {
	if bytes >= 10<<30 {
		return fmt.Sprintf("%.1f GiB", bytes/(1<<30))
	}
	return fmt.Sprintf("%s MiB", Grouped(bytes/(1<<20)))
}
