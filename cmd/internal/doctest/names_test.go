package doctest

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"clearingd/config"
	"clearingd/provinces"
)

// documents are all that is written for readers.
func documents(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"README.md", "docs/*.md", "docs/design/*.md"} {
		found, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range found {
			name, err := filepath.Rel(repository, path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, name)
		}
	}
	if len(all) < 6 {
		t.Fatalf("only %d documents: %v", len(all), all)
	}
	return all
}

var span = regexp.MustCompile("`([^`\n]+)`")

// code is what a document writes as code: spans and lines of sh blocks. Lines that end with a
// backslash are joined.
func code(text string) (all []string) {
	for _, b := range blocks(text) {
		if b.language == "sh" {
			all = append(all, strings.Split(strings.ReplaceAll(b.text, "\\\n", " "), "\n")...)
		}
	}
	for _, m := range span.FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
		all = append(all, m[1])
	}
	return all
}

// commands are clearctl's commands with their flags, as --help tells them.
func commands(t *testing.T) map[string][]string {
	t.Helper()
	h := newHouse(t)
	all := map[string][]string{}
	var learn func(path []string)
	learn = func(path []string) {
		help := h.must(append(slices.Clone(path), "--help", "--lang", "en")...)
		all[strings.Join(path, " ")] = flagNames(help)
		_, list, _ := strings.Cut(help, "Available Commands:\n")
		list, _, _ = strings.Cut(list, "\n\n")
		for _, m := range regexp.MustCompile(`(?m)^  ([a-z]+) `).FindAllStringSubmatch(list, -1) {
			if m[1] != "help" {
				learn(append(slices.Clone(path), m[1]))
			}
		}
	}
	learn(nil)
	if len(all) < 10 {
		t.Fatalf("found only the commands %v: has the help's form changed?", slices.Sorted(maps.Keys(all)))
	}
	return all
}

func flagNames(help string) (all []string) {
	for _, m := range regexp.MustCompile(`(?:^|\s)(--?[a-z][a-z-]*)`).FindAllStringSubmatch(help, -1) {
		all = append(all, m[1])
	}
	return all
}

var (
	clearctlCall  = regexp.MustCompile(`(?:^|[\s/|(;&])clearctl((?: [a-z]+)*)([^|;&\n]*)`)
	clearingdCall = regexp.MustCompile(`(?:^|[\s/|(;&])clearingd( --[^|;&\n]*)`)
	flag          = regexp.MustCompile(`(?:^|\s)(--?[a-z][a-z-]*)`)
)

func TestCommandsAndFlagsExist(t *testing.T) {
	t.Parallel()
	known := commands(t)
	h := newHouse(t)
	usage, err := h.shell("clearingd --help")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range documents(t) {
		for _, line := range code(document(t, name)) {
			for _, call := range clearctlCall.FindAllStringSubmatch(line, -1) {
				found++
				path := commandOf(known, strings.Fields(call[1]))
				if path == "" && call[1] != "" {
					t.Errorf("%s: %q: clearctl has no such command", name, line)
				}
				for _, f := range flag.FindAllStringSubmatch(call[0], -1) {
					if !slices.Contains(known[path], f[1]) {
						t.Errorf("%s: %q: clearctl %s has no flag %s", name, line, path, f[1])
					}
				}
			}
			for _, call := range clearingdCall.FindAllStringSubmatch(line, -1) {
				found++
				for _, f := range flag.FindAllStringSubmatch(call[1], -1) {
					if !slices.Contains(flagNames(usage), f[1]) {
						t.Errorf("%s: %q: clearingd has no flag %s", name, line, f[1])
					}
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("found only %d calls: has the documents' form changed?", found)
	}
}

// commandOf is the longest known command that the words begin with.
func commandOf(known map[string][]string, words []string) string {
	for n := len(words); n > 0; n-- {
		if path := strings.Join(words[:n], " "); known[path] != nil {
			return path
		}
	}
	return ""
}

func TestMetricsExistAndAreExplained(t *testing.T) {
	t.Parallel()
	h := settledHouse(t)
	h.open(manualDays...)
	h.must("sample", "--seed", "5", "--count", "200", "--day", "2026-11-21", "--out", "more.ndjson")
	h.must("publish", "more.ndjson", "--wait") // vectors appear with their first value
	shown := map[string]bool{}
	read := func() bool {
		for _, m := range regexp.MustCompile(`(?m)^# TYPE (clearingd_[a-z_]+) `).FindAllStringSubmatch(h.get("/metrics", "text/plain"), -1) {
			shown[m[1]] = true
		}
		return shown["clearingd_stream_limit_bytes"] && shown["clearingd_refusals_total"]
	}
	h.await("metrics", read)
	named := regexp.MustCompile(`\bclearingd_[a-z]+(?:_[a-z]+)*_?`)
	for _, name := range documents(t) {
		for _, metric := range named.FindAllString(document(t, name), -1) {
			if shown[metric] || strings.HasSuffix(metric, "_") && prefixOfAny(shown, metric) {
				continue
			}
			t.Errorf("%s names the metric %s, which /metrics does not show", name, metric)
		}
	}
	handbook := document(t, "docs/handbook.md")
	for metric := range shown {
		if !strings.Contains(handbook, "`"+metric+"`") {
			t.Errorf("the handbook does not explain the metric %s", metric)
		}
	}
}

func prefixOfAny(shown map[string]bool, prefix string) bool {
	for name := range shown {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func TestConditionsOfReadinessAreInTheRunbook(t *testing.T) {
	t.Parallel()
	h := settledHouse(t)
	h.open(manualDays...)
	var state struct{ Conditions []struct{ Name string } }
	if err := json.Unmarshal([]byte(h.get("/readyz", "application/json")), &state); err != nil {
		t.Fatal(err)
	}
	real := map[string]bool{}
	for _, c := range state.Conditions {
		real[c.Name] = true
	}
	section, _, _ := strings.Cut(document(t, "docs/runbook.md"), "\n## The daemon does not run")
	_, section, _ = strings.Cut(section, "\n## Not ready")
	named := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z]+)` \\|").FindAllStringSubmatch(section, -1) {
		named[m[1]] = true
	}
	if !maps.Equal(real, named) {
		t.Errorf("the daemon has the conditions %v, the runbook %v", slices.Sorted(maps.Keys(real)), slices.Sorted(maps.Keys(named)))
	}
}

func TestExitCodesAreInTheRunbook(t *testing.T) {
	t.Parallel()
	usage, err := newHouse(t).shell("clearingd --help")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(usage, "Exit codes:\n")
	numbers := func(pattern, text string) (all []string) {
		for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1) {
			all = append(all, m[1])
		}
		return all
	}
	known := numbers(`(?m)^ +([0-9]+)  `, list)
	inTable := numbers(`(?m)^\| ([0-9]+) \|`, document(t, "docs/runbook.md"))
	if len(known) < 5 || !slices.Equal(known, inTable) {
		t.Errorf("clearingd has the exit codes %v, the runbook's table %v", known, inTable)
	}
	for _, name := range documents(t) {
		for _, named := range numbers(`exit code ([0-9]+)`, document(t, name)) {
			if n, _ := strconv.Atoi(named); n > 4 && !slices.Contains(known, named) { // up to 4 they are clearctl's
				t.Errorf("%s names exit code %s, which clearingd does not have", name, named)
			}
		}
	}
}

func TestConfigurationKeysExist(t *testing.T) {
	t.Parallel()
	known := config.Keys()
	var tables []string
	for _, key := range known {
		if table, _, ok := strings.Cut(key, "."); ok {
			tables = append(tables, table)
		}
	}
	key := regexp.MustCompile(`^(` + strings.Join(slices.Compact(slices.Sorted(slices.Values(tables))), "|") + `)\.[a-z_]+$`)
	files := map[string]bool{}
	for _, f := range []string{"books.db", "report.html", "report.xlsx", "report.json", "pseudonym.key"} {
		files[f] = true
	}
	found := 0
	for _, name := range documents(t) {
		for _, text := range code(document(t, name)) {
			name0, _, _ := strings.Cut(text, " = ")
			if !key.MatchString(name0) || files[name0] {
				continue
			}
			found++
			if !slices.Contains(known, name0) {
				t.Errorf("%s names the key %s, which does not exist", name, name0)
			}
		}
	}
	if found < 10 {
		t.Errorf("found only %d keys: has the documents' form changed?", found)
	}
}

// Four digits in the numbering of refusal codes that are no year, no amount and no transaction number.
func TestRefusalCodesExist(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, c := range provinces.Codes() {
		known[strconv.Itoa(int(c))] = true
	}
	patterns := []*regexp.Regexp{
		regexp.MustCompile("`(-?[1-9][0-9]{3})`"),
		regexp.MustCompile(`refused (?:with )?\(?([1-9][0-9]{3})\)?`),
		regexp.MustCompile(`quarantined ([1-9][0-9]{3})`),
		regexp.MustCompile(`拒绝\s*（?([1-9][0-9]{3})`),
	}
	transactions := []string{"1101", "2301", "2303", "2304", "2305", "2601"}
	found := 0
	for _, name := range documents(t) {
		for _, pattern := range patterns {
			for _, m := range pattern.FindAllStringSubmatch(document(t, name), -1) {
				code := strings.TrimPrefix(m[1], "-")
				if slices.Contains(transactions, code) {
					continue
				}
				found++
				if !known[code] {
					t.Errorf("%s names the refusal code %s, which does not exist", name, code)
				}
			}
		}
	}
	if found < 10 {
		t.Errorf("found only %d codes: has the documents' form changed?", found)
	}
}

// What the documents name in the tree is there.
func TestPathsExist(t *testing.T) {
	t.Parallel()
	path := regexp.MustCompile("`((?:deploy|docs|provinces|clearing|ledger|cmd|config|bench)/[A-Za-z0-9_./-]+)`")
	for _, name := range documents(t) {
		for _, m := range path.FindAllStringSubmatch(document(t, name), -1) {
			if _, err := os.Stat(filepath.Join(repository, m[1])); err == nil {
				continue
			}
			// provinces/bus.Follow names a thing in a package.
			if dir, thing, ok := strings.Cut(m[1], "."); ok && thing != "" && strings.ToUpper(thing[:1]) == thing[:1] {
				if _, err := os.Stat(filepath.Join(repository, dir)); err == nil {
					continue
				}
			}
			t.Errorf("%s names %s, which does not exist", name, m[1])
		}
	}
}
