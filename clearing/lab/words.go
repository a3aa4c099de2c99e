package lab

// words are the words of the page. A key without a text shows itself, which a test
// forbids.
var words = map[string]Text{
	"title": {"政策实验室：草案与现行待遇对照", "Policy laboratory: a draft against what was booked"},
	"lead": {"把已日切各营业日的结算按草案待遇重新计算一遍，与账上结果逐笔对照。年度累计按账册顺序推算；不考虑就医行为的变化。",
		"Every bill of the closed days is computed again under the draft and held against what is booked. Person-years are carried in the books' order; people are taken to behave as they did."},
	"to":   {"至", "to"},
	"demo": {"演示数据", "Demonstration data"},
	"skip": {"跳至正文", "Skip to the figures"},
	"yuan": {"元", "yuan"},

	"install":        {"账册标识", "Books"},
	"records":        {"副本记录数", "Records in the copy"},
	"root":           {"副本 Merkle 根", "Merkle head of the copy"},
	"planset.draft":  {"草案政策集（摘要）", "Plan set of the draft (digest)"},
	"planset.booked": {"入账时的政策集（笔数）", "Plan set booked with (bills)"},

	"same":    {"草案与账上结果没有任何差异。", "The draft changes nothing."},
	"bills":   {"对照笔数", "Bills compared"},
	"changed": {"有变化", "Changed"},
	"less":    {"个人负担减少", "Person pays less"},
	"more":    {"个人负担增加", "Person pays more"},
	"refused": {"草案拒绝", "Refused by the draft"},

	"fund.booked":         {"基金支付（现行，元）", "Funds, as booked (yuan)"},
	"fund.draft":          {"基金支付（草案，元）", "Funds, under the draft (yuan)"},
	"fund.difference":     {"基金支付差额（元）", "Funds, difference (yuan)"},
	"personal.difference": {"个人负担差额（元）", "Persons, difference (yuan)"},

	"plans":      {"改动的政策", "Plans that differ"},
	"plans.note": {"与最近一笔结算入账时的政策集相比。", "Compared with the plan set of the newest bill."},
	"plans.none": {"没有改动。", "None."},
	"plan":       {"政策", "Plan"},
	"plan.title": {"名称", "Title"},
	"change":     {"改动", "Change"},

	"funds":      {"总计", "In all"},
	"booked":     {"现行", "Booked"},
	"draft":      {"草案", "Draft"},
	"difference": {"差额", "Difference"},
	"cost":       {"医疗费总额", "Total cost"},
	"fundtotal":  {"基金合计", "Funds together"},
	"account":    {"个人账户", "Personal account"},
	"cash":       {"个人现金", "Patient's cash"},
	"personal":   {"个人负担（账户与现金）", "Persons (account and cash)"},
	"total":      {"合计", "Total"},
	"nobills":    {"没有结算。", "No bills."},

	"figure":      {"各统筹区基金支付差额", "Difference in fund payment by pooling area"},
	"figure.note": {"向右实心条为基金多付，向左斜纹条为少付，单位：元。同样的数字见下表。", "Solid bars to the right: funds pay more; hatched bars to the left: less, in yuan. The same figures stand in the table below."},

	"refusals":      {"草案拒绝的结算", "Bills the draft refuses"},
	"refusals.note": {"草案没有适用政策或版本的结算不计入任何一栏，单独列在这里。逐笔清单见 clearctl lab --bills。", "Bills for which the draft has no plan or version stand in neither column and are listed here. Each of them: clearctl lab --bills."},
	"refusals.none": {"无。", "None."},
	"code":          {"代码", "Code"},
	"meaning":       {"含义", "Meaning"},
	"field":         {"字段", "Field"},
	"area":          {"参保统筹区", "Home area"},
	"insurance":     {"险种", "Insurance"},
	"count":         {"笔数", "Bills"},
	"first":         {"首笔账册号", "First record"},

	"full":      {"各组明细", "Every group in full"},
	"full.note": {"每组的各基金、个人账户与现金（元）。", "Each fund, the personal account and cash of every group (yuan)."},

	"basis":       {"依据与说明", "Basis"},
	"personyears": {"涉及的人员年度", "Person-years touched"},
	"others":      {"其间属于其他营业日、只计算不计入的结算", "Bills of other days between: computed, not counted"},
	"outoforder":  {"草案下从年度中间撤出或恢复的结算", "Bills taken out of, or put into, the middle of a year under the draft"},
	"adjustments": {"经办人员的调整记录（不在对照之内）", "Officers' adjustments (not compared)"},
	"assumptions": {"当时被拒绝的报文不重新尝试；撤销与冲正按发生时处理；草案如更换某层的编号，该层以前的累计不再适用。",
		"Messages refused at the time are not tried again; cancellations and reversals stay what they were; a draft that gives a layer another id loses what the year had used up in it."},
	"footer": {"由账本副本与草案政策计算；相同输入得到逐字节相同的结果。", "Made from a copy of the books and a draft; the same inputs give the same bytes."},
}

func say(key string) Text {
	if t, ok := words[key]; ok {
		return t
	}
	return Text{key, key}
}
