package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"clearingd/clearing/service"
	"clearingd/provinces/bus"
)

// Exit codes. Scripts depend on them.
const (
	exitOK          = 0
	exitNo          = 1 // the answer is no: refused, not found, a check failed
	exitUsage       = 2 // the command line is wrong
	exitUnreachable = 3 // no broker, or no daemon behind it
	exitTimeout     = 4 // no answer in time, or interrupted
)

func (a *app) exitCodesHelp() string {
	return a.say(`退出码：
  0  成功
  1  结果为否：被拒绝、不存在、校验未通过
  2  命令行有误
  3  连不上 clearingd
  4  等待超时或被中断`,
		`Exit codes:
  0  done
  1  the answer is no: refused, not found, a check failed
  2  the command line is wrong
  3  clearingd cannot be reached
  4  no answer in time, or interrupted`)
}

// failure is an error told to the user in both languages, with its exit code.
type failure struct {
	code   int
	zh, en string
	err    error // cause; may be nil
}

func (f *failure) Error() string { return f.en }
func (f *failure) Unwrap() error { return f.err }

// no is a failure with exit code 1.
func no(zh, en string) error { return &failure{exitNo, zh, en, nil} }

func usageError(zh, en string) error { return &failure{exitUsage, zh, en, nil} }

func unreachable(address string, err error) error {
	shown := redacted(address)
	return &failure{exitUnreachable,
		fmt.Sprintf("连不上 clearingd（%s）：%v", shown, err),
		fmt.Sprintf("cannot reach clearingd at %s: %v", shown, err), err}
}

// redacted is an address, or several with commas, without passwords.
func redacted(address string) string {
	parts := strings.Split(address, ",")
	for i, part := range parts {
		if u, err := url.Parse(strings.TrimSpace(part)); err == nil && u.User != nil {
			parts[i] = u.Redacted()
		}
	}
	return strings.Join(parts, ",")
}

// quiet is a failure that has told its story already, on standard output.
func quiet(code int) error { return &failure{code: code} }

// ranError marks what a command's own work returned: everything else that comes out of
// the library is about the command line.
type ranError struct{ error }

func (e ranError) Unwrap() error { return e.error }

func ran(err error) error {
	if err == nil {
		return nil
	}
	return ranError{err}
}

// exit says what went wrong on standard error and returns the exit code.
func (a *app) exit(ctx context.Context, err error) int {
	if err == nil {
		return exitOK
	}
	f := a.explain(ctx, err)
	if text := a.say(f.zh, f.en); text != "" {
		fmt.Fprintln(a.err, "clearctl:", text)
	}
	if f.code == exitUsage {
		fmt.Fprintln(a.err, a.say("用 --help 查看用法。", "Use --help for usage."))
	}
	return f.code
}

// explain finds the words and the code for any error.
func (a *app) explain(ctx context.Context, err error) *failure {
	var known *failure
	var answered *bus.ServiceError
	var ours ranError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &answered):
		return serviceFailure(answered)
	case errors.Is(err, bus.ErrNoService):
		return &failure{exitUnreachable, "代理在运行，但没有 clearingd 提供该服务", "the broker runs, but no clearingd serves this", err}
	case ctx.Err() != nil:
		return &failure{exitTimeout, "已中断", "interrupted", err}
	case errors.Is(err, context.DeadlineExceeded):
		return &failure{exitTimeout, "等待超时（见 --timeout）", "no answer in time (see --timeout)", err}
	case !errors.As(err, &ours):
		return &failure{exitUsage, err.Error(), err.Error(), err}
	}
	return &failure{exitNo, err.Error(), err.Error(), err}
}

// serviceFailure puts the daemon's own words first.
func serviceFailure(answered *bus.ServiceError) *failure {
	f := &failure{exitNo, answered.Text, answered.Text, answered}
	var said service.Failure
	if json.Unmarshal(answered.Body, &said) == nil && said.EN != "" {
		f.zh, f.en = orDefault(said.ZH, said.EN), said.EN
		for _, e := range said.Errors { // of officers' acts: where, and what would be right
			where := fmt.Sprintf(" [%s: %s → %s]", printable(e.Field), printable(e.Found), printable(e.Expected))
			f.zh, f.en = f.zh+where, f.en+where
		}
	}
	if answered.Code == 503 {
		f.code = exitUnreachable
	}
	return f
}
