package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
)

func (a *app) breaksShowCommand() *cobra.Command {
	var evening string
	c := &cobra.Command{
		Use:   "show KEY",
		Short: a.say("查看一项差异", "show one break"),
		Long: a.say("账册与三方的数字并列（≠ 为不同），差异点，已证明的原因及其重算步骤，经过，对方的行在哪里。",
			"The figures of the books and the three sides beside each other (≠ differs), what differs, the proved cause with its\nrecomputation, the history, and where the sides' rows stand."),
		Example: `
  clearctl breaks show bill/1042
  clearctl breaks show bill/1042 --evening 2026-03-17 -o json`,
	}
	c.Flags().StringVar(&evening, "evening", "", a.say("截至哪一晚（缺省为此刻）", "as it stood that evening (without it: now)"))
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		request := service.BreakRequest{Key: args[0]}
		if evening != "" {
			day, err := parseDay(evening)
			if err != nil {
				return err
			}
			request.Evening = &day
		}
		reply, err := call[service.BreakReply](c.Context(), a, service.Break, request)
		if err != nil {
			return err
		}
		return a.show(reply, func() { a.printBreak(&reply) })
	})
}

func (a *app) printBreak(r *service.BreakReply) {
	l := &r.Break
	head := newTable("", "")
	head.row(a.say("差异", "break"), l.Key)
	head.row(a.say("截至", "as of"), r.Evening)
	head.row(a.say("类别", "class"), fmt.Sprintf("%s  %s", l.Class, a.words(report.ClassName(l.Class))))
	head.row(a.say("业务日", "business day"), l.Day)
	head.row(a.say("参保地 → 就医地", "home → treatment"), fmt.Sprintf("%s → %s  %s", l.Home, l.Treatment, l.Provider))
	head.row(a.say("状态", "state"), a.words(report.StateName(l.State)))
	head.row(a.say("责任方", "whose turn"), a.words(report.SideWord(l.Owner)))
	head.row(a.say("首见", "first seen"), l.FirstSeen)
	head.row(a.say("到期", "due"), a.due(l))
	head.write(a.out)
	fmt.Fprintln(a.out)
	a.printFigures(r)
	a.printFindings(r)
	a.printHistory(r)
	if bill := l.Bill(); bill != 0 {
		fmt.Fprintln(a.out)
		a.printf("账册中的这一笔：clearctl claim %d", "the bill in the books: clearctl claim %d", bill)
	}
	if bill := l.Accepted(); bill != 0 {
		a.printf("当时的差异与认账：clearctl breaks show %s", "the difference as it was, and its acceptance: clearctl breaks show %s", reconcile.BillKey(bill))
	}
}

// printFigures puts the books and the three sides beside each other.
func (a *app) printFigures(r *service.BreakReply) {
	if len(r.Figures) == 0 {
		return
	}
	head := []string{a.say("字段", "member"), ">" + a.say("账册", "books")}
	for _, side := range report.SideNames {
		head = append(head, ">"+a.words(report.SideWord(side))+" "+a.words(report.SideStateName(r.Break.Of(side).State)))
	}
	t := newTable(head...)
	for _, f := range r.Figures {
		row := []any{f.Field, figureWord(f.Books)}
		for i, x := range f.Sides {
			cell := figureWord(x)
			if f.Differs[i] {
				cell = "≠ " + strings.TrimPrefix(cell, "≠")
			}
			row = append(row, strings.TrimSpace(cell))
		}
		t.row(row...)
	}
	t.write(a.out)
}

// figureWord is a figure with its thousands apart, or a dot for what is not stated.
func figureWord(s string) string {
	if s == "" {
		return "·"
	}
	if amount, err := ledger.ParseAmount(strings.TrimPrefix(s, "-")); err == nil && strings.Contains(s, ".") {
		if strings.HasPrefix(s, "-") {
			amount = -amount
		}
		return grouped(amount)
	}
	return s
}

func (a *app) printFindings(r *service.BreakReply) {
	for _, f := range r.Findings {
		fmt.Fprintln(a.out)
		line := fmt.Sprintf("%s  %s", a.words(report.SideWord(f.Side)), a.words(report.ClassName(f.Class)))
		if f.Field != "" {
			line += "  " + f.Field
		}
		if f.Ours != "" || f.Theirs != "" {
			line += fmt.Sprintf(a.say("  账册 %s，对方 %s", "  books %s, side %s"), orDefault(f.Ours, "·"), orDefault(f.Theirs, "·"))
		}
		if f.Owed != 0 {
			line += "  " + a.words(report.MoreName(f.More)) + " " + signed(f.Owed)
		}
		fmt.Fprintln(a.out, printable(line))
		if f.Cause == nil {
			fmt.Fprintln(a.out, "  "+a.words(report.CauseName("")))
			continue
		}
		fmt.Fprintf(a.out, "  ✓ %s  %s\n", a.words(report.CauseName(f.Cause.Kind)), signed(f.Cause.Owed))
		for _, step := range f.Cause.Proof {
			fmt.Fprintln(a.out, "    "+printable(step))
		}
	}
}

func (a *app) printHistory(r *service.BreakReply) {
	fmt.Fprintln(a.out)
	t := newTable(a.say("日期", "evening"), a.say("发生", "what"), a.say("状态", "state"), a.say("依据", "by whom, and why"))
	for _, e := range r.History {
		by := strings.Join(strings.Fields(e.Maker+" "+e.Checker+" "+e.Reason+" "+e.Group), " ")
		if e.Act != 0 {
			by = fmt.Sprintf("#%d %s", e.Act, by)
		}
		t.row(e.Evening, strings.TrimSpace(a.event(e.What)+" "+e.Why), a.words(report.StateName(e.State)), by)
	}
	t.write(a.out)
	for _, s := range r.Sources {
		a.printf("%s：对账 %s 第 %d 行", "%s: statement %s, line %d", printable(s.Party.Key()), printable(s.Statement), s.Line)
	}
	for _, h := range r.Horizons {
		if h.Until == 0 {
			a.printf("%s：从未报送", "%s: never stated anything", printable(h.Party.Key()))
		} else {
			a.printf("%s：已报齐至 %s", "%s: complete up to %s", printable(h.Party.Key()), h.Until)
		}
	}
}

// event is what happened to a break. In English the words of the books are their own names; of
// what resolved by itself, and of acts, the kind follows.
func (a *app) event(what string) string {
	if a.lang == english {
		return what
	}
	kind, of, _ := strings.Cut(what, ":")
	zh := map[string]string{
		reconcile.EventSeen: "首次发现", reconcile.EventChanged: "数字有变", reconcile.EventReopened: "重新打开", reconcile.EventResolved: "自动消除：",
		reconcile.EventWaiting: "超过上限，待人工批准：", reconcile.EventUndone: "自动消除被撤销", reconcile.EventAct: "经办：",
		reconcile.EventCommented: "备注", reconcile.EventAssigned: "转交", reconcile.EventGone: "不再存在",
	}
	for _, name := range []string{what, kind + ":"} {
		if word, ok := zh[name]; ok {
			return word + of
		}
	}
	return what
}
