package sim

import (
	"fmt"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Config says which day to build. The zero value of a share is no such messages;
// DefaultConfig has the usual shares.
type Config struct {
	Seed      uint64
	Count     int               // messages of the first phase, exactly
	Day       ledger.Day        // business day the messages are meant for
	Provinces []ledger.Province // both sides are drawn from these; empty: all

	// Shares in 1/1000 of the scenarios; the rest are plain claims.
	Repeats     int
	Conflicts   int
	Refusals    int
	Reversals   int
	SecondStays int
	Cancels     int // plain claims that are cancelled in the second phase
	Internal    int // stays within one province, between its pooling areas
}

// DefaultConfig is a day with the usual shares.
func DefaultConfig(seed uint64, count int, day ledger.Day) Config {
	return Config{
		Seed: seed, Count: count, Day: day,
		Repeats: 25, Conflicts: 8, Refusals: 40, Reversals: 15, SecondStays: 20, Cancels: 25, Internal: 40,
	}
}

// Day builds the first phase of a business day: everything that can be sent without
// having seen an answer.
func Day(c Config) Sample {
	b := &builder{
		config: c, world: World{c.Seed}, dice: newDice(c.Seed, "day", uint64(c.Day)),
		regions: selectRegions(c.Provinces), taken: map[string]bool{},
	}
	if len(b.regions) == 0 || c.Count <= 0 {
		return Sample{}
	}
	b.firstPerson = uint64(c.Day) * 1_000_000
	for len(b.sample.Messages) < c.Count {
		b.step()
	}
	return b.sample
}

// builder is a day in the making.
type builder struct {
	config      Config
	world       World
	dice        *dice
	regions     []Region
	sample      Sample
	waiting     []waiting // messages that come some way after the one they belong to
	taken       map[string]bool
	firstPerson uint64
	serial      int // of people and stays
	faults      int // faults used so far; they take turns
	reversals   int
}

// waiting is a message that is sent once the sample has grown to due messages.
type waiting struct {
	due   int
	build func()
}

// step adds the next message: one that has waited long enough, or a new scenario.
func (b *builder) step() {
	n := len(b.sample.Messages)
	left := b.config.Count - n - len(b.waiting)
	for i, w := range b.waiting {
		if w.due <= n || left <= 0 {
			b.waiting = append(b.waiting[:i:i], b.waiting[i+1:]...)
			w.build()
			return
		}
	}
	c := b.config
	shares := []int{c.Repeats, c.Conflicts, c.Refusals, c.Reversals, c.SecondStays}
	plain := 1000
	for _, s := range shares {
		plain -= s
	}
	scenarios := []func(int){b.repeat, b.conflict, b.refusal, b.reversal, b.secondStay, func(int) { b.plain() }}
	scenarios[b.dice.weighted(append(shares, max(plain, 1)))](left)
}

// plain is one claim, perhaps one that the second phase takes back.
func (b *builder) plain() {
	c := b.newClaim()
	m := b.addClaim(c, WhatClaim, Want{Outcome: provinces.Booked})
	if b.dice.chance(b.config.Cancels) {
		b.sample.followUp = append(b.sample.followUp, followUp{kind: followUpKind(len(b.sample.followUp) % followUpKinds), claim: c, message: m})
	}
}

// repeat sends a claim twice: a hospital that lost the answer.
func (b *builder) repeat(left int) {
	c := b.newClaim()
	b.addClaim(c, WhatClaim, Want{Outcome: provinces.Booked})
	if left > 1 {
		b.later(func() { b.addClaim(c, WhatRepeat, Want{Outcome: provinces.Repeated}) })
	}
}

// conflict sends a stay twice with different bills.
func (b *builder) conflict(left int) {
	c := b.newClaim()
	b.addClaim(c, WhatClaim, Want{Outcome: provinces.Booked})
	if left > 1 {
		b.later(func() {
			c.corrected()
			b.addClaim(c, WhatConflict, Want{provinces.Refused, provinces.CodeConflict})
		})
	}
}

// refusal breaks a claim; the ways of breaking take turns, so that every kind is met.
func (b *builder) refusal(int) {
	turn := b.faults % (len(faults) + 1)
	b.faults++
	if turn == len(faults) {
		b.unknownSettlement()
		return
	}
	b.addBroken(faults[turn])
}

func (b *builder) addBroken(f fault) Message {
	c := b.newClaim()
	for f.lines && c.stay.Lines == nil {
		c = b.newClaim()
	}
	what := "bad:" + f.name
	c.note = what
	subject, body := seal(provinces.InfnoSettle, c.hospital, c.person.Home, b.msgID(c.hospital), b.now(), c.input())
	subject, body = f.apply(subject, body)
	return b.add(subject, body, provinces.InfnoSettle, what, Want{provinces.Refused, f.code})
}

// unknownSettlement cancels what was never settled.
func (b *builder) unknownSettlement() {
	c := b.newClaim()
	in := cancelInput{cancelData{c.stay.VisitID, string(c.hospital.Area) + "G9999999999999", c.person.Number, note(WhatUnknown)}}
	b.addInput(c, provinces.InfnoCancel, in, WhatUnknown, Want{provinces.Refused, provinces.CodeUnknownSettle})
}

// reversal sends a 2601 for a claim that was booked, for one that was refused, and for
// one that arrives only afterwards, in turns.
func (b *builder) reversal(left int) {
	if left < 2 {
		b.plain()
		return
	}
	turn := b.reversals % 3
	b.reversals++
	switch turn {
	case 0:
		c := b.newClaim()
		m := b.addClaim(c, WhatClaim, Want{Outcome: provinces.Booked})
		b.later(func() { b.reverse(c, msgIDOf(m), WhatReversal) })
	case 1:
		c := b.newClaim()
		c.note = "bad:amount-sum"
		broken := c
		broken.stay.Total++
		m := b.addClaim(broken, "bad:amount-sum", Want{provinces.Refused, provinces.CodeAmountSum})
		b.later(func() { b.reverse(c, msgIDOf(m), WhatReversalBad) })
	case 2:
		c := b.newClaim()
		subject, body := seal(provinces.InfnoSettle, c.hospital, c.person.Home, b.msgID(c.hospital), b.now(), c.input())
		b.reverse(c, subject.MsgID, WhatReversalUnseen)
		b.later(func() {
			b.add(subject, body, provinces.InfnoSettle, WhatReversedBefore, Want{provinces.Refused, provinces.CodeReversedBefore})
		})
	}
}

func (b *builder) reverse(c claim, msgID, what string) {
	in := reverseInput{reverseData{c.person.Number, msgID, provinces.InfnoSettle}}
	b.addInput(c, provinces.InfnoReverse, in, what, Want{Outcome: provinces.Reversed})
}

// secondStay sends two stays of one person in one hospital, a day apart; the second
// phase tries to take back the first of them. Both lie in one year, or the first would be
// the last of its own.
func (b *builder) secondStay(left int) {
	day := b.config.Day
	if left < 2 || (day-3).Year() != (day-1).Year() {
		b.plain()
		return
	}
	c := b.newClaim()
	c.stay.until(moment(day-3, 10, 0, 0))
	m := b.addClaim(c, WhatClaim, Want{Outcome: provinces.Booked})
	b.sample.followUp = append(b.sample.followUp, followUp{kind: followNotLast, claim: c, message: m})
	b.serial++
	second := c
	second.stay = newStay(b.dice, c.person, c.hospital, day, b.serial)
	second.stay.Admitted, second.stay.Discharged = moment(day-2, 9, 0, 0), moment(day-1, 16, 0, 0)
	second.stay.timeLines()
	b.later(func() { b.addClaim(second, WhatTwoStays, Want{Outcome: provinces.Booked}) })
}

// corrected changes the bill as a hospital does that found a forgotten item.
func (c *claim) corrected() {
	const forgotten = 10_000 // 100 yuan, all in scope
	c.stay.Lines = nil
	c.stay.Total += forgotten
	c.stay.InScope += forgotten
}

// later sends a message after some others have passed.
func (b *builder) later(build func()) {
	b.waiting = append(b.waiting, waiting{len(b.sample.Messages) + b.dice.between(1, 60), build})
}

// newClaim draws who is treated where and for what.
func (b *builder) newClaim() claim {
	treatment, home := pair(b.dice, b.regions, b.config.Internal)
	treatmentArea, homeArea := areas(b.dice, treatment, home)
	b.serial++
	c := claim{
		hospital: b.world.somewhere(b.dice, treatmentArea),
		person:   b.world.Person(homeArea, b.firstPerson+uint64(b.serial), b.config.Day),
	}
	c.stay = newStay(b.dice, c.person, c.hospital, b.config.Day, b.serial)
	return c
}

func (b *builder) addClaim(c claim, what string, want Want) Message {
	return b.addInput(c, provinces.InfnoSettle, c.input(), what, want)
}

func (b *builder) addInput(c claim, infno string, input any, what string, want Want) Message {
	subject, body := seal(infno, c.hospital, c.person.Home, b.msgID(c.hospital), b.now(), input)
	return b.add(subject, body, infno, what, want)
}

func (b *builder) add(subject provinces.Subject, body []byte, infno, what string, want Want) Message {
	m := Message{Subject: subject.Claims(), Body: body, Infno: infno, What: what, Day: b.config.Day, Want: want}
	b.sample.Messages = append(b.sample.Messages, m)
	return m
}

// now walks from 08:00 to 18:00 as the sample grows.
func (b *builder) now() provinces.DateTime {
	const open = 10 * 60 * 60
	return moment(b.config.Day, 8, 0, 0) + provinces.DateTime(len(b.sample.Messages)*open/b.config.Count)
}

// msgID makes an id in the usual form (national-interface 1.3): provider, time, four
// digits. Unlike the field's it is unique.
func (b *builder) msgID(h Hospital) string { return newMsgID(b.taken, h, b.now()) }

func newMsgID(taken map[string]bool, h Hospital, at provinces.DateTime) string {
	stamp := stampOf(at)
	for n := 1001; ; n++ {
		id := fmt.Sprintf("%s%s%04d", h.Code, stamp, n%10_000)
		if !taken[id] {
			taken[id] = true
			return id
		}
	}
}
