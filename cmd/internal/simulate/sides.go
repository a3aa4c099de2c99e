package simulate

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"clearingd/clearing/service"
	"clearingd/clearing/sim/audit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// holdStatements holds the result of every statement: exactly one, the same bytes in stream
// and books, and what it must say.
func (r *run) holdStatements(ctx context.Context) {
	want := map[string]bool{}
	for _, s := range slices.Concat(r.early, r.late) {
		subject := "answers.statement." + s.party + "." + s.id
		want[subject] = true
		e, there := r.others[subject]
		if !there {
			r.fault("%s has no result", subject)
			continue
		}
		var reply service.StatementReply
		if err := r.ask(ctx, service.Statement+"."+s.party, service.StatementRequest{ID: s.id}, &reply); err != nil || !bytes.Equal(reply.Answer, e.Body) {
			r.fault("%s: the books' result differs from the stream's: %v", subject, err)
		}
		r.holdResult(s, e)
	}
	for _, o := range r.orders {
		subject := "answers.act." + o.province + "." + o.request.Object
		want[subject] = true
		if e, there := r.others[subject]; !there || !bytes.Equal(e.Body, o.reply.Answer) {
			r.fault("%s is not the answer that the officer got", subject)
		}
	}
	for subject := range r.others {
		if !want[subject] {
			r.fault("%s answers nothing that was sent", subject)
		}
	}
}

// result is what is held of a statement's result, of a hospital's or of a province's.
type result struct {
	Infcode json.Number `json:"infcode"`
	Code    int         `json:"code"`
	Outcome string      `json:"outcome"`
	Tied    bool        `json:"tied"`
	Output  struct {
		Info struct {
			Result string `json:"stmt_rslt"`
		} `json:"stmtinfo"`
		Result struct {
			Counts map[string]string `json:"counts"`
		} `json:"result"`
	} `json:"output"`
}

func (r *run) holdResult(s *statement, e provinces.Envelope) {
	first := s
	for _, other := range r.early {
		if s.outcome == repeated && other.party == s.party && other.id == s.original {
			first = other // a copy gets the first one's result
		}
	}
	digest := sha256.Sum256(s.parts[0])
	h := e.Header
	if h[provinces.HeaderOutcome] != s.outcome || h[provinces.HeaderDigest] != hex.EncodeToString(digest[:]) || h[provinces.HeaderOriginal] != s.original {
		r.fault("%s: headers %v, should be of outcome %s, original %q and the digest of its head", e.Subject, h, s.outcome, s.original)
	}
	var got result
	if err := json.Unmarshal(e.Body, &got); err != nil {
		r.fault("%s: %v", e.Subject, err)
		return
	}
	switch {
	case s.hospital() && got.Infcode.String() != strconv.Itoa(-first.code):
		r.fault("%s: infcode %s, should be %d", e.Subject, got.Infcode, -first.code)
	case !s.hospital() && (got.Code != first.code || got.Outcome != first.outcome):
		r.fault("%s: %s %d, should be %s %d", e.Subject, got.Outcome, got.Code, first.outcome, first.code)
	case first.outcome == refused:
	case s.hospital() && (got.Output.Info.Result == balanced) != first.tied():
		r.fault("%s: stmt_rslt %s of %s, the books have %s", e.Subject, got.Output.Info.Result, first.stated(), sums(first.ours))
	case !s.hospital() && got.Tied != first.tied():
		r.fault("%s: tied %t of %s, the books have %s", e.Subject, got.Tied, first.stated(), sums(first.ours))
	}
	if !s.hospital() || first.outcome == refused || first.totals {
		return
	}
	counts := first.lines()
	for line, n := range got.Output.Result.Counts {
		if n != strconv.Itoa(counts[line]) {
			r.fault("%s: lines %v, should be %v", e.Subject, got.Output.Result.Counts, counts)
			return
		}
	}
}

// lines counts what a 3202's lines come to: its rows, and what it does not have.
func (s *statement) lines() map[string]int {
	counts := map[string]int{}
	has := map[string]bool{}
	for _, r := range s.rows {
		counts[r.result]++
		has[r.SettlementID+flag(r.Refund)] = true
	}
	for _, r := range s.ours {
		if !has[r.SettlementID+flag(r.Refund)] {
			counts[oursMore]++
		}
	}
	return counts
}

// breaks are all that a list selects.
func (r *run) breaks(ctx context.Context, q service.BreaksRequest) (map[string]foundBreak, error) {
	all := map[string]foundBreak{}
	for {
		var reply struct {
			Breaks []foundBreak `json:"breaks"`
			Next   string       `json:"next"`
		}
		if err := r.ask(ctx, service.Breaks, q, &reply); err != nil {
			return nil, err
		}
		for _, b := range reply.Breaks {
			all[b.Key] = b
		}
		if q.After = reply.Next; q.After == "" {
			return all, nil
		}
	}
}

// foundBreak is what is held of a break.
type foundBreak struct {
	Key        string `json:"key"`
	Class      string `json:"class"`
	More       string `json:"more"`
	Entry      uint64 `json:"entry"`
	Books      string `json:"books"`
	Difference string `json:"difference"`
	Cause      string `json:"cause"`
	State      string `json:"state"`
}

func (b foundBreak) String() string {
	return fmt.Sprintf("%s of bill %d, the books %s, difference %s, more: %q", b.Class, b.Entry, b.Books, b.Difference, b.More)
}

// expected is the break as it must be found.
func (p planted) expected() foundBreak {
	b := foundBreak{Class: p.class, Entry: p.number, Books: audit.Yuan(p.books), Difference: audit.Yuan(p.more)}
	if p.more != nil {
		b.More = map[int]string{-1: "books", 0: "", 1: "side"}[p.more.Sign()]
	}
	return b
}

// holdBreaks holds the open breaks on an evening, or now, against what was planted by then
// and not ended by officers: those, and nothing else.
func (r *run) holdBreaks(ctx context.Context, when string, evening *ledger.Day, want truth) {
	found, err := r.breaks(ctx, service.BreaksRequest{Evening: evening})
	if err != nil {
		r.fault("breaks of %s: %v", when, err)
		return
	}
	for _, key := range slices.Sorted(maps.Keys(want.planted)) {
		p := want.planted[key]
		got, open := found[key]
		delete(found, key)
		over := r.stated.decided[key] && (evening == nil || *evening >= r.acted)
		should := p.expected()
		switch {
		case over && open:
			r.fault("breaks of %s: %s was decided by officers, and is open", when, key)
		case over:
		case !open:
			r.fault("breaks of %s: %s at %s was planted, and is not open: %s", when, key, p.party, should)
		case got.String() != should.String():
			r.fault("breaks of %s: %s at %s is %s, should be %s", when, key, p.party, got, should)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		r.fault("breaks of %s: %s was not planted: %s %s", when, key, found[key], found[key].Cause)
	}
}

// holdActs holds the history of every break that officers acted upon: each act stands in it
// once, and it is in the state that they left it in.
func (r *run) holdActs(ctx context.Context) {
	states := map[string]string{}
	for _, o := range r.orders {
		states[o.key] = "open"
		if r.stated.decided[o.key] {
			states[o.key] = "decided"
		}
		var reply service.BreakReply
		if err := r.ask(ctx, service.Break, service.BreakRequest{Key: o.key}, &reply); err != nil {
			r.fault("break %s: %v", o.key, err)
			continue
		}
		n := 0
		for _, e := range reply.History {
			if e.Act == o.reply.Entry {
				n++
			}
		}
		if n != 1 {
			r.fault("break %s: record %d, %s %s, stands %d times in its history", o.key, o.reply.Entry, o.request.Kind, o.request.Step, n)
		}
		if got := string(reply.Break.State); got != states[o.key] {
			r.fault("break %s is %s, should be %s after %s %s", o.key, got, states[o.key], o.request.Kind, o.request.Step)
		}
	}
}

// reconciledReport is what is compared of the report's part about reconciliation.
type reconciledReport struct {
	Reconciliation *struct {
		Balances []struct {
			Home      string  `json:"home"`
			Treatment string  `json:"treatment"`
			Matched   sumText `json:"matched"`
			Expected  sumText `json:"expected"`
			Broken    sumText `json:"broken"`
			Decisions string  `json:"decisions"`
			Balance   string  `json:"balance"`
		} `json:"balances"`
	} `json:"reconciliation"`
}

type sumText struct {
	Count int    `json:"count"`
	Owed  string `json:"owed"`
}

func textOf(s audit.Sum) sumText { return sumText{s.Count, audit.Yuan(s.Owed)} }

// holdReport holds each pair of an evening's report: matched, expected and broken bills,
// and with what officers decided the balance.
func (r *run) holdReport(books *audit.Books, evening ledger.Day, want truth) {
	text, err := os.ReadFile(filepath.Join(r.dir, "state", "reports", evening.String(), "report.json"))
	var got reconciledReport
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil || got.Reconciliation == nil {
		r.fault("report of %s: no reconciliation: %v", evening, err)
		return
	}
	pairs := books.Standings(evening.String(), want.said)
	for _, line := range got.Reconciliation.Balances {
		pair := audit.Pair{Home: line.Home, Treatment: line.Treatment}
		s := pairs[pair]
		if delete(pairs, pair); s == nil {
			r.fault("report of %s: the pair %v should not be there", evening, pair)
			continue
		}
		is := fmt.Sprint(line.Matched, line.Expected, line.Broken, line.Decisions, line.Balance)
		if should := fmt.Sprint(textOf(s.Matched), textOf(s.Expected), textOf(s.Broken), audit.Yuan(s.Decisions), audit.Yuan(s.Balance)); is != should {
			r.fault("report of %s, pair %v: matched, expected, broken, decisions, balance\n  is        %s\n  should be %s", evening, pair, is, should)
		}
	}
	for pair := range pairs {
		r.fault("report of %s: the pair %v is missing", evening, pair)
	}
}

// snapshot is everything the daemon says of breaks and matches, and the files of its reports.
type snapshot map[string]string

func (r *run) snapshot(ctx context.Context) (snapshot, error) {
	all := snapshot{}
	found, err := r.breaks(ctx, service.BreaksRequest{State: service.StateAll})
	if err != nil {
		return nil, err
	}
	for key := range found {
		var reply json.RawMessage
		if err := r.ask(ctx, service.Break, service.BreakRequest{Key: key}, &reply); err != nil {
			return nil, err
		}
		all[key] = string(reply)
	}
	reports := filepath.Join(r.dir, "state", "reports")
	err = filepath.WalkDir(reports, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, reports)] = string(text)
		return err
	})
	return all, err
}

// holdRerun matches again what was matched before the last kill, makes the report of the
// first evening again, and holds both against what was there: not a byte may differ.
func (r *run) holdRerun(ctx context.Context) error {
	if err := r.rematch(ctx); err != nil {
		return err
	}
	day := r.closed[0]
	if err := os.RemoveAll(filepath.Join(r.dir, "state", "reports", day.String())); err != nil {
		return err
	}
	var remade service.RemakeReply
	if err := r.ask(ctx, service.Remake, service.RemakeRequest{Day: day}, &remade); err != nil {
		return errors.Join(err, errors.New("the report of "+day.String()+" is not made again"))
	}
	after, err := r.snapshot(ctx)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(r.before)) {
		if after[name] != r.before[name] {
			r.fault("after a kill and a second match %s differs:\n  was %s\n  is  %s", name, short(r.before[name]), short(after[name]))
		}
	}
	for name := range after {
		if _, known := r.before[name]; !known {
			r.fault("after a kill and a second match there is %s", name)
		}
	}
	return nil
}

func short(text string) string { return text[:min(len(text), 2000)] }
