package doctest

import (
	"regexp"
	"strings"
	"testing"
)

// block is a fenced part of a document.
type block struct {
	language string
	text     string
	line     int
	notRun   string   // the reason; "" if it is run
	outside  []string // programs it needs
}

var (
	fence   = regexp.MustCompile("(?ms)((?:^<!--[^\n]*-->\n)?)^```([a-z]*)\n(.*?)^```$")
	notRun  = regexp.MustCompile(`<!-- not run: (.+) -->`)
	outside = regexp.MustCompile(`<!-- outside: (.+) -->`)
)

func blocks(text string) (all []block) {
	for _, at := range fence.FindAllStringSubmatchIndex(text, -1) {
		b := block{language: text[at[4]:at[5]], text: text[at[6]:at[7]], line: 1 + strings.Count(text[:at[0]], "\n")}
		comment := text[at[2]:at[3]]
		if m := notRun.FindStringSubmatch(comment); m != nil {
			b.notRun = m[1]
		}
		if m := outside.FindStringSubmatch(comment); m != nil {
			b.outside = strings.Fields(m[1])
		}
		all = append(all, b)
	}
	return all
}

// scripts are the blocks of a document that a reader may type.
func scripts(t *testing.T, name string) (all []block) {
	t.Helper()
	for _, b := range blocks(document(t, name)) {
		if b.language == "sh" {
			all = append(all, b)
		}
	}
	if len(all) == 0 {
		t.Fatalf("%s has no sh block: has its form changed?", name)
	}
	return all
}

// runScripts runs the blocks that need nothing from outside, in order.
func runScripts(t *testing.T, h *house, name string) {
	ran := 0
	for _, b := range scripts(t, name) {
		if b.notRun != "" || len(b.outside) > 0 {
			continue
		}
		ran++
		t.Logf("%s:%d", name, b.line)
		h.script(b.text)
	}
	if ran == 0 {
		t.Errorf("%s: no block was run", name)
	}
}

func TestReadmeBlocksRun(t *testing.T) {
	t.Parallel()
	runScripts(t, newHouse(t), "README.md") // it starts its own daemon
}

func TestHandbookBlocksRun(t *testing.T) {
	t.Parallel()
	h := settledHouse(t)
	h.open(manualDays...)
	runScripts(t, h, "docs/handbook.md")
}

func TestRunbookBlocksRun(t *testing.T) {
	t.Parallel()
	h := settledHouse(t)
	h.open(manualDays...)
	h.must("close", "2026-11-21") // the runbook closes the next one
	runScripts(t, h, "docs/runbook.md")
}

func TestMakeTargetsExist(t *testing.T) {
	t.Parallel()
	makefile := document(t, "Makefile")
	called := regexp.MustCompile("(?m)(?:^|`)make ([a-z][a-z-]*)")
	found := 0
	for _, name := range documents(t) {
		for _, m := range called.FindAllStringSubmatch(document(t, name), -1) {
			found++
			if !regexp.MustCompile(`(?m)^` + m[1] + `:`).MatchString(makefile) {
				t.Errorf("%s: make %s: no such target", name, m[1])
			}
		}
	}
	if found == 0 {
		t.Error("no document calls make: has their form changed?")
	}
}

// The Chinese handbook is the same book: the same parts in the same order, the same
// blocks to the byte.
func TestHandbooksAgree(t *testing.T) {
	t.Parallel()
	english, chinese := document(t, "docs/handbook.md"), document(t, "docs/handbook.zh.md")
	mine, theirs := blocks(english), blocks(chinese)
	if len(mine) != len(theirs) {
		t.Fatalf("the English handbook has %d blocks, the Chinese %d", len(mine), len(theirs))
	}
	for i := range mine {
		if mine[i].language != theirs[i].language || mine[i].text != theirs[i].text || (mine[i].notRun == "") != (theirs[i].notRun == "") {
			t.Errorf("block %d differs: handbook.md:%d, handbook.zh.md:%d", i+1, mine[i].line, theirs[i].line)
		}
	}
	levels := func(text string) (all []string) {
		for _, m := range regexp.MustCompile(`(?m)^(#+ (?:[0-9.]+ )?)`).FindAllStringSubmatch(fence.ReplaceAllString(text, ""), -1) {
			all = append(all, m[1])
		}
		return all
	}
	if a, b := strings.Join(levels(english), "|"), strings.Join(levels(chinese), "|"); a != b {
		t.Errorf("the parts differ:\n%s\n%s", a, b)
	}
	if a, b := strings.Count(english, "\n|"), strings.Count(chinese, "\n|"); a != b {
		t.Errorf("the English handbook has %d rows of tables, the Chinese %d", a, b)
	}
}
