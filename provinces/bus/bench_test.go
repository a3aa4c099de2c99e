package bus

import (
	"bytes"
	"fmt"
	"testing"

	"clearingd/ledger"
	"clearingd/provinces"
)

// The cost of one message of 4 KB, synced, by the number published together; it says
// where batches begin to pay (batchFrom). Run with -benchtime 1s: the disk decides.
func BenchmarkPublishAnswers(b *testing.B) {
	for _, together := range []int{1, batchFrom - 1, batchFrom, 32, 256} {
		b.Run(fmt.Sprint(together), func(b *testing.B) {
			bus := benchBus(b)
			body := bytes.Repeat([]byte("x"), 4096)
			n := 0
			for b.Loop() {
				answers := answersOf(n+1, n+together)
				for i := range answers {
					answers[i].Body = body
				}
				n += together
				if err := bus.PublishAnswers(b.Context(), answers); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// How fast a backlog of 4 KB claims comes in.
func BenchmarkFollow(b *testing.B) {
	const backlog = 2048
	bus := benchBus(b)
	messages := make([]Outgoing, backlog)
	for i := range messages {
		messages[i] = Outgoing{Subject: claim(i), Body: bytes.Repeat([]byte("x"), 4096)}
	}
	for _, r := range bus.PublishClaims(b.Context(), messages) {
		if !r.Stored {
			b.Fatal(r.Err)
		}
	}
	total := 0
	for b.Loop() {
		got := 0
		_ = bus.Follow(b.Context(), shanghai, 0, func(batch []provinces.Message) error {
			if got += len(batch); got == backlog {
				return errDone
			}
			return nil
		})
		total += got
	}
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "messages/s")
}

func benchBus(b *testing.B) *Bus {
	server, err := StartServer(ServerOptions{StoreDir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(server.Shutdown)
	bus, err := Connect(b.Context(), ConnectOptions{Server: server})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(bus.Close)
	if err := bus.EnsureStreams(b.Context(), []ledger.Province{shanghai}); err != nil {
		b.Fatal(err)
	}
	return bus
}
