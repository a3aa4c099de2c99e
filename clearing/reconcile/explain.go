package reconcile

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Question is an officer's: why are we so many yuan apart with this party over these days?
type Question struct {
	Party    provinces.Party
	From, To ledger.Day // business days, both included

	Ours   ledger.Amount // owed by the books on these days, of bills that the party speaks for
	Theirs ledger.Amount // owed by the party's statements of these days

	// Breaks are those of the party, in any order; those of other days count where their rows
	// lie in these. Expected are bills of these days that the party's statements do not
	// hold yet, because its horizon does not reach them.
	Breaks   []Break
	Expected []Item

	// InTotals are bills that the party's totals of their day speak for, although it has a row
	// of them on another day: what the totals lack of them is told by the totals' own break.
	InTotals map[uint64]bool
}

// Part is a piece of the difference.
type Part struct {
	Key   string        `json:"key"` // of the break; of an expected bill, what its break would be
	Day   ledger.Day    `json:"day"`
	Entry uint64        `json:"entry,omitempty"` // the bill
	Class Class         `json:"class"`           // "EXPECTED" of what is not due yet
	Cause CauseKind     `json:"cause,omitempty"` // "": not known
	Owed  ledger.Amount `json:"owed"`            // theirs less ours
}

// ExpectedPart is the class of a part that is no break.
const ExpectedPart Class = "EXPECTED"

// Reason groups parts of one cause, or of one class where the cause is not known.
type Reason struct {
	Cause CauseKind     `json:"cause,omitempty"`
	Class Class         `json:"class"`
	Owed  ledger.Amount `json:"owed"`
	Parts []Part        `json:"parts"`
}

// Explanation is the answer: the fewest parts that make up the difference to the fen, by
// reason; and apart from them those that cancel among themselves, with what lies on another of
// the days: so that each day's figures can be followed, too.
//
// Invariant: Difference = sum of Reasons + Rest; sum of Cancel = 0 unless Rest is not 0.
type Explanation struct {
	Difference ledger.Amount `json:"difference"` // theirs less ours
	Reasons    []Reason      `json:"reasons"`
	Cancel     []Part        `json:"cancel,omitempty"`
	Rest       ledger.Amount `json:"rest"` // what no part explains: 0, or figures that do not belong together
}

// Explain answers the question from breaks and expected bills alone, whose signed sum is the
// difference. With up to twenty parts the fewest are found; with more, the fewest if three
// suffice, and otherwise what is left when pairs that cancel are taken out.
func Explain(q Question) Explanation {
	parts := q.parts()
	var sum ledger.Amount
	for _, p := range parts {
		sum += p.Owed
	}
	e := Explanation{Difference: q.Theirs - q.Ours}
	e.Rest = e.Difference - sum
	chosen := parts
	if e.Rest == 0 {
		chosen, e.Cancel = fewest(parts, e.Difference)
	}
	e.Reasons = reasons(chosen)
	e.Cancel = append(e.Cancel, q.moved()...)
	return e
}

// moved are bills and rows on two of the days: nothing over all days, but something on each of
// the two.
func (q *Question) moved() []Part {
	var parts []Part
	side := SideOf(q.Party.Kind)
	for i := range q.Breaks {
		b := &q.Breaks[i]
		if b.partyOn(side) != q.Party || b.Books == 0 || !q.holds(b.Day) || q.InTotals[b.Entry] {
			continue
		}
		at := slices.IndexFunc(b.Findings, func(f Finding) bool { return f.Side == side && f.Class == Timing })
		if at < 0 || b.Findings[at].To == b.Day || !q.holds(b.Findings[at].To) {
			continue
		}
		there := Part{Key: b.Key, Day: b.Day, Entry: b.Entry, Class: Timing, Owed: -b.Books}
		here := there
		here.Day, here.Owed = b.Findings[at].To, b.Books
		parts = append(parts, there, here)
	}
	slices.SortStableFunc(parts, func(a, b Part) int { return cmp.Compare(a.Key, b.Key) })
	return parts
}

// parts are what the difference is made of, by day and key; what is zero is none of it.
func (q *Question) parts() []Part {
	var parts []Part
	for i := range q.Breaks {
		b := &q.Breaks[i]
		if b.partyOn(SideOf(q.Party.Kind)) != q.Party || strings.HasPrefix(b.Key, AcceptedPrefix) {
			continue // what officers accepted is in neither side's bills
		}
		if p := q.part(b); p.Owed != 0 {
			parts = append(parts, p)
		}
	}
	for i := range q.Expected {
		bill := &q.Expected[i]
		if owed := bill.Amounts.Owed(); owed != 0 && q.holds(bill.From) {
			parts = append(parts, Part{Key: BillKey(bill.Number), Day: bill.From, Entry: bill.Number, Class: ExpectedPart, Owed: -owed})
		}
	}
	slices.SortFunc(parts, func(a, b Part) int { return cmp.Or(cmp.Compare(a.Day, b.Day), cmp.Compare(a.Key, b.Key)) })
	return parts
}

// partyOn is who speaks for the side of what the break is about.
func (b *Break) partyOn(s Side) provinces.Party {
	if SideOf(b.Party.Kind) == s || b.Entry == 0 {
		return b.Party
	}
	return (&Item{Home: b.Home, Treatment: b.Treatment, Provider: b.Provider}).PartyOn(s)
}

func (q *Question) holds(day ledger.Day) bool { return q.From <= day && day <= q.To }

// part is what a break adds to the difference. A row on another day than its bill counts
// where it lies, and the bill where that lies.
func (q *Question) part(b *Break) Part {
	p := Part{Key: b.Key, Day: b.Day, Entry: b.Entry, Class: b.Class}
	side := SideOf(q.Party.Kind)
	rowIn := q.holds(b.Day)
	var more ledger.Amount
	for i := range b.Findings {
		f := &b.Findings[i]
		if f.Side != side {
			continue
		}
		if f.Class == Timing {
			rowIn, p.Class = q.holds(f.To), Timing
		} else if more == 0 {
			p.Class = f.Class
		}
		if f.Cause != nil {
			p.Cause = f.Cause.Kind
		}
		more += f.Owed
	}
	if owed, told := q.byRows(b, side, more); told {
		p.Owed = owed
		return p
	}
	switch billIn := q.holds(b.Day); {
	case q.InTotals[b.Entry] && rowIn:
		p.Owed = b.Books + more
	case q.InTotals[b.Entry]:
		p.Owed = 0
	case billIn && rowIn:
		p.Owed = more
	case billIn:
		p.Owed = -b.Books
	case rowIn:
		p.Owed = b.Books + more
	}
	return p
}

// byRows is what a break adds to the difference by the rows that the side has of it, each on the
// day where it lies: a duplicate need not lie where the first one does. told is false where
// rows and findings, which come to more in all, are not one to one.
func (q *Question) byRows(b *Break, side Side, more ledger.Amount) (owed ledger.Amount, told bool) {
	if b.Seen == nil || len(b.Seen.Sides) <= int(side) || b.Seen.ByStay[side] {
		return 0, false
	}
	books := b.Books
	if b.Seen.Books == nil || b.Seen.Books.Silent { // in neither's bills
		books = 0
	}
	all := -books
	if q.holds(b.Day) && !q.InTotals[b.Entry] {
		owed -= books
	}
	for i := range b.Seen.Sides[side] {
		row := &b.Seen.Sides[side][i]
		day := row.To
		if row.on(b.Day) {
			day = b.Day
		}
		all += row.Amounts.Owed()
		if q.holds(day) {
			owed += row.Amounts.Owed()
		}
	}
	return owed, all == more
}

// exactMax parts are searched for the fewest among all their subsets; tripleMax for three.
const (
	exactMax  = 20
	tripleMax = 2000
)

// fewest splits parts, whose sum is the difference, into the fewest that make it up and the
// others, which therefore cancel. Of equally few the earliest are taken.
func fewest(parts []Part, difference ledger.Amount) (chosen, others []Part) {
	var in []bool
	switch {
	case difference == 0:
		in = make([]bool, len(parts))
	case len(parts) <= exactMax:
		in = fewestExact(parts, difference)
	default:
		in = fewestOf(parts, difference)
	}
	for i, p := range parts {
		if in[i] {
			chosen = append(chosen, p)
		} else {
			others = append(others, p)
		}
	}
	return chosen, others
}

func fewestExact(parts []Part, difference ledger.Amount) []bool {
	best := uint(1)<<len(parts) - 1
	sums := make([]ledger.Amount, best+1)
	for s := uint(1); s < uint(len(sums)); s++ {
		low := bits.TrailingZeros(s)
		sums[s] = sums[s&(s-1)] + parts[low].Owed
		if sums[s] == difference && bits.OnesCount(s) < bits.OnesCount(best) {
			best = s
		}
	}
	in := make([]bool, len(parts))
	for i := range in {
		in[i] = best>>i&1 == 1
	}
	return in
}

// fewestOf finds one, two or three parts that make up the difference; if there are none, it
// takes pairs out that cancel.
func fewestOf(parts []Part, difference ledger.Amount) []bool {
	in := make([]bool, len(parts))
	at := map[ledger.Amount]int{} // the last part of an amount
	for i, p := range parts {
		if p.Owed == difference {
			in[i] = true
			return in
		}
		at[p.Owed] = i
	}
	for i, p := range parts {
		if k, ok := at[difference-p.Owed]; ok && k > i {
			in[i], in[k] = true, true
			return in
		}
	}
	for i := 0; i < len(parts) && len(parts) <= tripleMax; i++ {
		for k := i + 1; k < len(parts); k++ {
			if l, ok := at[difference-parts[i].Owed-parts[k].Owed]; ok && l > k {
				in[i], in[k], in[l] = true, true, true
				return in
			}
		}
	}
	open := map[ledger.Amount][]int{}
	for i, p := range parts {
		in[i] = true
		if waiting := open[-p.Owed]; len(waiting) > 0 {
			in[i], in[waiting[0]] = false, false
			open[-p.Owed] = waiting[1:]
			continue
		}
		open[p.Owed] = append(open[p.Owed], i)
	}
	return in
}

// reasons groups parts: proved causes first, then classes, then what is not due yet.
func reasons(parts []Part) []Reason {
	rank := func(r Reason) int {
		if i := slices.Index(CauseKinds, r.Cause); i >= 0 {
			return i
		}
		if i := slices.Index(Classes, r.Class); i >= 0 {
			return len(CauseKinds) + i
		}
		return len(CauseKinds) + len(Classes)
	}
	var list []Reason
	for _, p := range parts {
		i := slices.IndexFunc(list, func(r Reason) bool { return r.Cause == p.Cause && (p.Cause != "" || r.Class == p.Class) })
		if i < 0 {
			i = len(list)
			list = append(list, Reason{Cause: p.Cause, Class: p.Class})
		}
		list[i].Owed += p.Owed
		list[i].Parts = append(list[i].Parts, p)
	}
	slices.SortStableFunc(list, func(a, b Reason) int { return cmp.Compare(rank(a), rank(b)) })
	return list
}
