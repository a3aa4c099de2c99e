package audit

import (
	"fmt"
	"testing"
)

// booksOf are books with records of the given kinds, all of one stay on one day: "bill",
// "2305 n", "2601 n" undoes record n, which may be a bill or a cancellation.
func booksOf(kinds ...string) *Books {
	b := newBooks(nil, true)
	for i, kind := range kinds {
		number := uint64(i + 1)
		r := &record{number: number, event: &event{
			number: number, day: "2026-03-18", message: &Message{Subject: fmt.Sprint("claims.33.65.H33010000001.M", number)},
			request: request{home: "650100", treatment: "330100", provider: "H33010000001", claim: &claim{visit: "V1", insurance: "310", total: rat(100)}},
		}}
		var n int
		what := ""
		fmt.Sscan(kind, &what, &n)
		switch what {
		case "bill":
			r.outcome = booked
			r.bill = &Bill{Shares: []Share{{Fund: "310100", Amount: rat(60)}}, Account: rat(10), Cash: rat(30)}
		case "2305":
			r.outcome, r.of = cancelled, b.records[n]
			b.undone[r.of] = r
		case "2601":
			r.outcome, r.of = reversed, b.records[n]
			if r.of.outcome == cancelled {
				delete(b.undone, r.of.of)
				b.undone[r.of], r.of = r, r.of.of
			} else {
				b.undone[r.of] = r
			}
		}
		b.records = append(b.records, r)
	}
	return b
}

// A 2601 and what it undid on the same day are nothing together; everything else is stated.
func TestMovesOfAStay(t *testing.T) {
	for name, is := range map[string]struct {
		kinds []string
		want  string
	}{
		"a bill":              {[]string{"bill"}, "[+70.00 alone]"},
		"cancelled":           {[]string{"bill", "2305 1"}, "[+70.00 -70.00 taken back]"},
		"reversed":            {[]string{"bill", "2601 1"}, "[+70.00 silent -70.00 silent]"},
		"standing again":      {[]string{"bill", "2305 1", "2601 2"}, "[+70.00 -70.00 silent +70.00 silent]"},
		"and reversed itself": {[]string{"bill", "2305 1", "2601 2", "2601 1"}, "[+70.00 silent -70.00 silent +70.00 silent -70.00 silent]"},
	} {
		var got []string
		for _, m := range booksOf(is.kinds...).Moves() {
			text := "+" + Yuan(m.Owed())
			if m.Refund {
				text = Yuan(m.Owed())
			}
			for word, yes := range map[string]bool{" silent": m.Silent, " alone": m.Alone, " taken back": m.TakenBack} {
				if yes {
					text += word
				}
			}
			got = append(got, text)
		}
		if fmt.Sprint(got) != is.want {
			t.Errorf("%s: %v, want %s", name, got, is.want)
		}
	}
}

// A bill is matched when all three have told everything of its day, broken when somebody has
// it otherwise; what officers decided is in the balance.
func TestStandingsOfAPair(t *testing.T) {
	all := map[string]string{"provider.33.H33010000001": "2026-03-18", "treatment.33": "2026-03-18", "home.65": "2026-03-18"}
	late := map[string]string{"provider.33.H33010000001": "2026-03-18", "treatment.33": "2026-03-17", "home.65": "2026-03-18"}
	for name, is := range map[string]struct {
		said Said
		want string
	}{
		"all told":       {Said{Through: all}, "1 0 0"},
		"one is behind":  {Said{Through: late}, "0 1 0"},
		"one has it not": {Said{Through: all, Broken: map[uint64]bool{1: true}}, "0 0 1"},
	} {
		b := booksOf("bill")
		bill := b.Moves()[0]
		b.Decide("2026-03-18", &bill, "310100", rat(-1))
		b.Decide("2026-03-19", &bill, "310100", rat(5))
		s := b.Standings("2026-03-18", is.said)[Pair{"65", "33"}]
		if got := fmt.Sprint(s.Matched.Count, s.Expected.Count, s.Broken.Count); got != is.want {
			t.Errorf("%s: %s, want %s", name, got, is.want)
		}
		if Yuan(s.Decisions) != "-1.00" || Yuan(s.Balance) != "69.00" {
			t.Errorf("%s: decisions %s, balance %s", name, Yuan(s.Decisions), Yuan(s.Balance))
		}
	}
}
