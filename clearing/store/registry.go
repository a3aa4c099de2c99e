package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/bbolt"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

// RegistryStream names the REGISTRY stream where positions and attempts are told by
// stream.
const RegistryStream ledger.Province = "REGISTRY"

// ErrOutcome: a registry message has no outcome of the list.
var ErrOutcome = errors.New("store: unknown registry outcome")

var (
	bucketPeople    = []byte("people")
	bucketProviders = []byte("providers")
	bucketDocuments = []byte("documents")
	bucketHolders   = []byte("holders")
	bucketRegistry  = []byte("registry")
	bucketRefusals  = []byte("refusals")
	bucketCounts    = []byte("registrycounts")
)

// RegistryCounts counts registry messages of a province since the books began.
type RegistryCounts struct {
	Outcomes map[provinces.RegistryOutcome]uint64 `cbor:"1,keyasint,omitempty"`
	Codes    map[provinces.Code]uint64            `cbor:"2,keyasint,omitempty"` // of refusals
}

// ownerKey names a person of a home province, or a provider of a treatment province.
func ownerKey(province ledger.Province, owner string) []byte {
	return append([]byte(province), owner...)
}

func documentKey(k clearing.DocumentKey) []byte { return []byte(k.Key()) }

func holdersKey(home ledger.Province, hash provinces.CertificateHash) []byte {
	return append([]byte(home), hash[:]...)
}

// refusalKey keeps a province's refusals together. Messages whose subject names no
// province are kept under "--".
func refusalKey(home ledger.Province, sequence uint64) []byte {
	return binary.BigEndian.AppendUint64(countsKey(home), sequence)
}

func countsKey(home ledger.Province) []byte {
	if home == "" {
		return []byte("--")
	}
	return []byte(home)
}

// Register returns how far the REGISTRY stream has been taken.
func (tx *Tx) Register() (uint64, error) {
	at, err := tx.Position(RegistryStream)
	return at.Sequence, err
}

// Person returns a person's file; the zero file if the register does not know one.
func (tx *Tx) Person(home ledger.Province, personNo string) (file clearing.PersonFile, err error) {
	_, err = get(tx.raw.Bucket(bucketPeople), ownerKey(home, personNo), &file)
	return file, err
}

// Provider returns a provider's file; the zero file if the register does not know one.
func (tx *Tx) Provider(treatment ledger.Province, code string) (file clearing.ProviderFile, err error) {
	_, err = get(tx.raw.Bucket(bucketProviders), ownerKey(treatment, code), &file)
	return file, err
}

// Holders returns the persons of a home province that have a certificate of that hash.
func (tx *Tx) Holders(home ledger.Province, hash provinces.CertificateHash) (personNos []string, err error) {
	_, err = get(tx.raw.Bucket(bucketHolders), holdersKey(home, hash), &personNos)
	return personNos, err
}

// Document returns the newest state of a registry document; the zero state if there is
// none.
func (tx *Tx) Document(key clearing.DocumentKey) (state clearing.DocumentState, err error) {
	_, err = get(tx.raw.Bucket(bucketDocuments), documentKey(key), &state)
	return state, err
}

// ApplyRegistry stores a decision on a registry message: what it changes of the
// register, its outcome, and its place as dealt with.
func (tx *Tx) ApplyRegistry(d clearing.RegistryDecision) error {
	if d.Record.Outcome == provinces.RegistryApplied {
		if err := tx.setDocument(d); err != nil {
			return fmt.Errorf("registry message %d: %w", d.Record.Sequence, err)
		}
	}
	if err := tx.noteRegistry(&d.Record); err != nil {
		return fmt.Errorf("registry message %d: %w", d.Record.Sequence, err)
	}
	return tx.advanceRegistry(d.Record.Sequence)
}

// setDocument stores a document's state and the file of whom it is about.
func (tx *Tx) setDocument(d clearing.RegistryDecision) error {
	if err := put(tx.raw.Bucket(bucketDocuments), documentKey(d.Key), d.State); err != nil {
		return err
	}
	key := ownerKey(d.Key.Province, d.State.Owner)
	if d.Provider != nil {
		return putFile(tx.raw.Bucket(bucketProviders), key, d.Provider)
	}
	if err := tx.setHolders(d); err != nil {
		return err
	}
	return putFile(tx.raw.Bucket(bucketPeople), key, d.Person)
}

// putFile stores a file, or takes it out when nothing is left in it.
func putFile(b *bbolt.Bucket, key []byte, file interface{ Empty() bool }) error {
	if file.Empty() {
		return b.Delete(key)
	}
	return put(b, key, file)
}

// setHolders lets the person's certificates lead to them, and those they no longer have
// not.
func (tx *Tx) setHolders(d clearing.RegistryDecision) error {
	home, personNo := d.Key.Province, d.State.Owner
	before, err := tx.Person(home, personNo)
	if err != nil {
		return err
	}
	old, next := before.Certificates(), d.Person.Certificates()
	for _, hash := range old {
		if !slices.Contains(next, hash) {
			if err := tx.setHolder(home, hash, personNo, false); err != nil {
				return err
			}
		}
	}
	for _, hash := range next {
		if !slices.Contains(old, hash) {
			if err := tx.setHolder(home, hash, personNo, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// setHolder adds a person to, or takes one from, those who have a certificate.
func (tx *Tx) setHolder(home ledger.Province, hash provinces.CertificateHash, personNo string, has bool) error {
	holders, err := tx.Holders(home, hash)
	if err != nil {
		return err
	}
	at, found := slices.BinarySearch(holders, personNo)
	switch {
	case has && !found:
		holders = slices.Insert(holders, at, personNo)
	case !has && found:
		holders = slices.Delete(holders, at, at+1)
	}
	bucket, key := tx.raw.Bucket(bucketHolders), holdersKey(home, hash)
	if len(holders) == 0 {
		return bucket.Delete(key)
	}
	return put(bucket, key, holders)
}

// noteRegistry keeps a message's outcome: a byte by sequence, the whole of a refusal,
// and the counts.
func (tx *Tx) noteRegistry(r *clearing.RegistryRecord) error {
	outcome := slices.Index(provinces.RegistryOutcomes, r.Outcome)
	if outcome < 0 {
		return fmt.Errorf("%w: %q", ErrOutcome, r.Outcome)
	}
	if err := tx.raw.Bucket(bucketRegistry).Put(numberKey(r.Sequence), []byte{byte(outcome)}); err != nil {
		return err
	}
	counts, err := tx.RegistryCounts(r.Province)
	if err != nil {
		return err
	}
	counts.Outcomes = counted(counts.Outcomes, r.Outcome)
	if r.Outcome == provinces.RegistryRefused {
		counts.Codes = counted(counts.Codes, r.Code)
		if err := put(tx.raw.Bucket(bucketRefusals), refusalKey(r.Province, r.Sequence), r); err != nil {
			return err
		}
	}
	return put(tx.raw.Bucket(bucketCounts), countsKey(r.Province), counts)
}

func counted[K comparable](counts map[K]uint64, key K) map[K]uint64 {
	if counts == nil {
		counts = make(map[K]uint64)
	}
	counts[key]++
	return counts
}

func (tx *Tx) advanceRegistry(sequence uint64) error {
	at, err := tx.Position(RegistryStream)
	if err != nil {
		return err
	}
	if sequence != at.Sequence+1 && at.Sequence != 0 {
		return fmt.Errorf("%w: %s/%d after %d", ErrSequence, RegistryStream, sequence, at.Sequence)
	}
	at.Sequence = sequence
	tx.SetPosition(RegistryStream, at)
	return tx.raw.Bucket(bucketAttempts).Delete(attemptKey(RegistryStream, sequence))
}

// RegistryOutcome returns what became of a registry message; "" if it has no outcome yet.
func (tx *Tx) RegistryOutcome(sequence uint64) provinces.RegistryOutcome {
	stored := tx.raw.Bucket(bucketRegistry).Get(numberKey(sequence))
	if len(stored) != 1 || int(stored[0]) >= len(provinces.RegistryOutcomes) {
		return ""
	}
	return provinces.RegistryOutcomes[stored[0]]
}

// RegistryCounts counts the registry messages of a province; of "" those whose subject
// names none.
func (tx *Tx) RegistryCounts(province ledger.Province) (counts RegistryCounts, err error) {
	_, err = get(tx.raw.Bucket(bucketCounts), countsKey(province), &counts)
	return counts, err
}

// RegistryRefusals visits the refused messages of a province ("" for those whose subject
// names none) before the given sequence, newest first, until visit returns false. 0
// begins with the newest.
func (tx *Tx) RegistryRefusals(province ledger.Province, before uint64, visit func(clearing.RegistryRecord) bool) error {
	prefix := countsKey(province)
	if before == 0 {
		before = 1<<64 - 1
	}
	cursor := tx.raw.Bucket(bucketRefusals).Cursor()
	step := cursor.Prev
	if at, _ := cursor.Seek(refusalKey(province, before)); at == nil {
		step = cursor.Last
	}
	key, value := step()
	for ; bytes.HasPrefix(key, prefix); key, value = cursor.Prev() {
		var record clearing.RegistryRecord
		if err := decode(key, value, &record); err != nil {
			return err
		}
		record.Sequence, record.Province, record.Outcome = binary.BigEndian.Uint64(key[len(prefix):]), province, provinces.RegistryRefused
		if !visit(record) {
			return nil
		}
	}
	return nil
}
