package lab_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/clearing/lab"
	"clearingd/clearing/sim"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

// month fills books with seeded days over all provinces, each with its cancellations,
// reversals, repeats and refusals, and closes them.
func month(t testing.TB, days, perDay int) (*books, *benefit.Set) {
	t.Helper()
	plans, err := benefit.LoadFS(data.Plans)
	if err != nil {
		t.Fatal(err)
	}
	adapters, err := data.Adapters()
	if err != nil {
		t.Fatal(err)
	}
	b := newBooks(t, plans, adapters)
	for day := firstDay; day < firstDay+ledger.Day(days); day++ {
		config := sim.DefaultConfig(uint64(day), perDay, day)
		config.Cancels, config.SecondStays = 150, 150 // more than usual: they are what can go wrong here
		answers := map[string]sim.Answered{}
		send := func(messages []sim.Message) {
			sent := make([]provinces.Message, len(messages))
			for i, m := range messages {
				subject, err := provinces.ParseSubject(m.Subject)
				if err != nil {
					t.Fatal(err)
				}
				sent[i] = provinces.Message{Stream: subject.Treatment, Subject: m.Subject, Body: m.Body}
			}
			for i, r := range b.commit(sent...) {
				answers[messages[i].Subject] = sim.Answered{Outcome: r.Outcome}
				if r.Outcome == provinces.Booked {
					answers[messages[i].Subject] = sim.Answered{Outcome: r.Outcome, SettlementID: r.SettlementID()}
				}
			}
		}
		send(sim.Day(config).Messages)
		send(sim.FollowUps(config, answers).Messages)
		b.closeDay(day)
	}
	return b, plans
}

// TestTheSamePlansGiveZeroDifferences: a draft that is what the bills were booked with
// changes nothing, over the whole month and over any part of it (where-to-lead P7).
func TestTheSamePlansGiveZeroDifferences(t *testing.T) {
	const days = 10
	b, plans := month(t, days, 50)
	undone := 0
	for from := firstDay; from < firstDay+days; from += 3 {
		for to := from; to < firstDay+days; to += 4 {
			result, lines := b.run(plans, from, to)
			if result.Total.Bills == 0 || result.Total.Changed != 0 || result.Total.Refused != 0 || result.OutOfOrder != 0 ||
				result.Adjustments != 0 || len(result.Plans) != 0 || len(result.Total.Difference.Funds) != 0 {
				t.Errorf("%s to %s: %+v", from, to, result.Total)
			}
			for _, l := range lines {
				if l.Changed || l.Booked.Cost == 0 {
					t.Errorf("record %d: booked %+v, draft %+v", l.Entry, l.Booked.Figures, l.Draft.Figures)
				}
				if l.Corrects != 0 {
					undone++
				}
			}
		}
	}
	if undone == 0 {
		t.Error("the month holds no cancellation: it tries nothing")
	}
}

// TestTheSameInputsGiveTheSameBytes: the result is a function of copy and draft.
func TestTheSameInputsGiveTheSameBytes(t *testing.T) {
	b, plans := month(t, 2, 40)
	render := func() []byte {
		result, lines := b.run(plans, 0, 0)
		body, err := json.Marshal(struct {
			R lab.Result
			L []lab.Line
		}{result, lines})
		if err != nil {
			t.Fatal(err)
		}
		return body
	}
	if one, two := render(), render(); !bytes.Equal(one, two) {
		t.Errorf("%s\nand\n%s", one, two)
	}
}

// TestCurrentPlansComeFromTheBooks: without a draft the laboratory can check the books
// against the plans they keep.
func TestCurrentPlansComeFromTheBooks(t *testing.T) {
	b, plans := month(t, 1, 20)
	current, err := lab.Current(b.store)
	if err != nil {
		t.Fatal(err)
	}
	if current.Hash() != plans.Hash() || len(current.Plans()) != len(plans.Plans()) {
		t.Errorf("%d plans with hash %x, in force were %d with %x", len(current.Plans()), current.Hash(), len(plans.Plans()), plans.Hash())
	}
	if err := b.store.View(func(tx *store.Tx) error { _, err := lab.PlansOf(tx, [32]byte{1}); return err }); err == nil {
		t.Error("a set the books do not hold was read")
	}
}
