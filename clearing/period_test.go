package clearing_test

import (
	"testing"

	"clearingd/clearing"
	"clearingd/ledger"
)

func dayOf(t *testing.T, text string) ledger.Day {
	t.Helper()
	d, err := ledger.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAPeriodIsAMonth(t *testing.T) {
	for _, x := range []struct {
		period clearing.Period
		valid  bool
	}{
		{200001, true}, {202603, true}, {202612, true}, {999912, true},
		{199912, false}, {200000, false}, {202600, false}, {202613, false}, {202699, false}, {999913, false}, {1000001, false}, {-202603, false}, {0, false},
	} {
		if x.period.Valid() != x.valid {
			t.Errorf("%d is valid: %t", x.period, !x.valid)
		}
	}
	for _, x := range []struct {
		period      clearing.Period
		text        string
		first, last string
	}{
		{202603, "2026-03", "2026-03-01", "2026-03-31"},
		{202612, "2026-12", "2026-12-01", "2026-12-31"},
		{202802, "2028-02", "2028-02-01", "2028-02-29"},
	} {
		if x.period.String() != x.text || x.period.First() != dayOf(t, x.first) || x.period.Last() != dayOf(t, x.last) ||
			clearing.PeriodOf(dayOf(t, x.first)) != x.period || clearing.PeriodOf(dayOf(t, x.last)) != x.period {
			t.Errorf("%d is %s from %s to %s", x.period, x.period, x.period.First(), x.period.Last())
		}
	}
	for _, x := range []struct {
		from clearing.Period
		n    int
		to   clearing.Period
	}{{202603, 0, 202603}, {202603, 1, 202604}, {202612, 1, 202701}, {202601, -1, 202512}, {202603, 25, 202804}, {202603, -27, 202312}} {
		if got := x.from.Add(x.n); got != x.to || x.to.Since(x.from) != x.n || x.from.Since(x.to) != -x.n {
			t.Errorf("%d months after %s is %s; from there it is %d months", x.n, x.from, got, x.to.Since(x.from))
		}
	}
}

// TestThePeriodsWindow: rows are confirmed from the 1st to the 20th of the month after
// (rules 5.1, articles 40 and 46).
func TestThePeriodsWindow(t *testing.T) {
	for _, x := range []struct {
		period   clearing.Period
		from, to string
	}{{202603, "2026-04-01", "2026-04-20"}, {202612, "2027-01-01", "2027-01-20"}, {202802, "2028-03-01", "2028-03-20"}} {
		if from, to := x.period.Window(); from != dayOf(t, x.from) || to != dayOf(t, x.to) {
			t.Errorf("%s: %s to %s", x.period, from, to)
		}
	}
}

// TestABillSlipsTwoMonths (article 50), and is too late after the first quarter of the year
// after it (rules 5.1).
func TestABillSlipsTwoMonths(t *testing.T) {
	for _, x := range []struct {
		billed        string
		period        clearing.Period
		overdue, late bool
	}{
		{"2026-03-31", 202603, false, false},
		{"2026-03-31", 202605, false, false},
		{"2026-03-01", 202606, true, false},
		{"2026-11-30", 202701, false, false},
		{"2026-11-30", 202702, true, false},
		{"2026-01-01", 202703, true, false},
		{"2026-12-31", 202703, true, false},
		{"2026-12-31", 202704, true, true},
		{"2026-01-01", 202704, true, true},
		{"2027-01-01", 202704, true, false},
	} {
		if overdue, late := x.period.Overdue(dayOf(t, x.billed)), x.period.TooLate(dayOf(t, x.billed)); overdue != x.overdue || late != x.late {
			t.Errorf("a bill of %s in %s: overdue %t, too late %t", x.billed, x.period, overdue, late)
		}
	}
}
