package reconcile

// voidCancellation reports whether the item is a 2305 that a 2601 undid on its own day.
func (i *Item) voidCancellation() bool { return i.Silent && i.Refund && i.SettlementID != "" }

// voids finds cancellations that a 2601 undid, and such 2601s, of which the side has the one
// and not the other: both or neither are nothing together.
func (g *stay) voids(s Side) {
	for i := range g.bills {
		c := &g.bills[i]
		if !c.Books.voidCancellation() {
			continue
		}
		var by *Result // the first that let the bill stand again afterwards
		for k := range g.bills {
			o := &g.bills[k]
			if o.Books.Silent && !o.Books.Refund && o.Books.Corrects == c.Books.Corrects && o.Books.Number > c.Books.Number && (by == nil || o.Books.Number < by.Books.Number) {
				by = o
			}
		}
		if by == nil {
			continue
		}
		has, _ := c.ownRows(s)
		hasBy, _ := by.ownRows(s)
		c.alone[s], by.alone[s] = has > 0 && hasBy == 0, hasBy > 0 && has == 0
	}
}
