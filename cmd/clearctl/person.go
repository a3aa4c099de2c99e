package main

import (
	"bufio"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

func (a *app) personCommand() *cobra.Command {
	var insutype string
	c := &cobra.Command{
		Use:   "person HOME PSN_NO",
		Short: a.say("查询人员年度累计", "show a person's accumulators, year by year"),
		Long: a.say(`查询一人各年度的累计：住院次数、已付起付线、各层已支付额。HOME 是参保省代码。
PSN_NO 为 - 时从标准输入读一行，以免人员编号留在命令历史中。`,
			`Shows what a person's year has used up: stays, deductible, paid by each layer. HOME is the
province of insurance. With - for PSN_NO the number is read from standard input, so that it does not
stay in the shell's history.`),
		Example: `
  clearctl person 65 -
  clearctl person 65 65010000000000000001 --insutype 310`,
	}
	c.Flags().StringVar(&insutype, "insutype", "", a.say("险种，例如 310；缺省为全部", "kind of insurance, for example 310; all without it"))
	c.AddCommand(a.refoldCommand(), a.adjustCommand())
	return a.command(c, cobra.ExactArgs(2), func(c *cobra.Command, args []string) error {
		home := ledger.Province(args[0])
		if !provinces.Known(home) {
			return usageError("没有这个省代码："+args[0], "no such province: "+args[0])
		}
		reply, err := call[service.PersonReply](c.Context(), a, service.Person, service.PersonRequest{Home: home, PersonNo: a.personNumber(args[1]), Insutype: insutype})
		if err != nil {
			return err
		}
		if err := a.show(reply, func() { a.printPerson(reply) }); err != nil {
			return err
		}
		if len(reply.Years) == 0 {
			return no("账本中没有此人的结算", "the books have no settlement of this person")
		}
		return nil
	})
}

func (a *app) printPerson(r service.PersonReply) {
	a.printf("人员（假名） %s", "person (pseudonym) %s", r.Person)
	for _, y := range r.Years {
		fmt.Fprintln(a.out)
		a.printf("%d 年，险种 %s，记录 %s", "%d, insurance %s, records %s", y.Year, y.Insutype, join(y.Entries))
		acc := y.Accumulators
		rows := newTable("", ">")
		rows.row(a.say("住院次数", "stays"), acc.Stays)
		for _, level := range slices.Sorted(maps.Keys(acc.StaysByLevel)) {
			rows.row("  "+string(level), acc.StaysByLevel[level])
		}
		rows.row(a.say("医疗费总额", "cost"), grouped(acc.Cost))
		rows.row(a.say("符合政策范围金额", "in scope"), grouped(acc.InScope))
		rows.row(a.say("已付起付线", "deductible paid"), grouped(acc.Deductible))
		rows.row(a.say("范围内个人负担", "in-scope own share"), grouped(acc.OwnShare))
		for _, layer := range slices.Sorted(maps.Keys(acc.Paid)) {
			rows.row(a.say("已支付 ", "paid by ")+layer, grouped(acc.Paid[layer]))
		}
		rows.write(a.out)
	}
}

func join[T any](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, ", ")
}

// personNumber is a person's number from the command line; of "-" the first line of
// standard input, so that the number does not stay in the shell's history.
func (a *app) personNumber(argument string) string {
	if argument != "-" {
		return argument
	}
	line, _ := bufio.NewReader(a.in).ReadString('\n')
	return strings.TrimSpace(line)
}
