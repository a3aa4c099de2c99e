package nhsa

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"clearingd/provinces"
)

// node is one JSON value of a message. All nodes of a message lie in one slice; a
// container names its first child and each child the next one.
type node struct {
	name  string // member name; "" in an array
	text  string // content of a string, literal of a number: exactly as it was sent
	kind  jsontext.Kind
	child int32 // first member or element; 0 = none (node 0 is the message itself)
	next  int32 // next member or element of the same container; 0 = none
}

// parser reads messages into trees and is reused from message to message.
type parser struct {
	decoder *jsontext.Decoder
	source  string // the message; texts are cut from it
	nodes   []node
}

var parsers = sync.Pool{New: func() any {
	return &parser{decoder: jsontext.NewDecoder(bytes.NewReader(nil)), nodes: make([]node, 0, 512)}
}}

// byteOrderMark is what some systems put before UTF-8. RFC 8259 (8.1) forbids it.
const byteOrderMark = "\uFEFF"

// maxNodesKept bounds what a reused parser holds on to.
const maxNodesKept = 4_096

// release gives the parser back. Its nodes are invalid from then on.
func (p *parser) release() {
	p.source = ""
	clear(p.nodes)
	if cap(p.nodes) <= maxNodesKept {
		parsers.Put(p)
	}
}

// parse reads exactly one JSON object in valid UTF-8 without duplicate members, and
// nothing behind it. Names and texts are taken as they are: no case folding, no
// Unicode normalisation.
func (p *parser) parse(body []byte) *provinces.RejectError {
	p.source = string(body)
	p.nodes = p.nodes[:0]
	p.decoder.Reset(bytes.NewBuffer(body))
	if strings.HasPrefix(p.source, byteOrderMark) { // no editor shows it, so it is named
		return provinces.Reject(provinces.CodeMalformed, "", "{...}", "a byte order mark")
	}
	if p.decoder.PeekKind() != '{' {
		if _, err := p.decoder.ReadValue(); err != nil {
			return syntaxRefusal(err)
		}
		return provinces.Reject(provinces.CodeMalformed, "", "{...}", "")
	}
	if _, err := p.value(""); err != nil {
		return syntaxRefusal(err)
	}
	if _, err := p.decoder.ReadToken(); !errors.Is(err, io.EOF) {
		return provinces.Reject(provinces.CodeMalformed, "", "one JSON object", "more data")
	}
	return nil
}

// value reads the next value, and all that is in it, into nodes. Its recursion is
// bounded by maxDepth.
func (p *parser) value(name string) (int32, error) {
	kind := p.decoder.PeekKind()
	at := int32(len(p.nodes))
	if kind != '{' && kind != '[' {
		text, err := p.scalar()
		p.nodes = append(p.nodes, node{name: name, text: text, kind: kind})
		return at, err
	}
	if _, err := p.decoder.ReadToken(); err != nil {
		return at, err
	}
	p.nodes = append(p.nodes, node{name: name, kind: kind})
	last := int32(0)
	for end := kind + 2; p.decoder.PeekKind() != end; { // '}' is '{'+2, ']' is '['+2
		memberName := ""
		if kind == '{' {
			var err error
			if memberName, err = p.scalar(); err != nil {
				return at, err
			}
		}
		child, err := p.value(memberName)
		if err != nil {
			return at, err
		}
		if last == 0 {
			p.nodes[at].child = child
		} else {
			p.nodes[last].next = child
		}
		last = child
	}
	_, err := p.decoder.ReadToken()
	return at, err
}

// scalar reads a string, number or literal. Its text is cut from the source; only a
// string with escapes needs memory of its own.
func (p *parser) scalar() (string, error) {
	raw, err := p.decoder.ReadValue()
	if err != nil {
		return "", err
	}
	end := int(p.decoder.InputOffset())
	text := p.source[end-len(raw) : end]
	if raw.Kind() != '"' {
		return text, nil
	}
	if strings.IndexByte(text, '\\') < 0 {
		return text[1 : len(text)-1], nil
	}
	unquoted, err := jsontext.AppendUnquote(nil, raw)
	return string(unquoted), err
}

// syntaxRefusal turns an error of the JSON decoder into a refusal that says where.
func syntaxRefusal(err error) *provinces.RejectError {
	where := ""
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		where = memberPath(syntactic.JSONPointer)
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return provinces.Reject(provinces.CodeDuplicateKey, where, "once", "twice")
	}
	return provinces.Reject(provinces.CodeMalformed, where, "JSON (RFC 8259), UTF-8", "")
}

// memberPath writes a JSON pointer in the way fields are named. Foreign names that
// are no member names of the interface are not repeated.
func memberPath(pointer jsontext.Pointer) string {
	var path strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case !isIdentifier(token, 40):
			token = "?"
		case token[0] >= '0' && token[0] <= '9':
			token = "[" + token + "]"
		}
		if path.Len() > 0 && token[0] != '[' {
			path.WriteByte('.')
		}
		path.WriteString(token)
	}
	return path.String()
}
