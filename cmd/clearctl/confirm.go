package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"clearingd/clearing/service"
	"clearingd/ledger"
	"clearingd/provinces"
)

// monthFlags name a period of a treatment area, of one hospital or of all.
type monthFlags struct {
	area, provider, month, operator string
}

func (f *monthFlags) add(a *app, c *cobra.Command) {
	c.Flags().StringVar(&f.area, "area", "", a.say("就医地区划（六位）", "treatment area, six digits"))
	c.Flags().StringVar(&f.provider, "provider", "", a.say("医药机构编号；缺省为全省", "fixmedins_code; the whole province without it"))
	c.Flags().StringVar(&f.month, "month", "", a.say("清分期，写作 2026-03", "clearing period, written 2026-03"))
	c.Flags().StringVar(&f.operator, "operator", "clearctl", a.say("经办人", "who does it"))
	_ = c.MarkFlagRequired("area")
	_ = c.MarkFlagRequired("month")
}

// monthRow is a row of the month as it is offered; what it is sent back with, too.
type monthRow struct {
	Sequence     string `json:"seqno,omitempty"`
	Provider     string `json:"medins_no,omitempty"`
	CertNo       string `json:"certno"`
	VisitID      string `json:"mdtrt_id"`
	SettledAt    string `json:"mdtrt_setl_time"`
	SettlementID string `json:"setl_sn"`
	Total        string `json:"medfee_sumamt"`
	Pays         string `json:"optins_pay_sumamt"`
	Confirm      string `json:"cnfm_flag"`
	Held         string `json:"hold_flag,omitempty"`
	Overdue      string `json:"ovd_flag,omitempty"`
	Reserved     string `json:"rsv_amt,omitempty"`
}

// monthAnswer is the national response envelope.
type monthAnswer struct {
	Code   int    `json:"infcode"`
	Handle string `json:"inf_refmsgid"`
	Text   string `json:"err_msg"`
	Output struct {
		Rows   []monthRow `json:"data,omitempty"`
		Errors []struct {
			Code            int
			Field           string
			Expected, Found string
		} `json:"error,omitempty"`
	} `json:"output"`
}

// send sends one message of the monthly clearing.
func (f *monthFlags) send(ctx context.Context, a *app, infno string, data map[string]any, detail []monthRow) (answer monthAnswer, err error) {
	year, month, ok := strings.Cut(f.month, "-")
	if !ok || len(year) != 4 || len(month) != 2 {
		return answer, usageError("--month 写作 2026-03", "--month is written 2026-03")
	}
	if len(f.area) != 6 || !provinces.Known(ledger.Area(f.area).Province()) {
		return answer, usageError("--area 须为六位区划", "--area must be a treatment area")
	}
	id := make([]byte, 15)
	_, _ = rand.Read(id) // never fails
	data["trt_year"], data["trt_month"] = year, month
	input := map[string]any{"data": data}
	if detail != nil {
		input["detail"] = detail
	}
	subject := service.Month + "." + f.area[:2]
	request := map[string]any{"infno": infno, "msgid": hex.EncodeToString(id), "mdtrtarea_admvs": f.area, "opter": f.operator, "infver": "V1.0", "input": input}
	if f.provider != "" {
		subject += "." + f.provider
		request["fixmedins_code"] = f.provider
	}
	return call[monthAnswer](ctx, a, subject, request)
}

// refused tells what a message was refused with.
func (a *app) refused(answer monthAnswer) error {
	for _, e := range answer.Output.Errors {
		fmt.Fprintf(a.err, "  %s: %s → %s\n", a.place(e.Field), printable(e.Found), printable(e.Expected))
	}
	return no(answer.Text, answer.Text)
}

func (a *app) confirmCommand() *cobra.Command {
	return a.group("confirm", "月度异地清分确认", "confirm the month's out-of-area rows",
		a.confirmList(), a.confirmRows(), a.confirmRollBack())
}

// monthRows fetches all rows of a period.
func (a *app) monthRows(ctx context.Context, f *monthFlags) (rows []monthRow, err error) {
	rows = []monthRow{}
	for {
		answer, err := f.send(ctx, a, provinces.InfnoMonthFetch, map[string]any{"startrow": strconv.Itoa(len(rows) + 1)}, nil)
		if err != nil {
			return nil, err
		}
		if answer.Code != 0 {
			return nil, a.refused(answer)
		}
		rows = append(rows, answer.Output.Rows...)
		if len(answer.Output.Rows) < provinces.MonthRowsMax {
			return rows, nil
		}
	}
}

func (a *app) confirmList() *cobra.Command {
	var f monthFlags
	c := &cobra.Command{Use: "list", Short: a.say("提取清分明细（3260）", "fetch the rows of a period (3260)"),
		Long: a.say("列出该清分期的明细：截至月末未确认的结算，与本期已确认的。", `Lists the rows of a clearing period: what was settled up to the month's end and is not confirmed yet,
and what is confirmed in this period.`),
		Example: "  clearctl confirm list --area 330100 --provider H33010000001 --month 2026-03",
	}
	f.add(a, c)
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		rows, err := a.monthRows(c.Context(), &f)
		if err != nil {
			return err
		}
		return a.show(rows, func() { a.printMonth(rows) })
	})
}

func (a *app) printMonth(rows []monthRow) {
	t := newTable(">#", a.say("机构", "provider"), a.say("结算流水号", "settlement"), a.say("结算时间", "settled"), ">"+a.say("总费用", "total"), ">"+a.say("经办机构支付", "insurance pays"), a.say("状态", "state"))
	for _, r := range rows {
		t.row(r.Sequence, r.Provider, r.SettlementID, r.SettledAt, r.Total, r.Pays, a.rowState(r))
	}
	t.write(a.out)
	a.printf("共 %d 行", "%d rows", len(rows))
}

func (a *app) rowState(r monthRow) string {
	var words []string
	if r.Confirm == "1" {
		words = append(words, a.say("已确认", "confirmed"))
	}
	if r.Held == "1" {
		words = append(words, a.say("不能确认", "held"))
	}
	if r.Overdue == "1" {
		words = append(words, a.say("逾期", "overdue"))
	}
	if r.Reserved != "" && r.Reserved != "0.00" {
		words = append(words, a.say("暂扣 ", "reserved ")+r.Reserved)
	}
	return strings.Join(words, " ")
}

func (a *app) confirmRows() *cobra.Command {
	var f monthFlags
	var all bool
	var leave, only []string
	c := &cobra.Command{Use: "rows", Short: a.say("确认明细（3261）", "confirm rows (3261)"),
		Long: a.say(`确认该清分期的明细：--all 为全部可确认的，--leave 除外；或以 --row 指定。每批至多100行，整批成败。
打印各批的句柄，供回退用。`, `Confirms rows of the period: --all takes all that can be confirmed, less those of --leave; --row names
single ones. A batch has at most 100 rows and counts whole or not at all. Prints each batch's
handle, for a rollback.`),
		Example: `
  clearctl confirm rows --area 330100 --provider H33010000001 --month 2026-03 --all
  clearctl confirm rows --area 330100 --provider H33010000001 --month 2026-03 --all --leave 330100G0000000001042`,
	}
	f.add(a, c)
	c.Flags().BoolVar(&all, "all", false, a.say("全部可确认的", "all that can be confirmed"))
	c.Flags().StringArrayVar(&leave, "leave", nil, a.say("留待下期的结算流水号，可重复", "settlement to leave out of this clearing; repeatable"))
	c.Flags().StringArrayVar(&only, "row", nil, a.say("只确认此结算流水号，可重复", "settlement to confirm; repeatable"))
	return a.command(c, cobra.NoArgs, func(c *cobra.Command, _ []string) error {
		if all == (len(only) > 0) {
			return usageError("请给出 --all 或 --row 之一", "give one of --all and --row")
		}
		offered, err := a.monthRows(c.Context(), &f)
		if err != nil {
			return err
		}
		chosen := chooseRows(offered, all, only, leave)
		if len(chosen) == 0 {
			return no("没有可确认的明细", "there is no row to confirm")
		}
		handles := []string{}
		for batch := range slices.Chunk(chosen, provinces.MonthRowsMax) {
			answer, err := f.send(c.Context(), a, provinces.InfnoMonthConfirm, map[string]any{"totalrow": strconv.Itoa(len(batch))}, batch)
			if err != nil {
				return err
			}
			if answer.Code != 0 {
				return a.refused(answer)
			}
			handles = append(handles, answer.Handle)
			if a.output != "json" {
				a.printf("已送 %d 行，句柄 %s", "%d rows taken, handle %s", len(batch), answer.Handle)
			}
		}
		return a.show(handles, func() {})
	})
}

// chooseRows are the rows to send, each with its flag; rows that can do no more are left.
func chooseRows(offered []monthRow, all bool, only, leave []string) (chosen []monthRow) {
	for _, r := range offered {
		left := slices.Contains(leave, r.SettlementID)
		switch {
		case r.Confirm == "1", !left && !all && !slices.Contains(only, r.SettlementID), !left && all && r.Held == "1":
			continue
		case left:
			r.Confirm = "0"
		default:
			r.Confirm = "1"
		}
		chosen = append(chosen, monthRow{
			VisitID: r.VisitID, SettledAt: r.SettledAt, SettlementID: r.SettlementID, Total: r.Total, Pays: r.Pays, Confirm: r.Confirm,
		})
	}
	return chosen
}

func (a *app) confirmRollBack() *cobra.Command {
	var f monthFlags
	c := &cobra.Command{Use: "rollback HANDLE", Short: a.say("回退一批确认（3262）", "take a confirmation back (3262)"),
		Long:    a.say("HANDLE 为确认时的句柄；0 为本机构该期的全部。", "HANDLE is what the confirmation printed; 0 takes back all of the institution's period."),
		Example: "  clearctl confirm rollback 0 --area 330100 --provider H33010000001 --month 2026-03",
	}
	f.add(a, c)
	return a.command(c, cobra.ExactArgs(1), func(c *cobra.Command, args []string) error {
		answer, err := f.send(c.Context(), a, provinces.InfnoMonthRollBack, map[string]any{"otransid": args[0]}, nil)
		if err != nil {
			return err
		}
		if answer.Code != 0 {
			return a.refused(answer)
		}
		return a.show(answer, func() { a.printf("已回退。", "taken back.") })
	})
}
