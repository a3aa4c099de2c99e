package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"clearingd/clearing/reconcile"
	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

func (a *app) whyCommand() *cobra.Command {
	var from, to string
	c := &cobra.Command{
		Use:   "why PARTY",
		Short: a.say("与一方相差若干元：原因何在", "why the books and a party are so far apart"),
		Long: a.say(`逐日列出账册与该方对账单之数，并以最少的差异逐项说明其差，合计须分毫不差。
只比到该方已报齐之日。PARTY 可只写医药机构代码。缺省为截至最近封存日的 31 天。
不能全部说明时退出码为 1。`,
			`Puts the books and a party's statements beside each other day by day, and explains the difference by the
fewest breaks that make it up to the fen, over the days up to which the party is complete. A provider
needs no more than its code. By default the 31 days up to the last sealed one. Exit code 1 if something
is left that no break explains.`),
		Example: `
  clearctl reconcile why H31010100017 --from 2026-03-12 --to 2026-03-17
  clearctl reconcile why home.65 -o json`,
	}
	c.Flags().StringVar(&from, "from", "", a.say("业务日自", "first business day"))
	c.Flags().StringVar(&to, "to", "", a.say("业务日至", "last business day"))
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		request := service.WhyRequest{Party: args[0]}
		if provinces.ValidProvider(args[0]) {
			request.Party = provinces.Party{Kind: provinces.PartyProvider, Province: ledger.Province(args[0][1:3]), Provider: args[0]}.Key()
		}
		if _, err := partyArgument(request.Party); err != nil {
			return err
		}
		for _, day := range []struct {
			text string
			into **ledger.Day
		}{{from, &request.From}, {to, &request.To}} {
			if day.text == "" {
				continue
			}
			given, err := parseDay(day.text)
			if err != nil {
				return err
			}
			*day.into = &given
		}
		reply, err := call[service.WhyReply](c.Context(), a, service.Why, request)
		if err != nil {
			return err
		}
		if err := a.show(reply, func() { a.printWhy(&reply) }); err != nil {
			return err
		}
		if reply.Why.Rest != 0 {
			return no("差异未能全部说明："+grouped(reply.Why.Rest), "not explained by any break: "+grouped(reply.Why.Rest))
		}
		return nil
	})
}

func (a *app) printWhy(r *service.WhyReply) {
	a.printf("%s  %s 至 %s，截至 %s", "%s  %s to %s, as of %s", printable(r.Party.Key()), r.From, r.To, r.Evening)
	if r.Horizon == 0 {
		a.printf("该方从未报送", "the party never stated anything")
	} else {
		a.printf("该方已报齐至 %s", "the party is complete up to %s", r.Horizon)
	}
	t := newTable(a.say("业务日", "day"), ">"+a.say("账册笔数", "bills"), ">"+a.say("账册", "books"), ">"+a.say("对方行数", "rows"), ">"+a.say("对方", "party"), ">"+a.say("相差", "apart"))
	for _, d := range r.Days {
		if d.Theirs == nil {
			t.row(d.Day, d.Books.Count, grouped(d.Books.Owed), "", a.say("待报", "awaited"), "")
			continue
		}
		t.row(d.Day, d.Books.Count, grouped(d.Books.Owed), d.Theirs.Count, grouped(d.Theirs.Owed), signed(d.Theirs.Owed-d.Books.Owed))
	}
	t.write(a.out)
	a.printf("对方减账册：%s", "party less books: %s", signed(r.Why.Difference))
	for _, reason := range r.Why.Reasons {
		a.printReason(reason)
	}
	if len(r.Why.Cancel) > 0 {
		fmt.Fprintln(a.out, a.say("相互抵消：", "these cancel among themselves:"))
		shown := min(len(r.Why.Cancel), whyPartsShown)
		for _, p := range r.Why.Cancel[:shown] {
			fmt.Fprintf(a.out, "    %s  %s  %s  %s\n", p.Day, signed(p.Owed), printable(p.Key), a.words(report.ClassName(p.Class)))
		}
		a.printUnlisted(len(r.Why.Cancel) - shown)
	}
}

func (a *app) printReason(r reconcile.Reason) {
	words := a.words(report.ClassName(r.Class))
	if r.Cause != "" {
		words += "  ✓ " + a.words(report.CauseName(r.Cause))
	}
	fmt.Fprintf(a.out, "%s  %s\n", signed(r.Owed), words)
	a.printParts(r.Parts)
}

func (a *app) printParts(parts []reconcile.Part) {
	shown := min(len(parts), whyPartsShown)
	for _, p := range parts[:shown] {
		fmt.Fprintf(a.out, "    %s  %s  %s\n", p.Day, signed(p.Owed), printable(p.Key))
	}
	a.printUnlisted(len(parts) - shown)
}

// whyPartsShown is the most parts of a reason, or of what cancels, that are listed; -o json has all.
const whyPartsShown = 100

func (a *app) printUnlisted(more int) {
	if more > 0 {
		a.printf("    另有 %d 项：-o json 列出全部", "    ... %d more: -o json has all", more)
	}
}
