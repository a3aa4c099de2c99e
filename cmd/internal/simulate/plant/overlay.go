package plant

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Edit replaces text in a source file. Before must stand there exactly once.
type Edit struct {
	File   string // from the module's root
	Before string
	After  string
}

// ErrGone: the text that an edit replaces does not stand in the file exactly once.
var ErrGone = errors.New("plant: the code has changed; say where it belongs now")

//go:embed planted.go.txt
var switches []byte

const switchPackage = "ledger/planted" // lowest in the house, so that every package may import it

var packageClause = regexp.MustCompile(`(?m)^package \w+$`)

// Overlay writes copies of the edited files of the module at root, and the file for
// go build -overlay that puts them in place, into dir. It returns that file's name.
func Overlay(root, dir string) (string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	texts, err := Apply(root)
	if err != nil {
		return "", err
	}
	texts[switchPackage+"/planted.go"] = string(switches)
	replace := map[string]string{}
	for file, text := range texts {
		path, err := filepath.Abs(filepath.Join(dir, strings.ReplaceAll(file, "/", "_")))
		if err != nil {
			return "", err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(root, file)] = path
	}
	text, err := json.MarshalIndent(map[string]any{"Replace": replace}, "", "\t")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, text, 0o600)
}

// Apply returns the text of every edited file. The error wraps ErrGone for each edit
// that finds no place.
func Apply(root string) (map[string]string, error) {
	texts := map[string]string{}
	var errs []error
	for _, edit := range edits() {
		text, read := texts[edit.File]
		if !read {
			source, err := os.ReadFile(filepath.Join(root, edit.File))
			if err != nil {
				errs = append(errs, err)
				continue
			}
			clause := packageClause.FindString(string(source))
			text = strings.Replace(string(source), clause, clause+"\n\nimport \"clearingd/"+switchPackage+"\"", 1)
		}
		if n := strings.Count(text, edit.Before); n != 1 {
			errs = append(errs, fmt.Errorf("%w: %s has %d times %q", ErrGone, edit.File, n, edit.Before))
		}
		texts[edit.File] = strings.Replace(text, edit.Before, edit.After, 1)
	}
	return texts, errors.Join(errs...)
}

func edits() (all []Edit) {
	for _, p := range Points {
		all = append(all, p.Edit)
	}
	for _, d := range Defects {
		all = append(all, d.Edits...)
	}
	return all
}
