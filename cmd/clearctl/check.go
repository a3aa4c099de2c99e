package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
)

func (a *app) checkCommand() *cobra.Command {
	var offline string
	var recompute bool
	c := &cobra.Command{
		Use:   "check",
		Short: a.say("校验账本", "check the books"),
		Long: a.say(`校验账本的全部承诺：每笔分录平衡、余额等于分录之和、累计等于账目之和、每条消息恰有一个结果、
校验和与默克尔根相符。缺省由 clearingd 校验运行中的账本；--offline FILE 直接读账本文件，
clearingd 须已停止。发现错误时退出码为 1。`,
			`Checks everything the books promise: entries balance, balances and accumulators are what the
records add up to, every message has one outcome, checksums and Merkle root agree. By default
clearingd checks its running books; --offline FILE reads the file, with clearingd stopped. Exit code 1 when
a fault is found.`),
		Example: `
  clearctl check --timeout 10m
  clearctl check --recompute
  clearctl check --offline /var/lib/clearingd/books.db`,
	}
	c.Flags().BoolVar(&recompute, "recompute", false, a.say("另外重算每一笔结算（见 clearctl claim verify）", "also recompute every bill (see clearctl claim verify)"))
	c.Flags().StringVar(&offline, "offline", "", a.say("账本文件", "file of the books"))
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		reply, err := a.check(c.Context(), offline, recompute)
		if err != nil {
			return err
		}
		if err := a.show(reply, func() { a.printCheck(reply) }); err != nil {
			return err
		}
		if len(reply.Faults) > 0 {
			return quiet(exitNo)
		}
		return nil
	})
}

func (a *app) check(ctx context.Context, offline string, recompute bool) (service.CheckReply, error) {
	if offline == "" {
		return call[service.CheckReply](ctx, a, service.Check, service.CheckRequest{Recompute: recompute})
	}
	p := a.startProgress(a.say("已校验记录", "records checked"))
	reply, err := checkFile(ctx, offline, func(done, total uint64) { p.at(int(done), int(total)) })
	p.done()
	if err == nil && recompute {
		reply.Faults, err = a.recomputeFile(ctx, offline, reply.Faults)
	}
	return reply, err
}

func (a *app) printCheck(r service.CheckReply) {
	fmt.Fprintln(a.out, a.checkVerdict(r.Records, r.Faults))
	fmt.Fprintln(a.out, a.say("默克尔根 ", "Merkle root ")+r.Root)
	for _, f := range r.Faults {
		fmt.Fprintln(a.out, "  !", printable(f))
	}
}
