package daemon

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clearingd/clearing"
	"clearingd/clearing/benefit"
	"clearingd/clearing/night"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/ledger"
)

// status is the daemon at a glance.
func (d *Daemon) status(ctx context.Context) (service.StatusReply, error) {
	reasons := d.ready.State().Reasons()
	reply := service.StatusReply{
		Version: Version, Started: d.started.In(clearing.China), Ready: len(reasons) == 0, Reasons: reasons,
		IntakeOnly: d.store == nil, Mode: string(d.cfg.BusinessDay), Expiries: d.expiry.last(),
	}
	if d.store == nil {
		return reply, nil
	}
	reply.Install = d.store.Identity().Install
	set := d.intake.Desk().Plans
	hash := set.Hash()
	reply.PlanSet, reply.Plans = hex.EncodeToString(hash[:]), len(set.Plans())
	var err error
	if reply.Day, err = d.closing.openDay(); err != nil {
		return reply, err
	}
	if reply.Streams, err = d.streamStatus(ctx); err != nil {
		return reply, err
	}
	return reply, d.store.View(func(tx *store.Tx) error {
		reply.BooksNumber = tx.Last()
		root, err := tx.Root(reply.BooksNumber)
		if err != nil {
			return err
		}
		reply.MerkleRoot = base64.StdEncoding.EncodeToString(root[:])
		counts, err := tx.Outcomes()
		reply.Outcomes = make(map[string]uint64, len(counts))
		for outcome, count := range counts {
			reply.Outcomes[string(outcome)] = count
		}
		if err != nil {
			return err
		}
		return tx.Days(func(day ledger.Day, state store.DayState) bool {
			if state.Phase == store.DayClosed {
				reply.LastClosed = &day
			}
			return state.Phase != store.DayClosed
		})
	})
}

func (d *Daemon) streamStatus(ctx context.Context) (streams []service.StreamStatus, err error) {
	for _, stream := range d.treatments {
		state, err := d.bus.ClaimsState(ctx, stream)
		if err != nil {
			return nil, err
		}
		line := service.StreamStatus{Treatment: stream, Last: state.Last}
		err = d.store.View(func(tx *store.Tx) error {
			at, err := tx.Position(stream)
			line.Answered = at.Sequence
			return err
		})
		if err != nil {
			return nil, err
		}
		streams = append(streams, line)
	}
	return streams, nil
}

// accountsMax bounds one reply of single accounts.
const accountsMax = 2000

// balances are what is owed now, by pair of provinces or by account.
func (d *Daemon) balances(_ context.Context, request service.BalancesRequest) (reply service.BalancesReply, err error) {
	pairs := make(map[[2]ledger.Province]*service.PairBalance)
	err = d.store.View(func(tx *store.Tx) error {
		reply.Books = tx.Last()
		return tx.Balances(func(account ledger.Account, balance ledger.Balance) error {
			home, treatment := account.Home.Province(), account.Treatment.Province()
			if request.Home != "" && home != request.Home || request.Treatment != "" && treatment != request.Treatment {
				return nil
			}
			if request.By == "account" {
				if reply.Truncated = len(reply.Accounts) == accountsMax; !reply.Truncated {
					reply.Accounts = append(reply.Accounts, service.AccountLine{
						Account: account.Name(), Debits: balance.Debits, Credits: balance.Credits,
						Net: balance.Net(), Count: balance.Count,
					})
				}
				return nil
			}
			if account.Side != ledger.Receivable || account.Stage == ledger.Paid || balance.Net() == 0 {
				return nil
			}
			return addPair(pairs, home, treatment, account.Fund, balance.Net())
		})
	})
	for _, key := range slices.SortedFunc(maps.Keys(pairs), func(a, b [2]ledger.Province) int { return slices.Compare(a[:], b[:]) }) {
		reply.Pairs = append(reply.Pairs, *pairs[key])
	}
	return reply, err
}

func addPair(pairs map[[2]ledger.Province]*service.PairBalance, home, treatment ledger.Province, fund ledger.Fund, amount ledger.Amount) (err error) {
	key := [2]ledger.Province{home, treatment}
	pair := pairs[key]
	if pair == nil {
		pair = &service.PairBalance{Home: home, Treatment: treatment, Funds: make(map[ledger.Fund]ledger.Amount)}
		pairs[key] = pair
	}
	if fund == ledger.FundAccount {
		pair.Account, err = pair.Account.Add(amount)
		return err
	}
	if pair.Funds[fund], err = pair.Funds[fund].Add(amount); err != nil {
		return err
	}
	pair.Total, err = pair.Total.Add(amount)
	return err
}

// reportPartBytes is what one reply carries of a report's file.
const reportPartBytes = 512 << 10

// reportPart reads a part of a file of a closed day's report, or of a period's.
func (d *Daemon) reportPart(ctx context.Context, request service.ReportRequest) (reply service.ReportReply, err error) {
	last := request.Day
	if request.To != nil {
		last = *request.To
	}
	if last < request.Day {
		return reply, failure(http.StatusBadRequest, "末日早于首日", "the last day is before the first")
	}
	dir := filepath.Join(d.cfg.ReportDir(), night.PeriodName(request.Day, last))
	var sum [32]byte
	if last != request.Day {
		sum, err = d.periodSum(ctx, request, last)
	} else {
		sum, err = d.reportSum(request)
	}
	if err != nil {
		return reply, err
	}
	if request.File != filepath.Base(request.File) || strings.HasPrefix(request.File, ".") {
		return reply, errNoSuch
	}
	file, err := os.Open(filepath.Join(dir, request.File))
	if os.IsNotExist(err) {
		return reply, fmt.Errorf("%w: %s of %s", errNoSuch, request.File, request.Day)
	}
	if err != nil {
		return reply, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return reply, err
	}
	reply.Size, reply.SHA256 = info.Size(), hex.EncodeToString(sum[:])
	if request.Offset < 0 || request.Offset > reply.Size {
		return reply, errNoSuch
	}
	reply.Data = make([]byte, min(reportPartBytes, reply.Size-request.Offset))
	_, err = file.ReadAt(reply.Data, request.Offset)
	return reply, err
}

// reportSum is the digest that the day was sealed with for the file.
func (d *Daemon) reportSum(request service.ReportRequest) (sum [32]byte, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		state, err := tx.Day(request.Day)
		if err != nil {
			return err
		}
		stored, ok := state.Files[request.File]
		if !ok {
			return fmt.Errorf("%w: %s of %s", errNoSuch, request.File, request.Day)
		}
		sum = stored
		return nil
	})
	return sum, err
}

func planLines(set *benefit.Set) (lines []service.PlanLine) {
	for _, plan := range set.Plans() {
		lines = append(lines, service.PlanLine{
			ID: plan.ID(), Title: plan.Title("zh"), Versions: len(plan.History()),
			Verified: plan.Verified(), Invented: plan.IsInvented(), Hash: fmt.Sprintf("%x", plan.Hash()),
		})
	}
	return lines
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
