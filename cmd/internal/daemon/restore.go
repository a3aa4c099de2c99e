package daemon

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/intake"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// catchUp brings books that are older than the broker's answers forward again: they
// were restored from a copy. The answers give the order of the books, which is the only
// order there is between streams; each message is decided again and must come to the
// very answer that its hospital has.
func (d *Daemon) catchUp(ctx context.Context) error {
	last, ok, err := d.bus.LastAnswer(ctx)
	if err != nil || !ok {
		return err
	}
	var have uint64
	if err := d.store.View(func(tx *store.Tx) error { have = tx.Last(); return nil }); err != nil {
		return err
	}
	if last <= have {
		return nil
	}
	d.log.Warn("the books are older than the answers: replaying", zap.Uint64("books", have), zap.Uint64("answers", last))
	answers, err := d.answersBeyond(ctx, have)
	if err != nil {
		return err
	}
	for chunk := range slices.Chunk(answers, d.cfg.Batch.MaxClaims) {
		messages, err := d.answered(ctx, chunk)
		if err != nil {
			return err
		}
		if err := d.replay(ctx, messages); err != nil {
			return err
		}
	}
	d.log.Info("the books are level with the answers again", zap.Int("replayed", len(answers)))
	return nil
}

// replay decides messages again, each with the register as it stood then.
func (d *Daemon) replay(ctx context.Context, messages []intake.Answered) error {
	for len(messages) > 0 {
		n := 1
		for n < len(messages) && messages[n].Register == messages[0].Register {
			n++
		}
		if err := d.registerUpTo(ctx, messages[0].Register); err != nil {
			return err
		}
		if err := d.intake.Replay(messages[:n]); err != nil {
			return d.storeError(fmt.Errorf("%w: %w", ErrBooksDamaged, err))
		}
		messages = messages[n:]
	}
	return nil
}

// errReached ends the following of a stream.
var errReached = errors.New("reached")

// registerUpTo takes the register up to one of its messages.
func (d *Daemon) registerUpTo(ctx context.Context, sequence uint64) error {
	reached, _ := d.registry.at()
	if sequence <= reached {
		return nil
	}
	if last, err := d.registryEnd(ctx); err != nil {
		return err
	} else if last < sequence {
		return fmt.Errorf("%w: answers rest on registry message %d, %s ends at %d; restore a newer copy", ErrBooksDamaged, sequence, bus.RegistryStream, last)
	}
	err := d.bus.FollowRegistry(ctx, reached, func(messages []provinces.RegistryMessage) error {
		beyond := slices.IndexFunc(messages, func(m provinces.RegistryMessage) bool { return m.Sequence > sequence })
		if beyond >= 0 {
			messages = messages[:beyond]
		}
		if err := d.registry.Commit(messages); err != nil {
			return err
		}
		if len(messages) > 0 {
			reached = messages[len(messages)-1].Sequence
			d.registry.advance(reached)
		}
		if reached < sequence && beyond < 0 {
			return nil
		}
		return errReached
	})
	if errors.Is(err, errReached) {
		return nil
	}
	return d.storeError(err)
}

// answersBeyond lists the answers behind a books' number, in the books' order, and
// makes sure that none is missing between.
func (d *Daemon) answersBeyond(ctx context.Context, have uint64) ([]bus.StoredAnswer, error) {
	var beyond []bus.StoredAnswer
	_, err := d.bus.AnswersSince(ctx, 0, func(answers []bus.StoredAnswer) error {
		for _, a := range answers {
			if a.Number > have {
				beyond = append(beyond, a)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(beyond, func(a, b bus.StoredAnswer) int { return cmp.Compare(a.Number, b.Number) })
	for i, a := range beyond {
		switch next := have + uint64(i) + 1; {
		case a.Number < next:
			return nil, fmt.Errorf("%w: answer %d is there twice, the second time %s", ErrBooksDamaged, a.Number, strange(&a))
		case a.Number > next:
			return nil, fmt.Errorf("%w: answer %d is gone from the broker, so the books cannot be replayed past %d: restore a newer copy; or it never was, and what claims to be answer %d is %s",
				ErrBooksDamaged, next, next-1, a.Number, strange(&a))
		}
	}
	return beyond, nil
}

// strange says where an answer lies that does not follow from the books, and that it need not be
// ours: where no login is asked for, anybody can publish one. The subject is foreign text.
func strange(a *bus.StoredAnswer) string {
	return fmt.Sprintf("%s message %d on %.200q; if clearingd has not published it, somebody else publishes among the answers (runbook: an answer that is none of ours)",
		bus.AnswersStream, a.Sequence, a.Subject)
}

func (d *Daemon) answered(ctx context.Context, answers []bus.StoredAnswer) ([]intake.Answered, error) {
	messages := make([]intake.Answered, len(answers))
	for i, a := range answers {
		if clearing.IsInstruction(a.Subject) {
			decision, err := d.decided(ctx, a)
			if err != nil {
				return nil, err
			}
			messages[i] = decision
			continue
		}
		order, subject, again, err := clearing.ReadRedo(a.Subject, a.Header)
		if err != nil {
			return nil, fmt.Errorf("%w: answer %d: %w: %s", ErrBooksDamaged, a.Number, err, strange(&a))
		}
		if !again {
			subject = "claims." + strings.TrimPrefix(a.Subject, "answers.")
		}
		message, ok, err := d.bus.StoredClaim(ctx, subject)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("%w: answer %d is older than its stream, put the archive's messages back or restore a newer copy; or nobody ever asked for it: %s", ErrBooksDamaged, a.Number, strange(&a))
		}
		answer, _, err := d.bus.Answer(ctx, a.Subject)
		if err != nil {
			return nil, err
		}
		day, err := ledger.ParseDay(a.Header[provinces.HeaderDay])
		if err != nil {
			return nil, fmt.Errorf("%w: answer %d has no day: %w: %s", ErrBooksDamaged, a.Number, err, strange(&a))
		}
		messages[i] = intake.Answered{Item: d.intake.Decode(message), Number: a.Number, Place: a.Sequence, Day: day, Answer: answer.Body, Register: registerOf(a.Header)}
		if again {
			messages[i].Redo = &order
		}
	}
	return messages, nil
}

// registerOf is the register message that an answer names; 0 if it names none.
func registerOf(header map[string]string) uint64 {
	sequence, err := strconv.ParseUint(header[provinces.HeaderRegister], 10, 64)
	if err != nil {
		return 0
	}
	return sequence
}
