package daemon_test

import (
	"os"
	"path/filepath"
	"testing"

	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/config"
)

// TestBooksFromACopyFollowTheRegisterToo: the books are put back to a copy from before two
// bills, one settled before and one after the register learned what the hospital is. Each
// is decided again with the register as it stood then, and comes to its published answer.
func TestBooksFromACopyFollowTheRegisterToo(t *testing.T) {
	cfg := configOf(t)
	h := start(t, cfg)
	h.send([]sim.Message{jinanStay("m1", "V001")})
	h.close()
	restore := copyBooks(t, cfg)

	h = start(t, cfg)
	h.send([]sim.Message{jinanStay("m2", "V002")})
	h.register([]sim.Registration{providerDocument(1, `"hosp_lv":"09","traits":["community"]`)})
	h.send([]sim.Message{jinanStay("m3", "V003")})
	h.register([]sim.Registration{providerDocument(2, `"hosp_lv":"01"`), providerDocument(3, `"hosp_lv":"02"`)})
	h.send([]sim.Message{jinanStay("m4", "V004")})
	before := call[service.StatusReply](h, service.Status, nil)
	h.close()

	restore()
	h = start(t, cfg)
	after := call[service.StatusReply](h, service.Status, nil)
	if after.BooksNumber != 4 || after.MerkleRoot != before.MerkleRoot {
		t.Errorf("%d records with root %s, before %d with %s", after.BooksNumber, after.MerkleRoot, before.BooksNumber, before.MerkleRoot)
	}
	shown := call[service.RegistryProviderReply](h, service.RegistryProvider+".33", service.RegistryProviderRequest{Provider: "H33010000001"})
	if len(shown.Facilities) != 1 || shown.Facilities[0].Version != 3 {
		t.Errorf("the register knows %+v", shown)
	}
	if check := call[service.CheckReply](h, service.Check, service.CheckRequest{Recompute: true}); len(check.Faults) > 0 {
		t.Errorf("the books fail their check: %v", check.Faults)
	}
}

// copyBooks copies the books of a daemon that is stopped; restore puts the copy back in
// their place.
func copyBooks(t *testing.T, cfg config.Config) (restore func()) {
	t.Helper()
	path := filepath.Join(cfg.State.Dir, "books.db")
	copied, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		if err := os.WriteFile(path, copied, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// demandEnd compares where restored books end with where the lost ones did.
func (h *house) demandEnd(want service.StatusReply) {
	h.Helper()
	got := call[service.StatusReply](h, service.Status, nil)
	if got.BooksNumber != want.BooksNumber || got.MerkleRoot != want.MerkleRoot {
		h.Errorf("restored books end at %d with root %s, the lost ones at %d with %s",
			got.BooksNumber, got.MerkleRoot, want.BooksNumber, want.MerkleRoot)
	}
}
