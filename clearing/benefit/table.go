package benefit

import (
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// table holds values by kind of hospital. Keys are a level (third, second, first,
// special), a trait of the hospital (community, township, tcm, provincial, ...), both
// joined by "+" (third+tcm), or any. The most particular key that fits counts.
type table[T any] struct {
	at
	set  bool
	rows []tableRow[T]
}

type tableRow[T any] struct {
	key    string
	level  Level
	traits []string
	value  T
}

// bind reads { third = 85, second = 87 }, or a single value for all hospitals.
func (t *table[T]) bind(b *binder, n *node) {
	t.Line, t.set = n.line, true
	if n.kind != unstable.Table {
		var v T
		any(&v).(bindable).bind(b, n)
		t.rows = []tableRow[T]{{key: "any", value: v}}
		return
	}
	if len(n.members) == 0 {
		b.problem(n.line, "表不能为空", "the table is empty")
	}
	for _, m := range n.members {
		row := tableRow[T]{key: m.key}
		for word := range strings.SplitSeq(m.key, "+") {
			switch {
			case word == "any":
			case isLevel(word) && row.level == "":
				row.level = Level(word)
			case isLevel(word):
				b.problemf(m.line, "%q 含两个等级", "%q names two levels", m.key)
			default:
				b.trait(m.line, word)
				row.traits = append(row.traits, word)
			}
		}
		any(&row.value).(bindable).bind(b, m.value)
		for i := range t.rows {
			if other := &t.rows[i]; other.level == row.level && slices.Equal(slices.Sorted(slices.Values(other.traits)), slices.Sorted(slices.Values(row.traits))) {
				b.problemf(m.line, "%q 与 %q 相同", "%q is the same as %q", m.key, other.key)
			}
		}
		t.rows = append(t.rows, row)
	}
}

// of finds the value for a hospital; special third-level hospitals without a row of
// their own are third-level ones.
func (t *table[T]) of(f Facility) (value T, key string, ok bool) {
	best := -1
	for i := range t.rows {
		row := &t.rows[i]
		if weight := row.weight(f); weight > best {
			best, value, key = weight, row.value, row.key
		}
	}
	return value, key, best >= 0
}

// weight is how particularly the row fits, or -1: a trait says more than a level.
func (r *tableRow[T]) weight(f Facility) int {
	weight := 0
	if r.level != "" {
		if r.level != f.Level && !(r.level == LevelThird && f.Level == LevelSpecial) {
			return -1
		}
		weight = 2
		if r.level != f.Level {
			weight = 1
		}
	}
	for _, trait := range r.traits {
		if !contains(f.Traits, trait) {
			return -1
		}
		weight += 4
	}
	return weight
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func isLevel(s string) bool {
	switch Level(s) {
	case LevelSpecial, LevelThird, LevelSecond, LevelFirst:
		return true
	}
	return false
}

// isName reports words of lower-case letters, digits and hyphens.
func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-')
	})
}

// yes is the value of an optional flag whose absence means yes.
func yes(flag *bool) bool { return flag == nil || *flag }
