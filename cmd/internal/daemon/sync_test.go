package daemon_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"clearingd/cmd/internal/daemon"
)

// externalBroker is a NATS server that clearingd did not start.
func externalBroker(t *testing.T, syncs, tells bool) (url string) {
	t.Helper()
	dir := t.TempDir()
	export, imports := "", ""
	if tells {
		export = `exports: [ { service: "$SYS.REQ.SERVER.PING.JSZ", response_type: stream } ]`
		imports = `imports: [ { service: { account: SYS, subject: "$SYS.REQ.SERVER.PING.JSZ" } } ]`
	}
	sync := ""
	if syncs {
		sync = "sync_interval: always"
	}
	path := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(path, []byte(fmt.Sprintf(`
		listen: "127.0.0.1:-1"
		jetstream { store_dir: %q, %s }
		accounts {
		  SYS: { users: [ { user: sys, password: sys } ], %s }
		  CLEARING: { jetstream: enabled, users: [ { user: anybody, password: x } ], %s }
		}
		system_account: SYS
		no_auth_user: anybody
	`, dir, sync, export, imports)), 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	external, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	external.Start()
	t.Cleanup(func() { external.Shutdown(); external.WaitForShutdown() })
	if !external.ReadyForConnections(30 * time.Second) {
		t.Fatal("the external broker does not come up")
	}
	return external.ClientURL()
}

// TestAnExternalBrokerThatDoesNotSync: what it says of itself decides between silence, a
// warning for ever and a refusal (faults, row 24).
func TestAnExternalBrokerThatDoesNotSync(t *testing.T) {
	const doesNot, doesNotSay = "does not sync before it acknowledges", "does not say whether it syncs"
	for _, c := range []struct {
		name         string
		syncs, tells bool
		says         string // in the log; "": nothing
		metric       string
		refused      bool // with nats.require_sync_always
	}{
		{"it syncs and says so", true, true, "", "clearingd_broker_sync_always 1", false},
		{"it says that it does not", false, true, doesNot, "clearingd_broker_sync_always 0", true},
		{"it syncs and does not say so", true, false, doesNotSay, "clearingd_broker_sync_always 0", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := configOf(t)
			cfg.NATS.URL = externalBroker(t, c.syncs, c.tells)
			core, logged := observer.New(zap.InfoLevel)
			d, err := daemon.New(context.Background(), cfg, zap.New(core))
			if err != nil {
				t.Fatal(err)
			}
			warned := ""
			for _, says := range []string{doesNot, doesNotSay} {
				for _, entry := range logged.All() {
					if strings.Contains(entry.Message, says) && entry.Level >= zap.WarnLevel {
						warned = says
					}
				}
			}
			if warned != c.says {
				t.Errorf("the log warns %q, want %q", warned, c.says)
			}
			if metrics := page(t, logged, "/metrics"); !strings.Contains(metrics, "\n"+c.metric+"\n") {
				t.Errorf("the metrics lack %s", c.metric)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}

			cfg.NATS.RequireSyncAlways = true
			d, err = daemon.New(context.Background(), cfg, zap.NewNop())
			if refused := errors.Is(err, daemon.ErrConfig); refused != c.refused || !refused && err != nil {
				t.Errorf("with nats.require_sync_always: %v, want refused %t", err, c.refused)
			}
			if err == nil {
				d.Close()
			}
		})
	}
}

// page reads from the address that the daemon has logged.
func page(t *testing.T, logged *observer.ObservedLogs, path string) string {
	t.Helper()
	listens := logged.FilterMessage("http listens").All()
	if len(listens) != 1 {
		t.Fatalf("%d addresses in the log", len(listens))
	}
	reply, err := http.Get(fmt.Sprintf("http://%s%s", listens[0].ContextMap()["address"], path))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
