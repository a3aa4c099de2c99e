package simulate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"clearingd/clearing/sim"
	"clearingd/provinces"
)

// hostile are messages that no well-meaning system sends, each on a subject of its own
// that is in order.
func (w *world) hostile() []message {
	var all []message
	add := func(what string, breaks func(good map[string]any) []byte) {
		p := w.newPatient()
		m := w.stay(&p)
		m.what = "hostile: " + what
		if broken := breaks(p.stays[0].body); broken != nil {
			m.body = broken
		}
		all = append(all, m)
	}
	w.brokenBytes(add)
	w.brokenMembers(add)
	w.brokenAmounts(add)
	return append(all, w.strangers()...)
}

type adding func(what string, breaks func(good map[string]any) []byte)

// brokenBytes are not JSON, or too much of it.
func (w *world) brokenBytes(add adding) {
	raw := func(text string) func(map[string]any) []byte {
		return func(map[string]any) []byte { return []byte(text) }
	}
	add("empty", raw(""))
	add("null", raw("null"))
	add("text", raw(`"2304"`))
	add("array", raw("[{}]"))
	add("no members", raw("{}"))
	add("brackets", raw(strings.Repeat("[", 200_000)))
	add("nested objects", raw(strings.Repeat(`{"a":`, 5000)+"1"+strings.Repeat("}", 5000)))
	add("byte order mark", func(good map[string]any) []byte { return append([]byte("\ufeff"), encode(good)...) })
	add("two documents", func(good map[string]any) []byte { return append(encode(good), encode(good)...) })
	add("lone surrogate", func(good map[string]any) []byte {
		return bytes.Replace(encode(good), []byte(`"SIM"`), []byte(`"\ud800"`), 1)
	})
	add("random bytes", func(map[string]any) []byte {
		body := make([]byte, 1+w.dice.IntN(3000))
		for i := range body {
			body[i] = byte(w.dice.IntN(256))
		}
		return body
	})
	add("cut off", func(good map[string]any) []byte {
		body := encode(good)
		return body[:1+w.dice.IntN(len(body)-1)]
	})
	add("a large text", func(good map[string]any) []byte {
		good["note"] = strings.Repeat("x", 900_000)
		return encode(good)
	})
	add("many members", func(good map[string]any) []byte {
		for i := range 300 {
			good[fmt.Sprint("member", i)] = i
		}
		return encode(good)
	})
	add("unknown members", func(good map[string]any) []byte {
		good["x"] = map[string]any{"a": []any{1, 2.50, nil, true, "\u202e\u0000"}}
		return encode(good)
	})
}

// brokenMembers are JSON with one member that is wrong, some of them with an identity
// where none belongs: it must not come back in any text.
func (w *world) brokenMembers(add adding) {
	set := func(path string, value any) func(map[string]any) []byte {
		return func(good map[string]any) []byte {
			in := good
			names := strings.Split(path, ".")
			for _, name := range names[:len(names)-1] {
				in = in[name].(map[string]any)
			}
			in[names[len(names)-1]] = value
			return encode(good)
		}
	}
	const identity = "CANARY000000000099"
	add("estimate as a claim", set("infno", "2303"))
	add("unknown infno", set("infno", identity))
	add("identity as level", set("input.mdtrtinfo.hosp_lv", identity))
	add("identity as filing", set("input.mdtrtinfo.out_fil_type", "金丝雀9999"))
	add("identity as amount", set("input.data.medfee_sumamt", identity))
	add("identity as flag", set("input.data.cvlserv_flag", identity))
	add("identity as time", set("input.mdtrtinfo.endtime", identity))
	add("identity as visit", set("input.data.mdtrt_id", identity+" 金丝雀9999"))
	add("identity as operator", set("opter", "金丝雀9999 "+strings.Repeat("9", 40)))
	add("person type in Cyrillic", set("input.data.psn_type", "1\u0406"))
	add("full-width flag", set("input.data.acct_used_flag", "１"))
	add("flag as truth", set("input.data.acct_used_flag", true))
	add("input is a list", set("input", []any{}))
	add("no stay", set("input.mdtrtinfo", nil))
	add("no data", set("input.data", map[string]any{}))
	add("no such day", set("input.mdtrtinfo.endtime", "2026-02-30 10:00:00"))
	add("not discharged", set("input.mdtrtinfo.endtime", (w.day+3).String()+" 10:00:00"))
	add("before any plan", func(good map[string]any) []byte {
		stay := good["input"].(map[string]any)["mdtrtinfo"].(map[string]any)
		stay["begntime"], stay["endtime"] = "2009-12-01 10:00:00", "2009-12-09 10:00:00"
		return encode(good)
	})
	add("unknown insurance", set("input.data.insutype", "340"))
	add("person liable", func(good map[string]any) []byte {
		stay := good["input"].(map[string]any)["mdtrtinfo"].(map[string]any)
		stay["trum_flag"], stay["rel_ttp_flag"] = "1", "1"
		return encode(good)
	})
	add("two wrong places", func(good map[string]any) []byte {
		set("input.data.medfee_sumamt", "1.00")(good)
		return set("input.mdtrtinfo.hosp_lv", "77")(good)
	})
	add("elsewhere and a wrong sum", func(good map[string]any) []byte {
		set("input.data.medfee_sumamt", "1.00")(good)
		return set("msgid", "ELSEWHERE")(good)
	})
	add("member in the wrong case", func(good map[string]any) []byte {
		return bytes.Replace(encode(good), []byte(`"psn_no"`), []byte(`"PSN_NO"`), 1)
	})
	add("member twice", func(good map[string]any) []byte {
		return bytes.Replace(encode(good), []byte(`"psn_no"`), []byte(`"psn_no":"1","psn_no"`), 1)
	})
}

// brokenAmounts are all the ways to write an amount that is none, and some that are.
func (w *world) brokenAmounts(add adding) {
	for _, literal := range []string{
		`"NaN"`, `"Inf"`, `1e20`, `1e-9`, `"-0"`, `-0.00`, `"+5"`, `"00012.50"`, `"１２.００"`, `"\u221212.00"`, `"1.005"`, `1.005`,
		`"1000000000000.00"`, `"-5.00"`, `" 5.00"`, `"5."`, `".5"`, `"5,00"`, `{}`, `[]`, `false`, `12.5`, `"12.5"`, `12`,
		`"` + strings.Repeat("9", 2000) + `"`,
	} {
		add("amount "+literal[:min(len(literal), 20)], func(good map[string]any) []byte {
			data := good["input"].(map[string]any)["data"].(map[string]any)
			setAmounts(data, [5]int64{100_00 + 12_50, 0, 0, 12_50, 100_00})
			if literal == "12" {
				setAmounts(data, [5]int64{112_00, 0, 0, 12_00, 100_00})
			}
			data["preselfpay_amt"] = json.RawMessage(literal)
			return encode(good)
		})
	}
	add("one fen off", func(good map[string]any) []byte {
		data := good["input"].(map[string]any)["data"].(map[string]any)
		setAmounts(data, [5]int64{100_01, 10_00, 10_00, 10_00, 70_00})
		return encode(good)
	})
}

// strangers speak of settlements and messages that are not theirs or do not exist.
func (w *world) strangers() []message {
	var all []message
	region := pick(w.dice, sim.Regions)
	h := w.people.Hospital(region.Areas[0], 0)
	p := w.newPatient()
	s := stay{hospital: h, visit: "V0"}
	for _, id := range []string{"", "1", string(h.Area) + "G0000000000001", string(h.Area) + "G0000000000002", string(h.Area) + "G9999999999999", string(h.Area) + "X0000000000001", "000000G0000000000000"} {
		m := w.cancel(&p, s, id)
		m.what = "hostile: cancels " + id
		all = append(all, m)
	}
	for _, infno := range []string{provinces.InfnoSettle, provinces.InfnoCancel, provinces.InfnoReverse, "0"} {
		m := w.reverse(&p, h, "x.UNHEARD-OF", infno)
		m.what = "hostile: reverses " + infno
		all = append(all, m)
	}
	return append(all, w.selfReference(&p, h))
}

// selfReference is a 2601 that names itself.
func (w *world) selfReference(p *patient, h sim.Hospital) message {
	msgid := w.msgid(h)
	body := envelope(provinces.InfnoReverse, h, p.Home, msgid)
	body["input"] = map[string]any{"data": map[string]any{"psn_no": p.Number, "omsgid": msgid, "oinfno": provinces.InfnoSettle}}
	return message{subjectOf(h, p.Home, msgid), encode(body), "hostile: reverses itself"}
}
