package main

import (
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
)

func (a *app) remakeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "remake DAY",
		Short: a.say("由账本重新生成某日的日报文件", "make a day's report again from the books"),
		Long: a.say(`日报文件丢失或损坏时，由账本重新生成。只有全部文件的摘要与日切封存时一致才会替换；否则列出不一致的文件，
原目录不变，退出码为 1（程序版本、日切时间、演示标签或假名密钥可能已变更）。`,
			`For a report whose files are lost or damaged. They take their place only when each has the digest
that the day was sealed with; otherwise those that differ are named, the folder stays as it is,
and the exit code is 1: the program, the cut-off, the label of built data or the pseudonym key
has changed since.`),
		Example: "  clearctl report remake 2026-03-18",
	}
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		day, err := parseDay(args[0])
		if err != nil {
			return err
		}
		reply, err := call[service.RemakeReply](c.Context(), a, service.Remake, service.RemakeRequest{Day: day})
		if err != nil {
			return err
		}
		if err := a.show(reply, func() { a.printRemade(reply) }); err != nil {
			return err
		}
		if len(reply.Differ) > 0 {
			return quiet(exitNo)
		}
		return nil
	})
}

func (a *app) printRemade(r service.RemakeReply) {
	if len(r.Differ) > 0 {
		differ := strings.Join(r.Differ, ", ")
		a.printf("%s 的日报未替换：重新生成的文件与封存时不一致：%s", "the report of %s was not replaced: made again, these files are not as they were sealed: %s", r.Day.Day, differ)
		return
	}
	a.printf("%s 的日报已重新生成，与封存时逐字节一致：%s", "the report of %s was made again, byte by byte as it was sealed: %s", r.Day.Day, strings.Join(r.Day.Files, ", "))
}
