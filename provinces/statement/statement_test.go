package statement_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/simplifiedchinese"

	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/statement"
)

var (
	hospital  = provinces.Party{Kind: provinces.PartyProvider, Province: "33", Provider: "H33010000001"}
	treatment = provinces.Party{Kind: provinces.PartyTreatment, Province: "33"}
	home      = provinces.Party{Kind: provinces.PartyHome, Province: "65"}
)

const sha = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// national is a 3201 or 3202 with members replaced.
func national(infno string, replace ...string) []byte {
	head := `{"infno":"` + infno + `","msgid":"M1","mdtrtarea_admvs":"330100","fixmedins_code":"H33010000001","input":{"data":{` +
		`"insutype":"310","clr_type":"21","setl_optins":"330100","stmt_begndate":"2026-03-01","stmt_enddate":"2026-03-31",` +
		`"medfee_sumamt":"10.00","fund_pay_sumamt":8,"acct_pay":"1.00","cash_payamt":"1.00","fixmedins_setl_cnt":1,"refd_setl_flag":null},` +
		`"stmt":{"serial":4,"horizon":"2026-03-30","parts":1,"bytes":100,"sha256":"` + sha + `","format":"txt","charset":"gbk"}}}`
	return []byte(strings.NewReplacer(replace...).Replace(head))
}

func own(replace ...string) []byte {
	head := `{"doctype":"statement","admdvs":"330000","begndate":"2026-03-18","enddate":"2026-03-18","horizon":"2026-03-18","serial":2,` +
		`"totals":[{"insutype":"310","setl_optins":"330100","counterpart":"65","setl_cnt":1,"medfee_sumamt":"10.00","fund_pay_sumamt":"8.00","acct_pay":"1.00","psn_cash_pay":"1.00"}],` +
		`"file":{"parts":1,"bytes":100,"sha256":"` + sha + `","format":"csv","charset":"gbk"}}`
	return []byte(strings.NewReplacer(replace...).Replace(head))
}

func amountOf(a ledger.Amount) *ledger.Amount { return &a }

func TestHeadsAreReadAsTheyAreSent(t *testing.T) {
	march := func(d int) ledger.Day { return ledger.NewDay(2026, time.March, d) }
	for _, test := range []struct {
		party provinces.Party
		body  []byte
		want  string
	}{
		{hospital, national("3201"), "[310/21/330100/ 1 10.00 8.00 1.00 <nil>] 2026-03-01 2026-03-31 2026-03-30 4 true"},
		{hospital, national("3202"), "[/21/330100/ 1 10.00 8.00 <nil> 1.00] 2026-03-01 2026-03-31 2026-03-30 4 true txt gbk 1 100"},
		{hospital, national("3201", `"refd_setl_flag":null`, `"refd_setl_flag":0`, `"serial":4,"horizon":"2026-03-30",`, ``), "[310/21/330100/ 1 10.00 8.00 1.00 <nil>] 2026-03-01 2026-03-31 2026-03-31 0 false"},
		{treatment, own(), "[310//330100/65 1 10.00 8.00 1.00 1.00] 2026-03-18 2026-03-18 2026-03-18 2 true csv gbk 1 100"},
	} {
		s, err := statement.Dialect{}.Head(test.party, "A", test.body)
		if err != nil {
			t.Errorf("%s: %v", test.body, err)
			continue
		}
		total := s.Totals[0]
		got := fmt.Sprintf("[%s/%s/%s/%s %d %s %s %v %v] %s %s %s %d %v", total.Insutype, total.ClearingType, total.Agency, total.Counterpart,
			total.Count, total.Total, total.Funds, total.Account, total.Cash, s.From, s.To, s.Horizon, s.Serial, s.Refunds)
		if f := s.File; f != nil {
			got += fmt.Sprintf(" %s %s %d %d", f.Format, f.Charset, f.Parts, f.Bytes)
		}
		if got != test.want || s.Party != test.party || s.ID != "A" {
			t.Errorf("%s\ngot  %s\nwant %s", test.body, got, test.want)
		}
	}
	if !provinces.StatementRange(march(1), march(31)) || !provinces.StatementRange(march(5), march(5)) ||
		provinces.StatementRange(march(1), march(30)) || provinces.StatementRange(march(2), march(31)) || provinces.StatementRange(march(5), march(4)) {
		t.Error("a range is one day or one whole month")
	}
}

// code is what a refusal says: its code and first place.
func code(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return "taken"
	}
	var refusal *provinces.RejectError
	if !errors.As(err, &refusal) {
		t.Fatalf("no refusal: %v", err)
	}
	return fmt.Sprintf("%d %s", refusal.Code, refusal.Errors[0].Field)
}

func TestWrongHeadsAreRefused(t *testing.T) {
	for _, test := range []struct {
		what  string
		party provinces.Party
		body  []byte
		want  string
	}{
		{"no JSON", hospital, []byte("x"), "1001 "},
		{"another transaction", hospital, national("2304"), "1006 infno"},
		{"another hospital's", provinces.Party{Kind: provinces.PartyProvider, Province: "33", Provider: "H33010000002"}, national("3201"), "1007 fixmedins_code"},
		{"half a month", hospital, national("3201", "03-31", "03-15"), "6001 input.data.stmt_enddate"},
		{"without a day", hospital, national("3201", `"stmt_begndate":"2026-03-01",`, ""), "1004 input.data.stmt_begndate"},
		{"an agency elsewhere", hospital, national("3201", `"setl_optins":"330100"`, `"setl_optins":"310000"`), "6008 input.data.setl_optins"},
		{"an amount in words", hospital, national("3201", `"medfee_sumamt":"10.00"`, `"medfee_sumamt":"1e1"`), "3001 input.data.medfee_sumamt"},
		{"rows without a file", hospital, national("3202", `"stmt"`, `"smtt"`), "1004 input.stmt"},
		{"two gigabytes", hospital, national("3202", `"bytes":100`, `"bytes":2147483648`), "6003 input.stmt.bytes"},
		{"parts that are too long", hospital, national("3202", `"bytes":100`, `"bytes":600000`), "6002 input.stmt.parts"},
		{"a spreadsheet", hospital, national("3202", `"format":"txt"`, `"format":"xlsx"`), "1011 input.stmt.format"},
		{"a misspelt member", treatment, own(`"horizon"`, `"horizn"`), "1005 horizn"},
		{"a member twice", treatment, own(`"serial":2`, `"serial":2,"serial":3`), "1002 "},
		{"another province's", provinces.Party{Kind: provinces.PartyTreatment, Province: "31"}, own(), "1007 admdvs"},
		{"no totals", treatment, []byte(`{"doctype":"statement","admdvs":"330000","begndate":"2026-03-18","enddate":"2026-03-18"}`), "1004 totals"},
		{"two totals of one kind", treatment, own(`"totals":[{`, `"totals":[{"insutype":"310","setl_optins":"330100","counterpart":"65","setl_cnt":1,"medfee_sumamt":"1.00","fund_pay_sumamt":"8.00"},{`), "1005 totals[1]"},
		{"a format of hospitals", treatment, own(`"csv"`, `"txt"`), "1011 file.format"},
		{"an object for a text", treatment, own(`"serial":2`, `"serial":{}`), "1005 serial"},
		{"a digest in capitals", treatment, own(sha, strings.ToUpper(sha)), "1005 file.sha256"},
	} {
		if _, err := (statement.Dialect{}).Head(test.party, "A", test.body); code(t, err) != test.want {
			t.Errorf("%s: %s, want %s", test.what, code(t, err), test.want)
		}
	}
}

// read reads all rows of a file and says what becomes of each line.
func read(t testing.TB, format provinces.StatementFormat, charset string, file []byte) (got []string) {
	s := &provinces.Statement{Party: treatment, File: &provinces.StatementFile{Format: format, Charset: charset, Bytes: int64(len(file))}}
	rows, err := statement.Dialect{}.Rows(s, bytes.NewReader(file))
	if err != nil {
		return append(got, told(t, err))
	}
	for range 10_000 {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return got
		}
		if err != nil {
			got = append(got, told(t, err))
			continue
		}
		text := fmt.Sprintf("%d:%s/%s/%s %s %s %s", row.Line, row.SettlementID, row.VisitID, row.PersonNo, row.Total, row.Funds, row.Account)
		if row.Cash != nil {
			text += " " + row.Cash.String()
		}
		for _, f := range row.ByFund {
			text += fmt.Sprintf(" %s=%s", f.Fund, f.Amount)
		}
		if row.Refund {
			text += " refund"
		}
		got = append(got, text)
	}
	t.Fatal("a reader that never ends")
	return nil
}

func told(t testing.TB, err error) string {
	var refusal *provinces.RejectError
	if !errors.As(err, &refusal) {
		t.Fatalf("no refusal: %v", err)
	}
	text := fmt.Sprint(int(refusal.Code))
	for _, e := range refusal.Errors {
		text += " " + e.Field
	}
	return text
}

func gbk(t testing.TB, text string) []byte {
	b, err := simplifiedchinese.GBK.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func zipped(t testing.TB, files ...string) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, content := range files {
		f, err := w.Create(fmt.Sprintf("%d.txt", i))
		if err == nil {
			_, err = io.WriteString(f, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const titles = "结算ID,就诊ID,医疗费总额,基金支付总额,个人账户支出,基金310100,fund_390200,退费结算标志\r\n"

func TestFilesAreReadRowByRow(t *testing.T) {
	for _, test := range []struct {
		what    string
		format  provinces.StatementFormat
		charset string
		file    []byte
		want    []string
	}{
		{"the file of a 3202 as it is", "txt", "", []byte("S1\tV1\tP1\t10.00\t8.00\t1.00\t0\nS2\tnull\tnull\t-5.00\t-4\tnull\t1\tanything\nS3\tV3\tP3\t-1\t-1\t0\t0"),
			[]string{"1:S1/V1/P1 10.00 8.00 1.00", "1004 line 2, acct_pay", "3:S3/V3/P3 -1.00 -1.00 0.00 refund"}},
		{"zipped", "zip", "", zipped(t, "S1\tV1\tP1\t10.00\t8.00\t1.00\t0\r\n"), []string{"1:S1/V1/P1 10.00 8.00 1.00"}},
		{"what a Chinese spreadsheet writes", "csv", "", []byte("\xEF\xBB\xBF" + titles + "S1,V1,10.00,8.00,1.00,5,3,0\r\n"), []string{"2:S1/V1/ 10.00 8.00 1.00 310100=5.00 390200=3.00"}},
		{"the same in GBK", "csv", "gbk", gbk(t, titles+"\"S1\",\"V1\",\"10.00\",8.00,1.00,5,3,0"), []string{"2:S1/V1/ 10.00 8.00 1.00 310100=5.00 390200=3.00"}},
		{"funds that do not add up", "csv", "gbk", gbk(t, titles+"S1,V1,10.00,8.00,1.00,5,2,0"), []string{"6010 line 2, fund_pay_sumamt"}},
		{"JSON lines", "jsonl", "", []byte(`{"setl_id":"S1","medfee_sumamt":"10.00","fund_pay_sumamt":8,"acct_pay":1.00,"psn_cash_pay":"1","psn_no":null,"refd_setl_flag":0}` + "\n\n" +
			`{"setl_id":"S2","medfee_sumamt":"-10.00","fund_pay_sumamt":-8,"acct_pay":"-1.00","refd_setl_flag":"1"}`),
			[]string{"1:S1// 10.00 8.00 1.00 1.00", "3:S2// -10.00 -8.00 -1.00 refund"}},
	} {
		if got := read(t, test.format, test.charset, test.file); strings.Join(got, "\n") != strings.Join(test.want, "\n") {
			t.Errorf("%s:\ngot  %q\nwant %q", test.what, got, test.want)
		}
	}
}

func TestBadFilesAreRefusedByLineAndColumn(t *testing.T) {
	good := "S1\tV1\tP1\t10.00\t8.00\t1.00\t0\n"
	header := "setl_id,psn_no,medfee_sumamt,fund_pay_sumamt,acct_pay\n"
	encrypted := zipped(t, good)
	encrypted[bytes.Index(encrypted, []byte("PK\x01\x02"))+8] |= 1
	broken := zipped(t, strings.Repeat(good, 5000))
	broken[bytes.Index(broken, []byte("PK\x01\x02"))+16] ^= 1 // of its checksum
	for _, test := range []struct {
		what    string
		format  provinces.StatementFormat
		charset string
		file    []byte
		want    []string
	}{
		{"a formula for an id", "txt", "", []byte(good + "=1+1\tV1\tP1\t10.00\t8.00\t1.00\t0\n"), []string{"1:S1/V1/P1 10.00 8.00 1.00", "6007 line 2, setl_id"}},
		{"a formula for a person", "csv", "", []byte(header + "S1,@SUM(A1),10,8,1\n"), []string{"6007 line 2, psn_no"}},
		{"a formula for an amount", "csv", "", []byte(header + "S1,P1,=10,+8,-A1\n"), []string{"6007 line 2, medfee_sumamt line 2, fund_pay_sumamt line 2, acct_pay"}},
		{"a minus before a name", "csv", "", []byte(header + "-S1,P1,10,8,1\n"), []string{"6007 line 2, setl_id"}},
		{"a formula where nobody reads", "txt", "", []byte("S1\tV1\tP1\t10.00\t8.00\t1.00\t0\t=cmd()\n"), []string{"6007 line 1, exp_content"}},
		{"too few columns", "txt", "", []byte("S1\tV1\n" + good), []string{"6006 line 1", "2:S1/V1/P1 10.00 8.00 1.00"}},
		{"broken UTF-8", "txt", "", []byte("S1\tV1\tP\xff\xfe\t10.00\t8.00\t1.00\t0\n"), []string{"6005 line 1, column 3"}},
		{"GBK that is none", "csv", "gbk", append(gbk(t, titles), "S\xff\xff,V1,10,8,1,5,3,0\n"...), []string{"6005 line 2"}},
		{"GBK that says nothing of it", "csv", "", gbk(t, titles), []string{"6005 line 1, column 1"}},
		{"an unknown column", "csv", "", []byte("setl_id,medfee_sumamt,fund_pay_sumamt,acct_pay,note\n"), []string{"6006 line 1, column 5"}},
		{"a column twice", "csv", "", []byte("setl_id,结算ID,medfee_sumamt,fund_pay_sumamt,acct_pay\n"), []string{"6006 line 1, column 2"}},
		{"a column too few", "csv", "", []byte("setl_id,medfee_sumamt,fund_pay_sumamt\n"), []string{"6006 line 1, acct_pay"}},
		{"quotation marks left open", "csv", "", []byte(header + "\"S1,P1,10,8,1\n"), []string{"6006 line 2"}},
		{"an empty table", "csv", "", nil, []string{"6004 file"}},
		{"another member", "jsonl", "", []byte(`{"setl_id":"S1","medfee_sumamt":1,"fund_pay_sumamt":1,"acct_pay":0,"name":"x"}`), []string{"6006 line 1"}},
		{"a member twice in a line", "jsonl", "", []byte(`{"setl_id":"S1","setl_id":"S2"}`), []string{"1002 line 1"}},
		{"no JSON in a line", "jsonl", "", []byte("{}{}\n[1]\n{\"setl_id\":{}}\n"), []string{"1001 line 1", "1001 line 2", "1001 line 3"}},
		{"a negative bill", "jsonl", "", []byte(`{"setl_id":"S1","medfee_sumamt":-1,"fund_pay_sumamt":-1,"acct_pay":0}`), []string{"3002 line 1, medfee_sumamt line 1, fund_pay_sumamt"}},
		{"a line without end", "txt", "", bytes.Repeat([]byte("9"), 70<<10), []string{"6003 line 1"}},
		{"no archive", "zip", "", []byte(good), []string{"6004 file"}},
		{"an empty archive", "zip", "", zipped(t), []string{"6004 file"}},
		{"two files in one", "zip", "", zipped(t, good, good), []string{"6004 file"}},
		{"a password", "zip", "", encrypted, []string{"6004 file"}},
	} {
		if got := read(t, test.format, test.charset, test.file); strings.Join(got, "\n") != strings.Join(test.want, "\n") {
			t.Errorf("%s:\ngot  %q\nwant %q", test.what, got, test.want)
		}
	}
	if got := read(t, "zip", "", broken); got[len(got)-1] != "6004 file" {
		t.Errorf("an archive broken within ends with %q", got[len(got)-1])
	}
}

// TestAZipBombIsStopped long before it has unfolded.
func TestAZipBombIsStopped(t *testing.T) {
	line := strings.Repeat("0", 1023) + "\n"
	bomb := zipped(t, strings.Repeat(line, 40<<10)) // 40 MiB in about 120 KiB
	s := &provinces.Statement{File: &provinces.StatementFile{Format: "zip", Bytes: int64(len(bomb))}}
	rows, err := statement.Dialect{}.Rows(s, bytes.NewReader(bomb))
	if err != nil {
		t.Fatal(err)
	}
	for lines := 0; ; lines++ {
		_, err := rows.Next()
		var refusal *provinces.RejectError
		if errors.As(err, &refusal) && refusal.Code == provinces.CodeStatementFile {
			if most := len(bomb) * 200 / 1024; lines > most+1 {
				t.Errorf("stopped after %d lines, the bound is %d", lines, most)
			}
			return
		}
		if errors.Is(err, io.EOF) {
			t.Fatalf("%d bytes of archive unfolded to the end", len(bomb))
		}
	}
}

func TestNoRefusalTellsWhoItIs(t *testing.T) {
	const person = "110101199003070011"
	for _, file := range []string{
		"S1," + person + "张,10,8,1\n", person + "!,P1,10,8,1\n", "S1,P1," + person + ",8,1\n", "S1,P1,10,8,1," + person + "\n",
	} {
		file := "setl_id,psn_no,medfee_sumamt,fund_pay_sumamt,acct_pay\n" + file
		s := &provinces.Statement{File: &provinces.StatementFile{Format: "csv", Bytes: int64(len(file))}}
		rows, err := statement.Dialect{}.Rows(s, strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		_, err = rows.Next()
		var refusal *provinces.RejectError
		if !errors.As(err, &refusal) {
			t.Errorf("%q is taken", file)
			continue
		}
		if text := fmt.Sprintf("%+v", refusal.Errors); strings.Contains(text, person) {
			t.Errorf("the refusal says %s", text)
		}
	}
}

// TestResultsAreTheSameBytes: of a province the totals side by side, and no figure that
// was not stated.
func TestResultsAreTheSameBytes(t *testing.T) {
	s, err := statement.Dialect{}.Head(treatment, "A", own())
	if err != nil {
		t.Fatal(err)
	}
	ours := s.Totals[0]
	ours.Total, ours.Cash = 1100, amountOf(200)
	result := provinces.StatementResult{Statement: s, Number: 7, Outcome: provinces.StatementApplied,
		Totals: []provinces.StatementComparison{{Yours: s.Totals[0], Ours: ours, Result: provinces.StatementOursMore}}}
	body, err := statement.Dialect{}.Result(result)
	want := `{"doctype":"statement-result","id":"A","number":7,"outcome":"applied","code":0,"tied":false,"totals":[{"insutype":"310","setl_optins":"330100","counterpart":"65","stmt_rslt":"1",` +
		`"yours":{"setl_cnt":1,"medfee_sumamt":"10.00","fund_pay_sumamt":"8.00","acct_pay":"1.00","psn_cash_pay":"1.00"},"ours":{"setl_cnt":1,"medfee_sumamt":"11.00","fund_pay_sumamt":"8.00","acct_pay":"1.00","psn_cash_pay":"2.00"}}]}`
	if err != nil || string(body) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, body, want)
	}
	refused := provinces.StatementResult{Statement: provinces.Statement{Party: hospital, ID: "B"}, Number: 8, Outcome: provinces.StatementRefused,
		Code: provinces.CodeStatementTotal, Errors: []provinces.FieldError{{Code: provinces.CodeStatementTotal, Field: "input.data.medfee_sumamt", Expected: "1.00", Found: "2.00"}}}
	body, err = statement.Dialect{}.Result(refused)
	if err != nil || !strings.HasPrefix(string(body), `{"infcode":-6010,`) || !strings.Contains(string(body), `"field":"input.data.medfee_sumamt","expected":"1.00","found":"2.00"`) {
		t.Errorf("%v %s", err, body)
	}
	details, err := statement.Dialect{}.Head(hospital, "C", national("3202"))
	if err != nil {
		t.Fatal(err)
	}
	differing := details.Totals[0]
	differing.Count = 2
	answered := provinces.StatementResult{Statement: details, Number: 9, Received: time.Unix(1772323200, 0), Outcome: provinces.StatementApplied,
		Totals: []provinces.StatementComparison{{Yours: details.Totals[0], Ours: differing, Result: provinces.StatementOursMore}},
		Rows:   &provinces.StatementRowResult{Counts: map[string]int64{"0": 1, "1": 1}, Bytes: 140}}
	body, err = statement.Dialect{}.Result(answered)
	want = `{"infcode":0,"inf_refmsgid":"330100202603010800000000000009","refmsg_time":"20260301080000000","respond_time":"20260301080000000","err_msg":"","output":{` +
		`"stmtinfo":{"setl_optins":"330100","stmt_rslt":"1","stmt_rslt_dscr":"中心 ours 2笔 10.00/8.00/1.00; 机构 yours 1笔 10.00/8.00/1.00"},` +
		`"result":{"counts":{"0":"1","1":"1","2":"0","3":"0"},"filename":"result.txt","bytes":"140","sha256":"` + strings.Repeat("0", 64) + `","service":"clearing.statement.provider.33.H33010000001"}}}`
	if err != nil || string(body) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, body, want)
	}
	line := statement.Dialect{}.ResultLine(nil, provinces.StatementResultLine{SettlementID: "S1", Result: "1", Amounts: provinces.StatementTotal{Total: 1000, Funds: 800}})
	if string(line) != "null\tnull\tS1\tnull\t1\t0\tnull\t10.00\t8.00\t0.00\n" {
		t.Errorf("%q", line)
	}
}

func FuzzHead(f *testing.F) {
	for _, seed := range [][]byte{national("3201"), national("3202"), own(), []byte("{}"), []byte(`{"totals":[[]]}`)} {
		f.Add(0, seed)
		f.Add(1, seed)
	}
	f.Fuzz(func(t *testing.T, kind int, body []byte) {
		party := []provinces.Party{hospital, treatment, home}[uint(kind)%3]
		s, err := statement.Dialect{}.Head(party, "A", body)
		var refusal *provinces.RejectError
		switch {
		case err != nil && !errors.As(err, &refusal):
			t.Errorf("an error that is no refusal: %v", err)
		case err == nil && (s.Party != party || len(s.Totals) == 0 || !provinces.StatementRange(s.From, s.To)):
			t.Errorf("taken: %+v", s)
		case err == nil && s.File != nil && len(s.File.Check()) > 0:
			t.Errorf("a file that cannot be: %+v", s.File)
		}
	})
}

func FuzzRows(f *testing.F) {
	for i, seed := range [][]byte{
		[]byte("S1\tV1\tP1\t10.00\t8.00\t1.00\t0\n"), zipped(f, "S1\tV1\tP1\t10.00\t8.00\t1.00\t0\n"), zipped(f, "x", "y"),
		[]byte("\xEF\xBB\xBF" + titles + "S1,V1,10.00,8.00,1.00,5,3,0\r\n"), gbk(f, titles), []byte(`{"setl_id":"S1","medfee_sumamt":1,"fund_pay_sumamt":1,"acct_pay":0}`),
	} {
		f.Add(i, seed)
	}
	f.Fuzz(func(t *testing.T, form int, file []byte) {
		format := []provinces.StatementFormat{"txt", "zip", "csv", "jsonl"}[uint(form)%4]
		charset := []string{"utf-8", "gbk"}[uint(form)/4%2]
		s := &provinces.Statement{File: &provinces.StatementFile{Format: format, Charset: charset, Bytes: int64(len(file))}}
		rows, err := statement.Dialect{}.Rows(s, bytes.NewReader(file))
		for n := 0; err == nil; n++ {
			var row provinces.StatementRow
			if row, err = rows.Next(); err == nil && (row.SettlementID == "" || row.Line < 1) {
				t.Errorf("taken: %+v", row)
			}
			var refusal *provinces.RejectError
			if errors.As(err, &refusal) {
				if len(refusal.Errors) == 0 {
					t.Error("a refusal without a place")
				}
				err = nil
			}
			if n > 1<<20 {
				t.Fatal("a reader that never ends")
			}
		}
		var refusal *provinces.RejectError
		if !errors.Is(err, io.EOF) && !errors.As(err, &refusal) {
			t.Errorf("an error that is neither the end nor a refusal: %v", err)
		}
	})
}
