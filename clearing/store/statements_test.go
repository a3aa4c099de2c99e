package store

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

var (
	wardA   = provinces.Party{Kind: provinces.PartyProvider, Province: "33", Provider: "H33010000001"}
	wardB   = provinces.Party{Kind: provinces.PartyProvider, Province: "33", Provider: "H33010000002"}
	march   = func(day int) ledger.Day { return ledger.NewDay(2026, time.March, day) }
	oneLine = provinces.StatementTotal{Insutype: "310", Count: 1}
)

// applied puts a statement into the books as the intake does; rows of 0 are totals alone.
func (s *Store) applied(t *testing.T, party provinces.Party, number uint64, from, to ledger.Day, rows int, totals ...provinces.StatementTotal) {
	t.Helper()
	r := clearing.StatementRecord{
		Party: party, ID: fmt.Sprintf("S%d", number), First: number, Head: number, Number: number, Outcome: provinces.StatementApplied,
		Statement: provinces.Statement{Party: party, ID: fmt.Sprintf("S%d", number), From: from, To: to, Horizon: to, Totals: totals, Serial: number},
	}
	if rows > 0 {
		r.Statement.File = &provinces.StatementFile{Parts: 1}
		w := s.NewRowWriter(number)
		for n := range rows {
			if err := w.Add(provinces.StatementRow{Line: n + 1, SettlementID: fmt.Sprint(n)}); err != nil {
				t.Fatal(err)
			}
		}
		sealed, err := w.Close()
		if err != nil {
			t.Fatal(err)
		}
		r.Rows, r.Blocks, r.RowsDigest = sealed.Rows, sealed.Blocks, sealed.Digest
	}
	err := s.Update(func(tx *Tx) error {
		if err := tx.DecideStatement(&r); err != nil {
			return err
		}
		tx.SetPosition(StatementsStream, clearing.Position{Sequence: number})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *Store) inForce(t *testing.T, day ledger.Day) string {
	t.Helper()
	var list []string
	err := s.View(func(tx *Tx) error {
		all, err := tx.StatementsInForce(day)
		for _, in := range all {
			list = append(list, fmt.Sprintf("%s/%d:%v%v", in.Party.Provider[11:], in.Number, in.Rows, in.Totals))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(list, " ")
}

// TestWhatIsInForce: of rows the last, of totals the last of each kind and range, for
// every party of its own.
func TestWhatIsInForce(t *testing.T) {
	s := newStore(t)
	s.applied(t, wardB, 1, march(5), march(5), 1, oneLine)
	s.applied(t, wardA, 2, march(5), march(5), 0, oneLine, provinces.StatementTotal{Insutype: "390", Count: 1})
	s.applied(t, wardA, 3, march(1), march(31), 1, oneLine)
	s.applied(t, wardA, 4, march(5), march(5), 0, oneLine)
	s.applied(t, wardA, 5, march(6), march(6), 1, oneLine)
	s.applied(t, wardA, 6, march(1), march(1), 0, oneLine)
	for day, want := range map[ledger.Day]string{
		march(1):  "1/3:true[0] 1/6:false[0]",
		march(5):  "1/2:false[1] 1/3:true[0] 1/4:false[0] 2/1:true[0]",
		march(6):  "1/3:false[0] 1/5:true[0]",
		march(31): "1/3:true[0]",
		march(0):  "",
		march(32): "",
	} {
		if got := s.inForce(t, day); got != want {
			t.Errorf("%s: %s, want %s", day, got, want)
		}
	}
	var parties []string
	s.View(func(tx *Tx) error {
		return tx.StatementParties(func(p provinces.Party) bool { parties = append(parties, p.Provider[11:]); return true })
	})
	if fmt.Sprint(parties) != "[1 2]" {
		t.Errorf("parties %v", parties)
	}
}

// TestDueStatementsAreThoseWhoseDaysAreClosed, and refusals at once.
func TestDueStatementsAreThoseWhoseDaysAreClosed(t *testing.T) {
	s := newStore(t)
	s.applied(t, wardA, 1, march(5), march(5), 0, oneLine)
	s.applied(t, wardA, 2, march(1), march(31), 0, oneLine)
	err := s.Update(func(tx *Tx) error {
		tx.SetPosition(StatementsStream, clearing.Position{Sequence: 3})
		return tx.DecideStatement(&clearing.StatementRecord{Party: wardA, ID: "R", Number: 3, Outcome: provinces.StatementRefused, Code: 1001, Answer: []byte("no")})
	})
	if err != nil {
		t.Fatal(err)
	}
	for closed, want := range map[ledger.Day]string{march(4): "[3]", march(5): "[1 3]", march(30): "[1 3]", march(31): "[1 2 3]"} {
		var due []uint64
		if err := s.View(func(tx *Tx) error {
			return tx.StatementsDue(0, closed, func(r *clearing.StatementRecord) bool { due = append(due, r.Number); return true })
		}); err != nil || fmt.Sprint(due) != want {
			t.Errorf("closed through %s: %v, want %s, %v", closed, due, want, err)
		}
	}
}

// TestRowsAreReadFromAnyPlace, across blocks.
func TestRowsAreReadFromAnyPlace(t *testing.T) {
	s := newStore(t)
	const rows = 2*rowsInBlock + 7
	s.applied(t, wardA, 1, march(5), march(5), rows, oneLine)
	for _, skip := range []int64{0, 1, rowsInBlock - 1, rowsInBlock, 2*rowsInBlock + 6, rows, rows + 10_000} {
		next := skip
		err := s.StatementRowsFrom(context.Background(), 1, skip, func(row *provinces.StatementRow) error {
			if row.SettlementID != fmt.Sprint(next) {
				return fmt.Errorf("row %s in place of %d", row.SettlementID, next)
			}
			next++
			return nil
		})
		if err != nil || next != max(skip, rows) {
			t.Errorf("from %d: came to %d, %v", skip, next, err)
		}
	}
}

// TestTheCheckFindsAlteredStatements: a block of rows that is gone or is another one, and a
// statement that lies under another name.
func TestTheCheckFindsAlteredStatements(t *testing.T) {
	for what, alter := range map[string]func(*bbolt.Tx) error{
		"rows are not those": func(tx *bbolt.Tx) error {
			other, _ := encode([]provinces.StatementRow{{SettlementID: "x"}, {SettlementID: "y"}, {SettlementID: "z"}})
			return tx.Bucket(bucketRows).Put(blockKey(1, 0), other)
		},
		"block 0 of its rows is missing": func(tx *bbolt.Tx) error { return tx.Bucket(bucketRows).Delete(blockKey(1, 0)) },
		"not found by its number":        func(tx *bbolt.Tx) error { return putBytes(tx.Bucket(bucketNumbers), numberKey(1), []byte("x")) },
		"newer than what has been read":  func(tx *bbolt.Tx) error { return tx.Bucket(bucketPositions).Delete([]byte(StatementsStream)) },
	} {
		path := filepath.Join(t.TempDir(), "books.db")
		if err := Create(path, Identity{Install: "test", FirstDay: firstDay}); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		s.applied(t, wardA, 1, march(5), march(5), 3, oneLine)
		if err := s.db.Update(alter); err != nil {
			t.Fatal(err)
		}
		result, err := s.Check(context.Background(), nil)
		if err != nil || !strings.Contains(strings.Join(result.Faults, "\n"), what) {
			t.Errorf("%s: %v %v", what, result.Faults, err)
		}
		s.Close()
	}
}

// TestTheCheckIsNotMisledByWriters: books that are written while they are checked are
// sound books.
func TestTheCheckIsNotMisledByWriters(t *testing.T) {
	s := newStore(t)
	s.applied(t, wardA, 1, march(5), march(5), 3*rowsInBlock, oneLine)
	stop, stopped := make(chan struct{}), make(chan error)
	go func() {
		for n := uint64(2); ; n++ {
			select {
			case <-stop:
				stopped <- nil
				return
			default:
			}
			err := s.Update(func(tx *Tx) error {
				bucket := tx.raw.Bucket(bucketRows)
				for block := range uint32(20) {
					if err := bucket.Put(blockKey(1<<40, block), make([]byte, 1000*(n%7)+1)); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				stopped <- err
				return
			}
		}
	}()
	for range 30 {
		result, err := s.Check(context.Background(), nil)
		if err != nil || len(result.Faults) > 0 {
			t.Errorf("%v %v", result.Faults, err)
			break
		}
	}
	close(stop)
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
