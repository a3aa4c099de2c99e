package data

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Province is one adapter file.
type Province struct {
	Code        ledger.Province `toml:"-"`
	Dialect     string          `toml:"dialect"` // a key of dialects
	Home        string          `toml:"home"`    // declared, or registered: what a claim's word about its insured is worth
	ClearingWay string          `toml:"clr_way"` // clr_way of answers, 1 to 6 ASCII characters
	AreasSource string          `toml:"areas_source"`
	Areas       []Area          `toml:"areas"`
}

// Area is a pooling area with its names.
type Area struct {
	Code ledger.Area `toml:"code"`
	ZH   string      `toml:"zh"`
	EN   string      `toml:"en"`
}

func (a Area) name(language provinces.Language) string {
	if language == provinces.English {
		return a.EN
	}
	return a.ZH
}

// FileError is a mistake in an adapter file.
type FileError struct {
	File string
	Line int // from 1
	Text string
}

func (e *FileError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// parseProvince reads one adapter file. Its error is a *FileError.
func parseProvince(code ledger.Province, file string, source []byte) (Province, error) {
	p := Province{Code: code}
	if err := toml.NewDecoder(bytes.NewReader(source)).DisallowUnknownFields().Decode(&p); err != nil {
		return Province{}, syntaxError(file, err)
	}
	if mistake := p.check(); mistake != nil {
		return Province{}, &FileError{file, lineOf(source, mistake.near), mistake.text}
	}
	return p, nil
}

func syntaxError(file string, err error) error {
	if strict, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(strict.Errors) > 0 {
		line, _ := strict.Errors[0].Position()
		return &FileError{file, line, "unknown key " + strings.Join(strict.Errors[0].Key(), ".")}
	}
	if decode, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := decode.Position()
		return &FileError{file, line, decode.Error()}
	}
	return &FileError{file, 1, err.Error()}
}

// mistake is something the syntax allows and the register does not. near is text on
// its line; a line break before it means that the line begins with it.
type mistake struct{ near, text string }

func (p Province) check() *mistake {
	switch {
	case dialects[p.Dialect] == nil:
		return &mistake{"\ndialect", fmt.Sprintf("dialect = %q: must be one of %s", p.Dialect, strings.Join(slices.Sorted(maps.Keys(dialects)), ", "))}
	case p.Home != "declared" && p.Home != "registered":
		return &mistake{"\nhome", fmt.Sprintf("home = %q: must be declared or registered", p.Home)}
	case p.ClearingWay == "" || len(p.ClearingWay) > 6 || strings.ContainsFunc(p.ClearingWay, notGraphic):
		return &mistake{"\nclr_way", fmt.Sprintf("clr_way = %q: must be 1 to 6 ASCII characters", p.ClearingWay)}
	case len(p.Areas) > 0 && p.AreasSource == "":
		return &mistake{"\nareas", "areas_source is missing: say where the areas are taken from"}
	}
	seen := map[ledger.Area]bool{}
	for _, a := range p.Areas {
		quoted := fmt.Sprintf("%q", a.Code)
		switch {
		case !provinces.ValidArea(a.Code) || a.Code.Province() != p.Code:
			return &mistake{quoted, fmt.Sprintf("area %q: must be six digits beginning with %s", a.Code, p.Code)}
		case seen[a.Code]:
			return &mistake{quoted, fmt.Sprintf("area %q stands twice", a.Code)}
		case a.ZH == "" || a.EN == "":
			return &mistake{quoted, fmt.Sprintf("area %q: needs both names, zh and en", a.Code)}
		}
		seen[a.Code] = true
	}
	return nil
}

func notGraphic(r rune) bool { return r <= ' ' || r > '~' }

// lineOf is the line of the last place that holds the text: of a thing that stands
// twice, the second. 1 if none does.
func lineOf(source []byte, text string) int {
	at := bytes.LastIndex(source, []byte(text))
	if at < 0 {
		return 1
	}
	at += len(text) - len(strings.TrimPrefix(text, "\n"))
	return 1 + bytes.Count(source[:at], []byte("\n"))
}
