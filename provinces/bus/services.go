package bus

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"go.uber.org/zap"
)

const (
	serviceHandlers = 32               // requests of one service in work at a time; more wait in the broker's client
	serviceStop     = 10 * time.Second // how long stop waits for handlers
)

// Endpoint is one request-reply service.
type Endpoint struct {
	Name    string // in the service's discovery: letters, digits, - and _
	Subject string // may hold wildcards: clearing.estimate.*.*.*
	// Handle answers one request. It runs beside others and must be safe for that. Its
	// context ends when the service stops. A *ServiceError goes to the caller as it is;
	// of any other error, and of a panic, the caller learns only that it was our fault.
	Handle func(ctx context.Context, subject string, body []byte) ([]byte, error)
}

// ServiceError is a failed call: the headers Nats-Service-Error-Code and
// Nats-Service-Error, and a body.
type ServiceError struct {
	Code int    // 4xx: the caller's fault; 5xx: the service's
	Text string // short, one line
	Body []byte // what the service has to say about it; may be empty
}

// Error gives code and text, never the body.
func (e *ServiceError) Error() string { return fmt.Sprintf("service error %d: %s", e.Code, e.Text) }

// ErrNoService: nobody serves the subject.
var ErrNoService = errors.New("bus: no service on the subject")

// Serve offers endpoints under one service name, discoverable by the usual NATS tools
// ($SRV.PING, .INFO, .STATS). version is semantic, for example 1.4.0. stop takes no new
// requests, waits at most ten seconds for the running ones and may be called again.
func (b *Bus) Serve(name, version string, endpoints []Endpoint) (stop func() error, err error) {
	ctx, cancel := context.WithCancel(context.Background())
	s := &services{bus: b, ctx: ctx, slots: make(chan struct{}, serviceHandlers), counts: map[string]*serviceCount{}}
	for _, e := range endpoints {
		s.counts[e.Name] = &serviceCount{}
	}
	srv, err := micro.AddService(b.nc, micro.Config{Name: name, Version: version, StatsHandler: s.stats})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("bus: serve %s: %w", name, err)
	}
	for _, e := range endpoints {
		if err := srv.AddEndpoint(e.Name, s.handler(e), micro.WithEndpointSubject(e.Subject)); err != nil {
			cancel()
			_ = srv.Stop()
			return nil, fmt.Errorf("bus: serve %s: endpoint %s: %w", name, e.Name, err)
		}
	}
	// The server knows the subscriptions before anybody is told that we serve.
	if err := b.nc.FlushTimeout(callTimeout); err != nil {
		b.log.Warn("services not confirmed by the broker yet", zap.Error(err))
	}
	return sync.OnceValue(func() error { return s.stop(srv, cancel) }), nil
}

// services runs the handlers of one Serve.
type services struct {
	bus    *Bus
	ctx    context.Context
	slots  chan struct{} // one taken by each running handler
	counts map[string]*serviceCount
}

type serviceCount struct {
	errors atomic.Int64
	busy   atomic.Int64 // nanoseconds
}

// handler gives each request a goroutine, because micro calls it on the one goroutine
// of the subscription; when all slots are taken that goroutine waits, and the requests
// behind it wait in the client.
func (s *services) handler(e Endpoint) micro.Handler {
	return micro.HandlerFunc(func(r micro.Request) {
		select {
		case s.slots <- struct{}{}:
		case <-s.ctx.Done():
			return // stopped: the caller's timeout or another instance answers
		}
		go func() {
			defer func() { <-s.slots }()
			s.answer(e, r)
		}()
	})
}

// answer publishes the reply itself: micro reads a request's state as soon as the
// handler returns, so Respond must not be called from another goroutine.
func (s *services) answer(e Endpoint, r micro.Request) {
	start := time.Now()
	reply := nats.NewMsg(r.Reply())
	body, err := s.call(e, r)
	if err == nil && int64(len(body)) > s.bus.nc.MaxPayload() {
		err = fmt.Errorf("reply of %d bytes is over the broker's limit", len(body))
	}
	if err != nil {
		body = s.failure(e, err, reply.Header)
		s.counts[e.Name].errors.Add(1)
	}
	reply.Data = body
	s.counts[e.Name].busy.Add(int64(time.Since(start)))
	if r.Reply() == "" {
		return
	}
	if err := s.bus.nc.PublishMsg(reply); err != nil {
		s.bus.log.Warn("reply not sent", zap.String("endpoint", e.Name), zap.Error(err))
	}
}

// call runs the handler and turns a panic into an error. The panic's value may quote
// the request, so it is not logged; where it happened is.
func (s *services) call(e Endpoint, r micro.Request) (body []byte, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.bus.log.Error("service handler panicked", zap.String("endpoint", e.Name),
				zap.String("type", fmt.Sprintf("%T", p)), zap.ByteString("where", debug.Stack()))
			err = &ServiceError{Code: 500, Text: "internal error"}
		}
	}()
	return e.Handle(s.ctx, r.Subject(), r.Data())
}

// failure fills in the error headers and returns the body.
func (s *services) failure(e Endpoint, err error, header nats.Header) []byte {
	var failure *ServiceError
	if !errors.As(err, &failure) {
		s.bus.log.Error("service failed", zap.String("endpoint", e.Name), zap.Error(err))
		failure = &ServiceError{Code: 500, Text: "internal error"}
	}
	header.Set(micro.ErrorCodeHeader, strconv.Itoa(orDefault(failure.Code, 500)))
	header.Set(micro.ErrorHeader, orDefault(failure.Text, "error"))
	return failure.Body
}

// stats adds what micro cannot see, because the handlers run beside it.
func (s *services) stats(e *micro.Endpoint) any {
	count := s.counts[e.Name]
	if count == nil {
		return nil
	}
	return map[string]int64{"errors": count.errors.Load(), "busy_nanoseconds": count.busy.Load()}
}

func (s *services) stop(srv micro.Service, cancel context.CancelFunc) error {
	err := srv.Stop()
	deadline := time.After(serviceStop)
	defer cancel()
	for range serviceHandlers { // whoever holds all slots knows that no handler runs
		select {
		case s.slots <- struct{}{}:
		case <-deadline:
			cancel()
			return errors.Join(err, errors.New("bus: service handlers did not end in time"))
		}
	}
	return err
}

// Call calls a service and waits for its reply, five seconds if ctx has no deadline.
// A failure of the service is a *ServiceError with its body; ErrNoService means that
// nobody serves the subject.
func (b *Bus) Call(ctx context.Context, subject string, body []byte) ([]byte, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	ctx, done := b.watchDenial(ctx, subject)
	defer done()
	reply, err := b.nc.RequestWithContext(ctx, subject, body)
	if errors.Is(err, nats.ErrNoResponders) {
		return nil, fmt.Errorf("%w: %s", ErrNoService, subject)
	}
	if err != nil {
		return nil, fmt.Errorf("bus: call %s: %w", subject, because(ctx, err))
	}
	if text := reply.Header.Get(micro.ErrorHeader); text != "" {
		code, _ := strconv.Atoi(reply.Header.Get(micro.ErrorCodeHeader))
		return nil, &ServiceError{Code: orDefault(code, 500), Text: text, Body: reply.Data}
	}
	return reply.Data, nil
}
