package sim

import (
	"strings"

	"clearingd/provinces"
)

// Answered is what a hospital remembers of an answer.
type Answered struct {
	Outcome      provinces.Outcome
	SettlementID string // setl_id; "" unless booked or repeated
}

// followUp is a claim of the first phase that the second comes back to.
type followUp struct {
	kind    followUpKind
	claim   claim
	message Message
}

type followUpKind int

const (
	followCancel      followUpKind         = iota // cancel it
	followAnew                                    // cancel it and send the corrected claim
	followRepeat                                  // cancel it twice
	followOtherPerson                             // try to cancel it in the name of another person
	followUpKinds     = int(iota)                 // how many kinds take turns
	followNotLast     = followUpKind(iota)        // try to cancel it while a later stay stands
)

// FollowUps builds the second phase of a day: what a hospital can send only once it
// has its answers, because a cancellation names the setl_id of the answer. answers is
// keyed by the subject that was published to. Claims without a settlement in answers
// are passed over, so it may be called with what has arrived. c must be the
// configuration that the first phase was built with.
func FollowUps(c Config, answers map[string]Answered) Sample {
	first := Day(c)
	b := &builder{config: c, world: World{c.Seed}, dice: newDice(c.Seed, "follow-ups", uint64(c.Day)), taken: map[string]bool{}}
	b.sample.Messages = first.Messages // the clock goes on where the first phase stopped
	for _, m := range first.Messages {
		b.taken[msgIDOf(m)] = true
	}
	for _, f := range first.followUp {
		if a := answers[f.message.Subject]; a.SettlementID != "" {
			b.follow(f, a.SettlementID)
		}
	}
	return Sample{Messages: b.sample.Messages[len(first.Messages):]}
}

func (b *builder) follow(f followUp, settlementID string) {
	cancelled := Want{Outcome: provinces.Cancelled}
	switch f.kind {
	case followCancel:
		b.cancel(f.claim, settlementID, WhatCancel, cancelled)
	case followAnew:
		b.cancel(f.claim, settlementID, WhatCancel, cancelled)
		again := f.claim
		again.corrected()
		b.addClaim(again, WhatAnew, Want{Outcome: provinces.Booked})
	case followRepeat:
		b.cancel(f.claim, settlementID, WhatCancel, cancelled)
		b.cancel(f.claim, settlementID, WhatCancelAgain, Want{Outcome: provinces.Repeated})
	case followOtherPerson:
		other := f.claim
		other.person = b.world.Person(f.claim.person.Home, uint64(b.config.Day)*1_000_000, b.config.Day) // nobody's number: people count from 1
		b.cancel(other, settlementID, WhatOtherPerson, Want{provinces.Refused, provinces.CodeStayMismatch})
	case followNotLast:
		b.cancel(f.claim, settlementID, WhatNotLast, Want{provinces.Refused, provinces.CodeNotLast})
	}
}

// cancel asks to undo a settlement.
func (b *builder) cancel(c claim, settlementID, what string, want Want) {
	in := cancelInput{cancelData{c.stay.VisitID, settlementID, c.person.Number, note(what)}}
	b.addInput(c, provinces.InfnoCancel, in, what, want)
}

// msgIDOf is the last token of a message's subject.
func msgIDOf(m Message) string { return m.Subject[strings.LastIndexByte(m.Subject, '.')+1:] }

// stampOf writes a moment as yyyyMMddHHmmss.
func stampOf(at provinces.DateTime) string {
	return strings.NewReplacer("-", "", " ", "", ":", "").Replace(at.String())
}
