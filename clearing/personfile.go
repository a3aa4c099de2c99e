package clearing

import (
	"slices"

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

// check holds a new document against the other documents.
func (f *PersonFile) check(view RegistryView, home ledger.Province, r *provinces.Registration) (*provinces.RejectError, error) {
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
		for i := range f.Accumulations {
			a := &f.Accumulations[i]
			if a.Opening != nil && a.ID != r.ID && a.Insutype == r.Accumulation.Insutype && a.Year == r.Accumulation.Year {
				return provinces.Reject(provinces.CodeDocumentConflict, "opening", "one for a person-year", ""), nil
			}
		}
	}
	return nil, nil
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
