package clearing_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/data"
)

// Each scenario is a list of messages to fresh books, one a line, with what must become
// of it behind the arrow (design section 4, outcomes). A line reads
//
//	<infno> <msgid> <member>=<value> ... -> <outcome> [<code>] [of=<Clr-Original>] [moves=<fen owed>] [at=<field>]
//
// Members not named have the values of a plain bill. setl_id=<msgid> stands for the
// setl_id that message was answered with. moves is what the entry adds to what the
// home region owes: "+" some amount, "-" its opposite, "0" nothing.
var scenarios = map[string]string{
	"a new stay is booked": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2              -> booked moves=+`,

	"the same stay with the same content is answered as it was booked": `
		2304 m1                          -> booked moves=+
		2304 m2                          -> repeated of=m1 moves=0
		2304 m3 opter_name=other         -> repeated of=m1 moves=0`,

	"the same stay with other content is refused, naming the fields": `
		2304 m1                          -> booked moves=+
		2304 m2 inscp_scp_amt=20001.00 medfee_sumamt=23001.00 -> refused 5001 at=medfee_sumamt at=inscp_scp_amt moves=0
		2304 m3 insuplc_admdvs=110106    -> refused 5001 at=insuplc_admdvs moves=0`,

	"a stay may be booked anew after its cancellation": `
		2304 m1                          -> booked moves=+
		2305 m2 setl_id=m1               -> cancelled of=m1 moves=-
		2304 m3                          -> booked moves=+
		2304 m4                          -> repeated of=m3 moves=0`,

	"a claim whose reversal came first is refused": `
		2601 m1 omsgid=m2                -> reversed of=unseen moves=0
		2304 m2                          -> refused 5002 moves=0
		2304 m3                          -> booked moves=+`,

	"a cancellation names a settlement of this provider, person and stay": `
		2304 m1                          -> booked moves=+
		2305 m2 setl_id=110105G0000000000099 -> refused 5003 moves=0
		2305 m3 setl_id=nonsense         -> refused 5003 moves=0
		2305 m4 setl_id=m1 psn_no=11000000000000000002 -> refused 5005 at=psn_no moves=0
		2305 m5 setl_id=m1 mdtrt_id=V9   -> refused 5005 at=mdtrt_id moves=0
		2305 m6 setl_id=m1 fixmedins_code=H33010000002 -> refused 5003 moves=0
		2305 m8 setl_id=m1 insuplc_admdvs=110106 -> refused 5003 moves=0
		2305 m9 setl_id=330200G0000000000001 -> refused 5003 at=setl_id moves=0
		2305 m10 setl_id=330100G0000000000009 -> refused 5003 at=setl_id moves=0
		2305 m11 setl_id=330100G0000000000002 -> refused 5003 at=setl_id moves=0
		2305 m7 setl_id=m1               -> cancelled of=m1 moves=-`,

	"only the person-year's last settlement can be cancelled": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2              -> booked moves=+
		2305 m3 setl_id=m1               -> refused 5004 moves=0
		2305 m4 setl_id=m2 mdtrt_id=V2   -> cancelled of=m2 moves=-
		2305 m5 setl_id=m1               -> cancelled of=m1 moves=-`,

	"another person's settlement is no obstacle": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2 psn_no=11000000000000000002 -> booked moves=+
		2305 m3 setl_id=m1               -> cancelled of=m1 moves=-`,

	"a cancellation is answered the same again": `
		2304 m1                          -> booked moves=+
		2305 m2 setl_id=m1               -> cancelled of=m1 moves=-
		2305 m3 setl_id=m1               -> repeated of=m2 moves=0`,

	"a cancellation has a setl_id, and cannot be cancelled": `
		2304 m1                          -> booked moves=+
		2305 m2 setl_id=m1               -> cancelled of=m1 moves=-
		2305 m3 setl_id=330100G0000000000002 -> refused 5003 at=setl_id moves=0`,

	"a reversal of what never came is answered the same again": `
		2601 m1 omsgid=m9                -> reversed of=unseen moves=0
		2601 m2 omsgid=m9                -> repeated of=m1 moves=0
		2304 m9                          -> refused 5002 moves=0`,

	"a reversal undoes what was booked": `
		2304 m1                          -> booked moves=+
		2601 m2 omsgid=m1                -> reversed of=booked moves=-
		2601 m3 omsgid=m1                -> repeated of=m2 moves=0
		2304 m4                          -> booked moves=+`,

	"a reversal of a refusal has nothing to undo": `
		2304 m1 psn_type=                -> refused 1004 moves=0
		2601 m2 omsgid=m1                -> reversed of=refused moves=0`,

	"a reversal of a repeat leaves the first booking alone": `
		2304 m1                          -> booked moves=+
		2304 m2                          -> repeated of=m1 moves=0
		2601 m3 omsgid=m2                -> reversed of=repeated moves=0
		2305 m4 setl_id=m1               -> cancelled of=m1 moves=-`,

	"a reversal keeps the order of the person-year": `
		2304 m1                          -> booked moves=+
		2304 m2 mdtrt_id=V2              -> booked moves=+
		2601 m3 omsgid=m1                -> refused 5004 moves=0
		2601 m4 omsgid=m2                -> reversed of=booked moves=-
		2601 m5 omsgid=m1                -> reversed of=booked moves=-`,

	"a reversal of what was cancelled since finds nothing to undo": `
		2304 m1                          -> booked moves=+
		2305 m2 setl_id=m1               -> cancelled of=m1 moves=-
		2601 m3 omsgid=m1                -> reversed of=booked moves=0`,

	"what was reversed after it was cancelled stays without effect": `
		2304 m1                          -> booked moves=+
		2305 m2 setl_id=m1               -> cancelled of=m1 moves=-
		2601 m3 omsgid=m1                -> reversed of=booked moves=0
		2601 m4 omsgid=m2 oinfno=2305    -> reversed of=booked moves=0
		2601 m5 omsgid=m1                -> repeated of=m3 moves=0
		2304 m6                          -> booked moves=+`,

	"a cancellation of what was reversed says so": `
		2304 m1                          -> booked moves=+
		2601 m2 omsgid=m1                -> reversed of=booked moves=-
		2305 m3 setl_id=m1               -> refused 5006 moves=0`,

	"a reversed cancellation lets the settlement stand again": `
		2304 m1                          -> booked moves=+
		2305 m2 setl_id=m1               -> cancelled of=m1 moves=-
		2601 m3 omsgid=m2 oinfno=2305    -> reversed of=booked moves=+
		2304 m4                          -> repeated of=m1 moves=0
		2601 m5 omsgid=m2 oinfno=2305    -> repeated of=m3 moves=0
		2305 m6 setl_id=m1               -> cancelled of=m1 moves=-
		2305 m7 setl_id=m1               -> repeated of=m6 moves=0`,

	"a cancellation cannot be reversed once the stay is booked anew": `
		2304 m1                          -> booked moves=+
		2305 m2 setl_id=m1               -> cancelled of=m1 moves=-
		2304 m3                          -> booked moves=+
		2601 m4 omsgid=m2 oinfno=2305    -> refused 5004 moves=0`,

	"nor once another person is booked in the stay": `
		2304 m1                          -> booked moves=+
		2305 m2 setl_id=m1               -> cancelled of=m1 moves=-
		2304 m3 psn_no=11000000000000000002 -> booked moves=+
		2601 m4 omsgid=m2 oinfno=2305    -> refused 5004 moves=0`,

	"nor once a later stay of the person stands; nor by another person's number": `
		2304 m1                          -> booked moves=+
		2305 m2 setl_id=m1               -> cancelled of=m1 moves=-
		2601 m3 omsgid=m2 oinfno=2305 psn_no=11000000000000000002 -> refused 5005 at=psn_no moves=0
		2304 m4 mdtrt_id=V2              -> booked moves=+
		2601 m5 omsgid=m2 oinfno=2305    -> refused 5004 moves=0
		2305 m6 setl_id=m4 mdtrt_id=V2   -> cancelled of=m4 moves=-
		2601 m7 omsgid=m2 oinfno=2305    -> reversed of=booked moves=+`,

	"a reversal names the transaction number of what it reverses": `
		2304 m1                          -> booked moves=+
		2601 m2 omsgid=m1 oinfno=2305    -> refused 5006 at=oinfno moves=0
		2601 m3 omsgid=m1 psn_no=11000000000000000002 -> refused 5005 moves=0`,

	"what is wrong with the message comes before everything else": `
		2304 m1 mdtrtarea_admvs=440100   -> refused 1007 at=mdtrtarea_admvs moves=0
		2304 m2 insuplc_admdvs=650100 subject_home=11 -> refused 1007 at=insuplc_admdvs moves=0
		2304 m3 medfee_sumamt=1.00       -> refused 3003 moves=0
		2304 m10 medfee_sumamt=1.00 mdtrtarea_admvs=440100 -> refused 1007 at=mdtrtarea_admvs moves=0
		2304 m8 endtime=2026-03-04       -> refused 1010 at=endtime moves=0
		2304 m9 endtime=2026-03-03       -> booked moves=+
		2304 m4 insutype=340             -> refused 4001 moves=0
		9999 m5                          -> refused 1006 at=infno moves=0
		2303 m6                          -> refused 1006 at=infno moves=0
		2304 m7                          -> booked moves=+`,
}

func TestOutcomes(t *testing.T) {
	for name, script := range scenarios {
		t.Run(name, func(t *testing.T) {
			b := newBooks(t)
			for line := range strings.Lines(script) {
				if line = strings.TrimSpace(line); line != "" {
					b.play(line)
				}
			}
			b.checkSum()
		})
	}
}

// TestSameBooksSameBytes: the same messages to the same books give the same answers, to
// the byte (design section 4).
func TestSameBooksSameBytes(t *testing.T) {
	script := "2304 m1 -> booked\n2304 m2 -> repeated\n2305 m3 setl_id=m1 -> cancelled\n2304 m4 psn_type= -> refused 1004"
	one, two := newBooks(t), newBooks(t)
	for line := range strings.Lines(script) {
		one.play(strings.TrimSpace(line))
		two.play(strings.TrimSpace(line))
	}
	for i := range one.records {
		if a, b := string(one.records[i].Answer), string(two.records[i].Answer); a != b {
			t.Errorf("record %d is answered\n%s\nand\n%s", i+1, a, b)
		}
	}
}

// TestCancellationAnswersTheNegative: a 2305 has its own setl_id and every amount of
// the bill with its sign turned (national-interface 2.7).
func TestCancellationAnswersTheNegative(t *testing.T) {
	b := newBooks(t)
	b.play("2304 m1 -> booked")
	b.play("2305 m2 setl_id=m1 -> cancelled")
	booked, cancelled := b.settlement("m1"), b.settlement("m2")
	if booked["setl_id"] == cancelled["setl_id"] {
		t.Error("the cancellation has no setl_id of its own")
	}
	for _, member := range []string{"medfee_sumamt", "inscp_scp_amt", "hifp_pay", "fund_pay_sumamt", "psn_cash_pay", "act_pay_dedc"} {
		plus, errPlus := ledger.ParseAmount(booked[member].(string))
		minus, errMinus := ledger.ParseAmount(cancelled[member].(string))
		if errPlus != nil || errMinus != nil || plus != -minus || plus == 0 {
			t.Errorf("%s: booked %v, cancelled %v", member, booked[member], cancelled[member])
		}
	}
}

// books are the smallest clearing.View there is: maps. They hold every decision against
// the promises on the way.
type books struct {
	testing.TB
	desk     *clearing.Desk
	records  []*clearing.Record
	entries  map[uint64]ledger.Entry
	stays    map[clearing.StayKey]uint64
	messages map[string]clearing.MessageState
	undone   map[uint64]uint64
	years    map[clearing.YearKey]clearing.YearState
	setlID   map[string]string // by msgid

	// The register, in register_test.go.
	people    map[string]clearing.PersonFile // by home province and psn_no
	holders   map[provinces.CertificateHash][]string
	documents map[string]clearing.DocumentState
	register  uint64                           // documents taken
	providers map[string]clearing.ProviderFile // by treatment province and fixmedins_code

	rows   map[uint64]clearing.RowState // officers' acts; see act_test.go
	cases  map[clearing.CaseKey]clearing.Case
	breaks map[string]reconcile.Break
	open   ledger.Day // of messages; 0: 2026-03-03

	refolds map[clearing.YearKey]bool // person-years that officers find; see refold_test.go
	seen    string                    // digest of what they saw last
}

func newBooks(t testing.TB) *books {
	t.Helper()
	return &books{
		TB: t, desk: desk(t),
		entries: map[uint64]ledger.Entry{}, stays: map[clearing.StayKey]uint64{},
		messages: map[string]clearing.MessageState{}, undone: map[uint64]uint64{},
		years: map[clearing.YearKey]clearing.YearState{}, setlID: map[string]string{}, refolds: map[clearing.YearKey]bool{},
	}
}

func desk(t testing.TB) *clearing.Desk {
	t.Helper()
	adapters, err := data.Adapters()
	if err != nil {
		t.Fatal(err)
	}
	plans, err := shippedPlans()
	if err != nil {
		t.Fatal(err)
	}
	return &clearing.Desk{Plans: plans, Adapters: adapters}
}

// shippedPlans are read once for all tests.
var shippedPlans = sync.OnceValues(func() (*benefit.Set, error) { return benefit.LoadFS(data.Plans) })

func (b *books) Next() uint64 { return uint64(len(b.records)) + 1 }

func (b *books) Record(n uint64) (*clearing.Record, error) {
	if n == 0 || n > uint64(len(b.records)) {
		return nil, fmt.Errorf("no record %d", n)
	}
	return b.records[n-1], nil
}

func (b *books) Entry(n uint64) (ledger.Entry, error)                { return b.entries[n], nil }
func (b *books) Stay(k clearing.StayKey) (uint64, error)             { return b.stays[k], nil }
func (b *books) Message(k string) (clearing.MessageState, error)     { return b.messages[k], nil }
func (b *books) Undone(n uint64) (uint64, error)                     { return b.undone[n], nil }
func (b *books) Year(k clearing.YearKey) (clearing.YearState, error) { return b.years[k], nil }

func (b *books) Plan(hash [32]byte) ([]byte, error) {
	if file, ok := b.desk.Plans.PlanBytes(hash); ok {
		return file, nil
	}
	return nil, fmt.Errorf("no plan %x", hash)
}

func (b *books) Person(home ledger.Province, personNo string) (clearing.PersonFile, error) {
	return b.people[string(home)+personNo], nil
}

func (b *books) Register() (uint64, error) { return b.register, nil }

func (b *books) Provider(treatment ledger.Province, code string) (clearing.ProviderFile, error) {
	return b.providers[string(treatment)+code], nil
}

func (b *books) Holders(home ledger.Province, hash provinces.CertificateHash) ([]string, error) {
	return b.holders[hash], nil
}

// play sends one line's message and compares what became of it.
func (b *books) play(line string) {
	b.Helper()
	send, want, ok := strings.Cut(line, "->")
	if !ok {
		b.Fatalf("%s: no arrow", line)
	}
	message := b.message(strings.Fields(send))
	decoded, err := b.desk.Decode(message)
	if err != nil {
		b.Fatalf("%s: %v", line, err)
	}
	day := ledger.NewDay(2026, time.March, 3)
	if b.open != 0 {
		day = b.open
	}
	decision, err := b.desk.Decide(b, decoded, day)
	if err != nil {
		b.Fatalf("%s: %v", line, err)
	}
	b.apply(decision)
	if got := describe(decision, strings.Fields(want)); got != strings.Join(strings.Fields(want), " ") {
		b.Errorf("%s\n    became: %s\n    answer: %s", line, got, decision.Record.Answer)
	}
}

// message builds the envelope of a line.
func (b *books) message(fields []string) provinces.Message {
	values := map[string]string{
		"infno": fields[0], "msgid": fields[1], "mdtrtarea_admvs": "330100", "insuplc_admdvs": "110105",
		"fixmedins_code": "H33010000001", "subject_home": "", "opter_name": "",
		"psn_no": "11000000000000000001", "mdtrt_id": "V1", "psn_type": "11", "insutype": "310",
		"medfee_sumamt": "23000.00", "fulamt_ownpay_amt": "1000.00", "overlmt_selfpay": "500.00",
		"preselfpay_amt": "1500.00", "inscp_scp_amt": "20000.00",
		"setl_id": "", "omsgid": "", "oinfno": "2304", "endtime": "2026-03-02",
		"psn_name": "", "mdtrt_cert_type": "03", "mdtrt_cert_no": "C1", "out_fil_type": "06", "adm_way": "2", "cvlserv_flag": "0",
		"accinfo": "", "begntime": "2026-02-20", "hosp_lv": "02",
	}
	for _, field := range fields[2:] {
		member, value, _ := strings.Cut(field, "=")
		if _, known := values[member]; !known {
			b.Fatalf("no member %s", member)
		}
		values[member] = value
	}
	if id, ok := b.setlID[values["setl_id"]]; ok {
		values["setl_id"] = id
	}
	home := values["subject_home"]
	if home == "" {
		home = values["insuplc_admdvs"][:2]
	}
	body, err := json.Marshal(envelope(values))
	if err != nil {
		b.Fatal(err)
	}
	return provinces.Message{
		Stream: "33", Sequence: b.Next(), Body: body,
		Subject:  provinces.Subject{Treatment: "33", Home: ledger.Province(home), Provider: values["fixmedins_code"], MsgID: values["msgid"]}.Claims(),
		Received: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC).Add(time.Duration(b.Next()) * time.Second),
	}
}

func envelope(v map[string]string) map[string]any {
	pick := func(members ...string) map[string]any {
		m := map[string]any{}
		for _, member := range members {
			m[member] = v[member]
		}
		return m
	}
	message := pick("infno", "msgid", "mdtrtarea_admvs", "insuplc_admdvs", "fixmedins_code", "opter_name")
	for member, value := range map[string]any{
		"recer_sys_code": "TEST", "infver": "V1.0", "opter_type": "1", "opter": "1",
		"inf_time": "2026-03-02 17:30:00", "fixmedins_name": "测试医院", "sign_no": "",
	} {
		message[member] = value
	}
	switch v["infno"] {
	case "2305":
		message["input"] = map[string]any{"data": pick("mdtrt_id", "setl_id", "psn_no")}
	case "2601":
		message["input"] = map[string]any{"data": pick("psn_no", "omsgid", "oinfno")}
	default:
		bill := pick("psn_no", "mdtrt_id", "psn_type", "insutype", "medfee_sumamt", "mdtrt_cert_type", "mdtrt_cert_no", "cvlserv_flag",
			"fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt")
		for member, value := range map[string]any{
			"psn_setlway": "01", "acct_used_flag": "0", "mid_setl_flag": "0",
		} {
			bill[member] = value
		}
		message["input"] = map[string]any{"data": bill, "baseinfo": pick("psn_name"), "mdtrtinfo": map[string]any{
			"begntime": v["begntime"] + " 09:00:00", "endtime": v["endtime"] + " 09:00:00", "med_type": "21", "ipt_no": "Z1",
			"dscg_maindiag_code": "I63.900", "hosp_lv": v["hosp_lv"], "adm_way": v["adm_way"], "out_fil_type": v["out_fil_type"],
			"trum_flag": "0", "rel_ttp_flag": "0",
		}}
		if stays := v["accinfo"]; stays != "" {
			message["input"].(map[string]any)["accinfo"] = map[string]any{
				"trt_year": "2026", "ipt_cnt": stays, "act_pay_dedc": "1950.00", "inscp_selfpay_amt": "5000.00",
			}
		}
	}
	return message
}

// apply stores a decision as a store must, checking the promises that any one decision
// makes.
func (b *books) apply(d clearing.Decision) {
	b.Helper()
	r := d.Record
	if r.Number != b.Next() || len(r.Answer) == 0 || r.Digest == ([32]byte{}) {
		b.Fatalf("record %d is not whole: %+v", b.Next(), r)
	}
	if r.Outcome == provinces.Refused && (d.Entry != nil || d.Stay != nil || d.Mark != "" || r.Bill != nil || r.Effect != 0 || len(d.Years)+len(d.Refolds) > 0) {
		b.Errorf("record %d is refused and changes the books: %+v", r.Number, d)
	}
	for _, e := range r.Errors {
		if e.Code != r.Code {
			b.Errorf("record %d is refused with %d, and %s with %d", r.Number, r.Code, e.Field, e.Code)
		}
	}
	if d.Entry != nil {
		if err := d.Entry.Check(); err != nil {
			b.Fatal(err)
		}
		b.entries[r.Number] = *d.Entry
	}
	b.records = append(b.records, &r)
	key := r.MessageKey()
	state := b.messages[key]
	if state.Record == 0 {
		state.Record = r.Number
	}
	b.messages[key] = state
	if d.Mark != "" {
		state := b.messages[d.Mark]
		state.Mark = r.Number
		b.messages[d.Mark] = state
	}
	if d.Stay != nil {
		b.stays[d.Stay.Key] = d.Stay.Booked
	}
	for _, u := range d.Undone {
		b.undone[u.Number] = u.By
	}
	for _, y := range d.Years {
		b.years[y.Key] = y.State
	}
	for _, key := range d.Refolds {
		b.refolds[key] = true
	}
	if r.Outcome == provinces.Booked {
		b.setlID[r.MsgID()] = r.SettlementID()
	}
	if want := sha256.Sum256(nil); r.Digest == want {
		b.Fatal("the digest is not of the message")
	}
}

// checkSum: what is owed in the end is what the standing bills owe (I3, I4).
func (b *books) checkSum() {
	b.Helper()
	var owed, standing ledger.Amount
	for _, entry := range b.entries {
		for _, p := range entry.Postings {
			if p.Account.Side == ledger.Receivable {
				owed += p.Amount
			}
		}
	}
	for _, number := range b.stays {
		if number != 0 {
			for _, p := range b.entries[number].Postings {
				if p.Account.Side == ledger.Receivable {
					standing += p.Amount
				}
			}
		}
	}
	if owed != standing {
		b.Errorf("all entries together owe %s, the standing bills %s", owed, standing)
	}
}

// describe says what became of a message in the words that the line asks about.
func describe(d clearing.Decision, asked []string) string {
	words := []string{string(d.Record.Outcome)}
	for _, ask := range asked[1:] {
		switch name, _, _ := strings.Cut(ask, "="); name {
		case "of":
			words = append(words, "of="+d.Record.OriginalWord)
		case "moves":
			words = append(words, "moves="+moves(d.Entry))
		case "at":
			words = append(words, at(d.Record.Errors, strings.TrimPrefix(ask, "at=")))
		default:
			words = append(words, fmt.Sprint(int(d.Record.Code)))
		}
	}
	return strings.Join(words, " ")
}

func moves(entry *ledger.Entry) string {
	if entry == nil {
		return "0"
	}
	if entry.Postings[0].Amount > 0 {
		return "+"
	}
	return "-"
}

func at(errors []provinces.FieldError, field string) string {
	for _, e := range errors {
		if strings.HasSuffix(e.Field, field) {
			return "at=" + field
		}
	}
	return fmt.Sprintf("at=%+v", errors)
}

func (b *books) settlement(msgid string) map[string]any {
	b.Helper()
	for _, r := range b.records {
		if r.MsgID() == msgid {
			var answer struct {
				Output struct {
					Setlinfo map[string]any `json:"setlinfo"`
				} `json:"output"`
			}
			if err := json.Unmarshal(r.Answer, &answer); err != nil {
				b.Fatal(err)
			}
			return answer.Output.Setlinfo
		}
	}
	b.Fatalf("no message %s", msgid)
	return nil
}
