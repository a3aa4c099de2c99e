package sim

import "clearingd/ledger"

// Region is a province as the samples know it: some of its pooling areas, and how
// much it treats and sends. The weights are rough judgements, chosen so that the big
// flows of the country are the big flows of a sample (medical centres attract, provinces of
// migrant work send); they are not statistics.
type Region struct {
	Province ledger.Province
	Name     string // as a two- or three-character short form
	Areas    []ledger.Area
	treats   int // weight as treatment region
	sends    int // weight as home region
}

// Regions are the 31 provinces and 66, the XPCC, by code.
var Regions = []Region{
	{"11", "北京", []ledger.Area{"110101", "110105", "110108"}, 120, 12},
	{"12", "天津", []ledger.Area{"120101", "120103", "120116"}, 30, 10},
	{"13", "河北", []ledger.Area{"130100", "130200", "130600"}, 15, 80},
	{"14", "山西", []ledger.Area{"140100", "140200", "140400"}, 6, 35},
	{"15", "内蒙古", []ledger.Area{"150100", "150200", "150900"}, 6, 40},
	{"21", "辽宁", []ledger.Area{"210100", "210200", "210300"}, 18, 30},
	{"22", "吉林", []ledger.Area{"220100", "220200", "220300"}, 12, 30},
	{"23", "黑龙江", []ledger.Area{"230100", "230600", "230800"}, 8, 40},
	{"31", "上海", []ledger.Area{"310101", "310104", "310115"}, 150, 20},
	{"32", "江苏", []ledger.Area{"320100", "320300", "320500"}, 95, 60},
	{"33", "浙江", []ledger.Area{"330100", "330200", "330300"}, 100, 40},
	{"34", "安徽", []ledger.Area{"340100", "341200", "341500"}, 15, 110},
	{"35", "福建", []ledger.Area{"350100", "350200", "350500"}, 14, 30},
	{"36", "江西", []ledger.Area{"360100", "360700", "361100"}, 10, 50},
	{"37", "山东", []ledger.Area{"370100", "370200", "370300"}, 30, 45},
	{"41", "河南", []ledger.Area{"410100", "411300", "411600"}, 15, 90},
	{"42", "湖北", []ledger.Area{"420100", "420500", "421100"}, 30, 45},
	{"43", "湖南", []ledger.Area{"430100", "430400", "430500"}, 20, 45},
	{"44", "广东", []ledger.Area{"440100", "440300", "440600"}, 90, 25},
	{"45", "广西", []ledger.Area{"450100", "450300", "450900"}, 10, 30},
	{"46", "海南", []ledger.Area{"460100", "460200", "460400"}, 12, 6},
	{"50", "重庆", []ledger.Area{"500101", "500103", "500112"}, 25, 30},
	{"51", "四川", []ledger.Area{"510100", "510700", "511700"}, 40, 50},
	{"52", "贵州", []ledger.Area{"520100", "520300", "520500"}, 6, 35},
	{"53", "云南", []ledger.Area{"530100", "530300", "530600"}, 10, 22},
	{"54", "西藏", []ledger.Area{"540100", "540200", "540300"}, 2, 8},
	{"61", "陕西", []ledger.Area{"610100", "610400", "610700"}, 22, 22},
	{"62", "甘肃", []ledger.Area{"620100", "620500", "620900"}, 5, 28},
	{"63", "青海", []ledger.Area{"630100", "630200", "632800"}, 3, 8},
	{"64", "宁夏", []ledger.Area{"640100", "640300", "640400"}, 4, 10},
	{"65", "新疆", []ledger.Area{urumqi, kashgar, hotan, aksu, kizilsu}, 4, 14},
	{"66", "兵团", []ledger.Area{"660100", "660800", "669900"}, 2, 6},
}

// Pooling areas of Xinjiang that the samples name.
const (
	urumqi  ledger.Area = "650100" // 乌鲁木齐市
	aksu    ledger.Area = "652900" // 阿克苏地区
	kizilsu ledger.Area = "653000" // 克孜勒苏柯尔克孜自治州
	kashgar ledger.Area = "653100" // 喀什地区
	hotan   ledger.Area = "653200" // 和田地区
)

// RegionOf is the region of a province; false if there is none.
func RegionOf(p ledger.Province) (Region, bool) {
	for _, r := range Regions {
		if r.Province == p {
			return r, true
		}
	}
	return Region{}, false
}

// selectRegions are the regions of the named provinces in the order of Regions; all of
// them if none is named. Unknown provinces are left out.
func selectRegions(provinces []ledger.Province) []Region {
	if len(provinces) == 0 {
		return Regions
	}
	var selected []Region
	for _, r := range Regions {
		for _, p := range provinces {
			if r.Province == p {
				selected = append(selected, r)
				break
			}
		}
	}
	return selected
}

// pair draws who treats and who pays. Most pairs follow the weights; one in seven is
// drawn evenly, so that every pair of provinces is met; internal of a thousand lie
// within one province, between its pooling areas.
func pair(d *dice, regions []Region, internal int) (treatment, home Region) {
	if len(regions) == 1 || d.chance(internal) {
		r := regions[d.weighted(weights(regions, func(r Region) int { return r.treats }))]
		return r, r
	}
	even := d.chance(143)
	for treatment.Province == home.Province {
		if even {
			treatment, home = pick(d, regions...), pick(d, regions...)
			continue
		}
		treatment = regions[d.weighted(weights(regions, func(r Region) int { return r.treats }))]
		home = regions[d.weighted(weights(regions, func(r Region) int { return r.sends }))]
	}
	return treatment, home
}

func weights(regions []Region, of func(Region) int) []int {
	ws := make([]int, len(regions))
	for i, r := range regions {
		ws[i] = of(r)
	}
	return ws
}

// areas draws a pooling area on each side; within one province two different ones.
func areas(d *dice, treatment, home Region) (treatmentArea, homeArea ledger.Area) {
	treatmentArea, homeArea = pick(d, treatment.Areas...), pick(d, home.Areas...)
	for treatmentArea == homeArea {
		homeArea = pick(d, home.Areas...)
	}
	return treatmentArea, homeArea
}
