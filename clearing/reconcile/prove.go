package reconcile

import (
	"cmp"
	"slices"
	"strconv"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Booked is a bill of the books with all that it was computed from.
type Booked struct {
	Number  uint64
	Case    benefit.Case
	Plan    *benefit.Plan          // of its own day
	From    []benefit.Accumulators // what it found of each of its person-years
	Benefit benefit.Adjudication   // as it was answered
}

// Proofs brings what causes are proved from: the books, by number and by stay.
type Proofs interface {
	// Booked is the bill of that number; nil if the number is no bill.
	Booked(number uint64) (*Booked, error)

	// Chain is all that the books have of a visit at a provider, of all days, by number:
	// bills, and what takes them back or lets them stand again.
	Chain(provider, visitID string) ([]Item, error)

	// Has reports whether the side has a row of the bill, rightly or wrongly.
	Has(side Side, bill uint64) (bool, error)

	// Plans are the plans of other plan sets for the bill's area and insurance: those before
	// the one of its day and those after it. Its own is not among them.
	Plans(b *Booked) ([]*benefit.Plan, error)
}

// Prove looks for the cause of each finding of a broken result, and gives the findings of
// a proved cause the class that says so. A cause is proved when a recomputation under it
// gives the side's figures to the fen, every figure that the side states. Where
// recomputations of two kinds do, nothing is proved: the cause stays unknown. Errors are
// those of the Proofs.
//
// Offsetting pairs need more than one result: see [Offset].
func Prove(r *Result, p Proofs) error {
	if r.Standing != Broken {
		return nil
	}
	v := &prover{Result: r, proofs: p}
	for _, s := range Sides {
		if len(r.Sides[s]) == 0 && r.States[s] != Differs {
			continue
		}
		for i := range r.Findings {
			if f := &r.Findings[i]; f.Side == s && f.Cause == nil {
				if err := v.finding(f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// prover proves the findings of one result. What it asks for is asked for once.
type prover struct {
	*Result
	proofs   Proofs
	booked   *Booked
	asked    bool
	computed [4]bool // by Side: the amounts were recomputed
}

// finding tries the causes that can lead to its class.
func (v *prover) finding(f *Finding) (err error) {
	switch f.Class {
	case AmountOver, AmountUnder, Split:
		if !v.computed[f.Side] {
			v.computed[f.Side] = true
			err = v.amountsBy(f.Side)
		}
	case Status:
		if f.Field == "setl_id" {
			f.Cause, err = v.acrossCutOff(f)
		} else {
			f.Cause, err = v.atInsurer(f)
		}
	case ReversalAlone:
		f.Cause, err = v.atInsurer(f)
	case Surplus, Duplicate:
		f.Cause, err = v.postedTwice(f)
	}
	return err
}

// chain is what the books have of the visit of the result.
func (v *prover) chain() ([]Item, error) {
	i := v.Books
	for s := Hospital; i == nil && s <= Home; s++ {
		if len(v.Sides[s]) > 0 {
			i = &v.Sides[s][0]
		}
	}
	if !hasStay(i) {
		return nil, nil
	}
	return v.proofs.Chain(i.Provider, i.VisitID)
}

// acrossCutOff: the books made the bill on one business day and took it back on another,
// and the side has only one of both, or neither. It is proved when bill and cancellation
// are in the chain, name each other, lie on different days and cancel to zero, and
// the difference is exactly the one that the side lacks.
func (v *prover) acrossCutOff(f *Finding) (*Cause, error) {
	chain, err := v.chain()
	if err != nil {
		return nil, err
	}
	for i := range chain {
		back := &chain[i]
		k := slices.IndexFunc(chain, func(bill Item) bool {
			return back.Refund && bill.Number == back.Corrects && bill.UndoneBy == back.Number
		})
		if k < 0 || back.Number != v.Books.Number && chain[k].Number != v.Books.Number {
			continue
		}
		bill := &chain[k]
		if bill.From == back.From || bill.Amounts.Owed()+back.Amounts.Owed() != 0 || f.Owed != -v.Books.Amounts.Owed() {
			return nil, nil
		}
		return &Cause{Kind: ReversalAcrossCutOff, Owed: f.Owed, Refs: []uint64{bill.Number, back.Number}, Proof: []string{
			both("账册于%s入账：%s，应付%s元", "the books have %[2]s of %[1]s: %[3]s owed", bill.From, bill.SettlementID, bill.Amounts.Owed()),
			both("账册于%s冲正：%s，%s元", "taken back on %[1]s by %[2]s: %[3]s", back.From, cmp.Or(back.SettlementID, "#"+strconv.FormatUint(back.Number, 10)), back.Amounts.Owed()),
			both("两笔相抵为0；对方缺其中%s，差额%s元", "together 0; the side lacks %s of them, a difference of %s", cmp.Or(v.Books.SettlementID, "#"+strconv.FormatUint(v.Books.Number, 10)), f.Owed),
		}}, nil
	}
	return nil, nil
}

// postedTwice: the side has a bill once more than it was made, as after a message that was
// sent again. It is proved when the row's figures are those of a bill of the same stay
// that stands in the books, and the side has that bill besides.
func (v *prover) postedTwice(f *Finding) (*Cause, error) {
	row := v.extraRow(f)
	if row == nil || row.Refund {
		return nil, nil
	}
	chain, err := v.chain()
	if err != nil {
		return nil, err
	}
	for i := range chain {
		bill := &chain[i]
		if bill.Refund || bill.UndoneBy != 0 || !samePerson(bill, row) || !bill.Amounts.same(&row.Amounts) || f.Owed != bill.Amounts.Owed() {
			continue
		}
		if f.Class == Surplus { // a bill that the side lacks under its own id is not there twice
			if has, err := v.proofs.Has(f.Side, bill.Number); err != nil || !has {
				return nil, err
			}
		}
		return &Cause{Kind: PostedTwice, Owed: f.Owed, Refs: []uint64{bill.Number}, Proof: []string{
			both("同一次住院在账册中仅一笔：%s，应付%s元", "the books have the stay once: %s, %s owed", bill.SettlementID, bill.Amounts.Owed()),
			both("对方另有一行，金额逐项相同：%s", "the side has one row more with the same figures: %s", place(row)),
		}}, nil
	}
	return nil, nil
}

// extraRow is the row that a SURPLUS or DUP_IN finding is about.
func (v *prover) extraRow(f *Finding) *Item {
	for i := range v.Sides[f.Side] {
		row := &v.Sides[f.Side][i]
		if f.Class == Surplus || place(row) == f.Theirs {
			return row
		}
	}
	return nil
}

// atInsurer: an agency has paid the money back itself, and no cancellation came through the
// hospital. It is proved when the agency's refund row takes back a bill of the chain to the
// fen, the bill stands here, and the hospital states no refund. A hospital's own refund
// row is a cancellation that did not arrive, and no such case.
func (v *prover) atInsurer(f *Finding) (*Cause, error) {
	if slices.ContainsFunc(v.Sides[Hospital], func(i Item) bool { return i.Refund }) {
		return nil, nil
	}
	chain, err := v.chain()
	if err != nil {
		return nil, err
	}
	for _, row := range v.Sides[f.Side] {
		for i := range chain {
			bill := &chain[i]
			if !row.Refund || bill.Refund || bill.UndoneBy != 0 || row.Amounts.Owed() != f.Owed || !samePerson(bill, &row) ||
				row.Number != 0 && row.Number != bill.Number || !bill.Amounts.cancelledBy(&row.Amounts) {
				continue
			}
			return &Cause{Kind: RefundAtInsurer, Owed: f.Owed, Refs: []uint64{bill.Number}, Proof: []string{
				both("账册中%s有效，无2305撤销或2601冲正", "%s stands in the books; no 2305 or 2601 has undone it", bill.SettlementID),
				both("经办机构退费%s元，逐项等于原结算的负数：%s", "the agency took back %s, each figure that of the bill with its sign turned: %s", f.Owed, place(&row)),
				both("定点医药机构未报退费", "the hospital states no refund"),
			}}, nil
		}
	}
	return nil, nil
}

// cancelledBy reports whether the figures are each other's negatives.
func (a *Amounts) cancelledBy(b *Amounts) bool {
	turned := Amounts{Total: -b.Total, Funds: -b.Funds, Account: -b.Account}
	if b.Cash != nil {
		cash := -*b.Cash
		turned.Cash = &cash
	}
	for _, f := range b.ByFund {
		turned.ByFund = append(turned.ByFund, provinces.FundAmount{Fund: f.Fund, Amount: -f.Amount})
	}
	return a.same(&turned)
}

// FiguresOf are the figures that an adjudication of a bill comes to.
func FiguresOf(total ledger.Amount, a *benefit.Adjudication) Amounts {
	figures := Amounts{Total: total, Account: a.Account, Cash: &a.Cash}
	for _, share := range a.Funds {
		figures.Funds += share.Amount
		k := slices.IndexFunc(figures.ByFund, func(f provinces.FundAmount) bool { return f.Fund == share.Fund })
		if k < 0 {
			k = len(figures.ByFund)
			figures.ByFund = append(figures.ByFund, provinces.FundAmount{Fund: share.Fund})
		}
		figures.ByFund[k].Amount += share.Amount
	}
	slices.SortFunc(figures.ByFund, func(x, y provinces.FundAmount) int { return cmp.Compare(x.Fund, y.Fund) })
	return figures
}
