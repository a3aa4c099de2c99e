// Command clearsim kills clearingd in every way it knows and audits what is left: see
// cmd/internal/simulate. It is for developers and for the nights before a release, and it
// is not installed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"clearingd/cmd/internal/simulate"
	"clearingd/cmd/internal/simulate/plant"
	"clearingd/ledger"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

const usage = `clearsim [flags]           simulate, one seed after the other
clearsim broker [flags]    run a broker alone (simulations start it)
clearsim plant [flags]     build clearingd with named kill points and planted defects

Exit code 0 only if every promise was kept with every seed. The folder of a seed that
failed is kept.

`

// run is main with everything from outside as arguments.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case len(args) > 0 && args[0] == "broker":
		err = broker(ctx, args[1:])
	case len(args) > 0 && args[0] == "plant":
		err = instrument(ctx, args[1:], stdout, stderr)
	default:
		err = seeds(ctx, args, stdout)
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 64
	}
	fmt.Fprintln(stderr, "clearsim:", err)
	return 1
}

func broker(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("clearsim broker", flag.ContinueOnError)
	store, port := f.String("store", "", "directory of the streams"), f.Int("port", 0, "port on loopback")
	if err := f.Parse(args); err != nil {
		return err
	}
	return simulate.RunBroker(ctx, *store, *port)
}

func seeds(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("clearsim", flag.ContinueOnError)
	f.Usage = func() { fmt.Fprint(f.Output(), usage); f.PrintDefaults() }
	o := simulate.Options{Day: ledger.NewDay(2026, time.November, 20), Out: out}
	f.StringVar(&o.Binary, "binary", "bin/clearingd", "the daemon")
	f.StringVar(&o.Dir, "dir", "var/sim", "where each seed gets a folder")
	f.IntVar(&o.Messages, "messages", 400, "messages of the usual day; about as many others come on top")
	f.IntVar(&o.Kills, "kills", 10, "acts against the daemon in each run")
	f.DurationVar(&o.Ready, "ready", 5*time.Second, "how long a start may take")
	f.DurationVar(&o.Patience, "patience", 3*time.Minute, "how long a run may take")
	seed := f.Uint64("seed", 1, "the first seed")
	count := f.Int("seeds", 1, "how many seeds")
	budget := f.Duration("budget", 0, "begin no further seed after this time; 0: all")
	points := f.Bool("points", false, "the daemon is an instrumented one: kill it at its named points, too")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *points {
		for _, p := range plant.Points {
			o.Points = append(o.Points, p.Name)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	o.Broker = []string{self, "broker"}
	return all(ctx, o, *seed, *count, *budget, out)
}

// all runs the seeds one after the other, and tells all that failed.
func all(ctx context.Context, o simulate.Options, first uint64, count int, budget time.Duration, out io.Writer) error {
	began, failed, done, why := time.Now(), []uint64{}, 0, map[string]int{}
	for o.Seed = first; done < count && (budget == 0 || time.Since(began) < budget); o.Seed++ {
		result, err := simulate.Run(ctx, o)
		if err != nil {
			return fmt.Errorf("seed %d: %w", o.Seed, err)
		}
		done++
		tell(out, result)
		for reason, n := range result.Why {
			why[reason] += n
		}
		if len(result.Faults) > 0 {
			failed = append(failed, o.Seed)
			fmt.Fprintf(out, "FAILED: seed %d, folder %s; again: clearsim --binary %s --points=%t --seed %d --kills %d --messages %d\n",
				o.Seed, result.Dir, o.Binary, len(o.Points) > 0, o.Seed, o.Kills, o.Messages)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	for _, reason := range slices.Sorted(maps.Keys(why)) {
		fmt.Fprintf(out, "not judged %d times: %s\n", why[reason], reason)
	}
	if len(failed) > 0 {
		return fmt.Errorf("%d of %d seeds failed: %v", len(failed), done, failed)
	}
	fmt.Fprintf(out, "%d seeds, no fault, %s\n", done, time.Since(began).Round(time.Second))
	return nil
}

func tell(out io.Writer, r simulate.Result) {
	for _, fault := range r.Faults[:min(len(r.Faults), 40)] {
		fmt.Fprintln(out, "  FAULT", fault)
	}
	if more := len(r.Faults) - 40; more > 0 {
		fmt.Fprintf(out, "  and %d faults more\n", more)
	}
	outcomes := ""
	for _, outcome := range slices.Sorted(maps.Keys(r.Outcomes)) {
		outcomes += fmt.Sprintf(" %d %s,", r.Outcomes[outcome], outcome)
	}
	fmt.Fprintf(out, "  %d messages:%s %d bills judged, %d not; %d statements, %d differences planted, %d acts; %d starts, slowest %d ms, %d publishes repeated, %.1f s\n",
		r.Messages, outcomes, r.Judged, r.Unjudged, r.Statements, r.Planted, r.Acts, r.Starts, r.Slowest.Milliseconds(), r.Retries, r.Took.Seconds())
}
