package night

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clearingd/clearing/store"
	"clearingd/ledger"
)

// DifferError: files of a report that was made again are not those of its seal. Something
// they print has changed since: the program, the settings, or the pseudonym key.
type DifferError struct {
	Day   ledger.Day
	Files []string // names, in order
}

func (e *DifferError) Error() string {
	return fmt.Sprintf("night: made again, the report of %s differs from its seal: %s", e.Day, strings.Join(e.Files, ", "))
}

// Remake makes the files of a closed day's report again, whatever became of them. They
// take their place when each has the digest it was sealed with; otherwise the error is
// a *[DifferError], and the folder is left as it was. A day that is not closed is
// ErrNotClosed.
func (n *Night) Remake(ctx context.Context, day ledger.Day) error {
	s, err := n.span(day, day)
	if err != nil {
		return err
	}
	if s.state.Phase != store.DayClosed {
		return fmt.Errorf("%w: %s", ErrNotClosed, day)
	}
	_, err = n.write(ctx, s, filepath.Join(n.o.Dir, day.String()), func(m made, draft string) error {
		return s.sealed(m, draft)
	})
	return err
}

// sealed holds what was made against the seal. A file that the seal does not know, made
// by a program newer than the day, is taken out of the draft.
func (s span) sealed(m made, draft string) error {
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(s.state.Files)) {
		if m.files[name] != s.state.Files[name] {
			differ = append(differ, name)
		}
	}
	if len(differ) > 0 {
		return &DifferError{Day: s.from, Files: differ}
	}
	var errs []error
	for name := range m.files {
		if _, ok := s.state.Files[name]; !ok {
			errs = append(errs, os.Remove(filepath.Join(draft, name)))
		}
	}
	return errors.Join(errs...)
}
