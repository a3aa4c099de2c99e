package bus

import (
	"fmt"

	"github.com/nats-io/nats-server/v2/server"
	"go.uber.org/zap"
)

// serverLog hands the broker's log lines to zap. Trace lines are dropped, always:
// they carry payloads, and payloads carry patients.
type serverLog struct {
	log   *zap.Logger
	fatal chan error // takes the first fatal line
}

var _ server.Logger = serverLog{}

func newServerLog(log *zap.Logger) serverLog {
	return serverLog{fatal: make(chan error, 1), log: orNop(log).WithOptions(zap.WithCaller(false), zap.AddStacktrace(zap.DPanicLevel))}
}

func orNop(log *zap.Logger) *zap.Logger {
	if log == nil {
		return zap.NewNop()
	}
	return log
}

// Noticef is the broker's ordinary talk at start and stop: debug for us.
func (l serverLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l serverLog) Warnf(format string, v ...any)   { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l serverLog) Errorf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }
func (l serverLog) Debugf(string, ...any)           {}
func (l serverLog) Tracef(string, ...any)           {}

// Fatalf does not end the process: StartServer returns what it said as an error.
func (l serverLog) Fatalf(format string, v ...any) {
	err := fmt.Errorf(format, v...)
	l.log.Error(err.Error())
	select {
	case l.fatal <- err:
	default:
	}
}
