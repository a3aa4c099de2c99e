package daemon

import (
	"context"
	"errors"
	"net/http"

	"go.uber.org/zap"

	"clearingd/clearing/night"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
)

// remake makes the files of a sealed day again.
func (d *Daemon) remake(ctx context.Context, request service.RemakeRequest) (reply service.RemakeReply, err error) {
	d.periods.Lock()
	defer d.periods.Unlock()
	err = d.night.Remake(ctx, request.Day)
	var differs *night.DifferError
	switch {
	case errors.As(err, &differs):
		d.log.Error("a report that was made again is not the sealed one; the folder is left as it was",
			zap.Stringer("day", request.Day), zap.Strings("files", differs.Files))
		reply.Differ = differs.Files
	case errors.Is(err, night.ErrNotClosed):
		return reply, failure(http.StatusConflict, "该日尚未日切，没有日报", "the day is not closed: there is no report yet")
	case err != nil:
		return reply, err
	default:
		d.log.Info("a report was made again, as it was sealed", zap.Stringer("day", request.Day))
	}
	err = d.store.View(func(tx *store.Tx) error {
		state, err := tx.Day(request.Day)
		reply.Day = dayStatus(request.Day, state)
		return err
	})
	return reply, err
}
