package bus

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
	blocks      map[string]int64 // bytes of each block before the start, by second name
	log         *zap.Logger
}

// keepStreams prepares a start. The error is ErrStore where files cannot be read: then
// nothing was touched.
func keepStreams(storeDir string, log *zap.Logger) (*keeping, error) {
	if log == nil {
		log = zap.NewNop()
	}
	k := &keeping{store: filepath.Join(storeDir, jetstreamDir), kept: filepath.Join(storeDir, keptDir), blocks: make(map[string]int64), log: log}
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

// endEarlier ends a start that was killed: it may have lost a stream, or a part of one.
func (k *keeping) endEarlier() error {
	if _, err := k.putBack(nil); err != nil {
		return err
	}
	return k.done()
}

// removeTests removes what the broker leaves where it is killed while it tries to write: it
// takes the file for an account.
func (k *keeping) removeTests() error {
	entries, err := os.ReadDir(k.store)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if info, failed := entry.Info(); failed == nil && strings.HasPrefix(entry.Name(), testPrefix) && info.Mode().IsRegular() && info.Size() == 0 {
			err = errors.Join(err, os.Remove(filepath.Join(k.store, entry.Name())))
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
	err := eachStream(k.store, func(name, _ string) error { return linkStream(k.store, k.kept, name) })
	if err != nil {
		return err
	}
	return eachStream(k.kept, func(_, dir string) error {
		files, err := blocks(dir)
		for _, file := range files {
			info, failed := os.Stat(filepath.Join(dir, file))
			if failed != nil {
				return failed
			}
			k.blocks[filepath.Join(dir, file)] = info.Size()
		}
		return err
	})
}

// linkStream gives the files of a stream that another directory does not have a name in it.
func linkStream(from, to, name string) error {
	return filepath.WalkDir(streamDir(from, name), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, below), 0o700)
		}
		if err := os.Link(path, filepath.Join(to, below)); !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	})
}

// lost puts back the streams that the start has lost, and stops the broker if there are any.
func (k *keeping) lost(s *Server) error {
	goesOn := s.recovered()
	lost, err := k.missing(goesOn)
	if err == nil && len(lost) == 0 {
		k.sayCut()
		return k.done()
	}
	s.Shutdown()
	return k.failed(err, goesOn)
}

// sayCut says which blocks the start has cut short. The broker leaves out, without a word, what
// follows a message that it cannot read. After a power cut that message was being written and
// was never acknowledged; of a damaged file, all that followed was.
func (k *keeping) sayCut() {
	for _, name := range slices.Sorted(maps.Keys(k.blocks)) {
		info, err := os.Stat(name)
		if err != nil || info.Size() >= k.blocks[name] {
			continue
		}
		place, _ := filepath.Rel(k.kept, name)
		k.log.Error("a start of the broker has cut a block of a stream short: unless the power failed while a message was written, acknowledged messages are gone",
			zap.String("block", place), zap.Int64("bytes", k.blocks[name]), zap.Int64("left", info.Size()))
	}
}

// failed puts back what a start that failed has lost, and joins that to its error.
func (k *keeping) failed(cause error, goesOn map[string]bool) error {
	lost, err := k.putBack(goesOn)
	if len(lost) > 0 {
		cause = errors.Join(cause, fmt.Errorf("%w: the broker lost %s; put back as it was, see what the broker said", ErrStore, strings.Join(lost, ", ")))
	}
	if err != nil { // the second names stay: the next start goes on with them
		return errors.Join(cause, fmt.Errorf("%w: %w", ErrStore, err))
	}
	return errors.Join(cause, k.done())
}

// missing are the kept streams that had messages and are not whole any more, but for those
// that go on: the broker may remove blocks of them in which no message is left.
func (k *keeping) missing(goesOn map[string]bool) (names []string, err error) {
	err = eachStream(k.kept, func(name, dir string) error {
		if !goesOn[name] && hasMessages(dir) && k.lacks(name) {
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

// lacks reports whether a stream has no longer its description and every block that was kept.
// Some of them can be there: a removal takes one file after the other, and a kill ends it.
func (k *keeping) lacks(name string) bool {
	place, kept := streamDir(k.store, name), streamDir(k.kept, name)
	files, err := blocks(kept)
	return err != nil || slices.ContainsFunc(append(files, metaFile, metaSumFile), func(file string) bool {
		info, err := os.Stat(filepath.Join(place, file))
		return hasBytes(filepath.Join(kept, file)) && (err != nil || info.Size() == 0)
	})
}

// putBack puts back what the streams that are missing lack, and takes nothing from them: a
// start that was killed may have stored messages.
func (k *keeping) putBack(goesOn map[string]bool) ([]string, error) {
	lost, err := k.missing(goesOn)
	if err != nil {
		return nil, err
	}
	for _, name := range lost {
		if err := linkStream(k.kept, k.store, name); err != nil {
			return lost, err
		}
		if k.lacks(name) {
			return lost, fmt.Errorf("stream %s: an empty file is in the way of one in %s", name, streamDir(k.kept, name))
		}
		k.log.Error("a start of the broker had lost files of a stream; it is put back as it was", zap.String("stream", name))
	}
	return lost, nil
}

// done takes the second names away.
func (k *keeping) done() error { return os.RemoveAll(k.kept) }

// removedPrefix begins the name of a stream that the broker has begun to remove; it goes on
// with that at its next start.
const removedPrefix = "."

// eachStream visits the streams below a directory, named "<account>/<stream>".
func eachStream(store string, visit func(name, dir string) error) error {
	accounts, err := subdirectories(store)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		streams, err := subdirectories(filepath.Join(store, account, streamsDir))
		if err != nil {
			return err
		}
		for _, stream := range streams {
			name := filepath.Join(account, stream)
			if strings.HasPrefix(stream, removedPrefix) {
				continue
			}
			if err := visit(name, streamDir(store, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

// streamDir is where a stream, named "<account>/<stream>", is below a directory.
func streamDir(store, name string) string {
	account, stream := filepath.Split(name)
	return filepath.Join(store, account, streamsDir, stream)
}

// subdirectories are the names of the directories in one, in order; none if it is not there.
func subdirectories(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, entry := range entries {
		if info, err := os.Stat(filepath.Join(dir, entry.Name())); err == nil && info.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

// blocks are a stream's files of messages, below its directory; none if it has no place for them.
func blocks(dir string) (files []string, err error) {
	entries, err := os.ReadDir(filepath.Join(dir, blocksDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), blockSuffix) {
			files = append(files, filepath.Join(blocksDir, entry.Name()))
		}
	}
	return files, err
}

// hasMessages reports whether a stream has a block with anything in it, or none can tell.
func hasMessages(dir string) bool {
	files, err := blocks(dir)
	return err != nil || slices.ContainsFunc(files, func(file string) bool { return hasBytes(filepath.Join(dir, file)) })
}

// hasBytes reports whether there is anything in a file, or none can tell.
func hasBytes(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Size() > 0 || err != nil && !errors.Is(err, fs.ErrNotExist)
}
