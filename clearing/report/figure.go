package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"clearingd/clearing/netting"
	"clearingd/ledger"
)

// Sizes of the two figures, in the units of their view boxes.
const (
	flowPairs   = 16  // bands that can still be told apart
	flowWidth   = 640 // whole width
	flowLeft    = 150 // where the left nodes begin
	flowNode    = 10  // width of a node
	flowHeight  = 380 // of all bands together, at most
	flowBand    = 48  // of one band on average, where there are few
	flowGap     = 13  // between nodes: room for a label of its own
	flowTop     = 34
	barAxis     = 310 // x of the zero line
	barLongest  = 200
	barRow      = 20
	barTop      = 34
	figureLines = 24 // below the last row
)

// flowFigure shows the largest pairs as bands from payer to payee.
type flowFigure struct {
	Unit          unit
	Width, Height int
	length        uint64 // of all bands together
	Left, Right   []flowNodeView
	Bands         []band
	Shown, Pairs  int
}

type flowNodeView struct {
	Province     ledger.Province
	X, Y, Height int
	LabelX       int
	LabelY       int
	Short        string
}

type band struct {
	Path, Title string
	Tone        int // 0 to 2, so that neighbours differ without colour
}

// newFlow lays out the picture. Only pairs that owe something can be drawn; on a day
// of cancellations alone there are none, and Bands is empty.
func newFlow(r Report) flowFigure {
	owing := slices.DeleteFunc(slices.Clone(r.Pairs), func(p Pair) bool { return p.Owed <= 0 })
	slices.SortStableFunc(owing, func(x, y Pair) int { return cmp.Compare(y.Owed, x.Owed) })
	shown := owing[:min(flowPairs, len(owing))]
	f := flowFigure{Width: flowWidth, length: uint64(min(flowHeight, flowBand*len(shown))), Shown: len(shown), Pairs: len(r.Pairs)}
	if len(shown) == 0 {
		return f
	}
	left := nodeSums(shown, func(p Pair) ledger.Province { return p.Home })
	right := nodeSums(shown, func(p Pair) ledger.Province { return p.Treatment })
	var all, most uint64
	for _, n := range left {
		all += n.sum
	}
	for _, n := range slices.Concat(left, right) {
		most = max(most, n.sum)
	}
	f.Unit = unitFor(ledger.Amount(most))
	rows := max(len(left), len(right))
	f.Height = flowTop + int(f.length) + (rows-1)*flowGap + figureLines
	rightX := flowWidth - flowLeft - flowNode
	f.Left = f.place(left, all, flowLeft, flowLeft-8, rows)
	f.Right = f.place(right, all, rightX, rightX+flowNode+8, rows)
	f.connect(shown, all, rightX)
	return f
}

type nodeSum struct {
	province ledger.Province
	sum      uint64
}

// nodeSums adds up the shown pairs by one of their sides, largest first.
func nodeSums(pairs []Pair, side func(Pair) ledger.Province) []nodeSum {
	sums := map[ledger.Province]uint64{}
	for _, p := range pairs {
		sums[side(p)] += size(p.Owed)
	}
	var list []nodeSum
	for _, p := range slices.Sorted(maps.Keys(sums)) {
		list = append(list, nodeSum{p, sums[p]})
	}
	slices.SortStableFunc(list, func(x, y nodeSum) int { return cmp.Compare(y.sum, x.sum) })
	return list
}

// place stacks the nodes of one side and centres them against the other.
func (f *flowFigure) place(nodes []nodeSum, all uint64, x, labelX, rows int) []flowNodeView {
	y := flowTop + (rows-len(nodes))*flowGap/2
	var views []flowNodeView
	for _, n := range nodes {
		h := max(1, scale(n.sum, all, f.length))
		views = append(views, flowNodeView{
			Province: n.province, X: x, Y: y, Height: h, LabelX: labelX, LabelY: y + h/2 + 4,
			Short: f.Unit.format(ledger.Amount(n.sum)),
		})
		y += h + flowGap
	}
	return views
}

// connect draws the bands. At each node they leave in the order of the nodes on the
// other side, so that they cross as little as possible.
func (f *flowFigure) connect(pairs []Pair, all uint64, rightX int) {
	order := map[ledger.Province]int{}
	used := map[provincePair]uint64{} // by {node, ""} on the left, {"", node} on the right
	tops := map[provincePair]int{}
	for i, n := range f.Left {
		tops[provincePair{home: n.Province}] = n.Y
		order[n.Province] = i
	}
	place := map[ledger.Province]int{}
	for i, n := range f.Right {
		tops[provincePair{treatment: n.Province}] = n.Y
		place[n.Province] = i
	}
	sorted := slices.Clone(pairs)
	slices.SortStableFunc(sorted, func(x, y Pair) int {
		return cmp.Or(cmp.Compare(order[x.Home], order[y.Home]), cmp.Compare(place[x.Treatment], place[y.Treatment]))
	})
	edge := func(node provincePair, amount uint64) (top, bottom int) {
		top = tops[node] + scale(used[node], all, f.length)
		used[node] += amount
		return top, max(top+1, tops[node]+scale(used[node], all, f.length))
	}
	x0, x1 := flowLeft+flowNode, rightX
	middle := (x0 + x1) / 2
	for _, p := range sorted {
		a0, a1 := edge(provincePair{home: p.Home}, size(p.Owed))
		b0, b1 := edge(provincePair{treatment: p.Treatment}, size(p.Owed))
		home, treatment := provinceName(p.Home), provinceName(p.Treatment)
		f.Bands = append(f.Bands, band{
			Path: fmt.Sprintf("M%d %dC%d %d %d %d %d %dL%d %dC%d %d %d %d %d %dZ",
				x0, a0, middle, a0, middle, b0, x1, b0, x1, b1, middle, b1, middle, a1, x0, a1),
			Title: fmt.Sprintf("%s → %s · %s → %s · %s", home.ZH, treatment.ZH, home.EN, treatment.EN, figuresTitle(p.Sums)),
			Tone:  order[p.Home] % 3,
		})
	}
}

// netFigure shows every province's position as a bar, largest receiver on top.
type netFigure struct {
	Unit                unit
	Width, Height, Axis int
	Bottom              int // of the zero line
	Bars                []bar
}

type bar struct {
	Province      ledger.Province
	X, Y, Width   int
	Owes          bool
	LabelX, TextY int
	ValueX        int
	Short, Title  string
}

func newNet(r Report) netFigure {
	positions := slices.DeleteFunc(slices.Clone(r.Positions), func(p netting.Position) bool { return p.Net == 0 })
	slices.SortStableFunc(positions, func(x, y netting.Position) int { return cmp.Compare(y.Net, x.Net) })
	f := netFigure{Width: flowWidth, Axis: barAxis, Bottom: barTop + len(positions)*barRow, Height: barTop + len(positions)*barRow + figureLines}
	var most uint64
	for _, p := range positions {
		most = max(most, size(p.Net))
	}
	f.Unit = unitFor(ledger.Amount(min(most, 1<<62)))
	for i, p := range positions {
		w := max(1, scale(size(p.Net), most, barLongest))
		b := bar{
			Province: p.Province, Y: barTop + i*barRow + 3, Width: w, Owes: p.Net < 0, TextY: barTop + i*barRow + 14,
			Short: f.Unit.format(p.Net), Title: provinceName(p.Province).Both() + " · " + exact(p.Net) + " 元 (CNY)",
		}
		if b.Owes {
			b.X, b.LabelX, b.ValueX = barAxis-w, barAxis+8, barAxis-w-6
		} else {
			b.X, b.LabelX, b.ValueX = barAxis, barAxis-8, barAxis+w+6
		}
		f.Bars = append(f.Bars, b)
	}
	return f
}
