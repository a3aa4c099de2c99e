package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
)

// role makes this test binary something else than the tests: a process under test, or
// the tracer of one.
const role = "CLEARINGD_FAULTS_ROLE"

const (
	roleTracer = "tracer" // runs its arguments as traced says
	roleBooks  = "books"  // keeps books: see keepBooks
	roleReport = "report" // closes a day: see closeBooks
)

// roleOfTraced is the role of the tracer's process, if it is this binary; without it, books.
const roleOfTraced = "CLEARINGD_FAULTS_TRACED"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case roleTracer:
		os.Exit(trace(os.Args[1:]))
	case roleBooks:
		os.Exit(keepBooks(os.Args[1:]))
	case roleReport:
		os.Exit(closeBooks(os.Args[1]))
	}
	if raced {
		os.Exit(runWithoutDetector())
	}
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
}

// failed says why a process of this binary is not what it should be.
func failed(err error) int {
	fmt.Fprintln(os.Stderr, "faults:", err)
	return 99
}

// runWithoutDetector runs the same tests in a binary without the race detector. What is
// tested here is other processes and what they leave on the disk, and hardly a thread of
// its own; the detector would only make each of the thousands of openings and children
// several times slower. The packages that are opened have tests under the detector.
func runWithoutDetector() int {
	dir, err := os.MkdirTemp("", "clearingd-faults-")
	if err != nil {
		return failed(err)
	}
	defer os.RemoveAll(dir)
	plain := filepath.Join(dir, "faults.test")
	args := []string{"test", "-c", "-vet=off", "-o", plain}
	if thorough {
		args = append(args, "-tags", "faults")
	}
	build := exec.Command("go", append(args, ".")...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return failed(fmt.Errorf("%w\n%s", err, out))
	}
	tests := exec.Command(plain, os.Args[1:]...)
	runtime.LockOSThread() // the tests end with this thread, should go test end us
	tests.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	tests.Stdin, tests.Stdout, tests.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := tests.Run(); tests.ProcessState == nil {
		return failed(err)
	}
	return tests.ProcessState.ExitCode()
}

var built struct {
	sync.Once
	dir, path string
	err       error
}

// clearingd builds the daemon once and gives its path.
func clearingd(t testing.TB) string {
	t.Helper()
	built.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "clearingd-faults-"); built.err != nil {
			return
		}
		built.path = filepath.Join(built.dir, "clearingd")
		build := exec.Command("go", "build", "-o", built.path, "clearingd/cmd/clearingd")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			built.err = fmt.Errorf("%w\n%s", err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
