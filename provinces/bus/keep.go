package bus

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
)

// ErrStore: files of a stream cannot be read, or a start has lost a stream; it is as it was.
var ErrStore = errors.New("bus: a stream's files cannot be read")

// Where the broker keeps streams, below its store directory: one directory a stream, with two
// files that say what it is and the messages in blocks.
const (
	jetstreamDir = "jetstream"
	streamsDir   = "streams"
	blocksDir    = "msgs"
	metaFile     = "meta.inf"
	metaSumFile  = "meta.sum"
	blockSuffix  = ".blk"
	testPrefix   = "_test_" // of a file by which the broker tries whether it can write

	keptDir = "kept" // ours, beside jetstreamDir
)

// keeping holds the streams' files over a start of the broker. One that cannot open or read
// a block at that moment deletes the whole stream (nats-server 2.15), and every acknowledged
// message in it; somebody who restored a file as another user is enough. So while a start
// lasts, each file has a second name, which costs no copy; a stream that the start has lost is
// put back, and the start fails. What is left of a start that was killed is mended before
// the next, which the broker would refuse for ever.
type keeping struct {
	store, kept string
	log         *zap.Logger
}

// keepStreams prepares a start. The error is ErrStore where files cannot be read: then
// nothing was touched.
func keepStreams(storeDir string, log *zap.Logger) (*keeping, error) {
	if log == nil {
		log = zap.NewNop()
	}
	k := &keeping{store: filepath.Join(storeDir, jetstreamDir), kept: filepath.Join(storeDir, keptDir), log: log}
	for _, step := range []func() error{k.endEarlier, k.removeTests, k.removeUnborn, k.readable} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrStore, err)
		}
	}
	if err := k.link(); err != nil {
		log.Warn("the streams' files cannot be linked: a start that fails to read one may lose its stream", zap.Error(err))
		return k, os.RemoveAll(k.kept)
	}
	return k, nil
}

// endEarlier ends a start that was killed: it may have lost a stream.
func (k *keeping) endEarlier() error {
	if _, err := k.putBack(func(string) bool { return false }); err != nil {
		return err
	}
	return k.done()
}

// removeTests removes what the broker leaves where it is killed while it tries to write: it
// takes the file for an account.
func (k *keeping) removeTests() error {
	names, err := filepath.Glob(filepath.Join(k.store, testPrefix+"*"))
	for _, name := range names {
		if info, failed := os.Lstat(name); failed == nil && info.Mode().IsRegular() && info.Size() == 0 {
			err = errors.Join(err, os.Remove(name))
		}
	}
	return err
}

// removeUnborn removes streams that were never made whole: a kill while they were made leaves
// a directory without its description, and no message was acknowledged in it.
func (k *keeping) removeUnborn() error {
	return eachStream(k.store, func(name, dir string) error {
		if hasBytes(filepath.Join(dir, metaFile)) && hasBytes(filepath.Join(dir, metaSumFile)) {
			return nil
		}
		if hasMessages(dir) {
			return fmt.Errorf("stream %s has messages in %s and neither %s nor %s says what it is", name, dir, metaFile, metaSumFile)
		}
		k.log.Warn("a stream that was never made whole is removed; it had no message", zap.String("stream", name))
		return os.RemoveAll(dir)
	})
}

// readable tries every file as the broker will.
func (k *keeping) readable() error {
	return eachStream(k.store, func(name, dir string) error {
		return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() && !strings.HasSuffix(path, blockSuffix) {
				return err
			}
			file, err := os.Open(path)
			if err != nil {
				return err
			}
			defer file.Close()
			if _, err := file.Read(make([]byte, 1)); err != nil && err != io.EOF {
				return err
			}
			return nil
		})
	})
}

// link gives every file of the streams its second name.
func (k *keeping) link() error {
	return eachStream(k.store, func(name, dir string) error {
		return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			below, err := filepath.Rel(k.store, path)
			if err != nil {
				return err
			}
			if d.IsDir() {
				return os.MkdirAll(filepath.Join(k.kept, below), 0o700)
			}
			return os.Link(path, filepath.Join(k.kept, below))
		})
	})
}

// lost puts back the streams that the start has lost, and stops the broker if there are any.
func (k *keeping) lost(s *Server) error {
	known := make(map[string]bool) // streams that go on, though they have no message left
	if jsz, err := s.nats.Jsz(&server.JSzOptions{Accounts: true, Streams: true}); err == nil {
		for _, account := range jsz.AccountDetails {
			for _, stream := range account.Streams {
				known[filepath.Join(account.Name, stream.Name)] = stream.State.LastSeq > 0
			}
		}
	}
	lost := k.missing(func(stream string) bool { return known[stream] })
	if len(lost) == 0 {
		return k.done()
	}
	s.Shutdown()
	return k.failed(nil)
}

// failed puts back what a start that failed has lost, and joins that to its error.
func (k *keeping) failed(cause error) error {
	lost, err := k.putBack(func(string) bool { return false })
	if len(lost) > 0 {
		cause = errors.Join(cause, fmt.Errorf("%w: the broker lost %s; put back as it was, see what the broker said", ErrStore, strings.Join(lost, ", ")))
	}
	return errors.Join(cause, err, k.done())
}

// missing are the kept streams that had messages and have none now, but for those that go on.
func (k *keeping) missing(goesOn func(stream string) bool) (names []string) {
	_ = eachStream(k.kept, func(name, dir string) error { // what cannot be listed was not kept
		if hasMessages(dir) && !hasMessages(k.placeOf(name)) && !goesOn(name) {
			names = append(names, name)
		}
		return nil
	})
	return names
}

// placeOf is where the broker has a stream, named "<account>/<stream>".
func (k *keeping) placeOf(name string) string {
	account, stream := filepath.Split(name)
	return filepath.Join(k.store, account, streamsDir, stream)
}

// putBack puts back the streams that are missing.
func (k *keeping) putBack(goesOn func(stream string) bool) ([]string, error) {
	lost := k.missing(goesOn)
	for _, name := range lost {
		account, stream := filepath.Split(name)
		place := k.placeOf(name)
		err := errors.Join(os.RemoveAll(place), os.MkdirAll(filepath.Dir(place), 0o700),
			os.Rename(filepath.Join(k.kept, account, streamsDir, stream), place))
		if err != nil {
			return lost, err
		}
		k.log.Error("a start of the broker had lost a stream; it is put back as it was", zap.String("stream", name))
	}
	return lost, nil
}

// done takes the second names away.
func (k *keeping) done() error { return os.RemoveAll(k.kept) }

// eachStream visits the streams below a directory, named "<account>/<stream>".
func eachStream(store string, visit func(name, dir string) error) error {
	dirs, err := filepath.Glob(filepath.Join(store, "*", streamsDir, "*"))
	if err != nil {
		return err
	}
	slices.Sort(dirs)
	for _, dir := range dirs {
		account := filepath.Base(filepath.Dir(filepath.Dir(dir)))
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			continue
		}
		if err := visit(filepath.Join(account, filepath.Base(dir)), dir); err != nil {
			return err
		}
	}
	return nil
}

// hasMessages reports whether a stream has a block with anything in it.
func hasMessages(dir string) bool {
	blocks, err := filepath.Glob(filepath.Join(dir, blocksDir, "*"+blockSuffix))
	return err == nil && slices.ContainsFunc(blocks, hasBytes)
}

func hasBytes(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0
}
