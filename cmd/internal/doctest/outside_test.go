//go:build outside

package doctest

import (
	"os/exec"
	"testing"
)

// The handbook's commands for accounting programs, with the programs.
func TestHandbookBlocksWithProgramsRun(t *testing.T) {
	h := settledHouse(t)
	h.open(manualDays...)
	h.must("report", exampleDay, "--dir", "night")
	ran := 0
	for _, b := range scripts(t, "docs/handbook.md") {
		if len(b.outside) == 0 {
			continue
		}
		for _, program := range b.outside {
			if _, err := exec.LookPath(program); err != nil {
				t.Fatalf("%s is missing: scripts/setup.sh outside should have installed it", program)
			}
		}
		ran++
		h.script(b.text)
	}
	if ran == 0 {
		t.Error("the handbook has no block for programs from outside: has its form changed?")
	}
}
