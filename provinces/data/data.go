package data

import (
	"embed"
	"fmt"
	"io/fs"
	"sync"

	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/nhsa"
)

// files are the adapter files of all provinces.
//
//go:embed */adapter.toml
var files embed.FS

// embedded reads the compiled-in files once.
var embedded = sync.OnceValues(func() (*Register, error) { return Load(files) })

// Adapters are the adapters of all 32 provinces from the embedded files.
func Adapters() (map[ledger.Province]provinces.Adapter, error) {
	register, err := embedded()
	if err != nil {
		return nil, err
	}
	return register.Adapters(), nil
}

// AreaName is the name of a pooling area from the embedded files: see [Register.AreaName].
func AreaName(area ledger.Area, language provinces.Language) string {
	register, err := embedded()
	if err != nil {
		return string(area)
	}
	return register.AreaName(area, language)
}

// Register is what the adapter files of all provinces say. It is immutable.
type Register struct {
	provinces map[ledger.Province]Province
	areas     map[ledger.Area]Area
}

// Load reads NN/adapter.toml for each of the 32 provinces from files.
func Load(files fs.FS) (*Register, error) {
	r := &Register{provinces: map[ledger.Province]Province{}, areas: map[ledger.Area]Area{}}
	for _, code := range provinces.Provinces() {
		name := string(code) + "/adapter.toml"
		source, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("province %s: %w", code, err)
		}
		province, err := parseProvince(code, name, source)
		if err != nil {
			return nil, err
		}
		r.provinces[code] = province
		for _, area := range province.Areas {
			r.areas[area.Code] = area
		}
	}
	return r, nil
}

// Province is what the file of the province says; false if there is no such province.
func (r *Register) Province(code ledger.Province) (Province, bool) {
	p, ok := r.provinces[code]
	return p, ok
}

// Adapters makes an adapter for each province.
func (r *Register) Adapters() map[ledger.Province]provinces.Adapter {
	adapters := make(map[ledger.Province]provinces.Adapter, len(r.provinces))
	for code, p := range r.provinces {
		adapters[code] = dialects[p.Dialect](p)
	}
	return adapters
}

// dialects makes an adapter of each dialect the house speaks.
var dialects = map[string]func(Province) provinces.Adapter{
	"nhsa": func(p Province) provinces.Adapter { return nhsa.New(nhsa.Settings{ClearingWay: p.ClearingWay}) },
}

// AreaName is the name of a pooling area. A county or fund without a name of its own is
// shown under its city (乌鲁木齐市 650102), else under its province (新疆 659001); an area of no
// province by its code.
func (r *Register) AreaName(area ledger.Area, language provinces.Language) string {
	if a, ok := r.areas[area]; ok {
		return a.name(language)
	}
	if len(area) == 6 {
		if city, ok := r.areas[area[:4]+"00"]; ok {
			return city.name(language) + " " + string(area)
		}
	}
	if p := area.Province(); provinces.Known(p) {
		return provinces.Name(p, language) + " " + string(area)
	}
	return string(area)
}
