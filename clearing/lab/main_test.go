package lab_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain draws fewer histories than usual unless it is told how many: each one writes two
// real books to disk. scripts/sim.sh runs many.
func TestMain(m *testing.M) {
	flag.Parse()
	if checks := flag.Lookup("rapid.checks"); checks != nil && checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("40"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}
