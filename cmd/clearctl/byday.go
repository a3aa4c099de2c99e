package main

import (
	"context"
	"fmt"

	"clearingd/clearing/service"
	"clearingd/ledger"
)

// sendByDay walks the business days from the open one: publishes what is meant for the
// day, waits for the answers, closes the day. It needs books in manual mode, where the
// day moves only so.
func (s *sending) sendByDay(ctx context.Context, through string) error {
	status, err := callOn[service.StatusReply](ctx, s.bus, service.Status, nil)
	if err != nil {
		return err
	}
	if status.Mode != "manual" {
		return no("--by-day 需要手工营业日模式（business_day = \"manual\"）", "--by-day needs business_day = \"manual\"")
	}
	byDay := map[ledger.Day][]*item{}
	last := status.Day - 1
	for _, it := range s.items {
		if it.day == nil {
			return usageError("报文没有 day 字段："+it.subject, "a message without day: "+it.subject)
		}
		if *it.day < status.Day {
			return no(fmt.Sprintf("营业日已是 %s，晚于报文的 %s", status.Day, *it.day),
				fmt.Sprintf("the open day is %s, after the %s of a message", status.Day, *it.day))
		}
		byDay[*it.day] = append(byDay[*it.day], it)
		last = max(last, *it.day)
	}
	if through != "" {
		end, err := parseDay(through)
		if err != nil {
			return err
		}
		last = max(last, end)
	}
	return s.walk(ctx, status.Day, last, byDay)
}

func (s *sending) walk(ctx context.Context, first, last ledger.Day, byDay map[ledger.Day][]*item) error {
	p := s.app.startProgress(s.app.say("营业日", "business days"))
	defer p.done()
	quietly := *s.app // the days tell of progress, not each step of each day
	quietly.err, quietly.progress = discard{}, false
	one := &sending{app: &quietly, bus: s.bus, wait: true}
	for day := first; day <= last; day++ {
		if items := byDay[day]; len(items) > 0 {
			if err := one.send(ctx, items); err != nil {
				return err
			}
		}
		if err := s.closeOne(ctx, day); err != nil {
			return err
		}
		p.at(int(day-first)+1, int(last-first)+1)
	}
	return nil
}

func (s *sending) closeOne(ctx context.Context, day ledger.Day) error {
	ctx, cancel := s.app.bounded(ctx)
	defer cancel()
	_, err := closeDay(ctx, s.bus, day, false)
	return err
}

// discard takes writes and forgets them.
type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
