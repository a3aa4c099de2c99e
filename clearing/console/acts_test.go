package console

import (
	"net/http"
	"strings"
	"testing"

	"clearingd/clearing"
	"clearingd/clearing/service"
)

// A bill's page says what stands of it after officers' acts and leads to the newest one; an
// act's page says who, who checked, why, about what, and what money moved.
func TestWhatOfficersDidIsOnThePages(t *testing.T) {
	books := newSampleBooks(t, 30)
	books.records[0].NewestAct = 9001
	books.records[0].Standing = []service.StandingLine{{Stage: "Accrued", Fund: "310100", Amount: 90_00}, {Stage: "Reserved", Fund: "310100", Amount: 10_00}}
	act := sampleRecord{ClaimReply: service.ClaimReply{Entry: 9001, Outcome: clearing.Acted, Day: sealedDay, Act: &service.ActView{
		StepView: service.StepView{Entry: 9001, Kind: clearing.ActDeduct, Step: clearing.StepApprove, Day: sealedDay, Maker: "wang", Checker: "li", Reason: "one item <twice>"},
		Province: "31", Target: "bill/1", Cases: []string{"deduction/9001"},
		Moves: []service.MoveView{{Row: 1, Fund: "310100", From: "Accrued", To: "Reserved", Amount: 10_00}},
	}}}
	books.records = append(books.records, act)
	r := newReader(t, books)
	for address, wants := range map[string][]string{
		"/claims/1?lang=zh":    {"经办之后现存", "暂扣", "10.00", "#9001"},
		"/claims/1?lang=en":    {"What stands of it after officers' acts", "reserved", "10.00"},
		"/claims/9001?lang=zh": {"一项经办决定", "经办: 暂扣", "wang", "li", "复核批准", "one item <twice>", "上海", "deduction/9001", "已结算", "10.00"},
		"/claims/9001?lang=en": {"deduction: held back", "approved", "accrued", "reserved"},
	} {
		page := r.page(address, http.StatusOK)
		checkPage(t, address, page)
		seen := text(page)
		for _, want := range wants {
			if !strings.Contains(seen, want) {
				t.Errorf("%s lacks %q in\n%s", address, want, seen)
			}
		}
	}
	if page := r.page("/claims/9001", http.StatusOK); !strings.Contains(page, `<a href="/claims/1">bill/1</a>`) || strings.Contains(page, "CLAIMS_ ") {
		t.Error("the act does not lead to its bill, or names a stream that it did not come by")
	}
	for target, want := range map[string]string{"bill/7": "/claims/7", "break/row/provider.31.H1/x": "/break?key=row%2Fprovider.31.H1%2Fx", "case/deduction/7": "", "": ""} {
		if got := aboutOf(target); got != want {
			t.Errorf("%s leads to %q, want %q", target, got, want)
		}
	}
}

// Every kind of act, and every step of one, has its name.
func TestEveryActHasAName(t *testing.T) {
	kinds := []clearing.ActKind{
		clearing.ActComment, clearing.ActAssign, clearing.ActAccept, clearing.ActClose, clearing.ActUndo, clearing.ActResolve, clearing.ActReverse, clearing.ActDeduct,
		clearing.ActAppeal, clearing.ActUphold, clearing.ActRestore, clearing.ActTakeBack, clearing.ActConfirm, clearing.ActRollBack, clearing.ActInquire, clearing.ActRetract,
		clearing.ActAnswer, clearing.ActAgree, clearing.ActTicket, clearing.ActReopen,
		clearing.ActKind(clearing.StepPropose), clearing.ActKind(clearing.StepApprove), clearing.ActKind(clearing.StepWithdraw),
	}
	for _, kind := range kinds {
		if _, ok := phrases["act.kind."+string(kind)]; !ok {
			t.Errorf("%s has no name", kind)
		}
	}
}
