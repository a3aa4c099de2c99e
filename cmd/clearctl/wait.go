package main

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"

	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// waiter collects the answers of items.
type waiter struct {
	bus    *bus.Bus
	items  []*item
	byKey  map[string][]*item // by <treatment>.<home>.<provider>.<msgid>
	cancel context.CancelFunc
	ended  chan struct{} // closed when following has ended
	err    error         // why, valid after ended

	settled atomic.Int64  // items that wait no more
	change  chan struct{} // holds one token when settled has grown
}

// startWaiter follows the answers from now on; it returns once none published later
// can be missed.
func startWaiter(ctx context.Context, b *bus.Bus, items []*item) (*waiter, error) {
	ctx, cancel := context.WithCancel(ctx)
	w := &waiter{
		bus: b, items: items, byKey: map[string][]*item{}, cancel: cancel,
		ended: make(chan struct{}), change: make(chan struct{}, 1),
	}
	for _, it := range items {
		w.byKey[it.key.Key()] = append(w.byKey[it.key.Key()], it)
	}
	ready := make(chan struct{})
	go func() {
		defer close(w.ended)
		w.err = b.FollowAnswers(ctx, filterOf(items), w.take, bus.OnReady(func() { close(ready) }))
	}()
	select {
	case <-ready:
		return w, nil
	case <-w.ended:
		cancel()
		if errors.Is(w.err, bus.ErrNoStream) {
			return nil, &failure{exitUnreachable, "代理在运行，但没有答复流：clearingd 未启动过", "the broker runs but has no answers stream: clearingd has not been here", w.err}
		}
		return nil, w.err
	}
}

// filterOf is the narrowest filter for the answers of all items.
func filterOf(items []*item) string {
	treatments := map[ledger.Province]bool{}
	for _, it := range items {
		treatments[it.key.Treatment] = true
	}
	if len(treatments) == 1 {
		return "answers." + string(items[0].key.Treatment) + ".>"
	}
	return "answers.>"
}

func (w *waiter) take(e provinces.Envelope) error {
	key := strings.TrimPrefix(e.Subject, "answers.")
	for _, it := range w.byKey[key] {
		if it.take(e) {
			w.grow()
		}
	}
	return nil
}

func (w *waiter) grow() {
	w.settled.Add(1)
	select {
	case w.change <- struct{}{}:
	default:
	}
}

// finish waits until no item waits any more or ctx ends; running out of time is no
// error here, the items tell.
func (w *waiter) finish(ctx context.Context, a *app) error {
	p := a.startProgress(a.say("已答复", "answered"))
	defer p.done()
	if err := w.lookBack(ctx); err != nil {
		return err
	}
	want := 0
	for _, it := range w.items {
		if it.err == nil {
			want++
		}
	}
	for {
		settled := int(w.settled.Load())
		p.at(settled, want)
		if settled >= want {
			return nil
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return ctx.Err()
			}
			return nil
		case <-w.ended:
			return w.err
		case <-w.change:
		}
	}
}

// lookBack asks by name for the answers of messages that were stored before: they may
// have been answered before we listened. All other answers come by themselves.
func (w *waiter) lookBack(ctx context.Context) error {
	for _, it := range w.items {
		if !it.already || !it.waiting() {
			continue
		}
		e, found, err := w.bus.Answer(ctx, it.subject)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		if found && it.take(e) {
			w.grow()
		}
	}
	return nil
}

func (w *waiter) stop() {
	w.cancel()
	<-w.ended
}
