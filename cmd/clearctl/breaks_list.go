package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// breakFilters are the flags of a list of breaks.
type breakFilters struct {
	request           service.BreaksRequest
	evening, from, to string
	class, owner      string
	limit             int
}

func (a *app) breaksListCommand() *cobra.Command {
	var f breakFilters
	c := &cobra.Command{
		Use:   "list",
		Short: a.say("列出对账差异", "list breaks"),
		Long: a.say(`列出差异，缺省为此刻未了结的，含当日的处理；逾期算至最近封存日。合计为全部符合条件的差异，不限于所列的行。
有逾期的差异时退出码仍为 0。`,
			`Lists breaks: without flags those that are not settled now, with what was decided today; working days
are counted on the last sealed day. The sums are of everything selected, not of the lines shown alone.`),
		Example: `
  clearctl breaks list
  clearctl breaks list --home 65 --treatment 31 --age 1-5
  clearctl breaks list --provider H31010100017 --from 2026-03-12 --to 2026-03-17 -o json`,
	}
	flags := c.Flags()
	flags.StringVar(&f.evening, "evening", "", a.say("截至哪一晚（缺省为此刻）", "as they stood that evening (without it: now)"))
	flags.StringVar(&f.from, "from", "", a.say("业务日自", "first business day"))
	flags.StringVar(&f.to, "to", "", a.say("业务日至", "last business day"))
	flags.StringVar(&f.request.Home, "home", "", a.say("参保省或统筹区", "home province or area"))
	flags.StringVar(&f.request.Treatment, "treatment", "", a.say("就医省或统筹区", "treatment province or area"))
	flags.StringVar((*string)(&f.request.Province), "province", "", a.say("任一方为此省", "a province on either side"))
	flags.StringVar(&f.request.Provider, "provider", "", a.say("医药机构", "provider"))
	flags.StringVar(&f.class, "class", "", a.say("类别，例如 AMT_OVER", "class, for example AMT_OVER"))
	flags.StringVar(&f.request.Age, "age", "", a.say("账龄：", "age: ")+ageIDs())
	flags.BoolVar(&f.request.Overdue, "overdue", false, a.say("只列逾期的", "only those overdue"))
	flags.StringVar(&f.owner, "owner", "", a.say("责任方：hospital、treatment、home", "whose turn: hospital, treatment, home"))
	flags.StringVar(&f.request.State, "state", "", a.say("状态：open、proposed、resolved、decided、gone、all；still 为已了结而仍不同，broken 为未了结与 still", "state: open, proposed, resolved, decided, gone, all; still: settled and still stated otherwise; broken: not settled, and still"))
	flags.StringVar(&f.request.Group, "group", "", a.say("某一组自动消除", "of one group that resolved by itself"))
	flags.IntVar(&f.limit, "limit", 50, a.say("最多条数；0 为全部", "at most so many; 0: all"))
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		if err := f.check(); err != nil {
			return err
		}
		reply, err := a.fetchBreaks(c, f)
		if err != nil {
			return err
		}
		return a.show(reply, func() { a.printBreaks(reply) })
	})
}

func ageIDs() string {
	var ids []string
	for _, age := range report.Ages() {
		ids = append(ids, report.AgeID(age))
	}
	return strings.Join(ids, ", ")
}

// check reads the days and checks the words before the daemon is asked.
func (f *breakFilters) check() error {
	for _, day := range []struct {
		text string
		into **ledger.Day
	}{{f.evening, &f.request.Evening}, {f.from, &f.request.From}, {f.to, &f.request.To}} {
		if day.text == "" {
			continue
		}
		given, err := parseDay(day.text)
		if err != nil {
			return err
		}
		*day.into = &given
	}
	f.request.Class, f.request.Owner = reconcile.Class(f.class), report.SideName(f.owner)
	region := func(s string) bool {
		return s == "" || provinces.Known(ledger.Province(s)) || provinces.ValidArea(ledger.Area(s))
	}
	_, age := report.ParseAge(f.request.Age)
	for _, c := range []struct {
		fits          bool
		given, zh, en string
	}{
		{region(f.request.Home), f.request.Home, "没有这个省或统筹区", "no such province or area"},
		{region(f.request.Treatment), f.request.Treatment, "没有这个省或统筹区", "no such province or area"},
		{f.request.Province == "" || provinces.Known(f.request.Province), string(f.request.Province), "没有这个省代码", "no such province"},
		{f.request.Provider == "" || provinces.ValidProvider(f.request.Provider), f.request.Provider, "不是医药机构代码", "not a provider"},
		{f.class == "" || slices.Contains(reconcile.Classes, f.request.Class), f.class, "没有这个类别", "no such class"},
		{f.owner == "" || slices.Contains(report.SideNames, f.request.Owner), f.owner, "责任方须为 hospital、treatment 或 home", "--owner is hospital, treatment or home, not"},
		{f.request.Age == "" || age, f.request.Age, "账龄须为 " + ageIDs(), "--age is one of " + ageIDs() + ", not"},
		{slices.Contains(service.States(), f.request.State), f.request.State, "没有这个状态", "no such state"},
		{f.limit >= 0, fmt.Sprint(f.limit), "--limit 不能小于零", "--limit is not below zero:"},
	} {
		if !c.fits {
			return usageError(c.zh+"："+c.given, c.en+" "+c.given)
		}
	}
	return nil
}

// fetchBreaks asks for part after part until there are enough.
func (a *app) fetchBreaks(c *cobra.Command, f breakFilters) (whole service.BreaksReply, err error) {
	ctx, cancel := a.bounded(c.Context())
	defer cancel()
	b, err := a.connect(ctx)
	if err != nil {
		return whole, err
	}
	defer b.Close()
	lines := []report.BreakLine{} // a list without a break is [], not null
	for {
		f.request.Limit = service.BreaksLimit
		if f.limit > 0 {
			f.request.Limit = min(f.limit-len(lines), service.BreaksLimit)
		}
		part, err := callOn[service.BreaksReply](ctx, b, service.Breaks, f.request)
		if err != nil {
			return whole, err
		}
		lines = append(lines, part.Breaks...)
		whole, whole.Breaks = part, lines
		if part.Next == "" || f.limit > 0 && len(lines) >= f.limit {
			return whole, nil
		}
		f.request.After = part.Next
	}
}

func (a *app) printBreaks(r service.BreaksReply) {
	a.printf("截至 %s：%d 项，账册应付 %s，对方多 %s，账册多 %s（元）", "as of %s: %d breaks, owed by the books %s, sides have more %s, books have more %s (yuan)",
		r.Evening, r.Sum.Count, grouped(r.Sum.Books), grouped(r.Sum.More), grouped(r.Sum.Less))
	switch {
	case r.Behind && r.Matched != nil:
		a.printf("! 最近一次匹配是 %s 晚；其后各晚没有匹配，新的差异不在其中，请询问运维", "! the newest match is of the evening of %s; the nights since have matched nothing, and what differs since is not listed: ask operations", *r.Matched)
	case r.Behind:
		a.printf("! 已有对账报送而从未匹配，没有差异可列，请询问运维", "! sides have stated something and nothing was ever matched, so nothing can be listed: ask operations")
	}
	if len(r.Breaks) == 0 {
		return
	}
	t := newTable(a.say("差异", "break"), a.say("类别", "class"), a.say("业务日", "day"), a.say("参保地", "home"), a.say("就医地", "treatment"), a.say("医药机构", "provider"),
		">"+a.say("账册应付", "books owe"), ">"+a.say("差额", "difference"), a.say("原因", "cause"), a.say("到期", "due"), a.say("责任方", "whose turn"), a.say("状态", "state"))
	for i := range r.Breaks {
		l := &r.Breaks[i]
		books := grouped(l.Books)
		if l.Alone() {
			books = "–"
		}
		t.row(l.Key, a.words(report.ClassName(l.Class)), l.Day, l.Home, l.Treatment, l.Provider, books, signed(l.Difference), a.words(report.CauseName(l.Cause)),
			a.due(l), a.words(report.SideWord(l.Owner)), a.words(report.StateName(l.State)))
	}
	t.write(a.out)
	if r.Next != "" {
		a.printf("……还有 %d 项：加大 --limit", "... %d more: raise --limit", r.Sum.Count-uint64(len(r.Breaks)))
	}
}

// words picks one of a text's two languages.
func (a *app) words(t report.Bi) string { return a.say(t.ZH, t.EN) }

// due is the due date with how far it lies back.
func (a *app) due(l *report.BreakLine) string {
	switch {
	case l.Overdue > 0:
		return fmt.Sprintf(a.say("%s 逾期%d", "%s +%d"), l.Due, l.Overdue)
	case l.Overdue == 0:
		return l.Due.String() + a.say(" 今日", " today")
	}
	return l.Due.String()
}
