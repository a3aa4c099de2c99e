package tidy

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "clearingd"

// direction says what the packages of a tree may import of ours.
type direction struct {
	tree   string
	may    []string
	reason string
}

// directions are ordered: the first tree that holds a package rules it. Arrows point
// downward only.
var directions = []direction{
	{"ledger", []string{"ledger"}, "the core of double entry must be readable and testable alone"},
	{"provinces", []string{"provinces", "ledger"}, "documents and dialects know nothing of what is decided about them"},
	{"clearing", []string{"clearing", "provinces", "ledger"}, "what is decided must not depend on how it is configured or run"},
	{"config", []string{"config"}, "configuration on top of the product would drag the product into everything"},
	{"cmd", []string{"cmd", "config", "clearing", "provinces", "ledger"}, "only commands know everything"},
	{"bench", []string{"clearing", "provinces", "ledger", "config", "bench"}, "benchmarks measure packages, not commands"},
}

// ban keeps an import inside the trees that are its home.
type ban struct {
	imports string // path, with everything below it
	home    []string
	tests   bool // also in tests
	reason  string
}

var bans = []ban{
	{"clearingd/provinces/bus", []string{"provinces/bus", "cmd", "bench"}, true, "clearing decides without a broker; commands bring the two together"},
	{"clearingd/config", []string{"config", "cmd"}, true, "packages get values, not configuration"},
	{"github.com/nats-io", []string{"provinces/bus", "bench"}, false, "a broker is one technology behind one door"},
	{"github.com/synadia-io", []string{"provinces/bus", "bench"}, false, "it belongs to the broker's door"},
	{"go.etcd.io/bbolt", []string{"ledger/boltstore", "clearing/store", "bench"}, false, "the store is one technology behind one door"},
	{"github.com/shopspring/decimal", []string{"clearing/benefit"}, false, "outside the calculator all money is whole fen"},
	{"github.com/prometheus", []string{"cmd/internal/ops"}, true, "the daemon measures through ops.Metrics and knows no metrics library"},
	{"github.com/coreos/go-systemd", []string{"cmd/internal/ops"}, true, "the service manager is told through ops.Notifier"},
	{"github.com/spf13/cobra", []string{"cmd/clearctl"}, true, "the daemon has flags, the tool has commands"},
	{"github.com/xuri/excelize", []string{"clearing/report", "cmd/clearctl"}, false, "the daemon writes spreadsheets in one place and reads none; officers' own are read at their desk"},
	{"go.uber.org/zap", []string{"provinces/bus", "cmd"}, false, "packages return errors; who runs them decides what to log"},
	{"log", nil, false, "the daemon's log is structured and redacted; the standard one is neither"},
	{"math/rand", nil, true, "math/rand/v2 has no global seed to forget"},
	{"unsafe", nil, true, "nothing here is worth it"},
}

// forTests may not be linked into a binary.
var forTests = []string{
	"testing", "pgregory.net/rapid", "github.com/google/go-cmp", "github.com/rogpeppe/go-internal", "go.uber.org/goleak",
	"github.com/chromedp", "github.com/santhosh-tekuri/jsonschema", "net/http/httptest",
}

func imports(s source) []string {
	var paths []string
	for _, spec := range s.ast.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			panic(err) // the parser has accepted it
		}
		paths = append(paths, path)
	}
	return paths
}

func TestImportDirections(t *testing.T) {
	for _, s := range sources(t) {
		i := slices.IndexFunc(directions, func(d direction) bool { return within(s.dir(), d.tree) })
		if i < 0 {
			t.Errorf("%s: Go code lives under cmd, clearing, ledger, provinces, config or bench", s.path)
			continue
		}
		d := directions[i]
		for _, path := range imports(s) {
			ours, ok := strings.CutPrefix(path, module+"/")
			// A test may bring anything below cmd together, to try its package on real parts.
			if !ok || within(ours, d.may...) || s.test && !within(ours, "cmd") && d.tree != "ledger" {
				continue
			}
			t.Errorf("%s imports %s, but %s may import only %v: %s", s.path, path, d.tree, d.may, d.reason)
		}
	}
}

func TestImportBans(t *testing.T) {
	used := map[string]bool{}
	for _, s := range sources(t) {
		for _, path := range imports(s) {
			for _, b := range bans {
				if path != b.imports && !strings.HasPrefix(path, b.imports+"/") || path == "math/rand/v2" {
					continue
				}
				used[b.imports] = true
				if !within(s.dir(), b.home...) && (!s.test || b.tests) {
					t.Errorf("%s imports %s, whose home is %v: %s", s.path, path, b.home, b.reason)
				}
			}
		}
	}
	for _, b := range bans {
		if len(b.home) > 0 && !used[b.imports] {
			t.Logf("nothing imports %s", b.imports)
		}
	}
}

func TestNoTestModulesInBinaries(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, path := range imports(s) {
			if slices.ContainsFunc(forTests, func(m string) bool { return path == m || strings.HasPrefix(path, m+"/") }) {
				t.Errorf("%s imports %s, which is for tests alone", s.path, path)
			}
		}
	}
}

// encoding/json accepts duplicate keys, keys in the wrong case, invalid UTF-8 and data
// after the document, so it never reads what hospitals send.
func TestForeignJSONIsReadStrictly(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test && within(s.dir(), "provinces/nhsa", "provinces/statement") && slices.Contains(imports(s), "encoding/json") {
			t.Errorf("%s imports encoding/json; use github.com/go-json-experiment/json", s.path)
		}
	}
}
