package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"clearingd/bench/measure"
	"clearingd/bench/workload"
	"clearingd/clearing/night"
	"clearingd/ledger"
)

// night measures the close of days of several sizes, and a period's report, beside a
// plain scan of the same records.
func (b *bench) night(ctx context.Context) (string, error) {
	table := measure.NewTable("claims of the day", "books", "scan, warm", "report alone", "report / scan", "night, warm", "night / scan", "scan, cold", "night, cold", "cold night / cold scan", "lines of files", "memory of the night")
	for _, count := range []int{b.NightDay, b.NightSmall, b.NightLarge} {
		progress("night: books of %d claims", count)
		books, err := b.filledBooks(ctx, count)
		if err != nil {
			return "", err
		}
		row, err := b.nightRow(ctx, books, count)
		if err != nil {
			return "", err
		}
		table.Row(row...)
		if err := os.RemoveAll(filepath.Dir(books)); err != nil {
			return "", err
		}
	}
	period, err := b.period(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(nightText, table, period), nil
}

const nightText = `## The night

A day is frozen, read, reported in all its files and sealed, each time by a process of its own, and beside it a plain scan reads every record of the same books once, checks its checksum
and adds up its postings by pair of provinces. "Report alone" is the night without its files: everything read, reconciled, netted and tied, as a figure in memory. "Cold" means that the kernel was told to forget the file before; the cold scan reads the file from end to end first, which is the fastest way in. Memory is what the process owns itself, without the pages of the mapped file.

%s
The journals and entries.csv have lines for every bill and its postings, about 900 bytes a claim, so half of a large night is writing, and hashing what is written. %s`

// filledBooks makes books of so many claims on one open day and returns the file.
func (b *bench) filledBooks(ctx context.Context, count int) (string, error) {
	dir, err := b.scratch()
	if err != nil {
		return "", err
	}
	s, err := workload.CreateBooks(dir, nil)
	if err != nil {
		return "", err
	}
	err = workload.Fill(ctx, s, workload.Claims(3, count, workload.Filling))
	return filepath.Join(dir, workload.BooksFile), errors.Join(err, s.Close())
}

func (b *bench) nightRow(ctx context.Context, books string, count int) ([]string, error) {
	seconds := map[string]measure.Series{}
	var memory measure.Series
	for range b.Rounds {
		for _, turn := range []struct {
			name string
			cold bool
		}{{"ahead", true}, {"night", true}, {"scan", false}, {"report", false}, {"night", false}} { // the cold ones warm the cache for the others
			r, err := b.runChild(ctx, turn.name, books, turn.cold, workload.Day, workload.Day)
			if err != nil {
				return nil, err
			}
			key := fmt.Sprint(turn.name, turn.cold)
			seconds[key] = append(seconds[key], r.Seconds)
			if turn.name == "night" {
				memory = append(memory, float64(r.Peak))
			}
		}
	}
	size, err := measure.DiskUsage(books)
	if err != nil {
		return nil, err
	}
	text := func(name string, cold bool) string {
		return fmt.Sprintf("%.2f s", seconds[fmt.Sprint(name, cold)].Median())
	}
	ratio := func(of, name string, cold bool) string {
		return "**" + seconds[fmt.Sprint(of, cold)].Over(seconds[fmt.Sprint(name, cold)]).Format("%.1f") + "**"
	}
	lines, err := lineBytes(filepath.Join(filepath.Dir(books), "reports", workload.Day.String()))
	if err != nil {
		return nil, err
	}
	return []string{
		measure.Grouped(float64(count)), measure.Mebibytes(float64(size)),
		text("scan", false), text("report", false), ratio("report", "scan", false), text("night", false), ratio("night", "scan", false),
		text("ahead", true), text("night", true), ratio("night", "ahead", true),
		measure.Mebibytes(float64(lines)), measure.Mebibytes(memory.Median()),
	}, nil
}

// lineBytes is the size of the files that have lines for every bill.
func lineBytes(dir string) (size int64, err error) {
	for _, name := range []string{night.FileEntries, night.FileHLedger, night.FileBeancount} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return 0, err
		}
		size += info.Size()
	}
	return size, nil
}

// period closes several days and measures the report over all of them.
func (b *bench) period(ctx context.Context) (string, error) {
	progress("night: a period of %d days", b.PeriodDays)
	dir, err := b.scratch()
	if err != nil {
		return "", err
	}
	last := workload.Day + ledger.Day(b.PeriodDays) - 1
	books := filepath.Join(dir, workload.BooksFile)
	if err := b.fillDays(ctx, dir, last); err != nil {
		return "", err
	}
	var scan, report, memory measure.Series
	for range b.Rounds {
		s, err := b.runChild(ctx, "scan", books, false, workload.Day, last)
		if err != nil {
			return "", err
		}
		p, err := b.runChild(ctx, "period", books, false, workload.Day, last)
		if err != nil {
			return "", err
		}
		scan, report, memory = append(scan, s.Seconds), append(report, p.Seconds), append(memory, float64(p.Peak))
	}
	return fmt.Sprintf("The report of a period of %d closed days with %s claims each takes %.2f s, a scan %.2f s: **%s** times the scan, in %s of memory.\n",
		b.PeriodDays, measure.Grouped(float64(b.PeriodDaily)), report.Median(), scan.Median(), report.Over(scan).Format("%.1f"),
		measure.Mebibytes(memory.Median())), nil
}

func (b *bench) fillDays(ctx context.Context, dir string, last ledger.Day) error {
	s, err := workload.CreateBooks(dir, nil)
	if err != nil {
		return err
	}
	n := workload.NewNight(s, filepath.Join(dir, "reports"), [32]byte{1})
	for day := workload.Day; day <= last; day++ {
		// Other seeds would meet in the same message ids: every day of the period takes its claims from dates of its own.
		claims := workload.ClaimsOf(4, b.PeriodDaily, day-workload.Day)
		if err := errors.Join(workload.Fill(ctx, s, claims), workload.Freeze(s, day)); err != nil {
			return errors.Join(err, s.Close())
		}
		if err := n.Close(ctx, day); err != nil {
			return errors.Join(err, s.Close())
		}
	}
	return s.Close()
}
