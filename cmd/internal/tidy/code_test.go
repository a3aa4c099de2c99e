package tidy

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// pure packages decide; clock, randomness and I/O stay outside, so that a decision can
// be replayed.
var pure = []string{"ledger/.", "clearing/.", "clearing/benefit", "clearing/netting", "clearing/calendar", "clearing/reconcile/.", "clearing/reconcile/plant", "clearing/report", "provinces/.", "provinces/nhsa", "provinces/statement"}

var clockCalls = []string{"Now", "Since", "Until", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Sleep"}

func TestPurePackagesKnowNoClock(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !within(s.dir(), pure...) {
			continue
		}
		calls(s, func(pkg, name string, line int) {
			if pkg == "time" && slices.Contains(clockCalls, name) {
				t.Errorf("%s:%d: time.%s in a package that must give the same result when replayed: take the time as an argument", s.path, line, name)
			}
			if pkg == "os" {
				t.Errorf("%s:%d: os.%s in a package without I/O: take a reader, a writer or an fs.FS", s.path, line, name)
			}
		})
	}
}

// moneyed packages hold amounts. Floating point cannot hold a fen.
var moneyed = []string{
	"ledger", "provinces/.", "provinces/nhsa", "provinces/statement", "clearing/.", "clearing/benefit", "clearing/netting", "clearing/reconcile",
	"clearing/store", "clearing/intake", "clearing/night", "clearing/service",
}

func TestNoFloatingPointNearMoney(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || !within(s.dir(), moneyed...) {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && (id.Name == "float64" || id.Name == "float32") {
				t.Errorf("%s:%d: %s near money; amounts are ledger.Amount", s.path, s.line(id.Pos()), id.Name)
			}
			return true
		})
	}
}

// A type decides what of it may be logged; Any and Reflect ask no type.
func TestLogsTakeTypedFields(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		calls(s, func(pkg, name string, line int) {
			if pkg == "zap" && (name == "Any" || name == "Reflect") {
				t.Errorf("%s:%d: zap.%s logs whatever it is given, patients included: use a typed field", s.path, line, name)
			}
			// clearctl turns an officer's own spreadsheet into rows, on the officer's machine.
			if pkg == "excelize" && strings.HasPrefix(name, "Open") && !within(s.dir(), "cmd/clearctl") {
				t.Errorf("%s:%d: excelize.%s reads spreadsheets, which is how it was attacked: the daemon only writes them", s.path, line, name)
			}
		})
	}
}

// calls gives every selector on a package name: pkg.Name.
func calls(s source, found func(pkg, name string, line int)) {
	ast.Inspect(s.ast, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if id, ok := sel.X.(*ast.Ident); ok {
				found(id.Name, sel.Sel.Name, s.line(sel.Pos()))
			}
		}
		return true
	})
}

func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	documented, packages := map[string]bool{}, map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		packages[s.dir()] = true
		if s.ast.Doc != nil && len(s.ast.Doc.Text()) > 80 {
			documented[s.dir()] = true
		}
	}
	for dir := range packages {
		if !documented[dir] {
			t.Errorf("%s: the package has no essay; say in doc.go what it is for, what it promises and what it leaves out", dir)
		}
	}
}

// obvious methods are told by the interface they satisfy.
var obvious = []string{"String", "Error", "Unwrap", "Is", "Len", "Less", "Swap", "MarshalText", "UnmarshalText", "MarshalJSON", "UnmarshalJSON", "MarshalJSONTo", "UnmarshalJSONFrom"}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.ast.Name.Name == "main" {
			continue
		}
		for _, d := range s.ast.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && d.Doc == nil && onExported(d) && !slices.Contains(obvious, d.Name.Name) {
					t.Errorf("%s:%d: %s has no comment", s.path, s.line(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				undocumented(d, func(id *ast.Ident) {
					t.Errorf("%s:%d: %s has no comment", s.path, s.line(id.Pos()), id.Name)
				})
			}
		}
	}
}

func onExported(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	base := d.Recv.List[0].Type
	if star, ok := base.(*ast.StarExpr); ok {
		base = star.X
	}
	if generic, ok := base.(*ast.IndexExpr); ok {
		base = generic.X
	}
	id, ok := base.(*ast.Ident)
	return ok && id.IsExported()
}

// undocumented finds exported names without a comment above or beside them, or above
// their group.
func undocumented(d *ast.GenDecl, report func(*ast.Ident)) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
				report(spec.Name)
			}
		case *ast.ValueSpec:
			for _, id := range spec.Names {
				if id.IsExported() && d.Doc == nil && spec.Doc == nil && spec.Comment == nil {
					report(id)
				}
			}
		}
	}
}

const (
	functionLinesMax = 70
	fileLinesMax     = 400
)

// longFunctions may be longer than functionLinesMax, each for the reason given. The
// list is a ratchet: an entry that is no longer needed must go.
var longFunctions = map[string]string{}

// longFiles may be longer than fileLinesMax, each for the reason given.
var longFiles = map[string]string{}

func TestLengthRatchet(t *testing.T) {
	long := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		if n := s.fset.File(s.ast.Pos()).LineCount(); n > fileLinesMax {
			long[s.path] = true
			if longFiles[s.path] == "" {
				t.Errorf("%s has %d lines, above %d: does it tell one story? Split it, or list it in longFiles with the reason", s.path, n, fileLinesMax)
			}
		}
		for _, d := range s.ast.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			n, name := s.line(f.End())-s.line(f.Pos())+1, fmt.Sprintf("%s %s", s.dir(), f.Name.Name)
			if n <= functionLinesMax {
				continue
			}
			long[name] = true
			if longFunctions[name] == "" {
				t.Errorf("%s:%d: %s has %d lines, above %d: split it, or list %q in longFunctions with the reason",
					s.path, s.line(f.Pos()), f.Name.Name, n, functionLinesMax, name)
			}
		}
	}
	for _, list := range []map[string]string{longFunctions, longFiles} {
		for name := range list {
			if !long[name] {
				t.Errorf("%s is not too long any more: take it off the list", name)
			}
		}
	}
}

// marks are what work leaves behind when it stops half-way. They are written in two
// parts here, or this file would be full of them.
var marks = regexp.MustCompile(`\b(?:TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b|not (?:yet )?implemen` + `ted\b`)

// machinePaths are places of one person's machine, which mean nothing to others.
var machinePaths = regexp.MustCompile(`(?:^|[\s"'(=:])/(?:ro` + `ot|ho` + `me|wo` + `rk|Us` + `ers)/[A-Za-z0-9._-]+`)

func TestNothingLeftBehind(t *testing.T) {
	text := regexp.MustCompile(`\.(go|md|toml|yaml|json|sh|service|socket|conf|mod|txt|html|css)$|(^|/)(Makefile|run)$`)
	for _, path := range files(t, text.MatchString) {
		n := 0
		for line := range strings.Lines(read(t, path)) {
			n++
			if m := marks.FindString(line); m != "" {
				t.Errorf("%s:%d: %s: finish it, or write down in docs/ what is missing and why", path, n, m)
			}
			if m := machinePaths.FindString(line); m != "" {
				t.Errorf("%s:%d: %s is a path of one machine", path, n, strings.TrimSpace(m))
			}
		}
	}
}
