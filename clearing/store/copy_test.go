package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"clearingd/provinces"
)

func TestACopyIsWholeOrNotThere(t *testing.T) {
	s := newStore(t)
	if err := s.apply(t, refusal(1, 1, firstDay), refusal(2, 2, firstDay)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(path+".new", []byte("what an interrupted copy left"), 0o600); err != nil {
		t.Fatal(err)
	}
	copied, err := s.Copy(context.Background(), path)
	if err != nil || copied.Records != 2 {
		t.Fatalf("%+v, %v", copied, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Size() != copied.Size || info.Mode().Perm() != fileMode {
		t.Errorf("%v, %v", info, err)
	}
	if err := s.apply(t, refusal(3, 3, firstDay)); err != nil {
		t.Fatal(err)
	}
	c, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	err = c.View(func(tx *Tx) error {
		root, err := tx.Root(tx.Last())
		if tx.Last() != 2 || root != copied.Root || c.Identity() != s.Identity() {
			t.Errorf("the copy holds %d records with root %x", tx.Last(), root)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	before, _ := os.ReadFile(path)
	if _, err := s.Copy(context.Background(), path); !errors.Is(err, ErrExists) {
		t.Errorf("over a copy: %v", err)
	}
	if after, _ := os.ReadFile(path); string(after) != string(before) {
		t.Error("a refused copy changed the one that stands")
	}
	if _, err := os.Stat(path + ".new"); !os.IsNotExist(err) {
		t.Errorf("left behind: %v", err)
	}
}

func TestAnInterruptedCopyLeavesNothing(t *testing.T) {
	s := newStore(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := t.TempDir()
	if _, err := s.Copy(ctx, filepath.Join(dir, "copy.db")); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := s.Copy(context.Background(), filepath.Join(dir, "missing", "copy.db")); err == nil {
		t.Error("a copy into no directory")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v, %v", left, err)
	}
}

// TestACopyIsReadBack: a file that does not hold what was copied is found out.
func TestACopyIsReadBack(t *testing.T) {
	s := newStore(t)
	if err := s.apply(t, refusal(1, 1, firstDay)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	copied, err := s.Copy(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]Copied{
		"another root":        {Records: copied.Records, Root: [32]byte{1}},
		"another last record": {Records: copied.Records + 1, Root: copied.Root},
	} {
		if err := readBack(path, wrong); !errors.Is(err, ErrCopy) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := os.Truncate(path, copied.Size/2); err != nil {
		t.Fatal(err)
	}
	if err := readBack(path, copied); !errors.Is(err, ErrCopy) {
		t.Errorf("half a file: %v", err)
	}
}

func TestUndoingsAreWhatHasAnEffectOnAnother(t *testing.T) {
	cancelled, repeated := refusal(2, 2, firstDay), refusal(3, 3, firstDay)
	cancelled.Record.Outcome, cancelled.Record.Effect, cancelled.Record.Original = provinces.Cancelled, -1, 1
	repeated.Record.Outcome, repeated.Record.Original = provinces.Repeated, 1
	// What a cancellation undoes is a bill; here only its fields are read, so the books are
	// no whole ones and are not checked.
	raw, err := Open(createAt(t))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if err := raw.apply(t, refusal(1, 1, firstDay), cancelled, repeated); err != nil {
		t.Fatal(err)
	}
	var found []Undoing
	read := func(from, to uint64) []Undoing {
		found = nil
		if err := raw.View(func(tx *Tx) error {
			return tx.Undoings(from, to, func(u Undoing) error { found = append(found, u); return nil })
		}); err != nil {
			t.Fatal(err)
		}
		return found
	}
	if got := read(1, 3); len(got) != 1 || got[0] != (Undoing{Number: 2, Original: 1, Effect: -1}) {
		t.Errorf("%+v", got)
	}
	if got := read(3, 3); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func createAt(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "books.db")
	if err := Create(path, Identity{Install: "test", FirstDay: firstDay}); err != nil {
		t.Fatal(err)
	}
	return path
}
