package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/xuri/excelize/v2"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces/bus"
)

// Bounds of a workbook that is read at an officer's desk. The daemon reads none.
const (
	sheetBytesMax    = 32 << 20
	sheetUnzippedMax = 256 << 20
	sheetLinesMax    = 100_000
	reasonMax        = 500 // characters
)

// sheetLine is one decision of a workbook of breaks, as the officer filled it in.
type sheetLine struct {
	Row      int             `json:"row"` // of the sheet, from 1
	Key      string          `json:"key"`
	Facts    string          `json:"facts"`          // digest of what the officer saw
	Decision string          `json:"decision"`       // accept, close, assign, comment
	Side     report.SideName `json:"side,omitempty"` // of assign
	Reason   string          `json:"reason"`

	Record uint64 `json:"record,omitempty"` // the books' number of what it was handed in as; 0: it was only checked

	Break *report.BreakLine `json:"break,omitempty"` // as it stands now; nil before it was asked for
}

// sheetFault is why a line is not handed in. The other lines are not touched by it.
type sheetFault struct {
	Row    int    `json:"row"`
	Column string `json:"column"` // its name for programs
	Key    string `json:"key,omitempty"`
	ZH     string `json:"zh"`
	EN     string `json:"en"`
}

// sheetRead is what a workbook holds.
type sheetRead struct {
	Lines  []sheetLine  `json:"lines"`
	Faults []sheetFault `json:"faults"`
	Blank  int          `json:"blank"` // lines without a decision
}

func (s *sheetRead) fault(row int, column, key, zh, en string) {
	s.Faults = append(s.Faults, sheetFault{row, column, key, zh, en})
}

func (a *app) breaksSheetCommand() *cobra.Command {
	var propose bool
	var province, maker string
	c := &cobra.Command{
		Use:   "sheet FILE",
		Short: a.say("检查并提交填好的差异表（breaks.xlsx）", "check, and hand in, a workbook of breaks that was filled in (breaks.xlsx)"),
		Long: a.say(`读填好决定与理由的 breaks.xlsx，逐行核对：决定是否在列表中，有无理由，有无公式，该差异自导出以来有无变化；认账的，对方有无按基金列出差额。
有问题的行逐一列出行号、列名与原因，其余各行不受影响。列出各项决定的笔数与金额合计。--propose 提交无误的各行：认账与结案为提议，由另一人复核；备注与指派立即生效。
不带 --propose 只检查。有行被退回时退出码为 1。`,
			`Reads a breaks.xlsx in which decisions and reasons were filled in, and checks it line by line: whether the decision is
one of the list, has a reason and is no formula, whether the break has changed since the sheet was made, and of a difference
to accept, whether the side has stated it fund by fund. Lines with a fault are listed with row, column and reason; the others are not touched by them. With --propose the lines that fit are
handed in: accept and close as proposals that somebody else approves, comments and assignments at once. Without it they
are only checked. Exit code 1 if any line has a fault.`),
		Example: `
  clearctl breaks sheet breaks.xlsx
  clearctl breaks sheet breaks.xlsx --propose --province 65 --maker wang`,
	}
	c.Flags().BoolVar(&propose, "propose", false, a.say("提交无误的各行", "hand in the lines that fit"))
	c.Flags().StringVar(&province, "province", "", a.say("经办省份代码", "whose officers act"))
	c.Flags().StringVar(&maker, "maker", "", a.say("经办人", "who acts"))
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		if propose && maker == "" || !propose && maker+province != "" {
			return usageError("--propose、--province、--maker 须一并给出", "--propose, --province and --maker go together")
		}
		if propose {
			if _, err := provinceFlag(province); err != nil {
				return err
			}
		}
		read, err := readSheetFile(args[0])
		if err != nil {
			return err
		}
		ctx, cancel := a.bounded(c.Context())
		defer cancel()
		b, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer b.Close()
		if err := read.compare(ctx, b); err != nil {
			return err
		}
		if propose {
			if err := read.handIn(ctx, b, province, maker); err != nil {
				return err
			}
		}
		if err := a.show(read, func() { a.printSheet(read) }); err != nil {
			return err
		}
		if len(read.Faults) > 0 {
			return quiet(exitNo)
		}
		return nil
	})
}

func readSheetFile(path string) (*sheetRead, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readSheet(io.LimitReader(f, sheetBytesMax+1))
}

// readSheet reads a workbook that report.NewBreaksXLSX made and an officer filled in. An
// error is about the file as a whole; a line's faults are in the result.
func readSheet(r io.Reader) (*sheetRead, error) {
	book, err := excelize.OpenReader(r, excelize.Options{UnzipSizeLimit: sheetUnzippedMax, UnzipXMLSizeLimit: sheetUnzippedMax})
	if err != nil {
		return nil, no("不是可读的 XLSX 文件，或超过 32 MiB", "not a workbook that can be read, or above 32 MiB")
	}
	defer book.Close()
	rows, err := book.GetRows(report.BreaksSheet, excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, no("工作簿中没有名为“"+report.BreaksSheet+"”的表", "the workbook has no sheet "+report.BreaksSheet)
	}
	if len(rows) < report.BreaksHeadRow || len(rows) > sheetLinesMax {
		return nil, no("表头不在第 4 行，或行数过多", "the headings are not in row 4, or there are too many rows")
	}
	columns, err := sheetColumns(rows[report.BreaksHeadRow-1])
	if err != nil {
		return nil, err
	}
	read := &sheetRead{}
	seen := map[string]int{}
	for i, row := range rows[report.BreaksHeadRow:] {
		read.line(book, columns, report.BreaksHeadRow+1+i, row, seen)
	}
	return read, nil
}

// sheetColumns finds the columns by the last line of their headings, so that columns may
// have been moved.
func sheetColumns(head []string) (map[string]int, error) {
	columns := map[string]int{}
	for i, h := range head {
		columns[h[strings.LastIndex(h, "\n")+1:]] = i
	}
	for _, id := range []string{report.ColumnDecision, report.ColumnReason, report.ColumnKey, report.ColumnFacts} {
		if _, ok := columns[id]; !ok {
			return nil, no("表头缺少列 "+id, "the headings lack the column "+id)
		}
	}
	return columns, nil
}

// line reads one row. A row without a decision is counted; one without anything is not
// even that.
func (s *sheetRead) line(book *excelize.File, columns map[string]int, number int, row []string, seen map[string]int) {
	cell := func(id string) string {
		if i := columns[id]; i < len(row) {
			return strings.TrimSpace(row[i])
		}
		return ""
	}
	l := sheetLine{Row: number, Key: cell(report.ColumnKey), Facts: cell(report.ColumnFacts), Reason: cell(report.ColumnReason)}
	faults := len(s.Faults)
	for _, id := range []string{report.ColumnDecision, report.ColumnReason, report.ColumnKey, report.ColumnFacts} {
		if name, err := excelize.CoordinatesToCellName(columns[id]+1, number); err == nil {
			if formula, _ := book.GetCellFormula(report.BreaksSheet, name); formula != "" {
				s.fault(number, id, l.Key, "单元格是公式", "the cell is a formula")
			}
		}
	}
	if len(s.Faults) > faults || l.Key == "" && cell(report.ColumnDecision) == "" && l.Reason == "" {
		return
	}
	if cell(report.ColumnDecision) == "" {
		if l.Reason != "" {
			s.fault(number, report.ColumnDecision, l.Key, "有理由而没有决定", "a reason without a decision")
			return
		}
		s.Blank += min(1, len(l.Facts)) // the line that says there are none has no digest
		return
	}
	s.decision(&l, cell(report.ColumnDecision))
	if first := seen[l.Key]; first != 0 {
		s.fault(number, report.ColumnKey, l.Key, fmt.Sprintf("与第 %d 行是同一差异", first), fmt.Sprintf("the same break as in row %d", first))
	}
	seen[l.Key] = number
	if len(s.Faults) == faults {
		s.Lines = append(s.Lines, l)
	}
}

// sheetFacts is the form of a digest.
var sheetFacts = regexp.MustCompile(`^[0-9a-f]{64}$`)

// decision checks what was filled in.
func (s *sheetRead) decision(l *sheetLine, given string) {
	word, _, _ := strings.Cut(given, " ")
	if !slices.Contains(report.SheetDecisions, word) {
		s.fault(l.Row, report.ColumnDecision, l.Key, "不在决定列表中", "not one of the list of decisions")
	}
	l.Decision = word
	if side, ok := strings.CutPrefix(word, "assign-"); ok {
		l.Decision, l.Side = "assign", report.SideName(side)
	}
	switch n := utf8.RuneCountInString(l.Reason); {
	case n == 0:
		s.fault(l.Row, report.ColumnReason, l.Key, "没有理由", "there is no reason")
	case n > reasonMax:
		s.fault(l.Row, report.ColumnReason, l.Key, fmt.Sprintf("理由超过 %d 字", reasonMax), fmt.Sprintf("the reason has more than %d characters", reasonMax))
	}
	if !reconcile.ValidKey(l.Key) {
		s.fault(l.Row, report.ColumnKey, "", "差异编号被改动", "the key was changed")
	}
	if !sheetFacts.MatchString(l.Facts) {
		s.fault(l.Row, report.ColumnFacts, l.Key, "事实摘要被改动", "the digest of the facts was changed")
	}
}

// compare asks how each break stands now, and takes out the lines that it has left behind.
func (s *sheetRead) compare(ctx context.Context, b *bus.Bus) error {
	kept := s.Lines[:0]
	for _, l := range s.Lines {
		reply, err := callOn[service.BreakReply](ctx, b, service.Break, service.BreakRequest{Key: l.Key})
		var answered *bus.ServiceError
		switch {
		case errors.As(err, &answered) && answered.Code == 404:
			s.fault(l.Row, report.ColumnKey, l.Key, "没有这项差异", "there is no such break")
			continue
		case err != nil:
			return err
		}
		if reply.Break.Facts != l.Facts {
			s.fault(l.Row, report.ColumnFacts, l.Key, "导出之后有变化，请重新查看", "it has changed since the sheet was made: look at it again")
			continue
		}
		if reply.Break.State != reconcile.Open {
			s.fault(l.Row, report.ColumnKey, l.Key, "已不是待处理："+report.StateName(reply.Break.State).ZH, "it is not open any more: "+report.StateName(reply.Break.State).EN)
			continue
		}
		if record := l.said(reply); record != 0 {
			s.fault(l.Row, report.ColumnDecision, l.Key, fmt.Sprintf("已提交过：记录 %d", record), fmt.Sprintf("it was handed in before, as record %d", record))
			continue
		}
		if why := unacceptable(reply); l.Decision == string(clearing.ActAccept) && why != nil {
			s.fault(l.Row, report.ColumnDecision, l.Key, why.ZH, why.EN)
			continue
		}
		l.Break = &reply.Break
		kept = append(kept, l)
	}
	s.Lines = kept
	return nil
}

// said is the record by which the last comment or assignment of the break already says what
// the line says; 0 if none does. Neither changes the facts, so that a workbook handed in a
// second time would say it twice. Of a proposal this cannot be: the break is open no more.
func (l *sheetLine) said(reply service.BreakReply) uint64 {
	var what string
	switch clearing.ActKind(l.Decision) {
	case clearing.ActComment:
		what = reconcile.EventCommented
	case clearing.ActAssign:
		what = reconcile.EventAssigned
	default:
		return 0
	}
	for _, e := range slices.Backward(reply.History) {
		if e.What != what {
			continue
		}
		if e.Reason == l.oneLine() && (l.Side == "" || l.Side == reply.Break.Owner) {
			return e.Act
		}
		return 0
	}
	return 0
}

// oneLine is the reason as it is handed in.
func (l *sheetLine) oneLine() string { return strings.Join(strings.Fields(l.Reason), " ") }

// printSheet shows the totals that whoever approves should see, then the faults.
func (a *app) printSheet(s *sheetRead) {
	t := newTable(a.say("决定", "decision"), ">"+a.say("笔数", "lines"), ">"+a.say("账册应付", "books owe"), ">"+a.say("差额", "difference"))
	for _, d := range report.SheetDecisions {
		count, books, difference := 0, ledger.Amount(0), ledger.Amount(0)
		for _, l := range s.Lines {
			word := l.Decision
			if l.Side != "" {
				word += "-" + string(l.Side)
			}
			if word == d && l.Break != nil {
				count++
				books += l.Break.Books
				difference += l.Break.Difference
			}
		}
		if count > 0 {
			t.row(a.words(report.DecisionName(d)), count, grouped(books), signed(difference))
		}
	}
	if len(s.Lines) > 0 {
		t.write(a.out)
	}
	a.printf("可提交 %d 行，未填 %d 行，退回 %d 行", "%d lines fit, %d are not filled in, %d are refused", len(s.Lines), s.Blank, len(s.Faults))
	for _, l := range s.Lines {
		if l.Record != 0 {
			a.printf("第 %d 行 %s：已提交为记录 %d", "row %d, %s: handed in as record %d", l.Row, printable(l.Key), l.Record)
		}
	}
	if len(s.Faults) == 0 {
		return
	}
	slices.SortStableFunc(s.Faults, func(x, y sheetFault) int { return x.Row - y.Row })
	faults := newTable(">"+a.say("行", "row"), a.say("列", "column"), a.say("差异", "break"), a.say("原因", "why"))
	for _, f := range s.Faults {
		faults.row(f.Row, f.Column, f.Key, a.say(f.ZH, f.EN))
	}
	faults.write(a.out)
}
