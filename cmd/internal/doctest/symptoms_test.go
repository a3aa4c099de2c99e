package doctest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// symptom is a trouble of the runbook, brought about. shown is what the reader then
// sees on the screen, in the log, or from a probe.
type symptom struct {
	name   string
	bring  func(t *testing.T, h *house) (shown string)
	quoted []string // stands in the runbook, and must be shown
}

// damageRecord changes stored calculations, in pages in use and in free ones.
func damageRecord(t *testing.T, h *house) {
	t.Helper()
	path := filepath.Join(h.state, "books.db")
	books, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := bytes.ReplaceAll(books, []byte("half-up-fen"), []byte("half-up-fem"))
	if bytes.Equal(books, damaged) {
		t.Fatal("no calculation found in the books")
	}
	if err := os.WriteFile(path, damaged, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, h *house, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.RemoveAll(filepath.Join(h.state, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// fails starts a daemon that must end by itself.
func fails(t *testing.T, h *house, flags ...string) string {
	t.Helper()
	h.start(flags...)
	code, log := h.ended()
	return fmt.Sprintf("exit code %d\n%s", code, log)
}

// printed runs clearctl and gives all that it said.
func printed(h *house, arguments ...string) string {
	code, out := h.ctl(arguments...)
	return fmt.Sprintf("%s\nexit code %d\n", out, code)
}

// badPlans is a directory with a plan that pays more than the bill.
func badPlans(t *testing.T, h *house) {
	t.Helper()
	out, err := h.shell(`mkdir -p plans/65/plans && cp provinces/data/65/plans/6531-390.toml plans/65/plans/ && sed -i 's/third = 60 }/third = 160 }/' plans/65/plans/6531-390.toml`)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

var symptoms = []symptom{
	{"a stored record is damaged", func(t *testing.T, h *house) string {
		damageRecord(t, h)
		code, checked := h.ctl("check", "--offline", filepath.Join(h.state, "books.db"))
		if code != 1 {
			t.Errorf("the check of damaged books ends with %d", code)
		}
		h.start(manualDays...)
		h.await("intake-only", func() bool { return strings.Contains(h.readiness(), "damaged") })
		h.await("the broker", func() bool { return strings.Contains(h.log.String(), "broker listens") })
		metrics := h.get("/metrics", "text/plain")
		if !strings.Contains(metrics, "\nclearingd_intake_only 1\n") {
			t.Errorf("the metric does not say intake-only")
		}
		h.must("sample", "--seed", "8", "--count", "3", "--day", exampleDay, "--out", "kept.ndjson")
		if out := h.must("publish", "kept.ndjson"); !strings.Contains(out, "stored") {
			t.Errorf("the broker does not keep claims:\n%s", out)
		}
		return checked + h.readiness() + printed(h, "balances", "--timeout", "5s")
	}, []string{"books: damaged: ", "the broker runs, but no clearingd serves this", "not reported yet"}},

	{"the books are cut short", func(t *testing.T, h *house) string {
		path := filepath.Join(h.state, "books.db")
		if err := os.Truncate(path, 100_000); err != nil {
			t.Fatal(err)
		}
		h.start(manualDays...)
		h.await("intake-only", func() bool { return strings.Contains(h.readiness(), "damaged") })
		return h.readiness()
	}, []string{"books: damaged: ", "it was cut off, or copied in part"}},

	{"a second daemon on the same books", func(t *testing.T, h *house) string {
		h.open(manualDays...)
		second := newHouse(t)
		second.state = h.state
		return fails(t, second, manualDays...) + printed(h, "check", "--offline", filepath.Join(h.state, "books.db"))
	}, []string{"exit code 75", "the books are in use by another process", "the books cannot be opened (is clearingd still running?)"}},

	{"the pseudonym key is lost", func(t *testing.T, h *house) string {
		remove(t, h, "pseudonym.key")
		return fails(t, h, manualDays...)
	}, []string{"exit code 78", "the pseudonym key is missing: restore its file from the backup"}},

	{"the streams are lost", func(t *testing.T, h *house) string {
		remove(t, h, "nats")
		return fails(t, h, manualDays...)
	}, []string{"exit code 71", "the broker's stream is not the one these books have read"}},

	{"the books are lost, the streams are there", func(t *testing.T, h *house) string {
		remove(t, h, "books.db")
		return fails(t, h, manualDays...)
	}, []string{"exit code 65", "has a broker's streams but no books.db"}},

	{"the books are older than the answers", func(t *testing.T, h *house) string {
		copyBooks(t, h, "books.db", "older.db")
		h.open(manualDays...)
		h.must("sample", "--seed", "8", "--count", "60", "--day", "2026-11-21", "--out", "later.ndjson")
		h.must("publish", "later.ndjson", "--wait")
		h.must("close", "2026-11-21")
		before := h.must("days", "-o", "json") + h.must("check")
		h.stop()
		copyBooks(t, h, "older.db", "books.db")
		h.open(manualDays...)
		h.must("close", "2026-11-21")
		if after := h.must("days", "-o", "json") + h.must("check"); after != before {
			t.Errorf("restored books are not what they were: %s\nwant %s", after, before)
		}
		return h.log.String()
	}, []string{"the books are older than the answers: replaying", "the books are level with the answers again"}},

	{"books are restored under other plans", func(t *testing.T, h *house) string {
		copyBooks(t, h, "books.db", "older.db")
		h.open(manualDays...)
		h.must("sample", "--seed", "8", "--count", "60", "--day", "2026-11-21", "--out", "later.ndjson")
		h.must("publish", "later.ndjson", "--wait")
		h.stop()
		copyBooks(t, h, "older.db", "books.db")
		// Every deductible of a third-level hospital becomes another one.
		if out, err := h.shell(`cp -r provinces/data plans && sed -i '/^ *amount *= {/s/third = /third = 1/' plans/*/plans/*.toml`); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return fails(t, h, append([]string{"--plans", "plans"}, manualDays...)...)
	}, []string{"exit code 65"}},

	{"the disk is nearly full", func(t *testing.T, h *house) string {
		h.open(manualDays...)
		h.must("sample", "--seed", "8", "--count", "60", "--day", "2026-11-21", "--out", "later.ndjson")
		h.stop()
		h.start(append([]string{"--set", "disk.floor_mib=4000000000"}, manualDays...)...)
		h.await("the pause", func() bool {
			return strings.Contains(h.readiness(), "disk:") && !strings.Contains(h.readiness(), "intake:")
		})
		h.must("publish", "later.ndjson")
		shown := h.readiness() + printed(h, "close", "2026-11-21", "--timeout", "1s") + printed(h, "days")
		h.daemon.Process.Signal(syscall.SIGTERM)
		h.ended()
		h.open(manualDays...)
		h.await("the frozen day", func() bool { return !strings.Contains(h.must("days"), "frozen") })
		return shown
	}, []string{"intake paused", "frozen", ": answered to "}},

	{"plans with a fault at the start", func(t *testing.T, h *house) string {
		badPlans(t, h)
		return fails(t, h, append([]string{"--plans", "plans"}, manualDays...)...)
	}, []string{"exit code 78"}},

	{"plans with a fault at a reload", func(t *testing.T, h *house) string {
		out, err := h.shell("mkdir -p plans && cp -r provinces/data/. plans/")
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		h.open(append([]string{"--plans", "plans"}, manualDays...)...)
		before := h.must("plan", "list")
		badPlans(t, h)
		h.daemon.Process.Signal(syscall.SIGHUP)
		h.await("the refusal", func() bool { return strings.Contains(h.log.String(), "not read again") })
		if after := h.must("plan", "list"); after != before {
			t.Errorf("the plans have changed:\n%s", after)
		}
		if !strings.Contains(h.get("/metrics", "text/plain"), "\nclearingd_plan_reload_success 0\n") {
			t.Error("the metric does not say so")
		}
		return h.log.String()
	}, []string{"the plans were not read again; the old ones stay in force"}},

	{"report files are missing or changed", func(t *testing.T, h *house) string {
		h.open(manualDays...)
		h.must("close", "2026-11-21")
		remove(t, h, "reports/"+exampleDay)
		if err := os.WriteFile(filepath.Join(h.state, "reports/2026-11-21/report.json"), []byte("{}\n"), 0o640); err != nil {
			t.Fatal(err)
		}
		h.must("report", exampleDay, "--to", "2026-11-21", "--dir", "period")
		remove(t, h, "reports/"+exampleDay+"_2026-11-21")
		h.must("report", exampleDay, "--to", "2026-11-21", "--dir", "period-again")
		return printed(h, "report", exampleDay, "--dir", "gone") + printed(h, "report", "2026-11-21", "--dir", "changed") +
			h.get("/days/"+exampleDay+"?lang=en", "text/html")
	}, []string{"no such record", "the file does not have its digest", "day's report cannot be read here"}},

	{"a wrong day is closed", func(t *testing.T, h *house) string {
		h.open(manualDays...)
		return printed(h, "close", "2026-11-25")
	}, []string{"not the open business day"}},

	{"a day is closed before its cut-off", func(t *testing.T, h *house) string {
		remove(t, h, "books.db", "nats", "reports")
		h.open()
		var status struct{ Day string }
		decode(t, h.must("status", "-o", "json"), &status)
		shown := printed(h, "close", status.Day)
		h.must("close", status.Day, "--early")
		return shown
	}, []string{"the cut-off has not passed"}},

	{"an address is taken", func(t *testing.T, h *house) string {
		h.open(manualDays...)
		second := newHouse(t)
		second.nats = h.nats
		return fails(t, second)
	}, []string{"exit code 69"}},

	{"a wrong command line", func(t *testing.T, h *house) string {
		return fails(t, h, "--what")
	}, []string{"exit code 64"}},

	{"streams of other books", func(t *testing.T, h *house) string {
		other := newHouse(t)
		other.open(manualDays...)
		h.nats = "nats://" + other.nats // an external broker, for this one
		return fails(t, h, manualDays...)
	}, []string{"exit code 71", "metadata clearing_install is "}},

	{"the daemon does not run", func(t *testing.T, h *house) string {
		return printed(h, "status", "--timeout", "5s")
	}, []string{"clearctl: cannot reach clearingd"}},
}

func TestSymptoms(t *testing.T) {
	t.Parallel()
	runbook := document(t, "docs/runbook.md")
	for _, s := range symptoms {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			shown := s.bring(t, settledHouse(t))
			for _, words := range s.quoted {
				if !strings.Contains(unescaped(shown), words) {
					t.Errorf("nobody sees %q, only:\n%s", words, shown)
				}
				if !inRunbook(runbook, words) {
					t.Errorf("the runbook does not quote %q", words)
				}
			}
		})
	}
}

// inRunbook finds words as they stand, or an exit code as a row of the table.
func inRunbook(runbook, words string) bool {
	code, isCode := strings.CutPrefix(words, "exit code ")
	return strings.Contains(runbook, words) || isCode && strings.Contains(runbook, "\n| "+code+" |")
}

func unescaped(shown string) string {
	return strings.NewReplacer("&#39;", "'", `\"`, `"`).Replace(shown)
}

func copyBooks(t *testing.T, h *house, from, to string) {
	t.Helper()
	books, err := os.ReadFile(filepath.Join(h.state, from))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.state, to), books, 0o600); err != nil {
		t.Fatal(err)
	}
}
