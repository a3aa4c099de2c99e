package calendar

import (
	"errors"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clearingd/ledger"
)

func china(t testing.TB) Calendar {
	t.Helper()
	c, err := China()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func parsed(t testing.TB, text string) ledger.Day {
	t.Helper()
	day, err := ledger.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return day
}

// Days that everybody in China remembers, or will.
func TestWellKnownDays(t *testing.T) {
	c := china(t)
	for days, working := range map[string]bool{
		"2016-02-06 2016-02-14 2016-06-12 2016-09-18 2016-10-08 2016-10-09":                                  true,
		"2016-01-01 2016-02-08 2016-04-04 2016-05-02 2016-06-09 2016-09-15 2016-10-07 2016-12-31":            false,
		"2016-01-04 2016-02-15 2016-04-05 2016-05-03 2016-06-13 2016-09-19 2016-10-10 2016-12-30":            true,
		"2017-01-01 2017-01-02 2017-01-27 2017-10-08":                                                        false,
		"2017-01-03 2017-01-22 2017-02-04 2017-04-01 2017-05-27 2017-09-30":                                  true,
		"2024-02-09 2024-02-04 2024-02-18 2024-04-07 2024-04-28 2024-05-11 2024-09-14 2024-09-29 2024-10-12": true,
		"2024-01-01 2024-02-10 2024-02-17 2024-04-04 2024-05-01 2024-06-10 2024-09-15 2024-10-07":            false,
		"2025-01-26 2025-02-08 2025-04-27 2025-09-28 2025-10-11 2025-10-09 2025-01-27":                       true,
		"2025-01-28 2025-02-04 2025-05-01 2025-05-31 2025-10-01 2025-10-08 2025-10-12":                       false,
		"2026-01-01 2026-01-02 2026-01-03 2026-02-15 2026-02-23 2026-04-04 2026-04-06 2026-05-05":            false,
		"2026-06-19 2026-06-21 2026-09-25 2026-09-27 2026-10-01 2026-10-07 2026-10-11":                       false,
		"2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10 2026-02-24 2026-11-03":            true,
	} {
		for text := range strings.FieldsSeq(days) {
			if got, err := c.Working(parsed(t, text)); err != nil || got != working {
				t.Errorf("%s: working %v, %v; want %v", text, got, err, working)
			}
		}
	}
}

func TestWorkingDaysAfterADay(t *testing.T) {
	c := china(t)
	for _, x := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-02-13", 1, "2026-02-14"}, // the worked Saturday before the Spring Festival
		{"2026-02-14", 1, "2026-02-24"},
		{"2026-02-14", 5, "2026-02-28"}, // and the one behind it
		{"2026-09-30", 2, "2026-10-09"},
		{"2026-09-30", 3, "2026-10-10"},
		{"2016-12-30", 1, "2017-01-03"},
	} {
		got, err := c.After(parsed(t, x.from), x.n)
		if err != nil || got != parsed(t, x.want) {
			t.Errorf("%d after %s: %s, %v; want %s", x.n, x.from, got, err, x.want)
		}
	}
}

func TestAYearWithoutACalendarIsAnError(t *testing.T) {
	c := china(t)
	last := c.Years()[len(c.Years())-1].Year
	newYearsEve := ledger.NewDay(last, 12, 31)
	for _, what := range []struct {
		name string
		do   func() error
	}{
		{"Working", func() error { _, err := c.Working(newYearsEve + 1); return err }},
		{"After", func() error { _, err := c.After(newYearsEve, 1); return err }},
		{"Between", func() error { _, err := c.Between(newYearsEve, newYearsEve+1); return err }},
		{"a gap", func() error { _, err := c.Working(ledger.NewDay(2019, 5, 6)); return err }},
	} {
		if err := what.do(); !errors.Is(err, ErrYear) {
			t.Errorf("%s: %v", what.name, err)
		}
	}
}

// Each worked weekend stands for a weekday that is off, so a year has as many working days
// as it has weekdays less the statutory holidays: 11 until 2024, 13 since 2025.
func TestExchangedDaysBalance(t *testing.T) {
	for _, y := range china(t).Years() {
		weekdays := 0
		for _, day := range y.off {
			if !weekend(day) {
				weekdays++
			}
		}
		statutory := 11
		if y.Year >= 2025 {
			statutory = 13
		}
		// Statutory holidays on a weekend are made up for on a weekday.
		if got := weekdays - len(y.worked); got != statutory {
			t.Errorf("%d: %d weekdays are off and %d weekend days worked, so %d holidays; want %d", y.Year, weekdays, len(y.worked), got, statutory)
		}
		if !strings.Contains(y.Source, "国办发明电") {
			t.Errorf("%d has no source", y.Year)
		}
	}
}

func TestAnInstallationAddsAYear(t *testing.T) {
	year, err := Parse([]byte("year = 2027\nsource = \"国办发明电〔2026〕1号\"\nverified = true\noff = [\"2027-01-01\"]\n"))
	if err != nil {
		t.Fatal(err)
	}
	c := china(t)
	if working, err := c.With(year).Working(ledger.NewDay(2027, 1, 1)); err != nil || working {
		t.Errorf("New Year's Day: %v, %v", working, err)
	}
	if _, err := c.Working(ledger.NewDay(2027, 1, 1)); !errors.Is(err, ErrYear) {
		t.Error("With has changed the calendar itself")
	}
}

func TestMalformedYears(t *testing.T) {
	const head = "year = 2027\nsource = \"x\"\n"
	for name, file := range map[string]string{
		"not TOML":           "year",
		"unknown member":     head + "off = [\"2027-01-01\"]\nholiday = []",
		"no source":          "year = 2027\noff = [\"2027-01-01\"]",
		"nothing off":        head,
		"another year":       head + "off = [\"2026-01-01\"]",
		"backwards":          head + "off = [\"2027-01-03..2027-01-01\"]",
		"no day":             head + "off = [\"2027-02-30\"]",
		"a worked Monday":    head + "off = [\"2027-01-01\"]\nworked = [\"2027-01-04\"]",
		"off and worked":     head + "off = [\"2027-01-01..2027-01-03\"]\nworked = [\"2027-01-02\"]",
		"year out of bounds": "year = 20260\nsource = \"x\"\noff = []",
	} {
		if _, err := Parse([]byte(file)); !errors.Is(err, ErrFile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAfterAndBetweenAreInverse(t *testing.T) {
	c := china(t)
	rapid.Check(t, func(t *rapid.T) {
		from := ledger.NewDay(2024, 1, 1) + ledger.Day(rapid.IntRange(0, 900).Draw(t, "from"))
		n := rapid.IntRange(1, 60).Draw(t, "n")
		to, err := c.After(from, n)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := c.Between(from, to); err != nil || back != n {
			t.Fatalf("%d working days after %s is %s, which is %d, %v", n, from, to, back, err)
		}
	})
}

// The runbook tells an operator how to write a year: what stands there is read.
func TestTheRunbooksExampleIsAYear(t *testing.T) {
	text, err := os.ReadFile("../../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "## Nothing is matched")
	_, rest, _ = strings.Cut(rest, "```toml\n")
	example, _, found := strings.Cut(rest, "```")
	if year, err := Parse([]byte(example)); !found || err != nil || year.Year != 2027 {
		t.Errorf("%+v, %v", year, err)
	}
}
