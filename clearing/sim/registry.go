package sim

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Registration is one document of a home province's register.
type Registration struct {
	Subject string // registry.<home>.<kind>
	Body    []byte
}

// Registry builds the register that fits the messages of a sample: an enrolment for
// every person and insurance in them, the filings they claim, and their cards, with the
// facts that the claims themselves state. With it a sample runs the same where people
// are registered as where the claim's word is taken.
//
// The people of messages that cannot be read are left out. Documents are named after
// what they say, so that the registers of two samples go together: what both say is
// repeated, not contradicted. The result is in the order of subject and document.
func Registry(messages []Message) []Registration {
	documents := map[string]Registration{}
	places := map[string]map[string]bool{} // of filings: where the person is treated
	for _, m := range messages {
		if s, ok := statedIn(m.Body); ok && s.Filing() != "" {
			key := s.filer()
			if places[key] == nil {
				places[key] = map[string]bool{}
			}
			places[key][string(s.Treatment.Province())] = true
		}
	}
	for _, m := range messages {
		s, ok := statedIn(m.Body)
		if !ok {
			continue
		}
		for _, d := range s.documents(slices.Sorted(maps.Keys(places[s.filer()]))) {
			documents[d.Subject+" "+d.id] = d.Registration
		}
	}
	var all []Registration
	for _, key := range slices.Sorted(maps.Keys(documents)) {
		all = append(all, documents[key])
	}
	return all
}

// stated is what a claim states about its person.
type stated struct {
	Home      ledger.Area `json:"insuplc_admdvs"`
	Treatment ledger.Area `json:"mdtrtarea_admvs"`
	Input     struct {
		Data struct {
			PersonNo     string `json:"psn_no"`
			CertType     string `json:"mdtrt_cert_type"`
			CertNo       string `json:"mdtrt_cert_no"`
			Insutype     string `json:"insutype"`
			PersonType   string `json:"psn_type"`
			CivilServant string `json:"cvlserv_flag"`
		} `json:"data"`
		Stay struct {
			Filing string `json:"out_fil_type"`
		} `json:"mdtrtinfo"`
		Person struct {
			Name string `json:"psn_name"`
		} `json:"baseinfo"`
		Identities []identity `json:"idetinfo"`
	} `json:"input"`
}

// personDigits is the length of a Person's Number; a broken message may have another.
const personDigits = 20

// statedIn reads a message; false if it is no claim that names its person.
func statedIn(body []byte) (s stated, ok bool) {
	if json.Unmarshal(body, &s) != nil || !provinces.ValidArea(s.Home) || !provinces.ValidArea(s.Treatment) {
		return s, false
	}
	return s, len(s.Input.Data.PersonNo) == personDigits && s.Input.Data.Insutype != "" && s.Input.Data.PersonType != "" && s.Input.Person.Name != ""
}

// Filing is the out_fil_type of the claim; "" = not filed.
func (s *stated) Filing() string { return s.Input.Stay.Filing }

// filer names a person's filing of one kind.
func (s *stated) filer() string {
	return strings.Join([]string{string(s.Home), s.Input.Data.PersonNo, s.Filing()}, " ")
}

type registryDocument struct {
	Registration
	id string
}

// Days of the documents: long before any sample, so that they hold for all.
const (
	enrolledSince = "2010-01-01"
	filedSince    = "2015-01-01"
	temporaryTill = "2099-12-31"
)

func (s *stated) documents(places []string) []registryDocument {
	data := &s.Input.Data
	person := map[string]any{
		"insutype": data.Insutype, "psn_type": data.PersonType, "psn_name": s.Input.Person.Name,
		"cvlserv_flag": data.CivilServant, "idetinfo": s.Input.Identities, "begndate": enrolledSince,
	}
	all := []registryDocument{}
	switch {
	case data.CertType == "02":
		person["certinfo"] = []map[string]string{{"psn_cert_type": "01", "certno": data.CertNo}}
	case data.CertType == "03" && strings.Contains(data.CertNo, "TEMPORARY"):
		all = append(all, s.document(provinces.RegistryCard, map[string]any{
			"mdtrt_cert_type": "03", "mdtrt_cert_no": data.CertNo, "replaces": "SAMPLE-03-LOST",
			"begndate": filedSince, "enddate": temporaryTill,
		}))
	case data.CertType == "03":
		all = append(all, s.document(provinces.RegistryCard, map[string]any{
			"mdtrt_cert_type": "03", "mdtrt_cert_no": data.CertNo, "begndate": enrolledSince,
		}))
	}
	all = append(all, s.document(provinces.RegistryPerson, person))
	if s.Filing() != "" {
		all = append(all, s.document(provinces.RegistryFiling, map[string]any{
			"out_fil_type": s.Filing(), "mdtrtarea_admvs": places, "opt_time": filedSince + " 09:00:00", "begndate": filedSince,
		}))
	}
	return all
}

// document completes a document. Its id is a digest of the fact, which tells nobody
// who the person is.
func (s *stated) document(kind provinces.RegistryKind, members map[string]any) registryDocument {
	members["psn_no"], members["insuplc_admdvs"], members["doctype"] = s.Input.Data.PersonNo, s.Home, kind
	digest := sha256.Sum256(encode(members))
	id := fmt.Sprintf("SAMPLE-%x", digest[:12])
	members["docid"], members["docver"], members["memo"] = id, 1, Built
	return registryDocument{
		Registration: Registration{Subject: provinces.RegistrySubject(s.Home.Province(), kind), Body: encode(members)},
		id:           id,
	}
}
