package calendar

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"clearingd/ledger"
)

// Errors of calendars. An [ErrYear] is always a *[YearError].
var (
	ErrYear = errors.New("calendar: no arrangement of working days is known for that year")
	ErrFile = errors.New("calendar: malformed year")
)

// YearError says which year's arrangement is missing.
type YearError struct{ Year int }

func (e *YearError) Error() string { return fmt.Sprintf("%v: %d", ErrYear, e.Year) }

// Unwrap makes it an [ErrYear].
func (e *YearError) Unwrap() error { return ErrYear }

// Year is the arrangement of one civil year.
type Year struct {
	Year     int
	Source   string // the State Council's notice
	Verified bool   // a person has read the source; otherwise it is from memory
	off      []ledger.Day
	worked   []ledger.Day
}

// Calendar is an immutable set of years. The zero value has none.
type Calendar struct{ years []Year }

//go:embed data/*.toml
var files embed.FS

// China has the years that the program carries.
func China() (Calendar, error) {
	var c Calendar
	entries, err := files.ReadDir("data")
	if err != nil {
		return c, fmt.Errorf("calendar: %w", err)
	}
	for _, entry := range entries {
		text, err := files.ReadFile("data/" + entry.Name())
		if err != nil {
			return c, fmt.Errorf("calendar: %w", err)
		}
		year, err := Parse(text)
		if err != nil {
			return c, err
		}
		c = c.With(year)
	}
	return c, nil
}

// With is the calendar with the year in the place of its own of that number, or added.
func (c Calendar) With(year Year) Calendar {
	years := slices.DeleteFunc(slices.Clone(c.years), func(y Year) bool { return y.Year == year.Year })
	years = append(years, year)
	slices.SortFunc(years, func(a, b Year) int { return cmp.Compare(a.Year, b.Year) })
	return Calendar{years}
}

// Years lists the years that the calendar has, in order.
func (c Calendar) Years() []Year { return slices.Clone(c.years) }

// Parse reads the file of a year. Every day must lie in it, holidays must be written from
// first to last, and what is worked must be a Saturday or Sunday that is not off. The
// error is [ErrFile], with the reason.
func Parse(file []byte) (Year, error) {
	var f struct {
		Year     int      `toml:"year"`
		Source   string   `toml:"source"`
		Verified bool     `toml:"verified"`
		Off      []string `toml:"off"`
		Worked   []string `toml:"worked"`
	}
	if err := toml.NewDecoder(bytes.NewReader(file)).DisallowUnknownFields().Decode(&f); err != nil {
		return Year{}, fmt.Errorf("%w: %w", ErrFile, err)
	}
	y := Year{Year: f.Year, Source: f.Source, Verified: f.Verified}
	if f.Year < 1990 || f.Year > 2200 || f.Source == "" || len(f.Off) == 0 {
		return Year{}, fmt.Errorf("%w: year, source and off must be there", ErrFile)
	}
	var err error
	if y.off, err = days(f.Year, f.Off); err != nil {
		return Year{}, err
	}
	if y.worked, err = days(f.Year, f.Worked); err != nil {
		return Year{}, err
	}
	for _, day := range y.worked {
		if !weekend(day) || slices.Contains(y.off, day) {
			return Year{}, fmt.Errorf("%w: %s is worked, but it is no free Saturday or Sunday", ErrFile, day)
		}
	}
	return y, nil
}

// days reads "yyyy-MM-dd" and "yyyy-MM-dd..yyyy-MM-dd".
func days(year int, ranges []string) ([]ledger.Day, error) {
	var all []ledger.Day
	for _, text := range ranges {
		first, last, ok := strings.Cut(text, "..")
		if !ok {
			last = first
		}
		from, err := ledger.ParseDay(first)
		to, err2 := ledger.ParseDay(last)
		if err != nil || err2 != nil || from.Year() != year || to.Year() != year || to < from {
			return nil, fmt.Errorf("%w: %q is no day or range of days of %d", ErrFile, text, year)
		}
		for day := from; day <= to; day++ {
			all = append(all, day)
		}
	}
	return all, nil
}

func weekend(day ledger.Day) bool {
	w := day.Time().Weekday()
	return w == time.Saturday || w == time.Sunday
}

// Working reports whether the day is a working day. The error is [ErrYear].
func (c Calendar) Working(day ledger.Day) (bool, error) {
	i, ok := slices.BinarySearchFunc(c.years, day.Year(), func(y Year, year int) int { return cmp.Compare(y.Year, year) })
	if !ok {
		return false, &YearError{day.Year()}
	}
	y := &c.years[i]
	switch {
	case slices.Contains(y.off, day):
		return false, nil
	case slices.Contains(y.worked, day):
		return true, nil
	}
	return !weekend(day), nil
}

// After is the n-th working day after the day; n is at least 1. The error is [ErrYear].
func (c Calendar) After(day ledger.Day, n int) (ledger.Day, error) {
	for n > 0 {
		day++
		working, err := c.Working(day)
		if err != nil {
			return 0, err
		}
		if working {
			n--
		}
	}
	return day, nil
}

// Between counts the working days after from, up to and with to; 0 if to is not after
// from. The error is [ErrYear].
func (c Calendar) Between(from, to ledger.Day) (int, error) {
	n := 0
	for day := from + 1; day <= to; day++ {
		working, err := c.Working(day)
		if err != nil {
			return 0, err
		}
		if working {
			n++
		}
	}
	return n, nil
}
