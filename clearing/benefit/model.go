package benefit

// Plan is the inpatient benefits of one area and insurance type: a checked plan file.
// It is immutable.
type Plan struct {
	file  string
	bytes []byte
	hash  [32]byte
	planFile
}

// The types below are the plan file, block by block, in the order in which an officer
// reads it. Every block may cite its article and may be marked assumed where the
// source is silent.

type planFile struct {
	at
	Area      string        `toml:"area" need:"true"`      // 2, 4 or 6 digits: every area below is covered
	Insurance string        `toml:"insurance" need:"true"` // insutype, for example 310
	TitleZH   string        `toml:"title_zh" need:"true"`
	TitleEN   string        `toml:"title_en" need:"true"`
	Invented  bool          `toml:"invented"`                              // made for demonstrations, no area's law
	Scope     string        `toml:"scope" oneof:"treatment|home"`          // who has split the bill into in-scope and own
	ChosenBy  string        `toml:"chosen_by" oneof:"discharge|admission"` // the day that chooses the version
	Except    []string      `toml:"except"`                                // areas below that are pools of their own
	Pool      string        `toml:"pool" oneof:"plan|city|county"`         // which areas count as one's own pooling area
	Versions  []planVersion `toml:"version" need:"true"`
}

type planVersion struct {
	at
	ValidFrom date     `toml:"valid_from" need:"true"`
	ValidTo   date     `toml:"valid_to"` // last day; absent: open
	Source    string   `toml:"source" need:"true"`
	Verified  bool     `toml:"verified"`
	Invented  bool     `toml:"invented"`   // this version was made for demonstrations
	Assumes   []string `toml:"assumes"`    // what the source does not say and this file fills in
	LeavesOut []string `toml:"leaves_out"` // what the source says and this file does not apply
	Rounding  string   `toml:"rounding" oneof:"fen|ten fen|five decimals"`
	Wage      yuan     `toml:"average_wage"` // yearly, for caps told as its multiple
	LocalAlso []string `toml:"local_also"`   // exempt corridors: treatment areas that count as local

	Time       timeRules       `toml:"time"`
	Groups     []group         `toml:"group"`
	Kinds      []stayKind      `toml:"kind_of_stay"`
	Catalogue  []catalogueRule `toml:"catalogue"` // only with scope = "home"
	Deductible deductible      `toml:"deductible" need:"true"`
	Away       []awayRule      `toml:"out_of_area" need:"true"`
	Layers     []layer         `toml:"layer" need:"true"`
	Ceilings   []ceiling       `toml:"ceiling"`
	Account    account         `toml:"personal_account"`
}

// cited is what every block may carry.
type cited struct {
	at
	Article string `toml:"article"`
	Assumed bool   `toml:"assumed"`
}

type timeRules struct {
	cited
	YearBegins  string `toml:"year_begins" oneof:"01-01|02-01|03-01|04-01|05-01|06-01|07-01|08-01|09-01|10-01|11-01|12-01"` // MM-dd
	NewYear     string `toml:"new_year" oneof:"one bill|split by days"`
	LaterPart   string `toml:"later_part_deductible" oneof:"anew|difference|none"`
	LaterCounts *bool  `toml:"later_part_counts"` // is the later part a stay of the new year; absent: yes
	PersonAsOf  string `toml:"person_as_of" oneof:"discharge|admission"`
}

// group says which codes make a member of a group of people.
type group struct {
	cited
	Name   string   `toml:"name" need:"true"`
	ZH     string   `toml:"zh" need:"true"`
	EN     string   `toml:"en" need:"true"`
	Codes  []string `toml:"identities"`   // psn_idet_type, or "type/level"
	Person []string `toml:"person_types"` // beginnings of psn_type
}

// stayKind names kinds of stays that are counted apart, for example chemotherapy.
type stayKind struct {
	cited
	Name      string   `toml:"name" need:"true"`
	ZH        string   `toml:"zh" need:"true"`
	EN        string   `toml:"en" need:"true"`
	Diagnosis []string `toml:"diagnosis"` // beginnings of the main diagnosis
	MedTypes  []string `toml:"med_types"`
}

// condition tells to whom, or when, a block applies. All that is written must hold;
// of a list, one suffices. An empty condition always holds.
type condition struct {
	at
	Groups    []string `toml:"groups"`     // names of groups, or retired, active, civil-servant, minor
	NotGroups []string `toml:"not_groups"` // none of these may hold
	AgeFrom   *int     `toml:"age_from"`
	AgeUpTo   *int     `toml:"age_up_to"`
	Hospital  []string `toml:"hospital"`       // levels and traits, as in tables
	StayFrom  *int     `toml:"stay_from"`      // from the n-th stay of the year
	Kinds     []string `toml:"kinds"`          // names of kind_of_stay
	KindFrom  *int     `toml:"kind_stay_from"` // from the n-th stay of that kind in the year
	MedTypes  []string `toml:"med_types"`
	Diagnosis []string `toml:"diagnosis"`
	Filing    []string `toml:"filing"`
	Home      []string `toml:"home_areas"` // beginnings of the home area
	Grades    []string `toml:"grades"`
	Ranks     []string `toml:"ranks"`
	Months    *int     `toml:"contribution_months_from"`
	Years     *int     `toml:"continuous_years_from"`
	TotalFrom *yuan    `toml:"total_above"` // the stay's total cost is above
	TotalUpTo *yuan    `toml:"total_up_to"`
	Injury    *bool    `toml:"injury"`

	textZH, textEN string // for the trace
}

type deductible struct {
	cited
	Charged      string              `toml:"charged" oneof:"each stay|once a year|topped up in the year|by the year's highest level|once a quarter|once a month|once a year in each hospital"`
	Amount       table[yuan]         `toml:"amount" need:"true"`
	Later        *laterStays         `toml:"later_stays"`
	RenewDays    int                 `toml:"renewed_every_days"`
	RenewCounts  bool                `toml:"renewals_count"`       // each renewal is a further stay of the year
	TransferDays *int                `toml:"transfer_within_days"` // admitted so soon after a discharge: one stay with it
	BelowCounts  *bool               `toml:"stay_below_it_counts"` // absent: yes
	YearMost     yuan                `toml:"year_at_most"`         // all deductibles of a year together
	Special      []specialDeductible `toml:"special"`
}

// laterStays is how the deductible falls with the n-th stay of the year.
type laterStays struct {
	cited
	For          condition   `toml:"for"`
	Count        string      `toml:"count" oneof:"in the year|at the same level"`
	Percent      []share100  `toml:"percent"` // of the first stay's: 2nd, 3rd, ...; the last goes on
	Minus        yuan        `toml:"minus"`   // yuan less for each earlier stay
	MinusPercent share100    `toml:"minus_percent"`
	Floor        table[yuan] `toml:"floor"`       // never below
	FloorOf      string      `toml:"floor_level"` // never below that level's first amount
}

// specialDeductible changes the deductible for some; the first that holds counts.
type specialDeductible struct {
	cited
	For     condition   `toml:"for"`
	Waived  bool        `toml:"waived"`
	Percent share100    `toml:"percent"` // of what it would be
	Amount  table[yuan] `toml:"amount"`  // instead of the table
}

// awayRule is what changes for a stay outside the own pooling area.
type awayRule struct {
	cited
	Filing   []string  `toml:"filing" need:"true"`
	Where    string    `toml:"where" oneof:"anywhere|same province|other province"`
	Hospital []string  `toml:"hospital"`
	For      condition `toml:"for"`

	SameAs          string          `toml:"same_as"` // "local": nothing changes; or another filing kind
	PointsDown      table[share100] `toml:"points_down"`
	Factor          table[share100] `toml:"factor"`
	FactorDecimals  *int            `toml:"factor_decimals"` // round ratio times factor to so many decimals first
	SelfPayFirst    share100        `toml:"self_pay_first"`
	Pays            table[share100] `toml:"pays"`       // own row
	Deductible      table[yuan]     `toml:"deductible"` // own row
	DeductibleShare share100        `toml:"deductible_percent_of_total"`
	DeductibleLeast yuan            `toml:"deductible_at_least"` // of the share of the total
	DeductibleMost  yuan            `toml:"deductible_at_most"`
	DeductibleRaise share100        `toml:"deductible_raised"` // by percent
	PaysNothing     bool            `toml:"pays_nothing"`
	Layers          []string        `toml:"layers"` // layers whose ratio changes; absent: the first
}

type layer struct {
	cited
	ID       string    `toml:"id" need:"true"`
	ZH       string    `toml:"zh" need:"true"`
	EN       string    `toml:"en" need:"true"`
	Fund     string    `toml:"fund" need:"true"`
	For      condition `toml:"for"`
	Takes    []string  `toml:"takes" need:"true"` // parts of the bill, see parts
	Counted  string    `toml:"counted" oneof:"on the stay|on the year"`
	Bounds   string    `toml:"bounds" oneof:"above the deductible|including the deductible"`
	Measured string    `toml:"measured" oneof:"by cost|by payment"`
	Rounding string    `toml:"rounding"` // absent: as the version

	Starts   []start        `toml:"starts_above"`
	Classes  []classShare   `toml:"class"`
	Segments []segment      `toml:"segment"` // needed where nothing is guaranteed
	UpTo     []guarantee    `toml:"brings_up_to"`
	Special  []specialRatio `toml:"special"`
	Caps     []capRule      `toml:"cap"`

	// Worked out when the plan is checked.
	takes       []part
	entry       bool   // takes the in-scope amount: the basic fund
	absorbs     bool   // what it does not pay becomes own share or over cap
	firstOfFund bool   // counts what an opening brought for the fund
	rounding    string // own or the version's
}

// start is a layer's own deductible; the first that holds counts.
type start struct {
	cited
	For     condition `toml:"for"`
	Yuan    yuan      `toml:"yuan"`
	Percent share100  `toml:"percent_of_total"`
}

// classShare is the part that stays with the person of amounts of one class of the
// catalogue before the segments; the order is that in which a cap on cost is filled.
type classShare struct {
	cited
	Name         string          `toml:"name" need:"true"`
	SelfPayFirst share100        `toml:"self_pay_first"`
	Pays         table[share100] `toml:"pays"` // own ratio instead of the segments'
}

// guarantee is a share of the bill up to which a layer brings what those below it have
// paid; the first that holds counts.
type guarantee struct {
	cited
	For     condition `toml:"for"`
	Where   string    `toml:"where" oneof:"anywhere|same province|other province"`
	Percent share100  `toml:"percent" need:"true"`
	Of      string    `toml:"of" oneof:"total|in scope|total above the deductible"`
}

type segment struct {
	cited
	UpTo yuan            `toml:"up_to"` // absent: without end
	Pays table[share100] `toml:"pays" need:"true"`
}

// specialRatio changes the ratios for some. All that hold apply, in the file's order.
type specialRatio struct {
	cited
	For      condition       `toml:"for"`
	Points   table[share100] `toml:"points_up"`
	OwnShare share100        `toml:"own_share"` // the own share is so many percent of what it was
	Pays     table[share100] `toml:"pays"`      // own ratio for all segments
	Segments []segment       `toml:"segment"`   // own segments
	Factor   share100        `toml:"factor"`
	Fixed    yuan            `toml:"fixed_payment"` // the layer pays this amount, whatever the segments
}

// capRule limits a layer. Of the rules with one name the first that holds counts;
// rules of different names bind together.
type capRule struct {
	cited
	Name           string    `toml:"name"`
	For            condition `toml:"for"`
	On             string    `toml:"on" oneof:"payment|cost"`
	Per            string    `toml:"per" oneof:"year|stay"`
	Yuan           yuan      `toml:"yuan"`
	WageTimes      yuan      `toml:"wage_times"` // times the average wage, for example 6
	None           bool      `toml:"none"`
	With           []string  `toml:"with"`              // layers that share the cap
	WithDeductible bool      `toml:"counts_deductible"` // a cap on cost counts the deductible too
	Outpatient     bool      `toml:"outpatient"`        // outpatient payments brought by the home side use it up too
	Raise          *capRaise `toml:"raise"`
}

// capRaise is a bonus on a cap for loyalty.
type capRaise struct {
	cited
	PerYear     yuan     `toml:"per_continuous_year"`
	AfterYears  int      `toml:"after_years"`
	PerZeroYear yuan     `toml:"per_zero_claim_year"`
	AtMost      share100 `toml:"at_most_percent"` // of the cap
}

// ceiling limits all funds together.
type ceiling struct {
	cited
	For     condition `toml:"for"`
	Percent share100  `toml:"percent" need:"true"`
	Of      string    `toml:"of" oneof:"total|in scope"`
	Layers  []string  `toml:"layers"` // absent: all
}

type account struct {
	cited
	Allowed bool     `toml:"allowed"`
	Pays    []string `toml:"pays"` // parts it may pay; absent: all
}

// catalogueRule splits a fee line by the home region's catalogue; the first that
// holds at the line's date counts.
type catalogueRule struct {
	cited
	From         date     `toml:"from"`
	To           date     `toml:"to"`
	Classes      []string `toml:"classes"` // chrgitm_lv: 01, 02, 03
	Items        []string `toml:"items"`   // beginnings of med_list_codg
	OwnExpense   bool     `toml:"own_expense"`
	PriceLimit   yuan     `toml:"price_limit"` // for one unit; absent: as the line says
	SelfPayFirst share100 `toml:"self_pay_first"`
	Class        string   `toml:"class"` // name of the class for layers; absent: none
}
