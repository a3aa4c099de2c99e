package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"clearingd/provinces"
)

// FollowStatements delivers the STATEMENTS stream from the message after the given
// sequence on, in order, each message once, until ctx ends or deliver fails; it returns that
// error. What the stream has dropped by its age (400 days) before the follower could read it
// is passed over; otherwise it keeps every promise of Follow.
func (b *Bus) FollowStatements(ctx context.Context, after uint64, deliver func([]provinces.StatementMessage) error) error {
	state, err := b.StatementsState(ctx)
	if err != nil {
		return err
	}
	f := follower{
		bus: b, stream: StatementsStream, next: max(after+1, state.First), whole: true,
		deliver: func(messages []jetstream.Msg, metas []*jetstream.MsgMetadata) error {
			batch := make([]provinces.StatementMessage, len(messages))
			for i, m := range messages {
				batch[i] = provinces.StatementMessage{
					Sequence: metas[i].Sequence.Stream, Subject: m.Subject(), Body: m.Data(), Received: metas[i].Timestamp,
				}
			}
			return deliver(batch)
		},
	}
	return f.run(ctx)
}

// StatementsState is the state of the STATEMENTS stream.
func (b *Bus) StatementsState(ctx context.Context) (StreamState, error) {
	return b.state(ctx, StatementsStream)
}

// StoredStatement is the body of a message of the STATEMENTS stream; ok is false if the
// stream does not hold it any more.
func (b *Bus) StoredStatement(ctx context.Context, sequence uint64) (body []byte, ok bool, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	stream, err := b.js.Stream(ctx, StatementsStream)
	if err != nil {
		return nil, false, fmt.Errorf("bus: message %d of %s: %w", sequence, StatementsStream, err)
	}
	m, err := stream.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("bus: message %d of %s: %w", sequence, StatementsStream, err)
	}
	return m.Data, true, nil
}

// PublishStatement publishes one message of a statement and waits until it is on the
// broker's disk. An error that wraps none of this package's leaves the outcome unknown;
// publishing the message again is harmless.
func (b *Bus) PublishStatement(ctx context.Context, part provinces.StatementPart, body []byte) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return b.store(ctx, &nats.Msg{Subject: part.Subject(), Data: body})
}
