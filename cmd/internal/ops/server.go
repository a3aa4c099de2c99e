package ops

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"go.uber.org/zap"

	"clearingd/config"
)

// Limits of one HTTP exchange. Pages are small; a spreadsheet of a whole month over a
// slow line is what the write limit is for.
const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 2 * time.Minute
	idleTimeout       = 2 * time.Minute
	headerBytesMax    = 64 << 10
	bodyBytesMax      = 1 << 20
)

// socketName is the FileDescriptorName= of a socket unit that opens the port for us.
const socketName = "http"

// ServerOptions are what the HTTP server shows.
type ServerOptions struct {
	HTTP      config.HTTP
	Metrics   *Metrics
	Readiness *Readiness
	Console   http.Handler // the officers' pages, for every path that is not ours; nil has none
	Log       *zap.Logger
}

// Server serves the probes, the metrics and the console on one port.
type Server struct {
	listener net.Listener
	http     http.Server
}

// NewServer opens the port, or takes it from a socket unit, so that an address in use
// is found before anything else starts. Serve does the rest.
func NewServer(o ServerOptions) (*Server, error) {
	listener, err := listen(o.HTTP.Listen)
	if err != nil {
		return nil, fmt.Errorf("http.listen: %w", err)
	}
	errorLog, err := zap.NewStdLogAt(o.Log.Named("http"), zap.WarnLevel)
	if err != nil {
		listener.Close()
		return nil, err
	}
	return &Server{
		listener: listener,
		http: http.Server{
			Handler:           handler(o),
			ReadHeaderTimeout: readHeaderTimeout,
			ReadTimeout:       readTimeout,
			WriteTimeout:      writeTimeout,
			IdleTimeout:       idleTimeout,
			MaxHeaderBytes:    headerBytesMax,
			ErrorLog:          errorLog,
		},
	}, nil
}

func listen(address string) (net.Listener, error) {
	sockets, err := activation.ListenersWithNames()
	if err != nil {
		return nil, err
	}
	if given := sockets[socketName]; len(given) > 0 {
		return given[0], nil
	}
	return net.Listen("tcp", address)
}

// Addr is where the server listens, with the port that was really taken.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Serve answers requests until Shutdown; a stop is no error.
func (s *Server) Serve() error {
	if err := s.http.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("http: %w", err)
	}
	return nil
}

// Shutdown stops listening and waits for running requests until ctx ends; then it cuts
// them. It may be called before Serve and more than once.
func (s *Server) Shutdown(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	s.listener.Close() // Shutdown does not know it before Serve
	if err != nil {
		return errors.Join(fmt.Errorf("http: %w", err), s.http.Close())
	}
	return nil
}

func handler(o ServerOptions) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", healthz)
	mux.Handle("GET /readyz", readyz(o.Readiness))
	mux.Handle("GET /metrics", o.Metrics.Handler())
	if o.Console != nil {
		mux.Handle("/", http.NewCrossOriginProtection().Handler(o.Console))
	}
	return knownHosts(o.HTTP, securityHeaders(http.MaxBytesHandler(mux, bodyBytesMax)))
}

// healthz says that the process lives and nothing more; readyz says whether it works.
func healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "alive\n")
}

// readyz answers 200 or 503 with the reasons: one a line, or the whole state as JSON
// for those who accept application/json.
func readyz(r *Readiness) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		s := r.State()
		asJSON := strings.Contains(req.Header.Get("Accept"), "application/json")
		w.Header().Set("Content-Type", map[bool]string{true: "application/json", false: "text/plain; charset=utf-8"}[asJSON])
		if !s.Ready {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		switch {
		case asJSON:
			json.NewEncoder(w).Encode(s)
		case s.Ready:
			io.WriteString(w, "ready\n")
		default:
			io.WriteString(w, "not ready\n"+strings.Join(s.Reasons(), "\n")+"\n")
		}
	}
}
