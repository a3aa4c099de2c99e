package ops

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"clearingd/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func options(r *Readiness) ServerOptions {
	return ServerOptions{
		HTTP: config.HTTP{Listen: "127.0.0.1:0"}, Metrics: NewMetrics("x"), Readiness: r, Log: zap.NewNop(),
	}
}

// get asks the handler under a host name.
func get(h http.Handler, host, path, accept string) *httptest.ResponseRecorder {
	req := httptest.NewRequest("GET", "http://"+host+path, nil)
	req.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	return w
}

func TestReadyz(t *testing.T) {
	r := NewReadiness(nil, "books", "broker")
	h := handler(options(r))
	r.Fail("broker", "the disk is full")

	w := get(h, "localhost", "/readyz", "")
	if want := "not ready\nbooks: not reported yet\nbroker: the disk is full\n"; w.Code != 503 || w.Body.String() != want {
		t.Errorf("text: %d %q", w.Code, w.Body)
	}
	w = get(h, "localhost", "/readyz", "application/json")
	var s State
	if err := json.Unmarshal(w.Body.Bytes(), &s); err != nil || w.Code != 503 || s.Ready || len(s.Conditions) != 2 || s.Conditions[1].Reason != "the disk is full" {
		t.Errorf("JSON: %d %s %v", w.Code, w.Body, err)
	}
	r.OK("books")
	r.OK("broker")
	if w = get(h, "localhost", "/readyz", ""); w.Code != 200 || w.Body.String() != "ready\n" {
		t.Errorf("ready: %d %q", w.Code, w.Body)
	}
}

// healthz is about the process alone: a restart mends no broker.
func TestHealthzDoesNotDependOnReadiness(t *testing.T) {
	if w := get(handler(options(NewReadiness(nil, "books"))), "localhost", "/healthz", ""); w.Code != 200 {
		t.Errorf("got %d", w.Code)
	}
}

func TestMetricsEndpoint(t *testing.T) {
	w := get(handler(options(NewReadiness(nil))), "127.0.0.1:80", "/metrics", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "clearingd_build_info") {
		t.Errorf("got %d", w.Code)
	}
}

func TestConsoleGetsTheRest(t *testing.T) {
	o := options(NewReadiness(nil))
	if w := get(handler(o), "localhost", "/days", ""); w.Code != 404 {
		t.Errorf("without a console: %d", w.Code)
	}
	o.Console = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'") // a page may be stricter
		io.WriteString(w, "console "+r.URL.Path)
	})
	h := handler(o)
	w := get(h, "localhost", "/days", "")
	if w.Body.String() != "console /days" {
		t.Errorf("got %q", w.Body)
	}
	for header, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
	} {
		if got := w.Header().Get(header); got != want {
			t.Errorf("%s: got %q, want %q", header, got, want)
		}
	}
	// A form on another site cannot act in an officer's name.
	req := httptest.NewRequest("POST", "http://localhost/sign", nil)
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	w = httptest.NewRecorder()
	h.ServeHTTP(w, req)
	if w.Code != http.StatusForbidden {
		t.Errorf("cross-site post: got %d", w.Code)
	}
}

func TestHostNames(t *testing.T) {
	for _, test := range []struct {
		name, listen, host string
		allowed            []string
		want               int
	}{
		{"loopback name", "127.0.0.1:1", "localhost:8470", nil, 200},
		{"loopback address", "127.0.0.1:1", "127.0.0.1:8470", nil, 200},
		{"loopback in IPv6", "[::1]:1", "[::1]:8470", nil, 200},
		{"rebound name", "127.0.0.1:1", "evil.example", nil, 421},
		{"name of the proxy", "127.0.0.1:1", "Clearing.example.cn", []string{"clearing.example.cn"}, 200},
		{"other name", "127.0.0.1:1", "evil.example", []string{"clearing.example.cn"}, 421},
		{"open to all", "0.0.0.0:1", "any.example", nil, 200},
		{"open, with names", "0.0.0.0:1", "any.example", []string{"clearing.example.cn"}, 421},
		{"open, by address", "0.0.0.0:1", "10.1.2.3", []string{"clearing.example.cn"}, 200},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := options(NewReadiness(nil))
			o.HTTP = config.HTTP{Listen: test.listen, AllowedHosts: test.allowed}
			if w := get(handler(o), test.host, "/healthz", ""); w.Code != test.want {
				t.Errorf("got %d, want %d", w.Code, test.want)
			}
		})
	}
}

// The server takes a free port, answers, and stops within the given time.
func TestServeAndShutdown(t *testing.T) {
	s, err := NewServer(options(NewReadiness(nil)))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- s.Serve() }()
	client := http.Client{Timeout: 10 * time.Second}
	resp, err := client.Get("http://" + s.Addr().String() + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	client.CloseIdleConnections()
	for range 2 {
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := <-served; err != nil {
		t.Errorf("a stop is no error: %v", err)
	}
}

// A request that never ends does not hold the stop.
func TestShutdownCutsWhatHangs(t *testing.T) {
	o := options(NewReadiness(nil))
	entered := make(chan struct{})
	o.Console = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { close(entered); <-r.Context().Done() })
	s, err := NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error)
	go func() { served <- s.Serve() }()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		client := http.Client{Timeout: 10 * time.Second}
		if resp, err := client.Get("http://" + s.Addr().String() + "/"); err == nil {
			resp.Body.Close()
		}
	}()
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-served
	<-answered
}

func TestShutdownBeforeServe(t *testing.T) {
	s, err := NewServer(options(NewReadiness(nil)))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", s.Addr().String()); err == nil {
		t.Error("the port is still open")
	}
	if err := s.Serve(); err != nil {
		t.Errorf("Serve after Shutdown: %v", err)
	}
}

// An address in use is found at once and named.
func TestAddressInUse(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	o := options(NewReadiness(nil))
	o.HTTP.Listen = taken.Addr().String()
	if _, err := NewServer(o); err == nil || !strings.Contains(err.Error(), "http.listen") {
		t.Errorf("got %v", err)
	}
}
