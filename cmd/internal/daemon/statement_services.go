package daemon

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/intake"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// statementEndpoints are the services about statements.
func (d *Daemon) statementEndpoints() []bus.Endpoint {
	return []bus.Endpoint{
		{Name: "have", Subject: service.Have + ".>", Handle: forParty(service.Have, d.have)},
		{Name: "statement", Subject: service.Statement + ".>", Handle: forParty(service.Statement, d.statement)},
	}
}

// forParty makes a handler of a function that answers for the party in the subject.
func forParty[Request, Reply any](prefix string, f func(context.Context, provinces.Party, Request) (Reply, error)) handler {
	return func(ctx context.Context, subject string, body []byte) ([]byte, error) {
		return answer(func(ctx context.Context, request Request) (reply Reply, err error) {
			// A party stands in a service's subject as it does in those of its statements.
			place, err := provinces.ParseStatementSubject("statements." + strings.TrimPrefix(subject, prefix+".") + ".x.0")
			if err != nil || !provinces.Known(place.Party.Province) {
				return reply, errNoSuch
			}
			return f(ctx, place.Party, request)
		})(ctx, subject, body)
	}
}

const (
	haveDaysMax       = 400
	haveDaysDefault   = 30
	haveStatementsMax = 200       // of each kind
	resultPageBytes   = 512 << 10 // before base64
)

// have says what the books have from a party.
func (d *Daemon) have(ctx context.Context, party provinces.Party, request service.HaveRequest) (reply service.HaveReply, err error) {
	open, err := d.closing.openDay()
	if err != nil {
		return reply, err
	}
	reply = service.HaveReply{
		Party: party.Key(), To: open, Days: []service.HaveDay{},
		Applied: []service.StatementLine{}, Waiting: []service.StatementLine{}, Refused: []service.StatementLine{},
	}
	if request.To != nil {
		reply.To = min(*request.To, open)
	}
	reply.From = reply.To - haveDaysDefault
	if request.From != nil {
		reply.From = *request.From
	}
	reply.From = max(reply.From, reply.To-haveDaysMax, d.store.Identity().FirstDay)
	for day := reply.From; day <= reply.To; day++ {
		line, err := d.haveDay(ctx, party, day)
		if err != nil {
			return reply, err
		}
		if line.Bills != 0 || line.Refunds != 0 {
			reply.Days = append(reply.Days, line)
		}
	}
	return reply, d.store.View(func(tx *store.Tx) error { return haveStatements(tx, party, &reply) })
}

// haveDay adds up a party's day: of a closed one from the books' sums, of an open one from
// its records so far.
func (d *Daemon) haveDay(ctx context.Context, party provinces.Party, day ledger.Day) (line service.HaveDay, err error) {
	var state store.DayState
	err = d.store.View(func(tx *store.Tx) (err error) {
		state, err = tx.Day(day)
		return err
	})
	if err != nil {
		return line, err
	}
	line.Day, line.State = day, state.Phase.String()
	var sums []clearing.BillSum
	if state.Phase == store.DayClosed {
		if err = d.store.MakeBillSums(ctx, day); err == nil {
			err = d.store.View(func(tx *store.Tx) (err error) {
				sums, err = tx.BillSums(day, party)
				return err
			})
		}
	} else {
		sums, err = d.statements.openSums(ctx, d.store, day, state, party)
	}
	for _, s := range sums {
		if s.Refund {
			line.Refunds += s.Count
		} else {
			line.Bills += s.Count
		}
		line.Total, line.Funds = line.Total+s.Total, line.Funds+s.Funds
		line.Account, line.Cash = line.Account+s.Account, line.Cash+s.Cash
	}
	return line, err
}

// openSums are a party's sums of a day that is not closed. The day is read on from where
// the last call has come.
func (s *statements) openSums(ctx context.Context, books *store.Store, day ledger.Day, state store.DayState, party provinces.Party) ([]clearing.BillSum, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil || s.day != day {
		s.open, s.day, s.last = clearing.NewDaySums(day), day, state.From-1
	}
	if state.From == 0 {
		s.open = nil
		return nil, nil
	}
	last, err := books.AddBills(ctx, s.open, day, s.last+1, state.To)
	if s.last = last; err != nil {
		s.open = nil // what is half read is read anew
		return nil, err
	}
	return s.open.Of(party.Key()), nil
}

func haveStatements(tx *store.Tx, party provinces.Party, reply *service.HaveReply) error {
	var failed error
	err := tx.Statements(party, func(r *clearing.StatementRecord) bool {
		line, err := statementLine(tx, r)
		failed = err
		reply.Statements++
		switch r.Outcome {
		case "":
			reply.Waiting = append(reply.Waiting, line)
		case provinces.StatementRefused:
			reply.Refused = append(reply.Refused, line)
		default:
			reply.Applied = append(reply.Applied, line)
		}
		return err == nil
	})
	if err = errors.Join(err, failed); err != nil {
		return err
	}
	for _, list := range []*[]service.StatementLine{&reply.Applied, &reply.Waiting, &reply.Refused} {
		slices.SortStableFunc(*list, func(a, b service.StatementLine) int { return b.Received.Compare(a.Received) })
		*list = (*list)[:min(len(*list), haveStatementsMax)]
	}
	reply.Missing = clearing.MissingSerials(tx.StatementSerials(party))
	return tx.StatementStrangers(party, func(r clearing.StatementRefusal) bool {
		reply.Reused = append(reply.Reused, service.ReusedLine{
			Sequence: r.Sequence, ID: r.ID, Part: r.Part, Received: time.Unix(0, r.Received).In(clearing.China), Code: r.Code, Errors: r.Errors,
		})
		return len(reply.Reused) < haveStatementsMax
	})
}

func statementLine(tx *store.Tx, r *clearing.StatementRecord) (service.StatementLine, error) {
	line := service.StatementLine{
		ID: r.ID, Number: r.Number, Outcome: r.Outcome, Received: time.Unix(0, r.Received).In(clearing.China),
		Serial: r.Statement.Serial, Totals: len(r.Statement.Totals), Rows: r.Rows, Answered: r.Answer != nil, Original: r.Original,
		Code: r.Code, Errors: r.Errors,
	}
	if r.Head != 0 {
		line.Digest = hex.EncodeToString(r.HeadDigest[:])
	}
	if r.Code != 0 {
		line.ZH, line.EN = r.Code.Text().ZH, r.Code.Text().EN
	}
	if r.Statement.To != 0 {
		line.From, line.To, line.Horizon = &r.Statement.From, &r.Statement.To, &r.Statement.Horizon
	}
	if r.Outcome != "" {
		return line, nil
	}
	parts, err := tx.StatementParts(r.Party, r.ID)
	if r.Head == 0 {
		line.Missing = append(line.Missing, 0)
	}
	if r.Statement.File != nil {
		for part := 1; part <= r.Statement.File.Parts; part++ {
			if _, ok := parts[part]; !ok {
				line.Missing = append(line.Missing, part)
			}
		}
	}
	return line, err
}

// statement shows one statement, and a page of its row result.
func (d *Daemon) statement(ctx context.Context, party provinces.Party, request service.StatementRequest) (reply service.StatementReply, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		record, known, err := tx.Statement(party, request.ID)
		if err != nil {
			return err
		}
		if !known {
			return errNoSuch
		}
		reply.Answer = record.Answer
		reply.Statement, err = statementLine(tx, &record)
		return err
	})
	if err != nil || !request.Lines {
		return reply, err
	}
	page, lines, _, err := d.statements.ResultPage(ctx, party, request.ID, request.Skip, resultPageBytes)
	if errors.Is(err, intake.ErrNoResult) {
		return reply, errNotClosed
	}
	reply.Data, reply.Next = page, request.Skip+lines
	return reply, err
}
