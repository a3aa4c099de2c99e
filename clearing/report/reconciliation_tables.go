package report

import (
	"fmt"
	"strings"

	"clearingd/ledger"
)

// reconciliationSheets stand in the workbook of a report that has a reconciliation.
var reconciliationSheets = []sheet{
	{"三方对账 Reconciliation", reconciliationTables},
	{"对账逐对 Reconciled pairs", reconciledPairTables},
	{"余额核对 Tied balances", tiedBalanceTables},
}

// sheetsOf are the sheets of a report's workbook, in their order.
func sheetsOf(r Report) []sheet {
	if r.NoCalendar != 0 {
		return append([]sheet{sheets[0], {reconciliationSheets[0].name, unmatchedTables}}, sheets[1:]...)
	}
	if r.Reconciliation == nil {
		return sheets
	}
	list := append([]sheet{sheets[0]}, reconciliationSheets...)
	return append(list, sheets[1:]...)
}

// noCalendar says why a report has no reconciliation, and what makes it good.
func noCalendar(year int) Bi {
	return Bi{
		fmt.Sprintf("缺 %d 年的工作日历，无法确定期限，各方所报未与账册核对。将该年日历放入 reconcile.calendar_dir 并重新启动，由下一晚一并补对，或执行 clearctl reconcile --run 立即补对。已封存的报告不再改动，补对的结果见其后各晚的报告与差异清单。", year),
		fmt.Sprintf("The calendar of working days of %d is missing, so no due date can be told, and what sides state was not held against the books. Put it into reconcile.calendar_dir and restart: the next night makes the match good, or clearctl reconcile --run at once. A sealed report stays as it is; what the match finds stands in the reports of later nights and in the list of breaks.", year),
	}
}

// unmatchedTables stand in the place of the reconciliation that could not be made.
func unmatchedTables(r Report) []table {
	why, heading := noCalendar(r.NoCalendar), say("rec.unmatched")
	return []table{{head: heads("rec"), lines: [][]any{{text(heading.ZH + why.ZH)}, {text(heading.EN + " " + why.EN)}}}}
}

// reconciliationTables say in lines what the page says of breaks, owners and statements.
func reconciliationTables(r Report) []table {
	v := r.Reconciliation
	asOf := say("rec").Both() + " · " + say("rec.asof").Both() + " " + v.Evening.String()
	classes := breakTable(asOf, "class", v.Open)
	for _, c := range v.Classes {
		classes.lines = append(classes.lines, append([]any{text(string(c.Class) + " " + className(c.Class).Both())}, breakCells(c.BreakSum)...))
	}
	settled := table{caption: say("rec.settled").Both(), head: breakHeads("rec.what"), lines: [][]any{append([]any{text(say("rec.settled").Both())}, breakCells(v.Settled)...)}}
	if v.Agreed.Count > 0 {
		settled.lines = append(settled.lines, append([]any{text(say("rec.agreed").Both())}, breakCells(v.Agreed)...))
	}
	rows := breakTable(say("rec.alone").Both(), "class", v.Alone)
	for _, c := range v.Rows {
		rows.lines = append(rows.lines, append([]any{text(string(c.Class) + " " + className(c.Class).Both())}, breakCells(c.BreakSum)...))
	}
	both := BreakSum{
		Count: v.Open.Count + v.Agreed.Count + v.Alone.Count, Books: v.Open.Books + v.Agreed.Books,
		More: v.Open.More + v.Agreed.More + v.Alone.More, Less: v.Open.Less + v.Agreed.Less + v.Alone.Less,
	}
	aged := breakTable(say("rec.ages").Both(), "rec.age", both)
	for _, a := range v.Ages {
		aged.lines = append(aged.lines, append([]any{text(ageName(a).Both())}, breakCells(a.BreakSum)...))
	}
	owners := breakTable(say("rec.owners").Both(), "rec.owner", both)
	owners.head = append(owners.head, heads("province", "rec.overdue", "rec.worst")...)
	for _, o := range v.Owners {
		province := ""
		if o.Province != "" {
			province = named(o.Province)
		}
		line := append([]any{text(sideName(o.Owner).Both())}, breakCells(o.BreakSum)...)
		owners.lines = append(owners.lines, append(line, text(province), counted(o.Overdue), counted(o.Worst)))
	}
	changes := table{caption: say(changesKey(r.From, r.To)).Both(), head: breakHeads("rec.what"), empty: say("rec.nochanges").Both()}
	for _, c := range v.Changes {
		changes.lines = append(changes.lines, append([]any{text(happeningName(c.What).Both())}, breakCells(c.BreakSum)...))
	}
	return append([]table{classes, settled, rows, aged, owners, changes}, append([]table{automaticTable(v), overdueTable(v), hospitalTable(v)}, statementTables(v)...)...)
}

// changesKey is the heading over what happened to breaks: in a night, or in a period.
func changesKey(from, to ledger.Day) string {
	if from == to {
		return "rec.changes"
	}
	return "rec.happened"
}

func breakHeads(first string) []string {
	return heads(first, "rec.count", "rec.books", "rec.more", "rec.less")
}

func breakTable(caption, first string, total BreakSum) table {
	return table{caption: caption, head: breakHeads(first), empty: say("rec.nobreaks").Both(),
		total: append([]any{text(say("total").Both())}, breakCells(total)...)}
}

func breakCells(s BreakSum) []any {
	return []any{counted(s.Count), money(s.Books), money(s.More), money(s.Less)}
}

func automaticTable(v *Reconciliation) table {
	t := table{caption: say("rec.automatic").Both(), empty: say("none").Both(),
		head: append(heads("rec.group", "rec.kind", "rec.count"), append(heads("rec.cap", "amount"), append(heads("rec.cap"), heads("rec.done")...)...)...)}
	for _, g := range v.Automatic {
		done := say("rec.resolved").Both()
		if g.Waits {
			done = say("rec.waits").Both()
		}
		t.lines = append(t.lines, []any{text(g.Group), text(automaticName(g.Kind).Both()), counted(g.Count), counted(g.MostOf), money(g.Amount), money(g.MostFen), text(done)})
	}
	return t
}

func overdueTable(v *Reconciliation) table {
	t := table{caption: say("rec.longest").Both(), empty: say("none").Both(),
		head: heads("rec.break", "class", "day", "home", "treatment", "rec.provider", "rec.books", "rec.difference", "rec.due", "rec.days", "rec.owner")}
	for _, l := range v.Overdue {
		t.lines = append(t.lines, []any{text(l.Key), text(className(l.Class).Both()), text(l.Day.String()), text(l.Home), text(l.Treatment), text(l.Provider),
			money(l.Books), money(l.Difference), text(l.Due.String()), counted(l.Overdue), text(sideName(l.Owner).Both())})
	}
	return t
}

func hospitalTable(v *Reconciliation) table {
	t := table{caption: say("rec.hospitals").Both(), head: heads("rec.provider", "from.day", "to.day", "rec.count", "rec.apart"), empty: say("none").Both()}
	for _, h := range v.Hospitals {
		t.lines = append(t.lines, []any{text(h.Provider), text(h.From.String()), text(h.To.String()), counted(h.Count), money(h.Apart)})
	}
	return t
}

func statementTables(v *Reconciliation) []table {
	sides := table{caption: say("rec.statements").Both(), empty: say("rec.nostatements").Both(),
		head: heads("rec.side", "rec.parties", "rec.applied", "rec.repeated", "refused", "rec.missing")}
	for _, s := range v.Parties {
		sides.lines = append(sides.lines, []any{text(sideName(s.Side).Both()), counted(s.Parties), counted(s.Applied), counted(s.Repeated), counted(s.Refused), counted(s.Missing)})
	}
	late := table{caption: say("rec.late").Both(), head: heads("rec.party", "rec.horizon", "rec.until", "rec.gaps", "refused", "code"), empty: say("none").Both()}
	for _, p := range v.Late {
		horizon, due, code := say("rec.never").Both(), "", ""
		if p.Horizon != 0 {
			horizon = p.Horizon.String()
		}
		if p.Due != 0 {
			due = p.Due.String()
		}
		if p.Code != 0 {
			code = fmt.Sprint(int(p.Code))
		}
		late.lines = append(late.lines, []any{text(p.Party.Key()), text(horizon), text(due), text(gaps(p.Missing)), counted(p.Refused), text(code)})
	}
	return []table{sides, late}
}

// gaps writes missing numbers as "3, 7-9".
func gaps(missing []SerialRange) string {
	var parts []string
	for _, g := range missing {
		if g.From == g.To {
			parts = append(parts, fmt.Sprint(g.From))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", g.From, g.To))
		}
	}
	return strings.Join(parts, ", ")
}

// standingHeads and standingCells are the columns of any group of reconciled bills.
func standingHeads() []string {
	var list []string
	for _, key := range []string{"matched", "expected", "broken"} {
		name := say(key)
		list = append(list, name.ZH+"笔数\n"+name.EN+" bills", name.ZH+"\n"+name.EN)
	}
	return append(list, heads("rec.ledger")...)
}

func standingCells(s Standings) []any {
	return []any{counted(s.Matched.Count), money(s.Matched.Owed), counted(s.Expected.Count), money(s.Expected.Owed),
		counted(s.Broken.Count), money(s.Broken.Owed), money(s.Ledger)}
}

func reconciledPairTables(r Report) []table {
	v := r.Reconciliation
	t := table{head: append(heads("home", "treatment"), standingHeads()...), empty: say("nopairs").Both(),
		total: append([]any{text(say("total").Both()), nil}, standingCells(v.Totals)...)}
	for _, p := range v.Pairs {
		t.lines = append(t.lines, append([]any{text(named(p.Home)), text(named(p.Treatment))}, standingCells(p.Standings)...))
	}
	inner := table{caption: say("rec.internal").Both(), head: append(heads("home.area", "treat.area"), standingHeads()...), empty: say("nointernal").Both(),
		total: append([]any{text(say("total").Both()), nil}, standingCells(v.InternalTotals)...)}
	for _, p := range v.Internal {
		inner.lines = append(inner.lines, append([]any{text(p.Home), text(p.Treatment)}, standingCells(p.Standings)...))
	}
	return []table{t, inner}
}

func tiedBalanceTables(r Report) []table {
	v := r.Reconciliation
	cells := func(p PairBalance) []any {
		return append(standingCells(p.Standings), money(p.Decisions), money(p.Balance), exactly(p.Balance))
	}
	t := table{head: append(append(heads("home", "treatment"), standingHeads()...), append(heads("rec.decisions", "balance"), "余额精确值\nexact text")...),
		empty: say("none").Both(), total: append([]any{text(say("total").Both()), nil}, cells(v.BalanceTotal)...)}
	for _, p := range v.Balances {
		t.lines = append(t.lines, append([]any{text(named(p.Home)), text(named(p.Treatment))}, cells(p)...))
	}
	return []table{t}
}

// unmatchedColumn is what stands in their place where nothing could be matched.
const unmatchedColumn = "三方对账 reconciliation"

func unmatchedCell(year int) string {
	return fmt.Sprintf("未对账：缺 %d 年工作日历 not matched: the calendar of %d is missing", year, year)
}

// reconciledColumns are what a reconciliation adds to the lines of obligations.csv, after
// all others.
var reconciledColumns = []string{"一致笔数 matched_bills", "一致 matched", "待对账笔数 expected_bills", "待对账 expected",
	"有差异笔数 broken_bills", "有差异 broken"}

// reconciledCells are empty for a pair of which the match has not spoken.
func (c *csvWriter) reconciledCells(r Report, p Pair) {
	for _, x := range r.Reconciliation.Pairs {
		if x.Home == p.Home && x.Treatment == p.Treatment {
			c.counts(x.Matched.Count)
			c.amounts(x.Matched.Owed)
			c.counts(x.Expected.Count)
			c.amounts(x.Expected.Owed)
			c.counts(x.Broken.Count)
			c.amounts(x.Broken.Owed)
			return
		}
	}
	c.texts("", "", "", "", "", "")
}

// figures lists what a later revision may say otherwise.
func (v *Reconciliation) figures() []figure {
	if v == nil {
		return nil
	}
	return []figure{
		amountFigure("matched", v.Totals.Matched.Owed), amountFigure("expected", v.Totals.Expected.Owed), amountFigure("broken", v.Totals.Broken.Owed),
		countFigure("open_breaks", v.Open.Count), countFigure("rows_alone", v.Alone.Count),
	}
}
