package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"go.etcd.io/bbolt"
)

// Copied is a copy of the books that was read back and found sound.
type Copied struct {
	Size    int64    // bytes of the file
	Records uint64   // records in it
	Root    [32]byte // Merkle root over all of them
}

// copyTail are the newest records that are read back from a fresh copy.
const copyTail = 5000

// ErrCopy: what was written is not what the books hold. The copy is gone again.
var ErrCopy = errors.New("store: the copy does not hold what the books hold")

// Copy writes the books as they are at one moment to a new file, beside running
// transactions. The file stands under its name only once it is whole: it is written under
// another name, synced, opened and read back (its newest records against their leaves, its
// root against the books'), and then renamed. ErrExists if the name is taken.
//
// While it writes, a read transaction is open, so the books reuse no page and may grow.
func (s *Store) Copy(ctx context.Context, path string) (c Copied, err error) {
	if _, err := os.Lstat(path); err == nil {
		return c, fmt.Errorf("%s: %w", path, ErrExists)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("copy books: %w", err)
	}
	draft := path + ".new"
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return c, fmt.Errorf("remove an unfinished copy: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeIfThere(draft))
		}
	}()
	if c, err = s.writeCopy(ctx, draft); err != nil {
		return Copied{}, fmt.Errorf("copy books: %w", err)
	}
	if err := readBack(draft, c); err != nil {
		return Copied{}, err
	}
	if err := os.Rename(draft, path); err != nil {
		return Copied{}, fmt.Errorf("copy books: %w", err)
	}
	return c, syncDir(filepath.Dir(path))
}

// writeCopy writes one read transaction's view of the file.
func (s *Store) writeCopy(ctx context.Context, path string) (c Copied, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
	if err != nil {
		return c, err
	}
	err = s.db.View(func(raw *bbolt.Tx) error {
		tx := newTx(raw, nil)
		c.Records = tx.Last()
		root, err := tx.Root(c.Records)
		if err != nil {
			return err
		}
		c.Root = root
		c.Size, err = raw.WriteTo(interruptible{ctx, file})
		return errors.Join(ctx.Err(), err) // bbolt keeps only the text of what a writer says
	})
	return c, errors.Join(err, file.Sync(), file.Close())
}

// readBack opens the copy as any reader would and holds it against what was copied.
func readBack(path string, want Copied) error {
	s, err := OpenReadOnly(path)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCopy, err)
	}
	defer s.Close()
	if faults := s.CheckTail(copyTail); len(faults) > 0 {
		return fmt.Errorf("%w: %s", ErrCopy, faults[0])
	}
	return s.View(func(tx *Tx) error {
		root, err := tx.Root(tx.Last())
		if err != nil || tx.Last() != want.Records || root != want.Root {
			return fmt.Errorf("%w: %d records with root %x, the books have %d with %x (%v)",
				ErrCopy, tx.Last(), root, want.Records, want.Root, err)
		}
		return nil
	})
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// interruptible is a writer that stops when its context ends: a stopping process must
// not wait for a large file.
type interruptible struct {
	ctx context.Context
	w   io.Writer
}

func (i interruptible) Write(b []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.w.Write(b)
}
