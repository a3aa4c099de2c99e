package daemon

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"
)

// lifecycle undoes what was started, last first. A step is registered as soon as its
// resource exists, so a start that fails half-way rolls back through the same list.
type lifecycle struct {
	log   *zap.Logger
	mu    sync.Mutex
	steps []step
}

type step struct {
	name string
	undo func() error
}

func (l *lifecycle) add(name string, undo func() error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.steps = append(l.steps, step{name, undo})
}

// unwind runs every step once, also after one fails, and joins the errors. A second
// call does nothing.
func (l *lifecycle) unwind() error {
	l.mu.Lock()
	steps := l.steps
	l.steps = nil
	l.mu.Unlock()
	var errs []error
	for i := len(steps) - 1; i >= 0; i-- {
		began := time.Now()
		if err := steps[i].undo(); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", steps[i].name, err))
		}
		l.log.Debug("stopped", zap.String("part", steps[i].name), zap.Duration("took", time.Since(began)))
	}
	return errors.Join(errs...)
}
