package benefit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

// Problem is something wrong in a plan or example file: where, and what would be right.
type Problem struct {
	File string
	Line int // 1 is the first line; 0: the file as a whole
	ZH   string
	EN   string
}

// Error writes "file:line: what is wrong / 中文".
func (p Problem) Error() string {
	return fmt.Sprintf("%s:%d: %s / %s", p.File, p.Line, p.EN, p.ZH)
}

// node is a value of a TOML document that knows its line. Reading into such a tree
// first, instead of straight into structs, is what lets a check that fails late (a gap
// between versions) still name the line.
type node struct {
	kind    unstable.Kind // Table for all tables, Array for all arrays, or a scalar
	line    int
	text    string // of a scalar: strings unquoted, all else as written
	members []member
	items   []*node
}

type member struct {
	key   string
	line  int
	value *node
}

func (n *node) member(key string) *member {
	for i := range n.members {
		if n.members[i].key == key {
			return &n.members[i]
		}
	}
	return nil
}

// parseTree reads a document that must be valid TOML. A byte-order mark, which some
// editors write, is passed over.
func parseTree(file string, data []byte) (*node, []Problem) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if line := notUTF8(data); line > 0 {
		return nil, []Problem{{file, line, "文件不是UTF-8编码，请另存为UTF-8", "the file is not UTF-8: save it as UTF-8"}}
	}
	var whole map[string]any
	if err := toml.Unmarshal(data, &whole); err != nil { // also finds keys that stand twice
		line := 0
		var decode *toml.DecodeError
		if errors.As(err, &decode) {
			line, _ = decode.Position()
		}
		if wide, plain := wideMark(data, line); wide != "" {
			return nil, []Problem{{file, line, fmt.Sprintf("本行有全角标点 %s，请改为半角 %s", wide, plain), fmt.Sprintf("the line has the full-width mark %s: write %s", wide, plain)}}
		}
		return nil, []Problem{{file, line, "不是有效的TOML：" + err.Error(), "not valid TOML: " + err.Error()}}
	}
	reader := treeReader{lines: lineStarts(data)}
	reader.parser.Reset(data)
	root := &node{kind: unstable.Table, line: 1}
	current := root
	for reader.parser.NextExpression() {
		e := reader.parser.Expression()
		switch e.Kind {
		case unstable.Table:
			current = reader.table(root, e, false)
		case unstable.ArrayTable:
			current = reader.table(root, e, true)
		case unstable.KeyValue:
			reader.keyValue(current, e)
		}
	}
	if err := reader.parser.Error(); err != nil {
		return nil, []Problem{{file, 0, "不是有效的TOML：" + err.Error(), "not valid TOML: " + err.Error()}}
	}
	return root, nil
}

// wideMarks are the marks that a Chinese keyboard writes where TOML wants the plain one.
var wideMarks = strings.NewReplacer("“", `"`, "”", `"`, "‘", "'", "’", "'", "＝", "=", "，", ",", "［", "[", "］", "]", "【", "[", "】", "]", "｛", "{", "｝", "}", "＃", "#")

// wideMark is the first such mark of a line that is not TOML, and what belongs there. In a
// text or a comment any mark may stand.
func wideMark(data []byte, line int) (wide, plain string) {
	lines := strings.Split(string(data), "\n")
	if line < 1 || line > len(lines) {
		return "", ""
	}
	var quote rune
	for _, r := range lines[line-1] {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '#':
			return "", ""
		default:
			if p := wideMarks.Replace(string(r)); p != string(r) {
				return string(r), p
			}
		}
	}
	return "", ""
}

// notUTF8 is the first line with bytes of another encoding; 0 if there is none.
func notUTF8(data []byte) int {
	for i, line := range bytes.Split(data, []byte("\n")) {
		if !utf8.Valid(line) {
			return i + 1
		}
	}
	return 0
}

type treeReader struct {
	parser unstable.Parser
	lines  []int
}

func lineStarts(data []byte) []int {
	starts := []int{0}
	for i, b := range data {
		if b == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}

func (r *treeReader) line(n *unstable.Node) int {
	return sort.SearchInts(r.lines, int(n.Raw.Offset)+1)
}

// table walks down from the root along a header and returns the table it opens.
func (r *treeReader) table(root *node, e *unstable.Node, appended bool) *node {
	current := root
	for it := e.Key(); it.Next(); {
		key, line := it.Node(), r.line(it.Node())
		last := it.IsLast()
		m := current.member(string(key.Data))
		if m == nil {
			value := &node{kind: unstable.Table, line: line}
			if last && appended {
				value = &node{kind: unstable.Array, line: line}
			}
			current.members = append(current.members, member{string(key.Data), line, value})
			m = &current.members[len(current.members)-1]
		}
		current = m.value
		if current.kind != unstable.Array {
			continue
		}
		if last && appended {
			current.items = append(current.items, &node{kind: unstable.Table, line: line})
		}
		current = current.items[len(current.items)-1]
	}
	return current
}

func (r *treeReader) keyValue(table *node, e *unstable.Node) {
	it := e.Key()
	for it.Next() {
		key, line := string(it.Node().Data), r.line(it.Node())
		if it.IsLast() {
			table.members = append(table.members, member{key, line, r.value(e.Value(), line)})
			return
		}
		m := table.member(key)
		if m == nil {
			table.members = append(table.members, member{key, line, &node{kind: unstable.Table, line: line}})
			m = &table.members[len(table.members)-1]
		}
		table = m.value
	}
}

func (r *treeReader) value(v *unstable.Node, line int) *node {
	switch v.Kind {
	case unstable.Array:
		n := &node{kind: unstable.Array, line: line}
		for it := v.Children(); it.Next(); {
			if it.Node().Kind != unstable.Comment {
				n.items = append(n.items, r.value(it.Node(), line))
			}
		}
		return n
	case unstable.InlineTable:
		n := &node{kind: unstable.Table, line: line}
		for it := v.Children(); it.Next(); {
			if it.Node().Kind == unstable.KeyValue {
				r.keyValue(n, it.Node())
			}
		}
		return n
	}
	if v.Raw.Length > 0 {
		line = r.line(v)
	}
	return &node{kind: v.Kind, line: line, text: string(bytes.Clone(v.Data))}
}

// nearest is the known name most like the unknown one, or "" if none is near.
func nearest(name string, known []string) string {
	best, distance := "", len(name)/2+1
	for _, k := range known {
		if d := editDistance(name, k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = slices.Min([]int{row[j+1] + 1, row[j] + 1, cost})
		}
	}
	return row[len(b)]
}
