package lab

import (
	"reflect"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

// TestAShiftedYear: with the year itself as the starting point, shifting it is going
// there, in every field the calculator has; and sums are moved by what changed.
func TestAShiftedYear(t *testing.T) {
	from := benefit.Accumulators{
		Stays: 1, StaysByLevel: map[benefit.Level]int{"third": 1}, Deductible: 2, InScope: 3, Cost: 4, OwnShare: 5,
		Paid: map[string]ledger.Amount{"basic": 6, "gone": 7}, Periods: map[string]ledger.Amount{"2026-03": 8}, Outpatient: 9,
		Base: map[string]ledger.Amount{"critical": 10}, Kinds: map[string]int{"chemo": 1}, YearDeductible: 11,
		Last: &benefit.LastStay{Ordinal: 1},
	}
	to := benefit.Accumulators{
		Stays: 3, StaysByLevel: map[benefit.Level]int{"third": 1, "first": 2}, Deductible: 20, InScope: 30, Cost: 40, OwnShare: 50,
		Paid: map[string]ledger.Amount{"basic": 60, "come": 70}, Periods: map[string]ledger.Amount{"2026-03": 80}, Outpatient: 90,
		Base: map[string]ledger.Amount{"critical": 100}, Kinds: map[string]int{"chemo": 3}, YearDeductible: 110,
		Last: &benefit.LastStay{Ordinal: 3},
	}
	v := reflect.ValueOf(to)
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Fatalf("the calculator has a field this test does not know: %s", v.Type().Field(i).Name)
		}
	}
	if got := shifted(from, from, to); !reflect.DeepEqual(got, to) {
		t.Errorf("from there to there is\n%+v, want\n%+v", got, to)
	}
	if got := shifted(to, to, from); !reflect.DeepEqual(got, from) {
		t.Errorf("and back\n%+v, want\n%+v", got, from)
	}
	draft := from
	draft.Paid, draft.Cost, draft.Outpatient = map[string]ledger.Amount{"basic": 16, "gone": 8}, 1004, 0
	got := shifted(draft, from, to)
	if got.Cost != 1040 || got.Paid["basic"] != 70 || got.Paid["gone"] != 1 || got.Paid["come"] != 70 || got.Outpatient != 81 {
		t.Errorf("a draft's year moves to %+v", got)
	}
	if got := shifted(benefit.Accumulators{Cost: 1}, to, from); got.Cost != 0 {
		t.Errorf("a sum fell below zero: %d", got.Cost)
	}
}
