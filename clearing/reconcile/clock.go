package reconcile

import (
	"fmt"

	"clearingd/ledger"
)

// Calendar counts working days. A year that it does not know is an error, never a guess
// (clearing/calendar has China's).
type Calendar interface {
	After(day ledger.Day, n int) (ledger.Day, error) // the n-th working day after the day
	Between(from, to ledger.Day) (int, error)        // working days after from, up to and with to
}

// Deadline says by when a break of a class must be solved: so many working days after
// it was first seen, but not later than a day of the month after the bill's, where that
// still lies ahead. Article cites where the dates come from: 医保发〔2022〕22号.
type Deadline struct {
	Class       Class
	WorkingDays int // after the evening on which it was first seen; at least 1
	NextMonth   int // day of the month after the bill's; 0: none
	Article     string
}

// Clock is the table of due dates, one for each class.
//
// The day's settlements are reconciled daily, and the month as a whole by the 3rd of the
// next (article 38): what is there or not there, and when. Amounts are agreed between
// agency and hospital by the 20th (article 40); to get there, a problem that is put to
// another agency is answered in 10 working days, one of filing in 2, one of a system in 1
// (article 59).
var Clock = []Deadline{
	{MissHospital, 1, 3, "38"}, {MissTreatment, 1, 3, "38"}, {MissHome, 1, 3, "38"}, {Surplus, 1, 3, "38"},
	{Timing, 1, 3, "38"}, {Duplicate, 1, 3, "38"}, {DuplicateOurs, 1, 3, "38"}, {Status, 1, 3, "38"},
	{ReversalAlone, 1, 3, "38"}, {Totals, 1, 3, "38"},
	{AmountOver, 10, 20, "59, 40"}, {AmountUnder, 10, 20, "59, 40"}, {Split, 10, 20, "59, 40"},
	{Round, 10, 20, "59, 40"}, {Rule, 10, 20, "59, 40"}, {Field, 10, 20, "59, 40"},
	{Eligibility, 2, 20, "59, 40"},
	{SerialGap, 1, 3, "59, 38"}, {SerialReuse, 1, 3, "59, 38"}, {Unreadable, 1, 3, "59, 38"},
}

// DeadlineOf is the class's line of the Clock.
func DeadlineOf(c Class) Deadline {
	for _, d := range Clock {
		if d.Class == c {
			return d
		}
	}
	panic(fmt.Sprintf("reconcile: class %q is not on the Clock", c))
}

// Due is the last day on which a break about a bill of that day, first seen on that
// evening, is in time. The error is the calendar's.
func (d Deadline) Due(bill, firstSeen ledger.Day, cal Calendar) (ledger.Day, error) {
	due, err := cal.After(firstSeen, d.WorkingDays)
	if err != nil {
		return 0, err
	}
	if d.NextMonth > 0 {
		t := bill.Time()
		if month := ledger.NewDay(t.Year(), t.Month()+1, d.NextMonth); month > firstSeen {
			due = min(due, month)
		}
	}
	return due, nil
}

// Age is how old a break is on an evening.
type Age struct {
	Working  int    `json:"working_days"`  // since the evening on which it was first seen
	Calendar int    `json:"calendar_days"` // the same, in days of the calendar
	Overdue  int    `json:"overdue_days"`  // calendar days past the due date; 0: in time
	Bucket   string `json:"bucket"`        // of Buckets, by calendar days
}

// Buckets are the classes of age, in days of the calendar. The last one reaches back to the
// beginning of history, so nothing falls out of the table by growing old.
var Buckets = []string{"0-1", "2-7", "8-30", "31-60", "61+"}

var bucketEnds = [...]int{1, 7, 30, 60}

// Bucket is the class of age of so many calendar days.
func Bucket(days int) string {
	for i, end := range bucketEnds {
		if days <= end {
			return Buckets[i]
		}
	}
	return Buckets[len(bucketEnds)]
}

// Age is how old the break was on an evening, past or present. Later events do not change
// it. An evening before it was first seen has age 0. The error is the calendar's.
func (b *Break) Age(evening ledger.Day, cal Calendar) (Age, error) {
	age := Age{Calendar: max(0, int(evening-b.FirstSeen))}
	age.Bucket = Bucket(age.Calendar)
	var err error
	if age.Working, err = cal.Between(b.FirstSeen, evening); err != nil {
		return Age{}, err
	}
	age.Overdue = max(0, int(evening-b.On(evening).Due))
	return age, nil
}
