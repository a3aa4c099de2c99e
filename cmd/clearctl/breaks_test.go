package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// breaksEndpoints answer what a script about breaks would expect.
func (h *house) breaksEndpoints() []bus.Endpoint {
	reply := func(subject string, answer func(body []byte) (any, error)) bus.Endpoint {
		return bus.Endpoint{Name: strings.TrimPrefix(subject, "clearing."), Subject: subject, Handle: func(_ context.Context, _ string, body []byte) ([]byte, error) {
			v, err := answer(body)
			if err != nil {
				return nil, err
			}
			return json.Marshal(v)
		}}
	}
	return []bus.Endpoint{reply(service.Breaks, breaksOfScript), reply(service.Break, breakOfScript), reply(service.Reconcile, h.reconcileOfScript), reply(service.Why, h.whyOfScript)}
}

var scriptDay = ledger.NewDay(2026, time.March, 12)

// scriptBreaks are three breaks of one hospital: more of a fund, a fen less in the sum of its
// funds, as a 3202 states it, and a row alone.
func scriptBreaks() []*reconcile.Break {
	party := provinces.Party{Kind: provinces.PartyProvider, Province: "31", Provider: "H31010100017"}
	one := func(n byte, key string, class reconcile.Class, more reconcile.More, owed ledger.Amount, cause *reconcile.Cause) *reconcile.Break {
		return &reconcile.Break{
			Key: key, Day: scriptDay, Home: "650100", Treatment: "310101", Provider: party.Provider, Entry: uint64(n), Party: party, Class: class, Books: 160_000, Owed: owed,
			Findings: []reconcile.Finding{{Side: reconcile.Hospital, Class: class, More: more, Owed: owed, Field: "fund_pay_sumamt", Ours: "1500.00", Theirs: (150_000 + owed).String(), Cause: cause}},
			Facts:    [32]byte{n}, FirstSeen: scriptDay, Due: scriptDay + 4, Owner: reconcile.Hospital, History: []reconcile.Event{{Evening: scriptDay, State: reconcile.Open, What: "seen"}},
		}
	}
	over := one(1, "bill/1", reconcile.AmountOver, reconcile.SideMore, 40_00, &reconcile.Cause{Kind: reconcile.RefundAtInsurer, Owed: 40_00, Proof: []string{"1540.00 = 1500.00 + 40.00\x1b[31m"}})
	over.Findings[0].Field = "310100"
	alone := one(3, "row/provider.31.H31010100017/310101G9999999999999", reconcile.Surplus, reconcile.SideMore, 33_300, nil)
	alone.Entry, alone.Books = 0, 0
	decided := one(4, "bill/4", reconcile.Field, reconcile.Equal, 0, nil)
	decided.History = append(decided.History, reconcile.Event{Evening: scriptDay + 1, State: reconcile.Decided, What: "act:accept", Act: 77})
	return []*reconcile.Break{
		over,
		one(2, "bill/2", reconcile.Round, reconcile.BooksMore, -1, nil), decided, alone,
	}
}

func lineOfScript(b *reconcile.Break) report.BreakLine {
	then := b.On(scriptDay + 5)
	l, err := report.NewBreakLine(&then, 3, nil)
	if err != nil {
		panic(err)
	}
	return l
}

func breaksOfScript(body []byte) (any, error) {
	var q service.BreaksRequest
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	reply := service.BreaksReply{Evening: scriptDay + 5, Breaks: []report.BreakLine{}}
	for _, b := range scriptBreaks() {
		l := lineOfScript(b)
		if q.Class != "" && l.Class != q.Class || l.State != reconcile.Open && q.State == service.StateUnsettled {
			continue
		}
		reply.Sum.Count++
		reply.Sum.Books += l.Books
		reply.Sum.More += max(0, l.Difference)
		reply.Sum.Less += max(0, -l.Difference)
		if l.Key > q.After && len(reply.Breaks) < min(q.Limit, 2) { // in parts of two
			reply.Breaks = append(reply.Breaks, l)
		} else if l.Key > q.After && reply.Next == "" {
			reply.Next = reply.Breaks[len(reply.Breaks)-1].Key
		}
	}
	return reply, nil
}

func breakOfScript(body []byte) (any, error) {
	var q service.BreakRequest
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	for _, b := range scriptBreaks() {
		if b.Key != q.Key {
			continue
		}
		row := reconcile.Item{Number: b.Entry, SettlementID: "310101G0000000000001", Person: "CANARY", Provider: b.Provider, From: b.Day, To: b.Day, Party: b.Party, Statement: "S1", Line: 9,
			Amounts: reconcile.Amounts{Total: 200_000, Funds: 150_000, Account: 10_000}}
		theirs := row
		theirs.Amounts.Funds += b.Owed
		result := &reconcile.Result{Books: &row}
		result.Sides[reconcile.Hospital] = []reconcile.Item{theirs}
		result.States = [4]reconcile.SideState{0, reconcile.Differs, reconcile.Agrees, reconcile.Awaited}
		then := b.On(scriptDay + 5)
		reply, err := service.NewBreakReply(&then, scriptDay+5, 3, result)
		reply.Horizons = []service.BreakHorizon{{Side: report.SideHospital, Party: b.Party, Until: scriptDay + 3}, {Side: report.SideHome, Party: provinces.Party{Kind: provinces.PartyHome, Province: "65"}}}
		return reply, err
	}
	return nil, notFound("没有这项差异", "no such break")
}

// reconcileOfScript has one pair in order and one with a broken bill; in bad books the
// three sums do not add up.
func (h *house) reconcileOfScript(body []byte) (any, error) {
	var q service.ReconcileRequest
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	if q.Day != nil && *q.Day > scriptDay+5 {
		return nil, notFound("该日尚未封存", "the day is not sealed")
	}
	reply := service.ReconcileReply{Day: scriptDay, Evening: scriptDay + 5, Engine: 1, Inputs: strings.Repeat("0f", 32), Ran: q.Run, Pairs: []reconcile.PairResult{
		{Home: "330100", Treatment: "310101", Matched: reconcile.Sum{Count: 2, Owed: 7_00}, Ledger: 7_00},
		{Home: "650100", Treatment: "310101", Matched: reconcile.Sum{Count: 9, Owed: 1_000_00}, Expected: reconcile.Sum{Count: 1, Owed: 5_00}, Broken: reconcile.Sum{Count: 1, Owed: 1_600_00}, Ledger: 2_605_00},
	}, Rows: []reconcile.ClassSum{{Class: reconcile.Surplus, Count: 1, More: 333_00}}, Horizons: []service.SideHorizon{{Side: report.SideHospital, There: 7, Asked: 8}}}
	if h.bad {
		reply.Pairs[1].Ledger++
	}
	return reply, nil
}

// whyOfScript is 61 yuan apart by two breaks; in bad books they leave a fen over.
func (h *house) whyOfScript(body []byte) (any, error) {
	var q service.WhyRequest
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	party, _ := provinces.ParseParty(q.Party)
	sum := func(count uint64, owed ledger.Amount) *reconcile.Sum { return &reconcile.Sum{Count: count, Owed: owed} }
	reply := service.WhyReply{Party: party, From: scriptDay, To: scriptDay + 5, Evening: scriptDay + 5, Horizon: scriptDay + 1, Days: []service.WhyDay{
		{Day: scriptDay, Books: *sum(3, 4_800_00), Theirs: sum(3, 4_840_00)}, {Day: scriptDay + 1, Books: *sum(2, 900_00), Theirs: sum(2, 921_00)}, {Day: scriptDay + 2, Books: *sum(1, 5_00)},
	}, Why: reconcile.Explanation{Difference: 61_00, Reasons: []reconcile.Reason{
		{Cause: reconcile.RefundAtInsurer, Class: reconcile.AmountOver, Owed: 40_00, Parts: []reconcile.Part{{Key: "bill/1", Day: scriptDay, Owed: 40_00}}},
		{Class: reconcile.AmountOver, Owed: 21_00, Parts: []reconcile.Part{{Key: "bill/2", Day: scriptDay + 1, Owed: 21_00}}},
	}, Cancel: []reconcile.Part{{Key: "bill/5", Day: scriptDay, Class: reconcile.AmountOver, Owed: 7}, {Key: "bill/6", Day: scriptDay, Class: reconcile.AmountUnder, Owed: -7}}}}
	if h.bad {
		reply.Why.Rest = 1
	}
	return reply, nil
}

// filled makes the workbook of the script's breaks and fills it in.
func filled(t testing.TB, fill func(f *excelize.File)) []byte {
	t.Helper()
	var out, saved bytes.Buffer
	w, err := report.NewBreaksXLSX(&out, report.Report{Title: report.Night, From: scriptDay, To: scriptDay, Revision: 1}, scriptDay+5)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range scriptBreaks() {
		if err := w.Write(lineOfScript(b)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fill(f)
	if err := f.Write(&saved); err != nil {
		t.Fatal(err)
	}
	return saved.Bytes()
}

func set(f *excelize.File, cell, value string) {
	if err := f.SetCellStr(report.BreaksSheet, cell, value); err != nil {
		panic(err)
	}
}

// sheetCommand writes a filled-in workbook for a script: sheet NAME [spoiled|accepting], the
// last with all its breaks accepted.
func sheetCommand(ts *testscript.TestScript, _ bool, args []string) {
	body := filled(ts.Value(testingKey{}).(testing.TB), func(f *excelize.File) {
		set(f, "A5", report.SheetDecision("accept"))
		set(f, "B5", "退费由经办机构直接办理，已核对凭证")
		if len(args) == 1 {
			return
		}
		if args[1] == "accepting" {
			for _, row := range []string{"6", "8"} {
				set(f, "A"+row, "accept")
				set(f, "B"+row, "the hospital is right")
			}
			return
		}
		set(f, "A6", "pay")
		set(f, "B6", "why not")
		set(f, "A7", "comment")
		set(f, "B7", "decided long ago")
		set(f, "A8", "close")
	})
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), body, 0o600))
}

type testingKey struct{}

func TestAFilledSheetIsReadLineByLine(t *testing.T) {
	facts, err := excelize.ColumnNumberToName(35)
	if err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("长", reasonMax+1)
	for _, c := range []struct {
		name   string
		fill   func(f *excelize.File)
		lines  int
		faults string // rows and columns
	}{
		{"nothing filled in", func(*excelize.File) {}, 0, ""},
		{"a decision from the list", func(f *excelize.File) { set(f, "A5", report.SheetDecision("close")); set(f, "B5", "x") }, 1, ""},
		{"the bare word", func(f *excelize.File) { set(f, "A5", "assign-home"); set(f, "B5", "x") }, 1, ""},
		{"two lines, one bad", func(f *excelize.File) {
			set(f, "A5", "close")
			set(f, "B5", "x")
			set(f, "A6", "pay")
			set(f, "B6", "x")
		}, 1, "6 decision"},
		{"no reason", func(f *excelize.File) { set(f, "A5", "close"); set(f, "B5", "  ") }, 0, "5 reason"},
		{"too long a reason", func(f *excelize.File) { set(f, "A5", "close"); set(f, "B5", long) }, 0, "5 reason"},
		{"a reason alone", func(f *excelize.File) { set(f, "B5", "x") }, 0, "5 decision"},
		{"a formula for a decision", func(f *excelize.File) {
			_ = f.SetCellFormula(report.BreaksSheet, "A5", `"acc"&"ept"`)
			set(f, "B5", "x")
		}, 0, "5 decision"},
		{"a formula for a digest", func(f *excelize.File) {
			set(f, "A5", "close")
			set(f, "B5", "x")
			_ = f.SetCellFormula(report.BreaksSheet, facts+"5", "1+1")
		}, 0, "5 facts"},
		{"a digest that was touched", func(f *excelize.File) { set(f, "A5", "close"); set(f, "B5", "x"); set(f, facts+"5", "abc") }, 0, "5 facts"},
		{"a key that was touched", func(f *excelize.File) { set(f, "A5", "close"); set(f, "B5", "x"); set(f, "C5", "everything") }, 0, "5 key"},
		{"a break twice", func(f *excelize.File) {
			for _, row := range []string{"5", "6"} {
				set(f, "A"+row, "close")
				set(f, "B"+row, "x")
				set(f, "C"+row, "bill/1")
			}
		}, 1, "6 key"},
		{"a line taken out", func(f *excelize.File) {
			_ = f.RemoveRow(report.BreaksSheet, 5)
			set(f, "A5", "close")
			set(f, "B5", "x")
		}, 1, ""},
		{"a column moved", func(f *excelize.File) {
			_ = f.InsertCols(report.BreaksSheet, "C", 1)
			set(f, "A5", "close")
			set(f, "B5", "x")
		}, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			read, err := readSheet(bytes.NewReader(filled(t, c.fill)))
			if err != nil {
				t.Fatal(err)
			}
			var faults []string
			for _, f := range read.Faults {
				faults = append(faults, fmt.Sprintf("%d %s", f.Row, f.Column))
			}
			if len(read.Lines) != c.lines || strings.Join(faults, ", ") != c.faults {
				t.Errorf("%d lines, faults %v; want %d and %q", len(read.Lines), faults, c.lines, c.faults)
			}
		})
	}
}

func TestALineHoldsWhatTheOfficerDecided(t *testing.T) {
	read, err := readSheet(bytes.NewReader(filled(t, func(f *excelize.File) {
		set(f, "A6", report.SheetDecision("assign-treatment"))
		set(f, "B6", " 请就医地核对 ")
	})))
	if err != nil || len(read.Lines) != 1 {
		t.Fatalf("%+v, %v", read, err)
	}
	l := read.Lines[0]
	if l.Row != 6 || l.Key != "bill/2" || l.Decision != "assign" || l.Side != report.SideTreatment || l.Reason != "请就医地核对" || l.Facts != lineOfScript(scriptBreaks()[1]).Facts || read.Blank != 3 {
		t.Errorf("%+v, %d blank", l, read.Blank)
	}
}

func TestALineThatWasHandedInIsNotHandedInAgain(t *testing.T) {
	event := func(what, reason string, act uint64) service.BreakEvent {
		return service.BreakEvent{What: what, Reason: reason, Act: act}
	}
	history := []service.BreakEvent{
		event("seen", "", 0), event(reconcile.EventCommented, "first", 7), event(reconcile.EventCommented, "asked them", 8), event(reconcile.EventAssigned, "theirs", 9),
	}
	reply := service.BreakReply{History: history, Break: report.BreakLine{Owner: report.SideHome}}
	for _, c := range []struct {
		line sheetLine
		want uint64
	}{
		{sheetLine{Decision: "comment", Reason: "asked them"}, 8},
		{sheetLine{Decision: "comment", Reason: " asked\n them "}, 8},
		{sheetLine{Decision: "comment", Reason: "first"}, 0}, // another word came between
		{sheetLine{Decision: "comment", Reason: "theirs"}, 0},
		{sheetLine{Decision: "assign", Side: report.SideHome, Reason: "theirs"}, 9},
		{sheetLine{Decision: "assign", Side: report.SideHospital, Reason: "theirs"}, 0},
		{sheetLine{Decision: "close", Reason: "asked them"}, 0},
	} {
		if got := c.line.said(reply); got != c.want {
			t.Errorf("%+v: record %d, want %d", c.line, got, c.want)
		}
	}
}

func TestFilesThatAreNoSheetOfBreaks(t *testing.T) {
	other := excelize.NewFile()
	var b bytes.Buffer
	if err := other.Write(&b); err != nil {
		t.Fatal(err)
	}
	headless := filled(t, func(f *excelize.File) { _ = f.RemoveRow(report.BreaksSheet, report.BreaksHeadRow) })
	for name, body := range map[string][]byte{
		"nothing": nil, "text": []byte("decision,reason\n"), "half a workbook": headless[:len(headless)/2], "another workbook": b.Bytes(), "without headings": headless,
	} {
		if _, err := readSheet(bytes.NewReader(body)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

// Whatever bytes come, reading them ends in lines or in an error.
func FuzzBreaksSheet(f *testing.F) {
	seeds := [][]byte{nil, []byte("PK\x03\x04"), filled(f, func(x *excelize.File) { set(x, "A5", "close"); set(x, "B5", "x") })}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		read, err := readSheet(bytes.NewReader(body))
		if err != nil {
			return
		}
		for _, l := range read.Lines {
			if l.Reason == "" || !sheetFacts.MatchString(l.Facts) || !reconcile.ValidKey(l.Key) {
				t.Errorf("%+v was let through", l)
			}
		}
	})
}

// No breaks because nothing differs, and no breaks because nothing was matched, are not the same.
func TestAListThatIsBehindSaysSo(t *testing.T) {
	matched := scriptDay
	for want, reply := range map[string]service.BreaksReply{
		"":                       {Evening: scriptDay},
		"nothing was ever":       {Evening: scriptDay + 1, Behind: true},
		scriptDay.String() + ";": {Evening: scriptDay + 1, Behind: true, Matched: &matched},
	} {
		var out bytes.Buffer
		a := &app{out: &out, lang: english}
		a.printBreaks(reply)
		if got := out.String(); !strings.Contains(got, want) || strings.Contains(got, "!") != reply.Behind {
			t.Errorf("%+v: %s", reply, got)
		}
	}
}

func TestWhatHappenedInChinese(t *testing.T) {
	a := &app{lang: chinese}
	for what, want := range map[string]string{"seen": "首次发现", "resolved:timing-pair": "自动消除：timing-pair", "act:accept": "经办：accept", "gone": "不再存在", "odd": "odd"} {
		if got := a.event(what); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
}

// Thousands of parts do not drown the answer; the JSON has all.
func TestSoManyPartsAndHowManyMore(t *testing.T) {
	var out bytes.Buffer
	a := &app{out: &out, lang: english}
	a.printParts(make([]reconcile.Part, whyPartsShown+7))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != whyPartsShown+1 || strings.TrimSpace(lines[whyPartsShown]) != "... 7 more: -o json has all" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}
