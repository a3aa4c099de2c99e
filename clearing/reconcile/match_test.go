package reconcile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"clearingd/ledger"
	"clearingd/provinces"
)

// today is the business day of the tests, a Tuesday.
var today = ledger.NewDay(2026, 11, 3)

// The bills of the tests: treated in Hangzhou, insured in Urumqi.
func bill(number uint64, owed ledger.Amount) Item {
	cash := ledger.Amount(20_00)
	return Item{
		Number: number, SettlementID: settlement(number), Person: fmt.Sprint("p-", number), Provider: "H33010000001",
		VisitID: fmt.Sprint("V", number), Home: "650100", Treatment: "330100", Insutype: "310", From: today, To: today,
		Amounts: Amounts{Total: owed + cash, Funds: owed - 1_00, Account: 1_00, Cash: &cash, ByFund: []provinces.FundAmount{
			{Fund: provinces.FundEmployee, Amount: owed - 11_00}, {Fund: provinces.FundLargeAmount, Amount: 10_00},
		}},
	}
}

func settlement(number uint64) string { return fmt.Sprintf("330100G%013d", number) }

// takenBack is what takes a bill back, under a number of its own.
func takenBack(b Item, by uint64) Item {
	a, cash := b.Amounts, -*b.Amounts.Cash
	b.Amounts = Amounts{Total: -a.Total, Funds: -a.Funds, Account: -a.Account, Cash: &cash}
	for _, f := range a.ByFund {
		b.Amounts.ByFund = append(b.Amounts.ByFund, provinces.FundAmount{Fund: f.Fund, Amount: -f.Amount})
	}
	b.Corrects, b.CorrectsOn, b.Number, b.SettlementID, b.Refund = b.Number, b.From, by, settlement(by), true
	return b
}

// undone is the bill as the books have it once it was taken back.
func undone(b Item, by uint64, on ledger.Day) Item {
	b.UndoneBy, b.UndoneOn = by, on
	return b
}

// row is what a side says of an item when all agree.
func row(i Item, s Side, line int) Item {
	i.Party, i.Statement, i.Line = i.PartyOn(s), "S1", line
	i.Corrects, i.UndoneBy, i.UndoneOn = 0, 0, 0
	return i
}

func with(i Item, change func(*Item)) Item { change(&i); return i }

// nameless is a row of a side that has ids of its own.
func nameless(i Item) Item { i.Number, i.SettlementID = 0, "OWN-"+i.VisitID; return i }

// rowsOf is all a side says when it agrees.
func rowsOf(s Side, items ...Item) (rows []Item) {
	for n, i := range items {
		rows = append(rows, row(i, s, n+1))
	}
	return rows
}

var everything = Said{Asked: true, Complete: true, Stated: true, Rows: true, Refunds: true}

// alone is the word of a match in which one side is asked.
func alone(side Side, said Said) Word {
	return func(s Side, _ *Item) Said {
		if s == side {
			return said
		}
		return Said{}
	}
}

// matched runs the match over items in any order and copies what it gives.
func matched(t rapid.TB, books []Item, sides [4][]Item, word Word, limit int) ([]Result, [32]byte) {
	t.Helper()
	in := Inputs{Word: word, Runs: MemoryRuns{}}
	sorted := func(items []Item) Stream {
		s := NewSorter(in.Runs)
		if limit > 0 {
			s.records.limit = limit
		}
		for i := range items {
			if err := s.Add(&items[i]); err != nil {
				t.Fatal(err)
			}
		}
		stream, err := s.Sorted()
		if err != nil {
			t.Fatal(err)
		}
		return stream
	}
	in.Books = sorted(books)
	for _, s := range Sides {
		in.Sides[s] = sorted(sides[s])
	}
	var results []Result
	digest, err := Match(in, func(r *Result) error { results = append(results, r.Clone()); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return results, digest
}

// said writes what the match found in one line each: standing, then findings.
func said(results []Result) (lines []string) {
	for _, r := range results {
		line := r.Key() + " " + r.Standing.String()
		for _, f := range r.Findings {
			line += fmt.Sprintf(" | %s %s %s %s", f.Side, f.Class, f.Owed, f.Field)
			if f.More != Equal {
				line += " " + string(f.More) + " more"
			}
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines
}

// Every class that rows can show, each alone, with its direction (where-to-lead 2.2).
func TestTheClassesOfARow(t *testing.T) {
	a, b := bill(1, 100_00), bill(2, 300_00)
	again := with(bill(2, 100_00), func(i *Item) { i.VisitID, i.Person = a.VisitID, a.Person }) // the same stay and amounts as a
	cases := []struct {
		name  string
		books []Item
		rows  []Item // of the hospital
		want  []string
	}{
		{"all agree", []Item{a, b}, rowsOf(Hospital, a, b), []string{"bill/1 matched", "bill/2 matched"}},
		{"a bill is missing", []Item{a, b}, rowsOf(Hospital, b),
			[]string{"bill/1 broken | hospital MISS_HOSP -100.00 setl_id books more", "bill/2 matched"}},
		{"a bill too many", []Item{a}, rowsOf(Hospital, a, b),
			[]string{"bill/1 matched", "row/provider.33.H33010000001/330100G0000000000002 broken | hospital SURPLUS 300.00 setl_id side more"}},
		{"another day", []Item{a}, []Item{with(row(a, Hospital, 1), func(i *Item) { i.From, i.To = today+1, today+1 })},
			[]string{"bill/1 broken | hospital TIMING 0.00 stmt_begndate"}},
		{"a month around the day", []Item{a}, []Item{with(row(a, Hospital, 1), func(i *Item) { i.From, i.To = today-2, today+27 })},
			[]string{"bill/1 matched"}},
		{"one fen more", []Item{a}, []Item{with(row(a, Hospital, 1), func(i *Item) {
			i.Amounts = Amounts{Total: a.Amounts.Total, Funds: a.Amounts.Funds + 1, Account: a.Amounts.Account}
		})}, []string{"bill/1 broken | hospital AMT_OVER 0.01 fund_pay_sumamt side more"}},
		{"less", []Item{a}, []Item{with(row(a, Hospital, 1), func(i *Item) {
			i.Amounts = Amounts{Total: a.Amounts.Total - 5_00, Funds: a.Amounts.Funds - 5_00, Account: a.Amounts.Account}
		})}, []string{"bill/1 broken | hospital AMT_UNDER -5.00 medfee_sumamt books more | hospital AMT_UNDER 0.00 fund_pay_sumamt books more"}},
		{"a higher total, and less owed", []Item{a}, []Item{with(row(a, Hospital, 1), func(i *Item) {
			i.Amounts = Amounts{Total: a.Amounts.Total + 9_00, Funds: a.Amounts.Funds - 2_00, Account: a.Amounts.Account}
		})}, []string{"bill/1 broken | hospital AMT_UNDER -2.00 medfee_sumamt books more | hospital AMT_UNDER 0.00 fund_pay_sumamt books more"}},
		{"only the total is more", []Item{a}, []Item{with(row(a, Hospital, 1), func(i *Item) { i.Amounts.Total += 7; i.Amounts.Cash = nil })},
			[]string{"bill/1 broken | hospital AMT_OVER 0.00 medfee_sumamt side more"}},
		{"fund and account change places", []Item{a}, []Item{with(row(a, Hospital, 1), func(i *Item) {
			i.Amounts.Funds, i.Amounts.Account, i.Amounts.ByFund = i.Amounts.Funds-50, i.Amounts.Account+50, nil
		})}, []string{"bill/1 broken | hospital SPLIT 0.00 fund_pay_sumamt books more | hospital SPLIT 0.00 acct_pay side more"}},
		{"two funds change places", []Item{a}, []Item{with(row(a, Hospital, 1), func(i *Item) {
			i.Amounts.ByFund = []provinces.FundAmount{{Fund: provinces.FundEmployee, Amount: 99_00}}
		})}, []string{"bill/1 broken | hospital SPLIT 0.00 310100 side more | hospital SPLIT 0.00 330100 books more"}},
		{"the same row twice", []Item{a}, rowsOf(Hospital, a, a), []string{"bill/1 broken | hospital DUP_IN 100.00 setl_id side more"}},
		{"three times, once wrong", []Item{a}, append(rowsOf(Hospital, a, a), with(row(a, Hospital, 3), func(i *Item) { i.Amounts.Funds -= 1; i.Amounts.ByFund = nil })),
			[]string{"bill/1 broken | hospital DUP_IN 100.00 setl_id side more | hospital DUP_IN 99.99 setl_id side more"}},
		{"a row twice that nobody else has", []Item{b}, rowsOf(Hospital, a, b, a),
			[]string{"bill/2 matched", "row/provider.33.H33010000001/330100G0000000000001 broken | hospital SURPLUS 100.00 setl_id side more | hospital DUP_IN 100.00 setl_id side more"}},
		{"the books have a stay twice", []Item{a, again}, rowsOf(Hospital, a),
			[]string{"bill/1 matched", "bill/2 broken | hospital DUP_OUT -100.00 setl_id books more"}},
		{"made here, taken back there", []Item{a}, append(rowsOf(Hospital, a), with(row(takenBack(a, 9), Hospital, 2), func(i *Item) { i.Number, i.SettlementID = 1, a.SettlementID })),
			[]string{"bill/1 broken | hospital STATUS -100.00 refd_setl_flag books more"}},
		{"taken back here, stands there", []Item{undone(a, 5, today), takenBack(a, 5)}, rowsOf(Hospital, a),
			[]string{"bill/1 matched", "bill/5 broken | hospital STATUS 100.00 setl_id side more"}},
		{"made and taken back here, neither there", []Item{undone(a, 5, today+1)}, nil,
			[]string{"bill/1 broken | hospital STATUS -100.00 setl_id books more"}},
		{"taken back on both sides, under its own id", []Item{undone(a, 5, today), takenBack(a, 5)}, rowsOf(Hospital, a, takenBack(a, 5)),
			[]string{"bill/1 matched", "bill/5 matched"}},
		{"taken back on both sides, naming the bill", []Item{undone(a, 5, today), takenBack(a, 5)},
			append(rowsOf(Hospital, a), with(row(takenBack(a, 5), Hospital, 2), func(i *Item) { i.Number, i.SettlementID = 1, a.SettlementID })),
			[]string{"bill/1 matched", "bill/5 matched"}},
		{"a refund of nothing", []Item{b}, append(rowsOf(Hospital, b), row(takenBack(a, 7), Hospital, 2)),
			[]string{"bill/2 matched", "row/provider.33.H33010000001/330100G0000000000007~r broken | hospital REV_ORPHAN -100.00 setl_id books more"}},
		{"another person and insurance", []Item{a}, []Item{with(row(a, Hospital, 1), func(i *Item) { i.Person, i.Insutype = "p-9", "390" })},
			[]string{"bill/1 broken | hospital FIELD 0.00 insutype | hospital FIELD 0.00 psn_no"}},
		{"an id of the side's own", []Item{a}, []Item{nameless(row(a, Hospital, 1))}, []string{"bill/1 matched"}},
		{"an id of the side's own, other amounts", []Item{a}, []Item{nameless(with(row(a, Hospital, 1), func(i *Item) { i.Amounts.Funds -= 100; i.Amounts.ByFund = nil }))},
			[]string{"bill/1 broken | hospital AMT_UNDER -1.00 fund_pay_sumamt books more"}},
		{"ids of its own, and a copy", []Item{a}, []Item{nameless(row(a, Hospital, 1)), nameless(row(a, Hospital, 2))},
			[]string{"bill/1 broken | hospital DUP_IN 100.00 setl_id side more"}},
		{"another id of this house", []Item{a}, []Item{with(row(a, Hospital, 1), func(i *Item) { i.Number, i.SettlementID = 77, settlement(77) })},
			[]string{"bill/1 broken | hospital FIELD 0.00 setl_id"}},
		{"another area in the id", []Item{a}, []Item{with(row(a, Hospital, 1), func(i *Item) { i.SettlementID = "330200G0000000000001" })},
			[]string{"bill/1 broken | hospital FIELD 0.00 setl_id"}},
		{"one stay in two rows", []Item{a}, []Item{part(a, 1, 60_00), part(a, 2, 40_00)}, []string{"bill/1 matched"}},
		{"two rows that do not add up", []Item{a}, []Item{part(a, 1, 60_00), part(a, 2, 39_99)},
			[]string{"bill/1 broken | hospital MISS_HOSP -100.00 setl_id books more",
				"row/provider.33.H33010000001/OWN-V1 broken | hospital SURPLUS 60.00 setl_id side more | hospital DUP_IN 39.99 setl_id side more"}},
		{"two bills of a stay in one row", []Item{a, again}, []Item{with(part(a, 1, 200_00), func(i *Item) { i.Amounts.Total += 20_00 })},
			[]string{"bill/1 matched", "bill/2 matched"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			results, _ := matched(t, c.books, [4][]Item{Hospital: c.rows}, alone(Hospital, everything), 0)
			if got := said(results); !slices.Equal(got, c.want) {
				t.Errorf("got\n%q\nwant\n%q", got, c.want)
			}
		})
	}
}

// part is a row of the side's own that has a share of what is owed and, with the first
// line, the patient's cash.
func part(i Item, line int, owed ledger.Amount) Item {
	i = nameless(row(i, Hospital, line))
	i.Amounts = Amounts{Total: owed, Funds: owed, Account: 0}
	if line == 1 {
		i.Amounts = Amounts{Total: owed + 20_00, Funds: owed - 1_00, Account: 1_00}
		if owed == 200_00 {
			i.Amounts.Funds, i.Amounts.Account = 198_00, 2_00
		}
	}
	return i
}

// What a side has not said anything of yet is expected, and no break (P4).
func TestWhatASideHasLeftUnsaid(t *testing.T) {
	a := bill(1, 100_00)
	own := takenBack(bill(9, 50_00), 2)
	back := with(own, func(i *Item) { i.CorrectsOn-- })
	for _, c := range []struct {
		name  string
		said  Said
		items []Item
		want  []string
	}{
		{"not asked", Said{}, []Item{a}, []string{"bill/1 matched"}},
		{"its horizon does not reach the day", Said{Asked: true}, []Item{a}, []string{"bill/1 expected"}},
		{"rows, but the horizon does not reach the day", Said{Asked: true, Rows: true}, []Item{a}, []string{"bill/1 expected"}},
		{"totals that agree", Said{Asked: true, Complete: true, Totals: TotalsTied}, []Item{a}, []string{"bill/1 matched"}},
		{"totals that differ: the bills wait for rows", Said{Asked: true, Complete: true, Totals: TotalsOpen}, []Item{a}, []string{"bill/1 expected"}},
		{"complete, and nothing there", Said{Asked: true, Complete: true}, []Item{a}, []string{"bill/1 broken | home MISS_HOME -100.00 setl_id books more"}},
		{"a statement of bills alone is not asked for refunds", Said{Asked: true, Complete: true, Stated: true}, []Item{back}, []string{"bill/2 matched"}},
		{"a day that was passed over lacks a refund", Said{Asked: true, Complete: true}, []Item{back}, []string{"bill/2 broken | home STATUS 50.00 setl_id side more"}},
		{"a day that was passed over, of a bill of its own", Said{Asked: true, Complete: true}, []Item{own}, []string{"bill/2 matched"}},
	} {
		results, _ := matched(t, c.items, [4][]Item{}, alone(Home, c.said), 0)
		if got := said(results); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// The worst of the sides is the bill's standing, and every side is named.
func TestThreeSidesOfOneBill(t *testing.T) {
	a := bill(1, 100_00)
	less := with(row(a, Treatment, 1), func(i *Item) { i.Amounts.Funds -= 61_00; i.Amounts.ByFund = nil })
	word := func(s Side, _ *Item) Said {
		if s == Home {
			return Said{Asked: true}
		}
		return everything
	}
	results, _ := matched(t, []Item{a}, [4][]Item{Hospital: rowsOf(Hospital, a), Treatment: {less}}, word, 0)
	if got, want := results[0].States, ([4]SideState{0, Agrees, Differs, Awaited}); got != want {
		t.Errorf("states %v, want %v", got, want)
	}
	if got, want := said(results), []string{"bill/1 broken | treatment AMT_UNDER -61.00 fund_pay_sumamt books more"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// Nobody has a thousand rows of one bill; a statement that has is not followed without end,
// and no fen of it is lost.
func TestRowsWithoutEnd(t *testing.T) {
	const many = 1000
	a := bill(1, 100_00)
	var rows, strangers []Item
	for n := range many {
		rows = append(rows, row(a, Hospital, n+1))
		strangers = append(strangers, row(bill(2, 7_00), Hospital, n+1))
	}
	results, _ := matched(t, []Item{a}, [4][]Item{Hospital: append(rows, strangers...)}, alone(Hospital, everything), 0)
	var more ledger.Amount
	for _, r := range results {
		if len(r.Sides[Hospital]) > rowsMax {
			t.Errorf("%d rows are kept of %s", len(r.Sides[Hospital]), r.Key())
		}
		more += r.difference(Hospital)
	}
	if want := ledger.Amount((many-1)*100_00 + many*7_00); more != want {
		t.Errorf("the hospital has %s more, found %s", want, more)
	}
	keys := map[string]bool{}
	for _, r := range results {
		if keys[r.Key()] {
			t.Errorf("%s is there twice", r.Key())
		}
		keys[r.Key()] = true
	}
}

func TestStreamsThatAreNoStreams(t *testing.T) {
	a, b := bill(1, 1_00), bill(2, 2_00)
	for _, c := range []struct {
		name string
		in   Inputs
		want error
	}{
		{"books out of order", Inputs{Books: Items(b, a)}, ErrOrder},
		{"rows out of order", Inputs{Books: Items(a, b), Sides: [4]Stream{Home: Items(b, a)}}, ErrOrder},
		{"a number twice", Inputs{Books: Items(a, a)}, ErrBooks},
		{"a bill without a number", Inputs{Books: Items(nameless(a))}, ErrBooks},
		{"a bill of several days", Inputs{Books: Items(with(a, func(i *Item) { i.To++ }))}, ErrBooks},
	} {
		c.in.Runs, c.in.Word = MemoryRuns{}, alone(Home, everything)
		if _, err := Match(c.in, func(*Result) error { return nil }); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The order in which rows arrive, and how often the sorter must spill, change no byte.
func TestOrderOfInputChangesNothing(t *testing.T) {
	dice := rand.New(rand.NewPCG(1, 2))
	var books []Item
	var sides [4][]Item
	for n := uint64(1); n <= 300; n++ {
		b := bill(n, ledger.Amount(100_00+n))
		books = append(books, b)
		for _, s := range Sides {
			r := row(b, s, int(n))
			switch dice.IntN(12) {
			case 0:
				continue
			case 1:
				r.Amounts.Funds++
				r.Amounts.ByFund = nil
			case 2:
				sides[s] = append(sides[s], r)
				r.Line += 1000
			case 3:
				r = nameless(r)
			}
			sides[s] = append(sides[s], r)
		}
	}
	word := func(Side, *Item) Said { return everything }
	first, digest := matched(t, books, sides, word, 0)
	want, err := json.Marshal(first)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		dice.Shuffle(len(books), func(i, k int) { books[i], books[k] = books[k], books[i] })
		for _, s := range Sides {
			dice.Shuffle(len(sides[s]), func(i, k int) { sides[s][i], sides[s][k] = sides[s][k], sides[s][i] })
		}
		again, other := matched(t, books, sides, word, 300)
		if got, err := json.Marshal(again); err != nil || !bytes.Equal(got, want) || other != digest {
			t.Fatal("another order of the same rows gave another result", err)
		}
	}
	if _, other := matched(t, books, sides, func(Side, *Item) Said { return Said{Asked: true, Rows: true} }, 0); other == digest {
		t.Error("another horizon has the same digest")
	}
	sides[Home][0].Amounts.Total++
	if _, other := matched(t, books, sides, word, 0); other == digest {
		t.Error("another row has the same digest")
	}
}
