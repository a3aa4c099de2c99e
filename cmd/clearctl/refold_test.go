package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/intake"
	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
	"clearingd/provinces/data"
)

// refoldEndpoints answer what a script about re-folded person-years would expect.
func (h *house) refoldEndpoints() []bus.Endpoint {
	reply := func(subject string, answer func(body []byte) (any, error)) bus.Endpoint {
		name := strings.TrimSuffix(strings.TrimPrefix(subject, "clearing."), ".*")
		return bus.Endpoint{Name: name, Subject: subject, Handle: func(_ context.Context, _ string, body []byte) ([]byte, error) {
			v, err := answer(body)
			if err != nil {
				return nil, err
			}
			return json.Marshal(v)
		}}
	}
	return []bus.Endpoint{
		reply(service.Verify, h.verifyOfScript),
		reply(service.Refold+".*", refoldOfScript),
		reply(service.Refolds+".*", refoldsOfScript),
		reply(service.Adjust+".*", adjustOfScript),
	}
}

// verifyOfScript verifies all bills in two parts; in bad books one of them is wrong.
func (h *house) verifyOfScript(body []byte) (any, error) {
	var request service.VerifyRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	if request.Entry == 7 {
		one := clearing.Verified{Number: 7, SettlementID: "310101G0000000000007", Plan: "65-310", PlanVersion: "2024-01-01", Steps: 9}
		return service.VerifyReply{Bills: 1, Steps: 9, Bill: &one}, nil
	}
	if !request.All && request.Day == nil {
		return nil, notFound("无此记录", "no such record")
	}
	reply := service.VerifyReply{Bills: 3, Steps: 30, Last: 9}
	if request.After == 0 {
		reply.Next = 5
	} else if h.bad {
		reply.Wrong = []clearing.Verified{{Number: 8, SettlementID: "S8", Differences: []clearing.Difference{{Where: "cash", Booked: "1.00", Recomputed: "2.00"}}}}
	}
	return reply, nil
}

func refoldOfScript(body []byte) (any, error) {
	var request service.RefoldRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	reply := service.RefoldReply{Person: "p-1"}
	if request.Entry != 7 && request.PersonNo != "65010000000000000001" {
		return reply, nil
	}
	bill := service.RefoldBill{
		Entry: 7, SettlementID: "310101G0000000000007", Differs: true, Deductible: 65000, Cash: 48750,
		Now:    benefit.Adjudication{Deductible: 65000, Cash: 848750, Funds: []benefit.Share{{Layer: "basic", Fund: "310100", Amount: 1451250}}},
		Should: benefit.Adjudication{Deductible: 130000, Cash: 897500, Funds: []benefit.Share{{Layer: "basic", Fund: "310100", Amount: 1402500}}},
	}
	if request.Trace {
		bill.Now.Trace = []benefit.Step{{Layer: "deductible", Rule: "deductible-later", Output: 65000}}
		bill.Should.Trace = []benefit.Step{{Layer: "deductible", Rule: "deductible-table", Output: 130000}}
	}
	reply.Years = []service.RefoldYear{{
		Insutype: "310", Order: clearing.ByDischarge, Object: "ab12", Differs: true, Bills: []service.RefoldBill{bill},
		Totals: []service.RefoldTotal{{Year: 2026, Note: &service.RefoldNotice{Year: 2026, First: 9}}},
	}}
	return reply, nil
}

func refoldsOfScript(body []byte) (any, error) {
	var request service.RefoldsRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	line := service.RefoldLine{Person: "p-1", Entry: 7, Insutype: "310", Note: service.RefoldNotice{Year: 2026, First: 9}, Bills: 1, Funds: -48750, Cash: 48750, Differs: true}
	if request.Skip == 0 {
		return service.RefoldsReply{Years: []service.RefoldLine{line}, Next: 1}, nil
	}
	line.Person, line.Entry = "p-2", 8
	return service.RefoldsReply{Years: []service.RefoldLine{line}}, nil
}

func adjustOfScript(body []byte) (any, error) {
	var request service.AdjustRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	if request.Maker == request.Checker {
		body, _ := json.Marshal(service.Failure{Code: 400, ZH: "须为两个不同的人", EN: "maker and checker must be two named persons"})
		return nil, &bus.ServiceError{Code: 400, Text: "maker and checker must be two named persons", Body: body}
	}
	return service.AdjustReply{Entry: 10, Day: ledger.NewDay(2026, time.March, 18), Published: true}, nil
}

// bookedDay makes a file of books with a built day in it.
func bookedDay(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "books.db")
	day := ledger.NewDay(2026, time.March, 18)
	if err := store.Create(path, store.Identity{Install: "test", FirstDay: day}); err != nil {
		t.Fatal(err)
	}
	books, err := store.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer books.Close()
	plans, err := benefit.LoadFS(data.Plans)
	if err != nil {
		t.Fatal(err)
	}
	adapters, err := data.Adapters()
	if err != nil {
		t.Fatal(err)
	}
	keepPlans(t, books, plans, day)
	in := intake.New(intake.Options{
		Store: books, Cutoff: clearing.Midnight, Manual: true, BatchMax: 100, Desk: &clearing.Desk{Plans: plans, Adapters: adapters},
	})
	last := map[ledger.Province]uint64{}
	var items []intake.Item
	for _, m := range sim.Day(sim.DefaultConfig(3, 40, day)).Messages {
		stream := ledger.Province(strings.Split(m.Subject, ".")[1])
		last[stream]++
		items = append(items, in.Decode(provinces.Message{
			Stream: stream, Sequence: last[stream], Subject: m.Subject, Body: m.Body, Received: time.Date(2026, 3, 18, 1, 0, 0, 0, time.UTC),
		}))
	}
	if err := in.Commit(items, func([]provinces.Envelope) error { return nil }); err != nil {
		t.Fatal(err)
	}
	return path
}

func keepPlans(t *testing.T, books *store.Store, plans *benefit.Set, day ledger.Day) {
	t.Helper()
	err := books.Update(func(tx *store.Tx) error {
		var files [][]byte
		for _, plan := range plans.Plans() {
			file, _ := plans.PlanBytes(plan.Hash())
			files = append(files, file)
		}
		for _, p := range provinces.Provinces() {
			tx.SetPosition(p, clearing.Position{Day: day})
		}
		return tx.KeepPlans(plans.Hash(), files)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// runClearctl runs a command line without a daemon.
func runClearctl(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	var both bytes.Buffer
	a := &app{in: strings.NewReader(""), out: &both, err: &both, getenv: func(string) string { return "" }, now: time.Now}
	code = a.run(t.Context(), append(args, "--lang", "en", "--nats", "nats://127.0.0.1:1"))
	return code, both.String()
}

// A file of books is enough to recompute every bill in it: the plans are in it, too.
func TestVerifyReadsAFileOfBooks(t *testing.T) {
	path := bookedDay(t)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		code int
		want string
		args []string
	}{
		{exitOK, "all come out as they are booked", []string{"claim", "verify", "--all", "--offline", path}},
		{exitOK, "all come out as they are booked", []string{"claim", "verify", "--day", "2026-03-18", "--offline", path}},
		{exitOK, "0 bills", []string{"claim", "verify", "--day", "2026-03-19", "--offline", path}},
		{exitOK, "plan ", []string{"claim", "verify", "1", "--offline", path}},
		{exitNo, "no such record", []string{"claim", "verify", "99999", "--offline", path}},
		{exitNo, "no such record", []string{"claim", "verify", "nonsense", "--offline", path}},
		{exitUsage, "give one of", []string{"claim", "verify"}},
		{exitUsage, "give one of", []string{"claim", "verify", "1", "--all"}},
		{exitUsage, "no such file", []string{"claim", "verify", "--all", "--offline", path + ".not"}},
		{exitOK, "every promise holds", []string{"check", "--recompute", "--offline", path}},
	} {
		if code, out := runClearctl(t, x.args...); code != x.code || !strings.Contains(out, x.want) {
			t.Errorf("%v: exit code %d, want %d with %q:\n%s", x.args, code, x.code, x.want, out)
		}
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file was changed")
	}
}

// Without its plan a bill cannot be explained, and that is a fault.
func TestVerifyMissesAPlan(t *testing.T) {
	path := bookedDay(t)
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		plans := tx.Bucket([]byte("plans"))
		return plans.ForEach(func(hash, _ []byte) error { return plans.Put(bytes.Clone(hash), []byte("area = 1")) })
	})
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	if code, out := runClearctl(t, "claim", "verify", "--all", "--offline", path); code != exitNo || !strings.Contains(out, "not the plan of that hash") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
	if code, out := runClearctl(t, "check", "--recompute", "--offline", path); code != exitNo || !strings.Contains(out, "recomputed, clearing: not the plan") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}
