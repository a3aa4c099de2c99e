package faults

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/night"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// closeBooks is the process whose report is disturbed: DIR. It closes the frozen day of
// DIR/books.db, or makes the report of a closed one again, into DIR/reports.
func closeBooks(dir string) int {
	s, err := store.Open(filepath.Join(dir, "books.db"))
	if err != nil {
		return failed(err)
	}
	defer s.Close()
	n := night.New(night.Options{
		Store: s, Streams: provinces.Provinces(), Dir: filepath.Join(dir, "reports"),
		Pseudonyms: clearing.NewPseudonyms(bytes.Repeat([]byte{7}, 32)),
		PlanSet:    func() [32]byte { return [32]byte{1} }, CutOff: "24:00", Mode: "manual",
	})
	var state store.DayState
	if err := s.View(func(tx *store.Tx) (err error) { state, err = tx.Day(openDay); return err }); err != nil {
		return failed(err)
	}
	night := n.Close
	if state.Phase == store.DayClosed {
		night = n.Remake
	}
	if err := night(context.Background(), openDay); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// frozenDay is a directory with the books of a day that waits for its report.
func frozenDay(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	path := filepath.Join(dir, "books.db")
	if err := fillBooks(path, 35, 2, 30, nil); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Update(func(tx *store.Tx) error {
		for _, stream := range provinces.Provinces() {
			at, err := tx.Position(stream)
			if err != nil {
				return err
			}
			if err := tx.SetCut(openDay, stream, at.Sequence); err != nil {
				return err
			}
		}
		state, err := tx.Day(openDay)
		state.Phase, state.Frozen = store.DayFrozen, time.Now().UnixNano()
		tx.SetDay(openDay, state)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// runNight closes the day in a process of its own, disturbed where there are orders.
func runNight(t *testing.T, dir string, o orders) (hit bool, code int) {
	t.Helper()
	o.Result = filepath.Join(t.TempDir(), "result")
	cmd := traced(t, o, self(t), dir)
	cmd.Env = append(cmd.Env, roleOfTraced+"="+roleReport)
	out, err := cmd.CombinedOutput()
	code = cmd.ProcessState.ExitCode()
	if code == 99 || err != nil && cmd.ProcessState == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return readOutcome(t, o.Result).Hit, code
}

// report reads what stands under the day's name; nil if nothing does.
func reportOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	folder := filepath.Join(dir, "reports", openDay.String())
	entries, err := os.ReadDir(folder)
	if os.IsNotExist(err) {
		return nil
	}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(folder, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(content)
	}
	return files
}

// The k-th call on the files of a report fails, or the process dies there, for k = 1
// until a run passes untouched: under the day's name stands nothing, or the whole
// report; the day is sealed only with the whole; and run again, the night has the same
// bytes (faults, row 35). The short form takes some k only.
func TestTheKthCallOnAReportFails(t *testing.T) {
	needTracer(t)
	frozen := frozenDay(t)
	whole := filepath.Join(t.TempDir(), "whole")
	copyTo(t, frozen, whole)
	if _, code := runNight(t, whole, orders{}); code != 0 {
		t.Fatalf("undisturbed, the night ends with %d", code)
	}
	want := reportOf(t, whole)
	if len(want) < 7 {
		t.Fatalf("undisturbed, the report has %d files", len(want))
	}
	for _, c := range []struct {
		call, fault string
		step        int // of the short form
	}{
		{"write", "ENOSPC", 1}, {"write", "KILL", 2}, {"fsync", "EIO", 4}, {"fsync", "KILL", 4}, {"rename", "EIO", 1}, {"rename", "KILL", 1},
	} {
		t.Run(c.call+" "+c.fault, func(t *testing.T) {
			if thorough {
				c.step = 1
			}
			for k := 1; ; k += c.step {
				dir := filepath.Join(t.TempDir(), "state")
				copyTo(t, frozen, dir)
				hit, code := runNight(t, dir, orders{Call: c.call, Files: "/reports", Fault: c.fault, Nth: k})
				if hit == (code == 0) {
					t.Errorf("k = %d: fault planted %t, exit code %d", k, hit, code)
				}
				if found := reportOf(t, dir); found != nil && !maps.Equal(found, want) {
					t.Errorf("k = %d: half a report stands under the day's name: %v", k, slices.Sorted(maps.Keys(found)))
				} else if found == nil && phase(t, dir) == store.DayClosed {
					t.Errorf("k = %d: the day is sealed without its report", k)
				}
				if _, code := runNight(t, dir, orders{}); code != 0 || !maps.Equal(reportOf(t, dir), want) {
					t.Errorf("k = %d: run again, the night ends with %d, and the bytes are not the same", k, code)
				}
				if !hit {
					if t.Logf("%s %s: up to k = %d, every %dth", c.call, c.fault, k-1, c.step); k == 1 {
						t.Error("there is no such call")
					}
					return
				}
			}
		})
	}
}

func phase(t *testing.T, dir string) (phase store.Phase) {
	t.Helper()
	s, err := store.OpenReadOnly(filepath.Join(dir, "books.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.View(func(tx *store.Tx) error {
		return tx.Days(func(day ledger.Day, state store.DayState) bool {
			if day == openDay {
				phase = state.Phase
			}
			return true
		})
	}); err != nil {
		t.Fatal(err)
	}
	return phase
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}
