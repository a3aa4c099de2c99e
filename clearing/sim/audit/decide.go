package audit

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Outcomes of a message.
const (
	booked      = "booked"
	repeated    = "repeated"
	cancelled   = "cancelled"
	reversed    = "reversed"
	refused     = "refused"
	quarantined = "quarantined"
)

// event decides one message and compares its answer.
func (b *Books) event(e *event) {
	e.request = read(e.message.Subject, e.message.Body)
	r := &record{number: e.number, event: e}
	b.records = append(b.records, r)
	b.decide(r)
	b.bySubject[messageKey(e.message.Subject)] = r
	b.Outcomes[r.outcome]++
	b.day(r).count(r)
	b.compare(r)
}

func messageKey(subject string) string { return strings.TrimPrefix(subject, "claims.") }

func (r *record) refuse(codes ...int) { r.outcome, r.codes, r.original = refused, codes, "" }

// decide follows the published table of outcomes.
func (b *Books) decide(r *record) {
	q := r.event.request
	switch {
	case len(q.refusals) > 0:
		r.refuse(q.refusals...)
	case b.marks[messageKey(r.event.message.Subject)] != nil:
		r.refuse(codeReversedBefore)
	case q.infno == "2304":
		b.settle(r)
	case q.infno == "2305":
		b.cancel(r)
	case q.infno == "2601":
		b.reverse(r)
	default:
		r.refuse(codeInfno)
	}
}

func stayOf(q request) string {
	return fmt.Sprint(q.provider, " ", q.visit, " ", q.claim.discharged)
}

// settle decides a discharge claim.
func (b *Books) settle(r *record) {
	q := r.event.request
	if day := q.claim.discharged.Format("2006-01-02"); day > r.event.day {
		r.refuse(codePeriod)
		return
	}
	standing := b.stays[stayOf(q)]
	if standing != nil && standing.event.request.claim.content == q.claim.content {
		b.repeat(r, standing)
		return
	}
	p := b.plans.find(q.home, q.claim.insurance)
	if p == nil {
		r.refuse(codeNoPlan)
		return
	}
	chosen := q.claim.discharged
	if p.ChosenBy == "admission" {
		chosen = q.claim.admitted
	}
	v := p.on(chosen)
	if v == nil && p.unknown == "" {
		r.refuse(codeNoVersion)
		return
	}
	if standing != nil {
		r.refuse(codeConflict)
		return
	}
	b.book(r, p, v)
}

// book makes a bill stand: in its stay, its person-year and the balances.
func (b *Books) book(r *record, p *plan, v *version) {
	q := r.event.request
	key := yearOf(q)
	standing := b.years[key]
	var err error = cannotJudge{"the version in force is unknown"}
	if v != nil {
		err = nil
	}
	for _, earlier := range standing {
		if earlier.unjudged {
			err = cannotJudge{"an earlier bill of the year could not be judged"}
		}
	}
	if err == nil {
		year := fold(key.Year, billsOf(standing))
		if len(standing) == 0 {
			year.open(key.Year, q.claim.opening)
		}
		r.bill, err = settle(p, v, q, year)
	}
	var why cannotJudge
	if errors.As(err, &why) {
		b.Unjudged++
		b.Why[why.why]++
		r.unjudged, r.bill = true, b.fromAnswer(r)
	} else {
		b.Judged++
	}
	r.outcome, r.before = booked, slices.Clone(standing)
	r.settled = b.settlement(r)
	b.stand(r, r)
}

func yearOf(q request) YearKey {
	return YearKey{q.home[:2], q.person, q.claim.insurance, q.claim.discharged.Year()}
}

// stand makes the bill count from record r on.
func (b *Books) stand(r, bill *record) {
	q := bill.event.request
	b.stays[stayOf(q)] = bill
	b.years[yearOf(q)] = append(b.years[yearOf(q)], bill)
	b.post(r, bill, 1)
}

func (b *Books) repeat(r, first *record) {
	r.outcome, r.of, r.original = repeated, first, lastToken(first.event.message.Subject)
	r.settled, r.codes = first.settled, first.codes
}

func lastToken(subject string) string { return subject[strings.LastIndexByte(subject, '.')+1:] }

// cancel decides a 2305.
func (b *Books) cancel(r *record) {
	q := r.event.request
	bill := b.issued(q.settlement)
	switch {
	case bill == nil || bill.outcome != booked || bill.event.request.treatment != q.settlement[:6] ||
		bill.event.request.provider != q.provider || bill.event.request.home != q.home:
		r.refuse(codeUnknownSettle)
	case bill.event.request.person != q.person || bill.event.request.visit != q.visit:
		r.refuse(codeStayMismatch)
	case b.undone[bill] != nil && b.undone[bill].outcome == cancelled:
		b.repeat(r, b.undone[bill])
	case b.undone[bill] != nil:
		r.refuse(codeState)
	case !b.isLast(bill):
		r.refuse(codeNotLast)
	default:
		r.outcome, r.original = cancelled, lastToken(bill.event.message.Subject)
		b.undo(r, bill)
		r.settled = b.cancellation(r, bill)
	}
}

// issued is the record behind a setl_id: treatment area, "G", 13 digits of the books'
// number; nil if there is none so far.
func (b *Books) issued(id string) *record {
	if len(id) != 20 || id[6] != 'G' || strings.Trim(id[:6]+id[7:], "0123456789") != "" {
		return nil
	}
	n, err := strconv.ParseUint(id[7:], 10, 64)
	if err != nil || n == 0 || n >= uint64(len(b.records)-1) { // the last one is the message at hand
		return nil
	}
	return b.records[n]
}

func (b *Books) isLast(bill *record) bool {
	standing := b.years[yearOf(bill.event.request)]
	return len(standing) > 0 && standing[len(standing)-1] == bill
}

// hasLater reports whether a bill that was booked later stands in the person-year.
func (b *Books) hasLater(bill *record) bool {
	return slices.ContainsFunc(b.years[yearOf(bill.event.request)], func(r *record) bool { return r.number > bill.number })
}

// undo takes the newest bill of its year out of the books.
func (b *Books) undo(r, bill *record) {
	q := bill.event.request
	standing := b.years[yearOf(q)]
	b.years[yearOf(q)] = standing[:len(standing)-1]
	b.stays[stayOf(q)] = nil
	b.undone[bill] = r
	r.of = bill
	b.post(r, bill, -1)
}

// reverse decides a 2601.
func (b *Books) reverse(r *record) {
	q := r.event.request
	tokens := strings.Split(messageKey(r.event.message.Subject), ".")
	key := strings.Join(append(slices.Clone(tokens[:3]), q.omsgid), ".")
	named := b.bySubject[key]
	r.outcome = reversed
	switch {
	case named == nil && b.marks[key] != nil:
		b.repeat(r, b.marks[key])
	case named == nil:
		b.marks[key], r.original = r, "unseen"
	case named.event.request.infno != "" && named.event.request.infno != q.oinfno:
		r.refuse(codeState)
	case named.outcome == booked:
		b.reverseBill(r, named)
	case named.outcome == cancelled:
		b.reverseCancellation(r, named)
	case named.outcome == repeated:
		r.original = "repeated"
	default:
		r.original = "refused"
	}
}

func (b *Books) reverseBill(r, bill *record) {
	by := b.undone[bill]
	r.original = booked
	switch {
	case bill.event.request.person != r.event.request.person:
		r.refuse(codeStayMismatch)
	case by == nil && !b.isLast(bill):
		r.refuse(codeNotLast)
	case by == nil:
		b.undo(r, bill)
	case by.outcome == reversed:
		b.repeat(r, by)
	case b.void[bill] != nil:
		b.repeat(r, b.void[bill])
	default:
		b.void[bill] = r // cancelled, and never to stand again
	}
}

// reverseCancellation lets the cancelled bill stand again as it was, if the person-year
// and the stay are as the cancellation left them.
func (b *Books) reverseCancellation(r, cancellation *record) {
	bill := cancellation.of
	q := bill.event.request
	r.original = booked
	switch {
	case q.person != r.event.request.person:
		r.refuse(codeStayMismatch)
	case b.undone[cancellation] != nil:
		b.repeat(r, b.undone[cancellation])
	case b.void[bill] != nil: // it has no effect, whatever becomes of its cancellation
	case b.stays[stayOf(q)] != nil || b.hasLater(bill):
		r.refuse(codeNotLast)
	case !slices.Equal(b.years[yearOf(q)], bill.before):
		r.refuse(codeState) // a bill on which it was computed is gone
	default:
		r.of = bill
		delete(b.undone, bill)
		b.undone[cancellation] = r
		b.stand(r, bill)
	}
}
