package console

import (
	"context"
	"net/http"

	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
)

// States of a day, as service.DayStatus names them.
const stateClosed = "closed"

// dayView is what the page of one business day shows.
type dayView struct {
	service.DayStatus
	Previous, Next *ledger.Day // known days beside it; nil: none
	Report         *report.Report
	Homes          []homeView
	Files          []reportFile
	Reconciled     bool // there is a page about what three sides made of it
}

// homeView is one home province with its pairs.
type homeView struct {
	report.ProvinceTotal
	Pairs []report.Pair
}

func (c *console) day(r *http.Request) (response, error) {
	day, err := parseDay(r.PathValue("day"))
	if err != nil {
		return nil, err
	}
	v, err := c.findDay(r.Context(), day)
	if err != nil {
		return nil, err
	}
	for _, f := range reportFiles {
		for _, name := range v.DayStatus.Files {
			if f.Name == name {
				v.Files = append(v.Files, f)
			}
		}
	}
	v.Reconciled = v.State == stateClosed && c.options.Reconciliation != nil
	if v.State == stateClosed {
		whole, err := c.readReport(r.Context(), day)
		if err != nil {
			c.failed(r.Pattern, err) // the page says so and shows the rest
		} else {
			v.Report, v.Homes = &whole, homeViews(whole)
		}
	}
	title := phrase{phrases["day"].zh + " " + day.String(), phrases["day"].en + " " + day.String()}
	return page{name: "day", section: "days", title: title, data: v}, nil
}

// findDay finds a day among the known ones, which come newest first.
func (c *console) findDay(ctx context.Context, day ledger.Day) (v dayView, err error) {
	reply, err := c.books.Days(ctx)
	if err != nil {
		return v, err
	}
	for i, d := range reply.Days {
		if d.Day != day {
			continue
		}
		v.DayStatus = d
		if i > 0 {
			v.Next = &reply.Days[i-1].Day
		}
		if i+1 < len(reply.Days) {
			v.Previous = &reply.Days[i+1].Day
		}
		return v, nil
	}
	return v, ErrNotFound
}

func homeViews(whole report.Report) []homeView {
	byHome := map[ledger.Province][]report.Pair{}
	for _, p := range whole.Pairs {
		byHome[p.Home] = append(byHome[p.Home], p)
	}
	var views []homeView
	for _, h := range whole.ByHome {
		views = append(views, homeView{h, byHome[h.Province]})
	}
	return views
}
