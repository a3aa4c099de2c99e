package sim

import (
	"strings"
	"testing"
	"time"

	"clearingd/ledger"
	"clearingd/provinces"
)

// answerAll is what a clearing house that does as the sample wants would answer.
func answerAll(s Sample) map[string]Answered {
	answers := map[string]Answered{}
	for _, m := range s.Messages {
		a := Answered{Outcome: m.Want.Outcome}
		if a.Outcome == provinces.Booked {
			a.SettlementID = "330100G" + msgIDOf(m)[17:]
		}
		answers[m.Subject] = a
	}
	return answers
}

func TestFollowUpsNameTheSettlementsOfTheAnswers(t *testing.T) {
	c := DefaultConfig(1, 2000, testDay)
	first := Day(c)
	answers := answerAll(first)
	known := map[string]bool{}
	for _, a := range answers {
		known[a.SettlementID] = true
	}
	subjects := map[string]bool{}
	for _, m := range first.Messages {
		subjects[m.Subject] = true
	}
	second := FollowUps(c, answers)
	counts := map[string]int{}
	for _, m := range second.Messages {
		counts[m.What]++
		if subjects[m.Subject] {
			t.Errorf("%s: subject %s is taken", m.What, m.Subject)
		}
		subjects[m.Subject] = true
		w := read(t, m)
		if m.Infno == provinces.InfnoCancel {
			id := strings.Trim(string(w.Input.Data["setl_id"]), `"`)
			if !known[id] || id == "" {
				t.Errorf("%s names settlement %q, which nobody answered", m.What, id)
			}
		}
	}
	for _, what := range []string{WhatCancel, WhatCancelAgain, WhatAnew, WhatNotLast, WhatOtherPerson} {
		if counts[what] == 0 {
			t.Errorf("no %q among the follow-ups", what)
		}
	}
	if digest(second) != digest(FollowUps(c, answers)) {
		t.Error("follow-ups differ between two builds")
	}
	if got := FollowUps(c, nil); len(got.Messages) != 0 {
		t.Errorf("%d follow-ups without any answer", len(got.Messages))
	}
}

// The article's figures (national statistics in rules 8.1) are met by construction, for any seed.
func TestXinjiangHasExactlyTheFiguresOfTheArticle(t *testing.T) {
	for seed := range uint64(8) {
		const internal = 37
		sample := Xinjiang2016(XinjiangConfig{Seed: seed, Internal: internal})
		var stays, inside int
		var cost, insideCost ledger.Amount
		partners, homes, months, whats := map[ledger.Province]int{}, map[string]int{}, map[time.Month]int{}, map[string]int{}
		last := ledger.Day(0)
		for _, m := range sample.Messages {
			w := read(t, m)
			s, _ := provinces.ParseSubject(m.Subject)
			total := fen(t, w.Input.Data["medfee_sumamt"])
			whats[m.What]++
			if m.Day < last || total <= 0 {
				t.Fatalf("day %s after %s, total %s", m.Day, last, total)
			}
			last = m.Day
			if m.Day < ledger.NewDay(2016, time.January, 1) || m.Day > ledger.NewDay(2016, time.August, 31) || w.Input.Stay["begntime"] < "2016" {
				t.Fatalf("a stay outside January to August: %s, admitted %s", m.Day, w.Input.Stay["begntime"])
			}
			if s.Home != "65" {
				t.Fatalf("home province %s", s.Home)
			}
			homes[w.Home]++
			if m.What == WhatXinjiangInternal {
				inside++
				insideCost += total
				if s.Treatment != "65" || w.Treatment == w.Home {
					t.Fatalf("an internal stay from %s in %s", w.Home, w.Treatment)
				}
				continue
			}
			stays++
			cost += total
			partners[s.Treatment]++
			months[m.Day.Time().Month()]++
		}
		if stays != 298 || cost.String() != "6290000.00" {
			t.Errorf("seed %d: %d stays of %s", seed, stays, cost)
		}
		if inside != internal || insideCost != XinjiangInternalMean*internal {
			t.Errorf("seed %d: %d internal stays of %s", seed, inside, insideCost)
		}
		if len(partners) != 8 || partners["33"] == 0 || partners["44"] == 0 || partners["53"] == 0 || len(months) != 8 || len(homes) != 5 {
			t.Errorf("seed %d: partners %v, months %v, homes %v", seed, partners, months, homes)
		}
		if whats[WhatXinjiangRetiree] != 2 || whats[WhatXinjiangTemporary] != 1 {
			t.Errorf("seed %d: %v", seed, whats)
		}
	}
}

func TestXinjiangRetireeIsOnePersonOfUrumqiInHangzhou(t *testing.T) {
	var numbers []string
	for _, m := range Xinjiang2016(XinjiangConfig{Seed: 1}).Messages {
		if m.What != WhatXinjiangRetiree {
			continue
		}
		w := read(t, m)
		numbers = append(numbers, string(w.Input.Data["psn_no"]))
		if w.Home != "650100" || w.Treatment != "330100" || w.Input.Stay["out_fil_type"] != "02" ||
			string(w.Input.Data["insutype"]) != `"310"` || string(w.Input.Data["psn_type"]) != `"12"` {
			t.Errorf("not the retiree: %s", m.Body)
		}
	}
	if len(numbers) != 2 || numbers[0] != numbers[1] {
		t.Errorf("person numbers %v", numbers)
	}
}
