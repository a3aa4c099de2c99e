package intake

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// StatementsOptions of Statements. All fields are required but Observe.
type StatementsOptions struct {
	Store *store.Store
	Desk  func() *clearing.Desk // the one in force

	// Fetch brings a message of the STATEMENTS stream again. ErrGone says that the broker
	// does not hold it any more; other errors are tried again until ctx ends.
	Fetch func(ctx context.Context, sequence uint64) ([]byte, error)

	// Observe is told of every statement that is decided, after it is on disk, of every
	// message refused without one, and of every failure of our own.
	Observe func(StatementEvent)
}

// ErrGone: the broker has dropped the message.
var ErrGone = errors.New("intake: the message is not on the broker any more")

// StatementEvent is what Observe is told; exactly one of its fields is set.
type StatementEvent struct {
	Decided  *clearing.StatementRecord
	Stranger *clearing.StatementRefusal
	Fault    error
}

// Statements takes parties' statements into the books, in the order of their stream. A
// statement is gathered from its messages in any order and decided when the last one is
// there; until then it waits, and of its file the books know only where the parts lie. Of
// several messages on one subject the first counts.
//
// A file is read from the broker part by part, twice: once to find everything that is wrong
// with it, and once to write its rows in blocks, each in a transaction of its own. The
// message that made it whole is noted as dealt with by the transaction that puts the statement in
// force, so a kill in between begins that statement again and nothing else.
//
// Only one Commit and one Answer may be at work.
type Statements struct {
	o      StatementsOptions
	failed map[uint64]bool // statements that could not be answered since the start; of Answer alone
}

// NewStatements makes a Statements.
func NewStatements(o StatementsOptions) *Statements {
	if o.Observe == nil {
		o.Observe = func(StatementEvent) {}
	}
	return &Statements{o: o, failed: make(map[uint64]bool)}
}

// Commit takes the messages in. Those that the books have dealt with are passed over. An
// error means that the books can take no more, or that ctx has ended.
func (s *Statements) Commit(ctx context.Context, messages []provinces.StatementMessage) error {
	for len(messages) > 0 {
		done, whole, err := s.gather(messages)
		if err != nil {
			return err
		}
		messages = messages[done:]
		if whole != nil {
			if err := s.decideWhole(ctx, whole); err != nil {
				return err
			}
		}
	}
	return nil
}

// gather notes messages in one transaction, up to and with the first that makes a
// statement whole. That one is not yet noted as dealt with.
func (s *Statements) gather(messages []provinces.StatementMessage) (done int, whole *clearing.StatementRecord, err error) {
	var events []StatementEvent
	err = s.o.Store.Update(func(tx *store.Tx) error {
		at, err := tx.Position(store.StatementsStream)
		if err != nil {
			return err
		}
		for _, m := range messages {
			if m.Sequence <= at.Sequence {
				done++
				continue
			}
			g := gathering{tx: tx, desk: s.o.Desk(), message: m}
			record, err := g.take()
			if err != nil {
				return err
			}
			events = append(events, g.events...)
			done++
			if record != nil {
				whole = record
				return nil
			}
			if err := tx.AdvanceStatements(m.Sequence); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		for _, e := range events {
			s.o.Observe(e)
		}
	}
	return done, whole, err
}

// gathering takes one message into the statement it belongs to.
type gathering struct {
	tx      *store.Tx
	desk    *clearing.Desk
	message provinces.StatementMessage
	part    provinces.StatementPart
	events  []StatementEvent
}

// take returns the statement that the message makes whole; nil if it makes none.
func (g *gathering) take() (*clearing.StatementRecord, error) {
	part, err := provinces.ParseStatementSubject(g.message.Subject)
	if err != nil || !provinces.Known(part.Party.Province) {
		return nil, g.stranger(provinces.Reject(provinces.CodeSubject, "subject", "statements.<party>.<id>.<part>", ""))
	}
	g.part = part
	record, known, err := g.tx.Statement(part.Party, part.ID)
	if err != nil {
		return nil, err
	}
	if !known {
		record = clearing.StatementRecord{
			Party: part.Party, ID: part.ID, First: g.message.Sequence, Received: g.message.Received.UnixNano(),
			Statement: provinces.Statement{Party: part.Party, ID: part.ID},
		}
	}
	if part.Part == 0 {
		return g.head(&record)
	}
	return g.filePart(&record)
}

func (g *gathering) head(record *clearing.StatementRecord) (*clearing.StatementRecord, error) {
	digest := sha256.Sum256(g.message.Body)
	statement, refusal, err := readStatement(g.desk, g.part, g.message.Body)
	if err != nil {
		g.events = append(g.events, StatementEvent{Fault: fmt.Errorf("message %s/%d: %w", store.StatementsStream, g.message.Sequence, err)})
		refusal = provinces.Reject(provinces.CodeInternal, "", "", "")
	}
	if record.Head != 0 && record.Head != g.message.Sequence { // else it is delivered again after a kill
		if digest == record.HeadDigest || refusal == nil && statement.SameContent(record.Statement) {
			return nil, nil // a copy: the first result is its result
		}
		return nil, g.stranger(provinces.Reject(provinces.CodeStatementReuse, "id", "the head that was sent first", ""))
	}
	record.Head, record.HeadDigest, record.Received = g.message.Sequence, digest, g.message.Received.UnixNano()
	if refusal == nil {
		came, err := g.came()
		if err != nil {
			return nil, err
		}
		refusal = g.desk.CheckHorizon(&statement, came)
	}
	statement.Party, statement.ID = record.Party, record.ID
	record.Statement = statement
	if refusal != nil {
		return nil, g.refuse(record, refusal)
	}
	return g.note(record)
}

// came is the day on which the message came. Either way it is the same when a statement is taken
// again into books that were restored from a copy.
func (g *gathering) came() (ledger.Day, error) {
	if g.desk.ManualDay {
		return g.tx.DayBegunBy(g.message.Received)
	}
	return ledger.DayOf(g.message.Received.In(clearing.China)), nil
}

// readStatement calls the adapter and turns a panic into an error.
func readStatement(desk *clearing.Desk, part provinces.StatementPart, body []byte) (s provinces.Statement, refusal *provinces.RejectError, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = recovered(p)
		}
	}()
	return desk.ReadStatement(part.Party, part.ID, body)
}

func (g *gathering) filePart(record *clearing.StatementRecord) (*clearing.StatementRecord, error) {
	if record.Outcome != "" {
		return nil, nil // late, or sent again: the statement is decided
	}
	parts, err := g.tx.StatementParts(record.Party, record.ID)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(g.message.Body)
	if before, ok := parts[g.part.Part]; ok && before.Sequence != g.message.Sequence { // else it is delivered again after a kill
		if before.Digest == digest {
			return nil, nil
		}
		return nil, g.stranger(provinces.Reject(provinces.CodeStatementReuse, fmt.Sprintf("part %d", g.part.Part), "the part that was sent first", ""))
	}
	at := store.StatementPart{Sequence: g.message.Sequence, Bytes: int64(len(g.message.Body)), Digest: digest}
	if err := g.tx.NoteStatementPart(record.Party, record.ID, g.part.Part, at); err != nil {
		return nil, err
	}
	return g.note(record)
}

// note stores a statement that waits, or returns it if it is whole.
func (g *gathering) note(record *clearing.StatementRecord) (*clearing.StatementRecord, error) {
	if err := g.tx.NoteStatement(record); err != nil {
		return nil, err
	}
	if record.Head == 0 {
		return nil, nil
	}
	if file := record.Statement.File; file != nil {
		parts, err := g.tx.StatementParts(record.Party, record.ID)
		if err != nil {
			return nil, err
		}
		for part := 1; part <= file.Parts; part++ {
			if _, ok := parts[part]; !ok {
				return nil, nil
			}
		}
	}
	record.Number = g.message.Sequence
	return record, nil
}

func (g *gathering) refuse(record *clearing.StatementRecord, refusal *provinces.RejectError) error {
	record.Number = g.message.Sequence
	if err := refuseStatement(g.desk, record, refusal); err != nil {
		return err
	}
	g.events = append(g.events, StatementEvent{Decided: record})
	return g.tx.DecideStatement(record)
}

// refuseStatement writes a refusal, and its answer, into a record.
func refuseStatement(desk *clearing.Desk, record *clearing.StatementRecord, refusal *provinces.RejectError) (err error) {
	record.Outcome, record.Code, record.Errors = provinces.StatementRefused, refusal.Code, refusal.Errors
	record.Rows, record.Blocks, record.RowsDigest = 0, 0, [32]byte{}
	record.Answer, err = desk.Statements.Result(record.Result())
	return err
}

func (g *gathering) stranger(refusal *provinces.RejectError) error {
	r := clearing.StatementRefusal{
		Sequence: g.message.Sequence, Party: g.part.Party, ID: g.part.ID, Part: g.part.Part,
		Received: g.message.Received.UnixNano(), Code: refusal.Code, Errors: refusal.Errors,
	}
	g.events = append(g.events, StatementEvent{Stranger: &r})
	return g.tx.RefuseStranger(r)
}

// decideWhole takes a statement that is whole to its outcome. What fails by our own fault
// is tried three times and then refused by our own code, so that it holds up nobody.
func (s *Statements) decideWhole(ctx context.Context, record *clearing.StatementRecord) error {
	for {
		attempt := *record
		refusal, err := s.apply(ctx, &attempt)
		var fault *statementFault
		if errors.As(err, &fault) {
			s.o.Observe(StatementEvent{Fault: fmt.Errorf("statement %s/%d: %w", store.StatementsStream, record.Number, fault.cause)})
			var attempts uint64
			if attempts, err = s.noteAttempt(record.Number); err == nil && attempts < AttemptsMax {
				time.Sleep(retryPause)
				continue
			}
			refusal = provinces.Reject(provinces.CodeInternal, "", "", "")
		}
		if err != nil {
			return err
		}
		if refusal != nil {
			if err := refuseStatement(s.o.Desk(), &attempt, refusal); err != nil {
				return err
			}
		}
		return s.finish(&attempt)
	}
}

func (s *Statements) noteAttempt(number uint64) (attempts uint64, err error) {
	err = s.o.Store.Update(func(tx *store.Tx) error {
		if err := tx.NoteAttempt(store.StatementsStream, number); err != nil {
			return err
		}
		attempts, err = tx.Attempts(store.StatementsStream, number)
		return err
	})
	return attempts, err
}

// finish puts the outcome into the books, and notes the message that made the statement
// whole as dealt with.
func (s *Statements) finish(record *clearing.StatementRecord) error {
	err := s.o.Store.Update(func(tx *store.Tx) error {
		if err := tx.DecideStatement(record); err != nil {
			return err
		}
		return tx.AdvanceStatements(record.Number)
	})
	if err == nil {
		s.o.Observe(StatementEvent{Decided: record})
	}
	return err
}

// statementFault is a failure of our own with one statement.
type statementFault struct{ cause error }

func (e *statementFault) Error() string { return e.cause.Error() }

func (e *statementFault) Unwrap() error { return e.cause }
