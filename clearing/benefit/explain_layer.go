package benefit

import (
	"clearingd/ledger"
)

func (w *explainer) layer(n int, l *layer) {
	w.block(1, &l.cited, w.say("第%d层 %s（%s，基金%s）：%s支付%s", "layer %d, %s (%s, fund %s): %spays on %s",
		n, pick(w.lang, l.ZH, l.EN), l.ID, l.Fund, w.whom(&l.For), w.parts(l.Takes)))
	if l.Counted == "on the year" {
		w.line(2, "按年度累计计算", "counted on the year's sum")
	}
	for i := range l.Starts {
		s := &l.Starts[i]
		start := trimYuan(s.Yuan.fen) + w.pick("元", " yuan")
		if s.Percent.set {
			start = w.say("总费用的%s%%", "%s %% of the total cost", s.Percent.percentText())
		}
		w.block(2, &s.cited, w.whom(&s.For)+w.say("起付标准%s", "starts above %s", start))
	}
	for i := range l.Classes {
		c := &l.Classes[i]
		text := w.say("%s类：先行自付%s%%", "class %s: %s %% self-pay-first", c.Name, c.SelfPayFirst.percentText())
		if c.Pays.set {
			text += w.say("，支付%s", ", pays %s", w.shares(&c.Pays))
		}
		w.block(2, &c.cited, text)
	}
	w.segments(2, l, l.Segments)
	for i := range l.UpTo {
		g := &l.UpTo[i]
		of := map[string]string{"total": w.pick("总费用", "the total cost"), "in scope": w.pick("范围内费用", "the in-scope amount"),
			"total above the deductible": w.pick("总费用减去起付线", "the total cost less the deductible")}[g.Of]
		w.block(2, &g.cited, w.whom(&g.For)+w.say("以下各层合计不足%s的%s%%%s的，补足到该数", "brings what the layers below pay up to %[2]s %% of %[1]s%[3]s", of, g.Percent.percentText(), w.where(g.Where)))
	}
	for i := range l.Special {
		w.special(l, &l.Special[i])
	}
	for i := range l.Caps {
		w.cap(&l.Caps[i])
	}
	if l.rounding != w.v.Rounding {
		w.line(2, "取整：%s", "rounding: %s", w.rounding(l.rounding))
	}
}

func (w *explainer) segments(indent int, l *layer, segments []segment) {
	start := w.pick("起付标准", "the layer's start")
	if l.entry {
		start = w.pick("起付线", "the deductible")
	}
	measure := w.say("（%s以上）", " (above %s)", start)
	if l.Bounds == "including the deductible" {
		measure = w.say("（含%s）", " (including %s)", start)
	}
	switch {
	case l.Measured == "by payment":
		measure = w.pick("（按支付额）", " (measured by payment)")
	case !l.entry && len(l.Starts) == 0:
		measure = ""
	}
	from := ledger.Amount(0)
	for i := range segments {
		s := &segments[i]
		bounds := w.say("%s元以上%s", "above %s yuan%s", trimYuan(from), measure)
		switch {
		case len(segments) == 1:
			w.block(indent, &s.cited, w.say("支付比例：%s", "pays %s", w.shares(&s.Pays)))
			continue
		case s.UpTo.set:
			bounds = w.say("%s元至%s元%s", "%s to %s yuan%s", trimYuan(from), trimYuan(s.UpTo.fen), measure)
		}
		w.block(indent, &s.cited, w.say("%s：支付%s", "%s: pays %s", bounds, w.shares(&s.Pays)))
		from = s.UpTo.fen
	}
}

func (w *explainer) special(l *layer, s *specialRatio) {
	var said []string
	add := func(zh, en string, args ...any) { said = append(said, w.say(zh, en, args...)) }
	if s.Points.set {
		add("提高%s个百分点", "%s points up", w.points(&s.Points))
	}
	if s.OwnShare.set {
		add("个人负担为原来的%s%%", "the own share is %s %% of what it was", s.OwnShare.percentText())
	}
	if s.Pays.set {
		add("支付%s", "pays %s", w.shares(&s.Pays))
	}
	if s.Factor.set {
		add("比例乘以%s%%", "ratio times %s %%", s.Factor.percentText())
	}
	if s.Fixed.set {
		add("定额支付%s元", "a fixed payment of %s yuan", trimYuan(s.Fixed.fen))
	}
	if len(s.Segments) > 0 {
		add("适用以下分段", "these segments")
	}
	w.block(2, &s.cited, w.whom(&s.For)+w.list(said))
	w.segments(3, l, s.Segments)
}

func (w *explainer) cap(c *capRule) {
	amount := w.say("%s元", "%s yuan", trimYuan(c.Yuan.fen))
	if c.WageTimes.set {
		amount = w.say("平均工资%s元的%s倍", "%[2]s times the average wage of %[1]s", trimYuan(w.v.Wage.fen), trimYuan(c.WageTimes.fen))
	}
	per := map[string]string{"year": w.pick("年度", "a year"), "stay": w.pick("每次住院", "a stay")}[c.Per]
	on := map[string]string{"payment": w.pick("支付封顶", "cap on payment"), "cost": w.pick("费用封顶", "cap on cost")}[c.On]
	text := w.say("%s%s%s", "%[2]s, %[1]s: %[3]s", per, on, amount)
	if c.None {
		text = w.pick("不封顶", "no cap")
	}
	if c.Name != "" {
		text += w.say("，单独累计（%s）", ", counted apart (%s)", c.Name)
	}
	if len(c.With) > 0 {
		text += w.say("，与%s合并计算", ", shared with %s", w.list(c.With))
	}
	if c.Outpatient {
		text += w.pick("，含门诊支付", ", outpatient payments included")
	}
	if c.WithDeductible {
		text += w.pick("，含起付线", ", the deductible included")
	}
	w.block(2, &c.cited, w.whom(&c.For)+text)
	if r := c.Raise; r != nil {
		text := w.say("连续参保满%d年后，每增加1年提高%s元；零报销每年提高%s元", "raised by %[2]s yuan for each continuous year after %[1]d, and by %[3]s yuan for each zero-claim year",
			r.AfterYears, trimYuan(r.PerYear.fen), trimYuan(r.PerZeroYear.fen))
		if r.AtMost.set {
			text += w.say("；合计不超过封顶线的%s%%", "; together at most %s %% of the cap", r.AtMost.percentText())
		}
		w.block(3, &r.cited, text)
	}
}
