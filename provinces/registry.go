package provinces

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"clearingd/ledger"
)

// RegistryKind is what a document of a province's register tells; it is the last token
// of its subject.
type RegistryKind string

// The kinds of registry documents (design section 4): what the home side says of people,
// and what the treatment side says of providers.
const (
	RegistryPerson       RegistryKind = "person"       // 参保: an Enrolment
	RegistryFiling       RegistryKind = "filing"       // 异地就医备案: a Filing
	RegistryCard         RegistryKind = "card"         // 就诊凭证: a Card
	RegistryAccumulation RegistryKind = "accumulation" // 年度累计: an Accumulation
	RegistryProvider     RegistryKind = "provider"     // 定点医药机构: a Facility
)

// RegistryKinds lists the kinds in the order documents explain them.
var RegistryKinds = []RegistryKind{RegistryPerson, RegistryFiling, RegistryCard, RegistryAccumulation, RegistryProvider}

// Registration is one document of a province's register: a fact about a person whom the
// province insures, or about a provider that treats in it. ID names the fact, Version its
// wording: a higher version supersedes, and a withdrawn one takes the fact back.
//
// Invariant: PersonNo is set where the document is about a person, Provider where it is
// about a provider. Exactly one of the facts is set, as Kind says; none if Withdrawn.
type Registration struct {
	Kind      RegistryKind
	Document              // docid and docver
	Area      ledger.Area // insuplc_admdvs of a person, mdtrtarea_admvs of a provider
	PersonNo  string      // psn_no
	Provider  string      // fixmedins_code
	Withdrawn bool        // vali_flag 0

	Enrolment    *Enrolment
	Filing       *Filing
	Card         *Card
	Accumulation *Accumulation
	Facility     *Facility
}

// Document is a registry document's name. Within a province and a kind the ID is unique.
type Document struct {
	ID      string `cbor:"1,keyasint"` // docid, [A-Za-z0-9_-]{1,40}; must not tell who the person is
	Version uint64 `cbor:"2,keyasint"` // docver, from 1
}

// Enrolment is one insurance of a person over a time in which its facts hold. A change of
// facts, such as retirement, is another enrolment from its day on: of several in
// force the one that began last counts.
//
// The numbers in the tags here and below are the stored form: append-only.
type Enrolment struct {
	Document
	Area     ledger.Area `cbor:"3,keyasint"`           // insuplc_admdvs: a person can have several, one an insurance
	Insutype string      `cbor:"4,keyasint"`           // 310 employee, 390 resident, ...
	From     ledger.Day  `cbor:"5,keyasint"`           // begndate
	To       *ledger.Day `cbor:"6,keyasint,omitempty"` // enddate: last day; nil = open

	PersonType   string        `cbor:"7,keyasint"`           // psn_type
	Name         string        `cbor:"8,keyasint"`           // psn_name; never logged, never printed
	Aliases      []string      `cbor:"9,keyasint,omitempty"` // psn_name_alias: the name in other spellings or scripts
	Certificates []Certificate `cbor:"10,keyasint,omitempty"`

	Identities         []Identity `cbor:"11,keyasint,omitempty"` // idetinfo: hardship groups and the like
	Retired            *bool      `cbor:"12,keyasint,omitempty"` // nil: as psn_type says
	CivilServant       bool       `cbor:"13,keyasint,omitempty"` // cvlserv_flag
	CivilServantRank   string     `cbor:"14,keyasint,omitempty"` // cvlserv_lv; "" = none stated
	Grade              string     `cbor:"15,keyasint,omitempty"` // clct_grde: payment grade of residents
	ContributionMonths *int       `cbor:"16,keyasint,omitempty"` // clct_mons
	ContinuousYears    *int       `cbor:"17,keyasint,omitempty"` // cont_insu_years
	ZeroClaimYears     *int       `cbor:"18,keyasint,omitempty"` // zero_clm_years
	AccountAllowed     *bool      `cbor:"19,keyasint,omitempty"` // acct_used_flag; nil: as the claim says
}

// InForce reports whether the enrolment holds on some day from first to last.
func (e *Enrolment) InForce(first, last ledger.Day) bool { return overlaps(e.From, e.To, first, last) }

// Names are the person's name and its other spellings.
func (e *Enrolment) Names() []string { return append([]string{e.Name}, e.Aliases...) }

// Filing is an out-of-area filing (备案).
type Filing struct {
	Document
	Type    string      `cbor:"3,keyasint"`           // out_fil_type (national-interface 6.17)
	Places  []string    `cbor:"4,keyasint,omitempty"` // mdtrtarea_admvs: prefixes of two, four or six digits; empty = anywhere
	From    ledger.Day  `cbor:"5,keyasint"`           // begndate
	To      *ledger.Day `cbor:"6,keyasint,omitempty"` // enddate: last day; nil = until changed
	FiledAt DateTime    `cbor:"7,keyasint"`           // opt_time: when the person filed
}

// Covers reports whether the filing counts for a stay that was admitted, discharged
// and settled on these days: it was filed by the day of settlement, and either the
// admission lies inside its validity, even if it ends before the discharge, or it is a
// late filing that begins during the stay (rules 2.2, articles 12 and 16).
func (f *Filing) Covers(admitted, discharged, settled ledger.Day) bool {
	return f.FiledAt.Day() <= settled && f.From <= discharged && (f.To == nil || admitted <= *f.To)
}

// Points reports whether the filing points at a place that the area lies in.
func (f *Filing) Points(area ledger.Area) bool {
	if len(f.Places) == 0 {
		return true
	}
	return slices.ContainsFunc(f.Places, func(p string) bool { return strings.HasPrefix(string(area), p) })
}

// Card is a certificate to be treated with. A temporary card replaces another one, and
// works like it while it is valid.
type Card struct {
	Document
	Certificate Certificate      `cbor:"3,keyasint"`
	Replaces    *CertificateHash `cbor:"4,keyasint,omitempty"` // nil: no temporary card
	From        ledger.Day       `cbor:"5,keyasint"`           // begndate
	To          *ledger.Day      `cbor:"6,keyasint,omitempty"` // enddate: last day; a temporary card has one

	ReplacesNumber string `cbor:"-"` // as sent; never stored
}

// Valid reports whether the card is valid on some day from first to last.
func (c *Card) Valid(first, last ledger.Day) bool { return overlaps(c.From, c.To, first, last) }

// Accumulation is what counts into a person-year and was not settled here.
type Accumulation struct {
	Document
	Insutype   string         `cbor:"3,keyasint"`
	Year       int            `cbor:"4,keyasint"`           // trt_year: the benefit year, by the civil year it begins in
	Opening    *Opening       `cbor:"5,keyasint,omitempty"` // the year before its first stay here; used once. OutpatientSum is 0
	Outpatient *ledger.Amount `cbor:"6,keyasint,omitempty"` // opt_pool_pay: paid for outpatient care that shares a cap; the year's documents add up
}

// Facility is what a provider is over a time. A change, such as a new level, is another
// document from its day on: of several in force the one that began last counts.
type Facility struct {
	Document
	Area   ledger.Area `cbor:"3,keyasint"`           // mdtrtarea_admvs: where it treats
	Level  string      `cbor:"4,keyasint"`           // hosp_lv, 01 to 11
	Traits []string    `cbor:"5,keyasint,omitempty"` // hosp_traits, each of Traits once, sorted
	Name   string      `cbor:"6,keyasint,omitempty"` // fixmedins_name; "" = not told
	From   ledger.Day  `cbor:"7,keyasint"`           // begndate
	To     *ledger.Day `cbor:"8,keyasint,omitempty"` // enddate: last day; nil = open
}

// InForce reports whether the fact holds on some day from first to last.
func (f *Facility) InForce(first, last ledger.Day) bool { return overlaps(f.From, f.To, first, last) }

// Traits are what a provider can be besides its level: the kinds of hospitals that the
// home regions' rules tell apart (benefit-plans 8.2.1). The list is closed, because a word
// that no plan knows would be taken and never used; a rule that tells another kind apart
// adds its word here.
var Traits = []string{"community", "township", "tcm", "provincial", "municipal", "county", "priority"}

// overlaps reports whether from..to (nil: open) has a day in first..last.
func overlaps(from ledger.Day, to *ledger.Day, first, last ledger.Day) bool {
	return from <= last && (to == nil || first <= *to)
}

// RegistryMessage is a message of the REGISTRY stream as the broker holds it.
type RegistryMessage struct {
	Sequence uint64 // place in the stream, from 1
	Subject  string // registry.<province>.<kind>
	Body     []byte // exact bytes, at most 1 MiB
	Received time.Time
}

// RegistryAdapter reads registry documents. Implementations are pure, safe for
// concurrent use, and never panic on foreign bytes.
type RegistryAdapter interface {
	// Decode reads a document. On success it is whole and its invariants hold; otherwise
	// the error is a *RejectError, and the registration holds what could be read with
	// certainty of Kind, Document, Area, PersonNo and Provider.
	Decode(body []byte) (Registration, error)
}

// RegistryOutcome is what became of a registry message. Each gets exactly one.
type RegistryOutcome string

// The outcomes of registry messages.
const (
	RegistryApplied  RegistryOutcome = "applied"  // the register says it now
	RegistryRepeated RegistryOutcome = "repeated" // the register said it already
	RegistryRefused  RegistryOutcome = "refused"  // nothing changed; the code says why
)

// RegistryOutcomes lists the outcomes in the order reports show them.
var RegistryOutcomes = []RegistryOutcome{RegistryApplied, RegistryRepeated, RegistryRefused}

// RegistrySubject is where a province publishes documents of a kind.
func RegistrySubject(province ledger.Province, kind RegistryKind) string {
	return fmt.Sprintf("registry.%s.%s", province, kind)
}

// RegistrySubjects is the grammar of the subjects, for refusals.
const RegistrySubjects = "registry.<province>.<person|filing|card|accumulation|provider>"

// ParseRegistrySubject takes a registry subject apart. The province is two digits and the
// kind one of RegistryKinds; whether the province exists is not checked.
func ParseRegistrySubject(subject string) (ledger.Province, RegistryKind, error) {
	tokens := strings.Split(subject, ".")
	if len(tokens) != 3 || tokens[0] != "registry" || !allDigits(tokens[1], 2) || !slices.Contains(RegistryKinds, RegistryKind(tokens[2])) {
		return "", "", fmt.Errorf("subject %q is not %s", subject, RegistrySubjects)
	}
	return ledger.Province(tokens[1]), RegistryKind(tokens[2]), nil
}
