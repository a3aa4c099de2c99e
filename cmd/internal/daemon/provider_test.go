package daemon_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"clearingd/clearing/benefit"
	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/provinces"
)

// jinanStay is a stay of a person insured in Jinan, whose plan knows community hospitals
// (deductible 200, elsewhere in level one 400), at a hospital in Hangzhou that says that
// it is of level one.
func jinanStay(msgid, visit string) sim.Message {
	m := bjStay(msgid, visit, "2026-03-02")
	body := bytes.ReplaceAll(m.Body, []byte(`"insuplc_admdvs":"110105"`), []byte(`"insuplc_admdvs":"370102"`))
	body = bytes.ReplaceAll(body, []byte(bjPerson), []byte("3701000000000000"+visit))
	body = bytes.ReplaceAll(body, []byte(`"hosp_lv":"02"`), []byte(`"hosp_lv":"08"`))
	return sim.Message{Subject: "claims.33.37.H33010000001." + msgid, Body: body}
}

// providerDocument tells what the hospital in Hangzhou is.
func providerDocument(version int, more string) sim.Registration {
	return sim.Registration{Subject: "registry.33.provider", Body: fmt.Appendf(nil,
		`{"doctype":"provider","docid":"U1","docver":%d,"mdtrtarea_admvs":"330100","fixmedins_code":"H33010000001","begndate":"2026-01-01",%s}`, version, more)}
}

// settledDeductible is the deductible that an answer tells.
func settledDeductible(t testing.TB, body []byte) string {
	var a struct {
		Output struct {
			Settled map[string]any `json:"setlinfo"`
		} `json:"output"`
	}
	if err := json.Unmarshal(body, &a); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(a.Output.Settled["act_pay_dedc"])
}

// TestACommunityHospitalIsSettledAsOne: from the treatment province's document over the
// claim, its estimate and its explanation to the recomputation from the books alone.
func TestACommunityHospitalIsSettledAsOne(t *testing.T) {
	h := start(t, configOf(t))
	estimate := func(m sim.Message) string {
		body := bytes.Replace(m.Body, []byte(`"2304"`), []byte(`"2303"`), 1)
		reply, err := h.hospital.Call(t.Context(), service.Estimate+".33.37.H33010000001", body)
		if err != nil {
			t.Fatal(err)
		}
		return settledDeductible(t, reply)
	}
	settle := func(m sim.Message) (string, service.ClaimReply) {
		answer := h.send([]sim.Message{m})[0]
		return settledDeductible(t, answer.Body), call[service.ClaimReply](h, service.Claim, service.ClaimRequest{Message: m.Subject[len("claims."):]})
	}

	before, silent := settle(jinanStay("m1", "V001"))
	if before != "400.00" || silent.Facility != nil {
		t.Errorf("where the register is silent: deductible %s, facility %+v", before, silent.Facility)
	}
	h.register([]sim.Registration{providerDocument(1, `"hosp_lv":"09","traits":["community"],"fixmedins_name":"样例社区医院"`)})
	if got := estimate(jinanStay("m2", "V002")); got != "200.00" {
		t.Errorf("estimated with a deductible of %s", got)
	}
	planned, err := h.hospital.Call(t.Context(), service.Journey+".33.37.H33010000001", bytes.Replace(jinanStay("m2", "V002").Body, []byte(`"2304"`), []byte(`"2303"`), 1))
	if err != nil || settledDeductible(t, planned) != "200.00" {
		t.Errorf("planned: %s, %v", planned, err)
	}
	after, explained := settle(jinanStay("m2", "V002"))
	if after != "200.00" || explained.Facility == nil || explained.Facility.Text("en") != "first+community" {
		t.Errorf("deductible %s, facility %+v", after, explained.Facility)
	}
	if !slices.ContainsFunc(explained.Adjudication.Trace, func(s benefit.Step) bool {
		return s.Text("en") == "the treatment province's register knows the hospital as first+community; the claim says first"
	}) {
		t.Errorf("the trace does not tell where the hospital's kind comes from: %+v", explained.Adjudication.Trace)
	}

	h.register([]sim.Registration{
		providerDocument(2, `"hosp_lv":"01"`),
		providerDocument(3, `"hosp_lv":"01","traits":["flagship"]`),
	})
	if third, _ := settle(jinanStay("m3", "V003")); third != "1000.00" {
		t.Errorf("after the correction: deductible %s", third)
	}
	shown := call[service.RegistryProviderReply](h, service.RegistryProvider+".33", service.RegistryProviderRequest{Provider: "H33010000001"})
	if !shown.Known || shown.Today == nil || shown.Today.Level != benefit.LevelSpecial || len(shown.Facilities) != 1 || shown.Facilities[0].Version != 2 {
		t.Errorf("%+v", shown)
	}
	refused := call[service.RegistryRefusalsReply](h, service.RegistryRefusals+".33", nil)
	if len(refused.Refusals) != 1 || refused.Refusals[0].Code != provinces.CodeUnknownCode || refused.Refusals[0].Provider != "H33010000001" || refused.Refusals[0].Person != "" {
		t.Errorf("%+v", refused)
	}
	if check := call[service.CheckReply](h, service.Check, service.CheckRequest{Recompute: true}); len(check.Faults) > 0 {
		t.Errorf("the books do not recompute: %v", check.Faults)
	}
}
