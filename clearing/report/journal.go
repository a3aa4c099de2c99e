package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
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
type JournalWriter struct {
	w        *bufio.Writer
	format   Format
	declared map[ledger.Account]bool // nil before Declare
	begun    bool                    // an entry or an opening was written
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
	j := &JournalWriter{w: bufio.NewWriter(w), format: format}
	if !slices.Contains([]Format{HLedger, Ledger, Beancount}, format) {
		j.err = fmt.Errorf("%w: %q", ErrFormat, string(format))
	}
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
	names := make([]string, 0, len(accounts)+1)
	for _, a := range accounts {
		if err := a.Check(); err != nil && j.err == nil {
			j.err = err
		}
		j.declared[a] = true
		names = append(names, a.Name())
	}
	names = append(names, openingEquity)
	slices.Sort(names)
	names = slices.Compact(names)
	if j.format == Beancount {
		j.printf("option \"title\" \"clearingd\"\noption \"operating_currency\" \"%s\"\n\n%s commodity %s\n\n", Commodity, since, Commodity)
		for _, name := range names {
			j.printf("%s open %s %s\n", since, name, Commodity)
		}
		return j.err
	}
	j.printf("commodity %s\n    format 1000.00 %s\n\n", Commodity, Commodity)
	if j.format == Ledger {
		j.printf("tag setl_id\ntag outcome\ntag corrects\n\n")
	}
	for _, name := range names {
		j.printf("account %s\n", name)
	}
	return j.err
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
	if j.format == Beancount {
		j.printf("\n%s * \"%s\"\n  entry: \"%d\"\n", e.Day, outcome, e.Number)
		j.tag("  %s: \"%s\"\n", "outcome", outcome)
		j.tag("  %s: \"%s\"\n", "setl_id", settlement)
		if e.Corrects != 0 {
			j.printf("  corrects: \"%d\"\n", e.Corrects)
		}
	} else {
		j.printf("\n%s * (%d) %s\n", e.Day, e.Number, outcome)
		j.tag("    ; %s: %s\n", "outcome", outcome)
		j.tag("    ; %s: %s\n", "setl_id", settlement)
		if e.Corrects != 0 {
			j.printf("    ; corrects: %d\n", e.Corrects)
		}
	}
	for _, p := range e.Postings {
		j.use(p.Account)
		j.printf("%s", postingLine(p.Account.Name(), p.Amount))
	}
	j.begun = true
	return j.err
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
	if j.err == nil && !j.declared[a] {
		j.err = fmt.Errorf("%w: %s", ErrUndeclared, a)
	}
}

func (j *JournalWriter) printf(format string, args ...any) {
	if j.err == nil {
		_, j.err = fmt.Fprintf(j.w, format, args...)
	}
}

func (j *JournalWriter) tag(format, name, value string) {
	if value != "" {
		j.printf(format, name, value)
	}
}

func postingLine(account string, amount ledger.Amount) string {
	return "    " + account + "  " + amount.String() + " " + Commodity + "\n"
}

// word keeps what ids are made of and replaces the rest, so that no note can end its
// line, its string or its tag.
func word(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || !notLetterOrDigit(r) {
			return r
		}
		return '_'
	}, s)
}

func notLetterOrDigit(r rune) bool {
	return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
}
