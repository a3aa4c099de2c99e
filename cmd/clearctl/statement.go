package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

func (a *app) statementCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "statement",
		Short: a.say("对账单：医院、就医地、参保地所持账目", "statements: what hospitals and provinces have of the bills"),
		Long: a.say("发送、检查、查看对账单。格式见 docs/statement-interface.zh.md。PARTY 写作 provider.33.H33010000001、treatment.33 或 home.65。",
			"Sends, checks and shows statements; docs/statement-interface.md explains them. PARTY is written\nprovider.33.H33010000001, treatment.33 or home.65."),
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(a.statementSendCommand(), a.statementCheckCommand(), a.statementListCommand(), a.statementShowCommand(), a.statementHaveCommand(), a.statementSampleCommand())
	return c
}

// statementFlags are what send and check share.
type statementFlags struct {
	id, file, charset string
}

func (a *app) addStatementFlags(c *cobra.Command, f *statementFlags) {
	c.Flags().StringVar(&f.id, "id", "", a.say("对账单编号（缺省由内容得出，重发即同号）", "the statement's id (by default it follows from the content, so that sending again is a copy)"))
	c.Flags().StringVar(&f.file, "file", "", a.say("明细文件：.txt .zip（医院）、.csv .jsonl（各省）、.xlsx（在本地转成行）", "the rows: .txt or .zip of a hospital, .csv or .jsonl of a province, .xlsx (turned into rows here)"))
	c.Flags().StringVar(&f.charset, "charset", "utf-8", a.say("明细文件字符集：utf-8 或 gbk", "character set of the rows: utf-8 or gbk"))
}

func (a *app) statementCheckCommand() *cobra.Command {
	var flags statementFlags
	c := &cobra.Command{
		Use:   "check PARTY HEAD",
		Short: a.say("发送前在本地检查对账单", "check a statement here before it is sent"),
		Long: a.say("与 clearingd 同样的检查，但不知账簿中各笔结算属于谁。HEAD 为报文头文件，- 为标准输入；分片、长度、摘要由本命令填写。",
			"The checks that clearingd makes, but for whose a bill is by the books. HEAD is the file of the head, - is\nstandard input; parts, length and digest of the rows are filled in."),
		Example: `
  clearctl statement check provider.33.H33010000001 head.json --file rows.txt
  clearctl statement check home.65 head.json --file rows.xlsx`,
	}
	a.addStatementFlags(c, &flags)
	return a.command(c, cobra.ExactArgs(2), func(_ *cobra.Command, args []string) error {
		d, err := a.readStatement(args[0], args[1], &flags)
		if err != nil {
			return err
		}
		return a.show(map[string]any{"id": d.id, "parts": len(d.parts) - 1, "rows": d.rows}, func() {
			a.printf("%s：无误，%d 行，%d 片", "%s: nothing is wrong; %d rows in %d parts", d.id, d.rows, len(d.parts)-1)
		})
	})
}

func (a *app) statementSendCommand() *cobra.Command {
	var flags statementFlags
	var unchecked, wait bool
	c := &cobra.Command{
		Use:   "send PARTY HEAD",
		Short: a.say("发送对账单", "send a statement"),
		Long: a.say(`先在本地检查，再分片发布，等到入账或被拒绝为止。HEAD 为报文头文件，- 为标准输入；分片、长度、摘要由本命令填写。
对账结果在区间各日均日切后才有：加 --wait 等待，或日后用 statement show 查看。`,
			`Checks here first, publishes part by part and waits until the statement is applied or refused. HEAD is the
file of the head, - is standard input; parts, length and digest of the rows are filled in. The result comes
when all days of the range are closed: wait for it with --wait, or look later with statement show.`),
		Example: `
  clearctl statement send provider.33.H33010000001 totals.json
  clearctl statement send provider.33.H33010000001 head.json --file rows.txt --wait
  clearctl statement send treatment.33 head.json --file rows.csv --charset gbk`,
	}
	a.addStatementFlags(c, &flags)
	c.Flags().BoolVar(&unchecked, "unchecked", false, a.say("不在本地检查", "do not check here"))
	c.Flags().BoolVar(&wait, "wait", false, a.say("等待对账结果", "wait for the result"))
	return a.command(c, cobra.ExactArgs(2), func(c *cobra.Command, args []string) error {
		flags := flags
		d, err := a.statementDraft(args[0], args[1], &flags)
		if err == nil && !unchecked {
			err = a.checkStatement(d)
		}
		if err != nil {
			return err
		}
		return a.sendStatement(c.Context(), d, wait)
	})
}

// statementDraft makes what would be published.
func (a *app) statementDraft(party, head string, flags *statementFlags) (*statementDraft, error) {
	d := &statementDraft{}
	var err error
	if d.party, err = partyArgument(party); err != nil {
		return nil, err
	}
	body, err := a.readFile(head)
	if err != nil {
		return nil, err
	}
	var rows []byte
	format := provinces.StatementFormat("")
	if flags.file != "" {
		if rows, err = a.readFileUpTo(flags.file, provinces.StatementBytesMax); err != nil {
			return nil, err
		}
		if rows, format, d.sheet, err = rowsOfFile(d.party, flags.file, rows); err != nil {
			return nil, err
		}
	}
	if err := d.assemble(body, rows, format, flags.charset); err != nil {
		return nil, err
	}
	if d.id = flags.id; d.id == "" {
		sum := sha256.Sum256(d.parts[0])
		d.id = hex.EncodeToString(sum[:8])
	}
	if !provinces.ValidStatementID(d.id) {
		return nil, usageError("编号须为 [A-Za-z0-9_-]{1,40}", "an id is [A-Za-z0-9_-]{1,40}")
	}
	return d, nil
}

func (a *app) readStatement(party, head string, flags *statementFlags) (*statementDraft, error) {
	d, err := a.statementDraft(party, head, flags)
	if err == nil {
		err = a.checkStatement(d)
	}
	return d, err
}

// partyArgument reads a party as subjects write it.
func partyArgument(text string) (provinces.Party, error) {
	place, err := provinces.ParseStatementSubject("statements." + text + ".x.0")
	if err != nil || !provinces.Known(place.Party.Province) {
		return provinces.Party{}, usageError("不是对账方："+text+"（例：provider.33.H33010000001、treatment.33、home.65）",
			"no such party: "+text+" (for example provider.33.H33010000001, treatment.33, home.65)")
	}
	return place.Party, nil
}

// sendStatement publishes the parts, waits for what becomes of the statement, and on
// demand for its result.
func (a *app) sendStatement(ctx context.Context, d *statementDraft, wait bool) error {
	ctx, cancel := a.bounded(ctx)
	defer cancel()
	b, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	progress := a.startProgress(a.say("已发布分片", "parts published"))
	for n, body := range d.parts {
		part := provinces.StatementPart{Party: d.party, ID: d.id, Part: n}
		err := b.PublishStatement(ctx, part, body)
		for try := 1; err != nil && try < attempts && unknown(bus.Published{Err: err}) && ctx.Err() == nil; try++ {
			err = b.PublishStatement(ctx, part, body)
		}
		if err != nil {
			progress.done()
			zh, en := publishError(err)
			return no(fmt.Sprintf("第 %d 片未发布：%s", n, zh), fmt.Sprintf("part %d is not published: %s", n, en))
		}
		progress.at(n+1, len(d.parts))
	}
	progress.done()
	reply, err := a.awaitStatement(ctx, b, d, wait)
	if err != nil {
		return err
	}
	if sum := sha256.Sum256(d.parts[0]); reply.Statement.Digest != hex.EncodeToString(sum[:]) {
		return no("编号 "+d.id+" 已用于另一份对账单，本次内容不计；请换编号", "the id "+d.id+" stands for another statement, and this one counts for nothing; take another id")
	}
	if err := a.show(reply, func() { a.printStatement(&reply) }); err != nil {
		return err
	}
	if reply.Statement.Outcome == provinces.StatementRefused {
		return quiet(exitNo)
	}
	return nil
}

// awaitStatement asks until the statement is decided and, on demand, answered.
func (a *app) awaitStatement(ctx context.Context, b *bus.Bus, d *statementDraft, answered bool) (reply service.StatementReply, err error) {
	for {
		reply, err = callOn[service.StatementReply](ctx, b, service.Statement+"."+d.party.Key(), service.StatementRequest{ID: d.id})
		var known *bus.ServiceError
		notYet := errors.As(err, &known) && known.Code == 404 // it has not been read
		switch {
		case err != nil && !notYet:
			return reply, err
		case err == nil && reply.Statement.Outcome != "" && (!answered || reply.Answer != nil):
			return reply, nil
		}
		select {
		case <-ctx.Done():
			return reply, ctx.Err()
		case <-time.After(statementPoll):
		}
	}
}

const statementPoll = 100 * time.Millisecond

// printStatement tells one statement and its answer.
func (a *app) printStatement(r *service.StatementReply) {
	s := &r.Statement
	t := newTable("", "")
	t.row(a.say("编号", "id"), s.ID)
	t.row(a.say("结果", "outcome"), a.statementOutcome(s.Outcome))
	if s.From != nil {
		t.row(a.say("区间", "days"), s.From.String()+" – "+s.To.String())
	}
	if s.Serial != 0 {
		t.row(a.say("序号", "serial"), s.Serial)
	}
	t.row(a.say("合计行/明细行", "totals/rows"), fmt.Sprintf("%d/%d", s.Totals, s.Rows))
	if len(s.Missing) > 0 {
		t.row(a.say("缺分片", "parts missing"), strings.Trim(fmt.Sprint(s.Missing), "[]"))
	}
	if s.Code != 0 {
		t.row(a.say("原因", "reason"), fmt.Sprintf("%d %s", s.Code, a.say(s.ZH, s.EN)))
	}
	for _, e := range s.Errors {
		t.row("", strings.TrimSpace(fmt.Sprintf("%s  %s → %s", e.Field, e.Found, e.Expected)))
	}
	t.write(a.out)
	switch {
	case len(r.Answer) > 0:
		fmt.Fprintln(a.out, string(r.Answer))
	case s.Outcome == provinces.StatementApplied:
		a.printf("对账结果在区间各日均日切后发布", "the result comes when all days of the range are closed")
	}
}

func (a *app) statementOutcome(o provinces.StatementOutcome) string {
	switch o {
	case provinces.StatementApplied:
		return a.say("已入账", "applied")
	case provinces.StatementRepeated:
		return a.say("重复", "repeated")
	case provinces.StatementRefused:
		return a.say("拒绝", "refused")
	}
	return a.say("等待其余分片", "waits for the rest of it")
}
