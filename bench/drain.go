package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"clearingd/bench/measure"
	"clearingd/bench/profile"
	"clearingd/bench/rawstore"
	"clearingd/bench/workload"
)

// batchMax is the daemon's default for batch.claims_max.
const batchMax = 1000

// drained is one drain of a backlog by the real daemon.
type drained struct {
	rate  float64 // claims a second, from the first answers seen to the last one stored
	cpu   float64 // seconds of processor a claim, the broker inside included
	batch float64 // mean number of records in a transaction
	state string  // directory with the books it left
}

// rawed is one replay of the same bytes into a bare store.
type rawed struct{ rate, cpu float64 }

// drain measures the whole way beside the raw store.
func (b *bench) drain(ctx context.Context) (string, error) {
	var ours, oursCPU, batches measure.Series
	limits := map[rawstore.Order]*struct{ rate, cpu measure.Series }{rawstore.AsBooked: {}, rawstore.Sorted: {}, rawstore.Running: {}}
	var bytesEach float64
	for round := range b.Rounds {
		progress("drain: round %d of %d", round+1, b.Rounds)
		d, err := b.drainOnce(ctx)
		if err != nil {
			return "", err
		}
		ours, oursCPU, batches = append(ours, d.rate), append(oursCPU, d.cpu), append(batches, d.batch)
		books, err := rawstore.Read(filepath.Join(d.state, workload.BooksFile), 0)
		if err != nil {
			return "", err
		}
		bytesEach = float64(books.Bytes) / float64(len(books.Records))
		for _, order := range []rawstore.Order{rawstore.AsBooked, rawstore.Sorted, rawstore.Running} {
			raw, err := b.replay(books, []int{int(d.batch + 0.5)}, order)
			if err != nil {
				return "", errors.Join(err, books.Close())
			}
			limits[order].rate = append(limits[order].rate, raw.rate)
			limits[order].cpu = append(limits[order].cpu, raw.cpu)
		}
		if err := errors.Join(books.Close(), os.RemoveAll(d.state)); err != nil {
			return "", err
		}
	}
	table := measure.NewTable("", "claims/s", "daemon's share of it", "processor a claim")
	micro := func(s measure.Series) string { return fmt.Sprintf("%.0f µs", s.Median()*1e6) }
	table.Row("daemon, everything on", measure.Grouped(ours.Median()), "", micro(oursCPU))
	for order, name := range []string{"raw store, keys in the daemon's order", "raw store, keys sorted in each batch", "raw store, balances in every transaction"} {
		limit := limits[rawstore.Order(order)]
		table.Row(name, measure.Grouped(limit.rate.Median()), "**"+ours.Over(limit.rate).Format("%.2f")+"**", micro(limit.cpu))
	}
	shares, err := b.drainProfile(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(drainText, measure.Grouped(float64(b.Drain)), measure.Grouped(bytesEach), batches.Median(), b.Rounds,
		table, 100*ours.Spread(), shares), nil
}

const drainText = `## Drain: a backlog from the streams to booked and answered

%s claims wait in the streams of an embedded broker that syncs always; then the daemon starts. Its rate counts from the first answer seen to the last one stored.
Beside it a bare bbolt file takes the same keys and values (%s bytes a record, without balances) in transactions of the same mean size (%.0f records). Medians of %d rounds in turns; in brackets the range of the ratio.
The books write balances once in 16,384 records and add up the rest when somebody asks; the last row is a store that writes each in the transaction that changes it, as one would without that.

%s
The daemon's own rate moved by %.0f %% between the rounds: that is this machine's noise.

%s`

// drainOnce loads a fresh state directory and lets the daemon drain it.
func (b *bench) drainOnce(ctx context.Context) (d drained, err error) {
	if d.state, err = b.scratch(); err != nil {
		return d, err
	}
	if err := workload.Load(ctx, d.state, workload.Claims(1, b.Drain, workload.Draining)); err != nil {
		return d, err
	}
	return d, b.drainState(ctx, &d, 0, b.Drain)
}

// drainState lets the daemon answer count messages that wait in its streams, on top of
// the answers that ANSWERS has taken before.
func (b *bench) drainState(ctx context.Context, d *drained, before, count int) (err error) {
	daemon, err := workload.StartDaemon(ctx, b.daemon, d.state)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, daemon.Stop()) }()
	connection, err := daemon.Connect(ctx)
	if err != nil {
		return err
	}
	defer connection.Close()
	var began time.Time
	var beganCPU time.Duration
	var first uint64
	for limit := time.Now().Add(time.Minute + time.Duration(count)*time.Millisecond*5); ; {
		state, err := connection.AnswersState(ctx)
		now := time.Now()
		switch {
		case errors.Is(err, context.Canceled):
			return err
		case err != nil || state.Last <= uint64(before): // the streams may still be recovering
		case began.IsZero():
			if beganCPU, err = daemon.CPU(); err != nil {
				return err
			}
			began, first = now, state.Last
		case state.Last >= uint64(before+count):
			cpu, err := daemon.CPU()
			if err != nil {
				return err
			}
			metrics, err := daemon.Metrics()
			answered := float64(state.Last - first)
			d.rate, d.cpu = answered/now.Sub(began).Seconds(), (cpu-beganCPU).Seconds()/answered
			d.batch = metrics["batch_claims_sum"] / metrics["batch_claims_count"]
			return err
		}
		if now.After(limit) {
			return fmt.Errorf("only %d of %d answers after %s", state.Last, before+count, time.Minute+time.Duration(count)*time.Millisecond*5)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// replay commits the books' writes to a new bare store.
func (b *bench) replay(books *rawstore.Books, sizes []int, order rawstore.Order) (r rawed, err error) {
	dir, err := b.scratch()
	if err != nil {
		return r, err
	}
	r, err = replayInto(filepath.Join(dir, "raw.db"), books, sizes, order)
	return r, errors.Join(err, os.RemoveAll(dir))
}

func replayInto(path string, books *rawstore.Books, sizes []int, order rawstore.Order) (r rawed, err error) {
	db, err := rawstore.Create(path)
	if err != nil {
		return r, err
	}
	runtime.GC() // the garbage of reading the books is not the store's
	began, beganCPU := time.Now(), ownCPU()
	err = books.Replay(db, sizes, order)
	n := float64(len(books.Records))
	r.rate, r.cpu = n/time.Since(began).Seconds(), (ownCPU()-beganCPU).Seconds()/n
	return r, errors.Join(err, db.Close())
}

// ownCPU is the processor time of this process.
func ownCPU() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// groups of functions, for whom the processor worked. The first that fits has it.
var groups = []profile.Group{
	{Name: "garbage collection", Prefixes: []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.bgsweep", "runtime.gcStart", "runtime.bgscavenge"}},
	{Name: "bbolt: commit (pages, write, sync)", Prefixes: []string{"go.etcd.io/bbolt.(*Tx).Commit"}},
	{Name: "bbolt: put", Prefixes: []string{"go.etcd.io/bbolt.(*Bucket).Put", "go.etcd.io/bbolt.(*Bucket).Delete"}},
	{Name: "bbolt: get", Prefixes: []string{"go.etcd.io/bbolt."}},
	{Name: "hash: Merkle leaf and nodes", Prefixes: []string{"clearingd/ledger/boltstore.(*Writer).grow"}},
	{Name: "store: encode the record", Prefixes: []string{"clearingd/clearing/store.encode"}},
	{Name: "store: decode what was kept", Prefixes: []string{"clearingd/clearing/store.decode", "clearingd/clearing/store.get"}},
	{Name: "ledger: entry and balances", Prefixes: []string{"clearingd/ledger/boltstore."}},
	{Name: "adapter: decode and digest the claim", Prefixes: []string{"clearingd/clearing.(*Desk).Decode"}},
	{Name: "adapter: encode the answer", Prefixes: []string{"clearingd/provinces/nhsa.(*Dialect).Encode"}},
	{Name: "adjudicate", Prefixes: []string{"clearingd/clearing/benefit."}},
	{Name: "store: the rest", Prefixes: []string{"clearingd/clearing/store.(*Tx)"}},
	{Name: "decide: the rest", Prefixes: []string{"clearingd/clearing.", "clearingd/clearing/"}},
	{Name: "broker: server", Prefixes: []string{"github.com/nats-io/nats-server"}},
	{Name: "broker: client, messages in and answers out", Prefixes: []string{"github.com/nats-io/nats.go", "github.com/synadia-io", "clearingd/provinces/bus.", "clearingd/bench/workload."}},
}

// drainProfile drains once within this process and says for whom the processor worked.
func (b *bench) drainProfile(ctx context.Context) (string, error) {
	progress("drain: profile")
	state, err := b.scratch()
	if err != nil {
		return "", err
	}
	if err := workload.Load(ctx, state, workload.Claims(1, b.Drain, workload.Draining)); err != nil {
		return "", err
	}
	headroom := make([]byte, 128<<20) // as the daemon has it
	defer runtime.KeepAlive(headroom)
	runtime.GC()
	var recorded bytes.Buffer
	if err := pprof.StartCPUProfile(&recorded); err != nil {
		return "", err
	}
	d, err := workload.House(ctx, state, b.Drain, batchMax)
	pprof.StopCPUProfile()
	if err != nil {
		return "", err
	}
	samples, err := profile.Parse(recorded.Bytes())
	if err != nil {
		return "", err
	}
	if keep := os.Getenv("BENCH_PROFILE"); keep != "" {
		if err := os.WriteFile(keep, recorded.Bytes(), 0o600); err != nil {
			return "", err
		}
	}
	total := profile.Total(samples)
	table := measure.NewTable("for whom", "processor a claim", "share")
	for _, s := range profile.Shares(samples, groups) {
		table.Row(s.Name, fmt.Sprintf("%.1f µs", s.CPU.Seconds()*1e6/float64(b.Drain)), fmt.Sprintf("%.0f %%", 100*s.CPU.Seconds()/total.Seconds()))
	}
	table.Row("all", fmt.Sprintf("%.1f µs", total.Seconds()*1e6/float64(b.Drain)), "")
	var text strings.Builder
	fmt.Fprintf(&text, profileText, measure.Grouped(float64(b.Drain)/d.Took.Seconds()), 100*d.Committing.Seconds()/d.Took.Seconds(),
		100*total.Seconds()/d.Took.Seconds()/float64(runtime.NumCPU()), len(d.Batches), batchSizes(d.Batches), table)
	return text.String(), nil
}

const profileText = `Where the processor's time goes, from a profile of the same way within one process (%s claims/s while profiled; the committer was inside transactions for %.0f %% of the time, the processor was %.0f %% busy; %d transactions of %s records):

%s
What a decision reads from the store counts as the store's. The time that commits wait for the disk is in no row.
`

func batchSizes(sizes []int) string {
	s := make(measure.Series, len(sizes))
	for i, n := range sizes {
		s[i] = float64(n)
	}
	return fmt.Sprintf("%.0f to %.0f, in the middle %.0f", s.Quantile(0), s.Quantile(1), s.Median())
}
