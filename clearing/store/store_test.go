package store

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

const firstDay = ledger.Day(20000)

// newStore opens fresh books whose clean-up runs their check.
func newStore(t testing.TB) *Store {
	t.Helper()
	path := filepath.Join(t.TempDir(), "books.db")
	if err := Create(path, Identity{Install: "test", FirstDay: firstDay}); err != nil {
		t.Fatal(err)
	}
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if result, err := s.Check(context.Background(), nil); !t.Failed() && (err != nil || len(result.Faults) > 0) {
			t.Errorf("the books fail their check: %v %v", err, result.Faults)
		}
		s.Close()
	})
	return s
}

// refusal is the plainest decision there is.
func refusal(number, sequence uint64, day ledger.Day) clearing.Decision {
	return clearing.Decision{Record: clearing.Record{
		Number: number, Stream: "33", Sequence: sequence, Day: day, Received: int64(number),
		Subject: "claims.33.65.H33010000001.m" + string(rune('0'+sequence)),
		Digest:  [32]byte{byte(number)}, Outcome: provinces.Refused, Code: provinces.CodeMalformed, Answer: []byte("no"),
	}}
}

func (s *Store) apply(t testing.TB, decisions ...clearing.Decision) error {
	t.Helper()
	return s.Update(func(tx *Tx) error {
		for _, d := range decisions {
			if err := tx.Apply(d); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestOptionsNeverSkipASync(t *testing.T) {
	o := options(false)
	if o.NoSync || o.NoGrowSync || o.NoFreelistSync || o.Timeout == 0 {
		t.Errorf("%+v", o)
	}
}

func TestCreationLeavesNothingOrGoodBooks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books.db")
	if _, err := Open(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open without books: %v", err)
	}
	if err := os.WriteFile(path+".new", []byte("half a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, Identity{Install: "a", FirstDay: firstDay}); err != nil {
		t.Fatalf("after an interrupted creation: %v", err)
	}
	if err := Create(path, Identity{Install: "b"}); !errors.Is(err, ErrExists) {
		t.Errorf("over existing books: %v", err)
	}
	s, err := Open(path)
	if err != nil || s.Identity() != (Identity{Install: "a", FirstDay: firstDay}) {
		t.Fatalf("%+v, %v", s, err)
	}
	defer s.Close()
}

func TestASecondProcessIsToldSo(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for the lock")
	}
	s := newStore(t)
	if _, err := Open(s.Path()); !errors.Is(err, ErrLocked) {
		t.Errorf("second open: %v", err)
	}
}

func TestANewerFormatIsRefusedUntouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "books.db")
	if err := Create(path, Identity{}); err != nil {
		t.Fatal(err)
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Update(func(tx *bbolt.Tx) error { return writeMeta(tx, meta{Format: layouts.newest() + 1}) }); err != nil {
		t.Fatal(err)
	}
	db.Close()
	before, _ := os.ReadFile(path)
	if _, err := Open(path); !errors.Is(err, ErrFormat) {
		t.Errorf("%v", err)
	}
	if after, _ := os.ReadFile(path); string(before) != string(after) {
		t.Error("the file was changed")
	}
}

func TestAFileThatIsNoBooksIsDamaged(t *testing.T) {
	for name, content := range map[string]string{"text": strings.Repeat("no books ", 2000), "empty pages": strings.Repeat("\x00", 16384)} {
		path := filepath.Join(t.TempDir(), "books.db")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnErrorLeavesTheBooksAsTheyWere(t *testing.T) {
	s := newStore(t)
	if err := s.apply(t, refusal(1, 1, firstDay)); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	err := s.Update(func(tx *Tx) error {
		if err := tx.Apply(refusal(2, 2, firstDay)); err != nil {
			return err
		}
		return broken
	})
	if !errors.Is(err, broken) {
		t.Fatal(err)
	}
	s.View(func(tx *Tx) error {
		at, _ := tx.Position("33")
		message, _ := tx.Message("33.65.H33010000001.m2")
		if tx.Last() != 1 || at.Sequence != 1 || message.Record != 0 {
			t.Errorf("last record %d, position %d, message %+v", tx.Last(), at.Sequence, message)
		}
		return nil
	})
}

func TestStreamsAreAnsweredWithoutGapsAndDaysNeverGoBack(t *testing.T) {
	s := newStore(t)
	if err := s.apply(t, refusal(1, 1, firstDay), refusal(2, 2, firstDay+1)); err != nil {
		t.Fatal(err)
	}
	if err := s.apply(t, refusal(3, 4, firstDay+1)); !errors.Is(err, ErrSequence) {
		t.Errorf("a gap: %v", err)
	}
	if err := s.apply(t, refusal(3, 3, firstDay)); !errors.Is(err, ErrDayOrder) {
		t.Errorf("a day back: %v", err)
	}
	if err := s.Update(func(tx *Tx) error {
		tx.SetDay(firstDay+1, DayState{Phase: DayClosed, Records: 1, From: 2, To: 2})
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := s.apply(t, refusal(3, 3, firstDay+1)); !errors.Is(err, ErrDayOrder) {
		t.Errorf("into a closed day: %v", err)
	}
}

func TestCrossingIntoALaterDayDecidesTheCutsLeftBehind(t *testing.T) {
	s := newStore(t)
	if err := s.apply(t, refusal(1, 1, firstDay), refusal(2, 2, firstDay+3)); err != nil {
		t.Fatal(err)
	}
	s.View(func(tx *Tx) error {
		for day := firstDay; day < firstDay+3; day++ {
			if cut, decided, err := tx.Cut(day, "33"); err != nil || !decided || cut != 1 {
				t.Errorf("%s ends at %d, decided %v", day, cut, decided)
			}
		}
		if _, decided, err := tx.Cut(firstDay+3, "33"); err != nil || decided {
			t.Error("the open day's end is decided")
		}
		return nil
	})
	if err := s.Update(func(tx *Tx) error { return tx.SetCut(firstDay, "33", 2) }); err != nil {
		t.Fatal(err)
	}
	s.View(func(tx *Tx) error {
		if cut, _, err := tx.Cut(firstDay, "33"); err != nil || cut != 1 {
			t.Errorf("a decided cut was decided again: %d", cut)
		}
		return nil
	})
}

func TestCheckFindsStatesThatTheRecordsDoNotGive(t *testing.T) {
	s := newStore(t)
	if err := s.apply(t, refusal(1, 1, firstDay), refusal(2, 2, firstDay)); err != nil {
		t.Fatal(err)
	}
	good := map[string]func(*bbolt.Tx) error{
		"a position ahead": func(tx *bbolt.Tx) error {
			return put(tx.Bucket(bucketPositions), []byte("33"), clearing.Position{Sequence: 9, Day: firstDay})
		},
		"a message forgotten": func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketMessages).Delete([]byte("33.65.H33010000001.m1"))
		},
		"a person-year without a bill": func(tx *bbolt.Tx) error {
			return put(tx.Bucket(bucketYears), []byte("65x"), clearing.YearState{Last: 1})
		},
	}
	for name, damage := range good {
		path := filepath.Join(t.TempDir(), "copy.db")
		if err := s.db.View(func(tx *bbolt.Tx) error { return tx.CopyFile(path, 0o600) }); err != nil {
			t.Fatal(err)
		}
		db, err := bbolt.Open(path, 0o600, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(db.Update(damage), db.Close()); err != nil {
			t.Fatal(err)
		}
		if result, err := CheckFile(context.Background(), path, nil); err != nil || len(result.Faults) == 0 {
			t.Errorf("%s: the check found nothing (%v)", name, err)
		}
	}
}

func TestCheckFileChangesNothing(t *testing.T) {
	s := newStore(t)
	path := s.Path()
	if err := s.apply(t, refusal(1, 1, firstDay)); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "copy.db")
	if err := s.db.View(func(tx *bbolt.Tx) error { return tx.CopyFile(copied, 0o400) }); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(copied)
	result, err := CheckFile(context.Background(), copied, nil)
	if err != nil || len(result.Faults) > 0 || result.Records != 1 {
		t.Errorf("%s: %+v, %v", path, result, err)
	}
	if after, _ := os.ReadFile(copied); string(before) != string(after) {
		t.Error("the check changed the file")
	}
}
