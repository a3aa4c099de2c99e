package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"clearingd/clearing/service"
	"clearingd/clearing/sim/audit"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

var errEnough = errors.New("enough")

// readAnswers reads the whole ANSWERS stream: exactly one answer for each message. It
// begins again when the daemon is killed meanwhile.
func (r *run) readAnswers(ctx context.Context) (all answered, err error) {
	for deadline := time.Now().Add(stall); ctx.Err() == nil && time.Now().Before(deadline); {
		if all, err = r.readAnswersOnce(ctx); err == nil {
			return all, nil
		}
	}
	return nil, fmt.Errorf("reading answers: %d of %d: %w", len(all), r.known, err)
}

func (r *run) readAnswersOnce(ctx context.Context) (answered, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	all := answered{}
	others := map[string]provinces.Envelope{}
	enough := func() error {
		if len(all) >= r.known && uint64(len(others)) >= r.besides() {
			return errEnough
		}
		return nil
	}
	err := r.bus.FollowAnswers(ctx, "answers.>", func(e provinces.Envelope) error {
		if strings.HasPrefix(e.Subject, "answers.statement.") || strings.HasPrefix(e.Subject, "answers.act.") {
			if _, twice := others[e.Subject]; twice {
				r.fault("%s is there twice", e.Subject)
			}
			others[e.Subject] = e
			return enough()
		}
		subject := "claims." + strings.TrimPrefix(e.Subject, "answers.")
		if _, twice := all[subject]; twice {
			r.fault("%s is answered twice in the stream", subject)
		}
		all[subject] = e
		return enough()
	}, bus.FromStart())
	if errors.Is(err, errEnough) {
		err = nil
	}
	r.others = others
	return all, err
}

// readClaims reads what the broker holds of all claims streams.
func (r *run) readClaims(ctx context.Context) ([]audit.Message, error) {
	var all []audit.Message
	for _, p := range provinces.Provinces() {
		state, err := r.bus.ClaimsState(ctx, p)
		if err != nil {
			return nil, err
		}
		if state.Last == 0 {
			continue
		}
		err = r.bus.Follow(ctx, p, 0, func(messages []provinces.Message) error {
			for _, m := range messages {
				all = append(all, audit.Message{Stream: string(p), Sequence: m.Sequence, Subject: m.Subject, Body: m.Body, Received: m.Received})
			}
			if messages[len(messages)-1].Sequence >= state.Last {
				return errEnough
			}
			return nil
		})
		if !errors.Is(err, errEnough) {
			return nil, fmt.Errorf("reading CLAIMS_%s: %w", p, err)
		}
	}
	return all, nil
}

// checkStreams holds what the broker has against what hospitals sent: all of it, with
// the bytes of whoever came first, and nothing else.
func (r *run) checkStreams(claims []audit.Message) {
	sent := map[string][]byte{}
	for _, m := range r.sent {
		sent[m.subject] = m.body
	}
	for _, m := range claims {
		body, known := sent[m.Subject]
		switch {
		case !known:
			r.fault("the stream holds %s, which nobody sent", m.Subject)
		case !bytes.Equal(body, m.Body):
			r.fault("the stream holds other bytes under %s than were acknowledged", m.Subject)
		}
		delete(sent, m.Subject)
	}
	for subject := range sent {
		r.fault("%s was acknowledged and is not in the stream", subject)
	}
}

// checkService asks the books for each answer again: the same bytes, the same headers.
func (r *run) checkService(ctx context.Context, answers answered) {
	work := make(chan provinces.Envelope)
	var workers sync.WaitGroup
	for range 8 {
		workers.Go(func() {
			for e := range work {
				var reply service.AnswerReply
				err := call(ctx, r.bus, service.Answer, service.AnswerRequest{Message: strings.TrimPrefix(e.Subject, "answers.")}, &reply)
				switch {
				case err != nil:
					r.fault("the books have no answer %s: %v", e.Subject, err)
				case reply.Subject != e.Subject || !bytes.Equal(reply.Body, e.Body) || !maps.Equal(reply.Header, e.Header):
					r.fault("%s: the books' answer differs from the stream's", e.Subject)
				}
			}
		})
	}
	for _, e := range sortedAnswers(answers) {
		work <- e
	}
	close(work)
	workers.Wait()
}
