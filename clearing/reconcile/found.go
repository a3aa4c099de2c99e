package reconcile

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"

	"clearingd/ledger"
	"clearingd/provinces"
)

// BreakOf is the break that a broken result is, as the match found it: without dates,
// state and history, which [Carry] gives it. It is for results whose Standing is Broken.
func BreakOf(r *Result) Break {
	p := r.Primary()
	b := Break{Key: r.Key(), Findings: slices.Clone(r.Findings), Class: p.Class, Owed: r.difference(p.Side)}
	if r.Books != nil {
		i := r.Books
		b.Day, b.Home, b.Treatment, b.Provider, b.Entry, b.Row = i.From, i.Home, i.Treatment, i.Provider, i.Number, i.SettlementID
		b.Person, b.Visit = i.Person, i.VisitID
		b.Books, b.Party = i.Amounts.Owed(), i.PartyOn(p.Side)
	} else {
		i := &r.Sides[p.Side][0]
		b.Day, b.Home, b.Treatment, b.Provider, b.Row = i.To, i.Home, i.Treatment, i.Provider, i.SettlementID
		b.Person, b.Visit, b.Party = i.Person, i.VisitID, i.Party
	}
	return b.sealed()
}

// TotalsBreak is the break of a line of totals that does not agree.
func TotalsBreak(day ledger.Day, t *TotalsDifference) Break {
	ours, theirs := t.text()
	f := Finding{Side: SideOf(t.Party.Kind), Class: Totals, Owed: t.Owed(), More: direction(t.Owed()), Field: t.Dimensions(), Ours: ours, Theirs: theirs}
	b := Break{
		Key: TotalsKey(t.Party, day, t.Dimensions()), Day: day, Provider: t.Party.Provider, Party: t.Party, Class: Totals,
		Findings: []Finding{f}, Books: t.Ours.Owed(), Owed: f.Owed,
	}
	return b.sealed()
}

// SerialBreak is the break of statements that are missing (SEQ_GAP) or whose numbers came
// again with other content (SEQ_REUSE): from and to are the first and last of the numbers.
// day is the day on which that was noticed.
func SerialBreak(class Class, party provinces.Party, from, to uint64, day ledger.Day) Break {
	b := Break{
		Key: SerialKey(party, from, to), Day: day, Provider: party.Provider, Party: party, Class: class,
		Findings: []Finding{{Side: SideOf(party.Kind), Class: class, Field: "serial"}},
	}
	return b.sealed()
}

// RefusedBreak is the break of a statement that was refused (VALID). id is the statement's.
func RefusedBreak(party provinces.Party, id string, day ledger.Day, code provinces.Code) Break {
	b := Break{
		Key: "statement/" + party.Key() + "/" + id, Day: day, Provider: party.Provider, Party: party, Class: Unreadable,
		Findings: []Finding{{Side: SideOf(party.Kind), Class: Unreadable, Field: "statement", Theirs: id, Ours: strconv.Itoa(int(code))}},
	}
	return b.sealed()
}

// AcceptedBreak is the break of a difference that two officers have accepted about the break of
// a bill, and that the side has taken back since: the books owe it, and nobody claims it. It
// is no bill's own, for the bill agrees.
func AcceptedBreak(decided *Break, bill uint64, accepted ledger.Amount) Break {
	f := Finding{
		Side: SideOf(decided.Party.Kind), Class: AmountUnder, Owed: -accepted, More: direction(-accepted),
		Field: "accepted", Ours: accepted.String(), Theirs: ledger.Amount(0).String(),
	}
	if accepted < 0 {
		f.Class = AmountOver
	}
	b := Break{
		Key: AcceptedKey(bill), Day: decided.Day, Home: decided.Home, Treatment: decided.Treatment,
		Provider: decided.Provider, Row: decided.Row, Party: decided.Party, Class: f.Class, Findings: []Finding{f}, Owed: f.Owed,
	}
	return b.sealed()
}

// sealed is the break with its owner and the digest of its facts.
func (b Break) sealed() Break {
	b.Owner, b.Facts = b.turn(), b.facts()
	return b
}

// turn says whose turn it is first: who states otherwise than the books; the home
// province where its own rules or filing are the question; the treatment province where
// the books have a stay twice, because the hospital sent it twice.
func (b *Break) turn() Side {
	switch b.Class {
	case Rule, Eligibility, Round:
		return Home
	case DuplicateOurs:
		return Treatment
	case MissHospital:
		return Hospital
	}
	return primary(b.Findings).Side
}

// facts is what a decision is about: class, amounts, findings and proved causes. Where a
// row stands in its statement is none of it, nor are the words of a proof.
func (b *Break) facts() [32]byte {
	t := appendText(nil, string(b.Class))
	t = binary.AppendVarint(binary.AppendVarint(t, int64(b.Books)), int64(b.Owed))
	for _, f := range b.Findings {
		t = append(t, byte(f.Side))
		ours, theirs := f.Ours, f.Theirs
		if f.Class == Duplicate {
			ours, theirs = "", ""
		}
		cause := ""
		if f.Cause != nil {
			cause = string(f.Cause.Kind)
			if f.Cause.Both {
				cause += " of both"
			}
		}
		for _, text := range [...]string{string(f.Class), string(f.More), f.Field, ours, theirs, cause} {
			t = appendText(t, text)
		}
		for _, n := range [...]int64{int64(f.Owed), int64(f.From), int64(f.To)} {
			t = binary.AppendVarint(t, n)
		}
	}
	return sha256.Sum256(t)
}
