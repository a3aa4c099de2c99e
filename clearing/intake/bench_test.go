package intake_test

import (
	"path/filepath"
	"testing"
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

// backlog is a seeded day as the broker would hold it: numbered by stream.
func backlog(count int) []provinces.Message {
	day := ledger.NewDay(2026, time.November, 20)
	next := map[ledger.Province]uint64{}
	var messages []provinces.Message
	for i, m := range sim.Day(sim.DefaultConfig(1, count, day)).Messages {
		stream := ledger.Province(m.Subject[len("claims.") : len("claims.")+2])
		next[stream]++
		messages = append(messages, provinces.Message{
			Stream: stream, Sequence: next[stream], Subject: m.Subject, Body: m.Body,
			Received: day.Time().Add(time.Duration(i) * time.Millisecond),
		})
	}
	return messages
}

// BenchmarkCommit takes a backlog to its outcomes, decoding included, in transactions of
// 256 messages. What a raw store does with the same bytes is measured in bench/.
func BenchmarkCommit(b *testing.B) {
	const count = 4096
	messages := backlog(count)
	adapters, err := data.Adapters()
	if err != nil {
		b.Fatal(err)
	}
	plans, err := benefit.LoadFS(data.Plans)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		in := freshIntake(b, &clearing.Desk{Plans: plans, Adapters: adapters})
		b.StartTimer()
		items := make([]intake.Item, len(messages))
		for i, m := range messages {
			items[i] = in.Decode(m)
		}
		if err := in.Commit(items, func([]provinces.Envelope) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(count*b.N)/b.Elapsed().Seconds(), "messages/s")
}

func freshIntake(b *testing.B, desk *clearing.Desk) *intake.Intake {
	b.Helper()
	path := filepath.Join(b.TempDir(), "books.db")
	if err := store.Create(path, store.Identity{Install: "bench", FirstDay: ledger.NewDay(2026, time.November, 20)}); err != nil {
		b.Fatal(err)
	}
	s, err := store.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	err = s.Update(func(tx *store.Tx) error {
		for _, stream := range provinces.Provinces() {
			tx.SetPosition(stream, clearing.Position{Day: s.Identity().FirstDay})
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return intake.New(intake.Options{Store: s, Desk: desk, Cutoff: clearing.Midnight, Manual: true, BatchMax: 256})
}
