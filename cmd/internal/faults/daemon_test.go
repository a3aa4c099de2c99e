package faults

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/sim"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// patience is how long a test waits for what takes a moment; only what is broken needs
// all of it.
const patience = 60 * time.Second

// house is a state directory and the daemons that live in it one after the other.
type house struct {
	testing.TB
	dir    string
	broker string   // an external one; "": embedded
	more   []string // arguments besides
	files  int      // how many descriptors the next daemon may have; 0: as many as we

	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	log  *lines
}

// lines is the daemon's log, readable while it grows. Nothing is embedded: a promoted
// ReadFrom of the buffer would be found by io.Copy and pass by the lock.
type lines struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.Write(b)
}

func (l *lines) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.kept.String()
}

// says is a log line with this message, if there is one.
func (l *lines) says(message string) map[string]any {
	for line := range bytes.Lines([]byte(l.text())) {
		var entry map[string]any
		if json.Unmarshal(line, &entry) == nil && entry["message"] == message {
			return entry
		}
	}
	return nil
}

func newHouse(t testing.TB, more ...string) *house {
	t.Helper()
	h := &house{TB: t, dir: t.TempDir(), more: more}
	t.Cleanup(func() {
		if h.cmd != nil {
			h.cmd.Process.Kill()
			<-h.done
		}
	})
	return h
}

func (h *house) args() []string {
	broker := "127.0.0.1:0"
	if h.broker != "" {
		broker = h.broker
	}
	return append([]string{
		"--state", h.dir, "--nats", broker, "--http", "127.0.0.1:0", "--business-day", "manual", "--first-day", openDay.String(),
	}, h.more...)
}

// start starts the daemon, under the tracer where there are orders for it.
func (h *house) start(o *orders) {
	h.Helper()
	cmd := exec.Command(clearingd(h), h.args()...)
	if h.files != 0 {
		limited := fmt.Sprintf(`ulimit -n %d; exec "$0" "$@"`, h.files)
		cmd = exec.Command("/bin/sh", append([]string{"-c", limited, clearingd(h)}, h.args()...)...)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if o != nil {
		cmd = traced(h, *o, clearingd(h), h.args()...)
	}
	h.log = &lines{}
	cmd.Stderr = h.log
	if err := cmd.Start(); err != nil {
		h.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		cmd.Wait() // how it ended is read from its state
		close(done)
	}()
	h.cmd, h.done = cmd, done
}

func (h *house) ended() bool {
	select {
	case <-h.done:
		return true
	default:
		return false
	}
}

// stop asks the daemon to end and gives its exit code.
func (h *house) stop() int {
	h.Helper()
	h.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-h.done:
	case <-time.After(patience):
		h.Fatalf("the daemon did not end\n%s", h.log.text())
	}
	return h.cmd.ProcessState.ExitCode()
}

// eventually waits for something; false if the daemon ended before.
func (h *house) eventually(what string, is func() bool) bool {
	h.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if is() {
			return true
		}
		if h.ended() {
			return false
		}
	}
	h.Fatalf("waited in vain: %s\n%s", what, h.log.text())
	return false
}

// ready waits until the daemon is; false if it ended before.
func (h *house) ready() bool {
	h.Helper()
	return h.eventually("ready", func() bool { code, _ := h.get("/readyz"); return code == http.StatusOK })
}

// get asks the daemon's probes; code 0 if they do not answer.
func (h *house) get(path string) (int, string) {
	listens := h.log.says("http listens")
	if listens == nil {
		return 0, ""
	}
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get(fmt.Sprintf("http://%s%s", listens["address"], path))
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	var body bytes.Buffer
	body.ReadFrom(resp.Body)
	return resp.StatusCode, body.String()
}

// connect is a hospital's connection; nil if the daemon ended before.
func (h *house) connect() *bus.Bus {
	h.Helper()
	var b *bus.Bus
	h.eventually("the broker", func() bool {
		listens := h.log.says("broker listens")
		if listens == nil {
			return false
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		var err error
		b, err = bus.Connect(ctx, bus.ConnectOptions{URL: fmt.Sprint(listens["url"]), Name: "hospital"})
		return err == nil
	})
	return b
}

// publish hands messages to the broker until each is stored; false if the daemon ended
// before.
func (h *house) publish(b *bus.Bus, messages []sim.Message) bool {
	h.Helper()
	for _, m := range messages {
		if !h.eventually("the broker's word for "+m.Subject, func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			stored, already, err := b.PublishClaim(ctx, m.Subject, m.Body)
			return err == nil && (stored || already)
		}) {
			return false
		}
	}
	return true
}

// answers gives the answers that there are; all of them if wait is set and the daemon
// lives.
func (h *house) answers(b *bus.Bus, messages []sim.Message, wait bool) map[string]provinces.Envelope {
	h.Helper()
	found := map[string]provinces.Envelope{}
	for _, m := range messages {
		subject := "answers." + m.Subject[len("claims."):]
		ask := func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
			defer cancel()
			answer, ok, err := b.Answer(ctx, subject)
			if ok && err == nil {
				found[subject] = answer
			}
			return ok && err == nil
		}
		if !wait {
			ask()
		} else if !h.eventually("an answer to "+m.Subject, ask) {
			break
		}
	}
	return found
}

// audit holds the closed books against what was sent and answered: one record for each
// message, its answer with the digest of its bytes, and the very bytes that were
// published, now and before.
func (h *house) audit(messages []sim.Message, before, after map[string]provinces.Envelope) {
	h.Helper()
	books := filepath.Join(h.dir, "books.db")
	result, err := store.CheckFile(context.Background(), books, nil)
	if err != nil || len(result.Faults) > 0 || result.Imbalance != 0 {
		h.Errorf("the books fail their check: %v %v", err, result.Faults)
	}
	if int(result.Records) != len(messages) || len(after) != len(messages) {
		h.Errorf("%d messages became %d records and %d answers", len(messages), result.Records, len(after))
	}
	for subject, answer := range before {
		if fmt.Sprint(answer) != fmt.Sprint(after[subject]) {
			h.Errorf("%s was %v, and is %v", subject, answer.Header, after[subject].Header)
		}
	}
	digests := map[string]string{}
	for _, m := range messages {
		sum := sha256.Sum256(m.Body)
		digests["answers."+m.Subject[len("claims."):]] = hex.EncodeToString(sum[:])
	}
	s, err := store.OpenReadOnly(books)
	if err != nil {
		h.Fatal(err)
	}
	defer s.Close()
	err = s.View(func(tx *store.Tx) error {
		return tx.Scan(1, tx.Last(), func(r *clearing.Record, _ ledger.Entry) error {
			want := r.Envelope()
			got := after[want.Subject]
			if !bytes.Equal(got.Body, want.Body) || got.Header[provinces.HeaderDigest] != digests[want.Subject] {
				return errors.New(want.Subject + ": the answer is not that of the books, or not to these bytes")
			}
			delete(digests, want.Subject)
			return nil
		})
	})
	if err != nil || len(digests) != 0 {
		h.Errorf("%v; %d messages have no record", err, len(digests))
	}
}

// copyOf is a house in the same state as this one, whose daemon is stopped.
func (h *house) copyOf(t testing.TB) *house {
	t.Helper()
	next := newHouse(t, h.more...)
	if err := os.CopyFS(next.dir, os.DirFS(h.dir)); err != nil {
		t.Fatal(err)
	}
	return next
}
