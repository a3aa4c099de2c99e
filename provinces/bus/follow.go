package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"clearingd/ledger"
	"clearingd/provinces"
)

// What one delivery, and so what waits in memory for one follower, is limited to.
const (
	followMessages = 256
	followBytes    = 4 << 20
)

const (
	followHeartbeat = 10 * time.Second
	followExpiry    = time.Minute      // an idle follower asks once a minute
	followInactive  = 10 * time.Minute // the server forgets a reader that has not asked for so long
)

// Follow delivers a claims stream from the message after the given sequence on, in
// order, each message once, until ctx ends or deliver fails; it returns that error.
// deliver gets what is there, at most 256 messages or about 4 MiB, at least one; while
// it works nothing more than one such portion waits in memory.
//
// It lives through lost connections and restarts of the broker. It never skips: see
// ErrGap and ErrRegressed, which are the only errors of its own it returns.
func (b *Bus) Follow(ctx context.Context, treatment ledger.Province, after uint64, deliver func([]provinces.Message) error) error {
	f := follower{
		bus: b, stream: ClaimsStream(treatment), next: after + 1, whole: true,
		deliver: func(messages []jetstream.Msg, metas []*jetstream.MsgMetadata) error {
			batch := make([]provinces.Message, len(messages))
			for i, m := range messages {
				// The client copies each message out of its read buffer: the bytes are ours.
				batch[i] = provinces.Message{
					Stream: treatment, Sequence: metas[i].Sequence.Stream,
					Subject: m.Subject(), Body: m.Data(), Received: metas[i].Timestamp,
				}
			}
			return deliver(batch)
		},
	}
	return f.run(ctx)
}

// follower reads a stream through consumers that need no acknowledgement. Whenever
// anything is doubtful it throws its consumer away and makes another one at the
// sequence it needs next: the position is here, never in the broker.
type follower struct {
	bus         *Bus
	stream      string
	filter      string // subject filter; "": all
	headersOnly bool
	whole       bool // no filter and no ageing: every sequence must come
	deliver     func([]jetstream.Msg, []*jetstream.MsgMetadata) error
	ready       func() // called when the first consumer stands; may be nil

	next    uint64    // sequence wanted next
	created time.Time // of the stream, as first seen
}

// Reasons to make the consumer anew.
var (
	errReconnected = errors.New("reconnected")
	errLost        = errors.New("a message was lost on the way")
	errDone        = errors.New("done") // ends a follower from within, without error
)

// stop carries an error out of the loop that must not be retried.
type stop struct{ error }

func (s stop) Unwrap() error { return s.error }

func (f *follower) run(ctx context.Context) error {
	var wait backoff
	for {
		before := f.next
		err := f.attach(ctx)
		var final stop
		switch {
		case errors.As(err, &final):
			return final.error
		case ctx.Err() != nil:
			return ctx.Err()
		case f.bus.nc.IsClosed():
			return fmt.Errorf("bus: follow %s: connection closed", f.stream)
		}
		if f.next != before {
			wait = backoff{}
		}
		if errors.Is(err, errReconnected) || errors.Is(err, errLost) {
			continue
		}
		f.bus.log.Warn("following is interrupted", zap.String("stream", f.stream), zap.Uint64("next", f.next), zap.Error(err))
		if wait.wait(ctx) != nil {
			return ctx.Err()
		}
	}
}

// attach checks the stream, makes a consumer at the next sequence and reads from it
// until something goes wrong.
func (f *follower) attach(ctx context.Context) error {
	reconnected := f.bus.nextReconnect()
	if err := f.check(ctx); err != nil {
		return err
	}
	consumer, err := f.consumer(ctx)
	if err != nil {
		return err
	}
	defer f.forget(consumer.CachedInfo().Name)
	if f.ready != nil {
		f.ready()
		f.ready = nil
	}
	delivered := uint64(0) // by this consumer
	for {
		if err := f.fetch(ctx, consumer, reconnected, &delivered); err != nil {
			return err
		}
	}
}

// check compares the stream with what the follower has seen of it.
func (f *follower) check(ctx context.Context) error {
	state, err := f.bus.state(ctx, f.stream)
	switch {
	case errors.Is(err, ErrNoStream) && f.whole:
		return stop{fmt.Errorf("%w: %s does not exist", ErrRegressed, f.stream)}
	case err != nil:
		return err
	case !f.created.IsZero() && !f.created.Equal(state.Created):
		return stop{fmt.Errorf("%w: %s was made anew at %s", ErrRegressed, f.stream, state.Created.UTC().Format(time.RFC3339))}
	case state.Last < f.next-1:
		return stop{fmt.Errorf("%w: %s ends at %d, next is %d", ErrRegressed, f.stream, state.Last, f.next)}
	case state.First > f.next && f.whole:
		return stop{ErrGap{Stream: f.stream, Expected: f.next, Found: state.First, Purged: true}}
	}
	f.created = state.Created
	return nil
}

func (f *follower) consumer(ctx context.Context) (jetstream.Consumer, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return f.bus.js.CreateConsumer(ctx, f.stream, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:   f.next,
		AckPolicy:     jetstream.AckNonePolicy,
		FilterSubject: f.filter,
		HeadersOnly:   f.headersOnly,
		MemoryStorage: true,
		Replicas:      1,
		MaxWaiting:    4,

		InactiveThreshold: followInactive,
	})
}

// forget removes a consumer that is no longer read, without waiting for it; should
// that fail, the server forgets it by itself.
func (f *follower) forget(name string) {
	if !f.bus.nc.IsConnected() {
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = f.bus.js.DeleteConsumer(ctx, f.stream, name)
	}()
}

// fetch asks for one portion and delivers what comes of it, piece by piece as it
// comes. It returns nil when the portion, or its time, is used up.
func (f *follower) fetch(ctx context.Context, c jetstream.Consumer, reconnected <-chan struct{}, delivered *uint64) error {
	// The request has a time of its own: a caller's near deadline would make it shorter
	// than the heartbeats it needs.
	expires, cancel := context.WithTimeout(context.WithoutCancel(ctx), followExpiry)
	defer cancel()
	portion, err := c.Fetch(followMessages, jetstream.FetchMaxBytes(followBytes),
		jetstream.FetchContext(expires), jetstream.FetchHeartbeat(followHeartbeat))
	if err != nil {
		return err
	}
	incoming := portion.Messages()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-reconnected:
			return errReconnected
		case first, open := <-incoming:
			if !open {
				return fetchError(portion.Error())
			}
			if err := f.pass(collect(first, incoming), delivered); err != nil {
				return err
			}
		}
	}
}

// fetchError tells the end of a portion's time from trouble.
func fetchError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}

// collect takes what has come already, without waiting.
func collect(first jetstream.Msg, incoming <-chan jetstream.Msg) []jetstream.Msg {
	messages := []jetstream.Msg{first}
	for {
		select {
		case m, open := <-incoming:
			if !open {
				return messages
			}
			messages = append(messages, m)
		default:
			return messages
		}
	}
}

// pass delivers the messages that are in order, and reports the first that is not.
func (f *follower) pass(messages []jetstream.Msg, delivered *uint64) error {
	metas := make([]*jetstream.MsgMetadata, 0, len(messages))
	var trouble error
	next := f.next
	for _, m := range messages {
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if trouble = f.order(meta, next, *delivered); trouble != nil {
			break
		}
		metas = append(metas, meta)
		next, *delivered = meta.Sequence.Stream+1, meta.Sequence.Consumer
	}
	if len(metas) > 0 {
		if err := f.deliver(messages[:len(metas)], metas); err != nil {
			return stop{err}
		}
		f.next = next
	}
	return trouble
}

// order checks one message against what must come next. The consumer counts what it
// sends: a break in that count is a message lost on the way, which another consumer
// brings; a break in the stream's count without one is a hole in the stream.
func (f *follower) order(meta *jetstream.MsgMetadata, next, delivered uint64) error {
	found := meta.Sequence.Stream
	switch {
	case meta.Sequence.Consumer != delivered+1 || found < next:
		return errLost
	case found > next && f.whole:
		return stop{ErrGap{Stream: f.stream, Expected: next, Found: found}}
	}
	return nil
}
