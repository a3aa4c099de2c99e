package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/benefit"
	"clearingd/clearing/lab"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/provinces/data"
)

// outputCSV is a form that only the laboratory writes.
const outputCSV = "csv"

type labOptions struct {
	books, plans, from, to string
	by                     []string
	bills                  string
	html, note             string
}

func (a *app) labCommand() *cobra.Command {
	var o labOptions
	c := &cobra.Command{
		Use:   "lab",
		Short: a.say("政策实验室：用草案政策重算已日切的各日并对照", "the policy laboratory: closed days under draft plans, compared"),
		Long: a.say(`在账本副本上，把已日切各营业日的每笔结算按草案政策集重新计算，与账上结果对照：按统筹区、医院等级、
人群、险种、异地就医类型，列出笔数、总费用、各基金、个人账户与现金的现行、草案与差额。年度累计按账册
顺序推算，范围之前的累计取自账本；撤销、冲正照原样处理。草案拒绝的结算（无政策或版本）单独列出。

副本用 clearctl copy 取得；草案用 clearctl lab draft 起稿，须是完整的政策集。不带 --plans 时用账本自己的
政策，应当没有任何差异。--bills 逐笔列出有变化和被拒绝的结算及两边的计算过程（--bills=all 为全部）：
表格、CSV，或每行一个 JSON。`,
			`On a copy of the books every bill of closed business days is computed again under a draft plan
set and held against what was booked: by pooling area, hospital level, group of people, insurance
and kind of filing, the count, total cost, each fund, personal account and cash, as booked, under
the draft, and the difference. Person-years are carried in the books' order, on top of what the
books had before the days; cancellations and reversals stay what they were. Bills the draft refuses
(no plan, no version) are listed apart.

Get a copy with clearctl copy and a draft with clearctl lab draft; it must be a whole plan set.
Without --plans the books' own plans are used, which must change nothing. --bills lists the bills
that changed or are refused one by one with both traces (--bills=all: every bill): as text, CSV, or
one JSON a line.`),
		Example: `
  clearctl copy november
  clearctl lab draft draft --books var/clearingd/copies/november.db
  clearctl lab --books november.db --plans draft --from 2016-11-01 --to 2016-11-30
  clearctl lab --books november.db --plans draft --by level,group --html lab.html
  clearctl lab --books november.db --plans draft --bills -o json >bills.ndjson`,
	}
	flags := c.Flags()
	flags.StringVar(&o.books, "books", "", a.say("账本副本文件", "file of a copy of the books"))
	flags.StringVar(&o.plans, "plans", "", a.say("草案政策集的目录（缺省为账本自己的政策）", "directory of the draft plan set (without it the books' own plans)"))
	flags.StringVar(&o.from, "from", "", a.say("第一个营业日（缺省为最早的已日切日）", "first business day (without it the earliest closed one)"))
	flags.StringVar(&o.to, "to", "", a.say("最后一个营业日（缺省为最近的已日切日）", "last business day (without it the newest closed one)"))
	flags.StringSliceVar(&o.by, "by", nil, a.say("分组：area、level、group、insurance、filing（表格缺省 area，CSV 缺省全部）", "groups: area, level, group, insurance, filing (tables: area; CSV: all)"))
	flags.StringVar(&o.bills, "bills", "", a.say("逐笔列出：changed（有变化和被拒绝的）或 all", "list single bills: changed (and refused), or all"))
	flags.Lookup("bills").NoOptDefVal = billsChanged
	flags.StringVar(&o.html, "html", "", a.say("另写一份网页报告", "also write a page"))
	flags.StringVar(&o.note, "note", "", a.say("印在报告与 CSV 上的说明，例如“演示数据”", "a note for the page and every CSV line, for example that the data are built"))
	c.PersistentPreRunE = func(c *cobra.Command, _ []string) error { return a.checkLabFlags(c) }
	c.AddCommand(a.labDraftCommand(), a.labSampleCommand())
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error { return a.lab(c.Context(), o) })
}

// checkLabFlags lets -o csv through, which the other commands do not know.
func (a *app) checkLabFlags(c *cobra.Command) error {
	if a.output == outputCSV {
		a.output = "table"
		defer func() { a.output = outputCSV }()
	}
	return a.checkFlags(c)
}

const (
	billsChanged = "changed"
	billsAll     = "all"
)

// labGroup is a word of --by with the dimensions it stands for.
type labGroup struct {
	word string
	by   []lab.By
}

var labGroups = []labGroup{
	{"area", []lab.By{lab.ByArea}},
	{"level", []lab.By{lab.ByLevel}},
	{"group", []lab.By{lab.ByPerson, lab.ByRetired, lab.ByHardship}},
	{"insurance", []lab.By{lab.ByInsurance}},
	{"filing", []lab.By{lab.ByFiling}},
}

func (o labOptions) dimensions(otherwise []lab.By) (by []lab.By, err error) {
	if len(o.by) == 0 {
		return otherwise, nil
	}
	for _, word := range o.by {
		i := slices.IndexFunc(labGroups, func(g labGroup) bool { return g.word == strings.TrimSpace(word) })
		if i < 0 {
			return nil, usageError("--by 没有 "+word+"，可用 area、level、group、insurance、filing", "--by knows area, level, group, insurance and filing, not "+word)
		}
		by = append(by, labGroups[i].by...)
	}
	return by, nil
}

func (a *app) lab(ctx context.Context, o labOptions) error {
	otherwise := []lab.By{lab.ByArea}
	if a.output == outputCSV {
		otherwise = lab.Dimensions
	}
	by, err := o.dimensions(otherwise)
	switch {
	case err != nil:
		return err
	case o.books == "":
		return usageError("需要 --books 副本文件（见 clearctl copy）", "--books needs the file of a copy (see clearctl copy)")
	case o.bills != "" && o.bills != billsChanged && o.bills != billsAll:
		return usageError("--bills 是 changed 或 all，不是 "+o.bills, "--bills is changed or all, not "+o.bills)
	}
	books, err := openCopy(o.books)
	if err != nil {
		return err
	}
	defer books.Close()
	run := lab.Options{Books: books}
	if run.Draft, err = readDraft(books, o.plans); err != nil {
		return err
	}
	if run.From, run.To, err = labDays(o); err != nil {
		return err
	}
	return a.runLab(ctx, run, o, by)
}

// runLab runs and renders. Single bills are written as they come.
func (a *app) runLab(ctx context.Context, run lab.Options, o labOptions, by []lab.By) error {
	out := bufio.NewWriter(a.out)
	bills, err := a.labBills(out, o)
	if err != nil {
		return err
	}
	run.Bill = bills.line
	p := a.startProgress(a.say("已重算记录", "records computed"))
	defer p.done()
	run.Progress = func(done, total uint64) { p.at(int(done), int(total)) }
	result, err := lab.Run(ctx, run)
	p.done()
	if err != nil {
		return errors.Join(labFailure(err), out.Flush())
	}
	names := lab.Names{Area: data.AreaName}
	if o.html != "" {
		var page bytes.Buffer
		if err := lab.HTML(&page, result, names, o.note, a.lang); err != nil {
			return err
		}
		if err := writeFile(o.html, page.Bytes()); err != nil {
			return usageError(err.Error(), err.Error())
		}
	}
	if err := a.showLab(out, result, names, o, by, bills); err != nil {
		return err
	}
	return out.Flush()
}

// showLab writes the result behind the single bills.
func (a *app) showLab(out io.Writer, result lab.Result, names lab.Names, o labOptions, by []lab.By, bills labBills) error {
	if bills.close != nil {
		if err := bills.close(); err != nil {
			return err
		}
	}
	switch {
	case a.output == "json" && o.bills != "":
		return bills.result(result)
	case a.output == "json":
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		return e.Encode(result)
	case a.output == outputCSV && o.bills == "":
		return lab.CSV(out, result, by, names, o.note)
	case a.output == outputCSV:
		return nil // the lines of the bills are the file
	}
	a.printLab(out, result, names, by, o)
	return nil
}

func labDays(o labOptions) (from, to ledger.Day, err error) {
	if o.from != "" {
		if from, err = parseDay(o.from); err != nil {
			return 0, 0, err
		}
	}
	if o.to != "" {
		if to, err = parseDay(o.to); err != nil {
			return 0, 0, err
		}
	}
	if from != 0 && to != 0 && to < from {
		return 0, 0, usageError("--to 早于 --from", "--to is before --from")
	}
	return from, to, nil
}

// openCopy opens a copy of the books. The running books are locked by the daemon, and told
// as such.
func openCopy(path string) (*store.Store, error) {
	books, err := store.OpenReadOnly(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usageError("没有这个账本文件："+path, "no such file: "+path)
	case errors.Is(err, store.ErrLocked):
		return nil, &failure{exitNo,
			"账本正被 clearingd 使用：请用 clearctl copy 取副本：" + path,
			"clearingd has these books open: get a copy with clearctl copy: " + path, err}
	case errors.Is(err, store.ErrOlder):
		return nil, olderBooks(path, err)
	case err != nil:
		return nil, &failure{exitNo, fmt.Sprintf("账本打不开：%v", err), fmt.Sprintf("the books cannot be opened: %v", err), err}
	}
	return books, nil
}

// readDraft reads a draft plan set, or takes the books' own plans.
func readDraft(books *store.Store, dir string) (*benefit.Set, error) {
	if dir == "" {
		set, err := lab.Current(books)
		return set, labFailure(err)
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, usageError("不是目录："+dir, "not a directory: "+dir)
	}
	set, err := benefit.LoadFS(os.DirFS(dir))
	switch {
	case err != nil:
		return nil, &failure{exitNo,
			fmt.Sprintf("草案有错（见 clearctl plan validate %s）：\n%v", dir, err),
			fmt.Sprintf("the draft is wrong (see clearctl plan validate %s):\n%v", dir, err), err}
	case len(set.Plans()) == 0:
		return nil, usageError("草案目录没有政策文件："+dir, "no plan files in the draft: "+dir)
	}
	return set, nil
}

// labFailure puts what the laboratory refuses into words.
func labFailure(err error) error {
	switch {
	case errors.Is(err, lab.ErrNotClosed):
		return &failure{exitNo, "只能对已日切的营业日重算：" + err.Error(), "only closed business days can be computed again: " + err.Error(), err}
	case errors.Is(err, lab.ErrNoDays):
		return &failure{exitNo, "账本没有这样的已日切日：" + err.Error(), "the books have no such closed day: " + err.Error(), err}
	}
	return err
}
