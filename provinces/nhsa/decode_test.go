package nhsa

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"clearingd/ledger"
	"clearingd/provinces"
)

// codeOf is the refusal's code; 0 if the message is accepted.
func codeOf(t testing.TB, body []byte) provinces.Code {
	t.Helper()
	_, err := New(Settings{}).Decode(body)
	if err == nil {
		return 0
	}
	var refusal *provinces.RejectError
	if !errors.As(err, &refusal) {
		t.Fatalf("an error that is no refusal: %v", err)
	}
	return refusal.Code
}

// Amounts as hospitals' systems and attackers write them (faults, row 27). A zero bill with
// the text in one part: accepted means that the grammar took it and the sum was judged.
func TestAmountGrammar(t *testing.T) {
	const sum, form, sign = provinces.CodeAmountSum, provinces.CodeAmountForm, provinces.CodeAmountSign
	for _, test := range []struct {
		literal string // as it stands in the message
		want    provinces.Code
	}{
		{`0`, 0}, {`"0"`, 0}, {`0.0`, 0}, {`"0.00"`, 0},
		{`12.5`, sum}, {`"12.50"`, sum}, {`7`, sum}, {`"999999999999.99"`, sum}, {`0.01`, sum},
		{`-1`, sign}, {`"-0.01"`, sign}, {`-999999999999.99`, sign},
		{`"NaN"`, form}, {`"Inf"`, form}, {`"-Inf"`, form}, {`1e20`, form}, {`"1e20"`, form}, {`1e-9`, form}, {`1E2`, form},
		{`-0`, form}, {`"-0.00"`, form}, {`-0.0`, form}, {`"+5"`, form}, {`"00012.50"`, form}, {`"１２.50"`, form},
		{`"` + "\u2212" + `5"`, form}, {`1.230`, form}, {`"1.234"`, form}, {`0.001`, form}, {`"1."`, form}, {`".5"`, form},
		{`1000000000000`, form}, {`"1000000000000.00"`, form}, {`"` + strings.Repeat("9", 1_000_000) + `"`, form},
		{`" 1"`, form}, {`"1 "`, form}, {`"1\u0000"`, form}, {`"1\n"`, form}, {`true`, form}, {`{}`, form}, {`[]`, form}, {`[1]`, form},
		{`null`, provinces.CodeMissing}, {`""`, provinces.CodeMissing},
		{`NaN`, provinces.CodeMalformed}, {`+5`, provinces.CodeMalformed}, {`00012.50`, provinces.CodeMalformed}, {`.5`, provinces.CodeMalformed}, {`1.`, provinces.CodeMalformed},
	} {
		name := test.literal[:min(len(test.literal), 30)]
		t.Run(name, func(t *testing.T) {
			body := bytes.Replace(validVector(t, "2304-zero-bill"), []byte(`"preselfpay_amt": "0"`), []byte(`"preselfpay_amt": `+test.literal), 1)
			if got := codeOf(t, body); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

// A letter that only looks like ASCII, or cannot be seen, is refused where a code is
// expected, and nothing is normalised (faults, row 28).
func TestCodesAreASCIIOnly(t *testing.T) {
	confusables := map[string]string{
		"full-width two": "２", "Cyrillic Н": "\u041d", "Greek Η": "\u0397", "zero-width space": "\u200b", "zero-width joiner": "\u200d",
		"soft hyphen": "\u00ad", "right-to-left override": "\u202e", "byte order mark": "\ufeff", "combining dot": "\u0307",
		"Arabic-Indic zero": "\u0660", "superscript two": "\u00b2", "mathematical zero": "\U0001d7ce", "no-break space": "\u00a0", "NUL": `\u0000`, "line feed": `\n`, "name": "张三",
	}
	fields := map[string]string{
		"infno": "2304", "msgid": "H11010500001201612201030150001", "mdtrtarea_admvs": "110105", "insuplc_admdvs": "650100", "fixmedins_code": "H11010500001",
		"psn_no": "65010000000000000017", "mdtrt_cert_type": "02", "mdtrt_cert_no": "SAMPLE-02-0017", "mdtrt_id": "110105G0000000000017",
		"insutype": "310", "psn_type": "11", "cvlserv_flag": "0", "acct_used_flag": "0", "mid_setl_flag": "0", "medfee_sumamt": "21107.38",
		"begntime": "2016-12-12 09:00:00", "endtime": "2016-12-20 10:00:00", "med_type": "21", "ipt_no": "ZY2016-000017", "dscg_maindiag_code": "I63.900",
		"hosp_lv": "02", "adm_way": "2", "trum_flag": "0",
	}
	minimal := validVector(t, "2304-minimal")
	for field, value := range fields {
		for what, letter := range confusables {
			for _, spoiled := range []string{value + letter, letter + value, letter} {
				member := fmt.Sprintf(`"%s": "%s"`, field, value)
				body := bytes.Replace(minimal, []byte(member), fmt.Appendf(nil, `"%s": "%s"`, field, spoiled), 1)
				if bytes.Equal(body, minimal) {
					t.Fatalf("the vector has no %s", member)
				}
				_, err := New(Settings{}).Decode(body)
				var refusal *provinces.RejectError
				if !errors.As(err, &refusal) || !strings.HasSuffix(refusal.Errors[0].Field, field) || len(refusal.Errors) != 1 {
					t.Errorf("%s with %s: %v", field, what, err)
				}
			}
		}
	}
}

// Hostile sizes cost memory in proportion to the message and are refused before
// anything is built for them (faults, row 25).
func TestHostileSizes(t *testing.T) {
	keys := func(n int) []byte {
		var b bytes.Buffer
		b.WriteString(`{"infno":"2304"`)
		for i := range n {
			fmt.Fprintf(&b, `,"k%d":0`, i)
		}
		return append(b.Bytes(), '}')
	}
	manyErrors := `{"infno":"2304","input":{"data":{},"mdtrtinfo":{},"feedetail":[` + strings.Repeat(`{},`, 4_000) + `{}]}}`
	for _, test := range []struct {
		name string
		body []byte
		want provinces.Code
	}{
		{"8 MiB string", []byte(`{"infno":"` + strings.Repeat("2", 8<<20) + `"}`), provinces.CodeTooDeep},
		{"1 MiB string", []byte(`{"infno":"` + strings.Repeat("2", 1<<20-20) + `"}`), provinces.CodeMissing},
		{"5 million brackets", bytes.Repeat([]byte("["), 5_000_000), provinces.CodeTooDeep},
		{"a million brackets", bytes.Repeat([]byte("["), 1_000_000), provinces.CodeTooDeep},
		{"a million closing brackets", bytes.Repeat([]byte("]"), 1_000_000), provinces.CodeMalformed},
		{"17 levels", []byte(strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17)), provinces.CodeTooDeep},
		{"16 levels", []byte(strings.Repeat(`{"a":`, 16) + "1" + strings.Repeat("}", 16)), provinces.CodeMissing},
		{"100,000 members", keys(100_000), provinces.CodeTooDeep},
		{"256 members", keys(255), provinces.CodeMissing},
		{"257 members", keys(256), provinces.CodeTooDeep},
		{"200,000 elements", []byte(`{"a":[0` + strings.Repeat(",0", 200_000) + `]}`), provinces.CodeTooDeep},
		{"4096 lines, all wrong", []byte(manyErrors), provinces.CodeMissing},
		{"a string that never ends", []byte(`{"a":"` + strings.Repeat(`\"`, 400_000)), provinces.CodeMalformed},
		{"backslashes", []byte(`{"a":"` + strings.Repeat(`\\`, 400_000) + `"}`), provinces.CodeMissing},
		{"brackets in a string", []byte(`{"a":"` + strings.Repeat(`[{\"`, 100_000) + `"}`), provinces.CodeMissing},
	} {
		t.Run(test.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			got := codeOf(t, test.body)
			runtime.ReadMemStats(&after)
			if got != test.want {
				t.Errorf("refused with %d, want %d", got, test.want)
			}
			// A message that passes the limits may take a tree; one that does not, nothing.
			allowed := uint64(4*len(test.body) + 8<<20)
			if test.want == provinces.CodeTooDeep {
				allowed = 64 << 10
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > allowed {
				t.Errorf("%d bytes allocated for a message of %d", used, len(test.body))
			}
		})
	}
}

// A long stay with 1,600 lines fits a message and is read whole.
func TestALargeBillIsRead(t *testing.T) {
	line := func(i int) string {
		return fmt.Sprintf(`{"feedetl_sn":"%d","fee_ocur_time":"2016-12-12 10:00:00","med_list_codg":"001101000010000","medins_list_codg":"L001101000010000",`+
			`"bilg_dept_codg":"A03","bilg_dept_name":"样例科室","bilg_dr_codg":"D000001","bilg_dr_name":"样例医师","med_chrgitm_type":"01","pric_uplmt_amt":"999999",`+
			`"cnt":"1","pric":"10","det_item_fee_sumamt":"10.00","selfpay_prop":"0","fulamt_ownpay_amt":"0","overlmt_amt":"0","preselfpay_amt":"0","inscp_scp_amt":"10.00","chrgitm_lv":"01"}`, i)
	}
	lines := make([]string, 1_600)
	for i := range lines {
		lines[i] = line(i)
	}
	body := string(validVector(t, "2304-zero-bill"))
	body = strings.Replace(body, `"medfee_sumamt": "0"`, `"medfee_sumamt": "16000.00"`, 1)
	body = strings.Replace(body, `"inscp_scp_amt": "0"`, `"inscp_scp_amt": "16000.00"`, 1)
	body = strings.Replace(body, `"mdtrtinfo"`, `"feedetail": [`+strings.Join(lines, ",")+`], "mdtrtinfo"`, 1)
	if len(body) > maxBytes {
		t.Fatalf("%d bytes: larger than a message may be", len(body))
	}
	request, err := New(Settings{}).Decode([]byte(body))
	if err != nil {
		t.Fatal(describe(err))
	}
	if len(request.Claim.Lines) != len(lines) || request.Claim.Total != 1_600_000 {
		t.Errorf("%d lines, total %s", len(request.Claim.Lines), request.Claim.Total)
	}
}

// A request keeps nothing of the caller's bytes, nor of a parser that works on.
func TestRequestsDoNotShareMemory(t *testing.T) {
	dialect := New(Settings{})
	body := validVector(t, "2304-full")
	want, err := dialect.Decode(bytes.Clone(body))
	if err != nil {
		t.Fatal(describe(err))
	}
	scratch := bytes.Clone(body)
	got, _ := dialect.Decode(scratch)
	for i := range scratch {
		scratch[i] = 'x'
	}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				if other, err := dialect.Decode(body); err != nil || !cmp.Equal(other, want) {
					t.Error("a parallel decode differs")
				}
			}
		})
	}
	group.Wait()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changed after the caller's bytes changed:\n%s", diff)
	}
}

// The line's product against exact arithmetic.
func TestProductIsHalfUp(t *testing.T) {
	for _, test := range []struct {
		count, price string
		want         ledger.Amount
	}{
		{"4", "1.13", 452}, {"1", "0.005", 1}, {"1", "0.004999", 0}, {"0.5", "0.01", 1}, {"-1", "0.005", -1}, {"-4", "1.13", -452}, {"3", "33.335", 10001}, {"0", "5", 0},
	} {
		count, _ := parseScaled(test.count, countScale.whole, countScale.decimals)
		price, _ := parseScaled(test.price, priceScale.whole, priceScale.decimals)
		if got, ok := product(count, price); !ok || got != test.want {
			t.Errorf("%s x %s = %s (%v), want %s", test.count, test.price, got, ok, test.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		count := rapid.Int64Range(-99_999_999_999_999, 99_999_999_999_999).Draw(t, "count")
		price := rapid.Int64Range(0, 9_999_999_999_999_999).Draw(t, "price")
		exact := new(big.Int).Mul(big.NewInt(max(count, -count)), big.NewInt(price))
		exact.Add(exact, big.NewInt(50_000_000)).Div(exact, big.NewInt(100_000_000))
		got, ok := product(count, price)
		if fits := exact.Cmp(big.NewInt(100_000_000_000_000)) < 0; fits != ok {
			t.Fatalf("fits %v, got %v", fits, ok)
		}
		if count < 0 {
			exact.Neg(exact)
		}
		if ok && big.NewInt(int64(got)).Cmp(exact) != 0 {
			t.Fatalf("%d, want %s", got, exact)
		}
	})
}

// Whatever a claim says is read back from it, whichever way its numbers are written.
func TestAmountsAreReadAsWritten(t *testing.T) {
	minimal := string(validVector(t, "2304-zero-bill"))
	rapid.Check(t, func(t *rapid.T) {
		names := []string{"fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"}
		parts := rapid.SliceOfN(rapid.Int64Range(0, 20_000_000_000_000), 4, 4).Draw(t, "parts")
		body, total := minimal, ledger.Amount(0)
		for i, name := range names {
			body = strings.Replace(body, `"`+name+`": "0"`, fmt.Sprintf(`"%s": %s`, name, literal(t, ledger.Amount(parts[i]))), 1)
			total += ledger.Amount(parts[i])
		}
		body = strings.Replace(body, `"medfee_sumamt": "0"`, `"medfee_sumamt": `+literal(t, total), 1)
		request, err := New(Settings{}).Decode([]byte(body))
		if err != nil {
			t.Fatal(describe(err))
		}
		c := request.Claim
		if c.Total != total || c.OwnExpense != ledger.Amount(parts[0]) || c.OverLimit != ledger.Amount(parts[1]) ||
			c.SelfPayFirst != ledger.Amount(parts[2]) || c.InScope != ledger.Amount(parts[3]) {
			t.Fatalf("read %+v from %v", c, parts)
		}
	})
}

// literal writes an amount in one of the ways the grammar allows.
func literal(t *rapid.T, a ledger.Amount) string {
	text := a.String()
	if rapid.Bool().Draw(t, "short") {
		text = strings.TrimSuffix(strings.TrimSuffix(text, "0"), ".0")
	}
	if rapid.Bool().Draw(t, "text") {
		return `"` + text + `"`
	}
	return text
}

func FuzzDecode(f *testing.F) {
	seeds := append(vectors(f, "valid"), vectors(f, "invalid")...)
	if len(seeds) < 100 {
		f.Fatalf("%d seeds", len(seeds))
	}
	for _, v := range seeds {
		f.Add(v.body)
	}
	dialect := New(Settings{})
	f.Fuzz(func(t *testing.T, body []byte) {
		request, err := dialect.Decode(body)
		again, errAgain := dialect.Decode(body)
		if diff := cmp.Diff(request, again); diff != "" || fmt.Sprint(err) != fmt.Sprint(errAgain) {
			t.Fatalf("decoded twice, differently: %v, %v\n%s", err, errAgain, diff)
		}
		if err != nil {
			checkFuzzedRefusal(t, request, err)
			return
		}
		checkWhole(t, request)
	})
}

// checkFuzzedRefusal: a refusal is coded, names a place and can be answered.
func checkFuzzedRefusal(t *testing.T, request provinces.Request, err error) {
	var refusal *provinces.RejectError
	if !errors.As(err, &refusal) || len(refusal.Errors) == 0 {
		t.Fatalf("no refusal: %v", err)
	}
	checkAddressOnly(t, "fuzz", request)
	answer := provinces.Answer{Treatment: "110105", Outcome: provinces.Refused, Code: refusal.Code, Errors: refusal.Errors}
	body, err := New(Settings{}).Encode(answer)
	if err != nil {
		t.Fatal(err)
	}
	readAnswer(t, body)
}

// checkWhole: an accepted request keeps every promise of its type.
func checkWhole(t *testing.T, r provinces.Request) {
	documents := 0
	for _, there := range []bool{r.Claim != nil, r.Cancellation != nil, r.Reversal != nil} {
		if there {
			documents++
		}
	}
	if documents != 1 || !provinces.ValidMsgID(r.MsgID) || !provinces.ValidProvider(r.Provider) ||
		!provinces.ValidArea(r.Treatment) || !provinces.ValidArea(r.Home) {
		t.Fatalf("accepted %+v", r)
	}
	if c := r.Claim; c != nil {
		if c.Total != c.OwnExpense+c.OverLimit+c.SelfPayFirst+c.InScope || c.Total < 0 || min(c.OwnExpense, c.OverLimit, c.SelfPayFirst, c.InScope) < 0 {
			t.Fatalf("accepted a bill that does not add up: %+v", c)
		}
		if c.Discharged < c.Admitted || c.PersonNo == "" || c.VisitID == "" {
			t.Fatalf("accepted %+v", c)
		}
		for _, l := range c.Lines {
			if l.Amount != l.OwnExpense+l.OverLimit+l.SelfPayFirst+l.InScope {
				t.Fatalf("accepted a line that does not add up: %+v", l)
			}
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	dialect := New(Settings{})
	for _, name := range []string{"2304-minimal", "2304-full"} {
		body := validVector(b, name)
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := dialect.Decode(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
