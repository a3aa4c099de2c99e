package ops

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/journal"
	"go.uber.org/zap"
	"go.uber.org/zap/buffer"
	"go.uber.org/zap/zapcore"

	"clearingd/config"
)

// UnderJournal reports whether standard error goes to the systemd journal.
func UnderJournal() bool {
	yes, err := journal.StderrIsJournalStream()
	return yes && err == nil
}

// NewLogger makes the daemon's logger. Each entry is one line on w; with journal true
// it begins with the syslog priority in angle brackets, which journald takes off and
// keeps as the entry's priority.
//
// A line in which an identity number had to be masked is counted in the metric
// log_redactions_total: it is a programming error somewhere, since identities are
// pseudonyms by type long before they reach a log.
//
// The error is about c.Level or c.Format and cannot happen after config.Load.
func NewLogger(w io.Writer, c config.Log, journal bool) (*zap.Logger, error) {
	level, err := zapcore.ParseLevel(c.Level)
	if err != nil {
		return nil, fmt.Errorf("log.level: %w", err)
	}
	encoder, err := newEncoder(c.Format)
	if err != nil {
		return nil, err
	}
	line := &lineEncoder{Encoder: encoder, json: c.Format == "json", journal: journal}
	core := zapcore.NewCore(line, zapcore.Lock(zapcore.AddSync(w)), level)
	return zap.New(core, zap.ErrorOutput(zapcore.Lock(zapcore.AddSync(w)))), nil
}

func newEncoder(format string) (zapcore.Encoder, error) {
	c := zapcore.EncoderConfig{
		TimeKey: "time", LevelKey: "level", NameKey: "part", MessageKey: "message", StacktraceKey: "stack",
		LineEnding:     zapcore.DefaultLineEnding,
		EncodeTime:     zapcore.TimeEncoderOfLayout(time.RFC3339Nano),
		EncodeLevel:    zapcore.LowercaseLevelEncoder,
		EncodeDuration: zapcore.StringDurationEncoder,
		EncodeName:     zapcore.FullNameEncoder,
	}
	switch format {
	case "json":
		return zapcore.NewJSONEncoder(c), nil
	case "console":
		return zapcore.NewConsoleEncoder(c), nil
	}
	return nil, fmt.Errorf("log.format: %q is neither json nor console", format)
}

// redactions counts masked lines. It belongs to the process, not to one logger: whoever
// makes the logger has no metrics yet.
var redactions atomic.Uint64

// lineEncoder masks identity numbers in the finished line and puts the priority before
// it. It works on the line and not on fields, so that nothing gets past it: fields
// given to With are encoded long before the entry is written.
type lineEncoder struct {
	zapcore.Encoder
	json, journal bool
}

// Clone is called by With.
func (e *lineEncoder) Clone() zapcore.Encoder {
	clone := *e
	clone.Encoder = e.Encoder.Clone()
	return &clone
}

// EncodeEntry writes one line.
func (e *lineEncoder) EncodeEntry(entry zapcore.Entry, fields []zapcore.Field) (*buffer.Buffer, error) {
	line, err := e.Encoder.EncodeEntry(entry, fields)
	if err != nil {
		return nil, err
	}
	masked, found := maskIdentities(line.Bytes(), e.json)
	if found {
		redactions.Add(1)
	}
	if !found && !e.journal {
		return line, nil
	}
	out := buffers.Get()
	if e.journal {
		fmt.Fprintf(out, "<%d>", priority(entry.Level))
	}
	out.Write(masked)
	line.Free()
	return out, nil
}

var buffers = buffer.NewPool()

// priority is the syslog severity of a level (RFC 5424, section 6.2.1).
func priority(l zapcore.Level) journal.Priority {
	switch {
	case l <= zapcore.DebugLevel:
		return journal.PriDebug
	case l == zapcore.InfoLevel:
		return journal.PriInfo
	case l == zapcore.WarnLevel:
		return journal.PriWarning
	case l == zapcore.ErrorLevel:
		return journal.PriErr
	}
	return journal.PriCrit
}
