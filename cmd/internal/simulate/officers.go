package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"clearingd/clearing"
	"clearingd/clearing/service"
	"clearingd/clearing/sim/audit"
	"clearingd/ledger"
	"clearingd/provinces/bus"
)

// order is an act that officers have given, and what came of it.
type order struct {
	province string
	request  service.ActRequest
	reply    service.ActReply
	key      string  // of the break it is about
	money    []money // that it moves
	ends     bool    // the break is decided by it
	opens    bool    // the break is open again because of it
}

// money is how much more of a fund is owed for a bill.
type money struct {
	bill   audit.Move
	fund   string
	amount *big.Rat
}

// decide lets officers act upon what was planted, each break once, and sends every order
// again until it is answered and then once more.
func (r *run) decide(ctx context.Context, found truth) error {
	r.stated.decided, r.acted = map[string]bool{}, r.day
	keys := slices.Sorted(maps.Keys(found.planted))
	r.beliefs.dice.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, act := range []func(context.Context, planted) (bool, error){
		r.accept, r.accept, r.acceptAndReverse, r.closeBreak, r.proposeAndApprove, r.proposeAndWithdraw, r.assign, r.comment, r.comment,
	} {
		for i, key := range keys {
			done, err := act(ctx, found.planted[key])
			if err != nil {
				return err
			}
			if done {
				keys = slices.Delete(keys, i, i+1)
				break
			}
		}
	}
	return nil
}

func (p planted) province() string { return strings.Split(p.party, ".")[1] }

func (p planted) target() string { return "break/" + p.key }

// accept lets the books follow the side.
func (r *run) accept(ctx context.Context, p planted) (bool, error) {
	money := p.accepted()
	if len(money) == 0 {
		return false, nil
	}
	request := service.ActRequest{Kind: clearing.ActAccept, Target: p.target(), Maker: "甲", Checker: "乙", Reason: "simulated: accepted"}
	if p.bare {
		amount, err := ledger.ParseAmount(audit.Yuan(p.more))
		if err != nil {
			return false, err
		}
		request.Funds = []clearing.FundFigure{{Fund: ledger.Fund(p.fund), Amount: amount}} // nothing but the order tells it
	}
	_, err := r.order(ctx, order{province: p.province(), request: request, key: p.key, money: money, ends: true})
	return true, err
}

// accepted is the money that follows the side, where it is a bill that stands.
func (p planted) accepted() (all []money) {
	switch {
	case p.fund != "":
		all = append(all, money{p.move, p.fund, p.more})
	case strings.HasPrefix(p.class, "MISS_"):
		for _, fund := range slices.Sorted(maps.Keys(p.move.ByFund)) {
			all = append(all, money{p.move, fund, new(big.Rat).Neg(p.move.ByFund[fund])})
		}
		if p.move.Account.Sign() != 0 {
			all = append(all, money{p.move, "310200", new(big.Rat).Neg(p.move.Account)})
		}
	}
	return all
}

func (r *run) acceptAndReverse(ctx context.Context, p planted) (bool, error) {
	if done, err := r.accept(ctx, p); !done || err != nil {
		return done, err
	}
	accepted := r.orders[len(r.orders)-1]
	back := order{province: p.province(), key: p.key, opens: true, request: service.ActRequest{
		Kind: clearing.ActReverse, Target: fmt.Sprintf("act/%d", accepted.reply.Entry), Maker: "丙", Checker: "丁", Reason: "simulated: taken back",
	}}
	for _, m := range accepted.money {
		back.money = append(back.money, money{m.bill, m.fund, new(big.Rat).Neg(m.amount)})
	}
	_, err := r.order(ctx, back)
	return true, err
}

func (r *run) closeBreak(ctx context.Context, p planted) (bool, error) {
	_, err := r.order(ctx, order{province: p.province(), key: p.key, ends: true, request: service.ActRequest{
		Kind: clearing.ActClose, Target: p.target(), Maker: "甲", Checker: "乙", Reason: "simulated: closed",
	}})
	return true, err
}

func (r *run) propose(ctx context.Context, p planted) (service.ActReply, error) {
	return r.order(ctx, order{province: p.province(), key: p.key, request: service.ActRequest{
		Kind: clearing.ActClose, Step: clearing.StepPropose, Target: p.target(), Maker: "甲", Reason: "simulated: proposed",
	}})
}

func (r *run) proposeAndApprove(ctx context.Context, p planted) (bool, error) {
	proposal, err := r.propose(ctx, p)
	if err != nil {
		return true, err
	}
	_, err = r.order(ctx, order{province: p.province(), key: p.key, ends: true, request: service.ActRequest{
		Kind: clearing.ActClose, Step: clearing.StepApprove, Target: p.target(), Checker: "乙", Reason: "simulated: approved", Proposal: proposal.Entry,
	}})
	return true, err
}

func (r *run) proposeAndWithdraw(ctx context.Context, p planted) (bool, error) {
	proposal, err := r.propose(ctx, p)
	if err != nil {
		return true, err
	}
	_, err = r.order(ctx, order{province: p.province(), key: p.key, opens: true, request: service.ActRequest{
		Kind: clearing.ActClose, Step: clearing.StepWithdraw, Target: p.target(), Maker: "甲", Reason: "simulated: withdrawn", Proposal: proposal.Entry,
	}})
	return true, err
}

func (r *run) assign(ctx context.Context, p planted) (bool, error) {
	_, err := r.order(ctx, order{province: p.province(), key: p.key, request: service.ActRequest{
		Kind: clearing.ActAssign, Target: p.target(), Maker: "甲", Reason: "simulated: assigned", Side: "treatment",
	}})
	return true, err
}

func (r *run) comment(ctx context.Context, p planted) (bool, error) {
	_, err := r.order(ctx, order{province: p.province(), key: p.key, request: service.ActRequest{
		Kind: clearing.ActComment, Target: p.target(), Maker: "甲", Reason: "simulated: remarked",
	}})
	return true, err
}

// order looks at what it is about, and gives the order until it is answered, and then once
// more: the same record must be the answer.
func (r *run) order(ctx context.Context, o order) (service.ActReply, error) {
	var look service.LookReply
	if err := r.untilAnswered(ctx, service.Look+"."+o.province, service.LookRequest{Target: o.request.Target}, &look); err != nil {
		return o.reply, fmt.Errorf("looking at %s: %w", o.request.Target, err)
	}
	o.request.Object = look.Object
	var again service.ActReply
	for _, reply := range []*service.ActReply{&o.reply, &again} {
		if err := r.untilAnswered(ctx, service.Act+"."+o.province, o.request, reply); err != nil {
			return o.reply, fmt.Errorf("%s of %s: %w", o.request.Kind, o.request.Target, err)
		}
	}
	if again.Entry != o.reply.Entry || again.Day != o.reply.Day || !bytes.Equal(again.Answer, o.reply.Answer) {
		r.fault("%s of %s is record %d, and %d when it is ordered again", o.request.Kind, o.request.Target, o.reply.Entry, again.Entry)
	}
	if o.reply.Day != r.day {
		r.fault("%s of %s counts on %s, should be on %s", o.request.Kind, o.request.Target, o.reply.Day, r.day)
	}
	r.orders = append(r.orders, o)
	if o.ends {
		r.stated.decided[o.key] = true
	}
	if o.opens {
		delete(r.stated.decided, o.key)
	}
	return o.reply, nil
}

// untilAnswered calls a service until it answers. A refusal is an error; no word, or that it
// cannot answer now, is not.
func (r *run) untilAnswered(ctx context.Context, subject string, request, reply any) error {
	return r.insist(ctx, func() (bool, error) {
		attempt, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		err := call(attempt, r.bus, subject, request, reply)
		var refusal *bus.ServiceError
		if errors.As(err, &refusal) && refusal.Code < 500 {
			return false, fmt.Errorf("%w %s", err, refusal.Body)
		}
		return err == nil, nil
	})
}
