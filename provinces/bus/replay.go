package bus

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"clearingd/provinces"
)

// StoredClaim is the message on a claims subject as its stream holds it; ok is false
// when the stream does not (it was never stored, or has moved to the archive).
func (b *Bus) StoredClaim(ctx context.Context, subject string) (m provinces.Message, ok bool, err error) {
	parsed, err := provinces.ParseSubject(subject)
	if err != nil {
		return m, false, fmt.Errorf("bus: stored claim: %w", err)
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	stream, err := b.js.Stream(ctx, ClaimsStream(parsed.Treatment))
	if err != nil {
		return m, false, fmt.Errorf("bus: stored claim %s: %w", subject, err)
	}
	raw, err := stream.GetLastMsgForSubject(ctx, subject)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return m, false, nil
	}
	if err != nil {
		return m, false, fmt.Errorf("bus: stored claim %s: %w", subject, err)
	}
	return provinces.Message{
		Stream: parsed.Treatment, Sequence: raw.Sequence,
		Subject: raw.Subject, Body: raw.Data, Received: raw.Time,
	}, true, nil
}
