package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const example = "../deploy/clearingd.toml"

// load writes the text to clearingd.toml and loads it.
func load(t *testing.T, text string, over ...Override) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "clearingd.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path, Overrides{Values: over})
}

// The documented example is the documentation of the defaults: word for word the same.
func TestExampleEqualsDefaults(t *testing.T) {
	fromFile, err := Load(example, Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	fromNothing, err := Load("", Overrides{})
	if err != nil {
		t.Fatal(err)
	}
	fromFile.HTTP.AllowedHosts = nil // an empty list and none are the same
	if diff := cmp.Diff(fromNothing, fromFile); diff != "" {
		t.Errorf("the example differs from the defaults (-default +example):\n%s", diff)
	}
}

// Every key stands in the example; the one without a default stands in a comment.
func TestExampleShowsEveryKey(t *testing.T) {
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	lines := keyLines(data)
	for _, key := range Keys() {
		if key == "first_day" {
			if !regexp.MustCompile(`(?m)^# first_day = "\d{4}-\d\d-\d\d"`).Match(data) {
				t.Errorf("the example does not mention %s", key)
			}
		} else if lines[key] == 0 {
			t.Errorf("the example does not show %s", key)
		}
	}
}

// Each fault names line and key and says what would be right.
func TestFaults(t *testing.T) {
	for _, test := range []struct{ name, file, want string }{
		{"no TOML", "cut_off = \"24:00\"\nstate = [", `clearingd.toml:2:\d+: not TOML: `},
		{"twice", "[log]\nlevel = \"info\"\nlevel = \"warn\"", `clearingd.toml:3:\d+: not TOML: .*level`},
		{"unknown key", "[log]\nlevle = \"info\"", `clearingd.toml:2: log.levle: unknown key; did you mean log.level\?`},
		{"in the wrong table", "[state]\nlisten = \"a:1\"", `clearingd.toml:2: state.listen: unknown key; did you mean nats.listen\?`},
		{"unknown table", "[database]\nhost = \"x\"", `clearingd.toml:1: database: unknown key; deploy/`},
		{"table for a value", "[cut_off]\nx = 1", `clearingd.toml:1: cut_off = \{...\}: must be a text in quotes`},
		{"value for a table", "nats = \"x\"", `clearingd.toml:1: nats: unknown key`},
		{"array of tables", "[[nats]]\nlisten = \"x\"", `clearingd.toml:1: nats: unknown key`},
		{"dotted key", "log.level = \"loud\"", `clearingd.toml:1: log.level = "loud": must be "debug" or "info" or "warn" or "error"`},
		{"inline table", "log = { level = \"info\", format = \"xml\" }", `clearingd.toml:1: log.format = "xml": must be "json" or "console"`},
		{"number as text", "[disk]\nfloor_mib = \"5\"", `clearingd.toml:2: disk.floor_mib = "5": must be a whole number without quotes`},
		{"fraction", "[disk]\nfloor_mib = 512.5", `clearingd.toml:2: disk.floor_mib = 512.5: must be a whole number`},
		{"number too small", "[batch]\nclaims_max = 0", `clearingd.toml:2: batch.claims_max = 0: must be a whole number from 1 to 1000`},
		{"number too large", "[disk]\nfloor_mib = 9223372036854775807", `clearingd.toml:2: disk.floor_mib = 9223372036854775807: must be .* to 4398046511104`},
		{"truth as text", "[plans]\nrequire_verified = \"yes\"", `clearingd.toml:2: plans.require_verified = "yes": must be true or false`},
		{"mode", "business_day = \"auto\"", `clearingd.toml:1: business_day = "auto": must be "clock" or "manual"`},
		{"manual without a day", "business_day = \"manual\"", `clearingd.toml:1: business_day = "manual": needs first_day`},
		{"day with the clock", "first_day = \"2026-11-23\"", `clearingd.toml:1: first_day = "2026-11-23": only counts with business_day`},
		{"no such day", "first_day = \"2026-02-30\"", `clearingd.toml:1: first_day = "2026-02-30": must be a day that exists`},
		{"cut-off at the beginning", "cut_off = \"00:00\"", `clearingd.toml:1: cut_off = "00:00": must be a time of day from "00:01" to "24:00"`},
		{"cut-off beyond the end", "cut_off = \"24:01\"", `clearingd.toml:1: cut_off = "24:01": must be`},
		{"cut-off in short", "cut_off = \"8:00\"", `clearingd.toml:1: cut_off = "8:00": must be`},
		{"empty state", "[state]\ndir = \"\"", `clearingd.toml:2: state.dir = "": must name a directory`},
		{"address without port", "[nats]\nlisten = \"localhost\"", `clearingd.toml:2: nats.listen = "localhost": must be HOST:PORT`},
		{"port out of range", "[http]\nlisten = \"127.0.0.1:65536\"", `clearingd.toml:2: http.listen = "127.0.0.1:65536": must be HOST:PORT`},
		{"port by name", "[http]\nlisten = \"127.0.0.1:http\"", `clearingd.toml:2: http.listen = .* must be HOST:PORT`},
		{"broker for everybody", "[nats]\nlisten = \"0.0.0.0:4222\"", `clearingd.toml:2: nats.listen = "0.0.0.0:4222": leaves the loopback`},
		{"pages for everybody", "[http]\nlisten = \"[::]:80\"", `clearingd.toml:2: http.listen = "\[::\]:80": leaves the loopback`},
		{"one address for two", "[http]\nlisten = \"127.0.0.1:4222\"", `clearingd.toml:2: http.listen = "127.0.0.1:4222": is the address of nats.listen too`},
		{"scheme", "[nats]\nurl = \"http://broker\"", `clearingd.toml:2: nats.url: must be nats://HOST:PORT`},
		{"login in the address", "[nats]\nurl = \"nats://me:hunter2@broker\"", `clearingd.toml:2: nats.url: must not carry a login`},
		{"login at a broker that asks for none", "[nats]\nnkey_file = \"/dev/null\"", `clearingd.toml:2: nats.nkey_file = "/dev/null": only counts with nats.url or nats.server_config_file`},
		{"user without password", "[nats]\nurl = \"nats://broker\"\nuser = \"me\"", `clearingd.toml:3: nats.user = "me": needs nats.password_file`},
		{"password in the file", "[nats]\nurl = \"nats://broker\"\npassword = \"hunter2\"", `clearingd.toml:3: nats.password: unknown key; [^=]*$`},
		{"two brokers", "[nats]\nlisten = \"127.0.0.1:5222\"\nurl = \"nats://broker\"", `clearingd.toml:2: nats.listen = "127.0.0.1:5222": belongs to the embedded broker`},
		{"cluster of one", "[nats]\nreplicas = 3", `clearingd.toml:2: nats.replicas = 3: only counts with nats.url`},
		{"even copies", "[nats]\nurl = \"nats://broker\"\nreplicas = 2", `clearingd.toml:3: nats.replicas = 2: must be 1, 3 or 5`},
		{"wildcard inbox", "[nats]\ninbox_prefix = \"a.>\"", `clearingd.toml:2: nats.inbox_prefix = "a.>": must be a subject without wildcards`},
		{"host with port", "[http]\nallowed_hosts = [\"a.cn\", \"b.cn:80\"]", `clearingd.toml:2: http.allowed_hosts = \["a.cn" "b.cn:80"\]: must be host names`},
		{"list of numbers", "[http]\nallowed_hosts = [1]", `clearingd.toml:2: http.allowed_hosts = \[1\]: must be a list of texts`},
		{"no such province", "[homes]\n66 = \"declared\"\n99 = \"declared\"", `clearingd.toml:3: homes.99: unknown province`},
		{"trust", "[homes]\n65 = \"yes\"", `clearingd.toml:2: homes.65 = "yes": must be "declared" or "registered"`},
		{"no such order", "[order]\n65 = \"fifo\"", `clearingd.toml:2: order.65 = "fifo": must be "last-in-first-out" or "refold"`},
		{"order of no province", "[order]\n99 = \"refold\"", `clearingd.toml:2: order.99: unknown province`},
		{"no such directory", "[plans]\ndir = \"/nowhere/plans\"", `clearingd.toml:2: plans.dir = "/nowhere/plans": must be a directory that exists: no such file`},
		{"file for a directory", "[state]\ndir = \"/dev/null\"", `clearingd.toml:2: state.dir = "/dev/null": must be a directory, but is a file`},
		{"no such key file", "[pseudonym]\nkey_file = \"/nowhere/key\"", `clearingd.toml:2: pseudonym.key_file = "/nowhere/key": must be a file that exists`},
		{"label of two lines", "[report]\ndemo_label = \"a\\nb\"", `clearingd.toml:2: report.demo_label = "a\\nb": must be one line`},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := load(t, test.file)
			if !errors.Is(err, ErrInvalid) {
				t.Fatalf("got %v, want an error that wraps ErrInvalid", err)
			}
			if !regexp.MustCompile("^" + test.want).MatchString(err.Error()) {
				t.Errorf("got  %s\nwant %s", err, test.want)
			}
			if n := len(strings.Split(err.Error(), "\n")); n != 1 {
				t.Errorf("one mistake gave %d faults:\n%s", n, err)
			}
		})
	}
}

// An operator mends a file once, not once for every line of it.
func TestAllFaultsAtOnceInOrder(t *testing.T) {
	_, err := load(t, `
cut_off = "noon"
[nats]
listen = "nowhere"
lisen = ""
[http]
listen = "0.0.0.0:80"
[log]
level = 3
`, Override{Key: "disk.floor_mib", Text: "few", Origin: "--set"})
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatalf("got %v", err)
	}
	var got []string
	for _, f := range faults {
		got = append(got, f.Where+" "+f.Key)
	}
	want := []string{
		"clearingd.toml:2 cut_off", "clearingd.toml:4 nats.listen", "clearingd.toml:5 nats.lisen",
		"clearingd.toml:7 http.listen", "clearingd.toml:9 log.level", "--set disk.floor_mib",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestGoodValues(t *testing.T) {
	c, err := load(t, `
business_day = "manual"
first_day = 2016-01-01
cut_off = "20:30"
[state]
dir = "books"
[homes]
65 = "registered"
[order]
65 = "refold"
[http]
listen = "0.0.0.0:80"
allow_remote = true
allowed_hosts = ["clearing.example.cn"]
[nats]
url = "tls://a:4222, tls://b:4222"
replicas = 3
`)
	if err != nil {
		t.Fatal(err)
	}
	wd, _ := os.Getwd()
	for _, check := range []struct {
		what      string
		got, want any
	}{
		{"first_day", c.FirstDay, time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"cut_off", c.CutOff.String(), "20:30"},
		{"state.dir", c.State.Dir, filepath.Join(wd, "books")},
		{"reports", c.ReportDir(), filepath.Join(wd, "books", "reports")},
		{"a registered home", c.Homes.Of("65"), Registered},
		{"another home", c.Homes.Of("11"), Declared},
		{"a home that re-folds", c.Order.Of("65"), Refold},
		{"a home that does not", c.Order.Of("11"), LastInFirstOut},
		{"embedded", c.NATS.Embedded(), false},
		{"replicas", c.NATS.Replicas, 3},
	} {
		if check.got != check.want {
			t.Errorf("%s: got %v, want %v", check.what, check.got, check.want)
		}
	}
}

func TestOverrides(t *testing.T) {
	const file = "[nats]\nurl = \"nats://broker\"\nreplicas = 3\n[log]\nlevel = \"warn\""
	for _, test := range []struct {
		name      string
		over      Override
		got       func(Config) any
		want, err string
	}{
		{"the flag wins", Override{"log.level", "debug", "--log-level"}, func(c Config) any { return c.Log.Level }, "debug", ""},
		{"broker by address", Override{BrokerKey, "127.0.0.1:9", "--nats"}, func(c Config) any { return fmt.Sprint(c.NATS.Listen, c.NATS.Embedded()) }, "127.0.0.1:9true", ""},
		{"broker by URL", Override{BrokerKey, "nats://other", "--nats"}, func(c Config) any { return c.NATS.URL }, "nats://other", ""},
		{"number", Override{"disk.floor_mib", "16", "--set"}, func(c Config) any { return c.Disk.FloorBytes }, "16777216", ""},
		{"truth", Override{"plans.require_verified", "true", "--set"}, func(c Config) any { return c.Plans.RequireVerified }, "true", ""},
		{"list", Override{"http.allowed_hosts", "a.cn,b.cn", "--set"}, func(c Config) any { return c.HTTP.AllowedHosts }, "[a.cn b.cn]", ""},
		{"home", Override{"homes.65", "registered", "--set"}, func(c Config) any { return c.Homes.Of("65") }, "registered", ""},
		{"bad value", Override{"disk.floor_mib", "1", "--set"}, nil, "", "--set: disk.floor_mib = 1: must be a whole number from 16"},
		{"bad type", Override{"plans.require_verified", "yes", "--set"}, nil, "", `--set: plans.require_verified = "yes": must be true or false`},
		{"unknown key", Override{"disk.flor_mib", "1", "--set"}, nil, "", "--set: disk.flor_mib: unknown key; did you mean disk.floor_mib?"},
		{"bad broker", Override{BrokerKey, "broker", "--nats"}, nil, "", `--nats: nats.listen = "broker": must be HOST:PORT`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := load(t, file, test.over)
			if test.err != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.err) {
					t.Fatalf("got %v, want %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(test.got(c)); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	_, err := Load(filepath.Join(t.TempDir(), "none.toml"), Overrides{})
	if !errors.Is(err, ErrInvalid) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// A key file that others can read is no secret any more.
func TestPrivateFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	os.WriteFile(path, []byte("x"), 0o644)
	text := fmt.Sprintf("[pseudonym]\nkey_file = %q", path)
	if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), "can be read by other users (mode 0644): chmod 600") {
		t.Errorf("mode 0644: got %v", err)
	}
	os.Chmod(path, 0o600)
	if _, err := load(t, text); err != nil {
		t.Errorf("mode 0600: got %v", err)
	}
}

// A login in an address reaches no message, whichever way it gets there.
func TestAddressLoginsAreNotShown(t *testing.T) {
	_, fromFile := load(t, `nats.url = "nats://me:hunter2@broker"`)
	_, fromFlag := load(t, "", Override{BrokerKey, "nats://me:hunter2@broker", "--nats"})
	for _, err := range []error{fromFile, fromFlag} {
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("got %v", err)
		}
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	s := NewSecret([]byte("hunter2"))
	inJSON, _ := json.Marshal(map[string]any{"k": s})
	for _, printed := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s, s, s, s),
		fmt.Sprintf("%+v", struct{ K Secret }{s}), string(inJSON),
	} {
		if strings.Contains(printed, "hunter2") || strings.Contains(printed, "68756e74") || !strings.Contains(printed, "secret") {
			t.Errorf("printed %q", printed)
		}
	}
	if string(s.Reveal()) != "hunter2" {
		t.Error("Reveal must give the secret")
	}
}

// Whatever stands in a file: no panic, and an error that can be told from others.
func FuzzLoad(f *testing.F) {
	seeds := 0
	for _, path := range []string{example} {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(data))
		seeds++
	}
	for _, s := range []string{"", "a.b.c = 1", "[homes]\n65 = 1", "nats = { url = [ { x = 1 } ] }", "[[log]]", "\"\" = 1", "homes = 5", "[homes.default]"} {
		f.Add(s)
		seeds++
	}
	if seeds < 9 {
		f.Fatalf("only %d seeds", seeds)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := newReader("fuzz.toml")
		r.file([]byte(text))
		r.relations()
		for _, fault := range r.faults {
			if fault.Right == "" || fault.Where == "" {
				t.Errorf("a fault without words: %+v", fault)
			}
		}
	})
}
