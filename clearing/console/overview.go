package console

import (
	"context"
	"net/http"
	"slices"

	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// overviewDays is how many of the last days the first page shows: two weeks.
const overviewDays = 14

// overviewView is what the first page shows.
type overviewView struct {
	service.StatusReply
	Backlog uint64
	Counts  []report.OutcomeCount // since the books began, in the order of reports
	Lines   []dayLine
	NoDays  bool // the days could not be read

	HasBreaks bool                 // this installation matches statements
	Breaks    *service.BreaksReply // what is not settled; nil: it could not be read
}

// dayLine is a business day as a line of a list.
type dayLine struct {
	service.DayStatus
	Summary *report.Summary // of its sealed report; nil if there is none to read
}

// HasReport reports whether the day has a report to open.
func (l dayLine) HasReport() bool { return slices.Contains(l.Files, "report.html") }

func (c *console) overview(r *http.Request) (response, error) {
	status, err := c.books.Status(r.Context())
	if err != nil {
		return nil, err
	}
	v := overviewView{StatusReply: status, HasBreaks: c.options.Reconciliation != nil}
	if v.HasBreaks {
		v.Breaks = c.unsettled(r.Context())
	}
	for _, s := range status.Streams {
		v.Backlog += s.Last - min(s.Answered, s.Last)
	}
	for _, o := range provinces.Outcomes {
		v.Counts = append(v.Counts, report.OutcomeCount{Outcome: o, Count: status.Outcomes[string(o)]})
	}
	// Books that fail their check answer for nothing but themselves; the page must still
	// say so.
	days, err := c.books.Days(r.Context())
	if err != nil {
		v.NoDays = true
		return page{name: "overview", section: "overview", title: phrases["overview"], data: v}, nil
	}
	v.Lines = c.dayLines(r.Context(), days.Days[:min(overviewDays, len(days.Days))])
	return page{name: "overview", section: "overview", title: phrases["overview"], data: v}, nil
}

// unsettled counts the breaks that wait for somebody. Without the calendar of the year nothing is
// due, and they cannot be counted; the page must still say the rest.
func (c *console) unsettled(ctx context.Context) *service.BreaksReply {
	reply, err := c.options.Reconciliation.Breaks(ctx, service.BreaksRequest{Limit: 1})
	if err != nil {
		return nil
	}
	return &reply
}

func (c *console) days(r *http.Request) (response, error) {
	reply, err := c.books.Days(r.Context())
	if err != nil {
		return nil, err
	}
	return page{name: "days", section: "days", title: phrases["days"], data: c.dayLines(r.Context(), reply.Days)}, nil
}

func (c *console) dayLines(ctx context.Context, days []service.DayStatus) []dayLine {
	lines := make([]dayLine, len(days))
	for i, d := range days {
		lines[i] = dayLine{DayStatus: d, Summary: c.summary(ctx, d)}
	}
	return lines
}

// sealedSummary is a summary under the seal it was read with.
type sealedSummary struct {
	seal    string
	summary report.Summary
}

// summary is the summary of a closed day's report. What is sealed does not change, so it
// is read once; nil if the day is not closed or its report cannot be read.
func (c *console) summary(ctx context.Context, d service.DayStatus) *report.Summary {
	if d.State != stateClosed {
		return nil
	}
	c.mutex.Lock()
	known, ok := c.sealed[d.Day]
	c.mutex.Unlock()
	if ok && known.seal == d.Seal {
		return &known.summary
	}
	whole, err := c.readReport(ctx, d.Day)
	if err != nil {
		return nil
	}
	c.mutex.Lock()
	c.sealed[d.Day] = sealedSummary{d.Seal, whole.Summary}
	c.mutex.Unlock()
	return &whole.Summary
}

// readReport reads the model of a closed day's report back from its file.
func (c *console) readReport(ctx context.Context, day ledger.Day) (report.Report, error) {
	file, err := c.books.ReportFile(ctx, day.String(), reportModel)
	if err != nil {
		return report.Report{}, err
	}
	defer file.Close()
	return report.ReadJSON(file)
}
