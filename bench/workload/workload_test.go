package workload

import (
	"context"
	"path/filepath"
	"testing"

	"clearingd/clearing/store"
)

func TestClaimsAreAsManyAsAskedAndMeetNever(t *testing.T) {
	seen := map[string]bool{}
	for part, count := range map[Part]int{Filling: dayChunk + 10, Draining: 500, Asking: 500} {
		all := All(Claims(1, count, part))
		if len(all) != count {
			t.Errorf("part %d: %d messages, want %d", part, len(all), count)
		}
		for _, m := range all {
			if seen[m.Subject] {
				t.Fatalf("%s is in two places", m.Subject)
			}
			seen[m.Subject] = true
		}
	}
}

func TestHouseAnswersEveryMessageAndItsBooksAreGood(t *testing.T) {
	const count = 400
	state := t.TempDir()
	if err := Load(t.Context(), state, Claims(2, count, Draining)); err != nil {
		t.Fatal(err)
	}
	drained, err := House(t.Context(), state, count, 64)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, n := range drained.Batches {
		if n > 64 {
			t.Errorf("a batch of %d, at most 64 were allowed", n)
		}
		total += n
	}
	if total != count {
		t.Errorf("%d records in all batches, want %d", total, count)
	}
	result, err := store.CheckFile(t.Context(), filepath.Join(state, BooksFile), nil)
	if err != nil || len(result.Faults) > 0 || result.Records != count {
		t.Errorf("%d records, faults %v, %v", result.Records, result.Faults, err)
	}
	b, stop, err := StartBroker(t.Context(), state)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if answers, err := b.AnswersState(t.Context()); err != nil || answers.Last != count {
		t.Errorf("%d answers stored, %v", answers.Last, err)
	}
}

func TestFilledBooksAreGoodAndTheirNightCanBeRunTwice(t *testing.T) {
	dir := t.TempDir()
	s, err := CreateBooks(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := Fill(t.Context(), s, Claims(3, 300, Filling)); err != nil {
		t.Fatal(err)
	}
	result, err := s.Check(t.Context(), nil)
	if err != nil || len(result.Faults) > 0 || result.Records != 300 {
		t.Fatalf("%d records, faults %v, %v", result.Records, result.Faults, err)
	}
	var seals [2][32]byte
	for i := range seals {
		if err := Freeze(s, Day); err != nil {
			t.Fatal(err)
		}
		if err := NewNight(s, filepath.Join(dir, "reports"), [32]byte{1}).Close(context.Background(), Day); err != nil {
			t.Fatal(err)
		}
		if err := s.View(func(tx *store.Tx) error {
			state, err := tx.Day(Day)
			seals[i] = state.Seal.Digest
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if seals[0] != seals[1] || seals[0] == ([32]byte{}) {
		t.Errorf("the second night sealed %x, the first %x", seals[1], seals[0])
	}
}
