package lab_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/lab"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/registry"
)

// TestOneChangedRatioChangesExactlyItsBills: Kashgar's ratio goes from 60 to 65 %, Hotan's
// stays. By hand, above the deductible of 1,000: 20,001 pays 11,400.60 at 60 % and
// 12,350.65 at 65 %; 900 is below the deductible and pays nothing either way.
func TestOneChangedRatioChangesExactlyItsBills(t *testing.T) {
	current := plans(t, rule{area: "6531", ratio: 60}, rule{area: "6532", ratio: 60})
	draft := plans(t, rule{area: "6531", ratio: 65}, rule{area: "6532", ratio: 60})
	b := newBooks(t, current, nil)
	b.stays(
		stay{id: "kashgar", person: 1, cost: yuan(20_001)},
		stay{id: "hotan", person: 2, home: "653200", cost: yuan(20_001), level: "05"},
		stay{id: "small", person: 3, cost: yuan(900), treatment: "440100"},
	)
	b.closeDay(firstDay)
	result, lines := b.run(draft, 0, 0)

	want := row{bills: 3, changed: 1, cost: yuan(40_902), booked: 2 * 11_400_60, draft: 11_400_60 + 12_350_65, personal: 40_902_00 - 11_400_60 - 12_350_65}
	if got := rowOf(result.Total); got != want {
		t.Errorf("total %+v, want %+v", got, want)
	}
	if result.Total.PayLess != 1 || result.Total.PayMore != 0 || result.Total.Difference.Funds["390100"] != 950_05 || result.Total.Difference.Cash != -950_05 {
		t.Errorf("%+v", result.Total)
	}
	if lines[0].Changed != true || lines[1].Changed || lines[2].Changed || lines[0].Draft.FundTotal != 12_350_65 || lines[0].Booked.FundTotal != 11_400_60 {
		t.Errorf("%+v", lines)
	}
	for _, x := range []struct {
		by   lab.By
		key  string
		want row
	}{
		{lab.ByArea, "65", want},
		{lab.ByArea, "653100", row{2, 1, 0, yuan(20_901), 11_400_60, 12_350_65, 20_901_00 - 12_350_65}},
		{lab.ByArea, "653200", row{1, 0, 0, yuan(20_001), 11_400_60, 11_400_60, 20_001_00 - 11_400_60}},
		{lab.ByLevel, "third", row{2, 1, 0, yuan(20_901), 11_400_60, 12_350_65, 20_901_00 - 12_350_65}},
		{lab.ByLevel, "second", row{1, 0, 0, yuan(20_001), 11_400_60, 11_400_60, 20_001_00 - 11_400_60}},
		{lab.ByInsurance, "390", want},
		{lab.ByFiling, "unfiled", want},
		{lab.ByPerson, "15", want},
		{lab.ByRetired, "no", want},
		{lab.ByHardship, "no", want},
	} {
		if got := find(t, result, x.by, x.key); got != x.want {
			t.Errorf("by %s, %s: %+v, want %+v", x.by, x.key, got, x.want)
		}
	}
	if len(result.Plans) != 1 || result.Plans[0].ID != "6531-390" || result.Plans[0].Change != lab.Changed {
		t.Errorf("plans %+v", result.Plans)
	}
	if len(lines[0].Booked.Trace) == 0 || len(lines[0].Draft.Trace) == 0 {
		t.Error("a bill comes without its traces")
	}
}

func find(t testing.TB, r lab.Result, by lab.By, key string) row {
	t.Helper()
	for _, x := range r.By[by] {
		if x.Key == key {
			return rowOf(x)
		}
	}
	t.Errorf("by %s there is no row %q", by, key)
	return row{}
}

// TestTheDraftsYearGoesOn: under a cap of 10,000 a year the draft pays more of the first
// bill and so less is left for the second: 60 % of 10,000 is 6,000 and leaves 4,000; 80 %
// is 8,000 and leaves 2,000. Both years come to 10,000.
func TestTheDraftsYearGoesOn(t *testing.T) {
	b := newBooks(t, plans(t, rule{area: "6531", ratio: 60, cap: 10_000}), nil)
	b.stays(stay{id: "one", person: 1, cost: yuan(11_000)}, stay{id: "two", person: 1, cost: yuan(11_000)})
	b.closeDay(firstDay)
	_, lines := b.run(plans(t, rule{area: "6531", ratio: 80, cap: 10_000}), 0, 0)
	for i, want := range [][2]ledger.Amount{{6_000_00, 8_000_00}, {4_000_00, 2_000_00}} {
		if got := [2]ledger.Amount{lines[i].Booked.FundTotal, lines[i].Draft.FundTotal}; got != want {
			t.Errorf("bill %d pays %v, want %v", i+1, got, want)
		}
	}
}

// TestTheYearBeforeTheDaysIsTheBooks: what was booked before the range counts as it was
// booked, opening figures included, and the draft begins on top of it.
func TestTheYearBeforeTheDaysIsTheBooks(t *testing.T) {
	b := newBooks(t, plans(t, rule{area: "6531", ratio: 60, cap: 10_000}), nil)
	opening := &provinces.Opening{Year: 2026, Paid: []provinces.FundAmount{{Fund: "390100", Amount: 1_500_00}}}
	b.stays(stay{id: "before", person: 1, cost: yuan(11_000), opening: opening}) // pays 6,000; with the opening 7,500 are used
	b.closeDay(firstDay)
	b.stays(stay{id: "one", person: 1, cost: yuan(2_000)}, stay{id: "two", person: 1, cost: yuan(11_000)})
	b.closeDay(firstDay + 1)
	_, lines := b.run(plans(t, rule{area: "6531", ratio: 80, cap: 10_000}), firstDay+1, firstDay+1)
	for i, want := range [][2]ledger.Amount{{600_00, 800_00}, {1_900_00, 1_700_00}} {
		if got := [2]ledger.Amount{lines[i].Booked.FundTotal, lines[i].Draft.FundTotal}; got != want {
			t.Errorf("bill %d pays %v, want %v", i+1, got, want)
		}
	}
}

// TestOpeningFiguresAreUsedOnce, by the first bill of the days.
func TestOpeningFiguresAreUsedOnce(t *testing.T) {
	b := newBooks(t, plans(t, rule{area: "6531", ratio: 60, cap: 10_000}), nil)
	opening := &provinces.Opening{Year: 2026, Paid: []provinces.FundAmount{{Fund: "390100", Amount: 3_000_00}}}
	b.stays(stay{id: "one", person: 1, cost: yuan(2_000), opening: opening}, stay{id: "two", person: 1, cost: yuan(11_000), opening: opening})
	b.closeDay(firstDay)
	_, lines := b.run(plans(t, rule{area: "6531", ratio: 90, cap: 10_000}), 0, 0)
	for i, want := range [][2]ledger.Amount{{600_00, 900_00}, {6_000_00, 6_100_00}} {
		if got := [2]ledger.Amount{lines[i].Booked.FundTotal, lines[i].Draft.FundTotal}; got != want {
			t.Errorf("bill %d pays %v, want %v", i+1, got, want)
		}
	}
}

// TestWhatIsUndoneTakesOutWhatItBrought walks a bill through cancellation, reversal and
// restoration, before, over and inside the range; the range is the second day. A bill
// of 11,000 pays 6,000 booked and 8,000 under the draft.
func TestWhatIsUndoneTakesOutWhatItBrought(t *testing.T) {
	one, two := stay{id: "one", person: 1, cost: yuan(11_000)}, stay{id: "two", person: 1, cost: yuan(2_000)}
	for name, x := range map[string]struct {
		before, in func(b *books)
		want       row // of bills, changed, funds booked and draft
	}{
		"booked and cancelled on the days: nothing is left": {
			in:   func(b *books) { b.stays(one); b.cancel("c", one, 1) },
			want: row{},
		},
		"booked and reversed on the days: nothing is left": {
			in:   func(b *books) { b.stays(one); b.reverse("r", one, "one", "2304") },
			want: row{},
		},
		"cancelled, and the cancellation reversed: it stands under both": {
			in:   func(b *books) { b.stays(one); b.cancel("c", one, 1); b.reverse("r", one, "c", "2305") },
			want: row{bills: 1, changed: 1, cost: yuan(11_000), booked: 6_000_00, draft: 8_000_00},
		},
		"booked before, cancelled on the days: it goes as it came": {
			before: func(b *books) { b.stays(one) },
			in:     func(b *books) { b.cancel("c", one, 1) },
			want:   row{bills: -1, cost: -yuan(11_000), booked: -6_000_00, draft: -6_000_00},
		},
		"booked and cancelled before, restored on the days: it comes as it went": {
			before: func(b *books) { b.stays(one); b.cancel("c", one, 1) },
			in:     func(b *books) { b.reverse("r", one, "c", "2305") },
			want:   row{bills: 1, cost: yuan(11_000), booked: 6_000_00, draft: 6_000_00},
		},
		"cancelled and booked anew: only the new one is left": {
			in: func(b *books) {
				b.stays(one)
				b.cancel("c", one, 1)
				again := one
				again.id, again.cost = "again", yuan(6_000)
				b.stays(again)
			},
			want: row{bills: 1, changed: 1, cost: yuan(6_000), booked: 3_000_00, draft: 4_000_00},
		},
		"the later one cancelled: the earlier keeps its draft": {
			in:   func(b *books) { b.stays(one, two); b.cancel("c", two, 2) },
			want: row{bills: 1, changed: 1, cost: yuan(11_000), booked: 6_000_00, draft: 8_000_00},
		},
		"after a cancellation the next bill has the year as it was": {
			// The cap of 10,000: with "one" gone, the next bill of 21,000 pays 10,000 on both sides.
			in: func(b *books) {
				b.stays(one)
				b.cancel("c", one, 1)
				b.stays(stay{id: "next", person: 1, cost: yuan(21_000)})
			},
			want: row{bills: 1, cost: yuan(21_000), booked: 10_000_00, draft: 10_000_00},
		},
		"a bill of before is cancelled under one of the days that was cancelled first": {
			before: func(b *books) { b.stays(one) },
			in: func(b *books) {
				b.stays(two)
				b.cancel("c2", two, 2)
				b.cancel("c1", one, 1)
				b.stays(stay{id: "next", person: 1, cost: yuan(21_000)})
			},
			want: row{bills: 0, cost: yuan(10_000), booked: 4_000_00, draft: 4_000_00},
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t, plans(t, rule{area: "6531", ratio: 60, cap: 10_000}), nil)
			if x.before != nil {
				x.before(b)
			}
			b.closeDay(firstDay)
			x.in(b)
			b.closeDay(firstDay + 1)
			result, _ := b.run(plans(t, rule{area: "6531", ratio: 80, cap: 10_000}), firstDay+1, firstDay+1)
			got := rowOf(result.Total)
			got.personal = 0
			if got != x.want || result.OutOfOrder != 0 {
				t.Errorf("total %+v, want %+v", got, x.want)
			}
		})
	}
}

// TestAStaySplitOverTwoYears: 20 days in 2025 and 10 in 2026 share 30,000; each part has
// its own year's deductible of 1,000 and its own cap.
func TestAStaySplitOverTwoYears(t *testing.T) {
	split := "[version.time]\nnew_year = \"split by days\"\n"
	b := newBooks(t, plans(t, rule{area: "6531", ratio: 60, version: split, cap: 10_000}), nil)
	s := stay{id: "one", person: 1, cost: yuan(30_000), admitted: at(day(2025, time.December, 12), 9), discharged: at(day(2026, time.January, 11), 9)}
	b.stays(s, stay{id: "old", person: 1, cost: yuan(3_000), discharged: at(day(2025, time.December, 1), 9)},
		stay{id: "new", person: 1, cost: yuan(3_000), discharged: at(day(2026, time.February, 1), 9)})
	b.closeDay(firstDay)
	_, lines := b.run(plans(t, rule{area: "6531", ratio: 80, version: split, cap: 10_000}), 0, 0)
	// Booked: min(10,000, 60 % of 19,000) + 60 % of 9,000; draft: 10,000 + 7,200. 2025 is then full, 2026 is not.
	for i, want := range [][2]ledger.Amount{{10_000_00 + 5_400_00, 10_000_00 + 7_200_00}, {0, 0}, {1_200_00, 1_600_00}} {
		if got := [2]ledger.Amount{lines[i].Booked.FundTotal, lines[i].Draft.FundTotal}; got != want {
			t.Errorf("bill %d pays %v, want %v", i+1, got, want)
		}
	}
}

// TestADraftThatSplitsFindsTheOtherYearInTheBooks: the bill was booked into 2026 alone;
// a draft that splits it needs 2025 as it was before the days, where 6,000 of the cap
// of 10,000 were used, although the bill that used them was cancelled afterwards.
func TestADraftThatSplitsFindsTheOtherYearInTheBooks(t *testing.T) {
	b := newBooks(t, plans(t, rule{area: "6531", ratio: 60, cap: 10_000}), nil)
	old := stay{id: "old", person: 1, cost: yuan(11_000), discharged: at(day(2025, time.December, 1), 9)}
	b.stays(old)
	b.closeDay(firstDay)
	b.stays(stay{id: "one", person: 1, cost: yuan(30_000), admitted: at(day(2025, time.December, 12), 9), discharged: at(day(2026, time.January, 11), 9)})
	b.closeDay(firstDay + 1)
	b.cancel("c", old, 1)
	b.closeDay(firstDay + 2)
	draft := plans(t, rule{area: "6531", ratio: 60, cap: 10_000, version: "[version.time]\nnew_year = \"split by days\"\n"})
	_, lines := b.run(draft, firstDay+1, firstDay+1)
	if got := lines[0].Draft.FundTotal; got != 4_000_00+5_400_00 { // what 2025 still had, and 60 % of 9,000
		t.Errorf("the draft pays %s", got)
	}
	// When the cancellation lies in the days too, 2025's newest bill under the draft is another: it cannot go.
	result, _ := b.run(draft, firstDay+1, firstDay+2)
	if result.OutOfOrder != 1 || result.Total.Bills != 0 {
		t.Errorf("out of order %d, bills %d", result.OutOfOrder, result.Total.Bills)
	}
}

// TestWhatTheDraftRefusesIsListed, with its code, and in neither column; a later bill
// of the person goes on from the year without it.
func TestWhatTheDraftRefusesIsListed(t *testing.T) {
	b := newBooks(t, plans(t, rule{area: "6531", ratio: 60}, rule{area: "6532", ratio: 60}), nil)
	b.stays(stay{id: "kept", person: 1, cost: yuan(11_000)}, stay{id: "no-plan", person: 2, home: "653200", cost: yuan(11_000)},
		stay{id: "too-early", person: 3, cost: yuan(21_000), discharged: at(day(2026, time.January, 5), 9)},
		stay{id: "twice", person: 2, home: "653200", cost: yuan(6_000)})
	b.cancel("c", stay{id: "twice", person: 2, home: "653200"}, 4)
	b.closeDay(firstDay)
	result, lines := b.run(plans(t, rule{area: "6531", ratio: 60, from: "2026-02-01"}), 0, 0)
	if got, want := rowOf(result.Total), (row{1, 0, 2, yuan(11_000), 6_000_00, 6_000_00, 5_000_00}); got != want {
		t.Errorf("total %+v, want %+v", got, want)
	}
	if result.Total.RefusedBooked.Cost != yuan(32_000) || result.Total.RefusedBooked.FundTotal != 18_000_00 {
		t.Errorf("refused %+v", result.Total.RefusedBooked)
	}
	want := []struct {
		code  provinces.Code
		home  ledger.Area
		bills int64
		cost  ledger.Amount
		first uint64
	}{{provinces.CodeNoPlan, "653200", 1, yuan(11_000), 2}, {provinces.CodeNoVersion, "653100", 1, yuan(21_000), 3}}
	if len(result.Refusals) != len(want) {
		t.Fatalf("refusals %+v", result.Refusals)
	}
	for i, r := range result.Refusals {
		if w := want[i]; r.Code != w.code || r.Home != w.home || r.Bills != w.bills || r.Booked.Cost != w.cost || r.First != w.first {
			t.Errorf("refusal %+v, want %+v", r, w)
		}
	}
	if lines[1].Refused != provinces.CodeNoPlan || len(lines[1].Errors) == 0 || lines[0].Refused != 0 || len(lines) != 5 {
		t.Errorf("lines %+v", lines)
	}
	if len(result.Plans) != 2 || result.Plans[1].Change != lab.Removed {
		t.Errorf("plans %+v", result.Plans)
	}
}

// TestHardshipIsWhatAPlanSaysItIs: an identity counts if the plan that booked the bill or
// the draft has a group for it, and only on the day.
func TestHardshipIsWhatAPlanSaysItIs(t *testing.T) {
	group := "[[version.group]]\nname = \"poor\"\nzh = \"困难\"\nen = \"poor\"\nidentities = [\"7\", \"8/1\"]\n"
	over := day(2026, time.February, 1)
	list := []stay{
		{id: "group", person: 1, cost: yuan(2_000), identities: []provinces.Identity{{Type: "7"}}},
		{id: "level", person: 2, cost: yuan(2_000), identities: []provinces.Identity{{Type: "8", Level: "1"}}},
		{id: "other-level", person: 3, cost: yuan(2_000), identities: []provinces.Identity{{Type: "8", Level: "2"}}},
		{id: "over", person: 4, cost: yuan(2_000), identities: []provinces.Identity{{Type: "7", End: &over}}},
		{id: "retired", person: 5, cost: yuan(2_000), personType: "1201"},
	}
	for name, x := range map[string]struct{ current, draft string }{
		"the plan in force knows the group": {group, ""},
		"only the draft knows the group":    {"", group},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t, plans(t, rule{area: "6531", ratio: 60, version: x.current}), nil)
			b.stays(list...)
			b.closeDay(firstDay)
			result, lines := b.run(plans(t, rule{area: "6531", ratio: 60, version: x.draft}), 0, 0)
			for i, want := range []bool{true, true, false, false, false} {
				if lines[i].Hardship != want {
					t.Errorf("%s: hardship is %v", list[i].id, lines[i].Hardship)
				}
			}
			if got := find(t, result, lab.ByHardship, "yes").bills; got != 2 {
				t.Errorf("%d bills of hardship groups", got)
			}
			if got := find(t, result, lab.ByRetired, "yes").bills; got != 1 {
				t.Errorf("%d bills of the retired", got)
			}
			if find(t, result, lab.ByPerson, "12").bills != 1 || find(t, result, lab.ByPerson, "15").bills != 4 {
				t.Error("kinds of person")
			}
		})
	}
}

// TestRecordsOfOtherDaysBetween: one stream is a day behind, so its record stands between
// those of the days. It is computed, so that the year stays whole, and not counted.
func TestRecordsOfOtherDaysBetween(t *testing.T) {
	b := newBooks(t, plans(t, rule{area: "6531", ratio: 60, cap: 10_000}), nil)
	b.update(func(tx *store.Tx) error { return cut(tx, firstDay, "33") })
	b.stays(
		stay{id: "one", person: 1, cost: yuan(6_000)},                         // second day
		stay{id: "behind", person: 1, cost: yuan(6_000), treatment: "440100"}, // first day
		stay{id: "two", person: 1, cost: yuan(21_000)},                        // second day
	)
	b.closeDay(firstDay)
	b.closeDay(firstDay + 1)
	result, lines := b.run(plans(t, rule{area: "6531", ratio: 80, cap: 10_000}), firstDay+1, firstDay+1)
	if len(lines) != 2 || result.Others != 1 {
		t.Fatalf("%d lines, %d others", len(lines), result.Others)
	}
	// 10,000 a year: booked 3,000 + 3,000 + 4,000, draft 4,000 + 4,000 + 2,000.
	for i, want := range [][2]ledger.Amount{{3_000_00, 4_000_00}, {4_000_00, 2_000_00}} {
		if got := [2]ledger.Amount{lines[i].Booked.FundTotal, lines[i].Draft.FundTotal}; got != want {
			t.Errorf("bill %d pays %v, want %v", i+1, got, want)
		}
	}
}

// TestOnlyClosedDays can be run.
func TestOnlyClosedDays(t *testing.T) {
	set := plans(t, rule{area: "6531", ratio: 60})
	b := newBooks(t, set, nil)
	try := func(from, to ledger.Day) error {
		_, err := lab.Run(context.Background(), lab.Options{Books: b.store, Draft: set, From: from, To: to})
		return err
	}
	if err := try(0, 0); !errors.Is(err, lab.ErrNoDays) {
		t.Errorf("books without a closed day: %v", err)
	}
	b.stays(stay{id: "one", person: 1, cost: yuan(6_000)})
	if err := try(firstDay, firstDay); !errors.Is(err, lab.ErrNotClosed) {
		t.Errorf("an open day: %v", err)
	}
	b.closeDay(firstDay)
	b.closeDay(firstDay + 1)
	if err := try(firstDay+1, firstDay); !errors.Is(err, lab.ErrNoDays) {
		t.Errorf("to before from: %v", err)
	}
	result, lines := b.run(set, firstDay+1, firstDay+1)
	if len(lines) != 0 || result.Total.Bills != 0 || len(result.PlanSets) != 0 {
		t.Errorf("an empty day: %+v", result)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := lab.Run(ctx, lab.Options{Books: b.store, Draft: set}); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended context: %v", err)
	}
	broken := errors.New("broken")
	_, err := lab.Run(context.Background(), lab.Options{Books: b.store, Draft: set, Bill: func(lab.Line) error { return broken }})
	if !errors.Is(err, broken) {
		t.Errorf("an error of the caller: %v", err)
	}
}

// TestTheBillsMustTieToTheLedger: bills that are not what the postings say stop the run.
func TestTheBillsMustTieToTheLedger(t *testing.T) {
	set := plans(t, rule{area: "6531", ratio: 60})
	path := t.TempDir() + "/books.db"
	if err := store.Create(path, store.Identity{Install: "bad", FirstDay: firstDay}); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	b := newBooks(t, set, nil)
	b.stays(stay{id: "one", person: 1, cost: yuan(6_000)})
	record := b.last[0]
	entry := &ledger.Entry{Number: 1, Day: firstDay, Postings: []ledger.Posting{
		{Account: ledger.Account{Side: ledger.Receivable, Home: "653100", Treatment: "330100", Fund: "390100", Stage: ledger.Accrued}, Amount: 1},
		{Account: ledger.Account{Side: ledger.Payable, Home: "653100", Treatment: "330100", Provider: "H33010000001", Fund: "390100", Stage: ledger.Accrued}, Amount: -1},
	}}
	err = s.Update(func(tx *store.Tx) error {
		if err := tx.KeepPlans(set.Hash(), [][]byte{[]byte(rule{area: "6531", ratio: 60}.text())}); err != nil {
			return err
		}
		if err := tx.Apply(clearing.Decision{Record: record, Entry: entry}); err != nil {
			return err
		}
		state, err := tx.Day(firstDay)
		state.Phase = store.DayClosed
		tx.SetDay(firstDay, state)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lab.Run(context.Background(), lab.Options{Books: s, Draft: set}); !errors.Is(err, lab.ErrTie) {
		t.Errorf("bills that differ from the ledger: %v", err)
	}
}

// TestAYearThatIsFoldedAgain: where a home province lets a bill go from the middle of a
// year, the later bills of the books keep their amounts, and the same plans still change
// nothing. By hand under a draft of 80 %, with a cap of 10,000: "one" pays 8,000 and goes, its
// 8,000 are free again, "two" has had 2,000, so "three" of 8,000 pays all of its 5,600.
func TestAYearThatIsFoldedAgain(t *testing.T) {
	current := plans(t, rule{area: "6531", ratio: 60, cap: 10_000})
	b := newBooks(t, current, nil)
	b.desk.Refold = map[ledger.Province]bool{"65": true}
	b.inForce(current)
	one := stay{id: "one", person: 1, cost: yuan(11_000)}
	b.stays(one, stay{id: "two", person: 1, cost: yuan(11_000)})
	b.cancel("c", one, 1)
	b.stays(stay{id: "three", person: 1, cost: yuan(8_000)})
	b.closeDay(firstDay)
	if result, _ := b.run(current, 0, 0); result.Total.Changed != 0 || result.Total.Bills != 2 || result.OutOfOrder != 1 {
		t.Errorf("the same plans: %+v, %d out of order", result.Total, result.OutOfOrder)
	}
	_, lines := b.run(plans(t, rule{area: "6531", ratio: 80, cap: 10_000}), 0, 0)
	for i, want := range [][2]ledger.Amount{{6_000_00, 8_000_00}, {4_000_00, 2_000_00}, {-6_000_00, -8_000_00}, {4_200_00, 5_600_00}} {
		if got := [2]ledger.Amount{lines[i].Booked.FundTotal, lines[i].Draft.FundTotal}; got != want {
			t.Errorf("line %d pays %v, want %v", i+1, got, want)
		}
	}
}

// TestAHospitalIsWhatTheBooksKeptOfIt: the hospital says level three, the register knew a
// community hospital of level one when the bill was booked. The same plans change nothing,
// whatever the register says since; a draft with a row for such hospitals reaches the bill;
// and the bill stands in the group of the level that it was settled with. By hand:
// 20,001 above 1,000 pays 11,400.60 at 60 %, and at 90 % 17,100.90.
func TestAHospitalIsWhatTheBooksKeptOfIt(t *testing.T) {
	current := plans(t, rule{area: "6531", ratio: 60})
	b := newBooks(t, current, nil)
	tell := func(version int, level, traits string) {
		desk := clearing.Desk{Registry: registry.Dialect{}}
		decoded, err := desk.DecodeRegistration(provinces.RegistryMessage{Sequence: uint64(version), Subject: "registry.33.provider", Body: fmt.Appendf(nil,
			`{"doctype":"provider","docid":"U1","docver":%d,"mdtrtarea_admvs":"330100","fixmedins_code":"H33010000001","hosp_lv":%q,"traits":%s,"begndate":"2020-01-01"}`,
			version, level, traits)})
		if err != nil {
			t.Fatal(err)
		}
		b.update(func(tx *store.Tx) error {
			decision, err := desk.Register(tx, decoded)
			if err != nil || decision.Record.Outcome != provinces.RegistryApplied {
				return fmt.Errorf("%+v: %w", decision.Record, err)
			}
			return tx.ApplyRegistry(decision)
		})
	}
	tell(1, "08", `["community"]`)
	b.stays(stay{id: "one", person: 1, cost: yuan(20_001)})
	tell(2, "01", `[]`)
	b.closeDay(firstDay)
	if result, _ := b.run(current, 0, 0); result.Total.Changed != 0 || result.Total.Bills != 1 {
		t.Errorf("the same plans: %+v", result.Total)
	}
	community := "[[version.layer.special]]\nfor = { hospital = [\"first+community\"] }\npays = 90\n"
	result, _ := b.run(plans(t, rule{area: "6531", ratio: 60, upper: community}), 0, 0)
	if got := find(t, result, lab.ByLevel, "first"); got.booked != 11_400_60 || got.draft != 17_100_90 {
		t.Errorf("%+v", got)
	}
}

// TestAnOfficersAdjustmentMovesBothYears: "one" goes, and officers book what "two" would
// then have been: 6,000 in place of 4,000. The adjustment stands beside the comparison,
// the year of both sides goes on from it, and the same plans still change nothing.
func TestAnOfficersAdjustmentMovesBothYears(t *testing.T) {
	current := plans(t, rule{area: "6531", ratio: 60, cap: 10_000})
	b := newBooks(t, current, nil)
	b.desk.Refold = map[ledger.Province]bool{"65": true}
	b.inForce(current)
	one := stay{id: "one", person: 1, cost: yuan(11_000)}
	b.stays(one, stay{id: "two", person: 1, cost: yuan(11_000)})
	b.cancel("c", one, 1)
	var object [32]byte
	if err := b.store.View(func(tx *store.Tx) error {
		refold, err := b.desk.Refolding(tx, clearing.YearKey{Home: "65", PersonNo: one.request().Claim.PersonNo, Insutype: "390", Year: 2026})
		if err != nil {
			return err
		}
		object, err = refold.Digest()
		return err
	}); err != nil {
		t.Fatal(err)
	}
	order := clearing.AdjustmentOrder{
		Entry: 2, Year: 2026, Object: hex.EncodeToString(object[:]), Maker: "maker", Checker: "checker", Reason: "one was cancelled",
		At: time.Date(2026, 3, 2, 10, 0, 0, 0, clearing.China),
	}
	b.update(func(tx *store.Tx) error {
		decision, err := b.desk.Adjust(tx, order, firstDay)
		if err != nil {
			return err
		}
		return tx.Apply(decision)
	})
	b.stays(stay{id: "three", person: 1, cost: yuan(21_000)}) // 4,000 are left of the cap
	b.closeDay(firstDay)
	result, lines := b.run(current, 0, 0)
	if result.Total.Changed != 0 || result.Adjustments != 1 || result.AdjustedOwed != 2_000_00 || lines[len(lines)-1].Booked.FundTotal != 4_000_00 {
		t.Errorf("%+v; %d adjustments of %s", result.Total, result.Adjustments, result.AdjustedOwed)
	}
	// Under 80 %: "two" had 2,000 left and the adjustment adds the books' 2,000: 6,000 are left.
	_, lines = b.run(plans(t, rule{area: "6531", ratio: 80, cap: 10_000}), 0, 0)
	if got := lines[len(lines)-1].Draft.FundTotal; got != 6_000_00 {
		t.Errorf("the draft's year pays %s after the adjustment", got)
	}
}
