package lab

import (
	"cmp"
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// sums adds up bills by every dimension at once.
type sums struct {
	total    Row
	rows     map[rowKey]*Row
	refusals map[refusalKey]*Refusal
	warnings map[string]uint64
}

type rowKey struct {
	by  By
	key string
}

type refusalKey struct {
	code     provinces.Code
	field    string
	home     ledger.Area
	insutype string
}

func newSums() *sums {
	return &sums{
		rows:     make(map[rowKey]*Row),
		refusals: make(map[refusalKey]*Refusal),
		warnings: make(map[string]uint64),
	}
}

// add counts one bill in every row it belongs to.
func (s *sums) add(record *clearing.Record, c change, k kind) error {
	if c.bill == record && c.result != nil {
		for _, w := range c.result.Warnings {
			s.warnings[string(w)]++
		}
	}
	if err := s.refused(record, c); err != nil {
		return err
	}
	sign := ledger.Amount(record.Effect)
	for _, row := range s.rowsOf(k) {
		if err := row.add(c, sign); err != nil {
			return err
		}
	}
	return nil
}

// rowsOf are the rows of a bill: the total, one of each dimension, and the province
// above the area.
func (s *sums) rowsOf(k kind) []*Row {
	rows := []*Row{&s.total, s.row(ByArea, k.province, "")}
	for _, by := range Dimensions {
		parent := ""
		if by == ByArea {
			parent = k.province
		}
		rows = append(rows, s.row(by, k.key(by), parent))
	}
	return rows
}

func (s *sums) row(by By, key, parent string) *Row {
	id := rowKey{by, key}
	if s.rows[id] == nil {
		s.rows[id] = &Row{Key: key, Parent: parent}
	}
	return s.rows[id]
}

// add counts a bill in (sign +1) or out (-1).
func (r *Row) add(c change, sign ledger.Amount) error {
	if c.result == nil {
		r.Refused += int64(sign)
		return r.RefusedBooked.add(c.booked, sign)
	}
	r.Bills += int64(sign)
	if changed(c.booked, c.figures) {
		r.Changed += int64(sign)
	}
	switch was, is := c.booked.Personal(), c.figures.Personal(); {
	case is < was:
		r.PayLess += int64(sign)
	case is > was:
		r.PayMore += int64(sign)
	}
	if err := r.Booked.add(c.booked, sign); err != nil {
		return err
	}
	return r.Draft.add(c.figures, sign)
}

// changed reports whether any amount of a bill differs.
func changed(booked, draft Figures) bool {
	return booked.Account != draft.Account || booked.Cash != draft.Cash || !maps.Equal(booked.Funds, draft.Funds)
}

func (s *sums) refused(record *clearing.Record, c change) error {
	if c.refusal == nil {
		return nil
	}
	code, field := refusalOf(c.refusal)
	key := refusalKey{code, field, c.bill.Home, c.bill.Bill.Claim.Insutype}
	line := s.refusals[key]
	if line == nil {
		line = &Refusal{Code: key.code, Field: key.field, Home: key.home, Insutype: key.insutype, First: c.bill.Number}
		s.refusals[key] = line
	}
	line.Bills += int64(record.Effect)
	return line.Booked.add(c.booked, ledger.Amount(record.Effect))
}

// into writes the sums into a result, sorted.
func (s *sums) into(result *Result) error {
	if err := s.total.finish(); err != nil {
		return err
	}
	result.Total, result.Warnings = s.total, s.warnings
	result.By = make(map[By][]Row, len(Dimensions))
	for _, by := range Dimensions {
		result.By[by] = []Row{}
	}
	for id, row := range s.rows {
		if err := row.finish(); err != nil {
			return err
		}
		result.By[id.by] = append(result.By[id.by], *row)
	}
	for by, rows := range result.By {
		slices.SortFunc(rows, func(a, b Row) int {
			return cmp.Or(cmp.Compare(rank(by, a.Key), rank(by, b.Key)), cmp.Compare(a.Key, b.Key))
		})
	}
	result.Refusals = []Refusal{}
	for _, line := range s.refusals {
		result.Refusals = append(result.Refusals, *line)
	}
	slices.SortFunc(result.Refusals, func(a, b Refusal) int {
		return cmp.Or(cmp.Compare(a.Code, b.Code), cmp.Compare(a.Home, b.Home), cmp.Compare(a.Insutype, b.Insutype), cmp.Compare(a.Field, b.Field))
	})
	return nil
}

// finish works out the difference.
func (r *Row) finish() (err error) {
	r.Booked.whole()
	r.Draft.whole()
	r.RefusedBooked.whole()
	r.Difference, err = r.Draft.less(r.Booked)
	return err
}

// whole gives empty figures an empty list of funds, so that JSON never says null.
func (f *Figures) whole() {
	if f.Funds == nil {
		f.Funds = map[ledger.Fund]ledger.Amount{}
	}
}

// orders are the dimensions whose rows have an order of their own, most first.
var orders = map[By][]string{
	ByLevel:    {string(benefit.LevelSpecial), string(benefit.LevelThird), string(benefit.LevelSecond), string(benefit.LevelFirst)},
	ByRetired:  {"yes", "no"},
	ByHardship: {"yes", "no"},
	ByFiling: {string(benefit.FilingLocal), string(benefit.FilingLongTerm), string(benefit.FilingAtHome), string(benefit.FilingReferral),
		string(benefit.FilingEmergency), string(benefit.FilingTemporary), string(benefit.FilingNotFiled)},
}

func rank(by By, key string) int {
	if i := slices.Index(orders[by], key); i >= 0 {
		return i
	}
	return len(orders[by])
}

func setUses(sets map[[32]byte]uint64) []PlanSetUse {
	uses := []PlanSetUse{}
	for set, bills := range sets {
		uses = append(uses, PlanSetUse{hex.EncodeToString(set[:]), bills})
	}
	slices.SortFunc(uses, func(a, b PlanSetUse) int { return cmp.Compare(a.Set, b.Set) })
	return uses
}

// planChanges compares the plan set of the newest bill with the draft, plan by plan.
func planChanges(tx *store.Tx, set [32]byte, draft *benefit.Set) ([]PlanChange, error) {
	changes := []PlanChange{}
	if set == ([32]byte{}) || set == draft.Hash() {
		return changes, nil
	}
	booked, err := PlansOf(tx, set)
	if err != nil {
		return nil, err
	}
	for _, plan := range booked.Plans() {
		switch now, ok := draft.Plan(plan.ID()); {
		case !ok:
			changes = append(changes, changeOf(plan, Removed))
		case now.Hash() != plan.Hash():
			changes = append(changes, changeOf(now, Changed))
		}
	}
	for _, plan := range draft.Plans() {
		if _, ok := booked.Plan(plan.ID()); !ok {
			changes = append(changes, changeOf(plan, Added))
		}
	}
	slices.SortFunc(changes, func(a, b PlanChange) int { return strings.Compare(a.ID, b.ID) })
	return changes, nil
}

func changeOf(plan *benefit.Plan, change Change) PlanChange {
	return PlanChange{ID: plan.ID(), TitleZH: plan.Title("zh"), TitleEN: plan.Title("en"), Change: change}
}
