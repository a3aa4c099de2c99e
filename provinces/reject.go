package provinces

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Code numbers a refusal. The numbers travel to hospitals: append-only, never reused.
// The order of the groups is the order of the checks, so the same bad message always
// gets the same code:
//
//	1xxx message · 2xxx person and filing · 3xxx amounts · 4xxx plan · 5xxx state ·
//	6xxx statements · 7xxx officers' acts, 71xx monthly confirmation · 9xxx ours
type Code int

// Advice says what the sender should do about a refusal.
type Advice string

const (
	Correct Advice = "correct" // 更正后重发: correct the message and send it under a new msgid
	Wait    Advice = "wait"    // 稍后重发: nothing is wrong with the message; send it again later under a new msgid
	Ask     Advice = "ask"     // 联系经办机构: people must agree first
)

// Refusal codes.
const (
	CodeMalformed        Code = 1001 // not a JSON object in UTF-8, or data after it
	CodeDuplicateKey     Code = 1002 // a member name stands twice in one object
	CodeTooDeep          Code = 1003 // nested deeper, or with more members, than any real message
	CodeMissing          Code = 1004 // a required member is absent, null or empty
	CodeForm             Code = 1005 // a member has the wrong form
	CodeInfno            Code = 1006 // unknown transaction number
	CodeSubject          Code = 1007 // subject and body disagree
	CodeProvince         Code = 1008 // not one of the 32 provinces
	CodeInterim          Code = 1009 // interim settlement is not offered
	CodePeriod           Code = 1010 // discharge before admission, or in the future
	CodeUnknownCode      Code = 1011 // a code outside its code table
	CodePersonUnknown    Code = 2001 // the home region does not know the person
	CodePersonMismatch   Code = 2002 // what the registry knows contradicts the claim
	CodeThirdParty       Code = 2003 // injury with a liable third party
	CodeNotInsured       Code = 2004 // no insurance of this kind in force at the stay
	CodeAmountForm       Code = 3001 // not an amount in yuan with at most two decimals
	CodeAmountSign       Code = 3002 // an amount below zero where none may be
	CodeAmountSum        Code = 3003 // the four scope amounts do not add up to the total
	CodeLineSum          Code = 3004 // a fee line, or the lines together, do not add up
	CodeNoPlan           Code = 4001 // no benefit plan for the area and insurance type
	CodeNoVersion        Code = 4002 // no plan version in force on the day that counts
	CodeUnverified       Code = 4003 // the plan is not verified and the settings demand it
	CodePlanGap          Code = 4004 // the plan has no rule for this stay
	CodeConflict         Code = 5001 // the stay is booked with other content
	CodeReversedBefore   Code = 5002 // a reversal for this msgid came first
	CodeUnknownSettle    Code = 5003 // no such settlement of this provider
	CodeNotLast          Code = 5004 // a later settlement of the person-year stands
	CodeStayMismatch     Code = 5005 // the settlement is of another person or stay
	CodeStateOther       Code = 5006 // the original's state does not allow this
	CodeMsgIDUsed        Code = 5007 // the msgid was used before, for other bytes
	CodeDocumentConflict Code = 5008 // the register has the document's version with other content, or another document in its place
	CodeDocumentOld      Code = 5009 // the register has a later version of the document
	CodeStatementRange   Code = 6001 // a statement's range is neither one day nor one whole month
	CodeStatementParts   Code = 6002 // a part of the file is missing or too long, or length or digest of the whole is wrong
	CodeStatementSize    Code = 6003 // file, line or number of rows beyond the bounds
	CodeStatementFile    Code = 6004 // not a file of the format it says: no ZIP, several files in it, a bomb, no rows
	CodeStatementCharset Code = 6005 // bytes that are no characters of the character set
	CodeStatementColumns Code = 6006 // a column is missing, unknown or there twice, or a row has too few or too many
	CodeStatementFormula Code = 6007 // a cell that a spreadsheet would compute
	CodeStatementForeign Code = 6008 // a row or a total of another party or province
	CodeStatementTwice   Code = 6009 // a row stands twice
	CodeStatementTotal   Code = 6010 // a total is not the sum of its rows, or a row's funds not that of its parts
	CodeStatementReuse   Code = 6011 // id, part or serial was used before, for other content
	CodeStatementHorizon Code = 6012 // a horizon that lies ahead
	CodeFourEyes         Code = 7001 // maker and checker are not two named persons
	CodeActForm          Code = 7002 // an officer's order lacks something, or has what its kind does not take
	CodeActObject        Code = 7003 // what was decided upon is not as it was seen
	CodeActTarget        Code = 7004 // there is nothing of that name to decide upon
	CodeActState         Code = 7005 // its state does not allow this step
	CodeActParty         Code = 7006 // it is not for this province to decide
	CodeActAmount        Code = 7007 // the amounts are more than stands, or do not add up to what is decided
	CodeActClock         Code = 7008 // no due date: the calendar does not know the year
	CodeMonthPeriod      Code = 7101 // the clearing period cannot be confirmed now
	CodeMonthRow         Code = 7102 // no such row of this institution in the period
	CodeMonthDiffers     Code = 7103 // the row is not what the books have
	CodeMonthDone        Code = 7104 // the row is confirmed already
	CodeMonthHeld        Code = 7105 // agency and hospital do not agree about the row: a difference is open
	CodeMonthBatch       Code = 7106 // no such confirmation of this institution in the period
	CodeMonthGone        Code = 7107 // the confirmation cannot be rolled back any more
	CodeMonthCount       Code = 7108 // totalrow is not the number of rows, or a row stands twice
	CodeMonthLate        Code = 7109 // the row is past the end of the first quarter of the year after its own
	CodeInternal         Code = 9001 // our own fault, three times; quarantined
)

// Text is what a code means, in both languages, and what to do.
type Text struct {
	Name   string // stable short name for programs and documents
	ZH, EN string
	Advice Advice
}

var texts = map[Code]Text{
	CodeMalformed:        {"malformed", "报文不是有效的UTF-8编码JSON对象", "the message is not one JSON object in valid UTF-8", Correct},
	CodeDuplicateKey:     {"duplicate-key", "报文含重复字段", "a member stands twice in one object", Correct},
	CodeTooDeep:          {"too-deep", "报文嵌套过深或字段过多", "the message is nested too deeply or has too many members", Correct},
	CodeMissing:          {"missing", "必填字段缺失或为空", "a required member is missing, null or empty", Correct},
	CodeForm:             {"form", "字段格式不正确", "a member has the wrong form", Correct},
	CodeInfno:            {"infno", "不支持的交易编号", "unknown transaction number", Correct},
	CodeSubject:          {"subject", "报文内容与发布主题不一致", "subject and body disagree", Correct},
	CodeProvince:         {"province", "行政区划不在31个省及兵团之内", "not one of the 31 provinces and the XPCC", Correct},
	CodeInterim:          {"interim", "暂不支持中途结算", "interim settlement is not offered", Correct},
	CodePeriod:           {"period", "出入院时间不合理", "the times of admission and discharge cannot be", Correct},
	CodeUnknownCode:      {"unknown-code", "代码不在字典范围内", "a code is outside its code table", Correct},
	CodePersonUnknown:    {"person-unknown", "参保地无此人员信息", "the home region does not know the person", Ask},
	CodePersonMismatch:   {"person-mismatch", "人员信息与参保地登记不符", "the person's data contradict the home region's register", Correct},
	CodeThirdParty:       {"third-party", "外伤涉及第三方责任，不予直接结算", "an injury with a liable third party is not settled directly", Ask},
	CodeNotInsured:       {"not-insured", "住院期间无该险种有效参保", "no insurance of this kind in force at the stay", Ask},
	CodeAmountForm:       {"amount-form", "金额格式不正确（元，最多两位小数）", "not an amount in yuan with at most two decimals", Correct},
	CodeAmountSign:       {"amount-sign", "金额不得为负", "an amount is below zero", Correct},
	CodeAmountSum:        {"amount-sum", "四项分割金额之和不等于医疗费总额", "the four scope amounts do not add up to the total", Correct},
	CodeLineSum:          {"line-sum", "费用明细金额不闭合", "the fee lines do not add up", Correct},
	CodeNoPlan:           {"no-plan", "参保地该险种无待遇政策", "no benefit plan for the home area and insurance type", Ask},
	CodeNoVersion:        {"no-version", "该日期无有效待遇政策版本", "no plan version in force on the day that counts", Ask},
	CodeUnverified:       {"unverified", "待遇政策未经核实，系统设置不允许结算", "the plan is not verified and the settings demand it", Wait},
	CodePlanGap:          {"plan-gap", "待遇政策未规定此种情形", "the plan has no rule for this stay", Ask},
	CodeConflict:         {"conflict", "该次住院已结算且内容不同", "the stay is booked with other content", Ask},
	CodeReversedBefore:   {"reversed-before", "该报文已先被冲正", "a reversal for this message came first", Correct},
	CodeUnknownSettle:    {"unknown-settlement", "无此结算记录", "no such settlement of this provider", Correct},
	CodeNotLast:          {"not-last", "该人员本年度有后续结算，须先撤销", "a later settlement of the person-year stands; cancel that first", Correct},
	CodeStayMismatch:     {"stay-mismatch", "结算记录与人员或就诊不符", "the settlement is of another person or stay", Correct},
	CodeStateOther:       {"state", "原交易状态不允许此操作", "the original's state does not allow this", Ask},
	CodeMsgIDUsed:        {"msgid-used", "报文ID已被其他内容使用", "the msgid was used before, for other content", Correct},
	CodeDocumentConflict: {"document-conflict", "登记文档的该版本已有不同内容，或已有同类文档", "the register has this version with other content, or another document in its place", Correct},
	CodeDocumentOld:      {"document-old", "登记文档已有更新版本", "the register has a later version of the document", Correct},
	CodeStatementRange:   {"statement-range", "对账区间须为一日或一整月", "a statement is about one day or one whole month", Correct},
	CodeStatementParts:   {"statement-parts", "对账文件分片缺失、过长，或总长度、摘要不符", "parts of the file are missing or too long, or its length or digest is not as stated", Correct},
	CodeStatementSize:    {"statement-size", "对账文件、行长或行数超过上限", "the file, a line of it or its number of rows is beyond the bounds", Correct},
	CodeStatementFile:    {"statement-file", "对账文件不是所述格式（压缩包须仅含一个文件，解压后不得过大）", "not a file of the stated format; a ZIP holds exactly one file of bearable size", Correct},
	CodeStatementCharset: {"statement-charset", "对账文件含有不属于所述字符集的字节", "bytes that are no characters of the stated character set", Correct},
	CodeStatementColumns: {"statement-columns", "对账文件的列缺失、重复、未知，或列数不符", "a column is missing, unknown or there twice, or a row has not as many", Correct},
	CodeStatementFormula: {"statement-formula", "单元格以 = + - @ 开头，会被电子表格当作公式", "a cell begins with = + - or @, which a spreadsheet takes for a formula", Correct},
	CodeStatementForeign: {"statement-foreign", "对账数据含有其他机构或其他省份的记录", "a row or a total of another party or province", Correct},
	CodeStatementTwice:   {"statement-twice", "对账文件中同一结算出现两次", "a row stands twice", Correct},
	CodeStatementTotal:   {"statement-total", "合计与其明细之和不一致", "a total is not the sum of its rows, or a row's funds not the sum of its parts", Correct},
	CodeStatementReuse:   {"statement-reuse", "对账单编号、分片或序号已用于其他内容", "the id, part or serial was used before, for other content", Correct},
	CodeStatementHorizon: {"statement-horizon", "报齐日期尚未到来", "a horizon that lies ahead: nobody is complete up to a day that has not come", Correct},
	CodeFourEyes:         {"four-eyes", "经办人与复核人须为两个不同的人，各以一行文字署名", "maker and checker must be two persons, each named in one line", Correct},
	CodeActForm:          {"act-form", "经办指令不完整或不合此类经办的要求", "the order lacks something, or has what its kind does not take", Correct},
	CodeActObject:        {"act-changed", "经办对象在查看之后已有变化，请重新查看后再决定", "what was decided upon has changed since it was seen; look again", Correct},
	CodeActTarget:        {"act-target", "无此经办对象", "there is nothing of that name to decide upon", Correct},
	CodeActState:         {"act-state", "当前状态不允许此项经办", "its state does not allow this step", Ask},
	CodeActParty:         {"act-party", "此事不由该省经办", "it is not for this province to decide", Ask},
	CodeActAmount:        {"act-amount", "金额超过该结算现存金额，或与所决定的差额不符", "the amounts are more than stands of the bill, or do not add up to what is decided", Correct},
	CodeActClock:         {"act-clock", "工作日历未载该年度，无法确定期限", "the working-day calendar does not know the year, so no due date can be set", Ask},
	CodeMonthPeriod:      {"month-period", "该清分期此时不能提取或确认", "the clearing period cannot be fetched or confirmed now", Wait},
	CodeMonthRow:         {"month-row", "本机构该清分期无此结算", "no such settlement of this institution in the period", Correct},
	CodeMonthDiffers:     {"month-differs", "明细与账册不一致", "the row is not what the books have", Ask},
	CodeMonthDone:        {"month-confirmed", "该结算已确认", "the settlement is confirmed already", Correct},
	CodeMonthHeld:        {"month-held", "该结算与医院或就医地的对账差异尚未处理，暂不能确认", "a difference with the hospital or the treatment side is open; the settlement cannot be confirmed yet", Wait},
	CodeMonthBatch:       {"month-batch", "本机构该清分期无此确认批次", "no such confirmation of this institution in the period", Correct},
	CodeMonthGone:        {"month-gone", "该确认批次已回退或已进入清算，不能回退", "the confirmation was rolled back, or has gone into the clearing", Ask},
	CodeMonthCount:       {"month-count", "总行数与明细行数不符，或明细重复", "totalrow is not the number of rows, or a row stands twice", Correct},
	CodeMonthLate:        {"month-late", "已超过次年第一季度末，须由经办机构处理", "past the end of the first quarter of the following year; the agencies must decide", Ask},
	CodeInternal:         {"internal", "系统处理异常，已转人工", "our own fault; operators are at work on it", Ask},
}

// Codes lists every code in ascending order, which is the order of precedence.
func Codes() []Code {
	return slices.Sorted(maps.Keys(texts))
}

// Text explains the code; an unknown code explains itself as internal.
func (c Code) Text() Text {
	if t, ok := texts[c]; ok {
		return t
	}
	return texts[CodeInternal]
}

// RejectError is a refusal: which rule, and where. It is the only error an Adapter
// and the clearing return for bad input.
type RejectError struct {
	Code   Code
	Errors []FieldError // at least one
}

// Reject makes a refusal of one place.
func Reject(code Code, field, expected, found string) *RejectError {
	return &RejectError{Code: code, Errors: []FieldError{{Code: code, Field: field, Expected: expected, Found: found}}}
}

func (e *RejectError) Error() string {
	fields := make([]string, len(e.Errors))
	for i, f := range e.Errors {
		fields[i] = f.Field
	}
	return fmt.Sprintf("refused %d (%s) at %s", int(e.Code), e.Code.Text().Name, strings.Join(fields, ", "))
}
