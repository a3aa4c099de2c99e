package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

func (a *app) estimateCommand() *cobra.Command {
	var o estimateOptions
	c := &cobra.Command{
		Use:   "estimate [FILE]",
		Short: a.say("预结算：会报销多少，不入账", "what would be paid; nothing is booked"),
		Long: a.say(`预结算。FILE 是一条 2303 或 2304 报文（- 为标准输入）；或用选项描述一次住院，逐一比较
几种备案情形：异地安置 02、转诊 06、临时外出 10、未备案 none。登记中的备案此时不计；给出 --psn-no 时，
其参保登记与年度累计计入，否则按选项所述的人计算。--in-scope 缺省等于 --total，即全部符合政策范围；其余差额按全自费计。`,
			`Estimates a bill. FILE is a 2303 or 2304 envelope (- for standard input); or flags describe a stay,
and the filings are compared: resettled 02, referral 06, temporary 10, not filed none; those in the
register do not count then. With --psn-no the person's enrolment and year so far count, without it the
person is as the flags say. Without --in-scope the whole bill is in scope; what is not is taken as own expense.`),
		Example: `
  # what would I pay in Hangzhou, with and without filing?
  clearctl estimate --area 650100 --treatment 330100 --insutype 310 --psn-type 12 --level 02 --total 24000.00 --in-scope 21000.00
  clearctl estimate --area 653100 --treatment 440100 --insutype 390 --psn-type 15 --total 60000 --filing 06,none
  clearctl estimate --area 650100 --treatment 330100 --provider H33010000001 --level 08 --total 9000.00
  clearctl estimate claim.json -o json`,
	}
	flags := c.Flags()
	flags.StringVar(&o.area, "area", "", a.say("参保统筹区，六位", "home pooling area, six digits"))
	flags.StringVar(&o.treatment, "treatment", "", a.say("就医统筹区，六位", "treatment area, six digits"))
	flags.StringVar(&o.insutype, "insutype", "310", a.say("险种：310 职工，390 居民", "insurance: 310 employees, 390 residents"))
	flags.StringVar(&o.personType, "psn-type", "11", a.say("人员类别，例如 11 在职、12 退休、15 居民成年", "kind of person, for example 11 active, 12 retired, 15 adult resident"))
	flags.StringVar(&o.personNo, "psn-no", "", a.say("人员编号；为 - 时从标准输入读取", "number of the person; - reads it from standard input"))
	flags.StringVar(&o.level, "level", "02", a.say("医院等级 01 至 11；--provider 在登记中时以登记为准", "hospital level, 01 to 11; of a --provider that is registered, the register's counts"))
	flags.StringVar(&o.provider, "provider", "", a.say("定点医药机构编号，例如 H33010000001；缺省为未登记的机构", "code of the provider, for example H33010000001; without it one that is not registered"))
	flags.StringVar(&o.total, "total", "", a.say("医疗费总额（元）", "total of the bill in yuan"))
	flags.StringVar(&o.inScope, "in-scope", "", a.say("符合政策范围金额（元）", "in-scope amount in yuan"))
	flags.StringVar(&o.selfPayFirst, "self-pay-first", "0", a.say("先行自付金额（元）", "self-pay-first amount in yuan"))
	flags.StringSliceVar(&o.filings, "filing", []string{"02", "06", "10", noFiling}, a.say("要比较的备案类型", "filings to compare"))
	flags.BoolVar(&o.emergency, "emergency", false, a.say("急诊入院", "admitted as an emergency"))
	flags.BoolVar(&o.civilServant, "civil-servant", false, a.say("公务员", "civil servant"))
	flags.StringVar(&o.balance, "balance", "", a.say("个人账户余额（元），给出则使用个人账户", "balance of the personal account; given, it is used"))
	flags.StringVar(&o.birth, "birth", "", a.say("出生日期 yyyy-MM-dd", "day of birth, yyyy-MM-dd"))
	flags.StringVar(&o.discharge, "discharge", "", a.say("出院日期（缺省为今天）", "day of discharge (today without it)"))
	flags.IntVar(&o.nights, "nights", 7, a.say("住院天数", "nights in hospital"))
	return a.command(c, cobra.MaximumNArgs(1), func(c *cobra.Command, args []string) error {
		if len(args) == 1 {
			return a.estimateFile(c.Context(), args[0])
		}
		return a.estimateFlags(c.Context(), o)
	})
}

const noFiling = "none"

type estimateOptions struct {
	area, treatment, insutype, personType, level string
	provider, personNo                           string
	total, inScope, selfPayFirst, balance        string
	birth, discharge                             string
	filings                                      []string
	emergency, civilServant                      bool
	nights                                       int
}

// estimateFile asks about an envelope as it is; a 2304 is asked about as a 2303.
func (a *app) estimateFile(ctx context.Context, name string) error {
	data, err := a.readFile(name)
	if err != nil {
		return err
	}
	var e map[string]json.RawMessage
	if err := json.Unmarshal(data, &e); err != nil {
		return usageError("文件不是一条报文："+err.Error(), "the file is not one envelope: "+err.Error())
	}
	subject, err := subjectOf(data)
	if err != nil {
		return usageError(err.Error(), err.Error())
	}
	e["infno"] = json.RawMessage(`"` + provinces.InfnoEstimate + `"`)
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	key, _ := provinces.ParseSubject(subject)
	ctx, cancel := a.bounded(ctx)
	defer cancel()
	b, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	got, err := a.estimate(ctx, b, service.Estimate, key, body)
	if err != nil {
		return err
	}
	if err := a.show(got, func() { a.printAmounts(*got); a.printRefusal(*got) }); err != nil {
		return err
	}
	if got.Code != 0 {
		return quiet(exitNo)
	}
	return nil
}

func (a *app) estimate(ctx context.Context, b *bus.Bus, prefix string, key provinces.Subject, body []byte) (*answer, error) {
	subject := fmt.Sprintf("%s.%s.%s.%s", prefix, key.Treatment, key.Home, key.Provider)
	reply, err := b.Call(ctx, subject, body)
	if err != nil {
		return nil, err
	}
	return parseAnswer(reply)
}

// estimated is one filing and what would be paid under it.
type estimated struct {
	Filing string  `json:"filing"`
	Answer *answer `json:"answer"`
}

// estimateFlags asks once for each filing and puts the answers side by side.
func (a *app) estimateFlags(ctx context.Context, o estimateOptions) error {
	stay, err := a.describeStay(o)
	if err != nil {
		return err
	}
	ctx, cancel := a.bounded(ctx)
	defer cancel()
	b, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	var all []estimated
	refused := false
	for _, filing := range o.filings {
		body, err := json.Marshal(stay.envelope(filing))
		if err != nil {
			return err
		}
		got, err := a.estimate(ctx, b, service.Journey, stay.key, body)
		if err != nil {
			return err
		}
		refused = refused || got.Code != 0
		all = append(all, estimated{filing, got})
	}
	if err := a.show(all, func() { a.printHospital(ctx, stay); a.printEstimates(all) }); err != nil {
		return err
	}
	if refused {
		return quiet(exitNo)
	}
	return nil
}

// stayDescribed is a stay that flags describe, checked.
type stayDescribed struct {
	estimateOptions
	key                  provinces.Subject
	own                  ledger.Amount
	admitted, discharged ledger.Day
}

func (a *app) describeStay(o estimateOptions) (stayDescribed, error) {
	s := stayDescribed{estimateOptions: o, discharged: ledger.DayOf(a.now().In(china))}
	for _, area := range []string{o.area, o.treatment} {
		if !provinces.ValidArea(ledger.Area(area)) {
			return s, usageError(fmt.Sprintf("--area 与 --treatment 是六位统筹区代码，不是 %q", area),
				fmt.Sprintf("--area and --treatment are pooling areas of six digits, not %q", area))
		}
	}
	s.key = provinces.Subject{
		Treatment: ledger.Area(o.treatment).Province(), Home: ledger.Area(o.area).Province(),
		Provider: orDefault(o.provider, "H"+o.treatment+"00000"), MsgID: "ESTIMATE",
	}
	if !provinces.ValidProvider(s.key.Provider) {
		return s, usageError("--provider 是定点医药机构编号 [HP][0-9]{11}，不能是 "+o.provider,
			"--provider is the code of a provider, [HP][0-9]{11}, not "+o.provider)
	}
	s.personNo = a.personNumber(o.personNo)
	if o.discharge != "" {
		var err error
		if s.discharged, err = parseDay(o.discharge); err != nil {
			return s, err
		}
	}
	if o.nights < 0 {
		return s, usageError("--nights 不得为负", "--nights must not be negative")
	}
	s.admitted = s.discharged - ledger.Day(o.nights)
	return s, s.checkAmounts()
}

// checkAmounts takes what is neither in scope nor self-pay-first as own expense.
func (s *stayDescribed) checkAmounts() error {
	s.inScope = orDefault(s.inScope, s.total)
	amounts := map[string]ledger.Amount{}
	for _, f := range [][2]string{{"--total", s.total}, {"--in-scope", s.inScope}, {"--self-pay-first", s.selfPayFirst}, {"--balance", orDefault(s.balance, "0")}} {
		amount, err := ledger.ParseAmount(f[1])
		if err != nil || amount < 0 {
			return usageError(fmt.Sprintf("%s 须是金额（元，最多两位小数），不能是 %q", f[0], f[1]),
				fmt.Sprintf("%s is an amount in yuan with at most two decimals, not %q", f[0], f[1]))
		}
		amounts[f[0]] = amount
	}
	if s.own = amounts["--total"] - amounts["--in-scope"] - amounts["--self-pay-first"]; s.own < 0 {
		return usageError("--in-scope 与 --self-pay-first 之和超过 --total", "--in-scope and --self-pay-first are more than --total")
	}
	return nil
}

// envelope is the stay as a 2303 under one filing.
func (s stayDescribed) envelope(filing string) map[string]any {
	stay := map[string]string{
		"begntime": s.admitted.String() + " 09:00:00", "endtime": s.discharged.String() + " 10:00:00",
		"med_type": "21", "ipt_no": "ESTIMATE", "dscg_maindiag_code": "Z00.000", "hosp_lv": s.level,
		"adm_way": "2", "trum_flag": "0", "rel_ttp_flag": "0",
	}
	if s.emergency {
		stay["adm_way"] = "1"
	}
	if filing != noFiling {
		stay["out_fil_type"] = filing
	}
	input := map[string]any{
		"mdtrtinfo": stay,
		"data": map[string]string{
			"psn_no": orDefault(s.personNo, s.area+"00000000000000"), "mdtrt_cert_type": "02", "mdtrt_cert_no": "ESTIMATE",
			"mdtrt_id": "ESTIMATE", "psn_setlway": "01", "insutype": s.insutype, "psn_type": s.personType,
			"cvlserv_flag": flag(s.civilServant), "acct_used_flag": flag(s.balance != ""), "mid_setl_flag": "0",
			"medfee_sumamt": s.total, "inscp_scp_amt": s.inScope, "preselfpay_amt": s.selfPayFirst,
			"overlmt_selfpay": "0", "fulamt_ownpay_amt": s.own.String(), "exp_content": "clearctl estimate",
		},
	}
	if s.balance != "" {
		input["insuinfo"] = map[string]string{"balc": s.balance}
	}
	if s.birth != "" {
		input["baseinfo"] = map[string]string{"brdy": s.birth}
	}
	return map[string]any{
		"infno": provinces.InfnoEstimate, "msgid": s.key.MsgID, "mdtrtarea_admvs": s.treatment, "insuplc_admdvs": s.area,
		"recer_sys_code": "CLEARCTL", "infver": "V1.0", "opter_type": "1", "opter": "clearctl", "opter_name": "clearctl",
		"inf_time": s.discharged.String() + " 10:00:00", "fixmedins_code": s.key.Provider, "fixmedins_name": "clearctl estimate",
		"input": input,
	}
}

func flag(set bool) string {
	if set {
		return "1"
	}
	return "0"
}

// printHospital says as what a hospital that the register knows is settled. Whoever may
// not ask the register is not told.
func (a *app) printHospital(ctx context.Context, s stayDescribed) {
	if s.provider == "" {
		return
	}
	known, err := a.registeredProvider(ctx, s.key.Treatment, s.provider)
	switch {
	case err != nil:
	case known.Today == nil:
		a.printf("登记中没有 %s：按 --level %s 计算", "the register does not know %s: computed for --level %s", s.provider, s.level)
	default:
		a.printf("%s 据就医地登记为%s", "%s is %s by the treatment province's register", s.provider, known.Today.Text(string(a.lang)))
	}
}

// filingNames are the filings of the national code table in words.
var filingNames = map[string][2]string{
	"02": {"异地安置退休", "resettled retiree"}, "06": {"异地转诊", "referral"}, "07": {"异地长期居住", "long-term resident"},
	"08": {"常驻异地工作", "stationed worker"}, "09": {"跨省长期居住", "long-term, other province"},
	"10": {"跨省临时外出", "temporary, other province"}, "11": {"其他临时外出", "other temporary"}, noFiling: {"未备案", "not filed"},
}

// printEstimates puts the filings side by side: a column for each.
func (a *app) printEstimates(all []estimated) {
	if slices.ContainsFunc(all, func(e estimated) bool { return e.Answer.Code == 0 }) {
		a.printComparison(all)
	}
	told := map[string]bool{}
	for _, e := range all {
		if text := fmt.Sprint(e.Answer.Code, e.Answer.Message); e.Answer.Code != 0 && !told[text] {
			told[text] = true
			a.printRefusal(*e.Answer)
		}
	}
}

func (a *app) printComparison(all []estimated) {
	head := []string{""}
	for _, e := range all {
		name := filingNames[e.Filing]
		head = append(head, ">"+strings.TrimSpace(e.Filing+" "+a.say(name[0], name[1])))
	}
	t := newTable(head...)
	for _, member := range settlementAmounts {
		row, some := []any{a.say(amountNames[member][0], amountNames[member][1])}, false
		for _, e := range all {
			amount := e.Answer.Amounts[member]
			some = some || strings.Trim(string(amount), "0.") != ""
			row = append(row, e.Answer.amount(member))
		}
		if some || (!optionalAmounts[member] && member != "hifp_pay") {
			t.row(row...)
		}
	}
	t.write(a.out)
}
