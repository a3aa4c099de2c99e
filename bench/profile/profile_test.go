package profile

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"runtime/pprof"
	"slices"
	"testing"
)

func TestTheFirstGroupThatClaimsAnyFunctionHasTheSample(t *testing.T) {
	groups := []Group{
		{"commit", []string{"bbolt.(*Tx).Commit"}},
		{"store", []string{"bbolt."}},
		{"never met", []string{"nowhere"}},
		{"decide", []string{"clearing.Decide"}},
	}
	samples := []Sample{
		{[]string{"runtime.mallocgc", "clearing.Decide", "main"}, 3},
		{[]string{"bbolt.search", "bbolt.Get", "clearing.Decide"}, 4},
		{[]string{"bbolt.spill", "bbolt.(*Tx).Commit", "main"}, 5},
		{[]string{"runtime.gcBgMarkWorker"}, 6},
		{nil, 1},
	}
	got := Shares(samples, groups)
	want := []Share{{"commit", 5}, {"store", 4}, {"decide", 3}, {Other, 7}}
	if !slices.Equal(got, want) {
		t.Errorf("shares %v, want %v", got, want)
	}
	if Total(samples) != 19 {
		t.Errorf("total %d", Total(samples))
	}
}

// A profile of this very process: what burns the processor must be found in it.
func TestParseReadsAProfileOfTheRuntime(t *testing.T) {
	var b bytes.Buffer
	if err := pprof.StartCPUProfile(&b); err != nil {
		t.Skip("another profile is being taken:", err)
	}
	block := make([]byte, 1<<20)
	for range 600 {
		sum := sha256.Sum256(block)
		block[0] = sum[0]
	}
	pprof.StopCPUProfile()
	samples, err := Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	shares := Shares(samples, []Group{{"hash", []string{"crypto/"}}})
	if len(shares) == 0 || shares[0].Name != "hash" {
		t.Errorf("shares %v, but hashing was all there was to do", shares)
	}
}

func TestParseRefusesWhatIsNoProfile(t *testing.T) {
	for name, b := range map[string][]byte{"nothing": nil, "text": []byte("no profile"), "cut": {0x1f, 0x8b, 8}} {
		if _, err := Parse(b); !errors.Is(err, ErrProfile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
