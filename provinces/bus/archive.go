package bus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"clearingd/ledger"
	"clearingd/provinces"
)

// china is the zone of the archive's days. It has had no summer time since 1991.
var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// ArchiveOptions says what Archive may move, and where.
type ArchiveOptions struct {
	Dir    string    // root of the archive; a stream's files lie in <Dir>/<stream>/
	Before time.Time // only whole days (in China) that ended before it; by the contract 35 days ago
	UpTo   uint64    // last sequence with an outcome in the books: never move what is not answered
}

// ArchiveResult is what one call of Archive moved.
type ArchiveResult struct {
	Files       []string // written, or found whole from an interrupted earlier call
	First, Last uint64   // sequences moved; 0, 0: none
	Messages    int
}

// ErrArchiveConflict: an archive file has the place of the messages to be moved, but
// other content. Nothing was purged; somebody has to look.
var ErrArchiveConflict = errors.New("bus: archive holds other messages under these numbers")

// Archive moves answered messages of a claims stream to compressed files, one a day:
//
//	<Dir>/CLAIMS_31/2026-11-23.ndjson.zst
//
// A day is written to a temporary file, synced, renamed, its directory synced, read
// back and every digest checked; only then is the stream purged up to it. A kill at
// any point loses nothing, and calling again goes on where it stopped. A second file
// of one day (the broker's clock was set back, or the stream made anew) is named
// 2026-11-23.2.ndjson.zst.
//
// A day that holds a message beyond UpTo stays, with all after it. Afterwards the
// archived subjects can be published again: the books, not the stream, tell then that
// a claim is an old one.
func (b *Bus) Archive(ctx context.Context, p ledger.Province, o ArchiveOptions) (ArchiveResult, error) {
	var result ArchiveResult
	state, err := b.ClaimsState(ctx, p)
	if err != nil {
		return result, err
	}
	a := archiver{
		bus: b, stream: ClaimsStream(p), created: state.Created, end: state.Last, answered: o.UpTo,
		until: ledger.DayOf(o.Before.In(china)), dir: filepath.Join(o.Dir, ClaimsStream(p)),
	}
	for next := state.First; next <= min(state.Last, o.UpTo); {
		info, path, err := a.writeDay(ctx, next)
		if err != nil || path == "" {
			return result, err
		}
		if err := a.purge(ctx, info.Last); err != nil {
			return result, err
		}
		result.Files = append(result.Files, path)
		result.First, result.Last = orDefault(result.First, info.First), info.Last
		result.Messages += info.Count()
		next = info.Last + 1
	}
	return result, nil
}

// archiver moves the days of one stream, one after the other.
type archiver struct {
	bus      *Bus
	stream   string
	created  time.Time
	end      uint64     // last sequence of the stream when we began
	answered uint64     // last sequence that may be moved
	until    ledger.Day // first day that stays
	day      ledger.Day // of the message before: days never go back
	dir      string
}

// writeDay writes the day that begins at the sequence, checks it and returns its file;
// no path means that the day has to stay. It purges nothing.
func (a *archiver) writeDay(ctx context.Context, first uint64) (ArchiveInfo, string, error) {
	temporary := filepath.Join(a.dir, ".day.tmp")
	w, err := a.copyDay(ctx, first, temporary)
	if err != nil || w == nil {
		return ArchiveInfo{}, "", err
	}
	written, err := w.finish()
	if err != nil {
		return ArchiveInfo{}, "", fmt.Errorf("bus: archive: %w", err)
	}
	path, err := a.place(temporary, written)
	if err != nil {
		return ArchiveInfo{}, "", err
	}
	read, err := VerifyArchive(path)
	if err != nil {
		return ArchiveInfo{}, "", err
	}
	if !same(read, written) {
		return ArchiveInfo{}, "", fmt.Errorf("%w: %s: what was read back is not what was written", ErrArchive, path)
	}
	return written, path, nil
}

// copyDay copies a whole day into a file. It returns nil if the day is not over or not
// answered to its end.
func (a *archiver) copyDay(ctx context.Context, first uint64, path string) (w *archiveWriter, err error) {
	whole := false
	take := func(m ArchivedMessage) error {
		day := max(a.day, ledger.DayOf(m.Received.In(china)))
		switch {
		case w != nil && day > w.info.Day:
			whole = true
			return errDone
		case day >= a.until || m.Sequence > a.answered:
			return errDone
		case w == nil:
			a.day = day
			if err := makeDir(a.dir); err != nil {
				return err
			}
			w, err = newArchiveWriter(path, ArchiveInfo{Stream: a.stream, Created: a.created, Day: day, First: first})
			if err != nil {
				return err
			}
		}
		if err := w.add(m); err != nil {
			return err
		}
		if m.Sequence == a.end {
			whole = true // what comes later is of a later day: it is stamped by a clock past Before
			return errDone
		}
		return nil
	}
	f := follower{bus: a.bus, stream: a.stream, next: first, whole: true, deliver: eachArchived(a.stream, take)}
	if err := f.run(ctx); !errors.Is(err, errDone) || !whole {
		if w != nil {
			w.discard()
		}
		if errors.Is(err, errDone) {
			err = nil
		}
		return nil, err
	}
	return w, nil
}

// eachArchived hands a follower's messages on one by one.
func eachArchived(stream string, take func(ArchivedMessage) error) func([]jetstream.Msg, []*jetstream.MsgMetadata) error {
	return func(messages []jetstream.Msg, metas []*jetstream.MsgMetadata) error {
		for i, m := range messages {
			err := take(ArchivedMessage{Header: m.Headers(), Message: provinces.Message{
				Sequence: metas[i].Sequence.Stream, Subject: m.Subject(), Body: m.Data(), Received: metas[i].Timestamp,
			}})
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// place gives the written file its name and makes that durable. If an earlier call was
// interrupted after this step, its file is there already and ours is not needed.
func (a *archiver) place(temporary string, info ArchiveInfo) (string, error) {
	for n := 1; ; n++ {
		path := filepath.Join(a.dir, archiveName(info.Day, n))
		found, err := VerifyArchive(path)
		switch {
		case errors.Is(err, os.ErrNotExist):
			if err := os.Rename(temporary, path); err != nil {
				return "", fmt.Errorf("bus: archive: %w", err)
			}
			return path, syncDir(a.dir)
		case err != nil:
			return "", err
		case same(found, info):
			return path, os.Remove(temporary)
		case found.Created.Equal(info.Created) && found.First <= info.Last && info.First <= found.Last:
			return "", fmt.Errorf("%w: %s has %d to %d", ErrArchiveConflict, path, found.First, found.Last)
		}
	}
}

// same: the same lines, so the same messages.
func same(a, b ArchiveInfo) bool {
	return a.Stream == b.Stream && a.First == b.First && a.Last == b.Last && a.SHA256 == b.SHA256
}

func archiveName(day ledger.Day, n int) string {
	if n == 1 {
		return day.String() + ".ndjson.zst"
	}
	return fmt.Sprintf("%s.%d.ndjson.zst", day, n)
}

// purge removes what is in the archive from the stream, and looks whether it did.
func (a *archiver) purge(ctx context.Context, last uint64) error {
	stream, err := a.bus.js.Stream(ctx, a.stream)
	if err == nil && !stream.CachedInfo().Created.Equal(a.created) {
		err = fmt.Errorf("%w: it was made anew", ErrRegressed)
	}
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSequence(last+1))
	}
	if err != nil {
		return fmt.Errorf("bus: purge of %s up to %d: %w", a.stream, last, err)
	}
	return nil
}

// makeDir makes a directory, and those above it, so that they survive a power cut.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); err == nil {
		return nil
	}
	if err := makeDir(filepath.Dir(dir)); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
