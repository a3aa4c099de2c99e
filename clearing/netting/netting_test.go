package netting

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"clearingd/ledger"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func owes(debtor, creditor ledger.Province, fen ledger.Amount) Obligation {
	return Obligation{Debtor: debtor, Creditor: creditor, Amount: fen}
}

func TestBilateralsKeepBothLegs(t *testing.T) {
	got, err := Bilaterals([]Obligation{
		owes("65", "33", 700), owes("33", "65", 300), owes("33", "65", 100), // two parts of one leg
		owes("11", "31", 500), owes("31", "11", 500), // a net of zero is still a pair
		owes("53", "44", -200), // cancellations outweighed the day's bookings
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []Bilateral{
		{A: "11", B: "31", AOwesB: 500, BOwesA: 500, Net: 0},
		{A: "33", B: "65", AOwesB: 400, BOwesA: 700, Net: -300},
		{A: "44", B: "53", AOwesB: 0, BOwesA: -200, Net: 200},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPositions(t *testing.T) {
	got, err := Positions([]Obligation{owes("65", "33", 700), owes("33", "65", 300), owes("11", "33", 50)})
	if err != nil {
		t.Fatal(err)
	}
	want := []Position{
		{Province: "11", Pays: 50, Receives: 0, Net: -50},
		{Province: "33", Pays: 300, Receives: 750, Net: 450},
		{Province: "65", Pays: 700, Receives: 300, Net: -400},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestProposeFindsTheFewestTransfers(t *testing.T) {
	for _, c := range []struct {
		name      string
		owed      []Obligation
		transfers []Obligation
		gross     int
	}{
		{"nobody owes", nil, nil, 0},
		{"a ring cancels out", []Obligation{owes("11", "12", 5), owes("12", "13", 5), owes("13", "11", 5)}, nil, 3},
		{"one pays one", []Obligation{owes("11", "12", 5)}, []Obligation{owes("11", "12", 5)}, 1},
		{"a chain is cut short", []Obligation{owes("11", "12", 5), owes("12", "13", 5)}, []Obligation{owes("11", "13", 5)}, 2},
		{"a negative obligation turns round", []Obligation{owes("11", "12", -5)}, []Obligation{owes("12", "11", 5)}, 1},
		{
			// Largest pays largest over all four and two needs five: 11 would feed 23 first.
			"two groups are found where the greedy way sees one",
			[]Obligation{owes("11", "21", 5), owes("11", "22", 4), owes("12", "23", 6), owes("12", "24", 2)},
			[]Obligation{owes("11", "21", 5), owes("11", "22", 4), owes("12", "23", 6), owes("12", "24", 2)}, 4,
		},
		{
			"three pay two",
			[]Obligation{owes("11", "21", 4), owes("12", "21", 3), owes("13", "21", 2), owes("14", "22", 6), owes("15", "22", 5)},
			[]Obligation{owes("11", "21", 4), owes("12", "21", 3), owes("13", "21", 2), owes("14", "22", 6), owes("15", "22", 5)}, 5,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Propose(c.owed)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.transfers, p.Transfers); diff != "" {
				t.Error(diff)
			}
			if !p.Fewest || p.GrossPayments != c.gross || p.SavedPayments != c.gross-len(c.transfers) {
				t.Errorf("fewest %v, gross payments %d, saved %d", p.Fewest, p.GrossPayments, p.SavedPayments)
			}
		})
	}
}

func TestNoSumLeavesItsRangeUnnoticed(t *testing.T) {
	const most, least = math.MaxInt64, math.MinInt64
	for _, c := range []struct {
		name string
		owed []Obligation
	}{
		{"one leg", []Obligation{owes("11", "12", most), owes("11", "12", 1)}},
		{"what a province pays", []Obligation{owes("11", "12", most), owes("11", "13", 1)}},
		{"what a province receives", []Obligation{owes("11", "13", most), owes("12", "13", 1)}},
		{"a net of two legs", []Obligation{owes("11", "12", most), owes("12", "11", -2)}},
		{"all positions together", []Obligation{owes("11", "12", most), owes("13", "14", 1)}},
		{"the least amount turned round", []Obligation{owes("11", "12", least)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Propose(c.owed); !errors.Is(err, ledger.ErrOverflow) {
				t.Errorf("got %v, want overflow", err)
			}
		})
	}
	if _, err := Bilaterals([]Obligation{owes("11", "12", most), owes("12", "11", -2)}); !errors.Is(err, ledger.ErrOverflow) {
		t.Errorf("bilateral: got %v, want overflow", err)
	}
	if p, err := Propose([]Obligation{owes("11", "12", most)}); err != nil || p.NetAmount != most {
		t.Errorf("the largest amount itself is fine, got %v %v", p, err)
	}
}

func TestAProvinceCannotOweItself(t *testing.T) {
	self := []Obligation{owes("65", "65", 1)}
	_, errB := Bilaterals(self)
	_, errP := Positions(self)
	_, errT := Propose(self)
	for _, err := range []error{errB, errP, errT} {
		if !errors.Is(err, ErrSelf) {
			t.Errorf("got %v", err)
		}
	}
}

// drawObligations draws few distinct small amounts, so that groups that sum to zero
// are common.
func drawObligations(t *rapid.T, parties int) []Obligation {
	most := rapid.SampledFrom([]int64{3, 40, 1_000_000_000}).Draw(t, "most")
	var list []Obligation
	for range rapid.IntRange(0, 3*parties).Draw(t, "obligations") {
		a := rapid.IntRange(0, parties-1).Draw(t, "debtor")
		b := rapid.IntRange(0, parties-2).Draw(t, "creditor")
		if b >= a {
			b++
		}
		list = append(list, owes(code(a), code(b), ledger.Amount(rapid.Int64Range(-most/3, most).Draw(t, "fen"))))
	}
	return list
}

func code(i int) ledger.Province { return ledger.Province(fmt.Sprintf("%02d", i+11)) }

func TestProposalSettlesEveryPosition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owed := drawObligations(t, rapid.SampledFrom([]int{2, 5, 12, 16}).Draw(t, "parties"))
		positions, err := Positions(owed)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Propose(owed)
		if err != nil {
			t.Fatal(err)
		}
		checkSettles(t, positions, p)
		if !p.Fewest {
			t.Error("sixteen parties and no proof")
		}
		// The order in which obligations come must not matter.
		shuffled := slices.Clone(owed)
		slices.Reverse(shuffled)
		again, err := Propose(shuffled)
		if diff := cmp.Diff(p, again); diff != "" || err != nil {
			t.Errorf("another order, another proposal: %v %s", err, diff)
		}
	})
}

type failer interface{ Errorf(string, ...any) }

func checkSettles(t failer, positions []Position, p Proposal) {
	net := map[ledger.Province]ledger.Amount{}
	open := 0
	var sum ledger.Amount
	for _, at := range positions {
		net[at.Province] = at.Net
		sum += at.Net
		if at.Net != 0 {
			open++
		}
	}
	if sum != 0 {
		t.Errorf("positions sum to %s", sum)
	}
	for _, x := range p.Transfers {
		if x.Amount <= 0 {
			t.Errorf("transfer of %s", x.Amount)
		}
		net[x.Debtor] += x.Amount
		net[x.Creditor] -= x.Amount
	}
	for province, left := range net {
		if left != 0 {
			t.Errorf("%s is left with %s", province, left)
		}
	}
	if len(p.Transfers) > max(0, open-1) || p.Parties != open {
		t.Errorf("%d transfers for %d of %d parties", len(p.Transfers), p.Parties, open)
	}
}

func TestBilateralsAndPositionsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owed := drawObligations(t, 9)
		bilaterals, err1 := Bilaterals(owed)
		positions, err2 := Positions(owed)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		net := map[ledger.Province]ledger.Amount{}
		for _, b := range bilaterals {
			if b.A >= b.B || b.Net != b.AOwesB-b.BOwesA {
				t.Errorf("%+v", b)
			}
			net[b.A] -= b.Net
			net[b.B] += b.Net
		}
		for _, p := range positions {
			if net[p.Province] != p.Net || p.Net != p.Receives-p.Pays {
				t.Errorf("%s: %s by pairs, %s by position", p.Province, net[p.Province], p.Net)
			}
		}
	})
}

// bruteGroups is the dumb twin: it tries every way to put parties into groups.
func bruteGroups(parties []party) int {
	best := 0
	var place func(i int, sums []ledger.Amount)
	place = func(i int, sums []ledger.Amount) {
		if i == len(parties) {
			for _, s := range sums {
				if s != 0 {
					return
				}
			}
			best = max(best, len(sums))
			return
		}
		for g := range sums {
			sums[g] += parties[i].net
			place(i+1, sums)
			sums[g] -= parties[i].net
		}
		place(i+1, append(slices.Clone(sums), parties[i].net))
	}
	place(0, nil)
	return best
}

// drawParties draws positions that are not zero and sum to zero.
func drawParties(t *rapid.T, n int, most int64) []party {
	var sum ledger.Amount
	var list []party
	for i := range n - 1 {
		v := ledger.Amount(rapid.Int64Range(-most, most).Filter(func(v int64) bool { return v != 0 }).Draw(t, "net"))
		sum += v
		list = append(list, party{code(i), v})
	}
	if sum == 0 {
		return list
	}
	return append(list, party{code(n - 1), -sum})
}

func TestPartitionAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int64{2, 6, 30}).Draw(t, "most")
		parties := drawParties(t, rapid.IntRange(1, 8).Draw(t, "n"), most)
		groups, fewest := partition(parties)
		if want := bruteGroups(parties); len(groups) != want || !fewest {
			t.Fatalf("%d groups (proved %v), brute force finds %d: %v", len(groups), fewest, want, parties)
		}
	})
}

// Above sixteen parties the table still works, only slowly: it is the twin of the
// search from the middle.
func TestPartitionAboveSixteenAgainstTheTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(20161208, 1))
	proved, split := 0, 0
	for range 20 {
		parties := randomParties(rng, 18, []int64{50, 3000, 1_000_000_000}[rng.IntN(3)])
		pairs, rest := oppositePairs(parties)
		if len(rest) <= tableMax {
			continue
		}
		groups, fewest := partition(parties)
		want := len(mostGroups(rest)) + len(pairs)
		if len(groups) > want || (fewest && len(groups) != want) {
			t.Errorf("%d groups (proved %v), the table finds %d", len(groups), fewest, want)
		}
		for _, g := range groups {
			var sum ledger.Amount
			for _, p := range g {
				sum += p.net
			}
			if sum != 0 {
				t.Errorf("group %v sums to %s", g, sum)
			}
		}
		if fewest {
			proved++
		}
		if len(groups)-len(pairs) > 1 {
			split++
		}
	}
	if proved == 0 || split == 0 {
		t.Errorf("the draw is too tame: %d proved, %d split", proved, split)
	}
}

func randomParties(rng *rand.Rand, n int, most int64) []party {
	var list []party
	var sum ledger.Amount
	for i := range n - 1 {
		v := ledger.Amount(1 + rng.Int64N(most))
		if rng.IntN(2) == 0 {
			v = -v
		}
		sum += v
		list = append(list, party{code(i), v})
	}
	return append(list, party{code(n - 1), -sum - 1}, party{code(n), 1})
}

func TestThirtyTwoProvinces(t *testing.T) {
	owed := everyoneOwesEveryone(32, 7)
	positions, err := Positions(owed)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Propose(owed)
	if err != nil {
		t.Fatal(err)
	}
	checkSettles(t, positions, p)
	if p.GrossPayments != 32*31 {
		t.Errorf("%d gross payments", p.GrossPayments)
	}
}

func TestBeyondThirtyTwoIsSettledButNotProved(t *testing.T) {
	owed := everyoneOwesEveryone(40, 7)
	positions, _ := Positions(owed)
	p, err := Propose(owed)
	if err != nil {
		t.Fatal(err)
	}
	checkSettles(t, positions, p)
	if p.Fewest {
		t.Error("claims a proof it cannot have")
	}
}

func everyoneOwesEveryone(n int, seed uint64) []Obligation {
	rng := rand.New(rand.NewPCG(seed, 2))
	var owed []Obligation
	for i := range n {
		for j := range n {
			if i != j {
				owed = append(owed, owes(code(i), code(j), ledger.Amount(rng.Int64N(500_000_000))))
			}
		}
	}
	return owed
}

func BenchmarkPropose(b *testing.B) {
	for _, n := range []int{16, 32} {
		owed := everyoneOwesEveryone(n, 7)
		b.Run(fmt.Sprintf("%d parties", n), func(b *testing.B) {
			for b.Loop() {
				p, err := Propose(owed)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(p.Transfers)), "transfers")
			}
		})
	}
}
