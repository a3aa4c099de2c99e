package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"clearingd/clearing"
	"clearingd/clearing/service"
)

func (a *app) breaksCommand() *cobra.Command {
	return a.group("breaks", "对账差异：查询与处理", "breaks of the reconciliation: look at them and decide them",
		a.breaksListCommand(), a.breaksShowCommand(), a.breaksSheetCommand(),
		a.officerCommand(officerAct{
			use: "accept KEY", kind: clearing.ActAccept, target: breakTarget, funds: true, side: true, argumentMin: 1,
			zh: "认账：账册随对方金额", en: "accept a difference: the books follow the side's figures",
			zhMore: `账册随该方金额：差额逐基金记入当日，应付双方同增或同减。--fund 给出各基金差额，合计须恰为差额；
对方明细已分基金的、或对方无此结算的可不给。须双人。`,
			enMore: `The books follow the side's figures: the difference is booked fund by fund on the open day, on both
sides. --fund gives the split, which must add up to the difference; it can be left out where the
side's findings tell it, or where the side does not have the bill. Two persons.`,
			example: "  clearctl breaks accept bill/1042 --province 33 --object 3f… --fund 310100=3.00 --maker wang --checker li --reason \"hospital is right\"",
		}),
		a.officerCommand(officerAct{
			use: "close KEY", kind: clearing.ActClose, target: breakTarget, argumentMin: 1,
			zh: "结案：账册不变", en: "close a break without money: the books stay",
			zhMore: "差异由双人决定结案，账册不变。", enMore: "Two persons decide that the break is done with. The books stay as they are.",
			example: "  clearctl breaks close bill/1042 --province 33 --object 3f… --maker wang --propose --reason \"hospital corrects its file\"",
		}),
		a.officerCommand(officerAct{
			use: "undo GROUP", kind: clearing.ActUndo, target: groupTarget, argumentMin: 1,
			zh: "撤回一组自动核销", en: "open a group of breaks again that were resolved by themselves",
			zhMore: "整组撤回，组内差异重新待办，夜间不再自动核销。须双人。", enMore: "The whole group is open again, and the night does not resolve it by itself any more. Two persons.",
			example: "  clearctl breaks undo 2026-03-18/timing-pair --province 33 --object 3f… --maker wang --checker li --reason \"wrong day\"",
		}),
		a.officerCommand(officerAct{
			use: "resolve GROUP", kind: clearing.ActResolve, target: groupTarget, argumentMin: 1,
			zh: "核销一组超限待核的差异", en: "resolve a group of breaks that waits above its cap",
			zhMore: "自动核销超过限额的一组差异须双人核销；各省只处理自己为一方的。", enMore: "What would resolve itself, but is above the evening's cap, waits for two persons. Each province decides about its own.",
			example: "  clearctl breaks resolve 2026-03-18/timing-pair --province 33 --object 3f… --maker wang --checker li --reason \"the other day came\"",
		}),
		a.officerCommand(officerAct{
			use: "reverse RECORD", kind: clearing.ActReverse, target: actTarget, argumentMin: 1,
			zh: "冲回一笔认账", en: "take an accepted difference back",
			zhMore: "RECORD 为认账的账册号；记反向分录于当日。须双人。", enMore: "RECORD is the books' number of the acceptance. The opposite entry is booked on the open day. Two persons.",
			example: "  clearctl breaks reverse 2044 --province 33 --object 3f… --maker wang --checker li --reason \"wrong bill\"",
		}),
		a.officerCommand(officerAct{
			use: "comment KEY", kind: clearing.ActComment, target: breakTarget, argumentMin: 1,
			zh: "备注", en: "put a remark on a break", zhMore: "在差异上留一行备注。", enMore: "Puts one line on a break.",
			example: "  clearctl breaks comment bill/1042 --province 33 --maker wang --reason \"asked the hospital\"",
		}),
		a.officerCommand(officerAct{
			use: "assign KEY", kind: clearing.ActAssign, target: breakTarget, side: true, argumentMin: 1,
			zh: "指派：轮到哪一方", en: "say whose turn a break is", zhMore: "指派差异由哪一方处理。", enMore: "Says which side must act next.",
			example: "  clearctl breaks assign bill/1042 --province 33 --side hospital --maker wang --reason \"resend the day\"",
		}),
		a.breakProposal("approve KEY", clearing.StepApprove, "复核差异上的提议", "approve what is proposed on a break"),
		a.breakProposal("withdraw KEY", clearing.StepWithdraw, "撤回差异上的提议", "withdraw what is proposed on a break"),
	)
}

func (a *app) proposalCommand() *cobra.Command {
	return a.group("proposal", "复核他人的提议", "what others propose and wait for",
		a.casesCommand(clearing.CaseProposal),
		a.decideProposal("approve RECORD", clearing.StepApprove, "复核通过，即予执行", "approve a proposal: it is carried out"),
		a.decideProposal("withdraw RECORD", clearing.StepWithdraw, "撤回提议", "withdraw a proposal"),
	)
}

// decision are the flags of who approves or withdraws.
func (a *app) decision(c *cobra.Command, flags *officerFlags, step clearing.ActStep) {
	f := c.Flags()
	f.StringVar(&flags.province, "province", "", a.say("经办省份代码", "whose officers act"))
	f.StringVar(&flags.request.Reason, "reason", "", a.say("理由，一行", "why, one line"))
	f.StringVar(&flags.request.Object, "object", "", a.say("所见对象的摘要（clearctl look）", "digest of what was seen (clearctl look)"))
	name := &flags.request.Checker
	who := "checker"
	if step == clearing.StepWithdraw {
		name, who = &flags.request.Maker, "maker"
	}
	f.StringVar(name, who, "", a.say("谁", "who"))
	for _, flag := range []string{"province", "reason", "object", who} {
		_ = c.MarkFlagRequired(flag)
	}
	flags.request.Step = step
}

func (a *app) decideProposal(use string, step clearing.ActStep, zh, en string) *cobra.Command {
	var flags officerFlags
	c := &cobra.Command{Use: use, Short: a.say(zh, en), Long: a.say(
		"RECORD 为提议的账册号。提议人不能自行复核；所涉事项此后有变化的，提议失效。",
		"RECORD is the books' number of the proposal. Who proposed it cannot approve it, and it ends when what it is about changes."),
		Example: "  clearctl proposal " + use[:len(use)-len(" RECORD")] + " 2044 --province 33 --object 3f… --reason ok",
	}
	a.decision(c, &flags, step)
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		number, err := strconv.ParseUint(args[0], 10, 64)
		if err != nil || number == 0 {
			return usageError("请给出提议的账册号", "name the proposal by its books' number")
		}
		return a.decide(c.Context(), flags, number)
	})
}

func (a *app) breakProposal(use string, step clearing.ActStep, zh, en string) *cobra.Command {
	var flags officerFlags
	c := &cobra.Command{Use: use, Short: a.say(zh, en), Long: a.say(zh+"，见 clearctl proposal。", en+"; see clearctl proposal."),
		Example: "  clearctl breaks " + use[:len(use)-len(" KEY")] + " bill/1042 --province 33 --object 3f… --reason ok",
	}
	a.decision(c, &flags, step)
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		if _, err := provinceFlag(flags.province); err != nil {
			return err
		}
		seen, err := call[service.LookReply](c.Context(), a, service.Look+"."+flags.province, service.LookRequest{Target: "break/" + args[0]})
		if err != nil {
			return err
		}
		if seen.Break == nil || seen.Break.Proposal == 0 {
			return no("该差异没有待复核的提议", "nothing is proposed on this break")
		}
		return a.decide(c.Context(), flags, seen.Break.Proposal)
	})
}

// decide approves or withdraws a proposal, which its record explains.
func (a *app) decide(ctx context.Context, flags officerFlags, number uint64) error {
	if _, err := provinceFlag(flags.province); err != nil {
		return err
	}
	record, err := call[service.ClaimReply](ctx, a, service.Claim, service.ClaimRequest{Entry: number})
	if err != nil {
		return err
	}
	if record.Act == nil || record.Act.Step != clearing.StepPropose {
		return no("该记录不是提议", "the record is no proposal")
	}
	request := flags.request
	request.Kind, request.Target, request.Proposal = record.Act.Kind, record.Act.Target, number
	return a.carryOut(ctx, flags.province, request)
}
