package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"clearingd/clearing/benefit"
	"clearingd/provinces/data"
)

func (a *app) planExplainCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "explain PLAN",
		Short: a.say("用文字说明一个政策", "say a plan in words"),
		Long: a.say("用文字逐条说明政策，含假定与未载入的规则。PLAN 是文件，或内置政策的编号，例如 11-310。",
			"Says every rule of a plan in words, with what is assumed and what is left out. PLAN is a file, or\nthe id of a built-in plan, for example 11-310."),
		Example: "  clearctl plan explain 11-310\n  clearctl plan explain my-plan.toml --lang en",
	}
	return a.command(c, cobra.ExactArgs(1), func(_ *cobra.Command, args []string) error {
		plan, err := a.findPlan(args[0])
		if err != nil {
			return err
		}
		text := plan.Explain(string(a.lang))
		return a.show(map[string]string{"plan": plan.ID(), "text": text}, func() { fmt.Fprintln(a.out, text) })
	})
}

// findPlan reads a file, or takes the built-in plan of that id.
func (a *app) findPlan(name string) (*benefit.Plan, error) {
	if _, err := os.Stat(name); err == nil {
		plans, results, err := readPlans([]string{name})
		switch {
		case err != nil:
			return nil, err
		case len(plans) != 1 || len(results) != 1:
			for _, r := range results {
				a.printProblems(r)
			}
			return nil, no("需要一个无误的政策文件："+name, "one plan file without problems is needed: "+name)
		}
		return plans[0], nil
	}
	set, err := benefit.LoadFS(data.Plans)
	if err != nil {
		return nil, err
	}
	plan, ok := set.Plan(name)
	if !ok {
		return nil, no("没有政策 "+name+"，见 clearctl plan list", "no plan "+name+", see clearctl plan list")
	}
	return plan, nil
}
