package sim

import (
	"fmt"
	"time"

	"clearingd/ledger"
)

// World is the people and hospitals that belong to a seed. It holds nothing: who
// somebody is follows from the seed and a number.
type World struct{ Seed uint64 }

// Hospital is an invented designated institution (定点医药机构).
type Hospital struct {
	Code  string      // fixmedins_code: H, the area, five digits
	Name  string      // says that it is invented
	Area  ledger.Area // where it treats
	Level string      // hosp_lv, 01 to 10
	bare  bool        // its system writes amounts as JSON numbers; others write text
}

// Hospital is the i-th hospital of an area, i from 0 to 5. The first two of an area are of level three,
// because these are the ones strangers travel to.
func (w World) Hospital(area ledger.Area, i int) Hospital {
	d := newDice(w.Seed, "hospital "+string(area), uint64(i))
	level := pick(d, "01", "02", "02", "02", "03", "04")
	if i >= 2 {
		level = pick(d, "02", "03", "05", "05", "06", "07", "08", "09", "10")
	}
	return Hospital{
		Code:  fmt.Sprintf("H%s%05d", area, 90001+i),
		Name:  fmt.Sprintf("样例第%d医院（演示数据）", i+1),
		Area:  area,
		Level: level,
		bare:  d.chance(400),
	}
}

// somewhere draws a hospital of the area, the first ones more often.
func (w World) somewhere(d *dice, area ledger.Area) Hospital {
	return w.Hospital(area, d.weighted([]int{8, 6, 3, 2, 2, 1}))
}

// Person is an invented insured person.
type Person struct {
	Number       string // psn_no: 20 digits, the first six the home area
	Name         string // says that it is invented
	CertType     string // mdtrt_cert_type
	CertNo       string // says that it is invented
	Home         ledger.Area
	Insutype     string // 310 or 390
	PersonType   string // psn_type
	CivilServant bool
	Birth        ledger.Day
	Female       bool
	Balance      *ledger.Amount // of the personal account; nil for residents, who have none
	Hardship     string         // psn_idet_type; "" for nearly all
	Filing       string         // out_fil_type; "" = not filed
}

// Filing kinds of the national code table that the samples use (out_fil_type).
const (
	filingResettled = "02" // 异地安置退休
	filingReferral  = "06" // 异地转诊
	filingResident  = "07" // 异地长期居住
	filingStationed = "08" // 常驻异地工作
	filingTemporary = "10" // 跨省临时外出就医
	filingOther     = "11" // 其他跨省临时外出
)

// Person is the n-th person of a home area. today fixes the ages: a person met on
// another day of the same year is the same person.
func (w World) Person(home ledger.Area, n uint64, today ledger.Day) Person {
	d := newDice(w.Seed, "person "+string(home), n)
	p := Person{
		Number: fmt.Sprintf("%s%014d", home, n%100_000_000_000_000),
		Name:   "样例" + pick(d, "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "马", "阿") + pick(d, "一", "二", "三", "四", "五", "六"),
		Home:   home,
		Female: d.chance(490),
	}
	p.CertType = pick(d, "01", "02", "02", "03", "03")
	p.CertNo = fmt.Sprintf("SAMPLE-%s-%012d", p.CertType, n%1_000_000_000_000)
	age := 0
	if d.chance(560) {
		age = p.beEmployee(d)
	} else {
		age = p.beResident(d)
	}
	p.Birth = ledger.NewDay(today.Year()-age, time.January, 1) + ledger.Day(d.below(365))
	p.Filing = p.filing(d)
	return p
}

// beEmployee makes a member of the employees' insurance and returns the age.
func (p *Person) beEmployee(d *dice) int {
	p.Insutype = "310"
	balance := ledger.Amount(d.below(1_600_000))
	if d.chance(150) {
		balance = 0
	}
	p.Balance = &balance
	p.CivilServant = d.chance(120)
	if d.chance(550) {
		p.PersonType = pick(d, "12", "1201", "1203")
		return d.between(61, 88)
	}
	p.PersonType = pick(d, "11", "1101", "1103")
	if p.CivilServant {
		p.PersonType = "1102"
	}
	return d.between(23, 59)
}

// beResident makes a member of the residents' insurance and returns the age.
func (p *Person) beResident(d *dice) int {
	p.Insutype = "390"
	if d.chance(90) {
		p.Hardship = hardship
	}
	switch {
	case d.chance(120):
		p.PersonType = "1402"
		return d.between(2, 6)
	case d.chance(100):
		p.PersonType = pick(d, "14", "1403")
		return d.between(7, 17)
	case d.chance(480):
		p.PersonType = "16"
		return d.between(61, 86)
	}
	p.PersonType = pick(d, "15", "1501")
	return d.between(19, 60)
}

// hardship is the psn_idet_type of the hardship group that the plans invented for
// demonstrations know; real codes are said by real plans.
const hardship = "HARDSHIP"

// filing draws how the person comes to be treated away from home. Only the retired
// can be resettled.
func (p *Person) filing(d *dice) string {
	retired := p.PersonType[:2] == "12"
	switch {
	case retired && d.chance(380):
		return filingResettled
	case d.chance(260):
		return pick(d, filingResident, filingStationed)
	case d.chance(330):
		return filingReferral
	case d.chance(700):
		return pick(d, filingTemporary, filingTemporary, filingOther)
	}
	return ""
}
