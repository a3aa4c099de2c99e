package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"clearingd/provinces"
)

func TestFollowDeliversInOrderAndExactly(t *testing.T) {
	f := newBench(t)
	f.publish(1, 3)
	got := make(chan provinces.Message, 16)
	f.follow(1, func(batch []provinces.Message) error {
		for _, m := range batch {
			got <- m
		}
		return nil
	})
	start := time.Now()
	f.publish(4, 4)
	for n := 2; n <= 4; n++ {
		m := <-got
		if m.Sequence != uint64(n) || m.Stream != shanghai || m.Subject != claim(n) ||
			!bytes.Equal(m.Body, fmt.Appendf(nil, "body %d", n)) || m.Received.After(time.Now()) {
			t.Errorf("message %d came as %+v", n, m)
		}
		if n == 4 && m.Received.Before(start.Add(-time.Second)) {
			t.Errorf("broker timestamp %v is not of this publish", m.Received)
		}
	}
}

func TestFollowSurvivesRestartsOfTheBroker(t *testing.T) {
	f := newBench(t)
	seen := make(collector, 64)
	f.publish(1, 2)
	f.follow(0, seen.take)
	seen.expect(t, 1, 2)
	for round := range 2 {
		f.restart()
		first := 3 + 2*round
		f.publish(first, first+1)
		seen.expect(t, uint64(first), uint64(first+1))
	}
}

func TestFollowWaitsWhileDeliverWorks(t *testing.T) {
	f := newBench(t)
	messages := make([]Outgoing, 3*followMessages)
	for i := range messages {
		messages[i] = Outgoing{Subject: claim(i), Body: []byte("b")}
	}
	for i, r := range f.PublishClaims(t.Context(), messages) {
		if !r.Stored {
			t.Fatalf("claim %d: %+v", i, r)
		}
	}
	var running, delivered atomic.Int64
	release := make(chan struct{})
	f.follow(0, func(batch []provinces.Message) error {
		if running.Add(1) != 1 {
			t.Error("deliver was called while it worked")
		}
		defer running.Add(-1)
		if len(batch) > followMessages {
			t.Errorf("a delivery of %d messages", len(batch))
		}
		<-release
		delivered.Add(int64(len(batch)))
		return nil
	})
	eventually(t, func() bool { return running.Load() == 1 })
	// The broker itself says how much it has sent: one portion, not the backlog.
	stream, err := f.js.Stream(t.Context(), ClaimsStream(shanghai))
	if err != nil {
		t.Fatal(err)
	}
	for consumer := range stream.ListConsumers(t.Context()).Info() {
		if sent := consumer.Delivered.Stream; sent > followMessages {
			t.Errorf("%d messages were sent to a follower that works on its first", sent)
		}
	}
	close(release)
	eventually(t, func() bool { return delivered.Load() == int64(len(messages)) })
}

func TestFollowEndsWithDeliversError(t *testing.T) {
	f := newBench(t)
	f.publish(1, 1)
	broken := errors.New("books closed")
	if err := f.Follow(soon(t), shanghai, 0, func([]provinces.Message) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := f.Follow(ctx, shanghai, 1, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestFollowNeverSkips(t *testing.T) {
	t.Run("a message missing in the middle", func(t *testing.T) {
		f := newBench(t)
		f.publishWithHole(1, 4, 3)
		seen := make(collector, 16)
		err := f.Follow(soon(t), shanghai, 0, seen.take)
		var gap ErrGap
		if !errors.As(err, &gap) || gap != (ErrGap{Stream: "CLAIMS_31", Expected: 3, Found: 4}) {
			t.Fatalf("got %v", err)
		}
		seen.expect(t, 1, 2)
	})
	t.Run("messages archived that the books have not seen", func(t *testing.T) {
		f := newBench(t)
		f.publish(1, 4)
		f.purgeBefore(3)
		err := f.Follow(soon(t), shanghai, 0, nil)
		var gap ErrGap
		if !errors.As(err, &gap) || gap != (ErrGap{Stream: "CLAIMS_31", Expected: 1, Found: 3, Purged: true}) {
			t.Fatalf("got %v", err)
		}
	})
	t.Run("messages archived that the books have seen", func(t *testing.T) {
		f := newBench(t)
		f.publish(1, 4)
		f.purgeBefore(5)
		seen := make(collector, 16)
		f.follow(4, seen.take)
		f.publish(5, 5)
		seen.expect(t, 5, 5)
	})
}

func TestFollowNoticesARegressedStream(t *testing.T) {
	t.Run("shorter than the books at the start", func(t *testing.T) {
		f := newBench(t)
		f.publish(1, 2)
		if err := f.Follow(soon(t), shanghai, 3, nil); !errors.Is(err, ErrRegressed) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("deleted", func(t *testing.T) {
		f := newBench(t)
		f.deleteStream()
		if err := f.Follow(soon(t), shanghai, 0, nil); !errors.Is(err, ErrRegressed) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("made anew and longer than before while following", func(t *testing.T) {
		f := newBench(t)
		f.publish(1, 1)
		seen := make(chan uint64, 16)
		done := make(chan error, 1)
		go func() { done <- f.Follow(soon(t), shanghai, 0, collector(seen).take) }()
		collector(seen).expect(t, 1, 1)
		f.deleteStream()
		if err := f.EnsureStreams(t.Context(), provincesOfTest); err != nil {
			t.Fatal(err)
		}
		f.publish(1, 3)
		f.restart() // or a missed heartbeat: the follower looks again
		if err := <-done; !errors.Is(err, ErrRegressed) {
			t.Errorf("got %v", err)
		}
		if len(seen) > 0 {
			t.Errorf("%d messages of another stream were delivered", len(seen))
		}
	})
}

func TestSequenceBeforeFindsTheEndOfADay(t *testing.T) {
	f := newBench(t)
	if seq, err := f.SequenceBefore(t.Context(), shanghai, time.Now()); seq != 0 || err != nil {
		t.Errorf("empty stream: %d, %v", seq, err)
	}
	f.publish(1, 5)
	times := map[uint64]time.Time{}
	err := f.Follow(soon(t), shanghai, 0, func(batch []provinces.Message) error {
		for _, m := range batch {
			times[m.Sequence] = m.Received
		}
		if len(times) == 5 {
			return errDone
		}
		return nil
	})
	if !errors.Is(err, errDone) {
		t.Fatal(err)
	}
	f.purgeBefore(2)
	for name, c := range map[string]struct {
		at   time.Time
		want uint64
	}{
		"long before":          {times[1].Add(-time.Hour), 1},
		"at the second's time": {times[2], 1},
		"just after it":        {times[2].Add(1), 2},
		"at the fourth's time": {times[4], 3},
		"at the last's time":   {times[5], 4},
		"just after the last":  {times[5].Add(1), 5},
		"in the future":        {times[5].Add(time.Hour), 5},
	} {
		if got, err := f.SequenceBefore(t.Context(), shanghai, c.at); got != c.want || err != nil {
			t.Errorf("%s: got %d, %v; want %d", name, got, err, c.want)
		}
	}
}
