package benefit

import (
	"strings"

	"clearingd/ledger"
	"clearingd/provinces"
)

// Case is all the calculator may know of one stay: the claim, and what the home
// region's registry knows of the person where it knows anything. A registry fact wins
// over the claim's word; an absent fact gives no privilege and is traced.
type Case struct {
	Home      ledger.Area // 参保地: finds the plan
	Treatment ledger.Area // 就医地
	Provider  string
	Claim     provinces.Claim
	Facility  Facility
	Person    *Person // nil: the home province takes the claim's word ("declared")
}

// Facility is what the treatment province's register says of the hospital. The zero value
// is a hospital that it does not know: the claim's hosp_lv is taken, and it has no traits.
// The numbers in the tags are its stored form in a bill: append-only, never reused.
type Facility struct {
	Level  Level    `cbor:"1,keyasint" json:"level"`                      // "" = not known
	Traits []string `cbor:"2,keyasint,omitempty" json:"traits,omitempty"` // of provinces.Traits; nil = none
}

// Text says level and traits in words, in Chinese for "zh" and otherwise as plans write
// them: 三级社区, third+community.
func (f Facility) Text(lang string) string { return hospitals(lang, []string{f.key()}) }

// key is the hospital as a key of a plan's table.
func (f Facility) key() string {
	return strings.Join(append([]string{string(f.Level)}, f.Traits...), "+")
}

// Person is what the home region published of an insured person, as of the stay. The
// numbers in the tags are its stored form in a bill: append-only, never reused.
type Person struct {
	PersonType         string     `cbor:"1,keyasint,omitempty"` // psn_type; "" = not published
	Filing             FilingKind `cbor:"2,keyasint,omitempty"` // at admission; FilingUnknown = not published
	FilingPlace        []string   `cbor:"3,keyasint,omitempty"` // area prefixes the filing points at; empty = anywhere
	Groups             []string   `cbor:"4,keyasint,omitempty"` // hardship and other groups, as psn_idet_type or "type/level"
	CivilServantRank   string     `cbor:"5,keyasint,omitempty"` // "" = none
	Grade              string     `cbor:"6,keyasint,omitempty"` // payment grade of residents, for example "high"
	ContributionMonths *int       `cbor:"7,keyasint,omitempty"` // nil = not published
	ContinuousYears    *int       `cbor:"8,keyasint,omitempty"` // uninterrupted years of insurance; nil = not published
	ZeroClaimYears     *int       `cbor:"9,keyasint,omitempty"` // years without a claim just before this one
	Retired            *bool      `cbor:"10,keyasint,omitempty"`
	AccountAllowed     *bool      `cbor:"11,keyasint,omitempty"` // may the personal account be used; nil = as the claim says
}

// Level is the hospital level that plans know.
type Level string

// Levels, from hosp_lv (design section 4).
const (
	LevelSpecial Level = "special" // hosp_lv 01: level three, special grade
	LevelThird   Level = "third"   // 02 to 04
	LevelSecond  Level = "second"  // 05 to 07
	LevelFirst   Level = "first"   // 08 to 11
)

// FilingKind is how the person came to be treated away from home (rules 2.1).
type FilingKind string

// Kinds of filing.
const (
	FilingUnknown   FilingKind = ""
	FilingLocal     FilingKind = "local"     // treated in the own pooling area or an exempt corridor
	FilingLongTerm  FilingKind = "long-term" // 异地长期居住人员: L1 to L3
	FilingAtHome    FilingKind = "long-term-at-home"
	FilingReferral  FilingKind = "referral"  // T1 异地转诊
	FilingEmergency FilingKind = "emergency" // T2 急诊抢救, filed or treated as filed
	FilingTemporary FilingKind = "temporary" // T3 non-emergency, not referred
	FilingNotFiled  FilingKind = "unfiled"
)
