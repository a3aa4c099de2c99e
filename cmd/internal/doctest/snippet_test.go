package doctest

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// client wraps the body that the hospitals' interface prints.
const client = `package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	ctx := context.Background()
	%s
}
`

// The Go client of the page settles the claim of the page.
func TestHospitalClient(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"docs/hospital-interface.md", "docs/hospital-interface.zh.md"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			text := document(t, name)
			program := filepath.Join(h.dir, "client.go")
			body := strings.ReplaceAll(first(t, text, "go"), "30 * time.Second", "2 * time.Second") // the second time nobody answers live
			write(t, program, fmt.Sprintf(client, h.localise(body)))
			write(t, filepath.Join(h.dir, "claim.json"), first(t, text, "json"))
			binary := filepath.Join(h.dir, "client")
			c := exec.Command("go", "build", "-o", binary, program)
			c.Dir = repository
			if out, err := c.CombinedOutput(); err != nil {
				t.Fatalf("the client does not compile: %v\n%s", err, out)
			}
			h.open()
			for _, again := range []string{"first", "second"} { // the same bytes again are harmless
				c := exec.Command(binary)
				c.Dir, c.Env = h.dir, h.environment
				out, err := c.CombinedOutput()
				if err != nil || !strings.HasPrefix(string(out), "booked {") {
					t.Errorf("%s time: %v\n%s", again, err, out)
				}
			}
		})
	}
}

// first is the first block in a language.
func first(t *testing.T, text, language string) string {
	t.Helper()
	for _, b := range blocks(text) {
		if b.language == language {
			return b.text
		}
	}
	t.Fatalf("no %s block: has the document's form changed?", language)
	return ""
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func decode(t *testing.T, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
}
