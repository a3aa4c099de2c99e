package daemon_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/ledger"
	"clearingd/provinces"
)

// settled is a bill as its hospital was answered.
type settled struct {
	provider, treatment, home, insutype string
	id, visit, person                   string
	total, funds, account, cash         ledger.Amount
	refund                              bool
}

// bills reads what hospitals were told: the independent source of their statements.
func bills(t testing.TB, answers []provinces.Envelope) (all []settled) {
	reversed := map[string]bool{}
	for _, a := range answers {
		var body struct {
			Output struct {
				Settled struct {
					ID       string        `json:"setl_id"`
					Visit    string        `json:"mdtrt_id"`
					Person   string        `json:"psn_no"`
					Insutype string        `json:"insutype"`
					Total    ledger.Amount `json:"medfee_sumamt"`
					Funds    ledger.Amount `json:"fund_pay_sumamt"`
					Account  ledger.Amount `json:"acct_pay"`
					Cash     ledger.Amount `json:"psn_cash_pay"`
					MsgID    string        `json:"medins_setl_id"`
				} `json:"setlinfo"`
			} `json:"output"`
		}
		if err := json.Unmarshal(a.Body, &body); err != nil {
			t.Fatal(err)
		}
		s, tokens := body.Output.Settled, strings.Split(a.Subject, ".")
		switch provinces.Outcome(a.Header[provinces.HeaderOutcome]) {
		case provinces.Reversed:
			reversed[tokens[3]] = true // a 2601 names its message in its body: such hospitals are left out here
		case provinces.Booked, provinces.Cancelled:
			all = append(all, settled{
				provider: tokens[3], treatment: tokens[1], home: tokens[2], insutype: s.Insutype, id: s.ID, visit: s.Visit, person: s.Person,
				total: s.Total, funds: s.Funds, account: s.Account, cash: s.Cash,
				refund: a.Header[provinces.HeaderOutcome] == string(provinces.Cancelled),
			})
		}
	}
	kept := all[:0]
	for _, b := range all {
		if !reversed[b.provider] {
			kept = append(kept, b)
		}
	}
	return kept
}

// busiest is the hospital with most bills, and its bills.
func busiest(all []settled) (own []settled) {
	by := map[string][]settled{}
	for _, b := range all {
		by[b.provider] = append(by[b.provider], b)
	}
	var providers []string
	for p := range by {
		providers = append(providers, p)
	}
	sort.Slice(providers, func(i, j int) bool {
		if len(by[providers[i]]) != len(by[providers[j]]) {
			return len(by[providers[i]]) > len(by[providers[j]])
		}
		return providers[i] < providers[j]
	})
	return by[providers[0]]
}

func sums(own []settled) (count int, total, funds, account, cash ledger.Amount) {
	for _, b := range own {
		count, total, funds, account, cash = count+1, total+b.total, funds+b.funds, account+b.account, cash+b.cash
	}
	return
}

// rowsFile is the file of a 3202.
func rowsFile(own []settled) []byte {
	var b bytes.Buffer
	for _, s := range own {
		refund, person := "0", s.person
		if s.refund {
			refund = "1"
		}
		if person == "" {
			person = "null"
		}
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.id, s.visit, person, s.total, s.funds, s.account, refund)
	}
	return b.Bytes()
}

func provider(s settled) provinces.Party {
	return provinces.Party{Kind: provinces.PartyProvider, Province: ledger.Province(s.treatment), Provider: s.provider}
}

// details is the head of a 3202 for a file.
func details(own []settled, file []byte, parts int, format, more string) []byte {
	count, total, funds, _, cash := sums(own)
	sum := sha256.Sum256(file)
	return fmt.Appendf(nil, `{"infno":"3202","msgid":"S1","mdtrtarea_admvs":"%s0100","fixmedins_code":"%s","input":{"data":{"setl_optins":"%s0000",`+
		`"stmt_begndate":"%s","stmt_enddate":"%s","medfee_sumamt":"%s","fund_pay_sumamt":"%s","cash_payamt":"%s","fixmedins_setl_cnt":%d},`+
		`"stmt":{"parts":%d,"bytes":%d,"sha256":"%x","format":"%s"%s}}}`,
		own[0].treatment, own[0].provider, own[0].treatment, openDay, openDay, total, funds, cash, count, parts, len(file), sum, format, more)
}

// state publishes a statement in the order given and returns nothing: its result comes.
func (h *house) state(party provinces.Party, id string, parts map[int][]byte, order ...int) {
	h.Helper()
	for _, n := range order {
		if err := h.hospital.PublishStatement(context.Background(), provinces.StatementPart{Party: party, ID: id, Part: n}, parts[n]); err != nil {
			h.Fatal(err)
		}
	}
}

func (h *house) result(party provinces.Party, id string) provinces.Envelope {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return h.answer(ctx, provinces.StatementAnswer(party, id))
}

func totalsHead(own []settled, insutype string, more ledger.Amount) []byte {
	var of []settled
	for _, b := range own {
		if b.insutype == insutype {
			of = append(of, b)
		}
	}
	count, total, funds, account, _ := sums(of)
	return fmt.Appendf(nil, `{"infno":"3201","msgid":"S1","mdtrtarea_admvs":"%s0100","fixmedins_code":"%s","input":{"data":{"insutype":"%s","clr_type":"21","setl_optins":"%s0000",`+
		`"stmt_begndate":"%s","stmt_enddate":"%s","medfee_sumamt":%s,"fund_pay_sumamt":"%s","acct_pay":"%s","fixmedins_setl_cnt":"%d"}}}`,
		own[0].treatment, own[0].provider, insutype, own[0].treatment, openDay, openDay, total+more, funds, account, count)
}

func haveFrom(h *house, party provinces.Party) service.HaveReply {
	return call[service.HaveReply](h, service.Have+"."+party.Key(), nil)
}

// TestAHospitalStatesItsDay: totals and rows of a hospital that has what the books have
// are balanced; what was left out or altered is named row by row.
func TestAHospitalStatesItsDay(t *testing.T) {
	h := start(t, configOf(t))
	sample := sim.Day(sim.DefaultConfig(7, 300, openDay))
	own := busiest(bills(t, h.send(sample.Messages)))
	if len(own) < 4 {
		t.Fatalf("the busiest hospital has %d bills", len(own))
	}
	party := provider(own[0])
	count, total, _, _, _ := sums(own)
	if have := haveFrom(h, party); len(have.Days) != 1 || have.Days[0].Bills+have.Days[0].Refunds != int64(count) || have.Days[0].Total != total {
		t.Fatalf("before the close: %+v, sent %d bills of %s", have, count, total)
	}
	insutype := own[0].insutype
	h.state(party, "T1", map[int][]byte{0: totalsHead(own, insutype, 0)}, 0)
	h.state(party, "T2", map[int][]byte{0: totalsHead(own, insutype, 1)}, 0)

	file := rowsFile(own)
	cut := len(file) / 3
	parts := map[int][]byte{0: details(own, file, 2, "txt", ""), 1: file[:cut], 2: file[cut:]}
	h.state(party, "D1", parts, 2, 0, 1)
	altered := append([]settled{}, own[1:]...) // one is missing, one has a fen more
	altered[0].total++
	altered[0].cash++
	wrong := rowsFile(altered)
	h.state(party, "D2", map[int][]byte{0: details(altered, wrong, 1, "txt", `,"serial":3`), 1: wrong}, 0, 1)

	waitFor(t, func() bool { return len(haveFrom(h, party).Applied) == 4 })
	call[service.CloseReply](h, service.Close, service.CloseRequest{Day: openDay})

	for id, want := range map[string]string{
		"T1": `"stmt_rslt":"0"`, "T2": `"stmt_rslt":"2"`,
		"D1": fmt.Sprintf(`"counts":{"0":"%d","1":"0","2":"0","3":"0"}`, len(own)),
		"D2": fmt.Sprintf(`"counts":{"0":"%d","1":"1","2":"0","3":"1"}`, len(own)-2),
	} {
		answer := h.result(party, id)
		if answer.Header[provinces.HeaderOutcome] != "applied" || !bytes.Contains(answer.Body, []byte(want)) {
			t.Errorf("%s: %v %s, want %s", id, answer.Header, answer.Body, want)
		}
	}
	page := call[service.StatementReply](h, service.Statement+"."+party.Key(), service.StatementRequest{ID: "D2", Lines: true})
	answered := h.result(party, "D2")
	if sum := sha256.Sum256(page.Data); !bytes.Contains(answered.Body, fmt.Appendf(nil, `"sha256":"%x"`, sum)) {
		t.Errorf("the row result is not the one that the answer names: %s\n%s", answered.Body, page.Data)
	}
	first, last, _ := strings.Cut(strings.TrimSpace(string(page.Data)), "\n")
	if f := strings.Split(first, "\t"); len(f) != 10 || f[4] != "3" || f[6] != "medfee_sumamt" || f[2] != altered[0].id {
		t.Errorf("the altered row: %q", first)
	}
	last = last[strings.LastIndexByte(last, '\n')+1:]
	if f := strings.Split(last, "\t"); len(f) != 10 || f[4] != "1" || f[2] != own[0].id || f[3] == "null" {
		t.Errorf("the missing row: %q", last)
	}
	have := haveFrom(h, party)
	if len(have.Missing) != 1 || have.Missing[0].From != 1 || have.Missing[0].To != 2 || have.Days[0].State != "closed" || have.Days[0].Total != total {
		t.Errorf("%+v", have)
	}
	if check := call[service.CheckReply](h, service.Check, nil); len(check.Faults) > 0 {
		t.Errorf("the books fail their check: %v", check.Faults)
	}
}

func waitFor(t testing.TB, done func() bool) {
	t.Helper()
	for range 3000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("it never came")
}

// provinceHead is a province's head with one total for all.
func provinceHead(area string, own []settled, file []byte, format, charset string) []byte {
	count, total, funds, account, cash := sums(own)
	return fmt.Appendf(nil, `{"doctype":"statement","admdvs":"%s","begndate":"%s","enddate":"%s","serial":1,`+
		`"totals":[{"setl_cnt":%d,"medfee_sumamt":"%s","fund_pay_sumamt":"%s","acct_pay":"%s","psn_cash_pay":"%s"}],`+
		`"file":{"parts":1,"bytes":%d,"sha256":"%x","format":"%s","charset":"%s"}}`,
		area, openDay, openDay, count, total, funds, account, cash, len(file), sha256.Sum256(file), format, charset)
}

// TestBothProvincesStateTheirDay: the totals of a treatment and of a home province are
// tied to the books.
func TestBothProvincesStateTheirDay(t *testing.T) {
	h := start(t, configOf(t))
	sent := sim.Day(sim.DefaultConfig(7, 300, openDay))
	all := bills(t, h.send(sent.Messages))
	var treated, insured []settled
	treats, insures := undisturbed(h, sent.Messages)
	for _, b := range all {
		if b.treatment == treats {
			treated = append(treated, b)
		}
		if b.home == insures {
			insured = append(insured, b)
		}
	}
	treatment := provinces.Party{Kind: provinces.PartyTreatment, Province: ledger.Province(treated[0].treatment)}
	home := provinces.Party{Kind: provinces.PartyHome, Province: ledger.Province(insures)}
	var csv, jsonl bytes.Buffer
	csv.WriteString("\xEF\xBB\xBF结算ID,医疗费总额,基金支付总额,个人账户支出,个人现金支出,退费结算标志\r\n")
	for _, b := range treated {
		fmt.Fprintf(&csv, "\"%s\",%s,%s,%s,%s,%d\r\n", b.id, b.total, b.funds, b.account, b.cash, flag(b.refund))
	}
	for _, b := range insured {
		fmt.Fprintf(&jsonl, `{"setl_id":"%s","insuplc_admdvs":"%s0100","medfee_sumamt":"%s","fund_pay_sumamt":%s,"acct_pay":"%s","psn_cash_pay":"%s","refd_setl_flag":%d}`+"\n",
			b.id, b.home, b.total, b.funds, b.account, b.cash, flag(b.refund))
	}
	h.state(treatment, "M-1", map[int][]byte{0: provinceHead(treated[0].treatment+"0000", treated, csv.Bytes(), "csv", "utf-8"), 1: csv.Bytes()}, 1, 0)
	h.state(home, "M-1", map[int][]byte{0: provinceHead(insures+"0000", insured, jsonl.Bytes(), "jsonl", ""), 1: jsonl.Bytes()}, 0, 1)
	call[service.CloseReply](h, service.Close, service.CloseRequest{Day: openDay})
	for _, party := range []provinces.Party{treatment, home} {
		answer := h.result(party, "M-1")
		if answer.Header[provinces.HeaderOutcome] != "applied" || !bytes.Contains(answer.Body, []byte(`"tied":true`)) {
			t.Errorf("%s: %v %s", party.Key(), answer.Header, answer.Body)
		}
	}
}

// undisturbed are the treatment and the home province with most messages and without a
// 2601, whose hospitals bills leaves out.
func undisturbed(h *house, messages []sim.Message) (treatment, home string) {
	counts := map[string]int{}
	for _, m := range messages {
		tokens, n := strings.Split(m.Subject, "."), 1
		if bytes.Contains(m.Body, []byte(`"infno":"2601"`)) {
			n = -len(messages)
		}
		counts["t"+tokens[1]] += n
		counts["h"+tokens[2]] += n
	}
	for _, key := range slices.Sorted(maps.Keys(counts)) {
		switch place := key[1:]; {
		case key[0] == 't' && (treatment == "" || counts[key] > counts["t"+treatment]):
			treatment = place
		case key[0] == 'h' && (home == "" || counts[key] > counts["h"+home]):
			home = place
		}
	}
	if counts["t"+treatment] < 3 || counts["h"+home] < 3 {
		h.Fatalf("no province without a 2601 has bills: %v", counts)
	}
	return treatment, home
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}

// TestAStatementSurvivesOlderBooks: books from a copy read what they miss of the statements
// again, and come to the answers that were published.
func TestAStatementSurvivesOlderBooks(t *testing.T) {
	cfg := configOf(t)
	h := start(t, cfg)
	own := busiest(bills(t, h.send(sim.Day(sim.DefaultConfig(7, 120, openDay)).Messages)))
	party := provider(own[0])
	h.close()
	restore := copyBooks(t, cfg)
	h = start(t, cfg)
	file := rowsFile(own)
	h.state(party, "D1", map[int][]byte{0: details(own, file, 1, "txt", ""), 1: file}, 0, 1)
	h.state(party, "BAD", map[int][]byte{0: []byte("{}")}, 0)
	call[service.CloseReply](h, service.Close, service.CloseRequest{Day: openDay})
	first, bad := h.result(party, "D1"), h.result(party, "BAD")
	h.close()
	restore()
	h = start(t, cfg)
	call[service.CloseReply](h, service.Close, service.CloseRequest{Day: openDay})
	waitFor(t, func() bool { have := haveFrom(h, party); return len(have.Applied) == 1 && have.Applied[0].Answered })
	for id, before := range map[string]provinces.Envelope{"D1": first, "BAD": bad} {
		again := call[service.StatementReply](h, service.Statement+"."+party.Key(), service.StatementRequest{ID: id})
		if !bytes.Equal(again.Answer, before.Body) {
			t.Errorf("%s was answered\n%s\nand by the restored books\n%s", id, before.Body, again.Answer)
		}
	}
}
