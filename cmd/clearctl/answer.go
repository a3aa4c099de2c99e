package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
	"clearingd/provinces"
)

func (a *app) answerCommand() *cobra.Command {
	var raw bool
	c := &cobra.Command{
		Use:   "answer MESSAGE",
		Short: a.say("查询一条报文的答复", "show the answer to a message"),
		Long: a.say(`查询答复，先查答复流，早于保留期的从账本取。
MESSAGE 形如 <就医地>.<参保地>.<机构>.<报文ID>，前缀 claims. 或 answers. 可有可无。尚无答复时退出码为 1。`,
			`Shows the answer to a message, from the answers stream or, if it is older than that, from
the books. MESSAGE is <treatment>.<home>.<provider>.<msgid>; a leading claims. or answers. does
no harm. Exit code 1 when there is no answer yet.`),
		Example: `
  clearctl answer 31.65.H31010190001.H31010190001202603180800001001
  clearctl answer claims.31.65.H31010190001.M1 --raw`,
	}
	c.Flags().BoolVar(&raw, "raw", false, a.say("只输出答复报文原文", "print the answer's bytes and nothing else"))
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		key, err := messageKey(args[0])
		if err != nil {
			return err
		}
		e, err := a.fetchAnswer(c.Context(), key)
		if err != nil {
			return err
		}
		if raw {
			_, err := a.out.Write(e.Body)
			return err
		}
		got := readAnswer(e)
		if err := a.show(got, func() { a.printAnswer(*got) }); err != nil {
			return err
		}
		if got.Outcome == provinces.Refused || got.Outcome == provinces.Quarantined {
			return quiet(exitNo)
		}
		return nil
	})
}

// messageKey reads <treatment>.<home>.<provider>.<msgid> with or without a prefix.
func messageKey(text string) (string, error) {
	key := strings.TrimPrefix(strings.TrimPrefix(text, "claims."), "answers.")
	if _, err := provinces.ParseSubject("claims." + key); err != nil {
		return "", usageError("不是 <就医地>.<参保地>.<机构>.<报文ID>："+text, "not <treatment>.<home>.<provider>.<msgid>: "+text)
	}
	return key, nil
}

// fetchAnswer asks the answers stream, then the books.
func (a *app) fetchAnswer(ctx context.Context, key string) (provinces.Envelope, error) {
	ctx, cancel := a.bounded(ctx)
	defer cancel()
	b, err := a.connect(ctx)
	if err != nil {
		return provinces.Envelope{}, err
	}
	defer b.Close()
	if e, found, err := b.Answer(ctx, "answers."+key); err == nil && found {
		return e, nil
	}
	reply, err := callOn[service.AnswerReply](ctx, b, service.Answer, service.AnswerRequest{Message: key})
	return provinces.Envelope{Subject: reply.Subject, Header: reply.Header, Body: reply.Body}, err
}

// printAnswer shows an answer: what became of the message, then the amounts.
func (a *app) printAnswer(got answer) {
	head := newTable("", "")
	head.row(a.say("主题", "subject"), got.Subject)
	head.row(a.say("结果", "outcome"), a.outcome(got.Outcome))
	for _, pair := range [][2]string{
		{a.say("账本编号", "books' number"), got.Entry}, {a.say("营业日", "business day"), got.Day},
		{a.say("结算ID", "settlement"), got.SettlementID}, {a.say("原报文", "original"), got.Original},
		{a.say("请求摘要", "digest of the request"), got.Digest},
	} {
		if pair[1] != "" {
			head.row(pair[0], pair[1])
		}
	}
	head.write(a.out)
	if len(got.Amounts) > 0 {
		fmt.Fprintln(a.out)
		a.printAmounts(got)
	}
	a.printRefusal(got)
}

// amountNames are the members of setlinfo in words.
var amountNames = map[string][2]string{
	"medfee_sumamt": {"医疗费总额", "total"}, "inscp_scp_amt": {"符合政策范围金额", "in scope"},
	"act_pay_dedc": {"实际支付起付线", "deductible paid"}, "hifp_pay": {"基本医保统筹基金", "basic pooled fund"},
	"hifob_pay": {"职工大额补助", "large-amount fund"}, "hifmi_pay": {"居民大病保险", "critical-illness insurance"},
	"cvlserv_pay": {"公务员补助", "civil-servant subsidy"}, "hifes_pay": {"企业补充", "enterprise supplement"},
	"maf_pay": {"医疗救助", "medical assistance"}, "hifdm_pay": {"伤残人员保障", "disabled servicemen's fund"},
	"oth_pay": {"其他支出", "other funds"}, "fund_pay_sumamt": {"基金支付总额", "funds in all"},
	"acct_pay": {"个人账户支出", "personal account"}, "psn_cash_pay": {"个人现金支出", "patient's cash"},
	"hosp_part_amt": {"医院负担", "hospital's part"},
}

// printAmounts lists the amounts of a settlement; funds that paid nothing are left out.
func (a *app) printAmounts(got answer) {
	rows := newTable(a.say("项目", "item"), ">"+a.say("金额（元）", "yuan"), a.say("字段", "member"))
	for _, name := range settlementAmounts {
		amount, given := got.Amounts[name]
		zero := strings.Trim(string(amount), "0.") == ""
		if given && !(zero && optionalAmounts[name]) {
			rows.row(a.say(amountNames[name][0], amountNames[name][1]), got.amount(name), name)
		}
	}
	rows.write(a.out)
}

// optionalAmounts are left out where they are zero.
var optionalAmounts = map[string]bool{
	"hifob_pay": true, "hifmi_pay": true, "cvlserv_pay": true, "hifes_pay": true, "maf_pay": true,
	"hifdm_pay": true, "oth_pay": true, "hosp_part_amt": true,
}

// parseAnswer reads a bare answer body, as the estimate service returns it.
func parseAnswer(body []byte) (*answer, error) {
	if !json.Valid(body) {
		return nil, no("答复不是 JSON", "the answer is not JSON")
	}
	return readAnswer(provinces.Envelope{Body: body}), nil
}
