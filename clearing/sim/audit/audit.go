package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Message is a message as the broker holds it.
type Message struct {
	Stream   string // treatment province
	Sequence uint64 // place in that stream, from 1
	Subject  string
	Body     []byte
	Received time.Time // the broker's timestamp
}

// Answer is an answer as it was published.
type Answer struct {
	Subject string
	Header  map[string]string
	Body    []byte
}

// faultsMax bounds the list: the first ones tell, the count says the rest.
const faultsMax = 200

// Audit works out what must have become of the messages and compares it with the
// answers. manual says that business days end by hand, so that printed times carry the
// business day's date; otherwise the day follows from the timestamp and midnight.
func Audit(plans *Plans, manual bool, messages []Message, answers []Answer) *Books {
	b := newBooks(plans, manual)
	bySubject := map[string]*Message{}
	for i := range messages {
		m := &messages[i]
		if bySubject["answers."+strings.TrimPrefix(m.Subject, "claims.")] != nil {
			b.fault("the stream holds %s twice", m.Subject)
		}
		bySubject["answers."+strings.TrimPrefix(m.Subject, "claims.")] = m
	}
	events := b.pair(bySubject, answers)
	b.order(events)
	for i := range events {
		b.event(&events[i])
	}
	return b
}

// event is a message and its answer.
type event struct {
	number  uint64
	day     string
	message *Message
	answer  *Answer
	request request
}

// pair finds the message of each answer: exactly one answer a message, with the digest
// of its bytes, numbered from one without gaps.
func (b *Books) pair(messages map[string]*Message, answers []Answer) []event {
	events := make([]event, 0, len(answers))
	answered := map[string]bool{}
	for i := range answers {
		a := &answers[i]
		m := messages[a.Subject]
		if m == nil {
			b.fault("%s answers nothing that was sent", a.Subject)
			continue
		}
		if answered[a.Subject] {
			b.fault("%s is answered twice", m.Subject)
			continue
		}
		answered[a.Subject] = true
		digest := sha256.Sum256(m.Body)
		if got := a.Header["Clr-Digest"]; got != hex.EncodeToString(digest[:]) {
			b.fault("%s: digest %s is not that of the bytes sent", m.Subject, got)
		}
		number, err := strconv.ParseUint(a.Header["Clr-Entry"], 10, 64)
		if err != nil {
			b.fault("%s: Clr-Entry %q", m.Subject, a.Header["Clr-Entry"])
			continue
		}
		events = append(events, event{number: number, day: a.Header["Clr-Day"], message: m, answer: a})
	}
	for subject, m := range messages {
		if !answered[subject] {
			b.fault("%s (stream %s, sequence %d) was never answered", m.Subject, m.Stream, m.Sequence)
		}
	}
	sort.Slice(events, func(i, j int) bool { return events[i].number < events[j].number })
	for i, e := range events {
		if e.number != uint64(i+1) {
			b.fault("the books' numbers: %d stands in place %d", e.number, i+1)
			break
		}
	}
	return events
}

// order holds the numbers and days against each stream's own order.
func (b *Books) order(events []event) {
	type position struct {
		sequence uint64
		day      string
	}
	at := map[string]position{}
	for _, e := range events {
		m := e.message
		before := at[m.Stream]
		if m.Sequence != before.sequence+1 {
			b.fault("stream %s: record %d answers sequence %d after %d", m.Stream, e.number, m.Sequence, before.sequence)
		}
		if _, err := time.Parse(time.DateOnly, e.day); err != nil || e.day < before.day {
			b.fault("stream %s: record %d is on %q, after %q", m.Stream, e.number, e.day, before.day)
		}
		byClock := m.Received.In(china).Format(time.DateOnly)
		if !b.manual && e.day < byClock {
			b.fault("stream %s: record %d is on %s, but came on %s", m.Stream, e.number, e.day, byClock)
		}
		at[m.Stream] = position{m.Sequence, e.day}
	}
}

var china = time.FixedZone("Asia/Shanghai", 8*60*60)

func (b *Books) fault(format string, args ...any) {
	b.FaultCount++
	if len(b.Faults) < faultsMax {
		b.Faults = append(b.Faults, fmt.Sprintf(format, args...))
	}
}
