package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"go.etcd.io/bbolt"

	"clearingd/bench/measure"
	"clearingd/bench/workload"
	"clearingd/clearing/sim"
	"clearingd/provinces/bus"
)

// answers measures how long a hospital waits, beside the least that any house must do:
// one synced publish and one synced commit.
func (b *bench) answers(ctx context.Context) (string, error) {
	rates := []int{1, 10, 100}
	total := 0
	for _, rate := range rates {
		total += claimsAt(rate, b.Answers)
	}
	floor, err := b.newFloor(ctx, total)
	if err != nil {
		return "", err
	}
	defer floor.close()
	state, err := b.scratch()
	if err != nil {
		return "", err
	}
	asker, err := b.newAsker(ctx, state, workload.All(workload.Claims(5, total, workload.Asking)))
	if err != nil {
		return "", err
	}
	defer asker.close()
	table := measure.NewTable("claims/s", "answers", "p50", "p99", "p99.9", "slowest",
		"publish + commit p50", "p50 / p50", "p99 / p50", "at such moments p50", "its p99", "p99 / its p99")
	for _, rate := range rates {
		progress("answers: %d a second for %v", rate, b.Answers)
		before, err := floor.measure(ctx)
		if err != nil {
			return "", err
		}
		waited, err := asker.ask(ctx, rate, claimsAt(rate, b.Answers))
		if err != nil {
			return "", err
		}
		after, err := floor.measure(ctx)
		if err != nil {
			return "", err
		}
		bare, err := floor.ask(ctx, rate, claimsAt(rate, b.Answers))
		if err != nil {
			return "", err
		}
		table.Row(answerRow(rate, waited, append(before, after...), bare)...)
	}
	return fmt.Sprintf(answersText, b.Answers, table), asker.close()
}

const answersText = `## Answer time: from publish to answer

Claims are published one by one over TCP at random moments (a Poisson process) for %v at each rate, each waiting for nobody; the time runs until the hospital's subscription has the answer.
In between lies: the synced publish of the claim, decode, decision, the commit of the books (two syncs), the publish of the answer. The least any house must do is
one synced publish and one synced commit: those are measured on the same disk just before and after each rate, one after the other, without anything else. "At such moments" a house
that does nothing but these two is asked at random moments at the same rate, just after the daemon: a stall of the disk then meets as many claims as it does there. A quantile
is left out where fewer than ten values lie beyond it.

%s`

func answerRow(rate int, waited, least, bare measure.Series) []string {
	ms := func(s measure.Series, q float64) string {
		if text := s.QuantileIfKnown(q, "%.6f"); text == "–" {
			return text
		}
		return measure.Millis(s.Quantile(q))
	}
	over := func(q float64, than measure.Series, p float64) string {
		if waited.QuantileIfKnown(q, "%f") == "–" {
			return "–"
		}
		return fmt.Sprintf("%.1f", waited.Quantile(q)/than.Quantile(p))
	}
	return []string{
		fmt.Sprint(rate), fmt.Sprint(len(waited)), ms(waited, 0.5), ms(waited, 0.99), ms(waited, 0.999), measure.Millis(waited.Quantile(1)),
		measure.Millis(least.Quantile(0.5)), over(0.5, least, 0.5), "**" + over(0.99, least, 0.5) + "**",
		ms(bare, 0.5), ms(bare, 0.99), "**" + over(0.99, bare, 0.99) + "**",
	}
}

func claimsAt(rate int, d time.Duration) int { return max(int(float64(rate)*d.Seconds()), 1) }

// asker is a hospital's system that publishes claims to a daemon and waits for answers.
type asker struct {
	daemon     *workload.Daemon
	publisher  *bus.Bus
	subscriber *nats.Conn
	claims     []sim.Message // not yet sent
	dice       *rand.Rand
	ready      time.Duration // from the daemon's start

	mu      sync.Mutex
	sent    map[string]time.Time // by the subject of the answer
	waited  measure.Series
	arrived chan struct{}
	once    sync.Once
	ended   error
}

// newAsker starts a daemon on the state directory and subscribes to its answers.
func (b *bench) newAsker(ctx context.Context, state string, claims []sim.Message) (*asker, error) {
	daemon, err := workload.StartDaemon(ctx, b.daemon, state)
	if err != nil {
		return nil, err
	}
	a := &asker{
		daemon: daemon, claims: claims, dice: rand.New(rand.NewPCG(1, 2)),
		sent: make(map[string]time.Time), arrived: make(chan struct{}, 1),
	}
	if a.ready, err = daemon.AwaitReady(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if a.publisher, err = daemon.Connect(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	if a.subscriber, err = nats.Connect(daemon.URL); err != nil {
		return nil, errors.Join(err, a.close())
	}
	_, err = a.subscriber.Subscribe("answers.>", func(m *nats.Msg) { a.answered(m.Subject, time.Now()) })
	if err = errors.Join(err, a.subscriber.Flush()); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *asker) close() error {
	a.once.Do(func() {
		if a.subscriber != nil {
			a.subscriber.Close()
		}
		if a.publisher != nil {
			a.publisher.Close()
		}
		a.ended = a.daemon.Stop()
	})
	return a.ended
}

func (a *asker) answered(subject string, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	sent, ok := a.sent[subject]
	if !ok {
		return // published again, or somebody else's
	}
	delete(a.sent, subject)
	a.waited = append(a.waited, now.Sub(sent).Seconds())
	select {
	case a.arrived <- struct{}{}:
	default:
	}
}

// answerLimit bounds the wait for the last answers of a rate.
const answerLimit = 30 * time.Second

// ask publishes count claims at the rate and returns how long each waited, in seconds.
func (a *asker) ask(ctx context.Context, rate, count int) (measure.Series, error) {
	a.mu.Lock()
	a.waited = nil
	a.mu.Unlock()
	err := atRandom(ctx, a.dice, rate, count, func() func() error {
		m := a.claims[0]
		a.claims = a.claims[1:]
		return func() error { return a.publish(ctx, m) }
	})
	if err != nil {
		return nil, err
	}
	limit := time.After(answerLimit)
	for {
		a.mu.Lock()
		n, waited := len(a.sent), a.waited
		a.mu.Unlock()
		if n == 0 {
			return waited, nil
		}
		select {
		case <-a.arrived:
		case <-limit:
			return nil, fmt.Errorf("%d claims have no answer after %v", n, answerLimit)
		}
	}
}

// atRandom starts count pieces of work at random moments at the rate, none waiting for
// another, and waits for all.
func atRandom(ctx context.Context, dice *rand.Rand, rate, count int, next func() func() error) error {
	var working sync.WaitGroup
	failed := make(chan error, count)
	at := time.Now()
	for range count {
		at = at.Add(time.Duration(dice.ExpFloat64() / float64(rate) * float64(time.Second)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Until(at)):
		}
		work := next()
		working.Go(func() {
			if err := work(); err != nil {
				failed <- err
			}
		})
	}
	working.Wait()
	close(failed)
	return <-failed
}

func (a *asker) publish(ctx context.Context, m sim.Message) error {
	a.mu.Lock()
	a.sent["answers."+m.Subject[len("claims."):]] = time.Now()
	a.mu.Unlock()
	stored, already, err := a.publisher.PublishClaim(ctx, m.Subject, m.Body)
	if !stored {
		return fmt.Errorf("publish %s: already %t: %w", m.Subject, already, err)
	}
	return nil
}

// floor is a broker and a store on the same disk that do one claim's syncs and
// nothing else.
type floor struct {
	bus    *bus.Bus
	stop   func()
	db     *bbolt.DB
	claims []sim.Message
	value  []byte
	next   int
}

// floorPairs are measured each time.
const floorPairs = 150

func (b *bench) newFloor(ctx context.Context, asked int) (*floor, error) {
	dir, err := b.scratch()
	if err != nil {
		return nil, err
	}
	f := &floor{claims: workload.All(workload.Claims(6, 6*floorPairs+asked, workload.Asking)), value: make([]byte, 2_800)}
	if f.bus, f.stop, err = workload.StartBroker(ctx, dir); err != nil {
		return nil, err
	}
	f.db, err = bbolt.Open(filepath.Join(dir, "floor.db"), 0o600, &bbolt.Options{InitialMmapSize: 1 << 30})
	if err != nil {
		f.stop()
		return nil, err
	}
	return f, nil
}

func (f *floor) close() {
	f.stop()
	f.db.Close()
}

// measure does one publish and one commit after the other and returns what the pairs
// took, in seconds.
func (f *floor) measure(ctx context.Context) (took measure.Series, err error) {
	for range floorPairs {
		began := time.Now()
		if err := f.pair(ctx, f.one()); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began).Seconds())
	}
	return took, nil
}

// ask does count pairs at random moments at the rate.
func (f *floor) ask(ctx context.Context, rate, count int) (took measure.Series, err error) {
	var mu sync.Mutex
	err = atRandom(ctx, rand.New(rand.NewPCG(1, 2)), rate, count, func() func() error {
		m, began := f.one(), time.Now()
		return func() error {
			err := f.pair(ctx, m)
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(began).Seconds())
			return err
		}
	})
	return took, err
}

func (f *floor) one() sim.Message {
	f.next++
	return f.claims[f.next-1]
}

func (f *floor) pair(ctx context.Context, m sim.Message) error {
	if _, _, err := f.bus.PublishClaim(ctx, m.Subject, m.Body); err != nil {
		return err
	}
	return f.db.Update(func(tx *bbolt.Tx) error {
		bucket, err := tx.CreateBucketIfNotExists([]byte("records"))
		if err != nil {
			return err
		}
		return bucket.Put([]byte(m.Subject), f.value)
	})
}
