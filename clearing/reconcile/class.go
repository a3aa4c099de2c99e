package reconcile

// Class is the one primary class of a break. The list is closed and append-only; a class
// never hides an amount, and its direction is told apart ([Finding.More]).
type Class string

// The classes (where-to-lead 2.2). Each is about one side and the books.
const (
	MissHospital  Class = "MISS_HOSP"  // 单边账: the books have the bill, the hospital does not, after its horizon
	MissTreatment Class = "MISS_TREAT" // the treatment side does not
	MissHome      Class = "MISS_HOME"  // the home side does not
	Surplus       Class = "SURPLUS"    // 长款: a side has a bill that the books do not have
	Timing        Class = "TIMING"     // 日切差异: both have it, on different business days
	AmountOver    Class = "AMT_OVER"   // 金额不符: the side has more than the books
	AmountUnder   Class = "AMT_UNDER"  // the side has less than the books
	Split         Class = "SPLIT"      // 分项不符: parts differ, the sum is equal
	Round         Class = "ROUND"      // 尾差: explained by a named rounding step, and proved
	Duplicate     Class = "DUP_IN"     // 重复: the side has the bill more than once
	DuplicateOurs Class = "DUP_OUT"    // the books have two standing bills for what the side has once
	Status        Class = "STATUS"     // 状态不符: made here and taken back there, or the other way round
	ReversalAlone Class = "REV_ORPHAN" // 冲正无原交易: the side takes back a bill that nobody has
	Field         Class = "FIELD"      // 信息不符: person, visit, provider, area or insurance differ
	Rule          Class = "RULE"       // 政策版本不符: same input, another version of the plan; proved
	Eligibility   Class = "ELIG"       // 备案变更: filing or standing changed after the bill; proved
	Totals        Class = "TOTALS"     // 总额不符: the totals of a side differ and its rows are not there yet
	SerialGap     Class = "SEQ_GAP"    // 断号: statements of the side are missing
	SerialReuse   Class = "SEQ_REUSE"  // 重号: a number was used for other content
	Unreadable    Class = "VALID"      // 校验失败: a statement was refused
)

// Classes lists the classes in the order reports show them.
var Classes = []Class{
	MissHospital, MissTreatment, MissHome, Surplus, Timing, AmountOver, AmountUnder, Split, Round, Duplicate, DuplicateOurs,
	Status, ReversalAlone, Field, Rule, Eligibility, Totals, SerialGap, SerialReuse, Unreadable,
}

// More says who has more: the direction of a difference.
type More string

// Directions of a difference in what is owed.
const (
	Equal     More = ""      // the sums are equal, or there is no amount to compare
	BooksMore More = "books" // 账册多
	SideMore  More = "side"  // 对方多
)

// Standing is what a side says of one bill, and what the three make of it together.
type Standing uint8

// Standings, from good to bad: a bill has the worst of its sides.
const (
	Matched  Standing = 0 // all sides agree, or their totals are tied on every dimension
	Expected Standing = 1 // 待对账: a side's horizon does not reach the bill's day yet
	Broken   Standing = 2
)

var standingNames = [...]string{"matched", "expected", "broken"}

func (s Standing) String() string { return standingNames[s] }

// MarshalText writes the name of the standing.
func (s Standing) MarshalText() ([]byte, error) { return []byte(standingNames[s]), nil }
