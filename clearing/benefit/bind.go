package benefit

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"

	"clearingd/ledger"
)

// binder copies a tree into structs by their toml tags and collects every problem it
// meets on the way; it never stops at the first. Tags:
//
//	toml:"name"             the member's name
//	need:"true"             the member must be there
//	oneof:"a|b|c"           the only texts allowed; the first is the default
type binder struct {
	file     string
	problems []Problem
}

// bindable is a value that reads itself from a node.
type bindable interface{ bind(b *binder, n *node) }

// at gives a struct the line of its table and those of the keys in it.
type at struct {
	Line int
	Keys map[string]int
}

// on is the line of a key, or of the table where the key is absent.
func (a *at) on(key string) int {
	if line, ok := a.Keys[key]; ok {
		return line
	}
	return a.Line
}

// has reports whether the key is written at all.
func (a *at) has(key string) bool { _, ok := a.Keys[key]; return ok }

func (b *binder) problem(line int, zh, en string) {
	b.problems = append(b.problems, Problem{b.file, line, zh, en})
}

func (b *binder) problemf(line int, zh, en string, args ...any) {
	b.problem(line, fmt.Sprintf(zh, args...), fmt.Sprintf(en, args...))
}

// table binds the members of n to the fields of *into.
func (b *binder) table(n *node, into any) {
	switch {
	case n.kind == unstable.Array && len(n.items) > 0 && n.items[0].kind == unstable.Table:
		b.problem(n.line, "此块只有一个，标题写单方括号 [...]", "there is one such block: write its header in single brackets, [...]")
		return
	case n.kind != unstable.Table:
		b.problem(n.line, "此处应为表，例如 { ... }", "a table belongs here, for example { ... }")
		return
	}
	keys := make(map[string]int, len(n.members))
	for _, m := range n.members {
		keys[m.key] = m.line
	}
	v := reflect.ValueOf(into).Elem()
	fields := map[string]reflect.StructField{}
	var names []string
	for _, f := range reflect.VisibleFields(v.Type()) {
		switch f.Name {
		case "Line":
			v.FieldByIndex(f.Index).SetInt(int64(n.line))
		case "Keys":
			v.FieldByIndex(f.Index).Set(reflect.ValueOf(keys))
		}
		if name := f.Tag.Get("toml"); name != "" {
			fields[name] = f
			names = append(names, name)
		}
	}
	for _, m := range n.members {
		f, ok := fields[m.key]
		if !ok {
			b.unknown(m, names)
			continue
		}
		b.value(m.value, v.FieldByIndex(f.Index), f.Tag)
	}
	for _, name := range names {
		f := fields[name]
		if n.member(name) != nil {
			continue
		}
		if f.Tag.Get("need") != "" {
			b.problemf(n.line, "缺少 %s", "%s is missing", name)
		}
		setDefault(v.FieldByIndex(f.Index), f.Tag)
	}
}

// setDefault gives an absent choice its first text, also inside an absent table.
func setDefault(v reflect.Value, tag reflect.StructTag) {
	if first, _, found := strings.Cut(tag.Get("oneof"), "|"); found && v.Kind() == reflect.String {
		v.SetString(first)
	}
	if _, ok := v.Addr().Interface().(bindable); ok || v.Kind() != reflect.Struct {
		return
	}
	for _, f := range reflect.VisibleFields(v.Type()) {
		if f.Tag.Get("toml") != "" {
			setDefault(v.FieldByIndex(f.Index), f.Tag)
		}
	}
}

func (b *binder) unknown(m member, names []string) {
	if near := nearest(m.key, names); near != "" {
		b.problemf(m.line, "未知的键 %q，是否应为 %q？", "unknown key %q; did you mean %q?", m.key, near)
		return
	}
	b.problemf(m.line, "未知的键 %q，此处可用：%s", "unknown key %q; known here: %s", m.key, strings.Join(names, ", "))
}

func (b *binder) value(n *node, v reflect.Value, tag reflect.StructTag) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		b.value(n, v.Elem(), tag)
		return
	}
	if x, ok := v.Addr().Interface().(bindable); ok {
		x.bind(b, n)
		return
	}
	if n.kind == unstable.Float {
		b.float(n)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		b.table(n, v.Addr().Interface())
	case reflect.Slice:
		b.list(n, v, tag)
	case reflect.String:
		b.text(n, v, tag)
	case reflect.Bool:
		if n.kind != unstable.Bool {
			b.problem(n.line, "应写 true 或 false", "true or false belongs here")
			return
		}
		v.SetBool(n.text == "true")
	case reflect.Int:
		i, err := strconv.Atoi(strings.ReplaceAll(n.text, "_", ""))
		if n.kind != unstable.Integer || err != nil || i < 0 {
			b.problem(n.line, "应写非负整数", "a whole number, not below 0, belongs here")
			return
		}
		v.SetInt(int64(i))
	}
}

// float refuses a binary fraction and shows how to write the same figure exactly.
func (b *binder) float(n *node) {
	b.problemf(n.line, "不得用浮点数，请写成字符串 \"%s\"", "no floating point in a plan: write the string \"%s\"",
		strings.ReplaceAll(n.text, "_", ""))
}

// fraction refuses a binary fraction where a percentage belongs. One below 1 was mostly
// meant as a share of one: written as it stands, 0.85 would be 0.85 %.
func (b *binder) fraction(n *node) {
	text := strings.ReplaceAll(n.text, "_", "")
	if f, err := strconv.ParseFloat(text, 64); err == nil && f > 0 && f <= 1 && !strings.ContainsAny(text, "eE") {
		whole := percentOf(text)
		b.problemf(n.line, "此处应为百分数：%s%% 请写 %s", "a percentage belongs here: for %s %% write %s", whole, quoteFraction(whole))
		return
	}
	b.float(n)
}

// quoteFraction writes a figure as a plan has it: in quotes where it has a point.
func quoteFraction(s string) string {
	if strings.Contains(s, ".") {
		return `"` + s + `"`
	}
	return s
}

func (b *binder) list(n *node, v reflect.Value, tag reflect.StructTag) {
	if n.kind == unstable.Table && v.Type().Elem().Kind() == reflect.Struct {
		b.problem(n.line, "此块可有多个，标题写双方括号 [[...]]", "there may be several such blocks: write the header in double brackets, [[...]]")
		return
	}
	if n.kind != unstable.Array {
		b.problem(n.line, "此处应为数组，例如 [...]", "an array belongs here, for example [...]")
		return
	}
	list := reflect.MakeSlice(v.Type(), len(n.items), len(n.items))
	for i, item := range n.items {
		b.value(item, list.Index(i), tag)
	}
	v.Set(list)
}

func (b *binder) text(n *node, v reflect.Value, tag reflect.StructTag) {
	if n.kind != unstable.String {
		b.problem(n.line, "此处应为字符串", "a string belongs here")
		return
	}
	v.SetString(n.text)
	allowed, ok := tag.Lookup("oneof")
	if !ok {
		return
	}
	for choice := range strings.SplitSeq(allowed, "|") {
		if choice == n.text {
			return
		}
	}
	b.problemf(n.line, "%q 不在可选值之内：%s", "%q is not one of: %s", n.text, strings.ReplaceAll(allowed, "|", ", "))
}

// yuan is an amount of a plan: an integer (whole yuan) or a string ("1300.50").
//
// Like every value that reads itself, it counts as set even where it is malformed: one
// mistake is one problem.
type yuan struct {
	line int
	set  bool
	sane bool // well-formed
	fen  ledger.Amount
}

func (y *yuan) bind(b *binder, n *node) {
	*y = yuan{line: n.line, set: true}
	text := n.text
	switch n.kind {
	case unstable.Float:
		b.float(n)
		return
	case unstable.Integer:
		text = strings.ReplaceAll(text, "_", "")
	case unstable.String:
	default:
		b.problem(n.line, "此处应为金额（元），例如 1300 或 \"1300.50\"", "an amount in yuan belongs here, for example 1300 or \"1300.50\"")
		return
	}
	fen, err := ledger.ParseAmount(text)
	if err != nil || fen < 0 {
		b.problemf(n.line, "%q 不是金额（元，非负，最多两位小数）", "%q is not an amount in yuan, not below 0, with at most two decimals", n.text)
		return
	}
	y.fen, y.sane = fen, true
}

// share100 is a percentage of a plan: an integer (85) or a string ("87.5").
type share100 struct {
	line int
	set  bool
	ratio
}

func (s *share100) bind(b *binder, n *node) {
	*s = share100{line: n.line, set: true}
	text := n.text
	switch n.kind {
	case unstable.Float:
		b.fraction(n)
		return
	case unstable.Integer:
		text = strings.ReplaceAll(text, "_", "")
	case unstable.String:
		text = strings.TrimSuffix(text, "%")
	default:
		b.problem(n.line, "此处应为百分数，例如 85 或 \"87.5\"", "a percentage belongs here, for example 85 or \"87.5\"")
		return
	}
	r, ok := parsePercent(text)
	if !ok {
		b.problemf(n.line, "%q 不是百分数（最多两位小数）", "%q is not a percentage with at most two decimals", n.text)
		return
	}
	s.ratio = r
}

// date is a day of a plan, written as a TOML date: 2025-01-01.
type date struct {
	line int
	set  bool
	day  ledger.Day
}

func (d *date) bind(b *binder, n *node) {
	day, err := ledger.ParseDay(n.text)
	if n.kind != unstable.LocalDate || err != nil {
		b.problem(n.line, "此处应为日期，例如 2025-01-01（不加引号）", "a date belongs here, for example 2025-01-01 without quotes")
		return
	}
	*d = date{n.line, true, day}
}
