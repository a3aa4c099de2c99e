package evening

import (
	"cmp"
	"slices"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// plan is a plan of some plan set that the books have kept.
type plan struct {
	hash [32]byte
	plan *benefit.Plan
}

// proofs brings what causes are proved from, while one day is matched.
type proofs struct {
	run    *run
	result *reconcile.Result // the one at hand
	day    dayRange
	has    [4][]uint64 // by side: a bit for each number of the day, set where the side has rows of the bill
}

func (r *run) proofs(day ledger.Day) *proofs {
	p := &proofs{run: r, day: r.ranges.of(day)}
	for _, s := range reconcile.Sides {
		p.has[s] = make([]uint64, (p.day.to-p.day.from)/64+1)
	}
	return p
}

// saw remembers which bills a side has: rows without a bill come last.
func (p *proofs) saw(result *reconcile.Result) {
	if result.Books == nil {
		return
	}
	for _, s := range reconcile.Sides {
		if len(result.Sides[s]) > 0 {
			bit := result.Books.Number - p.day.from
			p.has[s][bit/64] |= 1 << (bit % 64)
		}
	}
}

// of has the proofs of one result.
func (p *proofs) of(result *reconcile.Result) *proofs {
	p.result = result
	return p
}

// Booked is a bill with all that it was computed from.
func (p *proofs) Booked(number uint64) (booked *reconcile.Booked, err error) {
	err = p.run.view(func(tx *store.Tx) error {
		record, err := tx.Record(number)
		if err != nil || record.Bill == nil {
			return err
		}
		of, err := p.run.shelf.Plan(tx, record.Bill.Benefit.Plan.Hash)
		if err != nil {
			return err
		}
		booked = &reconcile.Booked{Number: number, Case: record.Case(), Plan: of, Benefit: record.Bill.Benefit}
		for _, link := range record.Bill.Years {
			booked.From = append(booked.From, link.Accumulators())
		}
		return nil
	})
	return booked, err
}

// Has reports whether the side has a row of the bill on the day at hand.
func (p *proofs) Has(side reconcile.Side, bill uint64) (bool, error) {
	if bill < p.day.from || bill > p.day.to {
		return false, nil
	}
	bit := bill - p.day.from
	return p.has[side][bit/64]&(1<<(bit%64)) != 0, nil
}

// Chain is what the books have of a visit: its standing bills, the bill at hand, and
// whatever takes one of them back or lets it stand again.
func (p *proofs) Chain(provider, visitID string) (chain []reconcile.Item, err error) {
	err = p.run.view(func(tx *store.Tx) error {
		numbers, err := tx.StayBills(provider, visitID)
		if err != nil {
			return err
		}
		if p.result.Books != nil {
			numbers = append(numbers, p.result.Books.Number)
		}
		for i := range p.result.Sides {
			for k := range p.result.Sides[i] {
				if n := p.result.Sides[i][k].Number; n != 0 && n <= tx.Last() {
					numbers = append(numbers, n)
				}
			}
		}
		chain, err = p.run.chain(tx, numbers, provider, visitID)
		return err
	})
	return chain, err
}

// chain follows the numbers to what they take back and to what takes them back.
func (r *run) chain(tx *store.Tx, numbers []uint64, provider, visitID string) ([]reconcile.Item, error) {
	var chain []reconcile.Item
	seen := make(map[uint64]bool)
	for len(numbers) > 0 {
		number := numbers[0]
		numbers = numbers[1:]
		if number == 0 || seen[number] {
			continue
		}
		seen[number] = true
		record, err := tx.Record(number)
		if err != nil {
			return nil, err
		}
		if record.Effect == 0 || record.Day > r.evening {
			continue
		}
		item, err := r.item(tx, record)
		if err != nil {
			return nil, err
		}
		if item.Provider != provider || item.VisitID != visitID {
			continue
		}
		by, err := tx.Undone(number)
		if err != nil {
			return nil, err
		}
		chain = append(chain, item)
		numbers = append(numbers, record.Original, by)
	}
	slices.SortFunc(chain, func(x, y reconcile.Item) int { return cmp.Compare(x.Number, y.Number) })
	return chain, nil
}

// Plans are the plans of the bill's area and insurance that other plan sets of the books
// have.
func (p *proofs) Plans(b *reconcile.Booked) ([]*benefit.Plan, error) {
	if p.run.plans == nil {
		if err := p.run.view(p.run.readPlans); err != nil {
			return nil, err
		}
	}
	var others []*benefit.Plan
	for _, other := range p.run.plans[b.Plan.ID()] {
		if other.hash != b.Plan.Hash() {
			others = append(others, other.plan)
		}
	}
	return others, nil
}

func (r *run) readPlans(tx *store.Tx) error {
	r.plans = make(map[string][]plan)
	return tx.Plans(func(hash [32]byte) error {
		read, err := r.shelf.Plan(tx, hash)
		if err == nil {
			r.plans[read.ID()] = append(r.plans[read.ID()], plan{hash, read})
		}
		return err
	})
}

var (
	_ reconcile.Proofs    = (*proofs)(nil)
	_ reconcile.Stream    = (*books)(nil)
	_ clearing.PlanReader = (*store.Tx)(nil)
)
