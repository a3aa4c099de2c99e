package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
	"clearingd/provinces/nhsa"
)

// house is a stand-in for the daemon: it answers messages by what they look like and
// services by what a script would expect, and keeps no books.
type house struct {
	bus  *bus.Bus
	mu   sync.Mutex
	next uint64
	seen map[string]string // visit -> settlement
	day  ledger.Day
	mute bool // answers nothing
	bad  bool // says that its books are wrong
}

var houseProvinces = []ledger.Province{"31", "33", "65"}

// startHouse starts a broker, and the house behind it. Words: mute, bad.
func startHouse(ts *testscript.TestScript, serve bool, words []string) {
	server, err := bus.StartServer(bus.ServerOptions{StoreDir: ts.MkAbs("broker")})
	ts.Check(err)
	ts.Defer(server.Shutdown)
	ts.Setenv("CLEARCTL_NATS", server.URL())
	if !serve {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	b, err := bus.Connect(ctx, bus.ConnectOptions{Server: server})
	ts.Check(err)
	ts.Check(b.EnsureStreams(ctx, houseProvinces))
	h := &house{bus: b, seen: map[string]string{}, day: ledger.NewDay(2026, time.March, 18)}
	for _, w := range words {
		h.mute = h.mute || w == "mute"
		h.bad = h.bad || w == "bad"
	}
	stop, err := b.Serve(service.Name, "0.0.1", h.endpoints())
	ts.Check(err)
	var followers sync.WaitGroup
	for _, p := range houseProvinces {
		followers.Add(1)
		go func() {
			defer followers.Done()
			_ = b.Follow(ctx, p, 0, func(m []provinces.Message) error { return h.answer(ctx, m) })
		}()
	}
	ts.Defer(func() {
		cancel()
		followers.Wait()
		_ = stop()
		b.Close()
	})
}

// answer answers in the national envelope.
func (h *house) answer(ctx context.Context, messages []provinces.Message) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.mute {
		return nil
	}
	var answers []provinces.Envelope
	for _, m := range messages {
		h.next++
		outcome, body := h.decide(m)
		subject, _ := provinces.ParseSubject(m.Subject)
		digest := sha256.Sum256(m.Body)
		answers = append(answers, provinces.Envelope{Subject: subject.Answers(), Body: body, Header: map[string]string{
			provinces.HeaderOutcome: string(outcome), provinces.HeaderDigest: hex.EncodeToString(digest[:]),
			provinces.HeaderEntry: fmt.Sprint(h.next), provinces.HeaderDay: h.day.String(),
		}})
	}
	return h.bus.PublishAnswers(ctx, answers)
}

func (h *house) decide(m provinces.Message) (provinces.Outcome, []byte) {
	request, err := nhsa.New(nhsa.Settings{}).Decode(m.Body)
	var reject *provinces.RejectError
	switch {
	case errors.As(err, &reject):
		return provinces.Refused, fmt.Appendf(nil, `{"infcode":%d,"err_msg":"金额不符 amounts","output":{"error":[{"code":%d,"field":%q,"expected":"1.00","found":"2.00"}]}}`,
			-int(reject.Code), int(reject.Code), reject.Errors[0].Field)
	case request.Infno == provinces.InfnoCancel:
		return provinces.Cancelled, []byte(`{"infcode":0,"output":{"setlinfo":{"setl_id":"CANCEL"}}}`)
	case request.Infno == provinces.InfnoReverse:
		return provinces.Reversed, []byte(`{"infcode":0}`)
	}
	c := request.Claim
	outcome := provinces.Booked
	if h.seen[c.VisitID] != "" {
		outcome = provinces.Repeated
	} else {
		h.seen[c.VisitID] = fmt.Sprintf("%sG%013d", request.Treatment, h.next)
	}
	return outcome, settled(h.seen[c.VisitID], *c)
}

// settled pays half of what is in scope from the fund.
func settled(id string, c provinces.Claim) []byte {
	fund := c.InScope / 2
	return fmt.Appendf(nil, `{"infcode":0,"output":{"setlinfo":{"setl_id":%q,"medfee_sumamt":%q,"hifp_pay":%q,"fund_pay_sumamt":%q,"acct_pay":"0.00","psn_cash_pay":%q}}}`,
		id, c.Total, fund, fund, c.Total-fund)
}

func (h *house) endpoints() []bus.Endpoint {
	reply := func(name string, answer func(body []byte) (any, error)) bus.Endpoint {
		return bus.Endpoint{Name: name[len("clearing."):], Subject: name, Handle: func(_ context.Context, _ string, body []byte) ([]byte, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			v, err := answer(body)
			if err != nil {
				return nil, err
			}
			return json.Marshal(v)
		}}
	}
	return slices.Concat(h.refoldEndpoints(), h.officerEndpoints(), h.breaksEndpoints(), []bus.Endpoint{
		reply(service.Status, func([]byte) (any, error) { return h.status(), nil }),
		reply(service.Days, func([]byte) (any, error) { return h.days(), nil }),
		reply(service.Close, h.close),
		reply(service.Report, h.report),
		reply(service.Check, func([]byte) (any, error) { return h.check(), nil }),
		reply(service.Balances, func([]byte) (any, error) { return balancesOfThree(), nil }),
		reply(service.Claim, claimOfScript),
		reply(service.Person, func([]byte) (any, error) { return service.PersonReply{Person: "p-1"}, nil }),
		reply(service.Answer, func([]byte) (any, error) { return nil, notFound("无此报文", "no such message") }),
		{Name: "estimate", Subject: service.Estimate + ".*.*.*", Handle: estimateOfScript},
		{Name: "journey", Subject: service.Journey + ".*.*.*", Handle: estimateOfScript},
	})
}

func notFound(zh, en string) error {
	body, _ := json.Marshal(service.Failure{Code: 404, ZH: zh, EN: en})
	return &bus.ServiceError{Code: 404, Text: en, Body: body}
}

func (h *house) status() service.StatusReply {
	closed := h.day - 1
	return service.StatusReply{
		Version: "0.0.1", Install: "test", Ready: !h.mute, Reasons: []string{}, Mode: "manual", Day: h.day, LastClosed: &closed,
		BooksNumber: h.next, Plans: 3, Outcomes: map[string]uint64{"booked": h.next},
		Streams: []service.StreamStatus{{Treatment: "31", Last: h.next, Answered: h.next}},
	}
}

func (h *house) days() service.DaysReply {
	var days []service.DayStatus
	days = append(days, service.DayStatus{Day: h.day, State: "open"})
	for d := h.day - 1; d >= ledger.NewDay(2026, time.March, 17); d-- {
		days = append(days, service.DayStatus{Day: d, State: dayClosed, Revision: 1, Seal: "ab12", Files: []string{"breaks.csv", "report.json"}})
	}
	return service.DaysReply{Days: days}
}

func (h *house) close(body []byte) (any, error) {
	var request service.CloseRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	if request.Day != h.day {
		return nil, notFound("不是当前营业日", "not the open day")
	}
	h.day++
	return service.CloseReply{Day: service.DayStatus{Day: request.Day, State: dayClosed, Seal: "ab12"}, Next: h.day}, nil
}

func (h *house) check() service.CheckReply {
	r := service.CheckReply{Records: 4, Root: "root=", Faults: []string{}}
	if h.bad {
		r.Faults = []string{"record 3: checksum"}
	}
	return r
}

// report is a day of four messages, three of them booked.
func (h *house) report(body []byte) (any, error) {
	var request service.ReportRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	to := request.Day
	var reconciled *report.Reconciliation
	if request.To != nil {
		to = *request.To
		reconciled = &report.Reconciliation{Evening: to + 1}
	}
	r := report.Report{
		Title: report.Night, From: request.Day, To: to, Revision: 1,
		Summary:      report.Summary{Received: 4, Booked: 3, Refused: 1, Owed: 123_456_700, Debits: 5_000, Credits: 5_000, Balanced: true, Complete: true},
		Completeness: []report.Stream{{Treatment: "31", First: 1, Last: 4, Sequences: 4, Outcomes: map[provinces.Outcome]uint64{"booked": 3, "refused": 1}}},
		Outcomes:     []report.OutcomeCount{{Outcome: "booked", Count: 3}, {Outcome: "refused", Count: 1}},
		Refusals:     []report.RefusalCount{{Code: provinces.CodeAmountSum, Count: 1}},
		Pairs:        []report.Pair{{Home: "65", Treatment: "31", Sums: report.Sums{Booked: 3, Cost: 200_000_000, Owed: 123_456_700}}},
		TrialBalance: []report.TrialLine{{Side: ledger.Receivable, Province: "65", Stage: ledger.Accrued, Debits: 5_000}, {Side: ledger.Payable, Province: "31", Stage: ledger.Accrued, Credits: 5_000}},

		Reconciliation: reconciled,
	}
	var b bytes.Buffer
	if err := report.JSON(&b, r); err != nil {
		return nil, err
	}
	digest := sha256.Sum256(b.Bytes())
	part := b.Bytes()[request.Offset:]
	return service.ReportReply{Size: int64(b.Len()), Data: part[:min(len(part), 1000)], SHA256: hex.EncodeToString(digest[:])}, nil
}

func balancesOfThree() service.BalancesReply {
	pair := func(home, treatment ledger.Province, total, account ledger.Amount) service.PairBalance {
		return service.PairBalance{Home: home, Treatment: treatment, Total: total, Account: account}
	}
	return service.BalancesReply{Books: 42, Pairs: []service.PairBalance{
		pair("15", "31", 1_234_567_89, 0), pair("65", "31", 100_000, 1_000), pair("65", "33", 5, 0), pair("33", "65", 700, 0),
	}}
}

func claimOfScript(body []byte) (any, error) {
	var request service.ClaimRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	if request.Entry == 10 {
		return service.ClaimReply{Entry: 10, Act: &service.ActView{StepView: service.StepView{Entry: 10, Kind: "deduct", Step: "propose"}, Target: "bill/7"}}, nil
	}
	if request.Entry != 7 {
		return nil, notFound("无此记录", "no such record")
	}
	return service.ClaimReply{
		Entry: 7, Outcome: provinces.Booked, Stream: "31", Sequence: 3, Subject: "claims.31.65.H31010190001.M1",
		Received: time.Date(2026, 3, 18, 9, 0, 0, 0, china), Day: ledger.NewDay(2026, time.March, 18), Home: "650100", Treatment: "310101",
		Postings: []service.PostingLine{{Account: "Assets:Receivable", Amount: 100}, {Account: "Liabilities:Payable", Amount: -100}},
	}, nil
}

// estimateOfScript pays more to the filed.
func estimateOfScript(_ context.Context, _ string, body []byte) ([]byte, error) {
	request, err := nhsa.New(nhsa.Settings{}).Decode(body)
	if err != nil {
		return fmt.Appendf(nil, `{"infcode":-1004,"err_msg":%q,"output":{}}`, err), nil
	}
	c := *request.Claim
	if c.FilingType == "" {
		c.InScope /= 2
	}
	return settled("", c), nil
}
