package clearing_test

import (
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

// A refold script is like the scenarios of outcomes_test.go, for a home province that
// lets bills come and go before others of their person-year. Between the messages it
// may ask:
//
//	year stays=<n> deductible=<yuan> paid=<yuan by all layers> bills=<msgid>,<msgid>   in their right order
//	should <msgid> deductible=<yuan> <fund>=<yuan> cash=<yuan>   what the bill would have come out as, less what it is
//	should none                                                no bill would have come out otherwise
//	listed <yes|no>                                            officers find the person-year
//	adjust [maker=<name>] [checker=<name>] [object=old] -> <adjusted|refused> [moves=<+|-|0>]
//
// The plan is Beijing's for employees: 1300 for the first stay, 650 for each later one,
// 75 % above it for the referred in a hospital of level three. So a stay of 20,000 in
// scope is paid 14,025.00 as the first and 14,512.50 as a later one.
var refoldScripts = map[string]string{
	"an earlier stay may go although a later one stands, and the later one stays as answered": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked moves=+
		should none
		2305 m3 setl_id=m1               -> cancelled of=m1 moves=-
		year stays=1 deductible=650.00 paid=14512.50 bills=m2
		should m2 deductible=650.00 310100=-487.50 cash=487.50
		listed yes
		2304 m4 mdtrt_id=V2 endtime=2026-03-03 -> repeated of=m2 moves=0`,

	"a reversal goes the same way": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked moves=+
		2601 m3 omsgid=m1                -> reversed of=booked moves=-
		year stays=1 deductible=650.00 paid=14512.50 bills=m2
		should m2 deductible=650.00 310100=-487.50 cash=487.50`,

	"the newest goes as it always did, and nothing is listed": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked moves=+
		2305 m3 setl_id=m2 mdtrt_id=V2   -> cancelled of=m2 moves=-
		year stays=1 deductible=1300.00 paid=14025.00 bills=m1
		should none
		listed no`,

	"a stay that comes late is settled where it comes, and listed": `
		2304 m1 endtime=2026-03-02       -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-02-25 -> booked moves=+
		year stays=2 deductible=1950.00 paid=28537.50 bills=m2,m1
		should m1 deductible=-650.00 310100=487.50 cash=-487.50
		should m2 deductible=650.00 310100=-487.50 cash=487.50
		listed yes`,

	"a stay that comes in the order of discharge is not listed": `
		2304 m1 endtime=2026-02-25       -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-03-02 -> booked moves=+
		should none
		listed no`,

	"a cancelled stay may come back before one that was booked since": `
		2304 m1 endtime=2026-03-01       -> booked moves=+
		2304 m2 mdtrt_id=V2              -> booked moves=+
		2305 m3 setl_id=m1               -> cancelled of=m1 moves=-
		2304 m4 mdtrt_id=V4 endtime=2026-03-03 -> booked moves=+
		year stays=2 deductible=1300.00 paid=29025.00 bills=m2,m4
		2601 m5 omsgid=m3 oinfno=2305    -> reversed of=booked moves=+
		year stays=3 deductible=2600.00 paid=43050.00 bills=m1,m2,m4
		should none`,

	"a stay booked after the re-folding begins from it": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked moves=+
		2305 m3 setl_id=m1               -> cancelled of=m1 moves=-
		2304 m4 mdtrt_id=V4 endtime=2026-03-03 -> booked moves=+
		year stays=2 deductible=1300.00 paid=29025.00 bills=m2,m4
		2305 m5 setl_id=m4 mdtrt_id=V4   -> cancelled of=m4 moves=-
		year stays=1 deductible=650.00 paid=14512.50 bills=m2
		2305 m6 setl_id=m2 mdtrt_id=V2   -> cancelled of=m2 moves=-
		year stays=0 deductible=0.00 paid=0.00 bills=
		should none`,

	"opening figures outlive the stay that brought them": `
		2304 m1 accinfo=2                -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked moves=+
		2305 m3 setl_id=m1               -> cancelled of=m1 moves=-
		year stays=3 deductible=2600.00 paid=14512.50 bills=m2
		should none`,

	"two officers book what would have come out, once": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked moves=+
		adjust                           -> refused
		2305 m3 setl_id=m1               -> cancelled of=m1 moves=-
		adjust maker=wang checker=wang   -> refused
		adjust maker=wang checker=WANG   -> refused
		adjust maker= checker=li         -> refused
		adjust                           -> adjusted moves=-
		year stays=1 deductible=1300.00 paid=14025.00 bills=m2
		should none
		adjust                           -> refused
		adjust object=old                -> used
		2304 m4 mdtrt_id=V2 endtime=2026-03-03 -> repeated of=m2 moves=0`,

	"a decision ends when the person-year changes": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked moves=+
		2305 m3 setl_id=m1               -> cancelled of=m1 moves=-
		look
		2304 m4 mdtrt_id=V4 endtime=2026-03-03 -> booked moves=+
		adjust object=old                -> refused
		adjust                           -> adjusted moves=-`,

	"what both arrivals out of order came to is adjusted in one entry": `
		2304 m1 endtime=2026-03-02       -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-02-25 -> booked moves=+
		adjust                           -> adjusted moves=-
		year stays=2 deductible=1950.00 paid=28537.50 bills=m2,m1
		should none`,

	"an adjusted stay that is cancelled leaves its adjustment to be taken back": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked moves=+
		2305 m3 setl_id=m1               -> cancelled of=m1 moves=-
		adjust                           -> adjusted moves=-
		2305 m4 setl_id=m2 mdtrt_id=V2   -> cancelled of=m2 moves=-
		year stays=0 deductible=0.00 paid=0.00 bills=
		should m2 deductible=-650.00 310100=487.50 cash=-487.50
		adjust                           -> adjusted moves=+
		should none`,

	"an adjusted stay that comes back after its cancellation is adjusted still": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked moves=+
		2305 m3 setl_id=m1               -> cancelled of=m1 moves=-
		adjust                           -> adjusted moves=-
		2305 m4 setl_id=m2 mdtrt_id=V2   -> cancelled of=m2 moves=-
		2601 m5 omsgid=m4 oinfno=2305    -> reversed of=booked moves=+
		year stays=1 deductible=1300.00 paid=14025.00 bills=m2
		should none`,
}

func TestRefolding(t *testing.T) {
	for name, script := range refoldScripts {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			b.desk.Refold = map[ledger.Province]bool{"11": true}
			for line := range strings.Lines(script) {
				if line = strings.TrimSpace(line); line != "" {
					b.refoldLine(line)
				}
			}
			b.checkBooks()
		})
	}
}

// Where the home province does not re-fold, the last settlement goes first, and a
// cancelled one comes back only into the year that it found.
func TestLastInFirstOut(t *testing.T) {
	for name, script := range map[string]string{
		"an earlier stay does not go": `
			2304 m1                          -> booked moves=+
			2304 m2 mdtrt_id=V2              -> booked moves=+
			2305 m3 setl_id=m1               -> refused 5004 moves=0
			listed no`,
		"a late stay counts where it came, and is not listed": `
			2304 m1                          -> booked moves=+
			2304 m2 mdtrt_id=V2 endtime=2026-02-25 -> booked moves=+
			should none
			listed no
			adjust                           -> refused`,
		"a cancelled stay does not come back behind one that is gone": `
			2304 m1                          -> booked moves=+
			2304 m2 mdtrt_id=V2              -> booked moves=+
			2305 m3 setl_id=m2 mdtrt_id=V2   -> cancelled of=m2 moves=-
			2305 m4 setl_id=m1               -> cancelled of=m1 moves=-
			2601 m5 omsgid=m3 oinfno=2305    -> refused 5006 moves=0
			year stays=0 deductible=0.00 paid=0.00 bills=
			2601 m6 omsgid=m4 oinfno=2305    -> reversed of=booked moves=+
			2601 m7 omsgid=m3 oinfno=2305    -> reversed of=booked moves=+
			year stays=2 deductible=1950.00 paid=28537.50 bills=m1,m2`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			for line := range strings.Lines(script) {
				if line = strings.TrimSpace(line); line != "" {
					b.refoldLine(line)
				}
			}
			b.checkBooks()
		})
	}
}

var yearOfScripts = clearing.YearKey{Home: "11", PersonNo: "11000000000000000001", Insutype: "310", Year: 2026}

func (b *books) refoldLine(line string) {
	b.Helper()
	fields := strings.Fields(line)
	var got string
	switch fields[0] {
	case "year":
		got = b.describeYear()
	case "should":
		got = b.describeShould(fields[1])
	case "listed":
		got = "listed " + map[bool]string{true: "yes", false: "no"}[b.refolds[yearOfScripts]]
	case "look":
		b.seen = b.object()
		return
	case "adjust":
		got = b.adjust(fields)
	default:
		b.play(line)
		return
	}
	if want := strings.Join(fields, " "); got != want {
		b.Errorf("%s\n     is: %s", want, got)
	}
}

func (b *books) describeYear() string {
	state := b.years[yearOfScripts]
	var paid ledger.Amount
	for _, amount := range state.Accumulators.Paid {
		paid += amount
	}
	var bills []string
	for _, bill := range b.refold().Bills {
		if !bill.Undone {
			bills = append(bills, bill.Record.MsgID())
		}
	}
	return fmt.Sprintf("year stays=%d deductible=%s paid=%s bills=%s",
		state.Accumulators.Stays, state.Accumulators.Deductible, paid, strings.Join(bills, ","))
}

func (b *books) refold() clearing.Refold {
	b.Helper()
	refold, err := b.desk.Refolding(b, yearOfScripts)
	if err != nil {
		b.Fatal(err)
	}
	return refold
}

func (b *books) describeShould(msgid string) string {
	refold := b.refold()
	if !refold.Differs() {
		return "should none"
	}
	for _, bill := range refold.Bills {
		if bill.Record.MsgID() != msgid {
			continue
		}
		words := []string{"should", msgid, "deductible=" + bill.Deductible().String()}
		for _, f := range bill.Funds() {
			words = append(words, string(f.Fund)+"="+f.Amount.String())
		}
		return strings.Join(append(words, "cash="+bill.Cash().String()), " ")
	}
	return "should: no bill " + msgid
}

func (b *books) object() string {
	refold := b.refold()
	object, err := refold.Digest()
	if err != nil {
		b.Fatal(err)
	}
	return hex.EncodeToString(object[:])
}

// adjust lets two officers decide upon what they see now, or saw before (object=old).
func (b *books) adjust(fields []string) string {
	b.Helper()
	words := map[string]string{"maker": "wang", "checker": "li", "object": ""}
	arrow := slices.Index(fields, "->")
	for _, field := range fields[1:arrow] {
		name, value, _ := strings.Cut(field, "=")
		words[name] = value
	}
	order := clearing.AdjustmentOrder{
		Year: 2026, Object: b.object(), Maker: words["maker"], Checker: words["checker"], Reason: "复核",
		At: time.Date(2026, 3, 4, 1, 2, 3, 4, time.UTC),
	}
	for _, r := range b.records {
		if r.Bill != nil {
			order.Entry = r.Number
		}
	}
	if words["object"] == "old" {
		order.Object = b.seen
	}
	decision, err := b.desk.Adjust(b, order, ledger.NewDay(2026, time.March, 4))
	said := "refused"
	if _, used := err.(*clearing.UsedError); used {
		said = "used"
	}
	if err == nil {
		b.seen = order.Object
		b.adjusted(decision, order)
		said = "adjusted"
		if slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, "moves=") }) {
			said += " moves=" + moves(decision.Entry)
		}
	}
	return strings.Join(fields[:arrow+1], " ") + " " + said
}

// adjusted stores a decision and holds it against what it promises: the same order books
// the same again, and the answer holds the order.
func (b *books) adjusted(d clearing.Decision, order clearing.AdjustmentOrder) {
	b.Helper()
	again, err := b.desk.Adjust(b, order, d.Record.Day)
	if err != nil || !reflect.DeepEqual(d, again) {
		b.Errorf("the same order to the same books is decided otherwise: %v", err)
	}
	back, err := clearing.ReadAdjustmentAnswer(d.Record.Answer)
	if err != nil || back != order {
		b.Errorf("the answer holds the order %+v, it was %+v (%v)", back, order, err)
	}
	envelope := d.Record.Envelope()
	if want := "answers.adjustment.11." + order.Object; envelope.Subject != want || !clearing.IsInstruction(envelope.Subject) {
		b.Errorf("answered on %s, want %s", envelope.Subject, want)
	}
	if strings.Contains(string(d.Record.Answer), yearOfScripts.PersonNo) {
		b.Error("the answer tells whose person-year it is")
	}
	b.apply(d)
}

// checkBooks holds, in the end, every promise of the books that a store would check.
func (b *books) checkBooks() {
	b.Helper()
	var verifier clearing.Verifier
	owed := map[ledger.Account]ledger.Amount{}
	for _, entry := range b.entries {
		for _, p := range entry.Postings {
			owed[p.Account] += p.Amount
		}
	}
	for _, r := range b.records {
		if r.Adjustment != nil {
			if err := clearing.CheckAdjustment(b, r, b.entries[r.Number]); err != nil {
				b.Errorf("record %d: %v", r.Number, err)
			}
		}
		if verified, ok := verifier.VerifyRecord(b, r, b.entries[r.Number]); ok && !verified.OK() {
			b.Errorf("record %d does not come out as booked: %+v", r.Number, verified)
		}
	}
	for key, state := range b.years {
		if state.Refold == nil {
			continue
		}
		folded, err := verifier.FoldAgain(b, key.Year, *state.Refold)
		if err != nil || !reflect.DeepEqual(folded, state.Accumulators) {
			b.Errorf("%d: the year is\n%+v\nits fold\n%+v (%v)", key.Year, state.Accumulators, folded, err)
		}
	}
	b.checkOwed(owed)
}

// checkOwed: what is owed is what is in force of the standing bills, and of undone ones
// whose adjustment is still booked what that adjustment changed.
func (b *books) checkOwed(owed map[ledger.Account]ledger.Amount) {
	b.Helper()
	want := map[ledger.Fund]ledger.Amount{}
	for _, bill := range b.refold().Bills {
		for _, share := range bill.Now.Funds {
			want[share.Fund] += share.Amount
		}
		if bill.Undone {
			for _, share := range bill.Should.Funds {
				want[share.Fund] -= share.Amount
			}
		}
	}
	got := map[ledger.Fund]ledger.Amount{}
	for account, amount := range owed {
		if account.Side == ledger.Receivable {
			got[account.Fund] += amount
		}
	}
	maps.DeleteFunc(want, func(_ ledger.Fund, a ledger.Amount) bool { return a == 0 })
	maps.DeleteFunc(got, func(_ ledger.Fund, a ledger.Amount) bool { return a == 0 })
	if !maps.Equal(got, want) {
		b.Errorf("owed is %v, in force is %v", got, want)
	}
	for _, r := range b.records {
		if r.Outcome != clearing.Adjusted && !slices.Contains(provinces.Outcomes, r.Outcome) {
			b.Errorf("record %d has the outcome %q", r.Number, r.Outcome)
		}
	}
}

// The example of docs/accumulators.md, in both languages, is what the books do.
func TestTheExampleOfTheDocumentIsTrue(t *testing.T) {
	b := newBooks(t)
	b.desk.Refold = map[ledger.Province]bool{"11": true}
	b.play("2304 m1 mdtrt_id=V1 endtime=2026-03-02 -> booked")
	b.play("2304 m2 mdtrt_id=V2 endtime=2026-03-03 -> booked")
	var figures []string
	say := func(amounts ...ledger.Amount) {
		for _, a := range amounts {
			figures = append(figures, grouped(a))
		}
	}
	for _, r := range b.records {
		bill := r.Bill.Benefit
		say(bill.Deductible, bill.Funds[0].Amount, r.Bill.Claim.InScope-bill.Funds[0].Amount)
	}
	b.play("2305 m3 setl_id=m1 mdtrt_id=V1 -> cancelled")
	bill := b.refold().Bills[0]
	say(bill.Deductible(), -bill.Funds()[0].Amount, bill.Now.Cash, bill.Should.Cash, bill.Cash())
	b.refoldLine("adjust -> adjusted")
	b.refoldLine("year stays=1 deductible=1300.00 paid=14025.00 bills=m2")
	for _, name := range []string{"accumulators.md", "accumulators.zh.md"} {
		text, err := os.ReadFile(filepath.Join("..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, figure := range figures {
			if !strings.Contains(string(text), figure) {
				t.Errorf("%s does not say %s", name, figure)
			}
		}
	}
}

// grouped writes an amount below a million with thousands apart, as documents do.
func grouped(a ledger.Amount) string {
	s := a.String()
	if n := len(s) - len("000.00"); n > 0 {
		return s[:n] + "," + s[n:]
	}
	return s
}
