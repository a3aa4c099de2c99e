package simulate

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"clearingd/clearing/sim"
	"clearingd/ledger"
	"clearingd/provinces"
)

// message is what a hospital publishes.
type message struct {
	subject string
	body    []byte
	what    string
}

// world makes the messages of a run: a usual day of package sim, people who are in
// hospital again and again and in several provinces, and messages that wish us no good.
type world struct {
	config   sim.Config
	people   sim.World
	dice     *rand.Rand
	day      ledger.Day
	serial   int
	patients []patient
	known    []string // subjects of all messages made so far, for those that refer to others
}

// patient is somebody with many stays.
type patient struct {
	sim.Person
	stays []stay
}

// stay is a claim that was made for a patient.
type stay struct {
	hospital sim.Hospital
	visit    string
	subject  string
	body     map[string]any
}

func newWorld(seed uint64, messages int, day ledger.Day) *world {
	config := sim.DefaultConfig(seed, messages, day)
	config.Cancels, config.SecondStays, config.Reversals = 60, 30, 25
	return &world{config: config, people: sim.World{Seed: seed}, dice: rand.New(rand.NewPCG(seed, 0x776f726c64)), day: day}
}

// first is what can be sent without having seen an answer.
func (w *world) first() []message {
	var all []message
	for _, m := range sim.Day(w.config).Messages {
		all = append(all, message{m.Subject, m.Body, m.What})
	}
	for range 6 + w.config.Count/80 {
		w.patients = append(w.patients, w.newPatient())
		p := &w.patients[len(w.patients)-1]
		for range 2 + w.dice.IntN(6) {
			all = append(all, w.stay(p))
		}
	}
	all = append(all, w.hostile()...)
	w.mix(all)
	for _, m := range all {
		w.known = append(w.known, m.subject)
	}
	return all
}

// mix lets the last third of the messages come in any order and place, and leaves the
// order of the rest, in which much refers to what was before.
func (w *world) mix(all []message) {
	from := w.config.Count
	for i := from; i < len(all); i++ {
		j := w.dice.IntN(i + 1)
		all[i], all[j] = all[j], all[i]
	}
}

func pick[T any](d *rand.Rand, from []T) T { return from[d.IntN(len(from))] }

// newPatient is a person whose name, number and certificate are canaries: they must
// never be met outside of what is addressed to a hospital.
func (w *world) newPatient() patient {
	w.serial++
	region := pick(w.dice, sim.Regions)
	p := w.people.Person(pick(w.dice, region.Areas), 500_000+uint64(w.serial), w.day)
	p.Number = fmt.Sprintf("%sCANARY%08d", p.Home, w.serial)
	p.Name = fmt.Sprintf("金丝雀%04d", w.serial)
	p.CertNo = fmt.Sprintf("CANARY%012d", w.serial)
	return patient{Person: p}
}

// stay makes a further stay of the patient, somewhere.
func (w *world) stay(p *patient) message {
	w.serial++
	region := pick(w.dice, sim.Regions)
	h := w.people.Hospital(pick(w.dice, region.Areas), w.dice.IntN(6))
	s := stay{hospital: h, visit: fmt.Sprintf("V%09d", w.serial)}
	msgid := w.msgid(h)
	days := 2 + w.dice.IntN(300)
	if w.dice.IntN(12) == 0 {
		days += 366 // a late claim, of another year
	}
	discharged := (w.day - ledger.Day(days)).Time().Add(time.Duration(9+w.dice.IntN(9)) * time.Hour)
	total := int64(1_000 + w.dice.IntN(3_000_000))
	if w.dice.IntN(4) == 0 {
		total *= int64(5 + w.dice.IntN(40)) // beyond any cap
	}
	s.body = envelope(provinces.InfnoSettle, h, p.Home, msgid)
	s.body["input"] = settleInput(p.Person, h, s.visit, discharged, w.split(total))
	s.subject = subjectOf(h, p.Home, msgid)
	p.stays = append(p.stays, s)
	return message{s.subject, encode(s.body), "patient"}
}

// split cuts a total into total, own expense, over the limit, first share and scope.
func (w *world) split(total int64) [5]int64 {
	own, over, first := total*int64(w.dice.IntN(12))/100, total*int64(w.dice.IntN(4))/100, total*int64(w.dice.IntN(9))/100
	return [5]int64{total, own, over, first, total - own - over - first}
}

// corrected is the claim of a stay again, with another bill.
func (w *world) corrected(p *patient, s stay) message {
	msgid := w.msgid(s.hospital)
	body := clone(s.body)
	body["msgid"] = msgid
	data := body["input"].(map[string]any)["data"].(map[string]any)
	setAmounts(data, w.split(int64(1_000+w.dice.IntN(5_000_000))))
	return message{subjectOf(s.hospital, p.Home, msgid), encode(body), "patient corrected"}
}

// again is the claim of a stay with the same content under another msgid.
func (w *world) again(p *patient, s stay) message {
	msgid := w.msgid(s.hospital)
	body := clone(s.body)
	body["msgid"] = msgid
	return message{subjectOf(s.hospital, p.Home, msgid), encode(body), "patient again"}
}

// cancel is a 2305 of a settlement.
func (w *world) cancel(p *patient, s stay, settlement string) message {
	msgid := w.msgid(s.hospital)
	body := envelope(provinces.InfnoCancel, s.hospital, p.Home, msgid)
	body["input"] = map[string]any{"data": map[string]any{"mdtrt_id": s.visit, "setl_id": settlement, "psn_no": p.Number}}
	return message{subjectOf(s.hospital, p.Home, msgid), encode(body), "patient cancel"}
}

// reverse is a 2601 of a message.
func (w *world) reverse(p *patient, h sim.Hospital, subject, infno string) message {
	msgid := w.msgid(h)
	body := envelope(provinces.InfnoReverse, h, p.Home, msgid)
	body["input"] = map[string]any{"data": map[string]any{"psn_no": p.Number, "omsgid": lastToken(subject), "oinfno": infno}}
	return message{subjectOf(h, p.Home, msgid), encode(body), "patient reverse"}
}

func (w *world) msgid(h sim.Hospital) string {
	w.serial++
	return fmt.Sprintf("%sX%09d", h.Code, w.serial)
}

func subjectOf(h sim.Hospital, home ledger.Area, msgid string) string {
	return provinces.Subject{Treatment: h.Area.Province(), Home: home.Province(), Provider: h.Code, MsgID: msgid}.Claims()
}

// envelope is the head of a request.
func envelope(infno string, h sim.Hospital, home ledger.Area, msgid string) map[string]any {
	return map[string]any{
		"infno": infno, "msgid": msgid, "mdtrtarea_admvs": string(h.Area), "insuplc_admdvs": string(home), "infver": "V1.0",
		"opter_type": "1", "opter": "SIM", "opter_name": sim.Built, "fixmedins_code": h.Code, "fixmedins_name": h.Name,
	}
}

func settleInput(p sim.Person, h sim.Hospital, visit string, discharged time.Time, parts [5]int64) map[string]any {
	flag := map[bool]string{true: "1", false: "0"}
	data := map[string]any{
		"psn_no": p.Number, "mdtrt_cert_type": p.CertType, "mdtrt_cert_no": p.CertNo, "mdtrt_id": visit, "insutype": p.Insutype,
		"psn_type": p.PersonType, "cvlserv_flag": flag[p.CivilServant], "acct_used_flag": flag[p.Balance != nil], "mid_setl_flag": "0",
	}
	setAmounts(data, parts)
	input := map[string]any{
		"data": data,
		"mdtrtinfo": map[string]any{
			"begntime": discharged.Add(-8 * 24 * time.Hour).Format(time.DateTime), "endtime": discharged.Format(time.DateTime),
			"med_type": "21", "ipt_no": visit, "dscg_maindiag_code": "I63.900", "hosp_lv": h.Level, "adm_way": "2",
			"out_fil_type": p.Filing, "trum_flag": "0",
		},
		"baseinfo": map[string]any{"psn_name": p.Name, "brdy": p.Birth.String()},
	}
	if p.Balance != nil {
		input["insuinfo"] = []any{map[string]any{"insutype": p.Insutype, "balc": p.Balance.String()}, map[string]any{"insutype": "391", "balc": "1.00"}}
	}
	if p.Hardship != "" {
		input["idetinfo"] = []any{map[string]any{"psn_idet_type": p.Hardship, "begntime": "2016-01-01"}}
	}
	return input
}

// setAmounts writes the bill's total and its four parts.
func setAmounts(data map[string]any, parts [5]int64) {
	for i, name := range []string{"medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"} {
		data[name] = ledger.Amount(parts[i]).String()
	}
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("simulate: a message of our own making does not encode: " + err.Error())
	}
	return b
}

// clone copies what JSON can say.
func clone(v map[string]any) map[string]any {
	var c map[string]any
	if err := json.Unmarshal(encode(v), &c); err != nil {
		panic("simulate: " + err.Error())
	}
	return c
}
