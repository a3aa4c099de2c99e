package workload

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/intake"
	"clearingd/clearing/night"
	"clearingd/clearing/sim"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
	"clearingd/provinces/registry"
)

// BooksFile is the name of the books in a state directory.
const BooksFile = "books.db"

// NewDesk is the desk of the daemon in its default settings, with the plans in the binary.
func NewDesk() (*clearing.Desk, error) {
	adapters, err := data.Adapters()
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	plans, err := benefit.LoadFS(data.Plans)
	if err != nil {
		return nil, fmt.Errorf("desk: %w", err)
	}
	return &clearing.Desk{
		Plans: plans, Adapters: adapters, Registry: registry.Dialect{},
		Pseudonyms: clearing.NewPseudonyms(make([]byte, 32)), ManualDay: true,
	}, nil
}

// CreateBooks makes empty books in dir, with a place for every stream, and opens them.
// created says when the broker made each stream; nil where no daemon will meet the books.
func CreateBooks(dir string, created map[ledger.Province]time.Time) (*store.Store, error) {
	path := filepath.Join(dir, BooksFile)
	if err := store.Create(path, store.Identity{Install: "bench", FirstDay: Day}); err != nil {
		return nil, err
	}
	s, err := store.Open(path)
	if err != nil {
		return nil, err
	}
	err = s.Update(func(tx *store.Tx) error {
		for _, stream := range provinces.Provinces() {
			at := clearing.Position{Day: Day}
			if made, ok := created[stream]; ok {
				at.Created = made.UnixNano()
			}
			tx.SetPosition(stream, at)
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// fillBatch is how many messages share a transaction while books are filled: many, so
// that it goes fast.
const fillBatch = 4_096

// fillReceived is the broker's timestamp of filled messages: longer ago than answers
// are kept, so that a daemon does not publish them again.
var fillReceived = time.Date(2026, time.January, 2, 9, 0, 0, 0, clearing.China)

// Fill takes claims to their outcomes in open books, by the daemon's own intake and
// without a broker. Portions are decoded beside the commit of the one before.
func Fill(ctx context.Context, s *store.Store, claims iter.Seq[[]sim.Message]) error {
	desk, err := NewDesk()
	if err != nil {
		return err
	}
	in := intake.New(intake.Options{Store: s, Desk: desk, Cutoff: clearing.Midnight, Manual: true, BatchMax: fillBatch})
	next, err := sequences(s)
	if err != nil {
		return err
	}
	decoded := make(chan []intake.Item, 1)
	go func() {
		defer close(decoded)
		for portion := range claims {
			select {
			case decoded <- decodeAll(in, number(portion, next)):
			case <-ctx.Done():
				return
			}
		}
	}()
	for items := range decoded {
		if err := in.Commit(items, func([]provinces.Envelope) error { return nil }); err != nil {
			return fmt.Errorf("fill books: %w", err)
		}
	}
	return ctx.Err()
}

func sequences(s *store.Store) (map[ledger.Province]uint64, error) {
	next := make(map[ledger.Province]uint64)
	err := s.View(func(tx *store.Tx) error {
		for _, stream := range provinces.Provinces() {
			at, err := tx.Position(stream)
			if err != nil {
				return err
			}
			next[stream] = at.Sequence
		}
		return nil
	})
	return next, err
}

// number gives messages the places they would have in their streams.
func number(portion []sim.Message, last map[ledger.Province]uint64) []provinces.Message {
	messages := make([]provinces.Message, len(portion))
	for i, m := range portion {
		stream := streamOf(m)
		last[stream]++
		messages[i] = provinces.Message{
			Stream: stream, Sequence: last[stream], Subject: m.Subject, Body: m.Body,
			Received: fillReceived.Add(time.Duration(i) * time.Millisecond),
		}
	}
	return messages
}

// decodeAll decodes on all cores, keeping the order.
func decodeAll(in *intake.Intake, messages []provinces.Message) []intake.Item {
	items := make([]intake.Item, len(messages))
	workers := runtime.GOMAXPROCS(0)
	var working sync.WaitGroup
	for w := range workers {
		working.Go(func() {
			for i := w; i < len(messages); i += workers {
				items[i] = in.Decode(messages[i])
			}
		})
	}
	working.Wait()
	return items
}

// NewNight is a night on the books that writes its reports to dir.
func NewNight(s *store.Store, dir string, planSet [32]byte) *night.Night {
	return night.New(night.Options{
		Store: s, Streams: provinces.Provinces(), Dir: dir,
		Pseudonyms: clearing.NewPseudonyms(make([]byte, 32)),
		PlanSet:    func() [32]byte { return planSet }, CutOff: "24:00", Mode: "manual",
	})
}

// Freeze ends a day where its streams stand. A day that was closed is open for another
// night then: benchmarks run the same night several times.
func Freeze(s *store.Store, day ledger.Day) error {
	return s.Update(func(tx *store.Tx) error {
		for _, stream := range provinces.Provinces() {
			at, err := tx.Position(stream)
			if err != nil {
				return err
			}
			if err := tx.SetCut(day, stream, at.Sequence); err != nil {
				return err
			}
		}
		state, err := tx.Day(day)
		if err != nil {
			return err
		}
		state.Phase, state.Seal, state.Files, state.Revision = store.DayFrozen, store.Seal{}, nil, 0
		tx.SetDay(day, state)
		return nil
	})
}
