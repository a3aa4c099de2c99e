package audit

import (
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// Bill is what the home region's plan makes of a claim.
type Bill struct {
	Deductible *big.Rat
	Shares     []Share // by layer, in the plan's order
	Account    *big.Rat
	Cash       *big.Rat

	claim *claim
	base  map[string]*big.Rat // taken in by layers that count on the year
	named map[string]*big.Rat // paid while a named cap held, by layer and cap
	kinds []string
	basic [2]*big.Rat // the first layer: what it paid, of what it took in
}

// Share is what one layer pays.
type Share struct {
	Layer, Fund string
	Amount      *big.Rat
}

// Parts of a bill's in-scope amount, in the words of the plan files.
const (
	inScope        = "in scope"
	partDeductible = "deductible"
	ownShare       = "own share"
	overCap        = "over cap"
)

// cannotJudge is why a bill is beyond the auditor.
type cannotJudge struct{ why string }

func (e cannotJudge) Error() string { return "cannot judge: " + e.why }

func beyond(format string, args ...any) error { return cannotJudge{fmt.Sprintf(format, args...)} }

// stay is a claim as the rules of a plan version see it.
type stay struct {
	*claim
	plan            *plan
	version         *version
	home, treatment string
	level           string // special, third, second, first
	how             string // kind of filing
	groups          []string
	kinds           []string
	ordinal         int // n-th stay of the year
	kindOrdinal     map[string]int
	rule            *away // nil: as at home
	year            *Year
}

// settle computes the bill of a claim on top of its year. The error is cannotJudge.
func settle(p *plan, v *version, q request, year *Year) (*Bill, error) {
	s := &stay{claim: q.claim, plan: p, version: v, home: q.home, treatment: q.treatment, year: year, ordinal: year.Stays + 1, kindOrdinal: map[string]int{}}
	if err := s.look(); err != nil {
		return nil, err
	}
	b := &Bill{claim: q.claim, base: map[string]*big.Rat{}, named: map[string]*big.Rat{}, kinds: s.kinds, Account: rat(0)}
	left := s.scope
	if s.rule != nil && s.rule.PaysNothing {
		return nil, beyond("a stay for which the plan pays nothing")
	}
	parts := map[string]*big.Rat{ownShare: rat(0), overCap: rat(0)}
	if s.rule != nil && s.rule.SelfPayFirst != nil {
		left = minus(left, fen(percent(left, number(s.rule.SelfPayFirst))))
	}
	full, err := s.deductible()
	if err != nil {
		return nil, err
	}
	b.Deductible = smaller(full, left)
	parts[partDeductible], parts[inScope] = b.Deductible, minus(left, b.Deductible)
	for i := range v.Layers {
		if err := s.layer(b, parts, i); err != nil {
			return nil, err
		}
	}
	return b, s.pocket(b)
}

// pocket is what is left to the person: the personal account first, then cash.
func (s *stay) pocket(b *Bill) error {
	funds := rat(0)
	for _, share := range b.Shares {
		funds = sum(funds, share.Amount)
	}
	for _, c := range s.version.Ceilings {
		if c.Of != "" && c.Of != "total" || len(c.Layers) > 0 {
			return beyond("a ceiling of other than the total")
		}
		if holds, err := s.holds(c.For); err != nil || holds && less(percent(s.total, number(c.Percent)), funds) {
			return beyond("a ceiling over all funds that binds")
		}
	}
	b.Cash = minus(s.total, funds)
	if s.version.Account.Allowed && s.useAccount && s.balance != nil {
		if len(s.version.Account.Pays) > 0 {
			return beyond("an account that pays for some parts only")
		}
		b.Account = smaller(b.Cash, s.balance)
		b.Cash = minus(b.Cash, b.Account)
	}
	return nil
}

// look decides once what conditions ask for.
func (s *stay) look() error {
	v := s.version
	if s.plan.unknown != "" {
		return beyond("%s", s.plan.unknown)
	}
	if s.plan.Scope != "" && s.plan.Scope != "treatment" || v.Time != nil || v.Catalogue != nil || v.Rounding != "" && v.Rounding != "fen" {
		return beyond("a plan with rules of time, catalogue or rounding")
	}
	switch {
	case s.claim.level == "01":
		s.level = "special"
	case s.claim.level <= "04":
		s.level = "third"
	case s.claim.level <= "07":
		s.level = "second"
	default:
		s.level = "first"
	}
	s.how = s.filingKind()
	s.group()
	for _, k := range v.Kinds {
		if begins(s.diagnosis, k.Diagnosis) || slices.Contains(k.MedTypes, s.medType) {
			s.kinds = append(s.kinds, k.Name)
			s.kindOrdinal[k.Name] = s.year.kinds[k.Name] + 1
		}
	}
	return s.findRule()
}

// filingKind is how the person came to be treated where it happened (rules of the
// national notice: filing kinds, emergencies, one's own pooling area).
func (s *stay) filingKind() string {
	kind := "unfiled"
	switch s.claim.filing {
	case "02", "07", "08", "09":
		kind = "long-term"
	case "06":
		kind = "referral"
	case "10", "11":
		kind = "temporary"
	}
	digits := len(s.plan.Area)
	switch s.plan.Pool {
	case "city":
		digits = 4
	case "county":
		digits = 6
	}
	athome := s.home[:digits] == s.treatment[:digits]
	switch {
	case athome && kind == "long-term":
		return "long-term-at-home"
	case athome || begins(s.treatment, s.version.LocalAlso):
		return "local"
	case s.emergency && (kind == "unfiled" || kind == "temporary"):
		return "emergency"
	}
	return kind
}

func (s *stay) group() {
	if strings.HasPrefix(s.claim.personType, "12") {
		s.groups = append(s.groups, "retired")
	} else {
		s.groups = append(s.groups, "active")
	}
	if s.civilServant || strings.HasPrefix(s.claim.personType, "1102") {
		s.groups = append(s.groups, "civil-servant")
	}
	if strings.HasPrefix(s.claim.personType, "14") {
		s.groups = append(s.groups, "minor")
	}
	today := s.discharged.Format(time.DateOnly)
	for _, g := range s.version.Groups {
		member := begins(s.claim.personType, g.Persons)
		for _, id := range s.identities {
			inForce := id.begin <= today && (id.end == "" || today <= id.end)
			member = member || inForce && (slices.Contains(g.Identities, id.kind) || slices.Contains(g.Identities, id.kind+"/"+id.level))
		}
		if member {
			s.groups = append(s.groups, g.Name)
		}
	}
}

// findRule is the first rule for the kind of filing, followed to the one it names.
func (s *stay) findRule() error {
	kind := s.how
	for range 10 {
		if kind == "local" {
			s.rule = nil
			return nil
		}
		rule, err := s.ruleFor(kind)
		if err != nil {
			return err
		}
		s.rule = rule
		if rule.SameAs == "" {
			return nil
		}
		kind = rule.SameAs
	}
	return beyond("out-of-area rules that name each other")
}

func (s *stay) ruleFor(kind string) (*away, error) {
	for i := range s.version.Away {
		rule := &s.version.Away[i]
		home := s.home[:2] == s.treatment[:2]
		here := rule.Where == "" || rule.Where == "anywhere" || home == (rule.Where == "same province")
		fits, err := s.holds(rule.For)
		if err != nil {
			return nil, err
		}
		if len(rule.Hospital) > 0 {
			return nil, beyond("an out-of-area rule for some hospitals")
		}
		if fits && here && slices.Contains(rule.Filing, kind) {
			return rule, nil
		}
	}
	return nil, beyond("no out-of-area rule for %s", kind)
}

// begins reports whether the text has one of the beginnings.
func begins(text string, beginnings []string) bool {
	return slices.ContainsFunc(beginnings, func(b string) bool { return b != "" && strings.HasPrefix(text, b) })
}
