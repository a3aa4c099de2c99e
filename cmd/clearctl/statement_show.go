package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

func (a *app) statementListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "list PARTY",
		Short: a.say("列出某方的对账单", "list a party's statements"),
		Example: `
  clearctl statement list provider.33.H33010000001
  clearctl statement list home.65 -o json`,
	}
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		reply, err := a.askHave(c.Context(), args[0], service.HaveRequest{})
		if err != nil {
			return err
		}
		return a.show(reply, func() { a.printStatements(&reply) })
	})
}

func (a *app) askHave(ctx context.Context, text string, request service.HaveRequest) (service.HaveReply, error) {
	party, err := partyArgument(text)
	if err != nil {
		return service.HaveReply{}, err
	}
	return call[service.HaveReply](ctx, a, service.Have+"."+party.Key(), request)
}

func (a *app) printStatements(r *service.HaveReply) {
	t := newTable(a.say("编号", "id"), a.say("结果", "outcome"), a.say("区间", "days"), ">"+a.say("序号", "serial"), ">"+a.say("合计行", "totals"), ">"+a.say("明细行", "rows"), a.say("说明", "note"))
	for _, list := range [][]service.StatementLine{r.Waiting, r.Refused, r.Applied} {
		for _, s := range list {
			days, note, serial := "", "", ""
			if s.Serial != 0 {
				serial = fmt.Sprint(s.Serial)
			}
			if s.From != nil {
				days = s.From.String()
				if *s.To != *s.From {
					days += " – " + s.To.String()
				}
			}
			switch {
			case s.Code != 0:
				note = fmt.Sprintf("%d %s", s.Code, a.say(s.ZH, s.EN))
			case len(s.Missing) > 0:
				note = a.say("缺分片 ", "parts missing: ") + strings.Trim(fmt.Sprint(s.Missing), "[]")
			case s.Answered:
				note = a.say("已出结果", "answered")
			}
			t.row(s.ID, a.statementOutcome(s.Outcome), days, serial, s.Totals, s.Rows, note)
		}
	}
	t.write(a.out)
	a.printMissing(r)
}

func (a *app) printMissing(r *service.HaveReply) {
	for _, m := range r.Missing {
		a.printf("缺序号 %d 至 %d", "serials %d to %d have not come", m.From, m.To)
	}
	for _, x := range r.Reused {
		a.printf("编号 %s 第 %d 片后到的不同内容已拒绝（%d）", "other content for part %[2]d of %[1]s was refused (%[3]d)", x.ID, x.Part, int(x.Code))
	}
}

func (a *app) statementHaveCommand() *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use:   "have PARTY",
		Short: a.say("账簿中有某方的什么", "what the books have from a party"),
		Long: a.say("逐日的笔数与金额（来自账簿）、对账单、缺失的序号。缺省为截至当前营业日的 30 天。",
			"Counts and amounts day by day, from the books; statements; missing serial numbers. By default the 30 days\nup to the open one."),
		Example: `
  clearctl statement have provider.33.H33010000001
  clearctl statement have treatment.33 --from 2026-03-01 --to 2026-03-31`,
	}
	c.Flags().StringVar(&from, "from", "", a.say("第一个营业日", "first business day"))
	c.Flags().StringVar(&to, "to", "", a.say("最后一个营业日", "last business day"))
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		var request service.HaveRequest
		for _, flag := range []struct {
			text string
			to   **ledger.Day
		}{{from, &request.From}, {to, &request.To}} {
			if flag.text == "" {
				continue
			}
			day, err := ledger.ParseDay(flag.text)
			if err != nil {
				return usageError("日期写作 yyyy-MM-dd："+flag.text, "a day is written yyyy-MM-dd: "+flag.text)
			}
			*flag.to = &day
		}
		reply, err := a.askHave(c.Context(), args[0], request)
		if err != nil {
			return err
		}
		return a.show(reply, func() { a.printHave(&reply) })
	})
}

func (a *app) printHave(r *service.HaveReply) {
	a.printf("%s  %s 至 %s", "%s  %s to %s", r.Party, r.From, r.To)
	t := newTable(a.say("日期", "day"), a.say("状态", "state"), ">"+a.say("结算", "bills"), ">"+a.say("退费", "refunds"),
		">"+a.say("医疗费总额", "bills, yuan"), ">"+a.say("基金支付", "funds"), ">"+a.say("个人账户", "account"), ">"+a.say("现金", "cash"))
	for _, d := range r.Days {
		t.row(d.Day, d.State, d.Bills, d.Refunds, grouped(d.Total), grouped(d.Funds), grouped(d.Account), grouped(d.Cash))
	}
	t.write(a.out)
	a.printf("对账单：已入账 %d，等待 %d，拒绝 %d", "statements: %d applied, %d waiting, %d refused", len(r.Applied), len(r.Waiting), len(r.Refused))
	a.printMissing(r)
}

func (a *app) statementShowCommand() *cobra.Command {
	var result string
	c := &cobra.Command{
		Use:   "show PARTY ID",
		Short: a.say("查看一份对账单及其结果", "show a statement and its result"),
		Long: a.say("--result FILE 把医院明细对账的逐行结果（result.txt 格式）存入文件。",
			"--result FILE stores the line by line result of a hospital's rows (the form of result.txt) in a file."),
		Example: `
  clearctl statement show provider.33.H33010000001 2026-03-18-1
  clearctl statement show provider.33.H33010000001 2026-03-18-1 --result result.txt`,
	}
	c.Flags().StringVar(&result, "result", "", a.say("逐行结果存入该文件", "store the line by line result in this file"))
	return a.command(c, cobra.ExactArgs(2), func(c *cobra.Command, args []string) error {
		party, err := partyArgument(args[0])
		if err != nil {
			return err
		}
		reply, err := call[service.StatementReply](c.Context(), a, service.Statement+"."+party.Key(), service.StatementRequest{ID: args[1]})
		if err == nil && result != "" {
			err = a.fetchResult(c.Context(), party, args[1], result)
		}
		if err != nil {
			return err
		}
		return a.show(reply, func() { a.printStatement(&reply) })
	})
}

// fetchResult stores a row result, page after page.
func (a *app) fetchResult(ctx context.Context, party provinces.Party, id, name string) error {
	ctx, cancel := a.bounded(ctx)
	defer cancel()
	b, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return usageError("写不了文件："+err.Error(), "the file cannot be written: "+err.Error())
	}
	defer file.Close()
	for skip := int64(0); ; {
		page, err := callOn[service.StatementReply](ctx, b, service.Statement+"."+party.Key(), service.StatementRequest{ID: id, Skip: skip, Lines: true})
		if err != nil {
			return err
		}
		if page.Next == skip {
			return file.Close()
		}
		if _, err := file.Write(page.Data); err != nil {
			return err
		}
		skip = page.Next
	}
}
