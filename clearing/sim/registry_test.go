package sim

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"clearingd/provinces"
	"clearingd/provinces/registry"
)

func TestTheRegisterOfASampleKnowsItsPeople(t *testing.T) {
	sample := Day(DefaultConfig(7, 400, testDay))
	documents := Registry(sample.Messages)
	known := map[string]bool{}
	for _, d := range documents {
		r, err := registry.Dialect{}.Decode(d.Body)
		if err != nil || d.Subject != provinces.RegistrySubject(r.Area.Province(), r.Kind) {
			t.Fatalf("%s: %v: %s", d.Subject, err, d.Body)
		}
		if strings.Contains(r.ID, r.PersonNo) {
			t.Errorf("%s tells whose it is", r.ID)
		}
		if r.Enrolment != nil {
			known[string(r.Area)+r.PersonNo+r.Enrolment.Insutype] = true
		}
	}
	for _, m := range sample.Messages {
		if m.Infno != provinces.InfnoSettle || m.Want.Outcome != provinces.Booked {
			continue
		}
		var w struct {
			Home  string `json:"insuplc_admdvs"`
			Input struct {
				Data struct {
					Person   string `json:"psn_no"`
					Insutype string `json:"insutype"`
				} `json:"data"`
			} `json:"input"`
		}
		if err := json.Unmarshal(m.Body, &w); err != nil {
			t.Fatal(err)
		}
		if !known[w.Home+w.Input.Data.Person+w.Input.Data.Insutype] {
			t.Errorf("%s: the person is not registered", m.Subject)
		}
	}
	if len(known) < 300 {
		t.Errorf("%d enrolments for 400 messages", len(known))
	}
}

func TestTheRegisterIsTheSameEachTime(t *testing.T) {
	sample := Day(DefaultConfig(7, 100, testDay))
	one, two := Registry(sample.Messages), Registry(sample.Messages)
	if len(one) == 0 || len(one) != len(two) {
		t.Fatalf("%d and %d documents", len(one), len(two))
	}
	for i := range one {
		if one[i].Subject != two[i].Subject || !bytes.Equal(one[i].Body, two[i].Body) {
			t.Errorf("document %d differs", i)
		}
	}
}

func TestTheTemporaryCardOfTheXinjiangScenarioIsRegistered(t *testing.T) {
	found := 0
	for _, d := range Registry(Xinjiang2016(XinjiangConfig{Seed: 1}).Messages) {
		r, err := registry.Dialect{}.Decode(d.Body)
		if err != nil {
			t.Fatal(err)
		}
		if r.Card != nil && r.Card.Replaces != nil {
			found++
		}
	}
	if found != 1 {
		t.Errorf("%d temporary cards", found)
	}
}

func TestTheRegisterOfASamplesHospitals(t *testing.T) {
	sample := Day(DefaultConfig(7, 400, testDay))
	documents := Providers(sample.Messages)
	known, traits := map[string]string{}, map[string]int{}
	for i, d := range documents {
		r, err := registry.Dialect{}.Decode(d.Body)
		if err != nil || d.Subject != provinces.RegistrySubject(r.Area.Province(), "provider") {
			t.Fatalf("%s: %v: %s", d.Subject, err, d.Body)
		}
		if known[r.Provider] != "" || i > 0 && d.Subject < documents[i-1].Subject {
			t.Errorf("%s stands twice or out of order", r.Provider)
		}
		known[r.Provider] = r.Facility.Level
		for _, trait := range r.Facility.Traits {
			traits[trait]++
		}
	}
	for _, m := range sample.Messages {
		if m.Want.Outcome != provinces.Booked {
			continue
		}
		if name, level, ok := hospitalIn(m.Body); !ok || known[name.code] != level {
			t.Errorf("%s states level %s, registered is %q", m.Subject, level, known[name.code])
		}
	}
	if traits["community"] == 0 || traits["tcm"] == 0 {
		t.Errorf("traits %v of %d hospitals", traits, len(documents))
	}
}
