package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// An atomic batch shares its syncs, but opening and closing one costs about as much as
// eight single messages; and it is staged in the broker as a whole.
const (
	batchFrom     = 9       // messages; fewer go one by one
	batchMessages = 256     // at most in one batch; the server allows 1000
	batchBytes    = 4 << 20 // at most in one batch, bodies and subjects
)

// store publishes one message and waits until it is on disk. The error is classified;
// ErrStored means the subject was taken.
func (b *Bus) store(ctx context.Context, m *nats.Msg) error {
	ctx, done := b.watchDenial(ctx, m.Subject)
	defer done()
	ack, err := b.js.PublishMsg(ctx, m)
	if err != nil {
		return because(ctx, err)
	}
	if ack.Duplicate {
		return fmt.Errorf("%w: the same %s just before", ErrStored, jetstream.MsgIDHeader)
	}
	return nil
}

// storeBatch publishes messages of one stream all or none. ErrStored means that at
// least one subject was taken, or stands in the batch twice; it does not say which.
func (b *Bus) storeBatch(ctx context.Context, messages []*nats.Msg) error {
	last := len(messages) - 1
	ctx, done := b.watchDenial(ctx, messages[last].Subject)
	defer done()
	batch, err := jetstreamext.NewBatchPublisher(b.js, jetstreamext.BatchFlowControl{AckFirst: false})
	if err != nil {
		return err
	}
	for _, m := range messages[:last] {
		if err := batch.AddMsg(copyOf(m)); err != nil {
			return because(ctx, err)
		}
	}
	if _, err := batch.CommitMsg(ctx, copyOf(messages[last])); err != nil {
		return because(ctx, err)
	}
	return nil
}

// copyOf protects the caller's headers: the batch protocol writes its own into them.
func copyOf(m *nats.Msg) *nats.Msg {
	c := nats.NewMsg(m.Subject)
	c.Data = m.Data
	for name, values := range m.Header {
		c.Header[name] = values
	}
	return c
}

// because puts the cause of a cancelled context (a denied publish) before its effect.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrDenied) {
		return cause
	}
	return classify(err)
}

// chunks cuts messages, in order, into what one batch may hold.
func chunks(messages []*nats.Msg) [][]*nats.Msg {
	var all [][]*nats.Msg
	start, size := 0, 0
	for i, m := range messages {
		bytes := len(m.Data) + len(m.Subject)
		if i > start && (i-start == batchMessages || size+bytes > batchBytes) {
			all = append(all, messages[start:i])
			start, size = i, 0
		}
		size += bytes
	}
	return append(all, messages[start:])
}

// persist stores one message for as long as that makes sense: an unknown or passing
// failure is tried again until ctx ends. A taken subject is success, because subject
// and content belong together for whoever calls this.
func (b *Bus) persist(ctx context.Context, m *nats.Msg) error {
	return b.insist(ctx, "publish", func(ctx context.Context) error { return b.store(ctx, m) })
}

// insist repeats try until it succeeds, is ErrStored, or cannot succeed.
func (b *Bus) insist(ctx context.Context, what string, try func(context.Context) error) error {
	var wait backoff
	for {
		attempt, cancel := context.WithTimeout(ctx, callTimeout)
		err := try(attempt)
		cancel()
		if err == nil || errors.Is(err, ErrStored) || permanent(err) || ctx.Err() != nil {
			return err
		}
		b.logRetry(what, err)
		if wait.wait(ctx) != nil {
			return err
		}
	}
}

// sizeOf is what counts against the largest message: headers as they go on the wire,
// and the body.
func sizeOf(m *nats.Msg) int {
	size := len(m.Data)
	if len(m.Header) > 0 {
		size += len("NATS/1.0\r\n\r\n")
		for name, values := range m.Header {
			for _, v := range values {
				size += len(name) + len(v) + len(": \r\n")
			}
		}
	}
	return size
}

// headersOf reads the headers that are ours; the batch protocol's and others' stay out.
func headersOf(h nats.Header) map[string]string {
	ours := make(map[string]string, len(h))
	for name, values := range h {
		if strings.HasPrefix(name, "Clr-") && len(values) > 0 {
			ours[name] = values[0]
		}
	}
	return ours
}

func headerTo(h map[string]string) nats.Header {
	header := make(nats.Header, len(h))
	for name, value := range h {
		header[name] = []string{value}
	}
	return header
}
