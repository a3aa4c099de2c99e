package intake_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/intake"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/statement"
)

var treatment33 = provinces.Party{Kind: provinces.PartyTreatment, Province: "33"}

// clerk takes statements into a house's books, from a broker of its own.
type clerk struct {
	*house
	statements *intake.Statements
	stream     []provinces.StatementMessage
	fetched    int
	fetch      func(n int, sequence uint64) ([]byte, error) // in place of the stream, if set
	events     []string
	manual     bool // business days move by hand
}

func newClerk(t testing.TB) *clerk {
	c := &clerk{house: newHouse(t, moody{}, 100)}
	c.begin()
	return c
}

// begin is what a start of the daemon does.
func (c *clerk) begin() {
	desk := &clearing.Desk{Statements: statement.Dialect{}, ManualDay: c.manual}
	c.statements = intake.NewStatements(intake.StatementsOptions{
		Store: c.store, Desk: func() *clearing.Desk { return desk },
		Fetch: func(_ context.Context, sequence uint64) ([]byte, error) {
			c.fetched++
			if c.fetch != nil {
				return c.fetch(c.fetched, sequence)
			}
			return c.stream[sequence-1].Body, nil
		},
		Observe: func(e intake.StatementEvent) {
			switch {
			case e.Fault != nil:
				c.events = append(c.events, "fault")
			case e.Stranger != nil:
				c.events = append(c.events, fmt.Sprintf("%d:%s/%d refused %d %s", e.Stranger.Sequence, e.Stranger.ID, e.Stranger.Part, e.Stranger.Code, e.Stranger.Errors[0].Field))
			default:
				r := e.Decided
				text := fmt.Sprintf("%d:%s %s", r.Number, r.ID, r.Outcome)
				if r.Code != 0 {
					text += fmt.Sprintf(" %d %s", r.Code, r.Errors[0].Field)
				}
				c.events = append(c.events, text)
			}
		},
	})
}

// put adds messages "<id>/<part>" to the stream.
func (c *clerk) put(party provinces.Party, id string, parts map[int][]byte, order ...int) {
	for _, n := range order {
		c.stream = append(c.stream, provinces.StatementMessage{
			Sequence: uint64(len(c.stream)) + 1, Subject: provinces.StatementPart{Party: party, ID: id, Part: n}.Subject(),
			Body: parts[n], Received: firstDay.Time().Add(time.Duration(len(c.stream)) * time.Second),
		})
	}
}

// take takes what is in the stream and not in the books, and returns what was observed.
func (c *clerk) take() string {
	c.Helper()
	c.events = nil
	if err := c.statements.Commit(context.Background(), c.stream); err != nil {
		c.Fatal(err)
	}
	return strings.Join(c.events, "\n")
}

// day is a statement of province 33 with a CSV file cut into parts.
func day(rows, serial int, parts int, spoil func(string) string, more ...string) map[int][]byte {
	var file bytes.Buffer
	file.WriteString("setl_id,mdtrt_id,psn_no,insuplc_admdvs,medfee_sumamt,fund_pay_sumamt,acct_pay\n")
	for n := 1; n <= rows; n++ {
		fmt.Fprintf(&file, "330100G%013d,V%d,P%d,650100,10.00,8.00,1.00\n", n, n, n)
	}
	text := file.String()
	if spoil != nil {
		text = spoil(text)
	}
	return cut(text, parts, fmt.Sprintf(`"setl_cnt":%d,"medfee_sumamt":"%d.00","fund_pay_sumamt":"%d.00","acct_pay":"%d.00"`, rows, 10*rows, 8*rows, rows), serial, more...)
}

func cut(text string, parts int, total string, serial int, more ...string) map[int][]byte {
	head := fmt.Sprintf(`{"doctype":"statement","admdvs":"330000","begndate":"%s","enddate":"%s","serial":%d,"totals":[{%s}],"file":{"parts":%d,"bytes":%d,"sha256":"%x","format":"csv"}}`,
		firstDay, firstDay, serial, total, parts, len(text), sha256.Sum256([]byte(text)))
	all := map[int][]byte{0: []byte(strings.NewReplacer(more...).Replace(head))}
	for n := 1; n <= parts; n++ {
		all[n] = []byte(text[len(text)*(n-1)/parts : len(text)*n/parts])
	}
	return all
}

func (c *clerk) record(id string) (r clearing.StatementRecord) {
	c.Helper()
	err := c.store.View(func(tx *store.Tx) (err error) {
		r, _, err = tx.Statement(treatment33, id)
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	return r
}

// inForce lists what counts for the first day: "<number>:<rows>:<totals>".
func (c *clerk) inForce(on ledger.Day) string {
	c.Helper()
	var list []string
	err := c.store.View(func(tx *store.Tx) error {
		all, err := tx.StatementsInForce(on)
		for _, s := range all {
			list = append(list, fmt.Sprintf("%d:%v:%v", s.Number, s.Rows, s.Totals))
		}
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	return strings.Join(list, " ")
}

func (c *clerk) rowsOf(number uint64) (ids []string) {
	c.Helper()
	err := c.store.StatementRows(context.Background(), number, func(row *provinces.StatementRow) error {
		ids = append(ids, row.SettlementID)
		return nil
	})
	if err != nil {
		c.Fatal(err)
	}
	return ids
}

// TestPartsComeInAnyOrder, before the head too, and a statement counts when the last one
// is there, whichever that is.
func TestPartsComeInAnyOrder(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {2, 0, 3, 1}, {1, 1, 0, 0, 2, 1, 3}} {
		c := newClerk(t)
		parts := day(10, 1, 3, nil)
		for i := range order[:len(order)-1] {
			c.put(treatment33, "A", parts, order[i])
			if got := c.take(); got != "" || c.inForce(firstDay) != "" {
				t.Errorf("%v: after %d messages: %s, in force %s", order, i+1, got, c.inForce(firstDay))
			}
		}
		c.put(treatment33, "A", parts, order[len(order)-1])
		number := len(order)
		if got, want := c.take(), fmt.Sprintf("%d:A applied", number); got != want {
			t.Errorf("%v: %q, want %q", order, got, want)
		}
		if got, want := c.inForce(firstDay), fmt.Sprintf("%d:true:[0]", number); got != want {
			t.Errorf("%v: in force %q, want %q", order, got, want)
		}
		if ids := c.rowsOf(uint64(number)); len(ids) != 10 || ids[9] != "330100G0000000000010" {
			t.Errorf("%v: rows %v", order, ids)
		}
	}
}

func TestPartsNeedNotBeOfOneLength(t *testing.T) {
	c := newClerk(t)
	parts := day(10, 1, 1, nil)
	whole := parts[1]
	parts[0] = bytes.Replace(parts[0], []byte(`"parts":1`), []byte(`"parts":4`), 1)
	parts[1], parts[2], parts[3], parts[4] = whole[:1], whole[1:200], whole[200:201], whole[201:]
	c.put(treatment33, "A", parts, 0, 1, 2, 3, 4)
	if got := c.take(); got != "5:A applied" {
		t.Error(got)
	}
}

// TestTheSequenceRule: a copy gets the first result, reuse is refused, a gap is taken and
// told until it is filled.
func TestTheSequenceRule(t *testing.T) {
	c := newClerk(t)
	one, two, seven := day(2, 1, 1, nil), day(3, 2, 1, nil), day(4, 7, 1, nil)
	for _, step := range []struct {
		what  string
		id    string
		parts map[int][]byte
		order []int
		want  string
	}{
		{"the first", "A", one, []int{0, 1}, "2:A applied"},
		{"all of it again", "A", one, []int{0, 1}, ""},
		{"its id with another head", "A", two, []int{0}, "5:A/0 refused 6011 id"},
		{"the same under another id", "B", one, []int{0, 1}, "7:B repeated"},
		{"its serial with other content", "C", day(5, 1, 1, nil), []int{0, 1}, "9:C refused 6011 serial"},
		{"a gap", "D", seven, []int{0, 1}, "11:D applied"},
		{"one that is refused", "E", day(3, 2, 1, func(s string) string { return strings.ReplaceAll(s, "10.00", "11.00") }), []int{0, 1}, "13:E refused 6010 totals[0].medfee_sumamt"},
		{"its serial again, corrected", "F", two, []int{0, 1}, "15:F applied"},
		{"a part with other bytes", "G", map[int][]byte{1: []byte("a")}, []int{1}, ""},
		{"twice", "G", map[int][]byte{1: []byte("b")}, []int{1}, "17:G/1 refused 6011 part 1"},
	} {
		c.put(treatment33, step.id, step.parts, step.order...)
		if got := c.take(); got != step.want {
			t.Errorf("%s: %q, want %q", step.what, got, step.want)
		}
	}
	c.stream = append(c.stream, provinces.StatementMessage{Sequence: 18, Subject: "statements.treatment.33.A.9999"})
	if got := c.take(); got != "18:/0 refused 1007 subject" {
		t.Error(got)
	}
	c.store.View(func(tx *store.Tx) error {
		if got := fmt.Sprint(clearing.MissingSerials(tx.StatementSerials(treatment33))); got != "[{3 6}]" {
			t.Errorf("missing %s", got)
		}
		return nil
	})
	if got := c.inForce(firstDay); got != "15:true:[0]" {
		t.Errorf("in force %s: the one applied last", got)
	}
}

// TestNothingIsHalfApplied: each bad file is refused by line and column, and leaves
// neither rows nor anything in force.
func TestNothingIsHalfApplied(t *testing.T) {
	replace := func(old, with string) func(string) string {
		return func(s string) string { return strings.Replace(s, old, with, 1) }
	}
	last := "330100G0000000003000,V3000,P3000,650100,10.00,8.00,1.00\n"
	for _, test := range []struct {
		what  string
		parts map[int][]byte
		want  string
	}{
		{"a wrong total line", day(3000, 1, 3, nil, `"medfee_sumamt":"30000.00"`, `"medfee_sumamt":"30000.01"`), "6010 totals[0].medfee_sumamt"},
		{"a wrong count", day(3000, 1, 3, nil, `"setl_cnt":3000`, `"setl_cnt":2999`), "6010 totals[0].setl_cnt"},
		{"a row twice", day(3000, 1, 3, replace(last, strings.Replace(last, "G0000000003000", "G0000000000017", 1))), "6009 line 3001, setl_id"},
		{"another province's row", day(3000, 1, 3, replace("330100G0000000002999", "310100G0000000002999")), "6008 line 3000, setl_id"},
		{"a formula", day(3000, 1, 3, replace("V2998,", "=1+1,")), "6007 line 2999, mdtrt_id"},
		{"broken characters", day(3000, 1, 3, replace("V2998,", "\xff,")), "6005 line 2999, column 2"},
		{"a column too many", day(3000, 1, 3, replace("V2998,", "V2998,,")), "6006 line 2999"},
		{"another digest", day(3000, 1, 3, nil, `"sha256":"`, `"sha256":"00`, `","format"`, `","format"`), "1005 file.sha256"},
		{"two gigabytes", day(3000, 1, 3, nil, `"bytes":`, `"bytes":2147483`), "6003 file.bytes"},
		{"a length that is not there", day(3000, 1, 3, nil, `"bytes":`, `"bytes":1`), "6002 bytes"},
		{"no rows", day(0, 1, 1, nil, `"setl_cnt":0`, `"setl_cnt":1`), "6004 file"},
	} {
		c := newClerk(t)
		c.put(treatment33, "A", test.parts, 1, 2, 3, 0)
		if len(test.parts) == 2 {
			c.stream = nil
			c.put(treatment33, "A", test.parts, 1, 0)
		}
		want := fmt.Sprintf("%d:A refused %s", len(c.stream), test.want)
		if got := c.take(); got != want {
			t.Errorf("%s: %q, want %q", test.what, got, want)
		}
		if r := c.record("A"); c.inForce(firstDay) != "" || len(c.rowsOf(r.Number)) != 0 || !bytes.Contains(r.Answer, []byte(test.want[:4])) {
			t.Errorf("%s: something is left: %s, %d rows, answer %s", test.what, c.inForce(firstDay), len(c.rowsOf(r.Number)), r.Answer)
		}
	}
}

func TestPartsThatAreGoneRefuseTheStatement(t *testing.T) {
	c := newClerk(t)
	c.fetch = func(int, uint64) ([]byte, error) { return nil, intake.ErrGone }
	c.put(treatment33, "A", day(3, 1, 1, nil), 0, 1)
	if got := c.take(); got != "2:A refused 6002 file" {
		t.Error(got)
	}
}

// TestAKillWhileRowsAreWritten: wherever the process ends, the next one comes to the
// same books.
func TestAKillWhileRowsAreWritten(t *testing.T) {
	parts := day(7000, 1, 10, nil)
	order := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	whole := newClerk(t)
	whole.put(treatment33, "A", parts, order...)
	whole.take()
	want, all := whole.record("A"), whole.fetched
	for stop := 1; stop <= all; stop += 3 {
		c := newClerk(t)
		c.put(treatment33, "A", parts, order...)
		ctx, kill := context.WithCancel(context.Background())
		c.fetch = func(n int, sequence uint64) ([]byte, error) {
			if n >= stop {
				kill()
				return nil, ctx.Err()
			}
			return c.stream[sequence-1].Body, nil
		}
		if err := c.statements.Commit(ctx, c.stream); !errors.Is(err, context.Canceled) {
			t.Fatalf("stopped at %d of %d: %v", stop, all, err)
		}
		if got := c.inForce(firstDay); got != "" || c.record("A").Outcome != "" {
			t.Errorf("stopped at %d: in force %q", stop, got)
		}
		c.fetch = nil
		c.begin()
		c.take()
		got := c.record("A")
		got.Statement.File, want.Statement.File = nil, nil // read anew, but for its address the same
		if !reflect.DeepEqual(got, want) || len(c.rowsOf(got.Number)) != 7000 {
			t.Errorf("stopped at %d of %d: %s of %d rows in %d blocks, want %s of %d in %d", stop, all, got.Outcome, got.Rows, got.Blocks, want.Outcome, want.Rows, want.Blocks)
		}
	}
}

// TestNobodyIsCompleteUpToADayThatHasNotCome: a horizon never goes back, so a mistyped one
// would have all later bills missing. A business day may end before midnight.
func TestNobodyIsCompleteUpToADayThatHasNotCome(t *testing.T) {
	c := newClerk(t)
	for id, step := range map[string]struct {
		horizon ledger.Day
		want    string
	}{
		"A": {firstDay + 1, "A applied"},
		"B": {firstDay + 2, "B refused 6012 horizon"},
		"C": {firstDay + 36_500, "C refused 6012 horizon"},
	} {
		c.put(treatment33, id, day(2, 0, 1, nil, `"serial":0`, fmt.Sprintf(`"horizon":"%s"`, step.horizon)), 0, 1)
		if _, got, _ := strings.Cut(c.take(), ":"); got != step.want {
			t.Errorf("complete up to %s: %q, want %q", step.horizon, got, step.want)
		}
	}
	if err := c.store.View(func(tx *store.Tx) error {
		h, err := tx.Horizon(treatment33)
		if h.Day != firstDay+1 {
			t.Errorf("complete up to %s", h.Day)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestWhereDaysMoveByHandNobodyIsCompleteFarBehindTheOpenDay: such books may live in any year, so
// the wall clock says nothing of their days. The open day does; and where books were restored
// from a copy, and days that had ended are open again, the newest that had begun when the statement came.
func TestWhereDaysMoveByHandNobodyIsCompleteFarBehindTheOpenDay(t *testing.T) {
	c := newClerk(t)
	c.manual = true
	c.begin()
	n := 0
	state := func(horizon ledger.Day, received time.Time) string {
		n++
		id := fmt.Sprint("S", n)
		c.put(treatment33, id, day(2, 0, 1, nil, `"serial":0`, fmt.Sprintf(`"horizon":"%s"`, horizon)), 0, 1)
		for i := range 2 {
			c.stream[len(c.stream)-1-i].Received = received
		}
		_, got, _ := strings.Cut(c.take(), id+" ")
		return got
	}
	demand := func(what string, last ledger.Day, received time.Time) {
		t.Helper()
		if got := state(last+1, received); got != "refused 6012 horizon" {
			t.Errorf("%s, complete up to %s: %q, want it refused", what, last+1, got)
		}
		if got := state(last, received); got != "applied" {
			t.Errorf("%s, complete up to %s: %q, want it applied", what, last, got)
		}
	}
	years := firstDay.Time().AddDate(10, 0, 0) // the wall clock
	demand("on the first day", firstDay+31, years)
	next, third := years.Add(time.Hour), years.Add(2*time.Hour)
	for i, at := range []time.Time{next, third} { // messages of the next two days, as restored
		c.update(func(tx *store.Tx) error { return tx.SetCut(firstDay+ledger.Day(i), "33", uint64(i)) })
		m := message("33", uint64(i)+1, "x")
		m.Received = at
		c.commit(m)
	}
	demand("before the next day's first message", firstDay+31, next.Add(-time.Second))
	demand("after it", firstDay+32, third.Add(-time.Second))
	demand("on the third day", firstDay+33, third)
	c.update(func(tx *store.Tx) error {
		for day := firstDay; day <= firstDay+4; day++ {
			state, err := tx.Day(day)
			if err != nil {
				return err
			}
			state.Phase = store.DayFrozen
			tx.SetDay(day, state)
		}
		return nil
	})
	demand("when days without messages are closed", firstDay+36, years)
}

// TestAMonthDoesNotTakeThePlaceOfItsDaysTotals, but its rows do: whoever applied last is
// in force.
func TestAMonthDoesNotTakeThePlaceOfItsDaysTotals(t *testing.T) {
	c := newClerk(t)
	month, end := ledger.NewDay(2024, time.October, 1), ledger.NewDay(2024, time.October, 31)
	if firstDay < month || firstDay > end {
		t.Fatalf("the first day is %s", firstDay)
	}
	c.put(treatment33, "D", day(2, 1, 1, nil), 0, 1)
	c.put(treatment33, "M", day(3, 2, 1, nil, fmt.Sprintf(`"begndate":"%s","enddate":"%s"`, firstDay, firstDay), fmt.Sprintf(`"begndate":"%s","enddate":"%s","horizon":"%s"`, month, end, firstDay)), 0, 1)
	c.take()
	if got := c.inForce(firstDay); got != "2:false:[0] 4:true:[0]" {
		t.Errorf("in force %s", got)
	}
	if got := c.inForce(end); got != "4:true:[0]" {
		t.Errorf("in force %s", got)
	}
}

// TestALargeStatementStaysSmallInMemory: 100 MB and 700,000 rows through the adapter, the
// check and the books, with what lives on the heap looked at on the way.
func TestALargeStatementStaysSmallInMemory(t *testing.T) {
	const rows, rowBytes = 700_000, 150
	header := "setl_id,mdtrt_id,psn_no,insuplc_admdvs,fixmedins_code,medfee_sumamt,fund_pay_sumamt,acct_pay,psn_cash_pay\n"
	line := func(n int) string {
		text := fmt.Sprintf("330100G%013d,VISIT%020d,PERSON%020d,650100,H33010000001,123456.78,100000.00,3456.78,20000.00\n", n, n, n)
		return strings.Replace(text, "VISIT", "VISIT"+strings.Repeat("X", max(0, min(4, rowBytes-len(text)))), 1)
	}
	width := len(line(1))
	size := len(header) + rows*width
	// bytesAt makes a part anew whenever it is asked for, so that the test holds none.
	bytesAt := func(from, to int) []byte {
		var b bytes.Buffer
		first := 0
		if from < len(header) {
			b.WriteString(header)
		} else {
			first = (from - len(header)) / width
		}
		base := from
		if from >= len(header) {
			base = from - (len(header) + first*width)
		}
		for n := first; b.Len() < base+(to-from) && n < rows; n++ {
			b.WriteString(line(n + 1))
		}
		return b.Bytes()[base : base+to-from]
	}
	const part = provinces.StatementPartBytesMax
	parts := (size + part - 1) / part
	hash := sha256.New()
	c := newClerk(t)
	for n := range parts {
		body := bytesAt(n*part, min((n+1)*part, size))
		hash.Write(body)
		message := provinces.StatementMessage{Sequence: uint64(n) + 1, Subject: provinces.StatementPart{Party: treatment33, ID: "L", Part: n + 1}.Subject(), Body: body, Received: firstDay.Time()}
		if err := c.statements.Commit(t.Context(), []provinces.StatementMessage{message}); err != nil {
			t.Fatal(err)
		}
	}
	head := fmt.Appendf(nil, `{"doctype":"statement","admdvs":"330000","begndate":"%s","enddate":"%s","totals":[{"setl_cnt":%d,"medfee_sumamt":"%s","fund_pay_sumamt":"%s","acct_pay":"%s","psn_cash_pay":"%s"}],"file":{"parts":%d,"bytes":%d,"sha256":"%x","format":"csv"}}`,
		firstDay, firstDay, rows, ledger.Amount(rows*12345678), ledger.Amount(rows*10000000), ledger.Amount(rows*345678), ledger.Amount(rows*2000000), parts, size, hash.Sum(nil))
	live := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most := live(), uint64(0)
	c.fetch = func(n int, sequence uint64) ([]byte, error) {
		if n%40 == 0 {
			most = max(most, live())
		}
		from := int(sequence-1) * part
		return bytesAt(from, min(from+part, size)), nil
	}
	err := c.statements.Commit(t.Context(), []provinces.StatementMessage{{Sequence: uint64(parts) + 1, Subject: provinces.StatementPart{Party: treatment33, ID: "L"}.Subject(), Body: head, Received: firstDay.Time()}})
	if err != nil {
		t.Fatal(err)
	}
	if r := c.record("L"); r.Outcome != provinces.StatementApplied || r.Rows != rows {
		t.Fatalf("%s with %d rows: %d %v", r.Outcome, r.Rows, r.Code, r.Errors)
	}
	t.Logf("%d bytes, %d rows; at most %d KiB more on the heap", size, rows, (most-before)>>10)
	if most > before+48<<20 {
		t.Errorf("%d MiB more on the heap for a file of %d MiB", (most-before)>>20, size>>20)
	}
}

// TestRowsOfAnyOrderAddUpAlike: what is in force does not depend on the order of the
// rows of a file.
func TestRowsOfAnyOrderAddUpAlike(t *testing.T) {
	shuffled := func(s string) string {
		lines := strings.SplitAfter(s, "\n")
		rows := lines[1 : len(lines)-1]
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		return strings.Join(lines, "")
	}
	c := newClerk(t)
	c.put(treatment33, "A", day(500, 1, 2, shuffled), 2, 0, 1)
	if got := c.take(); got != "3:A applied" {
		t.Error(got)
	}
}

// TestClaimsAreBookedWhileAStatementIsApplied: between any two parts of its file.
func TestClaimsAreBookedWhileAStatementIsApplied(t *testing.T) {
	c := newClerk(t)
	booked := uint64(0)
	c.fetch = func(_ int, sequence uint64) ([]byte, error) {
		booked++
		c.commit(message("33", booked, "x"))
		return c.stream[sequence-1].Body, nil
	}
	c.put(treatment33, "A", day(7000, 1, 10, nil), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	if got := c.take(); got != "11:A applied" {
		t.Error(got)
	}
	c.store.View(func(tx *store.Tx) error {
		if tx.Last() != booked || booked < 30 {
			t.Errorf("%d records, %d claims came in between", tx.Last(), booked)
		}
		return nil
	})
}

// TestAStatementWeFailOnIsRefusedByOurOwnCode after three attempts, and the others flow.
func TestAStatementWeFailOnIsRefusedByOurOwnCode(t *testing.T) {
	c := newClerk(t)
	c.fetch = func(_ int, sequence uint64) ([]byte, error) {
		if sequence == 2 {
			panic("patient 110101199003070011")
		}
		return c.stream[sequence-1].Body, nil
	}
	c.put(treatment33, "A", day(3, 1, 1, nil), 0, 1)
	c.put(treatment33, "B", day(4, 2, 1, nil), 0, 1)
	want := "fault\nfault\nfault\n2:A refused 9001 \n4:B applied"
	if got := c.take(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// mute cannot write the results of applied statements.
type mute struct{ statement.Dialect }

func (m mute) Result(r provinces.StatementResult) ([]byte, error) {
	if r.Outcome == provinces.StatementApplied && r.Statement.ID == "BAD" {
		panic("patient 110101199003070011")
	}
	return m.Dialect.Result(r)
}

// TestAnswersArePublishedOnce: refusals at once, results when their days are closed, a
// copy's with its first one's; what we fail to answer holds up nobody.
func TestAnswersArePublishedOnce(t *testing.T) {
	c := newClerk(t)
	desk := &clearing.Desk{Statements: mute{}}
	c.statements = intake.NewStatements(intake.StatementsOptions{
		Store: c.store, Desk: func() *clearing.Desk { return desk },
		Fetch: func(_ context.Context, sequence uint64) ([]byte, error) { return c.stream[sequence-1].Body, nil },
		Observe: func(e intake.StatementEvent) {
			if e.Fault != nil {
				c.events = append(c.events, e.Fault.Error())
			}
		},
	})
	var sent []string
	answer := func() string {
		t.Helper()
		sent = nil
		n, err := c.statements.Answer(t.Context(), func(_ context.Context, answers []provinces.Envelope) error {
			for _, a := range answers {
				sent = append(sent, strings.TrimPrefix(a.Subject, "answers.statement.treatment.33.")+":"+a.Header[provinces.HeaderOutcome]+a.Header[provinces.HeaderOriginal])
			}
			return nil
		})
		if err != nil || n != len(sent) {
			t.Fatalf("%d of %v, %v", n, sent, err)
		}
		return strings.Join(sent, " ")
	}
	one := day(2, 1, 1, nil)
	c.put(treatment33, "A", one, 0, 1)
	c.put(treatment33, "B", one, 0, 1)
	c.put(treatment33, "NO", map[int][]byte{0: []byte("{}")}, 0)
	c.put(treatment33, "BAD", day(3, 2, 1, nil), 0, 1)
	c.take()
	for _, want := range []string{"NO:refused", ""} {
		if got := answer(); got != want {
			t.Errorf("before the close: %q, want %q", got, want)
		}
	}
	c.update(func(tx *store.Tx) error {
		tx.SetDay(firstDay, store.DayState{Phase: store.DayClosed})
		return nil
	})
	for _, want := range []string{"A:applied B:repeatedA", "", ""} {
		if got := answer(); got != want {
			t.Errorf("after the close: %q, want %q", got, want)
		}
	}
	if len(c.events) != 1 || !strings.Contains(c.events[0], "STATEMENTS/7") || strings.Contains(c.events[0], "110101199003070011") {
		t.Errorf("told: %q", c.events)
	}
}
