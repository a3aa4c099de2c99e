package console

import (
	"fmt"
	"strings"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
)

// remedy is something that can be done about a break, and the command that does it. The
// page shows commands and runs none.
type remedy struct {
	What    string // key of the sentence
	Command string // "" where the step is somebody else's
}

// classRemedies say who has to do what about a class before anybody decides about money.
// Each class has one; a test holds the list complete.
var classRemedies = map[reconcile.Class]string{
	reconcile.MissHospital: "do.restate", reconcile.MissTreatment: "do.restate", reconcile.MissHome: "do.restate",
	reconcile.Surplus: "do.publish", reconcile.Timing: "do.wait",
	reconcile.AmountOver: "do.compare", reconcile.AmountUnder: "do.compare", reconcile.Split: "do.compare", reconcile.Round: "do.compare",
	reconcile.Duplicate: "do.correct", reconcile.DuplicateOurs: "do.cancel", reconcile.Status: "do.chase", reconcile.ReversalAlone: "do.horizon",
	reconcile.Field: "do.correct", reconcile.Rule: "do.plan", reconcile.Eligibility: "do.filing", reconcile.Totals: "do.rows",
	reconcile.SerialGap: "do.missing", reconcile.SerialReuse: "do.number", reconcile.Unreadable: "do.refused",
}

// remedies are what can be done about a break as it stands.
func remedies(r service.BreakReply) []remedy {
	l := r.Break
	key := quoted(l.Key)
	var list []remedy
	if first, ok := classRemedies[l.Class]; ok {
		list = append(list, remedy{What: first})
	}
	if l.Entry != 0 && moneyDiffers(l) {
		list = append(list, remedy{"do.verify", fmt.Sprintf("clearctl claim verify %d", l.Entry)})
	}
	switch l.State {
	case reconcile.Open:
		list = append(list, remedy{"do.accept", "clearctl breaks accept " + key}, remedy{"do.close", "clearctl breaks close " + key},
			remedy{"do.assign", "clearctl breaks assign " + key})
	case reconcile.Proposed:
		list = append(list, remedy{"do.approve", "clearctl breaks approve " + key})
	case reconcile.Resolved:
		if group := lastGroup(r.History); group != "" {
			list = append(list, remedy{"do.undo", "clearctl breaks undo " + quoted(group)})
		}
	}
	return append(list, remedy{"do.show", "clearctl breaks show " + key})
}

// moneyDiffers reports whether a recomputation of the bill can tell anything.
func moneyDiffers(l report.BreakLine) bool {
	return l.Difference != 0 || l.Class == reconcile.Split || l.Class == reconcile.Rule || l.Class == reconcile.Eligibility
}

// lastGroup is the group that resolved the break last.
func lastGroup(history []service.BreakEvent) (group string) {
	for _, e := range history {
		if e.Group != "" {
			group = e.Group
		}
	}
	return group
}

// quoted is a word for a shell: a row's name may hold anything.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("/._-:", r)
	}
	if !strings.ContainsFunc(word, func(r rune) bool { return !plain(r) }) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
