package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"clearingd/cmd/internal/daemon"
	"clearingd/provinces/data"
)

// asDaemon makes this test binary the daemon: see TestMain.
const asDaemon = "CLEARINGD_TEST_AS_DAEMON"

// patience is how long a test waits for something that takes a moment; only a broken
// daemon needs all of it.
const patience = 60 * time.Second

// child is a daemon in a process of its own.
type child struct {
	t    *testing.T
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	mu    sync.Mutex
	lines []string // of its log
	grown chan struct{}
}

func start(t *testing.T, env []string, args ...string) *child {
	t.Helper()
	return startWith(t, nil, env, args...)
}

// startWith hands open files on, as a socket unit does.
func startWith(t *testing.T, files []*os.File, env []string, args ...string) *child {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: exec.Command(self, args...), done: make(chan struct{}), grown: make(chan struct{}, 1)}
	c.cmd.ExtraFiles = files
	c.cmd.Env = append(append(os.Environ(), asDaemon+"=1"), env...)
	log, err := c.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.done)
		for s := bufio.NewScanner(log); s.Scan(); {
			c.mu.Lock()
			c.lines = append(c.lines, s.Text())
			c.mu.Unlock()
			select {
			case c.grown <- struct{}{}:
			default:
			}
		}
		c.cmd.Wait()
	}()
	t.Cleanup(func() {
		c.cmd.Process.Kill()
		<-c.done
		if t.Failed() {
			t.Logf("log of the daemon:\n%s", strings.Join(c.lines, "\n"))
		}
	})
	return c
}

// says waits for a log line with this message and gives it.
func (c *child) says(message string) map[string]any {
	c.t.Helper()
	deadline := time.After(patience)
	for seen := 0; ; {
		c.mu.Lock()
		lines := c.lines[seen:]
		seen = len(c.lines)
		c.mu.Unlock()
		for _, line := range lines {
			var entry map[string]any
			if json.Unmarshal([]byte(line), &entry) == nil && entry["message"] == message {
				return entry
			}
		}
		select {
		case <-c.grown:
		case <-c.done:
			c.t.Fatalf("the daemon ended without saying %q", message)
		case <-deadline:
			c.t.Fatalf("the daemon did not say %q", message)
		}
	}
}

func (c *child) signal(s os.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// ends waits for the end and gives the exit code.
func (c *child) ends() int {
	c.t.Helper()
	select {
	case <-c.done:
	case <-time.After(patience):
		c.t.Fatal("the daemon did not end")
	}
	return c.cmd.ProcessState.ExitCode()
}

// manager is a service manager's notification socket; next waits for a message that
// begins with the text.
func manager(t *testing.T) (env string, next func(prefix string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return "NOTIFY_SOCKET=" + path, func(prefix string) {
		t.Helper()
		buf := make([]byte, 4096)
		conn.SetReadDeadline(time.Now().Add(patience))
		for {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("systemd was not told %q: %v", prefix, err)
			}
			if strings.HasPrefix(string(buf[:n]), prefix) {
				return
			}
		}
	}
}

func status(t *testing.T, url string) (int, string) {
	t.Helper()
	client := http.Client{Timeout: patience}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// One life under a service manager: ready, watched, reloaded, refused a rival, stopped.
func TestLifeUnderSystemd(t *testing.T) {
	env, next := manager(t)
	state := t.TempDir()
	d := start(t, []string{env, "WATCHDOG_USEC=3000000", "WATCHDOG_PID="}, "--state", state, "--nats", "127.0.0.1:0", "--http", "127.0.0.1:0")
	next("READY=1")
	next("WATCHDOG=1") // after a probe that really went through books and broker

	address := d.says("http listens")["address"]
	if code, body := status(t, fmt.Sprintf("http://%s/readyz", address)); code != 200 {
		t.Errorf("/readyz: %d %s", code, body)
	}
	if _, body := status(t, fmt.Sprintf("http://%s/metrics", address)); !strings.Contains(body, "\nclearingd_ready 1\n") {
		t.Error("/metrics does not say that the daemon is ready")
	}

	// A second daemon must not touch the books, and says why it ends.
	rival := start(t, nil, "--state", state, "--nats", "127.0.0.1:0", "--http", "127.0.0.1:0")
	if code := rival.ends(); code != daemon.ExitBooksLocked {
		t.Errorf("a second daemon on the same books ended with %d, want %d", code, daemon.ExitBooksLocked)
	}
	// An address in use is told apart.
	squatter := start(t, nil, "--state", t.TempDir(), "--nats", "127.0.0.1:0", "--http", fmt.Sprint(address))
	if code := squatter.ends(); code != daemon.ExitListen {
		t.Errorf("a daemon on an address in use ended with %d, want %d", code, daemon.ExitListen)
	}

	d.signal(syscall.SIGHUP)
	next("RELOADING=1\nMONOTONIC_USEC=")
	next("READY=1")
	d.says("the plans were read again")

	d.signal(syscall.SIGTERM)
	next("STOPPING=1")
	if code := d.ends(); code != daemon.ExitOK {
		t.Errorf("a clean stop ended with %d", code)
	}
}

// Plans that do not pass stop a start; at a reload the old ones stay in force, and the
// log, a metric and systemd say so.
func TestBadPlans(t *testing.T) {
	plans := t.TempDir()
	if err := os.CopyFS(plans, data.Plans); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(plans, "54", "plans", "bad.toml")
	spoil := func() {
		if err := os.WriteFile(bad, []byte("this is no plan"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	env, next := manager(t)
	args := []string{"--plans", plans, "--nats", "127.0.0.1:0", "--http", "127.0.0.1:0"}
	d := start(t, []string{env}, append(args, "--state", t.TempDir())...)
	next("READY=1")
	readyz := fmt.Sprintf("http://%s/readyz", d.says("http listens")["address"])

	spoil()
	d.signal(syscall.SIGHUP)
	refused := d.says("the plans were not read again; the old ones stay in force")
	if text := fmt.Sprint(refused["error"]); !strings.Contains(text, "bad.toml") {
		t.Errorf("the error does not name the file: %s", text)
	}
	next("STATUS=the last reload of the plans failed")
	if code, body := status(t, readyz); code != 200 {
		t.Errorf("/readyz after a refused reload: %d %s", code, body)
	}
	if _, body := status(t, strings.Replace(readyz, "readyz", "metrics", 1)); !strings.Contains(body, "\nclearingd_plan_reload_success 0\n") {
		t.Error("/metrics does not show the refused reload")
	}
	if code := start(t, nil, append(args, "--state", t.TempDir())...).ends(); code != daemon.ExitConfig {
		t.Errorf("a start with bad plans ended with %d, want %d", code, daemon.ExitConfig)
	}

	if err := os.Remove(bad); err != nil {
		t.Fatal(err)
	}
	d.signal(syscall.SIGHUP)
	d.says("the plans were read again")
	d.signal(syscall.SIGINT)
	if code := d.ends(); code != daemon.ExitOK {
		t.Errorf("a clean stop ended with %d", code)
	}
}

// A socket unit opens the port of the pages for the daemon and keeps it over restarts.
func TestSocketOfASocketUnit(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	socket, err := listener.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	d := startWith(t, []*os.File{socket}, []string{"LISTEN_FDS=1", "LISTEN_FDNAMES=http"}, "--state", t.TempDir(), "--nats", "127.0.0.1:0", "--http", "127.0.0.1:1")
	if got := d.says("http listens")["address"]; got != listener.Addr().String() {
		t.Errorf("listens on %v, not on the socket it was given, %v", got, listener.Addr())
	}
	d.signal(syscall.SIGTERM)
	if code := d.ends(); code != daemon.ExitOK {
		t.Errorf("a clean stop ended with %d", code)
	}
}
