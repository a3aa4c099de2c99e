// Package ports finds loopback ports for programs that tests start and stop.
//
// A port that the kernel gives out (":0") is taken again at any moment by whoever connects
// somewhere, since both come from one range; a daemon that is started a moment later, or once
// more on the same port, then finds it taken. So ports are looked for below that range.
package ports

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// Where the kernels that we know give out none.
const (
	lowest  = 12_000
	highest = 32_000
	tries   = 200
)

// Free are so many loopback ports that nobody listens on now. The error is that of the last port
// that was tried.
func Free(n int) (free []int, err error) {
	for range tries {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(highest-lowest))); err != nil {
			continue
		}
		defer l.Close() // all are held until all are found
		if free = append(free, l.Addr().(*net.TCPAddr).Port); len(free) == n {
			return free, nil
		}
	}
	return nil, fmt.Errorf("ports: %w", err)
}
