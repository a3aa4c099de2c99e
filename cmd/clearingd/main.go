// Command clearingd clears medical bills between provinces. This file holds flags,
// signals and the exit code; everything else is in clearingd/cmd/internal/daemon.
//
// Signals: SIGTERM and SIGINT stop the daemon cleanly (a second one ends it at once);
// SIGHUP reads the benefit plans again.
//
// Exit codes are listed by --help and in the runbook; see daemon.ExitCode.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"go.uber.org/zap"

	"clearingd/cmd/internal/daemon"
	"clearingd/cmd/internal/ops"
	"clearingd/config"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main with its inputs and its exit code.
func run(args []string, stdout, stderr io.Writer) int {
	o, err := parseFlags(args)
	switch {
	case err != nil:
		fmt.Fprintf(stderr, "clearingd: %v\nTry: clearingd --help\n", err)
		return daemon.ExitUsage
	case o.help:
		io.WriteString(stdout, usage)
		return daemon.ExitOK
	case o.version:
		fmt.Fprintln(stdout, versionLine())
		return daemon.ExitOK
	}
	cfg, err := config.Load(o.config, o.overrides)
	if err != nil {
		fmt.Fprintf(stderr, "clearingd: %v\n", err)
		return daemon.ExitConfig
	}
	if o.checkConfig {
		fmt.Fprintln(stdout, "the configuration is good")
		return daemon.ExitOK
	}
	return serve(cfg, stderr)
}

// headroomBytes is address space that the garbage collector counts as memory in use and that is
// never touched: it collects again after about so much was allocated, not after the few
// dozen mebibytes that are really alive have doubled. A backlog spent a tenth of its time
// on that.
const headroomBytes = 128 << 20

// memoryBytes is where the garbage collector stops to let the heap grow for the sake of
// speed, headroom included; GOMEMLIMIT overrides it. What is alive is a tenth of it, but
// under the largest messages on processors that others want as well, the collector falls
// behind: without this the daemon took 2 GiB. More may be alive; then it only collects more.
const memoryBytes = 640 << 20

// serve runs the daemon until a signal or a failure ends it.
func serve(cfg config.Config, stderr io.Writer) int {
	defer runtime.KeepAlive(make([]byte, headroomBytes))
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryBytes)
	}
	log, err := ops.NewLogger(stderr, cfg.Log, ops.UnderJournal())
	if err != nil {
		fmt.Fprintf(stderr, "clearingd: %v\n", err)
		return daemon.ExitConfig
	}
	defer log.Sync()

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	context.AfterFunc(ctx, stop) // the next signal has its usual effect: an end at once
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP) // from now on, or one during the start would end us
	defer signal.Stop(hangups)

	err = live(ctx, cfg, log, hangups)
	code := daemon.ExitCode(err)
	if code != daemon.ExitOK {
		log.Error("ended", zap.Error(err), zap.Int("exit_code", code))
	} else {
		log.Info("stopped")
	}
	return code
}

// live is the daemon's life: New, Run with reloads beside it, Close.
func live(ctx context.Context, cfg config.Config, log *zap.Logger, hangups <-chan os.Signal) error {
	d, err := daemon.New(ctx, cfg, log)
	if err != nil {
		if ctx.Err() != nil && errors.Is(err, context.Canceled) {
			return nil // stopped while starting, as asked
		}
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	reloads := make(chan struct{})
	go func() {
		defer close(reloads)
		reloadOn(ctx, hangups, d, log)
	}()
	err = d.Run(ctx)
	cancel()
	<-reloads // Close must not meet a reload
	return errors.Join(err, d.Close())
}

// reloadOn reads the plans again at each hang-up. A set with a fault leaves the old one
// in force; the log, a metric and the service manager's status say so.
func reloadOn(ctx context.Context, hangups <-chan os.Signal, d *daemon.Daemon, log *zap.Logger) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangups:
		}
		if err := d.Reload(ctx); err != nil {
			log.Error("the plans were not read again; the old ones stay in force", zap.Error(err))
			ops.NewNotifier(log, nil).Status("the last reload of the plans failed; the old ones stay in force")
			continue
		}
		log.Info("the plans were read again")
	}
}

// versionLine is what --version prints: what the Makefile stamped, and the commit where
// the toolchain recorded one.
func versionLine() string {
	line := "clearingd " + daemon.Version
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				line += " " + s.Value
			}
		}
	}
	return line + " " + runtime.Version()
}
