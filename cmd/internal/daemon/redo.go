package daemon

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/provinces"
)

// redo decides a quarantined message again. The message is read from its stream, where it
// lies at least 35 days.
func (d *Daemon) redo(ctx context.Context, request service.RedoRequest) (reply service.RedoReply, err error) {
	var quarantined *clearing.Record
	err = d.store.View(func(tx *store.Tx) (err error) {
		quarantined, err = tx.Record(request.Entry)
		return err
	})
	if err != nil {
		return reply, err
	}
	if quarantined.Outcome != provinces.Quarantined {
		return reply, failure(http.StatusConflict, "该记录不是隔离报文", clearing.ErrNotQuarantined.Error())
	}
	message, ok, err := d.bus.StoredClaim(ctx, quarantined.Subject)
	if err != nil {
		return reply, err
	}
	if !ok {
		return reply, fmt.Errorf("%w: the message has moved to the archive", errNoSuch)
	}
	record, err := d.intake.Redo(clearing.RedoOrder{
		Entry: request.Entry, Operator: request.Operator, Reason: request.Reason, At: d.now().UTC().Round(0),
	}, message)
	switch {
	case errors.Is(err, clearing.ErrReason):
		return reply, failure(http.StatusBadRequest, "须写明经办人和原因（各一行）", "an operator and a reason are needed, one line each")
	case err != nil:
		return reply, err
	}
	d.metrics.SetQuarantined(int(d.quarantined.Add(-1)))
	envelope := record.Envelope()
	return service.RedoReply{
		Entry: record.Number, Day: record.Day, Outcome: record.Outcome, Code: record.Code,
		Subject: envelope.Subject, Answer: envelope.Body,
	}, nil
}
