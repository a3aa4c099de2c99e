package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// What the broker can say to a publisher. Every error of a publish wraps exactly one
// of these, or none when the outcome is unknown (a timeout, a lost connection): then
// the message may or may not be stored, and publishing it again is the way to know.
var (
	// ErrStored: the subject is taken, so the message (or another one of the same
	// name) is stored already. For one's own message this is success.
	ErrStored = errors.New("bus: already stored")
	// ErrTooLarge: the message is over the largest size, 1 MiB with headers.
	ErrTooLarge = errors.New("bus: message too large")
	// ErrNoStream: no stream takes the subject, or JetStream is not ready.
	ErrNoStream = errors.New("bus: no stream for the subject")
	// ErrDenied: the broker's permissions forbid the subject.
	ErrDenied = errors.New("bus: permission denied")
	// ErrFull: the stream or the store has no room. Nothing was dropped to make any.
	ErrFull = errors.New("bus: store is full")
	// ErrNotStored: the broker refused for another reason; the text says which.
	ErrNotStored = errors.New("bus: not stored")
)

// ErrRegressed: a stream ends before the place the books have reached, or was made
// anew. The broker lost its tail, was restored from an older copy, or is another one.
var ErrRegressed = errors.New("bus: stream is behind the books")

// ErrGap is a hole in a claims stream: messages that exist in the count but not in
// the stream. Nothing is delivered past it.
type ErrGap struct {
	Stream   string // for example CLAIMS_31
	Expected uint64 // the sequence that should have come
	Found    uint64 // the one that is there instead
	Purged   bool   // Found is the stream's first: what is missing was moved to the archive (see ReadArchive)
}

// Error says where the hole is.
func (e ErrGap) Error() string {
	where := "hole"
	if e.Purged {
		where = "already archived"
	}
	return fmt.Sprintf("bus: stream %s continues at %d instead of %d (%s)", e.Stream, e.Found, e.Expected, where)
}

// SettingError: an existing stream contradicts the contract in a setting that cannot,
// or must not, be changed under the messages it holds.
type SettingError struct {
	Stream, Setting string
	Found, Wanted   string
}

// Error names stream, setting, what was found and what is wanted.
func (e *SettingError) Error() string {
	return fmt.Sprintf("bus: stream %s: %s is %s, wanted %s", e.Stream, e.Setting, e.Found, e.Wanted)
}

// Error numbers of the JetStream API that have a meaning of their own here. 10077 is
// one number for all reasons of a stream that does not take a message; only the text
// tells them apart.
const (
	apiAccountExceeded jetstream.ErrorCode = 10002
	apiNoResources     jetstream.ErrorCode = 10023
	apiNoStorage       jetstream.ErrorCode = 10047
	apiMessageTooLarge jetstream.ErrorCode = 10054
	apiStoreFailed     jetstream.ErrorCode = 10077
)

const (
	perSubjectLimitText = "maximum messages per subject"
	bytesLimitText      = "maximum bytes"
	messagesLimitText   = "maximum messages exceeded"
)

// classify puts the broker's answer to a publish under one of the errors above.
func classify(err error) error {
	var api *jetstream.APIError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &api):
		return fmt.Errorf("%w: %s", apiMeaning(api), api.Description)
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("%w: %w", ErrTooLarge, err)
	case errors.Is(err, jetstream.ErrNoStreamResponse), errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%w: %w", ErrNoStream, err)
	}
	return err
}

func apiMeaning(api *jetstream.APIError) error {
	switch api.ErrorCode {
	case apiMessageTooLarge:
		return ErrTooLarge
	case apiNoResources, apiNoStorage, apiAccountExceeded:
		return ErrFull
	case apiStoreFailed:
		switch {
		case strings.Contains(api.Description, perSubjectLimitText):
			return ErrStored
		case strings.Contains(api.Description, bytesLimitText), strings.Contains(api.Description, messagesLimitText):
			return ErrFull
		}
	}
	return ErrNotStored
}

// permanent reports whether publishing the same message again cannot help.
func permanent(err error) bool {
	return errors.Is(err, ErrTooLarge) || errors.Is(err, ErrDenied) || errors.Is(err, ErrStored) ||
		errors.Is(err, nats.ErrInvalidMsg) || errors.Is(err, nats.ErrBadSubject) ||
		errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, context.Canceled)
}
