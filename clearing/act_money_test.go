package clearing_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

func (p *play) lines(script string) {
	p.Helper()
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(line); line != "" {
			p.line(line)
		}
	}
}

// moreMoneyScripts are act scripts about the last fen: what an accepted difference reads
// from the findings, what a confirmation can give back, and the days of the window.
var moreMoneyScripts = map[string]string{
	"of findings the funds count, and the personal account; sums of the bill do not": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=5.00 medfee_sumamt=23000.00/23005.00 310100=14025.00/14028.00 acct_pay=0.00/2.00
		act accept break/bill/m1 -> acted
		stands m1 Accrued=14030.00`,

	"a figure that one side does not have is not nothing": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_UNDER owed=-14025.00 310100=14025.00/
		act accept break/bill/m1 -> refused 7007
		break bill/m1 AMT_OVER owed=3.00 310100=/3.00
		act accept break/bill/m1 -> refused 7007
		stands m1 Accrued=14025.00`,

	"a difference of words only owes nothing that could be accepted": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER
		act accept break/bill/m1 -> refused 7007
		act close break/bill/m1 -> acted`,

	"only a booked bill's difference is accepted": `
		2304 m1 -> booked moves=+
		2305 m2 setl_id=m1 -> cancelled of=m1 moves=-
		break bill/m2 AMT_OVER owed=3.00
		act accept break/bill/m2 310100=3.00 -> refused 7005`,

	"only an accepted difference is reversed": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=10.00 -> acted
		act reverse act/2 -> refused 7005
		stands m1 Accrued=14015.00 Reserved=10.00`,

	"a finding of which one side has no figure tells no difference": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=3.00 310100=14025.00/
		act accept break/bill/m1 -> refused 7007
		break bill/m1 AMT_OVER owed=-3.00 310100=/3.00
		act accept break/bill/m1 -> refused 7007
		act accept break/bill/m1 310100=-3.00 -> acted
		stands m1 Accrued=14022.00`,

	"a home side that does not have the bill: accepting it owes nothing": `
		2304 m1 -> booked moves=+
		break bill/m1 MISS_HOME side=home owed=-14025.00
		act accept break/bill/m1 -> acted
		stands m1`,

	"nor does a treatment side that does not have it": `
		2304 m1 -> booked moves=+
		break bill/m1 MISS_TREAT owed=-14025.00
		act accept break/bill/m1 -> acted
		stands m1`,

	"of a bill that was taken back no difference is accepted": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=3.00 310100=14025.00/14028.00
		2305 m2 setl_id=m1 -> cancelled of=m1 moves=-
		act accept break/bill/m1 -> refused 7005
		act close break/bill/m1 -> acted`,

	"what was confirmed is taken back to the last fen, once": `
		2304 m1 -> booked moves=+
		day 2026-04-01
		month 202603 m1=1 -> acted
		act takeback bill/m1 310100=14025.00 -> acted
		act uphold case/takeback/@ -> refused 7005
		act appeal case/takeback/@ by=wang -> refused 7005
		act takeback bill/m1 310100=0.01 -> refused 7007
		stands m1
		act restore case/takeback/@ -> acted
		act restore case/takeback/@ -> refused 7005
		stands m1 Confirmed=14025.00`,

	"confirmations of one row are rolled back together only if both are there still": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=25.00 -> acted
		day 2026-04-02
		month 202603 m1=1 -> acted
		act restore case/deduction/@ -> acted
		month 202603 m1=1 -> acted
		act deduct bill/m1 310100=10.00 -> acted
		stands m1 Reserved=10.00 Confirmed=14015.00
		rollback 202603 batch=0 -> refused 7107
		act restore case/deduction/@ -> acted
		rollback 202603 batch=0 -> acted
		stands m1 Accrued=14025.00`,

	"the window's last day counts, and the month's last day": `
		day 2026-03-31
		2304 m1 -> booked moves=+
		day 2026-04-01
		2304 m2 mdtrt_id=V2 -> booked moves=+
		day 2026-04-20
		month 202603 m2=1 -> refused 7102
		month 202603 m1=1 -> acted
		rollback 202603 batch=0 -> acted
		day 2026-04-21
		month 202603 m1=1 -> refused 7101`,
}

func TestMoneyOfActs(t *testing.T) {
	for name, script := range moreMoneyScripts {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			p.lines(script)
			p.checkActs()
		})
	}
}

// TestOfTwoSidesTheNamedOneIsAccepted: without a name it is the party's of the break.
func TestOfTwoSidesTheNamedOneIsAccepted(t *testing.T) {
	for _, x := range []struct{ side, became, stands string }{
		{"", "acted", "Accrued=14028.00"},
		{"side=hospital", "acted", "Accrued=14028.00"},
		{"side=home", "acted", "Accrued=14030.00"},
		{"side=treatment", "refused 7002", "Accrued=14025.00"}, // it differs in a word only
		{"side=nobody", "refused 7002", "Accrued=14025.00"},
	} {
		p := newPlay(t)
		p.lines("2304 m1 -> booked moves=+\nbreak bill/m1 AMT_OVER owed=3.00 310100=14025.00/14028.00")
		brk := p.breaks["bill/1"]
		brk.Findings = append(brk.Findings,
			reconcile.Finding{Side: reconcile.Home, Class: brk.Class, Field: "310100", Ours: "14025.00", Theirs: "14030.00"},
			reconcile.Finding{Side: reconcile.Home, Class: brk.Class, Owed: 5_00},
			reconcile.Finding{Side: reconcile.Treatment, Class: brk.Class, Field: "psn_type", Ours: "11", Theirs: "12"})
		p.breaks["bill/1"] = brk
		p.line(fmt.Sprintf("act accept break/bill/m1 %s -> %s", x.side, x.became))
		p.line("stands m1 " + x.stands)
		p.checkActs()
	}
}

// TestASideWithoutTheBillIsNotTheOtherSide: the home side does not have it, the hospital has
// another amount.
func TestASideWithoutTheBillIsNotTheOtherSide(t *testing.T) {
	for side, stands := range map[string]string{"": "Accrued=14028.00", "side=home": ""} {
		p := newPlay(t)
		p.lines("2304 m1 -> booked moves=+\nbreak bill/m1 AMT_OVER owed=3.00 310100=14025.00/14028.00")
		brk := p.breaks["bill/1"]
		brk.Findings = append(brk.Findings, reconcile.Finding{Side: reconcile.Home, Class: reconcile.MissHome, Owed: -14025_00})
		p.breaks["bill/1"] = brk
		p.line(fmt.Sprintf("act accept break/bill/m1 %s -> acted", side))
		p.line("stands m1 " + stands)
	}
}

// TestWhatIsNoticedIsTakenBackAndNotHeld: a deduction takes what is accrued or confirmed,
// and says how much that is; a notice is out, and what it told is taken back.
func TestWhatIsNoticedIsTakenBackAndNotHeld(t *testing.T) {
	p := newPlay(t)
	p.line("2304 m1 -> booked moves=+")
	p.rows[1] = clearing.RowState{
		Moves:   []clearing.StageAmount{{Stage: ledger.Accrued, Fund: "310100", Amount: -14000_00}, {Stage: ledger.Noticed, Fund: "310100", Amount: 14000_00}},
		Batches: []clearing.RowBatch{{Act: 1, Period: 202603}},
	}
	p.line("stands m1 Accrued=25.00 Noticed=14000.00")
	order := p.officersOrder([]string{"deduct", "bill/m1", "310100=25.01"})
	order.At = p.day.Time()
	_, err := p.desk.Act(p, order, p.day)
	var refusal *provinces.RejectError
	if !errors.As(err, &refusal) || refusal.Code != provinces.CodeActAmount || refusal.Errors[0].Expected != "310100 <= 25.00" || refusal.Errors[0].Found != "25.01" {
		t.Errorf("%+v", refusal)
	}
	p.lines(`
		act takeback bill/m1 310100=14000.01 -> refused 7007
		act takeback bill/m1 310100=14000.00 -> acted
		act deduct bill/m1 310100=25.00 -> acted`)
}

// TestAReversedDifferenceOpensItsBreakAgain, and the break tells by which act; an assigned
// one tells whose turn it is.
func TestAReversedDifferenceOpensItsBreakAgain(t *testing.T) {
	p := newPlay(t)
	p.lines(`
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=3.00 310100=14025.00/14028.00
		act assign break/bill/m1 by=wang side=home -> acted`)
	if brk := p.breaks["bill/1"]; brk.Owner != reconcile.Home || brk.State != reconcile.Open {
		t.Errorf("assigned, it is %s and the turn of %v", brk.State, brk.Owner)
	}
	p.lines(`
		act accept break/bill/m1 -> acted
		act reverse act/3 -> acted`)
	brk := p.breaks["bill/1"]
	if last := brk.History[len(brk.History)-1]; brk.State != reconcile.Open || last.State != reconcile.Open || last.What != "act:reverse" || last.Act != 4 {
		t.Errorf("it is %s, last %+v", brk.State, last)
	}
}

// TestWhatActsNoteOfARow: what was taken back and given back of it, from which stage money
// is held, what was left out of which period; and a case that is over is nobody's turn.
func TestWhatActsNoteOfARow(t *testing.T) {
	p := newPlay(t)
	ten := []provinces.FundAmount{{Fund: "310100", Amount: 10_00}}
	p.lines(`
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=10.00 -> acted`)
	held := p.cases[p.newest[clearing.CaseDeduction]]
	if want := []clearing.StageAmount{{Stage: ledger.Accrued, Fund: "310100", Amount: 10_00}}; !reflect.DeepEqual(held.From, want) || held.Owner != "33" {
		t.Errorf("held back from %v, the turn of %q", held.From, held.Owner)
	}
	p.line("act uphold case/deduction/@ -> acted")
	if c := p.cases[held.Key()]; c.Owner != "" {
		t.Errorf("an upheld deduction is the turn of %s", c.Owner)
	}
	p.line("act restore case/deduction/@ -> acted")
	p.line("act deduct bill/m1 310100=10.00 -> acted")
	p.line("act restore case/deduction/@ -> acted")
	if c := p.cases[p.newest[clearing.CaseDeduction]]; c.Owner != "" || c.State != clearing.Restored {
		t.Errorf("a restored deduction is %s and the turn of %q", c.State, c.Owner)
	}
	p.lines("day 2026-04-01\nmonth 202603 m1=0 -> acted")
	if row := p.rows[1]; row.Left != 202603 || row.Confirmed() {
		t.Errorf("left out of %d", row.Left)
	}
	p.line("month 202603 m1=1 -> acted")
	if row := p.rows[1]; row.Left != 0 || row.In().Period != 202603 {
		t.Errorf("confirmed in %+v, left out of %d", row.In(), row.Left)
	}
	p.line("act takeback bill/m1 310100=10.00 -> acted")
	if got := p.rows[1].Taken; !reflect.DeepEqual(got, ten) {
		t.Errorf("taken back %v", got)
	}
	p.line("act restore case/takeback/@ -> acted")
	if got := p.rows[1].Taken; len(got) != 0 {
		t.Errorf("given back, and still taken back %v", got)
	}
}

// TestAMonthsOrderIsWholeByItself: a period with its target, a provider, an area of the
// province, a message of its own, and no more rows than a message may have.
func TestAMonthsOrderIsWholeByItself(t *testing.T) {
	rows := func(n int) (list []clearing.MonthRow) {
		for i := range n {
			list = append(list, clearing.MonthRow{SettlementID: fmt.Sprintf("330100G%013d", 100+i)}) // unknown: nothing to leave out
		}
		return list
	}
	for _, x := range []struct {
		name   string
		change func(*clearing.ActOrder)
		want   provinces.Code
	}{
		{"whole", func(*clearing.ActOrder) {}, 0},
		{"as many rows as there may be", func(o *clearing.ActOrder) { o.Month.Rows = rows(provinces.MonthRowsMax) }, 0},
		{"one more", func(o *clearing.ActOrder) { o.Month.Rows = rows(provinces.MonthRowsMax + 1) }, provinces.CodeMonthCount},
		{"no month", func(o *clearing.ActOrder) { o.Month.Period, o.Target = 202613, clearing.MonthTarget(202613) }, provinces.CodeActForm},
		{"another month's target", func(o *clearing.ActOrder) { o.Target = clearing.MonthTarget(202604) }, provinces.CodeActForm},
		{"no provider's code", func(o *clearing.ActOrder) { o.Month.Provider = "H3301/1" }, provinces.CodeActForm},
		{"an area of another province", func(o *clearing.ActOrder) { o.Month.Area = "440100" }, provinces.CodeActForm},
		{"a province as the area", func(o *clearing.ActOrder) { o.Month.Area = "33" }, provinces.CodeActForm},
		{"no msgid", func(o *clearing.ActOrder) { o.Month.MsgID = "" }, provinces.CodeActForm},
	} {
		p := newPlay(t)
		p.line("day 2026-04-01")
		order := p.monthOrder("month", []string{"202603"})
		order.Month.Rows = rows(1)
		x.change(&order)
		order.Object = clearing.MonthObject("33", order.Month.Provider, order.Month.MsgID)
		order.At = p.day.Time()
		_, err := p.desk.Act(p, order, p.day)
		var refusal *provinces.RejectError
		if x.want == 0 && err != nil || x.want != 0 && (!errors.As(err, &refusal) || refusal.Code != x.want) {
			t.Errorf("%s: %v, want %d", x.name, err, x.want)
		}
	}
}

// TestAMonthsRefusalNamesEveryRowOfTheLowestCode: the hospital mends them in one go.
func TestAMonthsRefusalNamesEveryRowOfTheLowestCode(t *testing.T) {
	p := newPlay(t)
	p.lines("2304 m1 -> booked moves=+\n2304 m2 mdtrt_id=V2 -> booked moves=+\nday 2026-04-01")
	for _, x := range []struct {
		rows string
		want string
	}{
		{"m1=1 total=1 m2=1 pays=1", "7103 input.detail[0].medfee_sumamt input.detail[1].optins_pay_sumamt"},
		{"m1=1 total=1 pays=1", "7103 input.detail[0].medfee_sumamt input.detail[0].optins_pay_sumamt"},
		{"m1=1 total=1 330100G0000000000099=1", "7102 input.detail[1].setl_sn"},
		{"330100G0000000000099=1 m1=1 total=1 330100G0000000000098=1", "7102 input.detail[0].setl_sn input.detail[2].setl_sn"},
	} {
		order := p.monthOrder("month", append([]string{"202603"}, strings.Fields(x.rows)...))
		order.Object, order.At = clearing.MonthObject("33", order.Month.Provider, order.Month.MsgID), p.day.Time()
		_, err := p.desk.Act(p, order, p.day)
		var refusal *provinces.RejectError
		if !errors.As(err, &refusal) {
			t.Errorf("%s: %v", x.rows, err)
			continue
		}
		got := fmt.Sprint(int(refusal.Code))
		for _, e := range refusal.Errors {
			got += " " + e.Field
		}
		if got != x.want {
			t.Errorf("%s: %s, want %s", x.rows, got, x.want)
		}
	}
}

// TestAMonthsRefusalIsNoLongerThanAnAnswerMayBe: of a hundred wrong rows the first are named.
func TestAMonthsRefusalIsNoLongerThanAnAnswerMayBe(t *testing.T) {
	p := newPlay(t)
	p.line("day 2026-04-01")
	order := p.monthOrder("month", []string{"202603"})
	for i := range provinces.MonthRowsMax {
		order.Month.Rows = append(order.Month.Rows, clearing.MonthRow{SettlementID: fmt.Sprintf("330100G%013d", 100+i), Confirm: true})
	}
	order.Object, order.At = clearing.MonthObject("33", order.Month.Provider, order.Month.MsgID), p.day.Time()
	_, err := p.desk.Act(p, order, p.day)
	var refusal *provinces.RejectError
	if !errors.As(err, &refusal) || refusal.Code != provinces.CodeMonthRow || len(refusal.Errors) != provinces.MaxFieldErrors {
		t.Errorf("%v names %d", err, len(refusal.Errors))
	}
}

// TestCasesAreNamedByKindAndID: what is neither a kind nor has an id names none.
func TestCasesAreNamedByKindAndID(t *testing.T) {
	for text, want := range map[string]clearing.CaseKey{
		"deduction/7":                     {Kind: clearing.CaseDeduction, ID: "7"},
		"batch/33/H33010000001/202603/12": {Kind: clearing.CaseBatch, ID: "33/H33010000001/202603/12"},
		"inquiry/202603/1":                {Kind: clearing.CaseInquiry, ID: "202603/1"},
		"deduction/":                      {},
		"deduction":                       {},
		"":                                {},
		"/7":                              {},
		"nothing/7":                       {},
	} {
		key, ok := clearing.ParseCaseKey(text)
		if key != want || ok != (want != clearing.CaseKey{}) || ok && key.String() != text {
			t.Errorf("%q is %v, %t", text, key, ok)
		}
	}
	if got := clearing.BatchPrefix("33", "H33010000001", 202603); got != "33/H33010000001/202603/" {
		t.Error(got)
	}
	if got := clearing.BatchPrefix("33", "", 202603); got != "33/-/202603/" {
		t.Error(got)
	}
}

// TestAnAnswerThatNobodyObjectsToIsConfirmed after its day (article 59): a ticket's, and of
// no other case.
func TestAnAnswerThatNobodyObjectsToIsConfirmed(t *testing.T) {
	due := dayOf(t, "2026-03-13")
	for _, x := range []struct {
		name string
		clearing.Case
		on   ledger.Day
		want clearing.CaseState
	}{
		{"on the day", clearing.Case{Kind: clearing.CaseTicket, State: clearing.Answered, Due: due}, due, clearing.Answered},
		{"after it", clearing.Case{Kind: clearing.CaseTicket, State: clearing.Answered, Due: due}, due + 1, clearing.Agreed},
		{"without a clock", clearing.Case{Kind: clearing.CaseTicket, State: clearing.Answered}, due + 1, clearing.Answered},
		{"not answered", clearing.Case{Kind: clearing.CaseTicket, State: clearing.Waiting, Due: due}, due + 1, clearing.Waiting},
		{"an inquiry", clearing.Case{Kind: clearing.CaseInquiry, State: clearing.Answered, Due: due}, due + 1, clearing.Answered},
	} {
		if got := x.StateOn(x.on); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}

// TestAnInquiryIsLateOnceForEach26thItMisses (article 58).
func TestAnInquiryIsLateOnceForEach26thItMisses(t *testing.T) {
	inquiry := clearing.Case{Kind: clearing.CaseInquiry, State: clearing.Waiting, Due: dayOf(t, "2026-04-26")}
	for day, want := range map[string]int{"2026-04-26": 0, "2026-04-27": 1, "2026-05-26": 1, "2026-05-27": 2, "2027-01-27": 10} {
		if got := inquiry.Late(dayOf(t, day)); got != want {
			t.Errorf("on %s it is late %d times, want %d", day, got, want)
		}
	}
	answered, ticket := inquiry, inquiry
	answered.State, ticket.Kind = clearing.Answered, clearing.CaseTicket
	for _, c := range []clearing.Case{answered, ticket} {
		if got := c.Late(dayOf(t, "2027-01-01")); got != 0 {
			t.Errorf("%s %s is late %d times", c.Kind, c.State, got)
		}
	}
}
