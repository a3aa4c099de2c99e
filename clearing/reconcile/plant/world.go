package plant

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"clearingd/clearing/benefit"
	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Config says which days to build.
type Config struct {
	Seed  uint64
	First ledger.Day // in or after 2026
	Days  int
	Bills int // a day, besides those that are planted

	Plants   int    // differences a day
	Kinds    []Kind // that are planted, drawn evenly; empty: all
	Together bool   // up to three differences of one bill, each of another side
	Late     bool   // the home sides have not stated the last day yet
}

// Planted is one difference that must be found, and nothing else may be.
type Planted struct {
	Key   string // of the break
	Side  reconcile.Side
	Class reconcile.Class
	Owed  ledger.Amount       // the side's less the books', over all findings of the side
	Cause reconcile.CauseKind // "" where none can be proved
}

// Day is one business day with what lies beside it.
type Day struct {
	Day   ledger.Day
	Books []reconcile.Item
	Sides [4][]reconcile.Item // by Side
	Truth []Planted
}

// World is what Build makes.
type World struct {
	Days []Day

	config   Config
	dice     *rand.Rand
	plan     *benefit.Plan // in force
	before   *benefit.Plan // of the plan set before
	booked   map[uint64]*reconcile.Booked
	lacks    map[has]bool // rows that a side does not have
	number   uint64
	tomorrow []func(*Day) // what happens on the next day
	lines    int
}

type has struct {
	side reconcile.Side
	bill uint64
}

// Build makes the days.
func Build(c Config) *World {
	w := &World{
		config: c, dice: rand.New(rand.NewPCG(c.Seed, 0x5ec0)), plan: trialPlan("1000"), before: trialPlan("900"),
		booked: map[uint64]*reconcile.Booked{}, lacks: map[has]bool{},
	}
	kinds := c.Kinds
	if len(kinds) == 0 {
		kinds = Kinds
	}
	for n := range c.Days {
		w.Days = append(w.Days, Day{Day: c.First + ledger.Day(n)})
		day := &w.Days[n]
		due := w.tomorrow
		w.tomorrow = nil
		for _, do := range due {
			do(day)
		}
		for range c.Bills {
			w.agreed(day, w.bill(day))
		}
		for range c.Plants {
			w.plant(day, kinds, n == c.Days-1)
		}
	}
	if c.Late {
		w.leaveLast()
	}
	return w
}

// leaveLast takes the home sides' statements of the last day away again.
func (w *World) leaveLast() {
	last := &w.Days[len(w.Days)-1]
	last.Sides[reconcile.Home] = nil
	last.Truth = slices.DeleteFunc(last.Truth, func(p Planted) bool { return p.Side == reconcile.Home })
}

// Word is what the parties have said of a day, for its match.
func (w *World) Word(day ledger.Day) reconcile.Word {
	late := w.config.Late && day == w.Days[len(w.Days)-1].Day
	return func(s reconcile.Side, _ *reconcile.Item) reconcile.Said {
		if late && s == reconcile.Home {
			return reconcile.Said{Asked: true}
		}
		return reconcile.Said{Asked: true, Complete: true, Stated: true, Rows: true, Refunds: true}
	}
}

// Match runs the match over a day as of an evening, with each cause proved, and shows each
// result to see before it is added up.
func (w *World) Match(d *Day, evening ledger.Day, see func(*reconcile.Result) error) (reconcile.DayResult, error) {
	in := reconcile.Inputs{Word: w.Word(d.Day), Runs: reconcile.MemoryRuns{}}
	sorted := func(items []reconcile.Item) (reconcile.Stream, error) {
		s := reconcile.NewSorter(in.Runs)
		for i := range items {
			if err := s.Add(&items[i]); err != nil {
				return nil, err
			}
		}
		return s.Sorted()
	}
	var err error
	if in.Books, err = sorted(d.Books); err != nil {
		return reconcile.DayResult{}, err
	}
	for _, s := range reconcile.Sides {
		if in.Sides[s], err = sorted(d.Sides[s]); err != nil {
			return reconcile.DayResult{}, err
		}
	}
	sums := reconcile.NewDayBuilder(d.Day, evening)
	digest, err := reconcile.Match(in, func(r *reconcile.Result) error {
		if err := reconcile.Prove(r, w); err != nil {
			return err
		}
		if err := see(r); err != nil {
			return err
		}
		return sums.Add(r)
	})
	if err != nil {
		return reconcile.DayResult{}, err
	}
	return sums.Result(d.Accrued(), digest)
}

// Accrued is what the ledger says of a day, pair by pair.
func (d *Day) Accrued() []reconcile.PairLedger {
	var list []reconcile.PairLedger
	for i := range d.Books {
		pair := reconcile.Pair{Home: d.Books[i].Home, Treatment: d.Books[i].Treatment}
		k := slices.IndexFunc(list, func(l reconcile.PairLedger) bool { return l.Pair == pair })
		if k < 0 {
			k = len(list)
			list = append(list, reconcile.PairLedger{Pair: pair})
		}
		list[k].Owed += d.Books[i].Amounts.Owed()
	}
	return list
}

// Booked is the bill of that number, for proofs.
func (w *World) Booked(number uint64) (*reconcile.Booked, error) { return w.booked[number], nil }

// Chain is all that the books have of a visit.
func (w *World) Chain(provider, visitID string) ([]reconcile.Item, error) {
	var chain []reconcile.Item
	for d := range w.Days {
		for _, i := range w.Days[d].Books {
			if i.Provider == provider && i.VisitID == visitID {
				chain = append(chain, i)
			}
		}
	}
	return chain, nil
}

// Has reports whether the side has a row of the bill.
func (w *World) Has(s reconcile.Side, bill uint64) (bool, error) { return !w.lacks[has{s, bill}], nil }

// Plans are the plans of the plan set before.
func (w *World) Plans(*reconcile.Booked) ([]*benefit.Plan, error) {
	return []*benefit.Plan{w.before}, nil
}

var (
	hospitals  = []string{"H33010000001", "H33010000002", "H31010000001"}
	treatments = []ledger.Area{"330100", "330100", "310100"}
	homes      = []ledger.Area{"650100", "650102"}
	filings    = []string{"", "02", "06", "10"} // unfiled, long-term, referral, temporary
)

// bill settles a stay and puts it into the books.
func (w *World) bill(day *Day) int {
	w.number++
	where := w.dice.IntN(len(hospitals))
	scope := ledger.Amount(3_000_00 + w.dice.IntN(40_000_00))
	own := ledger.Amount(w.dice.IntN(2_000_00))
	c := benefit.Case{
		Home: homes[w.dice.IntN(len(homes))], Treatment: treatments[where], Provider: hospitals[where],
		Claim: provinces.Claim{
			PersonNo: fmt.Sprint(w.number), VisitID: fmt.Sprintf("V%07d", w.number), Insutype: "310", PersonType: "11", HospitalLevel: "03",
			FilingType: filings[w.dice.IntN(len(filings))], Admitted: at(day.Day - 9), Discharged: at(day.Day - 1),
			Total: scope + own, OwnExpense: own, InScope: scope,
		},
	}
	return w.book(day, c)
}

func at(day ledger.Day) provinces.DateTime {
	t, err := provinces.ParseDateTime(day.String() + " 10:00:00")
	if err != nil {
		panic(err)
	}
	return t
}

// book settles a case under the number that comes next and returns its place in the books.
func (w *World) book(day *Day, c benefit.Case) int {
	b := &reconcile.Booked{Number: w.number, Case: c, Plan: w.plan, From: []benefit.Accumulators{{Stays: w.dice.IntN(2)}}}
	prepared, err := w.plan.Prepare(c)
	if err == nil {
		b.Benefit, err = prepared.Adjudicate(b.From)
	}
	if err != nil {
		panic(fmt.Sprintf("plant: the trial plan refuses a stay: %v", err))
	}
	w.booked[w.number] = b
	day.Books = append(day.Books, reconcile.Item{
		Number: w.number, SettlementID: settlementID(c.Treatment, w.number), Person: "p-" + c.Claim.PersonNo, Provider: c.Provider,
		VisitID: c.Claim.VisitID, Home: c.Home, Treatment: c.Treatment, Insutype: c.Claim.Insutype,
		Amounts: reconcile.FiguresOf(c.Claim.Total, &b.Benefit), From: day.Day, To: day.Day,
	})
	return len(day.Books) - 1
}

func settlementID(area ledger.Area, number uint64) string {
	return fmt.Sprintf("%sG%013d", area, number)
}

// takeBack books what takes the bill back.
func (w *World) takeBack(day *Day, bill *reconcile.Item) int {
	w.number++
	back := *bill
	back.Number, back.SettlementID, back.Corrects, back.Refund = w.number, settlementID(bill.Treatment, w.number), bill.Number, true
	back.CorrectsOn = bill.From
	back.From, back.To, back.Amounts, back.UndoneBy, back.UndoneOn = day.Day, day.Day, turned(bill.Amounts), 0, 0
	bill.UndoneBy, bill.UndoneOn = w.number, day.Day
	day.Books = append(day.Books, back)
	return len(day.Books) - 1
}

func turned(a reconcile.Amounts) reconcile.Amounts {
	b := reconcile.Amounts{Total: -a.Total, Funds: -a.Funds, Account: -a.Account}
	if a.Cash != nil {
		cash := -*a.Cash
		b.Cash = &cash
	}
	for _, f := range a.ByFund {
		b.ByFund = append(b.ByFund, provinces.FundAmount{Fund: f.Fund, Amount: -f.Amount})
	}
	return b
}

// row is what a side says of an item of the books when it agrees.
func (w *World) row(i reconcile.Item, s reconcile.Side) reconcile.Item {
	w.lines++
	i.Party, i.Statement, i.Line = i.PartyOn(s), "S-"+i.From.String(), w.lines
	i.Corrects, i.UndoneBy, i.UndoneOn = 0, 0, 0
	if s == reconcile.Hospital {
		i.Amounts.ByFund, i.Insutype, i.Home = nil, "", "" // 3202 has no such columns
	}
	if s == reconcile.Home && i.Number%3 == 0 {
		i.Number, i.SettlementID = 0, "own-"+i.SettlementID // some home provinces have ids of their own
	}
	return i
}

// agreed lets all sides say what the books say.
func (w *World) agreed(day *Day, at int) {
	for _, s := range reconcile.Sides {
		w.say(day, s, w.row(day.Books[at], s))
	}
}

func (w *World) say(day *Day, s reconcile.Side, row reconcile.Item) {
	day.Sides[s] = append(day.Sides[s], row)
}
