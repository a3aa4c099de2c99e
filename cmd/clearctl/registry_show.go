package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
	"clearingd/config"
	"clearingd/ledger"
	"clearingd/provinces"
)

// provinceArgument reads a province from the command line.
func provinceArgument(text string) (ledger.Province, error) {
	province := ledger.Province(text)
	if !provinces.Known(province) {
		return "", usageError("没有这个省代码："+text, "no such province: "+text)
	}
	return province, nil
}

func (a *app) registryShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "show HOME PSN_NO",
		Short: a.say("查看登记中某人的情况", "show what the register says of a person"),
		Long: a.say("不含姓名与证件号码。PSN_NO 为 - 时从标准输入读一行，以免人员编号留在命令历史中。",
			"Names and certificate numbers are not in it. With - for PSN_NO the number is read from standard input,\nso that it does not stay in the shell's history."),
		Example: `
  clearctl registry show 65 -`,
	}
	return a.command(c, cobra.ExactArgs(2), func(c *cobra.Command, args []string) error {
		home, err := provinceArgument(args[0])
		if err != nil {
			return err
		}
		reply, err := call[service.RegistryReply](c.Context(), a, service.Registry+"."+string(home), service.RegistryRequest{PersonNo: a.personNumber(args[1])})
		if err != nil {
			return err
		}
		return a.show(reply, func() { a.printRegistration(home, &reply) })
	})
}

func (a *app) printRegistration(home ledger.Province, r *service.RegistryReply) {
	mode := a.say("申报制：登记没有记载时以报文为准", "declared: where the register is silent the claim's word is taken")
	if r.Mode == string(config.Registered) {
		mode = a.say("登记制：人员须在登记中", "registered: people must be known to the register")
	}
	a.printf("%s  %s（%s）", "%s  %s (%s)", r.Person, a.province(home), mode)
	if !r.Known {
		a.printf("登记中没有此人", "the register does not know this person")
		return
	}
	t := newTable(a.say("文档", "document"), a.say("版本", "version"), a.say("内容", "says"), a.say("起", "from"), a.say("止", "to"))
	for _, e := range r.Enrolments {
		t.row(e.Document, e.Version, a.enrolmentWords(&e), e.From, lastDay(e.To))
	}
	for _, f := range r.Filings {
		places := a.say("不限", "anywhere")
		if len(f.Places) > 0 {
			places = strings.Join(f.Places, ",")
		}
		t.row(f.Document, f.Version, a.say("备案", "filing ")+f.Type+" → "+places, f.From, lastDay(f.To))
	}
	for _, card := range r.Cards {
		kind := a.say("卡证", "card ") + card.Kind
		if card.Temporary {
			kind = a.say("临时卡", "temporary card ") + card.Kind
		}
		t.row(card.Document, card.Version, kind, card.From, lastDay(card.To))
	}
	for _, x := range r.Accumulations {
		words := a.say("累计 ", "accumulation ") + x.Insutype
		if x.Outpatient != nil {
			words += a.say("，门诊 ", ", outpatient ") + grouped(*x.Outpatient)
		}
		if x.Opening != nil {
			words += a.say("，年初累计", ", opening figures")
		}
		t.row(x.Document, x.Version, words, strconv.Itoa(x.Year), "")
	}
	t.write(a.out)
}

func (a *app) enrolmentWords(e *service.RegistryEnrolment) string {
	words := fmt.Sprintf("%s %s %s", e.Area, e.Insutype, e.PersonType)
	if e.CivilServant {
		words += " " + a.say("公务员", "civil servant") + e.CivilServantRank
	}
	for _, identity := range e.Identities {
		words += " " + identity.Type
		if identity.Level != "" {
			words += "/" + identity.Level
		}
	}
	return words
}

// lastDay is a last day, or nothing where there is none.
func lastDay(day *ledger.Day) string {
	if day == nil {
		return ""
	}
	return day.String()
}

func (a *app) registryRefusalsCommand() *cobra.Command {
	var request service.RegistryRefusalsRequest
	c := &cobra.Command{
		Use:   "refusals PROVINCE",
		Short: a.say("列出被拒绝的登记文档", "list refused registry documents"),
		Example: `
  clearctl registry refusals 65
  clearctl registry refusals 65 --before 1200 -o json`,
	}
	c.Flags().Uint64Var(&request.Before, "before", 0, a.say("只列此序号以前的", "only those before this sequence"))
	c.Flags().IntVar(&request.Limit, "limit", 20, a.say("最多条数（至多 100）", "at most so many (100 is the most)"))
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		province, err := provinceArgument(args[0])
		if err != nil {
			return err
		}
		reply, err := call[service.RegistryRefusalsReply](c.Context(), a, service.RegistryRefusals+"."+string(province), request)
		if err != nil {
			return err
		}
		return a.show(reply, func() { a.printRefusals(&reply) })
	})
}

func (a *app) printRefusals(r *service.RegistryRefusalsReply) {
	a.printf("已登记 %d，重复 %d，拒绝 %d", "%d applied, %d repeated, %d refused",
		r.Counts[provinces.RegistryApplied], r.Counts[provinces.RegistryRepeated], r.Counts[provinces.RegistryRefused])
	if len(r.Refusals) == 0 {
		return
	}
	t := newTable(">"+a.say("序号", "sequence"), a.say("种类", "kind"), a.say("文档", "document"), a.say("代码", "code"), a.say("原因", "reason"), a.say("位置", "where"))
	for _, x := range r.Refusals {
		var fields []string
		for _, e := range x.Errors {
			fields = append(fields, withExpected(e))
		}
		t.row(x.Sequence, x.Kind, x.Document, int(x.Code), a.say(x.ZH, x.EN), strings.Join(fields, ", "))
	}
	t.write(a.out)
	if r.More {
		a.printf("更早的：--before %d", "earlier ones: --before %d", r.Refusals[len(r.Refusals)-1].Sequence)
	}
}
