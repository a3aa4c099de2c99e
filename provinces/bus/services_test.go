package bus

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/micro"
)

func serve(t *testing.T, f *bench, handle func(ctx context.Context, subject string, body []byte) ([]byte, error)) func() error {
	t.Helper()
	stop, err := f.Serve("clearing", "1.2.3", []Endpoint{
		{Name: "estimate", Subject: "clearing.estimate.*.*.*", Handle: handle},
		{Name: "status", Subject: "clearing.status", Handle: handle},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

func TestServices(t *testing.T) {
	f := newBench(t)
	serve(t, f, func(_ context.Context, subject string, body []byte) ([]byte, error) {
		switch string(body) {
		case "theirs":
			return nil, &ServiceError{Code: 404, Text: "no such claim", Body: []byte(`{"code":404}`)}
		case "ours":
			return nil, errors.New("disk on fire at /secret/path")
		case "panic":
			panic("patient's name")
		case "huge":
			return make([]byte, MaxPayload+1), nil
		}
		return []byte(subject + " " + string(body)), nil
	})
	const estimate = "clearing.estimate.31.65.H31010100001"
	for _, c := range []struct {
		name, subject, body string
		want                string
		failure             *ServiceError
	}{
		{"plain", "clearing.status", "x", "clearing.status x", nil},
		{"by wildcard", estimate, "x", estimate + " x", nil},
		{"their fault", estimate, "theirs", "", &ServiceError{404, "no such claim", []byte(`{"code":404}`)}},
		{"our fault", estimate, "ours", "", &ServiceError{500, "internal error", nil}},
		{"a panic", estimate, "panic", "", &ServiceError{500, "internal error", nil}},
		{"a reply over the limit", estimate, "huge", "", &ServiceError{500, "internal error", nil}},
		{"still there", "clearing.status", "y", "clearing.status y", nil},
	} {
		got, err := f.Call(t.Context(), c.subject, []byte(c.body))
		var failure *ServiceError
		errors.As(err, &failure)
		switch {
		case c.failure == nil && (err != nil || string(got) != c.want):
			t.Errorf("%s: %q, %v", c.name, got, err)
		case c.failure != nil && (failure == nil || failure.Code != c.failure.Code || failure.Text != c.failure.Text || string(failure.Body) != string(c.failure.Body)):
			t.Errorf("%s: %v, want %v", c.name, err, c.failure)
		}
	}
	if _, err := f.Call(t.Context(), "clearing.nobody", nil); !errors.Is(err, ErrNoService) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestServiceIsDiscoverable(t *testing.T) {
	f := newBench(t)
	serve(t, f, func(context.Context, string, []byte) ([]byte, error) { return nil, errors.New("no") })
	_, _ = f.Call(t.Context(), "clearing.status", nil)
	reply, err := f.nc.Request("$SRV.STATS.clearing", nil, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var stats micro.Stats
	if err := json.Unmarshal(reply.Data, &stats); err != nil {
		t.Fatal(err)
	}
	if stats.Version != "1.2.3" || len(stats.Endpoints) != 2 || stats.Endpoints[0].Subject != "clearing.estimate.*.*.*" {
		t.Errorf("stats %s", reply.Data)
	}
	var data map[string]int64
	if err := json.Unmarshal(stats.Endpoints[1].Data, &data); err != nil || data["errors"] != 1 {
		t.Errorf("endpoint data %s", stats.Endpoints[1].Data)
	}
}

func TestServiceRequestsRunBesideEachOther(t *testing.T) {
	f := newBench(t)
	both := make(chan struct{})
	arrived := make(chan struct{}, 2)
	stop := serve(t, f, func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
		arrived <- struct{}{}
		<-both
		return nil, nil
	})
	done := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := f.Call(t.Context(), "clearing.status", nil)
			done <- err
		}()
	}
	<-arrived
	<-arrived // the second came while the first was in work
	close(both)
	if err := errors.Join(<-done, <-done); err != nil {
		t.Error(err)
	}
	if err := errors.Join(stop(), stop()); err != nil {
		t.Errorf("stop: %v", err)
	}
	if _, err := f.Call(t.Context(), "clearing.status", nil); !errors.Is(err, ErrNoService) {
		t.Errorf("after stop: %v", err)
	}
}

func TestServicesComeBackAfterARestart(t *testing.T) {
	f := newBench(t)
	serve(t, f, func(context.Context, string, []byte) ([]byte, error) { return []byte("here"), nil })
	f.restart()
	eventually(t, func() bool {
		got, err := f.Call(t.Context(), "clearing.status", nil)
		return err == nil && string(got) == "here"
	})
}

func TestServeRefusesBadEndpoints(t *testing.T) {
	f := newBench(t)
	for name, c := range map[string]struct{ version, endpoint, subject string }{
		"version":  {"one", "status", "clearing.status"},
		"endpoint": {"1.0.0", "no spaces", "clearing.status"},
		"subject":  {"1.0.0", "status", "clearing status"},
	} {
		if _, err := f.Serve("clearing", c.version, []Endpoint{{Name: c.endpoint, Subject: c.subject}}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
