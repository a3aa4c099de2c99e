package simulate

import (
	"encoding/json"

	"clearingd/clearing/sim"
	"clearingd/provinces"
)

// answered is what a hospital has learnt: by the subject it published to.
type answered map[string]provinces.Envelope

// settlement is the setl_id of an answer; "" if it has none.
func settlement(e provinces.Envelope) string {
	var answer struct {
		Output struct {
			Info struct {
				ID string `json:"setl_id"`
			} `json:"setlinfo"`
		} `json:"output"`
	}
	if json.Unmarshal(e.Body, &answer) != nil {
		return ""
	}
	return answer.Output.Info.ID
}

// second is what hospitals send once they have answers: cancellations, in any order of
// a patient's stays, reversals, repeats and corrections.
func (w *world) second(answers answered) []message {
	known := map[string]sim.Answered{}
	for subject, e := range answers {
		known[subject] = sim.Answered{Outcome: provinces.Outcome(e.Header[provinces.HeaderOutcome]), SettlementID: settlement(e)}
	}
	var all []message
	for _, m := range sim.FollowUps(w.config, known).Messages {
		all = append(all, message{m.Subject, m.Body, m.What})
	}
	for i := range w.patients {
		p := &w.patients[i]
		for _, s := range p.stays {
			id := settlement(answers[s.subject])
			switch w.dice.IntN(7) {
			case 0, 1:
				all = append(all, w.cancel(p, s, id))
			case 2:
				all = append(all, w.reverse(p, s.hospital, s.subject, provinces.InfnoSettle))
			case 3:
				all = append(all, w.again(p, s))
			case 4:
				all = append(all, w.corrected(p, s))
			}
		}
		if w.dice.IntN(3) == 0 {
			all = append(all, w.stay(p))
		}
	}
	return all
}

// wave undoes what was undone, tries to do it again, and goes on.
func (w *world) wave(answers answered) []message {
	var all []message
	for i := range w.patients {
		p := &w.patients[i]
		all = append(all, w.undoUndone(p, answers)...)
		for _, s := range p.stays {
			switch id := settlement(answers[s.subject]); w.dice.IntN(8) {
			case 0:
				all = append(all, w.cancel(p, s, id))
			case 1:
				all = append(all, w.corrected(p, s))
			case 2:
				all = append(all, w.again(p, s))
			case 3:
				all = append(all, w.reverse(p, s.hospital, s.subject, provinces.InfnoSettle))
			}
		}
		if w.dice.IntN(3) == 0 && len(p.stays) < 12 {
			all = append(all, w.stay(p))
		}
	}
	return all
}

// undoUndone reverses what was answered to cancellations of the patient's stays.
func (w *world) undoUndone(p *patient, answers answered) (all []message) {
	for subject, e := range sortedAnswers(answers) {
		if e.Header[provinces.HeaderOutcome] != string(provinces.Cancelled) {
			continue
		}
		key, err := provinces.ParseSubject(subject)
		if err != nil {
			continue
		}
		for _, s := range p.stays {
			if s.hospital.Code == key.Provider && p.Home.Province() == key.Home && w.dice.IntN(2) == 0 {
				all = append(all, w.reverse(p, s.hospital, subject, provinces.InfnoCancel))
				break
			}
		}
	}
	return all
}
