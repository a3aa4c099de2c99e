package config

import (
	"path/filepath"
	"time"
)

// Config is everything an operator decides about one daemon. Each field names its
// key in the file; deploy/clearingd.toml explains them to operators.
type Config struct {
	BusinessDay Mode      // business_day
	FirstDay    time.Time // first_day: midnight UTC of the date; zero when BusinessDay is Clock
	CutOff      CutOff    // cut_off
	State       State
	NATS        NATS
	HTTP        HTTP
	Plans       Plans
	Homes       Homes
	Order       Orders
	Disk        Disk
	Batch       Batch
	Reconcile   Reconcile
	Pseudonym   Pseudonym
	Report      Report
	Log         Log

	// CredentialsDir is where the service manager laid credentials for this run
	// ($CREDENTIALS_DIRECTORY); "" when there are none. It is no key of the file.
	CredentialsDir string
}

// Mode says what moves the business day.
type Mode string

const (
	Clock  Mode = "clock"  // the broker's timestamps and the cut-off
	Manual Mode = "manual" // only clearctl close: for history and demonstrations
)

// Zone is the time zone of business days and cut-offs. It is fixed: the national
// platform clears in Beijing time, and so does every province.
const Zone = "Asia/Shanghai"

// State is where the daemon keeps its books and the embedded broker its streams.
type State struct {
	Dir string // state.dir: absolute; created with mode 0700 when missing
}

// NATS is the broker: embedded when URL is empty, external otherwise.
type NATS struct {
	Listen           string // nats.listen: HOST:PORT of the embedded broker; port 0 takes any free port
	MaxStoreBytes    int64  // nats.max_store_mib, in bytes: what all streams of the embedded broker may take
	ServerConfigFile string // nats.server_config_file: accounts, permissions and TLS of the embedded broker; "" has none

	URL               string // nats.url: an external server; "" embeds one
	CredentialsFile   string // nats.credentials_file: our login, a user's JWT and nkey seed
	NKeyFile          string // nats.nkey_file: our login, an nkey seed alone
	User              string // nats.user: our login, with PasswordFile; no login of any kind: nobody
	PasswordFile      string // nats.password_file: one line, the password of User
	InboxPrefix       string // nats.inbox_prefix: where replies come in; "" means _INBOX
	TLSCAFile         string // nats.tls_ca_file: authorities to trust; "" takes the system's
	Replicas          int    // nats.replicas: of each stream; 0 keeps what the streams have
	RequireSyncAlways bool   // nats.require_sync_always: refuse an external server that does not report sync_always
}

// Embedded reports whether the daemon runs the broker itself.
func (n NATS) Embedded() bool { return n.URL == "" }

// HTTP is the port of the probes, the metrics and the officers' console.
type HTTP struct {
	Listen       string   // http.listen: HOST:PORT; port 0 takes any free port
	AllowRemote  bool     // http.allow_remote: Listen may leave the loopback; put an authenticating proxy before it
	AllowedHosts []string // http.allowed_hosts: names under which a proxy passes requests on; loopback names always count
}

// Plans is where benefit plans come from.
type Plans struct {
	Dir             string // plans.dir: overrides the plans in the binary; "" uses those
	RequireVerified bool   // plans.require_verified: refuse claims under a plan whose figures nobody has verified
}

// Homes says how each home province vouches for its insured persons.
type Homes struct {
	Default   Trust            // homes.default
	Provinces map[string]Trust // homes.NN, NN a province of two digits
}

// Trust is what the word of a claim about the person is worth.
type Trust string

const (
	Declared   Trust = "declared"   // the claim's word is taken, and counted on every report
	Registered Trust = "registered" // the person must be known to the registry
)

// Of is the trust for a home province of two digits.
func (h Homes) Of(province string) Trust {
	if t, ok := h.Provinces[province]; ok {
		return t
	}
	return h.Default
}

// Orders says in which order the bills of a person-year may be taken back, and count,
// in each home province.
type Orders struct {
	Default   Order            // order.default
	Provinces map[string]Order // order.NN, NN a province of two digits
}

// Order is how a home province treats a bill that comes or goes before others.
type Order string

const (
	LastInFirstOut Order = "last-in-first-out" // the order of settlement counts, and the last settlement goes first
	Refold         Order = "refold"            // an earlier bill may go or come; the person-year is re-folded and officers adjust
)

// Of is the order of a home province of two digits.
func (o Orders) Of(province string) Order {
	if order, ok := o.Provinces[province]; ok {
		return order
	}
	return o.Default
}

// Disk guards the file system of State.Dir.
type Disk struct {
	FloorBytes int64 // disk.floor_mib, in bytes: below this much free space the intake pauses
}

// Batch bounds how many claims share one transaction.
type Batch struct {
	MaxClaims int // batch.claims_max: 1 to 1000
}

// Reconcile is how what hospitals and provinces state is matched.
type Reconcile struct {
	Sides       []string // reconcile.sides: of which sides statements are expected; a bill waits for those of all of them
	TimingDays  int64    // reconcile.timing_days: working days within which bill and row on different days may be resolved by themselves
	AutoCount   int64    // reconcile.auto_count_max: breaks of one kind that may be resolved by themselves on one evening; 0: none
	AutoYuan    int64    // reconcile.auto_yuan_max: sum of what they are about, in whole yuan
	CalendarDir string   // reconcile.calendar_dir: TOML files of years whose working days the program does not know, or knows otherwise; "": none
}

// Pseudonym is the key under which persons appear in logs and reports.
type Pseudonym struct {
	KeyFile string // pseudonym.key_file; "" takes the credential "pseudonym.key", else the file of that name in State.Dir
}

// Report is where and how the night's report is written.
type Report struct {
	Dir       string // report.dir; "" means "reports" inside State.Dir: read it through Config.ReportDir
	DemoLabel string // report.demo_label: printed on every page of data that were built, not collected
}

// Log is what is logged and how.
type Log struct {
	Level  string // log.level: "debug", "info", "warn" or "error"
	Format string // log.format: "json" or "console"
}

const mebibyte = 1 << 20

// Default is the configuration without a file and without flags.
func Default() Config {
	return Config{
		BusinessDay: Clock,
		CutOff:      MidnightCutOff,
		State:       State{Dir: "var/clearingd"},
		NATS:        NATS{Listen: "127.0.0.1:4222", MaxStoreBytes: 32768 * mebibyte},
		HTTP:        HTTP{Listen: "127.0.0.1:8470"},
		Homes:       Homes{Default: Declared},
		Order:       Orders{Default: LastInFirstOut},
		Disk:        Disk{FloorBytes: 1024 * mebibyte},
		Batch:       Batch{MaxClaims: 1000},
		Reconcile:   Reconcile{Sides: sides(), TimingDays: 2, AutoCount: 200, AutoYuan: 1_000_000},
		Log:         Log{Level: "info", Format: "json"},
	}
}

// ReportDir is where reports go: report.dir, or "reports" in the state directory.
func (c Config) ReportDir() string {
	if c.Report.Dir != "" {
		return c.Report.Dir
	}
	return filepath.Join(c.State.Dir, "reports")
}
