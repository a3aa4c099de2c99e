package daemon_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"clearingd/clearing/benefit"
	"clearingd/clearing/lab"
	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/clearing/store"
	"clearingd/provinces/bus"
	"clearingd/provinces/data"
)

// refused calls a service that must say no, and returns the code.
func refused(h *house, subject string, request any) int {
	h.Helper()
	body, err := json.Marshal(request)
	if err != nil {
		h.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = h.hospital.Call(ctx, subject, body)
	var failed *bus.ServiceError
	if !errors.As(err, &failed) {
		h.Fatalf("%s: %v", subject, err)
	}
	return failed.Code
}

// TestACopyIsTheBooksAtOneMoment: it is whole, has what the books had, and is what a restored
// daemon goes on from.
func TestACopyIsTheBooksAtOneMoment(t *testing.T) {
	cfg := configOf(t)
	h := start(t, cfg)
	sample := sim.Day(sim.DefaultConfig(11, 60, openDay))
	h.send(sample.Messages[:40])
	status := call[service.StatusReply](h, service.Status, nil)
	copied := call[service.CopyReply](h, service.Copy, service.CopyRequest{Name: "evening-1"})
	if copied.Records != status.BooksNumber || copied.Root != status.MerkleRoot || copied.Records == 0 {
		t.Errorf("the copy holds %d records with root %s, the books %d with %s", copied.Records, copied.Root, status.BooksNumber, status.MerkleRoot)
	}
	path := filepath.Join(cfg.State.Dir, "copies", "evening-1.db")
	if info, err := os.Stat(path); err != nil || info.Size() != copied.Size || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; the reply says %d bytes", info, err, copied.Size)
	}
	result, err := store.CheckFile(context.Background(), path, nil)
	if err != nil || len(result.Faults) > 0 || result.Root != copied.Root {
		t.Errorf("the copy's check: %+v, %v", result, err)
	}
	for name, code := range map[string]int{"evening-1": 409, "": 400, "UP": 400, "../x": 400, "a/b": 400, "a.db": 400, strings.Repeat("a", 41): 400} {
		if got := refused(h, service.Copy, service.CopyRequest{Name: name}); got != code {
			t.Errorf("copy %q: %d, want %d", name, got, code)
		}
	}
	h.send(sample.Messages[40:])
	want := call[service.StatusReply](h, service.Status, nil)
	h.close()
	books, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(cfg.State.Dir, "books.db"), books, 0o600); err != nil {
		t.Fatal(err)
	}
	h = start(t, cfg)
	if got := call[service.StatusReply](h, service.Status, nil); got.MerkleRoot != want.MerkleRoot || got.BooksNumber != want.BooksNumber {
		t.Errorf("restored from the copy the books end at %d with %s, the lost ones at %d with %s", got.BooksNumber, got.MerkleRoot, want.BooksNumber, want.MerkleRoot)
	}
	if left, err := filepath.Glob(filepath.Join(cfg.State.Dir, "copies", "*.new")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestACopyThatWouldFillTheDiskIsRefused, and nothing is left of it.
func TestACopyThatWouldFillTheDiskIsRefused(t *testing.T) {
	cfg := configOf(t)
	cfg.Disk.FloorBytes = 1 << 60
	h := start(t, cfg)
	if code := refused(h, service.Copy, service.CopyRequest{Name: "a"}); code != 507 {
		t.Errorf("code %d", code)
	}
	if files, err := os.ReadDir(filepath.Join(cfg.State.Dir, "copies")); err != nil || len(files) > 0 {
		t.Errorf("%v, %v", files, err)
	}
}

// TestALaboratoryRunOnADaemonsCopy: what the daemon booked and closed, the laboratory finds
// again to the fen (where-to-lead P7).
func TestALaboratoryRunOnADaemonsCopy(t *testing.T) {
	cfg := configOf(t)
	h := start(t, cfg)
	config := sim.DefaultConfig(12, 80, openDay)
	first := sim.Day(config)
	answers := map[string]sim.Answered{}
	for i, answer := range h.send(first.Messages) {
		var body struct {
			Output struct {
				Settlement struct {
					ID string `json:"setl_id"`
				} `json:"setlinfo"`
			} `json:"output"`
		}
		_ = json.Unmarshal(answer.Body, &body) // a refusal has none
		answers[first.Messages[i].Subject] = sim.Answered{SettlementID: body.Output.Settlement.ID}
	}
	h.send(sim.FollowUps(config, answers).Messages)
	call[service.CloseReply](h, service.Close, service.CloseRequest{Day: openDay})
	copied := call[service.CopyReply](h, service.Copy, service.CopyRequest{Name: "lab"})
	books, err := store.OpenReadOnly(copied.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer books.Close()
	plans, err := benefit.LoadFS(data.Plans)
	if err != nil {
		t.Fatal(err)
	}
	current, err := lab.Current(books)
	if err != nil || current.Hash() != plans.Hash() {
		t.Errorf("the books' plans: %v", err)
	}
	result, err := lab.Run(context.Background(), lab.Options{Books: books, Draft: current, From: openDay, To: openDay})
	if err != nil || result.Total.Bills == 0 || result.Total.Changed != 0 || result.Total.Refused != 0 {
		t.Fatalf("%+v, %v", result.Total, err)
	}
	var owed int64
	for _, pair := range call[service.BalancesReply](h, service.Balances, service.BalancesRequest{}).Pairs {
		owed += int64(pair.Total + pair.Account)
	}
	if found := int64(result.Total.Booked.FundTotal + result.Total.Booked.Account); found != owed {
		t.Errorf("the laboratory finds %d fen, the daemon's balances %d", found, owed)
	}
}
