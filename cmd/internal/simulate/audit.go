package simulate

import (
	"context"
	"fmt"
	"math/big"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"clearingd/clearing/service"
	"clearingd/clearing/sim/audit"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces"
)

// audit closes the day and compares everything the daemon left behind with the
// auditor's own books.
func (r *run) audit(ctx context.Context) (*audit.Books, error) {
	books, answers, err := r.audited(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range r.orders {
		for _, m := range o.money {
			books.Decide(o.reply.Day.String(), &m.bill, m.fund, m.amount)
		}
	}
	r.tell(books)
	if err := r.holdRerun(ctx); err != nil {
		return books, err
	}
	r.checkService(ctx, answers)
	r.checkBalances(ctx, books)
	r.checkYears(ctx, books)
	if err := r.lastNight(ctx, books); err != nil {
		return books, err
	}
	r.checkLeaks(r.metrics(), answers)
	r.checkReports(books)
	return books, r.lastStop(ctx)
}

// tell takes over what the auditor has found.
func (r *run) tell(books *audit.Books) {
	for _, f := range books.Faults {
		r.fault("audit: %s", f)
	}
	if more := books.FaultCount - len(books.Faults); more > 0 {
		r.fault("audit: and %d more", more)
	}
}

// lastNight closes the last day, and holds what the sides stated against what was planted.
func (r *run) lastNight(ctx context.Context, books *audit.Books) error {
	r.closed[2] = r.day
	if err := r.closeDay(ctx, 0); err != nil {
		return err
	}
	r.answersAreDue()
	if _, err := r.readAnswers(ctx); err != nil {
		return err
	}
	r.holdStatements(ctx)
	r.holdBreaks(ctx, r.closed[0].String(), &r.closed[0], r.truths[0])
	r.holdBreaks(ctx, r.closed[2].String(), &r.closed[2], r.truths[2])
	r.holdActs(ctx)
	r.holdReport(books, r.closed[0], r.truths[0])
	r.holdReport(books, r.closed[2], r.truths[2])
	return nil
}

// metrics is what the daemon's metrics and probes say.
func (r *run) metrics() string {
	client := http.Client{Timeout: 5 * time.Second}
	_, metrics := get(&client, "http://"+r.daemon.http+"/metrics")
	_, ready := get(&client, "http://"+r.daemon.http+"/readyz")
	if metrics == "" || ready == "" {
		r.fault("no metrics or no readiness at the end")
	}
	return metrics + ready
}

// lastStop stops the daemon as a service manager does, and checks the books without it.
func (r *run) lastStop(ctx context.Context) error {
	code, err := r.daemon.end(syscall.SIGTERM, 15*time.Second)
	if err != nil {
		return err
	}
	if code != 0 {
		r.fault("the last SIGTERM: exit code %d\n%s", code, r.daemon.tail())
	}
	result, err := store.CheckFile(ctx, filepath.Join(r.dir, "state", "books.db"), nil)
	if err != nil {
		return fmt.Errorf("check of the books: %w", err)
	}
	for _, f := range result.Faults {
		r.fault("check of the books: %s", f)
	}
	if result.Records != uint64(r.known+len(r.orders)) {
		r.fault("the books have %d records of %d messages and %d acts", result.Records, r.known, len(r.orders))
	}
	return nil
}

// checkBalances compares every account.
func (r *run) checkBalances(ctx context.Context, books *audit.Books) {
	found := map[string]service.AccountLine{}
	for _, home := range provinces.Provinces() {
		var reply service.BalancesReply
		err := call(ctx, r.bus, service.Balances, service.BalancesRequest{Home: home, By: "account"}, &reply)
		if err != nil || reply.Truncated {
			r.fault("balances of %s: truncated %v, %v", home, reply.Truncated, err)
		}
		for _, line := range reply.Accounts {
			found[line.Account] = line
		}
	}
	for account, want := range books.Balances {
		got := found[account]
		delete(found, account)
		if audit.Yuan(want.Debits) != got.Debits.String() || audit.Yuan(want.Credits) != got.Credits.String() || uint64(want.Count) != got.Count {
			r.fault("account %s: %s debits, %s credits in %d postings, should be %s, %s, %d",
				account, got.Debits, got.Credits, got.Count, audit.Yuan(want.Debits), audit.Yuan(want.Credits), want.Count)
		}
	}
	for account := range found {
		r.fault("account %s should not be there", account)
	}
}

// checkYears compares every person-year that has a standing bill.
func (r *run) checkYears(ctx context.Context, books *audit.Books) {
	books.Years(func(key audit.YearKey, entries []uint64, want *audit.Year, sure bool) {
		var reply service.PersonReply
		request := service.PersonRequest{Home: ledger.Province(key.Home), PersonNo: key.Person, Insutype: key.Insurance}
		if err := call(ctx, r.bus, service.Person, request, &reply); err != nil {
			r.fault("person of record %d: %v", entries[0], err)
			return
		}
		i := slices.IndexFunc(reply.Years, func(y service.PersonYear) bool { return y.Year == key.Year })
		if i < 0 {
			r.fault("the person-year %d of record %d is unknown", key.Year, entries[0])
			return
		}
		got := reply.Years[i]
		if !slices.Equal(got.Entries, entries) {
			r.fault("person-year %d of record %d: folded from %v, should be from %v", key.Year, entries[0], got.Entries, entries)
		}
		if sure {
			r.compareYear(fmt.Sprintf("person-year %d of record %d", key.Year, entries[0]), got, want)
		}
	})
}

func (r *run) compareYear(who string, got service.PersonYear, want *audit.Year) {
	a := got.Accumulators
	if a.Stays != want.Stays {
		r.fault("%s: %d stays, should be %d", who, a.Stays, want.Stays)
	}
	same := func(what string, got ledger.Amount, want *big.Rat) {
		if got.String() != audit.Yuan(want) {
			r.fault("%s: %s %s, should be %s", who, what, got, audit.Yuan(want))
		}
	}
	same("deductible", a.Deductible, want.Deductible)
	same("in scope", a.InScope, want.InScope)
	same("cost", a.Cost, want.Cost)
	same("own share", a.OwnShare, want.OwnShare)
	for by, paid := range want.Paid {
		same("paid by "+by, a.Paid[by], paid)
	}
	for by, paid := range a.Paid {
		if want.Paid[by] == nil && paid != 0 && !strings.Contains(by, "#") {
			r.fault("%s: %s paid by %s, should be nothing", who, paid, by)
		}
	}
}
