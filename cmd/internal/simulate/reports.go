package simulate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"clearingd/clearing/sim/audit"
)

// nightReport is what is compared of report.json.
type nightReport struct {
	Completeness []struct {
		Treatment string         `json:"treatment"`
		First     uint64         `json:"first"`
		Last      uint64         `json:"last"`
		Sequences uint64         `json:"sequences"`
		Outcomes  map[string]int `json:"outcomes"`
	} `json:"completeness"`
	Refusals []struct {
		Code  int `json:"code"`
		Count int `json:"count"`
	} `json:"refusals"`
	Pairs    []owedLine `json:"pairs"`
	Internal []owedLine `json:"internal"`
	Summary  struct {
		Received int    `json:"received"`
		Debits   string `json:"debits"`
		Credits  string `json:"credits"`
		Balanced bool   `json:"balanced"`
		Complete bool   `json:"complete"`
	} `json:"summary"`
}

type owedLine struct {
	Home      string            `json:"home"`
	Treatment string            `json:"treatment"`
	Booked    int               `json:"booked"`
	Undone    int               `json:"undone"`
	Cost      string            `json:"cost"`
	Funds     map[string]string `json:"funds"`
	Account   string            `json:"personal_account"`
	Owed      string            `json:"owed"`
	Cash      string            `json:"cash"`
}

// checkReports compares each closed day's report and journal with the auditor's day.
func (r *run) checkReports(books *audit.Books) {
	reports := filepath.Join(r.dir, "state", "reports")
	nets := map[string]*big.Rat{}
	for day, want := range books.Days {
		text, err := os.ReadFile(filepath.Join(reports, day, "report.json"))
		if err != nil {
			r.fault("report of %s: %v", day, err)
			continue
		}
		var got nightReport
		if err := json.Unmarshal(text, &got); err != nil {
			r.fault("report of %s: %v", day, err)
			continue
		}
		r.compareDay(day, got, want)
		if err := addJournal(nets, filepath.Join(reports, day, "journal.hledger")); err != nil {
			r.fault("journal of %s: %v", day, err)
		}
	}
	for account, b := range books.Balances {
		if net := nets[account]; net == nil && b.Net().Sign() != 0 || net != nil && net.Cmp(b.Net()) != 0 {
			r.fault("journals: %s comes to %s, should be %s", account, audit.Yuan(net), audit.Yuan(b.Net()))
		}
		delete(nets, account)
	}
	for account, net := range nets {
		if net.Sign() != 0 {
			r.fault("journals: %s should not be there", account)
		}
	}
}

func (r *run) compareDay(day string, got nightReport, want *audit.Day) {
	if !got.Summary.Balanced || !got.Summary.Complete || got.Summary.Debits != got.Summary.Credits {
		r.fault("report of %s: not balanced or not complete", day)
	}
	received := 0
	for _, line := range got.Completeness {
		s := want.Streams[line.Treatment]
		if s == nil {
			s = &audit.Stream{Outcomes: map[string]int{}}
		}
		maps.DeleteFunc(line.Outcomes, func(_ string, n int) bool { return n == 0 })
		if line.First != s.First || line.Last != s.Last || !maps.Equal(line.Outcomes, s.Outcomes) {
			r.fault("report of %s: stream %s from %d to %d is %v, should be from %d to %d %v",
				day, line.Treatment, line.First, line.Last, line.Outcomes, s.First, s.Last, s.Outcomes)
		}
		received += int(line.Sequences)
	}
	if received != got.Summary.Received {
		r.fault("report of %s: %d received, the streams have %d", day, got.Summary.Received, received)
	}
	codes := map[int]int{}
	for _, line := range got.Refusals {
		codes[line.Code] = line.Count
	}
	// The auditor counts repeated refusals too; there are none.
	if !maps.Equal(codes, want.Codes) {
		r.fault("report of %s: refusals %v, should be %v", day, codes, want.Codes)
	}
	r.compareOwed(day, "between provinces", got.Pairs, want.Between)
	r.compareOwed(day, "within provinces", got.Internal, want.Internal)
}

func (r *run) compareOwed(day, what string, got []owedLine, want map[audit.Pair]*audit.Owed) {
	seen := map[audit.Pair]bool{}
	for _, line := range got {
		pair := audit.Pair{Home: line.Home, Treatment: line.Treatment}
		seen[pair] = true
		o := want[pair]
		if o == nil {
			r.fault("report of %s, %s: %v should not be there", day, what, pair)
			continue
		}
		if is, should := owedText(line), wantedText(o); is != should {
			r.fault("report of %s, %s, %v:\n  is        %s\n  should be %s", day, what, pair, is, should)
		}
	}
	for pair := range want {
		if !seen[pair] {
			r.fault("report of %s, %s: %v is missing", day, what, pair)
		}
	}
}

func owedText(l owedLine) string {
	funds := ""
	for _, fund := range slices.Sorted(maps.Keys(l.Funds)) {
		if l.Funds[fund] != "0.00" {
			funds += fund + "=" + l.Funds[fund] + " "
		}
	}
	return fmt.Sprint(l.Booked, " ", l.Undone, " cost ", l.Cost, " funds ", funds, "account ", l.Account, " owed ", l.Owed, " cash ", l.Cash)
}

func wantedText(o *audit.Owed) string {
	funds := map[string]string{}
	for fund, a := range o.Funds {
		funds[fund] = audit.Yuan(a)
	}
	return owedText(owedLine{Booked: o.Booked, Undone: o.Undone, Cost: audit.Yuan(o.Cost), Funds: funds,
		Account: audit.Yuan(o.Account), Owed: audit.Yuan(o.Total()), Cash: audit.Yuan(o.Cash)})
}

// addJournal adds up the postings of a journal by account.
func addJournal(nets map[string]*big.Rat, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		posting, ok := strings.CutPrefix(lines.Text(), "    ")
		fields := strings.Fields(posting)
		if !ok || len(fields) != 3 || fields[2] != "CNY" || !strings.Contains(fields[0], ":") {
			continue
		}
		amount, ok := new(big.Rat).SetString(fields[1])
		if !ok {
			return fmt.Errorf("amount %q", fields[1])
		}
		if nets[fields[0]] == nil {
			nets[fields[0]] = new(big.Rat)
		}
		nets[fields[0]].Add(nets[fields[0]], amount)
	}
	return lines.Err()
}
