// Command testsum runs `go test -json` and writes what a person wants to see of it: one
// line a package as it ends, then the output of what failed, then every skipped test
// with its reason and their number. A skip is a check that did not happen; here it
// cannot go unseen. The same text is kept in a file.
//
// It exits with 1 when a test or a build failed, when the run was cut off, or when no
// package was tested at all.
//
//	testsum KEEP go test -json ./...
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() { os.Exit(command(os.Args[1:], os.Stdout)) }

// command runs args[1:] and summarises what it prints, on out and in the file args[0].
func command(args []string, out io.Writer) int {
	if len(args) < 2 {
		fmt.Fprintln(out, "usage: testsum KEEP COMMAND...")
		return 64
	}
	keep, err := create(args[0])
	if err != nil {
		fmt.Fprintln(out, "testsum:", err)
		return 1
	}
	defer keep.Close()
	out = io.MultiWriter(out, keep)
	reader, writer := io.Pipe()
	run := exec.Command(args[1], args[2:]...)
	run.Stdout, run.Stderr = writer, writer // the same value: the two never mix within a line
	ended := make(chan error, 1)
	go func() {
		err := run.Run() // returns after everything was copied
		writer.Close()
		ended <- err
	}()
	code := summarise(reader, out)
	if err := <-ended; err != nil && code == 0 {
		fmt.Fprintf(out, "%s: %v\nFAIL\n", args[1], err)
		code = 1
	}
	return code
}

func create(path string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.Create(path)
}

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action     string
	Package    string
	ImportPath string // of build output
	Test       string
	Output     string
}

// summary is what has been seen so far.
type summary struct {
	out      io.Writer
	output   map[string][]string // by package and test
	running  map[string]bool     // packages that began and have not ended
	failures []string
	skips    []string
	failed   bool
	packages int
	tests    int
}

// summarise reads the events to their end and returns the exit code.
func summarise(in io.Reader, out io.Writer) int {
	s := &summary{out: out, output: map[string][]string{}, running: map[string]bool{}}
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			s.line(line)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			fmt.Fprintln(out, "testsum:", err)
			return 1
		}
	}
	return s.end()
}

func (s *summary) line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil {
		fmt.Fprint(s.out, line) // what the tool chain says outside the protocol
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "start":
		s.running[e.Package] = true
	case "build-output":
		s.failures = append(s.failures, e.Output)
	case "build-fail":
		s.failed = true
	case "output":
		s.output[key] = append(s.output[key], e.Output)
		if e.Test == "" && isResult(e.Output) {
			fmt.Fprint(s.out, e.Output)
		}
	case "pass", "fail", "skip":
		s.ended(e, key)
	}
}

// ended closes a test or a package. What it printed is kept only if it matters.
func (s *summary) ended(e event, key string) {
	text := strings.Join(s.output[key], "")
	delete(s.output, key)
	if e.Test == "" {
		delete(s.running, e.Package)
		s.packages++
	} else {
		s.tests++
	}
	switch {
	case e.Action == "fail":
		s.failed = true
		s.failures = append(s.failures, text)
	case e.Action == "skip" && e.Test != "":
		s.skips = append(s.skips, fmt.Sprintf("%s %s: %s", e.Package, e.Test, reason(text)))
	}
}

// isResult reports whether a line is a package's result. Packages without tests are
// left out.
func isResult(line string) bool {
	return strings.HasPrefix(line, "ok  \t") || strings.HasPrefix(line, "FAIL\t")
}

// reason is what a skipped test gave to t.Skip.
func reason(text string) string {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			return line
		}
	}
	return "no reason given"
}

func (s *summary) end() int {
	for name := range s.running {
		s.failed = true
		s.failures = append(s.failures, fmt.Sprintf("%s began and never ended\n", name))
	}
	if s.packages == 0 {
		s.failed = true
		s.failures = append(s.failures, "no package was tested\n")
	}
	for _, f := range s.failures {
		fmt.Fprint(s.out, f)
	}
	fmt.Fprintf(s.out, "%d tests, %d SKIPPED\n", s.tests, len(s.skips))
	for _, skip := range s.skips {
		fmt.Fprintln(s.out, "  SKIPPED", skip)
	}
	if s.failed {
		fmt.Fprintln(s.out, "FAIL")
		return 1
	}
	return 0
}
