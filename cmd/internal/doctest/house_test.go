package doctest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"clearingd/cmd/internal/ports"
)

const (
	exampleDay = "2026-11-20" // of the documents
	startMax   = 30 * time.Second
	stopMax    = 30 * time.Second
)

// manualDays is how the example's daemon is started.
var manualDays = []string{"--business-day", "manual", "--first-day", exampleDay}

// house is a scratch installation: a directory as the documents assume it, and
// perhaps a daemon.
type house struct {
	t           *testing.T
	dir         string // working directory of the reader
	state       string // stands for /var/lib/clearingd
	nats, http  string // stand for 127.0.0.1:4222 and 127.0.0.1:8470
	daemon      *exec.Cmd
	log         *logFile
	exited      chan struct{}
	exitCode    int
	environment []string
}

func newHouse(t *testing.T) *house {
	t.Helper()
	free, err := ports.Free(2)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, dir: t.TempDir(), nats: fmt.Sprintf("127.0.0.1:%d", free[0]), http: fmt.Sprintf("127.0.0.1:%d", free[1])}
	h.state = filepath.Join(h.dir, "state")
	for link, to := range map[string]string{"bin": programs, "deploy": repository + "/deploy", "provinces": repository + "/provinces"} {
		if err := os.Symlink(to, filepath.Join(h.dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	h.environment = append(os.Environ(), "PATH="+programs+":"+os.Getenv("PATH"), "CLEARCTL_NATS=nats://"+h.nats, "LANG=en_US.UTF-8", "LC_ALL=C.UTF-8")
	t.Cleanup(h.stop)
	return h
}

// logFile keeps what a daemon writes.
type logFile struct {
	mutex sync.Mutex
	text  bytes.Buffer
}

func (l *logFile) Write(b []byte) (int, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.Write(b)
}

func (l *logFile) String() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.text.String()
}

// start starts the daemon and returns at once.
func (h *house) start(flags ...string) {
	h.t.Helper()
	h.log, h.exited = &logFile{}, make(chan struct{})
	flags = append([]string{"--state", h.state, "--nats", h.nats, "--http", h.http}, flags...)
	h.daemon = exec.Command(filepath.Join(programs, "clearingd"), flags...)
	h.daemon.Dir, h.daemon.Env = h.dir, h.environment
	h.daemon.Stdout, h.daemon.Stderr = h.log, h.log
	if err := h.daemon.Start(); err != nil {
		h.t.Fatal(err)
	}
	go func(c *exec.Cmd, exited chan struct{}) {
		c.Wait()
		h.exitCode = c.ProcessState.ExitCode()
		close(exited)
	}(h.daemon, h.exited)
}

// open starts the daemon and waits until it is ready.
func (h *house) open(flags ...string) {
	h.t.Helper()
	h.start(flags...)
	h.await("ready", func() bool { return h.readiness() == "ready\n" })
}

// await waits for a state of the running daemon.
func (h *house) await(what string, reached func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(startMax); !reached(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-h.exited:
			h.t.Fatalf("waiting for %q: the daemon ended with %d:\n%s", what, h.exitCode, h.log)
		default:
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("waiting for %q in vain; readiness: %s\n%s", what, h.readiness(), h.log)
		}
	}
}

func (h *house) readiness() string { return h.get("/readyz", "text/plain") }

// get is a page's text; "" while nobody answers.
func (h *house) get(path, accept string) string {
	request, err := http.NewRequest(http.MethodGet, "http://"+h.http+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		return ""
	}
	return text.String()
}

// ended waits for a daemon that must end by itself, and gives its exit code and log.
func (h *house) ended() (int, string) {
	h.t.Helper()
	select {
	case <-h.exited:
	case <-time.After(startMax + 5*time.Second):
		h.t.Fatalf("the daemon does not end:\n%s", h.log)
	}
	h.daemon = nil
	return h.exitCode, h.log.String()
}

// stop stops the daemon as an operator does.
func (h *house) stop() {
	if h.daemon == nil {
		return
	}
	h.daemon.Process.Signal(syscall.SIGTERM)
	select {
	case <-h.exited:
	case <-time.After(stopMax):
		h.daemon.Process.Kill()
		<-h.exited
		h.t.Errorf("the daemon does not stop:\n%s", h.log)
	}
	h.daemon = nil
}

// ctl runs clearctl and gives its exit code and all that it printed.
func (h *house) ctl(arguments ...string) (int, string) {
	h.t.Helper()
	c := exec.Command(filepath.Join(programs, "clearctl"), arguments...)
	c.Dir, c.Env = h.dir, h.environment
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatal(err)
	}
	return c.ProcessState.ExitCode(), string(out)
}

// must runs clearctl and demands success.
func (h *house) must(arguments ...string) string {
	h.t.Helper()
	code, out := h.ctl(arguments...)
	if code != 0 {
		h.t.Fatalf("clearctl %s: exit code %d\n%s", strings.Join(arguments, " "), code, out)
	}
	return out
}

// The message that the documents show as the first of the books.
const firstMessage = "claims.53.54.H53030090005.H53030090005202611200802241001"

// settleExampleDay publishes the day of the documents and closes it. One message goes
// first, so that its books' number is 1: the order between streams is otherwise open.
func (h *house) settleExampleDay() {
	h.t.Helper()
	h.must("sample", "--seed", "1", "--count", "2000", "--day", exampleDay, "--out", "day.ndjson")
	path := filepath.Join(h.dir, "day.ndjson")
	day, err := os.ReadFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	for line := range strings.Lines(string(day)) {
		var message struct{ Subject string }
		if json.Unmarshal([]byte(line), &message) == nil && message.Subject == firstMessage {
			if err := os.WriteFile(filepath.Join(h.dir, "first.ndjson"), []byte(line), 0o600); err != nil {
				h.t.Fatal(err)
			}
		}
	}
	h.must("publish", "first.ndjson", "--wait")
	h.must("publish", "day.ndjson", "--wait", "--answers", "answers.ndjson")
	h.must("sample", "--seed", "1", "--count", "2000", "--day", exampleDay, "--phase", "2", "--answers", "answers.ndjson", "--out", "after.ndjson")
	h.must("publish", "after.ndjson", "--wait")
	h.must("close", exampleDay)
}

// settled is the state directory of a daemon that has settled and closed the example
// day and stopped; made once, copied by those who need it.
var settled = sync.OnceValues(func() (string, error) {
	return os.MkdirTemp(programs, "settled-")
})

var settling sync.Mutex

// settledHouse is a house with the example day settled, its daemon not running.
func settledHouse(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	settling.Lock()
	defer settling.Unlock()
	kept, err := settled()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(kept, "state")); errors.Is(err, fs.ErrNotExist) {
		h.open(manualDays...)
		h.settleExampleDay()
		h.stop()
		copyTree(t, h.state, filepath.Join(kept, "state"))
		return h
	}
	copyTree(t, filepath.Join(kept, "state"), h.state)
	return h
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(to, "pseudonym.key"), 0o600); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

// script runs a document's block and fails the test unless it succeeds.
func (h *house) script(text string) {
	h.t.Helper()
	out, err := h.shell(h.localise(text))
	if err != nil {
		h.t.Errorf("%v\n--- block\n%s\n--- output\n%s", err, text, out)
	}
}

// shell runs a script in the house. What it leaves running in the background is ended
// with it. Output goes to a file, because a pipe would wait for the background too.
func (h *house) shell(text string) (string, error) {
	path := filepath.Join(h.t.TempDir(), "output")
	out, err := os.Create(path)
	if err != nil {
		return "", err
	}
	defer out.Close()
	c := exec.Command("sh", "-eu", "-c", text)
	c.Dir, c.Env, c.Stdout, c.Stderr = h.dir, h.environment, out, out
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a group of our own, to be ended as a whole
	if err := c.Start(); err != nil {
		return "", err
	}
	failed := c.Wait()
	syscall.Kill(-c.Process.Pid, syscall.SIGTERM) // an error means that nobody is left
	for deadline := time.Now().Add(stopMax); syscall.Kill(-c.Process.Pid, 0) == nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
			return "", fmt.Errorf("what the block left running does not stop")
		}
	}
	printed, err := os.ReadFile(path)
	return string(printed), errors.Join(failed, err)
}

var makeLine = regexp.MustCompile(`(?m)^make ([a-z-]+).*$`)

// localise puts the house's addresses and paths in place of the documents', and drops
// lines that call make: the programs are built.
func (h *house) localise(text string) string {
	text = makeLine.ReplaceAllString(text, "")
	return strings.NewReplacer(
		"127.0.0.1:4222", h.nats, "127.0.0.1:8470", h.http, "/var/lib/clearingd", h.state,
	).Replace(text)
}
