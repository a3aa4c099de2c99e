package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"clearingd/clearing/report"
	"clearingd/clearing/service"
)

func (a *app) summaryCommand() *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "summary DAY",
		Short: a.say("一日小结，账不平或有遗漏则失败", "a day in a few figures; fails unless all is accounted for"),
		Long: a.say(`列出一个已日切营业日的要点：收到、结算、拒绝、应付金额、账是否平。并让 clearingd 校验运行中的
账本。有报文未得到结果、账不平或校验未通过时退出码为 1。`,
			`Shows a closed business day in a few figures: messages in, booked, refused, amount owed,
whether the books balance; and has clearingd check its running books. Exit code 1 when a
message is not accounted for, the books do not balance, or the check finds a fault.`),
		Example: "  clearctl summary 2026-03-18\n  clearctl summary 2016-01-01 --to 2016-08-31 -o json",
	}
	c.Flags().StringVar(&to, "to", "", a.say("时段的最后一日", "last day of a period"))
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		days, err := parseSpan(args[0], to)
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
		if _, err := findDay(ctx, b, days.to); err != nil {
			return err
		}
		r, err := fetchReport(ctx, b, days)
		if err != nil {
			return err
		}
		checked, err := callOn[service.CheckReply](ctx, b, service.Check, nil)
		if err != nil {
			return err
		}
		s := summaryOf(r, checked)
		if err := a.show(s, func() { a.printSummary(r); a.printVerdict(s) }); err != nil {
			return err
		}
		if !s.OK {
			return quiet(exitNo)
		}
		return nil
	})
}

// summary is the demonstration's table for programs. The verdicts are recomputed from
// the report's own lines; what the report says of itself must agree.
type summary struct {
	OK         bool           `json:"ok"`
	Accounted  bool           `json:"every_message_accounted_for"`
	Balanced   bool           `json:"books_balance"`
	Faults     []string       `json:"faults"`
	Figures    report.Summary `json:"figures"`
	Records    uint64         `json:"records"`
	MerkleRoot string         `json:"merkle_root"`
}

func summaryOf(r report.Report, checked service.CheckReply) summary {
	s := summary{Figures: r.Summary, Faults: append([]string{}, checked.Faults...), Records: checked.Records, MerkleRoot: checked.Root}
	var sequences, outcomes uint64
	s.Accounted = r.Summary.Complete
	for _, stream := range r.Completeness {
		sequences += stream.Sequences
		s.Accounted = s.Accounted && stream.Complete()
	}
	for _, o := range r.Outcomes {
		outcomes += o.Count
	}
	s.Accounted = s.Accounted && sequences == outcomes && sequences == r.Summary.Received
	debits, credits := r.Summary.Debits, r.Summary.Credits
	for _, l := range r.TrialBalance {
		debits -= l.Debits
		credits -= l.Credits
	}
	s.Balanced = r.Summary.Balanced && r.Summary.Debits == r.Summary.Credits && debits == 0 && credits == 0
	s.OK = s.Accounted && s.Balanced && len(s.Faults) == 0
	return s
}

func (a *app) printSummary(r report.Report) {
	title := r.From.String()
	if r.To != r.From {
		title += " – " + r.To.String()
	}
	fmt.Fprintf(a.out, "%s  %s\n", title, a.say(fmt.Sprintf("第 %d 版", r.Revision), fmt.Sprintf("revision %d", r.Revision)))
	if r.Demo != "" {
		fmt.Fprintln(a.out, printable(r.Demo))
	}
	t := newTable("", ">")
	t.row(a.say("收到报文", "messages in"), r.Summary.Received)
	for _, o := range r.Outcomes {
		if o.Count > 0 {
			t.row("  "+a.outcome(o.Outcome), o.Count)
		}
	}
	t.row(a.say("跨省总费用（元）", "cost between provinces (yuan)"), grouped(r.Totals.Cost))
	t.row(a.say("参保地应付（元）", "owed between provinces (yuan)"), grouped(r.Summary.Owed))
	t.row(a.say("  其中个人账户", "  of it personal accounts"), grouped(r.Totals.Account))
	if r.Summary.InternalOwed != 0 {
		t.row(a.say("省内统筹区之间应付（元）", "owed inside provinces (yuan)"), grouped(r.Summary.InternalOwed))
	}
	t.row(a.say("有往来的省份对", "pairs of provinces"), r.Totals.Pairs)
	t.row(a.say("账本借方 / 贷方（元）", "debits / credits of the books (yuan)"), grouped(r.Summary.Debits)+" / "+grouped(r.Summary.Credits))
	t.write(a.out)
	if len(r.Refusals) > 0 {
		fmt.Fprintln(a.out)
		rows := newTable(a.say("拒绝代码", "refusal"), a.say("含义", "meaning"), ">"+a.say("笔数", "count"))
		for _, f := range r.Refusals {
			rows.row(int(f.Code), a.say(f.Code.Text().ZH, f.Code.Text().EN), f.Count)
		}
		rows.write(a.out)
	}
}

func (a *app) printVerdict(s summary) {
	fmt.Fprintln(a.out)
	t := newTable("", "")
	t.row(a.say("每条报文都有结果", "every message accounted for"), a.yes(s.Accounted))
	t.row(a.say("账平", "books balance"), a.yes(s.Balanced))
	t.row(a.say("账本校验", "check of the books"), a.checkVerdict(s.Records, s.Faults))
	t.write(a.out)
	for _, f := range s.Faults {
		fmt.Fprintln(a.out, "  !", printable(f))
	}
}

func (a *app) checkVerdict(records uint64, faults []string) string {
	if len(faults) == 0 {
		return a.say(fmt.Sprintf("%d 条记录，全部承诺成立", records), fmt.Sprintf("%d records, every promise holds", records))
	}
	return a.say(fmt.Sprintf("%d 条记录，发现 %d 处错误", records, len(faults)), fmt.Sprintf("%d records, %d faults", records, len(faults)))
}
