package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"clearingd/ledger"
)

// StreamState is how far a stream reaches.
//
// Invariant: First <= Last+1; First = Last+1 means it holds nothing now.
type StreamState struct {
	First    uint64    // sequence of the first message it holds, at least 1
	Last     uint64    // sequence of the last message it ever took; 0: none yet
	LastTime time.Time // broker's timestamp of Last; zero if none yet
	Created  time.Time // when the stream was made: with another time it is another stream
	Bytes    uint64    // what it holds now
	MaxBytes int64     // what it may hold; 0: no limit of its own
}

// ClaimsState is the state of a province's claims stream. A stream that does not
// exist is ErrNoStream.
func (b *Bus) ClaimsState(ctx context.Context, p ledger.Province) (StreamState, error) {
	return b.state(ctx, ClaimsStream(p))
}

// AnswersState is the state of the ANSWERS stream.
func (b *Bus) AnswersState(ctx context.Context) (StreamState, error) {
	return b.state(ctx, AnswersStream)
}

func (b *Bus) state(ctx context.Context, stream string) (StreamState, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	s, err := b.js.Stream(ctx, stream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return StreamState{}, fmt.Errorf("%w: %s", ErrNoStream, stream)
	}
	if err != nil {
		return StreamState{}, fmt.Errorf("bus: state of %s: %w", stream, err)
	}
	info := s.CachedInfo()
	state := StreamState{
		First: max(info.State.FirstSeq, 1), Last: info.State.LastSeq,
		Created: info.Created, Bytes: info.State.Bytes, MaxBytes: max(info.Config.MaxBytes, 0),
	}
	if state.Last > 0 {
		state.LastTime = info.State.LastTime
	}
	return state, nil
}

// SequenceBefore is the last sequence of a claims stream whose broker timestamp is
// before t: where a business day ends. It is the stream's last if all are before, and
// one less than its first if none is (all earlier ones are in the archive).
//
// It searches by halves and so takes timestamps to rise with the sequence. If the
// broker's clock was set back, more than one place fits and it finds one of them: the
// day of a message never goes back, so whoever has seen the messages knows better.
func (b *Bus) SequenceBefore(ctx context.Context, p ledger.Province, t time.Time) (uint64, error) {
	state, err := b.ClaimsState(ctx, p)
	if err != nil {
		return 0, err
	}
	if state.Last == 0 || state.LastTime.Before(t) {
		return state.Last, nil
	}
	stream, err := b.js.Stream(ctx, ClaimsStream(p))
	if err != nil {
		return 0, fmt.Errorf("bus: stream %s: %w", ClaimsStream(p), err)
	}
	// Everything below low is before t, everything from high on is not.
	low, high := state.First, state.Last
	for low < high {
		middle := low + (high-low)/2
		message, err := stream.GetMsg(ctx, middle)
		if err != nil {
			return 0, fmt.Errorf("bus: message %d of %s: %w", middle, ClaimsStream(p), err)
		}
		if message.Time.Before(t) {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low - 1, nil
}
