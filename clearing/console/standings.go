package console

import (
	"net/http"
	"slices"
	"strings"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// reconciledDayView is the match of one business day.
type reconciledDayView struct {
	service.ReconcileReply
	Homes []reconciledHome // between provinces, by home
	Inner []reconciledPair // within one
	Sum   report.Standings
	Alone uint64 // rows without a bill
}

// reconciledHome is one home province with its pairs, areas added up.
type reconciledHome struct {
	Province ledger.Province
	Pairs    []reconciledPair
	report.Standings
}

type reconciledPair struct {
	Day             ledger.Day
	Home, Treatment string
	report.Standings
}

func (c *console) reconciledDay(r *http.Request) (response, error) {
	day, err := parseDay(r.PathValue("day"))
	if err != nil {
		return nil, err
	}
	reply, err := c.options.Reconciliation.Reconcile(r.Context(), service.ReconcileRequest{Day: &day})
	if err != nil {
		return nil, err
	}
	v := &reconciledDayView{ReconcileReply: reply}
	for _, row := range reply.Rows {
		v.Alone += row.Count
	}
	if err := v.add(); err != nil {
		return nil, err
	}
	return page{name: "reconciled", section: "breaks", title: phrases["recday"], data: v, wide: true}, nil
}

// add adds areas up to provinces.
func (v *reconciledDayView) add() error {
	for _, p := range v.Pairs {
		s := report.Standings{Matched: p.Matched, Expected: p.Expected, Broken: p.Broken, Ledger: p.Ledger}
		if err := addStandings(&v.Sum, s); err != nil {
			return err
		}
		home, treatment := p.Home.Province(), p.Treatment.Province()
		if home == treatment {
			v.Inner = append(v.Inner, reconciledPair{v.Day, string(p.Home), string(p.Treatment), s})
			continue
		}
		i := slices.IndexFunc(v.Homes, func(h reconciledHome) bool { return h.Province == home })
		if i < 0 {
			i, v.Homes = len(v.Homes), append(v.Homes, reconciledHome{Province: home})
		}
		h := &v.Homes[i]
		j := slices.IndexFunc(h.Pairs, func(x reconciledPair) bool { return x.Treatment == string(treatment) })
		if j < 0 {
			j, h.Pairs = len(h.Pairs), append(h.Pairs, reconciledPair{Day: v.Day, Home: string(home), Treatment: string(treatment)})
		}
		if err := addStandings(&h.Pairs[j].Standings, s); err != nil {
			return err
		}
		if err := addStandings(&h.Standings, s); err != nil {
			return err
		}
	}
	return nil
}

func addStandings(sum *report.Standings, s report.Standings) (err error) {
	for _, x := range []struct{ into, from *reconcile.Sum }{{&sum.Matched, &s.Matched}, {&sum.Expected, &s.Expected}, {&sum.Broken, &s.Broken}} {
		x.into.Count += x.from.Count
		if x.into.Owed, err = x.into.Owed.Add(x.from.Owed); err != nil {
			return err
		}
	}
	sum.Ledger, err = sum.Ledger.Add(s.Ledger)
	return err
}

// standingsView is what a list of bills with their standing shows.
type standingsView struct {
	StandingPage
	Query    StandingQuery
	Pair     string
	Standing string // the one that is asked for; "": all
	First    string
	More     string
}

// Ties reports whether the three sums are the ledger's.
func (v *standingsView) Ties() bool {
	sum, err := ledger.Sum(v.Sums.Matched.Owed, v.Sums.Expected.Owed, v.Sums.Broken.Owed)
	return err == nil && sum == v.Sums.Ledger
}

// standingWords are the standings as addresses write them.
var standingWords = []reconcile.Standing{reconcile.Matched, reconcile.Expected, reconcile.Broken}

// standings lists the bills behind one figure of the reconciliation.
func (c *console) standings(r *http.Request) (response, error) {
	q, err := parameters(r)
	if err != nil {
		return nil, err
	}
	query := StandingQuery{Limit: rowsMax}
	if query.Day, err = parseDay(r.PathValue("day")); err != nil {
		return nil, err
	}
	if query.Home, query.Treatment, err = parsePair(r.PathValue("pair")); err != nil {
		return nil, err
	}
	if query.After, err = q.after(); err != nil {
		return nil, err
	}
	if word := q["standing"]; word != "" {
		i := slices.IndexFunc(standingWords, func(s reconcile.Standing) bool { return s.String() == word })
		if i < 0 {
			return nil, errParameter
		}
		query.Standing = &standingWords[i]
	}
	part, err := c.options.Reconciliation.Standings(r.Context(), query)
	if err != nil {
		return nil, err
	}
	v := &standingsView{StandingPage: part, Query: query, Pair: r.PathValue("pair"), Standing: q["standing"]}
	if query.After != 0 {
		v.First = after(r.URL, 0)
	}
	if part.Next != 0 {
		v.More = after(r.URL, part.Next)
	}
	return page{name: "standings", section: "breaks", title: phrases["standings"], data: v, wide: true}, nil
}

// statementsView is what the page of a party shows.
type statementsView struct {
	PartyStatements
	Party    provinces.Party
	From, To ledger.Day
}

// Behind reports whether the party's statements end before they are due.
func (v *statementsView) Behind() bool { return v.Horizon < v.Due }

func (c *console) statements(r *http.Request) (response, error) {
	party, err := parseParty(r.PathValue("party"))
	if err != nil {
		return nil, err
	}
	q, err := parameters(r)
	if err != nil {
		return nil, err
	}
	v := &statementsView{Party: party}
	if v.From, v.To, err = c.span(r, q); err != nil {
		return nil, err
	}
	if v.PartyStatements, err = c.options.Reconciliation.Statements(r.Context(), StatementsQuery{party, v.From, v.To}); err != nil {
		return nil, err
	}
	return page{name: "statements", section: "breaks", title: phrases["statements"], data: v}, nil
}

// parseParty reads provider.33.H33010000001, treatment.33 or home.65.
func parseParty(s string) (provinces.Party, error) {
	parts := strings.Split(s, ".")
	party := provinces.Party{Kind: provinces.PartyKind(parts[0])}
	if len(parts) >= 2 {
		party.Province = ledger.Province(parts[1])
	}
	switch {
	case !provinces.Known(party.Province):
		return party, errParameter
	case party.Kind == provinces.PartyProvider && len(parts) == 3 && provinces.ValidProvider(parts[2]):
		party.Provider = parts[2]
		return party, nil
	case (party.Kind == provinces.PartyTreatment || party.Kind == provinces.PartyHome) && len(parts) == 2:
		return party, nil
	}
	return party, errParameter
}
