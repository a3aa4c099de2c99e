package clearing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/ledger"
	"clearingd/provinces"
)

func (b *books) playAll(script string) {
	b.Helper()
	for line := range strings.Lines(script) {
		if line = strings.TrimSpace(line); line != "" {
			b.play(line)
		}
	}
}

// TestWhatUndoesIsAboutThePlaceOfTheBill: a reversal may come from another area of the
// treatment province; what it undoes counts where the bill counted, names it, and takes
// exactly one bill away.
func TestWhatUndoesIsAboutThePlaceOfTheBill(t *testing.T) {
	b := newBooks(t)
	b.playAll(`
		2304 m1                                    -> booked moves=+
		2601 m2 omsgid=m1 mdtrtarea_admvs=330200   -> reversed of=booked moves=-
		2304 m3                                    -> booked moves=+
		2305 m4 setl_id=m3                         -> cancelled of=m3 moves=-
		2601 m5 omsgid=m4 oinfno=2305              -> reversed of=booked moves=+
		2304 m6 psn_type=                          -> refused 1004 moves=0
		2601 m7 omsgid=m6                          -> reversed of=refused moves=0`)
	b.checkSum()
	for i, want := range []struct {
		original uint64
		effect   int8
	}{{0, 1}, {1, -1}, {0, 1}, {3, -1}, {4, 1}, {0, 0}, {6, 0}} {
		r := b.records[i]
		if r.Original != want.original || r.Effect != want.effect {
			t.Errorf("record %d undoes %d with effect %d, want %+v", r.Number, r.Original, r.Effect, want)
		}
	}
	if undoes := b.records[1]; undoes.Treatment != "330100" {
		t.Errorf("the bill of 330100 is undone in %s", undoes.Treatment)
	}
}

// overNewYear is a plan that divides a stay over the new year, so that its bill lies in
// two person-years.
const overNewYear = foldPlanHead + `
[version.time]
new_year = "split by days"
[version.deductible]
amount = 1000
[version.deductible.later_stays]
percent = [50]` + foldBasic + `
[[version.layer.segment]]
pays = 80`

// TestABillOfTwoYearsGoesFromBothOrNeither: it is the last of one year and not of the
// other; and it comes back into both or neither.
func TestABillOfTwoYearsGoesFromBothOrNeither(t *testing.T) {
	b := newBooks(t)
	b.desk = planDesk(t, overNewYear)
	b.playAll(`
		2304 m1 begntime=2025-12-28 endtime=2026-01-07              -> booked moves=+
		2304 m2 mdtrt_id=V2 begntime=2026-02-01 endtime=2026-02-05  -> booked moves=+
		2305 m3 setl_id=m1                                          -> refused 5004 moves=0
		2601 m4 omsgid=m1                                           -> refused 5004 moves=0
		2305 m5 setl_id=m2 mdtrt_id=V2                              -> cancelled of=m2 moves=-
		2305 m6 setl_id=m1                                          -> cancelled of=m1 moves=-
		2304 m7 mdtrt_id=V2 begntime=2026-02-01 endtime=2026-02-05  -> booked moves=+
		2601 m8 omsgid=m6 oinfno=2305                               -> refused 5004 moves=0
		2305 m9 setl_id=m7 mdtrt_id=V2                              -> cancelled of=m7 moves=-
		2601 m10 omsgid=m6 oinfno=2305                              -> reversed of=booked moves=+`)
	b.checkSum()
	if err := b.records[2].Errors; len(err) != 1 || err[0].Expected != b.records[0].SettlementID() || err[0].Found != b.records[1].SettlementID() {
		t.Errorf("refused with %+v, wanted is the bill and the later one", err)
	}
	for _, year := range []int{2025, 2026} {
		state := b.years[clearing.YearKey{Home: "11", PersonNo: "11000000000000000001", Insutype: "310", Year: year}]
		if state.Last != 1 || state.Accumulators.Stays != 1 {
			t.Errorf("%d ends with bill %d and %d stays", year, state.Last, state.Accumulators.Stays)
		}
	}
}

// TestABillOfTwoYearsWithOneGapStaysAway: a bill before it is gone from its second year.
func TestABillOfTwoYearsWithOneGapStaysAway(t *testing.T) {
	b := newBooks(t)
	b.desk = planDesk(t, overNewYear)
	b.playAll(`
		2304 m1 mdtrt_id=V2 begntime=2026-02-01 endtime=2026-02-05  -> booked moves=+
		2304 m2 begntime=2025-12-28 endtime=2026-01-07              -> booked moves=+
		2305 m3 setl_id=m2                                          -> cancelled of=m2 moves=-
		2305 m4 setl_id=m1 mdtrt_id=V2                              -> cancelled of=m1 moves=-
		2601 m5 omsgid=m3 oinfno=2305                               -> refused 5006 moves=0
		2601 m6 omsgid=m4 oinfno=2305                               -> reversed of=booked moves=+
		2601 m7 omsgid=m3 oinfno=2305                               -> reversed of=booked moves=+`)
	b.checkSum()
}

// TestOpeningFiguresCountOnce (design section 6): in a year in which nothing was booked,
// for that year, and not again when its bill is gone.
func TestOpeningFiguresCountOnce(t *testing.T) {
	stays := func(b *books, year int) int {
		return b.years[clearing.YearKey{Home: "11", PersonNo: "11000000000000000001", Insutype: "310", Year: year}].Accumulators.Stays
	}
	for _, x := range []struct {
		name, script string
		year, stays  int
	}{
		{"the first bill brings them", "2304 m1 accinfo=2 -> booked", 2026, 3},
		{"a later bill brings none", "2304 m1 -> booked\n2304 m2 mdtrt_id=V2 accinfo=7 -> booked", 2026, 2},
		{"nor one after the first is gone", "2304 m1 accinfo=2 -> booked\n2305 m2 setl_id=m1 -> cancelled\n2304 m3 accinfo=7 -> booked", 2026, 3},
		{"they are for their own year", "2304 m1 accinfo=2 begntime=2025-12-01 endtime=2025-12-10 -> booked", 2025, 1},
	} {
		b := newBooks(t)
		b.playAll(x.script)
		if got := stays(b, x.year); got != x.stays {
			t.Errorf("%s: %d stays, want %d", x.name, got, x.stays)
		}
	}
}

// TestTheYearKnowsItsLatestDischarge, whichever order the bills came in.
func TestTheYearKnowsItsLatestDischarge(t *testing.T) {
	for _, refold := range []bool{false, true} {
		b := newBooks(t)
		b.desk.Refold = map[ledger.Province]bool{"11": refold}
		b.playAll(`
			2304 m1                                -> booked
			2304 m2 mdtrt_id=V2 endtime=2026-02-25 -> booked
			2304 m3 mdtrt_id=V3 endtime=2026-02-27 -> booked
			2305 m4 setl_id=m3 mdtrt_id=V3         -> cancelled`)
		if latest := b.years[yearOfScripts].Latest; latest.Day() != ledger.NewDay(2026, time.March, 2) {
			t.Errorf("re-folded %t: the latest discharge is %s", refold, latest)
		}
	}
}

// TestOnlyVerifiedPlansWhereTheHouseSaysSo: bills, estimates and journeys alike.
func TestOnlyVerifiedPlansWhereTheHouseSaysSo(t *testing.T) {
	unverified := strings.Replace(overNewYear, "verified = true", "verified = false", 1)
	for _, x := range []struct {
		plan    string
		require bool
		want    string
	}{
		{unverified, true, "2304 m1 -> refused 4003 at=insuplc_admdvs moves=0"},
		{unverified, false, "2304 m1 -> booked moves=+"},
		{overNewYear, true, "2304 m1 -> booked moves=+"},
	} {
		b := newBooks(t)
		b.desk = planDesk(t, x.plan)
		b.desk.RequireVerified = x.require
		b.play(x.want)
	}
}

// TestAnEstimateBooksNothingAndRefusesAsABillWould: what is wrong with the message, and
// what is no estimate.
func TestAnEstimateBooksNothingAndRefusesAsABillWould(t *testing.T) {
	b := newBooks(t)
	for _, x := range []struct {
		line    string
		outcome provinces.Outcome
		code    provinces.Code
	}{
		{"2303 e1", provinces.Booked, 0},
		{"2303 e2 psn_type=", provinces.Refused, provinces.CodeMissing},
		{"2304 e3", provinces.Refused, provinces.CodeInfno},
		{"2303 e4 insutype=340", provinces.Refused, provinces.CodeNoPlan},
	} {
		decoded, err := b.desk.Decode(b.message(strings.Fields(x.line)))
		if err != nil {
			t.Fatal(err)
		}
		d, err := b.desk.Estimate(b, decoded, ledger.NewDay(2026, time.March, 3))
		if err != nil || d.Record.Outcome != x.outcome || d.Record.Code != x.code || (d.Record.Bill != nil) != (x.code == 0) {
			t.Errorf("%s: %s %d (%v)", x.line, d.Record.Outcome, d.Record.Code, err)
		}
		if d.Entry != nil || d.Stay != nil || d.Years != nil || d.Record.Effect != 0 || d.Record.Code == 0 && len(d.Record.Answer) == 0 {
			t.Errorf("%s books %+v", x.line, d)
		}
	}
}

// quarantine takes a message that we failed on, as the intake does after three times.
func (b *books) quarantine(line string) clearing.Decoded {
	b.Helper()
	decoded, err := b.desk.Decode(b.message(strings.Fields(line)))
	if err != nil {
		b.Fatal(err)
	}
	d, err := b.desk.Quarantine(b, decoded, ledger.NewDay(2026, time.March, 3))
	if err != nil {
		b.Fatal(err)
	}
	b.apply(d)
	return decoded
}

// TestAQuarantinedMessageIsDecidedAgain once, by the order of a named operator with a
// reason, and as if it came now; its place in the stream keeps the first outcome.
func TestAQuarantinedMessageIsDecidedAgain(t *testing.T) {
	b := newBooks(t)
	message := b.quarantine("2304 m1")
	b.play("2304 m2 mdtrt_id=V2 -> booked moves=+")
	order := clearing.RedoOrder{Entry: 1, Operator: "wang", Reason: "adapter mended"}
	redo := func(order clearing.RedoOrder, m clearing.Decoded) (clearing.Decision, error) {
		return b.desk.Redo(b, order, m, ledger.NewDay(2026, time.March, 4))
	}
	other, long := message, strings.Repeat("长", 61)
	other.Digest[0]++
	for _, x := range []struct {
		name string
		clearing.RedoOrder
		clearing.Decoded
		want error
	}{
		{"nobody says so", clearing.RedoOrder{Entry: 1, Reason: "x"}, message, clearing.ErrReason},
		{"for no reason", clearing.RedoOrder{Entry: 1, Operator: "wang"}, message, clearing.ErrReason},
		{"too long a name", clearing.RedoOrder{Entry: 1, Operator: long, Reason: "x"}, message, clearing.ErrReason},
		{"another message", order, other, clearing.ErrNotQuarantined},
		{"one that was booked", clearing.RedoOrder{Entry: 2, Operator: "wang", Reason: "x"}, message, clearing.ErrNotQuarantined},
	} {
		if _, err := redo(x.RedoOrder, x.Decoded); !errors.Is(err, x.want) {
			t.Errorf("%s: %v, want %v", x.name, err, x.want)
		}
	}
	d, err := redo(order, message)
	if err != nil || d.Record.Outcome != provinces.Booked || d.Record.Bill.Benefit.Ordinal != 2 || moves(d.Entry) != "+" {
		t.Fatalf("%+v (%v)", d.Record, err)
	}
	b.apply(d)
	if r := d.Record; !r.OffStream() || r.Sequence != 0 || *r.Redo != order || b.undone[1] != r.Number {
		t.Errorf("the record %+v, the quarantine undone by %d", r, b.undone[1])
	}
	var used *clearing.UsedError
	if _, err := redo(order, message); !errors.As(err, &used) || used.Record != d.Record.Number {
		t.Errorf("a second time: %v", err)
	}
	// A reversal of the message is of what it became.
	b.play("2601 m3 omsgid=m1 -> reversed of=booked moves=-")
	b.play("2601 m4 omsgid=m1 -> repeated of=m3 moves=0")
	b.checkSum()
}

// TestAQuarantinedMessageThatWasReversedIsVoid: it is refused when it is decided again.
func TestAQuarantinedMessageThatWasReversedIsVoid(t *testing.T) {
	b := newBooks(t)
	message := b.quarantine("2304 m1")
	b.play("2601 m2 omsgid=m1 -> reversed of=refused moves=0")
	d, err := b.desk.Redo(b, clearing.RedoOrder{Entry: 1, Operator: "wang", Reason: "mended"}, message, ledger.NewDay(2026, time.March, 4))
	if err != nil || d.Record.Outcome != provinces.Refused || d.Record.Code != provinces.CodeReversedBefore || d.Entry != nil {
		t.Errorf("%+v (%v)", d.Record, err)
	}
}

// TestAQuarantinedMessageThatIsWrongIsRefusedWhenItIsDecidedAgain: the fault was ours, and
// so was that nobody saw the hospital's.
func TestAQuarantinedMessageThatIsWrongIsRefusedWhenItIsDecidedAgain(t *testing.T) {
	b := newBooks(t)
	message := b.quarantine("2304 m1 psn_type=")
	d, err := b.desk.Redo(b, clearing.RedoOrder{Entry: 1, Operator: "wang", Reason: "mended"}, message, ledger.NewDay(2026, time.March, 4))
	if err != nil || d.Record.Code != provinces.CodeMissing || d.Entry != nil {
		t.Errorf("%+v (%v)", d.Record, err)
	}
}

// TestAnAdjustmentOrderIsWholeByItself: two named persons, a reason of one line, and the
// digest as it was shown.
func TestAnAdjustmentOrderIsWholeByItself(t *testing.T) {
	object := strings.Repeat("0a", 32)
	good := clearing.AdjustmentOrder{Maker: "wang", Checker: "li", Reason: "late stay", Object: object}
	for _, x := range []struct {
		name   string
		change func(*clearing.AdjustmentOrder)
		want   error
	}{
		{"whole", func(*clearing.AdjustmentOrder) {}, nil},
		{"names of 60 letters", func(o *clearing.AdjustmentOrder) {
			o.Maker, o.Checker = strings.Repeat("王", 60), strings.Repeat("李", 60)
		}, nil},
		{"a reason of 500", func(o *clearing.AdjustmentOrder) { o.Reason = strings.Repeat("因", 500) }, nil},
		{"no maker", func(o *clearing.AdjustmentOrder) { o.Maker = "" }, clearing.ErrFourEyes},
		{"no checker", func(o *clearing.AdjustmentOrder) { o.Checker = "" }, clearing.ErrFourEyes},
		{"one person", func(o *clearing.AdjustmentOrder) { o.Checker = "Wang" }, clearing.ErrFourEyes},
		{"a maker of 61 letters", func(o *clearing.AdjustmentOrder) { o.Maker = strings.Repeat("王", 61) }, clearing.ErrFourEyes},
		{"a checker of 61 letters", func(o *clearing.AdjustmentOrder) { o.Checker = strings.Repeat("李", 61) }, clearing.ErrFourEyes},
		{"a checker with a space after it", func(o *clearing.AdjustmentOrder) { o.Checker = "li " }, clearing.ErrFourEyes},
		{"no reason", func(o *clearing.AdjustmentOrder) { o.Reason = "" }, clearing.ErrReason},
		{"a reason of two lines", func(o *clearing.AdjustmentOrder) { o.Reason = "late\nstay" }, clearing.ErrReason},
		{"a reason of 501", func(o *clearing.AdjustmentOrder) { o.Reason = strings.Repeat("因", 501) }, clearing.ErrReason},
		{"no digest", func(o *clearing.AdjustmentOrder) { o.Object = "" }, clearing.ErrChanged},
		{"half a digest", func(o *clearing.AdjustmentOrder) { o.Object = object[:32] }, clearing.ErrChanged},
		{"no hex", func(o *clearing.AdjustmentOrder) { o.Object = strings.Repeat("zz", 32) }, clearing.ErrChanged},
		{"a digest in other letters, which would be another decision", func(o *clearing.AdjustmentOrder) { o.Object = strings.ToUpper(object) }, clearing.ErrChanged},
	} {
		order := good
		x.change(&order)
		if err := order.Check(); !errors.Is(err, x.want) || (err == nil) != (x.want == nil) {
			t.Errorf("%s: %v, want %v", x.name, err, x.want)
		}
	}
}
