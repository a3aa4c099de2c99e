package service

import (
	"time"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Subjects of the register's services. All carry the province behind the prefix, for
// example clearing.registry.65, so that permissions can keep an agency to its own people
// and providers.
const (
	Registry         = "clearing.registry"
	RegistryProvider = "clearing.registryprovider"
	RegistryRefusals = "clearing.registryrefusals"
)

// RegistryRequest names a person of the home province.
type RegistryRequest struct {
	PersonNo string `json:"person_no"`
}

// RegistryReply is what the register says of a person, without names and certificate
// numbers.
type RegistryReply struct {
	Person        string                     `json:"person"` // keyed pseudonym
	Mode          string                     `json:"mode"`   // "registered" or "declared": what the register's silence means
	Known         bool                       `json:"known"`  // the register has at least one document of the person
	Enrolments    []RegistryEnrolment        `json:"enrolments,omitempty"`
	Filings       []RegistryFiling           `json:"filings,omitempty"`
	Cards         []RegistryCard             `json:"cards,omitempty"`
	Accumulations []RegistryAccumulationLine `json:"accumulations,omitempty"`
}

// RegistryEnrolment is one insurance of the person over a time.
type RegistryEnrolment struct {
	Document           string               `json:"docid"`
	Version            uint64               `json:"docver"`
	Area               ledger.Area          `json:"area"`
	Insutype           string               `json:"insutype"`
	PersonType         string               `json:"person_type"`
	From               ledger.Day           `json:"from"`
	To                 *ledger.Day          `json:"to,omitempty"`
	Names              int                  `json:"names"`        // spellings known
	Certificates       int                  `json:"certificates"` // certificates known
	Identities         []provinces.Identity `json:"identities,omitempty"`
	Retired            *bool                `json:"retired,omitempty"`
	CivilServant       bool                 `json:"civil_servant,omitempty"`
	CivilServantRank   string               `json:"civil_servant_rank,omitempty"`
	Grade              string               `json:"grade,omitempty"`
	ContributionMonths *int                 `json:"contribution_months,omitempty"`
	ContinuousYears    *int                 `json:"continuous_years,omitempty"`
	ZeroClaimYears     *int                 `json:"zero_claim_years,omitempty"`
	AccountAllowed     *bool                `json:"account_allowed,omitempty"`
}

// RegistryFiling is one out-of-area filing.
type RegistryFiling struct {
	Document string             `json:"docid"`
	Version  uint64             `json:"docver"`
	Type     string             `json:"type"`
	Places   []string           `json:"places,omitempty"` // empty: anywhere
	From     ledger.Day         `json:"from"`
	To       *ledger.Day        `json:"to,omitempty"`
	FiledAt  provinces.DateTime `json:"filed_at"`
}

// RegistryCard is one card.
type RegistryCard struct {
	Document  string      `json:"docid"`
	Version   uint64      `json:"docver"`
	Kind      string      `json:"kind"` // mdtrt_cert_type
	Temporary bool        `json:"temporary,omitempty"`
	From      ledger.Day  `json:"from"`
	To        *ledger.Day `json:"to,omitempty"`
}

// RegistryAccumulationLine is what counts into a person-year from elsewhere.
type RegistryAccumulationLine struct {
	Document   string             `json:"docid"`
	Version    uint64             `json:"docver"`
	Insutype   string             `json:"insutype"`
	Year       int                `json:"year"`
	Opening    *provinces.Opening `json:"opening,omitempty"`
	Outpatient *ledger.Amount     `json:"outpatient,omitempty"`
}

// RegistryProviderRequest names a provider of the treatment province.
type RegistryProviderRequest struct {
	Provider string `json:"provider"` // fixmedins_code
}

// RegistryProviderReply is what the register says of a provider.
type RegistryProviderReply struct {
	Provider   string             `json:"provider"`
	Known      bool               `json:"known"`                // the register has at least one document of the provider
	Today      *benefit.Facility  `json:"today,omitempty"`      // what a stay discharged today would be settled with; absent: the claim's hosp_lv
	Facilities []RegistryFacility `json:"facilities,omitempty"` // by docid
}

// RegistryFacility is what the provider is over a time.
type RegistryFacility struct {
	Document string      `json:"docid"`
	Version  uint64      `json:"docver"`
	Area     ledger.Area `json:"area"`
	Level    string      `json:"level"` // hosp_lv
	Traits   []string    `json:"traits,omitempty"`
	Name     string      `json:"name,omitempty"`
	From     ledger.Day  `json:"from"`
	To       *ledger.Day `json:"to,omitempty"`
}

// RegistryRefusalsRequest asks for the refused documents of the province, newest
// first.
type RegistryRefusalsRequest struct {
	Before uint64 `json:"before,omitempty"` // only those of an earlier sequence; 0: from the newest on
	Limit  int    `json:"limit,omitempty"`  // at most so many; 0: 100, which is also the most
}

// RegistryRefusalsReply lists refused documents and counts all documents.
type RegistryRefusalsReply struct {
	Counts   map[provinces.RegistryOutcome]uint64 `json:"counts"` // since the books began
	Codes    map[provinces.Code]uint64            `json:"codes,omitempty"`
	Refusals []RegistryRefusal                    `json:"refusals"`
	More     bool                                 `json:"more,omitempty"` // there are earlier ones: ask with before
}

// RegistryRefusal is one refused document.
type RegistryRefusal struct {
	Sequence uint64                 `json:"sequence"` // in the REGISTRY stream
	Kind     provinces.RegistryKind `json:"kind,omitempty"`
	Document string                 `json:"docid,omitempty"`
	Version  uint64                 `json:"docver,omitempty"`
	Person   string                 `json:"person,omitempty"`   // keyed pseudonym of whom it is about
	Provider string                 `json:"provider,omitempty"` // fixmedins_code, where it is about one
	Received time.Time              `json:"received"`
	Code     provinces.Code         `json:"code"`
	ZH       string                 `json:"zh"`
	EN       string                 `json:"en"`
	Errors   []provinces.FieldError `json:"errors"`
}
