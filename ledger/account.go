package ledger

import (
	"errors"
	"fmt"
)

// Area is a pooling area (统筹区): six ASCII digits of which the first two are its
// province. Codes absent from GB/T 2260 are real (city funds end in 99).
type Area string

// Province is the two-digit code of one of the 31 provinces or 66, the XPCC.
type Province string

// Province is the province of the area; "" for an area shorter than two digits.
func (a Area) Province() Province {
	if len(a) < 2 {
		return ""
	}
	return Province(a[:2])
}

// Fund is a fund_pay_type code of six digits, for example 310100, the employees'
// pooled fund. FundAccount, the personal account, is booked like a fund and shown
// apart.
type Fund string

// FundAccount is the personal account (个人账户) of the employees' insurance.
const FundAccount Fund = "310200"

// Side tells the two faces of every obligation apart.
type Side uint8

const (
	// Receivable: what the clearing house is to receive from a home region.
	Receivable Side = 1
	// Payable: what the clearing house is to pass on to a treatment region.
	Payable Side = 2
)

// Stage is how far an obligation has come. It walks by postings from one to the next, so
// the sum over all stages but Paid is always what is owed. The numbers are stored:
// append-only.
type Stage uint8

const (
	Accrued   Stage = 1 // 已结算: the claim is booked
	Confirmed Stage = 2 // 已确认: the treatment side and its hospital agreed
	Noticed   Stage = 3 // 已通知: in a month's clearing notice
	Paid      Stage = 4 // 已拨付: the money arrived
	Reserved  Stage = 5 // 暂扣: held back by a deduction that is not decided yet; still owed
)

// Stages lists the stages in the order in which they are shown.
var Stages = []Stage{Accrued, Reserved, Confirmed, Noticed, Paid}

var stageNames = [...]string{Accrued: "Accrued", Confirmed: "Confirmed", Noticed: "Noticed", Paid: "Paid", Reserved: "Reserved"}

func (s Stage) String() string {
	if s == 0 || int(s) >= len(stageNames) {
		return fmt.Sprintf("Stage(%d)", uint8(s))
	}
	return stageNames[s]
}

// Account is one line of the books: on one side, who owes whom from which fund at
// which stage.
//
// Invariant: Provider is set exactly on the Payable side.
type Account struct {
	Side      Side
	Home      Area   // who owes
	Treatment Area   // who is owed
	Provider  string // fixmedins_code of the hospital that treated
	Fund      Fund
	Stage     Stage
}

// ErrAccount: an account breaks the form of its fields.
var ErrAccount = errors.New("ledger: malformed account")

// Check reports an account that could not be booked or exported.
func (a Account) Check() error {
	switch {
	case a.Side != Receivable && a.Side != Payable,
		!digits(string(a.Home), 6), !digits(string(a.Treatment), 6), !digits(string(a.Fund), 6),
		a.Stage < Accrued || a.Stage > Reserved,
		(a.Side == Payable) != (a.Provider != ""),
		!lettersAndDigits(a.Provider):
		return fmt.Errorf("%w: %s", ErrAccount, a)
	}
	return nil
}

// Name is the account in plain-text accounting; hledger, ledger and beancount
// accept it as it is.
func (a Account) Name() string { return string(a.AppendName(nil)) }

// AppendName adds the text of Name to b.
func (a Account) AppendName(b []byte) []byte {
	if a.Side == Receivable {
		b = append(append(b, "Assets:Receivable:Home-"...), a.Home...)
		b = append(append(b, ":Treatment-"...), a.Treatment...)
	} else {
		b = append(append(b, "Liabilities:Payable:Treatment-"...), a.Treatment...)
		b = append(append(b, ":Provider-"...), a.Provider...)
		b = append(append(b, ":Home-"...), a.Home...)
	}
	b = append(append(b, ":Fund-"...), a.Fund...)
	return append(append(b, ':'), a.Stage.String()...)
}

func (a Account) String() string { return a.Name() }

func lettersAndDigits(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z') {
			return false
		}
	}
	return true
}

func digits(s string, n int) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return len(s) == n
}
