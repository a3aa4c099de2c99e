package daemon

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/console"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
	"clearingd/provinces/data"
)

// openPages puts the officers' console on the HTTP port.
func (d *Daemon) openPages() {
	books := pages{d, pageSearch}
	pages := console.New(books, console.Options{
		Reconciliation: books,
		AreaName:       data.AreaName,
		Failed:         func(page string, err error) { d.log.Error("console", zap.String("page", page), zap.Error(err)) },
	})
	d.pages.Store(&pages)
	d.life.add("console", func() error { d.pages.Store(nil); return nil })
}

// pages is the daemon as the console sees it: reading only.
type pages struct {
	d      *Daemon
	search uint64 // records read for one page of a list
}

var _ console.Books = pages{}

func (p pages) Status(ctx context.Context) (service.StatusReply, error) { return p.d.status(ctx) }
func (p pages) Days(ctx context.Context) (service.DaysReply, error)     { return p.d.days(ctx) }

func (p pages) Balances(ctx context.Context, r service.BalancesRequest) (service.BalancesReply, error) {
	return p.d.balances(ctx, r)
}

func (p pages) Claim(ctx context.Context, r service.ClaimRequest) (service.ClaimReply, error) {
	reply, err := p.d.claim(ctx, r)
	if errors.Is(err, errNoSuch) || errors.Is(err, boltstore.ErrNoRecord) {
		err = fmt.Errorf("%w: %w", console.ErrNotFound, err)
	}
	return reply, err
}

// pageChunk is how many records one read transaction of a list visits.
const pageChunk = 2000

// pageSearch is how many records are read for one page of a list: a few seconds. What few
// of a million records match would keep an officer waiting for minutes; instead the page
// says how far it has searched and leads on.
const pageSearch = 50_000

// errEnough ends a scan early.
var errEnough = errors.New("enough")

// eachRecord visits the records of the days behind a books' number, in short read
// transactions, until visit returns errEnough or so many are searched as a page may
// take; then reached is the last of them, otherwise 0.
func (p pages) eachRecord(ctx context.Context, from, to ledger.Day, after uint64, visit func(*store.Tx, *clearing.Record) error) (reached uint64, err error) {
	return p.eachChunk(ctx, from, to, after, visit, func() error { return nil })
}

// eachChunk is eachRecord, and calls chunk behind each transaction, outside of it.
func (p pages) eachChunk(ctx context.Context, from, to ledger.Day, after uint64, visit func(*store.Tx, *clearing.Record) error, chunk func() error) (reached uint64, err error) {
	first, last, err := p.numbers(from, to)
	if err != nil || first == 0 {
		return 0, err
	}
	begin := max(first, after+1)
	end := min(last, begin+p.search-1)
	for next := begin; next <= end; next += pageChunk {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		err := p.d.store.View(func(tx *store.Tx) error {
			return tx.Scan(next, min(next+pageChunk-1, end), func(r *clearing.Record, _ ledger.Entry) error {
				if r.Day < from || r.Day > to {
					return nil
				}
				return visit(tx, r)
			})
		})
		if err == nil {
			err = chunk()
		}
		if errors.Is(err, errEnough) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
	}
	if end < last {
		return end, nil
	}
	return 0, nil
}

// numbers are the books' numbers between which the days' records lie.
func (p pages) numbers(from, to ledger.Day) (first, last uint64, err error) {
	err = p.d.store.View(func(tx *store.Tx) error {
		return tx.Days(func(day ledger.Day, state store.DayState) bool {
			if day >= from && day <= to && state.From != 0 {
				if first == 0 || state.From < first {
					first = state.From
				}
				last = max(last, state.To)
			}
			return day >= from
		})
	})
	return first, last, err
}

func (p pages) Bills(ctx context.Context, q console.BillQuery) (page console.BillPage, err error) {
	page.Searched, err = p.eachRecord(ctx, q.From, q.To, q.After, func(tx *store.Tx, r *clearing.Record) error {
		bill, err := p.d.night.Bill(tx, r)
		if err != nil || bill == nil || !wanted(q, bill) {
			return err
		}
		if len(page.Bills) == q.Limit {
			page.Next = page.Bills[q.Limit-1].Entry
			return errEnough
		}
		page.Bills = append(page.Bills, *bill)
		return nil
	})
	page.Next = max(page.Next, page.Searched)
	return page, err
}

func wanted(q console.BillQuery, b *report.Bill) bool {
	within := b.Home.Province() == b.Treatment.Province()
	return strings.HasPrefix(string(b.Home), q.Home) && strings.HasPrefix(string(b.Treatment), q.Treatment) &&
		(q.Scope == console.Everywhere || within == (q.Scope == console.Within)) &&
		(q.Outcome == "" || b.Outcome == q.Outcome)
}

func (p pages) Messages(ctx context.Context, q console.MessageQuery) (page console.MessagePage, err error) {
	page.Searched, err = p.eachRecord(ctx, q.Day, q.Day, q.After, func(_ *store.Tx, r *clearing.Record) error {
		if r.OffStream() { // no message stands behind it
			return nil
		}
		if q.Stream != "" && r.Stream != q.Stream || q.Outcome != "" && r.Outcome != q.Outcome || q.Code != 0 && r.Code != q.Code {
			return nil
		}
		if len(page.Messages) == q.Limit {
			page.Next = page.Messages[q.Limit-1].Entry
			return errEnough
		}
		page.Messages = append(page.Messages, messageLine(r))
		return nil
	})
	page.Next = max(page.Next, page.Searched)
	return page, err
}

func messageLine(r *clearing.Record) console.Message {
	return console.Message{
		Entry: r.Number, Stream: r.Stream, Sequence: r.Sequence, Subject: r.Subject, Received: r.ReceivedTime(),
		Infno: r.Infno, Home: r.Home, Treatment: r.Treatment, Provider: r.Provider,
		Outcome: r.Outcome, Code: r.Code, Errors: r.Errors, Original: r.Original,
	}
}

// ReportFile opens a file of a report by names that the console has checked; the root
// keeps even a mistake there inside the reports.
func (p pages) ReportFile(_ context.Context, folder, name string) (console.File, error) {
	root, err := os.OpenRoot(p.d.cfg.ReportDir())
	if err != nil {
		return console.File{}, notFound(err)
	}
	defer root.Close()
	file, err := root.Open(filepath.Join(folder, name))
	if err != nil {
		return console.File{}, notFound(err)
	}
	info, err := file.Stat()
	if err != nil {
		return console.File{}, errors.Join(err, file.Close())
	}
	return console.File{ReadSeekCloser: file, Modified: info.ModTime()}, nil
}

func notFound(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", console.ErrNotFound, err)
	}
	return err
}

// console serves the officers' pages once the books are open.
func (d *Daemon) console(w http.ResponseWriter, r *http.Request) {
	handler := d.pages.Load()
	if handler == nil {
		http.Error(w, "账簿未打开 / the books are not open", http.StatusServiceUnavailable)
		return
	}
	(*handler).ServeHTTP(w, r)
}
