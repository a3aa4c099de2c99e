package lab_test

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
	"clearingd/clearing/lab"
	"clearingd/ledger"
	"clearingd/provinces"
)

// TestTheDraftIsWhatTheDeskWouldHaveBooked is the dumb twin of the laboratory: the same
// messages go to a second set of books whose plans change to the draft's where the days
// begin. What those books say is what the laboratory must say, bill by bill.
func TestTheDraftIsWhatTheDeskWouldHaveBooked(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		drawRule := func(name, area string) rule {
			x := rule{area: area, ratio: rapid.IntRange(1, 99).Draw(r, name+" ratio"), cap: rapid.SampledFrom([]int{0, 5_000, 20_000}).Draw(r, name+" cap")}
			if rapid.Bool().Draw(r, name+" critical") {
				x.upper = critical
			}
			x.version = rapid.SampledFrom([]string{"", "[version.time]\nnew_year = \"split by days\"\n"}).Draw(r, name+" new year")
			return x
		}
		current := plans(t, drawRule("current", "6531"), drawRule("current", "6532"))
		rules := []rule{drawRule("draft", "6531")}
		if rapid.IntRange(0, 4).Draw(r, "plans") > 0 {
			rules = append(rules, drawRule("draft", "6532"))
		}
		draft := plans(t, rules...)
		real, twin := newBooks(t, current, nil), newBooks(t, current, nil)
		defer real.close()
		defer twin.close()
		s := script{r: r, books: [2]*books{real, twin}}
		s.steps(rapid.IntRange(0, 12).Draw(r, "before"))
		real.closeDay(firstDay)
		twin.closeDay(firstDay)
		twin.inForce(draft)
		first := len(s.records[1])
		s.steps(rapid.IntRange(1, 20).Draw(r, "in"))
		real.closeDay(firstDay + 1)
		s.compare(draft, first)
	})
}

// script is one drawn history, played to both books. Every message takes the next number
// of the books, so a later one can name it before it is sent.
type script struct {
	r       *rapid.T
	books   [2]*books
	records [2][]clearing.Record
	drawn   []provinces.Request // since the last play
	claims  map[uint64]stay     // by the number they take
	cancels []uint64            // numbers of cancellations and reversals of bills
	of      map[uint64]uint64   // and the bill each is of
	ids     []string            // msgid by number - 1
}

func (s *script) steps(n int) {
	if s.claims == nil {
		s.claims, s.of = map[uint64]stay{}, map[uint64]uint64{}
	}
	for range n {
		switch rapid.IntRange(0, 9).Draw(s.r, "what") {
		case 0, 1:
			s.undo()
		case 2:
			s.restore()
		default:
			s.claim()
		}
	}
	if len(s.drawn) > 0 {
		for i, b := range s.books {
			s.records[i] = append(s.records[i], b.say(s.drawn...)...)
		}
	}
	s.drawn = nil
}

// say draws a message and returns the number it will take.
func (s *script) say(request provinces.Request) uint64 {
	s.ids = append(s.ids, fmt.Sprintf("m%d", len(s.ids)+1))
	request.MsgID = s.ids[len(s.ids)-1]
	s.drawn = append(s.drawn, request)
	return uint64(len(s.ids))
}

func (s *script) claim() {
	x := stay{
		id: fmt.Sprint(len(s.ids)), person: rapid.IntRange(1, 3).Draw(s.r, "person"),
		cost: ledger.Amount(rapid.Int64Range(1, 60_000_00).Draw(s.r, "cost")),
		home: rapid.SampledFrom([]ledger.Area{"653100", "653100", "653200"}).Draw(s.r, "home"),
	}
	discharged := day(2026, time.January, 1) + ledger.Day(rapid.IntRange(-40, 40).Draw(s.r, "discharged"))
	x.discharged = at(discharged, 10)
	x.admitted = x.discharged - provinces.DateTime(rapid.IntRange(1, 30).Draw(s.r, "nights")*24*60*60)
	if rapid.IntRange(0, 3).Draw(s.r, "opening") == 0 {
		x.opening = &provinces.Opening{
			Year: discharged.Year(), Stays: 1, OwnShare: yuan(9_000) + ledger.Amount(len(s.ids)), // no two alike
			Paid: []provinces.FundAmount{{Fund: "390100", Amount: yuan(1_000)}},
		}
	}
	s.claims[s.say(x.request())] = x
}

// undo cancels or reverses any bill; the desk refuses where the order does not allow it.
func (s *script) undo() {
	if len(s.claims) == 0 {
		return
	}
	bill := rapid.SampledFrom(slices.Sorted(maps.Keys(s.claims))).Draw(s.r, "bill")
	request := s.claims[bill].request()
	claim := request.Claim
	request.Claim = nil
	if rapid.Bool().Draw(s.r, "by reversal") {
		request.Infno = provinces.InfnoReverse
		request.Reversal = &provinces.Reversal{PersonNo: claim.PersonNo, OriginalMsgID: s.ids[bill-1], OriginalInfno: provinces.InfnoSettle}
		s.say(request)
		return
	}
	request.Infno = provinces.InfnoCancel
	request.Cancellation = &provinces.Cancellation{
		SettlementID: fmt.Sprintf("%sG%013d", request.Treatment, bill), PersonNo: claim.PersonNo, VisitID: claim.VisitID,
	}
	n := s.say(request)
	s.cancels, s.of[n] = append(s.cancels, n), bill
}

// restore reverses a cancellation, if there was one.
func (s *script) restore() {
	if len(s.cancels) == 0 {
		return
	}
	cancellation := rapid.SampledFrom(s.cancels).Draw(s.r, "cancellation")
	request := s.claims[s.of[cancellation]].request()
	request.Infno = provinces.InfnoReverse
	request.Reversal = &provinces.Reversal{PersonNo: request.Claim.PersonNo, OriginalMsgID: s.ids[cancellation-1], OriginalInfno: provinces.InfnoCancel}
	request.Claim = nil
	s.say(request)
}

// compare holds every line of the laboratory against the record of the twin. Where the
// draft's refusals, or its other years, leave the desk with other states than the books,
// one of the two takes an undoing that the other refuses: from there on they are two histories.
func (s *script) compare(draft *benefit.Set, first int) {
	_, lines := s.books[0].run(draft, firstDay+1, firstDay+1)
	byNumber := map[uint64]lab.Line{}
	for _, line := range lines {
		byNumber[line.Entry] = line
	}
	compared, want := 0, len(lines)
	for _, twin := range s.records[1][first:] {
		booked, line := s.records[0][twin.Number-1], byNumber[twin.Number]
		if line.Refused != 0 {
			want--
			if twin.Effect != 0 || line.Corrects == 0 && twin.Code != line.Refused {
				s.r.Fatalf("record %d: the laboratory says refused %d, the desk %s %d", line.Entry, line.Refused, twin.Outcome, twin.Code)
			}
			continue
		}
		if twin.Effect != booked.Effect {
			return
		}
		if twin.Effect != 0 {
			s.compareBill(line, twin)
			compared++
		}
	}
	if compared != want {
		s.r.Fatalf("%d bills compared, the laboratory has %d", compared, want)
	}
}

func (s *script) compareBill(line lab.Line, twin clearing.Record) {
	bill := twin
	for bill.Bill == nil {
		bill = s.records[1][bill.Original-1]
	}
	funds := map[ledger.Fund]ledger.Amount{}
	for _, share := range bill.Bill.Benefit.Funds {
		funds[share.Fund] += ledger.Amount(twin.Effect) * share.Amount
	}
	if !reflect.DeepEqual(funds, line.Draft.Funds) || line.Draft.Cash != ledger.Amount(twin.Effect)*bill.Bill.Benefit.Cash {
		s.r.Fatalf("record %d: the laboratory pays %v, the desk %v\n%s", twin.Number, line.Draft.Funds, funds, s.history())
	}
	if got, want := fmt.Sprint(line.Draft.Trace), fmt.Sprint(bill.Bill.Benefit.Trace); got != want {
		s.r.Fatalf("record %d: the traces are\n%s\nand\n%s\n%s", twin.Number, got, want, s.history())
	}
}

// history is what the two books made of each message, for the failure's text.
func (s *script) history() string {
	var b strings.Builder
	for i := range s.records[0] {
		for side := range s.records {
			r := s.records[side][i]
			fmt.Fprintf(&b, "%d day %s: %s %s %d effect %+d of %d", r.Number, r.Day, r.Infno, r.Outcome, r.Code, r.Effect, r.Original)
			if r.Bill != nil {
				fmt.Fprintf(&b, ", %s %s", r.Home, r.Bill.Claim.PersonNo)
				for j, y := range r.Bill.Years {
					fmt.Fprintf(&b, ", %d: after %d, opened %v, own share %s to %s", y.Year, y.Before.Last, y.Before.Opened,
						y.Before.Accumulators.OwnShare, r.Bill.Benefit.Years[j].OwnShare)
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}
