package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/provinces"
)

func yearOf(person string, year int) clearing.YearKey {
	return clearing.YearKey{Home: "65", PersonNo: person, Insutype: "310", Year: year}
}

// adjustment is the plainest decision of officers: it changes no bill.
func adjustment(number uint64) clearing.Decision {
	return clearing.Decision{
		Record: clearing.Record{
			Number: number, Day: firstDay, Outcome: clearing.Adjusted, Subject: fmt.Sprintf("decisions.adjustment.65.%d", number),
			Answer: []byte("{}"), Adjustment: &clearing.Adjustment{Home: "65", PersonNo: "p", Insutype: "310", Maker: "wang", Checker: "li", Reason: "r"},
		},
		Refolds: []clearing.YearKey{yearOf("p", 2026)},
	}
}

func TestReFoldedPersonYearsAreNotedAndListedInOrder(t *testing.T) {
	s := newStore(t)
	one, two := refusal(1, 1, firstDay), refusal(2, 2, firstDay)
	one.Refolds = []clearing.YearKey{yearOf("q", 2026), yearOf("p", 2026), yearOf("p", 2025)}
	two.Refolds = []clearing.YearKey{yearOf("p", 2026)}
	if err := s.apply(t, one, two, adjustment(3)); err != nil {
		t.Fatal(err)
	}
	s.View(func(tx *Tx) error {
		note, ok, err := tx.RefoldNote(yearOf("p", 2026))
		if want := (RefoldNote{First: 1, Last: 2, Adjusted: 3}); err != nil || !ok || note != want {
			t.Errorf("noted is %+v, %v, %v; want %+v", note, ok, err, want)
		}
		if _, ok, _ := tx.RefoldNote(yearOf("r", 2026)); ok {
			t.Error("a year nobody touched is noted")
		}
		list := func(after clearing.YearKey, most int) (keys []string) {
			err := tx.Refolds(after, func(key clearing.YearKey, _ RefoldNote) bool {
				keys = append(keys, fmt.Sprint(key.PersonNo, key.Insutype, key.Year))
				return len(keys) < most
			})
			if err != nil {
				t.Error(err)
			}
			return keys
		}
		for _, x := range []struct {
			after clearing.YearKey
			most  int
			want  string
		}{
			{clearing.YearKey{}, 9, "[p3102025 p3102026 q3102026]"},
			{clearing.YearKey{Home: "65"}, 9, "[p3102025 p3102026 q3102026]"},
			{yearOf("p", 2025), 9, "[p3102026 q3102026]"},
			{yearOf("p", 2025), 1, "[p3102026]"},
			{clearing.YearKey{Home: "66"}, 9, "[]"},
		} {
			if got := fmt.Sprint(list(x.after, x.most)); got != x.want {
				t.Errorf("behind %+v: %s, want %s", x.after, got, x.want)
			}
		}
		return nil
	})
}

// A decision takes a number and a place in its day, and none in a stream.
func TestADecisionHasItsDayAndNoPlaceInAStream(t *testing.T) {
	s := newStore(t)
	if err := s.apply(t, refusal(1, 1, firstDay), adjustment(2), refusal(3, 2, firstDay)); err != nil {
		t.Fatal(err)
	}
	s.View(func(tx *Tx) error {
		day, _ := tx.Day(firstDay)
		if day.Records != 3 || day.From != 1 || day.To != 3 {
			t.Errorf("the day has %+v", day)
		}
		if at, _ := tx.Position("33"); at.Sequence != 2 {
			t.Errorf("the stream is answered to %d", at.Sequence)
		}
		if at, _ := tx.Position(""); at != (clearing.Position{}) {
			t.Errorf("there is a stream without a name: %+v", at)
		}
		if known, _ := tx.Message("adjustment.65.2"); known.Record != 2 {
			t.Errorf("the decision is found as record %d", known.Record)
		}
		if counts, _ := tx.Outcomes(); counts[clearing.Adjusted] != 0 || counts[provinces.Refused] != 2 {
			t.Errorf("outcomes of messages: %v", counts)
		}
		return nil
	})
	err := s.Update(func(tx *Tx) error {
		state, err := tx.Day(firstDay)
		state.Phase = DayClosed
		tx.SetDay(firstDay, state)
		if err != nil {
			return err
		}
		if open, err := tx.OpenDay(); err != nil || open != firstDay+1 {
			t.Errorf("the open day is %s, %v", open, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.apply(t, adjustment(4)); !errors.Is(err, ErrDayOrder) {
		t.Errorf("a decision on a closed day: %v", err)
	}
}

func TestCheckFindsReFoldedYearsThatAreNotTheFoldOfTheirBills(t *testing.T) {
	s := newStore(t)
	if err := s.apply(t, refusal(1, 1, firstDay), adjustment(2)); err != nil {
		t.Fatal(err)
	}
	list := func(change func(*clearing.YearState)) func(*bbolt.Tx) error {
		state := clearing.YearState{Refold: &clearing.Refolded{}}
		change(&state)
		return func(tx *bbolt.Tx) error {
			return put(tx.Bucket(bucketYears), yearKey(yearOf("p", 2026)), state)
		}
	}
	for name, damage := range map[string]struct {
		do   func(*bbolt.Tx) error
		want string
	}{
		"nothing wrong":      {list(func(*clearing.YearState) {}), ""},
		"a fen too much":     {list(func(s *clearing.YearState) { s.Accumulators = benefit.Accumulators{Cost: 1} }), "is not the fold"},
		"a bill that is not": {list(func(s *clearing.YearState) { s.Refold.Bills = []clearing.StandingBill{{Number: 1}} }), "cannot be folded"},
		"an undone that stands": {list(func(s *clearing.YearState) { s.Refold.Undone = []clearing.StandingBill{{Number: 1, Adjusted: 2}} }),
			"as undone: true"},
	} {
		path := filepath.Join(t.TempDir(), "copy.db")
		if err := s.db.View(func(tx *bbolt.Tx) error { return tx.CopyFile(path, 0o600) }); err != nil {
			t.Fatal(err)
		}
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Update(damage.do), db.Close()); err != nil {
			t.Fatal(err)
		}
		result, err := CheckFile(context.Background(), path, nil)
		found := strings.Join(result.Faults, "\n")
		if err != nil || (damage.want == "") != (found == "") || !strings.Contains(found, damage.want) {
			t.Errorf("%s: found %q, %v", name, found, err)
		}
	}
}

// An adjustment of one officer alone is found, however it got there.
func TestCheckFindsAnAdjustmentOfOneOfficer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books.db")
	if err := Create(path, Identity{Install: "test", FirstDay: firstDay}); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	alone := adjustment(1)
	alone.Record.Adjustment.Checker = "WANG"
	if err := s.apply(t, alone); err != nil {
		t.Fatal(err)
	}
	result, err := s.Check(context.Background(), nil)
	if err != nil || !strings.Contains(strings.Join(result.Faults, "\n"), "two named persons") {
		t.Errorf("found %v, %v", result.Faults, err)
	}
}
