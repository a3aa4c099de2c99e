package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	return replace(path, fmt.Sprintf(documentHead, how, today(), d.machine)+strings.Join(d.sections, "\n\n")+"\n")
}

// renew puts sections that ran by themselves in the place of those of an earlier report, and
// says so below each: a ratio is within one section.
func (d *document) renew(path string) error {
	old, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("renew report: %w", err)
	}
	parts := strings.Split(string(old), "\n"+sectionMark)
	for _, section := range d.sections {
		section = strings.TrimPrefix(section, sectionMark)
		i := slices.IndexFunc(parts, func(part string) bool { return firstLine(part) == firstLine(section) })
		if i < 1 {
			return fmt.Errorf("renew report: %s has no section %q", path, firstLine(section))
		}
		parts[i] = fmt.Sprintf("%s\n\n*This section ran by itself on %s: %s.*\n", section, today(), d.machine)
	}
	return replace(path, strings.Join(parts, "\n"+sectionMark))
}

const sectionMark = "## "

func firstLine(s string) string { line, _, _ := strings.Cut(s, "\n"); return line }

func today() string { return time.Now().Format("2 January 2006") }

// replace writes a file under another name and renames it.
func replace(path, text string) error {
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
