package faults

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
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
	code := m.Run()
	if built.dir != "" {
		os.RemoveAll(built.dir)
	}
	os.Exit(code)
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
