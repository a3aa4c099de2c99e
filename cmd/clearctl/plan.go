package main

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"clearingd/clearing/benefit"
	"clearingd/clearing/service"
)

func (a *app) planCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "plan",
		Short: a.say("待遇政策：校验、解释、列表、试算", "benefit plans: validate, explain, list, test"),
		Long: a.say("待遇政策是数据：每个统筹区、每个险种一个 TOML 文件。除 list 外都只读本机文件，不需要 clearingd。",
			"Benefit plans are data: a TOML file for each area and insurance. All but list work on local\nfiles and need no daemon."),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.planValidateCommand(), a.planListCommand(), a.planExplainCommand(), a.planTestCommand())
	return c
}

func (a *app) planValidateCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "validate PATH...",
		Short:   a.say("校验政策文件，错误指到行", "check plan files; what is wrong is told by line"),
		Long:    a.say("校验文件或目录下全部 *.toml（examples 目录除外）。有错时退出码为 1。", "Checks files, or all *.toml below directories (but not in directories named examples). Exit code 1\nwhen anything is wrong."),
		Example: "  clearctl plan validate provinces/data\n  clearctl plan validate my-plan.toml -o json",
	}
	return a.command(c, cobra.MinimumNArgs(1), func(_ *cobra.Command, args []string) error {
		plans, results, err := readPlans(args)
		if err != nil {
			return err
		}
		wrong := 0
		for _, r := range results {
			wrong += len(r.Problems)
		}
		_, clash := benefit.NewSet(plans...)
		err = a.show(results, func() {
			for _, r := range results {
				a.printProblems(r)
			}
			a.printf("%d 个文件，%d 处错误", "%d files, %d problems", len(results), wrong)
		})
		switch {
		case err != nil:
			return err
		case wrong > 0:
			return quiet(exitNo)
		case clash != nil:
			return no("各文件单独无误，合在一起有冲突："+clash.Error(), "each file is right, together they clash: "+clash.Error())
		}
		return nil
	})
}

// planResult is what was found in one plan file.
type planResult struct {
	File     string        `json:"file"`
	Plan     string        `json:"plan,omitempty"` // its id, if it is right
	Problems []planProblem `json:"problems"`
}

// planProblem is something wrong in a file, by line.
type planProblem struct {
	Line int    `json:"line"`
	ZH   string `json:"zh"`
	EN   string `json:"en"`
}

// readPlans reads files, and the plan files below directories.
func readPlans(paths []string) (plans []*benefit.Plan, results []planResult, err error) {
	for _, path := range paths {
		files, err := planFiles(path)
		if err != nil {
			return nil, nil, usageError(err.Error(), err.Error())
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, nil, usageError(err.Error(), err.Error())
			}
			plan, problems := benefit.ParsePlan(file, data)
			result := planResult{File: file, Problems: []planProblem{}}
			for _, p := range problems {
				result.Problems = append(result.Problems, planProblem{p.Line, p.ZH, p.EN})
			}
			if plan != nil {
				plans = append(plans, plan)
				result.Plan = plan.ID()
			}
			results = append(results, result)
		}
	}
	if len(results) == 0 {
		return nil, nil, usageError("没有政策文件（*.toml）", "no plan files (*.toml) there")
	}
	return plans, results, nil
}

// planFiles is the file itself, or the plan files below a directory: those in
// directories named plans if there are any, as the daemon reads them.
func planFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return []string{path}, err
	}
	var all, inPlans []string
	err = filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "examples":
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".toml":
			return nil
		}
		all = append(all, name)
		if filepath.Base(filepath.Dir(name)) == "plans" {
			inPlans = append(inPlans, name)
		}
		return nil
	})
	if len(inPlans) > 0 {
		return inPlans, err
	}
	return all, err
}

func (a *app) printProblems(r planResult) {
	for _, p := range r.Problems {
		fmt.Fprintf(a.out, "%s:%d: %s\n", r.File, p.Line, printable(a.say(p.ZH, p.EN)))
	}
}

func (a *app) planListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "list [PATH...]",
		Short:   a.say("列出待遇政策", "list benefit plans"),
		Long:    a.say("不带 PATH 时列出 clearingd 正在使用的政策，否则列出本机文件。", "Without PATH the plans that clearingd uses; with it those in local files."),
		Example: "  clearctl plan list\n  clearctl plan list provinces/data",
	}
	return a.command(c, cobra.ArbitraryArgs, func(c *cobra.Command, args []string) error {
		var reply service.PlansReply
		var err error
		if len(args) == 0 {
			reply, err = call[service.PlansReply](c.Context(), a, service.Plans, nil)
		} else {
			reply, err = a.localPlans(args)
		}
		if err != nil {
			return err
		}
		return a.show(reply, func() { a.printPlans(reply) })
	})
}

func (a *app) localPlans(paths []string) (service.PlansReply, error) {
	plans, results, err := readPlans(paths)
	if err != nil {
		return service.PlansReply{}, err
	}
	for _, r := range results {
		if len(r.Problems) > 0 {
			return service.PlansReply{}, no(r.File+" 有错，见 clearctl plan validate", r.File+" is wrong, see clearctl plan validate")
		}
	}
	set, err := benefit.NewSet(plans...)
	if err != nil {
		return service.PlansReply{}, err
	}
	hash := set.Hash()
	reply := service.PlansReply{Set: hex.EncodeToString(hash[:])}
	for _, p := range set.Plans() {
		hash := p.Hash()
		reply.Plans = append(reply.Plans, service.PlanLine{
			ID: p.ID(), Title: p.Title(string(a.lang)), Versions: len(p.History()),
			Verified: p.Verified(), Invented: p.IsInvented(), Hash: hex.EncodeToString(hash[:]),
		})
	}
	return reply, nil
}

func (a *app) printPlans(r service.PlansReply) {
	t := newTable(a.say("政策", "plan"), a.say("名称", "title"), ">"+a.say("版本", "versions"), a.say("核实", "verified"), a.say("虚构", "invented"), a.say("摘要", "hash"))
	for _, p := range r.Plans {
		t.row(p.ID, p.Title, p.Versions, a.yes(p.Verified), a.yes(p.Invented), p.Hash[:min(len(p.Hash), 12)])
	}
	t.write(a.out)
	fmt.Fprintln(a.out)
	a.printf("%d 个政策，政策集 %s", "%d plans, plan set %s", len(r.Plans), r.Set)
}
