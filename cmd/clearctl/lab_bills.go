package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"clearingd/clearing/lab"
	"clearingd/ledger"
)

// labBills writes single bills as they come, in the form that was asked for. line is nil
// if nobody asked.
type labBills struct {
	line   func(lab.Line) error
	result func(lab.Result) error // behind the lines, as one more JSON
	close  func() error
}

func (a *app) labBills(out io.Writer, o labOptions) (b labBills, err error) {
	var write func(lab.Line) error
	switch {
	case o.bills == "":
		return b, nil
	case a.output == "json":
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		write = func(l lab.Line) error { return e.Encode(map[string]any{"bill": l}) }
		b.result = func(r lab.Result) error { return e.Encode(map[string]any{"result": r}) }
	case a.output == outputCSV:
		c, err := lab.NewBillsCSV(out, o.note)
		if err != nil {
			return b, err
		}
		write, b.close = c.Write, c.Close
	default:
		write = func(l lab.Line) error { a.printBill(out, l); return nil }
	}
	b.line = func(l lab.Line) error {
		if o.bills != billsAll && !l.Changed && l.Refused == 0 {
			return nil
		}
		return write(l)
	}
	return b, nil
}

// sentences are a trace in words.
func (a *app) sentences(trace lab.Trace) []string {
	said := make([]string, len(trace))
	for i, step := range trace {
		said[i] = printable(step.Layer + ": " + step.Text(string(a.lang)))
	}
	return said
}

// printBill prints a bill with its two traces woven into one: "-" is as booked, "+" under
// the draft, what stands alone is in both.
func (a *app) printBill(out io.Writer, l lab.Line) {
	head := fmt.Sprintf(a.say("账册号 %d  %s  %s → %s  %s  险种 %s  人员类别 %s", "record %d  %s  %s → %s  %s  insurance %s  psn_type %s"),
		l.Entry, l.Day, l.Home, l.Treatment, printable(l.Provider), printable(l.Insutype), printable(l.Person))
	if l.Corrects != 0 {
		head += fmt.Sprintf(a.say("  %s 第 %d 号", "  %s, of record %d"), a.outcome(l.Outcome), l.Corrects)
	}
	fmt.Fprintln(out, head)
	if l.Refused != 0 {
		text := l.Refused.Text()
		fmt.Fprintf(out, a.say("  草案拒绝 %d：%s\n", "  refused by the draft, %d: %s\n"), l.Refused, a.say(text.ZH, text.EN))
		for _, e := range l.Errors {
			fmt.Fprintf(out, "    %s %s %s\n", printable(e.Field), printable(e.Expected), printable(e.Found))
		}
		fmt.Fprintln(out)
		return
	}
	t := newTable("", ">"+a.say("现行", "booked"), ">"+a.say("草案", "draft"), ">"+a.say("差额", "difference"))
	for _, x := range a.labFigures(l.Booked.Figures, l.Draft.Figures) {
		t.row("  "+x.name, grouped(x.booked), grouped(x.draft), lab.Signed(x.draft-x.booked))
	}
	t.write(out)
	for _, s := range weave(a.sentences(l.Booked.Trace), a.sentences(l.Draft.Trace)) {
		fmt.Fprintln(out, "  "+s)
	}
	fmt.Fprintln(out)
}

// labFigure is one amount on both sides.
type labFigure struct {
	name          string
	booked, draft ledger.Amount
}

// labFigures are the amounts of a bill or of many: cost, funds together, each fund, account,
// cash.
func (a *app) labFigures(booked, draft lab.Figures) []labFigure {
	list := []labFigure{
		{a.say("医疗费总额", "total cost"), booked.Cost, draft.Cost},
		{a.say("基金合计", "funds together"), booked.FundTotal, draft.FundTotal},
	}
	funds := map[ledger.Fund]bool{}
	for _, side := range []lab.Figures{booked, draft} {
		for f := range side.Funds {
			funds[f] = true
		}
	}
	for _, f := range slices.Sorted(mapKeys(funds)) {
		list = append(list, labFigure{a.fund(f), booked.Funds[f], draft.Funds[f]})
	}
	return append(list,
		labFigure{a.say("个人账户", "personal account"), booked.Account, draft.Account},
		labFigure{a.say("个人现金", "patient's cash"), booked.Cash, draft.Cash})
}

// weave puts two lists of sentences into one: the longest common part once, and what only
// one side says marked.
func weave(before, after []string) []string {
	longest := make([][]int, len(before)+1) // of before[i:] and after[j:]
	for i := range longest {
		longest[i] = make([]int, len(after)+1)
	}
	for i := len(before) - 1; i >= 0; i-- {
		for j := len(after) - 1; j >= 0; j-- {
			if longest[i][j] = max(longest[i+1][j], longest[i][j+1]); before[i] == after[j] {
				longest[i][j] = longest[i+1][j+1] + 1
			}
		}
	}
	var woven []string
	i, j := 0, 0
	for i < len(before) || j < len(after) {
		switch {
		case i < len(before) && j < len(after) && before[i] == after[j]:
			woven = append(woven, "  "+before[i])
			i, j = i+1, j+1
		case j == len(after) || i < len(before) && longest[i+1][j] >= longest[i][j+1]:
			woven = append(woven, "- "+before[i])
			i++
		default:
			woven = append(woven, "+ "+after[j])
			j++
		}
	}
	return woven
}

// short is a hash as people compare it.
func short(hash string) string { return strings.ToLower(hash[:min(len(hash), 12)]) }
