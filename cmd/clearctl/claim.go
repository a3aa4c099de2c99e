package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/benefit"
	"clearingd/clearing/service"
	"clearingd/ledger"
)

func (a *app) claimCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "claim RECORD",
		Aliases: []string{"show"},
		Short:   a.say("查询账本中的一条记录及其计算过程", "explain one record of the books, with its trace"),
		Long: a.say(`查询一条记录：结果、金额、计算过程（中英文逐步列出）与分录。RECORD 可以是
  · 账本编号，例如 1042
  · 结算ID（setl_id），例如 310101G0000000001042
  · 报文，<就医地>.<参保地>.<机构>.<报文ID>
不含姓名与证件号码；人员以假名表示。`,
			`Explains one record: outcome, amounts, the calculation step by step in both languages, and
the postings. RECORD is
  - the books' number, for example 1042
  - a setl_id, for example 310101G0000000001042
  - a message, <treatment>.<home>.<provider>.<msgid>
No names or certificate numbers are shown; the person is a pseudonym.`),
		Example: `
  clearctl claim 1042
  clearctl claim 310101G0000000001042 -o json
  clearctl claim 31.65.H31010190001.H31010190001202603180800001001`,
	}
	a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		request, err := recordRequest(args[0])
		if err != nil {
			return err
		}
		reply, err := call[service.ClaimReply](c.Context(), a, service.Claim, request)
		if err != nil {
			return err
		}
		return a.show(reply, func() { a.printRecord(reply) })
	})
	show := &cobra.Command{Use: "show RECORD", Short: c.Short, Hidden: true}
	c.AddCommand(a.verifyCommand(), a.command(show, cobra.ExactArgs(1), func(s *cobra.Command, args []string) error { return c.RunE(s, args) }))
	return c
}

// recordRequest tells the three ways of naming a record apart by their form.
func recordRequest(text string) (service.ClaimRequest, error) {
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return service.ClaimRequest{Entry: n}, nil
	}
	if strings.Contains(text, ".") {
		key, err := messageKey(text)
		return service.ClaimRequest{Message: key}, err
	}
	return service.ClaimRequest{SettlementID: text}, nil
}

func (a *app) printRecord(r service.ClaimReply) {
	head := newTable("", "")
	head.row(a.say("账本编号", "books' number"), r.Entry)
	head.row(a.say("结果", "outcome"), strings.TrimSpace(a.outcome(r.Outcome)+" "+codeText(a, r)))
	head.row(a.say("营业日", "business day"), r.Day)
	head.row(a.say("收到", "received"), r.Received.Format("2006-01-02 15:04:05.000 -07:00"))
	head.row(a.say("主题", "subject"), r.Subject)
	if r.Adjustment == nil && r.Act == nil { // no message stands behind a decision
		head.row(a.say("消息流", "stream"), fmt.Sprintf("CLAIMS_%s #%d", r.Stream, r.Sequence))
		head.row(a.say("参保地", "home area"), string(r.Home)+" "+a.areaProvince(r.Home))
		head.row(a.say("就医地", "treatment area"), string(r.Treatment)+" "+a.areaProvince(r.Treatment))
		head.row(a.say("医药机构", "provider"), r.Provider)
	}
	if r.Claim != nil {
		head.row(a.say("医院等级", "hospital"), a.hospitalOf(r))
	}
	for _, pair := range [][2]string{
		{a.say("结算ID", "settlement"), r.SettlementID}, {a.say("人员（假名）", "person (pseudonym)"), r.Person},
		{a.say("针对记录", "original record"), number(r.Original)}, {a.say("被何记录撤销", "undone by record"), number(r.UndoneBy)},
		{a.say("请求摘要", "digest of the request"), r.Digest}, {a.say("默克尔叶", "Merkle leaf"), r.LeafHash},
	} {
		if pair[1] != "" {
			head.row(pair[0], pair[1])
		}
	}
	head.write(a.out)
	for i := range r.Refolded {
		a.printRefoldNotice(&r.Refolded[i])
	}
	if r.Adjustment != nil {
		a.printAdjustment(*r.Adjustment)
	}
	if r.Act != nil {
		a.printAct(*r.Act)
	}
	for _, e := range r.Errors {
		fmt.Fprintf(a.out, "  %s: %s → %s\n", a.place(e.Field), printable(e.Found), printable(e.Expected))
	}
	if r.Adjudication != nil {
		a.printAdjudication(*r.Adjudication, r)
	}
	if r.NewestAct != 0 {
		fmt.Fprintln(a.out)
		a.printf("经办之后现存（最近一项：记录 %d）", "what stands of it after officers' acts, the newest of them record %d", r.NewestAct)
		a.printStanding(r.Standing)
	}
	if len(r.Postings) > 0 {
		fmt.Fprintln(a.out)
		rows := newTable(a.say("分录科目", "posting"), ">"+a.say("金额（元）", "yuan"))
		for _, p := range r.Postings {
			rows.row(p.Account, grouped(p.Amount))
		}
		rows.write(a.out)
	}
}

// hospitalOf is the hospital's level and traits, and who says so.
func (a *app) hospitalOf(r service.ClaimReply) string {
	claimed := benefit.Facility{Level: benefit.LevelOf(r.Claim.HospitalLevel)}.Text(string(a.lang)) + " (hosp_lv " + printable(r.Claim.HospitalLevel) + ")"
	if r.Facility == nil {
		return claimed + a.say("，据报文；登记无记载", ", as the claim says; the register is silent")
	}
	return r.Facility.Text(string(a.lang)) + a.say("，据就医地登记；报文为 ", ", as the treatment province's register says; the claim says ") + claimed
}

func codeText(a *app, r service.ClaimReply) string {
	if r.Code == 0 {
		return ""
	}
	return fmt.Sprintf("%d %s", int(r.Code), a.say(r.Code.Text().ZH, r.Code.Text().EN))
}

func number(n uint64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

func (a *app) areaProvince(area ledger.Area) string {
	_, name, _ := strings.Cut(a.province(area.Province()), " ")
	return name
}

// printAdjudication shows who pays what, then how it came about.
func (a *app) printAdjudication(adj benefit.Adjudication, r service.ClaimReply) {
	fmt.Fprintln(a.out)
	a.printf("待遇政策 %s，%s 起施行（%s）", "plan %s in force from %s (%s)", adj.Plan.ID, adj.Plan.Version, a.planState(adj.Plan))
	rows := newTable(a.say("谁支付", "who pays"), a.say("层", "layer"), ">"+a.say("金额（元）", "yuan"))
	for _, s := range adj.Funds {
		rows.row(a.fund(s.Fund), s.Layer, grouped(s.Amount))
	}
	rows.row(a.say("个人账户", "personal account"), "", grouped(adj.Account))
	rows.row(a.say("患者现金", "patient's cash"), "", grouped(adj.Cash))
	if r.Claim != nil {
		rows.row(a.say("合计 = 医疗费总额", "sum = total of the bill"), "", grouped(r.Claim.Total))
	}
	rows.write(a.out)
	for _, w := range adj.Warnings {
		fmt.Fprintln(a.out, "  !", a.warning(w))
	}
	if len(adj.Trace) > 0 {
		fmt.Fprintln(a.out)
		a.printTrace(adj.Trace)
	}
}

func (a *app) planState(p benefit.PlanRef) string {
	switch {
	case p.Invented:
		return a.say("为演示虚构", "invented for demonstrations")
	case p.Verified:
		return a.say("已核实", "verified")
	}
	return a.say("未核实", "not verified")
}

// printTrace lists the steps in both languages, whatever the user's: the patient, the
// hospital and the officer read the same list.
func (a *app) printTrace(trace []benefit.Step) {
	a.printf("计算过程", "calculation")
	for i, s := range trace {
		fmt.Fprintf(a.out, "%3d  %s / %s  = %s\n", i+1, s.Layer, s.Rule, grouped(s.Output))
		for _, lang := range []language{chinese, english} {
			fmt.Fprintln(a.out, "     ", printable(s.Text(string(lang))))
		}
		var inputs []string
		for _, in := range s.Inputs {
			inputs = append(inputs, in.Name+"="+in.Value)
		}
		if s.Rounding != "" {
			inputs = append(inputs, s.Rounding)
		}
		if s.Article != "" {
			inputs = append(inputs, s.Article)
		}
		if len(inputs) > 0 {
			fmt.Fprintln(a.out, "      ["+printable(strings.Join(inputs, "; "))+"]")
		}
	}
}
