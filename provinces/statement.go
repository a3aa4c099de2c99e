package provinces

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"clearingd/ledger"
)

// PartyKind says who states what it has of the bills.
type PartyKind string

// The three sides that are held against the books.
const (
	PartyProvider  PartyKind = "provider"  // 定点医药机构
	PartyTreatment PartyKind = "treatment" // 就医地经办机构
	PartyHome      PartyKind = "home"      // 参保地经办机构
)

// Party is one hospital, or one province in one of its two parts.
//
// Invariant: Provider is set exactly for PartyProvider; Province is then its
// treatment province.
type Party struct {
	Kind     PartyKind       `cbor:"1,keyasint" json:"kind"`
	Province ledger.Province `cbor:"2,keyasint" json:"province"`
	Provider string          `cbor:"3,keyasint,omitempty" json:"provider,omitempty"`
}

// Key is the party as subjects write it: provider.33.H33010000001, treatment.33, home.65.
func (p Party) Key() string {
	if p.Kind == PartyProvider {
		return fmt.Sprintf("%s.%s.%s", p.Kind, p.Province, p.Provider)
	}
	return fmt.Sprintf("%s.%s", p.Kind, p.Province)
}

// StatementPart is the place of one message of the STATEMENTS stream: part 0 is the
// statement's head, parts 1 to n are the bytes of its file in order.
type StatementPart struct {
	Party Party
	ID    string // [A-Za-z0-9_-]{1,40}, chosen by the party, once
	Part  int    // 0 to StatementPartsMax
}

// Bounds of a statement.
const (
	StatementPartBytesMax = 512 << 10 // of one part of a file
	StatementPartsMax     = 512       // so a file has at most 256 MiB
	StatementBytesMax     = StatementPartBytesMax * StatementPartsMax
	StatementRowsMax      = 2_000_000 // of one statement; whoever has more states single days
)

// Subject is where the part is published.
func (s StatementPart) Subject() string {
	return fmt.Sprintf("statements.%s.%s.%d", s.Party.Key(), s.ID, s.Part)
}

// ParseParty reads the key of a party; ok is false for what is none.
func ParseParty(key string) (party Party, ok bool) {
	place, err := ParseStatementSubject("statements." + key + ".x.0")
	return place.Party, err == nil && Known(place.Party.Province)
}

// StatementAnswer is the subject of a statement's one result.
func StatementAnswer(party Party, id string) string {
	return fmt.Sprintf("answers.statement.%s.%s", party.Key(), id)
}

// ParseStatementSubject takes the subject of a part apart. It checks the grammar of the
// tokens, not whether the province exists.
func ParseStatementSubject(subject string) (StatementPart, error) {
	tokens := strings.Split(subject, ".")
	var s StatementPart
	if len(tokens) > 1 {
		s.Party.Kind = PartyKind(tokens[1])
	}
	want := 5
	if s.Party.Kind == PartyProvider {
		want = 6
	}
	ok := len(tokens) == want && tokens[0] == "statements"
	switch s.Party.Kind {
	case PartyProvider:
		ok = ok && ValidProvider(tokens[3])
	case PartyTreatment, PartyHome:
	default:
		ok = false
	}
	if !ok || !allDigits(tokens[2], 2) || !ValidStatementID(tokens[want-2]) {
		return StatementPart{}, fmt.Errorf("subject %q is not statements.provider.<treatment>.<provider>.<id>.<part>, statements.treatment.<treatment>.<id>.<part> or statements.home.<home>.<id>.<part>", subject)
	}
	part, err := strconv.ParseUint(tokens[want-1], 10, 16)
	if err != nil || part > StatementPartsMax || strconv.FormatUint(part, 10) != tokens[want-1] {
		return StatementPart{}, fmt.Errorf("subject %q: the part is not 0 to %d", subject, StatementPartsMax)
	}
	s.Party.Province = ledger.Province(tokens[2])
	if want == 6 {
		s.Party.Provider = tokens[3]
	}
	s.ID, s.Part = tokens[want-2], int(part)
	return s, nil
}

// ValidStatementID reports whether s is [A-Za-z0-9_-]{1,40}.
func ValidStatementID(s string) bool {
	return s != "" && len(s) <= 40 && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '_' || r == '-')
	})
}

// Statement is what a party says it has of the bills of a range of business days: the
// head of it, without the rows.
//
// The numbers in the tags here and below are the stored form: append-only.
type Statement struct {
	Party   Party      `cbor:"1,keyasint"`
	ID      string     `cbor:"2,keyasint"`
	From    ledger.Day `cbor:"3,keyasint"`           // stmt_begndate: first business day, inclusive
	To      ledger.Day `cbor:"4,keyasint"`           // stmt_enddate: last one; a day, or all of a month
	Horizon ledger.Day `cbor:"5,keyasint"`           // complete up to and with this day; without a word of it, To
	Serial  uint64     `cbor:"6,keyasint,omitempty"` // the party's own number of its statements, from 1; 0: it does not number them

	Totals []StatementTotal `cbor:"7,keyasint,omitempty"` // at least one; of a statement with rows, its total lines
	File   *StatementFile   `cbor:"8,keyasint,omitempty"` // nil: totals alone (3201)

	// Refunds: rows and totals hold what takes bills back, as negative amounts that count
	// (refd_setl_flag). Otherwise only bills that were made are in it; one that was taken back
	// on its own day may be left out.
	Refunds bool `cbor:"9,keyasint,omitempty"`

	// What the answer is addressed by. Infno and MsgID are set in national envelopes only.
	Infno string      `cbor:"10,keyasint,omitempty"` // 3201 or 3202
	MsgID string      `cbor:"11,keyasint,omitempty"`
	Area  ledger.Area `cbor:"12,keyasint,omitempty"` // mdtrtarea_admvs of a provider; admdvs of a province's agency
}

// SameContent reports whether two statements say the same, whatever they are called and
// whenever they were sent.
func (s Statement) SameContent(other Statement) bool {
	s.ID, s.MsgID, other.ID, other.MsgID = "", "", "", ""
	return reflect.DeepEqual(s, other)
}

// StatementTotal adds up the bills of one kind. A dimension that a party's form does
// not have is empty and is not compared: 3201 has no counterpart, 3202 no insurance.
type StatementTotal struct {
	Insutype     string          `cbor:"1,keyasint,omitempty"` // 310, 390, ...
	ClearingType string          `cbor:"2,keyasint,omitempty"` // clr_type: 21 or 9902
	Agency       ledger.Area     `cbor:"3,keyasint,omitempty"` // setl_optins
	Counterpart  ledger.Province `cbor:"4,keyasint,omitempty"` // the province on the other side of the bills

	Count   int64          `cbor:"5,keyasint"`           // rows; what takes a bill back is a row too
	Total   ledger.Amount  `cbor:"6,keyasint"`           // medfee_sumamt, signed
	Funds   ledger.Amount  `cbor:"7,keyasint"`           // fund_pay_sumamt, signed
	Account *ledger.Amount `cbor:"8,keyasint,omitempty"` // acct_pay; 3202 has cash in its place
	Cash    *ledger.Amount `cbor:"9,keyasint,omitempty"` // psn_cash_pay or cash_payamt
}

// StatementFile says how a statement's rows come.
type StatementFile struct {
	Parts   int             `cbor:"1,keyasint"` // 1 to StatementPartsMax
	Bytes   int64           `cbor:"2,keyasint"`
	SHA256  [32]byte        `cbor:"3,keyasint"` // of the whole file as it was sent
	Format  StatementFormat `cbor:"4,keyasint"`
	Charset string          `cbor:"5,keyasint,omitempty"` // "utf-8" (default) or "gbk"
}

// StatementFormat is the form of a file of rows.
type StatementFormat string

// Formats of files.
const (
	FormatTXT   StatementFormat = "txt"   // 3202: TAB between columns, no header
	FormatZIP   StatementFormat = "zip"   // 3202: one such file zipped
	FormatJSONL StatementFormat = "jsonl" // one JSON object a line
	FormatCSV   StatementFormat = "csv"   // with a header line of column names
)

// StatementRow is one bill, or what takes one back, as a party has it. What the party's
// form has no column for is empty, or nil, and is not compared.
type StatementRow struct {
	Line int `cbor:"1,keyasint"` // in the file, from 1

	SettlementID string `cbor:"2,keyasint"`           // setl_id
	VisitID      string `cbor:"3,keyasint,omitempty"` // mdtrt_id
	PersonNo     string `cbor:"4,keyasint,omitempty"` // psn_no; never logged, never printed

	Home      ledger.Area `cbor:"5,keyasint,omitempty"` // insuplc_admdvs
	Treatment ledger.Area `cbor:"6,keyasint,omitempty"` // mdtrtarea_admvs
	Provider  string      `cbor:"7,keyasint,omitempty"` // fixmedins_code
	Insutype  string      `cbor:"8,keyasint,omitempty"`

	Total   ledger.Amount  `cbor:"9,keyasint"`  // medfee_sumamt; negative where Refund
	Funds   ledger.Amount  `cbor:"10,keyasint"` // fund_pay_sumamt
	Account ledger.Amount  `cbor:"11,keyasint"` // acct_pay
	Cash    *ledger.Amount `cbor:"12,keyasint,omitempty"`
	ByFund  []FundAmount   `cbor:"13,keyasint,omitempty"` // in the order of their codes; adds up to Funds

	Refund bool `cbor:"14,keyasint,omitempty"` // refd_setl_flag: it takes a bill back
}

// StatementOutcome is what became of a statement. Each gets exactly one.
type StatementOutcome string

// The outcomes of statements.
const (
	StatementApplied  StatementOutcome = "applied"  // it is whole and counts
	StatementRepeated StatementOutcome = "repeated" // the same was stated before
	StatementRefused  StatementOutcome = "refused"  // nothing of it counts; the code says why
)

// StatementOutcomes lists the outcomes in the order reports show them.
var StatementOutcomes = []StatementOutcome{StatementApplied, StatementRepeated, StatementRefused}

// Results of a comparison of totals or of a row (stmt_rslt, national-interface 4.1).
const (
	StatementBalanced = "0" // 平
	StatementOursMore = "1" // 中心多: the books have more
	StatementYourMore = "2" // 机构多: the party has more
	StatementDiffers  = "3" // 数据不一致
)

// StatementRange reports whether from..to is one day or one whole month.
func StatementRange(from, to ledger.Day) bool {
	first, behind := from.Time(), (to + 1).Time()
	return from == to || first.Day() == 1 && first.AddDate(0, 1, 0).Equal(behind)
}

// Check says what is wrong with the figures of a file: of parts and bytes, which bound
// each other.
func (f *StatementFile) Check() (wrong []FieldError) {
	if f.Bytes > StatementBytesMax || f.Parts > StatementPartsMax {
		return append(wrong, FieldError{Code: CodeStatementSize, Field: "bytes", Expected: fmt.Sprintf("<= %d", int64(StatementBytesMax)), Found: fmt.Sprint(f.Bytes)})
	}
	if f.Parts < 1 || f.Bytes < int64(f.Parts) || f.Bytes > int64(f.Parts)*StatementPartBytesMax {
		wrong = append(wrong, FieldError{Code: CodeStatementParts, Field: "parts", Expected: fmt.Sprintf("parts of 1 to %d bytes", StatementPartBytesMax), Found: fmt.Sprint(f.Parts)})
	}
	return wrong
}

// Dimensions is the total without its figures: what it adds up.
func (t StatementTotal) Dimensions() StatementTotal {
	return StatementTotal{Insutype: t.Insutype, ClearingType: t.ClearingType, Agency: t.Agency, Counterpart: t.Counterpart}
}

// AgencyHolds reports whether an agency (setl_optins) speaks for an area: its own, those of
// its city, or all of its province.
func AgencyHolds(agency, area ledger.Area) bool {
	n := 6
	switch {
	case len(agency) != 6 || len(area) != 6:
		return agency == area
	case agency[2:] == "0000":
		n = 2
	case agency[4:] == "00":
		n = 4
	}
	return agency[:n] == area[:n]
}
