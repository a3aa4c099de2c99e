package clearing_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/registry"
)

// A registry script is like the scenarios of outcomes_test.go, with lines of the home
// side between those of the hospitals:
//
//	<kind> <docid> <member>=<value> ... -> <outcome> [<code>] [at=<field>]
//
// Members not named have the values of a plain document about the person of the plain
// bill, who is treated in Hangzhou from 20 February to 2 March 2026.
type registryScript struct {
	registered bool
	lines      string
	want       string // facts the last bill was computed with; see facts
}

var registryScripts = map[string]registryScript{
	"a registered province refuses whom it does not know": {registered: true, lines: `
		2304 m1                                    -> refused 2001 at=psn_no moves=0
		filing F1                                  -> applied
		2304 m2                                    -> refused 2001 moves=0
		person E1                                  -> applied
		2304 m3                                    -> booked moves=+
		2304 m4 psn_no=11000000000000000002        -> refused 2001 moves=0`,
		want: "type=11 filing=referral place=3301"},

	"of a declared province the claim's word is taken, and marked": {lines: `
		2304 m1                                    -> booked moves=+`,
		want: "declared"},

	"what the register knows wins over the claim's word": {lines: `
		person E1 psn_type=1201 idetinfo=2201/1    -> applied
		filing F1 out_fil_type=07                  -> applied
		2304 m1 psn_type=1102 cvlserv_flag=1 out_fil_type=11 -> booked`,
		want: "type=1201 filing=long-term place=3301 groups=2201,2201/1"},

	"a filing alone is a fact, too": {lines: `
		filing F1                                  -> applied
		2304 m1 out_fil_type=11                    -> booked`,
		want: "type= filing=referral place=3301"},

	"a card alone is none": {lines: `
		card K1                                    -> applied
		2304 m1                                    -> booked`,
		want: "declared"},

	"a filing that is over is known to be none, whatever the claim says": {lines: `
		filing F1 enddate=2026-02-19               -> applied
		2304 m1 out_fil_type=06                    -> booked`,
		want: "type= filing=unfiled"},

	"where people are registered, no filing is no filing": {registered: true, lines: `
		person E1                                  -> applied
		2304 m1 out_fil_type=06                    -> booked`,
		want: "type=11 filing=unfiled"},

	"a stay admitted inside the validity counts (rules 2.2, article 12)": {registered: true, lines: `
		person E1                                  -> applied
		filing F1 enddate=2026-02-20               -> applied
		2304 m1                                    -> booked`,
		want: "type=11 filing=referral place=3301"},

	"late filing before the discharge settlement counts (article 16)": {registered: true, lines: `
		person E1                                  -> applied
		filing F1 begndate=2026-03-02 opt_time=2026-03-03 -> applied
		2304 m1                                    -> booked`,
		want: "type=11 filing=referral place=3301"},

	"a filing that begins after the discharge does not": {registered: true, lines: `
		person E1                                  -> applied
		filing F1 begndate=2026-03-03              -> applied
		filing F2 opt_time=2026-03-04              -> applied
		2304 m1                                    -> booked`,
		want: "type=11 filing=unfiled"},

	"a filing for another place is the calculator's to judge": {registered: true, lines: `
		person E1                                  -> applied
		filing F1 mdtrtarea_admvs=4401             -> applied
		2304 m1                                    -> booked`,
		want: "type=11 filing=referral place=4401"},

	"of several filings the one for the place of treatment counts": {registered: true, lines: `
		person E1                                  -> applied
		filing F1 out_fil_type=07 mdtrtarea_admvs=4401 opt_time=2026-02-19 -> applied
		filing F2 out_fil_type=06 mdtrtarea_admvs=33   opt_time=2026-01-05 -> applied
		2304 m1                                    -> booked`,
		want: "type=11 filing=referral place=33"},

	"of several for the place the one filed last counts": {registered: true, lines: `
		person E1                                  -> applied
		filing F2 out_fil_type=06 opt_time=2026-01-05 -> applied
		filing F1 out_fil_type=10 opt_time=2026-02-10 -> applied
		2304 m1                                    -> booked`,
		want: "type=11 filing=temporary place=3301"},

	"a cancelled filing no longer counts": {registered: true, lines: `
		person E1                                  -> applied
		filing F1                                  -> applied
		filing F1 docver=2 vali_flag=0             -> applied
		2304 m1                                    -> booked`,
		want: "type=11 filing=unfiled"},

	"facts are those of discharge": {registered: true, lines: `
		person E1 psn_type=11 enddate=2026-02-28   -> applied
		person E2 psn_type=1201 begndate=2026-03-01 -> applied
		2304 m1                                    -> booked`,
		want: "type=1201 filing=unfiled"},

	"an insurance that ended during the stay was in force at it": {registered: true, lines: `
		person E1 enddate=2026-02-25               -> applied
		2304 m1                                    -> booked`,
		want: "type=11 filing=unfiled"},

	"a group counts while it lasts": {registered: true, lines: `
		person E1 idetinfo=2201/1/2026-01-01/2026-03-01,2202//2026-03-02 -> applied
		2304 m1                                    -> booked`,
		want: "type=11 filing=unfiled groups=2202"},

	"no insurance of the kind in force at the stay": {registered: true, lines: `
		person E1 enddate=2026-02-19               -> applied
		2304 m1                                    -> refused 2004 at=insutype
		person E2 begndate=2026-03-03              -> applied
		2304 m2                                    -> refused 2004
		person E3 insutype=390 psn_type=15         -> applied
		2304 m3                                    -> refused 2004`},

	"a declared province may be silent about an insurance, but not deny it": {lines: `
		person E1 insutype=390 psn_type=15         -> applied
		2304 m1                                    -> booked
		2305 m2 setl_id=m1                         -> cancelled
		person E2 enddate=2026-02-19               -> applied
		2304 m3                                    -> refused 2004`},

	"another area than the one of the enrolment": {registered: true, lines: `
		person E1 insuplc_admdvs=110101            -> applied
		2304 m1                                    -> refused 2002 at=insuplc_admdvs
		2304 m2 insuplc_admdvs=110101              -> booked`},

	"another name": {lines: `
		person E1 psn_name=买买提·吐尔逊 psn_name_alias=MEMET -> applied
		2304 m1 psn_name=买买提•艾山                 -> refused 2002 at=psn_name
		2304 m2 psn_name=买买提•吐尔逊               -> booked
		2304 m3 mdtrt_id=V3 psn_name=memet         -> booked
		2304 m4 mdtrt_id=V4                        -> booked`},

	"the card of another person": {lines: `
		card K2 psn_no=11000000000000000002        -> applied
		2304 m1                                    -> refused 2002 at=mdtrt_cert_no
		card K1 mdtrt_cert_no=C1                   -> applied
		2304 m2                                    -> booked
		2304 m3 mdtrt_id=V3 mdtrt_cert_no=C2       -> refused 2002
		2304 m4 mdtrt_id=V4 mdtrt_cert_type=01 mdtrt_cert_no=TOKEN -> booked`},

	"a card that is over": {lines: `
		card K1 enddate=2026-02-19                 -> applied
		2304 m1                                    -> refused 2002 at=mdtrt_cert_no
		card K1 docver=2 enddate=2026-02-20        -> applied
		2304 m2                                    -> booked`},

	"a temporary card works like the one it replaces": {registered: true, lines: `
		person E1                                  -> applied
		card K1 enddate=2026-01-31                 -> applied
		2304 m1 mdtrt_cert_no=T1                   -> refused 2002
		card K2 mdtrt_cert_no=T1 replaces=C1 enddate=2026-04-30 -> applied
		2304 m2 mdtrt_cert_no=T1                   -> booked
		card K3 psn_no=11000000000000000002 mdtrt_cert_no=T2 replaces=C1 enddate=2026-04-30 -> refused 2002 at=replaces
		card K4 mdtrt_cert_no=T3 replaces=C9       -> refused 1004 at=enddate`},

	"a temporary card that is over, and the card it stood for": {lines: `
		card K2 mdtrt_cert_no=T1 replaces=C1 begndate=2026-01-01 enddate=2026-02-19 -> applied
		2304 m1 mdtrt_cert_no=T1                   -> refused 2002 at=mdtrt_cert_no
		2304 m2 mdtrt_cert_no=C1                   -> booked
		2304 m3 mdtrt_id=V3 mdtrt_cert_no=C9       -> booked`},

	"an identity card, of either generation": {lines: `
		person E1 certinfo=01/11010519491231002X   -> applied
		2304 m1 mdtrt_cert_type=02 mdtrt_cert_no=11010519491231002x -> booked
		2304 m2 mdtrt_id=V2 mdtrt_cert_type=02 mdtrt_cert_no=110105491231002 -> booked
		2304 m3 mdtrt_id=V3 mdtrt_cert_type=02 mdtrt_cert_no=440524188001010014 -> refused 2002 at=mdtrt_cert_no
		2304 m4 mdtrt_id=V4                        -> booked`},

	"a repeat is harmless, a correction supersedes, an old wording is refused": {lines: `
		person E1                                  -> applied
		person E1                                  -> repeated
		person E1 psn_type=12                      -> refused 5008 at=docver
		person E1 docver=3 psn_type=12             -> applied
		person E1 docver=2                         -> refused 5009 at=docver
		person E1 docver=3 psn_type=12             -> repeated
		person E1 docver=4 psn_no=11000000000000000002 -> refused 5008 at=psn_no
		filing E1                                  -> applied
		person E1 docver=4 vali_flag=0             -> applied
		person E1 docver=4 vali_flag=0             -> repeated
		person E1 docver=3 psn_type=12             -> refused 5009
		person E1 docver=4                         -> refused 5008
		person E1 docver=5                         -> applied`},

	"a cancellation may come before what it cancels": {lines: `
		filing F1 docver=2 vali_flag=0             -> applied
		filing F1                                  -> refused 5009
		2304 m1                                    -> booked`,
		want: "declared"},

	"a claim's hospital is what the claim says where the register is silent": {lines: `
		2304 m1                                    -> booked
		provider U1 fixmedins_code=H33010000002    -> applied
		2304 m2 mdtrt_id=V2                        -> booked`,
		want: "declared"},

	"what the register knows of the hospital wins over the claim's hosp_lv": {lines: `
		provider U1 traits=tcm,community           -> applied
		2304 m1                                    -> booked`,
		want: "declared hospital=first+community+tcm"},

	"the provider of another province is another one": {lines: `
		provider U1 mdtrtarea_admvs=310100         -> applied
		2304 m1                                    -> booked`,
		want: "declared"},

	"the hospital is what it is at discharge": {lines: `
		provider U1 enddate=2026-03-01             -> applied
		provider U2 begndate=2026-03-02 hosp_lv=05 -> applied
		2304 m1                                    -> booked`,
		want: "declared hospital=second"},

	"a registration that ended during the stay counts": {lines: `
		provider U1 enddate=2026-02-20             -> applied
		2304 m1                                    -> booked`,
		want: "declared hospital=first"},

	"one that ended before the stay, or begins after it, does not": {lines: `
		provider U1 enddate=2026-02-19             -> applied
		provider U2 begndate=2026-03-03            -> applied
		2304 m1                                    -> booked`,
		want: "declared"},

	"of several in force the one that began last counts": {lines: `
		provider U1 begndate=2026-02-01 hosp_lv=01 -> applied
		provider U2 traits=county                  -> applied
		2304 m1                                    -> booked`,
		want: "declared hospital=special"},

	"documents about providers are taken as those about people": {lines: `
		provider U1                                -> applied
		provider U1                                -> repeated
		provider U1 hosp_lv=05                     -> refused 5008 at=docver
		provider U1 docver=3 hosp_lv=05            -> applied
		provider U1 docver=2                       -> refused 5009 at=docver
		provider U1 docver=4 fixmedins_code=H33010000002 -> refused 5008 at=fixmedins_code
		person U1                                  -> applied
		provider U1 docver=4 vali_flag=0           -> applied
		provider U1 docver=4 vali_flag=0           -> repeated
		provider U2 traits=flagship                -> refused 1011 at=traits[0]
		provider U3 mdtrtarea_admvs=310100 subject=33 -> refused 1007 at=mdtrtarea_admvs
		filing F9 doctype=provider mdtrtarea_admvs=33 subject=11 -> refused 1004 at=fixmedins_code
		2304 m1                                    -> booked`,
		want: "type=11 filing="},

	"documents are published where they say": {lines: `
		person E1 insuplc_admdvs=330100 subject=11 -> refused 1007 at=insuplc_admdvs
		person E1 doctype=filing out_fil_type=06 opt_time=2026-01-01 -> refused 1007 at=doctype
		person E1 subject=99                       -> refused 1007 at=subject
		person E1 insuplc_admdvs=710000 subject=11 -> refused 1008 at=insuplc_admdvs`},
}

func TestRegister(t *testing.T) {
	for name, script := range registryScripts {
		t.Run(name, func(t *testing.T) {
			b := newRegister(t, script.registered)
			for line := range strings.Lines(script.lines) {
				switch line = strings.TrimSpace(line); {
				case line == "":
				case line[0] >= '0' && line[0] <= '9':
					b.play(line)
				default:
					b.publish(line)
				}
			}
			b.checkSum()
			if script.want == "" {
				return
			}
			if got := facts(b.records); got != script.want {
				t.Errorf("the bill was computed with %s, want %s", got, script.want)
			}
		})
	}
}

// newRegister are books with an empty register. Beijing's people are registered, or
// declared.
func newRegister(t testing.TB, registered bool) *books {
	b := newBooks(t)
	b.people, b.holders, b.documents = map[string]clearing.PersonFile{}, map[provinces.CertificateHash][]string{}, map[string]clearing.DocumentState{}
	b.providers = map[string]clearing.ProviderFile{}
	b.desk.Registry, b.desk.Registered = registry.Dialect{}, map[ledger.Province]bool{"11": registered}
	return b
}

// facts says what the last bill was computed with.
func facts(records []*clearing.Record) string {
	last := records[len(records)-1].Bill
	for i := len(records) - 1; last == nil && i >= 0; i-- {
		last = records[i].Bill
	}
	marked, hospital := slices.Contains(last.Benefit.Warnings, benefit.WarnDeclared), ""
	if last.Facility != nil {
		hospital = " hospital=" + last.Facility.Text("en")
	}
	if last.Person == nil && marked {
		return "declared" + hospital
	}
	text := fmt.Sprintf("type=%s filing=%s", last.Person.PersonType, last.Person.Filing)
	if len(last.Person.FilingPlace) > 0 {
		text += " place=" + strings.Join(last.Person.FilingPlace, ",")
	}
	if len(last.Person.Groups) > 0 {
		text += " groups=" + strings.Join(last.Person.Groups, ",")
	}
	if marked {
		text += ", but marked as declared"
	}
	return text + hospital
}

// publish sends one line's document and compares what became of it.
func (b *books) publish(line string) {
	b.Helper()
	send, want, _ := strings.Cut(line, "->")
	fields := strings.Fields(send)
	subject, body := document(b, fields[0], fields[1], fields[2:])
	decoded, err := b.desk.DecodeRegistration(provinces.RegistryMessage{Sequence: 1, Subject: subject, Body: body})
	if err != nil {
		b.Fatalf("%s: %v", line, err)
	}
	decision, err := b.desk.Register(b, decoded)
	if err != nil {
		b.Fatalf("%s: %v", line, err)
	}
	b.register++
	b.file(decision)
	words := strings.Fields(want)
	got := []string{string(decision.Record.Outcome)}
	for _, ask := range words[1:] {
		if field, ok := strings.CutPrefix(ask, "at="); ok {
			got = append(got, at(decision.Record.Errors, field))
		} else {
			got = append(got, fmt.Sprint(int(decision.Record.Code)))
		}
	}
	if !slices.Equal(got, words) {
		b.Errorf("%s\n    became: %s %d %+v", line, got, decision.Record.Code, decision.Record.Errors)
	}
}

// document builds a document from its members; lists are written with commas.
func document(t testing.TB, kind, id string, members []string) (subject string, body []byte) {
	values := map[string]any{
		"doctype": kind, "docid": id, "docver": "1", "insuplc_admdvs": "110105", "psn_no": "11000000000000000001", "begndate": "2026-01-01",
	}
	plain := map[string]map[string]any{
		"person":       {"insutype": "310", "psn_type": "11", "psn_name": "张三"},
		"filing":       {"out_fil_type": "06", "mdtrtarea_admvs": []string{"3301"}, "opt_time": "2026-01-01 08:00:00"},
		"card":         {"mdtrt_cert_type": "03", "mdtrt_cert_no": "C1"},
		"accumulation": {"insutype": "310", "trt_year": "2026"},
		"provider":     {"mdtrtarea_admvs": "330100", "fixmedins_code": "H33010000001", "hosp_lv": "08"},
	}
	maps.Copy(values, plain[kind])
	province := ""
	for _, member := range members {
		name, value, _ := strings.Cut(member, "=")
		switch name {
		case "subject":
			province = value
		case "mdtrtarea_admvs":
			if values[name] = value; kind == "filing" {
				values[name] = strings.Split(value, ",")
			}
		case "psn_name_alias", "traits":
			values[name] = strings.Split(value, ",")
		case "idetinfo":
			values[name] = rows(value, "psn_idet_type", "psn_type_lv", "begntime", "endtime")
		case "certinfo":
			values[name] = rows(value, "psn_cert_type", "certno")
		case "opening":
			values[name] = rows(value, "ipt_cnt", "act_pay_dedc", "inscp_selfpay_amt")[0]
		default:
			values[name] = value
		}
	}
	if province == "" {
		province = values["insuplc_admdvs"].(string)[:2]
		if kind == "provider" {
			province = values["mdtrtarea_admvs"].(string)[:2]
		}
	}
	body, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return "registry." + province + "." + kind, body
}

// rows reads "a/b,c/d" as rows of members.
func rows(text string, members ...string) (all []map[string]string) {
	for row := range strings.SplitSeq(text, ",") {
		values := map[string]string{}
		for i, value := range strings.Split(row, "/") {
			values[members[i]] = value
		}
		all = append(all, values)
	}
	return all
}

func (b *books) Document(k clearing.DocumentKey) (clearing.DocumentState, error) {
	return b.documents[k.Key()], nil
}

// file stores a decision of the register.
func (b *books) file(d clearing.RegistryDecision) {
	key := string(d.Key.Province) + d.State.Owner
	switch {
	case d.Provider != nil:
		b.providers[key], b.documents[d.Key.Key()] = *d.Provider, d.State
		return
	case d.Person == nil:
		return
	}
	for hash, holders := range b.holders {
		b.holders[hash] = slices.DeleteFunc(holders, func(p string) bool { return p == d.State.Owner })
	}
	for _, hash := range d.Person.Certificates() {
		b.holders[hash] = append(b.holders[hash], d.State.Owner)
	}
	b.people[key] = *d.Person
	b.documents[d.Key.Key()] = d.State
}

// TestPeoplesFactsAreThoseOfTheDayThatThePlanSays (benefit-plans 8.6.3): retired during
// the stay, and of a hardship group only before it.
func TestPeoplesFactsAreThoseOfTheDayThatThePlanSays(t *testing.T) {
	for day, want := range map[string]string{
		"discharge": "type=1201 filing=",
		"admission": "type=11 filing= groups=2201",
	} {
		t.Run(day, func(t *testing.T) {
			b := newRegister(t, false)
			b.desk.Plans = planWith(t, `person_as_of = "`+day+`"`)
			b.publish("person E1 enddate=2026-02-28 idetinfo=2201//2026-01-01/2026-02-20 -> applied")
			b.publish("person E2 psn_type=1201 begndate=2026-03-01 idetinfo=2201//2026-01-01/2026-02-20 -> applied")
			b.play("2304 m1 -> booked")
			if got := facts(b.records); got != want {
				t.Errorf("computed with %s, want %s", got, want)
			}
		})
	}
}

// TestAsOfAdmissionWhoJoinedLaterIsTakenAsTheyJoined: nothing is known of admission; what
// came first is nearest to it.
func TestAsOfAdmissionWhoJoinedLaterIsTakenAsTheyJoined(t *testing.T) {
	b := newRegister(t, false)
	b.desk.Plans = planWith(t, `person_as_of = "admission"`)
	b.publish("person E1 begndate=2026-02-25 -> applied")
	b.publish("person E2 psn_type=1201 begndate=2026-03-01 -> applied")
	b.play("2304 m1 -> booked")
	if got := facts(b.records); got != "type=11 filing=" {
		t.Errorf("computed with %s", got)
	}
}

// planWith is a set with one plan, for Beijing's employees.
func planWith(t testing.TB, time string) *benefit.Set {
	t.Helper()
	plan, problems := benefit.ParsePlan("test.toml", fmt.Appendf(nil, `area = "11"
insurance = "310"
title_zh = "测试"
title_en = "test"
[[version]]
valid_from = 2020-01-01
source = "test"
[version.time]
%s
[version.deductible]
amount = 1000
[[version.out_of_area]]
filing = ["long-term", "long-term-at-home", "referral", "emergency", "temporary", "unfiled"]
same_as = "local"
[[version.layer]]
id = "basic"
zh = "统筹基金"
en = "pooled fund"
fund = "310100"
takes = ["in scope"]
[[version.layer.segment]]
pays = 80
`, time))
	for _, p := range problems {
		t.Fatal(p)
	}
	set, err := benefit.NewSet(plan)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestAPlannedStayTriesFilings: before the journey a registered person asks what each
// filing would mean. The filing of the request counts, not the one in the register; the
// person's facts and year so far are the register's and the books'. An estimate proper is
// what the claim would get.
func TestAPlannedStayTriesFilings(t *testing.T) {
	b := newRegister(t, true)
	b.publish("person E1 psn_type=1201 certinfo=90/C9 -> applied")
	b.publish("filing F1 out_fil_type=10 -> applied")
	b.publish("accumulation A1 opening=1/1300.00/2300.00 -> applied")
	ask := func(how func(*clearing.Desk, clearing.View, clearing.Decoded, ledger.Day) (clearing.Decision, error), more string) string {
		t.Helper()
		decoded, err := b.desk.Decode(b.message(strings.Fields("2303 e1 " + more)))
		if err != nil {
			t.Fatal(err)
		}
		decision, err := how(b.desk, b, decoded, ledger.NewDay(2026, time.March, 3))
		if err != nil {
			t.Fatal(err)
		}
		if bill := decision.Record.Bill; bill != nil {
			return fmt.Sprintf("%s stay %d %s", bill.Benefit.Filing, bill.Benefit.Ordinal, facts([]*clearing.Record{&decision.Record}))
		}
		return fmt.Sprint(int(decision.Record.Code))
	}
	journey, estimate := (*clearing.Desk).EstimateJourney, (*clearing.Desk).Estimate
	for _, x := range []struct{ got, want string }{
		{ask(journey, "out_fil_type=06"), "referral stay 2 type=1201 filing="},
		{ask(journey, "out_fil_type=02"), "long-term stay 2 type=1201 filing="},
		{ask(journey, "out_fil_type="), "unfiled stay 2 type=1201 filing="},
		{ask(journey, "psn_no=11000000000000000009 out_fil_type=06"), "referral stay 1 declared"},
		{ask(estimate, "out_fil_type=06 mdtrt_cert_no=C9"), "temporary stay 2 type=1201 filing=temporary place=3301"},
		{ask(estimate, "out_fil_type=06"), "2002"},
		{ask(estimate, "psn_no=11000000000000000009"), "2001"},
	} {
		if x.got != x.want {
			t.Errorf("computed as %q, want %q", x.got, x.want)
		}
	}
	if len(b.records) != 0 {
		t.Errorf("%d records", len(b.records))
	}
}

// TestBroughtFigures: outpatient payments that share a cap and the year's opening
// figures come from the register; a bill tells what it started from, and is undone to
// what it found.
func TestBroughtFigures(t *testing.T) {
	b := newRegister(t, false)
	b.publish("accumulation A1 opening=2/1950.00/800.00 -> applied")
	b.publish("accumulation A2 opening=1/0.00/0.00 -> refused 5008 at=opening")
	b.publish("accumulation A3 opt_pool_pay=120.50 -> applied")
	b.publish("accumulation A4 opt_pool_pay=30.00 -> applied")
	b.publish("accumulation A5 opt_pool_pay=99.00 trt_year=2025 -> applied")
	b.play("2304 m1 -> booked")
	bill := b.records[0].Bill
	if from := bill.Years[0].Accumulators(); from.Stays != 2 || from.Deductible != 195000 || from.OwnShare != 80000 || from.Outpatient != 15050 {
		t.Errorf("the first bill started from %+v", from)
	}
	b.publish("accumulation A3 docver=2 opt_pool_pay=200.00 -> applied")
	b.play("2304 m2 mdtrt_id=V2 -> booked")
	second := b.records[1].Bill.Years[0]
	if second.Accumulators().Outpatient != 23000 || !reflect.DeepEqual(second.Before.Accumulators, bill.Benefit.Years[0].Accumulators) {
		t.Errorf("the second bill started from %+v", second)
	}
	b.play("2305 m3 mdtrt_id=V2 setl_id=m2 -> cancelled")
	if state := b.years[clearing.YearKey{Home: "11", PersonNo: "11000000000000000001", Insutype: "310", Year: 2026}]; !reflect.DeepEqual(state, second.Before) {
		t.Errorf("the cancellation left %+v, the bill found %+v", state, second.Before)
	}
}

// TestABillIsRecomputedFromItself: claim, person and person-years of a stored bill give
// the same bill again, whatever the register says since.
func TestABillIsRecomputedFromItself(t *testing.T) {
	b := newRegister(t, false)
	b.publish("person E1 psn_type=1201 -> applied")
	b.publish("filing F1 out_fil_type=07 -> applied")
	b.publish("accumulation A1 opening=2/1950.00/800.00 -> applied")
	b.publish("provider U1 traits=community -> applied")
	b.play("2304 m1 -> booked")
	b.publish("provider U1 docver=2 hosp_lv=01 -> applied")
	b.publish("person E1 docver=2 psn_type=11 -> applied")
	b.publish("filing F1 docver=2 vali_flag=0 -> applied")
	record := b.records[0]
	prepared, err := b.desk.Plans.Prepare(record.Case())
	if err != nil {
		t.Fatal(err)
	}
	var before []benefit.Accumulators
	for _, link := range record.Bill.Years {
		before = append(before, link.Accumulators())
	}
	again, err := prepared.Adjudicate(before)
	if err != nil || !reflect.DeepEqual(again, record.Bill.Benefit) {
		t.Errorf("recomputed %+v (%v), booked %+v", again, err, record.Bill.Benefit)
	}
	if register := record.Envelope().Header[provinces.HeaderRegister]; register != "4" {
		t.Errorf("the answer names register message %q, 4 were taken before it", register)
	}
	if answered := b.settlement("m1"); answered["psn_type"] != "1201" {
		t.Errorf("answered psn_type %v, the register says 1201", answered["psn_type"])
	}
}

// TestARefusalTellsNoIdentity: neither codes nor fields of a refusal repeat a name or a
// certificate's number.
func TestARefusalTellsNoIdentity(t *testing.T) {
	b := newRegister(t, false)
	b.publish("person E1 psn_name=买买提·吐尔逊 certinfo=01/11010519491231002X -> applied")
	b.play("2304 m1 psn_name=艾山 mdtrt_cert_type=02 mdtrt_cert_no=440524188001010014 -> refused 2002")
	for _, secret := range []string{"买买提", "吐尔逊", "艾山", "110105194912", "4405241880"} {
		if text := fmt.Sprintf("%s %+v", b.records[0].Answer, b.records[0].Errors); strings.Contains(text, secret) {
			t.Errorf("the answer tells %s: %s", secret, text)
		}
	}
	for key, file := range b.people {
		if text := fmt.Sprintf("%+v", file); strings.Contains(text, "11010519491231002") {
			t.Errorf("the register keeps a certificate's number: %s %s", key, text)
		}
	}
}
