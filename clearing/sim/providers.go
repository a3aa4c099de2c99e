package sim

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Providers builds the treatment provinces' register of the hospitals in a sample: each
// with the level that its claims state, and some with an invented trait, so that the
// plans' rows for such hospitals are seen at work. Of a hospital whose claims disagree
// about the level, which only broken messages do, the level stated most often counts.
//
// Hospitals belong to a seed: unlike those of Registry, the documents of samples of two
// seeds contradict each other. The result is in the order of subject and hospital.
func Providers(messages []Message) []Registration {
	stated := map[hospitalName]map[string]int{} // how often each level is stated
	for _, m := range messages {
		name, level, ok := hospitalIn(m.Body)
		if !ok {
			continue
		}
		if stated[name] == nil {
			stated[name] = map[string]int{}
		}
		stated[name][level]++
	}
	names := slices.SortedFunc(maps.Keys(stated), hospitalName.compare)
	all := make([]Registration, len(names))
	for i, name := range names {
		all[i] = name.document(mostStated(stated[name]))
	}
	return all
}

// hospitalName names a hospital by where it treats and by its code.
type hospitalName struct {
	area ledger.Area
	code string
}

func (h hospitalName) compare(other hospitalName) int {
	return slices.Compare([]string{string(h.area), h.code}, []string{string(other.area), other.code})
}

// hospitalIn reads who sends a message, and the level it states; false if it states none
// of the code table.
func hospitalIn(body []byte) (name hospitalName, level string, ok bool) {
	var m struct {
		Treatment ledger.Area `json:"mdtrtarea_admvs"`
		Code      string      `json:"fixmedins_code"`
		Input     struct {
			Stay struct {
				Level string `json:"hosp_lv"`
			} `json:"mdtrtinfo"`
		} `json:"input"`
	}
	if json.Unmarshal(body, &m) != nil || !provinces.ValidArea(m.Treatment) || !provinces.ValidProvider(m.Code) {
		return name, "", false
	}
	level = m.Input.Stay.Level
	return hospitalName{m.Treatment, m.Code}, level, len(level) == 2 && level >= "01" && level <= "11"
}

// mostStated is the level stated most often; of several the first.
func mostStated(levels map[string]int) (level string) {
	for _, l := range slices.Sorted(maps.Keys(levels)) {
		if level == "" || levels[l] > levels[level] {
			level = l
		}
	}
	return level
}

func (h hospitalName) document(level string) Registration {
	digest := sha256.Sum256([]byte(string(h.area) + " " + h.code + " " + level))
	members := map[string]any{
		"doctype": provinces.RegistryProvider, "docid": fmt.Sprintf("SAMPLE-%x", digest[:12]), "docver": 1, "memo": Built,
		"mdtrtarea_admvs": h.area, "fixmedins_code": h.code, "hosp_lv": level, "begndate": enrolledSince,
	}
	switch {
	case level >= "08":
		members["traits"] = []string{"community"}
	case digest[0]%4 == 0:
		members["traits"] = []string{"tcm"}
	}
	return Registration{Subject: provinces.RegistrySubject(h.area.Province(), provinces.RegistryProvider), Body: encode(members)}
}
