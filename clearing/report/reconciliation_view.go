package report

import (
	_ "embed"
	"errors"
	"fmt"
	"html/template"

	"clearingd/ledger"
)

//go:embed reconciliation.html.tmpl
var reconciliationSource string

// reconciliationFunctions are what its part of the page calls beside the page's own.
var reconciliationFunctions = template.FuncMap{
	"classOf":   className,
	"causeOf":   causeName,
	"stateOf":   stateName,
	"sideOf":    sideName,
	"moreOf":    moreName,
	"happening": happeningName,
	"automatic": automaticName,
	"age":       ageName,
	"reconciledIn": func(v *reconciledView, h reconciledHome) reconciledRow {
		return reconciledRow{h, v.From, v.To, v.Evening, v.Night}
	},
	"standingsIn": newStandingsRow,
	"changesOf":   changesKey,
	"ageID":       AgeID,
	"areaName": func(a ledger.Area) Bi {
		return Bi{areaProvince(a) + " " + string(a), provinceName(a.Province()).EN + " " + string(a)}
	},
}

// reconciledView is the reconciliation as the page shows it: one fold a home province
// with its pairs, the report's days beside all days, so that 32 provinces stay 32 lines
// until one of them is opened.
type reconciledView struct {
	*Reconciliation
	Homes []reconciledHome // between provinces
	Sum   reconciledHome   // of Homes
	Inner []reconciledHome // within one
	From  ledger.Day
	To    ledger.Day
	Night bool
}

// reconciledHome is one province with its pairs.
type reconciledHome struct {
	Province ledger.Province
	Day      Standings   // of the report's days
	All      PairBalance // of all days
	Pairs    []reconciledPair
}

type reconciledPair struct {
	Home, Treatment string // provinces, or areas of one
	Name            Bi
	Day             Standings
	All             *PairBalance // nil for areas: balances are by province
}

// Reconciled is the view of the report's reconciliation; nil without one.
func (p page) Reconciled() (*reconciledView, error) {
	if p.Reconciliation == nil {
		return nil, nil
	}
	v := &reconciledView{Reconciliation: p.Reconciliation, From: p.From, To: p.To, Night: p.Night()}
	days := map[provincePair]Standings{}
	for _, x := range p.Reconciliation.Pairs {
		days[provincePair{x.Home, x.Treatment}] = x.Standings
	}
	for _, b := range p.Reconciliation.Balances {
		if b.Home != b.Treatment {
			v.Homes = homeOf(v.Homes, b.Home)
			home := &v.Homes[len(v.Homes)-1]
			pair := reconciledPair{string(b.Home), string(b.Treatment), provinceName(b.Treatment), days[provincePair{b.Home, b.Treatment}], &b}
			if err := errors.Join(home.add(pair, b), v.Sum.add(pair, b)); err != nil {
				return nil, err
			}
			continue
		}
		inner := reconciledHome{Province: b.Home, All: b}
		for _, a := range p.Reconciliation.Internal {
			if a.Home.Province() == b.Home {
				name := Bi{string(a.Home) + " → " + string(a.Treatment), string(a.Home) + " → " + string(a.Treatment)}
				inner.Pairs = append(inner.Pairs, reconciledPair{string(a.Home), string(a.Treatment), name, a.Standings, nil})
				if err := inner.Day.add(a.Standings); err != nil {
					return nil, err
				}
			}
		}
		v.Inner = append(v.Inner, inner)
	}
	return v, nil
}

// reconciledRow is a province with what its lines need to lead into the console.
type reconciledRow struct {
	reconciledHome
	From, To, Evening ledger.Day
	Night             bool
}

// standingsRow is the sums of a pair and where its bills are listed; Address is "" for a
// period, whose bills no one page lists but for the broken ones.
type standingsRow struct {
	Day     Standings
	Address string
	Broken  string
}

func newStandingsRow(r reconciledRow, p reconciledPair) standingsRow {
	if r.Night {
		address := fmt.Sprintf("../../reconciliation/%s/pairs/%s-%s", r.From, p.Home, p.Treatment)
		return standingsRow{p.Day, address, address + "?standing=broken"}
	}
	return standingsRow{Day: p.Day, Broken: fmt.Sprintf("../../breaks?home=%s&treatment=%s&from=%s&to=%s&state=broken&evening=%s", p.Home, p.Treatment, r.From, r.To, r.Evening)}
}

// homeOf begins the next home province where the pairs come to it.
func homeOf(homes []reconciledHome, province ledger.Province) []reconciledHome {
	if n := len(homes); n > 0 && homes[n-1].Province == province {
		return homes
	}
	return append(homes, reconciledHome{Province: province})
}

func (h *reconciledHome) add(p reconciledPair, b PairBalance) error {
	h.Pairs = append(h.Pairs, p)
	err := h.Day.add(p.Day)
	for _, x := range []struct {
		sum *ledger.Amount
		a   ledger.Amount
	}{{&h.All.Decisions, b.Decisions}, {&h.All.Balance, b.Balance}} {
		if err == nil {
			err = addTo(x.sum, x.a)
		}
	}
	if err == nil {
		err = h.All.add(b.Standings)
	}
	return err
}

// ageName is what a bucket of age is called.
func ageName(a AgeLine) Bi {
	switch {
	case a.From == AgeNotDue:
		return say("age.notdue")
	case a.To == 0:
		return say("age.today")
	case a.To == AgeForEver:
		t := say("age.forever")
		return Bi{fmt.Sprintf(t.ZH, a.From), fmt.Sprintf(t.EN, a.From)}
	}
	t := say("age.days")
	return Bi{fmt.Sprintf(t.ZH, a.From, a.To), fmt.Sprintf(t.EN, a.From, a.To)}
}

// AgeName is what a bucket of age is called.
func AgeName(a AgeLine) Bi { return ageName(a) }

// Ages are the buckets of age, empty: not due, due today, 1 to 5 working days overdue and
// so on to the beginning of the books.
func Ages() []AgeLine {
	list := make([]AgeLine, len(ages))
	for i, a := range ages {
		list[i] = AgeLine{From: a[0], To: a[1]}
	}
	return list
}

// AgeID names a bucket in addresses and requests: "notdue", "0", "1-5", "121+".
func AgeID(a AgeLine) string {
	switch {
	case a.From == AgeNotDue:
		return "notdue"
	case a.From == a.To:
		return fmt.Sprint(a.From)
	case a.To == AgeForEver:
		return fmt.Sprintf("%d+", a.From)
	}
	return fmt.Sprintf("%d-%d", a.From, a.To)
}

// ParseAge finds a bucket by its name.
func ParseAge(id string) (AgeLine, bool) {
	for _, a := range Ages() {
		if AgeID(a) == id {
			return a, true
		}
	}
	return AgeLine{}, false
}
