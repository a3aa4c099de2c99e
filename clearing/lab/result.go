package lab

import (
	"encoding/json"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Schema names the form of a Result in JSON. A change that a reader could trip over gets
// a new number.
const Schema = "clearingd.lab/1"

// Result is what a draft would have made of the days. Every rendering is a function of
// it alone.
//
// Invariants: for every dimension, the rows without a parent add up to Total;
// Total.Booked and Total.RefusedBooked together are the ledger's postings of the days.
type Result struct {
	Schema string     `json:"schema"`
	From   ledger.Day `json:"from"` // business days, inclusive
	To     ledger.Day `json:"to"`

	Install string `json:"install"`     // identity of the books
	Root    string `json:"merkle_root"` // of the copy, over all its records, base64
	Records uint64 `json:"records"`     // in the copy

	Draft    string       `json:"draft"`     // hash of the draft plan set, hex
	PlanSets []PlanSetUse `json:"plan_sets"` // the bills were booked with, by hash
	Plans    []PlanChange `json:"plans"`     // that differ between the newest of these sets and the draft, by id

	Total    Row               `json:"total"`
	By       map[By][]Row      `json:"by"`       // every dimension, rows by key
	Refusals []Refusal         `json:"refusals"` // bills the draft refuses, by code, area, insurance and field
	Warnings map[string]uint64 `json:"warnings"` // bills with a warning under the draft

	PersonYears  int           `json:"person_years"`  // that the days touch
	Others       uint64        `json:"others"`        // bills of other days between, computed but not counted
	OutOfOrder   uint64        `json:"out_of_order"`  // bills taken out of, or put into, the middle of a year under the draft
	Adjustments  uint64        `json:"adjustments"`   // officers' adjustments of the days: in neither column
	AdjustedOwed ledger.Amount `json:"adjusted_owed"` // what they change of what home regions owe
}

// PlanSetUse counts bills by the plan set they were booked with.
type PlanSetUse struct {
	Set   string `json:"set"` // hex
	Bills uint64 `json:"bills"`
}

// PlanChange is a plan that is not the same in the draft.
type PlanChange struct {
	ID      string `json:"id"`
	TitleZH string `json:"title_zh"`
	TitleEN string `json:"title_en"`
	Change  Change `json:"change"`
}

// Change is how a plan of the draft differs from what the books hold.
type Change string

// Kinds of change.
const (
	Changed Change = "changed"
	Added   Change = "added"   // only in the draft
	Removed Change = "removed" // only in the books
)

// By is a dimension by which bills are grouped.
type By string

// The dimensions.
const (
	ByArea      By = "area"      // the person's pooling area, with its province above it
	ByLevel     By = "level"     // hospital level
	ByPerson    By = "person"    // kind of person, psn_type
	ByRetired   By = "retired"   // retired or not
	ByHardship  By = "hardship"  // member of a group that a plan knows by identity, or not
	ByInsurance By = "insurance" // insutype
	ByFiling    By = "filing"    // how the stay counted out of area when it was booked
)

// Dimensions lists the dimensions in the order reports show them.
var Dimensions = []By{ByArea, ByLevel, ByPerson, ByRetired, ByHardship, ByInsurance, ByFiling}

// Row is one group of bills: booked and under the draft.
//
// Invariant: Difference = Draft - Booked, figure by figure; Booked and Draft are of the
// same bills.
type Row struct {
	Key    string `json:"key"`              // "" for the total, and where the fact is not known
	Parent string `json:"parent,omitempty"` // of an area: its province

	Bills   int64 `json:"bills"`    // compared: counted in, less taken out
	Changed int64 `json:"changed"`  // of these, a fund, the account or the cash differs
	PayLess int64 `json:"pay_less"` // of these, less stays with the person
	PayMore int64 `json:"pay_more"` // of these, more stays with the person

	Booked     Figures `json:"booked"`
	Draft      Figures `json:"draft"`
	Difference Figures `json:"difference"`

	Refused       int64   `json:"refused"`        // bills the draft refuses, in none of the figures above
	RefusedBooked Figures `json:"refused_booked"` // what was booked for them
}

// Refusal is bills that the draft refuses for one reason.
type Refusal struct {
	Code     provinces.Code `json:"code"`
	Field    string         `json:"field"`
	Home     ledger.Area    `json:"home"`
	Insutype string         `json:"insutype"`
	Bills    int64          `json:"bills"`
	Booked   Figures        `json:"booked"` // what was booked for them
	First    uint64         `json:"first"`  // books' number of the first of them
}

// Line is one counted bill: booked, cancelled or standing again. Of a bill that is taken
// out all amounts are negative. It names no person; the books' number leads to one.
type Line struct {
	Entry    uint64            `json:"entry"` // books' number of the record
	Day      ledger.Day        `json:"day"`
	Outcome  provinces.Outcome `json:"outcome"`
	Corrects uint64            `json:"corrects,omitempty"` // the bill that is taken out or put back; 0: this record is the bill

	Home      ledger.Area   `json:"home"`
	Treatment ledger.Area   `json:"treatment"`
	Provider  string        `json:"provider"`
	Insutype  string        `json:"insutype"`
	Person    string        `json:"person_type"`
	Level     benefit.Level `json:"level"`
	Retired   bool          `json:"retired"`
	Hardship  bool          `json:"hardship"`

	Changed    bool                   `json:"changed"`
	Refused    provinces.Code         `json:"refused,omitempty"` // the draft's refusal; Draft is empty then
	Errors     []provinces.FieldError `json:"errors,omitempty"`  // where, in both words
	OutOfOrder bool                   `json:"out_of_order,omitempty"`

	Booked Side `json:"booked"`
	Draft  Side `json:"draft"`
}

// Side is a bill as one plan set makes it.
type Side struct {
	Figures    `json:",inline"`
	Plan       string             `json:"plan,omitempty"`    // id
	Version    string             `json:"version,omitempty"` // first day of validity
	PlanHash   string             `json:"plan_hash,omitempty"`
	Filing     benefit.FilingKind `json:"filing,omitempty"`
	Ordinal    int                `json:"ordinal,omitempty"` // n-th stay of the person-year
	Deductible ledger.Amount      `json:"deductible"`        // really paid in this bill
	Trace      Trace              `json:"trace"`
}

// Trace is how a bill came about, step by step.
type Trace []benefit.Step

// MarshalJSON writes each step with its figures and with its sentence in both languages.
func (t Trace) MarshalJSON() ([]byte, error) {
	type input struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	type step struct {
		Layer    string        `json:"layer"`
		Rule     string        `json:"rule"`
		Article  string        `json:"article,omitempty"`
		Inputs   []input       `json:"inputs"`
		Rounding string        `json:"rounding,omitempty"`
		Output   ledger.Amount `json:"output"`
		ZH       string        `json:"zh"`
		EN       string        `json:"en"`
	}
	steps := make([]step, len(t))
	for i, s := range t {
		steps[i] = step{s.Layer, s.Rule, s.Article, []input{}, s.Rounding, s.Output, s.Text("zh"), s.Text("en")}
		for _, in := range s.Inputs {
			steps[i].Inputs = append(steps[i].Inputs, input{in.Name, in.Value})
		}
	}
	return json.Marshal(steps)
}
