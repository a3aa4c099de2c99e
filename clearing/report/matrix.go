package report

import (
	"fmt"

	"clearingd/ledger"
)

// matrixView is the national matrix as the page shows it: only provinces that owe or
// are owed something stand in it, so that a quiet day is as easy to read as a busy one.
type matrixView struct {
	Unit    unit
	Columns []ledger.Province
	Rows    []matrixRow
	Totals  []cell // of the columns
	Total   cell   // of all
}

type matrixRow struct {
	Home  ledger.Province
	Cells []cell // one a column
	Total cell
}

// cell is one amount of the matrix.
type cell struct {
	Pair  string // fragment of the pair's line, "" if there is none
	Short string // rounded to the matrix's unit; "" if there is no pair
	Title string // the exact figures
	Class string // heat, or "self" on the diagonal
}

// heatSteps are the shares of the largest amount from which a cell has level 5, 4, 3
// and 2; below it has level 1. Amounts between provinces spread over three orders of
// magnitude, so equal steps would leave most cells alike.
var heatSteps = []uint64{2, 6, 20, 80}

func newMatrix(r Report) matrixView {
	pairs := map[provincePair]Pair{}
	var most ledger.Amount
	for _, p := range r.Pairs {
		pairs[provincePair{p.Home, p.Treatment}] = p
		most = max(most, p.Owed)
	}
	m := matrixView{Unit: unitFor(max(most, r.Totals.Owed))}
	for _, t := range r.ByTreatment {
		m.Columns = append(m.Columns, t.Province)
		m.Totals = append(m.Totals, m.totalCell(t.Sums))
	}
	m.Total = m.totalCell(r.Totals.Sums)
	for _, h := range r.ByHome {
		row := matrixRow{Home: h.Province, Total: m.totalCell(h.Sums)}
		for _, t := range m.Columns {
			p, ok := pairs[provincePair{h.Province, t}]
			switch {
			case ok:
				row.Cells = append(row.Cells, m.pairCell(p, most))
			case h.Province == t:
				row.Cells = append(row.Cells, cell{Class: "self"})
			default:
				row.Cells = append(row.Cells, cell{})
			}
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

func (m matrixView) totalCell(s Sums) cell {
	return cell{Short: m.Unit.format(s.Owed), Title: figuresTitle(s)}
}

func (m matrixView) pairCell(p Pair, most ledger.Amount) cell {
	home, treatment := provinceName(p.Home), provinceName(p.Treatment)
	return cell{
		Pair:  pairFragment(p.Home, p.Treatment),
		Short: m.Unit.format(p.Owed),
		Title: fmt.Sprintf("%s → %s · %s → %s · %s", home.ZH, treatment.ZH, home.EN, treatment.EN, figuresTitle(p.Sums)),
		Class: heat(p.Owed, most),
	}
}

func figuresTitle(s Sums) string {
	return fmt.Sprintf("%s 元 (CNY) · %d 笔 (bills)", exact(s.Owed), s.Booked)
}

func heat(a, most ledger.Amount) string {
	if a < 0 {
		return "neg"
	}
	if a == 0 {
		return "nil"
	}
	for i, part := range heatSteps {
		if size(a) >= size(most)/part {
			return fmt.Sprintf("h%d", 5-i)
		}
	}
	return "h1"
}

func pairFragment(home, treatment ledger.Province) string {
	return "pair-" + string(home) + "-" + string(treatment)
}
