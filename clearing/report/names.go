package report

import (
	"strings"
	"unicode"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Bi is one text in both languages.
type Bi struct{ ZH, EN string }

// Both writes the two texts side by side, for places that have one text only.
func (b Bi) Both() string { return b.ZH + " / " + b.EN }

func provinceName(p ledger.Province) Bi {
	return Bi{visible(provinces.Name(p, provinces.Chinese)), visible(provinces.Name(p, provinces.English))}
}

func fundName(f ledger.Fund) Bi {
	return Bi{visible(provinces.FundName(f, provinces.Chinese)), visible(provinces.FundName(f, provinces.English))}
}

// visible replaces what a reader could not see, or what would change how the rest is
// read: control and format characters (right-to-left overrides, zero-width marks), line
// separators and bytes that are not UTF-8.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// visibleLines is visible for a whole page, whose own line ends stay.
func visibleLines(page string) string {
	lines := strings.Split(page, "\n")
	for i, line := range lines {
		lines[i] = visible(line)
	}
	return strings.Join(lines, "\n")
}
