package benefit

import (
	"slices"
	"strings"
)

// The funds a layer may pay from: fund_pay_type of the national interface. The
// personal account and what is no fund (cash, the hospital) are not among them.
var funds = []string{
	"310100", "310103", "320100", "330100", "330200", "340100", "340200", "350100", "370100",
	"390100", "390200", "390400", "510100", "610100", "610102", "610103", "610104", "610200",
	"620100", "640100", "999109",
}

// checkPlan holds a bound plan against what a plan must be.
func (b *binder) checkPlan(p *Plan) {
	if p.has("area") && (!isDigits(p.Area) || len(p.Area) > 6 || len(p.Area)%2 != 0) {
		b.problem(p.on("area"), "area 应为2、4或6位数字", "area must be 2, 4 or 6 digits")
	}
	if p.has("insurance") && (!isDigits(p.Insurance) || len(p.Insurance) != 3) {
		b.problem(p.on("insurance"), "insurance 应为3位险种代码，例如 310", "insurance must be a code of 3 digits, for example 310")
	}
	for _, area := range p.Except {
		if !isDigits(area) || !strings.HasPrefix(area, p.Area) || len(area) <= len(p.Area) {
			b.problemf(p.on("except"), "except 中的 %q 不在 %s 之下", "except: %q does not lie below %s", area, p.Area)
		}
	}
	if len(p.Versions) == 0 && p.has("version") {
		b.problem(1, "至少应有一个 [[version]]", "at least one [[version]] is needed")
	}
	b.checkValidity(p)
	for i := range p.Versions {
		v := &p.Versions[i]
		c := checker{binder: b, plan: p, v: v}
		c.version()
	}
}

// checkValidity finds gaps and overlaps between the versions.
func (b *binder) checkValidity(p *Plan) {
	for i := range p.Versions {
		v := &p.Versions[i]
		if !v.ValidFrom.set || v.has("valid_to") && !v.ValidTo.set {
			return // malformed: already told
		}
		if v.ValidTo.set && v.ValidTo.day < v.ValidFrom.day {
			b.problemf(v.ValidTo.line, "valid_to 早于 valid_from %s", "valid_to lies before valid_from %s", v.ValidFrom.day)
		}
		if i == 0 {
			continue
		}
		before := &p.Versions[i-1]
		wanted := v.ValidFrom.day - 1
		switch {
		case v.ValidFrom.day <= before.ValidFrom.day:
			b.problemf(v.ValidFrom.line, "各版本须按 valid_from 由早到晚排列", "versions must stand in the order of valid_from, oldest first")
		case !before.ValidTo.set:
			b.problemf(before.Line, "后面还有版本，须写 valid_to = %s", "another version follows: write valid_to = %s", wanted)
		case before.ValidTo.day < wanted:
			b.problemf(before.ValidTo.line, "与下一版本之间有空档：valid_to 应为 %s", "a gap before the next version: valid_to should be %s", wanted)
		case before.ValidTo.day > wanted:
			b.problemf(before.ValidTo.line, "与下一版本重叠：valid_to 应为 %s", "overlaps the next version: valid_to should be %s", wanted)
		}
	}
}

// checker checks one version.
type checker struct {
	*binder
	plan *Plan
	v    *planVersion
}

func (c *checker) version() {
	v := c.v
	c.groups()
	c.time()
	c.catalogue()
	c.deductible(&v.Deductible)
	c.layers()
	c.away()
	for i := range v.Ceilings {
		x := &v.Ceilings[i]
		c.condition(&x.For)
		c.atMost(x.Percent, one)
		c.layerNames(x.on("layers"), x.Layers)
	}
	for _, name := range v.Account.Pays {
		if _, ok := partNamed(name); !ok {
			c.unknownPart(v.Account.on("pays"), name)
		}
	}
	for _, area := range v.LocalAlso {
		if !isDigits(area) {
			c.problemf(v.on("local_also"), "local_also 中的 %q 不是区划代码", "local_also: %q is no area code", area)
		}
	}
}

func (c *checker) groups() {
	seen := slices.Clone(builtinGroups)
	for i := range c.v.Groups {
		g := &c.v.Groups[i]
		if slices.Contains(seen, g.Name) {
			c.problemf(g.Line, "人员组 %q 重复或为内置名称", "group %q stands twice or is a built-in name", g.Name)
		}
		if len(g.Codes) == 0 && len(g.Person) == 0 {
			c.problemf(g.Line, "人员组 %q 缺少 identities 或 person_types", "group %q needs identities or person_types", g.Name)
		}
		c.said(g.at, "identities", g.Codes)
		c.said(g.at, "person_types", g.Person)
		seen = append(seen, g.Name)
	}
	var kinds []string
	for i := range c.v.Kinds {
		k := &c.v.Kinds[i]
		if slices.Contains(kinds, k.Name) {
			c.problemf(k.Line, "住院种类 %q 重复", "kind of stay %q stands twice", k.Name)
		}
		if len(k.Diagnosis) == 0 && len(k.MedTypes) == 0 {
			c.problemf(k.Line, "住院种类 %q 缺少 diagnosis 或 med_types", "kind of stay %q needs diagnosis or med_types", k.Name)
		}
		c.said(k.at, "diagnosis", k.Diagnosis)
		c.said(k.at, "med_types", k.MedTypes)
		kinds = append(kinds, k.Name)
	}
}

func (c *checker) time() {
	t := &c.v.Time
	if t.NewYear != "split by days" && (t.has("later_part_deductible") || t.has("later_part_counts")) {
		c.problem(t.Line, "later_part_* 仅用于 new_year = \"split by days\"", "later_part_* only goes with new_year = \"split by days\"")
	}
}

func (c *checker) catalogue() {
	switch {
	case c.plan.Scope == "home" && len(c.v.Catalogue) == 0:
		c.problem(c.v.Line, "scope = \"home\" 须有 [[version.catalogue]]", "scope = \"home\" needs [[version.catalogue]]")
	case c.plan.Scope != "home" && len(c.v.Catalogue) > 0:
		c.problem(c.v.Catalogue[0].Line, "catalogue 仅用于 scope = \"home\"：跨省费用已由就医地分割", "catalogue only goes with scope = \"home\": across provinces the treatment side has split the bill")
	}
	for i := range c.v.Catalogue {
		r := &c.v.Catalogue[i]
		c.atMost(r.SelfPayFirst, one)
		c.said(r.at, "classes", r.Classes)
		c.said(r.at, "items", r.Items)
		if r.From.set && r.To.set && r.To.day < r.From.day {
			c.problem(r.To.line, "to 早于 from", "to lies before from")
		}
	}
}

func (c *checker) deductible(d *deductible) {
	if d.RenewDays > 0 && d.Charged != "each stay" {
		c.problem(d.on("renewed_every_days"), "renewed_every_days 仅用于 charged = \"each stay\"", "renewed_every_days only goes with charged = \"each stay\"")
	}
	if d.RenewCounts && d.RenewDays == 0 {
		c.problem(d.on("renewals_count"), "renewals_count 须与 renewed_every_days 同用", "renewals_count needs renewed_every_days")
	}
	if d.TransferDays != nil && d.Charged != "each stay" {
		c.problem(d.on("transfer_within_days"), "transfer_within_days 仅用于 charged = \"each stay\"", "transfer_within_days only goes with charged = \"each stay\"")
	}
	var order []ordered
	for i := range d.Special {
		s := &d.Special[i]
		c.condition(&s.For)
		if n := set(s.Waived, s.Percent.set, s.Amount.set); n != 1 {
			c.problem(s.Line, "应恰好写 waived、percent、amount 之一", "write exactly one of waived, percent and amount")
		}
		order = append(order, ordered{line: s.Line, always: s.For.empty()})
	}
	c.reached(order)
	l := d.Later
	if l == nil {
		return
	}
	if n := set(len(l.Percent) > 0, l.Minus.set, l.MinusPercent.set); n != 1 {
		c.problem(l.Line, "应恰好写 percent、minus、minus_percent 之一", "write exactly one of percent, minus and minus_percent")
	}
	c.condition(&l.For)
	for _, p := range l.Percent {
		c.atMost(p, one)
	}
	c.atMost(l.MinusPercent, one)
	if l.FloorOf != "" && !isLevel(l.FloorOf) {
		c.problemf(l.on("floor_level"), "floor_level %q 不是医院等级", "floor_level %q is no hospital level", l.FloorOf)
	}
	if _, _, ok := d.Amount.of(Facility{Level: Level(l.FloorOf)}); isLevel(l.FloorOf) && d.Amount.set && !ok {
		c.problemf(l.on("floor_level"), "amount 中没有 %s，无法作为下限", "amount has no row for %s to be the floor", l.FloorOf)
	}
	if l.FloorOf != "" && l.Floor.set {
		c.problem(l.Line, "floor 与 floor_level 只能写一个", "write floor or floor_level, not both")
	}
}

// filings are the kinds an out-of-area rule can be for; every plan says all of them.
var filings = []string{
	string(FilingLongTerm), string(FilingAtHome), string(FilingReferral),
	string(FilingEmergency), string(FilingTemporary), string(FilingNotFiled),
}

func (c *checker) away() {
	var order []ordered
	for i := range c.v.Away {
		r := &c.v.Away[i]
		c.awayRule(r)
		for _, filing := range r.Filing {
			order = append(order, ordered{filing, r.Where, r.Line, len(r.Hospital) == 0 && r.For.empty()})
		}
	}
	c.reached(order)
	if c.v.Away == nil { // missing or malformed: already told
		return
	}
	for _, filing := range filings {
		for _, where := range []string{"same province", "other province"} {
			if !c.covers(filing, where) {
				c.problemf(c.v.Line, "[[version.out_of_area]] 未规定 %s（%s）", "[[version.out_of_area]] says nothing of %s (%s)", filing, where)
			}
		}
	}
}

// covers reports whether some rule without further conditions is for the filing, and
// "same as" does not lead in a circle.
func (c *checker) covers(filing, where string) bool {
	for range len(c.v.Away) + 1 {
		next := ""
		for i := range c.v.Away {
			r := &c.v.Away[i]
			if slices.Contains(r.Filing, filing) && (r.Where == "anywhere" || r.Where == where) && len(r.Hospital) == 0 && r.For.empty() {
				if r.SameAs == "" || r.SameAs == string(FilingLocal) {
					return true
				}
				next = r.SameAs
				break
			}
		}
		if next == "" {
			return false
		}
		filing = next
	}
	return false
}

func (c *checker) awayRule(r *awayRule) {
	c.condition(&r.For)
	c.said(r.at, "hospital", r.Hospital)
	c.said(r.at, "layers", r.Layers)
	c.hospitals(r.on("hospital"), r.Hospital)
	for _, f := range r.Filing {
		if !slices.Contains(filings, f) {
			c.problemf(r.on("filing"), "未知备案类型 %q，可用：%s", "unknown filing %q; known: %s", f, strings.Join(filings, ", "))
		}
	}
	if r.SameAs != "" && r.SameAs != string(FilingLocal) && !slices.Contains(filings, r.SameAs) {
		c.problemf(r.on("same_as"), "same_as %q 应为 local 或备案类型", "same_as %q must be local or a filing", r.SameAs)
	}
	changes := set(r.PointsDown.set, r.Factor.set, r.SelfPayFirst.set, r.Pays.set, r.Deductible.set, r.DeductibleShare.set, r.DeductibleRaise.set)
	if r.SameAs != "" && (changes > 0 || r.PaysNothing) || r.PaysNothing && changes > 0 {
		c.problem(r.Line, "same_as、pays_nothing 不能与其他变化同写", "same_as and pays_nothing stand alone")
	}
	if r.SameAs == "" && !r.PaysNothing && changes == 0 {
		c.problem(r.Line, "未写任何变化；若与本地相同请写 same_as = \"local\"", "no change is written; if nothing changes write same_as = \"local\"")
	}
	if r.PointsDown.set && r.Factor.set {
		c.problem(r.on("factor"), "points_down 与 factor 只能写一个", "write points_down or factor, not both")
	}
	if r.FactorDecimals != nil && (!r.Factor.set || *r.FactorDecimals > 12) {
		c.problem(r.on("factor_decimals"), "factor_decimals 须与 factor 同写，且不超过12", "factor_decimals goes with factor and is at most 12")
	}
	c.awayDeductible(r)
	c.ratios(&r.PointsDown)
	c.paid(&r.Factor)
	c.paid(&r.Pays)
	c.atMost(r.SelfPayFirst, one)
	c.layerNames(r.on("layers"), r.Layers)
}

// awayDeductible checks the ways in which an out-of-area rule tells a deductible of its own.
func (c *checker) awayDeductible(r *awayRule) {
	c.atMost(r.DeductibleShare, one)
	if r.DeductibleShare.set && r.Deductible.set {
		c.problem(r.on("deductible_percent_of_total"), "deductible 与 deductible_percent_of_total 只能写一个", "write deductible or deductible_percent_of_total, not both")
	}
	for _, key := range []string{"deductible_at_least", "deductible_at_most"} {
		if r.has(key) && !r.DeductibleShare.set {
			c.problemf(r.on(key), "%s 须与 deductible_percent_of_total 同写", "%s goes with deductible_percent_of_total", key)
		}
	}
	if r.DeductibleMost.sane && r.DeductibleMost.fen < r.DeductibleLeast.fen {
		c.problem(r.on("deductible_at_most"), "deductible_at_most 小于 deductible_at_least", "deductible_at_most is below deductible_at_least")
	}
}

func (c *checker) ratios(t *table[share100]) {
	for _, row := range t.rows {
		c.atMost(row.value, one)
	}
}

// paid checks ratios and factors: at most 100 %, and no share of one by mistake, for
// nobody pays less than 1 % of a bill.
func (c *checker) paid(t *table[share100]) {
	c.ratios(t)
	for _, row := range t.rows {
		c.noFraction(row.value)
	}
}

func (c *checker) noFraction(s share100) {
	if s.ratio > 0 && s.ratio < percent {
		c.problemf(s.line, "%s%% 不足 1%%；若指 %s%%，请写 %s", "%s %% is less than 1 %%; if %s %% is meant, write %s",
			s.percentText(), (s.ratio * 100).percentText(), quoteFraction((s.ratio * 100).percentText()))
	}
}

func (c *checker) atMost(s share100, most ratio) {
	if s.ratio > most {
		c.problemf(s.line, "比例 %s%% 超过 %s%%", "%s %% is above %s %%", s.percentText(), most.percentText())
	}
}

func set(flags ...bool) (n int) {
	for _, f := range flags {
		if f {
			n++
		}
	}
	return n
}

func isDigits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
