package reconcile

import (
	"fmt"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
)

// both writes a line of a proof in Chinese and English. The arguments are the same.
func both(zh, en string, arguments ...any) string {
	return fmt.Sprintf(zh, arguments...) + " / " + fmt.Sprintf(en, arguments...)
}

// filed is both of a line about a filing, which has a name in each language.
func filed(zh, en string, f benefit.FilingKind) string {
	return fmt.Sprintf(zh, f.Word("zh")) + " / " + fmt.Sprintf(en, f.Word("en"))
}

// amountsBy explains amounts that differ by computing the bill again under each cause
// that changes amounts. A bill whose own recomputation does not give what is booked proves
// nothing.
func (v *prover) amountsBy(s Side) error {
	if v.Books == nil || v.ByStay[s] {
		return nil
	}
	if !v.asked {
		v.asked = true
		var err error
		if v.booked, err = v.proofs.Booked(v.Books.Number); err != nil {
			return err
		}
	}
	if v.booked == nil || v.booked.Plan == nil {
		return nil
	}
	c := &recomputing{Booked: v.booked, theirs: &v.Sides[s][0].Amounts}
	if !c.again(v.Books) {
		return nil
	}
	others, err := v.proofs.Plans(v.booked)
	if err != nil {
		return err
	}
	var proved []*Cause
	for _, cause := range []*Cause{c.rounding(), c.version(others), c.filing()} {
		if cause != nil {
			proved = append(proved, cause)
		}
	}
	if len(proved) == 1 {
		v.explain(s, proved[0])
	}
	return nil
}

// provedClass is the class of amounts whose cause is known.
var provedClass = map[CauseKind]Class{RoundingStep: Round, PlanVersion: Rule, FilingChanged: Eligibility}

// explain gives every finding about amounts of the side the cause. It explains exactly what
// they come to.
func (v *prover) explain(s Side, cause *Cause) {
	for i := range v.Findings {
		f := &v.Findings[i]
		if f.Side != s || f.Class != AmountOver && f.Class != AmountUnder && f.Class != Split {
			continue
		}
		c := *cause
		c.Owed, c.Refs = f.Owed, []uint64{v.Books.Number}
		f.Class, f.Cause = provedClass[cause.Kind], &c
	}
}

// recomputing computes a bill under suppositions and holds what comes out against the
// side's figures.
type recomputing struct {
	*Booked
	theirs *Amounts
	usual  benefit.Adjudication // as the books' own rules have it
}

// again computes the bill as it is booked, and reports whether that is what the books have.
func (c *recomputing) again(books *Item) bool {
	prepared, err := c.Plan.Prepare(c.Case)
	if err != nil || len(prepared.Years) != len(c.From) {
		return false
	}
	if c.usual, err = prepared.Adjudicate(c.From); err != nil {
		return false
	}
	figures := FiguresOf(c.Case.Claim.Total, &c.usual)
	return figures.same(&books.Amounts)
}

// gives reports whether the adjudication comes to the side's figures.
func (c *recomputing) gives(a *benefit.Adjudication) bool {
	figures := FiguresOf(c.Case.Claim.Total, a)
	return figures.same(c.theirs)
}

// proof begins with what is the same for all recomputations and ends with the figures.
func (c *recomputing) proof(kind CauseKind, a *benefit.Adjudication, lines ...string) *Cause {
	ours, theirs := FiguresOf(c.Case.Claim.Total, &c.usual), FiguresOf(c.Case.Claim.Total, a)
	return &Cause{Kind: kind, Proof: append(lines,
		both("基金%s元、个人账户%s元变为基金%s元、个人账户%s元，与对方逐项相同",
			"funds %s and account %s become funds %s and account %s, each figure that of the side",
			ours.Funds, ours.Account, theirs.Funds, theirs.Account))}
}

var roundingsOfStep = []benefit.Rounding{benefit.RoundDown, benefit.RoundUp, benefit.RoundTenFen}
var roundingsOfLayer = []benefit.Rounding{benefit.RoundLayerFen, benefit.RoundLayerTenFen, benefit.RoundLayerAtEnd}

// rounding: the side rounds one named step of the trace otherwise: down, up, to ten fen, or
// a layer's segments at the end instead of one by one. It is proved when the bill, computed
// with that one rounding and everything that follows from it, comes to the side's figures.
func (c *recomputing) rounding() *Cause {
	prepared, err := c.Plan.Prepare(c.Case)
	if err != nil {
		return nil
	}
	try := func(other benefit.OtherRounding) (cause *Cause, taken int) {
		a, taken, err := prepared.AdjudicateOtherwise(c.From, other)
		if err != nil || !c.gives(&a) {
			return nil, taken
		}
		return c.proof(RoundingStep, &a, append(c.step(&a), roundingWords(other.How))...), taken
	}
	for _, layer := range prepared.Layers() {
		for _, how := range roundingsOfLayer {
			if cause, _ := try(benefit.OtherRounding{Layer: layer, How: how}); cause != nil {
				return cause
			}
		}
	}
	_, steps := try(benefit.OtherRounding{})
	for n := 1; n <= steps; n++ {
		for _, how := range roundingsOfStep {
			if cause, _ := try(benefit.OtherRounding{Number: n, How: how}); cause != nil {
				return cause
			}
		}
	}
	return nil
}

// step names the first step of the trace that came out otherwise.
func (c *recomputing) step(a *benefit.Adjudication) []string {
	for i := range min(len(a.Trace), len(c.usual.Trace)) {
		ours, theirs := c.usual.Trace[i], a.Trace[i]
		if ours.Output == theirs.Output && ours.Rounding == theirs.Rounding {
			continue
		}
		return []string{
			both("第%d步（%s，%s）", "step %d (%s, %s)", i+1, ours.Layer, ours.Rule),
			"账册：" + ours.Text("zh") + " / books: " + ours.Text("en"),
			"对方：" + theirs.Text("zh") + " / side: " + theirs.Text("en"),
		}
	}
	return nil
}

func roundingWords(how benefit.Rounding) string {
	words := map[benefit.Rounding][2]string{
		benefit.RoundDown:        {"该步舍去不足一分的部分", "the step drops what is below a fen"},
		benefit.RoundUp:          {"该步不足一分进为一分", "the step takes what is below a fen for a fen"},
		benefit.RoundTenFen:      {"该步四舍五入到角", "the step rounds half up to ten fen"},
		benefit.RoundLayerFen:    {"该层逐段四舍五入到分", "the layer rounds each segment half up to the fen"},
		benefit.RoundLayerTenFen: {"该层合计四舍五入到角", "the layer's sum is rounded half up to ten fen"},
		benefit.RoundLayerAtEnd:  {"该层各段保留五位小数，合计时才四舍五入到分", "the layer keeps five decimals and rounds its sum half up to the fen"},
	}[how]
	return words[0] + " / " + words[1]
}

// version: the side settled the same input by other rules: another dated version of the
// plan, or the plan as another plan set has it. It is proved when that gives the side's
// figures.
func (c *recomputing) version(others []*benefit.Plan) *Cause {
	for _, plan := range append([]*benefit.Plan{c.Plan}, others...) {
		for _, version := range plan.History() {
			prepared, err := plan.PrepareAs(c.Case, version.From)
			if err != nil {
				continue
			}
			a, err := c.onto(prepared)
			if err != nil || a.Plan.Hash == c.usual.Plan.Hash && a.Plan.Version == c.usual.Plan.Version || !c.gives(&a) {
				continue
			}
			return c.proof(PlanVersion, &a,
				both("账册按方案%s自%s起的版本结算（%x）", "the books settled by plan %s, version of %s (%x)", c.usual.Plan.ID, c.usual.Plan.Version, c.usual.Plan.Hash[:4]),
				both("对方的金额出自方案%s自%s起的版本（%x）", "the side's figures are those of plan %s, version of %s (%x)", a.Plan.ID, a.Plan.Version, a.Plan.Hash[:4]))
		}
	}
	return nil
}

// errYears: the other rules put the stay into other person-years, whose accumulators the
// bill does not have.
var errYears = fmt.Errorf("reconcile: other person-years")

// onto computes a prepared bill on what the booked one found.
func (c *recomputing) onto(p *benefit.Prepared) (benefit.Adjudication, error) {
	if len(p.Years) != len(c.From) {
		return benefit.Adjudication{}, errYears
	}
	return p.Adjudicate(c.From)
}

// filings are the kinds of filing that can change afterwards.
var filings = []benefit.FilingKind{
	benefit.FilingLongTerm, benefit.FilingReferral, benefit.FilingEmergency, benefit.FilingTemporary, benefit.FilingNotFiled,
}

// filing: the person's filing was changed after the bill, and the side settled by the new
// one. It is proved when the same input with exactly one other kind of filing, and nothing
// else changed, gives the side's figures.
func (c *recomputing) filing() *Cause {
	for _, kind := range filings {
		changed := c.Case
		person := benefit.Person{}
		if changed.Person != nil {
			person = *changed.Person
		}
		person.Filing, person.FilingPlace = kind, nil
		changed.Person = &person
		prepared, err := c.Plan.Prepare(changed)
		if err != nil {
			continue
		}
		a, err := c.onto(prepared)
		if err != nil || a.Filing == c.usual.Filing || !c.gives(&a) {
			continue
		}
		return c.proof(FilingChanged, &a,
			filed("账册按备案“%s”结算", "the books settled by the filing %q", c.usual.Filing),
			filed("对方的金额出自备案“%s”", "the side's figures are those of the filing %q", a.Filing))
	}
	return nil
}

// Unexplained is the part of a break's difference that no cause is proved for.
func (b *Break) Unexplained() (owed ledger.Amount) {
	for _, f := range b.Findings {
		if f.Cause == nil {
			owed += f.Owed
		}
	}
	return owed
}
