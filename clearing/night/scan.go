package night

import (
	"context"
	"runtime"

	"clearingd/clearing"
	"clearingd/clearing/report"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// line is what a night needs of one record.
type line struct {
	number   uint64
	stream   ledger.Province // "" for what answers no message
	outcome  provinces.Outcome
	code     provinces.Code
	entry    ledger.Entry // without postings where no money moves
	bill     *report.Bill // that comes or goes; nil: none
	decision bool         // an officers' decision to adjust a person-year
	act      bool         // an officer's act
	adjusted []report.Adjustment
}

// portionSize is how many records one read transaction visits: few, so that a night never
// keeps the file from reusing pages, and so that its memory does not grow with the day.
const portionSize = 500

// portion is the lines of so many records, or why they could not be read.
type portion struct {
	lines []line
	err   error
}

// scan visits the records of the days in the books' order, portion by portion. The next
// ones are read while visit is at work.
func (n *Night) scan(ctx context.Context, s span, visit func([]line) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for ready := range n.readAhead(ctx, s) {
		p := <-ready
		if p.err != nil {
			return p.err
		}
		if err := visit(p.lines); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// readAhead starts reading portions, in order, as many at a time as there are processors.
func (n *Night) readAhead(ctx context.Context, s span) <-chan chan portion {
	portions := make(chan chan portion, runtime.GOMAXPROCS(0)-1)
	go func() {
		defer close(portions)
		for from := s.first; from != 0 && from <= s.last; from += portionSize {
			ready := make(chan portion, 1)
			select {
			case portions <- ready:
			case <-ctx.Done():
				return
			}
			go func() {
				lines, err := n.read(s, from, min(from+portionSize-1, s.last))
				ready <- portion{lines, err}
			}()
		}
	}()
	return portions
}

func (n *Night) read(s span, from, to uint64) (lines []line, err error) {
	n.o.Store.ReadAhead(from, to)
	lines = make([]line, 0, to-from+1)
	err = n.o.Store.View(func(tx *store.Tx) error {
		return tx.Brief(from, to, func(r *clearing.Record, entry ledger.Entry) error {
			if r.Day < s.from || r.Day > s.to {
				return nil
			}
			l := line{number: r.Number, stream: r.Stream, outcome: r.Outcome, code: r.Code, entry: entry, decision: r.Adjustment != nil, act: r.Act != nil}
			if l.bill, err = n.Bill(tx, r); err != nil {
				return err
			}
			if l.adjusted, err = n.Adjustments(tx, r); err != nil {
				return err
			}
			lines = append(lines, l)
			return nil
		})
	})
	return lines, err
}
