package daemon_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/cmd/internal/daemon"
	"clearingd/config"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

var openDay = ledger.NewDay(2026, time.March, 18)

// house is a whole daemon on a state directory, with a hospital's connection to it.
type house struct {
	testing.TB
	cfg      config.Config
	daemon   *daemon.Daemon
	hospital *bus.Bus
	stopped  chan error
	stop     context.CancelFunc
}

func configOf(t testing.TB) config.Config {
	cfg := config.Default()
	cfg.BusinessDay, cfg.FirstDay = config.Manual, openDay.Time()
	cfg.State.Dir = t.TempDir()
	cfg.NATS.Listen, cfg.HTTP.Listen = "127.0.0.1:0", "127.0.0.1:0"
	cfg.Report.DemoLabel = "test"
	return cfg
}

func start(t testing.TB, cfg config.Config) *house {
	t.Helper()
	h := &house{TB: t, cfg: cfg, stopped: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	h.stop = cancel
	var err error
	if h.daemon, err = daemon.New(ctx, cfg, zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel))); err != nil {
		t.Fatal(err)
	}
	go func() { h.stopped <- h.daemon.Run(ctx) }()
	if h.hospital, err = bus.Connect(ctx, bus.ConnectOptions{
		URL: h.daemon.NATSURL(), Name: "hospital", Login: bus.Login{User: cfg.NATS.User, Password: cfg.NATS.PasswordFile},
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.close() })
	return h
}

func (h *house) close() {
	h.Helper()
	if h.daemon == nil {
		return
	}
	h.hospital.Close()
	h.stop()
	if err := <-h.stopped; err != nil {
		h.Errorf("run: %v", err)
	}
	if err := h.daemon.Close(); err != nil {
		h.Errorf("close: %v", err)
	}
	h.daemon = nil
}

// send publishes messages and waits for every answer.
func (h *house) send(messages []sim.Message) []provinces.Envelope {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, m := range messages {
		if _, _, err := h.hospital.PublishClaim(ctx, m.Subject, m.Body); err != nil {
			h.Fatalf("%s: %v", m.Subject, err)
		}
	}
	answers := make([]provinces.Envelope, 0, len(messages))
	for _, m := range messages {
		answers = append(answers, h.answer(ctx, "answers."+m.Subject[len("claims."):]))
	}
	return answers
}

func (h *house) answer(ctx context.Context, subject string) provinces.Envelope {
	h.Helper()
	for {
		answer, ok, err := h.hospital.Answer(ctx, subject)
		if err != nil {
			h.Fatalf("%s: %v", subject, err)
		}
		if ok {
			return answer
		}
		time.Sleep(time.Millisecond)
	}
}

func call[Reply any](h *house, subject string, request any) (reply Reply) {
	h.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		h.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	answer, err := h.hospital.Call(ctx, subject, body)
	if err != nil {
		h.Fatalf("%s: %v", subject, err)
	}
	if err := json.Unmarshal(answer, &reply); err != nil {
		h.Fatalf("%s: %v: %s", subject, err, answer)
	}
	return reply
}

func TestADayFromClaimToReport(t *testing.T) {
	h := start(t, configOf(t))
	sample := sim.Day(sim.DefaultConfig(7, 80, openDay))
	for i, answer := range h.send(sample.Messages) {
		m := sample.Messages[i]
		digest := sha256.Sum256(m.Body)
		if got := answer.Header[provinces.HeaderOutcome]; got != string(m.Want.Outcome) {
			t.Errorf("%s, built as %s, became %s, want %s: %s", m.Subject, m.What, got, m.Want.Outcome, answer.Body)
		}
		if answer.Header[provinces.HeaderDigest] != hex.EncodeToString(digest[:]) || answer.Header[provinces.HeaderDay] != openDay.String() {
			t.Errorf("%s: %v", m.Subject, answer.Header)
		}
	}
	closed := call[service.CloseReply](h, service.Close, service.CloseRequest{Day: openDay})
	if closed.Day.State != "closed" || closed.Next != openDay+1 {
		t.Fatalf("closed: %+v", closed)
	}
	for _, name := range closed.Day.Files {
		if info, err := os.Stat(filepath.Join(h.cfg.ReportDir(), openDay.String(), name)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	if check := call[service.CheckReply](h, service.Check, nil); len(check.Faults) > 0 {
		t.Errorf("the books fail their check: %v", check.Faults)
	}
}

func TestAnEmptyDayIsClosedWithAZeroReport(t *testing.T) {
	h := start(t, configOf(t))
	for day := openDay; day < openDay+3; day++ {
		if closed := call[service.CloseReply](h, service.Close, service.CloseRequest{Day: day}); closed.Day.State != "closed" {
			t.Errorf("%s: %+v", day, closed.Day)
		}
	}
	last := openDay + 2
	before := service.ReportRequest{Day: openDay - 1, To: &last, File: "report.json"}
	if code := refused(h, service.Report, before); code != http.StatusConflict {
		t.Errorf("a period that begins before the books: %d", code)
	}
	first := openDay
	if code := refused(h, service.Report, service.ReportRequest{Day: last, To: &first, File: "report.json"}); code != http.StatusBadRequest {
		t.Errorf("a period that ends before it begins: %d", code)
	}
	// What is wrong with a request is told, and not the whole of it again.
	_, err := h.hospital.Call(t.Context(), service.Claim, []byte(`{"entry":`+strings.Repeat("7", 1_046_500)+`}`))
	var failed *bus.ServiceError
	if !errors.As(err, &failed) || failed.Code != http.StatusBadRequest || len(failed.Body) > 4_000 {
		t.Errorf("a request with a number of a million digits: %.200v", err)
	}
}

// TestADaemonBehindAPasswordWorks: its own broker asks everybody for a login, itself too.
func TestADaemonBehindAPasswordWorks(t *testing.T) {
	cfg := configOf(t)
	cfg.NATS.User = "clearingd"
	cfg.NATS.PasswordFile = filepath.Join(cfg.State.Dir, "password")
	cfg.NATS.ServerConfigFile = filepath.Join(cfg.State.Dir, "nats.conf")
	for path, content := range map[string]string{
		cfg.NATS.PasswordFile:     "correct horse\n",
		cfg.NATS.ServerConfigFile: `authorization { users: [ { user: clearingd, password: "correct horse" } ] }`,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h := start(t, cfg)
	h.send(sim.Day(sim.DefaultConfig(10, 3, openDay)).Messages)
	if _, err := bus.Connect(context.Background(), bus.ConnectOptions{URL: h.daemon.NATSURL()}); err == nil {
		t.Error("a client without a login was let in")
	}
}

// TestAnswersSurviveARestart: the same bytes, published once, whatever was in flight.
func TestAnswersSurviveARestart(t *testing.T) {
	cfg := configOf(t)
	h := start(t, cfg)
	sample := sim.Day(sim.DefaultConfig(8, 20, openDay))
	first := h.send(sample.Messages)
	h.close()
	h = start(t, cfg)
	ctx := context.Background()
	for i, m := range sample.Messages {
		again := h.answer(ctx, "answers."+m.Subject[len("claims."):])
		if fmt.Sprint(again) != fmt.Sprint(first[i]) {
			t.Errorf("%s was answered %v, after the restart %v", m.Subject, first[i], again)
		}
	}
}

// TestBooksFromAnOlderCopyCatchUp: books restored from a copy replay what the broker has
// answered since, in the order of the answers, to the same records (faults, row 23).
func TestBooksFromAnOlderCopyCatchUp(t *testing.T) {
	cfg := configOf(t)
	h := start(t, cfg)
	sample := sim.Day(sim.DefaultConfig(9, 60, openDay))
	h.send(sample.Messages[:30])
	h.close()
	restore := copyBooks(t, cfg)
	h = start(t, cfg)
	h.send(sample.Messages[30:])
	want := call[service.StatusReply](h, service.Status, nil)
	h.close()
	restore()
	h = start(t, cfg)
	h.demandEnd(want)
}
