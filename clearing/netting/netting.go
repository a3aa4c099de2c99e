package netting

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"clearingd/ledger"
)

// ErrSelf: an obligation names one province as debtor and creditor. What is owed
// inside a province is that province's internal clearing and never netted here.
var ErrSelf = errors.New("netting: a province owes itself")

// Obligation is what one province owes another, gross. Amount may be negative when
// cancellations of earlier days outweigh a day's bookings.
type Obligation struct {
	Debtor   ledger.Province `json:"debtor"`
	Creditor ledger.Province `json:"creditor"`
	Amount   ledger.Amount   `json:"amount"`
}

// Bilateral is one pair with both legs kept.
//
// Invariant: A < B; Net = AOwesB - BOwesA.
type Bilateral struct {
	A      ledger.Province `json:"a"`
	B      ledger.Province `json:"b"`
	AOwesB ledger.Amount   `json:"a_owes_b"`
	BOwesA ledger.Amount   `json:"b_owes_a"`
	Net    ledger.Amount   `json:"net"` // positive: A owes B
}

// Position is one province against all others.
//
// Invariant: Net = Receives - Pays; all nets sum to zero.
type Position struct {
	Province ledger.Province `json:"province"`
	Pays     ledger.Amount   `json:"pays"`     // gross, as debtor
	Receives ledger.Amount   `json:"receives"` // gross, as creditor
	Net      ledger.Amount   `json:"net"`      // positive: is owed on balance
}

// Proposal is a set of transfers that settles all positions. The zero Proposal is
// that of a day on which nobody owes anything, except that there Fewest is true.
//
// Invariant: paying the transfers brings every position to zero.
type Proposal struct {
	Transfers     []Obligation  `json:"transfers"`      // at most n-1 for n parties not at zero; amounts positive; by debtor, then creditor
	Fewest        bool          `json:"fewest"`         // proved: no smaller number of transfers settles the positions
	Parties       int           `json:"parties"`        // provinces whose position is not zero
	GrossPayments int           `json:"gross_payments"` // obligations that would be paid one by one
	GrossAmount   ledger.Amount `json:"gross_amount"`   // sum of their sizes
	NetAmount     ledger.Amount `json:"net_amount"`     // sum of the transfers
	SavedPayments int           `json:"saved_payments"` // GrossPayments - len(Transfers)
	SavedAmount   ledger.Amount `json:"saved_amount"`   // GrossAmount - NetAmount
}

// Bilaterals sets the two directions of each pair against each other. It lists every
// pair that has an obligation, also one whose net is zero, ordered by A, then B.
// Errors: [ErrSelf], ledger.ErrOverflow.
func Bilaterals(obligations []Obligation) ([]Bilateral, error) {
	gross, err := group(obligations)
	if err != nil {
		return nil, err
	}
	type key struct{ a, b ledger.Province }
	at := map[key]int{}
	var pairs []Bilateral
	for _, o := range gross {
		k := key{min(o.Debtor, o.Creditor), max(o.Debtor, o.Creditor)}
		i, ok := at[k]
		if !ok {
			i = len(pairs)
			at[k] = i
			pairs = append(pairs, Bilateral{A: k.a, B: k.b})
		}
		if o.Debtor == k.a {
			pairs[i].AOwesB = o.Amount
		} else {
			pairs[i].BOwesA = o.Amount
		}
	}
	for i := range pairs {
		p := &pairs[i]
		if p.Net, err = sub(p.AOwesB, p.BOwesA); err != nil {
			return nil, fmt.Errorf("netting: pair %s-%s: %w", p.A, p.B, err)
		}
	}
	slices.SortFunc(pairs, func(x, y Bilateral) int {
		return cmp.Or(cmp.Compare(x.A, y.A), cmp.Compare(x.B, y.B))
	})
	return pairs, nil
}

// Positions sets each province that has an obligation against all others, ordered by
// province. Errors: [ErrSelf], ledger.ErrOverflow.
func Positions(obligations []Obligation) ([]Position, error) {
	gross, err := group(obligations)
	if err != nil {
		return nil, err
	}
	return positions(gross)
}

func positions(gross []Obligation) ([]Position, error) {
	byProvince := map[ledger.Province]*Position{}
	at := func(p ledger.Province) *Position {
		if byProvince[p] == nil {
			byProvince[p] = &Position{Province: p}
		}
		return byProvince[p]
	}
	for _, o := range gross {
		debtor, creditor := at(o.Debtor), at(o.Creditor)
		var err error
		if debtor.Pays, err = debtor.Pays.Add(o.Amount); err != nil {
			return nil, fmt.Errorf("netting: %s pays: %w", o.Debtor, err)
		}
		if creditor.Receives, err = creditor.Receives.Add(o.Amount); err != nil {
			return nil, fmt.Errorf("netting: %s receives: %w", o.Creditor, err)
		}
	}
	list := make([]Position, 0, len(byProvince))
	for _, p := range byProvince {
		var err error
		if p.Net, err = sub(p.Receives, p.Pays); err != nil {
			return nil, fmt.Errorf("netting: position of %s: %w", p.Province, err)
		}
		list = append(list, *p)
	}
	slices.SortFunc(list, func(x, y Position) int { return cmp.Compare(x.Province, y.Province) })
	return list, nil
}

// Propose finds transfers that settle all positions, as few as the package can prove
// or find (see the package's essay). Errors: [ErrSelf], ledger.ErrOverflow.
func Propose(obligations []Obligation) (Proposal, error) {
	gross, err := group(obligations)
	if err != nil {
		return Proposal{}, err
	}
	list, err := positions(gross)
	if err != nil {
		return Proposal{}, err
	}
	parties, err := openParties(list)
	if err != nil {
		return Proposal{}, err
	}
	groups, fewest := partition(parties)
	p := Proposal{Fewest: fewest, Parties: len(parties)}
	for _, g := range groups {
		p.Transfers = append(p.Transfers, settle(g)...)
	}
	slices.SortFunc(p.Transfers, byDebtor)
	return p, p.countSaving(gross)
}

// countSaving fills in what the transfers would save against paying one by one.
func (p *Proposal) countSaving(gross []Obligation) error {
	var err error
	for _, o := range gross {
		if o.Amount == 0 {
			continue
		}
		p.GrossPayments++
		if o.Amount < 0 {
			p.GrossAmount, err = sub(p.GrossAmount, o.Amount)
		} else {
			p.GrossAmount, err = p.GrossAmount.Add(o.Amount)
		}
		if err != nil {
			return fmt.Errorf("netting: gross amount: %w", err)
		}
	}
	for _, t := range p.Transfers {
		if p.NetAmount, err = p.NetAmount.Add(t.Amount); err != nil {
			return fmt.Errorf("netting: net amount: %w", err)
		}
	}
	p.SavedPayments = p.GrossPayments - len(p.Transfers)
	p.SavedAmount, err = sub(p.GrossAmount, p.NetAmount)
	return err
}

// group adds up obligations with the same debtor and creditor, ordered by both.
func group(obligations []Obligation) ([]Obligation, error) {
	sorted := slices.Clone(obligations)
	slices.SortStableFunc(sorted, byDebtor)
	grouped := sorted[:0]
	for _, o := range sorted {
		if o.Debtor == o.Creditor {
			return nil, fmt.Errorf("%w: %s", ErrSelf, o.Debtor)
		}
		n := len(grouped)
		if n == 0 || grouped[n-1].Debtor != o.Debtor || grouped[n-1].Creditor != o.Creditor {
			grouped = append(grouped, o)
			continue
		}
		sum, err := grouped[n-1].Amount.Add(o.Amount)
		if err != nil {
			return nil, fmt.Errorf("netting: %s owes %s: %w", o.Debtor, o.Creditor, err)
		}
		grouped[n-1].Amount = sum
	}
	return grouped, nil
}

func byDebtor(x, y Obligation) int {
	return cmp.Or(cmp.Compare(x.Debtor, y.Debtor), cmp.Compare(x.Creditor, y.Creditor))
}

// sub returns a-b, or ledger.ErrOverflow. Negating b first would itself overflow for
// the least amount.
func sub(a, b ledger.Amount) (ledger.Amount, error) {
	d := a - b
	if (b > 0 && d > a) || (b < 0 && d < a) {
		return 0, ledger.ErrOverflow
	}
	return d, nil
}
