package clearing_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// Plans for the properties, by what of them depends on the order of a person's stays.
// docs/accumulators.md tells the same.
const foldPlanHead = `area = "11"
insurance = "310"
title_zh = "次序"
title_en = "order"
[[version]]
valid_from = 2020-01-01
source = "test"
verified = true
[[version.out_of_area]]
filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary", "unfiled"]
same_as = "local"
`

const foldBasic = `
[[version.layer]]
id = "basic"
zh = "统筹基金"
en = "pooled fund"
fund = "310100"
takes = ["in scope"]
`

// orderless plans pay for each stay whatever the others are.
var orderlessPlans = map[string]string{
	"a deductible for each stay, one ratio": `
[version.deductible]
amount = { third = 900, second = 600, first = 300 }` + foldBasic + `
[[version.layer.segment]]
pays = { third = 85, second = 88, first = 91 }`,
	"segments on the stay, a fixed cap on the stay": `
[version.deductible]
amount = 1000` + foldBasic + `
[[version.layer.segment]]
up_to = 10_000
pays = 70
[[version.layer.segment]]
pays = 90
[[version.layer.cap]]
per = "stay"
yuan = 30_000`,
	"a guaranteed share of the cost above the deductible": `
[version.deductible]
amount = { third = 900, second = 600, first = 300 }` + foldBasic + `
[[version.layer.segment]]
pays = { third = 55, second = 70, first = 85 }
[[version.layer]]
id = "guarantee"
zh = "保底"
en = "guaranteed"
fund = "310100"
takes = ["own share", "deductible", "own expense"]
[[version.layer.brings_up_to]]
percent = 60
of = "total above the deductible"`,
}

// orderedPlans each have a rule for which it matters what came before.
var orderedPlans = map[string]string{
	"the n-th stay": `
[version.deductible]
amount = 1300
[version.deductible.later_stays]
percent = [50, 25]` + foldBasic + `
[[version.layer.segment]]
pays = 85`,
	"the n-th stay at the same level": `
[version.deductible]
amount = { third = 900, second = 600, first = 300 }
[version.deductible.later_stays]
count = "at the same level"
percent = [50]` + foldBasic + `
[[version.layer.segment]]
pays = 85`,
	"a deductible topped up in the year": `
[version.deductible]
charged = "topped up in the year"
amount = { third = 1500, second = 800, first = 400 }` + foldBasic + `
[[version.layer.segment]]
pays = 85`,
	"a limit on the year's deductibles": `
[version.deductible]
amount = { third = 1500, second = 800, first = 400 }
year_at_most = 2000` + foldBasic + `
[[version.layer.segment]]
pays = { third = 65, second = 75, first = 85 }`,
	"a deductible by the quarter": `
[version.deductible]
charged = "once a quarter"
amount = 700` + foldBasic + `
[[version.layer.segment]]
pays = 85`,
	"a transfer continues a stay": `
[version.deductible]
amount = 1300
transfer_within_days = 2` + foldBasic + `
[[version.layer.segment]]
pays = 85`,
	"segments and a cap on the year, large amounts above": `
[version.deductible]
amount = 650` + foldBasic + `
counted = "on the year"
bounds = "including the deductible"
[[version.layer.segment]]
up_to = 30_000
pays = 80
[[version.layer.segment]]
pays = 95
[[version.layer.cap]]
yuan = 40_000
[[version.layer]]
id = "large"
zh = "大额"
en = "large"
fund = "330100"
takes = ["over cap"]
[[version.layer.segment]]
pays = 60`,
	"critical illness on the year": `
[version.deductible]
amount = 1000` + foldBasic + `
[[version.layer.segment]]
pays = 60
[[version.layer]]
id = "critical"
zh = "大病保险"
en = "critical illness"
fund = "390200"
takes = ["deductible", "own share", "over cap"]
counted = "on the year"
[[version.layer.starts_above]]
yuan = 12_000
[[version.layer.segment]]
up_to = 20_000
pays = 60
[[version.layer.segment]]
pays = 70`,
	"split at the new year, the n-th stay": `
[version.time]
new_year = "split by days"
later_part_deductible = "difference"
[version.deductible]
amount = 1300
[version.deductible.later_stays]
percent = [50]` + foldBasic + `
[[version.layer.segment]]
pays = 85
[[version.layer.cap]]
yuan = 50_000`,
}

func foldDesk(t *testing.T, plan string) *clearing.Desk {
	t.Helper()
	d := planDesk(t, foldPlanHead+plan)
	d.Refold = map[ledger.Province]bool{"11": true}
	return d
}

// planDesk is a desk with that one plan.
func planDesk(t *testing.T, plan string) *clearing.Desk {
	t.Helper()
	parsed, problems := benefit.ParsePlan("order.toml", []byte(plan))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	set, err := benefit.NewSet(parsed)
	if err != nil {
		t.Fatal(err)
	}
	d := *desk(t)
	d.Plans = set
	return &d
}

// foldStay is a stay of the property's person.
type foldStay struct {
	visit            string
	admitted, leaves ledger.Day
	level            string
	inScope          ledger.Amount
}

func drawStays(t *rapid.T) []foldStay {
	var stays []foldStay
	day := ledger.NewDay(2025, time.November, 20)
	for i := range rapid.IntRange(2, 6).Draw(t, "stays") {
		day += ledger.Day(rapid.IntRange(0, 12).Draw(t, "at home"))
		s := foldStay{
			visit: fmt.Sprintf("V%d", i), admitted: day, leaves: day + ledger.Day(rapid.IntRange(1, 15).Draw(t, "days")),
			level:   rapid.SampledFrom([]string{"03", "06", "09"}).Draw(t, "level"),
			inScope: ledger.Amount(rapid.Int64Range(100, 40_000_00).Draw(t, "in scope")),
		}
		day = s.leaves
		stays = append(stays, s)
	}
	return stays
}

// foldWorld is books of one person, with what stands.
type foldWorld struct {
	*books
	n         int
	booked    map[string]string // visit -> msgid of the standing booking
	cancelled map[string]string // visit -> msgid of the cancellation that may be reversed
	settled   map[string]string // visit -> msgid that the cancellation undid
}

func newFoldWorld(t *testing.T, desk *clearing.Desk) *foldWorld {
	return &foldWorld{
		books: &books{
			TB: t, desk: desk, entries: map[uint64]ledger.Entry{}, stays: map[clearing.StayKey]uint64{},
			messages: map[string]clearing.MessageState{}, undone: map[uint64]uint64{},
			years: map[clearing.YearKey]clearing.YearState{}, setlID: map[string]string{}, refolds: map[clearing.YearKey]bool{},
		},
		booked: map[string]string{}, cancelled: map[string]string{}, settled: map[string]string{},
	}
}

func (w *foldWorld) send(infno string, fields ...string) string {
	w.n++
	msgid := fmt.Sprintf("m%d", w.n)
	decoded, err := w.desk.Decode(w.message(append([]string{infno, msgid}, fields...)))
	if err != nil {
		w.Fatal(err)
	}
	decision, err := w.desk.Decide(w, decoded, ledger.NewDay(2026, time.March, 30))
	if err != nil {
		w.Fatal(err)
	}
	if decision.Record.Outcome == provinces.Refused {
		w.Fatalf("%s %v is refused: %d %+v", infno, fields, decision.Record.Code, decision.Record.Errors)
	}
	w.apply(decision)
	return msgid
}

func (w *foldWorld) settle(s foldStay) {
	w.booked[s.visit] = w.send("2304", "mdtrt_id="+s.visit, "begntime="+s.admitted.String(), "endtime="+s.leaves.String(), "hosp_lv="+s.level,
		"medfee_sumamt="+(s.inScope+300).String(), "inscp_scp_amt="+s.inScope.String(),
		"fulamt_ownpay_amt=3.00", "overlmt_selfpay=0.00", "preselfpay_amt=0.00")
	delete(w.cancelled, s.visit)
}

func (w *foldWorld) cancelStay(s foldStay) {
	msgid := w.booked[s.visit]
	w.cancelled[s.visit] = w.send("2305", "mdtrt_id="+s.visit, "setl_id="+msgid)
	w.settled[s.visit] = msgid
	delete(w.booked, s.visit)
}

func (w *foldWorld) standAgain(s foldStay) {
	w.send("2601", "omsgid="+w.cancelled[s.visit], "oinfno=2305")
	w.booked[s.visit] = w.settled[s.visit]
	delete(w.cancelled, s.visit)
}

// adjustAll lets two officers decide in every year in which anything differs.
func (w *foldWorld) adjustAll() {
	for _, key := range slices.SortedFunc(maps.Keys(w.years), func(a, b clearing.YearKey) int { return a.Year - b.Year }) {
		refold, err := w.desk.Refolding(w, key)
		if err != nil {
			w.Fatal(err)
		}
		if !refold.Differs() {
			continue
		}
		object, _ := refold.Digest()
		order := clearing.AdjustmentOrder{
			Year: key.Year, Object: fmt.Sprintf("%x", object), Maker: "wang", Checker: "li", Reason: "复核", At: time.Unix(int64(w.n), 0).UTC(),
		}
		for _, bill := range refold.Bills {
			if bill.Record.InYear(key.Year) {
				order.Entry = bill.Number
			}
		}
		decision, err := w.desk.Adjust(w, order, ledger.NewDay(2026, time.March, 30))
		if err != nil {
			w.Fatal(err)
		}
		w.apply(decision)
	}
}

// live does things in any order: stays are settled, cancelled, put back, settled anew.
func (w *foldWorld) live(t *rapid.T, stays []foldStay, adjusting bool) {
	for range rapid.IntRange(2, 16).Draw(t, "steps") {
		s := rapid.SampledFrom(stays).Draw(t, "stay")
		again := rapid.Bool().Draw(t, "put back")
		switch {
		case w.booked[s.visit] != "":
			w.cancelStay(s)
		case w.cancelled[s.visit] != "" && again:
			w.standAgain(s)
		default:
			w.settle(s)
		}
		if adjusting && rapid.IntRange(0, 3).Draw(t, "officers") == 0 {
			w.adjustAll()
		}
	}
}

// inOrder are the totals of the same standing stays, settled once, in the order of
// discharge.
func (w *foldWorld) inOrder(t *testing.T, stays []foldStay) *foldWorld {
	fresh := newFoldWorld(t, w.desk)
	left := slices.Clone(stays)
	// Of one moment the books' number decides.
	slices.SortFunc(left, func(a, b foldStay) int {
		if a.leaves != b.leaves {
			return int(a.leaves - b.leaves)
		}
		return w.number(a) - w.number(b)
	})
	for _, s := range left {
		if w.booked[s.visit] != "" {
			fresh.settle(s)
		}
	}
	return fresh
}

func (w *foldWorld) number(s foldStay) int {
	for _, r := range w.records {
		if r.MsgID() == w.booked[s.visit] {
			return int(r.Number)
		}
	}
	return 0
}

// sameTotals compares person-years; an entry of zero and none are the same.
func sameTotals(t *rapid.T, got, want *foldWorld) {
	keys := maps.Clone(got.years)
	maps.Copy(keys, want.years)
	for key := range keys {
		a, b := plain(got.years[key].Accumulators), plain(want.years[key].Accumulators)
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%d is\n%+v\nand in the order of discharge\n%+v", key.Year, a, b)
		}
	}
}

func plain(a benefit.Accumulators) benefit.Accumulators {
	a.StaysByLevel = withoutZeros(a.StaysByLevel)
	a.Paid, a.Periods, a.Base = withoutZeros(a.Paid), withoutZeros(a.Periods), withoutZeros(a.Base)
	a.Kinds = withoutZeros(a.Kinds)
	if a.Stays == 0 {
		a.Last, a.YearDeductible = nil, 0 // nothing stands on them
	}
	return a
}

func withoutZeros[K comparable, V int | ledger.Amount](m map[K]V) map[K]V {
	left := map[K]V{}
	for key, value := range m {
		if value != 0 {
			left[key] = value
		}
	}
	return left
}

// Where no rule depends on the order, any order of arrival and any cancellations end in
// the same year, and no bill would have come out otherwise.
func TestAnyOrderEndsInTheSameYear(t *testing.T) {
	for name, plan := range orderlessPlans {
		desk := foldDesk(t, plan)
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				stays := drawStays(r)
				w := newFoldWorld(t, desk)
				w.live(r, stays, false)
				sameTotals(r, w, w.inOrder(t, stays))
				for key := range w.years {
					if refold, err := w.desk.Refolding(w, key); err != nil || refold.Differs() {
						r.Fatalf("some bill would have come out otherwise: %+v %v", refold, err)
					}
				}
			})
		})
	}
}

// Where rules depend on the order, the officers' adjustments bring the year to where the
// order of discharge would have brought it, and what is owed with it; and the hospitals'
// bills stay as they were answered.
func TestAdjustmentsBringTheYearIntoOrder(t *testing.T) {
	for name, plan := range orderedPlans {
		desk := foldDesk(t, plan)
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				stays := drawStays(r)
				w := newFoldWorld(t, desk)
				w.live(r, stays, true)
				checkFolds(r, w)
				answered := answers(w)
				w.adjustAll()
				checkFolds(r, w)
				fresh := w.inOrder(t, stays)
				sameTotals(r, w, fresh)
				if got, want := owedInAll(w), owedInAll(fresh); !maps.Equal(got, want) {
					r.Fatalf("owed is %v, in the order of discharge %v", got, want)
				}
				if now := answers(w); !strings.HasPrefix(now, answered) {
					r.Fatal("an answered bill was changed")
				}
			})
		})
	}
}

// checkFolds holds what a store's check would: folds, adjustments, bills.
func checkFolds(r *rapid.T, w *foldWorld) {
	var verifier clearing.Verifier
	for key, state := range w.years {
		if state.Refold == nil {
			continue
		}
		if folded, err := verifier.FoldAgain(w, key.Year, *state.Refold); err != nil || !reflect.DeepEqual(plain(folded), plain(state.Accumulators)) {
			r.Fatalf("%d is\n%+v\nits fold\n%+v (%v)", key.Year, state.Accumulators, folded, err)
		}
	}
	for _, record := range w.records {
		if record.Adjustment != nil {
			if err := clearing.CheckAdjustment(w, record, w.entries[record.Number]); err != nil {
				r.Fatal(err)
			}
		}
		if verified, ok := verifier.VerifyRecord(w, record, w.entries[record.Number]); ok && !verified.OK() {
			r.Fatalf("record %d: %s", record.Number, verified.Why())
		}
	}
}

func answers(w *foldWorld) string {
	var all strings.Builder
	for _, r := range w.records {
		all.Write(r.Answer)
	}
	return all.String()
}

func owedInAll(w *foldWorld) map[ledger.Fund]ledger.Amount {
	owed := map[ledger.Fund]ledger.Amount{}
	for _, entry := range w.entries {
		for _, p := range entry.Postings {
			if p.Account.Side == ledger.Receivable {
				owed[p.Account.Fund] += p.Amount
			}
		}
	}
	maps.DeleteFunc(owed, func(_ ledger.Fund, a ledger.Amount) bool { return a == 0 })
	return owed
}
