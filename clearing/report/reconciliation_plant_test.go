package report

import (
	"testing"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/reconcile/plant"
	"clearingd/ledger"
	"clearingd/provinces"
)

// planted matches one planted day and gives its breaks as lines, open since its evening.
func planted(t *testing.T, w *plant.World, d *plant.Day) (reconcile.DayResult, []BreakLine) {
	t.Helper()
	var lines []BreakLine
	day, err := w.Match(d, d.Day, func(r *reconcile.Result) error {
		if r.Standing == reconcile.Broken {
			b := reconcile.BreakOf(r)
			b.FirstSeen, b.Due, b.Owner, b.State = d.Day, d.Day+3, r.Primary().Side, reconcile.Open
			b.History = []reconcile.Event{{Evening: d.Day, State: reconcile.Open, What: reconcile.EventSeen, Class: b.Class}}
			l, err := NewBreakLine(&b, -3, r)
			if err != nil {
				return err
			}
			lines = append(lines, l)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return day, lines
}

// billOf is a bill as the night would give it to the builder.
func billOf(i *reconcile.Item) Bill {
	b := Bill{Entry: i.Number, Corrects: i.Corrects, SettlementID: i.SettlementID, Day: i.From, Home: i.Home, Treatment: i.Treatment, Provider: i.Provider,
		Outcome: provinces.Booked, Total: i.Amounts.Total, Funds: i.Amounts.ByFund, Account: i.Amounts.Account}
	if i.Refund {
		b.Outcome = provinces.Cancelled
	}
	b.Cash = b.Total - i.Amounts.Owed()
	return b
}

// What the match says of days with planted differences ties to the report of the same days
// to the fen, and the breaks are exactly the broken bills.
func TestPlantedDaysTieToTheReport(t *testing.T) {
	w := plant.Build(plant.Config{Seed: 20161208, First: ledger.NewDay(2026, 11, 2), Days: 3, Bills: 60, Plants: 30, Late: true})
	for n := range w.Days {
		d := &w.Days[n]
		head := sampleHead()
		head.From, head.To = d.Day, d.Day
		b := NewBuilder(head)
		b.Reconcile(d.Day, reconcile.Engine)
		for i := range d.Books {
			if err := b.AddBill(billOf(&d.Books[i])); err != nil {
				t.Fatal(err)
			}
		}
		day, lines := planted(t, w, d)
		if err := b.AddDay(day); err != nil {
			t.Fatal(err)
		}
		for _, p := range day.Pairs {
			if err := b.AddPairBalance(p.Home, p.Treatment, 0, p.Ledger); err != nil {
				t.Fatal(err)
			}
		}
		for _, l := range lines {
			if err := b.AddBreak(l); err != nil {
				t.Fatal(err)
			}
		}
		r := finish(t, b)
		v := r.Reconciliation
		if !v.OpenTies || v.Open.Count == 0 || v.Days != 1 {
			t.Errorf("%s: %+v open, %+v broken", d.Day, v.Open, v.BalanceTotal.Broken)
		}
		var classes uint64
		for _, p := range day.Pairs {
			for _, c := range p.Classes {
				classes += c.Count
			}
		}
		if classes != v.Open.Count {
			t.Errorf("%s: %d breaks by class in the match, %d in the report", d.Day, classes, v.Open.Count)
		}
	}
}
