package simulate

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"

	"clearingd/clearing/service"
	"clearingd/clearing/sim/audit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// stated is what the sides have stated and officers have done in a run.
type stated struct {
	*beliefs
	truths  [stages]truth
	closed  [stages]ledger.Day // the evening of a stage; 0: none
	orders  []order
	decided map[string]bool // keys of breaks that officers ended
	acted   ledger.Day      // on which they did
	before  snapshot        // what the daemon said before the last kill

	// What ANSWERS holds besides the answers of claims.
	others map[string]provinces.Envelope
}

// besides is how many answers there are that answer no claim.
func (s *stated) besides() uint64 {
	if s.beliefs == nil {
		return 0
	}
	n := len(s.orders)
	for _, list := range [][]*statement{s.early, s.late} {
		for _, s := range list {
			if s.outcome == refused || s.answered {
				n++
			}
		}
	}
	return uint64(n)
}

// errClaims: the simulation ends before anybody states anything.
var errClaims = errors.New("the books are wrong before a side has spoken")

// reconciling lets the sides state what they believe, closes the day, lets them correct
// themselves, and officers decide; all while the daemon is killed.
func (r *run) reconciling(ctx context.Context) error {
	books, _, err := r.audited(ctx)
	if err != nil {
		return err
	}
	r.tell(books)
	r.checkBalances(ctx, books)
	if r.faulty() {
		return errClaims
	}
	moves := books.Moves()
	through := today(time.Now()) + 1 // a horizon may not lie further ahead
	if r.Manual {
		through = r.day + 1
	}
	r.beliefs = believe(r.Options.Seed, moves, r.day+1, through)
	r.stated.truths = r.beliefs.truths()
	for _, s := range slices.Concat(r.early, r.late) {
		s.write(r.beliefs.dice)
	}
	if err := r.under(ctx, r.Late[0], func() error { return r.state(ctx, r.early, false) }); err != nil {
		return err
	}
	if err := r.nightUnder(ctx, 0); err != nil {
		return err
	}
	if err := r.under(ctx, r.Late[1], func() error { return r.state(ctx, r.late, true) }); err != nil {
		return err
	}
	if err := r.rematchUnder(ctx); err != nil {
		return err
	}
	if err := r.under(ctx, r.Late[2], func() error { return r.decide(ctx, r.truths[1]) }); err != nil {
		return err
	}
	if err := r.rematch(ctx); err != nil {
		return err
	}
	r.holdBreaks(ctx, "now", nil, r.truths[1])
	r.before, err = r.snapshot(ctx)
	return err
}

// under does work while the steps are taken.
func (r *run) under(ctx context.Context, steps []Step, work func() error) error {
	acted := make(chan error, 1)
	go func() { acted <- r.act(ctx, steps) }()
	err := work()
	return errors.Join(err, <-acted)
}

// part is a message of a statement.
type part struct {
	provinces.StatementPart
	body []byte
}

// state publishes statements in parts, in any order, some parts twice, and waits until the
// daemon says of each what is to become of it. late publishes what was held back, too, and
// other bytes in the place of heads that are there.
func (r *run) state(ctx context.Context, list []*statement, late bool) error {
	var parts []part
	add := func(s *statement, n int, body []byte) error {
		party, ok := provinces.ParseParty(s.party)
		if !ok {
			return fmt.Errorf("no party: %s", s.party)
		}
		parts = append(parts, part{provinces.StatementPart{Party: party, ID: s.id, Part: n}, body})
		return nil
	}
	whole := slices.Clone(list)
	for _, s := range list {
		for n := range s.parts {
			if n != s.held {
				if err := add(s, n, s.parts[n]); err != nil {
					return err
				}
			}
		}
	}
	if late {
		for i, s := range r.early {
			var err error
			switch {
			case s.held >= 0:
				whole = append(whole, s)
				err = add(s, s.held, s.parts[s.held])
			case i < 8: // somebody takes the id again: the first stands
				err = add(s, 0, []byte(`{"doctype":"statement"}`))
			}
			if err != nil {
				return err
			}
		}
	}
	parts = shuffled(rand.New(rand.NewPCG(r.Options.Seed, uint64(len(parts)))), parts)
	if err := r.publishParts(ctx, parts); err != nil {
		return err
	}
	for _, s := range whole {
		if late || s.held < 0 {
			if err := r.awaitDecided(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// shuffled brings the parts into any order, one in ten of them twice.
func shuffled(dice *rand.Rand, parts []part) []part {
	for _, p := range parts {
		if dice.IntN(10) == 0 {
			parts = append(parts, p)
		}
	}
	dice.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	return parts
}

// publishParts sends each part until it is acknowledged.
func (r *run) publishParts(ctx context.Context, parts []part) error {
	work := make(chan part)
	var workers sync.WaitGroup
	for range publishers {
		workers.Go(func() {
			for p := range work {
				for ctx.Err() == nil {
					attempt, cancel := context.WithTimeout(ctx, publishTimeout)
					err := r.bus.PublishStatement(attempt, p.StatementPart, p.body)
					cancel()
					if err == nil {
						break
					}
					r.publish.retries.Add(1)
					time.Sleep(20 * time.Millisecond)
				}
			}
		})
	}
	for _, p := range parts {
		work <- p
	}
	close(work)
	workers.Wait()
	return ctx.Err()
}

// awaitDecided waits until a statement is decided, and holds the outcome against what it
// must be.
func (r *run) awaitDecided(ctx context.Context, s *statement) error {
	var reply service.StatementReply
	err := r.insist(ctx, func() (bool, error) {
		err := r.ask(ctx, service.Statement+"."+s.party, service.StatementRequest{ID: s.id}, &reply)
		return err == nil && reply.Statement.Outcome != "", nil
	})
	if err != nil {
		return fmt.Errorf("statement %s of %s is not decided: %w\n%s", s.id, s.party, err, r.daemon.tail())
	}
	line := reply.Statement
	if string(line.Outcome) != s.outcome || int(line.Code) != s.code || line.Original != s.original {
		r.fault("statement %s of %s is %s %d %s %v, should be %s %d %s", s.id, s.party, line.Outcome, line.Code, line.Original, line.Errors, s.outcome, s.code, s.original)
	}
	return nil
}

// ask calls a service once, for a short time.
func (r *run) ask(ctx context.Context, subject string, request, reply any) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return call(ctx, r.bus, subject, request, reply)
}

// insist tries until it is done, or has an error, or nothing has helped for too long.
func (r *run) insist(ctx context.Context, try func() (done bool, err error)) error {
	for deadline := time.Now().Add(stall); ctx.Err() == nil; {
		done, err := try()
		if done || err != nil {
			return err
		}
		if time.Now().After(deadline) {
			return errors.New("nothing moves")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return ctx.Err()
}

// nightUnder closes the open day, kills the daemon meanwhile, and closes it again.
func (r *run) nightUnder(ctx context.Context, stage int) error {
	r.closed[stage] = r.day
	defer r.answersAreDue()
	if r.Night.Act == PointKill {
		return r.killAt(ctx, r.Night)
	}
	return r.closeDayAfter(ctx, syscall.SIGKILL, r.Night.After)
}

// answersAreDue notes which statements are compared: those whose day is closed.
func (r *run) answersAreDue() {
	for _, list := range [][]*statement{r.early, r.late} {
		for _, s := range list {
			s.answered = s.day < r.day.String()
		}
	}
}

// rematchUnder asks for a match of what has come since the night, kills the daemon
// meanwhile, and asks again.
func (r *run) rematchUnder(ctx context.Context) error {
	if len(r.Rematch) == 0 {
		return r.rematch(ctx)
	}
	asking, enough := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		var reply service.ReconcileReply
		r.ask(asking, service.Reconcile, service.ReconcileRequest{Run: true}, &reply)
	}()
	time.Sleep(r.Rematch[0].After)
	err := r.restart(ctx, syscall.SIGKILL)
	enough() // nobody answers any more
	<-done
	if err != nil {
		return err
	}
	return r.rematch(ctx)
}

// rematch asks for a match until it is done.
func (r *run) rematch(ctx context.Context) error {
	var last error
	err := r.insist(ctx, func() (bool, error) {
		var reply service.ReconcileReply
		last = r.ask(ctx, service.Reconcile, service.ReconcileRequest{Run: true}, &reply)
		return last == nil, nil
	})
	if err != nil {
		return fmt.Errorf("the match: %w: %w", err, last)
	}
	return nil
}

// audited are the auditor's books of everything so far, and the answers they rest on.
func (r *run) audited(ctx context.Context) (*audit.Books, answered, error) {
	claims, err := r.readClaims(ctx)
	if err != nil {
		return nil, nil, err
	}
	r.checkStreams(claims)
	answers, err := r.readAnswers(ctx)
	if err != nil {
		return nil, nil, err
	}
	plans, err := audit.ReadPlans(os.DirFS(filepath.Join(r.dir, "plans")))
	if err != nil {
		return nil, nil, err
	}
	published := make([]audit.Answer, 0, len(answers))
	for _, e := range sortedAnswers(answers) {
		published = append(published, audit.Answer{Subject: e.Subject, Header: e.Header, Body: e.Body})
	}
	return audit.Audit(plans, r.Manual, claims, published), answers, nil
}
