package reconcile

import (
	"clearingd/ledger"
	"clearingd/provinces"
)

// Side is one of the three beliefs that are held against the books.
type Side uint8

// The sides, in the order in which they are shown.
const (
	Hospital  Side = 1 // 定点医药机构
	Treatment Side = 2 // 就医地
	Home      Side = 3 // 参保地
)

// Sides lists the sides in order.
var Sides = []Side{Hospital, Treatment, Home}

var sideNames = [...]string{"", "hospital", "treatment", "home"}

func (s Side) String() string { return sideNames[s] }

// MarshalText writes the name of the side.
func (s Side) MarshalText() ([]byte, error) { return []byte(sideNames[s]), nil }

// SideOf is the side that a party speaks for.
func SideOf(p provinces.PartyKind) Side {
	switch p {
	case provinces.PartyTreatment:
		return Treatment
	case provinces.PartyHome:
		return Home
	}
	return Hospital
}

// Amounts are the figures of a bill that sides state. Of what takes a bill back they are
// negative. Nil and empty figures are not stated and not compared.
//
// Invariant: ByFund, where it is stated, adds up to Funds.
type Amounts struct {
	Total   ledger.Amount          `cbor:"1,keyasint" json:"total"`
	Funds   ledger.Amount          `cbor:"2,keyasint" json:"funds"` // without the personal account
	Account ledger.Amount          `cbor:"3,keyasint" json:"account"`
	Cash    *ledger.Amount         `cbor:"4,keyasint,omitempty" json:"cash,omitempty"`
	ByFund  []provinces.FundAmount `cbor:"5,keyasint,omitempty" json:"by_fund,omitempty"` // by fund code
}

// Owed is what the home side owes by these amounts: funds and personal account.
func (a Amounts) Owed() ledger.Amount { return a.Funds + a.Account }

// Item is one bill, or what takes one back, as the books or one side has it.
type Item struct {
	// Number is the books' number that the settlement id ends in: the key of the first
	// pass and the order of all streams. 0: the id is none of this house.
	Number       uint64 `cbor:"1,keyasint"`
	SettlementID string `cbor:"2,keyasint"`

	// What the natural key is made of. Person is a keyed pseudonym: an item is never
	// given a person's number. A pseudonym is of a home province; of a row whose form has
	// none (3202), that of the bill that it names is taken, and without one Person is
	// empty and not compared.
	Person   string `cbor:"3,keyasint,omitempty"`
	Provider string `cbor:"4,keyasint,omitempty"`
	VisitID  string `cbor:"5,keyasint,omitempty"`
	Refund   bool   `cbor:"6,keyasint,omitempty"`

	Home      ledger.Area `cbor:"7,keyasint,omitempty"`
	Treatment ledger.Area `cbor:"8,keyasint,omitempty"`
	Insutype  string      `cbor:"9,keyasint,omitempty"`

	Amounts Amounts `cbor:"10,keyasint"`

	// From and To are the business days the item counts on: one day in the books, the
	// statement's range on a side.
	From ledger.Day `cbor:"11,keyasint"`
	To   ledger.Day `cbor:"12,keyasint"`

	// Of the books' items only.
	Corrects uint64 `cbor:"13,keyasint,omitempty"` // the bill it takes back, or lets stand again
	UndoneBy uint64 `cbor:"14,keyasint,omitempty"` // what took it back by the evening of the match; 0: it stands

	// UndoneOn is the business day of UndoneBy; 0 without one.
	UndoneOn ledger.Day `cbor:"18,keyasint,omitempty"`

	// CorrectsOn is the business day of Corrects; 0 without one.
	CorrectsOn ledger.Day `cbor:"20,keyasint,omitempty"`

	// Silent: a bill, or a cancellation, that a 2601 undid on its own day, or that 2601. For
	// whoever did not know what had become of it, it has never been, so that a side has neither
	// of both is no difference (contract, "unknown outcome"); that it has one alone is.
	Silent bool `cbor:"19,keyasint,omitempty"`

	// VoidOn is, of a 2601 and of what it undid, the business day of the other; 0: it is
	// neither. Totals of both days count neither.
	VoidOn ledger.Day `cbor:"21,keyasint,omitempty"`

	// Of sides' items only: where the row stands, to name it.
	Party     provinces.Party `cbor:"15,keyasint,omitempty"`
	Statement string          `cbor:"16,keyasint,omitempty"` // its id
	Line      int             `cbor:"17,keyasint,omitempty"`
}

// ownDay reports whether a bill was made and taken back on one business day.
func (i *Item) ownDay() bool {
	if i.Refund {
		return i.CorrectsOn == i.From
	}
	return i.UndoneBy != 0 && i.UndoneOn == i.From
}

// PartyOn is the party that speaks for a side of the item.
func (i *Item) PartyOn(s Side) provinces.Party {
	switch s {
	case Hospital:
		return provinces.Party{Kind: provinces.PartyProvider, Province: i.Treatment.Province(), Provider: i.Provider}
	case Treatment:
		return provinces.Party{Kind: provinces.PartyTreatment, Province: i.Treatment.Province()}
	}
	return provinces.Party{Kind: provinces.PartyHome, Province: i.Home.Province()}
}

// Beside is the business day on which a side's row is matched. booked is the books' item
// that has the row's settlement id, or nil. A row lies beside the bill that it names,
// whatever day its statement says: then it is a stray, and the match calls it TIMING. A
// refund that names a bill which was taken back lies beside what took it back. A row that
// the books do not know lies on the last day of its statement.
func Beside(row, booked *Item) ledger.Day {
	switch {
	case booked == nil:
		return row.To
	case row.Refund && !booked.Refund && booked.UndoneBy != 0:
		return booked.UndoneOn
	}
	return booked.From
}
