package faults

import (
	"encoding/gob"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// orders tell the tracer what to do, as JSON in the environment.
type orders struct {
	Record string // file that takes every call that changes a file; "" records nothing
	Call   string // call that is made to fail: fdatasync, pwrite64 ...; "" none
	Files  string // only calls on paths that contain this
	Fault  string // EIO, ENOSPC, or KILL: the process ends before the call
	Nth    int    // which of the calls, from 1
	Result string // file that takes the outcome
}

const ordersKey = "CLEARINGD_FAULTS_ORDERS"

var faultNumbers = map[string]syscall.Errno{"EIO": syscall.EIO, "ENOSPC": syscall.ENOSPC}

// outcome is what the tracer found.
type outcome struct {
	Calls int  // calls of the kind that were met
	Hit   bool // the fault was planted
}

// event is one call that succeeded, in the order in which they ended.
type event struct {
	Call    string
	Path    string // of the file, or the old name
	NewPath string // rename
	Offset  int64  // pwrite64; the size for ftruncate
	Data    []byte // pwrite64, and write to standard output
}

// traced gives a command that runs under the tracer.
func traced(t testing.TB, o orders, path string, args ...string) *exec.Cmd {
	t.Helper()
	needTracer(t)
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self(t), append([]string{path}, args...)...)
	cmd.Env = append(os.Environ(), role+"="+roleTracer, ordersKey+"="+string(text))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

func readOutcome(t testing.TB, path string) (o outcome) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	if err != nil {
		t.Fatalf("the tracer left no outcome: %v", err)
	}
	return o
}

func readEvents(t testing.TB, path string) (events []event) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for decoder := gob.NewDecoder(file); ; {
		var e event
		err := decoder.Decode(&e)
		if errors.Is(err, io.EOF) {
			return events
		}
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
}

// needTracer skips, loudly, where no process may be traced.
func needTracer(t testing.TB) {
	t.Helper()
	if why := tracerMissing(); why != "" {
		t.Skipf("SKIPPED, NOT TESTED: %s", why)
	}
}

// The tracer sees every call, fails the one it was told to and no other, and changes
// nothing else.
func TestTheTracerPlantsExactlyOneFault(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		fault string
		nth   int
		hit   bool
		code  int
	}{
		{"", 0, false, 0}, {"EIO", 1, true, 1}, {"EIO", 3, true, 1}, {"ENOSPC", 2, true, 1}, {"KILL", 2, true, 137}, {"EIO", 99, false, 0},
	} {
		result := filepath.Join(dir, "result")
		o := orders{Call: "fdatasync", Files: "books.db", Fault: c.fault, Nth: c.nth, Result: result}
		books := filepath.Join(t.TempDir(), "books.db")
		cmd := traced(t, o, self(t), books, "1", "2", "2")
		out, err := cmd.CombinedOutput()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
		if got := readOutcome(t, result); got.Hit != c.hit || cmd.ProcessState.ExitCode() != c.code {
			t.Errorf("%s at %d: %+v, exit code %d, want %d\n%s", c.fault, c.nth, got, cmd.ProcessState.ExitCode(), c.code, out)
		}
	}
}
