package clearing

import (
	"cmp"
	"slices"

	"clearingd/ledger"
	"clearingd/provinces"
)

// BillSum adds up the bills of one business day that one party is a side of and that agree
// in everything a total can tell apart.
//
// The numbers in the tags are the stored form: append-only.
type BillSum struct {
	Insutype    string          `cbor:"1,keyasint,omitempty"`
	Agency      ledger.Area     `cbor:"2,keyasint,omitempty"` // of a provider or treatment province the area of treatment, of a home province that of insurance
	Counterpart ledger.Province `cbor:"3,keyasint,omitempty"` // the province on the other side
	Refund      bool            `cbor:"4,keyasint,omitempty"` // what took bills back; all amounts are negative

	// Of is set where a 2601 took back what counted on an earlier day. For whoever sees both
	// days nothing has happened, so neither counts as a row.
	Of ledger.Day `cbor:"5,keyasint,omitempty"`

	Count   int64         `cbor:"6,keyasint"`
	Total   ledger.Amount `cbor:"7,keyasint"`
	Funds   ledger.Amount `cbor:"8,keyasint"`
	Account ledger.Amount `cbor:"9,keyasint"`
	Cash    ledger.Amount `cbor:"10,keyasint"`
}

// BillMove is a record that made a bill count, or count no longer, with the bill.
type BillMove struct {
	Record *Record // with an effect
	Bill   *Record // Record itself, or the booked one that it is about
	Undoes *Record // what a 2601 undoes: the bill, or its cancellation; nil for 2304 and 2305
}

// Silent reports whether the record is a 2601: its hospital counts neither it nor what
// it undoes.
func (m BillMove) Silent() bool { return m.Undoes != nil }

// Amounts are the move's figures as statements have them, signed.
func (m BillMove) Amounts() provinces.StatementTotal {
	b := &m.Bill.Bill.Benefit
	sign := ledger.Amount(m.Record.Effect)
	var funds ledger.Amount // of a checked bill: no overflow
	for _, share := range b.Funds {
		funds += share.Amount
	}
	account, cash := sign*b.Account, sign*b.Cash
	return provinces.StatementTotal{
		Count: 1, Total: sign * m.Bill.Bill.Claim.Total, Funds: sign * funds, Account: &account, Cash: &cash,
	}
}

// DaySums gathers what the books have of one business day, for each of the parties that
// can state it.
type DaySums struct {
	day     ledger.Day
	sums    map[string]map[BillSum]*BillSum // by party, then by dimensions
	Numbers map[string][]uint64             // by provider: the records that moved a bill, in the books' order
}

// NewDaySums begins with nothing.
func NewDaySums(day ledger.Day) *DaySums {
	return &DaySums{day: day, sums: make(map[string]map[BillSum]*BillSum), Numbers: make(map[string][]uint64)}
}

// Add takes one record of the day. What a 2601 undoes on the same day leaves no trace.
func (d *DaySums) Add(m BillMove) {
	bill, figures := m.Bill, m.Amounts()
	add := func(party provinces.Party, agency ledger.Area, other ledger.Province) {
		line := BillSum{Insutype: bill.Bill.Claim.Insutype, Agency: agency, Counterpart: other, Refund: m.Record.Effect < 0}
		count := int64(1)
		if m.Silent() {
			if m.Undoes.Day == d.day {
				line.Refund, count = !line.Refund, -1 // out of the line that it was counted in
			} else {
				line.Of = m.Undoes.Day
			}
		}
		d.line(party, line).add(count, figures)
	}
	add(provinces.Party{Kind: provinces.PartyProvider, Province: bill.Treatment.Province(), Provider: bill.Provider}, bill.Treatment, bill.Home.Province())
	add(provinces.Party{Kind: provinces.PartyTreatment, Province: bill.Treatment.Province()}, bill.Treatment, bill.Home.Province())
	add(provinces.Party{Kind: provinces.PartyHome, Province: bill.Home.Province()}, bill.Home, bill.Treatment.Province())
	d.Numbers[bill.Provider] = append(d.Numbers[bill.Provider], m.Record.Number)
}

func (d *DaySums) line(party provinces.Party, dimensions BillSum) *BillSum {
	lines := d.sums[party.Key()]
	if lines == nil {
		lines = make(map[BillSum]*BillSum)
		d.sums[party.Key()] = lines
	}
	if lines[dimensions] == nil {
		line := dimensions
		lines[dimensions] = &line
	}
	return lines[dimensions]
}

func (s *BillSum) add(count int64, t provinces.StatementTotal) {
	s.Count += count
	s.Total += t.Total
	s.Funds += t.Funds
	s.Account += *t.Account
	s.Cash += *t.Cash
}

// Parties lists whom the day has bills of, by provinces.Party.Key, in order.
func (d *DaySums) Parties() []string {
	keys := make([]string, 0, len(d.sums))
	for key := range d.sums {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// Of are a party's sums, in the order of their dimensions.
func (d *DaySums) Of(party string) []BillSum {
	var lines []BillSum
	for _, line := range d.sums[party] {
		lines = append(lines, *line)
	}
	slices.SortFunc(lines, func(a, b BillSum) int {
		return cmp.Or(cmp.Compare(a.Insutype, b.Insutype), cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.Counterpart, b.Counterpart),
			cmp.Compare(a.Of, b.Of), compareBool(a.Refund, b.Refund))
	})
	return lines
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// DaysOf are the sums of a party on the days of a range.
type DaysOf map[ledger.Day][]BillSum

// Compare holds a statement's totals against the books' sums of its range.
func (d DaysOf) Compare(s *provinces.Statement) []provinces.StatementComparison {
	var all []provinces.StatementComparison
	for _, t := range s.Totals {
		ours := t.Dimensions()
		var account, cash ledger.Amount
		for day, lines := range d {
			if day < s.From || day > s.To {
				continue
			}
			for _, line := range lines {
				counts, sums := line.in(&t, s)
				if !sums {
					continue
				}
				ours.Count += counts
				ours.Total += line.Total
				ours.Funds += line.Funds
				account += line.Account
				cash += line.Cash
			}
		}
		if t.Account != nil {
			ours.Account = &account
		}
		if t.Cash != nil {
			ours.Cash = &cash
		}
		all = append(all, provinces.StatementComparison{Yours: t, Ours: ours, Result: CompareTotals(&t, &ours)})
	}
	return all
}

// in says whether a sum of the books belongs to a total of a statement, and how many rows
// it counts for there.
func (s *BillSum) in(t *provinces.StatementTotal, of *provinces.Statement) (count int64, belongs bool) {
	acrossDays := s.Of != 0 && s.Of >= of.From
	switch {
	case t.Insutype != "" && t.Insutype != s.Insutype,
		t.Agency != "" && !provinces.AgencyHolds(t.Agency, s.Agency),
		t.Counterpart != "" && t.Counterpart != s.Counterpart,
		!of.Refunds && s.Refund && !acrossDays, // what takes bills back is not stated
		!of.Refunds && !s.Refund && s.Of != 0:  // nor, then, what lets them stand again
		return 0, false
	case acrossDays: // what it took back lies in the range, too
		return -s.Count, true
	}
	return s.Count, true
}

// CompareTotals says who has more: the books if no figure of theirs is below the party's,
// the party if no figure of theirs is above, and otherwise that they differ.
func CompareTotals(yours, ours *provinces.StatementTotal) string {
	more, less := false, false
	hold := func(order int) { more, less = more || order > 0, less || order < 0 }
	hold(cmp.Compare(ours.Count, yours.Count))
	hold(cmp.Compare(ours.Total, yours.Total))
	hold(cmp.Compare(ours.Funds, yours.Funds))
	for _, pair := range [][2]*ledger.Amount{{ours.Account, yours.Account}, {ours.Cash, yours.Cash}} {
		if pair[0] != nil && pair[1] != nil {
			hold(cmp.Compare(*pair[0], *pair[1]))
		}
	}
	switch {
	case more && less:
		return provinces.StatementDiffers
	case more:
		return provinces.StatementOursMore
	case less:
		return provinces.StatementYourMore
	}
	return provinces.StatementBalanced
}
