package clearing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"hash"
	"sync"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Pseudonyms turns persons into names that logs and reports may show: the same person
// always gets the same name, and nobody without the key can tell whose it is. The
// usual masking of digits would leave a few dozen candidates.
type Pseudonyms struct {
	key  []byte
	macs *sync.Pool // of hash.Hash under the key: a night names every patient of its days
}

// NewPseudonyms takes a secret key of at least 32 bytes.
func NewPseudonyms(key []byte) Pseudonyms {
	return Pseudonyms{key: key, macs: &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}}
}

// Of is the pseudonym of a person of a home province: "p-" and 16 characters.
func (p Pseudonyms) Of(home ledger.Province, personNo string) string {
	if p.macs == nil {
		p = NewPseudonyms(p.key) // the zero Pseudonyms, as tests have it
	}
	mac := p.macs.Get().(hash.Hash)
	defer p.macs.Put(mac)
	mac.Reset()
	mac.Write([]byte(home))
	mac.Write([]byte(personNo))
	var sum [sha256.Size]byte
	return "p-" + pseudonymText.EncodeToString(mac.Sum(sum[:0])[:10])
}

// pseudonymText is the alphabet of RFC 4648 in small letters.
var pseudonymText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567")

// HomeKey is the key of a home province's certificate numbers. The province's agency is
// given it, so that it can publish hashes in place of numbers; it tells nothing of
// the key it comes from, nor of other provinces'.
func (p Pseudonyms) HomeKey(home ledger.Province) []byte {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte("clearingd registry key of " + string(home)))
	return mac.Sum(nil)
}

// Certificate is the hash of a certificate's number: the first half of
// HMAC-SHA-256(HomeKey, class + ":" + provinces.NormalCertificate(number)).
func (p Pseudonyms) Certificate(home ledger.Province, class provinces.CertificateClass, number string) (hash provinces.CertificateHash) {
	mac := hmac.New(sha256.New, p.HomeKey(home))
	mac.Write([]byte(string(class) + ":" + provinces.NormalCertificate(class, number)))
	copy(hash[:], mac.Sum(nil))
	return hash
}
