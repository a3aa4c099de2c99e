package daemon

import (
	"math"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/provinces/bus"
)

// expirySteps are the days before an end at which it is said, in the log once each.
var expirySteps = []int{30, 7, 1, 0}

// expiryEvery is how often certificates and login are looked at.
const expiryEvery = time.Hour

// expiryWatch remembers what it has seen expire and what it has said of it. It is safe
// for concurrent use.
type expiryWatch struct {
	mu    sync.Mutex
	next  time.Time
	found []bus.Expiry
	said  map[bus.Expiry]int // the last step that was said; a renewed one begins anew
}

// due reports whether it is time to look again, and takes it as done.
func (w *expiryWatch) due(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Before(w.next) && !now.Before(w.next.Add(-expiryEvery)) { // a clock set back looks at once
		return false
	}
	w.next = now.Add(expiryEvery)
	return true
}

// look takes what expires when, and returns what is to be said now: each end once for
// every step that it has passed since the last look.
func (w *expiryWatch) look(now time.Time, found []bus.Expiry) (say []bus.Expiry) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.found = found
	said := make(map[bus.Expiry]int)
	for _, e := range found {
		step, passed := expiryStep(daysLeft(now, e.At))
		if !passed {
			continue
		}
		if before, known := w.said[e]; !known || step < before {
			say = append(say, e)
		}
		said[e] = step
	}
	w.said = said
	return say
}

// last is what the last look found, earliest first.
func (w *expiryWatch) last() []service.Expiry {
	w.mu.Lock()
	defer w.mu.Unlock()
	var reply []service.Expiry
	for _, e := range w.found {
		reply = append(reply, service.Expiry{What: e.What, Expires: e.At.In(clearing.China)})
	}
	slices.SortFunc(reply, func(a, b service.Expiry) int { return a.Expires.Compare(b.Expires) })
	return reply
}

// daysLeft counts whole days to an end; below 0 once it is over.
func daysLeft(now, end time.Time) int { return int(math.Floor(end.Sub(now).Hours() / 24)) }

// expiryStep is the smallest step that so many days have reached; passed is false while
// there is more time than the first.
func expiryStep(days int) (step int, passed bool) {
	for _, s := range expirySteps {
		if days < s {
			step, passed = s, true
		}
	}
	return step, passed
}

// watchExpiry alarms before a certificate or a login ends.
func (d *Daemon) watchExpiry(now time.Time) {
	if !d.expiry.due(now) {
		return
	}
	found, err := d.bus.Expiries()
	if err != nil {
		d.log.Error("the dates of certificates and login cannot be read", zap.Error(err))
	}
	for _, what := range []string{bus.ExpiryLogin, bus.ExpiryCertificate, bus.ExpiryAuthority} {
		d.metrics.SetExpiry(what, time.Time{})
	}
	for _, e := range found {
		d.metrics.SetExpiry(e.What, e.At)
	}
	for _, e := range d.expiry.look(now, found) {
		say := d.log.Warn
		if daysLeft(now, e.At) < 7 {
			say = d.log.Error
		}
		say("a certificate or login expires: renew it", zap.String("what", e.What),
			zap.Time("expires", e.At), zap.Int("days_left", daysLeft(now, e.At)))
	}
}
