// Package ops is how a running daemon shows itself to those who keep it running: its
// log, its metrics, its probes over HTTP and its word with systemd.
//
// [NewLogger] makes the logger. [Metrics] has one typed method for everything that is
// measured, so that the rest of the daemon knows no metrics library. [Readiness]
// collects named conditions; the daemon is ready when all of them hold. [Server]
// serves /healthz, /readyz, /metrics and the console. [Notifier] tells systemd.
//
// The package promises: an identity number that reaches a log line by mistake is
// masked before it is written; a condition that nobody has reported yet counts as not
// met; the watchdog is fed only after a probe that really went through the books and
// the broker; pages on the loopback answer only to loopback names or configured ones.
//
// It decides nothing about claims and leaves out tracing and profiling.
package ops
