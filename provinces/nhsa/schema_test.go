package nhsa

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"clearingd/provinces"
)

const docs = "../../docs"

// schemas compiles every schema of docs/schema, by its file name.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(docs, "schema", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no schemas (%v)", err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	ids := map[string]string{}
	for _, path := range paths {
		document := readJSON(t, path)
		id, _ := document.(map[string]any)["$id"].(string)
		if !strings.HasSuffix(id, "/"+filepath.Base(path)) {
			t.Errorf("%s: $id %q", path, id)
		}
		if err := compiler.AddResource(id, document); err != nil {
			t.Fatal(err)
		}
		ids[filepath.Base(path)] = id
	}
	compiled := map[string]*jsonschema.Schema{}
	for name, id := range ids {
		schema, err := compiler.Compile(id)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		compiled[name] = schema
	}
	return compiled
}

func readJSON(t *testing.T, path string) any {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return value
}

func validate(schema *jsonschema.Schema, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func TestSchemasAdmitEveryValidVector(t *testing.T) {
	all := schemas(t)
	for _, v := range vectors(t, "valid") {
		name := "request-" + strings.Replace(v.name[:4], "2303", "2304", 1) + ".json"
		for _, schema := range []string{name, "request.json"} {
			if err := validate(all[schema], v.body); err != nil {
				t.Errorf("%s is refused by %s: %v", v.name, schema, err)
			}
		}
	}
}

// beyondSchema are the vectors whose mistake no schema can see: how a literal is
// written, sums, comparisons of two members, what stands twice.
var beyondSchema = map[string]bool{
	"1002-duplicate-in-unknown-member": true, "1002-duplicate-envelope": true, "1002-duplicate-by-escape": true,
	"1003-deep": false, "1003-many-members": false, "1003-many-elements": false,
	"1001-lone-surrogate": true, "1001-invalid-utf8": true,
	"1005-endtime-30-february": true, "1005-dscgTime-other-day": true, "1005-two-balances": true,
	"1005-line-serial-twice": true, "1005-line-of-other-stay": true, "1005-line-of-other-person": true, "1005-accinfo-fund-twice": true,
	"1010-discharge-before-admission": true, "1010-days-swapped": true,
	"3001-literal-exponent": true, "3001-literal-capital-exponent": true, "3001-literal-three-decimals": true, "3001-literal-negative-zero": true,
	"3002-line-negative-without-refund": true, "3002-line-refund-positive": true,
	"3003-one-fen": true, "3003-part-left-out": true, "3003-yuan-for-fen": true,
	"3004-line-product": true, "3004-line-parts": true, "3004-lines-short-of-bill": true, "3004-product-above-any-amount": true, "3004-rounded-down": true,
}

func TestSchemasRefuseWhatTheyCanSee(t *testing.T) {
	any := schemas(t)["request.json"]
	for _, v := range vectors(t, "invalid") {
		err := validate(any, v.body)
		if admitted := err == nil; admitted != beyondSchema[v.name] {
			t.Errorf("%s: admitted by the schema: %v; listed as beyond it: %v (%v)", v.name, admitted, beyondSchema[v.name], err)
		}
	}
}

func TestTheAnswerSchemaAdmitsEveryAnswer(t *testing.T) {
	schema := schemas(t)["answer.json"]
	for name, answer := range answers() {
		body, err := New(Settings{}).Encode(answer)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(schema, body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, v := range vectors(t, "invalid") {
		_, err := New(Settings{}).Decode(v.body)
		var refusal *provinces.RejectError
		if !errors.As(err, &refusal) {
			t.Fatal(err)
		}
		body, err := New(Settings{}).Encode(provinces.Answer{Treatment: "110000", Outcome: provinces.Refused, Code: refusal.Code, Errors: refusal.Errors})
		if err == nil {
			err = validate(schema, body)
		}
		if err != nil {
			t.Errorf("answer to %s: %v", v.name, err)
		}
	}
}

func TestTheAnswerSchemaRefusesOtherAnswers(t *testing.T) {
	schema := schemas(t)["answer.json"]
	body, err := New(Settings{}).Encode(bookedAnswer())
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string][2]string{
		"amount as a number":    {`"medfee_sumamt":"1204.52"`, `"medfee_sumamt":1204.52`},
		"amount with one digit": {`"medfee_sumamt":"1204.52"`, `"medfee_sumamt":"1204.5"`},
		"infcode as text":       {`"infcode":0`, `"infcode":"0"`},
		"infcode -1":            {`"infcode":0`, `"infcode":-1`},
		"a member less":         {`"hifp_pay":"493.32",`, ``},
		"a member more":         {`"clr_type":"21"`, `"clr_type":"21","psn_name":"x"`},
		"refused but settled":   {`"infcode":0`, `"infcode":-3003`},
	} {
		other := bytes.Replace(body, []byte(change[0]), []byte(change[1]), 1)
		if bytes.Equal(other, body) {
			t.Fatalf("%s: nothing changed", name)
		}
		if validate(schema, other) == nil {
			t.Errorf("%s: admitted", name)
		}
	}
}
