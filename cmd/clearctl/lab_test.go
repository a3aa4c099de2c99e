package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/intake"
	"clearingd/clearing/sim"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

// november are the books of the handbook's example: the month that `clearctl lab sample`
// builds, taken through the intake and closed day by day. They are made once.
var november = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "lab")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "books.db")
	if err := settleMonth(path, sim.SouthernMonth(sim.SouthernConfig{Seed: 1, First: ledger.NewDay(2016, time.November, 1), Count: 600})); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

func settleMonth(path string, sample sim.Sample) error {
	first := sample.Messages[0].Day
	if err := store.Create(path, store.Identity{Install: "example", FirstDay: first}); err != nil {
		return err
	}
	s, err := store.Open(path)
	if err != nil {
		return err
	}
	defer s.Close()
	plans, err := benefit.LoadFS(data.Plans)
	if err != nil {
		return err
	}
	adapters, err := data.Adapters()
	if err != nil {
		return err
	}
	err = s.Update(func(tx *store.Tx) error {
		var files [][]byte
		for _, p := range plans.Plans() {
			file, _ := plans.PlanBytes(p.Hash())
			files = append(files, file)
		}
		for stream := range adapters {
			tx.SetPosition(stream, clearing.Position{Day: first})
		}
		return tx.KeepPlans(plans.Hash(), files)
	})
	if err != nil {
		return err
	}
	in := intake.New(intake.Options{
		Store: s, Desk: &clearing.Desk{Plans: plans, Adapters: adapters, ManualDay: true},
		Cutoff: clearing.Midnight, Manual: true, BatchMax: 500,
	})
	sequences := map[ledger.Province]uint64{}
	for day := first; day <= first+29; day++ {
		var items []intake.Item
		for _, m := range sample.Messages {
			if m.Day != day {
				continue
			}
			subject, err := provinces.ParseSubject(m.Subject)
			if err != nil {
				return err
			}
			sequences[subject.Treatment]++
			items = append(items, in.Decode(provinces.Message{
				Stream: subject.Treatment, Sequence: sequences[subject.Treatment], Subject: m.Subject, Body: m.Body,
				Received: time.Date(2016, time.November, 1, 9, 0, 0, 0, china),
			}))
		}
		if err := in.Commit(items, func([]provinces.Envelope) error { return nil }); err != nil {
			return err
		}
		if err := closeMonthDay(s, day, sequences, plans.Hash()); err != nil {
			return err
		}
	}
	return nil
}

func closeMonthDay(s *store.Store, day ledger.Day, sequences map[ledger.Province]uint64, plans [32]byte) error {
	return s.Update(func(tx *store.Tx) error {
		for _, stream := range provinces.Provinces() {
			if err := tx.SetCut(day, stream, sequences[stream]); err != nil {
				return err
			}
		}
		state, err := tx.Day(day)
		state.Phase, state.Seal.PlanSet = store.DayClosed, plans
		tx.SetDay(day, state)
		return err
	})
}

// TestLabScripts runs testdata/lab/*.txtar. In a script, "books FILE" writes the books of
// the example, and "raise DIR" changes a draft as the handbook says.
func TestLabScripts(t *testing.T) {
	scripts, err := filepath.Glob("testdata/lab/*.txtar")
	if err != nil || len(scripts) < 2 {
		t.Fatalf("%d scripts (%v)", len(scripts), err)
	}
	testscript.Run(t, testscript.Params{
		Files: scripts,
		Setup: func(e *testscript.Env) error {
			e.Setenv("LANG", "en_US.UTF-8")
			e.Setenv("CLEARCTL_NATS", "nats://127.0.0.1:1") // nobody
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code": exitCode,
			"books": func(ts *testscript.TestScript, _ bool, args []string) {
				file, err := november()
				ts.Check(err)
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), file, 0o600))
			},
			"raise": func(ts *testscript.TestScript, _ bool, args []string) {
				ts.Check(raise(ts.MkAbs(args[0])))
			},
		},
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "", // read the difference before you believe it
	})
}

// raise changes a draft as the handbook's example says, with the handbook's own block.
func raise(dir string) error {
	text, err := os.ReadFile("../../docs/laboratory.md")
	if err != nil {
		return err
	}
	block := regexp.MustCompile("(?s)```toml\n(.*?)```").FindSubmatch(text)
	if block == nil {
		return os.ErrNotExist
	}
	for file, area := range map[string]string{"6531-390": "6531", "6532-390": "6532", "6529-390": "6529", "65-390": "6530"} {
		path := filepath.Join(dir, "65", "plans", file+".toml")
		plan, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rule := "\n" + strings.ReplaceAll(string(block[1]), `"6531"`, `"`+area+`"`) + "\n"
		head, rest, _ := strings.Cut(string(plan), `id    = "basic"`)
		above, below, _ := strings.Cut(rest, "    [[version.layer.cap]]")
		text := head + `id    = "basic"` + strings.TrimRight(above, "\n") + "\n" + rule + "    [[version.layer.cap]]" + below
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// TestTheHandbooksLaboratoryIsTrue runs the commands of docs/laboratory*.md on the example's
// books and holds what the documents show against what is printed, in both languages.
func TestTheHandbooksLaboratoryIsTrue(t *testing.T) {
	dir := t.TempDir()
	file, err := november()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "november.db"), file, 0o600); err != nil {
		t.Fatal(err)
	}
	for document, lang := range map[string]string{"laboratory.md": "en", "laboratory.zh.md": "zh"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", document))
		if err != nil {
			t.Fatal(err)
		}
		draft := filepath.Join(dir, "draft-"+lang)
		clearctl := func(args ...string) string {
			for i, arg := range args[1:] {
				switch args[i] {
				case "--books":
					args[i+1] = filepath.Join(dir, arg)
				case "--plans":
					args[i+1] = draft
				}
			}
			var out, wrong bytes.Buffer
			a := &app{in: strings.NewReader(""), out: &out, err: &wrong, getenv: func(string) string { return "" }, now: time.Now}
			if code := a.run(context.Background(), append(args, "--lang", lang)); code != exitOK {
				t.Fatalf("%s: %v ends with %d: %s", document, args, code, wrong.String())
			}
			return out.String()
		}
		clearctl("lab", "draft", draft, "--books", "november.db")
		if err := raise(draft); err != nil {
			t.Fatal(err)
		}
		shown := regexp.MustCompile("(?s)<!-- output: clearctl ([^\n]*) -->\n```text\n(.*?)\n```").FindAllSubmatch(text, -1)
		if len(shown) < 4 {
			t.Fatalf("%s shows %d outputs: has its form changed?", document, len(shown))
		}
		for _, m := range shown {
			got := clearctl(strings.Fields(string(m[1]))...)
			if strings.Contains(anonymous(got), anonymous(string(m[2]))) {
				continue
			}
			now := samePlace(got, string(m[2]))
			t.Errorf("%s: clearctl %s prints\n%s\nnot what the document shows:\n%s", document, m[1], now, m[2])
			text = bytes.Replace(text, m[2], []byte(now), 1)
		}
		if t.Failed() && os.Getenv("UPDATE_SCRIPTS") != "" { // read the difference before you believe it
			if err := os.WriteFile(filepath.Join("..", "..", "docs", document), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// samePlace is as many lines of the output as shown, from the line that shown begins with.
func samePlace(output, shown string) string {
	lines, first := strings.Split(output, "\n"), strings.Split(shown, "\n")
	for i := range lines {
		if anonymous(lines[i]) == anonymous(first[0]) && i+len(first) <= len(lines) {
			return strings.Join(lines[i:i+len(first)], "\n")
		}
	}
	return output
}

// anonymous takes out what differs between two sets of books, and with any change of any
// plan: the books' identity, the numbers their records took, the digests of plan sets.
func anonymous(text string) string {
	text = regexp.MustCompile(`(books |账本 |record |账册号 )[0-9a-z]+`).ReplaceAllString(text, "$1-")
	text = regexp.MustCompile(`[0-9a-f]{12}`).ReplaceAllString(text, "-")
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func TestTwoTracesAreWovenIntoOne(t *testing.T) {
	for name, x := range map[string]struct{ before, after, want string }{
		"the same":             {"a b", "a b", "  a|  b"},
		"one sentence more":    {"a c", "a b c", "  a|+ b|  c"},
		"one sentence less":    {"a b c", "a c", "  a|- b|  c"},
		"another in its place": {"a b c", "a x c", "  a|- b|+ x|  c"},
		"nothing before":       {"", "a", "+ a"},
		"nothing after":        {"a", "", "- a"},
	} {
		got := weave(strings.Fields(x.before), strings.Fields(x.after))
		if !slices.Equal(got, strings.Split(x.want, "|")) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
