package ops

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"go.uber.org/zap"
)

// Notifier tells the service manager how the daemon is doing (sd_notify). Without one
// ($NOTIFY_SOCKET unset) every method does nothing.
type Notifier struct {
	log     *zap.Logger
	metrics *Metrics
}

// NewNotifier makes a Notifier. m may be nil.
func NewNotifier(log *zap.Logger, m *Metrics) *Notifier { return &Notifier{log: log, metrics: m} }

// Ready ends the start or a reload. The unit's start waits for it.
func (n *Notifier) Ready(status string) { n.send("READY=1", statusLine(status)) }

// Status shows one line in `systemctl status`.
func (n *Notifier) Status(status string) { n.send(statusLine(status)) }

// Extend asks for more time to start or stop: from now on at most d, however long it
// has taken. Long recoveries call it with their progress.
func (n *Notifier) Extend(d time.Duration, status string) {
	n.send(fmt.Sprintf("EXTEND_TIMEOUT_USEC=%d", d.Microseconds()), statusLine(status))
}

// Reloading begins a reload; Ready ends it. The time stamp is what Type=notify-reload
// waits for; without it `systemctl reload` would hang until its timeout.
func (n *Notifier) Reloading() {
	n.send("RELOADING=1", "MONOTONIC_USEC="+daemon.SdNotifyMonotonicUsec())
}

// Stopping begins the stop.
func (n *Notifier) Stopping(status string) { n.send("STOPPING=1", statusLine(status)) }

// Probe proves that the daemon works: a read of the books and a round trip through the
// broker, not a timer.
type Probe func(ctx context.Context) error

// Watch runs the probe at a third of the unit's WatchdogSec and feeds the watchdog
// after each that succeeds, until ctx ends. A probe that fails or hangs feeds nothing,
// so the service manager ends and restarts the daemon. Without a watchdog it returns
// at once; an error means that the environment asks for one in a form nobody knows.
func (n *Notifier) Watch(ctx context.Context, probe Probe) error {
	timeout, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		return fmt.Errorf("watchdog: %w", err)
	}
	if timeout == 0 {
		return nil
	}
	n.watch(ctx, timeout/3, probe)
	return nil
}

func (n *Notifier) watch(ctx context.Context, interval time.Duration, probe Probe) {
	ticks := time.NewTicker(interval)
	defer ticks.Stop()
	for {
		if err := n.probe(ctx, interval, probe); err == nil {
			n.send("WATCHDOG=1")
		} else if ctx.Err() == nil {
			n.log.Error("the watchdog's probe failed", zap.Error(err))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
	}
}

func (n *Notifier) probe(ctx context.Context, limit time.Duration, probe Probe) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	began := time.Now()
	err := probe(ctx)
	if n.metrics != nil {
		n.metrics.probed(time.Since(began), err)
	}
	return err
}

func (n *Notifier) send(lines ...string) {
	if _, err := daemon.SdNotify(false, strings.Join(lines, "\n")); err != nil {
		n.log.Warn("the service manager cannot be told", zap.Strings("lines", lines), zap.Error(err))
	}
}

// statusLine keeps a status to one line: a second would be read as another message.
func statusLine(status string) string {
	return "STATUS=" + strings.Join(strings.FieldsFunc(status, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
}
