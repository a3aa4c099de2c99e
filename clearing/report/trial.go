package report

import (
	"errors"
	"fmt"
)

// AddTrial adds a line of the trial balance that was rolled up before: what a sealed
// day carries over to the next.
func (b *Builder) AddTrial(line TrialLine) error {
	key := trialKey{line.Side, line.Province, line.Stage}
	sum := b.trial[key]
	if sum == nil {
		sum = &TrialLine{Side: line.Side, Province: line.Province, Stage: line.Stage}
		b.trial[key] = sum
	}
	if err := errors.Join(addTo(&sum.Debits, line.Debits), addTo(&sum.Credits, line.Credits)); err != nil {
		return fmt.Errorf("trial balance of %s: %w", line.Province, err)
	}
	return nil
}
