package workload

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"clearingd/provinces/bus"
)

// Daemon is the real program, running as a child on loopback ports of its own.
type Daemon struct {
	state    string
	command  *exec.Cmd
	ended    chan error
	began    time.Time
	stopping bool

	URL  string // of its broker
	HTTP string // of its probes and metrics: HOST:PORT
}

const (
	startLimit = 2 * time.Minute
	stopLimit  = time.Minute
	logName    = "clearingd.log"
	poll       = 5 * time.Millisecond
)

// StartDaemon starts the program on a state directory and returns once its broker can be
// reached; see [Daemon.AwaitReady].
func StartDaemon(ctx context.Context, program, state string) (*Daemon, error) {
	logPath := filepath.Join(state, logName)
	if err := errors.Join(os.MkdirAll(state, 0o700), os.Remove(logPath)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("start daemon: %w", err)
	}
	log, err := os.Create(logPath)
	if err != nil {
		return nil, fmt.Errorf("start daemon: %w", err)
	}
	defer log.Close()
	d := &Daemon{state: state, ended: make(chan error, 1), began: time.Now()}
	d.command = exec.CommandContext(ctx, program, "--state", state, "--nats", "127.0.0.1:0", "--http", "127.0.0.1:0",
		"--business-day", "manual", "--first-day", Day.String(), "--log-format", "json")
	d.command.Stdout, d.command.Stderr = log, log
	d.command.Cancel = func() error { return d.command.Process.Signal(syscall.SIGTERM) }
	d.command.WaitDelay = stopLimit
	if err := d.command.Start(); err != nil {
		return nil, fmt.Errorf("start daemon: %w", err)
	}
	go func() { d.ended <- d.command.Wait() }()
	err = d.await(ctx, func() bool {
		d.URL, d.HTTP = listens(logPath)
		return d.URL != "" && d.HTTP != ""
	})
	if err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	return d, nil
}

// listens reads the two addresses out of the daemon's log.
func listens(logPath string) (url, address string) {
	text, err := os.ReadFile(logPath)
	if err != nil {
		return "", ""
	}
	for line := range bytes.Lines(text) {
		var said struct{ Message, URL, Address string }
		if json.Unmarshal(line, &said) != nil {
			continue // not whole yet
		}
		switch said.Message {
		case "broker listens":
			url = said.URL
		case "http listens":
			address = said.Address
		}
	}
	return url, address
}

// await polls until done says so, or the daemon ends.
func (d *Daemon) await(ctx context.Context, done func() bool) error {
	limit := time.After(startLimit)
	for !done() {
		select {
		case err := <-d.ended:
			d.ended <- err
			return fmt.Errorf("the daemon ended (%v): %s", err, d.lastWords())
		case <-limit:
			return fmt.Errorf("the daemon is not ready after %v: %s", startLimit, d.lastWords())
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(poll):
		}
	}
	return nil
}

func (d *Daemon) lastWords() string {
	text, _ := os.ReadFile(filepath.Join(d.state, logName))
	if n := len(text) - 2000; n > 0 {
		text = text[n:]
	}
	return string(text)
}

// AwaitReady waits until the daemon says that a claim published now would be kept and
// processed, and gives the time since it was started.
func (d *Daemon) AwaitReady(ctx context.Context) (time.Duration, error) {
	err := d.await(ctx, func() bool {
		reply, err := http.Get("http://" + d.HTTP + "/readyz")
		if err != nil {
			return false
		}
		reply.Body.Close()
		return reply.StatusCode == http.StatusOK
	})
	return time.Since(d.began), err
}

// Connect connects to the daemon's broker, as a hospital does.
func (d *Daemon) Connect(ctx context.Context) (*bus.Bus, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return bus.Connect(ctx, bus.ConnectOptions{URL: d.URL, Name: "bench"})
}

// Metrics reads the daemon's metrics that have no labels.
func (d *Daemon) Metrics() (map[string]float64, error) {
	reply, err := http.Get("http://" + d.HTTP + "/metrics")
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	defer reply.Body.Close()
	metrics := make(map[string]float64)
	lines := bufio.NewScanner(reply.Body)
	for lines.Scan() {
		name, text, ok := strings.Cut(lines.Text(), " ")
		if value, err := strconv.ParseFloat(text, 64); ok && err == nil {
			metrics[strings.TrimPrefix(name, "clearingd_")] = value
		}
	}
	return metrics, lines.Err()
}

// CPU is the processor time the daemon has used so far, its kernel's included.
func (d *Daemon) CPU() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", d.command.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("processor time: %w", err)
	}
	// Behind the command's name in parentheses: utime and stime are fields 14 and 15.
	_, rest, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("processor time: /proc/stat has %d fields", len(fields))
	}
	user, errUser := strconv.ParseInt(fields[11], 10, 64)
	kernel, errKernel := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+kernel) * clockTick, errors.Join(errUser, errKernel)
}

// clockTick is the unit of /proc/PID/stat: USER_HZ, 100 on every Linux that Go knows.
const clockTick = 10 * time.Millisecond

// Stop ends the daemon as a service manager does, and waits for it.
func (d *Daemon) Stop() error {
	if d.stopping {
		return nil
	}
	d.stopping = true
	if err := d.command.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop daemon: %w", err)
	}
	select {
	case err := <-d.ended:
		if err != nil {
			return fmt.Errorf("the daemon ended with %w: %s", err, d.lastWords())
		}
		return nil
	case <-time.After(stopLimit):
		err := d.command.Process.Kill()
		<-d.ended
		return errors.Join(errors.New("the daemon did not stop and was killed"), err)
	}
}
