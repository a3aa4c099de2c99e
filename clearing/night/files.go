package night

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"

	"clearingd/clearing"
	"clearingd/clearing/report"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// Files of a report.
const (
	FileHTML        = "report.html"
	FileXLSX        = "report.xlsx"
	FileJSON        = "report.json"
	FileObligations = "obligations.csv" // one line a pair of provinces
	FileEntries     = "entries.csv"     // one line a bill
	FileHLedger     = "journal.hledger" // read by hledger and ledger
	FileBeancount   = "journal.beancount"
)

// made is what a report's files came to.
type made struct {
	files map[string][32]byte // SHA-256 by name
	trial []store.TrialSum
}

// write makes all files of the report in dir. They are written under another name and
// the folder is renamed, so a reader finds the old report or the whole new one. Where
// accept, if not nil, refuses what was made, the old one stays.
func (n *Night) write(ctx context.Context, s span, dir string, accept func(made, string) error) (made, error) {
	draft := dir + ".new"
	if err := errors.Join(os.RemoveAll(draft), os.MkdirAll(draft, 0o750)); err != nil {
		return made{}, fmt.Errorf("report folder: %w", err)
	}
	w := &files{dir: draft, sums: make(map[string][32]byte)}
	m, err := n.writeAll(ctx, s, w)
	if err == nil && accept != nil {
		err = accept(m, draft)
	}
	if err != nil {
		return made{}, errors.Join(err, os.RemoveAll(draft))
	}
	if err := errors.Join(syncDir(draft), os.RemoveAll(dir), os.Rename(draft, dir), syncDir(filepath.Dir(dir))); err != nil {
		return made{}, fmt.Errorf("report folder: %w", err)
	}
	return m, nil
}

// writeAll reads the days twice: once for the sums and the accounts in use, which the
// head of a journal declares, and once for the lines.
func (n *Night) writeAll(ctx context.Context, s span, w *files) (made, error) {
	r, accounts, carried, err := n.compute(ctx, s)
	if err != nil {
		return made{}, err
	}
	for name, render := range map[string]func(io.Writer, report.Report) error{
		FileHTML: report.HTML, FileXLSX: report.XLSX, FileJSON: report.JSON, FileObligations: report.CSV,
	} {
		if err := w.file(name, func(f io.Writer) error { return render(f, r) }); err != nil {
			return made{}, err
		}
	}
	if err := n.writeLines(ctx, s, w, r, accounts); err != nil {
		return made{}, err
	}
	return made{files: w.sums, trial: carried}, nil
}

// compute makes the report, the accounts its days use, and the trial balance to carry
// forward.
func (n *Night) compute(ctx context.Context, s span) (r report.Report, accounts []ledger.Account, carried []store.TrialSum, err error) {
	builder := report.NewBuilder(n.head(s))
	for _, stream := range n.o.Streams {
		between := s.streams[stream]
		if err := builder.AddStream(stream, between[0], between[1]); err != nil {
			return r, nil, nil, err
		}
	}
	sums := newTrial(s.previous.Trial)
	used := make(map[ledger.Account]bool)
	var records uint64
	err = n.scan(ctx, s, func(record *clearing.Record, entry ledger.Entry, bill *report.Bill, adjusted []report.Adjustment) error {
		records++
		for _, p := range entry.Postings {
			used[p.Account] = true
		}
		if record.Adjustment != nil {
			if err := addDecision(builder, record, entry, adjusted); err != nil {
				return err
			}
			return sums.post(entry)
		}
		if !record.OffStream() {
			builder.AddMessage(record.Stream, record.Number, record.Outcome, record.Code)
		}
		if bill != nil {
			if err := builder.AddBill(*bill); err != nil {
				return err
			}
		}
		return sums.post(entry)
	})
	if err != nil {
		return r, nil, nil, err
	}
	if records != s.records {
		return r, nil, nil, fmt.Errorf("%w: the days have %d records, %d were found", ErrIncomplete, s.records, records)
	}
	carried = sums.sums()
	for _, sum := range carried {
		line := report.TrialLine{Side: sum.Side, Province: sum.Province, Stage: sum.Stage, Debits: sum.Debits, Credits: sum.Credits}
		if err := builder.AddTrial(line); err != nil {
			return r, nil, nil, err
		}
	}
	if r, err = builder.Finish(s.seal()); err != nil {
		return r, nil, nil, err
	}
	if !r.Summary.Complete {
		return r, nil, nil, fmt.Errorf("%w: %s to %s", ErrIncomplete, s.from, s.to)
	}
	return r, sortedAccounts(used), carried, nil
}

func sortedAccounts(used map[ledger.Account]bool) []ledger.Account {
	accounts := make([]ledger.Account, 0, len(used))
	for account := range used {
		accounts = append(accounts, account)
	}
	slices.SortFunc(accounts, func(a, b ledger.Account) int { return cmp.Compare(a.Name(), b.Name()) })
	return accounts
}

// writeLines writes the files that have a line or more for every bill.
func (n *Night) writeLines(ctx context.Context, s span, w *files, r report.Report, accounts []ledger.Account) error {
	var (
		entries  *report.EntriesWriter
		journals []*report.JournalWriter
		open     []*digestFile
		errs     []error
	)
	for name, begin := range map[string]func(io.Writer){
		FileEntries:   func(f io.Writer) { entries = report.NewEntriesCSV(f) },
		FileHLedger:   func(f io.Writer) { journals = append(journals, report.NewJournal(f, report.HLedger)) },
		FileBeancount: func(f io.Writer) { journals = append(journals, report.NewJournal(f, report.Beancount)) },
	} {
		f, err := w.create(name)
		if err != nil {
			return err
		}
		open = append(open, f)
		begin(f)
	}
	for _, journal := range journals {
		errs = append(errs,
			journal.Comment(fmt.Sprintf("%s %s to %s, revision %d, books %s", r.Title, r.From, r.To, r.Revision, r.Rules.Install), r.Demo),
			journal.Declare(s.from, accounts))
	}
	errs = append(errs, n.scan(ctx, s, func(record *clearing.Record, entry ledger.Entry, bill *report.Bill, _ []report.Adjustment) error {
		note := report.JournalNote{Outcome: record.Outcome}
		if bill != nil {
			note.SettlementID = bill.SettlementID
			if err := entries.Write(*bill); err != nil {
				return err
			}
		}
		if len(entry.Postings) == 0 {
			return nil
		}
		for _, journal := range journals {
			if err := journal.Entry(entry, note); err != nil {
				return err
			}
		}
		return nil
	}), entries.Close())
	for _, journal := range journals {
		errs = append(errs, journal.Close())
	}
	for _, f := range open {
		errs = append(errs, f.close())
	}
	return errors.Join(errs...)
}

// files writes into one folder and keeps the digest of each file.
type files struct {
	dir  string
	sums map[string][32]byte
}

func (w *files) file(name string, write func(io.Writer) error) error {
	f, err := w.create(name)
	if err != nil {
		return err
	}
	if err := errors.Join(write(f), f.close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (w *files) create(name string) (*digestFile, error) {
	f, err := os.OpenFile(filepath.Join(w.dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return nil, err
	}
	return &digestFile{name: name, file: f, hash: sha256.New(), sums: w.sums}, nil
}

// digestFile is a file that is hashed while it is written.
type digestFile struct {
	name string
	file *os.File
	hash hash.Hash
	sums map[string][32]byte
}

func (f *digestFile) Write(b []byte) (int, error) {
	f.hash.Write(b) // never fails
	return f.file.Write(b)
}

func (f *digestFile) close() error {
	f.sums[f.name] = [32]byte(f.hash.Sum(nil))
	return errors.Join(f.file.Sync(), f.file.Close())
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
