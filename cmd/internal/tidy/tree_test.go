package tidy

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the top of the checkout, seen from this package.
const root = "../../.."

// source is one Go file, parsed.
type source struct {
	path string // from the top, with slashes
	test bool
	ast  *ast.File
	fset *token.FileSet
}

// dir is the package's directory, for example "clearing/benefit".
func (s source) dir() string { return filepath.ToSlash(filepath.Dir(s.path)) }

func (s source) line(pos token.Pos) int { return s.fset.Position(pos).Line }

// skipped are directories that hold nothing of ours or nothing of the program.
var skipped = []string{".git", "bin", "var", "testdata", "node_modules"}

// files lists the paths of the checkout that keep accepts.
func files(t *testing.T, keep func(path string) bool) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != root && slices.Contains(skipped, d.Name()) {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if rel = filepath.ToSlash(rel); !d.IsDir() && keep(rel) {
			found = append(found, rel)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		t.Fatal("found no file: has the layout of the checkout changed?")
	}
	return found
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// sources parses every Go file of the checkout.
func sources(t *testing.T) []source {
	t.Helper()
	fset := token.NewFileSet()
	var all []source
	for _, path := range files(t, func(path string) bool { return strings.HasSuffix(path, ".go") }) {
		f, err := parser.ParseFile(fset, filepath.Join(root, path), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{path: path, test: strings.HasSuffix(path, "_test.go"), ast: f, fset: fset})
	}
	return all
}

// within reports whether dir is one of the trees or lies below one; a tree that ends
// in "/." means that directory alone.
func within(dir string, trees ...string) bool {
	return slices.ContainsFunc(trees, func(tree string) bool {
		if alone, ok := strings.CutSuffix(tree, "/."); ok {
			return dir == alone
		}
		return dir == tree || strings.HasPrefix(dir, tree+"/")
	})
}
