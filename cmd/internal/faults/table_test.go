package faults

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const (
	top  = "../../.."
	rows = 42
)

// Every fault has its row, every row a test or a plain word why not, and every test that
// is named exists.
func TestTheTableOfFaultsIsTrue(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(top, "docs", "faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	known := testNames(t)
	cited := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9_]+)`")
	for _, m := range cited.FindAllStringSubmatch(string(text), -1) {
		if !known[m[1]] {
			t.Errorf("docs/faults.md names %s, and there is no such test", m[1])
		}
	}
	next := 1
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		n, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		if err != nil || len(cells) < 4 {
			continue
		}
		if n != next {
			t.Errorf("row %d where %d should be", n, next)
		}
		next = n + 1
		if held := cells[3]; !cited.MatchString(held) && !strings.Contains(held, "Not tested") {
			t.Errorf("row %d names no test and does not say why", n)
		}
	}
	if next != rows+1 {
		t.Errorf("the table ends at row %d of %d", next-1, rows)
	}
}

// testNames are the tests of the whole tree.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		for _, m := range function.FindAllSubmatch(source, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	if err != nil || len(names) < 300 {
		t.Fatalf("found %d tests: %v", len(names), err)
	}
	return names
}
