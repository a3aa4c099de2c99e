package intake_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/intake"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/registry"
)

// registrar takes registry documents into a house's books.
type registrar struct {
	*house
	registry *intake.Registry
	outcomes []string
	faults   []error
}

func newRegistrar(t testing.TB, batchMax int) *registrar {
	r := &registrar{house: newHouse(t, moody{}, batchMax)}
	desk := &clearing.Desk{Registry: moodyRegistry{}}
	r.registry = intake.NewRegistry(intake.RegistryOptions{
		Store: r.store, Desk: func() *clearing.Desk { return desk }, BatchMax: batchMax,
		Observe: func(e intake.RegistryEvent) {
			if e.Fault != nil {
				r.faults = append(r.faults, e.Fault)
			}
			for _, record := range e.Records {
				r.outcomes = append(r.outcomes, fmt.Sprintf("%d:%s", record.Sequence, record.Outcome))
			}
		},
	})
	return r
}

// moodyRegistry reads a filing of person N1 named after the body, except where the body
// tells it to fail.
type moodyRegistry struct{}

func (moodyRegistry) Decode(body []byte) (provinces.Registration, error) {
	switch string(body) {
	case "panic":
		panic("patient 110101199003070011")
	case "fail":
		return provinces.Registration{}, errors.New("our own fault")
	case "bad":
		return provinces.Registration{}, provinces.Reject(provinces.CodeMalformed, "", "", "")
	}
	document := provinces.Document{ID: string(body), Version: 1}
	return provinces.Registration{
		Kind: provinces.RegistryFiling, Document: document, Area: "650100", PersonNo: "N1",
		Filing: &provinces.Filing{Document: document, Type: "06"},
	}, nil
}

func documents(from uint64, bodies ...string) []provinces.RegistryMessage {
	var messages []provinces.RegistryMessage
	for i, body := range bodies {
		messages = append(messages, provinces.RegistryMessage{
			Sequence: from + uint64(i), Subject: "registry.65.filing", Body: []byte(body), Received: time.Unix(1, 0),
		})
	}
	return messages
}

func (r *registrar) take(messages []provinces.RegistryMessage) {
	r.Helper()
	if err := r.registry.Commit(messages); err != nil {
		r.Fatal(err)
	}
}

func TestEveryDocumentGetsOneOutcomeInTheOrderOfTheStream(t *testing.T) {
	for _, batchMax := range []int{1, 2, 100} {
		r := newRegistrar(t, batchMax)
		r.take(documents(1, "F1", "bad", "F1", "F2"))
		r.take(documents(3, "F1", "F2", "F3")) // the first two were delivered before
		if got := strings.Join(r.outcomes, " "); got != "1:applied 2:refused 3:repeated 4:applied 5:applied" {
			t.Errorf("batches of %d: %s", batchMax, got)
		}
	}
}

func TestADocumentWeFailOnIsSetAsideAndTheOthersFlow(t *testing.T) {
	for _, body := range []string{"panic", "fail"} {
		r := newRegistrar(t, 10)
		r.take(documents(1, "F1", body, "F2"))
		if got := strings.Join(r.outcomes, " "); got != "1:applied 2:refused 3:applied" {
			t.Errorf("%s: %s", body, got)
		}
		if len(r.faults) != intake.AttemptsMax {
			t.Errorf("%s: tried %d times, want %d", body, len(r.faults), intake.AttemptsMax)
		}
		for _, fault := range r.faults {
			if strings.Contains(fault.Error(), "110101199003070011") {
				t.Errorf("the fault shows a patient's number: %v", fault)
			}
		}
		r.store.View(func(tx *store.Tx) error {
			counts, err := tx.RegistryCounts("65")
			if err != nil || counts.Codes[provinces.CodeInternal] != 1 {
				t.Errorf("%s: %+v, %v", body, counts, err)
			}
			if n, _ := tx.Attempts(store.RegistryStream, 2); n != 0 {
				t.Errorf("%s: %d attempts left behind", body, n)
			}
			return nil
		})
	}
}

func TestAGapInTheRegistryIsNeverPassedOver(t *testing.T) {
	r := newRegistrar(t, 10)
	r.take(documents(1, "F1"))
	if err := r.registry.Commit(documents(3, "F3")); !errors.Is(err, store.ErrSequence) {
		t.Errorf("sequence 3 after 1: %v", err)
	}
	r.store.View(func(tx *store.Tx) error {
		if at, err := tx.Position(store.RegistryStream); err != nil || at.Sequence != 1 || tx.RegistryOutcome(3) != "" {
			t.Errorf("position %+v, %v", at, err)
		}
		return nil
	})
}

func TestTheRegistryTakesNoPlaceAmongTheClaims(t *testing.T) {
	r := newRegistrar(t, 10)
	r.commit(message("33", 1, "x"))
	r.take(documents(1, "F1"))
	r.commit(message("33", 2, "x"))
	r.store.View(func(tx *store.Tx) error {
		if tx.Last() != 2 {
			t.Errorf("%d records", tx.Last())
		}
		if day, err := tx.Day(ledger.Day(firstDay)); err != nil || day.Records != 2 {
			t.Errorf("%+v, %v", day, err)
		}
		return nil
	})
}

// BenchmarkRegistry takes enrolments of new people, 256 in a transaction, as a first
// load of a province does.
func BenchmarkRegistry(b *testing.B) {
	r := newRegistrar(b, 256)
	desk := &clearing.Desk{Registry: registry.Dialect{}}
	people := intake.NewRegistry(intake.RegistryOptions{
		Store: r.store, Desk: func() *clearing.Desk { return desk }, BatchMax: 256,
	})
	batch := make([]provinces.RegistryMessage, 0, 256)
	for n := range b.N {
		batch = append(batch, provinces.RegistryMessage{Sequence: uint64(n) + 1, Subject: "registry.65.person", Body: fmt.Appendf(nil,
			`{"doctype":"person","docid":"P%d","docver":1,"insuplc_admdvs":"650100","psn_no":"6501%016d","insutype":"310","psn_type":"1201","psn_name":"买买提·吐尔逊","certinfo":[{"psn_cert_type":"01","certno":"S%d"}],"begndate":"2018-05-01"}`,
			n, n*7919%1_000_003, n)})
		if len(batch) == cap(batch) || n == b.N-1 {
			if err := people.Commit(batch); err != nil {
				b.Fatal(err)
			}
			batch = batch[:0]
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "documents/s")
}
