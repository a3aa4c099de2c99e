package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/ledger"
)

func (a *app) deductionCommand() *cobra.Command {
	deduction := caseTarget(clearing.CaseDeduction, clearing.CaseTakeBack)
	return a.group("deduction", "审核扣款与追回", "deductions, and what is taken back",
		a.officerCommand(officerAct{
			use: "open BILL", kind: clearing.ActDeduct, target: billTarget, funds: true, argumentMin: 1,
			zh: "暂扣一笔结算的金额", en: "hold money of a bill back",
			zhMore: `按基金暂扣结算的金额，最多为该结算现存且未通知的金额；暂扣期间不进入确认。BILL 为账册号或结算ID。须双人。`,
			enMore: `Holds money of a bill back, fund by fund: at most what stands of it and is not noticed yet. It cannot
be confirmed meanwhile. BILL is the books' number or the setl_id. Two persons.`,
			example: "  clearctl deduction open 1042 --province 33 --object 3f… --fund 310100=120.00 --maker wang --checker li --reason \"item charged twice\"",
		}),
		a.officerCommand(officerAct{
			use: "takeback BILL", kind: clearing.ActTakeBack, target: billTarget, funds: true, argumentMin: 1,
			zh: "追回已确认或已拨付的金额", en: "take back what was confirmed or paid",
			zhMore:  "记负数应付于当日，供下期清算抵扣，余额结转可见；最多为该结算已确认及其后的现存金额。须双人。",
			enMore:  "Books a negative obligation on the open day, which the next clearing sets off; what is left is carried visibly. At most what stands of the bill from confirmation on. Two persons.",
			example: "  clearctl deduction takeback 1042 --province 33 --object 3f… --fund 310100=120.00 --maker wang --propose --reason \"found in the yearly review\"",
		}),
		a.casesCommand(clearing.CaseDeduction, clearing.CaseTakeBack),
		a.caseCommand(deduction),
		a.officerCommand(officerAct{
			use: "appeal ID", kind: clearing.ActAppeal, target: deduction, argumentMin: 1,
			zh: "登记医院申诉", en: "note that the hospital objects", zhMore: "登记医院对暂扣的申诉；金额仍暂扣。", enMore: "Notes that the hospital objects. The money stays held back.",
			example: "  clearctl deduction appeal 2044 --province 33 --maker zhao --reason \"two sessions were given\"",
		}),
		a.officerCommand(officerAct{
			use: "uphold ID", kind: clearing.ActUphold, target: deduction, argumentMin: 1,
			zh: "核定扣款：参保省少付", en: "make a deduction final: the home region owes less", zhMore: "暂扣金额从账册双方转出。须双人。", enMore: "The money leaves the books on both sides. Two persons.",
			example: "  clearctl deduction uphold 2044 --province 33 --object 3f… --maker wang --checker li --reason \"no second session in the record\"",
		}),
		a.officerCommand(officerAct{
			use: "restore ID", kind: clearing.ActRestore, target: deduction, argumentMin: 1,
			zh: "退还：恢复应付", en: "give the money back: it is owed again", zhMore: "退还暂扣、已核定的扣款或追回的金额。追回写作 takeback/ID。须双人。", enMore: "Restores a deduction, also an upheld one, or what was taken back (written takeback/ID). Two persons.",
			example: "  clearctl deduction restore 2044 --province 33 --object 3f… --maker wang --checker li --reason \"appeal granted\"",
		}),
	)
}

func (a *app) inquiryCommand() *cobra.Command {
	inquiry := caseTarget(clearing.CaseInquiry)
	return a.group("inquiry", "费用协查", "fee inquiries about single stays of 30,000 yuan and more",
		a.officerCommand(officerAct{
			use: "open BILL", kind: clearing.ActInquire, target: billTarget, argumentMin: 1,
			zh: "参保省发起协查", en: "the home province asks about a bill",
			zhMore:  "医疗费总额30000元及以上的结算可协查。上月26日至本月25日为一批，26日零时锁定，此后不得修改或删除。",
			enMore:  "For bills of 30,000.00 and more in total. The 26th to the 25th make one list, which is fixed at 00:00 on the 26th and not changed or deleted any more.",
			example: "  clearctl inquiry open 1042 --province 65 --maker wang --reason \"length of stay\"",
		}),
		a.casesCommand(clearing.CaseInquiry), a.caseCommand(inquiry),
		a.officerCommand(officerAct{
			use: "retract ID", kind: clearing.ActRetract, target: inquiry, argumentMin: 1,
			zh: "锁定前撤回", en: "take it off a list that is not fixed yet", zhMore: "批次锁定前可撤回。", enMore: "Until the list is fixed.",
			example: "  clearctl inquiry retract 202603/1042 --province 65 --maker wang --reason \"answered by telephone\"",
		}),
		a.officerCommand(officerAct{
			use: "answer ID", kind: clearing.ActAnswer, target: inquiry, result: true, argumentMin: 1,
			zh: "就医地答复", en: "the treatment place answers: right, or wrong and why", zhMore: "次月26日前答复；逾期滚入下批并计数。", enMore: "By the 26th of the month after the list's. What is late rolls over and is counted.",
			example: "  clearctl inquiry answer 202603/1042 --province 33 --result wrong --maker li --reason \"one item twice\"",
		}),
		a.officerCommand(officerAct{
			use: "agree ID", kind: clearing.ActAgree, target: inquiry, argumentMin: 1,
			zh: "参保省确认答复", en: "the home province confirms the answer", zhMore: "答复后5个工作日内确认。", enMore: "Within five working days of the answer.",
			example: "  clearctl inquiry agree 202603/1042 --province 65 --maker wang --reason agreed",
		}),
	)
}

func (a *app) ticketCommand() *cobra.Command {
	ticket := caseTarget(clearing.CaseTicket)
	return a.group("ticket", "问题协同", "problem tickets between provinces",
		a.openTicketCommand(), a.casesCommand(clearing.CaseTicket), a.caseCommand(ticket),
		a.officerCommand(officerAct{
			use: "answer ID", kind: clearing.ActAnswer, target: ticket, argumentMin: 1,
			zh: "答复；首个答复人负责到底", en: "answer it; the first responder owns it", zhMore: "备案2个、系统故障1个、其他10个工作日内。", enMore: "Within 2 working days about filing, 1 about a system fault, 10 about anything else.",
			example: "  clearctl ticket answer 2044 --province 33 --maker li --reason \"filing corrected\"",
		}),
		a.officerCommand(officerAct{
			use: "agree ID", kind: clearing.ActAgree, target: ticket, argumentMin: 1,
			zh: "确认答复", en: "confirm the answer", zhMore: "10个工作日内不确认视同确认。", enMore: "Ten working days without a word count as confirmed.",
			example: "  clearctl ticket agree 2044 --province 65 --maker wang --reason solved",
		}),
		a.officerCommand(officerAct{
			use: "reopen ID", kind: clearing.ActReopen, target: ticket, argumentMin: 1,
			zh: "提级：由上一级处理", en: "reopen it to the upper level", zhMore: "对答复有异议的，提请上一级处理。", enMore: "When the answer does not help.",
			example: "  clearctl ticket reopen 2044 --province 65 --maker wang --reason \"still wrong\"",
		}),
		a.officerCommand(officerAct{
			use: "comment ID", kind: clearing.ActComment, target: ticket, argumentMin: 1,
			zh: "备注", en: "put a remark on it", zhMore: "留一行备注。", enMore: "Puts one line on it.",
			example: "  clearctl ticket comment 2044 --province 33 --maker li --reason \"asked the bureau\"",
		}),
	)
}

func (a *app) openTicketCommand() *cobra.Command {
	var flags officerFlags
	order := clearing.TicketOrder{}
	c := &cobra.Command{Use: "open", Short: a.say("向外省发起", "ask another province"),
		Long:    a.say("--type 为 filing（备案）、system（系统故障）或 other（其他）。", "--type is filing, system or other."),
		Example: "  clearctl ticket open --province 65 --to 33 --type filing --maker wang --reason \"filing is not found\"",
	}
	a.officerFlags(c, &flags, false)
	var to string
	c.Flags().StringVar(&to, "to", "", a.say("请哪个省处理", "which province shall answer"))
	c.Flags().StringVar((*string)(&order.Type), "type", "", a.say("类别", "what it is about"))
	c.Flags().StringVar(&order.About, "about", "", a.say("所涉对象，例如 bill/1042", "what it refers to, for example bill/1042"))
	_ = c.MarkFlagRequired("to")
	_ = c.MarkFlagRequired("type")
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		request, err := flags.order()
		if err != nil {
			return err
		}
		order.To = ledger.Province(to)
		request.Kind, request.Target, request.Ticket = clearing.ActTicket, "new", &order
		return a.carryOut(c.Context(), flags.province, request)
	})
}

// casesCommand lists cases of some kinds.
func (a *app) casesCommand(kinds ...clearing.CaseKind) *cobra.Command {
	var province string
	var all bool
	c := &cobra.Command{Use: "list", Short: a.say("列出", "list them"),
		Long:    a.say("列出本省为一方的事项；--all 也列出已办结的。", "Lists those that the province has a part in; --all also those that are done."),
		Example: "  clearctl " + map[clearing.CaseKind]string{clearing.CaseProposal: "proposal", clearing.CaseDeduction: "deduction", clearing.CaseInquiry: "inquiry", clearing.CaseTicket: "ticket"}[kinds[0]] + " list --province 33",
	}
	c.Flags().StringVar(&province, "province", "", a.say("省份代码", "province"))
	c.Flags().BoolVar(&all, "all", false, a.say("包括已办结的", "also those that are done"))
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		if _, err := provinceFlag(province); err != nil {
			return err
		}
		whole := service.CasesReply{Cases: []service.CaseView{}}
		for _, kind := range kinds {
			request := service.CasesRequest{Open: !all && kind != clearing.CaseTakeBack}
			for {
				part, err := call[service.CasesReply](c.Context(), a, service.Cases+"."+province+"."+string(kind), request)
				if err != nil {
					return err
				}
				whole.Cases = append(whole.Cases, part.Cases...)
				if request.After = part.Next; part.Next == "" {
					break
				}
			}
		}
		return a.show(whole, func() { a.printCases(whole.Cases) })
	})
}

func (a *app) printCases(cases []service.CaseView) {
	if len(cases) == 0 {
		a.printf("没有。", "none.")
		return
	}
	t := newTable(a.say("事项", "case"), a.say("状态", "state"), a.say("参保省", "home"), a.say("就医省", "treatment"), ">"+a.say("结算", "bill"), ">"+a.say("金额（元）", "yuan"),
		a.say("轮到", "turn"), a.say("期限", "due"), a.say("说明", "note"))
	for i := range cases {
		c := &cases[i]
		due := ""
		if c.Due != nil {
			due = c.Due.String()
		}
		money := ""
		if len(c.Funds) > 0 {
			money = grouped(c.Money)
		}
		t.row(c.Key, a.caseState(c.State), c.Home, c.Treatment, number(c.Bill), money, c.Owner, due, a.caseNote(c))
	}
	t.write(a.out)
}

// caseNote is what else there is to know of a case at a glance.
func (a *app) caseNote(c *service.CaseView) string {
	var notes []string
	note := func(is bool, zh, en string) {
		if is {
			notes = append(notes, a.say(zh, en))
		}
	}
	note(c.Result == "right", "答复：无误", "answer: right")
	note(c.Result == "wrong", "答复：有误", "answer: wrong")
	note(c.BillUndone && len(c.Funds) > 0 && c.State != clearing.Restored, "结算已撤销，须退还", "the bill was taken back: restore")
	note(c.Level > 0, "已提请上级", "at the upper level")
	note(c.Late > 0, fmt.Sprintf("已滚存 %d 批", c.Late), fmt.Sprintf("rolled over %d lists", c.Late))
	note(c.Overdue, "逾期", "overdue")
	note(c.Kind == clearing.CaseProposal, c.Target, c.Target)
	return strings.Join(notes, a.say("；", "; "))
}

func (a *app) caseState(s clearing.CaseState) string {
	if a.lang == english {
		return string(s)
	}
	zh := map[clearing.CaseState]string{
		clearing.Waiting: "待办", clearing.Approved: "已复核", clearing.Withdrawn: "已撤回", clearing.Held: "暂扣", clearing.Appealed: "申诉中",
		clearing.Upheld: "已核定扣款", clearing.Restored: "已退还", clearing.Taken: "已追回", clearing.Agreed: "已确认", clearing.RolledBack: "已回退",
		clearing.Answered: "已答复", clearing.Undone: "已撤销",
	}
	return orDefault(zh[s], string(s))
}

// caseCommand shows one case with its steps and its object.
func (a *app) caseCommand(target func(string) (string, error)) *cobra.Command {
	var province string
	c := &cobra.Command{Use: "show ID", Short: a.say("查看一件及其经过", "show one with all its steps"),
		Long: a.say("查看一件的经过、金额与对象摘要。", "Shows what happened to it, its money and the object that a decision names."),
	}
	c.Flags().StringVar(&province, "province", "", a.say("省份代码", "province"))
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		name, err := target(args[0])
		if err != nil {
			return err
		}
		return a.lookAt(c.Context(), province, name)
	})
}
