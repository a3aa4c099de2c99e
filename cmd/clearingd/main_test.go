package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"clearingd/cmd/internal/daemon"
	"clearingd/config"
)

func TestMain(m *testing.M) {
	if os.Getenv(asDaemon) != "" {
		os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid())) // whoever starts us cannot know it beforehand
		os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
	}
	testscript.Main(m, map[string]func(){
		"clearingd": func() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

// The scripts read like a dialogue at a terminal: what an operator types and gets.
func TestScripts(t *testing.T) {
	const dir = "testdata/script"
	scripts, err := os.ReadDir(dir)
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits CODE COMMAND...: the command must end with exactly this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARGUMENT...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := 0
	if err != nil {
		m := regexp.MustCompile(`exit status (\d+)`).FindStringSubmatch(err.Error())
		if m == nil {
			ts.Fatalf("%v", err)
		}
		got, _ = strconv.Atoi(m[1])
	}
	if strconv.Itoa(got) != args[0] {
		ts.Fatalf("exit code %d, want %s", got, args[0])
	}
}

// The help shows every flag, every key it names exists, and every exit code is there.
func TestUsageIsComplete(t *testing.T) {
	for _, s := range shorthands {
		if !regexp.MustCompile(`(?m)^  --` + s.flag + ` `).MatchString(usage) {
			t.Errorf("--help does not show --%s", s.flag)
		}
	}
	known := strings.Join(config.Keys(), " ")
	for _, m := range regexp.MustCompile(`\(([a-z_]+\.?[a-z_]+)\)`).FindAllStringSubmatch(usage, -1) {
		if !strings.Contains(known, m[1]) {
			t.Errorf("--help names the key %s, which does not exist", m[1])
		}
	}
	for _, code := range []int{
		daemon.ExitOK, daemon.ExitFailure, daemon.ExitUsage, daemon.ExitBooksDamaged, daemon.ExitListen,
		daemon.ExitStorage, daemon.ExitCommit, daemon.ExitBooksLocked, daemon.ExitConfig,
	} {
		if !regexp.MustCompile(`(?m)^ +` + strconv.Itoa(code) + `  `).MatchString(usage) {
			t.Errorf("--help does not list exit code %d", code)
		}
	}
}
