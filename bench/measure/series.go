package measure

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Series is the results of several runs of one thing, in the order they were made.
type Series []float64

// Seconds turns durations into a series.
func Seconds(durations ...time.Duration) Series {
	s := make(Series, len(durations))
	for i, d := range durations {
		s[i] = d.Seconds()
	}
	return s
}

// Median is the middle value, of two middle ones their mean; NaN of an empty series.
func (s Series) Median() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}

// Quantile is the smallest value that at least the share q of the values do not exceed
// (nearest rank); NaN of an empty series.
func (s Series) Quantile(q float64) float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(s))
	rank := int(math.Ceil(q * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Spread is the range of the values as a share of their median: how far the machine
// let one run differ from another. NaN of an empty series.
func (s Series) Spread() float64 {
	if len(s) == 0 {
		return math.NaN()
	}
	return (slices.Max(s) - slices.Min(s)) / s.Median()
}

// Over divides run by run: the i-th run of s by the i-th of t, which ran beside it.
// Both must have as many runs.
func (s Series) Over(t Series) Series {
	if len(s) != len(t) {
		panic(fmt.Sprintf("measure: %d runs over %d", len(s), len(t)))
	}
	ratios := make(Series, len(s))
	for i := range s {
		ratios[i] = s[i] / t[i]
	}
	return ratios
}

// Format writes the median and, of more than one run, the range behind it:
// "0.71 (0.65 to 0.74)". format is of one value, for example "%.2f".
func (s Series) Format(format string) string {
	if len(s) == 0 {
		return "–"
	}
	text := fmt.Sprintf(format, s.Median())
	if len(s) > 1 {
		text += fmt.Sprintf(" ("+format+" to "+format+")", slices.Min(s), slices.Max(s))
	}
	return text
}

// QuantileIfKnown is a quantile as text, or "–" where fewer than ten values lie beyond
// it: of twenty answers none is the slowest of a thousand.
func (s Series) QuantileIfKnown(q float64, format string) string {
	if float64(len(s))*(1-q) < 10-1e-9 {
		return "–"
	}
	return fmt.Sprintf(format, s.Quantile(q))
}
