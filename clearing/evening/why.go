package evening

import (
	"context"
	"strings"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Why answers an officer: why are we so far apart with this party over these days? It puts the
// party beside the books and explains the difference over the days up to its horizon from the
// breaks that the newest run has found, settled ones too: deciding a break moves the books'
// balance, and not what the two have stated of the bill.
func (e *Evening) Why(ctx context.Context, party provinces.Party, from, to, through ledger.Day) (PartyDays, reconcile.Explanation, error) {
	breaks, err := e.breaksWith(ctx, party)
	if err != nil {
		return PartyDays{}, reconcile.Explanation{}, err
	}
	strays := make(map[uint64]bool)
	for i := range breaks {
		for _, f := range breaks[i].Findings {
			if f.Class == reconcile.Timing && f.Side == reconcile.SideOf(party.Kind) {
				strays[breaks[i].Entry] = true
			}
		}
	}
	days, err := e.partyDays(ctx, party, from, to, through, strays)
	if err != nil {
		return days, reconcile.Explanation{}, err
	}
	q := reconcile.Question{Party: party, From: from, To: min(to, through, days.Horizon), Breaks: breaks, Expected: days.Early, InTotals: days.InTotals}
	for i := range days.Days {
		d := &days.Days[i]
		if d.Day > q.To {
			continue
		}
		if d.Restated { // the breaks are all that is left of what the run was made from
			apart := -reconcile.Explain(reconcile.Question{Party: party, From: d.Day, To: d.Day, Breaks: breaks, InTotals: days.InTotals}).Rest
			d.Theirs = reconcile.Sum{Count: d.Books.Count}
			if d.Theirs.Owed, err = d.Books.Owed.Add(apart); err != nil {
				return days, reconcile.Explanation{}, err
			}
		}
		if q.Ours, err = q.Ours.Add(d.Books.Owed); err != nil {
			return days, reconcile.Explanation{}, err
		}
		if q.Theirs, err = q.Theirs.Add(d.Theirs.Owed); err != nil {
			return days, reconcile.Explanation{}, err
		}
	}
	return days, reconcile.Explain(q), nil
}

// breaksWith are the breaks that a party has a finding in and that the match finds still.
func (e *Evening) breaksWith(ctx context.Context, party provinces.Party) (list []reconcile.Break, err error) {
	err = e.o.Store.View(func(tx *store.Tx) error {
		return tx.FoundBreaks(func(b reconcile.Break) error {
			if b.Found() && Concerns(&b, party) && !isRest(&b) {
				list = append(list, b)
			}
			return ctx.Err()
		})
	})
	return list, err
}

// Concerns reports whether a break has a finding about what the party has said.
func Concerns(b *reconcile.Break, party provinces.Party) bool {
	side := reconcile.SideOf(party.Kind)
	speaks := b.Party
	if b.Entry != 0 && reconcile.SideOf(b.Party.Kind) != side {
		speaks = (&reconcile.Item{Home: b.Home, Treatment: b.Treatment, Provider: b.Provider}).PartyOn(side)
	}
	if speaks != party {
		return false
	}
	for i := range b.Findings {
		if b.Findings[i].Side == side {
			return true
		}
	}
	return false
}

// isRest: bills that no line of the totals covers are told twice, as bills that the party does
// not have and as what the totals leave over. The money is in the bills.
func isRest(b *reconcile.Break) bool { return strings.HasSuffix(b.Key, "/-.rest.-.-") }
