package ops

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Readiness collects named conditions. The daemon is ready when every condition it
// knows holds: a claim published now would be kept and processed. It is safe for
// concurrent use.
type Readiness struct {
	metrics *Metrics

	mu         sync.Mutex
	conditions []Condition // in the order in which they became known
	watchers   []func(State)
}

// Condition is one thing that readiness needs.
type Condition struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty"` // why it does not hold; "" when it does
}

// State is readiness at one moment.
type State struct {
	Ready      bool        `json:"ready"`
	Conditions []Condition `json:"conditions"`
}

// NewReadiness knows the named conditions from the start and takes them as not met
// until each has been reported. m may be nil.
func NewReadiness(m *Metrics, names ...string) *Readiness {
	r := &Readiness{metrics: m}
	for _, name := range names {
		r.conditions = append(r.conditions, Condition{Name: name, Reason: "not reported yet"})
	}
	r.publish(r.state())
	return r
}

// OK reports that a condition holds. A name not known before becomes known.
func (r *Readiness) OK(name string) { r.report(Condition{Name: name, OK: true}) }

// Fail reports that a condition does not hold, and why. The reason is for operators
// and must hold no personal data.
func (r *Readiness) Fail(name, reason string) {
	r.report(Condition{Name: name, Reason: reason})
}

// Report is OK for a nil error and Fail with its text otherwise.
func (r *Readiness) Report(name string, err error) {
	if err == nil {
		r.OK(name)
		return
	}
	r.Fail(name, err.Error())
}

// OnChange calls f with the state now and after every change, one call at a time and
// in order. f must not report conditions itself.
func (r *Readiness) OnChange(f func(State)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watchers = append(r.watchers, f)
	f(r.state())
}

// State is readiness now.
func (r *Readiness) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state()
}

func (r *Readiness) report(c Condition) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := slices.IndexFunc(r.conditions, func(known Condition) bool { return known.Name == c.Name })
	switch {
	case i < 0:
		r.conditions = append(r.conditions, c)
	case r.conditions[i] == c:
		return
	default:
		r.conditions[i] = c
	}
	r.publish(r.state())
}

// publish runs under the lock, so that watchers see the changes in their order.
func (r *Readiness) publish(s State) {
	if r.metrics != nil {
		r.metrics.setReadiness(s)
	}
	for _, f := range r.watchers {
		f(s)
	}
}

func (r *Readiness) state() State {
	return State{
		Ready:      !slices.ContainsFunc(r.conditions, func(c Condition) bool { return !c.OK }),
		Conditions: slices.Clone(r.conditions),
	}
}

// Reasons lists why the daemon is not ready, "condition: reason" each; empty when it
// is.
func (s State) Reasons() []string {
	reasons := []string{}
	for _, c := range s.Conditions {
		if !c.OK {
			reasons = append(reasons, c.Name+": "+c.Reason)
		}
	}
	return reasons
}

// String is the state in one line, for systemd and for people.
func (s State) String() string {
	if s.Ready {
		return "ready"
	}
	return fmt.Sprintf("not ready: %s", strings.Join(s.Reasons(), "; "))
}
