package benefit

import (
	"clearingd/provinces"
)

// findAwayRule chooses what changes for a stay outside the own pooling area: the
// first rule for the filing, the place, the hospital and the person. A rule may say
// "same as" another filing; then that one's rule is looked up.
func (b *bill) findAwayRule() error {
	filing := b.filing
	for range len(b.version.Away) + 1 {
		if filing == FilingLocal {
			b.traceLocal()
			return nil
		}
		rule := b.awayRuleFor(filing)
		if rule == nil {
			break
		}
		b.trace.uses(&rule.cited)
		if rule.SameAs == "" {
			b.away = rule
			if filing != b.filing {
				b.trace.step("filing", "filing-same", rule.Article, exact, 0, word("filing", string(b.filing)))
			}
			b.trace.step("filing", "filing", rule.Article, exact, 0, word("filing", string(filing)))
			return nil
		}
		filing = FilingKind(rule.SameAs)
	}
	return provinces.Reject(provinces.CodePlanGap, "input.mdtrtinfo.out_fil_type", "", string(filing))
}

// traceLocal notes a stay at home, or one whose filing counts as that.
func (b *bill) traceLocal() {
	rule := "filing-local"
	if b.filing != FilingLocal {
		rule = "filing-as-local"
	}
	b.trace.step("filing", rule, "", exact, 0, word("filing", string(b.filing)))
}

func (b *bill) awayRuleFor(filing FilingKind) *awayRule {
	for i := range b.version.Away {
		r := &b.version.Away[i]
		if !contains(r.Filing, string(filing)) ||
			!b.isIn(r.Where) ||
			len(r.Hospital) > 0 && !b.facility.fits(r.Hospital) {
			continue
		}
		ok, missing := r.For.holds(&b.facts)
		if missing != "" {
			b.trace.absent("filing", r.Article, missing)
		}
		if ok {
			return r
		}
	}
	return nil
}

// isIn reports whether the treatment lies where a rule is for.
func (b *bill) isIn(where string) bool {
	return where == "anywhere" || b.province == (where == "same province")
}

// changes reports whether the out-of-area rule changes the ratio of the layer.
func (b *bill) awayChanges(i int, l *layer) bool {
	if b.away == nil {
		return false
	}
	if len(b.away.Layers) == 0 {
		return i == 0
	}
	return contains(b.away.Layers, l.ID)
}

// awayFirst takes the out-of-area self-pay-first share off the in-scope amount, before
// everything else; or all of it, where the first layer pays nothing.
func (b *bill) awayFirst() {
	r := b.away
	if r == nil {
		return
	}
	inScope := b.parts[partInScope]
	if r.PaysNothing && b.awayChanges(0, &b.version.Layers[0]) {
		b.parts.move(partInScope, partRefused, inScope)
		b.classes = nil
		b.trace.step("filing", "away-nothing", r.Article, exact, inScope, money("in-scope", inScope))
		return
	}
	if !r.SelfPayFirst.set {
		return
	}
	first := b.trace.share(inScope, r.SelfPayFirst.ratio)
	b.parts.move(partInScope, partAwayFirst, first)
	b.takeFromClasses(first)
	b.trace.step("filing", "away-self-pay-first", r.Article, halfUpFen, first,
		money("in-scope", inScope), fraction("share", r.SelfPayFirst.ratio))
}
