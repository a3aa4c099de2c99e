package plant_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/clearing/calendar"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/reconcile/plant"
	"clearingd/provinces"
)

// one is a world of one bill that the home province states with other figures.
func one(t *testing.T, filing string, figures func(*reconcile.Booked) reconcile.Amounts) (*plant.World, *plant.Day) {
	t.Helper()
	for seed := range uint64(100) {
		w := plant.Build(plant.Config{Seed: seed, First: first, Days: 1, Bills: 1})
		d := &w.Days[0]
		b, err := w.Booked(1)
		if err != nil {
			t.Fatal(err)
		}
		if b.Case.Claim.FilingType != filing {
			continue
		}
		d.Sides[reconcile.Home][0].Amounts = figures(b)
		return w, d
	}
	t.Fatal("no world has a bill of that filing")
	return nil, nil
}

// under computes the bill under a supposition.
func under(t *testing.T, b *reconcile.Booked, filing string, other benefit.OtherRounding) reconcile.Amounts {
	t.Helper()
	c := b.Case
	c.Claim.FilingType = filing
	p, err := b.Plan.Prepare(c)
	if err != nil {
		t.Fatal(err)
	}
	a, _, err := p.AdjudicateOtherwise(b.From, other)
	if err != nil {
		t.Fatal(err)
	}
	return reconcile.FiguresOf(c.Claim.Total, &a)
}

func causeOf(t *testing.T, w *plant.World, d *plant.Day, p reconcile.Proofs) *reconcile.Cause {
	t.Helper()
	var cause *reconcile.Cause
	in := reconcile.Inputs{Books: reconcile.Items(d.Books...), Word: w.Word(d.Day), Runs: reconcile.MemoryRuns{}}
	for _, s := range reconcile.Sides {
		in.Sides[s] = reconcile.Items(d.Sides[s]...)
	}
	if _, err := reconcile.Match(in, func(r *reconcile.Result) error {
		if err := reconcile.Prove(r, p); err != nil {
			return err
		}
		if len(r.Findings) == 0 {
			t.Error("nothing differs")
		}
		for _, f := range r.Findings {
			cause = f.Cause
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return cause
}

const temporary = "10" // out_fil_type

// A proof can be read: the step, what the books made of it, what the side did, and the end.
func TestAProofNamesItsStep(t *testing.T) {
	w, d := one(t, temporary, func(b *reconcile.Booked) reconcile.Amounts {
		for n := 1; n < 6; n++ {
			for _, how := range []benefit.Rounding{benefit.RoundDown, benefit.RoundUp} {
				if a := under(t, b, temporary, benefit.OtherRounding{Number: n, How: how}); a.Funds != reconcile.FiguresOf(b.Case.Claim.Total, &b.Benefit).Funds {
					return a
				}
			}
		}
		t.Fatal("no step of this bill rounds")
		return reconcile.Amounts{}
	})
	c := causeOf(t, w, d, w)
	if c == nil || c.Kind != reconcile.RoundingStep || !slices.Equal(c.Refs, []uint64{1}) {
		t.Fatalf("%+v", c)
	}
	proof := strings.Join(c.Proof, "\n")
	for _, part := range []string{"第", "step ", "账册：", "books: ", "对方：", "side: ", "×", "与对方逐项相同", "each figure that of the side"} {
		if !strings.Contains(proof, part) {
			t.Errorf("%q is not in\n%s", part, proof)
		}
	}
}

// A fen that a rounding step could explain, but in another fund than the step's.
func TestAFenInTheWrongFundIsNotProved(t *testing.T) {
	w, d := one(t, temporary, func(b *reconcile.Booked) reconcile.Amounts {
		a := under(t, b, temporary, benefit.OtherRounding{})
		cash := *a.Cash - 1
		a.Funds, a.Cash = a.Funds+1, &cash
		a.ByFund = append(slices.Clone(a.ByFund), a.ByFund[0])
		a.ByFund[len(a.ByFund)-1].Fund, a.ByFund[len(a.ByFund)-1].Amount = "610100", 1
		return a
	})
	if c := causeOf(t, w, d, w); c != nil {
		t.Errorf("proved: %q", c.Proof)
	}
}

// cut lets the plan of before cut temporary filers as the plan of now cuts referred ones.
type cut struct{ *plant.World }

func (c cut) Plans(b *reconcile.Booked) ([]*benefit.Plan, error) {
	set, err := benefit.NewSet(b.Plan)
	if err != nil {
		return nil, err
	}
	text, _ := set.PlanBytes(b.Plan.Hash())
	plan, problems := benefit.ParsePlan("cut.toml", bytes.ReplaceAll(text, []byte("points_down = 20"), []byte("points_down = 10")))
	if len(problems) > 0 {
		return nil, problems[0]
	}
	return []*benefit.Plan{plan}, nil
}

// Where two kinds of causes give the same figures, neither is proved.
func TestTwoExplanationsAreNone(t *testing.T) {
	const referral = "06"
	w, d := one(t, temporary, func(b *reconcile.Booked) reconcile.Amounts { return under(t, b, referral, benefit.OtherRounding{}) })
	if c := causeOf(t, w, d, w); c == nil || c.Kind != reconcile.FilingChanged {
		t.Fatalf("%+v", c)
	} else if want := `账册按备案“其他临时外出就医”结算 / the books settled by the filing "temporary"`; c.Proof[0] != want {
		t.Errorf("%s, want %s", c.Proof[0], want)
	}
	if c := causeOf(t, w, d, cut{w}); c != nil {
		t.Errorf("%s is proved, though another cause gives the same", c.Kind)
	}
}

// astray has the bill's input otherwise than it was booked with.
type astray struct{ *plant.World }

func (a astray) Booked(number uint64) (*reconcile.Booked, error) {
	b, err := a.World.Booked(number)
	return amiss(b), err
}

func amiss(b *reconcile.Booked) *reconcile.Booked {
	other := *b
	other.From = []benefit.Accumulators{{Deductible: 700_00, Stays: 1}}
	other.Case.Claim.InScope--
	other.Case.Claim.OwnExpense++
	return &other
}

// A bill that does not come out as it is booked proves nothing about others.
func TestABillThatDoesNotRecomputeProvesNothing(t *testing.T) {
	w, d := one(t, temporary, func(b *reconcile.Booked) reconcile.Amounts {
		return under(t, amiss(b), "06", benefit.OtherRounding{})
	})
	if c := causeOf(t, w, d, astray{w}); c != nil {
		t.Errorf("proved: %q", c.Proof)
	}
}

// evenings runs all days of a world, each on its own evening and the first days again, and
// gives every break that is there at the end.
func evenings(t *testing.T, w *plant.World) []byte {
	t.Helper()
	china, err := calendar.China()
	if err != nil {
		t.Fatal(err)
	}
	caps := map[reconcile.AutoKind]reconcile.Cap{}
	for _, kind := range reconcile.AutoKinds {
		caps[kind] = reconcile.Cap{Count: 20, Owed: 500_000_00}
	}
	kept := map[string]reconcile.Break{}
	for n := range w.Days {
		evening := w.Days[n].Day
		var found, previous []reconcile.Break
		for k := range n + 1 {
			breaks, _ := match(t, w, &w.Days[k], evening)
			found = append(found, breaks...)
		}
		reconcile.Offset(found)
		for _, b := range kept {
			previous = append(previous, b) // in any order
		}
		turn := reconcile.Turn{
			Evening: evening, Calendar: china, Caps: caps,
			Matched: func(b *reconcile.Break) bool { return b.Day <= evening },
			Agreed:  func(string) bool { return false },
		}
		changes, err := reconcile.Carry(previous, found, turn)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range changes.Breaks {
			kept[b.Key] = b
		}
	}
	text, err := json.Marshal(kept) // by key
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The order in which bills and rows come changes no byte of what is kept after several
// evenings, and neither does a second run.
func TestEveningsInAnyOrder(t *testing.T) {
	w := plant.Build(plant.Config{Seed: 5, First: first, Days: 4, Bills: 20, Plants: 30, Together: true})
	want := evenings(t, w)
	dice := rand.New(rand.NewPCG(7, 7))
	for range 3 {
		for n := range w.Days {
			d := &w.Days[n]
			shuffle(dice, d.Books)
			for _, s := range reconcile.Sides {
				shuffle(dice, d.Sides[s])
			}
		}
		if got := evenings(t, w); !bytes.Equal(got, want) {
			t.Fatal("another order leads to other breaks")
		}
	}
}

func shuffle(dice *rand.Rand, items []reconcile.Item) {
	dice.Shuffle(len(items), func(i, k int) { items[i], items[k] = items[k], items[i] })
}

// The officer's question of every party, answered from the breaks alone: the difference
// between what it states and what is booked comes out to the fen.
func TestEveryDifferenceIsExplained(t *testing.T) {
	for seed := range uint64(6) {
		w := plant.Build(plant.Config{Seed: seed, First: first, Days: 4, Bills: 10, Plants: 20, Together: seed%2 == 0, Late: seed%3 == 0})
		var found []reconcile.Break
		for n := range w.Days {
			breaks, _ := match(t, w, &w.Days[n], first)
			found = append(found, breaks...)
		}
		reconcile.Offset(found)
		from, to := w.Days[1].Day, w.Days[3].Day
		for _, party := range partiesOf(w) {
			q := reconcile.Question{Party: party.party, From: from, To: to, Breaks: found}
			late := party.side == reconcile.Home && seed%3 == 0
			for n := range w.Days {
				for _, i := range w.Days[n].Books {
					if i.PartyOn(party.side) == party.party && from <= i.From && i.From <= to {
						q.Ours += i.Amounts.Owed()
						if late && i.From == to {
							q.Expected = append(q.Expected, i)
						}
					}
				}
				for _, r := range w.Days[n].Sides[party.side] {
					if r.Party == party.party && from <= r.To && r.To <= to {
						q.Theirs += r.Amounts.Owed()
					}
				}
			}
			if e := reconcile.Explain(q); e.Rest != 0 || e.Difference != q.Theirs-q.Ours {
				t.Errorf("seed %d, %s: %s apart, %s of it without a reason", seed, party.party.Key(), e.Difference, e.Rest)
			}
		}
	}
}

type partyOn struct {
	side  reconcile.Side
	party provinces.Party
}

// partiesOf lists who speaks for any side of the world's bills.
func partiesOf(w *plant.World) (list []partyOn) {
	for n := range w.Days {
		for _, i := range w.Days[n].Books {
			for _, s := range reconcile.Sides {
				if p := (partyOn{s, i.PartyOn(s)}); !slices.Contains(list, p) {
					list = append(list, p)
				}
			}
		}
	}
	return list
}
