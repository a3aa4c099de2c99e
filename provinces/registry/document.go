package registry

import (
	"encoding/hex"
	"slices"
	"strconv"

	"clearingd/ledger"
	"clearingd/provinces"
)

type area = ledger.Area

// Dialect reads the documents. It has no settings.
type Dialect struct{}

var _ provinces.RegistryAdapter = Dialect{}

// Decode reads a document: see [provinces.RegistryAdapter].
func (Dialect) Decode(body []byte) (provinces.Registration, error) {
	root, refusal := parse(body)
	if refusal != nil {
		return provinces.Registration{}, refusal
	}
	r := &reader{}
	document := object{reader: r, node: &root}
	registration := readHead(document)
	head := registration
	if !registration.Withdrawn {
		readFact(document, &registration)
	}
	if refusal := r.refusal(); refusal != nil {
		return head, refusal
	}
	return registration, nil
}

// readHead reads the members that every document has: what is told, and whom it is about.
func readHead(o object) provinces.Registration {
	r := provinces.Registration{Kind: provinces.RegistryKind(o.needText("doctype", documentType))}
	if r.Kind == provinces.RegistryProvider {
		r.Provider = o.needText("fixmedins_code", providerCode)
		r.Area = knownArea(o, "mdtrtarea_admvs")
	} else {
		r.PersonNo = o.needText("psn_no", personNumber)
		r.Area = knownArea(o, "insuplc_admdvs")
	}
	r.ID = o.needText("docid", documentID)
	r.Version, _ = strconv.ParseUint(o.needText("docver", versionNumber), 10, 64)
	if valid := o.flag("vali_flag"); valid != nil {
		r.Withdrawn = !*valid
	}
	return r
}

// knownArea is a pooling area of a known province; "" otherwise.
func knownArea(o object, name string) ledger.Area {
	found := area(o.needText(name, areaForm))
	if found == "" || provinces.Known(found.Province()) {
		return found
	}
	o.report(provinces.CodeProvince, o.field(name), provinceGrammar, string(found))
	return ""
}

func readFact(o object, r *provinces.Registration) {
	switch r.Kind {
	case provinces.RegistryPerson:
		r.Enrolment = readEnrolment(o, r)
	case provinces.RegistryFiling:
		r.Filing = readFiling(o, r)
	case provinces.RegistryCard:
		r.Card = readCard(o, r)
	case provinces.RegistryAccumulation:
		r.Accumulation = readAccumulation(o, r)
	case provinces.RegistryProvider:
		r.Facility = readFacility(o, r)
	}
}

func readEnrolment(o object, r *provinces.Registration) *provinces.Enrolment {
	e := &provinces.Enrolment{
		Document:           r.Document,
		Area:               r.Area,
		Insutype:           o.needText("insutype", insuranceType),
		PersonType:         o.needText("psn_type", personType),
		Name:               o.needText("psn_name", nameForm),
		Aliases:            o.texts("psn_name_alias", nameForm),
		Retired:            o.flag("retr_flag"),
		CivilServantRank:   o.text("cvlserv_lv", recordNumber),
		Grade:              o.text("clct_grde", recordNumber),
		ContributionMonths: o.count("clct_mons", months),
		ContinuousYears:    o.count("cont_insu_years", years),
		ZeroClaimYears:     o.count("zero_clm_years", years),
		AccountAllowed:     o.flag("acct_used_flag"),
	}
	civil := o.flag("cvlserv_flag")
	e.CivilServant = civil != nil && *civil
	if e.CivilServantRank != "" && !e.CivilServant {
		o.report(provinces.CodeForm, o.field("cvlserv_flag"), "1 with cvlserv_lv", "")
	}
	for _, row := range o.rows("certinfo") {
		class := provinces.ClassHeld(row.needText("psn_cert_type", heldType))
		e.Certificates = append(e.Certificates, readCertificate(row, class, "certno", "certno_hash"))
	}
	for _, row := range o.rows("idetinfo") {
		identity := provinces.Identity{
			Type: row.needText("psn_idet_type", recordNumber), Level: row.text("psn_type_lv", recordNumber),
			Begin: row.day("begntime"), End: row.day("endtime"),
		}
		row.ordered(identity.Begin, identity.End, "endtime")
		e.Identities = append(e.Identities, identity)
	}
	e.From, e.To = readValidity(o)
	return e
}

func readFiling(o object, r *provinces.Registration) *provinces.Filing {
	f := &provinces.Filing{
		Document: r.Document,
		Type:     o.needText("out_fil_type", filingType),
		Places:   o.texts("mdtrtarea_admvs", placeForm),
	}
	o.require("opt_time", momentGrammar)
	if at := o.moment("opt_time", momentGrammar); at != nil {
		f.FiledAt = *at
	}
	f.From, f.To = readValidity(o)
	return f
}

func readCard(o object, r *provinces.Registration) *provinces.Card {
	class := provinces.ClassShown(o.needText("mdtrt_cert_type", cardType))
	c := &provinces.Card{Document: r.Document, Certificate: readCertificate(o, class, "mdtrt_cert_no", "mdtrt_cert_hash")}
	if o.member("replaces") != nil || o.member("replaces_hash") != nil {
		replaced := readCertificate(o, class, "replaces", "replaces_hash")
		c.Replaces, c.ReplacesNumber = &replaced.Hash, replaced.Number
		o.require("enddate", dayGrammar) // a card that is meant to end, ends
	}
	c.From, c.To = readValidity(o)
	return c
}

// readCertificate reads a certificate that is told by exactly one of number and hash.
func readCertificate(o object, class provinces.CertificateClass, number, hash string) provinces.Certificate {
	c := provinces.Certificate{Class: class, Number: o.text(number, certificate)}
	if sent, err := hex.DecodeString(o.text(hash, hashForm)); err == nil {
		copy(c.Hash[:], sent)
	}
	switch {
	case !o.exists():
	case o.member(number) == nil && o.member(hash) == nil:
		o.report(provinces.CodeMissing, o.field(number), certificate.expected, "")
	case o.member(number) != nil && o.member(hash) != nil:
		o.report(provinces.CodeForm, o.field(hash), "one of "+number+" and "+hash, "both")
	}
	return c
}

func readAccumulation(o object, r *provinces.Registration) *provinces.Accumulation {
	a := &provinces.Accumulation{
		Document:   r.Document,
		Insutype:   o.needText("insutype", insuranceType),
		Outpatient: o.payment("opt_pool_pay"),
	}
	a.Year, _ = strconv.Atoi(o.needText("trt_year", yearForm))
	if opening := o.object("opening"); opening.exists() {
		a.Opening = readOpening(opening, a.Year)
	}
	if o.member("opening") == nil && o.member("opt_pool_pay") == nil {
		o.report(provinces.CodeMissing, o.field("opt_pool_pay"), "opening or opt_pool_pay", "")
	}
	return a
}

// readOpening reads the year's figures before the first stay that is settled here; the
// members are those of a claim's accinfo.
func readOpening(o object, year int) *provinces.Opening {
	opening := &provinces.Opening{Year: year, Deductible: o.needPayment("act_pay_dedc"), OwnShare: o.needPayment("inscp_selfpay_amt")}
	opening.Stays, _ = strconv.Atoi(o.needText("ipt_cnt", years))
	seen := map[ledger.Fund]bool{}
	for _, row := range o.rows("payinfo") {
		paid := provinces.FundAmount{Fund: ledger.Fund(row.needText("fund_pay_type", fundCode)), Amount: row.needPayment("fund_payamt")}
		if seen[paid.Fund] && paid.Fund != "" {
			row.report(provinces.CodeForm, row.field("fund_pay_type"), "once", string(paid.Fund))
		}
		seen[paid.Fund] = true
		opening.Paid = append(opening.Paid, paid)
	}
	return opening
}

// readFacility reads what a provider is. A trait is told once.
func readFacility(o object, r *provinces.Registration) *provinces.Facility {
	f := &provinces.Facility{
		Document: r.Document,
		Area:     r.Area,
		Level:    o.needText("hosp_lv", hospitalLevel),
		Traits:   o.texts("traits", hospitalTrait),
		Name:     o.text("fixmedins_name", nameForm),
	}
	slices.Sort(f.Traits)
	for i := 1; i < len(f.Traits); i++ {
		if f.Traits[i] == f.Traits[i-1] {
			o.report(provinces.CodeForm, o.field("traits"), "once", f.Traits[i])
		}
	}
	f.From, f.To = readValidity(o)
	return f
}

// readValidity reads from when and until when a fact holds. Both days belong to it.
func readValidity(o object) (from ledger.Day, to *ledger.Day) {
	from, to = o.needDay("begndate"), o.day("enddate")
	if o.member("begndate") != nil {
		o.ordered(&from, to, "enddate")
	}
	return from, to
}

// ordered reports an end before its begin.
func (o object) ordered(begin, end *ledger.Day, endName string) {
	if begin != nil && end != nil && *end < *begin {
		o.report(provinces.CodeForm, o.field(endName), ">= "+begin.String(), end.String())
	}
}
