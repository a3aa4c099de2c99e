package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
)

func (a *app) reconcileCommand() *cobra.Command {
	var run, all bool
	c := &cobra.Command{
		Use:   "reconcile [DAY]",
		Short: a.say("查看（或立即重跑）一日的三方对账结果", "show, or run again, what a day's reconciliation says"),
		Long: a.say(`逐对列出一致、待对账、有差异三项之和，以及账册数；三者之和须等于账册。DAY 缺省为最近封存日。
缺省只列有差异或待对账的省对，--all 列全部。--run 立即重跑：输入未变则不改变任何东西。
有差异时退出码仍为 0；三者之和不等于账册时为 1。`,
			`Lists matched, expected and broken for each pair beside what the ledger says; the three must add up to it.
Without DAY it is the last sealed day. Pairs that are wholly matched are left out unless --all is given.
--run matches the day now: the same inputs change nothing. Exit code 1 if the three do not add up.`),
		Example: `
  clearctl reconcile
  clearctl reconcile 2026-03-17 --all
  clearctl reconcile 2026-03-17 --run -o json`,
	}
	c.AddCommand(a.whyCommand())
	c.Flags().BoolVar(&run, "run", false, a.say("立即重跑", "match the day now"))
	c.Flags().BoolVar(&all, "all", false, a.say("也列全部一致的省对", "also pairs that are wholly matched"))
	return a.command(c, cobra.MaximumNArgs(1), func(c *cobra.Command, args []string) error {
		request := service.ReconcileRequest{Run: run}
		if len(args) == 1 {
			day, err := parseDay(args[0])
			if err != nil {
				return err
			}
			request.Day = &day
		}
		reply, err := call[service.ReconcileReply](c.Context(), a, service.Reconcile, request)
		if err != nil {
			return err
		}
		if err := a.show(reply, func() { a.printReconciled(&reply, all) }); err != nil {
			return err
		}
		if off := untied(reply.Pairs); off != nil {
			return no(fmt.Sprintf("%s → %s：三者之和不等于账册", off.Home, off.Treatment), fmt.Sprintf("%s → %s: the three do not add up to the ledger", off.Home, off.Treatment))
		}
		return nil
	})
}

// untied is the first pair whose three sums are not the ledger's; nil if all are.
func untied(pairs []reconcile.PairResult) *reconcile.PairResult {
	for i := range pairs {
		p := &pairs[i]
		if sum, err := ledger.Sum(p.Matched.Owed, p.Expected.Owed, p.Broken.Owed); err != nil || sum != p.Ledger {
			return p
		}
	}
	return nil
}

func (a *app) printReconciled(r *service.ReconcileReply, all bool) {
	state := a.say("尚未定稿", "provisional")
	if r.Final {
		state = a.say("已定稿", "final")
	}
	a.printf("业务日 %s，截至 %s，%s", "business day %s, as of %s, %s", r.Day, r.Evening, state)
	if r.Ran {
		a.printf("已重跑，输入摘要 %s", "matched now, digest of the inputs %s", printable(r.Inputs))
	}
	for _, h := range r.Horizons {
		a.printf("%s：%d / %d 家已报齐", "%s: %d of %d parties are complete", a.words(report.SideWord(h.Side)), h.There, h.Asked)
	}
	fmt.Fprintln(a.out)
	t := newTable(a.say("参保地", "home"), a.say("就医地", "treatment"), ">"+a.say("笔数", "bills"), ">"+a.say("一致", "matched"), ">"+a.say("待对账", "expected"),
		">"+a.say("有差异", "broken"), ">"+a.say("差异数", "breaks"), ">"+a.say("账册", "ledger"))
	var sum reconcile.PairResult
	shown := 0
	for _, p := range r.Pairs {
		addPair(&sum, p)
		if all || p.Expected.Count+p.Broken.Count > 0 {
			shown++
			t.row(p.Home, p.Treatment, p.Matched.Count+p.Expected.Count+p.Broken.Count, grouped(p.Matched.Owed), grouped(p.Expected.Owed), grouped(p.Broken.Owed), p.Broken.Count, grouped(p.Ledger))
		}
	}
	t.row(a.say("合计", "total"), "", sum.Matched.Count+sum.Expected.Count+sum.Broken.Count, grouped(sum.Matched.Owed), grouped(sum.Expected.Owed), grouped(sum.Broken.Owed), sum.Broken.Count, grouped(sum.Ledger))
	t.write(a.out)
	if left := len(r.Pairs) - shown; left > 0 {
		a.printf("另有 %d 对全部一致（--all 列出）", "%d more pairs are wholly matched (--all lists them)", left)
	}
	for _, row := range r.Rows {
		a.printf("账册中没有的行：%s %d 行，对方多 %s，账册多 %s", "rows without a bill: %s %d, sides have more %s, books have more %s",
			a.words(report.ClassName(row.Class)), row.Count, grouped(row.More), grouped(row.Less))
	}
}

func addPair(sum *reconcile.PairResult, p reconcile.PairResult) {
	for _, x := range []struct{ into, from *reconcile.Sum }{{&sum.Matched, &p.Matched}, {&sum.Expected, &p.Expected}, {&sum.Broken, &p.Broken}} {
		x.into.Count += x.from.Count
		x.into.Owed += x.from.Owed
	}
	sum.Ledger += p.Ledger
}
