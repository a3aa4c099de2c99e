package benefit

import (
	"fmt"
	"math/bits"

	"clearingd/ledger"
)

// Rounding is a way to round a share of an amount.
type Rounding string

// Ways to round, apart from the plan's own. The last three are of a whole layer: how its
// segments are rounded before they are summed, and their sum.
const (
	RoundDown        Rounding = "down"          // to the fen below
	RoundUp          Rounding = "up"            // to the fen above
	RoundTenFen      Rounding = "ten-fen"       // half up to ten fen
	RoundLayerFen    Rounding = "layer-fen"     // each segment half up to the fen
	RoundLayerTenFen Rounding = "layer-ten-fen" // each segment half up to the fen, the sum half up to ten fen
	RoundLayerAtEnd  Rounding = "layer-at-end"  // segments at five decimals of a yuan, the sum half up to the fen
)

// OtherRounding says which rounding of a bill is done otherwise than the plan has it. The
// zero value is none.
type OtherRounding struct {
	Number int    // the n-th rounding of a share in the bill, from 1; 0: a layer's
	Layer  string // the layer's id; "" with a Number
	How    Rounding
}

// AdjudicateOtherwise computes the bill as Adjudicate does, with one rounding done
// otherwise and everything that follows from it. It is for proving where a fen comes from,
// never for booking. taken is how many roundings of shares there were.
func (p *Prepared) AdjudicateOtherwise(before []Accumulators, other OtherRounding) (a Adjudication, taken int, err error) {
	trace := borrowTracer()
	defer trace.giveBack()
	trace.other = other
	a, err = p.adjudicate(before, trace)
	return a, trace.taken, err
}

// Layers lists the ids of the layers of the version that applies, from below.
func (p *Prepared) Layers() []string {
	ids := make([]string, len(p.version.Layers))
	for i := range p.version.Layers {
		ids[i] = p.version.Layers[i].ID
	}
	return ids
}

// share is a share that the tracer counts, and may be told to round otherwise.
func (t *tracer) share(a ledger.Amount, r ratio) ledger.Amount {
	t.taken++
	if t.taken != t.other.Number {
		return share(a, r)
	}
	return ledger.Amount(t.other.How.of(int64(a), r, 1))
}

// units is the payment on an amount in the tally's unit, counted as share counts.
func (t *tracer) units(tally *tally, a ledger.Amount, r ratio) int64 {
	t.taken++
	if t.taken != t.other.Number {
		return tally.units(a, r)
	}
	return t.other.How.of(int64(a), r, tally.scale)
}

// of rounds a·r to fen, in units of which a fen has scale.
func (how Rounding) of(a int64, r ratio, scale int64) int64 {
	hi, lo := bits.Mul64(uint64(a), uint64(r))
	if hi >= uint64(one) {
		return int64(unbounded)
	}
	below, rest := bits.Div64(hi, lo, uint64(one))
	usual := mulDiv(a, int64(r), int64(one))
	fen := int64(below)
	switch {
	case how == RoundUp:
		if rest > 0 {
			fen++
		}
	case how == RoundTenFen:
		fen = min((fen+5)/10*10, max(a, usual)) // a share is never more than the whole
	case how != RoundDown:
		fen = usual
	}
	return fen * scale
}

// roundingOf is how the layer rounds.
func (t *tracer) roundingOf(l *layer) string {
	if t.other.Layer == l.ID && t.other.Number == 0 {
		switch t.other.How {
		case RoundLayerFen:
			return ""
		case RoundLayerTenFen:
			return "ten fen"
		case RoundLayerAtEnd:
			return "five decimals"
		}
	}
	return l.rounding
}

// PrepareAs is Prepare under another dated version of the plan than the one in force: to
// see what the bill would have come to. version is the version's first day.
func (p *Plan) PrepareAs(c Case, version ledger.Day) (*Prepared, error) {
	if err := checkClaim(&c.Claim); err != nil {
		return nil, err
	}
	for i := range p.Versions {
		v := &p.Versions[i]
		if v.ValidFrom.day != version {
			continue
		}
		prepared := &Prepared{plan: p, version: v, stay: c, spans: v.spans(c.Claim.Admitted.Day(), c.Claim.Discharged.Day())}
		for _, s := range prepared.spans {
			prepared.Years = append(prepared.Years, s.year)
		}
		return prepared, nil
	}
	return nil, fmt.Errorf("plan %s has no version of %s", p.ID(), version)
}
