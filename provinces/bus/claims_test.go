package bus

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap/zaptest"
)

func TestASubjectIsStoredOnce(t *testing.T) {
	f := newBench(t)
	publish := func(body string) string {
		stored, already, err := f.PublishClaim(t.Context(), claim(1), []byte(body))
		return fmt.Sprint(stored, already, err)
	}
	if got := publish("first"); got != "true false <nil>" {
		t.Errorf("first: %s", got)
	}
	if got := publish("first"); got != "false true <nil>" {
		t.Errorf("again: %s", got)
	}
	if got := publish("other content"); got != "false true <nil>" {
		t.Errorf("other content: %s", got)
	}
	f.restart()
	if got := publish("after a restart"); got != "false true <nil>" {
		t.Errorf("after a restart: %s", got)
	}
	stream, err := f.js.Stream(t.Context(), "CLAIMS_31")
	if err != nil {
		t.Fatal(err)
	}
	m, err := stream.GetMsg(t.Context(), 1)
	if err != nil || string(m.Data) != "first" || stream.CachedInfo().State.Msgs != 1 {
		t.Errorf("stored is %v, %v", m, err)
	}
}

// TestMessageIDsCannotBeSquatted: faults.md row 30. The window of the server's own
// deduplication has its least length, and a message id taken by one hospital is free
// for another when that is over.
func TestMessageIDsCannotBeSquatted(t *testing.T) {
	f := newBench(t)
	publish := func(n int) (*jetstream.PubAck, error) {
		return f.js.PublishMsg(t.Context(), nats.NewMsg(claim(n)), jetstream.WithMsgID("same"))
	}
	if _, err := publish(1); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		ack, err := publish(2)
		return err == nil && !ack.Duplicate
	})
}

func TestPublishClaimsInBatches(t *testing.T) {
	batch := func(from, to int) (all []Outgoing) {
		for n := from; n <= to; n++ {
			all = append(all, Outgoing{Subject: claim(n), Body: fmt.Appendf(nil, "body %d", n)})
		}
		return all
	}
	count := func(results []Published) (stored, already, failed int) {
		for _, r := range results {
			switch {
			case r.Stored:
				stored++
			case r.Already:
				already++
			case r.Err != nil:
				failed++
			}
		}
		return
	}
	t.Run("all new", func(t *testing.T) {
		f := newBench(t)
		if s, a, e := count(f.PublishClaims(t.Context(), batch(1, 20))); s != 20 || a+e != 0 {
			t.Errorf("%d stored, %d already, %d failed", s, a, e)
		}
		seen := make(collector, 32)
		f.follow(0, seen.take)
		seen.expect(t, 1, 20)
	})
	t.Run("one stored before", func(t *testing.T) {
		f := newBench(t)
		f.publish(5, 5)
		results := f.PublishClaims(t.Context(), batch(1, 20))
		if s, a, e := count(results); s != 19 || a != 1 || e != 0 || !results[4].Already {
			t.Errorf("%d stored, %d already, %d failed", s, a, e)
		}
	})
	t.Run("one twice in the batch", func(t *testing.T) {
		f := newBench(t)
		messages := append(batch(1, 10), Outgoing{Subject: claim(3), Body: []byte("again")})
		results := f.PublishClaims(t.Context(), messages)
		if s, a, e := count(results); s != 10 || a != 1 || e != 0 || !results[10].Already {
			t.Errorf("%d stored, %d already, %d failed", s, a, e)
		}
	})
	t.Run("one too large", func(t *testing.T) {
		f := newBench(t)
		messages := append(batch(1, 10), Outgoing{Subject: claim(11), Body: make([]byte, MaxPayload+1)})
		results := f.PublishClaims(t.Context(), messages)
		if s, _, _ := count(results); s != 10 || !errors.Is(results[10].Err, ErrTooLarge) {
			t.Errorf("%d stored, the large one: %v", s, results[10].Err)
		}
	})
	t.Run("one for a province without a stream", func(t *testing.T) {
		f := newBench(t)
		results := f.PublishClaims(t.Context(), append(batch(1, 9), Outgoing{Subject: "claims.99.11.H31010100001.M1"}))
		if s, _, _ := count(results); s != 9 || !errors.Is(results[9].Err, ErrNoStream) {
			t.Errorf("%d stored, the stray one: %v", s, results[9].Err)
		}
	})
}

func TestPublishErrorsSayWhy(t *testing.T) {
	f := newBench(t, StreamOptions{ClaimsMaxBytes: 3 << 20})
	largest := bytes.Repeat([]byte("x"), MaxPayload)
	for _, c := range []struct {
		name, subject string
		body          []byte
		want          error
	}{
		{"the largest", claim(1), largest, nil},
		{"one byte more", claim(2), append(largest, 'x'), ErrTooLarge},
		{"no stream", "claims.99.11.H31010100001.M1", nil, ErrNoStream},
		{"too many tokens", claim(3) + ".x", nil, ErrNoStream},
		{"still room", claim(4), largest, nil},
		{"full", claim(5), largest, ErrFull},
		{"full, and small", claim(6), []byte("x"), nil},
	} {
		stored, already, err := f.PublishClaim(t.Context(), c.subject, c.body)
		if already || stored != (c.want == nil) || !errors.Is(err, c.want) {
			t.Errorf("%s: stored %v, already %v, %v; want %v", c.name, stored, already, err, c.want)
		}
	}
}

// TestPermissions runs the example of the package's documentation.
func TestPermissions(t *testing.T) {
	config := filepath.Join(t.TempDir(), "nats.conf")
	err := os.WriteFile(config, []byte(`
		authorization { users: [
		  { user: daemon, password: secret }
		  { user: H31010100001, password: secret
		    permissions: {
		      publish: [
		        "claims.31.*.H31010100001.*", "clearing.estimate.31.*.H31010100001"
		        "statements.provider.31.H31010100001.*.*"
		        "$JS.API.DIRECT.GET.ANSWERS.answers.31.*.H31010100001.*"
		      ]
		      subscribe: [ "_INBOX_H31010100001.>", "answers.31.*.H31010100001.*" ]
		    } }
		] }`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	server, err := StartServer(ServerOptions{StoreDir: t.TempDir(), ConfigFile: config, Log: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	connect := func(user, inbox string) *Bus {
		url := fmt.Sprintf("nats://%s:secret@%s", user, server.URL()[len("nats://"):])
		b, err := Connect(t.Context(), ConnectOptions{URL: url, InboxPrefix: inbox, Log: zaptest.NewLogger(t)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		return b
	}
	daemon := connect("daemon", "")
	if err := daemon.EnsureStreams(t.Context(), provincesOfTest); err != nil {
		t.Fatal(err)
	}
	if err := daemon.PublishAnswers(t.Context(), answersOf(1, 1)); err != nil {
		t.Fatal(err)
	}
	hospital := connect("H31010100001", "_INBOX_H31010100001")

	if stored, _, err := hospital.PublishClaim(t.Context(), claim(1), []byte("own")); !stored {
		t.Errorf("own claim: %v", err)
	}
	if _, ok, err := hospital.Answer(t.Context(), claim(1)); !ok {
		t.Errorf("own answer: %v", err)
	}
	for name, subject := range map[string]string{
		"another hospital's":    "claims.31.65.H31010100002.M1",
		"another province's":    "claims.11.65.H31010100001.M1",
		"an answer":             "answers.31.65.H31010100001.M9",
		"a home region's word":  "registry.65.person",
		"deleting the stream":   "$JS.API.STREAM.DELETE.CLAIMS_31",
		"closing the day by it": "clearing.close",
	} {
		if _, _, err := hospital.PublishClaim(t.Context(), subject, nil); !errors.Is(err, ErrDenied) {
			t.Errorf("%s: %v, want %v", name, err, ErrDenied)
		}
	}
	if _, err := hospital.Call(t.Context(), "clearing.status", nil); !errors.Is(err, ErrDenied) {
		t.Errorf("a service of the officers: %v", err)
	}
}
