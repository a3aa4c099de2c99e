package bus

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"
)

// streamDir is where the broker keeps the claims of Shanghai.
func (f *bench) streamDir() string {
	return filepath.Join(f.dir, jetstreamDir, server.DEFAULT_GLOBAL_ACCOUNT, streamsDir, ClaimsStream(shanghai))
}

func (f *bench) demandMessages(want uint64) {
	f.t.Helper()
	state, err := f.ClaimsState(soon(f.t), shanghai)
	if err != nil || state.Last != want {
		f.t.Errorf("the stream ends at %d, want %d: %v", state.Last, want, err)
	}
}

// largeClaims fill more than one block of a stream.
const largeClaims = 9

func (f *bench) publishBlocks() {
	f.t.Helper()
	f.publishLarge(1, largeClaims)
	if !hasBytes(filepath.Join(f.streamDir(), blocksDir, "2.blk")) {
		f.t.Fatal("the stream has only one block")
	}
}

func (f *bench) publishLarge(from, to int) {
	f.t.Helper()
	for n := from; n <= to; n++ {
		if stored, _, err := f.PublishClaim(f.t.Context(), claim(n), make([]byte, 1_000_000)); !stored {
			f.t.Fatalf("claim %d: not stored: %v", n, err)
		}
	}
}

// demandAll reads how many messages the stream has; a hole does not show in its last number.
func (f *bench) demandAll(want uint64) {
	f.t.Helper()
	stream, err := f.js.Stream(soon(f.t), ClaimsStream(shanghai))
	if err != nil {
		f.t.Fatal(err)
	}
	if got := stream.CachedInfo().State.Msgs; got != want {
		f.t.Errorf("the stream has %d messages, want %d", got, want)
	}
}

// refused starts the broker, which must not come up.
func (f *bench) refused(what string) {
	f.t.Helper()
	s, err := StartServer(ServerOptions{StoreDir: f.dir, Port: f.port, Log: zaptest.NewLogger(f.t)})
	if err == nil {
		s.Shutdown()
	}
	if !errors.Is(err, ErrStore) || !strings.Contains(err.Error(), what) {
		f.t.Fatalf("the start: %v, want %q", err, what)
	}
}

// without stops the broker, and has a file of the stream elsewhere while something is tried;
// with it the broker starts again.
func (f *bench) without(file string, try func()) {
	f.t.Helper()
	f.stop()
	aside := filepath.Join(f.dir, "aside")
	if err := os.Rename(file, aside); err != nil {
		f.t.Fatal(err)
	}
	try()
	if err := os.Rename(aside, file); err != nil {
		f.t.Fatal(err)
	}
	f.startAgain()
}

// A file that cannot be read at a start would have its stream deleted with all messages: the
// start is refused before the broker touches anything.
func TestAStreamThatCannotBeReadIsNotTouched(t *testing.T) {
	f := newBench(t)
	f.publish(1, 20)
	block := filepath.Join(f.streamDir(), blocksDir, "1.blk")
	f.without(block, func() {
		if err := os.Mkdir(block, 0o700); err != nil { // is opened, and cannot be read
			t.Fatal(err)
		}
		for range 2 {
			f.refused("1.blk")
		}
		if err := os.Remove(block); err != nil {
			t.Fatal(err)
		}
	})
	f.demandMessages(20)
}

// A start that loses a stream all the same puts it back, and fails.
func TestAStreamThatAStartLosesIsPutBack(t *testing.T) {
	f := newBench(t)
	f.publish(1, 20)
	f.stop()
	keep, err := keepStreams(f.dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(f.streamDir()); err != nil { // as the broker does
		t.Fatal(err)
	}
	lost := startUnkept(t, ServerOptions{StoreDir: f.dir}) // where the client does not look for it
	if err := keep.lost(lost); !errors.Is(err, ErrStore) || !strings.Contains(err.Error(), ClaimsStream(shanghai)) {
		t.Fatalf("the loss: %v", err)
	}
	f.startAgain()
	f.demandMessages(20)
	if _, err := os.Stat(filepath.Join(f.dir, keptDir)); !os.IsNotExist(err) {
		t.Errorf("second names are left behind: %v", err)
	}
}

// The process can be killed after the loss and before it is made good: the next start does.
func TestALossBeforeAKillIsMadeGood(t *testing.T) {
	f := newBench(t)
	f.publish(1, 20)
	f.stop()
	if _, err := keepStreams(f.dir, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(f.streamDir()); err != nil {
		t.Fatal(err)
	}
	f.startAgain()
	f.demandMessages(20)
}

// A removal takes a stream's files one by one, or moves it out of the way first. A kill in the
// midst leaves a part of it, which must not pass for the stream, nor stop the next start.
func TestARemovalThatAKillHasInterruptedIsMadeGood(t *testing.T) {
	for what, remove := range map[string]func(stream string) error{
		"its description": func(stream string) error { return os.Remove(filepath.Join(stream, metaFile)) },
		"a block":         func(stream string) error { return os.Remove(filepath.Join(stream, blocksDir, "1.blk")) },
		"it, moved away": func(stream string) error {
			return errors.Join(os.Remove(filepath.Join(stream, metaFile)), os.Rename(stream, filepath.Join(filepath.Dir(stream), "."+filepath.Base(stream))))
		},
	} {
		t.Run(what, func(t *testing.T) {
			f := newBench(t)
			f.publishBlocks()
			f.stop()
			if _, err := keepStreams(f.dir, nil); err != nil {
				t.Fatal(err)
			}
			if err := remove(f.streamDir()); err != nil {
				t.Fatal(err)
			}
			f.startAgain()
			f.demandAll(largeClaims)
		})
	}
}

// A start that is killed late may have removed what has expired, and stored messages. They stay,
// whatever is put back beside them.
func TestWhatAKilledStartHasStoredStays(t *testing.T) {
	f := newBench(t)
	f.publishBlocks()
	f.stop()
	if _, err := keepStreams(f.dir, nil); err != nil {
		t.Fatal(err)
	}
	f.server = startUnkept(t, ServerOptions{StoreDir: f.dir, Port: f.port})
	eventually(t, f.Connected)
	f.purgeBefore(largeClaims)
	f.publishLarge(largeClaims+1, 2*largeClaims) // into another block than before
	blocks := filepath.Join(f.streamDir(), blocksDir)
	if hasBytes(filepath.Join(blocks, "1.blk")) || !hasBytes(filepath.Join(blocks, "3.blk")) {
		t.Fatal("no block was removed, or none is new")
	}
	f.restart()
	f.demandMessages(2 * largeClaims)
	stream, err := f.js.Stream(soon(t), ClaimsStream(shanghai))
	if err != nil {
		t.Fatal(err)
	}
	if message, err := stream.GetMsg(soon(t), 2*largeClaims); err != nil || message.Subject != claim(2*largeClaims) {
		t.Errorf("the message that was stored last: %v, %v", message, err)
	}
}

// startUnkept starts a broker as one that was killed before its start had ended.
func startUnkept(t *testing.T, o ServerOptions) *Server {
	t.Helper()
	opts, err := serverOptions(o)
	if err != nil {
		t.Fatal(err)
	}
	nats, err := server.NewServer(opts)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{nats: nats}
	nats.Start()
	if err := s.awaitReady(nil); err != nil {
		t.Fatal(err)
	}
	return s
}

// What an operator's deletion has left, or a removal that the next start has put right, is the
// broker's to remove: it is no stream, and must not stop a start.
func TestADeletionThatAKillHasInterruptedStopsNoStart(t *testing.T) {
	f := newBench(t)
	f.publish(1, 3)
	f.stop()
	removed := filepath.Join(filepath.Dir(f.streamDir()), removedPrefix+ClaimsStream(beijing))
	if err := errors.Join(os.CopyFS(removed, os.DirFS(f.streamDir())), os.Remove(filepath.Join(removed, metaFile))); err != nil {
		t.Fatal(err)
	}
	f.startAgain()
	f.demandMessages(3)
	eventually(t, func() bool { _, err := os.Stat(removed); return os.IsNotExist(err) })
}

// Where a stream cannot be put back, its second names are all that is left of it.
func TestWhatCannotBePutBackStaysKept(t *testing.T) {
	f := newBench(t)
	f.publish(1, 3)
	f.stop()
	keep, err := keepStreams(f.dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	streams := filepath.Dir(f.streamDir())
	if err := errors.Join(os.RemoveAll(streams), os.WriteFile(streams, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := keep.failed(nil, nil); !errors.Is(err, ErrStore) {
			t.Fatalf("put back where a file is in the way: %v", err)
		}
	}
	if err := os.Remove(streams); err != nil {
		t.Fatal(err)
	}
	f.startAgain()
	f.demandMessages(3)
}

// A directory may be called anything.
func TestAStoreIsFoundUnderAnyName(t *testing.T) {
	for _, name := range []string{"a[1]", "b[", "*"} {
		dir := filepath.Join(t.TempDir(), name)
		stream := streamDir(filepath.Join(dir, jetstreamDir), filepath.Join("$G", "S"))
		block := filepath.Join(stream, blocksDir, "1.blk")
		if err := errors.Join(os.MkdirAll(block, 0o700), os.WriteFile(filepath.Join(stream, metaFile), []byte("{}"), 0o600),
			os.WriteFile(filepath.Join(stream, metaSumFile), []byte("0"), 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := keepStreams(dir, nil); !errors.Is(err, ErrStore) || !strings.Contains(err.Error(), "1.blk") {
			t.Errorf("%s: a block that cannot be read: %v", name, err)
		}
	}
}

// What a start leaves out of a damaged block is gone, with whatever was acknowledged in it. It is
// said, for the broker does not.
func TestABlockThatAStartCutsShortIsSaid(t *testing.T) {
	f := newBench(t)
	f.publish(1, 20)
	f.stop()
	blocks := filepath.Join(f.streamDir(), blocksDir)
	text, err := os.ReadFile(filepath.Join(blocks, "1.blk"))
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := errors.Join(os.WriteFile(filepath.Join(blocks, "1.blk"), text, 0o600), os.Remove(filepath.Join(blocks, "index.db"))); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} { // the next start leaves out nothing more
		core, logs := observer.New(zap.ErrorLevel)
		server, err := StartServer(ServerOptions{StoreDir: f.dir, Log: zap.New(core)})
		if err != nil {
			t.Fatal(err)
		}
		server.Shutdown()
		if said := logs.FilterMessageSnippet("cut a block").FilterFieldKey("left").Len(); said != want {
			t.Errorf("said %d times, want %d", said, want)
		}
	}
}

// Messages that the archive has taken are no loss: the stream goes on at its number.
func TestAStreamWithoutMessagesIsNotLost(t *testing.T) {
	f := newBench(t)
	f.publish(1, 20)
	f.purgeBefore(21)
	f.restart()
	f.demandMessages(20)
	f.publish(21, 22)
	f.demandMessages(22)
}

// A kill while streams are made, or while the broker tries whether it can write, leaves what
// no later start would get past.
func TestWhatAKilledStartLeavesBehindIsMended(t *testing.T) {
	f := newBench(t)
	f.publish(1, 3)
	f.stop()
	account := filepath.Dir(filepath.Dir(f.streamDir()))
	unborn := filepath.Join(account, streamsDir, ClaimsStream(beijing))
	if err := errors.Join(os.Remove(filepath.Join(unborn, metaFile)), os.Remove(filepath.Join(unborn, metaSumFile)),
		os.WriteFile(filepath.Join(filepath.Dir(account), testPrefix+"1234567"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	f.startAgain()
	f.demandMessages(3)
	if _, err := os.Stat(unborn); !os.IsNotExist(err) {
		t.Errorf("a stream that was never made whole is still there: %v", err)
	}
}

// A stream that has messages and no description is somebody's to mend, and is not touched.
func TestAStreamWithoutItsDescriptionIsNotTouched(t *testing.T) {
	f := newBench(t)
	f.publish(1, 3)
	f.without(filepath.Join(f.streamDir(), metaFile), func() { f.refused(metaFile) })
	f.demandMessages(3)
}
