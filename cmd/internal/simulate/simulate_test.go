package simulate

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"clearingd/ledger"
)

// One short run, so that every `make test` kills the daemon a few times; `make sim` does
// the rest.
func TestKilledDaemonKeepsItsPromises(t *testing.T) {
	if testing.Short() {
		t.Skip("starts and kills the real daemon")
	}
	binary := filepath.Join(t.TempDir(), "clearingd")
	build := exec.Command("go", "build", "-o", binary, "clearingd/cmd/clearingd")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var out bytes.Buffer
	result, err := Run(context.Background(), Options{
		Seed: 7, Binary: binary, Dir: t.TempDir(), Messages: 60, Kills: 2, Out: &out,
		Day: ledger.NewDay(2026, time.November, 20), Ready: time.Minute, Patience: 3 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s%+v", &out, result)
	for _, fault := range result.Faults {
		t.Error(fault)
	}
	if result.Starts < 4 || result.Judged < 50 || result.Outcomes["cancelled"] == 0 || result.Statements < 20 || result.Planted < 10 || result.Acts < 8 {
		t.Errorf("the run met too little: %+v", result)
	}
}

func TestTheSeedFixesWorldAndSchedule(t *testing.T) {
	day := ledger.NewDay(2026, time.November, 20)
	for seed := range uint64(16) {
		first, again := newWorld(seed, 60, day).first(), newWorld(seed, 60, day).first()
		same := slices.EqualFunc(first, again, func(a, b message) bool { return a.subject == b.subject && bytes.Equal(a.body, b.body) })
		if !same || len(first) < 120 {
			t.Fatalf("seed %d: two worlds of %d messages differ", seed, len(first))
		}
		points := []string{"committed", "created"}
		schedule := NewSchedule(seed, 12, points)
		if schedule.String() != NewSchedule(seed, 12, points).String() {
			t.Errorf("seed %d: two schedules", seed)
		}
		if schedule.Steps[1].Act != schedule.Focus {
			t.Errorf("seed %d: never meets its focus %s", seed, schedule.Focus)
		}
	}
}

func TestEightSeedsMeetEverything(t *testing.T) {
	met := map[Act]bool{}
	for seed := range uint64(len(focuses)) {
		for _, step := range NewSchedule(seed, 6, nil).Steps {
			met[step.Act] = true
		}
	}
	for _, act := range append(focuses, BadReload) {
		if !met[act] {
			t.Errorf("no schedule has %q", act)
		}
	}
}

// The search for identities finds them, also in the middle of other text.
func TestIdentitiesAreFound(t *testing.T) {
	sent := newWorld(1, 40, ledger.NewDay(2026, time.November, 20)).first()
	ids := identitiesOf(sent)
	if ids.count < 60 {
		t.Fatalf("knows %d identities", ids.count)
	}
	for _, text := range []string{"CANARY000000000099", "x金丝雀9999y"} {
		if ids.in([]byte("before "+text+" behind")) == "" {
			t.Errorf("%q is not found", text)
		}
	}
	if found := ids.in([]byte(strings.Repeat("p-abcdefgh 650100 12345678 ", 50))); found != "" {
		t.Errorf("finds %q where nothing is", found)
	}
}
