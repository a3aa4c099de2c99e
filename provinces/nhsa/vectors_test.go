package nhsa

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"clearingd/ledger"
	"clearingd/provinces"
)

// vector is a message in a file of testdata.
type vector struct {
	name string
	body []byte
}

// vectors reads a folder of testdata; an empty one fails.
func vectors(t testing.TB, folder string) []vector {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no vectors in testdata/%s (%v)", folder, err)
	}
	var all []vector
	for _, path := range paths {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, vector{strings.TrimSuffix(filepath.Base(path), ".json"), body})
	}
	return all
}

func validVector(t testing.TB, name string) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", "valid", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestValidVectorsDecodeToTheirDocuments(t *testing.T) {
	for _, v := range vectors(t, "valid") {
		t.Run(v.name, func(t *testing.T) {
			request, err := New(Settings{}).Decode(v.body)
			if err != nil {
				t.Fatalf("refused: %v", describe(err))
			}
			if want := v.name[:4]; request.Infno != want {
				t.Errorf("infno %s, the name says %s", request.Infno, want)
			}
			document, err := json.MarshalIndent(request, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "valid", v.name+".golden"), append(document, '\n'))
		})
	}
}

// The name of an invalid vector says which code it must get: <code>-<what>.json.
func TestInvalidVectorsAreRefusedWithTheCodeInTheirName(t *testing.T) {
	form := regexp.MustCompile(`^([1-9][0-9]{3})-[A-Za-z0-9_-]+$`)
	var list bytes.Buffer
	for _, v := range vectors(t, "invalid") {
		match := form.FindStringSubmatch(v.name)
		if match == nil {
			t.Errorf("%s: a name that says no code", v.name)
			continue
		}
		code, _ := strconv.Atoi(match[1])
		request, err := New(Settings{}).Decode(v.body)
		var refusal *provinces.RejectError
		if !errors.As(err, &refusal) {
			t.Errorf("%s: accepted, or failed otherwise: %v", v.name, err)
			continue
		}
		if int(refusal.Code) != code {
			t.Errorf("%s: refused as %s", v.name, describe(err))
		}
		checkRefusal(t, v.name, refusal)
		checkAddressOnly(t, v.name, request)
		fmt.Fprintf(&list, "%s\n%s", v.name, describe(err))
	}
	golden(t, filepath.Join("testdata", "refusals.golden"), list.Bytes())
}

// describe writes a refusal with all its places, a line each.
func describe(err error) string {
	var refusal *provinces.RejectError
	if !errors.As(err, &refusal) {
		return fmt.Sprintf("  %v\n", err)
	}
	var text strings.Builder
	for _, e := range refusal.Errors {
		fmt.Fprintf(&text, "  %d %s: expected %q, found %q\n", e.Code, e.Field, e.Expected, e.Found)
	}
	return text.String()
}

// secrets are the identity numbers and names that the vectors hold.
var secrets = []string{"65010000000000000017", "65010000000000000018", "SAMPLE-0", "11010519491231002X", "样例", "张三", "1948"}

func checkRefusal(t *testing.T, name string, refusal *provinces.RejectError) {
	t.Helper()
	if n := len(refusal.Errors); n == 0 || n > provinces.MaxFieldErrors {
		t.Errorf("%s: %d places", name, n)
	}
	text := describe(refusal) + refusal.Error()
	for _, secret := range secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s: the refusal tells %q:\n%s", name, secret, text)
		}
	}
	for _, e := range refusal.Errors {
		if e.Code != refusal.Code {
			t.Errorf("%s: a place with code %d in a refusal with %d", name, e.Code, refusal.Code)
		}
	}
}

// checkAddressOnly: what a refused message leaves is its address, checked, and nothing
// else.
func checkAddressOnly(t *testing.T, name string, r provinces.Request) {
	t.Helper()
	if diff := cmp.Diff(addressOf(r), r); diff != "" {
		t.Errorf("%s: more than an address is left:\n%s", name, diff)
	}
	if r.Infno != "" && !transaction.matches(r.Infno) || r.MsgID != "" && !provinces.ValidMsgID(r.MsgID) ||
		r.Treatment != "" && !provinces.ValidArea(r.Treatment) || r.Home != "" && !provinces.ValidArea(r.Home) || r.Provider != "" && !provinces.ValidProvider(r.Provider) {
		t.Errorf("%s: an address that was not checked: %+v", name, r)
	}
}

func TestARefusedMessageKeepsTheAddressItCanRead(t *testing.T) {
	body := bytes.Replace(validVector(t, "2304-minimal"), []byte(`"21107.38"`), []byte(`"1e3"`), 1)
	request, err := New(Settings{}).Decode(body)
	if err == nil {
		t.Fatal("accepted")
	}
	want := provinces.Request{Infno: "2304", MsgID: "H11010500001201612201030150001", Treatment: "110105", Home: "650100", Provider: "H11010500001"}
	if diff := cmp.Diff(want, request); diff != "" {
		t.Error(diff)
	}
}

// producedElsewhere are the codes that need more than the message: its subject, the
// clock, a register, a plan or the books.
var producedElsewhere = map[provinces.Code]string{
	provinces.CodeSubject:          "provinces.Agree",
	provinces.CodePersonUnknown:    "registry of the home province",
	provinces.CodePersonMismatch:   "registry of the home province",
	provinces.CodeNotInsured:       "registry of the home province",
	provinces.CodeNoPlan:           "clearing/benefit",
	provinces.CodeNoVersion:        "clearing/benefit",
	provinces.CodeUnverified:       "clearing",
	provinces.CodePlanGap:          "clearing/benefit",
	provinces.CodeConflict:         "clearing",
	provinces.CodeReversedBefore:   "clearing",
	provinces.CodeUnknownSettle:    "clearing",
	provinces.CodeNotLast:          "clearing",
	provinces.CodeStayMismatch:     "clearing",
	provinces.CodeStateOther:       "clearing",
	provinces.CodeMsgIDUsed:        "clearing",
	provinces.CodeDocumentConflict: "registry of the home province",
	provinces.CodeDocumentOld:      "registry of the home province",
	provinces.CodeFourEyes:         "clearing, officers' acts",
	provinces.CodeActForm:          "clearing, officers' acts",
	provinces.CodeActObject:        "clearing, officers' acts",
	provinces.CodeActTarget:        "clearing, officers' acts",
	provinces.CodeActState:         "clearing, officers' acts",
	provinces.CodeActParty:         "clearing, officers' acts",
	provinces.CodeActAmount:        "clearing, officers' acts",
	provinces.CodeActClock:         "clearing, officers' acts",
	provinces.CodeMonthPeriod:      "clearing, officers' acts",
	provinces.CodeMonthRow:         "clearing, officers' acts",
	provinces.CodeMonthDiffers:     "clearing, officers' acts",
	provinces.CodeMonthDone:        "clearing, officers' acts",
	provinces.CodeMonthHeld:        "clearing, officers' acts",
	provinces.CodeMonthBatch:       "clearing, officers' acts",
	provinces.CodeMonthGone:        "clearing, officers' acts",
	provinces.CodeMonthCount:       "clearing, officers' acts",
	provinces.CodeMonthLate:        "clearing, officers' acts",
	provinces.CodeStatementRange:   "provinces/statement and clearing",
	provinces.CodeStatementParts:   "provinces/statement and clearing",
	provinces.CodeStatementSize:    "provinces/statement and clearing",
	provinces.CodeStatementFile:    "provinces/statement and clearing",
	provinces.CodeStatementCharset: "provinces/statement and clearing",
	provinces.CodeStatementColumns: "provinces/statement and clearing",
	provinces.CodeStatementFormula: "provinces/statement and clearing",
	provinces.CodeStatementForeign: "provinces/statement and clearing",
	provinces.CodeStatementTwice:   "provinces/statement and clearing",
	provinces.CodeStatementTotal:   "provinces/statement and clearing",
	provinces.CodeStatementReuse:   "provinces/statement and clearing",
	provinces.CodeStatementHorizon: "provinces/statement and clearing",
	provinces.CodeInternal:         "clearing",
}

func TestEveryCodeIsProducedByAVectorOrElsewhere(t *testing.T) {
	var produced []provinces.Code
	for _, v := range vectors(t, "invalid") {
		_, err := New(Settings{}).Decode(v.body)
		var refusal *provinces.RejectError
		if errors.As(err, &refusal) && !slices.Contains(produced, refusal.Code) {
			produced = append(produced, refusal.Code)
		}
	}
	for _, code := range provinces.Codes() {
		_, elsewhere := producedElsewhere[code]
		if here := slices.Contains(produced, code); here == elsewhere {
			t.Errorf("code %d (%s): produced by a vector: %v; listed as produced elsewhere: %v", code, code.Text().Name, here, elsewhere)
		}
	}
}

// A hospital's certificate number reaches the claim, or the registry could not check
// it; nothing that prints may show it (the other tests hold that).
func TestAllOfTheMessageIsRead(t *testing.T) {
	request, err := New(Settings{}).Decode(validVector(t, "2304-full"))
	if err != nil {
		t.Fatal(describe(err))
	}
	c := request.Claim
	balance := ledger.Amount(32140)
	if c.CertNo != "SAMPLE-03-0017" || *c.AccountBalance != balance || len(c.Lines) != 5 || len(c.Identities) != 2 || c.Opening.Stays != 1 {
		t.Errorf("read %+v", c)
	}
}
