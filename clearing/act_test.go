package clearing_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"clearingd/clearing"
	"clearingd/clearing/reconcile"
	"clearingd/ledger"
	"clearingd/provinces"
)

// An act script is like the scenarios of outcomes_test.go. Between the messages officers
// act, and the script says what stands:
//
//	day <yyyy-MM-dd>                      the open day from here on; 2026-03-03 at first
//	break bill/<msgid> <class> owed=<yuan> [side=<side>] [<fund>=<ours>/<theirs>]  the night finds a break
//	act <kind> <target> [<fund>=<yuan>] [by=<maker>,<checker>] [step=<step>] [province=<pp>] ... -> acted | used | refused <code>
//	stands <msgid> [<stage>=<yuan>]       what stands of the row, all funds together
//	state <target> <state>                of a case or a break
//
// In targets m1 stands for the record of message m1, and @ for the newest case of its kind.
// The home province is 11, the treatment province 33; bills are as in refold_test.go: a
// first stay is paid 14,025.00 from fund 310100.
var actScripts = map[string]string{
	"a deduction is reserved and upheld: the money leaves both sides": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=100.00 -> acted
		stands m1 Accrued=13925.00 Reserved=100.00
		state case/deduction/@ reserved
		act uphold case/deduction/@ -> acted
		stands m1 Accrued=13925.00
		state case/deduction/@ upheld
		act uphold case/deduction/@ -> refused 7005`,

	"a deduction is appealed and restored: the money is owed as before": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=100.00 -> acted
		act appeal case/deduction/@ by=wang -> acted
		act appeal case/deduction/@ by=wang -> refused 7005
		act restore case/deduction/@ -> acted
		stands m1 Accrued=14025.00
		act restore case/deduction/@ -> refused 7005`,

	"an upheld deduction can be lost in the end": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=100.00 -> acted
		act uphold case/deduction/@ -> acted
		act restore case/deduction/@ -> acted
		stands m1 Accrued=14025.00`,

	"no more is deducted than stands, from no fund that does not pay, and once": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=14025.01 -> refused 7007
		act deduct bill/m1 330100=0.01 -> refused 7007
		act deduct bill/m1 310100=-1.00 -> refused 7007
		act deduct bill/m1 -> refused 7002
		act deduct bill/m1 310100=14000.00 -> acted
		act deduct bill/m1 310100=25.00 object=last -> refused 7003
		act deduct bill/m1 310100=25.01 -> refused 7007
		act deduct bill/m1 310100=25.00 -> acted
		stands m1 Reserved=14025.00`,

	"only the treatment place deducts": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=100.00 province=11 -> refused 7006
		act deduct bill/m1 310100=100.00 province=44 -> refused 7006
		act deduct bill/99 310100=100.00 -> refused 7004
		act deduct bill/x 310100=100.00 -> refused 7004`,

	"two persons, in whatever spelling, and no way around": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=1.00 by=wang -> refused 7001
		act deduct bill/m1 310100=1.00 by=,li -> refused 7001
		act deduct bill/m1 310100=1.00 by=wang,wang -> refused 7001
		act deduct bill/m1 310100=1.00 by=wang,WANG -> refused 7001
		act deduct bill/m1 310100=1.00 by=wang,ｗａｎｇ -> refused 7001
		act deduct bill/m1 310100=1.00 by=wang,ｗ·Ang -> refused 7001
		act deduct bill/m1 310100=1.00 by=wáng,wa´ng -> refused 7001
		act deduct bill/m1 310100=1.00 by=straße,STRASSE -> refused 7001
		act deduct bill/m1 310100=1.00 by=·,li -> refused 7001
		act deduct bill/m1 310100=1.00 by=wang,li -> acted`,

	"a maker proposes, a second person approves": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=100.00 step=propose by=wang -> acted
		stands m1 Accrued=14025.00
		state case/proposal/@ waiting
		act deduct bill/m1 step=approve by=,wang -> refused 7001
		act deduct bill/m1 step=approve by=,WANG -> refused 7001
		act deduct bill/m1 step=approve by=wang,li -> refused 7001
		act takeback bill/m1 step=approve by=,li -> refused 7004
		act deduct bill/m1 step=approve by=,li province=11 -> refused 7004
		act deduct bill/m1 step=approve by=,li -> acted
		stands m1 Accrued=13925.00 Reserved=100.00
		state case/proposal/@ approved
		act deduct bill/m1 step=approve by=,li -> refused 7005`,

	"what is not possible is not proposed either": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=99999.00 step=propose by=wang -> refused 7007`,

	"a proposal ends when what it is about changes": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=100.00 step=propose by=wang -> acted
		act deduct bill/m1 310100=1.00 by=zhao,qian -> acted
		act deduct bill/m1 step=approve proposal=2 by=,li -> refused 7003
		act deduct bill/m1 step=withdraw proposal=2 by=wang -> acted
		state case/proposal/2 withdrawn
		act deduct bill/m1 step=withdraw proposal=2 by=wang -> refused 7005`,

	"an accepted difference: the books follow the hospital's figures": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=3.00 310100=14025.00/14028.00
		act accept break/bill/m1 step=propose by=wang -> acted
		state break/bill/m1 proposed
		act accept break/bill/m1 step=propose by=zhao -> refused 7005
		act comment break/bill/m1 by=zhao -> acted
		act accept break/bill/m1 step=approve by=,li -> acted
		stands m1 Accrued=14028.00
		state break/bill/m1 decided
		act accept break/bill/m1 310100=3.00 -> refused 7005`,

	"what is held back cannot be given away as a difference too": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=6025.00 -> acted
		break bill/m1 AMT_UNDER owed=-8000.01
		act accept break/bill/m1 310100=-8000.01 -> refused 7007
		break bill/m1 AMT_UNDER owed=-8000.00
		act accept break/bill/m1 310100=-8000.00 -> acted
		stands m1 Reserved=6025.00`,

	"an accepted difference limits what can be held back or taken back": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=0.01 -> acted
		break bill/m1 AMT_UNDER owed=-14000.00
		act accept break/bill/m1 310100=-14000.00 -> acted
		act deduct bill/m1 310100=25.00 -> refused 7007
		act deduct bill/m1 310100=24.99 -> acted
		stands m1 Reserved=25.00`,

	"a proposal on a break ends when the night finds it otherwise": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=3.00 310100=14025.00/14028.00
		act accept break/bill/m1 step=propose by=wang -> acted
		break bill/m1 AMT_OVER owed=4.00 310100=14025.00/14029.00
		act accept break/bill/m1 step=approve by=,li -> refused 7003
		stands m1 Accrued=14025.00`,

	"a proposal does not come back to life with the facts it rested on": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=3.00 310100=14025.00/14028.00
		act accept break/bill/m1 step=propose by=wang -> acted
		break bill/m1 AMT_OVER owed=4.00 310100=14025.00/14029.00
		break bill/m1 AMT_OVER owed=3.00 310100=14025.00/14028.00
		act accept break/bill/m1 step=approve by=,li -> refused 7003
		act close break/bill/m1 -> acted
		act accept break/bill/m1 step=withdraw by=wang -> acted
		state break/bill/m1 decided`,

	"an order has what its kind takes, and nothing else": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=3.00
		act comment break/bill/m1 310100=1.00 by=wang -> refused 7002
		act comment break/bill/m1 result=right by=wang -> refused 7002
		act close break/bill/m1 side=home -> refused 7002
		act close bill/m1 -> refused 7002
		act nothing bill/m1 -> refused 7002
		act deduct bill/m1 310100=1.00 310100=2.00 -> refused 7002
		act deduct bill/m1 31=1.00 -> refused 7002
		act deduct bill/m1 310100=1.00 province=99 -> refused 7002
		act deduct bill/m1 310100=1.00 proposal=1 -> refused 7002
		act deduct bill/m1 310100=100.00 step=propose by=wang -> acted
		act deduct bill/m1 310100=1.00 step=approve by=,li -> refused 7002`,

	"a withdrawn proposal leaves the break open": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=3.00 310100=14025.00/14028.00
		act accept break/bill/m1 step=propose by=wang -> acted
		act accept break/bill/m1 step=withdraw by=wang -> acted
		state break/bill/m1 open
		act close break/bill/m1 -> acted
		state break/bill/m1 decided
		stands m1 Accrued=14025.00`,

	"the split of an accepted difference must be the difference": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_UNDER owed=-5.00
		act accept break/bill/m1 -> refused 7007
		act accept break/bill/m1 310100=-4.99 -> refused 7007
		act accept break/bill/m1 310100=-6.00 330100=1.00 -> acted
		stands m1 Accrued=14020.00`,

	"a side that does not have the bill: accepting it owes nothing": `
		2304 m1 -> booked moves=+
		break bill/m1 MISS_HOSP owed=-14025.00
		act accept break/bill/m1 310100=-14025.01 330100=0.01 -> refused 7007
		act accept break/bill/m1 -> acted
		stands m1`,

	"an accepted difference is reversed, once, and the break is open again": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=3.00 310100=14025.00/14028.00
		act accept break/bill/m1 -> acted
		act reverse act/2 -> acted
		stands m1 Accrued=14025.00
		state break/bill/m1 open
		act reverse act/2 -> refused 7005
		act reverse act/1 -> refused 7004`,

	"a side that changes its figures again does not get both differences": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=61.00 310100=14025.00/14086.00
		act accept break/bill/m1 -> acted
		break bill/m1 AMT_OVER owed=30.00 310100=14025.00/14055.00
		act accept break/bill/m1 -> refused 7005
		stands m1 Accrued=14086.00
		act reverse act/2 -> acted
		act accept break/bill/m1 -> acted
		stands m1 Accrued=14055.00`,

	"comments and assignments need one person and move nothing": `
		2304 m1 -> booked moves=+
		break bill/m1 AMT_OVER owed=3.00
		act comment break/bill/m1 by=wang,li -> refused 7001
		act comment break/bill/m1 by=wang -> acted
		act comment break/bill/m1 by=wang object=last -> used
		act comment break/bill/m1 by=zhao object=last -> refused 7003
		act assign break/bill/m1 by=wang side=home -> acted
		act assign break/bill/m1 by=wang side=nobody -> refused 7002
		act comment break/bill/m1 by=wang step=propose -> refused 7002
		state break/bill/m1 open`,

	"breaks that were resolved by themselves are opened again as one group": `
		2304 m1 -> booked moves=+
		2304 m2 mdtrt_id=V2 -> booked moves=+
		group timing-1 bill/m1 bill/m2
		act undo group/timing-1 by=wang -> refused 7001
		act undo group/timing-1 province=44 -> refused 7004
		act resolve group/timing-1 -> refused 7005
		act undo group/timing-1 -> acted
		state break/bill/m1 open
		state break/bill/m2 open
		state case/group/timing-1/33 undone
		act undo group/timing-1 -> refused 7005
		act undo group/other -> refused 7004`,

	"a group above its cap waits for two persons, and can be undone after": `
		2304 m1 -> booked moves=+
		2304 m2 mdtrt_id=V2 -> booked moves=+
		waiting timing-1 bill/m1 bill/m2
		act undo group/timing-1 -> refused 7005
		act resolve group/timing-1 by=wang -> refused 7001
		act resolve group/timing-1 province=11 step=propose by=wang -> acted
		act resolve group/timing-1 province=11 step=approve by=,li -> acted
		state break/bill/m1 resolved
		state break/bill/m2 resolved
		state case/group/timing-1/11 approved
		act undo group/timing-1 -> acted
		state break/bill/m1 open
		state case/group/timing-1/33 undone`,

	"a province confirms for all its hospitals": `
		2304 m1 -> booked moves=+
		2304 m2 mdtrt_id=V2 fixmedins_code=H33010000002 -> booked moves=+
		day 2026-04-01
		month 202603 m1=1 provider= -> acted
		month 202603 m2=1 provider= -> acted
		rollback 202603 batch=0 -> refused 7106
		rollback 202603 batch=0 provider= -> acted
		stands m1 Accrued=14025.00`,

	"taking back is for what was confirmed, and no more than that": `
		2304 m1 -> booked moves=+
		act takeback bill/m1 310100=10.00 -> refused 7007
		day 2026-04-02
		month 202603 m1=1 -> acted
		stands m1 Confirmed=14025.00
		act takeback bill/m1 310100=14025.01 -> refused 7007
		act takeback bill/m1 310100=10.00 -> acted
		stands m1 Confirmed=14015.00
		act takeback bill/m1 310100=14015.01 -> refused 7007
		act restore case/takeback/@ -> acted
		stands m1 Confirmed=14025.00`,

	"a month is confirmed row by row, and what is left out rolls on": `
		2304 m1 -> booked moves=+
		2304 m2 mdtrt_id=V2 -> booked moves=+
		month 202603 m1=1 -> refused 7101
		day 2026-04-01
		month 202603 m1=1 m2=0 -> acted
		stands m1 Confirmed=14025.00
		stands m2 Accrued=14512.50
		month 202603 m1=1 -> refused 7104
		day 2026-04-21
		month 202603 m2=1 -> refused 7101
		day 2026-05-04
		month 202604 m2=1 -> acted
		stands m2 Confirmed=14512.50`,

	"a row must be what the books have, or nothing of the batch counts": `
		2304 m1 -> booked moves=+
		2304 m2 mdtrt_id=V2 -> booked moves=+
		day 2026-04-02
		month 202603 m1=1 m2=1 total=1 -> refused 7103
		month 202603 m1=1 m2=1 pays=1 -> refused 7103
		month 202603 m1=1 m2=1 visit=1 -> refused 7103
		month 202603 m1=1 m2=1 time=1 -> refused 7103
		month 202603 m1=1 m1=1 -> refused 7108
		month 202603 m1=1 110105G0000000000001=1 -> refused 7102
		month 202603 m1=1 330100G0000000000099=1 -> refused 7102
		month 202602 m1=1 -> refused 7101
		month 202603 m1=1 provider=H33010000002 -> refused 7102
		month 202603 -> refused 7108
		stands m1 Accrued=14025.00
		month 202603 m1=1 m2=0 total=1 -> acted`,

	"the same message is answered as the first time, other content under its msgid is not": `
		2304 m1 -> booked moves=+
		2304 m2 mdtrt_id=V2 -> booked moves=+
		day 2026-04-02
		month 202603 m1=1 msgid=x1 -> acted
		month 202603 m1=1 msgid=x1 -> used
		month 202603 m2=1 msgid=x1 -> refused 5007`,

	"a batch is rolled back, and can be confirmed again": `
		2304 m1 -> booked moves=+
		2304 m2 mdtrt_id=V2 -> booked moves=+
		day 2026-04-02
		month 202603 m1=1 -> acted
		month 202603 m2=1 -> acted
		rollback 202603 batch=99 -> refused 7106
		rollback 202603 batch=3 -> acted
		stands m1 Accrued=14025.00
		stands m2 Confirmed=14512.50
		rollback 202603 batch=3 -> refused 7107
		month 202603 m1=1 -> acted
		rollback 202603 batch=0 -> acted
		stands m1 Accrued=14025.00
		stands m2 Accrued=14512.50
		rollback 202603 batch=0 -> refused 7106`,

	"a row with a difference of hospital or treatment side is held, one of the home side is not": `
		2304 m1 -> booked moves=+
		2304 m2 mdtrt_id=V2 -> booked moves=+
		break bill/m1 AMT_OVER owed=3.00 side=hospital
		break bill/m2 AMT_OVER owed=3.00 side=home
		day 2026-04-02
		month 202603 m1=1 m2=1 -> refused 7105
		month 202603 m2=1 -> acted
		act close break/bill/m1 -> acted
		month 202603 m1=1 -> acted`,

	"what a deduction holds back is not confirmed, and is again when it is restored": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=25.00 -> acted
		day 2026-04-02
		month 202603 m1=1 -> acted
		stands m1 Reserved=25.00 Confirmed=14000.00
		act restore case/deduction/@ -> acted
		stands m1 Accrued=25.00 Confirmed=14000.00
		month 202603 m1=1 -> acted
		stands m1 Confirmed=14025.00
		rollback 202603 batch=3 -> refused 7107
		rollback 202603 batch=0 -> acted
		stands m1 Accrued=14025.00`,

	"confirmed money can be held back, and goes back to where it is confirmed": `
		2304 m1 -> booked moves=+
		day 2026-04-02
		month 202603 m1=1 -> acted
		act deduct bill/m1 310100=25.00 -> acted
		stands m1 Reserved=25.00 Confirmed=14000.00
		rollback 202603 batch=0 -> refused 7107
		act restore case/deduction/@ -> acted
		stands m1 Confirmed=14025.00`,

	"a cancelled bill that was confirmed: the cancellation is a row of its own": `
		2304 m1 -> booked moves=+
		day 2026-04-02
		month 202603 m1=1 -> acted
		2305 m2 setl_id=m1 -> cancelled of=m1 moves=-
		stands m1 Confirmed=14025.00
		stands m2 Accrued=-14025.00
		act deduct bill/m1 310100=1.00 -> refused 7005
		month 202603 m2=1 -> refused 7102
		rollback 202603 batch=0 -> acted
		month 202603 m1=1 -> refused 7102
		month 202603 m2=1 -> refused 7102`,

	"a cancellation is confirmed in its own month, and then its bill stays confirmed": `
		2304 m1 -> booked moves=+
		day 2026-04-02
		month 202603 m1=1 -> acted
		2305 m2 setl_id=m1 -> cancelled of=m1 moves=-
		day 2026-05-02
		month 202604 m2=1 -> acted
		stands m1 Confirmed=14025.00
		stands m2 Confirmed=-14025.00`,

	"a bill that was cancelled before it was confirmed is no row, and neither is its cancellation": `
		2304 m1 -> booked moves=+
		2305 m2 setl_id=m1 -> cancelled of=m1 moves=-
		day 2026-04-02
		month 202603 m1=1 -> refused 7102
		month 202603 m2=1 -> refused 7102
		month 202603 m1=0 -> acted`,

	"a cancelled bill with a deduction: the deduction can only be restored, and nothing is left": `
		2304 m1 -> booked moves=+
		act deduct bill/m1 310100=100.00 -> acted
		2305 m3 setl_id=m1 -> cancelled of=m1 moves=-
		act uphold case/deduction/@ -> refused 7005
		act restore case/deduction/@ -> acted
		stands m1 Accrued=14025.00
		stands m3 Accrued=-14025.00`,

	"a bill slips two months, is overdue then, and late after the first quarter": `
		2304 m1 -> booked moves=+
		day 2027-04-02
		month 202703 m1=0 -> acted
		month 202703 m1=1 -> acted
		rollback 202703 batch=0 -> acted
		day 2027-05-03
		month 202704 m1=1 -> refused 7109`,

	"an inquiry is listed, answered and confirmed": `
		2304 m1 medfee_sumamt=30000.00 inscp_scp_amt=27000.00 -> booked moves=+
		2304 m2 mdtrt_id=V2 medfee_sumamt=29999.99 inscp_scp_amt=26999.99 -> booked moves=+
		act inquire bill/m2 province=11 by=wang -> refused 7007
		act inquire bill/m1 by=wang -> refused 7006
		act inquire bill/m1 province=11 by=wang -> acted
		state case/inquiry/202603/1 waiting
		act inquire bill/m1 province=11 by=wang -> refused 7005
		act answer case/inquiry/202603/1 result=right by=li -> refused 7005
		act retract case/inquiry/202603/1 province=11 by=wang -> acted
		day 2026-03-25
		act inquire bill/m1 province=11 by=wang -> acted
		day 2026-03-26
		act retract case/inquiry/202603/1 province=11 by=wang -> refused 7005
		act answer case/inquiry/202603/1 by=li -> refused 7002
		act answer case/inquiry/202603/1 result=wrong by=li province=11 -> refused 7006
		act answer case/inquiry/202603/1 result=wrong by=li -> acted
		state case/inquiry/202603/1 answered
		act agree case/inquiry/202603/1 by=li -> refused 7006
		act agree case/inquiry/202603/1 province=11 by=wang -> acted
		state case/inquiry/202603/1 confirmed
		act inquire bill/m1 province=11 by=wang -> acted
		state case/inquiry/202604/1 waiting`,

	"a ticket is answered in its time, counts as confirmed, and is reopened to the upper level": `
		act ticket new ticket=filing,33 province=11 by=wang -> acted
		act ticket new ticket=nothing,33 province=11 by=wang -> refused 7002
		act ticket new ticket=filing,11 province=11 by=wang -> refused 7002
		state case/ticket/@ waiting
		act answer case/ticket/@ province=11 by=wang -> refused 7006
		act answer case/ticket/@ by=li -> acted
		state case/ticket/@ answered
		act reopen case/ticket/@ by=li -> refused 7006
		act reopen case/ticket/@ province=11 by=wang -> acted
		state case/ticket/@ waiting
		act answer case/ticket/@ by=sun -> acted
		day 2026-03-13
		state case/ticket/@ answered
		day 2026-03-14
		state case/ticket/@ confirmed
		act agree case/ticket/@ province=11 by=wang -> refused 7005
		act reopen case/ticket/@ province=11 by=wang -> acted
		act answer case/ticket/@ by=li -> acted
		act reopen case/ticket/@ province=11 by=wang -> refused 7005
		act agree case/ticket/@ province=11 by=wang -> acted`,

	"a year that the calendar does not know refuses what needs a due date": `
		day 2026-12-30
		act ticket new ticket=other,33 province=11 by=wang -> refused 7008`,
}

func TestActs(t *testing.T) {
	for name, script := range actScripts {
		t.Run(name, func(t *testing.T) {
			p := newPlay(t)
			for line := range strings.Lines(script) {
				if line = strings.TrimSpace(line); line != "" {
					p.line(line)
				}
			}
			p.checkActs()
		})
	}
}

// Every code of acts and of the monthly confirmation is what some script is refused with.
func TestEveryCodeOfActsIsProduced(t *testing.T) {
	all := strings.Join(slices.Collect(maps.Values(actScripts)), "\n")
	for _, code := range provinces.Codes() {
		if code >= 7000 && code < 8000 && !strings.Contains(all, fmt.Sprintf("refused %d", code)) {
			t.Errorf("no script is refused with %d (%s)", code, code.Text().Name)
		}
	}
}

// play is books with officers at work on them.
type play struct {
	*books
	day     ledger.Day
	objects map[string]string // what was seen last of a target
	newest  map[clearing.CaseKind]clearing.CaseKey
	count   int
}

// plainDays knows the year 2026, in which every day is a working day.
type plainDays struct{}

func (plainDays) After(day ledger.Day, n int) (ledger.Day, error) {
	if due := day + ledger.Day(n); due.Year() == 2026 {
		return due, nil
	}
	return 0, errors.New("no calendar")
}

func newPlay(t *testing.T) *play {
	p := &play{books: newBooks(t), day: ledger.NewDay(2026, time.March, 3), objects: map[string]string{}, newest: map[clearing.CaseKind]clearing.CaseKey{}}
	p.rows, p.cases, p.breaks = map[uint64]clearing.RowState{}, map[clearing.CaseKey]clearing.Case{}, map[string]reconcile.Break{}
	p.desk.Calendar = plainDays{}
	return p
}

// The books as acts see them.

func (b *books) Row(n uint64) (clearing.RowState, error) { return b.rows[n], nil }

func (b *books) Case(key clearing.CaseKey) (*clearing.Case, error) {
	if c, ok := b.cases[key]; ok {
		return &c, nil
	}
	return nil, nil
}

func (b *books) CasesOf(kind clearing.CaseKind, prefix string) (list []clearing.Case, _ error) {
	for key, c := range b.cases {
		if key.Kind == kind && strings.HasPrefix(key.ID, prefix) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(x, y clearing.Case) int { return strings.Compare(x.ID, y.ID) })
	return list, nil
}

func (b *books) Break(key string) (*reconcile.Break, error) {
	if brk, ok := b.breaks[key]; ok {
		return &brk, nil
	}
	return nil, nil
}

func (b *books) BreakGroup(name string) (list []reconcile.Break, _ error) {
	for _, key := range slices.Sorted(maps.Keys(b.breaks)) {
		for _, e := range b.breaks[key].History {
			if e.Group == name {
				list = append(list, b.breaks[key])
				break
			}
		}
	}
	return list, nil
}

func (p *play) line(line string) {
	p.Helper()
	fields := strings.Fields(line)
	switch fields[0] {
	case "day":
		var err error
		if p.day, err = ledger.ParseDay(fields[1]); err != nil {
			p.Fatal(err)
		}
		p.open = p.day
	case "break":
		p.found(p.name(fields[1]), fields[2:])
	case "group", "waiting":
		for _, key := range fields[2:] {
			brk := p.brk(p.name(key), reconcile.Timing)
			brk.State = reconcile.Resolved
			brk.History = []reconcile.Event{{Evening: p.day, State: reconcile.Resolved, What: reconcile.EventResolved + "timing-pair", Group: fields[1]}}
			if fields[0] == "waiting" {
				brk.State = reconcile.Open
				brk.History[0].State, brk.History[0].What = reconcile.Open, reconcile.EventWaiting+"timing-pair"
			}
			p.breaks[brk.Key] = brk
		}
	case "stands":
		p.stands(fields[1], fields[2:])
	case "state":
		p.state(p.name(fields[1]), fields[2])
	case "act", "month", "rollback":
		p.act(line, fields)
	default:
		p.books.play(line)
	}
}

// name replaces message ids and @ in a target.
func (p *play) name(target string) string {
	parts := strings.Split(target, "/")
	for i, part := range parts {
		if n, ok := p.numberOf(part); ok {
			parts[i] = strconv.FormatUint(n, 10)
		}
		if part == "@" {
			parts[i] = p.newest[clearing.CaseKind(parts[i-1])].ID
		}
	}
	return strings.Join(parts, "/")
}

func (p *play) numberOf(msgid string) (uint64, bool) {
	for _, r := range p.records {
		if r.Act == nil && r.MsgID() == msgid {
			return r.Number, true
		}
	}
	return 0, false
}

func (p *play) brk(key string, class reconcile.Class) reconcile.Break {
	number, _ := strconv.ParseUint(strings.TrimPrefix(key, "bill/"), 10, 64)
	r, err := p.Record(number)
	if err != nil {
		p.Fatal(err)
	}
	return reconcile.Break{
		Key: key, Day: r.Day, Home: r.Home, Treatment: r.Treatment, Provider: r.Provider, Entry: number,
		Party: provinces.Party{Kind: provinces.PartyProvider, Province: "33", Provider: r.Provider},
		Class: class, FirstSeen: p.day, State: reconcile.Open, History: []reconcile.Event{{Evening: p.day, State: reconcile.Open, What: "seen"}},
	}
}

// found is what the night would write.
func (p *play) found(key string, words []string) {
	brk := p.brk(key, reconcile.Class(words[0]))
	brk.Facts = [32]byte{byte(len(p.breaks)), byte(len(strings.Join(words, " ")))}
	copy(brk.Facts[2:], strings.Join(words, " "))
	finding := reconcile.Finding{Side: reconcile.Hospital, Class: brk.Class}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "owed":
			brk.Owed = p.yuan(value)
			finding.Owed = brk.Owed
		case "side":
			if value == "home" {
				finding.Side = reconcile.Home
				brk.Party = provinces.Party{Kind: provinces.PartyHome, Province: "11"}
			}
		default:
			ours, theirs, _ := strings.Cut(value, "/")
			brk.Findings = append(brk.Findings, reconcile.Finding{Side: finding.Side, Class: brk.Class, Field: name, Ours: ours, Theirs: theirs})
		}
	}
	brk.Findings = append(brk.Findings, finding)
	p.breaks[key] = brk
}

func (p *play) yuan(text string) ledger.Amount {
	p.Helper()
	amount, err := ledger.ParseAmount(text)
	if err != nil {
		p.Fatalf("%s: %v", text, err)
	}
	return amount
}

func (p *play) stands(msgid string, want []string) {
	p.Helper()
	number, _ := p.numberOf(msgid)
	record, err := p.Record(number)
	if err != nil {
		p.Fatal(err)
	}
	list, err := clearing.Standing(p, record)
	if err != nil {
		p.Fatal(err)
	}
	sums := map[ledger.Stage]ledger.Amount{}
	for _, s := range list {
		sums[s.Stage] += s.Amount
	}
	var got []string
	for _, stage := range ledger.Stages {
		if sums[stage] != 0 {
			got = append(got, fmt.Sprintf("%s=%s", stage, sums[stage]))
		}
	}
	if !slices.Equal(got, want) {
		p.Errorf("stands %s %v, is %v", msgid, want, got)
	}
}

func (p *play) state(target, want string) {
	p.Helper()
	kind, key, _ := strings.Cut(target, "/")
	got := ""
	if kind == "break" {
		got = string(p.breaks[key].State)
	} else if parsed, ok := clearing.ParseCaseKey(key); ok {
		c := p.cases[parsed]
		got = string(c.StateOn(p.day))
	}
	if got != want {
		p.Errorf("state %s is %q, want %q", target, got, want)
	}
}

// act carries a line's order out and compares what became of it.
func (p *play) act(line string, fields []string) {
	p.Helper()
	arrow := slices.Index(fields, "->")
	var order clearing.ActOrder
	switch fields[0] {
	case "act":
		order = p.officersOrder(fields[1:arrow])
	default:
		order = p.monthOrder(fields[0], fields[1:arrow])
	}
	p.count++
	order.At = time.Date(2026, 3, 4, 1, 2, 3, p.count, time.UTC)
	decision, err := p.desk.Act(p, order, p.day)
	var refusal *provinces.RejectError
	var used *clearing.UsedError
	got := "acted"
	switch {
	case errors.As(err, &used):
		got = "used"
	case errors.As(err, &refusal):
		got = fmt.Sprintf("refused %d", refusal.Code)
	case err != nil:
		p.Fatalf("%s: %v", line, err)
	}
	if want := strings.Join(fields[arrow+1:], " "); got != want {
		p.Errorf("%s\n    became: %s %v", line, got, err)
	}
	if err == nil {
		p.acted(decision, order)
	}
}

// acted stores a decision and holds it against what it promises: the published answer
// alone, with no break in the books, comes to the same record.
func (p *play) acted(d clearing.Decision, order clearing.ActOrder) {
	p.Helper()
	read, err := clearing.ReadInstruction(d.Record.Envelope().Subject, d.Record.Answer)
	if err != nil || !clearing.IsInstruction(d.Record.Envelope().Subject) {
		p.Fatal(err)
	}
	breaks, calendar := p.breaks, p.desk.Calendar
	p.breaks, p.desk.Calendar = map[string]reconcile.Break{}, nil
	again, err := p.desk.InstructAgain(p, read, d.Record.Day)
	p.breaks, p.desk.Calendar = breaks, calendar
	if err != nil || !reflect.DeepEqual(d.Record, again.Record) || !reflect.DeepEqual(d.Entry, again.Entry) || !reflect.DeepEqual(d.Cases, again.Cases) {
		p.Errorf("%s %s decided again from its answer: %v\n%+v\n%+v", order.Kind, order.Target, err, d.Record, again.Record)
	}
	if strings.Contains(string(d.Record.Answer), yearOfScripts.PersonNo) {
		p.Error("the answer tells who the person is")
	}
	p.apply(d)
	for _, change := range d.Rows {
		p.rows[change.Row] = change.State
	}
	for _, c := range d.Cases {
		p.cases[c.Key()] = c
		if c.Kind != clearing.CaseProposal || c.State == clearing.Waiting {
			p.newest[c.Kind] = c.Key()
		}
	}
	for _, brk := range d.Breaks {
		p.breaks[brk.Key] = brk
	}
}

func (p *play) officersOrder(fields []string) clearing.ActOrder {
	p.Helper()
	order := clearing.ActOrder{Kind: clearing.ActKind(fields[0]), Target: p.name(fields[1]), Province: "33", Reason: "复核"}
	by := map[bool]string{true: "wang,li", false: "wang"}[order.Kind.Checked()]
	for _, field := range fields[2:] {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "by":
			by = value
		case "step":
			order.Step = clearing.ActStep(value)
		case "province":
			order.Province = ledger.Province(value)
		case "object":
			order.Object = p.objects[order.Target]
		case "side":
			order.Side = value
		case "result":
			order.Result = value
		case "proposal":
			order.Proposal, _ = strconv.ParseUint(value, 10, 64)
		case "ticket":
			kind, to, _ := strings.Cut(value, ",")
			order.Ticket = &clearing.TicketOrder{Type: clearing.TicketType(kind), To: ledger.Province(to)}
		default:
			order.Funds = append(order.Funds, clearing.FundFigure{Fund: ledger.Fund(name), Amount: p.yuan(value)})
		}
	}
	order.Maker, order.Checker, _ = strings.Cut(by, ",")
	if decides := order.Step == clearing.StepApprove || order.Step == clearing.StepWithdraw; decides && order.Proposal == 0 {
		order.Proposal, _ = strconv.ParseUint(p.newest[clearing.CaseProposal].ID, 10, 64)
	}
	if order.Object == "" {
		order.Object = p.see(order.Province, order.Target)
	}
	return order
}

// see is the object of a target now; what is not seen has one that is made up.
func (p *play) see(province ledger.Province, target string) string {
	looked, err := p.desk.Look(p, province, target)
	if err != nil || strings.HasPrefix(target, "new") || strings.HasPrefix(target, "month") {
		p.count++
		return fmt.Sprintf("%064x", p.count)
	}
	p.objects[target] = looked.Object
	return looked.Object
}

func (p *play) monthOrder(what string, fields []string) clearing.ActOrder {
	p.Helper()
	n, _ := strconv.Atoi(fields[0])
	period := clearing.Period(n)
	month := &clearing.MonthOrder{Period: period, Provider: "H33010000001", Area: "330100", MsgID: fmt.Sprintf("month%d", p.count)}
	order := clearing.ActOrder{Kind: clearing.ActConfirm, Province: "33", Target: clearing.MonthTarget(period), Maker: "op1", Reason: "3261", Month: month}
	if what == "rollback" {
		order.Kind, order.Reason = clearing.ActRollBack, "3262"
	}
	for _, field := range fields[1:] {
		name, value, _ := strings.Cut(field, "=")
		last := len(month.Rows) - 1
		switch name {
		case "batch":
			month.Batch, _ = strconv.ParseUint(value, 10, 64)
		case "provider":
			month.Provider = value
		case "msgid":
			month.MsgID = value
		case "total":
			month.Rows[last].Total++
		case "pays":
			month.Rows[last].Pays--
		case "visit":
			month.Rows[last].VisitID = "other"
		case "time":
			month.Rows[last].SettledAt = "2026-01-01 00:00:00"
		default:
			month.Rows = append(month.Rows, p.monthRow(name, value == "1"))
		}
	}
	order.Object = fmt.Sprintf("%064x", []byte(month.MsgID))
	return order
}

func (p *play) monthRow(id string, confirm bool) clearing.MonthRow {
	row := clearing.MonthRow{SettlementID: id, Confirm: confirm}
	number, ok := p.numberOf(id)
	if !ok {
		return row
	}
	r, _ := p.Record(number)
	bill, sign, err := clearing.BillOf(p, r)
	if err != nil {
		p.Fatal(err)
	}
	figures := clearing.FiguresOf(bill, sign)
	row.SettlementID = fmt.Sprintf("%sG%013d", bill.Treatment, number)
	row.VisitID, row.Total, row.Pays = bill.Bill.Claim.VisitID, figures.Total, figures.Pays
	row.SettledAt = r.ReceivedTime().Format(time.DateTime)
	return row
}

// checkActs holds, in the end, every promise of the books: each act is what its order says,
// and what stands of all rows, stage by stage and fund by fund, is the sum of the entries
// on both sides.
func (p *play) checkActs() {
	p.Helper()
	type key struct {
		stage ledger.Stage
		fund  ledger.Fund
	}
	stands, receivable, payable := map[key]ledger.Amount{}, map[key]ledger.Amount{}, map[key]ledger.Amount{}
	for _, r := range p.records {
		if r.Act != nil {
			if err := clearing.CheckAct(p, r, p.entries[r.Number]); err != nil {
				p.Errorf("record %d: %v", r.Number, err)
			}
		}
		for _, posting := range p.entries[r.Number].Postings {
			sums := receivable
			if posting.Account.Side == ledger.Payable {
				sums = payable
			}
			sums[key{posting.Account.Stage, posting.Account.Fund}] += posting.Amount
		}
		if r.Effect == 0 {
			continue
		}
		list, err := clearing.Standing(p, r)
		if err != nil {
			p.Fatal(err)
		}
		for _, s := range list {
			stands[key{s.Stage, s.Fund}] += s.Amount
		}
	}
	for k := range payable {
		payable[k] = -payable[k]
	}
	for _, sums := range []map[key]ledger.Amount{stands, receivable, payable} {
		maps.DeleteFunc(sums, func(_ key, a ledger.Amount) bool { return a == 0 })
	}
	if !maps.Equal(stands, receivable) || !maps.Equal(stands, payable) {
		p.Errorf("stands %v\nreceivable %v\npayable %v", stands, receivable, payable)
	}
}

// A row without a bill may name the other side and leave out its own area: whoever stated it
// decides about it, as the other side does, and nobody else.
func TestWhoStatedARowDecidesAboutIt(t *testing.T) {
	p := newPlay(t)
	p.line("2304 m1 -> booked")
	row := reconcile.Break{
		Key: "row/treatment.33/330100G9000000000001", Home: "653100", Party: provinces.Party{Kind: provinces.PartyTreatment, Province: "33"},
		Class: reconcile.Surplus, State: reconcile.Open,
	}
	p.breaks[row.Key] = row
	looked, err := p.desk.Look(p, "33", "break/"+row.Key)
	if err != nil || !slices.Equal(looked.Parties, []ledger.Province{"65", "33"}) {
		t.Errorf("parties %v, %v", looked.Parties, err)
	}
}

// A break's stored form in an order comes back as it was: that is what restored books
// have of it.
func TestTheBreakThatWasSeenComesBack(t *testing.T) {
	p := newPlay(t)
	p.line("2304 m1 -> booked")
	p.line("break bill/m1 AMT_OVER owed=3.00 310100=14025.00/14028.00")
	seen := p.breaks["bill/1"]
	p.line("act comment break/bill/m1 by=wang -> acted")
	var answer struct {
		Order clearing.ActOrder `json:"order"`
	}
	if err := json.Unmarshal(p.records[1].Answer, &answer); err != nil {
		t.Fatal(err)
	}
	var back reconcile.Break
	if err := cbor.Unmarshal(answer.Order.Seen.Break, &back); err != nil || !reflect.DeepEqual(back, seen) {
		t.Errorf("%v\n%+v\n%+v", err, back, seen)
	}
}

// Each kind of act has a rule, and the rule for two persons is the law's: what moves
// money between parties or ends a break.
func TestWhichActsNeedTwoPersons(t *testing.T) {
	two := []clearing.ActKind{clearing.ActAccept, clearing.ActClose, clearing.ActUndo, clearing.ActResolve, clearing.ActReverse,
		clearing.ActDeduct, clearing.ActUphold, clearing.ActRestore, clearing.ActTakeBack}
	one := []clearing.ActKind{clearing.ActComment, clearing.ActAssign, clearing.ActAppeal, clearing.ActConfirm, clearing.ActRollBack,
		clearing.ActInquire, clearing.ActRetract, clearing.ActAnswer, clearing.ActAgree, clearing.ActTicket, clearing.ActReopen}
	for _, kind := range two {
		if !kind.Checked() {
			t.Errorf("%s is carried out by one person", kind)
		}
	}
	for _, kind := range one {
		if kind.Checked() {
			t.Errorf("%s asks for two persons", kind)
		}
	}
}

// The list of the 26th (article 58): entries of the 26th to the 25th, answered by the 26th
// of the month after; what is late rolls over and is counted.
func TestInquiriesRollOver(t *testing.T) {
	for day, want := range map[string]clearing.Period{"2026-03-25": 202603, "2026-03-26": 202604, "2026-12-26": 202701, "2026-01-01": 202601} {
		d, _ := ledger.ParseDay(day)
		if got := clearing.InquiryList(d); got != want {
			t.Errorf("%s is on the list of %s, want %s", day, got, want)
		}
	}
	p := newPlay(t)
	p.line("2304 m1 medfee_sumamt=30000.00 inscp_scp_amt=27000.00 -> booked")
	p.line("act inquire bill/m1 province=11 by=wang -> acted")
	c := p.cases[clearing.CaseKey{Kind: clearing.CaseInquiry, ID: "202603/1"}]
	for day, want := range map[string]int{"2026-04-26": 0, "2026-04-27": 1, "2026-05-26": 1, "2026-05-27": 2} {
		d, _ := ledger.ParseDay(day)
		if got := c.Late(d); got != want {
			t.Errorf("on %s it is late %d times, want %d", day, got, want)
		}
	}
}

// Whatever officers and hospitals do in whatever order, what stands of all rows is the sum
// of the entries, stage by stage, on both sides; no act takes more than stands; and every
// act comes to the same from its answer alone (play.acted).
func TestAnyOrderOfActsAddsUp(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p := newPlay(t)
		var bills []string
		for i := range 3 {
			visit := fmt.Sprintf("V%d", i+1)
			bills = append(bills, fmt.Sprintf("m%d", i+1))
			p.books.play(fmt.Sprintf("2304 m%d mdtrt_id=%s psn_no=1100000000000000000%d -> booked", i+1, visit, i+1))
		}
		p.day, p.open = ledger.NewDay(2026, time.April, 2), ledger.NewDay(2026, time.April, 2)
		for step := range rapid.IntRange(1, 25).Draw(r, "steps") {
			bill := rapid.SampledFrom(bills).Draw(r, "bill")
			yuan := ledger.Amount(rapid.IntRange(1, 16_000_00).Draw(r, "fen"))
			number, _ := p.numberOf(bill)
			var order clearing.ActOrder
			switch rapid.SampledFrom([]string{"deduct", "takeback", "uphold", "restore", "confirm", "rollback", "cancel", "accept"}).Draw(r, "what") {
			case "deduct":
				order = p.officersOrder([]string{"deduct", "bill/" + bill, "310100=" + yuan.String()})
			case "takeback":
				order = p.officersOrder([]string{"takeback", "bill/" + bill, "310100=" + yuan.String()})
			case "uphold":
				order = p.officersOrder([]string{"uphold", "case/deduction/@"})
			case "restore":
				order = p.officersOrder([]string{"restore", "case/" + rapid.SampledFrom([]string{"deduction", "takeback"}).Draw(r, "kind") + "/@"})
			case "confirm":
				p.count++
				order = p.monthOrder("month", []string{"202603", bill + "=1"})
			case "rollback":
				p.count++
				order = p.monthOrder("rollback", []string{"202603", "batch=0"})
			case "accept":
				p.found(fmt.Sprintf("bill/%d", number), []string{"AMT_OVER", "owed=" + (yuan - 8_000_00).String(), "side=home"})
				order = p.officersOrder([]string{"accept", "break/bill/" + bill, "310100=" + (yuan - 8_000_00).String()})
			case "cancel":
				p.books.play(fmt.Sprintf("2305 c%d setl_id=%s mdtrt_id=V%s psn_no=1100000000000000000%s -> %s", step, bill, bill[1:], bill[1:],
					map[bool]string{true: "cancelled", false: "repeated"}[p.undone[number] == 0]))
				continue
			}
			p.count++
			order.At = time.Date(2026, 4, 2, 0, 0, 0, p.count, time.UTC)
			decision, err := p.desk.Act(p, order, p.day)
			var refusal *provinces.RejectError
			if err != nil && !errors.As(err, &refusal) {
				r.Fatalf("%s %s: %v", order.Kind, order.Target, err)
			}
			if err == nil {
				p.acted(decision, order)
			}
		}
		p.checkActs()
		for _, bill := range bills {
			number, _ := p.numberOf(bill)
			record, _ := p.Record(number)
			stands, err := clearing.Standing(p, record)
			if err != nil {
				r.Fatal(err)
			}
			var sum ledger.Amount
			for _, s := range stands {
				if sum += s.Amount; s.Amount < 0 && s.Stage == ledger.Reserved {
					r.Errorf("%s has %s reserved", bill, s.Amount)
				}
			}
			if sum < 0 {
				r.Errorf("%s owes %s", bill, sum)
			}
		}
	})
}
