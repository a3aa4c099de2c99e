package store

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

// registry holds the register against itself: every message has one outcome, up to the
// stream's position; the counts are those of the outcomes; a standing document is in the
// file of whom it is about and nowhere else; and a certificate leads to those who have it.
func (c *checker) registry(fault func(string)) {
	for _, check := range []func(func(string)) error{c.registryOutcomes, c.registryDocuments, c.registryPeople, c.registryProviders, c.registryHolders} {
		if err := check(fault); err != nil {
			fault(err.Error())
		}
	}
}

func (c *checker) registryOutcomes(fault func(string)) error {
	at, err := c.tx.Position(RegistryStream)
	if err != nil {
		return err
	}
	found := make(map[provinces.RegistryOutcome]uint64)
	next := uint64(0) // sequence that must come; any may be the first
	err = c.tx.raw.Bucket(bucketRegistry).ForEach(func(key, _ []byte) error {
		sequence := binary.BigEndian.Uint64(key)
		if next != 0 && sequence != next {
			fault(fmt.Sprintf("registry message %d has no outcome", next))
		}
		outcome := c.tx.RegistryOutcome(sequence)
		if outcome == "" {
			fault(fmt.Sprintf("registry message %d has an unknown outcome", sequence))
		}
		found[outcome]++
		next = sequence + 1
		return nil
	})
	if err != nil {
		return err
	}
	if next != 0 && next != at.Sequence+1 {
		fault(fmt.Sprintf("registry position is %d, its outcomes end at %d", at.Sequence, next-1))
	}
	counted := make(map[provinces.RegistryOutcome]uint64)
	err = c.tx.raw.Bucket(bucketCounts).ForEach(func(key, value []byte) error {
		var counts RegistryCounts
		err := decode(key, value, &counts)
		for outcome, n := range counts.Outcomes {
			counted[outcome] += n
		}
		return err
	})
	if err == nil && !maps.Equal(found, counted) {
		fault(fmt.Sprintf("registry outcomes are %v, counted %v", found, counted))
	}
	return err
}

func (c *checker) registryDocuments(fault func(string)) error {
	return c.tx.raw.Bucket(bucketDocuments).ForEach(func(key, value []byte) error {
		var state clearing.DocumentState
		if err := decode(key, value, &state); err != nil {
			return err
		}
		parts := strings.SplitN(string(key), "/", 3)
		if len(parts) != 3 {
			return fmt.Errorf("%w: document key", ErrEncoding)
		}
		version, err := c.filedVersion(clearing.DocumentKey{
			Province: ledger.Province(parts[0]), Kind: provinces.RegistryKind(parts[1]), ID: parts[2],
		}, state.Owner)
		if err != nil {
			return err
		}
		if state.Withdrawn && version != 0 || !state.Withdrawn && version != state.Version {
			fault(fmt.Sprintf("registry document %s: version %d (withdrawn: %v), its file has %d", key, state.Version, state.Withdrawn, version))
		}
		return nil
	})
}

// filedVersion is the version of a document in the file of whom it is about; 0 if it is
// not there.
func (c *checker) filedVersion(key clearing.DocumentKey, owner string) (uint64, error) {
	if key.Kind == provinces.RegistryProvider {
		file, err := c.tx.Provider(key.Province, owner)
		return file.Version(key.ID), err
	}
	file, err := c.tx.Person(key.Province, owner)
	return file.Version(key.Kind, key.ID), err
}

// registryOwners holds the documents of one file against their states.
func (c *checker) registryOwners(documents []clearing.DocumentKey, owner, whose string, fault func(string)) error {
	for _, document := range documents {
		state, err := c.tx.Document(document)
		if err != nil {
			return err
		}
		if state.Owner != owner {
			fault(fmt.Sprintf("registry document %s stands in another %s's file", document.Key(), whose))
		}
	}
	return nil
}

func (c *checker) registryProviders(fault func(string)) error {
	return c.tx.raw.Bucket(bucketProviders).ForEach(func(key, value []byte) error {
		var file clearing.ProviderFile
		if err := decode(key, value, &file); err != nil {
			return err
		}
		return c.registryOwners(file.Documents(ledger.Province(key[:2])), string(key[2:]), "provider", fault)
	})
}

func (c *checker) registryPeople(fault func(string)) error {
	return c.tx.raw.Bucket(bucketPeople).ForEach(func(key, value []byte) error {
		var file clearing.PersonFile
		if err := decode(key, value, &file); err != nil {
			return err
		}
		home, personNo := ledger.Province(key[:2]), string(key[2:])
		if err := c.registryOwners(file.Documents(home), personNo, "person", fault); err != nil {
			return err
		}
		for _, hash := range file.Certificates() {
			holders, err := c.tx.Holders(home, hash)
			if err != nil {
				return err
			}
			if !slices.Contains(holders, personNo) {
				fault(fmt.Sprintf("a certificate of province %s does not lead to a person who has it", home))
			}
		}
		return nil
	})
}

func (c *checker) registryHolders(fault func(string)) error {
	return c.tx.raw.Bucket(bucketHolders).ForEach(func(key, value []byte) error {
		var holders []string
		if err := decode(key, value, &holders); err != nil {
			return err
		}
		home, hash := ledger.Province(key[:2]), provinces.CertificateHash(key[2:])
		for _, personNo := range holders {
			file, err := c.tx.Person(home, personNo)
			if err != nil {
				return err
			}
			if !slices.Contains(file.Certificates(), hash) {
				fault(fmt.Sprintf("a certificate of province %s leads to a person who does not have it", home))
			}
		}
		return nil
	})
}
