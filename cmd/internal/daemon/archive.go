package daemon

import (
	"context"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/store"
	"clearingd/provinces/bus"
)

const (
	// archiveAfter is how long answered messages stay in their stream (design section 4).
	archiveAfter = 35 * 24 * time.Hour
	archiveEvery = time.Hour
)

// archiving moves answered messages past their age out of the claims streams into
// compressed files, one a day, until ctx ends.
func (d *Daemon) archiving(ctx context.Context) {
	tick := time.NewTicker(archiveEvery)
	defer tick.Stop()
	for {
		d.archiveOnce(ctx, time.Now().Add(-archiveAfter))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (d *Daemon) archiveOnce(ctx context.Context, before time.Time) {
	for _, stream := range d.treatments {
		var at clearing.Position
		err := d.store.View(func(tx *store.Tx) (err error) {
			at, err = tx.Position(stream)
			return err
		})
		if err == nil {
			_, err = d.bus.Archive(ctx, stream, bus.ArchiveOptions{
				Dir: filepath.Join(d.cfg.State.Dir, "archive"), Before: before, UpTo: at.Sequence,
			})
		}
		if err != nil && ctx.Err() == nil {
			d.log.Error("messages could not be archived; they stay in the stream", zap.String("stream", string(stream)), zap.Error(err))
		}
	}
}
