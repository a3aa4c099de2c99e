package report

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"clearingd/ledger"
	"clearingd/provinces"
)

var journalFormats = []Format{HLedger, Ledger, Beancount}

// journalBooks is a small set of books: two bills, one of them cancelled the day after.
func journalBooks() (entries []ledger.Entry, notes []JournalNote, balances accountBook) {
	first := bill(1, "650100", "330100", 2_110_738, 1_500_038, 10_000)
	second := bill(2, "110000", "310000", 500_000, 300_001, 0)
	book := func(b Bill, day ledger.Day) {
		var postingsOf []ledger.Posting
		for _, f := range append(slices.Clone(b.Funds), provinces.FundAmount{Fund: ledger.FundAccount, Amount: b.Account}) {
			if f.Amount != 0 {
				postingsOf = append(postingsOf, postings(b, f)...)
			}
		}
		entries = append(entries, ledger.Entry{Number: b.Entry, Day: day, Corrects: b.Corrects, Postings: postingsOf})
		notes = append(notes, JournalNote{SettlementID: b.SettlementID, Outcome: b.Outcome})
		balances.add(b)
	}
	balances = accountBook{}
	book(first, sampleDay)
	book(second, sampleDay)
	book(undo(3, second), sampleDay+1)
	// 100.00 of the first bill are held back by a deduction.
	reserve := func(f provinces.FundAmount, stage ledger.Stage) (moved []ledger.Posting) {
		for _, p := range postings(first, f) {
			p.Account.Stage = stage
			if balances[p.Account] == nil {
				balances[p.Account] = &ledger.Balance{}
			}
			if err := balances[p.Account].Post(p.Amount); err != nil {
				panic(err)
			}
			moved = append(moved, p)
		}
		return moved
	}
	held := provinces.FundAmount{Fund: first.Funds[0].Fund, Amount: 10_000}
	taken := provinces.FundAmount{Fund: held.Fund, Amount: -held.Amount}
	entries = append(entries, ledger.Entry{Number: 4, Day: sampleDay + 1, Postings: slices.Concat(reserve(taken, ledger.Accrued), reserve(held, ledger.Reserved))})
	notes = append(notes, JournalNote{Outcome: "acted"})
	return entries, notes, balances
}

func sortedAccounts(book accountBook) []ledger.Account {
	return slices.SortedFunc(maps.Keys(book), func(x, y ledger.Account) int { return strings.Compare(x.Name(), y.Name()) })
}

func accountNets(book accountBook) []AccountBalance {
	var list []AccountBalance
	for _, a := range sortedAccounts(book) {
		list = append(list, AccountBalance{a, book[a].Net()})
	}
	return list
}

func writeJournal(w io.Writer, format Format) error {
	entries, notes, book := journalBooks()
	j := NewJournal(w, format)
	j.Comment("clearingd journal 2026-11-23 to 2026-11-24", "演示数据 built data", "hostile\nline 2026-01-01 open Assets:Evil")
	j.Declare(sampleDay, sortedAccounts(book))
	j.Opening(sampleDay, []AccountBalance{
		{sortedAccounts(book)[0], 700}, {sortedAccounts(book)[1], -650}, // a part of books: 0.50 goes to equity
	})
	for i, e := range entries {
		j.Entry(e, notes[i])
	}
	nets := accountNets(book)
	nets[0].Net += 700
	nets[1].Net -= 650
	j.Assert(sampleDay+1, nets)
	return j.Close()
}

func TestJournalGolden(t *testing.T) {
	for _, format := range journalFormats {
		var b bytes.Buffer
		if err := writeJournal(&b, format); err != nil {
			t.Fatal(err)
		}
		golden(t, "journal."+string(format), b.Bytes())
	}
}

func TestJournalRefuses(t *testing.T) {
	entries, notes, book := journalBooks()
	accounts := sortedAccounts(book)
	unbalanced := ledger.Entry{Number: 9, Day: sampleDay, Postings: entries[0].Postings[:1]}
	for _, c := range []struct {
		name  string
		write func(j *JournalWriter)
		want  error
	}{
		{"what is in order", func(j *JournalWriter) { j.Declare(sampleDay, accounts); j.Entry(entries[0], notes[0]) }, nil},
		{"an account never declared", func(j *JournalWriter) { j.Declare(sampleDay, accounts[:1]); j.Entry(entries[0], notes[0]) }, ErrUndeclared},
		{"an entry before any declaration", func(j *JournalWriter) { j.Entry(entries[0], notes[0]) }, ErrUndeclared},
		{"declaring twice", func(j *JournalWriter) { j.Declare(sampleDay, accounts); j.Declare(sampleDay, accounts) }, ErrOrder},
		{"an opening after an entry", func(j *JournalWriter) {
			j.Declare(sampleDay, accounts)
			j.Entry(entries[0], notes[0])
			j.Opening(sampleDay, nil)
		}, ErrOrder},
		{"an entry that does not balance", func(j *JournalWriter) { j.Declare(sampleDay, accounts); j.Entry(unbalanced, JournalNote{}) }, ledger.ErrUnbalanced},
		{"a malformed account", func(j *JournalWriter) {
			j.Declare(sampleDay, []ledger.Account{{Side: ledger.Payable, Provider: "a b"}})
		}, ledger.ErrAccount},
	} {
		t.Run(c.name, func(t *testing.T) {
			j := NewJournal(io.Discard, HLedger)
			c.write(j)
			if err := j.Close(); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
	if err := NewJournal(io.Discard, "quicken").Close(); !errors.Is(err, ErrFormat) {
		t.Errorf("unknown format: %v", err)
	}
}

func TestJournalNotesCannotBreakOut(t *testing.T) {
	entries, _, book := journalBooks()
	hostile := JournalNote{SettlementID: "x\"\n2026-01-01 open Assets:Evil\n; y, z: 1\u202e", Outcome: "booked\"\n  Assets:Evil  1.00 CNY"}
	for _, format := range journalFormats {
		var plain, bad bytes.Buffer
		for _, w := range []struct {
			out  io.Writer
			note JournalNote
		}{{&plain, JournalNote{"x", "booked"}}, {&bad, hostile}} {
			j := NewJournal(w.out, format)
			j.Declare(sampleDay, sortedAccounts(book))
			j.Entry(entries[0], w.note)
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
		}
		if strings.Count(bad.String(), "\n") != strings.Count(plain.String(), "\n") || strings.Count(bad.String(), `"`) != strings.Count(plain.String(), `"`) {
			t.Errorf("%s: a note changed the shape of the journal:\n%s", format, bad.String())
		}
	}
}

// failing is a disk that is full after a few bytes.
type failing struct{ left int }

var errFull = errors.New("full")

func (f *failing) Write(p []byte) (int, error) {
	if f.left < len(p) {
		return f.left, errFull
	}
	f.left -= len(p)
	return len(p), nil
}

func TestWritersReportAFullDisk(t *testing.T) {
	r := busyDay(t, 4, 60)
	for name, write := range map[string]func(w io.Writer) error{
		"html": func(w io.Writer) error { return HTML(w, r) }, "json": func(w io.Writer) error { return JSON(w, r) },
		"csv": func(w io.Writer) error { return CSV(w, r) }, "xlsx": func(w io.Writer) error { return XLSX(w, r) },
		"journal": func(w io.Writer) error { return writeJournal(w, Beancount) },
		"entries": func(w io.Writer) error { return NewEntriesCSV(w).Close() },
	} {
		if err := write(&failing{left: 100}); !errors.Is(err, errFull) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
