package report

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"clearingd/ledger"
	"clearingd/provinces"
)

// sheets of the workbook, in their order.
var sheets = []sheet{
	{"概要 Summary", summaryTables},
	{"应付矩阵 Matrix", matrixTables},
	{"省际明细 Pairs", pairTables},
	{"省内清算 Internal", internalTables},
	{"双边轧差 Bilateral", bilateralTables},
	{"净额划拨 Positions", positionTables},
	{"结果拒绝 Outcomes", outcomeTables},
	{"试算平衡 Trial balance", trialTables},
	{"完整性 Completeness", completenessTables},
	{"依据 Basis", basisTables},
}

func summaryTables(r Report) []table {
	s := r.Summary
	lines := [][]any{
		{text(say("received").Both()), counted(s.Received)},
		{text(say("booked").Both()), counted(s.Booked)},
		{text(say("undone").Both()), counted(s.Undone)},
		{text(say("refused").Both()), counted(s.Refused)},
		{text(say("owed.all").Both()), money(s.Owed), exactly(s.Owed)},
		{text(say("internal.owed").Both()), money(s.InternalOwed), exactly(s.InternalOwed)},
		{text(say("debits").Both()), money(s.Debits), exactly(s.Debits)},
		{text(say("credits").Both()), money(s.Credits), exactly(s.Credits)},
		{text(say("books.check").Both()), text(verdict(s.Balanced, "balanced", "unbalanced"))},
		{text(say("complete").Both()), text(verdict(s.Complete, "complete.yes", "complete.no"))},
	}
	if s.Received == 0 {
		lines = append(lines, []any{text(say("zero").Both())})
	}
	return append([]table{{head: append(heads("figure", "count"), "精确值\nexact text"), lines: lines}}, changeTables(r)...)
}

// changeTables is the difference report, where there is one.
func changeTables(r Report) []table {
	if r.Changes == nil {
		return nil
	}
	t := table{caption: say("changes").Both(), head: heads("where", "figure", "before", "after", "delta"), empty: say("nochanges").Both()}
	add := func(where string, changes []Change) {
		for _, c := range changes {
			t.lines = append(t.lines, []any{text(where), text(figureName(c.Figure).Both()), text(c.Old), text(c.New), text(c.Delta)})
		}
	}
	add(say("whole").Both(), r.Changes.Figures)
	for _, p := range r.Changes.Pairs {
		add(fmt.Sprintf("%s %s → %s %s", p.Home, provinceName(p.Home).ZH, p.Treatment, provinceName(p.Treatment).ZH), p.Changes)
	}
	for _, p := range r.Changes.Internal {
		add(fmt.Sprintf("%s → %s", p.Home, p.Treatment), p.Changes)
	}
	return []table{t}
}

func matrixTables(r Report) []table {
	t := table{head: []string{"参保省 ↓ 就医省 →\nhome ↓ treatment →"}, empty: say("nopairs").Both()}
	owed := map[provincePair]ledger.Amount{}
	for _, p := range r.Pairs {
		owed[provincePair{p.Home, p.Treatment}] = p.Owed
	}
	total := []any{text(say("receives").Both())}
	for _, c := range r.ByTreatment {
		t.head = append(t.head, string(c.Province)+" "+provinceName(c.Province).ZH+"\n"+provinceName(c.Province).EN)
		total = append(total, money(c.Owed))
	}
	t.head = append(t.head, heads("pays")...)
	t.head = append(t.head, "应付精确值\nexact text")
	for _, h := range r.ByHome {
		line := []any{text(named(h.Province))}
		for _, c := range r.ByTreatment {
			if amount, ok := owed[provincePair{h.Province, c.Province}]; ok {
				line = append(line, money(amount))
			} else {
				line = append(line, nil)
			}
		}
		t.lines = append(t.lines, append(line, money(h.Owed), exactly(h.Owed)))
	}
	t.total = append(total, money(r.Totals.Owed), exactly(r.Totals.Owed))
	return []table{t}
}

func pairTables(r Report) []table {
	funds := slices.Sorted(maps.Keys(r.Totals.Funds))
	t := table{
		head:  append(append(heads("home"), "参保省代码\nhome code", "就医省代码\ntreatment code", "就医省\ntreatment"), sumHeads(funds)...),
		total: append([]any{text(say("total").Both()), nil, nil, nil}, sumCells(r.Totals.Sums, funds)...),
		empty: say("nopairs").Both(),
	}
	for _, p := range r.Pairs {
		line := []any{text(provinceName(p.Home).Both()), text(p.Home), text(p.Treatment), text(provinceName(p.Treatment).Both())}
		t.lines = append(t.lines, append(line, sumCells(p.Sums, funds)...))
	}
	return []table{t}
}

// internalTables has one table a province, so that each has its own total.
func internalTables(r Report) []table {
	var list []table
	for _, v := range innerViews(r) {
		t := table{
			head:  append(heads("home.area", "treat.area"), sumHeads(v.Funds)...),
			total: append([]any{text(say("total").Both()), nil}, sumCells(v.Sums, v.Funds)...),
		}
		if t.caption = named(v.Province); len(list) == 0 {
			t.caption = ""
			t.head[0] = named(v.Province) + "\n" + t.head[0]
		}
		for _, p := range v.Pairs {
			t.lines = append(t.lines, append([]any{text(p.Home), text(p.Treatment)}, sumCells(p.Sums, v.Funds)...))
		}
		list = append(list, t)
	}
	if len(list) == 0 {
		list = []table{{head: heads("home.area", "treat.area"), empty: say("nointernal").Both()}}
	}
	return list
}

func bilateralTables(r Report) []table {
	t := table{head: heads("a", "b", "aowesb", "bowesa", "net.ab"), empty: say("nopairs").Both()}
	for _, p := range r.Bilateral {
		t.lines = append(t.lines, []any{text(named(p.A)), text(named(p.B)), money(p.AOwesB), money(p.BOwesA), money(p.Net)})
	}
	return []table{t, noteTable()}
}

func positionTables(r Report) []table {
	positions := table{head: heads("province", "pays", "receives", "net"), empty: say("nopairs").Both(),
		total: []any{text(say("total").Both()), money(r.Totals.Owed), money(r.Totals.Owed), money(0)}}
	for _, p := range r.Positions {
		positions.lines = append(positions.lines, []any{text(named(p.Province)), money(p.Pays), money(p.Receives), money(p.Net)})
	}
	p := r.Proposal
	transfers := table{caption: say("transfers").Both() + " · " + say("info.short").Both(), head: append(heads("payer", "payee", "amount"), "精确值\nexact text"),
		empty: say("none").Both(), total: []any{text(say("total").Both()), nil, money(p.NetAmount), exactly(p.NetAmount)}}
	for _, x := range p.Transfers {
		transfers.lines = append(transfers.lines, []any{text(named(x.Debtor)), text(named(x.Creditor)), money(x.Amount), exactly(x.Amount)})
	}
	saving := table{caption: say("saving").Both(), head: heads("saving", "payments", "amount"), lines: [][]any{
		{text(say("gross").Both()), counted(p.GrossPayments), money(p.GrossAmount)},
		{text(say("netted").Both()), counted(len(p.Transfers)), money(p.NetAmount)},
		{text(say("saving").Both()), counted(p.SavedPayments), money(p.SavedAmount)},
		{text(verdict(p.Fewest, "fewest", "notfewest"))},
	}}
	return []table{positions, transfers, saving, noteTable()}
}

// noteTable says that nets move no money.
func noteTable() table {
	return table{caption: say("info.short").Both(), head: heads("info"), lines: [][]any{{text(say("info").Both())}}}
}

func outcomeTables(r Report) []table {
	outcomes := table{head: heads("outcome", "count"), total: []any{text(say("received").Both()), counted(r.Summary.Received)}}
	for _, o := range r.Outcomes {
		outcomes.lines = append(outcomes.lines, []any{text(outcomeName(o.Outcome).Both()), counted(o.Count)})
	}
	refusals := table{caption: say("refusals").Both(), head: heads("code", "count", "meaning.zh", "meaning.en", "advice"), empty: say("norefusal").Both()}
	for _, c := range r.Refusals {
		meaning := c.Code.Text()
		refusals.lines = append(refusals.lines, []any{text(strconv.Itoa(int(c.Code))), counted(c.Count),
			text(meaning.ZH), text(meaning.EN), text(adviceTexts[meaning.Advice].Both())})
	}
	return []table{outcomes, refusals}
}

func trialTables(r Report) []table {
	s := r.Summary
	t := table{head: heads("side", "province", "stage", "debits", "credits", "balance"), empty: say("none").Both(),
		total: []any{text(say("total").Both() + " " + verdict(s.Balanced, "balanced", "unbalanced")), nil, nil, money(s.Debits), money(s.Credits), nil}}
	for _, l := range r.TrialBalance {
		t.lines = append(t.lines, []any{text(say(fmt.Sprintf("side.%d", l.Side)).Both()), text(named(l.Province)),
			text(say(fmt.Sprintf("stage.%d", l.Stage)).Both()), money(l.Debits), money(l.Credits), money(l.Net)})
	}
	return append([]table{t}, adjustmentTables(r)...)
}

func completenessTables(r Report) []table {
	t := table{head: heads("stream", "firstseq", "lastseq", "sequences"), empty: say("none").Both()}
	for _, o := range provinces.Outcomes {
		t.head = append(t.head, outcomeName(o).ZH+"\n"+outcomeName(o).EN)
	}
	t.head = append(t.head, heads("complete")...)
	for _, s := range r.Completeness {
		line := []any{text(named(s.Treatment)), counted(s.First), counted(s.Last), counted(s.Sequences)}
		for _, o := range provinces.Outcomes {
			line = append(line, counted(s.Outcomes[o]))
		}
		t.lines = append(t.lines, append(line, text(verdict(s.Complete(), "complete.yes", "complete.no"))))
	}
	return []table{t}
}

func basisTables(r Report) []table {
	b := r.Rules
	t := table{head: []string{"项目\nfact", "值\nvalue"}}
	for _, l := range []struct{ key, value string }{
		{"install", b.Install}, {"zone", b.Zone}, {"cutoff", b.CutOff}, {"mode", b.Mode}, {"planset", b.PlanSet},
		{"books", fmt.Sprintf("%d – %d", b.BooksFrom, b.BooksTo)}, {"merkle", r.Seal.MerkleRoot},
		{"merkle.size", strconv.FormatUint(r.Seal.MerkleSize, 10)}, {"previous", r.Seal.Previous},
	} {
		t.lines = append(t.lines, []any{text(say(l.key).Both()), text(l.value)})
	}
	for _, l := range []struct {
		key   string
		count uint64
	}{{"declared", b.Declared}, {"unverified", b.Unverified}, {"invented", b.Invented}, {"assumed", b.Assumed}, {"absent", b.Absent}} {
		t.lines = append(t.lines, []any{text(say(l.key).Both()), counted(l.count)})
	}
	return []table{t}
}

// sumHeads and sumCells are the columns of any group of bills.
func sumHeads(funds []ledger.Fund) []string {
	list := heads("bills", "undone", "cost")
	for _, f := range funds {
		list = append(list, fundName(f).ZH+"\n"+string(f))
	}
	return append(append(list, heads("fundtotal", "account", "owed")...), append([]string{"应付精确值\nexact text"}, heads("cash", "hospitalpart")...)...)
}

func sumCells(s Sums, funds []ledger.Fund) []any {
	list := []any{counted(s.Booked), counted(s.Undone), money(s.Cost)}
	for _, f := range funds {
		list = append(list, money(s.Funds[f]))
	}
	return append(list, money(s.FundTotal), money(s.Account), money(s.Owed), exactly(s.Owed), money(s.Cash), money(s.HospitalPart))
}

func named(p ledger.Province) string { return string(p) + " " + provinceName(p).Both() }

func verdict(ok bool, yes, no string) string {
	if ok {
		return "✓ " + say(yes).Both()
	}
	return "✗ " + say(no).Both()
}
