package simulate

import (
	"context"

	"clearingd/provinces/bus"
)

// RunBroker runs a broker alone until ctx ends: the process that simulations kill.
func RunBroker(ctx context.Context, store string, port int) error {
	server, err := bus.StartServer(bus.ServerOptions{Port: port, StoreDir: store, MaxStore: 4 << 30})
	if err != nil {
		return err
	}
	defer server.Shutdown()
	<-ctx.Done()
	return nil
}
