package simulate

import (
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"clearingd/clearing/sim/audit"
)

// planted is one difference that somebody was made to state.
type planted struct {
	key, class string
	party      string
	number     uint64   // the books' number of the bill; 0: none is behind it
	books      *big.Rat // owed by the books
	more       *big.Rat // the side's less the books'
	fund       string   // that differs; "" if it is not one
	bare       bool     // the side states no funds
	move       audit.Move
}

// plantSome plants a difference or two in half of the statements.
func (b *beliefs) plantSome(s *statement) {
	if b.dice.IntN(2) == 0 {
		b.plant(s, 1+b.dice.IntN(2))
	}
}

// plant makes so many differences in the statement, as far as it has bills for them.
func (b *beliefs) plant(s *statement, n int) {
	for try := 0; n > 0 && try < 20; try++ {
		if b.plantOne(s, []string{"missing", "over", "under", "surplus", "still"}[b.dice.IntN(5)]) {
			n--
		}
	}
}

// plantOne makes one difference of a kind; false if the statement has no bill for it.
func (b *beliefs) plantOne(s *statement, kind string) bool {
	i := slices.IndexFunc(s.rows, func(r row) bool {
		if b.taken[r.Number] || r.result != balanced {
			return false
		}
		switch kind {
		case "still":
			return r.TakenBack && r.Owed().Sign() != 0
		case "under", "over", "missing":
			return r.Alone && r.Owed().Sign() > 0 && len(r.ByFund) > 0
		}
		return r.Alone
	})
	if i < 0 || len(s.rows) < 2 {
		return false
	}
	r := &s.rows[i]
	switch kind {
	case "missing":
		b.taken[r.Number] = true
		s.planted = append(s.planted, about(s.party, missing[s.party[:1]], *r, new(big.Rat).Neg(r.Owed())))
		s.rows = slices.Delete(slices.Clone(s.rows), i, i+1)
	case "still": // the bill is stated, and not what took it back
		b.taken[r.Number] = true
		s.planted = append(s.planted, about(s.party, "STATUS", *r, new(big.Rat).Neg(r.Owed())))
		s.rows = slices.Delete(slices.Clone(s.rows), i, i+1)
	case "over":
		b.taken[r.Number] = true
		s.planted = append(s.planted, b.fen(s, r, "AMT_OVER", big.NewRat(1, 100)))
	case "under":
		b.taken[r.Number] = true
		s.planted = append(s.planted, b.fen(s, r, "AMT_UNDER", big.NewRat(-1, 100)))
	case "surplus":
		s.rows = append(s.rows, b.stranger(s, *r))
	}
	return true
}

var missing = map[string]string{"p": "MISS_HOSP", "t": "MISS_TREAT", "h": "MISS_HOME"} // by the party's first letter

// fen changes a row by one fen of one fund, so that no rounding explains it: the bill's total
// goes along and the patient's part stays.
func (b *beliefs) fen(s *statement, r *row, class string, more *big.Rat) planted {
	p := about(s.party, class, *r, more)
	funds := slices.Sorted(maps.Keys(r.ByFund))
	p.fund, p.bare = funds[b.dice.IntN(len(funds))], s.bare || s.hospital()
	r.result = differs
	r.Total, r.Funds = new(big.Rat).Add(r.Total, more), new(big.Rat).Add(r.Funds, more)
	r.ByFund = maps.Clone(r.ByFund)
	r.ByFund[p.fund] = new(big.Rat).Add(r.ByFund[p.fund], more)
	return p
}

// stranger is a row like another of a bill that nobody has.
func (b *beliefs) stranger(s *statement, like row) row {
	r := like
	r.Number, r.Visit, r.result = 0, "NOBODY"+strconv.Itoa(b.dice.IntN(1_000_000)), yoursMore
	r.SettlementID = like.Treatment + "G9" + leftPad(strconv.Itoa(b.dice.IntN(1_000_000_000)), 12)
	s.planted = append(s.planted, planted{key: "row/" + s.party + "/" + r.SettlementID, class: "SURPLUS", party: s.party, more: r.Owed()})
	return r
}

func leftPad(digits string, n int) string { return strings.Repeat("0", n-len(digits)) + digits }

// about is a difference about a bill.
func about(party, class string, r row, more *big.Rat) planted {
	return planted{
		key: "bill/" + strconv.FormatUint(r.Number, 10), class: class, party: party, number: r.Number,
		books: r.Owed(), more: more, move: r.Move,
	}
}
