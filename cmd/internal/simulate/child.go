package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// child is a process that is started again and again with the same directory and ports.
type child struct {
	path string
	args []string
	env  []string
	log  string // file that takes what it writes, over all starts
	http string // address of its probes; "" has none

	mu      sync.Mutex
	cmd     *exec.Cmd
	done    chan struct{} // closed when the process of cmd has ended
	wanted  bool          // we ended it
	started time.Time
	starts  int
}

// start starts the process; more is added to its arguments.
func (c *child) start(more ...string) error {
	log, err := os.OpenFile(c.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := exec.Command(c.path, append(append([]string{}, c.args...), more...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), c.env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it does not outlive us
	if err := cmd.Start(); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() {
		cmd.Wait() // how it ended is read from its state
		close(done)
	}()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cmd, c.done, c.wanted, c.started = cmd, done, false, time.Now()
	c.starts++
	return nil
}

// signal sends a signal to the running process.
func (c *child) signal(s os.Signal) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.cmd.Process.Signal(s)
}

// end sends a signal that ends the process, waits for that, and returns its exit code;
// -1 if a signal ended it.
func (c *child) end(s os.Signal, within time.Duration) (int, error) {
	c.mu.Lock()
	c.wanted = true
	cmd, done := c.cmd, c.done
	err := cmd.Process.Signal(s)
	c.mu.Unlock()
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, err
	}
	select {
	case <-done:
		return cmd.ProcessState.ExitCode(), nil
	case <-time.After(within):
		cmd.Process.Kill()
		<-done
		return 0, fmt.Errorf("%s did not end within %s of %v", filepath.Base(c.path), within, s)
	}
}

// ended returns how the process ended, if it did without being asked to.
func (c *child) ended() (what string, ended bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.done:
		return c.cmd.ProcessState.String(), !c.wanted
	default:
		return "", false
	}
}

// endsWithin waits for the process to end by itself, as it was told to.
func (c *child) endsWithin(d time.Duration) bool {
	c.mu.Lock()
	done := c.done
	c.mu.Unlock()
	select {
	case <-done:
		return true
	case <-time.After(d):
		return false
	}
}

// ready waits until the probe says so, and returns how long after its start that was.
func (c *child) ready(ctx context.Context) (time.Duration, error) {
	client := http.Client{Timeout: time.Second}
	for {
		if what, ended := c.ended(); ended {
			return 0, fmt.Errorf("%s ended by itself: %s\n%s", filepath.Base(c.path), what, c.tail())
		}
		if code, _ := get(&client, "http://"+c.http+"/readyz"); code == http.StatusOK {
			return time.Since(c.started), nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("not ready: %w\n%s", ctx.Err(), c.tail())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func get(client *http.Client, url string) (int, string) {
	resp, err := client.Get(url)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, string(body)
}

// says waits until the log has the text behind the given offset.
func (c *child) says(text string, from int64, within time.Duration) bool {
	for deadline := time.Now().Add(within); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if log, err := os.ReadFile(c.log); err == nil && int64(len(log)) > from && bytes.Contains(log[from:], []byte(text)) {
			return true
		}
	}
	return false
}

func (c *child) logSize() int64 {
	info, err := os.Stat(c.log)
	if err != nil {
		return 0
	}
	return info.Size()
}

// tail is the end of the log.
func (c *child) tail() string {
	log, err := os.ReadFile(c.log)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(log)), "\n")
	return strings.Join(lines[max(0, len(lines)-8):], "\n")
}
