package daemon

import (
	"context"
	"errors"

	"clearingd/config"
)

// What can end a daemon. Each sentinel has an exit code of its own, because the
// service manager and the operator do something different about each.
var (
	// ErrConfig: the configuration or the plans cannot be used. Starting again
	// without a change is pointless, so the unit does not.
	ErrConfig = errors.New("the configuration cannot be used")
	// ErrBooksDamaged: a promise of the books is broken. Booking stays stopped until a
	// person has looked; the unit does not start again.
	ErrBooksDamaged = errors.New("the books are damaged")
	// ErrBooksLocked: another process has the books open.
	ErrBooksLocked = errors.New("the books are in use by another process")
	// ErrListen: an address to listen on is taken or not ours, or the broker's is not
	// reached.
	ErrListen = errors.New("cannot listen")
	// ErrStorage: the broker's or the books' storage failed or is full. A new start
	// recovers once there is space again.
	ErrStorage = errors.New("the storage failed")
	// ErrCommit: a transaction ended in an unknown outcome. Only reopening the books
	// tells what was kept, so the process ends and is started again.
	ErrCommit = errors.New("a commit ended in an unknown outcome")
)

// unreachedError is an ErrListen about the broker that we dial: nobody should look for an
// address of ours.
type unreachedError struct{ cause error }

func (e unreachedError) Error() string   { return "the broker was not reached: " + e.cause.Error() }
func (e unreachedError) Unwrap() []error { return []error{ErrListen, e.cause} }

// Exit codes of clearingd, after sysexits.h. They are part of the unit file
// (RestartPreventExitStatus=) and of the runbook, and never change their meaning.
const (
	ExitOK           = 0  // stopped as asked
	ExitFailure      = 1  // anything without a code of its own
	ExitUsage        = 64 // the command line is wrong
	ExitBooksDamaged = 65 // ErrBooksDamaged
	ExitListen       = 69 // ErrListen
	ExitStorage      = 71 // ErrStorage
	ExitCommit       = 74 // ErrCommit
	ExitBooksLocked  = 75 // ErrBooksLocked
	ExitConfig       = 78 // ErrConfig, or an error of config.Load
)

// exitCodes is ordered by precedence: an error that wraps several sentinels exits
// with the first found here, so that damage is never reported as something milder.
var exitCodes = []struct {
	is   error
	code int
}{
	{ErrBooksDamaged, ExitBooksDamaged},
	{ErrCommit, ExitCommit},
	{ErrStorage, ExitStorage},
	{ErrBooksLocked, ExitBooksLocked},
	{ErrListen, ExitListen},
	{ErrConfig, ExitConfig},
	{config.ErrInvalid, ExitConfig},
}

// ExitCode is the exit code for what New, Run or Close returned. A cancelled context
// is how a daemon is asked to stop, so by itself it is no failure.
func ExitCode(err error) int {
	for _, e := range exitCodes {
		if errors.Is(err, e.is) {
			return e.code
		}
	}
	if err == nil || err == context.Canceled {
		return ExitOK
	}
	return ExitFailure
}
