package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
)

func (a *app) lookCommand() *cobra.Command {
	var province string
	c := &cobra.Command{
		Use:   "look TARGET --province PP",
		Short: a.say("查看经办对象及其摘要", "look at what is to be decided, and at its object"),
		Long: a.say(`TARGET 写作 bill/账册号、break/差异、case/事项、group/自动核销组或 act/账册号。显示现状与对象摘要；
决定须附摘要（--object），此后有变化的决定即被拒绝。只查询。`,
			`TARGET is written bill/NUMBER, break/KEY, case/KIND/ID, group/NAME or act/NUMBER. Shows how it stands
and the digest that a decision names (--object); a decision is refused when anything has changed
since. Asking changes nothing.`),
		Example: "  clearctl look bill/1042 --province 33\n  clearctl look case/deduction/2044 --province 33",
	}
	c.Flags().StringVar(&province, "province", "", a.say("省份代码", "province"))
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		return a.lookAt(c.Context(), province, args[0])
	})
}

func (a *app) lookAt(ctx context.Context, province, target string) error {
	if _, err := provinceFlag(province); err != nil {
		return err
	}
	reply, err := call[service.LookReply](ctx, a, service.Look+"."+province, service.LookRequest{Target: target})
	if err != nil {
		return err
	}
	return a.show(reply, func() { a.printLooked(reply) })
}

func (a *app) printLooked(r service.LookReply) {
	if r.Break != nil {
		a.printSeenBreak(r.Break)
	}
	for i := range r.Group {
		a.printSeenBreak(&r.Group[i])
	}
	if r.Case != nil {
		a.printCases([]service.CaseView{*r.Case})
		fmt.Fprintln(a.out)
		a.printSteps(r.Case.Steps)
	}
	if b := r.Bill; b != nil {
		fmt.Fprintln(a.out)
		a.printf("结算 %d（%s），营业日 %s，总费用 %s", "bill %d (%s) of %s, total %s", b.Entry, b.SettlementID, b.Day, grouped(b.Total))
		if b.UndoneBy != 0 {
			a.printf("已被记录 %d 撤销", "taken back by record %d", b.UndoneBy)
		}
		a.printStanding(b.Standing)
	}
	fmt.Fprintln(a.out)
	a.printf("对象摘要 %s", "object %s", r.Object)
}

func (a *app) printStanding(lines []service.StandingLine) {
	rows := newTable(a.say("阶段", "stage"), a.say("基金", "fund"), ">"+a.say("现存（元）", "stands (yuan)"))
	for _, s := range lines {
		rows.row(a.stage(s.Stage), a.fund(s.Fund), grouped(s.Amount))
	}
	rows.write(a.out)
}

func (a *app) printSeenBreak(b *service.BreakView) {
	a.printf("差异 %s：%s，%s，账册 %s，差额 %s，期限 %s", "break %s: %s, %s, books %s, difference %s, due %s",
		b.Key, b.Class, b.State, grouped(b.Books), signed(b.Difference), b.Due)
	rows := newTable(a.say("一方", "side"), a.say("类别", "class"), a.say("字段", "field"), ">"+a.say("账册", "books"), ">"+a.say("对方", "side's"), ">"+a.say("应付差额", "owed"), a.say("原因", "cause"))
	for _, f := range b.Findings {
		rows.row(f.Side, f.Class, f.Field, f.Ours, f.Theirs, signed(f.Owed), f.Cause)
	}
	rows.write(a.out)
	if b.Proposal != 0 {
		a.printf("待复核提议：记录 %d", "proposed, and not approved: record %d", b.Proposal)
	}
}

func (a *app) printSteps(steps []service.StepView) {
	rows := newTable(">"+a.say("记录", "record"), a.say("营业日", "day"), a.say("经办", "act"), a.say("经办人", "maker"), a.say("复核人", "checker"), a.say("内容", "reason"))
	for _, s := range steps {
		rows.row(s.Entry, s.Day, strings.TrimSpace(string(s.Kind)+" "+string(s.Step)), s.Maker, s.Checker, s.Reason)
	}
	rows.write(a.out)
}

// stage is a stage of the books in the user's language.
func (a *app) stage(name string) string {
	if a.lang == english {
		return name
	}
	zh := map[string]string{"Accrued": "已结算", "Reserved": "暂扣", "Confirmed": "已确认", "Noticed": "已通知", "Paid": "已拨付"}
	return orDefault(zh[name], name)
}

// printAct explains the record of an officer's act.
func (a *app) printAct(v service.ActView) {
	fmt.Fprintln(a.out)
	a.printf("%s 省，对象 %s", "province %s, about %s", v.Province, v.Target)
	a.printSteps([]service.StepView{v.StepView})
	if len(v.Moves) == 0 {
		return
	}
	fmt.Fprintln(a.out)
	rows := newTable(">"+a.say("结算", "bill"), a.say("基金", "fund"), a.say("自", "from"), a.say("至", "to"), ">"+a.say("金额（元）", "yuan"))
	for _, m := range v.Moves {
		rows.row(m.Row, a.fund(m.Fund), a.stage(m.From), a.stage(m.To), grouped(m.Amount))
	}
	rows.write(a.out)
}
