package sim

import (
	"fmt"

	"clearingd/ledger"
	"clearingd/provinces"
)

// line is one fee line with the split the treatment side's catalogue gave it.
//
// Invariant: amount = count x price = own + over + first + scope.
type line struct {
	item       item
	count      int // whole units; the samples know no half boxes
	price      ledger.Amount
	limit      ledger.Amount // price ceiling; 0 = none
	permille   int           // selfpay_prop in 1/1000
	occurred   provinces.DateTime
	amount     ledger.Amount
	own, over  ledger.Amount
	firstShare ledger.Amount
	scope      ledger.Amount
}

// item is an entry of the treatment side's catalogue.
type item struct {
	code, name string
	kind       string // med_chrgitm_type
	class      string // chrgitm_lv
	permille   int    // first share of class B
	most       int    // units on one line
	weight     int    // share of a bill
}

var items = []item{
	{"001101000010000", "样例床位费", "01", "01", 0, 20, 5},
	{"001102000010000", "样例诊察费", "02", "01", 0, 20, 2},
	{"002403000010000", "样例检验", "04", "01", 0, 30, 12},
	{"002103000200000", "样例计算机断层检查", "03", "02", 100, 3, 10},
	{"003301000010000", "样例手术", "06", "01", 0, 1, 24},
	{"XA02BCA000000001", "样例甲类药品", "09", "01", 0, 40, 16},
	{"XL01XE0000000002", "样例乙类药品", "09", "02", 50, 24, 20},
	{"C0201010000000003", "样例植入材料", "08", "02", 200, 4, 26},
	{"XZ99AA0000000004", "样例丙类药品", "09", "03", 1000, 10, 8},
	{"001204000060000", "样例护理费", "07", "01", 0, 20, 3},
}

// billByLines makes a bill of about the given cost out of fee lines; the bill is what
// the lines add up to.
func (s *Stay) billByLines(d *dice, cost ledger.Amount) {
	chosen := make([]item, 0, len(items))
	sum := 0
	for _, it := range items {
		if d.chance(700) {
			chosen = append(chosen, it)
			sum += it.weight
		}
	}
	if len(chosen) == 0 {
		chosen, sum = items[:1], items[0].weight
	}
	for _, it := range chosen {
		l := newLine(d, it, cost*ledger.Amount(it.weight)/ledger.Amount(sum))
		l.occurred = s.Admitted + provinces.DateTime(d.below(int(s.Discharged-s.Admitted)))
		s.Lines = append(s.Lines, l)
		s.Total += l.amount
		s.OwnExpense += l.own
		s.OverLimit += l.over
		s.SelfPayFirst += l.firstShare
		s.InScope += l.scope
	}
}

// newLine prices an item so that the line comes to about target. The price limit is
// taken off first, then the first share of what is left, half up to the fen.
func newLine(d *dice, it item, target ledger.Amount) line {
	l := line{item: it, count: d.between(1, it.most), permille: it.permille}
	l.price = max(target/ledger.Amount(l.count), 1)
	l.amount = l.price * ledger.Amount(l.count)
	if it.class == "03" {
		l.own = l.amount
		return l
	}
	if it.kind == "08" && d.chance(500) {
		l.limit = max(l.price*ledger.Amount(d.between(88, 110))/100, 1)
		l.over = max(l.price-l.limit, 0) * ledger.Amount(l.count)
	}
	limited := l.amount - l.over
	l.firstShare = (limited*ledger.Amount(l.permille) + 500) / 1000
	l.scope = limited - l.firstShare
	return l
}

// wireLine is a line as 2301 writes it, with the split of its answer.
type wireLine struct {
	Serial     string `json:"feedetl_sn"`
	VisitID    string `json:"mdtrt_id"`
	PersonNo   string `json:"psn_no"`
	MedType    string `json:"med_type"`
	Occurred   string `json:"fee_ocur_time"`
	Item       string `json:"med_list_codg"`
	LocalItem  string `json:"medins_list_codg"`
	Amount     money  `json:"det_item_fee_sumamt"`
	Count      string `json:"cnt"`
	Price      string `json:"pric"`
	DeptCode   string `json:"bilg_dept_codg"`
	DeptName   string `json:"bilg_dept_name"`
	DoctorCode string `json:"bilg_dr_codg"`
	DoctorName string `json:"bilg_dr_name"`
	PriceLimit string `json:"pric_uplmt_amt"`
	SelfPay    string `json:"selfpay_prop"`
	Own        money  `json:"fulamt_ownpay_amt"`
	Over       money  `json:"overlmt_amt"`
	First      money  `json:"preselfpay_amt"`
	Scope      money  `json:"inscp_scp_amt"`
	Class      string `json:"chrgitm_lv"`
	Kind       string `json:"med_chrgitm_type"`
	Memo       string `json:"memo"`
}

// noPriceLimit is what the national platform sends for "no ceiling".
const noPriceLimit = "999999"

func wireLines(s Stay, personNo string, bare bool) []wireLine {
	var wire []wireLine
	for i, l := range s.Lines {
		limit := noPriceLimit
		if l.limit > 0 {
			limit = l.limit.String()
		}
		wire = append(wire, wireLine{
			Serial: fmt.Sprintf("%s-%03d", s.InpatientNo, i+1), VisitID: s.VisitID, PersonNo: personNo, MedType: s.MedType,
			Occurred: l.occurred.String(), Item: l.item.code, LocalItem: "L" + l.item.code,
			Amount: money{l.amount, bare}, Count: fmt.Sprintf("%d", l.count), Price: l.price.String(),
			DeptCode: "A03", DeptName: "样例科室", DoctorCode: "D000001", DoctorName: "样例医师",
			PriceLimit: limit, SelfPay: fmt.Sprintf("%d.%03d", l.permille/1000, l.permille%1000),
			Own: money{l.own, bare}, Over: money{l.over, bare}, First: money{l.firstShare, bare}, Scope: money{l.scope, bare},
			Class: l.item.class, Kind: l.item.kind, Memo: l.item.name,
		})
	}
	return wire
}
