package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"clearingd/ledger"
	"clearingd/ledger/boltstore"
)

// Errors of opening.
var (
	ErrLocked  = errors.New("store: another process has the books open")
	ErrDamaged = errors.New("store: the file is damaged")
	ErrFormat  = errors.New("store: the file has a format this version does not know")
	ErrExists  = errors.New("store: the file exists already")
)

// ErrCommit: a transaction's commit failed, so whether it took effect is unknown.
// The process must end and open the file anew; nothing else may be written.
var ErrCommit = errors.New("store: commit failed, outcome unknown")

const (
	lockTimeout = 5 * time.Second
	// mmapBytes of address space are mapped at once, so that no reader ever has to
	// end before the file can grow past its mapping.
	mmapBytes = 64 << 30
	fileMode  = 0o600
)

// Identity names new books.
type Identity struct {
	Install  string     // random, unique; the broker's streams carry it too
	FirstDay ledger.Day // first business day
}

// Store is one open file of books. It is safe for concurrent use; bbolt allows one
// writer at a time.
type Store struct {
	db       *bbolt.DB
	file     *os.File // the same file once more, for ReadAhead
	identity Identity
	older    int   // the format before it was brought up to date at opening; 0: it was
	failed   error // set by the first failed commit; guarded by bbolt's writer lock

	sums sync.Mutex // the sums of one day are made at a time
}

// Create makes a file of empty books: under another name first, then renamed, so that
// an interrupted creation leaves either no books or good ones.
func Create(path string, identity Identity) error {
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("%s: %w", path, ErrExists)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("create books: %w", err)
	}
	draft := path + ".new"
	if err := os.Remove(draft); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove an unfinished creation: %w", err)
	}
	if err := fill(draft, identity); err != nil {
		return fmt.Errorf("create books: %w", err)
	}
	if err := os.Rename(draft, path); err != nil {
		return fmt.Errorf("create books: %w", err)
	}
	return syncDir(filepath.Dir(path))
}

func fill(path string, identity Identity) error {
	db, err := bbolt.Open(path, fileMode, options(false))
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if err := boltstore.Init(tx); err != nil {
			return err
		}
		for _, name := range layouts.since(0) {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return writeMeta(tx, meta{Format: layouts.newest(), Install: identity.Install, FirstDay: identity.FirstDay})
	})
	return errors.Join(err, db.Close())
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Open opens existing books, and brings those of an older format up to date. The error
// is ErrLocked, ErrFormat or ErrDamaged where that is the reason, or fs.ErrNotExist.
func Open(path string) (*Store, error) { return open(path, false, layouts) }

// OpenReadOnly opens books for reading beside no other process; it changes nothing, and
// so refuses those of an older format with ErrOlder.
func OpenReadOnly(path string) (*Store, error) { return open(path, true, layouts) }

func open(path string, readOnly bool, l layout) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open books: %w", err) // bbolt would create it
	}
	if err := checkEnds(path); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	var db *bbolt.DB
	err := guard(func() (err error) {
		db, err = bbolt.Open(path, fileMode, options(readOnly))
		return err
	})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, fmt.Errorf("%s: %w", path, ErrLocked)
	case err != nil:
		return nil, fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open books: %w", err), db.Close())
	}
	s := &Store{db: db, file: file}
	if err := guard(func() error { return s.adopt(l) }); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), s.Close())
	}
	return s, nil
}

// adopt finds out which books these are, and gives them the layout.
func (s *Store) adopt(l layout) error {
	var m meta
	interrupted := false
	err := s.db.View(func(tx *bbolt.Tx) (err error) {
		if m, err = l.verify(tx); err == nil {
			interrupted = summing(tx)
		}
		return err
	})
	if err != nil {
		return err
	}
	s.identity = Identity{Install: m.Install, FirstDay: m.FirstDay}
	if m.Format == l.newest() && !interrupted {
		return nil
	}
	s.older = m.Format
	if interrupted {
		s.older = firstSummed - 1
	}
	if s.db.IsReadOnly() {
		return fmt.Errorf("%w (format %d of %d)", ErrOlder, s.older, l.newest())
	}
	return l.upgrade(s.db, m)
}

// options are the only ones the books are ever opened with: everything is synced.
func options(readOnly bool) *bbolt.Options {
	return &bbolt.Options{
		Timeout:         lockTimeout,
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mmapBytes,
		ReadOnly:        readOnly,
		NoSync:          false,
		NoGrowSync:      false,
		NoFreelistSync:  false,
	}
}

// Identity is what the books were created with.
func (s *Store) Identity() Identity { return s.identity }

// UpgradedFrom is the older format that the books had until this opening; 0 when they
// had the newest.
func (s *Store) UpgradedFrom() int { return s.older }

// Path is the file's path.
func (s *Store) Path() string { return s.db.Path() }

// Close closes the file. It waits for transactions that are open.
func (s *Store) Close() error { return errors.Join(s.db.Close(), s.file.Close()) }

// Update runs one read-write transaction. fn may run only once here, but must not rely
// on it. An error of fn leaves the books as they were. An error wrapping ErrCommit
// means that nothing is known and nothing more will be written.
func (s *Store) Update(fn func(*Tx) error) error {
	raw, err := s.db.Begin(true)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	defer raw.Rollback() // after a commit it does nothing
	if s.failed != nil {
		return s.failed
	}
	writer, err := boltstore.NewWriter(raw)
	if err != nil {
		return err
	}
	tx := newTx(raw, writer)
	if err := fn(tx); err != nil {
		return err
	}
	if err := tx.flush(); err != nil {
		return err
	}
	if err := raw.Commit(); err != nil {
		s.failed = fmt.Errorf("%w: %w", ErrCommit, err)
		return s.failed
	}
	return nil
}

// View runs one read-only transaction. Keep it short: while it lasts the file cannot
// reuse the pages it sees.
func (s *Store) View(fn func(*Tx) error) error {
	return s.db.View(func(raw *bbolt.Tx) error { return fn(newTx(raw, nil)) })
}
