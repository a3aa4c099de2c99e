package audit

import "math/big"

// Day is what a night's report must say of a business day.
type Day struct {
	Streams  map[string]*Stream // by treatment province
	Codes    map[int]int        // refusals by code
	Between  map[Pair]*Owed     // home and treatment province
	Internal map[Pair]*Owed     // home and treatment area, within one province
}

// Stream is one claims stream's part of a day.
type Stream struct {
	First, Last uint64
	Outcomes    map[string]int
}

// Pair is who owes whom.
type Pair struct{ Home, Treatment string }

// Owed is what one side owes the other: booked less undone.
type Owed struct {
	Booked, Undone      int
	Cost, Account, Cash *big.Rat
	Funds               map[string]*big.Rat // without the personal account
}

// Total is funds and personal account together.
func (o *Owed) Total() *big.Rat {
	total := sum(o.Account)
	for _, a := range o.Funds {
		total = sum(total, a)
	}
	return total
}

func (b *Books) day(r *record) *Day { return b.dayOf(r.event.day) }

func (b *Books) dayOf(day string) *Day {
	d := b.Days[day]
	if d == nil {
		d = &Day{Streams: map[string]*Stream{}, Codes: map[int]int{}, Between: map[Pair]*Owed{}, Internal: map[Pair]*Owed{}}
		b.Days[day] = d
	}
	return d
}

// count notes a message's outcome.
func (d *Day) count(r *record) {
	m := r.event.message
	s := d.Streams[m.Stream]
	if s == nil {
		s = &Stream{First: m.Sequence, Outcomes: map[string]int{}}
		d.Streams[m.Stream] = s
	}
	s.Last = m.Sequence
	s.Outcomes[r.outcome]++
}

// add counts a bill that came (sign 1) or went (-1).
func (d *Day) add(bill *record, sign int64) {
	q := bill.event.request
	pair, in := Pair{q.home[:2], q.treatment[:2]}, d.Between
	if pair.Home == pair.Treatment {
		pair, in = Pair{q.home, q.treatment}, d.Internal
	}
	o := in[pair]
	if o == nil {
		o = &Owed{Cost: rat(0), Account: rat(0), Cash: rat(0), Funds: map[string]*big.Rat{}}
		in[pair] = o
	}
	if sign > 0 {
		o.Booked++
	} else {
		o.Undone++
	}
	signed := func(a *big.Rat) *big.Rat { return times(a, rat(sign)) }
	o.Cost = sum(o.Cost, signed(q.claim.total))
	o.Cash = sum(o.Cash, signed(bill.bill.Cash))
	for fund, a := range byFund(bill.bill) {
		if fund == personalAccount {
			o.Account = sum(o.Account, signed(a))
		} else if a.Sign() != 0 {
			o.Funds[fund] = sum(o.Funds[fund], signed(a))
		}
	}
}
