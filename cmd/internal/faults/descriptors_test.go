package faults

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"clearingd/clearing/sim"
	"clearingd/cmd/internal/daemon"
)

// TestDescriptorsRunOut: somebody opens connections until the process has no descriptor
// left, while a hospital publishes. What is acknowledged meanwhile is kept, whatever the
// broker and the books make of it; a start with descriptors answers everything (faults,
// row 37).
func TestDescriptorsRunOut(t *testing.T) {
	h := newHouse(t)
	h.files = 90 // of which some fifty are needed
	h.start(nil)
	if !h.ready() {
		t.Fatal(h.log.text())
	}
	messages := sim.Day(sim.DefaultConfig(37, 60, openDay)).Messages
	b := h.connect()
	h.publish(b, messages[:20])
	before := h.answers(b, messages[:20], true)

	address := strings.TrimPrefix(fmt.Sprint(h.log.says("broker listens")["url"]), "nats://")
	for range 2 * h.files {
		idle, err := net.Dial("tcp", address) // the kernel takes it, whether the broker can or not
		if err != nil {
			break
		}
		defer idle.Close()
	}
	h.eventually("no descriptor is left", func() bool { return strings.Contains(h.log.text(), "too many open files") })
	acknowledged := append([]sim.Message(nil), messages[:20]...)
	failed := 0
	for _, m := range messages[20:] {
		if stored, _ := publishOnce(b, m); stored {
			acknowledged = append(acknowledged, m)
		} else if failed++; failed == 3 {
			break
		}
	}
	t.Logf("without descriptors %d claims were acknowledged, %d were not", len(acknowledged)-20, failed)
	b.Close()
	h.stop() // it may have ended by itself

	h.files = 0
	h.start(nil)
	if !h.ready() {
		t.Fatal(h.log.text())
	}
	h.stillStored(acknowledged)
	b = h.connect()
	defer b.Close()
	h.publish(b, messages)
	after := h.answers(b, messages, true)
	if code := h.stop(); code != daemon.ExitOK {
		t.Errorf("the daemon ended with %d", code)
	}
	h.audit(messages, before, after)
}
