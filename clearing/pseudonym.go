package clearing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"strings"

	"clearingd/ledger"
)

// Pseudonyms turns persons into names that logs and reports may show: the same person
// always gets the same name, and nobody without the key can tell whose it is. The
// usual masking of digits would leave a few dozen candidates.
type Pseudonyms struct{ key []byte }

// NewPseudonyms takes a secret key of at least 32 bytes.
func NewPseudonyms(key []byte) Pseudonyms { return Pseudonyms{key: key} }

// Of is the pseudonym of a person of a home province: "p-" and 16 characters.
func (p Pseudonyms) Of(home ledger.Province, personNo string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(home))
	mac.Write([]byte(personNo))
	sum := mac.Sum(nil)[:10]
	return "p-" + strings.ToLower(base32.StdEncoding.EncodeToString(sum))
}
