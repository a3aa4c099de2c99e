package bus

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/nats-io/jwt/v2"
)

// Expiry is the end of something without which nobody connects any more.
type Expiry struct {
	What string    // one of the constants below
	At   time.Time // it counts up to and with this moment
}

// What can expire.
const (
	ExpiryLogin       = "login"              // our user's JWT
	ExpiryCertificate = "broker_certificate" // what the broker shows to its clients
	ExpiryAuthority   = "authority"          // who signed the broker's certificate, by our list
)

// Expiries tells when login, certificate and authorities end, the earliest of each kind;
// what never ends is left out. A file that cannot be read is an error beside the others.
func (b *Bus) Expiries() (found []Expiry, err error) {
	var errs []error
	note := func(what string, at time.Time, err error) {
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("bus: when the %s expires: %w", what, err))
		case !at.IsZero():
			found = append(found, Expiry{what, at})
		}
	}
	at, err := loginExpiry(b.login.Credentials)
	note(ExpiryLogin, at, err)
	at, err = b.certificateExpiry()
	note(ExpiryCertificate, at, err)
	at, err = authorityExpiry(b.rootCAs)
	note(ExpiryAuthority, at, err)
	return found, errors.Join(errs...)
}

// loginExpiry reads the user's JWT in a credentials file.
func loginExpiry(path string) (time.Time, error) {
	if path == "" {
		return time.Time{}, nil
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}, err
	}
	token, err := jwt.ParseDecoratedJWT(content)
	if err != nil {
		return time.Time{}, err
	}
	claims, err := jwt.DecodeUserClaims(token)
	if err != nil || claims.Expires == 0 {
		return time.Time{}, err
	}
	return time.Unix(claims.Expires, 0), nil
}

// certificateExpiry is about the certificate in use: of our own broker as it loaded it, of
// another one as it showed it.
func (b *Bus) certificateExpiry() (time.Time, error) {
	if b.server != nil {
		return b.server.certificateExpiry()
	}
	state, err := b.nc.TLSConnectionState()
	if err != nil {
		return time.Time{}, nil // no TLS, or no connection just now
	}
	return earliest(state.PeerCertificates), nil
}

func (s *Server) certificateExpiry() (time.Time, error) {
	if s.tls == nil {
		return time.Time{}, nil
	}
	var chains []*x509.Certificate
	for _, loaded := range s.tls.Certificates {
		for _, der := range loaded.Certificate {
			certificate, err := x509.ParseCertificate(der)
			if err != nil {
				return time.Time{}, err
			}
			chains = append(chains, certificate)
		}
	}
	return earliest(chains), nil
}

// authorityExpiry reads the certificates of a PEM file; other blocks are passed over.
func authorityExpiry(path string) (time.Time, error) {
	if path == "" {
		return time.Time{}, nil
	}
	rest, err := os.ReadFile(path)
	if err != nil {
		return time.Time{}, err
	}
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return earliest(all), nil
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return time.Time{}, err
		}
		all = append(all, certificate)
	}
}

// earliest is the first end among certificates; zero without any.
func earliest(certificates []*x509.Certificate) time.Time {
	if len(certificates) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(certificates, func(a, b *x509.Certificate) int { return a.NotAfter.Compare(b.NotAfter) }).NotAfter
}
