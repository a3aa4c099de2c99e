package bus

import (
	"context"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"clearingd/ledger"
	"clearingd/provinces"
)

// FollowRegistry delivers the REGISTRY stream from the message after the given sequence
// on, in order, each message once and without a hole, until ctx ends or deliver fails;
// it returns that error. It keeps every promise of Follow.
func (b *Bus) FollowRegistry(ctx context.Context, after uint64, deliver func([]provinces.RegistryMessage) error) error {
	f := follower{
		bus: b, stream: RegistryStream, next: after + 1, whole: true,
		deliver: func(messages []jetstream.Msg, metas []*jetstream.MsgMetadata) error {
			batch := make([]provinces.RegistryMessage, len(messages))
			for i, m := range messages {
				batch[i] = provinces.RegistryMessage{
					Sequence: metas[i].Sequence.Stream, Subject: m.Subject(), Body: m.Data(), Received: metas[i].Timestamp,
				}
			}
			return deliver(batch)
		},
	}
	return f.run(ctx)
}

// RegistryState is the state of the REGISTRY stream.
func (b *Bus) RegistryState(ctx context.Context) (StreamState, error) {
	return b.state(ctx, RegistryStream)
}

// PublishRegistry publishes one document of a province's register and waits until it is on the broker's disk. An error that wraps none of this package's leaves the outcome
// unknown; publishing the document again is harmless.
func (b *Bus) PublishRegistry(ctx context.Context, province ledger.Province, kind provinces.RegistryKind, body []byte) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return b.store(ctx, &nats.Msg{Subject: provinces.RegistrySubject(province, kind), Data: body})
}
