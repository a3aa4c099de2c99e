package intake

import (
	"errors"
	"fmt"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/provinces"
)

// RegistryOptions of a Registry. All fields are required but Observe.
type RegistryOptions struct {
	Store    *store.Store
	Desk     func() *clearing.Desk // the one in force
	BatchMax int                   // messages in one transaction, at most

	// Observe is told of every batch after it is on disk, and of every failure of our
	// own. It must not block for long.
	Observe func(RegistryEvent)
}

// RegistryEvent is what Observe is told: a committed batch, or a failure.
type RegistryEvent struct {
	Records []clearing.RegistryRecord // committed together, in order
	Fault   error                     // our own failure with one message; Records is empty then
}

// Registry takes the home side's documents into the books, in the order of their
// stream. As with claims, each message gets exactly one outcome, stored in one
// transaction with what it changes and with the stream's position; and one that we fail
// on three times by our own fault is set aside (refused with our own code), so that it
// does not hold up the others.
//
// Only one Commit may be at work.
type Registry struct{ o RegistryOptions }

// NewRegistry makes a Registry.
func NewRegistry(o RegistryOptions) *Registry {
	if o.Observe == nil {
		o.Observe = func(RegistryEvent) {}
	}
	return &Registry{o: o}
}

// Commit takes the messages to their outcomes. Those that the books have dealt with are
// passed over. An error means that the books can take no more, or that a message is
// missing before the first; it wraps what the store said.
func (r *Registry) Commit(messages []provinces.RegistryMessage) error {
	for len(messages) > 0 {
		batch := messages[:min(len(messages), r.o.BatchMax)]
		done, err := r.commitUpTo(batch)
		if err != nil {
			return err
		}
		if done < len(batch) {
			if err := r.retry(batch[done]); err != nil {
				return err
			}
			done++
		}
		messages = messages[done:]
	}
	return nil
}

// commitUpTo commits the longest run of messages without a fault of our own and returns
// its length.
func (r *Registry) commitUpTo(messages []provinces.RegistryMessage) (int, error) {
	n := len(messages)
	for n > 0 {
		err := r.transact(messages[:n], false)
		var fault *registryFault
		if !errors.As(err, &fault) {
			return n, err
		}
		r.o.Observe(RegistryEvent{Fault: fault})
		n = fault.index
	}
	return n, nil
}

// retry deals with one message that failed: it notes each failure in the books and sets
// the message aside after the third.
func (r *Registry) retry(m provinces.RegistryMessage) error {
	for {
		var attempts uint64
		err := r.o.Store.Update(func(tx *store.Tx) error {
			err := tx.NoteAttempt(store.RegistryStream, m.Sequence)
			if err == nil {
				attempts, err = tx.Attempts(store.RegistryStream, m.Sequence)
			}
			return err
		})
		if err != nil {
			return err
		}
		if attempts >= AttemptsMax {
			return r.transact([]provinces.RegistryMessage{m}, true)
		}
		time.Sleep(retryPause)
		err = r.transact([]provinces.RegistryMessage{m}, false)
		var fault *registryFault
		if !errors.As(err, &fault) {
			return err
		}
		r.o.Observe(RegistryEvent{Fault: fault})
	}
}

// registryFault is a failure of our own with one message of a batch.
type registryFault struct {
	index    int
	sequence uint64
	cause    error
}

func (e *registryFault) Error() string {
	return fmt.Sprintf("message %s/%d: %v", store.RegistryStream, e.sequence, e.cause)
}

func (e *registryFault) Unwrap() error { return e.cause }

// transact decides and commits the messages in one transaction.
func (r *Registry) transact(messages []provinces.RegistryMessage, setAside bool) error {
	var records []clearing.RegistryRecord
	desk := r.o.Desk()
	err := r.o.Store.Update(func(tx *store.Tx) error {
		records = records[:0]
		at, err := tx.Position(store.RegistryStream)
		if err != nil {
			return err
		}
		for i, m := range messages {
			if m.Sequence <= at.Sequence {
				continue
			}
			decision, err := register(tx, desk, m, setAside)
			if err != nil {
				return &registryFault{index: i, sequence: m.Sequence, cause: err}
			}
			if err := tx.ApplyRegistry(decision); err != nil {
				return err
			}
			records = append(records, decision.Record)
		}
		return nil
	})
	if err == nil && len(records) > 0 {
		r.o.Observe(RegistryEvent{Records: records})
	}
	return err
}

// register calls the desk and turns a panic into an error.
func register(view clearing.RegistryView, desk *clearing.Desk, m provinces.RegistryMessage, setAside bool) (d clearing.RegistryDecision, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = recovered(p)
		}
	}()
	if setAside {
		return desk.RegistryFault(clearing.DecodedRegistration{RegistryMessage: m}), nil
	}
	decoded, err := desk.DecodeRegistration(m)
	if err != nil {
		return d, err
	}
	return desk.Register(view, decoded)
}
