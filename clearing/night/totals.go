package night

import (
	"fmt"

	"clearingd/clearing/report"
	"clearingd/clearing/store"
)

// totals are what a night adds up: the report's figures, the trial balance and the
// accounts in use.
type totals struct {
	builder  *report.Builder
	trial    trial
	pairs    pairs
	accounts *accounts
	records  uint64
	carried  []store.TrialSum // the trial balance at the end, to carry forward
}

func (n *Night) newTotals(s span) (*totals, error) {
	t := &totals{builder: report.NewBuilder(n.head(s)), trial: newTrial(s.previous.Trial), accounts: newAccounts()}
	var err error
	if t.pairs, err = n.newPairs(s); err != nil {
		return nil, err
	}
	for _, stream := range n.o.Streams {
		between := s.streams[stream]
		if err := t.builder.AddStream(stream, between[0], between[1]); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *totals) add(lines []line) error {
	for i := range lines {
		if err := t.one(&lines[i]); err != nil {
			return err
		}
	}
	return nil
}

func (t *totals) one(l *line) error {
	t.records++
	for _, p := range l.entry.Postings {
		t.accounts.use(p.Account)
	}
	if err := t.pairs.post(l.entry, l.decision || l.act); err != nil {
		return err
	}
	switch {
	case l.decision:
		if err := addDecision(t.builder, l); err != nil {
			return err
		}
		return t.trial.post(l.entry)
	case l.act:
		t.builder.AddDecision(l.number)
	case l.stream != "":
		t.builder.AddMessage(l.stream, l.number, l.outcome, l.code)
	}
	if l.bill != nil {
		if err := t.builder.AddBill(*l.bill); err != nil {
			return err
		}
	}
	return t.trial.post(l.entry)
}

// finish makes the report.
func (t *totals) finish(s span) (r report.Report, err error) {
	if t.records != s.records {
		return r, fmt.Errorf("%w: the days have %d records, %d were found", ErrIncomplete, s.records, t.records)
	}
	t.carried = t.trial.sums()
	for _, sum := range t.carried {
		line := report.TrialLine{Side: sum.Side, Province: sum.Province, Stage: sum.Stage, Debits: sum.Debits, Credits: sum.Credits}
		if err := t.builder.AddTrial(line); err != nil {
			return r, err
		}
	}
	if r, err = t.builder.Finish(s.seal()); err != nil {
		return r, err
	}
	if !r.Summary.Complete {
		return r, fmt.Errorf("%w: %s to %s", ErrIncomplete, s.from, s.to)
	}
	return r, nil
}
