package benefit

import (
	"strings"
	"time"

	"clearingd/ledger"
)

// Built-in groups of people; a plan may name more.
const (
	groupRetired      = "retired"       // psn_type 12…, or the registry says so
	groupActive       = "active"        // not retired
	groupCivilServant = "civil-servant" // cvlserv_flag, psn_type 1102, or a rank in the registry
	groupMinor        = "minor"         // psn_type 14…: children and students
)

var builtinGroups = []string{groupRetired, groupActive, groupCivilServant, groupMinor}

// facts is a case as conditions see it: every question has been decided once.
type facts struct {
	*Case
	version  *planVersion
	facility Facility
	filing   FilingKind // as the rules see it
	province bool       // treated in the home province
	asOf     ledger.Day // the day people's facts are taken at
	groups   []string
	kinds    []string
	age      int // -1: the birthday is unknown, or lies after the stay

	ordinal      int            // n-th stay of the year
	kindOrdinals map[string]int // n-th stay of each kind
}

// gather decides the facts that do not depend on the person-year.
func gather(c *Case, p *Plan, v *planVersion) facts {
	f := facts{Case: c, version: v, facility: c.Facility, asOf: v.personDay(&c.Claim), age: -1}
	if f.facility.Level == "" {
		f.facility.Level = LevelOf(c.Claim.HospitalLevel)
	}
	f.province = c.Home.Province() == c.Treatment.Province()
	f.filing = f.decideFiling(p)
	if birth := c.Claim.Birth; birth != nil && *birth <= c.Claim.Discharged.Day() {
		f.age = ageOn(*birth, f.asOf)
	}
	f.groups = f.decideGroups()
	for i := range v.Kinds {
		k := &v.Kinds[i]
		if hasPrefix(c.Claim.MainDiagnosis, k.Diagnosis) || contains(k.MedTypes, c.Claim.MedType) {
			f.kinds = append(f.kinds, k.Name)
		}
	}
	return f
}

// hospital says what the register knows of the hospital, and what the claim says of its
// level. A trace without this step is of a hospital as the claim tells it.
func (f *facts) hospital(t *tracer) {
	if f.Facility.Level == "" {
		return
	}
	figures := []figure{word("hospital", f.Facility.key())}
	if claimed := LevelOf(f.Claim.HospitalLevel); claimed != "" {
		figures = append(figures, word("claimed", string(claimed)))
	}
	t.step("hospital", "hospital", "", exact, 0, figures...)
}

// LevelOf is the level of a hosp_lv code; "" if it is none of the code table.
func LevelOf(code string) Level {
	switch code {
	case "01":
		return LevelSpecial
	case "02", "03", "04":
		return LevelThird
	case "05", "06", "07":
		return LevelSecond
	case "08", "09", "10", "11":
		return LevelFirst
	}
	return ""
}

// FilingOf is the kind of filing an out_fil_type stands for. Emergency is decided by
// the admission, not by the filing.
func FilingOf(code string) FilingKind {
	switch code {
	case "02", "07", "08", "09":
		return FilingLongTerm
	case "06":
		return FilingReferral
	case "10", "11":
		return FilingTemporary
	}
	return FilingNotFiled
}

// decideFiling follows rules 2.1 to 2.3: what the registry knows wins; an emergency
// lifts the unfiled and the temporary to its own level; the own pooling area and
// exempt corridors are local, but a long-term filer treated at home is not.
func (f *facts) decideFiling(p *Plan) FilingKind {
	kind := FilingOf(f.Claim.FilingType)
	if f.Person != nil && f.Person.Filing != FilingUnknown {
		kind = f.Person.Filing
	}
	atHome := p.samePool(f.Home, f.Treatment)
	if kind == FilingLongTerm && atHome {
		return FilingAtHome
	}
	if kind == FilingLocal || kind == FilingAtHome {
		return kind
	}
	if atHome || hasPrefix(string(f.Treatment), f.version.LocalAlso) {
		return FilingLocal
	}
	if f.Person != nil && len(f.Person.FilingPlace) > 0 && kind != FilingNotFiled &&
		!hasPrefix(string(f.Treatment), f.Person.FilingPlace) {
		kind = FilingNotFiled // filed for another place
	}
	if f.Claim.Emergency && (kind == FilingNotFiled || kind == FilingTemporary) {
		return FilingEmergency
	}
	return kind
}

// samePool reports whether two areas are one pooling area under the plan.
func (p *Plan) samePool(home, treatment ledger.Area) bool {
	digits := map[string]int{"plan": len(p.Area), "city": 4, "county": 6}[p.Pool]
	return len(home) >= digits && len(treatment) >= digits && home[:digits] == treatment[:digits]
}

func (f *facts) decideGroups() []string {
	var groups []string
	personType := f.personType()
	retired := strings.HasPrefix(personType, "12")
	if f.Person != nil && f.Person.Retired != nil {
		retired = *f.Person.Retired
	}
	if retired {
		groups = append(groups, groupRetired)
	} else {
		groups = append(groups, groupActive)
	}
	if f.civilServant(personType) {
		groups = append(groups, groupCivilServant)
	}
	if strings.HasPrefix(personType, "14") {
		groups = append(groups, groupMinor)
	}
	for i := range f.version.Groups {
		g := &f.version.Groups[i]
		if hasPrefix(personType, g.Person) || f.identified(g.Codes) {
			groups = append(groups, g.Name)
		}
	}
	return groups
}

// enrolled reports whether the registry published the person's enrolment and not only,
// say, a filing. Only then does its silence about a group or rank mean "none".
func (f *facts) enrolled() bool { return f.Person != nil && f.Person.PersonType != "" }

func (f *facts) personType() string {
	if f.enrolled() {
		return f.Person.PersonType
	}
	return f.Claim.PersonType
}

func (f *facts) civilServant(personType string) bool {
	if strings.HasPrefix(personType, "1102") || (f.Person != nil && f.Person.CivilServantRank != "") {
		return true
	}
	return f.Claim.CivilServant && !f.enrolled()
}

// identified reports whether the person holds one of the identities, written as a
// type or "type/level".
func (f *facts) identified(codes []string) bool {
	for _, code := range codes {
		if f.Person != nil && f.Person.isOne(code) {
			return true
		}
		if f.enrolled() {
			continue
		}
		kind, level, levelled := strings.Cut(code, "/")
		for _, identity := range f.Claim.Identities {
			if identity.Type == kind && (!levelled || identity.Level == level) && identity.HoldsOn(f.asOf) {
				return true
			}
		}
	}
	return false
}

// isOne reports whether the registry published the identity; a type alone means any
// level of it, as it does in a claim.
func (p *Person) isOne(code string) bool {
	for _, group := range p.Groups {
		if group == code || strings.HasPrefix(group, code+"/") {
			return true
		}
	}
	return false
}

// ageOn is the age in full years; a child born during the stay is 0 on its first day.
func ageOn(birth, day ledger.Day) int {
	b, d := birth.Time(), day.Time()
	age := d.Year() - b.Year()
	if d.Month() < b.Month() || d.Month() == b.Month() && d.Day() < b.Day() {
		age--
	}
	return max(0, age)
}

// hasPrefix reports whether s begins with one of the texts.
func hasPrefix(s string, beginnings []string) bool {
	for _, b := range beginnings {
		if b != "" && strings.HasPrefix(s, b) {
			return true
		}
	}
	return false
}

// benefitYear is the civil year in which the benefit year of the day began.
func (v *planVersion) benefitYear(day ledger.Day) int {
	year := day.Year()
	if day < v.yearBegin(year) {
		return year - 1
	}
	return year
}

// yearBegin is the first day of the benefit year.
func (v *planVersion) yearBegin(year int) ledger.Day {
	tens, ones := v.Time.YearBegins[0]-'0', v.Time.YearBegins[1]-'0' // one of the twelve that a plan may say
	return ledger.NewDay(year, time.Month(10*tens+ones), 1)
}
