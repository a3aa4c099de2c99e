package night

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"clearingd/clearing/report"
)

// lines writes the files that have a line or more for every bill, while the days are read.
type lines struct {
	in       *files
	entries  *report.EntriesWriter
	csv      *digestFile
	journals []*journal
}

// journal is written in two parts, since only its entries tell which accounts its head
// has to declare: the entries come first, into a file beside it.
type journal struct {
	name   string
	format report.Format
	part   *os.File
	body   *report.JournalWriter
}

func (w *files) lines() (*lines, error) {
	l := &lines{in: w}
	for _, j := range []journal{{name: FileHLedger, format: report.HLedger}, {name: FileBeancount, format: report.Beancount}} {
		part, err := os.OpenFile(filepath.Join(w.dir, j.name+".part"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640)
		if err != nil {
			l.abandon()
			return nil, err
		}
		j.part, j.body = part, report.NewJournalBody(part, j.format)
		l.journals = append(l.journals, &j)
	}
	csv, err := w.create(FileEntries)
	if err != nil {
		l.abandon()
		return nil, err
	}
	l.csv, l.entries = csv, report.NewEntriesCSV(csv)
	return l, nil
}

// abandon closes what an error left open; the folder is removed by whoever made it.
func (l *lines) abandon() {
	if l.csv != nil {
		l.csv.file.Close()
	}
	for _, j := range l.journals {
		j.part.Close()
	}
}

// visitors are told of every line, each on its own.
func (l *lines) visitors() []func([]line) error {
	list := []func([]line) error{func(portion []line) error {
		for i := range portion {
			if bill := portion[i].bill; bill != nil {
				if err := l.entries.Write(*bill); err != nil {
					return err
				}
			}
		}
		return nil
	}}
	for _, j := range l.journals {
		list = append(list, j.visit)
	}
	return list
}

func (j *journal) visit(portion []line) error {
	for i := range portion {
		l := &portion[i]
		if len(l.entry.Postings) == 0 {
			continue
		}
		note := report.JournalNote{Outcome: l.outcome}
		if l.bill != nil {
			note.SettlementID = l.bill.SettlementID
		}
		if err := j.body.Entry(l.entry, note); err != nil {
			return err
		}
	}
	return nil
}

// closers finish the files, each on its own.
func (l *lines) closers(s span, r report.Report, used *accounts) []func() error {
	list := []func() error{func() error { return errors.Join(l.entries.Close(), l.csv.close()) }}
	for _, j := range l.journals {
		list = append(list, func() error { return j.close(l.in, s, r, used) })
	}
	return list
}

// close puts the entries under their head.
func (j *journal) close(in *files, s span, r report.Report, used *accounts) error {
	if err := j.body.Close(); err != nil {
		return err
	}
	if _, err := j.part.Seek(0, io.SeekStart); err != nil {
		return err
	}
	err := in.file(j.name, func(f io.Writer) error {
		whole := report.NewJournal(f, j.format)
		return errors.Join(
			whole.Comment(fmt.Sprintf("%s %s to %s, revision %d, books %s", r.Title, r.From, r.To, r.Revision, r.Rules.Install), r.Demo),
			whole.DeclareNames(s.from, used.names()),
			whole.Body(bufio.NewReaderSize(j.part, 1<<20)),
			whole.Close())
	})
	return errors.Join(err, j.part.Close(), os.Remove(j.part.Name()))
}
