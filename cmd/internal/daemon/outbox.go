package daemon

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

const (
	outboxBatches   = 64 // committed batches that may wait for the broker before the intake does
	republishRecent = 35 * 24 * time.Hour
	republishChunk  = 500
)

// outbox publishes answers in the order of the books, after they are on disk there.
// What it does not get out before the process ends is published at the next start.
type outbox struct {
	bus     *bus.Bus
	waiting chan []provinces.Envelope
}

func newOutbox(b *bus.Bus) *outbox {
	return &outbox{bus: b, waiting: make(chan []provinces.Envelope, outboxBatches)}
}

// put hands answers over; it blocks while the broker is far behind, and fails when
// ctx ends.
func (o *outbox) put(ctx context.Context, answers []provinces.Envelope) error {
	select {
	case o.waiting <- answers:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run publishes until the channel is closed or ctx ends.
func (o *outbox) run(ctx context.Context) error {
	for answers := range o.waiting {
		for len(o.waiting) > 0 && len(answers) < republishChunk {
			answers = append(answers, <-o.waiting...)
		}
		if err := o.bus.PublishAnswers(ctx, answers); err != nil {
			return err
		}
	}
	return nil
}

// republish compares the broker's answers with the books and publishes what is
// missing: answers are published in the order of the books, so that is a tail.
func republish(ctx context.Context, b *bus.Bus, s *store.Store, now time.Time, log *zap.Logger) (int, error) {
	from, _, err := b.LastAnswer(ctx)
	if err != nil {
		return 0, err
	}
	count := 0
	for {
		answers, last, err := answersAfter(s, from, now.Add(-republishRecent))
		if err != nil {
			return count, err
		}
		if len(answers) > 0 {
			if err := b.PublishAnswers(ctx, answers); err != nil {
				return count, fmt.Errorf("publish lost answers: %w", err)
			}
			count += len(answers)
		}
		if last == from {
			break
		}
		from = last
	}
	if count > 0 {
		log.Info("answers lost by the broker published again", zap.Int("count", count))
	}
	return count, nil
}

// answersAfter reads a chunk of answers behind a books' number; those too old for the
// ANSWERS stream are left out. last is the last number looked at.
func answersAfter(s *store.Store, from uint64, oldest time.Time) (answers []provinces.Envelope, last uint64, err error) {
	last = from
	err = s.View(func(tx *store.Tx) error {
		to := min(from+republishChunk, tx.Last())
		return tx.Scan(from+1, to, func(r *clearing.Record, _ ledger.Entry) error {
			last = r.Number
			if r.Received >= oldest.UnixNano() {
				answers = append(answers, r.Envelope())
			}
			return nil
		})
	})
	return answers, last, err
}
