package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clearingd/clearing/sim"
	"clearingd/cmd/internal/daemon"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// diskImage is a file system of its own in a file: what a disk would hold is what the file
// holds, and a copy of the file is that disk after a power cut.
type diskImage struct {
	testing.TB
	file, dir string
	mounted   bool
}

// newDiskImage makes and mounts one, or skips, loudly, where this machine may not.
func newDiskImage(t testing.TB, mebibytes int64) *diskImage {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("SKIPPED, NOT TESTED: mounting needs root")
	}
	d := &diskImage{TB: t, file: filepath.Join(t.TempDir(), "disk.img"), dir: filepath.Join(t.TempDir(), "disk")}
	file, err := os.Create(d.file)
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Truncate(mebibytes * mebibyte); err != nil {
		t.Fatal(err)
	}
	file.Close()
	if err := os.Mkdir(d.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mkfs.ext4", "-q", "-F", "-m", "0", d.file).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: no ext4 can be made: %v %s", err, out)
	}
	if err := d.mount(); err != nil {
		t.Skipf("SKIPPED, NOT TESTED: no image can be mounted here: %v", err)
	}
	t.Cleanup(d.unmount)
	return d
}

func (d *diskImage) mount() error {
	out, err := exec.Command("mount", "-o", "loop", d.file, d.dir).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	d.mounted = true
	return nil
}

func (d *diskImage) unmount() {
	if !d.mounted {
		return
	}
	d.mounted = false
	if out, err := exec.Command("umount", d.dir).CombinedOutput(); err != nil {
		d.Errorf("%v: %s", err, out)
	}
}

// cutPower takes the image as it is now and goes on with that: what was written and not
// synced is not in it. The copy takes a moment, in which the kernel may write more; so
// this can miss a loss and never invents one.
func (d *diskImage) cutPower() {
	d.Helper()
	after := d.file + ".cut"
	if out, err := exec.Command("cp", "--sparse=always", d.file, after).CombinedOutput(); err != nil {
		d.Fatalf("%v: %s", err, out)
	}
	d.unmount()
	if err := os.Rename(after, d.file); err != nil {
		d.Fatal(err)
	}
	if err := d.mount(); err != nil { // the file system's journal is replayed here
		d.Fatal(err)
	}
}

// onDisk is a house whose whole state is on the image.
func (d *diskImage) onDisk() *house {
	h := newHouse(d, "--set", "disk.floor_mib=16", "--set", "nats.max_store_mib=256")
	h.dir = filepath.Join(d.dir, "state")
	return h
}

// TestAPowerCutLosesNothingAcknowledged: the daemon is killed at work, its disk is taken
// as it is at that moment, and the daemon started on it: every claim that was
// acknowledged is in its stream, every answer that was seen is there, the same bytes
// (faults 2 and 3). A file that nobody synced proves that the copy loses what is not.
func TestAPowerCutLosesNothingAcknowledged(t *testing.T) {
	d := newDiskImage(t, 1024)
	cuts := 1
	if thorough {
		cuts = 12
	}
	dice := rand.New(rand.NewPCG(3, 0x637574))
	messages := sim.Day(sim.DefaultConfig(31, 400*cuts, openDay)).Messages
	before := map[string]provinces.Envelope{}
	unsynced := 0
	h := d.onDisk()
	for cut := range cuts {
		part := messages[400*cut : 400*(cut+1)]
		h.start(nil)
		if !h.ready() {
			t.Fatalf("cut %d: the daemon does not start\n%s", cut, h.log.text())
		}
		acknowledged := h.publishUntilCut(part, time.Duration(100+dice.IntN(600))*time.Millisecond, before, func() {
			canary := filepath.Join(d.dir, fmt.Sprintf("canary-%d", cut))
			if err := os.WriteFile(canary, make([]byte, 1<<16), 0o600); err != nil {
				t.Error(err)
			}
			h.cmd.Process.Kill()
			<-h.done
			d.cutPower()
			if info, err := os.Stat(canary); err != nil || info.Size() == 0 {
				unsynced++
			}
		})
		t.Logf("cut %d: %d of %d claims acknowledged, %d answers seen in all", cut, len(acknowledged), len(part), len(before))
		h.start(nil)
		if !h.ready() {
			t.Fatalf("cut %d: the daemon does not start again\n%s", cut, h.log.text())
		}
		h.stillStored(acknowledged)
		b := h.connect()
		h.publish(b, part)
		for subject, answer := range h.answers(b, part, true) {
			if old, seen := before[subject]; seen && fmt.Sprint(old) != fmt.Sprint(answer) {
				t.Errorf("cut %d: %s was answered otherwise before", cut, subject)
			}
			before[subject] = answer
		}
		b.Close()
		if code := h.stop(); code != daemon.ExitOK {
			t.Errorf("the daemon ended with %d", code)
		}
	}
	if unsynced == 0 {
		t.Error("a file that was never synced survived each cut: this test cannot fail")
	}
	h.start(nil)
	if !h.ready() {
		t.Fatal(h.log.text())
	}
	b := h.connect()
	after := h.answers(b, messages, true)
	b.Close()
	if code := h.stop(); code != daemon.ExitOK {
		t.Errorf("the daemon ended with %d", code)
	}
	h.audit(messages, before, after)
}

// publishUntilCut publishes from several hospitals at once until the power is cut, and
// gives what was acknowledged; the answers that were seen are added to seen.
func (h *house) publishUntilCut(messages []sim.Message, after time.Duration, seen map[string]provinces.Envelope, cut func()) (acknowledged []sim.Message) {
	h.Helper()
	var mu sync.Mutex
	var hospitals sync.WaitGroup
	const senders = 4
	for sender := range senders {
		b := h.connect()
		defer b.Close()
		hospitals.Go(func() {
			for i := sender; i < len(messages); i += senders {
				m := messages[i]
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				stored, already, err := b.PublishClaim(ctx, m.Subject, m.Body)
				var answer provinces.Envelope
				var answered bool
				if earlier := i - 10*senders; err == nil && earlier >= 0 {
					answer, answered, _ = b.Answer(ctx, "answers."+messages[earlier].Subject[len("claims."):])
				}
				cancel()
				if err != nil || !stored && !already {
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, m)
				if answered {
					seen[answer.Subject] = answer
				}
				mu.Unlock()
			}
		})
	}
	time.Sleep(after)
	cut()
	hospitals.Wait()
	return acknowledged
}

// stillStored demands that the broker calls each message already stored.
func (h *house) stillStored(messages []sim.Message) {
	h.Helper()
	b := h.connect()
	defer b.Close()
	lost := 0
	for _, m := range messages {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		_, already, err := b.PublishClaim(ctx, m.Subject, m.Body)
		cancel()
		if err != nil || !already {
			lost++
		}
	}
	if lost > 0 || len(messages) == 0 {
		h.Errorf("%d of %d acknowledged claims are lost", lost, len(messages))
	}
}

// TestAFileSystemThatIsFull: the disk is filled to the last block under broker and books.
// Publishers get errors and no acknowledgement, nothing that was acknowledged is lost,
// and with space again a restart goes on (faults 5 and 6).
func TestAFileSystemThatIsFull(t *testing.T) {
	d := newDiskImage(t, 256)
	h := d.onDisk()
	h.start(nil)
	if !h.ready() {
		t.Fatal(h.log.text())
	}
	messages := sim.Day(sim.DefaultConfig(32, 300, openDay)).Messages
	b := h.connect()
	h.publish(b, messages[:50])
	before := h.answers(b, messages[:50], true)

	ballast := filepath.Join(d.dir, "ballast")
	if out, err := exec.Command("dd", "if=/dev/zero", "of="+ballast, "bs=64k").CombinedOutput(); err == nil || !strings.Contains(string(out), "No space left") {
		t.Fatalf("the disk does not fill: %v %s", err, out)
	}
	var acknowledged []sim.Message
	failed := 0
	for _, m := range messages[50:] {
		if stored, err := publishOnce(b, m); stored {
			acknowledged = append(acknowledged, m)
		} else if failed++; err == nil {
			t.Errorf("%s: neither stored nor an error", m.Subject)
		}
		if failed == 3 {
			break
		}
	}
	if failed == 0 {
		t.Error("a full disk refused nothing: is it full?")
	}
	if !h.ended() {
		h.eventually("not ready", func() bool { code, _ := h.get("/readyz"); return code != http.StatusOK || h.ended() })
	}
	b.Close()
	h.stop() // 0, or 71 or 74 if a commit failed before the pause: either may come first
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	h.start(nil)
	if !h.ready() {
		t.Fatal(h.log.text())
	}
	h.stillStored(append(messages[:50:50], acknowledged...))
	b = h.connect()
	defer b.Close()
	h.publish(b, messages)
	after := h.answers(b, messages, true)
	if code := h.stop(); code != daemon.ExitOK {
		t.Errorf("the daemon ended with %d", code)
	}
	h.audit(messages, before, after)
	t.Logf("on the full disk %d claims were acknowledged and %d refused", len(acknowledged), failed)
}

func publishOnce(b *bus.Bus, m sim.Message) (stored bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	stored, _, err = b.PublishClaim(ctx, m.Subject, m.Body)
	return stored, err
}
