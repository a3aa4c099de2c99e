package config

import (
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// keyLines maps every dotted key and table of a TOML document to the line on which
// it first stands. The document must have been accepted by toml.Unmarshal.
func keyLines(data []byte) map[string]int {
	w := lineWalk{lines: map[string]int{}}
	w.parser.Reset(data)
	prefix := ""
	for w.parser.NextExpression() {
		e := w.parser.Expression()
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			prefix = w.name("", e.Key()) + "."
		case unstable.KeyValue:
			w.keyValue(prefix, e)
		}
	}
	return w.lines
}

type lineWalk struct {
	parser unstable.Parser
	lines  map[string]int
}

func (w *lineWalk) keyValue(prefix string, node *unstable.Node) {
	key := w.name(prefix, node.Key())
	if node.Value().Kind != unstable.InlineTable {
		return
	}
	for members := node.Value().Children(); members.Next(); {
		w.keyValue(key+".", members.Node())
	}
}

// name joins the parts of a key and notes the line of the key and of each table that
// it opens on the way.
func (w *lineWalk) name(prefix string, parts unstable.Iterator) string {
	key := strings.TrimSuffix(prefix, ".")
	for parts.Next() {
		part := parts.Node()
		if key != "" {
			key += "."
		}
		key += string(part.Data)
		if _, seen := w.lines[key]; !seen {
			w.lines[key] = w.parser.Shape(part.Raw).Start.Line
		}
	}
	return key
}
