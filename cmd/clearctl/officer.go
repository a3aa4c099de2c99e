package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// officerFlags are what an officer says with an act.
type officerFlags struct {
	province string
	request  service.ActRequest
	funds    []string
	propose  bool
}

// officerAct is one command that carries out one kind of act.
type officerAct struct {
	use         string // with the argument's name
	zh, en      string
	zhMore      string
	enMore      string
	example     string
	kind        clearing.ActKind
	target      func(argument string) (string, error)
	funds       bool // --fund
	side        bool // --side
	result      bool // --result
	argumentMin int  // 0 where the act opens something new
}

// officerCommand makes the command of an act. Where the act needs two persons, they are
// both named, or the act is proposed (--propose) and approved by another command; and the
// object of what was seen must be given. Elsewhere the tool looks itself.
func (a *app) officerCommand(act officerAct) *cobra.Command {
	flags := officerFlags{request: service.ActRequest{Kind: act.kind}}
	c := &cobra.Command{Use: act.use, Short: a.say(act.zh, act.en), Long: a.say(act.zhMore, act.enMore), Example: act.example}
	a.officerFlags(c, &flags, act.kind.Checked())
	f := c.Flags()
	if act.funds {
		f.StringArrayVar(&flags.funds, "fund", nil, a.say("基金代码=金额（元），可重复", "FUND=YUAN; once for each fund"))
	}
	if act.side {
		f.StringVar(&flags.request.Side, "side", "", a.say("哪一方：hospital、treatment 或 home", "whose: hospital, treatment or home"))
	}
	if act.result {
		f.StringVar(&flags.request.Result, "result", "", a.say("协查结果：right（无误）或 wrong（有误）", "of an inquiry: right or wrong"))
	}
	return a.command(c, cobra.ExactArgs(act.argumentMin), func(c *cobra.Command, args []string) error {
		request, err := flags.order()
		if err != nil {
			return err
		}
		if request.Target, err = act.target(strings.Join(args, "")); err != nil {
			return err
		}
		return a.carryOut(c.Context(), flags.province, request)
	})
}

// officerFlags are shared by all acts.
func (a *app) officerFlags(c *cobra.Command, flags *officerFlags, checked bool) {
	f := c.Flags()
	f.StringVar(&flags.province, "province", "", a.say("经办省份代码", "whose officers act"))
	f.StringVar(&flags.request.Maker, "maker", "", a.say("经办人", "who acts"))
	f.StringVar(&flags.request.Reason, "reason", "", a.say("理由或内容，一行", "why, or what is said; one line"))
	f.StringVar(&flags.request.Object, "object", "", a.say("所见对象的摘要（clearctl look）", "digest of what was seen (clearctl look)"))
	required := []string{"province", "maker", "reason"}
	if checked {
		f.StringVar(&flags.request.Checker, "checker", "", a.say("复核人", "who approves"))
		f.BoolVar(&flags.propose, "propose", false, a.say("只提出，由另一人复核", "propose it; somebody else approves"))
		required = append(required, "object")
	}
	for _, name := range required {
		_ = c.MarkFlagRequired(name)
	}
}

// order is the request that the flags make, without its target.
func (flags *officerFlags) order() (service.ActRequest, error) {
	request := flags.request
	if _, err := provinceFlag(flags.province); err != nil {
		return request, err
	}
	if request.Kind.Checked() && flags.propose == (request.Checker != "") {
		return request, usageError("请给出 --checker 或 --propose 之一", "give one of --checker and --propose")
	}
	if flags.propose {
		request.Step = clearing.StepPropose
	}
	for _, text := range flags.funds {
		fund, yuan, _ := strings.Cut(text, "=")
		amount, err := ledger.ParseAmount(yuan)
		if err != nil {
			return request, usageError("--fund 写作 310100=12.34："+text, "--fund is written 310100=12.34: "+text)
		}
		request.Funds = append(request.Funds, clearing.FundFigure{Fund: ledger.Fund(fund), Amount: amount})
	}
	return request, nil
}

func provinceFlag(text string) (ledger.Province, error) {
	province := ledger.Province(text)
	if !provinces.Known(province) {
		return "", usageError("--province 须为省代码："+text, "--province must be a province: "+text)
	}
	return province, nil
}

// carryOut sends an order and tells what it became.
func (a *app) carryOut(ctx context.Context, province string, request service.ActRequest) error {
	if request.Object == "" {
		object, err := a.objectOf(ctx, province, request.Target)
		if err != nil {
			return err
		}
		request.Object = object
	}
	reply, err := call[service.ActReply](ctx, a, service.Act+"."+province, request)
	if err != nil {
		return err
	}
	return a.show(reply, func() {
		a.printf("已入账：记录 %d，营业日 %s。", "booked: record %d, business day %s.", reply.Entry, reply.Day)
		if request.Step == clearing.StepPropose {
			a.printf("待复核：clearctl proposal approve %d", "it waits for a second person: clearctl proposal approve %d", reply.Entry)
		}
		if !reply.Published {
			a.printf("答复尚未存入代理，稍后自动发出。", "its answer is not on the broker yet; it goes out by itself.")
		}
	})
}

// objectOf looks at a target now; what is new has an object that nobody else has.
func (a *app) objectOf(ctx context.Context, province, target string) (string, error) {
	if target == "new" {
		object := make([]byte, 32)
		_, _ = rand.Read(object) // never fails
		return hex.EncodeToString(object), nil
	}
	reply, err := call[service.LookReply](ctx, a, service.Look+"."+province, service.LookRequest{Target: target})
	return reply.Object, err
}

// Targets of arguments.

func billTarget(argument string) (string, error) {
	if _, number, ok := clearing.ParseSettlementID(argument); ok {
		return "bill/" + strconv.FormatUint(number, 10), nil
	}
	if n, err := strconv.ParseUint(argument, 10, 64); err != nil || n == 0 {
		return "", usageError("请给出结算的账册号或结算ID："+argument, "name the bill by its books' number or setl_id: "+argument)
	}
	return "bill/" + argument, nil
}

func breakTarget(argument string) (string, error) { return "break/" + argument, nil }

func groupTarget(argument string) (string, error) { return "group/" + argument, nil }

func actTarget(argument string) (string, error) { return "act/" + argument, nil }

func caseTarget(kinds ...clearing.CaseKind) func(string) (string, error) {
	return func(argument string) (string, error) {
		for _, kind := range kinds {
			if strings.HasPrefix(argument, string(kind)+"/") {
				return "case/" + argument, nil
			}
		}
		return "case/" + string(kinds[0]) + "/" + argument, nil
	}
}

// group makes a command that only holds others.
func (a *app) group(use, zh, en string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: a.say(zh, en)}
	c.AddCommand(commands...)
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error { return c.Help() })
}
