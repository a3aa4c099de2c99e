package clearing

import (
	"slices"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// rankUnstated is the rank of a civil servant of whom the register states none: a civil
// servant all the same, but of no rank that a plan could name.
const rankUnstated = "unstated"

// insured is the person of a claim as the home province's register knows them.
//
// What the register knows wins over the claim's word. Whether the home province is
// registered or declared only says what the register's silence means: a registered
// province's people are all in it, so silence is a refusal, or no privilege; of a declared
// province's the claim's word is taken.
type insured struct {
	file       PersonFile
	registered bool
	request    *provinces.Request
	asOf       ledger.Day // the day of the stay at which the plan takes people's facts
	settled    ledger.Day // the business day
	journey    bool       // the stay is planned: the filing is the request's
}

// identify looks the person up, and refuses whom the register does not know (2001),
// knows to be somebody else (2002), or knows not to be insured (2004).
func (w *work) identify() (*insured, *provinces.RejectError, error) {
	in, err := w.lookUp()
	if err != nil {
		return nil, nil, err
	}
	request, claim := in.request, in.request.Claim
	if in.registered && len(in.file.Enrolments) == 0 {
		return nil, provinces.Reject(provinces.CodePersonUnknown, "input.data.psn_no", "", ""), nil
	}
	mismatch := provinces.RejectError{Code: provinces.CodePersonMismatch}
	mismatched := func(field, expected, found string) {
		mismatch.Errors = append(mismatch.Errors, provinces.FieldError{Code: provinces.CodePersonMismatch, Field: field, Expected: expected, Found: found})
	}
	if expected := in.otherArea(); expected != "" {
		mismatched("insuplc_admdvs", string(expected), string(request.Home))
	}
	foreign, err := w.foreignCard(in)
	if err != nil {
		return nil, nil, err
	}
	if foreign {
		mismatched("input.data.mdtrt_cert_no", "", "")
	}
	if !in.named() {
		mismatched("input.baseinfo.psn_name", "", "")
	}
	if len(mismatch.Errors) > 0 {
		return nil, &mismatch, nil
	}
	if in.notInsured() {
		return nil, provinces.Reject(provinces.CodeNotInsured, "input.data.insutype", "", claim.Insutype), nil
	}
	return in, nil, nil
}

// lookUp is the person's file beside the claim.
func (w *work) lookUp() (*insured, error) {
	request := &w.message.Request
	home := request.Home.Province()
	file, err := w.view.Person(home, request.Claim.PersonNo)
	return &insured{
		file: file, registered: w.Registered[home], request: request, settled: w.decision.Record.Day,
		asOf: w.Plans.PersonDay(request.Home, request.Claim),
	}, err
}

// imagine is identify for a planned stay: nothing is refused.
func (w *work) imagine() (*insured, *provinces.RejectError, error) {
	in, err := w.lookUp()
	in.journey = true
	return in, nil, err
}

// named reports whether the claim's name, if it has one, is the person's.
func (in *insured) named() bool {
	var names []string
	for i := range in.file.Enrolments {
		names = append(names, in.file.Enrolments[i].Names()...)
	}
	return provinces.NamesAgree(in.request.PersonName, names...)
}

// foreignCard reports whether the certificate shown is not the person's: it is another
// person's and not theirs, or the register knows their certificates of that kind and it
// is none of them, or no longer. An e-voucher has a new token each time, so only the former counts.
func (w *work) foreignCard(in *insured) (bool, error) {
	claim, home := in.request.Claim, in.request.Home.Province()
	class := provinces.ClassShown(claim.CertType)
	shown := w.Pseudonyms.Certificate(home, class, claim.CertNo)
	theirs, known := in.file.holds(class, shown, claim)
	if theirs {
		return false, nil
	}
	if known && class != provinces.ClassVoucher {
		return true, nil
	}
	holders, err := w.view.Holders(home, shown)
	if err != nil {
		return false, err
	}
	for _, other := range holders {
		if other == claim.PersonNo {
			continue
		}
		file, err := w.view.Person(home, other)
		if err != nil {
			return false, err
		}
		if theirs, _ := file.holds(class, shown, claim); theirs {
			return true, nil
		}
	}
	return false, nil
}

// holds reports whether the certificate was the person's at some time of the stay, and
// whether the register would know it if it were. A temporary card works like the one it
// replaces, while it is valid; that it is known does not say that the register knows all
// of the person's cards.
func (f *PersonFile) holds(class provinces.CertificateClass, shown provinces.CertificateHash, claim *provinces.Claim) (theirs, known bool) {
	for i := range f.Enrolments {
		for _, c := range f.Enrolments[i].Certificates {
			known = known || c.Class == class
			theirs = theirs || c.Class == class && c.Hash == shown
		}
	}
	for i := range f.Cards {
		c := &f.Cards[i]
		if c.Certificate.Class != class {
			continue
		}
		same := c.Certificate.Hash == shown
		known = known || same || c.Replaces == nil
		theirs = theirs || same && c.Valid(claim.Admitted.Day(), claim.Discharged.Day())
	}
	return theirs, known
}

// enrolment is the one that counts for the claim: of its insurance and area, in force
// on the day that counts, or else during the stay and nearest to it; of several the one
// that began last. nil if there is none.
func (in *insured) enrolment() *provinces.Enrolment {
	claim := in.request.Claim
	admitted, discharged := claim.Admitted.Day(), claim.Discharged.Day()
	var best *provinces.Enrolment
	for i := range in.file.Enrolments {
		e := &in.file.Enrolments[i]
		if e.Insutype != claim.Insutype || e.Area != in.request.Home || !e.InForce(admitted, discharged) {
			continue
		}
		if best == nil || nearer(e, best, in.asOf) {
			best = e
		}
	}
	return best
}

// nearer reports whether a counts before b.
func nearer(a, b *provinces.Enrolment, day ledger.Day) bool {
	if at, bt := a.InForce(day, day), b.InForce(day, day); at != bt {
		return at
	}
	if min(a.From, b.From) > day { // both came after it
		return a.From < b.From
	}
	return a.From > b.From
}

// otherArea is the area in which the person has the claim's insurance at the stay, if
// it is not the one the claim names; "" otherwise.
func (in *insured) otherArea() ledger.Area {
	claim := in.request.Claim
	if in.enrolment() != nil {
		return ""
	}
	for i := range in.file.Enrolments {
		e := &in.file.Enrolments[i]
		if e.Insutype == claim.Insutype && e.InForce(claim.Admitted.Day(), claim.Discharged.Day()) {
			return e.Area
		}
	}
	return ""
}

// notInsured reports whether the register says that the person had no insurance of the
// claim's kind on any day of the stay. A declared province may be silent about it.
func (in *insured) notInsured() bool {
	if in.enrolment() != nil {
		return false
	}
	return in.registered || slices.ContainsFunc(in.file.Enrolments, func(e provinces.Enrolment) bool {
		return e.Insutype == in.request.Claim.Insutype
	})
}

// person is what the calculator gets: people's facts as of the day that the plan says, of
// discharge mostly; the filing as of admission. nil if the register knows neither.
func (in *insured) person() *benefit.Person {
	var p benefit.Person
	enrolment := in.enrolment()
	if enrolment != nil {
		enrolled(&p, enrolment, in.asOf)
	}
	if !in.journey {
		in.noteFiling(&p)
	}
	if enrolment == nil && p.Filing == benefit.FilingUnknown {
		return nil
	}
	return &p
}

func enrolled(p *benefit.Person, e *provinces.Enrolment, asOf ledger.Day) {
	p.PersonType = e.PersonType
	p.Grade = e.Grade
	p.ContributionMonths, p.ContinuousYears, p.ZeroClaimYears = e.ContributionMonths, e.ContinuousYears, e.ZeroClaimYears
	p.Retired, p.AccountAllowed = e.Retired, e.AccountAllowed
	if p.CivilServantRank = e.CivilServantRank; e.CivilServant && p.CivilServantRank == "" {
		p.CivilServantRank = rankUnstated
	}
	for _, identity := range e.Identities {
		if !identity.HoldsOn(asOf) {
			continue
		}
		p.Groups = append(p.Groups, identity.Type)
		if identity.Level != "" {
			p.Groups = append(p.Groups, identity.Type+"/"+identity.Level)
		}
	}
	slices.Sort(p.Groups)
	p.Groups = slices.Compact(p.Groups)
}

// noteFiling notes the filing. If none counts for the stay, the person is known not to be filed
// where the register would know a filing: the province is registered, or has
// published one of this person before.
func (in *insured) noteFiling(p *benefit.Person) {
	f := in.filing()
	switch {
	case f != nil:
		p.Filing, p.FilingPlace = benefit.FilingOf(f.Type), f.Places
	case in.registered || len(in.file.Filings) > 0:
		p.Filing = benefit.FilingNotFiled
	}
}

// filing is the filing that counts for the stay; nil if none does. Of several, one that
// points at the place of treatment comes before one that does not, then one valid at
// admission before a late one, then a long-term one where none points there (the person
// may be treated back at home), then the one that was filed last.
func (in *insured) filing() *provinces.Filing {
	claim := in.request.Claim
	var best *provinces.Filing
	for i := range in.file.Filings {
		f := &in.file.Filings[i]
		if !f.Covers(claim.Admitted.Day(), claim.Discharged.Day(), in.settled) {
			continue
		}
		if best == nil || in.rank(f) > in.rank(best) || in.rank(f) == in.rank(best) && f.FiledAt > best.FiledAt {
			best = f
		}
	}
	return best
}

func (in *insured) rank(f *provinces.Filing) (rank int) {
	points := f.Points(in.request.Treatment)
	if points {
		rank += 4
	}
	if f.From <= in.request.Claim.Admitted.Day() {
		rank += 2
	}
	if !points && benefit.FilingOf(f.Type) == benefit.FilingLongTerm {
		rank++
	}
	return rank
}

// brought is what the register says of a person-year from elsewhere: the figures before
// its first stay here, and what was paid for outpatient care; nil where it is silent.
func (f *PersonFile) brought(insutype string, year int) (opening *provinces.Opening, outpatient *ledger.Amount) {
	for i := range f.Accumulations {
		a := &f.Accumulations[i]
		if a.Insutype != insutype || a.Year != year {
			continue
		}
		if a.Opening != nil {
			opening = a.Opening
		}
		if a.Outpatient != nil {
			sum := *a.Outpatient
			if outpatient != nil {
				sum += *outpatient
			}
			outpatient = &sum
		}
	}
	return opening, outpatient
}
