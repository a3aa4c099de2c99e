package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrInvalid is wrapped by every error of [Load] and [OpenPseudonymKey].
var ErrInvalid = errors.New("invalid configuration")

// Fault is one thing that is wrong. It prints as
//
//	clearingd.toml:12: nats.listen = "here": must be HOST:PORT ...
type Fault struct {
	Where string // "file:line", "file:line:column", or the flag
	Key   string // the dotted key; "" when the text is not TOML
	Value string // as found, quoted; "" when it is missing, secret or beside the point
	Right string // what would be right

	line int // for the order of printing; flags come after the file
}

func (f Fault) String() string {
	var b strings.Builder
	b.WriteString(f.Where)
	if f.Key != "" {
		b.WriteString(": " + f.Key)
	}
	if f.Value != "" {
		b.WriteString(" = " + f.Value)
	}
	b.WriteString(": " + f.Right)
	return b.String()
}

// Faults is everything that is wrong, in the order of the file, then of the flags.
type Faults []Fault

// Error writes one fault a line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Unwrap makes errors.Is(err, ErrInvalid) true.
func (fs Faults) Unwrap() error { return ErrInvalid }

func (fs Faults) sorted() Faults {
	slices.SortStableFunc(fs, func(a, b Fault) int { return cmp.Compare(a.line, b.line) })
	return fs
}

// unknownKey words the fault of a key that no setting has.
func unknownKey(key string) string {
	for _, table := range byProvince {
		if province, ok := strings.CutPrefix(key, table.prefix); ok && !strings.Contains(province, ".") {
			return "unknown province; must be the two digits of a province, or 66, or default"
		}
	}
	if near := nearest(key); near != "" {
		return fmt.Sprintf("unknown key; did you mean %s?", near)
	}
	return "unknown key; deploy/clearingd.toml lists all keys"
}

// nearest is the known key that was probably meant: the same name in another table,
// or one within two slips of the pen.
func nearest(key string) string {
	name := key[strings.LastIndexByte(key, '.')+1:]
	best, bestSlips := "", 3
	for _, known := range Keys() {
		if n := slips(key, known); n < bestSlips {
			best, bestSlips = known, n
		}
	}
	if best != "" {
		return best
	}
	for _, known := range Keys() {
		if known[strings.LastIndexByte(known, '.')+1:] == name {
			return known
		}
	}
	return ""
}

// slips is the Levenshtein distance of two short texts.
func slips(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
