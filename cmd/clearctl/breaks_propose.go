package main

import (
	"context"
	"errors"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/provinces/bus"
)

// handIn hands every line that fits in as the maker's word: what needs two persons as a
// proposal, a comment or an assignment at once. A line that is refused becomes a fault of
// its own; the others go on.
func (s *sheetRead) handIn(ctx context.Context, b *bus.Bus, province, maker string) error {
	kept := s.Lines[:0]
	for _, l := range s.Lines {
		reply, err := s.propose(ctx, b, province, maker, l)
		var answered *bus.ServiceError
		switch {
		case errors.Is(err, errLeftBehind):
			s.fault(l.Row, "facts", l.Key, "刚刚有变化，请重新查看", "it has changed just now: look at it again")
			continue
		case errors.As(err, &answered):
			f := serviceFailure(answered)
			s.fault(l.Row, "decision", l.Key, f.zh, f.en)
			continue
		case err != nil:
			return err
		}
		l.Record = reply.Entry
		kept = append(kept, l)
	}
	s.Lines = kept
	return nil
}

// errLeftBehind: the break is not the one any more that the officer decided about.
var errLeftBehind = errors.New("the break has changed")

// propose hands one line in. It looks before it compares the facts: what changes after
// that has another object, and the daemon refuses the order.
func (s *sheetRead) propose(ctx context.Context, b *bus.Bus, province, maker string, l sheetLine) (reply service.ActReply, err error) {
	target := "break/" + l.Key
	seen, err := callOn[service.LookReply](ctx, b, service.Look+"."+province, service.LookRequest{Target: target})
	if err != nil {
		return reply, err
	}
	now, err := callOn[service.BreakReply](ctx, b, service.Break, service.BreakRequest{Key: l.Key})
	if err != nil {
		return reply, err
	}
	if now.Break.Facts != l.Facts {
		return reply, errLeftBehind
	}
	request := service.ActRequest{
		Kind: clearing.ActKind(l.Decision), Target: target, Object: seen.Object, Maker: maker,
		Reason: l.oneLine(), Side: string(l.Side),
	}
	if request.Kind == clearing.ActAccept {
		request.Side = string(now.Break.Side)
	}
	if request.Kind.Checked() {
		request.Step = clearing.StepPropose
	}
	return callOn[service.ActReply](ctx, b, service.Act+"."+province, request)
}
