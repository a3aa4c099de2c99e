package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clearingd/clearing/store"
)

// crash replays the record of a run and looks at what a power cut leaves, call by call.
type crash struct {
	*testing.T
	seed    uint64
	dice    *rand.Rand
	commits []string        // what the run said after each commit, in order
	said    int             // how many of them were said by now
	disk    *disk           // the books, under whatever name
	path    string          // where images stand
	named   bool            // the books have their name, perhaps
	durable bool            // and certainly
	seen    map[digest]bool // images that were looked at, with what was said by then
	images  map[digest]bool // distinct images
	found   []string        // what is wrong
	empty   int             // states with no books
	ahead   int             // states with the commit that was not yet said
	resumed int             // states that were taken on to the end
}

// Whatever a power cut leaves is no books, or good ones with the last commit that was
// said or the one after it; the creation included (faults 2 and 10).
func TestEveryCrashStateOpensAsGoodBooks(t *testing.T) {
	seeds, commits := 1, 4
	if thorough {
		seeds, commits = 3, 30
	}
	for seed := range uint64(seeds) {
		t.Run(fmt.Sprintf("seed %d", seed+1), func(t *testing.T) { crashStates(t, seed+1, commits) })
	}
}

func crashStates(t *testing.T, seed uint64, commits int) {
	dir := t.TempDir()
	run := recordBooks(t, dir, seed, commits)
	c, calls := replay(t, dir, run)
	for _, found := range c.found {
		t.Errorf("seed %d: %s", seed, found)
	}
	if c.said != len(c.commits) || calls["fdatasync"] < 2*commits || c.ahead == 0 || c.empty == 0 || c.resumed == 0 {
		t.Errorf("the record is not whole: %v, %d of %d commits", calls, c.said, len(c.commits))
	}
	t.Logf("seed %d: %d distinct crash states of %d commits (%d writes, %d syncs): all looked at; %d times without books, %d times a commit ahead of what was said, %d taken on to the end",
		seed, len(c.images), commits, calls["pwrite64"], calls["fdatasync"]+calls["fsync"], c.empty, c.ahead, c.resumed)
}

// A disk that lies about its syncs loses commits, and the enumeration must see it: or it
// would see nothing.
func TestCrashStatesShowALostSync(t *testing.T) {
	dir := t.TempDir()
	run := recordBooks(t, dir, 1, 1)
	kept := run.events[:0]
	for _, e := range run.events {
		if e.Call != "fdatasync" || strings.HasSuffix(e.Path, ".new") {
			kept = append(kept, e)
		}
	}
	run.events = kept
	if c, _ := replay(t, dir, run); len(c.found) == 0 {
		t.Errorf("no sync of %d states came true, and all were good", len(c.images))
	}
}

// recorded is a run of keepBooks.
type recorded struct {
	seed    uint64
	books   string
	commits []string
	events  []event
}

func recordBooks(t *testing.T, dir string, seed uint64, commits int) recorded {
	t.Helper()
	record, books := filepath.Join(dir, "record"), filepath.Join(dir, "books.db")
	cmd := traced(t, orders{Record: record}, self(t), books, fmt.Sprint(seed), fmt.Sprint(commits), "3")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return recorded{seed, books, strings.Split(strings.TrimSpace(string(out)), "\n"), readEvents(t, record)}
}

// replay looks at every state of a run, up to the first that is wrong.
func replay(t *testing.T, dir string, run recorded) (*crash, map[string]int) {
	t.Helper()
	c := &crash{
		T: t, seed: run.seed, dice: rand.New(rand.NewPCG(run.seed, 0x6372617368)), commits: run.commits,
		path: filepath.Join(dir, "image.db"), seen: map[digest]bool{}, images: map[digest]bool{},
	}
	c.disk = newDisk(t, c.path)
	calls := map[string]int{}
	for i, e := range run.events {
		if e.Call != "write" && !strings.HasPrefix(e.Path, dir) {
			continue
		}
		calls[e.Call]++
		c.step(e, run.books)
		if len(c.found) > 0 {
			c.wrong("at call %d of %d: %s %s at %d, %d bytes", i, len(run.events), e.Call, filepath.Base(e.Path), e.Offset, len(e.Data))
			break
		}
	}
	return c, calls
}

func (c *crash) wrong(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}

func (c *crash) step(e event, books string) {
	switch e.Call {
	case "write":
		c.said += strings.Count(string(e.Data), "\n")
		return
	case "mmap":
		c.wrong("%s is mapped to be written: writes can no longer be recorded", e.Path)
	case "rename":
		if e.NewPath != books {
			c.wrong("unknown rename of %s to %s", e.Path, e.NewPath)
		}
		c.named = true
	case "ftruncate":
		c.disk.pending = append(c.disk.pending, write{size: e.Offset})
	case "pwrite64":
		c.disk.pending = append(c.disk.pending, write{offset: e.Offset, data: e.Data})
	case "fsync", "fdatasync":
		if e.Path == filepath.Dir(books) {
			c.durable = c.named
			return
		}
		c.states(4) // the last moment before everything is safe: look closer
		c.disk.sync()
	}
	c.states(1)
}

// states looks at what a power cut leaves now.
func (c *crash) states(closer int) {
	tears, subsets := 1, closer
	if thorough {
		tears, subsets = 3, closer
	}
	for _, kept := range c.disk.survivors(c.dice, tears, subsets) {
		image := c.disk.apply(kept)
		c.images[image.key(c.named, c.durable, 0)] = true
		if key := image.key(c.named, c.durable, c.said); !c.seen[key] {
			c.seen[key] = true
			c.look(image)
		}
		c.disk.revert(kept)
		if len(c.found) > 0 {
			return
		}
	}
}

// key tells states apart: the bytes, and what must be true of them.
func (i image) key(named, durable bool, said int) digest {
	key := i.sum
	key.toggle(-1, fmt.Append(nil, len(i.bytes), named, durable, said))
	return key
}

func (c *crash) look(i image) {
	if !c.durable {
		c.unnamed(i)
	}
	if !c.named {
		return
	}
	s, err := store.Open(c.path)
	if err != nil {
		c.wrong("the books do not open: %v", err)
		return
	}
	defer s.Close()
	result, err := s.Check(context.Background(), nil)
	if err != nil || len(result.Faults) > 0 || result.Imbalance != 0 {
		c.wrong("the books fail their check: %v, %v, off by %s", err, result.Faults, result.Imbalance)
	}
	var found string
	err = s.View(func(tx *store.Tx) error {
		root, err := tx.Root(tx.Last())
		found = fmt.Sprintf("%d %x", tx.Last(), root)
		return err
	})
	said, next := c.commits[max(c.said-1, 0)], c.commits[min(c.said, len(c.commits)-1)]
	switch {
	case err != nil || found != said && found != next:
		c.wrong("the books hold %s (%v), said were %s, next is %s", found, err, said, next)
	case found != said:
		c.ahead++
	}
	if len(c.seen)%97 == 0 {
		c.resume(i)
	}
}

// unnamed: the books may have no name, only an unfinished creation beside it. Making
// them anew must not stumble over it.
func (c *crash) unnamed(i image) {
	c.empty++
	path := filepath.Join(c.TempDir(), "books.db")
	if err := os.WriteFile(path+".new", i.bytes, 0o600); err != nil {
		c.Fatal(err)
	}
	if err := store.Create(path, store.Identity{Install: "again", FirstDay: openDay}); err != nil {
		c.wrong("books cannot be made beside an unfinished creation: %v", err)
		return
	}
	if result, err := store.CheckFile(context.Background(), path, nil); err != nil || len(result.Faults) > 0 {
		c.wrong("books made beside an unfinished creation: %v %v", err, result.Faults)
	}
}

// resume takes a copy of the books on from here: they must end as if nothing had
// happened.
func (c *crash) resume(i image) {
	c.resumed++
	path := c.path + ".resumed"
	if err := os.WriteFile(path, i.bytes, 0o600); err != nil {
		c.Fatal(err)
	}
	defer os.Remove(path)
	s, err := store.Open(path)
	if err != nil {
		c.wrong("%v", err)
		return
	}
	defer s.Close()
	var found string
	err = continueBooks(s, c.seed, len(c.commits)-2, 3, func(tx *store.Tx) error {
		root, err := tx.Root(tx.Last())
		found = fmt.Sprintf("%d %x", tx.Last(), root)
		return err
	})
	if want := c.commits[len(c.commits)-1]; err != nil || found != want {
		c.wrong("taken on to the end the books hold %s (%v), want %s", found, err, want)
	}
}
