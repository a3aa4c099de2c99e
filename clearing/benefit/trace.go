package benefit

import (
	"strconv"
	"sync"

	"clearingd/ledger"
)

// tracer collects the steps of a bill. Figures stay integers while the bill is
// computed and become text once, at the end, in one allocation: a trace costs little,
// so there is no mode without it.
type tracer struct {
	steps    []rawStep
	figures  []figure
	warnings []Warning
	text     []byte

	taken int           // roundings taken so far
	other OtherRounding // the one that is taken otherwise
}

// tracers are reused from bill to bill: the raw steps never leave the calculator.
var tracers = sync.Pool{New: func() any { return new(tracer) }}

func borrowTracer() *tracer { return tracers.Get().(*tracer) }

func (t *tracer) giveBack() {
	t.steps, t.figures, t.warnings = t.steps[:0], t.figures[:0], nil
	t.taken, t.other = 0, OtherRounding{}
	tracers.Put(t)
}

type rawStep struct {
	layer, rule, article, rounding string
	from, to                       int // figures
	output                         ledger.Amount
}

type figureKind uint8

const (
	figureAmount figureKind = iota
	figureRatio
	figureCount
	figureText
	figureThousandths // thousandths of a fen: five decimals of a yuan
)

type figure struct {
	name string
	kind figureKind
	n    int64
	text string
	end  int // of its text in the whole, set when the trace is written
}

func money(name string, a ledger.Amount) figure {
	return figure{name: name, kind: figureAmount, n: int64(a)}
}
func fraction(name string, r ratio) figure { return figure{name: name, kind: figureRatio, n: int64(r)} }
func count(name string, n int) figure      { return figure{name: name, kind: figureCount, n: int64(n)} }
func word(name, text string) figure        { return figure{name: name, kind: figureText, text: text} }

// Roundings a step may name.
const (
	exact          = ""
	halfUpFen      = "half-up-fen"
	halfUpTenFen   = "half-up-ten-fen"
	halfUpFiveDecs = "half-up-five-decimals"
)

func (t *tracer) step(layer, rule, article, rounding string, output ledger.Amount, figures ...figure) {
	from := len(t.figures)
	t.figures = append(t.figures, figures...)
	t.steps = append(t.steps, rawStep{layer, rule, article, rounding, from, len(t.figures), output})
}

func (t *tracer) warn(w Warning) {
	for _, known := range t.warnings {
		if known == w {
			return
		}
	}
	t.warnings = append(t.warnings, w)
}

// uses notes that a block of the plan was applied.
func (t *tracer) uses(c *cited) {
	if c.Assumed {
		t.warn(WarnAssumed)
	}
}

// absent notes, once a station, that a privilege was not given because a fact is missing.
func (t *tracer) absent(layer, article, fact string) {
	t.warn(WarnAbsent)
	for i := range t.steps {
		if s := &t.steps[i]; s.rule == "absent" && s.layer == layer && t.figures[s.from].text == fact {
			return
		}
	}
	t.step(layer, "absent", article, exact, 0, word("fact", fact))
}

// finish writes the trace.
func (t *tracer) finish() []Step {
	t.text = t.text[:0]
	for i := range t.figures {
		t.text = t.figures[i].append(t.text)
		t.figures[i].end = len(t.text)
	}
	all, begin := string(t.text), 0
	inputs := make([]Input, len(t.figures))
	for i := range t.figures {
		f := &t.figures[i]
		inputs[i] = Input{f.name, all[begin:f.end]}
		if f.kind == figureText {
			inputs[i].Value = f.text
		}
		begin = f.end
	}
	steps := make([]Step, len(t.steps))
	for i := range t.steps {
		s := &t.steps[i]
		steps[i] = Step{
			Layer: s.layer, Rule: s.rule, Article: s.article,
			Inputs: inputs[s.from:s.to:s.to], Rounding: s.rounding, Output: s.output,
		}
	}
	return steps
}

func (f *figure) append(b []byte) []byte {
	switch f.kind {
	case figureAmount:
		return ledger.Amount(f.n).Append(b)
	case figureRatio:
		return ratio(f.n).append(b)
	case figureCount:
		return strconv.AppendInt(b, f.n, 10)
	case figureThousandths:
		b = strconv.AppendInt(b, f.n/100_000, 10)
		digits := strconv.Itoa(int(f.n%100_000) + 100_000)
		return append(append(b, '.'), digits[1:]...)
	}
	return b
}
