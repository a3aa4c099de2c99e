package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"
)

const (
	reconnectWait = 250 * time.Millisecond
	pingInterval  = 10 * time.Second // two unanswered pings and the connection counts as lost
	drainTimeout  = 5 * time.Second
	callTimeout   = 5 * time.Second // of one request, when the caller sets no deadline
)

// ConnectOptions says which broker to talk to, and as whom.
type ConnectOptions struct {
	URL     string        // one or more addresses, comma separated; ignored when Server is set
	Server  *Server       // embedded broker: no socket in between
	Name    string        // of this client in the broker's monitoring
	Log     *zap.Logger   // nil: silent
	Streams StreamOptions // how EnsureStreams makes them

	Login       Login
	RootCAs     string // PEM file of authorities to trust; "": the system's
	InboxPrefix string // where replies come in; must match the permissions; "": _INBOX
}

// Bus is one connection to the broker. It is safe for concurrent use and reconnects
// for ever; while it is not connected, publishing fails at once instead of waiting in
// a buffer, so that nobody takes a buffered message for a sent one.
type Bus struct {
	nc      *nats.Conn
	js      jetstream.JetStream
	log     *zap.Logger
	server  *Server
	login   Login
	rootCAs string
	streams StreamOptions
	closed  chan struct{}

	mu          sync.Mutex
	reconnected chan struct{}                       // closed at the next reconnect, then replaced
	publishing  map[string]*context.CancelCauseFunc // by subject: who hears of a denied publish
}

// Connect connects. If ctx has a deadline it tries until then, otherwise once.
func Connect(ctx context.Context, o ConnectOptions) (*Bus, error) {
	b := &Bus{
		log: orNop(o.Log), server: o.Server, login: o.Login, rootCAs: o.RootCAs, streams: o.Streams,
		closed: make(chan struct{}), reconnected: make(chan struct{}),
		publishing: make(map[string]*context.CancelCauseFunc),
	}
	login, err := o.Login.option(b.log)
	if err != nil {
		return nil, fmt.Errorf("bus: connect: %w", err)
	}
	for {
		if b.nc, err = nats.Connect(o.URL, append(b.natsOptions(o), login)...); err == nil {
			break
		}
		if _, bounded := ctx.Deadline(); !bounded || sleep(ctx, reconnectWait) != nil {
			return nil, fmt.Errorf("bus: connect: %w", err)
		}
	}
	if b.js, err = jetstream.New(b.nc, jetstream.WithDefaultTimeout(callTimeout)); err != nil {
		b.nc.Close()
		return nil, fmt.Errorf("bus: connect: %w", err)
	}
	return b, nil
}

func (b *Bus) natsOptions(o ConnectOptions) []nats.Option {
	opts := []nats.Option{
		nats.Name(orDefault(o.Name, "clearingd")),
		nats.MaxReconnects(-1),
		nats.ReconnectWait(reconnectWait),
		nats.IgnoreAuthErrorAbort(),
		nats.ReconnectBufSize(-1),
		nats.PingInterval(pingInterval),
		nats.DrainTimeout(drainTimeout),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { b.onDisconnect(err) }),
		nats.ReconnectHandler(func(*nats.Conn) { b.onReconnect() }),
		nats.ClosedHandler(func(*nats.Conn) { close(b.closed) }),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { b.onError(err) }),
	}
	if o.Server != nil {
		opts = append(opts, nats.InProcessServer(o.Server.nats))
	}
	if o.RootCAs != "" {
		opts = append(opts, nats.RootCAs(o.RootCAs))
	}
	if o.InboxPrefix != "" {
		opts = append(opts, nats.CustomInboxPrefix(o.InboxPrefix))
	}
	return opts
}

// Close lets running deliveries and replies finish, at most five seconds, and closes
// the connection. It may be called again.
func (b *Bus) Close() {
	if b.nc.Drain() != nil {
		b.nc.Close()
	}
	select {
	case <-b.closed:
	case <-time.After(drainTimeout + time.Second):
		b.nc.Close()
	}
}

// Connected reports whether the connection stands now.
func (b *Bus) Connected() bool { return b.nc.IsConnected() }

// URL is the broker this Bus is connected to, without any password; "" while it is not.
func (b *Bus) URL() string { return b.nc.ConnectedUrlRedacted() }

// RoundTrip proves that the broker stores: it publishes a few bytes on the PROBE
// stream and waits until they are acknowledged. Before EnsureStreams made that
// stream it asks for the account's state instead, which proves less.
func (b *Bus) RoundTrip(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	err := b.store(ctx, nats.NewMsg(probeSubject))
	if errors.Is(err, ErrNoStream) {
		_, err = b.js.AccountInfo(ctx)
	}
	if err != nil {
		return fmt.Errorf("bus: round trip: %w", err)
	}
	return nil
}

func (b *Bus) onDisconnect(err error) {
	if err != nil { // nil: we closed it
		b.log.Warn("broker connection lost", zap.Error(err))
	}
}

func (b *Bus) onReconnect() {
	b.log.Info("broker connection restored", zap.String("url", b.URL()))
	b.mu.Lock()
	defer b.mu.Unlock()
	close(b.reconnected)
	b.reconnected = make(chan struct{})
}

// nextReconnect is closed when the connection has been lost and made again.
func (b *Bus) nextReconnect() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.reconnected
}

// onError hears what the broker says outside any request. A denied publish gets no
// reply, only such an error: it is passed on to the publisher, who would else wait
// for his timeout and not know why.
func (b *Bus) onError(err error) {
	if subject, ok := deniedSubject(err); ok {
		b.mu.Lock()
		cancel := b.publishing[subject]
		b.mu.Unlock()
		if cancel != nil {
			(*cancel)(fmt.Errorf("%w: %s", ErrDenied, subject))
			return
		}
	}
	b.log.Warn("broker", zap.Error(err))
}

// deniedSubject reads the subject from: permissions violation for publish to "x".
func deniedSubject(err error) (string, bool) {
	if !errors.Is(err, nats.ErrPermissionViolation) {
		return "", false
	}
	text := err.Error()
	const before = "permissions violation for publish to "
	at := strings.Index(strings.ToLower(text), before)
	if at < 0 {
		return "", false
	}
	subject, _, ok := strings.Cut(strings.TrimPrefix(text[at+len(before):], `"`), `"`)
	return subject, ok
}

// watchDenial gives a context that ends with ErrDenied as its cause if the broker
// refuses the subject. Two publishers of one subject at once: the later one hears.
func (b *Bus) watchDenial(ctx context.Context, subject string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	b.mu.Lock()
	b.publishing[subject] = &cancel
	b.mu.Unlock()
	return ctx, func() {
		b.mu.Lock()
		if b.publishing[subject] == &cancel {
			delete(b.publishing, subject)
		}
		b.mu.Unlock()
		cancel(nil)
	}
}

// withTimeout bounds a request whose caller set no deadline.
func withTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, callTimeout)
}

// sleep waits, or returns the context's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// backoff grows from a tenth of a second to five seconds; the zero value starts anew.
type backoff struct{ next time.Duration }

func (w *backoff) wait(ctx context.Context) error {
	w.next = min(max(2*w.next, 100*time.Millisecond), 5*time.Second)
	return sleep(ctx, w.next)
}
