package sim

import (
	"fmt"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Stay is one stay in hospital with its bill.
//
// Invariant: Total = OwnExpense + OverLimit + SelfPayFirst + InScope, none negative;
// with Lines, each is the sum of the lines' own.
type Stay struct {
	VisitID     string // mdtrt_id
	InpatientNo string // ipt_no
	Admitted    provinces.DateTime
	Discharged  provinces.DateTime
	Diagnosis   diagnosis
	MedType     string
	AdmWay      string
	UseAccount  bool

	Total, OwnExpense, OverLimit, SelfPayFirst, InScope ledger.Amount

	Lines   []line
	Earlier *Earlier
}

// Earlier is what other systems settled for the person in the year before this stay.
type Earlier struct {
	Year       int
	Stays      int
	Deductible ledger.Amount
	OwnShare   ledger.Amount
	Paid       ledger.Amount // by the basic fund
}

// diagnosis is a main discharge diagnosis and what usually goes with it.
type diagnosis struct {
	code, name string
	medType    string // med_type
	nights     [2]int // shortest and longest stay
	cost       int    // percent of an average bill
}

const maternity, injury = "52", "22"

var diagnoses = []diagnosis{
	{"I63.900", "脑梗死", "21", [2]int{7, 21}, 105},
	{"I25.103", "冠状动脉粥样硬化性心脏病", "21", [2]int{4, 10}, 170},
	{"I10.x00", "特发性高血压", "21", [2]int{4, 9}, 45},
	{"C34.900", "支气管或肺恶性肿瘤", "21", [2]int{5, 24}, 150},
	{"C50.900", "乳腺恶性肿瘤", "21", [2]int{3, 16}, 120},
	{"C16.900", "胃恶性肿瘤", "21", [2]int{6, 22}, 160},
	{"Z51.102", "恶性肿瘤维持性化学治疗", "21", [2]int{2, 6}, 55},
	{"J18.900", "肺炎", "21", [2]int{5, 12}, 50},
	{"J44.100", "慢性阻塞性肺病伴急性加重", "24", [2]int{6, 14}, 65},
	{"K80.100", "胆囊结石伴慢性胆囊炎", "21", [2]int{4, 9}, 80},
	{"K35.900", "急性阑尾炎", "24", [2]int{3, 7}, 60},
	{"M51.202", "腰椎间盘突出", "21", [2]int{5, 14}, 90},
	{"M17.900", "膝关节病", "21", [2]int{7, 15}, 185},
	{"E11.900", "2型糖尿病", "21", [2]int{6, 12}, 50},
	{"N18.900", "慢性肾脏病", "21", [2]int{5, 14}, 70},
	{"H25.900", "老年性白内障", "21", [2]int{1, 3}, 40},
	{"F20.900", "精神分裂症", "21", [2]int{20, 60}, 75},
	{"S72.000", "股骨颈骨折", injury, [2]int{9, 20}, 190},
	{"S82.100", "胫骨上端骨折", injury, [2]int{7, 16}, 130},
	{"O80.900", "单胎顺产", maternity, [2]int{2, 5}, 30},
}

// diagnose draws a diagnosis the person can have.
func diagnose(d *dice, p Person, today ledger.Day) diagnosis {
	for {
		found := pick(d, diagnoses...)
		age := today.Year() - p.Birth.Year()
		if found.medType == maternity && (!p.Female || age < 20 || age > 45) {
			continue
		}
		if found.code == "H25.900" && age < 50 {
			continue
		}
		return found
	}
}

// newStay draws a stay that ended in the days before the claim's day. serial makes its
// ids unique in the sample.
func newStay(d *dice, p Person, h Hospital, day ledger.Day, serial int) Stay {
	found := diagnose(d, p, day)
	discharged := day - ledger.Day(d.weighted([]int{0, 8, 2, 1}))
	nights := d.between(found.nights[0], found.nights[1])
	s := Stay{
		VisitID:     fmt.Sprintf("%sG%05d%08d", h.Area, uint32(day)%100_000, serial),
		InpatientNo: fmt.Sprintf("ZY%05d%06d", uint32(day)%100_000, serial),
		Admitted:    moment(discharged-ledger.Day(nights), d.between(8, 20), d.below(60), d.below(60)),
		Discharged:  moment(discharged, d.between(8, 17), d.below(60), d.below(60)),
		Diagnosis:   found,
		MedType:     found.medType,
		AdmWay:      "2",
		UseAccount:  p.Balance != nil && d.chance(600),
	}
	switch {
	case found.medType == "24":
		s.AdmWay = "1"
	case p.Filing == filingReferral:
		s.AdmWay = "3"
	}
	if d.chance(50) {
		s.Earlier = &Earlier{
			Year: discharged.Year(), Stays: d.between(1, 3), Deductible: ledger.Amount(d.between(1, 9) * 10_000),
			OwnShare: d.cost() / 10, Paid: d.cost() / 2,
		}
	}
	cost := d.cost() * ledger.Amount(found.cost*levelCost[h.Level]) / 10_000
	if d.chance(180) {
		s.billByLines(d, cost)
	} else {
		s.bill(d, cost)
	}
	return s
}

// until moves the stay so that it ends at the given moment.
func (s *Stay) until(discharged provinces.DateTime) {
	s.Admitted += discharged - s.Discharged
	s.Discharged = discharged
	s.timeLines()
}

// timeLines brings the fee lines into the stay.
func (s *Stay) timeLines() {
	for i := range s.Lines {
		s.Lines[i].occurred = min(max(s.Lines[i].occurred, s.Admitted), s.Discharged)
	}
}

// levelCost is the cost of a stay by hosp_lv in percent of the average.
var levelCost = map[string]int{
	"01": 125, "02": 115, "03": 105, "04": 100, "05": 75, "06": 70, "07": 65, "08": 45, "09": 40, "10": 40,
}

// bill splits a cost four ways in whole fen; what is outside the catalogue is the
// remainder, so the parts always add up.
func (s *Stay) bill(d *dice, cost ledger.Amount) {
	share := func(low, high int) ledger.Amount { return cost * ledger.Amount(d.between(low, high)) / 10_000 }
	s.Total = cost
	s.InScope = share(7_000, 9_100)
	s.SelfPayFirst = share(200, 650)
	if d.chance(300) {
		s.OverLimit = share(5, 220)
	}
	s.OwnExpense = cost - s.InScope - s.SelfPayFirst - s.OverLimit
}

// moment is a time of day on a day.
func moment(day ledger.Day, hour, minute, second int) provinces.DateTime {
	const secondsPerDay = 24 * 60 * 60
	return provinces.DateTime(int64(day)*secondsPerDay + int64(hour*3600+minute*60+second))
}
