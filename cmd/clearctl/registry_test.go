package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// runRegistry runs "clearctl registry ..." and returns its exit code and what it wrote.
func runRegistry(url, in string, args ...string) (code int, out, stderr string) {
	var o, e bytes.Buffer
	a := &app{in: strings.NewReader(in), out: &o, err: &e, getenv: func(name string) string {
		return map[string]string{"LANG": "en_US.UTF-8", "CLEARCTL_NATS": url}[name]
	}, now: time.Now, lang: pickLanguage(args, func(string) string { return "en_US.UTF-8" })}
	root := a.root()
	if c, _, err := root.Find([]string{"registry"}); err != nil || c == root {
		root.AddCommand(a.registryCommand())
	}
	root.SetArgs(append([]string{"registry"}, args...))
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	code = a.exit(context.Background(), root.ExecuteContext(context.Background()))
	return code, o.String(), e.String()
}

const (
	goodFiling = `{"doctype":"filing","docid":"F1","docver":1,"insuplc_admdvs":"650100","psn_no":"N1","out_fil_type":"06","opt_time":"2026-01-01","begndate":"2026-01-01"}`
	badFiling  = `{"doctype":"filing","docid":"F2","docver":1,"insuplc_admdvs":"650100","psn_no":"N1","out_fil_type":"99","opt_time":"2026-01-01","begndate":"2026-01-01"}`
)

// registryHouse is a broker with the streams and a stand-in for the daemon's services.
func registryHouse(t *testing.T) *bus.Bus {
	server, err := bus.StartServer(bus.ServerOptions{StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Shutdown)
	b, err := bus.Connect(t.Context(), bus.ConnectOptions{URL: server.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	if err := b.EnsureStreams(t.Context(), []ledger.Province{"31"}); err != nil {
		t.Fatal(err)
	}
	reply := func(v any) func(context.Context, string, []byte) ([]byte, error) {
		return func(context.Context, string, []byte) ([]byte, error) { return json.Marshal(v) }
	}
	outpatient, to := ledger.Amount(132050), ledger.NewDay(2026, time.May, 31)
	stop, err := b.Serve(service.Name, "0.0.1", []bus.Endpoint{
		{Name: "registry", Subject: service.Registry + ".*", Handle: reply(service.RegistryReply{
			Person: "p-1", Mode: "registered", Known: true,
			Enrolments: []service.RegistryEnrolment{{
				Document: "P1", Version: 2, Area: "650100", Insutype: "310", PersonType: "1201",
				Identities: []provinces.Identity{{Type: "2201", Level: "1"}}, From: ledger.NewDay(2018, time.May, 1),
			}},
			Filings:       []service.RegistryFiling{{Document: "F1", Version: 1, Type: "06", Places: []string{"3301"}, From: ledger.NewDay(2026, time.January, 5)}},
			Cards:         []service.RegistryCard{{Document: "K1", Version: 1, Kind: "03", Temporary: true, From: ledger.NewDay(2026, time.March, 1), To: &to}},
			Accumulations: []service.RegistryAccumulationLine{{Document: "A1", Version: 1, Insutype: "310", Year: 2026, Outpatient: &outpatient}},
		})},
		{Name: "registryprovider", Subject: service.RegistryProvider + ".*", Handle: reply(service.RegistryProviderReply{
			Provider: "H65010000001", Known: true, Today: &benefit.Facility{Level: benefit.LevelFirst, Traits: []string{"community"}},
			Facilities: []service.RegistryFacility{{Document: "U1", Version: 2, Area: "650100", Level: "08", Traits: []string{"community"}, Name: "样例", From: ledger.NewDay(2026, time.January, 1)}},
		})},
		{Name: "registryrefusals", Subject: service.RegistryRefusals + ".*", Handle: reply(service.RegistryRefusalsReply{
			Counts:   map[provinces.RegistryOutcome]uint64{"applied": 7, "refused": 1},
			Refusals: []service.RegistryRefusal{{Sequence: 8, Kind: "filing", Document: "F2", Code: 1011, ZH: "代码", EN: "a code", Errors: []provinces.FieldError{{Field: "out_fil_type"}}}},
			More:     true,
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop() })
	return b
}

func TestRegistrySend(t *testing.T) {
	b := registryHouse(t)
	code, out, stderr := runRegistry(b.URL(), goodFiling+"\n"+goodFiling, "send")
	if code != exitOK || !strings.Contains(out, "2 documents published") {
		t.Fatalf("%d %s %s", code, out, stderr)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []provinces.RegistryMessage
	_ = b.FollowRegistry(ctx, 0, func(m []provinces.RegistryMessage) error {
		if got = append(got, m...); len(got) >= 2 {
			cancel()
		}
		return nil
	})
	if len(got) != 2 || got[0].Subject != "registry.65.filing" || string(got[0].Body) != goodFiling {
		t.Errorf("%+v", got)
	}
}

func TestRegistrySendChecksFirst(t *testing.T) {
	b := registryHouse(t)
	for what, test := range map[string]struct {
		in, args, stderr string
		code             int
	}{
		"a wrong document":         {goodFiling + "\n" + badFiling, "send", "document 2, which ends in line 2: 1011 a code is outside its code table: out_fil_type", exitUsage},
		"no JSON":                  {goodFiling + "\nnonsense", "send", "not JSON from line", exitUsage},
		"nothing":                  {"", "send", "no documents", exitUsage},
		"nothing to tell where":    {`{"doctype":"filing"}`, "send --unchecked", "1004", exitUsage},
		"unchecked, it is sent":    {badFiling, "send --unchecked", "", exitOK},
		"a province that is none":  {"", "refusals 99", "no such province: 99", exitUsage},
		"in Chinese":               {badFiling, "send --lang zh", "第 1 份文档", exitUsage},
		"a key file that is none":  {"", "key 65 --key-file /nonexistent", "no such file", exitUsage},
		"no provider's code":       {"", "provider 65 N1", "[HP][0-9]{11}", exitUsage},
		"no person":                {"", "show 65", "usage", exitUsage},
		"a sample that is no JSON": {"x", "sample", "not JSON", exitUsage},
	} {
		code, out, stderr := runRegistry(b.URL(), test.in, strings.Fields(test.args)...)
		if code != test.code || !strings.Contains(stderr, test.stderr) {
			t.Errorf("%s: exit %d, %s%s", what, code, out, stderr)
		}
	}
	state, err := b.RegistryState(t.Context())
	if err != nil || state.Last != 1 {
		t.Errorf("%d documents on the bus, %v", state.Last, err)
	}
}

func TestRegistryShowAndRefusals(t *testing.T) {
	b := registryHouse(t)
	for args, want := range map[string][]string{
		"show 65 -":                          {"p-1  65 Xinjiang (registered", "650100 310 1201 2201/1", "filing 06 → 3301", "temporary card 03", "2026-05-31", "outpatient 1,320.50"},
		"show 65 N1 --lang zh":               {"登记制", "备案", "临时卡"},
		"show 65 N1 -o json":                 {`"person": "p-1"`},
		"provider 65 H65010000001":           {"H65010000001  65 Xinjiang", "settled with first+community", "U1", "08", "样例", "2026-01-01"},
		"provider 65 H65010000001 --lang zh": {"一级及以下社区"},
		"provider 65 H65010000001 -o json":   {`"level": "08"`, `"today": {`},
		"refusals 65":                        {"7 applied, 0 repeated, 1 refused", "1011", "out_fil_type", "--before 8"},
		"refusals 65 --lang zh":              {"已登记 7"},
		"refusals 65 -o json":                {`"code": 1011`},
		"refusals 65 --before 1200":          {"a code"},
	} {
		code, out, stderr := runRegistry(b.URL(), "N1\n", strings.Fields(args)...)
		for _, text := range want {
			if code != exitOK || !strings.Contains(out, text) {
				t.Errorf("%s: exit %d without %q\n%s%s", args, code, text, out, stderr)
			}
		}
	}
}

// TestRegistryKey: with the key that is handed out an agency makes the hash that the
// books make of the number.
func TestRegistryKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pseudonym.key")
	if err := os.WriteFile(file, []byte(strings.Repeat("0b", 32)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%x\n", clearing.NewPseudonyms(bytes.Repeat([]byte{11}, 32)).HomeKey("65"))
	if code, out, stderr := runRegistry("", "", "key", "65", "--key-file", file); code != exitOK || out != want {
		t.Errorf("%d %q %s", code, out, stderr)
	}
	if _, other, _ := runRegistry("", "", "key", "66", "--key-file", file); other == want || len(other) != len(want) {
		t.Errorf("another province's key is %q", other)
	}
}

func TestRegistrySample(t *testing.T) {
	var lines bytes.Buffer
	for _, m := range sim.Day(sim.DefaultConfig(1, 20, ledger.NewDay(2026, time.March, 18))).Messages {
		if err := writeLine(&lines, message{subject: m.Subject, body: m.Body}); err != nil {
			t.Fatal(err)
		}
	}
	code, out, stderr := runRegistry("", lines.String(), "sample", "--providers")
	if code != exitOK || strings.Count(out, `"fixmedins_code"`) < 10 {
		t.Fatalf("%d %s %s", code, out, stderr)
	}
	if _, err := readDocuments([]byte(out), false); err != nil {
		t.Error(err)
	}
	code, out, stderr = runRegistry("", lines.String(), "sample")
	if code != exitOK || strings.Count(out, "\n") < 30 {
		t.Fatalf("%d %d lines %s", code, strings.Count(out, "\n"), stderr)
	}
	if _, err := readDocuments([]byte(out), false); err != nil {
		t.Error(err)
	}
}
