package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/cmd/internal/daemon"
	"clearingd/config"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// TestBooksFromACopyFollowTheRegisterToo: the books are put back to a copy from before two
// bills, one settled before and one after the register learned what the hospital is. Each
// is decided again with the register as it stood then, and comes to its published answer.
func TestBooksFromACopyFollowTheRegisterToo(t *testing.T) {
	cfg := configOf(t)
	h := start(t, cfg)
	h.send([]sim.Message{jinanStay("m1", "V001")})
	h.close()
	restore := copyBooks(t, cfg)

	h = start(t, cfg)
	h.send([]sim.Message{jinanStay("m2", "V002")})
	h.register([]sim.Registration{providerDocument(1, `"hosp_lv":"09","traits":["community"]`)})
	h.send([]sim.Message{jinanStay("m3", "V003")})
	h.register([]sim.Registration{providerDocument(2, `"hosp_lv":"01"`), providerDocument(3, `"hosp_lv":"02"`)})
	h.send([]sim.Message{jinanStay("m4", "V004")})
	before := call[service.StatusReply](h, service.Status, nil)
	h.close()

	restore()
	h = start(t, cfg)
	after := call[service.StatusReply](h, service.Status, nil)
	if after.BooksNumber != 4 || after.MerkleRoot != before.MerkleRoot {
		t.Errorf("%d records with root %s, before %d with %s", after.BooksNumber, after.MerkleRoot, before.BooksNumber, before.MerkleRoot)
	}
	shown := call[service.RegistryProviderReply](h, service.RegistryProvider+".33", service.RegistryProviderRequest{Provider: "H33010000001"})
	if len(shown.Facilities) != 1 || shown.Facilities[0].Version != 3 {
		t.Errorf("the register knows %+v", shown)
	}
	if check := call[service.CheckReply](h, service.Check, service.CheckRequest{Recompute: true}); len(check.Faults) > 0 {
		t.Errorf("the books fail their check: %v", check.Faults)
	}
}

// copyBooks copies the books of a daemon that is stopped; restore puts the copy back in
// their place.
func copyBooks(t *testing.T, cfg config.Config) (restore func()) {
	t.Helper()
	path := filepath.Join(cfg.State.Dir, "books.db")
	copied, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.WriteFile(path, copied, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// demandEnd compares where restored books end with where the lost ones did.
func (h *house) demandEnd(want service.StatusReply) {
	h.Helper()
	got := call[service.StatusReply](h, service.Status, nil)
	if got.BooksNumber != want.BooksNumber || got.MerkleRoot != want.MerkleRoot {
		h.Errorf("restored books end at %d with root %s, the lost ones at %d with %s",
			got.BooksNumber, got.MerkleRoot, want.BooksNumber, want.MerkleRoot)
	}
}

// TestAForgedAnswerIsNamed: where no login is asked for, somebody publishes among the answers
// with a number far beyond the books, with the very next one, or with one twice. All look like
// books that are older than their answers, and are refused as such; but the error says which
// message it is, and that it need not be ours. Once that is taken out, the books are level again.
func TestAForgedAnswerIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		numbers []string
		named   int // of the messages, the one that the error tells of
	}{
		"far beyond the books": {[]string{"900000"}, 1},
		"the very next":        {[]string{"2"}, 1},
		"twice":                {[]string{"2", "2"}, 2},
	} {
		cfg := configOf(t)
		h := start(t, cfg)
		h.send([]sim.Message{jinanStay("m1", "V001")})
		for i, number := range c.numbers {
			if err := h.hospital.PublishAnswers(t.Context(), []provinces.Envelope{{
				Subject: fmt.Sprintf("answers.33.65.H33010000001.forged%d", i+1), Body: []byte("{}"),
				Header: map[string]string{provinces.HeaderEntry: number, provinces.HeaderDay: openDay.String()},
			}}); err != nil {
				t.Fatal(err)
			}
		}
		h.close()
		err := startFailing(t, cfg)
		if !errors.Is(err, daemon.ErrBooksDamaged) {
			t.Fatalf("%s: %v, want the books refused", name, err)
		}
		for _, want := range []string{
			fmt.Sprintf("ANSWERS message %d on", c.named+1), fmt.Sprintf(`"answers.33.65.H33010000001.forged%d"`, c.named),
			"somebody else publishes among the answers",
		} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: the error does not say %q: %v", name, want, err)
			}
		}
		for i := range c.numbers {
			removeAnswer(t, cfg, uint64(i)+2)
		}
		h = start(t, cfg)
		if got := call[service.StatusReply](h, service.Status, nil).BooksNumber; got != 1 {
			t.Errorf("%s: without the forged answer the books end at %d, want 1", name, got)
		}
		h.close()
	}
}

// removeAnswer takes a message out of ANSWERS while the daemon is stopped, as the runbook says.
func removeAnswer(t *testing.T, cfg config.Config, sequence uint64) {
	t.Helper()
	server, err := bus.StartServer(bus.ServerOptions{StoreDir: filepath.Join(cfg.State.Dir, "nats")})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	connection, err := nats.Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	request := fmt.Sprintf(`{"seq":%d,"no_erase":true}`, sequence)
	reply, err := connection.Request("$JS.API.STREAM.MSG.DELETE."+bus.AnswersStream, []byte(request), time.Minute)
	if err != nil || !strings.Contains(string(reply.Data), `"success":true`) {
		t.Fatalf("message %d is not removed: %v, %s", sequence, err, reply.Data)
	}
}

// startFailing starts a daemon that ends by itself, and returns why.
func startFailing(t *testing.T, cfg config.Config) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	d, err := daemon.New(ctx, cfg, zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)))
	if err != nil {
		return err
	}
	return errors.Join(d.Run(ctx), d.Close())
}
