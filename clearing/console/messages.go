package console

import (
	"net/http"

	"clearingd/ledger"
	"clearingd/provinces"
)

// messagesView is what a list of messages shows.
type messagesView struct {
	Query     MessageQuery
	Messages  []messageLine
	Outcomes  []provinces.Outcome // choices of the form
	Codes     []provinces.Code
	Provinces []ledger.Province
	Searched  uint64 // as in billsView
	First     string // address of the list's beginning; "" on it
	Next      string // address of the next part; "" at the end
}

// messageLine is a message with its msgid.
type messageLine struct {
	Message
	MsgID string // as the subject gives it; the whole subject where it is no subject
}

func (c *console) messages(r *http.Request) (response, error) {
	query, err := messageQuery(r)
	if err != nil {
		return nil, err
	}
	if _, err := c.findDay(r.Context(), query.Day); err != nil {
		return nil, err
	}
	part, err := c.books.Messages(r.Context(), query)
	if err != nil {
		return nil, err
	}
	v := messagesView{Query: query, Searched: part.Searched, Outcomes: provinces.Outcomes, Codes: provinces.Codes(), Provinces: provinces.Provinces()}
	for _, m := range part.Messages {
		line := messageLine{m, m.Subject}
		if subject, err := provinces.ParseSubject(m.Subject); err == nil {
			line.MsgID = subject.MsgID
		}
		v.Messages = append(v.Messages, line)
	}
	if query.After != 0 {
		v.First = after(r.URL, 0)
	}
	if part.Next != 0 {
		v.Next = after(r.URL, part.Next)
	}
	return page{name: "messages", section: "days", title: phrases["msgs"], data: v, wide: true}, nil
}

func messageQuery(r *http.Request) (query MessageQuery, err error) {
	q, err := parameters(r)
	if err != nil {
		return query, err
	}
	query.Limit = rowsMax
	if query.Day, err = parseDay(r.PathValue("day")); err != nil {
		return query, err
	}
	if query.Stream, err = q.province("stream"); err != nil {
		return query, err
	}
	if query.Outcome, err = q.outcome(provinces.Outcomes); err != nil {
		return query, err
	}
	if query.Code, err = q.code(); err != nil {
		return query, err
	}
	query.After, err = q.after()
	return query, err
}
