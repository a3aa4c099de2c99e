package ports

import (
	"fmt"
	"net"
	"slices"
	"testing"
)

// Ports are free, different, and none that the kernel would give to whoever connects.
func TestPortsAreFreeAndStayOutOfTheKernelsRange(t *testing.T) {
	free, err := Free(50)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(free)
	if len(slices.Compact(slices.Clone(free))) != 50 || free[0] < lowest || free[49] >= highest {
		t.Errorf("ports %v", free)
	}
	for _, port := range free {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Errorf("port %d: %v", port, err)
			continue
		}
		l.Close()
	}
}
