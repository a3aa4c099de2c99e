package faults

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"clearingd/clearing/sim"
	"clearingd/provinces/bus"
)

// cluster is three brokers in this process that keep each stream three times.
type cluster struct {
	testing.TB
	servers []*server.Server
}

func newCluster(t testing.TB) *cluster {
	t.Helper()
	c := &cluster{TB: t}
	var routes []string
	for i := range 3 {
		options := &server.Options{
			ServerName: fmt.Sprintf("broker-%d", i), Host: "127.0.0.1", Port: server.RANDOM_PORT,
			JetStream: true, StoreDir: filepath.Join(t.TempDir(), "nats"), SyncAlways: true, MaxPayload: bus.MaxPayload,
			Cluster: server.ClusterOpts{Name: "clearing", Host: "127.0.0.1", Port: server.RANDOM_PORT},
			NoSigs:  true, NoLog: true,
		}
		options.Routes = server.RoutesFromStr(strings.Join(routes, ","))
		s, err := server.NewServer(options)
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		if !s.ReadyForConnections(patience) {
			t.Fatal("a broker does not come up")
		}
		routes = append(routes, "nats-route://"+s.ClusterAddr().String())
		c.servers = append(c.servers, s)
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		if slices.ContainsFunc(c.servers, func(s *server.Server) bool { return s.JetStreamIsLeader() }) {
			return c
		}
		if time.Now().After(deadline) {
			t.Fatal("the cluster chooses no leader")
		}
	}
}

func (c *cluster) url() string {
	var urls []string
	for _, s := range c.servers {
		urls = append(urls, s.ClientURL())
	}
	return strings.Join(urls, ",")
}

// stopLeader ends the broker that leads a stream.
func (c *cluster) stopLeader(stream string) {
	c.Helper()
	nc, err := nats.Connect(c.url())
	if err != nil {
		c.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		c.Fatal(err)
	}
	found, err := js.Stream(context.Background(), stream)
	if err != nil {
		c.Fatal(err)
	}
	info := found.CachedInfo()
	if info.Config.Replicas != 3 {
		c.Fatalf("%s has %d replicas", stream, info.Config.Replicas)
	}
	i := slices.IndexFunc(c.servers, func(s *server.Server) bool { return s.Name() == info.Cluster.Leader })
	if i < 0 {
		c.Fatalf("%s is led by %q", stream, info.Cluster.Leader)
	}
	c.servers[i].Shutdown()
	c.servers[i].WaitForShutdown()
}

// TestAClusterLosesItsLeader: three replicas, and the broker that leads the answers, and a
// third of the other streams, ends under load: what was published and what was answered
// are the same in the end (faults, row 21).
func TestAClusterLosesItsLeader(t *testing.T) {
	c := newCluster(t)
	h := newHouse(t, "--set", "nats.replicas=3")
	h.broker = c.url()
	h.start(nil)
	if !h.ready() {
		t.Fatalf("not ready\n%s", h.log.text())
	}
	messages := sim.Day(sim.DefaultConfig(21, 200, openDay)).Messages
	b, err := bus.Connect(t.Context(), bus.ConnectOptions{URL: c.url(), Name: "hospital"})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	h.publish(b, messages[:50])
	var publishing sync.WaitGroup
	publishing.Go(func() { h.publish(b, messages[50:150]) })
	c.stopLeader(bus.AnswersStream)
	publishing.Wait()
	h.publish(b, messages[150:])
	after := h.answers(b, messages, true)
	if code := h.stop(); code != 0 {
		t.Errorf("the daemon ended with %d\n%s", code, h.log.text())
	}
	h.audit(messages, nil, after)
	if !b.Connected() {
		t.Error("the hospital is not connected to one of the two brokers that are left")
	}
}
