package faults

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"clearingd/clearing/sim"
	"clearingd/cmd/internal/daemon"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

const mebibyte = 1 << 20

// memoryMax is what the daemon may take of its own while the largest messages come as
// fast as they can; the mapped books are not counted, the kernel can drop those.
const memoryMax = 768 * mebibyte

// Largest messages, as fast as they come: memory stays bounded, each gets a coded
// refusal, and the next good claim is answered (faults 25 and 37).
func TestTheLargestMessagesInAFlood(t *testing.T) {
	seconds := 2
	if thorough {
		seconds = 15
	}
	h := newHouse(t)
	h.start(nil)
	if !h.ready() {
		t.Fatal(h.log.text())
	}
	good := sim.Day(sim.DefaultConfig(12, 3, openDay)).Messages
	subject, err := provinces.ParseSubject(good[0].Subject)
	if err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(time.Duration(seconds) * time.Second)
	var sent atomic.Int64
	var highest int64
	var flood sync.WaitGroup
	for sender := range 4 {
		b := h.connect()
		defer b.Close()
		flood.Go(func() {
			for n := 0; time.Now().Before(deadline); n++ {
				s := subject
				s.MsgID = fmt.Sprintf("FLOOD%d%06d", sender, n)
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				if stored, _, err := b.PublishClaim(ctx, s.Claims(), hostile(n)); err == nil && stored {
					sent.Add(1)
				}
				cancel()
			}
		})
	}
	finished := make(chan struct{})
	go func() { flood.Wait(); close(finished) }()
	for running := true; running; {
		select {
		case <-finished:
			running = false
		case <-time.After(20 * time.Millisecond):
		}
		highest = max(highest, h.ownMemory())
	}
	b := h.connect()
	defer b.Close()
	h.publish(b, good)
	if got := h.answers(b, good, true); len(got) != len(good) {
		t.Errorf("%d of %d good claims were answered", len(got), len(good))
	}
	highest = max(highest, h.ownMemory())
	if refused, err := refused(b, subject); err != nil || !refused {
		t.Errorf("a message of the flood was not refused: %v", err)
	}
	t.Logf("%d messages of 1 MiB in %d s; the daemon took %d MiB at most", sent.Load(), seconds, highest/mebibyte)
	if highest > memoryMax || sent.Load() == 0 {
		t.Errorf("memory grew to %d MiB, the limit is %d", highest/mebibyte, memoryMax/mebibyte)
	}
	if code := h.stop(); code != daemon.ExitOK {
		t.Errorf("the daemon ended with %d", code)
	}
}

// refused looks at the first message of the flood: it has its coded refusal.
func refused(b *bus.Bus, s provinces.Subject) (bool, error) {
	s.MsgID = "FLOOD0000000"
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, ok, err := b.Answer(ctx, "answers."+s.Claims()[len("claims."):])
	return ok && answer.Header[provinces.HeaderOutcome] == string(provinces.Refused), err
}

// hostile is a message of the largest size that makes a decoder work.
func hostile(n int) []byte {
	const size = mebibyte - 8192 // the broker counts subject and headers too
	switch n % 4 {
	case 0:
		return bytes.Repeat([]byte("["), size)
	case 1:
		return append([]byte(`{"infno":"2304","input":{"data":"`), bytes.Repeat([]byte("9"), size-64)...)
	case 2:
		var b bytes.Buffer
		for b.WriteByte('{'); b.Len() < size-32; {
			fmt.Fprintf(&b, `"k%d":0,`, b.Len())
		}
		b.WriteString(`"z":0}`)
		return b.Bytes()
	}
	return append(append([]byte(`{"infno":"2304","input":{"feedetail":[`), bytes.Repeat([]byte(`{},`), (size-128)/3)...), `{}]}}`...)
}

// ownMemory is what the process holds besides mapped files.
func (h *house) ownMemory() int64 {
	status, err := os.ReadFile("/proc/" + strconv.Itoa(h.cmd.Process.Pid) + "/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return n * 1024
		}
	}
	return 0
}

// A disk at its floor pauses the intake before anything fails; messages are kept, and
// said to be. A daemon that is stopped so finds them at its next start and answers them
// in their order (faults 5 and 18).
func TestADiskAtItsFloorAndTheBacklogAfter(t *testing.T) {
	const ballastBytes = 1 << 30
	dir := t.TempDir()
	free := freeBytes(t, dir)
	if free < 3*ballastBytes {
		t.Skipf("SKIPPED, NOT TESTED: only %d MiB are free", free/mebibyte)
	}
	h := newHouse(t, "--set", fmt.Sprintf("disk.floor_mib=%d", (free-ballastBytes/2)/mebibyte))
	h.start(nil)
	if !h.ready() {
		t.Fatal(h.log.text())
	}
	count := 60
	if thorough {
		count = 600
	}
	messages := sim.Day(sim.DefaultConfig(13, count, openDay)).Messages
	first, second, third := messages[:count/3], messages[count/3:2*count/3], messages[2*count/3:]
	b := h.connect()
	h.publish(b, first)
	before := h.answers(b, first, true)

	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast, ballastBytes)
	h.eventually("the pause", func() bool {
		code, body := h.get("/readyz")
		return code != http.StatusOK && strings.Contains(body, "disk")
	})
	h.publish(b, second) // the broker still keeps what comes
	if answered := h.answers(b, second, false); len(answered) > 1 {
		t.Errorf("%d messages were answered below the floor", len(answered))
	}
	os.Remove(ballast)
	if !h.ready() {
		t.Fatal(h.log.text())
	}
	for subject, answer := range h.answers(b, second, true) { // by itself
		before[subject] = answer
	}

	fill(t, ballast, ballastBytes)
	h.eventually("the pause", func() bool {
		code, body := h.get("/readyz")
		return code != http.StatusOK && strings.Contains(body, "disk")
	})
	h.publish(b, third)
	b.Close()
	if code := h.stop(); code != daemon.ExitOK {
		t.Errorf("the paused daemon ended with %d", code)
	}
	os.Remove(ballast)
	h.start(nil)
	if !h.ready() {
		t.Fatal(h.log.text())
	}
	b = h.connect()
	defer b.Close()
	after := h.answers(b, messages, true)
	if code := h.stop(); code != daemon.ExitOK {
		t.Errorf("the daemon ended with %d", code)
	}
	h.audit(messages, before, after) // its check holds each stream's order
}

func freeBytes(t *testing.T, dir string) int64 {
	t.Helper()
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		t.Fatal(err)
	}
	return int64(fs.Bavail) * fs.Bsize
}

// fill takes so much of the disk.
func fill(t *testing.T, path string, size int64) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if syscall.Fallocate(int(file.Fd()), 0, 0, size) == nil {
		return
	}
	for block := make([]byte, mebibyte); size > 0; size -= mebibyte {
		if _, err := file.Write(block); err != nil {
			t.Fatal(err)
		}
	}
}
