package benefit

import (
	"fmt"
	"strings"
)

// Explain prints the plan in words, in Chinese for "zh" and otherwise in English:
// every rule with its article, what is assumed, and what is left out.
func (p *Plan) Explain(lang string) string {
	w := &explainer{lang: lang}
	w.line(0, "%s（%s）", "%s (%s)", p.Title(lang), p.ID())
	w.line(0, "适用区划：%s…；险种：%s", "area: %s…; insurance: %s", p.Area, p.Insurance)
	if len(p.Except) > 0 {
		w.line(0, "不含：%s", "except: %s", w.list(p.Except))
	}
	if p.Invented {
		w.line(0, "！演示虚构，不是任何地区的政策", "! invented for demonstrations; no region's policy")
	}
	w.line(0, "统筹区：%s", "own pooling area: %s", map[string]string{
		"plan": w.pick("整个适用区划", "the whole area"), "city": w.pick("地市", "each city"), "county": w.pick("区县", "each county"),
	}[p.Pool])
	if p.Scope == "home" {
		w.line(0, "目录：由参保地按费用明细分割（历史与测算用）", "catalogue: split by the home region from fee lines (for history and the laboratory)")
	}
	w.line(0, "版本按%s日确定", "the version is that of the day of %s", map[string]string{
		"discharge": w.pick("出院", "discharge"), "admission": w.pick("入院", "admission")}[p.ChosenBy])
	for i := range p.Versions {
		w.version(&p.Versions[i])
	}
	return w.String()
}

type explainer struct {
	strings.Builder
	lang string
	v    *planVersion
}

func (w *explainer) pick(zh, en string) string { return pick(w.lang, zh, en) }

func (w *explainer) list(items []string) string {
	return strings.Join(items, w.pick("、", ", "))
}

func (w *explainer) line(indent int, zh, en string, args ...any) {
	w.WriteString(strings.Repeat("  ", indent))
	fmt.Fprintf(w, w.pick(zh, en), args...)
	w.WriteByte('\n')
}

// block writes a line for a block of the plan with its article and whether it is assumed.
func (w *explainer) block(indent int, c *cited, text string) {
	if text == "" {
		return
	}
	if c.Article != "" {
		text += w.pick("〔", " [") + c.Article + w.pick("〕", "]")
	}
	if c.Assumed {
		text += w.pick("（推定：来源未规定）", " (assumed: the source is silent)")
	}
	w.line(indent, "%s", "%s", text)
}

func (w *explainer) say(zh, en string, args ...any) string {
	return fmt.Sprintf(w.pick(zh, en), args...)
}

func (w *explainer) version(v *planVersion) {
	w.v = v
	to := w.pick("长期", "open")
	if v.ValidTo.set {
		to = v.ValidTo.day.String()
	}
	w.WriteByte('\n')
	w.line(0, "【%s 至 %s】%s", "%s to %s%s", v.ValidFrom.day, to, w.versionMarks(v))
	w.line(1, "来源：%s", "source: %s", v.Source)
	for _, s := range v.Assumes {
		w.line(1, "推定：%s", "assumes: %s", s)
	}
	for _, s := range v.LeavesOut {
		w.line(1, "未纳入：%s", "leaves out: %s", s)
	}
	if len(v.LeavesOut) == 0 {
		w.line(1, "未纳入：无说明", "leaves out: nothing is named")
	}
	w.line(1, "取整：%s", "rounding: %s", w.rounding(v.Rounding))
	w.time(&v.Time)
	w.people(v)
	w.catalogue(v)
	w.away(v)
	w.deductible(&v.Deductible)
	for i := range v.Layers {
		w.layer(i+1, &v.Layers[i])
	}
	for i := range v.Ceilings {
		c := &v.Ceilings[i]
		of := map[string]string{"total": w.pick("总费用", "the total cost"), "in scope": w.pick("范围内费用", "the in-scope amount")}[c.Of]
		w.block(1, &c.cited, w.whom(&c.For)+w.say("各项支付合计不超过%s的%s%%", "all payments together are at most %[2]s %% of %[1]s", of, c.Percent.percentText()))
	}
	w.account(&v.Account)
}

func (w *explainer) versionMarks(v *planVersion) string {
	marks := w.pick(" 未核实", " (not verified)")
	if v.Verified {
		marks = w.pick(" 已核实", " (verified)")
	}
	if v.Invented {
		marks += w.pick(" ！演示虚构", " ! invented for demonstrations")
	}
	return marks
}

func (w *explainer) rounding(name string) string {
	return map[string]string{
		"fen":           w.pick("每段四舍五入到分后相加", "each segment half up to the fen, then summed"),
		"ten fen":       w.pick("每段四舍五入到分，基金支付四舍五入到角", "each segment to the fen, each fund's payment half up to 0.1 yuan"),
		"five decimals": w.pick("每段保留五位小数，合计四舍五入到分", "each segment to five decimals, the sum half up to the fen"),
	}[name]
}

func (w *explainer) time(t *timeRules) {
	w.block(1, &t.cited, w.say("待遇年度自%s起", "the benefit year begins on %s", t.YearBegins))
	if t.NewYear == "split by days" {
		part := map[string]string{"anew": w.pick("重新收取", "is charged anew"), "difference": w.pick("补差额", "is charged for the difference"), "none": w.pick("不再收取", "is not charged")}[t.LaterPart]
		counts := map[bool]string{true: w.pick("计入", "counts"), false: w.pick("不计入", "does not count")}[yes(t.LaterCounts)]
		w.line(1, "跨年度住院按天数分割为两年结算；后段起付线%s，%s新年度住院次数", "a stay over the new year is split by days; the deductible of the later part %s, and it %s as a stay of the new year", part, counts)
	} else {
		w.line(1, "跨年度住院按一次结算，计入出院年度", "a stay over the new year is one bill, counted in the year of discharge")
	}
	if t.PersonAsOf == "admission" {
		w.line(1, "人员身份以入院日为准", "people's facts are those of the day of admission")
	}
}

func (w *explainer) people(v *planVersion) {
	for i := range v.Groups {
		g := &v.Groups[i]
		w.block(1, &g.cited, w.say("%s：身份代码 %s", "%s: identities %s", pick(w.lang, g.ZH, g.EN), strings.Join(append(append([]string{}, g.Codes...), g.Person...), ", ")))
	}
	for i := range v.Kinds {
		k := &v.Kinds[i]
		w.block(1, &k.cited, w.say("%s：主诊断或医疗类别 %s", "%s: main diagnosis or med_type %s", pick(w.lang, k.ZH, k.EN), strings.Join(append(append([]string{}, k.Diagnosis...), k.MedTypes...), ", ")))
	}
}

func (w *explainer) catalogue(v *planVersion) {
	for i := range v.Catalogue {
		r := &v.Catalogue[i]
		what := w.list(append(append([]string{}, r.Classes...), r.Items...))
		if what == "" {
			what = w.pick("其余项目", "all other items")
		}
		text := w.say("目录 %s：先行自付%s%%", "catalogue %s: %s %% self-pay-first", what, r.SelfPayFirst.percentText())
		if r.OwnExpense {
			text = w.say("目录 %s：全自费", "catalogue %s: own expense", what)
		}
		w.block(1, &r.cited, text+w.catalogueMore(r))
	}
}

// catalogueMore says the price limit, the class and the days of a rule of the catalogue.
func (w *explainer) catalogueMore(r *catalogueRule) (text string) {
	if r.PriceLimit.set {
		text += w.say("，限价%s元", ", up to %s yuan for one unit", trimYuan(r.PriceLimit.fen))
	}
	if r.Class != "" {
		text += w.say("，归入%s类", ", of class %s", r.Class)
	}
	if r.From.set {
		text += w.say("，自%s起", ", from %s", r.From.day)
	}
	if r.To.set {
		text += w.say("，至%s止", ", until %s", r.To.day)
	}
	return text
}

func (w *explainer) away(v *planVersion) {
	w.line(1, "异地就医：", "out of area:")
	if len(v.LocalAlso) > 0 {
		w.line(2, "视同本地的就医地：%s", "treatment areas that count as local: %s", w.list(v.LocalAlso))
	}
	for i := range v.Away {
		r := &v.Away[i]
		whom := filingList(w.lang, r.Filing)
		whom += w.where(r.Where)
		if len(r.Hospital) > 0 {
			whom += w.say("（%s）", " (%s)", hospitals(w.lang, r.Hospital))
		}
		if words := r.For.words(w.lang, v); words != "" {
			whom += w.say("，%s", ", %s", words)
		}
		w.block(2, &r.cited, whom+w.pick("：", ": ")+w.awayChanges(r))
	}
}

// where says in brackets for which place of treatment a rule is; nothing if for any.
func (w *explainer) where(where string) string {
	return map[string]string{"same province": w.pick("（省内）", " (same province)"), "other province": w.pick("（跨省）", " (other province)")}[where]
}

func (w *explainer) awayChanges(r *awayRule) string {
	if r.SameAs != "" {
		return w.say("同%s", "as %s", translate(w.lang, r.SameAs))
	}
	if r.PaysNothing {
		return w.pick("不予支付", "nothing is paid")
	}
	var said []string
	add := func(text string) { said = append(said, text) }
	if r.SelfPayFirst.set {
		add(w.say("先行自付%s%%", "%s %% self-pay-first", r.SelfPayFirst.percentText()))
	}
	if r.Deductible.set {
		add(w.say("起付线%s", "deductible %s", w.amounts(&r.Deductible)))
	}
	if r.DeductibleShare.set {
		add(w.shareOfTotal(r))
	}
	if r.DeductibleRaise.set {
		add(w.say("起付线提高%s%%", "deductible raised by %s %%", r.DeductibleRaise.percentText()))
	}
	if r.Pays.set {
		add(w.say("支付%s", "pays %s", w.shares(&r.Pays)))
	}
	if r.PointsDown.set {
		add(w.say("比例降低%s个百分点", "ratio down by %s points", w.points(&r.PointsDown)))
	}
	if r.Factor.set {
		add(w.say("比例乘以%s", "ratio times %s", w.shares(&r.Factor)))
		if r.FactorDecimals != nil {
			add(w.say("乘积取%d位小数", "the product to %d decimals", *r.FactorDecimals))
		}
	}
	if len(r.Layers) > 0 {
		add(w.say("（层：%s）", "(layers: %s)", w.list(r.Layers)))
	}
	return w.list(said)
}

// shareOfTotal says a deductible that is a share of the stay's cost.
func (w *explainer) shareOfTotal(r *awayRule) string {
	text := w.say("起付线为总费用的%s%%", "the deductible is %s %% of the total cost", r.DeductibleShare.percentText())
	if r.DeductibleLeast.set {
		text += w.say("，不低于%s元", ", at least %s yuan", trimYuan(r.DeductibleLeast.fen))
	}
	if r.DeductibleMost.set {
		text += w.say("，不高于%s元", ", at most %s yuan", trimYuan(r.DeductibleMost.fen))
	}
	return text
}

func (w *explainer) deductible(d *deductible) {
	charged := map[string]string{
		"each stay": w.pick("每次住院", "each stay"), "once a year": w.pick("每年度一次", "once a year"),
		"topped up in the year":       w.pick("每年度一次，随后补足高等级差额", "once a year, topped up at a dearer hospital"),
		"by the year's highest level": w.pick("每年度按最高等级", "once a year, by the highest level used"),
		"once a quarter":              w.pick("每季度一次", "once a quarter"), "once a month": w.pick("每月一次", "once a month"),
		"once a year in each hospital": w.pick("每年度每家医院一次", "once a year in each hospital"),
	}[d.Charged]
	w.block(1, &d.cited, w.say("起付线（%s）：%s", "deductible (%s): %s", charged, w.amounts(&d.Amount)))
	if d.Later != nil {
		w.block(2, &d.Later.cited, w.whom(&d.Later.For)+w.later(d.Later))
	}
	if d.RenewDays > 0 {
		w.line(2, "住院每满%d天另收一次", "charged again every %d days of a stay", d.RenewDays)
		if d.RenewCounts {
			w.line(2, "每个后续周期计为一次住院", "each further cycle counts as a stay of the year")
		}
	}
	if d.YearMost.set {
		w.line(2, "年度内起付线累计不超过%s元", "all deductibles of a year together are at most %s yuan", trimYuan(d.YearMost.fen))
	}
	if d.TransferDays != nil {
		w.line(2, "出院后%d天内转院视为同一次住院", "an admission within %d days of a discharge continues that stay", *d.TransferDays)
	}
	if !yes(d.BelowCounts) {
		w.line(2, "未超过起付线的住院不计次数", "a stay below it does not count as a stay")
	}
	for i := range d.Special {
		s := &d.Special[i]
		text := w.pick("免收", "waived")
		switch {
		case s.Percent.set:
			text = w.say("按%s%%", "%s %% of it", s.Percent.percentText())
		case s.Amount.set:
			text = w.amounts(&s.Amount)
		}
		w.block(2, &s.cited, w.whom(&s.For)+text)
	}
}

func (w *explainer) later(l *laterStays) string {
	text := w.pick("年度内再次住院：", "later stays of the year: ")
	if l.Count == "at the same level" {
		text = w.pick("年度内同级医院再次住院：", "later stays of the year at the same level: ")
	}
	switch {
	case len(l.Percent) > 0:
		shares := make([]string, len(l.Percent))
		for i, p := range l.Percent {
			shares[i] = w.say("第%d次%s%%", "stay %d %s %%", i+2, p.percentText())
			if i == len(l.Percent)-1 {
				shares[i] = w.say("第%d次起%s%%", "from stay %d on %s %%", i+2, p.percentText())
			}
		}
		text += w.list(shares)
	case l.Minus.set:
		text += w.say("每次减%s元", "%s yuan less each", trimYuan(l.Minus.fen))
	default:
		text += w.say("每次减%s%%", "%s %% less each", l.MinusPercent.percentText())
	}
	if l.Floor.set {
		text += w.say("，不低于%s", ", not below %s", w.amounts(&l.Floor))
	}
	if l.FloorOf != "" {
		text += w.say("，不低于%s医院标准", ", not below the amount of the level %s", translate(w.lang, l.FloorOf))
	}
	return text
}

func (w *explainer) account(a *account) {
	text := w.pick("个人账户：不可用于本险种", "personal account: not used in this insurance")
	if a.Allowed {
		text = w.pick("个人账户：可支付个人负担部分", "personal account: may pay the person's share")
	}
	if len(a.Pays) > 0 {
		text += w.pick("：", ": ") + w.parts(a.Pays)
	}
	w.block(1, &a.cited, text)
}

// parts says parts of a bill by their names in the plan.
func (w *explainer) parts(names []string) string {
	said := make([]string, len(names))
	for i, name := range names {
		p, _ := partNamed(name)
		said[i] = pick(w.lang, partNamesZH[p], name)
	}
	return w.list(said)
}

// whom says for whom a block is, with a colon, or nothing if it is for all.
func (w *explainer) whom(c *condition) string {
	if words := c.words(w.lang, w.v); words != "" {
		return words + w.pick("：", ": ")
	}
	return ""
}

func (w *explainer) amounts(t *table[yuan]) string {
	return tableWords(w, t, func(y yuan) string { return trimYuan(y.fen) + w.pick("元", " yuan") })
}

func (w *explainer) shares(t *table[share100]) string {
	return tableWords(w, t, func(s share100) string { return s.percentText() + w.pick("%", " %") })
}

func (w *explainer) points(t *table[share100]) string {
	return tableWords(w, t, func(s share100) string { return s.percentText() })
}

func tableWords[T any](w *explainer, t *table[T], text func(T) string) string {
	said := make([]string, len(t.rows))
	for i, row := range t.rows {
		said[i] = text(row.value)
		if len(t.rows) > 1 || row.key != "any" {
			said[i] = hospitals(w.lang, []string{row.key}) + " " + said[i]
		}
	}
	return w.list(said)
}
