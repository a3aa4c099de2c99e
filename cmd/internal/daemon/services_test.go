package daemon

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestEveryServiceIsDocumented: docs/asyncapi.yaml lists every service that is served, by its
// name or with an address of its own.
func TestEveryServiceIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../../docs/asyncapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, m := range regexp.MustCompile(`enum: \[([a-z, ]+)\]`).FindAllSubmatch(text, -1) {
		for name := range strings.SplitSeq(string(m[1]), ", ") {
			known[name] = true
		}
	}
	for _, m := range regexp.MustCompile(`address: clearing\.([a-z]+)`).FindAllSubmatch(text, -1) {
		known[string(m[1])] = true
	}
	endpoints := (&Daemon{}).endpoints()
	if len(endpoints) < 30 {
		t.Errorf("%d services", len(endpoints))
	}
	for _, e := range endpoints {
		if name := strings.Split(e.Subject, ".")[1]; !known[name] {
			t.Errorf("docs/asyncapi.yaml does not list clearing.%s", name)
		}
	}
}
