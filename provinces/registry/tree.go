package registry

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"clearingd/provinces"
)

// Limits of a document. A person with every member and a lifetime of hardship groups
// stays far below them.
const (
	maxBytes    = 1 << 20
	maxDepth    = 8
	maxMembers  = 256   // in one object
	maxElements = 1_000 // in one array
)

// node is one JSON value. Names and texts are taken as they are: no case folding, no
// Unicode normalisation.
type node struct {
	name     string // member name; "" in an array
	text     string // content of a string, literal of a number
	kind     jsontext.Kind
	children []node
}

// errTooMuch: the document breaks a limit.
var errTooMuch = errors.New("beyond the limits of a document")

// parse reads exactly one JSON object in valid UTF-8 without duplicate members, and
// nothing behind it.
func parse(body []byte) (node, *provinces.RejectError) {
	if len(body) > maxBytes {
		return node{}, provinces.Reject(provinces.CodeTooDeep, "", "at most 1 MiB", "")
	}
	d := jsontext.NewDecoder(bytes.NewReader(body))
	root, err := value(d, "", 1)
	if err == nil {
		if _, behind := d.ReadToken(); !errors.Is(behind, io.EOF) {
			return node{}, provinces.Reject(provinces.CodeMalformed, "", "one JSON object", "more data")
		}
		if root.kind == '{' {
			return root, nil
		}
		return node{}, provinces.Reject(provinces.CodeMalformed, "", "{...}", "")
	}
	return node{}, syntaxRefusal(err)
}

// value reads the next value and all that is in it. Its recursion is bounded by
// maxDepth.
func value(d *jsontext.Decoder, name string, depth int) (node, error) {
	n := node{name: name, kind: d.PeekKind()}
	if n.kind != '{' && n.kind != '[' {
		token, err := d.ReadToken()
		if err != nil {
			return n, err
		}
		n.text = token.String() // of a number its exact literal
		return n, nil
	}
	if depth > maxDepth {
		return n, errTooMuch
	}
	if _, err := d.ReadToken(); err != nil {
		return n, err
	}
	most := maxElements
	if n.kind == '{' {
		most = maxMembers
	}
	for end := n.kind + 2; d.PeekKind() != end; { // '}' is '{'+2, ']' is '['+2
		memberName := ""
		if n.kind == '{' {
			token, err := d.ReadToken()
			if err != nil {
				return n, err
			}
			memberName = token.String()
		}
		child, err := value(d, memberName, depth+1)
		if err != nil {
			return n, err
		}
		if n.children = append(n.children, child); len(n.children) > most {
			return n, errTooMuch
		}
	}
	_, err := d.ReadToken()
	return n, err
}

// syntaxRefusal turns an error of the JSON decoder into a refusal that says where.
func syntaxRefusal(err error) *provinces.RejectError {
	if errors.Is(err, errTooMuch) {
		return provinces.Reject(provinces.CodeTooDeep, "", "at most 8 levels, 256 members, 1000 elements", "")
	}
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
// cannot be member names are not repeated.
func memberPath(pointer jsontext.Pointer) string {
	var path strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case !identifier(token, 40):
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
