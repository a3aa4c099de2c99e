package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clearingd/clearing/sim"
	"clearingd/ledger"
	"clearingd/provinces"
)

type sampleOptions struct {
	seed      uint64
	count     int
	day       string
	out       string
	phase     int
	answers   string
	provinces []string
	xinjiang  bool
	internal  int
}

func (a *app) sampleCommand() *cobra.Command {
	var o sampleOptions
	c := &cobra.Command{
		Use:   "sample",
		Short: a.say("生成演示样例（同一种子得同样字节）", "build sample messages (the same seed gives the same bytes)"),
		Long: a.say(`生成一个营业日的样例报文，覆盖全部 31 省与兵团，用国家标准报文格式，每条都注明“演示数据”；
人员、证件号、医院均为虚构。样例含一定比例的重复、冲突、冲正与各种错误报文，每行注明预期结果。

撤销须写明答复中的结算ID，故分两阶段：先生成并发布第一阶段，用 publish --answers 存下答复，
再以同样的 --seed --count --day 加 --phase 2 --answers 生成第二阶段。

--xinjiang 生成 2016 年 12 月一则报道的数字：2016 年 1 至 8 月，新疆参保人在八省住院直接结算
298 笔，总费用恰为 6,290,000.00 元；--internal N 另加区内统筹区之间的 N 笔（每笔平均 1,500.00 元）。`,
			`Builds a business day of messages over all 31 provinces and the XPCC in the national envelope. Each
says that it is built; people, certificates and hospitals are invented. A share are
repeats, conflicts, reversals and broken messages; each line says what ought to come of it.

A cancellation names the setl_id of an answer, so there are two phases: build and publish the
first, keep the answers with publish --answers, then build the second with the same --seed,
--count and --day, and --phase 2 --answers.

--xinjiang builds the figures of a news article of December 2016: from January to August 2016
298 stays of Xinjiang's insured in eight provinces, exactly 6,290,000.00 yuan in all; --internal N
adds N stays between areas inside Xinjiang, 1,500.00 yuan each on average.`),
		Example: `
  clearctl sample --seed 1 --count 2000 --day 2026-03-18 --out day.ndjson
  clearctl publish day.ndjson --wait --answers answers.ndjson
  clearctl sample --seed 1 --count 2000 --day 2026-03-18 --phase 2 --answers answers.ndjson --out after.ndjson
  clearctl sample --xinjiang --out xinjiang.ndjson`,
	}
	flags := c.Flags()
	flags.Uint64Var(&o.seed, "seed", 1, a.say("种子", "seed"))
	flags.IntVar(&o.count, "count", 1000, a.say("第一阶段报文数", "messages of the first phase"))
	flags.StringVar(&o.day, "day", "", a.say("营业日 yyyy-MM-dd（缺省为今天）", "business day yyyy-MM-dd (today without it)"))
	flags.StringVar(&o.out, "out", "-", a.say("写入文件（- 为标准输出）", "file to write (- for standard output)"))
	flags.IntVar(&o.phase, "phase", 1, a.say("阶段 1 或 2", "phase 1 or 2"))
	flags.StringVar(&o.answers, "answers", "", a.say("第一阶段的答复（publish --answers 所写）", "answers to the first phase, as publish --answers wrote them"))
	flags.StringSliceVar(&o.provinces, "provinces", nil, a.say("只用这些省，例如 33,65", "only these provinces, for example 33,65"))
	flags.BoolVar(&o.xinjiang, "xinjiang", false, a.say("新疆 2016 年情景", "the scenario of Xinjiang in 2016"))
	flags.IntVar(&o.internal, "internal", 0, a.say("与 --xinjiang 同用：区内笔数", "with --xinjiang: stays inside Xinjiang"))
	return a.command(c, cobra.NoArgs, func(*cobra.Command, []string) error { return a.sample(o) })
}

func (a *app) sample(o sampleOptions) error {
	s, err := a.buildSample(o)
	if err != nil {
		return err
	}
	out := a.out
	if o.out != "-" {
		f, err := os.Create(o.out)
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

func (a *app) buildSample(o sampleOptions) (sim.Sample, error) {
	if o.xinjiang {
		if o.internal < 0 {
			return sim.Sample{}, usageError("--internal 不得为负", "--internal must not be negative")
		}
		return sim.Xinjiang2016(sim.XinjiangConfig{Seed: o.seed, Internal: o.internal}), nil
	}
	config, err := a.sampleConfig(o)
	switch {
	case err != nil:
		return sim.Sample{}, err
	case o.phase == 1:
		return sim.Day(config), nil
	}
	data, err := a.readFile(o.answers)
	if err != nil {
		return sim.Sample{}, err
	}
	answers, err := readAnswers(data)
	if err != nil {
		return sim.Sample{}, err
	}
	return sim.FollowUps(config, answers), nil
}

func (a *app) sampleConfig(o sampleOptions) (sim.Config, error) {
	day := ledger.DayOf(a.now().In(china))
	switch {
	case o.internal != 0:
		return sim.Config{}, usageError("--internal 须与 --xinjiang 同用", "--internal needs --xinjiang")
	case o.count <= 0:
		return sim.Config{}, usageError("--count 必须大于零", "--count must be above zero")
	case o.phase != 1 && o.phase != 2:
		return sim.Config{}, usageError("--phase 是 1 或 2", "--phase is 1 or 2")
	case (o.phase == 2) != (o.answers != ""):
		return sim.Config{}, usageError("--phase 2 与 --answers 须同用", "--phase 2 and --answers go together")
	}
	if o.day != "" {
		var err error
		if day, err = parseDay(o.day); err != nil {
			return sim.Config{}, err
		}
	}
	config := sim.DefaultConfig(o.seed, o.count, day)
	for _, p := range o.provinces {
		if !provinces.Known(ledger.Province(strings.TrimSpace(p))) {
			return sim.Config{}, usageError("没有这个省代码："+p, "no such province: "+p)
		}
		config.Provinces = append(config.Provinces, ledger.Province(strings.TrimSpace(p)))
	}
	slices.Sort(config.Provinces)
	return config, nil
}

// china is the zone of business days. It needs no zone database: China has one zone
// and no summer time.
var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// readAnswers reads what publish --answers wrote.
func readAnswers(data []byte) (map[string]sim.Answered, error) {
	answers := map[string]sim.Answered{}
	decoder := json.NewDecoder(bytes.NewReader(data))
	for {
		var line answer
		err := decoder.Decode(&line)
		if errors.Is(err, io.EOF) {
			return answers, nil
		}
		if err != nil {
			return nil, usageError("答复文件读不了："+err.Error(), "the answers file cannot be read: "+err.Error())
		}
		answers[line.Subject] = sim.Answered{Outcome: line.Outcome, SettlementID: line.SettlementID}
	}
}
