package daemon

import (
	"cmp"
	"context"
	"fmt"
	"slices"
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
		if err := d.intake.Replay(messages); err != nil {
			return d.storeError(fmt.Errorf("%w: %w", ErrBooksDamaged, err))
		}
	}
	d.log.Info("the books are level with the answers again", zap.Int("replayed", len(answers)))
	return nil
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
		if a.Number != have+uint64(i)+1 {
			return nil, fmt.Errorf("%w: answer %d is gone from the broker, so the books cannot be replayed past %d; restore a newer copy",
				ErrBooksDamaged, have+uint64(i)+1, have+uint64(i))
		}
	}
	return beyond, nil
}

func (d *Daemon) answered(ctx context.Context, answers []bus.StoredAnswer) ([]intake.Answered, error) {
	messages := make([]intake.Answered, len(answers))
	for i, a := range answers {
		if clearing.IsAdjustmentAnswer(a.Subject) {
			decision, err := d.decided(ctx, a)
			if err != nil {
				return nil, err
			}
			messages[i] = decision
			continue
		}
		order, subject, again, err := clearing.ReadRedo(a.Subject, a.Header)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrBooksDamaged, err)
		}
		if !again {
			subject = "claims." + strings.TrimPrefix(a.Subject, "answers.")
		}
		message, ok, err := d.bus.StoredClaim(ctx, subject)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("%w: answer %d is older than its stream; put the archive's messages back or restore a newer copy", ErrBooksDamaged, a.Number)
		}
		answer, _, err := d.bus.Answer(ctx, a.Subject)
		if err != nil {
			return nil, err
		}
		day, err := ledger.ParseDay(a.Header[provinces.HeaderDay])
		if err != nil {
			return nil, fmt.Errorf("%w: answer %d has no day: %w", ErrBooksDamaged, a.Number, err)
		}
		messages[i] = intake.Answered{Item: d.intake.Decode(message), Number: a.Number, Day: day, Answer: answer.Body}
		if again {
			messages[i].Redo = &order
		}
	}
	return messages, nil
}
