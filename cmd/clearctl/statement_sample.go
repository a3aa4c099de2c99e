package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

type statementSampleOptions struct {
	day      string
	messages []string
	answers  []string
	plant    int
}

func (a *app) statementSampleCommand() *cobra.Command {
	var o statementSampleOptions
	c := &cobra.Command{
		Use:   "sample",
		Short: a.say("发布样例营业日的三方对账单（演示数据）", "publish all parties' statements of a sample day (built, not real)"),
		Long: a.say(`由样例医院发出的报文（sample --out）与收到的答复（publish --answers）生成该日三方对账单并发布：每家医院一份 3202，
每个就医省、参保省各一份。只依据医院自己所见，不问账册。--plant N 使 N 家医院的账各错一处，逐条列出。`,
			`Makes the statements of a sample day and publishes them: from the messages that its hospitals sent (sample
--out) and the answers they got (publish --answers), and from nothing of the books. A 3202 for every hospital, and one
statement for every treatment and home province. --plant N puts one error into what N hospitals state, and lists them.`),
		Example: "  clearctl statement sample --day 2026-03-18 --messages day.ndjson --answers answers.ndjson --plant 5",
	}
	flags := c.Flags()
	flags.StringVar(&o.day, "day", "", a.say("营业日 yyyy-MM-dd", "business day yyyy-MM-dd"))
	flags.StringSliceVar(&o.messages, "messages", nil, a.say("样例报文文件，可多个", "files of the sample's messages"))
	flags.StringSliceVar(&o.answers, "answers", nil, a.say("答复文件，可多个", "files of the answers"))
	flags.IntVar(&o.plant, "plant", 0, a.say("埋入差异的医院数", "hospitals that state an error"))
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error { return a.statementSample(c.Context(), o) })
}

func (a *app) statementSample(ctx context.Context, o statementSampleOptions) error {
	day, err := parseDay(o.day)
	if err != nil {
		return err
	}
	w := &statedDay{day: day, homes: map[string]string{}, reversals: map[string]string{}, reversed: map[string]bool{}, byParty: map[provinces.Party][]statedBill{}}
	for _, name := range o.messages {
		if err := a.eachFile(name, w.sent); err != nil {
			return err
		}
	}
	for _, name := range o.answers {
		if err := a.eachFile(name, w.answered); err != nil {
			return err
		}
	}
	w.spread()
	planted := w.plant(o.plant)
	count, err := a.publishStated(ctx, w)
	if err != nil {
		return err
	}
	return a.show(map[string]any{"statements": count, "planted": planted}, func() {
		a.printf("已发布 %d 份对账单（演示数据）", "%d statements published (built, not real)", count)
		for _, line := range planted {
			fmt.Fprintln(a.out, "  "+line)
		}
	})
}

// eachFile gives every JSON value of a file to read.
func (a *app) eachFile(name string, read func(json.RawMessage) error) error {
	data, err := a.readFile(name)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	for {
		var value json.RawMessage
		if err := decoder.Decode(&value); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return usageError(name+"："+err.Error(), name+": "+err.Error())
		}
		if err := read(value); err != nil {
			return usageError(name+"："+err.Error(), name+": "+err.Error())
		}
	}
}

// statedDay is a sample day as its hospitals have seen it.
type statedDay struct {
	day       ledger.Day
	homes     map[string]string // subject of a claim -> insuplc_admdvs
	reversals map[string]string // subject of a 2601 -> that of the claim it names
	reversed  map[string]bool   // subjects of claims that a 2601 took back
	bills     []statedBill
	byParty   map[provinces.Party][]statedBill
}

// statedBill is one bill, or what took one back, as a hospital was answered.
type statedBill struct {
	subject, home, provider string
	treatment               string
	ID                      string        `json:"setl_id"`
	Visit                   string        `json:"mdtrt_id"`
	Person                  string        `json:"psn_no"`
	Insutype                string        `json:"insutype"`
	Total                   ledger.Amount `json:"-"`
	Funds                   ledger.Amount `json:"-"`
	Account                 ledger.Amount `json:"-"`
	Cash                    ledger.Amount `json:"-"`
	refund                  bool
}

// sent notes what is needed of a message: where the person is insured, and what a reversal
// is about.
func (w *statedDay) sent(value json.RawMessage) error {
	m, err := readMessage(value)
	if err != nil {
		return nil // built to be broken; it was answered with a refusal
	}
	var envelope struct {
		Infno string `json:"infno"`
		Home  string `json:"insuplc_admdvs"`
		Input struct {
			Data struct {
				MsgID string `json:"omsgid"`
				Infno string `json:"oinfno"`
			} `json:"data"`
		} `json:"input"`
	}
	if json.Unmarshal(m.body, &envelope) != nil {
		return nil
	}
	w.homes[m.subject] = envelope.Home
	if at := strings.LastIndexByte(m.subject, '.'); envelope.Infno == provinces.InfnoReverse && envelope.Input.Data.Infno == provinces.InfnoSettle && at > 0 {
		w.reversals[m.subject] = m.subject[:at+1] + envelope.Input.Data.MsgID
	}
	return nil
}

// answered takes a bill, or a cancellation, from its answer.
func (w *statedDay) answered(value json.RawMessage) error {
	var line answer
	if err := json.Unmarshal(value, &line); err != nil {
		return err
	}
	if claim, ok := w.reversals[line.Subject]; ok && line.Outcome == provinces.Reversed {
		w.reversed[claim] = true
	}
	if line.Outcome != provinces.Booked && line.Outcome != provinces.Cancelled || line.Day != w.day.String() {
		return nil
	}
	var body struct {
		Output struct {
			Setlinfo statedBill `json:"setlinfo"`
		} `json:"output"`
	}
	if err := json.Unmarshal(line.Body, &body); err != nil {
		return err
	}
	tokens := strings.Split(line.Subject, ".")
	if len(tokens) != 5 {
		return fmt.Errorf("subject %q", line.Subject)
	}
	b := body.Output.Setlinfo
	b.subject, b.treatment, b.provider, b.home = line.Subject, tokens[1], tokens[3], w.homes[line.Subject]
	b.refund = line.Outcome == provinces.Cancelled
	for _, f := range []struct {
		name string
		into *ledger.Amount
	}{{"medfee_sumamt", &b.Total}, {"fund_pay_sumamt", &b.Funds}, {"acct_pay", &b.Account}, {"psn_cash_pay", &b.Cash}} {
		amount, err := ledger.ParseAmount(string(line.Amounts[f.name]))
		if err != nil {
			return fmt.Errorf("%s of %s: %w", f.name, line.Subject, err)
		}
		*f.into = amount
	}
	w.bills = append(w.bills, b)
	return nil
}

// spread gives every bill to its three parties. A bill that a 2601 took back has never been.
func (w *statedDay) spread() {
	for _, b := range w.bills {
		if w.reversed[b.subject] {
			continue
		}
		treatment := ledger.Province(b.treatment)
		for _, party := range []provinces.Party{
			{Kind: provinces.PartyProvider, Province: treatment, Provider: b.provider},
			{Kind: provinces.PartyTreatment, Province: treatment},
			{Kind: provinces.PartyHome, Province: ledger.Area(b.home).Province()},
		} {
			w.byParty[party] = append(w.byParty[party], b)
		}
	}
}

func (w *statedDay) parties() []provinces.Party {
	return slices.SortedFunc(maps.Keys(w.byParty), func(x, y provinces.Party) int { return cmp.Compare(x.Key(), y.Key()) })
}

// plant puts one error into what so many hospitals state, of three kinds in turn.
func (w *statedDay) plant(hospitals int) (lines []string) {
	for _, party := range w.parties() {
		if party.Kind != provinces.PartyProvider || len(w.byParty[party]) < 2 || len(lines) == hospitals {
			continue
		}
		list := slices.Clone(w.byParty[party])
		first := list[0]
		what := ""
		switch len(lines) % 3 {
		case 0:
			list[0].Funds += 1_00
			what = "fund_pay_sumamt +1.00"
		case 1:
			list = list[1:]
			what = "row left out"
		default:
			list[0].Visit += "X"
			what = "mdtrt_id other"
		}
		w.byParty[party] = list
		lines = append(lines, fmt.Sprintf("%s %s: %s", party.Key(), first.ID, what))
	}
	return lines
}

func (a *app) publishStated(ctx context.Context, w *statedDay) (int, error) {
	ctx, cancel := a.bounded(ctx)
	defer cancel()
	b, err := a.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	parties := w.parties()
	progress := a.startProgress(a.say("已发布对账单", "statements published"))
	defer progress.done()
	for n, party := range parties {
		if err := a.publishOne(ctx, b, w, party); err != nil {
			return n, err
		}
		progress.at(n+1, len(parties))
	}
	for _, party := range parties {
		reply, err := a.awaitStatement(ctx, b, &statementDraft{party: party, id: w.id()}, false)
		if err != nil {
			return 0, err
		}
		if s := reply.Statement; s.Outcome == provinces.StatementRefused {
			return 0, no(party.Key()+"："+s.ZH, party.Key()+": "+s.EN)
		}
	}
	return len(parties), nil
}

// id is that of every party's statement of the day, so that running again sends copies.
func (w *statedDay) id() string { return "built-" + w.day.String() }

// publishOne publishes a party's statement of the day.
func (a *app) publishOne(ctx context.Context, b *bus.Bus, w *statedDay, party provinces.Party) error {
	head, rows, format := w.hospital(party), w.tabs(party), provinces.FormatTXT
	if party.Kind != provinces.PartyProvider {
		head, rows, format = w.province(party), w.lines(party), provinces.FormatJSONL
	}
	body, err := json.Marshal(head)
	if err != nil {
		return err
	}
	d := &statementDraft{party: party, id: w.id()}
	if err := d.assemble(body, rows, format, "utf-8"); err != nil {
		return err
	}
	if err := a.checkStatement(d); err != nil {
		return err
	}
	for n, body := range d.parts {
		if err := b.PublishStatement(ctx, provinces.StatementPart{Party: party, ID: d.id, Part: n}, body); err != nil {
			zh, en := publishError(err)
			return no(party.Key()+"："+zh, party.Key()+": "+en)
		}
	}
	return nil
}

func (w *statedDay) sums(party provinces.Party) (total, funds, account, cash ledger.Amount) {
	for _, b := range w.byParty[party] {
		total, funds, account, cash = total+b.Total, funds+b.Funds, account+b.Account, cash+b.Cash
	}
	return total, funds, account, cash
}

// hospital is the head of a hospital's 3202.
func (w *statedDay) hospital(party provinces.Party) map[string]any {
	total, funds, _, cash := w.sums(party)
	area := w.byParty[party][0].ID[:6]
	return map[string]any{
		"infno": "3202", "msgid": party.Provider + strings.ReplaceAll(w.day.String(), "-", "") + "0001", "mdtrtarea_admvs": area, "fixmedins_code": party.Provider,
		"input": map[string]any{
			"data": map[string]any{
				"setl_optins": area, "stmt_begndate": w.day, "stmt_enddate": w.day, "medfee_sumamt": total, "fund_pay_sumamt": funds,
				"cash_payamt": cash, "fixmedins_setl_cnt": len(w.byParty[party]),
			},
			"stmt": map[string]any{"serial": 1},
		},
	}
}

// tabs are the rows of a 3202.
func (w *statedDay) tabs(party provinces.Party) []byte {
	var text bytes.Buffer
	for _, b := range w.byParty[party] {
		fmt.Fprintf(&text, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", b.ID, b.Visit, b.Person, b.Total, b.Funds, b.Account, flagOf(b.refund))
	}
	return text.Bytes()
}

// province is the head of a province's statement.
func (w *statedDay) province(party provinces.Party) map[string]any {
	total, funds, account, cash := w.sums(party)
	return map[string]any{
		"doctype": "statement", "admdvs": string(party.Province) + "0000", "begndate": w.day, "enddate": w.day, "serial": 1,
		"totals": []any{map[string]any{
			"setl_cnt": len(w.byParty[party]), "medfee_sumamt": total, "fund_pay_sumamt": funds, "acct_pay": account, "psn_cash_pay": cash,
		}},
	}
}

// lines are the rows of a province.
func (w *statedDay) lines(party provinces.Party) []byte {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	for _, b := range w.byParty[party] {
		row := map[string]any{
			"setl_id": b.ID, "mdtrt_id": b.Visit, "psn_no": b.Person, "insutype": b.Insutype, "fixmedins_code": b.provider, "mdtrtarea_admvs": b.ID[:6],
			"medfee_sumamt": b.Total, "fund_pay_sumamt": b.Funds, "acct_pay": b.Account, "psn_cash_pay": b.Cash, "refd_setl_flag": fmt.Sprint(flagOf(b.refund)),
		}
		if b.home != "" {
			row["insuplc_admdvs"] = b.home
		}
		encoder.Encode(row) // into memory, of texts: cannot fail
	}
	return text.Bytes()
}

func flagOf(refund bool) int {
	if refund {
		return 1
	}
	return 0
}
