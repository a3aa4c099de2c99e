package main

import (
	"path/filepath"
	"testing"

	"clearingd/bench/workload"
)

// Both halves of the comparison see the same day.
func TestTheSidesOfTheMatch(t *testing.T) {
	const count = 1000
	dir := t.TempDir()
	if err := writeSides(dir, count); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sort", "match"} {
		if got, err := children[name](t.Context(), filepath.Join(dir, "books"), "", workload.Day, workload.Day); err != nil || got != count {
			t.Errorf("%s: %d of %d, %v", name, got, count, err)
		}
	}
}
