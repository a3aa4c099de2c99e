package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

// officers work on real books: a hospital in Hangzhou, a person insured in Beijing.
type officers struct {
	*Store
	testing.TB
	desk clearing.Desk
	path string
	sent uint64
	at   int
}

func newOfficers(t testing.TB) *officers {
	t.Helper()
	plans, err := benefit.LoadFS(data.Plans)
	if err != nil {
		t.Fatal(err)
	}
	adapters, err := data.Adapters()
	if err != nil {
		t.Fatal(err)
	}
	o := &officers{TB: t, desk: clearing.Desk{Plans: plans, Adapters: adapters}, path: filepath.Join(t.TempDir(), "books.db")}
	if err := Create(o.path, Identity{Install: "test", FirstDay: firstDay}); err != nil {
		t.Fatal(err)
	}
	if o.Store, err = Open(o.path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Store.Close() })
	err = o.Update(func(tx *Tx) error {
		tx.SetPosition("33", clearing.Position{Day: firstDay})
		for _, plan := range plans.Plans() {
			file, _ := plans.PlanBytes(plan.Hash())
			if err := tx.raw.Bucket(bucketPlans).Put(slices.Clone(hashOf(plan)), file); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func hashOf(p *benefit.Plan) []byte { hash := p.Hash(); return hash[:] }

func (o *officers) send(infno, data string) uint64 {
	o.Helper()
	o.sent++
	msgid := fmt.Sprintf("m%d", o.sent)
	body := fmt.Sprintf(`{"infno":%q,"msgid":%q,"mdtrtarea_admvs":"330100","insuplc_admdvs":"110105","fixmedins_code":"H33010000001","opter":"1","input":{%s}}`, infno, msgid, data)
	decoded, err := o.desk.Decode(provinces.Message{Stream: "33", Sequence: o.sent, Subject: "claims.33.11.H33010000001." + msgid, Body: []byte(body),
		Received: firstDay.Time().Add(time.Duration(o.sent) * time.Second)})
	if err != nil {
		o.Fatal(err)
	}
	var number uint64
	err = o.Update(func(tx *Tx) error {
		d, err := o.desk.Decide(tx, decoded, firstDay)
		if err != nil {
			return err
		}
		if number = d.Record.Number; d.Record.Outcome == provinces.Refused {
			return fmt.Errorf("refused: %s", d.Record.Answer)
		}
		return tx.Apply(d)
	})
	if err != nil {
		o.Fatal(err)
	}
	return number
}

func (o *officers) stay(visit, person string) uint64 {
	o.Helper()
	return o.send("2304", fmt.Sprintf(`"data":{"psn_no":%q,"mdtrt_id":%q,"psn_type":"11","insutype":"310","mdtrt_cert_type":"03","mdtrt_cert_no":"C1","medfee_sumamt":"40000.00",
		"fulamt_ownpay_amt":"0","overlmt_selfpay":"0","preselfpay_amt":"0","inscp_scp_amt":"40000.00","psn_setlway":"01","acct_used_flag":"0","mid_setl_flag":"0","cvlserv_flag":"0"},
		"mdtrtinfo":{"begntime":"2024-09-20 09:00:00","endtime":"2024-10-01 09:00:00","med_type":"21","ipt_no":"Z1","dscg_maindiag_code":"I63.900","hosp_lv":"02","adm_way":"2","out_fil_type":"06","trum_flag":"0","rel_ttp_flag":"0"}`, person, visit))
}

// act looks and acts; the error is the refusal.
func (o *officers) act(order clearing.ActOrder, day ledger.Day) error {
	o.Helper()
	o.at++
	order.Reason, order.At = "复核", time.Date(2026, 3, 4, 0, 0, 0, o.at, time.UTC)
	if order.Province == "" {
		order.Province = "33"
	}
	if order.Maker == "" {
		order.Maker = "wang"
	}
	if order.Kind.Checked() {
		order.Checker = "li"
	}
	return o.Update(func(tx *Tx) error {
		if order.Month == nil {
			looked, err := o.desk.Look(tx, order.Province, order.Target)
			if err != nil {
				return err
			}
			order.Object = looked.Object
		}
		d, err := o.desk.Act(tx, order, day)
		if err != nil {
			return err
		}
		return tx.Apply(d)
	})
}

func (o *officers) must(order clearing.ActOrder) {
	o.Helper()
	if err := o.act(order, firstDay); err != nil {
		o.Fatalf("%s %s: %v", order.Kind, order.Target, err)
	}
}

func (o *officers) faults() string {
	o.Helper()
	result, err := o.Check(context.Background(), nil)
	if err != nil {
		o.Fatal(err)
	}
	return strings.Join(result.Faults, "\n")
}

// worked is books in which officers have done some of everything.
func worked(t testing.TB) *officers {
	o := newOfficers(t)
	first, second := o.stay("V1", "11000000000000000001"), o.stay("V2", "11000000000000000002")
	err := o.Update(func(tx *Tx) error {
		return tx.SetBreak(reconcile.Break{
			Key: fmt.Sprintf("bill/%d", second), Home: "110105", Treatment: "330100", Provider: "H33010000001", Entry: second, Class: reconcile.AmountOver,
			Party: provinces.Party{Kind: provinces.PartyProvider, Province: "33", Provider: "H33010000001"}, Owed: 300, State: reconcile.Open,
			History: []reconcile.Event{{Evening: firstDay, State: reconcile.Open, What: "seen"}},
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	o.must(clearing.ActOrder{Kind: clearing.ActDeduct, Target: fmt.Sprintf("bill/%d", first), Funds: []clearing.FundFigure{{Fund: "310100", Amount: 500}}})
	o.must(clearing.ActOrder{Kind: clearing.ActUphold, Target: "case/deduction/3"})
	o.must(clearing.ActOrder{Kind: clearing.ActAccept, Target: fmt.Sprintf("break/bill/%d", second), Funds: []clearing.FundFigure{{Fund: "310100", Amount: 300}}})
	o.must(clearing.ActOrder{Kind: clearing.ActInquire, Province: "11", Target: fmt.Sprintf("bill/%d", first)})
	return o
}

func TestActsAreKeptAndChecked(t *testing.T) {
	o := worked(t)
	if faults := o.faults(); faults != "" {
		t.Fatal(faults)
	}
	err := o.View(func(tx *Tx) error {
		row, err := tx.Row(1)
		if err != nil || len(row.Moves) == 0 || row.Version != 6 {
			t.Errorf("row 1 is %+v (%v)", row, err)
		}
		if cases, err := tx.CasesOf(clearing.CaseDeduction, ""); err != nil || len(cases) != 1 || cases[0].State != clearing.Upheld {
			t.Errorf("deductions: %+v (%v)", cases, err)
		}
		if brk, err := tx.Break("bill/2"); err != nil || brk == nil || brk.State != reconcile.Decided || len(brk.History) != 2 || brk.History[1].Act != 5 {
			t.Errorf("break: %+v (%v)", brk, err)
		}
		return tx.OpenBreaks("", func(brk reconcile.Break) bool {
			t.Errorf("%s is open still", brk.Key)
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What is spoiled in any of the buckets of acts is found.
func TestCheckFindsWhatNoActLeft(t *testing.T) {
	for name, spoil := range map[string]func(tx *Tx) error{
		"a row that says it is untouched": func(tx *Tx) error { return put(tx.raw.Bucket(bucketRowStates), numberKey(1), clearing.RowState{}) },
		"a row of which more was moved": func(tx *Tx) error {
			state, _ := tx.Row(1)
			state.Moves[0].Amount++
			return put(tx.raw.Bucket(bucketRowStates), numberKey(1), state)
		},
		"a row that is gone": func(tx *Tx) error { return tx.raw.Bucket(bucketRowStates).Delete(numberKey(1)) },
		"a row that no act left": func(tx *Tx) error {
			return put(tx.raw.Bucket(bucketRowStates), numberKey(9), clearing.RowState{Version: 3})
		},
		"a case that is gone": func(tx *Tx) error { return tx.raw.Bucket(bucketCases).Delete([]byte("deduction/3")) },
		"a case under another name": func(tx *Tx) error {
			c, _ := tx.Case(clearing.CaseKey{Kind: "deduction", ID: "3"})
			return put(tx.raw.Bucket(bucketCases), []byte("deduction/4"), c)
		},
		"a deduction not upheld": func(tx *Tx) error {
			c, _ := tx.Case(clearing.CaseKey{Kind: "deduction", ID: "3"})
			c.State = clearing.Held
			return put(tx.raw.Bucket(bucketCases), []byte("deduction/3"), c)
		},
		"a break decided by no act": func(tx *Tx) error { b, _ := tx.Break("bill/2"); b.History[1].Act = 1; return tx.SetBreak(*b) },
		"an open break not listed": func(tx *Tx) error {
			b, _ := tx.Break("bill/2")
			b.State = reconcile.Open
			return put(tx.raw.Bucket(bucketBreaks), []byte("bill/2"), b)
		},
		"a listed break not open":    func(tx *Tx) error { return putBytes(tx.raw.Bucket(bucketOpenBreaks), []byte("bill/2"), nil) },
		"a row missing in its index": func(tx *Tx) error { return tx.raw.Bucket(bucketOffers).Delete(openKey("33", "H33010000001", 1)) },
	} {
		t.Run(name, func(t *testing.T) {
			o := worked(t)
			if err := o.CatchUpOffers(); err != nil {
				t.Fatal(err)
			}
			if faults := o.faults(); faults != "" {
				t.Fatalf("before: %s", faults)
			}
			if err := o.Update(spoil); err != nil {
				t.Fatal(err)
			}
			if o.faults() == "" {
				t.Error("the check finds nothing")
			}
		})
	}
}

// The rows of a month: a hospital's, in the books' order, those open beside those
// confirmed in the period, so that the pages of a client stay where they are while it
// confirms.
func TestMonthRowsKeepTheirPlacesWhileTheyAreConfirmed(t *testing.T) {
	o := newOfficers(t)
	for n := range 5 {
		o.stay(fmt.Sprintf("V%d", n), fmt.Sprintf("1100000000000000000%d", n+1))
	}
	cancelled := o.send("2305", `"data":{"psn_no":"11000000000000000003","mdtrt_id":"V2","setl_id":"330100G0000000000003"}`)
	period := clearing.PeriodOf(firstDay)
	confirm := func(day ledger.Day, msgid string, numbers ...uint64) error {
		month := &clearing.MonthOrder{Period: period, Provider: "H33010000001", Area: "330100", MsgID: msgid}
		for _, n := range numbers {
			err := o.View(func(tx *Tx) error {
				offer, err := o.desk.Offer(tx, n)
				if err != nil || offer == nil {
					return errors.Join(err, fmt.Errorf("record %d is not offered", n))
				}
				month.Rows = append(month.Rows, clearing.MonthRow{SettlementID: offer.ID(), VisitID: offer.Bill.Bill.Claim.VisitID,
					SettledAt: offer.SettledAt, Total: offer.Figures.Total, Pays: offer.Figures.Pays, Confirm: true})
				return nil
			})
			if err != nil {
				return err
			}
		}
		return o.act(clearing.ActOrder{Kind: clearing.ActConfirm, Target: clearing.MonthTarget(period), Month: month,
			Object: clearing.MonthObject("33", "H33010000001", msgid)}, day)
	}
	rows := func(provider string) (list []uint64) {
		if err := o.CatchUpOffers(); err != nil {
			t.Fatal(err)
		}
		err := o.View(func(tx *Tx) error {
			return tx.MonthRows("33", provider, period, func(n uint64) bool {
				list = append(list, n)
				return true
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	want := []uint64{1, 2, 4, 5} // 3 was cancelled before it was confirmed
	if got := rows("H33010000001"); !slices.Equal(got, want) {
		t.Errorf("rows %v, want %v; %d cancels", got, want, cancelled)
	}
	from, _ := period.Window()
	if err := o.View(func(tx *Tx) error { _, err := tx.Day(from); return err }); err != nil {
		t.Fatal(err)
	}
	if err := confirm(from, "a", 2, 4); err != nil {
		t.Fatal(err)
	}
	if got := rows(""); !slices.Equal(got, want) {
		t.Errorf("after a confirmation the province's rows are %v, want %v", got, want)
	}
	if got := rows("H33010000002"); len(got) != 0 {
		t.Errorf("another hospital's rows are %v", got)
	}
	if err := confirm(from, "b", 3); err == nil {
		t.Error("a cancelled bill is confirmed")
	}
	err := o.View(func(tx *Tx) error {
		return tx.MonthRows("33", "H33010000001", period.Add(1), func(n uint64) bool {
			if n == 2 || n == 4 {
				t.Errorf("row %d is confirmed and offered in the next period", n)
			}
			return true
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	if faults := o.faults(); faults != "" {
		t.Error(faults)
	}
}
