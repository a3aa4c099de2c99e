package workload

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"clearingd/clearing/sim"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// streamsDir is where the daemon's embedded broker keeps its streams, below the state
// directory.
const streamsDir = "nats"

// StartBroker starts the embedded broker on a state directory, as the daemon does, with
// the streams of the contract. stop ends it.
func StartBroker(ctx context.Context, state string) (b *bus.Bus, stop func(), err error) {
	server, err := bus.StartServer(bus.ServerOptions{StoreDir: filepath.Join(state, streamsDir)})
	if err != nil {
		return nil, nil, err
	}
	b, err = bus.Connect(ctx, bus.ConnectOptions{URL: server.URL(), Server: server})
	if err != nil {
		server.Shutdown()
		return nil, nil, err
	}
	stop = func() { b.Close(); server.Shutdown() }
	if err := b.EnsureStreams(ctx, provinces.Provinces()); err != nil {
		stop()
		return nil, nil, err
	}
	return b, stop, nil
}

// Load puts claims into the streams of a state directory on which no daemon runs, in
// atomic batches, each synced. A fresh directory gets empty books that know the streams:
// a daemon refuses streams without books.
func Load(ctx context.Context, state string, claims iter.Seq[[]sim.Message]) error {
	b, stop, err := StartBroker(ctx, state)
	if err != nil {
		return fmt.Errorf("load: %w", err)
	}
	defer stop()
	if _, err := os.Stat(filepath.Join(state, BooksFile)); errors.Is(err, fs.ErrNotExist) {
		s, err := freshBooks(ctx, b, state)
		if err == nil {
			err = s.Close()
		}
		if err != nil {
			return fmt.Errorf("load: %w", err)
		}
	}
	for portion := range claims {
		for _, messages := range byStream(portion) {
			for i, result := range b.PublishClaims(ctx, messages) {
				if !result.Stored {
					return fmt.Errorf("load %s: not stored (already %t): %w", messages[i].Subject, result.Already, result.Err)
				}
			}
		}
	}
	return nil
}

// byStream groups messages by treatment province; each keeps its order.
func byStream(messages []sim.Message) map[ledger.Province][]bus.Outgoing {
	groups := make(map[ledger.Province][]bus.Outgoing)
	for _, m := range messages {
		stream := streamOf(m)
		groups[stream] = append(groups[stream], bus.Outgoing{Subject: m.Subject, Body: m.Body})
	}
	return groups
}

// streamOf is the treatment province in a subject of ours: claims.<treatment>...
func streamOf(m sim.Message) ledger.Province {
	return ledger.Province(m.Subject[len("claims.") : len("claims.")+2])
}
