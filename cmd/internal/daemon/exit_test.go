package daemon

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"clearingd/config"
)

func TestExitCode(t *testing.T) {
	for _, test := range []struct {
		name string
		err  error
		want int
	}{
		{"a clean stop", nil, 0},
		{"a stop by signal", context.Canceled, 0},
		{"anything else", errors.New("surprise"), 1},
		{"a step cut short while stopping", fmt.Errorf("close broker: %w", context.DeadlineExceeded), 1},
		{"a step that was cancelled is not the stop", fmt.Errorf("open books: %w", context.Canceled), 1},
		{"configuration", config.Faults{}, 78},
		{"plans", fmt.Errorf("plans: %w", ErrConfig), 78},
		{"address", fmt.Errorf("http: %w", ErrListen), 69},
		{"external broker", unreachedError{errors.New("no servers")}, 69},
		{"locked", fmt.Errorf("open: %w", ErrBooksLocked), 75},
		{"storage", fmt.Errorf("write: %w", ErrStorage), 71},
		{"commit", fmt.Errorf("batch: %w", ErrCommit), 74},
		{"damage", fmt.Errorf("check: %w", ErrBooksDamaged), 65},
		{"damage is never called something milder", errors.Join(ErrCommit, ErrConfig, ErrBooksDamaged), 65},
		{"an unknown outcome before a full disk", errors.Join(ErrStorage, ErrCommit), 74},
	} {
		if got := ExitCode(test.err); got != test.want {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
}

// Two failures that mean different things to an operator have different codes.
func TestExitCodesAreDistinct(t *testing.T) {
	seen := map[int]error{}
	for _, e := range exitCodes {
		if other, ok := seen[e.code]; ok && e.is != config.ErrInvalid {
			t.Errorf("%v and %v both exit with %d", other, e.is, e.code)
		}
		seen[e.code] = e.is
	}
}
