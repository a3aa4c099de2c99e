package bus

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap/zaptest"

	"clearingd/provinces"
)

// TestOrderOfOneMessage: what the reader makes of the two counts of a message.
func TestOrderOfOneMessage(t *testing.T) {
	gap := ErrGap{Stream: "CLAIMS_31", Expected: 5, Found: 7}
	for _, c := range []struct {
		name             string
		whole            bool
		stream, consumer uint64 // of the message; 5 is next, 2 were delivered
		want             error
	}{
		{"the next one", true, 5, 3, nil},
		{"one lost on the way", true, 6, 4, errLost},
		{"a hole in the stream", true, 7, 3, gap},
		{"a hole, read through a filter", false, 7, 3, nil},
		{"one lost, read through a filter", false, 7, 4, errLost},
		{"an old one again", true, 4, 3, errLost},
		{"from another consumer", true, 5, 1, errLost},
	} {
		f := follower{stream: "CLAIMS_31", whole: c.whole}
		meta := &jetstream.MsgMetadata{Sequence: jetstream.SequencePair{Stream: c.stream, Consumer: c.consumer}}
		if err := f.order(meta, 5, 2); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestFollowOverACutLine reads through a line that breaks after every 200 KB, in the
// middle of messages, and misses and doubles none.
func TestFollowOverACutLine(t *testing.T) {
	f := newBench(t)
	const total = 100
	messages := make([]Outgoing, total)
	for i := range messages {
		messages[i] = Outgoing{Subject: claim(i), Body: bytes.Repeat([]byte("x"), 10_000)}
	}
	for i, r := range f.PublishClaims(t.Context(), messages) {
		if !r.Stored {
			t.Fatal(i, r.Err)
		}
	}
	line := newCutLine(t, f.server.URL()[len("nats://"):], 200_000)
	bus, err := Connect(t.Context(), ConnectOptions{URL: "nats://" + line.Addr().String(), Log: zaptest.NewLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bus.Close)
	next := uint64(1)
	err = bus.Follow(soon(t), shanghai, 0, func(batch []provinces.Message) error {
		for _, m := range batch {
			if m.Sequence != next || len(m.Body) != 10_000 {
				return fmt.Errorf("sequence %d with %d bytes, want %d", m.Sequence, len(m.Body), next)
			}
			next++
		}
		if next > total {
			return errDone
		}
		return nil
	})
	if !errors.Is(err, errDone) {
		t.Error(err)
	}
	if line.cuts.Load() == 0 {
		t.Error("the line was never cut: the test shows nothing")
	}
}

// cutLine forwards TCP and cuts each connection after so many bytes to the client.
type cutLine struct {
	net.Listener
	cuts atomic.Int64
}

func newCutLine(t *testing.T, server string, after int64) *cutLine {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	line := &cutLine{Listener: listener}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			broker, err := net.Dial("tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			go func() { _, _ = io.Copy(broker, client); broker.Close() }()
			go func() {
				if n, _ := io.CopyN(client, broker, after); n == after {
					line.cuts.Add(1)
				}
				client.Close()
				broker.Close()
			}()
		}
	}()
	return line
}

// TestFullStore: nothing is dropped to make room, the publisher is told, and the round
// trip tells the watchdog, although the broker calls itself healthy.
func TestFullStore(t *testing.T) {
	server, err := StartServer(ServerOptions{StoreDir: t.TempDir(), MaxStore: minMaxStore})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Shutdown()
	bus, err := Connect(t.Context(), ConnectOptions{Server: server})
	if err != nil {
		t.Fatal(err)
	}
	defer bus.Close()
	if err := bus.EnsureStreams(t.Context(), provincesOfTest); err != nil {
		t.Fatal(err)
	}
	stored, body := 0, make([]byte, MaxPayload)
	for n := range 20 {
		ok, _, err := bus.PublishClaim(t.Context(), claim(n), body)
		if ok {
			stored++
		} else if !errors.Is(err, ErrFull) {
			t.Fatalf("claim %d: %v", n, err)
		}
	}
	state, err := bus.ClaimsState(t.Context(), shanghai)
	if stored == 0 || stored == 20 || state.First != 1 || state.Last != uint64(stored) || err != nil {
		t.Errorf("%d stored, stream %+v, %v", stored, state, err)
	}
	if err := bus.RoundTrip(t.Context()); !errors.Is(err, ErrFull) {
		t.Errorf("round trip: %v", err)
	}
	stream, err := bus.js.Stream(t.Context(), ClaimsStream(shanghai))
	if err == nil {
		err = stream.Purge(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := bus.RoundTrip(t.Context()); err != nil {
		t.Errorf("with room again: %v", err)
	}
}
