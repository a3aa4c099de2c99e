package reconcile

import (
	"bytes"
	"errors"
	"io"
	"slices"
)

// Runs is where the sorter puts what its memory does not hold. reconcile/spill keeps runs
// in files; [MemoryRuns] keeps them in memory, for tests and small days.
type Runs interface {
	Create() (Run, error)
}

// Run is a sequence of bytes that is written once, from beginning to end, and then read
// once. Whoever implements it answers for reading back what was written, or an error.
type Run interface {
	io.Writer
	Reader() (io.Reader, error) // ends the writing
	Close() error               // gives the room back
}

// MemoryRuns keeps runs in memory.
type MemoryRuns struct{}

// Create makes an empty run.
func (MemoryRuns) Create() (Run, error) { return new(memoryRun), nil }

type memoryRun struct{ bytes.Buffer }

func (r *memoryRun) Reader() (io.Reader, error) { return bytes.NewReader(r.Bytes()), nil }
func (r *memoryRun) Close() error               { r.Buffer = bytes.Buffer{}; return nil }

// closers gives back several runs.
type closers []io.Closer

func (c *closers) Close() error {
	var err error
	for _, one := range slices.Backward(*c) {
		err = errors.Join(err, one.Close())
	}
	*c = nil
	return err
}
