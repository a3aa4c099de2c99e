package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

func (a *app) balancesCommand() *cobra.Command {
	var home, treatment, view string
	c := &cobra.Command{
		Use:   "balances",
		Short: a.say("各省之间此刻谁欠谁多少", "who owes whom how much, now"),
		Long: a.say(`按账本此刻的余额列出参保省应付就医省的金额（基金与个人账户，未拨付部分）。
视图：matrix 矩阵（行为参保省，列为就医省），pairs 逐对，provinces 逐省，accounts 逐科目；
缺省 auto：省份不多于 8 个用矩阵，否则逐省。`,
			`Lists what each home province owes each treatment province by the books as they stand: funds
and personal account, not yet paid. Views: matrix (rows owe, columns are owed), pairs,
provinces, accounts; auto takes the matrix for up to 8 provinces, else provinces.`),
		Example: `
  clearctl balances
  clearctl balances --home 65 --view pairs
  clearctl balances --view matrix -o json`,
	}
	flags := c.Flags()
	flags.StringVar(&home, "home", "", a.say("只看此参保省", "only this home province"))
	flags.StringVar(&treatment, "treatment", "", a.say("只看此就医省", "only this treatment province"))
	flags.StringVar(&view, "view", "auto", "auto, matrix, pairs, provinces, accounts")
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		if !slices.Contains([]string{"auto", "matrix", "pairs", "provinces", "accounts"}, view) {
			return usageError("没有这种视图："+view, "no such view: "+view)
		}
		request := service.BalancesRequest{Home: ledger.Province(home), Treatment: ledger.Province(treatment)}
		for _, p := range []ledger.Province{request.Home, request.Treatment} {
			if p != "" && !provinces.Known(p) {
				return usageError("没有这个省代码："+string(p), "no such province: "+string(p))
			}
		}
		if view == "accounts" {
			request.By = "account"
		}
		reply, err := call[service.BalancesReply](c.Context(), a, service.Balances, request)
		if err != nil {
			return err
		}
		return a.show(reply, func() { a.printBalances(reply, view) })
	})
}

func (a *app) printBalances(r service.BalancesReply, view string) {
	a.printf("截至账本第 %d 号记录，单位：元", "as of record %d of the books, in yuan", r.Books)
	between, inside := split(r.Pairs)
	switch {
	case view == "accounts":
		a.printAccounts(r)
	case len(r.Pairs) == 0:
		a.printf("没有未清余额。", "Nobody owes anybody anything.")
	case len(between) == 0:
	case view == "pairs":
		a.printPairs(between)
	case view == "matrix" || (view == "auto" && len(involved(between)) <= 8):
		a.printMatrix(between)
	default:
		a.printProvinces(between)
	}
	if len(inside) > 0 {
		fmt.Fprintln(a.out)
		a.printf("省内统筹区之间（不计入各省之间）", "between areas inside a province (no part of the above)")
		a.printPairs(inside)
	}
}

// split keeps apart what areas of one province owe each other: it is that province's
// internal clearing.
func split(pairs []service.PairBalance) (between, inside []service.PairBalance) {
	for _, p := range pairs {
		if p.Home == p.Treatment {
			inside = append(inside, p)
		} else {
			between = append(between, p)
		}
	}
	return between, inside
}

// owed is what a pair owes in all: funds and personal account.
func owed(p service.PairBalance) ledger.Amount { return p.Total + p.Account }

func involved(pairs []service.PairBalance) []ledger.Province {
	set := map[ledger.Province]bool{}
	for _, p := range pairs {
		set[p.Home], set[p.Treatment] = true, true
	}
	return slices.Sorted(mapKeys(set))
}

// printMatrix has a row for each province that owes and a column for each that is owed.
func (a *app) printMatrix(pairs []service.PairBalance) {
	cells := map[[2]ledger.Province]ledger.Amount{}
	rowSet, columnSet := map[ledger.Province]ledger.Amount{}, map[ledger.Province]ledger.Amount{}
	var all ledger.Amount
	for _, p := range pairs {
		cells[[2]ledger.Province{p.Home, p.Treatment}] += owed(p)
		rowSet[p.Home] += owed(p)
		columnSet[p.Treatment] += owed(p)
		all += owed(p)
	}
	columns := slices.Sorted(mapKeys(columnSet))
	head := []string{a.say("参保地＼就医地", "home \\ treatment")}
	for _, c := range columns {
		head = append(head, ">"+a.province(c))
	}
	t := newTable(append(head, ">"+a.say("应付合计", "owes in all"))...)
	for _, home := range slices.Sorted(mapKeys(rowSet)) {
		row := []any{a.province(home)}
		for _, treatment := range columns {
			amount, some := cells[[2]ledger.Province{home, treatment}]
			if some {
				row = append(row, grouped(amount))
			} else {
				row = append(row, "·")
			}
		}
		t.row(append(row, grouped(rowSet[home]))...)
	}
	last := []any{a.say("应收合计", "is owed in all")}
	for _, c := range columns {
		last = append(last, grouped(columnSet[c]))
	}
	t.row(append(last, grouped(all))...)
	t.write(a.out)
}

// printPairs lists the pairs, the largest first.
func (a *app) printPairs(pairs []service.PairBalance) {
	sorted := slices.Clone(pairs)
	slices.SortStableFunc(sorted, func(x, y service.PairBalance) int { return cmp.Compare(owed(y), owed(x)) })
	t := newTable(a.say("参保地（付）", "home (owes)"), a.say("就医地（收）", "treatment (is owed)"),
		">"+a.say("基金", "funds"), ">"+a.say("个人账户", "personal account"), ">"+a.say("合计", "in all"))
	for _, p := range sorted {
		t.row(a.province(p.Home), a.province(p.Treatment), grouped(p.Total), grouped(p.Account), grouped(owed(p)))
	}
	t.write(a.out)
}

// printProvinces sums up by province. The net is for information: what is paid is gross.
func (a *app) printProvinces(pairs []service.PairBalance) {
	owes, due := map[ledger.Province]ledger.Amount{}, map[ledger.Province]ledger.Amount{}
	var all ledger.Amount
	for _, p := range pairs {
		owes[p.Home] += owed(p)
		due[p.Treatment] += owed(p)
		all += owed(p)
	}
	t := newTable(a.say("省份", "province"), ">"+a.say("应付", "owes"), ">"+a.say("应收", "is owed"), ">"+a.say("轧差（参考）", "net (information)"))
	for _, p := range involved(pairs) {
		t.row(a.province(p), grouped(owes[p]), grouped(due[p]), grouped(due[p]-owes[p]))
	}
	t.row(a.say("合计", "in all"), grouped(all), grouped(all), grouped(0))
	t.write(a.out)
}

func (a *app) printAccounts(r service.BalancesReply) {
	t := newTable(a.say("科目", "account"), ">"+a.say("借方", "debits"), ">"+a.say("贷方", "credits"), ">"+a.say("余额", "net"), ">"+a.say("笔数", "postings"))
	for _, l := range r.Accounts {
		t.row(l.Account, grouped(l.Debits), grouped(l.Credits), grouped(l.Net), l.Count)
	}
	t.write(a.out)
	if r.Truncated {
		fmt.Fprintln(a.out, a.say("科目太多，只列出一部分；用 --home、--treatment 缩小范围。", "There are more accounts; narrow it down with --home and --treatment."))
	}
}
