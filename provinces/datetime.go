package provinces

import (
	"errors"
	"time"

	"clearingd/ledger"
)

// DateTime is a wall-clock moment in China to the second, counted from 1970-01-01
// 00:00:00 on that clock. It is what hospitals write; it has no zone to convert.
type DateTime int64

// ErrDateTimeSyntax: the text is not a real moment written yyyy-MM-dd HH:mm:ss.
var ErrDateTimeSyntax = errors.New("not a date-time (yyyy-MM-dd HH:mm:ss)")

// ParseDateTime reads yyyy-MM-dd HH:mm:ss, or yyyy-MM-dd as midnight.
func ParseDateTime(s string) (DateTime, error) {
	layout := time.DateTime
	if len(s) == len(time.DateOnly) {
		layout = time.DateOnly
	}
	t, err := time.Parse(layout, s)
	if err != nil || len(s) != len(layout) {
		return 0, ErrDateTimeSyntax
	}
	return DateTime(t.Unix()), nil
}

// Day is the calendar day of the moment.
func (d DateTime) Day() ledger.Day { return ledger.DayOf(time.Unix(int64(d), 0).UTC()) }

// String writes yyyy-MM-dd HH:mm:ss.
func (d DateTime) String() string { return time.Unix(int64(d), 0).UTC().Format(time.DateTime) }

// MarshalText writes the text of String.
func (d DateTime) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDateTime.
func (d *DateTime) UnmarshalText(text []byte) error {
	moment, err := ParseDateTime(string(text))
	if err != nil {
		return err
	}
	*d = moment
	return nil
}
