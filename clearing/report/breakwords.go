package report

// breakWords are the words of reconciliation, by family and the word of the code. A test
// holds that every class, cause, state, side and happening has its text.
var breakWords = map[string]Bi{
	"class.MISS_HOSP":  {"单边账（医药机构缺）", "missing at the hospital"},
	"class.MISS_TREAT": {"单边账（就医地缺）", "missing at the treatment side"},
	"class.MISS_HOME":  {"单边账（参保地缺）", "missing at the home side"},
	"class.SURPLUS":    {"长款（账册无此笔）", "surplus: not in the books"},
	"class.TIMING":     {"日切差异", "another business day"},
	"class.AMT_OVER":   {"金额不符（对方多）", "amount: the side has more"},
	"class.AMT_UNDER":  {"金额不符（账册多）", "amount: the books have more"},
	"class.SPLIT":      {"分项不符（合计相等）", "parts differ, sum equal"},
	"class.ROUND":      {"尾差（已证明）", "rounding, proved"},
	"class.DUP_IN":     {"重复（对方多笔）", "twice at the side"},
	"class.DUP_OUT":    {"重复（账册多笔）", "twice in the books"},
	"class.STATUS":     {"状态不符", "made here, taken back there"},
	"class.REV_ORPHAN": {"冲正无原交易", "takes back what nobody has"},
	"class.FIELD":      {"信息不符", "data differ"},
	"class.RULE":       {"政策版本不符（已证明）", "another version of the plan, proved"},
	"class.ELIG":       {"备案变更（已证明）", "filing changed, proved"},
	"class.TOTALS":     {"总额不符（待明细）", "totals differ, rows awaited"},
	"class.SEQ_GAP":    {"断号", "statements missing"},
	"class.SEQ_REUSE":  {"重号", "number used again"},
	"class.VALID":      {"校验失败", "statement refused"},

	"class.EXPECTED": {"待对账（不是差异）", "not due yet: no break"},

	"cause.":                        {"原因未明", "unknown"},
	"cause.reversal-across-cut-off": {"冲正跨日切", "reversal across the cut-off"},
	"cause.posted-twice":            {"重发重复入账", "posted twice after a retry"},
	"cause.offsetting-pair":         {"互抵", "offsetting pair"},
	"cause.rounding-step":           {"取整步骤", "one named rounding step"},
	"cause.plan-version":            {"政策版本", "another version of the plan"},
	"cause.refund-at-insurer":       {"经办机构直接退费", "refunded directly at the insurer"},
	"cause.filing-changed":          {"备案追溯变更", "filing changed afterwards"},

	"break.open":     {"待处理", "open"},
	"break.proposed": {"已提议，待复核", "proposed, to be checked"},
	"break.resolved": {"已消除", "resolved"},
	"break.decided":  {"已决定", "decided"},
	"break.gone":     {"已不存在", "gone"},

	"more.":      {"金额相等", "equal"},
	"more.books": {"账册多", "the books have more"},
	"more.side":  {"对方多", "the side has more"},

	"party.":          {"–", "–"},
	"party.hospital":  {"医药机构", "hospital"},
	"party.treatment": {"就医地", "treatment side"},
	"party.home":      {"参保地", "home side"},

	"says.":          {"–", "–"},
	"says.agrees":    {"一致", "agrees"},
	"says.tied":      {"总额一致", "totals agree"},
	"says.awaited":   {"待对账", "not due yet"},
	"says.differs":   {"不一致", "differs"},
	"says.not-asked": {"不参与", "not asked"},

	"happened.new":      {"新增", "new"},
	"happened.changed":  {"数字有变", "figures changed"},
	"happened.reopened": {"重新打开", "opened again"},
	"happened.resolved": {"自动消除", "resolved by itself"},
	"happened.decided":  {"已决定", "decided"},
	"happened.gone":     {"不再存在", "gone"},

	"auto.timing-pair":     {"日切差异已到齐", "timing pair appeared"},
	"auto.offsetting-pair": {"同一链内互抵", "offsetting pair in one claim chain"},
	"auto.late-row":        {"迟到对账相等", "an equal row came late"},
	"auto.rounding-step":   {"取整步骤已证明", "rounding step proved"},

	"age.notdue":  {"未到期", "not due yet"},
	"age.today":   {"当日到期", "due today"},
	"age.days":    {"逾期 %d–%d 个工作日", "overdue %d–%d working days"},
	"age.forever": {"逾期 %d 个工作日以上，至建账", "overdue %d working days and more, to the beginning"},

	"decide.accept":           {"认账：账册随对方", "accept: the books follow the side"},
	"decide.close":            {"结案：账册不变", "close: the books stay as they are"},
	"decide.assign-hospital":  {"转医药机构", "assign to the hospital"},
	"decide.assign-treatment": {"转就医地", "assign to the treatment side"},
	"decide.assign-home":      {"转参保地", "assign to the home side"},
	"decide.comment":          {"仅备注", "comment only"},
}
