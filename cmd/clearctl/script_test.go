package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"clearctl": main})
}

// TestScripts runs testdata/*.txtar. In a script, "house" starts a broker with a
// stand-in for the daemon and points clearctl at it; "broker" starts a broker alone.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(scripts) < 5 {
		t.Fatalf("%d scripts (%v)", len(scripts), err)
	}
	testscript.Run(t, testscript.Params{
		Files: scripts,
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "en_US.UTF-8")
			e.Setenv("CLEARCTL_NATS", "nats://127.0.0.1:1") // nobody
			e.Values[testingKey{}] = t
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"house":  func(ts *testscript.TestScript, _ bool, args []string) { startHouse(ts, true, args) },
			"broker": func(ts *testscript.TestScript, _ bool, args []string) { startHouse(ts, false, args) },
			"code":   exitCode,
			"sheet":  sheetCommand, // a workbook of breaks, filled in
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "", // read the difference before you believe it
	})
}

// exitCode runs clearctl and demands an exit code: code 2 clearctl publish --what
func exitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N COMMAND...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if exit, ok := err.(interface{ ExitCode() int }); ok {
		got = string(rune('0' + exit.ExitCode()))
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}
