package report

import (
	"clearingd/clearing/reconcile"
	"clearingd/ledger"
)

// breakColumn is one column of breaks.csv and breaks.xlsx. The order is part of the form:
// officers' macros and clearctl rest on it, so a new column goes to the end.
type breakColumn struct {
	name Bi     // heading
	id   string // name for programs; never changes
	cell func(l *BreakLine) any
}

// breakColumns are the columns that both files have.
var breakColumns = func() []breakColumn {
	list := []breakColumn{
		{Bi{"差异编号", "break"}, "key", func(l *BreakLine) any { return text(l.Key) }},
		{Bi{"业务日", "business day"}, "day", func(l *BreakLine) any { return text(l.Day.String()) }},
		{Bi{"参保统筹区", "home area"}, "home", func(l *BreakLine) any { return text(l.Home) }},
		{Bi{"参保省", "home province"}, "home_name", func(l *BreakLine) any { return text(areaProvince(l.Home)) }},
		{Bi{"就医统筹区", "treatment area"}, "treatment", func(l *BreakLine) any { return text(l.Treatment) }},
		{Bi{"就医省", "treatment province"}, "treatment_name", func(l *BreakLine) any { return text(areaProvince(l.Treatment)) }},
		{Bi{"医药机构", "provider"}, "provider", func(l *BreakLine) any { return text(l.Provider) }},
		{Bi{"账册号", "books' number"}, "entry", func(l *BreakLine) any {
			if l.Alone() {
				return text("")
			}
			return counted(l.Entry)
		}},
		{Bi{"结算ID", "settlement"}, "setl_id", func(l *BreakLine) any { return text(l.Row) }},
		{Bi{"类别", "class"}, "class", func(l *BreakLine) any { return text(l.Class) }},
		{Bi{"类别名称", "class in words"}, "class_name", func(l *BreakLine) any { return text(className(l.Class).ZH) }},
		{Bi{"差异方", "side that differs"}, "side", func(l *BreakLine) any { return text(sideName(l.Side).ZH) }},
		{Bi{"谁多", "who has more"}, "more", func(l *BreakLine) any { return text(moreName(l.More).ZH) }},
		{Bi{"字段", "member"}, "field", func(l *BreakLine) any { return text(l.Field) }},
		{Bi{"其他差异点", "other findings"}, "other_findings", func(l *BreakLine) any { return counted(l.Others) }},
		{Bi{"已证明原因", "proved cause"}, "cause", func(l *BreakLine) any { return text(causeName(l.Cause).ZH) }},
		{Bi{"账册应付", "owed by the books"}, "books", func(l *BreakLine) any { return money(l.Books) }},
		{Bi{"差额", "difference"}, "difference", func(l *BreakLine) any { return money(l.Difference) }},
	}
	for _, side := range SideNames {
		list = append(list, sideColumns(side)...)
	}
	return append(list,
		breakColumn{Bi{"首见日", "first seen"}, "first_seen", func(l *BreakLine) any { return text(l.FirstSeen.String()) }},
		breakColumn{Bi{"到期日", "due"}, "due", func(l *BreakLine) any { return text(l.Due.String()) }},
		breakColumn{Bi{"逾期工作日", "working days overdue"}, "overdue", func(l *BreakLine) any { return counted(max(0, l.Overdue)) }},
		breakColumn{Bi{"责任方", "whose turn"}, "owner", func(l *BreakLine) any { return text(sideName(l.Owner).ZH) }},
		breakColumn{Bi{"状态", "state"}, "state", func(l *BreakLine) any { return text(stateName(l.State).ZH) }},
	)
}()

// sideColumns say what one side has: whether it agrees, what it says is owed, and the
// bill's total.
func sideColumns(side SideName) []breakColumn {
	name, id := sideName(side), string(side)
	figure := func(of func(f SideFigure) *ledger.Amount) func(l *BreakLine) any {
		return func(l *BreakLine) any {
			if a := of(l.Of(side)); a != nil {
				return money(*a)
			}
			return text("")
		}
	}
	return []breakColumn{
		{Bi{name.ZH + "意见", name.EN + " says"}, id + "_says", func(l *BreakLine) any { return text(sideStateName(l.Of(side).State).ZH) }},
		{Bi{name.ZH + "应付", name.EN + ": owed"}, id + "_owed", figure(func(f SideFigure) *ledger.Amount { return f.Owed })},
		{Bi{name.ZH + "总费用", name.EN + ": total"}, id + "_total", figure(func(f SideFigure) *ledger.Amount { return f.Total })},
	}
}

func areaProvince(a ledger.Area) string {
	if a == "" {
		return ""
	}
	return provinceName(a.Province()).ZH
}

// className and its neighbours are what the words of package reconcile are called; a word
// that this release does not know is itself.
func className(c reconcile.Class) Bi           { return spoken("class.", string(c)) }
func causeName(c reconcile.CauseKind) Bi       { return spoken("cause.", string(c)) }
func stateName(s reconcile.State) Bi           { return spoken("break.", string(s)) }
func moreName(m reconcile.More) Bi             { return spoken("more.", string(m)) }
func sideName(s SideName) Bi                   { return spoken("party.", string(s)) }
func sideStateName(s string) Bi                { return spoken("says.", s) }
func happeningName(h Happening) Bi             { return spoken("happened.", string(h)) }
func automaticName(kind reconcile.AutoKind) Bi { return spoken("auto.", string(kind)) }

func spoken(family, s string) Bi {
	if t, ok := breakWords[family+s]; ok {
		return t
	}
	return Bi{visible(s), visible(s)}
}

// ClassName is what a class of breaks is called in both languages.
func ClassName(c reconcile.Class) Bi { return className(c) }

// CauseName is what a proved cause is called; "" is a cause that is not known.
func CauseName(c reconcile.CauseKind) Bi { return causeName(c) }

// StateName is what a state of a break is called.
func StateName(s reconcile.State) Bi { return stateName(s) }

// MoreName says who has more.
func MoreName(m reconcile.More) Bi { return moreName(m) }

// SideWord is what a side is called.
func SideWord(s SideName) Bi { return sideName(s) }

// SideStateName is what a side's word on a bill is called: [SideAgrees] and the others.
func SideStateName(s string) Bi { return sideStateName(s) }

// HappeningName is what a happening is called.
func HappeningName(h Happening) Bi { return happeningName(h) }

// DecisionName is what a decision of a sheet is called; word is one of [SheetDecisions].
func DecisionName(word string) Bi { return spoken("decide.", word) }
