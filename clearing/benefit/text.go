package benefit

import "strings"

// Text says the step in one sentence with its figures: in Chinese for "zh" (and
// "zh-CN"), otherwise in English. The sentence is made from rule, inputs and output
// alone, so books that keep those can always print it.
func (s Step) Text(lang string) string {
	t, ok := sentences[s.Rule]
	if !ok {
		return s.Rule + " " + s.Output.String()
	}
	return s.fill(lang, pick(lang, t.zh, t.en))
}

// sentence is a step's text. {x} is the input named x, {x%} the same as a percentage,
// {output} the output, {chain} how a ratio came about. What stands in […] falls away
// when an input in it is missing or zero.
type sentence struct{ zh, en string }

var sentences = map[string]sentence{
	"scope": {"医疗费总额{total}元：全自费{own-expense}元、超限价{over-limit}元、先行自付{self-pay-first}元，符合政策范围{output}元",
		"of {total} yuan in all, own expense is {own-expense}, over price limits {over-limit}, self-pay-first {self-pay-first}; in scope is {output}"},
	"line": {"明细{line}：金额{amount}元，限价内{limited}元，先行自付{self-pay-first-share%}为{self-pay-first}元，范围内{output}元",
		"line {line}: of {amount} yuan {limited} is within the price limit; {self-pay-first-share%} self-pay-first is {self-pay-first}; in scope is {output}"},
	"line-own-expense": {"明细{line}：{amount}元不在目录内，全自费", "line {line}: {amount} yuan is outside the catalogue and wholly the person's"},
	"span": {"跨年度住院按天数分割：{year}年度{days}天，费用{total}元，其中符合政策范围{output}元",
		"stay over the new year, split by days: {days} days in {year}, {total} yuan, of it {output} in scope"},

	"hospital": {"就医地登记的医疗机构为{hospital}[，申报为{claimed}]", "the treatment province's register knows the hospital as {hospital}[; the claim says {claimed}]"},

	"filing-same":         {"“{filing}”与下列情形同等对待", "{filing} counts as what follows"},
	"filing-local":        {"按本地就医结算", "settled as a local stay"},
	"filing-as-local":     {"{filing}，按本地就医结算", "settled as a local stay ({filing})"},
	"filing":              {"按“{filing}”结算", "settled as {filing}"},
	"away-nothing":        {"该情形不予支付，{in-scope}元由个人负担", "nothing is paid in this case; {in-scope} yuan stays with the person"},
	"away-self-pay-first": {"异地就医先行自付：{in-scope}元×{share%}={output}元", "out-of-area self-pay-first: {in-scope} × {share%} = {output}"},

	"deductible-table": {"起付标准（{hospital}）为{output}元", "the deductible ({hospital}) is {output} yuan"},
	"deductible-share": {"起付标准为总费用{total}元的{share%}[，不低于{least}元][，不高于{most}元]，计{output}元",
		"the deductible is {share%} of the total cost of {total}[, at least {least}][, at most {most}]: {output}"},
	"deductible-year-most": {"年度内起付线累计不超过{most}元，已付{paid}元，本次应付{output}元",
		"all deductibles of the year are at most {most}; {paid} was paid, {output} is due"},
	"deductible-later":    {"年度第{stay}次住院，起付标准由{first}元降为{output}元", "stay {stay} of the year: the deductible falls from {first} to {output}"},
	"deductible-waived":   {"免收起付线", "the deductible is waived"},
	"deductible-special":  {"起付标准{amount}元按{share%}计为{output}元", "the deductible of {amount} counts {share%}: {output}"},
	"deductible-raised":   {"异地就医起付标准{amount}元提高{share%}，为{output}元", "out of area the deductible of {amount} rises by {share%} to {output}"},
	"deductible-renewed":  {"住院{days}天，每{every}天为一个周期，共{times}次起付，合计{output}元", "{days} days in hospital, a new deductible every {every} days: {times} of them, together {output}"},
	"deductible-transfer": {"转院视为同一次住院，已付起付线{paid}元，应补{output}元", "a transfer continues the stay before: {paid} was paid, {output} is due"},
	"deductible-year":     {"年度起付标准{year}元，已付{paid}元，应付{output}元", "the year's deductible is {year}; {paid} was paid, {output} is due"},
	"deductible-period":   {"{period}期间起付标准{amount}元，已付{paid}元，应付{output}元", "the deductible of {period} is {amount}; {paid} was paid, {output} is due"},
	"deductible-new-year": {"跨年后部分的起付线：前段已付{paid}元，本段应付{output}元", "deductible of the part in the new year: {paid} was paid before, {output} is due"},
	"deductible":          {"起付线应付{due}元，范围内金额{in-scope}元，实付起付线{output}元", "a deductible of {due} is due on {in-scope} in scope: {output} is really paid"},

	"layer":        {"{zh}：纳入计算金额{output}元", "{en}: {output} yuan enters"},
	"starts-above": {"起付标准{start}元，本次之前累计{position}元，本次{below}元在起付标准以下，纳入支付{output}元", "starts above {start}; {position} came before; of this bill {below} lies below; {output} is paid on"},
	"special":      {"适用特别规定：{for-zh}", "a special rule applies: {for-en}"},
	"cap":          {"封顶线{cap}元，已用{used}元，剩余{output}元", "the cap is {cap}; {used} is used up, {output} remains"},
	"cap-none":     {"不设封顶线", "there is no cap"},
	"cap-wage":     {"封顶线为平均工资{wage}元的{times}倍，即{output}元", "the cap is {times} times the average wage of {wage}: {output}"},
	"cap-raise":    {"连续参保奖励{years}年、零报销奖励{zero-claim-years}年，封顶线{cap}元提高{output}元", "{years} continuous and {zero-claim-years} zero-claim years raise the cap of {cap} by {output}"},
	"cap-cost":     {"费用封顶线{cap}元，已用{used}元[，起付线占{deductible}元]，本层计入{output}元", "the cap on cost is {cap}; {used} is used up[, the deductible takes {deductible}]; {output} counts in this layer"},
	"cap-split":    {"剩余可付{room}元，按{ratio%}反算，归本层的费用为{output}元", "{room} can still be paid; at {ratio%} this is reached with {output}, which belongs to this layer"},
	"segment":      {"{from}元至{to}元部分：{amount}元×{ratio%}={output}元{chain}", "from {from} to {to}: {amount} × {ratio%} = {output}{chain}"},
	"round":        {"各段合计{sum}元，支付{output}元", "the segments come to {sum}; {output} is paid"},
	"over-cap":     {"超过封顶线的金额{output}元", "{output} yuan lies above the cap"},
	"brings-up-to": {"保底：{of}元×{share%}={goal}元，以下各层已付{below}元，补足{output}元",
		"guaranteed: {share%} of {of} is {goal}; the layers below pay {below}; {output} is added"},
	"fixed":                {"定额支付{fixed}元，本层金额{amount}元，支付{output}元", "a fixed payment of {fixed}; on {amount} it pays {output}"},
	"class-self-pay-first": {"{class}类金额{amount}元先行自付{share%}，为{output}元", "class {class}: of {amount} yuan {share%} is self-pay-first: {output}"},
	"class":                {"{class}类金额{amount}元×{ratio%}={output}元", "class {class}: {amount} × {ratio%} = {output}"},

	"ceiling":      {"各项支付合计{paid}元，不得超过{of}元的{share%}，即{output}元", "all payments are {paid}; they may not be above {share%} of {of}: {output}"},
	"over-ceiling": {"超过总封顶，收回{output}元，余{left}元", "above the ceiling: {output} is taken back, {left} is left"},
	"account":      {"个人负担中可由个人账户支付{payable}元，余额{balance}元，个人账户支付{output}元", "of the person's share the account may pay {payable}; with a balance of {balance} it pays {output}"},
	"cash":         {"个人负担{left}元，个人账户支付{account}元，现金支付{output}元", "the person's share is {left}; the account pays {account}, cash is {output}"},
	"absent":       {"缺少“{fact}”，未给予相应优待", "{fact} is not known, so a privilege was not given"},
}

// chainWords are the links of a ratio's chain.
var chainWords = map[string]sentence{
	"table-ratio":      {"规定比例{%}", "the table's ratio {%}"},
	"own-ratio":        {"特定比例{%}", "own ratio {%}"},
	"points-up":        {"提高{points}个百分点", "{points} points up"},
	"own-share-factor": {"个人负担按{%}", "own share × {%}"},
	"factor":           {"系数{%}", "× {%}"},
	"away-ratio":       {"异地比例{%}", "out-of-area ratio {%}"},
	"away-points-down": {"异地降低{points}个百分点", "out of area {points} points down"},
	"away-factor":      {"异地系数{%}", "out of area × {%}"},
}

func (s Step) fill(lang, template string) string {
	var b strings.Builder
	for template != "" {
		i := strings.IndexAny(template, "{[")
		if i < 0 {
			b.WriteString(template)
			break
		}
		b.WriteString(template[:i])
		closing := map[byte]string{'{': "}", '[': "]"}[template[i]]
		inner, rest, _ := strings.Cut(template[i+1:], closing)
		if template[i] == '{' {
			b.WriteString(s.figure(lang, inner))
		} else if s.present(inner) {
			b.WriteString(s.fill(lang, inner))
		}
		template = rest
	}
	return b.String()
}

// figure is the text of one placeholder.
func (s Step) figure(lang, name string) string {
	switch name {
	case "output":
		return s.Output.String()
	case "chain":
		return s.chain(lang)
	}
	name, asPercent := strings.CutSuffix(name, "%")
	value, _ := s.input(name)
	switch {
	case asPercent:
		return percentOf(value) + pick(lang, "%", " %")
	case name == "hospital":
		return hospitals(lang, []string{value})
	}
	return translate(lang, value)
}

func (s Step) input(name string) (string, bool) {
	for _, in := range s.Inputs {
		if in.Name == name {
			return in.Value, true
		}
	}
	return "", false
}

// present reports whether every figure of an optional part is there and not zero.
func (s Step) present(part string) bool {
	for {
		_, rest, found := strings.Cut(part, "{")
		if !found {
			return true
		}
		name, after, _ := strings.Cut(rest, "}")
		if value, ok := s.input(name); !ok || value == "0.00" || value == "0" {
			return false
		}
		part = after
	}
}

// chain says how a ratio came about, if anything changed it.
func (s Step) chain(lang string) string {
	var said []string
	for _, in := range s.Inputs {
		link, ok := chainWords[in.Name]
		if !ok {
			continue
		}
		p := percentOf(in.Value)
		text := strings.ReplaceAll(pick(lang, link.zh, link.en), "{%}", p+pick(lang, "%", " %"))
		said = append(said, strings.ReplaceAll(text, "{points}", p))
	}
	if len(said) < 2 {
		return ""
	}
	return pick(lang, "（", " (") + strings.Join(said, pick(lang, "，", ", ")) + pick(lang, "）", ")")
}

// percentOf moves the point of exact decimal text by two places: "0.765" is "76.5".
func percentOf(value string) string {
	negative := strings.HasPrefix(value, "-")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(value, "-"), ".")
	for len(fraction) < 2 {
		fraction += "0"
	}
	whole = strings.TrimLeft(whole+fraction[:2], "0")
	if whole == "" {
		whole = "0"
	}
	if fraction = strings.TrimRight(fraction[2:], "0"); fraction != "" {
		whole += "." + fraction
	}
	if negative {
		return "-" + whole
	}
	return whole
}
