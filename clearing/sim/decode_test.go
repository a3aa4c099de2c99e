package sim_test

import (
	"errors"
	"testing"
	"time"

	"clearingd/clearing/sim"
	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/nhsa"
)

// What the samples say of their messages must be what the national dialect reads: good
// messages decode, broken ones are refused with the code they were built for. Codes from
// 4000 on, and a subject that disagrees, are found only further in.
func TestTheNationalDialectReadsTheSamplesAsBuilt(t *testing.T) {
	messages := sim.Day(sim.DefaultConfig(11, 3000, ledger.NewDay(2026, time.March, 18))).Messages
	messages = append(messages, sim.Xinjiang2016(sim.XinjiangConfig{Seed: 11, Internal: 50}).Messages...)
	dialect := nhsa.New(nhsa.Settings{})
	refused := map[provinces.Code]int{}
	for _, m := range messages {
		request, err := dialect.Decode(m.Body)
		inDecoder := m.Want.Code != 0 && m.Want.Code < 4000 && m.Want.Code != provinces.CodeSubject
		if !inDecoder {
			if err != nil {
				t.Fatalf("%s: %v\n%s", m.What, err, m.Body)
			}
			if request.Infno != m.Infno {
				t.Fatalf("%s: infno %s", m.What, request.Infno)
			}
			continue
		}
		var reject *provinces.RejectError
		if !errors.As(err, &reject) {
			t.Fatalf("%s: want %d, decoded to %+v (%v)", m.What, m.Want.Code, request, err)
		}
		if reject.Code != m.Want.Code {
			t.Errorf("%s: want %d, refused as %v", m.What, m.Want.Code, reject)
		}
		refused[reject.Code]++
	}
	if len(refused) < 14 {
		t.Errorf("only %d codes met: %v", len(refused), refused)
	}
}
