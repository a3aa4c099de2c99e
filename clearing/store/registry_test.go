package store

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/registry"
)

// registrar folds documents into a store through the desk, as the intake does.
type registrar struct {
	*Store
	testing.TB
	desk     clearing.Desk
	sequence uint64
}

func newRegistrar(t testing.TB) *registrar {
	return &registrar{Store: newStore(t), TB: t, desk: clearing.Desk{Registry: registry.Dialect{}}}
}

// publish takes documents, all in one transaction, and returns their outcomes.
func (r *registrar) publish(documents ...string) string {
	r.Helper()
	var outcomes []string
	err := r.Update(func(tx *Tx) error {
		for _, body := range documents {
			r.sequence++
			kind := body[strings.Index(body, `"doctype":"`)+11:]
			m := provinces.RegistryMessage{Sequence: r.sequence, Subject: "registry.65." + kind[:strings.Index(kind, `"`)], Body: []byte(body)}
			decoded, err := r.desk.DecodeRegistration(m)
			if err != nil {
				return err
			}
			decision, err := r.desk.Register(tx, decoded)
			if err != nil {
				return err
			}
			outcomes = append(outcomes, string(decision.Record.Outcome))
			if err := tx.ApplyRegistry(decision); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.Fatal(err)
	}
	return strings.Join(outcomes, " ")
}

const (
	person1   = `{"doctype":"person","docid":"P1","docver":1,"insuplc_admdvs":"650100","psn_no":"N1","insutype":"310","psn_type":"12","psn_name":"张三","certinfo":[{"psn_cert_type":"01","certno":"S1"}],"begndate":"2018-05-01"}`
	person2   = `{"doctype":"person","docid":"P2","docver":1,"insuplc_admdvs":"650100","psn_no":"N2","insutype":"310","psn_type":"12","psn_name":"李四","certinfo":[{"psn_cert_type":"01","certno":"S1"}],"begndate":"2018-05-01"}`
	filing1   = `{"doctype":"filing","docid":"F1","docver":1,"insuplc_admdvs":"650100","psn_no":"N1","out_fil_type":"06","opt_time":"2026-01-01","begndate":"2026-01-01"}`
	card1     = `{"doctype":"card","docid":"K1","docver":1,"insuplc_admdvs":"650100","psn_no":"N1","mdtrt_cert_type":"03","mdtrt_cert_no":"C1","begndate":"2018-05-01"}`
	provider1 = `{"doctype":"provider","docid":"U1","docver":1,"mdtrtarea_admvs":"650100","fixmedins_code":"H65010000001","fixmedins_name":"样例","hosp_lv":"08","traits":["tcm","community"],"begndate":"2026-01-01"}`
	sums1     = `{"doctype":"accumulation","docid":"A1","docver":1,"insuplc_admdvs":"650100","psn_no":"N1","insutype":"310","trt_year":"2026","opt_pool_pay":"1.00"}`
	bad       = `{"doctype":"person","docid":"P9","docver":1,"insuplc_admdvs":"650100","psn_no":"N9"}`
)

func TestTheRegisterIsReadBackAsItWasPublished(t *testing.T) {
	r := newRegistrar(t)
	if got := r.publish(person1, filing1, card1, sums1, person1, bad); got != "applied applied applied applied repeated refused" {
		t.Fatal(got)
	}
	r.View(func(tx *Tx) error {
		file, err := tx.Person("65", "N1")
		if err != nil || len(file.Enrolments) != 1 || len(file.Filings) != 1 || len(file.Cards) != 1 || len(file.Accumulations) != 1 {
			t.Fatalf("%+v, %v", file, err)
		}
		if e := file.Enrolments[0]; e.Name != "张三" || e.Certificates[0].Number != "" || e.Certificates[0].Hash == (provinces.CertificateHash{}) {
			t.Errorf("%+v", e)
		}
		card := clearing.Pseudonyms{}.Certificate("65", provinces.ClassCard, "C1")
		if holders, err := tx.Holders("65", card); err != nil || !slices.Equal(holders, []string{"N1"}) {
			t.Errorf("card C1 leads to %v, %v", holders, err)
		}
		if holders, _ := tx.Holders("66", card); holders != nil {
			t.Errorf("another province's card leads to %v", holders)
		}
		if other, err := tx.Person("65", "N"); err != nil || !other.Empty() {
			t.Errorf("N is %+v, %v", other, err)
		}
		return nil
	})
}

func TestEveryRegistryMessageHasOneOutcome(t *testing.T) {
	r := newRegistrar(t)
	r.publish(person1, bad)
	r.publish(bad, person1)
	r.View(func(tx *Tx) error {
		var outcomes []provinces.RegistryOutcome
		for sequence := uint64(1); sequence <= 5; sequence++ {
			outcomes = append(outcomes, tx.RegistryOutcome(sequence))
		}
		if want := []provinces.RegistryOutcome{"applied", "refused", "refused", "repeated", ""}; !slices.Equal(outcomes, want) {
			t.Errorf("%v, want %v", outcomes, want)
		}
		counts, err := tx.RegistryCounts("65")
		want := RegistryCounts{
			Outcomes: map[provinces.RegistryOutcome]uint64{"applied": 1, "refused": 2, "repeated": 1},
			Codes:    map[provinces.Code]uint64{provinces.CodeMissing: 2},
		}
		if err != nil || !reflect.DeepEqual(counts, want) {
			t.Errorf("%+v, %v", counts, err)
		}
		var refused []uint64
		visit := func(r clearing.RegistryRecord) bool {
			refused = append(refused, r.Sequence)
			if r.Code != provinces.CodeMissing || r.Document.ID != "P9" || r.PersonNo != "N9" || r.Kind != "person" || len(r.Errors) == 0 {
				t.Errorf("%+v", r)
			}
			return true
		}
		for _, before := range []uint64{0, 3, 2} {
			if err := tx.RegistryRefusals("65", before, visit); err != nil {
				t.Error(err)
			}
		}
		if want := []uint64{3, 2, 2}; !slices.Equal(refused, want) {
			t.Errorf("refusals %v, want %v", refused, want)
		}
		return nil
	})
}

func TestRegistryMessagesAreTakenInOrder(t *testing.T) {
	r := newRegistrar(t)
	r.publish(person1)
	r.sequence++ // one is missing
	err := r.Update(func(tx *Tx) error {
		return tx.ApplyRegistry(clearing.RegistryDecision{Record: clearing.RegistryRecord{Sequence: 3, Outcome: provinces.RegistryRepeated, Province: "65"}})
	})
	if !errors.Is(err, ErrSequence) {
		t.Errorf("3 after 1: %v", err)
	}
	err = r.Update(func(tx *Tx) error {
		return tx.ApplyRegistry(clearing.RegistryDecision{Record: clearing.RegistryRecord{Sequence: 2, Outcome: "lost", Province: "65"}})
	})
	if !errors.Is(err, ErrOutcome) {
		t.Errorf("an outcome that is none: %v", err)
	}
}

func TestACertificateLeadsToThoseWhoHaveItNow(t *testing.T) {
	r := newRegistrar(t)
	r.publish(person1, person2)
	holders := func() (holders []string) {
		r.View(func(tx *Tx) (err error) {
			holders, err = tx.Holders("65", clearing.Pseudonyms{}.Certificate("65", provinces.ClassIdentity, "S1"))
			return err
		})
		return holders
	}
	if got := holders(); !slices.Equal(got, []string{"N1", "N2"}) {
		t.Errorf("%v", got)
	}
	r.publish(strings.Replace(strings.Replace(person1, `"docver":1`, `"docver":2`, 1), `"S1"`, `"S3"`, 1))
	if got := holders(); !slices.Equal(got, []string{"N2"}) {
		t.Errorf("after a correction: %v", got)
	}
	r.publish(strings.Replace(person2, `"docver":1`, `"docver":2,"vali_flag":"0"`, 1))
	if got := holders(); got != nil {
		t.Errorf("after a withdrawal: %v", got)
	}
	r.View(func(tx *Tx) error {
		state, err := tx.Document(clearing.DocumentKey{Province: "65", Kind: "person", ID: "P2"})
		if err != nil || !state.Withdrawn || state.Version != 2 {
			t.Errorf("%+v, %v", state, err)
		}
		return nil
	})
}

// TestProvidersAreKeptByProvinceAndCode: with all that was told of them, until it is
// taken back.
func TestProvidersAreKeptByProvinceAndCode(t *testing.T) {
	r := newRegistrar(t)
	r.publish(provider1, strings.Replace(provider1, `"U1"`, `"U0"`, 1))
	read := func(province ledger.Province) (file clearing.ProviderFile) {
		err := r.View(func(tx *Tx) (err error) {
			file, err = tx.Provider(province, "H65010000001")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	file := read("65")
	want := provinces.Facility{
		Document: provinces.Document{ID: "U1", Version: 1}, Area: "650100", Level: "08", Traits: []string{"community", "tcm"},
		Name: "样例", From: ledger.NewDay(2026, time.January, 1),
	}
	if len(file.Facilities) != 2 || file.Facilities[0].ID != "U0" || !reflect.DeepEqual(file.Facilities[1], want) {
		t.Errorf("%+v", file)
	}
	if other := read("66"); !other.Empty() {
		t.Errorf("another province's provider of that code is %+v", other)
	}
	for _, id := range []string{"U0", "U1"} {
		r.publish(strings.Replace(strings.Replace(provider1, `"U1"`, `"`+id+`"`, 1), `"docver":1`, `"docver":2,"vali_flag":"0"`, 1))
	}
	r.View(func(tx *Tx) error {
		if left := tx.raw.Bucket(bucketProviders).Stats().KeyN; left != 0 {
			t.Errorf("%d providers are left", left)
		}
		return nil
	})
}

// TestOrderOfArrivalDoesNotChangeTheRegister: the same documents in any order leave the
// same file.
func TestOrderOfArrivalDoesNotChangeTheRegister(t *testing.T) {
	documents := []string{person1, filing1, card1, sums1, strings.Replace(person1, `"P1"`, `"P0"`, 1)}
	read := func(order []string) (bytes []byte) {
		r := newRegistrar(t)
		r.publish(order...)
		r.View(func(tx *Tx) error {
			bytes = slices.Clone(tx.raw.Bucket(bucketPeople).Get(ownerKey("65", "N1")))
			return nil
		})
		return bytes
	}
	want := read(documents)
	slices.Reverse(documents)
	if got := read(documents); string(got) != string(want) {
		t.Errorf("%x\n%x", got, want)
	}
	if len(want) > 400 {
		t.Errorf("a person takes %d bytes", len(want))
	}
}

func TestCheckFindsABrokenRegister(t *testing.T) {
	for name, damage := range map[string]struct {
		do    func(*bbolt.Tx) error
		fault string
	}{
		"a file without its document": {func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketDocuments).Delete(documentKey(clearing.DocumentKey{Province: "65", Kind: "filing", ID: "F1"}))
		}, "another person's file"},
		"a document without its file": {func(tx *bbolt.Tx) error { return tx.Bucket(bucketPeople).Delete(ownerKey("65", "N1")) }, "its file has 0"},
		"a provider's file without its document": {func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketDocuments).Delete(documentKey(clearing.DocumentKey{Province: "65", Kind: "provider", ID: "U1"}))
		}, "another provider's file"},
		"a provider's document without its file": {func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketProviders).Delete(ownerKey("65", "H65010000001"))
		}, "its file has 0"},
		"a certificate that leads nowhere": {func(tx *bbolt.Tx) error {
			return tx.Bucket(bucketHolders).Delete(holdersKey("65", clearing.Pseudonyms{}.Certificate("65", provinces.ClassCard, "C1")))
		}, "does not lead to a person"},
		"a certificate that leads astray": {func(tx *bbolt.Tx) error {
			return put(tx.Bucket(bucketHolders), holdersKey("65", provinces.CertificateHash{1}), []string{"N1"})
		}, "who does not have it"},
		"an outcome lost":       {func(tx *bbolt.Tx) error { return tx.Bucket(bucketRegistry).Delete(numberKey(2)) }, "2 has no outcome"},
		"an outcome of none":    {func(tx *bbolt.Tx) error { return tx.Bucket(bucketRegistry).Put(numberKey(2), []byte{9}) }, "unknown outcome"},
		"counts that are wrong": {func(tx *bbolt.Tx) error { return tx.Bucket(bucketCounts).Delete(countsKey("65")) }, "counted"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "books.db")
			if err := Create(path, Identity{Install: "test", FirstDay: firstDay}); err != nil {
				t.Fatal(err)
			}
			books, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			r := &registrar{Store: books, TB: t, desk: clearing.Desk{Registry: registry.Dialect{}}}
			r.publish(person1, filing1, card1, provider1)
			books.Close()
			db, err := bbolt.Open(path, fileMode, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Update(damage.do); err != nil {
				t.Fatal(err)
			}
			db.Close()
			result, err := CheckFile(context.Background(), path, nil)
			if err != nil || !strings.Contains(strings.Join(result.Faults, "; "), damage.fault) {
				t.Errorf("faults %v, %v; want one of %q", result.Faults, err, damage.fault)
			}
			for _, fault := range result.Faults {
				if strings.Contains(fault, "N1") || strings.Contains(fault, "张三") {
					t.Errorf("the fault tells whose it is: %s", fault)
				}
			}
		})
	}
}
