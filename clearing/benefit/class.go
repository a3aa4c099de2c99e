package benefit

import "clearingd/ledger"

// Classes of the catalogue matter only where a home region splits its own bills
// (scope = "home"): an older rule may pay class A and class B differently, or fill a
// cap on cost with class A first.

// takeFromClasses takes an amount off the in-scope amount by class: what belongs to no
// class first, then in the order in which the first layer lists the classes.
func (b *bill) takeFromClasses(a ledger.Amount) {
	if len(b.classes) == 0 {
		return
	}
	inClasses := ledger.Amount(0)
	for _, c := range b.classes {
		inClasses += c.amount
	}
	a -= min(a, b.parts[partInScope]+a-inClasses)
	for i := range b.version.Layers[0].Classes {
		if c := b.class(b.version.Layers[0].Classes[i].Name); c != nil {
			taken := min(a, c.amount)
			c.amount -= taken
			a -= taken
		}
	}
}

func (b *bill) class(name string) *classAmount {
	for i := range b.classes {
		if b.classes[i].class == name {
			return &b.classes[i]
		}
	}
	return nil
}

// classesFirst takes the self-pay-first share of each class out of what is left, and
// sets amounts with a ratio of their own aside. It returns the shares.
func (r *run) classesFirst() (first ledger.Amount) {
	if len(r.layer.Classes) == 0 || len(r.bill.classes) == 0 {
		return 0
	}
	unclassed := r.base // comes first and stays in the segments
	for _, c := range r.bill.classes {
		unclassed -= min(unclassed, c.amount)
	}
	room := r.left - min(r.left, unclassed)
	for i := range r.layer.Classes {
		rule := &r.layer.Classes[i]
		c := r.bill.class(rule.Name)
		if c == nil {
			continue
		}
		amount := min(room, c.amount)
		c.amount -= amount
		room -= amount
		own := ledger.Amount(0)
		if rule.SelfPayFirst.set {
			own = r.trace.share(amount, rule.SelfPayFirst.ratio)
			first += own
			r.trace.uses(&rule.cited)
			r.trace.step(r.layer.ID, "class-self-pay-first", rule.Article, halfUpFen, own,
				word("class", rule.Name), money("amount", amount), fraction("share", rule.SelfPayFirst.ratio))
		}
		r.left -= own
		if value, _, ok := rule.Pays.of(r.facility); ok {
			r.left -= amount - own
			r.apart = append(r.apart, apart{rule, amount - own, value.ratio})
		}
	}
	return first
}

// apart is an amount with a ratio of its own.
type apart struct {
	rule   *classShare
	amount ledger.Amount
	ratio  ratio
}

// payClasses pays on the amounts set aside, each by its own ratio.
func (r *run) payClasses() {
	for _, x := range r.apart {
		amount, payment := x.amount, r.trace.share(x.amount, x.ratio)
		if payment > r.limit {
			payment = r.limit
			amount = min(amount, reaching(payment, x.ratio))
			r.left += x.amount - amount
		}
		r.limit -= payment
		r.paid += payment
		r.used += amount
		r.trace.uses(&x.rule.cited)
		r.trace.step(r.layer.ID, "class", x.rule.Article, halfUpFen, payment,
			word("class", x.rule.Name), money("amount", amount), fraction("ratio", x.ratio))
	}
}
