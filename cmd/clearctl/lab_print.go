package main

import (
	"fmt"
	"io"
	"strconv"

	"clearingd/clearing/lab"
)

// printLab shows the totals and the groups that were asked for.
func (a *app) printLab(out io.Writer, r lab.Result, names lab.Names, by []lab.By, o labOptions) {
	fmt.Fprintf(out, a.say("%s 至 %s，账本 %s，副本 %d 条记录\n", "%s to %s, books %s, copy of %d records\n"), r.From, r.To, r.Install, r.Records)
	fmt.Fprintf(out, a.say("草案政策集 %s", "draft plan set %s"), short(r.Draft))
	for _, s := range r.PlanSets {
		fmt.Fprintf(out, a.say("，入账政策集 %s（%d 笔）", ", booked with %s (%d bills)"), short(s.Set), s.Bills)
	}
	fmt.Fprintln(out)
	if o.note != "" {
		fmt.Fprintln(out, printable(o.note))
	}
	for _, p := range r.Plans {
		fmt.Fprintf(out, "  %s %s %s\n", names.Change(p.Change).In(a.lang), p.ID, a.say(p.TitleZH, p.TitleEN))
	}
	fmt.Fprintln(out)
	a.printLabTotal(out, r.Total)
	for _, dimension := range by {
		fmt.Fprintln(out)
		a.printLabRows(out, r, names, dimension)
	}
	a.printLabRefusals(out, r, names)
	a.printLabNotes(out, r)
}

func (a *app) printLabTotal(out io.Writer, x lab.Row) {
	fmt.Fprintf(out, a.say("对照 %d 笔，有变化 %d 笔：个人负担减少 %d 笔，增加 %d 笔；草案拒绝 %d 笔\n",
		"%d bills compared, %d changed: the person pays less in %d, more in %d; the draft refuses %d\n"),
		x.Bills, x.Changed, x.PayLess, x.PayMore, x.Refused)
	t := newTable(a.say("合计（元）", "in all (yuan)"), ">"+a.say("现行", "booked"), ">"+a.say("草案", "draft"), ">"+a.say("差额", "difference"), ">%")
	for _, f := range a.labFigures(x.Booked, x.Draft) {
		t.row(f.name, grouped(f.booked), grouped(f.draft), lab.Signed(f.draft-f.booked), lab.Percent(f.draft-f.booked, f.booked))
	}
	t.write(out)
}

// printLabRows is one dimension: what a screen has room for. Every fund of every group is
// in the CSV, the JSON and the page.
func (a *app) printLabRows(out io.Writer, r lab.Result, names lab.Names, by lab.By) {
	t := newTable(names.By(by).In(a.lang), ">"+a.say("笔数", "bills"), ">"+a.say("变化", "changed"), ">"+a.say("总费用", "cost"),
		">"+a.say("基金 现行", "funds booked"), ">"+a.say("草案", "draft"), ">"+a.say("差额", "difference"), ">%",
		">"+a.say("账户 差额", "account"), ">"+a.say("现金 差额", "cash"), ">"+a.say("拒绝", "refused"))
	for _, x := range r.By[by] {
		name := names.Row(by, x.Key).In(a.lang)
		if x.Parent != "" {
			name = "  " + name
		}
		a.labRow(t, name, x)
	}
	a.labRow(t, a.say("合计", "total"), r.Total)
	t.write(out)
}

func (a *app) labRow(t *table, name string, x lab.Row) {
	t.row(name, x.Bills, dot(x.Changed), grouped(x.Booked.Cost), grouped(x.Booked.FundTotal), grouped(x.Draft.FundTotal),
		lab.Signed(x.Difference.FundTotal), lab.Percent(x.Difference.FundTotal, x.Booked.FundTotal),
		lab.Signed(x.Difference.Account), lab.Signed(x.Difference.Cash), dot(x.Refused))
}

func dot(n int64) string {
	if n == 0 {
		return "·"
	}
	return strconv.FormatInt(n, 10)
}

func (a *app) printLabRefusals(out io.Writer, r lab.Result, names lab.Names) {
	if len(r.Refusals) == 0 {
		return
	}
	fmt.Fprintln(out)
	t := newTable(a.say("草案拒绝", "refused by the draft"), a.say("含义", "meaning"), a.say("参保统筹区", "home area"), a.say("险种", "insurance"),
		">"+a.say("笔数", "bills"), ">"+a.say("总费用", "cost"), ">"+a.say("现行基金", "funds booked"), ">"+a.say("首笔账册号", "first record"))
	for _, x := range r.Refusals {
		text := x.Code.Text()
		t.row(int(x.Code), a.say(text.ZH, text.EN), names.Row(lab.ByArea, string(x.Home)).In(a.lang), x.Insutype, x.Bills,
			grouped(x.Booked.Cost), grouped(x.Booked.FundTotal), x.First)
	}
	t.write(out)
}

// printLabNotes says what stands beside the comparison, where there is any.
func (a *app) printLabNotes(out io.Writer, r lab.Result) {
	note := func(n uint64, zh, en string) {
		if n > 0 {
			fmt.Fprintf(out, a.say(zh, en)+"\n", n)
		}
	}
	fmt.Fprintln(out)
	fmt.Fprintf(out, a.say("涉及 %d 个人员年度\n", "%d person-years touched\n"), r.PersonYears)
	note(uint64(max(0, len(r.PlanSets)-1)), "注意：期间另有 %d 个政策集，差额含其间的政策变更", "beware: %d more plan sets were in force in the days; differences include those changes")
	note(r.Others, "其间另有 %d 笔属于其他营业日，只计算不计入", "%d bills of other days lie between: computed, not counted")
	note(r.OutOfOrder, "%d 笔在草案下从年度中间撤出或恢复", "%d bills were taken out of, or put into, the middle of a year under the draft")
	note(r.Adjustments, "%d 笔经办人员的调整不在对照之内", "%d adjustments by officers are not compared")
}
