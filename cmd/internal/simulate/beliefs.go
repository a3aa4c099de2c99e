package simulate

import (
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"clearingd/clearing/sim/audit"
	"clearingd/ledger"
)

// beliefs are what the sides of a run state, and the truth about it: what they were made to
// have otherwise than the books. The truth is written down where a difference is planted
// and never worked out from what the daemon says.
type beliefs struct {
	dice  *rand.Rand
	early []*statement // come before the day with the bills is closed
	late  []*statement // come after: corrections, repetitions, what somebody stated too late
	main  string       // the day with most bills, on which parties play their roles
	next  ledger.Day   // the day that is closed after the late ones, and that they are about at most

	taken  map[uint64]bool // bills about which a difference is planted
	serial map[string]int  // by party: the newest number of its statements
}

// role is what a party is made to do besides stating its bills.
type role string

const (
	plain     role = "plain"
	lagging   role = "a part is missing until late"
	mistaken  role = "a total is wrong; a right one comes late"
	doubling  role = "a row stands twice; nothing comes instead"
	skipping  role = "the first serial never comes"
	summing   role = "totals alone"
	misadding role = "totals alone, and they are wrong"
	copying   role = "the same again, late, under another id"
	mending   role = "differences, and a correction without them late"
	spoiling  role = "no difference, and a correction with some late"
	recalling role = "a bill again in the statement of the next day"
)

// roles are given out once each, to those who have enough bills for them.
var roles = []role{lagging, mistaken, doubling, skipping, summing, misadding, copying, mending, spoiling, recalling, mending, summing, recalling}

// believe makes what the sides state of the moves. Everything follows from seed and moves.
// next is the first day that will not be closed before the late statements come; through is
// the last one that can be spoken about yet.
func believe(seed uint64, moves []audit.Move, next, through ledger.Day) *beliefs {
	b := &beliefs{
		dice: rand.New(rand.NewPCG(seed, 0x62656c6965667321)), next: next,
		taken: map[uint64]bool{}, serial: map[string]int{},
	}
	moves = slices.DeleteFunc(slices.Clone(moves), func(m audit.Move) bool { return m.Day > through.String() })
	b.main = busiest(moves)
	of := b.gather(moves)
	parties := slices.Sorted(maps.Keys(of))
	b.dice.Shuffle(len(parties), func(i, j int) { parties[i], parties[j] = parties[j], parties[i] })
	left := slices.Clone(roles)
	if next > through {
		left = slices.DeleteFunc(left, func(r role) bool { return r == recalling })
	}
	for _, party := range parties {
		as := plain
		if i := slices.IndexFunc(left, func(r role) bool { return b.suits(r, party, of[party][b.main]) }); i >= 0 {
			as = left[i]
			left = slices.Delete(left, i, i+1)
		}
		b.party(party, as, of[party])
	}
	return b
}

// busiest is the day with most moves.
func busiest(moves []audit.Move) (day string) {
	n := map[string]int{}
	for _, m := range moves {
		if n[m.Day]++; n[m.Day] > n[day] || n[m.Day] == n[day] && m.Day < day {
			day = m.Day
		}
	}
	return day
}

// gather picks who states, and what each has by its days. Whoever has a bill that stands
// again since another day is left out: nothing names what it would state.
func (b *beliefs) gather(moves []audit.Move) map[string]map[string][]audit.Move {
	of := map[string]map[string][]audit.Move{}
	odd := map[string]bool{}
	for _, m := range moves {
		for _, party := range m.Parties() {
			if of[party] == nil {
				of[party] = map[string][]audit.Move{}
			}
			if !m.Silent {
				of[party][m.Day] = append(of[party][m.Day], m)
			}
			odd[party] = odd[party] || !m.Silent && !m.Refund && m.SettlementID == ""
		}
	}
	for _, party := range slices.Sorted(maps.Keys(of)) {
		share := 75
		if strings.HasPrefix(party, "provider.") {
			share = 35
		}
		if b.dice.IntN(100) >= share || odd[party] {
			delete(of, party)
		}
	}
	return of
}

// suits reports whether a party with these bills of the main day can play the role.
func (b *beliefs) suits(as role, party string, moves []audit.Move) bool {
	alone := 0
	for _, m := range moves {
		if m.Alone && !b.taken[m.Number] {
			alone++
		}
	}
	hospital := strings.HasPrefix(party, "provider.")
	switch as {
	case summing, misadding:
		return len(moves) > 0 && (!hospital || as == summing && oneInsurance(moves))
	case mending, spoiling, recalling:
		return alone >= 2
	}
	return len(moves) >= 2
}

func oneInsurance(moves []audit.Move) bool {
	return !slices.ContainsFunc(moves, func(m audit.Move) bool { return m.Insurance != moves[0].Insurance })
}

// party makes the statements of one party: one for each day with bills, that of the main day
// in its role. Who leaves that day open says nothing of later ones: a horizon would reach it.
func (b *beliefs) party(party string, as role, days map[string][]audit.Move) {
	numbered := as != plain && as != recalling || b.dice.IntN(2) == 0
	if as == skipping {
		b.serial[party] = 1
	}
	leaves := as == lagging || as == mistaken || as == doubling || as == misadding
	for _, day := range slices.Sorted(maps.Keys(days)) {
		if day == b.main || len(days[day]) == 0 || leaves && day > b.main {
			continue
		}
		s := b.stating(party, day, days[day], numbered)
		b.plantSome(s)
		b.early = append(b.early, s)
	}
	if len(days[b.main]) > 0 { // the last, since corrections go on with its number
		b.play(as, b.stating(party, b.main, days[b.main], numbered))
	}
}

// stating is a statement that has what the books have.
func (b *beliefs) stating(party, day string, moves []audit.Move, numbered bool) *statement {
	s := &statement{party: party, day: day, outcome: applied, held: -1, carries: true, bare: b.dice.IntN(3) == 0}
	if numbered {
		b.serial[party]++
		s.serial = b.serial[party]
	}
	s.id = strings.ReplaceAll(day, "-", "") + "-" + strconv.Itoa(len(b.early)+len(b.late))
	for _, m := range moves {
		s.rows = append(s.rows, rowOf(m))
	}
	s.ours = slices.Clone(s.rows)
	return s
}

// play lets the party state its main day in its role.
func (b *beliefs) play(as role, s *statement) {
	b.early = append(b.early, s)
	after := func(change func(*statement)) {
		again := *s
		again.id, again.rows, again.planted = s.id+"-again", slices.Clone(s.ours), nil
		again.outcome, again.code, again.carries = applied, 0, true
		change(&again)
		b.late = append(b.late, &again)
	}
	next := func(again *statement) {
		b.serial[s.party]++
		again.serial = b.serial[s.party]
	}
	switch as {
	case plain:
		b.plantSome(s)
	case lagging:
		s.held = 0 // which part, is decided when there are parts
	case mistaken:
		s.outcome, s.code, s.carries = refused, 6010, false
		s.wrongTotal = true
		after(func(again *statement) { again.wrongTotal = false })
	case doubling:
		s.rows = append(s.rows, s.rows[0])
		s.outcome, s.code, s.carries = refused, 6009, false
	case skipping:
		s.planted = append(s.planted, planted{key: "serial/" + s.party + "/1-1", class: "SEQ_GAP", party: s.party})
	case summing:
		s.totals = true
	case misadding:
		s.totals, s.carries = true, false
		s.extra = big.NewRat(100+int64(b.dice.IntN(900)), 100)
		s.planted = append(s.planted, planted{
			key: "totals/" + s.party + "/" + s.day + "/-.-.-.-", class: "TOTALS", party: s.party, books: s.owed(s.ours), more: s.extra,
		})
	case copying:
		b.plantSome(s)
		after(func(again *statement) {
			again.rows, again.outcome, again.original, again.first = s.rows, repeated, s.id, s
		})
	case mending:
		b.plant(s, 2)
		after(next)
	case spoiling:
		after(func(again *statement) {
			next(again)
			b.plant(again, 2)
		})
	case recalling:
		b.recall(s)
	}
}

// recall lets the party state a bill of its main day again in the statement of the next.
func (b *beliefs) recall(s *statement) {
	for _, r := range s.ours {
		if !r.Alone || b.taken[r.Number] {
			continue
		}
		b.taken[r.Number] = true
		again := &statement{party: s.party, id: s.id + "-next", day: b.next.String(), outcome: applied, held: -1, carries: true}
		again.rows = []row{r}
		again.rows[0].result = yoursMore
		if s.serial > 0 {
			b.serial[s.party]++
			again.serial = b.serial[s.party]
		}
		again.planted = []planted{about(s.party, "DUP_IN", r, r.Owed())}
		b.late = append(b.late, again)
		return
	}
}
