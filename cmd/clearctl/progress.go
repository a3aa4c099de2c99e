package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// progress tells on standard error how far long work is. It is silent unless standard
// error is a terminal or --progress asks for it.
type progress struct {
	mu       sync.Mutex
	w        io.Writer // nil: silent
	terminal bool
	now      func() time.Time
	label    string
	last     time.Time
	drawn    bool
}

// startProgress begins to tell about work under a label. done must be called.
func (a *app) startProgress(label string) *progress {
	p := &progress{label: label, now: a.now}
	f, isFile := a.err.(*os.File)
	p.terminal = isFile && isTerminal(f)
	if p.terminal || a.progress {
		p.w = a.err
	}
	return p
}

func isTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// at tells how much is done. It draws at most ten times a second, and always the end.
func (p *progress) at(done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	if p.w == nil || (done < total && now.Sub(p.last) < p.pause()) {
		return
	}
	p.last = now
	percent := 100
	if total > 0 {
		percent = int(int64(done) * 100 / int64(total))
	}
	line := fmt.Sprintf("%s %d/%d (%d%%)", p.label, done, total, percent)
	if p.terminal {
		fmt.Fprintf(p.w, "\r\x1b[K%s", line)
		p.drawn = true
		return
	}
	fmt.Fprintln(p.w, line)
}

// pause is the time between two drawings: a log wants fewer lines than a terminal.
func (p *progress) pause() time.Duration {
	if p.terminal {
		return 100 * time.Millisecond
	}
	return time.Second
}

// done ends the line.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.drawn {
		fmt.Fprintln(p.w)
		p.drawn = false
	}
}
