package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clearingd/bench/measure"
	"clearingd/bench/workload"
)

// Every step of the cost table must work on every kind of message: refused, repeated
// and reversed ones have no bill to adjudicate.
func TestEveryStepOfAClaimRuns(t *testing.T) {
	const count = 120
	s, err := newSteps(count)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if len(s.list) < 8 {
		t.Errorf("only %d steps", len(s.list))
	}
	for _, step := range s.list {
		for range 2 { // a step is run round after round
			took, _, _, err := timed(step, count)
			if err != nil || took <= 0 {
				t.Errorf("%s: %v, %v", step.name, took, err)
			}
		}
	}
}

// The chores that run in child processes agree on what the books hold.
func TestChildren(t *testing.T) {
	const count = 200
	b := &bench{dir: t.TempDir()}
	books, err := b.filledBooks(t.Context(), count)
	if err != nil {
		t.Fatal(err)
	}
	reports := filepath.Join(t.TempDir(), "reports")
	for name, want := range map[string]uint64{"scan": count, "ahead": count, "check": count, "copy": 0} {
		if got, err := children[name](t.Context(), books, reports, workload.Day, workload.Day); err != nil || got != want {
			t.Errorf("%s: %d records, want %d, %v", name, got, want, err)
		}
	}
	if got, err := closeNight(t.Context(), books, reports, workload.Day, workload.Day); err != nil || got != count {
		t.Errorf("night of %d records, %v", got, err)
	}
	if _, err := reportPeriod(t.Context(), books, reports, workload.Day, workload.Day); err != nil {
		t.Errorf("period: %v", err)
	}
}

func TestOurLedgerGivesOneMatrix(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	b.Peers = 300
	entries, file, err := b.entries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.postOurs(entries)
	if err != nil || r.Entries != len(entries) || r.Digest == digest(matrix{}) {
		t.Errorf("%+v, %v", r, err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	postings := 0
	for _, e := range entries {
		postings += len(e.Postings)
	}
	if lines := strings.Count(string(text), "\n"); lines != postings || postings == 0 {
		t.Errorf("%d lines for %d postings", lines, postings)
	}
}

func TestFloorMeasuresEveryPair(t *testing.T) {
	b := &bench{dir: t.TempDir()}
	f, err := b.newFloor(t.Context(), 20)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	took, err := f.measure(t.Context())
	if err != nil || len(took) != floorPairs || took.Quantile(0) <= 0 {
		t.Errorf("%d pairs, %v", len(took), err)
	}
	took, err = f.ask(t.Context(), 1000, 20)
	if err != nil || len(took) != 20 || took.Quantile(0) <= 0 {
		t.Errorf("%d pairs at random moments, %v", len(took), err)
	}
}

func TestAnswerRowLeavesOutWhatTooFewAnswersCannotSay(t *testing.T) {
	waited, bare, least := make(measure.Series, 1000), make(measure.Series, 1000), make(measure.Series, 300)
	for i := range waited {
		waited[i], bare[i] = 0.006, 0.004
	}
	for i := range least {
		least[i] = 0.002
	}
	row := strings.Join(answerRow(100, waited, least, bare), " | ")
	if want := "100 | 1000 | 6.0 ms | 6.0 ms | – | 6.0 ms | 2.0 ms | 3.0 | **3.0** | 4.0 ms | 4.0 ms | **1.5**"; row != want {
		t.Errorf("row\n%s\nwant\n%s", row, want)
	}
}

func TestDocumentIsWrittenWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "performance.md")
	d := document{machine: measure.Machine{CPU: "a processor"}}
	d.add("## One\n\ntext\n")
	d.add("## Two")
	if err := d.write(path); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"# Performance", "a processor", "## One\n\ntext\n\n## Two\n", time.Now().Format("2006")} {
		if !strings.Contains(string(text), part) {
			t.Errorf("%q is missing in\n%s", part, text)
		}
	}
}

// A section that takes hours can run by itself: it takes its place in the report of before, and
// says when and where it ran.
func TestASectionIsRenewed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "performance.md")
	whole := document{}
	whole.add("## Drain: a backlog\n\nold drain")
	whole.add("## Growth\n\nold growth")
	whole.add("## Peers\n\nold peers")
	if err := whole.write(path); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(path)
	part := document{machine: measure.Machine{CPU: "another one"}}
	part.add("## Growth\n\nnew growth\n")
	if err := part.renew(path); err != nil {
		t.Fatal(err)
	}
	after, _ := os.ReadFile(path)
	_, rest, found := strings.Cut(string(after), "## Growth\n\nnew growth\n\n*This section ran by itself on ")
	if head, _, _ := strings.Cut(string(before), "## Growth"); !found || !strings.HasPrefix(string(after), head) ||
		!strings.Contains(rest, "another one") || !strings.HasSuffix(rest, ".*\n\n## Peers\n\nold peers\n") {
		t.Errorf("renewed:\n%s", after)
	}
	unknown := document{}
	unknown.add("## Elsewhere\n\ntext")
	if err := unknown.renew(path); err == nil {
		t.Error("a section that the report does not have was put in")
	}
}
