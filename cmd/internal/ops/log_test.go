package ops

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"clearingd/config"
)

// 11010519491231002X is the example of the standard itself (GB 11643-1999, annex A).
const exampleID = "11010519491231002X"

func TestMaskIdentities(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"alone", "person " + exampleID + " came", "person [id] came"},
		{"small x", "11010519491231002x", "[id]"},
		{"beside Chinese", "身份证" + exampleID + "已登记", "身份证[id]已登记"},
		{"first generation", "130503670401001", "[id]"},
		{"18 digits whatever they say", "999999999999999999", "[id]"},
		{"two in a line", exampleID + "," + exampleID, "[id],[id]"},
		{"with a prefix of letters", "psn" + exampleID, "psn[id]"},
		{"with a prefix of digits", "330100" + exampleID, "[id]"},
		{"inside quotes", `{"m":"` + exampleID + `"}`, `{"m":"[id]"}`},
		{"after an escaped quote", `{"m":"a\"` + exampleID + `"}`, `{"m":"a\"[id]"}`},
		{"a bare number", `{"n":330102199003071233,"m":"x"}`, `{"n":"[id]","m":"x"}`},

		{"13 digits", "11G1234567890123", "11G1234567890123"},
		{"17 digits", "12345678901234567", "12345678901234567"},
		{"nanoseconds of an epoch", "1763933345123456789", "1763933345123456789"},
		{"a fraction", "0.123456789012345", "0.123456789012345"},
		{"a time", "2026-11-23T21:29:05.123456789+08:00", "2026-11-23T21:29:05.123456789+08:00"},
		{"digits inside a hash", "ab123456789012345678cd", "ab123456789012345678cd"},
		{"15 digits inside a hash", "ab123456789012345cd", "ab123456789012345cd"},
		{"nothing", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, found := maskIdentities([]byte(test.line), strings.HasPrefix(test.line, "{"))
			if string(got) != test.want || found != (test.line != test.want) {
				t.Errorf("got %q (found %v), want %q", got, found, test.want)
			}
		})
	}
}

func FuzzMaskKeepsJSON(f *testing.F) {
	seeds := []string{exampleID, "a\"" + exampleID, `\`, "\n330102199003071233\\", ""}
	for _, s := range seeds {
		f.Add(s, int64(330102199003071233))
	}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	f.Fuzz(func(t *testing.T, text string, number int64) {
		line, err := json.Marshal(map[string]any{"text": text, text: number})
		if err != nil {
			t.Skip("not JSON to begin with")
		}
		masked, _ := maskIdentities(line, true)
		if !json.Valid(masked) {
			t.Errorf("%s became %s", line, masked)
		}
		if again, found := maskIdentities(masked, true); found {
			t.Errorf("%s still holds an identity: %s", masked, again)
		}
	})
}

// However an identity gets into an entry, it does not get out.
func TestLoggerMasksEverywhere(t *testing.T) {
	var out bytes.Buffer
	before := redactions.Load()
	log, err := NewLogger(&out, config.Log{Level: "info", Format: "json"}, false)
	if err != nil {
		t.Fatal(err)
	}
	log.Info("message " + exampleID)
	log.With(zap.String("with", exampleID)).Info("m")
	log.Named(exampleID).Info("m")
	log.Info("m", zap.Strings("list", []string{exampleID}), zap.Namespace("deep"), zap.ByteString("bytes", []byte(exampleID)))
	log.Info("m", zap.Int64("number", 330102199003071233), zap.Reflect("any", map[string]string{exampleID: exampleID}))
	if strings.Contains(out.String(), exampleID[:17]) || strings.Contains(out.String(), "330102199003071233") {
		t.Errorf("an identity got out:\n%s", out.String())
	}
	for line := range strings.Lines(out.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
	if lines := redactions.Load() - before; lines != 5 {
		t.Errorf("counted %d lines, want 5", lines)
	}
}

func TestLoggerPriorities(t *testing.T) {
	var out bytes.Buffer
	log, err := NewLogger(&out, config.Log{Level: "debug", Format: "json"}, true)
	if err != nil {
		t.Fatal(err)
	}
	log.Debug("d")
	log.Info("i")
	log.Warn("w")
	log.Error("e " + exampleID)
	log.DPanic("p")
	want := []string{"<7>{", "<6>{", "<4>{", "<3>{", "<2>{"}
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(got) != len(want) {
		t.Fatalf("got %d lines:\n%s", len(got), out.String())
	}
	for i, line := range got {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("line %d: got %s, want %s...", i, line, want[i])
		}
	}
}

func TestLoggerLevelAndFormat(t *testing.T) {
	var out bytes.Buffer
	log, _ := NewLogger(&out, config.Log{Level: "warn", Format: "console"}, false)
	log.Info("quiet")
	log.Warn("heard")
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "heard") || json.Valid(out.Bytes()) {
		t.Errorf("got %q", got)
	}
	if log.Core().Enabled(zapcore.InfoLevel) {
		t.Error("info must be off")
	}
	for _, bad := range []config.Log{{Level: "loud", Format: "json"}, {Level: "info", Format: "xml"}} {
		if _, err := NewLogger(&out, bad, false); err == nil {
			t.Errorf("%+v: no error", bad)
		}
	}
}
