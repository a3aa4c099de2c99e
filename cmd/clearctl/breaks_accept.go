package main

import (
	"slices"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
)

// unacceptable says why a line of a workbook, which has no room for a split by fund, cannot
// accept a difference; nil if nothing that can be seen here speaks against it. The daemon would
// refuse the proposal, but an officer wants to know before anything is handed in.
func unacceptable(reply service.BreakReply) *report.Bi {
	difference := signed(reply.Break.Difference)
	switch {
	case reply.Break.Alone():
		return &report.Bi{ZH: "账册中没有这笔结算，不能认账：由医药机构补传结算",
			EN: "no bill of the books stands behind it, so it cannot be accepted: the hospital sends the claim"}
	case reply.UndoneBy != 0:
		return &report.Bi{ZH: "该结算已撤销，不能认账", EN: "the bill was taken back, so it cannot be accepted"}
	case reply.Break.Difference == 0:
		return &report.Bi{ZH: "应付没有差额，无可认账：请结案", EN: "nothing more or less is owed, so there is nothing to accept: close it"}
	case splitTold(reply):
		return nil
	}
	command := "clearctl breaks accept " + reply.Break.Key + " --side " + string(reply.Break.Side) + " --fund "
	return &report.Bi{
		ZH: "对方未按基金列出（如3202），须写明基金：" + command + "基金=金额，合计 " + difference,
		EN: "the side does not state fund by fund (as a 3202), so say which: " + command + "FUND=AMOUNT, together " + difference,
	}
}

// splitTold asks the rule by which the daemon decides.
func splitTold(reply service.BreakReply) bool {
	findings := make([]reconcile.Finding, 0, len(reply.Findings))
	for _, f := range reply.Findings {
		findings = append(findings, reconcile.Finding{Side: sideOf(f.Side), Class: f.Class, Owed: f.Owed, Field: f.Field, Ours: f.Ours, Theirs: f.Theirs})
	}
	return clearing.SplitTold(findings, sideOf(reply.Break.Side))
}

// sideOf is the side of a name; 0 for none.
func sideOf(name report.SideName) reconcile.Side {
	if i := slices.Index(report.SideNames, name); i >= 0 {
		return reconcile.Sides[i]
	}
	return 0
}
