package evening

import (
	"slices"
	"strings"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Prefixes of the keys of breaks that are about statements and not about bills.
const (
	serialPrefix  = "serial/"
	refusedPrefix = "statement/"
)

// aboutStatement reports whether a break is about a statement: its day is the evening on which
// that was noticed.
func aboutStatement(key string) bool {
	return strings.HasPrefix(key, serialPrefix) || strings.HasPrefix(key, refusedPrefix)
}

// aboutStatements finds what is wrong with the statements themselves: numbers that are
// missing, and statements that were refused and that nothing has come for since. Breaks of
// before are looked at again, and parties that have stated anything since the run before.
func (r *run) aboutStatements() error {
	return r.view(func(tx *store.Tx) error {
		numbered := make(map[provinces.Party]bool)
		refused := make(map[string]refusal)
		for _, prefix := range []string{serialPrefix, refusedPrefix} {
			err := tx.OpenBreaks(prefix, func(b reconcile.Break) bool {
				r.previous[b.Key] = b
				switch {
				case b.Class == reconcile.SerialReuse:
					r.others = append(r.others, b)
				case prefix == serialPrefix:
					numbered[b.Party] = true
				default:
					refused[b.Key] = refusal{b.Party, strings.TrimPrefix(b.Key, refusedPrefix+b.Party.Key()+"/"), b.Day}
				}
				return true
			})
			if err != nil {
				return err
			}
		}
		err := tx.StatementsDecided(r.at.Statements+1, r.now.Statements, func(s *clearing.StatementRecord) error {
			if s.Statement.Serial != 0 {
				numbered[s.Party] = true
			}
			if s.Outcome == provinces.StatementRefused {
				r.refused(refused, s)
			}
			return nil
		})
		if err != nil {
			return err
		}
		for party := range numbered {
			r.missingSerials(tx, party)
		}
		if err := r.stillRefused(tx, refused); err != nil {
			return err
		}
		r.others = onePerKey(r.others) // a number can come again and again
		return nil
	})
}

// refused notes a statement that was refused. A number that came again with other content
// has a break of its own, which stays until people have cleared which content is meant.
func (r *run) refused(list map[string]refusal, s *clearing.StatementRecord) {
	if serial := s.Statement.Serial; s.Code == provinces.CodeStatementReuse && serial != 0 {
		r.others = append(r.others, reconcile.SerialBreak(reconcile.SerialReuse, s.Party, serial, serial, r.evening))
		return
	}
	b := reconcile.RefusedBreak(s.Party, s.ID, r.evening, s.Code)
	list[b.Key] = refusal{s.Party, s.ID, r.evening}
}

// missingSerials finds the numbers that a party has left out.
func (r *run) missingSerials(tx *store.Tx, party provinces.Party) {
	for _, gap := range clearing.MissingSerials(tx.StatementSerials(party)) {
		day := r.evening
		if b, ok := r.previous[reconcile.SerialKey(party, gap.From, gap.To)]; ok {
			day = b.Day
		}
		r.others = append(r.others, reconcile.SerialBreak(reconcile.SerialGap, party, gap.From, gap.To, day))
	}
}

// refusal names a refused statement and when that was noticed.
type refusal struct {
	party provinces.Party
	id    string
	day   ledger.Day
}

// stillRefused finds the refused statements whose party has stated nothing in their place that was
// taken: of the same days, or, where the head could not be read, anything. The statements of
// each party are read once, however many of them were refused.
func (r *run) stillRefused(tx *store.Tx, list map[string]refusal) error {
	taken := make(map[provinces.Party][]takenStatement)
	for _, x := range list {
		s, ok, err := tx.Statement(x.party, x.id)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		others, read := taken[x.party]
		if !read {
			if others, err = takenStatements(tx, x.party); err != nil {
				return err
			}
			taken[x.party] = others
		}
		if !slices.ContainsFunc(others, func(o takenStatement) bool { return o.replaces(&s) }) {
			r.others = append(r.others, reconcile.RefusedBreak(x.party, x.id, x.day, s.Code))
		}
	}
	return nil
}

// takenStatement is where a statement that was taken stands among all, and its days.
type takenStatement struct {
	number   uint64
	from, to ledger.Day
}

func takenStatements(tx *store.Tx, party provinces.Party) (list []takenStatement, err error) {
	err = tx.Statements(party, func(s *clearing.StatementRecord) bool {
		if s.Outcome == provinces.StatementApplied {
			list = append(list, takenStatement{s.Number, s.Statement.From, s.Statement.To})
		}
		return true
	})
	return list, err
}

// replaces reports whether the statement came after a refused one and stands for it.
func (t takenStatement) replaces(refused *clearing.StatementRecord) bool {
	return t.number > refused.Number && (refused.Statement.From == 0 || t.from <= refused.Statement.From && refused.Statement.To <= t.to)
}
