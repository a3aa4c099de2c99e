package faults

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"clearingd/clearing/sim"
	"clearingd/cmd/internal/daemon"
	"clearingd/provinces"
)

// loop is one kind of call that fails, the first time, the second time, and so on.
type loop struct {
	call, fault string
	files       string // only on paths that contain this
	fresh       bool   // in an empty state directory: making books and streams included
	codes       []int  // how the daemon may end by itself
}

// What may come of a fault in the books' file: an unknown commit; the failed creation of
// books; the broker's store, which reports by itself.
var (
	ofBooks    = []int{daemon.ExitCommit}
	ofCreation = []int{daemon.ExitCommit, daemon.ExitStorage}
	killed     = []int{137}
)

var loops = []loop{
	{"fdatasync", "EIO", "books.db", false, ofBooks},
	{"fdatasync", "KILL", "books.db", false, killed},
	{"pwrite64", "EIO", "books.db", false, ofBooks},
	{"pwrite64", "ENOSPC", "books.db", false, ofBooks},
	{"pwrite64", "KILL", "books.db", false, killed},
	{"fdatasync", "EIO", "books.db", true, ofCreation},
	{"fdatasync", "KILL", "books.db", true, killed},
	{"pwrite64", "KILL", "books.db", true, killed},
	{"ftruncate", "EIO", "books.db", true, ofCreation},
	{"ftruncate", "KILL", "books.db", true, killed},
	{"rename", "EIO", "books.db", true, ofCreation},
	{"rename", "KILL", "books.db", true, killed},
}

// The k-th call fails, or the process dies there, for k = 1 until a run passes
// untouched. After a restart every claim has one answer, the bytes that were answered
// before are the same, the books are good, and the exit code says what happened (faults
// 1, 4, 5, 7 and 10). The short form takes some k only.
func TestTheKthCallFails(t *testing.T) {
	needTracer(t)
	count := 20
	if !thorough {
		count = 8
	}
	messages := sim.Day(sim.DefaultConfig(11, count, openDay)).Messages
	settled := newHouse(t)
	settled.start(nil)
	if !settled.ready() || settled.stop() != daemon.ExitOK {
		t.Fatalf("the daemon does not start:\n%s", settled.log.text())
	}
	for _, l := range loops {
		t.Run(fmt.Sprintf("%s %s fresh=%v", l.call, l.fault, l.fresh), func(t *testing.T) {
			if !thorough && (l.fresh != (l.call == "rename") || l.fault == "ENOSPC" || l.call == "pwrite64" || l.fault == "KILL" != l.fresh) {
				t.Skip("only with make faults")
			}
			l.run(t, settled, messages)
		})
	}
}

func (l loop) run(t *testing.T, settled *house, messages []sim.Message) {
	codes, step := map[int]int{}, 1
	if !thorough {
		step = 45
	}
	for k := 1; ; k += step {
		h := settled
		if l.fresh {
			h = newHouse(t)
		} else {
			h = settled.copyOf(t)
		}
		hit, code := l.once(h, k, messages)
		if t.Failed() {
			t.Fatalf("%s: call %d of %s on %s; log of the last daemon:\n%s", l.fault, k, l.call, l.files, h.log.text())
		}
		if !hit {
			if !thorough {
				t.Logf("short form: every %dth k", step)
			}
			t.Logf("%s at call k of %s on %s: %d runs up to k = %d, exit codes %v", l.fault, l.call, l.files, (k-1)/step, k-1, codes)
			if k == 1 {
				t.Error("there is no such call")
			}
			return
		}
		codes[code]++
	}
}

// once runs a day in which the k-th call fails, and another in which nothing does.
func (l loop) once(h *house, k int, messages []sim.Message) (hit bool, code int) {
	result := filepath.Join(h.TempDir(), "result")
	h.start(&orders{Call: l.call, Files: l.files, Fault: l.fault, Nth: k, Result: result})
	answered := map[string]provinces.Envelope{}
	if b := h.connect(); b != nil {
		if h.publish(b, messages) {
			answered = h.answers(b, messages, true)
		}
		b.Close()
	}
	if code = h.stop(); code == 99 {
		h.Fatalf("the tracer failed:\n%s", h.log.text())
	}
	hit = readOutcome(h, result).Hit
	h.expect(l, hit, code)

	h.start(nil)
	if !h.ready() {
		h.Errorf("the daemon does not start again:\n%s", h.log.text())
		return hit, code
	}
	b := h.connect()
	defer b.Close()
	h.publish(b, messages)
	after := h.answers(b, messages, true)
	if code := h.stop(); code != daemon.ExitOK {
		h.Errorf("the second daemon ended with %d", code)
	}
	h.audit(messages, answered, after)
	return hit, code
}

func (h *house) expect(l loop, hit bool, code int) {
	h.Helper()
	allowed := []int{daemon.ExitOK}
	if hit {
		allowed = l.codes
	}
	for _, c := range allowed {
		if c == code {
			return
		}
	}
	h.Errorf("the daemon ended with %d, want one of %v (fault planted: %v)\n%s", code, allowed, hit, strings.TrimSpace(h.log.text()))
}
