package tidy

import (
	"go/ast"
	"testing"
)

// selectors are the names that production code under cmd picks from anything: x.Name.
func selectors(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, s := range sources(t) {
		if s.test || !within(s.dir(), "cmd/clearingd", "cmd/internal") {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				names[sel.Sel.Name] = true
			}
			return true
		})
	}
	return names
}

// A key that an operator can set and nobody reads is a promise broken in silence.
func TestEveryConfiguredFieldIsRead(t *testing.T) {
	read := selectors(t)
	viaMethod := map[string]string{ // fields that are read through a method of config
		"Pseudonym": "OpenPseudonymKey", "KeyFile": "OpenPseudonymKey", "CredentialsDir": "OpenPseudonymKey", "URL": "Embedded",
		"Default": "Of", "Provinces": "Of",
		"AllowRemote": "Load", // a consent that Load itself asks for
	}
	fields := 0
	for _, s := range sources(t) {
		if s.path != "config/config.go" {
			continue
		}
		ast.Inspect(s.ast, func(n ast.Node) bool {
			structure, ok := n.(*ast.StructType)
			if !ok {
				return true
			}
			for _, f := range structure.Fields.List {
				for _, id := range f.Names {
					fields++
					if !read[id.Name] && !read[viaMethod[id.Name]] {
						t.Errorf("%s:%d: nothing under cmd reads %s: use it, or take the key away", s.path, s.line(id.Pos()), id.Name)
					}
				}
			}
			return true
		})
	}
	if fields < 20 {
		t.Errorf("found only %d fields: has config.go moved?", fields)
	}
}

// A metric that nobody feeds makes its alert silent for ever.
func TestEveryMetricIsFed(t *testing.T) {
	fed := selectors(t)
	methods := 0
	for _, s := range sources(t) {
		if s.test || s.dir() != "cmd/internal/ops" {
			continue
		}
		for _, d := range s.ast.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !f.Name.IsExported() || !receiver(f, "Metrics") {
				continue
			}
			methods++
			if !fed[f.Name.Name] {
				t.Errorf("%s:%d: the daemon never calls Metrics.%s", s.path, s.line(f.Pos()), f.Name.Name)
			}
		}
	}
	if methods < 15 {
		t.Errorf("found only %d methods: has Metrics moved?", methods)
	}
}

func receiver(f *ast.FuncDecl, name string) bool {
	star, ok := f.Recv.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	id, ok := star.X.(*ast.Ident)
	return ok && id.Name == name
}
