package reconcile

import (
	"strings"
	"testing"

	"clearingd/provinces"
)

// TestKeysOfEveryKindAreValid: pages and workbooks turn away what is no key of a break, so
// the keys that the match makes must all be ones.
func TestKeysOfEveryKindAreValid(t *testing.T) {
	hospital := provinces.Party{Kind: provinces.PartyProvider, Province: "31", Provider: "H31010100017"}
	decided := Break{Day: 1, Party: hospital}
	alone := &Result{}
	alone.Sides[Hospital] = []Item{{SettlementID: "310101G9999999999999", Party: hospital}}
	alone.Findings = []Finding{{Side: Hospital, Class: Surplus}}
	for _, b := range []Break{
		BreakOf(alone),
		BreakOf(&Result{Books: &Item{Number: 7}, Findings: []Finding{{Side: Hospital, Class: MissHospital}}}),
		TotalsBreak(1, &TotalsDifference{Party: hospital}),
		SerialBreak(SerialGap, hospital, 2, 3, 1),
		RefusedBreak(hospital, "S1", 1, provinces.CodeActForm),
		AcceptedBreak(&decided, 7, 61_00),
	} {
		if !ValidKey(b.Key) {
			t.Errorf("%q is no key", b.Key)
		}
	}
	for _, key := range []string{"", "bill", "bill/", "person/650102195102030015", "row/a\nb", "row/a\u202eb", "row/\xff", "row/" + strings.Repeat("a", keyBytesMax)} {
		if ValidKey(key) {
			t.Errorf("%q is a key", key)
		}
	}
}

func TestABillIsReadFromTheKeyOfItsAcceptedMoney(t *testing.T) {
	for key, want := range map[string]uint64{AcceptedKey(7): 7, BillKey(7): 0, "accepted/": 0, "accepted/x": 0, "accepted/-7": 0} {
		if got := AcceptedBill(key); got != want {
			t.Errorf("%s: %d, want %d", key, got, want)
		}
	}
}
