package daemon

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/intake"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// connectTimeout bounds how long the start waits for a broker.
const connectTimeout = 30 * time.Second

// connect starts the embedded broker, unless one is configured, and makes or checks
// the streams.
func (d *Daemon) connect(ctx context.Context) error {
	options := bus.ConnectOptions{
		URL: d.cfg.NATS.URL, Name: "clearingd", Log: d.log.Named("bus"),
		Login: bus.Login{
			Credentials: d.cfg.NATS.CredentialsFile, NKey: d.cfg.NATS.NKeyFile,
			User: d.cfg.NATS.User, Password: d.cfg.NATS.PasswordFile,
		},
		RootCAs:     d.cfg.NATS.TLSCAFile,
		InboxPrefix: d.cfg.NATS.InboxPrefix,
		Streams:     bus.StreamOptions{Replicas: d.cfg.NATS.Replicas},
	}
	if d.store != nil {
		options.Streams.Install = d.store.Identity().Install
	}
	if d.cfg.NATS.Embedded() {
		if err := d.startServer(); err != nil {
			return err
		}
		options.Server = d.server
	}
	if !d.cfg.NATS.Embedded() {
		d.log.Info("connecting to the broker", zap.Duration("at_most", connectTimeout))
	}
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	connection, err := bus.Connect(ctx, options)
	if errors.Is(err, bus.ErrLogin) {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err != nil {
		return unreachedError{err}
	}
	d.bus = connection
	d.life.add("bus", func() error { connection.Close(); return nil })
	d.treatments = provinces.Provinces()
	if err := d.bus.EnsureStreams(ctx, d.treatments); err != nil {
		return fmt.Errorf("%w: %w", ErrStorage, err)
	}
	d.ready.OK(conditionBus)
	return d.demandSync(ctx)
}

func (d *Daemon) startServer() error {
	host, text, err := net.SplitHostPort(d.cfg.NATS.Listen)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	d.server, err = bus.StartServer(bus.ServerOptions{
		Host: host, Port: port, StoreDir: filepath.Join(d.cfg.State.Dir, brokerDir),
		MaxStore: d.cfg.NATS.MaxStoreBytes, ConfigFile: d.cfg.NATS.ServerConfigFile, Log: d.log.Named("nats"),
	})
	switch {
	case errors.Is(err, bus.ErrStore):
		return fmt.Errorf("%w: %w", ErrStorage, err)
	case err != nil:
		return fmt.Errorf("%w: %w", ErrListen, err)
	}
	d.life.add("broker", func() error { d.server.Shutdown(); return nil })
	d.log.Info("broker listens", zap.String("url", d.server.URL()))
	return nil
}

// demandSync says loudly that a broker acknowledges messages before they are on disk,
// and refuses to work with one that does not say otherwise where the settings demand it.
func (d *Daemon) demandSync(ctx context.Context) error {
	known, always := d.bus.SyncAlways(ctx)
	d.metrics.SetSyncAlways(known && always)
	if known && always {
		return nil
	}
	if d.cfg.NATS.RequireSyncAlways {
		return fmt.Errorf("%w: nats.require_sync_always: the broker does not report sync_interval: always", ErrConfig)
	}
	if known {
		d.log.Error("the broker does not sync before it acknowledges: a power cut loses acknowledged claims; set sync_interval: always")
	} else {
		d.log.Warn("the broker does not say whether it syncs before it acknowledges; its system account can export the question: $SYS.REQ.SERVER.PING.JSZ")
	}
	return nil
}

// adoptStreams gives every stream its place in the books, and refuses a stream that is
// not the one the books have read: a restored or recreated stream would hand out
// sequences again, to other messages.
func (d *Daemon) adoptStreams(ctx context.Context) error {
	open, err := d.closing.openDay()
	if err != nil {
		return err
	}
	for _, stream := range d.treatments {
		state, err := d.bus.ClaimsState(ctx, stream)
		if err != nil {
			return fmt.Errorf("%w: %w", ErrStorage, err)
		}
		err = d.store.Update(func(tx *store.Tx) error { return adopt(tx, stream, state, open) })
		if err != nil {
			return d.storeError(err)
		}
	}
	return nil
}

// errForeignStream: the broker's stream is not the one the books were made from.
var errForeignStream = errors.New("the broker's stream is not the one these books have read")

func adopt(tx *store.Tx, stream ledger.Province, state bus.StreamState, open ledger.Day) error {
	at, err := tx.Position(stream)
	if err != nil {
		return err
	}
	created := state.Created.UnixNano()
	switch {
	case at == clearing.Position{}:
		tx.SetPosition(stream, clearing.Position{Day: open, Created: created})
	case at.Created != created || state.Last < at.Sequence:
		return fmt.Errorf("%w: %w: CLAIMS_%s was made %s and ends at %d; the books have read %d",
			ErrStorage, errForeignStream, stream, state.Created.Format(time.DateTime), state.Last, at.Sequence)
	}
	return nil
}

// follow reads one claims stream from where the books are, decodes and hands on. It
// waits while the intake is paused.
func (d *Daemon) follow(ctx context.Context, stream ledger.Province, batches chan<- []intake.Item) error {
	var at clearing.Position
	err := d.store.View(func(tx *store.Tx) (err error) {
		at, err = tx.Position(stream)
		return err
	})
	if err != nil {
		return err
	}
	return d.bus.Follow(ctx, stream, at.Sequence, func(messages []provinces.Message) error {
		if err := d.waitToBook(ctx); err != nil {
			return err
		}
		items := make([]intake.Item, len(messages))
		for i, m := range messages {
			items[i] = d.intake.Decode(m)
		}
		if err := d.waitForRegistry(ctx); err != nil {
			return err
		}
		select {
		case batches <- items:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}

func (d *Daemon) waitToBook(ctx context.Context) error {
	for d.paused.Load() || d.doubt.Load() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
	return nil
}

// publish hands committed answers to the outbox.
func (d *Daemon) publish(ctx context.Context) func([]provinces.Envelope) error {
	return func(answers []provinces.Envelope) error {
		d.metrics.AnswersPublished(len(answers))
		return d.outbox.put(ctx, answers)
	}
}

// NATSURL is where clients reach the broker.
func (d *Daemon) NATSURL() string {
	if d.server != nil {
		return d.server.URL()
	}
	return d.cfg.NATS.URL
}

// HTTPURL is where the officers' pages are.
func (d *Daemon) HTTPURL() string { return "http://" + d.http.Addr().String() }
