package reconcile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"clearingd/ledger"
)

// twin is the match once more, written from the design's text, with everything in memory and
// each side by itself: slow, and simple enough to be read beside it.
type dumbTwin struct {
	books []Item
	rows  []Item // of the side, by number and line
	taken []bool
	mine  map[uint64][]Item // by bill: the row that was held against it, its duplicates, then what says the other
	stay  map[uint64]bool   // by bill: matched with several
	said  Said
	side  Side
	word  []string
}

func dumb(side Side, books, rows []Item, said Said) []string {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b Item) int { return cmp.Or(cmp.Compare(a.Number, b.Number), a.Line-b.Line) })
	t := &dumbTwin{books: books, rows: rows, taken: make([]bool, len(rows)), mine: map[uint64][]Item{}, stay: map[uint64]bool{}, said: said, side: side}
	t.byID()
	if said.Rows {
		visits := map[string]bool{}
		for _, b := range books {
			if !visits[b.VisitID] {
				visits[b.VisitID] = true
				t.byVisit(b.VisitID)
			}
		}
	}
	for i := range books {
		t.bill(&books[i])
	}
	t.left()
	slices.Sort(t.word)
	return t.word
}

func (t *dumbTwin) byID() {
	for _, b := range t.books {
		var own, other []Item
		for k, r := range t.rows {
			switch {
			case r.SettlementID != b.SettlementID || r.Number != b.Number:
			case r.Refund == b.Refund:
				own, t.taken[k] = append(own, r), true
			case !(r.Refund && b.UndoneBy != 0):
				other, t.taken[k] = append(other, r), true
			}
		}
		best := 0
		for k := range own {
			if t.like(&b, &own[k]) > t.like(&b, &own[best]) {
				best = k
			}
		}
		if len(own) > 0 {
			first := own[best]
			own = append([]Item{first}, slices.Delete(own, best, best+1)...)
		}
		t.mine[b.Number] = append(own, other...)
	}
}

func (t *dumbTwin) like(b, r *Item) int {
	n := 0
	if b.Amounts.Total == r.Amounts.Total && b.Amounts.Funds == r.Amounts.Funds && b.Amounts.Account == r.Amounts.Account {
		n += 2
	}
	if r.From <= b.From && b.From <= r.To {
		n++
	}
	return n
}

func (t *dumbTwin) has(b *Item) bool {
	return len(t.mine[b.Number]) > 0 && t.mine[b.Number][0].Refund == b.Refund
}

// could reports whether a row may be a bill's at all.
func (t *dumbTwin) could(b, r *Item) bool {
	return b.Refund == r.Refund && (b.Person == r.Person || r.Person == "") && (!r.Refund || r.Number == 0 || r.Number == b.Corrects || r.Number == b.Number)
}

func (t *dumbTwin) byVisit(visit string) {
	open := func(yes func(b, r *Item) bool) {
		for i := range t.books {
			for k := range t.rows {
				b, r := &t.books[i], &t.rows[k]
				if b.VisitID == visit && r.VisitID == visit && !t.has(b) && !t.taken[k] && t.could(b, r) && yes(b, r) {
					t.mine[b.Number] = append([]Item{*r}, t.mine[b.Number]...)
					t.taken[k] = true
				}
			}
		}
	}
	equal := func(b, r *Item) bool { return t.like(b, r) >= 2 }
	open(func(b, r *Item) bool { return t.like(b, r) == 3 })
	open(equal)
	for _, refund := range []bool{false, true} {
		bills, rows := t.without(visit, refund)
		if len(bills) == 1 && len(rows) == 1 {
			open(func(b, r *Item) bool { return b.Refund == refund })
		}
	}
	open(func(b, r *Item) bool { return b.Refund && r.Number != 0 && r.Number == b.Corrects })
	for _, refund := range []bool{false, true} {
		t.sums(visit, refund)
	}
	for k := range t.rows {
		for i := range t.books {
			b, r := &t.books[i], &t.rows[k]
			if b.VisitID != visit || r.VisitID != visit || t.taken[k] || !t.has(b) || t.stay[b.Number] || !t.could(b, r) {
				continue
			}
			first := t.mine[b.Number][0]
			if first.SettlementID == b.SettlementID || first.Amounts.Total != r.Amounts.Total || first.Amounts.Funds != r.Amounts.Funds {
				continue
			}
			n := 0
			for n < len(t.mine[b.Number]) && t.mine[b.Number][n].Refund == b.Refund {
				n++
			}
			t.mine[b.Number] = slices.Insert(t.mine[b.Number], n, *r)
			t.taken[k] = true
		}
	}
}

func (t *dumbTwin) without(visit string, refund bool) (bills []*Item, rows []int) {
	for i := range t.books {
		if b := &t.books[i]; b.VisitID == visit && b.Refund == refund && !t.has(b) {
			bills = append(bills, b)
		}
	}
	for k := range t.rows {
		if r := &t.rows[k]; r.VisitID == visit && r.Refund == refund && !t.taken[k] {
			rows = append(rows, k)
		}
	}
	return bills, rows
}

func (t *dumbTwin) sums(visit string, refund bool) {
	bills, rows := t.without(visit, refund)
	if len(bills) == 0 || len(rows) == 0 || len(bills) > 1 && len(rows) > 1 {
		return
	}
	var total, funds ledger.Amount
	for _, b := range bills {
		total, funds = total+b.Amounts.Total, funds+b.Amounts.Funds
		for _, k := range rows {
			if !t.could(b, &t.rows[k]) {
				return
			}
		}
	}
	for _, k := range rows {
		total, funds = total-t.rows[k].Amounts.Total, funds-t.rows[k].Amounts.Funds
	}
	if total != 0 || funds != 0 {
		return
	}
	for _, b := range bills {
		var all []Item
		for _, k := range rows {
			all = append(all, t.rows[k])
			t.taken[k] = true
		}
		t.mine[b.Number] = append(all, t.mine[b.Number]...)
		t.stay[b.Number] = true
	}
}

// bill says what became of a bill: its differences, in one line.
func (t *dumbTwin) bill(b *Item) {
	rows := t.mine[b.Number]
	say := func(class Class, owed ledger.Amount) {
		t.word = append(t.word, fmt.Sprintf("bill/%d %s %s", b.Number, class, owed))
	}
	if !t.has(b) {
		t.absent(b, len(rows) > 0, say)
	} else {
		r := rows[0]
		if r.To < b.From || b.From < r.From {
			say(Timing, 0)
		}
		if !t.stay[b.Number] {
			t.figures(b, &r, say)
		}
	}
	for i, r := range rows {
		switch {
		case r.Refund != b.Refund:
			say(Status, r.Amounts.Funds)
		case i > 0 && !t.stay[b.Number]:
			say(Duplicate, r.Amounts.Funds)
		}
	}
}

func (t *dumbTwin) absent(b *Item, other bool, say func(Class, ledger.Amount)) {
	s := t.said
	if !other && (!s.Asked || !s.Complete || s.Totals != NoTotals || !s.Refunds && (b.Refund && (s.Stated || b.CorrectsOn == b.From) || b.UndoneBy != 0 && b.UndoneOn == b.From)) {
		return
	}
	class := map[Side]Class{Hospital: MissHospital, Treatment: MissTreatment, Home: MissHome}[t.side]
	if b.Refund || b.UndoneBy != 0 {
		class = Status
	} else {
		for i := range t.books {
			o := &t.books[i]
			if o.Number != b.Number && o.VisitID == b.VisitID && o.Amounts.Total == b.Amounts.Total && o.Amounts.Funds == b.Amounts.Funds && !o.Refund && o.UndoneBy == 0 && t.has(o) {
				class = DuplicateOurs
			}
		}
	}
	say(class, -b.Amounts.Funds)
}

func (t *dumbTwin) figures(b, r *Item, say func(Class, ledger.Amount)) {
	more, total := r.Amounts.Funds-b.Amounts.Funds, r.Amounts.Total-b.Amounts.Total
	class := AmountOver
	if more < 0 || more == 0 && total < 0 {
		class = AmountUnder
	}
	if total != 0 {
		say(class, more)
	}
	if more != 0 {
		if total != 0 {
			more = 0
		}
		say(class, more)
	}
	if r.Number != 0 && r.SettlementID != b.SettlementID && !(b.Refund && r.Number == b.Corrects) {
		say(Field, 0)
	}
	if r.Person != "" && r.Person != b.Person {
		say(Field, 0)
	}
}

func (t *dumbTwin) left() {
	seen := map[string]bool{}
	for k, r := range t.rows {
		if t.taken[k] {
			continue
		}
		key, class := RowKey(&r), Surplus
		if r.Refund {
			class = ReversalAlone
		}
		if seen[key] {
			class = Duplicate
		}
		seen[key] = true
		t.word = append(t.word, fmt.Sprintf("row/%s %s %s", key, class, r.Amounts.Funds))
	}
}

// small draws a day in which everything is near everything else: few visits, few amounts,
// few ids.
func small(t *rapid.T) (books []Item, sides [4][]Item, said [4]Said) {
	n := rapid.IntRange(1, 7).Draw(t, "bills")
	for number := 1; number <= n; number++ {
		funds := ledger.Amount(rapid.SampledFrom([]int{100, 100, 200, 300}).Draw(t, "funds"))
		b := Item{
			Number: uint64(number), SettlementID: settlement(uint64(number)), Person: rapid.SampledFrom([]string{"p-1", "p-1", "p-2"}).Draw(t, "person"),
			Provider: "H33010000001", VisitID: rapid.SampledFrom([]string{"V1", "V2"}).Draw(t, "visit"), Home: "650100", Treatment: "330100",
			From: today, To: today, Amounts: Amounts{Total: funds + 50, Funds: funds},
		}
		if number > 1 && rapid.IntRange(0, 3).Draw(t, "back") == 0 {
			if o := &books[rapid.IntRange(0, number-2).Draw(t, "which")]; !o.Refund && o.UndoneBy == 0 {
				o.UndoneBy, o.UndoneOn = b.Number, today
				b = with(*o, func(i *Item) {
					i.Number, i.SettlementID, i.Corrects, i.CorrectsOn, i.Refund, i.UndoneBy, i.UndoneOn = b.Number, b.SettlementID, o.Number, today, true, 0, 0
					i.Amounts = Amounts{Total: -o.Amounts.Total, Funds: -o.Amounts.Funds}
				})
			}
		} else if rapid.IntRange(0, 5).Draw(t, "of yesterday") == 0 {
			b.Refund, b.Corrects, b.CorrectsOn = true, 900+b.Number, today-1
			b.Amounts = Amounts{Total: -b.Amounts.Total, Funds: -b.Amounts.Funds}
		}
		books = append(books, b)
	}
	for _, s := range Sides {
		said[s] = Said{Asked: true, Rows: rapid.IntRange(0, 9).Draw(t, "rows") > 0, Complete: rapid.Bool().Draw(t, "complete"), Refunds: rapid.Bool().Draw(t, "refunds")}
		said[s].Stated = said[s].Rows || rapid.Bool().Draw(t, "stated")
		if !said[s].Rows {
			said[s].Totals = rapid.SampledFrom([]Tie{NoTotals, TotalsTied, TotalsOpen}).Draw(t, "totals")
			continue
		}
		for line := range rapid.IntRange(0, 9).Draw(t, "lines") {
			sides[s] = append(sides[s], nearly(t, books, s, line+1))
		}
	}
	return books, sides, said
}

// nearly is a row like one of the bills, but for what the dice change.
func nearly(t *rapid.T, books []Item, s Side, line int) Item {
	r := row(books[rapid.IntRange(0, len(books)-1).Draw(t, "of")], s, line)
	of := books[r.Number-1]
	switch rapid.IntRange(0, 9).Draw(t, "change") {
	case 0:
		r.Number, r.SettlementID = 0, "own"
	case 1:
		r.Number, r.SettlementID = 77, settlement(77)
	case 2:
		if of.Refund { // names what it takes back
			r.Number, r.SettlementID = of.Corrects, settlement(of.Corrects)
		}
	case 3:
		r.Refund = !r.Refund
		r.Amounts.Total, r.Amounts.Funds = -r.Amounts.Total, -r.Amounts.Funds
	case 4:
		r.Person = rapid.SampledFrom([]string{"", "p-3"}).Draw(t, "person of row")
	case 5:
		r.Number, r.SettlementID = 0, "own"
		r.Amounts.Total, r.Amounts.Funds = r.Amounts.Total*2, r.Amounts.Funds*2
	case 6:
		r.From, r.To = today+1, today+1
	}
	if rapid.IntRange(0, 4).Draw(t, "amount") == 0 {
		r.Amounts.Funds++
	}
	return r
}

func TestTheMatchIsItsDumbTwin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		books, sides, saids := small(t)
		word := func(s Side, _ *Item) Said { return saids[s] }
		results := matchedIn(t, books, sides, word)
		for _, s := range Sides {
			var got []string
			for _, r := range results {
				key := r.Key()
				if r.Books == nil {
					if r.States[s] == 0 {
						continue
					}
					key = "row/" + RowKey(&r.Sides[s][0])
				}
				for _, f := range r.Findings {
					if f.Side == s {
						got = append(got, fmt.Sprintf("%s %s %s", key, f.Class, f.Owed))
					}
				}
			}
			slices.Sort(got)
			if want := dumb(s, books, sides[s], saids[s]); !slices.Equal(got, want) {
				t.Fatalf("%s:\n got %q\nwant %q", s, got, want)
			}
		}
	})
}

func matchedIn(t *rapid.T, books []Item, sides [4][]Item, word Word) []Result {
	results, _ := matched(t, books, sides, word, 0)
	return results
}

// Whatever comes in: every bill is in exactly one of three sums, which are the ledger's; of
// each side, every row is held against a bill or is one too many, to the fen; no key is
// there twice; and what one side says changes nothing of what is found of another.
func TestWhateverComesInIsAllThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		books, sides, saids := small(t)
		word := func(s Side, _ *Item) Said { return saids[s] }
		results := matchedIn(t, books, sides, word)
		b := NewDayBuilder(today, today+1)
		keys := map[string]bool{}
		var theirs [4]ledger.Amount // by side: what its rows come to, by the findings
		for i := range results {
			r := &results[i]
			if keys[r.Key()] {
				t.Fatalf("%s is there twice", r.Key())
			}
			keys[r.Key()] = true
			if err := b.Add(r); err != nil {
				t.Fatal(err)
			}
			for _, s := range Sides {
				theirs[s] += r.difference(s)
				if r.Books != nil && (r.States[s] == Agrees || r.States[s] == Differs) {
					theirs[s] += r.Books.Amounts.Owed()
				}
			}
		}
		var owed ledger.Amount
		for _, i := range books {
			owed += i.Amounts.Owed()
		}
		if _, err := b.Result([]PairLedger{{Pair{"650100", "330100"}, owed}}, [32]byte{}); err != nil {
			t.Fatal(err)
		}
		for _, s := range Sides {
			var stated ledger.Amount
			for _, r := range sides[s] {
				stated += r.Amounts.Owed()
			}
			if stated != theirs[s] {
				t.Fatalf("the %s states %s; by the findings it is %s", s, stated, theirs[s])
			}
			var alone [4][]Item
			alone[s] = sides[s]
			if !sameFindings(t, s, results, matchedIn(t, books, alone, word)) {
				t.Fatalf("what is found of the %s depends on the other sides", s)
			}
		}
	})
}

func sameFindings(t *rapid.T, s Side, a, b []Result) bool {
	of := func(results []Result) []byte {
		var lines []string
		for _, r := range results {
			for _, f := range r.Findings {
				if f.Side == s {
					line, err := json.Marshal(f)
					if err != nil {
						t.Fatal(err)
					}
					lines = append(lines, r.Key()+string(line))
				}
			}
		}
		slices.Sort(lines)
		return []byte(fmt.Sprint(lines))
	}
	return bytes.Equal(of(a), of(b))
}
