//go:build outside

package ops

import (
	"os/exec"
	"testing"
)

// promtool, from Debian's package prometheus, checks the rules and runs their own tests.
func TestAlertRules(t *testing.T) {
	for _, args := range [][]string{
		{"check", "rules", "alerts.yaml"},
		{"test", "rules", "alerts_test.yaml"},
	} {
		cmd := exec.Command("promtool", args...)
		cmd.Dir = deploy + "/prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
