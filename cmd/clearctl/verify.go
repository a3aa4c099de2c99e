package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
)

// verifyFlags say which bills are recomputed, and where the books are.
type verifyFlags struct {
	all     bool
	day     string
	offline string
}

func (a *app) verifyCommand() *cobra.Command {
	var flags verifyFlags
	c := &cobra.Command{
		Use:   "verify [RECORD]",
		Short: a.say("仅凭账本重算结算并逐项核对", "recompute bills from the books alone and compare"),
		Long: a.say(`仅凭账本重算入账的结算：当时的报文内容、人员与医疗机构登记、年度累计与当日待遇政策（账本按摘要保存原文），
逐项核对每个金额、每项累计和计算过程的每一步，以及分录。RECORD 的写法同 clearctl claim；
--day 核对一日，--all 核对全部。--offline FILE 直接读账本文件，clearingd 须已停止。
有不符时退出码为 1。`,
			`Recomputes booked bills from what the books keep and nothing else: the claim, person and hospital as
the register knew them, the year's accumulators and the plan of that day, whose bytes the books hold by
hash. Every figure, every accumulator, every step of the trace and the entry are compared. RECORD is
written as for clearctl claim; --day takes one day, --all everything. --offline FILE reads a file,
with clearingd stopped. Exit code 1 when anything differs.`),
		Example: `
  clearctl claim verify 1042
  clearctl claim verify 310101G0000000001042
  clearctl claim verify --day 2026-03-18
  clearctl claim verify --all --offline /var/lib/clearingd/books.db`,
	}
	c.Flags().BoolVar(&flags.all, "all", false, a.say("核对全部结算", "every bill of the books"))
	c.Flags().StringVar(&flags.day, "day", "", a.say("核对一个营业日的结算", "every bill of a business day"))
	c.Flags().StringVar(&flags.offline, "offline", "", a.say("账本文件", "file of the books"))
	return a.command(c, cobra.MaximumNArgs(1), func(c *cobra.Command, args []string) error {
		request, err := verifyRequest(args, flags)
		if err != nil {
			return err
		}
		var reply service.VerifyReply
		if flags.offline != "" {
			reply, err = a.verifyFile(c.Context(), flags.offline, request)
		} else {
			reply, err = a.verifyAll(c.Context(), request)
		}
		if err != nil {
			return err
		}
		if err := a.show(reply, func() { a.printVerified(reply) }); err != nil {
			return err
		}
		if len(reply.Wrong) > 0 {
			return quiet(exitNo)
		}
		return nil
	})
}

func verifyRequest(args []string, flags verifyFlags) (request service.VerifyRequest, err error) {
	asked := len(args)
	if flags.all {
		asked++
	}
	if flags.day != "" {
		asked++
	}
	if asked != 1 {
		return request, usageError("请给出一条记录、--day 或 --all 之一", "give one of a record, --day and --all")
	}
	request.All = flags.all
	if flags.day != "" {
		day, err := parseDay(flags.day)
		if err != nil {
			return request, err
		}
		request.Day = &day
	}
	if len(args) == 1 {
		request.ClaimRequest, err = recordRequest(args[0])
	}
	return request, err
}

// verifyAll asks the daemon, part by part.
func (a *app) verifyAll(ctx context.Context, request service.VerifyRequest) (service.VerifyReply, error) {
	ctx, cancel := a.bounded(ctx)
	defer cancel()
	b, err := a.connect(ctx)
	if err != nil {
		return service.VerifyReply{}, err
	}
	defer b.Close()
	p := a.startProgress(a.say("已核对记录", "records compared"))
	defer p.done()
	var whole service.VerifyReply
	for {
		part, err := callOn[service.VerifyReply](ctx, b, service.Verify, request)
		if err != nil {
			return whole, err
		}
		whole.Bills += part.Bills
		whole.Steps += part.Steps
		whole.Bill, whole.Last = part.Bill, part.Last
		whole.Wrong = append(whole.Wrong, part.Wrong...)
		if part.Next == 0 {
			return whole, nil
		}
		p.at(int(part.Next), int(part.Last))
		request.After = part.Next
	}
}

// verifyFile recomputes from a file that no process has open, and changes nothing.
func (a *app) verifyFile(ctx context.Context, path string, request service.VerifyRequest) (reply service.VerifyReply, err error) {
	books, err := openBooks(path)
	if err != nil {
		return reply, err
	}
	defer books.Close()
	var verifier clearing.Verifier
	if !request.All && request.Day == nil {
		return verifyRecord(books, &verifier, request.ClaimRequest)
	}
	p := a.startProgress(a.say("已核对结算", "bills compared"))
	defer p.done()
	if err := books.View(func(tx *store.Tx) error { reply.Last = tx.Last(); return nil }); err != nil {
		return reply, err
	}
	err = books.Verify(ctx, &verifier, 1, 0, func(r *clearing.Record, v clearing.Verified) error {
		if request.Day != nil && r.Day != *request.Day {
			return nil
		}
		p.at(int(r.Number), int(reply.Last))
		reply.Bills++
		reply.Steps += uint64(v.Steps)
		if !v.OK() {
			reply.Wrong = append(reply.Wrong, v)
		}
		return nil
	})
	return reply, err
}

func verifyRecord(books *store.Store, verifier *clearing.Verifier, request service.ClaimRequest) (reply service.VerifyReply, err error) {
	err = books.View(func(tx *store.Tx) error {
		number, err := recordNumber(tx, request)
		if err != nil {
			return err
		}
		record, errRecord := tx.Record(number)
		entry, errEntry := tx.Entry(number)
		if err := errors.Join(errRecord, errEntry); err != nil {
			return no("查无此记录", "no such record")
		}
		verified, ok := verifier.VerifyRecord(tx, record, entry)
		if !ok || request.SettlementID != "" && record.SettlementID() != request.SettlementID {
			return no("该记录不是入账的结算", "the record booked no bill")
		}
		reply = service.VerifyReply{Bills: 1, Steps: uint64(verified.Steps), Bill: &verified}
		if !verified.OK() {
			reply.Wrong = []clearing.Verified{verified}
		}
		return nil
	})
	return reply, err
}

func recordNumber(tx *store.Tx, request service.ClaimRequest) (uint64, error) {
	switch {
	case request.SettlementID != "":
		_, number, ok := clearing.ParseSettlementID(request.SettlementID)
		if !ok {
			return 0, no("查无此记录", "no such record")
		}
		return number, nil
	case request.Message != "":
		known, err := tx.Message(request.Message)
		return known.Record, err
	}
	return request.Entry, nil
}

// openBooks opens a file of books for reading.
func openBooks(path string) (*store.Store, error) {
	books, err := store.OpenReadOnly(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, usageError("没有这个账本文件："+path, "no such file: "+path)
	case errors.Is(err, store.ErrOlder):
		return nil, olderBooks(path, err)
	case err != nil:
		return nil, &failure{exitNo,
			fmt.Sprintf("账本打不开（clearingd 是否仍在运行？）：%v", err),
			fmt.Sprintf("the books cannot be opened (is clearingd still running?): %v", err), err}
	}
	return books, nil
}

func (a *app) printVerified(r service.VerifyReply) {
	if len(r.Wrong) == 0 {
		a.printf("已重算 %d 笔结算、%d 个计算步骤，与账本逐项相符。", "%d bills with %d steps were recomputed; all come out as they are booked.", r.Bills, r.Steps)
		if r.Bill != nil {
			a.printf("%s：待遇政策 %s，%s 起施行", "%s: plan %s in force from %s", r.Bill.SettlementID, r.Bill.Plan, r.Bill.PlanVersion)
		}
		return
	}
	a.printf("已重算 %d 笔结算，%d 笔不符：", "%d bills were recomputed, %d do not come out as they are booked:", r.Bills, len(r.Wrong))
	for _, v := range r.Wrong {
		fmt.Fprintln(a.out)
		fmt.Fprintf(a.out, "%d  %s  %s\n", v.Number, v.SettlementID, printable(v.Fault))
		if len(v.Differences) == 0 {
			continue
		}
		rows := newTable(a.say("项目", "figure"), a.say("账本", "booked"), a.say("重算", "recomputed"))
		for _, d := range v.Differences {
			rows.row(d.Where, d.Booked, d.Recomputed)
		}
		rows.write(a.out)
	}
}

// recomputeFile adds to the faults of a checked file every bill that does not come out
// as it is booked.
func (a *app) recomputeFile(ctx context.Context, path string, faults []string) ([]string, error) {
	reply, err := a.verifyFile(ctx, path, service.VerifyRequest{All: true})
	for _, v := range reply.Wrong {
		faults = append(faults, fmt.Sprintf("record %d: recomputed, %s", v.Number, v.Why()))
	}
	return faults, err
}
