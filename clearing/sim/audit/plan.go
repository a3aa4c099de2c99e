package audit

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/big"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Plans are the benefit plan files, as their words say.
type Plans struct {
	plans  []*plan
	Unread []string // files with words the auditor does not know, and which
}

// plan is one file. Blocks that the auditor never looks into are of type any.
type plan struct {
	Area      string    `toml:"area"`
	Insurance string    `toml:"insurance"`
	TitleZH   string    `toml:"title_zh"`
	TitleEN   string    `toml:"title_en"`
	Invented  bool      `toml:"invented"`
	Scope     string    `toml:"scope"`
	ChosenBy  string    `toml:"chosen_by"`
	Except    []string  `toml:"except"`
	Pool      string    `toml:"pool"`
	Versions  []version `toml:"version"`

	unknown string // why bills under it cannot be judged; "" if they can
}

type version struct {
	From      toml.LocalDate `toml:"valid_from"`
	To        toml.LocalDate `toml:"valid_to"`
	Source    string         `toml:"source"`
	Verified  bool           `toml:"verified"`
	Invented  bool           `toml:"invented"`
	Assumes   []string       `toml:"assumes"`
	LeavesOut []string       `toml:"leaves_out"`
	LocalAlso []string       `toml:"local_also"`

	Rounding  string     `toml:"rounding"`
	Wage      any        `toml:"average_wage"`
	Time      any        `toml:"time"`
	Catalogue any        `toml:"catalogue"`
	Groups    []group    `toml:"group"`
	Kinds     []kind     `toml:"kind_of_stay"`
	Deduct    deductible `toml:"deductible"`
	Away      []away     `toml:"out_of_area"`
	Layers    []layer    `toml:"layer"`
	Ceilings  []ceiling  `toml:"ceiling"`
	Account   struct {
		cited
		Allowed bool     `toml:"allowed"`
		Pays    []string `toml:"pays"`
	} `toml:"personal_account"`
}

// cited is what any block may say beside its rule.
type cited struct {
	Article string `toml:"article"`
	Assumed bool   `toml:"assumed"`
}

type group struct {
	cited
	Name       string   `toml:"name"`
	ZH         string   `toml:"zh"`
	EN         string   `toml:"en"`
	Identities []string `toml:"identities"`
	Persons    []string `toml:"person_types"`
}

type kind struct {
	cited
	Name      string   `toml:"name"`
	ZH        string   `toml:"zh"`
	EN        string   `toml:"en"`
	Diagnosis []string `toml:"diagnosis"`
	MedTypes  []string `toml:"med_types"`
}

type condition struct {
	Groups    []string `toml:"groups"`
	NotGroups []string `toml:"not_groups"`
	AgeFrom   *int     `toml:"age_from"`
	AgeUpTo   *int     `toml:"age_up_to"`
	Hospital  []string `toml:"hospital"`
	StayFrom  *int     `toml:"stay_from"`
	Kinds     []string `toml:"kinds"`
	KindFrom  *int     `toml:"kind_stay_from"`
	MedTypes  []string `toml:"med_types"`
	Diagnosis []string `toml:"diagnosis"`
	Filing    []string `toml:"filing"`
	Home      []string `toml:"home_areas"`
	TotalFrom any      `toml:"total_above"`
	TotalUpTo any      `toml:"total_up_to"`
	Injury    *bool    `toml:"injury"`

	// What only a registry knows; without one it does not hold.
	Grades []string `toml:"grades"`
	Ranks  []string `toml:"ranks"`
	Months *int     `toml:"contribution_months_from"`
	Years  *int     `toml:"continuous_years_from"`
}

type deductible struct {
	cited
	Charged      string `toml:"charged"`
	Amount       any    `toml:"amount"`
	RenewDays    int    `toml:"renewed_every_days"`
	TransferDays any    `toml:"transfer_within_days"`
	BelowCounts  any    `toml:"stay_below_it_counts"`
	YearMost     any    `toml:"year_at_most"`
	RenewCounts  bool   `toml:"renewals_count"`
	Later        *struct {
		cited
		For          condition `toml:"for"`
		Count        string    `toml:"count"`
		Percent      []any     `toml:"percent"`
		Minus        any       `toml:"minus"`
		MinusPercent any       `toml:"minus_percent"`
		Floor        any       `toml:"floor"`
		FloorOf      string    `toml:"floor_level"`
	} `toml:"later_stays"`
	Special []struct {
		cited
		For     condition `toml:"for"`
		Waived  bool      `toml:"waived"`
		Percent any       `toml:"percent"`
		Amount  any       `toml:"amount"`
	} `toml:"special"`
}

type away struct {
	cited
	Filing   []string  `toml:"filing"`
	Where    string    `toml:"where"`
	Hospital []string  `toml:"hospital"`
	For      condition `toml:"for"`

	SameAs          string   `toml:"same_as"`
	PointsDown      any      `toml:"points_down"`
	Factor          any      `toml:"factor"`
	FactorDecimals  *int     `toml:"factor_decimals"`
	SelfPayFirst    any      `toml:"self_pay_first"`
	Pays            any      `toml:"pays"`
	Deductible      any      `toml:"deductible"`
	DeductibleShare any      `toml:"deductible_percent_of_total"`
	DeductibleLeast any      `toml:"deductible_at_least"`
	DeductibleMost  any      `toml:"deductible_at_most"`
	DeductibleRaise any      `toml:"deductible_raised"`
	PaysNothing     bool     `toml:"pays_nothing"`
	Layers          []string `toml:"layers"`
}

type layer struct {
	cited
	ID       string    `toml:"id"`
	ZH       string    `toml:"zh"`
	EN       string    `toml:"en"`
	Fund     string    `toml:"fund"`
	For      condition `toml:"for"`
	Takes    []string  `toml:"takes"`
	Counted  string    `toml:"counted"`
	Bounds   string    `toml:"bounds"`
	Measured string    `toml:"measured"`
	Rounding string    `toml:"rounding"`
	Classes  any       `toml:"class"`
	Starts   []struct {
		cited
		For     condition `toml:"for"`
		Yuan    any       `toml:"yuan"`
		Percent any       `toml:"percent_of_total"`
	} `toml:"starts_above"`
	Segments []segment `toml:"segment"`
	UpTo     any       `toml:"brings_up_to"`
	Special  []struct {
		cited
		For      condition `toml:"for"`
		Points   any       `toml:"points_up"`
		OwnShare any       `toml:"own_share"`
		Pays     any       `toml:"pays"`
		Segments []segment `toml:"segment"`
		Factor   any       `toml:"factor"`
		Fixed    any       `toml:"fixed_payment"`
	} `toml:"special"`
	Caps []limit `toml:"cap"`
}

type segment struct {
	cited
	UpTo any `toml:"up_to"`
	Pays any `toml:"pays"`
}

type limit struct {
	cited
	Name           string    `toml:"name"`
	For            condition `toml:"for"`
	On             string    `toml:"on"`
	Per            string    `toml:"per"`
	Yuan           any       `toml:"yuan"`
	WageTimes      any       `toml:"wage_times"`
	None           bool      `toml:"none"`
	With           []string  `toml:"with"`
	WithDeductible bool      `toml:"counts_deductible"`
	Outpatient     bool      `toml:"outpatient"`
	Raise          any       `toml:"raise"`
}

type ceiling struct {
	cited
	For     condition `toml:"for"`
	Percent any       `toml:"percent"`
	Of      string    `toml:"of"`
	Layers  []string  `toml:"layers"`
}

// ReadPlans reads <province>/plans/*.toml. A file with words it does not know is kept as
// one under which nothing can be judged.
func ReadPlans(files fs.FS) (*Plans, error) {
	names, err := fs.Glob(files, "*/plans/*.toml")
	if err != nil {
		return nil, err
	}
	all := &Plans{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		p := &plan{}
		decoder := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
		if err := decoder.Decode(p); err != nil {
			p.unknown = fmt.Sprintf("%s: %v", path.Base(name), err)
			all.Unread = append(all.Unread, p.unknown)
		}
		if p.Area == "" || p.Insurance == "" {
			return nil, fmt.Errorf("audit: %s says neither area nor insurance", name)
		}
		all.plans = append(all.plans, p)
	}
	return all, nil
}

// find is the plan of the longest area that holds the home area; nil if there is none.
func (p *Plans) find(home, insurance string) *plan {
	var best *plan
	for _, candidate := range p.plans {
		if candidate.Insurance == insurance && strings.HasPrefix(home, candidate.Area) && (best == nil || len(candidate.Area) > len(best.Area)) {
			best = candidate
		}
	}
	if best != nil {
		for _, area := range best.Except {
			if strings.HasPrefix(home, area) {
				return nil
			}
		}
	}
	return best
}

// on is the version in force on a day; nil if none is.
func (p *plan) on(day time.Time) *version {
	for i := range p.Versions {
		v := &p.Versions[i]
		today := day.Format(time.DateOnly)
		if v.From.String() <= today && (v.To.Year == 0 || today <= v.To.String()) {
			return v
		}
	}
	return nil
}

// number is a figure of a plan file; nil where nothing is written.
func number(v any) *big.Rat {
	switch n := v.(type) {
	case string:
		if exact, ok := new(big.Rat).SetString(n); ok {
			return exact
		}
	case int64:
		return rat(n)
	case float64:
		exact, _ := new(big.Rat).SetString(strconv.FormatFloat(n, 'f', -1, 64))
		return exact
	}
	return nil
}

// row is the figure for a level of hospital, or the one for all. ok is false where the
// table says nothing of the level, or speaks of hospitals in words the auditor lacks.
func row(v any, level string) (*big.Rat, bool) {
	table, isTable := v.(map[string]any)
	if !isTable {
		n := number(v)
		return n, n != nil
	}
	names := []string{level, "any"}
	if level == "special" {
		names = []string{"special", "third", "any"}
	}
	for _, name := range names {
		if n := number(table[name]); n != nil {
			return n, true
		}
	}
	return nil, false
}
