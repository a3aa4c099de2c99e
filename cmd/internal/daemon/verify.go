package daemon

import (
	"context"
	"errors"
	"fmt"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
)

const (
	verifyPart     = 5000 // records looked at for one reply
	verifyWrongMax = 100
)

// verify recomputes booked bills from the books alone.
func (d *Daemon) verify(ctx context.Context, request service.VerifyRequest) (reply service.VerifyReply, err error) {
	if !request.All && request.Day == nil {
		return d.verifyOne(request.ClaimRequest)
	}
	first, last := uint64(1), uint64(0)
	if err := d.store.View(func(tx *store.Tx) error { last = tx.Last(); return nil }); err != nil {
		return reply, err
	}
	if request.Day != nil {
		if first, last, err = (pages{d: d}).numbers(*request.Day, *request.Day); err != nil || first == 0 {
			return reply, err
		}
	}
	reply.Last = last
	from := max(first, request.After+1)
	to := min(last, from+verifyPart-1)
	err = d.store.Verify(ctx, &d.verifier, from, to, func(r *clearing.Record, v clearing.Verified) error {
		if request.Day != nil && r.Day != *request.Day {
			return nil
		}
		reply.Bills++
		reply.Steps += uint64(v.Steps)
		if !v.OK() && len(reply.Wrong) < verifyWrongMax {
			reply.Wrong = append(reply.Wrong, v)
		}
		return nil
	})
	if to < last {
		reply.Next = to
	}
	return reply, err
}

func (d *Daemon) verifyOne(request service.ClaimRequest) (reply service.VerifyReply, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		record, err := findRecord(tx, request)
		if err != nil {
			return err
		}
		entry, err := tx.Entry(record.Number)
		if err != nil {
			return err
		}
		verified, ok := d.verifier.VerifyRecord(tx, record, entry)
		if !ok {
			return errNoBill
		}
		reply = service.VerifyReply{Bills: 1, Steps: uint64(verified.Steps), Bill: &verified}
		if !verified.OK() {
			reply.Wrong = []clearing.Verified{verified}
		}
		return nil
	})
	return reply, err
}

// errNoBill: the record booked no bill, so there is nothing to recompute.
var errNoBill = errors.New("the record booked no bill")

// recompute adds to the faults every bill that does not come out as it is booked.
func (d *Daemon) recompute(ctx context.Context, faults []string) ([]string, error) {
	err := d.store.Verify(ctx, &d.verifier, 1, 0, func(r *clearing.Record, v clearing.Verified) error {
		if !v.OK() {
			faults = append(faults, fmt.Sprintf("record %d: recomputed, %s", r.Number, v.Why()))
		}
		return nil
	})
	return faults, err
}
