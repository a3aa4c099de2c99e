package console

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// breaksView is what a list of breaks shows.
type breaksView struct {
	service.BreaksReply
	Query     service.BreaksRequest
	From, To  string // of the form; "" where all days are asked for
	AsOf      string
	Provinces []ledger.Province
	First     string // address of the list's beginning; "" on it
	More      string // address of the next part; "" at the end
}

// AllClasses, Ages, Owners, States and Happenings are the choices of the form.
func (breaksView) AllClasses() []reconcile.Class { return reconcile.Classes }
func (breaksView) Ages() []report.AgeLine        { return report.Ages() }
func (breaksView) Owners() []report.SideName     { return report.SideNames }
func (breaksView) States() []reconcile.State {
	return []reconcile.State{reconcile.Open, reconcile.Proposed, reconcile.Resolved, reconcile.Decided, reconcile.Gone}
}

// breaksList lists breaks, filtered.
func (c *console) breaksList(r *http.Request) (response, error) {
	q, err := parameters(r)
	if err != nil {
		return nil, err
	}
	query, err := breaksQuery(q)
	if err != nil {
		return nil, err
	}
	reply, err := c.options.Reconciliation.Breaks(r.Context(), query)
	if err != nil {
		return nil, err
	}
	v := breaksView{BreaksReply: reply, Query: query, From: q["from"], To: q["to"], AsOf: q["evening"], Provinces: provinces.Provinces()}
	if query.After != "" {
		v.First = afterKey(r.URL, "")
	}
	if reply.Next != "" {
		v.More = afterKey(r.URL, reply.Next)
	}
	return page{name: "breaks", section: "breaks", title: phrases["breaks"], data: v, wide: true}, nil
}

// breaksQuery reads the filters strictly.
func breaksQuery(q values) (query service.BreaksRequest, err error) {
	for _, day := range []struct {
		name string
		into **ledger.Day
	}{{"evening", &query.Evening}, {"from", &query.From}, {"to", &query.To}} {
		if q[day.name] == "" {
			continue
		}
		given, err := parseDay(q[day.name])
		if err != nil {
			return query, err
		}
		*day.into = &given
	}
	if query.Home, err = q.region("home"); err != nil {
		return query, err
	}
	if query.Treatment, err = q.region("treatment"); err != nil {
		return query, err
	}
	if query.Province, err = q.province("province"); err != nil {
		return query, err
	}
	query.Provider, query.Class, query.Age = q["provider"], reconcile.Class(q["class"]), q["age"]
	query.Owner, query.State, query.Happened = report.SideName(q["owner"]), q["state"], report.Happening(q["happened"])
	query.Group, query.After, query.Limit = q["group"], q["after"], rowsMax
	if query.Age == ageOverdue { // all buckets past the due date
		query.Age, query.Overdue = "", true
	}
	_, age := report.ParseAge(query.Age)
	for _, fits := range []bool{
		query.From == nil || query.To == nil || *query.From <= *query.To,
		query.Provider == "" || provinces.ValidProvider(query.Provider),
		query.Class == "" || slices.Contains(reconcile.Classes, query.Class),
		query.Age == "" || age,
		query.Owner == "" || slices.Contains(report.SideNames, query.Owner),
		slices.Contains(service.States(), query.State),
		query.Happened == "" || slices.Contains(report.Happenings, query.Happened),
		query.Group == "" || groupName.MatchString(query.Group),
		query.After == "" || reconcile.ValidKey(query.After),
	} {
		if !fits {
			return query, errParameter
		}
	}
	return query, nil
}

// ageOverdue stands for every age past the due date.
const ageOverdue = "overdue"

// groupName is the grammar of an automatic group's name.
var groupName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/-]{0,79}$`)

// afterKey is the address of the same list from another key on.
func afterKey(u *url.URL, key string) string {
	q := u.Query()
	q.Del("after")
	q.Del("lang")
	if key != "" {
		q.Set("after", key)
	}
	return (&url.URL{Path: u.Path, RawQuery: q.Encode()}).String()
}

// breakView is what the page of one break shows.
type breakView struct {
	service.BreakReply
	Remedies []remedy
}

// Proved reports whether any finding's cause is.
func (v *breakView) Proved() bool {
	return slices.ContainsFunc(v.Findings, func(f service.BreakFinding) bool { return f.Cause != nil })
}

// oneBreak shows one break. Its key stands in the query, because a row's name may hold
// anything that a path cannot.
func (c *console) oneBreak(r *http.Request) (response, error) {
	q, err := parameters(r)
	if err != nil {
		return nil, err
	}
	request := service.BreakRequest{Key: q["key"]}
	if !reconcile.ValidKey(request.Key) {
		return nil, errParameter
	}
	if q["evening"] != "" {
		evening, err := parseDay(q["evening"])
		if err != nil {
			return nil, err
		}
		request.Evening = &evening
	}
	reply, err := c.options.Reconciliation.Break(r.Context(), request)
	if err != nil {
		return nil, err
	}
	v := &breakView{BreakReply: reply, Remedies: remedies(reply)}
	return page{name: "break", section: "breaks", title: phrases["break"], data: v}, nil
}
