package main

import (
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"clearingd/clearing/benefit"
	"clearingd/provinces/data"
)

func (a *app) planTestCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "test [DIR]",
		Short: a.say("重算政策旁的算例", "work the examples beside the plans again"),
		Long: a.say("重算 examples 目录中的全部算例，逐项比对。不带 DIR 时用内置政策。有一项不符时退出码为 1。",
			"Works all examples in directories named examples and compares every figure. Without DIR the built-in\nplans. Exit code 1 when a figure differs."),
		Example: "  clearctl plan test\n  clearctl plan test provinces/data",
	}
	return a.command(c, cobra.MaximumNArgs(1), func(_ *cobra.Command, args []string) error {
		var files fs.FS = data.Plans
		if len(args) == 1 {
			if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
				return usageError("不是目录："+args[0], "not a directory: "+args[0])
			}
			files = os.DirFS(args[0])
		}
		set, err := benefit.LoadFS(files)
		if err != nil {
			return err
		}
		results, err := benefit.RunExamples(set, files)
		if err != nil {
			return err
		}
		return a.tellExamples(results)
	})
}

// exampleLine is what became of one example.
type exampleLine struct {
	Plan        string               `json:"plan"`
	Name        string               `json:"name"`
	File        string               `json:"file"`
	Line        int                  `json:"line"`
	Published   bool                 `json:"published"`
	OK          bool                 `json:"ok"`
	Differences []benefit.Difference `json:"differences,omitempty"`
}

func (a *app) tellExamples(results []benefit.ExampleResult) error {
	var lines []exampleLine
	differ := 0
	for _, r := range results {
		l := exampleLine{r.Plan, r.Name, r.File, r.Line, r.Published, len(r.Differences) == 0, r.Differences}
		if !l.OK {
			differ++
		}
		lines = append(lines, l)
	}
	err := a.show(lines, func() {
		t := newTable(a.say("政策", "plan"), a.say("算例", "example"), a.say("来源公布", "published"), a.say("相符", "holds"))
		for _, l := range lines {
			t.row(l.Plan, l.Name, a.yes(l.Published), a.yes(l.OK))
		}
		t.write(a.out)
		for _, l := range lines {
			for _, d := range l.Differences {
				fmt.Fprintf(a.out, "%s:%d: %s: %s %s, %s %s\n", l.File, l.Line, printable(d.Field),
					a.say("应为", "want"), printable(d.Want), a.say("实得", "got"), printable(d.Got))
			}
		}
		a.printf("%d 个算例，%d 个不符", "%d examples, %d differ", len(lines), differ)
	})
	switch {
	case err != nil:
		return err
	case len(lines) == 0:
		return no("没有算例", "there are no examples")
	case differ > 0:
		return quiet(exitNo)
	}
	return nil
}
