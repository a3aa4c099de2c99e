package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
	"golang.org/x/mod/sumdb/tlog"

	"clearingd/bench/measure"
	"clearingd/bench/rawstore"
	"clearingd/bench/workload"
	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// cost times each step of one claim alone, on one core, and counts what it allocates.
func (b *bench) cost(ctx context.Context) (string, error) {
	steps, err := newSteps(b.Cost)
	if err != nil {
		return "", err
	}
	defer steps.close()
	table := measure.NewTable("step", "time a claim", "allocations", "bytes allocated", "instructions")
	times, allocations, bytes := map[string]measure.Series{}, map[string]measure.Series{}, map[string]measure.Series{}
	for range b.Rounds {
		for _, s := range steps.list {
			progress("cost: %s", s.name)
			took, mallocs, allocated, err := timed(s, b.Cost)
			if err != nil {
				return "", fmt.Errorf("%s: %w", s.name, err)
			}
			times[s.name] = append(times[s.name], took)
			allocations[s.name], bytes[s.name] = append(allocations[s.name], mallocs), append(bytes[s.name], allocated)
		}
	}
	for _, s := range steps.list {
		table.Row(s.name, fmt.Sprintf("%.1f µs", 1e6*times[s.name].Median()), fmt.Sprintf("%.0f", allocations[s.name].Median()),
			measure.Grouped(bytes[s.name].Median()), b.instructions(ctx, s.name))
	}
	stored, err := b.costOfStoring()
	if err != nil {
		return "", err
	}
	table.Row(fmt.Sprintf("store: put and commit, %d together", batchMax), fmt.Sprintf("%.1f µs of processor", 1e6*stored))
	return fmt.Sprintf(costText, measure.Grouped(steps.bodySize()), table), nil
}

const costText = `## What one claim costs

Each step alone, one core, over the claims of the seeded day (%s bytes each on average), medians of the rounds. Instructions are counted by perf where the machine lets it ("–" where not).
"Decide" has "adjudicate" and "encode the answer" in it, and reads the books.

%s`

// step is one step of a claim's way.
type step struct {
	name string
	do   func(i int) error // for the i-th claim
}

// steps are all steps with what they work on.
type steps struct {
	list     []step
	messages []provinces.Message
	store    *store.Store
	dir      string
}

// timed runs a step for count claims.
func timed(s step, count int) (seconds, mallocs, allocated float64, err error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	began := time.Now()
	for i := range count {
		if err := s.do(i); err != nil {
			return 0, 0, 0, err
		}
	}
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	n := float64(count)
	return took.Seconds() / n, float64(after.Mallocs-before.Mallocs) / n, float64(after.TotalAlloc-before.TotalAlloc) / n, nil
}

// overheard remembers what an adapter is asked to encode.
type overheard struct {
	provinces.Adapter
	answers map[uint64]provinces.Answer
}

func (o overheard) Encode(a provinces.Answer) ([]byte, error) {
	o.answers[a.Number] = a
	return o.Adapter.Encode(a)
}

// newSteps decides count claims once, so that every step has what comes before it.
func newSteps(count int) (_ *steps, err error) {
	s := &steps{}
	if s.dir, err = os.MkdirTemp("", "bench-cost-"); err != nil {
		return nil, err
	}
	if s.store, err = workload.CreateBooks(s.dir, nil); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	desk, err := workload.NewDesk()
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	for i, m := range workload.All(workload.Claims(10, count, workload.Draining)) {
		stream := ledger.Province(m.Subject[len("claims.") : len("claims.")+2])
		s.messages = append(s.messages, provinces.Message{Stream: stream, Sequence: uint64(i + 1), Subject: m.Subject, Body: m.Body, Received: time.Unix(1e9, 0)})
	}
	// Answers are overheard while every claim is decided once on empty books.
	listening := *desk
	listening.Adapters = make(map[ledger.Province]provinces.Adapter)
	answers := make([]provinces.Answer, count)
	decoded := make([]clearing.Decoded, count)
	records := make([]clearing.Record, count)
	for i, m := range s.messages {
		heard := overheard{desk.Adapters[m.Stream], map[uint64]provinces.Answer{}}
		listening.Adapters[m.Stream] = heard
		if decoded[i], err = listening.Decode(m); err != nil {
			return nil, errors.Join(err, s.close())
		}
		d, err := s.decide(&listening, decoded[i])
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		records[i], answers[i] = d.Record, heard.answers[d.Record.Number]
	}
	return s, s.define(desk, decoded, records, answers)
}

func (s *steps) decide(desk *clearing.Desk, m clearing.Decoded) (d clearing.Decision, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		d, err = desk.Decide(tx, m, workload.Day)
		return err
	})
	return d, err
}

func (s *steps) define(desk *clearing.Desk, decoded []clearing.Decoded, records []clearing.Record, answers []provinces.Answer) error {
	encoding, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		return err
	}
	payloads := make([][]byte, len(records))
	for i := range records {
		if payloads[i], err = encoding.Marshal(&records[i]); err != nil {
			return err
		}
	}
	var tree []tlog.Hash
	s.list = []step{
		{"digest of the request", func(i int) error {
			if sha256.Sum256(s.messages[i].Body) == ([32]byte{}) {
				return errors.New("a digest of zeros") // so that the sum is not left out
			}
			return nil
		}},
		{"decode, with the digest", func(i int) error { _, err := desk.Decode(s.messages[i]); return err }},
		{"adjudicate", func(i int) error { return adjudicate(desk.Plans, &decoded[i].Request) }},
		{"decide", func(i int) error { _, err := s.decide(desk, decoded[i]); return err }},
		{"encode the answer", func(i int) error { _, err := desk.Adapters[decoded[i].Stream].Encode(answers[i]); return err }},
		{"encode the record", func(i int) error { _, err := encoding.Marshal(&records[i]); return err }},
		{"decode the record", func(i int) error { var r clearing.Record; return cbor.Unmarshal(payloads[i], &r) }},
		{"hash: leaf and inner nodes", func(i int) error {
			if i == 0 {
				tree = tree[:0]
			}
			hashes, err := tlog.StoredHashes(int64(i), payloads[i], tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
				found := make([]tlog.Hash, len(indexes))
				for j, index := range indexes {
					found[j] = tree[index]
				}
				return found, nil
			}))
			tree = append(tree, hashes...)
			return err
		}},
	}
	return nil
}

// adjudicate is the calculator alone, on a fresh year.
func adjudicate(plans *benefit.Set, request *provinces.Request) error {
	if request.Claim == nil {
		return nil
	}
	prepared, err := plans.Prepare(benefit.Case{Home: request.Home, Treatment: request.Treatment, Provider: request.Provider, Claim: *request.Claim})
	var refusal *provinces.RejectError
	if errors.As(err, &refusal) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = prepared.Adjudicate(make([]benefit.Accumulators, len(prepared.Years)))
	if errors.As(err, &refusal) {
		return nil
	}
	return err
}

// bodySize is the mean size of a claim.
func (s *steps) bodySize() float64 {
	sum := 0
	for _, m := range s.messages {
		sum += len(m.Body)
	}
	return float64(sum) / float64(len(s.messages))
}

func (s *steps) close() error { return errors.Join(s.store.Close(), os.RemoveAll(s.dir)) }

// costOfStoring is the processor time of a claim in a bare store, in seconds.
func (b *bench) costOfStoring() (float64, error) {
	dir, err := b.scratch()
	if err != nil {
		return 0, err
	}
	s, err := workload.CreateBooks(dir, nil)
	if err != nil {
		return 0, err
	}
	err = workload.Fill(context.Background(), s, workload.Claims(10, b.Cost, workload.Draining))
	if err = errors.Join(err, s.Close()); err != nil {
		return 0, err
	}
	books, err := rawstore.Read(filepath.Join(dir, workload.BooksFile), 0)
	if err != nil {
		return 0, err
	}
	var cpu measure.Series
	for range b.Rounds {
		r, err := b.replay(books, []int{batchMax}, rawstore.AsBooked)
		if err != nil {
			return 0, errors.Join(err, books.Close())
		}
		cpu = append(cpu, r.cpu)
	}
	return cpu.Median(), books.Close()
}

// instructions counts a step's instructions a claim in user space, from two runs of a
// child under perf, one of them twice as long; "–" where perf cannot.
func (b *bench) instructions(ctx context.Context, name string) string {
	self, err := os.Executable()
	if err != nil {
		return "–"
	}
	count := func(n int) (float64, bool) {
		command := exec.CommandContext(ctx, "perf", "stat", "-x", ",", "-e", "instructions:u", self, childPrefix+"step", "-step", name, "-count", strconv.Itoa(n))
		var said strings.Builder
		command.Stderr = &said
		if command.Run() != nil {
			return 0, false
		}
		number, _, _ := strings.Cut(strings.TrimSpace(said.String()), ",")
		instructions, err := strconv.ParseFloat(number, 64)
		return instructions, err == nil
	}
	if _, ok := count(0); !ok {
		return "–"
	}
	const turns = 2
	once, ok := count(turns)
	twice, ok2 := count(2 * turns)
	if !ok || !ok2 {
		return "–"
	}
	return measure.Grouped((twice - once) / (turns * stepClaims))
}

// stepClaims are the claims of one turn in a child that perf watches.
const stepClaims = 1_000

// runStep is that child: it prepares, and runs one step so many times over the claims.
func runStep(name string, turns int) error {
	s, err := newSteps(stepClaims)
	if err != nil {
		return err
	}
	defer s.close()
	for _, step := range s.list {
		if step.name != name {
			continue
		}
		for range turns {
			if _, _, _, err := timed(step, stepClaims); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("no step %q", name)
}
