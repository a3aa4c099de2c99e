package evening_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/calendar"
	"clearingd/clearing/evening"
	"clearingd/clearing/intake"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// monday is the first day of the books.
var monday = ledger.NewDay(2026, time.March, 2)

// The parties of the tests: everybody is insured in Kashgar and treated in one hospital of
// Hangzhou.
const (
	homeArea  = ledger.Area("653100")
	treatment = ledger.Area("330100")
	hospital  = "H33010000001"
)

var (
	theHospital  = provinces.Party{Kind: provinces.PartyProvider, Province: "33", Provider: hospital}
	theTreatment = provinces.Party{Kind: provinces.PartyTreatment, Province: "33"}
	theHome      = provinces.Party{Kind: provinces.PartyHome, Province: "65"}
	everybody    = []provinces.Party{theHospital, theTreatment, theHome}
)

// books are real books that claims come into through the intake, and statements through
// the store. Their clean-up runs the books' own check.
type books struct {
	testing.TB
	store    *store.Store
	intake   *intake.Intake
	requests map[string]provinces.Request
	last     []clearing.Record
	stated   uint64 // statements so far
	evening  *evening.Evening
	asked    func(provinces.Party) // told of every party that a run asks for
	desk     *clearing.Desk
}

// Decode finds the request that the body names.
func (b *books) Decode(body []byte) (provinces.Request, error) { return b.requests[string(body)], nil }

// Encode writes an answer that nobody reads.
func (b *books) Encode(a provinces.Answer) ([]byte, error) {
	return fmt.Appendf(nil, "%d %d", a.Number, a.Code), nil
}

// pays60 is a plan that pays 60 % of what is in scope, after a deductible of 1,000.
const pays60 = `area = "65"
insurance = "390"
title_zh = "测试"
title_en = "test"
[[version]]
valid_from = 2020-01-01
source = "test"
verified = true
[version.deductible]
amount = 1000
[[version.out_of_area]]
filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary", "unfiled"]
same_as = "local"
[[version.layer]]
id = "basic"
zh = "统筹基金"
en = "pooled fund"
fund = "390100"
takes = ["in scope"]
[[version.layer.segment]]
pays = 60
[version.personal_account]
allowed = false
`

func newBooks(t testing.TB) *books {
	t.Helper()
	plan, problems := benefit.ParsePlan("65-390.toml", []byte(pays60))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	plans, err := benefit.NewSet(plan)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "books.db")
	if err := store.Create(path, store.Identity{Install: "test", FirstDay: monday}); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	b := &books{TB: t, store: s, requests: map[string]provinces.Request{}}
	desk := &clearing.Desk{Plans: plans, Adapters: map[ledger.Province]provinces.Adapter{"33": b}, ManualDay: true}
	b.desk = desk
	b.intake = intake.New(intake.Options{
		Store: s, Desk: desk, Cutoff: clearing.Midnight, Manual: true, BatchMax: 500,
		Observe: func(e intake.Event) {
			if e.Fault != nil {
				t.Errorf("our own fault: %v", e.Fault)
			}
			b.last = append(b.last, e.Records...)
		},
	})
	b.update(func(tx *store.Tx) error {
		tx.SetPosition("33", clearing.Position{Day: monday})
		return tx.KeepPlans(plans.Hash(), [][]byte{[]byte(pays60)})
	})
	working, err := calendar.China()
	if err != nil {
		t.Fatal(err)
	}
	caps := make(map[reconcile.AutoKind]reconcile.Cap)
	for _, kind := range reconcile.AutoKinds {
		caps[kind] = reconcile.Cap{Count: 10, Owed: 1_000_000_00}
	}
	b.evening = evening.New(evening.Options{
		Store: s, Pseudonyms: clearing.NewPseudonyms(make([]byte, 32)), Calendar: working, Runs: reconcile.MemoryRuns{}, Caps: caps, TimingDays: 2,
		Asked: func(p provinces.Party) bool {
			if b.asked != nil {
				b.asked(p)
			}
			return true
		},
	})
	t.Cleanup(func() {
		if result, err := b.store.Check(context.Background(), nil); !t.Failed() && (err != nil || len(result.Faults) > 0) {
			t.Errorf("the books fail their check: %v %v", err, result.Faults)
		}
		b.store.Close()
	})
	return b
}

func (b *books) update(fn func(*store.Tx) error) {
	b.Helper()
	if err := b.store.Update(fn); err != nil {
		b.Fatal(err)
	}
}

func (b *books) view(fn func(*store.Tx) error) {
	b.Helper()
	if err := b.store.View(fn); err != nil {
		b.Fatal(err)
	}
}

// say takes a message to its outcome.
func (b *books) say(r provinces.Request) clearing.Record {
	b.Helper()
	r.Treatment, r.Home, r.Provider = treatment, homeArea, hospital
	subject := provinces.Subject{Treatment: "33", Home: "65", Provider: hospital, MsgID: r.MsgID}.Claims()
	b.requests[subject] = r
	b.last = nil
	var next uint64
	b.view(func(tx *store.Tx) error {
		at, err := tx.Position("33")
		next = at.Sequence + 1
		return err
	})
	item := b.intake.Decode(provinces.Message{
		Stream: "33", Subject: subject, Body: []byte(subject), Sequence: next, Received: time.Date(2026, 3, 2, 9, 0, 0, 0, clearing.China),
	})
	if err := b.intake.Commit([]intake.Item{item}, func([]provinces.Envelope) error { return nil }); err != nil {
		b.Fatal(err)
	}
	return b.last[0]
}

// bill books a stay of so many yuan and returns its record.
func (b *books) bill(name string, cost ledger.Amount) clearing.Record {
	b.Helper()
	r := b.say(provinces.Request{Infno: provinces.InfnoSettle, MsgID: "m-" + name, Claim: &provinces.Claim{
		PersonNo: "6531" + name, VisitID: "v-" + name, Insutype: "390", PersonType: "15", MedType: "21", HospitalLevel: "02",
		Admitted: provinces.DateTime(int64(monday-3) * 86400), Discharged: provinces.DateTime(int64(monday-1) * 86400),
		Total: cost * 100, InScope: cost * 100,
	}})
	if r.Outcome != provinces.Booked {
		b.Fatalf("%s is %s: %d %v", name, r.Outcome, r.Code, r.Errors)
	}
	return r
}

// cancel takes a bill back by 2305.
func (b *books) cancel(bill clearing.Record) clearing.Record {
	b.Helper()
	r := b.say(provinces.Request{Infno: provinces.InfnoCancel, MsgID: "c-" + bill.Bill.Claim.VisitID, Cancellation: &provinces.Cancellation{
		SettlementID: bill.SettlementID(), PersonNo: bill.Bill.Claim.PersonNo, VisitID: bill.Bill.Claim.VisitID,
	}})
	if r.Outcome != provinces.Cancelled {
		b.Fatalf("cancelling is %s: %d %v", r.Outcome, r.Code, r.Errors)
	}
	return r
}

// reverse takes a bill back by 2601: its hospital does not know what became of it.
func (b *books) reverse(bill clearing.Record) clearing.Record {
	b.Helper()
	r := b.say(provinces.Request{Infno: provinces.InfnoReverse, MsgID: "r-" + bill.Bill.Claim.VisitID, Reversal: &provinces.Reversal{
		OriginalMsgID: bill.MsgID(), OriginalInfno: provinces.InfnoSettle, PersonNo: bill.Bill.Claim.PersonNo,
	}})
	if r.Outcome != provinces.Reversed {
		b.Fatalf("reversing is %s: %d %v", r.Outcome, r.Code, r.Errors)
	}
	return r
}

// restore lets a cancelled bill stand again: its hospital does not know what became of the 2305.
func (b *books) restore(cancelled, bill clearing.Record) clearing.Record {
	b.Helper()
	r := b.say(provinces.Request{Infno: provinces.InfnoReverse, MsgID: "rc-" + bill.Bill.Claim.VisitID, Reversal: &provinces.Reversal{
		OriginalMsgID: cancelled.MsgID(), OriginalInfno: provinces.InfnoCancel, PersonNo: bill.Bill.Claim.PersonNo,
	}})
	if r.Outcome != provinces.Reversed {
		b.Fatalf("reversing the cancellation is %s: %d %v", r.Outcome, r.Code, r.Errors)
	}
	return r
}

// act has two officers of Zhejiang decide about a target on the open day, and returns the
// record of it.
func (b *books) act(kind clearing.ActKind, target string, funds ...clearing.FundFigure) (number uint64) {
	b.Helper()
	checker := "li"
	if kind == clearing.ActComment { // one officer alone
		checker = ""
	}
	b.update(func(tx *store.Tx) error {
		day, err := tx.OpenDay()
		if err != nil {
			return err
		}
		looked, err := b.desk.Look(tx, "33", target)
		if err != nil {
			return err
		}
		decision, err := b.desk.Act(tx, clearing.ActOrder{
			Kind: kind, Province: "33", Target: target, Object: looked.Object, Maker: "wang", Checker: checker, Reason: "as agreed",
			At: time.Date(2026, 3, 3, 10, 0, 0, 0, clearing.China), Funds: funds,
		}, day)
		if err != nil {
			return err
		}
		number = decision.Record.Number
		return tx.Apply(decision)
	})
	return number
}

// close ends a business day, as a night would before it matches.
func (b *books) close(day ledger.Day) {
	b.Helper()
	b.update(func(tx *store.Tx) error {
		at, err := tx.Position("33")
		if err != nil {
			return err
		}
		if err := tx.SetCut(day, "33", at.Sequence); err != nil {
			return err
		}
		state, err := tx.Day(day)
		state.Phase = store.DayClosed
		tx.SetDay(day, state)
		return err
	})
}

// row is what a party that agrees has of a bill, or of what took one back.
func row(r clearing.Record) provinces.StatementRow {
	bill := r.Bill
	return provinces.StatementRow{
		SettlementID: r.SettlementID(), VisitID: bill.Claim.VisitID, PersonNo: bill.Claim.PersonNo,
		Total: bill.Claim.Total, Funds: bill.Benefit.Funds[0].Amount, Account: bill.Benefit.Account,
	}
}

// back is the row of a cancellation.
func back(cancelled, bill clearing.Record) provinces.StatementRow {
	x := row(bill)
	x.SettlementID, x.Refund = cancelled.SettlementID(), true
	x.Total, x.Funds, x.Account = -x.Total, -x.Funds, -x.Account
	return x
}

// named is the row of what took a bill back without a setl_id of its own.
func named(bill clearing.Record) provinces.StatementRow { return back(bill, bill) }

func rows(records ...clearing.Record) (list []provinces.StatementRow) {
	for _, r := range records {
		list = append(list, row(r))
	}
	return list
}

// state applies a statement of a party about a day, with rows.
func (b *books) state(party provinces.Party, day ledger.Day, list ...provinces.StatementRow) {
	b.Helper()
	b.apply(provinces.Statement{Party: party, From: day, To: day, Horizon: day, Refunds: true, Totals: []provinces.StatementTotal{{}}, File: &provinces.StatementFile{}}, list)
}

func (b *books) apply(s provinces.Statement, list []provinces.StatementRow) {
	b.Helper()
	b.stated++
	s.ID = fmt.Sprint("s", b.stated)
	record := &clearing.StatementRecord{
		Party: s.Party, ID: s.ID, First: b.stated, Head: b.stated, Number: b.stated, Outcome: provinces.StatementApplied,
		Statement: s, HeadDigest: sha256.Sum256([]byte(s.ID)),
	}
	w := b.store.NewRowWriter(b.stated)
	for i, r := range list {
		r.Line = i + 1
		if err := w.Add(r); err != nil {
			b.Fatal(err)
		}
	}
	sealed, err := w.Close()
	if err != nil {
		b.Fatal(err)
	}
	record.Rows, record.Blocks, record.RowsDigest = sealed.Rows, sealed.Blocks, sealed.Digest
	b.update(func(tx *store.Tx) error {
		if err := tx.DecideStatement(record); err != nil {
			return err
		}
		return tx.AdvanceStatements(b.stated)
	})
}

// match runs the evening of a day.
func (b *books) match(day ledger.Day) evening.Outcome {
	b.Helper()
	outcome, err := b.evening.Run(context.Background(), day, day)
	if err != nil {
		b.Fatal(err)
	}
	b.explained(day)
	return outcome
}

// breaks are all breaks of the books in one line each: key, class, who differs by how much,
// state.
func (b *books) breaks() (lines []string) {
	b.Helper()
	b.view(func(tx *store.Tx) error {
		return tx.Breaks("", func(x reconcile.Break) bool {
			lines = append(lines, fmt.Sprintf("%s %s %s %s %s", x.Key, x.Class, x.Findings[0].Side, x.Owed, x.State))
			return true
		})
	})
	return lines
}

// demand holds the breaks against what a test expects, in the order of their keys.
func (b *books) demand(want ...string) {
	b.Helper()
	if got := b.breaks(); !slices.Equal(got, want) {
		b.Errorf("breaks:\n%q\nwant:\n%q", got, want)
	}
}

// sums are a day's matched, expected and broken bills.
func (b *books) sums(day ledger.Day) (matched, expected, broken uint64) {
	b.Helper()
	b.view(func(tx *store.Tx) error {
		result, ok, err := tx.DayResult(day)
		if err == nil && !ok {
			err = fmt.Errorf("%s was not matched", day)
		}
		for _, p := range result.Pairs {
			matched += p.Matched.Count
			expected += p.Expected.Count
			broken += p.Broken.Count
		}
		return err
	})
	return matched, expected, broken
}

func (b *books) demandSums(day ledger.Day, matched, expected, broken uint64) {
	b.Helper()
	if m, e, x := b.sums(day); m != matched || e != expected || x != broken {
		b.Errorf("%s: %d matched, %d expected, %d broken; want %d, %d, %d", day, m, e, x, matched, expected, broken)
	}
}
