package statement_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"clearingd/provinces"
	"clearingd/provinces/statement"
)

const docs = "../../docs"

type example struct{ schema, body string }

// examples are the JSON blocks of a document, each under a comment that names its schema.
func examples(t *testing.T, document string) (all []example) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, document))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?s)<!-- schema: ([a-z0-9.-]+) -->\n```json\n(.*?)```").FindAllSubmatch(text, -1) {
		all = append(all, example{string(m[1]), string(m[2])})
	}
	if fences := bytes.Count(text, []byte("```json")); fences == 0 || fences != len(all) {
		t.Fatalf("%s: %d JSON blocks, %d of them name their schema", document, fences, len(all))
	}
	return all
}

// compiled are the schemas of statements.
func compiled(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	ids := map[string]string{}
	for _, pattern := range []string{"statement-*.json", "common.json"} {
		paths, _ := filepath.Glob(filepath.Join(docs, "schema", pattern))
		for _, path := range paths {
			file, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(file))
			if err != nil {
				t.Fatal(err)
			}
			id, _ := document.(map[string]any)["$id"].(string)
			if err := compiler.AddResource(id, document); err != nil {
				t.Fatal(err)
			}
			ids[filepath.Base(path)] = id
		}
	}
	all := map[string]*jsonschema.Schema{}
	for name, id := range ids {
		schema, err := compiler.Compile(id)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = schema
	}
	return all
}

func validates(t *testing.T, schema *jsonschema.Schema, body []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value)
}

// TestDocumentedExamplesAreReal: every example is what its schema says and what the
// dialect reads or writes.
func TestDocumentedExamplesAreReal(t *testing.T) {
	schemas, seen := compiled(t), map[string]bool{"common.json": true}
	for i, e := range examples(t, "statement-interface.md") {
		seen[e.schema] = true
		if schemas[e.schema] == nil {
			t.Fatalf("example %d: no schema %s", i, e.schema)
		}
		if err := validates(t, schemas[e.schema], []byte(e.body)); err != nil {
			t.Errorf("example %d: %v", i, err)
		}
		var err error
		switch e.schema {
		case "statement-3201.json", "statement-3202.json":
			_, err = statement.Dialect{}.Head(hospital, "A", []byte(e.body))
		case "statement-head.json":
			_, err = statement.Dialect{}.Head(home, "A", []byte(e.body))
		case "statement-row.json":
			var line bytes.Buffer
			if err = json.Compact(&line, []byte(e.body)); err == nil {
				if got := read(t, provinces.FormatJSONL, "", line.Bytes()); len(got) != 1 || got[0] != "1:330100G0000000000017// 15000.00 10500.00 500.00 4000.00 310100=10500.00" {
					t.Errorf("the row is read as %q", got)
				}
			}
		case "statement-result.json":
			checkResult(t, e.body)
		}
		if err != nil {
			t.Errorf("example %d is refused: %v", i, err)
		}
	}
	for name := range schemas {
		if !seen[name] {
			t.Errorf("the document has no example of %s", name)
		}
	}
}

// checkResult: the documented result is one that the dialect writes.
func checkResult(t *testing.T, body string) {
	t.Helper()
	var documented bytes.Buffer
	if err := json.Compact(&documented, []byte(body)); err != nil {
		t.Fatal(err)
	}
	yours := provinces.StatementTotal{Insutype: "310", Counterpart: "33", Count: 2, Total: 3000000, Funds: 2100000}
	ours := yours
	ours.Count, ours.Total, ours.Funds = 3, 3010000, 2107000
	written, err := statement.Dialect{}.Result(provinces.StatementResult{
		Statement: provinces.Statement{Party: home, ID: "2026-03"}, Number: 1207, Outcome: provinces.StatementApplied,
		Totals: []provinces.StatementComparison{{Yours: yours, Ours: ours, Result: provinces.StatementOursMore}},
	})
	if err != nil || !bytes.Equal(written, documented.Bytes()) {
		t.Errorf("%v\ndocumented\n%s\nwritten\n%s", err, documented.Bytes(), written)
	}
}

func TestBothLanguagesHaveTheSameExamples(t *testing.T) {
	english, chinese := examples(t, "statement-interface.md"), examples(t, "statement-interface.zh.md")
	if !slices.Equal(english, chinese) {
		t.Errorf("%d examples in English, %d in Chinese, and they are not the same", len(english), len(chinese))
	}
}

// TestSchemasSeeWhatIsWrong, as far as schemas can: each change of a good head is refused by
// both, or by the dialect alone where the list says so.
func TestSchemasSeeWhatIsWrong(t *testing.T) {
	schemas := compiled(t)
	for _, test := range []struct {
		schema, old, new string
		unseen           bool
	}{
		{"statement-head.json", `"serial":2`, `"serial":0`, false},
		{"statement-head.json", `"horizon"`, `"horizn"`, false},
		{"statement-head.json", `"format":"csv"`, `"format":"xlsx"`, false},
		{"statement-head.json", `"setl_cnt":1`, `"setl_cnt":-1`, false},
		{"statement-head.json", `"parts":1`, `"parts":513`, false},
		{"statement-head.json", `"enddate":"2026-03-18"`, `"enddate":"2026-03-19"`, true},
		{"statement-head.json", `"counterpart":"65"`, `"counterpart":"99"`, true},
		{"statement-3201.json", `"clr_type":"21"`, `"clr_type":"11"`, false},
		{"statement-3201.json", `"acct_pay":"1.00",`, ``, false},
		{"statement-3202.json", `"cash_payamt":"1.00",`, ``, false},
		{"statement-3202.json", `"bytes":100`, `"bytes":600000`, true},
	} {
		party, body := hospital, national(test.schema[len("statement-"):len("statement-")+4])
		if test.schema == "statement-head.json" {
			party, body = treatment, own()
		}
		if err := validates(t, schemas[test.schema], body); err != nil {
			t.Fatalf("%s: the good one: %v", test.schema, err)
		}
		changed := bytes.Replace(body, []byte(test.old), []byte(test.new), 1)
		if _, err := (statement.Dialect{}).Head(party, "A", changed); err == nil || bytes.Equal(changed, body) {
			t.Errorf("%s with %s is taken", test.schema, test.new)
		}
		if err := validates(t, schemas[test.schema], changed); (err == nil) != test.unseen {
			t.Errorf("%s with %s: by the schema %v", test.schema, test.new, err)
		}
	}
}
