package ops

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Every method moves the metric it is named for, by the right amount in the right unit.
func TestMetrics(t *testing.T) {
	m := NewMetrics("1.2.3")
	at := time.UnixMilli(1_800_000_000_500)

	m.Answered(provinces.Booked, 3)
	m.Refused(provinces.CodeForm)
	m.DeclaredBooked(2)
	m.Redelivered(4)
	m.SetQuarantined(1)
	m.SetOldestUnprocessed(1500 * time.Millisecond)
	m.SetStreamLag("65", 7)
	m.Committed(20*time.Millisecond, 256, 1234)
	m.BooksChecked(at, -5, 2)
	m.SetIntakeOnly(true)
	m.SetIntakePaused(true)
	m.AnswersPublished(5)
	m.AnswersRepublished(6)
	m.DayClosed(ledger.NewDay(2026, 11, 22), 2*time.Second)
	m.SetClosesDue(3)
	m.SetClockLeap(-10 * time.Minute)
	m.SetStream("CLAIMS_65", 100, 200)
	m.SetSyncAlways(true)
	m.SetDisk(5000, 1000)
	m.PlansLoaded(at, "old", 1, 1)
	m.PlansLoaded(at, "abc", 4, 30)
	m.PlansKept()
	m.probed(time.Second, nil)
	m.probed(3*time.Second, errProbe)
	NewReadiness(m, "books", "broker").OK("books")

	text := scrape(t, m)
	for _, want := range []string{
		`clearingd_claims_total{outcome="booked"} 3`,
		`clearingd_claims_total{outcome="quarantined"} 0`,
		`clearingd_refusals_total{code="1005"} 1`,
		`clearingd_declared_booked_total 2`,
		`clearingd_redeliveries_total 4`,
		`clearingd_quarantine_messages 1`,
		`clearingd_oldest_unprocessed_age_seconds 1.5`,
		`clearingd_stream_lag_messages{treatment="65"} 7`,
		`clearingd_commit_seconds_sum 0.02`,
		`clearingd_batch_claims_sum 256`,
		`clearingd_books_records 1234`,
		`clearingd_ledger_imbalance_fen -5`,
		`clearingd_books_faults 2`,
		`clearingd_books_check_timestamp_seconds 1.8000000005e+09`,
		`clearingd_intake_only 1`,
		`clearingd_intake_paused 1`,
		`clearingd_answers_published_total 5`,
		`clearingd_answers_republished_total 6`,
		`clearingd_last_closed_day_timestamp_seconds 1.7953056e+09`,
		`clearingd_close_seconds 2`,
		`clearingd_closes_due 3`,
		`clearingd_clock_leap_seconds -600`,
		`clearingd_stream_bytes{stream="CLAIMS_65"} 100`,
		`clearingd_stream_limit_bytes{stream="CLAIMS_65"} 200`,
		`clearingd_broker_sync_always 1`,
		`clearingd_disk_free_bytes 5000`,
		`clearingd_disk_floor_bytes 1000`,
		`clearingd_plan_set_info{hash="abc"} 1`,
		`clearingd_plans{verified="false"} 30`,
		`clearingd_plan_reload_success 0`,
		`clearingd_plan_reload_timestamp_seconds 1.8000000005e+09`,
		`clearingd_log_redactions_total`,
		`clearingd_watchdog_probe_seconds 3`,
		`clearingd_watchdog_probe_failures_total 1`,
		`clearingd_ready 0`,
		`clearingd_condition_ok{condition="books"} 1`,
		`clearingd_condition_ok{condition="broker"} 0`,
		`version="1.2.3"`,
		`go_goroutines`,
		`process_open_fds`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("missing: %s", want)
		}
	}
	if strings.Contains(text, `hash="old"`) {
		t.Error("the old plan set must be gone")
	}
}

// Names and help texts follow the conventions of Prometheus.
func TestMetricsLint(t *testing.T) {
	families, err := NewMetrics("x").registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, prefix) {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
	return w.Body.String()
}
