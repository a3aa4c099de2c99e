package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	pass = `{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"ok  \tp\t0.1s\n"}
{"Action":"pass","Package":"p"}
`
	skip = `{"Action":"start","Package":"q"}
{"Action":"output","Package":"q","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"q","Test":"TestB","Output":"    b_test.go:1: no tool\n"}
{"Action":"output","Package":"q","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"q","Test":"TestB"}
{"Action":"output","Package":"q","Output":"ok  \tq\t0.1s\n"}
{"Action":"pass","Package":"q"}
`
	fail = `{"Action":"start","Package":"r"}
{"Action":"output","Package":"r","Test":"TestC","Output":"    c_test.go:1: got 1, want 2\n"}
{"Action":"fail","Package":"r","Test":"TestC"}
{"Action":"output","Package":"r","Output":"FAIL\tr\t0.1s\n"}
{"Action":"fail","Package":"r"}
`
	broken = `{"Action":"build-output","ImportPath":"b","Output":"b.go:1: undefined: x\n"}
{"Action":"build-fail","ImportPath":"b"}
{"Action":"start","Package":"b"}
{"Action":"output","Package":"b","Output":"FAIL\tb [build failed]\n"}
{"Action":"fail","Package":"b"}
`
)

func TestSummary(t *testing.T) {
	for _, test := range []struct {
		name, in string
		code     int
		has, not []string
	}{
		{"all pass", pass, 0, []string{"ok  \tp", "1 tests, 0 SKIPPED"}, []string{"chatter", "FAIL"}},
		{"a skip is shown with its reason and counted", pass + skip, 0, []string{"2 tests, 1 SKIPPED", "SKIPPED q TestB: b_test.go:1: no tool"}, []string{"FAIL"}},
		{"a failure is shown with its output", pass + fail, 1, []string{"ok  \tp", "FAIL\tr", "got 1, want 2", "\nFAIL\n"}, []string{"chatter"}},
		{"a build failure", broken, 1, []string{"undefined: x", "FAIL\tb"}, nil},
		{"nothing tested is no success", "", 1, []string{"no package was tested"}, nil},
		{"a stream cut off is no success", pass + "{\"Action\":\"start\",\"Package\":\"z\"}\n", 1, []string{"z began and never ended"}, nil},
		{"words of the tool chain pass through", "go: downloading x\n" + pass, 0, []string{"go: downloading x"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			if code := summarise(strings.NewReader(test.in), &out); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			for _, want := range test.has {
				if !strings.Contains(out.String(), want) {
					t.Errorf("lacks %q:\n%s", want, out.String())
				}
			}
			for _, unwanted := range test.not {
				if strings.Contains(out.String(), unwanted) {
					t.Errorf("has %q:\n%s", unwanted, out.String())
				}
			}
		})
	}
}

// The command's own end counts too, and what was shown is kept.
func TestCommand(t *testing.T) {
	for _, test := range []struct {
		name   string
		script string
		code   int
	}{
		{"good", "printf '%s' '" + pass + "'", 0},
		{"events are good but the command fails", "printf '%s' '" + pass + "'; exit 3", 1},
		{"events on the wrong stream are read as well", "printf '%s' '" + fail + "' >&2", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			keep := filepath.Join(t.TempDir(), "a", "kept.txt")
			var out strings.Builder
			if code := command([]string{keep, "sh", "-c", test.script}, &out); code != test.code {
				t.Errorf("exit code %d, want %d:\n%s", code, test.code, out.String())
			}
			if kept, err := os.ReadFile(keep); err != nil || string(kept) != out.String() {
				t.Errorf("kept %q, shown %q: %v", kept, out.String(), err)
			}
		})
	}
	if code := command([]string{"x"}, &strings.Builder{}); code != 64 {
		t.Errorf("without a command: %d", code)
	}
	if code := command([]string{filepath.Join(t.TempDir(), "k"), "no-such-command"}, &strings.Builder{}); code != 1 {
		t.Errorf("a command that does not exist: %d", code)
	}
}
