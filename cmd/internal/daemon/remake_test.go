package daemon_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/provinces"
)

// reportFiles are the bytes of a day's report, by name.
func reportFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		content, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(content)
	}
	return files
}

// TestALostReportIsMadeAgain: from the books alone, byte by byte as it was sealed, also
// when later days have taken bills of it back; or it says which files would differ.
func TestALostReportIsMadeAgain(t *testing.T) {
	cfg := configOf(t)
	h := start(t, cfg)
	config := sim.DefaultConfig(17, 60, openDay)
	sample := sim.Day(config)
	answers := h.send(sample.Messages)
	call[service.CloseReply](h, service.Close, service.CloseRequest{Day: openDay})
	dir := filepath.Join(cfg.ReportDir(), openDay.String())
	sealed := reportFiles(t, dir)
	if len(sealed) < 7 {
		t.Fatalf("%d files", len(sealed))
	}
	after := sim.FollowUps(config, settleOne(t, sample, answers)).Messages
	if len(after) == 0 {
		t.Fatal("nothing is taken back")
	}
	h.send(after)
	call[service.CloseReply](h, service.Close, service.CloseRequest{Day: openDay + 1})

	for name, lose := range map[string]func() error{
		"the folder": func() error { return os.RemoveAll(dir) },
		"a file":     func() error { return os.Remove(filepath.Join(dir, "entries.csv")) },
		"some bytes": func() error { return os.Truncate(filepath.Join(dir, "report.html"), 100) },
		"nothing":    func() error { return nil },
	} {
		if err := lose(); err != nil {
			t.Fatal(err)
		}
		reply := call[service.RemakeReply](h, service.Remake, service.RemakeRequest{Day: openDay})
		if len(reply.Differ) > 0 || !slices.Equal(reply.Day.Files, slices.Sorted(maps.Keys(sealed))) {
			t.Errorf("%s was lost: %+v", name, reply)
		}
		if !maps.Equal(reportFiles(t, dir), sealed) {
			t.Errorf("%s was lost, and the files are not as they were sealed", name)
		}
	}
	if code := refused(h, service.Remake, service.RemakeRequest{Day: openDay + 2}); code != http.StatusConflict {
		t.Errorf("an open day: %d", code)
	}

	h.close()
	cfg.Report.DemoLabel = "another label"
	h = start(t, cfg)
	if err := os.Truncate(filepath.Join(dir, "report.html"), 100); err != nil {
		t.Fatal(err)
	}
	before := reportFiles(t, dir)
	reply := call[service.RemakeReply](h, service.Remake, service.RemakeRequest{Day: openDay})
	if !slices.Contains(reply.Differ, "report.html") || slices.Contains(reply.Differ, "entries.csv") {
		t.Errorf("under another label these differ: %v", reply.Differ)
	}
	if !maps.Equal(reportFiles(t, dir), before) {
		t.Error("the folder was changed although files differ")
	}
	if _, err := os.Stat(dir + ".new"); !os.IsNotExist(err) {
		t.Errorf("the draft is left: %v", err)
	}
}

// settleOne is what hospitals remember of the answers, by msgid.
func settleOne(t *testing.T, sample sim.Sample, answers []provinces.Envelope) map[string]sim.Answered {
	t.Helper()
	remembered := map[string]sim.Answered{}
	for i, answer := range answers {
		var body struct {
			Output struct {
				SetlInfo struct {
					SetlID string `json:"setl_id"`
				} `json:"setlinfo"`
			} `json:"output"`
		}
		if err := json.Unmarshal(answer.Body, &body); err != nil {
			t.Fatal(err)
		}
		remembered[sample.Messages[i].Subject] = sim.Answered{
			Outcome: provinces.Outcome(answer.Header[provinces.HeaderOutcome]), SettlementID: body.Output.SetlInfo.SetlID,
		}
	}
	return remembered
}
