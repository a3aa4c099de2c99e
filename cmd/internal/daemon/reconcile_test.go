package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/config"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// spoken is a day of three provinces that all sides have stated, each with what it was made
// to say otherwise.
type spoken struct {
	all      []settled
	areas    map[string]string // home area by settlement id
	over     settled           // its hospital has 61 yuan more
	missing  settled           // its hospital does not have it
	homeless settled           // its home province does not have it
	stranger settled           // its treatment province has it twice, once under an id that is nobody's
	parties  []provinces.Party // who has stated anything
}

var (
	setlID   = regexp.MustCompile(`"setl_id":"([^"]+)"`)
	homeArea = regexp.MustCompile(`"insuplc_admdvs":"([^"]+)"`)
)

// speak sends a day's claims and has everybody state them.
func speak(h *house) *spoken {
	h.Helper()
	day := sim.Config{Seed: 11, Count: 60, Day: openDay, Provinces: []ledger.Province{"33", "53", "65"}}
	messages := sim.Day(day).Messages
	answers := h.send(messages)
	s := &spoken{all: bills(h, answers), areas: map[string]string{}}
	for i, m := range messages {
		if id := setlID.FindSubmatch(answers[i].Body); id != nil {
			s.areas[string(id[1])] = string(homeArea.FindSubmatch(m.Body)[1])
		}
	}
	if len(s.all) < 40 {
		h.Fatalf("%d bills", len(s.all))
	}
	own := busiest(s.all)
	s.over, s.missing = own[0], firstOf(h, s.all, func(b settled) bool { return b.provider != own[0].provider })
	s.homeless = firstOf(h, s.all, func(b settled) bool { return b.id != s.over.id && b.id != s.missing.id })
	s.stranger = firstOf(h, s.all, func(b settled) bool {
		return b.provider != own[0].provider && b.id != s.missing.id && b.id != s.homeless.id
	})
	for _, hospital := range grouped(s.all, func(b settled) string { return b.provider }) {
		s.stateHospital(h, hospital, "D1", 61_00, "")
	}
	for _, treated := range grouped(s.all, func(b settled) string { return b.treatment }) {
		rows := slices.Clone(treated)
		if treated[0].treatment == s.stranger.treatment {
			twice := s.stranger
			s.areas[twice.id[:6]+"G9999999999999"] = s.areas[twice.id]
			twice.id = twice.id[:6] + "G9999999999999"
			twice.visit = "NOBODY"
			rows = append(rows, twice)
		}
		s.stateProvince(h, provinces.Party{Kind: provinces.PartyTreatment, Province: ledger.Province(treated[0].treatment)}, rows)
	}
	for _, insured := range grouped(s.all, func(b settled) string { return b.home }) {
		home := ledger.Province(insured[0].home)
		rows := slices.DeleteFunc(slices.Clone(insured), func(b settled) bool { return b.id == s.homeless.id })
		s.stateProvince(h, provinces.Party{Kind: provinces.PartyHome, Province: home}, rows)
	}
	return s
}

// stateHospital publishes a hospital's day: with more on one bill, and without another.
func (s *spoken) stateHospital(h *house, own []settled, id string, more ledger.Amount, members string) {
	h.Helper()
	party := provider(own[0])
	s.parties = append(s.parties, party)
	var rows []settled
	for _, b := range own {
		switch b.id {
		case s.missing.id:
			continue
		case s.over.id:
			b.funds += more
			b.cash -= more
		}
		rows = append(rows, b)
	}
	if len(rows) == 0 {
		h.Fatal("a hospital with nothing to state")
	}
	file := rowsFile(rows)
	h.state(party, id, map[int][]byte{0: details(rows, file, 1, "txt", members), 1: file}, 0, 1)
	waitFor(h, func() bool {
		have := haveFrom(h, party)
		if len(have.Refused) > 0 {
			h.Fatalf("%+v", have.Refused)
		}
		return slices.ContainsFunc(have.Applied, func(l service.StatementLine) bool { return l.ID == id })
	})
}

func (s *spoken) stateProvince(h *house, party provinces.Party, rows []settled) {
	h.Helper()
	s.parties = append(s.parties, party)
	var csv bytes.Buffer
	csv.WriteString("setl_id,mdtrt_id,fixmedins_code,insuplc_admdvs,medfee_sumamt,fund_pay_sumamt,acct_pay,psn_cash_pay,refd_setl_flag\r\n")
	for _, b := range rows {
		fmt.Fprintf(&csv, "%s,%s,%s,%s,%s,%s,%s,%s,%d\r\n", b.id, b.visit, b.provider, s.areas[b.id], b.total, b.funds, b.account, b.cash, flag(b.refund))
	}
	h.state(party, "M-1", map[int][]byte{0: provinceHead(string(party.Province)+"0000", rows, csv.Bytes(), "csv", "utf-8"), 1: csv.Bytes()}, 0, 1)
	waitFor(h, func() bool {
		have := haveFrom(h, party)
		if len(have.Refused) > 0 {
			h.Fatalf("%+v", have.Refused)
		}
		return len(have.Applied) == 1
	})
}

func firstOf(t testing.TB, all []settled, fits func(settled) bool) settled {
	t.Helper()
	i := slices.IndexFunc(all, fits)
	if i < 0 {
		t.Fatal("no such bill")
	}
	return all[i]
}

func grouped(all []settled, by func(settled) string) (groups [][]settled) {
	of := map[string][]settled{}
	for _, b := range all {
		of[by(b)] = append(of[by(b)], b)
	}
	for _, key := range slices.Sorted(maps.Keys(of)) {
		groups = append(groups, of[key])
	}
	return groups
}

// key is the key of the break about a bill.
func (b settled) key(t testing.TB) string {
	t.Helper()
	_, number, ok := clearing.ParseSettlementID(b.id)
	if !ok {
		t.Fatalf("%s is no settlement id", b.id)
	}
	return reconcile.BillKey(number)
}

func closeDay(h *house, day ledger.Day) {
	h.Helper()
	call[service.CloseReply](h, service.Close, service.CloseRequest{Day: day})
}

func breaksOf(h *house, q service.BreaksRequest) map[string]report.BreakLine {
	h.Helper()
	lines := map[string]report.BreakLine{}
	for {
		part := call[service.BreaksReply](h, service.Breaks, q)
		for _, l := range part.Breaks {
			lines[l.Key] = l
		}
		if q.After = part.Next; part.Next == "" {
			return lines
		}
	}
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// page reads a page of the console as it is served.
func (h *house) page(path string) string {
	h.Helper()
	answer, err := http.Get(h.daemon.HTTPURL() + path)
	if err != nil {
		h.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		h.Fatalf("%s: %s %v\n%s", path, answer.Status, err, body)
	}
	return string(body)
}

// TestThreeSidesAreHeldAgainstTheBooks: what was planted is found with its figures and nothing
// else is; every figure leads to a page; a corrected statement takes its break away and
// leaves the others as they are; the same inputs change nothing; officers decide, and the
// next night's balance has it.
func TestThreeSidesAreHeldAgainstTheBooks(t *testing.T) {
	h := start(t, configOf(t))
	s := speak(h)
	closeDay(h, openDay)

	found := breaksOf(h, service.BreaksRequest{})
	over := found[s.over.key(t)]
	for key, want := range map[string]reconcile.Class{s.over.key(t): reconcile.AmountOver, s.missing.key(t): reconcile.MissHospital, s.homeless.key(t): reconcile.MissHome} {
		if found[key].Class != want || found[key].FirstSeen != openDay || found[key].State != reconcile.Open {
			t.Errorf("%s: %+v, want %s", key, found[key], want)
		}
		delete(found, key)
	}
	if over.Difference != 61_00 || over.Books != s.over.funds+s.over.account {
		t.Errorf("the hospital with 61 yuan more: %+v", over)
	}
	for key, l := range found {
		if l.Class != reconcile.Surplus || len(found) != 1 || !strings.HasPrefix(key, "row/treatment."+s.stranger.treatment) {
			t.Errorf("found, and not planted: %+v", l)
		}
	}
	h.tied(openDay, 3)
	h.checkOneBreak(s)
	h.checkPages(s)

	before := breaksOf(h, service.BreaksRequest{})
	hospital := grouped(s.all, func(b settled) string { return b.provider })
	own := hospital[slices.IndexFunc(hospital, func(g []settled) bool { return g[0].provider == s.over.provider })]
	s.stateHospital(h, own, "D2", 0, "")
	ran := call[service.ReconcileReply](h, service.Reconcile, service.ReconcileRequest{Run: true})
	if !ran.Ran || ran.Day != openDay {
		t.Errorf("a corrected statement is matched: %+v", ran)
	}
	after := breaksOf(h, service.BreaksRequest{})
	if _, open := after[s.over.key(t)]; open || len(after) != 3 {
		t.Errorf("after the correction: %+v", after)
	}
	delete(before, s.over.key(t))
	if asJSON(t, before) != asJSON(t, after) {
		t.Errorf("others were touched:\n%s\n%s", asJSON(t, before), asJSON(t, after))
	}
	gone := call[service.BreakReply](h, service.Break, service.BreakRequest{Key: s.over.key(t)})
	if gone.Break.State != reconcile.Gone || gone.Break.FirstSeen != openDay {
		t.Errorf("the corrected break: %+v", gone.Break)
	}
	if then := call[service.BreakReply](h, service.Break, service.BreakRequest{Key: s.over.key(t), Evening: &ran.Day}); then.Break.State != reconcile.Open {
		t.Errorf("a past evening has changed: %+v", then.Break)
	}
	if on := openDay; len(breaksOf(h, service.BreaksRequest{Evening: &on})) != 4 {
		t.Error("the list of a past evening has changed")
	}
	again := call[service.ReconcileReply](h, service.Reconcile, service.ReconcileRequest{Run: true})
	if again.Ran || again.Inputs != ran.Inputs || asJSON(t, breaksOf(h, service.BreaksRequest{State: service.StateAll})) == "" {
		t.Errorf("the same inputs: %+v", again)
	}
	s.stateHospital(h, own, "D3", 41_00, "")
	call[service.ReconcileReply](h, service.Reconcile, service.ReconcileRequest{Run: true})
	back := call[service.BreakReply](h, service.Break, service.BreakRequest{Key: s.over.key(t)})
	if back.Break.State != reconcile.Open || back.Break.Difference != 41_00 || back.Break.FirstSeen != openDay || len(back.History) != 3 {
		t.Errorf("it came back: %+v %+v", back.Break, back.History)
	}
	h.toldAsItWas(s)
	s.stateHospital(h, own, "D4", 61_00, "")
	call[service.ReconcileReply](h, service.Reconcile, service.ReconcileRequest{Run: true})
	h.tied(openDay, 3)
	h.acceptOver(s)
}

// toldAsItWas holds the break with 61 yuan more against what the sealed report says of it: now
// it is another sum, and on the evening of the report it is the same.
func (h *house) toldAsItWas(s *spoken) {
	h.Helper()
	on := openDay
	sealed, _ := h.file(openDay, openDay, "breaks.csv")
	if !strings.Contains(string(sealed), ",61.00,") {
		h.Errorf("the sealed report:\n%s", sealed)
	}
	then := call[service.BreakReply](h, service.Break, service.BreakRequest{Key: s.over.key(h), Evening: &on})
	listed := breaksOf(h, service.BreaksRequest{Evening: &on})[s.over.key(h)]
	if apart, _ := then.Break.Apart(report.SideHospital); apart != 61_00 || then.Break.Difference != 61_00 || listed.Difference != 61_00 || listed.Facts != then.Break.Facts {
		h.Errorf("on the evening of the report: %+v\nlisted: %+v", then.Break, listed)
	}
}

// tied holds the three sums of a day against the ledger, and counts the broken bills.
func (h *house) tied(day ledger.Day, broken uint64) {
	h.Helper()
	reply := call[service.ReconcileReply](h, service.Reconcile, service.ReconcileRequest{Day: &day})
	var count uint64
	for _, p := range reply.Pairs {
		if p.Matched.Owed+p.Expected.Owed+p.Broken.Owed != p.Ledger || p.Expected.Count != 0 {
			h.Errorf("%+v", p)
		}
		count += p.Broken.Count
	}
	if count != broken || len(reply.Pairs) < 3 || len(reply.Horizons) != 3 || reply.Horizons[0].There != reply.Horizons[0].Asked {
		h.Errorf("%d broken bills of %d pairs, horizons %+v", count, len(reply.Pairs), reply.Horizons)
	}
}

func (h *house) checkOneBreak(s *spoken) {
	h.Helper()
	one := call[service.BreakReply](h, service.Break, service.BreakRequest{Key: s.over.key(h)})
	figure := service.FigureRow{}
	for _, f := range one.Figures {
		if f.Field == "fund_pay_sumamt" {
			figure = f
		}
	}
	want := service.FigureRow{
		Field: "fund_pay_sumamt", Books: s.over.funds.String(), Differs: [3]bool{true, false, false},
		Sides: [3]string{(s.over.funds + 61_00).String(), s.over.funds.String(), s.over.funds.String()},
	}
	if figure != want || len(one.Sources) != 3 || len(one.Horizons) != 3 || one.Horizons[0].Until != openDay {
		h.Errorf("%+v, want %+v; sources %+v, horizons %+v", figure, want, one.Sources, one.Horizons)
	}
	why := call[service.WhyReply](h, service.Why, service.WhyRequest{Party: provider(s.over).Key()})
	if why.Why.Difference != 61_00 || why.Why.Rest != 0 || len(why.Why.Reasons) != 1 || why.Why.Reasons[0].Parts[0].Key != s.over.key(h) {
		h.Errorf("why 61 yuan: %+v", why)
	}
	lost := call[service.WhyReply](h, service.Why, service.WhyRequest{Party: provinces.Party{Kind: provinces.PartyHome, Province: ledger.Province(s.homeless.home)}.Key()})
	if owed := s.homeless.funds + s.homeless.account; lost.Why.Difference != -owed || lost.Why.Rest != 0 {
		h.Errorf("why the home province has %s less: %+v", owed, lost.Why)
	}
}

func (h *house) checkPages(s *spoken) {
	h.Helper()
	day := openDay.String()
	pair := ""
	for _, p := range call[service.ReconcileReply](h, service.Reconcile, service.ReconcileRequest{}).Pairs {
		if p.Home.Province() == ledger.Province(s.over.home) && p.Treatment.Province() == ledger.Province(s.over.treatment) {
			pair = s.over.home + "-" + s.over.treatment
		}
	}
	for path, figure := range map[string]string{
		"/breaks":                "61.00",
		"/breaks?class=AMT_OVER": "61.00",
		"/break?key=" + s.over.key(h) + "&evening=" + day:                "61.00",
		"/providers/" + s.over.provider:                                  "61.00",
		"/statements/" + provider(s.over).Key():                          "D1",
		"/statements/home." + s.over.home:                                "M-1",
		"/reconciliation/" + day:                                         "/reconciliation/" + day + "/pairs/" + pair,
		"/reconciliation/" + day + "/pairs/" + pair + "?standing=broken": s.over.key(h),
		"/reconciliation/" + day + "/pairs/" + pair:                      s.over.key(h),
		"/reports/" + day + "/report.html":                               "/providers/" + s.over.provider,
	} {
		if page := h.page(path + map[bool]string{true: "&", false: "?"}[strings.Contains(path, "?")] + "lang=en"); !strings.Contains(page, figure) {
			h.Errorf("%s does not show %s:\n%s", path, figure, page)
		}
	}
	broken := h.page("/reconciliation/" + day + "/pairs/" + pair + "?standing=matched")
	if strings.Contains(broken, s.over.key(h)) {
		h.Error("a broken bill stands among the matched ones")
	}
}

// acceptOver: the books follow the hospital by two officers' word; the next night's balance
// has it, and the bill stays among the different ones, settled.
func (h *house) acceptOver(s *spoken) {
	h.Helper()
	fund := ledger.Fund("310100")
	if s.over.insutype == "390" {
		fund = "390100"
	}
	act := h.act(s.over.home, service.ActRequest{
		Kind: clearing.ActAccept, Target: "break/" + s.over.key(h), Maker: "wang", Checker: "li", Reason: "医院有理",
		Side: "hospital", Funds: []clearing.FundFigure{{Fund: fund, Amount: 61_00}},
	})
	decided := call[service.BreakReply](h, service.Break, service.BreakRequest{Key: s.over.key(h)})
	last := decided.History[len(decided.History)-1]
	if decided.Break.State != reconcile.Decided || last.Act != act.Entry || last.Maker != "wang" || last.Checker != "li" || last.Reason != "医院有理" {
		h.Errorf("decided: %+v %+v", decided.Break, last)
	}
	closeDay(h, openDay+1)
	if _, open := breaksOf(h, service.BreaksRequest{})[s.over.key(h)]; open {
		h.Error("it is open after the next night")
	}
	h.tied(openDay, 3)
	var r report.Report
	body, err := os.ReadFile(filepath.Join(h.cfg.ReportDir(), (openDay + 1).String(), "report.json"))
	if err == nil {
		err = json.Unmarshal(body, &r)
	}
	if err != nil || r.Reconciliation == nil {
		h.Fatalf("%v", err)
	}
	if b := r.Reconciliation.BalanceTotal; b.Decisions != 61_00 || b.Ledger+b.Decisions != b.Balance || r.Reconciliation.Settled.Count != 1 || r.Reconciliation.Open.Count != 2 {
		h.Errorf("the next night: %+v, settled %+v, open %+v", b, r.Reconciliation.Settled, r.Reconciliation.Open)
	}
	h.broken(s, r.Reconciliation)
	if check := call[service.CheckReply](h, service.Check, nil); len(check.Faults) > 0 {
		h.Errorf("the books fail their check: %v", check.Faults)
	}
}

// broken: the lists that the report's figures lead to hold what the figures do, what is settled
// and still different among them.
func (h *house) broken(s *spoken, r *report.Reconciliation) {
	h.Helper()
	still := call[service.BreaksReply](h, service.Breaks, service.BreaksRequest{State: service.StateStill})
	if still.Sum != r.Settled || len(still.Breaks) != 1 || still.Breaks[0].Key != s.over.key(h) {
		h.Errorf("settled and still different: %+v, the report has %+v", still, r.Settled)
	}
	for _, p := range r.Balances {
		q := service.BreaksRequest{Home: string(p.Home), Treatment: string(p.Treatment), State: service.StateBroken}
		if got := call[service.BreaksReply](h, service.Breaks, q).Sum; got.Count != p.Broken.Count || got.Books != p.Broken.Owed {
			h.Errorf("%s-%s: %+v are broken, the report has %+v", p.Home, p.Treatment, got, p.Broken)
		}
	}
}

// TestBreaksSurviveOlderBooks: books from a copy of before come to the same breaks, and to what
// officers decided about them.
func TestBreaksSurviveOlderBooks(t *testing.T) {
	cfg := configOf(t)
	h := start(t, cfg)
	h.close()
	restore := copyBooks(t, cfg)
	h = start(t, cfg)
	s := speak(h)
	closeDay(h, openDay)
	h.act(s.homeless.home, service.ActRequest{Kind: clearing.ActClose, Target: "break/" + s.homeless.key(t), Maker: "wang", Checker: "li"})
	before := breaksOf(h, service.BreaksRequest{State: service.StateAll})
	h.close()
	restore()
	h = restarted(t, cfg, s)
	after := breaksOf(h, service.BreaksRequest{State: service.StateAll})
	if asJSON(t, before) != asJSON(t, after) {
		t.Errorf("the restored books have\n%s\nand had\n%s", asJSON(t, after), asJSON(t, before))
	}
	if check := call[service.CheckReply](h, service.Check, nil); len(check.Faults) > 0 {
		t.Errorf("the books fail their check: %v", check.Faults)
	}
}

// restarted waits until the restored books have read the statements again, and closes the day
// if the answers have not.
func restarted(t *testing.T, cfg config.Config, s *spoken) *house {
	h := start(t, cfg)
	for _, party := range s.parties {
		waitFor(t, func() bool { return len(haveFrom(h, party).Applied) > 0 })
	}
	status := call[service.StatusReply](h, service.Status, nil)
	if status.LastClosed == nil {
		closeDay(h, openDay)
	}
	return h
}

// TestAYearWithoutACalendarIsMadeGood: without the working days of its year a day is closed
// unmatched, and says so; with them a run by hand makes it good.
func TestAYearWithoutACalendarIsMadeGood(t *testing.T) {
	cfg := configOf(t)
	day := ledger.NewDay(2031, time.March, 18)
	cfg.FirstDay = day.Time()
	h := start(t, cfg)
	party := provinces.Party{Kind: provinces.PartyHome, Province: "65"}
	h.state(party, "M-1", map[int][]byte{0: fmt.Appendf(nil, `{"doctype":"statement","admdvs":"650000","begndate":"%s","enddate":"%s","serial":2,`+
		`"totals":[{"setl_cnt":1,"medfee_sumamt":"9.00","fund_pay_sumamt":"5.00","acct_pay":"0.00","psn_cash_pay":"4.00"}]}`, day, day)}, 0)
	waitFor(t, func() bool { return len(haveFrom(h, party).Applied) == 1 })
	closeDay(h, day)
	if metrics := h.page("/metrics"); !strings.Contains(metrics, "\nclearingd_reconcile_without_calendar 1\n") {
		t.Error("the metric does not say that nothing was matched")
	}
	if listed := call[service.BreaksReply](h, service.Breaks, service.BreaksRequest{}); !listed.Behind || listed.Matched != nil {
		t.Errorf("the list of breaks does not say that nothing was matched: %+v", listed)
	}
	if page := h.page("/breaks?lang=en"); !strings.Contains(page, "nothing was ever matched") {
		t.Error("the page of breaks does not say that nothing was matched")
	}
	for _, run := range []bool{false, true} {
		failure := h.refusedCall(service.Reconcile, service.ReconcileRequest{Run: run})
		if want := map[bool]int{false: http.StatusNotFound, true: http.StatusConflict}[run]; failure.Code != want || failure.ZH == "" || failure.EN == "" {
			t.Errorf("run %t: %+v", run, failure)
		}
	}
	h.page("/breaks")
	h.page("/statements/" + party.Key())
	dir := filepath.Join(cfg.ReportDir(), day.String())
	sealed := reportFiles(t, dir)
	for name, says := range map[string][]string{
		"report.html": {"缺 2031 年的工作日历", "The calendar of working days of 2031 is missing", "clearctl reconcile --run"},
		"report.json": {`"no_calendar": 2031`},
	} {
		for _, want := range says {
			if !strings.Contains(sealed[name], want) {
				t.Errorf("%s does not say %q", name, want)
			}
		}
	}
	closeDay(h, day+1)
	if period, _ := h.file(day, day+1, "report.html"); !strings.Contains(string(period), "The calendar of working days of 2031 is missing") {
		t.Error("the report of both days does not say that nothing was matched")
	}
	h.close()

	cfg.Reconcile.CalendarDir = t.TempDir()
	year := "year = 2031\nsource = \"test\"\nverified = true\noff = [\"2031-01-01\"]\n"
	if err := os.WriteFile(filepath.Join(cfg.Reconcile.CalendarDir, "2031.toml"), []byte(year), 0o600); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	if reply := call[service.ReconcileReply](h, service.Reconcile, service.ReconcileRequest{Run: true}); !reply.Ran || reply.Day != day+1 {
		t.Errorf("%+v", reply)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if reply := call[service.RemakeReply](h, service.Remake, service.RemakeRequest{Day: day}); len(reply.Differ) > 0 || !maps.Equal(reportFiles(t, dir), sealed) {
		t.Errorf("made again after the match, the report is not as it was sealed: %+v", reply)
	}
	found := breaksOf(h, service.BreaksRequest{})
	if len(found) != 2 { // the totals, and number 1 is missing
		t.Errorf("%+v", found)
	}
	for _, class := range []reconcile.Class{reconcile.Totals, reconcile.SerialGap} {
		if reply := call[service.BreaksReply](h, service.Breaks, service.BreaksRequest{Class: class}); reply.Sum.Count != 1 || len(reply.Breaks) != 1 {
			t.Errorf("%s: %+v", class, reply)
		}
	}
	part := call[service.BreaksReply](h, service.Breaks, service.BreaksRequest{Limit: 1})
	if part.Behind || len(part.Breaks) != 1 || part.Next != part.Breaks[0].Key || part.Sum.Count != 2 || len(part.Classes) != 2 {
		t.Errorf("a part of one: %+v", part)
	}
	for _, q := range []service.BreaksRequest{{Class: "NONE"}, {Age: "old"}, {State: "odd"}, {Owner: "me"}, {Happened: "x"}, {Province: "99"}} {
		if failure := h.refusedCall(service.Breaks, q); failure.Code != http.StatusBadRequest {
			t.Errorf("%+v: %+v", q, failure)
		}
	}
	closeDay(h, day+2)
	if metrics := h.page("/metrics"); !strings.Contains(metrics, "\nclearingd_reconcile_without_calendar 0\n") || !strings.Contains(metrics, `clearingd_breaks_open{class="SEQ_GAP"} 1`) {
		t.Error("the metrics do not say that breaks are open")
	}
	for next := day + 3; next <= day+20; next++ {
		closeDay(h, next)
	}
	all, late := call[service.BreaksReply](h, service.Breaks, service.BreaksRequest{}), call[service.BreaksReply](h, service.Breaks, service.BreaksRequest{Overdue: true})
	if all.Overdue == 0 || all.Overdue != late.Sum.Count || late.Overdue != late.Sum.Count {
		t.Errorf("%d of %d breaks are overdue, the list of these has %d", all.Overdue, all.Sum.Count, late.Sum.Count)
	}
}

// refusedCall calls a service that must refuse.
func (h *house) refusedCall(subject string, request any) (failure service.Failure) {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := h.hospital.Call(ctx, subject, []byte(asJSON(h, request)))
	var answered *bus.ServiceError
	if !errors.As(err, &answered) || json.Unmarshal(answered.Body, &failure) != nil {
		h.Fatalf("%s %+v: %v", subject, request, err)
	}
	return failure
}
