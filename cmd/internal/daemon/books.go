package daemon

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/store"
	"clearingd/config"
	"clearingd/ledger"
	"clearingd/provinces/data"
	registrydialect "clearingd/provinces/registry"
	"clearingd/provinces/statement"
)

// booksFile is the name of the books in the state directory.
const booksFile = "books.db"

// brokerDir is where the embedded broker keeps its streams, in the state directory.
const brokerDir = "nats"

// newDesk reads plans and adapters.
func (d *Daemon) newDesk() (*clearing.Desk, error) {
	adapters, err := data.Adapters()
	if err != nil {
		return nil, fmt.Errorf("%w: adapters: %w", ErrConfig, err)
	}
	plans := fs.FS(data.Plans)
	if dir := d.cfg.Plans.Dir; dir != "" {
		plans = os.DirFS(dir)
	}
	set, err := benefit.LoadFS(plans)
	if err != nil {
		return nil, fmt.Errorf("%w: plans: %w", ErrConfig, err)
	}
	if len(set.Plans()) == 0 {
		return nil, fmt.Errorf("%w: plans: no plan file in %s", ErrConfig, d.cfg.Plans.Dir)
	}
	if d.calendar, err = newCalendar(d.cfg.Reconcile); err != nil {
		return nil, fmt.Errorf("%w: reconcile.calendar_dir: %w", ErrConfig, err)
	}
	return &clearing.Desk{
		Plans: set, Adapters: adapters, Calendar: d.calendar,
		Statements: statement.Dialect{},
		Registry:   registrydialect.Dialect{}, Registered: registered(d.cfg.Homes), Pseudonyms: d.pseudonyms,
		Refold:          refolding(d.cfg.Order),
		RequireVerified: d.cfg.Plans.RequireVerified,
		ManualDay:       d.cfg.BusinessDay == config.Manual,
	}, nil
}

// openBooks opens the books, or creates them where there are none. Damaged books are
// no error: they leave the daemon intake-only.
func (d *Daemon) openBooks() error {
	if err := os.MkdirAll(d.cfg.State.Dir, 0o700); err != nil {
		return fmt.Errorf("%w: state directory: %w", ErrStorage, err)
	}
	path := filepath.Join(d.cfg.State.Dir, booksFile)
	_, err := os.Stat(path)
	fresh := errors.Is(err, fs.ErrNotExist)
	key, err := d.cfg.OpenPseudonymKey(fresh)
	if err != nil {
		return err
	}
	d.pseudonyms = clearing.NewPseudonyms([]byte(key.Reveal()))
	if fresh {
		if _, err := os.Stat(filepath.Join(d.cfg.State.Dir, brokerDir)); err == nil {
			return fmt.Errorf("%w: %s has a broker's streams but no %s: put a copy of the books back", ErrBooksDamaged, d.cfg.State.Dir, booksFile)
		}
		if err := store.Create(path, d.newIdentity()); err != nil {
			return fmt.Errorf("%w: %w", ErrStorage, err)
		}
	}
	d.store, err = store.Open(path)
	switch {
	case errors.Is(err, store.ErrLocked):
		return fmt.Errorf("%w: %w", ErrBooksLocked, err)
	case errors.Is(err, store.ErrFormat):
		return fmt.Errorf("%w: %w", ErrConfig, err)
	case errors.Is(err, store.ErrCommit):
		return fmt.Errorf("%w: %w", ErrCommit, err)
	case err != nil:
		d.damaged(err.Error())
		return nil
	}
	d.life.add("books", d.store.Close)
	if from := d.store.UpgradedFrom(); from != 0 {
		d.log.Info("the books had an older layout and were brought up to date", zap.Int("format", from))
	}
	if faults := d.store.CheckTail(tailRecords); len(faults) > 0 {
		d.damaged(faults[0])
		d.store = nil // the lifecycle still closes it
		return nil
	}
	d.ready.OK(conditionBooks)
	return nil
}

// tailRecords are read back at every start: bounded, so that a start stays short; the
// whole is read by clearctl check.
const tailRecords = 5000

func (d *Daemon) damaged(why string) {
	d.store = nil
	d.log.Error("the books fail their check: messages are kept, nothing is booked", zap.String("fault", why))
	d.metrics.SetIntakeOnly(true)
	d.ready.Fail(conditionBooks, "damaged: "+why)
}

func (d *Daemon) newIdentity() store.Identity {
	id := make([]byte, 8)
	rand.Read(id) // never fails: crypto/rand ends the process instead
	first := clearing.Cutoff(d.cfg.CutOff).DayAt(time.Now())
	if d.cfg.BusinessDay == config.Manual {
		first = ledger.DayOf(d.cfg.FirstDay)
	}
	return store.Identity{Install: hex.EncodeToString(id), FirstDay: first}
}

// keepPlans stores the plan set in the books before any bill names it.
func (d *Daemon) keepPlans(desk *clearing.Desk) error {
	set := desk.Plans
	var files [][]byte
	for _, plan := range set.Plans() {
		file, _ := set.PlanBytes(plan.Hash()) // a set holds the bytes of its own plans
		files = append(files, file)
	}
	err := d.store.Update(func(tx *store.Tx) error { return tx.KeepPlans(set.Hash(), files) })
	return d.storeError(err)
}

func (d *Daemon) storeError(err error) error {
	if errors.Is(err, store.ErrCommit) {
		return fmt.Errorf("%w: %w", ErrCommit, err)
	}
	return err
}

func (d *Daemon) now() time.Time { return time.Now() }
