package clearing

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Desk holds what every decision needs besides the books. It is immutable and safe
// for concurrent use; a reload makes a new one.
type Desk struct {
	Plans    *benefit.Set
	Adapters map[ledger.Province]provinces.Adapter // by treatment province

	Statements provinces.StatementAdapter // reads statements and writes their results; nil: none are read

	Registry   provinces.RegistryAdapter // reads the home side's documents; nil: none are read
	Registered map[ledger.Province]bool  // home provinces whose people must be known to the register; of others the claim's word is taken where the register is silent
	Pseudonyms Pseudonyms                // keys the hashes of certificate numbers

	Refold map[ledger.Province]bool // home provinces that let a bill come or go before others of its person-year; elsewhere the last settlement goes first

	Calendar WorkingDays // due dates of inquiries and tickets; nil: what needs one is refused

	RequireVerified bool // refuse bills whose plan is not verified
	ManualDay       bool // settlement times take the business day's date
}

// Decoded is a message with its digest and what its adapter made of it: the part of
// the work that needs no books and can be done for many messages at once.
type Decoded struct {
	provinces.Message
	Digest  [32]byte
	Request provinces.Request
	Refusal *provinces.RejectError // nil if the request is whole
}

// ErrAdapter: an adapter broke its contract, or a province has none.
var ErrAdapter = errors.New("clearing: adapter fault")

// Decode reads the message in its treatment province's dialect and holds the body
// against the subject. An error is our own fault, never the message's.
func (d *Desk) Decode(m provinces.Message) (Decoded, error) {
	decoded := Decoded{Message: m, Digest: sha256.Sum256(m.Body)}
	adapter, ok := d.Adapters[m.Stream]
	if !ok {
		return decoded, fmt.Errorf("%w: no adapter for province %s", ErrAdapter, m.Stream)
	}
	request, err := adapter.Decode(m.Body)
	decoded.Request = request
	if err != nil && !errors.As(err, &decoded.Refusal) {
		return decoded, fmt.Errorf("%w: %w", ErrAdapter, err)
	}
	// The lowest code is reported: whether subject and body agree comes before what has a
	// higher one, as far as the body could be read.
	if decoded.Refusal == nil || decoded.Refusal.Code > provinces.CodeSubject {
		if mismatch := agree(m.Subject, request); mismatch != nil {
			decoded.Refusal = mismatch
		}
	}
	return decoded, nil
}

func agree(subject string, request provinces.Request) *provinces.RejectError {
	parsed, err := provinces.ParseSubject(subject)
	if err != nil {
		return provinces.Reject(provinces.CodeSubject, "subject", "claims.<treatment>.<home>.<provider>.<msgid>", subject)
	}
	// A member that could not be read differs from nothing: it is refused as such.
	request.MsgID = cmp.Or(request.MsgID, parsed.MsgID)
	request.Provider = cmp.Or(request.Provider, parsed.Provider)
	request.Home = cmp.Or(request.Home, ledger.Area(parsed.Home))
	request.Treatment = cmp.Or(request.Treatment, ledger.Area(parsed.Treatment))
	return provinces.Agree(parsed, request)
}

// Decide says what becomes of the message on the given business day. An error is our
// own fault or the store's; the message's faults are in the decision.
func (d *Desk) Decide(view View, m Decoded, day ledger.Day) (Decision, error) {
	c := d.open(view, m, day)
	if err := c.run(); err != nil {
		return Decision{}, err
	}
	if entry := c.decision.Entry; entry != nil {
		if err := entry.Check(); err != nil {
			return Decision{}, err
		}
	}
	return c.decision, c.seal()
}

// Quarantine is the decision for a message that we failed on three times: it keeps
// its place and its day, and the hospital is told that people are at work on it.
func (d *Desk) Quarantine(view View, m Decoded, day ledger.Day) (Decision, error) {
	c := d.open(view, m, day)
	c.reject(provinces.Quarantined, provinces.Reject(provinces.CodeInternal, "", "", ""))
	return c.decision, c.seal()
}

// desk work on one message.
type work struct {
	*Desk
	view       View
	message    Decoded
	journey    bool // a planned stay is estimated
	decision   Decision
	settlement *provinces.Settlement // for the answer
}

func (d *Desk) open(view View, m Decoded, day ledger.Day) *work {
	return &work{Desk: d, view: view, message: m, decision: Decision{Record: Record{
		Number:    view.Next(),
		Stream:    m.Stream,
		Sequence:  m.Sequence,
		Subject:   m.Subject,
		Digest:    m.Digest,
		Received:  m.Received.UnixNano(),
		Day:       day,
		Infno:     m.Request.Infno,
		Treatment: m.Request.Treatment,
		Home:      m.Request.Home,
		Provider:  m.Request.Provider,
	}}}
}

// run checks in the fixed order: the message itself, whether it was seen or reversed
// before, and then what it asks for.
func (w *work) run() error {
	if w.message.Refusal != nil {
		w.reject(provinces.Refused, w.message.Refusal)
		return nil
	}
	known, err := w.view.Message(messageKey(w.message.Subject))
	if err != nil {
		return err
	}
	if known.Record != 0 {
		return w.again(known.Record)
	}
	if known.Mark != 0 {
		w.refuse(provinces.CodeReversedBefore, "msgid", "", w.message.Request.MsgID)
		return nil
	}
	return w.act()
}

// act does what the message asks for.
func (w *work) act() error {
	switch w.message.Request.Infno {
	case provinces.InfnoSettle:
		return w.settle()
	case provinces.InfnoCancel:
		return w.cancel()
	case provinces.InfnoReverse:
		return w.reverse()
	}
	w.refuse(provinces.CodeInfno, "infno", "2304|2305|2601", w.message.Request.Infno)
	return nil
}

// again answers a message whose msgid the books know although the stream let it in:
// the first one has moved to the archive since. The same bytes get the first answer;
// other bytes need another msgid.
func (w *work) again(first uint64) error {
	record, err := w.view.Record(first)
	if err != nil {
		return err
	}
	if record.Digest != w.message.Digest {
		w.refuse(provinces.CodeMsgIDUsed, "msgid", "", w.message.Request.MsgID)
		return nil
	}
	return w.repeat(record)
}

// refuse ends the work with one wrong place.
func (w *work) refuse(code provinces.Code, field, expected, found string) {
	w.reject(provinces.Refused, provinces.Reject(code, field, expected, found))
}

func (w *work) reject(outcome provinces.Outcome, refusal *provinces.RejectError) {
	r := &w.decision.Record
	r.Outcome, r.Code, r.Errors = outcome, refusal.Code, refusal.Errors
	r.Original, r.OriginalWord = 0, ""
}

// Undecoded is a message whose decoding failed through our own fault.
func Undecoded(m provinces.Message) Decoded {
	return Decoded{Message: m, Digest: sha256.Sum256(m.Body)}
}
