package doctest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// repository is the root of the checkout, as an absolute path.
var repository string

// programs is the directory with the two programs, built once for all tests.
var programs string

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	var err error
	if repository, err = filepath.Abs("../../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if programs, err = os.MkdirTemp("", "clearing-programs-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programs)
	c := exec.Command("go", "build", "-o", programs, "./cmd/clearingd", "./cmd/clearctl")
	c.Dir, c.Env = repository, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
