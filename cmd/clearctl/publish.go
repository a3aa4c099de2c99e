package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

func (a *app) publishCommand() *cobra.Command {
	var o publishOptions
	c := &cobra.Command{
		Use:   "publish [FILE]",
		Short: a.say("发布结算、撤销、冲正报文", "publish claims, cancellations and reversals"),
		Long: a.say(`发布报文。FILE 缺省或为 - 时读标准输入。文件内容可以是：
  · NDJSON，每行 {"subject": ..., "body": {...}}（clearctl sample 的输出）
  · 一个或多个国家标准报文；主题由报文内容得出
  · 任意字节：用 --subject 给出主题，整个文件原样发布

代理确认只表示报文已落盘；答复才是医院的凭据。--wait 等待每条报文得到答复，且答复的
Clr-Digest 等于所发字节的 SHA-256。重复发布同一主题无害，计为“已存”。`,
			`Publishes messages. Without FILE, or with -, they are read from standard input. A file holds
  - NDJSON, a line each: {"subject": ..., "body": {...}} (what clearctl sample writes), or
  - one or more national envelopes; the subject follows from what they say, or
  - any bytes: --subject gives the subject, and the file is published as it is.

The broker's acknowledgement only says that a message is on disk; the answer is the
hospital's receipt. --wait waits until every message has an answer whose Clr-Digest is the
SHA-256 of the bytes that were published. Publishing a subject again is harmless and is
counted as "already stored".`) + "\n\n" + a.say(
			"退出码 1：有报文未能存入，或 --wait 到时仍无答复；加 --strict 时，还有答复与预期不符。",
			"Exit code 1: a message was not stored, or had no answer in time; with --strict also when\nan answer is not the expected one (the file's want, or any refusal where it says none)."),
		Example: `
  clearctl sample --seed 1 --count 2000 --day 2026-03-18 --out day.ndjson
  clearctl publish day.ndjson --wait --answers answers.ndjson
  clearctl publish --wait < claim.json
  clearctl publish broken.bin --subject claims.31.65.H31010100001.M1
  clearctl publish xinjiang.ndjson --by-day --through 2016-08-31`,
	}
	flags := c.Flags()
	flags.BoolVar(&o.wait, "wait", false, a.say("等待全部答复", "wait for all answers"))
	flags.BoolVar(&o.strict, "strict", false, a.say("答复不符预期时退出码为 1", "exit with 1 when an answer is not the expected one"))
	flags.StringVar(&o.subject, "subject", "", a.say("原样发布整个文件到此主题", "publish the whole file as it is to this subject"))
	flags.StringVar(&o.answers, "answers", "", a.say("把答复写入此文件（NDJSON，隐含 --wait）", "write the answers to this file (NDJSON; implies --wait)"))
	flags.BoolVar(&o.byDay, "by-day", false, a.say("按报文的营业日逐日发布、等待、日切（手工营业日模式）", "publish, wait and close business day after business day (manual mode)"))
	flags.StringVar(&o.through, "through", "", a.say("与 --by-day 同用：直到此日（含）都日切", "with --by-day: close every day up to this one"))
	return a.command(c, cobra.MaximumNArgs(1), func(c *cobra.Command, args []string) error {
		o.file = "-"
		if len(args) == 1 {
			o.file = args[0]
		}
		return a.publish(c.Context(), o)
	})
}

type publishOptions struct {
	file, subject, answers, through string
	wait, strict, byDay             bool
}

func (a *app) publish(ctx context.Context, o publishOptions) error {
	messages, err := a.loadMessages(o)
	if err != nil {
		return err
	}
	b, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	s := &sending{app: a, bus: b, wait: o.wait || o.answers != "" || o.byDay, items: track(messages)}
	if o.byDay {
		err = s.sendByDay(ctx, o.through)
	} else {
		err = s.send(ctx, s.items)
	}
	if err != nil {
		return err
	}
	if o.answers != "" {
		if err := writeAnswers(o.answers, s.items); err != nil {
			return err
		}
	}
	return s.tell(o.strict)
}

func (a *app) loadMessages(o publishOptions) ([]message, error) {
	if o.through != "" && !o.byDay {
		return nil, usageError("--through 须与 --by-day 同用", "--through needs --by-day")
	}
	data, err := a.readFile(o.file)
	if err != nil {
		return nil, err
	}
	if o.subject != "" {
		key, err := provinces.ParseSubject(o.subject)
		if err != nil {
			return nil, usageError(err.Error(), err.Error())
		}
		return []message{{subject: o.subject, body: data, key: &key}}, nil
	}
	messages, err := readMessages(data)
	if err == nil && len(messages) == 0 {
		err = usageError("没有报文", "no messages")
	}
	return messages, err
}

// sending is a run of publishing, and of waiting for the answers.
type sending struct {
	app   *app
	bus   *bus.Bus
	wait  bool
	items []*item
}

// Portions: so many messages of one province go in one call, and so many provinces at a
// time, each in its own order.
const (
	portion  = 256
	parallel = 8
)

// send publishes the items and, if asked to, waits for their answers.
func (s *sending) send(ctx context.Context, items []*item) error {
	ctx, cancel := s.app.bounded(ctx)
	defer cancel()
	var w *waiter
	if s.wait {
		var err error
		if w, err = startWaiter(ctx, s.bus, items); err != nil {
			return err
		}
		defer w.stop()
	}
	s.store(ctx, items)
	if errors.Is(ctx.Err(), context.Canceled) {
		return ctx.Err()
	}
	if w == nil {
		return nil
	}
	return w.finish(ctx, s.app)
}

// store publishes every item once, the items of each province in their order.
func (s *sending) store(ctx context.Context, items []*item) {
	p := s.app.startProgress(s.app.say("已发布", "published"))
	defer p.done()
	var mu sync.Mutex
	done := 0
	advance := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		done += n
		p.at(done, len(items))
	}
	groups := byTreatment(items)
	slots := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for _, group := range groups {
		all.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; all.Done() }()
			for start := 0; start < len(group); start += portion {
				part := group[start:min(start+portion, len(group))]
				s.storePortion(ctx, part)
				advance(len(part))
			}
		}()
	}
	all.Wait()
}

// attempts is how often a message of unknown outcome is published; doing so again is
// the way to know.
const attempts = 4

// storePortion publishes in order. What is unknown is tried again before anything after
// it; what the broker refused for good is left at that.
func (s *sending) storePortion(ctx context.Context, items []*item) {
	out := make([]bus.Outgoing, len(items))
	for i, it := range items {
		out[i] = bus.Outgoing{Subject: it.subject, Body: it.body}
	}
	for i, result := range s.bus.PublishClaims(ctx, out) {
		for try := 1; unknown(result) && try < attempts && ctx.Err() == nil; try++ {
			sleep(ctx, time.Duration(try)*250*time.Millisecond)
			result.Stored, result.Already, result.Err = s.bus.PublishClaim(ctx, out[i].Subject, out[i].Body)
		}
		items[i].published(result)
	}
}

// unknown reports a publish of which nobody knows whether it was stored.
func unknown(p bus.Published) bool {
	if p.Err == nil {
		return false
	}
	for _, known := range []error{bus.ErrTooLarge, bus.ErrNoStream, bus.ErrDenied, bus.ErrFull, bus.ErrNotStored} {
		if errors.Is(p.Err, known) {
			return false
		}
	}
	return true
}

func byTreatment(items []*item) [][]*item {
	index := map[ledger.Province]int{}
	var groups [][]*item
	for _, it := range items {
		i, seen := index[it.key.Treatment]
		if !seen {
			i = len(groups)
			index[it.key.Treatment] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], it)
	}
	return groups
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// publishError is what became of a publish that was not stored, in words.
func publishError(err error) (zh, en string) {
	switch {
	case errors.Is(err, bus.ErrTooLarge):
		return "报文超过 1 MiB，代理拒收", "the message is over 1 MiB; the broker refused it"
	case errors.Is(err, bus.ErrNoStream):
		return "就医地没有消息流，或 clearingd 未就绪", "no stream for this treatment province, or clearingd is not ready"
	case errors.Is(err, bus.ErrDenied):
		return "无权发布到此主题", "no permission to publish to this subject"
	case errors.Is(err, bus.ErrFull):
		return "存储已满，未存入", "the store is full; not stored"
	}
	return fmt.Sprintf("未存入：%v", err), fmt.Sprintf("not stored: %v", err)
}
