package statement

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"clearingd/provinces"
)

// tabColumns are those of a 3202's file in their order; a hospital may leave out the last
// or send one column more, which nobody reads (exp_content).
var tabColumns = []string{"setl_id", "mdtrt_id", "psn_no", "medfee_sumamt", "fund_pay_sumamt", "acct_pay", "refd_setl_flag"}

// tabbed reads the file of a 3202.
type tabbed struct{ lines *lines }

// Next reads a row. What hospitals' systems do is taken as it is: the word null, a column
// more, and what takes a bill back without the flag, told by its sign (national-interface 4.2).
func (t *tabbed) Next() (provinces.StatementRow, error) {
	line, err := t.lines.next()
	if err != nil {
		return provinces.StatementRow{}, err
	}
	b := newBuilder(t.lines.number)
	b.lenient = true
	cells := strings.Split(string(line), "\t")
	if n := len(cells); n < len(tabColumns)-1 || n > len(tabColumns)+1 {
		b.report(provinces.CodeStatementColumns, "", "6 to 8 columns", itoa(n))
		return b.row, b.problems.refusal()
	}
	for i, cell := range cells {
		switch {
		case i < len(tabColumns) && cell != "null":
			b.set(tabColumns[i], cell)
		case i >= len(tabColumns) && cell != "" && formula(cell, true):
			b.report(provinces.CodeStatementFormula, "exp_content", "no formula", cell[:1])
		}
	}
	return b.finish()
}

// table reads a CSV file.
type table struct {
	lines   *lines
	columns []string // wire names in the order of the header
	cells   []string // of the line at hand, reused
}

// newTable reads the header.
func newTable(l *lines) (*table, error) {
	line, err := l.next()
	if errors.Is(err, io.EOF) {
		return nil, provinces.Reject(provinces.CodeStatementFile, "file", "a header line", "empty")
	}
	if err != nil {
		return nil, err
	}
	t := &table{lines: l}
	titles, ok := splitCells(nil, line)
	var wrong problems
	if !ok {
		wrong.report(provinces.CodeStatementColumns, place(l.number, ""), "balanced quotation marks", "")
	}
	seen := map[string]bool{}
	for i, title := range titles {
		name := columnNamed(strings.TrimSpace(title))
		if name == "" || seen[name] {
			wrong.report(provinces.CodeStatementColumns, place(l.number, "column "+itoa(i+1)), "a column of docs/statement-interface.md, once", lengthOf(title))
		}
		seen[name] = true
		t.columns = append(t.columns, name)
	}
	for _, name := range needed {
		if !seen[name] {
			wrong.report(provinces.CodeStatementColumns, place(l.number, name), "there", "")
		}
	}
	if err := wrong.refusal(); err != nil {
		return nil, err
	}
	return t, nil
}

// Next reads a row.
func (t *table) Next() (provinces.StatementRow, error) {
	line, err := t.lines.next()
	if err != nil {
		return provinces.StatementRow{}, err
	}
	b := newBuilder(t.lines.number)
	var ok bool
	if t.cells, ok = splitCells(t.cells[:0], line); !ok || len(t.cells) != len(t.columns) {
		b.report(provinces.CodeStatementColumns, "", itoa(len(t.columns))+" columns", itoa(len(t.cells)))
		return b.row, b.problems.refusal()
	}
	for i, cell := range t.cells {
		b.set(t.columns[i], strings.TrimSpace(cell))
	}
	return b.finish()
}

// splitCells cuts a line of CSV. A quoted cell may hold commas and doubled quotation
// marks, but no end of a line: no column has one.
func splitCells(cells []string, line []byte) ([]string, bool) {
	for {
		if len(line) == 0 || line[0] != '"' {
			cell, rest, more := bytes.Cut(line, []byte(","))
			if bytes.IndexByte(cell, '"') >= 0 {
				return cells, false
			}
			if cells = append(cells, string(cell)); !more {
				return cells, true
			}
			line = rest
			continue
		}
		cell, rest, closed := quoted(line[1:])
		if !closed {
			return cells, false
		}
		if cells = append(cells, cell); len(rest) == 0 {
			return cells, true
		}
		if rest[0] != ',' {
			return cells, false
		}
		line = rest[1:]
	}
}

// quoted reads a cell up to the mark that closes it.
func quoted(line []byte) (cell string, rest []byte, closed bool) {
	var text []byte
	for {
		at := bytes.IndexByte(line, '"')
		if at < 0 {
			return "", nil, false
		}
		text = append(text, line[:at]...)
		if line = line[at+1:]; len(line) == 0 || line[0] != '"' {
			return string(text), line, true
		}
		text, line = append(text, '"'), line[1:]
	}
}

// objects reads a file of one JSON object a line.
type objects struct{ lines *lines }

// Next reads a row.
func (o *objects) Next() (provinces.StatementRow, error) {
	line, err := o.lines.next()
	if err != nil {
		return provinces.StatementRow{}, err
	}
	b := newBuilder(o.lines.number)
	if err := b.object(jsontext.NewDecoder(bytes.NewReader(line))); err != nil {
		code := provinces.CodeMalformed
		if errors.Is(err, jsontext.ErrDuplicateName) {
			code = provinces.CodeDuplicateKey
		}
		b.report(code, "", "one JSON object of texts and numbers", "")
		return b.row, b.problems.refusal()
	}
	return b.finish()
}

// errNoObject: the line is JSON, but not one flat object.
var errNoObject = errors.New("not one flat object")

// object takes the members of a flat object as cells.
func (b *builder) object(d *jsontext.Decoder) error {
	if d.PeekKind() != '{' {
		return errNoObject
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	for d.PeekKind() != '}' {
		member, err := d.ReadToken()
		if err != nil {
			return err
		}
		name := member.String()
		value, err := d.ReadToken()
		if err != nil {
			return err
		}
		kind := value.Kind()
		switch column := columnNamed(name); {
		case column == "" || column != name:
			b.report(provinces.CodeStatementColumns, "", "members of docs/statement-interface.md", lengthOf(name))
		case kind == 'n':
		case kind == '"' || kind == '0':
			b.set(column, value.String())
		default:
			b.report(provinces.CodeForm, column, "text or number", "")
		}
		if kind == '{' || kind == '[' {
			return errNoObject
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return errNoObject
	}
	return nil
}
