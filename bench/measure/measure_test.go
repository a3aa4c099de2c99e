package measure

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	for _, c := range []struct {
		runs Series
		want float64
	}{
		{Series{3}, 3},
		{Series{3, 1}, 2},
		{Series{9, 1, 2}, 2},
		{Series{4, 1, 3, 2}, 2.5},
	} {
		if got := c.runs.Median(); got != c.want {
			t.Errorf("median of %v is %v, want %v", c.runs, got, c.want)
		}
	}
	if !math.IsNaN(Series{}.Median()) {
		t.Error("an empty series has no median")
	}
}

func TestQuantileIsAValueThatOccurred(t *testing.T) {
	var s Series
	for i := 100; i >= 1; i-- {
		s = append(s, float64(i))
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 50, 0.99: 99, 0.995: 100, 1: 100} {
		if got := s.Quantile(q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
}

func TestQuantileNeedsEnoughValues(t *testing.T) {
	for _, c := range []struct {
		values int
		q      float64
		known  bool
	}{{19, 0.5, false}, {20, 0.5, true}, {999, 0.99, false}, {1000, 0.99, true}, {9999, 0.999, false}, {10000, 0.999, true}} {
		text := make(Series, c.values).QuantileIfKnown(c.q, "%.0f")
		if (text != "–") != c.known {
			t.Errorf("%d values, quantile %v: %q", c.values, c.q, text)
		}
	}
}

func TestOverComparesRunByRun(t *testing.T) {
	ours, limit := Series{5, 20}, Series{10, 40} // the machine was four times as fast in the second run
	if got := ours.Over(limit); got.Median() != 0.5 || got.Spread() != 0 {
		t.Errorf("ratios %v", got)
	}
	if got := ours.Format("%.0f"); got != "12 (5 to 20)" {
		t.Errorf("written %q", got)
	}
}

func TestTable(t *testing.T) {
	table := NewTable("what", "claims/s")
	table.Row("ours", "5,000")
	table.Row("limit")
	const want = "| what | claims/s |\n|---|---|\n| ours | 5,000 |\n| limit | |\n"
	if got := table.String(); got != want {
		t.Errorf("table\n%swant\n%s", got, want)
	}
}

func TestGrouped(t *testing.T) {
	for n, want := range map[float64]string{0: "0", 12: "12", 999.6: "1,000", 1234567: "1,234,567", -4321: "-4,321"} {
		if got := Grouped(n); got != want {
			t.Errorf("%v is written %q, want %q", n, got, want)
		}
	}
}

func TestPeakAnonSeesWhatIsAllocated(t *testing.T) {
	const size = 64 << 20
	peak := WatchMemory(time.Millisecond)
	block := make([]byte, size)
	for i := 0; i < size; i += 4096 {
		block[i] = 1
	}
	if got := peak(); got < size {
		t.Errorf("peak of %d bytes after touching %d (%d)", got, size, block[4096])
	}
}

func TestMachineIsNamed(t *testing.T) {
	text := Describe(t.TempDir()).String()
	for _, word := range []string{"cores", "memory", "Go go"} {
		if !strings.Contains(text, word) {
			t.Errorf("%q says nothing of %q", text, word)
		}
	}
}

func TestDropCacheLeavesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := DropCache(path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "content" {
		t.Errorf("%q, %v", got, err)
	}
}
