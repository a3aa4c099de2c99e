package workload

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/intake"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// Drained is what a drain within this process tells.
type Drained struct {
	Took       time.Duration // from the first message to the last stored answer
	Committing time.Duration // of which the committer was in transactions, syncs included
	Batches    []int         // records of each transaction, in order
}

// House drains a loaded state directory within this process: the parts and the wiring
// of the daemon (followers, decoding beside the commit, one committer, outbox) without
// its services. It exists because a child cannot be profiled from outside and does not
// tell the size of every batch. batchMax is the daemon's batch.claims_max.
func House(ctx context.Context, state string, count, batchMax int) (d Drained, err error) {
	b, stop, err := StartBroker(ctx, state)
	if err != nil {
		return d, err
	}
	defer stop()
	s, err := store.Open(filepath.Join(state, BooksFile))
	if err != nil {
		return d, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	desk, err := NewDesk()
	if err != nil {
		return d, err
	}
	h := house{bus: b, store: s, left: count, batches: make(chan []intake.Item), waiting: make(chan []provinces.Envelope, outboxBatches)}
	h.intake = intake.New(intake.Options{
		Store: s, Desk: desk, Cutoff: clearing.Midnight, Manual: true, BatchMax: batchMax, Observe: h.observe,
	})
	began := time.Now()
	err = h.run(ctx)
	h.drained.Took = time.Since(began)
	return h.drained, err
}

// As in the daemon.
const (
	outboxBatches = 64
	publishChunk  = 500
)

type house struct {
	bus     *bus.Bus
	store   *store.Store
	intake  *intake.Intake
	left    int // messages without an outcome
	batches chan []intake.Item
	waiting chan []provinces.Envelope
	drained Drained
}

func (h *house) observe(e intake.Event) {
	h.drained.Committing += e.Took
	h.drained.Batches = append(h.drained.Batches, len(e.Records))
}

// run works until every message has its answer stored.
func (h *house) run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	following, stopFollowing := context.WithCancel(ctx)
	defer stopFollowing()
	var followers, committer, outbox sync.WaitGroup
	for _, stream := range provinces.Provinces() {
		followers.Go(func() {
			if err := h.follow(following, stream); err != nil && following.Err() == nil {
				cancel(err)
			}
		})
	}
	committer.Go(func() {
		err := h.intake.Run(ctx, h.batches, func(answers []provinces.Envelope) error {
			if h.left -= len(answers); h.left <= 0 {
				stopFollowing()
			}
			h.waiting <- answers
			return nil
		})
		if err != nil {
			cancel(err)
		}
	})
	outbox.Go(func() {
		for answers := range h.waiting {
			for len(h.waiting) > 0 && len(answers) < publishChunk {
				answers = append(answers, <-h.waiting...)
			}
			if err := h.bus.PublishAnswers(ctx, answers); err != nil {
				cancel(fmt.Errorf("publish: %w", err))
			}
		}
	})
	followers.Wait()
	close(h.batches)
	committer.Wait()
	close(h.waiting)
	outbox.Wait()
	return context.Cause(ctx)
}

func (h *house) follow(ctx context.Context, stream ledger.Province) error {
	return h.bus.Follow(ctx, stream, 0, func(messages []provinces.Message) error {
		items := make([]intake.Item, len(messages))
		for i, m := range messages {
			items[i] = h.intake.Decode(m)
		}
		select {
		case h.batches <- items:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}
