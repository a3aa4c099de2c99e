package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"clearingd/bench/measure"
	"clearingd/bench/rawstore"
	"clearingd/bench/workload"
	"clearingd/ledger"
)

// bytesOfRecord is what a record takes of the disk, indexes and all, rounded up.
const bytesOfRecord = 5_000

// growth measures drain, answer time, restart, check and copy on empty and on large
// books.
func (b *bench) growth(ctx context.Context) (string, error) {
	table := measure.NewTable("records in the books", "drain", "of the empty books'", "raw store of the same keys", "answer p50 at 10/s",
		"bytes a record", "restart", "check", "hot copy")
	var empty grown
	for _, records := range []int{0, b.Growth, b.GrowthMax} {
		if records == 0 && empty.drain != nil {
			continue // no largest size
		}
		need := uint64(records) * bytesOfRecord
		if free := measure.Describe(b.dir).Free; free < need {
			progress("growth: %d records left out: they need %s of disk", records, measure.Mebibytes(float64(need)))
			table.Row(measure.Grouped(float64(records)), "left out: the disk is too small")
			continue
		}
		progress("growth: %d records", records)
		g, err := b.grow(ctx, records)
		if err != nil {
			return "", err
		}
		if records == 0 {
			empty = g
		}
		table.Row(measure.Grouped(float64(records)), measure.Grouped(g.drain.Median())+" claims/s", "**"+g.drain.Over(empty.drain).Format("%.2f")+"**",
			fmt.Sprintf("%s/s, %.2f of the empty one's", measure.Grouped(g.raw), g.raw/empty.raw), measure.Millis(g.wait.Median()), measure.Grouped(g.bytes),
			measure.Duration(g.restart), measure.Duration(g.check), g.copy)
	}
	alive, err := b.restartAlive(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(growthText, measure.Grouped(float64(b.Drain)), b.Rounds, table, alive), nil
}

const growthText = `## Growth

The books are filled first; then %s claims are drained on top, %d times. At the end their keys are taken out again, and a raw store repeats the writes on top of what is left.
Restart is from the start of the process to ready, check is ` + "`clearctl check --offline`" + `, the hot copy is one read transaction written to the same disk and synced.

%s
%s`

// grown is what one size of books showed.
type grown struct {
	drain          measure.Series // claims a second
	raw            float64        // claims a second
	wait           measure.Series // seconds
	bytes          float64
	restart, check time.Duration
	copy           string // how long it took, or that there was no room for it
}

func (b *bench) grow(ctx context.Context, records int) (g grown, err error) {
	state, err := b.scratch()
	if err != nil {
		return g, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(state)) }()
	if err := workload.Grow(ctx, state, workload.Claims(3, records, workload.Filling)); err != nil {
		return g, err
	}
	books := filepath.Join(state, workload.BooksFile)
	stored := min(records, 1) // the answer to the newest filled record
	var batch measure.Series
	for round := range b.Rounds {
		claims := workload.ClaimsOf(7, b.Drain, ledger.Day(int(workload.Draining)*600+round))
		if err := workload.Load(ctx, state, claims); err != nil {
			return g, err
		}
		d := drained{state: state}
		if err := b.drainState(ctx, &d, stored, b.Drain); err != nil {
			return g, err
		}
		stored += b.Drain
		g.drain, batch = append(g.drain, d.rate), append(batch, d.batch)
	}
	if g.wait, g.restart, err = b.askGrown(ctx, state); err != nil {
		return g, err
	}
	if err := b.readGrown(ctx, books, &g); err != nil {
		return g, err
	}
	g.raw, err = replayGrown(books, records, int(batch.Median()+0.5))
	return g, err
}

// replayGrown takes what was drained out of the books, and times a raw store that writes it
// there again. The books are of no use afterwards.
func replayGrown(books string, records, batch int) (float64, error) {
	written, err := rawstore.Read(books, uint64(records))
	if err != nil {
		return 0, err
	}
	if err := written.TakeOut(); err != nil {
		return 0, errors.Join(err, written.Close())
	}
	r, err := replayInto(books, written, []int{batch}, rawstore.AsBooked)
	return r.rate, err
}

// askGrown starts the daemon again and times some answers.
func (b *bench) askGrown(ctx context.Context, state string) (wait measure.Series, restart time.Duration, err error) {
	const rate = 10
	count := claimsAt(rate, min(b.Answers, 20*time.Second))
	a, err := b.newAsker(ctx, state, workload.All(workload.Claims(8, count, workload.Asking)))
	if err != nil {
		return nil, 0, err
	}
	wait, err = a.ask(ctx, rate, count)
	return wait, a.ready, errors.Join(err, a.close())
}

// readGrown measures what reads or copies the whole books of a stopped daemon.
func (b *bench) readGrown(ctx context.Context, books string, g *grown) error {
	size, err := measure.DiskUsage(books)
	if err != nil {
		return err
	}
	check, err := b.runChild(ctx, "check", books, false, workload.Day, workload.Day)
	if err != nil {
		return err
	}
	g.bytes = float64(size) / float64(check.Records)
	g.check = time.Duration(check.Seconds * float64(time.Second))
	if free := measure.Describe(b.dir).Free; free < size {
		g.copy = "left out: the disk is too small"
		return nil
	}
	hot, err := b.runChild(ctx, "copy", books, false, workload.Day, workload.Day)
	g.copy = measure.Duration(time.Duration(hot.Seconds * float64(time.Second)))
	return err
}

// restartAlive measures a start with many messages in the streams that nobody has
// answered yet.
func (b *bench) restartAlive(ctx context.Context) (string, error) {
	progress("growth: restart with %d messages alive", b.Growth)
	state, err := b.scratch()
	if err != nil {
		return "", err
	}
	if err := workload.Load(ctx, state, workload.Claims(9, b.Growth, workload.Draining)); err != nil {
		return "", err
	}
	var ready measure.Series
	for range b.Rounds {
		daemon, err := workload.StartDaemon(ctx, b.daemon, state)
		if err != nil {
			return "", err
		}
		took, err := daemon.AwaitReady(ctx)
		if err := errors.Join(err, daemon.Stop()); err != nil {
			return "", err
		}
		ready = append(ready, took.Seconds())
	}
	return fmt.Sprintf("With %s messages alive in the streams, none of them answered at first, the daemon is ready %s s after its start.\n",
		measure.Grouped(float64(b.Growth)), ready.Format("%.2f")), nil
}
