package ledger

import (
	"errors"
	"time"
)

// Day is a calendar day, counted from 1970-01-01. It carries no zone: whoever makes
// a Day from an instant says in which zone and with which cut-off. The zero Day
// is 1970-01-01 and stands for "no day" where a field may be absent.
type Day int32

// ErrDaySyntax: the text is not a real day written yyyy-MM-dd.
var ErrDaySyntax = errors.New("ledger: not a day (yyyy-MM-dd)")

const secondsPerDay = 24 * 60 * 60

// DayOf is the calendar day of t in t's own location.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

// NewDay is the day with the given civil date.
func NewDay(year int, month time.Month, day int) Day {
	return DayOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
}

// ParseDay reads exactly yyyy-MM-dd.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || len(s) != len(time.DateOnly) {
		return 0, ErrDaySyntax
	}
	return DayOf(t), nil
}

// Time is midnight UTC of the day: for date arithmetic, not an instant of trade.
func (d Day) Time() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

// Year is the civil year of the day.
func (d Day) Year() int { return d.Time().Year() }

// String writes yyyy-MM-dd.
func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// Append adds the text of String to b.
func (d Day) Append(b []byte) []byte { return d.Time().AppendFormat(b, time.DateOnly) }

// MarshalText writes the text of String.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDay.
func (d *Day) UnmarshalText(text []byte) error {
	day, err := ParseDay(string(text))
	if err != nil {
		return err
	}
	*d = day
	return nil
}
