package daemon

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"clearingd/clearing"
	"clearingd/clearing/night"
	"clearingd/clearing/service"
	"clearingd/clearing/store"
	"clearingd/ledger"
	"clearingd/ledger/boltstore"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// serve offers the request-reply services on the bus.
func (d *Daemon) serve() (stop func() error, err error) {
	return d.bus.Serve(service.Name, serviceVersion(Version), d.endpoints())
}

// endpoints are the request-reply services. docs/asyncapi.yaml lists them by name.
func (d *Daemon) endpoints() []bus.Endpoint {
	return slices.Concat(d.registryEndpoints(), d.refoldEndpoints(), d.statementEndpoints(), d.actEndpoints(), d.reconcileEndpoints(), []bus.Endpoint{
		{Name: "estimate", Subject: service.Estimate + ".*.*.*", Handle: d.estimate((*clearing.Desk).Estimate)},
		{Name: "journey", Subject: service.Journey + ".*.*.*", Handle: d.estimate((*clearing.Desk).EstimateJourney)},
		{Name: "status", Subject: service.Status, Handle: plain(d.status)},
		{Name: "claim", Subject: service.Claim, Handle: answer(d.claim)},
		{Name: "answer", Subject: service.Answer, Handle: answer(d.storedAnswer)},
		{Name: "person", Subject: service.Person, Handle: answer(d.person)},
		{Name: "balances", Subject: service.Balances, Handle: answer(d.balances)},
		{Name: "days", Subject: service.Days, Handle: plain(d.days)},
		{Name: "report", Subject: service.Report, Handle: answer(d.reportPart)},
		{Name: "close", Subject: service.Close, Handle: answer(d.closeDay)},
		{Name: "check", Subject: service.Check, Handle: answer(d.check)},
		{Name: "plans", Subject: service.Plans, Handle: plain(d.plans)},
		{Name: "copy", Subject: service.Copy, Handle: answer(d.copyBooks)},
		{Name: "remake", Subject: service.Remake, Handle: answer(d.remake)},
		{Name: "redo", Subject: service.Redo, Handle: answer(d.redo)},
		{Name: "verify", Subject: service.Verify, Handle: answer(d.verify)},
	})
}

// serveStatus is what a daemon without sound books can still say.
func (d *Daemon) serveStatus() (stop func() error, err error) {
	return d.bus.Serve(service.Name, serviceVersion(Version), []bus.Endpoint{
		{Name: "status", Subject: service.Status, Handle: plain(d.status)},
	})
}

type handler = func(ctx context.Context, subject string, body []byte) ([]byte, error)

// answer makes a handler of a function from request to reply.
func answer[Request, Reply any](f func(context.Context, Request) (Reply, error)) handler {
	return func(ctx context.Context, _ string, body []byte) ([]byte, error) {
		var request Request
		if len(body) > 0 {
			if err := json.Unmarshal(body, &request); err != nil {
				return nil, failure(http.StatusBadRequest, "请求不是有效的JSON", "the request is not JSON of this service: "+err.Error())
			}
		}
		reply, err := f(ctx, request)
		if err != nil {
			return nil, meaning(err)
		}
		return json.Marshal(reply)
	}
}

func plain[Reply any](f func(context.Context) (Reply, error)) handler {
	return answer(func(ctx context.Context, _ struct{}) (Reply, error) { return f(ctx) })
}

func failure(code int, zh, en string) error {
	return failureOf(service.Failure{Code: code, ZH: zh, EN: en})
}

// missing refuses a request without the member that says about whom it is: a misspelled
// name would otherwise be answered as if it were nobody's.
func missing(member string) error {
	return failure(http.StatusBadRequest, "请求缺少 "+member, "the request has no "+member)
}

// failureText is how much of a failure is told: what is wrong with a request can quote it, and
// a reply has its bounds.
const failureText = 1000

func failureOf(f service.Failure) error {
	f.ZH, f.EN = cut(f.ZH, failureText), cut(f.EN, failureText)
	body, _ := json.Marshal(f) // plain fields
	return &bus.ServiceError{Code: f.Code, Text: f.EN, Body: body}
}

// cut leaves the beginning of a text, in whole characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// meaning turns the errors a caller can cause into coded failures; the rest is ours,
// and of that the caller learns only that it happened.
func meaning(err error) error {
	switch {
	case errors.Is(err, boltstore.ErrNoRecord), errors.Is(err, errNoSuch):
		return failure(http.StatusNotFound, "查无此记录", "no such record")
	case errors.Is(err, errNotClosed):
		return failure(http.StatusConflict, "该对账单尚无明细结果：未入账、无明细，或有未日切之日", err.Error())
	case errors.Is(err, night.ErrNotClosed):
		return failure(http.StatusConflict, "时段内有未日切之日", "a day of the period is not closed")
	case errors.Is(err, errNotOpenDay):
		return failure(http.StatusConflict, "该日不是当前营业日", err.Error())
	case errors.Is(err, errTooEarly):
		return failure(http.StatusConflict, "尚未到日切时间", err.Error())
	case refoldFailure(err) != nil:
		return refoldFailure(err)
	case actFailure(err) != nil:
		return actFailure(err)
	case reconcileFailure(err) != nil:
		return reconcileFailure(err)
	case errors.Is(err, errIntakeOnly):
		return failure(http.StatusServiceUnavailable, "账簿未通过检查，仅接收报文", err.Error())
	}
	return err
}

var (
	errNoSuch     = errors.New("no such record")
	errIntakeOnly = errors.New("the books failed their check: messages are kept, nothing is booked or answered")
)

// estimator is a way in which the desk estimates.
type estimator = func(*clearing.Desk, clearing.View, clearing.Decoded, ledger.Day) (clearing.Decision, error)

// estimate answers a 2303 with what the bill would be if it came now, or was planned.
func (d *Daemon) estimate(how estimator) handler {
	return func(ctx context.Context, subject string, body []byte) ([]byte, error) {
		return d.estimateBy(ctx, how, subject, body)
	}
}

func (d *Daemon) estimateBy(ctx context.Context, how estimator, subject string, body []byte) ([]byte, error) {
	tokens := strings.Split(subject, ".") // clearing.estimate.<treatment>.<home>.<provider>
	stream := ledger.Province(tokens[2])
	if _, ok := d.intake.Desk().Adapters[stream]; !ok {
		return nil, failure(http.StatusNotFound, "就医地不在服务范围", "no such treatment province")
	}
	message := provinces.Message{Stream: stream, Received: d.now(), Body: body}
	// An estimate has no msgid of its own in the subject: it lies where its envelope says.
	message.Subject = fmt.Sprintf("claims.%s.%s.%s.%s", tokens[2], tokens[3], tokens[4], estimateMsgID(body))
	item := d.intake.Decode(message)
	if item.Fault != nil {
		return nil, item.Fault
	}
	d.refreshRegistry(ctx)
	var reply []byte
	err := d.store.View(func(tx *store.Tx) error {
		open, err := d.closing.openDay()
		if err != nil {
			return err
		}
		decision, err := how(d.intake.Desk(), tx, item.Decoded, open)
		reply = decision.Record.Answer
		return err
	})
	return reply, err
}

// estimateMsgID finds the envelope's msgid without judging anything else.
func estimateMsgID(body []byte) string {
	var envelope struct {
		MsgID string `json:"msgid"`
	}
	if json.Unmarshal(body, &envelope) != nil || !provinces.ValidMsgID(envelope.MsgID) {
		return "estimate"
	}
	return envelope.MsgID
}

// claim explains one record of the books.
func (d *Daemon) claim(_ context.Context, request service.ClaimRequest) (reply service.ClaimReply, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		record, err := findRecord(tx, request)
		if err != nil {
			return err
		}
		reply, err = d.explain(tx, record)
		return err
	})
	return reply, err
}

func findRecord(tx *store.Tx, request service.ClaimRequest) (*clearing.Record, error) {
	number := request.Entry
	switch {
	case request.SettlementID != "":
		_, n, ok := clearing.ParseSettlementID(request.SettlementID)
		if !ok {
			return nil, errNoSuch
		}
		number = n
	case request.Message != "":
		known, err := tx.Message(request.Message)
		if err != nil {
			return nil, err
		}
		number = known.Record
	}
	record, err := tx.Record(number)
	if err == nil && request.SettlementID != "" && record.SettlementID() != request.SettlementID {
		return nil, errNoSuch
	}
	return record, err
}

func (d *Daemon) explain(tx *store.Tx, r *clearing.Record) (service.ClaimReply, error) {
	leaf, err := tx.Leaf(r.Number)
	if err != nil {
		return service.ClaimReply{}, err
	}
	undone, err := tx.Undone(r.Number)
	if err != nil {
		return service.ClaimReply{}, err
	}
	entry, err := tx.Entry(r.Number)
	if err != nil {
		return service.ClaimReply{}, err
	}
	reply := service.ClaimReply{
		Entry: r.Number, Outcome: r.Outcome, Code: r.Code, Errors: r.Errors,
		Stream: r.Stream, Sequence: r.Sequence, Subject: r.Subject,
		Digest: hex.EncodeToString(r.Digest[:]), Received: r.ReceivedTime(), Day: r.Day,
		Infno: r.Infno, Home: r.Home, Treatment: r.Treatment, Provider: r.Provider,
		Original: r.Original, UndoneBy: undone, LeafHash: base64.StdEncoding.EncodeToString(leaf[:]),
	}
	if r.Outcome == provinces.Booked || r.Outcome == provinces.Cancelled {
		reply.SettlementID = r.SettlementID()
	}
	if r.Bill != nil {
		claim := r.Bill.Claim
		reply.Person = d.pseudonyms.Of(r.Home.Province(), claim.PersonNo)
		claim.PersonNo, claim.CertNo, claim.Birth = "", "", nil
		reply.Claim, reply.Facility, reply.Adjudication = &claim, r.Bill.Facility, &r.Bill.Benefit
		reply.PlanSet = hex.EncodeToString(r.Bill.PlanSet[:])
		if reply.Refolded, err = refoldNotices(tx, r); err != nil {
			return service.ClaimReply{}, err
		}
	}
	if r.Adjustment != nil {
		if reply.Adjustment, err = d.adjustmentView(tx, r); err != nil {
			return service.ClaimReply{}, err
		}
	}
	if r.Act != nil {
		reply.Act = actView(r)
	}
	if reply.NewestAct, reply.Standing, err = standsNow(tx, r); err != nil {
		return service.ClaimReply{}, err
	}
	for _, p := range entry.Postings {
		reply.Postings = append(reply.Postings, service.PostingLine{Account: p.Account.Name(), Amount: p.Amount})
	}
	return reply, nil
}

// storedAnswer gives an answer again, however long ago it was published.
func (d *Daemon) storedAnswer(_ context.Context, request service.AnswerRequest) (reply service.AnswerReply, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		record, err := findRecord(tx, service.ClaimRequest{Message: request.Message})
		if err != nil {
			return err
		}
		if record.Outcome == provinces.Quarantined { // decided again since, perhaps
			if by, err := tx.Undone(record.Number); err != nil {
				return err
			} else if by != 0 {
				if record, err = tx.Record(by); err != nil {
					return err
				}
			}
		}
		envelope := record.Envelope()
		reply = service.AnswerReply{Subject: envelope.Subject, Header: envelope.Header, Body: envelope.Body}
		return nil
	})
	return reply, err
}

// person lists the person-years the books hold.
func (d *Daemon) person(_ context.Context, request service.PersonRequest) (service.PersonReply, error) {
	if request.PersonNo == "" {
		return service.PersonReply{}, missing("person_no")
	}
	reply := service.PersonReply{Person: d.pseudonyms.Of(request.Home, request.PersonNo)}
	err := d.store.View(func(tx *store.Tx) error {
		return tx.Years(request.Home, request.PersonNo, request.Insutype, func(key clearing.YearKey, state clearing.YearState) error {
			entries, err := tx.YearEntries(key.Year, state)
			reply.Years = append(reply.Years, service.PersonYear{
				Insutype: key.Insutype, Year: key.Year, Entries: entries, Accumulators: state.Accumulators,
			})
			return err
		})
	})
	return reply, err
}

// days lists the known business days, newest first.
func (d *Daemon) days(context.Context) (reply service.DaysReply, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		return tx.Days(func(day ledger.Day, state store.DayState) bool {
			reply.Days = append(reply.Days, dayStatus(day, state))
			return len(reply.Days) < daysMax
		})
	})
	for i := range reply.Days {
		if err == nil && reply.Days[i].State == store.DayFrozen.String() {
			reply.Days[i].Waiting, err = d.closing.waiting(reply.Days[i].Day)
		}
	}
	return reply, err
}

// daysMax bounds one reply: more than a year of days.
const daysMax = 400

func dayStatus(day ledger.Day, state store.DayState) service.DayStatus {
	status := service.DayStatus{Day: day, State: state.Phase.String(), Revision: state.Revision}
	if state.Phase == store.DayClosed {
		status.Seal = hex.EncodeToString(state.Seal.Digest[:])
		status.Files = sortedKeys(state.Files)
	}
	return status
}

// closeDay closes the open day by hand.
func (d *Daemon) closeDay(ctx context.Context, request service.CloseRequest) (reply service.CloseReply, err error) {
	if err := d.closing.closeByHand(ctx, request.Day, request.Early); err != nil {
		return reply, err
	}
	err = d.store.View(func(tx *store.Tx) error {
		state, err := tx.Day(request.Day)
		reply.Day = dayStatus(request.Day, state)
		return err
	})
	if err == nil {
		reply.Next, err = d.closing.openDay()
	}
	return reply, err
}

// check reads all the books and recomputes what can be; on request every bill, too.
func (d *Daemon) check(ctx context.Context, request service.CheckRequest) (service.CheckReply, error) {
	result, err := d.checkBooks(ctx)
	if err == nil && request.Recompute {
		result.Faults, err = d.recompute(ctx, result.Faults)
	}
	return service.CheckReply{Records: result.Records, Root: result.Root, Faults: result.Faults}, err
}

// plans lists the plans in force.
func (d *Daemon) plans(context.Context) (service.PlansReply, error) {
	set := d.intake.Desk().Plans
	hash := set.Hash()
	return service.PlansReply{Set: hex.EncodeToString(hash[:]), Plans: planLines(set)}, nil
}
