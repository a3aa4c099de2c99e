package audit

import (
	"fmt"
	"math/big"
)

// Books are what the auditor has worked out.
type Books struct {
	Faults     []string // what differs, in words; the first of them, if there are many
	FaultCount int

	Judged   int            // bills whose amounts were computed
	Unjudged int            // bills beyond the auditor; their answer's amounts were taken over
	Why      map[string]int // why, how often
	Outcomes map[string]int
	Codes    map[int]int
	Balances map[string]*Balance // by the account's name
	Days     map[string]*Day

	plans     *Plans
	manual    bool
	records   []*record // by number, from 1
	bySubject map[string]*record
	marks     map[string]*record  // by message key: the reversal that came first
	void      map[*record]*record // by bill: the reversal that came when it was cancelled already
	stays     map[string]*record  // standing booking of a stay
	years     map[YearKey][]*record
	undone    map[*record]*record
	decisions []decision
}

// YearKey names a person-year.
type YearKey struct {
	Home, Person, Insurance string // Home is the province
	Year                    int
}

// Balance is one account's movement in yuan.
type Balance struct {
	Debits, Credits *big.Rat
	Count           int
}

// Net is debits less credits.
func (b *Balance) Net() *big.Rat { return minus(b.Debits, b.Credits) }

// record is what became of one message.
type record struct {
	number   uint64
	event    *event
	outcome  string
	codes    []int     // acceptable refusal codes; nil unless refused
	original string    // value of Clr-Original
	bill     *Bill     // of a booking
	before   []*record // of a booking: the bills that stood in its person-year then
	unjudged bool
	of       *record  // what it repeats, undoes or restores
	settled  *settled // what the answer must show; nil if nothing
}

func newBooks(plans *Plans, manual bool) *Books {
	return &Books{
		plans: plans, manual: manual,
		Why: map[string]int{}, Outcomes: map[string]int{}, Codes: map[int]int{},
		Balances: map[string]*Balance{}, Days: map[string]*Day{},
		records: []*record{nil}, bySubject: map[string]*record{}, marks: map[string]*record{}, void: map[*record]*record{},
		stays: map[string]*record{}, years: map[YearKey][]*record{}, undone: map[*record]*record{},
	}
}

// Records is how many messages were audited.
func (b *Books) Records() int { return len(b.records) - 1 }

// Years calls visit with every person-year that has standing bills: their numbers,
// oldest first, and the sums of the year. sure is false where a bill of the year could not
// be judged.
func (b *Books) Years(visit func(key YearKey, entries []uint64, year *Year, sure bool)) {
	for key, standing := range b.years {
		if len(standing) == 0 {
			continue
		}
		var entries []uint64
		sure := true
		for _, r := range standing {
			entries = append(entries, r.number)
			sure = sure && !r.unjudged
		}
		visit(key, entries, fold(key.Year, billsOf(standing)), sure)
	}
}

func billsOf(records []*record) (bills []*Bill) {
	for _, r := range records {
		bills = append(bills, r.bill)
	}
	return bills
}

// post books what a bill's funds owe; sign is -1 to take it back.
func (b *Books) post(r *record, bill *record, sign int64) {
	q := bill.event.request
	for fund, a := range byFund(bill.bill) {
		if a.Sign() == 0 {
			continue
		}
		moved := times(a, rat(sign))
		b.move(fmt.Sprintf("Assets:Receivable:Home-%s:Treatment-%s:Fund-%s:Accrued", q.home, q.treatment, fund), moved)
		b.move(fmt.Sprintf("Liabilities:Payable:Treatment-%s:Provider-%s:Home-%s:Fund-%s:Accrued", q.treatment, q.provider, q.home, fund), negative(moved))
	}
	b.day(r).add(bill, sign)
}

// byFund adds up a bill's shares by fund, the personal account as fund 310200.
func byFund(bill *Bill) map[string]*big.Rat {
	funds := map[string]*big.Rat{}
	for _, s := range bill.Shares {
		funds[s.Fund] = sum(funds[s.Fund], s.Amount)
	}
	funds[personalAccount] = sum(funds[personalAccount], bill.Account)
	return funds
}

const personalAccount = "310200"

func (b *Books) move(account string, a *big.Rat) {
	balance := b.Balances[account]
	if balance == nil {
		balance = &Balance{Debits: rat(0), Credits: rat(0)}
		b.Balances[account] = balance
	}
	balance.Count++
	if a.Sign() > 0 {
		balance.Debits = sum(balance.Debits, a)
	} else {
		balance.Credits = sum(balance.Credits, negative(a))
	}
}
