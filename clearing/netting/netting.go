// Package netting turns gross obligations between provinces into nets: two by two,
// and all against all with a proposal of transfers. It is pure, exact in fen, and its
// results are information: the rule book pays gross (rules 5.3).
package netting

import "clearingd/ledger"

// Obligation is what one province owes another, gross. Amount may be negative when
// cancellations of earlier days outweigh a day's bookings.
type Obligation struct {
	Debtor, Creditor ledger.Province
	Amount           ledger.Amount
}

// Bilateral is one pair with both legs kept.
//
// Invariant: A < B; Net = AOwesB - BOwesA.
type Bilateral struct {
	A, B           ledger.Province
	AOwesB, BOwesA ledger.Amount
	Net            ledger.Amount // positive: A owes B
}

// Position is one province against all others.
//
// Invariant: Net = Receives - Pays; all nets sum to zero.
type Position struct {
	Province       ledger.Province
	Pays, Receives ledger.Amount // gross
	Net            ledger.Amount // positive: is owed on balance
}

// Proposal is a set of transfers that settles all positions.
type Proposal struct {
	Transfers     []Obligation // at most n-1 for n parties not at zero; amounts positive
	Fewest        bool         // proved: no smaller number of transfers settles the positions
	GrossPayments int          // obligations that would be paid one by one
	GrossAmount   ledger.Amount
	NetAmount     ledger.Amount // sum of the transfers
}
