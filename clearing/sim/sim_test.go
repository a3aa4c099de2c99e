package sim

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"clearingd/ledger"
	"clearingd/provinces"
)

var testDay = ledger.NewDay(2026, time.March, 18)

func digest(s Sample) string {
	h := sha256.New()
	for _, m := range s.Messages {
		fmt.Fprintf(h, "%s\n%s\n%s %s %v\n", m.Subject, m.Body, m.What, m.Day, m.Want)
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func TestTheSameConfigurationGivesTheSameBytes(t *testing.T) {
	base := DefaultConfig(7, 400, testDay)
	once := digest(Day(base))
	if again := digest(Day(base)); again != once {
		t.Error("two builds of one configuration differ")
	}
	for name, other := range map[string]Config{
		"another seed": DefaultConfig(8, 400, testDay),
		"another day":  DefaultConfig(7, 400, testDay+1),
	} {
		if digest(Day(other)) == once {
			t.Errorf("%s gives the same sample", name)
		}
	}
}

func TestDayHasExactlyTheCount(t *testing.T) {
	for _, n := range []int{-1, 0, 1, 2, 3, 17, 100, 1001} {
		if got := len(Day(DefaultConfig(3, n, testDay)).Messages); got != max(n, 0) {
			t.Errorf("count %d: %d messages", n, got)
		}
	}
}

// wire reads what the tests need of a body, amounts as text or number.
type wire struct {
	Infno     string `json:"infno"`
	MsgID     string `json:"msgid"`
	Treatment string `json:"mdtrtarea_admvs"`
	Home      string `json:"insuplc_admdvs"`
	Operator  string `json:"opter_name"`
	Provider  string `json:"fixmedins_code"`
	Input     struct {
		Data      map[string]json.RawMessage   `json:"data"`
		Stay      map[string]string            `json:"mdtrtinfo"`
		Person    map[string]string            `json:"baseinfo"`
		Lines     []map[string]json.RawMessage `json:"feedetail"`
		Insurance map[string]json.RawMessage   `json:"insuinfo"`
	} `json:"input"`
}

func read(t *testing.T, m Message) wire {
	t.Helper()
	var w wire
	if err := json.Unmarshal(m.Body, &w); err != nil {
		t.Fatalf("%s: %v\n%s", m.What, err, m.Body)
	}
	return w
}

func fen(t *testing.T, raw json.RawMessage) ledger.Amount {
	t.Helper()
	a, err := ledger.ParseAmount(strings.Trim(string(raw), `"`))
	if err != nil {
		t.Fatalf("amount %s: %v", raw, err)
	}
	return a
}

// good are the messages that are meant to be whole.
func good(s Sample) []Message {
	return slices.DeleteFunc(slices.Clone(s.Messages), func(m Message) bool { return strings.HasPrefix(m.What, "bad:") })
}

func TestEveryGoodMessageIsWhole(t *testing.T) {
	sample := Day(DefaultConfig(1, 3000, testDay))
	xinjiang := Xinjiang2016(XinjiangConfig{Seed: 1, Internal: 100})
	messages := append(good(sample), xinjiang.Messages...)
	seen := map[string]bool{}
	for _, m := range messages {
		w := read(t, m)
		s, err := provinces.ParseSubject(m.Subject)
		if err != nil {
			t.Fatal(err)
		}
		if seen[m.Subject] {
			t.Fatalf("subject %s twice", m.Subject)
		}
		seen[m.Subject] = true
		if w.Infno != m.Infno || w.MsgID != s.MsgID || w.Provider != s.Provider ||
			w.Treatment[:2] != string(s.Treatment) || w.Home[:2] != string(s.Home) || len(w.MsgID) != 30 {
			t.Fatalf("%s: subject %s and body disagree: %s", m.What, m.Subject, m.Body)
		}
		if w.Operator != Built || !utf8.Valid(m.Body) || len(m.Body) > 1<<20 {
			t.Fatalf("%s does not say that it is built, or is no fit message: %s", m.What, m.Body)
		}
		if m.Infno == provinces.InfnoSettle && m.What != "bad:amount-sum" {
			checkBill(t, w)
		}
	}
}

// checkBill holds identity A of the national interface, for the bill and its lines.
func checkBill(t *testing.T, w wire) {
	t.Helper()
	d := w.Input.Data
	for _, member := range []string{"psn_no", "mdtrt_cert_type", "mdtrt_cert_no", "psn_setlway", "mdtrt_id", "insutype", "acct_used_flag", "mid_setl_flag", "psn_type", "cvlserv_flag"} {
		if len(d[member]) < 3 {
			t.Fatalf("%s is missing or empty in %v", member, d)
		}
	}
	for _, member := range []string{"begntime", "endtime", "med_type", "ipt_no", "dscg_maindiag_code", "hosp_lv", "adm_way", "trum_flag", "rel_ttp_flag"} {
		if w.Input.Stay[member] == "" {
			t.Fatalf("%s is missing in %v", member, w.Input.Stay)
		}
	}
	begin, err1 := provinces.ParseDateTime(w.Input.Stay["begntime"])
	end, err2 := provinces.ParseDateTime(w.Input.Stay["endtime"])
	birth, err3 := ledger.ParseDay(w.Input.Person["brdy"])
	if err1 != nil || err2 != nil || err3 != nil || begin >= end || birth > begin.Day() {
		t.Fatalf("times: born %s, admitted %s, discharged %s", birth, begin, end)
	}
	if !strings.HasPrefix(string(d["psn_no"]), `"`+w.Home) || len(d["psn_no"]) < 22 {
		t.Fatalf("psn_no %s is not of %s", d["psn_no"], w.Home)
	}
	if !strings.Contains(string(d["mdtrt_cert_no"]), "SAMPLE") || !strings.HasPrefix(w.Input.Person["psn_name"], "样例") {
		t.Fatalf("a person is not marked as invented: %s %s", d["mdtrt_cert_no"], w.Input.Person["psn_name"])
	}
	sum := func(of map[string]json.RawMessage, members ...string) (total ledger.Amount) {
		for _, m := range members {
			a := fen(t, of[m])
			if a < 0 {
				t.Fatalf("%s is %s", m, a)
			}
			total += a
		}
		return total
	}
	total := fen(t, d["medfee_sumamt"])
	if got := sum(d, "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"); got != total || total <= 0 {
		t.Fatalf("parts add up to %s, total is %s", got, total)
	}
	var lines ledger.Amount
	for _, l := range w.Input.Lines {
		amount := fen(t, l["det_item_fee_sumamt"])
		if got := sum(l, "fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt"); got != amount {
			t.Fatalf("line parts %s, line %s", got, amount)
		}
		var count int64
		fmt.Sscan(strings.Trim(string(l["cnt"]), `"`), &count)
		if ledger.Amount(count)*fen(t, l["pric"]) != amount {
			t.Fatalf("line %v: count times price is not the amount", l)
		}
		lines += amount
	}
	if w.Input.Lines != nil && lines != total {
		t.Fatalf("lines add up to %s, bill is %s", lines, total)
	}
}

func TestEveryProvinceTreatsAndPaysAndEveryPairCanBeMet(t *testing.T) {
	d := newDice(1, "pairs")
	met := map[[2]ledger.Province]bool{}
	for range 100_000 {
		treatment, home := pair(d, Regions, 40)
		met[[2]ledger.Province{treatment.Province, home.Province}] = true
	}
	if len(Regions) != 32 || len(met) != 32*32 {
		t.Errorf("%d regions, %d ordered pairs met; want 32 and 1024", len(Regions), len(met))
	}

	treats, pays := map[string]bool{}, map[string]bool{}
	for _, m := range good(Day(DefaultConfig(1, 5000, testDay))) {
		s, _ := provinces.ParseSubject(m.Subject)
		treats[string(s.Treatment)], pays[string(s.Home)] = true, true
	}
	if len(treats) != 32 || len(pays) != 32 {
		t.Errorf("a day of 5,000 has %d treatment and %d home provinces", len(treats), len(pays))
	}
}

func TestOnlyTheNamedProvincesTakePart(t *testing.T) {
	c := DefaultConfig(1, 300, testDay)
	c.Provinces = []ledger.Province{"33", "65", "99"}
	for _, m := range good(Day(c)) {
		s, _ := provinces.ParseSubject(m.Subject)
		if s.Treatment != "33" && s.Treatment != "65" || s.Home != "33" && s.Home != "65" {
			t.Fatalf("%s", m.Subject)
		}
	}
	c.Provinces = []ledger.Province{"99"}
	if got := Day(c).Messages; len(got) != 0 {
		t.Errorf("provinces that do not exist give %d messages", len(got))
	}
}

func TestADayHoldsEveryKindOfMessage(t *testing.T) {
	counts := map[string]int{}
	for _, m := range Day(DefaultConfig(1, 2000, testDay)).Messages {
		counts[m.What]++
		if refused := m.Want.Outcome == provinces.Refused; refused != (m.Want.Code != 0) {
			t.Errorf("%s: refused and code do not go together: %+v", m.What, m.Want)
		}
	}
	want := []string{WhatClaim, WhatRepeat, WhatConflict, WhatReversal, WhatReversalBad, WhatReversalUnseen, WhatReversedBefore, WhatUnknown, WhatTwoStays}
	for _, f := range faults {
		want = append(want, "bad:"+f.name)
	}
	for _, what := range want {
		if counts[what] == 0 {
			t.Errorf("no message %q in a day of 2,000", what)
		}
	}
	if counts[WhatClaim] < 1600 {
		t.Errorf("only %d plain claims of 2,000", counts[WhatClaim])
	}
	for _, f := range faults {
		if f.name == "" || f.code == 0 || f.breaks == nil {
			t.Errorf("fault %+v is not whole", f)
		}
	}
}

func TestARepeatHasTheContentOfItsOriginal(t *testing.T) {
	sample := Day(DefaultConfig(5, 2000, testDay))
	byVisit := map[string]json.RawMessage{}
	repeats := 0
	for _, m := range good(sample) {
		if m.Infno != provinces.InfnoSettle {
			continue
		}
		var e struct {
			Input json.RawMessage `json:"input"`
		}
		if err := json.Unmarshal(m.Body, &e); err != nil {
			t.Fatal(err)
		}
		visit := string(read(t, m).Input.Data["mdtrt_id"])
		first, seen := byVisit[visit]
		byVisit[visit] = e.Input
		switch m.What {
		case WhatRepeat:
			repeats++
			if !seen || !bytes.Equal(first, e.Input) {
				t.Errorf("repeat of %s: seen %v, other content", visit, seen)
			}
		case WhatConflict:
			if !seen || bytes.Equal(first, e.Input) {
				t.Errorf("conflict of %s: seen %v, or the same content", visit, seen)
			}
		default:
			if seen {
				t.Errorf("%s uses the visit %s again", m.What, visit)
			}
		}
	}
	if repeats == 0 {
		t.Error("no repeats")
	}
}

func TestCostsLookLikeBills(t *testing.T) {
	d := newDice(1, "costs")
	var sum ledger.Amount
	const n = 50_000
	for range n {
		c := d.cost()
		if c < 60_000 || c > 60_000_000 {
			t.Fatalf("cost %s", c)
		}
		sum += c
	}
	if mean := sum / n; mean < 2_250_000 || mean > 2_550_000 {
		t.Errorf("mean cost %s, want about 24,000", mean)
	}
	var total ledger.Amount
	count := ledger.Amount(0)
	for _, m := range Day(DefaultConfig(1, 5000, testDay)).Messages {
		if m.What == WhatClaim {
			total += fen(t, read(t, m).Input.Data["medfee_sumamt"])
			count++
		}
	}
	if mean := total / count; mean < 2_000_000 || mean > 2_800_000 {
		t.Errorf("mean bill of a day %s, want about 24,000", mean)
	}
}
