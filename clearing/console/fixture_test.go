package console

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"clearingd/clearing/benefit"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

// The days of the sample books.
var (
	brokenDay = ledger.NewDay(2026, 3, 16) // closed; its report.json is damaged
	sealedDay = ledger.NewDay(2026, 3, 17) // closed, with a report
	frozenDay = ledger.NewDay(2026, 3, 18)
	openDay   = ledger.NewDay(2026, 3, 19)
)

// hostile is what a hospital could put where text may stand.
const hostile = `<script>alert(1)</script>"'&` + "\u202e\u200b"

// sampleBooks are books made from real plans and a seed: what they say is consistent,
// so that pages can be held against each other.
type sampleBooks struct {
	mutex    sync.Mutex
	records  []sampleRecord
	files    map[string][]byte // by folder/name
	failing  error             // what every method answers, if set
	asked    []string          // files asked for
	status   service.StatusReply
	queries  []BillQuery
	searched uint64 // what lists say of their search, if not 0

	breakQueries []service.BreaksRequest
}

type sampleRecord struct {
	service.ClaimReply
	bill *report.Bill
}

// samplePlans are the plans shipped, loaded once.
var samplePlans = sync.OnceValues(func() (*benefit.Set, error) { return benefit.LoadFS(data.Plans) })

// newSampleBooks fills books with a day of bills, cancellations, a repeat, refusals and
// a reversal.
func newSampleBooks(t testing.TB, bills int) *sampleBooks {
	t.Helper()
	b := &sampleBooks{files: map[string][]byte{}}
	rng := rand.New(rand.NewPCG(20161208, 7))
	homes := []ledger.Area{"650100", "650100", "653100", "110105", "330100", "440100", "530100", "360100", "230800", "510100"}
	treatments := []ledger.Area{"310101", "310101", "330102", "110101", "440103", "650102", "420100", "610100"}
	for i := range bills {
		home, treatment := homes[rng.IntN(len(homes))], treatments[rng.IntN(len(treatments))]
		if i < 25 {
			home, treatment = "650100", "310101"
		}
		b.book(t, rng, home, treatment)
	}
	b.book(t, rng, "653100", "650102") // within Xinjiang
	b.undo(3, provinces.Cancelled)
	b.undo(9, provinces.Reversed)
	b.plain(provinces.Repeated, 0, 5)
	b.plain(provinces.Reversed, 0, 0) // of a message that never came
	for range 4 {
		b.plain(provinces.Refused, provinces.CodeAmountSum, 0)
	}
	b.plain(provinces.Refused, provinces.CodeNotLast, 0)
	b.plain(provinces.Quarantined, provinces.CodeInternal, 0)
	b.seal(t)
	return b
}

func sampleClaim(rng *rand.Rand, home ledger.Area) provinces.Claim {
	discharged := provinces.DateTime(sealedDay.Time().Unix()) + provinces.DateTime(8*3600+rng.IntN(9*3600))
	balance := ledger.Amount(rng.Int64N(300_000))
	c := provinces.Claim{
		VisitID: fmt.Sprintf("MZ%08d", rng.IntN(1e8)), CertType: "02",
		Insutype: "310", PersonType: []string{"1101", "1201"}[rng.IntN(2)], CivilServant: rng.IntN(5) == 0,
		Admitted: discharged - provinces.DateTime((3+rng.IntN(20))*24*3600), Discharged: discharged,
		MedType: "21", InpatientNo: "ZY-4711-SECRET", MainDiagnosis: "I21.9-SECRET", HospitalLevel: []string{"02", "03", "05", "08"}[rng.IntN(4)],
		FilingType: []string{"06", "07", "10", ""}[rng.IntN(4)], Emergency: rng.IntN(6) == 0,
		InScope: ledger.Amount(600_000 + rng.Int64N(9_000_000)), OwnExpense: ledger.Amount(rng.Int64N(400_000)),
		SelfPayFirst: ledger.Amount(rng.Int64N(150_000)), OverLimit: ledger.Amount(rng.Int64N(2) * rng.Int64N(50_000)),
		UseAccount: rng.IntN(2) == 0, AccountBalance: &balance,
	}
	if home == "653100" || home == "360100" || home == "230800" {
		c.Insutype, c.PersonType, c.UseAccount, c.CivilServant = "390", "1501", false, false
	}
	c.Total = c.InScope + c.OwnExpense + c.SelfPayFirst + c.OverLimit
	return c
}

func (b *sampleBooks) book(t testing.TB, rng *rand.Rand, home, treatment ledger.Area) {
	t.Helper()
	plans, err := samplePlans()
	if err != nil {
		t.Fatal(err)
	}
	claim := sampleClaim(rng, home)
	prepared, err := plans.Prepare(benefit.Case{Home: home, Treatment: treatment, Provider: providerOf(treatment), Claim: claim})
	if err != nil {
		t.Fatal(err)
	}
	a, err := prepared.Adjudicate(make([]benefit.Accumulators, len(prepared.Years)))
	if err != nil {
		t.Fatal(err)
	}
	r := b.record(home, treatment, provinces.Booked)
	r.Infno, r.Claim, r.Adjudication, r.Person = provinces.InfnoSettle, &claim, &a, "p-"+r.Digest[:12]
	r.SettlementID = fmt.Sprintf("%sG%013d", treatment, r.Entry)
	r.PlanSet = r.Digest
	line := &report.Bill{
		Entry: r.Entry, SettlementID: r.SettlementID, Day: sealedDay, Home: home, Treatment: treatment, Provider: r.Provider,
		Outcome: provinces.Booked, Person: r.Person, Total: claim.Total, Account: a.Account, Cash: a.Cash, Warnings: a.Warnings,
	}
	for _, f := range a.Funds {
		line.Funds = append(line.Funds, provinces.FundAmount{Fund: f.Fund, Amount: f.Amount})
	}
	r.Postings = postingsOf(line)
	b.records = append(b.records, sampleRecord{r, line})
}

func providerOf(a ledger.Area) string { return "H" + string(a) + "00017" }

// record begins the next record.
func (b *sampleBooks) record(home, treatment ledger.Area, o provinces.Outcome) service.ClaimReply {
	n := uint64(len(b.records) + 1)
	digest := bytes.Repeat([]byte{byte(n), byte(n >> 8), 0xc5, 0x1e}, 8)
	msgid := fmt.Sprintf("%s20260317%010d", providerOf(treatment), n)
	return service.ClaimReply{
		Entry: n, Outcome: o, Stream: treatment.Province(), Sequence: 100 + n,
		Subject: fmt.Sprintf("claims.%s.%s.%s.%s", treatment.Province(), home.Province(), providerOf(treatment), msgid[:min(30, len(msgid))]),
		Digest:  hex.EncodeToString(digest), LeafHash: base64.StdEncoding.EncodeToString(digest),
		Received: time.Date(2026, 3, 17, 9, 30, int(n%60), 123e6, time.FixedZone("CST", 8*3600)),
		Day:      sealedDay, Home: home, Treatment: treatment, Provider: providerOf(treatment),
	}
}

func postingsOf(l *report.Bill) (lines []service.PostingLine) {
	for _, f := range append(append([]provinces.FundAmount{}, l.Funds...), provinces.FundAmount{Fund: ledger.FundAccount, Amount: l.Account}) {
		if f.Amount == 0 {
			continue
		}
		from := ledger.Account{Side: ledger.Receivable, Home: l.Home, Treatment: l.Treatment, Fund: f.Fund, Stage: ledger.Accrued}
		to := ledger.Account{Side: ledger.Payable, Home: l.Home, Treatment: l.Treatment, Provider: l.Provider, Fund: f.Fund, Stage: ledger.Accrued}
		lines = append(lines, service.PostingLine{Account: from.Name(), Amount: f.Amount}, service.PostingLine{Account: to.Name(), Amount: -f.Amount})
	}
	return lines
}

// undo cancels or reverses the bill of a record.
func (b *sampleBooks) undo(entry uint64, o provinces.Outcome) {
	booked := b.records[entry-1]
	r := b.record(booked.Home, booked.Treatment, o)
	r.Original = entry
	line := *booked.bill
	line.Entry, line.Corrects, line.Outcome, line.SettlementID = r.Entry, entry, o, ""
	if r.Infno = provinces.InfnoReverse; o == provinces.Cancelled {
		r.Infno = provinces.InfnoCancel
		r.SettlementID = fmt.Sprintf("%sG%013d", booked.Treatment, r.Entry)
		line.SettlementID = r.SettlementID
	}
	line.Total, line.Account, line.Cash = -line.Total, -line.Account, -line.Cash
	line.Funds = nil
	for _, f := range booked.bill.Funds {
		line.Funds = append(line.Funds, provinces.FundAmount{Fund: f.Fund, Amount: -f.Amount})
	}
	r.Postings = postingsOf(&line)
	b.records[entry-1].UndoneBy = r.Entry
	b.records = append(b.records, sampleRecord{r, &line})
}

// plain is a record without a bill. What the hospital wrote in a refused message is
// hostile.
func (b *sampleBooks) plain(o provinces.Outcome, code provinces.Code, original uint64) {
	r := b.record("650100", "310101", o)
	r.Infno, r.Original, r.Code = provinces.InfnoSettle, original, code
	if o == provinces.Reversed {
		r.Infno = provinces.InfnoReverse
	}
	if code == provinces.CodeAmountSum {
		r.Errors = []provinces.FieldError{{Code: code, Field: "input.data.medfee_sumamt", Expected: "1280.00", Found: hostile}}
	}
	b.records = append(b.records, sampleRecord{r, nil})
}

// seal makes the day's report and its files.
func (b *sampleBooks) seal(t testing.TB) {
	t.Helper()
	builder := report.NewBuilder(report.Head{
		Title: report.Night, From: sealedDay, To: sealedDay, Revision: 1, Demo: "由种子生成的演示数据 · built from a seed",
		Rules: report.Basis{Install: "clr-7f3a09", Zone: "Asia/Shanghai", CutOff: "24:00", Mode: "clock", PlanSet: strings.Repeat("9c", 32)},
	})
	counts := map[ledger.Province]uint64{}
	for _, r := range b.records {
		builder.AddMessage(r.Stream, r.Entry, r.Outcome, r.Code)
		counts[r.Stream]++
		if r.bill != nil {
			if err := builder.AddBill(*r.bill); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range provinces.Provinces() {
		var first, last uint64
		if counts[p] > 0 {
			first, last = 101, 100+counts[p]
		}
		if err := builder.AddStream(p, first, last); err != nil {
			t.Fatal(err)
		}
	}
	var balances = map[ledger.Account]*ledger.Balance{}
	for _, r := range b.records {
		for _, p := range r.Postings {
			a := readAccount(p.Account)
			if balances[a] == nil {
				balances[a] = &ledger.Balance{}
			}
			if err := balances[a].Post(p.Amount); err != nil {
				t.Fatal(err)
			}
		}
	}
	for a, balance := range balances {
		if err := builder.AddBalance(a, *balance); err != nil {
			t.Fatal(err)
		}
	}
	b.reconcile(t, builder)
	whole, err := builder.Finish(report.Seal{MerkleSize: uint64(len(b.records)), MerkleRoot: b.records[0].LeafHash})
	if err != nil {
		t.Fatal(err)
	}
	var model, page bytes.Buffer
	if err := errors.Join(report.JSON(&model, whole), report.HTML(&page, whole)); err != nil {
		t.Fatal(err)
	}
	folder := sealedDay.String()
	b.files[folder+"/report.json"], b.files[folder+"/report.html"] = model.Bytes(), page.Bytes()
	for _, name := range []string{"report.xlsx", "obligations.csv", "entries.csv", "journal.hledger", "journal.beancount", "breaks.csv", "breaks.xlsx"} {
		b.files[folder+"/"+name] = []byte(name + " of " + folder + "\n")
	}
	b.files[brokenDay.String()+"/report.json"] = []byte(`{"schema":"clearingd.report/0"}`)
	b.files["2026-03-01_2026-03-17/report.html"] = []byte("<!DOCTYPE html><title>period</title>")
}

func (b *sampleBooks) Status(context.Context) (service.StatusReply, error) {
	if b.status.Version != "" {
		return b.status, b.failing
	}
	last := sealedDay
	reply := service.StatusReply{
		Version: "0.1.0", Install: "clr-7f3a09", Ready: true, Mode: "clock", Day: openDay, LastClosed: &last,
		BooksNumber: uint64(len(b.records)), MerkleRoot: "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
		PlanSet: strings.Repeat("9c11", 16), Plans: 64, Outcomes: map[string]uint64{}, Started: time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC),
	}
	for _, r := range b.records {
		reply.Outcomes[string(r.Outcome)]++
	}
	for i, p := range provinces.Provinces() {
		reply.Streams = append(reply.Streams, service.StreamStatus{Treatment: p, Last: uint64(100 + i), Answered: uint64(100 + i - i%2)})
	}
	return reply, b.failing
}

func (b *sampleBooks) Days(context.Context) (service.DaysReply, error) {
	files := []string{"breaks.csv", "breaks.xlsx", "entries.csv", "journal.beancount", "journal.hledger", "obligations.csv", "report.html", "report.json", "report.xlsx"}
	return service.DaysReply{Days: []service.DayStatus{
		{Day: openDay, State: "open"},
		{Day: frozenDay, State: "frozen", Waiting: []string{"CLAIMS_31: 17 of 19", hostile}},
		{Day: sealedDay, State: "closed", Revision: 1, Seal: strings.Repeat("a1", 32), Files: files},
		{Day: brokenDay, State: "closed", Revision: 1, Seal: strings.Repeat("b2", 32), Files: []string{"report.json"}},
	}}, b.failing
}

func (b *sampleBooks) Claim(_ context.Context, q service.ClaimRequest) (service.ClaimReply, error) {
	for _, r := range b.records {
		if r.Entry == q.Entry || q.SettlementID != "" && r.SettlementID == q.SettlementID || q.Message != "" && r.Subject == "claims."+q.Message {
			return r.ClaimReply, b.failing
		}
	}
	return service.ClaimReply{}, errors.Join(b.failing, fmt.Errorf("claim: %w", ErrNotFound))
}

func (b *sampleBooks) Balances(_ context.Context, q service.BalancesRequest) (service.BalancesReply, error) {
	reply := service.BalancesReply{Books: uint64(len(b.records))}
	pairs := map[[2]ledger.Province]*service.PairBalance{}
	for _, r := range b.records {
		if r.bill == nil || q.Home != "" && r.Home.Province() != q.Home || q.Treatment != "" && r.Treatment.Province() != q.Treatment {
			continue
		}
		if q.By == "account" {
			for _, p := range r.Postings {
				reply.Accounts = append(reply.Accounts, service.AccountLine{Account: p.Account, Net: p.Amount, Count: 1})
			}
			continue
		}
		key := [2]ledger.Province{r.Home.Province(), r.Treatment.Province()}
		if pairs[key] == nil {
			pairs[key] = &service.PairBalance{Home: key[0], Treatment: key[1], Funds: map[ledger.Fund]ledger.Amount{}}
		}
		for _, f := range r.bill.Funds {
			pairs[key].Funds[f.Fund] += f.Amount
			pairs[key].Total += f.Amount
		}
		pairs[key].Account += r.bill.Account
	}
	for _, h := range provinces.Provinces() {
		for _, t := range provinces.Provinces() {
			if p := pairs[[2]ledger.Province{h, t}]; p != nil {
				reply.Pairs = append(reply.Pairs, *p)
			}
		}
	}
	return reply, b.failing
}

func (b *sampleBooks) Bills(_ context.Context, q BillQuery) (page BillPage, err error) {
	b.mutex.Lock()
	b.queries = append(b.queries, q)
	b.mutex.Unlock()
	in := func(a ledger.Area, region string) bool { return strings.HasPrefix(string(a), region) }
	for _, r := range b.records {
		if r.bill == nil || r.Entry <= q.After || r.Day < q.From || r.Day > q.To || !in(r.Home, q.Home) || !in(r.Treatment, q.Treatment) ||
			q.Outcome != "" && r.Outcome != q.Outcome || q.Scope != "" && (q.Scope == Within) != (r.Home.Province() == r.Treatment.Province()) {
			continue
		}
		if len(page.Bills) == q.Limit {
			page.Next = page.Bills[q.Limit-1].Entry
			break
		}
		page.Bills = append(page.Bills, *r.bill)
	}
	if b.searched != 0 {
		page.Searched, page.Next = b.searched, b.searched
	}
	return page, b.failing
}

func (b *sampleBooks) Messages(_ context.Context, q MessageQuery) (page MessagePage, err error) {
	for _, r := range b.records {
		if r.Entry <= q.After || r.Day != q.Day || q.Stream != "" && r.Stream != q.Stream ||
			q.Outcome != "" && r.Outcome != q.Outcome || q.Code != 0 && r.Code != q.Code {
			continue
		}
		if len(page.Messages) == q.Limit {
			page.Next = page.Messages[q.Limit-1].Entry
			break
		}
		page.Messages = append(page.Messages, Message{
			Entry: r.Entry, Stream: r.Stream, Sequence: r.Sequence, Subject: r.Subject, Received: r.Received, Infno: r.Infno,
			Home: r.Home, Treatment: r.Treatment, Provider: r.Provider, Outcome: r.Outcome, Code: r.Code, Errors: r.Errors, Original: r.Original,
		})
	}
	if b.searched != 0 {
		page.Searched, page.Next = b.searched, b.searched
	}
	return page, b.failing
}

type closer struct{ *bytes.Reader }

func (closer) Close() error { return nil }

func (b *sampleBooks) ReportFile(_ context.Context, folder, name string) (File, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	b.asked = append(b.asked, folder+"/"+name)
	body, ok := b.files[folder+"/"+name]
	if !ok {
		return File{}, ErrNotFound
	}
	return File{closer{bytes.NewReader(body)}, time.Date(2026, 3, 18, 0, 5, 0, 0, time.UTC)}, b.failing
}
