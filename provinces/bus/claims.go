package bus

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
)

// Outgoing is a message a hospital publishes.
type Outgoing struct {
	Subject string // claims.<treatment>.<home>.<provider>.<msgid>
	Body    []byte // at most 1 MiB
}

// Published is what became of one message: exactly one of Stored, Already and Err.
type Published struct {
	Stored  bool  // it is on the broker's disk now
	Already bool  // its subject was taken: stored before, or another message of the same name
	Err     error // one of this package's errors; if none of them, the outcome is unknown: publish again
}

// PublishClaim publishes one message of a hospital and waits until it is on the
// broker's disk. Publishing the same subject again is harmless and says already; the
// answer's digest tells whether the message stored there is one's own.
func (b *Bus) PublishClaim(ctx context.Context, subject string, body []byte) (stored, already bool, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	p := published(b.store(ctx, &nats.Msg{Subject: subject, Data: body}))
	return p.Stored, p.Already, p.Err
}

// PublishClaims publishes many, in order, in atomic batches for speed, falling back to
// single messages where a batch is refused. The result has one element for each
// message. It stops early only when ctx ends; what was not tried has ctx's error.
//
// The messages of one call must belong to one treatment province, because a batch goes
// to one stream; others are published one by one.
func (b *Bus) PublishClaims(ctx context.Context, messages []Outgoing) []Published {
	all := make([]*nats.Msg, len(messages))
	for i, m := range messages {
		all[i] = &nats.Msg{Subject: m.Subject, Data: m.Body}
	}
	results := make([]Published, 0, len(messages))
	for _, chunk := range chunks(all) {
		if len(chunk) >= batchFrom && b.tryBatch(ctx, chunk) {
			for range chunk {
				results = append(results, Published{Stored: true})
			}
			continue
		}
		for _, m := range chunk {
			attempt, cancel := context.WithTimeout(ctx, callTimeout)
			results = append(results, published(b.store(attempt, m)))
			cancel()
		}
	}
	return results
}

func (b *Bus) tryBatch(ctx context.Context, chunk []*nats.Msg) bool {
	ctx, cancel := context.WithTimeout(ctx, 2*callTimeout)
	defer cancel()
	return b.storeBatch(ctx, chunk) == nil
}

func published(err error) Published {
	switch {
	case err == nil:
		return Published{Stored: true}
	case errors.Is(err, ErrStored):
		return Published{Already: true}
	}
	return Published{Err: err}
}
