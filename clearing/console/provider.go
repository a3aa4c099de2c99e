package console

import (
	"net/http"
	"slices"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/ledger"
	"clearingd/provinces"
)

// providerDaysDefault is how many days a hospital's page shows unless it is asked for
// others.
const providerDaysDefault = 31

// providerView answers "we are so much apart over these days with this hospital: why?"
type providerView struct {
	ProviderDays
	Provider string
	From, To ledger.Day
	Lines    []providerLine
	Books    reconcile.Sum // of all days
	Hospital reconcile.Sum // of the days it has spoken about
	Apart    ledger.Amount // hospital less books, of those days
	Told     ledger.Amount // sum of the reasons
	Open     ledger.Amount // of Apart, by open breaks, as the report's list of hospitals has it
	OpenOf   int           // such breaks
	Party    string        // key of the hospital as a party
}

// Explained reports whether the reasons add up to what the two are apart.
func (v *providerView) Explained() bool { return v.Told == v.Apart && v.Why.Rest == 0 }

// Settled is what the two are apart by beside open breaks: what is settled and still stated
// otherwise, and what lies on another day than its bill.
func (v *providerView) Settled() ledger.Amount { return v.Apart - v.Open }

// Parted reports whether the two parts are told: where all open breaks are known, and are not
// everything.
func (v *providerView) Parted() bool { return v.ProviderDays.More == 0 && v.Settled() != 0 }

// Left is what no listed break explains.
func (v *providerView) Left() ledger.Amount { return v.Apart - v.Told }

// providerLine is one day with its breaks.
type providerLine struct {
	ProviderDay
	Apart   ledger.Amount // hospital less books; 0 where it has not spoken
	Running ledger.Amount // of this day and those before
	Breaks  []apartLine
}

// apartLine is a break and how far the hospital is apart by it.
type apartLine struct {
	report.BreakLine
	Apart ledger.Amount
	Told  bool
}

func (c *console) provider(r *http.Request) (response, error) {
	q, err := parameters(r)
	if err != nil {
		return nil, err
	}
	query := ProviderQuery{Provider: r.PathValue("provider")}
	if !provinces.ValidProvider(query.Provider) {
		return nil, errParameter
	}
	if query.From, query.To, err = c.span(r, q); err != nil {
		return nil, err
	}
	days, err := c.options.Reconciliation.Provider(r.Context(), query)
	if err != nil {
		return nil, err
	}
	v := &providerView{ProviderDays: days, Provider: query.Provider, From: query.From, To: query.To}
	if days.Area != "" {
		v.Party = provinces.Party{Kind: provinces.PartyProvider, Province: days.Area.Province(), Provider: query.Provider}.Key()
	}
	if err := v.add(); err != nil {
		return nil, err
	}
	return page{name: "provider", section: "breaks", title: phrases["provider.page"], data: v}, nil
}

// span reads a range of days; without one it is the month up to the last closed day.
func (c *console) span(r *http.Request, q values) (from, to ledger.Day, err error) {
	status, err := c.books.Status(r.Context())
	if err != nil {
		return 0, 0, err
	}
	last := status.Day
	if status.LastClosed != nil {
		last = *status.LastClosed
	}
	if to, err = q.dayOr("to", last); err != nil {
		return 0, 0, err
	}
	if from, err = q.dayOr("from", to-providerDaysDefault+1); err != nil {
		return 0, 0, err
	}
	if from > to || to-from >= daysMax {
		return 0, 0, errParameter
	}
	return from, to, nil
}

// settled puts beside the open breaks what else the two are apart by on a day: what is settled
// and still stated otherwise, and rows that lie on another day than their bills. With the
// open ones they are at most [ProviderBreaksMax].
func (v *providerView) settled(byDay map[ledger.Day][]apartLine) {
	type place struct {
		day ledger.Day
		key string
	}
	listed := map[place]bool{}
	for _, b := range v.ProviderDays.Breaks {
		listed[place{b.Day, b.Key}] = true
	}
	parts := slices.Clone(v.Why.Cancel)
	for _, reason := range v.Why.Reasons {
		parts = append(parts, reason.Parts...)
	}
	for _, p := range parts {
		at := place{p.Day, p.Key}
		if listed[at] || p.Class == reconcile.ExpectedPart || len(listed) >= ProviderBreaksMax {
			continue
		}
		listed[at] = true
		l := apartLine{Apart: p.Owed, Told: true}
		l.Key, l.Class, l.Cause = p.Key, p.Class, p.Cause
		byDay[p.Day] = append(byDay[p.Day], l)
	}
}

// reasonLine is a reason with as many of its parts as a page lists.
type reasonLine struct {
	reconcile.Reason
	More int // parts that are not listed
}

// partsShown is the most parts of a reason, or of what cancels, that a page lists.
const partsShown = 100

// Reasons are those of the answer.
func (v *providerView) Reasons() (list []reasonLine) {
	for _, r := range v.Why.Reasons {
		l := reasonLine{Reason: r}
		l.Parts, l.More = firstParts(r.Parts)
		list = append(list, l)
	}
	return list
}

// Cancelling are parts that add nothing.
func (v *providerView) Cancelling() (l reasonLine) {
	l.Parts, l.More = firstParts(v.Why.Cancel)
	return l
}

func firstParts(parts []reconcile.Part) ([]reconcile.Part, int) {
	shown := min(len(parts), partsShown)
	return parts[:shown], len(parts) - shown
}

// add makes the lines and sums of the page.
func (v *providerView) add() (err error) {
	byDay := map[ledger.Day][]apartLine{}
	add := func(sum *ledger.Amount, a ledger.Amount) {
		next, e := sum.Add(a)
		if e != nil && err == nil {
			err = e
		}
		*sum = next
	}
	for _, b := range v.ProviderDays.Breaks {
		l := apartLine{BreakLine: b}
		l.Apart, l.Told = b.Apart(report.SideHospital)
		if l.Told && l.Apart != 0 && !b.Agrees {
			add(&v.Open, l.Apart)
			v.OpenOf++
		}
		byDay[b.Day] = append(byDay[b.Day], l)
	}
	v.settled(byDay)
	for _, d := range v.Days {
		l := providerLine{ProviderDay: d, Breaks: byDay[d.Day]}
		v.Books.Count += d.Books.Count
		add(&v.Books.Owed, d.Books.Owed)
		if d.Hospital != nil {
			v.Hospital.Count += d.Hospital.Count
			add(&v.Hospital.Owed, d.Hospital.Owed)
			add(&l.Apart, d.Hospital.Owed)
			add(&l.Apart, -d.Books.Owed)
			add(&v.Apart, l.Apart)
		}
		l.Running = v.Apart
		v.Lines = append(v.Lines, l)
	}
	for _, reason := range v.Why.Reasons {
		add(&v.Told, reason.Owed)
	}
	return err
}
