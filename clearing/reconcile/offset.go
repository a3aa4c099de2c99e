package reconcile

import (
	"cmp"
	"slices"

	"clearingd/ledger"
)

// Offset finds differences within one claim chain that cancel: two breaks of one visit
// and person about which one party states as much more in the one as it states less in the other.
// Their findings get the cause, unless another is known. It is proved by the amounts
// themselves: their sum is zero to the fen. Where the two are a bill and what took it back
// on another day, that is their cause already, and it says that the side lacks both. Of a visit
// no more are looked at than of a stay. The list is changed in place; its order does not matter.
func Offset(found []Break) {
	type half struct{ at, finding int }
	type link struct {
		provider, visit string
		side            Side
	}
	chains := map[link][]half{}
	for _, i := range orderByKey(found) {
		b := &found[i]
		if b.Visit == "" || b.Provider == "" {
			continue
		}
		for k := range b.Findings {
			if f := &b.Findings[k]; f.Owed != 0 && (f.Cause == nil || f.Cause.Kind == ReversalAcrossCutOff) {
				l := link{b.Provider, b.Visit, f.Side}
				if len(chains[l]) < stayMax { // they are held against each other pair by pair
					chains[l] = append(chains[l], half{i, k})
				}
			}
		}
	}
	// Each chain is worked on by itself, so the order of the map does not matter.
	for _, halves := range chains {
		for n, x := range halves {
			for _, y := range halves[n+1:] {
				if a, b := &found[x.at], &found[y.at]; x.at != y.at && (a.Person == b.Person || a.Person == "" || b.Person == "") {
					offset(&found[x.at], x.finding, &found[y.at], y.finding)
				}
			}
		}
	}
	for i := range found {
		found[i] = found[i].sealed()
	}
}

// Half is a difference of one stay that cancels with its opposite there.
type Half struct {
	Provider, Visit string
	Side            Side
	Owed            ledger.Amount
}

// Other is the half that cancels with this one.
func (h Half) Other() Half {
	h.Owed = -h.Owed
	return h
}

// Halves are the differences of the break that [Offset] lets cancel, or would with another break.
func (b *Break) Halves() (list []Half) {
	if b.Visit == "" || b.Provider == "" {
		return nil
	}
	for i := range b.Findings {
		if f := &b.Findings[i]; f.Owed != 0 && (f.Cause == nil || f.Cause.Kind == OffsettingPair) {
			list = append(list, Half{b.Provider, b.Visit, f.Side, f.Owed})
		}
	}
	return list
}

// Offset reports whether a difference of the break cancels with another's.
func (b *Break) Offset() bool {
	return slices.ContainsFunc(b.Findings, func(f Finding) bool { return f.Cause != nil && (f.Cause.Kind == OffsettingPair || f.Cause.Both) })
}

// offset gives two findings the cause if they cancel.
func offset(x *Break, i int, y *Break, k int) {
	f, g := &x.Findings[i], &y.Findings[k]
	switch {
	case f.Owed+g.Owed != 0:
		return
	case f.Cause != nil && g.Cause != nil:
		if f.Cause.Kind == ReversalAcrossCutOff && slices.Equal(f.Cause.Refs, g.Cause.Refs) {
			f.Cause, g.Cause = f.Cause.ofBoth(), g.Cause.ofBoth()
		}
		return
	case f.Cause != nil || g.Cause != nil:
		return
	}
	proof := []string{
		both("同一次住院的两项差额相抵：%s为%s元，%s为%s元，合计0", "two differences of one stay cancel: %s has %s, %s has %s, together 0", x.Key, f.Owed, y.Key, g.Owed),
	}
	var refs []uint64
	for _, entry := range [2]uint64{x.Entry, y.Entry} {
		if entry != 0 {
			refs = append(refs, entry)
		}
	}
	f.Cause = &Cause{Kind: OffsettingPair, Owed: f.Owed, Proof: proof, Refs: refs}
	g.Cause = &Cause{Kind: OffsettingPair, Owed: g.Owed, Proof: proof, Refs: refs}
}

// ofBoth is the cause where the side lacks the other one too.
func (c Cause) ofBoth() *Cause {
	c.Both = true
	return &c
}

// orderByKey lists the places of breaks in the order of their keys.
func orderByKey(list []Break) []int {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, k int) int { return cmp.Compare(list[i].Key, list[k].Key) })
	return order
}
