package intake_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/intake"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// everyDay is a calendar without weekends.
type everyDay struct{}

func (everyDay) After(day ledger.Day, n int) (ledger.Day, error) {
	return day + ledger.Day(n), nil
}

func ticket(n int) clearing.ActOrder {
	return clearing.ActOrder{
		Kind: clearing.ActTicket, Province: "65", Target: "new", Object: fmt.Sprintf("%064x", n), Maker: "wang", Reason: "filing is not found",
		At: time.Date(2026, 3, 4, 0, 0, n, 0, time.UTC), Ticket: &clearing.TicketOrder{Type: clearing.TicketFiling, To: "33"},
	}
}

// publishing runs the intake with a broker that can be lost.
func (h *house) publishing(publish func([]provinces.Envelope) error) (stop func()) {
	h.intake.SetDesk(&clearing.Desk{Calendar: everyDay{}})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = h.intake.Run(ctx, make(chan []intake.Item), publish)
	}()
	for {
		if _, err := h.intake.Instruct(ticket(0)); !errors.Is(err, intake.ErrNotTaking) {
			break
		}
		time.Sleep(time.Millisecond)
	}
	return func() { cancel(); <-done }
}

// Killed between the books and the broker: the act is in the books once, whoever sends
// it again gets its record, and its answer is the same for ever.
func TestAnActThatWasNotAnsweredIsBookedOnce(t *testing.T) {
	h := newHouse(t, moody{}, 10)
	lost := true
	stop := h.publishing(func([]provinces.Envelope) error {
		if lost {
			return errors.New("the broker is gone")
		}
		return nil
	})
	if _, err := h.intake.Instruct(ticket(1)); err == nil {
		t.Fatal("the broker is gone, and nobody says so")
	}
	lost = false
	again, err := h.intake.Instruct(ticket(1))
	if err != nil || again.Number != 2 || again.Act == nil {
		t.Fatalf("sent again: %+v (%v)", again, err)
	}
	other := ticket(1)
	other.Maker = "li"
	var refusal *provinces.RejectError
	if _, err := h.intake.Instruct(other); !errors.As(err, &refusal) || refusal.Code != provinces.CodeActObject {
		t.Errorf("another order for the same object: %v", err)
	}
	stop()
	if err := h.store.View(func(tx *store.Tx) error {
		if tx.Last() != 2 {
			t.Errorf("the books end at %d", tx.Last())
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

// Many officers at once: each order is one record, and the same order one for all.
func TestActsAtOnce(t *testing.T) {
	h := newHouse(t, moody{}, 10)
	stop := h.publishing(func([]provinces.Envelope) error { return nil })
	defer stop()
	var wait sync.WaitGroup
	numbers := make([]uint64, 40)
	for i := range numbers {
		wait.Go(func() {
			record, err := h.intake.Instruct(ticket(1 + i%10))
			if err != nil {
				t.Error(err)
				return
			}
			numbers[i] = record.Number
		})
	}
	wait.Wait()
	for i := range numbers {
		if numbers[i] != numbers[i%10] {
			t.Errorf("order %d is record %d and record %d", i%10, numbers[i], numbers[i%10])
		}
	}
}

// Replayed from its answer into books that do not have it, an act comes to the same
// record without any calendar; a changed answer does not.
func TestActsAreReplayedFromTheirAnswers(t *testing.T) {
	h := newHouse(t, moody{}, 10)
	stop := h.publishing(func([]provinces.Envelope) error { return nil })
	record, err := h.intake.Instruct(ticket(0))
	stop()
	if err != nil {
		t.Fatal(err)
	}
	order, err := clearing.ReadInstruction(record.Envelope().Subject, record.Answer)
	if err != nil {
		t.Fatal(err)
	}
	other := newHouse(t, moody{}, 10)
	answered := intake.Answered{Number: 1, Day: record.Day, Answer: append([]byte(" "), record.Answer...), Order: order}
	if err := other.intake.Replay([]intake.Answered{answered}); !errors.Is(err, intake.ErrDiverged) {
		t.Errorf("an answer that is not the act's: %v", err)
	}
	answered.Answer = record.Answer
	if err := other.intake.Replay([]intake.Answered{answered}); err != nil {
		t.Fatal(err)
	}
	roots := make([][32]byte, 0, 2)
	for _, house := range []*house{h, other} {
		if err := house.store.View(func(tx *store.Tx) error {
			root, err := tx.Root(1)
			roots = append(roots, root)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if roots[0] != roots[1] {
		t.Error("the replayed books have another root")
	}
}
