package night

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"sync"

	"clearingd/clearing/report"
	"clearingd/clearing/store"
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
	FileBreaks      = "breaks.csv"  // one line an open break; where sides have stated anything
	FileBreaksBook  = "breaks.xlsx" // the same, to be filled in
)

// made is what a report's files came to.
type made struct {
	files map[string][32]byte // SHA-256 by name
	trial []store.TrialSum
	pairs []store.PairBalance
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

// writeAll reads the days once. What has a line for every bill is written meanwhile; the
// sums and the accounts in use, which a journal's head declares, are known at the end.
func (n *Night) writeAll(ctx context.Context, s span, w *files) (made, error) {
	lines, err := w.lines()
	if err != nil {
		return made{}, err
	}
	defer lines.abandon()
	totals, err := n.newTotals(s)
	if err != nil {
		return made{}, err
	}
	visitors := append(lines.visitors(), totals.add)
	err = n.scan(ctx, s, func(portion []line) error {
		return together(visitors, func(visit func([]line) error) error { return visit(portion) })
	})
	if err != nil {
		return made{}, err
	}
	r, err := n.finish(totals, s)
	if err != nil {
		return made{}, err
	}
	steps := lines.closers(s, r, totals.accounts)
	if r.Reconciliation != nil {
		steps = append(steps,
			func() error { return w.file(FileBreaks, func(f io.Writer) error { return n.breaksCSV(s, f) }) },
			func() error {
				return w.file(FileBreaksBook, func(f io.Writer) error { return n.breaksXLSX(s, r, f) })
			})
	}
	for name, render := range map[string]func(io.Writer, report.Report) error{
		FileHTML: report.HTML, FileXLSX: report.XLSX, FileJSON: report.JSON, FileObligations: report.CSV,
	} {
		steps = append(steps, func() error {
			return w.file(name, func(f io.Writer) error { return render(f, r) })
		})
	}
	if err := together(steps, func(step func() error) error { return step() }); err != nil {
		return made{}, err
	}
	return made{files: w.sums, trial: totals.carried, pairs: totals.pairs.list()}, nil
}

// finish makes the report: with what the match says, where the night has matched; as it was
// sealed, where that cannot be computed again; from the records alone otherwise.
func (n *Night) finish(t *totals, s span) (r report.Report, err error) {
	sealed, ok := report.Report{}, false
	if s.night() && s.state.Phase == store.DayClosed {
		if sealed, ok, err = n.sealed(s.to); err != nil {
			return r, err
		}
	}
	if s.match.done {
		if err := n.addReconciled(t, s); err != nil {
			return r, err
		}
	}
	t.builder.Unmatched(s.match.noCalendar)
	if r, err = t.finish(s); err != nil || ok {
		return sealed, err
	}
	switch {
	case !s.night():
	case s.match.done:
		err = n.keepSealed(s.to, r)
	case s.match.noCalendar != 0: // a later match must not change what the report says
		err = n.keepReport(s.to, r, 0)
	}
	return r, err
}

func (n *Night) breaksCSV(s span, f io.Writer) error {
	w := report.NewBreaksCSV(f)
	if err := n.breakLines(s, w.Write); err != nil {
		return err
	}
	return w.Close()
}

func (n *Night) breaksXLSX(s span, r report.Report, f io.Writer) error {
	w, err := report.NewBreaksXLSX(f, r, r.Reconciliation.Evening)
	if err != nil {
		return err
	}
	if err := n.breakLines(s, w.Write); err != nil {
		return err
	}
	return w.Close()
}

// breakLines visits the lines of breaks that the report tells of: of a night as they were
// sealed, of a period as they stand.
func (n *Night) breakLines(s span, visit func(report.BreakLine) error) error {
	if s.night() {
		return n.sealedBreaks(s.to, visit)
	}
	return n.o.Store.View(func(tx *store.Tx) error { return n.eachBreak(tx, s.match.evening, visit) })
}

// together does all at the same time and waits for all.
func together[T any](list []T, do func(T) error) error {
	errs := make([]error, len(list))
	var working sync.WaitGroup
	for i, one := range list {
		working.Go(func() { errs[i] = do(one) })
	}
	working.Wait()
	return errors.Join(errs...)
}

// files writes into one folder and keeps the digest of each file.
type files struct {
	dir  string
	mu   sync.Mutex // guards sums
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
	return &digestFile{name: name, file: f, hash: sha256.New(), in: w}, nil
}

// digestFile is a file that is hashed while it is written.
type digestFile struct {
	name string
	file *os.File
	hash hash.Hash
	in   *files
}

func (f *digestFile) Write(b []byte) (int, error) {
	f.hash.Write(b) // never fails
	return f.file.Write(b)
}

func (f *digestFile) close() error {
	f.in.mu.Lock()
	f.in.sums[f.name] = [32]byte(f.hash.Sum(nil))
	f.in.mu.Unlock()
	return errors.Join(f.file.Sync(), f.file.Close())
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
