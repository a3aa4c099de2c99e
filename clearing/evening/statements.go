package evening

import (
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
		for _, x := range refused {
			if err := r.stillRefused(tx, x); err != nil {
				return err
			}
		}
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

// stillRefused finds a refused statement unless its party has stated something in its place
// that was taken: of the same days, or, where the head could not be read, anything.
func (r *run) stillRefused(tx *store.Tx, x refusal) error {
	s, ok, err := tx.Statement(x.party, x.id)
	if err != nil || !ok {
		return err
	}
	b := reconcile.RefusedBreak(x.party, x.id, x.day, s.Code)
	replaced := false
	err = tx.Statements(x.party, func(other *clearing.StatementRecord) bool {
		replaced = other.Outcome == provinces.StatementApplied && other.Number > s.Number &&
			(s.Statement.From == 0 || other.Statement.From <= s.Statement.From && s.Statement.To <= other.Statement.To)
		return !replaced
	})
	if err == nil && !replaced {
		r.others = append(r.others, b)
	}
	return err
}
