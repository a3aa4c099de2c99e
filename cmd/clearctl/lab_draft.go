package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"clearingd/clearing/benefit"
	"clearingd/clearing/lab"
	"clearingd/clearing/sim"
	"clearingd/ledger"
	"clearingd/provinces/data"
)

func (a *app) labDraftCommand() *cobra.Command {
	var from string
	c := &cobra.Command{
		Use:   "draft DIR",
		Short: a.say("起一份草案：把现行政策写到目录", "begin a draft: write the plans in force into a directory"),
		Long: a.say(`把现行政策集的全部文件写到目录 DIR，供修改其中一个或几个后交给 clearctl lab --plans。
带 --books 时写账本最近一次日切所用的政策，不带时写内置政策与算例。目录须不存在或为空。`,
			`Writes every file of the plan set in force into DIR, to be changed and given to
clearctl lab --plans. With --books these are the plans of the newest closed day of those books; without,
the built-in ones and their worked examples. The directory must be new or empty.`),
		Example: "  clearctl lab draft draft\n  clearctl lab draft draft --books november.db",
	}
	c.Flags().StringVar(&from, "books", "", a.say("账本副本文件", "file of a copy of the books"))
	return a.command(c, cobra.ExactArgs(1), func(_ *cobra.Command, args []string) error {
		dir := args[0]
		if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return usageError("目录须不存在或为空："+dir, "the directory must be new or empty: "+dir)
		}
		write := writeBuiltIn
		if from != "" {
			write = func(dir string) ([]string, error) { return writePlansOf(from, dir) }
		}
		files, err := write(dir)
		if err != nil {
			return err
		}
		return a.show(files, func() {
			a.printf("%d 个文件写入 %s；修改后用 clearctl plan validate %s 校验", "%d files written to %s; when changed, check them with clearctl plan validate %s", len(files), dir, dir)
		})
	})
}

// writeBuiltIn writes the embedded plans and their examples, as the source tree has them.
func writeBuiltIn(dir string) (files []string, err error) {
	err = fs.WalkDir(data.Plans, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(data.Plans, name)
		if err != nil {
			return err
		}
		path := filepath.Join(dir, filepath.FromSlash(name))
		files = append(files, path)
		return writeNew(path, content)
	})
	return files, err
}

// planID is what a file may be named after.
var planID = regexp.MustCompile(`^[0-9]{2,6}-[0-9]{3}$`)

// writePlansOf writes the plans that books were last sealed with.
func writePlansOf(file, dir string) (files []string, err error) {
	books, err := openCopy(file)
	if err != nil {
		return nil, err
	}
	defer books.Close()
	set, err := lab.Current(books)
	if err != nil {
		return nil, labFailure(err)
	}
	for _, plan := range set.Plans() {
		path, err := draftPath(dir, plan)
		if err != nil {
			return nil, err
		}
		content, _ := set.PlanBytes(plan.Hash()) // a set holds the bytes of its own plans
		if err := writeNew(path, content); err != nil {
			return nil, err
		}
		files = append(files, path)
	}
	return files, nil
}

func draftPath(dir string, plan *benefit.Plan) (string, error) {
	id := plan.ID()
	if !planID.MatchString(id) {
		return "", no("政策编号不能作文件名："+id, "a plan's id cannot name a file: "+id)
	}
	return filepath.Join(dir, id[:2], "plans", id+".toml"), nil
}

func writeNew(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return usageError(err.Error(), err.Error())
	}
	return writeFile(path, content)
}

func (a *app) labSampleCommand() *cobra.Command {
	var month, out string
	var seed uint64
	var count int
	c := &cobra.Command{
		Use:   "sample",
		Short: a.say("生成南疆四地州一个月的演示样例", "build a month of samples of southern Xinjiang"),
		Long: a.say(`生成一个月的样例报文：新疆南疆四地州（喀什、和田、阿克苏、克孜勒苏）和乌鲁木齐的参保人，在乌鲁木齐与
八省住院；含多次住院和次日冲正。人员、证件号、医院、金额均为虚构，每条注明“演示数据”。
供政策实验室的第一个例子使用：用 clearctl publish --by-day 逐日发布。`,
			`Builds a month of messages: insured of Xinjiang's four southern prefectures (Kashgar, Hotan, Aksu,
Kizilsu) and of Urumqi, treated in Urumqi and in eight provinces; with repeated stays, and reversals
on a later day. People, certificates, hospitals and amounts are invented, and each message says so.
It is what the first example of the policy laboratory uses: publish it with --by-day.`),
		Example: "  clearctl lab sample --month 2016-11 --count 600 --out november.ndjson\n  clearctl publish november.ndjson --by-day --through 2016-11-30",
	}
	c.Flags().StringVar(&month, "month", "2016-11", a.say("月份 yyyy-MM", "month yyyy-MM"))
	c.Flags().IntVar(&count, "count", 600, a.say("结算报文数", "claims"))
	c.Flags().Uint64Var(&seed, "seed", 1, a.say("种子", "seed"))
	c.Flags().StringVar(&out, "out", "-", a.say("写入文件（- 为标准输出）", "file to write (- for standard output)"))
	return a.command(c, cobra.NoArgs, func(*cobra.Command, []string) error {
		first, err := time.Parse("2006-01", month)
		if err != nil {
			return usageError("月份应为 yyyy-MM："+month, "a month is yyyy-MM, not "+month)
		}
		if count <= 0 {
			return usageError("--count 必须大于零", "--count must be above zero")
		}
		return a.writeSample(sim.SouthernMonth(sim.SouthernConfig{Seed: seed, First: ledger.DayOf(first), Count: count}), out)
	})
}

// writeSample writes messages a line each, each with its day and what ought to become of it.
func (a *app) writeSample(s sim.Sample, path string) error {
	out := a.out
	if path != "-" {
		f, err := os.Create(path)
		if err != nil {
			return usageError(err.Error(), err.Error())
		}
		defer f.Close()
		out = f
	}
	w := bufio.NewWriter(out)
	for i := range s.Messages {
		m := &s.Messages[i]
		line := message{subject: m.Subject, body: m.Body, what: m.What, day: &m.Day, want: m.Want.Outcome, code: m.Want.Code}
		if err := writeLine(w, line); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(a.err, a.say("%d 条样例报文（演示数据）\n", "%d sample messages (built, not real)\n"), len(s.Messages))
	return nil
}
