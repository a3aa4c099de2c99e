package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Format is a plain-text accounting program whose language a journal is written in.
type Format string

// The formats. The first two read each other's files; they are kept apart because
// only their own program promises to.
const (
	HLedger   Format = "hledger"
	Ledger    Format = "ledger"
	Beancount Format = "beancount"
)

// Commodity is the only one there is. Amounts are in yuan with two decimals.
const Commodity = "CNY"

// openingEquity holds the other half of opening balances that do not sum to zero. The
// books balance, so it stays empty unless a part of them is exported.
const openingEquity = "Equity:Opening-Balances"

// Errors of a journal.
var (
	// ErrFormat: not one of the formats.
	ErrFormat = errors.New("report: unknown journal format (hledger, ledger, beancount)")
	// ErrUndeclared: an account was used that Declare was not given.
	ErrUndeclared = errors.New("report: account not declared")
	// ErrOrder: Declare came late or twice, or an entry came before the opening.
	ErrOrder = errors.New("report: journal written out of order")
)

// JournalWriter writes the books in the language of a plain-text accounting program, so
// that their balances can be computed by a program that is not ours, to the fen. Lines
// go out as they come: memory grows with the accounts, not with the entries.
//
// The order is: Comment, Declare, at most one Opening, then Entry and Assert as often as
// needed, Close. The first error stays and is returned by every later call.
//
// Who learns only from the entries which accounts to declare writes these first, with a
// writer of [NewJournalBody], and then puts them under a head: Comment, DeclareNames, Body.
type JournalWriter struct {
	w        *bufio.Writer
	format   Format
	declared map[ledger.Account]bool // nil before Declare
	loose    bool                    // any account may be used: others declare
	begun    bool                    // an entry or an opening was written
	line     []byte                  // what is being put together
	err      error
}

// JournalNote is what the books know about an entry beside its postings. Empty fields
// are left out.
type JournalNote struct {
	SettlementID string // setl_id
	Outcome      provinces.Outcome
}

// AccountBalance is an account's net at some moment: positive is a debit.
type AccountBalance struct {
	Account ledger.Account
	Net     ledger.Amount
}

// NewJournal starts a journal. An unknown format is reported by the first call.
func NewJournal(w io.Writer, format Format) *JournalWriter {
	j := &JournalWriter{w: bufio.NewWriterSize(w, writeBuffer), format: format}
	if !slices.Contains([]Format{HLedger, Ledger, Beancount}, format) {
		j.err = fmt.Errorf("%w: %q", ErrFormat, string(format))
	}
	return j
}

// NewJournalBody starts the entries of a journal whose head will be written later, with
// every account they use.
func NewJournalBody(w io.Writer, format Format) *JournalWriter {
	j := NewJournal(w, format)
	j.loose = true
	return j
}

// Comment writes a comment line each, for example days, revision, identity of the books and
// how demonstration data were built.
func (j *JournalWriter) Comment(lines ...string) error {
	for _, line := range lines {
		j.printf("; %s\n", visible(line))
	}
	return j.err
}

// Declare states the commodity and every account that will be used, in the order of
// their names, so that the programs can be strict (hledger check accounts commodities,
// ledger --pedantic, bean-check). Since is the day the accounts open: not after the
// first entry's.
func (j *JournalWriter) Declare(since ledger.Day, accounts []ledger.Account) error {
	if j.err == nil && (j.declared != nil || j.begun) {
		j.err = fmt.Errorf("%w: declare", ErrOrder)
	}
	j.declared = make(map[ledger.Account]bool, len(accounts))
	names := make([]string, 0, len(accounts))
	for _, a := range accounts {
		if err := a.Check(); err != nil && j.err == nil {
			j.err = err
		}
		j.declared[a] = true
		names = append(names, a.Name())
	}
	slices.Sort(names)
	return j.declare(since, slices.Values(slices.Compact(names)))
}

// DeclareNames is Declare for more accounts than one wants in memory: their names, sorted,
// none twice. Only Body may follow.
func (j *JournalWriter) DeclareNames(since ledger.Day, names iter.Seq[string]) error {
	if j.err == nil && (j.declared != nil || j.begun) {
		j.err = fmt.Errorf("%w: declare", ErrOrder)
	}
	j.declared = map[ledger.Account]bool{}
	return j.declare(since, names)
}

// Body takes the entries that a writer of NewJournalBody wrote in the same format.
func (j *JournalWriter) Body(entries io.Reader) error {
	if j.err == nil && j.declared == nil {
		j.err = fmt.Errorf("%w: body", ErrOrder)
	}
	j.begun = true
	if j.err == nil {
		_, j.err = j.w.ReadFrom(entries)
	}
	return j.err
}

func (j *JournalWriter) declare(since ledger.Day, names iter.Seq[string]) error {
	before, after := "account ", "\n"
	if j.format == Beancount {
		before, after = since.String()+" open ", " "+Commodity+"\n"
		j.printf("option \"title\" \"clearingd\"\noption \"operating_currency\" \"%s\"\n\n%s commodity %s\n\n", Commodity, since, Commodity)
	} else {
		j.printf("commodity %s\n    format 1000.00 %s\n\n", Commodity, Commodity)
	}
	if j.format == Ledger {
		j.printf("tag setl_id\ntag outcome\ntag corrects\n\n")
	}
	for name := range withOpening(names) {
		j.line = append(append(append(j.line[:0], before...), name...), after...)
		j.write()
	}
	return j.err
}

// withOpening puts the equity account in its place among sorted names.
func withOpening(names iter.Seq[string]) iter.Seq[string] {
	return func(yield func(string) bool) {
		placed := false
		for name := range names {
			if !placed && name > openingEquity {
				if placed = true; !yield(openingEquity) {
					return
				}
			}
			if !yield(name) {
				return
			}
		}
		if !placed {
			yield(openingEquity)
		}
	}
}

// Opening brings the balances from before the exported days, as one transaction dated
// the first of them. What does not sum to zero goes against Equity:Opening-Balances.
func (j *JournalWriter) Opening(day ledger.Day, balances []AccountBalance) error {
	if j.err == nil && j.begun {
		j.err = fmt.Errorf("%w: opening", ErrOrder)
	}
	var sum ledger.Amount
	lines := make([]string, 0, len(balances))
	for _, b := range balances {
		j.use(b.Account)
		if err := addTo(&sum, b.Net); err != nil && j.err == nil {
			j.err = fmt.Errorf("opening balances: %w", err)
		}
		if b.Net != 0 {
			lines = append(lines, postingLine(b.Account.Name(), b.Net))
		}
	}
	if sum != 0 {
		lines = append(lines, postingLine(openingEquity, -sum))
	}
	j.begun = true
	if len(lines) == 0 {
		return j.err
	}
	if j.format == Beancount {
		j.printf("\n%s * \"opening balances\"\n", day)
	} else {
		j.printf("\n%s * opening balances\n", day)
	}
	j.printf("%s", strings.Join(lines, ""))
	return j.err
}

// Entry writes one entry of the books. An entry that breaks the books' own rules is
// refused: a journal never says what the books do not.
func (j *JournalWriter) Entry(e ledger.Entry, note JournalNote) error {
	if err := e.Check(); err != nil && j.err == nil {
		j.err = err
	}
	outcome, settlement := word(string(note.Outcome)), word(note.SettlementID)
	b := append(j.line[:0], '\n')
	b = e.Day.Append(b)
	if j.format == Beancount {
		b = append(append(append(b, " * \""...), outcome...), "\"\n"...)
		b = appendTag(b, "  entry: \"", strconv.FormatUint(e.Number, 10), "\"\n")
		b = appendTag(b, "  outcome: \"", outcome, "\"\n")
		b = appendTag(b, "  setl_id: \"", settlement, "\"\n")
		b = appendTag(b, "  corrects: \"", corrects(e), "\"\n")
	} else {
		b = append(strconv.AppendUint(append(b, " * ("...), e.Number, 10), ") "...)
		b = append(append(b, outcome...), '\n')
		b = appendTag(b, "    ; outcome: ", outcome, "\n")
		b = appendTag(b, "    ; setl_id: ", settlement, "\n")
		b = appendTag(b, "    ; corrects: ", corrects(e), "\n")
	}
	for _, p := range e.Postings {
		j.use(p.Account)
		b = appendPosting(b, p.Account, p.Amount)
	}
	j.line, j.begun = b, true
	j.write()
	return j.err
}

func corrects(e ledger.Entry) string {
	if e.Corrects == 0 {
		return ""
	}
	return strconv.FormatUint(e.Corrects, 10)
}

// appendTag adds a tag, or nothing where it has no value.
func appendTag(b []byte, before, value, after string) []byte {
	if value == "" {
		return b
	}
	return append(append(append(b, before...), value...), after...)
}

// Assert states what the books say accounts hold at the end of day, after every entry
// of that day was written. The reading program compares it with its own sum and fails
// if they differ.
func (j *JournalWriter) Assert(day ledger.Day, balances []AccountBalance) error {
	if len(balances) > 0 && j.format != Beancount {
		j.printf("\n%s * balances as the books state them\n", day)
	}
	for i, b := range balances {
		j.use(b.Account)
		switch {
		case j.format != Beancount:
			j.printf("    %s  0.00 %s = %s %s\n", b.Account.Name(), Commodity, b.Net, Commodity)
			continue
		case i == 0:
			j.printf("\n")
		}
		// A beancount balance is checked at the beginning of its day.
		j.printf("%s balance %s  %s %s\n", day+1, b.Account.Name(), b.Net, Commodity)
	}
	j.begun = true
	return j.err
}

// Close writes what is still buffered. It does not close the underlying writer.
func (j *JournalWriter) Close() error {
	if j.err == nil {
		j.err = j.w.Flush()
	}
	return j.err
}

func (j *JournalWriter) use(a ledger.Account) {
	if j.err == nil && !j.loose && !j.declared[a] {
		j.err = fmt.Errorf("%w: %s", ErrUndeclared, a)
	}
}

func (j *JournalWriter) printf(format string, args ...any) {
	if j.err == nil {
		_, j.err = fmt.Fprintf(j.w, format, args...)
	}
}

// write sends off the line that was put together.
func (j *JournalWriter) write() {
	if j.err == nil {
		_, j.err = j.w.Write(j.line)
	}
}

func appendPosting(b []byte, account ledger.Account, amount ledger.Amount) []byte {
	return appendPostingTail(account.AppendName(append(b, "    "...)), amount)
}

func appendPostingTail(b []byte, amount ledger.Amount) []byte {
	return append(amount.Append(append(b, "  "...)), " "+Commodity+"\n"...)
}

func postingLine(account string, amount ledger.Amount) string {
	return string(appendPostingTail([]byte("    "+account), amount))
}

// word keeps what ids are made of and replaces the rest, so that no note can end its
// line, its string or its tag.
func word(s string) string {
	if !strings.ContainsFunc(s, notIDRune) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if notIDRune(r) {
			return '_'
		}
		return r
	}, s)
}

func notIDRune(r rune) bool { return r != '-' && r != '_' && r != '.' && notLetterOrDigit(r) }

func notLetterOrDigit(r rune) bool {
	return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
}
