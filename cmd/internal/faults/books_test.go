package faults

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/intake"
	"clearingd/clearing/sim"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

var openDay = ledger.NewDay(2026, time.November, 20)

// backlog is a seeded day as the broker would hold it: numbered by stream.
func backlog(seed uint64, count int) []provinces.Message {
	next := map[ledger.Province]uint64{}
	var messages []provinces.Message
	for i, m := range sim.Day(sim.DefaultConfig(seed, count, openDay)).Messages {
		stream := ledger.Province(m.Subject[len("claims.") : len("claims.")+2])
		next[stream]++
		messages = append(messages, provinces.Message{
			Stream: stream, Sequence: next[stream], Subject: m.Subject, Body: m.Body,
			Received: openDay.Time().Add(time.Duration(i) * time.Millisecond),
		})
	}
	return messages
}

// keepBooks is the process whose calls are recorded: PATH SEED COMMITS EACH. It makes
// books, commits so many messages in each of so many transactions, and says after each
// what is on disk now: the number of records and their root.
func keepBooks(args []string) int {
	numbers := make([]int, 3)
	for i := range numbers {
		n, err := strconv.Atoi(args[i+1])
		if err != nil {
			return failed(err)
		}
		numbers[i] = n
	}
	say := func(tx *store.Tx) error {
		root, err := tx.Root(tx.Last())
		fmt.Printf("%d %x\n", tx.Last(), root)
		return err
	}
	if err := fillBooks(args[0], uint64(numbers[0]), numbers[1], numbers[2], say); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// fillBooks makes books and commits a backlog to them; after, if not nil, sees the
// books after every commit.
func fillBooks(path string, seed uint64, commits, each int, after func(*store.Tx) error) error {
	if err := store.Create(path, store.Identity{Install: "faults", FirstDay: openDay}); err != nil {
		return err
	}
	s, err := store.Open(path)
	if err != nil {
		return err
	}
	defer s.Close()
	if after == nil {
		after = func(*store.Tx) error { return nil }
	}
	if err := s.View(after); err != nil {
		return err
	}
	return continueBooks(s, seed, commits, each, after)
}

// continueBooks commits what of the backlog the books have not answered.
func continueBooks(s *store.Store, seed uint64, commits, each int, after func(*store.Tx) error) error {
	in, err := newIntake(s, each)
	if err != nil {
		return err
	}
	if err := s.View(after); err != nil {
		return err
	}
	messages := backlog(seed, commits*each)
	for begin := 0; begin < len(messages); begin += each {
		var items []intake.Item
		for _, m := range messages[begin:min(begin+each, len(messages))] {
			items = append(items, in.Decode(m))
		}
		if err := in.Commit(items, func([]provinces.Envelope) error { return nil }); err != nil {
			return err
		}
		if err := s.View(after); err != nil {
			return err
		}
	}
	return nil
}

func newIntake(s *store.Store, batch int) (*intake.Intake, error) {
	adapters, err := data.Adapters()
	if err != nil {
		return nil, err
	}
	plans, err := benefit.LoadFS(data.Plans)
	if err != nil {
		return nil, err
	}
	var files [][]byte
	for _, plan := range plans.Plans() {
		file, _ := plans.PlanBytes(plan.Hash()) // a set holds the bytes of its own plans
		files = append(files, file)
	}
	err = s.Update(func(tx *store.Tx) error {
		for _, stream := range provinces.Provinces() {
			if at, err := tx.Position(stream); err != nil || at.Day != 0 {
				return err
			}
			tx.SetPosition(stream, clearing.Position{Day: openDay})
		}
		return tx.KeepPlans(plans.Hash(), files)
	})
	desk := &clearing.Desk{Plans: plans, Adapters: adapters}
	return intake.New(intake.Options{Store: s, Desk: desk, Cutoff: clearing.Midnight, Manual: true, BatchMax: batch}), err
}
