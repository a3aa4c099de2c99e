package evening

import (
	"cmp"
	"fmt"
	"slices"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// portionSize is how many records one read transaction visits.
const portionSize = 500

// books streams the items of a business day in the order of their numbers, and adds up what
// their entries moved into the receivables of each pair.
type books struct {
	run     *run
	day     dayRange
	next    uint64 // first number that was not read yet
	items   []reconcile.Item
	at      int
	accrued map[reconcile.Pair]ledger.Amount
}

func (r *run) books(day ledger.Day) *books {
	b := &books{run: r, day: r.ranges.of(day), accrued: make(map[reconcile.Pair]ledger.Amount)}
	b.next = b.day.from
	return b
}

// Next gives the next item.
func (b *books) Next(i *reconcile.Item) (bool, error) {
	for b.at == len(b.items) {
		if b.next == 0 || b.next > b.day.to {
			return false, nil
		}
		if err := b.read(); err != nil {
			return false, err
		}
	}
	*i = b.items[b.at]
	b.at++
	return true, nil
}

func (b *books) read() error {
	from, to := b.next, min(b.next+portionSize-1, b.day.to)
	b.next, b.at, b.items = to+1, 0, b.items[:0]
	b.run.o.Store.ReadAhead(from, to)
	return b.run.view(func(tx *store.Tx) error {
		return tx.Brief(from, to, func(record *clearing.Record, entry ledger.Entry) error {
			if record.Day != b.day.day || record.Effect == 0 {
				return nil
			}
			item, err := b.run.item(tx, record)
			if err != nil {
				return fmt.Errorf("record %d: %w", record.Number, err)
			}
			b.items = append(b.items, item)
			return b.accrue(entry)
		})
	})
}

func (b *books) accrue(entry ledger.Entry) (err error) {
	for _, p := range entry.Postings {
		if p.Account.Side != ledger.Receivable {
			continue
		}
		pair := reconcile.Pair{Home: p.Account.Home, Treatment: p.Account.Treatment}
		if b.accrued[pair], err = b.accrued[pair].Add(p.Amount); err != nil {
			return fmt.Errorf("record %d: %w", entry.Number, err)
		}
	}
	return nil
}

// ledgers are the pairs with what they accrued.
func (b *books) ledgers() []reconcile.PairLedger {
	var list []reconcile.PairLedger
	for pair, owed := range b.accrued {
		list = append(list, reconcile.PairLedger{Pair: pair, Owed: owed})
	}
	slices.SortFunc(list, func(x, y reconcile.PairLedger) int {
		return cmp.Or(cmp.Compare(x.Home, y.Home), cmp.Compare(x.Treatment, y.Treatment))
	})
	return list
}

// item is a record with an effect as the match has it: the bill it makes, or lets stand
// again, or takes back with the sign turned; and whether it is one of two that are nothing
// together, since one is a 2601 and undid the other. What officers did to a bill is none of it:
// sides state what was answered.
func (r *run) item(tx *store.Tx, record *clearing.Record) (i reconcile.Item, err error) {
	booked, _, err := clearing.BillOf(tx, record)
	if err != nil {
		return i, err
	}
	claim := &booked.Bill.Claim
	i = reconcile.Item{
		Number: record.Number, Person: r.person(claim.PersonNo), Provider: booked.Provider, VisitID: claim.VisitID, Refund: record.Effect < 0,
		Home: booked.Home, Treatment: booked.Treatment, Insutype: claim.Insutype,
		Amounts: amounts(booked.Bill, record.Effect), From: record.Day, To: record.Day,
	}
	if record.Outcome != provinces.Reversed {
		i.SettlementID = record.SettlementID()
	}
	if booked != record {
		i.Corrects, i.CorrectsOn = booked.Number, booked.Day
	}
	var by clearing.Record
	if by, err = r.undone(tx, record.Number); err != nil {
		return i, err
	}
	if record.Effect > 0 && by.Number != 0 {
		i.UndoneBy, i.UndoneOn = by.Number, by.Day
	}
	switch {
	case record.Outcome == provinces.Reversed:
		undone, err := r.brief(tx, record.Original)
		if err != nil {
			return i, err
		}
		i.VoidOn = undone.Day
	case by.Outcome == provinces.Reversed:
		i.VoidOn = by.Day
	}
	i.Silent = i.VoidOn == record.Day
	return i, nil
}

// undone is what took a record back by the evening, as brief has it; the zero record: nothing.
func (r *run) undone(tx *store.Tx, number uint64) (by clearing.Record, err error) {
	n, err := tx.Undone(number)
	if err != nil || n == 0 {
		return by, err
	}
	if by, err = r.brief(tx, n); by.Day > r.evening {
		by = clearing.Record{}
	}
	return by, err
}

// brief is number, business day, outcome and effect of a record.
func (r *run) brief(tx *store.Tx, number uint64) (brief clearing.Record, err error) {
	err = tx.Brief(number, number, func(record *clearing.Record, _ ledger.Entry) error {
		brief = clearing.Record{Number: record.Number, Day: record.Day, Outcome: record.Outcome, Effect: record.Effect}
		return nil
	})
	return brief, err
}

// person is the keyed name by which persons of the books and of rows are compared. A row
// does not always say whose region it is about, so the name is made without one.
func (r *run) person(personNo string) string {
	if personNo == "" {
		return ""
	}
	return r.o.Pseudonyms.Of("", personNo)
}

// amounts are the figures of a bill, signed by the effect of its record.
func amounts(bill *clearing.Bill, effect int8) reconcile.Amounts {
	sign := ledger.Amount(effect)
	cash := sign * bill.Benefit.Cash
	a := reconcile.Amounts{Total: sign * bill.Claim.Total, Account: sign * bill.Benefit.Account, Cash: &cash}
	for _, share := range bill.Benefit.Funds {
		a.Funds += sign * share.Amount
		at := slices.IndexFunc(a.ByFund, func(f provinces.FundAmount) bool { return f.Fund == share.Fund })
		if at < 0 {
			at = len(a.ByFund)
			a.ByFund = append(a.ByFund, provinces.FundAmount{Fund: share.Fund})
		}
		a.ByFund[at].Amount += sign * share.Amount
	}
	slices.SortFunc(a.ByFund, func(x, y provinces.FundAmount) int { return cmp.Compare(x.Fund, y.Fund) })
	return a
}
