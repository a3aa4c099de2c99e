package clearing_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

// bookedBill is a bill with everything in it that can be compared.
func bookedBill(t *testing.T) (*books, *clearing.Record) {
	t.Helper()
	b := newBooks(t)
	b.play("2304 m1 -> booked")
	b.play("2304 m2 mdtrt_id=V2 medfee_sumamt=423000.00 inscp_scp_amt=420000.00 -> booked")
	return b, b.records[1]
}

// P6 of the proposals: whatever is booked can be computed again from the books alone,
// figure by figure and step by step.
func TestABookedBillIsRecomputedFromTheBooksAlone(t *testing.T) {
	b, record := bookedBill(t)
	var verifier clearing.Verifier
	verified, ok := verifier.Verify(b, record, b.entries[record.Number])
	if !ok || !verified.OK() || verified.Steps < 10 || verified.Plan != "11-310" || verified.SettlementID != record.SettlementID() {
		t.Errorf("%+v, %v", verified, ok)
	}
	b.play("2305 m3 setl_id=m2 mdtrt_id=V2 -> cancelled")
	if _, ok := verifier.Verify(b, b.records[2], b.entries[3]); ok {
		t.Error("a cancellation has no bill to recompute")
	}
}

// Each figure that is not what it was is named.
func TestWhatWasChangedIsNamed(t *testing.T) {
	for where, change := range map[string]func(*clearing.Bill){
		"cash":                     func(b *clearing.Bill) { b.Benefit.Cash++; b.Benefit.Account-- },
		"funds[1]":                 func(b *clearing.Bill) { b.Benefit.Funds[0].Amount--; b.Benefit.Cash++ },
		"deductible":               func(b *clearing.Bill) { b.Benefit.Deductible = 0 },
		"trace[3].output":          func(b *clearing.Bill) { b.Benefit.Trace[2].Output++ },
		"trace[4].inputs[1]":       func(b *clearing.Bill) { b.Benefit.Trace[3].Inputs[0].Value = "1.00" },
		"number of trace":          func(b *clearing.Bill) { b.Benefit.Trace = b.Benefit.Trace[1:] },
		"years[2026].paid[basic]":  func(b *clearing.Bill) { b.Benefit.Years[0].Paid["basic"]-- },
		"years[2026].stays":        func(b *clearing.Bill) { b.Years[0].Before.Accumulators.Stays = 0 },
		"plan.verified":            func(b *clearing.Bill) { b.Benefit.Plan.Verified = true },
		"the claim, so everything": func(b *clearing.Bill) { b.Claim.InScope += 100; b.Claim.OwnExpense -= 100 },
	} {
		b, record := bookedBill(t)
		change(record.Bill)
		var verifier clearing.Verifier
		verified, _ := verifier.Verify(b, record, b.entries[record.Number])
		named := strings.HasPrefix(where, "the claim") && len(verified.Differences) > 5
		for _, d := range verified.Differences {
			named = named || d.Where == where
		}
		if verified.OK() || !named || verified.Why() == "" {
			t.Errorf("%s: found %+v %s", where, verified.Differences, verified.Fault)
		}
	}
}

func TestABillWhoseEntryIsAnotherIsFound(t *testing.T) {
	b, record := bookedBill(t)
	var verifier clearing.Verifier
	if verified, _ := verifier.Verify(b, record, ledger.Entry{}); verified.OK() || verified.Why() == "" {
		t.Error("a bill without its entry passes")
	}
}

// otherPlans gives other bytes than the hash says, or none.
type otherPlans struct{ file []byte }

func (p otherPlans) Plan([32]byte) ([]byte, error) {
	if p.file == nil {
		return nil, errors.New("the plan is gone")
	}
	return p.file, nil
}

func TestAPlanThatIsNotThatOfItsHashIsAFault(t *testing.T) {
	b, record := bookedBill(t)
	for want, plans := range map[string]otherPlans{
		"the plan is gone":                    {},
		"clearing: not the plan of that hash": {[]byte("area = \"11\"")},
	} {
		var verifier clearing.Verifier
		verified, ok := verifier.Verify(plans, record, b.entries[record.Number])
		if !ok || !strings.HasPrefix(verified.Fault, want) {
			t.Errorf("want %s, found %+v", want, verified)
		}
	}
}

// Compare must see every field of an adjudication, also those that are yet to come: each
// leaf is changed in turn, and each change must be found.
func TestCompareSeesEveryField(t *testing.T) {
	_, record := bookedBill(t)
	whole := func() benefit.Adjudication {
		a := record.Bill.Benefit
		a.Account, a.Warnings = 1, []benefit.Warning{"one"}
		a.Funds = []benefit.Share{{Layer: "basic", Fund: "310100", Amount: 5}}
		a.Trace = []benefit.Step{{Layer: "a", Rule: "b", Article: "c", Inputs: []benefit.Input{{Name: "d", Value: "e"}}, Rounding: "f", Output: 1}}
		a.Years = []benefit.YearAccumulators{{Year: 2026, Accumulators: benefit.Accumulators{
			StaysByLevel: map[benefit.Level]int{"third": 1}, Paid: map[string]ledger.Amount{"basic": 1},
			Periods: map[string]ledger.Amount{"2026-Q1": 1}, Base: map[string]ledger.Amount{"basic": 1},
			Kinds: map[string]int{"chemo": 1}, Last: &benefit.LastStay{Ordinal: 1},
		}}}
		return a
	}
	if found := clearing.Compare(whole(), whole()); len(found) > 0 {
		t.Fatalf("the same differ: %+v", found)
	}
	leaves := 0
	for i := 0; ; i++ {
		changed := whole()
		path, ok := changeLeaf(reflect.ValueOf(&changed).Elem(), "adjudication", new(i))
		if !ok {
			break
		}
		leaves++
		if len(clearing.Compare(whole(), changed)) == 0 {
			t.Errorf("a change of %s is not seen", path)
		}
	}
	if leaves < 35 {
		t.Errorf("only %d leaves were tried", leaves)
	}
}

// changeLeaf changes the n-th leaf below v and says which that is.
func changeLeaf(v reflect.Value, path string, n *int) (string, bool) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if found, ok := changeLeaf(v.Field(i), path+"."+v.Type().Field(i).Name, n); ok {
				return found, true
			}
		}
		return "", false
	case reflect.Slice:
		for i := range v.Len() {
			if found, ok := changeLeaf(v.Index(i), fmt.Sprintf("%s[%d]", path, i), n); ok {
				return found, true
			}
		}
		return "", false
	case reflect.Array:
		return changeLeaf(v.Index(0), path, n)
	case reflect.Pointer:
		if v.IsNil() {
			return "", false
		}
		return changeLeaf(v.Elem(), path, n)
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if *n == 0 {
				v.SetMapIndex(key, reflect.Zero(v.Type().Elem()))
				*n--
				return path, true
			}
			*n--
		}
		return "", false
	}
	if *n--; *n >= 0 {
		return "", false
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Uint8:
		v.SetUint(v.Uint() ^ 1)
	default:
		v.SetInt(v.Int() + 1)
	}
	return path, true
}

// What officers adjusted is recomputed like any bill: from what their decision settled it
// on.
func TestAnAdjustmentIsRecomputedToo(t *testing.T) {
	for name, change := range map[string]func(*clearing.Adjustment){
		"":                                 func(*clearing.Adjustment) {},
		"bill 2: cash":                     func(a *clearing.Adjustment) { a.Lines[0].Benefit.Cash++ },
		"bill 2: ordinal":                  func(a *clearing.Adjustment) { a.Lines[0].From[0].Stays = 5 },
		"clearing: maker":                  func(a *clearing.Adjustment) { a.Checker = a.Maker },
		"bill 9: no record":                func(a *clearing.Adjustment) { a.Lines[0].Bill = 9 },
		"bill 2: clearing: bill does not":  func(a *clearing.Adjustment) { a.Lines[0].From = nil },
		"clearing: bill does not close: t": func(a *clearing.Adjustment) { a.Lines = nil },
	} {
		b := newBooks(t)
		b.desk.Refold = map[ledger.Province]bool{"11": true}
		for _, line := range []string{
			"2304 m1 -> booked", "2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked", "2305 m3 setl_id=m1 -> cancelled", "adjust -> adjusted",
		} {
			b.refoldLine(line)
		}
		record := b.records[3]
		change(record.Adjustment)
		var verifier clearing.Verifier
		verified, ok := verifier.VerifyRecord(b, record, b.entries[4])
		said := verified.Fault
		for _, d := range verified.Differences {
			said += " " + d.Where
		}
		if !ok || verified.OK() != (name == "") || !strings.Contains(said, name) {
			t.Errorf("%q: found %q", name, said)
		}
	}
}
