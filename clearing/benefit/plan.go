package benefit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"clearingd/ledger"
)

// ParsePlan reads a plan file. It returns either a plan, or everything that is wrong
// with the file; file is only used to say where.
func ParsePlan(file string, data []byte) (*Plan, []Problem) {
	root, problems := parseTree(file, data)
	if len(problems) > 0 {
		return nil, problems
	}
	p := &Plan{file: file, bytes: slices.Clone(data), hash: sha256.Sum256(data)}
	b := &binder{file: file}
	b.table(root, &p.planFile)
	b.checkPlan(p)
	if len(b.problems) > 0 {
		slices.SortStableFunc(b.problems, func(x, y Problem) int { return x.Line - y.Line })
		return nil, b.problems
	}
	return p, nil
}

// LoadFS reads every plan below the file system: all *.toml files in directories named
// "plans", or, if there is no such directory, all *.toml files. Directories named
// "examples" hold worked examples and those named "partial" plans that are kept beside
// the others but are not in force; both are passed over. All problems of all files
// come back joined in one error.
func LoadFS(fsys fs.FS) (*Set, error) {
	files, err := planFiles(fsys)
	if err != nil {
		return nil, fmt.Errorf("list plans: %w", err)
	}
	var plans []*Plan
	var problems []error
	for _, file := range files {
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read plan: %w", err)
		}
		plan, wrong := ParsePlan(file, data)
		for _, w := range wrong {
			problems = append(problems, w)
		}
		if plan != nil {
			plans = append(plans, plan)
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return NewSet(plans...)
}

// partialDir is the name of directories with plans that cover too little to be in force
// by default. Their own file system (fs.Sub) is a set like any other.
const partialDir = "partial"

func planFiles(fsys fs.FS) ([]string, error) {
	var all, inPlans []string
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "examples" || path.Base(name) == partialDir):
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".toml":
			return nil
		}
		all = append(all, name)
		if path.Base(path.Dir(name)) == "plans" {
			inPlans = append(inPlans, name)
		}
		return nil
	})
	if len(inPlans) > 0 {
		return inPlans, err
	}
	return all, err
}

// ID names the plan by area and insurance, for example "6531-390".
func (p *Plan) ID() string { return planID(p.Area, p.Insurance) }

// File is the name the plan was read from.
func (p *Plan) File() string { return p.file }

// Hash is the SHA-256 of the plan file's bytes.
func (p *Plan) Hash() [32]byte { return p.hash }

// Title is the plan's title: Chinese for "zh", otherwise English.
func (p *Plan) Title(lang string) string { return pick(lang, p.TitleZH, p.TitleEN) }

// AreaPrefix is the area the plan is for: 2, 4 or 6 digits.
func (p *Plan) AreaPrefix() string { return p.Area }

// Insutype is the insurance the plan is for, for example 310.
func (p *Plan) Insutype() string { return p.Insurance }

// IsInvented reports a plan made for demonstrations.
func (p *Plan) IsInvented() bool { return p.Invented }

// Version is one version of a plan as lists show it.
type Version struct {
	From     ledger.Day
	To       *ledger.Day // last day; nil: open
	Source   string
	Verified bool
}

// History lists the plan's versions, oldest first.
func (p *Plan) History() []Version {
	versions := make([]Version, len(p.Versions))
	for i := range p.Versions {
		v := &p.Versions[i]
		versions[i] = Version{From: v.ValidFrom.day, Source: v.Source, Verified: v.Verified}
		if v.ValidTo.set {
			versions[i].To = &v.ValidTo.day
		}
	}
	return versions
}

// Verified reports whether every version is verified.
func (p *Plan) Verified() bool {
	return !slices.ContainsFunc(p.Versions, func(v planVersion) bool { return !v.Verified })
}

func (p *Plan) ref(v *planVersion) PlanRef {
	return PlanRef{ID: p.ID(), Version: v.ValidFrom.day.String(), Hash: p.hash, Verified: v.Verified, Invented: p.Invented || v.Invented}
}

func pick(lang, zh, en string) string {
	if strings.HasPrefix(lang, "zh") {
		return zh
	}
	return en
}
