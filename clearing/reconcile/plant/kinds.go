package plant

import (
	"slices"

	"clearingd/clearing/benefit"
	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Kind is a kind of difference that can be planted.
type Kind string

// The kinds. Those of the first group are planted on one side of any bill; those of the
// second are stories of their own.
const (
	Missing     Kind = "missing"
	OtherDay    Kind = "other-day"
	More        Kind = "more"    // than any recomputation gives
	Less        Kind = "less"    // the same
	Parts       Kind = "parts"   // fund and account change places
	Shifted     Kind = "shifted" // from the patient to the fund, as no rule has it
	Twice       Kind = "twice"
	OtherField  Kind = "other-field"
	Rounded     Kind = "rounded"
	OldPlan     Kind = "old-plan"
	OldVersion  Kind = "old-version"
	OtherFiling Kind = "other-filing"
	PaidBack    Kind = "paid-back" // by the insurer
	PartBack    Kind = "part-back" // by the insurer, but not all
	Withdrawn   Kind = "withdrawn" // by the hospital, and not heard of here

	Stranger      Kind = "stranger"       // a row that the books do not have
	Orphan        Kind = "orphan"         // a refund of nothing
	PostedAgain   Kind = "posted-again"   // under another id
	TwiceHere     Kind = "twice-here"     // the books have a stay twice
	NotTakenBack  Kind = "not-taken-back" // there, on the same day
	AcrossCutOff  Kind = "across-cut-off" // taken back on the next day, and the side has not heard of it
	NeitherOfBoth Kind = "neither"        // the same, and the side has neither
	Offsetting    Kind = "offsetting"     // two bills of a stay
)

// Kinds lists the kinds.
var Kinds = []Kind{
	Missing, OtherDay, More, Less, Parts, Shifted, Twice, OtherField, Rounded, OldPlan, OldVersion, OtherFiling, PaidBack, PartBack, Withdrawn,
	Stranger, Orphan, PostedAgain, TwiceHere, NotTakenBack, AcrossCutOff, NeitherOfBoth, Offsetting,
}

var missing = [4]reconcile.Class{reconcile.Hospital: reconcile.MissHospital, reconcile.Treatment: reconcile.MissTreatment, reconcile.Home: reconcile.MissHome}

// plant adds a bill, or more, with one difference, or with several together.
func (w *World) plant(day *Day, kinds []Kind, last bool) {
	kind := kinds[w.dice.IntN(len(kinds))]
	if story, ok := w.stories()[kind]; ok {
		if !last || kind != AcrossCutOff && kind != NeitherOfBoth {
			story(day, w.anySide())
		}
		return
	}
	at := w.bill(day)
	hit := w.anySide()
	for _, s := range reconcile.Sides {
		switch {
		case s == hit:
			w.differ(day, at, s, kind)
		case w.config.Together && w.dice.IntN(2) == 0:
			if other := kinds[w.dice.IntN(len(kinds))]; w.stories()[other] == nil {
				w.differ(day, at, s, other)
				continue
			}
			fallthrough
		default:
			w.say(day, s, w.row(day.Books[at], s))
		}
	}
	day.withdrawn(reconcile.BillKey(day.Books[at].Number))
}

// withdrawn: a refund that the hospital states as well was not made at the insurer.
func (d *Day) withdrawn(key string) {
	of := func(side reconcile.Side) func(Planted) bool {
		return func(p Planted) bool {
			return p.Key == key && p.Class == reconcile.Status && (p.Side == side || side == 0)
		}
	}
	if !slices.ContainsFunc(d.Truth, of(reconcile.Hospital)) {
		return
	}
	for i := range d.Truth {
		if of(0)(d.Truth[i]) {
			d.Truth[i].Cause = ""
		}
	}
}

func (w *World) anySide() reconcile.Side { return reconcile.Sides[w.dice.IntN(len(reconcile.Sides))] }

// truth writes down what must be found of a bill.
func (w *World) truth(day *Day, number uint64, s reconcile.Side, class reconcile.Class, owed ledger.Amount, cause reconcile.CauseKind) {
	day.Truth = append(day.Truth, Planted{reconcile.BillKey(number), s, class, owed, cause})
}

// differ lets one side of a bill say otherwise. Where a kind does not fit the side or the
// bill, the side says that it has more.
func (w *World) differ(day *Day, at int, s reconcile.Side, kind Kind) {
	bill := &day.Books[at]
	row, owed := w.row(*bill, s), bill.Amounts.Owed()
	find := func(class reconcile.Class, more ledger.Amount, cause reconcile.CauseKind) {
		w.truth(day, bill.Number, s, class, more, cause)
	}
	switch kind {
	case Missing:
		w.lacks[has{s, bill.Number}] = true
		find(missing[s], -owed, "")
		return
	case OtherDay:
		row.From, row.To = day.Day+1, day.Day+1
		find(reconcile.Timing, 0, "")
	case Less:
		less := ledger.Amount(1 + w.dice.IntN(100_00))
		row.Amounts.Funds -= less // and nobody pays it: no calculation loses money
		row.Amounts.ByFund = nil
		find(reconcile.AmountUnder, -less, "")
	case Parts:
		row.Amounts.Funds, row.Amounts.Account, row.Amounts.ByFund = row.Amounts.Funds-3_00, row.Amounts.Account+3_00, nil
		find(reconcile.Split, 0, "")
	case Shifted:
		shift := ledger.Amount(11 + w.dice.IntN(5_00)) // more than a rounding can do
		cash := *row.Amounts.Cash - shift
		row.Amounts.Funds, row.Amounts.Cash, row.Amounts.ByFund = row.Amounts.Funds+shift, &cash, nil
		find(reconcile.AmountOver, shift, "")
	case Twice:
		w.say(day, s, w.row(*bill, s))
		find(reconcile.Duplicate, owed, reconcile.PostedTwice)
	case OtherField:
		row.Person = "p-other"
		if row.Number == 0 { // without an id another person is another bill
			row = w.row(*bill, reconcile.Treatment)
			row.Party, row.Person = bill.PartyOn(s), "p-other"
		}
		find(reconcile.Field, 0, "")
	case Rounded, OldPlan, OldVersion, OtherFiling:
		figures, class, cause, ok := w.otherwise(bill.Number, kind)
		if !ok {
			w.differ(day, at, s, More)
			return
		}
		if s == reconcile.Hospital {
			figures.ByFund = nil
		}
		row.Amounts = figures
		find(class, figures.Owed()-owed, cause)
	case PaidBack, PartBack, Withdrawn:
		back := w.row(*bill, s)
		back.Number, back.SettlementID = bill.Number, bill.SettlementID
		back.Refund, back.Amounts = true, turned(back.Amounts)
		cause := reconcile.RefundAtInsurer
		if kind == PartBack {
			back.Amounts.Funds, back.Amounts.ByFund = back.Amounts.Funds+50_00, nil
		}
		if kind == PartBack || s == reconcile.Hospital {
			cause = ""
		}
		w.say(day, s, back)
		find(reconcile.Status, back.Amounts.Owed(), cause)
	default:
		more := ledger.Amount(1 + w.dice.IntN(100_00))
		row.Amounts.Funds += more
		row.Amounts.ByFund = nil
		find(reconcile.AmountOver, more, "")
	}
	w.say(day, s, row)
}

// otherwise are the figures of a bill under another rounding, plan, version or filing; ok is
// false if they are the same, or if they also come out in another way.
func (w *World) otherwise(number uint64, kind Kind) (figures reconcile.Amounts, class reconcile.Class, cause reconcile.CauseKind, ok bool) {
	b := w.booked[number]
	c := b.Case
	plan := b.Plan
	version := ledger.NewDay(2026, 1, 1)
	other := benefit.OtherRounding{}
	class, cause = reconcile.Rule, reconcile.PlanVersion
	switch kind {
	case Rounded:
		class, cause = reconcile.Round, reconcile.RoundingStep
		other = benefit.OtherRounding{Number: 1 + w.dice.IntN(4), How: []benefit.Rounding{benefit.RoundDown, benefit.RoundUp, benefit.RoundTenFen}[w.dice.IntN(3)]}
		if w.dice.IntN(3) == 0 {
			other = benefit.OtherRounding{Layer: "basic", How: benefit.RoundLayerTenFen}
		}
	case OldPlan:
		plan = w.before
	case OldVersion:
		version = ledger.NewDay(2016, 1, 1)
	default:
		class, cause = reconcile.Eligibility, reconcile.FilingChanged
		c.Claim.FilingType = filings[w.dice.IntN(len(filings))]
	}
	prepared, err := plan.PrepareAs(c, version)
	if err != nil {
		panic(err)
	}
	a, _, err := prepared.AdjudicateOtherwise(b.From, other)
	if err != nil {
		panic(err)
	}
	usual := reconcile.FiguresOf(c.Claim.Total, &b.Benefit)
	figures = reconcile.FiguresOf(c.Claim.Total, &a)
	return figures, class, cause, figures.Owed() != usual.Owed()
}

// stories are the kinds that need more than one bill or row.
func (w *World) stories() map[Kind]func(*Day, reconcile.Side) {
	return map[Kind]func(*Day, reconcile.Side){
		Stranger: w.stranger, Orphan: w.orphan, PostedAgain: w.postedAgain, TwiceHere: w.twiceHere, NotTakenBack: w.notTakenBack,
		AcrossCutOff: w.acrossCutOff, NeitherOfBoth: w.neither, Offsetting: w.offsetting,
	}
}

// unknown is a row of a stay that the books have never heard of.
func (w *World) unknown(day *Day, s reconcile.Side) reconcile.Item {
	at := w.bill(day)
	row := w.row(day.Books[at], s)
	delete(w.booked, row.Number)
	day.Books = day.Books[:at]
	return row
}

func (w *World) stranger(day *Day, s reconcile.Side) {
	row := w.unknown(day, s)
	w.say(day, s, row)
	w.rowTruth(day, s, row, reconcile.Surplus, "")
}

func (w *World) rowTruth(day *Day, s reconcile.Side, row reconcile.Item, class reconcile.Class, cause reconcile.CauseKind) {
	day.Truth = append(day.Truth, Planted{"row/" + row.Party.Key() + "/" + reconcile.RowKey(&row), s, class, row.Amounts.Owed(), cause})
}

func (w *World) orphan(day *Day, s reconcile.Side) {
	row := w.unknown(day, s)
	row.Refund, row.Amounts = true, turned(row.Amounts)
	w.say(day, s, row)
	w.rowTruth(day, s, row, reconcile.ReversalAlone, "")
}

// postedAgain: after a retry the side has the bill under a second id as well.
func (w *World) postedAgain(day *Day, s reconcile.Side) {
	at := w.bill(day)
	row := w.row(day.Books[at], reconcile.Treatment)
	row.Party = day.Books[at].PartyOn(s)
	again := row
	w.number++
	w.lines++
	again.Number, again.SettlementID, again.Line = w.number, settlementID(row.Treatment, w.number), w.lines
	for _, o := range reconcile.Sides {
		if o != s {
			w.say(day, o, w.row(day.Books[at], o))
		}
	}
	w.say(day, s, row)
	w.say(day, s, again)
	w.rowTruth(day, s, again, reconcile.Surplus, reconcile.PostedTwice)
}

// sibling books a second bill of the same stay.
func (w *World) sibling(day *Day, at int, change func(*benefit.Case)) int {
	b := w.booked[day.Books[at].Number]
	w.number++
	c := b.Case
	change(&c)
	second := w.book(day, c)
	w.booked[w.number].From = b.From
	return second
}

func (w *World) twiceHere(day *Day, s reconcile.Side) {
	at := w.bill(day)
	first := day.Books[at]
	w.number++
	second := first
	second.Number, second.SettlementID = w.number, settlementID(first.Treatment, w.number)
	day.Books = append(day.Books, second)
	for _, o := range reconcile.Sides {
		row := w.row(first, reconcile.Treatment)
		row.Party = first.PartyOn(o)
		w.say(day, o, row)
		if o != s {
			row = w.row(second, reconcile.Treatment)
			row.Party = second.PartyOn(o)
			w.say(day, o, row)
		}
	}
	w.lacks[has{s, second.Number}] = true
	w.truth(day, second.Number, s, reconcile.DuplicateOurs, -second.Amounts.Owed(), "")
}

func (w *World) notTakenBack(day *Day, s reconcile.Side) {
	at := w.bill(day)
	back := w.takeBack(day, &day.Books[at])
	w.agreed(day, at)
	w.butFor(day, back, s)
	w.truth(day, day.Books[back].Number, s, reconcile.Status, -day.Books[back].Amounts.Owed(), "")
}

// butFor lets all sides but one say what the books say.
func (w *World) butFor(day *Day, at int, s reconcile.Side) {
	for _, o := range reconcile.Sides {
		if o != s {
			w.say(day, o, w.row(day.Books[at], o))
		}
	}
	w.lacks[has{s, day.Books[at].Number}] = true
}

func (w *World) acrossCutOff(day *Day, s reconcile.Side) {
	at := w.bill(day)
	w.agreed(day, at)
	w.backTomorrow(day.Day, at, s)
}

func (w *World) neither(day *Day, s reconcile.Side) {
	at := w.bill(day)
	w.butFor(day, at, s)
	w.truth(day, day.Books[at].Number, s, reconcile.Status, -day.Books[at].Amounts.Owed(), reconcile.ReversalAcrossCutOff)
	w.backTomorrow(day.Day, at, s)
}

// backTomorrow takes the bill back on the next day, of which one side has not heard.
func (w *World) backTomorrow(on ledger.Day, at int, s reconcile.Side) {
	w.tomorrow = append(w.tomorrow, func(day *Day) {
		bill := &w.Days[on-w.config.First].Books[at]
		back := w.takeBack(day, bill)
		w.butFor(day, back, s)
		w.truth(day, day.Books[back].Number, s, reconcile.Status, bill.Amounts.Owed(), reconcile.ReversalAcrossCutOff)
	})
}

// offsetting: two bills of a stay, of which the side puts a part of one on the other.
func (w *World) offsetting(day *Day, s reconcile.Side) {
	first := w.bill(day)
	second := w.sibling(day, first, func(c *benefit.Case) {
		c.Claim.Total, c.Claim.InScope = c.Claim.Total+500_00, c.Claim.InScope+500_00
	})
	shift := ledger.Amount(1_00 + w.dice.IntN(200_00))
	for n, at := range []int{first, second} {
		for _, o := range reconcile.Sides {
			row := w.row(day.Books[at], reconcile.Treatment)
			row.Party = day.Books[at].PartyOn(o)
			if o == s {
				row.Amounts.Funds += shift
				row.Amounts.ByFund = []provinces.FundAmount(nil)
				class := reconcile.AmountOver
				if n == 1 {
					row.Amounts.Funds -= 2 * shift
					class = reconcile.AmountUnder
				}
				w.truth(day, day.Books[at].Number, s, class, row.Amounts.Owed()-day.Books[at].Amounts.Owed(), reconcile.OffsettingPair)
			}
			w.say(day, o, row)
		}
	}
}
