package simulate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"clearingd/clearing/sim/audit"
	"clearingd/cmd/internal/ports"
	"clearingd/ledger"
	"clearingd/provinces/bus"
	"clearingd/provinces/data"
)

// Options of a run.
type Options struct {
	Seed     uint64
	Binary   string        // clearingd
	Broker   []string      // command that runs a broker alone, see RunBroker
	Dir      string        // everything of the run goes to a folder of its own in here
	Messages int           // of the usual day; others come on top
	Kills    int           // acts of the schedule
	Day      ledger.Day    // business day with which a run in manual mode begins
	Points   []string      // named points of an instrumented binary; none: a plain one
	Env      []string      // added to the daemon's environment
	Ready    time.Duration // within which every start must be ready
	Patience time.Duration // for the whole run
	Out      io.Writer
}

// Result is what a run came to.
type Result struct {
	Faults   []string // empty: every promise was kept
	Dir      string
	Messages int
	Starts   int
	Slowest  time.Duration // longest start
	Retries  int64
	Judged   int
	Unjudged int
	Outcomes map[string]int
	Why      map[string]int // why bills could not be judged

	Statements int // that sides published
	Planted    int // differences that were planted in them, as of the last evening
	Acts       int // of officers

	Took time.Duration
}

// run is one simulation at work.
type run struct {
	Options
	Schedule
	dir     string
	daemon  *child
	broker  *child // nil when embedded
	bus     *bus.Bus
	world   *world
	publish publishing
	known   int // messages that were sent
	sent    []message
	stated

	mu      sync.Mutex // guards the child's ending against the watch, and what follows
	faults  []string
	slowest time.Duration
	day     ledger.Day // open business day, as we have closed
}

// Run simulates one seed. The error says that the simulation itself could not be run;
// what the daemon did wrong is in the result.
func Run(ctx context.Context, o Options) (Result, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Patience)
	defer cancel()
	began := time.Now()
	r := &run{Options: o, Schedule: NewSchedule(o.Seed, o.Kills, o.Points), dir: filepath.Join(o.Dir, fmt.Sprintf("seed-%d", o.Seed))}
	fmt.Fprintf(o.Out, "seed %d  (%s)\n  %s\n", o.Seed, version(o.Binary), r.Schedule)
	if err := r.prepare(); err != nil {
		return Result{}, err
	}
	defer r.stop()
	books, err := r.live(ctx)
	result := Result{
		Faults: append(r.faults, r.publish.faults...), Dir: r.dir, Messages: r.known, Starts: r.daemon.starts, Slowest: r.slowest,
		Retries: r.publish.retries.Load(), Took: time.Since(began),
	}
	if r.beliefs != nil {
		result.Statements, result.Planted, result.Acts = len(r.early)+len(r.late), len(r.truths[2].planted), len(r.orders)
	}
	if books != nil {
		result.Judged, result.Unjudged, result.Outcomes, result.Why = books.Judged, books.Unjudged, books.Outcomes, books.Why
	}
	if err != nil {
		result.Faults = append(result.Faults, err.Error())
	}
	if len(result.Faults) == 0 {
		r.stop()
		err = os.RemoveAll(r.dir)
		return result, err
	}
	return result, nil
}

func version(binary string) string {
	out, err := exec.Command(binary, "--version").Output()
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(out))
}

// prepare makes a fresh directory with plans of its own, and finds ports.
func (r *run) prepare() error {
	if err := os.RemoveAll(r.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(r.dir, "plans"), data.Plans); err != nil {
		return err
	}
	free, err := ports.Free(2)
	if err != nil {
		return err
	}
	nats, http := fmt.Sprintf("127.0.0.1:%d", free[0]), fmt.Sprintf("127.0.0.1:%d", free[1])
	r.day = r.Options.Day
	args := []string{"--state", filepath.Join(r.dir, "state"), "--http", http, "--plans", filepath.Join(r.dir, "plans"), "--demo-label", "simulation"}
	if r.Manual {
		args = append(args, "--business-day", "manual", "--first-day", r.day.String())
	} else {
		r.day = today(time.Now())
	}
	if r.External {
		r.broker = &child{path: r.Options.Broker[0], log: filepath.Join(r.dir, "broker.log"),
			args: append(r.Options.Broker[1:], "--store", filepath.Join(r.dir, "broker"), "--port", fmt.Sprint(free[0]))}
		if err := r.broker.start(); err != nil {
			return err
		}
		nats = "nats://" + nats
	}
	r.daemon = &child{path: r.Binary, args: append(args, "--nats", nats), env: r.Env, log: filepath.Join(r.dir, "clearingd.log"), http: http}
	r.world = newWorld(r.Options.Seed, r.Messages, r.day)
	return nil
}

// today is the business day by the wall clock.
func today(now time.Time) ledger.Day {
	return ledger.DayOf(now.In(time.FixedZone("Asia/Shanghai", 8*60*60)))
}

// stop ends what still runs. It may be called again.
func (r *run) stop() {
	if r.bus != nil {
		r.bus.Close()
		r.bus = nil
	}
	for _, c := range []*child{r.daemon, r.broker} {
		if c != nil && c.cmd != nil {
			c.end(syscall.SIGKILL, 10*time.Second)
		}
	}
}

// live lets the daemon live through the schedule, and audits what it leaves behind.
func (r *run) live(ctx context.Context) (*audit.Books, error) {
	if err := r.first(ctx); err != nil {
		return nil, err
	}
	var err error
	if r.bus, err = bus.Connect(ctx, bus.ConnectOptions{URL: "nats://" + strings.TrimPrefix(r.natsAddress(), "nats://"), Name: "simulated hospitals"}); err != nil {
		return nil, err
	}
	acting, stopActing := context.WithCancel(ctx)
	acted, ended := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(ended)
		acted <- r.act(acting, r.Steps)
	}()
	defer func() { stopActing(); <-ended }() // nobody starts a daemon after we have stopped it
	if err := r.phases(ctx, acted); err != nil {
		return nil, err
	}
	if what, ended := r.daemon.ended(); ended {
		return nil, fmt.Errorf("the daemon ended by itself: %s\n%s", what, r.daemon.tail())
	}
	if err := r.reconciling(ctx); err != nil {
		return nil, err
	}
	// The last kill comes when all is quiet; everything must still be there.
	if err := r.restart(ctx, syscall.SIGKILL); err != nil {
		return nil, err
	}
	if err := r.drained(ctx); err != nil {
		return nil, err
	}
	return r.audit(ctx)
}

func (r *run) natsAddress() string { return r.daemon.args[len(r.daemon.args)-1] }

// phases publishes all there is, each phase with what was learnt from the one before,
// and goes on in waves until the schedule is through.
func (r *run) phases(ctx context.Context, acted <-chan error) error {
	var answers answered
	through := false
	for phase := 0; phase < 3 || !through; phase++ {
		var err error
		if answers, err = r.phase(ctx, phase, answers); err != nil {
			select {
			case actErr := <-acted: // it knows better why nothing goes on
				return errors.Join(actErr, err)
			default:
				return err
			}
		}
		if !through {
			select {
			case err := <-acted:
				if err != nil {
					return err
				}
				through = true
			default:
			}
		}
	}
	return nil
}

// Waves keep the daemon at work while the schedule lasts, without flooding the audit.
const (
	waveEvery = 150 * time.Millisecond
	wavesMax  = 1500
)

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (r *run) phase(ctx context.Context, phase int, answers answered) (answered, error) {
	var messages []message
	switch phase {
	case 0:
		messages = r.world.first()
	case 1:
		messages = r.world.second(answers)
	default:
		if pause(ctx, waveEvery); r.known < wavesMax+2*r.Messages {
			messages = r.world.wave(answers)
		}
	}
	r.sent = append(r.sent, messages...)
	r.known = len(r.sent)
	if err := r.publish.publish(ctx, r.bus, r.Options.Seed+uint64(r.known), messages); err != nil {
		return nil, fmt.Errorf("publishing %d messages: %w", len(messages), err)
	}
	if err := r.drained(ctx); err != nil {
		return nil, err
	}
	return r.readAnswers(ctx)
}

// faulty reports whether any promise was broken so far.
func (r *run) faulty() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.faults) > 0
}

func (r *run) fault(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}
