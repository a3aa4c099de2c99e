package bus

import (
	"github.com/nats-io/nats.go/jetstream"

	"clearingd/ledger"
)

var provincesOfTest = []ledger.Province{shanghai, beijing}

// publishWithHole publishes claims and removes one of them, as bit rot would. The
// contract's stream refuses that (DenyDelete), so the stream gets it afterwards.
func (f *bench) publishWithHole(from, to int, hole uint64) {
	f.t.Helper()
	f.deleteStream()
	config := f.contract(provincesOfTest)[0]
	config.DenyDelete = false
	stream, err := f.js.CreateStream(f.t.Context(), config)
	if err != nil {
		f.t.Fatal(err)
	}
	f.publish(from, to)
	if err := stream.DeleteMsg(f.t.Context(), hole); err != nil {
		f.t.Fatal(err)
	}
	if err := f.EnsureStreams(f.t.Context(), provincesOfTest); err != nil {
		f.t.Fatal(err)
	}
}

// purgeBefore does what the archive does last.
func (f *bench) purgeBefore(sequence uint64) {
	f.t.Helper()
	stream, err := f.js.Stream(f.t.Context(), ClaimsStream(shanghai))
	if err == nil {
		err = stream.Purge(f.t.Context(), jetstream.WithPurgeSequence(sequence))
	}
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f *bench) deleteStream() {
	f.t.Helper()
	if err := f.js.DeleteStream(f.t.Context(), ClaimsStream(shanghai)); err != nil {
		f.t.Fatal(err)
	}
}
