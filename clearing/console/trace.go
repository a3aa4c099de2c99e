package console

import (
	"slices"
	"strconv"
	"strings"

	"clearingd/clearing/benefit"
	"clearingd/ledger"
	"clearingd/provinces"
)

// station is a run of the trace's steps at one layer or fixed station of the tower.
type station struct {
	ID    string
	Name  phrase // of a layer, as its plan calls it; else empty
	Pays  *benefit.Share
	Steps []numberedStep
}

// numberedStep is a step with its number on the page, from 1.
type numberedStep struct {
	N int
	benefit.Step
}

// Figures are the inputs that are more than words of the sentence.
func (s numberedStep) Figures() []benefit.Input {
	return slices.DeleteFunc(slices.Clone(s.Inputs), func(in benefit.Input) bool {
		return slices.Contains(spokenInputs, in.Name)
	})
}

// spokenInputs are words and not figures; the sentence says them.
var spokenInputs = []string{"zh", "en", "for-zh", "for-en", "filing", "hospital", "claimed", "fact"}

// decisions are rules that choose and compute no amount: their output says nothing.
var decisions = []string{"hospital", "filing", "filing-local", "special", "cap-none", "absent"}

// Decides reports that the step has no amount as its result.
func (s numberedStep) Decides() bool { return slices.Contains(decisions, s.Rule) }

// Basis is the key of what a step without an article rests on: the register, the message, the
// arithmetic of a bill, or the plan as a whole.
func (s numberedStep) Basis() string {
	switch s.Rule {
	case "hospital":
		return "basis.register"
	case "scope":
		return "basis.message"
	case "cash":
		return "basis.remainder"
	}
	return "basis.plan"
}

// sentence is a step in words.
func (w words) sentence(s numberedStep) string {
	return groupedIn(visible(s.Text(string(w.language))))
}

// fixedStations are the stations that every plan has, by id.
var fixedStations = []string{"hospital", "scope", "filing", "deductible", "ceiling", "account", "cash"}

// stations divides the trace by its layers. A layer's payment stands at its first run:
// where a stay over the new year climbs the tower twice, each climb has its own run and
// its own payment.
func stations(a *benefit.Adjudication) []station {
	var list []station
	for i, step := range a.Trace {
		if i == 0 || a.Trace[i-1].Layer != step.Layer {
			list = append(list, station{ID: step.Layer})
		}
		s := &list[len(list)-1]
		s.Steps = append(s.Steps, numberedStep{i + 1, step})
		if step.Rule == "layer" {
			s.Name = layerName(step)
		}
	}
	assignPayments(list, a.Funds)
	return list
}

func layerName(step benefit.Step) (name phrase) {
	for _, in := range step.Inputs {
		switch in.Name {
		case "zh":
			name.zh = in.Value
		case "en":
			name.en = in.Value
		}
	}
	return name
}

// assignPayments puts each layer's shares to its runs in order. Where a layer has more
// runs than shares, because one of them paid nothing, it cannot be said which, and none
// is named.
func assignPayments(list []station, shares []benefit.Share) {
	runs, paid := map[string][]*station{}, map[string][]*benefit.Share{}
	for i := range list {
		if list[i].Name != (phrase{}) {
			runs[list[i].ID] = append(runs[list[i].ID], &list[i])
		}
	}
	for i := range shares {
		paid[shares[i].Layer] = append(paid[shares[i].Layer], &shares[i])
	}
	for id, stations := range runs {
		if len(stations) != len(paid[id]) {
			continue
		}
		for i, s := range stations {
			s.Pays = paid[id][i]
		}
	}
}

// stepsOf says in which steps a layer or station is decided: "7–9, 15". first is the
// number of the first; 0 if there is none.
func stepsOf(list []station, id string) (text string, first int) {
	var runs []string
	for _, s := range list {
		if s.ID != id {
			continue
		}
		from, to := s.Steps[0].N, s.Steps[len(s.Steps)-1].N
		if first == 0 {
			first = from
		}
		run := strconv.Itoa(from)
		if to > from {
			run += "–" + strconv.Itoa(to)
		}
		runs = append(runs, run)
	}
	return strings.Join(runs, ", "), first
}

// ratioInputs are figures that are fractions of one and read better in percent.
var ratioInputs = []string{
	"ratio", "share", "self-pay-first-share", "table-ratio", "own-ratio", "points-up", "own-share-factor",
	"factor", "away-ratio", "away-points-down", "away-factor",
}

// inputValue is an input as people read it; its exact value is not changed.
func inputValue(in benefit.Input) string {
	if slices.Contains(ratioInputs, in.Name) {
		return percentOf(in.Value)
	}
	if a, err := ledger.ParseAmount(in.Value); err == nil && strings.Contains(in.Value, ".") && a.String() == in.Value {
		return grouped(a)
	}
	return visible(in.Value)
}

// percentOf moves the point of exact decimal text by two places: "0.765" is "76.5%".
// What is no such text stays as it is.
func percentOf(value string) string {
	digits, negative := strings.CutPrefix(value, "-")
	whole, fraction, _ := strings.Cut(digits, ".")
	if whole == "" || strings.ContainsFunc(whole+fraction, func(r rune) bool { return r < '0' || r > '9' }) {
		return visible(value)
	}
	for len(fraction) < 2 {
		fraction += "0"
	}
	whole = strings.TrimLeft(whole+fraction[:2], "0")
	if whole == "" {
		whole = "0"
	}
	if rest := strings.TrimRight(fraction[2:], "0"); rest != "" {
		whole += "." + rest
	}
	if negative {
		whole = "-" + whole
	}
	return whole + "%"
}

// in is the station's name in a language: as the plan calls the layer, as this house
// calls its fixed stations, else its id.
func (s station) in(language provinces.Language) string {
	if s.Name != (phrase{}) {
		return visible(s.Name.in(language))
	}
	if slices.Contains(fixedStations, s.ID) {
		return phrases["station."+s.ID].in(language)
	}
	return visible(s.ID)
}
