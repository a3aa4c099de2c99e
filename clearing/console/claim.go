package console

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"clearingd/clearing/benefit"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// findClaim takes a reader from the search field to the page of a record or of a
// provider. The field's grammar holds nothing that could be a person's number.
func (c *console) findClaim(r *http.Request) (response, error) {
	q, err := parameters(r)
	if err != nil {
		return nil, err
	}
	record := strings.TrimSpace(q["record"])
	if c.options.Reconciliation != nil && provinces.ValidProvider(record) {
		return redirection("/providers/" + record), nil
	}
	if _, err := parseRecord(record); err != nil {
		return nil, err
	}
	return redirection("/claims/" + url.PathEscape(record)), nil
}

// claimView is what the page of one record shows.
type claimView struct {
	service.ClaimReply
	Payments []payment
	FundsPay ledger.Amount // the funds together
	Adds     bool          // the payments are the bill's total
	Bar      []barPart
	Stations []station
	Layers   []layerLabel
	Postings []postingView
	Debits   ledger.Amount
	Credits  ledger.Amount
	First    *service.ClaimReply // the record it refers to; nil if none
	Break    *report.BreakLine   // of the bill; nil if none is known
}

// payment is what one payer pays, and the steps it comes from.
type payment struct {
	Fund   ledger.Fund // "" for the patient's cash
	Layer  phrase      // the plan's name of the layer; empty if it has none
	Amount ledger.Amount
	Share  int64 // of the total in 1/10000, half up
	Fill   int   // in the bar
	Steps  string
	First  int // number of the first step; 0 if none is known
}

// layerLabel is a layer's id with the name its plan gives it.
type layerLabel struct {
	ID   string
	Name phrase
}

func (c *console) claim(r *http.Request) (response, error) {
	request, err := parseRecord(r.PathValue("record"))
	if err != nil {
		return nil, err
	}
	reply, err := c.books.Claim(r.Context(), request)
	if err != nil {
		return nil, err
	}
	v := claimView{ClaimReply: reply}
	if v.First, err = c.original(r.Context(), reply.Original); err != nil {
		return nil, err
	}
	if reply.Adjudication == nil || reply.Claim == nil { // a bill is explained whole or not at all
		v.Adjudication, v.Claim = nil, nil
	} else if err := v.explain(); err != nil {
		return nil, err
	}
	if err := v.post(reply.Postings); err != nil {
		return nil, err
	}
	v.Break = c.breakOf(r.Context(), reply)
	title := phrases["claim.record"]
	if reply.SettlementID != "" {
		title = phrases["claim"]
	}
	return page{name: "claim", section: "days", title: title, data: v}, nil
}

// breakOf is the break of a bill. That there is none, or that it cannot be told now, keeps
// nobody from reading the bill.
func (c *console) breakOf(ctx context.Context, reply service.ClaimReply) *report.BreakLine {
	if c.options.Reconciliation == nil || len(reply.Postings) == 0 {
		return nil
	}
	found, err := c.options.Reconciliation.Break(ctx, service.BreakRequest{Key: reconcile.BillKey(reply.Entry)})
	if err != nil {
		return nil
	}
	return &found.Break
}

// original fetches the record that another refers to; none is no error.
func (c *console) original(ctx context.Context, number uint64) (*service.ClaimReply, error) {
	if number == 0 {
		return nil, nil
	}
	first, err := c.books.Claim(ctx, service.ClaimRequest{Entry: number})
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return &first, err
}

// explain lists the payers with the steps they come from.
func (v *claimView) explain() error {
	a, total := v.Adjudication, v.Claim.Total
	v.Stations = stations(a)
	v.Layers = layerLabels(v.Stations)
	for i, s := range a.Funds {
		v.pays(s.Fund, s.Layer, s.Amount, fundFills[i%len(fundFills)])
	}
	var err error
	if v.FundsPay, err = fundsTogether(a.Funds); err != nil {
		return err
	}
	if a.Account != 0 || v.Claim.UseAccount {
		v.pays(ledger.FundAccount, "account", a.Account, fillAccount)
	}
	v.pays("", "cash", a.Cash, fillCash)
	sum, err := ledger.Sum(v.FundsPay, a.Account, a.Cash)
	if err != nil {
		return err
	}
	v.Adds = sum == total
	v.Bar = bar(v.Payments)
	return nil
}

func (v *claimView) pays(fund ledger.Fund, station string, amount ledger.Amount, fill int) {
	p := v.payment(fund, station, amount)
	p.Fill = fill
	v.Payments = append(v.Payments, p)
}

func (v *claimView) payment(fund ledger.Fund, station string, amount ledger.Amount) payment {
	p := payment{Fund: fund, Amount: amount, Share: shareOf(amount, v.Claim.Total)}
	p.Steps, p.First = stepsOf(v.Stations, station)
	for _, l := range v.Layers {
		if l.ID == station {
			p.Layer = l.Name
		}
	}
	return p
}

func fundsTogether(shares []benefit.Share) (sum ledger.Amount, err error) {
	for _, s := range shares {
		if sum, err = sum.Add(s.Amount); err != nil {
			return 0, err
		}
	}
	return sum, nil
}

func layerLabels(list []station) (labels []layerLabel) {
	for _, s := range list {
		if s.Name != (phrase{}) {
			labels = append(labels, layerLabel{s.ID, s.Name})
		}
	}
	return labels
}

// YearPaid is what a year's layers have paid, each with its name; sums kept under other
// keys (by fund, by cap) are left to the books.
func (v claimView) YearPaid(y benefit.YearAccumulators) (list []payment) {
	seen := map[string]bool{}
	for _, l := range v.Layers {
		if amount, ok := y.Paid[l.ID]; ok && !seen[l.ID] {
			seen[l.ID] = true
			list = append(list, payment{Layer: l.Name, Amount: amount})
		}
	}
	return list
}

// DeductibleSteps are the steps that decided the deductible.
func (v claimView) DeductibleSteps() payment { return v.payment("", "deductible", 0) }

// FilingSteps are the steps that decided how the stay counts.
func (v claimView) FilingSteps() payment { return v.payment("", "filing", 0) }

// aboutOf is the page of what an act is about; "" if it has none.
func aboutOf(target string) string {
	if key, ok := strings.CutPrefix(target, "break/"); ok {
		return "/break?key=" + url.QueryEscape(key)
	}
	if number, ok := strings.CutPrefix(target, "bill/"); ok {
		return "/claims/" + url.PathEscape(number)
	}
	return ""
}

// Tells is the key of the sentence that says what became of a record without a bill.
func (v claimView) Tells() string {
	switch v.Outcome {
	case provinces.Repeated:
		return "claim.repeats"
	case provinces.Cancelled:
		return "claim.cancels"
	case provinces.Reversed:
		if v.Original == 0 {
			return "claim.unseen"
		}
		return "claim.reverses"
	case provinces.Quarantined:
		return "claim.quarantined"
	case provinces.Refused:
		return "claim.refused"
	}
	if v.Act != nil {
		return "claim.acts"
	}
	return "claim.nobill"
}

// NamesOriginal reports whether the sentence of Tells takes the original's number.
func (v claimView) NamesOriginal() bool {
	return v.Original != 0 && strings.Contains(phrases[v.Tells()].zh, "%d")
}
