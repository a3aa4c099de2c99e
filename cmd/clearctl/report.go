package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/report"
	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces/bus"
)

func (a *app) reportCommand() *cobra.Command {
	var dir, to string
	c := &cobra.Command{
		Use:   "report DAY",
		Short: a.say("下载或查看日报或时段报告", "download a day's or a period's report, or show what it says"),
		Long: a.say(`带 --dir 时把该日日报的全部文件（html、xlsx、csv、json、账本导出等）下载到该目录，逐个核对
SHA-256；不带时列出要点与文件清单。--to 给出末日，则为从 DAY 到该日的时段报告。`,
			`With --dir all files of the day's report (HTML, XLSX, CSV, JSON, the journals) are downloaded
into that directory, each checked against its SHA-256. Without it the essentials and the
files are listed. --to names a last day: then it is the report of the period.`),
		Example: `
  clearctl report 2026-03-18
  clearctl report 2026-03-18 --dir reports/2026-03-18
  clearctl report 2016-01-01 --to 2016-08-31 --dir reports/period
  clearctl report remake 2026-03-18`,
	}
	c.Flags().StringVar(&to, "to", "", a.say("时段的最后一日", "last day of a period"))
	c.Flags().StringVar(&dir, "dir", "", a.say("下载到此目录", "download into this directory"))
	c.AddCommand(a.remakeCommand())
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		days, err := parseSpan(args[0], to)
		if err != nil {
			return err
		}
		ctx, cancel := a.bounded(c.Context())
		defer cancel()
		b, err := a.connect(ctx)
		if err != nil {
			return err
		}
		defer b.Close()
		status, err := findDay(ctx, b, days.to)
		if err != nil {
			return err
		}
		r, err := fetchReport(ctx, b, days) // before the other files: a period's are made with it
		if err != nil {
			return err
		}
		status.Files = days.files(status.Files, r)
		if dir == "" {
			return a.show(r, func() { a.printReport(r, status) })
		}
		return a.download(ctx, b, days, status.Files, dir)
	})
}

// span is the days a report is about: one, or a period.
type span struct{ from, to ledger.Day }

func parseSpan(from, to string) (s span, err error) {
	if s.from, err = parseDay(from); err != nil {
		return s, err
	}
	if s.to = s.from; to != "" {
		if s.to, err = parseDay(to); err == nil && s.to < s.from {
			err = usageError("--to 早于 DAY", "--to is before DAY")
		}
	}
	return s, err
}

// files are the files of the span's report: a day's as they were sealed; a period has those
// of its last day, and the open breaks where it tells of them.
func (s span) files(ofDay []string, r report.Report) []string {
	if s.from == s.to {
		return ofDay
	}
	breaks := []string{"breaks.csv", "breaks.xlsx"}
	list := slices.DeleteFunc(slices.Clone(ofDay), func(name string) bool { return slices.Contains(breaks, name) })
	if r.Reconciliation != nil {
		list = append(list, breaks...)
	}
	slices.Sort(list)
	return list
}

// request asks for a part of a file.
func (s span) request(file string, offset int) service.ReportRequest {
	r := service.ReportRequest{Day: s.from, File: file, Offset: int64(offset)}
	if s.to != s.from {
		r.To = &s.to
	}
	return r
}

// findDay looks a closed day up; all days before it are closed, too.
func findDay(ctx context.Context, b *bus.Bus, day ledger.Day) (service.DayStatus, error) {
	reply, err := callOn[service.DaysReply](ctx, b, service.Days, nil)
	if err != nil {
		return service.DayStatus{}, err
	}
	i := slices.IndexFunc(reply.Days, func(d service.DayStatus) bool { return d.Day == day })
	if i < 0 {
		return service.DayStatus{}, no(fmt.Sprintf("账本没有营业日 %s", day), fmt.Sprintf("the books have no day %s", day))
	}
	if reply.Days[i].State != dayClosed {
		return service.DayStatus{}, no(fmt.Sprintf("%s 尚未日切，没有日报", day), fmt.Sprintf("%s is not closed: there is no report yet", day))
	}
	return reply.Days[i], nil
}

// fetchReport reads the report as the model all its files come from.
func fetchReport(ctx context.Context, b *bus.Bus, days span) (report.Report, error) {
	data, err := fetchFile(ctx, b, days, "report.json", nil)
	if err != nil {
		return report.Report{}, err
	}
	return report.ReadJSON(bytes.NewReader(data))
}

// fetchFile downloads a file in parts and checks it against the digest that was sealed with
// the day, or that a period's was made with.
func fetchFile(ctx context.Context, b *bus.Bus, days span, file string, progress func(done, total int)) ([]byte, error) {
	var data []byte
	for {
		part, err := callOn[service.ReportReply](ctx, b, service.Report, days.request(file, len(data)))
		if err != nil {
			return nil, err
		}
		data = append(data, part.Data...)
		if progress != nil {
			progress(len(data), int(part.Size))
		}
		if int64(len(data)) < part.Size && len(part.Data) > 0 {
			continue
		}
		digest := sha256.Sum256(data)
		if int64(len(data)) != part.Size || hex.EncodeToString(digest[:]) != part.SHA256 {
			return nil, no("文件校验不符（下载期间可能有了新版本）："+file, "the file does not have its digest (perhaps a new revision came while it was read): "+file)
		}
		return data, nil
	}
}

// download writes every file of a report, each whole or not at all.
func (a *app) download(ctx context.Context, b *bus.Bus, days span, names []string, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	type fileInfo struct {
		Path string `json:"path"`
		Size int    `json:"size"`
	}
	var files []fileInfo
	for _, name := range names {
		if name != filepath.Base(name) || strings.HasPrefix(name, ".") {
			return no("文件名不可接受："+name, "not an acceptable file name: "+name)
		}
		p := a.startProgress(name)
		data, err := fetchFile(ctx, b, days, name, p.at)
		p.done()
		if err != nil {
			return err
		}
		path := filepath.Join(dir, name)
		if err := writeFile(path, data); err != nil {
			return err
		}
		files = append(files, fileInfo{path, len(data)})
	}
	return a.show(files, func() {
		t := newTable(a.say("文件", "file"), ">"+a.say("字节", "bytes"))
		for _, f := range files {
			t.row(f.Path, f.Size)
		}
		t.write(a.out)
	})
}

// writeFile writes beside the target and renames, so that a reader never sees half.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// printReport shows the essentials and the largest obligations.
func (a *app) printReport(r report.Report, day service.DayStatus) {
	a.printSummary(r)
	fmt.Fprintln(a.out)
	pairs := slices.Clone(r.Pairs)
	slices.SortStableFunc(pairs, func(x, y report.Pair) int { return int(min(max(y.Owed-x.Owed, -1), 1)) })
	t := newTable(a.say("参保地（付）", "home (owes)"), a.say("就医地（收）", "treatment (is owed)"), ">"+a.say("笔数", "bills"),
		">"+a.say("总费用", "cost"), ">"+a.say("基金", "funds"), ">"+a.say("个人账户", "personal account"), ">"+a.say("应付", "owed"))
	for _, p := range pairs[:min(len(pairs), shortRun)] {
		t.row(a.province(p.Home), a.province(p.Treatment), p.Booked, grouped(p.Cost), grouped(p.FundTotal), grouped(p.Account), grouped(p.Owed))
	}
	t.write(a.out)
	if len(pairs) > shortRun {
		a.printf("……共 %d 对", "... %d pairs in all", len(pairs))
	}
	fmt.Fprintln(a.out)
	a.printf("文件：%s", "files: %s", strings.Join(day.Files, ", "))
}
