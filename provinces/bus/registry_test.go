package bus

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"clearingd/provinces"
)

// publishFilings publishes documents "from" to "to" of Shanghai's register, which may
// stand on one subject.
func (f *bench) publishFilings(from, to int) {
	f.t.Helper()
	for n := from; n <= to; n++ {
		if err := f.PublishRegistry(f.t.Context(), shanghai, provinces.RegistryFiling, fmt.Appendf(nil, "filing %d", n)); err != nil {
			f.t.Fatal(err)
		}
	}
}

func TestTheRegistryIsFollowedInOrderFromAnyPlaceAndOverRestarts(t *testing.T) {
	f := newBench(t)
	f.publishFilings(1, 3)
	got := make(chan provinces.RegistryMessage, 16)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- f.FollowRegistry(ctx, 1, func(batch []provinces.RegistryMessage) error {
			for _, m := range batch {
				got <- m
			}
			return nil
		})
	}()
	expect := func(from, to int) {
		t.Helper()
		for n := from; n <= to; n++ {
			m := <-got
			if m.Sequence != uint64(n) || m.Subject != "registry.31.filing" || string(m.Body) != fmt.Sprintf("filing %d", n) || m.Received.IsZero() {
				t.Errorf("document %d came as %+v", n, m)
			}
		}
	}
	expect(2, 3)
	f.restart()
	f.publishFilings(4, 5)
	expect(4, 5)
	if state, err := f.RegistryState(t.Context()); err != nil || state.Last != 5 || state.First != 1 {
		t.Errorf("%+v, %v", state, err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
}

func TestARegistryThatWentBackIsSaid(t *testing.T) {
	f := newBench(t)
	f.publishFilings(1, 1)
	err := f.FollowRegistry(t.Context(), 7, func([]provinces.RegistryMessage) error { return nil })
	if !errors.Is(err, ErrRegressed) {
		t.Errorf("followed from 8 where there is 1: %v", err)
	}
}
