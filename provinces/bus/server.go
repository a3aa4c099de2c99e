package bus

import (
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
)

// MaxPayload is the largest message of the contract, in bytes, headers included.
const MaxPayload = 1 << 20

const (
	startTimeout    = 30 * time.Second // recovering a few million messages takes seconds
	shutdownTimeout = 20 * time.Second
	maxMemoryStore  = 64 << 20 // no stream lives in memory; consumers' state does
	minMaxStore     = 16 << 20
)

// ServerOptions says where the embedded broker listens and keeps its streams.
type ServerOptions struct {
	Host       string      // address to listen on; "": 127.0.0.1
	Port       int         // 0 or -1: any free port
	StoreDir   string      // directory of the streams, required; created if absent
	MaxStore   int64       // bytes all streams may use together, at least 16 MiB; 0: as in ConfigFile, else three quarters of the free disk
	MaxPayload int32       // largest message in bytes; 0: MaxPayload
	Name       string      // server name in logs and monitoring; "": clearingd
	ConfigFile string      // optional nats-server configuration with accounts, permissions, TLS; the fields above win over it
	Log        *zap.Logger // nil: silent
}

// Server is a NATS server inside this process. Any NATS client can talk to it.
type Server struct {
	nats *server.Server
	tls  *tls.Config // nil: none
}

// ErrStart: the embedded broker did not come up. What it logged says why.
var ErrStart = errors.New("bus: broker did not start")

// StartServer starts a broker that acknowledges a message only after it is on disk,
// and returns once it takes connections and its streams are recovered. The error is ErrStore
// where a stream's files cannot be read; no message of it is lost then.
func StartServer(o ServerOptions) (*Server, error) {
	opts, err := serverOptions(o)
	if err != nil {
		return nil, err
	}
	keep, err := keepStreams(o.StoreDir, o.Log)
	if err != nil {
		return nil, err
	}
	srv, err := server.NewServer(opts)
	if err != nil {
		return nil, keep.failed(fmt.Errorf("%w: %w", ErrStart, err), nil)
	}
	log := newServerLog(o.Log)
	srv.SetLoggerV2(log, false, false, false)
	s := &Server{nats: srv, tls: opts.TLSConfig}
	srv.Start()
	if err := s.awaitReady(log.fatal); err != nil {
		goesOn := s.recovered()
		s.Shutdown()
		return nil, keep.failed(err, goesOn)
	}
	if err := keep.lost(s); err != nil {
		s.Shutdown()
		return nil, err
	}
	return s, nil
}

func serverOptions(o ServerOptions) (*server.Options, error) {
	if o.StoreDir == "" {
		// The server's own default is the temporary directory.
		return nil, fmt.Errorf("%w: no store directory", ErrStart)
	}
	if o.MaxStore != 0 && o.MaxStore < minMaxStore {
		return nil, fmt.Errorf("%w: store of %d bytes is below %d", ErrStart, o.MaxStore, minMaxStore)
	}
	if err := os.MkdirAll(o.StoreDir, 0o700); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrStart, err)
	}
	opts := &server.Options{}
	if o.ConfigFile != "" {
		if err := opts.ProcessConfigFile(o.ConfigFile); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrStart, err)
		}
	}
	opts.ServerName = orDefault(o.Name, "clearingd")
	opts.Host = orDefault(o.Host, "127.0.0.1")
	opts.Port = o.Port
	if o.Port == 0 {
		opts.Port = server.RANDOM_PORT
	}
	opts.MaxPayload = orDefault(o.MaxPayload, MaxPayload)
	opts.JetStream = true
	opts.StoreDir = o.StoreDir
	if o.MaxStore > 0 {
		opts.JetStreamMaxStore = o.MaxStore
	}
	opts.JetStreamMaxMemory = orDefault(opts.JetStreamMaxMemory, maxMemoryStore)
	opts.SyncAlways = true // nothing is acknowledged before it is safe
	opts.NoSigs = true     // signals belong to the daemon
	opts.DisableJetStreamBanner = true
	opts.NoLog = false
	return opts, nil
}

func orDefault[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}

// awaitReady waits for the listener and for JetStream's own word that all is well, or
// for a line the broker calls fatal: a taken port, a store it cannot read.
func (s *Server) awaitReady(fatal <-chan error) error {
	deadline := time.After(startTimeout)
	for {
		err := errors.New("no listener")
		if s.nats.ReadyForConnections(30 * time.Millisecond) {
			err = s.Healthy()
		}
		if err == nil {
			return nil
		}
		select {
		case err := <-fatal:
			return fmt.Errorf("%w: %w", ErrStart, err)
		case <-deadline:
			return fmt.Errorf("%w after %v: %w", ErrStart, startTimeout, err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// URL is where clients connect, for example nats://127.0.0.1:4222.
func (s *Server) URL() string { return s.nats.ClientURL() }

// Healthy asks the broker for its health, JetStream and every stream included. A
// stream that met a write error (a full disk) stays ill until the process restarts,
// even when there is room again.
func (s *Server) Healthy() error {
	if !s.nats.Running() {
		return errors.New("bus: broker is not running")
	}
	status := s.nats.Healthz(&server.HealthzOptions{})
	if status.StatusCode == 200 || status.Status == "ok" {
		return nil
	}
	return fmt.Errorf("bus: broker is %s: %s", status.Status, status.Error)
}

// recovered are the streams, named "<account>/<stream>", that the broker goes on with, though
// they may have no message left.
func (s *Server) recovered() map[string]bool {
	streams := make(map[string]bool)
	jsz, err := s.nats.Jsz(&server.JSzOptions{Accounts: true, Streams: true})
	if err != nil {
		return streams // all that is not whole is put back then
	}
	for _, account := range jsz.AccountDetails {
		for _, stream := range account.Streams {
			streams[filepath.Join(account.Name, stream.Name)] = stream.State.LastSeq > 0
		}
	}
	return streams
}

// SyncAlways is the broker's own word, from its monitoring, that it syncs every
// message before it acknowledges it.
func (s *Server) SyncAlways() bool {
	jsz, err := s.nats.Jsz(&server.JSzOptions{})
	return err == nil && jsz != nil && jsz.Config.SyncAlways
}

// Shutdown stops the broker and waits until its files are closed, at most twenty
// seconds. It may be called again. Close every Bus first.
func (s *Server) Shutdown() {
	// LameDuckShutdown would be polite to many remote clients, but it takes minutes by
	// default, and a daemon that stops has nobody to hand its clients to.
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.nats.Shutdown()
		s.nats.WaitForShutdown()
	}()
	select {
	case <-done:
	case <-time.After(shutdownTimeout):
	}
}
