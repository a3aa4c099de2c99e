package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"clearingd/bench/measure"
	"clearingd/bench/workload"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
)

// childPrefix begins the first argument of this program when it runs as its own child:
// memory can only be measured in a process that does one thing.
const childPrefix = "child-"

// childResult is what a child prints.
type childResult struct {
	Seconds float64
	Peak    uint64 // bytes of memory of its own
	Records uint64
}

// children by name.
var children = map[string]func(ctx context.Context, books, reports string, from, to ledger.Day) (uint64, error){
	"scan":   scanBooks,
	"ahead":  readAheadAndScan,
	"night":  closeNight,
	"report": makeReport,
	"period": reportPeriod,
	"check":  checkBooks,
	"copy":   copyBooks,
	"sort":   sortSides,
	"match":  matchSides,
}

// child does one thing, timed, and prints the result.
func child(args []string) int {
	fs := flag.NewFlagSet(args[0], flag.ContinueOnError)
	books := fs.String("books", "", "file of the books")
	reports := fs.String("reports", "", "directory for what is written")
	from := fs.Int("from", int(workload.Day), "first day")
	to := fs.Int("to", int(workload.Day), "last day")
	step := fs.String("step", "", "step of a claim")
	count := fs.Int("count", 0, "how often")
	if fs.Parse(args[1:]) != nil {
		return 64
	}
	name := strings.TrimPrefix(args[0], childPrefix)
	if name == "step" {
		if err := runStep(*step, *count); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			return 1
		}
		return 0
	}
	peak := measure.WatchMemory(10 * time.Millisecond)
	began := time.Now()
	records, err := children[name](context.Background(), *books, *reports, ledger.Day(*from), ledger.Day(*to))
	result := childResult{Seconds: time.Since(began).Seconds(), Peak: peak(), Records: records}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		return 1
	}
	return 0
}

// runChild runs this program as a child. cold makes the kernel forget the books' pages
// before.
func (b *bench) runChild(ctx context.Context, name, books string, cold bool, from, to ledger.Day) (r childResult, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	if cold {
		if err := measure.DropCache(books); err != nil {
			return r, err
		}
	}
	command := exec.CommandContext(ctx, self, childPrefix+name, "-books", books,
		"-reports", filepath.Join(filepath.Dir(books), "reports"), "-from", fmt.Sprint(int(from)), "-to", fmt.Sprint(int(to)))
	command.Stderr = os.Stderr
	text, err := command.Output()
	if err != nil {
		return r, fmt.Errorf("%s of %s: %w", name, books, err)
	}
	return r, json.Unmarshal(text, &r)
}

// scanBooks is the least a night can do: read every record once, check its checksum,
// and add its postings up by pair of provinces.
func scanBooks(_ context.Context, books, _ string, _, _ ledger.Day) (records uint64, err error) {
	db, err := bbolt.Open(books, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	matrix := make(map[[2]ledger.Province]ledger.Amount)
	err = db.View(func(tx *bbolt.Tx) error {
		records = boltstore.Last(tx)
		return boltstore.Scan(tx, 1, records, func(r boltstore.Record) error {
			for _, p := range r.Entry.Postings {
				if p.Account.Side == ledger.Receivable {
					matrix[[2]ledger.Province{p.Account.Home.Province(), p.Account.Treatment.Province()}] += p.Amount
				}
			}
			return nil
		})
	})
	if err == nil && len(matrix) == 0 {
		err = errors.New("the books hold no posting")
	}
	return records, errors.Join(err, db.Close())
}

// readAheadAndScan reads the file once from end to end before it is scanned: on a cold
// cache that is several times as fast as to wait for page after page.
func readAheadAndScan(ctx context.Context, books, reports string, from, to ledger.Day) (uint64, error) {
	f, err := os.Open(books)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buffer := make([]byte, 1<<20)
	for {
		_, err := f.Read(buffer)
		if errors.Is(err, io.EOF) {
			return scanBooks(ctx, books, reports, from, to)
		}
		if err != nil {
			return 0, err
		}
	}
}

// withStore opens books for reading and writing.
func withStore(books string, do func(*store.Store) error) error {
	s, err := store.Open(books)
	if err != nil {
		return err
	}
	return errors.Join(do(s), s.Close())
}

func closeNight(ctx context.Context, books, reports string, day, _ ledger.Day) (records uint64, err error) {
	return records, withStore(books, func(s *store.Store) error {
		if err := workload.Freeze(s, day); err != nil {
			return err
		}
		if err := workload.NewNight(s, reports, [32]byte{1}).Close(ctx, day); err != nil {
			return err
		}
		return s.View(func(tx *store.Tx) error {
			state, err := tx.Day(day)
			records = state.Records
			return err
		})
	})
}

// makeReport makes the report in memory: the night without its files.
func makeReport(ctx context.Context, books, reports string, from, to ledger.Day) (records uint64, err error) {
	return records, withStore(books, func(s *store.Store) error {
		r, err := workload.NewNight(s, reports, [32]byte{1}).Report(ctx, from, to)
		records = r.Summary.Received
		return err
	})
}

func reportPeriod(ctx context.Context, books, reports string, from, to ledger.Day) (uint64, error) {
	return 0, withStore(books, func(s *store.Store) error {
		_, err := workload.NewNight(s, reports, [32]byte{1}).Period(ctx, from, to)
		return err
	})
}

// checkBooks is clearctl check --offline.
func checkBooks(ctx context.Context, books, _ string, _, _ ledger.Day) (uint64, error) {
	result, err := store.CheckFile(ctx, books, nil)
	if err == nil && len(result.Faults) > 0 {
		err = fmt.Errorf("the books have faults, first: %s", result.Faults[0])
	}
	return result.Records, err
}

// copyBooks copies the books as they stand in one read transaction, which is possible
// beside a writer, and syncs the copy.
func copyBooks(_ context.Context, books, reports string, _, _ ledger.Day) (uint64, error) {
	db, err := bbolt.Open(books, 0o600, &bbolt.Options{ReadOnly: true})
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(reports, 0o700); err != nil {
		return 0, errors.Join(err, db.Close())
	}
	path := filepath.Join(reports, "copy.db")
	out, err := os.Create(path)
	if err != nil {
		return 0, errors.Join(err, db.Close())
	}
	err = db.View(func(tx *bbolt.Tx) error {
		_, err := tx.WriteTo(out)
		return err
	})
	return 0, errors.Join(err, out.Sync(), out.Close(), os.Remove(path), db.Close())
}
