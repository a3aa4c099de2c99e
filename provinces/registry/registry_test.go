package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"clearingd/ledger"
	"clearingd/provinces"
)

const docs = "../../docs"

// plain documents, one of each kind.
var plain = map[provinces.RegistryKind]string{
	provinces.RegistryPerson: `{"doctype":"person","docid":"P1","docver":"1","insuplc_admdvs":"650100","psn_no":"65010000000000000017",
		"insutype":"310","psn_type":"1201","psn_name":"买买提·吐尔逊","psn_name_alias":["MEMET"],"certinfo":[{"psn_cert_type":"01","certno":"S-01"}],
		"idetinfo":[{"psn_idet_type":"2201","psn_type_lv":"1","begntime":"2020-01-01","endtime":"2026-12-31"}],"retr_flag":"1","cvlserv_flag":"1","cvlserv_lv":"7",
		"clct_grde":"high","clct_mons":"372","cont_insu_years":"12","zero_clm_years":"0","acct_used_flag":"0","begndate":"2018-05-01","enddate":"2027-04-30"}`,
	provinces.RegistryFiling: `{"doctype":"filing","docid":"F1","docver":"1","insuplc_admdvs":"650100","psn_no":"65010000000000000017",
		"out_fil_type":"02","mdtrtarea_admvs":["3301","46"],"opt_time":"2026-01-05 09:12:44","begndate":"2026-01-05","enddate":"2026-12-31"}`,
	provinces.RegistryCard: `{"doctype":"card","docid":"K1","docver":"1","insuplc_admdvs":"650100","psn_no":"65010000000000000017",
		"mdtrt_cert_type":"03","mdtrt_cert_no":"T-1","replaces":"C-1","begndate":"2026-03-01","enddate":"2026-05-31"}`,
	provinces.RegistryAccumulation: `{"doctype":"accumulation","docid":"A1","docver":"1","insuplc_admdvs":"650100","psn_no":"65010000000000000017",
		"insutype":"310","trt_year":"2026","opening":{"ipt_cnt":"1","act_pay_dedc":"900.00","inscp_selfpay_amt":2300.5,
		"payinfo":[{"fund_pay_type":"310100","fund_payamt":"12800.00"}]},"opt_pool_pay":"1320.50"}`,
	provinces.RegistryProvider: `{"doctype":"provider","docid":"U1","docver":"1","mdtrtarea_admvs":"330100","fixmedins_code":"H33010000001",
		"fixmedins_name":"样例社区卫生服务中心","hosp_lv":"08","traits":["tcm","community"],"begndate":"2026-01-01","enddate":"2026-12-31"}`,
}

func TestDocumentsAreReadWhole(t *testing.T) {
	day := func(s string) *ledger.Day {
		d, err := ledger.ParseDay(s)
		if err != nil {
			t.Fatal(err)
		}
		return &d
	}
	yes, no, months, years, none, outpatient := true, false, 372, 12, 0, ledger.Amount(132050)
	filedAt, _ := provinces.ParseDateTime("2026-01-05 09:12:44")
	head := func(kind provinces.RegistryKind, id string) provinces.Registration {
		return provinces.Registration{Kind: kind, Document: provinces.Document{ID: id, Version: 1}, Area: "650100", PersonNo: "65010000000000000017"}
	}
	person, filing := head("person", "P1"), head("filing", "F1")
	card, accumulation := head("card", "K1"), head("accumulation", "A1")
	person.Enrolment = &provinces.Enrolment{
		Document: person.Document, Area: "650100", Insutype: "310", From: *day("2018-05-01"), To: day("2027-04-30"),
		PersonType: "1201", Name: "买买提·吐尔逊", Aliases: []string{"MEMET"}, Certificates: []provinces.Certificate{{Class: provinces.ClassIdentity, Number: "S-01"}},
		Identities: []provinces.Identity{{Type: "2201", Level: "1", Begin: day("2020-01-01"), End: day("2026-12-31")}}, Retired: &yes,
		CivilServant: true, CivilServantRank: "7", Grade: "high", ContributionMonths: &months, ContinuousYears: &years, ZeroClaimYears: &none, AccountAllowed: &no,
	}
	filing.Filing = &provinces.Filing{Document: filing.Document, Type: "02", Places: []string{"3301", "46"}, From: *day("2026-01-05"), To: day("2026-12-31"), FiledAt: filedAt}
	card.Card = &provinces.Card{
		Document: card.Document, Certificate: provinces.Certificate{Class: provinces.ClassCard, Number: "T-1"},
		Replaces: new(provinces.CertificateHash), ReplacesNumber: "C-1", From: *day("2026-03-01"), To: day("2026-05-31"),
	}
	accumulation.Accumulation = &provinces.Accumulation{
		Document: accumulation.Document, Insutype: "310", Year: 2026, Outpatient: &outpatient,
		Opening: &provinces.Opening{Year: 2026, Stays: 1, Deductible: 90000, OwnShare: 230050, Paid: []provinces.FundAmount{{Fund: "310100", Amount: 1280000}}},
	}
	provider := provinces.Registration{Kind: "provider", Document: provinces.Document{ID: "U1", Version: 1}, Area: "330100", Provider: "H33010000001"}
	provider.Facility = &provinces.Facility{
		Document: provider.Document, Area: "330100", Level: "08", Traits: []string{"community", "tcm"}, Name: "样例社区卫生服务中心",
		From: *day("2026-01-01"), To: day("2026-12-31"),
	}
	for _, want := range []provinces.Registration{person, filing, card, accumulation, provider} {
		got, err := Dialect{}.Decode([]byte(plain[want.Kind]))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", want.Kind, err, got, want)
		}
	}
}

// change is one text of a plain document replaced by another.
type change struct {
	kind     provinces.RegistryKind
	old, new string
	refused  string // code and field; "" if the document is right
	seen     bool   // a schema sees what is wrong, too
}

var changes = []change{
	{"person", `"docver":"1"`, `"docver":1`, "", false},
	{"person", `"docver":"1"`, `"docver":"1","unknown":{"a":[1]}`, "", false},
	{"person", `"enddate":"2027-04-30"`, `"enddate":null`, "", false},
	{"person", `"enddate":"2027-04-30"`, `"enddate":""`, "", false},
	{"person", `"enddate":"2027-04-30"`, `"enddate":"2018-05-01"`, "", false},
	{"person", `"psn_name":"买买提·吐尔逊"`, "\"psn_name\":\"王\uE831\"", "", false},
	{"person", `"docver":"1"`, `"docver":"2","vali_flag":0`, "", false},
	{"filing", `,"mdtrtarea_admvs":["3301","46"]`, ``, "", false},
	{"filing", `"docver":"1",`, `"docver":"2","vali_flag":"0","out_fil_type":"99",`, "1002 out_fil_type", false},
	{"filing", `"out_fil_type":"02",`, `"vali_flag":"0",`, "", false},
	{"card", `"replaces":"C-1",`, ``, "", false},
	{"card", `"mdtrt_cert_no":"T-1"`, `"mdtrt_cert_hash":"` + strings.Repeat("0a", 32) + `"`, "", false},
	{"accumulation", `,"opt_pool_pay":"1320.50"`, ``, "", false},

	{"person", `{"doctype"`, `[{"doctype"`, "1001 ", true},
	{"person", `"P1"`, "\"P\xff\"", "1001 docid", false},
	{"person", `"P1"`, `"P1","docid":"P2"`, "1002 docid", false},
	{"person", `"MEMET"`, `[[[[[[[[1]]]]]]]]`, "1003 ", true},
	{"person", `"docid":"P1",`, ``, "1004 docid", true},
	{"person", `"psn_name":"买买提·吐尔逊",`, `"psn_name":"",`, "1004 psn_name", true},
	{"person", `"psn_idet_type":"2201",`, ``, "1004 idetinfo[0].psn_idet_type", true},
	{"person", `,"certno":"S-01"`, ``, "1004 certinfo[0].certno", true},
	{"person", `"docid":"P1"`, `"docid":"P 1"`, "1005 docid", true},
	{"person", `"docver":"1"`, `"docver":"0"`, "1005 docver", true},
	{"person", `"docver":"1"`, `"docver":1.0`, "1005 docver", false},
	{"person", `"certno":"S-01"`, `"certno":"S-01","certno_hash":"` + strings.Repeat("0a", 32) + `"`, "1005 certinfo[0].certno_hash", true},
	{"person", `"certno":"S-01"`, `"certno_hash":"0A"`, "1005 certinfo[0].certno_hash", true},
	{"person", `"enddate":"2027-04-30"`, `"enddate":"2018-04-30"`, "1005 enddate", false},
	{"person", `"enddate":"2027-04-30"`, `"enddate":"2027-04-31"`, "1005 enddate", false},
	{"person", `"endtime":"2026-12-31"`, `"endtime":"2019-12-31"`, "1005 idetinfo[0].endtime", false},
	{"person", `"clct_mons":"372"`, `"clct_mons":"-1"`, "1005 clct_mons", true},
	{"person", `"cvlserv_flag":"1"`, `"cvlserv_flag":"0"`, "1005 cvlserv_flag", true},
	{"person", `"psn_name":"买买提·吐尔逊"`, "\"psn_name\":\"a\\u0000\"", "1005 psn_name", false},
	{"person", `"psn_name":"买买提·吐尔逊"`, `"psn_name":17`, "1005 psn_name", true},
	{"person", `"certinfo":[{"psn_cert_type":"01","certno":"S-01"}]`, `"certinfo":{}`, "1005 certinfo", true},
	{"person", `"certinfo":[{"psn_cert_type":"01","certno":"S-01"}]`, `"certinfo":[1]`, "1005 certinfo[0]", true},
	{"person", `"650100"`, `"710000"`, "1008 insuplc_admdvs", true},
	{"person", `"person"`, `"people"`, "1011 doctype", true},
	{"person", `"psn_type":"1201"`, `"psn_type":"17"`, "1011 psn_type", true},
	{"person", `"retr_flag":"1"`, `"retr_flag":true`, "1011 retr_flag", true},
	{"filing", `"opt_time":"2026-01-05 09:12:44"`, `"opt_time":"2026-01-05T09:12:44"`, "1005 opt_time", true},
	{"filing", `"3301"`, `"330"`, "1008 mdtrtarea_admvs[0]", true},
	{"filing", `"46"`, `"71"`, "1008 mdtrtarea_admvs[1]", true},
	{"filing", `"02"`, `"05"`, "1011 out_fil_type", true},
	{"card", `,"enddate":"2026-05-31"`, ``, "1004 enddate", true},
	{"card", `"mdtrt_cert_no":"T-1",`, ``, "1004 mdtrt_cert_no", true},
	{"card", `"mdtrt_cert_type":"03"`, `"mdtrt_cert_type":"90"`, "1011 mdtrt_cert_type", true},
	{"accumulation", `"opening"`, `"opened"`, "", false},
	{"accumulation", `"trt_year":"2026"`, `"trt_year":"26"`, "1005 trt_year", true},
	{"accumulation", `"ipt_cnt":"1",`, ``, "1004 opening.ipt_cnt", true},
	{"accumulation", `"fund_payamt":"12800.00"`, `"fund_payamt":"12800.00"},{"fund_pay_type":"310100","fund_payamt":"1"`, "1005 opening.payinfo[1].fund_pay_type", false},
	{"accumulation", `"1320.50"`, `1.320`, "3001 opt_pool_pay", false},
	{"accumulation", `"1320.50"`, `"-0.01"`, "3002 opt_pool_pay", true},

	{"provider", `,"traits":["tcm","community"]`, ``, "", false},
	{"provider", `"fixmedins_name":"样例社区卫生服务中心",`, `"psn_no":"N1",`, "", false},
	{"provider", `"docver":"1"`, `"docver":"2","vali_flag":0`, "", false},
	{"provider", `"hosp_lv":"08",`, ``, "1004 hosp_lv", true},
	{"provider", `"fixmedins_code":"H33010000001",`, ``, "1004 fixmedins_code", true},
	{"provider", `"mdtrtarea_admvs":"330100",`, `"insuplc_admdvs":"330100",`, "1004 mdtrtarea_admvs", true},
	{"provider", `"begndate":"2026-01-01",`, ``, "1004 begndate", true},
	{"provider", `"H33010000001"`, `"X33010000001"`, "1005 fixmedins_code", true},
	{"provider", `"H33010000001"`, `"H3301000001"`, "1005 fixmedins_code", true},
	{"provider", `["tcm","community"]`, `["tcm","tcm"]`, "1005 traits", true},
	{"provider", `["tcm","community"]`, `"tcm"`, "1005 traits", true},
	{"provider", `"enddate":"2026-12-31"`, `"enddate":"2025-12-31"`, "1005 enddate", false},
	{"provider", `"330100"`, `"710000"`, "1008 mdtrtarea_admvs", true},
	{"provider", `"hosp_lv":"08"`, `"hosp_lv":"12"`, "1011 hosp_lv", true},
	{"provider", `"community"`, `"flagship"`, "1011 traits[1]", true},
	{"provider", `"community"`, `"Community"`, "1011 traits[1]", true},
}

// facts counts the facts of a registration.
func facts(r provinces.Registration) (n int) {
	for _, there := range []bool{r.Enrolment != nil, r.Filing != nil, r.Card != nil, r.Accumulation != nil, r.Facility != nil} {
		if there {
			n++
		}
	}
	return n
}

// TestARefusedTraitNamesTheAllowedOnes, so that whoever publishes can mend it.
func TestARefusedTraitNamesTheAllowedOnes(t *testing.T) {
	_, err := Dialect{}.Decode([]byte(strings.Replace(plain["provider"], "community", "flagship", 1)))
	var refusal *provinces.RejectError
	if !errors.As(err, &refusal) || refusal.Errors[0].Expected != "community|township|tcm|provincial|municipal|county|priority" {
		t.Errorf("%+v", err)
	}
}

func changed(t *testing.T, c change) []byte {
	t.Helper()
	body := strings.Replace(plain[c.kind], c.old, c.new, 1)
	if body == plain[c.kind] {
		t.Fatalf("%s: %s changes nothing", c.kind, c.old)
	}
	return []byte(body)
}

func TestWhatIsWrongIsCodedAndSaysWhere(t *testing.T) {
	for _, c := range changes {
		got, err := Dialect{}.Decode(changed(t, c))
		var refusal *provinces.RejectError
		switch {
		case c.refused == "" && err == nil:
			continue
		case c.refused == "" || !errors.As(err, &refusal):
			t.Errorf("%s with %s: %v, want %q", c.kind, c.new, err, c.refused)
			continue
		}
		if first := fmt.Sprintf("%d %s", refusal.Code, refusal.Errors[0].Field); first != c.refused {
			t.Errorf("%s with %s: refused %s, want %s", c.kind, c.new, first, c.refused)
		}
		if facts(got) != 0 {
			t.Errorf("%s with %s: refused, and a fact all the same", c.kind, c.new)
		}
		for _, text := range []string{refusal.Code.Text().ZH, refusal.Code.Text().EN} {
			if text == "" {
				t.Errorf("code %d is not explained in both languages", refusal.Code)
			}
		}
	}
}

func TestAWithdrawalIsReadWithoutAFact(t *testing.T) {
	for kind, body := range plain {
		got, err := Dialect{}.Decode([]byte(strings.Replace(body, `"docver":"1"`, `"docver":"2","vali_flag":"0"`, 1)))
		if err != nil || !got.Withdrawn || got.Version != 2 || facts(got) != 0 {
			t.Errorf("%s: %+v, %v", kind, got, err)
		}
	}
}

// TestRefusalsTellNobodysNameOrNumber: secrets stand in every member; no refusal may
// repeat one.
func TestRefusalsTellNobodysNameOrNumber(t *testing.T) {
	const number, name = "11010519491231002X", "买买提吐尔逊艾山阿卜杜拉"
	member := regexp.MustCompile(`"([a-z_]+)":("[^"]*"|[0-9.]+)`)
	for kind, body := range plain {
		for _, m := range member.FindAllStringSubmatch(body, -1) {
			for _, secret := range []string{number, strings.Repeat(name, 12), number[:17]} {
				broken := strings.Replace(body, m[0], fmt.Sprintf("%q:%q", m[1], secret), 1)
				_, err := Dialect{}.Decode([]byte(broken))
				var refusal *provinces.RejectError
				if errors.As(err, &refusal) && strings.Contains(fmt.Sprintf("%+v %v", refusal.Errors, err), secret[:12]) {
					t.Errorf("%s, %s: the refusal tells %s", kind, m[1], secret)
				}
			}
		}
	}
}

// example is a document in the handbook, with its schema.
type example struct{ schema, body string }

func examples(t *testing.T, document string) []example {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, document))
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for _, m := range regexp.MustCompile("(?s)<!-- schema: ([a-z0-9.-]+) -->\n```json\n(.*?)```").FindAllSubmatch(text, -1) {
		all = append(all, example{string(m[1]), string(m[2])})
	}
	if fences := bytes.Count(text, []byte("```json")); fences == 0 || fences != len(all) {
		t.Fatalf("%s: %d JSON blocks, %d of them name their schema", document, fences, len(all))
	}
	return all
}

func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	paths, _ := filepath.Glob(filepath.Join(docs, "schema", "*.json"))
	ids := map[string]string{}
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		id := document.(map[string]any)["$id"].(string)
		if err := compiler.AddResource(id, document); err != nil {
			t.Fatal(err)
		}
		ids[filepath.Base(path)] = id
	}
	compiled := map[string]*jsonschema.Schema{}
	for _, kind := range provinces.RegistryKinds {
		name := "registry-" + string(kind) + ".json"
		schema, err := compiler.Compile(ids[name])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		compiled[name] = schema
	}
	return compiled
}

func validate(schema *jsonschema.Schema, body []byte) error {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func TestDocumentedExamplesAreReal(t *testing.T) {
	compiled := schemas(t)
	seen := map[string]bool{}
	for i, e := range examples(t, "registry-interface.md") {
		seen[e.schema] = true
		if compiled[e.schema] == nil {
			t.Fatalf("example %d: no schema %s", i, e.schema)
		}
		if err := validate(compiled[e.schema], []byte(e.body)); err != nil {
			t.Errorf("example %d: %v", i, err)
		}
		got, err := Dialect{}.Decode([]byte(e.body))
		if err != nil || "registry-"+string(got.Kind)+".json" != e.schema {
			t.Errorf("example %d is refused: %v", i, err)
		}
	}
	if len(seen) != len(compiled) {
		t.Errorf("examples of %v only", seen)
	}
}

func TestBothLanguagesHaveTheSameExamples(t *testing.T) {
	if english, chinese := examples(t, "registry-interface.md"), examples(t, "registry-interface.zh.md"); !slices.Equal(english, chinese) {
		t.Errorf("%d examples in English, %d in Chinese, and they are not the same", len(english), len(chinese))
	}
}

// TestTheHandbookNamesEveryMember: what the dialect reads is explained in both languages.
func TestTheHandbookNamesEveryMember(t *testing.T) {
	for _, document := range []string{"registry-interface.md", "registry-interface.zh.md"} {
		text, err := os.ReadFile(filepath.Join(docs, document))
		if err != nil {
			t.Fatal(err)
		}
		for kind, body := range plain {
			var members map[string]json.RawMessage
			if err := json.Unmarshal([]byte(body), &members); err != nil {
				t.Fatal(err)
			}
			for member := range members {
				if !bytes.Contains(text, []byte("`"+member)) {
					t.Errorf("%s does not explain %s of %s", document, member, kind)
				}
			}
		}
	}
}

func TestSchemasSeeWhatASchemaCanSee(t *testing.T) {
	compiled := schemas(t)
	for kind, body := range plain {
		if err := validate(compiled["registry-"+string(kind)+".json"], []byte(body)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for _, c := range changes {
		err := validate(compiled["registry-"+string(c.kind)+".json"], changed(t, c))
		if c.seen != (err != nil) && !strings.HasPrefix(c.refused, "1001") && !strings.HasPrefix(c.refused, "1002") {
			t.Errorf("%s with %s (refused %q): by the schema %v", c.kind, c.new, c.refused, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	seeds := 0
	for _, body := range plain {
		f.Add([]byte(body))
		seeds++
	}
	for _, c := range changes {
		f.Add([]byte(strings.Replace(plain[c.kind], c.old, c.new, 1)))
		seeds++
	}
	if seeds < 50 {
		f.Fatalf("%d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := Dialect{}.Decode(body)
		again, errAgain := Dialect{}.Decode(body)
		if !reflect.DeepEqual(got, again) || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("decoded twice, differently: %v, %v", err, errAgain)
		}
		facts := facts(got)
		if err != nil {
			var refusal *provinces.RejectError
			if !errors.As(err, &refusal) || len(refusal.Errors) == 0 || len(refusal.Errors) > provinces.MaxFieldErrors || facts != 0 {
				t.Fatalf("%v, %d facts", err, facts)
			}
			return
		}
		if got.Withdrawn == (facts == 1) || facts > 1 || got.Version == 0 || got.ID == "" || (got.PersonNo == "") == (got.Provider == "") || !provinces.ValidArea(got.Area) {
			t.Fatalf("accepted %+v", got)
		}
		if e := got.Enrolment; e != nil && (e.To != nil && *e.To < e.From || e.Name == "" || e.Insutype == "") {
			t.Fatalf("accepted %+v", e)
		}
		if f := got.Facility; f != nil && (got.Provider == "" || f.Level == "" || !slices.IsSorted(f.Traits)) {
			t.Fatalf("accepted %+v", f)
		}
		if c := got.Card; c != nil && c.Replaces != nil && c.To == nil {
			t.Fatalf("accepted a temporary card without end: %+v", c)
		}
	})
}
