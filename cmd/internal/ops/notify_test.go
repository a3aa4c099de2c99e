package ops

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

var errProbe = errors.New("the books do not answer")

// manager listens as systemd does and gives the next message.
func manager(t *testing.T) func() string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", path)
	return func() string {
		t.Helper()
		buf := make([]byte, 4096)
		conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
}

func TestNotifierMessages(t *testing.T) {
	next := manager(t)
	n := NewNotifier(zap.NewNop(), nil)
	for _, test := range []struct {
		name string
		send func()
		want string
	}{
		{"ready", func() { n.Ready("all is well") }, "READY=1\nSTATUS=all is well"},
		{"status on one line", func() { n.Status("a\nREADY=1\r\nb") }, "STATUS=a READY=1 b"},
		{"extend", func() { n.Extend(30*time.Second, "recovering 1200/3000") }, "EXTEND_TIMEOUT_USEC=30000000\nSTATUS=recovering 1200/3000"},
		{"stopping", func() { n.Stopping("closing the books") }, "STOPPING=1\nSTATUS=closing the books"},
	} {
		test.send()
		if got := next(); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
	n.Reloading()
	if got := next(); !strings.HasPrefix(got, "RELOADING=1\nMONOTONIC_USEC=") || strings.HasSuffix(got, "=") {
		t.Errorf("reloading: got %q", got)
	}
}

// Without systemd nothing happens; with a socket that is gone, the log says so.
func TestNotifierWithoutManager(t *testing.T) {
	core, logs := observer.New(zap.WarnLevel)
	n := NewNotifier(zap.New(core), nil)
	t.Setenv("NOTIFY_SOCKET", "")
	n.Ready("x")
	if logs.Len() != 0 {
		t.Errorf("logged %v", logs.All())
	}
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "gone"))
	n.Ready("x")
	if logs.Len() != 1 {
		t.Errorf("logged %d entries, want 1", logs.Len())
	}
}

func TestWatchNeedsAWatchdog(t *testing.T) {
	t.Setenv("WATCHDOG_USEC", "")
	called := false
	err := NewNotifier(zap.NewNop(), nil).Watch(t.Context(), func(context.Context) error { called = true; return nil })
	if err != nil || called {
		t.Errorf("no watchdog: %v, probed %v", err, called)
	}
	t.Setenv("WATCHDOG_USEC", "soon")
	if err := NewNotifier(zap.NewNop(), nil).Watch(t.Context(), nil); err == nil {
		t.Error("a malformed WATCHDOG_USEC must be an error")
	}
}

func TestWatchFeedsAfterAGoodProbe(t *testing.T) {
	next := manager(t)
	t.Setenv("WATCHDOG_USEC", "60000")
	t.Setenv("WATCHDOG_PID", "")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		done <- NewNotifier(zap.NewNop(), nil).Watch(ctx, func(context.Context) error { return nil })
	}()
	for range 3 {
		if got := next(); got != "WATCHDOG=1" {
			t.Errorf("got %q", got)
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A probe that fails, or hangs past its share of the time, feeds nothing; the next good
// one does. Time is not real here.
func TestWatchStarvesOnABadProbe(t *testing.T) {
	t.Setenv("NOTIFY_SOCKET", filepath.Join(t.TempDir(), "nobody")) // each feed becomes a warning
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.WarnLevel)
		m := NewMetrics("x")
		n := NewNotifier(zap.New(core), m)
		probes := 0
		probe := func(ctx context.Context) error {
			probes++
			switch probes {
			case 1:
				return errProbe
			case 2:
				<-ctx.Done() // hangs
				return ctx.Err()
			}
			return nil
		}
		ctx, cancel := context.WithCancel(t.Context())
		go n.watch(ctx, 10*time.Second, probe)
		count := func() (fed, failed int) {
			return logs.FilterMessage("the service manager cannot be told").Len(), logs.FilterMessage("the watchdog's probe failed").Len()
		}
		time.Sleep(15 * time.Second) // the first failed, the second hangs
		synctest.Wait()
		if fed, failed := count(); fed != 0 || failed != 1 {
			t.Errorf("after the failure: fed %d, failed %d", fed, failed)
		}
		time.Sleep(10 * time.Second) // the second was cut at 20 s, the third is good
		synctest.Wait()
		if fed, failed := count(); fed != 1 || failed != 2 {
			t.Errorf("after the hang: fed %d, failed %d", fed, failed)
		}
		cancel()
		synctest.Wait()
	})
}
