package nhsa

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"clearingd/ledger"
	"clearingd/provinces"
)

// exampleForm finds the examples of a document: a fenced block of JSON under a comment
// that names its schema.
var exampleForm = regexp.MustCompile("(?s)<!-- schema: ([a-z0-9.-]+) -->\n```json\n(.*?)```")

type example struct{ schema, body string }

func examples(t *testing.T, document string) []example {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(docs, document))
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for _, m := range exampleForm.FindAllSubmatch(text, -1) {
		all = append(all, example{string(m[1]), string(m[2])})
	}
	if fences := bytes.Count(text, []byte("```json")); fences == 0 || fences != len(all) {
		t.Fatalf("%s: %d JSON blocks, %d of them name their schema", document, fences, len(all))
	}
	return all
}

func TestDocumentedExamplesAreReal(t *testing.T) {
	compiled := schemas(t)
	for i, e := range examples(t, "hospital-interface.md") {
		schema := compiled[e.schema]
		if schema == nil {
			t.Fatalf("example %d: no schema %s", i, e.schema)
		}
		if err := validate(schema, []byte(e.body)); err != nil {
			t.Errorf("example %d: %v", i, err)
		}
		if strings.HasPrefix(e.schema, "month") {
			checkDocumentedMonth(t, e)
			continue
		}
		if strings.HasPrefix(e.schema, "request") {
			if _, err := New(Settings{}).Decode([]byte(e.body)); err != nil {
				t.Errorf("example %d is refused:\n%s", i, describe(err))
			}
			continue
		}
		checkDocumentedAnswer(t, e.body)
	}
}

// checkDocumentedMonth: a message of the monthly clearing in a document is read, and an
// answer is one that EncodeMonth writes.
func checkDocumentedMonth(t *testing.T, e example) {
	t.Helper()
	d := New(Settings{})
	if e.schema != "month-answer.json" {
		if _, err := d.DecodeMonth([]byte(e.body)); err != nil {
			t.Errorf("%s is refused:\n%s", e.schema, describe(err))
		}
		return
	}
	var read struct {
		Handle string `json:"inf_refmsgid"`
		Time   string `json:"refmsg_time"`
		Output struct{ Data []map[string]string }
	}
	if err := json.Unmarshal([]byte(e.body), &read); err != nil {
		t.Fatal(err)
	}
	answer := provinces.MonthAnswer{Infno: provinces.InfnoMonthConfirm, Treatment: ledger.Area(read.Handle[:6])}
	answer.Number, _ = strconv.ParseUint(read.Handle[20:], 10, 64)
	at, err := time.ParseInLocation("20060102150405", read.Time[:14], china)
	if err != nil {
		t.Fatal(err)
	}
	answer.Received = at.Add(7 * time.Millisecond)
	for i, row := range read.Output.Data {
		answer.Infno = provinces.InfnoMonthFetch
		total, _ := ledger.ParseAmount(row["medfee_sumamt"])
		pays, _ := ledger.ParseAmount(row["optins_pay_sumamt"])
		answer.Lines = append(answer.Lines, provinces.MonthLine{
			Sequence: i + 1, Treatment: ledger.Area(row["mdtrtarea"]), Provider: row["medins_no"], VisitID: row["mdtrt_id"],
			SettledAt: row["mdtrt_setl_time"], SettlementID: row["setl_sn"], Total: total, Pays: pays,
		})
	}
	written, err := d.EncodeMonth(answer)
	var compact bytes.Buffer
	if err := errors.Join(err, json.Compact(&compact, []byte(e.body))); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, compact.Bytes()) {
		t.Errorf("documented:\n%s\nwritten:\n%s", compact.Bytes(), written)
	}
}

// checkDocumentedAnswer: an answer in a document is one that Encode writes.
func checkDocumentedAnswer(t *testing.T, body string) {
	t.Helper()
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(body)); err != nil {
		t.Fatal(err)
	}
	read := readAnswer(t, []byte(body))
	answer := provinces.Answer{Infno: provinces.InfnoSettle, Outcome: provinces.Booked, Code: provinces.Code(-read.Infcode)}
	for _, e := range read.Output.Error {
		answer.Outcome = provinces.Refused
		answer.Errors = append(answer.Errors, provinces.FieldError{Code: provinces.Code(e.Code), Field: e.Field, Expected: e.Expected, Found: e.Found})
	}
	answer.Settlement = settlementOf(t, read)
	if answer.Settlement == nil && answer.Code == 0 {
		answer.Infno, answer.Outcome = provinces.InfnoReverse, provinces.Reversed
	}
	addressAnswer(t, &answer, read)
	written, err := New(Settings{}).Encode(answer)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, compact.Bytes()) {
		t.Errorf("documented:\n%s\nwritten:\n%s", compact.Bytes(), written)
	}
}

func TestBothLanguagesHaveTheSameExamples(t *testing.T) {
	english, chinese := examples(t, "hospital-interface.md"), examples(t, "hospital-interface.zh.md")
	if !slices.Equal(english, chinese) {
		t.Errorf("hospital-interface.md has %d examples, hospital-interface.zh.md %d, and they are not the same", len(english), len(chinese))
	}
}

// Every subject and schema that asyncapi.yaml names exists, and every schema is named.
func TestAsyncAPINamesWhatExists(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(docs, "asyncapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{"common.json": true}
	for _, m := range regexp.MustCompile(`\./schema/([a-z0-9.-]+\.json)`).FindAllSubmatch(text, -1) {
		named[string(m[1])] = true
	}
	compiled := schemas(t)
	for name := range named {
		if compiled[name] == nil {
			t.Errorf("asyncapi.yaml names schema %s, which does not exist", name)
		}
	}
	for name := range compiled {
		if !named[name] {
			t.Errorf("asyncapi.yaml does not name schema %s", name)
		}
	}
	for _, outcome := range provinces.Outcomes {
		if !bytes.Contains(text, []byte(outcome)) {
			t.Errorf("asyncapi.yaml lacks the outcome %s", outcome)
		}
	}
	for _, header := range []string{provinces.HeaderOutcome, provinces.HeaderDigest, provinces.HeaderEntry, provinces.HeaderDay, provinces.HeaderRegister, provinces.HeaderOriginal} {
		if !bytes.Contains(text, []byte(header)) {
			t.Errorf("asyncapi.yaml lacks the header %s", header)
		}
	}
}

// docs/errors.md is written from the codes and from what the invalid vectors are
// refused with; -update writes it.
func TestErrorsDocument(t *testing.T) {
	golden(t, filepath.Join(docs, "errors.md"), errorsDocument(t))
}

var advice = map[provinces.Advice]string{
	provinces.Correct: "correct 更正",
	provinces.Wait:    "wait 稍后",
	provinces.Ask:     "ask 联系",
}

var groups = []struct {
	first  provinces.Code
	zh, en string
}{
	{1000, "报文", "the message"}, {2000, "人员与备案", "person and filing"}, {3000, "金额", "amounts"},
	{4000, "待遇政策", "benefit plan"}, {5000, "交易状态", "state"}, {6000, "对账", "statements"},
	{7000, "经办与月度确认", "officers' acts and monthly confirmation"}, {9000, "系统", "ours"},
}

const errorsHead = `# Refusal codes / 拒绝代码

<!-- Written by a test of provinces/nhsa from the codes and the vectors: run "go test ./provinces/nhsa -run TestErrorsDocument -update" after a change. -->

An answer with a refusal has infcode = minus the code; nothing was booked. Numbers are never reused. Of everything that is wrong with a message by itself (1xxx, 2003, 3xxx) the lowest code is
reported, at all places that have it (at most twenty). Only a message that is right by itself is held against the books (5xxx), then the register (2xxx), then the plan (4xxx, and what only its
calculation finds, such as a stay of more than 3660 days); the first that refuses is reported. An empty ` + "`field`" + `, here (message), is the message as a whole.
响应的 infcode 为代码的负值，表示未记账。代码只增不改。报文自身的错误（1xxx、2003、3xxx）中报告编号最小的一类，列出全部位置（最多二十处）。报文自身无误的，才依次与账簿（5xxx）、参保登记（2xxx）、待遇政策（4xxx，以及计算时才发现的，
如住院超过 3660 天）比对，报告最先拒绝的一项。` + "`field`" + ` 为空（本表写作 (message)）指整个报文。

| advice | what to do | 处理 |
|---|---|---|
| correct 更正 | mend the message and send it under a **new msgid** | 更正报文，换新 msgid 重发 |
| wait 稍后 | nothing is wrong with the message; send it again later under a new msgid | 报文无误，稍后换新 msgid 重发 |
| ask 联系 | people must agree first: ask the home region's agency or the operators | 联系参保地经办机构或运维人员 |
`

func errorsDocument(t *testing.T) []byte {
	seen := places(t)
	var b bytes.Buffer
	b.WriteString(errorsHead)
	group := -1
	for _, code := range provinces.Codes() {
		if group+1 < len(groups) && code >= groups[group+1].first {
			group++
			fmt.Fprintf(&b, "\n## %dxxx %s / %s\n\n| code | name | 含义 | meaning | advice | for example |\n|---|---|---|---|---|---|\n",
				groups[group].first/1000, groups[group].zh, groups[group].en)
		}
		text := code.Text()
		fmt.Fprintf(&b, "| %d | `%s` | %s | %s | %s | %s |\n", code, text.Name, text.ZH, text.EN, advice[text.Advice], strings.Join(seen[code], "<br>"))
	}
	return b.Bytes()
}

// places are up to three different places that the vectors are refused at, by code.
func places(t *testing.T) map[provinces.Code][]string {
	const most = 3
	seen := map[provinces.Code][]string{}
	fields := map[string]bool{}
	for _, v := range vectors(t, "invalid") {
		_, err := New(Settings{}).Decode(v.body)
		var refusal *provinces.RejectError
		if !errors.As(err, &refusal) {
			t.Fatalf("%s: %v", v.name, err)
		}
		e := refusal.Errors[0]
		if e.Field == "" {
			e.Field = "(message)"
		}
		key := fmt.Sprint(e.Code, e.Field)
		if fields[key] || len(seen[e.Code]) == most {
			continue
		}
		fields[key] = true
		place := "`" + e.Field + "`"
		if e.Found != "" {
			place += ": found `" + e.Found + "`"
			if e.Expected != "" {
				place += ", expected `" + e.Expected + "`"
			}
		}
		seen[e.Code] = append(seen[e.Code], strings.ReplaceAll(place, "|", `\|`))
	}
	return seen
}
