package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// refoldFlags name a person-year.
type refoldFlags struct {
	home     string
	person   string
	entry    uint64
	insutype string
	year     int
	trace    bool
}

func (a *app) refoldCommand() *cobra.Command {
	var flags refoldFlags
	c := &cobra.Command{
		Use:   "refold",
		Short: a.say("查看人员年度重新累计：各笔结算按正确次序本应如何", "what a person's bills would have come out as in their right order"),
		Long: a.say(`列出一人某年度的各笔结算，与按正确次序（参保省允许重新累计的，按出院次序）重算的结果并列，
给出各基金、个人账户与现金的差额。只查询，不改变任何账目；差额须经双人复核入账（clearctl person adjust）。
--person 为 - 时从标准输入读人员编号；也可用 --entry 指定其一笔结算的账本编号。--trace 并列两份计算过程。`,
			`Lists a person's bills of a year beside what they would have come out as in their right order (of
discharge, where the home province re-folds), with the difference by fund, personal account and cash.
It only shows; differences are booked by two officers (clearctl person adjust). With - for --person
the number is read from standard input; --entry names the person by the books' number of one of
their bills. --trace shows both calculations.`),
		Example: `
  clearctl person refold --home 65 --person -
  clearctl person refold --home 65 --entry 1042 --year 2026 --trace`,
	}
	f := c.Flags()
	f.StringVar(&flags.home, "home", "", a.say("参保省代码", "province of insurance"))
	f.StringVar(&flags.person, "person", "", a.say("人员编号；- 为从标准输入读", "person's number; - reads it from standard input"))
	f.Uint64Var(&flags.entry, "entry", 0, a.say("其一笔结算的账本编号", "books' number of one of the person's bills"))
	f.StringVar(&flags.insutype, "insutype", "", a.say("险种，例如 310；缺省为全部", "kind of insurance, for example 310; all without it"))
	f.IntVar(&flags.year, "year", 0, a.say("年度；缺省为全部", "benefit year; all without it"))
	f.BoolVar(&flags.trace, "trace", false, a.say("列出两份计算过程", "show both calculations"))
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		home, err := homeFlag(flags.home)
		if err != nil {
			return err
		}
		if (flags.person == "") == (flags.entry == 0) {
			return usageError("请给出 --person 或 --entry 之一", "give one of --person and --entry")
		}
		request := service.RefoldRequest{PersonNo: a.personNumber(flags.person), Entry: flags.entry, Insutype: flags.insutype, Year: flags.year, Trace: flags.trace}
		reply, err := call[service.RefoldReply](c.Context(), a, service.Refold+"."+string(home), request)
		if err != nil {
			return err
		}
		if err := a.show(reply, func() { a.printRefold(reply, flags.trace) }); err != nil {
			return err
		}
		if len(reply.Years) == 0 {
			return no("账本中没有此人的结算", "the books have no settlement of this person")
		}
		return nil
	})
}

func homeFlag(text string) (ledger.Province, error) {
	home := ledger.Province(text)
	if !provinces.Known(home) {
		return "", usageError("--home 须为参保省代码："+text, "--home must be a province: "+text)
	}
	return home, nil
}

func (a *app) printRefold(r service.RefoldReply, trace bool) {
	a.printf("人员（假名） %s", "person (pseudonym) %s", r.Person)
	for _, y := range r.Years {
		fmt.Fprintln(a.out)
		a.printf("险种 %s，按%s次序", "insurance %s, in the order of %s", y.Insutype, a.orderWord(y.Order))
		for _, t := range y.Totals {
			a.printRefoldTotal(t)
		}
		for _, b := range y.Bills {
			a.printRefoldBill(b, trace)
		}
		fmt.Fprintln(a.out)
		if !y.Differs {
			a.printf("各笔结算均与按此次序重算的结果一致。", "every bill is as it would have come out in this order.")
			continue
		}
		a.printf("有差额的结算须经双人复核入账。复核对象摘要 %s", "the differences are for two officers to decide. Object of the decision: %s", y.Object)
	}
}

func (a *app) orderWord(order clearing.Order) string {
	if order == clearing.ByDischarge {
		return a.say("出院", "discharge")
	}
	return a.say("结算", "settlement")
}

func (a *app) printRefoldTotal(t service.RefoldTotal) {
	a.printf("%d 年：住院 %d → %d 次，起付线 %s → %s，范围内个人负担 %s → %s", "%d: stays %d → %d, deductible %s → %s, in-scope own share %s → %s",
		t.Year, t.Now.Stays, t.Should.Stays, grouped(t.Now.Deductible), grouped(t.Should.Deductible), grouped(t.Now.OwnShare), grouped(t.Should.OwnShare))
	a.printRefoldNotice(t.Note)
}

func (a *app) printRefoldNotice(n *service.RefoldNotice) {
	if n == nil {
		return
	}
	fmt.Fprint(a.out, "  ! ")
	a.printf("%d 年度已重新累计：首次因记录 %d，最近因记录 %d", "%d was re-folded: first by record %d, last by record %d", n.Year, n.First, orDefault(n.Last, n.First))
	if n.Adjusted != 0 {
		a.printf("    最近一次调整为记录 %d", "    the newest adjustment is record %d", n.Adjusted)
	}
}

func (a *app) printRefoldBill(b service.RefoldBill, trace bool) {
	fmt.Fprintln(a.out)
	state := ""
	switch {
	case b.Undone:
		state = a.say("已撤销，但调整尚在账", "taken back, its adjustment is not")
	case b.Code != 0:
		state = a.say(b.Code.Text().ZH, b.Code.Text().EN)
	case b.Adjusted != 0:
		state = fmt.Sprintf(a.say("已按记录 %d 调整", "adjusted by record %d"), b.Adjusted)
	}
	fmt.Fprintf(a.out, "%d  %s  %s – %s  %s %s  %s\n", b.Entry, b.SettlementID, b.Admitted, b.Discharged, b.Treatment, b.Provider, state)
	rows := newTable(a.say("谁支付", "who pays"), ">"+a.say("现为", "now"), ">"+a.say("应为", "should be"), ">"+a.say("差额", "difference"))
	now, should := fundSums(b, false), fundSums(b, true)
	for _, fund := range slices.Compact(slices.Sorted(mapKeys2(now, should))) {
		rows.row(a.fund(fund), grouped(now[fund]), grouped(should[fund]), signed(should[fund]-now[fund]))
	}
	rows.row(a.say("患者现金", "patient's cash"), grouped(b.Now.Cash), grouped(b.Should.Cash), signed(b.Cash))
	rows.row(a.say("其中起付线", "of it deductible"), grouped(b.Now.Deductible), grouped(b.Should.Deductible), signed(b.Deductible))
	rows.write(a.out)
	if trace && b.Differs {
		a.printf("现为：", "now:")
		a.printTrace(b.Now.Trace)
		a.printf("应为：", "should be:")
		a.printTrace(b.Should.Trace)
	}
}

// fundSums adds a bill's shares up by fund, the personal account among them.
func fundSums(b service.RefoldBill, should bool) map[ledger.Fund]ledger.Amount {
	adjudication := b.Now
	if should {
		adjudication = b.Should
	}
	sums := map[ledger.Fund]ledger.Amount{}
	for _, s := range adjudication.Funds {
		sums[s.Fund] += s.Amount
	}
	if adjudication.Account != 0 {
		sums[ledger.FundAccount] += adjudication.Account
	}
	return sums
}

func mapKeys2[K comparable, V any](a, b map[K]V) func(func(K) bool) {
	return func(yield func(K) bool) {
		for key := range maps.Keys(a) {
			if !yield(key) {
				return
			}
		}
		for key := range maps.Keys(b) {
			if !yield(key) {
				return
			}
		}
	}
}

// signed is a difference with its sign; a plain 0.00 has none.
func signed(amount ledger.Amount) string {
	if amount > 0 {
		return "+" + grouped(amount)
	}
	return grouped(amount)
}

func (a *app) refoldsCommand() *cobra.Command {
	var home string
	var all bool
	c := &cobra.Command{
		Use:   "refolds",
		Short: a.say("列出重新累计后有差额待复核的人员年度", "list re-folded person-years with differences to decide"),
		Long: a.say(`列出一个参保省中，因较早的结算被撤销、冲正或迟到而重新累计、且有结算本应不同的人员年度。
--all 也列出没有差额的。明细：clearctl person refold --home PP --entry N。`,
			`Lists a home province's person-years that were re-folded because an earlier settlement was taken
back or came late, and in which bills would have come out otherwise. --all lists those without a
difference, too. Details: clearctl person refold --home PP --entry N.`),
		Example: "  clearctl refolds --home 65\n  clearctl refolds --home 65 --all -o json",
	}
	c.Flags().StringVar(&home, "home", "", a.say("参保省代码", "province of insurance"))
	c.Flags().BoolVar(&all, "all", false, a.say("包括没有差额的", "also those without a difference"))
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		province, err := homeFlag(home)
		if err != nil {
			return err
		}
		whole := service.RefoldsReply{Years: []service.RefoldLine{}}
		request := service.RefoldsRequest{All: all}
		for {
			part, err := call[service.RefoldsReply](c.Context(), a, service.Refolds+"."+string(province), request)
			if err != nil {
				return err
			}
			whole.Years = append(whole.Years, part.Years...)
			if part.Next == 0 {
				break
			}
			request.Skip = part.Next
		}
		return a.show(whole, func() { a.printRefolds(whole) })
	})
}

func (a *app) printRefolds(r service.RefoldsReply) {
	if len(r.Years) == 0 {
		a.printf("没有待复核的人员年度。", "no person-year waits for a decision.")
		return
	}
	t := newTable(a.say("人员（假名）", "person (pseudonym)"), a.say("险种", "insurance"), ">"+a.say("年度", "year"), ">"+a.say("其一笔结算", "a bill"),
		">"+a.say("最近因记录", "last by"), ">"+a.say("最近调整", "adjusted by"), ">"+a.say("有差额笔数", "bills"), ">"+a.say("基金差额", "funds"), ">"+a.say("现金差额", "cash"))
	for _, y := range r.Years {
		t.row(y.Person, y.Insutype, y.Note.Year, number(y.Entry), orDefault(y.Note.Last, y.Note.First), number(y.Note.Adjusted), y.Bills, signed(y.Funds), signed(y.Cash))
	}
	t.write(a.out)
}

func (a *app) adjustCommand() *cobra.Command {
	var home string
	var request service.AdjustRequest
	c := &cobra.Command{
		Use:   "adjust",
		Short: a.say("双人复核后，把重新累计的差额按日入账", "book the differences of a re-folded person-year, on the word of two officers"),
		Long: a.say(`把 clearctl person refold 所示的差额记为营业中当日的调整分录。原结算单与医院收到的答复不变；
现金差额由医院与患者结清。经办人与复核人须不同；--object 为所见结果的摘要，其后有任何变化则拒绝；
每项决定只用一次，重复提交返回同一记录。`,
			`Books what clearctl person refold showed as adjustments of the open business day. The bills and the
hospitals' answers stay as they are; cash is between hospital and patient. Maker and checker must
differ; --object is the digest of what they saw, and any change since then refuses the decision. A
decision is used once: sent again it returns the same record.`),
		Example: `
  clearctl person adjust --home 65 --entry 1042 --year 2026 --object 3f… --maker wang --checker li --reason "stay 1017 cancelled"`,
	}
	f := c.Flags()
	f.StringVar(&home, "home", "", a.say("参保省代码", "province of insurance"))
	f.Uint64Var(&request.Entry, "entry", 0, a.say("该人员年度一笔结算的账本编号", "books' number of a bill of the person-year"))
	f.IntVar(&request.Year, "year", 0, a.say("年度", "benefit year"))
	f.StringVar(&request.Object, "object", "", a.say("复核对象摘要", "digest of what was decided upon"))
	f.StringVar(&request.Maker, "maker", "", a.say("经办人", "who proposes"))
	f.StringVar(&request.Checker, "checker", "", a.say("复核人", "who approves"))
	f.StringVar(&request.Reason, "reason", "", a.say("理由", "why"))
	for _, name := range []string{"home", "entry", "year", "object", "maker", "checker", "reason"} {
		_ = c.MarkFlagRequired(name)
	}
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		province, err := homeFlag(home)
		if err != nil {
			return err
		}
		reply, err := call[service.AdjustReply](c.Context(), a, service.Adjust+"."+string(province), request)
		if err != nil {
			return err
		}
		return a.show(reply, func() {
			a.printf("已入账：记录 %d，营业日 %s。", "booked: record %d, business day %s.", reply.Entry, reply.Day)
			if !reply.Published {
				a.printf("答复尚未存入代理，稍后自动发出。", "its answer is not on the broker yet; it goes out by itself.")
			}
		})
	})
}

// printAdjustment explains the record of an officers' decision.
func (a *app) printAdjustment(v service.AdjustmentView) {
	fmt.Fprintln(a.out)
	a.printf("险种 %s，年度 %s；经办 %s，复核 %s；理由：%s", "insurance %s, year %s; proposed by %s, approved by %s; reason: %s",
		v.Insutype, join(v.Years), printable(v.Maker), printable(v.Checker), printable(v.Reason))
	rows := newTable(a.say("结算记录", "bill"), a.say("基金", "fund"), ">"+a.say("差额（元）", "difference (yuan)"))
	for _, line := range v.Lines {
		for _, fund := range slices.Sorted(maps.Keys(line.Funds)) {
			rows.row(line.Entry, a.fund(fund), signed(line.Funds[fund]))
		}
		rows.row(line.Entry, a.say("患者现金", "patient's cash"), signed(line.Cash))
	}
	rows.write(a.out)
}
