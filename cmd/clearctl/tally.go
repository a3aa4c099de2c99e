package main

import (
	"fmt"
	"slices"
	"strings"

	"clearingd/provinces"
)

// tally is what became of all messages.
type tally struct {
	Messages   int                       `json:"messages"`
	Stored     int                       `json:"stored"`
	Already    int                       `json:"already_stored"`
	Failed     int                       `json:"not_stored"`
	Answered   int                       `json:"answered"`
	Unanswered int                       `json:"unanswered"`
	Foreign    int                       `json:"subject_taken"` // answered for other bytes under the same msgid
	Outcomes   map[provinces.Outcome]int `json:"outcomes,omitempty"`
	Refusals   map[provinces.Code]int    `json:"refusals,omitempty"`
	Labelled   int                       `json:"with_expectation"`
	Unexpected []unexpected              `json:"unexpected,omitempty"`
	Answers    []*answer                 `json:"answers,omitempty"` // of short runs
}

// unexpected is an answer that is not what the file says.
type unexpected struct {
	Subject string `json:"subject"`
	What    string `json:"what,omitempty"`
	Want    string `json:"want"`
	Got     string `json:"got"`
	Message string `json:"err_msg,omitempty"`
}

// shortRun is up to how many messages are shown one by one.
const shortRun = 20

func (s *sending) count() tally {
	t := tally{Messages: len(s.items), Outcomes: map[provinces.Outcome]int{}, Refusals: map[provinces.Code]int{}}
	for _, it := range s.items {
		switch {
		case it.stored:
			t.Stored++
		case it.already:
			t.Already++
		default:
			t.Failed++
		}
		switch {
		case it.answer != nil:
			t.Answered++
			t.answer(it)
		case it.foreign:
			t.Foreign++
		case s.wait && it.err == nil:
			t.Unanswered++
		}
		if len(s.items) <= shortRun && it.answer != nil {
			t.Answers = append(t.Answers, it.answer)
		}
	}
	return t
}

func (t *tally) answer(it *item) {
	a := it.answer
	t.Outcomes[a.Outcome]++
	if a.Code != 0 {
		t.Refusals[a.Code]++
	}
	if it.want != "" {
		t.Labelled++
	}
	if !it.expected() {
		want := outcomeText(it.want, it.code)
		if it.want == "" {
			want = "not refused"
		}
		t.Unexpected = append(t.Unexpected, unexpected{it.subject, it.what, want, outcomeText(a.Outcome, a.Code), a.Message})
	}
}

func outcomeText(o provinces.Outcome, code provinces.Code) string {
	if code == 0 {
		return string(o)
	}
	return fmt.Sprintf("%s %d", o, int(code))
}

// tell prints the result and turns it into an exit code.
func (s *sending) tell(strict bool) error {
	t := s.count()
	if err := s.app.show(t, func() { s.print(t) }); err != nil {
		return err
	}
	if t.Failed+t.Unanswered+t.Foreign > 0 || (strict && len(t.Unexpected) > 0) {
		return quiet(exitNo)
	}
	return nil
}

func (s *sending) print(t tally) {
	a := s.app
	if len(s.items) <= shortRun {
		s.printEach()
		fmt.Fprintln(a.out)
	}
	counts := newTable("", ">")
	counts.row(a.say("报文", "messages"), t.Messages)
	counts.row(a.say("已存入", "stored"), t.Stored)
	if t.Already > 0 {
		counts.row(a.say("先前已存（无害）", "already stored (harmless)"), t.Already)
	}
	if t.Failed > 0 {
		counts.row(a.say("未存入", "not stored"), t.Failed)
	}
	if s.wait {
		counts.row(a.say("已答复", "answered"), t.Answered)
		for _, o := range provinces.Outcomes {
			if n := t.Outcomes[o]; n > 0 {
				counts.row("  "+a.outcome(o), n)
			}
		}
		if t.Foreign > 0 {
			counts.row(a.say("报文ID已被其他报文占用", "msgid taken by another message"), t.Foreign)
		}
		if t.Unanswered > 0 {
			counts.row(a.say("到时未答复", "no answer in time"), t.Unanswered)
		}
		if t.Labelled > 0 {
			counts.row(a.say("与文件预期不符", "not as the file expects"), len(t.Unexpected))
		}
	}
	counts.write(a.out)
	s.printRefusals(t)
	s.printUnexpected(t)
	s.printFailures()
}

func (s *sending) printRefusals(t tally) {
	if len(t.Refusals) == 0 {
		return
	}
	codes := make([]provinces.Code, 0, len(t.Refusals))
	for c := range t.Refusals {
		codes = append(codes, c)
	}
	slices.Sort(codes)
	rows := newTable(s.app.say("拒绝代码", "refusal"), s.app.say("含义", "meaning"), ">"+s.app.say("笔数", "count"))
	for _, c := range codes {
		rows.row(int(c), s.app.say(c.Text().ZH, c.Text().EN), t.Refusals[c])
	}
	fmt.Fprintln(s.app.out)
	rows.write(s.app.out)
}

// printUnexpected shows the first answers that are not as expected, where the file has
// expectations at all.
func (s *sending) printUnexpected(t tally) {
	if t.Labelled == 0 || len(t.Unexpected) == 0 {
		return
	}
	rows := newTable(s.app.say("标签", "label"), s.app.say("预期", "expected"), s.app.say("实得", "got"), s.app.say("主题", "subject"))
	for _, u := range t.Unexpected[:min(len(t.Unexpected), shortRun)] {
		rows.row(u.What, u.Want, u.Got, u.Subject)
	}
	fmt.Fprintln(s.app.out)
	rows.write(s.app.out)
}

// printFailures shows why messages were not stored, each reason once.
func (s *sending) printFailures() {
	reasons := map[string]int{}
	for _, it := range s.items {
		if it.err != nil {
			reasons[s.app.say(publishError(it.err))]++
		}
	}
	for _, reason := range slices.Sorted(mapKeys(reasons)) {
		fmt.Fprintf(s.app.out, "\n%s × %d\n", reason, reasons[reason])
	}
}

// printEach shows the messages of a short run one by one.
func (s *sending) printEach() {
	a := s.app
	rows := newTable(a.say("报文", "message"), a.say("状态", "state"), a.say("结算ID", "settlement"),
		">"+a.say("总额", "total"), ">"+a.say("基金支付", "funds"), ">"+a.say("个人账户", "account"), ">"+a.say("现金", "cash"))
	for _, it := range s.items {
		state := a.say("已存入", "stored")
		switch {
		case it.err != nil:
			state = a.say(publishError(it.err))
		case it.answer != nil:
			state = a.outcome(it.answer.Outcome)
			if it.answer.Code != 0 {
				state += fmt.Sprintf(" %d", int(it.answer.Code))
			}
		case it.foreign:
			state = a.say("报文ID已被其他报文占用，请换报文ID重发", "msgid taken by another message; send it under a new msgid")
		case it.already:
			state = a.say("先前已存（already stored）", "already stored")
		case s.wait:
			state = a.say("到时未答复", "no answer in time")
		}
		got := answer{}
		if it.answer != nil {
			got = *it.answer
		}
		rows.row(it.key.MsgID, state, got.SettlementID, got.amount("medfee_sumamt"), got.amount("fund_pay_sumamt"), got.amount("acct_pay"), got.amount("psn_cash_pay"))
	}
	rows.write(a.out)
	for _, it := range s.items {
		if it.answer != nil {
			a.printRefusal(*it.answer)
		}
	}
}

// printRefusal says why a message was refused, and where.
func (a *app) printRefusal(got answer) {
	if got.Code == 0 {
		return
	}
	fmt.Fprintln(a.out)
	if got.Subject != "" {
		fmt.Fprintln(a.out, printable(got.Subject))
	}
	fmt.Fprintf(a.out, "  %d %s\n", int(got.Code), a.say(got.Code.Text().ZH, got.Code.Text().EN))
	for _, e := range got.Errors {
		var parts []string
		if e.Expected != "" {
			parts = append(parts, a.say("应为 ", "expected ")+e.Expected)
		}
		if e.Found != "" {
			parts = append(parts, a.say("实为 ", "found ")+e.Found)
		}
		fmt.Fprintf(a.out, "  %s: %s\n", printable(e.Field), printable(strings.Join(parts, a.say("，", ", "))))
	}
}
