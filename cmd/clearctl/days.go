package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces/bus"
)

func (a *app) daysCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "days",
		Short:   a.say("列出营业日及其状态", "list business days and how far they are"),
		Example: "  clearctl days\n  clearctl days -o json",
	}
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		reply, err := call[service.DaysReply](c.Context(), a, service.Days, nil)
		if err != nil {
			return err
		}
		return a.show(reply, func() {
			t := newTable(a.say("营业日", "day"), a.say("状态", "state"), ">"+a.say("版本", "revision"), a.say("封存摘要", "seal"), a.say("等待", "waiting for"))
			for _, d := range reply.Days {
				t.row(d.Day, a.dayState(d.State), number(uint64(d.Revision)), d.Seal, strings.Join(d.Waiting, "; "))
			}
			t.write(a.out)
		})
	})
}

// States of a day, as the service names them.
const (
	dayFrozen = "frozen"
	dayClosed = "closed"
)

func (a *app) dayState(state string) string {
	zh := map[string]string{"open": "营业中", dayFrozen: "已截止，待齐", dayClosed: "已日切"}
	return a.say(orDefault(zh[state], state), state)
}

func (a *app) closeCommand() *cobra.Command {
	var early bool
	c := &cobra.Command{
		Use:   "close DAY",
		Short: a.say("手工日切", "close a business day by hand"),
		Long: a.say(`关闭营业中的那一天，等到日报封存。DAY 须是当前营业日（yyyy-MM-dd），以免误关两次。
时钟模式下在截止时刻之前关闭须加 --early。`,
			`Closes the open business day and waits until its report is sealed. DAY (yyyy-MM-dd) must be the
open day, so that no day is closed twice by mistake. In clock mode --early is needed before
the cut-off.`),
		Example: `
  clearctl close 2026-03-18
  clearctl close 2026-03-18 --early`,
	}
	c.Flags().BoolVar(&early, "early", false, a.say("允许在截止时刻之前日切", "close before the cut-off"))
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		day, err := parseDay(args[0])
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
		reply, err := closeDay(ctx, b, day, early)
		if err != nil {
			return err
		}
		return a.show(reply, func() {
			a.printf("%s 已日切，封存摘要 %s；当前营业日 %s。", "%s is closed, seal %s; the open day is %s.", reply.Day.Day, reply.Day.Seal, reply.Next)
		})
	})
}

func parseDay(text string) (ledger.Day, error) {
	day, err := ledger.ParseDay(text)
	if err != nil {
		return 0, usageError("不是日期（yyyy-MM-dd）："+text, "not a day (yyyy-MM-dd): "+text)
	}
	return day, nil
}

// closeDay closes a day and waits until it is closed, or says what it waits for.
func closeDay(ctx context.Context, b *bus.Bus, day ledger.Day, early bool) (service.CloseReply, error) {
	reply, err := callOn[service.CloseReply](ctx, b, service.Close, service.CloseRequest{Day: day, Early: early})
	for pause := 50 * time.Millisecond; err == nil && reply.Day.State != dayClosed; pause = min(2*pause, time.Second) {
		sleep(ctx, pause)
		if ctx.Err() != nil {
			what := strings.Join(reply.Day.Waiting, "; ")
			return reply, &failure{exitTimeout,
				fmt.Sprintf("%s 已截止，尚未封存，仍在等待：%s", day, what),
				fmt.Sprintf("%s is cut off but not closed yet; waiting for: %s", day, what), ctx.Err()}
		}
		var days service.DaysReply
		days, err = callOn[service.DaysReply](ctx, b, service.Days, nil)
		for _, d := range days.Days {
			if d.Day == day {
				reply.Day = d
			}
		}
	}
	return reply, err
}
