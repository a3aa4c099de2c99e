package provinces

import (
	"strings"
	"testing"
)

func TestParseSubject(t *testing.T) {
	good := Subject{Treatment: "31", Home: "65", Provider: "H31010400001", MsgID: "a_B-9"}
	for _, text := range []string{good.Claims(), good.Answers()} {
		if got, err := ParseSubject(text); err != nil || got != good {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "claims", "claims.31.65.H31010400001", "claims.31.65.H31010400001.a.b", "other.31.65.H31010400001.a",
		"claims.310.65.H31010400001.a", "claims.3x.65.H31010400001.a", "claims.31.65.X31010400001.a", "claims.31.65.H3101040001.a",
		"claims.31.65.H31010400001.", "claims.31.65.H31010400001.>", "claims.31.65.H31010400001.*", "claims.31.65.H31010400001." + strings.Repeat("a", 31), "claims.３１.65.H31010400001.a",
	} {
		if got, err := ParseSubject(text); err == nil {
			t.Errorf("%q is taken for %+v", text, got)
		}
	}
}

func TestAgree(t *testing.T) {
	subject := Subject{Treatment: "31", Home: "65", Provider: "H31010400001", MsgID: "m1"}
	request := Request{Treatment: "310104", Home: "650100", Provider: "H31010400001", MsgID: "m1"}
	if refusal := Agree(subject, request); refusal != nil {
		t.Fatalf("refused %v", refusal)
	}
	for field, change := range map[string]func(*Request){
		"mdtrtarea_admvs": func(r *Request) { r.Treatment = "320100" },
		"insuplc_admdvs":  func(r *Request) { r.Home = "" },
		"fixmedins_code":  func(r *Request) { r.Provider = "P31010400001" },
		"msgid":           func(r *Request) { r.MsgID = "M1" },
	} {
		other := request
		change(&other)
		refusal := Agree(subject, other)
		if refusal == nil || refusal.Code != CodeSubject || len(refusal.Errors) != 1 || refusal.Errors[0].Field != field || refusal.Errors[0].Code != CodeSubject {
			t.Errorf("%s: %+v", field, refusal)
		}
	}
	if refusal := Agree(subject, Request{}); refusal == nil || len(refusal.Errors) != 4 {
		t.Errorf("all differ: %+v", refusal)
	}
}
