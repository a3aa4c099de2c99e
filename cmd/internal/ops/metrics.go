package ops

import (
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Metrics is everything the daemon measures about itself, in a registry of its own.
// Labels are few and bounded: provinces, outcomes, codes; never a hospital, never a
// person. All methods are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	claims       *prometheus.CounterVec
	refusals     *prometheus.CounterVec
	redeliveries prometheus.Counter
	quarantined  prometheus.Gauge
	oldest       prometheus.Gauge
	lag          *prometheus.GaugeVec

	commit  prometheus.Histogram
	batch   prometheus.Histogram
	records prometheus.Gauge

	imbalance  prometheus.Gauge
	faults     prometheus.Gauge
	lastCheck  prometheus.Gauge
	intakeOnly prometheus.Gauge

	answersPublished   prometheus.Counter
	answersRepublished prometheus.Counter

	lastClosed   prometheus.Gauge
	closeSeconds prometheus.Gauge
	closesDue    prometheus.Gauge
	clockLeap    prometheus.Gauge

	streamBytes *prometheus.GaugeVec
	streamLimit *prometheus.GaugeVec
	syncAlways  prometheus.Gauge
	unmatched   prometheus.Gauge
	reconciled  prometheus.Gauge
	breaks      *prometheus.GaugeVec
	overdue     prometheus.Gauge
	expiry      *prometheus.GaugeVec
	diskFree    prometheus.Gauge
	diskFloor   prometheus.Gauge

	planSet        *prometheus.GaugeVec
	plans          *prometheus.GaugeVec
	reloadOK       prometheus.Gauge
	reloadTime     prometheus.Gauge
	intakePaused   prometheus.Gauge
	ready          prometheus.Gauge
	condition      *prometheus.GaugeVec
	probeSeconds   prometheus.Gauge
	probeFailures  prometheus.Counter
	declaredBooked prometheus.Counter

	statements         *prometheus.CounterVec
	statementsAnswered prometheus.Counter
}

// NewMetrics registers all metrics. version is shown as a label of build_info.
func NewMetrics(version string) *Metrics {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	f := factory{r}
	m := &Metrics{
		registry: r,

		claims:       f.counters("claims_total", "Messages by outcome, as answered.", "outcome"),
		refusals:     f.counters("refusals_total", "Refused messages by code.", "code"),
		redeliveries: f.counter("redeliveries_total", "Messages the broker delivered again after they were in the books; harmless."),
		quarantined:  f.gauge("quarantine_messages", "Messages in quarantine that wait for an operator."),
		oldest:       f.gauge("oldest_unprocessed_age_seconds", "Age of the oldest stored message without an outcome; 0 when there is none."),
		lag:          f.gauges("stream_lag_messages", "Stored messages without an outcome, by treatment province.", "treatment"),

		commit: f.histogram("commit_seconds", "Duration of one transaction of the books, syncs included.",
			prometheus.ExponentialBuckets(0.001, 2, 13)), // 1 ms to 4 s
		batch: f.histogram("batch_claims", "Messages in one transaction.",
			prometheus.ExponentialBuckets(1, 2, 11)), // 1 to 1024
		records: f.gauge("books_records", "The books' number of the last record."),

		imbalance:  f.gauge("ledger_imbalance_fen", "Sum of all balances in fen; must be 0."),
		faults:     f.gauge("books_faults", "Broken promises found by the last check of the books; must be 0."),
		lastCheck:  f.gauge("books_check_timestamp_seconds", "When the last check of the books ended."),
		intakeOnly: f.gauge("intake_only", "1 while claims are kept but not booked because the books are in doubt."),

		answersPublished:   f.counter("answers_published_total", "Answers published for the first time."),
		answersRepublished: f.counter("answers_republished_total", "Answers published again from the books."),

		lastClosed:   f.gauge("last_closed_day_timestamp_seconds", "The last closed business day, as midnight UTC of its date; 0 before the first."),
		closeSeconds: f.gauge("close_seconds", "How long the last close of a day took."),
		closesDue:    f.gauge("closes_due", "Business days past their cut-off that are not closed yet."),
		clockLeap:    f.gauge("clock_leap_seconds", "Leap of the clock that holds the close, in seconds; 0 when there is none."),

		streamBytes: f.gauges("stream_bytes", "Size of a stream on disk.", "stream"),
		streamLimit: f.gauges("stream_limit_bytes", "Size at which a stream refuses new messages; 0 when it has none.", "stream"),
		unmatched:   f.gauge("reconcile_without_calendar", "1 if the last night matched nothing because the calendar of the year is missing."),
		reconciled:  f.gauge("reconciled_day_timestamp_seconds", "The evening as of which statements were last matched, as midnight UTC of its date; 0 before the first."),
		breaks:      f.gauges("breaks_open", "Breaks that are open or proposed, by class, as of the last match.", "class"),
		overdue:     f.gauge("breaks_overdue", "Of the open breaks those past their due date, as of the last match."),
		syncAlways:  f.gauge("broker_sync_always", "1 if the broker syncs before it acknowledges, 0 if not or not known."),
		expiry:      f.gauges("expiry_timestamp_seconds", "When login, broker_certificate or authority expires; 0 for what never does.", "what"),
		diskFree:    f.gauge("disk_free_bytes", "Free space of the file system that holds the state."),
		diskFloor:   f.gauge("disk_floor_bytes", "Free space below which the intake pauses."),

		planSet:       f.gauges("plan_set_info", "1 for the plan set in force, named by its hash.", "hash"),
		plans:         f.gauges("plans", "Benefit plans in force.", "verified"),
		reloadOK:      f.gauge("plan_reload_success", "1 if the last reading of the plans succeeded, 0 if the old ones stayed in force."),
		reloadTime:    f.gauge("plan_reload_timestamp_seconds", "When the plans were last read successfully."),
		intakePaused:  f.gauge("intake_paused", "1 while the intake is paused, for want of disk space for example."),
		ready:         f.gauge("ready", "1 if a claim published now would be kept and processed."),
		condition:     f.gauges("condition_ok", "1 if this condition of readiness holds.", "condition"),
		probeSeconds:  f.gauge("watchdog_probe_seconds", "Duration of the last probe through books and broker."),
		probeFailures: f.counter("watchdog_probe_failures_total", "Probes that failed or took too long."),
		declaredBooked: f.counter("declared_booked_total",
			"Claims booked on their own word for the person, because the home province is declared."),

		statements:         f.counters("statements_total", "Statements by outcome, as decided; refused ones include messages that came in the place of others.", "outcome"),
		statementsAnswered: f.counter("statements_answered_total", "Results and refusals of statements published."),
	}
	f.count("log_redactions_total", "Log lines in which an identity number had to be masked; must be 0.", &redactions)
	build := f.gauges("build_info", "1; the labels say what runs.", "version", "go")
	build.WithLabelValues(version, runtime.Version()).Set(1)
	m.seed()
	return m
}

// seed makes a rate or a count 0, not absent, before the first.
func (m *Metrics) seed() {
	for _, o := range provinces.Outcomes {
		m.claims.WithLabelValues(string(o))
	}
	for _, o := range provinces.StatementOutcomes {
		m.statements.WithLabelValues(string(o))
	}
	m.SetBreaks(nil, 0)
}

// Handler serves the metrics in the Prometheus formats.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{EnableOpenMetrics: true})
}

// Answered counts n messages with this outcome.
func (m *Metrics) Answered(o provinces.Outcome, n int) {
	m.claims.WithLabelValues(string(o)).Add(float64(n))
}

// Refused counts a refusal by its code.
func (m *Metrics) Refused(c provinces.Code) {
	m.refusals.WithLabelValues(strconv.Itoa(int(c))).Inc()
}

// DeclaredBooked counts n claims booked on their own word for the person.
func (m *Metrics) DeclaredBooked(n int) { m.declaredBooked.Add(float64(n)) }

// StatementTaken counts one decided statement.
func (m *Metrics) StatementTaken(o provinces.StatementOutcome) {
	m.statements.WithLabelValues(string(o)).Inc()
}

// StatementsAnswered counts results and refusals of statements that were published.
func (m *Metrics) StatementsAnswered(n int) { m.statementsAnswered.Add(float64(n)) }

// Redelivered counts n messages that were in the books already.
func (m *Metrics) Redelivered(n int) { m.redeliveries.Add(float64(n)) }

// SetQuarantined is the number of messages that wait for an operator.
func (m *Metrics) SetQuarantined(n int) { m.quarantined.Set(float64(n)) }

// SetOldestUnprocessed is the age of the oldest stored message without an outcome.
func (m *Metrics) SetOldestUnprocessed(age time.Duration) { m.oldest.Set(age.Seconds()) }

// SetStreamLag is the number of stored messages of a treatment province without an
// outcome.
func (m *Metrics) SetStreamLag(treatment ledger.Province, messages uint64) {
	m.lag.WithLabelValues(string(treatment)).Set(float64(messages))
}

// Committed measures one transaction of the books.
func (m *Metrics) Committed(took time.Duration, claims int, lastRecord uint64) {
	m.commit.Observe(took.Seconds())
	m.batch.Observe(float64(claims))
	m.records.Set(float64(lastRecord))
}

// BooksChecked reports a check of the books: the sum of all balances and the number of
// broken promises, both of which must be 0.
func (m *Metrics) BooksChecked(at time.Time, imbalance ledger.Amount, faults int) {
	m.imbalance.Set(float64(imbalance)) // beyond 2^53 fen inexact, but never 0 for what is not 0
	m.faults.Set(float64(faults))
	m.lastCheck.Set(seconds(at))
}

// SetIntakeOnly says that nothing is booked because the books are in doubt.
func (m *Metrics) SetIntakeOnly(on bool) { m.intakeOnly.Set(truth(on)) }

// SetIntakePaused says that no message is taken from the broker for now.
func (m *Metrics) SetIntakePaused(on bool) { m.intakePaused.Set(truth(on)) }

// AnswersPublished counts answers sent for the first time.
func (m *Metrics) AnswersPublished(n int) { m.answersPublished.Add(float64(n)) }

// AnswersRepublished counts answers sent again from the books.
func (m *Metrics) AnswersRepublished(n int) { m.answersRepublished.Add(float64(n)) }

// DayClosed reports the close of a business day and how long it took.
func (m *Metrics) DayClosed(day ledger.Day, took time.Duration) {
	m.SetLastClosed(day)
	m.closeSeconds.Set(took.Seconds())
}

// SetLastClosed is the last closed business day, as found at the start.
func (m *Metrics) SetLastClosed(day ledger.Day) { m.lastClosed.Set(seconds(day.Time())) }

// SetClosesDue is the number of days past their cut-off that are not closed yet.
func (m *Metrics) SetClosesDue(n int) { m.closesDue.Set(float64(n)) }

// SetClockLeap is the leap that holds the close; 0 ends the alarm.
func (m *Metrics) SetClockLeap(leap time.Duration) { m.clockLeap.Set(leap.Seconds()) }

// SetStream is the size of a stream and the size at which it refuses messages.
func (m *Metrics) SetStream(name string, bytes, limit uint64) {
	m.streamBytes.WithLabelValues(name).Set(float64(bytes))
	m.streamLimit.WithLabelValues(name).Set(float64(limit))
}

// SetExpiry tells when something without which nobody connects ends.
func (m *Metrics) SetExpiry(what string, at time.Time) {
	seconds := 0.0
	if !at.IsZero() {
		seconds = float64(at.Unix())
	}
	m.expiry.WithLabelValues(what).Set(seconds)
}

// SetUnmatched says whether the last night could not match for want of a calendar.
func (m *Metrics) SetUnmatched(missing bool) { m.unmatched.Set(truth(missing)) }

// SetReconciled is the evening as of which statements were last matched.
func (m *Metrics) SetReconciled(evening ledger.Day) { m.reconciled.Set(seconds(evening.Time())) }

// SetBreaks counts the open breaks by class, and those past their due date.
func (m *Metrics) SetBreaks(classes map[reconcile.Class]int, overdue int) {
	for _, c := range reconcile.Classes {
		m.breaks.WithLabelValues(string(c)).Set(float64(classes[c]))
	}
	m.overdue.Set(float64(overdue))
}

// SetSyncAlways says whether the broker is known to sync before it acknowledges.
func (m *Metrics) SetSyncAlways(known bool) { m.syncAlways.Set(truth(known)) }

// SetDisk is the free space of the state's file system and the configured floor.
func (m *Metrics) SetDisk(free, floor int64) {
	m.diskFree.Set(float64(free))
	m.diskFloor.Set(float64(floor))
}

// PlansLoaded reports a plan set that came into force. hash is its hexadecimal name.
func (m *Metrics) PlansLoaded(at time.Time, hash string, verified, unverified int) {
	m.planSet.Reset()
	m.planSet.WithLabelValues(hash).Set(1)
	m.plans.WithLabelValues("true").Set(float64(verified))
	m.plans.WithLabelValues("false").Set(float64(unverified))
	m.reloadOK.Set(1)
	m.reloadTime.Set(seconds(at))
}

// PlansKept reports a reload that failed: the old plans stay in force.
func (m *Metrics) PlansKept() { m.reloadOK.Set(0) }

func (m *Metrics) setReadiness(s State) {
	m.ready.Set(truth(s.Ready))
	for _, c := range s.Conditions {
		m.condition.WithLabelValues(c.Name).Set(truth(c.OK))
	}
}

func (m *Metrics) probed(took time.Duration, err error) {
	m.probeSeconds.Set(took.Seconds())
	if err != nil {
		m.probeFailures.Inc()
	}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

// factory registers metrics under the daemon's prefix.
type factory struct{ registry *prometheus.Registry }

const prefix = "clearingd"

func registered[C prometheus.Collector](f factory, c C) C {
	f.registry.MustRegister(c)
	return c
}

func (f factory) counter(name, help string) prometheus.Counter {
	return registered(f, prometheus.NewCounter(prometheus.CounterOpts{Namespace: prefix, Name: name, Help: help}))
}

func (f factory) counters(name, help string, labels ...string) *prometheus.CounterVec {
	return registered(f, prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: prefix, Name: name, Help: help}, labels))
}

func (f factory) count(name, help string, n *atomic.Uint64) {
	registered(f, prometheus.NewCounterFunc(prometheus.CounterOpts{Namespace: prefix, Name: name, Help: help},
		func() float64 { return float64(n.Load()) }))
}

func (f factory) gauge(name, help string) prometheus.Gauge {
	return registered(f, prometheus.NewGauge(prometheus.GaugeOpts{Namespace: prefix, Name: name, Help: help}))
}

func (f factory) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return registered(f, prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: prefix, Name: name, Help: help}, labels))
}

func (f factory) histogram(name, help string, buckets []float64) prometheus.Histogram {
	return registered(f, prometheus.NewHistogram(prometheus.HistogramOpts{Namespace: prefix, Name: name, Help: help, Buckets: buckets}))
}
