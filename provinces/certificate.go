package provinces

import "strings"

// CertificateHash stands for a certificate's number where the number itself must not
// be kept: the first half of an HMAC-SHA-256 under a key of the home province.
type CertificateHash [16]byte

// Certificate is a certificate of a person by its hash, or by its number as sent.
type Certificate struct {
	Class  CertificateClass `cbor:"1,keyasint"`
	Hash   CertificateHash  `cbor:"2,keyasint"`
	Number string           `cbor:"-"` // as sent; "" if only the hash was. Never stored, logged or printed
}

// CertificateClass says which certificates have numbers that can be compared. Two code
// tables name the same things: mdtrt_cert_type says what is shown at the desk, and
// psn_cert_type what a person has.
type CertificateClass string

// The classes that both tables have. A certificate of any other psn_cert_type has the
// class "P" and that code.
const (
	ClassVoucher  CertificateClass = "01" // 医保电子凭证: mdtrt_cert_type 01; a new token each time
	ClassIdentity CertificateClass = "02" // 居民身份证: mdtrt_cert_type 02, psn_cert_type 01
	ClassCard     CertificateClass = "03" // 社会保障卡: mdtrt_cert_type 03, psn_cert_type 90
)

// ClassShown is the class of a mdtrt_cert_type (national-interface 6.5).
func ClassShown(mdtrtCertType string) CertificateClass { return CertificateClass(mdtrtCertType) }

// ClassHeld is the class of a psn_cert_type (national-interface 6.4).
func ClassHeld(psnCertType string) CertificateClass {
	switch psnCertType {
	case "01":
		return ClassIdentity
	case "90":
		return ClassCard
	}
	return CertificateClass("P" + psnCertType)
}

// NormalCertificate is the number in the one form that hashes are made of: letters in
// upper case, and an identity number of the first generation (15 digits) brought to
// the 18 of GB 11643-1999, as every citizen has had it since.
func NormalCertificate(class CertificateClass, number string) string {
	number = strings.ToUpper(number)
	if class == ClassIdentity && allDigits(number, 15) {
		number = number[:6] + "19" + number[6:]
		return number + string(identityCheck(number))
	}
	return number
}

// identityCheck is the check character of an identity number's 17 digits (GB
// 11643-1999, ISO 7064 MOD 11-2).
func identityCheck(digits string) byte {
	sum := 0
	for i := 0; i < 17; i++ {
		sum = (sum + int(digits[i]-'0')) * 2 % 11
	}
	return "10X98765432"[sum%11]
}
