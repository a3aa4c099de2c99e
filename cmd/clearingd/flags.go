package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"clearingd/config"
)

const usage = `clearingd clears medical bills between provinces.

Usage:
  clearingd [--config FILE] [flags]

Without a file the defaults hold: the embedded broker on 127.0.0.1:4222, probes and
console on 127.0.0.1:8470, books in ./var/clearingd. A flag wins over the file.

Flags:
  --config FILE          configuration (TOML); deploy/clearingd.toml explains every key
  --state DIR            where books and streams are kept           (state.dir)
  --nats HOST:PORT       where the embedded broker listens          (nats.listen)
  --nats URL             an external broker, nats:// or tls://      (nats.url)
  --http HOST:PORT       probes, metrics and console                (http.listen)
  --plans DIR            benefit plans instead of the built-in ones (plans.dir)
  --reports DIR          where reports are written                  (report.dir)
  --business-day MODE    clock, or manual: days end by hand         (business_day)
  --first-day DAY        with manual: the day new books begin with  (first_day)
  --demo-label TEXT      printed on every page of built data        (report.demo_label)
  --log-level LEVEL      debug, info, warn or error                 (log.level)
  --log-format FORMAT    json or console                            (log.format)
  --set KEY=VALUE        any key of the file; may be repeated
  --check-config         check the configuration and exit
  --version              print the version and exit
  --help                 print this and exit

Signals:
  SIGTERM, SIGINT        stop cleanly; a second one ends at once
  SIGHUP                 read the benefit plans again; a fault keeps the old ones

Exit codes:
   0  stopped as asked
   1  a failure without a code of its own
  64  the command line is wrong
  65  the books are damaged: do not restart, see the runbook
  69  an address cannot be listened on, or the external broker was not reached
  71  the storage failed or is full
  74  a commit ended in an unknown outcome; a restart finds out
  75  the books are in use by another process
  78  the configuration or the plans cannot be used
`

// options are what the command line says.
type options struct {
	config                     string
	overrides                  config.Overrides
	checkConfig, version, help bool
}

// shorthands are flags that each stand for one key of the file.
var shorthands = []struct{ flag, key string }{
	{"state", "state.dir"},
	{"nats", config.BrokerKey},
	{"http", "http.listen"},
	{"plans", "plans.dir"},
	{"reports", "report.dir"},
	{"business-day", "business_day"},
	{"first-day", "first_day"},
	{"demo-label", "report.demo_label"},
	{"log-level", "log.level"},
	{"log-format", "log.format"},
}

func parseFlags(args []string) (options, error) {
	var o options
	o.overrides.CredentialsDir = os.Getenv("CREDENTIALS_DIRECTORY")
	fs := flag.NewFlagSet("clearingd", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // run prints what is wrong, once
	fs.StringVar(&o.config, "config", "", "")
	fs.BoolVar(&o.checkConfig, "check-config", false, "")
	fs.BoolVar(&o.version, "version", false, "")
	override := func(key, origin, value string) error {
		o.overrides.Values = append(o.overrides.Values, config.Override{Key: key, Text: value, Origin: origin})
		return nil
	}
	for _, s := range shorthands {
		fs.Func(s.flag, "", func(value string) error { return override(s.key, "--"+s.flag, value) })
	}
	fs.Func("set", "", func(pair string) error {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			return errors.New("must be KEY=VALUE")
		}
		return override(key, "--set", value)
	})
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		o.help = true
		return o, nil
	case err != nil:
		return o, err
	case fs.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	return o, nil
}
