package evening

import (
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Overdue is how many working days past its due date a break is on an evening; 0: it is due
// that evening; negative: so many are left. The error is the calendar's.
func (e *Evening) Overdue(b *reconcile.Break, evening ledger.Day) (int, error) {
	if evening >= b.Due {
		return e.o.Calendar.Between(b.Due, evening)
	}
	left, err := e.o.Calendar.Between(evening, b.Due)
	return -left, err
}

// StatementsDue is the last business day whose statements are due on an evening: those of
// a day are due on the next working day (rules 4, article 38: the day's settlements are
// reconciled daily).
func (e *Evening) StatementsDue(evening ledger.Day) (ledger.Day, error) {
	day := evening - 1
	for {
		next, err := e.o.Calendar.After(day, 1)
		if err != nil || next <= evening {
			return day, err
		}
		day--
	}
}

// Cap is what may be resolved by itself of a kind on one evening.
func (e *Evening) Cap(kind reconcile.AutoKind) reconcile.Cap { return e.o.Caps[kind] }

// Asked reports whether statements of a party are expected.
func (e *Evening) Asked(party provinces.Party) bool { return e.o.Asked == nil || e.o.Asked(party) }

// BreakLine is a break, as it stood when it is told of ([reconcile.Break.On]), as officers read
// it: its working days are counted on the evening. The error is the calendar's.
func (e *Evening) BreakLine(b *reconcile.Break, evening ledger.Day) (report.BreakLine, error) {
	overdue, err := e.Overdue(b, evening)
	if err != nil {
		return report.BreakLine{}, err
	}
	return report.NewBreakLine(b, overdue, b.Result())
}
