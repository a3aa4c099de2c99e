package daemon_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// A period's report tells how its days stand on the newest evening, and is made anew when
// that has changed; the sealed days stay as they are.
func TestAPeriodTellsHowItsDaysStand(t *testing.T) {
	h := start(t, configOf(t))
	s := speak(h)
	closeDay(h, openDay)
	closeDay(h, openDay+1)
	sealed, _ := h.file(openDay, openDay, "report.json")

	first, r := h.period(openDay, openDay+1)
	v := r.Reconciliation
	if v == nil || v.Evening != openDay+1 || v.Days != 2 || v.Totals.Broken.Count+v.InternalTotals.Broken.Count != 3 {
		t.Fatalf("the period's reconciliation: %+v", v)
	}
	if v.Totals.Ledger != r.Totals.Owed || !v.OpenTies || v.Open.Count != 3 || v.Alone.Count != 1 {
		t.Errorf("ledger %s of %s, open %+v, without a bill %+v", v.Totals.Ledger, r.Totals.Owed, v.Open, v.Alone)
	}
	if len(v.Changes) != 1 || v.Changes[0].What != report.BreakNew || v.Changes[0].Count != 4 {
		t.Errorf("what happened in the period: %+v", v.Changes)
	}
	var applied uint64
	for _, side := range v.Parties {
		applied += side.Applied
	}
	if want := uint64(len(grouped(s.all, func(b settled) string { return b.provider })) + 6); applied != want {
		t.Errorf("%d statements about the period, want %d", applied, want)
	}
	for name, lines := range map[string]int{"breaks.csv": 1 + 4, "obligations.csv": 1 + len(r.Pairs)} {
		if text, _ := h.file(openDay, openDay+1, name); bytes.Count(text, []byte("\n")) != lines {
			t.Errorf("%s:\n%s", name, text)
		}
	}
	page, _ := h.file(openDay, openDay+1, "report.html")
	for _, want := range []string{"What happened on the evenings of the period", "../../breaks?home=" + s.over.home} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if again, _ := h.period(openDay, openDay+1); again != first {
		t.Error("nothing has changed, and the report has")
	}

	hospital := grouped(s.all, func(b settled) string { return b.provider })
	for _, own := range hospital {
		if own[0].provider == s.over.provider {
			s.stateHospital(h, own, "D2", 0, "")
		}
	}
	call[service.ReconcileReply](h, service.Reconcile, service.ReconcileRequest{Run: true})
	second, r := h.period(openDay, openDay+1)
	if v := r.Reconciliation; second == first || v.Totals.Broken.Count+v.InternalTotals.Broken.Count != 2 || !v.OpenTies {
		t.Errorf("after a correction: %+v, open %+v", v.Totals, v.Open)
	}
	idle := openDay + 1
	if day := call[service.ReconcileReply](h, service.Reconcile, service.ReconcileRequest{Day: &idle}); day.Pairs == nil || len(day.Pairs)+len(day.Rows) > 0 {
		t.Errorf("a day without bills: %+v", day)
	}
	if now, _ := h.file(openDay, openDay, "report.json"); !bytes.Equal(now, sealed) {
		t.Error("the sealed day has changed")
	}
	call[service.RemakeReply](h, service.Remake, service.RemakeRequest{Day: openDay})
}

// period reads the period's report; sum is its digest.
func (h *house) period(from, to ledger.Day) (sum string, r report.Report) {
	h.Helper()
	text, sum := h.file(from, to, "report.json")
	r, err := report.ReadJSON(bytes.NewReader(text))
	if err != nil {
		h.Fatal(err)
	}
	return sum, r
}

// file reads a file of a report, and holds it against its digest.
func (h *house) file(from, to ledger.Day, name string) (data []byte, sum string) {
	h.Helper()
	for {
		part := call[service.ReportReply](h, service.Report, service.ReportRequest{Day: from, To: &to, File: name, Offset: int64(len(data))})
		data = append(data, part.Data...)
		if int64(len(data)) < part.Size && len(part.Data) > 0 {
			continue
		}
		digest := sha256.Sum256(data)
		if hex.EncodeToString(digest[:]) != part.SHA256 {
			h.Errorf("%s of %s to %s does not have its digest", name, from, to)
		}
		return data, part.SHA256
	}
}

// Without a calendar nothing is matched: the period has its figures, and says why it says nothing of sides.
func TestAPeriodThatWasNotMatched(t *testing.T) {
	cfg := configOf(t)
	day := ledger.NewDay(2031, time.March, 18)
	cfg.FirstDay = day.Time()
	h := start(t, cfg)
	party := provinces.Party{Kind: provinces.PartyHome, Province: "65"}
	h.state(party, "M-1", map[int][]byte{0: fmt.Appendf(nil, `{"doctype":"statement","admdvs":"650000","begndate":"%s","enddate":"%s",`+
		`"totals":[{"setl_cnt":0,"medfee_sumamt":"0.00","fund_pay_sumamt":"0.00"}]}`, day, day)}, 0)
	waitFor(t, func() bool { return len(haveFrom(h, party).Applied) == 1 })
	closeDay(h, day)
	closeDay(h, day+1)
	if _, r := h.period(day, day+1); r.Reconciliation != nil || r.NoCalendar != 2031 || r.From != day || r.To != day+1 {
		t.Errorf("%+v, without the calendar of %d", r.Reconciliation, r.NoCalendar)
	}
}
