package lab

import (
	"regexp"
	"strings"
	"testing"
)

// TestEveryWordOfThePageHasItsText, in both languages, and every text is used.
func TestEveryWordOfThePageHasItsText(t *testing.T) {
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`\{\{(?:template "t"|\(t) "([^"]+)"|\(t "([^"]+)"\)`).FindAllStringSubmatch(pageSource, -1) {
		used[m[1]+m[2]] = true
	}
	if len(used) < 20 {
		t.Fatalf("%d words: has the template's form changed?", len(used))
	}
	for key := range used {
		if _, ok := words[key]; !ok {
			t.Errorf("no text for %q", key)
		}
	}
	for key, text := range words {
		if !used[key] {
			t.Errorf("nobody says %q", key)
		}
		if text.ZH == "" || text.EN == "" || text.ZH == text.EN {
			t.Errorf("%q: %+v", key, text)
		}
	}
	for _, by := range Dimensions {
		if dimensions[by] == (Text{}) || strings.Contains(dimensions[by].ZH, string(by)) {
			t.Errorf("dimension %s has no name", by)
		}
	}
}
