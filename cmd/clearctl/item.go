package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"sync"

	"clearingd/ledger"
	"clearingd/provinces"
	"clearingd/provinces/bus"
)

// item is a message on its way: from being published to its answer.
type item struct {
	message
	digest string // SHA-256 of the body, lower-case hex

	mu      sync.Mutex
	stored  bool
	already bool
	err     error // not stored
	answer  *answer
	foreign bool // the subject belongs to a message with other bytes: there will be no answer for these
}

func track(messages []message) []*item {
	items := make([]*item, len(messages))
	for i, m := range messages {
		digest := sha256.Sum256(m.body)
		items[i] = &item{message: m, digest: hex.EncodeToString(digest[:])}
	}
	return items
}

func (it *item) published(p bus.Published) {
	it.mu.Lock()
	defer it.mu.Unlock()
	it.stored, it.already, it.err = p.Stored, p.Already, p.Err
}

// take looks at an answer on the item's subject and reports whether the item is
// settled by it now, one way or the other.
func (it *item) take(e provinces.Envelope) bool {
	it.mu.Lock()
	defer it.mu.Unlock()
	if it.answer != nil || it.foreign {
		return false
	}
	if e.Header[provinces.HeaderDigest] != it.digest {
		it.foreign = true
		return true
	}
	it.answer = readAnswer(e)
	return true
}

// waiting reports whether an answer may still come.
func (it *item) waiting() bool {
	it.mu.Lock()
	defer it.mu.Unlock()
	return it.answer == nil && !it.foreign && it.err == nil
}

// expected reports whether the answer is what the file says, or no refusal where it
// says nothing.
func (it *item) expected() bool {
	if it.want == "" {
		return it.answer.Outcome != provinces.Refused && it.answer.Outcome != provinces.Quarantined
	}
	return it.answer.Outcome == it.want && it.answer.Code == it.code
}

// answer is an answer as clearctl shows and stores it.
type answer struct {
	Subject      string                 `json:"subject"`
	Outcome      provinces.Outcome      `json:"outcome"`
	Code         provinces.Code         `json:"code,omitempty"`
	Message      string                 `json:"err_msg,omitempty"`
	Errors       []wireError            `json:"errors,omitempty"`
	SettlementID string                 `json:"settlement_id,omitempty"`
	Original     string                 `json:"original,omitempty"`
	Entry        string                 `json:"entry,omitempty"`
	Day          string                 `json:"day,omitempty"`
	Digest       string                 `json:"digest,omitempty"`
	Amounts      map[string]wireDecimal `json:"amounts,omitempty"`
	Body         json.RawMessage        `json:"body"`
}

// wireError is one row of output.error.
type wireError struct {
	Code     int    `json:"code"`
	Field    string `json:"field"`
	Expected string `json:"expected"`
	Found    string `json:"found"`
}

// wireDecimal is an amount of an answer: text or number.
type wireDecimal string

// UnmarshalJSON takes text, a number or null.
func (d *wireDecimal) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*d = wireDecimal(s)
		return nil
	}
	*d = wireDecimal(b)
	return nil
}

// settlementAmounts are the members of setlinfo that clearctl shows.
var settlementAmounts = []string{
	"medfee_sumamt", "inscp_scp_amt", "act_pay_dedc", "hifp_pay", "hifob_pay", "hifmi_pay", "cvlserv_pay", "hifes_pay",
	"maf_pay", "hifdm_pay", "oth_pay", "fund_pay_sumamt", "acct_pay", "psn_cash_pay", "hosp_part_amt",
}

// readAnswer takes from a national response what clearctl needs. A body it cannot read
// is kept as it is: the headers alone say what became of the message.
func readAnswer(e provinces.Envelope) *answer {
	a := &answer{
		Subject: e.Subject, Outcome: provinces.Outcome(e.Header[provinces.HeaderOutcome]),
		Original: e.Header[provinces.HeaderOriginal], Entry: e.Header[provinces.HeaderEntry],
		Day: e.Header[provinces.HeaderDay], Digest: e.Header[provinces.HeaderDigest], Body: e.Body,
	}
	var body struct {
		Code    int    `json:"infcode"`
		Message string `json:"err_msg"`
		Output  struct {
			Errors     []wireError                `json:"error"`
			Settlement map[string]json.RawMessage `json:"setlinfo"`
		} `json:"output"`
	}
	if json.Unmarshal(e.Body, &body) != nil {
		a.Body, _ = json.Marshal(string(e.Body))
		return a
	}
	a.Code, a.Message, a.Errors = provinces.Code(-body.Code), body.Message, body.Output.Errors
	_ = json.Unmarshal(body.Output.Settlement["setl_id"], &a.SettlementID)
	for _, name := range settlementAmounts {
		var d wireDecimal
		if raw, ok := body.Output.Settlement[name]; ok && json.Unmarshal(raw, &d) == nil && d != "null" {
			if a.Amounts == nil {
				a.Amounts = map[string]wireDecimal{}
			}
			a.Amounts[name] = d
		}
	}
	return a
}

// amount is an amount for people, with thousands apart; as it came if it is none.
func (a *answer) amount(member string) string {
	text := string(a.Amounts[member])
	if n, err := ledger.ParseAmount(text); err == nil {
		return grouped(n)
	}
	return text
}

// writeAnswers writes the answers, a line each under the subject that was published to.
func writeAnswers(file string, items []*item) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, it := range items {
		if it.answer == nil {
			continue
		}
		line := *it.answer
		line.Subject = it.subject
		if err := e.Encode(line); err != nil {
			f.Close()
			return err
		}
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}
