package clearing

import (
	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// ProviderFile is what a treatment province's register says of one provider, in the order
// of the documents' IDs. The zero value is a provider that the register does not know.
//
// The numbers in the tags are the stored form: append-only, never reused.
type ProviderFile struct {
	Facilities []provinces.Facility `cbor:"1,keyasint,omitempty"`
}

// Empty reports whether the register says nothing of the provider.
func (f *ProviderFile) Empty() bool { return len(f.Facilities) == 0 }

// Documents are the names of the file's documents.
func (f *ProviderFile) Documents(treatment ledger.Province) (keys []DocumentKey) {
	for _, x := range f.Facilities {
		keys = append(keys, DocumentKey{treatment, provinces.RegistryProvider, x.ID})
	}
	return keys
}

// Version is the version of a document of the file; 0 if it is not in it.
func (f *ProviderFile) Version(id string) uint64 {
	if fact, ok := f.fact(provinces.RegistryProvider, id).(provinces.Facility); ok {
		return fact.Version
	}
	return 0
}

// Facility is what counts for a stay, as the calculator gets it; nil if the register knows
// of nothing in force during it. As with people's facts, what holds on the day of
// discharge counts, or else what held last during the stay; of several the one that began
// last. The level that it overrules is told with the discharge claim, and the rules of a
// stay are those of its discharge (rules 7, article 41: one bill, of the day
// of discharge; design section 4: the version in force then counts).
func (f *ProviderFile) Facility(admitted, discharged ledger.Day) *benefit.Facility {
	var best *provinces.Facility
	for i := range f.Facilities {
		x := &f.Facilities[i]
		if x.InForce(admitted, discharged) && (best == nil || counts(x, best, discharged)) {
			best = x
		}
	}
	if best == nil {
		return nil
	}
	return &benefit.Facility{Level: benefit.LevelOf(best.Level), Traits: best.Traits}
}

// counts reports whether a counts before b.
func counts(a, b *provinces.Facility, discharged ledger.Day) bool {
	if at, bt := a.InForce(discharged, discharged), b.InForce(discharged, discharged); at != bt {
		return at
	}
	return a.From > b.From
}

// check: documents about a provider do not contradict each other; the one that began last
// counts.
func (f *ProviderFile) check(RegistryView, ledger.Province, *provinces.Registration) (*provinces.RejectError, error) {
	return nil, nil
}

func (f *ProviderFile) fact(_ provinces.RegistryKind, id string) any {
	return factIn(f.Facilities, id, facilityID)
}

func (f *ProviderFile) replace(r *provinces.Registration) {
	f.Facilities = replaced(f.Facilities, r.ID, r.Facility, facilityID)
}

func facilityID(f provinces.Facility) string { return f.ID }
