package provinces

import (
	"errors"
	"io"
	"strconv"
	"time"
)

// StatementMessage is a message of the STATEMENTS stream as the broker holds it.
type StatementMessage struct {
	Sequence uint64 // place in the stream, from 1
	Subject  string // see [StatementPart.Subject]
	Body     []byte // exact bytes, at most 1 MiB
	Received time.Time
}

// StatementAdapter reads statements and writes their results. Implementations are pure,
// safe for concurrent use and never panic on foreign bytes.
type StatementAdapter interface {
	// Head reads part 0 of a party's statement. On success the statement is whole and its
	// invariants hold. Otherwise the error is a *RejectError, and the statement holds what
	// could still be read with certainty of what its answer is addressed by.
	Head(party Party, id string, body []byte) (Statement, error)

	// Rows opens the file of a statement, of which file has StatementFile.Bytes bytes. A
	// *RejectError says that it is no such file; any other error is of the reader.
	Rows(s *Statement, file io.ReaderAt) (StatementRows, error)

	// Result writes the body of a statement's answer. The same result gives the same bytes.
	Result(result StatementResult) ([]byte, error)

	// ResultLine adds a line of a row result to b.
	ResultLine(b []byte, line StatementResultLine) []byte
}

// ErrStatementSource is wrapped by the errors of whoever brings a statement's file, so
// that they are not taken for faults of the file.
var ErrStatementSource = errors.New("the file of the statement cannot be read now")

// StatementRows gives the rows of a file one at a time and holds no more than one line
// of it.
type StatementRows interface {
	// Next returns the next row, and io.EOF behind the last. A *RejectError is about the
	// line at hand, of which it names number and column, and the next call goes on behind
	// it; with any other error the file cannot be read further.
	Next() (StatementRow, error)
}

// EachStatementRow reads a file to its end: row gets every row and says whether to go on,
// bad every line that is none, or the file that is no such file. It fails with what row
// fails with, and with any error of the reader.
func EachStatementRow(adapter StatementAdapter, s *Statement, file io.ReaderAt, bad func(*RejectError), row func(*StatementRow) (bool, error)) error {
	var refusal *RejectError
	rows, err := adapter.Rows(s, file)
	if errors.As(err, &refusal) {
		bad(refusal)
		return nil
	}
	for more := true; more && err == nil; {
		var next StatementRow
		next, err = rows.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &refusal):
			bad(refusal)
			err, refusal = nil, nil
		case err == nil:
			more, err = row(&next)
		}
	}
	return err
}

// StatementResult is what a party is told about one statement. All of it comes from the
// statement, the stream and closed days, so that it can be made again with the same bytes.
type StatementResult struct {
	Statement Statement // of a refused one what could be read
	Number    uint64    // sequence of the message that made the statement whole, or unacceptable
	Received  time.Time // the broker's timestamp of the head
	Outcome   StatementOutcome

	Code   Code // 0 unless refused
	Errors []FieldError

	Totals []StatementComparison // one for each total of the statement
	Rows   *StatementRowResult   // of a provider's statement with rows
}

// StatementComparison holds a total against the books.
type StatementComparison struct {
	Yours  StatementTotal // as stated
	Ours   StatementTotal // the same of the books; Account and Cash are set where Yours has them
	Result string         // StatementBalanced and so on
}

// StatementRowResult counts the lines of a row result and says how to know it whole.
type StatementRowResult struct {
	Counts map[string]int64 // by StatementBalanced and so on
	Bytes  int64            // of the result as the service delivers it in pages
	SHA256 [32]byte         // of the same
}

// StatementResultLine is one line of the result of a comparison row by row (result.txt).
type StatementResultLine struct {
	PersonNo, VisitID, SettlementID, MsgID string // "" is written as null
	Result                                 string // StatementBalanced and so on
	Refund                                 bool
	Memo                                   string // the wire names of what differs; "" is written as null
	Amounts                                StatementTotal
}

// StatementTotalField names a member of a statement's total as its sender's form has it:
// "input.data.medfee_sumamt", or "totals[2].medfee_sumamt".
func StatementTotalField(s *Statement, i int, member string) string {
	if s.Infno != "" {
		if member == "setl_cnt" {
			member = "fixmedins_setl_cnt"
		}
		return "input.data." + member
	}
	return "totals[" + strconv.Itoa(i) + "]." + member
}
