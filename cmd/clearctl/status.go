package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

func (a *app) statusCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "status",
		Short:   a.say("clearingd 的状态", "how clearingd is"),
		Long:    a.say("列出状态。未就绪时退出码为 1，并说明原因。", "Shows the daemon's state. Exit code 1 when it is not ready, with the reasons."),
		Example: "  clearctl status\n  clearctl status -o json --nats nats://127.0.0.1:4222",
	}
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		reply, err := call[service.StatusReply](c.Context(), a, service.Status, nil)
		if err != nil {
			return err
		}
		if err := a.show(reply, func() { a.printStatus(reply) }); err != nil {
			return err
		}
		if !reply.Ready {
			return quiet(exitNo)
		}
		return nil
	})
}

func (a *app) printStatus(r service.StatusReply) {
	closed := a.say("尚无", "none yet")
	if r.LastClosed != nil {
		closed = r.LastClosed.String()
	}
	t := newTable("", "")
	t.row(a.say("版本", "version"), r.Version)
	t.row(a.say("账本标识", "books"), r.Install)
	t.row(a.say("就绪", "ready"), a.yes(r.Ready))
	for _, reason := range r.Reasons {
		t.row("", reason)
	}
	if r.IntakeOnly {
		t.row("", a.say("只收不记：账本存疑，报文照收，暂不入账", "intake only: the books are in doubt, messages are kept, nothing is booked"))
	}
	if r.IntakeOnly { // nobody read the books: no figure of them would be true
		t.row(a.say("启动于", "started"), r.Started.Format("2006-01-02 15:04:05 -07:00"))
		t.write(a.out)
		return
	}
	t.row(a.say("营业日", "business day"), r.Day.String()+" ("+r.Mode+")")
	t.row(a.say("最近日切", "last closed day"), closed)
	t.row(a.say("账本记录数", "records"), r.BooksNumber)
	t.row(a.say("默克尔根", "Merkle root"), r.MerkleRoot)
	t.row(a.say("政策集", "plan set"), fmt.Sprintf("%s (%d)", r.PlanSet, r.Plans))
	for _, e := range r.Expiries {
		t.row(a.expiring(e.What), e.Expires.Format(time.DateOnly))
	}
	t.row(a.say("启动于", "started"), r.Started.Format("2006-01-02 15:04:05 -07:00"))
	t.write(a.out)

	fmt.Fprintln(a.out)
	outcomes := newTable(a.say("结果", "outcome"), ">"+a.say("笔数", "count"))
	for _, o := range provinces.Outcomes {
		outcomes.row(a.outcome(o), r.Outcomes[string(o)])
	}
	outcomes.write(a.out)
	a.printStreams(r.Streams)
}

// expiring names what a date of expiry is about.
func (a *app) expiring(what string) string {
	switch what {
	case bus.ExpiryLogin:
		return a.say("登录凭证到期", "login expires")
	case bus.ExpiryCertificate:
		return a.say("消息服务器证书到期", "broker's certificate expires")
	case bus.ExpiryAuthority:
		return a.say("受信机构证书到期", "authority expires")
	}
	return what
}

// printStreams lists the streams that have work left; the others are counted.
func (a *app) printStreams(streams []service.StreamStatus) {
	fmt.Fprintln(a.out)
	behind := newTable(a.say("就医地", "treatment"), ">"+a.say("已收", "received"), ">"+a.say("已答复", "answered"), ">"+a.say("待处理", "waiting"))
	for _, s := range streams {
		if s.Last > s.Answered {
			behind.row(a.province(s.Treatment), s.Last, s.Answered, s.Last-s.Answered)
		}
	}
	if len(behind.rows) == 0 {
		a.printf("%d 个消息流全部答复完毕。", "All %d claims streams are answered to the end.", len(streams))
		return
	}
	behind.write(a.out)
}
