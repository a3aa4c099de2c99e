package bus

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap/zaptest"
)

// certificate signs itself, for 127.0.0.1 until end.
func certificate(t *testing.T, end time.Time) (certificate, key string) {
	t.Helper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: end,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &pair.PublicKey, pair)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

// expiries are what a connection tells, by kind.
func expiries(t *testing.T, o ConnectOptions) map[string]time.Time {
	t.Helper()
	o.Log = zaptest.NewLogger(t)
	b, err := Connect(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	found, err := b.Expiries()
	if err != nil {
		t.Error(err)
	}
	kinds := map[string]time.Time{}
	for _, e := range found {
		kinds[e.What] = e.At.UTC()
	}
	return kinds
}

func TestExpiriesAreFound(t *testing.T) {
	in := func(days int) time.Time { return time.Now().AddDate(0, 0, days).Truncate(time.Second).UTC() }
	loginEnds, brokerEnds, otherEnds := in(9), in(20), in(300)
	configuration, credentials := operatorMode(t, loginEnds)
	broker, key := certificate(t, brokerEnds)
	other, _ := certificate(t, otherEnds)
	dir := t.TempDir()
	for name, content := range map[string]string{"cert.pem": broker, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	configuration += "tls { cert_file: \"" + dir + "/cert.pem\", key_file: \"" + dir + "/key.pem\" }\n"
	server, path := guarded(t, configuration, map[string]string{"creds": credentials, "authorities": other + broker})

	login := Login{Credentials: path("creds")}
	inside := expiries(t, ConnectOptions{Server: server, Login: login})
	if want := map[string]time.Time{ExpiryLogin: loginEnds, ExpiryCertificate: brokerEnds}; !maps.Equal(inside, want) {
		t.Errorf("our own broker: %v, want %v", inside, want)
	}
	outside := expiries(t, ConnectOptions{URL: server.URL(), Login: login, RootCAs: path("authorities")})
	if want := map[string]time.Time{ExpiryLogin: loginEnds, ExpiryCertificate: brokerEnds, ExpiryAuthority: brokerEnds}; !maps.Equal(outside, want) {
		t.Errorf("an external broker: %v, want %v", outside, want)
	}
}

func TestNothingExpiresWithoutLoginAndTLS(t *testing.T) {
	f := newBench(t)
	if found, err := f.Expiries(); len(found) > 0 || err != nil {
		t.Errorf("%v, %v", found, err)
	}
}
