package simulate

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"clearingd/provinces"
	"clearingd/provinces/bus"
)

const (
	publishers     = 8
	publishTimeout = 400 * time.Millisecond
	batchTimeout   = 1500 * time.Millisecond
)

// publishing counts what hospitals met.
type publishing struct {
	sent, already, retries, collisions atomic.Int64

	mu     sync.Mutex
	faults []string
}

func (p *publishing) fault(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, fmt.Sprintf(format, args...))
}

// publish sends all messages until each is acknowledged, the messages of one treatment
// province by one publisher in their order.
func (p *publishing) publish(ctx context.Context, b *bus.Bus, seed uint64, messages []message) error {
	lanes := make([][]message, publishers)
	lane := map[string]int{}
	for _, m := range messages {
		treatment := strings.Split(m.subject, ".")[1]
		if _, known := lane[treatment]; !known {
			lane[treatment] = len(lane) % publishers
		}
		lanes[lane[treatment]] = append(lanes[lane[treatment]], m)
	}
	var all sync.WaitGroup
	for i, messages := range lanes {
		dice := rand.New(rand.NewPCG(seed, uint64(i)))
		all.Go(func() { p.lane(ctx, b, dice, messages) })
	}
	all.Wait()
	return ctx.Err()
}

func (p *publishing) lane(ctx context.Context, b *bus.Bus, dice *rand.Rand, messages []message) {
	for len(messages) > 0 && ctx.Err() == nil {
		n := 1
		if dice.IntN(12) == 0 {
			n = min(len(messages), 9+dice.IntN(30))
		}
		p.portion(ctx, b, messages[:n])
		if dice.IntN(12) == 0 {
			p.squat(ctx, b, messages[dice.IntN(n)])
		}
		messages = messages[n:]
	}
}

// portion sends some messages, in one batch if they are many, and each of them again
// until it is acknowledged.
func (p *publishing) portion(ctx context.Context, b *bus.Bus, messages []message) {
	results := make([]bus.Published, len(messages))
	if len(messages) > 1 {
		out := make([]bus.Outgoing, len(messages))
		for i, m := range messages {
			out[i] = bus.Outgoing{Subject: m.subject, Body: m.body}
		}
		attempt, cancel := context.WithTimeout(ctx, batchTimeout)
		results = b.PublishClaims(attempt, out)
		cancel()
	}
	for i, m := range messages {
		for !results[i].Stored && !results[i].Already && ctx.Err() == nil {
			if results[i].Err != nil {
				p.retries.Add(1)
				time.Sleep(20 * time.Millisecond)
			}
			results[i] = publishOnce(ctx, b, m.subject, m.body)
		}
		p.sent.Add(1)
		if results[i].Already {
			p.already.Add(1)
		}
	}
}

func publishOnce(ctx context.Context, b *bus.Bus, subject string, body []byte) (p bus.Published) {
	attempt, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	p.Stored, p.Already, p.Err = b.PublishClaim(attempt, subject, body)
	return p
}

// squat publishes on a subject that is taken, with the same bytes or with others: neither
// may ever be stored, whatever was killed since.
func (p *publishing) squat(ctx context.Context, b *bus.Bus, m message) {
	body := m.body
	if len(m.subject)%2 == 0 {
		body = []byte(`{"infno":"2304","msgid":"another message"}`)
	}
	for range 50 {
		result := publishOnce(ctx, b, m.subject, body)
		switch {
		case result.Stored:
			p.fault("%s was stored a second time", m.subject)
			return
		case result.Already:
			p.collisions.Add(1)
			return
		case ctx.Err() != nil || errors.Is(result.Err, context.Canceled):
			return
		}
		p.retries.Add(1)
		time.Sleep(20 * time.Millisecond)
	}
}

// sortedAnswers walks through answers in an order that does not change.
func sortedAnswers(a answered) iter.Seq2[string, provinces.Envelope] {
	return func(yield func(string, provinces.Envelope) bool) {
		for _, subject := range slices.Sorted(maps.Keys(a)) {
			if !yield(subject, a[subject]) {
				return
			}
		}
	}
}

func lastToken(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }
