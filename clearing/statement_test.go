package clearing_test

import (
	"fmt"
	"strings"
	"testing"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

var ward = provinces.Party{Kind: provinces.PartyProvider, Province: "33", Provider: "H33010000001"}

// booked is a bill of 100 of which a fund pays 70 and the account 10.
func booked(number uint64, day ledger.Day) *clearing.Record {
	return &clearing.Record{
		Number: number, Day: day, Infno: provinces.InfnoSettle, Outcome: provinces.Booked, Effect: 1,
		Treatment: "330100", Home: "650100", Provider: ward.Provider,
		Bill: &clearing.Bill{
			Claim:   provinces.Claim{Insutype: "310", Total: 10000},
			Benefit: benefit.Adjudication{Funds: []benefit.Share{{Fund: "310100", Amount: 7000}}, Account: 1000, Cash: 2000},
		},
	}
}

func undone(number uint64, day ledger.Day, infno string, original *clearing.Record) *clearing.Record {
	r := *original
	r.Number, r.Day, r.Infno, r.Effect, r.Bill, r.Original = number, day, infno, -original.Effect, nil, original.Number
	return &r
}

// TestTheBooksSumsOfADay: what a 2601 undoes has not happened for whoever sees both days,
// and a cancellation is a row of its own.
func TestTheBooksSumsOfADay(t *testing.T) {
	one, two, three := booked(1, 10), booked(2, 10), booked(3, 10)
	cancelled := undone(4, 10, provinces.InfnoCancel, one)
	reversed := undone(5, 10, provinces.InfnoReverse, two)
	later := undone(6, 11, provinces.InfnoReverse, three)
	restored := undone(7, 11, provinces.InfnoReverse, cancelled)
	days := clearing.DaysOf{}
	for day, moves := range map[ledger.Day][]clearing.BillMove{
		10: {{Record: one, Bill: one}, {Record: two, Bill: two}, {Record: three, Bill: three}, {Record: cancelled, Bill: one}, {Record: reversed, Bill: two, Undoes: two}},
		11: {{Record: later, Bill: three, Undoes: three}, {Record: restored, Bill: one, Undoes: cancelled}},
	} {
		sums := clearing.NewDaySums(day)
		for _, m := range moves {
			sums.Add(m)
		}
		if parties := fmt.Sprint(sums.Parties()); parties != "[home.65 provider.33.H33010000001 treatment.33]" {
			t.Errorf("parties %s", parties)
		}
		days[day] = sums.Of(ward.Key())
	}
	for _, test := range []struct {
		from, to ledger.Day
		refunds  bool
		total    provinces.StatementTotal
		want     string
	}{
		// The first day: bills one and three, and the cancellation of one; two never was.
		{10, 10, true, provinces.StatementTotal{}, "3 100.00 70.00"},
		{10, 10, false, provinces.StatementTotal{}, "2 200.00 140.00"},
		// The second alone: three is taken back, one stands again.
		{11, 11, true, provinces.StatementTotal{}, "2 0.00 0.00"},
		{11, 11, false, provinces.StatementTotal{}, "0 0.00 0.00"},
		// Both: one stands, three never was.
		{10, 11, true, provinces.StatementTotal{}, "1 100.00 70.00"},
		{10, 11, false, provinces.StatementTotal{}, "1 100.00 70.00"},
		{10, 11, true, provinces.StatementTotal{Insutype: "390"}, "0 0.00 0.00"},
		{10, 11, true, provinces.StatementTotal{Insutype: "310", Agency: "330000", Counterpart: "65"}, "1 100.00 70.00"},
		{10, 11, true, provinces.StatementTotal{Agency: "330100"}, "1 100.00 70.00"},
		{10, 11, true, provinces.StatementTotal{Agency: "330200"}, "0 0.00 0.00"},
		{10, 11, true, provinces.StatementTotal{Counterpart: "31"}, "0 0.00 0.00"},
	} {
		s := &provinces.Statement{From: test.from, To: test.to, Refunds: test.refunds, Totals: []provinces.StatementTotal{test.total}}
		ours := days.Compare(s)[0].Ours
		if got := fmt.Sprintf("%d %s %s", ours.Count, ours.Total, ours.Funds); got != test.want {
			t.Errorf("%d to %d, refunds %v, %+v: %s, want %s", test.from, test.to, test.refunds, test.total.Dimensions(), got, test.want)
		}
	}
}

func TestWhoHasMore(t *testing.T) {
	total := func(count int64, amounts ...ledger.Amount) *provinces.StatementTotal {
		return &provinces.StatementTotal{Count: count, Total: amounts[0], Funds: amounts[1], Account: &amounts[2]}
	}
	for _, test := range []struct {
		yours, ours *provinces.StatementTotal
		want        string
	}{
		{total(1, 5, 4, 1), total(1, 5, 4, 1), "0"},
		{total(1, 5, 4, 1), total(2, 9, 4, 1), "1"},
		{total(2, 9, 4, 1), total(1, 5, 4, 1), "2"},
		{total(1, 5, 4, 1), total(1, 5, 3, 2), "3"},
		{&provinces.StatementTotal{Count: 1, Total: 5, Funds: 4}, total(1, 5, 4, 9), "0"}, // what is not stated is not compared
	} {
		if got := clearing.CompareTotals(test.yours, test.ours); got != test.want {
			t.Errorf("yours %+v, ours %+v: %s, want %s", test.yours, test.ours, got, test.want)
		}
	}
}

// TestWhoseRows: a hospital states its own bills, a treatment province those of its
// hospitals, a home province those of its people; the books know whose a bill is.
func TestWhoseRows(t *testing.T) {
	owner := func(number uint64) (string, ledger.Area, bool, error) {
		return ward.Provider, "650100", number == 1, nil
	}
	other := provinces.Party{Kind: provinces.PartyProvider, Province: "33", Provider: "H33010000009"}
	home, elsewhere := provinces.Party{Kind: provinces.PartyHome, Province: "65"}, provinces.Party{Kind: provinces.PartyHome, Province: "11"}
	treatment := provinces.Party{Kind: provinces.PartyTreatment, Province: "33"}
	const one, unknown, shanghai = "330100G0000000000001", "330100G0000000000002", "310100G0000000000001"
	for _, test := range []struct {
		party provinces.Party
		row   provinces.StatementRow
		want  string
	}{
		{ward, provinces.StatementRow{SettlementID: one}, ""},
		{ward, provinces.StatementRow{SettlementID: unknown}, ""},
		{ward, provinces.StatementRow{SettlementID: "OLD-1"}, ""},
		{ward, provinces.StatementRow{SettlementID: shanghai}, "6008 line 0, setl_id"},
		{ward, provinces.StatementRow{SettlementID: one, Provider: other.Provider}, "6008 line 0, fixmedins_code"},
		{other, provinces.StatementRow{SettlementID: one}, "6008 line 0, setl_id"},
		{treatment, provinces.StatementRow{SettlementID: one}, ""},
		{treatment, provinces.StatementRow{SettlementID: one, Treatment: "310100"}, "6008 line 0, mdtrtarea_admvs"},
		{home, provinces.StatementRow{SettlementID: one, Home: "650100"}, ""},
		{home, provinces.StatementRow{SettlementID: shanghai, Home: "650100"}, ""},
		{home, provinces.StatementRow{SettlementID: one, Home: "110000"}, "6008 line 0, insuplc_admdvs"},
		{home, provinces.StatementRow{SettlementID: one}, "1004 line 0, insuplc_admdvs"},
		{elsewhere, provinces.StatementRow{SettlementID: one, Home: "110000"}, "6008 line 0, setl_id"},
	} {
		check := clearing.NewStatementCheck(&provinces.Statement{Party: test.party, Refunds: true, Totals: []provinces.StatementTotal{{Count: 1}}}, owner)
		if test.party.Kind == provinces.PartyHome && test.row.SettlementID == shanghai {
			check = clearing.NewStatementCheck(&provinces.Statement{Party: test.party, Refunds: true, Totals: []provinces.StatementTotal{{Count: 1}}}, nil)
		}
		if _, err := check.Row(&test.row); err != nil {
			t.Fatal(err)
		}
		if got := firstPlace(check.Refusal()); got != test.want {
			t.Errorf("%s, %+v: %q, want %q", test.party.Key(), test.row, got, test.want)
		}
	}
}

func firstPlace(refusal *provinces.RejectError) string {
	if refusal == nil {
		return ""
	}
	return fmt.Sprintf("%d %s", refusal.Code, refusal.Errors[0].Field)
}

// TestATotalLineIsTheSumOfItsRows, and every row belongs to exactly one.
func TestATotalLineIsTheSumOfItsRows(t *testing.T) {
	line := func(insutype string, count int64, total ledger.Amount) provinces.StatementTotal {
		return provinces.StatementTotal{Insutype: insutype, Count: count, Total: total}
	}
	rows := []provinces.StatementRow{
		{Line: 1, SettlementID: "A", Insutype: "310", Total: 5}, {Line: 2, SettlementID: "B", Insutype: "390", Total: 7}, {Line: 3, SettlementID: "C", Insutype: "310", Total: 1},
	}
	for _, test := range []struct {
		totals []provinces.StatementTotal
		want   string
	}{
		{[]provinces.StatementTotal{line("", 3, 13)}, ""},
		{[]provinces.StatementTotal{line("310", 2, 6), line("390", 1, 7)}, ""},
		{[]provinces.StatementTotal{line("310", 2, 6), line("390", 1, 8)}, "6010 totals[1].medfee_sumamt"},
		{[]provinces.StatementTotal{line("310", 1, 6), line("390", 1, 7)}, "6010 totals[0].setl_cnt"},
		{[]provinces.StatementTotal{line("310", 2, 6)}, "6010 line 2, setl_id"},
		{[]provinces.StatementTotal{line("310", 2, 6), line("", 1, 7)}, "6010 line 1, setl_id"},
	} {
		check := clearing.NewStatementCheck(&provinces.Statement{Party: provinces.Party{Kind: provinces.PartyTreatment, Province: "33"}, Totals: test.totals}, nil)
		for i := range rows {
			if _, err := check.Row(&rows[i]); err != nil {
				t.Fatal(err)
			}
		}
		check.Totals()
		if got := firstPlace(check.Refusal()); got != test.want {
			t.Errorf("%+v: %q, want %q", test.totals, got, test.want)
		}
	}
}

func TestMissingSerials(t *testing.T) {
	for used, want := range map[string]string{"": "", "1 2 3": "", "3": "1-2", "1 4 5 9": "2-3 6-8"} {
		var numbers []uint64
		for _, text := range strings.Fields(used) {
			var n uint64
			fmt.Sscan(text, &n)
			numbers = append(numbers, n)
		}
		var got []string
		for _, r := range clearing.MissingSerials(numbers) {
			got = append(got, fmt.Sprintf("%d-%d", r.From, r.To))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("of %s: %v, want %s", used, got, want)
		}
	}
}
