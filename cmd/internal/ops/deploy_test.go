package ops

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// The tests of this file hold what deploy/ ships against the daemon and against systemd.

const deploy = "../../../deploy"

func shipped(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(deploy, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// registeredNames are the metrics that the daemon can show, with the series that a
// histogram becomes.
func registeredNames(t *testing.T) map[string]bool {
	t.Helper()
	descriptions := make(chan *prometheus.Desc)
	go func() {
		NewMetrics("x").registry.Describe(descriptions)
		close(descriptions)
	}()
	fqName := regexp.MustCompile(`fqName: "([a-z0-9_]+)"`)
	names := map[string]bool{"up": true} // Prometheus's own
	for d := range descriptions {
		name := fqName.FindStringSubmatch(d.String())[1]
		for _, suffix := range []string{"", "_bucket", "_sum", "_count"} {
			names[name+suffix] = true
		}
	}
	return names
}

// A rule or a panel about a metric that nobody measures is silent for ever.
func TestRulesAndDashboardsUseRegisteredMetrics(t *testing.T) {
	names := registeredNames(t)
	metric := regexp.MustCompile(`\b(?:clearingd|process|go)_[a-z0-9_]+\b`)
	for _, path := range []string{"prometheus/alerts.yaml", "prometheus/alerts_test.yaml", "grafana/clearingd.json"} {
		used := metric.FindAllString(shipped(t, path), -1)
		if len(used) < 4 {
			t.Errorf("%s: found only %d metrics; has its form changed?", path, len(used))
		}
		for _, name := range used {
			if !names[name] {
				t.Errorf("%s uses %s, which is not registered", path, name)
			}
		}
	}
}

// What must never happen has an alert.
func TestEveryMustBeZeroHasAnAlert(t *testing.T) {
	alerts := shipped(t, "prometheus/alerts.yaml")
	for _, name := range []string{
		"ledger_imbalance_fen", "books_faults", "intake_only", "quarantine_messages", "ready", "intake_paused",
		"oldest_unprocessed_age_seconds", "closes_due", "clock_leap_seconds", "broker_sync_always", "expiry_timestamp_seconds", "disk_free_bytes",
		"plan_reload_success", "watchdog_probe_failures_total", "log_redactions_total", "stream_limit_bytes",
	} {
		if !strings.Contains(alerts, "clearingd_"+name) {
			t.Errorf("no alert on clearingd_%s", name)
		}
	}
	if alerts, runbooks := strings.Count(alerts, "- alert:"), strings.Count(alerts, "runbook: docs/runbook.md#"); alerts != runbooks {
		t.Errorf("%d alerts, but %d point at the runbook", alerts, runbooks)
	}
}

func TestDashboardIsJSON(t *testing.T) {
	var board struct {
		Panels []struct {
			ID      int
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(shipped(t, "grafana/clearingd.json")), &board); err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, p := range board.Panels {
		if p.Title == "" || len(p.Targets) == 0 || seen[p.ID] {
			t.Errorf("panel %d %q: no title, no query, or its number twice", p.ID, p.Title)
		}
		seen[p.ID] = true
	}
	if len(seen) < 10 {
		t.Errorf("only %d panels", len(seen))
	}
}

// exposureMax is the worst `systemd-analyze security` may say about the unit; a plain
// unit has 9.6.
const exposureMax = 1.5

func TestUnitPassesSystemd(t *testing.T) {
	analyze := systemdAnalyze(t)
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// verify wants the command to exist: any executable will do.
	unit := strings.Replace(shipped(t, "systemd/clearingd.service"), "ExecStart=/usr/bin/clearingd ", "ExecStart="+self+" ", 1)
	for name, text := range map[string]string{"clearingd.service": unit, "clearingd-http.socket": shipped(t, "systemd/clearingd-http.socket")} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(analyze, "verify", "--man=no", filepath.Join(dir, "clearingd.service"), filepath.Join(dir, "clearingd-http.socket"))
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), dir) || strings.Contains(string(out), "clearingd.service") {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err := exec.Command(analyze, "security", "--offline=true", "--no-pager", filepath.Join(dir, "clearingd.service")).Output()
	if err != nil {
		t.Fatalf("systemd-analyze security: %v\n%s", err, out)
	}
	m := regexp.MustCompile(`exposure level for clearingd.service: ([0-9.]+)`).FindSubmatch(out)
	if m == nil {
		t.Fatalf("systemd-analyze security says no level:\n%s", out)
	}
	if level, err := strconv.ParseFloat(string(m[1]), 64); err != nil || level > exposureMax {
		t.Errorf("exposure level %s, at most %v is wanted", m[1], exposureMax)
	}
}

// systemdAnalyze finds the tool. scripts/setup.sh installs it where it may; CI must
// have it, and elsewhere the skip is counted and shown.
func systemdAnalyze(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("systemd-analyze")
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatal("systemd-analyze is missing in CI: scripts/setup.sh should have installed the package systemd")
	}
	t.Skip("systemd-analyze is missing: the unit file is NOT checked; install the package systemd")
	return ""
}

// The unit relies on what the daemon really does: its exit codes, its reload signal, its
// flags, the name of its credential and of its socket.
func TestUnitAgreesWithTheDaemon(t *testing.T) {
	unit := shipped(t, "systemd/clearingd.service")
	for _, line := range []string{
		"Type=notify\n", "WatchdogSec=30\n", "ExecReload=/bin/kill -HUP $MAINPID\n", "RestartPreventExitStatus=64 65 78\n",
		"Restart=on-failure\n", "StateDirectory=clearingd\n", "--config %E/clearingd/clearingd.toml --state %S/clearingd\n",
		"LoadCredential=pseudonym.key:", "LimitCORE=0\n",
	} {
		if !strings.Contains(unit, "\n"+line) && !strings.Contains(unit, line) {
			t.Errorf("the unit lacks %q", line)
		}
	}
	if socket := shipped(t, "systemd/clearingd-http.socket"); !strings.Contains(socket, "FileDescriptorName="+socketName+"\n") {
		t.Errorf("the socket's name is not %q", socketName)
	}
}
