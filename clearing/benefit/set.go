package benefit

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Set is an immutable set of plans. It is safe for concurrent use.
type Set struct {
	plans  []*Plan          // by ID
	byKey  map[string]*Plan // by area and insurance
	byHash map[[32]byte]*Plan
	hash   [32]byte
}

// ErrTwoPlans: two plans are for the same area and insurance.
var ErrTwoPlans = errors.New("two plans for one area and insurance")

// NewSet makes a set of plans. Two plans for one area and insurance are ErrTwoPlans.
func NewSet(plans ...*Plan) (*Set, error) {
	s := &Set{plans: slices.Clone(plans), byKey: map[string]*Plan{}, byHash: map[[32]byte]*Plan{}}
	slices.SortFunc(s.plans, func(a, b *Plan) int { return bytes.Compare([]byte(a.ID()), []byte(b.ID())) })
	var hashes [][]byte
	for _, p := range s.plans {
		if other, ok := s.byKey[p.ID()]; ok {
			return nil, fmt.Errorf("%w: %s in %s and %s", ErrTwoPlans, p.ID(), other.file, p.file)
		}
		s.byKey[p.ID()] = p
		s.byHash[p.hash] = p
		hashes = append(hashes, p.hash[:])
	}
	slices.SortFunc(hashes, bytes.Compare)
	s.hash = sha256.Sum256(bytes.Join(hashes, nil))
	return s, nil
}

// Hash identifies the set: SHA-256 over the sorted hashes of its plans.
func (s *Set) Hash() [32]byte { return s.hash }

// Plans lists the plans in order of their IDs.
func (s *Set) Plans() []*Plan { return slices.Clone(s.plans) }

// Plan returns the plan with that ID, for example "6531-390".
func (s *Set) Plan(id string) (*Plan, bool) {
	p, ok := s.byKey[id]
	return p, ok
}

// PlanBytes returns the file of the plan with that hash.
func (s *Set) PlanBytes(hash [32]byte) ([]byte, bool) {
	p, ok := s.byHash[hash]
	if !ok {
		return nil, false
	}
	return bytes.Clone(p.bytes), true
}

// Find returns the plan for an area and insurance by the longest match: six digits,
// four, two. A plan does not reach areas it excepts.
func (s *Set) Find(home ledger.Area, insutype string) (*Plan, bool) {
	for digits := 6; digits >= 2; digits -= 2 {
		if len(home) < digits {
			continue
		}
		if p, ok := s.byKey[planID(string(home[:digits]), insutype)]; ok {
			return p, !hasPrefix(string(home), p.Except)
		}
	}
	return nil, false
}

func planID(area, insurance string) string { return area + "-" + insurance }

// Prepared is a case for which the plan, its version and the benefit years are known.
type Prepared struct {
	Years []int // benefit years whose accumulators Adjudicate needs, ascending; more than one for a stay split at the beginnings of years

	plan    *Plan
	version *planVersion
	stay    Case
	spans   []span // as Years
}

// span is the part of a stay that lies in one benefit year.
type span struct {
	year int
	days int        // days in the hospital, at least 1
	last ledger.Day // its last day, that of discharge if it lies in the year
}

// Prepare finds the plan and version for the case. The error is a
// *provinces.RejectError with a 4xxx code, or 3xxx for a claim whose amounts break
// its invariant.
func (s *Set) Prepare(c Case) (*Prepared, error) {
	if err := checkClaim(&c.Claim); err != nil {
		return nil, err
	}
	plan, ok := s.Find(c.Home, c.Claim.Insutype)
	if !ok {
		return nil, provinces.Reject(provinces.CodeNoPlan, "insuplc_admdvs", "", string(c.Home)+" "+c.Claim.Insutype)
	}
	return plan.Prepare(c)
}

// Prepare is Set.Prepare with the plan already chosen: for drafts and examples.
func (p *Plan) Prepare(c Case) (*Prepared, error) {
	if err := checkClaim(&c.Claim); err != nil {
		return nil, err
	}
	version, field, day := p.versionFor(&c.Claim)
	if version == nil {
		return nil, provinces.Reject(provinces.CodeNoVersion, field, p.validity(), day.String())
	}
	prepared := &Prepared{plan: p, version: version, stay: c, spans: version.spans(c.Claim.Admitted.Day(), c.Claim.Discharged.Day())}
	for _, s := range prepared.spans {
		prepared.Years = append(prepared.Years, s.year)
	}
	return prepared, nil
}

// versionFor is the version that counts for a stay, nil if there is none, with the day
// that chooses it and its member.
func (p *Plan) versionFor(c *provinces.Claim) (version *planVersion, field string, day ledger.Day) {
	field, day = "input.mdtrtinfo.endtime", c.Discharged.Day()
	if p.ChosenBy == "admission" {
		field, day = "input.mdtrtinfo.begntime", c.Admitted.Day()
	}
	return p.inForce(day), field, day
}

// PersonDay is the day at which the plan for a claim takes people's facts: that of
// discharge, unless it says admission (benefit-plans 8.6.3). Whoever makes a Person
// from a register takes the facts of this day.
func (s *Set) PersonDay(home ledger.Area, c *provinces.Claim) ledger.Day {
	if plan, ok := s.Find(home, c.Insutype); ok {
		if version, _, _ := plan.versionFor(c); version != nil {
			return version.personDay(c)
		}
	}
	return c.Discharged.Day()
}

func (v *planVersion) personDay(c *provinces.Claim) ledger.Day {
	if v.Time.PersonAsOf == "admission" {
		return c.Admitted.Day()
	}
	return c.Discharged.Day()
}

// checkClaim holds the invariant of provinces.Claim against callers that are not an
// adapter: the calculator's own promises rest on it.
func checkClaim(c *provinces.Claim) error {
	for _, x := range []struct {
		field  string
		amount ledger.Amount
	}{
		{"input.data.medfee_sumamt", c.Total}, {"input.data.fulamt_ownpay_amt", c.OwnExpense}, {"input.data.overlmt_selfpay", c.OverLimit},
		{"input.data.preselfpay_amt", c.SelfPayFirst}, {"input.data.inscp_scp_amt", c.InScope},
	} {
		if x.amount < 0 || x.amount > amountMax {
			return provinces.Reject(provinces.CodeAmountSign, x.field, "0.00 to "+amountMax.String(), x.amount.String())
		}
	}
	if sum := c.OwnExpense + c.OverLimit + c.SelfPayFirst + c.InScope; sum != c.Total {
		return provinces.Reject(provinces.CodeAmountSum, "input.data.medfee_sumamt", sum.String(), c.Total.String())
	}
	if c.Discharged < c.Admitted {
		return provinces.Reject(provinces.CodePeriod, "input.mdtrtinfo.endtime", "not before "+c.Admitted.String(), c.Discharged.String())
	}
	if days := int(c.Discharged.Day() - c.Admitted.Day()); days > stayDaysMax {
		return provinces.Reject(provinces.CodePeriod, "input.mdtrtinfo.begntime", fmt.Sprintf("at most %d days before endtime", stayDaysMax), fmt.Sprint(days))
	}
	return nil
}

// stayDaysMax is longer than any stay that is settled at once. It keeps foreign dates
// from making traces of thousands of renewals.
const stayDaysMax = 3660

// amountMax is the largest amount of the amount grammar.
const amountMax ledger.Amount = 999_999_999_999_99

// inForce is the version in force on a day, or nil.
func (p *Plan) inForce(day ledger.Day) *planVersion {
	for i := range p.Versions {
		v := &p.Versions[i]
		if v.ValidFrom.day <= day && (!v.ValidTo.set || day <= v.ValidTo.day) {
			return v
		}
	}
	return nil
}

func (p *Plan) validity() string {
	first, last := &p.Versions[0], &p.Versions[len(p.Versions)-1]
	if last.ValidTo.set {
		return first.ValidFrom.day.String() + " to " + last.ValidTo.day.String()
	}
	return "from " + first.ValidFrom.day.String()
}

// spans cuts a stay at the beginnings of benefit years where the version splits it by
// days (national rules, article 41), and otherwise leaves it whole in the year of
// discharge. The day of discharge is no hospital day unless it is also that of
// admission; so a stay that ends on New Year's Day lies wholly in the old year.
func (v *planVersion) spans(admitted, discharged ledger.Day) []span {
	whole := span{v.benefitYear(discharged), max(1, int(discharged-admitted)), discharged}
	if v.Time.NewYear != "split by days" || v.benefitYear(admitted) == whole.year {
		return []span{whole}
	}
	var spans []span
	for from := admitted; from < discharged; {
		year := v.benefitYear(from)
		to := min(discharged, v.yearBegin(year+1))
		last := to - 1
		if year == whole.year {
			last = discharged
		}
		spans = append(spans, span{year, int(to - from), last})
		from = to
	}
	return spans
}
