package clearing

import (
	"slices"
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"clearingd/ledger"
	"clearingd/provinces"
)

// actRule says what a kind of act takes.
type actRule struct {
	targets []string // kinds of targets
	checked bool     // it moves money or ends a break: two persons
	do      func(*acting) error
	takes   string // what it can take besides: "funds", "side", "result"
}

// actRules is filled below, since an act can look up the rule of what it approves.
var actRules map[ActKind]actRule

func init() {
	actRules = map[ActKind]actRule{
		ActComment:  {[]string{"break", "case"}, false, (*acting).comment, ""},
		ActAssign:   {[]string{"break"}, false, (*acting).assign, "side"},
		ActAccept:   {[]string{"break"}, true, (*acting).accept, "funds side"},
		ActClose:    {[]string{"break"}, true, (*acting).closeBreak, ""},
		ActUndo:     {[]string{"group"}, true, (*acting).undoGroup, ""},
		ActResolve:  {[]string{"group"}, true, (*acting).resolveGroup, ""},
		ActReverse:  {[]string{"act"}, true, (*acting).reverseAccepted, ""},
		ActDeduct:   {[]string{"bill"}, true, (*acting).deduct, "funds"},
		ActAppeal:   {[]string{"case"}, false, (*acting).appeal, ""},
		ActUphold:   {[]string{"case"}, true, (*acting).uphold, ""},
		ActRestore:  {[]string{"case"}, true, (*acting).restore, ""},
		ActTakeBack: {[]string{"bill"}, true, (*acting).takeBack, "funds"},
		ActConfirm:  {[]string{"month"}, false, (*acting).confirm, ""},
		ActRollBack: {[]string{"month"}, false, (*acting).rollBack, ""},
		ActInquire:  {[]string{"bill"}, false, (*acting).inquire, ""},
		ActRetract:  {[]string{"case"}, false, (*acting).retract, ""},
		ActAnswer:   {[]string{"case"}, false, (*acting).answerCase, "result"},
		ActAgree:    {[]string{"case"}, false, (*acting).agreeCase, ""},
		ActTicket:   {[]string{"new"}, false, (*acting).openTicket, ""},
		ActReopen:   {[]string{"case"}, false, (*acting).reopenTicket, ""},
	}
}

// Checked reports whether a kind of act needs a second person.
func (k ActKind) Checked() bool { return actRules[k].checked }

// check reports what an order lacks by itself.
func (o ActOrder) check() *provinces.RejectError {
	form := func(field, expected string) *provinces.RejectError {
		return provinces.Reject(provinces.CodeActForm, field, expected, "")
	}
	rule, known := actRules[o.Kind]
	kind, _, _ := strings.Cut(o.Target, "/")
	switch {
	case !known:
		return form("kind", "a kind of act")
	case !provinces.Known(o.Province):
		return form("province", "a province")
	case !slices.Contains(rule.targets, kind) || len(o.Target) > targetBytesMax:
		return form("target", strings.Join(rule.targets, "|"))
	case !isHexDigest(o.Object):
		return form("object", "[0-9a-f]{64}")
	case !oneLine(o.Reason, reasonRunesMax):
		return form("reason", "one line")
	case (o.Month != nil) != (kind == "month"), (o.Ticket != nil) != (o.Kind == ActTicket), !o.fitting(rule.takes):
		return form("kind", "with what it takes, and nothing else")
	}
	return o.checkNames(rule)
}

// fundsMax is more funds than any bill has.
const fundsMax = 40

// fitting: an order has nothing that its kind does not take, so that its answer has bounds.
// Who approves or withdraws adds nothing to what was proposed.
func (o ActOrder) fitting(takes string) bool {
	if o.Step == StepApprove || o.Step == StepWithdraw {
		takes = ""
	}
	return (len(o.Funds) == 0 || strings.Contains(takes, "funds") && len(o.Funds) <= fundsMax) &&
		(o.Side == "" || strings.Contains(takes, "side") && len(o.Side) <= wordBytesMax) &&
		(o.Result == "" || strings.Contains(takes, "result") && len(o.Result) <= wordBytesMax)
}

const wordBytesMax = 20

// targetBytesMax bounds a target's name: a row's key is the longest.
const targetBytesMax = 200

// checkNames: each step names exactly those who speak in it.
func (o ActOrder) checkNames(rule actRule) *provinces.RejectError {
	maker, checker := true, rule.checked
	switch o.Step {
	case StepDo:
	case StepPropose, StepWithdraw:
		checker = false
	case StepApprove:
		maker = false
	default:
		return provinces.Reject(provinces.CodeActForm, "step", "propose|approve|withdraw", "")
	}
	decided := o.Step == StepApprove || o.Step == StepWithdraw
	switch {
	case maker != (o.Maker != "") || maker && !oneLine(o.Maker, officerRunesMax):
		return provinces.Reject(provinces.CodeFourEyes, "maker", "one line, as the step asks for", "")
	case checker != (o.Checker != "") || checker && !oneLine(o.Checker, officerRunesMax):
		return provinces.Reject(provinces.CodeFourEyes, "checker", "one line, as the step asks for", "")
	case decided != (o.Proposal != 0), decided && !rule.checked:
		return provinces.Reject(provinces.CodeActForm, "proposal", "the books' number of a proposal, to approve or withdraw it", "")
	}
	return nil
}

// foldName takes away how a name can be spelt otherwise without naming anybody else:
// width, composition, case, invisible characters and space.
func foldName(name string) string {
	visible := strings.Map(func(r rune) rune {
		if r <= ' ' || r == '·' || r == '\u30fb' || !isGraphicName(r) {
			return -1
		}
		return r
	}, norm.NFKC.String(name))
	return norm.NFKC.String(cases.Fold().String(visible))
}

// SamePerson reports whether two names do not name two persons: they are one name, however
// it is spelt, or one of them names nobody.
func SamePerson(a, b string) bool {
	one, two := foldName(a), foldName(b)
	return one == two || one == "" || two == ""
}

// fundSums are an order's amounts by fund: each fund once, none zero, at most as many as
// there are funds.
func (o ActOrder) fundSums() (map[ledger.Fund]ledger.Amount, *provinces.RejectError) {
	sums := map[ledger.Fund]ledger.Amount{}
	for _, f := range o.Funds {
		if _, twice := sums[f.Fund]; twice || f.Amount == 0 || len(f.Fund) != 6 || strings.ContainsFunc(string(f.Fund), notDigit) {
			return nil, provinces.Reject(provinces.CodeActForm, "funds", "each fund once, no amount of zero", string(f.Fund))
		}
		sums[f.Fund] = f.Amount
	}
	return sums, nil
}
