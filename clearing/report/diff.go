package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"clearingd/ledger"
)

// Difference is what changed from one revision of a report to a later one. A figure
// that did not change is not in it.
type Difference struct {
	From    ledger.Day `json:"from"`
	To      ledger.Day `json:"to"`
	Old     int        `json:"old_revision"`
	New     int        `json:"new_revision"`
	Figures []Change   `json:"figures"` // of the report as a whole

	Pairs    []PairChange `json:"pairs"`    // by home then treatment
	Internal []AreaChange `json:"internal"` // by home area then treatment area
}

// Change is one figure that changed. Values are exact text: amounts in yuan with two
// decimals, counts as integers, all else as it stands. A group of bills that is in one
// report alone has zeros in the other.
type Change struct {
	Figure string `json:"figure"` // its name in the JSON rendering; a fund is "fund:310100", an outcome "outcome:booked", a code "refusal:1001"
	Old    string `json:"old"`
	New    string `json:"new"`
	Delta  string `json:"delta"` // new less old, with sign; "" for text
}

// PairChange is a pair of provinces of which some figure changed.
type PairChange struct {
	Home      ledger.Province `json:"home"`
	Treatment ledger.Province `json:"treatment"`
	Changes   []Change        `json:"changes"`
}

// AreaChange is a pair of areas of which some figure changed.
type AreaChange struct {
	Home      ledger.Area `json:"home"`
	Treatment ledger.Area `json:"treatment"`
	Changes   []Change    `json:"changes"`
}

// ErrOtherDays: two reports are not revisions of the same days.
var ErrOtherDays = errors.New("report: reports of different days")

// Empty reports whether nothing changed.
func (d Difference) Empty() bool {
	return len(d.Figures) == 0 && len(d.Pairs) == 0 && len(d.Internal) == 0
}

// DiffReports says what a later revision changed. Error: [ErrOtherDays].
func DiffReports(old, now Report) (Difference, error) {
	if old.Title != now.Title || old.From != now.From || old.To != now.To {
		return Difference{}, fmt.Errorf("%w: %s %s to %s, %s %s to %s", ErrOtherDays,
			old.Title, old.From, old.To, now.Title, now.From, now.To)
	}
	d := Difference{From: now.From, To: now.To, Old: old.Revision, New: now.Revision}
	d.Figures = diffFigures(old.figures(), now.figures())
	diffGroups(pairSums(old), pairSums(now), provincePair.compare, func(k provincePair, c []Change) {
		d.Pairs = append(d.Pairs, PairChange{k.home, k.treatment, c})
	})
	diffGroups(areaSums(old), areaSums(now), areaPair.compare, func(k areaPair, c []Change) {
		d.Internal = append(d.Internal, AreaChange{k.home, k.treatment, c})
	})
	return d, nil
}

// figure is a named value in comparable form.
type figure struct {
	name   string
	text   string
	number int64 // fen or a count, when numeric
	kind   figureKind
}

type figureKind uint8

const (
	aText figureKind = iota
	aCount
	anAmount
)

func amountFigure(name string, a ledger.Amount) figure {
	return figure{name, a.String(), int64(a), anAmount}
}

func countFigure(name string, n uint64) figure {
	return figure{name, strconv.FormatUint(n, 10), int64(n), aCount}
}

func textFigure(name, text string) figure { return figure{name: name, text: text} }

// zero is the figure's value in a report that does not have it.
func (f figure) zero() figure {
	switch f.kind {
	case anAmount:
		return amountFigure(f.name, 0)
	case aCount:
		return countFigure(f.name, 0)
	}
	return textFigure(f.name, "")
}

func (f figure) changeFrom(old figure) Change {
	c := Change{Figure: f.name, Old: old.text, New: f.text}
	// Counts and amounts are far from the ends of int64; a wrapped difference would
	// have the wrong sign and is left out rather than shown.
	d := f.number - old.number
	if f.kind == aText || (f.number > old.number) != (d > 0) {
		return c
	}
	c.Delta = strconv.FormatInt(d, 10)
	if f.kind == anAmount {
		c.Delta = ledger.Amount(d).String()
	}
	if d > 0 {
		c.Delta = "+" + c.Delta
	}
	return c
}

// diffFigures compares by name, in the order of the new list; figures that only the
// old one has come last.
func diffFigures(old, now []figure) []Change {
	before := map[string]figure{}
	for _, f := range old {
		before[f.name] = f
	}
	var changes []Change
	compare := func(was, is figure) {
		if was.text != is.text {
			changes = append(changes, is.changeFrom(was))
		}
	}
	for _, f := range now {
		was, ok := before[f.name]
		if !ok {
			was = f.zero()
		}
		delete(before, f.name)
		compare(was, f)
	}
	for _, f := range old {
		if _, left := before[f.name]; left {
			compare(f, f.zero())
		}
	}
	return changes
}

// diffGroups compares groups of bills key by key, in the order of the keys.
func diffGroups[K comparable](old, now map[K]Sums, order func(x, y K) int, changed func(K, []Change)) {
	keys := maps.Clone(old)
	maps.Copy(keys, now)
	for _, k := range slices.SortedFunc(maps.Keys(keys), order) {
		if c := diffFigures(old[k].figures(), now[k].figures()); len(c) > 0 {
			changed(k, c)
		}
	}
}

func pairSums(r Report) map[provincePair]Sums {
	m := map[provincePair]Sums{}
	for _, p := range r.Pairs {
		m[provincePair{p.Home, p.Treatment}] = p.Sums
	}
	return m
}

func areaSums(r Report) map[areaPair]Sums {
	m := map[areaPair]Sums{}
	for _, p := range r.Internal {
		m[areaPair{p.Home, p.Treatment}] = p.Sums
	}
	return m
}

// figures lists the sums under their names in the JSON rendering.
func (s Sums) figures() []figure {
	list := []figure{countFigure("booked", s.Booked), countFigure("undone", s.Undone), amountFigure("cost", s.Cost)}
	for _, f := range slices.Sorted(maps.Keys(s.Funds)) {
		list = append(list, amountFigure("fund:"+string(f), s.Funds[f]))
	}
	return append(list,
		amountFigure("fund_total", s.FundTotal), amountFigure("personal_account", s.Account),
		amountFigure("owed", s.Owed), amountFigure("cash", s.Cash), amountFigure("hospital_part", s.HospitalPart))
}

// figures lists what is said once a report.
func (r Report) figures() []figure {
	list := []figure{countFigure("received", r.Summary.Received)}
	for _, o := range r.Outcomes {
		list = append(list, countFigure("outcome:"+string(o.Outcome), o.Count))
	}
	for _, c := range r.Refusals {
		list = append(list, countFigure("refusal:"+strconv.Itoa(int(c.Code)), c.Count))
	}
	list = append(list, r.Totals.figures()...)
	list = append(list, amountFigure("internal_owed", r.Summary.InternalOwed), amountFigure("adjusted", r.Summary.Adjusted),
		countFigure("transfers", uint64(len(r.Proposal.Transfers))), amountFigure("net_amount", r.Proposal.NetAmount),
		amountFigure("debits", r.Summary.Debits), amountFigure("credits", r.Summary.Credits),
		countFigure("declared", r.Rules.Declared), countFigure("unverified", r.Rules.Unverified),
		countFigure("invented", r.Rules.Invented), countFigure("assumed", r.Rules.Assumed), countFigure("absent", r.Rules.Absent),
		textFigure("complete", strconv.FormatBool(r.Summary.Complete)),
		textFigure("plan_set", r.Rules.PlanSet), textFigure("zone", r.Rules.Zone), textFigure("cut_off", r.Rules.CutOff),
		textFigure("mode", r.Rules.Mode), textFigure("merkle_root", r.Seal.MerkleRoot), countFigure("merkle_size", r.Seal.MerkleSize))
	return append(list, r.Reconciliation.figures()...)
}
