package benefit

import (
	"slices"
	"strings"

	"clearingd/ledger"
)

func (c *checker) layers() {
	if len(c.v.Layers) == 0 && c.v.has("layer") {
		c.problem(c.v.on("layer"), "至少应有一个 [[version.layer]]", "at least one [[version.layer]] is needed")
	}
	var ids, fundsSeen []string
	for i := range c.v.Layers {
		l := &c.v.Layers[i]
		if l.has("id") && slices.Contains(ids, l.ID) {
			c.problemf(l.on("id"), "层 %q 重复", "layer %q stands twice", l.ID)
		}
		if l.has("id") && (!isName(l.ID) || contains(stations, l.ID)) {
			c.problemf(l.on("id"), "层的 id %q 应为小写字母、数字、连字符，且不为 %s", "layer id %q must be lower-case letters, digits and hyphens, and none of %s", l.ID, strings.Join(stations, ", "))
		}
		if l.has("fund") && !slices.Contains(funds, l.Fund) {
			c.problemf(l.on("fund"), "未知基金 %q，是否应为 %q？", "unknown fund %q; did you mean %q?", l.Fund, nearest(l.Fund, funds))
		}
		l.firstOfFund = !slices.Contains(fundsSeen, l.Fund)
		ids, fundsSeen = append(ids, l.ID), append(fundsSeen, l.Fund)
		c.layer(l, i)
	}
}

// stations are the fixed words of a trace that no layer may use.
var stations = []string{"scope", "filing", "deductible", "ceiling", "account", "cash"}

func (c *checker) layer(l *layer, i int) {
	c.condition(&l.For)
	c.takes(l, i)
	l.rounding = l.Rounding
	switch l.Rounding {
	case "":
		l.rounding = c.v.Rounding
	case "fen", "ten fen", "five decimals":
	default:
		c.problemf(l.on("rounding"), "rounding %q 应为 fen、ten fen、five decimals 之一", "rounding %q must be fen, ten fen or five decimals", l.Rounding)
	}
	switch {
	case l.has("brings_up_to"):
		c.guarantees(l, i)
	case l.has("segment"):
		c.segments(l.Line, l.Segments)
	default:
		c.problem(l.Line, "缺少 segment", "segment is missing")
	}
	if i == 0 && len(l.Starts) > 0 {
		c.problem(l.Starts[0].Line, "第一层不写 starts_above，起付线写在 [version.deductible]", "the first layer has no starts_above; its deductible is [version.deductible]")
	}
	var order []ordered
	for j := range l.Starts {
		s := &l.Starts[j]
		c.condition(&s.For)
		c.atMost(s.Percent, one)
		if set(s.Yuan.set, s.Percent.set) != 1 {
			c.problem(s.Line, "应恰好写 yuan、percent_of_total 之一", "write exactly one of yuan and percent_of_total")
		}
		order = append(order, ordered{line: s.Line, always: s.For.empty()})
	}
	c.reached(order)
	for j := range l.Classes {
		c.atMost(l.Classes[j].SelfPayFirst, one)
		c.paid(&l.Classes[j].Pays)
	}
	if len(l.Classes) > 0 && c.plan.Scope != "home" {
		c.problem(l.Classes[0].Line, "class 仅用于 scope = \"home\"", "class only goes with scope = \"home\"")
	}
	for j := range l.Special {
		c.special(&l.Special[j])
	}
	order = nil
	for j := range l.Caps {
		x := &l.Caps[j]
		c.cap(l, x)
		order = append(order, ordered{name: x.Name, line: x.Line, always: x.For.empty()})
	}
	c.reached(order)
}

func (c *checker) takes(l *layer, i int) {
	for _, name := range l.Takes {
		p, ok := partNamed(name)
		if !ok {
			c.unknownPart(l.on("takes"), name)
			continue
		}
		if slices.Contains(l.takes, p) {
			c.problemf(l.on("takes"), "takes 中 %q 重复", "takes: %q stands twice", name)
		}
		l.takes = append(l.takes, p)
	}
	l.entry = slices.Contains(l.takes, partInScope)
	l.absorbs = l.entry || len(l.takes) == 1 && l.takes[0] == partOverCap && len(l.UpTo) == 0
	if len(l.Takes) == 0 && l.has("takes") {
		c.problem(l.on("takes"), "takes 不能为空", "takes is empty")
	}
	if l.entry && len(l.takes) > 1 {
		c.problem(l.on("takes"), "\"in scope\" 只能单独写", "\"in scope\" must stand alone in takes")
	}
	if len(l.takes) > 0 && l.entry != (i == 0) {
		c.problem(l.on("takes"), "第一层（且仅第一层）须为 takes = [\"in scope\"]", "the first layer, and no other, must have takes = [\"in scope\"]")
	}
	if !l.entry && l.Measured == "by payment" && l.Counted == "on the year" {
		c.problem(l.on("measured"), "\"by payment\" 不能与 \"on the year\" 同用", "\"by payment\" does not go with \"on the year\"")
	}
}

// guarantees checks a layer that brings up to a share what those below it have paid. Such a
// layer has no ratios of its own.
func (c *checker) guarantees(l *layer, i int) {
	if i == 0 {
		c.problem(l.on("brings_up_to"), "第一层不能写 brings_up_to：其下没有已支付的层", "the first layer has no brings_up_to: nothing below it has paid")
	}
	for _, key := range []string{"segment", "special", "class", "starts_above", "counted", "bounds", "measured"} {
		if l.has(key) {
			c.problemf(l.on(key), "%s 不能与 brings_up_to 同写", "%s does not go with brings_up_to", key)
		}
	}
	var order []ordered
	for j := range l.UpTo {
		g := &l.UpTo[j]
		c.condition(&g.For)
		c.atMost(g.Percent, one)
		c.noFraction(g.Percent)
		order = append(order, ordered{where: g.Where, line: g.Line, always: g.For.empty()})
	}
	c.reached(order)
}

func (c *checker) unknownPart(line int, name string) {
	c.problemf(line, "未知的费用部分 %q，是否应为 %q？可用：%s", "unknown part %q; did you mean %q? Known: %s",
		name, nearest(name, partNames[:]), strings.Join(partNames[:], ", "))
}

func (c *checker) segments(line int, segments []segment) {
	if len(segments) == 0 {
		c.problem(line, "至少应有一个 segment", "at least one segment is needed")
		return
	}
	var last ledger.Amount
	for i := range segments {
		s := &segments[i]
		c.paid(&s.Pays)
		final := i == len(segments)-1
		switch {
		case s.UpTo.set && final:
			c.problem(s.UpTo.line, "最后一段不写 up_to（封顶请用 cap）", "the last segment has no up_to (limit a layer with a cap)")
		case !s.UpTo.set && !final:
			c.problem(s.Line, "除最后一段外都须写 up_to", "every segment but the last needs up_to")
		case s.UpTo.sane && s.UpTo.fen <= last:
			c.problemf(s.UpTo.line, "分段次序不对：up_to 应大于 %s", "segments out of order: up_to must be above %s", trimYuan(last))
		}
		last = max(last, s.UpTo.fen)
	}
}

func (c *checker) special(s *specialRatio) {
	c.condition(&s.For)
	if set(s.Points.set, s.OwnShare.set, s.Pays.set, len(s.Segments) > 0, s.Factor.set, s.Fixed.set) == 0 {
		c.problem(s.Line, "应写 points_up、own_share、pays、segment、factor、fixed_payment 之一", "write one of points_up, own_share, pays, segment, factor and fixed_payment")
	}
	c.ratios(&s.Points)
	c.paid(&s.Pays)
	c.atMost(s.OwnShare, one)
	if len(s.Segments) > 0 {
		c.segments(s.Line, s.Segments)
	}
}

func (c *checker) cap(l *layer, x *capRule) {
	c.condition(&x.For)
	if set(x.Yuan.set, x.WageTimes.set, x.None) != 1 {
		c.problem(x.Line, "应恰好写 yuan、wage_times、none 之一", "write exactly one of yuan, wage_times and none")
	}
	if x.WageTimes.set && !c.v.Wage.set {
		c.problem(x.on("wage_times"), "wage_times 须有版本的 average_wage", "wage_times needs the version's average_wage")
	}
	c.layerNames(x.on("with"), x.With)
	if x.On == "cost" && (!l.absorbs || len(x.With) > 0 || x.Outpatient || x.Name != "") {
		c.problem(x.Line, "费用封顶仅用于取 \"in scope\" 或 \"over cap\" 的层，且不与 with、outpatient、name 同用",
			"a cap on cost is for layers that take \"in scope\" or \"over cap\", without with, outpatient or name")
	}
	if x.WithDeductible && (x.On != "cost" || !l.entry) {
		c.problem(x.on("counts_deductible"), "counts_deductible 仅用于第一层的费用封顶", "counts_deductible only goes with a cap on cost in the first layer")
	}
	if x.Name != "" && len(x.With) > 0 {
		c.problem(x.on("with"), "有 name 的封顶不能写 with", "a cap with a name has no with")
	}
	if x.Raise != nil {
		c.atMost(x.Raise.AtMost, one)
	}
}

func (c *checker) layerNames(line int, names []string) {
	var known []string
	for i := range c.v.Layers {
		known = append(known, c.v.Layers[i].ID)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			c.problemf(line, "未知的层 %q，已有：%s", "unknown layer %q; known: %s", name, strings.Join(known, ", "))
		}
	}
}
