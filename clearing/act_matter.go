package clearing

import (
	"fmt"
	"strings"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Fee inquiries (费用协查, rules 6, article 58) and problem tickets (问题协同, article 59).

// inquiryLeast is the medfee_sumamt from which a stay may be asked about, included.
const inquiryLeast ledger.Amount = 30_000_00

const (
	inquiryFixed    = 26 // day of the month at whose beginning the list is fixed, and by which it is answered a month later
	inquiryAgree    = 5  // working days in which the home place confirms an answer
	ticketAgree     = 10 // working days after which an answer counts as confirmed
	ticketLevelsMax = 2  // reopened to the province, then to the centre
)

// TicketType is what a ticket is about; it sets the clock.
type TicketType string

// Types of tickets.
const (
	TicketFiling TicketType = "filing" // 备案: 2 working days
	TicketSystem TicketType = "system" // 系统故障: 1 working day
	TicketOther  TicketType = "other"  // 其他: 10 working days
)

// TicketDays are the working days in which a ticket of each type is answered.
var TicketDays = map[TicketType]int{TicketFiling: 2, TicketSystem: 1, TicketOther: 10}

// TicketOrder opens a ticket.
type TicketOrder struct {
	Type  TicketType      `json:"type"`
	To    ledger.Province `json:"to"`              // who shall answer
	About string          `json:"about,omitempty"` // a target it refers to: "bill/1042"
}

// InquiryList is the month whose list an inquiry of that day stands on: from the 26th of
// the month before to the 25th.
func InquiryList(day ledger.Day) Period {
	p := PeriodOf(day)
	if day >= p.First()+inquiryFixed-1 {
		return p.Add(1)
	}
	return p
}

// due is a day some working days later. Books restored from a copy take the day that was
// computed first: a calendar may have been corrected since.
func (a *acting) due(days int) (ledger.Day, error) {
	if a.again && a.seen.Due != 0 {
		return a.seen.Due, nil
	}
	if a.Calendar == nil {
		return 0, provinces.Reject(provinces.CodeActClock, "day", "a calendar", a.day.String())
	}
	due, err := a.Calendar.After(a.day, days)
	if err != nil {
		return 0, provinces.Reject(provinces.CodeActClock, "day", "a year of the calendar", a.day.String())
	}
	a.seen.Due = due
	return due, nil
}

// inquire asks the treatment place about a single stay. Until the list is fixed at
// 00:00 on the 26th it can be taken back; then it is not changed or deleted any more.
func (a *acting) inquire() error {
	if err := a.homeOnly(); err != nil {
		return err
	}
	if err := a.standsStill(); err != nil {
		return err
	}
	if total := a.target.record.Bill.Claim.Total; total < inquiryLeast {
		return provinces.Reject(provinces.CodeActAmount, "target", ">= "+inquiryLeast.String(), total.String())
	}
	list := InquiryList(a.day)
	key := CaseKey{CaseInquiry, fmt.Sprintf("%d/%d", int(list), a.target.bill)}
	before, err := a.view.Case(key)
	if err != nil {
		return err
	}
	next := Case{
		Kind: CaseInquiry, ID: key.ID, State: Waiting, Home: a.target.home, Treatment: a.target.treatment, Provider: a.target.provider,
		Bill: a.target.bill, Period: list, Owner: a.target.treatment, Due: list.Add(1).First() + inquiryFixed - 1, Opened: a.day,
	}
	if before != nil {
		if before.State != Withdrawn {
			return provinces.Reject(provinces.CodeActState, "target", "", string(before.State))
		}
		next.Version, next.Steps = before.Version, before.Steps
	}
	a.touch(&next)
	return a.noteRow(a.target.bill)
}

// retract takes an inquiry off a list that is not fixed yet.
func (a *acting) retract() error {
	if err := a.homeOnly(); err != nil {
		return err
	}
	c, err := a.step(CaseInquiry, Withdrawn, Waiting)
	if err != nil {
		return err
	}
	if fixed := c.Period.First() + inquiryFixed - 1; a.day >= fixed {
		return provinces.Reject(provinces.CodeActState, "target", "before "+fixed.String(), a.day.String())
	}
	c.Owner, c.Due = "", 0
	a.touch(c)
	return nil
}

// answerCase is the word of who was asked: of an inquiry that the stay is right or wrong,
// of a ticket what was found. The reason says it. Who answers a ticket first owns it.
func (a *acting) answerCase() error {
	if a.target.caze.Kind == CaseTicket {
		return a.answerTicket()
	}
	if err := a.treatmentOnly(); err != nil {
		return err
	}
	c, err := a.step(CaseInquiry, Answered, Waiting)
	if err != nil {
		return err
	}
	switch fixed := c.Period.First() + inquiryFixed - 1; {
	case a.order.Result != "right" && a.order.Result != "wrong":
		return provinces.Reject(provinces.CodeActForm, "result", "right|wrong", "")
	case a.day < fixed:
		return provinces.Reject(provinces.CodeActState, "target", "from "+fixed.String(), a.day.String())
	}
	if c.Due, err = a.due(inquiryAgree); err != nil {
		return err
	}
	c.Result, c.Owner = a.order.Result, c.Home
	a.touch(c)
	return nil
}

// agreeCase is the word of who asked: the answer is accepted.
func (a *acting) agreeCase() error {
	kind := a.target.caze.Kind
	if kind == CaseTicket {
		if err := a.askerOnly(); err != nil {
			return err
		}
	} else if err := a.homeOnly(); err != nil {
		return err
	}
	if kind != CaseTicket {
		kind = CaseInquiry
	}
	c, err := a.step(kind, Agreed, Answered)
	if err != nil {
		return err
	}
	c.Owner, c.Due = "", 0
	a.touch(c)
	return nil
}

// openTicket asks another province for help.
func (a *acting) openTicket() error {
	t := a.order.Ticket
	days, known := TicketDays[t.Type]
	about := t.About == "" || len(t.About) <= targetBytesMax && !strings.ContainsFunc(t.About, func(r rune) bool { return r <= ' ' || r > '~' })
	if !known || !provinces.Known(t.To) || t.To == a.order.Province || !about {
		return provinces.Reject(provinces.CodeActForm, "ticket", "filing|system|other, to another province", "")
	}
	due, err := a.due(days)
	if err != nil {
		return err
	}
	// Home and Treatment are the two parties; a ticket has no payer among them.
	a.open(Case{
		Kind: CaseTicket, State: Waiting, Home: a.order.Province, Treatment: t.To, Asker: a.order.Province,
		Type: t.Type, Target: t.About, Owner: t.To, Due: due,
	})
	return nil
}

func (a *acting) answerTicket() error {
	c, err := a.step(CaseTicket, Answered, Waiting)
	if err != nil {
		return err
	}
	if a.order.Province == c.Asker {
		return provinces.Reject(provinces.CodeActParty, "province", string(c.Treatment), string(a.order.Province))
	}
	if c.Due, err = a.due(ticketAgree); err != nil {
		return err
	}
	if c.Holder == "" {
		c.Holder = a.order.Maker
	}
	c.Owner = c.Asker
	a.touch(c)
	return nil
}

func (a *acting) askerOnly() error {
	if asker := a.target.caze.Asker; a.order.Province != asker {
		return provinces.Reject(provinces.CodeActParty, "province", string(asker), string(a.order.Province))
	}
	return nil
}

// reopenTicket takes a ticket whose answer does not help to the upper level.
func (a *acting) reopenTicket() error {
	c, err := a.step(CaseTicket, Waiting, Answered, Agreed)
	if err != nil {
		return err
	}
	if err := a.askerOnly(); err != nil {
		return err
	}
	if c.Level >= ticketLevelsMax {
		return provinces.Reject(provinces.CodeActState, "target", "an upper level", "")
	}
	if c.Due, err = a.due(TicketDays[c.Type]); err != nil {
		return err
	}
	c.Level++
	c.Owner = c.Treatment
	a.touch(c)
	return nil
}
