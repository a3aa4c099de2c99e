package sim

import (
	"fmt"
	"time"

	"clearingd/ledger"
	"clearingd/provinces"
)

// The figures of a news article of December 2016: from January to August 2016
// Xinjiang, linked with eight provinces, settled 298 cross-province inpatient stays
// with 6.29 million yuan of cost, and 960,000 settlements between its own areas with
// 1.44 billion yuan, 1,500.00 each.
const (
	XinjiangStays        = 298
	XinjiangCost         = ledger.Amount(629_000_000) // 6,290,000.00 yuan
	XinjiangInternalMean = ledger.Amount(150_000)     // 1,500.00 yuan
)

// XinjiangPartners are the eight provinces that Xinjiang's insured were treated in. The
// article names the first three; the other five are this package's choice.
var XinjiangPartners = []Partner{
	{"33", "浙江", true}, {"44", "广东", true}, {"53", "云南", true},
	{"32", "江苏", false}, {"41", "河南", false}, {"46", "海南", false}, {"51", "四川", false}, {"62", "甘肃", false},
}

// Partner is a linked province.
type Partner struct {
	Province ledger.Province
	Name     string
	Named    bool // named in the article; otherwise chosen here
}

// Labels of the Xinjiang population.
const (
	WhatXinjiangRetiree   = "claim:urumqi-retiree-in-zhejiang" // 乌鲁木齐退休人员，异地安置浙江
	WhatXinjiangTemporary = "claim:temporary-card"             // 持临时卡就医
	WhatXinjiangInternal  = "claim:inside-xinjiang"            // 自治区内异地，两个统筹区之间
)

// XinjiangConfig says how to build the population.
type XinjiangConfig struct {
	Seed     uint64
	Internal int // stays between pooling areas of Xinjiang beside the 298; the article has 960,000
}

// monthly is how the 298 stays spread over January to August: few at first, as with
// any service that opens. The article has only the sum.
var monthly = [8]int{12, 14, 24, 31, 39, 48, 60, 70}

// Xinjiang2016 builds the population of the article: residents of Xinjiang treated in
// the eight provinces, 298 stays of 6,290,000.00 yuan in all, in the order of their
// business days from January to August 2016. One person is a retiree of Urumqi who
// lives in Zhejiang and has two of the stays; one has a temporary card. The
// messages speak today's national envelope, which is younger than the article.
func Xinjiang2016(c XinjiangConfig) Sample {
	c.Internal = max(c.Internal, 0)
	x := &xinjiang{world: World{c.Seed}, dice: newDice(c.Seed, "xinjiang-2016"), taken: map[string]bool{}}
	costs := x.shares(XinjiangStays, XinjiangCost)
	internal := x.shares(c.Internal, XinjiangInternalMean*ledger.Amount(c.Internal))
	for month := range monthly {
		days := x.days(month, monthly[month])
		inside := x.days(month, c.Internal*(month+1)/8-c.Internal*month/8)
		for len(days)+len(inside) > 0 {
			if len(inside) == 0 || (len(days) > 0 && days[0] <= inside[0]) {
				x.abroad(days[0], costs[0])
				days, costs = days[1:], costs[1:]
				continue
			}
			x.inside(inside[0], internal[0])
			inside, internal = inside[1:], internal[1:]
		}
	}
	return x.sample
}

type xinjiang struct {
	world  World
	dice   *dice
	taken  map[string]bool
	sample Sample
	abroads,
	serial int
}

// shares draws n costs that add up to exactly total: drawn as usual, scaled down to
// whole fen, and what scaling left over is added to the largest.
func (x *xinjiang) shares(n int, total ledger.Amount) []ledger.Amount {
	if n == 0 {
		return nil
	}
	parts := make([]ledger.Amount, n)
	var sum ledger.Amount
	for i := range parts {
		parts[i] = x.dice.cost()
		sum += parts[i]
	}
	left, largest := total, 0
	for i := range parts {
		parts[i] = parts[i] * (total / 100) / (sum / 100)
		left -= parts[i]
		if parts[i] > parts[largest] {
			largest = i
		}
	}
	parts[largest] += left
	return parts
}

// days draws n business days of a month, in order. January begins on the 11th, so that
// every stay lies within the year.
func (x *xinjiang) days(month, n int) []ledger.Day {
	first := ledger.NewDay(2016, time.January+time.Month(month), 1)
	length := int(ledger.NewDay(2016, time.February+time.Month(month), 1) - first)
	from := 0
	if month == 0 {
		from = 10
	}
	perDay := make([]int, length)
	for range n {
		perDay[x.dice.between(from, length-1)]++
	}
	var days []ledger.Day
	for i, count := range perDay {
		for range count {
			days = append(days, first+ledger.Day(i))
		}
	}
	return days
}

// The places of the persons the scenario tells of, among the 298 in order of time.
const (
	retireeFirst, retireeAgain = 30, 200
	temporaryCard              = 120
)

// abroad adds one of the 298.
func (x *xinjiang) abroad(day ledger.Day, cost ledger.Amount) {
	n := x.abroads
	x.abroads++
	partner := XinjiangPartners[x.dice.weighted([]int{60, 50, 30, 40, 25, 20, 45, 28})]
	home := pick(x.dice, urumqi, urumqi, urumqi, kashgar, hotan, aksu, kizilsu)
	if n < len(XinjiangPartners) { // every partner and every area is met, whatever the seed
		partner, home = XinjiangPartners[n], [...]ledger.Area{urumqi, kashgar, hotan, aksu, kizilsu}[n%5]
	}
	what := WhatClaim
	person := x.person(home, day)
	switch n {
	case retireeFirst, retireeAgain:
		partner, what, person = XinjiangPartners[0], WhatXinjiangRetiree, x.retiree(day)
	case temporaryCard:
		what = WhatXinjiangTemporary
		person.CertType, person.CertNo, person.Filing = "03", "SAMPLE-TEMPORARY-CARD-000120", filingTemporary
	}
	region, _ := RegionOf(partner.Province)
	area := pick(x.dice, region.Areas...)
	if what == WhatXinjiangRetiree {
		area = "330100" // Hangzhou
	}
	x.add(day, person, area, cost, what)
}

// inside adds a stay between two pooling areas of Xinjiang.
func (x *xinjiang) inside(day ledger.Day, cost ledger.Amount) {
	region, _ := RegionOf("65")
	treatment, home := areas(x.dice, region, region)
	x.add(day, x.person(home, day), treatment, cost, WhatXinjiangInternal)
}

func (x *xinjiang) person(home ledger.Area, day ledger.Day) Person {
	x.serial++
	return x.world.Person(home, 2016_000_000+uint64(x.serial), day)
}

// retiree is the retiree of Urumqi who is resettled in Zhejiang.
func (x *xinjiang) retiree(day ledger.Day) Person {
	p := x.world.Person(urumqi, 2016_000_000, day)
	balance := ledger.Amount(186_420)
	p.Insutype, p.PersonType, p.Filing, p.Hardship = "310", "12", filingResettled, ""
	p.CivilServant, p.Balance, p.CertType = false, &balance, "03"
	p.CertNo = "SAMPLE-03-RETIREE-URUMQI"
	p.Birth = ledger.NewDay(1948, time.May, 4)
	return p
}

// add sends the 2304 of a stay that ended on the day before day.
func (x *xinjiang) add(day ledger.Day, p Person, area ledger.Area, cost ledger.Amount, what string) {
	x.serial++
	c := claim{hospital: x.world.somewhere(x.dice, area), person: p, note: "scenario Xinjiang 2016; " + what}
	c.stay = newStay(x.dice, p, c.hospital, day, x.serial)
	c.stay.Discharged = moment(day-1, 10, x.dice.below(60), 0)
	newYear := moment(ledger.NewDay(2016, time.January, 1), 9, 0, 0)
	c.stay.Admitted = max(min(c.stay.Admitted, c.stay.Discharged-24*60*60), newYear)
	c.stay.Lines, c.stay.OverLimit, c.stay.Earlier = nil, 0, nil
	c.stay.bill(x.dice, cost)
	if what == WhatXinjiangRetiree {
		c.stay.Diagnosis, c.stay.MedType, c.stay.AdmWay = diagnoses[0], diagnoses[0].medType, "2"
	}

	at := moment(day, 9, 0, 0) + provinces.DateTime(x.serial%25_000)
	subject, body := seal(provinces.InfnoSettle, c.hospital, p.Home, newMsgID(x.taken, c.hospital, at), at, c.input())
	x.sample.Messages = append(x.sample.Messages, Message{
		Subject: subject.Claims(), Body: body, Infno: provinces.InfnoSettle, What: what, Day: day,
		Want: Want{Outcome: provinces.Booked},
	})
}

// String names the partner and where the name comes from.
func (p Partner) String() string {
	if p.Named {
		return fmt.Sprintf("%s %s (named in the article)", p.Province, p.Name)
	}
	return fmt.Sprintf("%s %s (chosen here)", p.Province, p.Name)
}
