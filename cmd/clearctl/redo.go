package main

import (
	"strconv"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
)

func (a *app) redoCommand() *cobra.Command {
	var request service.RedoRequest
	c := &cobra.Command{
		Use:   "redo ENTRY --operator NAME --reason TEXT",
		Short: a.say("重新处理一份隔离报文", "decide a quarantined message again"),
		Long: a.say(`系统自身故障三次的报文被隔离（结果码9001）。故障排除后，用本命令按原报文重新处理：原营业日未日切的
计入原日，否则计入当前营业日。新的答复发布在 answers.redo.…，医院也可用 clearctl answer 取得。`,
			`A message on which clearingd failed three times by its own fault is quarantined (code 9001). When
the fault is mended, this decides it again: on its own business day while that is open, else on
the open one. The new answer is published under answers.redo., and clearctl answer shows it.`),
		Example: `  clearctl redo 4711 --operator "Wang" --reason "plan 36-390 corrected"`,
	}
	c.Flags().StringVar(&request.Operator, "operator", "", a.say("经办人", "who says so"))
	c.Flags().StringVar(&request.Reason, "reason", "", a.say("原因，一行", "why, one line"))
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		entry, err := strconv.ParseUint(args[0], 10, 64)
		if err != nil || entry == 0 {
			return usageError("请给出账册号", "name the record by its books' number")
		}
		request.Entry = entry
		reply, err := call[service.RedoReply](c.Context(), a, service.Redo, request)
		if err != nil {
			return err
		}
		return a.show(reply, func() {
			a.printf("账册号 %d，营业日 %s：%s，答复 %s", "record %d on %s: %s, answer %s",
				reply.Entry, reply.Day, reply.Outcome, reply.Subject)
		})
	})
}
