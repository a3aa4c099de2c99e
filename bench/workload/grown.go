package workload

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"clearingd/clearing/sim"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// Grow makes a state directory as a daemon leaves it that has answered the claims long
// ago: the books hold them, the streams have moved them to the archive and go on at the
// next sequence, and the newest answer is stored, so that none is published again.
func Grow(ctx context.Context, state string, claims iter.Seq[[]sim.Message]) error {
	b, stop, err := StartBroker(ctx, state)
	if err != nil {
		return err
	}
	defer stop()
	s, err := freshBooks(ctx, b, state)
	if err != nil {
		return err
	}
	err = Fill(ctx, s, claims)
	if err == nil {
		err = moveStreams(ctx, b, s)
	}
	return errors.Join(err, s.Close())
}

// freshBooks makes empty books that know the broker's streams, with the key that a daemon
// demands beside them.
func freshBooks(ctx context.Context, b *bus.Bus, state string) (*store.Store, error) {
	if err := writePseudonymKey(state); err != nil {
		return nil, err
	}
	created := make(map[ledger.Province]time.Time)
	for _, stream := range provinces.Provinces() {
		at, err := b.ClaimsState(ctx, stream)
		if err != nil {
			return nil, err
		}
		created[stream] = at.Created
	}
	return CreateBooks(state, created)
}

// writePseudonymKey makes the key that a daemon demands beside existing books.
func writePseudonymKey(state string) error {
	key := strings.Repeat("42", 32) + "\n"
	return os.WriteFile(filepath.Join(state, "pseudonym.key"), []byte(key), 0o600)
}

// moveStreams lets every claims stream begin behind what the books have answered, as if
// all of it had been archived, and stores the newest answer.
func moveStreams(ctx context.Context, b *bus.Bus, s *store.Store) error {
	next, err := sequences(s)
	if err != nil {
		return err
	}
	nc, err := nats.Connect(b.URL())
	if err != nil {
		return fmt.Errorf("grow: %w", err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("grow: %w", err)
	}
	for stream, last := range next {
		if last == 0 {
			continue
		}
		claims, err := js.Stream(ctx, bus.ClaimsStream(stream))
		if err != nil {
			return fmt.Errorf("grow %s: %w", stream, err)
		}
		if err := claims.Purge(ctx, jetstream.WithPurgeSequence(last+1)); err != nil {
			return fmt.Errorf("grow %s: %w", stream, err)
		}
		if state, err := b.ClaimsState(ctx, stream); err != nil || state.Last != last {
			return fmt.Errorf("grow %s: the stream ends at %d, the books at %d: %w", stream, state.Last, last, err)
		}
	}
	var newest []provinces.Envelope
	err = s.View(func(tx *store.Tx) error {
		if tx.Last() == 0 {
			return nil
		}
		record, err := tx.Record(tx.Last())
		if err == nil {
			newest = append(newest, record.Envelope())
		}
		return err
	})
	if err != nil || len(newest) == 0 {
		return err
	}
	return b.PublishAnswers(ctx, newest)
}
