package intake

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// AttemptsMax is how often a message may fail through our own fault before it is
// quarantined.
const AttemptsMax = 3

// retryPause lies between two attempts at the same message; short, since the
// messages behind it wait.
const retryPause = 50 * time.Millisecond

// Item is a decoded message, or our own failure to decode it.
type Item struct {
	clearing.Decoded
	Fault error // not nil: decoding failed through our own fault
}

// Options of an Intake. All fields are required but Observe.
type Options struct {
	Store    *store.Store
	Desk     *clearing.Desk
	Cutoff   clearing.Cutoff
	Manual   bool // business days move by hand, not by the broker's clock
	BatchMax int  // messages in one transaction, at most

	// Observe is told of every batch after it is on disk, and of every failure of our
	// own. It must not block for long.
	Observe func(Event)
}

// Event is what Observe is told: a committed batch, or a failure.
type Event struct {
	Records []clearing.Record // committed together, in order
	Passed  int               // messages passed over, because the books had answered them
	Took    time.Duration     // of the transaction, with its sync
	Fault   error             // our own failure with one message; Records is empty then
}

// Intake is safe for concurrent use except that only one Run or Commit may be at work.
type Intake struct {
	o    Options
	desk atomic.Pointer[clearing.Desk]

	mu      sync.Mutex                       // one transaction with its answers at a time: they go out in the books' order
	publish func([]provinces.Envelope) error // of the Run at work; nil: none is
}

// New makes an intake.
func New(o Options) *Intake {
	in := &Intake{o: o}
	in.desk.Store(o.Desk)
	if in.o.Observe == nil {
		in.o.Observe = func(Event) {}
	}
	return in
}

// SetDesk puts new plans in force between two transactions.
func (in *Intake) SetDesk(desk *clearing.Desk) { in.desk.Store(desk) }

// Desk returns the desk in force.
func (in *Intake) Desk() *clearing.Desk { return in.desk.Load() }

// Decode reads a message. It never fails and never panics: what goes wrong by our own
// fault is in the item.
func (in *Intake) Decode(m provinces.Message) (item Item) {
	defer func() {
		if p := recover(); p != nil {
			item = Item{Decoded: clearing.Undecoded(m), Fault: recovered(p)}
		}
	}()
	decoded, err := in.desk.Load().Decode(m)
	return Item{Decoded: decoded, Fault: err}
}

// Run commits what arrives on batches until the channel is closed or ctx ends, and
// hands every answer to publish, in the order of the books, after it is on disk. An
// error means that the books can take no more; it wraps what the store said.
func (in *Intake) Run(ctx context.Context, batches <-chan []Item, publish func([]provinces.Envelope) error) error {
	in.takesDecisions(publish)
	defer in.takesDecisions(nil)
	for {
		items, ok := in.gather(ctx, batches)
		if len(items) > 0 {
			if err := in.Commit(items, publish); err != nil {
				return err
			}
		}
		if !ok {
			return ctx.Err()
		}
	}
}

// gatherBytes is about how much of messages' bodies a transaction takes along: of the
// largest messages a thousand would not be.
const gatherBytes = 16 << 20

// gather waits for one batch and takes along what else is ready.
func (in *Intake) gather(ctx context.Context, batches <-chan []Item) (items []Item, ok bool) {
	select {
	case items, ok = <-batches:
		if !ok {
			return nil, false
		}
	case <-ctx.Done():
		return nil, false
	}
	for len(items) < in.o.BatchMax && bodies(items) < gatherBytes {
		select {
		case more, ok := <-batches:
			if !ok {
				return items, false
			}
			items = append(items, more...)
		default:
			return items, true
		}
	}
	return items, true
}

func bodies(items []Item) (size int) {
	for i := range items {
		size += len(items[i].Body)
	}
	return size
}

// Commit takes the items to their outcomes. Items the books have answered already are
// passed over, so a message may be delivered twice.
func (in *Intake) Commit(items []Item, publish func([]provinces.Envelope) error) error {
	for len(items) > 0 {
		batch := items[:min(len(items), in.o.BatchMax)]
		failed, err := in.commitUpTo(batch, publish)
		if err != nil {
			return err
		}
		items = items[failed:]
		if failed < len(batch) {
			if err := in.retry(items[0], publish); err != nil {
				return err
			}
			items = items[1:]
		}
	}
	return nil
}

// commitUpTo commits the longest run of items without a fault of our own and returns
// its length.
func (in *Intake) commitUpTo(items []Item, publish func([]provinces.Envelope) error) (int, error) {
	n := len(items)
	for n > 0 {
		err := in.transact(items[:n], false, publish)
		var fault *faultError
		if !errors.As(err, &fault) {
			return n, err
		}
		in.o.Observe(Event{Fault: fault})
		n = fault.index
	}
	return n, nil
}

// retry deals with one item that failed: it notes each failure in the books and
// quarantines the item after the third.
func (in *Intake) retry(item Item, publish func([]provinces.Envelope) error) error {
	for {
		attempts, err := in.noteAttempt(item)
		if err != nil {
			return err
		}
		if attempts >= AttemptsMax {
			return in.transact([]Item{item}, true, publish)
		}
		time.Sleep(retryPause)
		if item.Fault != nil {
			item = in.Decode(item.Message)
		}
		err = in.transact([]Item{item}, false, publish)
		var fault *faultError
		if !errors.As(err, &fault) {
			return err
		}
		in.o.Observe(Event{Fault: fault})
	}
}

func (in *Intake) noteAttempt(item Item) (attempts uint64, err error) {
	err = in.o.Store.Update(func(tx *store.Tx) error {
		if err := tx.NoteAttempt(item.Stream, item.Sequence); err != nil {
			return err
		}
		attempts, err = tx.Attempts(item.Stream, item.Sequence)
		return err
	})
	return attempts, err
}

// faultError is a failure of our own with one item of a batch.
type faultError struct {
	index   int
	message provinces.Message
	cause   error
}

func (e *faultError) Error() string {
	return fmt.Sprintf("message %s/%d: %v", e.message.Stream, e.message.Sequence, e.cause)
}

func (e *faultError) Unwrap() error { return e.cause }

// transact decides and commits the items in one transaction, then publishes.
func (in *Intake) transact(items []Item, quarantine bool, publish func([]provinces.Envelope) error) error {
	in.mu.Lock()
	defer in.mu.Unlock()
	var records []clearing.Record
	began := time.Now()
	desk := in.desk.Load()
	err := in.o.Store.Update(func(tx *store.Tx) error {
		records = make([]clearing.Record, 0, len(items))
		for i, item := range items {
			record, err := in.one(tx, desk, item, quarantine)
			if err != nil {
				return in.blame(i, item, err)
			}
			if record != nil {
				records = append(records, *record)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	in.o.Observe(Event{Records: records, Passed: len(items) - len(records), Took: time.Since(began)})
	if len(records) == 0 {
		return nil
	}
	answers := make([]provinces.Envelope, len(records))
	for i := range records {
		answers[i] = records[i].Envelope()
	}
	return publish(answers)
}

// errStore marks errors that no retry of a single message can heal.
var errStore = errors.New("intake: the books cannot be written")

func (in *Intake) blame(index int, item Item, err error) error {
	if errors.Is(err, errStore) {
		return err
	}
	return &faultError{index: index, message: item.Message, cause: err}
}

// one takes one item to its outcome within the transaction; nil if it was answered
// before.
func (in *Intake) one(tx *store.Tx, desk *clearing.Desk, item Item, quarantine bool) (*clearing.Record, error) {
	at, err := tx.Position(item.Stream)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errStore, err)
	}
	if item.Sequence <= at.Sequence {
		return nil, nil
	}
	day, err := tx.MessageDay(item.Stream, item.Sequence, in.clockDay(item))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errStore, err)
	}
	decision, err := decide(tx, desk, item, day, quarantine)
	if err != nil {
		return nil, err
	}
	if err := tx.Apply(decision); err != nil {
		return nil, fmt.Errorf("%w: %w", errStore, err)
	}
	return &decision.Record, nil
}

func (in *Intake) clockDay(item Item) ledger.Day {
	if in.o.Manual {
		return 0
	}
	return in.o.Cutoff.DayAt(item.Received)
}

// decide calls the desk and turns a panic into an error: one message's fate must not
// be the others'.
func decide(view clearing.View, desk *clearing.Desk, item Item, day ledger.Day, quarantine bool) (d clearing.Decision, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = recovered(p)
		}
	}()
	if quarantine {
		return desk.Quarantine(view, item.Decoded, day)
	}
	if item.Fault != nil {
		return d, item.Fault
	}
	return desk.Decide(view, item.Decoded, day)
}

// recovered keeps where a panic came from, but not its value: that may hold a
// patient's data.
func recovered(p any) error {
	return fmt.Errorf("panic (%T) at %s", p, debug.Stack())
}
