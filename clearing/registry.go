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

// PersonFile is what a home province's register says of one person, in the order of
// the documents' IDs. The zero value is a person that the register does not know.
//
// The numbers in the tags are the stored form: append-only, never reused.
type PersonFile struct {
	Enrolments    []provinces.Enrolment    `cbor:"1,keyasint,omitempty"`
	Filings       []provinces.Filing       `cbor:"2,keyasint,omitempty"`
	Cards         []provinces.Card         `cbor:"3,keyasint,omitempty"`
	Accumulations []provinces.Accumulation `cbor:"4,keyasint,omitempty"`
}

// Empty reports whether the register says nothing of the person.
func (f *PersonFile) Empty() bool {
	return len(f.Enrolments)+len(f.Filings)+len(f.Cards)+len(f.Accumulations) == 0
}

// Certificates are the hashes of the person's certificates and cards, each once, in
// order.
func (f *PersonFile) Certificates() []provinces.CertificateHash {
	var hashes []provinces.CertificateHash
	for i := range f.Enrolments {
		for _, c := range f.Enrolments[i].Certificates {
			hashes = append(hashes, c.Hash)
		}
	}
	for i := range f.Cards {
		hashes = append(hashes, f.Cards[i].Certificate.Hash)
	}
	slices.SortFunc(hashes, func(a, b provinces.CertificateHash) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(hashes)
}

// Documents are the names of the file's documents.
func (f *PersonFile) Documents(home ledger.Province) (keys []DocumentKey) {
	for _, e := range f.Enrolments {
		keys = append(keys, DocumentKey{home, provinces.RegistryPerson, e.ID})
	}
	for _, x := range f.Filings {
		keys = append(keys, DocumentKey{home, provinces.RegistryFiling, x.ID})
	}
	for _, c := range f.Cards {
		keys = append(keys, DocumentKey{home, provinces.RegistryCard, c.ID})
	}
	for _, a := range f.Accumulations {
		keys = append(keys, DocumentKey{home, provinces.RegistryAccumulation, a.ID})
	}
	return keys
}

// Version is the version of a document of the file; 0 if it is not in it.
func (f *PersonFile) Version(kind provinces.RegistryKind, id string) uint64 {
	switch fact := f.fact(kind, id).(type) {
	case provinces.Enrolment:
		return fact.Version
	case provinces.Filing:
		return fact.Version
	case provinces.Card:
		return fact.Version
	case provinces.Accumulation:
		return fact.Version
	}
	return 0
}

// DocumentKey names a registry document.
type DocumentKey struct {
	Home ledger.Province
	Kind provinces.RegistryKind
	ID   string
}

// DocumentState is the newest wording of a document that the register took.
type DocumentState struct {
	Version   uint64 `cbor:"1,keyasint"` // 0: there is no such document
	PersonNo  string `cbor:"2,keyasint"`
	Withdrawn bool   `cbor:"3,keyasint,omitempty"`
}

// RegistryView is what the books know of the register.
type RegistryView interface {
	// Person returns a person's file; the zero file if the register does not know one.
	Person(home ledger.Province, personNo string) (PersonFile, error)
	// Holders returns the numbers of the persons of a home province that have a
	// certificate or card of that hash, valid or not.
	Holders(home ledger.Province, hash provinces.CertificateHash) ([]string, error)
	// Document returns the state of a document; the zero state if there is none.
	Document(DocumentKey) (DocumentState, error)
}

// RegistryRecord is what became of one registry message. Of what was applied or repeated
// the books keep the outcome alone; the register itself says the rest.
type RegistryRecord struct {
	Sequence uint64                    `cbor:"-"` // place in the REGISTRY stream
	Outcome  provinces.RegistryOutcome `cbor:"-"`
	Home     ledger.Province           `cbor:"-"` // of the subject; "" where that names none

	Kind     provinces.RegistryKind `cbor:"1,keyasint,omitempty"`
	Document provinces.Document     `cbor:"2,keyasint"`
	PersonNo string                 `cbor:"3,keyasint,omitempty"`
	Received int64                  `cbor:"4,keyasint"` // the broker's timestamp, nanoseconds since 1970 UTC
	Code     provinces.Code         `cbor:"5,keyasint,omitempty"`
	Errors   []provinces.FieldError `cbor:"6,keyasint,omitempty"`
}

// RegistryDecision is everything that one registry message changes. It is stored whole
// or not at all.
type RegistryDecision struct {
	Record RegistryRecord

	// Set when applied.
	Key   DocumentKey
	State DocumentState
	File  *PersonFile // the person's file with the document in it, or out of it
}

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
	home, kind, err := provinces.ParseRegistrySubject(m.Subject)
	if err != nil || !provinces.Known(home) {
		decoded.Refusal = provinces.Reject(provinces.CodeSubject, "subject", "registry.<home>.<person|filing|card|accumulation>", "")
		return decoded, nil
	}
	decoded.Registration, err = d.Registry.Decode(m.Body)
	if err != nil {
		if !errors.As(err, &decoded.Refusal) {
			return decoded, fmt.Errorf("%w: %w", ErrAdapter, err)
		}
		return decoded, nil
	}
	decoded.Refusal = agreeRegistration(home, kind, &decoded.Registration)
	return decoded, nil
}

// agreeRegistration holds a document against its subject: permissions guard subjects.
func agreeRegistration(home ledger.Province, kind provinces.RegistryKind, r *provinces.Registration) *provinces.RejectError {
	refusal := &provinces.RejectError{Code: provinces.CodeSubject}
	for _, part := range []struct{ field, subject, body string }{
		{"insuplc_admdvs", string(home), string(r.Home.Province())},
		{"doctype", string(kind), string(r.Kind)},
	} {
		if part.subject != part.body {
			refusal.Errors = append(refusal.Errors, provinces.FieldError{
				Code: provinces.CodeSubject, Field: part.field, Expected: part.subject, Found: part.body,
			})
		}
	}
	if len(refusal.Errors) == 0 {
		return nil
	}
	return refusal
}

// Register says what becomes of a registry message. It is a pure function of the
// register and the message. An error is our own fault or the store's.
func (d *Desk) Register(view RegistryView, m DecodedRegistration) (RegistryDecision, error) {
	decision := registryDecision(m)
	if m.Refusal != nil {
		return decision.refuse(m.Refusal), nil
	}
	r := d.hashed(m.Registration)
	key := DocumentKey{Home: decision.Record.Home, Kind: r.Kind, ID: r.ID}
	state, err := view.Document(key)
	if err != nil {
		return decision, err
	}
	file, err := view.Person(key.Home, r.PersonNo)
	if err != nil {
		return decision, err
	}
	repeated, refusal := compareVersions(&r, state, &file)
	if refusal == nil && !repeated {
		if refusal, err = checkRegistration(view, key.Home, &r, &file); err != nil {
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
	decision.Record.Outcome = provinces.RegistryApplied
	decision.Key, decision.File = key, &file
	decision.State = DocumentState{Version: r.Version, PersonNo: r.PersonNo, Withdrawn: r.Withdrawn}
	return decision, nil
}

// RegistryFault is the decision for a registry message that we failed on three times:
// refused, by our own code, so that it is found.
func (d *Desk) RegistryFault(m DecodedRegistration) RegistryDecision {
	return registryDecision(m).refuse(provinces.Reject(provinces.CodeInternal, "", "", ""))
}

func registryDecision(m DecodedRegistration) RegistryDecision {
	home, _, err := provinces.ParseRegistrySubject(m.Subject)
	if err != nil || !provinces.Known(home) {
		home = ""
	}
	return RegistryDecision{Record: RegistryRecord{
		Sequence: m.Sequence, Home: home, Received: m.Received.UnixNano(),
		Kind: m.Registration.Kind, Document: m.Registration.Document, PersonNo: m.Registration.PersonNo,
	}}
}

func (d RegistryDecision) refuse(refusal *provinces.RejectError) RegistryDecision {
	d.Record.Outcome, d.Record.Code, d.Record.Errors = provinces.RegistryRefused, refusal.Code, refusal.Errors
	return d
}

// hashed replaces the numbers of certificates by their hashes; the register keeps no
// number.
func (d *Desk) hashed(r provinces.Registration) provinces.Registration {
	home := r.Home.Province()
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
func compareVersions(r *provinces.Registration, state DocumentState, file *PersonFile) (repeated bool, refusal *provinces.RejectError) {
	switch {
	case state.Version == 0:
		return false, nil
	case state.PersonNo != r.PersonNo:
		return false, provinces.Reject(provinces.CodeDocumentConflict, "psn_no", "", "")
	case r.Version < state.Version:
		return false, provinces.Reject(provinces.CodeDocumentOld, "docver", fmt.Sprintf("> %d", state.Version), fmt.Sprint(r.Version))
	case r.Version > state.Version:
		return false, nil
	case r.Withdrawn && state.Withdrawn, !r.Withdrawn && !state.Withdrawn && reflect.DeepEqual(file.fact(r.Kind, r.ID), factOf(r)):
		return true, nil
	}
	return false, provinces.Reject(provinces.CodeDocumentConflict, "docver", fmt.Sprintf("> %d", state.Version), fmt.Sprint(r.Version))
}

// checkRegistration holds a new document against the other documents.
func checkRegistration(view RegistryView, home ledger.Province, r *provinces.Registration, file *PersonFile) (*provinces.RejectError, error) {
	switch {
	case r.Card != nil && r.Card.Replaces != nil:
		holders, err := view.Holders(home, *r.Card.Replaces)
		if err != nil {
			return nil, err
		}
		if len(holders) > 0 && !slices.Contains(holders, r.PersonNo) {
			return provinces.Reject(provinces.CodePersonMismatch, "replaces", "", ""), nil
		}
	case r.Accumulation != nil && r.Accumulation.Opening != nil:
		for i := range file.Accumulations {
			a := &file.Accumulations[i]
			if a.Opening != nil && a.ID != r.ID && a.Insutype == r.Accumulation.Insutype && a.Year == r.Accumulation.Year {
				return provinces.Reject(provinces.CodeDocumentConflict, "opening", "one for a person-year", ""), nil
			}
		}
	}
	return nil, nil
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
	}
	return *r.Accumulation
}

// fact is a fact of the file by value; nil if it is not there.
func (f *PersonFile) fact(kind provinces.RegistryKind, id string) any {
	switch kind {
	case provinces.RegistryPerson:
		return factIn(f.Enrolments, id, enrolmentID)
	case provinces.RegistryFiling:
		return factIn(f.Filings, id, filingID)
	case provinces.RegistryCard:
		return factIn(f.Cards, id, cardID)
	}
	return factIn(f.Accumulations, id, accumulationID)
}

// replace puts a registration's fact in the place of its earlier wording, or takes it
// out. The file's old lists are left as they are.
func (f *PersonFile) replace(r *provinces.Registration) {
	switch r.Kind {
	case provinces.RegistryPerson:
		f.Enrolments = replaced(f.Enrolments, r.ID, r.Enrolment, enrolmentID)
	case provinces.RegistryFiling:
		f.Filings = replaced(f.Filings, r.ID, r.Filing, filingID)
	case provinces.RegistryCard:
		f.Cards = replaced(f.Cards, r.ID, r.Card, cardID)
	case provinces.RegistryAccumulation:
		f.Accumulations = replaced(f.Accumulations, r.ID, r.Accumulation, accumulationID)
	}
}

func enrolmentID(e provinces.Enrolment) string       { return e.ID }
func filingID(x provinces.Filing) string             { return x.ID }
func cardID(c provinces.Card) string                 { return c.ID }
func accumulationID(a provinces.Accumulation) string { return a.ID }

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

// Key is a registry document's name in one text: "65/filing/F-2026-17".
func (k DocumentKey) Key() string {
	return strings.Join([]string{string(k.Home), string(k.Kind), k.ID}, "/")
}
