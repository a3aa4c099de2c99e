package report

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"clearingd/ledger"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Schema names the form of the JSON rendering. A change that a reader could trip over
// gets a new number.
const Schema = "clearingd.report/1"

// ErrSchema: a document is not a report of this form.
var ErrSchema = errors.New("report: not a " + Schema)

type document struct {
	Schema string `json:"schema"`
	Report `json:",inline"`
}

// JSON writes the whole report: amounts as strings in yuan with two decimals, days as
// yyyy-MM-dd, empty lists as [], members in the order of the model, map keys sorted.
func JSON(w io.Writer, r Report) error {
	return writeJSON(w, document{Schema, r})
}

// JSON writes the difference alone, in the form it has inside a report.
func (d Difference) JSON(w io.Writer) error { return writeJSON(w, d) }

func writeJSON(w io.Writer, v any) error {
	body, err := json.Marshal(v, json.Deterministic(true), jsontext.WithIndent("  "), jsontext.EscapeForHTML(true))
	if err != nil {
		return fmt.Errorf("report as json: %w", err)
	}
	_, err = w.Write(append(body, '\n'))
	return err
}

// ReadJSON reads what [JSON] wrote and nothing else: unknown members, duplicate members
// and other schemas are refused.
func ReadJSON(r io.Reader) (Report, error) {
	var d document
	if err := json.UnmarshalRead(r, &d, json.RejectUnknownMembers(true), readSums); err != nil {
		return Report{}, fmt.Errorf("%w: %w", ErrSchema, err)
	}
	if d.Schema != Schema {
		return Report{}, fmt.Errorf("%w: schema %q", ErrSchema, d.Schema)
	}
	return d.Report, nil
}

// readSums reads the amounts of a report over the whole range of ledger.Amount.
// ledger.ParseAmount stops at twelve digits of yuan, which is right for one bill, but the
// trial balance of a country's books passes that after some years.
var readSums = json.WithUnmarshalers(json.UnmarshalFromFunc(func(d *jsontext.Decoder, a *ledger.Amount) error {
	var s string
	if err := json.UnmarshalDecode(d, &s); err != nil {
		return err
	}
	fen, err := strconv.ParseInt(strings.Replace(s, ".", "", 1), 10, 64)
	if err != nil || ledger.Amount(fen).String() != s {
		return ledger.ErrAmountSyntax
	}
	*a = ledger.Amount(fen)
	return nil
}))

var sideNames = map[ledger.Side]string{ledger.Receivable: "receivable", ledger.Payable: "payable"}

// trialText is a TrialLine with words for numbers.
type trialText struct {
	Side     string          `json:"side"`
	Province ledger.Province `json:"province"`
	Stage    string          `json:"stage"`
	Debits   ledger.Amount   `json:"debits"`
	Credits  ledger.Amount   `json:"credits"`
	Net      ledger.Amount   `json:"net"`
}

// MarshalJSON writes side and stage as words.
func (l TrialLine) MarshalJSON() ([]byte, error) {
	return json.Marshal(trialText{sideNames[l.Side], l.Province, strings.ToLower(l.Stage.String()), l.Debits, l.Credits, l.Net})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (l *TrialLine) UnmarshalJSON(body []byte) error {
	var t trialText
	if err := json.Unmarshal(body, &t, json.RejectUnknownMembers(true), readSums); err != nil {
		return err
	}
	*l = TrialLine{Province: t.Province, Debits: t.Debits, Credits: t.Credits, Net: t.Net}
	for side, name := range sideNames {
		if name == t.Side {
			l.Side = side
		}
	}
	for _, stage := range ledger.Stages {
		if strings.EqualFold(stage.String(), t.Stage) {
			l.Stage = stage
		}
	}
	if l.Side == 0 || l.Stage == 0 {
		return fmt.Errorf("%w: side %q, stage %q", ErrSchema, t.Side, t.Stage)
	}
	return nil
}
