package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

func (a *app) registryProviderCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "provider PROVINCE CODE",
		Short: a.say("查看登记中某医药机构的情况", "show what the register says of a provider"),
		Long: a.say("PROVINCE 为就医省，CODE 为定点医药机构编号。登记没有记载时，等级以报文的 hosp_lv 为准。",
			"PROVINCE is where it treats, CODE its fixmedins_code. Where the register is silent, a claim's hosp_lv counts."),
		Example: `
  clearctl registry provider 33 H33010000001`,
	}
	return a.command(c, cobra.ExactArgs(2), func(c *cobra.Command, args []string) error {
		province, err := provinceArgument(args[0])
		if err != nil {
			return err
		}
		if !provinces.ValidProvider(args[1]) {
			return usageError("医药机构编号应为 [HP][0-9]{11}："+args[1], "a provider's code is [HP][0-9]{11}, not "+args[1])
		}
		reply, err := a.registeredProvider(c.Context(), province, args[1])
		if err != nil {
			return err
		}
		return a.show(reply, func() { a.printProvider(province, &reply) })
	})
}

func (a *app) registeredProvider(ctx context.Context, province ledger.Province, code string) (service.RegistryProviderReply, error) {
	return call[service.RegistryProviderReply](ctx, a, service.RegistryProvider+"."+string(province), service.RegistryProviderRequest{Provider: code})
}

func (a *app) printProvider(province ledger.Province, r *service.RegistryProviderReply) {
	a.printf("%s  %s", "%s  %s", r.Provider, a.province(province))
	switch {
	case !r.Known:
		a.printf("登记中没有此机构：等级以报文为准", "the register does not know this provider: a claim's word is taken")
		return
	case r.Today == nil:
		a.printf("当前营业日无有效登记：等级以报文为准", "nothing is in force on the open business day: a claim's word is taken")
	default:
		a.printf("当前营业日出院按 %s 结算", "a stay that ends on the open business day is settled with %s", r.Today.Text(string(a.lang)))
	}
	t := newTable(a.say("文档", "document"), a.say("版本", "version"), "hosp_lv", a.say("类别", "traits"), a.say("统筹区", "area"), a.say("名称", "name"), a.say("起", "from"), a.say("止", "to"))
	for _, f := range r.Facilities {
		t.row(f.Document, f.Version, f.Level, strings.Join(f.Traits, "+"), f.Area, printable(f.Name), f.From, lastDay(f.To))
	}
	t.write(a.out)
}
