package reconcile

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"clearingd/clearing/calendar"
	"clearingd/ledger"
	"clearingd/provinces"
)

func china(t testing.TB) Calendar {
	t.Helper()
	c, err := calendar.China()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// on is a turn of an evening in which everything was looked at, and the keys are matched now.
func on(t testing.TB, evening ledger.Day, agreed ...string) Turn {
	return Turn{
		Evening: evening, Calendar: china(t),
		Caps:    map[AutoKind]Cap{AutoTiming: {10, 10_000_00}, AutoOffsetting: {10, 10_000_00}, AutoLateRow: {10, 10_000_00}, AutoRounding: {10, 10_000_00}},
		Matched: func(*Break) bool { return true },
		Agreed:  func(key string) bool { return slices.Contains(agreed, key) },
	}
}

// found is a break of bill 1 as the match finds it.
func found(class Class, owed ledger.Amount, cause CauseKind) Break {
	b := bill(1, 100_00)
	r := Result{Books: &b, Standing: Broken}
	f := Finding{Class: class, Owed: owed, Field: "setl_id"}
	if class == Timing {
		f.From, f.To = today+1, today+1
	}
	if cause != "" {
		f.Cause = &Cause{Kind: cause, Owed: owed}
	}
	r.find(Home, f)
	return BreakOf(&r)
}

func numbered(b Break, entry uint64) Break {
	b.Entry, b.Key = entry, BillKey(entry)
	return b.sealed()
}

func carry(t testing.TB, previous, found []Break, turn Turn) Changes {
	t.Helper()
	c, err := Carry(previous, found, turn)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// after puts changes into a list of breaks, as a store would.
func after(list []Break, c Changes) []Break {
	list = slices.Clone(list)
	for _, b := range c.Breaks {
		if i := slices.IndexFunc(list, func(o Break) bool { return o.Key == b.Key }); i >= 0 {
			list[i] = b
		} else {
			list = append(list, b)
		}
	}
	return list
}

func words(b Break) (list []string) {
	for _, e := range b.History {
		word := e.What
		if e.Why != "" {
			word += " (" + e.Why + ")"
		}
		list = append(list, word)
	}
	return list
}

// One break through its evenings: the last event of each and the state it leads to.
func TestALifeOfABreak(t *testing.T) {
	miss, less := found(MissHome, -100_00, ""), found(AmountUnder, -1_00, "")
	key := miss.Key
	decide := func(state State, act string) func([]Break) []Break {
		return func(list []Break) []Break {
			b := list[0]
			b.State, b.History = state, append(slices.Clone(b.History), Event{Evening: b.History[len(b.History)-1].Evening, State: state, What: EventAct + act, Act: 77})
			return []Break{b}
		}
	}
	type step struct {
		act    func([]Break) []Break // before the evening
		found  []Break
		agreed bool
		want   State
		words  string // of the last event
	}
	for _, c := range []struct {
		name  string
		steps []step
	}{
		{"found again and again", []step{{found: []Break{miss}, want: Open, words: "seen"}, {found: []Break{miss}, want: Open, words: "seen"}}},
		{"changes its class", []step{{found: []Break{miss}, want: Open, words: "seen"}, {found: []Break{less}, want: Open, words: "changed (class AMT_UNDER, was MISS_HOME)"}}},
		{"is gone, and comes back", []step{{found: []Break{less}, want: Open, words: "seen"}, {want: Gone, words: "gone"}, {want: Gone, words: "gone"}, {found: []Break{less}, want: Open, words: "reopened (found again)"}}},
		{"a row comes late", []step{{found: []Break{miss}, want: Open, words: "seen"}, {agreed: true, want: Resolved, words: "resolved:late-row"}, {agreed: true, want: Resolved, words: "resolved:late-row"}}},
		{"a row comes late and is withdrawn", []step{{found: []Break{miss}, want: Open, words: "seen"}, {agreed: true, want: Resolved, words: "resolved:late-row"}, {found: []Break{miss}, want: Open, words: "reopened (found again)"}}},
		{"a horizon is taken back: expected, not late", []step{{found: []Break{miss}, want: Open, words: "seen"}, {want: Gone, words: "gone"}}},
		{"a decision stands while the facts do", []step{{found: []Break{less}, want: Open, words: "seen"}, {act: decide(Decided, "accept"), found: []Break{less}, want: Decided, words: "act:accept"}, {want: Decided, words: "act:accept"}}},
		{"a decision whose facts changed", []step{{found: []Break{less}, want: Open, words: "seen"},
			{act: decide(Decided, "accept"), found: []Break{found(AmountUnder, -2_00, "")}, want: Open, words: "reopened (difference -2.00, was -1.00)"}}},
		{"a proposal whose facts changed", []step{{found: []Break{less}, want: Open, words: "seen"},
			{act: decide(Proposed, "accept"), found: []Break{found(AmountUnder, -2_00, "")}, want: Open, words: "reopened (difference -2.00, was -1.00)"}}},
		{"a timing pair", []step{{found: []Break{found(Timing, 0, "")}, want: Resolved, words: "resolved:timing-pair"}, {found: []Break{found(Timing, 0, "")}, want: Resolved, words: "resolved:timing-pair"}}},
		{"a proved rounding step", []step{{found: []Break{found(Round, 1, RoundingStep)}, want: Resolved, words: "resolved:rounding-step"}}},
		{"a fen that is not proved", []step{{found: []Break{found(AmountOver, 1, "")}, want: Open, words: "seen"}}},
		{"a proved plan version is for people", []step{{found: []Break{found(Rule, 1, PlanVersion)}, want: Open, words: "seen"}}},
		{"proved later", []step{{found: []Break{found(AmountOver, 1, "")}, want: Open, words: "seen"}, {found: []Break{found(Round, 1, RoundingStep)}, want: Resolved, words: "resolved:rounding-step"}}},
		{"undone, and found as it was", []step{{found: []Break{found(Timing, 0, "")}, want: Resolved, words: "resolved:timing-pair"},
			{act: func(l []Break) []Break { return Undo(l, today.String()+"/timing-pair", today, 5) }, found: []Break{found(Timing, 0, "")}, want: Open, words: "undone"}}},
		{"a late row that was undone stays with people", []step{{found: []Break{miss}, want: Open, words: "seen"}, {agreed: true, want: Resolved, words: "resolved:late-row"},
			{act: func(l []Break) []Break { return Undo(l, (today+1).String()+"/late-row", today+1, 5) }, agreed: true, want: Open, words: "undone"}}},
	} {
		var list, evenings []Break
		for n, s := range c.steps {
			if s.act != nil {
				list = s.act(list)
			}
			evening := today + ledger.Day(n)
			agreed := ""
			if s.agreed {
				agreed = key
			}
			turn := on(t, evening, agreed)
			list = after(list, carry(t, list, s.found, turn))
			if again := carry(t, list, s.found, turn); len(again.Breaks) > 0 {
				t.Errorf("%s, evening %d: a second turn changes %q", c.name, n, words(again.Breaks[0]))
			}
			if len(list) != 1 {
				t.Fatalf("%s: %d breaks", c.name, len(list))
			}
			b := list[0]
			if last := words(b)[len(b.History)-1]; b.State != s.want || last != s.words {
				t.Errorf("%s, evening %d: %s by %q, want %s by %q", c.name, n, b.State, last, s.want, s.words)
			}
			if b.FirstSeen != today {
				t.Errorf("%s: first seen %s", c.name, b.FirstSeen)
			}
			if b.AsOf(evening) != b.State || n > 0 && b.AsOf(evening-1) == "" {
				t.Errorf("%s: as of the evening it is %q", c.name, b.AsOf(evening))
			}
			evenings = append(evenings, b)
		}
		for n, then := range evenings {
			told := list[0].On(today + ledger.Day(n))
			if n+1 == len(c.steps) || c.steps[n+1].act == nil { // an act has come later that evening
				told.Still, told.Agreed = then.Still, then.Agreed // these are of the newest match
				if !reflect.DeepEqual(told, then) {
					t.Errorf("%s: evening %d is told as\n%+v, it was\n%+v", c.name, n, told, then)
				}
			}
			if told.Owed != then.Owed || told.Class != then.Class || told.Due != then.Due {
				t.Errorf("%s: evening %d: the figures of another evening: %+v", c.name, n, told)
			}
		}
	}
}

func TestADayThatWasNotMatchedKeepsItsBreaks(t *testing.T) {
	list := after(nil, carry(t, nil, []Break{found(AmountUnder, -1_00, "")}, on(t, today)))
	turn := on(t, today+1)
	turn.Matched = func(b *Break) bool { return b.Day != today }
	if c := carry(t, list, nil, turn); len(c.Breaks) > 0 {
		t.Errorf("%q", words(c.Breaks[0]))
	}
}

// Above a cap the whole group waits, and a person lets it through; what waits does not slip
// through on the next evening.
func TestCaps(t *testing.T) {
	var timing []Break
	for n := uint64(1); n <= 11; n++ {
		timing = append(timing, numbered(found(Timing, 0, ""), n))
	}
	c := carry(t, nil, timing, on(t, today))
	if want := []Group{{"2026-11-03/timing-pair", AutoTiming, 11, 1100_00, true}}; !slices.Equal(c.Groups, want) {
		t.Errorf("groups %v", c.Groups)
	}
	list := after(nil, c)
	for _, b := range list {
		if b.State != Open || words(b)[1] != "waiting:timing-pair" {
			t.Fatalf("%s: %s, %q", b.Key, b.State, words(b))
		}
	}
	if next := carry(t, list, timing, on(t, today+1)); len(next.Breaks) > 0 {
		t.Error("what waits was carried through on the next evening")
	}
	list[3].History = append(slices.Clone(list[3].History), Event{Evening: today + 1, State: Open, What: EventCommented, Act: 8}) // takes nobody the word
	approved := Approve(list, c.Groups[0].ID, today+1, 9)
	if len(approved) != 11 || approved[0].State != Resolved {
		t.Errorf("%d approved", len(approved))
	}
	if next := carry(t, approved, timing, on(t, today+1)); len(next.Breaks) > 0 {
		t.Error("an approved group was opened again")
	}
	if undone := Undo(approved, c.Groups[0].ID, today+2, 10); len(undone) != 11 || undone[0].State != Open {
		t.Errorf("%d undone", len(undone))
	}
	if two := Approve(list, "", today, 1); len(two) != 0 {
		t.Error("the empty group is one")
	}
	// Ten fit; with the eleventh on the same evening, it waits, and the ten stay.
	list = after(nil, carry(t, nil, timing[:10], on(t, today)))
	list = after(list, carry(t, list, timing, on(t, today)))
	for _, b := range list {
		if want := map[bool]State{true: Resolved, false: Open}[b.Entry <= 10]; b.State != want {
			t.Errorf("%s is %s", b.Key, b.State)
		}
	}
	// What the runs of one evening resolve counts together, to the fen: six and four fit exactly.
	exactly := on(t, today)
	exactly.Caps[AutoTiming] = Cap{10, 10 * 100_00}
	for more, want := range map[int]State{4: Resolved, 5: Open} {
		list := after(nil, carry(t, nil, timing[:6], exactly))
		list = after(list, carry(t, list, timing[:6+more], exactly))
		if got := list[6].State; got != want || list[0].State != Resolved {
			t.Errorf("six, and then %d: the seventh is %s, want %s", more, got, want)
		}
	}
	// A run that was interrupted has stored some of what waits: the rest is no smaller group.
	list = after(nil, carry(t, nil, timing, on(t, today)))
	if c := carry(t, list[:2], timing, on(t, today)); len(c.Groups) != 1 || !c.Groups[0].Waits {
		t.Errorf("nine of eleven, of which two are known to wait: %v", c.Groups)
	}
	// Nor is a group smaller because its other days were matched before.
	few := on(t, today)
	few.Others = list[:2]
	if c := carry(t, nil, timing[2:], few); len(c.Groups) != 1 || !c.Groups[0].Waits {
		t.Errorf("nine, and two of other days: %v", c.Groups)
	}
	fenLess := on(t, today)
	fenLess.Caps[AutoTiming] = Cap{100, 10*100_00 - 1}
	if c := carry(t, nil, timing[:10], fenLess); !c.Groups[0].Waits {
		t.Error("a fen above the cap went through")
	}
	// Money is capped as well.
	dear := on(t, today)
	dear.Caps[AutoTiming] = Cap{10, 99_99}
	if c := carry(t, nil, timing[:1], dear); !c.Groups[0].Waits {
		t.Error("100.00 went through a cap of 99.99")
	}
	// A kind without a cap is never resolved by itself.
	none := on(t, today)
	none.Caps = nil
	if c := carry(t, nil, timing[:1], none); !c.Groups[0].Waits {
		t.Error("resolved without a cap")
	}
}

func TestTimingPairsTooFarApart(t *testing.T) {
	far := found(Timing, 0, "")
	far.Findings[0].From, far.Findings[0].To = today+20, today+20
	turn := on(t, today)
	turn.TimingDays = 5
	if c := carry(t, nil, []Break{far.sealed()}, turn); c.Breaks[0].State != Open {
		t.Errorf("%q", words(c.Breaks[0]))
	}
	if c := carry(t, nil, []Break{found(Timing, 0, "")}, turn); c.Breaks[0].State != Resolved {
		t.Errorf("%q", words(c.Breaks[0]))
	}
	calendar := china(t)
	for _, days := range []int{5, 6} { // the fifth working day is near, the sixth is not
		for _, before := range []bool{false, true} {
			row, err := calendar.After(today, days)
			if err != nil {
				t.Fatal(err)
			}
			b := found(Timing, 0, "")
			b.Findings = slices.Clone(b.Findings)
			b.Findings[0].From, b.Findings[0].To = row, row
			if before {
				b.Day, b.Findings[0].From, b.Findings[0].To = row, b.Day, b.Day
			}
			if got := carry(t, nil, []Break{b.sealed()}, turn).Breaks[0].State == Resolved; got != (days == 5) {
				t.Errorf("%d working days apart, row before the bill %v: resolved %v", days, before, got)
			}
		}
	}
}

func TestABreakOfAYearWithoutACalendar(t *testing.T) {
	newYearsEve := ledger.NewDay(2026, 12, 31)
	if _, err := Carry(nil, []Break{found(MissHome, -1, "")}, on(t, newYearsEve)); !errors.Is(err, calendar.ErrYear) {
		t.Errorf("%v: a due date was guessed", err)
	}
	twice := []Break{found(MissHome, -1, ""), found(MissHome, -1, "")}
	if _, err := Carry(nil, twice, on(t, today)); !errors.Is(err, ErrKey) {
		t.Error(err)
	}
}

// Two differences cancel only within one visit, person and party, between two breaks, and to
// the fen.
func TestWhatDoesNotOffset(t *testing.T) {
	more, less := found(AmountOver, 7_00, ""), numbered(found(AmountUnder, -7_00, ""), 2)
	both := found(AmountOver, 7_00, "")
	both.Findings = append(both.Findings, Finding{Side: Home, Class: Duplicate, Owed: -7_00})
	change := func(b Break, do func(*Break)) Break {
		b.Findings = slices.Clone(b.Findings)
		do(&b)
		return b
	}
	for _, c := range []struct {
		name string
		list []Break
		want bool
	}{
		{"they do", []Break{less, more}, true},
		{"a fen short", []Break{more, change(less, func(b *Break) { b.Findings[0].Owed++ })}, false},
		{"a fen over", []Break{more, change(less, func(b *Break) { b.Findings[0].Owed-- })}, false},
		{"another visit", []Break{more, change(less, func(b *Break) { b.Visit = "V2" })}, false},
		{"another hospital", []Break{more, change(less, func(b *Break) { b.Provider = "H2" })}, false},
		{"another person", []Break{more, change(less, func(b *Break) { b.Person = "p-2" })}, false},
		{"a person that is not named", []Break{more, change(less, func(b *Break) { b.Person = "" })}, true},
		{"another side", []Break{more, change(less, func(b *Break) { b.Findings[0].Side = Hospital })}, false},
		{"a cause is known", []Break{more, change(less, func(b *Break) { b.Findings[0].Cause = &Cause{Kind: PlanVersion} })}, false},
		{"within one break", []Break{both}, false},
	} {
		list := make([]Break, len(c.list))
		for i := range c.list {
			list[i] = change(c.list[i], func(*Break) {})
		}
		Offset(list)
		for _, b := range list {
			cause := b.Findings[0].Cause
			if got := cause != nil && cause.Kind == OffsettingPair; got != c.want {
				t.Errorf("%s: %s offset %v", c.name, b.Key, got)
			}
		}
	}
}

// A statement that names one visit in all of its rows makes a chain that nobody could look at
// pair by pair: what is beyond so many is not paired.
func TestAChainWithoutEnd(t *testing.T) {
	var list []Break
	for n := range 2 * stayMax {
		one := numbered(found(AmountOver, ledger.Amount(n+1), ""), uint64(n+1))
		one.Key = fmt.Sprintf("row/%06d", n)
		list = append(list, one)
	}
	list[1].Findings[0].Owed = -list[0].Owed // the first two cancel, and so do the last two
	list[len(list)-1].Findings[0].Owed = -list[len(list)-2].Owed
	Offset(list)
	for i, b := range list {
		if got, want := b.Offset(), i < 2; got != want {
			t.Errorf("%s offset %v, want %v", b.Key, got, want)
		}
	}
}

// The order of the lists changes nothing, and a second turn changes nothing.
func TestCarryingIsOrderlessAndIdempotent(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var previous []Break
		for evening := range 3 {
			var now []Break
			var agreed []string
			for n := uint64(1); n <= 6; n++ {
				kind := rapid.IntRange(0, 6).Draw(rt, "kind")
				b := []Break{found(MissHome, -100_00, ""), found(Timing, 0, ""), found(Round, 1, RoundingStep), found(AmountOver, 7, OffsettingPair), found(AmountOver, 9, "")}
				switch {
				case kind < len(b):
					now = append(now, numbered(b[kind], n))
				case kind == 6:
					agreed = append(agreed, BillKey(n))
				}
			}
			turn := on(t, today+ledger.Day(evening), agreed...)
			turn.Caps[AutoTiming] = Cap{uint64(rapid.IntRange(0, 4).Draw(rt, "cap")), 1000_00}
			first := carry(t, previous, now, turn)
			dice := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
			dice.Shuffle(len(previous), func(i, k int) { previous[i], previous[k] = previous[k], previous[i] })
			dice.Shuffle(len(now), func(i, k int) { now[i], now[k] = now[k], now[i] })
			again := carry(t, previous, now, turn)
			if text(rt, first) != text(rt, again) {
				rt.Fatal("the order of the lists counts")
			}
			previous = after(previous, first)
			if c := carry(t, previous, now, turn); len(c.Breaks) > 0 {
				rt.Fatalf("a second turn: %q", words(c.Breaks[0]))
			}
		}
	})
}

func text(t *rapid.T, c Changes) string {
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// Due dates by the statutory clock, in working days of the real calendar.
func TestDueDates(t *testing.T) {
	for _, c := range []struct {
		class       Class
		bill, first string
		due         string
		why         string
	}{
		{MissHome, "2026-11-03", "2026-11-03", "2026-11-04", "the next working day (article 38)"},
		{MissHome, "2026-11-06", "2026-11-06", "2026-11-09", "over a weekend"},
		{MissHome, "2026-09-30", "2026-09-30", "2026-10-03", "the month is reconciled by the 3rd, holiday or not"},
		{MissHome, "2026-02-13", "2026-02-13", "2026-02-14", "a worked Saturday"},
		{MissHome, "2026-02-14", "2026-02-14", "2026-02-24", "the Spring Festival"},
		{MissHome, "2026-08-10", "2026-11-03", "2026-11-04", "the 3rd is long past"},
		{AmountOver, "2026-11-03", "2026-11-03", "2026-11-17", "ten working days (article 59)"},
		{AmountOver, "2026-09-28", "2026-10-12", "2026-10-20", "but by the 20th (article 40)"},
		{Eligibility, "2026-11-05", "2026-11-05", "2026-11-09", "two working days for filing (article 59)"},
		{SerialGap, "2026-11-05", "2026-11-05", "2026-11-06", "one for the system (article 59)"},
		{AmountOver, "2016-09-28", "2016-09-28", "2016-10-17", "the demonstration's year"},
	} {
		day, _ := ledger.ParseDay(c.bill)
		first, _ := ledger.ParseDay(c.first)
		due, err := DeadlineOf(c.class).Due(day, first, china(t))
		if err != nil || due.String() != c.due {
			t.Errorf("%s of %s, first seen %s: due %s, %v; want %s: %s", c.class, c.bill, c.first, due, err, c.due, c.why)
		}
	}
	for _, class := range Classes {
		if d := DeadlineOf(class); d.WorkingDays < 1 || d.Article == "" {
			t.Errorf("%s has no deadline", class)
		}
	}
}

func TestAges(t *testing.T) {
	list := after(nil, carry(t, nil, []Break{found(MissHome, -1, "")}, on(t, today)))
	b := list[0]
	for _, c := range []struct {
		evening ledger.Day
		want    Age
	}{
		{today - 5, Age{0, 0, 0, "0-1"}},
		{today, Age{0, 0, 0, "0-1"}},
		{today + 1, Age{1, 1, 0, "0-1"}},
		{today + 7, Age{5, 7, 6, "2-7"}},
		{today + 8, Age{6, 8, 7, "8-30"}},
		{today + 58, Age{42, 58, 57, "31-60"}},
	} {
		if age, err := b.Age(c.evening, china(t)); err != nil || age != c.want {
			t.Errorf("on %s: %v, %v; want %v", c.evening, age, err, c.want)
		}
	}
	if Bucket(36_500) != Buckets[len(Buckets)-1] {
		t.Error("a century is in no bucket")
	}
	// A later class does not change the age of a past evening.
	before, err := b.Age(today+3, china(t))
	if err != nil {
		t.Fatal(err)
	}
	list = after(list, carry(t, list, []Break{found(AmountUnder, -1, "")}, on(t, today+9)))
	if again, err := list[0].Age(today+3, china(t)); err != nil || again != before {
		t.Errorf("as of a past evening the age was %v and is %v, %v", before, again, err)
	}
	if late, err := list[0].Age(today+9, china(t)); err != nil || late.Overdue != 0 {
		t.Errorf("ten working days from the first evening: %v, %v", late, err)
	}
}

// Whose turn it is.
func TestOwners(t *testing.T) {
	for class, want := range map[Class]Side{MissHome: Home, Field: Home, Rule: Home, DuplicateOurs: Treatment} {
		if b := found(class, -1, ""); b.Owner != want {
			t.Errorf("%s: the turn of the %s", class, b.Owner)
		}
	}
	// Whoever it was assigned to keeps it while its class is the same.
	assigned := after(nil, carry(t, nil, []Break{found(AmountUnder, -1, "")}, on(t, today)))
	assigned[0].Owner = Treatment
	if again := after(assigned, carry(t, assigned, []Break{found(AmountUnder, -2, "")}, on(t, today+1))); again[0].Owner != Treatment {
		t.Errorf("with another amount it is the turn of the %s", again[0].Owner)
	}
	if again := after(assigned, carry(t, assigned, []Break{found(MissHome, -2, "")}, on(t, today+1))); again[0].Owner != Home {
		t.Errorf("of another class it is the turn of the %s", again[0].Owner)
	}
	gap := SerialBreak(SerialGap, provinces.Party{Kind: provinces.PartyProvider, Province: "33", Provider: "H33010000001"}, 4, 6, today)
	if gap.Owner != Hospital || gap.Key != "serial/provider.33.H33010000001/4-6" {
		t.Errorf("%s, %s", gap.Owner, gap.Key)
	}
	bad := RefusedBreak(provinces.Party{Kind: provinces.PartyHome, Province: "65"}, "S9", today, 1001)
	if bad.Owner != Home || bad.Key != "statement/home.65/S9" || bad.Class != Unreadable {
		t.Errorf("%s, %s", bad.Owner, bad.Key)
	}
}
