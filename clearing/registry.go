package clearing

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"clearingd/ledger"
	"clearingd/provinces"
)

// DocumentKey names a registry document.
type DocumentKey struct {
	Province ledger.Province // of the subject
	Kind     provinces.RegistryKind
	ID       string
}

// Key is a registry document's name in one text: "65/filing/F-2026-17".
func (k DocumentKey) Key() string {
	return strings.Join([]string{string(k.Province), string(k.Kind), k.ID}, "/")
}

// DocumentState is the newest wording of a document that the register took.
type DocumentState struct {
	Version   uint64 `cbor:"1,keyasint"` // 0: there is no such document
	Owner     string `cbor:"2,keyasint"` // psn_no of the person, or fixmedins_code of the provider, whom it is about
	Withdrawn bool   `cbor:"3,keyasint,omitempty"`
}

// RegistryView is what the books know of the register.
type RegistryView interface {
	// Person returns a person's file; the zero file if the register does not know one.
	Person(home ledger.Province, personNo string) (PersonFile, error)
	// Holders returns the numbers of the persons of a home province that have a
	// certificate or card of that hash, valid or not.
	Holders(home ledger.Province, hash provinces.CertificateHash) ([]string, error)
	// Provider returns a provider's file; the zero file if the register does not know one.
	Provider(treatment ledger.Province, code string) (ProviderFile, error)
	// Document returns the state of a document; the zero state if there is none.
	Document(DocumentKey) (DocumentState, error)
}

// RegistryRecord is what became of one registry message. Of what was applied or repeated
// the books keep the outcome alone; the register itself says the rest.
type RegistryRecord struct {
	Sequence uint64                    `cbor:"-"` // place in the REGISTRY stream
	Outcome  provinces.RegistryOutcome `cbor:"-"`
	Province ledger.Province           `cbor:"-"` // of the subject; "" where that names none

	Kind     provinces.RegistryKind `cbor:"1,keyasint,omitempty"`
	Document provinces.Document     `cbor:"2,keyasint"`
	PersonNo string                 `cbor:"3,keyasint,omitempty"`
	Received int64                  `cbor:"4,keyasint"` // the broker's timestamp, nanoseconds since 1970 UTC
	Code     provinces.Code         `cbor:"5,keyasint,omitempty"`
	Errors   []provinces.FieldError `cbor:"6,keyasint,omitempty"`
	Provider string                 `cbor:"7,keyasint,omitempty"`
}

// RegistryDecision is everything that one registry message changes. It is stored whole
// or not at all.
type RegistryDecision struct {
	Record RegistryRecord

	// Set when applied, of the files the one of whom the document is about: with the
	// document in it, or out of it.
	Key      DocumentKey
	State    DocumentState
	Person   *PersonFile
	Provider *ProviderFile
}

// registryFile is what the register keeps of one person or of one provider. Documents are
// taken in the same way for both.
type registryFile interface {
	// fact is a fact of the file by value; nil if it is not there.
	fact(kind provinces.RegistryKind, id string) any
	// check holds a new document against the others.
	check(RegistryView, ledger.Province, *provinces.Registration) (*provinces.RejectError, error)
	// replace puts a registration's fact in the place of its earlier wording, or takes it
	// out. The file's old lists are left as they are.
	replace(*provinces.Registration)
}

var (
	_ registryFile = (*PersonFile)(nil)
	_ registryFile = (*ProviderFile)(nil)
)

// DecodedRegistration is a registry message with what its adapter made of it.
type DecodedRegistration struct {
	provinces.RegistryMessage
	Registration provinces.Registration
	Refusal      *provinces.RejectError // nil if the document is whole
}

// DecodeRegistration reads a registry document and holds it against its subject. An
// error is our own fault, never the message's.
func (d *Desk) DecodeRegistration(m provinces.RegistryMessage) (DecodedRegistration, error) {
	decoded := DecodedRegistration{RegistryMessage: m}
	if d.Registry == nil {
		return decoded, fmt.Errorf("%w: no adapter for registry documents", ErrAdapter)
	}
	province, kind, err := provinces.ParseRegistrySubject(m.Subject)
	if err != nil || !provinces.Known(province) {
		decoded.Refusal = provinces.Reject(provinces.CodeSubject, "subject", provinces.RegistrySubjects, "")
		return decoded, nil
	}
	decoded.Registration, err = d.Registry.Decode(m.Body)
	if err != nil {
		if !errors.As(err, &decoded.Refusal) {
			return decoded, fmt.Errorf("%w: %w", ErrAdapter, err)
		}
		return decoded, nil
	}
	decoded.Refusal = agreeRegistration(province, kind, &decoded.Registration)
	return decoded, nil
}

// agreeRegistration holds a document against its subject: permissions guard subjects.
func agreeRegistration(province ledger.Province, kind provinces.RegistryKind, r *provinces.Registration) *provinces.RejectError {
	areaField, _ := aboutFields(r)
	return provinces.AgreeOn(
		provinces.SaidTwice{Field: areaField, Subject: string(province), Body: string(r.Area.Province())},
		provinces.SaidTwice{Field: "doctype", Subject: string(kind), Body: string(r.Kind)},
	)
}

// aboutFields are the members that say whom a document is about.
func aboutFields(r *provinces.Registration) (area, owner string) {
	if r.Kind == provinces.RegistryProvider {
		return "mdtrtarea_admvs", "fixmedins_code"
	}
	return "insuplc_admdvs", "psn_no"
}

// owner is whom a document is about, by number or code.
func owner(r *provinces.Registration) string { return cmp.Or(r.PersonNo, r.Provider) }

// Register says what becomes of a registry message. It is a pure function of the
// register and the message. An error is our own fault or the store's.
func (d *Desk) Register(view RegistryView, m DecodedRegistration) (RegistryDecision, error) {
	decision := registryDecision(m)
	if m.Refusal != nil {
		return decision.refuse(m.Refusal), nil
	}
	r := d.hashed(m.Registration)
	key := DocumentKey{Province: decision.Record.Province, Kind: r.Kind, ID: r.ID}
	state, err := view.Document(key)
	if err != nil {
		return decision, err
	}
	file, err := openFile(view, key.Province, &r)
	if err != nil {
		return decision, err
	}
	repeated, refusal := compareVersions(&r, state, file)
	if refusal == nil && !repeated {
		if refusal, err = file.check(view, key.Province, &r); err != nil {
			return decision, err
		}
	}
	switch {
	case refusal != nil:
		return decision.refuse(refusal), nil
	case repeated:
		decision.Record.Outcome = provinces.RegistryRepeated
		return decision, nil
	}
	file.replace(&r)
	decision.Record.Outcome, decision.Key = provinces.RegistryApplied, key
	decision.State = DocumentState{Version: r.Version, Owner: owner(&r), Withdrawn: r.Withdrawn}
	decision.Person, _ = file.(*PersonFile)
	decision.Provider, _ = file.(*ProviderFile)
	return decision, nil
}

// openFile is the file of whom the document is about.
func openFile(view RegistryView, province ledger.Province, r *provinces.Registration) (registryFile, error) {
	if r.Kind == provinces.RegistryProvider {
		file, err := view.Provider(province, r.Provider)
		return &file, err
	}
	file, err := view.Person(province, r.PersonNo)
	return &file, err
}

// RegistryFault is the decision for a registry message that we failed on three times:
// refused, by our own code, so that it is found.
func (d *Desk) RegistryFault(m DecodedRegistration) RegistryDecision {
	return registryDecision(m).refuse(provinces.Reject(provinces.CodeInternal, "", "", ""))
}

func registryDecision(m DecodedRegistration) RegistryDecision {
	province, _, err := provinces.ParseRegistrySubject(m.Subject)
	if err != nil || !provinces.Known(province) {
		province = ""
	}
	return RegistryDecision{Record: RegistryRecord{
		Sequence: m.Sequence, Province: province, Received: m.Received.UnixNano(), Kind: m.Registration.Kind,
		Document: m.Registration.Document, PersonNo: m.Registration.PersonNo, Provider: m.Registration.Provider,
	}}
}

func (d RegistryDecision) refuse(refusal *provinces.RejectError) RegistryDecision {
	d.Record.Outcome, d.Record.Code, d.Record.Errors = provinces.RegistryRefused, refusal.Code, refusal.Errors
	return d
}

// hashed replaces the numbers of certificates by their hashes; the register keeps no
// number.
func (d *Desk) hashed(r provinces.Registration) provinces.Registration {
	home := r.Area.Province()
	hash := func(c provinces.Certificate) provinces.Certificate {
		if c.Number != "" {
			c.Hash, c.Number = d.Pseudonyms.Certificate(home, c.Class, c.Number), ""
		}
		return c
	}
	if r.Enrolment != nil {
		e := *r.Enrolment
		e.Certificates = slices.Clone(e.Certificates)
		for i := range e.Certificates {
			e.Certificates[i] = hash(e.Certificates[i])
		}
		r.Enrolment = &e
	}
	if r.Card != nil {
		c := *r.Card
		c.Certificate = hash(c.Certificate)
		if c.ReplacesNumber != "" {
			replaced := d.Pseudonyms.Certificate(home, c.Certificate.Class, c.ReplacesNumber)
			c.Replaces, c.ReplacesNumber = &replaced, ""
		}
		r.Card = &c
	}
	return r
}

// compareVersions says whether the register has the document already, or something
// newer or other under its name.
func compareVersions(r *provinces.Registration, state DocumentState, file registryFile) (repeated bool, refusal *provinces.RejectError) {
	switch {
	case state.Version == 0:
		return false, nil
	case state.Owner != owner(r):
		_, field := aboutFields(r)
		return false, provinces.Reject(provinces.CodeDocumentConflict, field, "", "")
	case r.Version < state.Version:
		return false, provinces.Reject(provinces.CodeDocumentOld, "docver", fmt.Sprintf("> %d", state.Version), fmt.Sprint(r.Version))
	case r.Version > state.Version:
		return false, nil
	case r.Withdrawn && state.Withdrawn, !r.Withdrawn && !state.Withdrawn && reflect.DeepEqual(file.fact(r.Kind, r.ID), factOf(r)):
		return true, nil
	}
	return false, provinces.Reject(provinces.CodeDocumentConflict, "docver", fmt.Sprintf("> %d", state.Version), fmt.Sprint(r.Version))
}

// factOf is a registration's fact by value.
func factOf(r *provinces.Registration) any {
	switch r.Kind {
	case provinces.RegistryPerson:
		return *r.Enrolment
	case provinces.RegistryFiling:
		return *r.Filing
	case provinces.RegistryCard:
		return *r.Card
	case provinces.RegistryProvider:
		return *r.Facility
	}
	return *r.Accumulation
}

func factIn[F any](facts []F, id string, idOf func(F) string) any {
	for _, fact := range facts {
		if idOf(fact) == id {
			return fact
		}
	}
	return nil
}

// replaced is the facts without the one of that ID, and with the new one unless nil.
func replaced[F any](facts []F, id string, fact *F, idOf func(F) string) []F {
	var next []F
	for _, old := range facts {
		if idOf(old) != id {
			next = append(next, old)
		}
	}
	if fact != nil {
		next = append(next, *fact)
	}
	slices.SortFunc(next, func(a, b F) int { return cmp.Compare(idOf(a), idOf(b)) })
	return next
}
