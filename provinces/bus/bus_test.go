package bus

import (
	"context"
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap/zaptest"

	"clearingd/ledger"
	"clearingd/provinces"
)

// The tests talk to a real embedded broker on a temporary directory. It syncs every
// message, so each publish costs milliseconds: keep the numbers small.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const shanghai, beijing = ledger.Province("31"), ledger.Province("11")

// bench is one broker, which a test may restart, and one connection to it.
type bench struct {
	*Bus
	t      *testing.T
	server *Server
	dir    string
	port   int
}

func newBench(t *testing.T, o ...StreamOptions) *bench {
	t.Helper()
	t.Parallel() // the tests wait for the disk more than they work
	f := &bench{t: t, dir: t.TempDir()}
	f.start()
	t.Cleanup(func() { f.server.Shutdown() })
	options := ConnectOptions{URL: f.server.URL(), Name: t.Name(), Log: zaptest.NewLogger(t)}
	if len(o) > 0 {
		options.Streams = o[0]
	}
	var err error
	if f.Bus, err = Connect(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Bus.Close)
	if err := f.EnsureStreams(t.Context(), []ledger.Province{shanghai, beijing}); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *bench) start() {
	f.t.Helper()
	server, err := StartServer(ServerOptions{StoreDir: f.dir, Port: f.port, Log: zaptest.NewLogger(f.t)})
	if err != nil {
		f.t.Fatal(err)
	}
	f.server = server // else the one before, which may be shut down again
	fmt.Sscanf(f.server.URL(), "nats://127.0.0.1:%d", &f.port)
}

// restart stops the broker and starts it again on the same port and directory.
func (f *bench) restart() {
	f.t.Helper()
	f.stop()
	f.startAgain()
}

// stop stops the broker, and waits until the client has noticed: what is sent before goes
// nowhere and times out.
func (f *bench) stop() {
	f.t.Helper()
	f.server.Shutdown()
	eventually(f.t, func() bool { return !f.Connected() })
}

// startAgain starts the broker after a stop, and waits until the client is back.
func (f *bench) startAgain() {
	f.t.Helper()
	f.start()
	eventually(f.t, f.Connected)
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatal("did not happen in time")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// soon is a context for what must end by itself: a test that waits for it fails, not hangs.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// claim is the subject of the n-th test claim of Shanghai.
func claim(n int) string { return fmt.Sprintf("claims.31.65.H31010100001.M%d", n) }

func (f *bench) publish(from, to int) {
	f.t.Helper()
	for n := from; n <= to; n++ {
		if stored, _, err := f.PublishClaim(f.t.Context(), claim(n), fmt.Appendf(nil, "body %d", n)); !stored {
			f.t.Fatalf("claim %d: not stored: %v", n, err)
		}
	}
}

// follow runs Follow in the background.
func (f *bench) follow(after uint64, deliver func([]provinces.Message) error) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Follow(ctx, shanghai, after, deliver) }()
	ended := false
	stop = func() error {
		if ended {
			return nil
		}
		ended = true
		cancel()
		return <-done
	}
	f.t.Cleanup(func() { _ = stop() })
	return stop
}

// collector gathers sequences.
type collector chan uint64

func (c collector) take(messages []provinces.Message) error {
	for _, m := range messages {
		c <- m.Sequence
	}
	return nil
}

func (c collector) expect(t *testing.T, from, to uint64) {
	t.Helper()
	for want := from; want <= to; want++ {
		select {
		case got := <-c:
			if got != want {
				t.Fatalf("sequence %d came, want %d", got, want)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("sequence %d did not come", want)
		}
	}
}
