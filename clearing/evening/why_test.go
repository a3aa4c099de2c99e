package evening_test

import (
	"context"
	"testing"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// explained holds what pages are told against what the match has made of every day: each
// party's difference is explained to the fen over all days and over each, and the standing of
// every bill, told one by one, gives the sums of the day. Every run of these tests ends in it.
func (b *books) explained(through ledger.Day) {
	b.Helper()
	ctx := context.Background()
	for _, party := range everybody {
		b.explainedTo(party, monday, through, through)
		for day := monday; day <= through; day++ {
			b.explainedTo(party, day, day, through)
		}
	}
	for day := monday; day <= through; day++ {
		words, err := b.evening.Words(ctx, day, through)
		if err != nil {
			b.Fatal(err)
		}
		var matched, expected, broken uint64
		var items []reconcile.Item
		b.view(func(tx *store.Tx) error {
			return tx.Scan(1, tx.Last(), func(r *clearing.Record, _ ledger.Entry) error {
				if r.Day != day || r.Effect == 0 {
					return nil
				}
				found, err := tx.Break(reconcile.BillKey(r.Number))
				if err == nil && found != nil && found.Found() {
					broken++
					return nil
				}
				item, err := words.Item(tx, r)
				items = append(items, item)
				return err
			})
		})
		states, err := words.States(ctx, items)
		if err != nil {
			b.Fatal(err)
		}
		for _, i := range items {
			waits := false
			for _, side := range reconcile.Sides {
				waits = waits || states[i.Number][side] == reconcile.Awaited
			}
			if waits {
				expected++
			} else {
				matched++
			}
		}
		b.demandSums(day, matched, expected, broken)
	}
}

func (b *books) explainedTo(party provinces.Party, from, to, through ledger.Day) {
	b.Helper()
	days, why, err := b.evening.Why(context.Background(), party, from, to, through)
	if err != nil {
		b.Fatal(err)
	}
	if why.Rest != 0 {
		b.Errorf("%s, %s to %s: %s of %s are not explained: %+v, %+v", party.Key(), from, to, why.Rest, why.Difference, days.Days, why)
	}
}

// TestWhyAreTheTwoApart: the days, the parts, and what is not due yet.
func TestWhyAreTheTwoApart(t *testing.T) {
	b := newBooks(t)
	first, second := b.bill("1", 3000), b.bill("2", 4000)
	more := row(first)
	more.Funds += 61_00
	b.state(theHospital, monday, more)
	b.close(monday)
	b.match(monday)
	days, why, err := b.evening.Why(context.Background(), theHospital, monday-40, monday+40, monday)
	if err != nil {
		t.Fatal(err)
	}
	owed := second.Bill.Benefit.Funds[0].Amount
	if why.Difference != 61_00-owed || len(why.Reasons) != 2 || why.Rest != 0 {
		t.Errorf("%+v", why)
	}
	if len(days.Days) != 1 || days.Days[0].Books.Count != 2 || days.Days[0].Theirs.Count != 1 || days.Area != treatment || days.Horizon != monday {
		t.Errorf("%+v", days)
	}

	b.state(theHospital, monday, row(first), row(second)) // corrected, and not matched yet
	if _, why, err := b.evening.Why(context.Background(), theHospital, monday, monday, monday); err != nil || why.Difference != 61_00-owed || why.Rest != 0 {
		t.Errorf("%+v %v", why, err)
	}
	rows, read, err := b.evening.StatedRows(context.Background(), theHospital, monday, monday, monday, 10)
	if err != nil || !read || rows[monday].Owed != first.Bill.Benefit.Funds[0].Amount+owed {
		t.Errorf("what the party has in force: %+v %t %v", rows, read, err)
	}
}

// TestTotalsAndARowOfAnotherDay: the home province's totals of Monday lack a bill that stands
// among its rows of Tuesday. The lack is told once.
func TestTotalsAndARowOfAnotherDay(t *testing.T) {
	b := newBooks(t)
	one, two := b.bill("1", 3000), b.bill("2", 4000)
	for _, party := range []provinces.Party{theHospital, theTreatment} {
		b.state(party, monday, rows(one, two)...)
	}
	line := provinces.StatementTotal{Count: 1, Total: two.Bill.Claim.Total, Funds: two.Bill.Benefit.Funds[0].Amount}
	b.apply(provinces.Statement{Party: theHome, From: monday, To: monday, Horizon: monday, Refunds: true, Totals: []provinces.StatementTotal{line}}, nil)
	b.close(monday)
	b.match(monday)
	b.state(theHome, monday+1, row(one))
	b.close(monday + 1)
	b.match(monday + 1)
}
