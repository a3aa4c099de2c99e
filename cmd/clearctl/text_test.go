package main

import (
	"bytes"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

func TestTablesAlignWhatAScreenShows(t *testing.T) {
	tab := newTable("省份", ">金额")
	tab.row("31 上海", "1,234.00")
	tab.row("Inner Mongolia", "5.00")
	tab.row("ｆｕｌｌ", "é")      // full-width letters take two columns
	tab.row("e\u0301x", "9")  // a combining accent takes none
	tab.row("a\x1b[31mb", "") // control characters cannot steer the terminal
	var b bytes.Buffer
	tab.write(&b)
	want := "" +
		"省份                金额\n" +
		"──────────────  ────────\n" +
		"31 上海         1,234.00\n" +
		"Inner Mongolia      5.00\n" +
		"ｆｕｌｌ               é\n" +
		"e\u0301x                     9\n" +
		"a·[31mb\n"
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestAmountsAreGrouped(t *testing.T) {
	for fen, want := range map[ledger.Amount]string{
		0: "0.00", 5: "0.05", -5: "-0.05", 99_999: "999.99", 100_000: "1,000.00", 629_000_000: "6,290,000.00",
		-123_456_789_012: "-1,234,567,890.12", 100_000_000: "1,000,000.00",
	} {
		if got := grouped(fen); got != want {
			t.Errorf("%d fen: %s, want %s", fen, got, want)
		}
	}
}

func TestLanguage(t *testing.T) {
	for _, c := range []struct {
		name string
		args string
		env  map[string]string
		want language
	}{
		{"nothing said", "status", nil, chinese},
		{"locale", "status", map[string]string{"LANG": "en_GB.UTF-8"}, english},
		{"LC_ALL wins", "status", map[string]string{"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, english},
		{"flag wins", "status --lang zh", map[string]string{"LANG": "en_GB"}, chinese},
		{"flag with =", "--lang=en status", nil, english},
		{"a flag that is wrong is told in the locale's language", "--lang fr", map[string]string{"LANG": "en_GB"}, english},
		{"after --", "publish -- --lang en", nil, chinese},
	} {
		if got := pickLanguage(strings.Fields(c.args), func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// Without the books there are no figures: status then shows the reasons and nothing that
// would read as if nothing were wrong, or as if nobody had ever sent a claim.
func TestStatusOfABrokerWithoutBooks(t *testing.T) {
	var out bytes.Buffer
	a := &app{out: &out, lang: english}
	a.printStatus(service.StatusReply{Version: "1", IntakeOnly: true, Reasons: []string{"books: damaged: record 7"}})
	text := out.String()
	if !strings.Contains(text, "books: damaged: record 7") || !strings.Contains(text, "intake only") {
		t.Error(text)
	}
	for _, untrue := range []string{"business day", "booked  ", "streams are answered", "none yet"} {
		if strings.Contains(text, untrue) {
			t.Errorf("%q in\n%s", untrue, text)
		}
	}
}

// A messages file gives back exactly the bytes that were put in, whatever they are: the
// answer's digest is over them.
func TestMessagesFileKeepsEveryByte(t *testing.T) {
	subject := "claims.31.65.H31010190001.M1"
	bodies := [][]byte{
		[]byte(`{"a":1}`), []byte(`{"a" :  1.00,"b":"<&>\u2028"}`), []byte("{\"a\":\n1}"), []byte(` {"a":1}`), []byte(`{"a":1,"a":2}`),
		[]byte("not json"), []byte("{\"a\":\"\xff\"}"), []byte("1"), []byte("null"), []byte("\"text\""),
	}
	roundTrip := func(body []byte) []byte {
		var b bytes.Buffer
		if err := writeLine(&b, message{subject: subject, body: body, what: "claim", want: provinces.Refused, code: 1001}); err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(b.Bytes(), []byte("\n")); n != 1 {
			t.Fatalf("%d line breaks in a line for %q", n, body)
		}
		got, err := readMessages(b.Bytes())
		if err != nil || len(got) != 1 || got[0].subject != subject || got[0].want != provinces.Refused || got[0].code != 1001 {
			t.Fatalf("%q: read %+v (%v)", body, got, err)
		}
		return got[0].body
	}
	for _, body := range bodies {
		if got := roundTrip(body); !bytes.Equal(got, body) {
			t.Errorf("%q came back as %q", body, got)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		body := rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(r, "body")
		if got := roundTrip(body); !bytes.Equal(got, body) {
			r.Fatalf("%q came back as %q", body, got)
		}
	})
}

func FuzzReadMessages(f *testing.F) {
	seeds := []string{
		`{"infno":"2304","msgid":"M","mdtrtarea_admvs":"310101","insuplc_admdvs":"650100","fixmedins_code":"H31010190001"}`,
		`{"subject":"claims.31.65.H31010190001.M1","body":{}}`, `{"subject":"claims.31.65.H31010190001.M1","body_base64":"AA=="}`,
		"", "[]", "{", "null", `{"subject":5}`, `{"subject":"x","body":1}`,
	}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		messages, err := readMessages(data)
		if err != nil {
			return
		}
		for _, m := range messages {
			if m.key == nil || len(m.body) == 0 || m.key.Claims() == "" {
				t.Errorf("a message without subject or body from %q", data)
			}
		}
	})
}
