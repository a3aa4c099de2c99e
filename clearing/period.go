package clearing

import (
	"fmt"
	"time"

	"clearingd/ledger"
)

// Period is a month of clearing (清算期), written yyyyMM: 202603 is March 2026. It is not the
// month of a bill: what is not confirmed in its own month rolls into the next period.
type Period int

// PeriodOf is the month that a day lies in.
func PeriodOf(day ledger.Day) Period {
	t := day.Time()
	return Period(t.Year()*100 + int(t.Month()))
}

// Valid reports whether p is a month from 2000 to 9999.
func (p Period) Valid() bool { return p >= 200001 && p <= 999912 && p%100 >= 1 && p%100 <= 12 }

// First is the first day of the month.
func (p Period) First() ledger.Day { return ledger.NewDay(int(p/100), time.Month(p%100), 1) }

// Last is the last day of the month.
func (p Period) Last() ledger.Day { return p.Add(1).First() - 1 }

// Add is the month n months later.
func (p Period) Add(n int) Period {
	return PeriodOf(ledger.NewDay(int(p/100), time.Month(int(p%100)+n), 1))
}

// Since is how many months p is after another month.
func (p Period) Since(other Period) int {
	return (int(p/100)-int(other/100))*12 + int(p%100) - int(other%100)
}

func (p Period) String() string { return fmt.Sprintf("%04d-%02d", int(p/100), int(p%100)) }

// Days of the month's clock (rules 5.1, articles 40, 46 and 50).
const (
	declaredBy   = 20 // of the month after: agency and hospital have agreed and declared
	slipMonths   = 2  // a bill may slip so many months
	lastLateness = 3  // March: the last period for bills of the year before
)

// Window is when the period's rows are confirmed: from the first day after the month to
// the 20th, before the clearing tables are made on the 21st.
func (p Period) Window() (from, to ledger.Day) {
	return p.Last() + 1, p.Last() + declaredBy
}

// Overdue reports whether a bill of that day has slipped more than the two months that
// article 50 allows when it is confirmed in period p.
func (p Period) Overdue(billed ledger.Day) bool { return p.Since(PeriodOf(billed)) > slipMonths }

// TooLate reports whether p is past the end of the first quarter of the year after the
// bill's: what is left then is for the agencies to decide.
func (p Period) TooLate(billed ledger.Day) bool {
	return p > Period((billed.Year()+1)*100+lastLateness)
}
