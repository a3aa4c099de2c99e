package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"clearingd/provinces"
)

// PublishAnswers stores answers on the ANSWERS stream, in the order given, and returns
// when all of them are on disk. An answer that is stored already is left as it is and
// counts as success, so publishing again is always safe.
//
// A passing failure (no connection, broker restarting, store full) is tried again
// until ctx ends. When it returns an error, some first part of the answers is stored
// and the rest is not: what is missing is always a suffix of the order of publishing,
// and LastAnswer tells where it begins.
func (b *Bus) PublishAnswers(ctx context.Context, answers []provinces.Envelope) error {
	messages := make([]*nats.Msg, len(answers))
	for i, a := range answers {
		messages[i] = &nats.Msg{Subject: a.Subject, Header: headerTo(a.Header), Data: a.Body}
		if sizeOf(messages[i]) > MaxPayload {
			return fmt.Errorf("bus: answer %d of %d, %s: %w", i+1, len(answers), a.Subject, ErrTooLarge)
		}
	}
	for _, chunk := range chunks(messages) {
		if err := b.publishChunk(ctx, chunk); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bus) publishChunk(ctx context.Context, chunk []*nats.Msg) error {
	if len(chunk) >= batchFrom {
		err := b.insistBatch(ctx, chunk)
		if err == nil || ctx.Err() != nil {
			return err
		}
		// One of them is stored already, or the batch as such was refused: only single
		// messages tell which, and why.
	}
	for _, m := range chunk {
		if err := b.persist(ctx, m); err != nil && !errors.Is(err, ErrStored) {
			return fmt.Errorf("bus: answer %s: %w", m.Subject, err)
		}
	}
	return nil
}

// insistBatch repeats a batch whose outcome is unknown; any word of the broker ends it.
func (b *Bus) insistBatch(ctx context.Context, chunk []*nats.Msg) error {
	return b.insist(ctx, "publish batch", func(ctx context.Context) error {
		err := b.storeBatch(ctx, chunk)
		if errors.Is(err, ErrNotStored) {
			return fmt.Errorf("%w (batch: %w)", ErrStored, err)
		}
		return err
	})
}

func (b *Bus) logRetry(what string, err error) {
	b.log.Warn("broker did not store; trying again", zap.String("step", what), zap.Error(err))
}

// StoredAnswer is what the ANSWERS stream says of one answer to a claim.
type StoredAnswer struct {
	Sequence uint64 // place in ANSWERS
	Subject  string
	Number   uint64            // the books' number (Clr-Entry); 0 if the header is missing or not a number
	Header   map[string]string // the Clr- headers
	Stored   time.Time         // the broker's timestamp
}

// LastAnswer is the books' number of the answer to a claim that was stored last; ok is
// false when ANSWERS holds none. After a restart the daemon publishes its stored
// answers from the next number on again: answers are published in the order of the
// books, so what a crash or a lost tail took away is a suffix.
//
// A message without a number of the books is passed over. Where no login is asked for,
// anybody can publish one, and it must not keep the daemon from starting.
//
// "Last" is last in the stream, not highest: should older answers have been filled in
// later and that work been interrupted, the number is low and too much is published
// again, which is harmless; the highest would hide the rest.
func (b *Bus) LastAnswer(ctx context.Context) (number uint64, ok bool, err error) {
	asking, cancel := withTimeout(ctx)
	defer cancel()
	stream, err := b.js.Stream(asking, AnswersStream)
	if err != nil {
		return 0, false, fmt.Errorf("bus: last answer: %w", err)
	}
	state := stream.CachedInfo().State
	// Results of statements lie between the answers: step back over them. After a night
	// there are as many as hospitals, so each step has a time of its own.
	for seq := state.LastSeq; seq > 0 && seq >= state.FirstSeq; seq-- {
		m, err := answerAt(ctx, stream, seq)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue // aged out in between
		}
		if err != nil {
			return 0, false, fmt.Errorf("bus: last answer: %w", err)
		}
		if toClaim(m.Subject) {
			number, err := strconv.ParseUint(m.Header.Get(provinces.HeaderEntry), 10, 64)
			if err != nil { // somebody else's message: no answer of ours is without a number
				b.log.Error("a message in ANSWERS is none of ours: somebody else publishes answers", zap.Uint64("sequence", seq))
				continue
			}
			return number, true, nil
		}
	}
	return 0, false, nil
}

func answerAt(ctx context.Context, stream jetstream.Stream, sequence uint64) (*jetstream.RawStreamMsg, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return stream.GetMsg(ctx, sequence)
}

// AnswersSince delivers, in the order of the stream and without bodies, the answers to
// claims stored after the given sequence of ANSWERS, up to the last one there is at
// the call, and returns how far it came. With it the daemon compares all it ever
// answered with the books, finds holes that are not a suffix (a damaged store), and
// learns the order of the books for a restore.
func (b *Bus) AnswersSince(ctx context.Context, after uint64, deliver func([]StoredAnswer) error) (last uint64, err error) {
	state, err := b.AnswersState(ctx)
	if err != nil || state.Last <= after || state.First > state.Last {
		return max(after, state.Last), err
	}
	f := follower{
		bus: b, stream: AnswersStream, headersOnly: true, next: max(after+1, state.First),
		deliver: func(messages []jetstream.Msg, metas []*jetstream.MsgMetadata) error {
			var batch []StoredAnswer
			for i, m := range messages {
				if toClaim(m.Subject()) {
					batch = append(batch, storedAnswer(m, metas[i]))
				}
			}
			if len(batch) > 0 {
				if err := deliver(batch); err != nil {
					return err
				}
			}
			if end := metas[len(metas)-1]; end.Sequence.Stream >= state.Last || end.NumPending == 0 {
				return errDone
			}
			return nil
		},
	}
	if err := f.run(ctx); !errors.Is(err, errDone) {
		return f.next - 1, err
	}
	return state.Last, nil
}

func storedAnswer(m jetstream.Msg, meta *jetstream.MsgMetadata) StoredAnswer {
	number, _ := strconv.ParseUint(m.Headers().Get(provinces.HeaderEntry), 10, 64)
	return StoredAnswer{
		Sequence: meta.Sequence.Stream, Subject: m.Subject(), Number: number,
		Header: headersOf(m.Headers()), Stored: meta.Timestamp,
	}
}

// toClaim tells answers to claims from results of statements, whose subjects may have
// as many tokens: answers.statement.treatment.31.<id>.
func toClaim(subject string) bool {
	return !strings.HasPrefix(subject, "answers.statement.")
}

// Answer fetches a stored answer by its subject; the claim's subject does as well.
// ok is false when there is none: not answered yet, or longer than 35 days ago.
func (b *Bus) Answer(ctx context.Context, subject string) (answer provinces.Envelope, ok bool, err error) {
	if key, isClaim := strings.CutPrefix(subject, "claims."); isClaim {
		subject = "answers." + key
	}
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	// By name alone, so that a hospital needs no right to ask about the stream.
	reply, err := b.nc.RequestWithContext(ctx, "$JS.API.DIRECT.GET."+AnswersStream+"."+subject, nil)
	switch {
	case err != nil:
		return provinces.Envelope{}, false, fmt.Errorf("bus: answer %s: %w", subject, classify(err))
	case reply.Header.Get("Status") == "404":
		return provinces.Envelope{}, false, nil
	case reply.Header.Get("Status") != "":
		return provinces.Envelope{}, false, fmt.Errorf("bus: answer %s: %s %s", subject, reply.Header.Get("Status"), reply.Header.Get("Description"))
	}
	return provinces.Envelope{Subject: reply.Header.Get("Nats-Subject"), Header: headersOf(reply.Header), Body: reply.Data}, true, nil
}

// FollowOption changes what FollowAnswers delivers.
type FollowOption func(*follower)

// FromStart delivers the stored answers first, then the live ones. Without it only
// answers stored after the call are delivered.
func FromStart() FollowOption { return func(f *follower) { f.next = 1 } }

// OnReady calls back once the subscription stands: a claim published from then on
// has its answer delivered.
func OnReady(ready func()) FollowOption { return func(f *follower) { f.ready = ready } }

// FollowAnswers delivers answers whose subject fits the filter (for example
// "answers.31.*.H31010100001.*", or "answers.>" for all) in the order they were stored,
// each once, until ctx ends or deliver fails; it returns that error.
//
// It reads the stream, so it needs the right to ask about ANSWERS and to make a consumer
// on it. A hospital that has only the permissions of the package's example subscribes to
// its answers' subject and fetches what it missed with Answer.
func (b *Bus) FollowAnswers(ctx context.Context, filter string, deliver func(provinces.Envelope) error, options ...FollowOption) error {
	f := follower{
		bus: b, stream: AnswersStream, filter: filter,
		deliver: func(messages []jetstream.Msg, _ []*jetstream.MsgMetadata) error {
			for _, m := range messages {
				if err := deliver(provinces.Envelope{Subject: m.Subject(), Header: headersOf(m.Headers()), Body: m.Data()}); err != nil {
					return err
				}
			}
			return nil
		},
	}
	for _, option := range options {
		option(&f)
	}
	if f.next == 0 {
		state, err := b.AnswersState(ctx)
		if err != nil {
			return err
		}
		f.next = state.Last + 1
	}
	return f.run(ctx)
}
