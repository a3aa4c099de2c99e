package console

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clearingd/provinces"
	"clearingd/provinces/nhsa"
)

// Every grammar and phrase that the national dialect refuses with is said in words: an
// officer reads no regular expression.
func TestRefusalsAreSaidInWords(t *testing.T) {
	vectors, err := filepath.Glob("../../provinces/nhsa/testdata/invalid/*.json")
	if err != nil || len(vectors) < 50 {
		t.Fatalf("%d vectors, %v", len(vectors), err)
	}
	zh := words{language: provinces.Chinese}
	said := 0
	for _, path := range vectors {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = nhsa.New(nhsa.Settings{}).Decode(body)
		var refused *provinces.RejectError
		if !errors.As(err, &refused) {
			continue // refused for its subject
		}
		for _, e := range refused.Errors {
			for _, text := range []string{e.Expected, e.Found} {
				if !strings.ContainsAny(text, "[{") && (!strings.Contains(text, " ") || strings.ContainsAny(text, "0123456789")) {
					continue // a value or a code
				}
				if said++; zh.wanted(text) == visible(text) {
					t.Errorf("%s: %q is shown as it is", filepath.Base(path), text)
				}
			}
		}
	}
	if said < 20 {
		t.Errorf("only %d texts were looked at", said)
	}
	for text, want := range map[string]string{
		"length 12": "长度 12", "9 lines": "明细 9 行", "as psn_no": "与 psn_no 相同", "12": "12", "length": "length", " lines": " lines", "<b>": "<b>",
		"0|1": "0|1", "length x": "length x",
	} {
		if got := zh.wanted(text); got != want {
			t.Errorf("%q is said as %q, want %q", text, got, want)
		}
	}
}
