package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"clearingd/bench/measure"
)

// document is the report in the making.
type document struct {
	machine  measure.Machine
	full     bool
	sections []string
}

func (d *document) add(section string) { d.sections = append(d.sections, strings.TrimSpace(section)) }

// write puts the report under its name, whole.
func (d *document) write(path string) error {
	how := "make bench"
	if d.full {
		how = "make bench BENCH=full"
	}
	text := fmt.Sprintf(documentHead, how, time.Now().Format("2 January 2006"), d.machine) + strings.Join(d.sections, "\n\n") + "\n"
	draft := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.WriteFile(draft, []byte(text), 0o644); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return os.Rename(draft, path)
}

const documentHead = `# Performance

Written by %s on %s; do not edit. Run it on the machine that matters to you.

*Machine:* %s.

Nothing here is a promise. What counts are the ratios: the two sides of each ran in turns, on the same disk, within the same minutes. A ratio is the median of its
rounds, with the range in brackets; where the range is wide, the machine was busy with something else. The code is in bench/, one file a section.

`
