package provinces

import (
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NamesAgree reports whether a name as claimed is one of a person's registered names.
// It is a second look beside person number and card, so it is made to find another
// person, not another spelling:
//
//   - Any of the middle dots in use for Uyghur and other names, spaces, hyphens and
//     apostrophes are left out: 买买提·吐尔逊, 买买提•吐尔逊 and 买买提吐尔逊 are one name.
//   - Full-width letters, ligatures and presentation forms are what they stand for
//     (Unicode NFKC); letters agree in either case.
//   - A character of the private use area that GB 18030 has given a code since is that
//     character. Any other one, and the marks systems write for what they cannot (?, □, 〓),
//     agrees with any one character. So does a masking *.
//   - Simplified and traditional characters are different: the register publishes the
//     other spelling where a person uses both.
//
// Where nothing can be compared, because a name is absent or no two are in one script,
// nothing is contradicted and the names agree.
func NamesAgree(claimed string, registered ...string) bool {
	name, compared := foldName(claimed), false
	for _, r := range registered {
		other := foldName(r)
		if scriptsOf(name)&scriptsOf(other) == 0 {
			continue
		}
		if sameLetters(name, other) {
			return true
		}
		compared = true
	}
	return !compared
}

// unwritten stands for a character that somebody's system could not write.
const unwritten = unicode.ReplacementChar

// foldName brings a name to the letters that are compared.
func foldName(name string) []rune {
	mapped := make([]rune, 0, len(name))
	for _, r := range name {
		if standard, ok := fromPrivateUse[r]; ok {
			r = standard
		}
		if !isNameSeparator(r) { // before NFKC, which makes letters of some of the dots
			mapped = append(mapped, r)
		}
	}
	folded := mapped[:0]
	for _, r := range norm.NFKC.String(string(mapped)) {
		switch {
		case isNameSeparator(r):
		case isUnwritten(r):
			folded = append(folded, unwritten)
		default:
			folded = append(folded, unicode.ToLower(r))
		}
	}
	return folded
}

func sameLetters(a, b []rune) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] && a[i] != unwritten && b[i] != unwritten {
			return false
		}
	}
	return true
}

// isNameSeparator: what stands between the parts of a name, or in them without being a
// letter: dots, spaces, hyphens, apostrophes, and characters that are not seen, such as
// directional marks and variation selectors.
func isNameSeparator(r rune) bool {
	switch r {
	case '.', '\u00B7', '\u0387', '\u1427', '\u16EB', '\u2022', '\u2024', '\u2027', '\u2219', '\u22C5', '\u25CF', '\u2981',
		'\u2E31', '\u2E33', '\u3002', '\u30FB', '\u318D', '\u119E', '\uA78F', '\uFE52', '\uFF0E', '\uFF61', '\uFF65', '\U00010101': // dots
		return true
	case '\'', '`', '\u00B4', '\u2018', '\u2019', '\u02B9', '\u02BB', '\u02BC', '\uFF07': // apostrophes
		return true
	case '\u0640': // the Arabic letters' stretching line
		return true
	}
	return unicode.In(r, unicode.Z, unicode.Cc, unicode.Cf, unicode.Pd, unicode.Variation_Selector)
}

// isUnwritten: a private use character without a standard code, or a mark for a
// character that could not be written, or was masked.
func isUnwritten(r rune) bool {
	switch r {
	case '?', '*', unicode.ReplacementChar, '\u25A0', '\u25A1', '\u25CB', '\u25EF', '\u3013':
		return true
	}
	return unicode.Is(unicode.Co, r)
}

// scriptsOf is a set of the scripts a folded name is in.
func scriptsOf(name []rune) (scripts uint8) {
	for _, r := range name {
		switch {
		case unicode.Is(unicode.Han, r):
			scripts |= 1
		case unicode.Is(unicode.Arabic, r):
			scripts |= 2
		case unicode.Is(unicode.Latin, r):
			scripts |= 4
		case unicode.IsLetter(r):
			scripts |= 8
		}
	}
	return scripts
}

// fromPrivateUse are the ideographs for which GB 18030-2000 used private characters and
// that later editions (2005, 2022) give their own codes. Systems with old fonts still
// send the private ones.
var fromPrivateUse = map[rune]rune{
	'\uE816': '\U00020087', '\uE817': '\U00020089', '\uE818': '\U000200CC', '\uE81E': '\u9FB4',
	'\uE826': '\u9FB5', '\uE82B': '\u9FB6', '\uE82C': '\u9FB7', '\uE831': '\U000215D7',
	'\uE832': '\u9FB8', '\uE83B': '\U0002298F', '\uE843': '\u9FB9', '\uE854': '\u9FBA',
	'\uE855': '\U000241FE', '\uE864': '\u9FBB',
}
