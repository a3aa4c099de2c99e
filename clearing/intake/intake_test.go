package intake_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/intake"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

const firstDay = ledger.Day(20000)

// house is an intake on real books; its clean-up runs the books' own check.
type house struct {
	testing.TB
	store     *store.Store
	intake    *intake.Intake
	published []provinces.Envelope
	faults    []error
}

func newHouse(t testing.TB, adapter provinces.Adapter, batchMax int) *house {
	t.Helper()
	path := filepath.Join(t.TempDir(), "books.db")
	if err := store.Create(path, store.Identity{Install: "test", FirstDay: firstDay}); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	plans, err := benefit.LoadFS(data.Plans)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{TB: t, store: s}
	h.intake = intake.New(intake.Options{
		Store: s, Cutoff: clearing.Midnight, Manual: true, BatchMax: batchMax,
		Desk: &clearing.Desk{Plans: plans, Adapters: map[ledger.Province]provinces.Adapter{"33": adapter, "44": adapter}},
		Observe: func(e intake.Event) {
			if e.Fault != nil {
				h.faults = append(h.faults, e.Fault)
			}
		},
	})
	h.update(func(tx *store.Tx) error {
		tx.SetPosition("33", clearing.Position{Day: firstDay})
		tx.SetPosition("44", clearing.Position{Day: firstDay})
		return nil
	})
	t.Cleanup(func() {
		result, err := s.Check(context.Background(), nil)
		if err != nil || len(result.Faults) > 0 {
			t.Errorf("the books fail their check: %v %v", err, result.Faults)
		}
		s.Close()
	})
	return h
}

func (h *house) update(fn func(*store.Tx) error) {
	h.Helper()
	if err := h.store.Update(fn); err != nil {
		h.Fatal(err)
	}
}

func (h *house) commit(messages ...provinces.Message) {
	h.Helper()
	items := make([]intake.Item, len(messages))
	for i, m := range messages {
		items[i] = h.intake.Decode(m)
	}
	err := h.intake.Commit(items, func(answers []provinces.Envelope) error {
		h.published = append(h.published, answers...)
		return nil
	})
	if err != nil {
		h.Fatal(err)
	}
}

// outcomes lists what was published, in order: "<msgid>:<outcome>".
func (h *house) outcomes() string {
	var list []string
	for _, e := range h.published {
		list = append(list, e.Subject[strings.LastIndexByte(e.Subject, '.')+1:]+":"+e.Header[provinces.HeaderOutcome])
	}
	return strings.Join(list, " ")
}

// moody is an adapter that refuses every message, except where the body tells it to
// fail.
type moody struct{ mended *bool }

func (m moody) Decode(body []byte) (provinces.Request, error) {
	if m.mended != nil && *m.mended {
		body = nil
	}
	switch string(body) {
	case "panic":
		panic("patient 110101199003070011")
	case "fail":
		return provinces.Request{}, errors.New("our own fault")
	}
	return provinces.Request{}, provinces.Reject(provinces.CodeMalformed, "", "", "")
}

func (moody) Encode(a provinces.Answer) ([]byte, error) {
	return fmt.Appendf(nil, "%d %d", a.Number, int(a.Code)), nil
}

func message(stream ledger.Province, sequence uint64, body string) provinces.Message {
	return provinces.Message{
		Stream: stream, Sequence: sequence, Body: []byte(body),
		Subject:  fmt.Sprintf("claims.%s.65.H33010000001.m%d", stream, sequence),
		Received: time.Date(2024, 10, 4, 8, 0, int(sequence), 0, time.UTC),
	}
}

func TestEveryMessageGetsOneOutcomeInTheOrderOfItsStream(t *testing.T) {
	for _, batchMax := range []int{1, 2, 100} {
		h := newHouse(t, moody{}, batchMax)
		h.commit(message("33", 1, "x"), message("33", 2, "x"), message("33", 3, "x"))
		if got := h.outcomes(); got != "m1:refused m2:refused m3:refused" {
			t.Errorf("batches of %d: %s", batchMax, got)
		}
	}
}

func TestAMessageDeliveredTwiceIsAnsweredOnce(t *testing.T) {
	h := newHouse(t, moody{}, 10)
	h.commit(message("33", 1, "x"), message("33", 2, "x"))
	h.commit(message("33", 2, "x"), message("33", 3, "x"))
	if got := h.outcomes(); got != "m1:refused m2:refused m3:refused" {
		t.Error(got)
	}
}

func TestAMessageWeFailOnIsQuarantinedAndTheOthersFlow(t *testing.T) {
	for _, body := range []string{"panic", "fail"} {
		h := newHouse(t, moody{}, 10)
		h.commit(message("33", 1, "x"), message("33", 2, body), message("33", 3, "x"), message("33", 4, "x"))
		if got := h.outcomes(); got != "m1:refused m2:quarantined m3:refused m4:refused" {
			t.Errorf("%s: %s", body, got)
		}
		if len(h.faults) != intake.AttemptsMax {
			t.Errorf("%s: tried %d times, want %d", body, len(h.faults), intake.AttemptsMax)
		}
		for _, fault := range h.faults {
			if strings.Contains(fault.Error(), "110101199003070011") {
				t.Errorf("the fault shows a patient's number: %v", fault)
			}
		}
		h.store.View(func(tx *store.Tx) error {
			if n, _ := tx.Attempts("33", 2); n != 0 {
				t.Errorf("%s: %d attempts left behind", body, n)
			}
			record, err := tx.Record(2)
			if err != nil || record.Code != provinces.CodeInternal || string(record.Answer) != "2 9001" {
				t.Errorf("%s: %+v, %v", body, record, err)
			}
			return nil
		})
	}
}

// TestAQuarantinedMessageIsDecidedAgainWithItsDay: our fault is mended, and an operator has
// the message decided again (design section 4, last row of the outcomes).
func TestAQuarantinedMessageIsDecidedAgainWithItsDay(t *testing.T) {
	mended := false
	h := newHouse(t, moody{&mended}, 10)
	batches := make(chan []intake.Item, 1)
	batches <- []intake.Item{h.intake.Decode(message("33", 1, "fail"))}
	running, done := make(chan struct{}), make(chan error)
	go func() {
		done <- h.intake.Run(context.Background(), batches, func(answers []provinces.Envelope) error {
			h.published = append(h.published, answers...)
			if len(h.published) == 1 {
				close(running)
			}
			return nil
		})
	}()
	<-running
	order := clearing.RedoOrder{Entry: 1, Operator: "Wang", Reason: "the adapter is mended", At: time.Unix(0, 0).UTC()}
	if _, err := h.intake.Redo(order, message("33", 1, "fail")); err == nil {
		t.Error("decided again although the fault is still there")
	}
	mended = true
	if _, err := h.intake.Redo(clearing.RedoOrder{Entry: 1}, message("33", 1, "fail")); !errors.Is(err, clearing.ErrReason) {
		t.Errorf("without operator and reason: %v", err)
	}
	record, err := h.intake.Redo(order, message("33", 1, "fail"))
	if err != nil || record.Outcome != provinces.Refused || record.Day != firstDay || record.Number != 2 {
		t.Fatalf("%+v, %v", record, err)
	}
	if again, err := h.intake.Redo(order, message("33", 1, "fail")); err != nil || again.Number != 2 {
		t.Errorf("the same order once more: %+v, %v", again, err)
	}
	if _, err := h.intake.Redo(clearing.RedoOrder{Entry: 2, Operator: "Wang", Reason: "x"}, message("33", 1, "fail")); !errors.Is(err, clearing.ErrNotQuarantined) {
		t.Errorf("a record that is not quarantined: %v", err)
	}
	close(batches)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	last := h.published[len(h.published)-1]
	claim := "claims.33.65.H33010000001.m1"
	if got, subject, ok, err := clearing.ReadRedo(last.Subject, last.Header); !ok || err != nil || subject != claim || got != order {
		t.Errorf("published on %s with %v: %+v, %s, %v", last.Subject, last.Header, got, subject, err)
	}
	h.store.View(func(tx *store.Tx) error {
		if waiting, err := tx.Quarantined(); waiting != 0 || err != nil {
			t.Errorf("%d messages wait, %v", waiting, err)
		}
		if at, err := tx.Position("33"); at.Sequence != 1 || err != nil {
			t.Errorf("the stream's position moved to %d, %v", at.Sequence, err)
		}
		return nil
	})
}

func TestAGapInAStreamIsNeverPassedOver(t *testing.T) {
	h := newHouse(t, moody{}, 10)
	h.commit(message("33", 1, "x"))
	err := h.intake.Commit([]intake.Item{h.intake.Decode(message("33", 3, "x"))}, nil)
	if !errors.Is(err, store.ErrSequence) {
		t.Errorf("sequence 3 after 1: %v", err)
	}
}

func TestDaysFollowTheStoredCuts(t *testing.T) {
	h := newHouse(t, moody{}, 10)
	h.commit(message("33", 1, "x"), message("33", 2, "x"))
	h.update(func(tx *store.Tx) error {
		return errors.Join(tx.SetCut(firstDay, "33", 3), tx.SetCut(firstDay, "44", 0))
	})
	h.commit(message("33", 3, "x"), message("33", 4, "x"), message("44", 1, "x"))
	h.store.View(func(tx *store.Tx) error {
		for number, want := range map[uint64]ledger.Day{1: firstDay, 3: firstDay, 4: firstDay + 1, 5: firstDay + 1} {
			if record, err := tx.Record(number); err != nil || record.Day != want {
				t.Errorf("record %d is on %v, want %s (%v)", number, record.Day, want, err)
			}
		}
		if day, err := tx.Day(firstDay); err != nil || day.Records != 3 || day.From != 1 || day.To != 3 {
			t.Errorf("first day: %+v, %v", day, err)
		}
		return nil
	})
}

func TestRunAnswersWhatIsReadyTogetherAndStopsWhenTheStreamsDo(t *testing.T) {
	h := newHouse(t, moody{}, 100)
	batches := make(chan []intake.Item, 3)
	for i := uint64(1); i <= 3; i++ {
		batches <- []intake.Item{h.intake.Decode(message("33", i, "x"))}
	}
	close(batches)
	var sizes []int
	err := h.intake.Run(context.Background(), batches, func(answers []provinces.Envelope) error {
		sizes = append(sizes, len(answers))
		return nil
	})
	if err != nil || fmt.Sprint(sizes) != "[3]" {
		t.Errorf("batches of %v, %v", sizes, err)
	}
}
