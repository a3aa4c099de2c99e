package service

import (
	"encoding"
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// requestsAndReplies are what goes over the bus.
var requestsAndReplies = []any{
	ActRequest{}, ActReply{}, LookRequest{}, LookReply{}, CasesRequest{}, CasesReply{}, CopyRequest{}, CopyReply{},
	BreaksRequest{}, BreaksReply{}, BreakRequest{}, BreakReply{}, ReconcileRequest{}, ReconcileReply{}, WhyRequest{}, WhyReply{},
	RedoRequest{}, RedoReply{}, RefoldRequest{}, RefoldReply{}, RefoldsRequest{}, RefoldsReply{}, AdjustRequest{}, AdjustReply{},
	RegistryRequest{}, RegistryReply{}, RegistryProviderRequest{}, RegistryProviderReply{}, RegistryRefusalsRequest{}, RegistryRefusalsReply{},
	RemakeRequest{}, RemakeReply{}, StatusReply{}, ClaimRequest{}, ClaimReply{}, AnswerRequest{}, AnswerReply{}, PersonRequest{}, PersonReply{},
	BalancesRequest{}, BalancesReply{}, DaysReply{}, ReportRequest{}, ReportReply{}, CloseRequest{}, CloseReply{}, CheckRequest{}, CheckReply{},
	PlansReply{}, HaveRequest{}, HaveReply{}, StatementRequest{}, StatementReply{}, VerifyRequest{}, VerifyReply{},
}

var memberName = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)

// A program in any language reads these: members are written as everywhere else in the contract,
// however deep, and no Go name shows through.
func TestEveryMemberIsNamed(t *testing.T) {
	seen := make(map[reflect.Type]bool)
	for _, v := range requestsAndReplies {
		demandNames(t, reflect.TypeOf(v), seen)
	}
	if len(seen) < 2*len(requestsAndReplies)/3 {
		t.Errorf("only %d types were looked at", len(seen))
	}
}

func demandNames(t *testing.T, of reflect.Type, seen map[reflect.Type]bool) {
	t.Helper()
	if seen[of] {
		return
	}
	seen[of] = true
	if pointer := reflect.PointerTo(of); pointer.Implements(reflect.TypeFor[json.Marshaler]()) || pointer.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return // writes itself
	}
	switch of.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		demandNames(t, of.Elem(), seen)
	case reflect.Struct:
		for i := range of.NumField() {
			f := of.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "-" || !f.IsExported() && !f.Anonymous {
				continue
			}
			if !f.Anonymous && !memberName.MatchString(name) {
				t.Errorf("%s.%s is written as %q", of, f.Name, name)
			}
			demandNames(t, f.Type, seen)
		}
	}
}
