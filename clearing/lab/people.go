package lab

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"clearingd/clearing/benefit"
	"clearingd/clearing/store"
	"clearingd/provinces"
)

// kind is how a bill is grouped: the same on both sides, whatever the draft says, so that
// a row's two columns are always of the same people and stays.
type kind struct {
	province, area string
	level          benefit.Level
	person         string // first two digits of psn_type
	retired        bool
	hardship       bool
	insurance      string
	filing         benefit.FilingKind // when it was booked
}

// key is the row of a dimension the bill belongs to.
func (k kind) key(by By) string {
	switch by {
	case ByArea:
		return k.area
	case ByLevel:
		return string(k.level)
	case ByPerson:
		return k.person
	case ByRetired:
		return yesNo(k.retired)
	case ByHardship:
		return yesNo(k.hardship)
	case ByInsurance:
		return k.insurance
	}
	return string(k.filing)
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// people sees bills as the plans see them: who is retired, and who belongs to a group that
// a plan knows by identity (hardship groups and the like). The plan that was applied when
// the bill was booked decides, and the draft: whom either knows is a member.
type people struct {
	tx      *store.Tx
	applied map[benefit.PlanRef][]identityGroup
}

// identityGroup is a group of a plan version that identities make a member of.
type identityGroup struct {
	codes, personTypes []string
	atAdmission        bool // an identity must hold then, not at discharge
}

func newPeople(tx *store.Tx) *people {
	return &people{tx: tx, applied: make(map[benefit.PlanRef][]identityGroup)}
}

func (p *people) kindOf(of change, draft *benefit.Set) (kind, error) {
	c, adjudicated := of.bill.Case(), &of.bill.Bill.Benefit
	k := kind{
		province: string(c.Home.Province()), area: string(c.Home),
		level: c.Facility.Level, insurance: c.Claim.Insutype, filing: adjudicated.Filing,
	}
	if k.level == "" {
		k.level = benefit.LevelOf(c.Claim.HospitalLevel)
	}
	personType := c.Claim.PersonType
	if c.Person != nil && c.Person.PersonType != "" {
		personType = c.Person.PersonType
	}
	k.person = personType[:min(2, len(personType))]
	k.retired = strings.HasPrefix(personType, retiredType)
	if c.Person != nil && c.Person.Retired != nil {
		k.retired = *c.Person.Retired
	}
	groups, err := p.groups(adjudicated.Plan, func(hash [32]byte) ([]byte, error) { return p.tx.Plan(hash) })
	if err != nil {
		return k, err
	}
	if of.result != nil {
		under, err := p.groups(of.result.Plan, func(hash [32]byte) ([]byte, error) { return p.planBytes(draft, hash) })
		if err != nil {
			return k, err
		}
		groups = slices.Concat(groups, under)
	}
	k.hardship = slices.ContainsFunc(groups, func(g identityGroup) bool { return g.holds(&c, personType) })
	return k, nil
}

// retiredType begins the psn_type of the retired (national-interface 6.3).
const retiredType = "12"

// planBytes are a plan's bytes from the draft, or from the books where a bill's verdict
// is what was booked.
func (p *people) planBytes(draft *benefit.Set, hash [32]byte) ([]byte, error) {
	if file, ok := draft.PlanBytes(hash); ok {
		return file, nil
	}
	return p.tx.Plan(hash)
}

// groups are the identity groups of the plan version that was applied.
func (p *people) groups(ref benefit.PlanRef, read func([32]byte) ([]byte, error)) ([]identityGroup, error) {
	if known, ok := p.applied[ref]; ok {
		return known, nil
	}
	file, err := read(ref.Hash)
	if err != nil {
		return nil, err
	}
	plan, problems := benefit.ParsePlan(ref.ID, file)
	if len(problems) > 0 {
		errs := make([]error, len(problems))
		for i := range problems {
			errs[i] = problems[i]
		}
		return nil, fmt.Errorf("a plan the bills were booked with cannot be read: %w", errors.Join(errs...))
	}
	groups := []identityGroup{}
	for i, version := range plan.History() {
		if version.From.String() != ref.Version {
			continue
		}
		atAdmission := plan.Versions[i].Time.PersonAsOf == "admission"
		for _, g := range plan.Versions[i].Groups {
			if len(g.Codes) > 0 {
				groups = append(groups, identityGroup{g.Codes, g.Person, atAdmission})
			}
		}
	}
	p.applied[ref] = groups
	return groups, nil
}

// holds reports whether the person is a member. It is the calculator's rule told again,
// because a group that changes no amount leaves no mark in a trace; a test holds the two
// together.
func (g identityGroup) holds(c *benefit.Case, personType string) bool {
	asOf := c.Claim.Discharged.Day()
	if g.atAdmission {
		asOf = c.Claim.Admitted.Day()
	}
	for _, code := range g.codes {
		if c.Person != nil && slices.ContainsFunc(c.Person.Groups, func(group string) bool {
			return group == code || strings.HasPrefix(group, code+"/")
		}) {
			return true
		}
		if c.Person != nil && c.Person.PersonType != "" {
			continue // the register's silence means no
		}
		kind, level, levelled := strings.Cut(code, "/")
		if slices.ContainsFunc(c.Claim.Identities, func(i provinces.Identity) bool {
			return i.Type == kind && (!levelled || i.Level == level) && i.HoldsOn(asOf)
		}) {
			return true
		}
	}
	return slices.ContainsFunc(g.personTypes, func(beginning string) bool {
		return beginning != "" && strings.HasPrefix(personType, beginning)
	})
}
