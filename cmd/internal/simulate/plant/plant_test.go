package plant

import (
	"go/format"
	"testing"
)

// Every point and defect still has its place in the sources, and what it makes of them
// is Go.
func TestEverythingHasItsPlace(t *testing.T) {
	texts, err := Apply("../../../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(Points) < 8 || len(Defects) < 10 || len(texts) < 8 {
		t.Fatalf("%d points, %d defects in %d files", len(Points), len(Defects), len(texts))
	}
	for file, text := range texts {
		if _, err := format.Source([]byte(text)); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range Points {
		if seen[p.Name] || p.What == "" {
			t.Errorf("point %q", p.Name)
		}
		seen[p.Name] = true
	}
	for _, d := range Defects {
		if seen[d.Name] || d.What == "" || len(d.Edits) == 0 {
			t.Errorf("defect %q", d.Name)
		}
		seen[d.Name] = true
	}
}
