package benefit

import "clearingd/ledger"

// tally adds up a layer's segments in the unit in which the plan rounds a segment:
// whole fen, or thousandths of a fen where shares are kept at five decimals of a yuan.
type tally struct {
	scale    int64 // units in a fen
	rounding string
	sum      int64
}

func newTally(rounding string) tally {
	switch rounding {
	case "five decimals":
		return tally{scale: 1000, rounding: halfUpFiveDecs}
	case "ten fen":
		return tally{scale: 1, rounding: halfUpTenFen}
	}
	return tally{scale: 1, rounding: halfUpFen}
}

// units is the payment on an amount, half up to the unit.
func (t *tally) units(a ledger.Amount, r ratio) int64 {
	return mulDiv(int64(a)*t.scale, int64(r), int64(one))
}

// room is how many units a limit still leaves.
func (t *tally) room(limit ledger.Amount) int64 {
	if limit >= unbounded/ledger.Amount(t.scale) {
		return int64(unbounded)
	}
	return max(0, int64(limit)*t.scale-t.sum)
}

func (t *tally) full(limit ledger.Amount) bool { return t.room(limit) == 0 }

func (t *tally) add(units int64) { t.sum += units }

// reaching is the amount on which the ratio pays exactly so many units, half up to
// the fen.
func (t *tally) reaching(units int64, r ratio) ledger.Amount {
	return ledger.Amount(mulDiv(units, int64(one)/t.scale, int64(r)))
}

// total is the layer's payment: each segment was rounded, then they were summed, then
// the sum is rounded to what is paid out.
func (t *tally) total() ledger.Amount {
	if t.rounding == halfUpTenFen {
		return ledger.Amount((t.sum + 5) / 10 * 10)
	}
	return t.amount(t.sum)
}

func (t *tally) amount(units int64) ledger.Amount {
	return ledger.Amount((units + t.scale/2) / t.scale)
}

// segmentRounding is how a single segment was rounded.
func (t *tally) segmentRounding() string {
	if t.scale > 1 {
		return halfUpFiveDecs
	}
	return halfUpFen
}

func (t *tally) of(name string, units int64) figure {
	if t.scale > 1 {
		return figure{name: name, kind: figureThousandths, n: units}
	}
	return money(name, ledger.Amount(units))
}

func (t *tally) figure() figure { return t.of("sum", t.sum) }
