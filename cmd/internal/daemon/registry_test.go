package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"clearingd/clearing/benefit"
	"clearingd/clearing/service"
	"clearingd/clearing/sim"
	"clearingd/config"
	"clearingd/provinces"
)

// register publishes documents, and waits for nothing: what is published before a claim
// must be known when the claim is settled.
func (h *house) register(documents []sim.Registration) {
	h.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for _, d := range documents {
		home, kind, err := provinces.ParseRegistrySubject(d.Subject)
		if err == nil {
			err = h.hospital.PublishRegistry(ctx, home, kind, d.Body)
		}
		if err != nil {
			h.Fatalf("%s: %v", d.Subject, err)
		}
	}
}

func registeredConfig(t testing.TB) config.Config {
	cfg := configOf(t)
	cfg.Homes.Default = config.Registered
	return cfg
}

// figures are what a bill came to, without what differs from run to run.
func figures(t testing.TB, answer provinces.Envelope) string {
	var body struct {
		Code   json.Number `json:"infcode"`
		Output struct {
			Settled map[string]any `json:"setlinfo"`
		} `json:"output"`
	}
	if err := json.Unmarshal(answer.Body, &body); err != nil {
		t.Fatal(err)
	}
	text := string(body.Code)
	for _, member := range []string{"psn_no", "hifp_pay", "hifmi_pay", "cvlserv_pay", "maf_pay", "acct_pay", "psn_cash_pay", "act_pay_dedc", "psn_type", "cvlserv_flag"} {
		text += fmt.Sprintf(" %s=%v", member, body.Output.Settled[member])
	}
	return text
}

// TestARegisteredDayComesOutAsTheDeclaredOne: a day whose register says what its claims
// say is settled to the same figures, except that no bill is marked as declared.
func TestARegisteredDayComesOutAsTheDeclaredOne(t *testing.T) {
	sample := sim.Day(sim.DefaultConfig(11, 60, openDay))
	declared := start(t, configOf(t))
	one := declared.send(sample.Messages)
	declared.close()

	h := start(t, registeredConfig(t))
	h.register(sim.Registry(sample.Messages))
	two := h.send(sample.Messages)
	booked := 0
	for i, m := range sample.Messages {
		if a, b := figures(t, one[i]), figures(t, two[i]); a != b {
			t.Errorf("%s, built as %s:\n  declared   %s\n  registered %s\n%s", m.Subject, m.What, a, b, two[i].Body)
		}
		if two[i].Header[provinces.HeaderOutcome] != string(provinces.Booked) {
			continue
		}
		booked++
		claim := call[service.ClaimReply](h, service.Claim, service.ClaimRequest{Message: strings.TrimPrefix(m.Subject, "claims.")})
		for _, w := range claim.Adjudication.Warnings {
			if w == benefit.WarnDeclared {
				t.Errorf("%s is marked as declared", m.Subject)
			}
		}
	}
	if booked < 40 {
		t.Errorf("%d bills of 60 messages", booked)
	}
	if check := call[service.CheckReply](h, service.Check, nil); len(check.Faults) > 0 {
		t.Errorf("the books fail their check: %v", check.Faults)
	}
}

func TestARegisteredProvinceRefusesStrangers(t *testing.T) {
	h := start(t, registeredConfig(t))
	sample := sim.Day(sim.Config{Seed: 3, Count: 2, Day: openDay})
	refused := h.send(sample.Messages)
	for i, answer := range refused {
		if !bytes.Contains(answer.Body, []byte(`"infcode":-2001`)) {
			t.Errorf("%s: %s", sample.Messages[i].Subject, answer.Body)
		}
	}
}

// TestTheRegisterSurvivesARestart, with what was refused of it; nothing that a service
// answers tells a name or a certificate.
func TestTheRegisterSurvivesARestart(t *testing.T) {
	cfg := registeredConfig(t)
	h := start(t, cfg)
	sample := sim.Day(sim.Config{Seed: 3, Count: 12, Day: openDay})
	documents := sim.Registry(sample.Messages)
	first := documents[0]
	home, kind, _ := provinces.ParseRegistrySubject(first.Subject)
	bad := sim.Registration{Subject: first.Subject, Body: bytes.Replace(first.Body, []byte(`"docver":1`), []byte(`"docver":0`), 1)}
	h.register(append(documents, first, bad))
	h.send(sample.Messages[:1])
	h.close()

	h = start(t, cfg)
	for i, answer := range h.send(sample.Messages) {
		if answer.Header[provinces.HeaderOutcome] != string(provinces.Booked) {
			t.Errorf("%s: %s", sample.Messages[i].Subject, answer.Body)
		}
	}
	refusals := call[service.RegistryRefusalsReply](h, service.RegistryRefusals+"."+string(home), nil)
	if len(refusals.Refusals) != 1 || refusals.Refusals[0].Code != provinces.CodeForm || refusals.Refusals[0].Kind != kind ||
		refusals.Counts[provinces.RegistryRepeated] != 1 || refusals.Counts[provinces.RegistryApplied] == 0 || refusals.Refusals[0].ZH == "" {
		t.Errorf("%+v", refusals)
	}
	certificate := regexp.MustCompile(`SAMPLE-0[123]-`)
	var stated struct {
		Person string `json:"psn_no"`
		Name   string `json:"psn_name"`
	}
	for _, d := range documents {
		if err := json.Unmarshal(d.Body, &stated); err != nil {
			t.Fatal(err)
		}
		home, _, _ := provinces.ParseRegistrySubject(d.Subject)
		reply := call[service.RegistryReply](h, service.Registry+"."+string(home), service.RegistryRequest{PersonNo: stated.Person})
		text, _ := json.Marshal(reply)
		if !reply.Known || len(reply.Enrolments) == 0 || reply.Mode != "registered" || !strings.HasPrefix(reply.Person, "p-") {
			t.Errorf("%s: %s", d.Subject, text)
		}
		if strings.Contains(string(text), stated.Person) || certificate.Match(text) || stated.Name != "" && strings.Contains(string(text), stated.Name) {
			t.Errorf("the service tells who it is: %s", text)
		}
	}
	if reply := call[service.RegistryReply](h, service.Registry+".11", service.RegistryRequest{PersonNo: "nobody"}); reply.Known {
		t.Errorf("%+v", reply)
	}
	misspelled := map[string]string{"psn_no": stated.Person}
	for _, about := range []string{service.Registry + ".11", service.RegistryProvider + ".11", service.Person} {
		if failure := h.refusedCall(about, misspelled); failure.Code != http.StatusBadRequest {
			t.Errorf("%s answers a request that names nobody: %+v", about, failure)
		}
	}
}
