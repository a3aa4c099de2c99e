//go:build outside

package report

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"clearingd/ledger"
)

// These tests ask other people's programs: hledger, ledger, beancount, LibreOffice and
// Chromium, from Debian's packages. A missing program fails.

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "LC_ALL=C.UTF-8")
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

func keepFile(t *testing.T, name string, body []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Each program computes its own balances; they must be the books' to the fen.
func TestOutsideProgramsGetTheSameBalances(t *testing.T) {
	_, _, book := journalBooks()
	want := map[string]ledger.Amount{openingEquity: -50}
	for a, b := range book {
		want[a.Name()] = b.Net()
	}
	first := sortedAccounts(book)
	want[first[0].Name()] += 700
	want[first[1].Name()] -= 650
	for name, balance := range want {
		if balance == 0 {
			delete(want, name)
		}
	}
	journals := map[Format]string{}
	for _, format := range journalFormats {
		var b bytes.Buffer
		if err := writeJournal(&b, format); err != nil {
			t.Fatal(err)
		}
		journals[format] = keepFile(t, "books."+string(format), b.Bytes())
	}
	run(t, "hledger", "-f", journals[HLedger], "check", "--strict")
	run(t, "bean-check", journals[Beancount])
	outputs := map[Format]string{
		HLedger:   run(t, "hledger", "-f", journals[HLedger], "balance", "--flat", "--no-total", "-O", "csv"),
		Ledger:    run(t, "ledger", "--args-only", "--pedantic", "--strict", "-f", journals[Ledger], "balance", "--flat", "--no-total", "--balance-format", "%(account)\t%(total)\n"),
		Beancount: run(t, "bean-query", "-q", "-f", "csv", journals[Beancount], "select account, sum(position) group by account"),
	}
	for format, output := range outputs {
		got := map[string]ledger.Amount{}
		for _, line := range strings.Split(strings.NewReplacer(",", "\t", `"`, "").Replace(output), "\n") {
			account, amount, found := strings.Cut(line, "\t")
			amount, isMoney := strings.CutSuffix(strings.TrimSpace(amount), " "+Commodity)
			if !found || !isMoney {
				continue
			}
			fen, err := ledger.ParseAmount(amount)
			if err != nil {
				t.Fatalf("%s: %q: %v", format, line, err)
			}
			got[strings.TrimSpace(account)] = fen
		}
		if len(got) != len(want) {
			t.Errorf("%s: %d accounts, want %d:\n%s", format, len(got), len(want), output)
		}
		for name, balance := range want {
			if got[name] != balance {
				t.Errorf("%s: %s is %s, the books say %s", format, name, got[name], balance)
			}
		}
	}
}

func TestOutsideLibreOfficeOpensTheWorkbook(t *testing.T) {
	r := newReconciled(t, 32, 3000).report(t)
	path := keepFile(t, "report.xlsx", render(t, XLSX, r))
	out := t.TempDir()
	run(t, "soffice", "--headless", "--convert-to", "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1", "--outdir", out, path)
	files, _ := filepath.Glob(filepath.Join(out, "*.csv"))
	if len(files) != len(sheetsOf(r)) {
		t.Fatalf("%d sheets, want %d: %v", len(files), len(sheetsOf(r)), files)
	}
	pairs, err := os.Open(filepath.Join(out, "report-省际明细 Pairs.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer pairs.Close()
	reader := csv.NewReader(pairs)
	reader.FieldsPerRecord = -1
	lines, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, l := range lines {
		if strings.HasPrefix(l[0], "合计") {
			found = strings.Contains(strings.Join(l, "|"), r.Totals.Owed.String())
		}
	}
	if !found {
		t.Errorf("no total of %s among %d lines", r.Totals.Owed, len(lines))
	}
}

// The browser runs nothing that a hostile text brings, and shows one language.
func TestOutsideChromiumRunsNothing(t *testing.T) {
	for _, text := range hostileTexts[:3] {
		path := keepFile(t, "report.html", render(t, HTML, hostileReport(t, text)))
		dom := run(t, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
			"--disable-background-networking", "--disable-component-update", "--disable-sync",
			"--user-data-dir="+t.TempDir(), "--dump-dom", "file://"+path)
		if strings.Contains(dom, "<script") || strings.Contains(dom, "<img") || strings.Contains(dom, "pwned</title>") || !strings.Contains(dom, `id="matrix"`) {
			t.Errorf("%q came alive", text)
		}
	}
}
