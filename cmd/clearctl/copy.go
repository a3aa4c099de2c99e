package main

import (
	"github.com/spf13/cobra"

	"clearingd/clearing/service"
)

func (a *app) copyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "copy NAME",
		Short: a.say("给运行中的账本写一份一致的副本", "write a consistent copy of the running books"),
		Long: a.say(`clearingd 在其状态目录的 copies/NAME.db 写一份账本在某一时刻的副本，业务不停；写完读回核对，
才以该名称出现。副本可用于备份、离线校验（check --offline）和政策实验室（lab）。NAME 只用小写字母、
数字和连字符；已有的副本不会被覆盖。

恢复：停止 clearingd，把副本放回为 books.db，再启动；clearingd 会按代理中较新的答复把账补齐。
大账本请用 --timeout 放宽等待；等待超时不会中断写副本。`,
			`clearingd writes the books as they are at one moment to copies/NAME.db in its state directory,
while it goes on working. The copy is read back before it gets its name. It serves as a backup,
for check --offline, and for the policy laboratory (lab). NAME is of a-z, 0-9 and -; a copy
that exists is never overwritten.

To restore: stop clearingd, put the copy in the place of books.db, start; clearingd replays what
the broker has answered since. Large books need a longer --timeout; when it runs out the copy
is still written.`),
		Example: `
  clearctl copy before-upgrade
  clearctl copy 2016-11 --timeout 30m`,
	}
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		if !service.ValidCopyName(args[0]) {
			return usageError("副本名称只能用小写字母、数字和连字符，1至40个字符", "the name of a copy is 1 to 40 of a-z, 0-9 and -")
		}
		reply, err := call[service.CopyReply](c.Context(), a, service.Copy, service.CopyRequest{Name: args[0]})
		if err != nil {
			return err
		}
		return a.show(reply, func() {
			a.printf("副本 %s：%d 条记录，%d 字节", "copy %s: %d records, %d bytes", reply.Path, reply.Records, reply.Size)
			a.printf("默克尔根 %s", "Merkle root %s", reply.Root)
		})
	})
}
