package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// runStatement runs "clearctl statement ..." and returns its exit code and what it wrote.
func runStatement(url, in string, args ...string) (code int, out, stderr string) {
	var o, e bytes.Buffer
	a := &app{in: strings.NewReader(in), out: &o, err: &e, now: time.Now, getenv: func(name string) string {
		return map[string]string{"LANG": "en_US.UTF-8", "CLEARCTL_NATS": url}[name]
	}}
	return a.run(context.Background(), append([]string{"statement"}, args...)), o.String(), e.String()
}

const (
	totalsHead = `{"infno":"3201","msgid":"M1","mdtrtarea_admvs":"330100","fixmedins_code":"H33010000001","input":{"data":{"insutype":"310","clr_type":"21",` +
		`"setl_optins":"330100","stmt_begndate":"2026-03-18","stmt_enddate":"2026-03-18","medfee_sumamt":"10.00","fund_pay_sumamt":"8.00","acct_pay":"1.00","fixmedins_setl_cnt":1}}}`
	detailsHead = `{"infno":"3202","msgid":"M2","mdtrtarea_admvs":"330100","fixmedins_code":"H33010000001","input":{"data":{` +
		`"setl_optins":"330100","stmt_begndate":"2026-03-18","stmt_enddate":"2026-03-18","medfee_sumamt":"20.00","fund_pay_sumamt":"16.00","cash_payamt":"2.00","fixmedins_setl_cnt":2},"stmt":{"serial":3}}}`
	homeHead = `{"doctype":"statement","admdvs":"650000","begndate":"2026-03-18","enddate":"2026-03-18",` +
		`"totals":[{"setl_cnt":2,"medfee_sumamt":"20.00","fund_pay_sumamt":"16.00","acct_pay":"2.00"}]}`
	twoRows = "330100G0000000000001\tV1\tP1\t10.00\t8.00\t1.00\t0\n330100G0000000000002\tV2\tP2\t10.00\t8.00\t1.00\t0\n"
)

// write puts a file into a folder of the test's own.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// written is a number cell that holds just these characters.
type written string

// sheet is a workbook with the given cells.
func sheet(t *testing.T, formula string, rows ...[]any) string {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	for i, row := range rows {
		if err := book.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
		for k, cell := range row {
			raw, ok := cell.(written)
			if !ok {
				continue
			}
			if err := book.SetCellDefault("Sheet1", fmt.Sprintf("%c%d", 'A'+k, i+1), string(raw)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if formula != "" {
		if err := book.SetCellFormula("Sheet1", formula, "=1+1"); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(t.TempDir(), "rows.xlsx")
	if err := book.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	return path
}

var sheetTitles = []any{"结算ID", "参保地医保区划", "医疗费总额", "基金支付总额", "个人账户支出"}

func sheetRow(n int, total any) []any {
	return []any{fmt.Sprintf("330100G%013d", n), "650100", total, 8, "1.00"}
}

// TestStatementCheck: what clearingd would refuse is refused here, by line and column.
func TestStatementCheck(t *testing.T) {
	const hospital, home = "provider.33.H33010000001", "home.65"
	good := write(t, "rows.txt", twoRows)
	for _, test := range []struct {
		what, head, party, file, says string
		code                          int
	}{
		{"totals alone", totalsHead, hospital, "", "nothing is wrong; 0 rows in 0 parts", exitOK},
		{"rows", detailsHead, hospital, good, "2 rows in 1 parts", exitOK},
		{"a row twice", detailsHead, hospital, write(t, "rows.txt", strings.Replace(twoRows, "000002", "000001", 1)), "6009", exitNo},
		{"a wrong total", strings.Replace(detailsHead, "20.00", "20.01", 1), hospital, good, "6010 a total is not the sum of its rows, or a row's funds not the sum of its parts: input.data.medfee_sumamt", exitNo},
		{"another province's row", detailsHead, hospital, write(t, "rows.txt", strings.Replace(twoRows, "330100G", "310100G", 1)), "line 1, setl_id", exitNo},
		{"a formula", detailsHead, hospital, write(t, "rows.txt", strings.Replace(twoRows, "V2", "=1", 1)), "6007 a cell begins with = + - or @, which a spreadsheet takes for a formula: line 2, mdtrt_id", exitNo},
		{"another party", totalsHead, "provider.33.H33010000002", "", "1007", exitNo},
		{"no party", totalsHead, "hospital.33", "", "no such party", exitUsage},
		{"a head that is none", "x", hospital, "", "not a JSON object", exitUsage},
		{"rows that are not there", strings.Replace(homeHead, `"totals"`, `"file":{"parts":1,"bytes":1,"sha256":"`+strings.Repeat("0", 64)+`","format":"csv"},"totals"`, 1), home, "", "there is no --file", exitUsage},
		{"a format of hospitals", homeHead, home, good, "rows of a hospital are", exitUsage},
		{"a spreadsheet", homeHead, home, sheet(t, "", sheetTitles, sheetRow(1, "10.00"), sheetRow(2, 10)), "2 rows in 1 parts", exitOK},
		{"a formula in a spreadsheet", homeHead, home, sheet(t, "C3", sheetTitles, sheetRow(1, "10.00"), sheetRow(2, "10.00")), "cell C3, line 3, is a formula", exitNo},
		{"a hospital's spreadsheet", detailsHead, hospital, sheet(t, "", sheetTitles, sheetRow(1, "10.00"), sheetRow(2, "10.00")), "2 rows in 1 parts", exitOK},
		{"a number as spreadsheets write it", homeHead, home, sheet(t, "", sheetTitles, sheetRow(1, written("10.000000000000002")), sheetRow(2, written("9.9999999999999982"))), "2 rows in 1 parts", exitOK},
		{"a number with a fraction of a fen", homeHead, home, sheet(t, "", sheetTitles, sheetRow(1, written("10.001")), sheetRow(2, "10.00")), "line 2, medfee_sumamt", exitNo},
		{"an id that was typed as a number", homeHead, home, sheet(t, "", append([]any{"人员编号"}, sheetTitles...), append([]any{written("3.3010000020521E+19")}, sheetRow(1, "10.00")...)),
			"cell A2, line 2, is a number of more than 15 digits", exitNo},
		{"rows that are formatted and empty", homeHead, home, sheet(t, "", sheetTitles, sheetRow(1, 10), []any{"", " "}, sheetRow(2, 10), []any{""}), "2 rows in 1 parts", exitOK},
		{"a formula that shows nothing", homeHead, home, sheet(t, "A3", sheetTitles, sheetRow(1, 10), []any{""}, sheetRow(2, 10)), "cell A3, line 3", exitNo},
		{"the row of the sheet", homeHead, home, sheet(t, "", sheetTitles, sheetRow(1, 10), []any{""}, sheetRow(2, "x")), "line 4, medfee_sumamt", exitNo},
		{"the row of a hospital's sheet", detailsHead, hospital, sheet(t, "", sheetTitles, sheetRow(1, 10), sheetRow(2, "x")), "line 3, medfee_sumamt", exitNo},
		{"a hospital's sheet without a column", detailsHead, hospital, sheet(t, "", []any{"结算编号", "医疗费总额", "基金支付总额", "个人账户支出"}), "the titles lack the column setl_id", exitNo},
		{"a hospital's sheet with a column twice", detailsHead, hospital, sheet(t, "", []any{"结算ID", "setl_id"}), "two columns setl_id", exitNo},
		{"a line's end in a cell", homeHead, home, sheet(t, "", sheetTitles, sheetRow(1, "10\n")), "line 2, column 3: a line's end within", exitNo},
		{"no spreadsheet", homeHead, home, write(t, "rows.xlsx", "PK"), "cannot be opened", exitNo},
	} {
		args := []string{"check", test.party, "-"}
		if test.file != "" {
			args = append(args, "--file", test.file)
		}
		code, out, stderr := runStatement("", test.head, args...)
		if code != test.code || !strings.Contains(out+stderr, test.says) {
			t.Errorf("%s: exit %d, want %d with %q\n%s%s", test.what, code, test.code, test.says, out, stderr)
		}
	}
}

// statementHouse is a broker with the streams and a stand-in for the daemon's services,
// which says of each statement what the stream has.
func statementHouse(t *testing.T, line service.StatementLine) *bus.Bus {
	b := registryHouse(t)
	day := ledger.NewDay(2026, time.March, 18)
	stop, err := b.Serve(service.Name, "0.0.1", []bus.Endpoint{
		{Name: "statement", Subject: service.Statement + ".>", Handle: func(_ context.Context, _ string, body []byte) ([]byte, error) {
			var request service.StatementRequest
			if err := json.Unmarshal(body, &request); err != nil {
				return nil, err
			}
			line.ID, line.From, line.To = request.ID, &day, &day
			reply := service.StatementReply{Statement: line, Next: request.Skip}
			if head, ok, _ := b.StoredStatement(t.Context(), 1); ok && line.Digest == "" {
				sum := sha256.Sum256(head)
				reply.Statement.Digest = hex.EncodeToString(sum[:])
			}
			if request.Lines && request.Skip < 2 {
				reply.Data, reply.Next = fmt.Appendf(nil, "line %d\n", request.Skip), request.Skip+1
			}
			return json.Marshal(reply)
		}},
		{Name: "have", Subject: service.Have + ".>", Handle: func(context.Context, string, []byte) ([]byte, error) {
			waiting := line
			waiting.ID, waiting.Missing, waiting.Outcome, waiting.Code = "W", []int{0, 3}, "", 0
			return json.Marshal(service.HaveReply{
				Party: "home.65", From: day, To: day, Days: []service.HaveDay{{Day: day, State: "open", Bills: 7, Refunds: 1, Total: 123456789}},
				Waiting: []service.StatementLine{waiting}, Refused: []service.StatementLine{line},
				Reused: []service.ReusedLine{{ID: "X", Part: 2, Code: 6011}},
			})
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop() })
	return b
}

// TestStatementSend: the file goes out in parts whose bytes are its own, and the exit code
// says what became of it.
func TestStatementSend(t *testing.T) {
	b := statementHouse(t, service.StatementLine{Outcome: provinces.StatementApplied, Rows: 2})
	rows := write(t, "rows.txt", twoRows)
	code, out, stderr := runStatement(b.URL(), detailsHead, "send", "provider.33.H33010000001", "-", "--file", rows, "--id", "A", "--progress")
	if code != exitOK || !strings.Contains(out, "applied") || !strings.Contains(stderr, "2/2") || !strings.Contains(out, "when all days of the range are closed") {
		t.Fatalf("%d %s %s", code, out, stderr)
	}
	head, _, _ := b.StoredStatement(t.Context(), 1)
	part, ok, err := b.StoredStatement(t.Context(), 2)
	if err != nil || !ok || string(part) != twoRows || !bytes.Contains(head, fmt.Appendf(nil, `"sha256":"%x"`, sha256.Sum256([]byte(twoRows)))) || !bytes.Contains(head, []byte(`"serial":3`)) {
		t.Errorf("%v %v\n%s\n%s", ok, err, head, part)
	}
}

func TestStatementSendToldNo(t *testing.T) {
	refused := statementHouse(t, service.StatementLine{Outcome: provinces.StatementRefused, Code: 6010, ZH: "合计", EN: "a total", Errors: []provinces.FieldError{{Field: "line 7, setl_id", Found: "a", Expected: "b"}}})
	code, out, stderr := runStatement(refused.URL(), totalsHead, "send", "provider.33.H33010000001", "-", "--lang", "zh")
	if code != exitNo || !strings.Contains(out, "6010 合计") || !strings.Contains(out, "line 7, setl_id") {
		t.Errorf("%d %s %s", code, out, stderr)
	}
	taken := statementHouse(t, service.StatementLine{Outcome: provinces.StatementApplied, Digest: "00"})
	if code, out, stderr = runStatement(taken.URL(), totalsHead, "send", "provider.33.H33010000001", "-"); code != exitNo || !strings.Contains(stderr, "stands for another statement") {
		t.Errorf("%d %s %s", code, out, stderr)
	}
	if code, _, stderr = runStatement(taken.URL(), totalsHead, "send", "provider.33.H33010000001", "-", "--wait", "--timeout", "300ms"); code != exitTimeout {
		t.Errorf("%d %s", code, stderr)
	}
}

func TestStatementShowListAndHave(t *testing.T) {
	b := statementHouse(t, service.StatementLine{ID: "R", Outcome: provinces.StatementRefused, Code: 6010, ZH: "合计", EN: "a total"})
	result := filepath.Join(t.TempDir(), "result.txt")
	for args, want := range map[string][]string{
		"list home.65":                           {"W", "parts missing: 0 3", "6010 a total", "other content for part 2 of X"},
		"list home.65 --lang zh":                 {"缺分片 0 3", "拒绝"},
		"have home.65":                           {"2026-03-18", "1,234,567.89", "0 applied, 1 waiting, 1 refused"},
		"have home.65 --from 2026-03-01 -o json": {`"bills": 7`},
		"show home.65 A":                         {"6010 a total"},
		"show home.65 A --result " + result:      {"2026-03-18"},
	} {
		code, out, stderr := runStatement(b.URL(), "", strings.Fields(args)...)
		for _, text := range want {
			if code != exitOK || !strings.Contains(out, text) {
				t.Errorf("%s: exit %d without %q\n%s%s", args, code, text, out, stderr)
			}
		}
	}
	if lines, err := os.ReadFile(result); err != nil || string(lines) != "line 0\nline 1\n" {
		t.Errorf("%q %v", lines, err)
	}
	if code, _, stderr := runStatement(b.URL(), "", "have", "home.65", "--from", "today"); code != exitUsage || !strings.Contains(stderr, "yyyy-MM-dd") {
		t.Errorf("%d %s", code, stderr)
	}
}
