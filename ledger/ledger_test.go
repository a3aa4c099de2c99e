package ledger

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseAmount(t *testing.T) {
	good := map[string]Amount{
		"0": 0, "0.0": 0, "0.00": 0, "0.01": 1, "0.1": 10, "1": 100, "12.30": 1230, "12.3": 1230,
		"-0.01": -1, "-12.30": -1230, "999999999999.99": 99999999999999,
	}
	for text, want := range good {
		if got, err := ParseAmount(text); err != nil || got != want {
			t.Errorf("ParseAmount(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
	bad := []string{
		"", "-", ".", "1.", ".5", "+5", "-0", "-0.00", "00012.50", "01", "1.234", "1e3", "1E3", "1e-9", "NaN", "Inf", "-Inf",
		"0x10", "1_000", "1,000.00", " 1", "1 ", "1\n", "１２.５０", "−5", "1000000000000", "--1", "1.-5", "12.3.4", "壹",
	}
	for _, text := range bad {
		if got, err := ParseAmount(text); !errors.Is(err, ErrAmountSyntax) {
			t.Errorf("ParseAmount(%q) = %v, %v; want ErrAmountSyntax", text, got, err)
		}
	}
}

func TestAmountTextReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := Amount(rapid.Int64Range(-99999999999999, 99999999999999).Draw(t, "fen"))
		if back, err := ParseAmount(a.String()); err != nil || back != a {
			t.Fatalf("%d is written %s and read back as %d, %v", int64(a), a, int64(back), err)
		}
	})
	var sum Amount
	if err := sum.UnmarshalText([]byte("9999999999999999.99")); err != nil || sum != 999999999999999999 {
		t.Errorf("a sum of sixteen digits is read as %s, %v", sum, err)
	}
	if err := sum.UnmarshalText([]byte("99999999999999999.99")); err == nil {
		t.Error("a sum of seventeen digits passes")
	}
	if got := Amount(math.MinInt64).String(); got != "-92233720368547758.08" {
		t.Errorf("the smallest amount is written %s", got)
	}
}

func FuzzParseAmount(f *testing.F) {
	for _, seed := range []string{"0", "12.30", "-0.01", "1e5", "999999999999.99"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := ParseAmount(text)
		if err != nil {
			return
		}
		if back, err := ParseAmount(a.String()); err != nil || back != a {
			t.Fatalf("%q is %d, written %s, read back as %d, %v", text, int64(a), a, int64(back), err)
		}
	})
}

func TestSumRefusesOverflow(t *testing.T) {
	if got, err := Sum(1, 2, -4); got != -1 || err != nil {
		t.Errorf("Sum(1, 2, -4) = %d, %v", got, err)
	}
	for _, parts := range [][]Amount{{math.MaxInt64, 1}, {math.MinInt64, -1}, {math.MaxInt64, math.MaxInt64}} {
		if got, err := Sum(parts...); !errors.Is(err, ErrOverflow) {
			t.Errorf("Sum(%v) = %d, %v; want ErrOverflow", parts, got, err)
		}
	}
}

func TestDay(t *testing.T) {
	day, err := ParseDay("2024-02-29")
	if err != nil || day.String() != "2024-02-29" || (day+1).String() != "2024-03-01" || day.Year() != 2024 {
		t.Errorf("2024-02-29 is %v, %v", day, err)
	}
	if NewDay(1970, time.January, 1) != 0 {
		t.Error("days are not counted from 1970-01-01")
	}
	for _, text := range []string{"", "2023-02-29", "2023-2-01", "2023-02-01 ", "20230201", "2023-13-01"} {
		if day, err := ParseDay(text); !errors.Is(err, ErrDaySyntax) {
			t.Errorf("ParseDay(%q) = %v, %v", text, day, err)
		}
	}
}

var (
	receivable = Account{Side: Receivable, Home: "650100", Treatment: "330100", Fund: "310100", Stage: Accrued}
	payable    = Account{Side: Payable, Home: "650100", Treatment: "330100", Provider: "H33010000001", Fund: "310100", Stage: Accrued}
)

func TestAccountNamesSayWhoOwesWhom(t *testing.T) {
	for account, want := range map[Account]string{
		receivable: "Assets:Receivable:Home-650100:Treatment-330100:Fund-310100:Accrued",
		payable:    "Liabilities:Payable:Treatment-330100:Provider-H33010000001:Home-650100:Fund-310100:Accrued",
	} {
		if err := account.Check(); err != nil || account.Name() != want {
			t.Errorf("%s, %v; want %s", account.Name(), err, want)
		}
	}
}

// Stages are stored by their numbers and exported by their names: neither ever changes.
func TestStagesAreThoseOfTheBooks(t *testing.T) {
	names := map[Stage]string{1: "Accrued", 2: "Confirmed", 3: "Noticed", 4: "Paid", 5: "Reserved"}
	if len(Stages) != len(names) {
		t.Errorf("%d stages, want %d", len(Stages), len(names))
	}
	for _, stage := range Stages {
		account := payable
		account.Stage = stage
		if err := account.Check(); err != nil || stage.String() != names[stage] || !strings.HasSuffix(account.Name(), ":"+names[stage]) {
			t.Errorf("stage %d is %s: %v", stage, account, err)
		}
	}
	beyond := payable
	beyond.Stage = 6
	if err := beyond.Check(); !errors.Is(err, ErrAccount) {
		t.Errorf("a stage that is none: %v", err)
	}
}

func TestEntryRules(t *testing.T) {
	change := func(a Account, f func(*Account)) Account { f(&a); return a }
	two := func(a, b Posting) []Posting { return []Posting{a, b} }
	for _, c := range []struct {
		name  string
		entry Entry
		want  error
	}{
		{"balanced", Entry{Number: 1, Postings: two(Posting{receivable, 5}, Posting{payable, -5})}, nil},
		{"corrects the past", Entry{Number: 2, Corrects: 1, Postings: two(Posting{receivable, -5}, Posting{payable, 5})}, nil},
		{"no postings", Entry{Number: 1}, ErrEmpty},
		{"off by one fen", Entry{Number: 1, Postings: two(Posting{receivable, 5}, Posting{payable, -4})}, ErrUnbalanced},
		{"zero", Entry{Number: 1, Postings: two(Posting{receivable, 0}, Posting{payable, 0})}, ErrZero},
		{"overflow", Entry{Number: 1, Postings: two(Posting{receivable, math.MaxInt64}, Posting{receivable, 1})}, ErrOverflow},
		{"corrects itself", Entry{Number: 2, Corrects: 2, Postings: two(Posting{receivable, 5}, Posting{payable, -5})}, ErrNumber},
		{"corrects the future", Entry{Number: 2, Corrects: 3, Postings: two(Posting{receivable, 5}, Posting{payable, -5})}, ErrNumber},
		{"no stage", Entry{Number: 1, Postings: two(
			Posting{change(receivable, func(a *Account) { a.Stage = 0 }), 5}, Posting{payable, -5})}, ErrAccount},
		{"provider on the receivable side", Entry{Number: 1, Postings: two(
			Posting{change(receivable, func(a *Account) { a.Provider = "H33010000001" }), 5}, Posting{payable, -5})}, ErrAccount},
		{"payable without provider", Entry{Number: 1, Postings: two(
			Posting{receivable, 5}, Posting{change(payable, func(a *Account) { a.Provider = "" }), -5})}, ErrAccount},
		{"a name that would break the export", Entry{Number: 1, Postings: two(
			Posting{receivable, 5}, Posting{change(payable, func(a *Account) { a.Provider = "H3;3 0" }), -5})}, ErrAccount},
		{"letters in an area", Entry{Number: 1, Postings: two(
			Posting{change(receivable, func(a *Account) { a.Home = "65o100" }), 5}, Posting{payable, -5})}, ErrAccount},
	} {
		if err := c.entry.Check(); !errors.Is(err, c.want) {
			t.Errorf("%s: %v; want %v", c.name, err, c.want)
		}
	}
}

func TestReverseUndoesToZeroAndSharesNothing(t *testing.T) {
	entry := Entry{Number: 7, Day: 20000, Postings: []Posting{{receivable, 500}, {payable, -500}}}
	reversed := entry.Reverse(9, 20001)
	if err := reversed.Check(); err != nil || reversed.Corrects != 7 || reversed.Day != 20001 {
		t.Fatalf("%+v: %v", reversed, err)
	}
	var balance Balance
	for _, p := range append(entry.Postings[:1:1], reversed.Postings[0]) {
		if err := balance.Post(p.Amount); err != nil {
			t.Fatal(err)
		}
	}
	if balance.Net() != 0 || balance.Debits != 500 || balance.Credits != 500 || balance.Count != 2 {
		t.Errorf("booked and reversed: %+v", balance)
	}
	reversed.Postings[0].Amount = 1
	if entry.Postings[0].Amount != 500 {
		t.Error("the reversal shares the original's postings")
	}
}

func TestBalanceRefusesOverflowUnchanged(t *testing.T) {
	balance := Balance{Debits: math.MaxInt64, Count: 3}
	if err := balance.Post(1); !errors.Is(err, ErrOverflow) || balance.Count != 3 {
		t.Errorf("%v, %+v", err, balance)
	}
}
