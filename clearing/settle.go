package clearing

import (
	"errors"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// settle decides a discharge claim (2304).
func (w *work) settle() error {
	request := &w.message.Request
	if discharged := request.Claim.Discharged; discharged.Day() > w.decision.Record.Day {
		w.refuse(provinces.CodePeriod, "input.mdtrtinfo.endtime", "<= "+w.decision.Record.Day.String(), discharged.String())
		return nil
	}
	key := stayKey(request.Provider, request.Claim)
	standing, err := w.view.Stay(key)
	if err != nil {
		return err
	}
	var differences []provinces.FieldError
	if standing != 0 {
		original, err := w.view.Record(standing)
		if err != nil {
			return err
		}
		differences = contentDifferences(original, request)
		if len(differences) == 0 {
			return w.repeat(original)
		}
	}
	bill, refusal, err := w.adjudicate()
	if err != nil {
		return err
	}
	if refusal != nil {
		w.reject(provinces.Refused, refusal)
		return nil
	}
	if standing != 0 {
		w.reject(provinces.Refused, &provinces.RejectError{Code: provinces.CodeConflict, Errors: differences})
		return nil
	}
	return w.book(key, bill)
}

func stayKey(provider string, c *provinces.Claim) StayKey {
	return StayKey{Provider: provider, VisitID: c.VisitID, Discharged: c.Discharged}
}

// contentDifferences compares what calculator or ledger read of two claims for one
// stay: the claims themselves and the areas they were sent for.
func contentDifferences(original *Record, request *provinces.Request) []provinces.FieldError {
	differences := provinces.Differences(original.Bill.Claim, *request.Claim)
	for _, area := range []struct {
		field        string
		booked, sent ledger.Area
	}{
		{"mdtrtarea_admvs", original.Treatment, request.Treatment},
		{"insuplc_admdvs", original.Home, request.Home},
	} {
		if area.booked != area.sent {
			differences = append(differences, provinces.FieldError{
				Code: provinces.CodeConflict, Field: area.field,
				Expected: string(area.booked), Found: string(area.sent),
			})
		}
	}
	for i := range differences {
		differences[i].Code = provinces.CodeConflict
	}
	return differences
}

// Estimate computes what the claim would be paid if it were the next message, and
// books nothing (2303). Exactly one of bill and refusal is set unless err is.
func (d *Desk) Estimate(view View, m Decoded, day ledger.Day) (Decision, error) {
	return d.open(view, m, day).estimate()
}

// EstimateJourney computes what a planned stay would be paid, and books nothing. Before
// the journey the filing is the question, so the message's is taken whatever the register
// has; and the register's facts of the person are taken if it knows them, but nobody is
// refused whom it does not know, or who shows no card.
func (d *Desk) EstimateJourney(view View, m Decoded, day ledger.Day) (Decision, error) {
	c := d.open(view, m, day)
	c.journey = true
	return c.estimate()
}

func (w *work) estimate() (Decision, error) {
	m := &w.message
	if m.Refusal != nil {
		w.reject(provinces.Refused, m.Refusal)
		return w.decision, w.seal()
	}
	if m.Request.Infno != provinces.InfnoEstimate {
		w.refuse(provinces.CodeInfno, "infno", provinces.InfnoEstimate, m.Request.Infno)
		return w.decision, w.seal()
	}
	bill, refusal, err := w.adjudicate()
	if err != nil {
		return Decision{}, err
	}
	if refusal != nil {
		w.reject(provinces.Refused, refusal)
		return w.decision, w.seal()
	}
	w.decision.Record.Outcome = provinces.Booked
	w.decision.Record.Bill = bill
	w.settlement = w.settled(bill, "")
	return w.decision, w.seal()
}

// adjudicate applies the home region's plan to the claim, and to the person and the
// provider as the register knows them, on top of the person-years as the books do.
func (w *work) adjudicate() (*Bill, *provinces.RejectError, error) {
	request := &w.message.Request
	who := w.identify
	if w.journey {
		who = w.imagine
	}
	insured, refusal, err := who()
	if err != nil || refusal != nil {
		return nil, refusal, err
	}
	provider, err := w.view.Provider(request.Treatment.Province(), request.Provider)
	if err != nil {
		return nil, nil, err
	}
	bill := &Bill{
		Claim: *request.Claim, PlanSet: w.Plans.Hash(), Person: insured.person(),
		Facility: provider.Facility(request.Claim.Admitted.Day(), request.Claim.Discharged.Day()),
	}
	asked := Record{Home: request.Home, Treatment: request.Treatment, Provider: request.Provider, Bill: bill}
	prepared, err := w.Plans.Prepare(asked.Case())
	if err != nil {
		return refusedOr(err)
	}
	before := make([]benefit.Accumulators, len(prepared.Years))
	for i, year := range prepared.Years {
		link, err := w.year(&insured.file, year)
		if err != nil {
			return nil, nil, err
		}
		bill.Years = append(bill.Years, link)
		before[i] = link.Accumulators()
	}
	if bill.Benefit, err = prepared.Adjudicate(before); err != nil {
		return refusedOr(err)
	}
	if w.RequireVerified && !bill.Benefit.Plan.Verified {
		return nil, provinces.Reject(provinces.CodeUnverified, "insuplc_admdvs", "", string(request.Home)), nil
	}
	return bill, nil, checkBill(bill)
}

// year is the person-year as the books know it, with what the register brings into it
// from elsewhere. A register's opening figures win over the claim's.
func (w *work) year(file *PersonFile, year int) (YearLink, error) {
	request := &w.message.Request
	state, err := w.view.Year(yearKey(request.Home, request.Claim, year))
	if err != nil {
		return YearLink{}, err
	}
	opening, outpatient := file.brought(request.Claim.Insutype, year)
	if opening == nil {
		opening = request.Claim.Opening
	}
	return YearLink{Year: year, Before: state.open(year, opening), Outpatient: outpatient}, nil
}

// open takes over the opening figures, once, into a year in which nothing was booked.
func (s YearState) open(year int, opening *provinces.Opening) YearState {
	if s.Opened || s.Last != 0 || opening == nil || opening.Year != year {
		return s
	}
	opened := YearState{Opened: true, Accumulators: benefit.OpeningAccumulators(*opening)}
	if s.Refold != nil {
		opened.Refold = &Refolded{Seed: opened.Accumulators, Undone: s.Refold.Undone, Adjusted: s.Refold.Adjusted}
	}
	return opened
}

func refusedOr(err error) (*Bill, *provinces.RejectError, error) {
	var refusal *provinces.RejectError
	if errors.As(err, &refusal) {
		return nil, refusal, nil
	}
	return nil, nil, err
}

func yearKey(home ledger.Area, c *provinces.Claim, year int) YearKey {
	return YearKey{Home: home.Province(), PersonNo: c.PersonNo, Insutype: c.Insutype, Year: year}
}

// book makes the bill stand: the record, the entry, the stay, the person-years.
func (w *work) book(key StayKey, bill *Bill) error {
	r := &w.decision.Record
	r.Outcome, r.Bill, r.Effect = provinces.Booked, bill, 1
	w.decision.Entry = obligation(r)
	w.decision.Stay = &StayChange{Key: key, Booked: r.Number}
	w.decision.Years = standingYears(r)
	w.noteLate(r)
	w.settlement = w.settled(bill, r.SettlementID())
	return nil
}

// standingYears are the person-years with the booked record's bill in them.
func standingYears(booked *Record) []YearChange {
	changes := make([]YearChange, len(booked.Bill.Years))
	for i, after := range booked.Bill.Benefit.Years {
		before := &booked.Bill.Years[i].Before
		changes[i] = YearChange{
			Key: yearKey(booked.Home, &booked.Bill.Claim, after.Year),
			State: YearState{
				Last:         booked.Number,
				Opened:       before.Opened,
				Accumulators: after.Accumulators,
				Latest:       max(before.Latest, booked.Bill.Claim.Discharged),
				Refold:       before.Refold.with(StandingBill{Number: booked.Number}),
			},
		}
	}
	return changes
}

// repeat answers with what was answered first. Nothing is booked.
func (w *work) repeat(original *Record) error {
	r := &w.decision.Record
	r.Outcome, r.Original, r.OriginalWord = provinces.Repeated, original.Number, original.MsgID()
	switch {
	case original.Bill != nil && original.Outcome == provinces.Booked:
		w.settlement = settlementOf(w.Desk, original)
	case original.Outcome == provinces.Cancelled:
		undone, err := w.view.Record(original.Original)
		if err != nil {
			return err
		}
		w.settlement = cancelledSettlement(w.Desk, undone, original)
	case original.Code != 0:
		r.Code, r.Errors = original.Code, original.Errors
	}
	return nil
}
