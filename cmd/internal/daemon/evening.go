package daemon

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"go.uber.org/zap"

	"clearingd/clearing/calendar"
	"clearingd/clearing/evening"
	"clearingd/clearing/reconcile"
	"clearingd/clearing/reconcile/spill"
	"clearingd/config"
	"clearingd/ledger"
	"clearingd/provinces"
)

// newCalendar reads the years that the program carries, and those of the installation.
func newCalendar(cfg config.Reconcile) (calendar.Calendar, error) {
	c, err := calendar.China()
	if err != nil || cfg.CalendarDir == "" {
		return c, err
	}
	files, err := filepath.Glob(filepath.Join(cfg.CalendarDir, "*.toml"))
	if err == nil && len(files) == 0 {
		err = errors.New("no *.toml in it")
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return c, err
		}
		year, err := calendar.Parse(text)
		if err != nil {
			return c, fmt.Errorf("%s: %w", name, err)
		}
		c = c.With(year)
	}
	return c, err
}

// newEvening makes what matches the sides' statements with the books.
func (d *Daemon) newEvening(cal calendar.Calendar) *evening.Evening {
	cfg := d.cfg.Reconcile
	asked := make(map[reconcile.Side]bool)
	for _, side := range reconcile.Sides {
		asked[side] = slices.Contains(cfg.Sides, side.String())
	}
	caps := make(map[reconcile.AutoKind]reconcile.Cap)
	for _, kind := range reconcile.AutoKinds {
		caps[kind] = reconcile.Cap{Count: uint64(cfg.AutoCount), Owed: ledger.Amount(cfg.AutoYuan) * 100}
	}
	return evening.New(evening.Options{
		Store: d.store, Pseudonyms: d.pseudonyms, Calendar: cal, Runs: spill.Dir(d.cfg.State.Dir),
		Asked:      func(p provinces.Party) bool { return asked[reconcile.SideOf(p.Kind)] },
		Caps:       caps,
		TimingDays: int(cfg.TimingDays),
	})
}

// unmatched alarms: a day is closed without a match, because its year has no calendar.
func (d *Daemon) unmatched(day ledger.Day, err error) {
	d.log.Error("nothing is matched: put the calendar of the year into reconcile.calendar_dir; the next night makes it good",
		zap.Stringer("day", day), zap.Error(err))
	d.metrics.SetUnmatched(true)
}
