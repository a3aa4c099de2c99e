package sim

import (
	"clearingd/ledger"
	"clearingd/provinces"
)

// Labels of the month for the policy laboratory.
const (
	WhatSouth       = "claim:southern-xinjiang" // 南疆四地州参保人
	WhatElsewhere   = "claim:urumqi"            // others of Xinjiang, for comparison
	WhatSouthAgain  = "claim:stay-again"        // a further stay of a person met earlier in the month
	WhatSouthUndone = "reversal:month"          // 2601 of a claim of the month
)

// Shares of a month's claims, in 1/1000.
const (
	southPermille  = 850 // people of the four prefectures; the rest are of Urumqi
	againPermille  = 120 // someone met before
	undonePermille = 25  // reversed a day or two later
	insidePermille = 350 // of the southern people: treated in Urumqi
)

// southFirstPerson begins the numbers of the month's people.
const southFirstPerson = 2016_500_000

// southernPrefectures are the four of the article, with how many of their people travel:
// rough judgements by population, no statistics.
var southernPrefectures = []ledger.Area{kashgar, kashgar, kashgar, kashgar, hotan, hotan, hotan, aksu, aksu, aksu, kizilsu}

// SouthernConfig says which month to build.
type SouthernConfig struct {
	Seed  uint64
	First ledger.Day // first day of the month
	Count int        // claims; reversals come on top
}

// SouthernMonth builds a month of stays of people of Xinjiang's four southern prefectures
// (Kashgar, Hotan, Aksu, Kizilsu) and, for comparison, of Urumqi, treated in Urumqi and in the
// eight provinces of [XinjiangPartners]: what a change of their benefits is tried on
// (see the policy laboratory). Some people have several stays, so that the order
// counts, and some claims are reversed a day or two later.
func SouthernMonth(c SouthernConfig) Sample {
	b := &southern{
		xinjiang: xinjiang{world: World{c.Seed}, dice: newDice(c.Seed, "southern-month", uint64(c.First)), taken: map[string]bool{}},
		reversed: map[ledger.Day][]claimSent{},
	}
	first := c.First.Time()
	length := int(ledger.NewDay(first.Year(), first.Month()+1, 1) - c.First)
	perDay := make([]int, length)
	for range c.Count {
		perDay[b.dice.below(length)]++
	}
	for i, count := range perDay {
		day := c.First + ledger.Day(i)
		for range count {
			b.claim(day, c.First+ledger.Day(length)-1)
		}
		for _, sent := range b.reversed[day] {
			b.reverse(day, sent)
		}
	}
	return b.sample
}

type southern struct {
	xinjiang
	people   []met
	reversed map[ledger.Day][]claimSent // by the day on which they are
}

// met is a person and the day of the newest claim.
type met struct {
	Person
	last ledger.Day
}

// claimSent is a claim with what it takes to reverse it.
type claimSent struct {
	hospital Hospital
	person   Person
	msgID    string
}

// claim adds one stay that ended a day or two before.
func (b *southern) claim(day, last ledger.Day) {
	b.serial++
	person, what := b.whoever(day)
	c := claim{hospital: b.world.somewhere(b.dice, b.where(person.Home)), person: person, note: "scenario Southern Xinjiang; " + what}
	c.stay = newStay(b.dice, person, c.hospital, day, b.serial)
	c.stay.Lines, c.stay.Earlier = nil, nil
	at := b.at(day)
	msgID := newMsgID(b.taken, c.hospital, at)
	subject, body := seal(provinces.InfnoSettle, c.hospital, person.Home, msgID, at, c.input())
	b.add(subject, body, provinces.InfnoSettle, what, day, provinces.Booked)
	again := day + ledger.Day(b.dice.between(1, 2))
	switch {
	case what == WhatSouthAgain:
	case b.dice.chance(undonePermille) && again <= last: // and no other claim: only the last of a year can go
		b.reversed[again] = append(b.reversed[again], claimSent{c.hospital, person, msgID})
	default:
		b.people = append(b.people, met{person, day})
	}
}

// whoever is a new person, or someone met on an earlier day: with one claim a day and
// person, what becomes of a claim does not depend on which stream is read first.
func (b *southern) whoever(day ledger.Day) (Person, string) {
	if len(b.people) > 0 && b.dice.chance(againPermille) {
		if again := &b.people[b.dice.below(len(b.people))]; again.last < day {
			again.last = day
			return again.Person, WhatSouthAgain
		}
	}
	home, what := ledger.Area(urumqi), WhatElsewhere
	if b.dice.chance(southPermille) {
		home, what = pick(b.dice, southernPrefectures...), WhatSouth
	}
	return b.world.Person(home, southFirstPerson+uint64(b.serial), day), what
}

// where the person is treated: in Urumqi, or far away.
func (b *southern) where(home ledger.Area) ledger.Area {
	if home != urumqi && b.dice.chance(insidePermille) {
		return urumqi
	}
	region, _ := RegionOf(pick(b.dice, XinjiangPartners...).Province)
	return pick(b.dice, region.Areas...)
}

func (b *southern) reverse(day ledger.Day, sent claimSent) {
	b.serial++
	in := reverseInput{reverseData{sent.person.Number, sent.msgID, provinces.InfnoSettle}}
	at := b.at(day)
	subject, body := seal(provinces.InfnoReverse, sent.hospital, sent.person.Home, newMsgID(b.taken, sent.hospital, at), at, in)
	b.add(subject, body, provinces.InfnoReverse, WhatSouthUndone, day, provinces.Reversed)
}

// at is a moment of the day's business hours.
func (b *southern) at(day ledger.Day) provinces.DateTime {
	const secondsOpen = 8 * 60 * 60
	return moment(day, 9, 0, 0) + provinces.DateTime(b.serial%secondsOpen)
}

func (b *southern) add(subject provinces.Subject, body []byte, infno, what string, day ledger.Day, outcome provinces.Outcome) {
	b.sample.Messages = append(b.sample.Messages, Message{
		Subject: subject.Claims(), Body: body, Infno: infno, What: what, Day: day, Want: Want{Outcome: outcome},
	})
}
