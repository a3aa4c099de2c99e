package daemon

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"clearingd/clearing/night"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// periods are the reports of periods that this process has made.
type periods struct {
	sync.Mutex // one is made at a time
	made       map[string]madePeriod
}

// madePeriod is a period's report as it was made.
type madePeriod struct {
	at    periodMark
	files map[string][32]byte // SHA-256 by name
}

// periodMark is what a period's report depends on beside its days, which are sealed: acts,
// late bills and the match go on.
type periodMark struct {
	record  uint64
	matched store.Reconciled
}

// periodSum is the digest of a file of a period's report. The report is made when this process
// has not made it or its folder is gone; and anew when a reader begins with its report.json and it is out of
// date, so that the files of one reading belong together.
func (d *Daemon) periodSum(ctx context.Context, request service.ReportRequest, to ledger.Day) (sum [32]byte, err error) {
	d.periods.Lock()
	defer d.periods.Unlock()
	var now periodMark
	err = d.store.View(func(tx *store.Tx) (err error) {
		now.record = tx.Last()
		now.matched, err = tx.Reconciled()
		return err
	})
	if err != nil {
		return sum, err
	}
	name := night.PeriodName(request.Day, to)
	made, ok := d.periods.made[name]
	if _, err := os.Stat(filepath.Join(d.cfg.ReportDir(), name)); err != nil {
		ok = false
	}
	if begins := request.File == night.FileJSON && request.Offset == 0; !ok || begins && made.at != now {
		if made.files, err = d.night.Period(ctx, request.Day, to); err != nil {
			return sum, err
		}
		made.at = now
		if d.periods.made == nil {
			d.periods.made = make(map[string]madePeriod)
		}
		d.periods.made[name] = made
	}
	sum, ok = made.files[request.File]
	if !ok {
		return sum, fmt.Errorf("%w: %s of %s", errNoSuch, request.File, name)
	}
	return sum, nil
}
