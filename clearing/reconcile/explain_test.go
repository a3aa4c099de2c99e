package reconcile

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"clearingd/ledger"
)

// asked builds the break of a bill of a day that the hospital states otherwise.
func asked(number uint64, day ledger.Day, class Class, owed ledger.Amount, cause CauseKind) Break {
	i := with(bill(number, 100_00), func(i *Item) { i.From, i.To = day, day })
	r := Result{Books: &i, Standing: Broken}
	f := Finding{Class: class, Owed: owed}
	if class == Timing {
		f.From, f.To = day+1, day+1
	}
	if cause != "" {
		f.Cause = &Cause{Kind: cause, Owed: owed}
	}
	r.find(Hospital, f)
	return BreakOf(&r)
}

func question(ours, theirs ledger.Amount, expected []Item, breaks ...Break) Question {
	b := bill(1, 1)
	return Question{Party: b.PartyOn(Hospital), From: today, To: today + 5, Ours: ours, Theirs: theirs, Breaks: breaks, Expected: expected}
}

func answer(e Explanation) (lines []string) {
	for _, r := range e.Reasons {
		line := fmt.Sprintf("%s %s%s:", r.Owed, r.Class, r.Cause)
		for _, p := range r.Parts {
			line += " " + p.Key
		}
		lines = append(lines, line)
	}
	for _, p := range e.Cancel {
		lines = append(lines, fmt.Sprintf("cancels %s %s", p.Owed, p.Key))
	}
	if e.Rest != 0 {
		lines = append(lines, "rest "+e.Rest.String())
	}
	return lines
}

// "We are 61 yuan apart over six days with this hospital: why?"
func TestTheOfficersQuestion(t *testing.T) {
	waits := with(bill(30, 200_00), func(i *Item) { i.From, i.To = today+5, today+5 })
	for _, c := range []struct {
		name string
		q    Question
		want []string
	}{
		{"one break", question(1000_00, 939_00, nil, asked(7, today+2, AmountUnder, -61_00, "")), []string{"-61.00 AMT_UNDER: bill/7"}},
		{"one break among others that cancel", question(1000_00, 939_00, nil,
			asked(7, today+2, AmountUnder, -61_00, PlanVersion), asked(8, today+3, AmountOver, 5_00, OffsettingPair), asked(9, today+3, AmountUnder, -5_00, OffsettingPair)),
			[]string{"-61.00 AMT_UNDERplan-version: bill/7", "cancels 5.00 bill/8", "cancels -5.00 bill/9"}},
		{"two causes", question(1000_00, 939_00, nil, asked(7, today, AmountUnder, -60_99, ""), asked(8, today+5, Round, -1, RoundingStep)),
			[]string{"-0.01 ROUNDrounding-step: bill/8", "-60.99 AMT_UNDER: bill/7"}},
		{"a bill of the last evening is not due yet", question(1000_00, 800_00, []Item{waits}), []string{"-200.00 EXPECTED: bill/30"}},
		{"a bill that is not due, after the range", question(1000_00, 1000_00, []Item{with(waits, func(i *Item) { i.From, i.To = today+6, today+6 })}), nil},
		{"a row on the day after the range", question(1000_00, 900_00, nil, asked(7, today+5, Timing, 0, "")), []string{"-100.00 TIMING: bill/7"}},
		{"a row on another day of the range moves those two days alone", question(1000_00, 1000_00, nil, asked(7, today+4, Timing, 0, "")),
			[]string{"cancels -100.00 bill/7", "cancels 100.00 bill/7"}},
		{"a row of a bill before the range", question(1000_00, 1100_00, nil, asked(7, today-1, Timing, 0, "")), []string{"100.00 TIMING: bill/7"}},
		{"other days, other hospitals", question(1000_00, 1000_00, nil, asked(7, today+6, AmountUnder, -9_00, ""),
			with2(asked(8, today, AmountUnder, -9_00, ""), "H33010000002")), nil},
		{"figures that do not belong together", question(1000_00, 939_00, nil, asked(7, today, AmountUnder, -60_00, "")),
			[]string{"-60.00 AMT_UNDER: bill/7", "rest -1.00"}},
		{"not apart, though there are breaks", question(1000_00, 1000_00, nil, asked(8, today, AmountOver, 5_00, ""), asked(9, today, AmountUnder, -5_00, "")),
			[]string{"cancels 5.00 bill/8", "cancels -5.00 bill/9"}},
	} {
		if got := answer(Explain(c.q)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func with2(b Break, provider string) Break {
	b.Provider, b.Party.Provider = provider, provider
	return b
}

// However many breaks: the parts make up the difference to the fen, what cancels is zero, and
// up to three parts, or twenty breaks, nothing shorter exists.
func TestAnExplanationIsExactAndShort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var breaks []Break
		var sum ledger.Amount
		for n := range rapid.IntRange(0, 40).Draw(t, "breaks") {
			owed := ledger.Amount(rapid.IntRange(-30, 30).Draw(t, "owed"))
			breaks = append(breaks, asked(uint64(n+1), today+ledger.Day(n%6), AmountOver, owed, ""))
			sum += owed
		}
		e := Explain(question(1000, 1000+sum, nil, breaks...))
		var named, cancelled ledger.Amount
		count := 0
		for _, r := range e.Reasons {
			var of ledger.Amount
			for _, p := range r.Parts {
				of += p.Owed
				count++
			}
			if of != r.Owed {
				t.Fatalf("%s: %s, its parts are %s", r.Class, r.Owed, of)
			}
			named += of
		}
		for _, p := range e.Cancel {
			cancelled += p.Owed
		}
		if named != sum || cancelled != 0 || e.Rest != 0 {
			t.Fatalf("%s apart: named %s, cancelled %s, rest %s", sum, named, cancelled, e.Rest)
		}
		for i := range breaks {
			for k := range i {
				if two := breaks[i].Owed + breaks[k].Owed; two == sum && count > 2 {
					t.Fatalf("%d parts where two suffice", count)
				}
			}
			if breaks[i].Owed == sum && count > 1 {
				t.Fatalf("%d parts where one suffices", count)
			}
		}
	})
}
